//! CIM-XML: the `object.xml` files of a task sequence export, `wmic /format:rawxml`, and the reference lists of an
//! export, whose strings are CIM-XML themselves.
//!
//! Every `INSTANCE` element counts, wherever it stands. Of a property only its own value is taken, never that of a
//! qualifier.

use std::ops::Range;

use crate::reader::finish::{self, CutOff};
use crate::reader::stream::{Flow, Shape};
use crate::reader::unescape::{self, Mapped, Style};
use crate::reader::xml::{Content, Kind, Stack, Stop, Tokens};
use crate::reader::{Data, Missing, Object, Record, Sink, Value, Wanted, date, row, secret, task_sequence};
use crate::source::View;

/// Strings of documents in strings of documents.
const NESTING: usize = 4;

/// The reader.
#[derive(Debug)]
pub(super) struct CimXml<'w> {
    wanted: &'w Wanted,
    /// How deep in strings the document at hand stands.
    nesting: usize,
    /// How many instances were met.
    pub(super) records: u64,
    /// Values that were cut off.
    pub(super) cut_off: CutOff,
}

impl<'w> CimXml<'w> {
    /// A reader for the classes of `wanted`.
    pub(super) fn new(wanted: &'w Wanted) -> Self {
        Self { wanted, nesting: 0, records: 0, cut_off: CutOff::default() }
    }

    /// Reads the instance whose start tag is the current token.
    fn instance(&mut self, tokens: &mut Tokens<'_>, view: View<'_>, sink: &mut dyn Sink) -> Result<(), Stop> {
        let start = tokens.range().start;
        let range = start..tokens.element_end()?;
        let written = tokens.attribute_any_case("CLASSNAME");
        let written = written.map(|range| unescape::range(view.text, range, Style::Xml)).unwrap_or_default();
        let class = row::class_name(&written).to_owned();
        let raw = view.text.get(range.clone()).unwrap_or_default().as_bytes();
        self.records += 1;
        match finish::class(self.wanted, &class) {
            Some(class) => {
                let all = secret::mentions(raw);
                let wanted = self.wanted.class(&class);
                let is_package = task_sequence::is_package(&class);
                let needed = |name: &str| {
                    all || wanted.is_none_or(|wanted| finish::is_wanted(wanted, name))
                        || (is_package && task_sequence::PACKAGE.iter().any(|p| p.eq_ignore_ascii_case(name)))
                };
                let mut builder = Builder { view, needed: &needed, is_package, sequence: None };
                let object = builder.instance(range.start).unwrap_or_default();
                let sequence = builder.sequence.take();
                let record = Record { class, span: view.span(range), object };
                let sequence = sequence.as_ref().map(Mapped::view);
                let (records, cut_off) = finish::record(record, self.wanted, sequence, sink);
                self.records += records;
                self.cut_off.add(cut_off);
            }
            None if secret::names_password(raw) => {
                let mut builder =
                    Builder { view, needed: &|_: &str| true, is_package: false, sequence: None };
                let mut object = builder.instance(range.start).unwrap_or_default();
                finish::credentials(&mut object, &class, sink);
            }
            None => {}
        }
        tokens.skip()
    }
}

impl Shape for CimXml<'_> {
    fn step(&mut self, tokens: &mut Tokens<'_>, view: View<'_>, sink: &mut dyn Sink) -> Result<Flow, Stop> {
        match tokens.next()? {
            Kind::Start if tokens.local_name() == "INSTANCE" => self.instance(tokens, view, sink)?,
            Kind::Start if tokens.local_name() == "string" => {
                let content = tokens.content()?;
                let text = unescape::mapped(view, &content, Style::Xml);
                if self.nesting < NESTING && text.text.trim_start().starts_with('<') {
                    self.nesting += 1;
                    self.document(text.view(), sink);
                    self.nesting -= 1;
                }
            }
            Kind::Eof => return Ok(Flow::Done),
            _ => {}
        }
        Ok(Flow::More)
    }
}

impl CimXml<'_> {
    /// Reads the instances of a document that stands in a string. A fault in it leaves the rest of it unread.
    fn document(&mut self, view: View<'_>, sink: &mut dyn Sink) {
        let mut tokens = Tokens::new(view.text);
        loop {
            match self.step(&mut tokens, view, sink) {
                Ok(Flow::More) => {}
                Ok(Flow::Done) => return,
                Err(_) => {
                    let rest = view.span(tokens.position()..view.text.len());
                    return sink.missing(None, Missing::Broken, rest);
                }
            }
        }
    }
}

/// Builds objects of text that is known to be well-formed.
struct Builder<'a, 'n> {
    view: View<'a>,
    needed: &'n dyn Fn(&str) -> bool,
    is_package: bool,
    sequence: Option<Mapped<'a>>,
}

impl<'a> Builder<'a, '_> {
    /// The properties of the instance whose tag starts at a place.
    fn instance(&mut self, at: usize) -> Result<Object, Stop> {
        let mut tokens = Tokens::resume(self.view.text, at, true, Stack::default());
        tokens.next()?;
        self.properties(&mut tokens, true, 0)
    }

    /// The properties of the instance whose start tag is the current token.
    fn properties(&mut self, tokens: &mut Tokens<'a>, top: bool, nesting: usize) -> Result<Object, Stop> {
        let depth = tokens.depth();
        let mut object = Object::default();
        if !top {
            let class = tokens.attribute_any_case("CLASSNAME");
            let class = class.map(|range| unescape::range(self.view.text, range, Style::Xml));
            object.class = class.map(|class| row::class_name(&class).into());
        }
        loop {
            match tokens.next()? {
                Kind::Start if tokens.local_name().starts_with("PROPERTY") => {
                    let Some(name) = tokens.attribute_any_case("NAME") else {
                        tokens.skip()?;
                        continue;
                    };
                    let name = unescape::range(self.view.text, name, Style::Xml);
                    if name.starts_with("__") || (top && !(self.needed)(&name)) {
                        tokens.skip()?;
                        continue;
                    }
                    let is_sequence = top && self.is_package && name.eq_ignore_ascii_case("Sequence");
                    let value = self.property(tokens, is_sequence, nesting)?;
                    object.properties.push((name.into(), value));
                }
                Kind::Start => tokens.skip()?,
                Kind::End if tokens.depth() < depth => return Ok(object),
                Kind::Eof => return Ok(object),
                _ => {}
            }
        }
    }

    /// The value of the property whose start tag is the current token.
    fn property(
        &mut self,
        tokens: &mut Tokens<'a>,
        is_sequence: bool,
        nesting: usize,
    ) -> Result<Value, Stop> {
        let view = self.view;
        let start = tokens.range().start;
        let depth = tokens.depth();
        let kind =
            tokens.attribute_any_case("TYPE").and_then(|range| view.text.get(range)).unwrap_or_default();
        let is_list = tokens.local_name().contains("ARRAY");
        let mut values = Vec::new();
        loop {
            match tokens.next()? {
                Kind::Start => match tokens.local_name() {
                    "VALUE" => {
                        let content = tokens.content()?;
                        if is_sequence {
                            let text = unescape::mapped(view, &content, Style::Xml);
                            if row::is_document(&text.text) {
                                values.push(task_sequence::placeholder(view.span(content.range())));
                                self.sequence = Some(text);
                                continue;
                            }
                        }
                        values.push(self.value(&content, kind, nesting));
                    }
                    "VALUE.NULL" => {
                        let place = tokens.range();
                        tokens.skip()?;
                        values.push(Value { span: view.span(place), data: Data::Null });
                    }
                    "INSTANCE" => {
                        let place = tokens.range().start;
                        let object = self.properties(tokens, false, nesting)?;
                        let span = view.span(place..tokens.position());
                        values.push(Value { span, data: Data::Object(object) });
                    }
                    "VALUE.REFERENCE" => values.push(self.reference(tokens)?),
                    "VALUE.ARRAY" | "VALUE.OBJECT" | "VALUE.OBJECTARRAY" | "VALUE.REFARRAY" => {}
                    _ => tokens.skip()?,
                },
                Kind::End if tokens.depth() < depth => break,
                Kind::Eof => break,
                _ => {}
            }
        }
        let span = view.span(start..tokens.position());
        if is_list {
            // A property without a value is null, an empty list is a list.
            let has_value = !values.is_empty() || self.has_array(start..tokens.position());
            let data = if has_value { Data::List(values) } else { Data::Null };
            return Ok(Value { span, data });
        }
        Ok(values.into_iter().next().unwrap_or(Value { span, data: Data::Null }))
    }

    /// The object that a reference names, whose start tag is the current token: its class and keys, and as `Server`
    /// the computer of its path.
    fn reference(&self, tokens: &mut Tokens<'a>) -> Result<Value, Stop> {
        let view = self.view;
        let start = tokens.range().start;
        let depth = tokens.depth();
        let attribute = |tokens: &Tokens<'a>, name: &str| {
            tokens.attribute_any_case(name).map(|range| unescape::range(view.text, range, Style::Xml))
        };
        let mut object = Object::default();
        let mut key: Box<str> = "".into();
        loop {
            match tokens.next()? {
                Kind::Start => match tokens.local_name() {
                    "INSTANCENAME" => {
                        let class = attribute(tokens, "CLASSNAME");
                        object.class = class.map(|class| row::class_name(&class).into());
                    }
                    "KEYBINDING" => key = attribute(tokens, "NAME").unwrap_or_default().into(),
                    "KEYVALUE" => {
                        let value = self.value(&tokens.content()?, "string", NESTING);
                        object.properties.push((key.clone(), value));
                    }
                    "HOST" => {
                        let value = self.value(&tokens.content()?, "string", NESTING);
                        object.properties.push(("Server".into(), value));
                    }
                    _ => {}
                },
                Kind::End if tokens.depth() < depth => break,
                Kind::Eof => break,
                _ => {}
            }
        }
        let span = view.span(start..tokens.position());
        Ok(Value { span, data: Data::Object(object) })
    }

    fn has_array(&self, range: Range<usize>) -> bool {
        self.view
            .text
            .get(range)
            .is_some_and(|text| ["<VALUE.ARRAY", "<VALUE.OBJECTARRAY"].iter().any(|tag| text.contains(tag)))
    }

    /// A value of a CIM type.
    fn value(&self, content: &Content, kind: &str, nesting: usize) -> Value {
        let view = self.view;
        let text = unescape::plain(view.text, content, Style::Xml);
        let trimmed = text.trim();
        let is = |prefix: &str| kind.get(..prefix.len()).is_some_and(|k| k.eq_ignore_ascii_case(prefix));
        let data = if is("boolean") {
            match () {
                () if trimmed.eq_ignore_ascii_case("true") => Data::Bool(true),
                () if trimmed.eq_ignore_ascii_case("false") => Data::Bool(false),
                () if trimmed.is_empty() => Data::Null,
                () => Data::Text(trimmed.into()),
            }
        } else if is("uint") || is("sint") || is("real") {
            if trimmed.is_empty() { Data::Null } else { Data::Number(trimmed.into()) }
        } else if is("datetime") {
            Data::Text(date::normal(trimmed).map_or_else(|| trimmed.into(), Into::into))
        } else {
            if nesting < NESTING && trimmed.starts_with("<INSTANCE") {
                let inner = unescape::mapped(view, content, Style::Xml);
                if let Some(value) = embedded(inner.view(), nesting + 1) {
                    return Value { span: view.span(content.range()), data: value };
                }
            }
            return Value { span: view.span(content.range()), data: Data::Text((*text).into()) };
        };
        Value { span: unescape::trimmed_span(view, content), data }
    }
}

/// The object of a string that is an instance.
fn embedded(view: View<'_>, nesting: usize) -> Option<Data> {
    let mut tokens = Tokens::new(view.text);
    while tokens.next().ok()? != Kind::Start {}
    let mut builder = Builder { view, needed: &|_: &str| true, is_package: false, sequence: None };
    builder.properties(&mut tokens, false, nesting).ok().map(Data::Object)
}

#[cfg(test)]
mod tests {
    use crate::reader::testing::{at, briefs, data, read, span_of, wanted};
    use crate::reader::{Data, Format, Status};

    const OBJECT: &str = r#"<INSTANCE CLASSNAME="SMS_SCI_SysResUse">
  <QUALIFIER NAME="dynamic" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER>
  <PROPERTY NAME="__PATH" TYPE="string"><VALUE>x</VALUE></PROPERTY>
  <PROPERTY NAME="RoleName" CLASSORIGIN="X" TYPE="string">
    <QUALIFIER NAME="CIMTYPE" TYPE="string"><VALUE>string</VALUE></QUALIFIER>
    <VALUE>SMS &amp; more</VALUE>
  </PROPERTY>
  <PROPERTY NAME="Count" TYPE="uint32"><VALUE> 3 </VALUE></PROPERTY>
  <PROPERTY NAME="Flag" TYPE="boolean"><VALUE>TRUE</VALUE></PROPERTY>
  <PROPERTY NAME="Icon" TYPE="string"/>
  <PROPERTY NAME="None" TYPE="string"><QUALIFIER NAME="q" TYPE="string"><VALUE>no</VALUE></QUALIFIER></PROPERTY>
  <PROPERTY NAME="Empty" TYPE="string"><VALUE></VALUE></PROPERTY>
  <PROPERTY NAME="When" TYPE="datetime"><VALUE>20240105101112.000000+000</VALUE></PROPERTY>
  <PROPERTY.ARRAY NAME="Names" TYPE="string"><VALUE.ARRAY><VALUE>a</VALUE><VALUE.NULL/><VALUE><![CDATA[<b>]]></VALUE></VALUE.ARRAY></PROPERTY.ARRAY>
  <PROPERTY.ARRAY NAME="NoNames" TYPE="string"/>
  <PROPERTY.ARRAY NAME="ZeroNames" TYPE="string"><VALUE.ARRAY></VALUE.ARRAY></PROPERTY.ARRAY>
  <PROPERTY.OBJECT NAME="One"><VALUE.OBJECT><INSTANCE CLASSNAME="C"><PROPERTY NAME="P" TYPE="sint32"><VALUE>-1</VALUE></PROPERTY></INSTANCE></VALUE.OBJECT></PROPERTY.OBJECT>
  <PROPERTY.OBJECTARRAY NAME="Props" REFERENCECLASS="SMS_EmbeddedProperty"><VALUE.OBJECTARRAY>
    <VALUE.OBJECT><INSTANCE CLASSNAME="SMS_EmbeddedProperty"><PROPERTY NAME="PropertyName" TYPE="string"><VALUE>UserName</VALUE></PROPERTY>
      <PROPERTY NAME="Value2" TYPE="string"><VALUE>CONTOSO\mp</VALUE></PROPERTY></INSTANCE></VALUE.OBJECT>
  </VALUE.OBJECTARRAY></PROPERTY.OBJECTARRAY>
  <PROPERTY NAME="Inner" TYPE="string" EmbeddedObject="instance"><VALUE>&lt;INSTANCE CLASSNAME="D"&gt;&lt;PROPERTY NAME="Q" TYPE="string"&gt;&lt;VALUE&gt;q&amp;amp;r&lt;/VALUE&gt;&lt;/PROPERTY&gt;&lt;/INSTANCE&gt;</VALUE></PROPERTY>
</INSTANCE>
"#;

    #[test]
    fn an_instance_with_all_kinds_of_properties() {
        let (reading, taken) = read(OBJECT, &wanted(&["SMS_SCI_SysResUse", "SMS_EmbeddedProperty"]));
        assert_eq!(
            (reading.format, reading.status, reading.records),
            (Some(Format::CimXml), Status::Read, 1)
        );
        let expected = [
            "RoleName=\"SMS & more\"",
            "Count=3",
            "Flag=true",
            "Icon=-",
            "None=-",
            "Empty=\"\"",
            "When=\"2024-01-05T10:11:12Z\"",
            "Names=[\"a\" - \"<b>\"]",
            "NoNames=-",
            "ZeroNames=[]",
            "One=C{P=-1}",
            "Props=[SMS_EmbeddedProperty{PropertyName=\"UserName\" Value2=\"CONTOSO\\\\mp\"}]",
            "Inner=D{Q=\"q&r\"}",
        ];
        assert_eq!(briefs(&taken), [format!("SMS_SCI_SysResUse{{{}}}", expected.join(" "))]);
        let record = &taken.records[0];
        assert_eq!(at(OBJECT, span_of(record, "RoleName")), "SMS &amp; more");
        assert_eq!(at(OBJECT, span_of(record, "Count")), "3");
        assert_eq!(at(OBJECT, span_of(record, "When")), "20240105101112.000000+000");
        let Data::List(names) = data(record, "Names") else { panic!() };
        assert_eq!(at(OBJECT, names[2].span), "<b>");
        let Data::Object(inner) = data(record, "Inner") else { panic!() };
        assert_eq!(at(OBJECT, inner.get("Q").unwrap().span), "q&amp;amp;r");
        assert_eq!(at(OBJECT, record.span), OBJECT.trim_end());
    }

    #[test]
    fn references_name_their_objects() {
        let end = |name: &str, class: &str, domain: &str, of: &str| {
            format!(
                r#"<PROPERTY.REFERENCE NAME="{name}" REFERENCECLASS="X"><VALUE.REFERENCE><INSTANCEPATH><NAMESPACEPATH><HOST>WS01</HOST><LOCALNAMESPACEPATH><NAMESPACE NAME="root"/></LOCALNAMESPACEPATH></NAMESPACEPATH><INSTANCENAME CLASSNAME="{class}"><KEYBINDING NAME="Domain"><KEYVALUE VALUETYPE="string">{domain}</KEYVALUE></KEYBINDING><KEYBINDING NAME="Name"><KEYVALUE VALUETYPE="string">{of}</KEYVALUE></KEYBINDING></INSTANCENAME></INSTANCEPATH></VALUE.REFERENCE></PROPERTY.REFERENCE>"#
            )
        };
        let text = format!(
            "<INSTANCE CLASSNAME=\"Win32_GroupUser\">{}{}</INSTANCE>",
            end("GroupComponent", "Win32_Group", "WS01", "Operators"),
            end("PartComponent", "Win32_UserAccount", "CONTOSO", "anna &amp; co")
        );
        let (_, taken) = read(&text, &wanted(&["Win32_GroupUser"]));
        let all = briefs(&taken).join("");
        for part in [
            r#"GroupComponent=Win32_Group{Server="WS01" Domain="WS01" Name="Operators""#,
            r#"PartComponent=Win32_UserAccount{Server="WS01" Domain="CONTOSO" Name="anna & co""#,
            "Foreign=false",
        ] {
            assert!(all.contains(part), "{part} in {all}");
        }
        let Data::Object(member) = data(&taken.records[0], "PartComponent") else { panic!() };
        assert_eq!(at(&text, member.get("Name").unwrap().span), "anna &amp; co");
    }

    #[test]
    fn only_wanted_properties_are_built() {
        let mut wanted = wanted(&["SMS_SCI_SysResUse"]);
        wanted.classes.get_mut("sms_sci_sysresuse").unwrap().properties = vec!["flag".into(), "count".into()];
        assert_eq!(briefs(&read(OBJECT, &wanted).1), ["SMS_SCI_SysResUse{Count=3 Flag=true}"]);
    }

    #[test]
    fn instances_anywhere() {
        let text = "<COMMAND SEQUENCENUM=\"1\"><REQUEST>x</REQUEST><RESULTS NODE=\"S\"><CIM>\r\r\n\
                    <INSTANCE CLASSNAME=\"SMS_Site\"><PROPERTY NAME=\"SiteCode\" TYPE=\"string\"><VALUE>PS1</VALUE></PROPERTY></INSTANCE>\
                    <INSTANCE CLASSNAME=\"Other\"/><INSTANCE CLASSNAME=\"sms_site\"/></CIM></RESULTS></COMMAND>";
        let (reading, taken) = read(text, &wanted(&["SMS_Site"]));
        assert_eq!(reading.records, 3);
        assert_eq!(briefs(&taken), ["SMS_Site{SiteCode=\"PS1\"}", "SMS_Site{}"]);
    }

    #[test]
    fn reference_lists() {
        let text = "<ArrayOfString>\n<string>&lt;INSTANCE CLASSNAME=\"SMS_Ref\"&gt;&lt;PROPERTY NAME=\"PackageID\" TYPE=\"string\"&gt;\
                    &lt;VALUE&gt;PS100012&lt;/VALUE&gt;&lt;/PROPERTY&gt;&lt;/INSTANCE&gt;</string><string /></ArrayOfString>";
        let (reading, taken) = read(text, &wanted(&["SMS_Ref"]));
        assert_eq!((reading.format, reading.records), (Some(Format::CimXml), 1));
        assert_eq!(briefs(&taken), ["SMS_Ref{PackageID=\"PS100012\"}"]);
        assert_eq!(at(text, span_of(&taken.records[0], "PackageID")), "PS100012");
        assert!(at(text, taken.records[0].span).starts_with("&lt;INSTANCE CLASSNAME"));
        let (reading, taken) = read("<ArrayOfString><string/></ArrayOfString>", &wanted(&["SMS_Ref"]));
        assert_eq!((reading.format, reading.status), (Some(Format::ExportPart), Status::Read));
        assert!(taken.records.is_empty());
    }

    #[test]
    fn the_sequence_of_a_package() {
        let text = "<INSTANCE CLASSNAME=\"SMS_TaskSequencePackage\"><PROPERTY NAME=\"Sequence\" TYPE=\"string\"><VALUE>\
                    <![CDATA[<sequence version=\"3.10\"><step name=\"A &amp; B\" type=\"T\"><defaultVarList>\
                    <variable name=\"V\" property=\"P\"> x </variable></defaultVarList></step></sequence>]]></VALUE></PROPERTY>\
                    <PROPERTY NAME=\"Name\" TYPE=\"string\"><VALUE>Base</VALUE></PROPERTY>\
                    <PROPERTY NAME=\"LastRefreshTime\" TYPE=\"datetime\"><VALUE>20240105101112.000000+000</VALUE></PROPERTY></INSTANCE>";
        let (reading, taken) = read(text, &wanted(&["SMS_TaskSequencePackage"]));
        assert_eq!(reading.records, 3);
        assert_eq!(
            briefs(&taken)[..2],
            [
                "SMS_TaskSequencePackage{Sequence=sequence{} Name=\"Base\" LastRefreshTime=\"2024-01-05T10:11:12Z\"}",
                "TaskSequence{Name=\"Base\" PackageID=- LastRefreshTime=\"2024-01-05T10:11:12Z\" Version=\"3.10\"}",
            ]
        );
        let step = &taken.records[2];
        assert_eq!(data(step, "Name"), &Data::Text("A & B".into()));
        assert_eq!(at(text, span_of(step, "Name")), "A &amp; B");
        let Data::Object(variables) = data(step, "Variables") else { panic!() };
        assert_eq!(at(text, variables.get("V").unwrap().span), "x");
    }

    #[test]
    fn a_broken_file() {
        let text = "<INSTANCE CLASSNAME=\"A\"></INSTANCE>\n<INSTANCE CLASSNAME=\"A\"><PROPERTY>";
        let (reading, taken) = read(text, &wanted(&["A"]));
        assert_eq!((reading.status, taken.records.len(), taken.missing.len()), (Status::Partial, 1, 1));
        assert_eq!(
            reading.notes[0].text,
            "the file ends before `<PROPERTY>` is closed; what stands before this place was read"
        );
    }
}
