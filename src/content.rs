//! The specification: every documented statement on accounts and groups, over its revisions.
//!
//! This is the only place that knows what is documented. It knows nothing of exports.
//! The shape of the files is described in `content/README.md`. [`load`] reads all of them and reports every
//! mistake at its place; what is loaded holds together, so nothing has to be checked again afterwards.

mod entity;
pub mod fact;
mod levels;
mod overlay;
mod revision;
pub(crate) mod techniques;
mod timeline;
mod unread;
mod words;

use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::prelude::*;

use crate::assets::Assets;
use crate::yaml::{Document, File, Problem, Problems, discard, read_all};

pub use crate::vocabulary::{
    EvidenceKind, Name, Permission, Securable, SecurablePermission, UserRight, Vocabulary, WellKnown,
};
pub(crate) use entity::DRAFT;
pub use entity::{
    Alert, CATEGORIES, CHANGE_KINDS, Change, Checkable, Entity, EntityKind, Item, Level, Link, Statement,
};
pub use fact::{Fact, Values};
pub use overlay::{ConfirmedChange, ConfirmedMerge, ConfirmedRename, Overlay};
pub use revision::Revision;
pub use techniques::Technique;
pub use timeline::{Date, Timeline, date};
pub use words::{Words, capital};

/// The whole specification.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// The revisions, oldest first.
    pub revisions: Vec<Revision>,
    /// Groups, then accounts, each in the order of their ids; last the document itself.
    pub entities: Vec<Entity>,
    /// Names that the rest is checked against.
    pub vocabulary: Vocabulary,
    /// What maintainers say of the changes between revisions, in the order of the files.
    pub overlays: Vec<Overlay>,
    /// What statements and rules bear on.
    pub techniques: Vec<Technique>,
    /// Entity of each id.
    index: HashMap<String, usize>,
    /// The facts of each kind: entity, statement of the entity, fact of the statement.
    by_kind: BTreeMap<String, Vec<[usize; 3]>>,
    /// The statements of which maintainers say something.
    spoken_of: HashSet<String>,
}

/// A documented fact as one revision states it.
#[derive(Debug, Clone)]
pub struct FactAt<'c> {
    /// Its kind.
    pub kind: &'c str,
    /// Id of the entity it is stated of.
    pub entity: &'c str,
    /// The statement that states it: `entity/statement`.
    pub statement: &'c str,
    /// The fact over all revisions.
    pub fact: &'c Fact,
    /// Its keys with the values of that revision; keys without a value are not there.
    pub values: &'c Values,
    /// What it says, if it is of a kind that the program judges.
    pub says: Option<&'c fact::Says>,
}

/// Reads the specification. With it come warnings, which stop nothing.
///
/// # Errors
/// With all problems of all files, if one of them is an error.
pub fn load(assets: &Assets) -> Result<(Content, Problems), Problems> {
    let mut problems = Problems::new();
    let documents = read_all(assets, wanted, &mut problems);
    let content = read(&documents, &assets.root(), &mut problems);
    discard(documents);
    problems.or_value(content)
}

/// Whether a file of `content/` is read here. The evidence tables stand in the same folder.
fn wanted(name: &str) -> bool {
    !matches!(name, "evidence.yaml" | "sources.yaml")
}

fn read(documents: &[Document], root: &str, problems: &mut Problems) -> Content {
    let find = |name: &str, problems: &mut Problems| {
        let document = documents.iter().find(|d| d.file.name == name);
        // A file that is there but is no YAML has been reported.
        if document.is_none() && !problems.0.iter().any(|p| p.file.name == name) {
            let file = File::absent(format!("{root}/{name}"));
            problems.push(
                Problem::error(&file, 0..0, "the file is missing")
                    .help("a folder given with `--content` replaces the built-in one whole"),
            );
        }
        document
    };
    let vocabulary = find("vocabulary.yaml", problems).map(|d| Vocabulary::read(d, problems));
    let revisions = find("revisions.yaml", problems).map(|d| revision::read(d, problems)).unwrap_or_default();
    find("document.yaml", problems);

    let dates: Vec<Date> = revisions.iter().map(|r| r.date).collect();
    let known = entity::Known { revisions: &dates, vocabulary: vocabulary.as_ref() };
    let mut pointers = Vec::new();
    let mut entities: Vec<Entity> = Vec::new();
    let mut overlays: Vec<Overlay> = Vec::new();
    let folders: Vec<&str> = EntityKind::ALL.into_iter().filter_map(EntityKind::folder).collect();
    let is_entity = |file: &File| folders.contains(&file.folder()) || file.name == "document.yaml";
    let read: Vec<_> = (documents.par_iter().with_max_len(16))
        .filter(|document| is_entity(&document.file))
        .map(|document| {
            let (mut pointers, mut problems) = (Vec::new(), Problems::new());
            (entity::read(document, &known, &mut pointers, &mut problems), pointers, problems)
        })
        .collect();
    for (entity, of, found) in read {
        entities.extend(entity);
        pointers.extend(of);
        problems.extend(found);
    }
    for document in documents.iter().filter(|document| !is_entity(&document.file)) {
        let file = &document.file;
        match (file.folder(), file.name.as_str()) {
            ("changes", _) => overlays.extend(overlay::read(document, &dates, problems)),
            (_, "vocabulary.yaml" | "revisions.yaml" | "techniques.yaml") => {}
            _ => problems.push(
                Problem::warning(file, 0..0, "the file belongs to nothing, and is not read").help(
                    "entities stand in `accounts/`, `groups/` and `database/`, what is said of changes in `changes/`",
                ),
            ),
        }
    }
    entities.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
    let mut index: HashMap<String, usize> = HashMap::new();
    for (i, entity) in entities.iter().enumerate() {
        if let Some(first) = index.insert(entity.id.clone(), i).and_then(|i| entities.get(i)) {
            problems.push(
                Problem::error(
                    &entity.file,
                    entity.span.clone(),
                    format!("the id `{}` comes twice", entity.id),
                )
                .related(&first.file, first.span.clone(), "first here"),
            );
        }
    }
    for pointer in pointers {
        if !index.contains_key(&pointer.id.value) {
            let names = entities.iter().map(|e| e.id.as_str());
            let id = &pointer.id;
            problems.push(Problem::unknown_name(
                &pointer.file,
                id.span.clone(),
                "account or group",
                &id.value,
                names,
            ));
        } else if pointer.id.value == pointer.from && pointer.distinct {
            problems.error(&pointer.file, pointer.id.span, "this is the account or group itself");
        }
    }
    overlay::check(
        &overlays,
        entities.iter().map(|e| e.id.as_str()),
        entities.iter().flat_map(|e| e.statements.iter().map(|s| s.reference.as_str())),
        problems,
    );
    let vocabulary = vocabulary.unwrap_or_default();
    let mut by_kind: BTreeMap<String, Vec<[usize; 3]>> = BTreeMap::new();
    for (e, entity) in entities.iter().enumerate() {
        for (s, statement) in entity.statements.iter().enumerate() {
            for (f, fact) in statement.facts.iter().enumerate() {
                by_kind.entry(fact.kind.clone()).or_default().push([e, s, f]);
            }
        }
    }
    let spoken_of: HashSet<String> =
        overlays.iter().flat_map(|o| &o.statements).map(|c| c.statement.value.clone()).collect();
    let references: HashSet<&str> =
        entities.iter().flat_map(|e| &e.statements).map(|s| s.reference.as_str()).collect();
    let listed = documents.iter().find(|d| d.file.name == "techniques.yaml");
    let techniques =
        listed.map(|d| techniques::read(d, |s| references.contains(s), problems)).unwrap_or_default();
    let content =
        Content { revisions, entities, vocabulary, overlays, techniques, index, by_kind, spoken_of };
    for entity in &content.entities {
        let next = |id: &str| content.entity(id)?.merged_into.as_ref()?.values().last();
        let steps = std::iter::successors(next(&entity.id), |id| next(id));
        if steps.take(content.entities.len()).any(|id| *id == entity.id) {
            let message = format!("the merges of `{}` lead back to itself", entity.id);
            problems.error(&entity.file, entity.span.clone(), message);
        }
    }
    content
}

impl Content {
    /// The entity of that id.
    pub fn entity(&self, id: &str) -> Option<&Entity> {
        self.entities.get(*self.index.get(id)?)
    }

    /// The statement of that reference, with its entity.
    pub fn statement(&self, reference: &str) -> Option<(&Entity, &Statement)> {
        let (entity, _) = reference.split_once('/')?;
        let entity = self.entity(entity)?;
        Some((entity, entity.statements.iter().find(|s| s.reference == reference)?))
    }

    /// The newest revision's date. There is one, since content without revisions does not load; the year 0
    /// stands for an empty specification.
    pub fn newest(&self) -> Date {
        self.revisions.last().map_or(Date { year: 0, month: 1, day: 1 }, |r| r.date)
    }

    /// The revision of that date.
    pub fn revision(&self, date: Date) -> Option<&Revision> {
        self.revisions.iter().find(|r| r.date == date)
    }

    /// The newest revision that speaks for a ConfigMgr build (the third part of 5.00.8692.1000).
    pub fn revision_for_build(&self, build: u32) -> Option<Date> {
        self.revisions.iter().rev().find(|r| r.speaks_for(build)).map(|r| r.date)
    }

    /// The dates of the revisions, oldest first.
    pub fn dates(&self) -> Vec<Date> {
        self.revisions.iter().map(|r| r.date).collect()
    }

    /// All statements with their entities, in order.
    pub fn statements(&self) -> impl Iterator<Item = (&Entity, &Statement)> {
        self.entities.iter().flat_map(|e| e.statements.iter().map(move |s| (e, s)))
    }

    /// The statements that a revision makes of the entities it has.
    pub fn in_force(&self, revision: Date) -> impl Iterator<Item = (&Entity, &Statement)> {
        self.entities
            .iter()
            .filter(move |e| e.name.at(revision).is_some())
            .flat_map(|e| e.statements.iter().map(move |s| (e, s)))
            .filter(move |(_, s)| s.text.at(revision).is_some())
    }

    /// The facts of a kind that a revision states, in the order of their statements.
    pub fn facts_of<'c>(&'c self, kind: &str, revision: Date) -> impl Iterator<Item = FactAt<'c>> + use<'c> {
        self.places_of(kind)
            .filter_map(move |(entity, statement, fact)| FactAt::new(entity, statement, fact, revision))
    }

    /// The facts of a judged kind that a revision states, with what they say, in the order of their statements.
    pub fn judged<'c, K: fact::Judged + 'c>(
        &'c self,
        revision: Date,
    ) -> impl Iterator<Item = (FactAt<'c>, &'c K)> + use<'c, K> {
        self.facts_of(K::KIND, revision).filter_map(|fact| {
            let says = K::of(fact.says?)?;
            Some((fact, says))
        })
    }

    /// What facts of a judged kind say in any revision, with what they say it of.
    pub fn ever<'c, K: fact::Judged + 'c>(
        &'c self,
    ) -> impl Iterator<Item = (&'c Entity, &'c K)> + use<'c, K> {
        let all = self.places_of(K::KIND);
        all.flat_map(|(entity, _, fact)| fact.ever().filter_map(move |says| Some((entity, K::of(says)?))))
    }

    /// The facts of a kind that any revision states, with where they stand, in order.
    pub fn places_of<'c>(
        &'c self,
        kind: &str,
    ) -> impl Iterator<Item = (&'c Entity, &'c Statement, &'c Fact)> + use<'c> {
        self.by_kind.get(kind).into_iter().flatten().filter_map(|[e, s, f]| {
            let entity = self.entities.get(*e)?;
            let statement = entity.statements.get(*s)?;
            Some((entity, statement, statement.facts.get(*f)?))
        })
    }

    /// Whether maintainers say something of how a statement changed.
    pub fn is_spoken_of(&self, reference: &str) -> bool {
        self.spoken_of.contains(reference)
    }

    /// Facts that ask for something else than the statement they belong to.
    pub fn misleveled(&self) -> Problems {
        levels::check(self)
    }

    /// Warnings of names in the vocabulary that no statement uses.
    pub fn unread(&self) -> Problems {
        unread::check(self)
    }

    /// What maintainers say of a statement as a revision has it: that it is a slip, or that it was soon taken back.
    pub fn notes_on(&self, reference: &str, revision: Date) -> Vec<&str> {
        let overlays = self.overlays.iter().filter(|o| o.to == revision);
        let changes = overlays.flat_map(|o| &o.statements).filter(|c| c.statement.value == reference);
        changes
            .filter(|change| change.suspect || change.class.is_none())
            .filter_map(|c| c.note.as_deref())
            .collect()
    }

    /// The technique of an id, whatever its capitals.
    pub fn technique(&self, id: &str) -> Option<&Technique> {
        self.techniques.iter().find(|t| t.id.eq_ignore_ascii_case(id))
    }

    /// The techniques that a statement bears on.
    pub fn techniques_of<'c>(&'c self, reference: &str) -> impl Iterator<Item = &'c Technique> {
        self.techniques.iter().filter(move |t| t.statements.iter().any(|s| s == reference))
    }

    /// The words in which a revision speaks of things.
    pub fn words(&self, revision: Date) -> Words<'_> {
        Words { content: self, revision }
    }

    /// All kinds of facts, sorted: what a rule can run over.
    pub fn fact_kinds(&self) -> impl Iterator<Item = &str> {
        self.by_kind.keys().map(String::as_str)
    }
}

impl Entity {
    /// The facts that a revision states of it, in the order of their statements.
    pub fn facts_at(&self, revision: Date) -> impl Iterator<Item = FactAt<'_>> {
        let statements = self.statements.iter();
        statements.flat_map(move |s| s.facts.iter().filter_map(move |f| FactAt::new(self, s, f, revision)))
    }
}

impl<'c> FactAt<'c> {
    /// None if the revision does not state it: it lacks the entity, the statement or all values of the fact.
    fn new(entity: &'c Entity, statement: &'c Statement, fact: &'c Fact, revision: Date) -> Option<Self> {
        entity.name.at(revision)?;
        statement.text.at(revision)?;
        let values = fact.at(revision)?;
        let says = fact.says(revision);
        Some(Self {
            kind: &fact.kind,
            entity: &entity.id,
            statement: &statement.reference,
            fact,
            values,
            says,
        })
    }
}

#[cfg(test)]
mod tests;
