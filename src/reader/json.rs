//! JSON: what PowerShell's `ConvertTo-Json` writes, answers of the AdminService, one object a line; and what
//! collectors for BloodHound write (`sharphound`, [`opengraph`]).
//!
//! The reader goes through lists of rows one row at a time, at the top level and one level down (envelopes,
//! objects of lists), so that memory does not grow with the file. Only an object that is neither an envelope nor
//! a list is read as a whole: it is one row. A list inside of an envelope whose class is named only behind the rows is
//! read by the properties of the rows if it does not fit the window.
//!
//! Huge lists can be read in parts: [`outline`] tells where they may be cut, [`read_part`] reads a part and says
//! whether the cut was right.

mod begin;
mod build;
mod opengraph;
mod parts;
mod rows;
mod sharphound;
mod text;
mod token;

use rows::{LISTS, Rows, Tally, context_class, find, is_class_key, key_class};
use text::decode;
pub(super) use token::{Kind, Scanner, Token};
use token::{Member, Stop};

pub(super) use begin::{begins, begins_in_text, holds_rows};
pub(super) use parts::{Part, Tallied, join, outline, read_part};
pub(super) use rows::read_text;

use crate::reader::{Format, Note, Reading, Sink, Status, Wanted, console, remarks};
use crate::source::{SourceError, Span, View, Window, floor};

/// Reads a whole JSON source.
pub(super) fn read(window: &mut Window, wanted: &Wanted, sink: &mut dyn Sink) -> Reading {
    let mut reader = Reader::new(window, wanted, sink, false);
    let outcome = reader.top_level();
    reader.settle(outcome);
    conclude(reader.rows.tally)
}

/// An object at the top level that is longer than this and not yet at its end is read property by property, whatever
/// they are called. Bytes of decoded text.
const WHOLE: usize = 8 << 20;

/// Why reading stops.
#[derive(Debug)]
enum Halt {
    /// The file ends in the middle of what begins here.
    Broken(Rest),
    /// It is not JSON here.
    Bad(Rest, &'static str),
    /// The source cannot be read on.
    Source(SourceError),
    /// The part ends where the next one begins.
    Cut,
}

/// A character, and the text from there on as far as it is known.
#[derive(Debug, Clone, Copy)]
struct Rest {
    /// In the window's text, as long as that is not advanced.
    at: usize,
    here: Span,
    all: Span,
}

impl Rest {
    fn from(view: View<'_>, at: usize) -> Self {
        let text = view.text;
        let at = floor(text, at);
        let here = text[at..].chars().next().map_or(0, char::len_utf8);
        Self { at, here: view.span(at..at + here), all: view.span(at..text.len()) }
    }
}

impl From<SourceError> for Halt {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

/// How an object at the top level is to be read.
enum Plan {
    /// As a whole.
    Whole(Token),
    /// Property by property, rows of its lists one by one.
    Stream,
    /// As objects of a directory, by their keys.
    SharpHound,
    /// As a graph.
    OpenGraph,
}

struct Reader<'a, 'w> {
    window: &'a mut Window,
    /// The next byte in the window's text.
    pos: usize,
    rows: Rows<'a, 'w>,
    /// The class of the rows at hand, where an envelope tells it.
    class: Option<Box<str>>,
    /// Where the value at the top level begins in the window's text, or where the window begins in it.
    value: usize,
    /// Whether a line feed of that value has left the window.
    lines: bool,
    /// Whether the text is to end between two elements of a list.
    open_end: bool,
}

impl<'a, 'w> Reader<'a, 'w> {
    fn new(window: &'a mut Window, wanted: &'w Wanted, sink: &'a mut dyn Sink, open_end: bool) -> Self {
        Self { window, pos: 0, rows: Rows::new(wanted, sink), class: None, value: 0, lines: false, open_end }
    }

    /// Does something at the next byte, reading on and starting over if the text ends in its middle.
    fn step<T>(&mut self, mut action: impl FnMut(&mut Scanner<'_>) -> Result<T, Stop>) -> Result<T, Halt> {
        let mut last = self.window.at_end();
        loop {
            let mut scanner = Scanner::new(self.window.view().text, self.pos, last);
            match action(&mut scanner) {
                Ok(done) => {
                    self.pos = scanner.at;
                    return Ok(done);
                }
                Err(Stop::More) if !last => {
                    last = self.read_on()?;
                }
                Err(Stop::More) => return Err(Halt::Broken(Rest::from(self.window.view(), self.pos))),
                Err(Stop::Bad(why)) => {
                    return Err(Halt::Bad(Rest::from(self.window.view(), scanner.at), why.text()));
                }
            }
        }
    }

    /// Reads values one behind the other to the end.
    fn top_level(&mut self) -> Result<(), Halt> {
        loop {
            let next = self.step(|s| {
                s.filling();
                match s.peek() {
                    Err(Stop::More) if s.last => Ok(None),
                    other => other.map(Some),
                }
            })?;
            let Some(next) = next else { return Ok(()) };
            if self.rows.tally.values > 0 && self.console(next)? {
                continue;
            }
            (self.value, self.lines) = (self.pos, false);
            let outcome = match next {
                b'{' => self.top_object(),
                b'[' => {
                    self.pos += 1;
                    self.elements(true)
                }
                _ => self.step(|s| s.value()).map(|token| {
                    self.rows.value(self.window.view(), &token, None, 1);
                }),
            };
            match outcome {
                Ok(()) => self.rows.tally.values += 1,
                Err(Halt::Bad(rest, why)) if self.next_line(rest, why)? => {}
                Err(halt) => return Err(halt),
            }
            self.class = None;
        }
    }

    /// Behind a value: passes over what a console left, to a line that begins with an object or list. False if none
    /// of that is here.
    fn console(&mut self, next: u8) -> Result<bool, Halt> {
        let may_be = match next {
            b'{' | b'"' | b'-' | b'0'..=b'9' => false,
            // The prompt of another computer.
            b'[' => self.step(|s| {
                let rest = &s.text[s.at..];
                let head = &rest[..floor(rest, 80)];
                match head.find("]: PS ") {
                    None if head.len() == rest.len() && !head.contains('\n') && !s.last => Err(Stop::More),
                    found => Ok(found.is_some()),
                }
            })?,
            _ => true,
        };
        if !may_be {
            return Ok(false);
        }
        let to_line_end = |s: &mut Scanner<'_>| match memchr::memchr(b'\n', &s.text.as_bytes()[s.at..]) {
            Some(end) => Ok(s.at + end + 1),
            None if s.last => Ok(s.text.len()),
            None => Err(Stop::More),
        };
        let is_console = self.step(|s| {
            let end = to_line_end(s)?;
            Ok(console::is_console(&s.text[s.at..end]))
        })?;
        if !is_console {
            return Ok(false);
        }
        loop {
            self.rows.tally.console += 1;
            let done = self.step(|s| {
                s.at = to_line_end(s)?;
                s.filling();
                match s.peek() {
                    Err(Stop::More) if s.last => Ok(true),
                    Ok(b'{' | b'[') => {
                        let end = to_line_end(s)?;
                        Ok(!console::is_console(&s.text[s.at..end]) && begins(&s.text[s.at..]))
                    }
                    other => other.map(|_| false),
                }
            })?;
            if done {
                return Ok(true);
            }
        }
    }

    /// After a mistake in a line that is to be a value of its own: goes to the next line, if that may be one. False
    /// if this is not a file of lines.
    fn next_line(&mut self, mistake: Rest, why: &'static str) -> Result<bool, Halt> {
        // The value must have begun in the line of the mistake.
        let before = self.window.view().text.as_bytes().get(self.value..mistake.at).unwrap_or_default();
        if self.lines || memchr::memchr(b'\n', before).is_some() {
            return Ok(false);
        }
        self.pos = mistake.at;
        let next = self.step(|s| {
            let rest = &s.text.as_bytes()[s.at..];
            match memchr::memchr(b'\n', rest) {
                Some(end) => s.at += end,
                None if s.last => s.at = s.text.len(),
                None => return Err(Stop::More),
            }
            s.filling();
            match s.peek() {
                Err(Stop::More) if s.last => Ok(None),
                other => other.map(Some),
            }
        })?;
        if !matches!(next, Some(b'{' | b'[')) {
            return Ok(false);
        }
        self.rows.skipped(mistake.here, why);
        Ok(true)
    }

    /// Reads an object at the top level: a row, an envelope, an object of lists, or what a collector wrote.
    fn top_object(&mut self) -> Result<(), Halt> {
        let mut members = Vec::new();
        let wanted = self.rows.wanted;
        let plan = self.step(|s| plan(s, &mut members, wanted))?;
        match plan {
            Plan::Whole(token) => {
                self.rows.tally.error |= is_error(self.window.view().text, &members);
                self.rows.object(self.window.view(), &token, &members, None, 0);
                Ok(())
            }
            Plan::Stream => {
                self.pos += 1;
                self.properties(true)
            }
            Plan::SharpHound => sharphound::read(self),
            Plan::OpenGraph => opengraph::read(self),
        }
    }

    /// Reads the properties of an envelope or of an object of lists, from behind its `{` or (not `first`) behind a
    /// property.
    fn properties(&mut self, mut first: bool) -> Result<(), Halt> {
        loop {
            let Some((key, next)) = self.next_property(first)? else { return Ok(()) };
            first = false;
            let is = |name: &str| key.eq_ignore_ascii_case(name);
            if is("@odata.context") {
                self.rows.tally.envelope = true;
                let token = self.step(|s| s.value())?;
                if token.is_text() {
                    let context = decode(self.window.view().text, &token);
                    self.class = context_class(&context).map(Into::into);
                }
            } else if is("@odata.nextLink") {
                let token = self.step(|s| s.value())?;
                self.rows.more_pages(self.window.view(), &token, self.class.as_deref());
            } else if next == b'[' && LISTS.iter().any(|list| is(list)) {
                self.pos += 1;
                self.elements(true)?;
            } else if matches!(next, b'[' | b'{') && is_class_key(self.rows.wanted, &key) {
                let outer = std::mem::replace(&mut self.class, key_class(&key).map(Into::into));
                if next == b'[' {
                    self.pos += 1;
                    self.elements(true)?;
                } else {
                    let token = self.step(|s| s.value())?;
                    self.rows.value(self.window.view(), &token, self.class.as_deref(), 1);
                }
                self.class = outer;
            } else if next == b'[' && !key.starts_with('@') {
                // A name of its own, with rows of whatever class behind it.
                let outer = self.class.take();
                self.pos += 1;
                self.elements(true)?;
                self.class = outer;
            } else {
                let token = self.step(|s| s.value())?;
                if next == b'{' && !key.starts_with('@') {
                    self.rows.value(self.window.view(), &token, None, 1);
                }
            }
        }
    }

    /// Reads the elements of a list of rows, from behind its `[` (or before its first element).
    fn elements(&mut self, mut first: bool) -> Result<(), Halt> {
        let mut last = self.window.at_end();
        let mut members = Vec::new();
        // Whether an element begins at the next byte.
        let mut ready = false;
        loop {
            let view = self.window.view();
            let mut s = Scanner::new(view.text, self.pos, last);
            let stop = loop {
                if !ready {
                    match s.element(first) {
                        Ok(true) => (ready, self.pos) = (true, s.at),
                        Ok(false) => {
                            self.pos = s.at;
                            if first && let Some(class) = &self.class {
                                self.rows.none(class);
                            }
                            return Ok(());
                        }
                        Err(stop) => break stop,
                    }
                }
                let done = if s.peek() == Ok(b'{') {
                    s.object(&self.rows.shape, &mut members).map(|(token, same)| {
                        self.rows.element(view, &token, &members, same, self.class.as_deref());
                    })
                } else {
                    s.value().map(|token| self.rows.value(view, &token, self.class.as_deref(), 1))
                };
                match done {
                    Ok(()) => (first, ready, self.pos) = (false, false, s.at),
                    Err(stop) => break stop,
                }
            };
            match stop {
                Stop::More if last => {
                    let cut =
                        self.open_end && !ready && !first && s.at == view.text.len() && s.behind_comma();
                    return Err(if cut { Halt::Cut } else { Halt::Broken(Rest::from(view, self.pos)) });
                }
                Stop::More => last = self.read_on()?,
                Stop::Bad(why) => return Err(Halt::Bad(Rest::from(view, s.at), why.text())),
            }
        }
    }

    /// Gets more text behind what is still needed. True if that is the last.
    fn read_on(&mut self) -> Result<bool, Halt> {
        let leaving = &self.window.view().text.as_bytes()[self.value.min(self.pos)..self.pos];
        self.lines = self.lines || memchr::memchr(b'\n', leaving).is_some();
        let more = self.window.advance(self.pos)?;
        (self.pos, self.value) = (0, 0);
        Ok(!more || self.window.at_end())
    }

    /// Reads on from before a row of a list, which stands in an object or not, to the end of the source.
    fn rest_of_list(&mut self, in_object: bool) -> Result<(), Halt> {
        self.elements(true)?;
        if in_object {
            self.properties(false)?;
        }
        self.rows.tally.values += 1;
        self.class = None;
        self.top_level()
    }

    /// Takes the elements of a list one by one, from behind its `[`; the objects among them are handed to `each`,
    /// with their properties.
    fn objects(
        &mut self,
        mut each: impl FnMut(&mut Rows<'_, '_>, View<'_>, &Token, &[Member]),
    ) -> Result<(), Halt> {
        let shape = token::Shape::default();
        let mut members = Vec::new();
        let mut first = true;
        loop {
            let next = self.step(|s| {
                if !s.element(first)? {
                    return Ok(None);
                }
                if s.peek()? == b'{' {
                    s.object(&shape, &mut members).map(|(token, _)| Some(Some(token)))
                } else {
                    s.value().map(|_| Some(None))
                }
            })?;
            match next {
                Some(Some(token)) => each(&mut self.rows, self.window.view(), &token, &members),
                Some(None) => {}
                None => return Ok(()),
            }
            first = false;
        }
    }

    /// Takes the next property of an object up to its value: its name and how the value begins. None if the object
    /// ends.
    fn next_property(&mut self, first: bool) -> Result<Option<(String, u8)>, Halt> {
        self.step(|s| {
            let Some(key) = s.member(first)? else { return Ok(None) };
            Ok(Some((decode(s.text, &key).into_owned(), s.peek()?)))
        })
    }

    /// Notes why reading stopped.
    fn settle(&mut self, outcome: Result<(), Halt>) {
        let class = self.class.as_deref();
        let (rest, why) = match outcome {
            Ok(()) | Err(Halt::Cut) => return,
            Err(Halt::Broken(rest)) => {
                (rest, "the file ends in the middle of what begins here; export it again".to_owned())
            }
            Err(Halt::Bad(rest, why)) => (rest, format!("not valid JSON: {why}")),
            Err(Halt::Source(error)) => (Rest::from(self.window.view(), self.pos), error.to_string()),
        };
        self.rows.broken(rest.here, rest.all, class, why);
    }
}

/// Looks at an object at the top level until it is clear how to read it. Leaves the scanner where it was unless the
/// object is read as a whole.
fn plan(s: &mut Scanner<'_>, members: &mut Vec<Member>, wanted: &Wanted) -> Result<Plan, Stop> {
    let start = s.at;
    let mut list = false;
    let plan = look(s, members, wanted, &mut list);
    match plan {
        Ok(Plan::Whole(_)) => plan,
        Ok(_) => {
            s.at = start;
            plan
        }
        // What can be had of a list of rows is had, even if it is larger than the window or breaks off.
        Err(stop) if list && (start == 0 || s.last || stop != Stop::More) || s.text.len() - start > WHOLE => {
            s.at = start;
            Ok(Plan::Stream)
        }
        Err(_) => plan,
    }
}

/// [`plan`], without a thought to where the scanner is left. `rows` says whether a list of rows was met.
fn look(
    s: &mut Scanner<'_>,
    members: &mut Vec<Member>,
    wanted: &Wanted,
    rows: &mut bool,
) -> Result<Plan, Stop> {
    members.clear();
    let start = s.at;
    let text = s.text;
    s.at += 1;
    while let Some(key) = s.member(members.is_empty())? {
        let name = &text[key.inner()];
        let next = s.peek()?;
        let list = next == b'[' && LISTS.iter().any(|list| name.eq_ignore_ascii_case(list));
        if next == b'{' && name == "graph" {
            let mut ahead = *s;
            ahead.at += 1;
            if let Some(inner) = ahead.member(true)?
                && matches!(&text[inner.inner()], "nodes" | "edges")
            {
                return Ok(Plan::OpenGraph);
            }
        }
        if name == "data" && next == b'[' {
            if sharphound(text, members) || sharphound_rows(text, s.at) {
                return Ok(Plan::SharpHound);
            }
            if !s.last && text.len() < s.at + SHARPHOUND_HEAD {
                return Err(Stop::More);
            }
        }
        let stream =
            list && name.eq_ignore_ascii_case("value") && find(text, members, "@odata.context").is_some()
                || matches!(next, b'[' | b'{')
                    && is_class_key(wanted, name)
                    && build::named_class(text, members, false).is_none();
        if stream {
            return Ok(Plan::Stream);
        }
        *rows |= list && holds_objects(text, s.at);
        let value = s.value()?;
        members.push(Member { key, value });
    }
    if sharphound(text, members) && find(text, members, "data").is_some() {
        return Ok(Plan::SharpHound);
    }
    Ok(Plan::Whole(Token { kind: Kind::Object, range: start..s.at }))
}

/// Whether an object is what a service answers when it has no rows to give.
fn is_error(text: &str, members: &[Member]) -> bool {
    let error = find(text, members, "error").or_else(|| find(text, members, "odata.error"));
    error.is_some_and(|error| {
        let inner = token::members(text, error.value.range.start);
        error.value.kind == Kind::Object
            && ["code", "message"].iter().any(|name| find(text, &inner, name).is_some())
    }) || find(text, members, "Message").is_some()
        && ["ExceptionMessage", "ExceptionType", "MessageDetail"]
            .iter()
            .any(|n| find(text, members, n).is_some())
}

/// Whether the first element of the list at `at` is an object.
fn holds_objects(text: &str, at: usize) -> bool {
    text[at + 1..].trim_start().starts_with('{')
}

/// Whether there is a `meta` with a `type` and a `count` or `methods`.
fn sharphound(text: &str, members: &[Member]) -> bool {
    let Some(meta) = find(text, members, "meta").filter(|m| m.value.kind == Kind::Object) else {
        return false;
    };
    let inner = token::members(text, meta.value.range.start);
    find(text, &inner, "type").is_some()
        && ["methods", "count", "version"].iter().any(|name| find(text, &inner, name).is_some())
}

/// How much of a list is looked at to tell whether it is SharpHound's: its first object can be long.
const SHARPHOUND_HEAD: usize = 256 << 10;

/// Whether the first rows of the list at `at` look like SharpHound's.
fn sharphound_rows(text: &str, at: usize) -> bool {
    let end = floor(text, at + SHARPHOUND_HEAD);
    let head = &text.as_bytes()[at..end];
    let marks = ["\"ObjectIdentifier\"", "\"Aces\"", "\"PrincipalSID\"", "\"IsACLProtected\""];
    marks.iter().filter(|mark| memchr::memmem::find(head, mark.as_bytes()).is_some()).count() >= 2
}

/// What is to be said of a file of which that was met.
fn conclude(mut tally: Tally) -> Reading {
    let format = if let Some(format) = tally.format {
        format
    } else if tally.envelope {
        Format::AdminService
    } else if tally.values > 1 {
        Format::Ndjson
    } else {
        Format::Json
    };
    if tally.console > 0 {
        let lines = match tally.console {
            1 => "a line of the console behind an export is".to_owned(),
            lines => format!("{lines} lines of the console behind an export are"),
        };
        tally.notes.push(Note { text: format!("{lines} left out"), span: None });
    }
    if tally.json > 0 {
        tally.notes.push(Note { text: remarks::json_in_text(tally.json), span: None });
    }
    if let Some(span) = tally.cut_off.first {
        let values = if tally.cut_off.values == 1 {
            "a value is".to_owned()
        } else {
            format!("{} values are", tally.cut_off.values)
        };
        let text = if format == Format::SharpHound {
            let lists = if tally.cut_off.values == 1 {
                "a list was".into()
            } else {
                format!("{} lists were", tally.cut_off.values)
            };
            format!(
                "{lists} not collected, the first one here; run the collector with local groups and user rights"
            )
        } else {
            format!(
                "{values} cut off at the depth of the export, the first one here; export again with ConvertTo-Json -Depth 10"
            )
        };
        tally.notes.push(Note { text, span: Some(span) });
    }
    let mut reading =
        Reading { format: Some(format), records: tally.records, status: Status::Read, notes: tally.notes };
    let read_something = tally.known > 0 || tally.envelope;
    if tally.broken {
        reading.status =
            if tally.records > 0 || tally.envelope { Status::Partial } else { Status::Unreadable };
    } else if tally.records > 0 && !read_something {
        reading.format = None;
        reading.status = Status::Unrecognised;
        let objects = if tally.records == 1 { "its object" } else { "none of its objects" };
        let not = if tally.records == 1 { " not" } else { "" };
        let text = if tally.error {
            "an error answer of the service, no export; ask it again and save the rows it then gives"
                .to_owned()
        } else if tally.displayed > 0 {
            remarks::displayed()
        } else {
            format!(
                "JSON, but {objects} is{not} of a class that cmlint knows; only passwords in clear text are looked for in it"
            )
        };
        reading.notes.push(Note { text, span: None });
    } else if tally.values > 0 && tally.records == 0 && !tally.envelope {
        let text =
            if tally.texts > 0 { remarks::texts(tally.texts) } else { "there are no rows in it".to_owned() };
        reading.notes.push(Note { text, span: None });
    }
    reading
}

#[cfg(test)]
mod tests;
