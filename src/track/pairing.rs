//! Which sentences of a page stand in place of sentences that it no longer says.
//!
//! The older sentences are not known, only what we say of them in our own words. That leaves the names of things,
//! which is what most of the likeness rests on; the rest is the place: sub-heading, box, order. Where the older
//! page is at hand, `diff::wording` does this better.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::content::{Alert, Level, Timeline};
use crate::diff::wording::best_pairs;
use crate::page::{Fingerprint, Page, Part, Place, Sentence, key};

use super::known::{Known, KnownEntity, KnownStatement, Stand, Standing, says_something, texts};
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
    /// Whether it forbids something.
    forbids: bool,
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
    /// Whether it tells to keep something from someone.
    forbids: bool,
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
        forbids: bool,
    ) -> Self {
        Self {
            print,
            forbids,
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
            forbids: forbids(text),
            number: stance.number,
        }
    }
}

/// Whether a sentence tells to keep something from someone. That something is not so, or not needed, is no ban.
fn forbids(text: &str) -> bool {
    let key = key::key(text, &[]).0;
    let words: Vec<&str> = key.split(' ').collect();
    let said = |phrase: &[&str]| words.windows(phrase.len()).any(|w| w == phrase);
    let ban: [&[&str]; 5] = [&["deny"], &["never"], &["do", "not"], &["must", "not"], &["should", "not"]];
    let need = ["need", "require", "have"].iter().any(|verb| said(&["not", verb]));
    !need && ban.iter().any(|phrase| said(phrase))
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
/// A ban and a sentence that bans; a ban and one that does not.
const BAN: f64 = 0.1;

/// The sentences of an account, a group or the page itself: those that are there, and those that stand in place of
/// others.
pub(super) struct Heirs<'k> {
    known: &'k Known<'k>,
    page: &'k Page,
    entity: &'k KnownEntity<'k>,
    entry: Option<usize>,
    stands: &'k [Stand],
    /// The sentences it has now, in order.
    pub(super) here: Vec<(Place, &'k Sentence)>,
    /// Those of them that no statement accounts for.
    pub(super) new: Vec<New>,
}

impl<'k> Heirs<'k> {
    /// `number` is that of the entity among all that are known; `entry` where it is on the page.
    pub(super) fn new(
        known: &'k Known<'k>,
        page: &'k Page,
        standing: &'k Standing,
        number: usize,
        entity: &'k KnownEntity<'k>,
        entry: Option<usize>,
    ) -> Self {
        let here = sentences(page, entry);
        let own: HashSet<_> = entity.statements.iter().flat_map(|s| s.seen.iter().copied()).collect();
        let places: HashSet<Place> = standing.new.iter().copied().collect();
        let merged = entry.is_some_and(|e| standing.matching.into.contains(&Some(e)));
        let new = (here.iter().enumerate())
            .filter(|(_, (place, s))| places.contains(place) || (merged && !own.contains(&s.fingerprint)))
            .map(|(n, (place, s))| New::at(*place, &s.text, &stance(page, *place, n, here.len())))
            .collect();
        let stands = standing.stands.get(number).map_or(&[][..], Vec::as_slice);
        Self { known, page, entity, entry, stands, here, new }
    }

    /// The numbers of the sentences by which the page still makes a statement.
    pub(super) fn numbers(&self, statement: &KnownStatement<'_>) -> Vec<usize> {
        let said = self.here.iter().enumerate().filter(|(_, (_, h))| statement.seen.contains(&h.fingerprint));
        said.map(|(n, _)| n).collect()
    }

    /// The sentences that the page does not say any more, in the order of the statements.
    pub(super) fn lost(&self) -> Vec<Fingerprint> {
        let with = self.entity.statements.iter().zip(self.stands);
        let mut out = Vec::new();
        for print in with.filter(|(_, stand)| **stand == Stand::Missing).flat_map(|(s, _)| &s.seen) {
            if !self.page.find(*print).iter().any(|p| belongs(*p, self.entry)) && !out.contains(print) {
                out.push(*print);
            }
        }
        out
    }

    /// Each of them with the sentences in its place.
    pub(super) fn pairs(&self) -> Vec<(Fingerprint, Vec<Place>)> {
        let old: Vec<Old> = self.lost().into_iter().map(|print| self.old(print)).collect();
        let places = |pair: Vec<usize>| pair.iter().filter_map(|n| self.new.get(*n)).map(|n| n.at).collect();
        let pairs = pair(&old, &self.new);
        old.iter().zip(pairs).map(|(o, pair)| (o.print, places(pair))).collect()
    }

    /// Pairs that came from the words of both pages: a ban whose place a sentence without one would take goes on as the
    /// ban that our words find for it.
    pub(super) fn bans_first(&self, pairs: Vec<(Fingerprint, Vec<Place>)>) -> Vec<(Fingerprint, Vec<Place>)> {
        let bans = |place: &Place| self.new.iter().any(|n| n.at == *place && n.forbids);
        let mut others: Option<HashMap<Fingerprint, Vec<Place>>> = None;
        let better = |(print, places): (Fingerprint, Vec<Place>)| {
            if places.is_empty() || places.iter().any(bans) || !self.old(print).forbids {
                return (print, places);
            }
            let others = others.get_or_insert_with(|| self.pairs().into_iter().collect());
            let other = others.get(&print).filter(|other| other.iter().any(bans));
            (print, other.cloned().unwrap_or(places))
        };
        pairs.into_iter().map(better).collect()
    }

    /// A sentence the page does not say, by what we say of it.
    fn old(&self, print: Fingerprint) -> Old {
        let revision = self.known.revision;
        let statements = &self.entity.statements;
        let with = statements.iter().enumerate().filter(|(_, s)| s.seen.contains(&print));
        let at = with.clone().map(|(i, _)| i).next().unwrap_or(0);
        let sayings = with.clone().flat_map(|(_, s)| texts(s.statement, revision));
        let first = with.clone().map(|(_, s)| s.statement).next();
        let words = |t: Option<&Timeline<String>>| t.and_then(|t| t.at(revision)).cloned();
        let stance = Stance {
            facet: words(first.and_then(|s| s.section.as_ref())).map(|s| key::title(&s)),
            alert: first.and_then(|s| s.alert.as_ref()?.at(revision).copied()),
            number: at,
            of: statements.len(),
        };
        let before = statements.iter().take(at).rev();
        let low = before.filter_map(|s| self.numbers(s).into_iter().max()).next();
        let behind = statements.iter().skip(at + 1);
        let high =
            (behind.filter_map(|s| self.numbers(s).into_iter().min())).find(|n| low.is_none_or(|l| *n > l));
        let mut levels = with.filter_map(|(_, s)| s.statement.level.at(revision));
        let forbids = levels.any(|level| matches!(level, Level::MustNot | Level::ShouldNot));
        Old::new(print, sayings, (low, high), &stance, forbids)
    }
}

/// The sentences of an entry, or those outside of entries, in order.
pub(super) fn sentences(page: &Page, entry: Option<usize>) -> Vec<(Place, &Sentence)> {
    page.sentences().filter(|(p, s)| belongs(*p, entry) && says_something(s)).collect()
}

/// Whether a place is in an entry, or outside of all if there is none.
pub(super) fn belongs(place: Place, entry: Option<usize>) -> bool {
    match place.part {
        Part::Entry(i) => Some(i) == entry,
        Part::Section(_) => entry.is_none(),
    }
}

fn stance(page: &Page, place: Place, number: usize, of: usize) -> Stance {
    let facet = page.facets(place.part).get(place.facet);
    Stance {
        facet: facet.map(|f| f.name.clone()).filter(|n| !n.is_empty()),
        alert: page.sentence(place).and_then(|s| s.alert),
        number,
        of,
    }
}

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
        let ban = match (o.forbids, n.forbids) {
            (true, true) => BAN,
            (true, false) => -BAN,
            _ => 0.0,
        };
        words + facet + alert + ban + PLACE * (1.0 - (o.place - n.place).abs()) - PLACE / 2.0
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

    fn print(text: &str) -> Fingerprint {
        key::fingerprint(&key::key(text, &[]).0)
    }

    fn stance(number: usize, of: usize) -> Stance {
        Stance { number, of, ..Stance::default() }
    }

    fn pairs(old: &[&str], new: &[&str]) -> Vec<Vec<usize>> {
        let olds: Vec<Old> = (old.iter().enumerate())
            .map(|(i, t)| {
                let stance = stance(i, old.len());
                Old::new(print(t), std::iter::once(*t), (None, None), &stance, forbids(t))
            })
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
    fn a_ban_goes_on_as_a_ban() {
        let old = ["The ferryman must not be given a key to the lamp room."];
        let new = [
            "As a member of the crew the ferryman would have a key to the lamp room, and does not need it.",
            "Deny the ferryman the lamp room by the list at the gate.",
        ];
        assert_eq!(pairs(&old, &new)[0].first(), Some(&1));
        assert_eq!(pairs(&["The ferryman has a key to the lamp room."], &new)[0].first(), Some(&0));
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
