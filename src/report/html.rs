//! The report as one page: nothing is fetched, and everything is there without scripts, which only filter it. Style sheet
//! and script stand in the page and are allowed by what they hold; nothing else may run or load.

use std::collections::BTreeSet;

use serde::Serialize;
use sha2::{Digest, Sha256};
use tera::{Context, Tera, Value};

use super::document::{Decision, Document, Finding, Input, NotEvaluated, Outcomes, Waived};
use super::{Report, Spot};
use crate::assets::Assets;
use crate::html;
use crate::rules::Level;
use crate::source::Excerpt;
use crate::text::{count, harmless};

/// What the template is given.
#[derive(Serialize)]
struct Page<'a> {
    version: &'a str,
    revision: &'a str,
    reason: String,
    masked: bool,
    several: Option<String>,
    headline: String,
    totals: Vec<(usize, &'static str)>,
    outcomes: Outcomes,
    levels: Vec<LevelPart<'a>>,
    entities: Vec<Named<'a>>,
    waived: Vec<Hidden<'a>>,
    open: Vec<Open<'a>>,
    missing: Vec<Missing<'a>>,
    rules: Vec<RuleRow<'a>>,
    inputs: &'a [Input<'a>],
}

/// All findings of a level.
#[derive(Serialize)]
struct LevelPart<'a> {
    name: &'static str,
    title: String,
    rules: Vec<RulePart<'a>>,
}

/// All findings of a level and rule.
#[derive(Serialize)]
struct RulePart<'a> {
    id: &'a str,
    title: &'a str,
    count: usize,
    because: Option<&'a str>,
    statements: Vec<Said<'a>>,
    help: &'a str,
    links: Vec<(String, String)>,
    findings: Vec<One<'a>>,
}

/// A statement that is broken.
#[derive(Serialize)]
struct Said<'a> {
    reference: &'a str,
    entity: &'a str,
    level: &'static str,
    text: &'a str,
    detail: Option<&'a str>,
}

#[derive(Serialize)]
struct One<'a> {
    message: &'a str,
    entity: &'a str,
    confidence: &'static str,
    statements: &'a [String],
    fix: Option<&'a str>,
    fingerprint: &'a str,
    waiver: &'a str,
    first: Option<PlaceView<'a>>,
    further: Vec<PlaceView<'a>>,
}

#[derive(Serialize)]
struct PlaceView<'a> {
    path: &'a str,
    line: u64,
    column: u64,
    label: &'a str,
    lines: Vec<LineView<'a>>,
}

/// A line of an excerpt in three parts; the middle one is what it is about.
#[derive(Serialize)]
struct LineView<'a> {
    number: u64,
    before: &'a str,
    marked: &'a str,
    after: &'a str,
    cut_before: bool,
    cut_after: bool,
}

#[derive(Serialize)]
struct Named<'a> {
    id: &'a str,
    title: &'a str,
}

#[derive(Serialize)]
struct Open<'a> {
    rule: &'a str,
    title: &'a str,
    rows: Vec<&'a NotEvaluated<'a>>,
}

/// A finding that does not count, and why.
#[derive(Serialize)]
struct Hidden<'a> {
    finding: One<'a>,
    rule: &'a str,
    waiver: &'a Decision<'a>,
}

/// What would be known with one more export.
#[derive(Serialize)]
struct Missing<'a> {
    rules: String,
    tables: Vec<&'a str>,
    collect: &'a str,
}

#[derive(Serialize)]
struct RuleRow<'a> {
    rule: &'a str,
    title: &'a str,
    statements: &'a [String],
    class: String,
    words: String,
    reason: Option<&'a str>,
}

pub(super) fn write(document: &Document<'_>, report: &Report<'_>) -> String {
    rendered(&page(document, report)).unwrap_or_else(|error| {
        // Only a template that is wrong, which the tests would tell of.
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            text.push_str(&format!("\n{inner}"));
            cause = inner.source();
        }
        format!("<!doctype html>\n<title>cmlint</title>\n<pre>{}</pre>\n", html::escape(&text))
    })
}

fn rendered(page: &Page<'_>) -> Result<String, tera::Error> {
    let (templates, site) = (Assets::templates(), Assets::site());
    let style = [site.text("site.css"), templates.text("report.css")].map(Option::unwrap_or_default).concat();
    let script = templates.text("report.js").unwrap_or_default();
    let mut tera = Tera::new();
    html::filters(&mut tera);
    tera.add_raw_template("report.html", templates.text("report.html").unwrap_or_default())?;
    let mut context = Context::from_serialize(page)?;
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:",
        hash(&style),
        hash(script)
    );
    context.insert_value("policy", Value::normal_string(&policy));
    context.insert_value("style", Value::safe_string(&style));
    context.insert_value("script", Value::safe_string(script));
    tera.render("report.html", &context)
}

/// The name by which a policy allows a text: its SHA-256 in Base64.
fn hash(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::from("sha256-");
    for three in Sha256::digest(text.as_bytes()).chunks(3) {
        let byte = |i: usize| u32::from(three.get(i).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * i)) as usize & 63];
            out.push(if i <= three.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

fn page<'a>(document: &'a Document<'a>, report: &'a Report<'a>) -> Page<'a> {
    let levels = [Level::Error, Level::Warning, Level::Note];
    let counts = levels.map(|level| document.count(level));
    let parts = [
        count(counts[0], "error", "errors"),
        count(counts[1], "warning", "warnings"),
        count(counts[2], "note", "notes"),
    ];
    let found: Vec<&str> =
        parts.iter().zip(counts).filter(|(_, n)| *n > 0).map(|(words, _)| words.as_str()).collect();
    let headline = if found.is_empty() { "Nothing was found".to_owned() } else { found.join(", ") };
    let outcomes = document.outcomes;
    Page {
        version: document.tool.version,
        revision: &document.revision,
        reason: harmless(document.revision_reason).into_owned(),
        masked: document.masked,
        several: report.several(),
        headline,
        totals: vec![
            (outcomes.fail, "checks fail"),
            (outcomes.pass, "checks hold"),
            (outcomes.waived, "are waived"),
            (outcomes.not_evaluated, "could not be evaluated"),
            (outcomes.not_applicable, "do not apply"),
        ],
        outcomes,
        levels: levels
            .into_iter()
            .zip(parts)
            .filter_map(|(l, title)| level(document, report, l, title))
            .collect(),
        entities: entities(document, report),
        waived: document.waived.iter().map(hidden).collect(),
        open: open(document),
        missing: missing(report),
        rules: document.rules.iter().map(rule_row).collect(),
        inputs: &document.inputs,
    }
}

fn level<'a>(
    document: &'a Document<'a>,
    report: &'a Report<'a>,
    level: Level,
    title: String,
) -> Option<LevelPart<'a>> {
    let rules: Vec<RulePart<'_>> =
        document.by_rule(level).into_iter().map(|(id, all)| rule(report, id, &all)).collect();
    (!rules.is_empty()).then_some(LevelPart { name: level.name(), title, rules })
}

fn rule<'a>(report: &'a Report<'a>, id: &'a str, all: &[&'a Finding<'a>]) -> RulePart<'a> {
    let rule = report.rules.find(id);
    let mut seen = BTreeSet::new();
    let statements = all.iter().flat_map(|finding| finding.statements).filter(|s| seen.insert(s.as_str()));
    RulePart {
        id,
        title: rule.map_or(id, |rule| &rule.title),
        count: all.len(),
        because: rule.and_then(|rule| rule.because.as_deref()),
        statements: statements.filter_map(|reference| said(report, reference)).collect(),
        help: all.first().map_or("", |finding| finding.help),
        links: rule.map(|rule| rule.references.iter().flat_map(|r| r.links()).collect()).unwrap_or_default(),
        findings: all.iter().map(|finding| one(finding)).collect(),
    }
}

fn said<'a>(report: &'a Report<'a>, reference: &'a str) -> Option<Said<'a>> {
    let revision = report.run.revision;
    let (entity, statement) = report.content.statement(reference)?;
    Some(Said {
        reference,
        entity: entity.title(revision),
        level: statement.level.at(revision).map_or("", |level| level.name()),
        text: statement.text.at(revision).map_or("", String::as_str),
        detail: statement.detail.as_ref().and_then(|detail| detail.at(revision)).map(String::as_str),
    })
}

fn hidden<'a>(waived: &'a Waived<'a>) -> Hidden<'a> {
    Hidden { finding: one(&waived.finding), rule: waived.finding.rule, waiver: &waived.waiver }
}

fn one<'a>(finding: &'a Finding<'a>) -> One<'a> {
    let mut places = finding.spots.iter().map(place);
    One {
        message: finding.message,
        entity: finding.entity.unwrap_or_default(),
        confidence: finding.confidence,
        statements: finding.statements,
        fix: finding.fix,
        fingerprint: finding.fingerprint,
        waiver: &finding.waiver_template,
        first: places.next(),
        further: places.collect(),
    }
}

fn place(spot: &Spot) -> PlaceView<'_> {
    let shown = spot.excerpts.iter().filter(|excerpt| !excerpt.text.is_empty());
    PlaceView {
        path: &spot.path,
        line: spot.line,
        column: spot.column,
        label: &spot.label,
        lines: shown.map(line).collect(),
    }
}

fn line(excerpt: &Excerpt) -> LineView<'_> {
    let part = |from: usize, to: usize| excerpt.text.get(from..to).unwrap_or_default();
    let span = &excerpt.span;
    LineView {
        number: excerpt.line,
        before: part(0, span.start).trim_start(),
        marked: part(span.start, span.end),
        after: part(span.end, excerpt.text.len()),
        cut_before: excerpt.before,
        cut_after: excerpt.after,
    }
}

/// The accounts and groups that findings are about, by their titles.
fn entities<'a>(document: &'a Document<'a>, report: &'a Report<'a>) -> Vec<Named<'a>> {
    let ids: BTreeSet<&str> = document.findings.iter().filter_map(|finding| finding.entity).collect();
    let title =
        |id: &'a str| report.content.entity(id).map_or(id, |entity| entity.title(report.run.revision));
    let mut out: Vec<Named<'_>> = ids.into_iter().map(|id| Named { id, title: title(id) }).collect();
    out.sort_by_key(|named| named.title.to_lowercase());
    out
}

fn open<'a>(document: &'a Document<'a>) -> Vec<Open<'a>> {
    let mut out: Vec<Open<'a>> = Vec::new();
    let title = |id: &str| document.rules.iter().find(|row| row.rule == id).and_then(|row| row.title);
    for row in &document.not_evaluated {
        match out.last_mut().filter(|open| open.rule == row.rule) {
            Some(open) => open.rows.push(row),
            None => {
                out.push(Open { rule: row.rule, title: title(row.rule).unwrap_or(row.rule), rows: vec![row] })
            }
        }
    }
    out
}

fn missing<'a>(report: &'a Report<'a>) -> Vec<Missing<'a>> {
    let name = |table: &usize| report.schema.tables.get(*table).map(|table| table.name.as_str());
    (report.missing_exports().into_iter())
        .map(|missing| Missing {
            rules: count(missing.rules.len(), "rule", "rules"),
            tables: missing.tables.iter().filter_map(name).collect(),
            collect: missing.collect,
        })
        .collect()
}

fn rule_row<'a>(row: &'a super::document::Rule<'a>) -> RuleRow<'a> {
    RuleRow {
        rule: row.rule,
        title: row.title.unwrap_or(row.rule),
        statements: row.statements,
        class: row.outcome.replace('_', "-"),
        words: row.outcome.replace('_', " "),
        reason: row.reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_as_browsers_make_it() {
        // The digest of nothing, as everybody knows it.
        assert_eq!(hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }
}
