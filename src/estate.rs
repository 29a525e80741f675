//! What exports and documents together say of one hierarchy: tables that are made from others with what is documented,
//! or with the knowledge of which spellings mean the same account. What several rules need is worked out here once.
//!
//! A maker takes the tables it needs from [`Shared::table`], which makes them first where they are made themselves,
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
use crate::evidence::{Evidence, Identities, Schema, TableId};

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
const MAKERS: &[(&str, Maker)] = &[
    ("account_domains", trusts::account_domains),
    ("account_states", states::account_states),
    ("content_folders", access::folder::content_folders),
    ("content_grants", access::folder::content_grants),
    ("database_access", access::database::database_access),
    ("dcom_access", access::dcom::dcom_access),
    ("dcom_grants", access::dcom::dcom_grants),
    ("directory_access", access::directory::directory_access),
    ("documented_groups", groups::documented::documented_groups),
    ("documented_members", groups::documented::documented_members),
    ("documented_titles", titles::documented_titles),
    ("expected_groups", groups::expected::expected_groups),
    ("expected_members", groups::members::expected_members),
    ("folder_access", access::folder::folder_access),
    ("forest_trusts", trusts::forest_trusts),
    ("group_duties", duties::group_duties),
    ("group_entries", access::folder::group_entries),
    ("group_scopes", groups::documented::group_scopes),
    ("held_groups", duties::held_groups),
    ("inbox_access", access::folder::inbox_access),
    ("join_routes", access::directory::join_routes),
    ("name_clashes", states::name_clashes),
    ("positions", positions::positions),
    ("right_duties", duties::right_duties),
    ("role_trusts", trusts::role_trusts),
    ("share_access", access::share::share_access),
    ("wmi_access", access::wmi::wmi_access),
];

/// What makes the table of that name; none if it is not made here.
pub(crate) fn maker(table: &str) -> Option<Maker> {
    MAKERS.iter().find(|(name, _)| *name == table).map(|(_, maker)| *maker)
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
            assert!(declared.contains(name), "`{name}` is not declared as made by check");
        }
    }
}
