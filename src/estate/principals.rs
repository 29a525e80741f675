//! Who stands for whom: the groups of everybody, and what a documented group is called at a site.

use std::collections::HashMap;
use std::sync::Arc;

use crate::content::Entity;
use crate::estate::shared::Shared;
use crate::evidence::{Account, AccountForm, Fact, Identity, field, table};
use crate::vocabulary::WellKnown;

/// The group for everybody that an account is.
pub(crate) fn everybody<'s>(
    shared: &'s Shared<'_>,
    account: &Account,
    sid: Option<&str>,
    relative: Option<i64>,
) -> Option<&'s str> {
    everybody_of(shared, &shared.ids.resolve(account), sid, relative)
}

/// [`everybody`] of an account that has been resolved.
pub(crate) fn everybody_of<'s>(
    shared: &'s Shared<'_>,
    identity: &Identity,
    sid: Option<&str>,
    relative: Option<i64>,
) -> Option<&'s str> {
    let principals = shared.ids.principals();
    let known = match identity.sid().or(sid) {
        Some(sid) => principals.of_sid(&sid.to_uppercase()),
        None => relative
            .and_then(|rid| principals.of_rid(u32::try_from(rid).ok()?))
            .or_else(|| principals.of_domain(identity.name()?)),
    };
    known.filter(|known| known.everybody).map(|known| known.name.as_str())
}

/// The group with power over a domain that a group is. `sid` is what an export says of it.
pub(crate) fn privileged<'s>(
    shared: &'s Shared<'_>,
    identity: &Identity,
    sid: Option<&str>,
) -> Option<&'s WellKnown> {
    let principals = shared.ids.principals();
    let known = match sid.or(identity.sid()) {
        Some(sid) => principals.of_sid(&sid.to_uppercase()),
        None => principals.iter().find(|known| identity.name() == Some(&known.key)),
    };
    known.filter(|known| known.privileged)
}

/// The groups with power over a domain: those of the domain first.
pub(crate) fn all_privileged<'s>(shared: &'s Shared<'_>) -> Vec<&'s WellKnown> {
    let mut all: Vec<&WellKnown> = shared.ids.principals().iter().filter(|known| known.privileged).collect();
    all.sort_by_key(|known| known.rid.is_none());
    all
}

/// An account in words: one that is written as a security identifier by the name that an export gives it.
pub(crate) fn in_words<'s>(shared: &'s Shared<'_>, account: &'s Account) -> &'s str {
    struct Names(HashMap<String, Arc<str>>);
    if account.form != AccountForm::Sid {
        return &account.written;
    }
    // Like identities, names are no evidence of their own: what is read here is what the tables already rest on.
    let names = shared.once(|shared| {
        let mut names = HashMap::new();
        let schema =
            shared.schema.id(table::PRINCIPALS).and_then(|id| Some((id, shared.schema.tables.get(id)?)));
        let columns = schema.and_then(|(id, t)| Some((id, t.column(field::SID)?, t.column(field::ACCOUNT)?)));
        for (row, sid, named) in columns
            .into_iter()
            .flat_map(|(id, sid, named)| shared.table(id).rows.iter().map(move |row| (row, sid, named)))
        {
            if let (Fact::Text(sid), Fact::Account(named)) = (&row.cells[sid].fact, &row.cells[named].fact)
                && !matches!(named.form, AccountForm::Sid | AccountForm::Distinguished { .. })
            {
                names.entry(sid.to_uppercase()).or_insert_with(|| Arc::from(&*named.written));
            }
        }
        Names(names)
    });
    names.0.get(&account.written.to_uppercase()).map_or(&account.written, |name| name)
}

/// The name of a documented group; one with a site code for that site.
pub(crate) fn group_name(shared: &Shared<'_>, entity: &Entity, site: &str) -> Option<String> {
    let name = entity.exported_name(shared.revision)?;
    let pattern = entity.name_pattern.as_deref().unwrap_or(name);
    Some(pattern.replace("<sitecode>", &site.to_uppercase()))
}
