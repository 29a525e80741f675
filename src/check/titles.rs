//! The table `documented_titles`: what the specification says of names, as evidence.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::content::{Content, Date, EntityKind};
use crate::evidence::{Cell, Fact, Row, Table, TableSchema};

/// Its name in `content/evidence.yaml`.
pub(super) const TABLE: &str = "documented_titles";

/// One row a title of an account or group in any revision. `entity` is its id, `title` the title, `current` whether
/// the chosen revision uses it; fields of other names are empty.
pub(super) fn table(content: &Content, schema: &TableSchema, revision: Date) -> Table {
    let mut rows = Vec::new();
    for entity in content.entities.iter().filter(|e| e.kind != EntityKind::Document) {
        let current = entity.name.at(revision);
        let titles: BTreeSet<&String> =
            entity.name.steps.iter().filter_map(|(_, title)| title.as_ref()).collect();
        for title in titles {
            let cells = schema
                .fields
                .iter()
                .map(|field| {
                    let fact = match field.name.as_str() {
                        "entity" => Fact::Text(Arc::from(entity.id.as_str())),
                        "title" => Fact::Text(Arc::from(title.as_str())),
                        "current" => Fact::Flag(current == Some(title)),
                        _ => Fact::Empty,
                    };
                    Cell { fact, place: None }
                })
                .collect();
            rows.push(Row { record: None, cells });
        }
    }
    Table { rows, gaps: Vec::new() }
}
