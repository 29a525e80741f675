//! Sites, their servers and the roles on them, as the tables of groups look at them.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::estate::shared::Shared;
use crate::estate::table::{Line, View};
use crate::evidence::{Cell, Fact, Missing, TableName, field, table};
use crate::source::Place;

/// A site.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site<'s> {
    pub(crate) code: &'s str,
    pub(crate) line: Line<'s>,
}

impl<'s> Site<'s> {
    /// The cell of its server, and the server; none if it is not known.
    pub(crate) fn server(self) -> Option<(&'s Cell, &'s str)> {
        self.line.cell(field::SERVER).zip(self.line.text(field::SERVER))
    }

    /// `primary`, `secondary` or `cas`; none if the export does not tell.
    pub(crate) fn kind(self) -> Option<&'s str> {
        self.line.text(field::TYPE)
    }

    pub(crate) fn is(self, kind: &str) -> bool {
        self.kind().is_some_and(|k| k.eq_ignore_ascii_case(kind))
    }

    /// Code of the site above it; the outer none: the export does not tell.
    pub(crate) fn parent(self) -> Option<Option<&'s str>> {
        match self.line.text(field::PARENT) {
            Some(parent) => Some(Some(parent)),
            None => self.line.is_empty(field::PARENT).then_some(None),
        }
    }
}

/// A role on a computer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Role<'s> {
    pub(crate) host: &'s str,
    pub(crate) role: &'s str,
    pub(crate) cell: &'s Cell,
    pub(crate) line: Line<'s>,
}

impl Role<'_> {
    pub(crate) fn is(&self, role: &str) -> bool {
        self.role.eq_ignore_ascii_case(role)
    }
}

/// The sites and roles in evidence, each once, and what is missing of them.
#[derive(Debug)]
pub(crate) struct Hierarchy<'s> {
    pub(crate) sites: Vec<Site<'s>>,
    roles: Vec<Role<'s>>,
    /// By code in capitals: numbers of sites, and of the sites below them.
    by_code: HashMap<String, usize>,
    below: HashMap<String, Vec<usize>>,
    /// Numbers of sites of which it is not known below which they are.
    unplaced: Vec<usize>,
    /// By code in capitals: numbers of roles.
    of_site: HashMap<String, Vec<usize>>,
    pub(crate) sites_lack: Option<Missing>,
    pub(crate) roles_lack: Option<Missing>,
}

/// Where a computer stands to the server of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is the site server.
    Server,
    Remote,
    Unknown,
}

impl<'s> Hierarchy<'s> {
    pub(crate) fn of(shared: &'s Shared<'_>) -> Self {
        let mut sites: Vec<Site<'s>> = Vec::new();
        let mut by_code: HashMap<String, usize> = HashMap::new();
        let (mut below, mut unplaced): (HashMap<String, Vec<usize>>, Vec<usize>) = Default::default();
        for line in View::of(shared, table::SITES).into_iter().flat_map(View::rows) {
            if let Some(code) = line.text(field::SITE)
                && let Entry::Vacant(new) = by_code.entry(code.to_ascii_uppercase())
            {
                new.insert(sites.len());
                let site = Site { code, line };
                match site.parent() {
                    Some(Some(above)) => {
                        below.entry(above.to_ascii_uppercase()).or_default().push(sites.len());
                    }
                    Some(None) => {}
                    None => unplaced.push(sites.len()),
                }
                sites.push(site);
            }
        }
        let mut roles: Vec<Role<'s>> = Vec::new();
        let mut of_site: HashMap<String, Vec<usize>> = HashMap::new();
        let mut seen = HashSet::new();
        for line in View::of(shared, table::SITE_SYSTEMS).into_iter().flat_map(View::rows) {
            let (Some(host), Some(role), Some(cell)) =
                (line.text(field::HOST), line.text(field::ROLE), line.cell(field::HOST))
            else {
                continue;
            };
            let site = line.text(field::SITE).unwrap_or_default();
            if seen.insert((site.to_uppercase(), shared.ids.computer_key(host), role.to_lowercase())) {
                of_site.entry(site.to_ascii_uppercase()).or_default().push(roles.len());
                roles.push(Role { host, role, cell, line });
            }
        }
        let lack =
            |table: TableName| View::of(shared, table)?.gaps().next()?.gap.map(|gap| gap.missing.clone());
        let (sites_lack, roles_lack) = (lack(table::SITES), lack(table::SITE_SYSTEMS));
        Self { sites, roles, by_code, below, unplaced, of_site, sites_lack, roles_lack }
    }

    /// The sites below a site, and those of which it is not known below which they are, in their order.
    pub(crate) fn perhaps_below(&self, site: &str) -> Vec<Site<'s>> {
        let mut numbers: Vec<usize> = self.unplaced.clone();
        numbers.extend(self.below.get(&site.to_ascii_uppercase()).into_iter().flatten());
        numbers.sort_unstable();
        numbers.into_iter().filter_map(|number| self.sites.get(number).copied()).collect()
    }

    fn roles_of<'h>(&'h self, site: &str) -> impl Iterator<Item = &'h Role<'s>> + use<'h, 's> {
        let numbers = self.of_site.get(&site.to_ascii_uppercase()).into_iter().flatten();
        numbers.filter_map(|number| self.roles.get(*number))
    }

    pub(crate) fn site(&self, code: &str) -> Option<Site<'s>> {
        self.by_code.get(&code.to_ascii_uppercase()).and_then(|number| self.sites.get(*number)).copied()
    }

    /// The computers of a site with that role.
    pub(crate) fn with_role<'h>(
        &'h self,
        site: &str,
        role: &'h str,
    ) -> impl Iterator<Item = &'h Role<'s>> + use<'h, 's> {
        self.roles_of(site).filter(move |r| r.is(role))
    }

    /// The computers that serve a site, each once, with their roles.
    pub(crate) fn systems(&self, shared: &Shared<'_>, site: &str) -> Vec<(Role<'s>, Vec<&'s str>)> {
        let mut out: Vec<(Role<'s>, Vec<&'s str>)> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        for role in self.roles_of(site) {
            let number = *known.entry(shared.ids.computer_key(role.host)).or_insert(out.len());
            match out.get_mut(number) {
                Some((_, roles)) => roles.push(role.role),
                None => out.push((*role, vec![role.role])),
            }
        }
        out
    }

    /// Where a computer stands to the server of a site.
    pub(crate) fn standing(&self, shared: &Shared<'_>, site: &str, host: &str) -> Standing {
        let server = self.site(site).and_then(Site::server);
        match server.map(|(_, server)| shared.ids.same_computer(server, host)) {
            Some(Some(true)) => Standing::Server,
            Some(Some(false)) => Standing::Remote,
            _ => Standing::Unknown,
        }
    }

    /// That the server of a site is not known.
    pub(crate) fn server_lack(&self, shared: &Shared<'_>, site: &str) -> Missing {
        self.sites_lack.clone().unwrap_or_else(|| {
            Missing::not_exported(shared, table::SITES, &format!("the site server of `{site}`"))
        })
    }

    /// That the computer with a role of a site is not known.
    pub(crate) fn role_lack(&self, shared: &Shared<'_>, what: &str) -> Missing {
        self.roles_lack.clone().unwrap_or_else(|| Missing::not_exported(shared, table::SITE_SYSTEMS, what))
    }
}

/// Whether remote tools are on for clients, and who may use them: what is known without knowing which client
/// settings are in force where.
#[derive(Debug)]
pub(crate) struct RemoteTools {
    /// Remote tools are on; none if that differs or is not known.
    pub(crate) on: Option<bool>,
    /// Why it is not known which settings are in force; none if there is one set, or all agree on `on`.
    pub(crate) lack: Option<Missing>,
    /// The permitted viewers of any settings with remote tools on: those of all of them first.
    pub(crate) viewers: Vec<Viewer>,
    /// Why their lists are not known in full.
    pub(crate) viewers_lack: Option<Missing>,
}

/// A permitted viewer.
#[derive(Debug)]
pub(crate) struct Viewer {
    pub(crate) account: Arc<crate::evidence::Account>,
    pub(crate) place: Option<Place>,
    /// All settings with remote tools on list it.
    pub(crate) everywhere: bool,
}

impl RemoteTools {
    pub(crate) fn of(shared: &Shared<'_>) -> Self {
        let unsure = || {
            Missing::not_exported(
                shared,
                table::CLIENT_SETTINGS,
                "which client settings are in force on which clients",
            )
        };
        let mut out = Self { on: None, lack: None, viewers: Vec::new(), viewers_lack: None };
        let Some(view) = View::of(shared, table::CLIENT_SETTINGS) else {
            out.lack = Some(unsure());
            return out;
        };
        if let Some(gap) = view.gaps().find_map(|line| line.gap) {
            out.lack = Some(gap.missing.clone());
            return out;
        }
        let settings: Vec<Line<'_>> = view.rows().collect();
        let flags: Vec<Option<bool>> = settings.iter().map(|line| line.flag(field::REMOTE_TOOLS)).collect();
        out.on = match flags.first() {
            Some(first) if flags.iter().all(|flag| flag == first) => *first,
            _ => None,
        };
        if out.on.is_none() {
            out.lack = Some(unsure());
        }
        let lists: Vec<Line<'_>> =
            settings.into_iter().filter(|line| line.flag(field::REMOTE_TOOLS) != Some(false)).collect();
        for (number, line) in lists.iter().enumerate() {
            let Some(cells) = line.list(field::VIEWERS) else {
                let why = line.unknown(field::VIEWERS).unwrap_or(crate::evidence::Why::Incomplete);
                let mut lack = Missing::not_exported(shared, table::CLIENT_SETTINGS, "all permitted viewers");
                lack.why = why;
                lack.place = line.record;
                out.viewers_lack = Some(lack);
                continue;
            };
            for cell in cells {
                match &cell.fact {
                    Fact::Account(account) => {
                        let listed = |line: &Line<'_>| {
                            line.list(field::VIEWERS).into_iter().flatten().any(|other| {
                                matches!(&other.fact, Fact::Account(o)
                                    if shared.ids.same(account, o) == Some(true))
                            })
                        };
                        // One that an earlier list has is there already.
                        if !lists[..number].iter().any(listed)
                            && !out.viewers.iter().any(|v| shared.ids.same(&v.account, account) == Some(true))
                        {
                            let everywhere = lists.iter().all(listed);
                            let place = cell.place.or(line.record);
                            out.viewers.push(Viewer { account: Arc::clone(account), place, everywhere });
                        }
                    }
                    Fact::Unknown(why) => {
                        let mut lack =
                            Missing::not_exported(shared, table::CLIENT_SETTINGS, "all permitted viewers");
                        lack.why = *why;
                        out.viewers_lack = Some(lack);
                    }
                    _ => {}
                }
            }
        }
        out.viewers.sort_by_key(|viewer| !viewer.everywhere);
        out
    }
}

/// Whether a computer is not the server of a site; the reason where it is not known.
pub(crate) fn remote(
    shared: &Shared<'_>,
    hierarchy: &Hierarchy<'_>,
    site: &str,
    host: &str,
) -> Result<bool, Missing> {
    match hierarchy.standing(shared, site, host) {
        Standing::Remote => Ok(true),
        Standing::Server => Ok(false),
        Standing::Unknown => Err(hierarchy.server_lack(shared, site)),
    }
}
