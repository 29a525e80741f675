//! Rows put together and counted: `group`.
//!
//! A count is a range: from what is proven to be in the group and to be different, to what may be. Rows whose
//! group is not known, rows of which it is not known whether they are selected, groups whose `by` values are
//! possibly the same, and gaps all widen it.

use std::collections::{BTreeMap, HashMap};

use super::bind::{Binding, Bound};
use super::eval::{Eval, unknown};
use super::finding::{Scene, Writer, shown};
use super::open::{About, Cause};
use super::rows::{Verdict, missing, visit};
use crate::estate::shared::Frame;
use crate::estate::value::{Tri, Value, bucket, group_key, same};
use crate::evidence::{Fact, Scalar, Why};
use crate::rules::{Group, Limit, Mode};

/// A row of a group.
#[derive(Debug, Clone)]
struct Member<'b> {
    frame: Frame<'b>,
    /// Key of its `distinct` value.
    value: Option<String>,
}

/// Rows with equal `by` values.
#[derive(Debug, Default)]
struct Rows<'b> {
    /// Certainly in the group.
    sure: Vec<Member<'b>>,
    /// Perhaps in the group.
    maybe: Vec<Member<'b>>,
    /// Some may be missing.
    gap: bool,
    causes: Vec<Cause>,
}

/// Judges every group.
pub(super) fn group<'b>(
    binding: Binding<'b>,
    group: &'b Group,
    filter: &'b [Bound<'b>],
    require: &'b [Bound<'b>],
    writer: &Writer<'b>,
) -> Verdict {
    let shared = binding.shared;
    let mut verdict = Verdict::default();
    let mut eval = Eval::new(shared);
    let limit = match &group.limit {
        Some((limit, operand)) => binding.number(operand).map(|n| (*limit, n)),
        None => None,
    };
    // No limit at this revision, and nothing else is asked.
    if limit.is_none() && require.is_empty() {
        return verdict;
    }

    let mut groups: Vec<Rows<'b>> = Vec::new();
    let mut numbers: HashMap<Vec<String>, usize> = HashMap::new();
    let mut keys: Vec<Vec<String>> = Vec::new();
    // Rows and gaps of no known group; they may belong to any.
    let mut loose: Vec<(Option<Member<'b>>, Vec<Cause>)> = Vec::new();
    let mut gaps: Vec<(Vec<String>, Cause)> = Vec::new();

    visit(shared, group.table, group.item, |frame, sure| {
        eval.look_at(frame);
        let selected = eval.all(filter);
        if selected == Tri::False {
            return;
        }
        let mut causes = std::mem::take(&mut eval.causes);
        let mut key = Vec::new();
        let mut known = true;
        for field in &group.by {
            let Some(cell) = frame.cell(*field) else { return };
            match &cell.fact {
                Fact::Empty => return,
                Fact::Unknown(_) => {
                    causes.push(unknown(&frame, *field, cell));
                    known = false;
                }
                fact => {
                    let scalar = shared.scalar(&frame, *field, group.item);
                    let value = shared.value(&frame, *field, fact);
                    key.extend(group_key(shared.ids, scalar, &value));
                }
            }
        }
        let mut value = None;
        if let Some(field) = group.distinct {
            let Some(cell) = frame.cell(field) else { return };
            match &cell.fact {
                Fact::Empty => return,
                Fact::Unknown(_) => causes.push(unknown(&frame, field, cell)),
                fact => {
                    let scalar = shared.scalar(&frame, field, group.item);
                    value = group_key(shared.ids, scalar, &shared.value(&frame, field, fact));
                }
            }
        }
        let member = Member { frame, value };
        match (known, sure) {
            (true, true) => {
                let number = *numbers.entry(key.clone()).or_insert_with(|| {
                    groups.push(Rows::default());
                    keys.push(key);
                    groups.len() - 1
                });
                let rows = &mut groups[number];
                let counted = group.distinct.is_none() || member.value.is_some();
                if selected == Tri::True && counted {
                    rows.sure.push(member);
                } else {
                    rows.maybe.push(member);
                    rows.causes.extend(causes);
                }
            }
            (true, false) => gaps.push((key, missing(&frame, group.item))),
            (false, true) => loose.push((Some(member), causes)),
            (false, false) => loose.push((None, vec![missing(&frame, group.item)])),
        }
    });

    // A further row in a group of its own cannot break a lower limit of one.
    let harmless = require.is_empty() && matches!(limit, Some((Limit::AtLeast, n)) if n <= 1);
    for (key, cause) in gaps {
        match numbers.get(&key) {
            Some(number) => {
                groups[*number].gap = true;
                groups[*number].causes.push(cause);
            }
            None if !harmless => verdict.open([cause]),
            None => {}
        }
    }
    for (member, causes) in loose {
        for rows in &mut groups {
            match &member {
                Some(member) => rows.maybe.push(member.clone()),
                None => rows.gap = true,
            }
            if rows.causes.len() < 16 {
                rows.causes.extend(causes.iter().cloned());
            }
        }
        if !harmless && (member.is_none() || groups.is_empty()) {
            verdict.open(causes);
        }
    }
    blend(binding, group, &mut groups);

    for rows in groups {
        judge(&mut verdict, &mut eval, group, limit, rows, require, writer);
    }
    verdict
}

/// With how many others of the same name a group is compared at most, so that many of one name stay affordable.
const PARTNERS: usize = 32;

/// Groups whose `by` values are possibly the same may be one.
fn blend(binding: Binding<'_>, group: &Group, groups: &mut [Rows<'_>]) {
    let shared = binding.shared;
    let Some(first) = groups.iter().find_map(|g| g.sure.first()).map(|m| m.frame) else { return };
    let scalars: Vec<Scalar> = group.by.iter().map(|f| shared.scalar(&first, *f, group.item)).collect();
    if !scalars.iter().any(|s| matches!(s, Scalar::Account | Scalar::Computer)) {
        return;
    }
    // Only what shares a key can be the same, or what has no name.
    let at = group.by.iter().zip(&scalars).find(|(_, s)| matches!(s, Scalar::Account | Scalar::Computer));
    let Some((field, scalar)) = at else { return };
    let mode = Mode::of(*scalar, *scalar).unwrap_or(Mode::Name);
    let mut buckets: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let (mut any, mut named) = (Vec::new(), Vec::new());
    for (number, rows) in groups.iter().enumerate() {
        let Some(member) = rows.sure.first() else { continue };
        let Some(cell) = member.frame.cell(*field) else { continue };
        let bucket = bucket(shared.ids, mode, &shared.value(&member.frame, *field, &cell.fact));
        if bucket.any {
            any.push(number);
        } else {
            named.push(number);
            bucket.keys.into_iter().for_each(|key| buckets.entry(key).or_default().push(number));
        }
    }
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for numbers in buckets.values() {
        for (i, a) in numbers.iter().enumerate() {
            pairs.extend(numbers[i + 1..].iter().take(PARTNERS).map(|b| (*a, *b)));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    let compare = |a: usize, b: usize, groups: &[Rows<'_>]| -> Option<Vec<Cause>> {
        let (x, y) = (groups[a].sure.first()?.frame, groups[b].sure.first()?.frame);
        let mut result = Tri::True;
        let mut doubts = Vec::new();
        for (field, scalar) in group.by.iter().zip(&scalars) {
            let (c, d) = (x.cell(*field)?, y.cell(*field)?);
            let mode = Mode::of(*scalar, *scalar).unwrap_or(Mode::Name);
            let (v, w) = (shared.value(&x, *field, &c.fact), shared.value(&y, *field, &d.fact));
            let one = same(shared.ids, mode, &v, &w);
            if one == Tri::Open {
                doubts.push((&c.fact, &d.fact));
            }
            result = result & one;
        }
        let cause = |(c, d): (&Fact, &Fact)| Cause {
            why: Why::Identity,
            table: group.table,
            about: About::Same(shown(c), shown(d)),
            place: y.record,
        };
        (result == Tri::Open).then(|| doubts.into_iter().map(cause).collect())
    };
    for (a, b) in pairs {
        if let Some(causes) = compare(a, b, groups) {
            let (of_a, of_b) = (groups[a].sure.clone(), groups[b].sure.clone());
            groups[a].maybe.extend(of_b);
            groups[b].maybe.extend(of_a);
            groups[a].causes.extend(causes.clone());
            groups[b].causes.extend(causes);
        }
    }
    // Accounts without a name differ from each other, so that a group is the same as one of them at most. The
    // largest says most.
    let size = |number: &usize| std::cmp::Reverse(groups[*number].sure.len());
    any.sort_by_key(size);
    named.sort_by_key(size);
    let mut more: Vec<(usize, usize, Vec<Cause>)> = Vec::new();
    for (some, others) in [(&named, &any), (&any, &named)] {
        for a in some {
            let partner = others.iter().take(PARTNERS).find_map(|b| Some((*b, compare(*a, *b, groups)?)));
            more.extend(partner.map(|(b, causes)| (*a, b, causes)));
        }
    }
    for (a, b, causes) in more {
        let of_b = groups[b].sure.clone();
        groups[a].maybe.extend(of_b);
        groups[a].causes.extend(causes);
    }
}

fn judge<'b>(
    verdict: &mut Verdict,
    eval: &mut Eval<'b>,
    group: &'b Group,
    limit: Option<(Limit, i64)>,
    rows: Rows<'b>,
    require: &'b [Bound<'b>],
    writer: &Writer<'b>,
) {
    let mut causes = rows.causes;
    let values = different(&rows.sure);
    let (low, high) = match group.distinct {
        None => (rows.sure.len(), rows.sure.len() + rows.maybe.len()),
        Some(field) => {
            let low = proven(writer, field, group, &rows.sure, &values, &mut causes);
            let unknown = rows.maybe.iter().filter(|m| m.value.is_none()).count();
            let more: std::collections::BTreeSet<&String> = rows
                .maybe
                .iter()
                .filter_map(|m| m.value.as_ref())
                .filter(|v| !values.iter().any(|(w, _)| w == *v))
                .collect();
            (low, values.len() + more.len() + unknown)
        }
    };
    let high = if rows.gap { usize::MAX } else { high };
    let counted = match limit {
        None => Tri::True,
        Some((limit, n)) => {
            let n = usize::try_from(n).unwrap_or(0);
            match limit {
                Limit::AtMost => between(low > n, high <= n),
                Limit::AtLeast => between(high < n, low >= n),
                Limit::Exactly => between(low > n || high < n, low == n && high == n),
            }
        }
    };
    let first = rows.sure.first().or(rows.maybe.first()).map(|m| m.frame);
    let Some(frame) = first else { return };
    eval.look_at(frame);
    let required = eval.all(require);
    causes.append(&mut eval.causes);
    match (counted & required, rows.sure.is_empty()) {
        (Tri::True, false) => verdict.passed += 1,
        (Tri::True, true) => {}
        (Tri::Open, _) | (Tri::False, true) => verdict.open(causes),
        (Tri::False, false) => {
            let failed: Vec<usize> = (0..require.len())
                .filter(|n| {
                    eval.look_at(frame);
                    eval.test(&require[*n]) == Tri::False
                })
                .collect();
            let beyond = limit.and_then(|(_, n)| usize::try_from(n).ok());
            let over = match group.distinct {
                None => beyond.and_then(|n| rows.sure.get(n)).map(|m| m.frame),
                Some(_) => beyond.and_then(|n| values.get(n)).map(|(_, frame)| *frame),
            };
            // Without a limit the rows after the first are what there is beside it.
            let over =
                over.or_else(|| if limit.is_none() { rows.sure.get(1).map(|m| m.frame) } else { None });
            let texts = values
                .iter()
                .filter_map(|(_, frame)| Some(shown(&frame.cell(group.distinct?)?.fact)))
                .collect();
            let scene = Scene {
                frame,
                over,
                last: rows.sure.last().map(|m| m.frame),
                count: if group.distinct.is_some() { values.len() } else { rows.sure.len() },
                limit: limit.map(|(_, n)| n),
                values: texts,
                failed,
            };
            verdict.findings.push(writer.write(&scene, eval));
        }
    }
}

fn between(fails: bool, holds: bool) -> Tri {
    if fails {
        Tri::False
    } else if holds {
        Tri::True
    } else {
        Tri::Open
    }
}

/// The different values of rows, each with the first row that has it.
fn different<'b>(rows: &[Member<'b>]) -> Vec<(String, Frame<'b>)> {
    let mut seen = std::collections::HashSet::new();
    let mut out = Vec::new();
    for member in rows {
        if let Some(value) = &member.value
            && seen.insert(value.clone())
        {
            out.push((value.clone(), member.frame));
        }
    }
    out
}

/// How many values are proven to be different: those that are possibly the same count once.
fn proven<'b>(
    writer: &Writer<'b>,
    field: usize,
    group: &Group,
    rows: &[Member<'b>],
    values: &[(String, Frame<'b>)],
    causes: &mut Vec<Cause>,
) -> usize {
    let shared = writer.binding.shared;
    let Some(first) = rows.first() else { return 0 };
    let scalar = shared.scalar(&first.frame, field, group.item);
    if !matches!(scalar, Scalar::Account | Scalar::Computer) || values.len() > 1_000 {
        return values.len();
    }
    let mode = Mode::of(scalar, scalar).unwrap_or(Mode::Name);
    let of = |frame: &Frame<'b>| -> Option<Value<'b>> {
        let frame = *frame;
        frame.cell(field).map(|c| match &c.fact {
            fact @ Fact::Account(_) => Value::new(fact, shared.ids),
            fact => Value { fact, identity: None },
        })
    };
    let mut parent: Vec<usize> = (0..values.len()).collect();
    for (i, (_, a)) in values.iter().enumerate() {
        for (j, (_, b)) in values.iter().enumerate().skip(i + 1) {
            let (Some(x), Some(y)) = (of(a), of(b)) else { continue };
            if same(shared.ids, mode, &x, &y) != Tri::False {
                causes.push(Cause {
                    why: Why::Identity,
                    table: group.table,
                    about: About::Same(shown(x.fact), shown(y.fact)),
                    place: b.record,
                });
                let (mut root, mut other) = (i, j);
                while parent[root] != root {
                    root = parent[root];
                }
                while parent[other] != other {
                    other = parent[other];
                }
                parent[other.max(root)] = other.min(root);
            }
        }
    }
    parent.iter().enumerate().filter(|(i, p)| i == *p).count()
}
