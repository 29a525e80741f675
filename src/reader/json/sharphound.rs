//! SharpHound: objects of a directory, with the local groups and user rights of its computers.
//!
//! | class | properties |
//! |---|---|
//! | `SharpHoundUser` | `ObjectIdentifier`, `Sid`, `Name` (`SAM@DOMAIN`), `SamAccountName`, `Domain`, `DomainSid`, `DistinguishedName`, `Enabled`, `PrimaryGroupSid`, `AdminCount`, `ProfilePath`, `PasswordLastSet`, `LockedOut`, `Description` |
//! | `SharpHoundGroup` | the same as far as groups have it, `Members` (list of objects: `ObjectIdentifier`, `Sid`, `ObjectType`); members by their primary group are not among them |
//! | `SharpHoundComputer` | the same as users, `OperatingSystem`, `LocalGroups` (list of objects: `Name` (`GROUP@HOST`), `Group`, `ObjectIdentifier`, `Rid`, `GroupSid` (of the groups that every Windows has), `Collected`, `Results`), `UserRights` (list of objects: `Privilege`, `Collected`, `Results`); `Results` are objects with `ObjectIdentifier`, `Sid`, `ObjectType` and, of local accounts, `Name` |
//! | `SharpHoundLocalGroup` | one for each of the groups in `LocalGroups`, with its properties and `Computer`, `ComputerSid` |
//! | `SharpHoundUserRight` | one for each of the rights in `UserRights`, with its properties and `Computer`, `ComputerSid` |
//! | `SharpHoundDomain` | the same as far as domains have it, `NetBios`, `Trusts` (list of objects as they are: `TargetDomainName`, `TargetDomainSid`, `TrustDirection`, `TrustType`, `IsTransitive`, `SidFilteringEnabled`) |
//!
//! `Sid` is the identifier without the domain that SharpHound puts before those of built-in accounts. What an object
//! is, is told by its properties, because the type of the file often stands at its end.
//!
//! An empty list of local groups or user rights, and results that were not collected, are unknown and not empty:
//! they are cut off. The inner shapes differ between versions and were partly not at hand: old names
//! (`LocalAdmins`, `MemberId`) are read, too. Other kinds of objects (`ous`, `gpos`, ...) are only counted.

use super::build::build;
use super::rows::{Rows, find};
use super::text::decode;
use super::token::{Kind, Member, Scanner, Token, members};
use super::{Halt, Reader};
use crate::reader::{Data, Format, Object, Value, date, secret};
use crate::source::{Span, View};

const COMPUTER: &str = "SharpHoundComputer";
const LOCAL_GROUP: &str = "SharpHoundLocalGroup";
const USER_RIGHT: &str = "SharpHoundUserRight";

/// Names under `Properties`, and what they are called in a record.
const PROPERTIES: [(&str, &str); 14] = [
    ("name", "Name"),
    ("samaccountname", "SamAccountName"),
    ("domain", "Domain"),
    ("domainsid", "DomainSid"),
    ("distinguishedname", "DistinguishedName"),
    ("enabled", "Enabled"),
    ("admincount", "AdminCount"),
    ("profilepath", "ProfilePath"),
    ("pwdlastset", "PasswordLastSet"),
    ("description", "Description"),
    ("operatingsystem", "OperatingSystem"),
    ("functionallevel", "FunctionalLevel"),
    ("lockedout", "LockedOut"),
    ("netbios", "NetBios"),
];

/// Lists of older versions, each of one local group: its relative identifier and name.
const OLD_GROUPS: [(&str, &str, &str); 4] = [
    ("LocalAdmins", "544", "Administrators"),
    ("RemoteDesktopUsers", "555", "Remote Desktop Users"),
    ("DcomUsers", "562", "Distributed COM Users"),
    ("PSRemoteUsers", "580", "Remote Management Users"),
];

/// Reads the object at the next byte.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Result<(), Halt> {
    reader.rows.tally.format = Some(Format::SharpHound);
    reader.pos += 1;
    let mut first = true;
    while let Some((key, next)) = reader.next_property(first)? {
        first = false;
        if key == "data" && next == b'[' {
            reader.pos += 1;
            reader.objects(object)?;
        } else {
            reader.step(|s| s.value())?;
        }
    }
    Ok(())
}

/// What an object is.
fn class(text: &str, all: &[Member]) -> Option<&'static str> {
    let has = |name| find(text, all, name).is_some();
    if has("Trusts") {
        Some("SharpHoundDomain")
    } else if has("LocalGroups") || has("UserRights") || has("Sessions") || has("LocalAdmins") {
        Some(COMPUTER)
    } else if has("Members") {
        Some("SharpHoundGroup")
    } else if has("PrimaryGroupSID") || has("PrimaryGroupSid") || has("SPNTargets") {
        Some("SharpHoundUser")
    } else {
        None
    }
}

fn object(rows: &mut Rows<'_, '_>, view: View<'_>, token: &Token, all: &[Member]) {
    let text = view.text;
    let class = class(text, all);
    let handed_on = class.is_some_and(|class| rows.wants(class));
    let parts = class == Some(COMPUTER) && (rows.wants(LOCAL_GROUP) || rows.wants(USER_RIGHT));
    let wanted = handed_on || parts;
    let mut properties: Vec<(Box<str>, Value)> = Vec::new();
    if wanted {
        if let Some(id) = find(text, all, "ObjectIdentifier") {
            identifiers(view, &id.value, &mut properties);
        }
        for name in ["PrimaryGroupSID", "PrimaryGroupSid"] {
            if let Some(member) = find(text, all, name) {
                properties.push(("PrimaryGroupSid".into(), build(view, &member.value, name)));
                break;
            }
        }
    }
    if let Some(inner) = find(text, all, "Properties").filter(|m| m.value.kind == Kind::Object) {
        for member in members(text, inner.value.range.start) {
            let written = decode(text, &member.key);
            match PROPERTIES.iter().find(|(name, _)| name.eq_ignore_ascii_case(&written)) {
                Some((_, name)) if wanted => {
                    let mut value = build(view, &member.value, name);
                    if *name == "PasswordLastSet" {
                        point_in_time(&mut value);
                    }
                    properties.push(((*name).into(), value));
                }
                // Some directories keep passwords in attributes.
                _ if secret::is_secret_name(&written) && member.value.kind != Kind::Null => {
                    properties.push(((*written).into(), build(view, &member.value, &written)));
                }
                _ => {}
            }
        }
        // The one who has a password.
        if !wanted && !properties.is_empty() {
            let inner = members(text, inner.value.range.start);
            let name = find(text, &inner, "name").map(|name| build(view, &name.value, "Name"));
            properties.extend(name.map(|name| ("Name".into(), name)));
        }
    }
    let mut lists = Vec::new();
    match class.filter(|_| wanted) {
        Some("SharpHoundGroup") => {
            if let Some(list) = find(text, all, "Members") {
                properties.push(("Members".into(), principals(view, &list.value)));
            }
        }
        Some(COMPUTER) => {
            lists.push(("LocalGroups", LOCAL_GROUP, local_groups(view, token, all)));
            lists.push(("UserRights", USER_RIGHT, user_rights(view, token, all)));
        }
        Some("SharpHoundDomain") => {
            if let Some(list) = find(text, all, "Trusts") {
                properties.push(("Trusts".into(), build(view, &list.value, "Trusts")));
            }
        }
        _ => {}
    }
    let computer: Vec<(Box<str>, Value)> = if parts {
        let named = |name: &str, part: &str| {
            let found = properties.iter().find(|(written, _)| &**written == name);
            found.map(|(_, value)| (part.into(), value.clone()))
        };
        named("Name", "Computer").into_iter().chain(named("Sid", "ComputerSid")).collect()
    } else {
        Vec::new()
    };
    if handed_on {
        properties.extend(lists.iter().map(|(name, _, list)| ((*name).into(), list.clone())));
    } else {
        lists.iter().for_each(|(.., list)| rows.count(list));
    }
    let span = view.span(token.range.clone());
    rows.built(span, Object { class: None, properties }, class.unwrap_or("SharpHoundObject"));
    for (_, class, list) in lists.into_iter().filter(|_| parts) {
        let Data::List(list) = list.data else { continue };
        for part in list {
            if let Data::Object(mut object) = part.data {
                object.properties.splice(0..0, computer.iter().cloned());
                rows.part(part.span, object, class);
            }
        }
    }
}

/// Seconds since 1970 become a date; 0 and -1 say that there is none.
fn point_in_time(value: &mut Value) {
    let Data::Number(number) = &value.data else { return };
    let Ok(seconds) = number.parse::<i64>() else { return };
    value.data = match date::format(seconds) {
        Some(text) if seconds > 0 => Data::Text(text.into()),
        _ => Data::Null,
    };
}

/// `ObjectIdentifier` and `Sid`.
fn identifiers(view: View<'_>, token: &Token, properties: &mut Vec<(Box<str>, Value)>) {
    let id = build(view, token, "ObjectIdentifier");
    let sid = match &id.data {
        Data::Text(text) => sid_start(text).map(|start| {
            let inner = token.inner();
            let span =
                if token.kind == Kind::Plain { view.span(inner.start + start..inner.end) } else { id.span };
            Value { span, data: Data::Text(text[start..].into()) }
        }),
        _ => None,
    };
    properties.push(("ObjectIdentifier".into(), id));
    properties.extend(sid.map(|sid| ("Sid".into(), sid)));
}

/// Where the security identifier begins in `S-1-5-...` and `DOMAIN-S-1-5-...`.
fn sid_start(text: &str) -> Option<usize> {
    if text.starts_with("S-1-") {
        return Some(0);
    }
    text.find("-S-1-").map(|dash| dash + 1)
}

/// The elements of a list.
fn elements(text: &str, list: &Token) -> Vec<Token> {
    let mut all = Vec::new();
    if list.kind == Kind::Array {
        let mut scanner = Scanner::new(text, list.range.start + 1, true);
        while let Ok(true) = scanner.element(all.is_empty()) {
            let Ok(element) = scanner.value() else { break };
            all.push(element);
        }
    }
    all
}

/// A list of accounts: `{ObjectIdentifier, ObjectType}`, or `{MemberId, MemberType}` of old versions.
fn principals(view: View<'_>, list: &Token) -> Value {
    let text = view.text;
    let principal = |element: Token| {
        let mut properties = Vec::new();
        if element.kind == Kind::Object {
            let all = members(text, element.range.start);
            let of = |names: [&str; 2]| names.into_iter().find_map(|name| find(text, &all, name));
            if let Some(id) = of(["ObjectIdentifier", "MemberId"]) {
                identifiers(view, &id.value, &mut properties);
            }
            if let Some(kind) = of(["ObjectType", "MemberType"]) {
                properties.push(("ObjectType".into(), build(view, &kind.value, "ObjectType")));
            }
        } else if element.is_text() {
            identifiers(view, &element, &mut properties);
        }
        let data = Data::Object(Object { class: None, properties });
        Value { span: view.span(element.range), data }
    };
    let data = match list.kind {
        Kind::Array => Data::List(elements(text, list).into_iter().map(principal).collect()),
        _ => Data::Truncated,
    };
    Value { span: view.span(list.range.clone()), data }
}

/// `Collected` and `Results` of an object that has them. An empty list counts only if it was collected.
fn results(view: View<'_>, token: &Token, all: &[Member], properties: &mut Vec<(Box<str>, Value)>) {
    let text = view.text;
    let collected = find(text, all, "Collected").map(|m| build(view, &m.value, "Collected"));
    let list = find(text, all, "Results").map(|m| &m.value);
    let mut value = match list {
        Some(list) => principals(view, list),
        None => Value { span: view.span(token.range.clone()), data: Data::Truncated },
    };
    let said = collected.as_ref().map(|value| &value.data);
    let empty = matches!(&value.data, Data::List(list) if list.is_empty());
    if said == Some(&Data::Bool(false)) || empty && said != Some(&Data::Bool(true)) {
        value.data = Data::Truncated;
    }
    if let (Data::List(list), Some(names)) = (&mut value.data, find(text, all, "LocalNames")) {
        local_names(view, &names.value, list);
    }
    properties.extend(collected.map(|value| ("Collected".into(), value)));
    properties.push(("Results".into(), value));
}

/// Adds the names of local accounts to the results they belong to.
fn local_names(view: View<'_>, names: &Token, results: &mut [Value]) {
    for element in elements(view.text, names).into_iter().filter(|e| e.kind == Kind::Object) {
        let all = members(view.text, element.range.start);
        let part = |names: [&str; 2]| {
            let member = names.into_iter().find_map(|name| find(view.text, &all, name))?;
            Some(build(view, &member.value, "Name"))
        };
        let (Some(id), Some(name)) =
            (part(["ObjectIdentifier", "ObjectId"]), part(["PrincipalName", "Name"]))
        else {
            continue;
        };
        let found = results.iter_mut().find_map(|result| match &mut result.data {
            Data::Object(object) if object.get("ObjectIdentifier").is_some_and(|v| v.data == id.data) => {
                Some(object)
            }
            _ => None,
        });
        if let Some(object) = found {
            object.properties.push(("Name".into(), name));
        }
    }
}

/// The local groups of a computer, in the shape of any version.
fn local_groups(view: View<'_>, token: &Token, all: &[Member]) -> Value {
    let text = view.text;
    let mut groups = Vec::new();
    let list = find(text, all, "LocalGroups").map(|m| &m.value);
    for element in list.map(|list| elements(text, list)).unwrap_or_default() {
        if element.kind != Kind::Object {
            continue;
        }
        let inner = members(text, element.range.start);
        let mut properties: Vec<(Box<str>, Value)> = Vec::new();
        if let Some(name) = find(text, &inner, "Name") {
            let name = build(view, &name.value, "Name");
            if let Data::Text(written) = &name.data {
                let group = written.split('@').next().unwrap_or(written);
                properties.push(("Group".into(), Value { span: name.span, data: Data::Text(group.into()) }));
            }
            properties.push(("Name".into(), name));
        }
        if let Some(id) = find(text, &inner, "ObjectIdentifier") {
            let id = build(view, &id.value, "ObjectIdentifier");
            let rid = match &id.data {
                Data::Text(text) => text.rsplit('-').next().filter(|rid| is_number(rid)).map(Box::from),
                _ => None,
            };
            properties.extend(rid.iter().filter_map(|rid| built_in(rid, id.span)));
            properties
                .extend(rid.map(|rid| ("Rid".into(), Value { span: id.span, data: Data::Number(rid) })));
            properties.push(("ObjectIdentifier".into(), id));
        }
        results(view, &element, &inner, &mut properties);
        let data = Data::Object(Object { class: None, properties });
        groups.push(Value { span: view.span(element.range), data });
    }
    for (written, rid, group) in OLD_GROUPS {
        let Some(member) = find(text, all, written) else { continue };
        let span = view.span(member.value.range.clone());
        let said = |data| Value { span, data };
        let mut properties: Vec<(Box<str>, Value)> = vec![
            ("Group".into(), said(Data::Text(group.into()))),
            ("Rid".into(), said(Data::Number(rid.into()))),
        ];
        properties.extend(built_in(rid, span));
        match member.value.kind {
            Kind::Object => {
                let inner = members(text, member.value.range.start);
                results(view, &member.value, &inner, &mut properties);
            }
            _ => {
                let mut value = principals(view, &member.value);
                if matches!(&value.data, Data::List(list) if list.is_empty()) {
                    value.data = Data::Truncated;
                }
                properties.push(("Results".into(), value));
            }
        }
        groups.push(said(Data::Object(Object { class: None, properties })));
    }
    list_or_cut_off(view, list.unwrap_or(token), groups)
}

/// `GroupSid` of a group that every Windows has: SharpHound writes its relative identifier behind that of the computer.
fn built_in(rid: &str, span: Span) -> Option<(Box<str>, Value)> {
    let is_alias = rid.len() == 3 && rid.starts_with('5') && rid >= "544";
    let data = Data::Text(format!("S-1-5-32-{rid}").into());
    is_alias.then(|| ("GroupSid".into(), Value { span, data }))
}

fn user_rights(view: View<'_>, token: &Token, all: &[Member]) -> Value {
    let text = view.text;
    let mut rights = Vec::new();
    let list = find(text, all, "UserRights").map(|m| &m.value);
    for element in list.map(|list| elements(text, list)).unwrap_or_default() {
        if element.kind != Kind::Object {
            continue;
        }
        let inner = members(text, element.range.start);
        let mut properties: Vec<(Box<str>, Value)> = Vec::new();
        if let Some(name) = find(text, &inner, "Privilege") {
            properties.push(("Privilege".into(), build(view, &name.value, "Privilege")));
        }
        results(view, &element, &inner, &mut properties);
        let data = Data::Object(Object { class: None, properties });
        rights.push(Value { span: view.span(element.range), data });
    }
    list_or_cut_off(view, list.unwrap_or(token), rights)
}

/// A list, unless it is empty: then it was not collected.
fn list_or_cut_off(view: View<'_>, token: &Token, list: Vec<Value>) -> Value {
    let data = if list.is_empty() { Data::Truncated } else { Data::List(list) };
    Value { span: view.span(token.range.clone()), data }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::reader::testing::{self, Taken, at, data, span_of};
    use crate::reader::{Data, Format, Object, Reading, Record, Status, Value, Wanted, WantedClass};
    use crate::source::{Limits, Sources};

    fn wanted() -> Wanted {
        testing::wanted(&["SharpHoundUser", "SharpHoundGroup", "SharpHoundComputer", "SharpHoundDomain"])
    }

    fn take_through(text: &str, window: usize) -> (Reading, Taken) {
        take_of(text, window, &wanted())
    }

    fn take_of(text: &str, window: usize, wanted: &Wanted) -> (Reading, Taken) {
        let limits = Limits { window, ..Limits::default() };
        let sources = Sources::from_memory([("t.json".to_owned(), text.as_bytes().to_vec())], &limits);
        let mut window = sources.as_slice()[0].open().unwrap();
        let mut taken = Taken::default();
        let reading = super::super::read(&mut window, wanted, &mut taken);
        (reading, taken)
    }

    fn take(text: &str) -> (Reading, Taken) {
        take_through(text, 1 << 20)
    }

    fn t(text: &str) -> Data {
        Data::Text(text.into())
    }

    fn list<'r>(data: &'r Data) -> Vec<&'r Object> {
        let Data::List(list) = data else { panic!("{data:?}") };
        let object = |value: &'r Value| match &value.data {
            Data::Object(object) => object,
            other => panic!("{other:?}"),
        };
        list.iter().map(object).collect()
    }

    const USERS: &str = r#"{"data":[
{"Properties":{"name":"CM-NAA@CONTOSO.EXAMPLE","domain":"CONTOSO.EXAMPLE","samaccountname":"cm-naa","domainsid":"S-1-5-21-1-2-3","distinguishedname":"CN=CM-NAA,DC=CONTOSO,DC=EXAMPLE","enabled":true,"pwdlastset":1700000000,"passwordnotreqd":false,"unixpassword":null,"userpassword":"word-one","sidhistory":[]},
"PrimaryGroupSID":"S-1-5-21-1-2-3-513","SPNTargets":[],"Aces":[{"PrincipalSID":"CONTOSO.EXAMPLE-S-1-5-32-544","RightName":"Owns"}],"ObjectIdentifier":"S-1-5-21-1-2-3-1105","IsDeleted":false},
{"Properties":{"name":"GUEST@CONTOSO.EXAMPLE","enabled":false},"PrimaryGroupSID":"S-1-5-21-1-2-3-514","Aces":[],"ObjectIdentifier":"S-1-5-21-1-2-3-501"}
],"meta":{"methods":7107563,"type":"users","count":2,"version":6}}"#;

    #[test]
    fn users() {
        let (reading, taken) = take(USERS);
        assert_eq!(
            (reading.format, reading.status, reading.records),
            (Some(Format::SharpHound), Status::Read, 2)
        );
        assert_eq!(reading.notes, []);
        let users: Vec<&Record> = taken.records.iter().filter(|r| &*r.class == "SharpHoundUser").collect();
        assert_eq!(users.len(), 2);
        let user = users[0];
        assert_eq!(data(user, "Name"), &t("CM-NAA@CONTOSO.EXAMPLE"));
        assert_eq!(data(user, "SamAccountName"), &t("cm-naa"));
        assert_eq!(at(USERS, span_of(user, "SamAccountName")), "cm-naa");
        assert_eq!(data(user, "Sid"), &t("S-1-5-21-1-2-3-1105"));
        assert_eq!(at(USERS, span_of(user, "Sid")), "S-1-5-21-1-2-3-1105");
        assert_eq!(data(user, "DomainSid"), &t("S-1-5-21-1-2-3"));
        assert_eq!(data(user, "Enabled"), &Data::Bool(true));
        assert_eq!(data(user, "PrimaryGroupSid"), &t("S-1-5-21-1-2-3-513"));
        assert!(at(USERS, user.span).starts_with(r#"{"Properties":{"name":"CM-NAA"#));
        assert!(at(USERS, user.span).ends_with(r#""IsDeleted":false}"#));
        assert_eq!(data(users[1], "Enabled"), &Data::Bool(false));
        // A password that the directory keeps.
        assert!(!format!("{:?}", taken.records).contains("word-one"));
        assert_eq!(taken.secrets.iter().map(|&s| at(USERS, s)).collect::<Vec<_>>(), ["word-one"]);
        let [secret] =
            taken.records.iter().filter(|r| &*r.class == "ClearTextSecret").collect::<Vec<_>>()[..]
        else {
            panic!()
        };
        assert_eq!(data(secret, "Holder"), &t("CM-NAA@CONTOSO.EXAMPLE"));
    }

    #[test]
    fn groups_and_domains() {
        let text = r#"{"meta":{"methods":1,"type":"groups","count":1,"version":6},"data":[{"ObjectIdentifier":"CONTOSO.EXAMPLE-S-1-5-32-544","Properties":{"name":"ADMINISTRATORS@CONTOSO.EXAMPLE"},"Members":[{"ObjectIdentifier":"S-1-5-21-1-2-3-512","ObjectType":"Group"},{"MemberId":"S-1-5-21-1-2-3-500","MemberType":"User"}],"Aces":[]},
{"ObjectIdentifier":"S-1-5-21-1-2-3","Properties":{"name":"CONTOSO.EXAMPLE"},"Trusts":[{"TargetDomainSid":"S-1-5-21-9-9-9","TrustDirection":"Inbound","IsTransitive":true,"TargetDomainName":"FABRIKAM.EXAMPLE"}],"Aces":[]},
{"ObjectIdentifier":"{0}","Properties":{"name":"AN OU"},"ChildObjects":[],"Aces":[]}]}"#;
        let (reading, taken) = take(text);
        assert_eq!((reading.records, taken.records.len()), (3, 2));
        let group = &taken.records[0];
        assert_eq!(data(group, "ObjectIdentifier"), &t("CONTOSO.EXAMPLE-S-1-5-32-544"));
        assert_eq!(data(group, "Sid"), &t("S-1-5-32-544"));
        assert_eq!(at(text, span_of(group, "Sid")), "S-1-5-32-544");
        let members = list(data(group, "Members"));
        assert_eq!(members[0].get("ObjectType").unwrap().data, t("Group"));
        assert_eq!(members[1].get("Sid").unwrap().data, t("S-1-5-21-1-2-3-500"));
        let trusts = list(data(&taken.records[1], "Trusts"));
        assert_eq!(trusts[0].get("TargetDomainName").unwrap().data, t("FABRIKAM.EXAMPLE"));
    }

    const COMPUTERS: &str = r#"{"data":[{"ObjectIdentifier":"S-1-5-21-1-2-3-1110","Properties":{"name":"PS1.CONTOSO.EXAMPLE","samaccountname":"PS1$"},"PrimaryGroupSID":"S-1-5-21-1-2-3-515","Sessions":{"Collected":false,"Results":[]},
"LocalGroups":[{"Name":"ADMINISTRATORS@PS1.CONTOSO.EXAMPLE","ObjectIdentifier":"S-1-5-21-1-2-3-1110-544","Collected":true,"FailureReason":null,"Results":[{"ObjectIdentifier":"S-1-5-21-1-2-3-512","ObjectType":"Group"},{"ObjectIdentifier":"S-1-5-21-1-2-3-1110-500","ObjectType":"LocalUser"}],"LocalNames":[{"ObjectIdentifier":"S-1-5-21-1-2-3-1110-500","PrincipalName":"ADMINISTRATOR@PS1"}]},
{"Name":"REMOTE DESKTOP USERS@PS1.CONTOSO.EXAMPLE","ObjectIdentifier":"S-1-5-21-1-2-3-1110-555","Collected":true,"Results":[]},
{"Name":"SMS ADMINS@PS1.CONTOSO.EXAMPLE","ObjectIdentifier":"S-1-5-21-1-2-3-1110-1008","Collected":false,"Results":[]}],
"UserRights":[{"Privilege":"SeInteractiveLogonRight","Collected":true,"Results":[{"ObjectIdentifier":"S-1-5-21-1-2-3-1105","ObjectType":"User"}]}],"Aces":[]},
{"ObjectIdentifier":"S-1-5-21-1-2-3-1111","Properties":{"name":"PS2"},"Sessions":{},"LocalGroups":[],"UserRights":[],"Aces":[]}],"meta":{"type":"computers","count":2,"version":6}}"#;

    #[test]
    fn computers() {
        let (reading, taken) = take(COMPUTERS);
        let computer = &taken.records[0];
        let groups = list(data(computer, "LocalGroups"));
        assert_eq!(groups.len(), 3);
        assert_eq!(groups[0].get("Group").unwrap().data, t("ADMINISTRATORS"));
        assert_eq!(groups[0].get("Rid").unwrap().data, Data::Number("544".into()));
        let results = list(&groups[0].get("Results").unwrap().data);
        assert_eq!(results[0].get("Sid").unwrap().data, t("S-1-5-21-1-2-3-512"));
        assert!(results[0].get("Name").is_none());
        assert_eq!(results[1].get("Name").unwrap().data, t("ADMINISTRATOR@PS1"));
        // Collected and empty is known to be empty; not collected is not known.
        assert_eq!(groups[1].get("Results").unwrap().data, Data::List(Vec::new()));
        assert_eq!(groups[2].get("Results").unwrap().data, Data::Truncated);
        let rights = list(data(computer, "UserRights"));
        assert_eq!(rights[0].get("Privilege").unwrap().data, t("SeInteractiveLogonRight"));
        let other = &taken.records[1];
        assert_eq!(data(other, "LocalGroups"), &Data::Truncated);
        assert_eq!(data(other, "UserRights"), &Data::Truncated);
        assert_eq!(at(COMPUTERS, span_of(other, "UserRights")), "[]");
        assert_eq!(reading.notes.len(), 1);
        assert!(reading.notes[0].text.starts_with("3 lists were not collected"), "{:?}", reading.notes);
    }

    #[test]
    fn groups_and_rights_as_records_of_their_own() {
        let mut wanted = Wanted::default();
        for name in ["SharpHoundLocalGroup", "SharpHoundUserRight"] {
            let class = WantedClass { name: name.into(), ..WantedClass::default() };
            wanted.classes.insert(name.to_ascii_lowercase().into(), class);
        }
        let (reading, taken) = take_of(COMPUTERS, 1 << 20, &wanted);
        assert_eq!((reading.records, taken.records.len()), (2, 4));
        assert!(reading.notes[0].text.starts_with("3 lists were not collected"), "{:?}", reading.notes);
        let group = &taken.records[0];
        assert_eq!(data(group, "Computer"), &t("PS1.CONTOSO.EXAMPLE"));
        assert_eq!(data(group, "ComputerSid"), &t("S-1-5-21-1-2-3-1110"));
        assert_eq!(data(group, "Group"), &t("ADMINISTRATORS"));
        assert_eq!(list(data(group, "Results")).len(), 2);
        assert!(at(COMPUTERS, group.span).starts_with(r#"{"Name":"ADMINISTRATORS@"#));
        assert_eq!(data(&taken.records[2], "Results"), &Data::Truncated);
        let right = &taken.records[3];
        assert_eq!(data(right, "Privilege"), &t("SeInteractiveLogonRight"));
        assert_eq!(data(right, "Computer"), &t("PS1.CONTOSO.EXAMPLE"));
        // What is not wanted is not handed on, but for its passwords and whose they are.
        let (_, taken) = take_of(USERS, 1 << 20, &wanted);
        let [secret] = &taken.records[..] else { panic!() };
        assert_eq!(data(secret, "Holder"), &t("CM-NAA@CONTOSO.EXAMPLE"));
    }

    #[test]
    fn computers_of_old_versions() {
        let text = r#"{"data":[{"ObjectIdentifier":"S-1-5-21-1-2-3-1110","Properties":{"name":"A"},"Sessions":{},"LocalAdmins":{"Collected":true,"Results":[{"ObjectIdentifier":"S-1-5-21-1-2-3-512","ObjectType":"Group"}]},"DcomUsers":{"Collected":false,"Results":[]},"Aces":[]},
{"ObjectIdentifier":"S-1-5-21-1-2-3-1111","Properties":{"name":"B"},"LocalAdmins":[{"MemberId":"S-1-5-21-1-2-3-512","MemberType":"Group"}],"PSRemoteUsers":[],"Aces":[]}],"meta":{"type":"computers","count":2,"version":3}}"#;
        let (_, taken) = take(text);
        let groups = list(data(&taken.records[0], "LocalGroups"));
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[0].get("Group").unwrap().data, t("Administrators"));
        assert_eq!(list(&groups[0].get("Results").unwrap().data).len(), 1);
        assert_eq!(groups[1].get("Results").unwrap().data, Data::Truncated);
        assert_eq!(data(&taken.records[0], "UserRights"), &Data::Truncated);
        let groups = list(data(&taken.records[1], "LocalGroups"));
        assert_eq!(
            list(&groups[0].get("Results").unwrap().data)[0].get("Sid").unwrap().data,
            t("S-1-5-21-1-2-3-512")
        );
        assert_eq!(groups[1].get("Results").unwrap().data, Data::Truncated);
    }

    #[test]
    fn files_without_objects_and_broken_ones() {
        for text in [
            r#"{"meta":{"type":"users","count":0,"version":6},"data":[]}"#,
            r#"{"data":[],"meta":{"type":"users","count":0,"version":6}}"#,
        ] {
            let (reading, _) = take(text);
            assert_eq!((reading.format, reading.status), (Some(Format::SharpHound), Status::Read), "{text}");
        }
        let cut = &USERS[..USERS.find("GUEST").unwrap()];
        let (reading, taken) = take(cut);
        assert_eq!((reading.status, reading.records), (Status::Partial, 1));
        assert_eq!(taken.missing.len(), 1);
    }

    proptest! {
        #[test]
        fn mutations_are_survived_and_windows_make_no_difference(
            which in 0usize..2, from in 0usize..2500, len in 0usize..30, put in r#"[\[\]{}",:a-zS0-9-]{0,8}"#, window in 64usize..400,
        ) {
            let mut text = [USERS, COMPUTERS][which].to_owned();
            let from = from.min(text.len());
            let to = (from + len).min(text.len());
            text.replace_range(from..to, &put);
            let (whole, taken) = take(&text);
            if whole.format == Some(Format::SharpHound) && whole.status == Status::Read {
                let (parts, again) = take_through(&text, window.max(text.len() / 2));
                prop_assert_eq!(parts.records, whole.records);
                prop_assert_eq!(again, taken);
            }
        }
    }
}
