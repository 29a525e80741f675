//! Words: how alike two sequences are, what their stems are, and which runs of them differ.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use similar::DiffOp;

use super::Hunk;

/// Above this many steps the order of words is not looked at: the text is no sentence.
const TOO_LONG: usize = 1 << 20;

/// Length of the longest common subsequence, 64 words of the first sequence at a step (Hyyrö's algorithm).
pub(super) fn lcs(a: &[u64], b: &[u64]) -> usize {
    let (a, b) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let blocks = a.len().div_ceil(64);
    if blocks == 0 {
        return 0;
    }
    // Where each word stands in `a`.
    let mut places: Vec<(u64, usize)> = a.iter().copied().zip(0..).collect();
    places.sort_unstable();
    let mut row = vec![u64::MAX; blocks];
    let mut mask = vec![0u64; blocks];
    for word in b {
        let from = places.partition_point(|(w, _)| w < word);
        let of = places.get(from..).unwrap_or_default().iter().take_while(|(w, _)| w == word);
        if of.clone().next().is_none() {
            continue;
        }
        for (_, at) in of.clone() {
            if let Some(block) = mask.get_mut(at / 64) {
                *block |= 1 << (at % 64);
            }
        }
        let mut carry = 0u64;
        for (row, mask) in row.iter_mut().zip(&mask) {
            let hits = *row & mask;
            let (sum, over) = row.overflowing_add(hits);
            let (sum, over_carry) = sum.overflowing_add(carry);
            carry = u64::from(over | over_carry);
            *row = sum | (*row & !mask);
        }
        for (_, at) in of {
            if let Some(block) = mask.get_mut(at / 64) {
                *block = 0;
            }
        }
    }
    let zeros: usize = row.iter().map(|r| r.count_zeros() as usize).sum();
    zeros.min(a.len())
}

/// Twice the common subsequence by the length of both; none if both are too long for sentences.
pub(super) fn lcs_ratio(a: &[u64], b: &[u64]) -> Option<f64> {
    (a.len().saturating_mul(b.len()) / 64 <= TOO_LONG).then(|| share(2 * lcs(a, b), a.len() + b.len()))
}

/// A part of a whole, from 0 to 1.
pub(super) fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// A map from ids, which are hashes already.
pub(super) type IdMap<V> = HashMap<u64, V, BuildHasherDefault<IdHasher>>;

/// Hashes an id by taking it as it is.
#[derive(Debug, Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = crate::page::key::mix(self.0, bytes);
    }
    fn write_u64(&mut self, id: u64) {
        self.0 = id;
    }
}

/// The Dice coefficient of two sorted lists, with repetitions.
pub(super) fn dice(a: &[u64], b: &[u64]) -> f64 {
    share(2 * common(a, b), a.len() + b.len())
}

/// How many items two sorted lists share.
fn common(a: &[u64], b: &[u64]) -> usize {
    let (mut i, mut j, mut n) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                n += 1;
                i += 1;
                j += 1;
            }
        }
    }
    n
}

/// Of pairs with how alike they are, the most alike first, those whose two sides are not taken by a better one.
/// Of equals the first counts.
pub(crate) fn best_pairs(mut all: Vec<(f64, usize, usize)>) -> Vec<(usize, usize)> {
    all.sort_by(|x, y| y.0.total_cmp(&x.0).then_with(|| (x.1, x.2).cmp(&(y.1, y.2))));
    let (mut old, mut new) = (HashSet::new(), HashSet::new());
    let free = |(_, i, j): (f64, usize, usize)| {
        let free = !old.contains(&i) && !new.contains(&j);
        (free && old.insert(i) && new.insert(j)).then_some((i, j))
    };
    all.into_iter().filter_map(free).collect()
}

/// Words that carry grammar and no fact. Negations, `or`, `only`, `must`, `can` and the like are not among them.
const STOP: &[&str] = &[
    "a",
    "about",
    "additionally",
    "also",
    "am",
    "and",
    "are",
    "as",
    "at",
    "be",
    "because",
    "been",
    "being",
    "below",
    "but",
    "by",
    "did",
    "do",
    "does",
    "following",
    "for",
    "from",
    "had",
    "has",
    "have",
    "however",
    "if",
    "in",
    "into",
    "is",
    "it",
    "its",
    "of",
    "on",
    "so",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "to",
    "various",
    "was",
    "were",
    "when",
    "whenever",
    "where",
    "which",
    "while",
    "who",
    "whom",
    "whose",
    "will",
    "with",
    "you",
    "your",
];

/// Whether a word of a key carries grammar and no fact.
pub(super) fn is_stop(word: &str) -> bool {
    STOP.binary_search(&word).is_ok()
}

/// Words that style guides swap and that mean one thing here. They do not make two sentences equal, as those of
/// [`crate::page::key`] do, but a sentence in which only they differ is reworded and not edited.
const ALIKE: &[(&str, &str)] = &[
    ("article", "topic"),
    ("contain", "have"),
    ("contains", "has"),
    ("grant", "assign"),
    ("hold", "store"),
    ("holds", "stores"),
    ("operation", "task"),
    ("operations", "tasks"),
    ("select", "choose"),
    ("subfolder", "folder"),
    ("subfolders", "folders"),
];

/// The stems of a key: words without the endings of grammar, and without words of grammar. Words with a hyphen
/// are as many as they have parts.
pub(super) fn stems(key: &str) -> impl Iterator<Item = &str> {
    key.split([' ', '-']).map(alike).filter(|w| !w.is_empty() && !is_stop(w)).map(stem)
}

fn alike(word: &str) -> &str {
    ALIKE.iter().find(|(from, _)| *from == word).map_or(word, |(_, to)| to)
}

/// The stem of a word: without the endings of grammar.
fn stem(word: &str) -> &str {
    let word = word.strip_suffix("'s").or_else(|| word.strip_suffix('\'')).unwrap_or(word);
    // Names and folders have no grammar.
    if word.contains(['_', '\\', '.', '{']) || !word.is_ascii() {
        return word;
    }
    let cut = ["ions", "ings", "ing", "ion", "ied", "ies", "ed", "es", "s", "e", "y"]
        .into_iter()
        .find_map(|end| word.strip_suffix(end).filter(|rest| rest.len() >= 2))
        .unwrap_or(word);
    // `controll`, from `controlled`, is `control`.
    match cut.as_bytes() {
        [.., x, y] if x == y && cut.len() > 4 => cut.get(..cut.len() - 1).unwrap_or(cut),
        _ => cut,
    }
}

/// The runs of words that differ, put together where what lies between them is not worth reading: two words of
/// grammar, or one word beside four that changed. `small` says of a word of the first sequence whether it is one
/// of grammar.
pub(super) fn hunks(a: &[u64], b: &[u64], small: impl Fn(usize) -> bool) -> Vec<Hunk> {
    let mut out: Vec<Hunk> = Vec::new();
    for op in crate::text::differences(a, b) {
        if let DiffOp::Equal { .. } = op {
            continue;
        }
        let this = Hunk { old: op.old_range(), new: op.new_range() };
        if let Some(last) = out.last_mut() {
            let gap = this.old.start.saturating_sub(last.old.end);
            let size = |h: &Hunk| h.old.len().max(h.new.len());
            let grammar = gap <= 2 && (last.old.end..this.old.start).all(&small);
            if grammar || (gap == 1 && size(last) + size(&this) >= 4) {
                last.old.end = this.old.end;
                last.new.end = this.new.end;
                continue;
            }
        }
        out.push(this);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slow(a: &[u64], b: &[u64]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut diagonal = 0;
            for (j, y) in b.iter().enumerate() {
                let above = row[j + 1];
                row[j + 1] = if x == y { diagonal + 1 } else { above.max(row[j]) };
                diagonal = above;
            }
        }
        row[b.len()]
    }

    proptest! {
        #[test]
        fn the_fast_subsequence_is_the_longest(
            a in proptest::collection::vec(0u64..9, 0..150),
            b in proptest::collection::vec(0u64..9, 0..150),
        ) {
            prop_assert_eq!(lcs(&a, &b), slow(&a, &b));
        }

        #[test]
        fn hunks_hold_all_that_differs(
            a in proptest::collection::vec(0u64..5, 0..40),
            b in proptest::collection::vec(0u64..5, 0..40),
        ) {
            let hunks = hunks(&a, &b, |i| i % 3 == 0);
            let (mut i, mut j) = (0, 0);
            for hunk in &hunks {
                prop_assert_eq!(&a[i..hunk.old.start], &b[j..hunk.new.start]);
                prop_assert!(!hunk.old.is_empty() || !hunk.new.is_empty());
                (i, j) = (hunk.old.end, hunk.new.end);
            }
            prop_assert_eq!(&a[i..], &b[j..]);
        }
    }

    #[test]
    fn endings_go() {
        for (one, other) in [
            ("uses", "used"),
            ("use", "using"),
            ("delete", "deleted"),
            ("specify", "specified"),
            ("site's", "site"),
            ("connects", "connecting"),
            ("controlled", "controls"),
        ] {
            assert_eq!(stem(one), stem(other), "{one} {other}");
        }
        for (one, other) in
            [("read", "write"), ("statmgr.box", "statmgr.boxes"), ("user", "use"), ("is", "it")]
        {
            assert_ne!(stem(one), stem(other));
        }
    }

    #[test]
    fn grammar_is_sorted_and_facts_are_not_in_it() {
        assert!(STOP.is_sorted());
        for fact in ["not", "no", "never", "only", "or", "must", "can", "might", "may", "should", "required"]
        {
            assert!(!is_stop(fact), "{fact}");
        }
    }
}
