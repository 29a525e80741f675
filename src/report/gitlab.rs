//! The report as a code quality artifact of GitLab: an array of issues as Code Climate has them. What could not be
//! evaluated is an issue of severity `info`, so that a merge request shows what it takes out of sight.

use std::collections::HashMap;

use serde::Serialize;

use super::document::{Document, Location};
use super::json;

#[derive(Serialize)]
struct Issue<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    check_name: String,
    description: String,
    severity: &'static str,
    categories: [&'static str; 1],
    fingerprint: String,
    location: Place<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_locations: Vec<Place<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Body<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u64,
    end: u64,
}

#[derive(Serialize)]
struct Body<'a> {
    body: &'a str,
}

pub(super) fn write(document: &Document<'_>) -> String {
    let mut met: HashMap<String, usize> = HashMap::new();
    // Of issues of one fingerprint GitLab keeps one.
    let mut alone = |fingerprint: String| {
        let n = met.entry(fingerprint.clone()).or_default();
        *n += 1;
        if *n == 1 { fingerprint } else { format!("{fingerprint}-{n}") }
    };
    let mut issues: Vec<Issue<'_>> = Vec::new();
    for finding in &document.findings {
        let mut places = finding.locations.iter().map(place);
        issues.push(Issue {
            kind: "issue",
            check_name: finding.rule.to_owned(),
            description: finding.message.to_owned(),
            severity: match finding.level {
                "error" => "critical",
                "warning" => "major",
                _ => "minor",
            },
            categories: ["Security"],
            fingerprint: alone(finding.fingerprint.to_owned()),
            location: places.next().unwrap_or_else(whole),
            other_locations: places.collect(),
            content: Some(Body { body: finding.help }),
        });
    }
    for open in &document.not_evaluated {
        let place =
            open.location.map(|at| Place { path: at.path, lines: Lines { begin: at.line, end: at.line } });
        issues.push(Issue {
            kind: "issue",
            check_name: format!("not-evaluated/{}", open.rule),
            description: format!("{} was not evaluated: {}", open.rule, open.reason),
            severity: "info",
            categories: ["Security"],
            fingerprint: alone(format!("not-evaluated/{}/{}", open.rule, open.statements.join(","))),
            location: place.unwrap_or_else(whole),
            other_locations: Vec::new(),
            content: None,
        });
    }
    json::pretty(&issues)
}

/// Where an issue stands that has no place: an issue without one is refused.
fn whole<'a>() -> Place<'a> {
    Place { path: ".", lines: Lines { begin: 1, end: 1 } }
}

fn place<'a>(location: &Location<'a>) -> Place<'a> {
    Place { path: location.path, lines: Lines { begin: location.line, end: location.end_line } }
}
