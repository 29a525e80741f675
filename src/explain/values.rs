//! What is known of a thing, for programs.

use serde_json::{Value, json};

use super::page::origins;
use super::{Book, Target};
use crate::content::{Statement, Timeline};
use crate::rules::{Expect, Rule};

/// All that is known of a thing.
pub(super) fn of(book: &Book<'_>, target: &Target<'_>) -> Value {
    match target {
        Target::Rule(rule) => rule_value(book, rule),
        Target::Statement(entity, statement) => {
            let mut value = statement_value(book, statement);
            value["kind"] = json!("statement");
            value["entity"] = json!(entity.id);
            value
        }
        Target::Entity(entity) => json!({
            "kind": entity.kind.name(),
            "id": entity.id,
            "name": timeline(&entity.name, |n| json!(n)),
            "aliases": entity.aliases,
            "merged_into": entity.merged_into.as_ref().map(|m| timeline(m, |id| json!(id))),
            "purpose": entity.purpose,
            "statements": entity.statements.iter().map(|s| statement_value(book, s)).collect::<Vec<_>>(),
        }),
        Target::Technique(technique) => json!({
            "kind": "technique",
            "id": technique.id,
            "name": technique.name,
            "collection": technique.collection(),
            "url": technique.url(),
            "statements": technique.statements,
            "rules": ids(&book.rules.on_technique(&technique.id).collect::<Vec<_>>()),
        }),
        Target::Table(table) => json!({
            "kind": "evidence",
            "id": table.name,
            "about": table.about,
            "collect": book.schema.collects(&book.schema.table(&table.name).into_iter().collect::<Vec<_>>()).join("\n"),
            "fields": table.fields.iter().enumerate().map(|(i, f)| json!({
                "name": f.name,
                "about": f.about,
                "key": table.key.contains(&i),
            })).collect::<Vec<_>>(),
            "read_from": origins(table)
                .into_iter()
                .map(|(class, origins)| {
                    let known: serde_json::Map<String, Value> =
                        origins.iter().map(|(known, names)| (known.name().to_owned(), json!(names))).collect();
                    json!({ "class": class, "known_from": known })
                })
                .collect::<Vec<_>>(),
            "rules": ids(&book.rules_reading(&table.name)),
        }),
        Target::Group(group) => {
            json!({ "kind": "group-of-rules", "id": group, "rules": ids(&book.rules_of_group(group)) })
        }
        Target::Right(right) => json!({
            "kind": "user-right",
            "id": right.id,
            "name": right.display,
            "deny": right.deny,
            "statements": book.statements_on_right(right).iter().map(|s| &s.reference).collect::<Vec<_>>(),
        }),
    }
}

fn ids<'a>(rules: &[&'a Rule]) -> Vec<&'a str> {
    rules.iter().map(|r| r.id.as_str()).collect()
}

fn rule_value(book: &Book<'_>, rule: &Rule) -> Value {
    let mut value = super::rules::value(book, rule);
    value["kind"] = json!("rule");
    value["aliases"] = json!(rule.aliases);
    value["techniques"] = json!(rule.techniques().collect::<Vec<_>>());
    value["because"] = json!(rule.because);
    value["derived"] = json!(rule.derived);
    value["reviewed"] = json!(rule.reviewed.to_string());
    value["message"] = json!(rule.message.written);
    value["help"] = json!(rule.help);
    value["fix"] = json!(rule.fix.as_ref().map(|f| &f.powershell.written));
    value["examples"] = (rule.examples.iter())
        .map(|e| {
            let expect = match &e.expect {
                Expect::Pass => "pass",
                Expect::Fail(_) => "fail",
                Expect::NotEvaluated(_) => "not_evaluated",
                Expect::NotApplicable => "not_applicable",
            };
            json!({ "name": e.name, "expect": expect })
        })
        .collect();
    value
}

fn statement_value(book: &Book<'_>, statement: &Statement) -> Value {
    json!({
        "id": statement.reference,
        "category": statement.category,
        "level": timeline(&statement.level, |l| json!(l.name())),
        "text": timeline(&statement.text, |t| json!(t)),
        "detail": statement.detail.as_ref().map(|d| timeline(d, |t| json!(t))),
        "terms": statement.terms.as_ref().map(|d| timeline(d, |t| json!(t))),
        "changes": statement.changes.iter().map(|c| json!({
            "revision": c.revision.to_string(),
            "kind": c.kind,
            "note": c.note,
        })).collect::<Vec<_>>(),
        "facts": statement.facts.iter().map(|f| {
            let mut value = json!({ "kind": f.kind });
            for (key, said) in &f.keys {
                value[key] = timeline(said, Value::clone);
            }
            value
        }).collect::<Vec<_>>(),
        "checkable": statement.checkable.name(),
        "because": statement.because,
        "evidence": statement.evidence,
        "look_at": statement.look_at,
        "techniques": book.content.techniques_of(&statement.reference).map(|t| t.id.as_str()).collect::<Vec<_>>(),
        "rules": ids(&book.rules_of(&statement.reference)),
    })
}

/// A list of `{from, value}`: each value from the revision on from which it holds.
fn timeline<T>(timeline: &Timeline<T>, value: impl Fn(&T) -> Value) -> Value {
    (timeline.steps.iter())
        .map(|(from, v)| json!({ "from": from.to_string(), "value": v.as_ref().map(&value) }))
        .collect()
}
