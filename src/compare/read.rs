//! Reads a report of `check --format json`.

use serde::Deserialize;

use super::{Found, INCOMPLETE, Row, Snapshot, gravest};
use crate::rules::Level;
use crate::text::harmless;

/// The one shape that can be read.
const SCHEMA: &str = "cmlint-report/1";

#[derive(Deserialize)]
struct Root {
    tool: Tool,
    revision: String,
    #[serde(default)]
    created: Option<String>,
    findings: Vec<Finding>,
    #[serde(default)]
    waived: Vec<Waived>,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Tool {
    version: String,
}

#[derive(Deserialize)]
struct Waived {
    finding: Finding,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Error,
    Warning,
    Note,
}

#[derive(Deserialize)]
struct Finding {
    rule: String,
    level: Word,
    #[serde(default)]
    statements: Vec<String>,
    #[serde(default)]
    entity: Option<String>,
    subject: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    locations: Vec<Location>,
    #[serde(default)]
    accounts: Vec<String>,
    #[serde(default)]
    hosts: Vec<String>,
    fingerprint: String,
}

#[derive(Deserialize)]
struct Location {
    path: String,
    line: u64,
}

#[derive(Deserialize)]
struct Rule {
    rule: String,
    #[serde(default)]
    statements: Vec<String>,
    outcome: String,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    incomplete: bool,
}

/// The report in a text. `name` is what it is called.
///
/// # Errors
/// When the text is no such report: what it is instead, without a word of it.
pub(crate) fn read(name: &str, text: &str) -> Result<Snapshot, String> {
    let place = |error: &serde_json::Error| format!("line {}, column {}", error.line(), error.column());
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| format!("it is not JSON, at {}", place(&error)))?;
    match value.get("schema").and_then(serde_json::Value::as_str) {
        Some(SCHEMA) => {}
        Some(newer) if newer.starts_with("cmlint-report/") => {
            return Err(format!("it is a `{}`; this cmlint reads `{SCHEMA}`", harmless(newer)));
        }
        _ => return Err("it is no report of `cmlint check --format json`".to_owned()),
    }
    let root: Root = serde_json::from_value(value)
        .map_err(|_| format!("it says that it is a `{SCHEMA}`, but lacks what such a report has"))?;
    let created = root.created.and_then(|text| text.parse().ok()).map(|date| (date, true));
    Ok(Snapshot {
        name: name.to_owned(),
        created,
        revision: root.revision,
        version: root.tool.version,
        findings: gravest(root.findings.into_iter().map(found)),
        waived: gravest(root.waived.into_iter().map(|waived| found(waived.finding))),
        rows: root.rules.into_iter().map(row).collect(),
    })
}

fn found(finding: Finding) -> Found {
    Found {
        fingerprint: finding.fingerprint,
        rule: finding.rule,
        level: match finding.level {
            Word::Error => Level::Error,
            Word::Warning => Level::Warning,
            Word::Note => Level::Note,
        },
        statements: finding.statements,
        entity: finding.entity,
        subject: finding.subject,
        message: finding.message,
        place: finding.locations.into_iter().next().map(|place| (place.path, place.line)),
        accounts: finding.accounts,
        hosts: finding.hosts,
    }
}

fn row(rule: Rule) -> Row {
    let open = match rule.outcome.as_str() {
        "not_evaluated" | "error" => Some(rule.reason.unwrap_or_else(|| "it was not evaluated".to_owned())),
        _ => rule.incomplete.then(|| INCOMPLETE.to_owned()),
    };
    Row { rule: rule.rule, statements: rule.statements, open }
}
