//! The two sides of every entity and statement, and what the difference means.
//!
//! The first revision is the earlier one here. What a step from one revision to the next means is said by the
//! `changes` of the statement; over several steps the gravest counts, and what was taken back again does not.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Aspect, Change, Class, Diff, EntityDiff, FactChange, Kind, Merged, Note, Pair, Renamed};
use crate::content::{Content, Date, Entity, EntityKind, Fact, Link, Revision, Statement, Timeline};

/// Compares two revisions, the earlier first. Rules and overlays are not looked at, but for the kinds that
/// overlays of single steps put right.
pub(super) fn compare(content: &Content, from: Date, to: Date) -> Diff {
    let mut diff = Diff {
        from,
        to,
        scope: None,
        entries: (entries(content, from), entries(content, to)),
        document: document(content, from, to),
        renamed: Vec::new(),
        merged: Vec::new(),
        added: Vec::new(),
        removed: Vec::new(),
        entities: Vec::new(),
        rules: Vec::new(),
        notes: Vec::new(),
    };
    let listed = |e: &&Entity| e.kind != EntityKind::Document;
    for entity in content.entities.iter().filter(listed) {
        match (entity.name.at(from), entity.name.at(to)) {
            (Some(was), Some(is)) if was != is => diff.renamed.push(Renamed {
                entity: entity.id.clone(),
                from: was.clone(),
                to: is.clone(),
                case_only: same_but_for_case(was, is),
                note: None,
            }),
            (Some(_), None) => match successor(content, entity, to) {
                Some(into) => match diff.merged.iter_mut().find(|m| m.into == into.id) {
                    Some(merged) => merged.from.push(entity.id.clone()),
                    None => diff.merged.push(Merged {
                        into: into.id.clone(),
                        from: vec![entity.id.clone()],
                        note: None,
                    }),
                },
                None => diff.removed.push(entity.id.clone()),
            },
            (None, Some(_)) => diff.added.push(entity.id.clone()),
            _ => {}
        }
    }
    diff.added.retain(|id| diff.merged.iter().all(|m| m.into != *id));
    for entity in &content.entities {
        diff.entities.extend(self::entity(content, entity, &diff.merged, from, to));
    }
    diff
}

/// The category of statements that only point to another page.
const SEE_ALSO: &str = "see-also";

/// Whether two titles differ in letter case only.
pub(super) fn same_but_for_case(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// How many groups and accounts a revision has.
fn entries(content: &Content, revision: Date) -> usize {
    content
        .entities
        .iter()
        .filter(|e| e.kind != EntityKind::Document && e.name.at(revision).is_some())
        .count()
}

/// What differs in what revisions say of the page.
fn document(content: &Content, from: Date, to: Date) -> Vec<Pair> {
    type Of = fn(&Revision) -> &str;
    let (Some(a), Some(b)) = (content.revision(from), content.revision(to)) else { return Vec::new() };
    let sides: [(&'static str, Of); 5] = [
        ("page title", |r| &r.page_title),
        ("title", |r| &r.title),
        ("product", |r| &r.product),
        ("layout", |r| &r.layout),
        ("licence", |r| &r.licence),
    ];
    sides
        .into_iter()
        .filter(|(_, of)| of(a) != of(b))
        .map(|(what, of)| Pair { what, from: of(a).to_owned(), to: of(b).to_owned() })
        .collect()
}

/// The entity that stands for another one at a revision, over any number of merges. There is none if the last of
/// them is not there either.
fn successor<'c>(content: &'c Content, entity: &Entity, at: Date) -> Option<&'c Entity> {
    let next = |e: &Entity| content.entity(e.merged_into.as_ref()?.at(at)?);
    let mut next_one = next(entity);
    // Merges run in no circle: that is checked when the content is loaded.
    while let Some(one) = next_one {
        if one.name.at(at).is_some() {
            return Some(one);
        }
        next_one = next(one);
    }
    None
}

fn entity(content: &Content, entity: &Entity, merged: &[Merged], from: Date, to: Date) -> Option<EntityDiff> {
    let into = merged.iter().find(|m| m.from.contains(&entity.id)).and_then(|m| content.entity(&m.into));
    let sources: Vec<&Entity> = merged
        .iter()
        .filter(|m| m.into == entity.id)
        .flat_map(|m| m.from.iter().filter_map(|id| content.entity(id)))
        .collect();
    let mut changes = Vec::new();
    for statement in &entity.statements {
        let sides = Sides { content, entity, statement, from, to };
        changes.extend(match (sides.made(from), sides.made(to)) {
            (true, true) => sides.both(),
            (true, false) => Some(sides.gone(into)),
            (false, true) => Some(sides.come(&sources)),
            (false, false) => None,
        });
    }
    let name = (entity.name.at(from).cloned(), entity.name.at(to).cloned());
    (!changes.is_empty()).then(|| EntityDiff { entity: entity.id.clone(), name, changes })
}

/// The facts of a statement by their numbers.
type Facts = BTreeMap<usize, Map<String, Value>>;

/// A statement under two revisions.
#[derive(Clone, Copy)]
struct Sides<'c> {
    content: &'c Content,
    entity: &'c Entity,
    statement: &'c Statement,
    from: Date,
    to: Date,
}

/// Whether a revision makes a statement.
fn made(entity: &Entity, statement: &Statement, revision: Date) -> bool {
    entity.name.at(revision).is_some() && statement.text.at(revision).is_some()
}

/// The value of an optional timeline.
fn at<T>(timeline: &Option<Timeline<T>>, revision: Date) -> Option<&T> {
    timeline.as_ref()?.at(revision)
}

impl Sides<'_> {
    fn made(&self, revision: Date) -> bool {
        made(self.entity, self.statement, revision)
    }

    fn facts(&self, revision: Date) -> Facts {
        if !self.made(revision) {
            return Facts::new();
        }
        let facts = self.statement.facts.iter().enumerate();
        facts
            .filter_map(|(i, f)| {
                let mut values = f.at(revision)?.clone();
                values.retain(|_, v| !v.is_null());
                Some((i, values))
            })
            .collect()
    }

    /// What differs between two revisions that both make the statement.
    fn differs(&self, from: Date, to: Date) -> Vec<Aspect> {
        let s = self.statement;
        let mut out = Vec::new();
        let mut note = |differs: bool, aspect| {
            if differs {
                out.push(aspect);
            }
        };
        note(s.text.at(from) != s.text.at(to), Aspect::Text);
        note(at(&s.detail, from) != at(&s.detail, to), Aspect::Detail);
        note(!self.fact_changes(from, to).is_empty(), Aspect::Facts);
        note(s.level.at(from) != s.level.at(to), Aspect::Level);
        note(at(&s.terms, from) != at(&s.terms, to), Aspect::Terms);
        note(at(&s.alert, from) != at(&s.alert, to), Aspect::Alert);
        note(at(&s.section, from) != at(&s.section, to), Aspect::Section);
        let links = |d| at::<Vec<Link>>(&s.links, d).map_or(&[][..], Vec::as_slice);
        note(links(from) != links(to), Aspect::Links);
        out
    }

    /// The facts that differ, compared by structure: a fact that only moved within the statement does not.
    fn fact_changes(&self, from: Date, to: Date) -> Vec<FactChange> {
        let settled = |fact: &Fact| fact.settled_since().is_some_and(|since| since <= from.min(to));
        if self.made(from) && self.made(to) && self.statement.facts.iter().all(settled) {
            return Vec::new();
        }
        let (mut before, mut after) = (self.facts(from), self.facts(to));
        let kind = |i: usize| self.statement.facts.get(i).map_or("", |f| f.kind.as_str()).to_owned();
        let mut out: Vec<(usize, FactChange)> = Vec::new();
        let both: Vec<usize> = before.keys().filter(|i| after.contains_key(i)).copied().collect();
        for i in both {
            let (Some(was), Some(is)) = (before.remove(&i), after.remove(&i)) else { continue };
            let mut keys: Vec<&String> = was.keys().chain(is.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                let (was, is) = (was.get(key), is.get(key));
                if was != is {
                    let (from, to) = (was.cloned(), is.cloned());
                    out.push((i, FactChange { kind: kind(i), key: Some(key.clone()), from, to }));
                }
            }
        }
        let moved: Vec<(usize, usize)> = before
            .iter()
            .filter_map(|(i, was)| {
                let same = after.iter().find(|(j, is)| *is == was && kind(**j) == kind(*i));
                same.map(|(j, _)| (*i, *j))
            })
            .collect();
        for (i, j) in moved {
            // Of several that are the same each stands for one.
            if before.contains_key(&i) && after.contains_key(&j) {
                before.remove(&i);
                after.remove(&j);
            }
        }
        for (i, was) in before {
            let from = Some(Value::Object(was));
            out.push((i, FactChange { kind: kind(i), key: None, from, to: None }));
        }
        for (i, is) in after {
            let to = Some(Value::Object(is));
            out.push((i, FactChange { kind: kind(i), key: None, from: None, to }));
        }
        out.sort_by_key(|(i, _)| *i);
        out.into_iter().map(|(_, change)| change).collect()
    }

    /// The revisions of the step, first and last included, as pairs of neighbours.
    fn steps(&self) -> Vec<(Date, Date)> {
        let mut dates: Vec<Date> =
            self.content.dates().into_iter().filter(|d| self.from < *d && *d < self.to).collect();
        dates.insert(0, self.from);
        dates.push(self.to);
        dates.windows(2).filter_map(|w| Some((*w.first()?, *w.last()?))).collect()
    }

    /// What the step between two neighbouring revisions means, as far as somebody has said it.
    fn declared(&self, step: (Date, Date)) -> Option<Declared> {
        let corrected = self
            .content
            .overlays
            .iter()
            .filter(|o| (o.from, o.to) == step)
            .flat_map(|o| &o.statements)
            .filter(|c| c.statement.value == self.statement.reference)
            .find_map(|c| c.computed_kind.as_ref().and(c.kind.as_ref()))
            .and_then(|kind| Kind::named(&kind.value));
        if let Some(kind) = corrected {
            return Some(Declared { kind, renamed: false });
        }
        let said = self.statement.changes.iter().filter(|c| step.0 < c.revision && c.revision <= step.1);
        said.filter_map(|c| Declared::of(&c.kind)).reduce(Declared::and)
    }

    /// What a step means: as it is said, else by its structure.
    fn meaning(&self, step: (Date, Date), differs: &[Aspect]) -> Option<Declared> {
        if let Some(declared) = self.declared(step) {
            return Some(declared);
        }
        let kind = if differs.contains(&Aspect::Facts) {
            let facts = self.fact_changes(step.0, step.1);
            if facts.iter().all(|f| f.from.is_none()) {
                Kind::FactAdded
            } else if facts.iter().all(|f| f.to.is_none()) {
                Kind::FactRemoved
            } else {
                Kind::FactChanged
            }
        } else if [Aspect::Text, Aspect::Detail, Aspect::Level].iter().any(|a| differs.contains(a)) {
            Kind::Clarified
        } else if differs.contains(&Aspect::Terms) {
            Kind::Terminology
        } else if differs.is_empty() {
            return None;
        } else {
            Kind::Layout
        };
        Some(Declared { kind, renamed: false })
    }

    /// The change of a statement that both revisions make.
    fn both(&self) -> Option<Change> {
        let settled = self.statement.settled_since().is_some_and(|since| since <= self.from.min(self.to));
        if settled && !self.content.is_spoken_of(&self.statement.reference) {
            return None;
        }
        let differs = self.differs(self.from, self.to);
        let mut meaning: Option<Declared> = None;
        let mut counted = Vec::new();
        for step in self.steps() {
            let own = match (self.made(step.0), self.made(step.1)) {
                (true, true) => {
                    let own = self.differs(step.0, step.1);
                    // What a later step takes back does not count.
                    if !own.is_empty() && own.iter().all(|a| !differs.contains(a)) {
                        continue;
                    }
                    own
                }
                // It was not made for a while.
                _ => continue,
            };
            if let Some(next) = self.meaning(step, &own) {
                meaning = Some(meaning.map_or(next, |m| m.and(next)));
                counted.push(step);
            }
        }
        let declared = match meaning {
            Some(meaning) => meaning,
            None if differs.is_empty() => return None,
            // It was not made in between, and came back as something else.
            None => self.meaning((self.from, self.to), &differs)?,
        };
        let mut change = self.change(declared.kind);
        change.class = class(declared, &differs);
        if self.statement.category == SEE_ALSO {
            change.class = Class::LinkOnly;
        }
        (change.from, change.to) = self.telling(&differs);
        let s = self.statement;
        let pair = |aspect: Aspect| differs.contains(&aspect).then_some((self.from, self.to));
        change.terms = pair(Aspect::Terms).map(|(a, b)| (at(&s.terms, a).cloned(), at(&s.terms, b).cloned()));
        change.section =
            pair(Aspect::Section).map(|(a, b)| (at(&s.section, a).cloned(), at(&s.section, b).cloned()));
        change.alert = pair(Aspect::Alert)
            .map(|(a, b)| (at(&s.alert, a).map(|x| x.name()), at(&s.alert, b).map(|x| x.name())));
        change.notes.retain(|n| counted.iter().any(|step| step.0 < n.revision && n.revision <= step.1));
        change.differs = differs;
        Some(change)
    }

    /// Words that went and that somebody judged to have said nothing of their own are no fact.
    fn only_words(&self, change: &mut Change) {
        let went = self.steps().into_iter().rev().find(|step| self.made(step.0) && !self.made(step.1));
        if went.and_then(|step| self.declared(step)).is_some_and(|d| d.kind == Kind::Editorial) {
            change.kind = Kind::Editorial;
        }
    }

    /// What the statement says under both revisions, as told by what differs first of: its text, what is said in
    /// particular, its level, its facts, its words, the rest. Where nothing of it differs it is the text.
    fn telling(&self, differs: &[Aspect]) -> (Option<String>, Option<String>) {
        let s = self.statement;
        let has = |aspect| differs.contains(&aspect);
        let side = |revision: Date| -> Option<String> {
            let text = s.text.at(revision).cloned();
            if has(Aspect::Text) {
                return text;
            }
            if has(Aspect::Detail)
                && let Some(detail) = at(&s.detail, revision)
            {
                return Some(detail.clone());
            }
            if has(Aspect::Terms) && !has(Aspect::Facts) {
                return at(&s.terms, revision).cloned().or(text);
            }
            text
        };
        (side(self.from), side(self.to))
    }

    /// The change of a statement that only the later revision makes. `sources` are the entities that were merged
    /// into this one.
    fn come(&self, sources: &[&Entity]) -> Change {
        let twins: Vec<&String> = (sources.iter())
            .flat_map(|e| e.statements.iter().map(move |s| (e, s)))
            .filter(|(e, s)| s.id() == self.statement.id() && made(e, s, self.from))
            .filter_map(|(_, s)| s.text.at(self.from))
            .collect();
        let declared = self.declared((self.from, self.to));
        let taken_over = !sources.is_empty() && declared.is_some_and(|d| d.renamed);
        let mut change = self.change(Kind::FactAdded);
        change.class = Class::Added;
        change.to = self.statement.text.at(self.to).cloned();
        if !twins.is_empty() || taken_over {
            change.class = Class::Merged;
            change.kind = match declared {
                Some(d) if d.kind.is_fact() || d.kind == Kind::Clarified => d.kind,
                _ => Kind::Layout,
            };
            let mut texts: Vec<&str> = twins.into_iter().map(String::as_str).collect();
            texts.dedup();
            change.from = (!texts.is_empty()).then(|| texts.join(" / "));
        } else {
            self.only_a_link(&mut change);
        }
        self.one_side(&mut change, self.to);
        change
    }

    /// The change of a statement that only the earlier revision makes. `into` is the entity that took the place of
    /// its own.
    fn gone(&self, into: Option<&Entity>) -> Change {
        let mut change = self.change(Kind::FactRemoved);
        change.class = Class::Removed;
        change.from = self.statement.text.at(self.from).cloned();
        let twin = into.and_then(|e| {
            let twin = e.statements.iter().find(|s| s.id() == self.statement.id())?;
            made(e, twin, self.to).then(|| twin.text.at(self.to).cloned()).flatten()
        });
        let declared = self.declared((self.from, self.to));
        if twin.is_some() || into.is_some() && declared.is_some_and(|d| d.renamed) {
            change.class = Class::Merged;
            change.kind = Kind::Layout;
            change.to = twin;
        } else {
            self.only_a_link(&mut change);
            self.only_words(&mut change);
        }
        self.one_side(&mut change, self.from);
        change
    }

    /// A pointer to another page documents nothing.
    fn only_a_link(&self, change: &mut Change) {
        if self.statement.category == SEE_ALSO {
            change.class = Class::LinkOnly;
            change.kind = Kind::Layout;
        }
    }

    /// Fills in what a statement has that only one revision makes.
    fn one_side(&self, change: &mut Change, revision: Date) {
        change.differs = vec![Aspect::Text];
        if change.class != Class::Merged {
            change.facts = self.fact_changes(self.from, self.to);
            if !change.facts.is_empty() {
                change.differs.push(Aspect::Facts);
            }
        }
        change.under = at(&self.statement.section, revision).cloned();
    }

    /// A change with all that does not depend on what happened.
    fn change(&self, kind: Kind) -> Change {
        let s = self.statement;
        let text = |revision| s.text.at(revision).filter(|_| self.made(revision)).cloned();
        let level = |revision| s.level.at(revision).filter(|_| self.made(revision)).copied();
        let notes = s.changes.iter().filter(|c| self.from < c.revision && c.revision <= self.to);
        let both = self.made(self.from) && self.made(self.to);
        Change {
            statement: s.reference.clone(),
            class: Class::Edited,
            kind,
            from: None,
            to: None,
            rules: Vec::new(),
            text: (text(self.from), text(self.to)),
            category: s.category.clone(),
            differs: Vec::new(),
            level: (level(self.from), level(self.to)),
            terms: None,
            alert: None,
            section: None,
            under: at(&s.section, self.to).cloned(),
            facts: if both { self.fact_changes(self.from, self.to) } else { Vec::new() },
            notes: notes
                .map(|c| Note { revision: c.revision, kind: Some(c.kind.clone()), text: c.note.clone() })
                .collect(),
            suspect: false,
        }
    }
}

/// What somebody said of a step, or of several.
#[derive(Debug, Clone, Copy)]
struct Declared {
    /// The gravest kind.
    kind: Kind,
    /// Whether a title changed, here or in what is pointed to.
    renamed: bool,
}

impl Declared {
    /// What a kind of the specification means here.
    fn of(kind: &str) -> Option<Self> {
        if kind == "rename" {
            return Some(Self { kind: Kind::Terminology, renamed: true });
        }
        Kind::named(kind).map(|kind| Self { kind, renamed: false })
    }

    /// Both together: what was added in one step and taken away in another is changed.
    fn and(self, other: Self) -> Self {
        let kind = match (self.kind, other.kind) {
            (a, b) if a == b => a,
            (a, b) if a.is_fact() && b.is_fact() => Kind::FactChanged,
            // They stand in the order of their weight.
            (a, b) => a.min(b),
        };
        Self { kind, renamed: self.renamed || other.renamed }
    }
}

/// The class of a change of a statement that both revisions make.
fn class(declared: Declared, differs: &[Aspect]) -> Class {
    let only = |aspect| differs == [aspect];
    match declared.kind {
        Kind::FactAdded | Kind::FactRemoved | Kind::FactChanged | Kind::Clarified => Class::Edited,
        _ if declared.renamed => Class::Renamed,
        Kind::Layout if only(Aspect::Alert) => Class::AlertOnly,
        Kind::Layout if only(Aspect::Links) => Class::LinkOnly,
        Kind::Layout if only(Aspect::Section) => Class::Moved,
        Kind::Layout if differs.contains(&Aspect::Facts) => Class::Notation,
        _ => Class::Reworded,
    }
}
