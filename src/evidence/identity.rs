//! Whether two spellings mean the same account or the same computer.
//!
//! Answers are three-valued: proven the same, proven different, or possibly the same. A short (NetBIOS) domain
//! name and a DNS name are tied together only by evidence that has both, or that has one security identifier of a domain
//! under both; a SID and a name likewise.
//!
//! Beside what is proven there is what suggests itself: a short name that is the first label of the only DNS name in
//! sight. [`Identities::supposing`] takes it for that domain. Only that two names are the same rests on it, never
//! that they are not.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::account::computer_name;
use super::domains::Heard;
use super::{Account, AccountForm, Cell, Evidence, Fact, Row, Scalar, Schema, Why};
use crate::vocabulary::{Principals, WellKnown};

/// One identity for all spellings of accounts and computers in a body of evidence.
#[derive(Debug, Clone, Default)]
pub struct Identities {
    /// Lower-case NetBIOS name to the DNS names seen beside it.
    dns_of: HashMap<String, BTreeSet<String>>,
    /// Lower-case DNS name to the NetBIOS names seen beside it.
    netbios_of: HashMap<String, BTreeSet<String>>,
    /// SID of a domain to the domain.
    domain_sids: HashMap<String, Domain>,
    /// Key of a domain to its SID.
    sid_of_domain: HashMap<String, String>,
    /// First label of a computer name to the DNS names seen with it; an empty set if only the label was seen.
    computers: HashMap<String, BTreeSet<String>>,
    /// First label of a computer name to the keys of the domains that exports say it is in.
    domains_of_hosts: HashMap<String, BTreeSet<String>>,
    /// SID to the key of its account.
    key_of_sid: HashMap<String, String>,
    /// Key of an account to its SID.
    sid_of_key: HashMap<String, String>,
    /// User principal name to the key of its account.
    key_of_upn: HashMap<String, String>,
    /// Key of an account to where it lives and its name.
    named: HashMap<String, (Home, String)>,
    /// Key of an account to whether it is a group.
    groups: HashMap<String, bool>,
    /// Lower-case short name to what it may stand for and nothing proves.
    suppositions: BTreeMap<String, Supposition>,
    /// The suppositions count.
    supposing: bool,
    /// The collector could not read which servers there are: one may bear a name that nothing else tells of.
    servers_lost: bool,
    /// Nor which groups the domains have: an account that no export tells of may be one.
    groups_lost: bool,
    /// The principals that Windows and every domain come with.
    principals: Arc<Principals>,
}

/// What an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountKind {
    /// A person or a service account.
    User,
    /// The account of a computer.
    Computer,
    /// A group.
    Group,
    /// A principal that Windows or every domain comes with.
    WellKnown,
    /// The evidence does not tell.
    Unknown,
}

impl AccountKind {
    /// The word used in rules.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Computer => "computer",
            Self::Group => "group",
            Self::WellKnown => "well-known",
            Self::Unknown => "unknown",
        }
    }
}

impl std::str::FromStr for AccountKind {
    type Err = ();
    fn from_str(word: &str) -> Result<Self, ()> {
        [Self::User, Self::Computer, Self::Group, Self::WellKnown, Self::Unknown]
            .into_iter()
            .find(|kind| kind.name() == word)
            .ok_or(())
    }
}

/// Where an account lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// In a domain.
    Domain,
    /// On one computer: its domain part is a dot or the name of a computer in evidence.
    Local,
    /// On every computer: `BUILTIN`, `NT AUTHORITY` and the like.
    BuiltIn,
    /// The name has no domain part.
    None,
}

impl Scope {
    /// The word used in rules.
    pub fn name(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Local => "local",
            Self::BuiltIn => "built-in",
            Self::None => "none",
        }
    }
}

impl std::str::FromStr for Scope {
    type Err = ();
    fn from_str(word: &str) -> Result<Self, ()> {
        [Self::Domain, Self::Local, Self::BuiltIn, Self::None]
            .into_iter()
            .find(|scope| scope.name() == word)
            .ok_or(())
    }
}

/// A short name that is taken for something because nothing else suggests itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supposition {
    /// The short name as accounts are written with it.
    pub short: String,
    /// The DNS name it is taken for, in lower case: its first label is the short name.
    pub dns: String,
    /// It is the name of a computer and not that of a domain.
    pub computer: bool,
}

/// A domain under the names that are known of it, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Domain {
    netbios: Option<String>,
    dns: Option<String>,
    /// The short name is only supposed to be that of the DNS name.
    supposed: bool,
    /// The DNS name is only the suffix of a user principal name, which need not be a domain's name.
    suffix: bool,
}

impl Domain {
    fn key(&self) -> &str {
        self.dns.as_deref().or(self.netbios.as_deref()).unwrap_or_default()
    }

    /// Its DNS name, if that is no supposition.
    fn proven_dns(&self) -> Option<&str> {
        self.dns.as_deref().filter(|_| !self.supposed)
    }
}

/// An account under the names a row tells.
struct Principal {
    account: Arc<Account>,
    sid: Option<String>,
    upn: Option<String>,
    is_group: Option<bool>,
}

/// Where an account lives, resolved as far as the evidence allows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Home {
    /// No domain part.
    None,
    /// `BUILTIN`: the local groups every computer has.
    Builtin,
    /// `NT AUTHORITY`, `NT SERVICE`, ...: in lower case; empty for the world's own (`Everyone`).
    Authority(String),
    /// The computer the configuration is read on.
    Here,
    /// A computer, by its key.
    Computer(String),
    /// A domain.
    Domain(Domain),
    /// Only the SID is known.
    Sid,
}

/// An account, resolved. Made by [`Identities::resolve`]; comparing two of these is cheap.
#[derive(Debug, Clone)]
pub struct Identity {
    home: Home,
    /// In lower case; empty if only the SID is known.
    name: String,
    /// The name is the relative name of a directory object, which need not be its account name.
    relative: bool,
    sid: Option<String>,
    key: String,
}

impl Identity {
    /// The key by which accounts are grouped: equal if, and only if, two accounts are proven the same.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The domain it lives in, under its DNS name if that is known. None for accounts of no domain.
    pub fn domain(&self) -> Option<&str> {
        match &self.home {
            Home::Domain(domain) => Some(domain.key()),
            _ => None,
        }
    }

    /// Whether the domain it lives in is only supposed.
    pub fn is_supposed(&self) -> bool {
        matches!(&self.home, Home::Domain(domain) if domain.supposed)
    }

    /// The security identifier, if it is known.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// The lower-case account name, none if only a SID is known. Two identities whose names are both known and
    /// differ are possibly the same only if one is the relative name of a directory object.
    pub fn name(&self) -> Option<&str> {
        (!self.name.is_empty() && !self.relative).then_some(&self.name)
    }
}

impl Identities {
    /// Builds the identities from the evidence: computers from every cell that names one and from network paths,
    /// domains from the table `domains` and the security identifiers of accounts, SIDs, user principal names and groups
    /// from `principals` and `admin_users`.
    pub fn build(schema: &Schema, evidence: &Evidence) -> Self {
        Self::of(schema, evidence, false)
    }

    /// [`Identities::build`], and what suggests itself counts. None if nothing does.
    pub fn supposing(&self, schema: &Schema, evidence: &Evidence) -> Option<Self> {
        (!self.suppositions.is_empty()).then(|| Self::of(schema, evidence, true))
    }

    /// What suggests itself of short names, whether it counts or not.
    pub fn suppositions(&self) -> impl Iterator<Item = &Supposition> {
        self.suppositions.values()
    }

    fn of(schema: &Schema, evidence: &Evidence, supposing: bool) -> Self {
        let mut out = Self { principals: Arc::clone(&schema.principals), supposing, ..Self::default() };
        let rows = |table: &str| {
            schema
                .table(table)
                .and_then(|t| Some((&schema.tables[t], evidence.tables.get(t)?)))
                .into_iter()
                .flat_map(|(schema, table)| table.rows.iter().map(move |row| (schema, row)))
        };
        let text = |schema: &super::TableSchema, row: &Row, field: &str| -> Option<String> {
            match &row.cells.get(schema.field(field)?)?.fact {
                Fact::Text(text) => Some(text.trim().to_lowercase()).filter(|t| !t.is_empty()),
                _ => None,
            }
        };
        // Whether the collector could not read a table, and does not say of which rows.
        let lost = |name: &str| {
            let gaps = schema.table(name).and_then(|id| evidence.tables.get(id)).map(|table| &table.gaps);
            gaps.into_iter()
                .flatten()
                .any(|gap| gap.missing.why == Why::Failed && !gap.cells.iter().any(Cell::is_told))
        };
        out.servers_lost = lost("sites") || lost("site_systems");
        out.groups_lost = lost("domain_groups");
        for (schema, row) in rows("domains") {
            let (netbios, dns) = (text(schema, row, "netbios"), text(schema, row, "dns"));
            out.add_domain(netbios.as_deref(), dns.as_deref());
        }
        for (t, table) in evidence.tables.iter().enumerate() {
            for (f, field) in schema.tables[t].fields.iter().enumerate() {
                if field.kind.scalar == Scalar::Computer {
                    for row in &table.rows {
                        out.add_computer_cell(&row.cells[f].fact);
                    }
                }
            }
        }
        let mut heard = Heard::of(schema, evidence);
        out.computers.values().flatten().for_each(|name| heard.host(name));
        out.tie_by_sid(&heard);
        let mut principals = Vec::new();
        let mut domains: BTreeSet<String> = BTreeSet::new();
        for table in ["principals", "admin_users"] {
            for (schema, row) in rows(table) {
                let Some(field) = schema.field("account") else { continue };
                let Fact::Account(account) = &row.cells[field].fact else { continue };
                let is_group = schema.field("is_group").and_then(|f| match row.cells[f].fact {
                    Fact::Flag(flag) => Some(flag),
                    _ => None,
                });
                let sid = text(schema, row, "sid").and_then(|s| super::account::sid(&s));
                domains.extend(account.domain().map(str::to_lowercase));
                let upn = text(schema, row, "upn");
                principals.push(Principal { account: Arc::clone(account), sid, upn, is_group });
            }
        }
        let perhaps = out.add_servers(schema, evidence, &domains, &heard);
        out.learn_domain_sids(&heard);
        out.suppose(&heard, &perhaps);
        for table in ["computers", "devices"] {
            for (schema, row) in rows(table) {
                let workgroup = schema
                    .field("in_domain")
                    .is_some_and(|field| matches!(row.cells[field].fact, Fact::Flag(false)));
                let host = text(schema, row, "host").filter(|_| !workgroup);
                if let (Some(host), Some(domain)) = (host, text(schema, row, "domain")) {
                    let label = host.split('.').next().unwrap_or_default().to_owned();
                    let domain = out.domain_key(&domain);
                    out.domains_of_hosts.entry(label).or_default().insert(domain);
                }
            }
        }
        out.add_principals(&principals);
        out
    }

    /// Ties the short name and the DNS name beside which the same security identifier of a domain stands. What the
    /// evidence says of the names elsewhere goes before, and where more than two names have it, none is tied.
    fn tie_by_sid(&mut self, heard: &Heard) {
        let mut names: BTreeMap<&str, (Vec<&str>, Vec<&str>)> = BTreeMap::new();
        for (name, sid) in heard.sids().filter(|(name, _)| !self.is_host(name)) {
            let (short, dns) = names.entry(sid).or_default();
            if name.contains('.') { dns } else { short }.push(name);
        }
        for (short, dns) in names.values() {
            if let ([short], [dns]) = (short.as_slice(), dns.as_slice())
                && self.principals.authority(short).is_none()
                && !self.contradicts(short, dns)
            {
                self.add_domain(Some(short), Some(dns));
            }
        }
    }

    /// Whether a short name is known under another DNS name, or the DNS name under another short one.
    fn contradicts(&self, short: &str, dns: &str) -> bool {
        let other = |names: Option<&BTreeSet<String>>, own: &str| {
            names.is_some_and(|names| names.iter().any(|name| name != own))
        };
        other(self.dns_of.get(short), dns) || other(self.netbios_of.get(dns), short)
    }

    /// Whether a name before accounts is that of a computer.
    fn is_host(&self, name: &str) -> bool {
        let known_domain = self.dns_of.contains_key(name) || self.netbios_of.contains_key(name);
        !known_domain && self.computer_key_if_known(name).is_some()
    }

    /// Takes the security identifiers of domains from what stands beside their names, where all agree.
    fn learn_domain_sids(&mut self, heard: &Heard) {
        let mut told: HashMap<String, Option<String>> = HashMap::new();
        let mut named: BTreeMap<String, Domain> = BTreeMap::new();
        for (name, sid) in heard.sids().filter(|(name, _)| !self.is_host(name)) {
            if self.principals.authority(name).is_none() {
                let domain = self.domain(name);
                set_once(&mut told, domain.key(), &sid.to_owned());
                named.insert(domain.key().to_owned(), domain);
            }
        }
        for (key, domain) in named {
            let Some(Some(sid)) = told.get(&key) else { continue };
            // Of several names that nothing ties, a DNS name is nobody else's.
            match self.domain_sids.get(sid) {
                Some(other) if other.dns.is_some() || domain.dns.is_none() => {}
                _ => {
                    self.domain_sids.insert(sid.clone(), domain);
                }
            }
            self.sid_of_domain.insert(key, sid.clone());
        }
    }

    /// Finds out what short names may stand for: the domain whose DNS name begins with it, if only one does, the short
    /// name is not tied to another, and no computer, no workgroup and no security identifier speaks against it.
    /// `perhaps` are servers of network paths that may be domains.
    fn suppose(&mut self, heard: &Heard, perhaps: &BTreeMap<String, BTreeSet<String>>) {
        for (short, written) in heard.short() {
            let tied = self.dns_of.get(short).is_some_and(|dns| !dns.is_empty());
            if tied
                || self.computers.contains_key(short)
                || self.principals.authority(short).is_some()
                || heard.is_workgroup(short)
            {
                continue;
            }
            let of_path = perhaps.get(short);
            let (dns, computer) =
                match (heard.only_dns(short), of_path.map(|names| (names.len(), names.first()))) {
                    (Some(dns), None) => (dns.to_owned(), false),
                    (None, Some((1, Some(server)))) => (server.clone(), true),
                    _ => continue,
                };
            let sids = self.sid_of_domain.contains_key(short) && self.sid_of_domain.contains_key(&dns);
            if sids || self.contradicts(short, &dns) {
                continue;
            }
            let supposition = Supposition { short: written.to_owned(), dns, computer };
            self.suppositions.insert(short.to_owned(), supposition);
        }
        if self.supposing {
            for (short, supposition) in self.suppositions.iter().filter(|(_, s)| s.computer) {
                self.computers.entry(short.clone()).or_default().insert(supposition.dns.clone());
            }
            // Identifiers stand for domains under all their names.
            let renewed =
                self.domain_sids.iter().map(|(sid, domain)| (sid.clone(), self.domain(domain.key())));
            self.domain_sids = renewed.collect();
        }
    }

    /// What a short name may stand for.
    fn supposed(&self, short: &str, computer: bool) -> Option<&str> {
        self.suppositions.get(short).filter(|s| s.computer == computer).map(|s| s.dns.as_str())
    }

    /// Takes the servers of network paths for computers, where the domains are known and it is none of them:
    /// the path of a distributed file system begins with the name of a domain. Gives those with a DNS name below that of
    /// a domain, of which nothing tells that they are no domains themselves, by their first label.
    fn add_servers(
        &mut self,
        schema: &Schema,
        evidence: &Evidence,
        domains: &BTreeSet<String>,
        heard: &Heard,
    ) -> BTreeMap<String, BTreeSet<String>> {
        let mut perhaps: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut seen: HashSet<&str> = HashSet::new();
        for (t, table) in evidence.tables.iter().enumerate() {
            for (f, field) in schema.tables[t].fields.iter().enumerate() {
                if field.kind.scalar != Scalar::Path {
                    continue;
                }
                for row in &table.rows {
                    if let Fact::Text(path) = &row.cells[f].fact
                        && path.starts_with(r"\\")
                        && let Some(server) = computer_name(path).filter(|server| seen.insert(server))
                    {
                        let server = server.to_lowercase();
                        if server.contains(['%', '$']) || is_address(&server) || domains.contains(&server) {
                            continue;
                        }
                        match server.split_once('.') {
                            None if !self.dns_of.is_empty()
                                && !self.dns_of.contains_key(&server)
                                && !heard.is_label(&server) =>
                            {
                                self.computers.entry(server).or_default();
                            }
                            Some((label, domain)) if heard.is_domain(domain) && !heard.is_domain(&server) => {
                                if self.computers.contains_key(label) {
                                    // Another export says that this is a computer.
                                    self.computers.entry(label.to_owned()).or_default().insert(server);
                                } else {
                                    perhaps.entry(label.to_owned()).or_default().insert(server);
                                }
                            }
                            _ => {}
                        }
                    }
                }
            }
        }
        perhaps
    }

    /// Ties a NetBIOS and a DNS domain name together.
    fn add_domain(&mut self, netbios: Option<&str>, dns: Option<&str>) {
        let netbios = netbios.filter(|n| !n.contains('.'));
        let dns = dns.map(|d| d.trim_end_matches('.')).filter(|d| !d.is_empty());
        if let Some(netbios) = netbios {
            self.dns_of.entry(netbios.to_owned()).or_default().extend(dns.map(str::to_owned));
        }
        if let Some(dns) = dns {
            self.netbios_of.entry(dns.to_owned()).or_default().extend(netbios.map(str::to_owned));
        }
    }

    fn add_computer_cell(&mut self, fact: &Fact) {
        match fact {
            Fact::Text(text) => self.add_computer(text),
            Fact::List(cells) => cells.iter().for_each(|cell| self.add_computer_cell(&cell.fact)),
            _ => {}
        }
    }

    fn add_computer(&mut self, text: &str) {
        let Some(name) = computer_name(text).map(str::to_lowercase) else { return };
        if is_address(&name) {
            return;
        }
        match name.split_once('.') {
            Some((label, _)) => {
                self.computers.entry(label.to_owned()).or_default().insert(name.clone());
            }
            None => {
                self.computers.entry(name).or_default();
            }
        }
    }

    fn add_principals(&mut self, principals: &[Principal]) {
        // What two rows contradict each other about is not known.
        let mut sids: HashMap<String, Option<String>> = HashMap::new();
        let mut upns: HashMap<String, Option<String>> = HashMap::new();
        let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for Principal { account, sid, upn, .. } in principals {
            let mut identity = self.resolve(account);
            if identity.home == Home::None
                && let Some(domain) =
                    sid.as_deref().and_then(|sid| self.domain_sids.get(sid.rsplit_once('-')?.0))
            {
                // A bare name beside an identifier is one of the domain whose identifier that is.
                identity = self.finish(Home::Domain(domain.clone()), identity.name, false);
            }
            if identity.name.is_empty() {
                continue;
            }
            if let Some(sid) = sid {
                set_once(&mut sids, &identity.key, sid);
                keys.entry(sid.clone()).or_default().insert(identity.key.clone());
            }
            if let Some(upn) = upn {
                set_once(&mut upns, upn, &identity.key);
            }
            self.named.insert(identity.key, (identity.home, identity.name));
        }
        self.sid_of_key = sids.into_iter().filter_map(|(key, sid)| Some((key, sid?))).collect();
        // A SID that goes by several names (renamed, or under both names of its domain) has the first as key.
        self.key_of_sid =
            keys.into_iter().filter_map(|(sid, keys)| Some((sid, keys.into_iter().next()?))).collect();
        self.key_of_upn = upns.into_iter().filter_map(|(upn, key)| Some((upn, key?))).collect();
        let mut groups: HashMap<String, Option<bool>> = HashMap::new();
        for Principal { account, sid, is_group, .. } in principals {
            let Some(flag) = *is_group else { continue };
            set_once(&mut groups, &self.resolve(account).key, &flag);
            if let Some(sid) = sid {
                set_once(&mut groups, sid, &flag);
            }
        }
        self.groups = groups.into_iter().filter_map(|(key, flag)| Some((key, flag?))).collect();
    }

    /// The domain of that name, under all names known of it.
    fn domain(&self, name: &str) -> Domain {
        let name = name.to_lowercase();
        let only = |names: Option<&BTreeSet<String>>| {
            names.filter(|n| n.len() == 1).and_then(|n| n.first()).cloned()
        };
        if name.contains('.') {
            // Two domains can share a NetBIOS name; then it does not stand for either.
            let netbios = only(self.netbios_of.get(&name))
                .filter(|n| only(self.dns_of.get(n)).is_some_and(|dns| dns == name));
            Domain { netbios, dns: Some(name), ..Domain::default() }
        } else {
            let dns = only(self.dns_of.get(&name));
            let supposed = dns.is_none().then(|| self.supposed(&name, false)).flatten();
            match supposed.filter(|_| self.supposing).map(str::to_owned) {
                Some(dns) => {
                    Domain { netbios: Some(name), dns: Some(dns), supposed: true, ..Domain::default() }
                }
                None => Domain { netbios: Some(name), dns, ..Domain::default() },
            }
        }
    }

    /// Resolves an account: where it lives, under which name, with which SID.
    pub fn resolve(&self, account: &Account) -> Identity {
        match &account.form {
            AccountForm::Sid => self.resolve_sid(&account.written),
            AccountForm::DownLevel { domain, name } => self.resolve_name(domain, name),
            AccountForm::Bare => {
                let name = account.name().trim().to_lowercase();
                match self.principals.named(&name, None) {
                    Some(known) => fixed(known),
                    None => self.finish(Home::None, name, false),
                }
            }
            AccountForm::Principal { name, suffix } => {
                let upn = format!("{name}@{suffix}").to_lowercase();
                if let Some((home, name)) = self.key_of_upn.get(&upn).and_then(|key| self.named.get(key)) {
                    return self.finish(home.clone(), name.clone(), false);
                }
                let mut domain = self.domain(suffix);
                domain.suffix = domain.netbios.is_none();
                self.finish(Home::Domain(domain), name.to_lowercase(), false)
            }
            AccountForm::Distinguished { name, domain } => {
                let home = if domain.is_empty() { Home::None } else { Home::Domain(self.domain(domain)) };
                self.finish(home, name.to_lowercase(), true)
            }
        }
    }

    fn resolve_sid(&self, sid: &str) -> Identity {
        let sid = sid.to_uppercase();
        if let Some(known) = self.principals.fixed(&sid) {
            return fixed(known);
        }
        if let Some(key) = self.key_of_sid.get(&sid)
            && let Some((home, name)) = self.named.get(key)
        {
            return Identity {
                home: home.clone(),
                name: name.clone(),
                relative: false,
                sid: Some(sid),
                key: key.clone(),
            };
        }
        let parent = sid.rsplit_once('-');
        let domain = parent.and_then(|(domain, _)| self.domain_sids.get(domain));
        let Some(domain) = domain else {
            return Identity {
                home: Home::Sid,
                name: String::new(),
                relative: false,
                key: sid.clone(),
                sid: Some(sid),
            };
        };
        let home = Home::Domain(domain.clone());
        let rid = parent.and_then(|(_, rid)| rid.parse().ok());
        let known = rid.and_then(|rid| self.principals.of_rid(rid));
        let name = known.map(|known| known.key.as_str()).unwrap_or_default();
        let key = if name.is_empty() { sid.clone() } else { home_key(&home, name) };
        Identity { home, name: name.to_owned(), relative: false, key, sid: Some(sid) }
    }

    fn resolve_name(&self, domain: &str, name: &str) -> Identity {
        let domain = domain.trim().to_lowercase();
        let name = name.trim().to_lowercase();
        if domain == "." {
            return self.finish(Home::Here, name, false);
        }
        if let Some(authority) = self.principals.authority(&domain) {
            if let Some(known) = self.principals.named(&name, Some(authority)) {
                return fixed(known);
            }
            let home = authority_home(authority);
            return Identity { key: home_key(&home, &name), home, name, relative: false, sid: None };
        }
        let known_domain = self.dns_of.contains_key(&domain) || self.netbios_of.contains_key(&domain);
        let home = match self.computer_key_if_known(&domain) {
            Some(computer) if !known_domain => Home::Computer(computer),
            _ => Home::Domain(self.domain(&domain)),
        };
        self.finish(home, name, false)
    }

    /// Completes an identity of known home and name.
    fn finish(&self, home: Home, name: String, relative: bool) -> Identity {
        let mut name = name;
        let mut sid = None;
        if let Home::Domain(domain) = &home
            && let Some((known, rid)) = self.principals.of_domain(&name).and_then(|w| Some((w, w.rid?)))
        {
            known.key.clone_into(&mut name);
            let own = || domain.netbios.as_ref().filter(|_| domain.supposed);
            let of_domain = self.sid_of_domain.get(domain.key());
            sid =
                of_domain.or_else(|| self.sid_of_domain.get(own()?)).map(|domain| format!("{domain}-{rid}"));
        }
        let key = home_key(&home, &name);
        let sid = sid.or_else(|| self.sid_of_key.get(&key).cloned());
        let key = sid.as_ref().and_then(|sid| self.key_of_sid.get(sid)).cloned().unwrap_or(key);
        Identity { home, name, relative, sid, key }
    }

    /// The principals that Windows and every domain come with.
    pub fn principals(&self) -> &Principals {
        &self.principals
    }

    /// Which of the principals that Windows or every domain comes with an account is. `sid` is what an export says
    /// beside its name.
    pub fn well_known(&self, identity: &Identity, sid: Option<&str>) -> Option<&WellKnown> {
        if let Some(sid) = identity.sid().or(sid) {
            return self.principals.of_sid(&sid.to_uppercase());
        }
        match &identity.home {
            Home::Domain(_) => self.principals.of_domain(identity.name()?),
            _ => None,
        }
    }

    /// Whether two accounts are the same. None if they are possibly the same.
    pub fn same(&self, a: &Account, b: &Account) -> Option<bool> {
        if a.form == b.form && a.written == b.written {
            return Some(true);
        }
        self.compare(&self.resolve(a), &self.resolve(b))
    }

    /// [`Identities::same`] for accounts that have been resolved.
    pub fn compare(&self, a: &Identity, b: &Identity) -> Option<bool> {
        if a.key == b.key {
            return Some(true);
        }
        if let (Some(x), Some(y)) = (&a.sid, &b.sid) {
            // That two accounts differ does not rest on what is only supposed.
            return match (x == y, a.is_supposed() || b.is_supposed()) {
                (same, false) | (same @ true, true) => Some(same),
                (false, true) => (a.name().zip(b.name()).is_some_and(|(a, b)| a != b)).then_some(false),
            };
        }
        let homes = self.same_home(&a.home, &b.home);
        if homes == Some(false) {
            return Some(false);
        }
        if a.name.is_empty() || b.name.is_empty() {
            let (sid, named) = if a.name.is_empty() { (a, b) } else { (b, a) };
            return if self.is_never(sid, named) { Some(false) } else { None };
        }
        if a.name != b.name {
            return if a.relative || b.relative { None } else { Some(false) };
        }
        homes
    }

    /// Whether an account of which only the security identifier is known is proven not to be one whose name is known:
    /// it is one that every domain comes with, and the name is that of something else.
    fn is_never(&self, sid: &Identity, named: &Identity) -> bool {
        let Some((parent, rid)) = sid.sid.as_deref().and_then(|sid| sid.rsplit_once('-')) else {
            return false;
        };
        // Below 1000 stands what Windows or a domain comes with: up to 511 users, from 512 on groups. A computer never.
        let Some(rid) = rid.parse::<u32>().ok().filter(|rid| (500..1000).contains(rid)) else { return false };
        if !parent.starts_with("S-1-5-21-") || named.relative {
            return false;
        }
        let own = self.principals.of_domain(&named.name).and_then(|known| known.rid);
        named.name.ends_with('$')
            || own.is_some_and(|own| own != rid)
            || self.groups.get(&named.key).is_some_and(|group| *group != (rid >= 512))
    }

    fn same_home(&self, a: &Home, b: &Home) -> Option<bool> {
        match (a, b) {
            (Home::Here, Home::Here) | (Home::None, Home::None) | (Home::Builtin, Home::Builtin) => {
                Some(true)
            }
            (Home::Authority(a), Home::Authority(b)) => Some(a == b),
            // A SID of Windows itself would have been resolved.
            (Home::Authority(_), Home::None) | (Home::None, Home::Authority(_)) => None,
            (Home::Authority(_), _) | (_, Home::Authority(_)) => Some(false),
            (Home::Sid | Home::None, _) | (_, Home::Sid | Home::None) => None,
            // On a domain controller the domain's name stands for the built-in groups.
            (Home::Builtin, _) | (_, Home::Builtin) => None,
            (Home::Here, Home::Computer(_)) | (Home::Computer(_), Home::Here) => None,
            (Home::Here, Home::Domain(domain)) | (Home::Domain(domain), Home::Here) => {
                // A short name could be that of a computer no export speaks of.
                domain.dns.is_some().then_some(false)
            }
            (Home::Computer(a), Home::Computer(b)) => self.same_computer(a, b),
            (Home::Computer(_), Home::Domain(_)) | (Home::Domain(_), Home::Computer(_)) => Some(false),
            (Home::Domain(a), Home::Domain(b)) => self.same_domain(a, b),
        }
    }

    fn same_domain(&self, a: &Domain, b: &Domain) -> Option<bool> {
        if a.dns.is_some() && a.dns == b.dns {
            return Some(true);
        }
        if let (Some(_), Some(_)) = (a.proven_dns(), b.proven_dns()) {
            // A user principal name may have any suffix of the forest.
            return (!a.suffix && !b.suffix).then_some(false);
        }
        if let (Some(x), Some(y)) = (&a.netbios, &b.netbios) {
            return Some(x == y);
        }
        let sid = |domain: &Domain| {
            let name = domain.proven_dns().or(domain.netbios.as_deref())?;
            self.sid_of_domain.get(name).filter(|_| !domain.suffix)
        };
        if let (Some(x), Some(y)) = (sid(a), sid(b))
            && x != y
        {
            return Some(false);
        }
        // A short name against a DNS name, and nothing ties them together. If the short name was seen with
        // other DNS names only, they are different.
        let (netbios, dns, suffix) = match (&a.netbios, b.proven_dns(), &b.netbios, a.proven_dns()) {
            (Some(netbios), Some(dns), ..) => (netbios, dns, b.suffix),
            (.., Some(netbios), Some(dns)) => (netbios, dns, a.suffix),
            _ => return None,
        };
        let seen = self.dns_of.get(netbios).filter(|seen| !seen.is_empty());
        (!suffix && seen.is_some_and(|seen| !seen.contains(dns))).then_some(false)
    }

    /// Whether a domain is known under both its short and its DNS name; `name` is one of them.
    pub fn has_both_names(&self, name: &str) -> bool {
        let domain = self.domain(name.trim().trim_end_matches('.'));
        domain.netbios.is_some() && domain.proven_dns().is_some()
    }

    /// Whether two names of domains mean the same domain. None if they possibly do.
    pub fn same_domain_name(&self, a: &str, b: &str) -> Option<bool> {
        let clean = |name: &str| name.trim().trim_end_matches('.').to_lowercase();
        self.same_domain(&self.domain(&clean(a)), &self.domain(&clean(b)))
    }

    /// The key by which accounts are grouped: equal if, and only if, two accounts are proven the same.
    pub fn key(&self, account: &Account) -> String {
        self.resolve(account).key
    }

    /// What the evidence tells an account to be.
    pub fn kind(&self, account: &Account) -> AccountKind {
        self.kind_of(&self.resolve(account))
    }

    /// Whether an account of which the evidence tells nothing may be a group: the groups could not be read.
    pub fn may_be_group(&self, account: &Account) -> bool {
        self.groups_lost && !matches!(self.resolve(account).home, Home::Here | Home::Computer(_))
    }

    /// [`Identities::kind`] of an account that has been resolved.
    pub fn kind_of(&self, identity: &Identity) -> AccountKind {
        if self.is_well_known(identity) {
            return AccountKind::WellKnown;
        }
        if identity.name.ends_with('$') {
            return AccountKind::Computer;
        }
        let by_sid = || self.groups.get(identity.sid.as_ref()?);
        let flag = self.groups.get(&identity.key).or_else(by_sid);
        match flag {
            Some(true) => AccountKind::Group,
            Some(false) => AccountKind::User,
            None => AccountKind::Unknown,
        }
    }

    fn is_well_known(&self, identity: &Identity) -> bool {
        let rid = identity
            .sid
            .as_ref()
            .filter(|sid| sid.starts_with("S-1-5-21-"))
            .and_then(|sid| sid.rsplit('-').next()?.parse().ok());
        match &identity.home {
            Home::Builtin | Home::Authority(_) => true,
            Home::Domain(_) | Home::Sid => {
                rid.is_some_and(|rid| self.principals.of_rid(rid).is_some())
                    || self.principals.of_domain(&identity.name).is_some()
            }
            Home::Here | Home::Computer(_) => {
                // The accounts of a computer are those of a domain that stand for people.
                let own = self.principals.of_domain(&identity.name).and_then(|known| known.rid);
                self.principals.named(&identity.name, Some("builtin")).is_some()
                    || matches!(own, Some(500 | 501))
            }
            Home::None => false,
        }
    }

    /// Where an account lives. None if the evidence does not tell: a SID of an unknown domain or computer, a
    /// name in a short form that is both a domain's and a computer's.
    pub fn scope(&self, account: &Account) -> Option<Scope> {
        self.scope_of(&self.resolve(account))
    }

    /// [`Identities::scope`] of an account that has been resolved.
    pub fn scope_of(&self, identity: &Identity) -> Option<Scope> {
        match &identity.home {
            Home::None => Some(Scope::None),
            Home::Builtin | Home::Authority(_) => Some(Scope::BuiltIn),
            Home::Here | Home::Computer(_) => Some(Scope::Local),
            Home::Domain(domain) => match domain.netbios.as_deref().filter(|_| domain.dns.is_none()) {
                Some(short) if self.servers_lost || self.supposed(short, true).is_some() => None,
                _ => Some(Scope::Domain),
            },
            Home::Sid => None,
        }
    }

    /// The key by which domains are put together: the lower-case DNS name, or the short one where no other is known.
    pub fn domain_key(&self, name: &str) -> String {
        self.domain(name.trim().trim_end_matches('.')).key().to_owned()
    }

    /// Whether two accounts live in one domain. The outer none: one of them lives in no domain, or in none that is
    /// known; the inner one: they possibly do.
    pub fn same_domain_of(&self, a: &Identity, b: &Identity) -> Option<Option<bool>> {
        let domain = |identity: &Identity| match &identity.home {
            Home::Domain(domain) => Some(domain.clone()),
            _ => {
                let (domain, _) = identity.sid.as_deref()?.rsplit_once('-')?;
                self.domain_sids.get(domain).cloned()
            }
        };
        if let (Some((x, _)), Some((y, _))) = (
            a.sid.as_deref().and_then(|sid| sid.rsplit_once('-')),
            b.sid.as_deref().and_then(|sid| sid.rsplit_once('-')),
        ) {
            return Some(Some(x == y));
        }
        Some(self.same_domain(&domain(a)?, &domain(b)?))
    }

    /// Whether the account is a local account of that computer. None if the evidence does not tell.
    pub fn home_of(&self, account: &Account, computer: &str) -> Option<bool> {
        match self.resolve(account).home {
            Home::Computer(home) => self.same_computer(&home, computer),
            Home::Domain(_) | Home::Builtin | Home::Authority(_) => Some(false),
            Home::Here | Home::None | Home::Sid => None,
        }
    }

    /// Whether the account is the computer account of that computer: `DOMAIN\SRV$` of `srv.domain.example`.
    /// None if it possibly is: several computers have that name, and the domains do not tell them apart.
    pub fn is_account_of(&self, account: &Account, computer: &str) -> Option<bool> {
        let identity = self.resolve(account);
        if identity.name.is_empty() {
            return None;
        }
        let Some(label) = identity.name.strip_suffix('$') else { return Some(false) };
        let key = self.computer_key(computer);
        let (short, domain) = key.split_once('.').unwrap_or((&key, ""));
        if short != label {
            return if cut_label(short, label) { None } else { Some(false) };
        }
        let several = self.computers.get(label).is_some_and(|seen| seen.len() > 1);
        let only = (!several).then_some(true);
        match &identity.home {
            Home::Domain(home) if !domain.is_empty() => self.is_domain_of_host(home, domain, several),
            // Without a domain behind its name, a computer is where the exports of computers say.
            Home::Domain(home) => match self.domains_of_hosts.get(label) {
                None => only,
                Some(domains) => {
                    let verdicts: Vec<Option<bool>> = domains
                        .iter()
                        .map(|domain| self.is_domain_of_host(home, domain, several || domains.len() > 1))
                        .collect();
                    let agreed = verdicts.first().copied().flatten();
                    agreed.filter(|_| verdicts.iter().all(|verdict| *verdict == agreed))
                }
            },
            // As with short names: the only computer of that name is the one that is meant.
            Home::None | Home::Sid => only,
            _ => Some(false),
        }
    }

    /// Whether an account of a domain is one of the domain in which a computer of its name is. Names of domains that nothing
    /// ties prove nothing, unless they agree as far as they go and no other computer has that name.
    fn is_domain_of_host(&self, home: &Domain, domain: &str, several: bool) -> Option<bool> {
        self.same_domain(home, &self.domain(domain)).or_else(|| {
            let short = home.netbios.as_deref().filter(|_| home.proven_dns().is_none() && !several)?;
            (self.supposed(short, false)? == domain).then_some(true)
        })
    }

    /// The domains of two accounts, as they are written if they are, where nothing tells whether they are one. None if
    /// something does, or if one of the accounts is of no domain that is known.
    pub fn untied(&self, a: &Account, b: &Account) -> Option<(String, String)> {
        let written =
            |account: &Account, domain: &Domain| account.domain().unwrap_or(domain.key()).to_owned();
        match (self.resolve(a).home, self.resolve(b).home) {
            (Home::Domain(x), Home::Domain(y)) if self.same_domain(&x, &y).is_none() => {
                Some((written(a, &x), written(b, &y)))
            }
            _ => None,
        }
    }

    /// Whether two names mean the same computer. None if they possibly do: a short name that several DNS names
    /// begin with, an address.
    pub fn same_computer(&self, a: &str, b: &str) -> Option<bool> {
        let (Some(a), Some(b)) = (computer_name(a), computer_name(b)) else { return None };
        let (a, b) = (a.to_lowercase(), b.to_lowercase());
        if a == b {
            return Some(true);
        }
        if is_address(&a) || is_address(&b) {
            return if is_address(&a) && is_address(&b) { Some(false) } else { None };
        }
        let label = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        let (short_a, short_b) = (label(&a), label(&b));
        if short_a != short_b {
            // NetBIOS names are cut after 15 characters.
            let cut = cut_label(&short_a, &short_b);
            return if cut { None } else { Some(false) };
        }
        if a.contains('.') && b.contains('.') {
            return Some(false);
        }
        let full = if a.contains('.') { a } else { b };
        match self.computers.get(&short_a) {
            Some(seen) if seen.iter().any(|name| *name != full) => None,
            _ => Some(true),
        }
    }

    /// The key by which computers are grouped: equal if, and only if, two names are proven to mean the same
    /// computer.
    pub fn computer_key(&self, name: &str) -> String {
        let Some(name) = computer_name(name) else { return name.trim().to_lowercase() };
        let name = name.to_lowercase();
        if name.contains('.') {
            return name;
        }
        match self.computers.get(&name) {
            Some(seen) if seen.len() == 1 => seen.first().cloned().unwrap_or(name),
            _ => name,
        }
    }

    /// The key of a computer the evidence speaks of.
    fn computer_key_if_known(&self, name: &str) -> Option<String> {
        let label = name.split('.').next().unwrap_or_default();
        let seen = self.computers.get(label)?;
        (!name.contains('.') || seen.contains(name)).then(|| self.computer_key(name))
    }
}

fn set_once<V: Clone + PartialEq>(map: &mut HashMap<String, Option<V>>, key: &str, value: &V) {
    match map.get_mut(key) {
        None => {
            map.insert(key.to_owned(), Some(value.clone()));
        }
        Some(old) if old.as_ref() != Some(value) => *old = None,
        Some(_) => {}
    }
}

fn authority_home(authority: &str) -> Home {
    if authority == "builtin" { Home::Builtin } else { Home::Authority(authority.to_owned()) }
}

/// The identity of a principal that has the same identifier everywhere.
fn fixed(known: &WellKnown) -> Identity {
    let home = authority_home(known.authority());
    Identity {
        key: home_key(&home, &known.key),
        home,
        name: known.key.clone(),
        relative: false,
        sid: known.sid.clone(),
    }
}

fn home_key(home: &Home, name: &str) -> String {
    match home {
        Home::None | Home::Sid => name.to_owned(),
        Home::Builtin => format!("builtin\\{name}"),
        Home::Authority(authority) if authority.is_empty() => format!("\\{name}"),
        Home::Authority(authority) => format!("{authority}\\{name}"),
        Home::Here => format!(".\\{name}"),
        Home::Computer(computer) => format!("{computer}\\{name}"),
        Home::Domain(domain) => format!("{}\\{name}", domain.key()),
    }
}

/// Whether one label is the other, cut at the 15 characters a NetBIOS name may have.
fn cut_label(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    short.chars().count() == 15 && long.starts_with(short)
}

/// Whether a computer is given by its address.
fn is_address(name: &str) -> bool {
    name.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(text: &str) -> Account {
        Account::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    /// Two domains with both names, one whose short name two forests use, one known by its short name only.
    fn estate() -> Identities {
        let principals = Arc::new(crate::vocabulary::principals(&crate::assets::Assets::content()));
        let mut out = Identities { principals, ..Identities::default() };
        for (netbios, dns) in [
            (Some("contoso"), Some("contoso.com")),
            (Some("fabrikam"), Some("corp.fabrikam.net")),
            (Some("twin"), Some("twin.example")),
            (Some("twin"), Some("twin.test")),
            (Some("alone"), None),
        ] {
            out.add_domain(netbios, dns);
        }
        let contoso = out.domain("contoso");
        out.sid_of_domain.insert(contoso.key().to_owned(), "S-1-5-21-1-2-3".to_owned());
        out.domain_sids.insert("S-1-5-21-1-2-3".to_owned(), contoso);
        for computer in [r"\MP1.contoso.com", "db1", "dup.contoso.com", "dup.corp.fabrikam.net"] {
            out.add_computer(computer);
        }
        let principal = |name: &str, sid: &str, upn: Option<&str>, is_group: Option<bool>| Principal {
            account: Arc::new(account(name)),
            sid: Some(sid.to_owned()),
            upn: upn.map(str::to_owned),
            is_group,
        };
        out.add_principals(&[
            principal(r"CONTOSO\jdoe", "S-1-5-21-1-2-3-1105", Some("jane.doe@contoso.com"), Some(false)),
            principal(r"CONTOSO\cm-admins", "S-1-5-21-1-2-3-1200", None, Some(true)),
            principal(r"ALONE\svc", "S-1-5-21-9-9-9-1300", None, None),
            principal(r"alone.example\svc", "S-1-5-21-9-9-9-1300", None, None),
        ]);
        out
    }

    #[test]
    fn spellings_are_compared_in_three_values() {
        let estate = estate();
        let (yes, no, open) = (Some(true), Some(false), None);
        let table = [
            // Case, and the two names of a domain.
            (r"CONTOSO\svc", r"contoso\SVC", yes),
            (r"CONTOSO\svc", r"contoso.com\svc", yes),
            (r"CONTOSO\svc", "svc@contoso.com", yes),
            (r"CONTOSO\svc", "CN=svc,OU=Service,DC=contoso,DC=com", yes),
            (r"CONTOSO\svc", r"CONTOSO\svc2", no),
            (r"CONTOSO\svc", r"FABRIKAM\svc", no),
            (r"CONTOSO\svc", r"corp.fabrikam.net\svc", no),
            (r"CONTOSO\svc", "svc@corp.fabrikam.net", no),
            // One name of the domain, and nothing that ties it to the other.
            (r"ALONE\svc2", r"alone.example\svc2", open),
            (r"UNSEEN\svc", r"unseen.example\svc", open),
            (r"UNSEEN\svc", r"contoso.com\svc", no),
            (r"UNSEEN\svc", r"OTHER\svc", no),
            (r"UNSEEN\svc", "svc@any.example", open),
            (r"CONTOSO\svc", "svc@mail.example", open),
            (r"CONTOSO\svc", "other@mail.example", no),
            (r"TWIN\svc", r"twin.example\svc", open),
            (r"TWIN\svc", r"twin.test\svc", open),
            (r"TWIN\svc", r"contoso.com\svc", no),
            (r"twin.example\svc", r"twin.test\svc", no),
            // Bare names.
            ("svc", r"CONTOSO\svc", open),
            ("svc", "svc", yes),
            ("svc", "SVC", yes),
            ("svc", r"CONTOSO\svc2", no),
            ("svc", r".\svc", open),
            // Local accounts.
            (r".\svc", r"CONTOSO\svc", no),
            (r".\svc", r"UNSEEN\svc", open),
            (r".\svc", r"MP1\svc", open),
            (r"MP1\svc", r"CONTOSO\svc", no),
            (r"MP1\svc", r"mp1.contoso.com\svc", yes),
            (r"MP1\svc", r"DB1\svc", no),
            // SIDs.
            ("S-1-5-21-1-2-3-1105", r"CONTOSO\jdoe", yes),
            ("S-1-5-21-1-2-3-1105", "jane.doe@contoso.com", yes),
            ("jane.doe@contoso.com", r"contoso.com\JDOE", yes),
            ("S-1-5-21-1-2-3-1105", r"CONTOSO\cm-admins", no),
            ("S-1-5-21-1-2-3-1106", r"CONTOSO\svc", open),
            ("S-1-5-21-1-2-3-1106", r"FABRIKAM\svc", no),
            ("S-1-5-21-1-2-3-1106", "S-1-5-21-1-2-3-1107", no),
            ("s-1-5-21-1-2-3-1106", "S-1-5-21-1-2-3-1106", yes),
            ("S-1-5-21-1-2-3-512", r"CONTOSO\Domain Admins", yes),
            ("S-1-5-21-1-2-3-512", "CONTOSO\\Dom\u{e4}nen-Admins", yes),
            ("S-1-5-21-7-7-7-1001", r"CONTOSO\svc", open),
            (r"ALONE\svc", r"alone.example\svc", yes),
            // What every domain comes with is no computer and nothing else that it comes with, in any language.
            ("S-1-5-21-7-7-7-500", r"CONTOSO\MP1$", no),
            ("S-1-5-21-7-7-7-512", r"UNSEEN\MP1$", no),
            ("S-1-5-21-7-7-7-500", "CONTOSO\\Dom\u{e4}nen-Admins", no),
            ("S-1-5-21-7-7-7-512", r"CONTOSO\jdoe", no),
            ("S-1-5-21-7-7-7-500", r"CONTOSO\cm-admins", no),
            ("S-1-5-21-7-7-7-500", r"CONTOSO\renamed", open),
            ("S-1-5-21-7-7-7-1500", r"CONTOSO\MP1$", open),
            // Built-in principals.
            ("S-1-5-32-544", r"BUILTIN\Administrators", yes),
            ("S-1-5-32-544", r"VORDEFINIERT\Administratoren", yes),
            ("Administrators", r"BUILTIN\Administrators", yes),
            (r"NT AUTHORITY\SYSTEM", "S-1-5-18", yes),
            (r"NT AUTHORITY\SYSTEM", "LocalSystem", yes),
            (r"NT AUTHORITY\SYSTEM", r"CONTOSO\system", no),
            ("Everyone", "S-1-1-0", yes),
            (r"BUILTIN\Administrators", r"CONTOSO\Administrators", open),
            (r"BUILTIN\Administrators", r"CONTOSO\svc", no),
            // A directory name need not be the account name.
            ("CN=Jane Doe,OU=People,DC=contoso,DC=com", r"CONTOSO\jdoe", open),
            ("CN=Jane Doe,OU=People,DC=contoso,DC=com", r"FABRIKAM\jdoe", no),
        ];
        for (a, b, expected) in table {
            let (x, y) = (account(a), account(b));
            assert_eq!(estate.same(&x, &y), expected, "{a} = {b}");
            assert_eq!(estate.same(&y, &x), expected, "{b} = {a}");
            assert_eq!(
                estate.key(&x) == estate.key(&y),
                expected == Some(true),
                "keys of {a} and {b}: {} and {}",
                estate.key(&x),
                estate.key(&y)
            );
        }
    }

    #[test]
    fn kinds_and_scopes_follow_the_evidence() {
        let estate = estate();
        let table = [
            (r"CONTOSO\jdoe", AccountKind::User, Some(Scope::Domain)),
            ("jane.doe@contoso.com", AccountKind::User, Some(Scope::Domain)),
            (r"contoso.com\cm-admins", AccountKind::Group, Some(Scope::Domain)),
            ("S-1-5-21-1-2-3-1200", AccountKind::Group, Some(Scope::Domain)),
            (r"CONTOSO\MP1$", AccountKind::Computer, Some(Scope::Domain)),
            (r"CONTOSO\Domain Admins", AccountKind::WellKnown, Some(Scope::Domain)),
            (r"BUILTIN\Users", AccountKind::WellKnown, Some(Scope::BuiltIn)),
            (r"NT SERVICE\MSSQLSERVER", AccountKind::WellKnown, Some(Scope::BuiltIn)),
            (r"CONTOSO\svc", AccountKind::Unknown, Some(Scope::Domain)),
            (r".\svc", AccountKind::Unknown, Some(Scope::Local)),
            (r"mp1\svc", AccountKind::Unknown, Some(Scope::Local)),
            ("svc", AccountKind::Unknown, Some(Scope::None)),
            ("S-1-5-21-7-7-7-1001", AccountKind::Unknown, None),
        ];
        for (text, kind, scope) in table {
            assert_eq!(estate.kind(&account(text)), kind, "kind of {text}");
            assert_eq!(estate.scope(&account(text)), scope, "scope of {text}");
        }
    }

    #[test]
    fn computers_are_compared_in_three_values() {
        let estate = estate();
        let table = [
            (r"\mp1.CONTOSO.com", "MP1", Some(true)),
            ("mp1.contoso.com", "mp1.corp.fabrikam.net", Some(false)),
            ("mp1", "mp2", Some(false)),
            ("DB1", "db1.contoso.com", Some(true)),
            ("dup", "dup.contoso.com", None),
            ("dup.contoso.com", "dup.corp.fabrikam.net", Some(false)),
            ("10.0.0.5", "mp1", None),
            ("averylongserver", "averylongserver01.contoso.com", None),
            ("averylongserve", "averylongserver01.contoso.com", Some(false)),
        ];
        for (a, b, expected) in table {
            assert_eq!(estate.same_computer(a, b), expected, "{a} = {b}");
            assert_eq!(estate.same_computer(b, a), expected, "{b} = {a}");
        }
        assert_eq!(estate.computer_key(r"\MP1"), "mp1.contoso.com");
        assert_eq!(estate.computer_key("dup"), "dup");
    }

    #[test]
    fn a_local_account_has_a_home_and_a_computer_an_account() {
        let estate = estate();
        assert_eq!(estate.home_of(&account(r"MP1\svc"), "mp1.contoso.com"), Some(true));
        assert_eq!(estate.home_of(&account(r"MP1\svc"), "db1"), Some(false));
        assert_eq!(estate.home_of(&account(r"CONTOSO\svc"), "mp1"), Some(false));
        assert_eq!(estate.home_of(&account(r".\svc"), "mp1"), None);
        assert_eq!(estate.is_account_of(&account(r"CONTOSO\MP1$"), "mp1"), Some(true));
        assert_eq!(estate.is_account_of(&account(r"FABRIKAM\MP1$"), "mp1"), Some(false));
        // Nothing ties the domain to that of the computer.
        assert_eq!(estate.is_account_of(&account(r"UNSEEN\FS7$"), "fs7.lake.example"), None);
        assert_eq!(estate.is_account_of(&account(r"UNSEEN\MP1$"), "mp1.contoso.com"), Some(false));
        assert_eq!(estate.is_account_of(&account("MP1$"), "mp1.contoso.com"), Some(true));
        assert_eq!(estate.is_account_of(&account(r"UNSEEN\DB1$"), "db1"), Some(true));
        assert_eq!(estate.is_account_of(&account("DUP$"), "dup.contoso.com"), None);
        assert_eq!(estate.is_account_of(&account(r"CONTOSO\mp1"), "mp1"), Some(false));
    }
}
