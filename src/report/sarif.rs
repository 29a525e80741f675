//! The report as SARIF 2.1.0, the interchange format of static analysis: one run with its rules, results and techniques.
//!
//! A result is a finding and nothing else. What could not be evaluated is a notification of the run and not a result of
//! kind `open`: consumers that do not know kinds (code scanning of GitHub among them) would raise an alert for it.

use std::collections::HashMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::document::{Document, Finding, Location, NotEvaluated};
use super::{Report, json as format};
use crate::content::techniques;
use crate::rules::{Confidence, Level, Rule};
use crate::text::paragraphs;

/// What this implements.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Relative addresses are below the folder in which the program ran.
const BASE: &str = "%SRCROOT%";

/// The collections that rules point to: name, who keeps it, what it is.
const TAXONOMIES: [(&str, &str, &str); 2] = [
    ("MITRE ATT&CK", "MITRE", "Techniques of attackers"),
    (
        "Misconfiguration Manager",
        "SpecterOps",
        "Attack techniques on Configuration Manager and how to prevent them",
    ),
];

/// The notifications there are: id, what they say.
const NOTIFICATIONS: [(&str, &str); 3] = [
    ("not-evaluated", "A rule could not be evaluated"),
    ("input", "Something is to be known of an input"),
    ("fault", "A rule met a fault of cmlint"),
];

/// GitHub shows no more characters of a description.
const DESCRIPTION: usize = 1000;

pub(super) fn write(document: &Document<'_>, report: &Report<'_>) -> String {
    let rules = document.rule_files(report);
    let mut taxa: Vec<Taxon<'_>> = rules.iter().flat_map(|rule| techniques(rule)).collect();
    taxa.sort_unstable();
    taxa.dedup();
    let artifacts = document.inputs.iter().enumerate().map(|(i, input)| (input.path, i)).collect();
    let log = Log { document, report, rules, taxa, artifacts };
    format::pretty(&json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [log.run()] }))
}

/// A technique that rules point to: number of its collection, its id.
type Taxon<'a> = (usize, &'a str);

struct Log<'a> {
    document: &'a Document<'a>,
    report: &'a Report<'a>,
    rules: Vec<&'a Rule>,
    /// All techniques, in order.
    taxa: Vec<Taxon<'a>>,
    /// The number of each input, by its path.
    artifacts: HashMap<&'a str, usize>,
}

/// The techniques that a rule points to.
fn techniques(rule: &Rule) -> Vec<Taxon<'_>> {
    let number = |id| {
        let name = techniques::collection(id);
        TAXONOMIES.iter().position(|(other, ..)| *other == name).unwrap_or_default()
    };
    rule.techniques().map(|id| (number(id), id)).collect()
}

impl Log<'_> {
    fn run(&self) -> Value {
        let Document { tool, revision, revision_reason, masked, hierarchies, outcomes, .. } = self.document;
        let taxonomies: Vec<usize> = self.taxonomies();
        let named = |n: &usize| json!({ "name": TAXONOMIES[*n].0, "index": self.taxonomy_index(*n) });
        json!({
            "tool": { "driver": {
                "name": tool.name,
                "version": tool.version,
                "semanticVersion": tool.version,
                "language": "en-US",
                "rules": self.rules.iter().map(|rule| self.rule(rule)).collect::<Vec<_>>(),
                "notifications": NOTIFICATIONS.map(|(id, text)| json!({ "id": id, "shortDescription": { "text": text } })),
                "supportedTaxonomies": taxonomies.iter().map(named).collect::<Vec<_>>(),
            } },
            "invocations": [self.invocation()],
            "originalUriBaseIds": { BASE: { "description": { "text": "The folder in which cmlint ran" } } },
            "artifacts": self.artifacts(),
            "taxonomies": taxonomies.iter().map(|n| self.taxonomy(*n)).collect::<Vec<_>>(),
            "columnKind": "unicodeCodePoints",
            "results": self.results(),
            "properties": {
                "revision": revision,
                "revisionReason": revision_reason,
                "masked": masked,
                "hierarchies": hierarchies,
                "outcomes": outcomes,
            },
        })
    }

    // ------------------------------------------------------------------------------------------ rules

    fn rule(&self, rule: &Rule) -> Value {
        let level = rule.level.at(self.report.run.revision).copied();
        let mut tags = vec!["security", rule.group.as_str()];
        tags.extend(techniques(rule).into_iter().map(|(_, id)| id));
        let relationships: Vec<Value> = techniques(rule)
            .into_iter()
            .map(|taxon| json!({ "target": self.taxon(taxon), "kinds": ["relevant"] }))
            .collect();
        let help = paragraphs(&rule.help);
        let mut out = json!({
            "id": rule.id,
            "shortDescription": { "text": rule.title },
            "fullDescription": { "text": self.description(rule) },
            "help": { "text": help, "markdown": help },
            "defaultConfiguration": match level {
                Some(level) => json!({ "level": level.name() }),
                None => json!({ "enabled": false }),
            },
            "properties": {
                "tags": tags,
                "precision": rule.confidence.name(),
                "problem.severity": problem(level),
                "security-severity": severity(level, rule.confidence),
                "statements": rule.statements,
            },
        });
        if !rule.aliases.is_empty() {
            out["deprecatedIds"] = json!(rule.aliases);
        }
        if !relationships.is_empty() {
            out["relationships"] = json!(relationships);
        }
        out
    }

    /// Why a rule exists: what is documented, as much as fits.
    fn description(&self, rule: &Rule) -> String {
        if let Some(because) = &rule.because {
            return paragraphs(because);
        }
        let (content, revision) = (self.report.content, self.report.run.revision);
        let mut out = String::new();
        let mut left = 0;
        for reference in &rule.statements {
            let Some((entity, statement)) = content.statement(reference) else { continue };
            let Some(text) = statement.text.at(revision) else { continue };
            let line = format!("{}: {}", entity.title(revision), paragraphs(text).replace('\n', " "));
            if left > 0 || out.chars().count() + line.chars().count() > DESCRIPTION && !out.is_empty() {
                left += 1;
                continue;
            }
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&line);
        }
        if left > 0 {
            out.push_str(&format!("\n{left} more"));
        }
        if out.is_empty() { rule.title.clone() } else { out }
    }

    // ------------------------------------------------------------------------------------------ techniques

    /// The numbers of the collections that are pointed to.
    fn taxonomies(&self) -> Vec<usize> {
        let mut out: Vec<usize> = self.taxa.iter().map(|(n, _)| *n).collect();
        out.dedup();
        out
    }

    fn taxonomy_index(&self, number: usize) -> usize {
        self.taxonomies().iter().position(|n| *n == number).unwrap_or_default()
    }

    fn taxonomy(&self, number: usize) -> Value {
        let (name, organization, about) = TAXONOMIES[number];
        let taxa: Vec<Value> =
            self.of(number).map(|(_, id)| json!({ "id": id, "helpUri": techniques::address(id) })).collect();
        json!({ "name": name, "organization": organization, "shortDescription": { "text": about }, "taxa": taxa })
    }

    fn of(&self, number: usize) -> impl Iterator<Item = &Taxon<'_>> {
        self.taxa.iter().filter(move |(n, _)| *n == number)
    }

    /// The reference to a technique.
    fn taxon(&self, taxon: Taxon<'_>) -> Value {
        let (number, id) = taxon;
        json!({
            "id": id,
            "index": self.of(number).position(|(_, other)| *other == id),
            "toolComponent": { "name": TAXONOMIES[number].0, "index": self.taxonomy_index(number) },
        })
    }

    // ------------------------------------------------------------------------------------------ results

    /// Findings, and those that waivers hide as suppressed ones.
    fn results(&self) -> Vec<Value> {
        let waived = self.document.waived.iter().map(|waived| {
            let (waiver, mut out) = (&waived.waiver, self.result(&waived.finding));
            let mut suppression = json!({
                "kind": "external",
                "status": "accepted",
                "justification": waiver.reason,
                "properties": { "owner": waiver.owner, "until": waiver.until },
            });
            if let Some(ticket) = waiver.ticket {
                suppression["properties"]["ticket"] = json!(ticket);
            }
            out["suppressions"] = json!([suppression]);
            out
        });
        self.document.findings.iter().map(|finding| self.result(finding)).chain(waived).collect()
    }

    fn result(&self, finding: &Finding<'_>) -> Value {
        let index = self.index(finding.rule);
        let mut locations = finding.locations.iter();
        // Consumers want one; what has no place is about the exports as a whole.
        let whole =
            || json!({ "physicalLocation": { "artifactLocation": { "uri": "./", "uriBaseId": BASE } } });
        let primary = locations.next().map_or_else(whole, |location| self.location(location));
        let related: Vec<Value> = locations
            .enumerate()
            .map(|(i, location)| {
                let mut out = self.location(location);
                out["id"] = json!(i + 1);
                out
            })
            .collect();
        let taxa: Vec<Value> = index
            .map(|i| techniques(self.rules[i]).into_iter().map(|taxon| self.taxon(taxon)).collect())
            .unwrap_or_default();
        let mut out = json!({
            "ruleId": finding.rule,
            "kind": "fail",
            "level": finding.level,
            "message": { "text": message(finding.message) },
            "locations": [primary],
            "partialFingerprints": {
                "cmlint/v1": finding.fingerprint,
                // The one that GitHub reads.
                "primaryLocationLineHash": format!("{}:1", finding.fingerprint),
            },
            "properties": {
                "confidence": finding.confidence,
                "entity": finding.entity,
                "subject": finding.subject,
                "statements": finding.statements,
            },
        });
        if let Some(index) = index {
            out["ruleIndex"] = json!(index);
        }
        if let Some(state) = finding.baseline_state {
            out["baselineState"] = json!(state);
        }
        if let Some(fix) = finding.fix {
            out["properties"]["fix"] = json!(fix);
        }
        for (name, list) in [("relatedLocations", related), ("taxa", taxa)] {
            if !list.is_empty() {
                out[name] = json!(list);
            }
        }
        out
    }

    fn index(&self, rule: &str) -> Option<usize> {
        let id = &self.report.rules.find(rule)?.id;
        self.rules.binary_search_by(|r| r.id.cmp(id)).ok()
    }

    fn location(&self, location: &Location<'_>) -> Value {
        json!({
            "physicalLocation": {
                "artifactLocation": self.artifact(location.path),
                "region": {
                    "startLine": location.line,
                    "startColumn": location.column,
                    "endLine": location.end_line,
                    "endColumn": location.end_column,
                },
            },
            "message": { "text": message(location.label) },
        })
    }

    // ------------------------------------------------------------------------------------------ the run

    fn artifacts(&self) -> Vec<Value> {
        let artifact = |input: &super::document::Input<'_>| {
            let mut properties = Map::new();
            properties.insert("format".into(), json!(input.format));
            properties.insert("records".into(), json!(input.records));
            properties.insert("status".into(), json!(input.status));
            let mut out = json!({
                "location": address(input.path),
                "roles": ["analysisTarget"],
                "properties": properties,
            });
            if let Some(encoding) = input.encoding {
                out["encoding"] = json!(encoding.to_uppercase());
            }
            out
        };
        self.document.inputs.iter().map(artifact).collect()
    }

    /// The reference to an input.
    fn artifact(&self, path: &str) -> Value {
        let mut out = address(path);
        if let Some(index) = self.artifacts.get(path) {
            out["index"] = json!(index);
        }
        out
    }

    fn invocation(&self) -> Value {
        let mut notifications = Vec::new();
        for input in self.report.inputs {
            let level = if input.is_faulty() { "error" } else { "note" };
            for (place, text) in &input.notes {
                notifications.push(self.of_input(&input.path, *place, text, level));
            }
        }
        for row in self.document.rules.iter().filter(|row| row.outcome == "error") {
            let text = message(row.reason.unwrap_or_default());
            notifications.push(self.of_rule("fault", row.rule, &text, "error"));
        }
        notifications.extend(self.document.not_evaluated.iter().map(|open| self.open(open)));
        json!({
            "executionSuccessful": self.report.exit != 2,
            "exitCode": self.report.exit,
            "toolExecutionNotifications": notifications,
        })
    }

    fn of_input(&self, path: &str, place: Option<(u64, u64)>, text: &str, level: &str) -> Value {
        let mut location = json!({ "artifactLocation": self.artifact(path) });
        if let Some((line, column)) = place {
            location["region"] = json!({ "startLine": line, "startColumn": column });
        }
        json!({
            "descriptor": { "id": "input", "index": 1 },
            "level": level,
            "message": { "text": message(text) },
            "locations": [{ "physicalLocation": location }],
        })
    }

    fn of_rule(&self, id: &str, rule: &str, text: &str, level: &str) -> Value {
        let mut associated = json!({ "id": rule });
        if let Some(index) = self.index(rule) {
            associated["index"] = json!(index);
        }
        json!({
            "descriptor": { "id": id, "index": NOTIFICATIONS.iter().position(|(name, _)| *name == id) },
            "associatedRule": associated,
            "level": level,
            "message": { "text": text },
        })
    }

    fn open(&self, open: &NotEvaluated<'_>) -> Value {
        let text = format!("{} was not evaluated: {}", open.rule, message(open.reason));
        let mut out = self.of_rule("not-evaluated", open.rule, &text, "note");
        if let Some(place) = open.location {
            let region = json!({ "startLine": place.line, "startColumn": place.column });
            let place = json!({ "artifactLocation": self.artifact(place.path), "region": region });
            out["locations"] = json!([{ "physicalLocation": place }]);
        }
        out["properties"] = json!({
            "statements": open.statements,
            "why": open.why,
            "evidence": open.evidence,
            "collect": open.collect,
        });
        out
    }
}

/// What GitHub calls the severity of a problem that is none of security.
fn problem(level: Option<Level>) -> &'static str {
    match level {
        Some(Level::Error) => "error",
        Some(Level::Warning) => "warning",
        Some(Level::Note) | None => "recommendation",
    }
}

/// A score in the ranges that GitHub reads: high from 7.0, medium from 4.0, low below. What is less sure scores less
/// within its range.
fn severity(level: Option<Level>, confidence: Confidence) -> String {
    let base = match level {
        Some(Level::Error) => 7.0,
        Some(Level::Warning) => 4.0,
        Some(Level::Note) | None => 1.0,
    };
    let more = match confidence {
        Confidence::High => 1.5,
        Confidence::Medium => 1.0,
        Confidence::Low => 0.5,
    };
    format!("{:.1}", base + more)
}

/// A text as a message: what would be read as a link or a placeholder stays text.
fn message(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let links = text.contains("](");
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let behind = &rest[c.len_utf8()..];
        let digits = behind.len() - behind.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if matches!(c, '[' | ']') && links {
            out.push('\\');
            out.push(c);
        } else if c == '{' && digits > 0 && behind[digits..].starts_with('}') {
            out.push_str(&format!("{{{{{}}}}}", &behind[..digits]));
            rest = &behind[digits + 1..];
            continue;
        } else {
            out.push(c);
        }
        rest = behind;
    }
    out
}

/// What may stand in a path of an address as it is.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b'!');

/// The address of a path: of an absolute one by itself, of another one below the folder of the run.
fn address(path: &str) -> Value {
    let encoded = utf8_percent_encode(path, PATH).to_string();
    let drive =
        path.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && path.as_bytes().get(1) == Some(&b':');
    if drive {
        json!({ "uri": format!("file:///{}", encoded.replacen("%3A", ":", 1)) })
    } else if path.starts_with("//") {
        json!({ "uri": format!("file:{encoded}") })
    } else if path.starts_with('/') {
        json!({ "uri": format!("file://{encoded}") })
    } else {
        json!({ "uri": encoded, "uriBaseId": BASE })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_addresses() {
        let uri = |path: &str| address(path)["uri"].as_str().map(str::to_owned);
        assert_eq!(uri("a b/ä.zip!x/[y].xml").as_deref(), Some("a%20b/%C3%A4.zip!x/%5By%5D.xml"));
        assert_eq!(uri("<stdin>").as_deref(), Some("%3Cstdin%3E"));
        assert_eq!(uri("a:b\\c#?%41").as_deref(), Some("file:///a:b%5Cc%23%3F%2541"));
        assert_eq!(uri("ab:c").as_deref(), Some("ab%3Ac"));
        assert_eq!(uri("/srv/x y.json").as_deref(), Some("file:///srv/x%20y.json"));
        assert_eq!(uri("//server/share/x.json").as_deref(), Some("file://server/share/x.json"));
        assert_eq!(address("x.json")["uriBaseId"], BASE);
        assert!(address("/x.json").get("uriBaseId").is_none());
    }

    #[test]
    fn messages_hold_neither_links_nor_placeholders() {
        assert_eq!(message("a `[x](1)` {0} {12} {g1} [y]"), "a `\\[x\\](1)` {{0}} {{12}} {g1} \\[y\\]");
        assert_eq!(message("[PS1] {5} {}"), "[PS1] {{5}} {}");
    }
}
