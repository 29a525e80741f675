//! The tables `documented_groups`, `documented_members` and `group_scopes`: exported groups that bear the name of a
//! documented one, who is in them, and of what type they are.
//!
//! Names come from the content: a group with a site code in its name is known by what stands before the code. Where a
//! title of the page is not the name in Windows, a group of that title is only almost the documented one. A domain
//! controller has no groups of
//! its own: what one of them has, all of its domain have.

pub(crate) mod candidates;
pub(crate) mod documented;
pub(crate) mod expected;
pub(crate) mod members;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::content::{Content, EntityKind};
use crate::estate::membership::{Listed, Member, Membership};
use crate::estate::shared::Shared;
use crate::estate::table::{Line, View};
use crate::evidence::{
    Account, AccountForm, AccountKind, Cell, Fact, Identity, Missing, Why, computer_name, field, table,
};
use crate::source::Place;

/// Groups that every Windows has: Administrators, Users and Guests. A list with two of them was asked for all groups; one
/// of single groups that somebody had a mind to see does not tell which others there are.
const EVERYWHERE: [&str; 3] = ["S-1-5-32-544", "S-1-5-32-545", "S-1-5-32-546"];

/// What stands for the site code in the name of a group.
const SITE_CODE: &str = "<sitecode>";

/// A name under which the documents know a group.
#[derive(Debug)]
struct Title<'c> {
    entity: &'c str,
    /// As the group is called in Windows, without the site code.
    written: &'c str,
    /// Whether a group so named is the documented one; otherwise it only looks like it.
    real: bool,
    folded: String,
    loose: String,
    /// The site code follows.
    coded: bool,
}

/// The names of the documented groups.
#[derive(Debug)]
pub(crate) struct Titles<'c> {
    titles: Vec<Title<'c>>,
}

/// The documented group that a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named<'c> {
    pub(crate) entity: &'c str,
    /// The site code at its end, in capitals.
    pub(crate) site: Option<String>,
    /// The name as the documents write it, with the site code.
    pub(crate) title: String,
    /// The name is spelled as documented.
    pub(crate) exact: bool,
}

impl<'c> Titles<'c> {
    pub(crate) fn of(content: &'c Content) -> Self {
        let mut titles: Vec<Title<'c>> = Vec::new();
        for entity in content.entities.iter().filter(|e| e.kind == EntityKind::Group) {
            let bare = |name: &'c String| name.strip_suffix(SITE_CODE).unwrap_or(name);
            for name in entity.windows_name.iter().chain(entity.name.values()).chain(&entity.name_pattern) {
                let real = entity.windows_name.as_ref().is_none_or(|windows| windows == name);
                let named = bare(name);
                let written = if real { named } else { entity.windows_name.as_ref().map_or(named, bare) };
                let folded = fold(named);
                let known = titles.iter().any(|t| t.entity == entity.id && t.folded == folded);
                if !known && !written.is_empty() {
                    let coded = named.len() < name.len();
                    let loose = loosen(&folded);
                    titles.push(Title { entity: &entity.id, written, real, folded, loose, coded });
                }
            }
        }
        Self { titles }
    }

    /// The documented group that a name stands for, exactly or but for spaces, underscores and hyphens.
    pub(crate) fn find(&self, name: &str) -> Option<Named<'c>> {
        let folded = fold(name);
        let loose = loosen(&folded);
        let look = |exact: bool| {
            self.titles.iter().filter(|title| title.real || !exact).find_map(|title| {
                let (name, wanted) = if exact { (&folded, &title.folded) } else { (&loose, &title.loose) };
                let rest = name.strip_prefix(wanted.as_str())?;
                let site = match (title.coded, rest.is_empty()) {
                    (false, true) => None,
                    (true, _) if is_site_code(rest) => Some(rest.to_uppercase()),
                    _ => return None,
                };
                let title_of = format!("{}{}", title.written, site.as_deref().unwrap_or_default());
                Some(Named { entity: title.entity, site, title: title_of, exact })
            })
        };
        look(true).or_else(|| look(false))
    }
}

/// The name of a group as the documents write it in that revision, with a site code where it has one.
pub(crate) fn title_of(shared: &Shared<'_>, entity: &str, site: &str) -> Option<String> {
    let entity = shared.content.entity(entity)?;
    Some(entity.exported_name(shared.revision)?.replace(SITE_CODE, &site.to_uppercase()))
}

fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

fn loosen(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, ' ' | '_' | '-' | '\u{a0}')).collect()
}

fn is_site_code(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// An exported group that bears the name of a documented one, on one computer.
#[derive(Debug)]
pub(crate) struct Found<'s> {
    pub(crate) named: Named<'s>,
    /// The name as it is exported, without a domain part.
    pub(crate) name: Arc<str>,
    /// The computer; unknown where the export does not tell.
    pub(crate) host: Cell,
    /// Its key; none if it is not known.
    pub(crate) key: Option<String>,
    pub(crate) group: Arc<Account>,
    pub(crate) sid: Option<Arc<str>>,
    /// The cell of the group, and the record it stands in.
    pub(crate) place: Option<Place>,
    pub(crate) record: Option<Place>,
    scope: Fact,
    /// The domain whose controller the computer is.
    domain: Option<Arc<str>>,
}

impl Found<'_> {
    fn host_text(&self) -> Option<&str> {
        match &self.host.fact {
            Fact::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The members that are listed of it.
    pub(crate) fn listed<'s>(&self, shared: &'s Shared<'_>) -> Listed<'s> {
        let found = Membership::of(shared).listed(shared, &self.group, self.sid.as_deref(), self.host_text());
        found.unwrap_or(Listed { members: &[], cut: Some((Why::NotExported, None)) })
    }

    /// That the exports do not list all its members.
    pub(crate) fn cut(&self, shared: &Shared<'_>, cut: (Why, Option<Place>)) -> Missing {
        let table = shared.schema.id(table::LOCAL_GROUP_MEMBERS).unwrap_or_default();
        let (why, place) = cut;
        let what = match self.host_text() {
            Some(host) => format!("the members of `{}` on `{host}`", self.name),
            None => format!("the members of `{}`", self.name),
        };
        Missing::of(why, table, what, place)
    }
}

/// A domain controller.
#[derive(Debug)]
pub(crate) struct Controller {
    pub(crate) host: Cell,
    pub(crate) key: String,
    pub(crate) domain: Arc<str>,
}

/// Whether a group is on a computer.
#[derive(Debug)]
pub(crate) enum State<'g, 's> {
    There(&'g Found<'s>),
    /// The computer's list of groups is complete and does not have it.
    Absent,
    Unknown(Missing),
}

/// Numbers of the groups of one name.
#[derive(Debug, Default)]
struct Exact {
    all: Vec<usize>,
    /// By the key of the computer.
    by_key: HashMap<String, usize>,
    /// By what all names of the computer begin with.
    by_start: HashMap<String, Vec<usize>>,
    /// Those of which nothing of the kind is known.
    odd: Vec<usize>,
}

/// The documented groups in evidence.
#[derive(Debug)]
pub(crate) struct Groups<'s> {
    pub(crate) found: Vec<Found<'s>>,
    /// Those with a documented name, by that name.
    exact: HashMap<String, Exact>,
    pub(crate) controllers: Vec<Controller>,
    /// Numbers of controllers by the key of the computer.
    by_host: HashMap<String, usize>,
    /// Keys of computers of which groups are exported, and of those of which all are.
    pub(crate) hosts: HashSet<String>,
    whole: HashSet<String>,
    /// What is missing of a computer's groups, by its key.
    lacks: HashMap<String, Missing>,
    /// What is missing, of whatever computer.
    anywhere: Vec<Missing>,
    /// Nothing of the kind is exported.
    pub(crate) absent: Option<Missing>,
}

impl<'s> Groups<'s> {
    pub(crate) fn of(shared: &'s Shared<'_>) -> Self {
        let titles = Titles::of(shared.content);
        let mut out = Self {
            found: Vec::new(),
            exact: HashMap::new(),
            controllers: Vec::new(),
            by_host: HashMap::new(),
            hosts: HashSet::new(),
            whole: HashSet::new(),
            lacks: HashMap::new(),
            anywhere: Vec::new(),
            absent: None,
        };
        for line in View::of(shared, table::COMPUTERS).into_iter().flat_map(View::rows) {
            if let (Some(host), Some("domain-controller"), Some(domain), Some(cell)) = (
                line.text(field::HOST),
                line.text(field::POSITION),
                line.text(field::DOMAIN),
                line.cell(field::HOST),
            ) {
                let key = shared.ids.computer_key(host);
                out.by_host.entry(key.clone()).or_insert(out.controllers.len());
                out.controllers.push(Controller { host: cell.clone(), key, domain: domain.into() });
            }
        }
        out.local(shared, &titles);
        out.domain(shared, &titles);
        for (number, found) in out.found.iter().enumerate().filter(|(_, f)| f.named.exact) {
            let exact = out.exact.entry(found.named.title.clone()).or_default();
            exact.all.push(number);
            if let Some(key) = &found.key {
                exact.by_key.entry(key.clone()).or_insert(number);
            }
            match found.host_text().and_then(start) {
                Some(start) => exact.by_start.entry(start).or_default().push(number),
                None => exact.odd.push(number),
            }
        }
        out
    }

    fn controller(&self, key: &str) -> Option<&Controller> {
        self.by_host.get(key).and_then(|number| self.controllers.get(*number))
    }

    fn local(&mut self, shared: &'s Shared<'_>, titles: &Titles<'s>) {
        let mut hosts: HashMap<String, HashSet<&'static str>> = HashMap::new();
        let mut seen: HashMap<(Option<String>, String), usize> = HashMap::new();
        for table in [table::LOCAL_GROUPS, table::LOCAL_GROUP_MEMBERS] {
            let Some(view) = View::of(shared, table) else { continue };
            for line in view.rows().map(Line::of_several) {
                let key = line.text(field::HOST).map(|host| shared.ids.computer_key(host));
                let Some(group) = line.account(field::GROUP) else { continue };
                if table == table::LOCAL_GROUPS
                    && let Some(key) = &key
                {
                    self.hosts.insert(key.clone());
                    self.list(shared, line, key, group, &mut hosts);
                }
                let sid = line.text(if table == table::LOCAL_GROUPS { field::SID } else { field::GROUP_SID });
                let Some((named, name)) = named(shared, titles, group) else { continue };
                let id = (key.clone(), name.to_lowercase());
                if let Some(known) = seen.get(&id) {
                    let known = &mut self.found[*known];
                    known.sid = known.sid.take().or(sid.map(Arc::from));
                    if matches!(known.scope, Fact::Empty | Fact::Unknown(_)) {
                        known.scope = line.cell(field::SCOPE).map_or(Fact::Empty, |c| c.fact.clone());
                    }
                    continue;
                }
                seen.insert(id, self.found.len());
                let host = match (line.cell(field::HOST), &key) {
                    (Some(cell), Some(_)) => cell.clone(),
                    (cell, _) => {
                        let why = line.unknown(field::HOST).unwrap_or(Why::Incomplete);
                        Cell { fact: Fact::Unknown(why), place: cell.and_then(|c| c.place) }
                    }
                };
                let domain = key.as_deref().and_then(|k| self.controller(k)).map(|c| Arc::clone(&c.domain));
                self.found.push(Found {
                    named,
                    name,
                    host,
                    key,
                    group: Arc::clone(group),
                    sid: sid.map(Arc::from),
                    place: line.cell(field::GROUP).and_then(|c| c.place),
                    record: line.record,
                    scope: line.cell(field::SCOPE).map_or(Fact::Empty, |c| c.fact.clone()),
                    domain,
                });
            }
        }
        self.whole.extend(hosts.into_iter().filter(|(_, of)| of.len() > 1).map(|(host, _)| host));
        let Some(view) = View::of(shared, table::LOCAL_GROUPS) else { return };
        self.absent = view.absent().map(|gap| gap.missing.clone());
        for line in view.gaps() {
            let Some(gap) = line.gap else { continue };
            match line.text(field::HOST).map(|host| shared.ids.computer_key(host)) {
                Some(host) => {
                    self.whole.remove(&host);
                    self.lacks.entry(host).or_insert_with(|| gap.missing.clone());
                }
                None => {
                    self.whole.clear();
                    self.anywhere.push(gap.missing.clone());
                }
            }
        }
    }

    /// Takes note of a group for the question whether the list of the computer's groups is complete.
    fn list(
        &mut self,
        shared: &Shared<'_>,
        line: Line<'_>,
        key: &str,
        group: &Account,
        hosts: &mut HashMap<String, HashSet<&'static str>>,
    ) {
        match line.flag(field::WHOLE_LIST) {
            Some(true) => _ = self.whole.insert(key.to_owned()),
            Some(false) => {}
            None => {
                let bare = Account::parse(group.name());
                let names =
                    [Some(group), bare.as_ref()].map(|name| name.map(|name| shared.ids.resolve(name)));
                let sids: Vec<&str> =
                    names.iter().flatten().filter_map(Identity::sid).chain(line.text(field::SID)).collect();
                let known = EVERYWHERE.into_iter().find(|sid| sids.contains(sid));
                hosts.entry(key.to_owned()).or_default().extend(known);
            }
        }
    }

    /// Groups of domains are those of their controllers.
    fn domain(&mut self, shared: &'s Shared<'_>, titles: &Titles<'s>) {
        let key = |found: &Found<'_>| Some((found.key.clone()?, found.named.title.clone()));
        let mut numbers: HashMap<(String, String), usize> = HashMap::new();
        for (number, found) in self.found.iter().enumerate() {
            if let Some(key) = key(found) {
                numbers.entry(key).or_insert(number);
            }
        }
        for line in View::of(shared, table::DOMAIN_GROUPS).into_iter().flat_map(View::rows) {
            let Some(group) = line.account(field::GROUP) else { continue };
            let Some((named, name)) = named(shared, titles, group) else { continue };
            let identity = shared.ids.resolve(group);
            for controller in &self.controllers {
                let administrator = Account::parse(&format!("{}\\{}", controller.domain, group.name()));
                let same = administrator
                    .and_then(|a| shared.ids.same_domain_of(&identity, &shared.ids.resolve(&a)).flatten());
                if same != Some(true) {
                    continue;
                }
                let number =
                    *numbers.entry((controller.key.clone(), named.title.clone())).or_insert(self.found.len());
                match self.found.get_mut(number) {
                    Some(known) => {
                        if matches!(known.scope, Fact::Empty | Fact::Unknown(_)) {
                            known.scope = line.cell(field::SCOPE).map_or(Fact::Empty, |c| c.fact.clone());
                        }
                    }
                    None => self.found.push(Found {
                        named: named.clone(),
                        name: Arc::clone(&name),
                        host: controller.host.clone(),
                        key: Some(controller.key.clone()),
                        group: Arc::clone(group),
                        sid: line.text(field::SID).map(Arc::from),
                        place: line.cell(field::GROUP).and_then(|c| c.place),
                        record: line.record,
                        scope: line.cell(field::SCOPE).map_or(Fact::Empty, |c| c.fact.clone()),
                        domain: Some(Arc::clone(&controller.domain)),
                    }),
                }
            }
        }
    }

    /// Whether the group of that title is on the computer.
    pub(crate) fn state(&self, shared: &Shared<'_>, host: &str, title: &str) -> State<'_, 's> {
        let key = shared.ids.computer_key(host);
        if let Some(found) = self.exact.get(title).and_then(|hosts| hosts.by_key.get(&key)) {
            return State::There(&self.found[*found]);
        }
        let mut possible = None;
        if let Some(exact) = self.exact.get(title) {
            if let Some(domain) = self.controller(&key).map(|c| &c.domain) {
                let shares = |found: &&Found<'_>| {
                    let other = found.domain.as_ref();
                    other.is_some_and(|other| shared.ids.same_domain_name(domain, other) == Some(true))
                };
                if let Some(found) = exact.all.iter().map(|number| &self.found[*number]).find(shares) {
                    return State::There(found);
                }
            }
            let alike = match start(host) {
                Some(start) => exact.by_start.get(&start).map_or(&[][..], Vec::as_slice),
                None => &exact.all,
            };
            possible = alike.iter().chain(&exact.odd).map(|number| &self.found[*number]).find(|found| {
                found.host_text().is_none_or(|other| shared.ids.same_computer(host, other).is_none())
            });
        }
        if let Some(possible) = possible {
            let mut lack = Missing::not_exported(
                shared,
                table::LOCAL_GROUPS,
                &format!("the computer on which `{title}` is"),
            );
            lack.place = possible.record;
            return State::Unknown(lack);
        }
        if self.whole.contains(&key) {
            return State::Absent;
        }
        let lack = self.lacks.get(&key).or(self.absent.as_ref()).or(self.anywhere.first());
        State::Unknown(lack.cloned().unwrap_or_else(|| {
            Missing::not_exported(shared, table::LOCAL_GROUPS, &format!("all groups of `{host}`"))
        }))
    }
}

/// What names of one computer have in common: the first 15 characters of the first label, where NetBIOS names end.
/// None for addresses and other forms that may be any computer.
fn start(host: &str) -> Option<String> {
    let name = computer_name(host)?;
    let label = name.split('.').next()?;
    let any = name.contains(':') || label.bytes().all(|b| b.is_ascii_digit());
    (!any).then(|| label.to_lowercase().chars().take(15).collect())
}

/// The documented group that a group is by its name, and that name.
fn named<'s>(shared: &Shared<'_>, titles: &Titles<'s>, group: &Account) -> Option<(Named<'s>, Arc<str>)> {
    if group.form == AccountForm::Sid {
        let identity = shared.ids.resolve(group);
        let named = titles.find(identity.name()?)?;
        let name = Arc::from(named.title.as_str());
        return Some((named, name));
    }
    Some((titles.find(group.name())?, group.name().into()))
}

/// What a member is: `user`, `computer`, `group`, or `unknown` for an identifier that nothing resolves.
pub(crate) fn kind(shared: &Shared<'_>, member: &Member, resolved: bool) -> &'static str {
    let kind = shared.ids.kind(&member.account);
    match (member.group, kind) {
        (Some(true), _) | (None, AccountKind::Group) => "group",
        (_, AccountKind::Computer) => "computer",
        (Some(false), _) => "user",
        (None, AccountKind::WellKnown) => {
            // Administrator, Guest, krbtgt and the default account are users, all others that Windows comes with
            // are groups or stand for groups.
            let identity = shared.ids.resolve(&member.account);
            let name = identity.name().unwrap_or_default();
            let rid = identity.sid().filter(|sid| sid.starts_with("S-1-5-21-"));
            let rid = rid.and_then(|sid| sid.rsplit('-').next());
            let user = matches!(rid, Some("500" | "501" | "502" | "503"))
                || matches!(name, "administrator" | "guest" | "krbtgt");
            if user { "user" } else { "group" }
        }
        (None, AccountKind::User | AccountKind::Unknown) if resolved => "user",
        (None, AccountKind::User | AccountKind::Unknown) => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Assets;

    #[test]
    fn names_are_recognised_and_near_misses_told_apart() {
        let (content, _) = crate::content::load(&Assets::content()).expect("the shipped content loads");
        let titles = Titles::of(&content);
        let find = |name: &str| titles.find(name).map(|n| (n.entity, n.site.unwrap_or_default(), n.exact));
        let admins = ("sms-admins", String::new());
        assert_eq!(find("SMS Admins"), Some((admins.0, admins.1.clone(), true)));
        assert_eq!(find("sms admins "), Some((admins.0, admins.1.clone(), true)));
        assert_eq!(find("SMSAdmins"), Some((admins.0, admins.1.clone(), false)));
        assert_eq!(find("SMS_Admins"), Some((admins.0, admins.1, false)));
        assert_eq!(find("SMS Admins 2"), None);
        let dview = ("configmgr-dviewaccess", String::new(), true);
        assert_eq!(find("ConfigMgr_DViewAccess"), Some(dview));
        let sites = ("sms-sitetositeconnection", "P01".to_owned());
        assert_eq!(find("SMS_SiteToSiteConnection_p01"), Some((sites.0, sites.1.clone(), true)));
        assert_eq!(find("SMS SiteToSiteConnection P01"), Some((sites.0, sites.1, false)));
        assert_eq!(find("SMS_SiteToSiteConnection_"), None);
        assert_eq!(find("SMS_SiteToSiteConnection_P012"), None);
        let stat = find("SMS_SiteSystemToSiteServerConnection_Stat_XYZ").expect("a documented group");
        assert_eq!((stat.0, stat.1.as_str()), ("sms-sitesystemtositeserverconnection-stat", "XYZ"));
        assert_eq!(find("Administrators"), None);
        let near = titles.find("ConfigMgr_Remote_Control_Users").expect("close to a documented group");
        assert_eq!((near.title.as_str(), near.exact), ("ConfigMgr Remote Control Users", false));
    }
}
