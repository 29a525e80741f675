//! The report as workflow commands of GitHub Actions: an annotation for each finding at its primary place, with the
//! other places in its text, and one for all that could not be evaluated.

use std::fmt::Write;

use super::document::Document;
use super::plain::{Annotation, annotations};

pub(super) fn write(document: &Document<'_>) -> String {
    let mut out = String::new();
    for annotation in annotations(document) {
        let Annotation { level, title, place, text } = annotation;
        let command = if level == "note" { "notice" } else { level };
        let mut properties = Vec::new();
        if let Some(place) = place {
            properties.push(format!("file={}", property(place.path)));
            if place.line > 0 {
                properties.push(format!("line={}", place.line));
                properties.push(format!("endLine={}", place.end_line));
                // Columns of a place over several lines are refused.
                if place.line == place.end_line {
                    properties.push(format!("col={},endColumn={}", place.column, place.end_column));
                }
            }
        }
        properties.push(format!("title={}", property(&title)));
        let _ = writeln!(out, "::{command} {}::{}", properties.join(","), data(&text));
    }
    out
}

/// A text behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
