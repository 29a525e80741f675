//! What changed in the words of two pages: entries matched, their sentences aligned, the words of each pair
//! compared.
//!
//! Line by line, two revisions of the page have little in common, since tables became headings, names were
//! spelled differently and titles changed. So the comparison goes from the large to the small and stays inside:
//! first which entry is which (same title, another title, several made one, one made several), then sentence by
//! sentence within an entry, then word by word within a pair of sentences. No sentence is paired across entries.
//!
//! Every sentence outside of scaffolding is in exactly one [`Change`], and each change has exactly one [`Class`].
//! The result of swapping the two pages is the mirror image, exactly: the comparison always runs in one
//! direction, which the pages themselves determine, and is turned around at the end if need be.
//!
//! This module compares pages and knows neither revisions nor statements: what a change *means* is said by the
//! timelines of the specification (see [`super`]). The thresholds were found on the public history of the page.

mod align;
mod class;
mod entries;
mod words;

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use crate::page::{Alert, Facet, Link, Page, Part, Place, Sentence};

pub use entries::Pairing;
pub(crate) use words::best_pairs;

/// How the words of two pages differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wording {
    /// The sections' own texts, then the entries, in the order of the new page; what only the old page has
    /// stands behind what it followed there.
    pub parts: Vec<PartChange>,
}

/// How a section or an entry differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartChange {
    /// How the two sides belong together.
    pub pairing: Pairing,
    /// The parts of the old page: none if it was added, several if they were merged.
    pub old: Vec<Part>,
    /// The parts of the new page: none if it was removed, several if it was split.
    pub new: Vec<Part>,
    /// Whether its details stand in a table in one page and under headings in the other.
    pub layout: bool,
    /// Its sentences, in the order of the new page.
    pub changes: Vec<Change>,
}

/// What became of a sentence, or of some that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What kind of change it is.
    pub class: Class,
    /// Sentences of the old page, one behind the other; none if it was added.
    pub old: Vec<Place>,
    /// Sentences of the new page; none if it was removed.
    pub new: Vec<Place>,
    /// The words that differ, in order: indices into the words of all sentences of a side. Empty unless the class
    /// is terminology, reworded, edited or moved and both sides are there.
    pub hunks: Vec<Hunk>,
    /// Whether the difference can be read word by word. If not, show the old and the new text whole.
    pub inline: bool,
}

/// Words that differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// Words that only the old text has.
    pub old: Range<usize>,
    /// Words that only the new text has.
    pub new: Range<usize>,
}

/// What kind of change a change is. Exactly one applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// None: text, box and links are the same.
    Identical,
    /// The same words written differently: case, bold and code, paths, contractions, words of one meaning.
    Notation,
    /// Only links changed, or a sentence came or went that does nothing but point elsewhere.
    LinkOnly,
    /// The same words in another kind of box, or no longer in one.
    AlertOnly,
    /// The same words, but a product has another name in them.
    Terminology,
    /// Another order or grammar, but the same words in it.
    Reworded,
    /// Other words.
    Edited,
    /// The same sentence in another place of the entry, or as an item of a list.
    Moved,
    /// Only the new page has it.
    Added,
    /// Only the old page has it.
    Removed,
}

impl Class {
    /// All of them, in order of weight.
    pub const ALL: [Self; 10] = [
        Self::Identical,
        Self::Notation,
        Self::LinkOnly,
        Self::AlertOnly,
        Self::Terminology,
        Self::Reworded,
        Self::Edited,
        Self::Moved,
        Self::Added,
        Self::Removed,
    ];

    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::Notation => "notation",
            Self::Terminology => "terminology",
            Self::LinkOnly => "link-only",
            Self::AlertOnly => "alert-only",
            Self::Reworded => "reworded",
            Self::Edited => "edited",
            Self::Moved => "moved",
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }

    /// Whether a reader has to look for a change of meaning.
    pub fn may_matter(self) -> bool {
        matches!(self, Self::Edited | Self::Added | Self::Removed)
    }

    fn flipped(self) -> Self {
        match self {
            Self::Added => Self::Removed,
            Self::Removed => Self::Added,
            other => other,
        }
    }
}

/// A piece of a change as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Which side has it.
    pub side: Side,
    /// The text, with the signs and blanks around its words.
    pub text: String,
}

/// Which side has a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Both. The text is that of the new page.
    Both,
    /// The old page.
    Old,
    /// The new page.
    New,
}

impl Change {
    /// How many word hunks a reader sees: none if the words are the same, one if the text is shown whole.
    pub fn hunk_count(&self) -> usize {
        match self.class {
            Class::Identical | Class::Notation | Class::Terminology | Class::AlertOnly => 0,
            Class::LinkOnly | Class::Added | Class::Removed => {
                usize::from(self.old.is_empty() != self.new.is_empty())
            }
            Class::Reworded | Class::Edited | Class::Moved if self.inline => self.hunks.len(),
            Class::Reworded | Class::Edited | Class::Moved => usize::from(!self.hunks.is_empty()),
        }
    }

    /// The box of the first sentence on each side.
    pub fn alerts(&self, old: &Page, new: &Page) -> (Option<Alert>, Option<Alert>) {
        let first = |page: &Page, places: &[Place]| {
            places.first().and_then(|p| page.sentence(*p)).and_then(|s| s.alert)
        };
        (first(old, &self.old), first(new, &self.new))
    }

    /// The links that only one side has: those of the old page, those of the new.
    pub fn links<'p>(&self, old: &'p Page, new: &'p Page) -> (Vec<&'p Link>, Vec<&'p Link>) {
        let all = |page: &'p Page, places: &[Place]| -> Vec<&'p Link> {
            places.iter().filter_map(|p| page.sentence(*p)).flat_map(|s| &s.links).collect()
        };
        let (a, b) = (all(old, &self.old), all(new, &self.new));
        let only = |these: &[&'p Link], others: &[&'p Link]| {
            these.iter().filter(|l| !others.iter().any(|o| o.target == l.target)).copied().collect()
        };
        (only(&a, &b), only(&b, &a))
    }

    /// The text of a side: its sentences with blanks between them.
    pub fn text(&self, page: &Page, places: &[Place]) -> String {
        let texts: Vec<&str> =
            places.iter().filter_map(|p| page.sentence(*p)).map(|s| s.text.as_str()).collect();
        texts.join(" ")
    }

    /// The change as text: what both have, what only the old page has, what only the new one has. If the change
    /// is not [`inline`](Self::inline), the old text whole, then the new.
    pub fn segments(&self, old: &Page, new: &Page) -> Vec<Segment> {
        let (a, b) = (self.text(old, &self.old), self.text(new, &self.new));
        let whole = |side, text: String| Segment { side, text };
        if self.old.is_empty() || self.new.is_empty() || (!self.inline && !self.hunks.is_empty()) {
            return [(Side::Old, a), (Side::New, b)]
                .into_iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(side, text)| whole(side, text))
                .collect();
        }
        if self.hunks.is_empty() {
            return vec![whole(Side::Both, b)];
        }
        let (a_words, b_words) = (places_of_words(old, &self.old), places_of_words(new, &self.new));
        let mut out: Vec<Segment> = Vec::new();
        let mut push = |side, text: &str| {
            if !text.is_empty() {
                out.push(Segment { side, text: text.to_owned() });
            }
        };
        let mut done = 0;
        for hunk in &self.hunks {
            let removed = stretch(&a_words, &hunk.old);
            let added = stretch(&b_words, &hunk.new);
            // Where nothing was added, the old words stand behind the word before them.
            let at = match hunk.new.start.checked_sub(1) {
                _ if !hunk.new.is_empty() => added.start,
                Some(before) => b_words.get(before).map_or(b.len(), |w| w.end),
                None => b_words.first().map_or(0, |w| w.start),
            }
            .max(done);
            push(Side::Both, b.get(done..at).unwrap_or_default());
            let words = a.get(removed).unwrap_or_default();
            if hunk.new.is_empty() && !words.is_empty() {
                let spaced = if hunk.new.start > 0 { format!(" {words}") } else { format!("{words} ") };
                push(Side::Old, &spaced);
            } else {
                push(Side::Old, words);
            }
            if !hunk.new.is_empty() {
                push(Side::New, b.get(at..added.end).unwrap_or_default());
            }
            done = at.max(if hunk.new.is_empty() { at } else { added.end });
        }
        push(Side::Both, b.get(done..).unwrap_or_default());
        out
    }

    fn flip(&mut self) {
        self.class = self.class.flipped();
        std::mem::swap(&mut self.old, &mut self.new);
        for hunk in &mut self.hunks {
            std::mem::swap(&mut hunk.old, &mut hunk.new);
        }
    }
}

/// The bytes of each word in the text of a side.
fn places_of_words(page: &Page, places: &[Place]) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut offset = 0;
    for sentence in places.iter().filter_map(|p| page.sentence(*p)) {
        out.extend(sentence.words.iter().map(|w| offset + w.start as usize..offset + w.end as usize));
        offset += sentence.text.len() + 1;
    }
    out
}

/// The bytes from the first to the last word of a range.
fn stretch(words: &[Range<usize>], range: &Range<usize>) -> Range<usize> {
    match words.get(range.clone()).unwrap_or_default() {
        [] => 0..0,
        [first, .., last] => first.start..last.end.max(first.start),
        [only] => only.clone(),
    }
}

impl Wording {
    /// How many word hunks a reader sees in all.
    pub fn hunk_count(&self) -> usize {
        self.changes().map(|(_, c)| c.hunk_count()).sum()
    }

    /// How many changes there are of a class.
    pub fn count(&self, class: Class) -> usize {
        self.changes().filter(|(_, c)| c.class == class).count()
    }

    /// All changes with the parts they belong to.
    pub fn changes(&self) -> impl Iterator<Item = (&PartChange, &Change)> {
        self.parts.iter().flat_map(|p| p.changes.iter().map(move |c| (p, c)))
    }

    /// The entries, without the sections' own texts.
    pub fn entries(&self) -> impl Iterator<Item = &PartChange> {
        self.parts.iter().filter(|p| p.old.iter().chain(&p.new).any(|p| matches!(p, Part::Entry(_))))
    }

    /// Whether any words changed: an entry came, went or got another title, or a sentence says something in other
    /// words. Links, boxes, notation and the place of a sentence do not count.
    pub fn changed(&self) -> bool {
        self.parts.iter().any(|p| {
            !matches!(p.pairing, Pairing::Same | Pairing::CaseOnly)
                || p.changes.iter().any(|c| matches!(c.class, Class::Reworded) || c.class.may_matter())
        })
    }

    /// The mirror image, with its parts still in the order of the page that is now the old one.
    fn flip(mut self) -> Self {
        for part in &mut self.parts {
            part.pairing = part.pairing.flipped();
            std::mem::swap(&mut part.old, &mut part.new);
            part.changes.iter_mut().for_each(Change::flip);
        }
        self
    }

    /// Puts parts and changes in the order of the new page.
    fn order(&mut self) {
        sort_by_new(&mut self.parts, |p| (p.old.first().copied(), p.new.first().copied()));
        for part in &mut self.parts {
            sort_by_new(&mut part.changes, |c| (c.old.first().copied(), c.new.first().copied()));
        }
    }
}

/// Orders items by their place in the new page. An item that is not there stands behind the one it followed in
/// the old page.
fn sort_by_new<T, K: Copy + Ord>(items: &mut Vec<T>, place: impl Fn(&T) -> (Option<K>, Option<K>)) {
    items.sort_by_key(|i| place(i).0);
    let mut last: Option<K> = None;
    let mut keyed: Vec<(Option<K>, bool, usize, T)> = Vec::with_capacity(items.len());
    let (with_old, only_new): (Vec<T>, Vec<T>) = items.drain(..).partition(|i| place(i).0.is_some());
    for (i, item) in with_old.into_iter().enumerate() {
        match place(&item).1 {
            Some(new) => {
                last = Some(new);
                keyed.push((Some(new), false, i, item));
            }
            None => keyed.push((last, true, i, item)),
        }
    }
    keyed.extend(only_new.into_iter().map(|item| (place(&item).1, false, 0, item)));
    keyed.sort_by_key(|item| (item.0, item.1, item.2));
    items.extend(keyed.into_iter().map(|(_, _, _, item)| item));
}

/// What became of the sentences of one entry, by facet and sentence.
type Raw = Arc<Vec<align::Pair>>;

/// Comparisons of entries that were made before, by what the entries say. Revisions of a page share most of their
/// entries, so that comparing many of them costs little more than comparing what is different.
#[derive(Debug, Default)]
pub struct Cache {
    /// Comparisons of two entries or sections.
    pairs: Mutex<HashMap<(u64, u64), Raw>>,
    /// The words of the entries of a page.
    words: Mutex<HashMap<u64, Arc<Vec<entries::Entry>>>>,
}

/// What a map has for a key, made if it is not there. Two may make it at once, and make the same.
fn kept<K: Hash + Eq, V>(map: &Mutex<HashMap<K, Arc<V>>>, key: K, make: impl FnOnce() -> V) -> Arc<V> {
    let known = map.lock().unwrap_or_else(PoisonError::into_inner).get(&key).map(Arc::clone);
    known.unwrap_or_else(|| {
        let value = Arc::new(make());
        map.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&value));
        value
    })
}

impl Cache {
    fn pair(&self, hashes: (u64, u64), compare: impl FnOnce() -> Vec<align::Pair>) -> Raw {
        kept(&self.pairs, hashes, compare)
    }

    fn words(&self, page: &Page) -> Arc<Vec<entries::Entry>> {
        kept(&self.words, page.content_hash, || entries::read(page))
    }
}

/// How the words of two pages differ.
pub fn between(old: &Page, new: &Page) -> Wording {
    between_with(old, new, &Cache::default())
}

/// How the words of two pages differ, with comparisons of entries that were made before.
pub fn between_with(old: &Page, new: &Page, cache: &Cache) -> Wording {
    let forward = direction(old, new);
    let (a, b) = if forward { (old, new) } else { (new, old) };
    let mut out = compare(a, b, cache);
    if !forward {
        out = out.flip();
    }
    out.order();
    out
}

/// Compares each page with every later one of the list, on all cores, and hands each result on. The answers come
/// back in order: 0 with 1, 0 with 2, and so on.
pub fn all_pairs<R: Send>(pages: &[Page], each: impl Fn(usize, usize, Wording) -> R + Sync) -> Vec<R> {
    let cache = Cache::default();
    let pairs: Vec<(usize, usize, &Page, &Page)> = pages
        .iter()
        .enumerate()
        .flat_map(|(i, a)| pages.iter().enumerate().skip(i + 1).map(move |(j, b)| (i, j, a, b)))
        .collect();
    pairs.into_par_iter().map(|(i, j, a, b)| each(i, j, between_with(a, b, &cache))).collect()
}

/// Whether two pages are compared in the order given: by their dates, then by what they say.
fn direction(old: &Page, new: &Page) -> bool {
    old.declared.cmp(&new.declared).then_with(|| old.content_hash.cmp(&new.content_hash)).is_le()
}

fn compare(a: &Page, b: &Page, cache: &Cache) -> Wording {
    let mut parts = Vec::new();
    for (pairing, old, new) in entries::sections(a, b) {
        let hashes = (section_hash(a, old), section_hash(b, new));
        let raw = cache.pair(hashes, || align::sentences(facets(a, old), facets(b, new)));
        parts.push(joined(pairing, (a, b), (old, new), raw.iter().cloned()));
    }
    for group in entries::entries(a, b, cache) {
        let old: Vec<Part> = group.old.iter().map(|i| Part::Entry(*i)).collect();
        let new: Vec<Part> = group.new.iter().map(|i| Part::Entry(*i)).collect();
        let compared = |i: usize, j: usize| {
            let (Some(x), Some(y)) = (a.entries.get(i), b.entries.get(j)) else { return Raw::default() };
            cache.pair((x.content_hash, y.content_hash), || align::sentences(&x.facets, &y.facets))
        };
        let part = match (group.old.as_slice(), group.new.as_slice()) {
            ([i], [j]) => joined(
                group.pairing,
                (a, b),
                (Some(Part::Entry(*i)), Some(Part::Entry(*j))),
                compared(*i, *j).iter().cloned(),
            ),
            (olds, [j]) if !olds.is_empty() => {
                let each = olds.iter().map(|i| (Part::Entry(*i), compared(*i, *j))).collect();
                several(group.pairing, (a, b), each, Part::Entry(*j))
            }
            ([i], news) if !news.is_empty() => {
                // The mirror image of a merge.
                let each = news.iter().map(|j| (Part::Entry(*j), flipped(&compared(*i, *j)))).collect();
                let mut part = several(group.pairing, (b, a), each, Part::Entry(*i));
                std::mem::swap(&mut part.old, &mut part.new);
                part.changes.iter_mut().for_each(Change::flip);
                part
            }
            _ => {
                let (x, y) = (old.first().copied(), new.first().copied());
                let pair = align::sentences(facets(a, x), facets(b, y));
                joined(group.pairing, (a, b), (x, y), pair)
            }
        };
        parts.push(part);
    }
    Wording { parts }
}

/// The hash of a section; 0 if there is none.
fn section_hash(page: &Page, part: Option<Part>) -> u64 {
    match part {
        Some(Part::Section(i)) => page.sections.get(i).map_or(0, |s| s.content_hash),
        _ => 0,
    }
}

fn facets(page: &Page, part: Option<Part>) -> &[Facet] {
    part.map_or(&[], |part| page.facets(part))
}

fn flipped(raw: &Raw) -> Raw {
    Arc::new(raw.iter().cloned().map(align::Pair::flip).collect())
}

/// The change of a part that is one on each side at most.
fn joined(
    pairing: Pairing,
    pages: (&Page, &Page),
    (old, new): (Option<Part>, Option<Part>),
    pairs: impl IntoIterator<Item = align::Pair>,
) -> PartChange {
    let changes = pairs
        .into_iter()
        .map(|pair| Change {
            class: pair.class,
            old: places(old, &pair.old),
            new: places(new, &pair.new),
            hunks: pair.hunks,
            inline: pair.inline,
        })
        .collect();
    PartChange {
        pairing,
        layout: match (old, new) {
            (Some(old), Some(new)) => other_layout(pages, old, new),
            _ => false,
        },
        old: old.into_iter().collect(),
        new: new.into_iter().collect(),
        changes,
    }
}

fn places(part: Option<Part>, of: &[(usize, usize)]) -> Vec<Place> {
    let Some(part) = part else { return Vec::new() };
    of.iter().map(|(facet, sentence)| Place { part, facet: *facet, sentence: *sentence }).collect()
}

fn other_layout(pages: (&Page, &Page), old: Part, new: Part) -> bool {
    matches!((rows(pages.0, old), rows(pages.1, new)), (Some(a), Some(b)) if a != b)
}

/// Whether the details of a part stand in a table; none if it has none.
fn rows(page: &Page, part: Part) -> Option<bool> {
    let heading = page.facets(part).iter().find_map(|f| f.heading.as_ref())?;
    Some(heading.level == 0)
}

/// The change of several entries that became one: each is compared with it. A sentence is new only if it came from
/// none of them.
fn several(pairing: Pairing, pages: (&Page, &Page), each: Vec<(Part, Raw)>, new: Part) -> PartChange {
    let all = || each.iter().flat_map(|(_, raw)| raw.iter());
    let places_of = |keep: &dyn Fn(&align::Pair) -> bool| -> HashSet<(usize, usize)> {
        all().filter(|p| keep(p)).flat_map(|p| p.new.iter().copied()).collect()
    };
    let from_any = places_of(&|p| !p.old.is_empty());
    let part_of_any = places_of(&|p| p.old.is_empty() && p.class == Class::Moved);
    let layout = each.iter().any(|(old, _)| other_layout(pages, *old, new));
    let mut changes = Vec::new();
    for (i, (old, raw)) in each.iter().enumerate() {
        for pair in raw.iter() {
            let mut class = pair.class;
            if pair.old.is_empty() {
                if i > 0 || pair.new.iter().any(|place| from_any.contains(place)) {
                    continue;
                }
                if pair.new.iter().any(|place| part_of_any.contains(place)) {
                    class = Class::Moved;
                }
            }
            changes.push(Change {
                class,
                old: places(Some(*old), &pair.old),
                new: places(Some(new), &pair.new),
                hunks: pair.hunks.clone(),
                inline: pair.inline,
            });
        }
    }
    PartChange {
        pairing,
        old: each.into_iter().map(|(old, _)| old).collect(),
        new: vec![new],
        layout,
        changes,
    }
}

/// Whether a sentence takes part in the comparison.
fn counts(sentence: &Sentence) -> bool {
    sentence.structure.is_none()
}

#[cfg(test)]
mod tests;
