//! Tests of a row, in three values, with the reasons of what cannot be told.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use super::bind::{Bound, BoundJoin, BoundKind, BoundOp, BoundOperand};
use super::open::{About, Cause};
use crate::estate::shared::{Candidates, Frame, Index, Indexed, Shared};
use crate::estate::value::{Bucket, Tri, Value, bucket, date, path, same, text, within};
use crate::evidence::{Account, AccountKind, Cell, Fact, TableId, Why, table};
use crate::rules::Mode;

/// Evaluates tests. The frames are the row of the check and, inside joins, the rows they look at.
#[derive(Debug)]
pub(super) struct Eval<'b> {
    shared: &'b Shared<'b>,
    frames: Vec<Frame<'b>>,
    /// Why the last result was open.
    pub(super) causes: Vec<Cause>,
    /// Reasons are not wanted: it is known already that something is open, only proof is looked for.
    quiet: bool,
}

/// Tables with fewer rows are read through; looking them up would not pay.
const SMALL: usize = 8;

/// From so many rows on it pays to test all rows of a table once.
const MANY: usize = 64;

/// What a join looks for in a field.
#[derive(Debug)]
struct Sought<'v> {
    field: usize,
    mode: Mode,
    value: Value<'v>,
    index: &'v Arc<OnceLock<Index>>,
}

/// A value of an operand.
enum Given<'v> {
    Known(Value<'v>),
    Unknown(Cause),
}

impl<'b> Eval<'b> {
    pub(super) fn new(shared: &'b Shared<'b>) -> Self {
        Self { shared, frames: Vec::new(), causes: Vec::new(), quiet: false }
    }

    /// Sets the row of the check; forgets the reasons of the row before.
    pub(super) fn look_at(&mut self, frame: Frame<'b>) {
        self.frames.clear();
        self.frames.push(frame);
        self.causes.clear();
    }

    /// Whether all tests hold. Reasons are kept only if that is open.
    pub(super) fn all<'t>(&mut self, tests: &'t [Bound<'t>]) -> Tri {
        let mark = self.causes.len();
        let mut result = Tri::True;
        for test in tests {
            result = result & self.test(test);
            if result == Tri::False {
                break;
            }
        }
        if result != Tri::Open {
            self.causes.truncate(mark);
        }
        result
    }

    /// Whether a test holds.
    pub(super) fn test<'t>(&mut self, test: &'t Bound<'t>) -> Tri {
        let mark = self.causes.len();
        let result = match &test.kind {
            BoundKind::All(tests) => self.all(tests),
            BoundKind::Any(tests) => {
                let mut result = Tri::False;
                for test in tests {
                    result = result | self.test(test);
                    if result == Tri::True {
                        break;
                    }
                }
                result
            }
            BoundKind::Not(test) => !self.test(test),
            BoundKind::Some { join, negated } => {
                let found = self.join(join, None).0;
                if *negated { !found } else { found }
            }
            BoundKind::Field { field, op } => self.field(*field, op),
        };
        if result != Tri::Open {
            self.causes.truncate(mark);
        }
        result
    }

    fn field<'t>(&mut self, field: usize, op: &'t BoundOp<'t>) -> Tri {
        let Some(frame) = self.frames.last().copied() else { return Tri::Open };
        static EMPTY: Cell = Cell { fact: Fact::Empty, place: None };
        let cell = frame.cell(field).unwrap_or(&EMPTY);
        if let BoundOp::FoundIn { join, field: there, mode, negated, index } = op {
            let found = match &cell.fact {
                Fact::Unknown(_) => self.unknown_in(&frame, field, cell, join),
                Fact::Empty | Fact::List(_) => Tri::False,
                fact => {
                    let value = self.shared.value(&frame, field, fact);
                    self.join(join, Some(Sought { field: *there, mode: *mode, value, index })).0
                }
            };
            return if *negated { !found } else { found };
        }
        match &cell.fact {
            Fact::Unknown(_) => {
                self.note(|| unknown(&frame, field, cell));
                return Tri::Open;
            }
            Fact::Empty => return matches!(op, BoundOp::Exists(false)).into(),
            // What was cut off may have been an empty list: both are printed alike.
            Fact::List(items)
                if matches!(op, BoundOp::Exists(_))
                    && !items.is_empty()
                    && items.iter().all(|i| matches!(i.fact, Fact::Unknown(_))) =>
            {
                self.note(|| unknown(&frame, field, items.first().unwrap_or(cell)));
                return Tri::Open;
            }
            _ => {}
        }
        self.of_known(&frame, field, cell, op)
    }

    /// Whether something that is not known is found in a join. Whatever it is, it is not among no rows, unless rows are
    /// only made of what is known.
    fn unknown_in<'t>(
        &mut self,
        frame: &Frame<'b>,
        field: usize,
        cell: &'b Cell,
        join: &'t BoundJoin<'t>,
    ) -> Tri {
        let of_known = self.shared.schema.tables.get(join.table).is_some_and(|t| t.lookup);
        let rows = if of_known { Tri::Open } else { self.join(join, None).0 };
        if rows != Tri::False {
            self.note(|| unknown(frame, field, cell));
        }
        rows.min(Tri::Open)
    }

    /// A test of a cell that is known.
    fn of_known<'t>(&mut self, frame: &Frame<'b>, field: usize, cell: &'b Cell, op: &'t BoundOp<'t>) -> Tri {
        match op {
            BoundOp::Exists(exists) => (*exists).into(),
            BoundOp::In(values) => {
                let value = self.shared.value(frame, field, &cell.fact);
                self.same_as(frame, &value, values)
            }
            BoundOp::Has(values) => match &cell.fact {
                Fact::List(items) => self.has(frame, field, items, values),
                _ => Tri::False,
            },
            BoundOp::Matches(pattern) => {
                let regex = pattern.regex();
                text(&cell.fact).is_some_and(|t| regex.is_some_and(|r| r.is_match(t))).into()
            }
            BoundOp::StartsWith(values) => self.against(values, |value| {
                fold(&cell.fact).zip(fold(value.fact)).is_some_and(|(a, b)| a.starts_with(&b)).into()
            }),
            BoundOp::EndsWith(values) => self.against(values, |value| {
                fold(&cell.fact).zip(fold(value.fact)).is_some_and(|(a, b)| a.ends_with(&b)).into()
            }),
            BoundOp::Less(values) => self.against(values, |value| before(&cell.fact, value.fact).into()),
            BoundOp::More(values) => self.against(values, |value| before(value.fact, &cell.fact).into()),
            BoundOp::HasBits(values) => self.against(values, |value| match (&cell.fact, value.fact) {
                (Fact::Integer(a), Fact::Integer(b)) => (a & b == *b).into(),
                _ => Tri::False,
            }),
            BoundOp::Within(values) => self.against(values, |value| {
                let paths = text(&cell.fact).zip(text(value.fact));
                paths.is_some_and(|(a, b)| within(&path(a), &path(b))).into()
            }),
            BoundOp::HomeOf(values) => self.home_of(frame, cell, values),
            BoundOp::Kind(kinds) => {
                let Fact::Account(account) = &cell.fact else { return Tri::False };
                let result = self.kind(account, kinds);
                if result == Tri::Open {
                    self.undecided(frame, cell, About::Kind(account.written.to_string()));
                }
                result
            }
            BoundOp::Scope(scopes) => {
                let Fact::Account(account) = &cell.fact else { return Tri::False };
                match self.shared.ids.scope(account) {
                    Some(scope) => scopes.contains(&scope).into(),
                    None => {
                        self.undecided(frame, cell, About::Scope(account.written.to_string()));
                        Tri::Open
                    }
                }
            }
            BoundOp::FoundIn { .. } => Tri::Open,
        }
    }

    /// Whether one of the elements of a list is one of the values.
    fn has(
        &mut self,
        frame: &Frame<'b>,
        field: usize,
        items: &'b [Cell],
        values: &[(Mode, BoundOperand)],
    ) -> Tri {
        let mut result = Tri::False;
        for item in items {
            result = result
                | match &item.fact {
                    Fact::Empty => Tri::False,
                    Fact::Unknown(_) => {
                        self.note(|| unknown(frame, field, item));
                        Tri::Open
                    }
                    fact => {
                        let value = Value::new(fact, self.shared.ids);
                        self.same_as(frame, &value, values)
                    }
                };
            if result == Tri::True {
                break;
            }
        }
        result
    }

    /// Whether a computer is the home of one of the accounts.
    fn home_of(&mut self, frame: &Frame<'b>, cell: &'b Cell, values: &[BoundOperand]) -> Tri {
        let ids = self.shared.ids;
        let mut undecided = None;
        let result = self.against(values, |value| match (text(&cell.fact), value.fact) {
            (Some(computer), Fact::Account(account)) => {
                let home = ids.home_of(account, computer);
                if home.is_none() {
                    undecided = Some(account.written.to_string());
                }
                home.into()
            }
            _ => Tri::False,
        });
        if let (Tri::Open, Some(account)) = (result, undecided) {
            self.undecided(frame, cell, About::Scope(account));
        }
        result
    }

    /// Where no export tells more, an account is judged by its name: without a `$` at its end it is taken for a
    /// user, unless it may be a group of those that could not be read. A SID that no export resolves may be anything.
    fn kind(&self, account: &Account, kinds: &[AccountKind]) -> Tri {
        use AccountKind as K;
        match self.shared.ids.kind(account) {
            K::Unknown if self.shared.ids.resolve(account).name().is_some() => {
                let (user, group) = (kinds.contains(&K::User), kinds.contains(&K::Group));
                if user != group && self.shared.ids.may_be_group(account) { Tri::Open } else { user.into() }
            }
            K::Unknown if kinds.contains(&K::Unknown) => Tri::True,
            K::Unknown if [K::User, K::Group, K::Computer].iter().all(|k| kinds.contains(k)) => Tri::True,
            K::Unknown if kinds == [K::WellKnown] => Tri::False,
            K::Unknown => Tri::Open,
            kind => kinds.contains(&kind).into(),
        }
    }

    /// Whether a value is the same as one of these.
    fn same_as(&mut self, frame: &Frame<'b>, value: &Value<'_>, values: &[(Mode, BoundOperand)]) -> Tri {
        let mut result = Tri::False;
        for (mode, operand) in values {
            let mut causes = Vec::new();
            let _ = self.given(operand, |given| {
                let one = match given {
                    Given::Unknown(cause) => {
                        causes.push(cause);
                        Tri::Open
                    }
                    Given::Known(other) => {
                        let one = same(self.shared.ids, *mode, value, &other);
                        if one == Tri::Open && !self.quiet {
                            causes.push(doubt(frame, value, &other));
                        }
                        one
                    }
                };
                result = result | one;
                if result == Tri::True { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            self.causes.extend(causes);
            if result == Tri::True {
                break;
            }
        }
        result
    }

    /// Whether something holds for one of the values; for none of no values.
    fn against(&mut self, values: &[BoundOperand], mut holds: impl FnMut(&Value<'_>) -> Tri) -> Tri {
        let mut result = Tri::False;
        let mut causes = Vec::new();
        for operand in values {
            let _ = self.given(operand, |given| {
                result = result
                    | match given {
                        Given::Unknown(cause) => {
                            causes.push(cause);
                            Tri::Open
                        }
                        Given::Known(value) => holds(&value),
                    };
                if result == Tri::True { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        }
        self.causes.extend(causes);
        result
    }

    /// Hands out the values of an operand, one by one.
    fn given<'t>(
        &self,
        operand: &'t BoundOperand,
        mut take: impl FnMut(Given<'t>) -> ControlFlow<()>,
    ) -> ControlFlow<()>
    where
        'b: 't,
    {
        let (frame, field) = match operand {
            BoundOperand::Const(value) => return take(Given::Known(value.value())),
            BoundOperand::Row(field) => (self.frames.first(), *field),
            BoundOperand::Match(field) => {
                (self.frames.len().checked_sub(2).and_then(|i| self.frames.get(i)), *field)
            }
        };
        let Some(frame) = frame.copied() else { return ControlFlow::Continue(()) };
        let Some(cell) = frame.cell(field) else { return ControlFlow::Continue(()) };
        match &cell.fact {
            Fact::Empty => ControlFlow::Continue(()),
            Fact::Unknown(_) => take(Given::Unknown(unknown(&frame, field, cell))),
            Fact::List(items) => {
                for item in items {
                    match &item.fact {
                        Fact::Empty | Fact::List(_) => {}
                        Fact::Unknown(_) => take(Given::Unknown(unknown(&frame, field, item)))?,
                        fact => take(Given::Known(Value::new(fact, self.shared.ids)))?,
                    }
                }
                ControlFlow::Continue(())
            }
            fact => take(Given::Known(self.shared.value(&frame, field, fact))),
        }
    }

    /// Whether there is a row for which the tests hold and which has what is sought; and the row.
    fn join<'t>(&mut self, join: &'t BoundJoin<'t>, sought: Option<Sought<'_>>) -> (Tri, Option<u32>) {
        if let (Some(alone), None) = (&join.alone, &sought) {
            let (result, row, causes) = alone.get_or_init(|| {
                let mut eval = Eval::new(self.shared);
                let (result, row) = eval.look_for(join, None);
                (result, row, eval.causes)
            });
            if !self.quiet {
                self.causes.extend(causes.iter().cloned());
            }
            return (*result, *row);
        }
        self.look_for(join, sought)
    }

    fn look_for<'t>(&mut self, join: &'t BoundJoin<'t>, sought: Option<Sought<'_>>) -> (Tri, Option<u32>) {
        let shared = self.shared;
        let table = shared.table(join.table);
        let mark = self.causes.len();
        let mut open = false;
        let count = u32::try_from(table.rows.len()).unwrap_or(u32::MAX);
        let candidates = if table.rows.len() > SMALL { self.candidates(join, sought.as_ref()) } else { None };
        let look = |this: &mut Self, row: u32, open: &mut bool| -> bool {
            let before = this.causes.len();
            let frame = shared.row(join.table, row);
            let quiet = this.quiet;
            this.quiet = quiet || *open;
            let result = this.joined(frame, join, sought.as_ref());
            this.quiet = quiet;
            match result {
                Tri::True => return true,
                Tri::False => this.causes.truncate(before),
                Tri::Open => {
                    this.keep_new(mark, before);
                    *open = true;
                }
            }
            false
        };
        let found = match &candidates {
            None => (0..count).find(|row| look(self, *row, &mut open)),
            Some(candidates) => {
                let keyed = candidates.keyed.iter().flat_map(|rows| rows.iter().copied());
                let found = keyed.into_iter().find(|row| look(self, *row, &mut open));
                // None of the others is proven, so that one which is possible says all that they can say.
                if found.is_none() && !open {
                    let many = candidates.possible.is_none_or(|rows| rows.len() > MANY);
                    let verdicts = if many { self.verdicts(join) } else { None };
                    let mut possible = |row: u32| {
                        if verdicts.is_none_or(|v| v.get(row as usize) != Some(&Tri::False)) {
                            look(self, row, &mut open);
                        }
                        open
                    };
                    match candidates.possible {
                        Some(rows) => _ = rows.iter().any(|row| possible(*row)),
                        None => _ = (0..count).any(possible),
                    }
                }
                found
            }
        };
        if found.is_some() {
            self.causes.truncate(mark);
            return (Tri::True, found);
        }
        let gaps = self.gaps(join, sought.as_ref());
        if gaps.as_ref().map_or(table.gaps.is_empty(), Vec::is_empty) {
            return (if open { Tri::Open } else { Tri::False }, None);
        }
        let mut told: HashSet<(Why, TableId, About)> = self.causes[mark..].iter().map(Cause::kind).collect();
        let count = if gaps.is_some() { 0 } else { u32::try_from(table.gaps.len()).unwrap_or(u32::MAX) };
        let mut all = (0..count).chain(gaps.iter().flatten().copied());
        while let Some(gap) = all.next().and_then(|number| table.gaps.get(number as usize)) {
            let cause = Cause::of_gap(gap);
            if told.contains(&cause.kind()) {
                continue;
            }
            let before = self.causes.len();
            let result = self.joined(shared.gap(join.table, gap), join, sought.as_ref());
            self.causes.truncate(before);
            if result != Tri::False {
                told.insert(cause.kind());
                self.causes.push(cause);
                open = true;
            }
        }
        (if open { Tri::Open } else { Tri::False }, None)
    }

    /// What the tests of a join say of each row of its table, if they ask for nothing else.
    fn verdicts<'t>(&self, join: &'t BoundJoin<'t>) -> Option<&'t [Tri]> {
        let verdicts = join.verdicts.as_ref()?.get_or_init(|| {
            let mut eval = Eval::new(self.shared);
            let rows = u32::try_from(self.shared.table(join.table).rows.len()).unwrap_or(u32::MAX);
            (0..rows)
                .map(|row| {
                    eval.look_at(self.shared.row(join.table, row));
                    eval.all(&join.filter)
                })
                .collect()
        });
        Some(verdicts)
    }

    /// Whether a row of a join has what is sought and passes its tests.
    fn joined<'t>(&mut self, frame: Frame<'b>, join: &'t BoundJoin<'t>, sought: Option<&Sought<'_>>) -> Tri {
        let mut result = Tri::True;
        if let Some(sought) = sought {
            result = self.holds(&frame, sought);
            if result == Tri::False {
                return result;
            }
        }
        self.frames.push(frame);
        result = result & self.all(&join.filter);
        self.frames.pop();
        result
    }

    /// Whether a row has what is sought.
    fn holds(&mut self, frame: &Frame<'b>, sought: &Sought<'_>) -> Tri {
        let Some(cell) = frame.cell(sought.field) else { return Tri::False };
        match &cell.fact {
            Fact::Empty => Tri::False,
            Fact::Unknown(_) => {
                self.note(|| unknown(frame, sought.field, cell));
                Tri::Open
            }
            Fact::List(items) => {
                let mut result = Tri::False;
                for item in items {
                    result = result
                        | match &item.fact {
                            Fact::Empty | Fact::List(_) => Tri::False,
                            Fact::Unknown(_) => {
                                self.note(|| unknown(frame, sought.field, item));
                                Tri::Open
                            }
                            fact => self.is(frame, &Value::new(fact, self.shared.ids), sought),
                        };
                    if result == Tri::True {
                        break;
                    }
                }
                result
            }
            fact => {
                let value = self.shared.value(frame, sought.field, fact);
                self.is(frame, &value, sought)
            }
        }
    }

    fn is(&mut self, frame: &Frame<'b>, value: &Value<'_>, sought: &Sought<'_>) -> Tri {
        let result = same(self.shared.ids, sought.mode, &sought.value, value);
        if result == Tri::Open {
            self.note(|| doubt(frame, &sought.value, value));
        }
        result
    }

    /// The rows that a join has to look at, by the lookup that leaves the fewest; none for all rows.
    fn candidates<'t>(&self, join: &'t BoundJoin<'t>, sought: Option<&Sought<'t>>) -> Option<Candidates<'t>>
    where
        'b: 't,
    {
        let shared = self.shared;
        let all = shared.table(join.table).rows.len();
        let mut best: Option<Candidates<'t>> = None;
        let mut offer = |candidates: Candidates<'t>| {
            if best.as_ref().is_none_or(|b| candidates.cost(all) < b.cost(all)) {
                best = Some(candidates);
            }
        };
        if let Some(sought) = sought {
            let of = Indexed { table: join.table, field: sought.field, mode: sought.mode, gaps: false };
            let index = sought.index.get_or_init(|| shared.build_index(of));
            offer(index.rows(&bucket(shared.ids, sought.mode, &sought.value)));
        }
        for (number, slot) in &join.lookups {
            let Some((field, mode, wanted)) = join.filter.get(*number).and_then(|test| self.wanted(test))
            else {
                continue;
            };
            match wanted {
                Some(wanted) => {
                    let of = Indexed { table: join.table, field, mode, gaps: false };
                    offer(slot.get_or_init(|| shared.build_index(of)).rows(&wanted));
                }
                None => offer(Index::nothing()),
            }
        }
        best
    }

    /// The gaps that a join has to look at, by the lookup that leaves the fewest; none for all gaps.
    fn gaps<'t>(&self, join: &'t BoundJoin<'t>, sought: Option<&Sought<'_>>) -> Option<Vec<u32>> {
        let shared = self.shared;
        if shared.table(join.table).gaps.len() <= SMALL {
            return None;
        }
        let index = |field: usize, mode: Mode| {
            let of = Indexed { table: join.table, field, mode, gaps: true };
            let slot = shared.index_slot(of);
            slot.get_or_init(|| shared.build_index(of));
            slot
        };
        let by_value = sought
            .map(|s| (index(s.field, s.mode), Cow::Owned(bucket(shared.ids, s.mode, &s.value))))
            .into_iter();
        let by_tests = join.lookups.iter().filter_map(|(number, _)| {
            let (field, mode, wanted) = self.wanted(join.filter.get(*number)?)?;
            Some((index(field, mode), wanted?))
        });
        let (slot, wanted) = by_value
            .chain(by_tests)
            .filter_map(|(slot, wanted)| {
                let count = slot.get()?.count(&wanted)?;
                Some((count, slot, wanted))
            })
            .min_by_key(|(count, _, _)| *count)
            .map(|(_, slot, wanted)| (slot, wanted))?;
        slot.get()?.possible(&wanted)
    }

    /// The rows, or gaps, of a table for which tests possibly hold, in their order, by the one of them that leaves the
    /// fewest; none where none of them is looked up.
    pub(super) fn selected(&self, table: TableId, tests: &[Bound<'b>], gaps: bool) -> Option<Vec<u32>> {
        let shared = self.shared;
        let columns = shared.schema.tables.get(table)?.fields.len();
        let by_test = |test: &Bound<'b>| {
            // What follows the last field is the element of a list.
            let (field, mode, wanted) = self.wanted(test).filter(|(field, ..)| *field < columns)?;
            let Some(wanted) = wanted else { return Some(Vec::new()) };
            let of = Indexed { table, field, mode, gaps };
            shared.index_slot(of).get_or_init(|| shared.build_index(of)).possible(&wanted)
        };
        tests.iter().filter_map(by_test).min_by_key(Vec::len)
    }

    /// What a test wants a field to be: what it is looked up by, none inside if no value is wanted. None if that is
    /// not one known value.
    fn wanted<'t>(&self, test: &'t Bound<'t>) -> Option<(usize, Mode, Option<Cow<'t, Bucket>>)> {
        let BoundKind::Field { field, op: BoundOp::In(values) } = &test.kind else { return None };
        let [(mode, operand)] = values.as_slice() else { return None };
        // The frame of the join is not there yet, so the row that an operand calls found is the last.
        let (frame, own) = match operand {
            BoundOperand::Const(value) => return Some((*field, *mode, Some(Cow::Borrowed(&value.bucket)))),
            BoundOperand::Match(own) => (self.frames.last(), *own),
            BoundOperand::Row(own) => (self.frames.first(), *own),
        };
        let frame = frame?;
        match &frame.cell(own)?.fact {
            Fact::Empty => Some((*field, *mode, None)),
            Fact::Unknown(_) | Fact::List(_) => None,
            fact => {
                let value = self.shared.value(frame, own, fact);
                Some((*field, *mode, Some(Cow::Owned(bucket(self.shared.ids, *mode, &value)))))
            }
        }
    }

    fn note(&mut self, cause: impl FnOnce() -> Cause) {
        if !self.quiet {
            self.causes.push(cause());
        }
    }

    /// Of the reasons from `before` on, keeps those of a table and kind that are not there since `mark`.
    fn keep_new(&mut self, mark: usize, before: usize) {
        let new = self.causes.split_off(before);
        for cause in new {
            if !self.causes[mark..].iter().any(|c| c.why == cause.why && c.table == cause.table) {
                self.causes.push(cause);
            }
        }
    }

    fn undecided(&mut self, frame: &Frame<'b>, cell: &Cell, about: About) {
        let place = cell.place.or(frame.record);
        // The export that would tell.
        let tells = match about {
            About::Kind(_) => self.shared.schema.id(table::PRINCIPALS),
            About::Scope(_) => self.shared.schema.id(table::DOMAINS),
            _ => None,
        };
        self.note(|| Cause { why: Why::Identity, table: tells.unwrap_or(frame.table), about, place });
    }

    /// The row that a join found, in a test that is (or is not) true.
    pub(super) fn found<'t>(&mut self, test: &'t Bound<'t>, holds: bool) -> Option<(TableId, u32)> {
        if self.test(test) != Tri::from(holds) {
            return None;
        }
        match &test.kind {
            BoundKind::All(tests) | BoundKind::Any(tests) => {
                tests.iter().find_map(|test| self.found(test, holds))
            }
            BoundKind::Not(test) => self.found(test, !holds),
            BoundKind::Some { join, negated } => {
                if holds == *negated {
                    return None;
                }
                self.join(join, None).1.map(|row| (join.table, row))
            }
            BoundKind::Field { field, op: BoundOp::FoundIn { join, field: there, mode, negated, index } } => {
                if holds == *negated {
                    return None;
                }
                let frame = self.frames.last().copied()?;
                let cell = frame.cell(*field)?;
                let value = self.shared.value(&frame, *field, &cell.fact);
                let sought = Sought { field: *there, mode: *mode, value, index };
                self.join(join, Some(sought)).1.map(|row| (join.table, row))
            }
            BoundKind::Field { .. } => None,
        }
    }
}

/// Why a cell is not known.
pub(super) fn unknown(frame: &Frame<'_>, field: usize, cell: &Cell) -> Cause {
    match (frame.gap, &cell.fact) {
        (Some(gap), _) => Cause::of_gap(gap),
        (None, fact) => Cause {
            why: match fact {
                Fact::Unknown(why) => *why,
                _ => Why::Incomplete,
            },
            table: frame.table,
            about: About::Field(field),
            place: cell.place.or(frame.record),
        },
    }
}

/// Two values may be the same, or not.
fn doubt(frame: &Frame<'_>, a: &Value<'_>, b: &Value<'_>) -> Cause {
    let name = |value: &Value<'_>| text(value.fact).unwrap_or_default().to_owned();
    Cause {
        why: Why::Identity,
        table: frame.table,
        about: About::Same(name(a), name(b)),
        place: frame.record,
    }
}

fn fold(fact: &Fact) -> Option<String> {
    text(fact).map(str::to_lowercase)
}

/// Whether one number or date comes before another. A day without a time is before all times of that day.
fn before(a: &Fact, b: &Fact) -> bool {
    match (a, b) {
        (Fact::Integer(a), Fact::Integer(b)) => a < b,
        (Fact::Text(a), Fact::Text(b)) => date(a) < date(b),
        _ => false,
    }
}
