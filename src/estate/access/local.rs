//! The local groups of computers: which group an identifier stands for, and what an entry of a list says of a group
//! that the product makes.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use crate::estate::access::list::Entry;
use crate::estate::access::unreadable;
use crate::estate::computers::{domain_of_computer, is_controller, label};
use crate::estate::membership::{Belongs, Membership};
use crate::estate::shared::Shared;
use crate::estate::table::{Line, View};
use crate::evidence::{Account, AccountForm, Missing, Scope, TableName, Why, field, table};
use crate::sddl::Member;

/// The local groups in evidence, by computer.
#[derive(Debug, Default)]
pub(crate) struct LocalGroups {
    /// By the computer as it is written.
    hosts: HashMap<String, Groups>,
    /// The computers as they are written, by the first label of their name.
    by_label: HashMap<String, Vec<String>>,
    /// Groups of which the computer is not known.
    nowhere: Groups,
    /// All of them, made when a question leaves the computer open.
    anywhere: OnceLock<Groups>,
    /// Names by security identifier, of all computers.
    by_sid: HashMap<String, Vec<String>>,
}

/// Local groups, of one computer or of several.
#[derive(Debug, Default)]
struct Groups {
    /// By security identifier: number of the last row, and the name there.
    by_sid: HashMap<String, (usize, String)>,
    /// Names of groups whose identifier is exported.
    identified: HashSet<String>,
    /// All groups are listed.
    whole: bool,
}

impl Groups {
    fn take(&mut self, number: usize, line: Line<'_>) {
        self.whole |= line.flag(field::WHOLE_LIST) == Some(true);
        let (Some(sid), Some(group)) = (line.text(field::SID), line.account(field::GROUP)) else { return };
        let name = folded(group.name());
        self.identified.insert(name.clone());
        self.by_sid.insert(folded(sid), (number, name));
    }
}

/// In the form in which names and identifiers are compared.
fn folded(name: &str) -> String {
    name.trim().to_ascii_lowercase()
}

impl LocalGroups {
    /// The local groups of a hierarchy, read once.
    pub(crate) fn of<'s>(shared: &'s Shared<'_>) -> &'s Self {
        shared.once(Self::read)
    }

    fn read(shared: &Shared<'_>) -> Self {
        let mut out = Self::default();
        for (number, line) in
            View::of(shared, table::LOCAL_GROUPS).into_iter().flat_map(View::rows).enumerate()
        {
            if let (Some(sid), Some(group)) = (line.text(field::SID), line.account(field::GROUP)) {
                out.by_sid.entry(folded(sid)).or_default().push(group.name().trim().to_owned());
            }
            let Some(host) = line.text(field::HOST) else {
                out.nowhere.take(number, line);
                continue;
            };
            if !out.hosts.contains_key(host) {
                out.by_label.entry(label(host)).or_default().push(host.to_owned());
            }
            out.hosts.entry(host.to_owned()).or_default().take(number, line);
        }
        out
    }

    /// The names that groups with that identifier have anywhere.
    pub(crate) fn names_of(&self, sid: &str) -> &[String] {
        self.by_sid.get(&folded(sid)).map_or(&[], Vec::as_slice)
    }

    /// The groups that a computer may have; those of any where it is not known which one.
    fn on<'g>(&'g self, shared: &Shared<'_>, host: Option<&str>) -> Vec<&'g Groups> {
        let Some(host) = host else {
            return vec![self.anywhere.get_or_init(|| {
                let mut all = Groups::default();
                let rows = View::of(shared, table::LOCAL_GROUPS).into_iter().flat_map(View::rows);
                rows.enumerate().for_each(|(number, line)| all.take(number, line));
                all
            })];
        };
        let alike = self.by_label.get(&label(host)).into_iter().flatten();
        alike
            .filter(|known| shared.ids.same_computer(known, host) == Some(true))
            .filter_map(|known| self.hosts.get(known))
            .chain(std::iter::once(&self.nowhere))
            .collect()
    }

    /// Whether an identifier is that of the group of a name; none if the exports do not tell.
    fn names(&self, shared: &Shared<'_>, host: Option<&str>, sid: &str, name: &str) -> Option<bool> {
        let (groups, sid, name) = (self.on(shared, host), folded(sid), folded(name));
        match groups.iter().filter_map(|groups| groups.by_sid.get(&sid)).max_by_key(|(number, _)| *number) {
            Some((_, known)) => Some(*known == name),
            // The group itself is known under another identifier.
            None => groups.iter().any(|groups| groups.identified.contains(&name)).then_some(false),
        }
    }

    /// Whether all groups of a computer are listed.
    fn whole(&self, shared: &Shared<'_>, host: Option<&str>) -> bool {
        self.on(shared, host).iter().any(|groups| groups.whole)
    }
}

/// A local group that the product makes, on the computer whose list is looked at.
#[derive(Debug, Clone)]
pub(crate) struct LocalGroup<'a> {
    /// Its name without the computer's.
    pub(crate) name: &'a str,
    /// The computer; none if the export does not tell which one it is.
    pub(crate) host: Option<&'a str>,
}

impl LocalGroup<'_> {
    /// Whether an entry means the group: it names the group, or one to which whoever is in the group belongs. Local
    /// groups of a computer that is no domain controller cannot be members of each other.
    pub(crate) fn is_meant(&self, shared: &Shared<'_>, entry: &Entry<'_>) -> (Member, Option<Missing>) {
        let Some(trustee) = &entry.who else {
            // Accounts relative to a domain or computer are none of its groups.
            let told = [field::RELATIVE, field::ROOT_RELATIVE]
                .iter()
                .any(|f| entry.line.of_several().integer(*f).is_some());
            return if told { (Member::No, None) } else { (Member::Unknown, Some(unreadable(entry))) };
        };
        match self.is_named(shared, trustee, entry.sid) {
            (Some(true), _) => return (Member::Yes, None),
            (None, missing) => return (Member::Unknown, missing),
            (Some(false), _) => {}
        }
        match entry.identity.as_ref().and_then(|identity| identity.sid()).or(entry.sid) {
            Some("S-1-1-0" | "S-1-5-11") => return (Member::Yes, None),
            Some("S-1-5-32-545") => {
                // Whoever has signed in is a member of the group of users, unless someone changed it.
                let Some(everyone) = Account::parse("S-1-5-11") else { return (Member::No, None) };
                return match Membership::of(shared).belongs(shared, &everyone, trustee, entry.sid, self.host)
                {
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
        match Membership::of(shared).belongs(shared, &own, trustee, entry.sid, self.host) {
            Belongs::Yes(_) => (Member::Yes, None),
            Belongs::No => (Member::No, None),
            Belongs::Open(missing) => (Member::Unknown, Some(missing)),
        }
    }

    /// Whether an account is the group itself.
    pub(crate) fn is_named(
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
                    (None, Some(self.unknown(shared, table::COMPUTERS, &format!("the position of `{host}`"))))
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
        let groups = LocalGroups::of(shared);
        if let Some(listed) = groups.names(shared, self.host, sid, self.name) {
            return (Some(listed), None);
        }
        let identity = shared.ids.resolve(trustee);
        if let Some(name) = identity.name() {
            return (Some(name.eq_ignore_ascii_case(self.name)), None);
        }
        if groups.whole(shared, self.host) {
            return (Some(false), None);
        }
        let what = match self.host {
            Some(host) => format!("the local groups of `{host}`"),
            None => "the local groups of the computer".to_owned(),
        };
        (None, Some(self.unknown(shared, table::LOCAL_GROUPS, &what)))
    }

    fn unknown(&self, shared: &Shared<'_>, table: TableName, what: &str) -> Missing {
        Missing::of(Why::NotExported, shared.schema.id(table).unwrap_or_default(), what, None)
    }
}
