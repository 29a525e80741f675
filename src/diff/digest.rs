//! A diff put in the order in which people read it: facts, then guidance, then terms, then the rest in a line
//! each. Every format for people shows this.

use std::collections::BTreeSet;

use super::{Change, Class, Diff, EntityDiff, Kind};
use crate::content::{Content, EntityKind};

/// A diff for reading.
#[derive(Debug)]
pub(super) struct Digest<'d> {
    /// What is documented otherwise, by entity.
    pub(super) facts: Vec<(&'d EntityDiff, Vec<Item<'d>>)>,
    /// What is said more or less strictly; the same of several entities is one item.
    pub(super) guidance: Vec<Item<'d>>,
    /// Words that stand for the same, each pair once.
    pub(super) terms: Vec<Term<'d>>,
    /// How many pairs of terms differ in capitals only.
    pub(super) case_terms: usize,
    /// What else there is, by entity; each in a line.
    pub(super) quiet: Vec<(&'d EntityDiff, Vec<&'d Change>)>,
}

/// Changes that are told together.
#[derive(Debug)]
pub(super) struct Item<'d> {
    /// The changes; there is one at least.
    pub(super) changes: Vec<&'d Change>,
    /// The entities they belong to, each once.
    pub(super) entities: Vec<&'d EntityDiff>,
    /// The heading of the procedure that all of them are steps of.
    pub(super) procedure: Option<&'d str>,
}

impl<'d> Item<'d> {
    /// The first change: of those told together all are alike.
    pub(super) fn first(&self) -> Option<&'d Change> {
        self.changes.first().copied()
    }

    /// Ids of the rules of all changes, each once.
    pub(super) fn rules(&self) -> Vec<&'d str> {
        let rules: BTreeSet<&str> =
            self.changes.iter().flat_map(|c| c.rules.iter().map(String::as_str)).collect();
        rules.into_iter().collect()
    }

    /// How many steps the procedure has: by their numbers, of which several statements may share one.
    pub(super) fn steps(&self) -> usize {
        let numbers: BTreeSet<i64> = (self.changes.iter())
            .flat_map(|c| &c.facts)
            .filter_map(|f| f.to.as_ref().or(f.from.as_ref())?.get("number")?.as_i64())
            .collect();
        if numbers.is_empty() { self.changes.len() } else { numbers.len() }
    }
}

/// Words of one revision and those that stand for them in the other.
#[derive(Debug)]
pub(super) struct Term<'d> {
    /// Under the first revision; none if it quotes nothing.
    pub(super) from: Option<&'d str>,
    /// Under the second.
    pub(super) to: Option<&'d str>,
    /// The statements they were quoted from.
    pub(super) statements: Vec<&'d str>,
    /// Whether the publisher probably did not mean one of them.
    pub(super) suspect: bool,
}

/// Puts a diff in order.
pub(super) fn digest<'d>(content: &Content, diff: &'d Diff) -> Digest<'d> {
    let mut out = Digest {
        facts: Vec::new(),
        guidance: Vec::new(),
        terms: Vec::new(),
        case_terms: 0,
        quiet: Vec::new(),
    };
    // The page itself is said last in every group, as it stands last in the diff.
    for entity in &diff.entities {
        let mut facts: Vec<Item<'d>> = Vec::new();
        let mut quiet = Vec::new();
        let mut spoken = false;
        for change in &entity.changes {
            match change.kind {
                kind if kind.is_fact() => facts_item(&mut facts, entity, change),
                Kind::Clarified => {
                    spoken = true;
                    guidance_item(&mut out.guidance, entity, change);
                }
                _ => quiet.push(change),
            }
            term(&mut out, change);
        }
        if !facts.is_empty() {
            spoken = true;
            out.facts.push((entity, facts));
        }
        // What is said of an entity above is not said again, unless it is more than polish.
        if !spoken && !quiet.is_empty() && !merged_away(content, diff, entity) {
            out.quiet.push((entity, quiet));
        }
    }
    out
}

/// Whether the entity is told among the merges, and nothing else is to be said of it.
fn merged_away(content: &Content, diff: &Diff, entity: &EntityDiff) -> bool {
    let away = diff.merged.iter().any(|m| m.from.contains(&entity.entity));
    let listed = content.entity(&entity.entity).is_some_and(|e| e.kind != EntityKind::Document);
    away && listed && entity.changes.iter().all(|c| c.class == Class::Merged)
}

fn facts_item<'d>(items: &mut Vec<Item<'d>>, entity: &'d EntityDiff, change: &'d Change) {
    let procedure = change
        .under
        .as_deref()
        .filter(|_| change.category == "console" && matches!(change.class, Class::Added | Class::Removed));
    let like = items.iter_mut().find(|item| {
        item.first().is_some_and(|first| {
            first.kind == change.kind
                && item.procedure == procedure
                && (procedure.is_some() || told_alike(first, change))
        })
    });
    match like {
        Some(item) => item.changes.push(change),
        None => items.push(Item { changes: vec![change], entities: vec![entity], procedure }),
    }
}

/// Whether two changes of one entity read the same.
fn told_alike(a: &Change, b: &Change) -> bool {
    a.from != a.to && (&a.from, &a.to, a.suspect) == (&b.from, &b.to, b.suspect)
}

fn guidance_item<'d>(items: &mut Vec<Item<'d>>, entity: &'d EntityDiff, change: &'d Change) {
    let like = items.iter_mut().find(|item| {
        item.first().is_some_and(|first| {
            first.id() == change.id()
                && told_alike(first, change)
                && first.level == change.level
                && first.suspect == change.suspect
        })
    });
    match like {
        Some(item) => {
            item.changes.push(change);
            if !item.entities.iter().any(|e| e.entity == entity.entity) {
                item.entities.push(entity);
            }
        }
        None => items.push(Item { changes: vec![change], entities: vec![entity], procedure: None }),
    }
}

/// Takes up the words that changed, if nothing but the words did.
fn term<'d>(out: &mut Digest<'d>, change: &'d Change) {
    let Some((from, to)) = &change.terms else { return };
    if change.kind.is_fact() || change.kind == Kind::Clarified {
        return;
    }
    let (from, to) = (from.as_deref(), to.as_deref());
    if let (Some(from), Some(to)) = (from, to)
        && from.to_lowercase() == to.to_lowercase()
    {
        out.case_terms += 1;
        return;
    }
    match out.terms.iter_mut().find(|t| (t.from, t.to) == (from, to)) {
        Some(term) => {
            term.statements.push(&change.statement);
            term.suspect |= change.suspect;
        }
        None => {
            out.terms.push(Term { from, to, statements: vec![&change.statement], suspect: change.suspect })
        }
    }
}

/// How the changes of an entity are counted in a line: what each of a kind is called.
pub(super) fn tally(changes: &[&Change]) -> Vec<String> {
    // Class, then what one and several of it are called.
    const WORDS: [(Class, &str, &str); 10] = [
        (Class::Edited, "edited", "edited"),
        (Class::Added, "added", "added"),
        (Class::Removed, "removed", "removed"),
        (Class::Merged, "taken over", "taken over"),
        (Class::Renamed, "with another title", "with other titles"),
        (Class::Reworded, "reworded", "reworded"),
        (Class::Notation, "path written another way", "paths written another way"),
        (Class::AlertOnly, "in another box", "in other boxes"),
        (Class::LinkOnly, "link", "links"),
        (Class::Moved, "under another heading", "under other headings"),
    ];
    WORDS
        .iter()
        .filter_map(|(class, one, many)| {
            let n = changes.iter().filter(|c| c.class == *class).count();
            (n > 0).then(|| format!("{n} {}", if n == 1 { one } else { many }))
        })
        .collect()
}
