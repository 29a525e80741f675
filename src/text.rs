//! Text for a terminal: made harmless, wrapped, counted, coloured.
//!
//! Everything that comes from an export goes through [`harmless`] before it reaches a terminal, so that no
//! file can move the cursor, change colours or reorder what is shown. Colours are always written; whoever
//! owns the stream takes them away where they are not wanted.
//!
//! [`differences`] says which runs of words or lines of two texts differ.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Display;

use anstyle::{AnsiColor, Style};
use similar::DiffOp;
use similar::algorithms::{Capture, Compact, Replace, patience};
use unicode_width::UnicodeWidthChar;

use crate::source::visible;

/// Titles, names, what a heading is to a page.
pub(crate) const STRONG: Style = Style::new().bold();
/// What may be overlooked.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// Ids and commands.
pub(crate) const CODE: Style = AnsiColor::Cyan.on_default();
/// Something is as it should be.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Something is wrong.
pub(crate) const BAD: Style = AnsiColor::BrightRed.on_default().bold();
/// Something is doubtful.
pub(crate) const DOUBT: Style = AnsiColor::BrightYellow.on_default().bold();
/// Frames and line numbers.
pub(crate) const FRAME: Style = AnsiColor::Blue.on_default();
/// Secondary headings.
pub(crate) const MARK: Style = AnsiColor::BrightCyan.on_default().bold();

/// `text` in a style.
pub(crate) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// One line of text from an export, without anything a terminal would act on.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| visible(c) == c) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().map(visible).collect())
    }
}

/// As [`harmless`], but line ends stay.
pub(crate) fn harmless_lines(text: &str) -> String {
    text.lines().map(harmless).collect::<Vec<_>>().join("\n")
}

/// How many columns the text takes on a terminal. Colour sequences take none.
pub(crate) fn width(text: &str) -> usize {
    let mut chars = text.chars();
    let mut columns = 0;
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            // Our own sequences: a link up to its end, a colour up to a letter.
            match chars.next() {
                Some(']') => _ = chars.by_ref().find(|c| *c == '\\'),
                _ => _ = chars.by_ref().find(char::is_ascii_alphabetic),
            }
        } else {
            columns += c.width().unwrap_or(0);
        }
    }
    columns
}

/// How many rows of a terminal lines of text take.
pub(crate) fn rows(text: &str, columns: usize) -> usize {
    text.lines().map(|line| width(line).div_ceil(columns.max(1)).max(1)).sum()
}

/// As much of a line without colours as fits, with a sign where some is left out.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut left = columns.saturating_sub(1);
    for c in text.chars() {
        let w = c.width().unwrap_or(0);
        if w > left {
            break;
        }
        left -= w;
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

/// `text` as a link, for terminals that know links (OSC 8).
pub(crate) fn link(url: &str, text: impl Display) -> String {
    format!("\u{1b}]8;;{url}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\")
}

/// The text with spaces behind it up to that many columns.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// The text in lines of at most `columns`, broken at spaces. Lines after the first start with `indent` spaces,
/// which count. A word that is longer than a line stays whole. Lines of the text itself stay lines; what
/// starts with spaces (code) or is written as a list keeps its shape.
pub(crate) fn wrap(text: &str, columns: usize, indent: usize) -> String {
    let columns = columns.max(indent + 20);
    let mut out = String::new();
    for (i, line) in text.trim_end().lines().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        if line.trim().is_empty() {
            continue;
        }
        if i > 0 {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        let body = line.trim_start_matches(' ');
        let lead = line.len() - body.len();
        let hang = lead + if body.starts_with("- ") || body.starts_with("* ") { 2 } else { 0 };
        out.extend(std::iter::repeat_n(' ', lead));
        let mut column = indent + lead;
        let mut first = true;
        for word in body.split(' ').filter(|w| !w.is_empty()) {
            let w = width(word);
            if !first && column + 1 + w > columns {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent + hang));
                column = indent + hang;
            } else if !first {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += w;
            first = false;
        }
    }
    out
}

/// Paragraphs of Markdown as the rules have them: lines of a paragraph are joined, lists and indented code
/// keep their lines.
pub(crate) fn paragraphs(text: &str) -> String {
    let mut out = String::new();
    let mut joining = false;
    for line in text.trim().lines() {
        let body = line.trim_end();
        let own_line = body.is_empty()
            || body.starts_with(' ')
            || body.starts_with("- ")
            || body.starts_with("* ")
            || body.starts_with(|c: char| c.is_ascii_digit()) && body.contains(". ");
        if !out.is_empty() {
            out.push(if joining && !own_line { ' ' } else { '\n' });
        }
        out.push_str(body);
        joining = !body.is_empty() && !body.starts_with("    ");
    }
    out
}

/// `1 error`, `2 errors`.
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, d) in digits.chars().enumerate() {
        if i > 0 && digits.len() > 4 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(d);
    }
    format!("{out} {}", if n == 1 { one } else { many })
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list<T: AsRef<str>>(items: &[T]) -> String {
    joined(items, "and")
}

/// As [`list`], with another word before the last item: `a, b or c`.
pub(crate) fn joined<T: AsRef<str>>(items: &[T], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [most @ .., end] => {
            let most: Vec<_> = most.iter().map(AsRef::as_ref).collect();
            format!("{} {last} {}", most.join(", "), end.as_ref())
        }
    }
}

/// Which runs of two lists are the same and which differ, by patience: what stands once in both is matched first.
///
/// The one place where lists are compared: the library is generic, and each type it is asked for costs seconds of
/// building, so that everything is compared as numbers.
pub(crate) fn differences(a: &[u64], b: &[u64]) -> Vec<DiffOp> {
    let mut found = Compact::new(Replace::new(Capture::new()), a, b);
    // It fails only if what takes its results does, and that cannot.
    let _ = patience::diff(&mut found, a, 0..a.len(), b, 0..b.len());
    found.into_inner().into_inner().into_ops()
}

/// As [`differences`], of words or lines.
pub(crate) fn differences_of(a: &[&str], b: &[&str]) -> Vec<DiffOp> {
    let mut known: HashMap<&str, u64> = HashMap::new();
    let mut next = 0;
    let mut number = |text| {
        *known.entry(text).or_insert_with(|| {
            next += 1;
            next
        })
    };
    let numbers = [a, b].map(|texts| texts.iter().map(|text| number(*text)).collect::<Vec<u64>>());
    differences(&numbers[0], &numbers[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_nothing() {
        assert_eq!(harmless("plain"), "plain");
        assert_eq!(harmless("a\u{1b}[31mb\u{7f}"), "a␛[31mb␡");
        assert_eq!(harmless("user\u{202e}nimda"), "user\u{fffd}nimda");
        assert_eq!(harmless("\u{9b}1m"), "\u{fffd}1m");
        assert_eq!(harmless_lines("a\r\nb\tc"), "a\nb␉c");
    }

    #[test]
    fn one_character_stays_one_character() {
        let all: String = (0..0x2070).filter_map(char::from_u32).collect();
        assert_eq!(harmless(&all).chars().count(), all.chars().count());
    }

    #[test]
    fn colours_have_no_width() {
        assert_eq!(width(&paint(BAD, "error")), 5);
        assert_eq!(width("日本"), 4);
        assert_eq!(pad(&paint(CODE, "ab"), 4), format!("{}  ", paint(CODE, "ab")));
        assert_eq!(width(&link("https://example.com/a", paint(CODE, "ab"))), 2);
    }

    #[test]
    fn rows_are_counted_as_a_terminal_shows_them() {
        assert_eq!(rows("", 10), 0);
        assert_eq!(rows("a\n\n0123456789\n01234567890", 10), 5);
        assert_eq!(cut("0123456789", 10), "0123456789");
        assert_eq!(cut("01234567890", 10), "012345678…");
        assert_eq!(cut("日本語日本語", 6), "日本…");
    }

    #[test]
    fn long_text_is_wrapped_at_spaces() {
        assert_eq!(wrap("one two three four five six", 22, 2), "one two three four\n  five six");
        assert_eq!(wrap("a\n- b c", 30, 4), "a\n    - b c");
        let long = "x".repeat(50);
        assert_eq!(wrap(&long, 20, 0), long);
    }

    #[test]
    fn lists_hang() {
        assert_eq!(wrap("- one two three four five six", 20, 0), "- one two three four\n  five six");
    }

    #[test]
    fn paragraphs_are_joined_and_code_is_not() {
        assert_eq!(
            paragraphs("one\ntwo\n\n    code a\n    code b\n\n- x\n- y\n"),
            "one two\n\n    code a\n    code b\n\n- x\n- y"
        );
    }

    #[test]
    fn words_are_counted() {
        assert_eq!(count(1, "error", "errors"), "1 error");
        assert_eq!(count(0, "error", "errors"), "0 errors");
        assert_eq!(count(1234567, "row", "rows"), "1,234,567 rows");
        assert_eq!(count(1234, "row", "rows"), "1234 rows");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }
}
