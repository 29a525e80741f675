//! What the readers have in common once they have a row: its class, and what must not leave it.
//!
//! Class names come in many dresses, rows without a class name are told by their properties, values that a
//! shallow export cut off are told from real ones, and credentials are taken out of an object before anyone
//! else sees it. Nothing here parses a file.

use std::collections::HashMap;

use crate::reader::secret::{self, assigned, is_protected, is_secret_list, is_secret_name, is_switch, judge};
use crate::reader::{Data, Object, Record, Secret, Sink, Value, Wanted};
use crate::source::Span;

/// Class of the record that stands for a credential in clear text.
pub(super) const CLEAR_TEXT_SECRET: &str = "ClearTextSecret";

/// What is shown in place of a credential inside a longer text.
const MASK: &str = "********";

/// Whether a text is a document that holds a task sequence.
pub(super) fn is_document(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with('<')
        && ["<sequence", "<SequenceData"]
            .iter()
            .any(|tag| memchr::memmem::find(text.as_bytes(), tag.as_bytes()).is_some())
}

/// The bare class name in any of the forms an export dresses it in.
///
/// `IResultObject#SMS_X`, `Deserialized.…CimInstance#root/sms/site_PS1/SMS_X`, `root/sms/site_PS1:SMS_X`,
/// `\\SRV\root\sms\site_PS1:SMS_X.Key="v"`, `SMS_Query.QueryID="v"`, `SMS_EmbeddedProperty (PropertyName = "v")`.
/// .NET type names keep their namespace, without `Deserialized.` and `Selected.`.
pub(super) fn class_name(written: &str) -> &str {
    let mut name = written.trim();
    while let Some(rest) = strip(name, "Deserialized.").or_else(|| strip(name, "Selected.")) {
        name = rest;
    }
    if let Some(end) = name.find(" (") {
        name = &name[..end];
    }
    // A key is taken off first: it may hold any character.
    if let Some(path) = name.strip_suffix("=@") {
        name = path;
    } else if let Some(equals) = name.find('=') {
        name = &name[..equals];
        name = name.rfind('.').map_or(name, |dot| &name[..dot]);
    }
    if let Some(start) = name.rfind(['#', ':', '\\', '/']) {
        name = &name[start + 1..];
    }
    if is_wmi(name) {
        name = name.find('.').map_or(name, |dot| &name[..dot]);
    }
    // The members of one collection are the devices of all collections, under a class of their own.
    if strip(name, "SMS_CM_RES_COLL_").is_some() {
        return "SMS_CombinedDeviceResources";
    }
    name = strip(name, "Microsoft.ActiveDirectory.Management.").unwrap_or(name);
    name.trim()
}

/// Whether the class is one that only readers give, not exports.
pub(super) fn is_own(class: &str) -> bool {
    ["TaskSequence", "TaskSequenceStep", CLEAR_TEXT_SECRET].iter().any(|own| class.eq_ignore_ascii_case(own))
}

/// Whether the name has the prefix of a class of the site's own or of the client's name space.
pub(super) fn is_wmi(name: &str) -> bool {
    strip(name, "SMS_").is_some() || strip(name, "CCM_").is_some()
}

fn strip<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// Whether a text is what an object or list becomes beyond the depth of an export: a type name, a class name
/// (also with a key in brackets), or several of them in a row.
///
/// A class name in capitals is taken for a component's name (`SMS_CLIENT_CONFIG_MANAGER`), which is a value.
pub(super) fn is_truncated(text: &str) -> bool {
    let mut rest = text.trim();
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        if !is_type_name(word) {
            return false;
        }
        rest = behind.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if let Some(key) = rest.strip_prefix('(') {
            let Some(end) = key.find(')') else { return false };
            if !key[..end].contains('=') {
                return false;
            }
            rest = key[end + 1..].trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        }
    }
    true
}

/// Properties whose values are names of types or classes.
pub(super) fn may_name_type(name: &str) -> bool {
    let ends = |tail: &str| {
        name.len() >= tail.len()
            && name.as_bytes()[name.len() - tail.len()..].eq_ignore_ascii_case(tail.as_bytes())
    };
    ["Class", "ClassName", "Type", "TypeName", "ObjectPath"].iter().any(|tail| ends(tail))
}

fn is_type_name(word: &str) -> bool {
    let plain = |t: &str| {
        !t.is_empty()
            && t.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '#' | '[' | ']' | '\\' | '`'))
    };
    if let Some(rest) =
        ["System.", "Microsoft.", "Deserialized.", "Selected."].iter().find_map(|p| word.strip_prefix(p))
    {
        // `Microsoft.` and a word of its own is also the start of a sentence; a type has a capital behind the dot.
        return plain(rest) && rest.starts_with(|c: char| c.is_uppercase());
    }
    // Groups that the product makes look like its classes.
    let is_group = |rest: &str| {
        let rest = rest.to_ascii_lowercase();
        ["sitesystemtositeserverconnection", "sitetositeconnection"].iter().any(|g| rest.starts_with(g))
    };
    word.strip_prefix("SMS_").is_some_and(|rest| {
        plain(rest) && rest.chars().any(char::is_lowercase) && !rest.contains('.') && !is_group(rest)
    }) || word.strip_prefix("IResultObject#").is_some_and(plain)
}

/// Tells rows without a class name by their properties.
///
/// Rows of one export look alike, so the rules that fit a set of names are kept.
#[derive(Debug)]
pub(super) struct Recogniser<'w> {
    wanted: &'w Wanted,
    /// Lower-case names, joined, to the rules that fit but for their values.
    known: HashMap<Box<str>, Box<[usize]>>,
    joined: String,
}

/// How many sets of names are kept.
const KNOWN_LIMIT: usize = 256;

impl<'w> Recogniser<'w> {
    /// For the classes of `wanted`.
    pub(super) fn new(wanted: &'w Wanted) -> Self {
        Self { wanted, known: HashMap::new(), joined: String::new() }
    }

    /// The class of a row with these property names. `value` gives the text of the property of that number,
    /// if it is a plain value.
    pub(super) fn class<'n, V: AsRef<str>>(
        &mut self,
        names: impl Iterator<Item = &'n str> + Clone,
        value: impl Fn(usize) -> Option<V>,
    ) -> Option<&'w str> {
        self.joined.clear();
        for name in names.clone() {
            self.joined.push_str(name);
            self.joined.push('\n');
        }
        self.joined.make_ascii_lowercase();
        if !self.known.contains_key(self.joined.as_str()) {
            if self.known.len() >= KNOWN_LIMIT {
                self.known.clear();
            }
            let rules = self.rules(names.clone());
            self.known.insert(self.joined.as_str().into(), rules);
        }
        let rules = self.known.get(self.joined.as_str())?;
        self.decide(rules, names, value)
    }

    /// The rules that fit a row with these names, but for its values.
    pub(super) fn rules<'n>(&self, names: impl Iterator<Item = &'n str>) -> Box<[usize]> {
        let lower: Vec<String> = names.map(str::to_ascii_lowercase).collect();
        let has = |name: &str| lower.iter().any(|n| n == name);
        let fits = |rule: &crate::reader::Recognise| {
            rule.all.iter().all(|n| has(n))
                && (rule.any.is_empty() || rule.any.iter().any(|n| has(n)))
                && !rule.none.iter().any(|n| has(n))
                && rule.values.iter().all(|(n, _)| has(n))
        };
        (0..self.wanted.recognise.len()).filter(|&i| fits(&self.wanted.recognise[i])).collect()
    }

    /// The class of a row that these rules fit, by its values.
    pub(super) fn decide<'n, V: AsRef<str>>(
        &self,
        rules: &[usize],
        names: impl Iterator<Item = &'n str> + Clone,
        value: impl Fn(usize) -> Option<V>,
    ) -> Option<&'w str> {
        rules.iter().map(|&i| &self.wanted.recognise[i]).find_map(|rule| {
            let holds = rule.values.iter().all(|(name, expected)| {
                names
                    .clone()
                    .enumerate()
                    .filter(|(_, n)| n.eq_ignore_ascii_case(name))
                    .last()
                    .and_then(|(i, _)| value(i))
                    .is_some_and(|text| text.as_ref().trim().to_lowercase() == expected.to_lowercase())
            });
            holds.then_some(&*rule.class)
        })
    }

    /// The class of an object that is already built.
    pub(super) fn class_of(&mut self, object: &Object) -> Option<&'w str> {
        self.class(object.properties.iter().map(|(n, _)| &**n), |i| scalar(&object.properties[i].1))
    }
}

/// The text of a plain value.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match &value.data {
        Data::Text(text) => Some(text.to_string()),
        Data::Number(number) => Some(number.to_string()),
        Data::Bool(flag) => Some(flag.to_string()),
        Data::List(list) => match list.as_slice() {
            [one] => scalar(one),
            _ => None,
        },
        Data::Null | Data::Object(_) | Data::Truncated | Data::Secret(_) => None,
    }
}

/// The class of an embedded object that does not name it, where its properties leave no doubt.
pub(super) fn embedded_class(object: &Object) -> Option<&'static str> {
    let has = |name| object.get(name).is_some();
    if has("PropertyListName") {
        Some("SMS_EmbeddedPropertyList")
    } else if has("PropertyName") && (has("Value") || has("Value1") || has("Value2")) {
        Some("SMS_EmbeddedProperty")
    } else {
        None
    }
}

/// A credential in clear text that was taken out of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Name of the property or variable that held it.
    pub(super) name: Box<str>,
    /// Where it stands.
    pub(super) span: Span,
}

/// Takes all credentials out of an object: tells the sink where they stand and leaves [`Data::Secret`], or a mask
/// inside a longer text. Those that anyone could read are also added to `found`.
pub(super) fn protect(object: &mut Object, found: &mut Vec<Found>, sink: &mut dyn Sink) {
    let pair = pair_name(object);
    for (name, value) in &mut object.properties {
        let name = match &pair {
            Some(pair) if is_pair_value(name) => pair,
            _ => name,
        };
        // The accounts list of client push has the name of the encrypted password; its form tells them apart.
        let secret = is_secret_name(name)
            && !(name.eq_ignore_ascii_case("Reserved2")
                && matches!(value.data, Data::List(_) | Data::Object(_)))
            && !(pair.is_some() && name.eq_ignore_ascii_case("Reserved2"));
        if secret {
            protect_all(name, value, found, sink);
        } else {
            protect_value(name, value, found, sink);
        }
    }
}

/// The name told by an object that is a name with a value: a variable, an embedded property, a dictionary entry.
fn pair_name(object: &Object) -> Option<Box<str>> {
    if !object.properties.iter().any(|(n, _)| is_pair_value(n)) {
        return None;
    }
    ["PropertyName", "PropertyListName", "Name", "Key", "VariableName", "ValueName"].iter().find_map(|key| {
        match &object.get(key)?.data {
            Data::Text(text) => Some(text.clone()),
            _ => None,
        }
    })
}

fn is_pair_value(name: &str) -> bool {
    ["Value", "Value1", "Value2", "Values", "ValueStrings", "VariableValue"]
        .iter()
        .any(|v| name.eq_ignore_ascii_case(v))
}

/// [`protect`] for a single value under a name that holds no credential itself.
pub(super) fn protect_value(name: &str, value: &mut Value, found: &mut Vec<Found>, sink: &mut dyn Sink) {
    match &mut value.data {
        Data::Text(text) => {
            if is_protected(text) {
                sink.secret(value.span);
                value.data = Data::Secret(Secret::Protected);
            } else if is_document(text) {
                // One that no reader took: what it sets is not looked for here, so that nothing of it is kept.
                sink.secret(value.span);
                value.data = Data::Truncated;
            } else if let Some(masked) = mask(name, text, value.span, found, sink) {
                *text = masked;
            }
        }
        Data::List(list) => {
            for value in list {
                protect_value(name, value, found, sink);
            }
        }
        Data::Object(object) => protect(object, found, sink),
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::Truncated | Data::Secret(_) => {}
    }
}

/// [`protect`] for a single value under a name that holds a credential.
pub(super) fn protect_all(name: &str, value: &mut Value, found: &mut Vec<Found>, sink: &mut dyn Sink) {
    let secret = match &mut value.data {
        Data::Null => Secret::Empty,
        Data::Text(text) if is_switch(text) => return,
        Data::Text(text) => match judge(text) {
            // The name alone says that it is encrypted; one digit is a setting that shares the name.
            Secret::Clear if name.eq_ignore_ascii_case("Reserved2") => Secret::Protected,
            secret => secret,
        },
        Data::Number(number) if number.len() >= 4 => Secret::Clear,
        Data::List(list) => {
            for value in list {
                protect_all(name, value, found, sink);
            }
            return;
        }
        Data::Object(object) => {
            protect(object, found, sink);
            return;
        }
        Data::Number(_) | Data::Bool(_) | Data::Truncated | Data::Secret(_) => return,
    };
    if value.span.end > value.span.start && secret != Secret::Empty {
        sink.secret(value.span);
    }
    if secret == Secret::Clear {
        found.push(Found { name: name.into(), span: value.span });
    }
    value.data = Data::Secret(secret);
}

/// The text with the credentials it assigns masked; none if there are none.
fn mask(name: &str, text: &str, span: Span, found: &mut Vec<Found>, sink: &mut dyn Sink) -> Option<Box<str>> {
    let ranges = assigned(text);
    if ranges.is_empty() {
        return None;
    }
    let mut masked = String::with_capacity(text.len());
    let mut from = 0;
    // The place inside is known where the text stands in the original as it is: one or two bytes a character.
    let width = match span.end.saturating_sub(span.start) {
        length if length == text.len() as u64 => 1,
        length if length == 2 * text.len() as u64 && text.is_ascii() => 2,
        _ => 0,
    };
    for range in ranges {
        masked.push_str(&text[from..range.start]);
        masked.push_str(MASK);
        let span = match width {
            0 => span,
            width => Span {
                start: span.start + width * range.start as u64,
                end: span.start + width * range.end as u64,
            },
        };
        sink.secret(span);
        found.push(Found { name: assigned_name(text, range.start).unwrap_or(name).into(), span });
        from = range.end;
    }
    masked.push_str(&text[from..]);
    Some(masked.into())
}

/// The name before an assignment whose value starts at `at`.
pub(super) fn assigned_name(text: &str, at: usize) -> Option<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let head = text[..at].trim_end_matches(|c| !is_name(c));
    let start =
        head.rfind(|c| !is_name(c)).map_or(0, |i| i + head[i..].chars().next().map_or(1, char::len_utf8));
    let name = &head[start..];
    (is_secret_list(name) || secret::is_secret_switch(name)).then_some(name)
}

/// The record that stands for a credential in clear text: its name, the object that holds it, that object's
/// class. Its spans are the place of the credential; its text is not in it.
pub(super) fn clear_text_secret(found: &Found, holder: &str, class: &str) -> Record {
    let text = |text: &str| Value { span: found.span, data: Data::Text(text.into()) };
    Record {
        class: CLEAR_TEXT_SECRET.into(),
        span: found.span,
        object: Object {
            class: None,
            properties: vec![
                ("Name".into(), text(&found.name)),
                ("Holder".into(), text(holder)),
                ("Class".into(), text(class)),
            ],
        },
    }
}

/// Properties by which a person knows an object, the best first.
pub(super) const NAMING: [&str; 12] = [
    "Name",
    "ItemName",
    "LogonName",
    "UserName",
    "PackageID",
    "CollectionID",
    "ComponentName",
    "RoleName",
    "SamAccountName",
    "DisplayName",
    "CollectionName",
    "ID",
];

/// What to call an object: the first of [`NAMING`] that has a text, or its class.
pub(super) fn holder(object: &Object, class: &str) -> String {
    NAMING
        .iter()
        .filter_map(|name| object.get(name))
        .find_map(|value| match &value.data {
            Data::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            _ => None,
        })
        .unwrap_or_else(|| class.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::{Missing, Recognise};

    #[derive(Default)]
    struct Taken {
        secrets: Vec<Span>,
    }

    impl Sink for Taken {
        fn record(&mut self, _: Record) {}
        fn missing(&mut self, _: Option<&str>, _: Missing, _: Span) {}
        fn secret(&mut self, span: Span) {
            self.secrets.push(span);
        }
    }

    fn text(at: u64, text: &str) -> Value {
        Value { span: Span { start: at, end: at + text.len() as u64 }, data: Data::Text(text.into()) }
    }

    fn object(properties: Vec<(&str, Value)>) -> Object {
        Object { class: None, properties: properties.into_iter().map(|(n, v)| (n.into(), v)).collect() }
    }

    #[test]
    fn class_names_lose_their_dress() {
        for (written, class) in [
            ("SMS_Admin", "SMS_Admin"),
            ("IResultObject#SMS_Admin", "SMS_Admin"),
            (
                "Microsoft.ConfigurationManagement.ManagementProvider.WqlQueryEngine.WqlResultObject#SMS_Site",
                "SMS_Site",
            ),
            (
                "Deserialized.Microsoft.Management.Infrastructure.CimInstance#root/sms/site_PS1/SMS_Site",
                "SMS_Site",
            ),
            ("Selected.System.Management.ManagementObject#root\\sms\\site_PS1\\SMS_Site", "SMS_Site"),
            ("Deserialized.Selected.X", "X"),
            ("SMS_CM_RES_COLL_SMS00001.ResourceID=16777220", "SMS_CombinedDeviceResources"),
            ("Deserialized.Microsoft.ActiveDirectory.Management.ADDomain", "ADDomain"),
            ("root/sms/site_PS1:SMS_SCI_Reserved", "SMS_SCI_Reserved"),
            (
                "\\\\srv.contoso.com\\root\\sms\\site_PS1:SMS_SCI_Reserved.FileType=2,ItemName=\"a\\\\b:c#d|0\"",
                "SMS_SCI_Reserved",
            ),
            ("\\\\srv.contoso.com\\root\\sms:SMS_Singleton=@", "SMS_Singleton"),
            ("SMS_Query.QueryID=\"SMS012\"", "SMS_Query"),
            ("SMS_EmbeddedProperty (PropertyName = \"UserName\")", "SMS_EmbeddedProperty"),
            (
                "System.Security.AccessControl.DirectorySecurity",
                "System.Security.AccessControl.DirectorySecurity",
            ),
            ("", ""),
        ] {
            assert_eq!(class_name(written), class, "{written}");
        }
    }

    #[test]
    fn cut_off_values() {
        for text in [
            "System.Object[]",
            "System.String[]",
            "SMS_EmbeddedProperty",
            "SMS_EmbeddedProperty SMS_EmbeddedProperty",
            "SMS_EmbeddedProperty (PropertyName = \"UserName\")",
            "SMS_EmbeddedProperty (PropertyName = \"A B\") SMS_EmbeddedProperty (PropertyName = \"C\")",
            "System.Collections.Generic.Dictionary`2[System.String]",
            "Microsoft.Management.Infrastructure.CimInstance",
            "Deserialized.System.Object[]",
        ] {
            assert!(is_truncated(text), "{text}");
        }
        for text in [
            "",
            "SMS_CLIENT_CONFIG_MANAGER",
            "SMS Admins",
            "SMS_SiteSystemToSiteServerConnection_MP_PS1",
            "SMS_SiteToSiteConnection_PS1",
            "System",
            "System Management",
            "CONTOSO\\SMS_Push",
            "Microsoft.com is a site",
            "a SMS_EmbeddedProperty",
            "SMS_",
            "Software Distribution",
        ] {
            assert!(!is_truncated(text), "{text}");
        }
    }

    fn wanted() -> Wanted {
        let rule =
            |class: &str, all: &[&str], any: &[&str], none: &[&str], values: &[(&str, &str)]| Recognise {
                class: class.into(),
                all: all.iter().map(|&n| n.into()).collect(),
                any: any.iter().map(|&n| n.into()).collect(),
                none: none.iter().map(|&n| n.into()).collect(),
                values: values.iter().map(|&(n, v)| (n.into(), v.into())).collect(),
            };
        Wanted {
            recognise: vec![
                rule("SMS_SCI_SysResUse", &["rolename"], &["networkospath", "nalpath"], &[], &[]),
                rule("SMS_SCI_Component", &["componentname"], &[], &[], &[("itemtype", "Component")]),
                rule("SMS_PackageAccessByUsers", &["packageid", "username"], &[], &["sequence"], &[]),
            ],
            ..Wanted::default()
        }
    }

    #[test]
    fn rows_are_told_by_their_properties() {
        let wanted = wanted();
        let mut recogniser = Recogniser::new(&wanted);
        let mut class = |names: &[&str], values: &[&str]| {
            recogniser.class(names.iter().copied(), |i| values.get(i).copied()).map(str::to_owned)
        };
        assert_eq!(class(&["ROLENAME", "NalPath"], &[]).as_deref(), Some("SMS_SCI_SysResUse"));
        assert_eq!(class(&["RoleName"], &[]), None);
        assert_eq!(
            class(&["ComponentName", "ItemType"], &["x", "component "]).as_deref(),
            Some("SMS_SCI_Component")
        );
        assert_eq!(class(&["ComponentName", "ItemType"], &["x", "Client Component"]), None);
        assert_eq!(class(&["PackageID", "UserName"], &[]).as_deref(), Some("SMS_PackageAccessByUsers"));
        assert_eq!(class(&["PackageID", "UserName", "Sequence"], &[]), None);
    }

    #[test]
    fn credentials_leave_the_object() {
        let mut taken = Taken::default();
        let mut found = Vec::new();
        let mut row = object(vec![
            ("UserName", text(0, "CONTOSO\\naa")),
            ("Password", text(20, "placeholder-one")),
            ("PasswordLastSet", text(50, "2024-01-05")),
            ("Reserved2", text(70, "0011")),
            ("CommandLine", text(100, "a.exe /password:xyz /q")),
            (
                "Variables",
                Value {
                    span: Span::default(),
                    data: Data::List(vec![
                        Value {
                            span: Span::default(),
                            data: Data::Object(object(vec![
                                ("Name", text(200, "OSDJoinPassword")),
                                ("Value", text(220, "placeholder-two")),
                            ])),
                        },
                        Value {
                            span: Span::default(),
                            data: Data::Object(object(vec![
                                ("PropertyListName", text(300, "Reserved2")),
                                ("Values", text(320, "CONTOSO\\push")),
                            ])),
                        },
                    ]),
                },
            ),
        ]);
        protect(&mut row, &mut found, &mut taken);
        let shown = format!("{row:?} {found:?}");
        assert!(
            !shown.contains("placeholder") && !shown.contains("xyz") && !shown.contains("0011"),
            "{shown}"
        );
        assert_eq!(row.get("password").map(|v| &v.data), Some(&Data::Secret(Secret::Clear)));
        assert_eq!(row.get("reserved2").map(|v| &v.data), Some(&Data::Secret(Secret::Protected)));
        assert_eq!(row.get("passwordlastset").map(|v| &v.data), Some(&Data::Text("2024-01-05".into())));
        assert_eq!(
            row.get("commandline").map(|v| &v.data),
            Some(&Data::Text("a.exe /password:******** /q".into()))
        );
        assert!(shown.contains("CONTOSO\\\\push"));
        // `a.exe /password:` has sixteen characters.
        assert_eq!(
            found.iter().map(|f| (&*f.name, f.span.start, f.span.end)).collect::<Vec<_>>(),
            [("Password", 20, 35), ("password", 116, 119), ("OSDJoinPassword", 220, 235)]
        );
        assert_eq!(taken.secrets.len(), 4);
    }
}
