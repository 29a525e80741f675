//! What changed between two revisions: the comparison of each pair, the change log, the feed.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::super::marks::mark;
use super::super::model::{Link, Model, level_words};
use super::super::originals::Compared;
use super::super::revision::long;
use super::super::view::{View, view};
use super::entity::is_entry;
use crate::content::{Date, Entity};
use crate::diff::{Change, Class, Diff, EntityDiff, FactChange, Kind};
use crate::html::inline;

/// The page of the comparison of two revisions.
pub(in super::super) fn page(from: Date, to: Date) -> String {
    format!("compare/{from}..{to}/index.html")
}

/// The data of the comparison of two revisions.
pub(in super::super) fn data(from: Date, to: Date) -> String {
    format!("changes/{from}..{to}.json")
}

pub(in super::super) fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::FactAdded => "fact added",
        Kind::FactRemoved => "fact removed",
        Kind::FactChanged => "fact changed",
        Kind::Clarified => "clarified",
        Kind::Terminology => "terminology",
        Kind::Layout => "layout",
        Kind::Editorial => "wording",
    }
}

fn class_words(class: Class) -> &'static str {
    match class {
        Class::Added => "new statement",
        Class::Removed => "statement gone",
        Class::Merged => "merged",
        Class::Edited => "says something else",
        Class::Renamed => "renamed",
        Class::Reworded => "reworded",
        Class::Notation => "notation",
        Class::AlertOnly => "box only",
        Class::LinkOnly => "link only",
        Class::Moved => "moved",
    }
}

/// Added, removed or changed: what the view can be narrowed to.
fn direction(change: &Change) -> &'static str {
    match (change.class, change.kind) {
        (Class::Added, _) | (_, Kind::FactAdded) => "added",
        (Class::Removed, _) | (_, Kind::FactRemoved) => "removed",
        _ => "changed",
    }
}

fn title(model: &Model<'_>, id: &str, revision: Date) -> String {
    model.content().entity(id).map_or(id, |e| e.title(revision)).to_owned()
}

fn fact(model: &Model<'_>, diff: &Diff, change: &FactChange) -> View {
    let words = |revision: Date, value: &Value| {
        let words = model.words(revision);
        match (&change.key, value) {
            (None, Value::Object(map)) => words.fact(&change.kind, map),
            (_, value) => words.value(value),
        }
    };
    let kind = model.words(diff.to).kind(&change.kind);
    let name = match &change.key {
        Some(key) => format!("{kind}: {}", key.replace('_', " ")),
        None => kind,
    };
    let from = change.from.as_ref().map(|v| words(diff.from, v));
    let to = change.to.as_ref().map(|v| words(diff.to, v));
    view!({ "name": name, "marked": mark(from.as_deref(), to.as_deref()) })
}

/// A change of a statement, for the comparison and the log.
fn change(model: &Model<'_>, diff: &Diff, entity: &str, change: &Change) -> View {
    let pair = |pair: &Option<(Option<String>, Option<String>)>| {
        pair.as_ref().map(|(a, b)| mark(a.as_deref(), b.as_deref()))
    };
    let rules: Vec<_> = change
        .rules
        .iter()
        .filter_map(|id| model.sources.rules.find(id))
        .map(|r| model.rule_link(r))
        .collect();
    let level = match change.level {
        (a, b) if a == b || a.is_none() || b.is_none() => View::none(),
        (a, b) => view!({
            "from": a.map(level_words), "to": b.map(level_words),
        }),
    };
    let marked = (change.from != change.to).then(|| mark(change.from.as_deref(), change.to.as_deref()));
    view!({
        "anchor": format!("{entity}.{}", change.id()),
        "kind": change.kind.name(),
        "words": kind_words(change.kind),
        "class": change.class.name(),
        "class_words": class_words(change.class),
        "direction": direction(change),
        "level": level,
        "heading": change.same_text(),
        "marked": marked,
        "terms": pair(&change.terms),
        "alert": change.alert.map(|(a, b)| view!({ "from": a, "to": b })),
        "section": change.section.as_ref().map(|(a, b)| view!({ "from": a, "to": b })),
        "facts": change.facts.iter().map(|f| fact(model, diff, f)).collect::<Vec<_>>(),
        "notes": change.notes.iter().map(|n| view!({ "revision": n.revision.to_string(), "text": n.text })).collect::<Vec<_>>(),
        "suspect": change.suspect,
        "rules": rules,
    })
}

/// How grave the changes of an entity are; less is graver.
fn weight(diff: &Diff, changes: &EntityDiff) -> (u8, std::cmp::Reverse<usize>) {
    let merged = diff.merged.iter().any(|m| m.into == changes.entity || m.from.contains(&changes.entity));
    let facts = changes.changes.iter().filter(|c| c.kind.is_fact()).count();
    let first = changes.changes.iter().map(|c| c.kind).min();
    let class = match first {
        _ if merged => 0,
        _ if diff.added.contains(&changes.entity) || diff.removed.contains(&changes.entity) => 1,
        Some(kind) if kind.is_fact() => 2,
        Some(Kind::Clarified) => 3,
        Some(Kind::Terminology) => 4,
        Some(Kind::Layout) => 5,
        _ => 6,
    };
    (class, std::cmp::Reverse(facts))
}

/// The comparison of two revisions.
pub(in super::super) fn compare(model: &Model<'_>, diff: &Diff, originals: Option<&Compared<'_>>) -> View {
    let content = model.content();
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for (_, change) in diff.changes() {
        *counts.entry(change.kind).or_default() += 1;
    }
    let mut order: Vec<&EntityDiff> = diff.entities.iter().collect();
    order.sort_by_key(|e| (weight(diff, e), e.entity == "document"));
    let entities: Vec<(bool, View)> = order.into_iter().map(|e| entity(model, diff, originals, e)).collect();
    let minor = entities.iter().filter(|(major, _)| !major).count();
    let merged: Vec<View> =
        diff.merged.iter().map(|m| merge_card(model, diff, &m.into, &m.from, m.note.as_deref())).collect();
    let changed: HashSet<&str> = diff.entities.iter().map(|e| e.entity.as_str()).collect();
    let unchanged: Vec<Link> = (content.entities.iter())
        .filter(|e| is_entry(e) && e.name.at(diff.from).is_some() && e.name.at(diff.to).is_some())
        .filter(|e| !changed.contains(e.id.as_str()))
        .map(|e| Link { href: model.page_at(e, diff.to), title: title(model, &e.id, diff.to) })
        .collect();
    let link = |id: &String| {
        content.entity(id).map(|e| {
            let date = if e.name.at(diff.to).is_some() { diff.to } else { diff.from };
            Link { href: model.page_at(e, date), title: title(model, id, date) }
        })
    };
    let rules: Vec<_> =
        diff.rules.iter().filter_map(|id| model.sources.rules.find(id)).map(|r| model.rule_link(r)).collect();
    let renamed = |case: bool| -> Vec<View> {
        diff.renamed
            .iter()
            .filter(|r| r.case_only == case)
            .map(|r| view!({ "from": r.from, "to": r.to, "note": r.note }))
            .collect()
    };
    let facts: usize = counts.iter().filter(|(k, _)| k.is_fact()).map(|(_, n)| n).sum();
    let all: usize = counts.values().sum();
    let others = |with: &dyn Fn(Date) -> (Date, Date), own: Date| -> Vec<View> {
        model
            .dates
            .iter()
            .map(|d| {
                let (a, b) = with(*d);
                let there = a != b && linked(model, a, b);
                view!({ "date": d.to_string(), "href": there.then(|| page(a, b)), "current": *d == own })
            })
            .collect()
    };
    view!({
        "nav": "compare",
        "from": diff.from.to_string(),
        "to": diff.to.to_string(),
        "from_long": long(diff.from),
        "to_long": long(diff.to),
        "backwards": diff.from > diff.to,
        "swap": page(diff.to, diff.from),
        "json": data(diff.from, diff.to),
        "canonical": page(diff.from, diff.to),
        "from_choices": others(&|d| (d, diff.to), diff.from),
        "to_choices": others(&|d| (diff.from, d), diff.to),
        "counts": counts.iter().map(|(k, n)| view!({ "kind": k.name(), "words": kind_words(*k), "count": n })).collect::<Vec<_>>(),
        "facts": facts,
        "all": all,
        "document": diff.document.iter().map(|p| view!({ "what": p.words(), "from": p.from, "to": p.to })).collect::<Vec<_>>(),
        "merged": merged,
        "minor": minor,
        "originals": originals.is_some(),
        "entities": entities.into_iter().map(|(_, e)| e).collect::<Vec<_>>(),
        "renamed": renamed(false),
        "recased": renamed(true),
        "added": diff.added.iter().filter_map(link).collect::<Vec<_>>(),
        "removed": diff.removed.iter().filter_map(link).collect::<Vec<_>>(),
        "unchanged": unchanged,
        "rules": rules,
        "notes": diff.notes,
    })
}

/// Whether a pair of revisions has a page: all of them while they are few, else neighbours and each against the
/// newest.
pub(in super::super) fn linked(model: &Model<'_>, a: Date, b: Date) -> bool {
    const FEW: usize = 12;
    let (low, high) = (a.min(b), a.max(b));
    model.dates.len() <= FEW || model.before(high) == Some(low) || high == model.newest
}

fn entity(
    model: &Model<'_>,
    diff: &Diff,
    originals: Option<&Compared<'_>>,
    changes: &EntityDiff,
) -> (bool, View) {
    let id = &changes.entity;
    let (facts, wording): (Vec<&Change>, Vec<&Change>) =
        changes.changes.iter().partition(|c| c.kind.is_fact());
    let told = |changes: Vec<&Change>| -> Vec<View> {
        changes.into_iter().map(|c| change(model, diff, id, c)).collect()
    };
    let entity = model.content().entity(id);
    let href = |d: Date| entity.filter(|e| e.name.at(d).is_some()).map(|e| model.page_at(e, d));
    let (old, new) = (changes.name.0.as_deref(), changes.name.1.as_deref());
    let mut badges: Vec<&str> = Vec::new();
    if diff.merged.iter().any(|m| m.from.contains(id)) {
        badges.push(if diff.from < diff.to { "merged away" } else { "parted" });
    }
    if diff.merged.iter().any(|m| m.into == *id) {
        badges.push(if diff.from < diff.to { "took others in" } else { "parted into others" });
    }
    if diff.added.contains(id) {
        badges.push("new");
    }
    if diff.removed.contains(id) {
        badges.push("gone");
    }
    if old.zip(new).is_some_and(|(a, b)| a.to_lowercase() != b.to_lowercase()) {
        badges.push("renamed");
    }
    let case_only = old.zip(new).is_some_and(|(a, b)| a.to_lowercase() == b.to_lowercase());
    let major = !facts.is_empty() || !badges.is_empty();
    let page = view!({
        "id": id,
        "major": major,
        "title": new.or(old).unwrap_or(id),
        "was": old.filter(|_| new.is_some() && !case_only),
        "from_href": href(diff.from),
        "to_href": href(diff.to),
        "badges": badges,
        "facts": told(facts),
        "wording": told(wording),
        "original": originals.and_then(|o| o.of(old, new)),
    });
    (major, page)
}

/// Several entities that became one: what all of them said, what only one of them said, what is new.
fn merge_card(model: &Model<'_>, diff: &Diff, into: &str, from: &[String], note: Option<&str>) -> View {
    // Told backwards, the several stand on the other side.
    let (early, late) = (diff.from.min(diff.to), diff.from.max(diff.to));
    let content = model.content();
    let sources: Vec<&Entity> =
        from.iter().filter_map(|id| content.entity(id)).filter(|e| e.id != into).collect();
    let said = |e: &Entity, date: Date| -> Vec<(String, String)> {
        (e.statements.iter()).filter_map(|s| Some((s.id().to_owned(), s.text.at(date)?.clone()))).collect()
    };
    let all: Vec<Vec<(String, String)>> = sources.iter().map(|e| said(e, early)).collect();
    // What all of them said in the same words stands once.
    let common: Vec<&(String, String)> = all.first().map_or_else(Vec::new, |first| {
        first.iter().filter(|said| all.iter().all(|of| of.contains(said))).collect()
    });
    let cards: Vec<View> = (sources.iter().zip(&all))
        .map(|(e, statements)| {
            let own: Vec<&String> =
                statements.iter().filter(|s| !common.contains(s)).map(|(_, text)| text).collect();
            view!({ "title": title(model, &e.id, early), "href": model.page_at(e, early), "own": own })
        })
        .collect();
    let common: Vec<&String> = common.into_iter().map(|(_, text)| text).collect();
    let target = content.entity(into);
    let covered: Vec<View> = target.map_or_else(Vec::new, |e| {
        (e.statements.iter())
            .filter_map(|s| {
                let text = s.text.at(late)?;
                let formerly = s.facts.iter().any(|f| {
                    f.at(late).is_some_and(|v| {
                        v.get("formerly")
                            .and_then(Value::as_str)
                            .is_some_and(|id| from.iter().any(|f| f == id))
                    })
                });
                let before = s.text.at(early).is_some() && e.name.at(early).is_some();
                let list = s.facts.iter().any(|f| f.kind == "covers-role");
                Some(view!({ "text": text, "new": !formerly && !before && list }))
            })
            .collect()
    });
    view!({
        "id": into,
        "into": target.map(|e| Link { href: model.page_at(e, late), title: title(model, into, late) }),
        "sources": cards,
        "common": common,
        "target": covered,
        "note": note,
        "backwards": diff.from > diff.to,
    })
}

/// The table of all comparisons.
pub(in super::super) fn compare_index(model: &Model<'_>, diffs: &[(Date, Date, &Diff)]) -> View {
    let rows: Vec<View> = (model.dates.iter().rev())
        .map(|to| {
            let cells: Vec<View> = (model.dates.iter())
                .map(|from| {
                    let diff = diffs.iter().find(|(a, b, _)| a == from && b == to).map(|(_, _, d)| d);
                    match diff {
                        Some(diff) => view!({
                            "href": page(*from, *to),
                            "from": from.to_string(),
                            "to": to.to_string(),
                            "facts": diff.changes().filter(|(_, c)| c.kind.is_fact()).count(),
                            "all": diff.changes().count(),
                        }),
                        None => view!({ "same": from == to }),
                    }
                })
                .collect();
            view!({ "date": to.to_string(), "cells": cells })
        })
        .collect();
    let columns: Vec<String> = model.dates.iter().map(ToString::to_string).collect();
    let last = model.before(model.newest).map(|before| view!({ "href": page(before, model.newest), "from": long(before), "to": long(model.newest) }));
    view!({ "nav": "compare", "rows": rows, "columns": columns, "last": last })
}

/// What a change is about, as HTML: the statement, and where it says another thing than before, what differs.
pub(super) fn told(change: &Change) -> String {
    let said = change.said();
    let (from, to) = (change.from.as_deref(), change.to.as_deref());
    match (from, to) {
        (Some(_), Some(_)) if from != to && change.kind.is_fact() => {
            let marked = mark(from, to);
            let whole = || [marked.old, marked.new].into_iter().flatten().collect::<Vec<_>>().join(" ");
            let differs = marked.both.unwrap_or_else(whole);
            match change.same_text() {
                Some(said) => format!("{} {differs}", inline(said)),
                None => differs,
            }
        }
        (_, Some(one)) | (Some(one), None) if one != said => format!("{} {}", inline(said), inline(one)),
        _ => inline(said),
    }
}

/// The change log: each step from one revision to the next, the newest first.
pub(in super::super) fn changes(model: &Model<'_>, steps: &[&Diff]) -> View {
    let mut entities: BTreeMap<&str, String> = BTreeMap::new();
    let groups: Vec<View> = steps
        .iter()
        .rev()
        .map(|diff| {
            let mut items: BTreeMap<Kind, Vec<View>> = BTreeMap::new();
            for (entity, one) in diff.changes() {
                entities.entry(&entity.entity).or_insert_with(|| {
                    let known = model.content().entity(&entity.entity);
                    known.map_or(entity.entity.clone(), |e| model.title(e).to_owned())
                });
                let value = view!({
                    "entity": entity.entity,
                    "entity_kind": model.content().entity(&entity.entity).map_or("", |e| e.kind.name()),
                    "title": entity.name.1.as_ref().or(entity.name.0.as_ref()),
                    "href": format!("{}#{}.{}", page(diff.from, diff.to), entity.entity, one.id()),
                    "text": told(one),
                    "notes": one.notes.iter().map(|n| view!({ "text": n.text })).collect::<Vec<_>>(),
                    "rules": one.rules.len(),
                });
                items.entry(one.kind).or_default().push(value);
            }
            let facts: usize = items.iter().filter(|(k, _)| k.is_fact()).map(|(_, of)| of.len()).sum();
            let all: usize = items.values().map(Vec::len).sum();
            let kinds: Vec<View> = (items.into_iter())
                .map(|(kind, items)| {
                    view!({
                        "id": kind.name(),
                        "title": kind_words(kind),
                        "is_fact": kind.is_fact(),
                        "items": items,
                    })
                })
                .collect();
            let name = |id: &String| title(model, id, diff.to);
            view!({
                "from": diff.from.to_string(),
                "to": diff.to.to_string(),
                "to_long": long(diff.to),
                "href": page(diff.from, diff.to),
                "merged": diff.merged.iter().map(|m| view!({
                    "into": view!({ "title": title(model, &m.into, diff.to), "href": format!("{}#_merged-{}", page(diff.from, diff.to), m.into) }),
                    "from": m.from.iter().filter(|f| **f != m.into).map(|f| title(model, f, diff.from)).collect::<Vec<_>>(),
                })).collect::<Vec<_>>(),
                "renamed": diff.renamed.iter().filter(|r| !r.case_only).map(|r| view!({ "from": r.from, "to": r.to })).collect::<Vec<_>>(),
                "recased": diff.renamed.iter().filter(|r| r.case_only).count(),
                "added": diff.added.iter().map(name).collect::<Vec<_>>(),
                "removed": diff.removed.iter().map(name).collect::<Vec<_>>(),
                "kinds": kinds,
                "all": all,
                "facts": facts,
                "nothing": diff.is_empty(),
            })
        })
        .collect();
    let mut entities: Vec<(&str, String)> = entities.into_iter().collect();
    entities.sort_by(|a, b| a.1.cmp(&b.1));
    view!({
        "nav": "changes",
        "groups": groups,
        "first": model.dates.first().map(|d| long(*d)),
        "kinds": Kind::ALL.map(|k| view!({ "id": k.name(), "title": kind_words(k) })),
        "entities": entities.iter().map(|(id, title)| view!({ "id": id, "title": title })).collect::<Vec<_>>(),
    })
}

/// The change log as an Atom feed.
pub(in super::super) fn feed(model: &Model<'_>, steps: &[&Diff]) -> View {
    let entries: Vec<View> = (steps.iter().rev())
        .map(|diff| {
            let facts: Vec<String> = (diff.changes())
                .filter(|(_, c)| c.kind.is_fact())
                .map(|(e, c)| {
                    let name = e.name.1.as_ref().or(e.name.0.as_ref()).unwrap_or(&e.entity);
                    let text = c.to.as_ref().or(c.from.as_ref());
                    format!("{name}, {}: {}", kind_words(c.kind), text.map_or("", String::as_str))
                })
                .collect();
            view!({
                "from": diff.from.to_string(),
                "to": diff.to.to_string(),
                "title": format!("What changed from {} to {}", long(diff.from), long(diff.to)),
                "href": page(diff.from, diff.to),
                "merged": diff.merged.len(),
                "renamed": diff.renamed.len(),
                "facts": facts,
                "all": diff.changes().count(),
            })
        })
        .collect();
    view!({ "entries": entries, "updated": model.newest.to_string() })
}
