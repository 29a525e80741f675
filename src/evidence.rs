//! Records to evidence: typed tables, declared in `content/evidence.yaml`, filled through
//! `content/sources.yaml`.
//!
//! Evidence is what exports tell: this account, that member. It knows no rules and nothing of what is
//! documented. A new place where an account is stored is a change of data, not of code.

mod account;
mod collect;
mod convert;
mod domains;
mod hierarchies;
mod identity;
mod joined;
mod known;
mod made;
mod mapping;
mod merge;
mod names;
mod path;
mod places;
mod rows;
mod schema;
mod sequences;
mod sites;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use crate::assets::Assets;
use crate::reader::structure::Known;
use crate::source::{Place, Sources, Span};
use crate::vocabulary::Principals;
use crate::yaml::Problems;

pub use account::computer_name;
pub use identity::{AccountKind, Identities, Identity, Scope, Supposition};
pub use mapping::{KnownFrom, MappedName, Mapping};
pub use names::{FieldName, TableName, field, table};
pub use places::{ExportPlace, classes, places};

/// Reads `evidence.yaml` and `sources.yaml` of a content tree, and the well-known principals of its vocabulary.
///
/// # Errors
/// With every mistake in either file, at its place.
pub fn load(assets: &Assets) -> Result<(Schema, Mapping), Problems> {
    let mut problems = Problems::new();
    let mut schema = schema::load(assets, &mut problems);
    let mapping = mapping::load(assets, &schema, &mut problems);
    mapping.tell_domains(&mut schema);
    mapping.tell_names(&mut schema);
    problems.or_value((schema, mapping)).map(|(loaded, _)| loaded)
}

/// What all sources gave.
#[derive(Debug, Clone, Default)]
pub struct Collected {
    /// The tables. [`Identities::build`] tells which of the accounts in them are the same.
    pub evidence: Evidence,
    /// What became of each source, in their order.
    pub inputs: Vec<Input>,
    /// The hierarchies that the exports are of, where they are of several: each is to be judged by itself.
    pub hierarchies: Vec<Hierarchy>,
    /// Numbers of the sources that may be of any of several hierarchies; none of them has their evidence.
    pub left_out: Vec<usize>,
}

/// One of several hierarchies, and what is known of it.
#[derive(Debug, Clone)]
pub struct Hierarchy {
    /// Code of its top site.
    pub site: String,
    /// The server of that site.
    pub server: String,
    /// Numbers of its sources, in order.
    pub sources: Vec<usize>,
    /// The tables of its sources.
    pub evidence: Evidence,
}

/// Reads all sources and makes tables of what they hold.
///
/// Runs on the threads of the current rayon pool; the result is the same for any number of them. Memory grows
/// with the rows that are kept, not with the size of the files. Nothing in a source can make this fail: what could
/// not be read is said in its [`Input`], and what is missing because of it in the gaps of the tables.
pub fn collect(schema: &Schema, mapping: &Mapping, sources: &Sources) -> Collected {
    collect::collect(schema, mapping, sources)
}

/// The values of some records that are in a table, by record: what an excerpt of the record may show.
pub fn known_values(
    schema: &Schema,
    evidence: &Evidence,
    records: &HashSet<Place>,
) -> HashMap<Place, Vec<Known>> {
    known::values(schema, evidence, records)
}

/// The records in which some values stand, where a table tells.
pub fn records_of(schema: &Schema, evidence: &Evidence, places: &HashSet<Place>) -> HashMap<Place, Place> {
    known::records(schema, evidence, places)
}

/// Puts the rows of all sources together and fills the tables that are made from others.
fn assemble(schema: &Schema, mapping: &Mapping, sources: Vec<merge::OfSource<'_>>) -> merge::Merged {
    let mut merged = merge::merge(schema, mapping, sources);
    sites::from_roles(schema, &mut merged.evidence);
    joined::join(schema, &mut merged.evidence);
    made::fill(schema, &mut merged.evidence, &merged.lost, &[]);
    merged
}

/// Fills the tables that are made from others, but not those to `keep`: for evidence that comes from no export.
pub fn derive(schema: &Schema, evidence: &mut Evidence, keep: &[TableId]) {
    made::fill(schema, evidence, &[], keep);
}

/// The tables and how they are filled.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    /// All tables in the order of the file. A table's number is its place here.
    pub tables: Vec<TableSchema>,
    /// The principals that Windows and every domain come with, by which accounts are recognised.
    pub principals: Arc<Principals>,
    /// What the names of tables that the program knows stand for; see [`Schema::id`].
    pub(crate) ids: OnceLock<Box<[Option<TableId>]>>,
}

/// Number of a table in [`Schema::tables`] and [`Evidence::tables`].
pub type TableId = usize;

/// A declared table.
#[derive(Debug, Clone)]
pub struct TableSchema {
    /// Its name.
    pub name: String,
    /// What a row is.
    pub about: String,
    /// The evidence kind of the statements it serves.
    pub kind: String,
    /// The PowerShell line that exports it; empty if it is made of others.
    pub collect: String,
    /// Numbers of the fields that tell one row from another.
    pub key: Vec<usize>,
    /// Its fields.
    pub fields: Vec<FieldSchema>,
    /// Rows that agree in these fields are kept once; empty if all rows are kept.
    pub distinct: Vec<usize>,
    /// It only has rows that name an account or a computer which another table names, or a computer whose name stands
    /// before an account.
    pub lookup: bool,
    /// The documented account as which all accounts of the table serve.
    pub serves: Option<String>,
    /// Tables it is put together from, by union or computation; empty if exports fill it.
    pub made_from: Vec<TableId>,
    /// How it is filled.
    pub made: Made,
    /// The names of exports it is read from, class by class.
    pub read_from: Vec<MappedName>,
    /// What the names of fields that the program knows stand for; see [`TableSchema::column`].
    pub(crate) columns: OnceLock<Box<[Option<usize>]>>,
}

/// How a table is filled.
#[derive(Debug, Clone, Default)]
pub enum Made {
    /// From exports, as `content/sources.yaml` says.
    #[default]
    Exported,
    /// From other tables, row by row.
    Union {
        /// The tables, in order.
        parts: Vec<Part>,
        /// Fields that follow from other fields.
        derived: Vec<Derived>,
    },
    /// The permissions of administrative users, from their roles.
    Permissions(Permissions),
    /// The places where exports are cut short.
    ExportGaps,
    /// In Rust, outside this module.
    Elsewhere {
        /// The table that tells which accounts serve as which documented ones: a row about an account of the
        /// documents comes from a row of that table.
        accounts: Option<TableId>,
    },
}

/// One of the tables a union is made of.
#[derive(Debug, Clone)]
pub struct Part {
    /// The table.
    pub table: TableId,
    /// Fields that have the same value in all rows: number in the union, value.
    pub constants: Vec<(usize, String)>,
    /// Number of a field in the union, and in the table.
    pub fields: Vec<(usize, usize)>,
    /// Another part tells the same in full: if no export holds this one, nothing is missing.
    pub supplement: bool,
}

/// A field that follows from another field of its row.
#[derive(Debug, Clone)]
pub struct Derived {
    /// The field.
    pub field: usize,
    /// The field it follows from.
    pub from: usize,
    /// Lower-case values and what they become; values that are not here stay as they are. None stands for the
    /// spelling of an account as text.
    pub map: Option<Vec<(String, String)>>,
}

/// How the operations of a security role become permissions.
#[derive(Debug, Clone, Default)]
pub struct Permissions {
    /// The kind of object whose operations count.
    pub object_type: i64,
    /// Names and bits.
    pub bits: Vec<(String, i64)>,
    /// Roles that come with the product, and what they permit even where their operations were not fetched:
    /// name in lower case, numbers in `bits`.
    pub built_in: Vec<(String, Vec<usize>)>,
}

impl TableSchema {
    /// The number of a field.
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|f| f.name == name)
    }

    /// The number of a field that the program knows by name; none if the table does not have it.
    pub fn column(&self, name: FieldName) -> Option<usize> {
        let columns =
            self.columns.get_or_init(|| FieldName::all().map(|name| self.field(name.name())).collect());
        columns.get(name.number()).copied().flatten()
    }
}

impl Schema {
    /// Reads `evidence.yaml` of a content tree.
    ///
    /// # Errors
    /// With every mistake in the file, at its place.
    pub fn load(assets: &Assets) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let schema = schema::load(assets, &mut problems);
        problems.or_value(schema).map(|(schema, _)| schema)
    }

    /// The only texts that a field can hold, sorted; none if it can hold others. What a supplement adds to a union in
    /// the words of users does not count.
    pub fn tells(&self, table: TableId, field: usize) -> Option<Vec<Arc<str>>> {
        let of = self.tables.get(table)?;
        let mut out = match &of.made {
            Made::Union { parts, .. } => {
                let mut out = Vec::new();
                for part in parts.iter().filter(|part| !part.supplement) {
                    let constant = part.constants.iter().find(|(number, _)| *number == field);
                    let from = part.fields.iter().find(|(number, _)| *number == field);
                    match (constant, from) {
                        (Some((_, value)), _) => out.push(Arc::from(value.as_str())),
                        (None, Some((_, from))) => out.extend(self.tells(part.table, *from)?),
                        (None, None) => {}
                    }
                }
                out
            }
            _ => of.fields.get(field)?.domain.clone(),
        };
        out.sort();
        out.dedup();
        (!out.is_empty()).then_some(out)
    }

    /// Whether a table can have rows about a documented account; none if that shows only in exports.
    pub fn holds_account(&self, table: TableId, entity: &str) -> Option<bool> {
        let from = match &self.tables.get(table)?.made {
            Made::Elsewhere { accounts } => (*accounts)?,
            _ => table,
        };
        let told = self.tells(from, self.tables.get(from)?.field("entity")?)?;
        Some(told.iter().any(|id| id.eq_ignore_ascii_case(entity)))
    }

    /// The number of a table.
    pub fn table(&self, name: &str) -> Option<TableId> {
        self.tables.iter().position(|t| t.name == name)
    }

    /// The tables themselves, and for those that are made of others, the others.
    pub fn leaves(&self, tables: &[TableId]) -> Vec<TableId> {
        let mut out = Vec::new();
        let mut todo: Vec<TableId> = tables.iter().rev().copied().collect();
        let mut seen = Vec::new();
        while let Some(table) = todo.pop() {
            if seen.contains(&table) {
                continue;
            }
            seen.push(table);
            match self.tables.get(table) {
                Some(t) if !t.made_from.is_empty() => todo.extend(t.made_from.iter().rev()),
                _ => out.push(table),
            }
        }
        out
    }

    /// The lines that collect these tables, each once.
    pub fn collects(&self, tables: &[TableId]) -> Vec<&str> {
        let mut out: Vec<&str> = Vec::new();
        for table in self.leaves(tables) {
            if let Some(table) = self.tables.get(table)
                && !table.collect.is_empty()
                && !out.contains(&table.collect.as_str())
            {
                out.push(&table.collect);
            }
        }
        out
    }

    /// The number of a table that the program knows by name; none if the content declares none.
    pub fn id(&self, name: TableName) -> Option<TableId> {
        let ids = self.ids.get_or_init(|| TableName::all().map(|name| self.table(name.name())).collect());
        ids.get(name.number()).copied().flatten()
    }
}

/// A declared field.
#[derive(Debug, Clone)]
pub struct FieldSchema {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Its meaning.
    pub about: String,
    /// All values it can have, where every source of the table gives it a constant. Empty if it can have others.
    pub domain: Vec<Arc<str>>,
}

impl Scalar {
    /// The words of `content/evidence.yaml`.
    pub const WORDS: [(&'static str, Self); 9] = [
        ("text", Self::Text),
        ("name", Self::Name),
        ("integer", Self::Integer),
        ("flag", Self::Flag),
        ("date", Self::Date),
        ("account", Self::Account),
        ("computer", Self::Computer),
        ("site", Self::Site),
        ("path", Self::Path),
    ];
}

/// What a field holds, and with it how two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// Text, compared to the letter.
    Text,
    /// Text without regard to case.
    Name,
    /// A whole number.
    Integer,
    /// Yes or no.
    Flag,
    /// A point in time, kept as RFC 3339 text in UTC.
    Date,
    /// A Windows account or group in any of its spellings.
    Account,
    /// A computer under its NetBIOS or DNS name.
    Computer,
    /// A site code.
    Site,
    /// A folder, file or share.
    Path,
}

/// A scalar or a list of scalars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FieldKind {
    /// What the value, or each element, is.
    pub scalar: Scalar,
    /// Whether the field holds a list.
    pub list: bool,
}

/// All evidence of a run.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// One table a declared table, in the same order.
    pub tables: Vec<Table>,
    /// What stands before accounts, in lower case, with the security identifier of the domain that they have: of all
    /// rows of lookup tables, whether the rows are kept or not.
    pub domain_sids: BTreeSet<(String, String)>,
}

/// The rows of a table, and what is known to be missing from it.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// What the exports tell, in the order of the inputs and of the places in them.
    pub rows: Vec<Row>,
    /// What they should tell and do not. A table that no export supplies has one gap of which nothing is known.
    pub gaps: Vec<Gap>,
}

/// A row.
#[derive(Debug, Clone)]
pub struct Row {
    /// The record it was made from; excerpts never show anything beyond it. None in examples.
    pub record: Option<Place>,
    /// One cell a field, in the order of the schema.
    pub cells: Box<[Cell]>,
}

/// Rows that should be there and are not: a row of which only some cells are known.
#[derive(Debug, Clone)]
pub struct Gap {
    /// What would have to be known. Its table is the gap's own or one that it is made from.
    pub missing: Missing,
    /// What the missing rows would say, as far as it is known; the rest is [`Fact::Unknown`].
    pub cells: Box<[Cell]>,
}

/// What would have to be known and is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Why.
    pub why: Why,
    /// The table that misses it.
    pub table: TableId,
    /// What it is, in words that stand behind "no export holds": "the members of `CONTOSO\\x`". None where the name
    /// of the table says enough.
    pub what: Option<Arc<str>>,
    /// Where this shows, if it shows anywhere.
    pub place: Option<Place>,
}

impl Missing {
    /// Rows of a table.
    pub(crate) fn rows(why: Why, table: TableId, place: Option<Place>) -> Self {
        Self { why, table, what: None, place }
    }

    /// Something that a table would tell.
    pub(crate) fn of(why: Why, table: TableId, what: impl Into<Arc<str>>, place: Option<Place>) -> Self {
        Self { why, table, what: Some(what.into()), place }
    }

    /// The same, where another place shows it.
    pub(crate) fn at(self, place: Option<Place>) -> Self {
        Self { place, ..self }
    }

    /// The same, with a place where it has none.
    pub(crate) fn or_at(self, place: Option<Place>) -> Self {
        Self { place: self.place.or(place), ..self }
    }
}

/// Why evidence is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// Whoever collected the evidence could not read it, and says so.
    Failed,
    /// No export holds it.
    NotExported,
    /// The export was cut off at its depth.
    Truncated,
    /// A lazy property that a list query does not fetch.
    NotFetched,
    /// Further pages, or the rest of a broken file, are missing.
    Incomplete,
    /// Whether two names mean the same is not known.
    Identity,
    /// The value is there but cannot be read: a variable, a protected value.
    Unreadable,
}

impl Why {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "collector-failed",
            Self::NotExported => "not-exported",
            Self::Truncated => "truncated",
            Self::NotFetched => "not-fetched",
            Self::Incomplete => "incomplete",
            Self::Identity => "identity-uncertain",
            Self::Unreadable => "unreadable-value",
        }
    }
}

/// One field of a row.
#[derive(Debug, Clone)]
pub struct Cell {
    /// What it says.
    pub fact: Fact,
    /// Where it says so; none if it follows from the record as a whole.
    pub place: Option<Place>,
}

impl Cell {
    /// Whether an export says it at a place: not what is unknown, empty or follows from the record as a whole.
    pub(crate) fn is_told(&self) -> bool {
        self.place.is_some() && !matches!(self.fact, Fact::Unknown(_) | Fact::Empty)
    }
}

/// The value of a cell.
#[derive(Debug, Clone)]
pub enum Fact {
    /// Not known, and why.
    Unknown(Why),
    /// Known to be empty.
    Empty,
    /// A flag.
    Flag(bool),
    /// A number.
    Integer(i64),
    /// A text, name, date, site code, computer or path, as it is written (trimmed).
    Text(Arc<str>),
    /// An account.
    Account(Arc<Account>),
    /// A list.
    List(Box<[Cell]>),
}

/// A Windows account or group as it is written, and what that says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// As it is written.
    pub written: Box<str>,
    /// The form it is written in, taken apart.
    pub form: AccountForm,
}

/// The spellings of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountForm {
    /// `DOMAIN\name`, `domain.example\name`, `.\name`.
    DownLevel {
        /// Domain or computer part.
        domain: Box<str>,
        /// The name.
        name: Box<str>,
    },
    /// `name@domain.example`.
    Principal {
        /// The name.
        name: Box<str>,
        /// The DNS suffix.
        suffix: Box<str>,
    },
    /// `CN=name,OU=..,DC=domain,DC=example`.
    Distinguished {
        /// First relative name.
        name: Box<str>,
        /// `domain.example` from the DC parts.
        domain: Box<str>,
    },
    /// `S-1-5-...`.
    Sid,
    /// A name without domain part.
    Bare,
}

/// What became of an input: for the report.
#[derive(Debug, Clone)]
pub struct Input {
    /// What the reader says of it.
    pub reading: crate::reader::Reading,
    /// Spans that must never be shown.
    pub secrets: Vec<Span>,
    /// How many rows came from it.
    pub rows: usize,
}
