//! Values and records of CLIXML objects that are known to be there as a whole.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::later::Piece;
use super::{Property, Type, Types, type_names};
use crate::reader::finish::{self, CutOff};
use crate::reader::row;
use crate::reader::unescape::{self, Style};
use crate::reader::xml::{Content, Kind, Stack, Stop, Tokens};
use crate::reader::{
    Data, Object, Record, Secret, Sink, Value, Wanted, date, flattened, mof, secret, task_sequence,
};
use crate::source::{Span, View};

/// How many references are followed for one record.
const FOLLOWED: usize = 10_000;

/// How many values a record may grow to by following references.
const VALUES: usize = 500_000;

/// Builds values of text that has been checked before: an object that is there as a whole.
pub(super) struct Builder<'a> {
    view: View<'a>,
    /// Where the record starts: references lead to what stands behind this place.
    start: usize,
    types: &'a Types,
    wanted: &'a Wanted,
    /// Objects from elsewhere in the file, in the second run.
    elsewhere: Option<&'a HashMap<Box<str>, Piece>>,
    /// Objects of the record by reference ID, once the first reference was met.
    index: Option<HashMap<&'a str, usize>>,
    /// Where the objects start that are being built.
    open: Vec<usize>,
    /// Whether the value is one of a property that holds names of types.
    names_type: bool,
    /// References that are being followed.
    following: Vec<Box<str>>,
    followed: usize,
    values: usize,
    /// References to objects that are not in the record.
    pub(super) absent: HashSet<Box<str>>,
    /// Credentials, told when the record is handed on.
    secrets: Vec<Span>,
    /// The task sequence of the record.
    sequence: Option<Piece>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        view: View<'a>,
        start: usize,
        types: &'a Types,
        wanted: &'a Wanted,
        elsewhere: Option<&'a HashMap<Box<str>, Piece>>,
    ) -> Self {
        Self {
            view,
            start,
            types,
            wanted,
            elsewhere,
            index: None,
            open: Vec::new(),
            names_type: false,
            following: Vec::new(),
            followed: 0,
            values: 0,
            absent: HashSet::new(),
            secrets: Vec::new(),
            sequence: None,
        }
    }

    /// The record of an object of a wanted class.
    pub(super) fn record(&mut self, range: Range<usize>, properties: &[Property], class: &str) -> Record {
        let wanted = self.wanted.class(class);
        let is_sequence = task_sequence::is_package(class);
        // A credential counts, whatever the tables need of the class; so does what tells who holds it.
        let raw = self.view.text.get(range.clone()).unwrap_or_default();
        let all = secret::mentions(raw.as_bytes());
        let needed = |name: &str| {
            wanted.is_none_or(|wanted| finish::is_wanted(wanted, name))
                || all
                || (is_sequence && task_sequence::PACKAGE.iter().any(|p| p.eq_ignore_ascii_case(name)))
        };
        let needed = |name: &str| !finish::is_left_out(wanted, name) && needed(name);
        let mut object = Object::default();
        let mut copies = Object::default();
        for extended in [false, true] {
            for property in properties.iter().filter(|p| p.extended == extended) {
                let name = property.name.text(self.view.text);
                if name.eq_ignore_ascii_case("PropertyList") {
                    if let Data::Object(list) = self.value_at(property.at).data {
                        copies = list;
                    }
                } else if is_sequence && name.eq_ignore_ascii_case("Sequence") {
                    let value = self.sequence_at(property.at);
                    object.properties.push((name.into(), value));
                } else if needed(&name) {
                    self.names_type = row::may_name_type(&name);
                    let value = self.value_at(property.at);
                    self.names_type = false;
                    object.properties.push((name.into(), value));
                }
            }
        }
        // The provider's own list of names and values stands in for properties that are not there.
        for (name, value) in copies.properties {
            if needed(&name) && object.get(&name).is_none() {
                object.properties.push((name, value));
            }
        }
        Record { class: class.into(), span: self.view.span(range), object }
    }

    /// The value of a task sequence package's `Sequence`: the document is kept to be read behind the record.
    fn sequence_at(&mut self, at: usize) -> Value {
        let mut tokens = Tokens::resume(self.view.text, at, true, Stack::default());
        if tokens.next() == Ok(Kind::Start)
            && matches!(tokens.name(), "S" | "XD")
            && let Ok(content) = tokens.content()
        {
            let text = unescape::mapped(self.view, &content, Style::PowerShell);
            if row::is_document(&text.text) {
                let value = task_sequence::placeholder(self.view.span(content.range()));
                self.sequence = Some(Piece::decoded(text.text.into_owned(), text.offsets));
                return value;
            }
        }
        let value = self.value_at(at);
        match value.data {
            // The document as an object, of which PowerShell writes but a part.
            Data::List(_) | Data::Object(_) => Value { data: Data::Truncated, ..value },
            _ => value,
        }
    }

    /// Hands a record on, without its credentials, and reads the task sequence in it.
    pub(super) fn done(&mut self, mut record: Record, sink: &mut dyn Sink) -> (u64, CutOff) {
        self.tell(sink);
        let sequence = self.sequence.take();
        let joined = flattened::mark_joined(&mut record.object, &record.class, self.wanted);
        let (records, mut cut_off) =
            finish::record(record, self.wanted, sequence.as_ref().map(Piece::view), sink);
        cut_off.joined += joined;
        (records, cut_off)
    }

    /// Tells where credentials stand that are known by their element.
    pub(super) fn tell(&mut self, sink: &mut dyn Sink) {
        for span in self.secrets.drain(..) {
            sink.secret(span);
        }
    }

    /// The value whose tag starts at a place.
    pub(super) fn value_at(&mut self, at: usize) -> Value {
        let mut tokens = Tokens::resume(self.view.text, at, true, Stack::default());
        match tokens.next() {
            Ok(Kind::Start) => self.value(&mut tokens),
            _ => Err(Stop::Syntax),
        }
        .unwrap_or_else(|_| Value { span: self.view.span(at..at), data: Data::Null })
    }

    /// The value whose start tag is the current token.
    fn value(&mut self, tokens: &mut Tokens<'a>) -> Result<Value, Stop> {
        self.values += 1;
        let start = tokens.range().start;
        let (view, name) = (self.view, tokens.name());
        match name {
            "Obj" => {
                self.open.push(start);
                let value = self.complex(tokens);
                self.open.pop();
                return value;
            }
            "Ref" => {
                let id = tokens.attribute("RefId").and_then(|id| view.text.get(id)).unwrap_or_default();
                tokens.skip()?;
                let cut_off = Value { span: view.span(start..tokens.position()), data: Data::Truncated };
                return Ok(self.follow(id).unwrap_or(cut_off));
            }
            "Nil" => {
                tokens.skip()?;
                return Ok(Value { span: view.span(start..tokens.position()), data: Data::Null });
            }
            _ => {}
        }
        let content = tokens.content()?;
        let span = view.span(content.range());
        let text = unescape::plain(view.text, &content, Style::PowerShell);
        let data = match name {
            "B" => match text.trim() {
                "true" | "True" | "1" => Data::Bool(true),
                "false" | "False" | "0" => Data::Bool(false),
                other => Data::Text(other.into()),
            },
            "I16" | "I32" | "I64" | "U16" | "U32" | "U64" | "By" | "SB" | "D" | "Db" | "Sg" => {
                return Ok(Value {
                    span: unescape::trimmed_span(view, &content),
                    data: Data::Number(text.trim().into()),
                });
            }
            "C" => {
                let char = text.trim().parse().ok().and_then(char::from_u32);
                char.map_or_else(|| Data::Text(text.into()), |c| Data::Text(c.to_string().into()))
            }
            "SS" => {
                if text.trim().is_empty() {
                    Data::Secret(Secret::Empty)
                } else {
                    self.secrets.push(span);
                    // Outside of Windows nothing encrypts it.
                    let readable = secret::is_hex_text(&text);
                    Data::Secret(if readable { Secret::Clear } else { Secret::Protected })
                }
            }
            "DT" => Data::Text(date::normal(text.trim()).map_or_else(|| (*text).into(), Into::into)),
            // An element that is not known says nothing.
            _ if !is_text(name) => Data::Null,
            _ => return Ok(self.string(&text, &content, span)),
        };
        Ok(Value { span, data })
    }

    /// The value of a string: what stands for an embedded object is one, a type name is a value cut off.
    fn string(&self, text: &str, content: &Content, span: Span) -> Value {
        // A type name, or what PowerShell prints for an object of its own.
        let printed = text.starts_with("@{") && text.trim_end().ends_with('}');
        if printed || (text.len() < 1 << 20 && !self.names_type && row::is_truncated(text)) {
            return Value { span, data: Data::Truncated };
        }
        if mof::is_instance(text) {
            let mapped = unescape::mapped(self.view, content, Style::PowerShell);
            match mof::parse(mapped.view()) {
                Some(mut values) if values.len() == 1 => {
                    if let Some(value) = values.pop() {
                        return value;
                    }
                }
                Some(values) => return Value { span, data: Data::List(values) },
                None => return Value { span, data: Data::Truncated },
            }
        }
        let date = date::normal(text);
        Value { span, data: Data::Text(date.map_or_else(|| text.into(), Into::into)) }
    }

    /// The object whose start tag is the current token.
    fn complex(&mut self, tokens: &mut Tokens<'a>) -> Result<Value, Stop> {
        let view = self.view;
        let start = tokens.range().start;
        let depth = tokens.depth();
        let mut kind: Option<Arc<Type>> = None;
        let mut shown: Option<(Content, Cow<'a, str>)> = None;
        let mut plain: Option<Value> = None;
        let mut list: Option<Vec<Value>> = None;
        let mut own: Vec<(Box<str>, Value)> = Vec::new();
        let mut extended: Vec<(Box<str>, Value)> = Vec::new();
        let mut class: Option<String> = None;
        let mut is_object = false;
        loop {
            match tokens.next()? {
                Kind::Start => match tokens.name() {
                    "TN" => kind = Some(Arc::new(type_names(tokens, self.wanted)?.1)),
                    "TNRef" => {
                        let id = tokens.attribute("RefId").and_then(|id| view.text.get(id));
                        kind = id.and_then(|id| self.types.get(id)).cloned();
                    }
                    "ToString" => {
                        let content = tokens.content()?;
                        let text = unescape::plain(view.text, &content, Style::PowerShell);
                        shown = Some((content, text));
                    }
                    part @ ("Props" | "MS") => {
                        is_object = true;
                        let into = if part == "MS" { &mut extended } else { &mut own };
                        self.properties(tokens, into, &mut class)?;
                    }
                    "DCT" => {
                        is_object = true;
                        self.dictionary(tokens, &mut own)?;
                    }
                    "LST" | "IE" | "QUE" | "STK" => {
                        let inner = tokens.depth();
                        let items = list.get_or_insert_default();
                        loop {
                            match tokens.next()? {
                                Kind::Start => {
                                    let text = tokens.name() == "S";
                                    let value = self.value(tokens)?;
                                    match value.data {
                                        // Several instances in one string.
                                        Data::List(inner) if text => items.extend(inner),
                                        _ => items.push(value),
                                    }
                                }
                                Kind::End if tokens.depth() < inner => break,
                                Kind::Eof => break,
                                _ => {}
                            }
                        }
                    }
                    _ => plain = Some(self.value(tokens)?),
                },
                Kind::End if tokens.depth() < depth => break,
                Kind::Eof => break,
                _ => {}
            }
        }
        let span = view.span(start..tokens.position());
        let is_enum = kind.as_ref().is_some_and(|kind| kind.is_enum);
        if let (Some((content, text)), Some(Value { data: Data::Number(_), .. })) = (&shown, &plain)
            && (is_enum || !is_object)
            && !text.trim().is_empty()
            && text.trim().parse::<f64>().is_err()
        {
            // The name of an enumeration's value says more than its number.
            let data = Data::Text(text.trim().into());
            return Ok(Value { span: unescape::trimmed_span(view, content), data });
        }
        if let Some(list) = list {
            return Ok(Value { span, data: Data::List(list) });
        }
        if let Some(plain) = plain {
            return Ok(plain);
        }
        if own.is_empty()
            && extended.is_empty()
            && let Some((content, text)) = &shown
        {
            return Ok(self.string(text, content, view.span(content.range())));
        }
        own.append(&mut extended);
        let mut object = Object { class: None, properties: own };
        let named = kind.as_ref().and_then(|kind| kind.name.clone());
        object.class = class
            .map(|class| row::class_name(&class).into())
            .or(named)
            .or_else(|| row::embedded_class(&object).map(Into::into));
        Ok(Value { span, data: Data::Object(object) })
    }

    /// The properties in the `Props` or `MS` tag that is the current token.
    fn properties(
        &mut self,
        tokens: &mut Tokens<'a>,
        into: &mut Vec<(Box<str>, Value)>,
        class: &mut Option<String>,
    ) -> Result<(), Stop> {
        let depth = tokens.depth();
        loop {
            match tokens.next()? {
                Kind::Start => {
                    let Some(range) = tokens.attribute("N") else {
                        tokens.skip()?;
                        continue;
                    };
                    let name = unescape::range(self.view.text, range, Style::PowerShell);
                    if finish::is_noise(&name) {
                        let names_class = ["__CLASS", "SmsProviderObjectPath"]
                            .iter()
                            .any(|n| n.eq_ignore_ascii_case(&name));
                        if names_class && tokens.name() == "S" {
                            let content = tokens.content()?;
                            let text = unescape::plain(self.view.text, &content, Style::PowerShell);
                            *class = Some(text.into_owned()).filter(|text| !text.is_empty());
                        } else {
                            tokens.skip()?;
                        }
                    } else {
                        self.names_type = row::may_name_type(&name);
                        let value = self.value(tokens)?;
                        self.names_type = false;
                        into.push((name.into(), value));
                    }
                }
                Kind::End if tokens.depth() < depth => return Ok(()),
                Kind::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    /// The entries of the `DCT` tag that is the current token. Keys are taken as text.
    fn dictionary(&mut self, tokens: &mut Tokens<'a>, into: &mut Vec<(Box<str>, Value)>) -> Result<(), Stop> {
        let depth = tokens.depth();
        let mut key: Option<String> = None;
        loop {
            match tokens.next()? {
                Kind::Start if tokens.depth() == depth + 2 => {
                    let role = tokens.attribute("N").and_then(|n| self.view.text.get(n));
                    let value = self.value(tokens)?;
                    match role {
                        Some("Key") => key = row::scalar(&value),
                        Some("Value") => {
                            if let Some(key) = key.take() {
                                into.push((key.into(), value));
                            }
                        }
                        _ => {}
                    }
                }
                Kind::End if tokens.depth() < depth => return Ok(()),
                Kind::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    /// The object of a reference ID. None if it is not there, not yet there, or refers to itself.
    fn follow(&mut self, id: &str) -> Option<Value> {
        self.followed += 1;
        let spent = self.followed > FOLLOWED || self.values > VALUES;
        if spent || self.following.len() >= FOLLOW_DEPTH || self.following.iter().any(|f| &**f == id) {
            return None;
        }
        let (text, start) = (self.view.text, self.start);
        let index = self.index.get_or_insert_with(|| index(text, start));
        if let Some(&at) = index.get(id) {
            if self.open.contains(&at) {
                return None;
            }
            self.following.push(id.into());
            let value = self.value_at(at);
            self.following.pop();
            return Some(value);
        }
        let elsewhere = self.elsewhere;
        match elsewhere.and_then(|elsewhere| elsewhere.get(id)) {
            Some(piece) => {
                self.following.push(id.into());
                let view = std::mem::replace(&mut self.view, piece.view());
                let here = (view, self.start, self.index.take(), std::mem::take(&mut self.open));
                self.start = 0;
                let value = self.value_at(0);
                (self.view, self.start, self.index, self.open) = here;
                self.following.pop();
                Some(value)
            }
            None => {
                self.absent.insert(id.into());
                None
            }
        }
    }
}

/// References may lead to references this often.
const FOLLOW_DEPTH: usize = 32;

/// Where the objects of a record start, by reference ID.
fn index(text: &str, start: usize) -> HashMap<&str, usize> {
    let mut index = HashMap::new();
    let mut tokens = Tokens::resume(text, start, true, Stack::default());
    loop {
        match tokens.next() {
            Ok(Kind::Start) if tokens.name() == "Obj" => {
                if let Some(id) = tokens.attribute("RefId").and_then(|id| text.get(id)) {
                    index.insert(id, tokens.range().start);
                }
            }
            Ok(Kind::End) if tokens.depth() == 0 => return index,
            Ok(Kind::Eof) | Err(_) => return index,
            Ok(_) => {}
        }
    }
}

/// Elements whose text is a value.
fn is_text(name: &str) -> bool {
    ["S", "G", "URI", "Version", "XD", "SBK", "TS", "BA", "DT"].contains(&name)
}
