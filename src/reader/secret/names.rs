//! Names: where one that holds a credential stands in a text, and how sure that is.
//!
//! A name is judged by its words, not by `*password*`: many speak of a password without holding it
//! (`PasswordLastSet`, `badPwdCount`), and of some only the value tells (`BackupPassword`). What looks for names in raw
//! text and what judges one are the same function, so that nothing can be judged that was not looked for.

use std::ops::Range;
use std::sync::LazyLock;

use super::scan::Seeds;
use crate::vocabulary::secret_words;

/// How sure it is that what stands under a name is a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// The value has to look like one.
    Maybe,
    /// A word that has other meanings, too.
    Likely,
    /// It says so.
    Sure,
}

/// What a name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name {
    /// How sure it is.
    pub(crate) standing: Standing,
    /// Whether it names a key or a token: drawn at random, not chosen.
    pub(crate) is_key: bool,
}

/// Words longer than this are encoded data.
const LONGEST: usize = 128;

/// A word or several in a row that name a credential.
#[derive(Debug)]
struct Term {
    /// Each part in the letter cases it may have; of ASCII letters only lower case.
    parts: Vec<Vec<Vec<u8>>>,
    /// Whether it has to be a word of its own.
    own: bool,
    name: Name,
}

/// Where a term stands.
struct Match<'t> {
    range: Range<usize>,
    term: &'t Term,
}

struct Terms {
    terms: Vec<Term>,
    /// The terms whose last part begins with that byte, in lower case.
    by_first: Vec<Vec<usize>>,
    seeds: Seeds,
}

static TERMS: LazyLock<Terms> = LazyLock::new(|| {
    let words = secret_words();
    let mut terms = Vec::new();
    for (list, own, standing, is_key) in [
        (&words.passwords, false, Standing::Sure, false),
        (&words.keys, false, Standing::Sure, true),
        (&words.words, true, Standing::Likely, false),
        (&words.key_words, true, Standing::Likely, true),
        (&words.maybe_words, true, Standing::Maybe, false),
    ] {
        for word in list {
            let parts = word.split(' ').map(spellings).collect();
            terms.push(Term { parts, own, name: Name { standing, is_key } });
        }
    }
    let mut by_first = vec![Vec::new(); 256];
    let mut seeds = Vec::new();
    for (i, term) in terms.iter().enumerate() {
        for last in term.parts.last().into_iter().flatten() {
            let Some(&first) = last.first() else { continue };
            let list = &mut by_first[usize::from(first)];
            if !list.contains(&i) {
                list.push(i);
            }
            // Four bytes are enough to look for; the rest is compared.
            seeds.push(last[..last.len().min(4)].to_vec());
        }
    }
    Terms { terms, by_first, seeds: Seeds::new(seeds) }
});

/// A part in lower case, capitals, and with a first capital, without regard to ASCII letters.
fn spellings(part: &str) -> Vec<Vec<u8>> {
    let mut chars = part.chars();
    let title: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
    let mut all: Vec<Vec<u8>> = [part.to_owned(), part.to_uppercase(), title]
        .into_iter()
        .map(|spelling| spelling.to_ascii_lowercase().into_bytes())
        .collect();
    all.sort();
    all.dedup();
    all
}

/// What a name tells; none if what stands under it is no credential.
///
/// `Reserved2` is not among them: it is the encrypted password of an account record, and a list of accounts.
pub(crate) fn name(text: &str) -> Option<Name> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    let mut all = matches(text.as_bytes(), 0..text.len());
    let first = all.next()?;
    let (start, mut end) = (first.range.start, first.range.end);
    let mut best = first.term.name;
    for other in all {
        end = end.max(other.range.end);
        if other.term.name.standing > best.standing {
            best = other.term.name;
        }
    }
    judged(text, start..end, best)
}

/// Whether a name speaks of a credential, and says that it is none.
pub(crate) fn only_speaks(text: &str) -> bool {
    text.len() <= LONGEST && matches(text.as_bytes(), 0..text.len()).next().is_some() && name(text).is_none()
}

/// The first name in a part of a text, and the place of its word.
pub(super) fn next(bytes: &[u8], within: Range<usize>) -> Option<(Range<usize>, Name)> {
    matches(bytes, within).find_map(|found| {
        let word = word_around(bytes, &found.range)?;
        let name = judged_at(bytes, &word, &found)?;
        Some((word, name))
    })
}

/// Judges the word around a match. In raw text the letter of an escape (`\n`) may stand before it, which is judged with
/// and without.
fn judged_at(bytes: &[u8], word: &Range<usize>, found: &Match<'_>) -> Option<Name> {
    let mut from = word.start;
    loop {
        let text = std::str::from_utf8(bytes.get(from..word.end)?).ok();
        let inner = found.range.start - from..found.range.end - from;
        if let Some(name) = text.and_then(|text| judged(text, inner, found.term.name)) {
            return Some(name);
        }
        let is_escape = from == word.start
            && from > 0
            && bytes[from - 1] == b'\\'
            && bytes[from].is_ascii_lowercase()
            && from < found.range.start;
        if !is_escape {
            return None;
        }
        from += 1;
    }
}

/// All matches of terms whose last parts begin within a range.
fn matches(bytes: &[u8], mut within: Range<usize>) -> impl Iterator<Item = Match<'static>> {
    let terms = &*TERMS;
    std::iter::from_fn(move || {
        loop {
            let seed = terms.seeds.find(bytes, within.clone())?;
            within.start = seed + 1;
            let list = &terms.by_first[usize::from(bytes[seed].to_ascii_lowercase())];
            let found = list.iter().filter_map(|&i| terms.terms[i].at(bytes, seed).map(|range| (range, i)));
            // The longest says most: `private key`, not `key`.
            let best = found.max_by_key(|(range, i)| (terms.terms[*i].name.standing, range.len()));
            if let Some((range, i)) = best {
                return Some(Match { range, term: &terms.terms[i] });
            }
        }
    })
}

impl Term {
    /// The place of the term whose last part begins at `at`.
    fn at(&self, bytes: &[u8], at: usize) -> Option<Range<usize>> {
        let (last, before) = self.parts.split_last()?;
        let same = |spelling: &[u8], from: usize| {
            bytes.get(from..from + spelling.len()).is_some_and(|b| b.eq_ignore_ascii_case(spelling))
        };
        let end = at + last.iter().filter(|s| same(s, at)).map(Vec::len).max()?;
        let mut start = at;
        for part in before.iter().rev() {
            let joined = match start.checked_sub(1).and_then(|i| bytes.get(i)) {
                Some(b' ' | b'.' | b'-' | b'_' | b'\'') => start - 1,
                _ => start,
            };
            start = part
                .iter()
                .filter_map(|spelling| {
                    joined.checked_sub(spelling.len()).filter(|&from| same(spelling, from))
                })
                .min()?;
        }
        (!self.own || is_own_word(bytes, start..end)).then_some(start..end)
    }
}

/// Whether a stretch is a word of its own: by what is around it, by capitals, or behind one of the heads.
fn is_own_word(bytes: &[u8], range: Range<usize>) -> bool {
    let is_letter = |b: &u8| b.is_ascii_alphabetic() || *b >= 0x80;
    let word = &bytes[range.clone()];
    let capital = word[0].is_ascii_uppercase();
    let all_capitals = word.iter().all(|b| !b.is_ascii_lowercase());
    let ends = match bytes.get(range.end..).unwrap_or_default() {
        [b's' | b'S', next, ..] if !is_letter(next) => true,
        [b's' | b'S'] => true,
        [next, behind, ..] if all_capitals && word.len() > 1 && is_letter(next) => {
            next.is_ascii_uppercase() && behind.is_ascii_lowercase()
        }
        [next, ..] if is_letter(next) => next.is_ascii_uppercase() && !(all_capitals && word.len() > 1),
        _ => true,
    };
    if !ends {
        return false;
    }
    let before = &bytes[range.start.saturating_sub(LONGEST)..range.start];
    match before.last() {
        Some(last) if is_letter(last) => {
            let begins = capital && (last.is_ascii_lowercase() || !all_capitals || *last >= 0x80);
            begins || is_behind_head(before)
        }
        // `\n` of raw text.
        _ => true,
    }
}

/// Whether what stands before a word is one of the heads, or the letter of an escape.
fn is_behind_head(before: &[u8]) -> bool {
    let letters = before.iter().rev().take_while(|b| b.is_ascii_alphabetic()).count();
    let run = &before[before.len() - letters..];
    let escaped = letters < before.len() && before[before.len() - letters - 1] == b'\\';
    let is_head =
        |run: &[u8]| secret_words().heads.iter().any(|head| run.eq_ignore_ascii_case(head.as_bytes()));
    // In `UserDbpass` only the last word counts.
    let last = run.iter().rposition(u8::is_ascii_uppercase).map_or(run, |i| &run[i..]);
    is_head(run) || is_head(last) || escaped && (run.len() == 1 || run.len() > 1 && is_head(&run[1..]))
}

fn is_word_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-') || b >= 0x80
}

/// The word around a match; none if it is too long for a name.
fn word_around(bytes: &[u8], found: &Range<usize>) -> Option<Range<usize>> {
    let floor = found.start.saturating_sub(LONGEST);
    let ceiling = (found.end + LONGEST).min(bytes.len());
    let before = bytes[floor..found.start].iter().rev().take_while(|b| is_word_byte(**b)).count();
    let after = bytes[found.end..ceiling].iter().take_while(|b| is_word_byte(**b)).count();
    if before + after + found.len() > LONGEST + 8 {
        return None;
    }
    let mut start = found.start - before;
    while start < found.start && (bytes[start] == b'-' || bytes[start] & 0xc0 == 0x80) {
        start += 1;
    }
    // CLIXML writes characters as `_x000A_`; what stands before the last of these is another word.
    for i in (start..found.start.saturating_sub(6)).rev() {
        if is_clixml_escape(&bytes[i..i + 7]) {
            start = i + 7;
            break;
        }
    }
    let mut end = found.end + after;
    while end > found.end && bytes[end - 1] == b'-' {
        end -= 1;
    }
    Some(start..end)
}

/// `_xHHHH_`
pub(super) fn is_clixml_escape(bytes: &[u8]) -> bool {
    matches!(bytes, [b'_', b'x', digits @ .., b'_'] if digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit))
}

/// What a name tells in which the terms lie within `range`.
fn judged(text: &str, range: Range<usize>, name: Name) -> Option<Name> {
    let (lower, starts, places) = squeeze(text);
    let place = |at: usize| places.partition_point(|&(written, _)| written < at);
    let squeezed = |at: usize| places.get(place(at)).map_or(lower.len(), |&(_, squeezed)| squeezed);
    let (first, end) = (squeezed(range.start), squeezed(range.end));
    let words = secret_words();
    let mut maybe = false;
    // `passwordlastset`: what follows decides first. Hashes and blobs are credentials.
    let after = lower[end..].trim_start_matches(|c: char| c.is_ascii_digit());
    let plural = after.strip_prefix('s').unwrap_or(after);
    let follows = |list: &[String]| {
        list.iter().any(|about| after.starts_with(about.as_str()) || plural.starts_with(about.as_str()))
    };
    if !after.is_empty() {
        if follows(&words.never_after) {
            return None;
        }
        maybe |= follows(&words.maybe_after);
        // `PassThrough`, `PinState`: short words mean something else as soon as another follows.
        maybe |= range.len() <= 4 && name.standing != Standing::Sure && !plural.is_empty();
    }
    // `badPwdCount`, `HasPassword`: a word anywhere before it decides.
    let has = |list: &[String], word: &str| list.iter().any(|about| about == word);
    let mut word = 0;
    for &next in starts.iter().chain([&first]) {
        let next = next.min(first);
        if next > word {
            if has(&words.never_before, &lower[word..next]) {
                return None;
            }
            maybe |= has(&words.maybe_before, &lower[word..next]);
            word = next;
        }
    }
    // Names in lower case have no word boundaries: `badpwdcount`, `lastpasswordchange`.
    if starts.len() == 1 {
        let before = &lower[..first];
        let before = before.strip_prefix("user").unwrap_or(before);
        if ["bad", "min", "max", "has", "use"].iter().any(|w| before.starts_with(w)) {
            return None;
        }
        maybe |= words.maybe_before.iter().any(|w| before == w);
    }
    Some(if maybe { Name { standing: Standing::Maybe, ..name } } else { name })
}

/// Lower-case letters and digits of a name, where its words begin in them, and where each letter stands in the name
/// and in them.
fn squeeze(name: &str) -> (String, Vec<usize>, Vec<(usize, usize)>) {
    let mut lower = String::with_capacity(name.len());
    let mut starts = Vec::new();
    let mut places = Vec::with_capacity(name.len());
    let mut before = ' ';
    let mut chars = name.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c.is_alphanumeric() {
            let begins = !before.is_alphanumeric()
                || (c.is_uppercase() && !before.is_uppercase())
                || (c.is_uppercase()
                    && before.is_uppercase()
                    && chars.peek().is_some_and(|(_, n)| n.is_lowercase()));
            if begins {
                starts.push(lower.len());
            }
            places.push((at, lower.len()));
            lower.extend(c.to_lowercase());
        }
        before = c;
    }
    (lower, starts, places)
}
