//! Which sentences of a page stand in place of sentences that it no longer says.
//!
//! The older sentences are not known, only what we say of them in our own words. That leaves the names of things,
//! which is what most of the likeness rests on; the rest is the place: sub-heading, box, order. Where the older
//! page is at hand, `diff::wording` does this better.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::content::Alert;
use crate::diff::wording::best_pairs;
use crate::page::{Fingerprint, Place};

use super::matching::words;

/// A sentence that is no longer said.
#[derive(Debug, Clone)]
pub(super) struct Old {
    pub(super) print: Fingerprint,
    /// The words of all we say of it.
    words: HashSet<String>,
    /// The numbers of the sentences between which it stood, of those that are still there.
    window: (Option<usize>, Option<usize>),
    facet: Option<String>,
    alert: Option<Alert>,
    /// Where it stands in its account or group, from 0 to 1.
    place: f64,
}

/// A sentence that no statement accounts for.
#[derive(Debug, Clone)]
pub(super) struct New {
    pub(super) at: Place,
    words: HashSet<String>,
    facet: Option<String>,
    alert: Option<Alert>,
    place: f64,
    /// Its number among all sentences of its account or group.
    number: usize,
}

/// Where a sentence stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Stance {
    /// Sub-heading, as sub-headings are compared.
    pub(super) facet: Option<String>,
    pub(super) alert: Option<Alert>,
    /// Its number, and how many there are.
    pub(super) number: usize,
    pub(super) of: usize,
}

impl Stance {
    fn place(&self) -> f64 {
        let short = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        if self.of > 1 { short(self.number) / short(self.of - 1) } else { 0.5 }
    }
}

impl Old {
    pub(super) fn new<'t>(
        print: Fingerprint,
        texts: impl Iterator<Item = &'t str>,
        window: (Option<usize>, Option<usize>),
        stance: &Stance,
    ) -> Self {
        Self {
            print,
            words: texts.flat_map(words).collect(),
            window,
            facet: stance.facet.clone(),
            alert: stance.alert,
            place: stance.place(),
        }
    }
}

impl New {
    pub(super) fn at(at: Place, text: &str, stance: &Stance) -> Self {
        Self {
            at,
            words: words(text).into_iter().collect(),
            facet: stance.facet.clone(),
            alert: stance.alert,
            place: stance.place(),
            number: stance.number,
        }
    }
}

/// How like a pair must be. The weights below were found on the public history of the page: words decide, and the
/// same sub-heading, box and order tip the balance where our own words for a sentence leave it open.
const LIKE: f64 = 0.26;
/// How much more like two must be that became one.
const JOINED: f64 = 0.1;
/// How much of a second half, or of the old sentence twice over, the two must share.
const HALF: f64 = 0.34;
/// The same sub-heading, another one, the same box, the same place.
const FACET: f64 = 0.12;
const OTHER_FACET: f64 = -0.08;
const ALERT: f64 = 0.06;
const PLACE: f64 = 0.12;

/// For each old sentence the numbers of the new ones in its place, in their order; none if it is gone.
pub(super) fn pair(old: &[Old], new: &[New]) -> Vec<Vec<usize>> {
    let mut pairs = Pairs::new(old, new);
    let alike = pairs.alike();
    for (i, j) in best_pairs(alike.clone()) {
        pairs.take(i, j);
    }
    pairs.between_neighbours();
    while let Some((i, j)) = pairs.half() {
        pairs.take(i, j);
    }
    // Two that became one.
    for (score, i, j) in alike {
        if pairs.out[i].is_empty() && score >= LIKE + JOINED {
            pairs.out[i].insert(j);
        }
    }
    pairs.out.into_iter().map(|set| set.into_iter().collect()).collect()
}

/// What was found so far.
struct Pairs<'s> {
    old: &'s [Old],
    new: &'s [New],
    /// In how many sentences a word occurs.
    spread: HashMap<&'s str, f64>,
    out: Vec<BTreeSet<usize>>,
    taken: HashSet<usize>,
}

impl<'s> Pairs<'s> {
    fn new(old: &'s [Old], new: &'s [New]) -> Self {
        let mut spread: HashMap<&str, f64> = HashMap::new();
        for word in old.iter().flat_map(|o| &o.words).chain(new.iter().flat_map(|n| &n.words)) {
            *spread.entry(word).or_default() += 1.0;
        }
        Self { old, new, spread, out: vec![BTreeSet::new(); old.len()], taken: HashSet::new() }
    }

    fn take(&mut self, i: usize, j: usize) {
        self.taken.insert(j);
        self.out[i].insert(j);
    }

    /// What words weigh together. What most sentences of an account say says little, but all words count a little.
    fn sum<'w>(&self, words: impl Iterator<Item = &'w String>) -> f64 {
        let weight = |word: &str| 1.0 / self.spread.get(word).copied().unwrap_or(1.0).sqrt();
        let mut values: Vec<f64> = words.map(|w| weight(w)).collect();
        // Added up in a fixed order: sums of floats depend on it.
        values.sort_by(f64::total_cmp);
        values.iter().sum()
    }

    fn score(&self, o: &Old, n: &New) -> f64 {
        let (a, b) = (self.sum(o.words.iter()), self.sum(n.words.iter()));
        let common = self.sum(o.words.intersection(&n.words));
        let words = if a > 0.0 && b > 0.0 { common / (a * b).sqrt() } else { 0.0 };
        let facet = match (&o.facet, &n.facet) {
            (Some(a), Some(b)) if a == b => FACET,
            (None, None) => 0.0,
            _ => OTHER_FACET,
        };
        let alert = if o.alert.is_some() && o.alert == n.alert { ALERT } else { 0.0 };
        // The place adds as much at best as it takes away at worst.
        words + facet + alert + PLACE * (1.0 - (o.place - n.place).abs()) - PLACE / 2.0
    }

    /// The pairs that are alike enough, the most alike first.
    fn alike(&self) -> Vec<(f64, usize, usize)> {
        let mut out = Vec::new();
        for (i, o) in self.old.iter().enumerate() {
            let scores = self.new.iter().enumerate().map(|(j, n)| (self.score(o, n), i, j));
            out.extend(scores.filter(|(score, ..)| *score >= LIKE));
        }
        out.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        out
    }

    /// What is left of both between the same neighbours, one for one.
    fn between_neighbours(&mut self) {
        let (old, new) = (self.old, self.new);
        let room = |o: &Old, n: &New| {
            let (low, high) = o.window;
            low.is_none_or(|low| low < n.number)
                && high.is_none_or(|high| n.number < high)
                && (o.facet.is_none() || o.facet == n.facet)
                && (o.alert.is_none() || o.alert == n.alert)
        };
        let left: Vec<usize> = (0..old.len()).filter(|i| self.out[*i].is_empty()).collect();
        let mut done: HashSet<usize> = HashSet::new();
        for i in &left {
            let alike = |k: &&usize| old[**k].window == old[*i].window && old[**k].facet == old[*i].facet;
            let olds: Vec<usize> = left.iter().filter(alike).copied().collect();
            let free = |j: &usize| !self.taken.contains(j) && room(&old[*i], &new[*j]);
            let news: Vec<usize> = (0..new.len()).filter(free).collect();
            if done.insert(*i) && olds.len() == news.len() {
                for (i, j) in olds.into_iter().zip(news) {
                    done.insert(i);
                    self.take(i, j);
                }
            }
        }
    }

    /// The likeliest other half of one that became two: it stands beside the first, and says much of the old one.
    fn half(&self) -> Option<(usize, usize)> {
        let mut best: Option<(f64, usize, usize)> = None;
        for (j, n) in self.new.iter().enumerate().filter(|(j, _)| !self.taken.contains(j)) {
            for (i, o) in self.old.iter().enumerate().filter(|(i, _)| !self.out[*i].is_empty()) {
                let halves: Vec<&New> = self.out[i].iter().filter_map(|h| self.new.get(*h)).collect();
                if !halves.iter().any(|h| h.number.abs_diff(n.number) == 1 && h.facet == n.facet) {
                    continue;
                }
                let (all, whole) = (self.sum(o.words.iter()), self.sum(n.words.iter()));
                let said = self.sum(o.words.intersection(&n.words));
                let half = if whole > 0.0 && all > 0.0 { said / whole.min(all * 2.0) } else { 0.0 };
                if half >= HALF && best.is_none_or(|(most, ..)| half > most) {
                    best = Some((half, i, j));
                }
            }
        }
        best.map(|(_, i, j)| (i, j))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{Part, key};

    fn print(text: &str) -> Fingerprint {
        key::fingerprint(&key::key(text, &[]).0)
    }

    fn stance(number: usize, of: usize) -> Stance {
        Stance { number, of, ..Stance::default() }
    }

    fn pairs(old: &[&str], new: &[&str]) -> Vec<Vec<usize>> {
        let olds: Vec<Old> = (old.iter().enumerate())
            .map(|(i, t)| Old::new(print(t), std::iter::once(*t), (None, None), &stance(i, old.len())))
            .collect();
        let news: Vec<New> = (new.iter().enumerate())
            .map(|(i, t)| {
                let at = Place { part: Part::Entry(0), facet: 0, sentence: i };
                New::at(at, t, &stance(i, new.len()))
            })
            .collect();
        pair(&olds, &news)
    }

    #[test]
    fn other_words_for_the_same_thing() {
        let old = ["The boat is used by the ferryman to cross the lake.", "Paint the boat every year."];
        let new = ["The ferryman crosses the lake with the boat.", "Every year, give the boat new paint."];
        assert_eq!(pairs(&old, &new), [vec![0], vec![1]]);
    }

    #[test]
    fn one_sentence_that_became_two() {
        let old = ["When the lake freezes the boat is not lifted and must be pulled ashore by hand."];
        let new = ["When the lake freezes the boat is not lifted.", "It must be pulled ashore by hand."];
        assert_eq!(pairs(&old, &new), [vec![0, 1]]);
    }

    #[test]
    fn what_stands_alone_between_the_same_neighbours_is_a_pair_whatever_it_says() {
        assert_eq!(pairs(&["Paint the boat."], &["Lamps burn all night."]), [vec![0]]);
        let two = ["Lamps burn all night.", "Tiles keep the rain out."];
        assert_eq!(pairs(&["Paint the boat."], &two), [Vec::<usize>::new()]);
    }

    #[test]
    fn our_words_find_the_sentence_that_names_the_same_things() {
        let old = ["The boat crosses the lake.", "Its rudder needs oil."];
        let new = ["Put enough oil on the rudder so that it turns.", "Ferrymen go over the lake in a boat."];
        assert_eq!(pairs(&old, &new), [vec![1], vec![0]]);
    }
}
