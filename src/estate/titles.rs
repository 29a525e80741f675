//! The table `documented_titles`: what the specification says of names, as evidence.

use std::collections::BTreeSet;

use crate::content::EntityKind;
use crate::estate::shared::Shared;
use crate::estate::table::{Out, flag, text};
use crate::evidence::{Table, TableSchema};

/// One row a title of an account or group in any revision.
pub(crate) fn documented_titles(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::new(schema);
    for entity in shared.content.entities.iter().filter(|e| e.kind != EntityKind::Document) {
        let current = entity.name.at(shared.revision);
        let titles: BTreeSet<&String> =
            entity.name.steps.iter().filter_map(|(_, title)| title.as_ref()).collect();
        for title in titles {
            out.row(None)
                .set("entity", text(&entity.id))
                .set("title", text(title))
                .set("current", flag(current == Some(title)))
                .put();
        }
    }
    out.table
}
