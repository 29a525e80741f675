//! Records that all descriptions of Windows policy share: security templates, Group Policy reports, resultant sets.
//!
//! | class | properties |
//! |---|---|
//! | `UserRightsAssignment` | `Right` (its constant, spelled as Windows does), `Members` (list of text; empty: nobody has it), `Trustees` (list of objects: `Name`, `Sid`) |
//! | `GroupMembership` | `Group`, `GroupName` and `GroupSid` (as far as they are written), `Kind`: `restricted` (the list replaces what was there) or `preference` (it is added to, unless everything is removed first); `Members` (list of text, absent where the policy says nothing of members), `Trustees` (as above), `MemberOf` (list of text); of preferences also `Removed` (list of text), `Action` (`C` create, `R` replace, `U` update, `D` delete), `RemovesUsers`, `RemovesGroups`, `Disabled`, `Targeted` |
//! | `FileSecurity` | `Path`, `Sddl`, `Mode` (templates only) |
//! | `SecurityPolicy` | one for each template, Group Policy object or resultant set, with what all its records have in common; `Name`, `ComputerEnabled`, `UserEnabled`, `UserRights`, `Groups`, `Files` (whether it has any, so that what is not in it is known not to be in it) |
//!
//! What all of them may have: `Source` (`template`, `gpo`, `rsop` for what is in effect, `rsop-planning` for a
//! what-if run), `Gpo` and `GpoId` (name and identifier of the Group Policy object), `Domain`, `Side` (`computer` or
//! `user`), `Enabled` (whether that half of the object is), `Scope` (in a resultant set: where in the directory the
//! computer is, `contoso.com/Domain Controllers`), `Links` (list of objects: `Path`, `Name`, `Enabled`,
//! `Enforced`), `Linked` (whether one of them is switched on) and `LinkedTo` (the paths of those that are), both only
//! where all links were read, `Computer`, `Precedence` (1 wins).
//!
//! A member is written as in the export where that is a name, and as a security identifier where the name is the
//! one of a built-in account or group, which each language has its own of.

use crate::reader::{Data, Object, Value};
use crate::source::Span;

/// Class of the assignment of a user right.
pub(super) const USER_RIGHT: &str = "UserRightsAssignment";
/// Class of a group whose members a policy sets.
pub(super) const GROUP: &str = "GroupMembership";
/// Class of a file or folder whose permissions a policy sets.
pub(super) const FILE: &str = "FileSecurity";
/// Class of a policy as a whole.
pub(super) const POLICY: &str = "SecurityPolicy";

/// The constants of user rights.
const RIGHTS: [&str; 45] = [
    "SeAssignPrimaryTokenPrivilege",
    "SeAuditPrivilege",
    "SeBackupPrivilege",
    "SeBatchLogonRight",
    "SeChangeNotifyPrivilege",
    "SeCreateGlobalPrivilege",
    "SeCreatePagefilePrivilege",
    "SeCreatePermanentPrivilege",
    "SeCreateSymbolicLinkPrivilege",
    "SeCreateTokenPrivilege",
    "SeDebugPrivilege",
    "SeDelegateSessionUserImpersonatePrivilege",
    "SeDenyBatchLogonRight",
    "SeDenyInteractiveLogonRight",
    "SeDenyNetworkLogonRight",
    "SeDenyRemoteInteractiveLogonRight",
    "SeDenyServiceLogonRight",
    "SeEnableDelegationPrivilege",
    "SeImpersonatePrivilege",
    "SeIncreaseBasePriorityPrivilege",
    "SeIncreaseQuotaPrivilege",
    "SeIncreaseWorkingSetPrivilege",
    "SeInteractiveLogonRight",
    "SeLoadDriverPrivilege",
    "SeLockMemoryPrivilege",
    "SeMachineAccountPrivilege",
    "SeManageVolumePrivilege",
    "SeNetworkLogonRight",
    "SeProfileSingleProcessPrivilege",
    "SeRelabelPrivilege",
    "SeRemoteInteractiveLogonRight",
    "SeRemoteShutdownPrivilege",
    "SeRestorePrivilege",
    "SeSecurityPrivilege",
    "SeServiceLogonRight",
    "SeShutdownPrivilege",
    "SeSyncAgentPrivilege",
    "SeSystemEnvironmentPrivilege",
    "SeSystemProfilePrivilege",
    "SeSystemtimePrivilege",
    "SeTakeOwnershipPrivilege",
    "SeTcbPrivilege",
    "SeTimeZonePrivilege",
    "SeTrustedCredManAccessPrivilege",
    "SeUndockPrivilege",
];

/// The constant of a user right as Windows spells it: templates come in all lower case, too.
pub(super) fn right(written: &str) -> &str {
    RIGHTS.iter().find(|known| known.eq_ignore_ascii_case(written)).copied().unwrap_or(written)
}

/// Whether a text is a security identifier.
pub(super) fn is_sid(text: &str) -> bool {
    let mut parts = text.split('-');
    parts.next().is_some_and(|s| s.eq_ignore_ascii_case("S"))
        && parts.next() == Some("1")
        && parts.clone().next().is_some()
        && parts.all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// A text with its place.
pub(super) fn text(text: &str, span: Span) -> Value {
    Value { span, data: Data::Text(text.into()) }
}

/// A value that is not written itself but follows from what begins at this place.
pub(super) fn said(data: Data, at: Span) -> Value {
    Value { span: Span { start: at.start, end: at.start }, data }
}

/// Identities of the system that resultant sets and templates give by their names alone, with or without the part before
/// the backslash, as English Windows has them. What they are is in their identifiers.
const SPECIAL: [(&str, &str); 24] = [
    ("everyone", "S-1-1-0"),
    ("local", "S-1-2-0"),
    ("console logon", "S-1-2-1"),
    ("dialup", "S-1-5-1"),
    ("network", "S-1-5-2"),
    ("batch", "S-1-5-3"),
    ("interactive", "S-1-5-4"),
    ("service", "S-1-5-6"),
    ("anonymous logon", "S-1-5-7"),
    ("enterprise domain controllers", "S-1-5-9"),
    ("self", "S-1-5-10"),
    ("authenticated users", "S-1-5-11"),
    ("restricted", "S-1-5-12"),
    ("terminal server user", "S-1-5-13"),
    ("remote interactive logon", "S-1-5-14"),
    ("this organization", "S-1-5-15"),
    ("system", "S-1-5-18"),
    ("local account", "S-1-5-113"),
    ("local account and member of administrators group", "S-1-5-114"),
    ("iis_iusrs", "S-1-5-32-568"),
    ("all services", "S-1-5-80-0"),
    ("all application pool identities", "S-1-5-82-0"),
    ("virtual machines", "S-1-5-83-0"),
    ("window manager group", "S-1-5-90-0"),
];

/// The part before the backslash in names of such identities; in lower case.
const OF_SYSTEM: [&str; 7] =
    ["", "nt authority", "builtin", "nt service", "iis apppool", "nt virtual machine", "window manager"];

/// The identifier of an identity of the system that goes by this name.
fn special(name: &str) -> Option<&'static str> {
    let lower = name.trim().to_lowercase();
    let (place, name) = lower.split_once('\\').unwrap_or(("", &lower));
    let known = SPECIAL.iter().find(|(known, _)| *known == name).map(|(_, sid)| *sid);
    known.filter(|_| OF_SYSTEM.contains(&place))
}

/// An account or group that a policy names.
#[derive(Debug, Clone, Default)]
pub(super) struct Trustee {
    pub(super) name: Option<Value>,
    pub(super) sid: Option<Value>,
}

impl Trustee {
    /// From a text that is either.
    pub(super) fn of(value: Value) -> Self {
        match &value.data {
            Data::Text(text) if is_sid(text) => Self { name: None, sid: Some(value) },
            _ => Self { name: Some(value), sid: None },
        }
    }

    /// Whether nothing is known of it.
    pub(super) fn is_empty(&self) -> bool {
        self.name.is_none() && self.sid.is_none()
    }

    /// The one spelling that says most.
    pub(super) fn best(&self) -> Option<Value> {
        let built_in = |sid: &Value| matches!(&sid.data, Data::Text(text) if !text.get(..9).is_some_and(|s| s.eq_ignore_ascii_case("S-1-5-21-")));
        let sid = self.sid.as_ref();
        sid.filter(|sid| built_in(sid)).or(self.name.as_ref()).or(sid).cloned()
    }

    /// As an object with what is known.
    pub(super) fn object(mut self) -> Option<Value> {
        if let (Some(name), None) = (&self.name, &self.sid)
            && let Data::Text(written) = &name.data
        {
            self.sid = special(written).map(|sid| text(sid, name.span));
        }
        let span = self.name.as_ref().or(self.sid.as_ref())?.span;
        let mut properties: Vec<(Box<str>, Value)> = Vec::new();
        properties.extend(self.name.map(|name| ("Name".into(), name)));
        properties.extend(self.sid.map(|sid| ("Sid".into(), sid)));
        Some(Value { span, data: Data::Object(Object { class: None, properties }) })
    }
}

/// `Members` and `Trustees` of a list of accounts that stands at `span`.
pub(super) fn members(trustees: Vec<Trustee>, span: Span) -> [(Box<str>, Value); 2] {
    let spellings = trustees.iter().filter_map(Trustee::best).collect();
    let objects = trustees.into_iter().filter_map(Trustee::object).collect();
    [
        ("Members".into(), Value { span, data: Data::List(spellings) }),
        ("Trustees".into(), Value { span, data: Data::List(objects) }),
    ]
}

/// The spellings of a list of accounts that stands at `span`.
pub(super) fn spellings(trustees: &[Trustee], span: Span) -> Value {
    Value { span, data: Data::List(trustees.iter().filter_map(Trustee::best).collect()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_spelled_as_windows_does() {
        assert_eq!(right("seinteractivelogonright"), "SeInteractiveLogonRight");
        assert_eq!(right("SEDENYNETWORKLOGONRIGHT"), "SeDenyNetworkLogonRight");
        assert_eq!(right("SeOfTheFuture"), "SeOfTheFuture");
        assert!(RIGHTS.is_sorted());
    }

    #[test]
    fn identifiers_and_names() {
        for sid in ["S-1-5-32-544", "s-1-1-0", "S-1-5-21-1-2-3-1105", "S-1-0x1234567890ab-5"] {
            assert!(is_sid(sid), "{sid}");
        }
        for name in ["S-1", "S-1-", "S-2-5", "LAB\\s-1-5", "", "S-1-5-32 544", "SMS-1-2"] {
            assert!(!is_sid(name), "{name}");
        }
    }

    #[test]
    fn the_best_spelling() {
        let at = |start: u64| Span { start, end: start + 1 };
        let best = |name: Option<&str>, sid: Option<&str>| {
            Trustee { name: name.map(|t| text(t, at(1))), sid: sid.map(|t| text(t, at(2))) }.best()
        };
        let domain = Some("S-1-5-21-1-2-3-1105");
        assert_eq!(best(Some("LAB\\svc"), domain), Some(text("LAB\\svc", at(1))));
        assert_eq!(best(Some("Administratoren"), Some("S-1-5-32-544")), Some(text("S-1-5-32-544", at(2))));
        assert_eq!(best(None, domain), Some(text("S-1-5-21-1-2-3-1105", at(2))));
        assert_eq!(best(Some("Users"), None), Some(text("Users", at(1))));
        assert_eq!(best(None, None), None);
        let object = |name: &str| Trustee { name: Some(text(name, at(1))), sid: None }.object().unwrap();
        let sid = |name: &str| match object(name).data {
            Data::Object(object) => object.get("Sid").map(|sid| sid.data.clone()),
            other => panic!("{other:?}"),
        };
        assert_eq!(sid("Local account"), Some(Data::Text("S-1-5-113".into())));
        assert_eq!(sid("NT AUTHORITY\\SERVICE"), Some(Data::Text("S-1-5-6".into())));
        assert_eq!(sid("Window Manager\\Window Manager Group"), Some(Data::Text("S-1-5-90-0".into())));
        assert_eq!((sid("CONTOSO\\Service"), sid("svc")), (None, None));
        assert!(Trustee::default().is_empty() && Trustee::default().object().is_none());
    }
}
