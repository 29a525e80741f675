//! What the readers' tests share.

use crate::reader::{Data, Missing, Record, Sink};
use crate::source::Span;

/// Keeps all that a reader hands on.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Taken {
    pub(crate) records: Vec<Record>,
    pub(crate) missing: Vec<(Option<String>, Missing, Span)>,
    pub(crate) secrets: Vec<Span>,
}

impl Sink for Taken {
    fn record(&mut self, record: Record) {
        self.records.push(record);
    }

    fn missing(&mut self, class: Option<&str>, why: Missing, span: Span) {
        self.missing.push((class.map(str::to_owned), why, span));
    }

    fn secret(&mut self, span: Span) {
        self.secrets.push(span);
    }
}

/// The characters at a span of a UTF-8 file.
pub(crate) fn at(text: &str, span: Span) -> &str {
    &text[span.start as usize..span.end as usize]
}

/// What a property says.
pub(crate) fn data<'r>(record: &'r Record, name: &str) -> &'r Data {
    &record.object.get(name).unwrap_or_else(|| panic!("no {name} in {record:?}")).data
}

/// Where a property stands.
pub(crate) fn span_of(record: &Record, name: &str) -> Span {
    record.object.get(name).unwrap_or_else(|| panic!("no {name} in {record:?}")).span
}
