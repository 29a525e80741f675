//! Access lists of any notation as lists of objects, so that each entry can become a row.
//!
//! A record of a class that wants one of these properties gets both, from the first of `Sddl`, the list of a
//! `Win32_SecurityDescriptor` (`DACL`), the rules of .NET (`Access`) and `AccessToString` that says something:
//!
//! | property | says |
//! |---|---|
//! | `AccessList` | `list`, `empty` (nobody may do anything), `none` (no access control: everyone may do everything); absent if the export has no list |
//! | `AccessEntries` | list of objects, one an entry, in their order |
//! | `AccessProtected` | whether nothing is taken from the object above; absent if the export does not tell |
//! | `Secures` | `folder`, `directory` (an object of Active Directory) or `other` |
//!
//! | entry | says |
//! |---|---|
//! | `Position` | 1, 2, ... |
//! | `Kind` | `allow`, `deny`; `unread`, with `Why`, for one that cannot be read |
//! | `Account` | the name as it is written, else the security identifier; absent for the following three |
//! | `Sid` | the security identifier in full |
//! | `DomainRid`, `RootDomainRid`, `ComputerRid` | an account relative to the domain (`DA`), the forest's root domain (`EA`) or the computer (`LA`) |
//! | `Mask` | the rights as a number, generic rights mapped |
//! | `Permissions` | list of the basic permissions held, for files and folders |
//! | `AppliesHere` | whether it counts for the object itself |
//! | `ToFolders`, `ToFiles`, `Inherited` | how it is handed down; absent where that is not told |
//! | `Conditional` | whether it holds under a condition only |
//! | `ObjectType` | GUID of what it is confined to |
//! | `InheritedObjectType` | GUID of the class of objects that take it over |
//!
//! A descriptor that is there and cannot be read (cut off at the depth of the export, refused by the computer) is a list
//! with one `unread` entry, never an empty one. So is the rest of a list of which the row at hand is one rule.
//!
//! Nothing is evaluated over several entries: what someone may do in the end is told by
//! [`Acl::access`](crate::sddl::Acl::access). Auditing entries are left out.

use std::ops::Range;

use crate::reader::{Data, Object, Value, WantedClass};
use crate::sddl::{self, Ace, AceKind, Acl, Dacl, Entry, Flags, Principal, Securable, Unread};
use crate::source::Span;

/// The property with the entries.
const ENTRIES: &str = "AccessEntries";
/// The property that tells what kind of list there is.
const LIST: &str = "AccessList";

/// Properties a list is made from.
const SOURCES: [&str; 18] = [
    "Sddl",
    "DACL",
    "Access",
    "AccessToString",
    "Descriptor",
    "SecurityDescriptor",
    "ReturnValue",
    "Path",
    "AreAccessRulesProtected",
    // A rule by itself.
    "IdentityReference",
    "AccessControlType",
    "FileSystemRights",
    "ActiveDirectoryRights",
    "RegistryRights",
    "IsInherited",
    "InheritanceFlags",
    "PropagationFlags",
    "ObjectType",
];

/// Whether access lists are to be taken apart in records of a class.
pub(super) fn wants(class: &WantedClass) -> bool {
    class.properties.iter().any(|p| p.eq_ignore_ascii_case(ENTRIES) || p.eq_ignore_ascii_case(LIST))
}

/// Whether a property is needed for that.
pub(super) fn is_source(name: &str) -> bool {
    SOURCES.iter().any(|source| source.eq_ignore_ascii_case(name))
}

/// Adds the two properties to an object of that class.
pub(super) fn add(object: &mut Object, class: &str) {
    let kind = securable(object, class);
    let inner = ["Descriptor", "SecurityDescriptor"].iter().find_map(|name| match &object.get(name)?.data {
        Data::Object(inner) => Some(inner),
        _ => None,
    });
    let secures = match kind {
        Securable::File => "folder",
        Securable::Directory => "directory",
        Securable::Other => "other",
    };
    let mut found = list_of(object, kind)
        .or_else(|| list_of(inner?, kind))
        .or_else(|| lone_rule(object, kind))
        .or_else(|| unread_list(object, inner));
    if let Some((_, entries)) = &mut found
        && class.to_ascii_lowercase().contains("dcom")
    {
        old_launch_rights(entries);
    }
    let protected = protected(object);
    let place = place_of(object);
    object.properties.push(property("Secures", place, Data::Text(secures.into())));
    object
        .properties
        .extend(protected.map(|protected| property("AccessProtected", place, Data::Bool(protected))));
    let Some((list, entries)) = found else { return };
    let said = Data::Text(list.into());
    object.properties.push((LIST.into(), Value { span: entries.span, data: said }));
    object.properties.push((ENTRIES.into(), entries));
}

/// The list that a row which is one rule belongs to: what else is in it is not known.
fn lone_rule(object: &Object, kind: Securable) -> Option<(&'static str, Value)> {
    let span = object.get("IdentityReference")?.span;
    let rest = unread("the other rules of the list are not in this row", span, None);
    Some(numbered(vec![(span, dotnet_entry(object, kind)?), (span, rest)], span))
}

/// The list of a descriptor that is there and says nothing.
fn unread_list(object: &Object, inner: Option<&Object>) -> Option<(&'static str, Value)> {
    let answer = object.get("ReturnValue").and_then(plain).filter(|answer| *answer != "0");
    let lists = ["DACL", "Access"].iter().filter_map(|name| inner.unwrap_or(object).get(name));
    let whole = ["Descriptor", "SecurityDescriptor"].iter().filter_map(|name| object.get(name));
    for value in lists.chain(whole) {
        let cut = match &value.data {
            Data::Truncated => true,
            Data::List(items) => items.iter().any(|item| !matches!(item.data, Data::Object(_))),
            Data::Null => false,
            _ => continue,
        };
        let why = match (cut, answer) {
            (true, _) => "the list is cut off at the depth of the export".to_owned(),
            (false, Some(answer)) => format!("the computer refused it with {answer}"),
            (false, None) => "nothing was read".to_owned(),
        };
        return Some(numbered(vec![(value.span, unread(&why, value.span, None))], value.span));
    }
    None
}

/// Rights to launch and activate, all four of them and the bit that all entries have.
const LAUNCH: u32 = 0x1F;

/// Lists written before Windows told the four rights apart have in all entries the one bit that stands for all four.
fn old_launch_rights(entries: &mut Value) {
    let Data::List(list) = &mut entries.data else { return };
    let mut masks: Vec<&mut Value> = Vec::new();
    for entry in list {
        if let Data::Object(entry) = &mut entry.data {
            masks.extend(entry.properties.iter_mut().filter(|(name, _)| &**name == "Mask").map(|(_, v)| v));
        }
    }
    if masks.iter().all(|mask| number(Some(mask)).is_some_and(|mask| mask & LAUNCH == 1)) {
        for mask in masks {
            mask.data = Data::Number(LAUNCH.to_string().into());
        }
    }
}

/// Whether a list takes nothing from the object above. None if the export does not tell.
fn protected(object: &Object) -> Option<bool> {
    if let Some(Data::Bool(protected)) = object.get("AreAccessRulesProtected").map(|value| &value.data) {
        return Some(*protected);
    }
    let Some(Data::Text(text)) = object.get("Sddl").map(|value| &value.data) else { return None };
    match sddl::parse(text).ok()?.dacl {
        Dacl::List(acl) => Some(acl.protected),
        Dacl::Absent | Dacl::Null => None,
    }
}

/// What kind of object a list protects.
fn securable(object: &Object, class: &str) -> Securable {
    let class = class.to_ascii_lowercase();
    let path = match object.get("Path").map(|value| &value.data) {
        Some(Data::Text(path)) => path.to_ascii_lowercase(),
        _ => String::new(),
    };
    if class.contains("activedirectory") || path.contains("activedirectory") || path.starts_with("ad:") {
        Securable::Directory
    } else if ["systemsecurity", "win32_securitydescriptor", "dcom", "registry", "wmi"]
        .iter()
        .any(|other| class.contains(other))
        || path.contains("::hkey_")
    {
        Securable::Other
    } else {
        Securable::File
    }
}

fn list_of(object: &Object, kind: Securable) -> Option<(&'static str, Value)> {
    let mut unread = None;
    for name in ["Sddl", "SecurityDescriptor", "Descriptor"] {
        let Some(value) = object.get(name) else { continue };
        let Data::Text(text) = &value.data else { continue };
        if text.trim().is_empty() {
            continue;
        }
        match sddl::parse(text) {
            Ok(descriptor) => match descriptor.dacl {
                // The part with the list was not exported.
                Dacl::Absent => {}
                Dacl::Null => {
                    return Some(("none", Value { span: value.span, data: Data::List(Vec::new()) }));
                }
                Dacl::List(acl) => return Some(of_text(&acl, value, text, kind)),
            },
            Err(wrong) if name == "Sddl" => {
                let entry = Entry::Unread(Unread { range: wrong.range, why: wrong.why, trustee: None });
                let acl = Acl { entries: vec![entry], ..Acl::default() };
                unread = Some(of_text(&acl, value, text, kind));
            }
            Err(_) => {}
        }
    }
    let objects = |name: &str, entry: fn(&Object, Securable) -> Option<Properties>| {
        let value = object.get(name)?;
        let one = std::slice::from_ref(value);
        let list: &[Value] = match &value.data {
            Data::List(list) => list,
            Data::Object(_) => one,
            _ => return None,
        };
        let mut entries = Vec::with_capacity(list.len());
        for value in list {
            // A list that is cut off says less than the text beside it.
            let Data::Object(inner) = &value.data else { return None };
            let Some(properties) = entry(inner, kind) else { continue };
            entries.push((value.span, properties));
        }
        Some(numbered(entries, value.span))
    };
    objects("DACL", win32_entry)
        .or_else(|| objects("Access", dotnet_entry).filter(|(list, _)| *list != "empty"))
        .or_else(|| {
            let value = object.get("AccessToString")?;
            let Data::Text(text) = &value.data else { return None };
            (!text.trim().is_empty()).then(|| of_text(&sddl::parse_listing(text), value, text, kind))
        })
        .or(unread)
}

/// The original place of a stretch of a text: exact if the text stands there as it is, else the place of the text.
pub(super) fn part_of(span: Span, text: &str, range: Range<usize>) -> Span {
    let width = match span.end.saturating_sub(span.start) {
        length if length == text.len() as u64 => 1,
        length if length == 2 * text.len() as u64 && text.is_ascii() => 2,
        _ => return span,
    };
    Span { start: span.start + width * range.start as u64, end: span.start + width * range.end as u64 }
}

/// The entries of a list that was read from a text.
fn of_text(acl: &Acl, value: &Value, text: &str, kind: Securable) -> (&'static str, Value) {
    let place = |range: &Range<usize>| part_of(value.span, text, range.clone());
    let mut entries = Vec::with_capacity(acl.entries.len());
    for entry in &acl.entries {
        match entry {
            Entry::Ace(ace) => {
                if let Some(properties) =
                    ace_properties(ace, place(&ace.rights), place(&ace.trustee.range), kind)
                {
                    entries.push((place(&ace.range), properties));
                }
            }
            Entry::Unread(unread) => {
                let span = place(&unread.range);
                let mut properties = vec![property("Kind", span, Data::Text("unread".into()))];
                properties.push(property("Why", span, Data::Text(unread.why.into())));
                if let Some(trustee) = &unread.trustee {
                    account(&trustee.principal, place(&trustee.range), &mut properties);
                }
                entries.push((span, properties));
            }
        }
    }
    numbered(entries, value.span)
}

type Properties = Vec<(Box<str>, Value)>;

/// The list of entries with their positions, and what kind of list it is.
fn numbered(entries: Vec<(Span, Properties)>, span: Span) -> (&'static str, Value) {
    let list = if entries.is_empty() { "empty" } else { "list" };
    let values = entries.into_iter().enumerate().map(|(i, (span, mut properties))| {
        properties.push(property("Position", span, Data::Number((i + 1).to_string().into())));
        Value { span, data: Data::Object(Object { class: None, properties }) }
    });
    (list, Value { span, data: Data::List(values.collect()) })
}

fn property(name: &str, span: Span, data: Data) -> (Box<str>, Value) {
    (name.into(), Value { span, data })
}

/// Whom an entry is about.
fn account(principal: &Principal, span: Span, properties: &mut Properties) {
    let number = |rid: &u32| Data::Number(rid.to_string().into());
    match principal {
        Principal::Sid(sid) => {
            properties.push(property("Account", span, Data::Text(sid.clone())));
            properties.push(property("Sid", span, Data::Text(sid.clone())));
        }
        Principal::Name(name) => properties.push(property("Account", span, Data::Text(name.clone()))),
        Principal::InDomain(rid) => properties.push(property("DomainRid", span, number(rid))),
        Principal::InRootDomain(rid) => properties.push(property("RootDomainRid", span, number(rid))),
        Principal::OnComputer(rid) => properties.push(property("ComputerRid", span, number(rid))),
    }
}

/// The properties of an entry; none if it says nothing of access.
fn ace_properties(ace: &Ace, rights: Span, who: Span, kind: Securable) -> Option<Properties> {
    let said = match ace.kind {
        AceKind::Allow => "allow",
        AceKind::Deny => "deny",
        AceKind::Other => return None,
    };
    let mut properties = vec![property("Kind", rights, Data::Text(said.into()))];
    account(&ace.trustee.principal, who, &mut properties);
    let mask = kind.map_generic(ace.mask);
    properties.push(property("Mask", rights, Data::Number(mask.to_string().into())));
    if kind == Securable::File {
        let names = sddl::ntfs_permissions(mask);
        let list = names.map(|name| Value { span: rights, data: Data::Text(name.into()) }).collect();
        properties.push(property("Permissions", rights, Data::List(list)));
    }
    let mut flag = |name: &str, value: Option<bool>| {
        properties.extend(value.map(|value| property(name, rights, Data::Bool(value))));
    };
    flag("AppliesHere", Some(ace.applies_here()));
    flag("ToFolders", ace.applies_to_folders());
    flag("ToFiles", ace.applies_to_files());
    flag("Inherited", ace.flags.map(|flags| flags.inherited));
    flag("Conditional", Some(ace.conditional));
    properties.extend(ace.object.clone().map(|object| property("ObjectType", rights, Data::Text(object))));
    let class = ace.inherited_object.clone();
    properties.extend(class.map(|class| property("InheritedObjectType", rights, Data::Text(class))));
    Some(properties)
}

/// The text of a plain value, or of an object that stands for one (`{Value: ...}`).
fn plain(value: &Value) -> Option<&str> {
    match &value.data {
        Data::Text(text) | Data::Number(text) => Some(text.trim()),
        Data::Object(object) => plain(object.get("Value")?),
        _ => None,
    }
}

fn number(value: Option<&Value>) -> Option<u32> {
    let text = plain(value?)?;
    text.parse().ok().or_else(|| text.parse::<i32>().ok().map(i32::cast_unsigned))
}

/// What cannot be read of an object that should be an entry.
fn unread(why: &str, span: Span, who: Option<&Principal>) -> Properties {
    let mut properties = vec![property("Kind", span, Data::Text("unread".into()))];
    properties.push(property("Why", span, Data::Text(why.into())));
    if let Some(who) = who {
        account(who, span, &mut properties);
    }
    properties
}

/// Where an object stands, by its first property.
fn place_of(object: &Object) -> Span {
    object.properties.first().map_or(Span::default(), |(_, value)| value.span)
}

/// `Win32_ACE`
fn win32_entry(entry: &Object, kind: Securable) -> Option<Properties> {
    let here = place_of(entry);
    let trustee = entry.get("Trustee");
    let (mut sid, mut name) = (None, None);
    if let Some(Data::Object(inner)) = trustee.map(|value| &value.data) {
        let part = |name| inner.get(name).and_then(plain).filter(|text| !text.is_empty());
        sid = part("SIDString");
        name = part("Name").map(|name| match part("Domain") {
            Some(domain) => format!("{domain}\\{name}"),
            None => name.to_owned(),
        });
    }
    let who = match (&name, sid) {
        (Some(name), _) => Principal::from_name(name),
        (None, Some(sid)) => Principal::from_name(sid),
        (None, None) => return Some(unread("it does not say whom it is about", here, None)),
    };
    let said = match number(entry.get("AceType")) {
        Some(0 | 5) => AceKind::Allow,
        Some(1 | 6) => AceKind::Deny,
        Some(2 | 3 | 7 | 8) => return None,
        _ => return Some(unread("its type is not known", here, Some(&who))),
    };
    let Some(mask) = number(entry.get("AccessMask")) else {
        return Some(unread("its rights are not known", here, Some(&who)));
    };
    let guid = |name: &str| {
        let text = entry.get(name).and_then(plain)?.trim_matches(['{', '}']).to_ascii_lowercase();
        (!text.is_empty()).then(|| Box::from(text))
    };
    let trustee_span = trustee.map_or(here, |value| value.span);
    let ace = Ace {
        range: 0..0,
        kind: said,
        conditional: false,
        flags: number(entry.get("AceFlags")).map(Flags::from_bits),
        mask,
        rights: 0..0,
        object: guid("GuidObjectType"),
        inherited_object: guid("GuidInheritedObjectType"),
        trustee: sddl::Trustee { principal: who, range: 0..0 },
    };
    let rights = entry.get("AccessMask").map_or(here, |value| value.span);
    let mut properties = ace_properties(&ace, rights, trustee_span, kind)?;
    if let (Some(sid), Principal::Name(_)) = (sid, &ace.trustee.principal) {
        properties.push(property("Sid", trustee_span, Data::Text(sid.into())));
    }
    Some(properties)
}

/// A rule of .NET: `FileSystemAccessRule`, `ActiveDirectoryAccessRule`, `RegistryAccessRule`.
fn dotnet_entry(entry: &Object, kind: Securable) -> Option<Properties> {
    let here = place_of(entry);
    let Some((who_span, who)) = entry
        .get("IdentityReference")
        .and_then(|value| Some((value.span, plain(value).filter(|text| !text.is_empty())?)))
    else {
        return Some(unread("it does not say whom it is about", here, None));
    };
    let who = Principal::from_name(who);
    let said = match entry.get("AccessControlType").and_then(plain) {
        Some("0" | "Allow") => AceKind::Allow,
        Some("1" | "Deny") => AceKind::Deny,
        _ => return Some(unread("its type is not known", here, Some(&who))),
    };
    let rights = ["FileSystemRights", "ActiveDirectoryRights", "RegistryRights"]
        .into_iter()
        .find_map(|name| entry.get(name));
    let Some((rights, mask)) =
        rights.and_then(|value| Some((value.span, sddl::rights_of_names(plain(value)?)?)))
    else {
        return Some(unread("its rights are not known", here, Some(&who)));
    };
    let word = |name: &str, bits: &[(&str, u32)]| -> Option<u32> {
        let text = entry.get(name).and_then(plain)?;
        text.parse().ok().or_else(|| {
            text.split(',').try_fold(0, |all, word| {
                let word = word.trim();
                let found = bits.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
                found.map(|(_, bit)| all | bit)
            })
        })
    };
    let handed = word("InheritanceFlags", &[("None", 0), ("ContainerInherit", 1), ("ObjectInherit", 2)]);
    let only = word("PropagationFlags", &[("None", 0), ("NoPropagateInherit", 1), ("InheritOnly", 2)]);
    let inherited = match entry.get("IsInherited").map(|value| &value.data) {
        Some(Data::Bool(flag)) => Some(*flag),
        Some(Data::Text(text)) => text.trim().parse().ok(),
        _ => None,
    };
    let flags = match (handed, only) {
        (Some(handed), Some(only)) => Some(Flags {
            container_inherit: handed & 1 != 0,
            object_inherit: handed & 2 != 0,
            no_propagate: only & 1 != 0,
            inherit_only: only & 2 != 0,
            inherited: inherited.unwrap_or_default(),
        }),
        _ => None,
    };
    let object = entry
        .get("ObjectType")
        .and_then(plain)
        .filter(|guid| !guid.bytes().all(|b| matches!(b, b'0' | b'-')))
        .map(|guid| guid.to_ascii_lowercase().into());
    let ace = Ace {
        range: 0..0,
        kind: said,
        conditional: false,
        flags,
        mask,
        rights: 0..0,
        object,
        inherited_object: None,
        trustee: sddl::Trustee { principal: who, range: 0..0 },
    };
    ace_properties(&ace, rights, who_span, kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(start: u64, text: &str) -> Value {
        let span = Span { start, end: start + text.len() as u64 };
        Value { span, data: Data::Text(text.into()) }
    }

    fn object(properties: Vec<(&str, Value)>) -> Object {
        let properties = properties.into_iter().map(|(name, value)| (name.into(), value)).collect();
        Object { class: None, properties }
    }

    fn value(data: Data) -> Value {
        Value { span: Span { start: 7, end: 9 }, data }
    }

    fn added(mut object: Object, class: &str) -> (Option<Data>, Vec<Object>) {
        add(&mut object, class);
        let list = object.get(LIST).map(|v| v.data.clone());
        let entries = match object.get(ENTRIES).map(|v| v.data.clone()) {
            Some(Data::List(list)) => list
                .into_iter()
                .map(|value| match value.data {
                    Data::Object(object) => object,
                    other => panic!("{other:?}"),
                })
                .collect(),
            None => Vec::new(),
            other => panic!("{other:?}"),
        };
        (list, entries)
    }

    fn get<'o>(object: &'o Object, name: &str) -> Option<&'o Data> {
        object.get(name).map(|value| &value.data)
    }

    fn t(text: &str) -> Data {
        Data::Text(text.into())
    }

    fn permissions(object: &Object) -> Vec<String> {
        match get(object, "Permissions") {
            Some(Data::List(list)) => list
                .iter()
                .map(|value| match &value.data {
                    Data::Text(text) => text.to_string(),
                    other => panic!("{other:?}"),
                })
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn entries_of_a_folder() {
        let sddl =
            "O:BAD:PAI(A;OICI;0x1301bf;;;S-1-5-21-1-2-3-1105)(A;OICIIO;GA;;;CO)(D;ID;FW;;;DU)(A;;QQ;;;BU)";
        let folder = object(vec![
            ("Path", text(0, "C:\\inboxes")),
            ("AccessToString", text(50, "LAB\\x Allow  FullControl")),
            ("Sddl", text(100, sddl)),
        ]);
        let (list, entries) = added(folder.clone(), "DirectorySecurity");
        assert_eq!(list, Some(t("list")));
        assert_eq!(entries.len(), 4);
        assert_eq!(get(&entries[0], "Kind"), Some(&t("allow")));
        assert_eq!(get(&entries[0], "Account"), Some(&t("S-1-5-21-1-2-3-1105")));
        assert_eq!(get(&entries[0], "Sid"), get(&entries[0], "Account"));
        // The identifier stands 28 characters into the text.
        assert_eq!(entries[0].get("Account").unwrap().span, Span { start: 128, end: 147 });
        assert_eq!(get(&entries[0], "Mask"), Some(&Data::Number("1245631".into())));
        assert_eq!(
            permissions(&entries[0]),
            ["Read", "Read & execute", "List folder contents", "Write", "Modify"]
        );
        assert_eq!(get(&entries[0], "AppliesHere"), Some(&Data::Bool(true)));
        assert_eq!(get(&entries[0], "ToFiles"), Some(&Data::Bool(true)));
        assert_eq!(get(&entries[0], "Position"), Some(&Data::Number("1".into())));
        assert_eq!(get(&entries[1], "AppliesHere"), Some(&Data::Bool(false)));
        assert_eq!(permissions(&entries[1]).len(), 6);
        assert_eq!(get(&entries[2], "Kind"), Some(&t("deny")));
        assert_eq!(get(&entries[2], "DomainRid"), Some(&Data::Number("513".into())));
        assert_eq!(get(&entries[2], "Account"), None);
        assert_eq!(get(&entries[2], "Inherited"), Some(&Data::Bool(true)));
        assert_eq!(get(&entries[3], "Kind"), Some(&t("unread")));
        assert_eq!(get(&entries[3], "Why"), Some(&t("its rights are not known")));
        assert_eq!(get(&entries[3], "Sid"), Some(&t("S-1-5-32-545")));
        // Without the descriptor, the lines count.
        let mut listed = folder;
        listed.properties.pop();
        let (_, entries) = added(listed, "DirectorySecurity");
        assert_eq!(get(&entries[0], "Account"), Some(&t("LAB\\x")));
        assert_eq!(get(&entries[0], "Inherited"), None);
    }

    #[test]
    fn lists_that_are_not_there() {
        let of = |sddl: &str| added(object(vec![("Sddl", text(0, sddl))]), "FileSecurity");
        assert_eq!(of("O:BAG:SY"), (None, Vec::new()));
        assert_eq!(of("D:NO_ACCESS_CONTROL"), (Some(t("none")), Vec::new()));
        assert_eq!(of("D:P"), (Some(t("empty")), Vec::new()));
        assert_eq!(of(""), (None, Vec::new()));
        let (list, entries) = of("System.Security.AccessControl.DirectorySecurity");
        assert_eq!((list, get(&entries[0], "Kind")), (Some(t("list")), Some(&t("unread"))));
        // What was cut off, or refused, is not an empty list.
        for data in [Data::Truncated, Data::List(vec![value(Data::Truncated)])] {
            let (list, entries) = added(object(vec![("Access", value(data))]), "FileSecurity");
            assert_eq!((list, entries.len()), (Some(t("list")), 1));
            assert_eq!(get(&entries[0], "Kind"), Some(&t("unread")));
        }
        let refused =
            vec![("Descriptor", value(Data::Null)), ("ReturnValue", value(Data::Number("5".into())))];
        let (_, entries) = added(object(refused), "__SystemSecurity");
        assert_eq!(get(&entries[0], "Why"), Some(&t("the computer refused it with 5")));
    }

    #[test]
    fn entries_of_a_name_space() {
        let number = |n: &str| value(Data::Number(n.into()));
        let trustee = |domain: &str, name: &str, sid: &str| {
            value(Data::Object(object(vec![
                ("Domain", text(0, domain)),
                ("Name", text(0, name)),
                ("SIDString", text(0, sid)),
            ])))
        };
        let ace = |mask: &str, kind: &str, trustee: Value| {
            value(Data::Object(object(vec![
                ("AccessMask", number(mask)),
                ("AceFlags", number("18")),
                ("AceType", number(kind)),
                ("Trustee", trustee),
            ])))
        };
        let descriptor = object(vec![
            ("ControlFlags", number("33028")),
            (
                "DACL",
                value(Data::List(vec![
                    ace("33", "0", trustee("PS1", "SMS Admins", "S-1-5-21-9-9-9-1008")),
                    ace("19", "0", trustee("NT AUTHORITY", "Authenticated Users", "S-1-5-11")),
                    ace("393279", "1", trustee("", "", "S-1-5-32-546")),
                    ace("1", "2", trustee("", "Everyone", "S-1-1-0")),
                    ace("1", "9", trustee("", "", "")),
                ])),
            ),
        ]);
        let outer = object(vec![("Descriptor", value(Data::Object(descriptor)))]);
        let (list, entries) = added(outer, "__SystemSecurity");
        assert_eq!((list, entries.len()), (Some(t("list")), 4));
        assert_eq!(get(&entries[0], "Account"), Some(&t("PS1\\SMS Admins")));
        assert_eq!(get(&entries[0], "Sid"), Some(&t("S-1-5-21-9-9-9-1008")));
        assert_eq!(get(&entries[0], "Mask"), Some(&Data::Number("33".into())));
        assert_eq!(get(&entries[0], "Permissions"), None);
        assert_eq!(get(&entries[0], "ToFolders"), Some(&Data::Bool(true)));
        assert_eq!(get(&entries[0], "Inherited"), Some(&Data::Bool(true)));
        assert_eq!(get(&entries[2], "Kind"), Some(&t("deny")));
        assert_eq!(get(&entries[2], "Account"), Some(&t("S-1-5-32-546")));
        assert_eq!(get(&entries[3], "Kind"), Some(&t("unread")));
    }

    #[test]
    fn rules_of_dotnet() {
        let rule = |rights: &str, kind: &str, flags: [&str; 2]| {
            value(Data::Object(object(vec![
                ("FileSystemRights", value(Data::Number(rights.into()))),
                ("AccessControlType", value(Data::Number(kind.into()))),
                ("IdentityReference", value(Data::Object(object(vec![("Value", text(3, "LAB\\svc"))])))),
                ("IsInherited", value(Data::Bool(false))),
                ("InheritanceFlags", text(0, flags[0])),
                ("PropagationFlags", text(0, flags[1])),
            ])))
        };
        let list = Data::List(vec![
            rule("2032127", "0", ["3", "0"]),
            rule("-1610612736", "1", ["ContainerInherit, ObjectInherit", "InheritOnly"]),
            rule("x", "0", ["0", "0"]),
        ]);
        let (_, entries) = added(object(vec![("Access", value(list))]), "");
        assert_eq!(permissions(&entries[0]).len(), 6);
        assert_eq!(get(&entries[0], "Account"), Some(&t("LAB\\svc")));
        assert_eq!(get(&entries[0], "ToFolders"), Some(&Data::Bool(true)));
        assert_eq!(get(&entries[1], "Kind"), Some(&t("deny")));
        assert_eq!(get(&entries[1], "AppliesHere"), Some(&Data::Bool(false)));
        assert_eq!(get(&entries[2], "Why"), Some(&t("its rights are not known")));
    }

    #[test]
    fn kinds_of_objects() {
        let with = |path: &str| object(vec![("Path", text(0, path))]);
        assert_eq!(securable(&with("Microsoft.PowerShell.Core\\FileSystem::C:\\x"), ""), Securable::File);
        assert_eq!(
            securable(
                &with("Microsoft.ActiveDirectory.Management.dll\\ActiveDirectory:://RootDSE/CN=System"),
                ""
            ),
            Securable::Directory
        );
        assert_eq!(
            securable(&with("Microsoft.PowerShell.Core\\Registry::HKEY_LOCAL_MACHINE\\x"), ""),
            Securable::Other
        );
        assert_eq!(securable(&with(""), "ActiveDirectorySecurity"), Securable::Directory);
        assert_eq!(securable(&with(""), "__SystemSecurity"), Securable::Other);
    }

    #[test]
    fn places_inside_a_text() {
        let span = |start, end| Span { start, end };
        assert_eq!(part_of(span(10, 14), "abcd", 1..3), span(11, 13));
        assert_eq!(part_of(span(10, 18), "abcd", 1..3), span(12, 16));
        assert_eq!(part_of(span(10, 19), "abcd", 1..3), span(10, 19));
        assert_eq!(part_of(span(10, 14), "äb", 2..3), span(10, 14));
    }
}
