//! Which account or group of an older state is which entry of a newer page: by title, else by likeness of title
//! and text, several into one where the newer says what the older said.

use std::collections::{HashMap, HashSet};

use crate::diff::wording::best_pairs;
use crate::page::{Fingerprint, key};

/// An account, group or entry, as it is matched.
#[derive(Debug, Clone, Default)]
pub(super) struct Thing {
    /// Its title as titles are compared.
    pub(super) title: String,
    /// The words of the title.
    title_words: HashSet<String>,
    /// How often each word occurs in its text, without those of the title.
    words: HashMap<String, f64>,
    /// The sentences it is made of.
    said: HashSet<Fingerprint>,
    /// Whether the words are ours, and only the fingerprints the page's.
    restated: bool,
}

impl Thing {
    /// `texts` is what is said of it; `restated` that it is said in our words.
    pub(super) fn new<'t>(
        title: &str,
        texts: impl Iterator<Item = &'t str>,
        said: impl Iterator<Item = Fingerprint>,
        restated: bool,
    ) -> Self {
        let title_words: HashSet<String> = words(title).into_iter().collect();
        let mut count: HashMap<String, f64> = HashMap::new();
        for word in texts.flat_map(words) {
            *count.entry(word).or_default() += 1.0;
        }
        Self { title: key::title(title), title_words, words: count, said: said.collect(), restated }
    }

    /// Whether it says a word, in title or text.
    fn has(&self, word: &str) -> bool {
        self.title_words.contains(word) || self.words.contains_key(word)
    }
}

/// The words of a text as they are compared, without those that any text has.
pub(super) fn words(text: &str) -> Vec<String> {
    telling(text).iter().map(|w| stem(w)).collect()
}

/// The words of a text without those that any text has.
pub(super) fn telling(text: &str) -> Vec<String> {
    let key = key::key(text, &[]).0;
    key.split(' ').filter(|w| !w.is_empty() && !is_common(w)).map(str::to_owned).collect()
}

fn is_common(word: &str) -> bool {
    const COMMON: [&str; 37] = [
        "a", "and", "are", "as", "at", "be", "by", "can", "for", "from", "if", "in", "is", "it", "its", "of",
        "on", "or", "that", "the", "then", "this", "to", "use", "used", "uses", "using", "when", "which",
        "will", "with", "you", "your", "they", "them", "these", "not",
    ];
    COMMON.contains(&word)
}

/// A word without the endings of number and verb form. It cuts less than the stems of `diff::wording`, which compares
/// the page with itself: with those, fewer of our own words find their sentence (94 of 99 and 115 of 136 statements of
/// the second and third revision).
fn stem(word: &str) -> String {
    for ending in ["ing", "ed", "es", "s"] {
        if let Some(start) = word.strip_suffix(ending)
            && start.chars().count() >= 4
        {
            return start.trim_end_matches('e').to_owned();
        }
    }
    word.trim_end_matches(|c| c == 'e' && word.chars().count() > 4).to_owned()
}

/// What became of the things of the older side.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Matching {
    /// By thing of the older side: its one counterpart.
    pub(super) same: Vec<Option<usize>>,
    /// By thing of the older side: the newer one that took it in, with others or beside one of its own.
    pub(super) into: Vec<Option<usize>>,
}

impl Matching {
    /// The newer thing that an older one is now part of.
    pub(super) fn target(&self, old: usize) -> Option<usize> {
        self.same.get(old).copied().flatten().or(self.into.get(old).copied().flatten())
    }

    /// Whether a newer thing has no older one.
    pub(super) fn is_new(&self, new: usize) -> bool {
        !self.same.contains(&Some(new)) && !self.into.contains(&Some(new))
    }
}

/// Matches the things of two states. Where titles repeat, the first counts. `apart` are titles of newer things that
/// are something else, which was there once.
pub(super) fn assign(old: &[Thing], new: &[Thing], apart: &HashSet<String>) -> Matching {
    let mut out = Matching { same: vec![None; old.len()], into: vec![None; old.len()] };
    let mut by_title: HashMap<&str, usize> = HashMap::new();
    for (i, thing) in new.iter().enumerate() {
        by_title.entry(&thing.title).or_insert(i);
    }
    let mut taken: HashSet<usize> = HashSet::new();
    for (i, thing) in old.iter().enumerate() {
        if let Some(there) = by_title.get(thing.title.as_str()).filter(|there| !taken.contains(there)) {
            taken.insert(*there);
            out.same[i] = Some(*there);
        }
    }
    let left =
        |out: &Matching| -> Vec<usize> { (0..old.len()).filter(|i| out.target(*i).is_none()).collect() };
    if left(&out).is_empty() {
        return out;
    }
    let sides = Sides::new(old, new);
    let open = |i: &usize| !taken.contains(i) && new.get(*i).is_some_and(|t| !apart.contains(&t.title));
    let free: Vec<usize> = (0..new.len()).filter(open).collect();

    // What says most of one word for word, and of no other, is that one under another title.
    for there in &free {
        let says = |i: &usize| sides.says_most_of(*i, *there);
        let (olds, alone) = (left(&out).into_iter().filter(says).collect::<Vec<_>>(), |i: usize| {
            free.iter().filter(|other| sides.says_most_of(i, **other)).count() == 1
        });
        if let [old] = olds[..]
            && alone(old)
        {
            taken.insert(*there);
            out.same[old] = Some(*there);
        }
    }
    // Several that went into one that is new.
    for there in free.iter().filter(|there| !out.same.contains(&Some(**there))) {
        let parts = |enough: f64| -> Vec<usize> {
            left(&out).into_iter().filter(|i| sides.went_into(*i, *there, enough)).collect()
        };
        if parts(1.0).len() > 1 {
            taken.insert(*there);
            // Where two went, a third needs less to show for it.
            for part in parts(0.6) {
                out.into[part] = Some(*there);
            }
        }
    }
    // One that has another title now: the likeliest pairs first.
    let mut pairs = Vec::new();
    for i in left(&out) {
        for there in free.iter().filter(|there| !taken.contains(there)) {
            if let Some(score) = sides.likeness(i, *there) {
                pairs.push((score, i, *there));
            }
        }
    }
    for (i, there) in best_pairs(pairs) {
        taken.insert(there);
        out.same[i] = Some(there);
    }
    // One that went into another that was there before.
    for i in left(&out) {
        out.into[i] = (0..new.len()).find(|there| taken.contains(there) && sides.went_into(i, *there, 1.0));
    }
    out
}

/// Two states, with how telling each word is.
struct Sides<'t> {
    old: &'t [Thing],
    new: &'t [Thing],
    /// In how many things of both sides a word occurs.
    spread: HashMap<&'t str, f64>,
    /// In how many things of the newer side a sentence occurs.
    repeats: HashMap<Fingerprint, f64>,
}

impl<'t> Sides<'t> {
    fn new(old: &'t [Thing], new: &'t [Thing]) -> Self {
        let mut spread: HashMap<&str, f64> = HashMap::new();
        for thing in old.iter().chain(new) {
            for word in thing.words.keys() {
                *spread.entry(word).or_default() += 1.0;
            }
        }
        let mut repeats: HashMap<Fingerprint, f64> = HashMap::new();
        for print in new.iter().flat_map(|t| &t.said) {
            *repeats.entry(*print).or_default() += 1.0;
        }
        Self { old, new, spread, repeats }
    }

    fn weight(&self, word: &str) -> f64 {
        let all = count(self.old.len() + self.new.len()) + 1.0;
        (all / (self.spread.get(word).copied().unwrap_or(0.0) + 1.0)).ln().max(0.0)
    }

    /// What part of the sentences of an older thing a newer one says word for word. A sentence that many say
    /// counts little.
    fn said(&self, a: &Thing, b: &Thing) -> f64 {
        let weight = |print: &Fingerprint| 1.0 / self.repeats.get(print).copied().unwrap_or(1.0).max(1.0);
        let all: f64 = a.said.iter().map(weight).sum();
        let common: f64 = a.said.intersection(&b.said).map(weight).sum();
        if all > 0.0 { common / all } else { 0.0 }
    }

    /// Whether a newer thing says more than half of an older one word for word.
    fn says_most_of(&self, old: usize, new: usize) -> bool {
        self.old.get(old).zip(self.new.get(new)).is_some_and(|(a, b)| self.said(a, b) > 0.5)
    }

    /// The cosine of the words of both texts.
    fn cosine(&self, a: &Thing, b: &Thing) -> f64 {
        let title = |word: &str| a.title_words.contains(word) || b.title_words.contains(word);
        let value = |(word, n): (&String, &f64)| n.sqrt() * self.weight(word);
        let of = |t: &Thing| -> HashMap<String, f64> {
            t.words.iter().filter(|(w, _)| !title(w)).map(|(w, n)| (w.clone(), value((w, n)))).collect()
        };
        let (a, b) = (of(a), of(b));
        // Added up in a fixed order: sums of floats depend on it.
        let norm = |t: &HashMap<String, f64>| sorted(t.values().map(|v| v * v)).sqrt();
        let dot = sorted(a.iter().filter_map(|(w, v)| Some(v * b.get(w)?)));
        let whole = norm(&a) * norm(&b);
        if whole > 0.0 { dot / whole } else { 0.0 }
    }

    /// How likely both are the same under another title; none if it is not likely enough.
    fn likeness(&self, old: usize, new: usize) -> Option<f64> {
        let (a, b) = (self.old.get(old)?, self.new.get(new)?);
        let common = count(a.title_words.intersection(&b.title_words).count());
        let both = count(a.title_words.len() + b.title_words.len());
        let title = if both > 0.0 { 2.0 * common / both } else { 0.0 };
        // Our words for it are not the page's: half as like is like enough.
        let scale = if a.restated { 1.6 } else { 1.0 };
        let body = (self.cosine(a, b) * scale).min(1.0).max(self.said(a, b));
        let place = |i: usize, n: usize| count(i) / count(n.max(1));
        let near = 1.0 - (place(old, self.old.len()) - place(new, self.new.len())).abs();
        let score = 0.45 * title + 0.45 * body + 0.10 * near;
        (score >= 0.55 && (title >= 0.5 || body >= 0.6)).then_some(score)
    }

    /// Whether a newer thing says what an older one was named for and most of what it said, or this part of most.
    fn went_into(&self, old: usize, new: usize, part: f64) -> bool {
        let (Some(a), Some(b)) = (self.old.get(old), self.new.get(new)) else { return false };
        if a.title_words.is_empty() || a.title == b.title {
            return false;
        }
        let title = count(a.title_words.iter().filter(|w| b.has(w)).count()) / count(a.title_words.len());
        let weigh = |w: &&String| self.weight(w);
        let all = sorted(a.words.keys().map(|w| weigh(&w)));
        let there = sorted(a.words.keys().filter(|w| b.has(w)).map(|w| weigh(&w)));
        let body = if all > 0.0 { there / all } else { 0.0 };
        let (said, enough) = (self.said(a, b), if a.restated { 0.45 } else { 0.6 });
        title >= 0.8 && (body >= enough * part || said >= 0.5)
    }
}

/// The sum in a fixed order.
fn sorted(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.iter().sum()
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thing(title: &str, sentences: &[&str]) -> Thing {
        let prints = sentences.iter().map(|s| key::fingerprint(&key::key(s, &[]).0));
        Thing::new(title, sentences.iter().copied(), prints, false)
    }

    #[test]
    fn equal_titles_are_the_same_whatever_is_said() {
        let old = [thing("Fire Brigade Account", &["It puts out fires."])];
        let new = [thing("Other account", &["It puts out fires."]), thing("Fire brigade account", &["x"])];
        let matching = assign(&old, &new, &HashSet::new());
        assert_eq!(matching.same, [Some(1)]);
        assert!(matching.is_new(0));
    }

    #[test]
    fn a_new_title_over_the_same_text_is_a_rename() {
        let text = ["The engine opens the garage door.", "Keep the key in the drawer."];
        let old = [thing("Garage Editor Door Opening Account", &text), thing("Boat account", &["It rows."])];
        let new = [thing("Boat account", &["It rows."]), thing("Garage door opener account", &text)];
        assert_eq!(assign(&old, &new, &HashSet::new()).same, [Some(1), Some(0)]);
    }

    #[test]
    fn what_is_said_word_for_word_decides_before_titles() {
        let text = ["The gate lets boats in.", "A lamp burns above it at night."];
        let old = [thing("DockMgr_GateAccess", &text)];
        // Another new one has a title that is more like it, and a word of its text; many come in between.
        let mut new: Vec<Thing> =
            (0..20).map(|n| thing(&format!("Shed {n}"), &["It holds ropes."])).collect();
        new.push(thing("dockrole_GateAccess", &["The gate is opened by members of it."]));
        new.push(thing("Dock Manager_GateAccess", &text));
        assert_eq!(assign(&old, &new, &HashSet::new()).same, [Some(21)]);
        new.push(thing("Dock Manager_GateAccess, again", &text));
        assert_ne!(assign(&old, &new, &HashSet::new()).same, [Some(22)]);
    }

    #[test]
    fn several_that_are_listed_in_one_were_merged() {
        let rest = "Choose one with the fewest rights the gate needs.";
        let old = [
            thing("Garage Gate Account", &["The garage passes the gate with it.", rest]),
            thing("Kitchen Gate Account", &["The kitchen passes the gate with it.", rest]),
            thing("Cellar lamp account", &["The cellar is lit with it."]),
        ];
        let new = [
            thing(
                "House gate account",
                &["These pass the gate with it.", "Garage", "Kitchen", "Attic", rest],
            ),
            thing("Roof account", &["Tiles."]),
        ];
        let matching = assign(&old, &new, &HashSet::new());
        assert_eq!(matching.into, [Some(0), Some(0), None]);
        assert_eq!(matching.same, [None, None, None]);
        assert!(matching.is_new(1) && !matching.is_new(0));
    }

    #[test]
    fn what_was_there_once_is_no_new_title() {
        let text = ["The boat crosses the lake.", "Keep it dry."];
        let (old, new) = ([thing("Boat and raft account", &text)], [thing("Boat account", &text)]);
        assert_eq!(assign(&old, &new, &HashSet::new()).same, [Some(0)]);
        assert_eq!(assign(&old, &new, &HashSet::from(["boat account".to_owned()])).same, [None]);
    }

    #[test]
    fn what_is_unlike_is_gone_and_new() {
        let old = [thing("Boat account", &["It rows across the lake."])];
        let new = [thing("Roof account", &["Tiles keep the rain out."])];
        assert_eq!(assign(&old, &new, &HashSet::new()), Matching { same: vec![None], into: vec![None] });
    }
}
