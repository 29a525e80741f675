//! The guide: how to lint, what this site is, and what to do where there is no page.

use serde_json::{Value, json};

use super::super::model::Model;
use crate::evidence::classes;

/// How to lint an export.
pub(in super::super) fn linting(
    model: &Model<'_>,
    commands: &[(String, String)],
    formats: &[(String, String)],
) -> Value {
    let named = |list: &[(String, String)]| -> Vec<Value> {
        list.iter().map(|(name, about)| json!({ "name": name, "about": about })).collect()
    };
    let schema = model.sources.schema;
    let tables: Vec<Value> = (schema.tables.iter().enumerate())
        .filter(|(_, t)| t.made_from.is_empty())
        .map(|(id, t)| {
            let readers = model.sources.rules.rules.iter().filter(|r| r.evidence.contains(&id)).count();
            json!({
                "name": t.name,
                "about": t.about,
                "collect": t.collect,
                "classes": classes(model.sources.mapping, id),
                "rules": readers,
            })
        })
        .collect();
    json!({
        "nav": "linting",
        "tables": tables,
        "commands": named(commands),
        "formats": named(formats),
        "revisions": model.content().revisions.iter().map(|r| json!({
            "date": r.date.to_string(),
            "versions": r.versions,
            "first_build": r.builds.0,
            "last_build": r.builds.1,
        })).collect::<Vec<_>>(),
    })
}

/// What this site is.
pub(in super::super) fn about(model: &Model<'_>) -> Value {
    json!({ "nav": "about", "revisions": model.dates.len() })
}

/// There is no such page.
pub(in super::super) fn not_found() -> Value {
    json!({ "nav": "404", "wide_search": true })
}
