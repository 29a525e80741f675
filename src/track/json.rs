//! The series for programs. Its shape is a promise, written down in `docs/track.schema.json`: keys are added, never
//! changed or taken away, as long as the number in `schema` stays. It tells where sentences of a page stand and
//! never what they say: the words are the publisher's.

use serde_json::{Value, json};

use super::{Entries, Entry, PageTrack, Reworded, Sentence, Source, Track};

/// Name and number of the shape.
const SCHEMA: &str = "cmlint-track/1";

/// The series as JSON.
pub fn value(track: &Track) -> Value {
    let pages: Vec<Value> = track.pages.iter().map(page).collect();
    json!({ "schema": SCHEMA, "revision": track.revision.to_string(), "pages": pages })
}

fn page(page: &PageTrack) -> Value {
    json!({
        "source": source(&page.source),
        "commit": page.source.commit,
        "date": page.source.date,
        "path": page.source.path,
        "declared": page.declared.map(|d| d.to_string()),
        "revision": page.revision.to_string(),
        "title": page.title,
        "deleted": page.deleted,
        "previous": page.previous.as_ref().map(source),
        "entries": entries(&page.entries),
        "wording_changed": page.wording_changed,
        "other": page.other,
        "step": {
            "lost": page.step.lost,
            "regained": page.step.regained,
            "changes": changes(&page.step.changes),
            "new": places(&page.step.new),
            "gone": places(&page.step.gone),
            "rules": page.step.rules,
        },
        "statements": {
            "kept": page.statements.kept,
            "missing": page.statements.missing,
            "unknown": page.statements.unknown,
            "new": places(&page.statements.new),
        },
        "documented": entries(&page.documented),
        "rules": page.rules,
    })
}

/// The commit in full, or the file as it was given.
fn source(source: &Source) -> &str {
    source.commit.as_deref().unwrap_or(&source.name)
}

fn entries(entries: &Entries) -> Value {
    let list = |entries: &[Entry]| -> Vec<Value> {
        entries.iter().map(|e| json!({ "entity": e.entity, "title": e.title, "line": e.line })).collect()
    };
    let renamed: Vec<Value> = entries
        .renamed
        .iter()
        .map(|r| json!({ "entity": r.entity, "from": r.from, "to": r.to, "case_only": r.case_only }))
        .collect();
    let merged: Vec<Value> =
        entries.merged.iter().map(|m| json!({ "into": m.into, "title": m.title, "from": m.from })).collect();
    json!({
        "added": list(&entries.added),
        "removed": list(&entries.removed),
        "renamed": renamed,
        "merged": merged,
    })
}

fn changes(changes: &[Reworded]) -> Vec<Value> {
    changes
        .iter()
        .map(|c| json!({ "class": c.class, "gone": places(&c.gone), "new": places(&c.new) }))
        .collect()
}

fn places(sentences: &[Sentence]) -> Vec<Value> {
    sentences
        .iter()
        .map(|s| json!({ "line": s.line, "column": s.column, "entity": s.entity, "entry": s.entry }))
        .collect()
}
