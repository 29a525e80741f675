//! Tables that need to know which domain trusts which: `role_trusts`, `forest_trusts`, `account_domains`; and which
//! domain an account is of: `account_homes`.
//!
//! A list of trusts answers for the domain it was collected from: what is not in it, that domain does not trust. Both
//! sides of a trust have it in their lists. A trust that is switched off is none; one that is not transitive
//! reaches the other domain and nothing behind it.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use crate::content::fact::AccountDomain;
use crate::estate::documented::{Told, distrusts_database, told_by};
use crate::estate::shared::Shared;
use crate::estate::table::{Line, Out, View, account_in, flag, text, untied};
use crate::evidence::{
    Fact, FieldName, Identities, Missing, Scope, Table, TableId, TableName, TableSchema, Why, field, table,
};

/// The trusts in evidence.
pub(crate) struct Trusts {
    table: TableId,
    /// Domain, and what it trusts: the other domain, within the forest, transitive.
    trusted: BTreeMap<String, Vec<(String, bool, bool)>>,
    /// Domains whose lists are whole.
    lists: BTreeSet<String>,
    /// All domains that the lists name.
    names: BTreeSet<String>,
    /// Why trusts may be missing although a list is there.
    cut: Option<Why>,
    absent: bool,
}

impl Trusts {
    pub(crate) fn read(shared: &Shared<'_>) -> Option<Self> {
        let view = View::of(shared, table::TRUSTS)?;
        let mut out = Self {
            table: view.id,
            trusted: BTreeMap::new(),
            lists: BTreeSet::new(),
            names: BTreeSet::new(),
            cut: None,
            absent: view.absent().is_some(),
        };
        for line in view.rows() {
            let (Some(source), Some(target)) = (line.text(field::SOURCE), line.text(field::TARGET)) else {
                continue;
            };
            let (source, target) = (shared.ids.domain_key(source), shared.ids.domain_key(target));
            out.names.extend([source.clone(), target.clone()]);
            let within = line.flag(field::WITHIN_FOREST) == Some(true);
            let transitive = within || line.flag(field::TRANSITIVE) == Some(true);
            let direction = line.text(field::DIRECTION).unwrap_or_default();
            if matches!(direction, "outbound" | "both") {
                out.trusted.entry(source.clone()).or_default().push((target.clone(), within, transitive));
            }
            if matches!(direction, "inbound" | "both") {
                out.trusted.entry(target).or_default().push((source, within, transitive));
            }
        }
        out.cut =
            view.gaps().filter_map(|l| l.gap).map(|g| g.missing.why).find(|why| *why != Why::NotExported);
        for line in View::of(shared, table::TRUST_LISTS).into_iter().flat_map(View::rows) {
            out.lists.extend(line.text(field::DOMAIN).map(|d| shared.ids.domain_key(d)));
        }
        out.names.extend(out.lists.iter().cloned());
        Some(out)
    }

    /// Whether `a` trusts `b`; both are keys. None if the lists do not tell, or if one of the two may be a domain that
    /// the lists have under its other name.
    pub(crate) fn trusts(&self, ids: &Identities, a: &str, b: &str) -> Option<bool> {
        if a == b {
            return Some(true);
        }
        // The forest of a domain answers for it as well.
        let mut forest = BTreeSet::from([a.to_owned()]);
        let mut seen = BTreeSet::from([a.to_owned()]);
        let mut queue = VecDeque::from([(a.to_owned(), true)]);
        while let Some((domain, home)) = queue.pop_front() {
            for (target, within, transitive) in self.trusted.get(&domain).into_iter().flatten() {
                // One that is not transitive counts for the domain that has it and for nobody before it.
                if target == b && (*transitive || domain == a) {
                    return Some(true);
                }
                if *within && home {
                    forest.insert(target.clone());
                }
                if *transitive && seen.insert(target.clone()) {
                    queue.push_back((target.clone(), home && *within));
                }
            }
        }
        let told =
            self.cut.is_none() && (self.lists.contains(b) || forest.iter().any(|d| self.lists.contains(d)));
        (told && self.untied(ids, a, b).is_none()).then_some(false)
    }

    /// A domain of a question, and one that it may be under another name.
    fn untied<'t>(&'t self, ids: &Identities, a: &'t str, b: &'t str) -> Option<(&'t str, &'t str)> {
        let perhaps = |x: &str, y: &str| x != y && ids.same_domain_name(x, y).is_none();
        if perhaps(a, b) {
            return Some((b, a));
        }
        [b, a].into_iter().find_map(|one| {
            // A name of each form is enough to be in doubt; of two DNS names it is clear that they differ.
            let other = self.names.iter().find(|name| perhaps(one, name))?;
            Some((one, other.as_str()))
        })
    }

    /// What is missing to tell whether `a` trusts `b`.
    pub(crate) fn missing(&self, shared: &Shared<'_>, a: &str, b: &str) -> Missing {
        let whole = self.cut.is_none() && !self.absent;
        if whole && let Some((one, other)) = self.untied(shared.ids, a, b) {
            return untied(shared, one, other, self.table);
        }
        let why = self.cut.unwrap_or(Why::NotExported);
        let what = (!self.absent).then(|| Arc::from(format!("the trusts of `{a}` or `{b}`")));
        Missing { what, ..Missing::rows(why, self.table, None) }
    }
}

/// The domains of computers.
pub(crate) struct Domains {
    /// Key of a computer, and the key of its domain; empty for a workgroup.
    of: HashMap<String, String>,
}

impl Domains {
    pub(crate) fn read(shared: &Shared<'_>) -> Self {
        let mut of = HashMap::new();
        for line in View::of(shared, table::COMPUTERS).into_iter().flat_map(View::rows) {
            let Some(host) = line.text(field::HOST) else { continue };
            let domain = match (line.flag(field::IN_DOMAIN), line.text(field::DOMAIN)) {
                (Some(false), _) => String::new(),
                (_, Some(domain)) => shared.ids.domain_key(domain),
                _ => continue,
            };
            of.insert(shared.ids.computer_key(host), domain);
        }
        Self { of }
    }

    /// The key of a computer's domain: as exported, else what stands behind its name. Empty for a workgroup.
    pub(crate) fn of(&self, shared: &Shared<'_>, host: &str) -> Option<String> {
        let key = shared.ids.computer_key(host);
        self.of.get(&key).cloned().or_else(|| {
            key.parse::<std::net::IpAddr>().is_err().then_some(())?;
            key.split_once('.').map(|(_, domain)| shared.ids.domain_key(domain))
        })
    }
}

/// The servers of sites, by site code.
fn servers<'s>(shared: &'s Shared<'_>) -> HashMap<String, &'s str> {
    View::of(shared, table::SITES)
        .into_iter()
        .flat_map(View::rows)
        .filter_map(|line| Some((line.text(field::SITE)?.to_uppercase(), line.text(field::SERVER)?)))
        .collect()
}

/// `role_trusts`: for each role that connects with an account, whether the site trusts the domain of its host.
pub(crate) fn role_trusts(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    let Some(trusts) = Trusts::read(shared) else { return out.table };
    let domains = Domains::read(shared);
    let servers = servers(shared);
    let sites = shared.schema.id(table::SITES).unwrap_or_default();
    let installation = View::of(shared, table::INSTALLATION_ACCOUNTS);
    for line in View::of(shared, table::ROLE_ACCOUNTS).into_iter().flat_map(View::rows) {
        let (Some(host), Some(entity)) = (line.text(field::HOST), line.text(field::ENTITY)) else { continue };
        let site = line.text(field::SITE).unwrap_or_default().to_uppercase();
        // For some it is the database that must not be in another forest; the other roles belong to the site.
        let database =
            line.text(field::DATABASE_SERVER).filter(|_| distrusts_database(shared.content, entity));
        let server = database.or(servers.get(&site).copied());
        let installed = installation.and_then(|view| view.on(field::HOST, host).next());
        let host_domain = domains.of(shared, host);
        let server_domain = server.and_then(|server| domains.of(shared, server));
        let verdict = match (&server_domain, &host_domain) {
            (_, Some(own)) if own.is_empty() => Ok(false),
            (Some(server), Some(own)) => {
                trusts.trusts(shared.ids, server, own).ok_or_else(|| trusts.missing(shared, server, own))
            }
            (None, _) if server.is_none() => Err(Missing::rows(Why::NotExported, sites, None)),
            (None, _) | (_, None) => {
                let unknown = if server_domain.is_none() { server.unwrap_or_default() } else { host };
                let what = format!("the domain of `{unknown}`");
                Err(Missing::not_exported(shared, table::COMPUTERS, &what))
            }
        };
        let pending = match verdict {
            Ok(trusted) => out.row(line.record).set(field::TRUSTED, flag(trusted)),
            Err(missing) => out.gap(missing.at(line.record)),
        };
        pending
            .copy(field::ENTITY, line.cell(field::ENTITY))
            .copy(field::SITE, line.cell(field::SITE))
            .copy(field::HOST, line.cell(field::HOST))
            .copy(field::ROLE, line.cell(field::ROLE))
            .copy(field::ACCOUNT, line.cell(field::ACCOUNT))
            .copy(field::INSTALLATION_ACCOUNT, installed.and_then(|i| i.cell(field::ACCOUNT)))
            .set(field::HOST_DOMAIN, text(host_domain.as_deref().unwrap_or_default()))
            .set(field::SERVER_DOMAIN, text(server_domain.as_deref().unwrap_or_default()))
            .put();
    }
    forward(
        shared,
        &mut out,
        table::ROLE_ACCOUNTS,
        &[field::ENTITY, field::SITE, field::HOST, field::ROLE, field::ACCOUNT],
    );
    out.table
}

/// Says what is missing from a table that another is made of, with the fields both have.
fn forward(shared: &Shared<'_>, out: &mut Out<'_>, table: TableName, fields: &[FieldName]) {
    for line in View::of(shared, table).into_iter().flat_map(View::gaps) {
        let Some(gap) = line.gap else { continue };
        let mut pending = out.gap(gap.missing.clone());
        for field in fields {
            pending = pending.copy(*field, line.cell(*field));
        }
        pending.put();
    }
}

/// `account_homes`: for each account of a domain that a server of the site works with, whether the server is of the
/// same domain.
pub(crate) fn account_homes(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    let domains = Domains::read(shared);
    let computers = shared.schema.id(table::COMPUTERS).unwrap_or_default();
    for line in View::of(shared, table::ACCOUNT_USES).into_iter().flat_map(View::rows) {
        let (Some(host), Some(account)) = (line.text(field::HOST), line.account(field::ACCOUNT)) else {
            continue;
        };
        let of_domain = shared.ids.scope(account) == Some(Scope::Domain);
        let Some(domain) = account.domain().filter(|_| of_domain) else { continue };
        let home = domains.of(shared, host);
        let foreign: Result<bool, Missing> = match &home {
            Some(home) if home.is_empty() => Ok(true),
            Some(home) => (shared.ids.same_domain_name(domain, home).map(|same| !same))
                .ok_or_else(|| untied(shared, domain, home, computers)),
            None => Err(Missing::not_exported(shared, table::COMPUTERS, &format!("the domain of `{host}`"))),
        };
        let pending = match foreign {
            Ok(foreign) => out.row(line.record).set(field::FOREIGN, flag(foreign)),
            Err(missing) => out.gap(missing.at(line.record)),
        };
        pending
            .copy(field::ENTITY, line.cell(field::ENTITY))
            .copy(field::SITE, line.cell(field::SITE))
            .copy(field::HOST, line.cell(field::HOST))
            .copy(field::ACCOUNT, line.cell(field::ACCOUNT))
            .set(field::HOST_DOMAIN, text(home.as_deref().unwrap_or_default()))
            .set(field::DNS_NAME, flag(domain.contains('.')))
            .put();
    }
    forward(
        shared,
        &mut out,
        table::ACCOUNT_USES,
        &[field::ENTITY, field::SITE, field::HOST, field::ACCOUNT],
    );
    out.table
}

/// `forest_trusts`: for each forest the product knows, whether the site server's domain trusts it.
pub(crate) fn forest_trusts(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    let Some(trusts) = Trusts::read(shared) else { return out.table };
    let domains = Domains::read(shared);
    let own: BTreeSet<String> =
        servers(shared).values().filter_map(|server| domains.of(shared, server)).collect();
    for line in View::of(shared, table::FORESTS).into_iter().flat_map(View::rows) {
        let Some(forest) = line.text(field::FOREST) else { continue };
        let key = shared.ids.domain_key(forest);
        let verdicts: Vec<Option<bool>> = own
            .iter()
            .map(|server| {
                // A domain of the forest stands below its name.
                if *server == key || server.ends_with(&format!(".{key}")) {
                    return Some(true);
                }
                trusts.trusts(shared.ids, server, &key)
            })
            .collect();
        let trusted = match () {
            () if verdicts.contains(&Some(true)) => Some(true),
            () if verdicts.is_empty() || verdicts.contains(&None) => None,
            () => Some(false),
        };
        let pending = match trusted {
            Some(trusted) => out.row(line.record).set(field::TRUSTED, flag(trusted)),
            None if own.is_empty() => {
                let table = shared.schema.id(table::SITES).unwrap_or_default();
                out.gap(Missing::of(Why::NotExported, table, "the domain of the site server", line.record))
            }
            None => {
                let missing = trusts.missing(shared, own.first().map_or("", |o| o), &key);
                out.gap(missing.at(line.record))
            }
        };
        pending
            .copy(field::FOREST, line.cell(field::FOREST))
            .copy(field::ACCOUNT, line.cell(field::ACCOUNT))
            .copy(field::DISCOVERY, line.cell(field::DISCOVERY))
            .copy(field::PUBLISHING, line.cell(field::PUBLISHING))
            .put();
    }
    forward(
        shared,
        &mut out,
        table::FORESTS,
        &[field::FOREST, field::ACCOUNT, field::DISCOVERY, field::PUBLISHING],
    );
    out.table
}

/// The accounts with which content is opened, as their documented domains say, and the tables that tell of them.
fn opening_content<'s>(shared: &'s Shared<'_>) -> Vec<(&'s str, Told)> {
    let mut out: Vec<(&str, Told)> = Vec::new();
    for (entity, domain) in shared.content.ever::<AccountDomain>() {
        if domain.opens_content && out.iter().all(|(id, _)| *id != entity.id) {
            out.extend(told_by(shared.schema, &entity.id).into_iter().map(|told| (entity.id.as_str(), told)));
        }
    }
    out
}

/// `account_domains`: for each account that clients use to reach content, and each domain with distribution points,
/// whether that domain trusts the account's.
pub(crate) fn account_domains(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    let Some(trusts) = Trusts::read(shared) else { return out.table };
    let domains = Domains::read(shared);
    let computers = shared.schema.id(table::COMPUTERS).unwrap_or_default();
    // Site, domain, and a distribution point there; None for one whose domain is not known.
    let mut points: BTreeMap<(String, Option<String>), &str> = BTreeMap::new();
    for line in View::of(shared, table::POSITIONS).into_iter().flat_map(View::rows) {
        if let (Some("distribution-point"), Some(host)) = (line.text(field::POSITION), line.text(field::HOST))
        {
            let site = line.text(field::SITE).unwrap_or_default().to_uppercase();
            points.entry((site, domains.of(shared, host))).or_insert(host);
        }
    }
    for (entity, told) in opening_content(shared) {
        for line in View::numbered(shared, told.table).into_iter().flat_map(View::rows).map(Line::of_several)
        {
            if told.several && line.text(field::ENTITY).is_none_or(|e| !e.eq_ignore_ascii_case(entity)) {
                continue;
            }
            let Some(account) = line.numbered(told.account).and_then(account_in) else { continue };
            if !matches!(shared.ids.scope(account), Some(Scope::Domain)) {
                continue;
            }
            let identity = shared.ids.resolve(account);
            let Some(domain) = identity.domain().map(|domain| shared.ids.domain_key(domain)) else {
                continue;
            };
            let site = line.text(field::SITE).map(str::to_uppercase);
            let of_site: BTreeMap<&Option<String>, &str> = points
                .iter()
                .filter(|((own, _), _)| site.as_ref().is_none_or(|site| site == own))
                .map(|((_, domain), host)| (domain, *host))
                .collect();
            for (point, host) in &of_site {
                let verdict = match point {
                    Some(point) if point.is_empty() => Ok(false),
                    Some(point) => match trusts.trusts(shared.ids, point, &domain) {
                        // That a domain is not trusted does not rest on what its name is only taken for.
                        Some(false) if identity.is_supposed() => {
                            let written = account.domain().unwrap_or_default();
                            Err(untied(shared, written, &domain, trusts.table))
                        }
                        told => told.ok_or_else(|| trusts.missing(shared, point, &domain)),
                    },
                    None => {
                        let what = format!("the domain of `{host}`");
                        Err(Missing::of(Why::NotExported, computers, what, None))
                    }
                };
                let pending = match verdict {
                    Ok(trusted) => out.row(line.record).set(field::TRUSTED, flag(trusted)),
                    Err(missing) => out.gap(missing.at(line.record)),
                };
                pending
                    .set(field::ENTITY, text(entity))
                    .copy(field::SITE, line.cell(field::SITE))
                    .copy(field::PACKAGE, line.cell(field::PACKAGE))
                    .copy(field::ACCOUNT, line.cell(field::ACCOUNT))
                    .set(field::DOMAIN, text(point.as_deref().unwrap_or_default()))
                    .set(field::HOST, text(host))
                    .set(field::DOMAINS, Fact::Integer(i64::try_from(of_site.len()).unwrap_or(i64::MAX)))
                    .put();
            }
        }
        for line in View::numbered(shared, told.table).into_iter().flat_map(View::gaps).map(Line::of_several)
        {
            let other = line.text(field::ENTITY).is_some_and(|e| !e.eq_ignore_ascii_case(entity));
            if let Some(gap) = line.gap.filter(|_| !told.several || !other) {
                out.gap(gap.missing.clone()).set(field::ENTITY, text(entity)).put();
            }
        }
    }
    for line in View::of(shared, table::POSITIONS).into_iter().flat_map(View::gaps) {
        if line.text(field::POSITION) == Some("distribution-point")
            && let Some(gap) = line.gap
        {
            out.gap(gap.missing.clone()).put();
        }
    }
    out.table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusts(edges: &[(&str, &str, bool, bool)], lists: &[&str]) -> Trusts {
        let mut out = Trusts {
            table: 0,
            trusted: BTreeMap::new(),
            lists: lists.iter().map(|l| (*l).to_owned()).collect(),
            names: edges.iter().flat_map(|(a, b, ..)| [a, b]).chain(lists).map(|n| (*n).to_owned()).collect(),
            cut: None,
            absent: false,
        };
        for (a, b, within, transitive) in edges {
            out.trusted.entry((*a).to_owned()).or_default().push(((*b).to_owned(), *within, *transitive));
        }
        out
    }

    #[test]
    fn trust_goes_as_far_as_it_is_transitive() {
        let forest = [
            ("eu.corp.example", "corp.example", true, true),
            ("corp.example", "eu.corp.example", true, true),
            ("corp.example", "partner.example", false, true),
            ("partner.example", "lab.partner.example", true, true),
            ("corp.example", "old.example", false, false),
        ];
        let ids = Identities::default();
        let known = trusts(&forest, &["corp.example"]);
        let table = [
            ("corp.example", "corp.example", Some(true)),
            ("corp.example", "eu.corp.example", Some(true)),
            ("eu.corp.example", "partner.example", Some(true)),
            ("eu.corp.example", "lab.partner.example", Some(true)),
            ("corp.example", "old.example", Some(true)),
            // Not transitive: only corp itself trusts it.
            ("eu.corp.example", "old.example", Some(false)),
            ("corp.example", "dmz.example", Some(false)),
            ("eu.corp.example", "dmz.example", Some(false)),
            // Its own list is not there, and corp's says nothing of whom it trusts.
            ("partner.example", "dmz.example", None),
            ("dmz.example", "corp.example", Some(false)),
            ("dmz.example", "eu.corp.example", None),
            // A short name may be any of them.
            ("corp.example", "dmz", None),
            ("dmz", "corp.example", None),
        ];
        for (a, b, expected) in table {
            assert_eq!(known.trusts(&ids, a, b), expected, "{a} trusts {b}");
        }
        assert_eq!(trusts(&forest, &[]).trusts(&ids, "corp.example", "dmz.example"), None);
        assert_eq!(
            Trusts { cut: Some(Why::Incomplete), ..trusts(&forest, &["corp.example"]) }.trusts(
                &ids,
                "corp.example",
                "dmz.example"
            ),
            None
        );
    }
}
