//! The sentences of two entries put beside each other.
//!
//! Sentences that are equal and stand once on each side come first and cut the rest into gaps. Within a gap the
//! best alignment is found by dynamic programming (Needleman and Wunsch), in which one sentence may also
//! stand for up to six on the other side, since style edits split and join sentences. What is left over is
//! looked at twice more: within its gap with a lower bar, and anywhere in the entry with a higher one.

use std::cell::OnceCell;
use std::ops::Range;

use crate::page::{Facet, Form, Sentence};

use super::words::{IdMap, best_pairs, dice, hunks, is_stop, lcs_ratio, share, stems};
use super::{Class, Hunk, class, counts};

/// How like two sentences must be to be one.
const MATCH: f64 = 0.38;
/// What it costs to leave a sentence alone.
const GAP: f64 = -0.14;
/// How like a sentence and several must be.
const JOIN: f64 = 0.50;
/// By how much a join must be better than the best single one in it.
const JOIN_GAIN: f64 = 0.05;
/// How many sentences one can stand for.
const JOIN_MOST: usize = 6;
/// What standing under another sub-heading costs.
const OTHER_FACET: f64 = 0.1;
/// How like two left over in one gap must be.
const REWRITTEN: f64 = 0.25;
/// How like two left over anywhere must be.
const MOVED: f64 = 0.60;
/// Gaps of more than so many pairs of sentences are not aligned by likeness: no entry is so long.
const MOST: usize = 40_000;

/// Sentences that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// Facet and sentence on the old side; none if it is new.
    pub(super) old: Vec<(usize, usize)>,
    /// Facet and sentence on the new side; none if it is gone.
    pub(super) new: Vec<(usize, usize)>,
    /// What kind of change it is.
    pub(super) class: Class,
    /// The words that differ.
    pub(super) hunks: Vec<Hunk>,
    /// Whether they can be read in place.
    pub(super) inline: bool,
}

impl Pair {
    /// The mirror image.
    pub(super) fn flip(mut self) -> Self {
        self.class = self.class.flipped();
        std::mem::swap(&mut self.old, &mut self.new);
        for hunk in &mut self.hunks {
            std::mem::swap(&mut hunk.old, &mut hunk.new);
        }
        self
    }
}

/// A sentence with what the comparison needs of it.
struct Line<'p> {
    sentence: &'p Sentence,
    facet: &'p str,
    at: (usize, usize),
    /// Ids of its words in their order.
    ids: Vec<u64>,
    /// The same, sorted. Most sentences are equal on both sides, and then nobody asks.
    bag: OnceCell<Vec<u64>>,
    /// Hashes of its stems without words of grammar, sorted.
    stems: OnceCell<Vec<u64>>,
}

impl Line<'_> {
    fn bag(&self) -> &[u64] {
        self.bag.get_or_init(|| {
            let mut bag = self.ids.clone();
            bag.sort_unstable();
            bag
        })
    }

    fn stems(&self) -> &[u64] {
        self.stems.get_or_init(|| {
            let mut stems: Vec<u64> = stems(&self.sentence.key).map(crate::page::key::id).collect();
            stems.sort_unstable();
            stems
        })
    }
}

fn lines(facets: &[Facet]) -> Vec<Line<'_>> {
    let mut out = Vec::new();
    for (i, facet) in facets.iter().enumerate() {
        for (j, sentence) in facet.sentences.iter().enumerate().filter(|(_, s)| counts(s)) {
            let ids: Vec<u64> = sentence.words.iter().map(|w| w.id).collect();
            let (bag, stems) = (OnceCell::new(), OnceCell::new());
            out.push(Line { sentence, facet: &facet.name, at: (i, j), ids, bag, stems });
        }
    }
    out
}

/// A match: a range of lines on each side, one of them of one line only.
type Match = (Range<usize>, Range<usize>);

/// What became of each sentence, in the order of the new side.
pub(super) fn sentences(old: &[Facet], new: &[Facet]) -> Vec<Pair> {
    let (a, b) = (lines(old), lines(new));
    let mut matches: Vec<Match> = Vec::new();
    let mut from = (0, 0);
    for (i, j) in anchors(&a, &b).into_iter().chain([(a.len(), b.len())]) {
        gap(&a, &b, from.0..i, from.1..j, &mut matches);
        if i < a.len() {
            matches.push((i..i + 1, j..j + 1));
        }
        from = (i + 1, j + 1);
    }
    let mut taken = (vec![false; a.len()], vec![false; b.len()]);
    for (i, j) in &matches {
        i.clone().for_each(|i| set(&mut taken.0, i));
        j.clone().for_each(|j| set(&mut taken.1, j));
    }
    // Within a gap, a lower bar.
    let mut bounds = (0, 0);
    let mut rewritten = Vec::new();
    for (i, j) in matches.iter().cloned().chain([(a.len()..a.len(), b.len()..b.len())]) {
        let here = best(&a, &b, (bounds.0..i.start, bounds.1..j.start), &taken, REWRITTEN, |x, y| {
            if x.facet == y.facet { dice(x.stems(), y.stems()) } else { 0.0 }
        });
        for (x, y) in here {
            set(&mut taken.0, x);
            set(&mut taken.1, y);
            rewritten.push((x, y));
        }
        bounds = (i.end, j.end);
    }
    matches.extend(rewritten.into_iter().map(|(x, y)| (x..x + 1, y..y + 1)));
    matches.sort_by_key(|(i, j)| (i.start, j.start));
    let mut out = pairs(&a, &b, matches);

    // Anywhere, a higher one.
    let moved = best(&a, &b, (0..a.len(), 0..b.len()), &taken, MOVED, |x, y| {
        dice(x.stems(), y.stems()).min(dice(x.bag(), y.bag()) + 0.2)
    });
    for (x, y) in moved {
        set(&mut taken.0, x);
        set(&mut taken.1, y);
        out.push(pair(&a, &b, x..x + 1, y..y + 1, true));
    }

    // What remains was part of a sentence, or it is alone.
    let changed = |flip: bool| -> Vec<(usize, usize)> {
        let changed = out.iter().filter(|p| matches!(p.class, Class::Reworded | Class::Edited));
        changed.flat_map(|p| if flip { p.new.clone() } else { p.old.clone() }).collect()
    };
    let (changed_old, changed_new) = (changed(false), changed(true));
    for (i, line) in a.iter().enumerate().filter(|(i, _)| !is_set(&taken.0, *i)) {
        let class = if within(line, &b, &changed_new) {
            Class::Moved
        } else {
            class::alone(line.sentence, Class::Removed)
        };
        out.push(alone(class, vec![at(&a, i)], Vec::new()));
    }
    for (j, line) in b.iter().enumerate().filter(|(j, _)| !is_set(&taken.1, *j)) {
        let class = if within(line, &a, &changed_old) {
            Class::Moved
        } else {
            class::alone(line.sentence, Class::Added)
        };
        out.push(alone(class, Vec::new(), vec![at(&b, j)]));
    }
    out
}

fn alone(class: Class, old: Vec<(usize, usize)>, new: Vec<(usize, usize)>) -> Pair {
    Pair { old, new, class, hunks: Vec::new(), inline: true }
}

fn at(lines: &[Line<'_>], i: usize) -> (usize, usize) {
    lines.get(i).map_or((0, 0), |l| l.at)
}

fn set(flags: &mut [bool], i: usize) {
    if let Some(flag) = flags.get_mut(i) {
        *flag = true;
    }
}

fn is_set(flags: &[bool], i: usize) -> bool {
    flags.get(i).copied().unwrap_or(true)
}

/// Sentences that are equal and stand once on each side, as many as stand in one order.
fn anchors(a: &[Line<'_>], b: &[Line<'_>]) -> Vec<(usize, usize)> {
    let mut count: IdMap<(usize, usize, usize, usize)> = IdMap::default();
    for (i, line) in a.iter().enumerate() {
        let entry = count.entry(line.sentence.fingerprint.0).or_default();
        (entry.0, entry.1) = (entry.0 + 1, i);
    }
    for (j, line) in b.iter().enumerate() {
        let entry = count.entry(line.sentence.fingerprint.0).or_default();
        (entry.2, entry.3) = (entry.2 + 1, j);
    }
    let mut pairs: Vec<(usize, usize)> =
        count.into_values().filter(|(n, _, m, _)| (*n, *m) == (1, 1)).map(|(_, i, _, j)| (i, j)).collect();
    pairs.sort_unstable();
    // The longest rising run of the second numbers.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; pairs.len()];
    for (n, (_, j)) in pairs.iter().enumerate() {
        let len = ends.partition_point(|e| pairs.get(*e).is_some_and(|(_, last)| last < j));
        if let Some(slot) = before.get_mut(n) {
            *slot = len.checked_sub(1).and_then(|l| ends.get(l)).copied();
        }
        match ends.get_mut(len) {
            Some(end) => *end = n,
            None => ends.push(n),
        }
    }
    let mut out = Vec::new();
    let mut next = ends.last().copied();
    while let Some(n) = next {
        out.extend(pairs.get(n));
        next = before.get(n).copied().flatten();
    }
    out.reverse();
    out
}

/// A way to come to a cell of the table.
#[derive(Clone, Copy)]
enum Step {
    Start,
    /// So many lines of each side belong together.
    Match(usize, usize),
    SkipOld,
    SkipNew,
}

/// The best alignment of two stretches.
fn gap(a: &[Line<'_>], b: &[Line<'_>], old: Range<usize>, new: Range<usize>, out: &mut Vec<Match>) {
    let (x, y) = (a.get(old.clone()).unwrap_or_default(), b.get(new.clone()).unwrap_or_default());
    if x.is_empty() || y.is_empty() || x.len() * y.len() > MOST {
        return;
    }
    let width = y.len() + 1;
    let mut likeness = vec![0.0; x.len() * y.len()];
    for (i, line) in x.iter().enumerate() {
        for (j, other) in y.iter().enumerate() {
            if let Some(slot) = likeness.get_mut(i * y.len() + j) {
                *slot = alike(line, other);
            }
        }
    }
    let like = |i: usize, j: usize| likeness.get(i * y.len() + j).copied().unwrap_or(0.0);
    let mut table = vec![(0.0f64, Step::Start); (x.len() + 1) * width];
    for i in 0..=x.len() {
        for j in 0..=y.len() {
            let mut best = (f64::NEG_INFINITY, Step::Start);
            if (i, j) == (0, 0) {
                best.0 = 0.0;
            }
            let mut try_step = |from: (usize, usize), gain: f64, step: Step| {
                let score = table.get(from.0 * width + from.1).map_or(f64::NEG_INFINITY, |(s, _)| s + gain);
                if score > best.0 + 1e-12 {
                    best = (score, step);
                }
            };
            if i > 0 && j > 0 {
                let single = like(i - 1, j - 1);
                if single > MATCH {
                    try_step((i - 1, j - 1), (single - MATCH) * 2.0, Step::Match(1, 1));
                }
                if let Some(one) = x.get(i - 1) {
                    let mut join = Join::new(one);
                    for (part, n) in y.iter().take(j).rev().zip(1..=JOIN_MOST) {
                        if !join.add(part, like(i - 1, j - n)) {
                            break;
                        }
                        let sim =
                            if n > 1 { join.likeness(y.get(j - n..j).unwrap_or_default()) } else { 0.0 };
                        if sim > JOIN {
                            try_step((i - 1, j - n), (sim - MATCH) * 2.0, Step::Match(1, n));
                        }
                    }
                }
                if let Some(one) = y.get(j - 1) {
                    let mut join = Join::new(one);
                    for (part, n) in x.iter().take(i).rev().zip(1..=JOIN_MOST) {
                        if !join.add(part, like(i - n, j - 1)) {
                            break;
                        }
                        let sim =
                            if n > 1 { join.likeness(x.get(i - n..i).unwrap_or_default()) } else { 0.0 };
                        if sim > JOIN {
                            try_step((i - n, j - 1), (sim - MATCH) * 2.0, Step::Match(n, 1));
                        }
                    }
                }
            }
            if i > 0 {
                try_step((i - 1, j), GAP, Step::SkipOld);
            }
            if j > 0 {
                try_step((i, j - 1), GAP, Step::SkipNew);
            }
            if let Some(cell) = table.get_mut(i * width + j) {
                *cell = best;
            }
        }
    }
    let (mut i, mut j) = (x.len(), y.len());
    let first = out.len();
    while let Some((_, step)) = table.get(i * width + j) {
        match step {
            Step::Start => break,
            Step::Match(m, n) => {
                out.push((old.start + i - m..old.start + i, new.start + j - n..new.start + j));
                (i, j) = (i - m, j - n);
            }
            Step::SkipOld => i -= 1,
            Step::SkipNew => j -= 1,
        }
    }
    if let Some(here) = out.get_mut(first..) {
        here.reverse();
    }
}

/// How like two sentences are, from 0 to 1.
fn alike(x: &Line<'_>, y: &Line<'_>) -> f64 {
    let facet = if x.facet == y.facet { 0.0 } else { OTHER_FACET };
    let bag = dice(x.bag(), y.bag());
    // Words in common order cannot be more than words in common: below the bar, the order need not be known.
    let like = if bag - facet <= MATCH {
        bag / 2.0
    } else {
        bag / 2.0 + lcs_ratio(&x.ids, &y.ids).unwrap_or(bag) / 2.0
    };
    like - facet
}

/// Several sentences that may be one on the other side.
struct Join<'l, 'p> {
    one: &'l Line<'p>,
    /// Words of the one that none of the several has, sorted.
    left: Vec<u64>,
    /// Words of the several.
    len: usize,
    /// The best likeness of a single one.
    single: f64,
}

impl<'l, 'p> Join<'l, 'p> {
    fn new(one: &'l Line<'p>) -> Self {
        Self { one, left: one.bag().to_vec(), len: 0, single: 0.0 }
    }

    /// Adds a sentence. False if it has nothing to give: then no longer join can be one either.
    fn add(&mut self, line: &Line<'_>, like: f64) -> bool {
        self.len += line.ids.len();
        self.single = self.single.max(like);
        let before = self.left.len();
        let mut words = line.bag().iter().peekable();
        self.left.retain(|word| {
            while words.next_if(|w| *w < word).is_some() {}
            words.next_if_eq(&word).is_none()
        });
        self.left.len() < before
    }

    /// How like the one they are together; 0 if it is too little, or a single one of them is as like.
    fn likeness(&self, several: &[Line<'_>]) -> f64 {
        let bar = JOIN.max(self.single + JOIN_GAIN);
        let words = self.one.ids.len();
        let bag = share(2 * (words - self.left.len()), self.len + words);
        let facet = if several.iter().all(|l| l.facet == self.one.facet) { 0.0 } else { OTHER_FACET };
        if bag - facet <= bar {
            return 0.0;
        }
        let ids: Vec<u64> = several.iter().flat_map(|l| l.ids.iter().copied()).collect();
        let sim = bag / 2.0 + lcs_ratio(&self.one.ids, &ids).unwrap_or(bag) / 2.0 - facet;
        if sim > bar { sim } else { 0.0 }
    }
}

/// Pairs of lines that are free and alike enough, best first.
fn best(
    a: &[Line<'_>],
    b: &[Line<'_>],
    (old, new): (Range<usize>, Range<usize>),
    taken: &(Vec<bool>, Vec<bool>),
    bar: f64,
    alike: impl Fn(&Line<'_>, &Line<'_>) -> f64,
) -> Vec<(usize, usize)> {
    let free = |range: Range<usize>, flags: &[bool]| range.filter(|i| !is_set(flags, *i)).collect::<Vec<_>>();
    let (old, new) = (free(old, &taken.0), free(new, &taken.1));
    if old.len() * new.len() > MOST {
        return Vec::new();
    }
    let mut all: Vec<(f64, usize, usize)> = Vec::new();
    for i in &old {
        for j in &new {
            if let (Some(x), Some(y)) = (a.get(*i), b.get(*j)) {
                let likeness = alike(x, y);
                if likeness >= bar {
                    all.push((likeness, *i, *j));
                }
            }
        }
    }
    best_pairs(all)
}

/// How many stems a sentence must have to be known as part of another.
const PART: usize = 4;

/// Whether a line was part of a sentence on the other side. An item of a list was if its words stand there in a
/// row; a single word counts only if it is set off on both sides, as names of permissions are. A sentence was if
/// one that changed, under the same sub-heading, has all of its words.
fn within(line: &Line<'_>, others: &[Line<'_>], changed: &[(usize, usize)]) -> bool {
    if line.ids.is_empty() {
        return false;
    }
    let mut others = others.iter().filter(|o| o.ids.len() > line.ids.len());
    if line.sentence.form == Form::Prose {
        return line.stems().len() >= PART
            && others.any(|o| {
                o.facet == line.facet
                    && changed.contains(&o.at)
                    && line.stems().iter().all(|s| o.stems().binary_search(s).is_ok())
                    && class::binds_no_more(line.sentence, o.sentence)
            });
    }
    others.any(|other| {
        if line.ids.len() > 1 {
            return other.ids.windows(line.ids.len()).any(|w| w == line.ids);
        }
        let set_off = |s: &Sentence| s.marked().any(|m| m.trim().to_lowercase() == line.sentence.key);
        set_off(line.sentence) && set_off(other.sentence)
    })
}

/// The pairs of matches that are in order. Two that follow each other and were edited are one if together they
/// say the same: words went from one sentence to the next.
fn pairs(a: &[Line<'_>], b: &[Line<'_>], matches: Vec<Match>) -> Vec<Pair> {
    let mut out: Vec<(Match, Pair)> = Vec::new();
    for (i, j) in matches {
        let this = pair(a, b, i.clone(), j.clone(), false);
        if this.class == Class::Edited
            && let Some(((x, y), last)) = out.last_mut()
            && last.class == Class::Edited
            && x.end == i.start
            && y.end == j.start
        {
            let both = pair(a, b, x.start..i.end, y.start..j.end, false);
            if both.class == Class::Reworded {
                (*x, *y) = (x.start..i.end, y.start..j.end);
                *last = both;
                continue;
            }
        }
        out.push(((i, j), this));
    }
    out.into_iter().map(|(_, pair)| pair).collect()
}

fn texts<'p>(lines: &[Line<'p>]) -> Vec<&'p Sentence> {
    lines.iter().map(|l| l.sentence).collect()
}

fn pair(a: &[Line<'_>], b: &[Line<'_>], old: Range<usize>, new: Range<usize>, moved: bool) -> Pair {
    let (x, y) = (a.get(old).unwrap_or_default(), b.get(new).unwrap_or_default());
    let sentences = |lines: &[Line<'_>]| lines.iter().map(|l| l.at).collect::<Vec<_>>();
    let mut class = class::paired(&texts(x), &texts(y));
    if moved && class < Class::Edited {
        class = Class::Moved;
    }
    let (mut found, mut inline) = (Vec::new(), true);
    let ids = |lines: &[Line<'_>]| lines.iter().flat_map(|l| l.ids.iter().copied()).collect::<Vec<u64>>();
    let (old_ids, new_ids) = (ids(x), ids(y));
    if matches!(class, Class::Reworded | Class::Edited | Class::Moved) && old_ids != new_ids {
        let small: Vec<bool> = x.iter().flat_map(|l| l.sentence.key.split(' ').map(is_stop)).collect();
        found = hunks(&old_ids, &new_ids, |i| small.get(i).copied().unwrap_or(false));
        let marked: usize = found.iter().map(|h| h.old.len() + h.new.len()).sum();
        let alike = lcs_ratio(&old_ids, &new_ids).unwrap_or(0.0);
        inline = alike >= 0.5 && found.len() <= 5 && share(marked, old_ids.len() + new_ids.len()) <= 0.6;
    }
    if class == Class::Terminology {
        let (x, y) = (class::Named::of(&texts(x)), class::Named::of(&texts(y)));
        let other = x.names.into_iter().zip(y.names).filter(|((_, a), (_, b))| a != b);
        found = other.map(|((old, _), (new, _))| Hunk { old, new }).collect();
    }
    Pair { old: sentences(x), new: sentences(y), class, hunks: found, inline }
}
