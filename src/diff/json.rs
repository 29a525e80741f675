//! The diff for programs. Its shape is a promise, written down in `docs/diff.schema.json`: keys are added, never
//! changed or taken away, as long as the number in `schema` stays.

use serde::Serialize;
use serde_json::Value;

use super::{Change, Diff, Originals};
use crate::content::Content;

/// Name and number of the shape.
const SCHEMA: &str = "cmlint-diff/1";

/// Something under both revisions.
#[derive(Serialize)]
struct Two<T> {
    from: T,
    to: T,
}

impl<T> Two<T> {
    fn of((from, to): (T, T)) -> Self {
        Self { from, to }
    }
}

#[derive(Serialize)]
struct Whole<'d> {
    schema: &'static str,
    from: String,
    to: String,
    scope: Option<&'d str>,
    entries: Two<usize>,
    document: Vec<Part<'d>>,
    renamed: Vec<Renamed<'d>>,
    merged: Vec<Merged<'d>>,
    added: &'d [String],
    removed: &'d [String],
    entities: Vec<Entity<'d>>,
    rules: &'d [String],
    notes: &'d [String],
}

#[derive(Serialize)]
struct Part<'d> {
    what: &'static str,
    from: &'d str,
    to: &'d str,
}

#[derive(Serialize)]
struct Renamed<'d> {
    entity: &'d str,
    from: &'d str,
    to: &'d str,
    case_only: bool,
    note: Option<&'d str>,
}

#[derive(Serialize)]
struct Merged<'d> {
    into: &'d str,
    from: &'d [String],
    note: Option<&'d str>,
}

#[derive(Serialize)]
struct Entity<'d> {
    entity: &'d str,
    name: Two<Option<&'d str>>,
    changes: Vec<Changed<'d>>,
}

#[derive(Serialize)]
struct Changed<'d> {
    statement: &'d str,
    class: &'static str,
    kind: &'static str,
    from: Option<&'d str>,
    to: Option<&'d str>,
    rules: &'d [String],
    text: Two<Option<&'d str>>,
    category: &'d str,
    differs: Vec<&'static str>,
    level: Two<Option<&'static str>>,
    terms: Option<Two<Option<&'d str>>>,
    alert: Option<Two<Option<&'static str>>>,
    section: Option<Two<Option<&'d str>>>,
    under: Option<&'d str>,
    facts: Vec<Fact<'d>>,
    notes: Vec<Note<'d>>,
    suspect: bool,
}

#[derive(Serialize)]
struct Fact<'d> {
    kind: &'d str,
    key: Option<&'d str>,
    from: Option<&'d Value>,
    to: Option<&'d Value>,
}

#[derive(Serialize)]
struct Note<'d> {
    revision: String,
    kind: Option<&'d str>,
    text: &'d str,
}

/// The diff as what can be written as JSON, or as anything else that serde writes.
pub fn shape(diff: &Diff) -> impl Serialize + '_ {
    Whole {
        schema: SCHEMA,
        from: diff.from.to_string(),
        to: diff.to.to_string(),
        scope: diff.scope.as_deref(),
        entries: Two::of(diff.entries),
        document: (diff.document.iter()).map(|p| Part { what: p.what, from: &p.from, to: &p.to }).collect(),
        renamed: (diff.renamed.iter())
            .map(|r| Renamed {
                entity: &r.entity,
                from: &r.from,
                to: &r.to,
                case_only: r.case_only,
                note: r.note.as_deref(),
            })
            .collect(),
        merged: (diff.merged.iter())
            .map(|m| Merged { into: &m.into, from: &m.from, note: m.note.as_deref() })
            .collect(),
        added: &diff.added,
        removed: &diff.removed,
        entities: (diff.entities.iter())
            .map(|e| Entity {
                entity: &e.entity,
                name: Two::of(texts(&e.name)),
                changes: e.changes.iter().map(changed).collect(),
            })
            .collect(),
        rules: &diff.rules,
        notes: &diff.notes,
    }
}

/// The diff as JSON.
pub fn value(diff: &Diff) -> Value {
    serde_json::to_value(shape(diff)).unwrap_or_default()
}

/// The diff as JSON, with the wording of the original pages.
pub fn with_originals(diff: &Diff, originals: &Originals, content: &Content) -> Value {
    let mut out = value(diff);
    out["wording"] = super::originals::value(originals, content);
    out
}

fn texts(pair: &(Option<String>, Option<String>)) -> (Option<&str>, Option<&str>) {
    (pair.0.as_deref(), pair.1.as_deref())
}

fn changed(change: &Change) -> Changed<'_> {
    let level = |level: Option<crate::content::Level>| level.map(|l| l.name());
    Changed {
        statement: &change.statement,
        class: change.class.name(),
        kind: change.kind.name(),
        from: change.from.as_deref(),
        to: change.to.as_deref(),
        rules: &change.rules,
        text: Two::of(texts(&change.text)),
        category: &change.category,
        differs: change.differs.iter().map(|a| a.name()).collect(),
        level: Two { from: level(change.level.0), to: level(change.level.1) },
        terms: change.terms.as_ref().map(|pair| Two::of(texts(pair))),
        alert: change.alert.map(Two::of),
        section: change.section.as_ref().map(|pair| Two::of(texts(pair))),
        under: change.under.as_deref(),
        facts: (change.facts.iter())
            .map(|f| Fact { kind: &f.kind, key: f.key.as_deref(), from: f.from.as_ref(), to: f.to.as_ref() })
            .collect(),
        notes: (change.notes.iter())
            .map(|n| Note { revision: n.revision.to_string(), kind: n.kind.as_deref(), text: &n.text })
            .collect(),
        suspect: change.suspect,
    }
}
