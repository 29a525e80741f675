//! The report as one JSON object a line, for what reads line by line: log collectors, `jq`, data bases. Each object says
//! in `type` what it is; `docs/report-lines.schema.json` describes them.

use serde::Serialize;

use super::document::{Document, Finding, Input, NotEvaluated, Outcomes, Rule, Tool, Waived, Waiver};
use super::{Configuration, Hierarchy, json};
use crate::rules::Level;

/// Name and number of the shape.
const SCHEMA: &str = "cmlint-report-lines/1";

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    /// First, and once.
    Header {
        schema: &'static str,
        tool: Tool,
        created: Option<&'a str>,
        configuration: Option<&'a Configuration>,
        revision: &'a str,
        revision_reason: &'a str,
        masked: bool,
        hierarchies: &'a [Hierarchy],
    },
    Input(&'a Input<'a>),
    Finding(&'a Finding<'a>),
    Waived(&'a Waived<'a>),
    Waiver(&'a Waiver<'a>),
    Rule(&'a Rule<'a>),
    NotEvaluated(&'a NotEvaluated<'a>),
    /// Last, and once: a report without it was cut off.
    Summary {
        findings: Findings,
        outcomes: Outcomes,
    },
}

#[derive(Serialize)]
struct Findings {
    error: usize,
    warning: usize,
    note: usize,
}

pub(super) fn write(document: &Document<'_>) -> String {
    let header = Line::Header {
        schema: SCHEMA,
        tool: document.tool,
        created: document.created.as_deref(),
        configuration: document.configuration,
        revision: &document.revision,
        revision_reason: document.revision_reason,
        masked: document.masked,
        hierarchies: document.hierarchies,
    };
    let summary = Line::Summary {
        findings: Findings {
            error: document.count(Level::Error),
            warning: document.count(Level::Warning),
            note: document.count(Level::Note),
        },
        outcomes: document.outcomes,
    };
    let mut out = String::new();
    let lines = std::iter::once(header)
        .chain(document.inputs.iter().map(Line::Input))
        .chain(document.findings.iter().map(Line::Finding))
        .chain(document.waived.iter().map(Line::Waived))
        .chain(document.waivers.iter().map(Line::Waiver))
        .chain(document.rules.iter().map(Line::Rule))
        .chain(document.not_evaluated.iter().map(Line::NotEvaluated))
        .chain([summary]);
    for line in lines {
        out.push_str(&json::escaped(serde_json::to_string(&line).unwrap_or_default()));
        out.push('\n');
    }
    out
}
