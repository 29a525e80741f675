//! The tables of DCOM: whether a documented group may activate programs from afar (`dcom_access`), and who else may
//! (`dcom_grants`).
//!
//! The limits of the computer and the list of the application both have to allow it. The defaults of the computer
//! stand for an application that has no list of its own.

use std::sync::Arc;

use crate::estate::access::list::{ByHost, DCOM, List, State, lists};
use crate::estate::access::local::LocalGroup;
use crate::estate::access::{Ask, granted, means};

use crate::content::fact::DcomPermission;
use crate::content::{Level, Securable as On};
use crate::estate::positions::{hosts, unknown_hosts};
use crate::estate::principals::everybody;
use crate::estate::shared::Shared;
use crate::estate::table::{Out, View, filling, flag, is, text};
use crate::evidence::{Fact, Missing, Table, TableSchema, Why, field, table};
use crate::sddl::{AceKind, Member};

const LIMITS: &str = "machine limits";
const DEFAULTS: &str = "machine defaults";

/// The bit of a permission.
fn bit(shared: &Shared<'_>, name: &str) -> Option<u32> {
    let known = shared
        .content
        .vocabulary
        .permissions
        .iter()
        .find(|p| p.on == On::Dcom && p.id.eq_ignore_ascii_case(name))?;
    u32::try_from(known.mask?).ok()
}

/// The name of a documented group.
fn group<'c>(shared: &Shared<'c>, entity: &str) -> Option<&'c str> {
    shared.content.entity(entity)?.exported_name(shared.revision)
}

/// Of the lists of a computer those that decide.
fn deciding<'l, 's>(mine: Vec<&'l List<'s>>) -> Vec<&'l List<'s>> {
    let own = mine.iter().any(|list| {
        let name = list.line.text(field::APPLICATION);
        !is(name, LIMITS) && !is(name, DEFAULTS)
    });
    mine.into_iter().filter(|list| !own || !is(list.line.text(field::APPLICATION), DEFAULTS)).collect()
}

/// One row a computer and list that has to allow it.
pub(crate) fn dcom_access(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    let lists = lists(shared, DCOM);
    let by_host = ByHost::of(&lists);
    let entries_table = shared.schema.id(DCOM.entries).unwrap_or_default();
    for (fact, said) in shared.content.judged::<DcomPermission>(shared.revision) {
        let positions: Vec<&str> = said.positions.iter().map(String::as_str).collect();
        let permission = said.permission.as_str();
        let Some(group_name) = group(shared, fact.entity) else { continue };
        let Some(bit) = bit(shared, permission) else { continue };
        if positions.is_empty() {
            continue;
        }
        // A need of the users is met whichever way they have the permission; an instruction names the group.
        let statement = shared.content.statement(fact.statement).map(|(_, statement)| statement);
        let by_user = statement.and_then(|s| s.level.at(shared.revision)) == Some(&Level::Must);
        for host in hosts(shared, &positions) {
            let Some(name) = host.text(field::HOST) else { continue };
            let base = filling(|row| {
                row.set(field::STATEMENT, text(fact.statement))
                    .set(field::ENTITY, text(fact.entity))
                    .set(field::GROUP, text(group_name))
                    .set(field::PERMISSION, text(permission))
                    .copy(field::HOST, host.cell(field::HOST))
            });
            let mine = deciding(by_host.on(shared, &lists, name));
            if mine.is_empty() {
                let absent = View::of(shared, DCOM.entries).and_then(View::absent).is_some();
                let what: Option<Arc<str>> =
                    (!absent).then(|| format!("the DCOM launch permissions of `{name}`").into());
                base(out.gap(Missing {
                    why: Why::NotExported,
                    table: entries_table,
                    what,
                    place: host.record,
                }))
                .put();
                continue;
            }
            // Whom the limits of the computer do not let in no other list lets in.
            if !mine.iter().any(|list| is(list.line.text(field::APPLICATION), LIMITS)) {
                let what = format!("the machine-wide limits of DCOM (MachineLaunchRestriction) of `{name}`");
                base(out.gap(Missing::of(Why::NotExported, entries_table, what, host.record)))
                    .set(field::APPLICATION, text(LIMITS))
                    .put();
            }
            for list in mine {
                let application = list.line.cell(field::APPLICATION);
                let local = LocalGroup { name: group_name, host: Some(name) };
                let got = granted(list, Ask::OTHER, |entry| local.is_meant(shared, entry));
                let shows = list
                    .entries
                    .iter()
                    .filter(|e| e.kind == Some(AceKind::Deny))
                    .chain(&list.entries)
                    .find(|e| local.is_meant(shared, e).0 == Member::Yes);
                let place = shows
                    .and_then(|e| e.line.cell(field::ACCOUNT).and_then(|c| c.place).or(e.line.record))
                    .or(list.line.record);
                let mut allowed = if let State::Unknown(_) = list.state { None } else { got.holds(bit) };
                let mut missing = got.missing(bit).cloned();
                if allowed == Some(false) && by_user {
                    (allowed, missing) = users(shared, list, name, bit);
                }
                match allowed {
                    Some(allowed) => base(out.row(list.line.record))
                        .copy(field::APPLICATION, application)
                        .at(field::ALLOWED, flag(allowed), place)
                        .put(),
                    None => {
                        let missing = missing.unwrap_or(Missing::of(
                            match list.state {
                                State::Unknown(why) => why,
                                _ => Why::Incomplete,
                            },
                            entries_table,
                            format!("the DCOM launch permissions of `{name}`"),
                            place,
                        ));
                        base(out.gap(missing)).copy(field::APPLICATION, application).put();
                    }
                }
            }
        }
        for line in unknown_hosts(shared, &positions) {
            let Some(gap) = line.gap else { continue };
            out.gap(gap.missing.clone())
                .set(field::STATEMENT, text(fact.statement))
                .set(field::PERMISSION, text(permission))
                .copy(field::HOST, line.cell(field::HOST))
                .put();
        }
    }
    out.table
}

/// Whether every administrative user has the permission by another way than the group.
fn users(shared: &Shared<'_>, list: &List<'_>, host: &str, bit: u32) -> (Option<bool>, Option<Missing>) {
    let Some(view) = View::of(shared, table::ADMIN_USERS) else { return (Some(false), None) };
    let mut open: Option<Missing> = None;
    let mut any = false;
    for line in view.rows() {
        let Some(who) = line.account(field::ACCOUNT) else { continue };
        any = true;
        let got = granted(list, Ask::OTHER, |entry| means(shared, who, None, entry, Some(host)));
        match got.holds(bit) {
            Some(false) => return (Some(false), None),
            None => open = open.or_else(|| got.missing(bit).cloned()),
            Some(true) => {}
        }
    }
    if let Some(gap) = view.gaps().find_map(|line| line.gap) {
        let what = gap.missing.what.clone().unwrap_or_else(|| "the administrative users".into());
        open = open.or(Some(Missing::of(gap.missing.why, gap.missing.table, what, gap.missing.place)));
    }
    match open {
        Some(open) => (None, Some(open)),
        None => (Some(any), None),
    }
}

/// The table `dcom_grants`: one row an entry that grants the documented permission.
pub(crate) fn dcom_grants(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    let lists = lists(shared, DCOM);
    let facts = shared.content.judged::<DcomPermission>(shared.revision);
    for (fact, said) in facts.filter(|(_, said)| said.grant_to.is_some()) {
        let permission = said.permission.as_str();
        let Some(holder) = group(shared, fact.entity) else { continue };
        let Some(bit) = bit(shared, permission) else { continue };
        for list in &lists {
            let host = list.line.text(field::HOST);
            let base = filling(|row| {
                row.set(field::STATEMENT, text(fact.statement))
                    .set(field::ENTITY, text(fact.entity))
                    .set(field::PERMISSION, text(permission))
                    .copy(field::HOST, list.line.cell(field::HOST))
                    .copy(field::APPLICATION, list.line.cell(field::APPLICATION))
            });
            if let State::Unknown(why) = list.state {
                let table = shared.schema.id(DCOM.entries).unwrap_or_default();
                base(out.gap(Missing::rows(why, table, list.line.record))).put();
                continue;
            }
            for entry in &list.entries {
                if entry.kind != Some(AceKind::Allow) || entry.mask & bit == 0 {
                    continue;
                }
                let Some(who) = &entry.who else { continue };
                let local = LocalGroup { name: holder, host };
                let identity = shared.ids.resolve(who);
                let sid = identity.sid().or(entry.sid);
                let principals = shared.ids.principals();
                let known = sid.and_then(|sid| principals.fixed(&sid.to_uppercase()));
                let own = known.is_some_and(|known| known.dcom_default);
                let named = local.is_named(shared, who, entry.sid);
                let row = match named {
                    (None, Some(missing)) if !own => out.gap(missing),
                    _ => out
                        .row(entry.line.record)
                        .set(field::USUAL, flag(own || named.0 == Some(true)))
                        .set(field::EVERYBODY, flag(everybody(shared, who, entry.sid, None).is_some())),
                };
                let place = entry.line.cell(field::ACCOUNT).and_then(|c| c.place).or(entry.line.record);
                base(row).at(field::ACCOUNT, Fact::Account(Arc::clone(who)), place).put();
            }
        }
        if let Some(gap) = View::of(shared, DCOM.entries).and_then(View::absent) {
            out.gap(Missing::rows(gap.missing.why, gap.missing.table, None))
                .set(field::STATEMENT, text(fact.statement))
                .put();
        }
    }
    out.table
}
