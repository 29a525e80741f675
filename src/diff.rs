//! What changed between two revisions of the documentation, by meaning.
//!
//! [`between`] works on the timelines of the specification alone: which accounts and groups are new, gone,
//! renamed or merged; which statements are made under one revision and not the other, or say something else;
//! and which rules can come to another result. The kind of a change is what the specification says of it
//! (`changes` of a statement, corrected by `content/changes/`); a difference nobody has judged is taken by its
//! structure. [`check`] holds the files of `content/changes/` against what is worked out.
//!
//! It reads no original pages and compares no wording: the texts of the specification are ours, and the words
//! of the originals are the business of `diff::wording`.

mod affected;
mod compare;
mod digest;
mod human;
mod json;
mod markdown;
mod originals;
mod overlay;
mod titles;
pub mod wording;

use serde_json::Value;

use crate::content::{self, Content, Date, Level};
use crate::rules::RuleSet;

pub use human::human;
pub use json::{shape, value as to_json, with_originals as to_json_with};
pub use markdown::markdown;
pub use originals::{Original, Originals};
pub use overlay::check;
pub use titles::View;

/// How the documentation of one revision differs from that of another.
#[derive(Debug, Clone, PartialEq)]
pub struct Diff {
    /// The revision that is left.
    pub from: Date,
    /// The revision that is reached. It may be the older one: then everything is told backwards.
    pub to: Date,
    /// The only account or group it is about, if it was narrowed to one.
    pub scope: Option<String>,
    /// How many groups and accounts both have.
    pub entries: (usize, usize),
    /// What differs in the page as a whole, such as its title.
    pub document: Vec<Pair>,
    /// Groups and accounts with another title, in the order of the content.
    pub renamed: Vec<Renamed>,
    /// Groups and accounts that are several in the older revision and one in the newer.
    pub merged: Vec<Merged>,
    /// Ids of groups and accounts that only the second revision has and that come from no others.
    pub added: Vec<String>,
    /// Ids of groups and accounts that only the first revision has and that went into no others.
    pub removed: Vec<String>,
    /// The changes, by entity: groups, accounts, last the document itself. Entities without any are left out.
    pub entities: Vec<EntityDiff>,
    /// Ids of all rules whose result can differ, sorted.
    pub rules: Vec<String>,
    /// What maintainers noted of the step as a whole.
    pub notes: Vec<String>,
}

/// Something of the page as a whole under both revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// What it is: `page title`, `product`, `layout`.
    pub what: &'static str,
    /// Under the first revision.
    pub from: String,
    /// Under the second.
    pub to: String,
}

impl Pair {
    /// What it is, for people.
    pub fn words(&self) -> &'static str {
        match self.what {
            "page title" => "heading",
            "title" => "title for browsers",
            other => other,
        }
    }
}

/// An account or group with another title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// Its id.
    pub entity: String,
    /// Its title under the first revision.
    pub from: String,
    /// Its title under the second.
    pub to: String,
    /// Whether only capitals differ.
    pub case_only: bool,
    /// What maintainers noted.
    pub note: Option<String>,
}

/// Accounts or groups that one revision describes apart and a later one as one. Told backwards the relation is the
/// same: `into` is then what is left, `from` what it is parted into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// Id of the one.
    pub into: String,
    /// Ids of the several.
    pub from: Vec<String>,
    /// What maintainers noted.
    pub note: Option<String>,
}

/// The changes of an account or group, or of the document itself.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityDiff {
    /// Its id; `document` is the page itself.
    pub entity: String,
    /// Its titles under both revisions; none where it is not there.
    pub name: (Option<String>, Option<String>),
    /// Its changes, in the order of its statements.
    pub changes: Vec<Change>,
}

/// The change of a statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// `entity/statement`.
    pub statement: String,
    /// What happened to it.
    pub class: Class,
    /// What it means.
    pub kind: Kind,
    /// What it says under the first revision, in our words; where the text is the same, what this revision says
    /// in particular. None if it is not made.
    pub from: Option<String>,
    /// The same under the second revision.
    pub to: Option<String>,
    /// Ids of the rules whose result can differ by this change, sorted.
    pub rules: Vec<String>,
    /// The text of the statement under both revisions, in our words; none where it is not made.
    pub text: (Option<String>, Option<String>),
    /// The category of the statement.
    pub category: String,
    /// What of the data of the statement differs.
    pub differs: Vec<Aspect>,
    /// How binding it is under both revisions.
    pub level: (Option<Level>, Option<Level>),
    /// The quoted words that changed, if they did.
    pub terms: Option<(Option<String>, Option<String>)>,
    /// The box it stands in, if that changed: `note`, `important`; none is body text.
    pub alert: Option<(Option<&'static str>, Option<&'static str>)>,
    /// The sub-heading it stands under, if that changed.
    pub section: Option<(Option<String>, Option<String>)>,
    /// The sub-heading it stands under where it is new or gone, or the same under both.
    pub under: Option<String>,
    /// The documented facts that differ.
    pub facts: Vec<FactChange>,
    /// What the specification and its maintainers say of the change, oldest step first.
    pub notes: Vec<Note>,
    /// Whether the publisher probably did not mean it.
    pub suspect: bool,
}

impl Change {
    /// The text of the statement: under the second revision, else under the first.
    pub fn said(&self) -> &str {
        self.text.1.as_deref().or(self.text.0.as_deref()).unwrap_or_default()
    }

    /// The text of the statement, where both revisions make it in the same words of ours. What differs is then what a
    /// revision says in particular.
    pub fn same_text(&self) -> Option<&str> {
        self.text.0.as_deref().filter(|text| self.text.1.as_deref() == Some(text))
    }

    /// Whether it is about a statement that was made from a sentence of a page and that nobody has written yet.
    pub fn is_draft(&self) -> bool {
        self.id().starts_with(content::DRAFT)
    }

    /// The id of the statement within its entity.
    pub fn id(&self) -> &str {
        self.statement.rsplit('/').next().unwrap_or(&self.statement)
    }
}

/// A documented fact that differs, or a key of it.
#[derive(Debug, Clone, PartialEq)]
pub struct FactChange {
    /// The kind of the fact.
    pub kind: String,
    /// The key that differs; none if the fact as a whole is new or gone.
    pub key: Option<String>,
    /// Its value under the first revision; of a whole fact a map of its keys.
    pub from: Option<Value>,
    /// Its value under the second revision.
    pub to: Option<Value>,
}

/// What is said of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The later revision of the step it is about.
    pub revision: Date,
    /// The kind that is given there, one of `content::CHANGE_KINDS`; none for a note on the whole change.
    pub kind: Option<String>,
    /// What is said.
    pub text: String,
}

/// What of a statement's data can differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Aspect {
    Text,
    Detail,
    Facts,
    Level,
    Terms,
    Alert,
    Section,
    Links,
}

impl Aspect {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Detail => "detail",
            Self::Facts => "facts",
            Self::Level => "level",
            Self::Terms => "terms",
            Self::Alert => "alert",
            Self::Section => "section",
            Self::Links => "links",
        }
    }
}

/// What a change means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Something is documented that was not.
    FactAdded,
    /// Something is no longer documented.
    FactRemoved,
    /// Something else is documented.
    FactChanged,
    /// The same, said more or less strictly or clearly.
    Clarified,
    /// The same in other terms, or under another title.
    Terminology,
    /// The same in another place, box, list or notation.
    Layout,
    /// The same, polished.
    Editorial,
}

impl Kind {
    /// All, the gravest first.
    pub const ALL: [Self; 7] = [
        Self::FactAdded,
        Self::FactRemoved,
        Self::FactChanged,
        Self::Clarified,
        Self::Terminology,
        Self::Layout,
        Self::Editorial,
    ];

    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::FactAdded => "fact-added",
            Self::FactRemoved => "fact-removed",
            Self::FactChanged => "fact-changed",
            Self::Clarified => "clarified",
            Self::Terminology => "terminology",
            Self::Layout => "layout",
            Self::Editorial => "editorial",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.name() == name)
    }

    /// Whether what is documented differs.
    pub fn is_fact(self) -> bool {
        matches!(self, Self::FactAdded | Self::FactRemoved | Self::FactChanged)
    }

    /// The kind of the change backwards.
    fn mirrored(self) -> Self {
        match self {
            Self::FactAdded => Self::FactRemoved,
            Self::FactRemoved => Self::FactAdded,
            same => same,
        }
    }
}

/// What happened to a statement; each change has exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It went with its account into another, or came so.
    Merged,
    /// It says something else, or the same more or less strictly.
    Edited,
    /// A title in it is another.
    Renamed,
    /// It says the same in other words.
    Reworded,
    /// A path or placeholder is written another way.
    Notation,
    /// Only the box around it is another.
    AlertOnly,
    /// Only a link came, went or changed.
    LinkOnly,
    /// Only the heading above it is another.
    Moved,
}

impl Class {
    /// All.
    pub const ALL: [Self; 10] = [
        Self::Added,
        Self::Removed,
        Self::Merged,
        Self::Edited,
        Self::Renamed,
        Self::Reworded,
        Self::Notation,
        Self::AlertOnly,
        Self::LinkOnly,
        Self::Moved,
    ];

    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Merged => "merged",
            Self::Edited => "edited",
            Self::Renamed => "renamed",
            Self::Reworded => "reworded",
            Self::Notation => "notation",
            Self::AlertOnly => "alert-only",
            Self::LinkOnly => "link-only",
            Self::Moved => "moved",
        }
    }

    /// The class of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }

    /// The class of the change backwards.
    fn mirrored(self) -> Self {
        match self {
            Self::Added => Self::Removed,
            Self::Removed => Self::Added,
            same => same,
        }
    }
}

/// What changed between two revisions. `from` may be the later one: the result is then the exact mirror image.
pub fn between(content: &Content, rules: &RuleSet, from: Date, to: Date) -> Diff {
    let (earlier, later) = (from.min(to), from.max(to));
    let mut diff = compare::compare(content, earlier, later);
    overlay::apply(content, &mut diff);
    affected::mark(content, rules, &mut diff);
    if from > to {
        diff.mirror();
    }
    diff
}

impl Diff {
    /// All changes with the entities they belong to.
    pub fn changes(&self) -> impl Iterator<Item = (&EntityDiff, &Change)> {
        self.entities.iter().flat_map(|e| e.changes.iter().map(move |c| (e, c)))
    }

    /// Whether nothing at all differs.
    pub fn is_empty(&self) -> bool {
        self.document.is_empty()
            && self.renamed.is_empty()
            && self.merged.is_empty()
            && self.added.is_empty()
            && self.removed.is_empty()
            && self.entities.is_empty()
            && self.rules.is_empty()
    }

    /// Only what concerns one account or group: its own changes and those of what was merged with it.
    #[must_use]
    pub fn only(mut self, entity: &str) -> Self {
        self.scope = Some(entity.to_owned());
        self.merged.retain(|m| m.into == entity || m.from.iter().any(|f| f == entity));
        let merged = self.merged.clone();
        let concerns =
            |id: &str| id == entity || merged.iter().any(|m| m.into == id || m.from.iter().any(|f| f == id));
        self.renamed.retain(|r| concerns(&r.entity));
        self.added.retain(|id| concerns(id));
        self.removed.retain(|id| concerns(id));
        self.entities.retain(|e| concerns(&e.entity));
        if entity != "document" {
            self.document.clear();
            self.notes.clear();
        }
        let mut rules: Vec<String> = self.changes().flat_map(|(_, c)| c.rules.iter().cloned()).collect();
        rules.sort_unstable();
        rules.dedup();
        self.rules = rules;
        self
    }

    /// Tells everything backwards.
    fn mirror(&mut self) {
        use std::mem::swap;
        fn turn<T>(pair: &mut (T, T)) {
            std::mem::swap(&mut pair.0, &mut pair.1);
        }
        swap(&mut self.from, &mut self.to);
        turn(&mut self.entries);
        swap(&mut self.added, &mut self.removed);
        for pair in &mut self.document {
            swap(&mut pair.from, &mut pair.to);
        }
        for renamed in &mut self.renamed {
            swap(&mut renamed.from, &mut renamed.to);
        }
        for entity in &mut self.entities {
            turn(&mut entity.name);
            for change in &mut entity.changes {
                change.class = change.class.mirrored();
                change.kind = change.kind.mirrored();
                swap(&mut change.from, &mut change.to);
                turn(&mut change.text);
                turn(&mut change.level);
                change.terms.iter_mut().for_each(turn);
                change.alert.iter_mut().for_each(turn);
                change.section.iter_mut().for_each(turn);
                for fact in &mut change.facts {
                    swap(&mut fact.from, &mut fact.to);
                }
            }
        }
    }
}
