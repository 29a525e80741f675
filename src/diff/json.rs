//! The diff for programs. Its shape is a promise, written down in `docs/diff.schema.json`: keys are added, never
//! changed or taken away, as long as the number in `schema` stays.

use serde_json::{Value, json};

use super::{Change, Diff, Originals};
use crate::content::Content;

/// Name and number of the shape.
const SCHEMA: &str = "cmlint-diff/1";

/// The diff as JSON.
pub fn value(diff: &Diff) -> Value {
    let entities: Vec<Value> = diff
        .entities
        .iter()
        .map(|e| {
            let changes: Vec<Value> = e.changes.iter().map(change).collect();
            json!({ "entity": e.entity, "name": { "from": e.name.0, "to": e.name.1 }, "changes": changes })
        })
        .collect();
    let renamed: Vec<Value> = diff
        .renamed
        .iter()
        .map(|r| {
            json!({
                "entity": r.entity, "from": r.from, "to": r.to, "case_only": r.case_only, "note": r.note,
            })
        })
        .collect();
    let merged: Vec<Value> =
        diff.merged.iter().map(|m| json!({ "into": m.into, "from": m.from, "note": m.note })).collect();
    let document: Vec<Value> =
        diff.document.iter().map(|p| json!({ "what": p.what, "from": p.from, "to": p.to })).collect();
    json!({
        "schema": SCHEMA,
        "from": diff.from.to_string(),
        "to": diff.to.to_string(),
        "scope": diff.scope,
        "entries": { "from": diff.entries.0, "to": diff.entries.1 },
        "document": document,
        "renamed": renamed,
        "merged": merged,
        "added": diff.added,
        "removed": diff.removed,
        "entities": entities,
        "rules": diff.rules,
        "notes": diff.notes,
    })
}

/// The diff as JSON, with the wording of the original pages.
pub fn with_originals(diff: &Diff, originals: &Originals, content: &Content) -> Value {
    let mut out = value(diff);
    out["wording"] = super::originals::value(originals, content);
    out
}

fn change(change: &Change) -> Value {
    let facts: Vec<Value> = change
        .facts
        .iter()
        .map(|f| json!({ "kind": f.kind, "key": f.key, "from": f.from, "to": f.to }))
        .collect();
    let notes: Vec<Value> = change
        .notes
        .iter()
        .map(|n| json!({ "revision": n.revision.to_string(), "kind": n.kind, "text": n.text }))
        .collect();
    let differs: Vec<&str> = change.differs.iter().map(|a| a.name()).collect();
    json!({
        "statement": change.statement,
        "class": change.class.name(),
        "kind": change.kind.name(),
        "from": change.from,
        "to": change.to,
        "rules": change.rules,
        "text": { "from": change.text.0, "to": change.text.1 },
        "category": change.category,
        "differs": differs,
        "level": { "from": change.level.0.map(|l| l.name()), "to": change.level.1.map(|l| l.name()) },
        "terms": change.terms.as_ref().map(|(from, to)| json!({ "from": from, "to": to })),
        "alert": change.alert.map(|(from, to)| json!({ "from": from, "to": to })),
        "section": change.section.as_ref().map(|(from, to)| json!({ "from": from, "to": to })),
        "under": change.under,
        "facts": facts,
        "notes": notes,
        "suspect": change.suspect,
    })
}
