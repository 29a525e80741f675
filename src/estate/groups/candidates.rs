//! Who belongs in a documented group, from the facts on its members, and whether they are in it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::content::fact::{Computers, Member as Documented, Members};
use crate::estate::computers::label;
use crate::estate::documented::opens_database_for;
use crate::estate::groups::{Found, kind};
use crate::estate::hierarchy::{Hierarchy, RemoteTools, remote};
use crate::estate::membership::{Belongs, Member, Membership};
use crate::estate::shared::Shared;
use crate::estate::table::{Line, Pending, View, account, text, unsure};
use crate::estate::trusts::{Domains, Trusts};
use crate::estate::value::{Bucket, identity_bucket};
use crate::evidence::{
    Account, AccountForm, AccountKind, Cell, Fact, Identity, Missing, Scope, computer_name, field, table,
};
use crate::source::Place;

/// Whether something has to be there.
#[derive(Debug, Clone)]
pub(crate) enum Want {
    Yes,
    No,
    Open(Missing),
}

impl Want {
    /// The strongest: one that has to be there, else one of which it is not known.
    pub(crate) fn most(all: impl IntoIterator<Item = Self>) -> Self {
        let mut most = Self::No;
        for one in all {
            match (&most, one) {
                (_, Self::Yes) => return Self::Yes,
                (Self::No, one) => most = one,
                _ => {}
            }
        }
        most
    }
}

/// An account that may belong in a group.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// The computer whose account it is, as it is written.
    computer: Option<Cell>,
    account: Option<Arc<Account>>,
    place: Option<Place>,
    pub(crate) want: Want,
    /// A user account that the exports do not tell may stand for it.
    or_user: bool,
    /// How it is called in findings.
    name: String,
}

impl Candidate {
    fn computer(cell: &Cell, host: &str, want: Want) -> Self {
        let label = computer_name(host).unwrap_or(host);
        let label = label.split('.').next().unwrap_or(label);
        let name = format!("{}$", label.to_uppercase());
        let place = cell.place;
        Self { computer: Some(cell.clone()), account: None, place, want, or_user: false, name }
    }

    fn account(account: &Arc<Account>, place: Option<Place>, want: Want) -> Self {
        let name = account.written.to_string();
        Self { computer: None, account: Some(Arc::clone(account)), place, want, or_user: false, name }
    }

    fn host(&self) -> Option<&str> {
        match &self.computer.as_ref()?.fact {
            Fact::Text(host) => Some(host),
            _ => None,
        }
    }
}

/// Who belongs in a group for a site, and what is missing to know all of them.
pub(crate) type Known = (Vec<Candidate>, Vec<Missing>);

/// Finds who belongs in the documented groups.
pub(crate) struct Candidates<'s, 'x> {
    shared: &'s Shared<'x>,
    domains: Domains,
    trusts: Option<Trusts>,
    remote_tools: RemoteTools,
}

impl<'s, 'x> Candidates<'s, 'x> {
    pub(crate) fn of(shared: &'s Shared<'x>) -> Self {
        Self {
            shared,
            domains: Domains::read(shared),
            trusts: Trusts::read(shared),
            remote_tools: RemoteTools::of(shared),
        }
    }

    /// Whether somebody has to be in the group because of each of them.
    pub(crate) fn wants(&self, hierarchy: &Hierarchy<'_>, fact: &Documented, site: &str) -> Vec<Want> {
        let (candidates, lacks) = self.of_fact(hierarchy, fact, site);
        // A site sends to its neighbour with the account of its server or with one that the route names: where it is not
        // known which, one of the two is in the group.
        let either = matches!(
            fact.who,
            Members::Computers { of: Computers::ChildSiteServers | Computers::ParentSiteServer, .. }
        );
        let want = |candidate: Candidate| match candidate.want {
            Want::Open(_) if either => Want::Yes,
            want => want,
        };
        candidates.into_iter().map(want).chain(lacks.into_iter().map(Want::Open)).collect()
    }

    /// The accounts that a documented fact names, for the group of a site.
    pub(crate) fn of_fact(&self, hierarchy: &Hierarchy<'_>, fact: &Documented, site: &str) -> Known {
        match &fact.who {
            // Who adds others is asked elsewhere, and accounts for transfers are those of the routes.
            Members::Nobody | Members::OtherTransferAccounts => Known::default(),
            Members::AdministrativeUsers { permission } => self.administrators(permission.as_deref()),
            Members::PermittedViewers => self.viewers(),
            Members::FileReplicationAccounts => self.replication_accounts(site),
            // That a user account may stand for a computer's is told where the computers are found.
            Members::Computers { of, or_user: _ } => self.computers(hierarchy, of, site),
        }
    }

    /// The computers whose accounts belong in the group of a site.
    fn computers(&self, hierarchy: &Hierarchy<'_>, of: &Computers, site: &str) -> Known {
        match of {
            Computers::SiteServer => Self::servers(hierarchy, self.shared, &[site]),
            Computers::CentralSiteServer => match self.above(hierarchy, site) {
                Ok(Some(parent)) => Self::servers(hierarchy, self.shared, &[&parent]),
                Ok(None) => Known::default(),
                Err(lack) => (Vec::new(), vec![lack]),
            },
            Computers::CentralSiteDatabase => match self.above(hierarchy, site) {
                Ok(Some(parent)) => self.databases(hierarchy, &parent),
                Ok(None) => Known::default(),
                Err(lack) => (Vec::new(), vec![lack]),
            },
            Computers::RemoteManagementPoints => self.management_points(hierarchy, site),
            Computers::RemoteProviders => self.providers(hierarchy, site),
            Computers::FileDispatchers => self.dispatchers(hierarchy, site),
            Computers::ChildSiteServers => self.children(hierarchy, site),
            Computers::ParentSiteServer => match self.above(hierarchy, site) {
                Ok(Some(parent)) => self.neighbour(hierarchy, &parent, site),
                Ok(None) => Known::default(),
                Err(lack) => (Vec::new(), vec![lack]),
            },
            Computers::Role(role) => {
                let with = hierarchy.with_role(site, role);
                let all = with.map(|role| Candidate::computer(role.cell, role.host, Want::Yes)).collect();
                (all, hierarchy.roles_lack.clone().into_iter().collect())
            }
        }
    }

    /// The site above a site.
    fn above(&self, hierarchy: &Hierarchy<'_>, site: &str) -> Result<Option<String>, Missing> {
        match hierarchy.site(site).map(crate::estate::hierarchy::Site::parent) {
            Some(Some(parent)) => Ok(parent.map(str::to_owned)),
            _ => Err(Missing::not_exported(self.shared, table::SITES, &format!("the site above `{site}`"))),
        }
    }

    fn servers(hierarchy: &Hierarchy<'_>, shared: &Shared<'_>, sites: &[&str]) -> Known {
        let mut known = Known::default();
        for site in sites {
            match hierarchy.site(site).and_then(crate::estate::hierarchy::Site::server) {
                Some((cell, host)) => known.0.push(Candidate::computer(cell, host, Want::Yes)),
                None => known.1.push(hierarchy.server_lack(shared, site)),
            }
        }
        known
    }

    fn databases(&self, hierarchy: &Hierarchy<'_>, site: &str) -> Known {
        let mut known = Known::default();
        for role in hierarchy.with_role(site, "SMS SQL Server") {
            known.0.push(Candidate::computer(role.cell, role.host, Want::Yes));
        }
        known.1.extend(hierarchy.roles_lack.clone());
        if known.0.is_empty() && known.1.is_empty() {
            known.1.push(hierarchy.role_lack(self.shared, &format!("the database server of site `{site}`")));
        }
        known
    }

    /// Administrative users; with a permission those that have it on collections.
    fn administrators(&self, permission: Option<&str>) -> Known {
        let mut known = Known::default();
        let table = if permission.is_some() { table::ADMIN_PERMISSIONS } else { table::ADMIN_USERS };
        let Some(view) = View::of(self.shared, table) else { return known };
        let mut seen = HashSet::new();
        for line in view.rows().map(Line::of_several) {
            if permission
                .is_some_and(|p| line.text(field::PERMISSION).is_none_or(|l| !l.eq_ignore_ascii_case(p)))
            {
                continue;
            }
            let Some(account) = line.trustee() else {
                known.1.push(Missing::not_exported(
                    self.shared,
                    table::ADMIN_USERS,
                    "the names of all administrative users",
                ));
                continue;
            };
            if seen.insert(self.shared.ids.resolve(&account).key().to_owned()) {
                let place = line.cell(field::ACCOUNT).and_then(|c| c.place).or(line.record);
                known.0.push(Candidate::account(&account, place, Want::Yes));
            }
        }
        // One who has the permission from another role is no open question.
        for line in view.gaps().map(Line::of_several) {
            let Some(gap) = line.gap else { continue };
            let other = permission
                .zip(line.text(field::PERMISSION))
                .is_some_and(|(wanted, there)| !wanted.eq_ignore_ascii_case(there));
            match line.account(field::ACCOUNT) {
                _ if other => {}
                Some(account) if seen.contains(self.shared.ids.resolve(account).key()) => {}
                Some(account) => {
                    seen.insert(self.shared.ids.resolve(account).key().to_owned());
                    let want = Want::Open(gap.missing.clone());
                    known.0.push(Candidate::account(account, gap.missing.place, want));
                }
                None => known.1.push(gap.missing.clone()),
            }
        }
        if permission.is_none() {
            for line in View::of(self.shared, table::MIGRATION_SOURCES).into_iter().flat_map(View::rows) {
                // The site that takes over the data of this one.
                for field in [field::ACCOUNT, field::DATABASE_ACCOUNT] {
                    if let Some(account) = line.account(field) {
                        let place = line.cell(field).and_then(|c| c.place);
                        known.0.push(Candidate::account(account, place, Want::No));
                    }
                }
            }
        }
        known
    }

    fn viewers(&self) -> Known {
        let tools = &self.remote_tools;
        let mut known = Known::default();
        for viewer in &tools.viewers {
            let want = match (&tools.lack, viewer.everywhere) {
                (Some(lack), _) => Want::Open(lack.clone()),
                (None, true) => Want::Yes,
                (None, false) => Want::Open(Missing::not_exported(
                    self.shared,
                    table::CLIENT_SETTINGS,
                    "which client settings are in force on which clients",
                )),
            };
            known.0.push(Candidate::account(&viewer.account, viewer.place, want));
        }
        known.1.extend(tools.lack.clone().or(tools.viewers_lack.clone()));
        known
    }

    /// Management points away from the site server. One for which an account is set, or of a domain that is not
    /// trusted, does not connect with its computer account.
    fn management_points(&self, hierarchy: &Hierarchy<'_>, site: &str) -> Known {
        let mut known = Known::default();
        known.1.extend(hierarchy.roles_lack.clone());
        let roles: Vec<_> = hierarchy.with_role(site, "SMS Management Point").collect();
        for role in roles {
            match remote(self.shared, hierarchy, site, role.host) {
                Ok(true) => {
                    let want = self.computer_account_used(hierarchy, site, role.host);
                    known.0.push(Candidate::computer(role.cell, role.host, want));
                }
                Ok(false) => {}
                Err(lack) => known.1.push(lack),
            }
        }
        known
    }

    fn computer_account_used(&self, hierarchy: &Hierarchy<'_>, site: &str, host: &str) -> Want {
        let shared = self.shared;
        if let Some(view) = View::of(shared, table::ROLE_ACCOUNTS) {
            let of_host = |line: &Line<'_>| {
                line.text(field::ENTITY)
                    .is_none_or(|e| opens_database_for(shared.content, e, "management-point"))
                    && line.text(field::HOST).is_none_or(|h| shared.ids.same_computer(h, host) != Some(false))
            };
            for line in view.perhaps_on(field::HOST, host).filter(of_host) {
                if line.account(field::ACCOUNT).is_some() {
                    return Want::No;
                }
                if let Some(why) = line.unknown(field::ACCOUNT) {
                    let what = format!("the connection account of management point `{host}`");
                    return Want::Open(Missing {
                        why,
                        ..Missing::not_exported(shared, table::ROLE_ACCOUNTS, &what)
                    });
                }
            }
            if let Some(gap) = view.gaps().filter(of_host).find_map(|line| line.gap) {
                return Want::Open(gap.missing.clone());
            }
        }
        let Some((_, server)) = hierarchy.site(site).and_then(crate::estate::hierarchy::Site::server) else {
            return Want::Open(hierarchy.server_lack(shared, site));
        };
        match (self.domains.of(shared, server), self.domains.of(shared, host)) {
            // A computer of a workgroup has no account that another knows.
            (Some(_), Some(other)) if other.is_empty() => Want::No,
            (Some(own), Some(other)) if shared.ids.same_domain_name(&own, &other) == Some(false) => {
                self.trusted(&own, &other)
            }
            _ => Want::Yes,
        }
    }

    /// Whether computer accounts of another domain are accepted: yes where it is trusted. Domains are keys.
    fn trusted(&self, own: &str, other: &str) -> Want {
        let Some(trusts) = &self.trusts else { return Want::Yes };
        match trusts.trusts(self.shared.ids, own, other) {
            Some(true) => Want::Yes,
            Some(false) => Want::No,
            None => Want::Open(trusts.missing(self.shared, own, other)),
        }
    }

    fn providers(&self, hierarchy: &Hierarchy<'_>, site: &str) -> Known {
        let mut known = Known::default();
        known.1.extend(hierarchy.roles_lack.clone());
        for role in hierarchy.with_role(site, "SMS Provider") {
            match remote(self.shared, hierarchy, site, role.host) {
                Ok(true) => {
                    let candidate = Candidate::computer(role.cell, role.host, Want::Yes);
                    known.0.push(Candidate { or_user: true, ..candidate });
                }
                Ok(false) => {}
                Err(lack) => known.1.push(lack),
            }
        }
        known
    }

    /// Remote site systems. Which of them run the file dispatch manager shows only in their roles.
    fn dispatchers(&self, hierarchy: &Hierarchy<'_>, site: &str) -> Known {
        let mut known = Known::default();
        known.1.extend(hierarchy.roles_lack.clone());
        for (system, roles) in hierarchy.systems(self.shared, site) {
            match remote(self.shared, hierarchy, site, system.host) {
                Ok(true) => {
                    let brings = |role: &str| self.shared.content.vocabulary.brings_file_dispatch(role);
                    let pulled = self.server_initiated(system.host);
                    let want = if pulled || roles.iter().all(|r| brings(r) == Some(false)) {
                        Want::No
                    } else if roles.iter().any(|r| brings(r) == Some(true)) {
                        Want::Yes
                    } else {
                        let what = format!("whether `{}` runs the file dispatch manager", system.host);
                        Want::Open(Missing::not_exported(self.shared, table::SITE_SYSTEMS, &what))
                    };
                    let candidate = Candidate::computer(system.cell, system.host, want);
                    known.0.push(Candidate { or_user: true, ..candidate });
                }
                Ok(false) => {}
                Err(lack) => known.1.push(lack),
            }
        }
        known
    }

    /// Whether the site server fetches the data of a site system.
    fn server_initiated(&self, host: &str) -> bool {
        View::of(self.shared, table::INSTALLATION_ACCOUNTS)
            .into_iter()
            .flat_map(|view| view.on(field::HOST, host))
            .any(|line| line.flag(field::SERVER_INITIATED) == Some(true))
    }

    fn children(&self, hierarchy: &Hierarchy<'_>, site: &str) -> Known {
        let mut known = Known::default();
        known.1.extend(hierarchy.sites_lack.clone());
        for child in hierarchy.perhaps_below(site) {
            match child.parent() {
                Some(Some(parent)) if parent.eq_ignore_ascii_case(site) => {
                    let (candidates, lacks) = self.neighbour(hierarchy, child.code, site);
                    known.0.extend(candidates);
                    known.1.extend(lacks);
                }
                Some(_) => {}
                None if child.code.eq_ignore_ascii_case(site) => {}
                None => {
                    let what = format!("the site above `{}`", child.code);
                    known.1.push(Missing::not_exported(self.shared, table::SITES, &what));
                }
            }
        }
        known
    }

    /// The server of a site that sends to another: with its computer account, unless the route names an account.
    fn neighbour(&self, hierarchy: &Hierarchy<'_>, from: &str, to: &str) -> Known {
        let Some((cell, host)) = hierarchy.site(from).and_then(crate::estate::hierarchy::Site::server) else {
            return (Vec::new(), vec![hierarchy.server_lack(self.shared, from)]);
        };
        let want = self.route(from, to);
        (vec![Candidate::computer(cell, host, want)], Vec::new())
    }

    fn route(&self, from: &str, to: &str) -> Want {
        let Some(view) = View::of(self.shared, table::REPLICATION_ROUTES) else { return Want::Yes };
        let of_route = |line: &Line<'_>| {
            line.text(field::SITE).is_none_or(|s| s.eq_ignore_ascii_case(from))
                && line.text(field::DESTINATION).is_none_or(|d| d.eq_ignore_ascii_case(to))
        };
        for line in view.rows().filter(of_route) {
            if line.account(field::ACCOUNT).is_some() {
                return Want::No;
            }
            if let Some(why) = line.unknown(field::ACCOUNT) {
                let what = format!("the file replication account of the route from `{from}` to `{to}`");
                return Want::Open(Missing {
                    why,
                    ..Missing::not_exported(self.shared, table::REPLICATION_ROUTES, &what)
                });
            }
        }
        match view.gaps().filter(of_route).find_map(|line| line.gap) {
            Some(gap) => Want::Open(gap.missing.clone()),
            None => Want::Yes,
        }
    }

    /// Accounts of file replication routes to a site.
    fn replication_accounts(&self, site: &str) -> Known {
        let mut known = Known::default();
        let Some(view) = View::of(self.shared, table::REPLICATION_ROUTES) else { return known };
        let here =
            |line: &Line<'_>| line.text(field::DESTINATION).is_none_or(|d| d.eq_ignore_ascii_case(site));
        for line in view.rows().filter(here) {
            if let Some(account) = line.account(field::ACCOUNT) {
                let place = line.cell(field::ACCOUNT).and_then(|c| c.place);
                known.0.push(Candidate::account(account, place, Want::Yes));
            } else if let Some(why) = line.unknown(field::ACCOUNT) {
                let what = format!("the file replication accounts of the routes to `{site}`");
                known.1.push(Missing {
                    why,
                    ..Missing::not_exported(self.shared, table::REPLICATION_ROUTES, &what)
                });
            }
        }
        known.1.extend(view.gaps().filter(here).filter_map(|line| line.gap).map(|gap| gap.missing.clone()));
        known
    }

    /// The account of a computer, to look for in other groups.
    fn of_computer(&self, host: &str) -> Option<Account> {
        let label = computer_name(host)?.split('.').next()?;
        match self.domains.of(self.shared, host).filter(|domain| !domain.is_empty()) {
            Some(domain) => Account::parse(&format!("{domain}\\{label}$")),
            None => Account::parse(&format!("{label}$")),
        }
    }

    /// Whether it is in the group, directly or through other groups.
    pub(crate) fn presence(&self, group: &Listing<'_>, candidate: &Candidate) -> Presence {
        let ids = self.shared.ids;
        let who = match (&candidate.account, candidate.host()) {
            (Some(account), _) => Some(Account::clone(account)),
            (None, Some(host)) => self.of_computer(host),
            (None, None) => None,
        };
        let Some(who) = who else { return Presence::No };
        let identity = ids.resolve(&who);
        let same = |account: &Account, other: &Identity| match candidate.host() {
            Some(host) => ids.is_account_of(account, host),
            None => ids.compare(&identity, other),
        };
        let mut open: Option<Missing> = None;
        for one in group.worth_looking_at(candidate, &identity) {
            let verdicts: Vec<Option<bool>> =
                one.accounts.iter().map(|(account, other)| same(account, other)).collect();
            if verdicts.contains(&Some(true)) {
                return Presence::Yes;
            }
            let member = one.member;
            if one.may_hold && one.resolved {
                let sid = member.sid.as_ref().map(|sid| &*sid.written);
                match Membership::of(self.shared).belongs(self.shared, &who, &member.account, sid, group.host)
                {
                    Belongs::Yes(_) => return Presence::Yes,
                    Belongs::No => {}
                    Belongs::Open(missing) => open = open.or(Some(missing)),
                }
            } else if !verdicts.contains(&Some(false)) {
                open = open.or_else(|| {
                    let table = self.shared.schema.id(table::LOCAL_GROUP_MEMBERS).unwrap_or_default();
                    let missing = unsure(self.shared, &who, &member.account, member.sid.as_deref(), table);
                    Some(missing.at(member.place.or(member.record)))
                });
            }
        }
        if let Some(cut) = &group.cut {
            return Presence::Open(cut.clone());
        }
        if let Some(open) = open {
            return Presence::Open(open);
        }
        if group.users && candidate.or_user {
            let what = format!("with which account `{}` connects to the site server", candidate.name);
            return Presence::Open(Missing::not_exported(self.shared, table::SITE_SYSTEMS, &what));
        }
        Presence::No
    }
}

/// What the names of a computer begin with, where NetBIOS names end; in a form that is the key of no account.
fn start_of(label: &str) -> String {
    format!("${}", label.chars().take(15).collect::<String>())
}

pub(crate) enum Presence {
    Yes,
    No,
    Open(Missing),
}

/// The members of a group, made ready to be compared.
pub(crate) struct Listing<'g> {
    members: Vec<Ready<'g>>,
    /// Numbers of members that may hold others, or be anyone: these are always looked at.
    always: Vec<usize>,
    /// Numbers of the others, by name, and by the computer whose account it is.
    by_name: HashMap<String, Vec<usize>>,
    /// There are user accounts among them that are not of a single computer.
    users: bool,
    cut: Option<Missing>,
    host: Option<&'g str>,
}

pub(crate) struct Ready<'g> {
    member: &'g Member,
    accounts: Vec<(&'g Account, Identity)>,
    /// It is, or may be, a group.
    may_hold: bool,
    resolved: bool,
}

impl<'g> Listing<'g> {
    pub(crate) fn of(shared: &'g Shared<'_>, found: &'g Found<'_>) -> Self {
        let listed = found.listed(shared);
        let mut users = false;
        let members: Vec<Ready<'_>> = listed
            .members
            .iter()
            .map(|member| {
                let accounts: Vec<(&Account, Identity)> = std::iter::once(&member.account)
                    .chain(&member.sid)
                    .map(|account| (&**account, shared.ids.resolve(account)))
                    .collect();
                let resolved = member.account.form != AccountForm::Sid
                    || accounts.iter().any(|(_, identity)| identity.name().is_some());
                let kind = kind(shared, member, resolved);
                users |= kind == "user" && shared.ids.scope(&member.account) != Some(Scope::Local);
                let may_hold = kind == "group"
                    || member.group.is_none() && shared.ids.kind(&member.account) == AccountKind::Unknown;
                Ready { member, may_hold, accounts, resolved }
            })
            .collect();
        let (mut always, mut by_name) = (Vec::new(), HashMap::<String, Vec<usize>>::new());
        for (number, one) in members.iter().enumerate() {
            let buckets: Vec<Bucket> =
                one.accounts.iter().map(|(_, identity)| identity_bucket(identity)).collect();
            if one.may_hold || buckets.iter().any(|bucket| bucket.any) {
                always.push(number);
                continue;
            }
            for key in buckets.into_iter().flat_map(|bucket| bucket.keys) {
                by_name.entry(key).or_default().push(number);
            }
            // The account of a computer, whose label may be cut off.
            let names = one.accounts.iter().filter_map(|(_, identity)| identity.name()?.strip_suffix('$'));
            for label in names {
                by_name.entry(start_of(label)).or_default().push(number);
            }
        }
        let host = match &found.host.fact {
            Fact::Text(host) => Some(&**host),
            _ => None,
        };
        let cut = listed.cut.map(|cut| found.cut(shared, cut));
        Self { members, always, by_name, users, cut, host }
    }

    /// The members that may be someone, or may hold them, in their order.
    fn worth_looking_at(&self, candidate: &Candidate, who: &Identity) -> Vec<&Ready<'g>> {
        let bucket = identity_bucket(who);
        if bucket.any && candidate.host().is_none() {
            return self.members.iter().collect();
        }
        let keys = match candidate.host() {
            Some(host) => vec![start_of(&label(host))],
            None => bucket.keys,
        };
        let keyed = keys.iter().filter_map(|key| self.by_name.get(key)).flatten();
        let mut numbers: Vec<usize> = keyed.chain(&self.always).copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().filter_map(|number| self.members.get(number)).collect()
    }
}

pub(crate) fn who<'o, 's>(row: Pending<'o, 's>, candidate: &Candidate) -> Pending<'o, 's> {
    let place = candidate.place;
    let none = Cell { fact: Fact::Empty, place: None };
    let account_fact = candidate.account.as_ref().map_or(Fact::Empty, account);
    row.copy(field::COMPUTER, Some(candidate.computer.as_ref().unwrap_or(&none)))
        .at(field::ACCOUNT, account_fact, place.filter(|_| candidate.account.is_some()))
        .at(field::EXPECTED, text(&candidate.name), place)
}
