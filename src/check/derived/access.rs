//! Access lists put together from their rows, and what they grant to someone. The order of entries, denials, entries
//! that are only handed down and entries for one class of objects are judged by [`crate::sddl`]; here stands who is
//! meant by an entry.
//!
//! Answers are three-valued: an entry for a group whose members no export lists may or may not count, and what hangs
//! on it is open, with the name of what is missing.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Belongs, Line, View};
use crate::check::shared::Shared;
use crate::check::value::path as path_key;
use crate::evidence::{Account, AccountForm, Scope, TableId, Why};
use crate::sddl::{self, Access, AceKind, Acl, Flags, Member, Principal, Securable, Trustee};

/// `SYNCHRONIZE`: comes and goes with the tool that wrote the entry, and grants nothing by itself.
const SYNCHRONIZE: u32 = 0x10_0000;
/// `READ_CONTROL`: part of reading and of writing alike.
const READ_CONTROL: u32 = 0x2_0000;

pub(super) use super::members::Missing;

/// An entry of a list.
#[derive(Debug)]
pub(super) struct Entry<'s> {
    pub(super) line: Line<'s>,
    /// What it does; none if it cannot be read.
    pub(super) kind: Option<AceKind>,
    pub(super) mask: u32,
    pub(super) here: bool,
    pub(super) below: bool,
    pub(super) inherited: Option<bool>,
    conditional: bool,
    confined: Option<Box<str>>,
    below_confined: bool,
    /// Whom it is for; none if that is not known.
    pub(super) who: Option<Arc<Account>>,
    pub(super) sid: Option<&'s str>,
    table: TableId,
}

/// What is known of a list as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Its entries are known, those that cannot be read included.
    Listed,
    /// There is no access control.
    Open,
    /// It was not exported.
    Unknown(Why),
}

/// An access list.
#[derive(Debug)]
pub(super) struct List<'s> {
    pub(super) line: Line<'s>,
    pub(super) entries: Vec<Entry<'s>>,
    pub(super) state: State,
}

/// The tables a kind of list is spread over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub(super) lists: &'static str,
    pub(super) entries: &'static str,
    /// Fields that tell one list from another.
    pub(super) key: &'static [&'static str],
    /// The default of `below` where the table does not tell.
    pub(super) below: Option<&'static str>,
}

/// Folders.
pub(super) const FOLDERS: Source = Source {
    lists: "access_lists",
    entries: "access_entries",
    key: &["host", "path"],
    below: Some("folders"),
};
/// Objects of Active Directory.
pub(super) const DIRECTORY: Source = Source {
    lists: "directory_objects",
    entries: "directory_entries",
    key: &["object"],
    below: Some("below"),
};
/// WMI namespaces.
pub(super) const WMI: Source =
    Source { lists: "wmi_namespaces", entries: "wmi_entries", key: &["host", "namespace"], below: None };
/// Who may launch DCOM programs.
pub(super) const DCOM: Source =
    Source { lists: "dcom_limits", entries: "dcom_entries", key: &["host", "application"], below: None };

/// What a list is told from others by.
fn key(shared: &Shared<'_>, source: Source, line: Line<'_>) -> Option<String> {
    let mut out = String::new();
    for field in source.key {
        let text = line.text(field).unwrap_or_default();
        let part = match *field {
            "host" => shared.ids.computer_key(text),
            "path" | "namespace" => path_key(text),
            _ => text.trim().to_lowercase(),
        };
        if *field != "host" && part.is_empty() {
            return None;
        }
        out.push_str(&part);
        out.push('|');
    }
    Some(out)
}

/// The lists in evidence, in the order in which they are exported.
pub(super) fn lists<'s>(shared: &'s Shared<'_>, source: Source) -> Vec<List<'s>> {
    let mut out: Vec<List<'s>> = Vec::new();
    let mut number: HashMap<String, usize> = HashMap::new();
    for line in View::of(shared, source.lists).into_iter().flat_map(View::rows) {
        let Some(key) = key(shared, source, line) else { continue };
        let state = match line.text("list") {
            Some("none") => State::Open,
            Some("empty") => State::Listed,
            _ => match line.unknown("list") {
                Some(why) => State::Unknown(why),
                None => State::Listed,
            },
        };
        number.entry(key).or_insert_with(|| {
            out.push(List { line, entries: Vec::new(), state });
            out.len() - 1
        });
    }
    let Some(view) = View::of(shared, source.entries) else { return out };
    for line in view.rows().chain(view.gaps()) {
        let Some(key) = key(shared, source, line) else { continue };
        let place = *number.entry(key).or_insert_with(|| {
            out.push(List { line, entries: Vec::new(), state: State::Listed });
            out.len() - 1
        });
        if matches!(out[place].state, State::Unknown(_)) {
            out[place].state = State::Listed;
        }
        let domain = domain_of(shared, source, line);
        out[place].entries.push(entry(shared, source, view.id, line, domain.as_deref()));
    }
    let absent = view.absent().map(|gap| gap.why);
    for list in &mut out {
        list.entries.sort_by_key(|entry| entry.line.integer("position").unwrap_or(i64::MAX));
        // The list is there and its entries are in a table that no export holds.
        if list.entries.is_empty()
            && list.state == State::Listed
            && list.line.text("list") != Some("empty")
            && let Some(why) = absent
        {
            list.state = State::Unknown(why);
        }
    }
    out
}

/// The domain that relative identifiers of a list belong to.
fn domain_of(shared: &Shared<'_>, source: Source, line: Line<'_>) -> Option<String> {
    if let Some(object) = line.text("object").filter(|_| source.entries == DIRECTORY.entries) {
        return domain_of_object(object);
    }
    domain_of_computer(shared, line.text("host")?)
}

/// `contoso.com` of `CN=System,DC=contoso,DC=com`.
pub(super) fn domain_of_object(object: &str) -> Option<String> {
    let parts: Vec<&str> = object
        .split(',')
        .filter_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("dc").then_some(value.trim())
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join("."))
}

/// The domain of a computer: as the export of computers tells, else by its DNS name.
pub(super) fn domain_of_computer(shared: &Shared<'_>, host: &str) -> Option<String> {
    let known = View::of(shared, "computers").into_iter().flat_map(View::rows).find_map(|line| {
        let same = shared.ids.same_computer(line.text("host")?, host) == Some(true);
        (same && line.flag("in_domain") != Some(false)).then(|| line.text("domain")).flatten()
    });
    if let Some(domain) = known {
        return Some(domain.to_owned());
    }
    let key = shared.ids.computer_key(host);
    key.split_once('.').map(|(_, domain)| domain.to_owned())
}

/// The account of a computer, as far as its domain is known.
pub(super) fn account_of_computer(shared: &Shared<'_>, host: &str) -> Option<Arc<Account>> {
    let key = shared.ids.computer_key(host);
    let label = key.split('.').next().filter(|label| !label.is_empty())?.to_uppercase();
    let written = match domain_of_computer(shared, host) {
        Some(domain) => format!("{domain}\\{label}$"),
        None => format!("{label}$"),
    };
    Account::parse(&written).map(Arc::new)
}

fn entry<'s>(
    shared: &Shared<'_>,
    source: Source,
    table: TableId,
    line: Line<'s>,
    domain: Option<&str>,
) -> Entry<'s> {
    let kind = match line.text("kind") {
        Some("allow") => Some(AceKind::Allow),
        Some("deny") => Some(AceKind::Deny),
        _ => None,
    };
    let mask = line.integer("mask").and_then(|mask| u32::try_from(mask & 0xFFFF_FFFF).ok());
    let told = |field: &str, else_: bool| line.flag(field).unwrap_or(else_);
    let below_unknown = source.below.is_some_and(|field| line.unknown(field).is_some());
    Entry {
        line,
        kind: kind.filter(|_| mask.is_some() && line.gap.is_none()),
        mask: mask.unwrap_or_default(),
        here: told("here", true),
        below: source.below.is_none_or(|field| line.flag(field).unwrap_or(below_unknown)),
        inherited: match line.unknown("inherited") {
            Some(_) => None,
            None => Some(told("inherited", false)),
        },
        conditional: told("conditional", line.unknown("conditional").is_some()),
        confined: line.text("confined_to").map(|guid| guid.trim_matches(['{', '}']).to_lowercase().into()),
        below_confined: line.text("inherited_by").is_some(),
        who: trustee(shared, line, domain),
        sid: line.text("sid"),
        table,
    }
}

/// Whom an entry is for.
fn trustee(shared: &Shared<'_>, line: Line<'_>, domain: Option<&str>) -> Option<Arc<Account>> {
    if let Some(account) = line.account("account") {
        return Some(Arc::clone(account));
    }
    if let Some(sid) = line.text("sid") {
        return Account::parse(sid).map(Arc::new);
    }
    let rid = line.integer("relative").or_else(|| line.integer("root_relative"))?;
    let name =
        shared.content.vocabulary.well_known.iter().find(|known| known.rid.map(i64::from) == Some(rid))?;
    Account::parse(&format!("{}\\{}", domain?, name.name)).map(Arc::new)
}

/// For which part of what an object holds a question is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) kind: Securable,
    /// The class of objects, property or right that access is wanted to.
    pub(super) object: Option<&'a str>,
    /// What objects below take over, instead of what counts for the object itself.
    pub(super) below: bool,
}

impl Ask<'static> {
    /// A folder itself.
    pub(super) const FOLDER: Self = Self { kind: Securable::File, object: None, below: false };
    /// An object of Active Directory itself.
    pub(super) const OBJECT: Self = Self { kind: Securable::Directory, object: None, below: false };
    /// Anything else.
    pub(super) const OTHER: Self = Self { kind: Securable::Other, object: None, below: false };
}

/// What a list grants to someone.
#[derive(Debug, Clone, Default)]
pub(super) struct Granted {
    pub(super) access: Access,
    /// What would have to be known, with the rights that hang on it.
    open: Vec<(u32, Missing)>,
}

impl Granted {
    /// Whether all rights of a mask are granted. `SYNCHRONIZE` is left out.
    pub(super) fn holds(&self, mask: u32) -> Option<bool> {
        self.access.holds(mask & !SYNCHRONIZE)
    }

    /// What would have to be known to tell of these rights.
    pub(super) fn missing(&self, mask: u32) -> Option<&Missing> {
        self.open.iter().find(|(of, _)| of & mask & !SYNCHRONIZE != 0).map(|(_, missing)| missing)
    }
}

/// What a list grants; `member` tells of an entry whether it means them.
pub(super) fn granted(
    list: &List<'_>,
    ask: Ask<'_>,
    mut member: impl FnMut(&Entry<'_>) -> (Member, Option<Missing>),
) -> Granted {
    match list.state {
        State::Listed => {}
        State::Open => {
            let all = ask.kind.all();
            return Granted { access: Access { certain: all, possible: all }, ..Granted::default() };
        }
        State::Unknown(why) => {
            let table = list.entries.first().map_or(list_table(list), |e| e.table);
            let missing = Missing { why, table, what: "the permissions".into(), place: list.line.record };
            return Granted {
                access: Access { certain: 0, possible: ask.kind.all() },
                open: vec![(u32::MAX, missing)],
            };
        }
    }
    let mut out = Granted::default();
    let mut entries = Vec::with_capacity(list.entries.len());
    let mut members = Vec::with_capacity(list.entries.len());
    for (number, entry) in list.entries.iter().enumerate() {
        let counts = if ask.below { entry.below && !entry.below_confined } else { entry.here };
        let confined = entry.confined.is_some() && entry.confined.as_deref() != ask.object;
        let (who, missing) = if entry.kind.is_none() && entry.who.is_none() {
            // One that could not be read and tells nobody may be about anyone.
            (Member::Unknown, Some(unreadable(entry)))
        } else if (counts && !confined) || entry.kind.is_none() {
            member(entry)
        } else {
            (Member::No, None)
        };
        let rights = if entry.kind.is_some() { ask.kind.map_generic(entry.mask) } else { u32::MAX };
        if let Some(missing) = missing {
            out.open.push((rights, missing));
        } else if who != Member::No && (entry.kind.is_none() || entry.conditional) {
            out.open.push((rights, unreadable(entry)));
        }
        members.push(who);
        let trustee = Trustee { principal: Principal::Name(number.to_string().into()), range: 0..0 };
        entries.push(match entry.kind {
            None => sddl::Entry::Unread(sddl::Unread { range: 0..0, why: "", trustee: Some(trustee) }),
            Some(kind) => sddl::Entry::Ace(sddl::Ace {
                range: 0..0,
                kind,
                conditional: entry.conditional,
                flags: Some(Flags { inherit_only: !counts, ..Flags::default() }),
                mask: entry.mask,
                rights: 0..0,
                object: entry.confined.clone(),
                inherited_object: None,
                trustee,
            }),
        });
    }
    let acl = Acl { entries, ..Acl::default() };
    out.access = acl.access(ask.kind, ask.object, |principal| match principal {
        Principal::Name(number) => {
            number.parse::<usize>().ok().and_then(|n| members.get(n)).copied().unwrap_or(Member::Unknown)
        }
        _ => Member::Unknown,
    });
    out
}

fn list_table(list: &List<'_>) -> TableId {
    list.line.gap.map(|gap| gap.table).unwrap_or_default()
}

fn unreadable(entry: &Entry<'_>) -> Missing {
    let why = entry.line.gap.map_or(Why::Unreadable, |gap| gap.why);
    let what = if entry.kind.is_none() { "an entry of the list" } else { "the condition of an entry" };
    Missing { why, table: entry.table, what: what.into(), place: entry.line.record }
}

/// Whether an entry means an account: names it, or a group it belongs to.
pub(super) fn means(
    shared: &Shared<'_>,
    who: &Account,
    computer: Option<&str>,
    entry: &Entry<'_>,
    host: Option<&str>,
) -> (Member, Option<Missing>) {
    let Some(trustee) = &entry.who else { return (Member::Unknown, Some(unreadable(entry))) };
    if let Some(computer) = computer
        && shared.ids.is_account_of(trustee, computer) == Some(true)
    {
        return (Member::Yes, None);
    }
    match shared.membership().belongs(shared, who, trustee, entry.sid, host) {
        Belongs::Yes(_) => (Member::Yes, None),
        Belongs::No => (Member::No, None),
        Belongs::Open(missing) => (Member::Unknown, Some(missing)),
    }
}

/// Whether an entry names an account itself.
pub(super) fn names(
    shared: &Shared<'_>,
    who: &Account,
    computer: Option<&str>,
    entry: &Entry<'_>,
) -> Option<bool> {
    let trustee = entry.who.as_ref()?;
    let by_computer = computer.and_then(|computer| shared.ids.is_account_of(trustee, computer));
    if by_computer == Some(true) {
        return by_computer;
    }
    let by_sid = entry.sid.and_then(Account::parse).and_then(|sid| shared.ids.same(who, &sid));
    match shared.ids.same(who, trustee) {
        Some(false) if by_sid == Some(true) => Some(true),
        None => by_sid,
        same => same,
    }
}

/// A local group that the product makes, on the computer whose list is looked at.
#[derive(Debug, Clone)]
pub(super) struct LocalGroup<'a> {
    /// Its name without the computer's.
    pub(super) name: &'a str,
    /// The computer; none if the export does not tell which one it is.
    pub(super) host: Option<&'a str>,
}

/// Whether `host` is a domain controller, as far as anything tells.
fn is_controller(shared: &Shared<'_>, host: &str) -> Option<bool> {
    View::of(shared, "computers").into_iter().flat_map(View::rows).find_map(|line| {
        if shared.ids.same_computer(line.text("host")?, host) != Some(true) {
            return None;
        }
        line.text("position").map(|position| position == "domain-controller")
    })
}

impl LocalGroup<'_> {
    /// Whether an entry means the group: it names the group, or one to which whoever is in the group belongs. Local
    /// groups of a computer that is no domain controller cannot be members of each other.
    pub(super) fn is_meant(&self, shared: &Shared<'_>, entry: &Entry<'_>) -> (Member, Option<Missing>) {
        let Some(trustee) = &entry.who else {
            // Accounts relative to a domain or computer are none of its groups.
            let told = ["relative", "root_relative"].iter().any(|f| entry.line.integer(f).is_some());
            return if told { (Member::No, None) } else { (Member::Unknown, Some(unreadable(entry))) };
        };
        match self.is_named(shared, trustee, entry.sid) {
            (Some(true), _) => return (Member::Yes, None),
            (None, missing) => return (Member::Unknown, missing),
            (Some(false), _) => {}
        }
        let identity = shared.ids.resolve(trustee);
        let sid = identity.sid().or(entry.sid).map(str::to_owned);
        match sid.as_deref() {
            Some("S-1-1-0" | "S-1-5-11") => return (Member::Yes, None),
            Some("S-1-5-32-545") => {
                // Whoever has signed in is a member of the group of users, unless someone changed it.
                let Some(everyone) = Account::parse("S-1-5-11") else { return (Member::No, None) };
                return match shared.membership().belongs(shared, &everyone, trustee, entry.sid, self.host) {
                    Belongs::Yes(_) => (Member::Yes, None),
                    Belongs::No => (Member::No, None),
                    Belongs::Open(missing) => (Member::Unknown, Some(missing)),
                };
            }
            _ => {}
        }
        if self.host.and_then(|host| is_controller(shared, host)) != Some(true) {
            return (Member::No, None);
        }
        let Some(own) = self.host.and_then(|host| domain_of_computer(shared, host)) else {
            return (Member::No, None);
        };
        let Some(own) = Account::parse(&format!("{own}\\{}", self.name)) else { return (Member::No, None) };
        match shared.membership().belongs(shared, &own, trustee, entry.sid, self.host) {
            Belongs::Yes(_) => (Member::Yes, None),
            Belongs::No => (Member::No, None),
            Belongs::Open(missing) => (Member::Unknown, Some(missing)),
        }
    }

    /// Whether an account is the group itself.
    pub(super) fn is_named(
        &self,
        shared: &Shared<'_>,
        trustee: &Account,
        sid: Option<&str>,
    ) -> (Option<bool>, Option<Missing>) {
        let by_sid = sid.or((trustee.form == AccountForm::Sid).then_some(&*trustee.written));
        if trustee.form != AccountForm::Sid {
            if !trustee.name().trim().eq_ignore_ascii_case(self.name) {
                return (Some(false), None);
            }
            let Some(domain) = trustee.domain() else { return (Some(true), None) };
            let Some(host) = self.host else { return (Some(true), None) };
            let short = |name: &str| name.split('.').next().unwrap_or_default().to_lowercase();
            if domain == "." || short(domain) == short(host) {
                return (Some(true), None);
            }
            // Of another computer; with a domain's name it is the group of a domain controller.
            return match (shared.ids.scope(trustee), is_controller(shared, host)) {
                (Some(Scope::Local), _) | (_, Some(false)) => (Some(false), None),
                (_, Some(true)) => (Some(true), None),
                (_, None) => {
                    (None, Some(self.unknown(shared, "computers", &format!("the position of `{host}`"))))
                }
            };
        }
        let Some(sid) = by_sid else { return (Some(false), None) };
        let Some((_, rid)) = sid.rsplit_once('-') else { return (Some(false), None) };
        if !sid.to_ascii_uppercase().starts_with("S-1-5-21-")
            || rid.parse::<u32>().is_ok_and(|rid| rid < 1000)
        {
            return (Some(false), None);
        }
        let (mut listed, mut whole) = (None, false);
        for line in View::of(shared, "local_groups").into_iter().flat_map(View::rows) {
            let on = line.text("host");
            let here = match (self.host, on) {
                (Some(host), Some(on)) => shared.ids.same_computer(on, host) == Some(true),
                _ => true,
            };
            if !here {
                continue;
            }
            whole |= line.flag("whole_list") == Some(true);
            if line.text("sid").is_some_and(|known| known.eq_ignore_ascii_case(sid))
                && let Some(group) = line.account("group")
            {
                listed = Some(group.name().trim().eq_ignore_ascii_case(self.name));
            } else if line.account("group").is_some_and(|g| g.name().trim().eq_ignore_ascii_case(self.name))
                && line.text("sid").is_some()
            {
                // The group itself is known under another identifier.
                listed = listed.or(Some(false));
            }
        }
        if let Some(listed) = listed {
            return (Some(listed), None);
        }
        let identity = shared.ids.resolve(trustee);
        if let Some(name) = identity.name() {
            return (Some(name.eq_ignore_ascii_case(self.name)), None);
        }
        if whole {
            return (Some(false), None);
        }
        let what = match self.host {
            Some(host) => format!("the local groups of `{host}`"),
            None => "the local groups of the computer".to_owned(),
        };
        (None, Some(self.unknown(shared, "local_groups", &what)))
    }

    fn unknown(&self, shared: &Shared<'_>, table: &str, what: &str) -> Missing {
        Missing {
            why: Why::NotExported,
            table: shared.schema.table(table).unwrap_or_default(),
            what: what.into(),
            place: None,
        }
    }
}

/// A basic permission of a folder by its documented name.
pub(super) fn folder_mask(name: &str) -> Option<u32> {
    sddl::NTFS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, mask)| *mask)
}

/// The rights by which a permission is told from others: those that reading and writing share are left out.
pub(super) fn telling(mask: u32) -> u32 {
    mask & !(SYNCHRONIZE | READ_CONTROL)
}

/// The basic permissions of folders that a mask holds, whatever it says of `SYNCHRONIZE`.
pub(super) fn folder_permissions(mask: u32) -> Vec<&'static str> {
    sddl::ntfs_permissions(mask | SYNCHRONIZE).collect()
}

/// A text of a fact's key.
pub(super) fn said<'f>(values: &'f serde_json::Map<String, serde_json::Value>, key: &str) -> Option<&'f str> {
    values.get(key).and_then(serde_json::Value::as_str)
}

/// The texts of a fact's key.
pub(super) fn said_list<'f>(
    values: &'f serde_json::Map<String, serde_json::Value>,
    key: &str,
) -> Vec<&'f str> {
    match values.get(key) {
        Some(serde_json::Value::Array(items)) => items.iter().filter_map(serde_json::Value::as_str).collect(),
        Some(serde_json::Value::String(text)) => vec![text.as_str()],
        _ => Vec::new(),
    }
}

/// Whether a name is the same without regard to case, of an optional one.
pub(super) fn is(text: Option<&str>, word: &str) -> bool {
    text.is_some_and(|text| text.trim().eq_ignore_ascii_case(word))
}
