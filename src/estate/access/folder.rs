//! The tables of folders: what documented groups may do in the folders of a site (`folder_access`), where their
//! entries stand (`group_entries`), who else writes the inboxes (`inbox_access`), and the folders with content
//! (`content_folders`).
//!
//! Documented paths are relative to the directory the site is installed in. Where no export tells that directory, a
//! folder is known by the end of its path.

use std::sync::Arc;

use crate::content::fact::{FolderPermission, FolderScope, Folders};
use crate::content::{Entity, EntityKind};
use crate::estate::access::list::{Entry, FOLDERS, List, State, lists};
use crate::estate::access::local::{LocalGroup, LocalGroups};
use crate::estate::access::{Ask, Granted, folder_mask, folder_permissions, granted, means, telling};
use crate::estate::membership::{Belongs, Membership};
use crate::estate::principals::{everybody, group_name};
use crate::estate::shared::Shared;
use crate::estate::table::{Line, Out, Pending, View, filling, flag, gaps_of, is, text, texts};
use crate::estate::value::{path as path_key, within};
use crate::evidence::{Account, Fact, Missing, Table, TableSchema, Why, computer_name, field, table};
use crate::sddl::{self, AceKind, Member};

/// A site with the directory it is installed in.
struct Site<'s> {
    line: Line<'s>,
    code: &'s str,
    server: Option<&'s str>,
    /// In the form of [`path_key`].
    dir: Option<String>,
}

/// Where a folder lies in a site.
struct Placed {
    site: usize,
    /// Below the installation directory, in the form of [`path_key`].
    relative: String,
    /// The export does not tell the computer; it is the only one that fits.
    assumed: bool,
}

/// Where a folder is.
enum Where {
    In(Placed),
    /// In one of these.
    OneOf(Vec<Placed>),
    Elsewhere,
}

/// A folder's list with the path taken apart.
struct Folder<'s> {
    list: List<'s>,
    host: Option<String>,
    path: &'s str,
    /// In the form of [`path_key`], as the computer itself would call it.
    key: String,
    /// The site whose share of the installation directory the path goes through.
    share_of: Option<String>,
}

fn sites<'s>(shared: &'s Shared<'_>) -> Vec<Site<'s>> {
    View::of(shared, table::SITES)
        .into_iter()
        .flat_map(View::rows)
        .filter_map(|line| {
            Some(Site {
                line,
                code: line.text(field::SITE)?,
                server: line.text(field::SERVER),
                dir: line.text(field::INSTALL_DIR).map(path_key).filter(|dir| dir.len() > 2),
            })
        })
        .collect()
}

fn folders<'s>(shared: &'s Shared<'_>) -> Vec<Folder<'s>> {
    lists(shared, FOLDERS)
        .into_iter()
        .filter_map(|list| {
            let path = list.line.text(field::PATH)?;
            let mut key = path_key(path);
            let mut host = list.line.text(field::HOST).map(str::to_owned);
            let mut share_of = None;
            // `\\SRV\C$\x` and `\\SRV\SMS_PS1\x`
            let network =
                key.strip_prefix("\\\\").filter(|rest| !rest.starts_with(['?', '.'])).map(str::to_owned);
            if let Some(network) = network {
                let mut parts = network.splitn(3, '\\');
                let server = parts.next().unwrap_or_default().to_owned();
                let share = parts.next().unwrap_or_default().to_owned();
                let rest = parts.next().unwrap_or_default().to_owned();
                host = computer_name(&server).map(str::to_owned).or(host);
                if let Some(drive) = share.strip_suffix('$').filter(|drive| drive.len() == 1) {
                    key = format!("{drive}:\\{rest}").trim_end_matches('\\').to_owned();
                } else if let Some(site) = share.strip_prefix("sms_").filter(|site| site.len() == 3) {
                    share_of = Some(site.to_owned());
                    key = rest;
                }
            }
            Some(Folder { list, host, path, key, share_of })
        })
        .collect()
}

/// First parts of documented paths: by these a folder is known where the installation directory is not.
fn tails(shared: &Shared<'_>) -> Vec<String> {
    let mut tails: Vec<String> =
        facts(shared).iter().filter_map(|fact| fact.relative.split('\\').next().map(str::to_owned)).collect();
    tails.sort();
    tails.dedup();
    tails
}

fn place(shared: &Shared<'_>, folder: &Folder<'_>, sites: &[Site<'_>], tails: &[String]) -> Where {
    let mut sure = Vec::new();
    let mut maybe = Vec::new();
    for (number, site) in sites.iter().enumerate() {
        let same = match (&folder.host, site.server) {
            (Some(host), Some(server)) => shared.ids.same_computer(host, server),
            _ => None,
        };
        if same == Some(false) {
            continue;
        }
        let relative = match (&folder.share_of, &site.dir) {
            (Some(code), _) => code.eq_ignore_ascii_case(site.code).then(|| folder.key.clone()),
            (None, Some(dir)) => {
                within(&folder.key, dir).then(|| folder.key[dir.len()..].trim_start_matches('\\').to_owned())
            }
            (None, None) => tails.iter().find_map(|tail| {
                let parts: Vec<&str> = folder.key.split('\\').collect();
                let at = parts.iter().position(|part| part == tail)?;
                Some(parts[at..].join("\\"))
            }),
        };
        let Some(relative) = relative else { continue };
        let placed = Placed { site: number, relative, assumed: same.is_none() };
        if same == Some(true) { sure.push(placed) } else { maybe.push(placed) }
    }
    if sure.is_empty() && maybe.len() > 1 {
        return Where::OneOf(maybe);
    }
    match sure.into_iter().chain(maybe).next() {
        Some(placed) => Where::In(placed),
        None => Where::Elsewhere,
    }
}

/// A documented permission of a group in a folder.
struct Documented<'c> {
    statement: &'c str,
    entity: &'c Entity,
    /// Whose it is, if not the entity's own.
    principal: Option<&'c str>,
    permissions: Vec<&'c str>,
    /// Any of these sets will do.
    alternatives: Vec<Vec<&'c str>>,
    /// In the form of [`path_key`].
    relative: String,
    /// As it is documented.
    written: &'c str,
    scope: FolderScope,
}

fn facts<'c>(shared: &Shared<'c>) -> Vec<Documented<'c>> {
    let facts = shared.content.judged::<FolderPermission>(shared.revision);
    facts
        .filter_map(|(fact, said)| {
            let written = match &said.folders {
                Folders::Installation(path) => path.as_str(),
                // `content_folders` tells of these, and of clients the rights of the group there.
                Folders::Content | Folders::Client => return None,
            };
            let names = |set: &'c Vec<String>| set.iter().map(String::as_str).collect::<Vec<&str>>();
            Some(Documented {
                statement: fact.statement,
                entity: shared.content.entity(fact.entity)?,
                principal: said.principal.as_deref(),
                permissions: names(&said.permissions),
                alternatives: said.alternatives.iter().map(names).collect(),
                relative: path_key(written),
                written,
                scope: said.scope,
            })
        })
        .collect()
}

/// Whose permission in a folder is asked for.
#[derive(Debug, Clone)]
enum Holder<'s> {
    /// A group of the computer, by its name.
    Group(String),
    /// An account that is set for something.
    Account(&'s Arc<Account>),
}

impl Holder<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Group(name) => name,
            Self::Account(account) => &account.written,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Group(_) => EntityKind::Group.name(),
            Self::Account(_) => EntityKind::Account.name(),
        }
    }

    /// Whether an entry means it.
    fn is_meant(
        &self,
        shared: &Shared<'_>,
        host: Option<&str>,
        entry: &Entry<'_>,
    ) -> (Member, Option<Missing>) {
        match self {
            Self::Group(name) => LocalGroup { name, host }.is_meant(shared, entry),
            Self::Account(account) => means(shared, account, None, entry, host),
        }
    }
}

/// Those of whom a permission is documented, at a site: the group, or the accounts that serve as the documented one.
fn holders<'s>(shared: &'s Shared<'_>, fact: &Documented<'_>, site: &str) -> Vec<Holder<'s>> {
    if let Some(principal) = fact.principal {
        return vec![Holder::Group(principal.to_owned())];
    }
    match fact.entity.kind {
        EntityKind::Group => group_name(shared, fact.entity, site).map(Holder::Group).into_iter().collect(),
        EntityKind::SqlUser | EntityKind::SqlRole | EntityKind::Document => Vec::new(),
        EntityKind::Account => {
            let mut seen: Vec<String> = Vec::new();
            let mut out = Vec::new();
            for line in View::of(shared, table::ACCOUNT_USES).into_iter().flat_map(View::rows) {
                let here = line.text(field::SITE).is_none_or(|s| s.eq_ignore_ascii_case(site));
                let dynamic = line.flag(field::DYNAMIC) == Some(true);
                if !here || dynamic || !is(line.text(field::ENTITY), &fact.entity.id) {
                    continue;
                }
                let Some(account) = line.account(field::ACCOUNT) else { continue };
                let key = shared.ids.key(account);
                if !seen.contains(&key) {
                    seen.push(key);
                    out.push(Holder::Account(account));
                }
            }
            out
        }
    }
}

/// Accounts of which it is not known what they are: their permissions in folders are not known either.
fn unknown_accounts(shared: &Shared<'_>, out: &mut Out<'_>, documented: &[Documented<'_>]) {
    for fact in documented.iter().filter(|fact| fact.entity.kind == EntityKind::Account) {
        for line in View::of(shared, table::ACCOUNT_USES).into_iter().flat_map(View::gaps) {
            let Some(gap) = line.gap else { continue };
            if line.text(field::ENTITY).is_none_or(|e| e.eq_ignore_ascii_case(&fact.entity.id)) {
                out.gap(gap.missing.clone())
                    .set(field::STATEMENT, text(fact.statement))
                    .set(field::ENTITY, text(&fact.entity.id))
                    .set(field::HOLDER, text(EntityKind::Account.name()))
                    .put();
            }
        }
    }
}

/// How a folder lies to the documented one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lies {
    There,
    Below,
}

impl Documented<'_> {
    /// How a folder of the site lies to the documented one. Folders that the documents name without the inboxes
    /// around them are found in these too.
    fn lies(&self, relative: &str) -> Option<Lies> {
        let inner = relative.strip_prefix("inboxes\\").filter(|_| !within(&self.relative, "inboxes"));
        [Some(relative), inner].into_iter().flatten().find_map(|relative| {
            within(relative, &self.relative).then_some(if relative.len() == self.relative.len() {
                Lies::There
            } else {
                Lies::Below
            })
        })
    }

    /// Whether the permission is documented of that folder itself.
    fn demanded(&self, lies: Lies) -> bool {
        match self.scope {
            FolderScope::Subfolders => lies == Lies::Below,
            FolderScope::ThisFolderAndSubfolders => true,
            FolderScope::SomeSubfolders => false,
            FolderScope::ThisFolder | FolderScope::WholeComputer => lies == Lies::There,
        }
    }

    /// Rights that are all right in that folder.
    fn allows(&self, lies: Lies, only: bool) -> u32 {
        let counts = match self.scope {
            FolderScope::Subfolders | FolderScope::SomeSubfolders => lies == Lies::Below || only,
            FolderScope::ThisFolder | FolderScope::ThisFolderAndSubfolders | FolderScope::WholeComputer => {
                true
            }
        };
        let sets = self.alternatives.iter().flatten().chain(&self.permissions);
        if counts { sets.filter_map(|name| folder_mask(name)).fold(0, |all, mask| all | mask) } else { 0 }
    }
}

/// What is missing of the wanted permissions: names, or what would have to be known.
fn lacking<'c>(got: &Granted, sets: &[Vec<&'c str>]) -> Result<Vec<&'c str>, Option<Missing>> {
    let mut best: Option<Vec<&str>> = None;
    let mut open = None;
    for set in sets {
        let masks = |name: &&&'c str| folder_mask(name).map(|mask| got.holds(mask));
        if set.iter().any(|name| masks(&name) == Some(Some(false))) {
            let lacks: Vec<&str> =
                set.iter().filter(|name| masks(name) == Some(Some(false))).copied().collect();
            if best.as_ref().is_none_or(|best| lacks.len() < best.len()) {
                best = Some(lacks);
            }
        } else if set.iter().any(|name| masks(&name) == Some(None)) {
            let missing = set.iter().filter_map(|name| got.missing(folder_mask(name)?)).next();
            open = open.or(Some(missing.cloned()));
        } else {
            return Ok(Vec::new());
        }
    }
    match open {
        Some(missing) => Err(missing),
        None => Ok(best.unwrap_or_default()),
    }
}

/// Documented permissions that an entry takes away.
fn denied<'c>(
    meant: impl Fn(&Entry<'_>) -> (Member, Option<Missing>),
    list: &List<'_>,
    got: &Granted,
    permissions: &[&'c str],
) -> (Vec<&'c str>, Option<Missing>) {
    let mut out: Vec<&str> = Vec::new();
    let mut open = None;
    for entry in list.entries.iter().filter(|e| e.kind == Some(AceKind::Deny)) {
        let bits = telling(crate::sddl::Securable::File.map_generic(entry.mask)) & !got.access.certain;
        let hit = permissions.iter().filter(|name| folder_mask(name).is_some_and(|m| telling(m) & bits != 0));
        let hit: Vec<&str> = hit.copied().collect();
        if hit.is_empty() {
            continue;
        }
        match meant(entry) {
            (Member::Yes, _) => out.extend(hit),
            (Member::Unknown, missing) => open = open.or(missing),
            (Member::No, _) => {}
        }
    }
    let mut kept: Vec<&str> = permissions.iter().filter(|p| out.contains(p)).copied().collect();
    kept.dedup();
    (kept, open)
}

/// The table `folder_access`: one row a documented permission and exported folder it says something of.
pub(crate) fn folder_access(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    let sites = sites(shared);
    let folders = folders(shared);
    let tails = tails(shared);
    let documented = facts(shared);
    let lists_table = shared.schema.id(FOLDERS.lists).unwrap_or_default();
    let whose: Vec<Vec<Holder<'_>>> = (sites.iter())
        .flat_map(|site| documented.iter().map(|fact| holders(shared, fact, site.code)))
        .collect();
    // (site, fact) of which some folder is exported
    let mut seen = vec![false; sites.len() * documented.len()];
    for folder in &folders {
        let (placed, unsure) = match place(shared, folder, &sites, &tails) {
            Where::In(placed) => (vec![placed], false),
            Where::OneOf(places) => (places, true),
            Where::Elsewhere => continue,
        };
        for placed in placed {
            let Some(site) = sites.get(placed.site) else { continue };
            for (number, fact) in documented.iter().enumerate() {
                let Some(lies) = fact.lies(&placed.relative) else { continue };
                if !serves(shared, site, fact.entity) {
                    continue;
                }
                for holder in &whose[placed.site * documented.len() + number] {
                    let name = holder.name();
                    let demanded = fact.demanded(lies);
                    if demanded || (fact.scope == FolderScope::SomeSubfolders && lies == Lies::Below) {
                        seen[placed.site * documented.len() + number] = true;
                    }
                    let host = folder.host.as_deref().or(site.server);
                    let known = |row: Pending<'_, '_>| -> () {
                        let row = row
                            .set(field::STATEMENT, text(fact.statement))
                            .set(field::ENTITY, text(&fact.entity.id))
                            .set(field::GROUP, text(name))
                            .set(field::HOLDER, text(holder.kind()))
                            .copy(field::SITE, site.line.cell(field::SITE))
                            .copy(field::PATH, folder.list.line.cell(field::PATH))
                            .set(field::RELATIVE, text(&placed.relative))
                            .set(field::BELOW, flag(lies == Lies::Below))
                            .set(field::DEMANDED, flag(demanded))
                            .set(field::ASSUMED, flag(placed.assumed));
                        let row =
                            row.copy(field::PROTECTED, folder.list.line.of_several().cell(field::PROTECTED));
                        let row = match host {
                            Some(host) => row.set(field::HOST, text(host)),
                            None => row.set(field::HOST, Fact::Empty),
                        };
                        row.put();
                    };
                    let what: Arc<str> = format!("the permissions of `{}`", folder.path).into();
                    if unsure {
                        let what: Arc<str> = format!("the computer of `{}`", folder.path).into();
                        known(out.gap(Missing::of(
                            Why::Incomplete,
                            lists_table,
                            what,
                            folder.list.line.record,
                        )));
                        continue;
                    }
                    if let State::Unknown(why) = folder.list.state {
                        let table = shared.schema.id(FOLDERS.entries).unwrap_or(lists_table);
                        known(out.gap(Missing::of(why, table, what, folder.list.line.record)));
                        continue;
                    }
                    let meant = |entry: &Entry<'_>| holder.is_meant(shared, host, entry);
                    let got = granted(&folder.list, Ask::FOLDER, meant);
                    let (denied, deny_open) = denied(meant, &folder.list, &got, &fact.permissions);
                    let place = folder.list.line.cell(field::PATH).and_then(|cell| cell.place);
                    let has = folder_permissions(got.access.certain);
                    let open_gap = |out: &mut Out<'_>, missing: Option<Missing>, lacks: Option<&[&str]>| {
                        let missing = missing.unwrap_or(Missing::of(
                            Why::Incomplete,
                            lists_table,
                            Arc::clone(&what),
                            folder.list.line.record,
                        ));
                        let gap = out.gap(missing);
                        known(match lacks {
                            Some(lacks) => gap.set(field::MISSING, texts(lacks, place)),
                            None => gap.set(field::DENIED, texts(&denied, place)),
                        });
                    };
                    match lacking(&got, &fact.alternatives) {
                        Err(missing) => open_gap(&mut out, missing, None),
                        Ok(lacks) => {
                            let deny = folder
                                .list
                                .entries
                                .iter()
                                .filter(|e| e.kind == Some(AceKind::Deny))
                                .find(|e| meant(e).0 == Member::Yes);
                            let deny = deny.and_then(|e| {
                                e.line.cell(field::ACCOUNT).and_then(|c| c.place).or(e.line.record)
                            });
                            known(
                                out.row(folder.list.line.record)
                                    .set(field::MISSING, texts(&lacks, None))
                                    .at(field::DENIED, texts(&denied, deny), deny)
                                    .set(field::GRANTED, texts(&has, None)),
                            );
                            if deny_open.is_some() {
                                open_gap(&mut out, deny_open, Some(&lacks));
                            }
                        }
                    }
                }
            }
        }
    }
    // What no export holds.
    for (s, site) in sites.iter().enumerate() {
        for (f, fact) in documented.iter().enumerate() {
            if seen[s * documented.len() + f] || !serves(shared, site, fact.entity) {
                continue;
            }
            let absent = View::of(shared, FOLDERS.lists).and_then(View::absent);
            let what: Option<Arc<str>> = match absent {
                Some(_) => None,
                None => {
                    let below = if fact.scope.reaches_below() { "folders below " } else { "" };
                    let dir = site.line.text(field::INSTALL_DIR).unwrap_or("<install>");
                    let dir = dir.trim_end_matches('\\');
                    Some(format!("the permissions of {below}`{dir}\\{}`", fact.written).into())
                }
            };
            for holder in &whose[s * documented.len() + f] {
                let gap = out
                    .gap(Missing {
                        why: Why::NotExported,
                        table: lists_table,
                        what: what.clone(),
                        place: None,
                    })
                    .set(field::STATEMENT, text(fact.statement))
                    .set(field::ENTITY, text(&fact.entity.id))
                    .set(field::GROUP, text(holder.name()))
                    .set(field::HOLDER, text(holder.kind()))
                    .copy(field::SITE, site.line.cell(field::SITE))
                    .copy(field::HOST, site.line.cell(field::SERVER))
                    .set(field::DEMANDED, flag(fact.scope != FolderScope::SomeSubfolders))
                    .set(field::BELOW, flag(fact.scope.reaches_below()));
                gap.put();
            }
        }
    }
    unknown_accounts(shared, &mut out, &documented);
    gaps_of(shared, &mut out, &[table::SITES], &[]);
    out.table
}

/// Whether the group belongs to that type of site.
fn serves(shared: &Shared<'_>, site: &Site<'_>, entity: &Entity) -> bool {
    let mut types = entity.site_types.iter().filter(|item| item.holds(shared.revision)).peekable();
    let Some(kind) = site.line.text(field::TYPE) else { return true };
    types.peek().is_none() || types.any(|item| item.name.eq_ignore_ascii_case(kind))
}

/// Rights of folders that stand by themselves, in the words of Windows.
const SINGLE: [(u32, &str); 10] = [
    (0x2, "Create files / write data"),
    (0x4, "Create folders / append data"),
    (0x10, "Write extended attributes"),
    (0x40, "Delete subfolders and files"),
    (0x100, "Write attributes"),
    (0x1_0000, "Delete"),
    (0x4_0000, "Change permissions"),
    (0x8_0000, "Take ownership"),
    (0x1, "List folder / read data"),
    (0x20, "Traverse folder / execute file"),
];

/// What a mask holds beyond what is all right.
fn beyond(mask: u32, allowed: u32) -> Vec<&'static str> {
    let more = telling(mask & !allowed);
    let whole: Vec<&str> = crate::sddl::NTFS
        .iter()
        .filter(|(_, of)| telling(mask) & telling(*of) == telling(*of) && telling(*of) & more != 0)
        .map(|(name, _)| *name)
        .collect();
    if !whole.is_empty() {
        return whole;
    }
    SINGLE.iter().filter(|(bit, _)| bit & more != 0).map(|(_, name)| *name).collect()
}

/// The table `group_entries`: one row an entry that names a group the product makes.
pub(crate) fn group_entries(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    let sites = sites(shared);
    let folders = folders(shared);
    let tails = tails(shared);
    let documented = facts(shared);
    let entries_table = shared.schema.id(FOLDERS.entries).unwrap_or_default();
    let no_sites = View::of(shared, table::SITES).and_then(View::absent);
    let groups: Vec<&Entity> = shared
        .content
        .entities
        .iter()
        .filter(|e| e.kind == EntityKind::Group && e.name.at(shared.revision).is_some())
        .collect();
    // A group without a permission in any folder of a site is judged whatever site a folder belongs to.
    let nowhere = |entity: &Entity| documented.iter().all(|fact| fact.entity.id != entity.id);
    for folder in &folders {
        let placed = place(shared, folder, &sites, &tails);
        let host = folder.host.as_deref();
        if let State::Unknown(why) = folder.list.state {
            let what: Arc<str> = format!("the permissions of `{}`", folder.path).into();
            out.gap(Missing::of(why, entries_table, what, folder.list.line.record))
                .copy(field::HOST, folder.list.line.cell(field::HOST))
                .copy(field::PATH, folder.list.line.cell(field::PATH))
                .put();
        }
        for entry in &folder.list.entries {
            let names = names_of(shared, entry);
            let found = groups.iter().find_map(|entity| {
                let (name, code) = name_in(shared, entity, &names)?;
                let group = LocalGroup { name: &name, host };
                let trustee = entry.who.as_ref()?;
                (group.is_named(shared, trustee, entry.sid).0 == Some(true)).then_some((*entity, name, code))
            });
            let common = |row: Pending<'_, '_>| -> () {
                let row = row
                    .copy(field::HOST, folder.list.line.cell(field::HOST))
                    .copy(field::PATH, folder.list.line.cell(field::PATH))
                    .copy(field::POSITION, entry.line.cell(field::POSITION))
                    .copy(field::KIND, entry.line.cell(field::KIND))
                    .copy(field::INHERITED, entry.line.cell(field::INHERITED));
                // A list in words does not tell what comes from above.
                let row = if entry.line.is_empty(field::INHERITED) {
                    row.set(field::INHERITED, Fact::Unknown(Why::NotExported))
                } else {
                    row
                };
                match (&found, &placed) {
                    (Some((entity, name, code)), placed) => {
                        let inside = match placed {
                            _ if nowhere(entity) => Some(None),
                            Where::In(placed) => {
                                let site = sites.get(placed.site).map(|s| s.code).unwrap_or_default();
                                let own = code.as_ref().is_none_or(|code| code.eq_ignore_ascii_case(site));
                                Some(own.then(|| allowed(&documented, entity, &placed.relative)).flatten())
                            }
                            Where::Elsewhere if no_sites.is_none() => Some(None),
                            _ => None,
                        };
                        let row = row
                            .set(field::ENTITY, text(&entity.id))
                            .set(field::GROUP, text(name))
                            .copy(field::ACCOUNT, entry.line.cell(field::ACCOUNT))
                            .copy(field::PERMISSIONS, entry.line.cell(field::PERMISSIONS));
                        let row = match inside {
                            Some(Some(allowed)) => row
                                .set(field::DOCUMENTED, flag(true))
                                .set(field::EXCESS, texts(beyond(entry.mask, allowed), None)),
                            Some(None) => {
                                row.set(field::DOCUMENTED, flag(false)).set(field::EXCESS, Fact::Empty)
                            }
                            None => row
                                .set(field::DOCUMENTED, Fact::Unknown(Why::NotExported))
                                .set(field::EXCESS, Fact::Unknown(Why::NotExported)),
                        };
                        row.put();
                    }
                    (None, _) => row.put(),
                }
            };
            if let Some((entity, ..)) = &found {
                if matches!(placed, Where::In(_))
                    || nowhere(entity)
                    || (matches!(placed, Where::Elsewhere) && no_sites.is_none())
                {
                    common(out.row(entry.line.record));
                } else {
                    let table = shared.schema.id(table::SITES).unwrap_or_default();
                    let what: Arc<str> = format!("the site to which `{}` belongs", folder.path).into();
                    common(out.gap(Missing::of(Why::NotExported, table, what, entry.line.record)));
                }
                continue;
            }
            // A security identifier that may be any of them, and an entry that cannot be read.
            let any = LocalGroup { name: "", host };
            let open = match &entry.who {
                Some(trustee) => any.is_named(shared, trustee, entry.sid).1,
                None => entry.line.gap.map(|gap| {
                    Missing::of(
                        gap.missing.why,
                        gap.missing.table,
                        format!("the permissions of `{}`", folder.path),
                        gap.missing.place,
                    )
                }),
            };
            if let Some(missing) = open {
                common(out.gap(missing));
            }
        }
    }
    for table in [FOLDERS.lists, FOLDERS.entries] {
        if let Some(gap) = View::of(shared, table).and_then(View::absent) {
            out.gap(Missing::rows(gap.missing.why, gap.missing.table, None)).put();
        }
    }
    out.table
}

/// The names that may be meant by an entry.
fn names_of<'e>(shared: &'e Shared<'_>, entry: &'e Entry<'_>) -> Vec<&'e str> {
    let Some(trustee) = &entry.who else { return Vec::new() };
    let sid = entry.sid.unwrap_or(&trustee.written);
    let of_sid = LocalGroups::of(shared).names_of(sid).iter().map(String::as_str);
    std::iter::once(trustee.name().trim()).chain(of_sid).collect()
}

/// The name of the group that an entry with these names may mean, with the site code at its end.
fn name_in(shared: &Shared<'_>, entity: &Entity, names: &[&str]) -> Option<(String, Option<String>)> {
    let pattern = entity.name_pattern.as_deref().or(entity.exported_name(shared.revision))?;
    names.iter().find_map(|name| match pattern.strip_suffix("<sitecode>") {
        None => name.eq_ignore_ascii_case(pattern).then(|| (pattern.to_owned(), None)),
        Some(stem) => {
            let (start, code) = name.split_at_checked(stem.len())?;
            let fits = start.eq_ignore_ascii_case(stem) && code.len() == 3;
            fits.then(|| ((*name).to_owned(), Some(code.to_owned())))
        }
    })
}

/// The rights of a group that are all right in a folder of its site; none if nothing is documented of the folder.
fn allowed(documented: &[Documented<'_>], entity: &Entity, relative: &str) -> Option<u32> {
    let own: Vec<(&Documented<'_>, Lies)> = documented
        .iter()
        .filter(|fact| fact.entity.id == entity.id)
        .filter_map(|fact| Some((fact, fact.lies(relative)?)))
        .collect();
    if own.is_empty() {
        return None;
    }
    // What is documented of the folders below only stands for the folder itself where nothing else is said of it.
    let only = own
        .iter()
        .all(|(fact, _)| matches!(fact.scope, FolderScope::Subfolders | FolderScope::SomeSubfolders));
    Some(own.iter().fold(0, |all, (fact, lies)| all | fact.allows(*lies, only)))
}

/// The table `inbox_access`: one row a folder in the inboxes of a site, with those for everybody who may write in it.
pub(crate) fn inbox_access(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    let sites = sites(shared);
    let tails = tails(shared);
    let write = folder_mask("Write").map(telling).unwrap_or_default();
    for folder in folders(shared) {
        let relative = match place(shared, &folder, &sites, &tails) {
            Where::In(placed) => placed.relative,
            Where::OneOf(places) => match places.into_iter().next() {
                Some(placed) => placed.relative,
                None => continue,
            },
            Where::Elsewhere => continue,
        };
        if !within(&relative, "inboxes") {
            continue;
        }
        let top = relative == "inboxes";
        let mut writers: Vec<(&str, Option<crate::source::Place>)> = Vec::new();
        let mut open: Option<Missing> = None;
        let of = |entry: &Entry<'_>| {
            let who = entry.who.as_ref()?;
            everybody(shared, who, entry.sid, entry.line.integer(field::RELATIVE))
        };
        for entry in &folder.list.entries {
            let Some(name) = of(entry) else { continue };
            // What comes from above is told of the folder above.
            if entry.kind != Some(AceKind::Allow) || (entry.inherited == Some(true) && !top) {
                continue;
            }
            if writers.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let got = granted(&folder.list, Ask::FOLDER, |other| match of(other) {
                Some(other) if other == name || other == "Everyone" => (Member::Yes, None),
                Some("Authenticated Users") if name != "Everyone" => (Member::Yes, None),
                _ => (Member::No, None),
            });
            if got.access.certain & write == write {
                writers.push((name, entry.line.cell(field::ACCOUNT).and_then(|cell| cell.place)));
            }
        }
        if folder.list.state == State::Open {
            writers.push(("Everyone", folder.list.line.record));
        }
        if let State::Unknown(why) = folder.list.state {
            open = Some(Missing::of(
                why,
                shared.schema.id(FOLDERS.entries).unwrap_or_default(),
                format!("the permissions of `{}`", folder.path),
                folder.list.line.record,
            ));
        }
        let place = writers.first().and_then(|(_, place)| *place);
        let row = match &open {
            Some(missing) => out.gap(missing.clone()),
            None => out.row(folder.list.line.record).at(
                field::WRITERS,
                texts(writers.iter().map(|(name, _)| *name), place),
                place,
            ),
        };
        row.copy(field::HOST, folder.list.line.cell(field::HOST))
            .copy(field::PATH, folder.list.line.cell(field::PATH))
            .set(field::RELATIVE, text(&relative))
            .put();
    }
    for table in [FOLDERS.lists, FOLDERS.entries, table::SITES] {
        if let Some(gap) = View::of(shared, table).and_then(View::absent) {
            out.gap(Missing::rows(gap.missing.why, gap.missing.table, None)).put();
        }
    }
    out.table
}

/// Whether a folder holds content of a distribution point: the package shares, the content library.
fn holds_content(key: &str) -> bool {
    key.split('\\').any(|part| {
        let part = part.trim_end_matches('$');
        part.strip_prefix("smspkg").is_some_and(|rest| rest.len() <= 1 || rest == "sig")
            || part == "sccmcontentlib"
            || part == "sms_dp"
    })
}

/// The table `content_folders`: what those for whom something is documented may do in a folder with content.
pub(crate) fn content_folders(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    let folders = folders(shared);
    let lists_table = shared.schema.id(FOLDERS.lists).unwrap_or_default();
    let facts: Vec<_> = shared.content.judged::<FolderPermission>(shared.revision).collect();
    let documented: Vec<(&str, &str, u32)> = facts
        .iter()
        .filter(|(_, said)| said.folders == Folders::Content)
        .filter_map(|(fact, said)| {
            let wanted = said.permissions.iter().filter_map(|name| folder_mask(name));
            Some((fact.statement, said.principal.as_deref()?, wanted.fold(0, |all, mask| all | mask)))
        })
        .collect();
    let mut any = false;
    for folder in folders.iter().filter(|folder| holds_content(&folder.key)) {
        any = true;
        let line = folder.list.line;
        for (statement, principal, wanted) in &documented {
            let Some(group) = Account::parse(&format!("BUILTIN\\{principal}")) else { continue };
            let own = |entry: &Entry<'_>| match entry.who.as_ref() {
                Some(who) => match shared.ids.same(&group, who) {
                    Some(true) => (Member::Yes, None),
                    _ => match everybody(shared, who, entry.sid, None) {
                        Some("Everyone" | "Authenticated Users") if *principal == "Users" => {
                            (Member::Yes, None)
                        }
                        Some("Everyone") => (Member::Yes, None),
                        _ => (Member::No, None),
                    },
                },
                None => (Member::No, None),
            };
            let got = granted(&folder.list, Ask::FOLDER, own);
            let has = folder_permissions(got.access.certain);
            let base = filling(|row| {
                row.set(field::STATEMENT, text(statement))
                    .set(field::PRINCIPAL, text(principal))
                    .copy(field::HOST, line.cell(field::HOST))
                    .copy(field::PATH, line.cell(field::PATH))
                    .set(field::FOLDER, text(&path_key(folder.path)))
            });
            if let State::Unknown(why) = folder.list.state {
                let what: Arc<str> = format!("the permissions of `{}`", folder.path).into();
                base(out.gap(Missing::of(why, lists_table, what, line.record))).put();
                continue;
            }
            let place = folder.list.entries.iter().find(|e| own(e).0 == Member::Yes);
            let place =
                place.and_then(|e| e.line.cell(field::ACCOUNT).and_then(|c| c.place).or(e.line.record));
            let row = base(out.row(line.record)).at(field::PERMISSIONS, texts(&has, place), place);
            let row = match got.holds(*wanted) {
                Some(true) => row.set(field::ENOUGH, flag(true)),
                Some(false) => row.set(field::ENOUGH, flag(false)),
                None => row.set(field::ENOUGH, Fact::Unknown(Why::Incomplete)),
            };
            row.set(
                field::EXCESS,
                texts(
                    beyond(got.access.certain, *wanted | folder_mask("Read & execute").unwrap_or_default()),
                    place,
                ),
            )
            .put();
        }
    }
    if !any {
        let absent = View::of(shared, FOLDERS.lists).and_then(View::absent);
        let what: Option<Arc<str>> =
            absent.is_none().then(|| "the permissions of the content on distribution points".into());
        for (statement, principal, _) in &documented {
            out.gap(Missing { why: Why::NotExported, table: lists_table, what: what.clone(), place: None })
                .set(field::STATEMENT, text(statement))
                .set(field::PRINCIPAL, text(principal))
                .put();
        }
    }
    out.table
}

/// The table `content_grants`: what network access accounts may do with content beyond reading, in folders and shares.
pub(crate) fn content_grants(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    let accounts: Vec<Line<'_>> =
        View::of(shared, table::NETWORK_ACCESS_ACCOUNTS).into_iter().flat_map(View::rows).collect();
    let write = telling(folder_mask("Write").unwrap_or_default());
    for folder in folders(shared).iter().filter(|folder| holds_content(&folder.key)) {
        let line = folder.list.line;
        for account in &accounts {
            let Some(who) = account.account(field::ACCOUNT) else { continue };
            for entry in &folder.list.entries {
                // Groups of everybody and administrators are judged by themselves.
                if entry.kind != Some(AceKind::Allow) || telling(entry.mask) & write == 0 {
                    continue;
                }
                if entry.who.as_ref().is_some_and(|w| everybody(shared, w, entry.sid, None).is_some()) {
                    continue;
                }
                let host = folder.host.as_deref();
                let (member, missing) = means(shared, who, None, entry, host);
                if member == Member::No {
                    continue;
                }
                let named = crate::estate::access::names(shared, who, None, entry) == Some(true);
                let got = granted(&folder.list, Ask::FOLDER, |other| {
                    let (member, _) = means(shared, who, None, other, host);
                    (member, None)
                });
                let certain = got.access.certain & write != 0;
                let row = match (member, missing) {
                    (Member::Unknown, Some(missing)) => out.gap(missing),
                    _ if certain => out.row(entry.line.record).at(
                        field::RIGHT,
                        text(&sddl::ntfs_beyond_reading(entry.mask)),
                        entry.line.cell(field::MASK).and_then(|c| c.place),
                    ),
                    _ => continue,
                };
                row.copy(field::ACCOUNT, account.cell(field::ACCOUNT))
                    .copy(field::HOST, line.cell(field::HOST))
                    .copy(field::TARGET, line.cell(field::PATH))
                    .set(field::DIRECT, flag(named))
                    .copy(field::TRUSTEE, entry.line.cell(field::ACCOUNT))
                    .put();
            }
        }
    }
    for line in View::of(shared, table::SHARE_PERMISSIONS).into_iter().flat_map(View::rows) {
        let Some(share) = line.text(field::SHARE) else { continue };
        if !holds_content(&share.to_lowercase()) || !is(line.text(field::KIND), "allow") {
            continue;
        }
        if !matches!(line.text(field::RIGHT), Some("change" | "full")) {
            continue;
        }
        let Some(trustee) = line.account(field::ACCOUNT) else { continue };
        if everybody(shared, trustee, None, None).is_some() {
            continue;
        }
        for account in &accounts {
            let Some(who) = account.account(field::ACCOUNT) else { continue };
            let host = line.text(field::HOST);
            match Membership::of(shared).belongs(shared, who, trustee, None, host) {
                Belongs::No => continue,
                Belongs::Yes(_) => out.row(line.record).copy(field::RIGHT, line.cell(field::RIGHT)),
                Belongs::Open(missing) => out.gap(missing),
            }
            .copy(field::ACCOUNT, account.cell(field::ACCOUNT))
            .copy(field::HOST, line.cell(field::HOST))
            .set(field::TARGET, text(&format!("\\\\{}\\{share}", host.unwrap_or("?"))))
            .set(field::DIRECT, flag(shared.ids.same(who, trustee) == Some(true)))
            .copy(field::TRUSTEE, line.cell(field::ACCOUNT))
            .put();
        }
    }
    gaps_of(shared, &mut out, &[table::NETWORK_ACCESS_ACCOUNTS], &[field::ACCOUNT]);
    for table in [table::SHARE_PERMISSIONS, FOLDERS.lists] {
        if let Some(gap) = View::of(shared, table).and_then(View::absent) {
            for account in &accounts {
                out.gap(Missing::rows(gap.missing.why, gap.missing.table, None))
                    .copy(field::ACCOUNT, account.cell(field::ACCOUNT))
                    .put();
            }
        }
    }
    out.table
}
