//! What the readers' tests share.

use crate::reader::{
    self, Data, Missing, Object, Options, Reading, Record, Sink, Value, Wanted, WantedClass,
};
use crate::source::{Limits, Source, Sources, Span};

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

/// Classes with all their properties.
pub(crate) fn wanted(classes: &[&str]) -> Wanted {
    let mut wanted = Wanted::default();
    for class in classes {
        let entry = WantedClass { name: (*class).into(), ..WantedClass::default() };
        wanted.classes.insert(class.to_lowercase().into(), entry);
    }
    wanted
}

/// A source in memory, read in windows of that size.
pub(crate) fn with_source<T>(bytes: Vec<u8>, window: usize, run: impl FnOnce(&Source) -> T) -> T {
    let limits = Limits { window, ..Limits::default() };
    let sources = Sources::from_memory([("test".to_owned(), bytes)], &limits);
    run(&sources.as_slice()[0])
}

/// Reads a source and puts together what its sinks took.
pub(crate) fn take(source: &Source, wanted: &Wanted, options: &Options) -> (Reading, Taken) {
    let (reading, sinks) = reader::read(source, wanted, options, Taken::default);
    let mut all = Taken::default();
    for sink in sinks {
        all.records.extend(sink.records);
        all.missing.extend(sink.missing);
        all.secrets.extend(sink.secrets);
    }
    (reading, all)
}

const ONE: Options = Options { segments: 1, segment_bytes: 1 << 30 };

/// Reads a text as a file. It is also read in very small windows, and as UTF-16: that must tell the same, with
/// spans around the same characters.
pub(crate) fn read(text: &str, wanted: &Wanted) -> (Reading, Taken) {
    let plain = with_source(text.as_bytes().to_vec(), 1 << 20, |source| take(source, wanted, &ONE));
    let small = with_source(text.as_bytes().to_vec(), 40, |source| take(source, wanted, &ONE));
    assert_eq!(plain, small, "windows make a difference");
    let wide: Vec<u8> =
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let other = with_source(wide.clone(), 100, |source| take(source, wanted, &ONE));
    assert_eq!(plain.0.records, other.0.records);
    let spans = |taken: &Taken| {
        let mut all = taken.secrets.clone();
        all.extend(taken.missing.iter().map(|(_, _, span)| *span));
        taken.records.iter().for_each(|record| spans_of(record, &mut all));
        all
    };
    let (ours, theirs) = (spans(&plain.1), spans(&other.1));
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        let units: Vec<u16> = wide[theirs.start as usize..theirs.end as usize]
            .chunks(2)
            .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
            .collect();
        assert_eq!(at(text, *ours), String::from_utf16(&units).unwrap());
    }
    plain
}

/// All spans of a record, its own first.
pub(crate) fn spans_of(record: &Record, all: &mut Vec<Span>) {
    fn walk(value: &Value, all: &mut Vec<Span>) {
        all.push(value.span);
        match &value.data {
            Data::List(list) => list.iter().for_each(|v| walk(v, all)),
            Data::Object(object) => object.properties.iter().for_each(|(_, v)| walk(v, all)),
            _ => {}
        }
    }
    all.push(record.span);
    record.object.properties.iter().for_each(|(_, v)| walk(v, all));
}

/// An object in short: `{Name="x" List=[1 2] Inner=C{...}}`; `-` is null, `cut` a value cut off.
pub(crate) fn brief(object: &Object) -> String {
    let properties: Vec<String> = object
        .properties
        .iter()
        .map(|(name, value)| format!("{name}={}", brief_value(&value.data)))
        .collect();
    format!("{}{{{}}}", object.class.as_deref().unwrap_or_default(), properties.join(" "))
}

/// A value in short.
pub(crate) fn brief_value(data: &Data) -> String {
    match data {
        Data::Null => "-".into(),
        Data::Bool(flag) => flag.to_string(),
        Data::Number(number) => number.to_string(),
        Data::Text(text) => format!("{text:?}"),
        Data::List(list) => {
            let list: Vec<String> = list.iter().map(|value| brief_value(&value.data)).collect();
            format!("[{}]", list.join(" "))
        }
        Data::Object(object) => brief(object),
        Data::Truncated => "cut".into(),
        Data::Secret(secret) => format!("{secret:?}"),
    }
}

/// The records in short.
pub(crate) fn briefs(taken: &Taken) -> Vec<String> {
    taken.records.iter().map(|record| format!("{}{}", record.class, brief(&record.object))).collect()
}
