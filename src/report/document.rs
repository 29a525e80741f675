//! The one document that every format for programs is made of, so that none of them has findings of its own. As JSON its
//! shape is a promise, written down in `docs/report.schema.json`.

use std::collections::HashMap;

use serde::Serialize;

use super::{Report, Spot};
use crate::check::{Baseline, Outcome};
use crate::evidence::TableId;
use crate::rules::{Level, Rule as RuleFile};
use crate::waive;

/// Name and number of the shape.
const SCHEMA: &str = "cmlint-report/1";

/// Everything that came out of a run, in a fixed order.
#[derive(Debug, Serialize)]
pub(super) struct Document<'a> {
    pub(super) schema: &'static str,
    pub(super) tool: Tool,
    pub(super) created: Option<String>,
    pub(super) configuration: Option<&'a super::Configuration>,
    pub(super) revision: String,
    pub(super) revision_reason: &'a str,
    pub(super) masked: bool,
    pub(super) hierarchies: &'a [super::Hierarchy],
    pub(super) inputs: Vec<Input<'a>>,
    pub(super) findings: Vec<Finding<'a>>,
    pub(super) waived: Vec<Waived<'a>>,
    pub(super) waivers: Vec<Waiver<'a>>,
    pub(super) rules: Vec<Rule<'a>>,
    pub(super) outcomes: Outcomes,
    pub(super) not_evaluated: Vec<NotEvaluated<'a>>,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Input<'a> {
    pub(super) path: &'a str,
    pub(super) format: Option<&'static str>,
    pub(super) encoding: Option<&'static str>,
    pub(super) records: u64,
    pub(super) status: &'static str,
    pub(super) note: Option<String>,
    /// It could not be read, or not to its end.
    #[serde(skip)]
    pub(super) faulty: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Finding<'a> {
    pub(super) rule: &'a str,
    pub(super) title: Option<&'a str>,
    pub(super) level: &'static str,
    pub(super) confidence: &'static str,
    pub(super) doubt: Option<&'a str>,
    pub(super) statements: &'a [String],
    pub(super) techniques: Vec<&'a str>,
    pub(super) entity: Option<&'a str>,
    pub(super) subject: &'a str,
    pub(super) accounts: &'a [String],
    pub(super) hosts: &'a [String],
    pub(super) message: &'a str,
    pub(super) help: &'a str,
    pub(super) fix: Option<&'a str>,
    pub(super) locations: Vec<Location<'a>>,
    pub(super) fingerprint: &'a str,
    pub(super) rule_level: Option<&'static str>,
    pub(super) baseline_state: Option<&'static str>,
    pub(super) lapsed_waivers: Vec<String>,
    pub(super) waiver_template: String,
    /// Its places with excerpts.
    #[serde(skip)]
    pub(super) spots: &'a [Spot],
}

/// A finding that a waiver hides.
#[derive(Debug, Serialize)]
pub(super) struct Waived<'a> {
    pub(super) finding: Finding<'a>,
    pub(super) waiver: Decision<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct Decision<'a> {
    pub(super) reason: &'a str,
    pub(super) owner: &'a str,
    pub(super) created: Option<String>,
    pub(super) until: String,
    pub(super) ticket: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(super) struct Waiver<'a> {
    pub(super) path: &'a str,
    pub(super) line: usize,
    pub(super) fingerprint: Option<&'a str>,
    pub(super) rule: Option<&'a str>,
    pub(super) entity: Option<&'a str>,
    pub(super) subject: Option<&'a str>,
    #[serde(flatten)]
    pub(super) decision: Decision<'a>,
    pub(super) age_days: Option<i64>,
    pub(super) state: &'static str,
    pub(super) note: Option<&'a str>,
    pub(super) findings: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct Location<'a> {
    pub(super) path: &'a str,
    pub(super) line: u64,
    pub(super) column: u64,
    pub(super) end_line: u64,
    pub(super) end_column: u64,
    pub(super) label: &'a str,
    pub(super) primary: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Rule<'a> {
    pub(super) rule: &'a str,
    pub(super) title: Option<&'a str>,
    pub(super) statements: &'a [String],
    pub(super) outcome: &'static str,
    pub(super) reason: Option<&'a str>,
    pub(super) incomplete: bool,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Outcomes {
    pub(super) pass: usize,
    pub(super) fail: usize,
    pub(super) not_evaluated: usize,
    pub(super) not_applicable: usize,
    pub(super) waived: usize,
    pub(super) error: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct NotEvaluated<'a> {
    pub(super) rule: &'a str,
    pub(super) statements: &'a [String],
    pub(super) why: &'static str,
    pub(super) reason: &'a str,
    pub(super) evidence: Vec<&'a str>,
    pub(super) hosts: &'a [String],
    /// One or more lines of PowerShell.
    pub(super) collect: String,
    pub(super) location: Option<OpenLocation<'a>>,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct OpenLocation<'a> {
    pub(super) path: &'a str,
    pub(super) line: u64,
    pub(super) column: u64,
}

impl<'a> Document<'a> {
    /// Everything that a report says; without `all`, of the findings those that count.
    pub(super) fn of(report: &Report<'a>, all: bool) -> Self {
        let outcomes = report.outcomes();
        let title = |rule: &str| report.rules.find(rule).map(|r| r.title.as_str());
        Self {
            schema: SCHEMA,
            tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
            created: report.created.map(|date| date.to_string()),
            configuration: report.configuration,
            revision: report.run.revision.to_string(),
            revision_reason: report.revision_reason,
            masked: report.masked,
            hierarchies: report.hierarchies,
            inputs: report.inputs.iter().map(input).collect(),
            findings: if all { report.findings() } else { report.counting() }
                .into_iter()
                .map(|(f, spots)| finding(f, report.rules.find(&f.rule), spots))
                .collect(),
            waived: report
                .hidden()
                .into_iter()
                .filter_map(|(hidden, spots)| {
                    let waiver = decision(report.waived.waiver(hidden)?);
                    let rule = report.rules.find(&hidden.finding.rule);
                    Some(Waived { finding: finding(&hidden.finding, rule, spots), waiver })
                })
                .collect(),
            waivers: (0..report.waived.waivers.len()).filter_map(|number| waiver(report, number)).collect(),
            rules: report.run.outcomes.iter().map(|row| rule(row, title(&row.rule))).collect(),
            outcomes: Outcomes {
                pass: outcomes.pass,
                fail: outcomes.fail,
                not_evaluated: outcomes.not_evaluated,
                not_applicable: outcomes.not_applicable,
                waived: outcomes.waived,
                error: outcomes.error,
            },
            not_evaluated: not_evaluated(report),
        }
    }

    /// Number of findings of a level.
    pub(super) fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level.name()).count()
    }

    /// The findings of a level by their rules, in the order in which the rules come first.
    pub(super) fn by_rule(&self, level: Level) -> Vec<(&'a str, Vec<&Finding<'a>>)> {
        let mut rules: Vec<(&str, Vec<&Finding<'_>>)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for finding in self.findings.iter().filter(|finding| finding.level == level.name()) {
            let place = *places.entry(finding.rule).or_insert(rules.len());
            match rules.get_mut(place) {
                Some((_, all)) => all.push(finding),
                None => rules.push((finding.rule, vec![finding])),
            }
        }
        rules
    }

    /// The rules that have an outcome, each once, in the order of their ids. One that is unknown to the rules of the
    /// report is left out.
    pub(super) fn rule_files(&self, report: &Report<'a>) -> Vec<&'a RuleFile> {
        let mut ids: Vec<&str> = self.rules.iter().map(|row| row.rule).collect();
        ids.extend(self.findings.iter().map(|finding| finding.rule));
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().filter_map(|id| report.rules.find(id)).collect()
    }
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
        faulty: input.is_faulty(),
    }
}

fn finding<'a>(
    finding: &'a crate::check::Finding,
    rule: Option<&'a RuleFile>,
    spots: &'a [Spot],
) -> Finding<'a> {
    Finding {
        rule: &finding.rule,
        title: rule.map(|rule| rule.title.as_str()),
        level: finding.level.name(),
        confidence: finding.confidence.name(),
        doubt: finding.doubt.as_deref(),
        statements: &finding.statements,
        techniques: rule.map(|rule| rule.techniques().collect()).unwrap_or_default(),
        entity: finding.entity.as_deref(),
        subject: &finding.subject,
        accounts: &finding.accounts,
        hosts: &finding.hosts,
        message: &finding.message,
        help: &finding.help,
        fix: finding.fix.as_deref(),
        locations: (spots.iter())
            .map(|spot| Location {
                path: &spot.path,
                line: spot.line,
                column: spot.column,
                end_line: spot.end_line,
                end_column: spot.end_column,
                label: &spot.label,
                primary: spot.primary,
            })
            .collect(),
        fingerprint: &finding.fingerprint,
        rule_level: finding.remarks.rule_level.as_ref().map(|(level, _)| level.name()),
        baseline_state: finding.remarks.baseline.map(Baseline::name),
        lapsed_waivers: finding.remarks.lapsed.iter().map(ToString::to_string).collect(),
        waiver_template: waive::template(finding),
        spots,
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

fn rule<'a>(row: &'a crate::check::RuleOutcome, title: Option<&'a str>) -> Rule<'a> {
    let (outcome, reason) = match &row.outcome {
        Outcome::Pass => ("pass", None),
        Outcome::Fail => ("fail", None),
        Outcome::Waived => ("waived", None),
        Outcome::NotEvaluated(open) => ("not_evaluated", Some(open.reason.as_str())),
        Outcome::NotApplicable(why) => ("not_applicable", Some(why.as_str())),
        Outcome::Error(why) => ("error", Some(why.as_str())),
    };
    let incomplete = row.incomplete;
    Rule { rule: &row.rule, title, statements: &row.statements, outcome, reason, incomplete }
}

fn not_evaluated<'a>(report: &Report<'a>) -> Vec<NotEvaluated<'a>> {
    let open = |(i, row): (usize, &'a crate::check::RuleOutcome)| {
        let Outcome::NotEvaluated(open) = &row.outcome else { return None };
        Some(NotEvaluated {
            rule: &row.rule,
            statements: &row.statements,
            why: open.why.name(),
            reason: &open.reason,
            evidence: names(report, &open.tables),
            hosts: &open.hosts,
            collect: report.schema.collects(&open.tables).join("\n"),
            location: (report.open_places.get(i).and_then(Option::as_ref))
                .map(|(path, line, column)| OpenLocation { path, line: *line, column: *column }),
        })
    };
    report.run.outcomes.iter().enumerate().filter_map(open).collect()
}

fn names<'a>(report: &Report<'a>, tables: &[TableId]) -> Vec<&'a str> {
    tables.iter().filter_map(|&t| report.schema.tables.get(t)).map(|t| t.name.as_str()).collect()
}
