//! The rules: their index and the page of each.

use serde_json::Value;

use super::super::condition;
use super::super::model::{self, Link, Model, level_words, rule_level};
use super::super::view::{View, view};
use crate::check::example_messages;
use crate::content::{Entity, Level as StatementLevel, Statement};
use crate::rules::{Example, Expect, Reference, Rule};

/// The index of rules.
pub(in super::super) fn rules(model: &Model<'_>) -> View {
    let all = &model.sources.rules.rules;
    let mut groups: Vec<&str> = all.iter().map(|r| r.group.as_str()).collect();
    groups.sort_unstable();
    groups.dedup();
    let groups: Vec<View> = groups
        .into_iter()
        .map(|group| {
            let rules: Vec<View> =
                all.iter().filter(|r| r.group == group).map(|r| index_row(model, r)).collect();
            view!({ "id": group, "title": group_title(group), "rules": rules })
        })
        .collect();
    let entities: Vec<View> = (model.content().entities.iter())
        .filter(|e| !model.rules_of_entity(&e.id).is_empty())
        .map(|e| view!({ "id": e.id, "title": model.title(e) }))
        .collect();
    view!({
        "nav": "rules",
        "groups": groups,
        "count": all.len(),
        "entities": entities,
        "revisions": model.dates.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn index_row(model: &Model<'_>, rule: &Rule) -> View {
    let mut entities: Vec<&str> = rule.statements.iter().filter_map(|s| Some(s.split_once('/')?.0)).collect();
    entities.dedup();
    let mut known = entities.iter().filter_map(|id| model.content().entity(id));
    let about = known.next().map(|e| model.entity_link(e));
    let held = revisions(model, rule);
    view!({
        "id": rule.id,
        "title": rule.title,
        "level": rule_level(rule),
        "confidence": rule.confidence.name(),
        "group": rule.group,
        "href": model::rule_page(&rule.id),
        "entities": entities.join(" "),
        "about": about,
        "more": known.count(),
        "revisions": held.join(" "),
        "since": held.first(),
    })
}

/// The revisions a rule can find something in.
pub(super) fn revisions(model: &Model<'_>, rule: &Rule) -> Vec<String> {
    let (from, until) = rule.revisions;
    (model.dates.iter())
        .filter(|d| from.is_none_or(|f| f <= **d) && until.is_none_or(|u| **d <= u))
        .filter(|d| rule.level.at(**d).is_some())
        .filter(|d| {
            rule.statements.is_empty()
                || (rule.statements.iter())
                    .filter_map(|s| model.content().statement(s))
                    .any(|(e, s)| e.name.at(**d).is_some() && s.text.at(**d).is_some())
        })
        .map(ToString::to_string)
        .collect()
}

pub(super) fn group_title(group: &str) -> String {
    crate::content::capital(&group.replace('-', " "))
}

/// The page of a rule.
pub(in super::super) fn rule(model: &Model<'_>, rule: &Rule) -> View {
    let schema = model.sources.schema;
    let all = &model.sources.rules.rules;
    let place = all.iter().position(|r| r.id == rule.id);
    let near = |by: isize| place.and_then(|p| p.checked_add_signed(by)).and_then(|p| all.get(p));
    // What is said of several entries in the same words is told once.
    let mut statements: Vec<(Cited<'_>, Vec<View>)> = Vec::new();
    for (entity, statement) in rule.statements.iter().filter_map(|r| model.content().statement(r)) {
        let (said, place) = cited(model, rule, entity, statement);
        match statements.iter_mut().find(|(known, _)| *known == said) {
            Some((_, places)) => places.push(place),
            None => statements.push((said, vec![place])),
        }
    }
    let statements: Vec<View> = statements.iter().map(|(said, places)| said.view(places)).collect();
    let evidence: Vec<View> = (rule.evidence.iter())
        .filter_map(|t| schema.tables.get(*t))
        .map(|t| {
            let fields: Vec<View> =
                t.fields.iter().map(|f| view!({ "name": f.name, "about": f.about })).collect();
            view!({ "name": t.name, "about": t.about, "fields": fields })
        })
        .collect();
    let held = revisions(model, rule);
    let strip: Vec<View> = (model.dates.iter())
        .map(|d| {
            let date = d.to_string();
            view!({
                "date": date,
                "applies": held.contains(&date),
                "level": rule.level.at(*d).map(|l| l.name()),
            })
        })
        .collect();
    let yields: Vec<_> =
        rule.yields_to.iter().filter_map(|n| all.get(*n)).map(|r| model.rule_link(r)).collect();
    view!({
        "nav": "rules",
        "id": rule.id,
        "title": rule.title,
        "group": rule.group,
        "group_title": group_title(&rule.group),
        "level": rule_level(rule),
        "confidence": rule.confidence.name(),
        "because": rule.because,
        "derived": rule.derived,
        "documented": rule.documented.as_ref().map(|d| &d.selector.kind),
        "statements": statements,
        "condition": condition::tell(rule, schema),
        "message": rule.message.written,
        "reasons": rule.reasons.iter().map(|(_, t)| &t.written).collect::<Vec<_>>(),
        "help": rule.help,
        "fix": rule.fix.as_ref().map(|f| view!({
            "powershell": f.powershell.written.trim(),
            "on": f.on.as_ref().map(|on| &on.written),
        })),
        "params": rule.params.iter().map(|p| view!({
            "name": p.name,
            "value": written(&p.value),
            "help": p.help,
        })).collect::<Vec<_>>(),
        "evidence": evidence,
        "collect": schema.collects(&rule.evidence),
        "examples": rule.examples.iter().map(|e| example(model, rule, e)).collect::<Vec<_>>(),
        "references": references(model, rule),
        "strip": strip,
        "yields_to": yields,
        "aliases": rule.aliases,
        "reviewed": rule.reviewed.to_string(),
        "previous": near(-1).map(|r| model.rule_link(r)),
        "next": near(1).map(|r| model.rule_link(r)),
        "json": format!("rules/{}/index.json", rule.id),
        "canonical": model::rule_page(&rule.id),
    })
}

/// A statement that a rule enforces, as the newest revision that makes it puts it.
#[derive(PartialEq)]
struct Cited<'a> {
    text: Option<&'a str>,
    level: Option<StatementLevel>,
    terms: Option<&'a str>,
    since: Option<String>,
    facts: Vec<String>,
}

impl Cited<'_> {
    fn view(&self, places: &[View]) -> View {
        view!({
            "text": self.text,
            "level": self.level.map_or("", level_words),
            "level_class": self.level.map(StatementLevel::name),
            "terms": self.terms,
            "since": self.since,
            "facts": self.facts,
            "places": places,
        })
    }
}

/// What a statement says, and the entry that says it.
fn cited<'a>(model: &Model<'a>, rule: &Rule, entity: &Entity, statement: &'a Statement) -> (Cited<'a>, View) {
    let last =
        model.dates.iter().rev().find(|d| statement.text.at(**d).is_some()).copied().unwrap_or(model.newest);
    let words = model.words(last);
    let facts: Vec<String> = (statement.facts.iter())
        .filter(|f| rule.documented.as_ref().is_none_or(|d| d.selector.kind == f.kind))
        .filter_map(|f| Some(words.fact(&f.kind, f.at(last)?)))
        .collect();
    let said = Cited {
        text: statement.text.at(last).map(String::as_str),
        level: statement.level.at(last).copied(),
        terms: statement.terms.as_ref().and_then(|t| t.at(last)).map(String::as_str),
        since: model.span(&statement.text),
        facts,
    };
    let href = if last == model.newest || entity.name.at(model.newest).is_none() {
        model.statement_href(entity, statement)
    } else {
        format!("{}#{}", model.page_at(entity, last), statement.id())
    };
    (said, view!({ "entity": entity.title(last), "href": href }))
}

fn example(model: &Model<'_>, rule: &Rule, example: &Example) -> View {
    let (outcome, said) = match &example.expect {
        Expect::Pass => ("pass", String::new()),
        Expect::NotApplicable => ("not-applicable", String::new()),
        Expect::Fail(_) => ("fail", String::new()),
        Expect::NotEvaluated(tables) => {
            let names: Vec<String> = (tables.iter())
                .filter_map(|t| model.sources.schema.tables.get(*t))
                .map(|t| format!("`{}`", t.name))
                .collect();
            ("not-evaluated", format!("Missing: {}", crate::text::list(&names)))
        }
    };
    let found = match example.expect {
        Expect::Fail(_) => example_messages(rule, example, model.content(), model.sources.schema),
        _ => Vec::new(),
    };
    let words = match outcome {
        "not-applicable" => "not applicable",
        "not-evaluated" => "not evaluated",
        other => other,
    };
    let mut tables = Vec::new();
    if let Value::Object(given) = &example.written {
        for (name, rows) in given {
            tables.push(table(name, rows));
        }
    }
    view!({
        "name": example.name,
        "outcome": outcome,
        "words": words,
        "said": said,
        "found": found,
        "revision": example.revision.map(|r| r.to_string()),
        "tables": tables,
    })
}

/// A table of an example: its columns, and its rows with one cell a column.
fn table(name: &str, rows: &Value) -> View {
    let rows: Vec<&Value> = rows.as_array().map(|r| r.iter().collect()).unwrap_or_default();
    let mut columns: Vec<String> = Vec::new();
    let mut out = Vec::new();
    for row in &rows {
        let (cells, note) = match (row.get("repeat"), row.get("row"), row.get("gap")) {
            (Some(times), Some(row), _) => (row, Some(format!("{} rows like this", written(times)))),
            (_, _, Some(gap)) => {
                let why = row.get("why").and_then(Value::as_str).unwrap_or("incomplete").replace('-', " ");
                (gap, Some(format!("missing rows ({why})")))
            }
            _ => (*row, None),
        };
        if let Value::Object(cells) = cells {
            for key in cells.keys() {
                if !columns.contains(key) {
                    columns.push(key.clone());
                }
            }
        }
        out.push((cells, note));
    }
    let rows: Vec<View> = out
        .into_iter()
        .map(|(cells, note)| {
            let cells: Vec<String> =
                columns.iter().map(|c| cells.get(c).map(written).unwrap_or_default()).collect();
            view!({ "cells": cells, "note": note })
        })
        .collect();
    view!({ "name": name, "columns": columns, "rows": rows })
}

/// A value as it is written in a rule.
fn written(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text == "?" => "unknown".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(items) => items.iter().map(written).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn references(model: &Model<'_>, rule: &Rule) -> Vec<Link> {
    let mut out = Vec::new();
    for reference in &rule.references {
        match reference {
            Reference::Techniques(ids) => {
                let known = ids.iter().filter_map(|id| model.content().technique(id));
                out.extend(known.map(|t| Link {
                    href: t.url(),
                    title: format!("{}: {} ({})", t.id, t.name, t.collection()),
                }));
            }
            Reference::Page { url, title } => out.push(Link { href: url.clone(), title: title.clone() }),
        }
    }
    out
}
