//! Which entry of one page is which of the other.
//!
//! Equal titles come first. What is left over is one entry under another title, one that went into another
//! (a merge), or one that came out of another (a split); else it is new or gone. Words are weighed by how rare they
//! are on the two pages, since all accounts share most of theirs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::page::{Page, Part, SectionKind, key};

use super::Cache;
use super::words::{IdMap, best_pairs, dice, share};

/// How like two entries must be to be one under two titles, all in all.
const SAME: f64 = 0.55;
/// How like their titles must be, unless their texts are.
const SAME_TITLE: f64 = 0.5;
/// How like their texts must be, unless their titles are.
const SAME_BODY: f64 = 0.6;
/// How much of an entry's text the one that it went into must say.
const COVER_BODY: f64 = 0.60;
/// How much of an entry's title the one that it went into must say.
const COVER_TITLE: f64 = 0.80;
/// With more entries left over, none is compared by likeness: no page is so long.
const MOST: usize = 400;

/// How the two sides of a part belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pairing {
    /// The same title.
    Same,
    /// The same title but for capitals.
    CaseOnly,
    /// One entry under another title.
    Renamed,
    /// Several became one.
    Merged,
    /// One became several.
    Split,
    /// Only the new page has it.
    Added,
    /// Only the old page has it.
    Removed,
}

impl Pairing {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::CaseOnly => "case-only",
            Self::Renamed => "renamed",
            Self::Merged => "merged",
            Self::Split => "split",
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }

    pub(super) fn flipped(self) -> Self {
        match self {
            Self::Merged => Self::Split,
            Self::Split => Self::Merged,
            Self::Added => Self::Removed,
            Self::Removed => Self::Added,
            other => other,
        }
    }
}

/// Entries that belong together.
pub(super) struct Group {
    pub(super) pairing: Pairing,
    /// Indices of entries, rising.
    pub(super) old: Vec<usize>,
    pub(super) new: Vec<usize>,
}

/// The sections of two pages: the first with the first, then those about the same thing.
pub(super) fn sections(a: &Page, b: &Page) -> Vec<(Pairing, Option<Part>, Option<Part>)> {
    let mut free: Vec<bool> = vec![true; b.sections.len()];
    let mut out = Vec::new();
    for (i, section) in a.sections.iter().enumerate() {
        let fits = |same: &dyn Fn(usize) -> bool| {
            (0..b.sections.len()).find(|j| free.get(*j).copied().unwrap_or(false) && same(*j))
        };
        let other = |j: usize| b.sections.get(j);
        let kind = section.kind;
        let by_title =
            fits(&|j| other(j).is_some_and(|s| s.heading.key == section.heading.key && (i == 0) == (j == 0)));
        let found = by_title.or_else(|| {
            let by_kind = |j: usize| other(j).is_some_and(|s| s.kind == kind);
            fits(&by_kind).filter(|_| kind != SectionKind::Other)
        });
        let pairing = match found.and_then(other) {
            None => Pairing::Removed,
            Some(_) if i == 0 && !a.retitled(b) && a.title != b.title => Pairing::CaseOnly,
            Some(s) => {
                titles((&section.heading.title, &section.heading.key), (&s.heading.title, &s.heading.key))
            }
        };
        if let Some(flag) = found.and_then(|j| free.get_mut(j)) {
            *flag = false;
        }
        out.push((pairing, Some(Part::Section(i)), found.map(Part::Section)));
    }
    let rest = free.iter().enumerate().filter(|(_, free)| **free);
    out.extend(rest.map(|(j, _)| (Pairing::Added, None, Some(Part::Section(j)))));
    out
}

fn titles(old: (&str, &str), new: (&str, &str)) -> Pairing {
    if old.0 == new.0 {
        Pairing::Same
    } else if old.1 == new.1 {
        Pairing::CaseOnly
    } else {
        Pairing::Renamed
    }
}

/// Why two entries belong together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    /// They are one entry.
    Same,
    /// The one went into the other.
    Into,
}

/// The entries of two pages, each in exactly one group.
pub(super) fn entries(a: &Page, b: &Page, cache: &Cache) -> Vec<Group> {
    let mut edges: Vec<(usize, usize, Edge)> = Vec::new();
    let mut by_title: HashMap<&str, Vec<usize>> = HashMap::new();
    for (j, entry) in b.entries.iter().enumerate().rev() {
        by_title.entry(entry.heading.key.as_str()).or_default().push(j);
    }
    for (i, entry) in a.entries.iter().enumerate() {
        if let Some(j) = by_title.get_mut(entry.heading.key.as_str()).and_then(Vec::pop) {
            edges.push((i, j, Edge::Same));
        }
    }
    let mut old: Vec<usize> = rest(a.entries.len(), edges.iter().map(|e| e.0));
    let mut new: Vec<usize> = rest(b.entries.len(), edges.iter().map(|e| e.1));
    let few = old.len() <= MOST && new.len() <= MOST && a.entries.len() + b.entries.len() <= 4 * MOST;
    if (!old.is_empty() || !new.is_empty()) && few && !a.entries.is_empty() && !b.entries.is_empty() {
        let words = Words::of(cache.words(a), cache.words(b));
        renamed(&words, &mut old, &mut new, &mut edges);
        for i in &old {
            let into = (0..b.entries.len()).map(|j| (words.cover(words.a.get(*i), words.b.get(j)), j));
            edges.extend(most(into).map(|j| (*i, j, Edge::Into)));
        }
        for j in &new {
            let from = (0..a.entries.len()).map(|i| (words.cover(words.b.get(*j), words.a.get(i)), i));
            edges.extend(most(from).map(|i| (i, *j, Edge::Into)));
        }
    }
    grouped(a, b, edges)
}

fn rest(len: usize, taken: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut free = vec![true; len];
    for i in taken {
        if let Some(flag) = free.get_mut(i) {
            *flag = false;
        }
    }
    free.iter().enumerate().filter(|(_, free)| **free).map(|(i, _)| i).collect()
}

/// The best of some candidates, the first of equals.
fn most(candidates: impl Iterator<Item = (Option<f64>, usize)>) -> Option<usize> {
    let mut best: Option<(f64, usize)> = None;
    for (score, i) in candidates {
        if let Some(score) = score
            && best.is_none_or(|(most, _)| score > most)
        {
            best = Some((score, i));
        }
    }
    best.map(|(_, i)| i)
}

/// Finds entries under another title among those left over, and takes them away.
fn renamed(words: &Words, old: &mut Vec<usize>, new: &mut Vec<usize>, edges: &mut Vec<(usize, usize, Edge)>) {
    let mut all: Vec<(f64, usize, usize)> = Vec::new();
    for i in old.iter() {
        for j in new.iter() {
            if let (Some(x), Some(y)) = (words.a.get(*i), words.b.get(*j)) {
                let title = dice(&x.title, &y.title);
                let body = words.cosine(x, y);
                let near = 1.0 - (x.place - y.place).abs();
                let score = 0.45 * title + 0.45 * body + 0.10 * near;
                if score >= SAME && (title >= SAME_TITLE || body >= SAME_BODY) {
                    all.push((score, *i, *j));
                }
            }
        }
    }
    for (i, j) in best_pairs(all) {
        old.retain(|x| *x != i);
        new.retain(|x| *x != j);
        edges.push((i, j, Edge::Same));
    }
}

/// Puts together what belongs together. Several on both sides are no merge and no split: of those only what is one
/// entry stays together.
fn grouped(a: &Page, b: &Page, mut edges: Vec<(usize, usize, Edge)>) -> Vec<Group> {
    let strict = loop {
        let groups = components(a.entries.len(), b.entries.len(), &edges);
        let before = edges.len();
        edges.retain(|(i, _, edge)| {
            *edge == Edge::Same
                || !groups.iter().any(|(old, new)| old.len() > 1 && new.len() > 1 && old.contains(i))
        });
        if edges.len() == before {
            break groups;
        }
    };
    strict
        .into_iter()
        .map(|(old, new)| {
            let pairing = match (old.as_slice(), new.as_slice()) {
                (_, []) => Pairing::Removed,
                ([], _) => Pairing::Added,
                ([i], [j]) => match (a.entries.get(*i), b.entries.get(*j)) {
                    (Some(x), Some(y)) => {
                        titles((&x.heading.title, &x.heading.key), (&y.heading.title, &y.heading.key))
                    }
                    _ => Pairing::Same,
                },
                ([_], _) => Pairing::Split,
                _ => Pairing::Merged,
            };
            Group { pairing, old, new }
        })
        .collect()
}

/// The connected components of entries, those of the old page in its order, then what only the new page has.
fn components(old: usize, new: usize, edges: &[(usize, usize, Edge)]) -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut parent: Vec<usize> = (0..old + new).collect();
    fn root(parent: &mut [usize], mut i: usize) -> usize {
        while let Some(up) = parent.get(i).copied().filter(|up| *up != i) {
            let above = parent.get(up).copied().unwrap_or(up);
            if let Some(slot) = parent.get_mut(i) {
                *slot = above;
            }
            i = above;
        }
        i
    }
    for (i, j, _) in edges {
        let (x, y) = (root(&mut parent, *i), root(&mut parent, old + j));
        if let Some(slot) = parent.get_mut(x.max(y)) {
            *slot = x.min(y);
        }
    }
    let mut groups: BTreeMap<usize, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for i in 0..old + new {
        let group = groups.entry(root(&mut parent, i)).or_default();
        if i < old {
            group.0.push(i);
        } else {
            group.1.push(i - old);
        }
    }
    groups.into_values().collect()
}

/// The words of one entry.
#[derive(Debug)]
pub(super) struct Entry {
    /// Words of the title, sorted.
    title: Vec<u64>,
    /// Words of the text that are not in the title, with how often, sorted.
    body: Vec<(u64, f64)>,
    /// All of its words, sorted, each once.
    all: Vec<u64>,
    /// Where it stands, from 0 to 1.
    place: f64,
}

/// The words of all entries of two pages.
struct Words {
    a: Arc<Vec<Entry>>,
    b: Arc<Vec<Entry>>,
    /// How rare each word is.
    weight: IdMap<f64>,
}

impl Words {
    fn of(a: Arc<Vec<Entry>>, b: Arc<Vec<Entry>>) -> Self {
        let mut weight: IdMap<f64> = IdMap::default();
        for word in a.iter().chain(b.iter()).flat_map(|entry| &entry.all) {
            *weight.entry(*word).or_default() += 1.0;
        }
        let entries = (a.len() + b.len()) as f64;
        weight.values_mut().for_each(|n| *n = (1.0 + entries / *n).ln());
        Self { a, b, weight }
    }

    fn weight(&self, word: u64) -> f64 {
        self.weight.get(&word).copied().unwrap_or(0.0)
    }

    /// How alike two texts are: the cosine of their words, rare ones weighing more.
    fn cosine(&self, x: &Entry, y: &Entry) -> f64 {
        let value = |(word, n): &(u64, f64)| (1.0 + n.ln()) * self.weight(*word);
        let norm = |e: &Entry| e.body.iter().map(|w| value(w).powi(2)).sum::<f64>().sqrt();
        let dot: f64 = x
            .body
            .iter()
            .filter_map(|w| {
                let other = y.body.binary_search_by_key(&w.0, |o| o.0).ok()?;
                Some(value(w) * value(y.body.get(other)?))
            })
            .sum();
        let norms = norm(x) * norm(y);
        if norms > 0.0 { dot / norms } else { 0.0 }
    }

    /// How much of an entry another says, if it is so much that the first may have gone into it.
    fn cover(&self, one: Option<&Entry>, other: Option<&Entry>) -> Option<f64> {
        let (one, other) = (one?, other?);
        let says = |word: &u64| other.all.binary_search(word).is_ok();
        let (mut said, mut all) = (0.0, 0.0);
        for (word, n) in &one.body {
            let weight = (1.0 + n.ln()) * self.weight(*word);
            all += weight;
            said += if says(word) { weight } else { 0.0 };
        }
        let title = share(one.title.iter().filter(|w| says(w)).count(), one.title.len());
        let body = if all > 0.0 { said / all } else { 0.0 };
        (body >= COVER_BODY && title >= COVER_TITLE).then_some(body + title)
    }
}

/// The words of each entry of a page.
pub(super) fn read(page: &Page) -> Vec<Entry> {
    let last = page.entries.len().saturating_sub(1).max(1) as f64;
    page.entries
        .iter()
        .enumerate()
        .map(|(i, entry)| {
            let mut title: Vec<u64> = entry.heading.key.split(['_', ' ']).map(key::id).collect();
            title.sort_unstable();
            title.dedup();
            // The title's words as sentences have them.
            let (_, words) = key::key(&entry.heading.title, &[]);
            let mut text: Vec<u64> =
                entry.sentences().filter(|s| super::counts(s)).flat_map(|s| &s.words).map(|w| w.id).collect();
            text.sort_unstable();
            let mut body: Vec<(u64, f64)> = Vec::new();
            for id in &text {
                match body.last_mut() {
                    Some((last, n)) if last == id => *n += 1.0,
                    _ => body.push((*id, 1.0)),
                }
            }
            body.retain(|(id, _)| title.binary_search(id).is_err() && words.iter().all(|w| w.id != *id));
            let mut all = text;
            all.extend(title.iter().copied().chain(words.iter().map(|w| w.id)));
            all.sort_unstable();
            all.dedup();
            Entry { title, body, all, place: i as f64 / last }
        })
        .collect()
}
