//! What is found of the specification and the rules.

use std::collections::{BTreeSet, HashMap};

use rayon::prelude::*;
use serde_json::Value;

use crate::content::{Content, Date, Entity, EntityKind, Revision, Statement, Technique, Timeline};
use crate::diff::{Diff, Kind as ChangeKind};
use crate::rules::{Reference, Rule, RuleSet};

use super::super::model::folder;
use super::{Document, Kind, State};

/// One document for each group, account and page of the specification. The newest wording is shown, and that of
/// all revisions is found.
pub fn of_content(content: &Content) -> Vec<Document> {
    let mut became: HashMap<&str, Vec<&Entity>> = HashMap::new();
    for entity in &content.entities {
        let successor = successor(content, entity);
        if successor != entity.id {
            became.entry(successor).or_default().push(entity);
        }
    }
    let before = |entity: &Entity| became.get(entity.id.as_str()).map_or(&[][..], Vec::as_slice);
    content
        .entities
        .par_iter()
        .with_max_len(16)
        .map(|entity| of_entity(content, entity, before(entity)))
        .collect()
}

/// `before` are the entities whose place it took.
fn of_entity(content: &Content, entity: &Entity, before: &[&Entity]) -> Document {
    let mut titles: Vec<&String> = entity.name.values().collect();
    // A title of the page that Windows does not have is a name beside the one it has.
    let title = entity.windows_name.as_ref().or_else(|| titles.pop());
    let title = title.cloned().unwrap_or_else(|| entity.id.clone());
    let mut names: Vec<String> = titles.into_iter().rev().cloned().collect();
    names.extend(entity.name_pattern.clone());
    names.extend(entity.aliases.iter().cloned());
    // What took the place of another is found by the names that had.
    for other in before {
        names.extend(other.name.values().cloned());
        names.extend(other.aliases.iter().cloned());
    }
    let mut seen = BTreeSet::from([title.clone()]);
    names.retain(|name| seen.insert(name.clone()));

    let mut document = Document {
        url: folder(entity),
        id: entity.id.clone(),
        kind: Some(match entity.kind {
            EntityKind::Group => Kind::Group,
            EntityKind::Account => Kind::Account,
            EntityKind::SqlUser | EntityKind::SqlRole => Kind::Database,
            EntityKind::Document => Kind::Page,
        }),
        title,
        names,
        summary: entity.purpose.clone(),
        states: content.revisions.iter().map(|r| state(entity, r.date)).collect(),
        ..Document::default()
    };
    if entity.name.at(content.newest()).is_none() {
        document.replaced = entity.merged_into.is_some();
        document.tags.push(if document.replaced { "merged" } else { "gone" }.to_owned());
    } else {
        document.tags.push("current".to_owned());
    }
    let items = entity.roles.iter().chain(&entity.steps).chain(&entity.site_types);
    for item in items {
        let known = content.vocabulary.roles.iter().chain(&content.vocabulary.site_types);
        let name = known.into_iter().find(|n| n.id == item.name).map_or(&item.name, |n| &n.name);
        document.phrases.push(name.clone());
    }
    document.phrases.extend(entity.feature.clone());
    document.background.extend(entity.notes.iter().cloned());
    for statement in &entity.statements {
        of_statement(content, statement, &mut document);
    }
    unique(&mut document.phrases);
    unique(&mut document.body);
    unique(&mut document.background);
    document
}

/// The entity that an entity has become.
fn successor<'c>(content: &'c Content, entity: &'c Entity) -> &'c str {
    let next = |entity: &'c Entity| {
        let id = entity.merged_into.as_ref()?.values().last()?;
        content.entity(id)
    };
    std::iter::successors(Some(entity), |e| next(e)).last().map_or(&entity.id, |e| &e.id)
}

fn state(entity: &Entity, revision: Date) -> State {
    let counts = |kind: &str| !matches!(kind, "layout" | "editorial");
    if entity.name.at(revision).is_none() {
        State::Absent
    } else if entity
        .statements
        .iter()
        .flat_map(|s| &s.changes)
        .any(|c| c.revision == revision && counts(&c.kind))
    {
        State::Changed
    } else {
        State::Present
    }
}

fn of_statement(content: &Content, statement: &Statement, document: &mut Document) {
    let mut texts: Vec<&String> = statement.text.values().collect();
    if let Some(newest) = texts.pop() {
        document.sentences.push((statement.id().to_owned(), newest.clone()));
    }
    // What is asked for by its kind: the limit of an account, the location of a group.
    if matches!(
        statement.category.as_str(),
        "limit" | "location" | "membership" | "permission" | "prohibition"
    ) {
        document.body.push(statement.category.clone());
    }
    let mut also = |timeline: &Option<Timeline<String>>| {
        document.background.extend(timeline.iter().flat_map(Timeline::values).cloned());
    };
    also(&statement.detail);
    also(&statement.terms);
    also(&statement.section);
    document.background.extend(texts.into_iter().cloned());
    let links = statement.links.iter().flat_map(Timeline::values).flatten();
    document.background.extend(links.map(|link| link.title.clone()));
    for fact in &statement.facts {
        for (key, value) in &fact.keys {
            if !matches!(key.as_str(), "kind" | "note") {
                value.values().for_each(|v| of_value(content, v, document));
            }
        }
    }
    for kind in &statement.evidence {
        let kinds = &content.vocabulary.evidence_kinds;
        document.background.extend(kinds.iter().find(|k| k.id == *kind).map(|k| k.typical_source.clone()));
    }
}

/// A value of a fact. Names of things are phrases; what the vocabulary knows is found by its other names too.
fn of_value(content: &Content, value: &Value, document: &mut Document) {
    let vocabulary = &content.vocabulary;
    match value {
        Value::String(text) => {
            let names =
                [&vocabulary.roles, &vocabulary.site_types, &vocabulary.places, &vocabulary.principals];
            if let Some(right) = vocabulary.user_rights.iter().find(|r| r.id == *text) {
                document.phrases.extend([text.clone(), right.display.clone()]);
                document.background.extend(right.deny.clone());
                document.background.extend(right.also_written.iter().cloned());
            } else if let Some(name) = names.into_iter().flatten().find(|n| n.id == *text) {
                document.background.push(name.name.clone());
                document.background.extend(name.export_name.clone());
            } else if let Some(entity) = content.entity(text) {
                document.background.extend(entity.name.values().last().cloned());
            } else if is_name(content, text) {
                document.phrases.push(text.clone());
            } else if text.contains(' ') {
                document.background.push(text.clone());
            }
        }
        Value::Array(list) => list.iter().for_each(|v| of_value(content, v, document)),
        Value::Object(map) => map.values().for_each(|v| of_value(content, v, document)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a text names something: a permission, a principal, a path, a class, a variable; or all its words
/// begin with capitals.
fn is_name(content: &Content, text: &str) -> bool {
    let vocabulary = &content.vocabulary;
    let capital = |word: &str| word.starts_with(|c: char| c.is_uppercase() || !c.is_alphabetic());
    text.contains(['\\', '_', '.'])
        || vocabulary.permissions.iter().any(|p| p.id == text)
        || vocabulary.securable_permissions.iter().any(|p| p.name == text)
        || vocabulary.well_known.iter().any(|w| w.name == text)
        || (text.split_whitespace().count() <= 5
            && text.starts_with(|c: char| c.is_uppercase())
            && text.split_whitespace().filter(|w| !capital(w)).count() <= 1)
}

/// One document for each revision.
pub fn of_revisions(content: &Content) -> Vec<Document> {
    let document = |(place, revision): (usize, &Revision)| Document {
        url: format!("revisions/#r{}", revision.date),
        id: revision.date.to_string(),
        kind: Some(Kind::Revision),
        title: format!("Revision of {}", revision.date),
        names: revision.declared_as.iter().cloned().chain(revision.versions.iter().cloned()).collect(),
        summary: format!("{}, for versions {}", revision.product, revision.versions.join(", ")),
        states: (0..content.revisions.len())
            .map(|i| if i == place { State::Present } else { State::Absent })
            .collect(),
        background: [&revision.page_title, &revision.title, &revision.layout]
            .into_iter()
            .chain(&revision.doubt)
            .chain(&revision.observed)
            .cloned()
            .collect(),
        ..Document::default()
    };
    content.revisions.iter().enumerate().map(document).collect()
}

/// One document for each technique, which is found by its id.
pub fn of_techniques(content: &Content) -> Vec<Document> {
    let document = |technique: &Technique| Document {
        url: format!("techniques/#{}", technique.id),
        id: technique.id.clone(),
        kind: Some(Kind::Page),
        title: technique.id.clone(),
        summary: technique.name.clone(),
        states: content.revisions.iter().map(|_| State::Present).collect(),
        // Its words are those of many rules and accounts, which come first.
        background: vec![technique.name.clone()],
        ..Document::default()
    };
    content.techniques.iter().map(document).collect()
}

/// One document for each statement that says something else, or says it more clearly, under the second of two
/// revisions. Changes of wording and layout alone are left out: nobody looks for them, and they are most.
pub fn of_changes(content: &Content, diff: &Diff) -> Vec<Document> {
    let mut out = Vec::new();
    for entity in &diff.entities {
        let (old, new) = &entity.name;
        let name = new.as_ref().or(old.as_ref()).unwrap_or(&entity.entity);
        for change in entity.changes.iter().filter(|c| c.kind.is_fact() || c.kind == ChangeKind::Clarified) {
            let (_, statement) = change.statement.split_once('/').unwrap_or(("", &change.statement));
            let kind = change.kind.name();
            let state = |date: Date| if date == diff.to { State::Changed } else { State::Absent };
            let mut said: Vec<String> = change.notes.iter().map(|n| n.text.clone()).collect();
            unique(&mut said);
            if said.is_empty() {
                said.extend(change.to.clone().or_else(|| change.from.clone()));
            }
            out.push(Document {
                url: format!("compare/{}..{}/#{}.{statement}", diff.from, diff.to, entity.entity),
                id: format!("{}.{statement}", entity.entity),
                kind: Some(Kind::Change),
                title: format!("{name}: {}", kind.replace('-', " ")),
                summary: said.join("; "),
                states: content.revisions.iter().map(|r| state(r.date)).collect(),
                tags: vec![kind.to_owned(), change.class.name().to_owned()],
                ..Document::default()
            });
        }
    }
    out
}

/// One document for each rule.
pub fn of_rules(content: &Content, rules: &RuleSet) -> Vec<Document> {
    rules.rules.iter().map(|rule| of_rule(content, rule)).collect()
}

/// Rules over more statements than this are not found by the words of their statements.
const MOST_STATEMENTS: usize = 4;

fn of_rule(content: &Content, rule: &Rule) -> Document {
    let (from, until) = rule.revisions;
    let within = |date: Date| from.is_none_or(|f| f <= date) && until.is_none_or(|u| date <= u);
    let level = |date: Date| rule.level.at(date).copied().filter(|_| within(date));
    let mut states = Vec::new();
    let mut before = None;
    for revision in &content.revisions {
        let now = level(revision.date);
        states.push(match (now, before) {
            (None, _) => State::Absent,
            (Some(now), Some(before)) if now != before => State::Changed,
            _ => State::Present,
        });
        before = now;
    }
    let mut document = Document {
        url: format!("rules/{}/", rule.id),
        id: rule.id.clone(),
        kind: Some(Kind::Rule),
        title: rule.title.clone(),
        names: rule.aliases.clone(),
        states,
        tags: rule.level.values().map(|l| l.name().to_owned()).collect(),
        ..Document::default()
    };
    document.tags.push(rule.group.clone());
    unique(&mut document.tags);
    for reference in &rule.statements {
        if let Some((entity, statement)) = content.statement(reference) {
            document.phrases.extend(entity.name.values().last().cloned());
            // A rule over many statements is told by its own words; theirs would only make the index grow.
            if rule.statements.len() <= MOST_STATEMENTS {
                document.body.push(statement.id().replace('-', " "));
            }
        }
    }
    let help = plain(&rule.help);
    document.summary = help.split_inclusive(". ").next().unwrap_or_default().trim_end().to_owned();
    document.body.extend(rule.because.clone());
    for reference in &rule.references {
        match reference {
            Reference::Techniques(ids) => {
                document.phrases.extend(ids.iter().cloned());
            }
            Reference::Page { title, .. } => document.body.push(title.clone()),
        }
    }
    unique(&mut document.phrases);
    unique(&mut document.body);
    document
}

/// Markdown as one line of text, without its marks.
fn plain(markdown: &str) -> String {
    let text: String = markdown.chars().filter(|c| !matches!(c, '`' | '*')).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Sorted, each once.
fn unique(list: &mut Vec<String>) {
    list.sort_unstable();
    list.dedup();
}
