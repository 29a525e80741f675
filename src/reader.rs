//! Text to records: every shape an export comes in gives the same thing, objects with a class name,
//! properties and spans.
//!
//! A reader recognises its shape by content and hands on one record at a time; it never builds a tree of a
//! whole file. It knows no tables and no rules: which classes and properties are worth building is told to it
//! by [`Wanted`].

mod access;
mod answer_file;
#[cfg(test)]
mod beside;
mod cim_xml;
mod client_policy;
mod clixml;
mod console;
mod convert_to_xml;
pub(crate) mod date;
mod finish;
mod flattened;
mod gpo_report;
mod inf;
mod job;
mod json;
mod lines;
mod mof;
#[cfg(test)]
mod mutations;
mod policy;
mod recognise;
mod remarks;
mod row;
mod run;
mod secret;
mod security_roles;
mod segments;
mod settings;
mod stream;
pub mod structure;
mod task_sequence;
#[cfg(test)]
mod testing;
mod unescape;
mod wmi_path;
mod xml;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::source::{Source, Span};

/// Whether a class is one that only readers give (steps of task sequences, passwords in clear text), not exports.
pub(crate) fn is_own(class: &str) -> bool {
    row::is_own(class)
}

/// Reads a source: recognises its shape by what is in it and hands its objects on, in the order of the file.
///
/// Each stretch of the file that is read by itself gets a sink of its own, made by `make`; they are returned in
/// order. How a file is divided never changes what the sinks are told together. Nothing in a file can make this
/// fail: what could not be read is said in the [`Reading`].
pub fn read<S: Sink + Send>(
    source: &Source,
    wanted: &Wanted,
    options: &Options,
    make: impl Fn() -> S + Sync,
) -> (Reading, Vec<S>) {
    run::read(source, wanted, options, &make)
}

/// How sources are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many stretches of one file may be read at the same time; with 1, files are never divided.
    pub segments: usize,
    /// How long such a stretch is about, in original bytes.
    pub segment_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { segments: rayon::current_num_threads(), segment_bytes: 8 << 20 }
    }
}

/// The shape of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// PowerShell `Export-Clixml`.
    Clixml,
    /// PowerShell `ConvertTo-Xml`.
    ConvertToXml,
    /// PowerShell `ConvertTo-Json`: rows without an envelope.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// AdminService (OData v4).
    AdminService,
    /// CIM-XML `INSTANCE` elements: `object.xml`, `wmic /format:rawxml`.
    CimXml,
    /// A task sequence, bare or in a wrapper.
    TaskSequence,
    /// `Export-CMSecurityRole`.
    SecurityRoles,
    /// A downloaded client policy.
    ClientPolicy,
    /// MOF text: `instance of ... { ... };`.
    Mof,
    /// A security template: `secedit /export`, `GptTmpl.inf`.
    SecurityTemplate,
    /// A Group Policy report.
    GpoReport,
    /// A resultant set of policy.
    Rsop,
    /// SharpHound's users, groups, computers or domains.
    SharpHound,
    /// A BloodHound OpenGraph.
    OpenGraph,
    /// A part of a task sequence export that holds no evidence: manifest, reference list, OPC parts.
    ExportPart,
    /// Settings in sections: MDT's `CustomSettings.ini`. Read for credentials alone.
    Settings,
    /// Exported registry keys. Read for credentials alone.
    Registry,
    /// An answer file of Windows Setup. Read for credentials alone.
    AnswerFile,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Clixml,
        Self::ConvertToXml,
        Self::Json,
        Self::Ndjson,
        Self::AdminService,
        Self::CimXml,
        Self::TaskSequence,
        Self::SecurityRoles,
        Self::ClientPolicy,
        Self::Mof,
        Self::SecurityTemplate,
        Self::GpoReport,
        Self::Rsop,
        Self::SharpHound,
        Self::OpenGraph,
        Self::ExportPart,
        Self::Settings,
        Self::Registry,
        Self::AnswerFile,
    ];

    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clixml => "clixml",
            Self::ConvertToXml => "convertto-xml",
            Self::Json => "convertto-json",
            Self::Ndjson => "ndjson",
            Self::AdminService => "adminservice",
            Self::CimXml => "cim-xml",
            Self::TaskSequence => "task-sequence",
            Self::SecurityRoles => "security-roles",
            Self::ClientPolicy => "client-policy",
            Self::Mof => "mof",
            Self::SecurityTemplate => "security-template",
            Self::GpoReport => "gpo-report",
            Self::Rsop => "rsop",
            Self::SharpHound => "sharphound",
            Self::OpenGraph => "opengraph",
            Self::ExportPart => "export-part",
            Self::Settings => "ini",
            Self::Registry => "reg",
            Self::AnswerFile => "unattend",
        }
    }
}

/// An exported object.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its class without decoration: `SMS_SCI_Reserved`, `TaskSequenceStep`.
    pub class: Box<str>,
    /// The whole object in the original.
    pub span: Span,
    /// Its properties.
    pub object: Object,
}

/// The properties of an object, in the order of the export.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object {
    /// The class of an embedded object, where the export tells it.
    pub class: Option<Box<str>>,
    /// Name and value. Names are compared without regard to case; a later one of the same name wins.
    pub properties: Vec<(Box<str>, Value)>,
}

impl Object {
    /// The property of that name, whatever its letter case.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.properties.iter().rev().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// The value's own characters in the original, without quotes or tags.
    pub span: Span,
    /// What it says.
    pub data: Data,
}

/// What a value says.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Nil, null, a property without a value.
    Null,
    /// True or false.
    Bool(bool),
    /// A number as it is written.
    Number(Box<str>),
    /// Text, decoded and unescaped.
    Text(Box<str>),
    /// A list.
    List(Vec<Value>),
    /// An embedded object, a dictionary.
    Object(Object),
    /// Cut off by the export's depth: what should be an object or a list arrived as a type name.
    Truncated,
    /// A credential. What it is has not been kept.
    Secret(Secret),
}

/// What is known of a credential that was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    /// Nothing is stored there.
    Empty,
    /// Encrypted, hashed or obfuscated.
    Protected,
    /// Readable by anyone who opens the file.
    Clear,
    /// A task sequence variable (`%NAME%`) or another reference, not the credential itself.
    Reference,
}

/// Why something that the export speaks of is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Missing {
    /// A page of a longer result (`@odata.nextLink`).
    MorePages,
    /// The file ends or breaks off in the middle.
    Broken,
}

/// Takes what a reader finds. One of these exists for each stretch of a file that is read by itself.
pub trait Sink {
    /// An object whose class is wanted.
    fn record(&mut self, record: Record);
    /// Objects of this class (of any class, if none is known) are missing from the export.
    fn missing(&mut self, class: Option<&str>, why: Missing, span: Span);
    /// The export was made of this class and holds no object of it.
    fn none(&mut self, _class: &str) {}
    /// A credential stands here; the characters must never be shown.
    fn secret(&mut self, span: Span);
}

/// What evidence is to be built from: classes, their properties, and how to tell a row without class name.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Lower-case class name to the properties worth building.
    pub classes: HashMap<Box<str>, WantedClass>,
    /// How to recognise rows that do not name their class, in order; the first that fits wins.
    pub recognise: Vec<Recognise>,
    /// Lower-case names of principals that have blanks in them: each is one name, where a list may be joined by blanks.
    pub names: Arc<HashSet<Box<str>>>,
}

/// A class that some table needs.
#[derive(Debug, Clone, Default)]
pub struct WantedClass {
    /// The class name as it is documented.
    pub name: Box<str>,
    /// Lower-case names of the top-level properties to build; empty means all.
    pub properties: Vec<Box<str>>,
    /// For properties that are objects of many: which of theirs are looked at, all names in lower case. What a reader
    /// leaves out by this is only what it need not build; one that is not listed here is built whole.
    pub inner: Vec<(Box<str>, Vec<Box<str>>)>,
    /// Where its objects hold lists.
    pub lists: Vec<ListAt>,
}

/// Where the objects of a class hold a list. Beyond the depth of an export one text stands in its place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListAt {
    /// Lower-case names of the properties that lead there; lists of objects on the way are gone through.
    pub path: Vec<Box<str>>,
    /// Elements with blanks in them that are known, in lower case.
    pub words: Vec<Box<str>>,
}

impl WantedClass {
    /// Whether a top-level property of that name is looked at.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.properties.is_empty() || self.properties.iter().any(|p| p.eq_ignore_ascii_case(name))
    }

    /// Which properties of the object in a top-level property are looked at; none if all are.
    pub(crate) fn inside(&self, name: &str) -> Option<&[Box<str>]> {
        self.inner.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, names)| &**names)
    }
}

/// The properties by which a row without class name is recognised.
#[derive(Debug, Clone, Default)]
pub struct Recognise {
    /// The class it then is.
    pub class: Box<str>,
    /// Lower-case names of properties that must all be there.
    pub all: Vec<Box<str>>,
    /// Lower-case names of which one must be there, if any are given.
    pub any: Vec<Box<str>>,
    /// Lower-case names that must not be there.
    pub none: Vec<Box<str>>,
    /// Lower-case property name and the value (compared without case) it must have.
    pub values: Vec<(Box<str>, Box<str>)>,
}

impl Wanted {
    /// The wanted class of that name.
    pub fn class(&self, name: &str) -> Option<&WantedClass> {
        self.classes.get(name.to_ascii_lowercase().as_str())
    }
}

/// What became of an input.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Its shape; none if it was not recognised.
    pub format: Option<Format>,
    /// How many objects it holds, wanted or not.
    pub records: u64,
    /// How far it was read.
    pub status: Status,
    /// What a person should know: why it was not recognised, what is missing, what was assumed.
    pub notes: Vec<Note>,
}

/// How far an input was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// All of it.
    Read,
    /// Part of it.
    Partial,
    /// None: its shape is not one of ours.
    Unrecognised,
    /// None: it could not be opened, decoded or parsed.
    Unreadable,
    /// None: reading it met a fault of this program.
    Error,
}

/// A remark on an input, with the place it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// Lower-case start, no full stop; says what is wrong and what to do.
    pub text: String,
    /// Where.
    pub span: Option<Span>,
}

/// What made a reader stop: a syntax error, or a limit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    /// In plain words: lower-case start, no full stop.
    pub(crate) text: String,
    /// Where.
    pub(crate) span: Span,
    /// Whether the file just ends too early.
    pub(crate) ends: bool,
}
