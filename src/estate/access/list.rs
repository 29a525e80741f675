//! Access lists put together from their rows: of folders, objects of Active Directory, WMI namespaces and DCOM
//! programs. What they grant is no matter of this file.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use crate::estate::computers::{domain_of_computer, domain_of_object, label};
use crate::estate::shared::Shared;
use crate::estate::table::{At, Line, View};
use crate::estate::value::path as path_key;
use crate::evidence::{Account, FieldName, Identity, TableId, TableName, Why, field, table};
use crate::sddl::AceKind;

/// An entry of a list, with the row or gap it stands in.
#[derive(Debug)]
pub(crate) struct Entry<'s> {
    pub(crate) line: Line<'s>,
    pub(crate) sid: Option<&'s str>,
    told: &'s Told,
}

impl Deref for Entry<'_> {
    type Target = Told;

    fn deref(&self) -> &Told {
        self.told
    }
}

/// What an entry says.
#[derive(Debug)]
pub(crate) struct Told {
    /// What it does; none if it cannot be read.
    pub(crate) kind: Option<AceKind>,
    pub(crate) mask: u32,
    pub(crate) here: bool,
    pub(crate) below: bool,
    pub(crate) inherited: Option<bool>,
    pub(crate) conditional: bool,
    pub(crate) confined: Option<Box<str>>,
    pub(crate) below_confined: bool,
    /// Whom it is for; none if that is not known.
    pub(crate) who: Option<Arc<Account>>,
    /// `Entry::who`, resolved.
    pub(crate) identity: Option<Arc<Identity>>,
    pub(crate) table: TableId,
}

/// What is known of a list as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Its entries are known, those that cannot be read included.
    Listed,
    /// There is no access control.
    Open,
    /// It was not exported.
    Unknown(Why),
}

/// An access list.
#[derive(Debug)]
pub(crate) struct List<'s> {
    pub(crate) line: Line<'s>,
    pub(crate) entries: Vec<Entry<'s>>,
    pub(crate) state: State,
}

/// The tables a kind of list is spread over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    pub(crate) lists: TableName,
    pub(crate) entries: TableName,
    /// Fields that tell one list from another.
    pub(crate) key: &'static [FieldName],
    /// The default of `below` where the table does not tell.
    pub(crate) below: Option<FieldName>,
    kind: usize,
}

/// Folders.
pub(crate) const FOLDERS: Source = Source {
    lists: table::ACCESS_LISTS,
    entries: table::ACCESS_ENTRIES,
    key: &[field::HOST, field::PATH],
    below: Some(field::FOLDERS),
    kind: 0,
};
/// Objects of Active Directory.
pub(crate) const DIRECTORY: Source = Source {
    lists: table::DIRECTORY_OBJECTS,
    entries: table::DIRECTORY_ENTRIES,
    key: &[field::OBJECT],
    below: Some(field::BELOW),
    kind: 1,
};
/// WMI namespaces.
pub(crate) const WMI: Source = Source {
    lists: table::WMI_NAMESPACES,
    entries: table::WMI_ENTRIES,
    key: &[field::HOST, field::NAMESPACE],
    below: None,
    kind: 2,
};
/// Who may launch DCOM programs.
pub(crate) const DCOM: Source = Source {
    lists: table::DCOM_LIMITS,
    entries: table::DCOM_ENTRIES,
    key: &[field::HOST, field::APPLICATION],
    below: None,
    kind: 3,
};

/// What a list is told from others by.
fn key(shared: &Shared<'_>, source: Source, line: Line<'_>) -> Option<String> {
    let mut out = String::new();
    for field in source.key {
        let text = line.text(*field).unwrap_or_default();
        let part = match *field {
            field::HOST => shared.ids.computer_key(text),
            field::PATH | field::NAMESPACE => path_key(text),
            _ => text.trim().to_lowercase(),
        };
        if *field != field::HOST && part.is_empty() {
            return None;
        }
        out.push_str(&part);
        out.push('|');
    }
    Some(out)
}

/// A list with the places of its rows: what is read once for all who ask.
#[derive(Debug)]
struct Known {
    /// In the table of entries; else in that of lists.
    of_entries: bool,
    at: At,
    entries: Vec<(At, Told)>,
    state: State,
}

/// The lists of a kind, by [`Source::kind`].
#[derive(Debug, Default)]
struct Read([OnceLock<Vec<Known>>; 4]);

/// The lists in evidence, in the order in which they are exported.
pub(crate) fn lists<'s>(shared: &'s Shared<'_>, source: Source) -> Vec<List<'s>> {
    let slot = &shared.once(|_| Read::default()).0[source.kind];
    let known: &'s [Known] = slot.get_or_init(|| read(shared, source));
    let (lists, entries) = (View::of(shared, source.lists), View::of(shared, source.entries));
    let of_known = |known: &'s Known| {
        let line = if known.of_entries { entries } else { lists }?.line(known.at)?;
        let entry = |(at, told): &'s (At, Told)| {
            let line = entries?.line(*at)?;
            Some(Entry { line, sid: line.text(field::SID), told })
        };
        Some(List { line, entries: known.entries.iter().filter_map(entry).collect(), state: known.state })
    };
    known.iter().filter_map(of_known).collect()
}

fn read(shared: &Shared<'_>, source: Source) -> Vec<Known> {
    let mut out: Vec<Known> = Vec::new();
    let mut said_empty: Vec<bool> = Vec::new();
    let mut number: HashMap<String, usize> = HashMap::new();
    for (at, line) in View::of(shared, source.lists).into_iter().flat_map(View::numbered_rows) {
        let Some(key) = key(shared, source, line) else { continue };
        let state = match line.text(field::LIST) {
            Some("none") => State::Open,
            Some("empty") => State::Listed,
            _ => match line.unknown(field::LIST) {
                Some(why) => State::Unknown(why),
                None => State::Listed,
            },
        };
        number.entry(key).or_insert_with(|| {
            out.push(Known { of_entries: false, at, entries: Vec::new(), state });
            said_empty.push(line.text(field::LIST) == Some("empty"));
            out.len() - 1
        });
    }
    let Some(view) = View::of(shared, source.entries) else { return out };
    let mut identities = HashMap::new();
    for (at, line) in view.numbered_rows().chain(view.numbered_gaps()) {
        let Some(key) = key(shared, source, line) else { continue };
        let place = *number.entry(key).or_insert_with(|| {
            out.push(Known { of_entries: true, at, entries: Vec::new(), state: State::Listed });
            said_empty.push(false);
            out.len() - 1
        });
        if matches!(out[place].state, State::Unknown(_)) {
            out[place].state = State::Listed;
        }
        out[place].entries.push((at, told(shared, source, view.id, line.of_several(), &mut identities)));
    }
    let absent = view.absent().map(|gap| gap.missing.why);
    let position = |at: At| view.line(at).and_then(|line| line.integer(field::POSITION)).unwrap_or(i64::MAX);
    for (list, said_empty) in out.iter_mut().zip(said_empty) {
        list.entries.sort_by_key(|(at, _)| position(*at));
        // The list is there and its entries are in a table that no export holds.
        if list.entries.is_empty()
            && list.state == State::Listed
            && !said_empty
            && let Some(why) = absent
        {
            list.state = State::Unknown(why);
        }
    }
    out
}

/// Lists by the computer they are on.
#[derive(Debug)]
pub(crate) struct ByHost(HashMap<String, Vec<usize>>);

impl ByHost {
    pub(crate) fn of(lists: &[List<'_>]) -> Self {
        let mut out: HashMap<String, Vec<usize>> = HashMap::new();
        for (number, list) in lists.iter().enumerate() {
            if let Some(host) = list.line.text(field::HOST) {
                out.entry(label(host)).or_default().push(number);
            }
        }
        Self(out)
    }

    /// Those of `lists`, of which this was made, that are proven to be of a computer, in their order.
    pub(crate) fn on<'l, 's>(
        &self,
        shared: &Shared<'_>,
        lists: &'l [List<'s>],
        host: &str,
    ) -> Vec<&'l List<'s>> {
        let alike = self.0.get(&label(host)).into_iter().flatten().filter_map(|number| lists.get(*number));
        alike
            .filter(|list| {
                list.line.text(field::HOST).is_some_and(|on| shared.ids.same_computer(on, host) == Some(true))
            })
            .collect()
    }
}

/// The domain that relative identifiers of a list belong to.
fn domain_of(shared: &Shared<'_>, source: Source, line: Line<'_>) -> Option<String> {
    if let Some(object) = line.text(field::OBJECT).filter(|_| source.entries == DIRECTORY.entries) {
        return domain_of_object(object);
    }
    domain_of_computer(shared, line.text(field::HOST)?)
}

fn told<'s>(
    shared: &Shared<'_>,
    source: Source,
    table: TableId,
    line: Line<'s>,
    known: &mut HashMap<Box<str>, Arc<Identity>>,
) -> Told {
    let kind = match line.text(field::KIND) {
        Some("allow") => Some(AceKind::Allow),
        Some("deny") => Some(AceKind::Deny),
        _ => None,
    };
    let mask = line.integer(field::MASK).and_then(|mask| u32::try_from(mask & 0xFFFF_FFFF).ok());
    let told = |field: FieldName, else_: bool| line.flag(field).unwrap_or(else_);
    let below_unknown = source.below.is_some_and(|field| line.unknown(field).is_some());
    let who = trustee(shared, source, line);
    Told {
        identity: who.as_ref().map(|who| {
            Arc::clone(known.entry(who.written.clone()).or_insert_with(|| Arc::new(shared.ids.resolve(who))))
        }),
        kind: kind.filter(|_| mask.is_some() && line.gap.is_none()),
        mask: mask.unwrap_or_default(),
        here: told(field::HERE, true),
        below: source.below.is_none_or(|field| line.flag(field).unwrap_or(below_unknown)),
        inherited: match line.unknown(field::INHERITED) {
            Some(_) => None,
            None => Some(told(field::INHERITED, false)),
        },
        conditional: told(field::CONDITIONAL, line.unknown(field::CONDITIONAL).is_some()),
        confined: line
            .text(field::CONFINED_TO)
            .map(|guid| guid.trim_matches(['{', '}']).to_lowercase().into()),
        below_confined: line.text(field::INHERITED_BY).is_some(),
        who,
        table,
    }
}

/// Whom an entry is for.
fn trustee(shared: &Shared<'_>, source: Source, line: Line<'_>) -> Option<Arc<Account>> {
    if let Some(account) = line.account(field::ACCOUNT) {
        return Some(Arc::clone(account));
    }
    if let Some(sid) = line.text(field::SID) {
        return Account::parse(sid).map(Arc::new);
    }
    let rid = line.integer(field::RELATIVE).or_else(|| line.integer(field::ROOT_RELATIVE))?;
    let name = shared.ids.principals().of_rid(u32::try_from(rid).ok()?)?;
    Account::parse(&format!("{}\\{}", domain_of(shared, source, line)?, name.name)).map(Arc::new)
}
