//! Evidence under the names of the chosen revision.
//!
//! Exports of every release have one place for what older pages describe under several accounts, one a role. Where the
//! revision does not have the account that a row belongs to, but accounts that were merged into it later, the row
//! belongs to those of them whose roles its host has. A row whose account the revision has in no form stays as it is.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::content::{Content, Date, Entity};
use crate::evidence::{self, Cell, Evidence, Fact, Made, Row, Schema, TableId};

/// The evidence, with rows of merged accounts under the names that the revision has.
pub(super) fn fit<'e>(
    content: &Content,
    schema: &Schema,
    evidence: &'e Evidence,
    revision: Date,
) -> Cow<'e, Evidence> {
    let mut out = Cow::Borrowed(evidence);
    for (id, table) in schema.tables.iter().enumerate() {
        let (Some(entity), Some(host)) = (table.field("entity"), table.field("host")) else { continue };
        let rows = evidence.tables.get(id).map_or(&[][..], |table| &table.rows);
        if !matches!(table.made, Made::Exported) || rows.is_empty() {
            continue;
        }
        let earlier = |row: &Row| match &row.cells[entity].fact {
            Fact::Text(name) => earlier(content, name, revision),
            _ => Vec::new(),
        };
        if rows.iter().all(|row| earlier(row).is_empty()) {
            continue;
        }
        let mut fitted = Vec::new();
        for row in rows {
            let names = earlier(row);
            if names.is_empty() {
                fitted.push(row.clone());
                continue;
            }
            let roles = roles_of(schema, evidence, &row.cells[host]);
            let covered = |account: &&Entity| {
                let role = |item: &crate::content::Item| export_name(content, &item.name);
                account.roles.iter().filter_map(role).any(|role| roles.contains(&role))
            };
            for account in names.into_iter().filter(covered) {
                let mut row = row.clone();
                row.cells[entity].fact = Fact::Text(account.id.as_str().into());
                fitted.push(row);
            }
        }
        out.to_mut().tables[id].rows = fitted;
    }
    if let Cow::Owned(changed) = &mut out {
        let kept: Vec<TableId> = schema.table("export_gaps").into_iter().collect();
        evidence::derive(schema, changed, &kept);
    }
    out
}

/// The accounts of the revision that were merged into the one of that name later; none if the revision has it.
fn earlier<'c>(content: &'c Content, name: &str, revision: Date) -> Vec<&'c Entity> {
    if content.entity(name).is_none_or(|entity| entity.name.at(revision).is_some()) {
        return Vec::new();
    }
    let merged = |entity: &&Entity| {
        let into = entity.merged_into.as_ref().and_then(|into| into.values().last());
        into.is_some_and(|into| into == name) && entity.name.at(revision).is_some()
    };
    content.entities.iter().filter(merged).collect()
}

/// The name in exports of a role, in lower case.
fn export_name(content: &Content, role: &str) -> Option<String> {
    let known = content.vocabulary.roles.iter().find(|known| known.id == role)?;
    known.export_name.as_ref().map(|name| name.to_lowercase())
}

/// The roles of a host, in lower case.
fn roles_of(schema: &Schema, evidence: &Evidence, host: &Cell) -> BTreeSet<String> {
    let Some(id) = schema.table("site_systems") else { return BTreeSet::new() };
    let (Some(own), Some(role)) = (schema.tables[id].field("host"), schema.tables[id].field("role")) else {
        return BTreeSet::new();
    };
    let lower = |cell: &Cell| match &cell.fact {
        Fact::Text(text) => Some(text.to_lowercase()),
        _ => None,
    };
    let host = lower(host);
    let rows = evidence.tables.get(id).map_or(&[][..], |table| &table.rows);
    let rows = rows.iter().filter(|row| host.is_some() && lower(&row.cells[own]) == host);
    rows.filter_map(|row| lower(&row.cells[role])).collect()
}
