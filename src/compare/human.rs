//! A comparison for people.

use std::fmt::Write as _;

use super::{Change, Comparison, Kind, Row, Snapshot};
use crate::rules::Level;
use crate::text::{BAD, DOUBT, FAINT, GOOD, STRONG, count, harmless, list, pad, paint, width, wrap};

/// So many rules that are open now are named.
const SHOWN_ROWS: usize = 12;

pub(super) fn write(comparison: &Comparison, columns: usize) -> String {
    let mut out = String::new();
    let (Some(first), Some(last)) = (comparison.reports.first(), comparison.reports.last()) else {
        return out;
    };
    let _ = writeln!(
        out,
        "{}\n",
        paint(STRONG, format_args!("What changed from {} to {}", named(first), named(last)))
    );
    for note in notes(comparison) {
        let _ = writeln!(out, "{}: {}\n", paint(DOUBT, "note"), wrap(&note, columns, 6));
    }
    if comparison.reports.len() > 2 {
        trend(comparison, &mut out);
    }
    for (name, changes) in comparison.group_by.groups(&comparison.total.findings) {
        let _ = writeln!(out, "{}", paint(STRONG, harmless(&name)));
        for (i, change) in changes.iter().enumerate() {
            // What holds for several in a row is said once, behind the last.
            let same = |next: &&&Change| (next.kind, &next.reason) == (change.kind, &change.reason);
            one(change, changes.get(i + 1).filter(same).is_none(), columns, &mut out);
        }
        out.push('\n');
    }
    let total = &comparison.total;
    rows(
        "no longer evaluated",
        "could be judged before and cannot now",
        &total.no_longer_evaluated,
        columns,
        &mut out,
    );
    rows(
        "newly evaluated",
        "could not be judged before and can now",
        &total.newly_evaluated,
        columns,
        &mut out,
    );
    let counts = total.counts();
    let counts = if counts.is_empty() { "no finding differs".to_owned() } else { list(&counts) };
    let _ = writeln!(
        out,
        "{}  {} before, {} now: {counts}",
        paint(STRONG, "findings"),
        first.findings.len(),
        last.findings.len()
    );
    out
}

/// A report by its name and the day it was made.
pub(super) fn named(report: &Snapshot) -> String {
    match report.created {
        // A name that holds the day tells it.
        Some((date, true)) if !report.name.contains(&date.to_string()) => {
            format!("{} ({date})", harmless(&report.name))
        }
        _ => harmless(&report.name).into_owned(),
    }
}

/// What has to be known before the reports are compared.
pub(super) fn notes(comparison: &Comparison) -> Vec<String> {
    let differ = |of: fn(&Snapshot) -> &str| {
        let mut all: Vec<&str> = comparison.reports.iter().map(of).collect();
        all.dedup();
        (all.len() > 1).then(|| list(&all))
    };
    let mut out = Vec::new();
    if let Some(revisions) = differ(|report| &report.revision) {
        out.push(format!("the reports are by different revisions, {revisions}: not all that differs has changed in the estate"));
    }
    if let Some(versions) = differ(|report| &report.version) {
        out.push(format!("the reports are of different versions of cmlint, {versions}"));
    }
    out
}

/// How a change is told: its sign, and its level or levels.
fn sign(change: &Change) -> (String, String) {
    let level = |level: Level| paint(level.style(), level.name());
    let levels = match (change.from, change.to) {
        (Some(from), Some(to)) => format!("{} → {}", level(from), level(to)),
        (Some(one), None) | (None, Some(one)) => level(one),
        (None, None) => String::new(),
    };
    let sign = match change.kind {
        kind if kind.is_more() => paint(BAD, "+"),
        Kind::ChangedLevel => paint(DOUBT, "~"),
        Kind::NoLongerEvaluated => paint(DOUBT, "?"),
        Kind::Waived => paint(FAINT, "w"),
        _ => paint(GOOD, "-"),
    };
    (sign, levels)
}

fn one(change: &Change, reason: bool, columns: usize, out: &mut String) {
    let found = &change.finding;
    let (sign, levels) = sign(change);
    let place = found
        .place
        .as_ref()
        .map_or(String::new(), |(path, line)| paint(FAINT, format_args!(" ({}:{line})", harmless(path))));
    let words = paint(STRONG, change.kind.words());
    let text = format!("{words}, {levels}: {}{place}", harmless(&found.message));
    let _ = writeln!(out, "  {sign} {}", wrap(&text, columns, 4));
    if let Some(reason) = change.reason.as_ref().filter(|_| reason) {
        let when = if change.from.is_some() { "now" } else { "before" };
        let text = format!("{when}: {}", harmless(reason));
        let _ = writeln!(out, "    {}", paint(FAINT, wrap(&text, columns, 4)));
    }
}

fn rows(title: &str, what: &str, rows: &[Row], columns: usize, out: &mut String) {
    if rows.is_empty() {
        return;
    }
    let checks = count(rows.len(), "check", "checks");
    let _ = writeln!(out, "{}: {checks} that {what}", paint(DOUBT, title));
    for row in rows.iter().take(SHOWN_ROWS) {
        let about = match row.statements.as_slice() {
            [one] => format!(" {}", paint(FAINT, format_args!("· {one}"))),
            _ => String::new(),
        };
        let why = row.open.as_deref().map_or(String::new(), |why| format!(": {}", harmless(why)));
        let _ = writeln!(out, "  {}", wrap(&format!("{}{about}{why}", row.rule), columns, 4));
    }
    if rows.len() > SHOWN_ROWS {
        let _ = writeln!(out, "  and {} more; --format json lists them all", rows.len() - SHOWN_ROWS);
    }
    out.push('\n');
}

/// The columns of the trend.
pub(super) const TREND: [&str; 10] = [
    "report",
    "errors",
    "warnings",
    "notes",
    "waived",
    "not judged",
    "new",
    "gone",
    "newly evaluated",
    "no longer evaluated",
];

/// The cells of the trend, a row a report.
pub(super) fn trend_rows(comparison: &Comparison) -> Vec<[String; TREND.len()]> {
    let rows = comparison.reports.iter().enumerate().map(|(i, report)| {
        let step = i.checked_sub(1).and_then(|before| comparison.steps.get(before));
        let of = |kind: Kind| step.map_or(String::new(), |step| step.count(kind).to_string());
        let level = |level: Level| report.of_level(level).to_string();
        [
            named(report),
            level(Level::Error),
            level(Level::Warning),
            level(Level::Note),
            report.waived.len().to_string(),
            report.open().to_string(),
            of(Kind::New),
            of(Kind::Gone),
            of(Kind::NewlyEvaluated),
            of(Kind::NoLongerEvaluated),
        ]
    });
    rows.collect()
}

/// The trend as a table, with heads of two lines.
fn trend(comparison: &Comparison, out: &mut String) {
    let heads = TREND.map(|title| title.rsplit_once(' ').unwrap_or(("", title)));
    let rows = trend_rows(comparison);
    let all = |i: usize| {
        let cells = rows.iter().map(move |row| width(&row[i]));
        cells.chain([width(heads[i].0), width(heads[i].1)]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..TREND.len()).map(all).collect();
    let line = |cells: Vec<&str>| {
        let mut line = String::new();
        for (i, (cell, columns)) in cells.into_iter().zip(&widths).enumerate() {
            match i {
                0 => line.push_str(&pad(cell, *columns)),
                _ => {
                    let _ = write!(line, "  {cell:>columns$}");
                }
            }
        }
        line.trim_end().to_owned()
    };
    let _ = writeln!(out, "{}", paint(STRONG, line(heads.map(|(first, _)| first).to_vec())));
    let _ = writeln!(out, "{}", paint(STRONG, line(heads.map(|(_, last)| last).to_vec())));
    for row in &rows {
        let _ = writeln!(out, "{}", line(row.iter().map(String::as_str).collect()));
    }
    out.push('\n');
}
