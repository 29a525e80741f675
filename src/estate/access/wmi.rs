//! The table `wmi_access`: what documented groups may do in a WMI namespace of a computer with an SMS Provider.

use std::sync::Arc;

use crate::content::Securable as On;
use crate::content::fact::WmiPermission;
use crate::estate::access::list::{ByHost, State, WMI, lists};
use crate::estate::access::local::LocalGroup;
use crate::estate::access::{Ask, granted};
use crate::estate::positions::{hosts, unknown_hosts};
use crate::estate::principals::everybody;
use crate::estate::shared::Shared;
use crate::estate::table::{Out, View, filling, text, texts};
use crate::estate::value::path as path_key;
use crate::evidence::{Missing, Table, TableSchema, Why, field};
use crate::sddl::{AceKind, Member};

/// The rights of a namespace by their names.
fn rights<'c>(shared: &Shared<'c>) -> Vec<(&'c str, u32)> {
    shared
        .content
        .vocabulary
        .permissions
        .iter()
        .filter(|p| p.on == On::Namespace)
        .filter_map(|p| Some((p.id.as_str(), u32::try_from(p.mask?).ok()?)))
        .collect()
}

/// One row a documented permission and computer with an SMS Provider.
pub(crate) fn wmi_access(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    const PROVIDER: [&str; 1] = ["sms-provider-computer"];
    let mut out = Out::of(shared, schema);
    let lists = lists(shared, WMI);
    let by_host = ByHost::of(&lists);
    let rights = rights(shared);
    let entries_table = shared.schema.id(WMI.entries).unwrap_or_default();
    for (fact, said) in shared.content.judged::<WmiPermission>(shared.revision) {
        let (namespace, principal) = (said.namespace.as_str(), said.principal.as_str());
        let wanted: Vec<(&str, u32)> = (said.permissions.iter())
            .filter_map(|name| rights.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)))
            .copied()
            .collect();
        let documented = wanted.iter().fold(0, |all, (_, mask)| all | mask);
        for host in hosts(shared, &PROVIDER) {
            let Some(name) = host.text(field::HOST) else { continue };
            let base = filling(|row| {
                row.set(field::STATEMENT, text(fact.statement))
                    .set(field::ENTITY, text(fact.entity))
                    .set(field::PRINCIPAL, text(principal))
                    .copy(field::HOST, host.cell(field::HOST))
                    .set(field::NAMESPACE, text(namespace))
            });
            let list = by_host.on(shared, &lists, name).into_iter().find(|list| {
                list.line.text(field::NAMESPACE).is_some_and(|n| path_key(n) == path_key(namespace))
            });
            let Some(list) = list.filter(|list| !matches!(list.state, State::Unknown(_))) else {
                let why = match list.map(|list| list.state) {
                    Some(State::Unknown(why)) => why,
                    _ => Why::NotExported,
                };
                let absent = View::of(shared, WMI.entries).and_then(View::absent).is_some();
                let what: Option<Arc<str>> =
                    (!absent).then(|| format!("the security of `{namespace}` on `{name}`").into());
                base(out.gap(Missing { why, table: entries_table, what, place: host.record })).put();
                continue;
            };
            let group = LocalGroup { name: principal, host: Some(name) };
            let broad = principal.eq_ignore_ascii_case("Authenticated Users");
            let member = |entry: &crate::estate::access::list::Entry<'_>| {
                let of = entry.who.as_ref().and_then(|who| everybody(shared, who, entry.sid, None));
                match of {
                    Some("Everyone" | "Authenticated Users") => (Member::Yes, None),
                    _ if broad => (Member::No, None),
                    _ => group.is_meant(shared, entry),
                }
            };
            // What goes beyond counts only where an entry is for the principal itself.
            let own = |entry: &crate::estate::access::list::Entry<'_>| -> (Member, Option<Missing>) {
                let Some(who) = &entry.who else { return (Member::No, None) };
                if broad {
                    let same = everybody(shared, who, entry.sid, None) == Some("Authenticated Users");
                    return (if same { Member::Yes } else { Member::No }, None);
                }
                match group.is_named(shared, who, entry.sid) {
                    (Some(true), _) => (Member::Yes, None),
                    (Some(false), _) => (Member::No, None),
                    (None, missing) => (Member::Unknown, missing),
                }
            };
            let got = granted(list, Ask::OTHER, member);
            let mine = granted(list, Ask::OTHER, own);
            let shows = list
                .entries
                .iter()
                .filter(|e| e.kind == Some(AceKind::Deny))
                .chain(&list.entries)
                .find(|e| own(e).0 == Member::Yes);
            let place = shows
                .and_then(|e| e.line.cell(field::ACCOUNT).and_then(|c| c.place).or(e.line.record))
                .or(list.line.record);
            let missing: Vec<&str> = wanted
                .iter()
                .filter(|(_, mask)| got.holds(*mask) == Some(false))
                .map(|(name, _)| *name)
                .collect();
            let excess: Vec<&str> = rights
                .iter()
                .filter(|(_, mask)| mask & !documented != 0 && mine.access.certain & mask == *mask)
                .map(|(name, _)| *name)
                .collect();
            let all = rights.iter().fold(0, |all, (_, mask)| all | mask);
            let undecided = missing.is_empty() && wanted.iter().any(|(_, mask)| got.holds(*mask).is_none());
            let more = excess.is_empty() && mine.access.possible & all & !documented != 0;
            let gap = |out: &mut Out<'_>, open: Option<Missing>, known: bool| {
                let open = open.unwrap_or(Missing::of(
                    Why::Incomplete,
                    entries_table,
                    format!("the security of `{namespace}` on `{name}`"),
                    place,
                ));
                let row = base(out.gap(open));
                // Of the two lists one is known.
                if known {
                    row.at(field::MISSING, texts(&missing, place), place).put();
                } else {
                    row.at(field::EXCESS, texts(&excess, place), place).put();
                }
            };
            if undecided {
                gap(&mut out, got.missing(documented).cloned(), false);
            } else {
                base(out.row(list.line.record))
                    .at(field::MISSING, texts(&missing, place), place)
                    .at(field::EXCESS, texts(&excess, place), place)
                    .put();
            }
            if more {
                gap(&mut out, mine.missing(all & !documented).cloned(), !undecided);
            }
        }
        for line in unknown_hosts(shared, &PROVIDER) {
            let Some(gap) = line.gap else { continue };
            out.gap(gap.missing.clone())
                .set(field::STATEMENT, text(fact.statement))
                .set(field::PRINCIPAL, text(principal))
                .copy(field::HOST, line.cell(field::HOST))
                .put();
        }
    }
    out.table
}
