//! Access lists put together from their rows, and what they grant to someone. The order of entries, denials, entries
//! that are only handed down and entries for one class of objects are judged by [`crate::sddl`]; here stands who is
//! meant by an entry.
//!
//! Answers are three-valued: an entry for a group whose members no export lists may or may not count, and what hangs
//! on it is open, with the name of what is missing.

pub(crate) mod database;
pub(crate) mod dcom;
pub(crate) mod directory;
pub(crate) mod folder;
pub(crate) mod list;
pub(crate) mod local;
pub(crate) mod share;
pub(crate) mod wmi;

use crate::estate::access::list::{Entry, List, State};
use crate::estate::membership::{Belongs, Membership};
use crate::estate::shared::Shared;
use crate::evidence::{Account, Missing, TableId, Why};
use crate::sddl;
use crate::sddl::{Access, AceKind, Acl, Flags, Member, Principal, Securable, Trustee};

/// `SYNCHRONIZE`: comes and goes with the tool that wrote the entry, and grants nothing by itself.
const SYNCHRONIZE: u32 = 0x10_0000;
/// `READ_CONTROL`: part of reading and of writing alike.
const READ_CONTROL: u32 = 0x2_0000;

/// For which part of what an object holds a question is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) kind: Securable,
    /// The class of objects, property or right that access is wanted to.
    pub(crate) object: Option<&'a str>,
    /// What objects below take over, instead of what counts for the object itself.
    pub(crate) below: bool,
}

impl Ask<'static> {
    /// A folder itself.
    pub(crate) const FOLDER: Self = Self { kind: Securable::File, object: None, below: false };
    /// An object of Active Directory itself.
    pub(crate) const OBJECT: Self = Self { kind: Securable::Directory, object: None, below: false };
    /// Anything else.
    pub(crate) const OTHER: Self = Self { kind: Securable::Other, object: None, below: false };
}

/// What a list grants to someone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Granted {
    pub(crate) access: Access,
    /// What would have to be known, with the rights that hang on it.
    open: Vec<(u32, Missing)>,
}

impl Granted {
    /// Whether all rights of a mask are granted. `SYNCHRONIZE` is left out.
    pub(crate) fn holds(&self, mask: u32) -> Option<bool> {
        self.access.holds(mask & !SYNCHRONIZE)
    }

    /// What would have to be known to tell of these rights.
    pub(crate) fn missing(&self, mask: u32) -> Option<&Missing> {
        self.open.iter().find(|(of, _)| of & mask & !SYNCHRONIZE != 0).map(|(_, missing)| missing)
    }
}

/// What a list grants; `member` tells of an entry whether it means them.
pub(crate) fn granted(
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
            let missing = Missing::of(why, table, "the permissions", list.line.record);
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
    list.line.gap.map(|gap| gap.missing.table).unwrap_or_default()
}

pub(crate) fn unreadable(entry: &Entry<'_>) -> Missing {
    let why = entry.line.gap.map_or(Why::Unreadable, |gap| gap.missing.why);
    let what = if entry.kind.is_none() { "an entry of the list" } else { "the condition of an entry" };
    Missing::of(why, entry.table, what, entry.line.record)
}

/// Whether an entry means an account: names it, or a group it belongs to.
pub(crate) fn means(
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
    match Membership::of(shared).belongs(shared, who, trustee, entry.sid, host) {
        Belongs::Yes(_) => (Member::Yes, None),
        Belongs::No => (Member::No, None),
        Belongs::Open(missing) => (Member::Unknown, Some(missing)),
    }
}

/// Whether an entry names an account itself.
pub(crate) fn names(
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

/// Whether an entry is for administrators: of the computer, the domain or the forest. Nearly every list has one of these,
/// and an account that is granted something by name is meant to do with that.
pub(crate) fn is_for_administrators(shared: &Shared<'_>, who: &Account, sid: Option<&str>) -> bool {
    let identity = shared.ids.resolve(who);
    shared.ids.well_known(&identity, sid).is_some_and(|known| {
        known.sid.as_deref() == Some("S-1-5-32-544") || matches!(known.rid, Some(512 | 519))
    })
}

/// Takes note of one more group of administrators.
pub(crate) fn also(unless: &mut Option<Missing>, missing: Missing) {
    match unless {
        Some(before) if before.words().split(" or ").all(|what| what != missing.words()) => {
            before.what = Some(format!("{} or {}", before.words(), missing.words()).into());
        }
        Some(_) => {}
        None => *unless = Some(missing),
    }
}

/// What a list grants if the administrators of unknown members do not have among them who is asked about; what would have
/// to be known of these, if there are any.
pub(crate) fn granted_to_others(
    shared: &Shared<'_>,
    list: &List<'_>,
    ask: Ask<'_>,
    mut member: impl FnMut(&Entry<'_>) -> (Member, Option<Missing>),
) -> (Granted, Option<Missing>) {
    let mut unless = None;
    let got = granted(list, ask, |entry| {
        let told = member(entry);
        let administrators =
            entry.who.as_ref().is_some_and(|who| is_for_administrators(shared, who, entry.sid));
        match told {
            (Member::Unknown, Some(missing)) if administrators => {
                also(&mut unless, missing);
                (Member::No, None)
            }
            told => told,
        }
    });
    (got, unless)
}

/// Whether a list has an entry that allows something to the account itself.
pub(crate) fn has_own_entry(
    shared: &Shared<'_>,
    list: &List<'_>,
    who: &Account,
    computer: Option<&str>,
) -> bool {
    list.entries
        .iter()
        .any(|entry| entry.kind == Some(AceKind::Allow) && names(shared, who, computer, entry) == Some(true))
}

/// A basic permission of a folder by its documented name.
pub(crate) fn folder_mask(name: &str) -> Option<u32> {
    sddl::NTFS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, mask)| *mask)
}

/// The rights by which a permission is told from others: those that reading and writing share are left out.
pub(crate) fn telling(mask: u32) -> u32 {
    mask & !(SYNCHRONIZE | READ_CONTROL)
}

/// The basic permissions of folders that a mask holds, whatever it says of `SYNCHRONIZE`.
pub(crate) fn folder_permissions(mask: u32) -> Vec<&'static str> {
    sddl::ntfs_permissions(mask | SYNCHRONIZE).collect()
}
