//! Values and arguments as cmd, PowerShell, scripts and connection strings write them: where one ends.
//!
//! In doubt a value is taken to be longer: what belongs to a credential may not be left over.

use std::ops::Range;

/// How far a quote that is open may have begun.
const BACK: usize = 4096;

/// The longest value.
const LONGEST: usize = 8192;

/// A value or an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Without its quotes.
    pub(super) range: Range<usize>,
    /// Behind its quotes.
    pub(super) next: usize,
    /// Whether it stands in quotes of its own.
    pub(super) quoted: bool,
}

/// A quote that is open at some place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outer {
    /// `"` or `'`.
    pub(super) quote: u8,
    /// Where it stands.
    pub(super) at: usize,
}

/// The quote that is open at a place of a line.
pub(super) fn outer(bytes: &[u8], at: usize) -> Option<Outer> {
    let floor = at.saturating_sub(BACK);
    let start = bytes[floor..at].iter().rposition(|b| *b == b'\n').map_or(floor, |i| floor + i + 1);
    let mut open: Option<Outer> = None;
    let mut i = start;
    while i < at {
        let b = bytes[i];
        match open {
            None if b == b'"' || b == b'\'' && (i == start || !bytes[i - 1].is_ascii_alphanumeric()) => {
                open = Some(Outer { quote: b, at: i });
            }
            Some(Outer { quote, .. }) if b == quote => match bytes.get(i + 1) {
                // Two in a row stand for one, unless nothing stands between them.
                Some(next) if *next == quote && i + 1 < at && open.is_some_and(|open| open.at + 1 < i) => {
                    i += 1
                }
                _ => open = None,
            },
            Some(_) if matches!(b, b'\\' | b'`') && bytes.get(i + 1) == Some(&b'"') => i += 1,
            _ => {}
        }
        i += 1;
    }
    open
}

/// The text in the quote at `at`: a doubled quote, `\"` and `` `" `` do not end it.
pub(super) fn quoted(bytes: &[u8], at: usize) -> Word {
    let quote = bytes[at];
    let start = at + 1;
    let stop = (start + LONGEST).min(bytes.len());
    let rest = &bytes[start..stop];
    let line = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
    let last = rest[..line].iter().rposition(|b| *b == quote).map_or(start, |i| start + i);
    let mut i = start;
    while i < stop {
        let b = bytes[i];
        if b == quote {
            if bytes.get(i + 1) == Some(&quote) && i > start {
                i += 2;
                continue;
            }
            return Word { range: start..i, next: i + 1, quoted: true };
        }
        // An escaped quote, if another one follows that can end the text.
        if quote == b'"' && matches!(b, b'\\' | b'`') && bytes.get(i + 1) == Some(&quote) && last > i + 1 {
            i += 2;
            continue;
        }
        i += 1;
    }
    Word { range: start..i, next: i, quoted: true }
}

/// The argument at `at`, which is no blank: up to a blank, in quotes or partly in quotes.
pub(super) fn argument(bytes: &[u8], at: usize, outer: Option<Outer>) -> Option<Word> {
    let first = *bytes.get(at)?;
    if outer.is_some_and(|outer| outer.quote == first) {
        return None;
    }
    if matches!(first, b'"' | b'\'') {
        return Some(quoted(bytes, at));
    }
    // A quote in a text that is quoted itself: `\"a b\"`, `""a b""`.
    if first == b'\\' && bytes.get(at + 1) == Some(&b'"') {
        let start = at + 2;
        let rest = &bytes[start..(start + LONGEST).min(bytes.len())];
        let end = memchr::memmem::find(rest, b"\\\"").map_or(start + rest.len(), |i| start + i);
        return Some(Word { range: start..end, next: (end + 2).min(bytes.len()), quoted: true });
    }
    let stops = |b: u8| {
        b.is_ascii_whitespace()
            || matches!(b, b'"' | b'<' | b'>' | b'|')
            || outer.is_some_and(|outer| outer.quote == b)
    };
    let rest = &bytes[at..(at + LONGEST).min(bytes.len())];
    let mut end = at + rest.iter().position(|b| stops(*b)).unwrap_or(rest.len());
    // `-p"a b"`: the quotes are part of the argument.
    if bytes.get(end) == Some(&b'"') && outer.is_none() && end > at {
        end = quoted(bytes, end).next;
    }
    (end > at).then_some(Word { range: at..end, next: end, quoted: false })
}

/// The place of the next byte that is no blank of a line.
pub(super) fn behind_blanks(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}

/// How many arguments of a command are looked at.
const ARGUMENTS: usize = 32;

/// The arguments of a command from a place on: to the end of the line, of the command, or of the quote around it.
pub(super) fn arguments(bytes: &[u8], mut at: usize) -> Vec<Word> {
    let around = outer(bytes, at);
    let mut words = Vec::new();
    while words.len() < ARGUMENTS {
        at = behind_blanks(bytes, at);
        if matches!(bytes.get(at), None | Some(b'\r' | b'\n' | b'|' | b'&' | b';' | b'<' | b'>')) {
            break;
        }
        let Some(word) = argument(bytes, at, around) else { break };
        at = word.next.max(at + 1);
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_values_are_whole() {
        for (text, whole) in [
            (r#""a b" c"#, "a b"),
            (r#"'it''s X' c"#, "it''s X"),
            (r#""a""b X" c"#, r#"a""b X"#),
            (r#""a\"b X" c"#, r#"a\"b X"#),
            ("\"a`\"b X\" c", "a`\"b X"),
            (r#""C:\x\" c"#, r"C:\x\"),
            (r#""" c"#, ""),
            (r#""open"#, "open"),
        ] {
            assert_eq!(&text[quoted(text.as_bytes(), 0).range], whole, "{text}");
        }
    }

    #[test]
    fn arguments_of_a_command() {
        let all = |text: &str| -> Vec<String> {
            arguments(text.as_bytes(), 0).into_iter().map(|word| text[word.range].to_owned()).collect()
        };
        assert_eq!(all(r#" use Z: \\s\x "a b" /user:u & rest"#), ["use", "Z:", r"\\s\x", "a b", "/user:u"]);
        assert_eq!(all("a,b 'c d' | x"), ["a,b", "c d"]);
        assert_eq!(all(""), [""; 0]);
        let text = r#"cmd /c "net use x y" z"#;
        let inner: Vec<_> =
            arguments(text.as_bytes(), 12).into_iter().map(|word| &text[word.range]).collect();
        assert_eq!(inner, ["use", "x", "y"]);
    }

    #[test]
    fn the_quote_around_a_place() {
        let outer_of =
            |text: &str, at| outer(text.as_bytes(), at).map(|outer| (char::from(outer.quote), outer.at));
        assert_eq!(outer_of(r#"a "b c" d"#, 5), Some(('"', 2)));
        assert_eq!(outer_of(r#"a "b c" d"#, 8), None);
        assert_eq!(outer_of("don't x", 6), None);
        assert_eq!(outer_of("a 'b\nc", 5), None);
        assert_eq!(outer_of(r#"a "b \" c"#, 9), Some(('"', 2)));
    }
}
