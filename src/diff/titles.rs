//! What the formats of a diff have in common: how it is shown, and how entries and values are called.

use super::wording::Pairing;
use super::{Diff, EntityDiff, Kind, Originals};
use crate::content::{Content, Date};
use crate::text::{count, list};

/// How a diff is shown.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The specification the diff was made from.
    pub content: &'a Content,
    /// How many columns there are.
    pub columns: usize,
    /// Show the two sides beside each other.
    pub side_by_side: bool,
    /// Tell everything, statement by statement.
    pub verbose: bool,
    /// The original pages, whose wording is then shown as well.
    pub originals: Option<&'a Originals>,
}

/// What is documented under the title of an entity.
pub(super) fn title(entity: &EntityDiff) -> &str {
    let (from, to) = (&entity.name.0, &entity.name.1);
    to.as_deref().or(from.as_deref()).unwrap_or(&entity.entity)
}

/// The title of any account or group at one of the two revisions.
pub(super) fn title_of(content: &Content, id: &str, revisions: [Date; 2]) -> String {
    let entity = content.entity(id);
    let at = |date: &Date| entity.and_then(|e| e.name.at(*date)).cloned();
    revisions.iter().find_map(at).unwrap_or_else(|| id.to_owned())
}

/// A value of a fact on one line.
pub(super) fn value(value: &serde_json::Value) -> String {
    use serde_json::Value as V;
    match value {
        V::Null => "nothing".to_owned(),
        V::String(text) => text.clone(),
        V::Array(items) if items.iter().any(V::is_array) => {
            let parts: Vec<String> = items.iter().map(self::value).collect();
            parts.join(" or ")
        }
        V::Array(items) => {
            let parts: Vec<String> = items.iter().map(self::value).collect();
            list(&parts)
        }
        V::Object(map) => {
            let parts: Vec<String> =
                map.iter().map(|(key, v)| format!("{}: {}", key.replace('_', " "), self::value(v))).collect();
            parts.join("; ")
        }
        other => other.to_string(),
    }
}

/// What the diff is about.
pub(super) fn headline(content: &Content, diff: &Diff) -> String {
    let Diff { from, to, .. } = diff;
    match &diff.scope {
        Some(id) => format!("{}, from {from} to {to}", title_of(content, id, [*to, *from])),
        None => format!("What changed from {from} to {to}"),
    }
}

/// The titles of a part of two pages, and how they belong together.
pub(super) fn headline_of_part(pairing: Pairing, old: &[&str], new: &[&str]) -> String {
    let (from, to) = (list(old), list(new));
    match pairing {
        Pairing::Same | Pairing::CaseOnly | Pairing::Added => {
            if to.is_empty() {
                from
            } else {
                to
            }
        }
        Pairing::Removed => from,
        Pairing::Renamed | Pairing::Merged | Pairing::Split => format!("{from} → {to}"),
    }
}

/// In one sentence what became of the entries.
pub(super) fn entries_line(diff: &Diff) -> String {
    let (from, to) = diff.entries;
    let backwards = diff.from > diff.to;
    let mut parts = Vec::new();
    let titles = diff.renamed.iter().filter(|r| !r.case_only).count();
    let capitals = diff.renamed.len() - titles;
    for merged in &diff.merged {
        let several = merged.from.len();
        parts.push(if backwards {
            format!("1 parted into {several}")
        } else {
            format!("{several} merged into 1")
        });
    }
    let mut some = |n: usize, what: &str| {
        if n > 0 {
            parts.push(format!("{n} {what}"));
        }
    };
    some(diff.added.len(), "new");
    some(diff.removed.len(), "gone");
    some(titles, "renamed");
    some(capitals, "changed in capitals only");
    let counted = if from == to {
        format!("{from} groups and accounts before and after")
    } else {
        format!("{from} groups and accounts before, {to} after")
    };
    if parts.is_empty() {
        format!("{counted}, all under their titles")
    } else {
        format!("{counted}: {}", parts.join(", "))
    }
}

/// In one sentence how many statements changed in which way.
pub(super) fn changes_line(diff: &Diff) -> String {
    let changes = || diff.changes().map(|(_, change)| change);
    let of = |kinds: &[Kind]| changes().filter(|c| !c.is_draft() && kinds.contains(&c.kind)).count();
    let drafts = changes().filter(|c| c.is_draft()).count();
    let facts = of(&[Kind::FactAdded, Kind::FactRemoved, Kind::FactChanged]);
    let parts = [
        if facts == 0 { "no fact".to_owned() } else { count(facts, "fact", "facts") },
        count(of(&[Kind::Clarified]), "clarification", "clarifications"),
        count(
            of(&[Kind::Terminology, Kind::Layout, Kind::Editorial]),
            "change of words or layout",
            "changes of words or layout",
        ),
    ];
    let settled = list(&parts);
    if drafts == 0 {
        return settled;
    }
    format!("{settled}; {} that nobody has judged", count(drafts, "draft statement", "draft statements"))
}
