//! The class of a pair of sentences, or of one that has no counterpart.

use std::ops::Range;

use crate::page::{Alert, Sentence, Style, Word};

use super::Class;
use super::words::stems;

/// The class of sentences that belong together. Neither side is empty.
pub(super) fn paired(old: &[&Sentence], new: &[&Sentence]) -> Class {
    let (was, is) = (Named::of(old), Named::of(new));
    if !words(old).eq(words(new)) {
        return if was.says(&is) && names(old, new) && names(new, old) {
            Class::Terminology
        } else if points(old) && points(new) {
            Class::LinkOnly
        } else if same_stems(old, new) {
            Class::Reworded
        } else {
            Class::Edited
        };
    }
    let same = |(a, b): (&&Sentence, &&Sentence)| a.text == b.text && a.marks == b.marks && a.form == b.form;
    if !was.calls(&is) {
        Class::Terminology
    } else if alert(old) != alert(new) {
        Class::AlertOnly
    } else if !targets(old).eq(targets(new)) {
        Class::LinkOnly
    } else if old.len() == new.len() && old.iter().zip(new).all(same) {
        Class::Identical
    } else {
        Class::Notation
    }
}

/// Names that the publisher gave other names: the words of a key, and what they are called by now. Those that have
/// their name yet are there too, so that one can be laid beside the other; longer ones come before their beginnings.
/// Unlike the phrases of [`crate::page::key`] they do not make two sentences equal.
const NAMES: &[(&[&str], &[&str])] = &[
    (&["configuration", "manager"], &["configuration", "manager"]),
    (&["configmgr"], &["configuration", "manager"]),
    (&["sql", "server"], &["sql", "server"]),
    (&["sql"], &["sql", "server"]),
    (&["microsoft", "entra"], &["microsoft", "entra"]),
    (&["azure", "ad-joined"], &["microsoft", "entra", "joined"]),
    (&["azure", "ad"], &["microsoft", "entra"]),
];

/// Sentences by the names that products have now.
pub(super) struct Named<'s> {
    /// The words of their keys.
    words: Vec<&'s str>,
    /// What products are called in them, in small letters, with the place among all words of the side.
    pub(super) names: Vec<(Range<usize>, String)>,
}

impl<'s> Named<'s> {
    pub(super) fn of(side: &[&'s Sentence]) -> Self {
        let mut out = Self { words: Vec::new(), names: Vec::new() };
        let mut before = 0;
        for sentence in side {
            let keys: Vec<&str> = sentence.key.split(' ').collect();
            let mut at = 0;
            while let Some(word) = keys.get(at) {
                let name = NAMES.iter().find(|(name, _)| keys.get(at..at + name.len()) == Some(name));
                let Some((name, now)) = name else {
                    out.words.push(word);
                    at += 1;
                    continue;
                };
                let words = at..at + name.len();
                let place = sentence.words.get(words.clone()).unwrap_or_default();
                let start = place.iter().map(|w| w.start as usize).min().unwrap_or_default();
                let end = place.iter().map(|w| w.end as usize).max().unwrap_or_default();
                let text = sentence.text.get(start..end).unwrap_or_default().to_lowercase();
                out.names.push((before + words.start..before + words.end, text));
                out.words.extend_from_slice(now);
                at = words.end;
            }
            before += sentence.words.len();
        }
        out
    }

    /// Whether only names differ.
    fn says(&self, other: &Self) -> bool {
        self.words == other.words
    }

    fn calls(&self, other: &Self) -> bool {
        self.names.iter().map(|(_, name)| name).eq(other.names.iter().map(|(_, name)| name))
    }
}

/// The class of a sentence without a counterpart.
pub(super) fn alone(sentence: &Sentence, class: Class) -> Class {
    if points(&[sentence]) { Class::LinkOnly } else { class }
}

fn words<'s>(side: &'s [&Sentence]) -> impl Iterator<Item = u64> + 's {
    side.iter().flat_map(|s| s.words.iter().map(|w| w.id))
}

fn targets<'s>(side: &'s [&Sentence]) -> impl Iterator<Item = &'s str> {
    side.iter().flat_map(|s| s.links.iter().map(|l| l.target.as_str()))
}

/// Words that a sentence may have and still do nothing but point elsewhere.
const POINTING: &[&str] = &[
    "a",
    "about",
    "also",
    "and",
    "article",
    "details",
    "following",
    "for",
    "how",
    "in",
    "information",
    "learn",
    "more",
    "of",
    "on",
    "or",
    "refer",
    "section",
    "see",
    "the",
    "to",
    "topic",
];

/// Whether sentences do nothing but point elsewhere: outside of their links they say `For more information, see`.
pub(super) fn points(side: &[&Sentence]) -> bool {
    !side.is_empty()
        && side.iter().all(|s| {
            !s.links.is_empty()
                && s.key.split(' ').zip(&s.words).all(|(key, word)| {
                    let (start, end) = (word.start as usize, word.end as usize);
                    POINTING.binary_search(&key).is_ok()
                        || s.links.iter().any(|l| l.place.start <= start && end <= l.place.end)
                })
        })
}

/// Whether two sides have the same words but for grammar, bind in the same way, and name the same folders and numbers.
fn same_stems(old: &[&Sentence], new: &[&Sentence]) -> bool {
    let (a, b) = (Stems::of(old), Stems::of(new));
    a.all == b.all && a.binding == b.binding && a.exact == b.exact && names(old, new) && names(new, old)
}

/// Whether all that binds, limits or counts in a sentence is in another too.
pub(super) fn binds_no_more(one: &Sentence, other: &Sentence) -> bool {
    let (a, b) = (Stems::of(&[one]), Stems::of(&[other]));
    a.binding.iter().all(|w| b.binding.contains(w)) && a.exact.iter().all(|w| b.exact.contains(w))
}

fn alert(side: &[&Sentence]) -> Option<Alert> {
    side.first().and_then(|s| s.alert)
}

/// Whether all that is set off on one side stands word for word on the other. `Users` in bold is a name; `User` is
/// another.
fn names(these: &[&Sentence], others: &[&Sentence]) -> bool {
    let others: Vec<u64> = words(others).collect();
    these.iter().all(|s| {
        s.marks.iter().filter(|m| m.style != Style::Emphasis).all(|mark| {
            let inside = |w: &&Word| mark.place.start <= w.start as usize && w.end as usize <= mark.place.end;
            let name: Vec<u64> = s.words.iter().filter(inside).map(|w| w.id).collect();
            name.is_empty() || others.windows(name.len()).any(|w| w == name)
        })
    })
}

/// Words that bind, forbid, limit or allow.
const BINDING: &[&str] = &[
    "always", "can", "may", "might", "must", "never", "no", "none", "not", "only", "or", "required",
    "requires", "should", "without",
];

/// What is left of sentences without grammar.
struct Stems<'s> {
    /// The stems, each once.
    all: Vec<&'s str>,
    /// Words that bind, each once.
    binding: Vec<&'s str>,
    /// Folders and numbers, as often as they occur.
    exact: Vec<&'s str>,
}

impl<'s> Stems<'s> {
    fn of(side: &[&'s Sentence]) -> Self {
        let mut out = Self { all: Vec::new(), binding: Vec::new(), exact: Vec::new() };
        for sentence in side {
            out.all.extend(stems(&sentence.key));
            for key in sentence.key.split(' ') {
                if BINDING.binary_search(&key).is_ok() {
                    out.binding.push(key);
                } else if key.contains(|c: char| c == '\\' || c.is_ascii_digit()) {
                    out.exact.push(key);
                }
            }
        }
        out.all.sort_unstable();
        out.all.dedup();
        out.binding.sort_unstable();
        out.binding.dedup();
        out.exact.sort_unstable();
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::parse;

    fn class(old: &str, new: &str) -> Class {
        let (old, new) = (parse(old), parse(new));
        let (old, new): (Vec<_>, Vec<_>) =
            (old.sentences().map(|(_, s)| s).collect(), new.sentences().map(|(_, s)| s).collect());
        paired(&old, &new)
    }

    #[test]
    fn lists_are_sorted() {
        assert!(POINTING.is_sorted() && BINDING.is_sorted());
    }

    #[test]
    fn each_class_has_its_case() {
        for (old, new, expected) in [
            ("Same words.", "Same words.", Class::Identical),
            ("The **Read** right isn't used.", "The `read` right is not used.", Class::Notation),
            (
                "ConfigMgr asks SQL for it.",
                "Configuration Manager asks SQL Server for it.",
                Class::Terminology,
            ),
            ("The **ConfigMgr** group.", "The **Configuration Manager** group.", Class::Edited),
            (
                "Applies to: System Center Configuration Manager (Current Branch)",
                "*Applies to: Configuration Manager (current branch)*",
                Class::Terminology,
            ),
            ("> [!NOTE]\n> Same words.", "> [!IMPORTANT]\n> Same words.", Class::AlertOnly),
            ("See [this](a).", "See [this](b).", Class::LinkOnly),
            ("For more information, see [this](a).", "For more information, see [that](b).", Class::LinkOnly),
            ("The group is used by the site.", "The site uses the group.", Class::Reworded),
            (
                "You must specify a user whenever it is far.",
                "When it's far, you must specify a user.",
                Class::Reworded,
            ),
            ("It is removed, and must be deleted.", "It is removed. It must be deleted.", Class::Reworded),
            (
                "It holds the list, and must be there.",
                "It must store the list. It must be there.",
                Class::Reworded,
            ),
            ("Only **Users** use it.", "**User** only uses it.", Class::Edited),
            ("Up to 10 accounts.", "Up to 12 accounts.", Class::Edited),
            ("Write, or Write and Modify.", "Write and Modify.", Class::Edited),
            ("It can be used.", "It can only be used.", Class::Edited),
        ] {
            assert_eq!(class(old, new), expected, "{old} / {new}");
        }
    }
}
