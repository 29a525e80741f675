//! The text of a block cut into sentences.

use std::ops::Range;

use super::block::{Block, Inline, Kind};
use super::{Form, Link, Mark, Sentence, Style, key};

/// Words behind which a full stop ends no sentence.
const ABBREVIATIONS: [&str; 7] = ["e.g", "i.e", "vs", "cf", "approx", "incl", "resp"];

/// The sentences of a block. `line` finds the line of a byte of the file.
pub(super) fn read(block: &Block, form: Form, line: impl Fn(usize) -> usize) -> Vec<Sentence> {
    let text = &block.text;
    split(text)
        .into_iter()
        .filter_map(|place| {
            let shown = text.text.get(place.clone())?.to_owned();
            let inside = |range: &Range<usize>| {
                let start = range.start.max(place.start);
                let end = range.end.min(place.end);
                (start < end).then(|| start - place.start..end - place.start)
            };
            let mut marks: Vec<Mark> = (text.marks.iter())
                .filter_map(|(style, range)| Some(Mark { style: *style, place: inside(range)? }))
                .collect();
            marks.sort_by_key(|m| (m.place.start, m.place.end));
            let links = (text.links.iter())
                .filter_map(|(target, range)| {
                    let place = inside(range)?;
                    Some(Link { text: shown.get(place.clone())?.to_owned(), target: target.clone(), place })
                })
                .collect();
            let (key, words) = key::key(&shown, &marks);
            let span = text.origin(place.clone());
            Some(Sentence {
                fingerprint: key::fingerprint(&key),
                text: shown,
                key,
                words,
                alert: block.alert,
                form,
                structure: None,
                links,
                marks,
                line: line(span.start),
                span,
            })
        })
        // A line of nothing but signs says nothing.
        .filter(|s| !s.key.is_empty())
        .collect()
}

/// The form of a block's text.
pub(super) fn form(kind: Kind) -> Form {
    match kind {
        Kind::Text(form) => form,
        Kind::Cell { .. } => Form::Cell,
        Kind::Heading(_) => Form::Prose,
    }
}

/// Where the sentences of a text begin and end, without blanks around them.
fn split(inline: &Inline) -> Vec<Range<usize>> {
    let text = inline.text.as_str();
    let mut code: Vec<&Range<usize>> =
        inline.marks.iter().filter(|(style, _)| *style == Style::Code).map(|(_, place)| place).collect();
    code.sort_by_key(|place| place.start);
    let in_code = |at: usize| {
        let before = code.partition_point(|place| place.start <= at);
        before.checked_sub(1).and_then(|i| code.get(i)).is_some_and(|place| at + 1 < place.end)
    };
    let mut ends: Vec<usize> = inline.breaks.clone();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if matches!(c, '\u{3002}' | '\u{ff01}' | '\u{ff1f}') {
            ends.push(at + c.len_utf8());
            continue;
        }
        if !matches!(c, '.' | '!' | '?') || in_code(at) {
            continue;
        }
        let mut end = at + 1;
        while let Some((at, c)) = chars
            .next_if(|(_, c)| matches!(c, '.' | '!' | '?' | ')' | ']' | '"' | '\'' | '\u{201d}' | '\u{2019}'))
        {
            end = at + c.len_utf8();
        }
        let Some(rest) = text.get(end..) else { continue };
        let begins = rest.trim_start_matches(' ');
        if begins.len() == rest.len() || begins.is_empty() {
            continue;
        }
        let next = begins.split(' ').next().unwrap_or_default();
        // Names of database users begin in lower case; other words do not begin a sentence so.
        if next.starts_with(char::is_lowercase) && !next.contains('_') {
            continue;
        }
        if c == '.' && ends_with_abbreviation(text.get(..at).unwrap_or_default()) {
            continue;
        }
        ends.push(end);
    }
    ends.push(text.len());
    ends.sort_unstable();
    let mut from = 0;
    let mut out = Vec::new();
    for end in ends {
        let end = end.min(text.len());
        let part = text.get(from..end).unwrap_or_default();
        let start = from + (part.len() - part.trim_start().len());
        let stop = from + part.trim_end().len();
        if start < stop {
            out.push(start..stop);
        }
        from = from.max(end);
    }
    out
}

fn ends_with_abbreviation(text: &str) -> bool {
    let tail = text.rsplit([' ', '(']).next().unwrap_or_default();
    ABBREVIATIONS.iter().any(|a| a.eq_ignore_ascii_case(tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<&str> {
        let inline = Inline { text: text.to_owned(), ..Inline::default() };
        split(&inline).into_iter().map(|place| &text[place]).collect()
    }

    #[test]
    fn sentences_end_where_they_should() {
        assert_eq!(parts("One. Two! Three? 4."), ["One.", "Two!", "Three?", "4."]);
        assert_eq!(
            parts("See e.g. Windows. It (the site.) Is."),
            ["See e.g. Windows.", "It (the site.)", "Is."]
        );
        assert_eq!(
            parts(r"The despoolr.box\receive folder v5.0 no end"),
            [r"The despoolr.box\receive folder v5.0 no end"]
        );
        assert_eq!(
            parts("A role. smsdbrole_X is one. and more"),
            ["A role.", "smsdbrole_X is one. and more"]
        );
        assert_eq!(parts("一つ。二つ。"), ["一つ。", "二つ。"]);
        assert_eq!(parts("  "), Vec::<&str>::new());
    }

    #[test]
    fn cells_break_and_code_does_not() {
        let text = "First part second. Third".to_owned();
        let inline =
            Inline { text, breaks: vec![11], marks: vec![(Style::Code, 11..24)], ..Inline::default() };
        let parts: Vec<&str> = split(&inline).into_iter().map(|p| &inline.text[p]).collect();
        assert_eq!(parts, ["First part", "second. Third"]);
    }
}
