//! The tables `account_states` and `name_clashes`: what directories say of the accounts that are set somewhere.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::estate::shared::Shared;
use crate::estate::table::{Line, Out, View, flag, text, unsure};
use crate::estate::value::identity_bucket;
use crate::evidence::{
    AccountForm, Identity, Missing, Scope, Table, TableName, TableSchema, Why, field, table,
};

/// `account_states`: one row an account of which a directory export tells something. That an account is absent is said
/// only where all accounts of its domain are exported.
pub(crate) fn account_states(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    let directory = shared.schema.id(table::DIRECTORY_ACCOUNTS).unwrap_or_default();
    let rows = |name: TableName| -> Vec<Line<'_>> {
        View::of(shared, name).into_iter().flat_map(View::rows).collect()
    };
    let accounts = rows(table::DIRECTORY_ACCOUNTS);
    let known: Vec<_> = accounts
        .iter()
        .map(|line| (line, line.account(field::ACCOUNT).map(|a| shared.ids.resolve(a))))
        .collect();
    let by_name = ByName::of(known.iter().map(|(row, identity)| (identity.as_ref(), row.text(field::SID))));
    let listed: Vec<_> = rows(table::LISTED_DOMAINS)
        .into_iter()
        .filter_map(|line| line.account(field::ACCOUNT).map(|a| shared.ids.resolve(a)))
        .collect();
    let groups: HashSet<String> = rows(table::DOMAIN_GROUPS)
        .into_iter()
        .filter_map(|line| line.account(field::GROUP).map(|group| shared.ids.key(group)))
        .collect();
    // One group of each domain whose groups are exported.
    let mut groups_of: Vec<Identity> = Vec::new();
    let mut domains = HashSet::new();
    for line in rows(table::DOMAIN_GROUPS) {
        let Some(identity) = line.account(field::GROUP).map(|group| shared.ids.resolve(group)) else {
            continue;
        };
        if identity.domain().is_some_and(|domain| domains.insert(domain.to_owned())) {
            groups_of.push(identity);
        }
    }
    let mut seen = HashSet::new();
    // A permitted viewer may be a group, and a list of users says nothing of those.
    let uses = rows(table::ACCOUNT_USES).into_iter().map(|line| (line, false));
    let viewers = rows(table::PERMITTED_VIEWERS).into_iter().map(|line| (line, true));
    for (line, may_be_group) in uses.chain(viewers) {
        let line = line.of_several();
        let Some(account) = line.account(field::ACCOUNT) else { continue };
        let identity = shared.ids.resolve(account);
        let scope = shared.ids.scope(account);
        let local = matches!(scope, Some(Scope::Local | Scope::BuiltIn));
        if local || line.flag(field::DYNAMIC) == Some(true) || !seen.insert(identity.key().to_owned()) {
            continue;
        }
        let mut possible = None;
        let mut found = None;
        for number in by_name.perhaps(&identity) {
            let Some((row, Some(other))) = known.get(number) else { continue };
            let same = match (identity.sid(), row.text(field::SID)) {
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
            let state = match (row.flag(field::ENABLED), row.flag(field::LOCKED)) {
                (Some(false), _) => "disabled",
                (_, Some(true)) => "locked",
                (Some(true), _) => "enabled",
                (None, _) => "",
            };
            let state = if state.is_empty() {
                row.cell(field::ENABLED).map(|cell| cell.fact.clone()).unwrap_or_else(|| text(""))
            } else {
                text(state)
            };
            let place = row.cell(field::ENABLED).and_then(|cell| cell.place);
            out.row(row.record)
                .copy(field::ACCOUNT, line.cell(field::ACCOUNT))
                .set(field::PRESENT, flag(true))
                .at(field::STATE, state, place)
                .copy(field::PASSWORD_SET, row.cell(field::PASSWORD_SET))
                .copy(field::PROFILE, row.cell(field::PROFILE))
                .put();
            continue;
        }
        let is_group = groups.contains(identity.key());
        // An account that is not there may be one of another domain, where its own is only supposed.
        let of_listed = listed.iter().any(|l| {
            shared.ids.same_domain_of(&identity, l) == Some(Some(true))
                && identity.is_supposed() == l.is_supposed()
        });
        // A list of users has no computers and no managed accounts.
        let is_user = !account.name().ends_with('$');
        let groups_listed =
            || groups_of.iter().any(|group| shared.ids.same_domain_of(&identity, group) == Some(Some(true)));
        if is_group {
            out.row(line.record)
                .copy(field::ACCOUNT, line.cell(field::ACCOUNT))
                .set(field::PRESENT, flag(true))
                .set(field::STATE, text("a group"))
                .put();
        } else if possible.is_none() && of_listed && is_user && (!may_be_group || groups_listed()) {
            out.row(line.record)
                .copy(field::ACCOUNT, line.cell(field::ACCOUNT))
                .set(field::PRESENT, flag(false))
                .set(field::STATE, text("absent"))
                .put();
        } else {
            let other = possible.and_then(|row| row.account(field::ACCOUNT));
            let missing = match other {
                Some(other) => unsure(shared, account, other, None, directory),
                None if may_be_group && of_listed => {
                    let what = format!("the groups of the domain of `{}`", account.written);
                    Missing::not_exported(shared, table::DOMAIN_GROUPS, &what)
                }
                None => {
                    let why = if possible.is_some() { Why::Identity } else { Why::NotExported };
                    Missing::of(why, directory, format!("the directory account `{}`", account.written), None)
                }
            };
            let place = possible.and_then(|row| row.record).or(line.record);
            out.gap(missing.at(place)).copy(field::ACCOUNT, line.cell(field::ACCOUNT)).put();
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
    let mut out = Out::of(shared, schema);
    let rows = |name: TableName| -> Vec<Line<'_>> {
        View::of(shared, name).into_iter().flat_map(View::rows).collect()
    };
    // By name; of several the first.
    let mut of_domains: HashMap<String, Line<'_>> = HashMap::new();
    for line in
        [table::DIRECTORY_ACCOUNTS, table::PRINCIPALS].into_iter().flat_map(rows).map(Line::of_several)
    {
        if let Some(account) = line.account(field::ACCOUNT)
            && line.flag(field::IS_GROUP) != Some(true)
            && shared.ids.scope(account) == Some(Scope::Domain)
        {
            of_domains.entry(account.name().to_ascii_lowercase()).or_insert(line);
        }
    }
    let mut locals: HashMap<String, Line<'_>> = HashMap::new();
    for line in rows(table::LOCAL_GROUP_MEMBERS) {
        if let Some(account) = line.account(field::MEMBER)
            && line.text(field::CLASS) != Some("group")
            && shared.ids.scope(account) == Some(Scope::Local)
        {
            locals.entry(account.name().to_ascii_lowercase()).or_insert(line);
        }
    }
    for entry in rows(table::CONTENT_ACCESS) {
        let Some(account) = entry.account(field::ACCOUNT) else { continue };
        if account.form != AccountForm::Bare || entry.text(field::GENERIC).is_some() {
            continue;
        }
        if shared.ids.scope(account) == Some(Scope::BuiltIn) {
            continue;
        }
        let name = account.name().to_ascii_lowercase();
        match (of_domains.get(&name), locals.get(&name)) {
            (Some(of_domain), Some(local)) => out
                .row(entry.record)
                .copy(field::PACKAGE, entry.cell(field::PACKAGE))
                .copy(field::ACCOUNT, entry.cell(field::ACCOUNT))
                .copy(field::OF_DOMAIN, of_domain.cell(field::ACCOUNT))
                .copy(field::OF_COMPUTER, local.cell(field::MEMBER))
                .put(),
            (of_domain, _) => {
                // Neither export is a list of all users there are.
                let table = if of_domain.is_none() { table::PRINCIPALS } else { table::LOCAL_GROUP_MEMBERS };
                let table = shared.schema.id(table).unwrap_or_default();
                let what: Arc<str> = format!("all users named `{}`", account.written).into();
                out.gap(Missing::of(Why::NotExported, table, what, entry.record))
                    .copy(field::PACKAGE, entry.cell(field::PACKAGE))
                    .copy(field::ACCOUNT, entry.cell(field::ACCOUNT))
                    .put();
            }
        }
    }
    for line in View::of(shared, table::CONTENT_ACCESS).into_iter().flat_map(View::gaps) {
        if let Some(gap) = line.gap {
            out.gap(gap.missing.clone()).put();
        }
    }
    out.table
}
