//! Who belongs to which group: local groups of a computer and groups of domains, through any number of levels.
//!
//! Answers are three-valued. A group whose members no export lists leaves the question open, and the answer names it.
//! Where a name is neither known as a group nor as an account, it may be a group.
//!
//! Windows' own groups without a list of members are answered from what they mean: everyone belongs to `Everyone` and
//! `Authenticated Users`, a user of a domain to its `Domain Users` unless the directory gives another primary group.
//! Those that depend on how someone signs in (`INTERACTIVE`, `NETWORK`, ...) count as groups nobody belongs to.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::estate::shared::Shared;
use crate::estate::table::{Line, Missing, View};
use crate::evidence::{Account, AccountForm, AccountKind, Cell, Fact, Identity, Scope, TableId, Why};
use crate::source::Place;

/// Whether an account belongs to a group.
#[derive(Debug, Clone)]
pub(crate) enum Belongs {
    /// It does, or it is what was asked for itself.
    Yes(Link),
    /// It does not.
    No,
    /// The exports do not tell.
    Open(Missing),
}

/// How an account belongs to a group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Link {
    /// The groups between, from the one asked for down to the account; empty for a direct member and for itself.
    pub(crate) via: Vec<Arc<str>>,
    /// Where the membership in the group that was asked for stands: the cell and its record.
    pub(crate) place: Option<Place>,
    pub(crate) record: Option<Place>,
}

/// A group under the names one knows.
#[derive(Debug, Clone, Default)]
struct Group {
    members: Vec<Member>,
    /// All its members are listed.
    whole: bool,
    /// Why they are not, and where that shows.
    cut: Option<(Why, Option<Place>)>,
}

/// A direct member of a group.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) account: Arc<Account>,
    pub(crate) sid: Option<Arc<Account>>,
    /// A group; none if the export does not tell.
    pub(crate) group: Option<bool>,
    pub(crate) place: Option<Place>,
    pub(crate) record: Option<Place>,
}

/// The direct members of a group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listed<'m> {
    pub(crate) members: &'m [Member],
    /// Why these are not all, and where that shows; none if they are.
    pub(crate) cut: Option<(Why, Option<Place>)>,
}

/// The groups in evidence.
#[derive(Debug, Default)]
pub(crate) struct Membership {
    groups: Vec<Group>,
    /// Key of a computer and key or security identifier of the group.
    local: HashMap<(String, String), usize>,
    /// Key or security identifier of the group.
    domain: HashMap<String, usize>,
    /// Key of an account and its primary group: a full or relative identifier.
    primary: HashMap<String, String>,
    /// Keys of computers that are domain controllers, with their domain.
    controllers: HashMap<String, Option<String>>,
    local_table: TableId,
    domain_table: TableId,
}

impl Membership {
    /// The groups of a hierarchy, read once.
    pub(crate) fn of<'s>(shared: &'s Shared<'_>) -> &'s Self {
        shared.once(Self::build)
    }

    /// Reads the tables of groups and members.
    pub(crate) fn build(shared: &Shared<'_>) -> Self {
        let mut out = Self {
            local_table: shared.schema.table("local_group_members").unwrap_or_default(),
            domain_table: shared.schema.table("domain_group_members").unwrap_or_default(),
            ..Self::default()
        };
        for table in ["local_groups", "local_group_members"] {
            let Some(view) = View::of(shared, table) else { continue };
            for line in view.rows().chain(view.gaps()) {
                let Some(group) = line.account("group") else { continue };
                let host = line.text("host").map(|h| shared.ids.computer_key(h)).unwrap_or_default();
                let keys = local_keys(shared, group, line.text("sid").filter(|_| table == "local_groups"))
                    .into_iter()
                    .chain(line.text("group_sid").map(str::to_uppercase))
                    .map(|key| (host.clone(), key));
                let number = entry(&mut out.local, &mut out.groups, keys);
                out.groups[number].take(line, table == "local_groups");
            }
        }
        for table in ["domain_groups", "domain_group_members"] {
            let Some(view) = View::of(shared, table) else { continue };
            for line in view.rows().chain(view.gaps()) {
                let Some(group) = line.account("group") else { continue };
                let sid = line.text("sid").filter(|_| table == "domain_groups");
                let keys = std::iter::once(shared.ids.resolve(group).key().to_owned())
                    .chain(sid.or(line.text("group_sid")).map(str::to_uppercase));
                let number = entry(&mut out.domain, &mut out.groups, keys);
                out.groups[number].take(line, table == "domain_groups");
            }
        }
        for line in View::of(shared, "directory_accounts").into_iter().flat_map(View::rows) {
            if let (Some(account), Some(group)) = (line.account("account"), line.text("primary_group")) {
                let key = shared.ids.resolve(account).key().to_owned();
                out.primary.insert(key, group.to_uppercase());
            }
        }
        for line in View::of(shared, "computers").into_iter().flat_map(View::rows) {
            if let (Some(host), Some("domain-controller")) = (line.text("host"), line.text("position")) {
                let domain = line.text("domain").map(str::to_owned);
                out.controllers.insert(shared.ids.computer_key(host), domain);
            }
        }
        out
    }

    /// Whether `who` is `to` or belongs to it, directly or through other groups. `to_sid` is the security identifier
    /// of `to`, where the export gives both; `host` is the computer on which the question is asked, whose local
    /// groups count.
    pub(crate) fn belongs(
        &self,
        shared: &Shared<'_>,
        who: &Account,
        to: &Account,
        to_sid: Option<&str>,
        host: Option<&str>,
    ) -> Belongs {
        let who = Who { account: who, identity: shared.ids.resolve(who), kind: shared.ids.kind(who) };
        let sid = to_sid.and_then(Account::parse);
        let target = Target { account: to, sid: sid.as_ref(), group: None };
        self.look(shared, &who, &target, host, &mut HashSet::new())
    }

    /// The direct members that are listed of a group of a computer, or of a domain. None if no export speaks of the
    /// group.
    pub(crate) fn listed(
        &self,
        shared: &Shared<'_>,
        group: &Account,
        sid: Option<&str>,
        host: Option<&str>,
    ) -> Option<Listed<'_>> {
        let sid = sid.and_then(Account::parse);
        let target = Target { account: group, sid: sid.as_ref(), group: Some(true) };
        let identities: Vec<Identity> =
            std::iter::once(group).chain(target.sid).map(|a| shared.ids.resolve(a)).collect();
        let group = &self.groups[self.find(shared, &target, &identities, host)?];
        let cut = (!group.whole).then(|| group.cut.unwrap_or((Why::NotExported, None)));
        Some(Listed { members: &group.members, cut })
    }

    fn look(
        &self,
        shared: &Shared<'_>,
        who: &Who<'_>,
        to: &Target<'_>,
        host: Option<&str>,
        seen: &mut HashSet<usize>,
    ) -> Belongs {
        let identities: Vec<Identity> =
            std::iter::once(to.account).chain(to.sid).map(|a| shared.ids.resolve(a)).collect();
        let same: Vec<Option<bool>> =
            identities.iter().map(|i| shared.ids.compare(&who.identity, i)).collect();
        if same.contains(&Some(true)) {
            return Belongs::Yes(Link::default());
        }
        if let Some(answer) = self.by_meaning(shared, who, to, &identities) {
            return answer;
        }
        let found = self.find(shared, to, &identities, host);
        let written = &to.account.written;
        let Some(number) = found else {
            let kind = shared.ids.kind(to.account);
            let group = to.group.or(match kind {
                AccountKind::User | AccountKind::Computer => Some(false),
                AccountKind::Group | AccountKind::WellKnown => Some(true),
                AccountKind::Unknown => None,
            });
            if group == Some(false) {
                // Another account; whether it is this one under another name may not be known.
                return if same.contains(&Some(false)) {
                    Belongs::No
                } else {
                    Belongs::Open(self.unsure(who, written))
                };
            }
            let on = match (host, self.is_local(shared, to.account, &identities)) {
                (Some(host), true) => format!(" on `{host}`"),
                _ => String::new(),
            };
            let table = if on.is_empty() { self.domain_table } else { self.local_table };
            let what = format!("the members of `{written}`{on}").into();
            return Belongs::Open(Missing { why: Why::NotExported, table, what, place: None });
        };
        if !seen.insert(number) {
            return Belongs::No;
        }
        let group = &self.groups[number];
        let mut open = None;
        for member in &group.members {
            let target = Target { account: &member.account, sid: member.sid.as_deref(), group: member.group };
            match self.look(shared, who, &target, host, seen) {
                Belongs::Yes(link) => {
                    let mut via = link.via;
                    let itself = [Some(&target.account), target.sid.as_ref()]
                        .into_iter()
                        .flatten()
                        .any(|a| shared.ids.compare(&who.identity, &shared.ids.resolve(a)) == Some(true));
                    if !itself {
                        via.insert(0, Arc::from(&*member.account.written));
                    }
                    return Belongs::Yes(Link { via, place: member.place, record: member.record });
                }
                Belongs::No => {}
                Belongs::Open(missing) => open = open.or(Some(missing)),
            }
        }
        if let Some(missing) = open {
            return Belongs::Open(missing);
        }
        if group.whole {
            return Belongs::No;
        }
        let (why, place) = group.cut.unwrap_or((Why::NotExported, None));
        let local = self.is_local(shared, to.account, &identities);
        let table = if local { self.local_table } else { self.domain_table };
        let on = host.filter(|_| local).map(|host| format!(" on `{host}`")).unwrap_or_default();
        let what = format!("the members of `{written}`{on}").into();
        Belongs::Open(Missing { why, table, what, place })
    }

    /// Two names of which the exports do not say whether they are one account.
    fn unsure(&self, who: &Who<'_>, other: &str) -> Missing {
        Missing {
            why: Why::Identity,
            table: self.domain_table,
            what: format!("`{}` and `{other}`", who.account.written).into(),
            place: None,
        }
    }

    /// The answer for groups without a list of members.
    fn by_meaning(
        &self,
        shared: &Shared<'_>,
        who: &Who<'_>,
        to: &Target<'_>,
        identities: &[Identity],
    ) -> Option<Belongs> {
        let yes = || Some(Belongs::Yes(Link::default()));
        let sid = identities
            .iter()
            .find_map(Identity::sid)
            .or_else(|| to.sid.map(|s| &*s.written))
            .or_else(|| (to.account.form == AccountForm::Sid).then_some(&*to.account.written));
        let name = identities.iter().find_map(Identity::name);
        let local = || shared.ids.scope(who.account) == Some(Scope::Local);
        match sid {
            Some("S-1-1-0" | "S-1-5-11") => return yes(),
            Some("S-1-5-113") => {
                return Some(if local() { Belongs::Yes(Link::default()) } else { Belongs::No });
            }
            Some("S-1-5-114") if !local() => return Some(Belongs::No),
            Some(sid) if sid.starts_with("S-1-3-") => return Some(Belongs::No),
            Some(sid)
                if sid.starts_with("S-1-5-")
                    && !sid.starts_with("S-1-5-32-")
                    && !sid.starts_with("S-1-5-21-")
                    && sid != "S-1-5-114" =>
            {
                return Some(Belongs::No);
            }
            _ => {}
        }
        let rid = sid
            .filter(|sid| sid.starts_with("S-1-5-21-"))
            .and_then(|sid| sid.rsplit_once('-'))
            .and_then(|(_, rid)| rid.parse::<u32>().ok());
        let everyday = match (rid, name) {
            (Some(513), _) | (None, Some("domain users")) => Some(513),
            (Some(515), _) | (None, Some("domain computers")) => Some(515),
            _ => None,
        };
        // The primary group of an account is not among the groups' members.
        let primary = self.primary.get(who.identity.key());
        if let (Some(primary), Some(sid)) = (primary, sid) {
            let own = who.identity.sid().and_then(|own| own.rsplit_once('-')).map(|(domain, _)| domain);
            let full = match own {
                Some(domain) if !primary.starts_with("S-") => format!("{domain}-{primary}"),
                _ => primary.clone(),
            };
            if full == sid {
                return yes();
            }
        }
        let everyday = everyday?;
        let computer = who.kind == AccountKind::Computer;
        if shared.ids.scope(who.account) == Some(Scope::Local) || computer != (everyday == 515) {
            return Some(Belongs::No);
        }
        match identities.iter().find_map(|i| shared.ids.same_domain_of(&who.identity, i)) {
            Some(Some(true)) if primary.is_none() || primary.is_some_and(|p| is_rid(p, everyday)) => yes(),
            Some(Some(false)) => Some(Belongs::No),
            // Another primary group: then the list of members decides.
            Some(Some(true)) => None,
            _ => Some(Belongs::Open(Missing {
                why: Why::Identity,
                table: self.domain_table,
                what: format!("the domains of `{}` and `{}`", who.account.written, to.account.written).into(),
                place: None,
            })),
        }
    }

    /// The group in evidence.
    fn find(
        &self,
        shared: &Shared<'_>,
        to: &Target<'_>,
        identities: &[Identity],
        host: Option<&str>,
    ) -> Option<usize> {
        let host = host.map(|host| shared.ids.computer_key(host)).unwrap_or_default();
        let mut keys = local_keys(shared, to.account, None);
        keys.extend(to.sid.map(|sid| sid.written.to_uppercase()));
        let elsewhere =
            shared.ids.scope(to.account) == Some(Scope::Domain) && !self.controllers.contains_key(&host);
        if !elsewhere {
            for key in &keys {
                if let Some(number) = self.local.get(&(host.clone(), key.clone())) {
                    return Some(*number);
                }
            }
        }
        for identity in identities {
            let found = self.domain.get(identity.key()).or_else(|| self.domain.get(identity.sid()?));
            if let Some(number) = found {
                return Some(*number);
            }
        }
        // On a domain controller the built-in groups are those of the domain.
        let domain = self.controllers.get(&host)?.as_deref()?;
        let name = identities.iter().find_map(Identity::name)?;
        let of_domain = Account::parse(&format!("{domain}\\{name}"))?;
        self.domain.get(shared.ids.resolve(&of_domain).key()).copied()
    }

    /// Whether a group is one of the computer's own.
    fn is_local(&self, shared: &Shared<'_>, account: &Account, identities: &[Identity]) -> bool {
        match shared.ids.scope(account) {
            Some(Scope::Domain) => false,
            Some(_) => true,
            None => identities.iter().any(|i| i.sid().is_some_and(|sid| sid.starts_with("S-1-5-32-"))),
        }
    }
}

/// Whether a primary group is the one with that relative identifier.
fn is_rid(primary: &str, rid: u32) -> bool {
    primary.rsplit('-').next().and_then(|r| r.parse::<u32>().ok()) == Some(rid)
}

struct Who<'a> {
    account: &'a Account,
    identity: Identity,
    kind: AccountKind,
}

struct Target<'a> {
    account: &'a Account,
    sid: Option<&'a Account>,
    group: Option<bool>,
}

impl Group {
    /// Takes in a row or gap: of the list of groups, or of that of members.
    fn take(&mut self, line: Line<'_>, of_groups: bool) {
        match (line.gap, of_groups) {
            (Some(gap), _) => self.cut = self.cut.or(Some((gap.why, gap.place))),
            (None, true) => self.whole |= line.flag("members") == Some(true),
            (None, false) => {
                let Some(cell) = line.cell("member") else { return };
                let sid = line.text("sid").and_then(Account::parse).map(Arc::new);
                let group = match line.text("class") {
                    Some("group") => Some(true),
                    Some(_) => Some(false),
                    None => None,
                };
                match (&cell.fact, sid) {
                    (Fact::Account(account), sid) => self.members.push(Member {
                        account: Arc::clone(account),
                        sid,
                        group,
                        place: cell.place,
                        record: line.record,
                    }),
                    (Fact::Unknown(why), None) => self.cut = self.cut.or(Some((*why, line.record))),
                    (_, Some(sid)) => self.members.push(Member {
                        account: Arc::clone(&sid),
                        sid: Some(sid),
                        group,
                        place: line.cell("sid").and_then(|c: &Cell| c.place),
                        record: line.record,
                    }),
                    _ => {}
                }
            }
        }
        if self.cut.is_some() {
            self.whole = false;
        }
    }
}

/// The number of the group that has one of these keys; a new one if none has.
fn entry<K: std::hash::Hash + Eq + Clone>(
    map: &mut HashMap<K, usize>,
    groups: &mut Vec<Group>,
    keys: impl Iterator<Item = K>,
) -> usize {
    let keys: Vec<K> = keys.collect();
    let number = keys.iter().find_map(|key| map.get(key).copied()).unwrap_or_else(|| {
        groups.push(Group::default());
        groups.len() - 1
    });
    for key in keys {
        map.entry(key).or_insert(number);
    }
    number
}

/// The keys of a local group: its identity if Windows comes with it, else its name without the computer's.
fn local_keys(shared: &Shared<'_>, group: &Account, sid: Option<&str>) -> Vec<String> {
    let mut keys = Vec::new();
    let by_sid = sid.and_then(Account::parse);
    for account in by_sid.iter().chain(std::iter::once(group)) {
        let identity = shared.ids.resolve(account);
        match shared.ids.scope(account) {
            Some(Scope::BuiltIn) => keys.push(identity.key().to_owned()),
            _ if account.form == AccountForm::Sid => keys.push(account.written.to_uppercase()),
            _ => keys.push(account.name().to_lowercase()),
        }
    }
    // `Administrators` of a computer is the built-in group, whatever stands before it.
    if let Some(bare) = Account::parse(group.name())
        && group.form != AccountForm::Sid
        && shared.ids.scope(&bare) == Some(Scope::BuiltIn)
    {
        keys.push(shared.ids.resolve(&bare).key().to_owned());
    }
    keys
}
