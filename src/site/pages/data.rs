//! What pages say, for programs: the JSON twins.

use serde_json::{Map, Value, json};

use super::super::model::{self, Model, checkable, rule_level};
use super::entity::is_entry;
use super::rule::revisions;
use crate::content::{Entity, Statement, Timeline};
use crate::report::level_word;
use crate::rules::{Expect, Rule};

/// A timeline as a map from the revision on from which each value holds.
fn timeline<T>(timeline: &Timeline<T>, value: impl Fn(&T) -> Value) -> Value {
    let mut out = Map::new();
    for (from, v) in &timeline.steps {
        out.insert(from.to_string(), v.as_ref().map_or(Value::Null, &value));
    }
    Value::Object(out)
}

fn text(t: &Timeline<String>) -> Value {
    timeline(t, |v| json!(v))
}

/// An entity with all that is documented of it.
pub(in super::super) fn entity_json(model: &Model<'_>, entity: &Entity) -> Value {
    json!({
        "schema": "cmlint-entity-1",
        "id": entity.id,
        "kind": entity.kind.name(),
        "page": model::page(entity),
        "title": model.title(entity),
        "name": text(&entity.name),
        "name_pattern": entity.name_pattern,
        "aliases": entity.aliases,
        "merged_into": entity.merged_into.as_ref().map(text),
        "purpose": entity.purpose,
        "notes": entity.notes,
        "statements": entity.statements.iter().map(|s| statement(model, s)).collect::<Vec<_>>(),
        "rules": model.rules_of_entity(&entity.id).iter().map(|r| &r.id).collect::<Vec<_>>(),
    })
}

fn statement(model: &Model<'_>, statement: &Statement) -> Value {
    let facts: Vec<Value> = (statement.facts.iter())
        .map(|fact| {
            let keys: Map<String, Value> =
                fact.keys.iter().map(|(key, t)| (key.clone(), timeline(t, Value::clone))).collect();
            json!({ "kind": fact.kind, "keys": keys, "derived": fact.derived })
        })
        .collect();
    json!({
        "ref": statement.reference,
        "category": statement.category,
        "level": timeline(&statement.level, |l| json!(level_word(*l))),
        "text": text(&statement.text),
        "detail": statement.detail.as_ref().map(text),
        "terms": statement.terms.as_ref().map(text),
        "facts": facts,
        "changes": statement.changes.iter().map(|c| json!({
            "revision": c.revision.to_string(),
            "kind": c.kind,
            "note": c.note,
        })).collect::<Vec<_>>(),
        "checkable": checkable(statement.checkable),
        "because": statement.because,
        "evidence": statement.evidence,
        "look_at": statement.look_at,
        "rules": model.rules_of(&statement.reference).iter().map(|r| &r.id).collect::<Vec<_>>(),
    })
}

/// A rule.
pub(in super::super) fn rule_json(model: &Model<'_>, rule: &Rule) -> Value {
    let tables = &model.sources.schema.tables;
    let name = |t: &usize| tables.get(*t).map(|t| t.name.clone());
    json!({
        "schema": "cmlint-rule-1",
        "id": rule.id,
        "aliases": rule.aliases,
        "page": model::rule_page(&rule.id),
        "title": rule.title,
        "group": rule.group,
        "level": timeline(&rule.level, |l| json!(l.name())),
        "confidence": rule.confidence.name(),
        "statements": rule.statements,
        "documented": rule.documented.as_ref().map(|d| &d.selector.kind),
        "because": rule.because,
        "derived": rule.derived,
        "reviewed": rule.reviewed.to_string(),
        "revisions": revisions(model, rule),
        "evidence": rule.evidence.iter().filter_map(name).collect::<Vec<_>>(),
        "message": rule.message.written,
        "help": rule.help,
        "fix": rule.fix.as_ref().map(|f| &f.powershell.written),
        "examples": rule.examples.iter().map(|e| json!({
            "name": e.name,
            "revision": e.revision.map(|r| r.to_string()),
            "given": e.written,
            "expect": match &e.expect {
                Expect::Pass => json!("pass"),
                Expect::NotApplicable => json!("not_applicable"),
                Expect::Fail(subjects) => json!({ "fail": subjects }),
                Expect::NotEvaluated(missing) => {
                    json!({ "not_evaluated": missing.iter().filter_map(name).collect::<Vec<_>>() })
                }
            },
        })).collect::<Vec<_>>(),
    })
}

/// All accounts and groups in short.
pub(in super::super) fn entries_json(model: &Model<'_>) -> Value {
    let entries: Vec<Value> = (model.content().entities.iter())
        .filter(|e| is_entry(e))
        .map(|e| {
            json!({
                "id": e.id,
                "kind": e.kind.name(),
                "title": model.title(e),
                "page": model::page(e),
                "data": model::folder(e) + "index.json",
                "revisions": model.dates.iter().filter(|d| e.name.at(**d).is_some()).map(ToString::to_string).collect::<Vec<_>>(),
                "merged_into": model.successor(e).map(|s| &s.id),
                "statements": e.statements.len(),
            })
        })
        .collect();
    json!({ "schema": "cmlint-entries-1", "newest": model.newest.to_string(), "entries": entries })
}

/// All rules in short.
pub(in super::super) fn rules_json(model: &Model<'_>) -> Value {
    let rules: Vec<Value> = (model.sources.rules.rules.iter())
        .map(|r| {
            json!({
                "id": r.id,
                "title": r.title,
                "group": r.group,
                "level": rule_level(r),
                "confidence": r.confidence.name(),
                "statements": r.statements,
                "revisions": revisions(model, r),
                "page": model::rule_page(&r.id),
                "data": format!("rules/{}/index.json", r.id),
            })
        })
        .collect();
    json!({ "schema": "cmlint-rules-1", "rules": rules })
}
