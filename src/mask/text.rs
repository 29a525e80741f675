//! Names found in texts, whatever stands around them.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use super::Kind;
use super::names::Names;
use super::pseudonym::Pseudonyms;
use super::public::Public;
use crate::pattern::pattern;
use crate::source::ELIDED;

/// What kind of text it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    /// A sentence of ours with names in it: an ordinary word is a name only where it stands like one.
    Sentence,
    /// Names alone, or a piece of an export.
    Value,
}

/// Finds names.
#[derive(Debug)]
pub(super) struct Finder {
    /// Names of the estate in the order of their keys, then those that are kept.
    names: Vec<Name>,
    /// How many of them are of the estate.
    estate: usize,
    /// None where there are too many names to look for: then nothing is shown.
    automaton: Option<AhoCorasick>,
    identifiers: Regex,
    escapes: Regex,
}

#[derive(Debug)]
struct Name {
    /// In lower case, as it is written in the texts.
    key: String,
    kind: Kind,
    /// An ordinary word.
    word: bool,
    /// Long and odd enough to be a name wherever it stands, also within a longer one.
    anywhere: bool,
}

/// A name in a text: where it stands, what stands there instead.
pub(super) type Replaced = (Range<usize>, String);

/// A name in a text.
struct Found {
    range: Range<usize>,
    kind: Kind,
    key: String,
}

impl Finder {
    pub(super) fn new(names: &Names, public: &Public) -> Self {
        let mut all: Vec<(&String, Kind)> = names.0.iter().map(|(name, kind)| (name, *kind)).collect();
        all.sort_unstable();
        let (mut out, mut patterns) = (Vec::new(), Vec::new());
        for (key, kind) in all {
            let word = public.is_word(key);
            let long = key.chars().count() >= 6;
            let anywhere = long && kind <= Kind::Account && !word && !key.contains(' ');
            for written in spellings(key) {
                patterns.push(written);
                out.push(Name { key: key.clone(), kind, word, anywhere });
            }
        }
        let estate = out.len();
        for kept in public.kept().filter(|kept| !names.0.contains_key(*kept)) {
            patterns.push(kept.clone());
            out.push(Name { key: kept.clone(), kind: Kind::Path, word: false, anywhere: false });
        }
        let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&patterns).ok();
        // What is part of a word is no name within a longer one.
        let lines = public.lines();
        for found in automaton.iter().flat_map(|automaton| automaton.find_overlapping_iter(&lines)) {
            if let Some(name) = out.get_mut(found.pattern().as_usize()) {
                name.anywhere = false;
            }
        }
        let sid = r"s-1-5-21-\d+-\d+-\d+(-\d+)?";
        let guid = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
        let address = r"\b(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}\b";
        Self {
            names: out,
            estate,
            automaton,
            identifiers: pattern(&format!("(?P<sid>{sid})|(?P<guid>{guid})|(?P<address>{address})")),
            escapes: pattern(
                r#"[^\s"'<>,;…]*(\\u[0-9A-Fa-f]{4}|&#x?[0-9A-Fa-f]+;|_x[0-9A-Fa-f]{4}_)[^\s"'<>,;…]*"#,
            ),
        }
    }

    /// What a name in lower case is of, if it is one.
    pub(super) fn kind(&self, name: &str) -> Option<Kind> {
        let names = self.names.get(..self.estate)?;
        let at = names.binary_search_by(|known| known.key.as_str().cmp(name)).ok()?;
        names.get(at).map(|known| known.kind)
    }

    /// What is to be replaced in a text, in order.
    pub(super) fn find(
        &self,
        text: &str,
        how: Text,
        public: &Public,
        names: &mut Pseudonyms,
    ) -> Vec<Replaced> {
        if self.automaton.is_none() && !text.is_empty() {
            return vec![(0..text.len(), ELIDED.to_owned())];
        }
        let folded = Folded::of(text);
        let mut out: Vec<Replaced> = self.identifiers(&folded, names);
        let mut found = self.names(&folded, how, &out);
        self.neighbours(&folded, public, &out, &mut found);
        out.extend(
            found.into_iter().map(|found| (folded.original(&found.range), names.of(found.kind, &found.key))),
        );
        out.sort_by_key(|(range, _)| range.start);
        out
    }

    /// Pieces of an export in which characters are written as escapes: a name could be hidden by them.
    pub(super) fn escaped(&self, text: &str) -> Vec<Range<usize>> {
        self.escapes.find_iter(text).map(|found| found.range()).collect()
    }

    fn identifiers(&self, folded: &Folded, names: &mut Pseudonyms) -> Vec<Replaced> {
        let mut out = Vec::new();
        for found in self.identifiers.captures_iter(&folded.text) {
            let Some(whole) = found.get(0) else { continue };
            let pseudonym = if found.name("sid").is_some() {
                names.sid(&whole.as_str().to_uppercase())
            } else if found.name("guid").is_some() {
                names.guid(whole.as_str())
            } else {
                names.of(Kind::Host, whole.as_str())
            };
            out.push((folded.original(&whole.range()), pseudonym));
        }
        out
    }

    /// The longest names, from the front, where they do not overlap anything that is found already.
    fn names(&self, folded: &Folded, how: Text, taken: &[Replaced]) -> Vec<Found> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let text = folded.text.as_str();
        let mut all: Vec<(Range<usize>, bool, &Name)> = automaton
            .find_overlapping_iter(text)
            .map(|found| (found.range(), found.pattern().as_usize()))
            .filter_map(|(range, number)| Some((range, number < self.estate, self.names.get(number)?)))
            .filter(|(range, _, name)| name.anywhere || is_whole(text, range))
            .filter(|(range, _, name)| !name.word || folded.stands_like_a_name(range, name.kind, how))
            .filter(|(range, _, _)| {
                let own = folded.original(range);
                taken.iter().all(|(other, _)| own.end <= other.start || other.end <= own.start)
            })
            .collect();
        all.sort_by_key(|(range, estate, _)| (range.start, std::cmp::Reverse(range.end), !estate));
        let mut end = 0;
        let mut out = Vec::new();
        for (range, estate, name) in all {
            if range.start < end {
                continue;
            }
            end = range.end;
            if estate {
                out.push(Found { range, kind: name.kind, key: name.key.clone() });
            }
        }
        out
    }

    /// What no export names and stands with a name in one: the computer of a known domain, the account of one.
    fn neighbours(&self, folded: &Folded, public: &Public, taken: &[Replaced], found: &mut Vec<Found>) {
        let text = folded.text.as_str();
        let mut more: Vec<(Range<usize>, Kind)> = Vec::new();
        for one in found.iter().filter(|one| one.kind <= Kind::Domain) {
            let (before, after) = (&text[..one.range.start], &text[one.range.end..]);
            if let Some(rest) = before.strip_suffix('.') {
                let start = rest.len() - label(rest.chars().rev());
                more.push((start..rest.len(), Kind::Host));
            }
            if let Some(rest) = before.strip_suffix('@') {
                let start = rest.len() - label(rest.chars().rev());
                more.push((start..rest.len(), Kind::Account));
            }
            let slashes = after.len() - after.trim_start_matches('\\').len();
            if (1..=2).contains(&slashes) {
                let start = one.range.end + slashes;
                more.push((start..start + label(text[start..].chars()), Kind::Account));
            }
        }
        for (range, kind) in more {
            let key = text[range.clone()].trim_end_matches('.');
            let range = range.start..range.start + key.len();
            let own = folded.original(&range);
            let free =
                found.iter().all(|other| range.end <= other.range.start || other.range.end <= range.start)
                    && taken.iter().all(|(other, _)| own.end <= other.start || other.end <= own.start);
            if !key.is_empty() && free && !public.knows(kind, key) && !public.ends_domain(key) {
                let key = key.trim_end_matches('$').to_owned();
                found.push(Found { range: range.start..range.start + key.len(), kind, key });
            }
        }
    }
}

/// How a name in lower case may be written in an export.
fn spellings(name: &str) -> Vec<String> {
    let mut out = vec![name.to_owned()];
    let xml = name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let quoted = xml.replace('"', "&quot;").replace('\'', "&apos;");
    let json = name.replace('\\', "\\\\").replace('"', "\\\"").replace('/', "\\/");
    for other in [xml, quoted, name.replace('\\', "\\\\").replace('"', "\\\""), json] {
        if !out.contains(&other) {
            out.push(other);
        }
    }
    out
}

/// How many bytes of a part of a name characters begin with.
fn label(chars: impl Iterator<Item = char>) -> usize {
    chars.take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '$')).map(char::len_utf8).sum()
}

/// Whether neither a letter nor a digit goes on before or behind it.
fn is_whole(text: &str, range: &Range<usize>) -> bool {
    let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let inner = |c: Option<char>| c.is_some_and(|c| !c.is_alphanumeric());
    let name = &text[range.clone()];
    (inner(name.chars().next()) || !letter(text[..range.start].chars().next_back()))
        && (inner(name.chars().next_back()) || !letter(text[range.end..].chars().next()))
}

/// A text in lower case that knows where its characters come from.
struct Folded<'t> {
    original: &'t str,
    text: String,
    /// The byte of the original for each byte, and one past the end.
    bytes: Vec<usize>,
}

impl<'t> Folded<'t> {
    fn of(original: &'t str) -> Self {
        let mut out = Self { original, text: String::with_capacity(original.len()), bytes: Vec::new() };
        for (at, c) in original.char_indices() {
            let from = out.text.len();
            out.text.extend(c.to_lowercase());
            out.bytes.extend(std::iter::repeat_n(at, out.text.len() - from));
        }
        out.bytes.push(original.len());
        out
    }

    /// The range of the original, in whole characters.
    fn original(&self, range: &Range<usize>) -> Range<usize> {
        let at = |byte: usize| self.bytes.get(byte).copied().unwrap_or(self.original.len());
        let (start, mut end) = (at(range.start), at(range.end));
        // A character that is several in lower case is replaced whole.
        if end <= start && range.end > range.start {
            end = start + self.original[start..].chars().next().map_or(0, char::len_utf8);
        }
        start..end
    }

    /// Whether an ordinary word is a name there: marked as one by what stands beside it, or written as no word is.
    fn stands_like_a_name(&self, range: &Range<usize>, kind: Kind, how: Text) -> bool {
        let (before, after) = (&self.text[..range.start], &self.text[range.end..]);
        if kind.is_of_path() {
            return before.ends_with(['\\', '/', '!']) || after.starts_with(['\\', '/', '!']);
        }
        if how == Text::Value {
            return true;
        }
        let beside = before.ends_with(['\\', '`', '"', '\'', '/', '=', '>', '@'])
            || after.starts_with(['\\', '@', '$', '`'])
            || before.ends_with('.')
            || after.starts_with('.') && after.chars().nth(1).is_some_and(char::is_alphanumeric);
        let written = &self.original[self.original(range)];
        let capitals = written.chars().count() > 1
            && !written.chars().any(char::is_lowercase)
            && written.chars().any(char::is_uppercase);
        let site = kind == Kind::Site && (before.ends_with("site ") || before.ends_with("sites "));
        beside || capitals || site
    }
}
