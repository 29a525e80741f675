//! The guide: how to lint, what this site is, and what to do where there is no page.

use super::super::model::Model;
use super::super::view::{View, view};
use crate::evidence::classes;

/// How to lint an export.
pub(in super::super) fn linting(
    model: &Model<'_>,
    commands: &[(String, String)],
    formats: &[(String, String)],
) -> View {
    let named = |list: &[(String, String)]| -> Vec<View> {
        list.iter().map(|(name, about)| view!({ "name": name, "about": about })).collect()
    };
    let schema = model.sources.schema;
    let tables: Vec<View> = (schema.tables.iter().enumerate())
        .filter(|(_, t)| !t.collect.is_empty())
        .map(|(id, t)| {
            let readers = model.sources.rules.rules.iter().filter(|r| r.evidence.contains(&id)).count();
            view!({
                "name": t.name,
                "about": t.about,
                "collect": t.collect,
                "classes": classes(model.sources.mapping, id),
                "rules": readers,
            })
        })
        .collect();
    view!({
        "nav": "linting",
        "tables": tables,
        "commands": named(commands),
        "formats": named(formats),
        "revisions": model.content().revisions.iter().map(|r| view!({
            "date": r.date.to_string(),
            "versions": r.versions,
            "first_build": r.first_build(),
            "last_build": r.last_build(),
        })).collect::<Vec<_>>(),
    })
}

/// What this site is.
pub(in super::super) fn about(model: &Model<'_>) -> View {
    view!({ "nav": "about", "revisions": model.dates.len() })
}

/// There is no such page.
pub(in super::super) fn not_found() -> View {
    view!({ "nav": "404" })
}
