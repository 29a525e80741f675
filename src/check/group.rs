//! Rows put together and counted: `group`.
//!
//! A count is a range: from what is proven to be in the group and to be different, to what may be. Rows whose
//! group is not known, rows of which it is not known whether they are selected, groups whose `by` values are
//! possibly the same, and gaps all widen it.

use std::collections::{HashMap, HashSet};

use super::bind::{Binding, Bound};
use super::eval::{Eval, unknown};
use super::finding::{Scene, Writer, shown};
use super::open::{About, Cause};
use super::rows::{Verdict, missing, visit};
use crate::estate::shared::{Frame, Shared};
use crate::estate::value::{Bucket, Tri, Value, bucket, group_key, same};
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
    // A further row in a group of its own cannot break a lower limit of one.
    let harmless = require.is_empty() && matches!(limit, Some((Limit::AtLeast, n)) if n <= 1);
    let (mut groups, anywhere) =
        Gathered::of(shared, &mut eval, group, filter).settle(harmless, &mut verdict);
    blend(binding, group, &mut groups);
    let judge = Judge { group, limit, anywhere: &anywhere, require, writer };
    for rows in groups {
        judge.judge(&mut verdict, &mut eval, rows);
    }
    verdict
}

/// The rows and gaps of a rule, by the group they belong to.
#[derive(Default)]
struct Gathered<'b> {
    groups: Vec<Rows<'b>>,
    /// Numbers of the groups, by their keys.
    numbers: HashMap<Vec<String>, usize>,
    /// Rows and gaps of no known group; they may belong to any.
    loose: Vec<(Option<Member<'b>>, Vec<Cause>)>,
    gaps: Vec<(Vec<String>, Cause)>,
}

impl<'b> Gathered<'b> {
    fn of(shared: &'b Shared<'b>, eval: &mut Eval<'b>, group: &'b Group, filter: &'b [Bound<'b>]) -> Self {
        let mut out = Self::default();
        visit(shared, group.table, group.item, filter, |frame, sure| {
            eval.look_at(frame);
            let selected = eval.all(filter);
            if selected != Tri::False {
                let causes = std::mem::take(&mut eval.causes);
                out.add(shared, group, frame, sure, selected == Tri::True, causes);
            }
        });
        out
    }

    /// Adds a row or, if that is not `sure`, a gap; one without a value to group by or to count does not matter.
    fn add(
        &mut self,
        shared: &Shared<'b>,
        group: &'b Group,
        frame: Frame<'b>,
        sure: bool,
        selected: bool,
        mut causes: Vec<Cause>,
    ) {
        // The key of a field: none where it is empty, the inner one where it is not known.
        let mut key_of = |field: usize| -> Option<Option<Option<String>>> {
            let cell = frame.cell(field)?;
            match &cell.fact {
                Fact::Empty => None,
                Fact::Unknown(_) => {
                    causes.push(unknown(&frame, field, cell));
                    Some(None)
                }
                fact => {
                    let scalar = shared.scalar(&frame, field, group.item);
                    Some(Some(group_key(shared.ids, scalar, &shared.value(&frame, field, fact))))
                }
            }
        };
        let (mut key, mut known, mut value) = (Vec::new(), true, None);
        for field in &group.by {
            match key_of(*field) {
                None => return,
                Some(None) => known = false,
                Some(Some(part)) => key.extend(part),
            }
        }
        if let Some(field) = group.distinct {
            match key_of(field) {
                None => return,
                Some(of) => value = of.flatten(),
            }
        }
        let member = Member { frame, value };
        match (known, sure) {
            (true, true) => {
                let number = *self.numbers.entry(key).or_insert_with(|| {
                    self.groups.push(Rows::default());
                    self.groups.len() - 1
                });
                let rows = &mut self.groups[number];
                let counted = group.distinct.is_none() || member.value.is_some();
                if selected && counted {
                    rows.sure.push(member);
                } else {
                    rows.maybe.push(member);
                    rows.causes.extend(causes);
                }
            }
            (true, false) => self.gaps.push((key, missing(&frame, group.item))),
            (false, true) => self.loose.push((Some(member), causes)),
            (false, false) => self.loose.push((None, vec![missing(&frame, group.item)])),
        }
    }

    /// Tells the groups what may belong to them as well. What is of no group leaves the rule open, unless it is
    /// `harmless`.
    fn settle(mut self, harmless: bool, verdict: &mut Verdict) -> (Vec<Rows<'b>>, Anywhere) {
        for (key, cause) in self.gaps {
            match self.numbers.get(&key) {
                Some(number) => {
                    self.groups[*number].gap = true;
                    self.groups[*number].causes.push(cause);
                }
                None if harmless => verdict.idle([cause]),
                None => verdict.open([cause]),
            }
        }
        for rows in &mut self.groups {
            for (_, causes) in &self.loose {
                if rows.causes.len() >= ENOUGH {
                    break;
                }
                rows.causes.extend(causes.iter().cloned());
            }
        }
        let mut anywhere = Anywhere::default();
        for (member, causes) in self.loose {
            if member.is_none() || self.groups.is_empty() {
                if harmless { verdict.idle(causes) } else { verdict.open(causes) }
            }
            anywhere.add(member);
        }
        (self.groups, anywhere)
    }
}

/// So many reasons say enough of why rows of no known group may belong to one.
const ENOUGH: usize = 16;

/// What may belong to any group: counted once for all of them.
#[derive(Debug, Default)]
struct Anywhere {
    rows: usize,
    /// Rows of which the value is not known.
    unknown: usize,
    values: HashSet<String>,
    gap: bool,
}

impl Anywhere {
    fn add(&mut self, member: Option<Member<'_>>) {
        let Some(member) = member else {
            self.gap = true;
            return;
        };
        self.rows += 1;
        match member.value {
            Some(value) => _ = self.values.insert(value),
            None => self.unknown += 1,
        }
    }
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
    // Only what shares a key can be the same, or what has no name; and only if all else is equal.
    let is_fuzzy = |scalar: &Scalar| matches!(scalar, Scalar::Account | Scalar::Computer);
    let at = group.by.iter().zip(&scalars).find(|(_, s)| is_fuzzy(s));
    let Some((field, scalar)) = at else { return };
    let mode = Mode::of(*scalar, *scalar).unwrap_or(Mode::Name);
    let rest: Vec<(usize, Mode)> = (group.by.iter().zip(&scalars))
        .filter(|(_, scalar)| !is_fuzzy(scalar))
        .map(|(field, scalar)| (*field, Mode::of(*scalar, *scalar).unwrap_or(Mode::Name)))
        .collect();
    let exactly = |frame: &Frame<'_>| -> String {
        let of = |(field, mode): &(usize, Mode)| {
            let cell = frame.cell(*field)?;
            Some(bucket(shared.ids, *mode, &shared.value(frame, *field, &cell.fact)).keys.join("\u{1}"))
        };
        rest.iter().map(|one| of(one).unwrap_or_default()).collect::<Vec<_>>().join("\0")
    };
    let mut buckets: HashMap<(usize, String), Vec<usize>> = HashMap::new();
    // What is equal, and of each the groups that may be anything and those that have a name.
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut sides: Vec<[Vec<usize>; 2]> = Vec::new();
    for (number, rows) in groups.iter().enumerate() {
        let Some(member) = rows.sure.first() else { continue };
        let Some(cell) = member.frame.cell(*field) else { continue };
        let bucket = bucket(shared.ids, mode, &shared.value(&member.frame, *field, &cell.fact));
        let equal = *known.entry(exactly(&member.frame)).or_insert_with(|| {
            sides.push(Default::default());
            sides.len() - 1
        });
        sides[equal][usize::from(!bucket.any)].push(number);
        if !bucket.any {
            for key in bucket.keys {
                buckets.entry((equal, key)).or_default().push(number);
            }
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
    let mut more: Vec<(usize, usize, Vec<Cause>)> = Vec::new();
    for [any, named] in &mut sides {
        any.sort_by_key(size);
        named.sort_by_key(size);
        for (some, others) in [(&*named, &*any), (&*any, &*named)] {
            for a in some {
                let partner = others.iter().take(PARTNERS).find_map(|b| Some((*b, compare(*a, *b, groups)?)));
                more.extend(partner.map(|(b, causes)| (*a, b, causes)));
            }
        }
    }
    for (a, b, causes) in more {
        let of_b = groups[b].sure.clone();
        groups[a].maybe.extend(of_b);
        groups[a].causes.extend(causes);
    }
}

/// What groups are judged by.
struct Judge<'j, 'b> {
    group: &'b Group,
    limit: Option<(Limit, i64)>,
    anywhere: &'j Anywhere,
    require: &'b [Bound<'b>],
    writer: &'j Writer<'b>,
}

/// The different values of rows, each with the first row that has it.
type Values<'b> = Vec<(String, Frame<'b>)>;

impl<'b> Judge<'_, 'b> {
    fn judge(&self, verdict: &mut Verdict, eval: &mut Eval<'b>, mut rows: Rows<'b>) {
        let mut causes = std::mem::take(&mut rows.causes);
        let values = different(&rows.sure);
        let counted = self.counted(&rows, &values, &mut causes);
        let first = rows.sure.first().or(rows.maybe.first()).map(|m| m.frame);
        let Some(frame) = first else { return };
        eval.look_at(frame);
        let required = eval.all(self.require);
        causes.append(&mut eval.causes);
        match (counted & required, rows.sure.is_empty()) {
            (Tri::True, false) => verdict.passed += 1,
            (Tri::True, true) => verdict.idle(causes),
            (Tri::Open, _) | (Tri::False, true) => verdict.open(causes),
            (Tri::False, false) => {
                let scene = self.scene(eval, &rows, &values, frame);
                verdict.findings.push(self.writer.write(&scene, eval));
            }
        }
    }

    /// Whether the limit is kept, between the smallest and the largest count there may be.
    fn counted(&self, rows: &Rows<'b>, values: &Values<'b>, causes: &mut Vec<Cause>) -> Tri {
        let (low, high) = match self.group.distinct {
            None => (rows.sure.len(), rows.sure.len() + rows.maybe.len() + self.anywhere.rows),
            Some(field) => {
                let low = proven(self.writer, field, self.group, &rows.sure, values, causes);
                let own: HashSet<&str> = values.iter().map(|(value, _)| value.as_str()).collect();
                let known_elsewhere = own.iter().filter(|v| self.anywhere.values.contains(**v)).count();
                let unknown = rows.maybe.iter().filter(|m| m.value.is_none()).count();
                let more: HashSet<&String> = rows
                    .maybe
                    .iter()
                    .filter_map(|m| m.value.as_ref())
                    .filter(|v| !own.contains(v.as_str()) && !self.anywhere.values.contains(*v))
                    .collect();
                let anywhere = self.anywhere.values.len() - known_elsewhere + self.anywhere.unknown;
                (low, values.len() + more.len() + unknown + anywhere)
            }
        };
        let high = if rows.gap || self.anywhere.gap { usize::MAX } else { high };
        let Some((limit, n)) = self.limit else { return Tri::True };
        let n = usize::try_from(n).unwrap_or(0);
        match limit {
            Limit::AtMost => between(low > n, high <= n),
            Limit::AtLeast => between(high < n, low >= n),
            Limit::Exactly => between(low > n || high < n, low == n && high == n),
        }
    }

    fn scene(
        &self,
        eval: &mut Eval<'b>,
        rows: &Rows<'b>,
        values: &Values<'b>,
        frame: Frame<'b>,
    ) -> Scene<'b> {
        let failed: Vec<usize> = (0..self.require.len())
            .filter(|n| {
                eval.look_at(frame);
                eval.test(&self.require[*n]) == Tri::False
            })
            .collect();
        let distinct = self.group.distinct;
        let beyond = self.limit.and_then(|(_, n)| usize::try_from(n).ok());
        let over = match distinct {
            None => beyond.and_then(|n| rows.sure.get(n)).map(|m| m.frame),
            Some(_) => beyond.and_then(|n| values.get(n)).map(|(_, frame)| *frame),
        };
        // Without a limit the rows after the first are what there is beside it.
        let over =
            over.or_else(|| if self.limit.is_none() { rows.sure.get(1).map(|m| m.frame) } else { None });
        let texts =
            values.iter().filter_map(|(_, frame)| Some(shown(&frame.cell(distinct?)?.fact))).collect();
        Scene {
            frame,
            over,
            last: rows.sure.last().map(|m| m.frame),
            count: if distinct.is_some() { values.len() } else { rows.sure.len() },
            limit: self.limit.map(|(_, n)| n),
            values: texts,
            failed,
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
fn different<'b>(rows: &[Member<'b>]) -> Values<'b> {
    let mut seen = HashSet::new();
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

/// From so many values on those that may be any other are not compared with all others.
const MANY: usize = 1_000;

/// How many values are proven to be different: those that are possibly the same count once.
fn proven<'b>(
    writer: &Writer<'b>,
    field: usize,
    group: &Group,
    rows: &[Member<'b>],
    values: &Values<'b>,
    causes: &mut Vec<Cause>,
) -> usize {
    let shared = writer.binding.shared;
    let Some(first) = rows.first() else { return 0 };
    let scalar = shared.scalar(&first.frame, field, group.item);
    if !matches!(scalar, Scalar::Account | Scalar::Computer) {
        return values.len();
    }
    let mode = Mode::of(scalar, scalar).unwrap_or(Mode::Name);
    let known: Vec<Option<Value<'b>>> = values
        .iter()
        .map(|(_, frame)| {
            let frame = *frame;
            frame.cell(field).map(|cell| Value::new(&cell.fact, shared.ids))
        })
        .collect();
    let mut parent: Vec<usize> = (0..values.len()).collect();
    for (i, j) in possible_pairs(&known, |value| bucket(shared.ids, mode, value)) {
        let (Some(Some(x)), Some(Some(y))) = (known.get(i), known.get(j)) else { continue };
        if same(shared.ids, mode, x, y) == Tri::False {
            continue;
        }
        causes.push(Cause {
            why: Why::Identity,
            table: group.table,
            about: About::Same(shown(x.fact), shown(y.fact)),
            place: values.get(j).and_then(|(_, frame)| frame.record),
        });
        let root = |mut of: usize, parent: &[usize]| {
            while parent[of] != of {
                of = parent[of];
            }
            of
        };
        let (root, other) = (root(i, &parent), root(j, &parent));
        parent[other.max(root)] = other.min(root);
    }
    parent.iter().enumerate().filter(|(i, p)| i == *p).count()
}

/// The pairs of values that may be the same, in their order.
fn possible_pairs<'v>(
    values: &[Option<Value<'v>>],
    bucket: impl Fn(&Value<'v>) -> Bucket,
) -> Vec<(usize, usize)> {
    let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
    let mut any = Vec::new();
    for (number, value) in values.iter().enumerate().filter_map(|(i, v)| Some((i, v.as_ref()?))) {
        let bucket = bucket(value);
        if bucket.any && values.len() <= MANY {
            any.push(number);
        }
        for key in bucket.keys {
            by_key.entry(key).or_default().push(number);
        }
    }
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for numbers in by_key.values() {
        for (at, first) in numbers.iter().enumerate() {
            pairs.extend(numbers[at + 1..].iter().take(PARTNERS).map(|second| (*first, *second)));
        }
    }
    for one in any {
        pairs.extend((0..values.len()).filter(|o| *o != one).map(|other| (one.min(other), one.max(other))));
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}
