//! Records that refer to objects which stand elsewhere in the file, built in a second run.
//!
//! Of such records only the places are kept. The second run first collects the objects they refer to, and those that
//! these refer to, then builds the records. Files without such references, nearly all, are read once.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::build::Builder;
use super::{Clixml, Types, WHOLE};
use crate::reader::finish::CutOff;
use crate::reader::stream::{self, Flow, Shape};
use crate::reader::xml::{Kind, Stack, Stop, Tokens};
use crate::reader::{Missing, Record, Sink, Wanted};
use crate::source::{Offsets, Span, View, Window};

/// Text of objects that are referred to, in bytes. What is beyond counts as not found.
const COLLECTED: usize = 32 << 20;

/// How often an object that is referred to may itself refer to one elsewhere.
const ROUNDS: usize = 3;

/// An object kept for the second run.
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

    /// A text that was decoded, with the way back.
    pub(super) fn decoded(text: String, offsets: Offsets) -> Self {
        Self { text, offsets }
    }

    pub(super) fn view(&self) -> View<'_> {
        View { text: &self.text, offsets: &self.offsets }
    }
}

/// Records that wait for objects elsewhere in the file.
#[derive(Debug, Default)]
pub(in crate::reader) struct Later {
    /// Where they start, and their classes.
    waiting: HashMap<u64, Box<str>>,
    /// The reference IDs they wait for.
    wanted: HashSet<Box<str>>,
}

impl Later {
    /// Whether nothing waits.
    pub(in crate::reader) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Adds what another segment put aside.
    pub(in crate::reader) fn append(&mut self, other: Self) {
        self.waiting.extend(other.waiting);
        self.wanted.extend(other.wanted);
    }

    /// Puts a record aside.
    pub(super) fn add(&mut self, start: u64, class: &str, wanted: HashSet<Box<str>>) {
        self.waiting.insert(start, class.into());
        self.wanted.extend(wanted);
    }
}

/// Builds the records that refer to objects elsewhere in the file, in the order of the file. `open` gives the text from
/// its beginning, as often as it is asked. What is not found is cut off.
pub(in crate::reader) fn resolve(
    later: Later,
    types: Types,
    wanted: &Wanted,
    mut open: impl FnMut() -> Option<Window>,
    sink: &mut dyn Sink,
) -> (u64, CutOff) {
    let mut found: HashMap<Box<str>, Piece> = HashMap::new();
    let mut tried: HashSet<Box<str>> = HashSet::new();
    let mut ids = later.wanted;
    for _ in 0..ROUNDS {
        ids.retain(|id| !tried.contains(id));
        if ids.is_empty() {
            break;
        }
        let Some(mut window) = open() else { break };
        tried.extend(ids.iter().cloned());
        let bytes = found.values().map(|piece| piece.text.len()).sum();
        let mut collect = Collect { ids, found: HashMap::new(), bytes };
        stream::run(&mut window, Stack::default(), false, &mut collect, &mut Nothing);
        ids = collect.found.values().flat_map(|piece| references(&piece.text)).collect();
        found.extend(collect.found);
    }
    let reader = Clixml::new(wanted, types, &[]);
    let mut build =
        Build { reader, waiting: &later.waiting, found: &found, records: 0, cut_off: CutOff::default() };
    if let Some(mut window) = open() {
        stream::run(&mut window, Stack::default(), false, &mut build, sink);
    }
    (build.records, build.cut_off)
}

/// The reference IDs that an object refers to and does not hold itself.
fn references(text: &str) -> HashSet<Box<str>> {
    let (mut own, mut others) = (HashSet::new(), HashSet::new());
    let mut tokens = Tokens::new(text);
    while let Ok(kind) = tokens.next() {
        let set = match kind {
            Kind::Start if tokens.name() == "Obj" => &mut own,
            Kind::Start if tokens.name() == "Ref" => &mut others,
            Kind::Eof => break,
            _ => continue,
        };
        set.extend(tokens.attribute("RefId").and_then(|id| text.get(id)).map(Box::from));
    }
    others.retain(|id| !own.contains(id));
    others
}

/// Collects objects by reference ID.
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
                        // The fault has been told in the first run.
                        Err(Stop::Syntax) => return Ok(Flow::Done),
                        Err(Stop::Incomplete) => return Err(Stop::Incomplete),
                        Ok(end) if end - start > WHOLE || self.bytes + (end - start) > COLLECTED => {}
                        Ok(end) => {
                            self.bytes += end - start;
                            self.found.insert(id.into(), Piece::of(view, start..end));
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

/// Builds the records that wait.
struct Build<'w, 'l> {
    reader: Clixml<'w>,
    waiting: &'l HashMap<u64, Box<str>>,
    found: &'l HashMap<Box<str>, Piece>,
    records: u64,
    cut_off: CutOff,
}

impl Shape for Build<'_, '_> {
    fn step(&mut self, tokens: &mut Tokens<'_>, view: View<'_>, sink: &mut dyn Sink) -> Result<Flow, Stop> {
        match tokens.next()? {
            Kind::Start if tokens.name() == "Obj" => {
                let start = tokens.range().start;
                let place = view.span(start..start).start;
                let Some(class) = self.waiting.get(&place) else { return Ok(Flow::More) };
                let scan = self.reader.scan(tokens)?;
                let (types, wanted) = (&self.reader.types, self.reader.wanted);
                let mut builder = Builder::new(view, start, types, wanted, Some(self.found));
                let record = builder.record(start..scan.end, &scan.properties, class);
                let (records, cut_off) = builder.done(record, sink);
                self.records += records;
                self.cut_off.add(cut_off);
                tokens.skip()?;
                Ok(Flow::More)
            }
            Kind::Eof => Ok(Flow::Done),
            _ => Ok(Flow::More),
        }
    }
}

/// Takes nothing.
struct Nothing;

impl Sink for Nothing {
    fn record(&mut self, _: Record) {}
    fn missing(&mut self, _: Option<&str>, _: Missing, _: Span) {}
    fn secret(&mut self, _: Span) {}
}
