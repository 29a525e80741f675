//! JSON values as exports mean them: PowerShell's stand-ins for lists, dates and objects are undone here.
//!
//! The text has been checked by the tokenizer before. Credentials are not looked for; that is done on the built
//! object ([`crate::reader::row::protect`]), before anyone else sees it.

use std::borrow::Cow;

use super::text::{decode, decode_exactly};
use super::token::{Kind, Member, Scanner, Stop, Token, members};
use crate::reader::secret::is_secret_name;
use crate::reader::{Data, Object, Value, date, mof, row};
use crate::source::{Offsets, Span, View};

/// What a property is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It is one of the object's own.
    Value,
    /// It names the class of the object. The smallest rank is the surest.
    Class(u8),
    /// It repeats the object's own properties, and counts only if they are missing.
    Fallback,
    /// PowerShell or WMI put it there.
    Noise,
}

/// What the property of that name is good for. Those that name the class by the way and are also values of the
/// object are values; see `names_class`.
pub(super) fn use_of(name: &str) -> Use {
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    match name.as_bytes().first().map(u8::to_ascii_lowercase) {
        Some(b'_') if name.starts_with("__") => match () {
            () if is("__CLASS") => Use::Class(0),
            () if is("__PATH") || is("__RELPATH") => Use::Class(PATH_RANK),
            () => Use::Noise,
        },
        Some(b'@') if is("@odata.type") => Use::Class(4),
        Some(b'@') => Use::Noise,
        Some(b'c') => match () {
            () if is("CimSystemProperties") => Use::Class(1),
            () if is("CimClass") => Use::Class(2),
            () if is("CimInstanceProperties") => Use::Fallback,
            () => Use::Value,
        },
        Some(b'p') => match () {
            () if is("PropertyList") => Use::Fallback,
            () if [
                "PSComputerName",
                "PSShowComputerName",
                "PropertyNames",
                "PSPath",
                "PSParentPath",
                "PSChildName",
                "PSDrive",
                "PSProvider",
                "PSSourceJobInstanceId",
            ]
            .iter()
            .any(|n| is(n)) =>
            {
                Use::Noise
            }
            () => Use::Value,
        },
        Some(b's') if is("SmsProviderObjectPath") => Use::Class(3),
        Some(b'o') if is("ObjectClass") => Use::Class(5),
        Some(b'o') if is("OverridingObjectClass") => Use::Noise,
        Some(b'r') if is("RunspaceId") => Use::Noise,
        Some(b'g') if is("GenericsArray") => Use::Noise,
        _ => Use::Value,
    }
}

/// The rank of a path, which tells the class only where nothing else does.
pub(super) const PATH_RANK: u8 = 6;

/// The class that an object's properties name, in any of the ways exports do. `outer` says that the list around it
/// tells one: then a path is not asked.
pub(super) fn named_class<'t>(text: &'t str, all: &[Member], outer: bool) -> Option<Cow<'t, str>> {
    let mut best: Option<(u8, Cow<'t, str>)> = None;
    for member in all {
        let Use::Class(rank) = use_of(&text[member.key.inner()]) else { continue };
        if rank == PATH_RANK && outer {
            continue;
        }
        if best.as_ref().is_some_and(|(surest, _)| *surest <= rank) {
            continue;
        }
        if let Some(class) = class_in(text, rank, &member.value) {
            best = Some((rank, class));
        }
    }
    best.map(|(_, class)| class)
}

/// The class that a property of that rank names.
pub(super) fn class_in<'t>(text: &'t str, rank: u8, value: &Token) -> Option<Cow<'t, str>> {
    let written = match value.kind {
        Kind::Plain | Kind::Escaped => decode(text, value),
        Kind::Object => {
            let name = if rank == 1 { "ClassName" } else { "CimClassName" };
            let members = members(text, value.range.start);
            let found = members.iter().rev().find(|m| text[m.key.inner()].eq_ignore_ascii_case(name))?;
            if !found.value.is_text() {
                return None;
            }
            decode(text, &found.value)
        }
        _ => return None,
    };
    fn class(written: &str, rank: u8) -> &str {
        row::class_name(if rank == 4 { last_part(written) } else { written })
    }
    let class = match written {
        Cow::Borrowed(written) => Cow::Borrowed(class(written, rank)),
        Cow::Owned(written) => Cow::Owned(class(&written, rank).to_owned()),
    };
    // `ObjectClass` is also what Active Directory calls a user or a group.
    (!class.is_empty() && (rank != 5 || row::is_wmi(&class))).then_some(class)
}

/// `#AdminService.SMS_Admin` to `SMS_Admin`.
fn last_part(written: &str) -> &str {
    written.rsplit(['.', '#']).next().unwrap_or(written)
}

/// Builds a value whose text has been checked. `name` is that of its property.
pub(super) fn build(view: View<'_>, token: &Token, name: &str) -> Value {
    let mut builder = Builder { view, scanner: Scanner::new(view.text, token.range.start, true) };
    builder
        .value(name)
        .unwrap_or_else(|_| Value { span: view.span(token.range.clone()), data: Data::Truncated })
}

/// Builds the properties of a row that `wanted` says yes to, by name and use. Properties that only repeat others
/// are taken where the row has none of its own.
pub(super) fn properties(view: View<'_>, all: &[Member], wanted: impl Fn(&str, Use) -> bool) -> Object {
    let mut object = Object::default();
    let mut own = false;
    for member in all {
        let name = decode(view.text, &member.key);
        let purpose = use_of(&name);
        own |= purpose == Use::Value;
        if takes(purpose, member) && wanted(&name, purpose) {
            let value = build(view, &member.value, &name);
            object.properties.push((name.into(), value));
        }
    }
    if !own {
        for member in all {
            let name = decode(view.text, &member.key);
            if use_of(&name) == Use::Fallback {
                let found = fallback(build(view, &member.value, &name), view, &member.value);
                object.properties.extend(found.into_iter().filter(|(name, _)| wanted(name, Use::Value)));
            }
        }
    }
    object
}

/// Whether a property may be built as a value: what PowerShell and WMI add only if it is small.
pub(super) fn takes(purpose: Use, member: &Member) -> bool {
    match purpose {
        Use::Value => true,
        Use::Fallback => false,
        Use::Class(_) | Use::Noise => !matches!(member.value.kind, Kind::Object | Kind::Array),
    }
}

/// The properties that `CimInstanceProperties` or `PropertyList` hold: a dictionary, a list of name and value pairs,
/// or text that prints them.
fn fallback(value: Value, view: View<'_>, token: &Token) -> Vec<(Box<str>, Value)> {
    let mut found = Vec::new();
    match value.data {
        Data::Object(object) => match name_and_value(&object) {
            Some(pair) => found.push(pair),
            None => found.extend(object.properties),
        },
        Data::List(list) => {
            let mut scanner = Scanner::new(view.text, token.range.start + 1, true);
            for (i, value) in list.into_iter().enumerate() {
                // The same element in the text: printed pairs are read from there, with their places.
                let element = match scanner.element(i == 0) {
                    Ok(true) => scanner.value().ok(),
                    _ => None,
                };
                match value.data {
                    Data::Object(object) => found.extend(name_and_value(&object)),
                    Data::Text(_) | Data::Truncated => {
                        if let Some(element) = element.filter(Token::is_text) {
                            found.extend(printed(view, &element));
                        }
                    }
                    _ => {}
                }
            }
        }
        Data::Text(_) | Data::Truncated if token.is_text() => found.extend(printed(view, token)),
        _ => {}
    }
    found
}

fn printed(view: View<'_>, token: &Token) -> Vec<(Box<str>, Value)> {
    let (text, offsets) = decode_exactly(view, token);
    mof::pairs(View { text: &text, offsets: &offsets }).unwrap_or_default()
}

/// `{"Name": "UserName", "Value": "..."}`
fn name_and_value(object: &Object) -> Option<(Box<str>, Value)> {
    match (&object.get("Name")?.data, object.get("Value")) {
        (Data::Text(name), Some(value)) => Some((name.clone(), value.clone())),
        _ => None,
    }
}

struct Builder<'v> {
    view: View<'v>,
    scanner: Scanner<'v>,
}

impl Builder<'_> {
    /// Builds the value that begins at the next byte.
    fn value(&mut self, name: &str) -> Result<Value, Stop> {
        let start = self.scanner.at;
        let data = match self.scanner.peek()? {
            b'{' => {
                self.scanner.at += 1;
                self.object()?
            }
            b'[' => {
                self.scanner.at += 1;
                let mut list = Vec::new();
                while self.scanner.element(list.is_empty())? {
                    list.push(self.value(name)?);
                }
                Data::List(list)
            }
            _ => {
                let token = self.scanner.value()?;
                let written = &self.view.text[token.range.clone()];
                match token.kind {
                    Kind::Null => Data::Null,
                    Kind::Bool => Data::Bool(written == "true"),
                    Kind::Number => Data::Number(written.into()),
                    _ => {
                        let span = self.view.span(token.inner());
                        return Ok(Value { span, data: text(self.view, &token, name) });
                    }
                }
            }
        };
        let span = self.view.span(start..self.scanner.at);
        Ok(match data {
            Data::Object(object) => stand_in(object, span),
            data => Value { span, data },
        })
    }

    /// Builds an object, behind its `{`.
    fn object(&mut self) -> Result<Data, Stop> {
        let mut object = Object::default();
        let mut class: Option<(u8, Cow<'_, str>)> = None;
        let mut spare = Vec::new();
        let mut own = false;
        let mut first = true;
        while let Some(key) = self.scanner.member(first)? {
            first = false;
            let name = decode(self.view.text, &key);
            match use_of(&name) {
                Use::Value => {
                    own = true;
                    let value = self.value(&name)?;
                    object.properties.push((name.into(), value));
                }
                Use::Class(rank) => {
                    let token = self.scanner.value()?;
                    if class.as_ref().is_none_or(|(surest, _)| *surest > rank)
                        && let Some(found) = class_in(self.view.text, rank, &token)
                    {
                        class = Some((rank, found));
                    }
                    // Of a user or a group it is a property like others.
                    if rank == 5 && token.is_text() {
                        object.properties.push((name.into(), build(self.view, &token, "ObjectClass")));
                    }
                }
                Use::Fallback => spare.push(self.scanner.value()?),
                Use::Noise => {
                    self.scanner.value()?;
                }
            }
        }
        if !own {
            for token in spare {
                object.properties.extend(fallback(
                    build(self.view, &token, "PropertyList"),
                    self.view,
                    &token,
                ));
            }
        }
        object.class = match class {
            Some((_, class)) => Some(class.into()),
            None => row::embedded_class(&object).map(Into::into),
        };
        Ok(Data::Object(object))
    }
}

/// Undoes the objects that PowerShell writes in place of a plain value: `{value, Count}` for a list,
/// `{value, DisplayHint, DateTime}` for a date, a text with notes on where it was read.
fn stand_in(mut object: Object, span: Span) -> Value {
    let value = object.properties.iter().position(|(name, _)| **name == *"value");
    let beside = |name: &str| {
        ["Count", "Length", "DisplayHint", "DateTime", "ReadCount"]
            .iter()
            .any(|n| name.eq_ignore_ascii_case(n))
    };
    match value {
        Some(i)
            if object.properties.len() > 1
                && object.properties.iter().enumerate().all(|(j, (name, _))| i == j || beside(name)) =>
        {
            object.properties.swap_remove(i).1
        }
        _ => Value { span, data: Data::Object(object) },
    }
}

/// What a string says: text, or what PowerShell wrote in place of something else.
fn text(view: View<'_>, token: &Token, name: &str) -> Data {
    let text = decode(view.text, token);
    match meant(view, token, name, &text) {
        Some(data) if !is_secret_name(name) => data,
        _ => Data::Text(text.into()),
    }
}

/// What a string means that is not what it says.
fn meant(view: View<'_>, token: &Token, name: &str, text: &str) -> Option<Data> {
    match text.trim_start().as_bytes().first()? {
        b'0'..=b'9' | b'/' => date::normal(text).map(|date| Data::Text(date.into())),
        b'@' if text.trim_start().starts_with("@{") => {
            let (text, offsets) = decode_exactly(view, token);
            notes(View { text: &text, offsets: &offsets })
        }
        b'i' | b'I' if mof::is_instance(text) => {
            let (text, offsets) = decode_exactly(view, token);
            let mut values = mof::parse(View { text: &text, offsets: &offsets }).unwrap_or_default();
            Some(match values.len() {
                0 => Data::Truncated,
                1 => values.swap_remove(0).data,
                _ => Data::List(values),
            })
        }
        _ if is_joined_list(name, text) => Some(Data::Truncated),
        b'S' | b'M' | b'D' | b'I' if row::is_truncated(text) && !row::may_name_type(name) => {
            Some(Data::Truncated)
        }
        _ => None,
    }
}

/// Whether a list property holds one text in which several accounts were joined by blanks, so that
/// nobody can tell where one ends.
fn is_joined_list(name: &str, text: &str) -> bool {
    ["Values", "PermittedViewers", "ValueStrings"].iter().any(|list| name.eq_ignore_ascii_case(list))
        && text.contains(' ')
        && text.bytes().filter(|b| *b == b'\\').count() > 1
}

/// `@{Name=x; Y=z}`, once or several times: how PowerShell prints an object of its own beyond the depth. What stands
/// in the place of a list or an object there is [`Data::Truncated`]; so is everything if the print cannot be
/// taken apart.
fn notes(view: View<'_>) -> Option<Data> {
    let text = view.text;
    let mut objects = Vec::new();
    let mut from = text.len() - text.trim_start().len();
    while text[from..].starts_with("@{") {
        let end = text[from..].find("} @{").map_or(text.trim_end().len(), |i| from + i + 1);
        let inner =
            from + 2..end.checked_sub(1).filter(|e| *e >= from + 2 && text[from..end].ends_with('}'))?;
        let data = match note_properties(view, inner) {
            Some(object) => Data::Object(object),
            None => Data::Truncated,
        };
        objects.push(Value { span: view.span(from..end), data });
        from = end;
        from += text[from..].len() - text[from..].trim_start().len();
    }
    if objects.is_empty() || from < text.len() {
        return None;
    }
    Some(if objects.len() == 1 { objects.swap_remove(0).data } else { Data::List(objects) })
}

fn note_properties(view: View<'_>, inner: std::ops::Range<usize>) -> Option<Object> {
    let text = view.text;
    let mut object = Object::default();
    let mut from = inner.start;
    while from < inner.end {
        let equals = from + text[from..inner.end].find('=')?;
        let name = text[from..equals].trim();
        if !is_note_name(name) {
            return None;
        }
        // The value goes on to the next `; name=`.
        let start = equals + 1;
        let mut end = inner.end;
        let mut next = inner.end;
        let mut search = start;
        while let Some(i) = text[search..inner.end].find("; ").map(|i| search + i) {
            let name_end = text[i + 2..inner.end].find('=').map(|j| i + 2 + j);
            if name_end.is_some_and(|j| is_note_name(&text[i + 2..j])) {
                (end, next) = (i, i + 2);
                break;
            }
            search = i + 2;
        }
        let written = &text[start..end];
        let data = if written.is_empty() {
            // An empty text, null and an empty list are printed alike.
            Data::Null
        } else if written.starts_with("@{") || row::is_truncated(written) {
            Data::Truncated
        } else if let Some(date) = date::normal(written) {
            Data::Text(date.into())
        } else {
            Data::Text(written.into())
        };
        object.properties.push((name.into(), Value { span: view.span(start..end), data }));
        from = next;
    }
    object.class = row::embedded_class(&object).map(Into::into);
    Some(object)
}

fn is_note_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'@' | b'-'))
}

/// A row that stands as printed text (`@{...}`) where an object is expected: its properties.
pub(super) fn printed_row(view: View<'_>, token: &Token) -> Option<Object> {
    if !token.is_text() || !view.text[token.inner()].starts_with("@{") {
        return None;
    }
    let (text, offsets): (_, Offsets) = decode_exactly(view, token);
    match notes(View { text: &text, offsets: &offsets })? {
        Data::Object(object) => Some(object),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Encoding;

    fn built(text: &str, name: &str) -> Value {
        let token = Scanner::new(text, 0, true).value().unwrap();
        build(View { text, offsets: &Offsets::new(Encoding::Utf8, 0) }, &token, name)
    }

    fn shape(value: &Value) -> String {
        match &value.data {
            Data::Null => "null".into(),
            Data::Bool(flag) => flag.to_string(),
            Data::Number(number) => format!("#{number}"),
            Data::Text(text) => format!("{text:?}"),
            Data::List(list) => format!("[{}]", list.iter().map(shape).collect::<Vec<_>>().join(" ")),
            Data::Object(object) => {
                let class = object.class.as_deref().unwrap_or_default();
                let all: Vec<_> =
                    object.properties.iter().map(|(n, v)| format!("{n}={}", shape(v))).collect();
                format!("{class}{{{}}}", all.join(" "))
            }
            Data::Truncated => "cut".into(),
            Data::Secret(_) => "secret".into(),
        }
    }

    #[test]
    fn forms_of_values() {
        for (text, expected) in [
            (r#"[1,-2.5e3,true,false,null,"a"]"#, r#"[#1 #-2.5e3 true false null "a"]"#),
            (r#"{"value":["a","b"],"Count":2}"#, r#"["a" "b"]"#),
            (r#"{"value":[],"Count":0}"#, "[]"),
            (r#"{"value":["a"],"Count":1,"x":1}"#, r#"{value=["a"] Count=#1 x=#1}"#),
            (r#"{"value":"a"}"#, r#"{value="a"}"#),
            (
                r#"{"value":"\/Date(1704449472000)\/","DisplayHint":2,"DateTime":"Friday"}"#,
                r#""2024-01-05T10:11:12Z""#,
            ),
            (r#"{"value":"line","PSPath":"C:\\x","PSDrive":{"a":1},"ReadCount":1}"#, r#""line""#),
            (r#""20240105101112.000000+060""#, r#""2024-01-05T09:11:12Z""#),
            (
                r#"{"PropertyName":"UserName","Value":0,"Value1":"","Value2":"x"}"#,
                r#"SMS_EmbeddedProperty{PropertyName="UserName" Value=#0 Value1="" Value2="x"}"#,
            ),
            (
                r#"{"PropertyListName":"L","Values":["a"]}"#,
                r#"SMS_EmbeddedPropertyList{PropertyListName="L" Values=["a"]}"#,
            ),
            (r#"{"__CLASS":"SMS_X","A":1,"__GENUS":2}"#, "SMS_X{A=#1}"),
            (r#"{"CimClass":{"CimSuperClass":null,"CimClassName":"SMS_X"},"A":1}"#, "SMS_X{A=#1}"),
            (
                r#"{"CimClass":"root/sms/site_PS1:SMS_Y","CimSystemProperties":{"ClassName":"SMS_X"},"A":1}"#,
                "SMS_X{A=#1}",
            ),
            (r#"{"SmsProviderObjectPath":"SMS_X.ID=\"1\"","A":1,"PropertyList":{"A":"2"}}"#, "SMS_X{A=#1}"),
            (r#"{"ObjectClass":"User","Name":"x"}"#, r#"{ObjectClass="User" Name="x"}"#),
            (r#"["SMS_EmbeddedProperty","SMS_EmbeddedProperty (PropertyName = \"UserName\")"]"#, "[cut cut]"),
            (r#"["System.Object[]","SMS_CLIENT_CONFIG_MANAGER"]"#, r#"[cut "SMS_CLIENT_CONFIG_MANAGER"]"#),
            (
                r#"{"Type":"SMS_TaskSequence_X","Name":"SMS_Collection"}"#,
                r#"{Type="SMS_TaskSequence_X" Name=cut}"#,
            ),
            (r#"{"Values":"CONTOSO\\a CONTOSO\\b"}"#, "{Values=cut}"),
            (r#"{"Values":"CONTOSO\\Domain Admins"}"#, r#"{Values="CONTOSO\\Domain Admins"}"#),
            (
                r#"["@{PropertyName=UserName; Value=0; Value1=; Value2=CONTOSO\\a}"]"#,
                r#"[SMS_EmbeddedProperty{PropertyName="UserName" Value="0" Value1=null Value2="CONTOSO\\a"}]"#,
            ),
            (r#""@{A=x; y; B=System.Object[]; C=@{D=1}} @{A=2}""#, r#"[{A="x; y" B=cut C=cut} {A="2"}]"#),
            (r#""@{no name}""#, "cut"),
            (r#""@{open""#, r#""@{open""#),
            (
                r#""\ninstance of SMS_EmbeddedProperty\n{\n\tPropertyName = \"P\";\n};\n""#,
                r#"SMS_EmbeddedProperty{PropertyName="P"}"#,
            ),
            (r#""instance of X {}; instance of Y {};""#, "[X{} Y{}]"),
            (r#""instance of X {""#, "cut"),
        ] {
            assert_eq!(shape(&built(text, "")), expected, "{text}");
        }
    }

    #[test]
    fn properties_that_are_only_repeated() {
        let text = r#"{"CimClass":"root/sms/site_PS1:SMS_X","CimInstanceProperties":["UserName = \"CONTOSO\\\\naa\"","N = 2"]}"#;
        assert_eq!(shape(&built(text, "")), r#"SMS_X{UserName="CONTOSO\\naa" N=#2}"#);
        let text = r#"{"CimInstanceProperties":[{"Name":"UserName","Value":"a","CimType":14},{"Name":"N","Value":null}]}"#;
        assert_eq!(shape(&built(text, "")), r#"{UserName="a" N=null}"#);
        let text = r#"{"CimInstanceProperties":"FileType = 2 UserName = \"CONTOSO\\\\naa\""}"#;
        assert_eq!(shape(&built(text, "")), r#"{FileType=#2 UserName="CONTOSO\\naa"}"#);
        let text = r#"{"PropertyList":{"UserName":"a"},"PropertyNames":["UserName"]}"#;
        assert_eq!(shape(&built(text, "")), r#"{UserName="a"}"#);
    }

    /// Places in the original, of values inside of a string with escapes: `["@{A=1; B=` is ten characters, `C\\d`
    /// four, and so on.
    #[test]
    fn places_in_printed_objects() {
        let text = r#"["@{A=1; B=C\\d}","instance of X { A = \"b\\\\c\"; };"]"#;
        let value = built(text, "");
        let Data::List(list) = &value.data else { panic!("{value:?}") };
        let span = |i: usize, name: &str| {
            let Data::Object(object) = &list[i].data else { panic!("{value:?}") };
            object.get(name).unwrap().span
        };
        assert_eq!(span(0, "A"), Span { start: 6, end: 7 });
        assert_eq!(span(0, "B"), Span { start: 11, end: 15 });
        assert_eq!(span(1, "A"), Span { start: 41, end: 47 });
        assert_eq!(&text[41..47], r"b\\\\c");
        assert_eq!(value.span, Span { start: 0, end: 55 });
    }

    #[test]
    fn lists_joined_by_blanks() {
        assert!(is_joined_list("values", "CONTOSO\\a CONTOSO\\b"));
        assert!(!is_joined_list("Values", "CONTOSO\\a b"));
        assert!(!is_joined_list("Name", "CONTOSO\\a CONTOSO\\b"));
    }
}
