//! What each page shows: the values its template is given.

mod compare;
mod data;
mod entity;
mod facts;
mod guide;
mod lists;
mod rule;
mod techniques;

pub(super) use compare::{
    changes, compare, compare_index, data as compare_data, feed, linked, page as compare_page,
};
pub(super) use data::{entity_json, entries_json, rule_json, rules_json};
pub(super) use entity::{entity, entity_at, history};
pub(super) use guide::{about, linting, not_found};
pub(super) use lists::{coverage, entities, home, print, revisions, search};
pub(super) use rule::{rule, rules};
pub(super) use techniques::{PAGE as TECHNIQUES, techniques};
