//! The report for programs. Its shape is a promise, written down in `docs/report.schema.json`: keys are
//! added, never changed or taken away, as long as the number in `schema` stays.

use std::fmt::Write;

use serde::Serialize;

use super::{Report, Spot};
use crate::check::{self, Outcome};
use crate::evidence::TableId;
use crate::source::visible;
use crate::waive;

/// Name and number of the shape.
const SCHEMA: &str = "cmlint-report/1";

#[derive(Serialize)]
struct Root<'a> {
    schema: &'static str,
    tool: Tool,
    created: Option<String>,
    configuration: Option<&'a super::Configuration>,
    revision: String,
    revision_reason: &'a str,
    hierarchies: &'a [super::Hierarchy],
    inputs: Vec<Input<'a>>,
    findings: Vec<Finding<'a>>,
    waived: Vec<Waived<'a>>,
    waivers: Vec<Waiver<'a>>,
    rules: Vec<Rule<'a>>,
    outcomes: Outcomes,
    not_evaluated: Vec<NotEvaluated<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Input<'a> {
    path: &'a str,
    format: Option<&'static str>,
    encoding: Option<&'static str>,
    records: u64,
    status: &'static str,
    note: Option<String>,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    title: Option<&'a str>,
    level: &'static str,
    confidence: &'static str,
    statements: &'a [String],
    entity: Option<&'a str>,
    subject: &'a str,
    message: &'a str,
    help: &'a str,
    fix: Option<&'a str>,
    locations: Vec<Location<'a>>,
    fingerprint: &'a str,
    rule_level: Option<&'static str>,
    baseline_state: Option<&'static str>,
    lapsed_waivers: Vec<String>,
    waiver_template: String,
}

/// A finding that a waiver hides.
#[derive(Serialize)]
struct Waived<'a> {
    finding: Finding<'a>,
    waiver: Decision<'a>,
}

#[derive(Serialize)]
struct Decision<'a> {
    reason: &'a str,
    owner: &'a str,
    created: Option<String>,
    until: String,
    ticket: Option<&'a str>,
}

#[derive(Serialize)]
struct Waiver<'a> {
    path: &'a str,
    line: usize,
    fingerprint: Option<&'a str>,
    rule: Option<&'a str>,
    entity: Option<&'a str>,
    subject: Option<&'a str>,
    #[serde(flatten)]
    decision: Decision<'a>,
    age_days: Option<i64>,
    state: &'static str,
    note: Option<&'a str>,
    findings: usize,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    line: u64,
    column: u64,
    end_line: u64,
    end_column: u64,
    label: &'a str,
    primary: bool,
}

#[derive(Serialize)]
struct Rule<'a> {
    rule: &'a str,
    title: Option<&'a str>,
    statements: &'a [String],
    outcome: &'static str,
    reason: Option<&'a str>,
    incomplete: bool,
}

#[derive(Serialize)]
struct Outcomes {
    pass: usize,
    fail: usize,
    not_evaluated: usize,
    not_applicable: usize,
    waived: usize,
    error: usize,
}

#[derive(Serialize)]
struct NotEvaluated<'a> {
    rule: &'a str,
    statements: &'a [String],
    why: &'static str,
    reason: &'a str,
    evidence: Vec<&'a str>,
    /// One or more lines of PowerShell.
    collect: String,
    location: Option<OpenLocation<'a>>,
}

#[derive(Serialize)]
struct OpenLocation<'a> {
    path: &'a str,
    line: u64,
    column: u64,
}

pub(super) fn write(report: &Report<'_>) -> String {
    let outcomes = report.outcomes();
    let title = |rule: &str| report.rules.find(rule).map(|r| r.title.as_str());
    let root = Root {
        schema: SCHEMA,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        created: report.created.map(|date| date.to_string()),
        configuration: report.configuration,
        revision: report.run.revision.to_string(),
        revision_reason: report.revision_reason,
        hierarchies: report.hierarchies,
        inputs: report.inputs.iter().map(input).collect(),
        findings: report.findings().into_iter().map(|(f, spots)| finding(report, f, spots)).collect(),
        waived: (report.hidden().into_iter())
            .filter_map(|(hidden, spots)| {
                let decision = decision(report.waived.waiver(hidden)?);
                Some(Waived { finding: finding(report, &hidden.finding, spots), waiver: decision })
            })
            .collect(),
        waivers: (0..report.waived.waivers.len()).filter_map(|number| waiver(report, number)).collect(),
        rules: (report.run.outcomes.iter())
            .map(|row| {
                let (outcome, reason) = match &row.outcome {
                    Outcome::Pass => ("pass", None),
                    Outcome::Fail => ("fail", None),
                    Outcome::Waived => ("waived", None),
                    Outcome::NotEvaluated(open) => ("not_evaluated", Some(open.reason.as_str())),
                    Outcome::NotApplicable(why) => ("not_applicable", Some(why.as_str())),
                    Outcome::Error(why) => ("error", Some(why.as_str())),
                };
                Rule {
                    rule: &row.rule,
                    title: title(&row.rule),
                    statements: &row.statements,
                    outcome,
                    reason,
                    incomplete: row.incomplete,
                }
            })
            .collect(),
        outcomes: Outcomes {
            pass: outcomes.pass,
            fail: outcomes.fail,
            not_evaluated: outcomes.not_evaluated,
            not_applicable: outcomes.not_applicable,
            waived: outcomes.waived,
            error: outcomes.error,
        },
        not_evaluated: (report.run.outcomes.iter().enumerate())
            .filter_map(|(i, row)| {
                let Outcome::NotEvaluated(open) = &row.outcome else { return None };
                Some(NotEvaluated {
                    rule: &row.rule,
                    statements: &row.statements,
                    why: open.why.name(),
                    reason: &open.reason,
                    evidence: names(report, &open.tables),
                    collect: report.schema.collects(&open.tables).join("\n"),
                    location: (report.open_places.get(i).and_then(Option::as_ref))
                        .map(|(path, line, column)| OpenLocation { path, line: *line, column: *column }),
                })
            })
            .collect(),
    };
    // The types above have nothing that JSON cannot say.
    let mut out = escaped(serde_json::to_string_pretty(&root).unwrap_or_default());
    out.push('\n');
    out
}

fn finding<'a>(report: &Report<'a>, f: &'a check::Finding, spots: &'a [Spot]) -> Finding<'a> {
    Finding {
        rule: &f.rule,
        title: report.rules.find(&f.rule).map(|r| r.title.as_str()),
        level: f.level.name(),
        confidence: f.confidence.name(),
        statements: &f.statements,
        entity: f.entity.as_deref(),
        subject: &f.subject,
        message: &f.message,
        help: &f.help,
        fix: f.fix.as_deref(),
        locations: (spots.iter())
            .map(|s| Location {
                path: &s.path,
                line: s.line,
                column: s.column,
                end_line: s.end_line,
                end_column: s.end_column,
                label: &s.label,
                primary: s.primary,
            })
            .collect(),
        fingerprint: &f.fingerprint,
        rule_level: f.remarks.rule_level.as_ref().map(|(level, _)| level.name()),
        baseline_state: f.remarks.baseline.map(check::Baseline::name),
        lapsed_waivers: f.remarks.lapsed.iter().map(ToString::to_string).collect(),
        waiver_template: waive::template(f),
    }
}

fn decision(waiver: &waive::Waiver) -> Decision<'_> {
    Decision {
        reason: &waiver.reason,
        owner: &waiver.owner,
        created: waiver.created.map(|date| date.to_string()),
        until: waiver.until.to_string(),
        ticket: waiver.ticket.as_deref(),
    }
}

/// The waiver of a number.
fn waiver<'a>(report: &Report<'a>, number: usize) -> Option<Waiver<'a>> {
    let (waiver, state) = report.waived.waivers.get(number)?;
    Some(Waiver {
        path: &waiver.place.0,
        line: waiver.place.1,
        fingerprint: waiver.fingerprint.as_deref(),
        rule: waiver.rule.as_deref(),
        entity: waiver.entity.as_deref(),
        subject: waiver.subject.as_deref(),
        decision: decision(waiver),
        age_days: report.waived.today.and_then(|today| waiver.age(today)),
        state: state.name(),
        note: match state {
            waive::State::Unclear(why) => Some(why),
            _ => None,
        },
        findings: report.waived.findings(number),
    })
}

/// JSON in which no character stands that a terminal or a reader could be led astray by. Such characters stand in
/// texts only, where they may be written as escapes; what shapes the file itself are line ends.
pub(crate) fn escaped(json: String) -> String {
    let is_odd = |c: char| c != '\n' && visible(c) != c;
    if !json.contains(is_odd) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if is_odd(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

fn input(input: &super::Input) -> Input<'_> {
    let notes: Vec<String> = (input.notes.iter())
        .map(|(place, text)| match place {
            Some((line, column)) => format!("{line}:{column}: {text}"),
            None => text.clone(),
        })
        .collect();
    Input {
        path: &input.path,
        format: input.format,
        encoding: input.encoding,
        records: input.records,
        status: super::status_word(input.status),
        note: (!notes.is_empty()).then(|| notes.join("; ")),
    }
}

fn names<'a>(report: &Report<'a>, tables: &[TableId]) -> Vec<&'a str> {
    tables.iter().filter_map(|&t| report.schema.tables.get(t)).map(|t| t.name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_lead_astray_are_escaped_and_say_the_same() {
        let text = "a\u{9b}b\u{202e}c\u{2028}d\u{e0041}\u{1b}é者\n";
        let json = serde_json::to_string(text).expect("a text");
        let out = escaped(json);
        assert!(out.chars().all(|c| visible(c) == c), "{out}");
        assert!(out.contains("\\u009b") && out.contains("\\udb40\\udc41") && out.contains("é者"), "{out}");
        assert_eq!(serde_json::from_str::<String>(&out).expect("still JSON"), text);
    }
}
