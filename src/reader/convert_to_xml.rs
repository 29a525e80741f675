//! PowerShell's `ConvertTo-Xml`: `Objects/Object/Property`, generic and rare.
//!
//! Rows are told like those of the other generic shapes: by a type that names the class, by a property that does,
//! or by the properties they have.

use std::borrow::Cow;

use crate::reader::finish::{self, Counts};
use crate::reader::row::{self, Recogniser};
use crate::reader::stream::{Flow, Shape};
use crate::reader::unescape::{self, Mapped, Style};
use crate::reader::xml::{Kind, Stack, Stop, Tokens};
use crate::reader::{
    Data, Object, Record, Sink, Value, Wanted, date, flattened, mof, remarks, secret, task_sequence,
};
use crate::source::View;

/// The reader.
#[derive(Debug)]
pub(super) struct ConvertToXml<'w> {
    wanted: &'w Wanted,
    recogniser: Recogniser<'w>,
    /// What was met.
    pub(super) counts: Counts,
}

impl<'w> ConvertToXml<'w> {
    /// A reader for the classes of `wanted`.
    pub(super) fn new(wanted: &'w Wanted) -> Self {
        let recogniser = Recogniser::new(wanted);
        Self { wanted, recogniser, counts: Counts::default() }
    }

    fn object(&mut self, tokens: &mut Tokens<'_>, view: View<'_>, sink: &mut dyn Sink) -> Result<(), Stop> {
        let start = tokens.range().start;
        let end = tokens.element_end()?;
        self.counts.records += 1;
        let written = attribute(tokens, view, "Type");
        let mut builder = Builder { view, sequence: None };
        let value = builder.value_at(start);
        self.counts.displayed += u64::from(written.starts_with(remarks::DISPLAYED_TYPES));
        if self.is_wrapper(&value) {
            self.counts.records -= 1;
            self.inside(value, sink);
            return tokens.skip();
        }
        if let Data::Object(mut object) = value.data {
            let named = ["__CLASS", "SmsProviderObjectPath", "CimClass"]
                .iter()
                .find_map(|name| row::scalar(object.get(name)?))
                .filter(|name| !name.is_empty());
            let by_type = row::class_name(&written);
            let class = if written.contains('#') {
                Some(by_type.to_owned())
            } else {
                named.map(|name| row::class_name(&name).to_owned())
            };
            let class = class
                .or_else(|| finish::class(self.wanted, by_type).map(String::from))
                .or_else(|| self.recogniser.class_of(&object).map(str::to_owned));
            self.counts.known += u64::from(class.is_some());
            let class = class.unwrap_or_default();
            object.class = None;
            let named = self.wanted.class(&class);
            object.properties.retain(|(name, _)| !finish::is_left_out(named, name));
            match finish::class(self.wanted, &class) {
                Some(class) => {
                    let sequence = builder.sequence.take().filter(|_| task_sequence::is_package(&class));
                    if let Some(sequence) = &sequence {
                        let placeholder = task_sequence::placeholder(sequence.1);
                        let is_sequence =
                            |(name, _): &&mut (Box<str>, Value)| name.eq_ignore_ascii_case("Sequence");
                        if let Some((_, value)) = object.properties.iter_mut().find(is_sequence) {
                            *value = placeholder;
                        }
                    }
                    let joined = flattened::mark_joined(&mut object, &class, self.wanted);
                    self.counts.cut_off.joined += joined;
                    let record = Record { class, span: view.span(start..end), object };
                    let sequence = sequence.as_ref().map(|(text, _)| text.view());
                    let (records, cut_off) = finish::record(record, self.wanted, sequence, sink);
                    self.counts.records += records;
                    self.counts.cut_off.add(cut_off);
                }
                None if secret::mentions(view.text.as_bytes().get(start..end).unwrap_or_default()) => {
                    finish::credentials(&mut object, if class.is_empty() { "object" } else { &class }, sink);
                }
                None => {}
            }
        }
        tokens.skip()
    }
}

impl ConvertToXml<'_> {
    /// The class of an object inside of another one.
    fn class_inside(&mut self, object: &Object) -> Option<Box<str>> {
        let named =
            ["__CLASS", "SmsProviderObjectPath"].iter().find_map(|name| row::scalar(object.get(name)?));
        let named =
            named.map(|name| row::class_name(&name).to_owned()).or(object.class.as_deref().map(Into::into));
        match named.filter(|class| !class.is_empty()) {
            Some(class) => finish::class(self.wanted, &class),
            None => self.recogniser.class_of(object).and_then(|class| finish::class(self.wanted, class)),
        }
    }

    /// Whether a value is no row itself, but rows stand in it: a list, a dictionary, a group of `Group-Object`.
    fn is_wrapper(&mut self, value: &Value) -> bool {
        match &value.data {
            Data::List(items) => items.iter().any(|item| self.is_row(item, WRAPPERS)),
            Data::Object(object) => {
                self.class_inside(object).is_none()
                    && object.class.is_none()
                    && object.properties.iter().any(|(_, value)| self.is_row(value, WRAPPERS))
            }
            _ => false,
        }
    }

    /// Whether a value is a row, or holds one in so many others.
    fn is_row(&mut self, value: &Value, levels: usize) -> bool {
        match &value.data {
            _ if levels == 0 => false,
            Data::List(items) => items.iter().any(|item| self.is_row(item, levels - 1)),
            Data::Object(object) => {
                self.class_inside(object).is_some()
                    || object.properties.iter().any(|(_, value)| self.is_row(value, levels - 1))
            }
            _ => false,
        }
    }

    /// Hands on the rows in a value, and the credentials beside them.
    fn inside(&mut self, value: Value, sink: &mut dyn Sink) {
        match value.data {
            Data::List(items) => items.into_iter().for_each(|item| self.inside(item, sink)),
            Data::Object(mut object) => match self.class_inside(&object) {
                Some(class) => {
                    self.counts.records += 1;
                    self.counts.known += 1;
                    object.class = None;
                    let joined = flattened::mark_joined(&mut object, &class, self.wanted);
                    self.counts.cut_off.joined += joined;
                    let record = Record { class, span: value.span, object };
                    self.counts.cut_off.add(finish::record(record, self.wanted, None, sink).1);
                }
                None if self
                    .is_row(&Value { span: value.span, data: Data::Object(object.clone()) }, WRAPPERS) =>
                {
                    let (inner, mut plain): (Vec<_>, Vec<_>) =
                        object.properties.into_iter().partition(|(_, value)| self.is_row(value, WRAPPERS));
                    inner.into_iter().for_each(|(_, value)| self.inside(value, sink));
                    let mut rest = Object { class: None, properties: std::mem::take(&mut plain) };
                    finish::credentials(&mut rest, "object", sink);
                }
                None => {
                    self.counts.records += 1;
                    finish::credentials(&mut object, "object", sink);
                }
            },
            _ => {}
        }
    }
}

/// In how many others an object may stand and still be looked for.
const WRAPPERS: usize = 8;

impl Shape for ConvertToXml<'_> {
    fn step(&mut self, tokens: &mut Tokens<'_>, view: View<'_>, sink: &mut dyn Sink) -> Result<Flow, Stop> {
        match tokens.next()? {
            Kind::Start if tokens.name() == "Object" => self.object(tokens, view, sink)?,
            Kind::Eof => return Ok(Flow::Done),
            _ => {}
        }
        Ok(Flow::More)
    }
}

/// The value of an attribute of the current tag.
fn attribute<'a>(tokens: &Tokens<'a>, view: View<'a>, name: &str) -> Cow<'a, str> {
    tokens.attribute(name).map(|range| unescape::range(view.text, range, Style::Xml)).unwrap_or_default()
}

/// Builds values of text that is known to be well-formed.
struct Builder<'a> {
    view: View<'a>,
    /// The document in the last property of the name `Sequence`, and where it stands.
    sequence: Option<(Mapped<'a>, crate::source::Span)>,
}

impl<'a> Builder<'a> {
    fn value_at(&mut self, at: usize) -> Value {
        let mut tokens = Tokens::resume(self.view.text, at, true, Stack::default());
        match tokens.next() {
            Ok(Kind::Start) => self.value(&mut tokens, ""),
            _ => Err(Stop::Syntax),
        }
        .unwrap_or_else(|_| Value { span: self.view.span(at..at), data: Data::Null })
    }

    /// The value of the `Object` or `Property` whose start tag is the current token.
    fn value(&mut self, tokens: &mut Tokens<'a>, name: &str) -> Result<Value, Stop> {
        let view = self.view;
        let start = tokens.range().start;
        let depth = tokens.depth();
        let kind = attribute(tokens, view, "Type");
        // Its own text, or properties inside: with names for an object, without for a list.
        let mut ahead = tokens.ahead();
        let mut has_children = false;
        loop {
            match ahead.next()? {
                Kind::Start => {
                    has_children = true;
                    break;
                }
                Kind::End | Kind::Eof => break,
                _ => {}
            }
        }
        if !has_children {
            let content = tokens.content()?;
            let span = view.span(content.range());
            let text = unescape::plain(view.text, &content, Style::Xml);
            if name.eq_ignore_ascii_case("Sequence") && row::is_document(&text) {
                self.sequence = Some((unescape::mapped(view, &content, Style::Xml), span));
            }
            if mof::is_instance(&text) {
                let mapped = unescape::mapped(view, &content, Style::Xml);
                if let Some(mut values) = mof::parse(mapped.view()) {
                    let one = if values.len() == 1 { values.pop() } else { None };
                    return Ok(one.unwrap_or(Value { span, data: Data::List(values) }));
                }
            }
            return Ok(Value { span, data: plain(name, &text, &kind) });
        }
        let mut object = Object::default();
        let mut list = Vec::new();
        loop {
            match tokens.next()? {
                Kind::Start if tokens.name() == "Property" || tokens.name() == "Object" => {
                    let name = attribute(tokens, view, "Name");
                    let value = self.value(tokens, &name)?;
                    if name.is_empty() {
                        list.push(value);
                    } else {
                        object.properties.push((name.into(), value));
                    }
                }
                Kind::Start => tokens.skip()?,
                Kind::End if tokens.depth() < depth => break,
                Kind::Eof => break,
                _ => {}
            }
        }
        let span = view.span(start..tokens.position());
        if object.properties.is_empty() {
            return Ok(Value { span, data: Data::List(list) });
        }
        let class = row::class_name(&kind);
        object.class =
            row::is_wmi(class).then(|| class.into()).or_else(|| row::embedded_class(&object).map(Into::into));
        Ok(Value { span, data: Data::Object(object) })
    }
}

/// A value of a .NET type under a name.
fn plain(name: &str, text: &str, kind: &str) -> Data {
    let trimmed = text.trim();
    let truncated = row::is_truncated(text) && !row::may_name_type(name);
    match kind.strip_prefix("System.").unwrap_or(kind) {
        "String" if !truncated => Data::Text(date::normal(text).map_or_else(|| text.into(), Into::into)),
        _ if trimmed.is_empty() => Data::Null,
        "Boolean" if trimmed.eq_ignore_ascii_case("true") => Data::Bool(true),
        "Boolean" if trimmed.eq_ignore_ascii_case("false") => Data::Bool(false),
        "Byte" | "SByte" | "Int16" | "Int32" | "Int64" | "UInt16" | "UInt32" | "UInt64" | "Single"
        | "Double" | "Decimal" => Data::Number(trimmed.into()),
        _ if truncated => Data::Truncated,
        _ => Data::Text(date::normal(trimmed).map_or_else(|| trimmed.into(), Into::into)),
    }
}

#[cfg(test)]
mod tests {
    use crate::reader::testing::{at, briefs, data, read, span_of, wanted};
    use crate::reader::{Data, Format, Recognise, Status};

    #[test]
    fn rows() {
        let text = r#"<?xml version="1.0" encoding="utf-8"?>
<Objects>
  <Object Type="Microsoft.Management.Infrastructure.CimInstance#root/sms/site_PS1/SMS_Admin">
    <Property Name="LogonName" Type="System.String">CONTOSO\a &amp; b</Property>
    <Property Name="IsGroup" Type="System.Boolean">True</Property>
    <Property Name="AdminID" Type="System.UInt32">16777217</Property>
    <Property Name="Null" Type="System.Object" /><Property Name="Empty" Type="System.String" />
    <Property Name="RoleNames" Type="System.String[]"><Property Type="System.String">x</Property><Property Type="System.String">y</Property></Property>
    <Property Name="Scope" Type="SMS_Scope"><Property Name="ID" Type="System.Int32">1</Property></Property>
    <Property Name="Cut" Type="System.Object[]">System.Object[]</Property>
    <Property Name="__CLASS" Type="System.String">SMS_Admin</Property>
  </Object>
  <Object Type="System.Management.Automation.PSCustomObject"><Property Name="SmsProviderObjectPath" Type="System.String">SMS_Admin.AdminID=1</Property></Object>
  <Object Type="System.Management.Automation.PSCustomObject"><Property Name="UserName" Type="System.String">u</Property><Property Name="AccountUsage" Type="System.String">n</Property></Object>
  <Object Type="System.IO.FileInfo"><Property Name="Name" Type="System.String">f</Property><Property Name="Password" Type="System.String">word-one</Property></Object>
</Objects>"#;
        let mut wanted = wanted(&["SMS_Admin", "SMS_SCI_Reserved"]);
        wanted.recognise.push(Recognise {
            class: "SMS_SCI_Reserved".into(),
            all: vec!["accountusage".into()],
            ..Recognise::default()
        });
        let (reading, taken) = read(text, &wanted);
        assert_eq!(
            (reading.format, reading.status, reading.records),
            (Some(Format::ConvertToXml), Status::Read, 4)
        );
        let expected = [
            "LogonName=\"CONTOSO\\\\a & b\"",
            "IsGroup=true",
            "AdminID=16777217",
            "Null=-",
            "Empty=\"\"",
            "RoleNames=[\"x\" \"y\"]",
            "Scope=SMS_Scope{ID=1}",
            "Cut=cut",
        ];
        assert_eq!(
            briefs(&taken),
            [
                format!("SMS_Admin{{{}}}", expected.join(" ")),
                "SMS_Admin{}".into(),
                "SMS_SCI_Reserved{UserName=\"u\" AccountUsage=\"n\"}".into(),
                "ClearTextSecret{Name=\"Password\" Holder=\"f\" Class=\"object\" Shape=\"8 characters\" Certainty=\"likely\"}".into(),
            ]
        );
        assert_eq!(at(text, span_of(&taken.records[0], "LogonName")), "CONTOSO\\a &amp; b");
        let Data::List(roles) = data(&taken.records[0], "RoleNames") else { panic!() };
        assert_eq!(at(text, roles[1].span), "y");
        assert_eq!(at(text, taken.records[3].span).len(), 8);
        assert_eq!(
            reading.notes[0].text,
            "a value is cut off at the depth of the export, the first one here; export again with ConvertTo-Xml -Depth 10"
        );
    }

    #[test]
    fn names_of_types_are_no_values_cut_off() {
        let text = r#"<Objects><Object Type="X#SMS_Admin"><Property Name="ObjectTypeName" Type="System.String">SMS_Package</Property>
<Property Name="Scope" Type="X"><Property Name="SmsProviderObjectPath" Type="System.String">SMS_Scope</Property></Property>
<Property Name="Cut" Type="System.String">SMS_Scope</Property></Object></Objects>"#;
        let (_, taken) = read(text, &wanted(&["SMS_Admin"]));
        assert_eq!(
            briefs(&taken),
            ["SMS_Admin{ObjectTypeName=\"SMS_Package\" Scope={SmsProviderObjectPath=\"SMS_Scope\"} Cut=cut}"]
        );
    }

    #[test]
    fn a_package_and_mof_text() {
        let text = r#"<Objects><Object Type="X#SMS_TaskSequencePackage"><Property Name="Name" Type="System.String">Base</Property>
<Property Name="Sequence" Type="System.String">&lt;sequence&gt;&lt;step name="A"/&gt;&lt;/sequence&gt;</Property>
<Property Name="Props" Type="System.String">instance of P { N = 1; }; instance of P { N = 2; };</Property></Object></Objects>"#;
        let (reading, taken) = read(text, &wanted(&["SMS_TaskSequencePackage"]));
        assert_eq!(reading.records, 3);
        assert_eq!(
            briefs(&taken)[0],
            "SMS_TaskSequencePackage{Name=\"Base\" Sequence=sequence{} Props=[P{N=1} P{N=2}]}"
        );
        assert_eq!(at(text, taken.records[2].span), "&lt;step name=\"A\"/&gt;");
    }
}
