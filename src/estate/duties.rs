//! The tables `right_duties`, `group_duties` and `held_groups`: what accounts must and must not be able to do, worked
//! out for each account that is set somewhere, and the privileged groups it belongs to.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::content::fact::{Demand, Effect, GroupMembership, GroupScope, Hosts, UserRight};
use crate::estate::computers::{domain_of_computer, label};
use crate::estate::membership::{Belongs, Link, Membership, On, Subject, Target};
use crate::estate::principals::{all_privileged, privileged};
use crate::estate::rights::{Held, Rights, Where};
use crate::estate::shared::Shared;
use crate::estate::table::{Line, Out, Pending, View, filling, flag, text};
use crate::evidence::{Account, AccountKind, Missing, Scope, Table, TableSchema, Why, field, table};
use crate::source::Place;

/// An account that serves as a documented account.
#[derive(Debug, Clone, Copy)]
struct Use<'s> {
    line: Line<'s>,
    account: &'s Arc<Account>,
    entity: &'s str,
}

/// The accounts in use, once each for entity, account, host and site. What only the usage of a stored account says
/// counts where nothing else tells.
fn uses<'s>(shared: &'s Shared<'_>) -> Vec<Use<'s>> {
    let mut seen = HashSet::new();
    let mut out: Vec<Use<'s>> = Vec::new();
    for line in View::of(shared, table::ACCOUNT_USES).into_iter().flat_map(View::rows) {
        let (Some(account), Some(entity)) = (line.account(field::ACCOUNT), line.text(field::ENTITY)) else {
            continue;
        };
        if line.flag(field::DYNAMIC) == Some(true) {
            continue;
        }
        let key = (
            entity.to_owned(),
            shared.ids.resolve(account).key().to_owned(),
            line.text(field::HOST).map(|h| shared.ids.computer_key(h)),
            line.text(field::SITE).map(str::to_uppercase),
        );
        if seen.insert(key) {
            out.push(Use { line, account, entity });
        }
    }
    out
}

/// The computers on which a documented place is, for one use of an account. `any` is not asked for here.
fn hosts<'s>(shared: &'s Shared<'_>, place: &Hosts, of: &Use<'s>) -> Vec<(String, Option<&'s str>)> {
    let site = of.line.text(field::SITE);
    let mut out: Vec<(String, Option<&'s str>)> = Vec::new();
    let positions = |position: &str, of_site: bool| -> Vec<(String, Option<&'s str>)> {
        View::of(shared, table::POSITIONS)
            .into_iter()
            .flat_map(|view| view.with(field::POSITION, position))
            .filter(|line| {
                !of_site
                    || site
                        .is_none_or(|s| line.text(field::SITE).is_some_and(|own| own.eq_ignore_ascii_case(s)))
            })
            .filter_map(|line| Some((line.text(field::HOST)?.to_owned(), line.text(field::SITE))))
            .collect()
    };
    match place {
        Hosts::Position(position) => out.extend(positions(position, true)),
        // The account is set on the host itself.
        Hosts::Own => {
            out.extend(of.line.text(field::HOST).map(|host| (host.to_owned(), site)));
        }
        Hosts::ReportingDatabase => {
            let roles = View::of(shared, table::ROLE_ACCOUNTS).into_iter().flat_map(View::rows);
            for role in roles.filter(|r| r.text(field::ENTITY) == Some(of.entity)) {
                let same = role
                    .text(field::HOST)
                    .zip(of.line.text(field::HOST))
                    .is_none_or(|(a, b)| shared.ids.same_computer(a, b) == Some(true));
                if same && let Some(server) = role.text(field::DATABASE_SERVER).or(role.text(field::HOST)) {
                    out.push((server.to_owned(), role.text(field::SITE)));
                }
            }
        }
        Hosts::Clients | Hosts::TaskSequenceComputers => {
            out.extend(clients(shared).known.iter().map(|host| (host.clone(), None)));
        }
        Hosts::DomainControllers => {
            out.extend(positions("domain-controller", false));
        }
        Hosts::Any | Hosts::Unjudged(_) => {}
    }
    out.sort();
    out.dedup();
    out
}

/// Clients among the computers whose groups or rights are exported, but for site systems, site servers and domain
/// controllers.
struct Clients {
    /// Keys of those that are something else in the hierarchy or the domain.
    servers: HashSet<String>,
    /// Workstations, and what discovery found with the client on it.
    known: Vec<String>,
    /// Those of which nothing tells what they are.
    perhaps: Vec<String>,
}

impl Clients {
    fn is_server(&self, shared: &Shared<'_>, host: &str) -> bool {
        self.servers.contains(&shared.ids.computer_key(host))
    }
}

fn clients<'s>(shared: &'s Shared<'_>) -> &'s Clients {
    shared.once(read_clients)
}

fn read_clients(shared: &Shared<'_>) -> Clients {
    let positions = View::of(shared, table::POSITIONS).into_iter().flat_map(View::rows);
    let servers: HashSet<String> = positions
        .filter(|line| line.text(field::POSITION).is_some_and(|position| position != "client"))
        .filter_map(|line| line.text(field::HOST).map(|host| shared.ids.computer_key(host)))
        .collect();
    let computers = View::of(shared, table::COMPUTERS).into_iter().flat_map(View::rows);
    let workstations: HashMap<String, bool> = computers
        .filter_map(|line| {
            let host = shared.ids.computer_key(line.text(field::HOST)?);
            Some((host, line.text(field::POSITION)? == "workstation"))
        })
        .collect();
    let (mut known, mut perhaps, mut seen) = (BTreeMap::new(), BTreeMap::new(), HashSet::new());
    for table in [table::COMPUTERS, table::LOCAL_GROUPS, table::USER_RIGHTS, table::POLICIES] {
        for line in View::of(shared, table).into_iter().flat_map(View::rows) {
            let Some(host) = line.text(field::HOST) else { continue };
            let key = shared.ids.computer_key(host);
            if servers.contains(&key) || !seen.insert(key.clone()) {
                continue;
            }
            let workstation = workstations.get(&key).copied();
            if workstation == Some(true) || has_client(shared, host) {
                known.insert(key, host.to_owned());
            } else if workstation.is_none() {
                perhaps.insert(key, host.to_owned());
            }
        }
    }
    Clients { servers, known: known.into_values().collect(), perhaps: perhaps.into_values().collect() }
}

/// The computers that may be among those of a documented place: whether they are is not known.
fn perhaps<'s>(shared: &'s Shared<'_>, places: &[Hosts]) -> impl Iterator<Item = (&'s str, Missing)> {
    let of = places.contains(&Hosts::Clients).then(|| clients(shared)).into_iter();
    of.flat_map(|clients| &clients.perhaps).map(|host| {
        let what = format!("whether `{host}` is a client");
        (host.as_str(), Missing::not_exported(shared, table::COMPUTERS, &what))
    })
}

/// Whether discovery found a computer of that name, and in no other domain, with the client on it.
fn has_client(shared: &Shared<'_>, host: &str) -> bool {
    let domain = domain_of_computer(shared, host);
    View::of(shared, table::CLIENT_COMPUTERS)
        .into_iter()
        .flat_map(|view| view.with(field::NAME, &label(host)))
        .any(|line| match (&domain, line.text(field::DOMAIN)) {
            (Some(own), Some(found)) => shared.ids.same_domain_name(own, found) != Some(false),
            _ => true,
        })
}

/// `right_duties`: for each documented user right, each account in use and each place, whether it has the right.
pub(crate) fn right_duties(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    let Some(rights) = Rights::read(shared) else { return out.table };
    let uses = uses(shared);
    for (fact, wanted) in shared.content.judged::<UserRight>(shared.revision) {
        let (statement, right, places) = (fact.statement, wanted.right.as_str(), &wanted.hosts);
        if places.iter().all(|place| matches!(place, Hosts::Unjudged(_))) {
            continue;
        }
        let any = places.contains(&Hosts::Any);
        let mut seen = BTreeSet::new();
        for of in uses.iter().filter(|u| u.entity == fact.entity) {
            let account = shared.ids.resolve(of.account);
            if any {
                let at: Vec<&Where> = rights.places().collect();
                if at.is_empty() {
                    gap(&mut out, of, statement, "", right, rights.missing(None));
                }
                for place in at {
                    if seen.insert((account.key().to_owned(), Some(place.clone()))) {
                        duty(shared, &mut out, &rights, of, statement, wanted, place);
                    }
                }
                continue;
            }
            let mut hosts_of: Vec<(String, Option<&str>)> =
                places.iter().flat_map(|place| hosts(shared, place, of)).collect();
            // Of the computers that run task sequences only those are asked about that are exported.
            let exported_only =
                places.iter().any(|p| matches!(p, Hosts::TaskSequenceComputers | Hosts::Clients));
            if exported_only {
                hosts_of.retain(|(host, _)| rights.host(shared, host).is_some());
            }
            let perhaps: Vec<_> =
                perhaps(shared, places).filter(|(host, _)| rights.host(shared, host).is_some()).collect();
            if hosts_of.is_empty() && perhaps.is_empty() && seen.insert((account.key().to_owned(), None)) {
                let mut missing = rights.missing(None);
                if places.contains(&Hosts::TaskSequenceComputers) && missing.what.is_none() {
                    missing.what = Some("the user rights of a computer that is known as a client".into());
                }
                gap(&mut out, of, statement, "", right, missing);
            }
            for (host, missing) in perhaps {
                let place = Where::Host(shared.ids.computer_key(host), host.to_owned());
                if seen.insert((account.key().to_owned(), Some(place))) {
                    gap(&mut out, of, statement, host, right, missing);
                }
            }
            for (host, _) in hosts_of {
                let place = Where::Host(shared.ids.computer_key(&host), host.clone());
                if !seen.insert((account.key().to_owned(), Some(place.clone()))) {
                    continue;
                }
                match rights.host(shared, &host) {
                    Some(place) => duty(shared, &mut out, &rights, of, statement, wanted, place),
                    None => gap(&mut out, of, statement, &host, right, rights.missing(Some(&host))),
                }
            }
        }
        // So may accounts on computers of which the rights could not be read.
        let clients_only = !any
            && places
                .iter()
                .all(|p| matches!(p, Hosts::TaskSequenceComputers | Hosts::Clients | Hosts::Unjudged(_)));
        if (any || clients_only) && uses.iter().any(|of| of.entity == fact.entity) {
            for (host, lost) in rights.lost(shared) {
                if clients_only && host.is_some_and(|host| clients(shared).is_server(shared, host)) {
                    continue;
                }
                let gap = out
                    .gap(lost.missing.clone())
                    .set(field::STATEMENT, text(statement))
                    .set(field::ENTITY, text(fact.entity))
                    .set(field::RIGHT, text(right));
                if let Some(host) = host { gap.set(field::HOST, text(host)).put() } else { gap.put() }
            }
        }
        // Accounts that are set and not known may hold anything.
        for line in View::of(shared, table::ACCOUNT_USES).into_iter().flat_map(View::gaps) {
            if line.text(field::ENTITY).is_none_or(|e| e == fact.entity)
                && let Some(missing) = line.gap
            {
                out.gap(missing.missing.clone())
                    .set(field::STATEMENT, text(statement))
                    .set(field::RIGHT, text(right))
                    .put();
            }
        }
    }
    out.table
}

fn duty(
    shared: &Shared<'_>,
    out: &mut Out<'_>,
    rights: &Rights<'_>,
    of: &Use<'_>,
    statement: &str,
    wanted: &UserRight,
    place: &Where,
) {
    let right = wanted.right.as_str();
    let forbidden = wanted.effect == Effect::Forbid;
    // A task sequence that names an account of one domain need not run on the clients of another.
    let foreign = wanted.hosts.contains(&Hosts::TaskSequenceComputers)
        && match (place, of.account.domain()) {
            (Where::Host(_, host), Some(own)) => domain_of_computer(shared, host)
                .is_some_and(|domain| shared.ids.same_domain_name(own, &domain) == Some(false)),
            _ => false,
        };
    let (host, policy) = match place {
        Where::Host(_, host) => (host.as_str(), ""),
        Where::Policy(policy) => ("", if policy.is_empty() { "the template" } else { policy.as_str() }),
    };
    let row =
        |out: &mut Out<'_>, held: bool, sure: bool, open: &str, how: &str, at, record: Option<Place>| {
            out.row(record.or(of.line.record))
                .set(field::STATEMENT, text(statement))
                .set(field::ENTITY, text(of.entity))
                .copy(field::ACCOUNT, of.line.cell(field::ACCOUNT))
                .set(field::HOST, text(host))
                .set(field::POLICY, text(policy))
                .set(field::PLACE, text(&place_in_words(host, policy)))
                .at(field::RIGHT, text(right), at)
                .set(field::HELD, flag(held))
                .set(field::SURE, flag(sure))
                .set(field::OPEN, text(open))
                .set(field::HOW, text(how))
                .set(field::FOREIGN, flag(foreign))
                .put();
        };
    match rights.held(shared, of.account, place, right) {
        // What has to be held and may be taken away is not known.
        Held::Yes { unless: Some(missing), .. } if !forbidden => {
            gap(out, of, statement, host, right, missing)
        }
        Held::Yes { through, sure, unless, place, record } => {
            let open = unless.as_ref().map_or("", Missing::words);
            row(out, true, sure, open, &through, place, record);
        }
        Held::No { because, place, record } => row(out, false, true, "", &because, place, record),
        Held::Open(missing) => gap(out, of, statement, host, right, missing),
        Held::Unsaid(missing) if policy.is_empty() => gap(out, of, statement, host, right, missing),
        // A policy that says nothing of a right forbids and grants nothing.
        Held::Unsaid(_) => {}
    }
}

/// `on HOST`, or `where POLICY applies`.
fn place_in_words(host: &str, policy: &str) -> String {
    if host.is_empty() { format!("where `{policy}` applies") } else { format!("on `{host}`") }
}

fn gap(out: &mut Out<'_>, of: &Use<'_>, statement: &str, host: &str, right: &str, missing: Missing) {
    let pending = out
        .gap(missing.or_at(of.line.record))
        .set(field::STATEMENT, text(statement))
        .set(field::ENTITY, text(of.entity))
        .copy(field::ACCOUNT, of.line.cell(field::ACCOUNT))
        .set(field::RIGHT, text(right));
    if host.is_empty() { pending.put() } else { pending.set(field::HOST, text(host)).put() }
}

/// `group_duties`: for each documented membership that an account needs on a computer, whether it has it.
pub(crate) fn group_duties(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    let uses = uses(shared);
    let exported: HashSet<String> = View::of(shared, table::LOCAL_GROUPS)
        .into_iter()
        .flat_map(View::rows)
        .filter_map(|line| line.text(field::HOST).map(|h| shared.ids.computer_key(h)))
        .collect();
    let table = shared.schema.id(table::LOCAL_GROUP_MEMBERS).unwrap_or_default();
    for (fact, wanted) in shared.content.judged::<GroupMembership>(shared.revision) {
        let (statement, group, places) = (fact.statement, wanted.group.as_str(), &wanted.hosts);
        match (wanted.demand, wanted.scope, wanted.for_computer_account) {
            (Demand::Require, GroupScope::Local, false) => {}
            // What must not be, and groups of domains, are looked for among the groups an account holds.
            (Demand::Require, GroupScope::Domain | GroupScope::Unstated, _)
            | (Demand::Require, GroupScope::Local, true)
            | (Demand::Forbid | Demand::NotNeeded, _, _) => continue,
        }
        let Some(to) = Account::parse(group) else { continue };
        let is_exported = |host: &str| exported.contains(&shared.ids.computer_key(host));
        for of in uses.iter().filter(|u| u.entity == fact.entity) {
            let mut hosts_of: Vec<(String, Option<&str>)> =
                places.iter().flat_map(|place| hosts(shared, place, of)).collect();
            if places.contains(&Hosts::Clients) {
                hosts_of.retain(|(host, _)| is_exported(host));
            }
            let perhaps: Vec<_> = perhaps(shared, places).filter(|(host, _)| is_exported(host)).collect();
            let duty = filling(|pending| {
                pending
                    .set(field::STATEMENT, text(statement))
                    .set(field::ENTITY, text(of.entity))
                    .copy(field::ACCOUNT, of.line.cell(field::ACCOUNT))
                    .set(field::GROUP, text(group))
            });
            if hosts_of.is_empty() && perhaps.is_empty() {
                let what: Arc<str> =
                    format!("the members of `{group}` on any computer that `{}` is for", of.account.written)
                        .into();
                duty(out.gap(Missing::of(Why::NotExported, table, what, of.line.record))).put();
            }
            for (host, missing) in perhaps {
                duty(out.gap(missing.at(of.line.record))).set(field::HOST, text(host)).put();
            }
            for (host, _) in hosts_of {
                // A local account of another computer is no member here by name alone; by identity it cannot be.
                match Membership::of(shared).belongs(shared, of.account, &to, None, Some(&host)) {
                    Belongs::Open(missing) => {
                        duty(out.gap(missing.or_at(of.line.record))).set(field::HOST, text(&host)).put();
                    }
                    answer => {
                        let (held, link) = match answer {
                            Belongs::Yes(link) => (true, link),
                            _ => (false, Link::default()),
                        };
                        duty(out.row(of.line.record))
                            .set(field::HOST, text(&host))
                            .set(field::HELD, flag(held))
                            .set(field::HOW, text(&chain(&link.via)))
                            .put();
                    }
                }
            }
        }
        for line in View::of(shared, table::ACCOUNT_USES).into_iter().flat_map(View::gaps) {
            if line.text(field::ENTITY).is_none_or(|e| e == fact.entity)
                && let Some(missing) = line.gap
            {
                out.gap(missing.missing.clone())
                    .set(field::STATEMENT, text(statement))
                    .set(field::GROUP, text(group))
                    .put();
            }
        }
    }
    migration_duties(shared, &mut out);
    out.table
}

/// The groups that the source site database account needs where it is a computer account and the source is of a
/// documented generation: on the source site server, or in its domain.
fn migration_duties(shared: &Shared<'_>, out: &mut Out<'_>) {
    let members = shared.schema.id(table::LOCAL_GROUP_MEMBERS).unwrap_or_default();
    let source_table = shared.schema.id(table::SOURCE_SITES).unwrap_or_default();
    let sites: Vec<Line<'_>> =
        View::of(shared, table::SOURCE_SITES).into_iter().flat_map(View::rows).collect();
    for (fact, wanted) in shared.content.judged::<GroupMembership>(shared.revision) {
        if !wanted.for_computer_account {
            continue;
        }
        let (statement, group) = (fact.statement, wanted.group.as_str());
        for line in View::of(shared, table::MIGRATION_SOURCES).into_iter().flat_map(View::rows) {
            let Some(account) = line.account(field::DATABASE_ACCOUNT) else { continue };
            if shared.ids.kind(account) != AccountKind::Computer && !account.name().ends_with('$') {
                continue;
            }
            let source = line.text(field::SOURCE).unwrap_or_default();
            let site =
                sites.iter().find(|s| s.text(field::SOURCE).is_some_and(|o| o.eq_ignore_ascii_case(source)));
            let set = |pending: Pending<'_, '_>, host: &str| {
                let pending = pending
                    .set(field::STATEMENT, text(statement))
                    .set(field::ENTITY, text(fact.entity))
                    .copy(field::ACCOUNT, line.cell(field::DATABASE_ACCOUNT))
                    .set(field::GROUP, text(group));
                if host.is_empty() { pending.put() } else { pending.set(field::HOST, text(host)).put() }
            };
            let generation = site.and_then(|s| s.text(field::GENERATION));
            let Some(generation) = generation else {
                let what: Arc<str> = format!("which version the source site `{source}` has").into();
                set(out.gap(Missing::of(Why::NotExported, source_table, what, line.record)), "");
                continue;
            };
            if !wanted.generation.is_empty() && !wanted.generation.iter().any(|g| g == generation) {
                continue;
            }
            let host = site.and_then(|s| s.text(field::SERVER)).unwrap_or(source);
            let of_domain = wanted.scope == GroupScope::Domain;
            let name = match site.and_then(|s| s.text(field::DOMAIN)).filter(|_| of_domain) {
                Some(domain) => format!("{domain}\\{group}"),
                None => group.to_owned(),
            };
            let Some(to) = Account::parse(&name) else { continue };
            let place = (!of_domain).then_some(host);
            match Membership::of(shared).belongs(shared, account, &to, None, place) {
                Belongs::Yes(link) => {
                    let how = chain(&link.via);
                    set(out.row(line.record).set(field::HELD, flag(true)).set(field::HOW, text(&how)), host);
                }
                Belongs::No => set(out.row(line.record).set(field::HELD, flag(false)), host),
                Belongs::Open(missing) => {
                    let table = if of_domain { missing.table } else { members };
                    set(out.gap(Missing { table, ..missing }.at(line.record)), host);
                }
            }
        }
        for line in View::of(shared, table::MIGRATION_SOURCES).into_iter().flat_map(View::gaps) {
            if let Some(gap) = line.gap {
                out.gap(gap.missing.clone())
                    .set(field::ENTITY, text(fact.entity))
                    .set(field::STATEMENT, text(statement))
                    .set(field::GROUP, text(group))
                    .put();
            }
        }
    }
}

/// `through A and B`, or `directly`.
fn chain(via: &[Arc<str>]) -> String {
    if via.is_empty() {
        return "directly".to_owned();
    }
    let names: Vec<String> = via.iter().map(|name| format!("`{name}`")).collect();
    format!("through {}", names.join(" and "))
}

/// `held_groups`: the privileged groups that accounts in use belong to.
pub(crate) fn held_groups(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    // Groups of domains, once each.
    let mut groups: Vec<(Option<&str>, &Arc<Account>, &str)> = Vec::new();
    let mut seen = HashSet::new();
    let domain_table = shared.schema.id(table::DOMAIN_GROUP_MEMBERS).unwrap_or_default();
    for table in [table::DOMAIN_GROUPS, table::DOMAIN_GROUP_MEMBERS] {
        for line in View::of(shared, table).into_iter().flat_map(View::rows) {
            let Some(group) = line.account(field::GROUP) else { continue };
            let identity = shared.ids.resolve(group);
            let sid = line.text(if table == table::DOMAIN_GROUPS { field::SID } else { field::GROUP_SID });
            if let Some(known) = privileged(shared, &identity, sid)
                && seen.insert(identity.key().to_owned())
            {
                groups.push((sid, group, &known.name));
            }
        }
    }
    let hosts: BTreeMap<String, &str> = View::of(shared, table::LOCAL_GROUPS)
        .into_iter()
        .flat_map(View::rows)
        .filter_map(|line| line.text(field::HOST))
        .map(|host| (shared.ids.computer_key(host), host))
        .collect();
    let mut done = HashSet::new();
    let uses: Vec<Use<'_>> =
        uses(shared).into_iter().filter(|of| done.insert(shared.ids.key(of.account))).collect();
    let administrators = administrators(shared, &uses, &hosts);
    for (of, administrator_of) in uses.iter().zip(administrators) {
        let identity = shared.ids.resolve(of.account);
        let local = matches!(shared.ids.scope(of.account), Some(Scope::Local | Scope::BuiltIn));
        for known in all_privileged(shared) {
            let name = known.name.as_str();
            if local {
                break;
            }
            let mut asked = false;
            for (sid, group, _) in groups.iter().filter(|(_, _, own)| *own == name) {
                // The group of its own domain must be among those that are looked at.
                let own = shared.ids.same_domain_of(&identity, &shared.ids.resolve(group)).flatten();
                asked |= own != Some(false) || known.rid != Some(512);
                let held = Membership::of(shared).belongs(shared, of.account, group, *sid, None);
                answer(&mut out, of, name, None, held);
            }
            if !asked {
                let whose = of.account.domain().map(|d| format!("{d}\\")).unwrap_or_default();
                let what: Arc<str> = format!("the members of `{whose}{name}`").into();
                out.gap(Missing::of(Why::NotExported, domain_table, what, of.line.record))
                    .copy(field::ACCOUNT, of.line.cell(field::ACCOUNT))
                    .set(field::GROUP, text(name))
                    .put();
            }
        }
        // The built-in administrator of a domain or computer needs no membership.
        if identity.sid().is_some_and(|sid| sid.starts_with("S-1-5-21-") && sid.ends_with("-500")) && !local {
            out.row(of.line.record)
                .copy(field::ACCOUNT, of.line.cell(field::ACCOUNT))
                .set(field::GROUP, text("Domain Admins"))
                .set(field::HOW, text("as the built-in administrator"))
                .put();
        }
        for (host, held) in administrator_of {
            answer(&mut out, of, "Administrators", Some(host), held);
        }
        if hosts.is_empty() {
            let table = shared.schema.id(table::LOCAL_GROUP_MEMBERS).unwrap_or_default();
            out.gap(Missing::rows(Why::NotExported, table, of.line.record))
                .copy(field::ACCOUNT, of.line.cell(field::ACCOUNT))
                .set(field::GROUP, text("Administrators"))
                .put();
        }
    }
    out.table
}

/// For each account the computers of which it is, or may be, an administrator. Computers are looked at one after the
/// other, so that what their groups say is resolved once for all accounts.
fn administrators<'h>(
    shared: &Shared<'_>,
    uses: &[Use<'_>],
    hosts: &BTreeMap<String, &'h str>,
) -> Vec<Vec<(&'h str, Belongs)>> {
    let mut out: Vec<Vec<(&str, Belongs)>> = uses.iter().map(|_| Vec::new()).collect();
    let Some(group) = Account::parse("S-1-5-32-544") else { return out };
    let target = Target::of(shared, &group, None);
    let subjects: Vec<Subject<'_>> = uses.iter().map(|of| Subject::of(shared, of.account)).collect();
    let membership = Membership::of(shared);
    for (key, host) in hosts {
        let on = On { host, key: key.clone() };
        let ready = membership.ready(shared, &target, Some(&on));
        for (subject, out) in subjects.iter().zip(&mut out) {
            match membership.is_in_ready(shared, subject, &target, Some(&on), ready.as_ref()) {
                Belongs::No => {}
                held => out.push((*host, held)),
            }
        }
    }
    out
}

/// The row of a group that an account belongs to, or the gap where that is not known.
fn answer(out: &mut Out<'_>, of: &Use<'_>, name: &str, host: Option<&str>, held: Belongs) {
    match held {
        Belongs::No => {}
        Belongs::Yes(link) => out
            .row(link.record.or(of.line.record))
            .copy(field::ACCOUNT, of.line.cell(field::ACCOUNT))
            .at(field::GROUP, text(name), link.place)
            .set(field::HOST, text(host.unwrap_or_default()))
            .set(field::HOW, text(&chain(&link.via)))
            .put(),
        Belongs::Open(missing) => out
            .gap(missing.or_at(of.line.record))
            .copy(field::ACCOUNT, of.line.cell(field::ACCOUNT))
            .set(field::GROUP, text(name))
            .put(),
    }
}
