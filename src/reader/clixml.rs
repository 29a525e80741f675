//! PowerShell CLIXML: what `Export-Clixml` and redirected streams write.
//!
//! Every object is looked at once to find its end, its type and the names of its properties. Those of unwanted
//! classes cost no more than that; of the others the wanted properties are built. Lists, dictionaries and custom
//! objects around objects are passed through, so that their members count as records of their own.
//!
//! Type names are kept by their reference IDs over the whole file. References to objects are followed inside the
//! record; a record with a reference to an earlier one is put aside, and [`Later`] holds what a second run needs
//! to build it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use crate::reader::finish::{self, CutOff};
use crate::reader::row::{self, Recogniser};
use crate::reader::stream::{self, Flow, Shape};
use crate::reader::unescape::{self, Style};
use crate::reader::xml::{Content, Kind, Stack, Stop, Tokens};
use crate::reader::{
    Data, Missing, Object, Record, Secret, Sink, Value, Wanted, date, mof, secret, task_sequence,
};
use crate::source::{Offsets, Span, View, Window};

/// An object that is longer than this and not of a wanted class is not taken as a whole: its members are looked at
/// one by one. Bytes of decoded text.
const WHOLE: usize = 8 << 20;

/// Objects without a class may stand in this many others and still be looked for.
const WRAPPERS: usize = 8;

/// How many references are followed for one record.
const FOLLOWED: usize = 10_000;

/// How many values a record may grow to by following references.
const VALUES: usize = 500_000;

/// Text of records that wait for an object they refer to, and of these objects. Bytes.
const WAITING: usize = 32 << 20;

/// What a type name list says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Type {
    class: Class,
    /// The class or type without decoration, for embedded objects.
    name: Option<Box<str>>,
    is_enum: bool,
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

/// A piece of the file kept for the second run.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    text: String,
    offsets: Offsets,
}

impl Piece {
    fn of(view: View<'_>, range: Range<usize>) -> Self {
        Self {
            text: view.text.get(range.clone()).unwrap_or_default().to_owned(),
            offsets: view.offsets.part(view.text, range),
        }
    }

    fn view(&self) -> View<'_> {
        View { text: &self.text, offsets: &self.offsets }
    }
}

/// Records that wait for objects which stand before them in the file.
#[derive(Debug, Default)]
pub(super) struct Later {
    waiting: Vec<(Piece, Box<str>)>,
    /// The reference IDs they wait for.
    wanted: HashSet<Box<str>>,
    bytes: usize,
}

impl Later {
    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Adds what another segment put aside.
    pub(super) fn append(&mut self, mut other: Self) {
        self.waiting.append(&mut other.waiting);
        self.wanted.extend(other.wanted);
    }
}

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
    /// How many objects were met.
    pub(super) records: u64,
    /// How many of them are of a class that is named or recognised.
    pub(super) known: u64,
    /// The values that were cut off.
    pub(super) cut_off: CutOff,
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
            records: 0,
            known: 0,
            cut_off: CutOff::default(),
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
                self.records += 1;
            }
            None if generic && scan.nested && !scan.plain && self.wrappers.len() < WRAPPERS => {
                return self.enter(tokens);
            }
            _ => {
                self.records += 1;
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
        self.records += 1;
        Ok(())
    }

    /// The class of an object: `Some(None)` if it is known not to be wanted, none if nothing tells it.
    fn class(&mut self, scan: &Scan, view: View<'_>) -> Option<Option<Box<str>>> {
        match scan.kind.as_ref().map(|kind| &kind.class) {
            Some(Class::Wanted(class)) => {
                self.known += 1;
                return Some(Some(class.clone()));
            }
            Some(Class::Unwanted) => {
                self.known += 1;
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
            self.known += 1;
            return Some(finish::class(self.wanted, class));
        }
        let class = self.recogniser.class(names.iter().map(|n| &**n), value)?;
        self.known += 1;
        Some(Some(finish::class(self.wanted, class).unwrap_or_else(|| class.into())))
    }

    /// Builds a record.
    fn build(&mut self, start: usize, scan: &Scan, class: &str, view: View<'_>, sink: &mut dyn Sink) {
        let mut builder = Builder::new(view, start, &self.types, self.wanted, None);
        let record = builder.record(start..scan.end, &scan.properties, class);
        if builder.absent.is_empty() || self.later.bytes + (scan.end - start) > WAITING {
            let (records, cut_off) = builder.done(record, sink);
            self.records += records;
            self.cut_off.add(cut_off);
        } else {
            self.later.bytes += scan.end - start;
            self.later.wanted.extend(std::mem::take(&mut builder.absent));
            self.later.waiting.push((Piece::of(view, start..scan.end), class.into()));
        }
    }

    /// Looks through an object of no wanted class for credentials in clear text.
    fn unwanted(&mut self, start: usize, scan: &Scan, view: View<'_>, sink: &mut dyn Sink) {
        let raw = view.text.get(start..scan.end).unwrap_or_default();
        if !secret::names_password(raw.as_bytes()) {
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
        let mut builder = Builder::new(view, start, &self.types, self.wanted, None);
        let raw = view.text.get(content.range()).unwrap_or_default();
        let name = name.map_or(Cow::Borrowed(""), |n| unescape::range(view.text, n, Style::PowerShell));
        if secret::is_secret_name(&name) || secret::names_password(raw.as_bytes()) {
            let value = builder.value_at(start);
            let mut object = Object { class: None, properties: vec![(name.into(), value)] };
            builder.tell(sink);
            finish::credentials(&mut object, "object", sink);
        } else if name.is_empty() && self.passing.is_none() {
            let head = raw.get(..raw.len().min(512)).unwrap_or(raw).trim_start();
            if head.starts_with('<') || head.starts_with("&lt;") {
                let text = unescape::mapped(view, &content, Style::PowerShell);
                if task_sequence::is_document(&text.text) {
                    self.records += task_sequence::read_string(text.view(), None, self.wanted, sink);
                }
            } else if head.get(..8).is_some_and(|h| h.eq_ignore_ascii_case("instance")) {
                let text = unescape::mapped(view, &content, Style::PowerShell);
                for value in mof::parse(text.view()).unwrap_or_default() {
                    self.records += 1;
                    if let Data::Object(mut object) = value.data
                        && let Some(class) = object.class.take()
                    {
                        self.known += 1;
                        match finish::class(self.wanted, &class) {
                            Some(class) => {
                                let record = Record { class, span: value.span, object };
                                self.cut_off.add(finish::record(record, self.wanted, None, sink).1);
                            }
                            None => finish::credentials(&mut object, &class, sink),
                        }
                    }
                }
            }
        }
        Ok(())
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
                    "S" => self.stray(tokens, view, sink)?,
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
        ]
        .contains(&last);
    if generic {
        return Type { class: Class::Generic, name: None, is_enum };
    }
    let class = want(first).or_else(|| want(last)).map_or(Class::Other, Class::Wanted);
    Type { class, name: Some(last.into()), is_enum }
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

/// Builds values of text that has been checked before: an object that is there as a whole.
struct Builder<'a> {
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
    /// References that are being followed.
    following: Vec<Box<str>>,
    followed: usize,
    values: usize,
    /// References to objects that are not in the record.
    absent: HashSet<Box<str>>,
    /// Credentials, told when the record is handed on.
    secrets: Vec<Span>,
    /// The task sequence of the record.
    sequence: Option<Piece>,
}

impl<'a> Builder<'a> {
    fn new(
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
            following: Vec::new(),
            followed: 0,
            values: 0,
            absent: HashSet::new(),
            secrets: Vec::new(),
            sequence: None,
        }
    }

    /// The record of an object of a wanted class.
    fn record(&mut self, range: Range<usize>, properties: &[Property], class: &str) -> Record {
        let wanted = self.wanted.class(class);
        let is_sequence = task_sequence::is_package(class);
        // A credential counts, whatever the tables need of the class; so does what tells who holds it.
        let raw = self.view.text.get(range.clone()).unwrap_or_default();
        let all = secret::mentions(raw.as_bytes());
        let needed = |name: &str| {
            wanted.is_none_or(|wanted| wanted.wants(name))
                || all
                || (is_sequence && task_sequence::PACKAGE.iter().any(|p| p.eq_ignore_ascii_case(name)))
        };
        let needed = |name: &str| !finish::is_noise(name) && needed(name);
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
                    let value = self.value_at(property.at);
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
            && tokens.name() == "S"
            && let Ok(content) = tokens.content()
        {
            let text = unescape::mapped(self.view, &content, Style::PowerShell);
            if task_sequence::is_document(&text.text) {
                let value = task_sequence::placeholder(self.view.span(content.range()));
                self.sequence = Some(Piece { text: text.text.into_owned(), offsets: text.offsets });
                return value;
            }
        }
        self.value_at(at)
    }

    /// Hands a record on, without its credentials, and reads the task sequence in it.
    fn done(&mut self, record: Record, sink: &mut dyn Sink) -> (u64, CutOff) {
        self.tell(sink);
        let sequence = self.sequence.take();
        finish::record(record, self.wanted, sequence.as_ref().map(Piece::view), sink)
    }

    /// Tells where credentials stand that are known by their element.
    fn tell(&mut self, sink: &mut dyn Sink) {
        for span in self.secrets.drain(..) {
            sink.secret(span);
        }
    }

    /// The value whose tag starts at a place.
    fn value_at(&mut self, at: usize) -> Value {
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
                    Data::Secret(Secret::Protected)
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
        if text.len() < 1 << 20 && row::is_truncated(text) {
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
                        let value = self.value(tokens)?;
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

/// Collects objects by reference ID in a second run over the file.
struct Collect {
    ids: HashSet<Box<str>>,
    found: HashMap<Box<str>, Piece>,
    bytes: usize,
}

impl Shape for Collect {
    fn step(&mut self, tokens: &mut Tokens<'_>, view: View<'_>, _: &mut dyn Sink) -> Result<Flow, Stop> {
        match tokens.next()? {
            Kind::Start if tokens.name() == "Obj" => {
                let id = tokens.attribute("RefId").and_then(|id| view.text.get(id));
                if let Some(id) = id.filter(|id| self.ids.contains(*id)) {
                    let start = tokens.range().start;
                    match tokens.element_end() {
                        Err(Stop::Incomplete) if view.text.len() - start > WHOLE => {}
                        Err(stop) => {
                            // The fault is found again where it stands.
                            return if stop == Stop::Incomplete { Err(stop) } else { Ok(Flow::Done) };
                        }
                        Ok(end) => {
                            let range = start..end;
                            if self.bytes + range.len() <= WAITING {
                                self.bytes += range.len();
                                self.found.insert(id.into(), Piece::of(view, range));
                            }
                        }
                    }
                }
                Ok(Flow::More)
            }
            Kind::Eof => Ok(Flow::Done),
            _ => Ok(Flow::More),
        }
    }
}

/// Builds the records that refer to objects elsewhere in the file. `open` gives the text from its beginning, as
/// often as it is asked. What is still not found is cut off.
pub(super) fn resolve(
    later: Later,
    types: Types,
    wanted: &Wanted,
    mut open: impl FnMut() -> Option<Window>,
    sink: &mut dyn Sink,
) -> (u64, CutOff) {
    let mut reader = Clixml::new(wanted, types, &[]);
    let mut found: HashMap<Box<str>, Piece> = HashMap::new();
    let mut tried: HashSet<Box<str>> = HashSet::new();
    let mut ids = later.wanted;
    // An object that is referred to may refer to another one.
    for _ in 0..3 {
        ids.retain(|id| !tried.contains(id));
        if ids.is_empty() {
            break;
        }
        let Some(mut window) = open() else { break };
        tried.extend(ids.iter().cloned());
        let bytes = found.values().map(|piece| piece.text.len()).sum();
        let mut collect = Collect { ids: std::mem::take(&mut ids), found: HashMap::new(), bytes };
        stream::run(&mut window, Stack::default(), false, &mut collect, &mut Nothing);
        found.extend(collect.found);
        for (piece, class) in &later.waiting {
            if let Some((builder, _)) = waiting(&mut reader, piece, class, &found) {
                ids.extend(builder.absent);
            }
        }
    }
    let mut records = 0;
    let mut cut_off = CutOff::default();
    for (piece, class) in &later.waiting {
        if let Some((mut builder, record)) = waiting(&mut reader, piece, class, &found) {
            let (more, cut) = builder.done(record, sink);
            records += more;
            cut_off.add(cut);
        }
    }
    (records, cut_off)
}

fn waiting<'a>(
    reader: &'a mut Clixml<'_>,
    piece: &'a Piece,
    class: &str,
    elsewhere: &'a HashMap<Box<str>, Piece>,
) -> Option<(Builder<'a>, Record)> {
    let mut tokens = Tokens::new(&piece.text);
    tokens.next().ok()?;
    let scan = reader.scan(&mut tokens).ok()?;
    let mut builder = Builder::new(piece.view(), 0, &reader.types, reader.wanted, Some(elsewhere));
    let record = builder.record(0..scan.end, &scan.properties, class);
    Some((builder, record))
}

/// Takes nothing.
pub(super) struct Nothing;

impl Sink for Nothing {
    fn record(&mut self, _: Record) {}
    fn missing(&mut self, _: Option<&str>, _: Missing, _: Span) {}
    fn secret(&mut self, _: Span) {}
}

#[cfg(test)]
mod tests;
