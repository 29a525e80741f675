//! A finding in full: its places as they stand in the exports, what is documented, what to do.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::super::{Report, Spot};
use super::blocks::Told;
use super::{excerpt, head, others};
use crate::rules::Confidence;
use crate::text::{
    FAINT, MARK, STRONG, count, harmless, harmless_lines, list, paint, paragraphs, width, wrap,
};

/// So many of the further places of which a finding says the same are shown; of the others there is a number.
const SHOWN_AGAIN: usize = 2;
/// So many statements of a finding are quoted; of the others only the references are shown.
const SHOWN_STATEMENTS: usize = 3;

/// What has been said already and need not be said again under each finding.
#[derive(Debug, Default)]
pub(super) struct Met<'a> {
    statements: BTreeSet<&'a str>,
    helps: BTreeSet<(&'a str, &'a str)>,
    doubts: BTreeSet<(&'a str, Confidence, Option<&'a str>)>,
}

/// One finding, and beside it whom and where else the same is found.
pub(super) fn write<'a>(
    report: &Report<'a>,
    told: &Told<'a>,
    others: &[Told<'a>],
    met: &mut Met<'a>,
    out: &mut String,
) {
    let finding = told.finding();
    let hidden = if finding.again > SHOWN_AGAIN + 1 { finding.again - SHOWN_AGAIN } else { 0 };
    let (spots, more) = told.spots.split_at(told.spots.len().saturating_sub(hidden));
    let room = report.columns.saturating_sub(excerpt::margin(spots));
    let mut notes = Vec::new();
    if !more.is_empty() {
        notes.push(places(report, more, room));
    }
    for (title, text) in others::lines(others) {
        notes.push(format!("{} {}", paint(STRONG, &title), wrap_behind(&title, &text, room)));
    }
    notes.extend(said(report, told, met, room));
    let _ = writeln!(out, "{}", head::line(report, finding.level, &finding.rule, &finding.message));
    match excerpt::draw(spots, finding.level, notes, report.columns) {
        Some(drawn) => out.push_str(&drawn),
        // The excerpt does not fit its labels. The finding is still told, with its place.
        None => {
            let place = spots.first().map(head::place).unwrap_or_default();
            let _ = writeln!(out, "  {place}\n");
        }
    }
}

/// A text behind a title, with its further lines below its beginning.
pub(super) fn wrap_behind(title: &str, text: &str, columns: usize) -> String {
    let indent = width(title) + 1;
    let indent = if indent > columns / 3 { 6 } else { indent };
    wrap(&format!("{title} {text}"), columns, indent).split_off(title.len() + 1)
}

/// Further places of which the same is said: all where everything is asked for, else their number.
fn places(report: &Report<'_>, more: &[Spot], room: usize) -> String {
    let number = count(more.len(), "further place", "further places");
    let title = paint(STRONG, "places:");
    if !report.verbose {
        return format!("{title} {}", wrap(&format!("the same in {number}; --verbose lists them"), room, 8));
    }
    let mut out = format!("{title} the same in {number}");
    for spot in more {
        let _ = write!(out, "\n        {} {}", head::place(spot), harmless(&spot.label));
    }
    out
}

/// What stands below the excerpts: statements, reasons, help.
fn said<'a>(report: &Report<'a>, told: &Told<'a>, met: &mut Met<'a>, room: usize) -> Vec<String> {
    let finding = told.finding();
    let mut notes = Vec::new();
    let quoted = if report.verbose { told.statements.len() } else { SHOWN_STATEMENTS };
    for reference in told.statements.iter().take(quoted) {
        notes.push(documented(report, reference, met, room));
    }
    if let Some(more) = told.statements.get(quoted..).filter(|more| !more.is_empty()) {
        let more = format!("also in {}", list(more));
        notes.push(format!("{} {}", paint(STRONG, "documented:"), paint(FAINT, wrap(&more, room, 12))));
    }
    let because = report.rules.find(&finding.rule).and_then(|r| r.because.as_deref());
    if let Some(because) = because
        && met.statements.insert(&finding.rule)
    {
        notes.push(format!("{} {}", paint(STRONG, "why:"), wrap(&paragraphs(because), room, 5)));
    }
    if finding.confidence < Confidence::High
        && met.doubts.insert((&finding.rule, finding.confidence, finding.doubt.as_deref()))
    {
        let doubt = match finding.doubt.as_deref() {
            Some(doubt) => format!("{}; {}", finding.confidence.name(), harmless(doubt)),
            None => format!("{}, as of all findings of this rule", finding.confidence.name()),
        };
        notes.push(format!("{} {}", paint(STRONG, "confidence:"), wrap(&doubt, room, 12)));
    }
    for (title, text) in super::super::remarks(finding) {
        notes.push(format!(
            "{} {}",
            paint(STRONG, format_args!("{title}:")),
            wrap(&harmless(&text), room, title.len() + 2)
        ));
    }
    if met.helps.insert((&finding.rule, &finding.help)) {
        let help = paragraphs(&finding.help);
        if !help.is_empty() {
            notes.push(format!("{} {}", paint(MARK, "help:"), wrap(&harmless_lines(&help), room, 6)));
        }
    }
    if let Some(fix) = &finding.fix {
        notes.push(format!(
            "{} {}",
            paint(MARK, "fix:"),
            harmless_lines(fix.trim()).replace('\n', "\n     ")
        ));
    }
    if report.verbose {
        let ids: Vec<&str> = told.findings.iter().map(|f| f.fingerprint.as_str()).collect();
        notes.push(format!(
            "{} {}",
            paint(STRONG, "fingerprint:"),
            paint(FAINT, wrap(&list(&ids), room, 13))
        ));
    }
    notes
}

/// The note that says which statement is broken: its words at first, later only its reference.
fn documented<'a>(report: &Report<'a>, reference: &'a str, met: &mut Met<'a>, room: usize) -> String {
    let title = paint(STRONG, "documented:");
    let Some((entity, statement)) = report.content.statement(reference) else {
        return format!("{title} {reference}");
    };
    if !met.statements.insert(reference) {
        return format!("{title} {}", paint(FAINT, reference));
    }
    let revision = report.run.revision;
    let text = statement.text.at(revision).map_or("", String::as_str);
    let level = statement.level.at(revision).map_or(String::new(), |l| format!(", {}", l.name()));
    let name = entity.title(revision);
    let source = format!("({reference}, {revision}{level})");
    format!(
        "{title} {}\n{}{}",
        wrap(&format!("{name}: {}", paragraphs(text)), room, 12),
        " ".repeat(12),
        paint(FAINT, source)
    )
}
