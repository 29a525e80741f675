//! One reading: what is to be read, what was counted, and what became of it.

use crate::reader::clixml::{self, Types};
use crate::reader::finish::Counts;
use crate::reader::remarks;
use crate::reader::stream::Ended;
use crate::reader::{Fault, Format, Missing, Note, Options, Reading, Sink, Status, Wanted};
use crate::source::Bytes;

/// What reading needs to know.
pub(super) struct Job<'a> {
    pub(super) bytes: Bytes,
    pub(super) wanted: &'a Wanted,
    pub(super) options: &'a Options,
}

impl Job<'_> {
    /// Builds the records that had to wait.
    pub(super) fn resolve<S: Sink>(
        &self,
        later: clixml::Later,
        types: Types,
        from: u64,
        skip: usize,
        counts: &mut Counts,
        make: &impl Fn() -> S,
    ) -> S {
        let mut sink = make();
        let open = || {
            let mut window = self.bytes.window(from, None).ok()?;
            window.advance(skip).ok()?;
            Some(window)
        };
        let (records, cut_off) = clixml::resolve(later, types, self.wanted, open, &mut sink);
        counts.records += records;
        counts.cut_off.add(cut_off);
        sink
    }
}

/// What became of a source whose shape was recognised.
pub(super) fn conclude(format: Format, counts: &Counts, ended: Ended, sink: &mut dyn Sink) -> Reading {
    let mut reading =
        Reading { format: Some(format), records: counts.records, status: Status::Read, notes: Vec::new() };
    if let Some(fault) = ended.fault {
        broken(&mut reading, fault, sink);
    } else if counts.records > 0 && counts.known == 0 {
        reading.format = None;
        reading.status = Status::Unrecognised;
        let objects = match counts.records {
            1 => "its object is not of a class that cmlint knows".to_owned(),
            objects => format!("none of its {objects} objects is of a class that cmlint knows"),
        };
        let text = if counts.displayed > 0 {
            remarks::displayed()
        } else if counts.texts >= counts.records {
            remarks::texts(counts.texts)
        } else {
            format!("{objects}; only passwords in clear text are looked for in it")
        };
        reading.notes.push(Note { text, span: None });
    } else if counts.texts > 0 && counts.records == 0 {
        reading.notes.push(Note { text: remarks::texts(counts.texts), span: None });
    }
    if counts.json > 0 {
        reading.notes.push(Note { text: remarks::json_in_text(counts.json), span: None });
    }
    if let Some(span) = counts.cut_off.first {
        let values = match counts.cut_off.values {
            1 => "a value is".to_owned(),
            values => format!("{values} values are"),
        };
        let again = match format {
            Format::Clixml => "; export again with Export-Clixml -Depth 10",
            Format::ConvertToXml => "; export again with ConvertTo-Xml -Depth 10",
            _ => "",
        };
        let text = if counts.cut_off.joined >= counts.cut_off.values {
            format!(
                "{values} one text where a list is expected, the first one here; export the lists themselves"
            )
        } else {
            format!("{values} cut off at the depth of the export, the first one here{again}")
        };
        reading.notes.push(Note { text, span: Some(span) });
    }
    if let Some(span) = ended.doctype {
        let text =
            "the document type declaration is not read; no entities of its own are expanded".to_owned();
        reading.notes.push(Note { text, span: Some(span) });
    }
    reading
}

/// What was read before a fault stays; what would come behind it is missing.
fn broken(reading: &mut Reading, fault: Fault, sink: &mut dyn Sink) {
    sink.missing(None, Missing::Broken, fault.span);
    let text = if reading.records == 0 {
        reading.status = Status::Unreadable;
        fault.text
    } else {
        reading.status = Status::Partial;
        format!("{}; what stands before this place was read", fault.text)
    };
    reading.notes.push(Note { text, span: Some(fault.span) });
}
