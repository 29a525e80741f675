//! The page of an account or group: now, at a revision, and over time.

use super::super::model::{self, Link, Model, Section, State};
use super::super::originals::Compared;
use super::super::revision::long;
use super::super::view::{View, list, put, view};
use super::facts::facts;
use crate::content::{Date, Entity, EntityKind, Statement};
use crate::evidence::places;

/// The page of an entity: as the newest revision that has it.
pub(in super::super) fn entity(model: &Model<'_>, entity: &Entity) -> View {
    shown(model, entity, model.last(entity), None)
}

/// The page of an entity at a revision, which may not have it.
pub(in super::super) fn entity_at(model: &Model<'_>, entity: &Entity, date: Date) -> View {
    if entity.name.at(date).is_some() {
        shown(model, entity, date, Some(date))
    } else {
        absent(model, entity, date)
    }
}

/// What all pages of an entity share.
fn frame(model: &Model<'_>, entity: &Entity, current: Date) -> View {
    let kind = entity.kind.name();
    let [previous, next] = model.near(&entity.id).map(|e| e.map(|e| model.entity_link(e)));
    view!({
        "id": entity.id,
        "kind": kind,
        "word": entity.kind.word(),
        "nav": entity.kind.folder().unwrap_or("document"),
        "canonical": model::page(entity),
        "json": model::folder(entity) + "index.json",
        "history": if model.is_constant(entity) { String::new() } else { model::folder(entity) + "history/index.html" },
        "strip": model.strip_of(entity, current),
        "previous": previous,
        "next": next,
        "aliases": entity.aliases,
        "pattern": entity.name_pattern,
        "windows_name": entity.windows_name,
    })
}

fn shown(model: &Model<'_>, entity: &Entity, revision: Date, at: Option<Date>) -> View {
    let mut page = frame(model, entity, revision);
    // The page itself is called what its heading says.
    let own = model.content().revision(revision).map(|r| r.page_title.as_str());
    let title = own.filter(|_| entity.kind == EntityKind::Document).unwrap_or(entity.title(revision));
    let sections = model.sections(entity, revision);
    let count: usize = sections.iter().map(|s| s.statements.len()).sum();
    let enforced: usize = sections.iter().map(|s| s.enforced).sum();
    // The lead is what the page says of it first; the purpose in one sentence is ours and of the newest revision.
    put!(page, {
        "title": title,
        "lead": entity.purpose,
        "revision": revision.to_string(),
        "revision_long": long(revision),
        "unchanged_until": model.content().revision(revision).and_then(|r| r.unchanged_until.clone()),
        "revision_page": at.is_some(),
        "banner": banner(model, entity, at),
        "notes": entity.notes,
        "roles": items(model, &entity.roles, revision),
        "site_types": items(model, &entity.site_types, revision),
        "feature": entity.feature,
        "facts": facts(model, entity, revision),
        "sections": list(sections.iter().map(Section::view)),
        "statement_count": count,
        "enforced": enforced,
        "former": if at.is_none() { former(model, entity, revision) } else { Vec::new() },
        "names": names(model, entity),
        "absorbed": absorbed(model, entity),
        "rules": model.rules_of_entity(&entity.id).iter().map(|r| model.rule_link(r)).collect::<Vec<_>>(),
        "exports": exports(model, entity, revision),
        "missing": false,
    });
    page
}

/// The page of an entity at a revision that does not have it.
fn absent(model: &Model<'_>, entity: &Entity, date: Date) -> View {
    let mut page = frame(model, entity, date);
    let into = entity.merged_into.as_ref().and_then(|m| m.at(date)).and_then(|id| model.content().entity(id));
    let first = model.dates.iter().find(|d| entity.name.at(**d).is_some());
    put!(page, {
        "title": model.title(entity),
        "lead": entity.purpose,
        "revision": date.to_string(),
        "revision_long": long(date),
        "revision_page": true,
        "missing": true,
        "into": into.map(|e| Link { href: model.page_at(e, date), title: e.title(date).to_owned() }),
        "first": first.map(ToString::to_string),
        "last": model.last(entity).to_string(),
        "later": first.is_some_and(|f| *f > date),
    });
    page
}

/// What stands above the page: that it is not the newest wording, or that the entity is gone.
fn banner(model: &Model<'_>, entity: &Entity, at: Option<Date>) -> View {
    let successor = model.successor(entity).map(|e| model.entity_link(e));
    let since = model.merged_in(entity).map(|d| d.to_string());
    let gone = entity.name.at(model.newest).is_none();
    let Some(at) = at.filter(|d| *d < model.newest) else {
        return if gone {
            view!({ "gone": true, "successor": successor, "since": since })
        } else if at.is_some() {
            view!({ "current": true })
        } else {
            View::none()
        };
    };
    let differing = (entity.statements.iter())
        .flat_map(|s| s.changes.iter().map(move |c| (s, c)))
        .filter(|(_, c)| c.revision > at)
        .filter(|(_, c)| matches!(c.kind.as_str(), "fact-added" | "fact-removed" | "fact-changed"))
        .map(|(s, _)| s.reference.as_str())
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    view!({ "superseded": true, "gone": gone, "successor": successor, "since": since, "differing": differing })
}

fn items(model: &Model<'_>, items: &[crate::content::Item], revision: Date) -> Vec<String> {
    let words = model.words(revision);
    items.iter().filter(|i| i.holds(revision)).map(|i| words.name(&i.name)).collect()
}

/// The titles it had, oldest first.
fn names(model: &Model<'_>, entity: &Entity) -> Vec<View> {
    entity
        .name
        .steps
        .iter()
        .map(|(from, name)| {
            let into = entity.merged_into.as_ref().and_then(|m| m.at(*from));
            let into = into.and_then(|id| model.content().entity(id)).map(|e| model.entity_link(e));
            view!({ "from": from.to_string(), "name": name, "into": into })
        })
        .collect()
}

/// The entities whose place it took.
fn absorbed(model: &Model<'_>, entity: &Entity) -> Vec<View> {
    (model.absorbed(&entity.id).iter())
        .map(|e| {
            let since = model.merged_in(e).map(|d| d.to_string());
            view!({ "link": model.entity_link(e), "since": since })
        })
        .collect()
}

/// Statements that earlier revisions made and this one does not.
fn former(model: &Model<'_>, entity: &Entity, revision: Date) -> Vec<View> {
    (entity.statements.iter())
        .filter(|s| s.text.at(revision).is_none())
        .filter_map(|s| {
            let last = model.dates.iter().rev().find(|d| s.text.at(**d).is_some())?;
            Some(view!({
                "id": s.id(),
                "text": s.text.at(*last),
                "until": last.to_string(),
            }))
        })
        .collect()
}

/// Where exports tell of it, and how to collect that.
fn exports(model: &Model<'_>, entity: &Entity, revision: Date) -> View {
    let schema = model.sources.schema;
    let places: Vec<View> = places(schema, model.sources.mapping, &entity.id)
        .into_iter()
        .filter_map(|place| {
            let table = schema.tables.get(place.table)?;
            Some(view!({ "class": place.class, "account": place.account, "table": table.name, "about": table.about }))
        })
        .collect();
    let mut kinds: Vec<&str> = (entity.statements.iter())
        .filter(|s| s.text.at(revision).is_some())
        .flat_map(|s| s.evidence.iter().map(String::as_str))
        .collect();
    let rules = model.rules_of_entity(&entity.id);
    let tables = rules.iter().flat_map(|r| &r.evidence).filter_map(|t| schema.tables.get(*t));
    kinds.extend(tables.map(|t| t.kind.as_str()));
    let known = &model.content().vocabulary.evidence_kinds;
    let kinds: Vec<View> = (known.iter())
        .filter(|k| k.id != "any" && kinds.contains(&k.id.as_str()))
        .map(|k| {
            let mut collect: Vec<&str> = Vec::new();
            for table in schema.tables.iter().filter(|t| t.kind == k.id && !t.collect.is_empty()) {
                if !collect.contains(&table.collect.as_str()) {
                    collect.push(&table.collect);
                }
            }
            view!({
                "id": k.id,
                "description": k.description,
                "source": k.typical_source,
                "missing": k.commonly_missing,
                "collect": collect,
            })
        })
        .collect();
    view!({ "places": places, "kinds": kinds })
}

/// What changed, revision by revision. `words` are the original words of two revisions, where both are at hand.
pub(in super::super) fn history<'o>(
    model: &Model<'_>,
    entity: &Entity,
    words: &dyn Fn(Date, Date) -> Option<Compared<'o>>,
) -> View {
    let mut page = frame(model, entity, model.last(entity));
    let mut steps = Vec::new();
    for date in &model.dates {
        let state = model.state(entity, *date);
        let before = model.before(*date);
        let name = entity.name.at(*date);
        let old = before.and_then(|d| entity.name.at(d));
        let changes: Vec<View> = if state == State::First || name.is_none() {
            Vec::new()
        } else {
            entity.statements.iter().filter_map(|s| change(model, s, before?, *date)).collect()
        };
        // The merge itself is told where it led.
        let original = name.and_then(|name| {
            let compared = words(before?, *date)?;
            compared.of(Some(old?), Some(name))
        });
        let into =
            entity.merged_into.as_ref().and_then(|m| m.at(*date)).and_then(|id| model.content().entity(id));
        steps.push(view!({
            "date": date.to_string(),
            "long": long(*date),
            "state": state,
            "words": state.words(),
            "name": name,
            "renamed": old.filter(|o| Some(*o) != name && name.is_some()),
            "case_only": old.zip(name).is_some_and(|(a, b)| a.to_lowercase() == b.to_lowercase()),
            "href": model.page_at(entity, *date),
            "statements": entity.statements.iter().filter(|s| s.text.at(*date).is_some()).count(),
            "changes": changes,
            "original": original,
            "into": into.map(|e| model.entity_link(e)),
        }));
    }
    put!(page, { "title": model.title(entity), "lead": entity.purpose, "steps": steps });
    page
}

/// How a statement differs from the revision before; none if it says the same in the same words.
fn change(model: &Model<'_>, statement: &Statement, before: Date, date: Date) -> Option<View> {
    let (old, new) = (statement.text.at(before), statement.text.at(date));
    let notes: Vec<View> = (statement.changes.iter())
        .filter(|c| c.revision == date)
        .map(|c| view!({ "kind": c.kind, "words": kind_words(&c.kind), "note": c.note }))
        .collect();
    let what = match (old, new) {
        (None, None) => return None,
        (None, Some(_)) => "added",
        (Some(_), None) => "removed",
        (Some(_), Some(_)) if notes.is_empty() => return None,
        (Some(_), Some(_)) => "changed",
    };
    let words = |timeline: &Option<crate::content::Timeline<String>>| {
        let value = |d: Date| timeline.as_ref().and_then(|t| t.at(d)).cloned();
        let (a, b) = (value(before), value(date));
        (a != b).then(|| view!({ "from": a, "to": b }))
    };
    Some(view!({
        "id": statement.id(),
        "what": what,
        "text": new.or(old),
        "old_text": old.filter(|o| new.is_some_and(|n| n != *o)),
        "notes": notes,
        "terms": words(&statement.terms),
        "detail": words(&statement.detail),
        "rules": model.rule_links_of(&statement.reference),
        "href": statement.text.at(date).map(|_| format!("#{}", statement.id())),
    }))
}

/// A kind of change as people read it.
pub(super) fn kind_words(kind: &str) -> &'static str {
    match kind {
        "fact-added" => "fact added",
        "fact-removed" => "fact removed",
        "fact-changed" => "fact changed",
        "clarified" => "clarified",
        "terminology" => "terminology",
        "rename" => "renamed",
        "layout" => "layout",
        _ => "wording",
    }
}

/// Whether an entity is an account or a group, and not the page itself.
pub(super) fn is_entry(entity: &Entity) -> bool {
    entity.kind != EntityKind::Document
}
