//! Who belongs to which group: local groups of a computer and groups of domains, through any number of levels.
//!
//! Answers are three-valued. A group whose members no export lists leaves the question open, and the answer names it.
//! Where a name is neither known as a group nor as an account, it may be a group.
//!
//! Windows' own groups without a list of members are answered from what they mean: everyone belongs to `Everyone` and
//! `Authenticated Users`, a user of a domain to its `Domain Users` unless the directory gives another primary group.
//! Those that depend on how someone signs in (`INTERACTIVE`, `NETWORK`, ...) count as groups nobody belongs to.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use crate::estate::principals::in_words;
use crate::estate::shared::Shared;
use crate::estate::table::{Line, View, unsure, untied};
use crate::estate::value::{Bucket, identity_bucket};
use crate::evidence::{
    Account, AccountForm, AccountKind, Cell, Fact, Identity, Missing, Scope, TableId, Why, field, table,
};
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
#[derive(Debug, Default)]
struct Group {
    members: Vec<Member>,
    /// All its members are listed.
    whole: bool,
    /// It has members whatever an export says.
    never_empty: bool,
    /// Where the list of its members stands.
    listed_at: Option<Place>,
    /// Why they are not, and where that shows.
    cut: Option<(Why, Option<Place>)>,
    /// Exports have it under a name whose domain is only supposed, and under one whose domain is not.
    supposed: bool,
    proven: bool,
    /// Made when a large group is first looked through.
    roll: OnceLock<Roll>,
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
    /// By key of a computer: keys or security identifiers of its groups, and their numbers.
    local: HashMap<String, HashMap<Arc<str>, u32>>,
    /// Key or security identifier of the group.
    domain: HashMap<String, u32>,
    /// Security identifiers of groups that Windows comes with, and the numbers of those of domains.
    built_in: HashMap<String, Vec<u32>>,
    /// Key of an account and its primary group: a full or relative identifier.
    primary: HashMap<String, String>,
    /// Keys of computers that are domain controllers, with their domain.
    controllers: HashMap<String, Option<String>>,
    local_table: TableId,
    domain_table: TableId,
}

/// Someone who is asked about, resolved once for many questions.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    account: &'a Account,
    identity: Identity,
    kind: AccountKind,
}

impl<'a> Subject<'a> {
    pub(crate) fn of(shared: &Shared<'_>, account: &'a Account) -> Self {
        let identity = shared.ids.resolve(account);
        Self { account, kind: shared.ids.kind_of(&identity), identity }
    }

    fn is_local(&self, shared: &Shared<'_>) -> bool {
        shared.ids.scope_of(&self.identity) == Some(Scope::Local)
    }

    /// Whether it is, or may be, the user that comes with Windows under a relative identifier.
    fn is_person(&self, shared: &Shared<'_>, rid: u32) -> bool {
        self.identity.name().is_none() && self.identity.sid().is_none()
            || person(shared, &self.identity) == Some(rid)
    }
}

/// Relative identifier of the user Administrator of a computer or domain, which many rename.
const ADMINISTRATOR: u32 = 500;
/// Relative identifiers of the users that come with Windows: Administrator, Guest, krbtgt, DefaultAccount and
/// WDAGUtilityAccount. None of them is a group.
const PERSONS: std::ops::RangeInclusive<u32> = ADMINISTRATOR..=504;

/// The relative identifier of the user that comes with every computer or domain and that an account is, by its
/// security identifier or its name in any language.
fn person(shared: &Shared<'_>, identity: &Identity) -> Option<u32> {
    let rid = match identity.sid() {
        Some(sid) => sid.strip_prefix("S-1-5-21-")?.rsplit_once('-')?.1.parse().ok()?,
        None => shared.ids.principals().of_domain(identity.name()?)?.rid?,
    };
    PERSONS.contains(&rid).then_some(rid)
}

/// A group, or what may be one, that is asked about, resolved once for many questions.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    account: &'a Account,
    sid: Option<Cow<'a, Account>>,
    /// A group; none if nothing tells.
    group: Option<bool>,
    /// Of the account and of its security identifier.
    identities: Vec<Identity>,
    /// The keys it has among the groups of a computer.
    keys: OnceCell<Vec<String>>,
}

impl<'a> Target<'a> {
    /// `sid` is the security identifier of the account, where the export gives both.
    pub(crate) fn of(shared: &Shared<'_>, account: &'a Account, sid: Option<&str>) -> Self {
        Self::new(shared, account, sid.and_then(Account::parse).map(Cow::Owned), None)
    }

    fn member(shared: &Shared<'_>, member: &'a Member) -> Self {
        Self::new(shared, &member.account, member.sid.as_deref().map(Cow::Borrowed), member.group)
    }

    fn new(
        shared: &Shared<'_>,
        account: &'a Account,
        sid: Option<Cow<'a, Account>>,
        group: Option<bool>,
    ) -> Self {
        let identities =
            std::iter::once(account).chain(sid.as_deref()).map(|a| shared.ids.resolve(a)).collect();
        Self { account, sid, group, identities, keys: OnceCell::new() }
    }

    /// Of the account itself.
    fn identity(&self) -> Option<&Identity> {
        self.identities.first()
    }

    fn scope(&self, shared: &Shared<'_>) -> Option<Scope> {
        self.identity().and_then(|identity| shared.ids.scope_of(identity))
    }

    /// Whether it is proven to be another account.
    fn is_never(&self, shared: &Shared<'_>, who: &Subject<'_>) -> bool {
        self.identities.iter().all(|i| shared.ids.compare(&who.identity, i) == Some(false))
    }

    /// The user that comes with Windows and that it is, by relative identifier.
    fn person(&self, shared: &Shared<'_>) -> Option<u32> {
        if self.group == Some(true) {
            return None;
        }
        self.identities.iter().find_map(|identity| person(shared, identity))
    }

    fn keys(&self, shared: &Shared<'_>) -> &[String] {
        self.keys.get_or_init(|| {
            let mut keys = local_keys(shared, self.account, None);
            keys.extend(self.sid.as_ref().map(|sid| sid.written.to_uppercase()));
            keys
        })
    }
}

/// The computer on which a question is asked, with its key.
#[derive(Debug, Clone)]
pub(crate) struct On<'a> {
    pub(crate) host: &'a str,
    pub(crate) key: String,
}

impl<'a> On<'a> {
    pub(crate) fn of(shared: &Shared<'_>, host: &'a str) -> Self {
        Self { host, key: shared.ids.computer_key(host) }
    }
}

/// A group with its members resolved.
#[derive(Debug)]
pub(crate) struct Ready<'m> {
    number: u32,
    /// With whether it is a plain account.
    members: Vec<(Target<'m>, bool)>,
}

/// From so many members on a group is looked through by the keys of its members.
const LARGE: usize = 32;

/// The members of a large group, by number.
#[derive(Debug, Default)]
struct Roll {
    /// Groups and whatever else is no plain account of a domain: these are always looked at.
    always: Vec<u32>,
    /// Plain accounts by what they are looked up by.
    by_key: HashMap<String, Vec<u32>>,
    /// Plain accounts that may be any.
    any: Vec<u32>,
}

impl Membership {
    /// The groups of a hierarchy, read once.
    pub(crate) fn of<'s>(shared: &'s Shared<'_>) -> &'s Self {
        shared.once(Self::build)
    }

    /// Reads the tables of groups and members.
    pub(crate) fn build(shared: &Shared<'_>) -> Self {
        let mut out = Self {
            local_table: shared.schema.id(table::LOCAL_GROUP_MEMBERS).unwrap_or_default(),
            domain_table: shared.schema.id(table::DOMAIN_GROUP_MEMBERS).unwrap_or_default(),
            ..Self::default()
        };
        let mut interned: HashSet<Arc<str>> = HashSet::new();
        for table in [table::LOCAL_GROUPS, table::LOCAL_GROUP_MEMBERS] {
            let Some(view) = View::of(shared, table) else { continue };
            for line in view.rows().chain(view.gaps()).map(Line::of_several) {
                let Some(group) = line.account(field::GROUP) else { continue };
                let host = line.text(field::HOST).map(|h| shared.ids.computer_key(h)).unwrap_or_default();
                let keys =
                    local_keys(shared, group, line.text(field::SID).filter(|_| table == table::LOCAL_GROUPS))
                        .into_iter()
                        .chain(line.text(field::GROUP_SID).map(str::to_uppercase));
                let keys: Vec<String> = keys.collect();
                let never_empty = keys.iter().any(|key| key == ADMINISTRATORS_KEY || key == ADMINISTRATORS);
                let number = out.local_entry(host, keys.into_iter(), &mut interned);
                let group = &mut out.groups[number as usize];
                group.never_empty |= never_empty;
                group.take(line, table == table::LOCAL_GROUPS);
            }
        }
        for table in [table::DOMAIN_GROUPS, table::DOMAIN_GROUP_MEMBERS] {
            let Some(view) = View::of(shared, table) else { continue };
            for line in view.rows().chain(view.gaps()).map(Line::of_several) {
                let Some(group) = line.account(field::GROUP) else { continue };
                let sid = line.text(field::SID).filter(|_| table == table::DOMAIN_GROUPS);
                let identity = shared.ids.resolve(group);
                let sid = sid.or(line.text(field::GROUP_SID)).map(str::to_uppercase);
                let built_in = sid.clone().filter(|sid| sid.starts_with(BUILT_IN));
                // Every domain has these under the same identifier.
                let sid = match (&built_in, identity.domain()) {
                    (Some(sid), Some(domain)) => Some(of_domain(domain, sid)),
                    _ => sid,
                };
                let known = shared.ids.well_known(&identity, sid.as_deref()).and_then(|known| known.rid);
                let never_empty =
                    matches!(known, Some(512 | 513)) || built_in.as_deref() == Some(ADMINISTRATORS);
                let keys = std::iter::once(identity.key().to_owned()).chain(sid);
                let number = entry(&mut out.domain, &mut out.groups, keys);
                if let Some(sid) = built_in {
                    let numbers = out.built_in.entry(sid).or_default();
                    if !numbers.contains(&number) {
                        numbers.push(number);
                    }
                }
                let group = &mut out.groups[number as usize];
                group.never_empty |= never_empty;
                group.supposed |= identity.is_supposed();
                group.proven |= !identity.is_supposed();
                group.take(line, table == table::DOMAIN_GROUPS);
            }
        }
        for group in &mut out.groups {
            group.doubt();
        }
        for line in View::of(shared, table::DIRECTORY_ACCOUNTS).into_iter().flat_map(View::rows) {
            if let (Some(account), Some(group)) =
                (line.account(field::ACCOUNT), line.text(field::PRIMARY_GROUP))
            {
                let key = shared.ids.resolve(account).key().to_owned();
                out.primary.insert(key, group.to_uppercase());
            }
        }
        for line in View::of(shared, table::COMPUTERS).into_iter().flat_map(View::rows) {
            if let (Some(host), Some("domain-controller")) =
                (line.text(field::HOST), line.text(field::POSITION))
            {
                let domain = line.text(field::DOMAIN).map(str::to_owned);
                out.controllers.insert(shared.ids.computer_key(host), domain);
            }
        }
        out
    }

    /// The number of the group of a computer that has one of these keys; a new one if none has.
    fn local_entry(
        &mut self,
        host: String,
        keys: impl Iterator<Item = String>,
        interned: &mut HashSet<Arc<str>>,
    ) -> u32 {
        let keys: Vec<String> = keys.collect();
        let groups = self.local.entry(host).or_default();
        let number = keys.iter().find_map(|key| groups.get(key.as_str()).copied()).unwrap_or_else(|| {
            self.groups.push(Group::default());
            u32::try_from(self.groups.len() - 1).unwrap_or(u32::MAX)
        });
        for key in keys {
            if groups.contains_key(key.as_str()) {
                continue;
            }
            // Many computers have groups of the same names.
            let key = interned.get(key.as_str()).cloned().unwrap_or_else(|| {
                let key: Arc<str> = key.into();
                interned.insert(Arc::clone(&key));
                key
            });
            groups.insert(key, number);
        }
        number
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
        let on = host.map(|host| On::of(shared, host));
        self.is_in(shared, &Subject::of(shared, who), &Target::of(shared, to, to_sid), on.as_ref())
    }

    /// [`Membership::belongs`] for those that have been resolved.
    pub(crate) fn is_in(
        &self,
        shared: &Shared<'_>,
        who: &Subject<'_>,
        to: &Target<'_>,
        on: Option<&On<'_>>,
    ) -> Belongs {
        self.is_in_ready(shared, who, to, on, None)
    }

    /// Resolves the members of a group, so that many can be asked whether they are in it.
    pub(crate) fn ready(
        &self,
        shared: &Shared<'_>,
        to: &Target<'_>,
        on: Option<&On<'_>>,
    ) -> Option<Ready<'_>> {
        let number = self.find(shared, to, on)?;
        let members = &self.groups.get(number as usize)?.members;
        if members.len() >= LARGE {
            return None;
        }
        let ready = |member| {
            let target = Target::member(shared, member);
            let plain = self.is_plain(shared, &target);
            (target, plain)
        };
        Some(Ready { number, members: members.iter().map(ready).collect() })
    }

    /// [`Membership::is_in`], with what [`Membership::ready`] gave for the group.
    pub(crate) fn is_in_ready(
        &self,
        shared: &Shared<'_>,
        who: &Subject<'_>,
        to: &Target<'_>,
        on: Option<&On<'_>>,
        ready: Option<&Ready<'_>>,
    ) -> Belongs {
        self.look(shared, who, to, on, ready, &mut HashSet::new())
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
        let target = Target { group: Some(true), ..Target::of(shared, group, sid) };
        let on = host.map(|host| On::of(shared, host));
        let group = &self.groups[self.find(shared, &target, on.as_ref())? as usize];
        let cut = (!group.whole).then(|| group.cut.unwrap_or((Why::NotExported, None)));
        Some(Listed { members: &group.members, cut })
    }

    fn look(
        &self,
        shared: &Shared<'_>,
        who: &Subject<'_>,
        to: &Target<'_>,
        on: Option<&On<'_>>,
        ready: Option<&Ready<'_>>,
        seen: &mut HashSet<u32>,
    ) -> Belongs {
        let same = |answer: Option<bool>| {
            to.identities.iter().any(|i| shared.ids.compare(&who.identity, i) == answer)
        };
        if same(Some(true)) {
            return Belongs::Yes(Link::default());
        }
        if let Some(answer) = self.by_meaning(shared, who, to) {
            return answer;
        }
        let Some(number) = self.find(shared, to, on) else {
            match to.person(shared) {
                // The only one of its kind, and it keeps its name or loses its use.
                Some(rid) if rid != ADMINISTRATOR && !who.is_person(shared, rid) => return Belongs::No,
                Some(_) => return self.another(shared, who, to),
                None => {}
            }
            let group = to.group.or_else(|| match to.identity().map(|i| shared.ids.kind_of(i)) {
                Some(AccountKind::User | AccountKind::Computer) => Some(false),
                Some(AccountKind::Group | AccountKind::WellKnown) => Some(true),
                Some(AccountKind::Unknown) | None => None,
            });
            if group == Some(false) {
                return self.another(shared, who, to);
            }
            return Belongs::Open(self.unlisted(shared, to, on, None));
        };
        if !seen.insert(number) {
            return Belongs::No;
        }
        let group = &self.groups[number as usize];
        let mut open = None;
        let chosen = self.worth_looking_at(shared, group, who);
        let count = u32::try_from(group.members.len()).unwrap_or(u32::MAX);
        let mut numbers = (0..count).filter(|_| chosen.is_none()).chain(chosen.iter().flatten().copied());
        let ready_here = ready.filter(|ready| ready.number == number);
        while let Some((place, member)) =
            numbers.next().and_then(|n| Some((n as usize, group.members.get(n as usize)?)))
        {
            let made;
            let target = match ready_here.and_then(|ready| ready.members.get(place)) {
                // A plain account that is proven to be another one.
                Some((target, true)) if target.is_never(shared, who) => continue,
                Some((target, _)) => target,
                None => {
                    made = Target::member(shared, member);
                    &made
                }
            };
            match self.look(shared, who, target, on, ready, seen) {
                Belongs::Yes(link) => {
                    let mut via = link.via;
                    let itself = target
                        .identities
                        .iter()
                        .any(|identity| shared.ids.compare(&who.identity, identity) == Some(true));
                    if !itself {
                        via.insert(0, Arc::from(in_words(shared, &member.account)));
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
        if group.whole && !group.is_supposed(to) {
            return Belongs::No;
        }
        let cut = group.cut.unwrap_or((Why::NotExported, None));
        Belongs::Open(self.unlisted(shared, to, on, Some(cut)))
    }

    /// The answer for an account that is no group and not proven to be `who`: whether it is under another name may not
    /// be known.
    fn another(&self, shared: &Shared<'_>, who: &Subject<'_>, to: &Target<'_>) -> Belongs {
        if to.identities.iter().any(|i| shared.ids.compare(&who.identity, i) == Some(false)) {
            return Belongs::No;
        }
        Belongs::Open(unsure(shared, who.account, to.account, to.sid.as_deref(), self.domain_table))
    }

    /// The members of a large group that may be someone, or may hold them, in their order; none for all.
    fn worth_looking_at(&self, shared: &Shared<'_>, group: &Group, who: &Subject<'_>) -> Option<Vec<u32>> {
        if group.members.len() < LARGE {
            return None;
        }
        let wanted = identity_bucket(&who.identity);
        if wanted.any {
            return None;
        }
        let roll = group.roll.get_or_init(|| self.roll(shared, &group.members));
        let keyed = wanted.keys.iter().filter_map(|key| roll.by_key.get(key)).flatten();
        let mut numbers: Vec<u32> = keyed.chain(&roll.any).chain(&roll.always).copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        Some(numbers)
    }

    fn roll(&self, shared: &Shared<'_>, members: &[Member]) -> Roll {
        let mut roll = Roll::default();
        for (number, member) in (0u32..).zip(members) {
            let target = Target::member(shared, member);
            if !self.is_plain(shared, &target) {
                roll.always.push(number);
                continue;
            }
            let buckets: Vec<Bucket> = target.identities.iter().map(identity_bucket).collect();
            if buckets.iter().any(|bucket| bucket.any) {
                roll.any.push(number);
            } else {
                for key in buckets.into_iter().flat_map(|bucket| bucket.keys) {
                    roll.by_key.entry(key).or_default().push(number);
                }
            }
        }
        roll
    }

    /// Whether it is an account of a domain that no export takes for a group.
    fn is_plain(&self, shared: &Shared<'_>, to: &Target<'_>) -> bool {
        let kind = to.identity().map_or(AccountKind::Unknown, |identity| shared.ids.kind_of(identity));
        let account = match (to.group, kind) {
            (_, AccountKind::WellKnown) | (Some(true), _) => false,
            (Some(false), _) => true,
            (None, kind) => matches!(kind, AccountKind::User | AccountKind::Computer),
        };
        let listed = || {
            to.identities.iter().any(|identity| {
                self.domain.contains_key(identity.key())
                    || identity.sid().is_some_and(|sid| self.domain.contains_key(sid))
            })
        };
        account && to.scope(shared) == Some(Scope::Domain) && !listed()
    }

    /// That the members of a group are not known.
    fn unlisted(
        &self,
        shared: &Shared<'_>,
        to: &Target<'_>,
        on: Option<&On<'_>>,
        listed: Option<(Why, Option<Place>)>,
    ) -> Missing {
        let (why, place) = listed.unwrap_or((Why::NotExported, None));
        let listed = listed.is_some();
        let local = self.is_local(shared, to);
        let written = in_words(shared, to.account);
        let never_empty = self.find(shared, to, on).and_then(|number| self.groups.get(number as usize));
        let failed = match never_empty {
            Some(group) if group.never_empty && group.members.is_empty() => ", a group that is never empty,",
            _ => "",
        };
        let what = match on.filter(|on| local && !on.host.is_empty()) {
            Some(on) => format!("the members of `{written}` on `{}`{failed}", on.host),
            None => format!("the members of `{written}`{failed}"),
        };
        // A group that no export speaks of is one of a domain where it is not known on which computer it is.
        let table = if local && (listed || on.is_some()) { self.local_table } else { self.domain_table };
        Missing::of(why, table, what, place)
    }

    /// The answer for groups without a list of members.
    fn by_meaning(&self, shared: &Shared<'_>, who: &Subject<'_>, to: &Target<'_>) -> Option<Belongs> {
        let identities = &to.identities;
        let yes = || Some(Belongs::Yes(Link::default()));
        let sid = identities
            .iter()
            .find_map(Identity::sid)
            .or_else(|| to.sid.as_deref().map(|s| &*s.written))
            .or_else(|| (to.account.form == AccountForm::Sid).then_some(&*to.account.written));
        let name = identities.iter().find_map(Identity::name);
        let local = || who.is_local(shared);
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
        if who.is_local(shared) || computer != (everyday == 515) {
            return Some(Belongs::No);
        }
        match identities.iter().find_map(|i| shared.ids.same_domain_of(&who.identity, i)) {
            Some(Some(true)) if primary.is_none() || primary.is_some_and(|p| is_rid(p, everyday)) => yes(),
            Some(Some(false)) => Some(Belongs::No),
            // Another primary group: then the list of members decides.
            Some(Some(true)) => None,
            _ => Some(Belongs::Open(match shared.ids.untied(who.account, to.account) {
                Some((own, other)) => untied(shared, &own, &other, self.domain_table),
                None => {
                    let (one, other) = (&who.account.written, &to.account.written);
                    let what = format!("the domains of `{one}` and `{other}`");
                    Missing::of(Why::Identity, self.domain_table, what, None)
                }
            })),
        }
    }

    /// The group in evidence.
    fn find(&self, shared: &Shared<'_>, to: &Target<'_>, on: Option<&On<'_>>) -> Option<u32> {
        let host = on.map(|on| on.key.as_str()).unwrap_or_default();
        let elsewhere = to.scope(shared) == Some(Scope::Domain) && !self.controllers.contains_key(host);
        if !elsewhere && let Some(groups) = self.local.get(host) {
            for key in to.keys(shared) {
                if let Some(number) = groups.get(key.as_str()) {
                    return Some(*number);
                }
            }
        }
        let built_in = to.identities.iter().any(|i| shared.ids.scope_of(i) == Some(Scope::BuiltIn));
        let sid = to.identities.iter().find_map(Identity::sid).filter(|sid| sid.starts_with(BUILT_IN));
        let controller = self.controllers.get(host);
        if built_in {
            match (on, controller) {
                // Each computer has groups of its own of these names: those of a domain never stand for them.
                (Some(_), None) => return None,
                (Some(_), Some(Some(domain))) => {
                    let key = sid.map(|sid| of_domain(&shared.ids.domain_key(domain), sid));
                    if let Some(number) = key.and_then(|key| self.domain.get(&key)) {
                        return Some(*number);
                    }
                }
                // Where it is not said on which computer or in which domain, the only one is meant.
                (Some(_), Some(None)) | (None, _) => {
                    if let Some([number]) = sid.and_then(|sid| self.built_in.get(sid)).map(Vec::as_slice) {
                        return Some(*number);
                    }
                }
            }
        }
        for identity in &to.identities {
            let found = self.domain.get(identity.key()).or_else(|| self.domain.get(identity.sid()?));
            if let Some(number) = found {
                return Some(*number);
            }
        }
        // On a domain controller the built-in groups are those of the domain.
        let domain = controller?.as_deref()?;
        let name = to.identities.iter().find_map(Identity::name)?;
        let named = Account::parse(&format!("{domain}\\{name}"))?;
        self.domain.get(shared.ids.resolve(&named).key()).copied()
    }

    /// Whether a group is one of the computer's own.
    fn is_local(&self, shared: &Shared<'_>, to: &Target<'_>) -> bool {
        match to.scope(shared) {
            Some(Scope::Domain) => false,
            Some(_) => true,
            None => to.identities.iter().any(|i| i.sid().is_some_and(|sid| sid.starts_with("S-1-5-32-"))),
        }
    }
}

/// What the identifiers of the groups begin with that every computer and every domain has.
const BUILT_IN: &str = "S-1-5-32-";
/// The identifier of the group Administrators of a computer or domain.
const ADMINISTRATORS: &str = "S-1-5-32-544";
/// The key of that group.
const ADMINISTRATORS_KEY: &str = r"builtin\administrators";

/// The key of a group of a domain that every domain has under the same identifier.
fn of_domain(domain: &str, sid: &str) -> String {
    format!("{domain}/{sid}")
}

/// Whether a primary group is the one with that relative identifier.
fn is_rid(primary: &str, rid: u32) -> bool {
    primary.rsplit('-').next().and_then(|r| r.parse::<u32>().ok()) == Some(rid)
}

impl Group {
    /// Whether it is only supposed to be what is asked for: then who is not among its members may be in the other.
    fn is_supposed(&self, to: &Target<'_>) -> bool {
        let asked = to.identities.iter().any(Identity::is_supposed);
        if asked { self.proven } else { self.supposed && !self.proven }
    }

    /// A list without members of a group that always has some is a read that failed.
    fn doubt(&mut self) {
        if self.never_empty && self.members.is_empty() && self.whole {
            self.whole = false;
            self.cut = self.cut.or(Some((Why::Incomplete, self.listed_at)));
        }
    }

    /// Takes in a row or gap: of the list of groups, or of that of members.
    fn take(&mut self, line: Line<'_>, of_groups: bool) {
        match (line.gap, of_groups) {
            (Some(gap), _) => self.cut = self.cut.or(Some((gap.missing.why, gap.missing.place))),
            (None, true) => {
                if line.flag(field::MEMBERS) == Some(true) {
                    self.whole = true;
                    self.listed_at = self.listed_at.or(line.record);
                }
                if let Some(why) = line.unknown(field::MEMBERS).filter(|why| *why != Why::NotExported) {
                    self.cut = self.cut.or(Some((why, line.record)));
                }
            }
            (None, false) => {
                let Some(cell) = line.cell(field::MEMBER) else { return };
                // Where a member lists its groups, the name of the group is the membership.
                let listed = line.cell(field::GROUP).filter(|_| line.flag(field::OF_MEMBER) == Some(true));
                let place = listed.and_then(|group| group.place);
                let sid = line.text(field::SID).and_then(Account::parse).map(Arc::new);
                let group = match line.text(field::CLASS) {
                    Some("group") => Some(true),
                    Some(_) => Some(false),
                    None => None,
                };
                match (&cell.fact, sid) {
                    (Fact::Account(account), sid) => self.members.push(Member {
                        account: Arc::clone(account),
                        sid,
                        group,
                        place: place.or(cell.place),
                        record: line.record,
                    }),
                    (Fact::Unknown(why), None) => self.cut = self.cut.or(Some((*why, line.record))),
                    (_, Some(sid)) => self.members.push(Member {
                        account: Arc::clone(&sid),
                        sid: Some(sid),
                        group,
                        place: place.or(line.cell(field::SID).and_then(|c: &Cell| c.place)),
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
fn entry(map: &mut HashMap<String, u32>, groups: &mut Vec<Group>, keys: impl Iterator<Item = String>) -> u32 {
    let keys: Vec<String> = keys.collect();
    let number = keys.iter().find_map(|key| map.get(key).copied()).unwrap_or_else(|| {
        groups.push(Group::default());
        u32::try_from(groups.len() - 1).unwrap_or(u32::MAX)
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
