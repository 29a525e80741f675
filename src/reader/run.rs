//! Reads one source: recognises its shape, runs the reader for it, and says what became of it.

use crate::reader::answer_file::AnswerFile;
use crate::reader::cim_xml::CimXml;
use crate::reader::client_policy::ClientPolicy;
use crate::reader::clixml::{Clixml, Types};
use crate::reader::convert_to_xml::ConvertToXml;
use crate::reader::finish::{self, Counts};
use crate::reader::gpo_report::GpoReport;
use crate::reader::job::{Job, conclude};
use crate::reader::recognise::{self, Shape};
use crate::reader::security_roles::SecurityRoles;
use crate::reader::stream::{self, Ended};
use crate::reader::xml::{Kind, Stack, Tokens};
use crate::reader::{
    Data, Fault, Format, Missing, Note, Options, Reading, Record, Sink, Status, Value, Wanted, inf, json,
    mof, segments, settings, task_sequence,
};
use crate::source::{Damage, Source, SourceError, Span, View, Window, floor};

/// See [`crate::reader::read`].
pub(super) fn read<S: Sink + Send>(
    source: &Source,
    wanted: &Wanted,
    options: &Options,
    make: &(impl Fn() -> S + Sync),
) -> (Reading, Vec<S>) {
    let bytes = match source.bytes() {
        Ok(bytes) => bytes,
        Err(error) => return (unreadable(error.to_string(), None), Vec::new()),
    };
    let mut head = [0; 512];
    let length = bytes.read_at(0, &mut head).unwrap_or_default();
    match recognise::utf_32(&head[..length]) {
        Some('{' | '[' | '<') => return (unreadable(UTF_32.into(), None), Vec::new()),
        Some(_) => return (unrecognised(UTF_32.into()), Vec::new()),
        None => {}
    }
    if let Some(what) = recognise::binary(&head[..length]) {
        return (unrecognised(what.to_owned()), Vec::new());
    }
    let encoding = bytes.note().map(|text| Note { text: text.to_owned(), span: None });
    let job = Job { bytes, wanted, options };
    let (mut reading, sinks) = match job.read(make) {
        Ok(done) => done,
        Err(error) => (unreadable(error.to_string(), None), Vec::new()),
    };
    // Of what is no export the encoding says nothing.
    if reading.status != Status::Unrecognised {
        reading.notes.extend(encoding);
    }
    (reading, sinks)
}

/// What is said of a text that is not decoded.
const UTF_32: &str =
    "text in UTF-32, which is not read; write it in UTF-8, in PowerShell with `Out-File -Encoding utf8`";

fn unrecognised(text: String) -> Reading {
    let notes = vec![Note { text, span: None }];
    Reading { format: None, records: 0, status: Status::Unrecognised, notes }
}

fn unreadable(text: String, span: Option<Span>) -> Reading {
    Reading { format: None, records: 0, status: Status::Unreadable, notes: vec![Note { text, span }] }
}

impl Job<'_> {
    fn read<S: Sink + Send>(&self, make: &(impl Fn() -> S + Sync)) -> Result<(Reading, Vec<S>), SourceError> {
        let mut window = self.bytes.window(0, None)?;
        let mut before = None;
        let shape = loop {
            match recognise::shape(window.view().text, window.at_end()) {
                Shape::More => {
                    window.advance(0)?;
                }
                Shape::Behind(preamble) => {
                    window.advance(preamble.at)?;
                    before = Some(preamble);
                }
                shape => break shape,
            }
        };
        let (mut reading, sinks) = self.read_shape(window, shape, before.is_some(), make)?;
        reading.notes.extend(before.map(|preamble| Note { text: preamble.note(), span: None }));
        Ok((reading, sinks))
    }

    /// Reads a source of that shape from the window on, which begins `behind` something else or at the beginning.
    fn read_shape<S: Sink + Send>(
        &self,
        mut window: Window,
        shape: Shape,
        behind: bool,
        make: &(impl Fn() -> S + Sync),
    ) -> Result<(Reading, Vec<S>), SourceError> {
        match shape {
            Shape::Clixml(skip) => return self.clixml(window, skip, behind, make),
            Shape::Json => return self.json(window, behind, make),
            _ => {}
        }
        let mut sink = make();
        let mut reading = if doctype(window.view()).is_some() {
            let mut through = Undefined { sink: &mut sink, values: 0, first: None };
            let mut reading = self.shaped(&mut window, shape, &mut through)?;
            through.note(&mut reading);
            reading
        } else {
            self.shaped(&mut window, shape, &mut sink)?
        };
        note_damage(&mut reading, window.damage());
        Ok((reading, vec![sink]))
    }

    /// Reads a source of a shape that is not divided.
    fn shaped(&self, window: &mut Window, shape: Shape, sink: &mut dyn Sink) -> Result<Reading, SourceError> {
        Ok(match shape {
            Shape::Mof => mof_file(window, self.wanted, sink)?,
            Shape::ConvertToXml => {
                let mut reader = ConvertToXml::new(self.wanted);
                let ended = run(window, &mut reader, sink);
                conclude(Format::ConvertToXml, &reader.counts, ended, sink)
            }
            Shape::CimXml => {
                let mut reader = CimXml::new(self.wanted);
                let ended = run(window, &mut reader, sink);
                // A list of references that lists nothing is a part of an export like any other.
                let nothing = reader.records == 0 && ended.fault.is_none();
                let format = if nothing { Format::ExportPart } else { Format::CimXml };
                let counts = Counts { cut_off: reader.cut_off, ..Counts::of(reader.records) };
                conclude(format, &counts, ended, sink)
            }
            Shape::SecurityRoles => {
                let mut reader = SecurityRoles::default();
                let ended = run(window, &mut reader, sink);
                conclude(Format::SecurityRoles, &Counts::of(reader.records), ended, sink)
            }
            Shape::ClientPolicy => {
                let mut reader = ClientPolicy::new(self.wanted);
                let mut ended = run(window, &mut reader, sink);
                let mut cut = None;
                if reader.records > 0 {
                    cut = ended.fault.take_if(|fault| fault.ends);
                }
                let mut reading = conclude(Format::ClientPolicy, &Counts::of(reader.records), ended, sink);
                if let Some(fault) = cut {
                    let text = format!("the policy is cut off, as downloaded ones often are: {}", fault.text);
                    reading.notes.push(Note { text, span: Some(fault.span) });
                }
                reading
            }
            Shape::SecurityTemplate => {
                let done = inf::read(window, self.wanted, sink);
                let ended = Ended { fault: done.fault, stack: Stack::default(), at: 0, doctype: None };
                let counts = Counts::of(done.records);
                let mut reading = conclude(Format::SecurityTemplate, &counts, ended, sink);
                reading.notes.extend(done.notes);
                reading
            }
            Shape::GpoReport => {
                let mut reader = GpoReport::new(self.wanted);
                let ended = run(window, &mut reader, sink);
                reader.finish(sink);
                let format = if reader.is_rsop { Format::Rsop } else { Format::GpoReport };
                conclude(format, &Counts::of(reader.records), ended, sink)
            }
            Shape::TaskSequence => task_sequence_file(window, self.wanted, sink)?,
            Shape::ExportPart => {
                let ended = run(window, &mut Nothing, sink);
                conclude(Format::ExportPart, &Counts::of(0), ended, sink)
            }
            Shape::Settings => {
                let done = settings::read(window, sink);
                for_credentials(Format::Settings, done.named, done.fault, "settings, no export", sink)
            }
            Shape::Registry => {
                let done = settings::read_registry(window, sink);
                for_credentials(Format::Registry, done.named, done.fault, REGISTRY, sink)
            }
            Shape::AnswerFile => {
                let mut reader = AnswerFile::default();
                let ended = run(window, &mut reader, sink);
                for_credentials(Format::AnswerFile, reader.named, ended.fault, ANSWER_FILE, sink)
            }
            Shape::Other(text) => unrecognised(text),
            Shape::Broken(syntax) => {
                let span = window.view().span(syntax.at);
                unreadable(format!("not well-formed XML: {}", syntax.text), Some(span))
            }
            // Not given at the end of the text.
            Shape::More => unreadable("the file is empty".into(), None),
            // Read elsewhere, in stretches.
            Shape::Clixml(_) | Shape::Json | Shape::Behind(_) => {
                unreadable("it cannot be read in one piece".into(), None)
            }
        })
    }

    fn clixml<S: Sink + Send>(
        &self,
        mut window: Window,
        skip: usize,
        behind: bool,
        make: &(impl Fn() -> S + Sync),
    ) -> Result<(Reading, Vec<S>), SourceError> {
        // Objects that are referred to are looked for from here on.
        let from = window.view().offsets.file(window.view().text, 0);
        let divided = if behind { None } else { segments::clixml(self, &window, skip, make) };
        if let Some((mut reading, sinks, damaged)) = divided {
            note_damage(&mut reading, damaged);
            return Ok((reading, sinks));
        }
        window.advance(skip)?;
        let mut sink = make();
        let mut reader = Clixml::new(self.wanted, Types::default(), &[]);
        let ended = run(&mut window, &mut reader, &mut sink);
        let mut counts = reader.counts;
        let mut sinks = vec![sink];
        let (later, types) = reader.into_later();
        if !later.is_empty() {
            sinks.push(self.resolve(later, types, from, skip, &mut counts, make));
        }
        let mut reading = conclude(Format::Clixml, &counts, ended, &mut sinks[0]);
        note_damage(&mut reading, window.damage());
        Ok((reading, sinks))
    }

    fn json<S: Sink + Send>(
        &self,
        mut window: Window,
        behind: bool,
        make: &(impl Fn() -> S + Sync),
    ) -> Result<(Reading, Vec<S>), SourceError> {
        let divided = if behind { None } else { segments::json(self, &window, make) };
        let (mut reading, sinks, damaged) = match divided {
            Some(done) => done,
            None => {
                let mut sink = make();
                let reading = json::read(&mut window, self.wanted, &mut sink);
                (reading, vec![sink], window.damage())
            }
        };
        note_damage(&mut reading, damaged);
        Ok((reading, sinks))
    }
}

fn run(window: &mut Window, reader: &mut dyn stream::Shape, sink: &mut dyn Sink) -> Ended {
    stream::run(window, Stack::default(), false, reader, sink)
}

/// What exported registry keys are, and where the tables have theirs from.
const REGISTRY: &str =
    "exported registry keys, no export; `secedit /export` writes user rights, `cmlint collect` the rest";

/// What `unattend.xml` is.
const ANSWER_FILE: &str = "an answer file of Windows Setup, no export";

/// What became of a source that is read for credentials alone: where it names none, it is no input.
fn for_credentials(
    format: Format,
    named: u64,
    fault: Option<Fault>,
    what: &str,
    sink: &mut dyn Sink,
) -> Reading {
    if named == 0 {
        return unrecognised(format!("{what}: read for passwords alone, and it names none"));
    }
    let ended = Ended { fault, stack: Stack::default(), at: 0, doctype: None };
    conclude(format, &Counts::of(named), ended, sink)
}

/// Reads a task sequence document as a whole.
fn task_sequence_file(
    window: &mut Window,
    wanted: &Wanted,
    sink: &mut dyn Sink,
) -> Result<Reading, SourceError> {
    while !window.at_end() {
        window.advance(0)?;
    }
    let view = window.view();
    let mut counted = Counted { sink, records: 0 };
    let fault = task_sequence::read(view, None, wanted, &mut counted).err();
    let records = counted.records;
    let ended = Ended { fault, stack: Stack::default(), at: 0, doctype: doctype(view) };
    Ok(conclude(Format::TaskSequence, &Counts::of(records), ended, sink))
}

/// Reads the instances of a MOF file.
fn mof_file(window: &mut Window, wanted: &Wanted, sink: &mut dyn Sink) -> Result<Reading, SourceError> {
    let mut counts = Counts::default();
    let mut fault = None;
    let mut at = 0;
    'windows: loop {
        let (view, last) = (window.view(), window.at_end());
        loop {
            let start = match mof::next_instance(view.text, &mut at, last) {
                Ok(true) => at,
                Ok(false) if last => break 'windows,
                Err(mof::Stop::More) if last => {
                    let span = view.span(at..view.text.len());
                    fault = Some(Fault {
                        text: "the file ends where an instance may begin".into(),
                        span,
                        ends: true,
                    });
                    break 'windows;
                }
                Ok(false) | Err(mof::Stop::More) => break,
                Err(mof::Stop::Bad { at, why }) => {
                    fault = Some(mof_fault(view, at, why));
                    break 'windows;
                }
            };
            match mof::instance_at(view, start) {
                Ok((value, end)) => {
                    at = end;
                    counts.records += 1;
                    counts.known += 1;
                    if let Data::Object(mut object) = value.data {
                        let class = object.class.take().unwrap_or_default();
                        match finish::class(wanted, &class) {
                            Some(class) => {
                                let record = Record { class, span: value.span, object };
                                counts.cut_off.add(finish::record(record, wanted, None, sink).1);
                            }
                            None => finish::credentials(&mut object, &class, sink),
                        }
                    }
                }
                Err(mof::Stop::More) if !last => {
                    at = start;
                    break;
                }
                Err(mof::Stop::More) => {
                    let span = view.span(start..view.text.len());
                    fault = Some(Fault { text: "the file ends inside an instance".into(), span, ends: true });
                    break 'windows;
                }
                Err(mof::Stop::Bad { at, why }) => {
                    fault = Some(mof_fault(view, at, why));
                    break 'windows;
                }
            }
        }
        window.advance(at)?;
        at = 0;
    }
    let ended = Ended { fault, stack: Stack::default(), at: 0, doctype: None };
    Ok(conclude(Format::Mof, &counts, ended, sink))
}

fn mof_fault(view: View<'_>, at: usize, why: &str) -> Fault {
    let at = floor(view.text, at);
    let end = view.text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
    Fault { text: format!("not valid MOF: {why}"), span: view.span(at..end), ends: false }
}

/// The document type declaration at the beginning of a text.
fn doctype(view: View<'_>) -> Option<Span> {
    let mut tokens = Tokens::new(view.text);
    while !matches!(tokens.next(), Ok(Kind::Start | Kind::Eof) | Err(_)) {}
    tokens.doctype().map(|range| view.span(range))
}

/// Counts the sequences and steps that pass through.
struct Counted<'a> {
    sink: &'a mut dyn Sink,
    records: u64,
}

impl Sink for Counted<'_> {
    fn record(&mut self, record: Record) {
        self.records += u64::from(record.class.starts_with("TaskSequence"));
        self.sink.record(record);
    }

    fn missing(&mut self, class: Option<&str>, why: Missing, span: Span) {
        self.sink.missing(class, why, span);
    }

    fn secret(&mut self, span: Span) {
        self.sink.secret(span);
    }
}

/// Passes on what is read of a document that may define entities of its own: a value with a reference to one says
/// nothing, because they are not expanded.
struct Undefined<'a> {
    sink: &'a mut dyn Sink,
    values: u64,
    first: Option<Span>,
}

impl Undefined<'_> {
    fn value(&mut self, value: &mut Value) {
        match &mut value.data {
            Data::Text(text) if names_entity(text) => {
                self.values += 1;
                self.first = self.first.or(Some(value.span));
                value.data = Data::Truncated;
            }
            Data::List(list) => list.iter_mut().for_each(|value| self.value(value)),
            Data::Object(object) => object.properties.iter_mut().for_each(|(_, value)| self.value(value)),
            _ => {}
        }
    }

    fn note(self, reading: &mut Reading) {
        if self.values == 0 {
            return;
        }
        reading.status = reading.status.max(Status::Partial);
        let values = match self.values {
            1 => "a value names an entity and is".to_owned(),
            values => format!("{values} values name entities and are"),
        };
        let text = format!("{values} not known, the first one here; export again without a document type");
        reading.notes.push(Note { text, span: self.first });
    }
}

/// Whether a text holds a reference to an entity, such as `&account;`.
fn names_entity(text: &str) -> bool {
    text.split('&').skip(1).any(|rest| {
        let name = rest.split_once(';').map_or("", |(name, _)| name);
        name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
    })
}

impl Sink for Undefined<'_> {
    fn record(&mut self, mut record: Record) {
        record.object.properties.iter_mut().for_each(|(_, value)| self.value(value));
        self.sink.record(record);
    }

    fn missing(&mut self, class: Option<&str>, why: Missing, span: Span) {
        self.sink.missing(class, why, span);
    }

    fn none(&mut self, class: &str) {
        self.sink.none(class);
    }

    fn secret(&mut self, span: Span) {
        self.sink.secret(span);
    }
}

/// Reads to the end and takes nothing.
struct Nothing;

impl stream::Shape for Nothing {
    fn step(
        &mut self,
        tokens: &mut Tokens<'_>,
        _: View<'_>,
        _: &mut dyn Sink,
    ) -> Result<stream::Flow, crate::reader::xml::Stop> {
        Ok(if tokens.next()? == Kind::Eof { stream::Flow::Done } else { stream::Flow::More })
    }
}

/// Says that bytes are not what the encoding allows; of a file that was read to its end, where all are known.
fn note_damage(reading: &mut Reading, damage: Damage) {
    if damage.places == 0 || reading.status != Status::Read {
        return;
    }
    let places = match damage.places {
        1 => "one place is".to_owned(),
        places => format!("{places} places are"),
    };
    let text = format!("{places} not valid in the file's encoding, the first one here");
    let span = Span { start: damage.first, end: damage.first + 1 };
    reading.notes.push(Note { text, span: Some(span) });
}
