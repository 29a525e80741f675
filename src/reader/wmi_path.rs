//! References to WMI objects in text, taken apart into the keys they name.
//!
//! `\\SRV\root\cimv2:Win32_Group.Domain="SRV",Name="SMS Admins"` is a path, as `Get-WmiObject` writes it;
//! `Win32_Group (Name = "SMS Admins", Domain = "SRV")` is what a CIM object becomes beyond the depth of an export. Both
//! become objects with the properties `Domain` and `Name`, where they stand in the ends of an association.
//!
//! An end also says what only the comparison of several parts tells:
//!
//! | property | says |
//! |---|---|
//! | `Class` | its class, where the reference has it |
//! | `Server` | the computer that the path begins with |
//! | `Scope` | the domain that its name belongs to: absent for the accounts of the system itself, which are listed under the name of each computer |
//! | `Foreign` | whether it belongs to something else than the computer that was asked: a domain; absent if the export does not tell which computer that is |

use crate::reader::{Data, Object, Value};
use crate::source::Span;

/// Properties that refer to other objects.
const ENDS: [&str; 4] = ["GroupComponent", "PartComponent", "Antecedent", "Dependent"];

/// Whether a property of that name refers to an object.
pub(super) fn is_end(name: &str) -> bool {
    ENDS.iter().any(|end| end.eq_ignore_ascii_case(name))
}

/// Takes the references of an object apart.
pub(super) fn resolve(object: &mut Object) {
    if !object.properties.iter().any(|(name, _)| is_end(name)) {
        return;
    }
    let asked = ["PSComputerName", "Computer", "ComputerName", "__SERVER"].iter().find_map(|name| {
        let text = text_of(object.get(name)?)?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    });
    for (_, value) in object.properties.iter_mut().filter(|(name, _)| is_end(name)) {
        if let Data::Text(text) = &value.data
            && let Some(keys) = keys(text, value)
        {
            value.data = Data::Object(keys);
        }
        let span = value.span;
        if let Data::Object(end) = &mut value.data {
            describe(end, asked.as_deref(), span);
        }
    }
}

fn text_of(value: &Value) -> Option<&str> {
    match &value.data {
        Data::Text(text) => Some(text),
        _ => None,
    }
}

/// Adds what the parts of an end tell together. `asked` is the computer that was asked, where a property tells.
fn describe(end: &mut Object, asked: Option<&str>, span: Span) {
    let label =
        |name: &str| name.trim_start_matches('\\').split('.').next().unwrap_or_default().to_lowercase();
    let class = end.class.clone();
    let domain = end.get("Domain").cloned();
    let own = domain.as_ref().and_then(text_of).map(label).filter(|domain| !domain.is_empty());
    let server = end.get("Server").and_then(text_of).or(asked).map(label).filter(|s| !s.is_empty());
    let mut add = |name: &str, data: Data| end.properties.push((name.into(), Value { span, data }));
    let is_system = class.as_deref().is_some_and(|class| class.eq_ignore_ascii_case("Win32_SystemAccount"));
    if let (Some(domain), false) = (domain, is_system) {
        add("Scope", domain.data);
    }
    if let Some(class) = class {
        add("Class", Data::Text(class));
    }
    if let (Some(own), Some(server)) = (own, server) {
        add("Foreign", Data::Bool(own != server && own != "builtin"));
    }
}

/// The keys in a reference; none if it is none.
fn keys(text: &str, place: &Value) -> Option<Object> {
    let text = text.trim();
    // Where the class ends: a class name has neither `=` nor blanks.
    let start = text.find(['=', '('])?;
    let (class, mut rest) = match text.as_bytes()[start] {
        b'(' => (&text[..start], text[start + 1..].trim_end().strip_suffix(')')?),
        _ => {
            let dot = text[..start].rfind('.')?;
            (&text[..dot], &text[dot + 1..])
        }
    };
    let path = class.trim();
    let class = path.rsplit([':', '\\', '/']).next()?;
    let mut properties: Vec<(Box<str>, Value)> = Vec::new();
    let server = path.strip_prefix(r"\\").and_then(|rest| rest.split('\\').next());
    if let Some(server) = server.filter(|server| !matches!(*server, "" | ".")) {
        properties.push(("Server".into(), Value { span: place.span, data: Data::Text(server.into()) }));
    }
    loop {
        let (name, behind) = rest.split_once('=')?;
        let (value, behind) = key_value(behind.trim_start())?;
        let data = Data::Text(value.into());
        properties.push((name.trim().into(), Value { span: place.span, data }));
        match behind.trim_start().strip_prefix(',') {
            Some(more) => rest = more,
            None if behind.trim().is_empty() => break,
            None => return None,
        }
    }
    Some(Object { class: (!class.is_empty()).then(|| class.into()), properties })
}

/// The value at the start of a text, quoted or not, and what stands behind it.
fn key_value(text: &str) -> Option<(String, &str)> {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find(',').unwrap_or(text.len());
        return Some((text[..end].trim().to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut chars = inner.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => return Some((value, &inner[i + 1..])),
            '\\' => value.push(chars.next()?.1),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reader::testing::brief;
    use crate::source::Span;

    fn said(text: &str) -> Option<String> {
        let place = Value { span: Span { start: 3, end: 9 }, data: Data::Null };
        keys(text, &place).map(|object| brief(&object))
    }

    #[test]
    fn paths_and_printed_objects() {
        assert_eq!(
            said(r#"\\SRV\root\cimv2:Win32_Group.Domain="SRV",Name="SMS Admins""#).as_deref(),
            Some(r#"Win32_Group{Server="SRV" Domain="SRV" Name="SMS Admins"}"#)
        );
        assert_eq!(
            said(r#"Win32_UserAccount (Name = "cm-admin", Domain = "LAB")"#).as_deref(),
            Some(r#"Win32_UserAccount{Name="cm-admin" Domain="LAB"}"#)
        );
        assert_eq!(
            said(r#"Win32_Group.Domain="A",Name="say \"x\", y\\z = 1""#).as_deref(),
            Some(r#"Win32_Group{Domain="A" Name="say \"x\", y\\z = 1"}"#)
        );
        assert_eq!(said("X.Key=5").as_deref(), Some(r#"X{Key="5"}"#));
        for other in
            ["SMS Admins", "LAB\\svc", "", "a=b", "X.Key=\"open", "X (a)", "X.a=\"b\" c", "X.a=\"b\\"]
        {
            assert_eq!(said(other), None, "{other}");
        }
    }

    #[test]
    fn only_the_ends_of_associations() {
        let text = |t: &str| Value { span: Span { start: 0, end: 5 }, data: Data::Text(t.into()) };
        let mut object = Object {
            class: None,
            properties: vec![
                ("groupcomponent".into(), text("G.Name=\"x\"")),
                ("Filter".into(), text("G.Name=\"x\"")),
                ("PartComponent".into(), text("plain")),
            ],
        };
        resolve(&mut object);
        assert_eq!(
            brief(&object),
            r#"{groupcomponent=G{Name="x" Class="G"} Filter="G.Name=\"x\"" PartComponent="plain"}"#
        );
    }

    #[test]
    fn what_the_parts_of_an_end_tell_together() {
        let end = |path: &str, asked: Option<&str>| {
            let text = |t: &str| Value { span: Span { start: 0, end: 5 }, data: Data::Text(t.into()) };
            let mut properties = vec![("GroupComponent".into(), text(path))];
            properties.extend(asked.map(|asked| ("PSComputerName".into(), text(asked))));
            let mut object = Object { class: None, properties };
            resolve(&mut object);
            match &object.properties[0].1.data {
                Data::Object(end) => brief(end),
                other => panic!("{other:?}"),
            }
        };
        let group = r#"\\WS01\root\cimv2:Win32_Group.Domain="WS01",Name="Administrators""#;
        assert!(end(group, None).ends_with(r#"Scope="WS01" Class="Win32_Group" Foreign=false}"#));
        // A group of the domain, which a query without a filter lists, too.
        let of_domain = group.replace("Domain=\"WS01", "Domain=\"CONTOSO");
        assert!(end(&of_domain, None).ends_with("Foreign=true}"), "{}", end(&of_domain, None));
        let printed = r#"Win32_Group (Name = "Administrators", Domain = "CONTOSO")"#;
        assert!(!end(printed, None).contains("Foreign"));
        assert!(end(printed, Some("ws01.contoso.com")).ends_with("Foreign=true}"));
        assert!(end(printed, Some("contoso")).ends_with("Foreign=false}"));
        // Accounts of the system itself are on no computer.
        let everyone = r#"\\WS01\root\cimv2:Win32_SystemAccount.Domain="WS01",Name="Everyone""#;
        assert!(!end(everyone, None).contains("Scope"), "{}", end(everyone, None));
    }

    proptest! {
        #[test]
        fn never_panics(text in r#"[A-Za-zä.=,"\\ ():]{0,40}"#) {
            let _ = said(&text);
        }
    }
}
