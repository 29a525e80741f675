//! What documented facts make of an account: which database it opens, what it opens it for, which tables tell of it.
//!
//! No account is known by its id here. What is special about one stands in its file in `content/`.

use crate::content::fact::{AccountKind, Database, DatabasePermission, Distrust, Purpose, UserRight};
use crate::content::{Content, EntityKind};
use crate::evidence::{Made, Schema, TableId};

/// The database that an account opens, in whatever revision; none if it opens none.
pub(crate) fn database_of(content: &Content, entity: &str) -> Option<Database> {
    let permitted = content.ever::<DatabasePermission>().map(|(e, fact)| (e, Some(fact.database)));
    let purposes = content.ever::<Purpose>().map(|(e, fact)| (e, fact.reads.or(fact.connects_to)));
    let mut all = permitted.chain(purposes).filter(|(e, _)| e.kind == EntityKind::Account);
    all.find_map(|(e, database)| database.filter(|_| e.id == entity))
}

/// Whether an account is the one with which a role opens the database of its site.
pub(crate) fn opens_database_for(content: &Content, entity: &str, role: &str) -> bool {
    content.ever::<Purpose>().any(|(e, purpose)| {
        e.id == entity
            && e.kind == EntityKind::Account
            && purpose.used_by.as_deref() == Some(role)
            && purpose.reads.or(purpose.connects_to) == Some(Database::Site)
    })
}

/// Whether it is the trust of the database's domain, and not of the site server's, that another kind of account is
/// asked for.
pub(crate) fn distrusts_database(content: &Content, entity: &str) -> bool {
    let mut kinds = content.ever::<AccountKind>();
    kinds.any(|(e, kind)| e.id == entity && kind.distrust == Some(Distrust::SiteDatabase))
}

/// Whether something is documented of a right that an account holds on the server of the reporting database.
pub(crate) fn works_on_reporting_database(content: &Content, entity: &str) -> bool {
    let at = crate::content::fact::Hosts::ReportingDatabase;
    content.ever::<UserRight>().any(|(e, right)| e.id == entity && right.hosts.contains(&at))
}

/// The accounts of which something is documented about a user right, by id.
pub(crate) fn with_right<'c>(content: &'c Content, right: &str) -> Vec<&'c str> {
    let mut out: Vec<&str> = Vec::new();
    for (entity, fact) in content.ever::<UserRight>() {
        if fact.right == right && !out.contains(&entity.id.as_str()) {
            out.push(&entity.id);
        }
    }
    out
}

/// A table that exports fill and that tells of an account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'s> {
    /// Its name.
    pub(crate) table: &'s str,
    /// The field that holds the account.
    pub(crate) account: &'s str,
    /// Whether its rows are about several documented accounts and say which.
    pub(crate) several: bool,
}

/// The tables that tell of an account: those of which `account_uses` is made, and those that serve for it alone.
pub(crate) fn told_by<'s>(schema: &'s Schema, entity: &str) -> Vec<Told<'s>> {
    let mut out = Vec::new();
    let uses: Option<(TableId, usize, usize)> = schema.table("account_uses").and_then(|id| {
        let table = schema.tables.get(id)?;
        Some((id, table.field("account")?, table.field("entity")?))
    });
    if let Some((uses, account, entity_field)) = uses
        && let Made::Union { parts, .. } = &schema.tables[uses].made
    {
        for part in parts.iter().filter(|part| !part.supplement) {
            let Some(table) = schema.tables.get(part.table) else { continue };
            let there =
                |field: usize| part.fields.iter().find(|(here, _)| *here == field).map(|(_, there)| *there);
            let name =
                there(account).and_then(|field| table.fields.get(field)).map(|field| field.name.as_str());
            let Some(name) = name else { continue };
            let constant = part.constants.iter().find(|(field, _)| *field == entity_field);
            let several = constant.is_none();
            let means = match constant {
                Some((_, id)) => id == entity,
                None => there(entity_field)
                    .and_then(|field| schema.tells(part.table, field))
                    .is_none_or(|told| told.iter().any(|id| **id == *entity)),
            };
            if means {
                out.push(Told { table: &table.name, account: name, several });
            }
        }
    }
    let serving = schema.tables.iter().filter(|table| table.serves.as_deref() == Some(entity));
    out.extend(serving.map(|table| Told { table: &table.name, account: "account", several: false }));
    out
}
