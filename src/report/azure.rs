//! The report as logging commands of Azure Pipelines: an issue for each finding at its primary place, with the other
//! places in its text, and one for all that could not be evaluated. There are errors and warnings only: a note is a
//! warning that says so.

use std::fmt::Write;

use super::document::Document;
use super::plain::{Annotation, annotations};

pub(super) fn write(document: &Document<'_>) -> String {
    let mut out = String::new();
    for annotation in annotations(document) {
        let Annotation { level, title, place, text } = annotation;
        let kind = if level == "error" { "error" } else { "warning" };
        let mut properties = format!("type={kind};");
        if let Some(place) = place {
            let _ = write!(properties, "sourcepath={};", property(place.path));
            if place.line > 0 {
                let _ = write!(properties, "linenumber={};columnnumber={};", place.line, place.column);
            }
        }
        let _ = write!(properties, "code={};", property(&title));
        let note = if level == "note" { "note: " } else { "" };
        let _ = writeln!(out, "##vso[task.logissue {properties}]{note}{}", data(&text));
    }
    out
}

/// A text behind the bracket.
fn data(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(']', "%5D").replace(';', "%3B")
}
