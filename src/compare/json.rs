//! A comparison for programs; `docs/compare.schema.json` describes it.

use serde_json::{Value, json};

use super::{Change, Changes, Comparison, Kind, Row, Snapshot};
use crate::rules::Level;

/// Name and number of the shape.
const SCHEMA: &str = "cmlint-compare/1";

pub(super) fn write(comparison: &Comparison) -> String {
    let steps = comparison.steps.iter().map(|step| json!({ "counts": counts(step) }));
    let value = json!({
        "schema": SCHEMA,
        "reports": comparison.reports.iter().map(report).collect::<Vec<_>>(),
        "steps": steps.collect::<Vec<_>>(),
        "counts": counts(&comparison.total),
        "changes": comparison.total.findings.iter().map(change).collect::<Vec<_>>(),
        "rules": {
            "no_longer_evaluated": rows(&comparison.total.no_longer_evaluated),
            "newly_evaluated": rows(&comparison.total.newly_evaluated),
        },
    });
    format!("{}\n", crate::report::escaped(format!("{value:#}")))
}

fn report(report: &Snapshot) -> Value {
    json!({
        "path": report.name,
        "created": report.created.map(|(date, _)| date.to_string()),
        "revision": report.revision,
        "version": report.version,
        "findings": {
            "error": report.of_level(Level::Error),
            "warning": report.of_level(Level::Warning),
            "note": report.of_level(Level::Note),
        },
        "waived": report.waived.len(),
        "checks_open": report.open(),
    })
}

fn counts(changes: &Changes) -> Value {
    Kind::ALL.iter().map(|kind| (kind.name().to_owned(), Value::from(changes.count(*kind)))).collect()
}

fn change(change: &Change) -> Value {
    let found = &change.finding;
    json!({
        "kind": change.kind.name(),
        "fingerprint": found.fingerprint,
        "rule": found.rule,
        "statements": found.statements,
        "entity": found.entity,
        "subject": found.subject,
        "message": found.message,
        "from": change.from.map(Level::name),
        "to": change.to.map(Level::name),
        "reason": change.reason,
    })
}

fn rows(rows: &[Row]) -> Vec<Value> {
    let row = |row: &Row| json!({ "rule": row.rule, "statements": row.statements, "reason": row.open });
    rows.iter().map(row).collect()
}
