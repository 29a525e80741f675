//! The report as a table for spreadsheets: a row for each finding, for each of its further places, for each rule that was
//! not evaluated and for each input that was not read to its end.
//!
//! It begins with a byte order mark, without which Excel takes UTF-8 for the code page of the system; lines end as
//! RFC 4180 has them. A cell that a spreadsheet would take for a formula begins with an apostrophe.

use std::borrow::Cow;

use super::document::{Document, Location};
use crate::source::visible;

/// The columns, in order.
const COLUMNS: [&str; 20] = [
    "record",
    "level",
    "rule",
    "title",
    "message",
    "subject",
    "entity",
    "statements",
    "confidence",
    "path",
    "line",
    "column",
    "end_line",
    "end_column",
    "label",
    "help",
    "fix",
    "fingerprint",
    "why",
    "collect",
];

/// A row, by the names of columns; those it does not name are empty.
type Row<'a> = Vec<(&'static str, Cow<'a, str>)>;

pub(super) fn write(document: &Document<'_>) -> String {
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let mut written = table.write_record(COLUMNS);
    for row in rows(document) {
        let cell = |column: &&str| row.iter().find(|(name, _)| name == column).map_or("", |(_, text)| text);
        written =
            written.and_then(|()| table.write_record(COLUMNS.iter().map(|column| guarded(cell(column)))));
    }
    // Rows of one length into memory cannot fail.
    let bytes = written.ok().and_then(|()| table.into_inner().ok()).unwrap_or_default();
    format!("\u{feff}{}", String::from_utf8_lossy(&bytes))
}

fn rows<'a>(document: &'a Document<'a>) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    let waived = document.waived.iter().map(|waived| (&waived.finding, Some(&waived.waiver)));
    for (finding, waiver) in document.findings.iter().map(|finding| (finding, None)).chain(waived) {
        let of_finding = |record: &'static str| -> Row<'a> {
            vec![
                ("record", record.into()),
                ("level", finding.level.into()),
                ("rule", finding.rule.into()),
                ("title", finding.title.unwrap_or_default().into()),
                ("message", finding.message.into()),
                ("subject", finding.subject.into()),
                ("entity", finding.entity.unwrap_or_default().into()),
                ("statements", finding.statements.join(" ").into()),
                ("confidence", finding.confidence.into()),
                ("fingerprint", finding.fingerprint.into()),
            ]
        };
        let mut first = of_finding(if waiver.is_some() { "waived" } else { "finding" });
        // Why it does not count, and until when.
        if let Some(waiver) = waiver {
            first.push(("why", format!("{} (until {})", waiver.reason, waiver.until).into()));
        }
        first.extend([("help", finding.help.into()), ("fix", finding.fix.unwrap_or_default().into())]);
        let mut places = finding.locations.iter();
        first.extend(places.next().map(place).unwrap_or_default());
        rows.push(first);
        rows.extend(places.map(|further| {
            let mut row = of_finding(if waiver.is_some() { "waived_place" } else { "place" });
            row.extend(place(further));
            row
        }));
    }
    for open in &document.not_evaluated {
        let mut row: Row<'a> = vec![
            ("record", "not_evaluated".into()),
            ("rule", open.rule.into()),
            ("message", open.reason.into()),
            ("statements", open.statements.join(" ").into()),
            ("why", open.why.into()),
            ("collect", open.collect.as_str().into()),
        ];
        if let Some(at) = open.location {
            row.push(("path", at.path.into()));
            row.extend([("line", at.line.to_string().into()), ("column", at.column.to_string().into())]);
        }
        rows.push(row);
    }
    rows.extend(document.inputs.iter().filter(|input| input.faulty).map(|input| -> Row<'a> {
        vec![
            ("record", "input".into()),
            ("path", input.path.into()),
            ("why", input.status.into()),
            ("message", input.note.as_deref().unwrap_or_default().into()),
        ]
    }));
    rows
}

fn place<'a>(location: &Location<'a>) -> Row<'a> {
    vec![
        ("path", location.path.into()),
        ("line", location.line.to_string().into()),
        ("column", location.column.to_string().into()),
        ("end_line", location.end_line.to_string().into()),
        ("end_column", location.end_column.to_string().into()),
        ("label", location.label.into()),
    ]
}

/// A text that no spreadsheet takes for a formula, and no terminal for a command.
fn guarded(text: &str) -> String {
    let formula = text
        .trim_start_matches(' ')
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let plain = text.chars().map(|c| if c == '\n' { c } else { visible(c) });
    if formula { std::iter::once('\'').chain(plain).collect() } else { plain.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_begins_like_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1"] {
            assert!(guarded(text).starts_with('\''), "{text:?}");
        }
        assert_eq!(guarded("a=1\u{1b}"), "a=1␛");
    }
}
