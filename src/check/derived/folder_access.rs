//! The tables of folders: what documented groups may do in the folders of a site (`folder_access`), where their
//! entries stand (`group_entries`), who else writes the inboxes (`inbox_access`), and the folders with content
//! (`content_folders`).
//!
//! Documented paths are relative to the directory the site is installed in. Where no export tells that directory, a
//! folder is known by the end of its path.

use std::sync::Arc;

use super::access::{
    Ask, Entry, FOLDERS, Granted, List, LocalGroup, Missing, State, folder_mask, folder_permissions, granted,
    is, lists, means, said, said_list, telling,
};
use super::{Line, Out, Pending, View, filling, flag, text, texts};
use crate::check::shared::Shared;
use crate::check::value::{path as path_key, within};
use crate::content::{Entity, EntityKind};
use crate::evidence::{Account, Fact, Table, TableSchema, Why, computer_name};
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
    View::of(shared, "sites")
        .into_iter()
        .flat_map(View::rows)
        .filter_map(|line| {
            Some(Site {
                line,
                code: line.text("site")?,
                server: line.text("server"),
                dir: line.text("install_dir").map(path_key).filter(|dir| dir.len() > 2),
            })
        })
        .collect()
}

fn folders<'s>(shared: &'s Shared<'_>) -> Vec<Folder<'s>> {
    lists(shared, FOLDERS)
        .into_iter()
        .filter_map(|list| {
            let path = list.line.text("path")?;
            let mut key = path_key(path);
            let mut host = list.line.text("host").map(str::to_owned);
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
    permissions: Vec<&'c str>,
    /// Any of these sets will do.
    alternatives: Vec<Vec<&'c str>>,
    /// In the form of [`path_key`].
    relative: String,
    scope: &'c str,
}

fn facts<'c>(shared: &Shared<'c>) -> Vec<Documented<'c>> {
    shared
        .content
        .entities
        .iter()
        .filter(|entity| entity.kind == EntityKind::Group && entity.name.at(shared.revision).is_some())
        .flat_map(|entity| entity.statements.iter().map(move |statement| (entity, statement)))
        .filter(|(_, statement)| statement.text.at(shared.revision).is_some())
        .flat_map(|(entity, statement)| {
            statement.facts.iter().filter(|fact| fact.kind == "acl").filter_map(move |fact| {
                let value = |key: &str| fact.keys.get(key).and_then(|t| t.at(shared.revision));
                let word = |key: &str| value(key).and_then(serde_json::Value::as_str);
                fact.at(shared.revision)?;
                let list = |value: &'c serde_json::Value| -> Vec<&'c str> {
                    value.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str).collect()
                };
                let permissions = list(value("permissions")?);
                let alternatives: Vec<Vec<&str>> = value("alternatives")
                    .and_then(serde_json::Value::as_array)
                    .map(|sets| sets.iter().map(list).collect())
                    .unwrap_or_default();
                Some(Documented {
                    statement: &statement.reference,
                    entity,
                    alternatives: if alternatives.is_empty() {
                        vec![permissions.clone()]
                    } else {
                        alternatives
                    },
                    permissions,
                    relative: path_key(word("relative_path")?),
                    scope: word("scope").unwrap_or("this-folder"),
                })
            })
        })
        .collect()
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
            "subfolders" => lies == Lies::Below,
            "this-folder-and-subfolders" => true,
            "some-subfolders" => false,
            _ => lies == Lies::There,
        }
    }

    /// Rights that are all right in that folder.
    fn allows(&self, lies: Lies, only: bool) -> u32 {
        let counts = match self.scope {
            "subfolders" | "some-subfolders" => lies == Lies::Below || only,
            _ => true,
        };
        let sets = self.alternatives.iter().flatten().chain(&self.permissions);
        if counts { sets.filter_map(|name| folder_mask(name)).fold(0, |all, mask| all | mask) } else { 0 }
    }
}

/// The name of a documented group; one with a site code for that site.
pub(super) fn group_name(shared: &Shared<'_>, entity: &Entity, site: &str) -> Option<String> {
    let name = entity.name.at(shared.revision)?;
    let pattern = entity.name_pattern.as_deref().unwrap_or(name);
    Some(pattern.replace("<sitecode>", &site.to_uppercase()))
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
    shared: &Shared<'_>,
    group: &LocalGroup<'_>,
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
        match group.is_meant(shared, entry) {
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
pub(super) fn folder_access(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::new(schema);
    let sites = sites(shared);
    let folders = folders(shared);
    let tails = tails(shared);
    let documented = facts(shared);
    let lists_table = shared.schema.table(FOLDERS.lists).unwrap_or_default();
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
                let Some(name) = group_name(shared, fact.entity, site.code) else { continue };
                if !serves(shared, site, fact.entity) {
                    continue;
                }
                let demanded = fact.demanded(lies);
                if demanded || (fact.scope == "some-subfolders" && lies == Lies::Below) {
                    seen[placed.site * documented.len() + number] = true;
                }
                let host = folder.host.as_deref().or(site.server);
                let known = |row: Pending<'_, '_>| -> () {
                    let row = row
                        .set("statement", text(fact.statement))
                        .set("entity", text(&fact.entity.id))
                        .set("group", text(&name))
                        .copy("site", site.line.cell("site"))
                        .copy("path", folder.list.line.cell("path"))
                        .set("relative", text(&placed.relative))
                        .set("below", flag(lies == Lies::Below))
                        .set("demanded", flag(demanded))
                        .set("assumed", flag(placed.assumed));
                    let row = row.copy("protected", folder.list.line.cell("protected"));
                    let row = match host {
                        Some(host) => row.set("host", text(host)),
                        None => row.set("host", Fact::Empty),
                    };
                    row.put();
                };
                let what: Arc<str> = format!("the permissions of `{}`", folder.path).into();
                if unsure {
                    let what: Arc<str> = format!("the computer of `{}`", folder.path).into();
                    known(out.gap(Why::Incomplete, lists_table, Some(what), folder.list.line.record));
                    continue;
                }
                if let State::Unknown(why) = folder.list.state {
                    let table = shared.schema.table(FOLDERS.entries).unwrap_or(lists_table);
                    known(out.gap(why, table, Some(what), folder.list.line.record));
                    continue;
                }
                let group = LocalGroup { name: &name, host };
                let got = granted(&folder.list, Ask::FOLDER, |entry| group.is_meant(shared, entry));
                let (denied, deny_open) = denied(shared, &group, &folder.list, &got, &fact.permissions);
                let place = folder.list.line.cell("path").and_then(|cell| cell.place);
                let has = folder_permissions(got.access.certain);
                let open_gap = |out: &mut Out<'_>, missing: Option<Missing>, lacks: Option<&[&str]>| {
                    let missing = missing.unwrap_or(Missing {
                        why: Why::Incomplete,
                        table: lists_table,
                        what: Arc::clone(&what),
                        place: folder.list.line.record,
                    });
                    let gap = out.gap(missing.why, missing.table, Some(missing.what), missing.place);
                    known(match lacks {
                        Some(lacks) => gap.set("missing", texts(lacks, place)),
                        None => gap.set("denied", texts(&denied, place)),
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
                            .find(|e| group.is_meant(shared, e).0 == Member::Yes);
                        let deny =
                            deny.and_then(|e| e.line.cell("account").and_then(|c| c.place).or(e.line.record));
                        known(
                            out.row(folder.list.line.record)
                                .set("missing", texts(&lacks, None))
                                .at("denied", texts(&denied, deny), deny)
                                .set("granted", texts(&has, None)),
                        );
                        if deny_open.is_some() {
                            open_gap(&mut out, deny_open, Some(&lacks));
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
            let Some(name) = group_name(shared, fact.entity, site.code) else { continue };
            let absent = View::of(shared, FOLDERS.lists).and_then(View::absent);
            let what: Option<Arc<str>> = match absent {
                Some(_) => None,
                None => {
                    let below = if fact.scope.ends_with("subfolders") { "folders below " } else { "" };
                    let dir = site.line.text("install_dir").unwrap_or("<install>");
                    let dir = dir.trim_end_matches('\\');
                    Some(format!("the permissions of {below}`{dir}\\{}`", written_path(shared, fact)).into())
                }
            };
            let gap = out
                .gap(Why::NotExported, lists_table, what, None)
                .set("statement", text(fact.statement))
                .set("entity", text(&fact.entity.id))
                .set("group", text(&name))
                .copy("site", site.line.cell("site"))
                .copy("host", site.line.cell("server"))
                .set("demanded", flag(fact.scope != "some-subfolders"))
                .set("below", flag(fact.scope.ends_with("subfolders")));
            gap.put();
        }
    }
    gaps_of(shared, &mut out, &["sites"], &[]);
    out.table
}

/// The documented path with its letter case.
fn written_path(shared: &Shared<'_>, fact: &Documented<'_>) -> String {
    let facts = shared.content.facts_of("acl", shared.revision);
    let mut found = facts.filter(|f| f.statement == fact.statement);
    found
        .find_map(|f| said(f.values, "relative_path").map(str::to_owned))
        .unwrap_or_else(|| fact.relative.clone())
}

/// Whether the group belongs to that type of site.
fn serves(shared: &Shared<'_>, site: &Site<'_>, entity: &Entity) -> bool {
    let mut types = entity.site_types.iter().filter(|item| item.holds(shared.revision)).peekable();
    let Some(kind) = site.line.text("type") else { return true };
    types.peek().is_none() || types.any(|item| item.name.eq_ignore_ascii_case(kind))
}

/// Hands gaps of other tables on; `fields` are those that both tables have.
pub(super) fn gaps_of(shared: &Shared<'_>, out: &mut Out<'_>, tables: &[&str], fields: &[&str]) {
    for table in tables {
        for line in View::of(shared, table).into_iter().flat_map(View::gaps) {
            let Some(gap) = line.gap else { continue };
            let mut row = out.gap(gap.why, gap.table, gap.what.as_ref().map(Arc::clone), gap.place);
            for field in fields {
                row = row.copy(field, line.cell(field));
            }
            row.put();
        }
    }
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
pub(super) fn group_entries(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::new(schema);
    let sites = sites(shared);
    let folders = folders(shared);
    let tails = tails(shared);
    let documented = facts(shared);
    let entries_table = shared.schema.table(FOLDERS.entries).unwrap_or_default();
    let no_sites = View::of(shared, "sites").and_then(View::absent);
    let groups: Vec<&Entity> = shared
        .content
        .entities
        .iter()
        .filter(|e| e.kind == EntityKind::Group && e.name.at(shared.revision).is_some())
        .collect();
    for folder in &folders {
        let placed = place(shared, folder, &sites, &tails);
        let host = folder.host.as_deref();
        if let State::Unknown(why) = folder.list.state {
            let what: Arc<str> = format!("the permissions of `{}`", folder.path).into();
            out.gap(why, entries_table, Some(what), folder.list.line.record)
                .copy("host", folder.list.line.cell("host"))
                .copy("path", folder.list.line.cell("path"))
                .put();
        }
        for entry in &folder.list.entries {
            let found = groups.iter().find_map(|entity| {
                let (name, code) = name_in(shared, entity, entry)?;
                let group = LocalGroup { name: &name, host };
                let trustee = entry.who.as_ref()?;
                (group.is_named(shared, trustee, entry.sid).0 == Some(true)).then_some((*entity, name, code))
            });
            let common = |row: Pending<'_, '_>| -> () {
                let row = row
                    .copy("host", folder.list.line.cell("host"))
                    .copy("path", folder.list.line.cell("path"))
                    .copy("position", entry.line.cell("position"))
                    .copy("kind", entry.line.cell("kind"))
                    .copy("inherited", entry.line.cell("inherited"));
                // A list in words does not tell what comes from above.
                let row = if entry.line.is_empty("inherited") {
                    row.set("inherited", Fact::Unknown(Why::NotExported))
                } else {
                    row
                };
                match (&found, &placed) {
                    (Some((entity, name, code)), placed) => {
                        let inside = match placed {
                            Where::In(placed) => {
                                let site = sites.get(placed.site).map(|s| s.code).unwrap_or_default();
                                let own = code.as_ref().is_none_or(|code| code.eq_ignore_ascii_case(site));
                                Some(own.then(|| allowed(&documented, entity, &placed.relative)).flatten())
                            }
                            Where::Elsewhere if no_sites.is_none() => Some(None),
                            _ => None,
                        };
                        let row = row
                            .set("entity", text(&entity.id))
                            .set("group", text(name))
                            .copy("account", entry.line.cell("account"))
                            .copy("permissions", entry.line.cell("permissions"));
                        let row = match inside {
                            Some(Some(allowed)) => row
                                .set("documented", flag(true))
                                .set("excess", texts(beyond(entry.mask, allowed), None)),
                            Some(None) => row.set("documented", flag(false)).set("excess", Fact::Empty),
                            None => row
                                .set("documented", Fact::Unknown(Why::NotExported))
                                .set("excess", Fact::Unknown(Why::NotExported)),
                        };
                        row.put();
                    }
                    (None, _) => row.put(),
                }
            };
            if found.is_some() {
                if matches!(placed, Where::In(_))
                    || (matches!(placed, Where::Elsewhere) && no_sites.is_none())
                {
                    common(out.row(entry.line.record));
                } else {
                    let table = shared.schema.table("sites").unwrap_or_default();
                    let what: Arc<str> = format!("the site to which `{}` belongs", folder.path).into();
                    common(out.gap(Why::NotExported, table, Some(what), entry.line.record));
                }
                continue;
            }
            // A security identifier that may be any of them, and an entry that cannot be read.
            let any = LocalGroup { name: "", host };
            let open = match &entry.who {
                Some(trustee) => any.is_named(shared, trustee, entry.sid).1,
                None => entry.line.gap.map(|gap| Missing {
                    why: gap.why,
                    table: gap.table,
                    what: format!("the permissions of `{}`", folder.path).into(),
                    place: gap.place,
                }),
            };
            if let Some(missing) = open {
                common(out.gap(missing.why, missing.table, Some(missing.what), missing.place));
            }
        }
    }
    for table in [FOLDERS.lists, FOLDERS.entries] {
        if let Some(gap) = View::of(shared, table).and_then(View::absent) {
            out.gap(gap.why, gap.table, None, None).put();
        }
    }
    out.table
}

/// The name of the group that an entry may mean, with the site code at its end.
fn name_in(shared: &Shared<'_>, entity: &Entity, entry: &Entry<'_>) -> Option<(String, Option<String>)> {
    let trustee = entry.who.as_ref()?;
    let mut names: Vec<String> = vec![trustee.name().trim().to_owned()];
    let sid = entry.sid.unwrap_or(&trustee.written);
    for line in View::of(shared, "local_groups").into_iter().flat_map(View::rows) {
        if line.text("sid").is_some_and(|known| known.eq_ignore_ascii_case(sid))
            && let Some(group) = line.account("group")
        {
            names.push(group.name().trim().to_owned());
        }
    }
    let pattern = entity.name_pattern.as_deref().or(entity.name.at(shared.revision).map(String::as_str))?;
    names.into_iter().find_map(|name| match pattern.strip_suffix("<sitecode>") {
        None => name.eq_ignore_ascii_case(pattern).then(|| (pattern.to_owned(), None)),
        Some(stem) => {
            let (start, code) = name.split_at_checked(stem.len())?;
            let fits = start.eq_ignore_ascii_case(stem) && code.len() == 3;
            fits.then(|| (name.clone(), Some(code.to_owned())))
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
    let only = own.iter().all(|(fact, _)| matches!(fact.scope, "subfolders" | "some-subfolders"));
    Some(own.iter().fold(0, |all, (fact, lies)| all | fact.allows(*lies, only)))
}

/// Those that stand for everybody, by security identifier or relative identifier.
const EVERYBODY: [(&str, &str); 4] = [
    ("S-1-1-0", "Everyone"),
    ("S-1-5-11", "Authenticated Users"),
    ("S-1-5-32-545", "Users"),
    ("-513", "Domain Users"),
];

/// The group for everybody that an account is.
pub(super) fn everybody(
    shared: &Shared<'_>,
    account: &Account,
    sid: Option<&str>,
    relative: Option<i64>,
) -> Option<&'static str> {
    let identity = shared.ids.resolve(account);
    let sid = identity.sid().or(sid).map(str::to_owned);
    if let Some(sid) = sid {
        return EVERYBODY
            .iter()
            .find(|(known, _)| match known.strip_prefix('-') {
                Some(rid) => sid.starts_with("S-1-5-21-") && sid.rsplit('-').next() == Some(rid),
                None => sid == *known,
            })
            .map(|(_, name)| *name);
    }
    if relative == Some(513) || identity.name() == Some("domain users") {
        return Some("Domain Users");
    }
    None
}

/// The table `inbox_access`: one row a folder in the inboxes of a site, with those for everybody who may write in it.
pub(super) fn inbox_access(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::new(schema);
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
        let mut writers: Vec<(&'static str, Option<crate::source::Place>)> = Vec::new();
        let mut open: Option<Missing> = None;
        let of = |entry: &Entry<'_>| {
            let who = entry.who.as_ref()?;
            everybody(shared, who, entry.sid, entry.line.integer("relative"))
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
                writers.push((name, entry.line.cell("account").and_then(|cell| cell.place)));
            }
        }
        if folder.list.state == State::Open {
            writers.push(("Everyone", folder.list.line.record));
        }
        if let State::Unknown(why) = folder.list.state {
            open = Some(Missing {
                why,
                table: shared.schema.table(FOLDERS.entries).unwrap_or_default(),
                what: format!("the permissions of `{}`", folder.path).into(),
                place: folder.list.line.record,
            });
        }
        let place = writers.first().and_then(|(_, place)| *place);
        let row = match &open {
            Some(missing) => {
                out.gap(missing.why, missing.table, Some(Arc::clone(&missing.what)), missing.place)
            }
            None => out.row(folder.list.line.record).at(
                "writers",
                texts(writers.iter().map(|(name, _)| *name), place),
                place,
            ),
        };
        row.copy("host", folder.list.line.cell("host"))
            .copy("path", folder.list.line.cell("path"))
            .set("relative", text(&relative))
            .put();
    }
    for table in [FOLDERS.lists, FOLDERS.entries, "sites"] {
        if let Some(gap) = View::of(shared, table).and_then(View::absent) {
            out.gap(gap.why, gap.table, None, None).put();
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
pub(super) fn content_folders(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::new(schema);
    let folders = folders(shared);
    let lists_table = shared.schema.table(FOLDERS.lists).unwrap_or_default();
    let facts: Vec<_> = shared.content.facts_of("acl", shared.revision).collect();
    let documented: Vec<(&str, &str, u32)> = facts
        .iter()
        .filter(|fact| said(fact.values, "host") == Some("distribution-point"))
        .filter_map(|fact| {
            let wanted = said_list(fact.values, "permissions").into_iter().filter_map(folder_mask);
            Some((fact.statement, said(fact.values, "principal")?, wanted.fold(0, |all, mask| all | mask)))
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
                row.set("statement", text(statement))
                    .set("principal", text(principal))
                    .copy("host", line.cell("host"))
                    .copy("path", line.cell("path"))
                    .set("folder", text(&path_key(folder.path)))
            });
            if let State::Unknown(why) = folder.list.state {
                let what: Arc<str> = format!("the permissions of `{}`", folder.path).into();
                base(out.gap(why, lists_table, Some(what), line.record)).put();
                continue;
            }
            let place = folder.list.entries.iter().find(|e| own(e).0 == Member::Yes);
            let place = place.and_then(|e| e.line.cell("account").and_then(|c| c.place).or(e.line.record));
            let row = base(out.row(line.record)).at("permissions", texts(&has, place), place);
            let row = match got.holds(*wanted) {
                Some(true) => row.set("enough", flag(true)),
                Some(false) => row.set("enough", flag(false)),
                None => row.set("enough", Fact::Unknown(Why::Incomplete)),
            };
            row.set(
                "excess",
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
            out.gap(Why::NotExported, lists_table, what.clone(), None)
                .set("statement", text(statement))
                .set("principal", text(principal))
                .put();
        }
    }
    out.table
}

/// The table `content_grants`: what network access accounts may do with content beyond reading, in folders and shares.
pub(super) fn content_grants(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::new(schema);
    let accounts: Vec<Line<'_>> =
        View::of(shared, "network_access_accounts").into_iter().flat_map(View::rows).collect();
    let write = telling(folder_mask("Write").unwrap_or_default());
    for folder in folders(shared).iter().filter(|folder| holds_content(&folder.key)) {
        let line = folder.list.line;
        for account in &accounts {
            let Some(who) = account.account("account") else { continue };
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
                let named = super::access::names(shared, who, None, entry) == Some(true);
                let got = granted(&folder.list, Ask::FOLDER, |other| {
                    let (member, _) = means(shared, who, None, other, host);
                    (member, None)
                });
                let certain = got.access.certain & write != 0;
                let row = match (member, missing) {
                    (Member::Unknown, Some(missing)) => {
                        out.gap(missing.why, missing.table, Some(missing.what), missing.place)
                    }
                    _ if certain => out.row(entry.line.record).at(
                        "right",
                        text(&sddl::ntfs_beyond_reading(entry.mask)),
                        entry.line.cell("mask").and_then(|c| c.place),
                    ),
                    _ => continue,
                };
                row.copy("account", account.cell("account"))
                    .copy("host", line.cell("host"))
                    .copy("target", line.cell("path"))
                    .set("direct", flag(named))
                    .copy("trustee", entry.line.cell("account"))
                    .put();
            }
        }
    }
    for line in View::of(shared, "share_permissions").into_iter().flat_map(View::rows) {
        let Some(share) = line.text("share") else { continue };
        if !holds_content(&share.to_lowercase()) || !is(line.text("kind"), "allow") {
            continue;
        }
        if !matches!(line.text("right"), Some("change" | "full")) {
            continue;
        }
        let Some(trustee) = line.account("account") else { continue };
        if everybody(shared, trustee, None, None).is_some() {
            continue;
        }
        for account in &accounts {
            let Some(who) = account.account("account") else { continue };
            let host = line.text("host");
            match shared.membership().belongs(shared, who, trustee, None, host) {
                super::Belongs::No => continue,
                super::Belongs::Yes(_) => out.row(line.record).copy("right", line.cell("right")),
                super::Belongs::Open(missing) => {
                    out.gap(missing.why, missing.table, Some(missing.what), missing.place)
                }
            }
            .copy("account", account.cell("account"))
            .copy("host", line.cell("host"))
            .set("target", text(&format!("\\\\{}\\{share}", host.unwrap_or("?"))))
            .set("direct", flag(shared.ids.same(who, trustee) == Some(true)))
            .copy("trustee", line.cell("account"))
            .put();
        }
    }
    gaps_of(shared, &mut out, &["network_access_accounts"], &["account"]);
    for table in ["share_permissions", FOLDERS.lists] {
        if let Some(gap) = View::of(shared, table).and_then(View::absent) {
            for account in &accounts {
                out.gap(gap.why, gap.table, None, None).copy("account", account.cell("account")).put();
            }
        }
    }
    out.table
}
