//! The rows of a check, one by one: `each`.

use super::bind::{Binding, Bound};
use super::eval::Eval;
use super::finding::{Ranked, Scene, Writer};
use super::open::{About, Cause, Causes};
use crate::estate::shared::{Frame, Shared};
use crate::estate::value::Tri;
use crate::evidence::{Cell, Fact, Table, TableId};
use crate::rules::Each;

/// What became of a rule under one binding.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// Rows that passed.
    pub(super) passed: usize,
    /// Why rows could not be judged.
    pub(super) open: Option<Causes>,
    /// Why it is not known whether there are further rows, all of which would pass.
    pub(super) idle: Option<Causes>,
    /// Rows that failed.
    pub(super) findings: Vec<Ranked>,
}

impl Verdict {
    pub(super) fn open(&mut self, causes: impl IntoIterator<Item = Cause>) {
        self.open.get_or_insert_default().add(causes);
    }

    pub(super) fn idle(&mut self, causes: impl IntoIterator<Item = Cause>) {
        self.idle.get_or_insert_default().add(causes);
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.passed += other.passed;
        self.findings.extend(other.findings);
        for (own, others) in [(&mut self.open, other.open), (&mut self.idle, other.idle)] {
            if let Some(causes) = others {
                own.get_or_insert_default().merge(causes);
            }
        }
    }
}

/// Visits the rows of a table, or the elements of one of its list fields, but for those of which an index tells that
/// `filter` does not hold. `sure` is false for what may not be there: gaps, and elements of a list that is not known.
pub(super) fn visit<'b>(
    shared: &'b Shared<'b>,
    table: TableId,
    item: Option<usize>,
    filter: &[Bound<'b>],
    mut look: impl FnMut(Frame<'b>, bool),
) {
    let Table { rows, gaps } = shared.table(table);
    let numbers = |count: usize, gaps: bool| {
        let all = || (0..u32::try_from(count).unwrap_or(u32::MAX)).collect();
        Eval::new(shared).selected(table, filter, gaps).unwrap_or_else(all)
    };
    for row in numbers(rows.len(), false) {
        elements(shared.row(table, row), item, true, &mut look);
    }
    for gap in numbers(gaps.len(), true).into_iter().filter_map(|gap| gaps.get(gap as usize)) {
        elements(shared.gap(table, gap), item, false, &mut look);
    }
}

fn elements<'b>(frame: Frame<'b>, item: Option<usize>, sure: bool, look: &mut impl FnMut(Frame<'b>, bool)) {
    let Some(item) = item else { return look(frame, sure) };
    let Some(cell) = frame.cells.get(item) else { return };
    match &cell.fact {
        Fact::Empty => {}
        Fact::List(cells) => {
            for cell in cells.iter().filter(|c| !matches!(c.fact, Fact::Empty)) {
                look(Frame { item: Some(cell), ..frame }, sure && known(cell));
            }
        }
        _ => look(Frame { item: Some(cell), ..frame }, false),
    }
}

fn known(cell: &Cell) -> bool {
    !matches!(cell.fact, Fact::Unknown(_))
}

/// Why a row that may be there is not known.
pub(super) fn missing(frame: &Frame<'_>, item: Option<usize>) -> Cause {
    match (frame.gap, frame.item) {
        (Some(gap), _) => Cause::of_gap(gap),
        (None, Some(cell)) => super::eval::unknown(frame, item.unwrap_or_default(), cell),
        (None, None) => Cause {
            why: crate::evidence::Why::Incomplete,
            table: frame.table,
            about: About::Rows,
            place: frame.record,
        },
    }
}

/// Judges every row.
pub(super) fn each<'b>(
    binding: Binding<'b>,
    each: &'b Each,
    filter: &'b [Bound<'b>],
    require: &'b [Bound<'b>],
    writer: &Writer<'b>,
) -> Verdict {
    let shared = binding.shared;
    let mut verdict = Verdict::default();
    let mut eval = Eval::new(shared);
    visit(shared, each.table, each.item, filter, |frame, sure| {
        eval.look_at(frame);
        let selected = eval.all(filter);
        if selected == Tri::False {
            return;
        }
        let holds = eval.all(require);
        match (selected, holds, sure) {
            (_, Tri::True, true) => verdict.passed += 1,
            (_, Tri::True, false) => verdict.idle([missing(&frame, each.item)]),
            (Tri::True, Tri::False, true) => {
                let failed: Vec<usize> = (0..require.len())
                    .filter(|n| {
                        eval.look_at(frame);
                        eval.test(&require[*n]) == Tri::False
                    })
                    .collect();
                let scene = Scene {
                    frame,
                    over: None,
                    last: None,
                    count: 0,
                    limit: None,
                    values: Vec::new(),
                    failed,
                };
                verdict.findings.push(writer.write(&scene, &mut eval));
            }
            (_, _, sure) => {
                let mut causes = std::mem::take(&mut eval.causes);
                if !sure {
                    causes.push(missing(&frame, each.item));
                }
                verdict.open(causes);
                verdict.open.get_or_insert_default().of_row(shared, &frame);
            }
        }
    });
    verdict
}
