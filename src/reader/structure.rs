//! What of a record may be shown: its structure, and of its values those that are known.
//!
//! A lexer for the notation of the file goes over the text of the record and says of each stretch whether it is
//! structure (tags, names of attributes, keys, brackets) or one value; what it does not understand is neither. Structure
//! is harmless. A value is harmless only if somebody names its place and it is as that one expects it. There is one
//! rule for all notations, and nothing here looks for credentials.

mod lexers;

use std::ops::Range;

use crate::reader::Format;
use crate::source::{Source, SourceError, Span, View};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notation {
    Xml,
    Json,
    Mof,
    Ini,
}

impl Notation {
    fn of(format: Format) -> Self {
        match format {
            Format::Json | Format::Ndjson | Format::AdminService | Format::SharpHound | Format::OpenGraph => {
                Self::Json
            }
            Format::Mof => Self::Mof,
            Format::SecurityTemplate | Format::Settings | Format::Registry => Self::Ini,
            Format::Clixml
            | Format::ConvertToXml
            | Format::CimXml
            | Format::TaskSequence
            | Format::SecurityRoles
            | Format::ClientPolicy
            | Format::GpoReport
            | Format::Rsop
            | Format::AnswerFile
            | Format::ExportPart => Self::Xml,
        }
    }
}

/// A value that may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Where it stands.
    pub span: Span,
    /// What it must say.
    pub says: Says,
}

/// What is known of a value's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// It is pointed at: whatever one value says, if it is no longer than a line.
    Anything,
    /// This, but for escapes and punctuation.
    Text(Box<str>),
    /// A flag or a number.
    Number,
}

/// A labelled value that is longer than this, in bytes of text, is a script or a list.
const LONGEST: usize = 300;

/// The stretches of a record that may be shown, near to some places in it. `known` are values whose text is allowed.
///
/// # Errors
/// When the source cannot be read.
pub fn harmless(
    source: &Source,
    format: Format,
    record: Span,
    near: &[Span],
    known: &[Known],
) -> Result<Vec<Span>, SourceError> {
    let Some(end) = near.iter().map(|span| span.end).max() else { return Ok(Vec::new()) };
    let end = end.min(record.end);
    if end <= record.start {
        return Ok(Vec::new());
    }
    let mut window = source.open_range(record.start, Some(end))?;
    while !window.at_end() {
        window.advance(0)?;
    }
    let view = window.view();
    let mut out = Vec::new();
    let mut shown: Vec<Range<usize>> = Vec::new();
    let places: Vec<Range<usize>> = known.iter().map(|known| range(view, known.span)).collect();
    let whole = end == record.end;
    let mut values: Vec<Range<usize>> = Vec::new();
    let mut structure: Vec<Range<usize>> = Vec::new();
    lexers::run(Notation::of(format), view.text, &mut |piece| match piece {
        // What is cut off at the end of what is looked at may be anything.
        _ if !whole && piece.range().end == view.text.len() => {}
        Piece::Structure(range) => structure.push(range),
        Piece::Value(range) => values.push(range),
    });
    for (known, place) in known.iter().zip(&places) {
        if may_be_shown(view.text, place, &known.says, &structure, &values) {
            shown.push(place.clone());
        }
    }
    shown.sort_by_key(|range| range.start);
    between(view.text, &mut shown);
    structure.extend(shown);
    let mut near: Vec<Range<usize>> = near.iter().map(|span| range(view, *span)).collect();
    near.sort_by_key(|range| range.start);
    for piece in structure {
        let next = near.partition_point(|near| near.end < piece.start);
        if near.get(next).is_some_and(|near| near.start <= piece.end) {
            out.push(view.span(piece));
        }
    }
    Ok(out)
}

/// What a lexer tells.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// Tags, keys, brackets.
    Structure(Range<usize>),
    /// One value, without its quotes.
    Value(Range<usize>),
}

impl Piece {
    fn range(&self) -> &Range<usize> {
        match self {
            Self::Structure(range) | Self::Value(range) => range,
        }
    }
}

fn range(view: View<'_>, span: Span) -> Range<usize> {
    let start = view.position(span.start);
    start..view.position(span.end).max(start)
}

/// Whether a value may be shown: it must be one value or a part of one, and say what it should.
fn may_be_shown(
    text: &str,
    place: &Range<usize>,
    says: &Says,
    structure: &[Range<usize>],
    values: &[Range<usize>],
) -> bool {
    let Some(raw) = text.get(place.clone()) else { return false };
    // An address may have a user and a password before its `@`.
    if raw.is_empty() || raw.len() > LONGEST || raw.contains("://") && raw.contains('@') {
        return false;
    }
    // Structure in it: a list or an object, whose values are judged one by one.
    let next = structure.partition_point(|range| range.end <= place.start);
    if structure.get(next).is_some_and(|range| range.start < place.end) {
        return false;
    }
    match says {
        Says::Anything => {
            let holder = values.get(values.partition_point(|value| value.end < place.end));
            let is_value = holder.is_some_and(|value| {
                value.start <= place.start
                    && text.get(value.clone()).map(str::trim) == Some(raw.trim())
                    && !raw.contains(['\n', '\r'])
            });
            // A part of a longer text must not be a piece of markup or of a script.
            is_value || is_plain(raw)
        }
        Says::Text(text) => {
            let letters = |text: &str| -> String {
                text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
            };
            // One or two digits are a value that has a name: a role, a type.
            let coded = raw.len() <= 2 && raw.bytes().all(|b| b.is_ascii_digit());
            !raw.contains(['\n', '\r']) && (coded || letters(raw) == letters(text))
        }
        Says::Number => {
            let raw = raw.trim();
            raw.bytes().all(|b| b.is_ascii_digit()) && raw.len() <= 10
                || ["true", "false", "yes", "no"].iter().any(|word| raw.eq_ignore_ascii_case(word))
        }
    }
}

/// Whether a text is of the kind that names something: an account, a path, a computer.
fn is_plain(raw: &str) -> bool {
    let escapes = ["&lt;", "&gt;", "&quot;", "&#", "\\u003c", "\\u003C", "\\u0022", "\\n", "\\r"];
    !raw.contains(['<', '>', '{', '}', '"', ';', '\n', '\r']) && !escapes.iter().any(|e| raw.contains(e))
}

/// Adds what parts values that are both shown: commas and blanks. The ranges are in order.
fn between(text: &str, shown: &mut Vec<Range<usize>>) {
    const MOST: usize = 8;
    let mut gaps = Vec::new();
    for pair in shown.windows(2) {
        let gap = pair[0].end..pair[1].start.max(pair[0].end);
        let parts = |c: char| matches!(c, ',' | ' ' | '\t' | '*');
        if gap.len() <= MOST && text.get(gap.clone()).is_some_and(|gap| gap.chars().all(parts)) {
            gaps.push(gap);
        }
    }
    shown.extend(gaps);
}

#[cfg(test)]
mod tests;
