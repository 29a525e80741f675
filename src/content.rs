//! The specification: every documented statement on accounts and groups, over its revisions.
//!
//! This is the only place that knows what is documented. It knows nothing of exports.
//! The shape of the files is described in `content/README.md`.

use std::collections::BTreeMap;
use std::fmt;

/// A revision of the documentation, by its declared date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Year.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl std::str::FromStr for Date {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        let mut parts = s.split('-');
        let (Some(y), Some(m), Some(d), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(());
        };
        if y.len() != 4 || m.len() != 2 || d.len() != 2 {
            return Err(());
        }
        let date = Self {
            year: y.parse().map_err(drop)?,
            month: m.parse().map_err(drop)?,
            day: d.parse().map_err(drop)?,
        };
        if (1..=12).contains(&date.month) && (1..=31).contains(&date.day) { Ok(date) } else { Err(()) }
    }
}

/// A value over the revisions: from which revision on it holds what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline<T> {
    /// Values by the revision from which they hold, in order; `None` ends the one before. A plain value in a
    /// file is one entry at the first revision.
    pub steps: Vec<(Date, Option<T>)>,
}

impl<T> Timeline<T> {
    /// The value in force at a revision.
    pub fn at(&self, revision: Date) -> Option<&T> {
        self.steps.iter().rev().find(|(from, _)| *from <= revision).and_then(|(_, value)| value.as_ref())
    }
}

/// The whole specification.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// The revisions, oldest first.
    pub revisions: Vec<Revision>,
    /// Groups, then accounts, each in the order of their ids; last the document itself.
    pub entities: Vec<Entity>,
    /// Names that the rest is checked against.
    pub vocabulary: Vocabulary,
}

/// A revision of the documentation.
#[derive(Debug, Clone)]
pub struct Revision {
    /// Declared date, its id.
    pub date: Date,
    /// Title of the page.
    pub page_title: String,
    /// When it was first seen in public, if that differs.
    pub observed: Option<String>,
    /// What is doubtful about the declared date.
    pub doubt: Option<String>,
    /// First and last ConfigMgr build it speaks for (the third part of 5.00.8692.1000).
    pub builds: (u32, Option<u32>),
    /// Names of those versions: 1806.
    pub versions: Vec<String>,
    /// Address of the published page.
    pub source: Option<String>,
    /// Publisher and licence of the original.
    pub licence: String,
}

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityKind {
    /// A Windows group.
    Group,
    /// An account.
    Account,
    /// The page itself.
    Document,
}

/// A documented account or group.
#[derive(Debug, Clone)]
pub struct Entity {
    /// Kebab-case id.
    pub id: String,
    /// What it is.
    pub kind: EntityKind,
    /// Title.
    pub name: Timeline<String>,
    /// Other names people use.
    pub aliases: Vec<String>,
    /// The entity that took its place.
    pub merged_into: Option<Timeline<String>>,
    /// One sentence.
    pub purpose: String,
    /// What is said of it.
    pub statements: Vec<Statement>,
    /// Path of its file, for messages.
    pub path: String,
}

/// How binding a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Level {
    Must,
    MustNot,
    Should,
    ShouldNot,
    May,
    Info,
}

/// Whether an export can show that a statement is kept or broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Checkable {
    Yes,
    Partial,
    No,
}

/// A documented statement.
#[derive(Debug, Clone)]
pub struct Statement {
    /// `entity/statement`.
    pub reference: String,
    /// Its category.
    pub category: String,
    /// How binding it is.
    pub level: Timeline<Level>,
    /// What it says, in our words; present in the revisions that make it.
    pub text: Timeline<String>,
    /// What one revision says in particular.
    pub detail: Option<Timeline<String>>,
    /// The quoted words whose wording changed.
    pub terms: Option<Timeline<String>>,
    /// How each revision differs from the one before.
    pub changes: Vec<Change>,
    /// Machine-readable facts.
    pub facts: Vec<Fact>,
    /// Whether it can be checked.
    pub checkable: Checkable,
    /// Why not, or not fully.
    pub because: Option<String>,
    /// Evidence kinds that would show it.
    pub evidence: Vec<String>,
    /// What in that evidence to look at.
    pub look_at: Option<String>,
}

/// How a revision differs from the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The later revision.
    pub revision: Date,
    /// fact-added, fact-removed, fact-changed, clarified, terminology, rename, layout, editorial.
    pub kind: String,
    /// What changed.
    pub note: String,
}

/// A documented fact: a right, a limit, a permission. Any value may differ by revision.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Its kind.
    pub kind: String,
    /// Its keys and values.
    pub keys: BTreeMap<String, Timeline<serde_json::Value>>,
}

/// Names that statements and rules may use.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// Ids of evidence kinds.
    pub evidence_kinds: Vec<String>,
    /// User rights: constant, words in the console, constant of the denial.
    pub user_rights: Vec<UserRight>,
    /// Permissions on securable objects of a collection: name and bit.
    pub securable_permissions: Vec<(String, i64)>,
    /// Well-known principals: name, names in other languages, SID or relative id.
    pub well_known: Vec<WellKnown>,
}

/// A user right.
#[derive(Debug, Clone)]
pub struct UserRight {
    /// `SeInteractiveLogonRight`.
    pub id: String,
    /// What the policy editor calls it.
    pub display: String,
    /// The right that denies it.
    pub deny: Option<String>,
}

/// A principal that Windows or a domain comes with.
#[derive(Debug, Clone)]
pub struct WellKnown {
    /// English name.
    pub name: String,
    /// Names in other languages.
    pub names: Vec<String>,
    /// Full SID, if it is the same everywhere.
    pub sid: Option<String>,
    /// Relative id in each domain, otherwise.
    pub rid: Option<u32>,
}

impl Content {
    /// The entity of that id.
    pub fn entity(&self, id: &str) -> Option<&Entity> {
        self.entities.iter().find(|e| e.id == id)
    }

    /// The statement of that reference, with its entity.
    pub fn statement(&self, reference: &str) -> Option<(&Entity, &Statement)> {
        let (entity, _) = reference.split_once('/')?;
        let entity = self.entity(entity)?;
        Some((entity, entity.statements.iter().find(|s| s.reference == reference)?))
    }
}
