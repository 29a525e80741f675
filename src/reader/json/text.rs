//! Strings of JSON as the text they stand for, with the way back to each character's place.

use std::borrow::Cow;
use std::ops::Range;

use super::token::{Kind, Token};
use crate::source::{Offsets, View};

/// The text of a string.
pub(super) fn decode<'t>(text: &'t str, token: &Token) -> Cow<'t, str> {
    let inner = &text[token.inner()];
    if token.kind == Kind::Plain { Cow::Borrowed(inner) } else { Cow::Owned(unescape(inner, |_, _| {})) }
}

/// The text of a string, with offsets that lead from each of its characters to the original.
pub(super) fn decode_exactly<'v>(view: View<'v>, token: &Token) -> (Cow<'v, str>, Offsets) {
    let range = token.inner();
    let inner = &view.text[range.clone()];
    if token.kind == Kind::Plain {
        return (Cow::Borrowed(inner), view.offsets.part(view.text, range));
    }
    let encoding = view.offsets.encoding();
    let span = view.span(range.clone());
    let mut offsets = Offsets::new(encoding, span.start);
    let width = |text: &str| text.chars().map(|c| encoding.width(c)).sum::<u64>();
    // Where the original is a plain copy of the text, distances add up and need not be looked up.
    let copied = span.end - span.start == width(inner);
    let (mut known, mut file) = (0, span.start);
    let text = unescape(inner, |out, run| {
        if copied {
            file += width(&inner[known..run.start]);
            known = run.start;
            offsets.anchor(out, file);
        } else {
            offsets.copy(out, view.offsets, view.text, range.start + run.start..range.start + run.end);
        }
    });
    (Cow::Owned(text), offsets)
}

/// Replaces the escapes of a checked string. `copy` is told of each stretch without escapes how long the text is before
/// it, and where it stands.
fn unescape(inner: &str, mut copy: impl FnMut(usize, Range<usize>)) -> String {
    let bytes = inner.as_bytes();
    let mut text = String::with_capacity(inner.len());
    let mut from = 0;
    loop {
        let at = memchr::memchr(b'\\', &bytes[from..]).map_or(inner.len(), |i| from + i);
        copy(text.len(), from..at);
        text.push_str(&inner[from..at]);
        if at == inner.len() {
            return text;
        }
        let (c, length) = match bytes.get(at + 1) {
            Some(b'n') => ('\n', 2),
            Some(b't') => ('\t', 2),
            Some(b'r') => ('\r', 2),
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'u') => unicode(bytes, at),
            Some(&other) => (char::from(other), 2),
            None => ('\\', 1),
        };
        text.push(c);
        from = at + length;
    }
}

/// The character of `\uXXXX` at `at`, and how long the escape is; a pair of surrogates is one character. A
/// surrogate that stands alone becomes the replacement character.
fn unicode(bytes: &[u8], at: usize) -> (char, usize) {
    let unit = |at: usize| -> Option<u32> {
        let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |n, &b| Some(n * 16 + char::from(b).to_digit(16)?))
    };
    let Some(first) = unit(at) else { return (char::REPLACEMENT_CHARACTER, 2) };
    if let Some(c) = char::from_u32(first) {
        return (c, 6);
    }
    if let (0xD800..0xDC00, Some(second @ 0xDC00..0xE000)) = (first, unit(at + 6)) {
        let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
    }
    (char::REPLACEMENT_CHARACTER, 6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Encoding, Span};

    fn token(text: &str) -> Token {
        super::super::token::Scanner::new(text, 0, true).value().unwrap()
    }

    #[test]
    fn escapes() {
        for (text, expected) in [
            (r#""a\"b\\c\/d\b\f\n\r\te""#, "a\"b\\c/d\u{8}\u{c}\n\r\te"),
            (r#""\u0027\u003c\u00FC""#, "'<ü"),
            (r#""\ud83d\ude00!""#, "\u{1f600}!"),
            (r#""\ud83d!""#, "\u{fffd}!"),
            (r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
            (r#""\ud83d\u0041""#, "\u{fffd}A"),
            (r#""""#, ""),
        ] {
            assert_eq!(decode(text, &token(text)), expected, "{text}");
        }
    }

    /// `"a\n\u0041b\ud83d\ude00c"` has its characters at 1, 2, 4, 10, 11 and 23.
    #[test]
    fn places_of_characters() {
        let text = r#""a\n\u0041b\ud83d\ude00c""#;
        for (encoding, width) in [(Encoding::Utf8, 1), (Encoding::Utf16Le, 2)] {
            let outer = Offsets::new(encoding, 100);
            let view = View { text, offsets: &outer };
            let (decoded, offsets) = decode_exactly(view, &token(text));
            assert_eq!(decoded, "a\nAb\u{1f600}c");
            let places: Vec<u64> = decoded.char_indices().map(|(i, _)| offsets.file(&decoded, i)).collect();
            assert_eq!(places, [1, 2, 4, 10, 11, 23].map(|at| 100 + width * at), "{encoding:?}");
            let inner = View { text: &decoded, offsets: &offsets };
            assert_eq!(inner.span(3..8), Span { start: 100 + width * 10, end: 100 + width * 23 });
        }
    }

    #[test]
    fn places_where_the_source_has_anchors_of_its_own() {
        let text = r#""ab\ncd""#;
        let mut outer = Offsets::new(Encoding::Utf8, 0);
        outer.anchor(3, 13);
        let (decoded, offsets) = decode_exactly(View { text, offsets: &outer }, &token(text));
        assert_eq!(decoded, "ab\ncd");
        assert_eq!(offsets.file(&decoded, 3), 15);
    }
}
