//! Problems as text, in the manner of compilers.

use std::borrow::Cow;

use codespan_reporting::diagnostic::{Diagnostic, Label};
use codespan_reporting::files::SimpleFiles;
use codespan_reporting::term;

use super::Problems;

/// Text without control characters and without marks that reorder it, so that a file cannot speak to the
/// terminal. Each is replaced by a sign of as many bytes: places stay what they are.
fn harmless(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    let replaced = |c: char| match c.len_utf8() {
        _ if !harmful(c) => c,
        1 => {
            if c == '\r' {
                ' '
            } else {
                '?'
            }
        }
        2 => '\u{bf}',
        _ => char::REPLACEMENT_CHARACTER,
    };
    Cow::Owned(text.chars().map(replaced).collect())
}

/// All problems in the order they are in, with excerpts; `colour` adds terminal styles.
pub fn render(problems: &Problems, colour: bool) -> String {
    let mut files = SimpleFiles::new();
    let mut known: Vec<&str> = Vec::new();
    let mut diagnostics = Vec::new();
    for problem in &problems.0 {
        let places = std::iter::once((&problem.file, &problem.span, problem.label.as_str()))
            .chain(problem.related.iter().map(|r| (&r.file, &r.span, r.label.as_str())));
        let mut labels = Vec::new();
        for (i, (file, span, text)) in places.enumerate() {
            let id = known.iter().position(|p| *p == file.path).unwrap_or_else(|| {
                known.push(&file.path);
                files.add(harmless(&file.path), harmless(&file.text))
            });
            let label =
                if i == 0 { Label::primary(id, span.clone()) } else { Label::secondary(id, span.clone()) };
            labels.push(label.with_message(harmless(text)));
        }
        let diagnostic = if problem.warning { Diagnostic::warning() } else { Diagnostic::error() };
        diagnostics.push(
            diagnostic
                .with_message(harmless(&problem.message))
                .with_labels(labels)
                .with_notes_iter(problem.help.iter().map(|help| format!("help: {}", harmless(help)))),
        );
    }
    let config = term::Config::default();
    let mut out = if colour { term::termcolor::Buffer::ansi() } else { term::termcolor::Buffer::no_color() };
    for diagnostic in &diagnostics {
        // Writing to memory does not fail; a span outside its file would, and is then left out.
        if term::emit_to_write_style(&mut out, &config, &files, diagnostic).is_err() {
            let _ =
                std::io::Write::write_all(&mut out, format!("error: {}\n", diagnostic.message).as_bytes());
        }
    }
    String::from_utf8_lossy(out.as_slice()).into_owned()
}
