//! The report as JUnit XML, which test dashboards read: a suite for each group of rules, a case for each rule and
//! documented account. What fails holds its findings with every place; what could not be evaluated is skipped and says why.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Report;
use super::document::{Document, Finding, Input, NotEvaluated};
use crate::rules::Rule as RuleFile;
use crate::source::visible;
use crate::text::count;

/// What became of a case, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Ended {
    #[default]
    NotApplicable,
    Pass,
    NotEvaluated,
    Fail,
    Error,
}

/// A rule and the documented account or group it is about.
#[derive(Default)]
struct Case<'a> {
    ended: Ended,
    reasons: Vec<&'a str>,
    findings: Vec<&'a Finding<'a>>,
    open: Vec<&'a NotEvaluated<'a>>,
}

/// Cases by group, rule, entity.
type Suites<'a> = BTreeMap<&'a str, BTreeMap<(&'a str, &'a str), Case<'a>>>;

pub(super) fn write(document: &Document<'_>, report: &Report<'_>) -> String {
    let suites = suites(document, report);
    let broken: Vec<&Input<'_>> = document.inputs.iter().filter(|input| input.faulty).collect();
    let mut total = Totals::of(suites.values().flat_map(BTreeMap::values));
    total.tests += broken.len();
    total.errors += broken.len();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"cmlint\" {}>", total.attributes());
    for (group, cases) in &suites {
        begin(&mut out, document, group, Totals::of(cases.values()));
        for ((rule, entity), one) in cases {
            case(&mut out, report.rules.find(rule), rule, entity, one);
        }
        out.push_str("  </testsuite>\n");
    }
    if !broken.is_empty() {
        let totals = Totals { tests: broken.len(), errors: broken.len(), ..Totals::default() };
        begin(&mut out, document, "inputs", totals);
        broken.into_iter().for_each(|broken| input(&mut out, broken));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// The head of a suite.
fn begin(out: &mut String, document: &Document<'_>, name: &str, totals: Totals) {
    let (attributes, skipped) = (totals.attributes(), totals.skipped);
    let _ = writeln!(out, "  <testsuite name=\"{}\" {attributes} skipped=\"{skipped}\">", escaped(name));
    out.push_str("    <properties>\n");
    let properties = [
        ("cmlint", document.tool.version),
        ("revision", &document.revision),
        ("revision_reason", document.revision_reason),
    ];
    for (name, value) in properties {
        let _ = writeln!(out, "      <property name=\"{name}\" value=\"{}\"/>", escaped(value));
    }
    out.push_str("    </properties>\n");
}

fn suites<'a>(document: &'a Document<'a>, report: &Report<'a>) -> Suites<'a> {
    let mut suites: Suites<'a> = BTreeMap::new();
    let mut open = document.not_evaluated.iter();
    let group = |rule: &str| report.rules.find(rule).map_or("", |rule| rule.group.as_str());
    for row in &document.rules {
        let entity = entity(row.statements);
        // A row that fails is that of its findings, which say whom they are about.
        if row.outcome == "fail" && document.findings.iter().any(|finding| finding.rule == row.rule) {
            continue;
        }
        let case = suites.entry(group(row.rule)).or_default().entry((row.rule, entity)).or_default();
        let ended = match row.outcome {
            "pass" => Ended::Pass,
            "not_evaluated" => Ended::NotEvaluated,
            "error" => Ended::Error,
            // All that is found is in the baseline.
            "fail" if report.baseline.is_none() => Ended::Fail,
            _ => Ended::NotApplicable,
        };
        if ended > case.ended {
            case.reasons.clear();
        }
        if ended >= case.ended {
            case.ended = ended;
            case.reasons.extend(row.reason);
        }
        if ended == Ended::NotEvaluated {
            case.open.extend(open.next());
        }
    }
    for finding in &document.findings {
        let entity = finding.entity.unwrap_or_else(|| entity(finding.statements));
        let case = suites.entry(group(finding.rule)).or_default().entry((finding.rule, entity)).or_default();
        case.ended = case.ended.max(Ended::Fail);
        case.findings.push(finding);
    }
    suites
}

/// What the first of some statements is about.
fn entity(statements: &[String]) -> &str {
    statements.first().and_then(|statement| statement.split('/').next()).unwrap_or_default()
}

#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Totals {
    fn of<'a>(cases: impl Iterator<Item = &'a Case<'a>>) -> Self {
        let mut out = Self::default();
        for case in cases {
            out.tests += 1;
            match case.ended {
                Ended::Pass => {}
                Ended::Fail => out.failures += 1,
                Ended::Error => out.errors += 1,
                Ended::NotEvaluated | Ended::NotApplicable => out.skipped += 1,
            }
        }
        out
    }

    fn attributes(self) -> String {
        format!(
            "tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"0\"",
            self.tests, self.failures, self.errors
        )
    }
}

fn case(out: &mut String, file: Option<&RuleFile>, rule: &str, entity: &str, case: &Case<'_>) {
    let group = file.map_or("", |rule| rule.group.as_str());
    let name = if entity.is_empty() { rule.to_owned() } else { format!("{rule} ({entity})") };
    let place = case.findings.iter().find_map(|finding| finding.locations.first());
    let _ = write!(
        out,
        "    <testcase name=\"{}\" classname=\"cmlint.{}\" time=\"0\"",
        escaped(&name),
        escaped(group)
    );
    if let Some(place) = place {
        let _ = write!(out, " file=\"{}\" line=\"{}\"", escaped(place.path), place.line);
    }
    if case.ended == Ended::Pass {
        out.push_str("/>\n");
        return;
    }
    out.push_str(">\n");
    let reason = case.reasons.join("; ");
    match case.ended {
        Ended::Pass | Ended::Fail => {}
        Ended::Error => {
            let _ = writeln!(out, "      <error message=\"{}\" type=\"fault\"/>", escaped(&reason));
        }
        Ended::NotEvaluated => {
            let _ = writeln!(
                out,
                "      <skipped message=\"{}\"/>",
                escaped(&format!("not evaluated: {reason}"))
            );
        }
        Ended::NotApplicable => {
            let _ = writeln!(
                out,
                "      <skipped message=\"{}\"/>",
                escaped(&format!("not applicable: {reason}"))
            );
        }
    }
    failures(out, case.ended, &case.findings);
    if case.ended == Ended::NotEvaluated {
        let collect: Vec<&str> = case.open.iter().flat_map(|open| open.collect.lines()).collect();
        let _ = writeln!(out, "      <system-out>{}</system-out>", escaped_text(&collect.join("\n")));
    }
    out.push_str("    </testcase>\n");
}

/// One element for all findings of a case: most readers show no more than one.
fn failures(out: &mut String, ended: Ended, findings: &[&Finding<'_>]) {
    let Some(first) = findings.first() else {
        if ended == Ended::Fail {
            out.push_str(
                "      <failure message=\"what it finds is said by another rule\" type=\"note\"/>\n",
            );
        }
        return;
    };
    let more = match findings.len() {
        1 => String::new(),
        n => format!(" (and {})", count(n - 1, "more finding", "more findings")),
    };
    let level = if findings.iter().any(|f| f.level == "error") {
        "error"
    } else if findings.iter().any(|f| f.level == "warning") {
        "warning"
    } else {
        "note"
    };
    let mut text = String::new();
    for finding in findings {
        let _ = writeln!(text, "{}: {} [{}]", finding.level, finding.message, finding.fingerprint);
        for place in &finding.locations {
            let _ = writeln!(text, "  {}:{}:{}: {}", place.path, place.line, place.column, place.label);
        }
    }
    text.push_str(first.help.trim());
    let _ = writeln!(
        out,
        "      <failure message=\"{}\" type=\"{level}\">{}</failure>",
        escaped(&format!("{}{more}", first.message)),
        escaped_text(&text)
    );
}

/// An input that was not read to its end.
fn input(out: &mut String, input: &Input<'_>) {
    let (path, note) = (escaped(input.path), escaped(input.note.as_deref().unwrap_or_default()));
    let _ = writeln!(
        out,
        "    <testcase name=\"{path}\" classname=\"cmlint.inputs\" time=\"0\" file=\"{path}\">\n      <error message=\"{note}\" type=\"{}\"/>\n    </testcase>",
        input.status
    );
}

/// A text as the value of an attribute, on one line.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        push(&mut out, if c == '\n' || c == '\t' { ' ' } else { c });
    }
    out
}

/// A text between tags; line ends stay.
fn escaped_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c == '\n' || c == '\t' { out.push(c) } else { push(&mut out, c) }
    }
    out
}

/// A character as it may stand in XML 1.0; what may not, or leads astray, is replaced.
fn push(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
        c => out.push(visible(c)),
    }
}
