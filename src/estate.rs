//! What exports and documents together say of one hierarchy: tables that are made from others with what is documented,
//! or with the knowledge of which spellings mean the same account. What several rules need is worked out here once.
//!
//! A maker takes the tables it needs from `Shared::table`, which makes them first where they are made themselves,
//! and gives rows for what is known and gaps for what is not. Every row keeps the places of what it came from. A
//! maker decides nothing about right and wrong: that is what rules are for.

pub(crate) mod access;
pub(crate) mod computers;
pub(crate) mod documented;
pub(crate) mod duties;
pub(crate) mod groups;
pub(crate) mod hierarchy;
pub(crate) mod membership;
pub(crate) mod positions;
pub(crate) mod principals;
pub(crate) mod rights;
pub(crate) mod shared;
pub(crate) mod states;
pub(crate) mod table;
pub(crate) mod titles;
pub(crate) mod trusts;
pub(crate) mod value;

use crate::content::{Content, Date};
use crate::evidence::{Evidence, Identities, Schema, TableId, TableName, table as named};

pub(crate) use shared::{Maker, Shared};

/// The tables of a hierarchy; those that are made from others are made when they are first asked for. `given` are
/// tables that are not to be made although they could be: those of an example.
pub(crate) fn of<'e>(
    content: &'e Content,
    schema: &'e Schema,
    evidence: &'e Evidence,
    ids: &'e Identities,
    revision: Date,
    given: &[TableId],
) -> Shared<'e> {
    Shared::new(content, schema, evidence, ids, revision, |table| {
        maker(table.1).filter(|_| !given.contains(&table.0))
    })
}

/// The tables of `content/evidence.yaml` that say `by: check`, and what makes them.
const MAKERS: &[(TableName, Maker)] = &[
    (named::ACCOUNT_DOMAINS, trusts::account_domains),
    (named::ACCOUNT_HOMES, trusts::account_homes),
    (named::ACCOUNT_STATES, states::account_states),
    (named::ADMINISTRATORS, access::administrators::administrators),
    (named::CONTENT_FOLDERS, access::folder::content_folders),
    (named::CONTENT_GRANTS, access::folder::content_grants),
    (named::DATABASE_ACCESS, access::database::database_access),
    (named::DCOM_ACCESS, access::dcom::dcom_access),
    (named::DCOM_GRANTS, access::dcom::dcom_grants),
    (named::DIRECTORY_ACCESS, access::directory::directory_access),
    (named::DOCUMENTED_GROUPS, groups::documented::documented_groups),
    (named::DOCUMENTED_MEMBERS, groups::documented::documented_members),
    (named::DOCUMENTED_TITLES, titles::documented_titles),
    (named::EXPECTED_GROUPS, groups::expected::expected_groups),
    (named::EXPECTED_MEMBERS, groups::members::expected_members),
    (named::FOLDER_ACCESS, access::folder::folder_access),
    (named::FOREST_TRUSTS, trusts::forest_trusts),
    (named::GROUP_DUTIES, duties::group_duties),
    (named::GROUP_ENTRIES, access::folder::group_entries),
    (named::GROUP_SCOPES, groups::documented::group_scopes),
    (named::HELD_GROUPS, duties::held_groups),
    (named::INBOX_ACCESS, access::folder::inbox_access),
    (named::JOIN_ROUTES, access::directory::join_routes),
    (named::NAME_CLASHES, states::name_clashes),
    (named::POSITIONS, positions::positions),
    (named::RIGHT_DUTIES, duties::right_duties),
    (named::ROLE_TRUSTS, trusts::role_trusts),
    (named::SHARE_ACCESS, access::share::share_access),
    (named::WMI_ACCESS, access::wmi::wmi_access),
];

/// What makes the table of that name; none if it is not made here.
pub(crate) fn maker(table: &str) -> Option<Maker> {
    MAKERS.iter().find(|(name, _)| name.name() == table).map(|(_, maker)| *maker)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Assets;
    use crate::evidence::{Made, Schema};

    #[test]
    fn every_table_of_this_module_has_a_maker() {
        let schema = Schema::load(&Assets::content()).expect("the shipped tables are sound");
        let declared: Vec<&str> = schema
            .tables
            .iter()
            .filter(|table| matches!(table.made, Made::Elsewhere { .. }))
            .map(|table| table.name.as_str())
            .collect();
        for name in &declared {
            assert!(maker(name).is_some(), "nothing makes `{name}`");
        }
        for (name, _) in MAKERS {
            assert!(declared.contains(&name.name()), "`{}` is not declared as made by check", name.name());
        }
    }
}
