//! The last steps of every XML reader with an object it has built: credentials are taken out, unwanted properties
//! dropped, the record handed on, the task sequence in it read.

use crate::reader::row;
use crate::reader::task_sequence::{self, Package};
use crate::reader::{Data, Object, Record, Sink, Value, Wanted, WantedClass, access, wmi_path};
use crate::source::{Span, View};

/// The wanted class of that name, unless it is one that only readers give.
pub(super) fn class(wanted: &Wanted, class: &str) -> Option<Box<str>> {
    let wanted = wanted.class(class).filter(|_| !row::is_own(class))?;
    Some(if wanted.name.is_empty() { class.into() } else { wanted.name.clone() })
}

/// Whether a property of that name is to be built: because it is wanted, or because one that is wanted is made of it.
pub(super) fn is_wanted(class: &WantedClass, name: &str) -> bool {
    class.wants(name) || access::is_source(name) && access::wants(class)
}

/// Whether a property is wanted by its name.
fn is_named(class: &WantedClass, name: &str) -> bool {
    !class.properties.is_empty() && class.wants(name)
}

/// Whether a property is of no interest: PowerShell or WMI put it there, and the class does not name it.
pub(super) fn is_left_out(class: Option<&WantedClass>, name: &str) -> bool {
    is_noise(name) && !class.is_some_and(|class| is_named(class, name))
}

/// Properties that PowerShell and WMI add to every object.
pub(super) fn is_noise(name: &str) -> bool {
    name.starts_with("__")
        || [
            "PSComputerName",
            "RunspaceId",
            "PSShowComputerName",
            "PSPath",
            "PSParentPath",
            "PSChildName",
            "PSDrive",
            "PSProvider",
            "PropertyNames",
            "SmsProviderObjectPath",
            "OverridingObjectClass",
            "GenericsArray",
            "CimClass",
            "CimSystemProperties",
        ]
        .iter()
        .any(|noise| name.eq_ignore_ascii_case(noise))
}

/// Values that were cut off by the depth of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct CutOff {
    /// How many.
    pub(super) values: u64,
    /// How many of them are one text where a list is expected, in a shape that always writes lists.
    pub(super) joined: u64,
    /// The first of them.
    pub(super) first: Option<Span>,
}

impl CutOff {
    /// A single value.
    pub(super) fn one(span: Span) -> Self {
        Self { values: 1, joined: 0, first: Some(span) }
    }

    /// Adds those of a later part of the file.
    pub(super) fn add(&mut self, later: Self) {
        self.values += later.values;
        self.joined += later.joined;
        self.first = self.first.or(later.first);
    }

    /// Adds those in a value.
    pub(super) fn count(&mut self, value: &Value) {
        match &value.data {
            Data::Truncated => self.add(Self::one(value.span)),
            Data::List(list) => list.iter().for_each(|value| self.count(value)),
            Data::Object(object) => object.properties.iter().for_each(|(_, value)| self.count(value)),
            Data::Null | Data::Bool(_) | Data::Number(_) | Data::Text(_) | Data::Secret(_) => {}
        }
    }
}

/// What readers count.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) records: u64,
    pub(super) known: u64,
    pub(super) cut_off: CutOff,
    /// Objects that PowerShell makes to display others.
    pub(super) displayed: u64,
    /// Texts that stand where objects are looked for.
    pub(super) texts: u64,
    /// Texts that were JSON.
    pub(super) json: u64,
}

impl Counts {
    /// Adds those of a later part of the file.
    pub(super) fn add(&mut self, later: Self) {
        self.records += later.records;
        self.known += later.known;
        self.cut_off.add(later.cut_off);
        self.displayed += later.displayed;
        self.texts += later.texts;
        self.json += later.json;
    }

    pub(super) fn of(records: u64) -> Self {
        Self { records, known: records, ..Self::default() }
    }
}

/// Hands on a record of a wanted class. `sequence` is the document that its property of that name holds. Gives the
/// number of further records and what was cut off.
pub(super) fn record(
    mut record: Record,
    wanted: &Wanted,
    sequence: Option<View<'_>>,
    sink: &mut dyn Sink,
) -> (u64, CutOff) {
    let package = sequence.is_some().then(|| Package::of(&record.object));
    let class = record.class.clone();
    let mut found = Vec::new();
    row::protect(&mut record.object, &mut found, sink);
    let holder = if found.is_empty() { String::new() } else { row::holder(&record.object, &class) };
    if let Some(wanted) = wanted.class(&class) {
        wmi_path::resolve(&mut record.object);
        if access::wants(wanted) {
            access::add(&mut record.object, &class);
        }
        record.object.properties.retain(|(name, _)| wanted.wants(name));
    }
    let mut cut_off = CutOff::default();
    record.object.properties.iter().for_each(|(_, value)| cut_off.count(value));
    sink.record(record);
    for found in &found {
        sink.record(row::clear_text_secret(found, &holder, &class));
    }
    let records = match (sequence, package) {
        (Some(view), Some(package)) => task_sequence::read_string(view, Some(&package), wanted, sink),
        _ => 0,
    };
    (records, cut_off)
}

/// Hands on only the credentials in an object that nobody wants.
pub(super) fn credentials(object: &mut Object, class: &str, sink: &mut dyn Sink) {
    let mut found = Vec::new();
    row::protect(object, &mut found, sink);
    if found.is_empty() {
        return;
    }
    let holder = row::holder(object, class);
    for found in &found {
        sink.record(row::clear_text_secret(found, &holder, class));
    }
}
