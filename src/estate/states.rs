//! The tables `account_states` and `name_clashes`: what directories say of the accounts that are set somewhere.

use std::collections::HashSet;
use std::sync::Arc;

use crate::estate::shared::Shared;
use crate::estate::table::{Line, Out, View, flag, text};
use crate::evidence::{Account, AccountForm, Fact, Scope, Table, TableSchema, Why};

/// `account_states`: one row an account of which a directory export tells something. That an account is absent is said
/// only where all accounts of its domain are exported.
pub(crate) fn account_states(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::new(schema);
    let directory = shared.schema.table("directory_accounts").unwrap_or_default();
    let rows =
        |name: &str| -> Vec<Line<'_>> { View::of(shared, name).into_iter().flat_map(View::rows).collect() };
    let accounts = rows("directory_accounts");
    let known: Vec<_> =
        accounts.iter().map(|line| (line, line.account("account").map(|a| shared.ids.resolve(a)))).collect();
    let listed: Vec<_> = rows("listed_domains")
        .into_iter()
        .filter_map(|line| line.account("account").map(|a| shared.ids.resolve(a)))
        .collect();
    let groups: Vec<_> = ["domain_groups"]
        .into_iter()
        .flat_map(rows)
        .filter_map(|line| line.account("group").map(|a| shared.ids.resolve(a)))
        .collect();
    let mut seen = HashSet::new();
    for line in rows("account_uses").into_iter().chain(rows("permitted_viewers")) {
        let Some(account) = line.account("account") else { continue };
        let identity = shared.ids.resolve(account);
        let scope = shared.ids.scope(account);
        let local = matches!(scope, Some(Scope::Local | Scope::BuiltIn));
        if local || line.flag("dynamic") == Some(true) || !seen.insert(identity.key().to_owned()) {
            continue;
        }
        let mut possible = None;
        let mut found = None;
        for (row, other) in &known {
            let Some(other) = other else { continue };
            let same = match (identity.sid(), row.text("sid")) {
                (Some(own), Some(sid)) => Some(own.eq_ignore_ascii_case(sid)),
                _ => shared.ids.compare(&identity, other),
            };
            match same {
                Some(true) => {
                    found = Some(*row);
                    break;
                }
                None if identity.name().is_none() || identity.name() == other.name() => {
                    possible = possible.or(Some(*row));
                }
                _ => {}
            }
        }
        if let Some(row) = found {
            let state = match (row.flag("enabled"), row.flag("locked")) {
                (Some(false), _) => "disabled",
                (_, Some(true)) => "locked",
                (Some(true), _) => "enabled",
                (None, _) => "",
            };
            let state = if state.is_empty() {
                row.cell("enabled").map(|cell| cell.fact.clone()).unwrap_or_else(|| text(""))
            } else {
                text(state)
            };
            let place = row.cell("enabled").and_then(|cell| cell.place);
            out.row(row.record)
                .copy("account", line.cell("account"))
                .set("present", flag(true))
                .at("state", state, place)
                .copy("password_set", row.cell("password_set"))
                .copy("profile", row.cell("profile"))
                .put();
            continue;
        }
        // A group, or an account that another export names, is there.
        let elsewhere = groups.iter().any(|g| shared.ids.compare(&identity, g) == Some(true));
        let of_listed = listed.iter().any(|l| shared.ids.same_domain_of(&identity, l) == Some(Some(true)));
        if elsewhere {
            out.row(line.record)
                .copy("account", line.cell("account"))
                .set("present", flag(true))
                .set("state", Fact::Unknown(Why::NotExported))
                .set("password_set", Fact::Unknown(Why::NotExported))
                .set("profile", Fact::Unknown(Why::NotExported))
                .put();
        } else if possible.is_none() && of_listed {
            out.row(line.record)
                .copy("account", line.cell("account"))
                .set("present", flag(false))
                .set("state", text("absent"))
                .put();
        } else {
            let what: Arc<str> = format!("the directory account `{}`", account.written).into();
            let why = if possible.is_some() { Why::Identity } else { Why::NotExported };
            let place = possible.and_then(|row| row.record).or(line.record);
            out.gap(why, directory, Some(what), place).copy("account", line.cell("account")).put();
        }
    }
    out.table
}

/// `name_clashes`: entries of access lists without a domain that two users may be meant by.
pub(crate) fn name_clashes(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::new(schema);
    let rows =
        |name: &str| -> Vec<Line<'_>> { View::of(shared, name).into_iter().flat_map(View::rows).collect() };
    let of_domains: Vec<(Line<'_>, &Arc<Account>)> = ["directory_accounts", "principals"]
        .into_iter()
        .flat_map(rows)
        .filter(|line| line.flag("is_group") != Some(true))
        .filter_map(|line| Some((line, line.account("account")?)))
        .collect();
    let locals: Vec<(Line<'_>, &Arc<Account>)> = rows("local_group_members")
        .into_iter()
        .filter(|line| line.text("class") != Some("group"))
        .filter_map(|line| Some((line, line.account("member")?)))
        .filter(|(_, account)| shared.ids.scope(account) == Some(Scope::Local))
        .collect();
    for entry in rows("content_access") {
        let Some(account) = entry.account("account") else { continue };
        if account.form != AccountForm::Bare || entry.text("generic").is_some() {
            continue;
        }
        if shared.ids.scope(account) == Some(Scope::BuiltIn) {
            continue;
        }
        let same = |other: &Account| other.name().eq_ignore_ascii_case(account.name());
        let of_domain = of_domains
            .iter()
            .find(|(_, other)| same(other) && shared.ids.scope(other) == Some(Scope::Domain));
        let local = locals.iter().find(|(_, other)| same(other));
        match (of_domain, local) {
            (Some((of_domain, _)), Some((local, _))) => out
                .row(entry.record)
                .copy("package", entry.cell("package"))
                .copy("account", entry.cell("account"))
                .copy("of_domain", of_domain.cell("account"))
                .copy("of_computer", local.cell("member"))
                .put(),
            (of_domain, local) => {
                // Neither export is a list of all users there are.
                let table = if of_domain.is_none() { "principals" } else { "local_group_members" };
                let _ = local;
                let table = shared.schema.table(table).unwrap_or_default();
                let what: Arc<str> = format!("all users named `{}`", account.written).into();
                out.gap(Why::NotExported, table, Some(what), entry.record)
                    .copy("package", entry.cell("package"))
                    .copy("account", entry.cell("account"))
                    .put();
            }
        }
    }
    for line in View::of(shared, "content_access").into_iter().flat_map(View::gaps) {
        if let Some(gap) = line.gap {
            out.gap(gap.why, gap.table, gap.what.clone(), gap.place).put();
        }
    }
    out.table
}
