//! Which sentences of a page stand in place of sentences that it no longer says.
//!
//! The older sentences are not known, only what we say of them in our own words. That leaves the names of things,
//! which is what most of the likeness rests on; the rest is the place: sub-heading, box, order. Where the older
//! page is at hand, `diff::wording` does this better.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::content::Alert;
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

/// How like a pair must be.
const LIKE: f64 = 0.26;

/// For each old sentence the numbers of the new ones in its place, in their order; none if it is gone.
pub(super) fn pair(old: &[Old], new: &[New]) -> Vec<Vec<usize>> {
    let mut out: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); old.len()];
    let mut spread: HashMap<&str, f64> = HashMap::new();
    for word in old.iter().flat_map(|o| &o.words).chain(new.iter().flat_map(|n| &n.words)) {
        *spread.entry(word).or_default() += 1.0;
    }
    // What most sentences of an account say says little, but all words count a little.
    let weight = |word: &str| 1.0 / spread.get(word).copied().unwrap_or(1.0).sqrt();
    let sum = |words: &mut dyn Iterator<Item = &String>| {
        let mut values: Vec<f64> = words.map(|w| weight(w)).collect();
        values.sort_by(f64::total_cmp);
        values.iter().sum::<f64>()
    };
    let common = |o: &Old, n: &New| sum(&mut o.words.intersection(&n.words));
    let score = |o: &Old, n: &New| {
        let (a, b) = (sum(&mut o.words.iter()), sum(&mut n.words.iter()));
        let words = if a > 0.0 && b > 0.0 { common(o, n) / (a * b).sqrt() } else { 0.0 };
        let facet = match (&o.facet, &n.facet) {
            (Some(a), Some(b)) if a == b => 0.12,
            (None, None) => 0.0,
            _ => -0.08,
        };
        let alert = if o.alert.is_some() && o.alert == n.alert { 0.06 } else { 0.0 };
        words + facet + alert + 0.12 * (1.0 - (o.place - n.place).abs()) - 0.06
    };
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (i, o) in old.iter().enumerate() {
        for (j, n) in new.iter().enumerate() {
            let score = score(o, n);
            if score >= LIKE {
                pairs.push((score, i, j));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut taken: HashSet<usize> = HashSet::new();
    for (_, i, j) in &pairs {
        if out[*i].is_empty() && taken.insert(*j) {
            out[*i].insert(*j);
        }
    }
    // What is left of both between the same neighbours, one for one.
    let room = |o: &Old, n: &New| {
        let (low, high) = o.window;
        low.is_none_or(|low| low < n.number)
            && high.is_none_or(|high| n.number < high)
            && (o.facet.is_none() || o.facet == n.facet)
            && (o.alert.is_none() || o.alert == n.alert)
    };
    let left: Vec<usize> = (0..old.len()).filter(|i| out[*i].is_empty()).collect();
    let mut done: HashSet<usize> = HashSet::new();
    for i in &left {
        let alike = |k: &&usize| old[**k].window == old[*i].window && old[**k].facet == old[*i].facet;
        let olds: Vec<usize> = left.iter().filter(alike).copied().collect();
        let free = |j: &usize| !taken.contains(j) && room(&old[*i], &new[*j]);
        let news: Vec<usize> = (0..new.len()).filter(free).collect();
        if done.insert(*i) && olds.len() == news.len() {
            for (i, j) in olds.into_iter().zip(news) {
                done.insert(i);
                taken.insert(j);
                out[i].insert(j);
            }
        }
    }
    // One that became two: the other half stands beside the first, and says what that does not.
    loop {
        let mut best: Option<(f64, usize, usize)> = None;
        for (j, n) in new.iter().enumerate().filter(|(j, _)| !taken.contains(j)) {
            for (i, o) in old.iter().enumerate().filter(|(i, _)| !out[*i].is_empty()) {
                let mut halves = out[i].iter().filter_map(|h| new.get(*h));
                if !halves.clone().any(|h| h.number.abs_diff(n.number) == 1 && h.facet == n.facet) {
                    continue;
                }
                let rest: HashSet<&String> =
                    o.words.iter().filter(|w| !halves.any(|h| h.words.contains(*w))).collect();
                let left = sum(&mut rest.iter().copied());
                let said = sum(&mut rest.iter().copied().filter(|w| n.words.contains(*w)));
                let whole = sum(&mut n.words.iter());
                let half = if whole > 0.0 && left > 0.0 { said / whole.min(left * 2.0) } else { 0.0 };
                if half >= 0.34 && best.is_none_or(|(most, ..)| half > most) {
                    best = Some((half, i, j));
                }
            }
        }
        let Some((_, i, j)) = best else { break };
        taken.insert(j);
        out[i].insert(j);
    }
    // Two that became one.
    for (score, i, j) in &pairs {
        if out[*i].is_empty() && *score >= LIKE + 0.1 {
            out[*i].insert(*j);
        }
    }
    out.into_iter().map(|set| set.into_iter().collect()).collect()
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
