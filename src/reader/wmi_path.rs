//! References to WMI objects in text, taken apart into the keys they name.
//!
//! `\\SRV\root\cimv2:Win32_Group.Domain="SRV",Name="SMS Admins"` is a path, as `Get-WmiObject` writes it;
//! `Win32_Group (Name = "SMS Admins", Domain = "SRV")` is what a CIM object becomes beyond the depth of an export. Both
//! become objects with the properties `Domain` and `Name`, where they stand in the ends of an association.

use crate::reader::{Data, Object, Value};

/// Properties that refer to other objects.
const ENDS: [&str; 4] = ["GroupComponent", "PartComponent", "Antecedent", "Dependent"];

/// Whether a property of that name refers to an object.
pub(super) fn is_end(name: &str) -> bool {
    ENDS.iter().any(|end| end.eq_ignore_ascii_case(name))
}

/// Takes the references of an object apart.
pub(super) fn resolve(object: &mut Object) {
    for (name, value) in &mut object.properties {
        if let Data::Text(text) = &value.data
            && is_end(name)
            && let Some(keys) = keys(text, value)
        {
            value.data = Data::Object(keys);
        }
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
    let class = class.trim().rsplit([':', '\\', '/']).next()?;
    let mut properties: Vec<(Box<str>, Value)> = Vec::new();
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
            Some(r#"Win32_Group{Domain="SRV" Name="SMS Admins"}"#)
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
            r#"{groupcomponent=G{Name="x"} Filter="G.Name=\"x\"" PartComponent="plain"}"#
        );
    }

    proptest! {
        #[test]
        fn never_panics(text in r#"[A-Za-zä.=,"\\ ():]{0,40}"#) {
            let _ = said(&text);
        }
    }
}
