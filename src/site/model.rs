//! What pages show, looked up once: addresses, titles, which rule enforces what.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::Sources;
use super::view::{View, list, show_serialized, view};
use crate::content::{Checkable, Content, Date, Entity, Level as StatementLevel, Statement, Timeline, Words};
use crate::rules::Rule;

/// The sources with their indexes.
pub(super) struct Model<'a> {
    pub(super) sources: Sources<'a>,
    /// The newest revision.
    pub(super) newest: Date,
    /// The dates of the revisions, oldest first.
    pub(super) dates: Vec<Date>,
    /// Rules by the statements they enforce.
    rules: HashMap<&'a str, Vec<&'a Rule>>,
    /// Rules by the entities whose statements they enforce.
    entity_rules: HashMap<&'a str, Vec<&'a Rule>>,
    /// The entities before and behind one of the same kind.
    near: HashMap<&'a str, [Option<&'a Entity>; 2]>,
    /// The entities whose place one took.
    absorbed: HashMap<&'a str, Vec<&'a Entity>>,
    /// What pages show where they mention a rule or an entity; by id.
    rule_links: HashMap<&'a str, View>,
    entity_links: HashMap<&'a str, View>,
    /// The entities that are the same in all revisions; by id.
    constant: HashSet<&'a str>,
}

/// A link to another page.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Link {
    pub(super) href: String,
    pub(super) title: String,
}

/// Statements that belong together.
#[derive(Debug, Clone)]
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) statements: Vec<View>,
    /// How many of them rules enforce.
    pub(super) enforced: usize,
}

impl Section {
    pub(super) fn view(&self) -> View {
        view!({ "id": self.id, "title": self.title, "statements": self.statements })
    }
}

/// Sections of an entity page, and the categories they take.
const SECTIONS: [(&str, &str, &[&str]); 6] = [
    ("_use", "Purpose and use", &["purpose", "condition", "behaviour"]),
    ("_requirements", "Requirements", &["requirement", "prohibition", "limit", "permission", "membership"]),
    ("_advice", "Recommendations", &["recommendation"]),
    ("_place", "Defaults, location and life cycle", &["location", "default", "lifecycle"]),
    ("_console", "In the console", &["console"]),
    ("_see-also", "See also", &["see-also"]),
];

/// What a revision does to an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// It is not there yet, or no more.
    Absent,
    /// Another entity took its place in this revision.
    Merged,
    /// It is there for the first time.
    First,
    /// Something documented changed.
    Changed,
    /// Only its title changed.
    Renamed,
    /// The wording changed.
    Reworded,
    /// Its title is in another letter case.
    Recased,
    /// Nothing changed but, at most, the layout.
    Same,
}

impl State {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Absent => "not there",
            Self::Merged => "merged away",
            Self::First => "first documented",
            Self::Changed => "facts changed",
            Self::Renamed => "renamed",
            Self::Reworded => "reworded",
            Self::Recased => "title in other letter case",
            Self::Same => "unchanged",
        }
    }
}

/// The word for a level as people read it.
pub(super) fn level_words(level: StatementLevel) -> &'static str {
    match level {
        StatementLevel::Must => "must",
        StatementLevel::MustNot => "must not",
        StatementLevel::Should => "should",
        StatementLevel::ShouldNot => "should not",
        StatementLevel::May => "may",
        StatementLevel::Info => "note",
    }
}

/// What a statement says at a revision, in its own sentence and at its own level.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Said {
    text: String,
    level: &'static str,
    level_words: &'static str,
    /// The statement's anchor on the page of its entity.
    statement: String,
}

show_serialized!(Said);

impl Said {
    /// None if the revision does not make the statement.
    pub(super) fn of(statement: &Statement, revision: Date) -> Option<Self> {
        let level = level(statement, revision);
        Some(Self {
            text: statement.text.at(revision)?.clone(),
            level: level.name(),
            level_words: level_words(level),
            statement: statement.id().to_owned(),
        })
    }
}

/// How binding a statement is at a revision.
pub(super) fn level(statement: &Statement, revision: Date) -> StatementLevel {
    statement.level.at(revision).copied().unwrap_or(StatementLevel::Info)
}

/// The newest level a rule has.
pub(super) fn rule_level(rule: &Rule) -> &'static str {
    rule.level.last().map_or("off", |level| level.name())
}

impl<'a> Model<'a> {
    pub(super) fn new(sources: &Sources<'a>) -> Self {
        let mut rules: HashMap<&'a str, Vec<&'a Rule>> = HashMap::new();
        let mut entity_rules: HashMap<&'a str, Vec<&'a Rule>> = HashMap::new();
        for rule in &sources.rules.rules {
            for reference in &rule.statements {
                rules.entry(reference).or_default().push(rule);
                let entity = reference.split_once('/').map_or(reference.as_str(), |(e, _)| e);
                let of = entity_rules.entry(entity).or_default();
                if of.last().is_none_or(|last| last.id != rule.id) {
                    of.push(rule);
                }
            }
        }
        let entities = &sources.content.entities;
        let mut near: HashMap<&'a str, [Option<&'a Entity>; 2]> = HashMap::new();
        for pair in entities.windows(2) {
            if let [a, b] = pair
                && a.kind == b.kind
            {
                near.entry(&a.id).or_default()[1] = Some(b);
                near.entry(&b.id).or_default()[0] = Some(a);
            }
        }
        let newest = sources.content.newest();
        let mut absorbed: HashMap<&'a str, Vec<&'a Entity>> = HashMap::new();
        for entity in entities {
            if let Some(into) = entity.merged_into.as_ref().and_then(|m| m.at(newest)) {
                absorbed.entry(into).or_default().push(entity);
            }
        }
        let link = |rule: &'a Rule| {
            let (level, href) = (rule_level(rule), rule_page(&rule.id));
            let shown = view!({ "id": rule.id, "title": rule.title, "level": level, "href": href });
            (rule.id.as_str(), shown)
        };
        let rule_links = sources.rules.rules.iter().map(link).collect();
        let link = |entity: &'a Entity| {
            let title = entity.title(newest);
            (entity.id.as_str(), view!({ "title": title, "href": page(entity) }))
        };
        let entity_links = entities.iter().map(link).collect();
        let dates = sources.content.dates();
        let first = dates.first().copied();
        let constant =
            |e: &&Entity| e.settled_since().zip(first).is_some_and(|(since, first)| since <= first);
        let constant = entities.iter().filter(constant).map(|e| e.id.as_str()).collect();
        Self {
            constant,
            near,
            absorbed,
            rule_links,
            entity_links,
            sources: *sources,
            newest,
            dates,
            rules,
            entity_rules,
        }
    }

    pub(super) fn content(&self) -> &'a Content {
        self.sources.content
    }

    pub(super) fn words(&self, revision: Date) -> Words<'a> {
        self.sources.content.words(revision)
    }

    /// The revision before one.
    pub(super) fn before(&self, revision: Date) -> Option<Date> {
        self.dates.iter().rev().find(|d| **d < revision).copied()
    }

    /// The entities before and behind one of the same kind.
    pub(super) fn near(&self, id: &str) -> [Option<&'a Entity>; 2] {
        self.near.get(id).copied().unwrap_or_default()
    }

    /// The entities whose place one took.
    pub(super) fn absorbed(&self, id: &str) -> &[&'a Entity] {
        self.absorbed.get(id).map_or(&[], Vec::as_slice)
    }

    pub(super) fn rules_of(&self, reference: &str) -> &[&'a Rule] {
        self.rules.get(reference).map_or(&[], Vec::as_slice)
    }

    pub(super) fn rules_of_entity(&self, id: &str) -> &[&'a Rule] {
        self.entity_rules.get(id).map_or(&[], Vec::as_slice)
    }

    /// The last revision that has an entity.
    pub(super) fn last(&self, entity: &Entity) -> Date {
        self.dates.iter().rev().find(|d| entity.name.at(**d).is_some()).copied().unwrap_or(self.newest)
    }

    /// The entity that has taken the place of one, by the newest revision.
    pub(super) fn successor(&self, entity: &Entity) -> Option<&'a Entity> {
        let id = entity.merged_into.as_ref()?.at(self.newest)?;
        self.content().entity(id)
    }

    /// The revision from which an entity is part of another.
    pub(super) fn merged_in(&self, entity: &Entity) -> Option<Date> {
        entity.merged_into.as_ref()?.steps.iter().find(|(_, into)| into.is_some()).map(|(date, _)| *date)
    }

    /// The title by which an entity goes now, or went last.
    pub(super) fn title(&self, entity: &'a Entity) -> &'a str {
        entity.title(self.newest)
    }

    /// A link to an entity.
    pub(super) fn entity_link(&self, entity: &Entity) -> View {
        self.entity_links.get(entity.id.as_str()).cloned().unwrap_or_else(View::none)
    }

    /// A rule where it is mentioned.
    pub(super) fn rule_link(&self, rule: &Rule) -> View {
        self.rule_links.get(rule.id.as_str()).cloned().unwrap_or_else(View::none)
    }

    /// The rules that enforce a statement.
    pub(super) fn rule_links_of(&self, reference: &str) -> Vec<View> {
        self.rules_of(reference).iter().map(|r| self.rule_link(r)).collect()
    }

    /// Where a statement stands.
    pub(super) fn statement_href(&self, entity: &Entity, statement: &Statement) -> String {
        format!("{}#{}", page(entity), statement.id())
    }

    /// A statement as a revision makes it.
    pub(super) fn statement(&self, statement: &Statement, revision: Date) -> Option<View> {
        fn at<T>(timeline: &Option<Timeline<T>>, revision: Date) -> Option<&T> {
            timeline.as_ref().and_then(|t| t.at(revision))
        }
        let text = statement.text.at(revision)?;
        let level = level(statement, revision);
        let links = at(&statement.links, revision).into_iter().flatten().map(|l| l.title.as_str());
        Some(view!({
            // Its id within its entity is its anchor.
            "id": statement.id(),
            "level": level.name(),
            "level_words": level_words(level),
            "text": text,
            "detail": at(&statement.detail, revision),
            "terms": at(&statement.terms, revision),
            "alert": at(&statement.alert, revision).map(|a| a.name()),
            "links": links.collect::<Vec<_>>(),
            // What is known of how this revision came to say it: that it is a slip, that it was taken back.
            "mind": self.content().notes_on(&statement.reference, revision),
            "rules": self.rule_links_of(&statement.reference),
            "techniques": self.content().techniques_of(&statement.reference).map(|t| t.id.as_str()).collect::<Vec<_>>(),
            "checkable": checkable(statement.checkable),
            "because": statement.because,
            "look_at": statement.look_at,
            // In which revisions it is made, where that is not all of them.
            "since": self.span(&statement.text),
        }))
    }

    /// The statements of an entity as a revision makes them, put together by what they are about.
    pub(super) fn sections(&self, entity: &Entity, revision: Date) -> Vec<Section> {
        let mut sections =
            SECTIONS.map(|(id, title, _)| Section { id, title, statements: Vec::new(), enforced: 0 });
        for statement in &entity.statements {
            let category = statement.category.as_str();
            let place = SECTIONS.iter().position(|(_, _, categories)| categories.contains(&category));
            let Some(section) = place.and_then(|p| sections.get_mut(p)) else { continue };
            let Some(shown) = self.statement(statement, revision) else { continue };
            section.statements.push(shown);
            section.enforced += usize::from(!self.rules_of(&statement.reference).is_empty());
        }
        sections.into_iter().filter(|section| !section.statements.is_empty()).collect()
    }

    /// In which revisions a value is there, if not in all of them.
    pub(super) fn span<T>(&self, timeline: &Timeline<T>) -> Option<String> {
        let there: Vec<bool> = self.dates.iter().map(|d| timeline.at(*d).is_some()).collect();
        let first = there.iter().position(|t| *t)?;
        let last = there.iter().rposition(|t| *t)?;
        let (first_date, last_date) = (self.dates.get(first)?, self.dates.get(last)?);
        match (first == 0, last + 1 == there.len()) {
            (true, true) => None,
            (false, true) => Some(format!("since {first_date}")),
            (true, false) => Some(format!("until {last_date}")),
            (false, false) if first == last => Some(format!("only in {first_date}")),
            (false, false) => Some(format!("from {first_date} until {last_date}")),
        }
    }

    /// What a revision does to an entity.
    pub(super) fn state(&self, entity: &Entity, revision: Date) -> State {
        let now = entity.name.at(revision);
        let before = self.before(revision).and_then(|d| entity.name.at(d));
        let Some(now) = now else {
            let merged = entity.merged_into.as_ref().is_some_and(|m| m.at(revision).is_some());
            return if merged { State::Merged } else { State::Absent };
        };
        let Some(before) = before else { return State::First };
        let kinds: Vec<&str> = (entity.statements.iter())
            .flat_map(|s| &s.changes)
            .filter(|c| c.revision == revision)
            .map(|c| c.kind.as_str())
            .collect();
        if kinds.iter().any(|k| matches!(*k, "fact-added" | "fact-removed" | "fact-changed")) {
            State::Changed
        } else if before.to_lowercase() != now.to_lowercase() {
            State::Renamed
        } else if kinds.iter().any(|k| *k != "layout") {
            State::Reworded
        } else if before != now {
            State::Recased
        } else {
            State::Same
        }
    }

    /// Whether an entity is the same in all revisions. Such an entry has one page, which is that of each of them.
    pub(super) fn is_constant(&self, entity: &Entity) -> bool {
        self.constant.contains(entity.id.as_str())
    }

    /// The page of an entity as a revision has it.
    pub(super) fn page_at(&self, entity: &Entity, revision: Date) -> String {
        if self.is_constant(entity) { page(entity) } else { page_at(entity, revision) }
    }

    /// The strip of revisions of an entity. One that never changed has one stop.
    pub(super) fn strip_of(&self, entity: &Entity, current: Date) -> View {
        match self.dates.as_slice() {
            [first, .., _] if self.is_constant(entity) => list([view!({
                "date": format!("since {first}"),
                "href": page(entity),
                "state": State::Same,
                "words": "the same in all revisions",
                "current": true,
            })]),
            _ => self.strip(entity, current),
        }
    }

    /// What each revision does to an entity.
    pub(super) fn strip(&self, entity: &Entity, current: Date) -> View {
        list(self.dates.iter().map(|date| {
            let state = self.state(entity, *date);
            view!({
                "date": date.to_string(),
                "href": self.page_at(entity, *date),
                "state": state,
                "words": state.words(),
                "current": *date == current,
            })
        }))
    }
}

pub(super) fn checkable(checkable: Checkable) -> &'static str {
    match checkable {
        Checkable::Yes => "yes",
        Checkable::Partial => "partial",
        Checkable::No => "no",
    }
}

/// The folder of an entity's pages, with a stroke at its end.
pub(super) fn folder(entity: &Entity) -> String {
    match entity.kind.folder() {
        Some(folder) => format!("{folder}/{}/", entity.id),
        None => "document/".to_owned(),
    }
}

/// The page of an entity.
pub(super) fn page(entity: &Entity) -> String {
    folder(entity) + "index.html"
}

/// The page of an entity as a revision has it.
pub(super) fn page_at(entity: &Entity, revision: Date) -> String {
    format!("{}r/{revision}/index.html", folder(entity))
}

/// The page of a rule.
pub(super) fn rule_page(id: &str) -> String {
    format!("rules/{id}/index.html")
}

show_serialized!(Link, State);
