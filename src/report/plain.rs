//! What the formats that annotate files have in common: a level, a title, one place, and everything else as text.

use super::document::{Document, Location};
use crate::text::{count, harmless, harmless_lines};

/// One annotation.
pub(super) struct Annotation<'a> {
    /// `error`, `warning` or `note`.
    pub(super) level: &'static str,
    /// What it is of: the id of a rule.
    pub(super) title: String,
    /// Where it goes, if anywhere.
    pub(super) place: Option<At<'a>>,
    /// Lines of text.
    pub(super) text: String,
}

/// A place; line 0 is the file as a whole.
pub(super) struct At<'a> {
    pub(super) path: &'a str,
    pub(super) line: u64,
    pub(super) column: u64,
    pub(super) end_line: u64,
    pub(super) end_column: u64,
}

impl<'a> At<'a> {
    fn of(location: &Location<'a>) -> Self {
        let Location { path, line, column, end_line, end_column, .. } = *location;
        Self { path, line, column, end_line, end_column }
    }
}

/// The findings, then the inputs that were not read to their end, then one for all that was not evaluated.
pub(super) fn annotations<'a>(document: &'a Document<'a>) -> Vec<Annotation<'a>> {
    let findings = document.findings.iter().map(|finding| Annotation {
        level: finding.level,
        title: finding.rule.to_owned(),
        place: finding.locations.first().map(At::of),
        text: text(finding.message, &finding.locations, finding.help),
    });
    let inputs = document.inputs.iter().filter(|input| input.faulty).map(|input| Annotation {
        level: "error",
        title: format!("input {}", input.status),
        place: Some(At { path: input.path, line: 0, column: 0, end_line: 0, end_column: 0 }),
        text: harmless_lines(input.note.as_deref().unwrap_or("it could not be read")),
    });
    findings.chain(inputs).chain(not_evaluated(document)).collect()
}

/// The message, the places with their labels, what to do.
fn text(message: &str, locations: &[Location<'_>], help: &str) -> String {
    let mut out = harmless(message).into_owned();
    for place in locations {
        let (path, label) = (harmless(place.path), harmless(place.label));
        out.push_str(&format!("\n{path}:{}:{}: {label}", place.line, place.column));
    }
    if !help.trim().is_empty() {
        out.push('\n');
        out.push_str(&harmless_lines(help.trim()));
    }
    out
}

fn not_evaluated<'a>(document: &'a Document<'a>) -> Option<Annotation<'a>> {
    let open = &document.not_evaluated;
    if open.is_empty() {
        return None;
    }
    let mut out = format!("{} could not be evaluated:", count(open.len(), "check", "checks"));
    for open in open {
        out.push_str(&format!("\n{}: {}", open.rule, harmless(open.reason)));
    }
    Some(Annotation { level: "note", title: "not evaluated".to_owned(), place: None, text: out })
}
