//! The tables `account_states` and `name_clashes`: what directories say of the accounts that are set somewhere.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::estate::shared::Shared;
use crate::estate::table::{Line, Out, View, flag, text};
use crate::estate::value::identity_bucket;
use crate::evidence::{AccountForm, Fact, Identity, Scope, Table, TableSchema, Why};

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
    let by_name = ByName::of(known.iter().map(|(row, identity)| (identity.as_ref(), row.text("sid"))));
    let listed: Vec<_> = rows("listed_domains")
        .into_iter()
        .filter_map(|line| line.account("account").map(|a| shared.ids.resolve(a)))
        .collect();
    let groups: HashSet<String> = rows("domain_groups")
        .into_iter()
        .filter_map(|line| line.account("group").map(|group| shared.ids.key(group)))
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
        for number in by_name.perhaps(&identity) {
            let Some((row, Some(other))) = known.get(number) else { continue };
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
        let elsewhere = groups.contains(identity.key());
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

/// Accounts by what they may be the same as.
struct ByName {
    by_key: HashMap<String, Vec<usize>>,
    /// Those that may be any.
    any: Vec<usize>,
    count: usize,
}

impl ByName {
    fn of<'i>(accounts: impl Iterator<Item = (Option<&'i Identity>, Option<&'i str>)>) -> Self {
        let mut out = Self { by_key: HashMap::new(), any: Vec::new(), count: 0 };
        for (identity, sid) in accounts {
            let number = out.count;
            out.count += 1;
            let Some(identity) = identity else { continue };
            let bucket = identity_bucket(identity);
            if bucket.any {
                out.any.push(number);
            }
            let sid = sid.or(identity.sid()).map(|sid| format!("s{}", sid.to_lowercase()));
            for key in bucket.keys.into_iter().chain(sid) {
                out.by_key.entry(key).or_default().push(number);
            }
        }
        out
    }

    /// The numbers of those that may be an account, in their order.
    fn perhaps(&self, identity: &Identity) -> Vec<usize> {
        let bucket = identity_bucket(identity);
        if bucket.any {
            return (0..self.count).collect();
        }
        let sid = identity.sid().map(|sid| format!("s{}", sid.to_lowercase()));
        let keyed = bucket.keys.iter().chain(&sid).filter_map(|key| self.by_key.get(key)).flatten();
        let mut numbers: Vec<usize> = keyed.chain(&self.any).copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// `name_clashes`: entries of access lists without a domain that two users may be meant by.
pub(crate) fn name_clashes(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::new(schema);
    let rows =
        |name: &str| -> Vec<Line<'_>> { View::of(shared, name).into_iter().flat_map(View::rows).collect() };
    // By name; of several the first.
    let mut of_domains: HashMap<String, Line<'_>> = HashMap::new();
    for line in ["directory_accounts", "principals"].into_iter().flat_map(rows) {
        if let Some(account) = line.account("account")
            && line.flag("is_group") != Some(true)
            && shared.ids.scope(account) == Some(Scope::Domain)
        {
            of_domains.entry(account.name().to_ascii_lowercase()).or_insert(line);
        }
    }
    let mut locals: HashMap<String, Line<'_>> = HashMap::new();
    for line in rows("local_group_members") {
        if let Some(account) = line.account("member")
            && line.text("class") != Some("group")
            && shared.ids.scope(account) == Some(Scope::Local)
        {
            locals.entry(account.name().to_ascii_lowercase()).or_insert(line);
        }
    }
    for entry in rows("content_access") {
        let Some(account) = entry.account("account") else { continue };
        if account.form != AccountForm::Bare || entry.text("generic").is_some() {
            continue;
        }
        if shared.ids.scope(account) == Some(Scope::BuiltIn) {
            continue;
        }
        let name = account.name().to_ascii_lowercase();
        match (of_domains.get(&name), locals.get(&name)) {
            (Some(of_domain), Some(local)) => out
                .row(entry.record)
                .copy("package", entry.cell("package"))
                .copy("account", entry.cell("account"))
                .copy("of_domain", of_domain.cell("account"))
                .copy("of_computer", local.cell("member"))
                .put(),
            (of_domain, _) => {
                // Neither export is a list of all users there are.
                let table = if of_domain.is_none() { "principals" } else { "local_group_members" };
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
