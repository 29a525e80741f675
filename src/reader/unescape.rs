//! XML character data and PowerShell's `_xHHHH_` to plain text, with the way back to the original characters.
//!
//! Text without anything to decode is handed back as it is. References that are not defined stay as they are
//! written: no document defines entities of its own here. Line ends are not normalised and blanks are kept.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memmem};

use crate::reader::xml::{Chunk, Content};
use crate::source::{Offsets, Span, View};

/// What there is to decode besides CDATA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Entities and character references.
    Xml,
    /// These, and then `_xHHHH_`.
    PowerShell,
}

/// Decoded text and its offsets.
#[derive(Debug, Clone)]
pub(super) struct Mapped<'a> {
    /// The text.
    pub(super) text: Cow<'a, str>,
    /// Its way back.
    pub(super) offsets: Offsets,
}

impl Mapped<'_> {
    /// Text and offsets together.
    pub(super) fn view(&self) -> View<'_> {
        View { text: &self.text, offsets: &self.offsets }
    }
}

/// The decoded text of an element.
pub(super) fn plain<'a>(text: &'a str, content: &Content, style: Style) -> Cow<'a, str> {
    if content.more.is_empty() {
        return chunk(text, content.first, style);
    }
    let mut whole = String::new();
    for part in content.chunks() {
        whole.push_str(&chunk(text, part, Style::Xml));
    }
    match style {
        Style::PowerShell if has_escape(&whole) => Cow::Owned(powershell(&whole, None)),
        _ => Cow::Owned(whole),
    }
}

/// The decoded text of an attribute or of one stretch of text.
pub(super) fn range<'a>(text: &'a str, range: Range<usize>, style: Style) -> Cow<'a, str> {
    chunk(text, Chunk { start: range.start, end: range.end, cdata: false }, style)
}

fn chunk<'a>(text: &'a str, chunk: Chunk, style: Style) -> Cow<'a, str> {
    let raw = text.get(chunk.start..chunk.end).unwrap_or_default();
    let xml = match memchr(b'&', raw.as_bytes()) {
        Some(_) if !chunk.cdata => {
            let mut out = String::with_capacity(raw.len());
            entities(raw, &mut out, None);
            Cow::Owned(out)
        }
        _ => Cow::Borrowed(raw),
    };
    match style {
        Style::PowerShell if has_escape(&xml) => Cow::Owned(powershell(&xml, None)),
        _ => xml,
    }
}

/// The decoded text of an element, and where each of its characters came from.
pub(super) fn mapped<'a>(view: View<'a>, content: &Content, style: Style) -> Mapped<'a> {
    let mut xml = if content.more.is_empty() {
        chunk_mapped(view, content.first)
    } else {
        let mut text = String::new();
        let mut offsets: Option<Offsets> = None;
        for part in content.chunks() {
            let part = chunk_mapped(view, part);
            match &mut offsets {
                None => offsets = Some(part.offsets),
                Some(offsets) => offsets.copy(text.len(), &part.offsets, &part.text, 0..part.text.len()),
            }
            text.push_str(&part.text);
        }
        let offsets = offsets.unwrap_or_else(|| view.offsets.part(view.text, content.range()));
        Mapped { text: Cow::Owned(text), offsets }
    };
    if style == Style::PowerShell && has_escape(&xml.text) {
        let mut runs = Runs::default();
        let text = powershell(&xml.text, Some(&mut runs));
        let offsets = runs.offsets(xml.view());
        xml = Mapped { text: Cow::Owned(text), offsets };
    }
    xml
}

fn chunk_mapped<'a>(view: View<'a>, chunk: Chunk) -> Mapped<'a> {
    let raw = view.text.get(chunk.start..chunk.end).unwrap_or_default();
    let offsets = view.offsets.part(view.text, chunk.start..chunk.end);
    if chunk.cdata || memchr(b'&', raw.as_bytes()).is_none() {
        return Mapped { text: Cow::Borrowed(raw), offsets };
    }
    let mut runs = Runs::default();
    let mut text = String::with_capacity(raw.len());
    entities(raw, &mut text, Some(&mut runs));
    let offsets = runs.offsets(View { text: raw, offsets: &offsets });
    Mapped { text: Cow::Owned(text), offsets }
}

/// The range of a text without the blanks around it.
pub(super) fn trimmed(text: &str) -> Range<usize> {
    let start = text.len() - text.trim_start().len();
    start..start + text.trim().len()
}

/// The span of an element's characters, from the first to the last that is not a blank; where they would stand,
/// if there are none.
pub(super) fn trimmed_span(view: View<'_>, content: &Content) -> Span {
    let mut range: Option<Range<usize>> = None;
    for chunk in content.chunks() {
        let raw = view.text.get(chunk.start..chunk.end).unwrap_or_default();
        let inner = trimmed(raw);
        if !inner.is_empty() {
            let (start, end) = (chunk.start + inner.start, chunk.start + inner.end);
            range = Some(range.map_or(start, |r| r.start)..end);
        }
    }
    view.span(range.unwrap_or(content.first.start..content.first.start))
}

/// Which stretches of a decoded text are copies of which stretches of the written one.
#[derive(Debug, Default)]
struct Runs(Vec<(usize, Range<usize>)>);

impl Runs {
    fn offsets(&self, written: View<'_>) -> Offsets {
        let mut offsets = written.offsets.part(written.text, 0..0);
        for (at, range) in &self.0 {
            offsets.copy(*at, written.offsets, written.text, range.clone());
        }
        offsets
    }
}

/// Decodes entities and character references.
fn entities(raw: &str, out: &mut String, mut runs: Option<&mut Runs>) {
    let mut at = 0;
    while at < raw.len() {
        let rest = &raw[at..];
        let plain = memchr(b'&', rest.as_bytes()).unwrap_or(rest.len());
        if plain > 0 {
            if let Some(runs) = &mut runs {
                runs.0.push((out.len(), at..at + plain));
            }
            out.push_str(&rest[..plain]);
            at += plain;
            continue;
        }
        let (decoded, length) = reference(rest).unwrap_or(('&', 1));
        if let Some(runs) = &mut runs {
            // Only where it begins: its characters have no counterparts in the decoded text.
            runs.0.push((out.len(), at..at));
        }
        out.push(decoded);
        at += length;
    }
    if let Some(runs) = &mut runs {
        runs.0.push((out.len(), raw.len()..raw.len()));
    }
}

/// The character a reference at the start of `rest` stands for, and the reference's length.
fn reference(rest: &str) -> Option<(char, usize)> {
    // `&#x10FFFF;` and some leading zeros.
    let end = rest.as_bytes().iter().take(16).position(|&b| b == b';')?;
    let decoded = match &rest.as_bytes()[1..end] {
        b"lt" => '<',
        b"gt" => '>',
        b"amp" => '&',
        b"quot" => '"',
        b"apos" => '\'',
        [b'#', b'x' | b'X', ..] => number(&rest[3..end], 16)?,
        [b'#', ..] => number(&rest[2..end], 10)?,
        _ => return None,
    };
    Some((decoded, end + 1))
}

fn number(digits: &str, radix: u32) -> Option<char> {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let code = u32::from_str_radix(digits, radix).ok()?;
    Some(char::from_u32(code).filter(|&c| c != '\0').unwrap_or(char::REPLACEMENT_CHARACTER))
}

fn has_escape(text: &str) -> bool {
    // Underscores are common in names, `_x` is not.
    memmem::find(text.as_bytes(), b"_x").is_some_and(|i| {
        let mut at = i;
        loop {
            if unit(text, at).is_some() {
                return true;
            }
            match memmem::find(&text.as_bytes()[at + 2..], b"_x") {
                Some(next) => at += 2 + next,
                None => return false,
            }
        }
    })
}

/// The UTF-16 code unit of an escape that begins at `at`.
fn unit(text: &str, at: usize) -> Option<u16> {
    match text.as_bytes().get(at..at + 7)? {
        [b'_', b'x', digits @ .., b'_'] if digits.iter().all(u8::is_ascii_hexdigit) => {
            u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        }
        _ => None,
    }
}

/// Decodes `_xHHHH_`; two escapes that form a surrogate pair become one character.
fn powershell(text: &str, mut runs: Option<&mut Runs>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let plain = memmem::find_iter(rest.as_bytes(), b"_x")
            .find(|&i| unit(rest, i).is_some())
            .unwrap_or(rest.len());
        if plain > 0 {
            if let Some(runs) = &mut runs {
                runs.0.push((out.len(), at..at + plain));
            }
            out.push_str(&rest[..plain]);
            at += plain;
            continue;
        }
        let Some(first) = unit(text, at) else { break };
        let mut length = 7;
        let mut units = vec![first];
        if (0xd800..0xdc00).contains(&first)
            && let Some(second) = unit(text, at + 7)
            && (0xdc00..0xe000).contains(&second)
        {
            units.push(second);
            length = 14;
        }
        if let Some(runs) = &mut runs {
            // Only where it begins: its characters have no counterparts in the decoded text.
            runs.0.push((out.len(), at..at));
        }
        out.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        at += length;
    }
    if let Some(runs) = &mut runs {
        runs.0.push((out.len(), text.len()..text.len()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::xml::{Kind, Tokens};
    use crate::source::Encoding;

    /// The contents of the first element, and the offsets of a file in which the text starts at `file`.
    fn element(text: &str) -> Content {
        let mut tokens = Tokens::new(text);
        while tokens.next().unwrap() != Kind::Start {}
        tokens.content().unwrap()
    }

    fn check(text: &str, style: Style, expected: &str, places: &[(usize, u64)]) {
        let content = element(text);
        let offsets = Offsets::new(Encoding::Utf8, 100);
        let view = View { text, offsets: &offsets };
        assert_eq!(plain(text, &content, style), expected, "{text}");
        let mapped = mapped(view, &content, style);
        assert_eq!(mapped.text, expected, "{text}");
        for &(at, file) in places {
            assert_eq!(mapped.offsets.file(&mapped.text, at), 100 + file, "{text} at {at}");
        }
    }

    #[test]
    fn nothing_to_decode_is_borrowed() {
        let text = "<S>CONTOSO\\svc_xyz</S>";
        assert!(matches!(plain(text, &element(text), Style::PowerShell), Cow::Borrowed("CONTOSO\\svc_xyz")));
        check(text, Style::PowerShell, "CONTOSO\\svc_xyz", &[(0, 3), (8, 11), (15, 18)]);
        check("<S></S>", Style::Xml, "", &[(0, 3)]);
    }

    #[test]
    fn entities_and_references() {
        // 0123456789012345678901234567
        check(
            "<S>a&lt;b&#65;&#x42;c&amp;</S>",
            Style::Xml,
            "a<bABc&",
            &[(0, 3), (1, 4), (2, 8), (3, 9), (4, 14), (5, 20), (6, 21), (7, 26)],
        );
        check("<S>&nbsp; & &; &#xZ; &#;</S>", Style::Xml, "&nbsp; & &; &#xZ; &#;", &[(20, 23)]);
        check("<S>&#0;&#xD800;&quot;&apos;&gt;</S>", Style::Xml, "\u{fffd}\u{fffd}\"'>", &[(3, 7), (6, 15)]);
    }

    #[test]
    fn powershell_escapes() {
        check(
            "<S>a_x000A_b_x005F_x0041_</S>",
            Style::PowerShell,
            "a\nb_x0041_",
            &[(0, 3), (1, 4), (2, 11), (3, 12), (4, 19), (10, 25)],
        );
        check(
            "<S>_xD83D__xDE00_!_xD83D_</S>",
            Style::PowerShell,
            "\u{1f600}!\u{fffd}",
            &[(0, 3), (4, 17), (5, 18)],
        );
        // An escape whose underscore is itself written as a reference, and an entity behind an escape.
        check(
            "<S>&#95;x0041_&lt;_x0042_</S>",
            Style::PowerShell,
            "A<B",
            &[(0, 3), (1, 14), (2, 18), (3, 25)],
        );
        check("<S>_x000A_</S>", Style::Xml, "_x000A_", &[]);
        check("<S>_x00_x000A__xGGGG__x</S>", Style::PowerShell, "_x00\n_xGGGG__x", &[(4, 7), (5, 14)]);
    }

    #[test]
    fn cdata_and_comments_inside() {
        // 01234567890123456789012345678901234567890
        check(
            "<V>a&lt;<![CDATA[b&lt;]]><!-- c -->d</V>",
            Style::Xml,
            "a<b&lt;d",
            &[(0, 3), (1, 4), (2, 17), (3, 18), (7, 35), (8, 36)],
        );
        // An escape that is cut in two by a comment.
        check("<S>_x00<!-- -->41_</S>", Style::PowerShell, "A", &[(0, 3), (1, 18)]);
    }

    #[test]
    fn places_in_utf_16() {
        let text = "<S>\u{e9}&lt;\u{1f600}b</S>";
        let offsets = Offsets::new(Encoding::Utf16Le, 2);
        let view = View { text, offsets: &offsets };
        let mapped = mapped(view, &element(text), Style::Xml);
        assert_eq!(mapped.text, "\u{e9}<\u{1f600}b");
        // Three characters of two bytes before it, the mark, then \u{e9}, `&lt;` and a surrogate pair.
        assert_eq!(mapped.view().span(0..2), Span { start: 8, end: 10 });
        assert_eq!(mapped.view().span(2..3), Span { start: 10, end: 18 });
        assert_eq!(mapped.view().span(3..7), Span { start: 18, end: 22 });
        assert_eq!(mapped.view().span(7..8), Span { start: 22, end: 24 });
    }

    #[test]
    fn decoding_twice_keeps_places() {
        // A document in an escaped string.
        let text = "<S>&lt;v&gt;a_x000A_b&amp;amp;c&lt;/v&gt;</S>";
        let offsets = Offsets::new(Encoding::Utf8, 0);
        let outer = mapped(View { text, offsets: &offsets }, &element(text), Style::PowerShell);
        assert_eq!(outer.text, "<v>a\nb&amp;c</v>");
        let inner = mapped(outer.view(), &element(&outer.text), Style::Xml);
        assert_eq!(inner.text, "a\nb&c");
        let at = |i| inner.offsets.file(&inner.text, i);
        assert_eq!([at(0), at(1), at(2), at(3), at(4), at(5)], [12, 13, 20, 21, 30, 31]);
        assert_eq!(&text[21..30], "&amp;amp;");
    }
}
