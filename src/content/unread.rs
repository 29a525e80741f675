//! Names of the vocabulary that nothing uses: they look as if they meant something.
//!
//! What Windows, SQL Server and the product themselves have (rights, permissions, principals, roles in exports) may stand
//! in the vocabulary before anything is documented of it. Kinds of facts and what the documents alone speak of may not.

use std::collections::HashSet;

use serde_json::Value;

use super::Content;
use crate::vocabulary::Name;
use crate::yaml::{Problem, Problems};

/// Warns of the names that no statement uses.
pub(super) fn check(content: &Content) -> Problems {
    let mut problems = Problems::new();
    let vocabulary = &content.vocabulary;
    let Some(file) = &vocabulary.file else { return problems };
    let mut used: HashSet<&str> = HashSet::new();
    for entity in &content.entities {
        used.extend(entity.roles.iter().chain(&entity.site_types).map(|item| item.name.as_str()));
        let facts = entity.statements.iter().flat_map(|s| &s.facts);
        for value in facts.flat_map(|f| f.keys.values()).flat_map(|t| t.values()) {
            texts(value, &mut used);
        }
    }
    let mut warn = |span: &std::ops::Range<usize>, what: &str, id: &str| {
        problems.push(
            Problem::warning(file, span.clone(), format!("nothing uses the {what} `{id}`"))
                .help("take it out, or let a fact say something of it"),
        );
    };
    for kind in &vocabulary.facts {
        if content.places_of(&kind.id).next().is_none() {
            warn(&kind.span, "kind of fact", &kind.id);
        }
    }
    let plain = |name: &&Name| name.export_name.is_none();
    for (what, names) in [
        ("role", &vocabulary.roles),
        ("site type", &vocabulary.site_types),
        ("place", &vocabulary.places),
        ("kind of principal", &vocabulary.principals),
    ] {
        for name in names.iter().filter(plain).filter(|name| !used.contains(name.id.as_str())) {
            warn(&name.span, what, &name.id);
        }
    }
    problems
}

fn texts<'v>(value: &'v Value, out: &mut HashSet<&'v str>) {
    match value {
        Value::String(text) => {
            out.insert(text);
        }
        Value::Array(items) => items.iter().for_each(|v| texts(v, out)),
        Value::Object(map) => map.values().for_each(|v| texts(v, out)),
        _ => {}
    }
}
