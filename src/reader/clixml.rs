//! PowerShell CLIXML: what `Export-Clixml` and redirected streams write.
//!
//! Every object is looked at once to find its end, its type and the names of its properties. Those of unwanted
//! classes cost no more than that; of the others the wanted properties are built. Lists, dictionaries and custom
//! objects around objects are passed through, so that their members count as records of their own.
//!
//! Type names are kept by their reference IDs over the whole file. References to objects are followed inside the
//! record; a record with a reference to an earlier one is put aside and built in a second run ([`later`]).

mod build;
mod later;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use build::Builder;
pub(super) use later::{Later, resolve};

use crate::reader::finish::{self, Counts};
use crate::reader::row::{self, Recogniser};
use crate::reader::stream::{Flow, Shape};
use crate::reader::unescape::{self, Style};
use crate::reader::xml::{Content, Kind, Stack, Stop, Tokens};
use crate::reader::{Data, Object, Record, Sink, Wanted, json, mof, remarks, secret, task_sequence};
use crate::source::View;

/// An object that is longer than this and not of a wanted class is not taken as a whole: its members are looked at
/// one by one. Bytes of decoded text.
const WHOLE: usize = 8 << 20;

/// Objects without a class may stand in this many others and still be looked for.
const WRAPPERS: usize = 8;

/// What a type name list says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Type {
    class: Class,
    /// The class or type without decoration, for embedded objects.
    name: Option<Box<str>>,
    is_enum: bool,
    /// It is made to display other objects.
    displays: bool,
}

/// Whether a type decides the class of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Class {
    /// Objects of it are records.
    Wanted(Box<str>),
    /// The class is known and no table needs it.
    Unwanted,
    /// A .NET type that is not itself a class of rows; its properties may still be those of a row.
    Other,
    /// A custom object, dictionary or list: anything.
    Generic,
}

/// Types by their reference ID.
pub(super) type Types = HashMap<Box<str>, Arc<Type>>;

/// The reader.
#[derive(Debug)]
pub(super) struct Clixml<'w> {
    wanted: &'w Wanted,
    recogniser: Recogniser<'w>,
    types: Types,
    /// Depths at which the open wrappers stand.
    wrappers: Vec<usize>,
    /// Depth of a large unwanted object that is passed over piece by piece.
    passing: Option<usize>,
    /// What was met.
    pub(super) counts: Counts,
    /// What has to wait.
    later: Later,
}

/// What one look over an object finds.
#[derive(Debug, Default)]
struct Scan {
    end: usize,
    kind: Option<Arc<Type>>,
    properties: Vec<Property>,
    /// Whether other objects stand inside.
    nested: bool,
    /// Whether the object holds a plain value itself.
    plain: bool,
}

/// A property of an object that has been scanned.
#[derive(Debug)]
struct Property {
    name: Name,
    /// Where the tag of its value starts.
    at: usize,
    /// From `MS`: hides one of the same name from `Props`.
    extended: bool,
}

#[derive(Debug)]
enum Name {
    Attribute(Range<usize>),
    Key(Content),
}

impl Name {
    fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self {
            Self::Attribute(range) => unescape::range(text, range.clone(), Style::PowerShell),
            Self::Key(content) => unescape::plain(text, content, Style::PowerShell),
        }
    }
}

impl<'w> Clixml<'w> {
    /// A reader that knows these types from earlier in the file.
    /// `outer` are the elements that are open where it begins.
    pub(super) fn new(wanted: &'w Wanted, types: Types, outer: &[&str]) -> Self {
        let wrappers = (1..).zip(outer).filter(|(_, name)| **name == "Obj").map(|(depth, _)| depth).collect();
        Self {
            wanted,
            recogniser: Recogniser::new(wanted),
            types,
            wrappers,
            passing: None,
            counts: Counts::default(),
            later: Later::default(),
        }
    }

    /// What has to wait, and the types of the whole file.
    pub(super) fn into_later(self) -> (Later, Types) {
        (self.later, self.types)
    }

    /// Reads the type names whose `TN` tag is the current token and keeps them.
    fn type_names(&mut self, tokens: &mut Tokens<'_>) -> Result<Arc<Type>, Stop> {
        let (id, kind) = type_names(tokens, self.wanted)?;
        let kind = Arc::new(kind);
        if let Some(id) = id {
            self.types.insert(id, Arc::clone(&kind));
        }
        Ok(kind)
    }

    /// The type that the current `TNRef` tag refers to.
    fn type_ref(&self, tokens: &Tokens<'_>) -> Option<Arc<Type>> {
        let id = tokens.text().get(tokens.attribute("RefId")?)?;
        self.types.get(id).cloned()
    }

    /// Looks the object over whose start tag is the current token of `tokens`, which stay where they are.
    fn scan(&mut self, tokens: &mut Tokens<'_>) -> Result<Scan, Stop> {
        tokens.look(|ahead| self.scan_ahead(ahead))
    }

    fn scan_ahead(&mut self, tokens: &mut Tokens<'_>) -> Result<Scan, Stop> {
        #[derive(Clone, Copy, PartialEq)]
        enum Part {
            Props,
            Extended,
            Dictionary,
            Other,
        }
        let mut scan = Scan::default();
        let mut part = Part::Other;
        let mut key: Option<Content> = None;
        loop {
            match tokens.next()? {
                Kind::Start => {
                    let name = tokens.name().as_bytes();
                    match tokens.depth() {
                        2 => match name {
                            b"Props" => part = Part::Props,
                            b"MS" => part = Part::Extended,
                            b"DCT" => part = Part::Dictionary,
                            b"TN" => scan.kind = Some(self.type_names(tokens)?),
                            b"TNRef" => scan.kind = self.type_ref(tokens),
                            b"ToString" | b"LST" | b"IE" | b"QUE" | b"STK" => part = Part::Other,
                            _ => {
                                part = Part::Other;
                                scan.plain = true;
                            }
                        },
                        3 if matches!(part, Part::Props | Part::Extended) => {
                            scan.nested |= name == b"Obj";
                            if let Some(name) = tokens.attribute("N") {
                                scan.properties.push(Property {
                                    name: Name::Attribute(name),
                                    at: tokens.range().start,
                                    extended: part == Part::Extended,
                                });
                            }
                        }
                        4 if part == Part::Dictionary => {
                            let role = tokens.attribute("N").and_then(|n| tokens.text().get(n));
                            scan.nested |= name == b"Obj";
                            match role {
                                Some("Key") if name != b"Obj" => key = Some(tokens.content()?),
                                Some("Value") => {
                                    if let Some(key) = key.take() {
                                        let at = tokens.range().start;
                                        scan.properties.push(Property {
                                            name: Name::Key(key),
                                            at,
                                            extended: false,
                                        });
                                    }
                                }
                                _ => {}
                            }
                        }
                        _ => match name {
                            b"TN" => {
                                self.type_names(tokens)?;
                            }
                            b"Obj" => scan.nested = true,
                            _ => {}
                        },
                    }
                }
                Kind::End if tokens.depth() == 0 => {
                    scan.end = tokens.position();
                    return Ok(scan);
                }
                Kind::Eof => {
                    scan.end = tokens.position();
                    return Ok(scan);
                }
                _ => {}
            }
        }
    }

    /// The type of the object that was just started, and whether it is a list.
    fn head(&mut self, tokens: &mut Tokens<'_>) -> Result<(Option<Arc<Type>>, bool), Stop> {
        let mut kind = None;
        loop {
            match tokens.next()? {
                Kind::Start => match tokens.name() {
                    "TN" => kind = Some(self.type_names(tokens)?),
                    "TNRef" => {
                        kind = self.type_ref(tokens);
                        tokens.skip()?;
                    }
                    "ToString" => tokens.skip()?,
                    "LST" | "IE" | "QUE" | "STK" => return Ok((kind, true)),
                    _ => return Ok((kind, false)),
                },
                Kind::Text => {}
                _ => return Ok((kind, false)),
            }
        }
    }

    /// Reads the object whose start tag is the current token.
    fn object(&mut self, tokens: &mut Tokens<'_>, view: View<'_>, sink: &mut dyn Sink) -> Result<(), Stop> {
        let start = tokens.range().start;
        // What stands first tells lists, which are never looked at as a whole.
        let (kind, is_list) = tokens.look(|head| self.head(head))?;
        if is_list {
            // Anything a list says of itself has been passed; its members come with the next steps.
            return self.enter(tokens);
        }
        let undecided = |kind: &Option<Arc<Type>>| {
            kind.as_ref().is_none_or(|kind| matches!(kind.class, Class::Generic | Class::Other))
        };
        let unwanted = kind.as_ref().is_some_and(|kind| kind.class == Class::Unwanted);
        let scan = match self.scan(tokens) {
            Ok(scan) => scan,
            Err(Stop::Incomplete) if view.text.len() - start > WHOLE && (unwanted || undecided(&kind)) => {
                return if unwanted { self.pass(tokens) } else { self.enter(tokens) };
            }
            Err(stop) => return Err(stop),
        };
        if scan.end - start > WHOLE && (unwanted || undecided(&kind)) {
            return if unwanted { self.pass(tokens) } else { self.enter(tokens) };
        }
        let generic = scan.kind.as_ref().is_none_or(|kind| kind.class == Class::Generic);
        match self.class(&scan, view) {
            Some(Some(class)) => {
                self.build(start, &scan, &class, view, sink);
                self.counts.records += 1;
            }
            None if generic && scan.nested && !scan.plain && self.wrappers.len() < WRAPPERS => {
                return self.enter(tokens);
            }
            _ => {
                self.counts.records += 1;
                self.counts.displayed += u64::from(scan.kind.as_ref().is_some_and(|kind| kind.displays));
                if generic && scan.plain {
                    // A text with notes on where it was read.
                    self.counts.texts += 1;
                } else if generic && self.json_inside(&scan, view, sink) {
                    self.counts.records -= 1;
                }
                self.unwanted(start, &scan, view, sink);
            }
        }
        tokens.skip()
    }

    /// Goes on inside of the object whose start tag is the current token.
    fn enter(&mut self, tokens: &Tokens<'_>) -> Result<(), Stop> {
        self.wrappers.push(tokens.depth());
        Ok(())
    }

    /// Passes over the rest of the object whose start tag is the current token, a token at a time.
    fn pass(&mut self, tokens: &Tokens<'_>) -> Result<(), Stop> {
        self.passing = Some(tokens.depth());
        self.counts.records += 1;
        Ok(())
    }

    /// The class of an object: `Some(None)` if it is known not to be wanted, none if nothing tells it.
    fn class(&mut self, scan: &Scan, view: View<'_>) -> Option<Option<Box<str>>> {
        match scan.kind.as_ref().map(|kind| &kind.class) {
            Some(Class::Wanted(class)) => {
                self.counts.known += 1;
                return Some(Some(class.clone()));
            }
            Some(Class::Unwanted) => {
                self.counts.known += 1;
                return Some(None);
            }
            _ => {}
        }
        if scan.properties.is_empty() {
            return None;
        }
        let names: Vec<Cow<'_, str>> = scan.properties.iter().map(|p| p.name.text(view.text)).collect();
        let value = |i: usize| plain_at(view, scan.properties.get(i)?.at);
        if let Some(named) = names_class(&names, value) {
            let class = row::class_name(&named);
            self.counts.known += 1;
            return Some(finish::class(self.wanted, class));
        }
        let class = self.recogniser.class(names.iter().map(|n| &**n), value)?;
        self.counts.known += 1;
        Some(Some(finish::class(self.wanted, class).unwrap_or_else(|| class.into())))
    }

    /// Builds a record.
    fn build(&mut self, start: usize, scan: &Scan, class: &str, view: View<'_>, sink: &mut dyn Sink) {
        let mut builder = Builder::new(view, start, &self.types, self.wanted, None);
        let record = builder.record(start..scan.end, &scan.properties, class);
        if builder.absent.is_empty() {
            let (records, cut_off) = builder.done(record, sink);
            self.counts.records += records;
            self.counts.cut_off.add(cut_off);
        } else {
            self.later.add(record.span.start, class, builder.absent);
        }
    }

    /// Reads the texts of a dictionary or custom object that are JSON. False if there are none.
    fn json_inside(&mut self, scan: &Scan, view: View<'_>, sink: &mut dyn Sink) -> bool {
        let before = self.counts.json;
        for property in &scan.properties {
            let mut tokens = Tokens::resume(view.text, property.at, true, Stack::default());
            if tokens.next() != Ok(Kind::Start) || tokens.name() != "S" {
                continue;
            }
            let Ok(content) = tokens.content() else { continue };
            let raw = view.text.get(content.range()).unwrap_or_default();
            if !raw.trim_start().starts_with(['{', '[']) {
                continue;
            }
            let text = unescape::mapped(view, &content, Style::PowerShell);
            if let Some(counts) = json::read_text(text.view(), self.wanted, sink) {
                self.counts.add(counts);
            }
        }
        self.counts.json > before
    }

    /// Looks through an object of no wanted class for credentials in clear text.
    fn unwanted(&mut self, start: usize, scan: &Scan, view: View<'_>, sink: &mut dyn Sink) {
        let raw = view.text.get(start..scan.end).unwrap_or_default();
        if !secret::mentions(raw.as_bytes()) {
            return;
        }
        let class = match &scan.kind {
            Some(kind) => kind.name.clone().unwrap_or_else(|| "object".into()),
            None => "object".into(),
        };
        let mut builder = Builder::new(view, start, &self.types, self.wanted, None);
        let value = builder.value_at(start);
        if let Data::Object(mut object) = value.data {
            let class = object.class.take().unwrap_or(class);
            builder.tell(sink);
            finish::credentials(&mut object, &class, sink);
        }
    }

    /// A plain value that stands by itself: in a list, or in an object that is passed through.
    fn stray(&mut self, tokens: &mut Tokens<'_>, view: View<'_>, sink: &mut dyn Sink) -> Result<(), Stop> {
        let start = tokens.range().start;
        let name = tokens.attribute("N");
        let content = tokens.content()?;
        if content.range().is_empty() {
            return Ok(());
        }
        let raw = view.text.get(content.range()).unwrap_or_default();
        let name = name.map_or(Cow::Borrowed(""), |n| unescape::range(view.text, n, Style::PowerShell));
        if name.is_empty() && self.passing.is_none() && self.text(&content, view, sink) {
            return Ok(());
        }
        if secret::is_secret_name(&name) || secret::mentions(raw.as_bytes()) {
            let mut builder = Builder::new(view, start, &self.types, self.wanted, None);
            let value = builder.value_at(start);
            let mut object = Object { class: None, properties: vec![(name.into(), value)] };
            builder.tell(sink);
            finish::credentials(&mut object, "object", sink);
        }
        Ok(())
    }

    /// Reads what a text by itself holds: a task sequence, JSON, MOF. False if it holds nothing that is read.
    fn text(&mut self, content: &Content, view: View<'_>, sink: &mut dyn Sink) -> bool {
        let raw = view.text.get(content.range()).unwrap_or_default();
        let head = raw.get(..raw.len().min(512)).unwrap_or(raw).trim_start_matches("_x000D_");
        let head = head.trim_start_matches("_x000A_").trim_start();
        let mapped = || unescape::mapped(view, content, Style::PowerShell);
        if head.starts_with('<') || head.starts_with("&lt;") {
            let text = mapped();
            if row::is_document(&text.text) {
                let records = task_sequence::read_string(text.view(), None, self.wanted, sink);
                self.counts.add(Counts::of(records));
                return true;
            }
        } else if head.starts_with(['{', '[']) {
            let text = mapped();
            if let Some(counts) = json::read_text(text.view(), self.wanted, sink) {
                self.counts.add(counts);
                return true;
            }
        } else if head.get(..8).is_some_and(|h| h.eq_ignore_ascii_case("instance")) {
            let text = mapped();
            let instances = mof::parse(text.view()).unwrap_or_default();
            let any = !instances.is_empty();
            for value in instances {
                self.counts.records += 1;
                if let Data::Object(mut object) = value.data
                    && let Some(class) = object.class.take()
                {
                    self.counts.known += 1;
                    match finish::class(self.wanted, &class) {
                        Some(class) => {
                            let record = Record { class, span: value.span, object };
                            self.counts.cut_off.add(finish::record(record, self.wanted, None, sink).1);
                        }
                        None => finish::credentials(&mut object, &class, sink),
                    }
                }
            }
            if any {
                return true;
            }
        }
        self.counts.texts += 1;
        false
    }
}

impl Shape for Clixml<'_> {
    fn step(&mut self, tokens: &mut Tokens<'_>, view: View<'_>, sink: &mut dyn Sink) -> Result<Flow, Stop> {
        match tokens.next()? {
            Kind::Start => {
                let name = tokens.name();
                match name {
                    "TN" => {
                        self.type_names(tokens)?;
                    }
                    "Obj" if self.passing.is_none() => self.object(tokens, view, sink)?,
                    "S" | "XD" => self.stray(tokens, view, sink)?,
                    _ => {}
                }
                Ok(Flow::More)
            }
            Kind::End => {
                let depth = tokens.depth();
                while self.wrappers.last().is_some_and(|&wrapper| wrapper > depth) {
                    self.wrappers.pop();
                }
                if self.passing.is_some_and(|passing| passing > depth) {
                    self.passing = None;
                }
                Ok(Flow::More)
            }
            Kind::Text | Kind::CData => Ok(Flow::More),
            Kind::Eof => Ok(Flow::Done),
        }
    }
}

/// The class that a property of the object names.
fn names_class(names: &[Cow<'_, str>], value: impl Fn(usize) -> Option<String>) -> Option<String> {
    for property in ["__CLASS", "SmsProviderObjectPath", "CimClass"] {
        let named = names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(property))
            .and_then(&value)
            .filter(|text| !text.trim().is_empty());
        if named.is_some() {
            return named;
        }
    }
    None
}

/// The reference ID and what is known of a type, from the `TN` tag that is the current token.
pub(super) fn type_names(tokens: &mut Tokens<'_>, wanted: &Wanted) -> Result<(Option<Box<str>>, Type), Stop> {
    let text = tokens.text();
    let id = tokens.attribute("RefId").and_then(|range| text.get(range)).map(Into::into);
    let depth = tokens.depth();
    let mut names: Vec<Cow<'_, str>> = Vec::new();
    loop {
        match tokens.next()? {
            Kind::Start if tokens.name() == "T" => {
                let content = tokens.content()?;
                names.push(unescape::plain(text, &content, Style::PowerShell));
            }
            Kind::End if tokens.depth() < depth => break,
            Kind::Eof => break,
            _ => {}
        }
    }
    Ok((id, classify(&names, wanted)))
}

/// What a list of type names says, the most derived first.
fn classify(names: &[Cow<'_, str>], wanted: &Wanted) -> Type {
    let is_enum = names.iter().any(|name| row::class_name(name) == "System.Enum");
    // A name behind `#` is that of the class.
    let decorated = names.iter().find(|name| name.contains('#')).map(|name| row::class_name(name));
    let first = names.first().map(|name| row::class_name(name)).unwrap_or_default();
    let last = first.rsplit(['.', '+']).next().unwrap_or(first);
    let want = |class: &str| finish::class(wanted, class);
    if let Some(class) = decorated.filter(|class| !class.is_empty()) {
        return Type {
            class: want(class).map_or(Class::Unwanted, Class::Wanted),
            name: Some(class.into()),
            is_enum,
            displays: false,
        };
    }
    let generic = first.is_empty()
        || first.contains('[')
        || first.starts_with("System.Collections.")
        || [
            "PSCustomObject",
            "PSObject",
            "Object",
            "ManagementObject",
            "ManagementBaseObject",
            "CimInstance",
            "WqlResultObject",
            "IResultObject",
            "DataRow",
            "GroupInfo",
            "DictionaryEntry",
        ]
        .contains(&last);
    if generic {
        return Type { class: Class::Generic, name: None, is_enum, displays: false };
    }
    let class = want(first).or_else(|| want(last)).map_or(Class::Other, Class::Wanted);
    let displays = first.starts_with(remarks::DISPLAYED_TYPES);
    Type { class, name: Some(last.into()), is_enum, displays }
}

/// The text of a plain value whose tag starts at a place; none for objects.
fn plain_at(view: View<'_>, at: usize) -> Option<String> {
    let mut tokens = Tokens::resume(view.text, at, true, Stack::default());
    if tokens.next() != Ok(Kind::Start) {
        return None;
    }
    match tokens.name() {
        "Nil" | "Ref" | "SS" => None,
        "Obj" => {
            // An enumeration's name or the class object of a CIM instance.
            let depth = tokens.depth();
            loop {
                match tokens.next().ok()? {
                    Kind::Start if tokens.name() == "ToString" && tokens.depth() == depth + 1 => break,
                    Kind::End if tokens.depth() < depth => return None,
                    Kind::Eof => return None,
                    _ => {}
                }
            }
            let content = tokens.content().ok()?;
            Some(unescape::plain(view.text, &content, Style::PowerShell).into_owned())
        }
        _ => {
            let content = tokens.content().ok()?;
            Some(unescape::plain(view.text, &content, Style::PowerShell).into_owned())
        }
    }
}

#[cfg(test)]
mod tests;
