//! The table `expected_groups`: the computers on which a documented group belongs, from the facts on locations, and
//! whether it has to be there.
//!
//! A group for what is remote (management points, providers, site systems, other sites) has to be there where
//! something of the kind exists. Where the documents and the product disagree on the place, as for the management
//! point group with its folders on the site server, either place is right.

use std::collections::HashSet;

use crate::content::FactAt;
use crate::content::fact::{CreatedWhen, Judged, Location, LocationLimit, Member, SiteType, Usage};
use crate::estate::documented::opens_database_for;
use crate::estate::groups::candidates::{Candidates, Want};
use crate::estate::groups::{Groups, title_of};
use crate::estate::hierarchy::{Hierarchy, RemoteTools};
use crate::estate::shared::Shared;
use crate::estate::table::{Out, View, text};
use crate::evidence::{Cell, Fact, Missing, Table, TableSchema, field, table};
use crate::source::Place;

/// Roles that each site but a secondary one has, so that an export without them is incomplete.
const IN_EACH_SITE: [&str; 2] = ["SMS Provider", "SMS SQL Server"];

/// A computer on which a documented group belongs.
#[derive(Debug)]
pub(crate) struct Spot<'s> {
    /// The statement on its location.
    pub(crate) statement: &'s str,
    pub(crate) entity: &'s str,
    /// Name of the group, with its site code.
    pub(crate) title: String,
    pub(crate) host: Cell,
    /// The site that the computer serves; empty for a client.
    pub(crate) site: String,
    pub(crate) record: Option<Place>,
    pub(crate) want: Want,
    /// It may be on these instead.
    pub(crate) instead: Vec<Cell>,
    /// The documents name the place; no: it is right for another reason.
    pub(crate) documented: bool,
}

impl Spot<'_> {
    pub(crate) fn host_text(&self) -> &str {
        match &self.host.fact {
            Fact::Text(text) => text,
            _ => "",
        }
    }
}

/// The spots, and what is missing to know all of them.
#[derive(Debug)]
pub(crate) struct Spots<'s> {
    pub(crate) spots: Vec<Spot<'s>>,
    /// Statement, entity, the computer and site where they are known, and what is missing.
    pub(crate) lacks: Vec<SpotLack<'s>>,
}

/// Something without which it is not known where a group belongs.
#[derive(Debug)]
pub(crate) struct SpotLack<'s> {
    pub(crate) statement: &'s str,
    pub(crate) entity: &'s str,
    pub(crate) host: Option<Cell>,
    pub(crate) site: Option<String>,
    pub(crate) lack: Missing,
}

struct Collector<'s, 'x> {
    shared: &'s Shared<'x>,
    facts: Vec<FactAt<'s>>,
    hierarchy: Hierarchy<'s>,
    candidates: Candidates<'s, 'x>,
    out: Spots<'s>,
}

/// Where the documented groups belong.
pub(crate) fn spots<'s>(shared: &'s Shared<'_>, groups: &Groups<'s>) -> Spots<'s> {
    // What is asked of groups is asked of those whose place is documented.
    let mut placed: Vec<&str> =
        shared.content.facts_of("location", shared.revision).map(|fact| fact.entity).collect();
    placed.dedup();
    let placed = placed.into_iter().filter_map(|id| shared.content.entity(id));
    let facts = placed.flat_map(|entity| entity.facts_at(shared.revision)).collect();
    let mut collector = Collector {
        shared,
        hierarchy: Hierarchy::of(shared),
        candidates: Candidates::of(shared),
        facts,
        out: Spots { spots: Vec::new(), lacks: Vec::new() },
    };
    for (fact, location) in shared.content.judged::<Location>(shared.revision) {
        match location {
            Location::Clients => collector.clients(fact.statement, fact.entity, groups),
            Location::DatabaseReplica => collector.replicas(fact.statement, fact.entity),
            Location::SiteServer | Location::PrimarySiteServer | Location::Role { .. } => {
                collector.sites(fact.statement, fact.entity, location);
            }
        }
    }
    collector.controllers(groups);
    collector.out
}

impl<'s> Collector<'s, '_> {
    /// What is said of a group in facts of a kind.
    fn said<K: Judged + 's>(&self, entity: &str) -> impl Iterator<Item = &'s K> {
        self.facts.iter().filter(move |f| f.entity == entity).filter_map(|f| K::of(f.says?))
    }

    fn lack(
        &mut self,
        statement: &'s str,
        entity: &'s str,
        site: Option<&str>,
        host: Option<&Cell>,
        lack: Missing,
    ) {
        let site = site.map(str::to_uppercase);
        self.out.lacks.push(SpotLack { statement, entity, host: host.cloned(), site, lack });
    }

    /// Whether the documents leave the group out for this site; none if that is not known.
    fn admitted(&self, entity: &str, site: &crate::estate::hierarchy::Site<'_>) -> Option<bool> {
        let of_type = |kind: &str| site.kind().map(|_| site.is(kind));
        match self.said::<LocationLimit>(entity).next().map(|limit| limit.site_type) {
            None => Some(true),
            Some(SiteType::Primary) => of_type("primary"),
            Some(SiteType::Secondary) => of_type("secondary"),
            Some(SiteType::Central) => of_type("cas"),
            Some(SiteType::ChildPrimary) => match (site.kind(), site.parent()) {
                (Some(_), _) if !site.is("primary") => Some(false),
                (_, Some(None)) => Some(false),
                (Some(_), Some(Some(_))) => Some(true),
                _ => None,
            },
        }
    }

    /// Groups on a server of each site.
    fn sites(&mut self, statement: &'s str, entity: &'s str, place: &Location) {
        for lack in [self.hierarchy.sites_lack.clone()].into_iter().flatten() {
            self.lack(statement, entity, None, None, lack);
        }
        let by_role = match place {
            Location::Role { export, words } => Some((export.as_str(), words.as_str())),
            Location::SiteServer | Location::PrimarySiteServer => None,
            Location::DatabaseReplica | Location::Clients => return,
        };
        if by_role.is_some()
            && let Some(lack) = self.hierarchy.roles_lack.clone()
        {
            self.lack(statement, entity, None, None, lack);
        }
        for site in self.hierarchy.sites.clone() {
            match self.admitted(entity, &site) {
                Some(true) => {}
                Some(false) => continue,
                None => {
                    let what = format!("whether `{}` is a child primary site", site.code);
                    let lack = Missing::not_exported(self.shared, table::SITES, &what);
                    self.lack(statement, entity, Some(site.code), None, lack);
                    continue;
                }
            }
            let hosts: Vec<(Cell, Option<Place>)> = match by_role {
                Some((role, what)) => {
                    let hosts: Vec<_> = self
                        .hierarchy
                        .with_role(site.code, role)
                        .map(|r| (r.cell.clone(), r.line.record))
                        .collect();
                    // Each site but a secondary one has it, so that the export is incomplete.
                    let has = IN_EACH_SITE.contains(&role) && !site.is("secondary");
                    if hosts.is_empty() && self.hierarchy.roles_lack.is_none() && has {
                        let what = format!("the {what} of site `{}`", site.code);
                        let lack = self.hierarchy.role_lack(self.shared, &what);
                        self.lack(statement, entity, Some(site.code), None, lack);
                    }
                    hosts
                }
                None => {
                    if *place == Location::PrimarySiteServer && !site.is("primary") {
                        if site.kind().is_none() {
                            let what = format!("of which type site `{}` is", site.code);
                            let lack = Missing::not_exported(self.shared, table::SITES, &what);
                            let server = site.server().map(|(cell, _)| cell.clone());
                            self.lack(statement, entity, Some(site.code), server.as_ref(), lack);
                        }
                        continue;
                    }
                    match site.server() {
                        Some((cell, _)) => vec![(cell.clone(), site.line.record)],
                        None => {
                            let lack = self.hierarchy.server_lack(self.shared, site.code);
                            self.lack(statement, entity, Some(site.code), None, lack);
                            Vec::new()
                        }
                    }
                }
            };
            let want = self.want(entity, site.code);
            let Some(title) = title_of(self.shared, entity, site.code) else { continue };
            // The folders of a group for remote systems are on the site server.
            let remote = by_role.is_some() && self.coded(entity);
            let server = site.server().map(|(cell, _)| cell.clone()).filter(|_| remote);
            for (host, record) in hosts {
                self.out.spots.push(Spot {
                    statement,
                    entity,
                    title: title.clone(),
                    host,
                    site: site.code.to_uppercase(),
                    record,
                    want: want.clone(),
                    instead: server.iter().cloned().collect(),
                    documented: true,
                });
            }
            if let Some(host) = server {
                self.out.spots.push(Spot {
                    statement,
                    entity,
                    title,
                    host,
                    site: site.code.to_uppercase(),
                    record: site.line.record,
                    want: Want::No,
                    instead: Vec::new(),
                    documented: false,
                });
            }
        }
    }

    fn coded(&self, entity: &str) -> bool {
        self.shared.content.entity(entity).is_some_and(|e| e.name_pattern.is_some())
    }

    /// Whether the group has to be there for a site.
    fn want(&self, entity: &str, site: &str) -> Want {
        if self.coded(entity) {
            let said = self.said::<Member>(entity);
            let all: Vec<Want> =
                said.flat_map(|fact| self.candidates.wants(&self.hierarchy, fact, site)).collect();
            return Want::most(all);
        }
        if self.said::<Usage>(entity).any(|usage| usage.in_use == Some(false)) {
            return Want::No;
        }
        match self.said::<CreatedWhen>(entity).next() {
            Some(CreatedWhen::DistributedViews) => self.distributed_views(site),
            // Whether clients have remote tools is asked of clients.
            Some(CreatedWhen::RemoteTools) | None => Want::Yes,
        }
    }

    /// Whether a site's database is read through distributed views.
    fn distributed_views(&self, site: &str) -> Want {
        let Some(view) = View::of(self.shared, table::DATABASE_LINKS) else { return Want::No };
        let mut want = Want::No;
        for line in view.rows() {
            if !line.text(field::CHILD).is_some_and(|c| c.eq_ignore_ascii_case(site)) {
                continue;
            }
            match line.flag(field::DISTRIBUTED_VIEWS) {
                Some(true) => return Want::Yes,
                Some(false) => {}
                None => {
                    let what = format!("whether the link to site `{site}` uses distributed views");
                    want = Want::Open(Missing::not_exported(self.shared, table::DATABASE_LINKS, &what));
                }
            }
        }
        if let Some(gap) = view.gaps().find_map(|line| line.gap) {
            return Want::Open(gap.missing.clone());
        }
        want
    }

    /// Databases that management points read instead of the site's own.
    fn replicas(&mut self, statement: &'s str, entity: &'s str) {
        let Some(view) = View::of(self.shared, table::ROLE_ACCOUNTS) else { return };
        if let Some(gap) = view.gaps().find_map(|line| line.gap) {
            self.lack(statement, entity, None, None, gap.missing.clone());
        }
        let mut seen = HashSet::new();
        for line in view.rows() {
            let (Some(site), Some(host), Some(cell)) = (
                line.text(field::SITE),
                line.text(field::DATABASE_SERVER),
                line.cell(field::DATABASE_SERVER),
            ) else {
                continue;
            };
            let key = self.shared.ids.computer_key(host);
            let reads = |entity| opens_database_for(self.shared.content, entity, "management-point");
            if !line.text(field::ENTITY).is_some_and(reads)
                || self
                    .hierarchy
                    .with_role(site, "SMS SQL Server")
                    .any(|r| self.shared.ids.same_computer(r.host, host) != Some(false))
                || !seen.insert((site.to_uppercase(), key))
            {
                continue;
            }
            let Some(of) = self.hierarchy.site(site) else { continue };
            if self.admitted(entity, &of) == Some(false) {
                continue;
            }
            let Some(title) = title_of(self.shared, entity, site) else { continue };
            self.out.spots.push(Spot {
                statement,
                entity,
                title,
                host: cell.clone(),
                site: site.to_uppercase(),
                record: line.record,
                want: Want::No,
                instead: Vec::new(),
                documented: true,
            });
        }
    }

    /// Clients of which groups are exported, and computers that have the group.
    fn clients(&mut self, statement: &'s str, entity: &'s str, groups: &Groups<'s>) {
        let Some(title) = title_of(self.shared, entity, "") else { return };
        let remote_tools = RemoteTools::of(self.shared);
        let want = match (remote_tools.on, remote_tools.lack) {
            (Some(true), _) => Want::Yes,
            (Some(false), _) => Want::No,
            (None, Some(lack)) => Want::Open(lack),
            (None, None) => Want::No,
        };
        let mut seen = HashSet::new();
        let mut spots = Vec::new();
        for found in groups.found.iter().filter(|f| f.named.entity == entity && f.named.exact) {
            if let Some(key) = &found.key
                && seen.insert(key.clone())
            {
                spots.push((found.host.clone(), found.record));
            }
        }
        let Some(view) = View::of(self.shared, table::COMPUTERS) else { return };
        let mut unlisted = false;
        for line in view.rows() {
            if let (Some(host), Some("workstation"), Some(cell)) =
                (line.text(field::HOST), line.text(field::POSITION), line.cell(field::HOST))
            {
                let key = self.shared.ids.computer_key(host);
                if !groups.hosts.contains(&key) {
                    unlisted = true;
                } else if seen.insert(key) {
                    spots.push((cell.clone(), line.record));
                }
            }
        }
        // Of many clients few are exported; those few are judged.
        if spots.is_empty() {
            let missing = view.gaps().find_map(|line| line.gap).map(|gap| gap.missing.clone());
            let missing = groups.absent.clone().or(missing).or_else(|| {
                unlisted.then(|| {
                    Missing::not_exported(self.shared, table::LOCAL_GROUPS, "the groups of any client")
                })
            });
            if let Some(lack) = missing {
                self.lack(statement, entity, None, None, lack);
            }
        }
        for (host, record) in spots {
            self.out.spots.push(Spot {
                statement,
                entity,
                title: title.clone(),
                host,
                site: String::new(),
                record,
                want: want.clone(),
                instead: Vec::new(),
                documented: true,
            });
        }
    }

    /// What is on one domain controller is on all of its domain.
    fn controllers(&mut self, groups: &Groups<'_>) {
        let ids = self.shared.ids;
        let mut more = Vec::new();
        for spot in &self.out.spots {
            let key = ids.computer_key(spot.host_text());
            let Some(own) = groups.controllers.iter().find(|c| c.key == key) else { continue };
            for other in &groups.controllers {
                if other.key != key && ids.same_domain_name(&own.domain, &other.domain) == Some(true) {
                    more.push(Spot {
                        title: spot.title.clone(),
                        host: other.host.clone(),
                        site: spot.site.clone(),
                        want: Want::No,
                        instead: Vec::new(),
                        documented: false,
                        ..*spot
                    });
                }
            }
        }
        self.out.spots.extend(more);
    }
}

/// One row a computer on which a documented group belongs; gaps where that, or whether it has to be there, is not
/// known.
pub(crate) fn expected_groups(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let groups = Groups::of(shared);
    let spots = spots(shared, &groups);
    let mut out = Out::of(shared, schema);
    for spot in &spots.spots {
        let hosts: Box<[Cell]> = std::iter::once(&spot.host).chain(&spot.instead).cloned().collect();
        let want = match spot.want {
            Want::Yes => "yes",
            Want::No => "no",
            Want::Open(_) => "open",
        };
        out.row(spot.record)
            .set(field::STATEMENT, text(spot.statement))
            .set(field::ENTITY, text(spot.entity))
            .set(field::TITLE, text(&spot.title))
            .copy(field::HOST, Some(&spot.host))
            .set(field::SITE, text(&spot.site))
            .set(field::WANTED, text(want))
            .set(field::HOSTS, Fact::List(hosts))
            .put();
        if let Want::Open(lack) = &spot.want {
            // Without any groups it does not matter what else would have to be known.
            out.gap(groups.absent.as_ref().unwrap_or(lack).clone())
                .set(field::STATEMENT, text(spot.statement))
                .set(field::ENTITY, text(spot.entity))
                .set(field::TITLE, text(&spot.title))
                .copy(field::HOST, Some(&spot.host))
                .set(field::SITE, text(&spot.site))
                .put();
        }
    }
    for SpotLack { statement, entity, host, site, lack } in &spots.lacks {
        let mut gap = out
            .gap(lack.clone())
            .set(field::STATEMENT, text(statement))
            .set(field::ENTITY, text(entity))
            .copy(field::HOST, host.as_ref());
        if let Some(site) = site {
            gap = gap.set(field::SITE, text(site));
        }
        gap.put();
    }
    out.table
}
