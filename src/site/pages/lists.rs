//! Pages that list: home, the indexes, coverage, revisions, everything from A to Z, the book to print.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::model::{self, Model, Said, Section, level_words};
use super::super::revision::long;
use super::super::view::{View, list, put, view};
use super::entity::is_entry;
use super::rule::group_title;
use crate::content::{Entity, EntityKind, Statement, Values};
use crate::diff::Diff;
use crate::rules::{Coverage, Totals, coverage as covered};

/// Entities that stand in the folder of that kind.
fn entries<'m>(model: &'m Model<'_>, kind: EntityKind) -> impl Iterator<Item = &'m Entity> {
    model.content().entities.iter().filter(move |e| e.kind.folder() == kind.folder())
}

fn current(model: &Model<'_>, kind: EntityKind) -> usize {
    entries(model, kind).filter(|e| e.name.at(model.newest).is_some()).count()
}

/// The home page.
pub(in super::super) fn home(model: &Model<'_>, last: Option<&Diff>) -> View {
    let newest = model.content().revisions.last();
    let mut merged = Vec::new();
    let mut changed: Vec<((usize, usize), View)> = Vec::new();
    if let Some(diff) = last {
        for entity in model.content().entities.iter().filter(|e| is_entry(e)) {
            if let (Some(into), Some(date)) = (model.successor(entity), model.merged_in(entity))
                && date == model.newest
            {
                merged.push(view!({ "from": model.entity_link(entity), "into": model.entity_link(into) }));
            }
        }
        for of in &diff.entities {
            let Some(entity) = model.content().entity(&of.entity).filter(|e| is_entry(e)) else { continue };
            if entity.name.at(model.newest).is_none() {
                continue;
            }
            // What can change the result of a check comes first.
            let mut facts: Vec<_> = of.changes.iter().filter(|c| c.kind.is_fact()).collect();
            facts.sort_by_key(|c| (c.rules.is_empty(), c.category == "console", c.kind));
            let rules = facts.iter().filter(|c| !c.rules.is_empty() && c.category != "console").count();
            let shown: Vec<View> = (facts.iter().take(2))
                .map(|c| {
                    view!({
                        "kind": c.kind.name(),
                        "words": super::compare::kind_words(c.kind),
                        "text": super::compare::told(c),
                        "rules": c.rules.len(),
                    })
                })
                .collect();
            if !shown.is_empty() {
                let href = format!("{}#{}", super::compare::page(diff.from, diff.to), entity.id);
                let more = facts.len() - shown.len();
                let value =
                    view!({ "title": model.title(entity), "href": href, "changes": shown, "more": more });
                changed.push(((rules, facts.len()), value));
            }
        }
    }
    changed.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    let more = changed.len().saturating_sub(6);
    let changed: Vec<View> = changed.into_iter().take(6).map(|(_, v)| v).collect();
    let last_page = last.map_or("revisions/index.html".to_owned(), |d| super::compare::page(d.from, d.to));
    view!({
        "nav": "home",
        "groups": current(model, EntityKind::Group),
        "accounts": current(model, EntityKind::Account),
        "objects": current(model, EntityKind::SqlRole),
        "former": model.content().entities.iter().filter(|e| is_entry(e) && e.name.at(model.newest).is_none()).count(),
        "rules": model.sources.rules.rules.len(),
        "revisions": model.dates.len(),
        "statements": model.content().in_force(model.newest).count(),
        "newest_long": long(model.newest),
        "first_long": model.dates.first().map(|d| long(*d)),
        "before": model.before(model.newest).map(|d| d.to_string()),
        "product": newest.map(|r| &r.product),
        "merged": merged,
        "changed": changed,
        "more": more,
        "last_page": last_page,
    })
}

/// The index of groups, of accounts, or of users and roles of the database.
pub(in super::super) fn entities(model: &Model<'_>, kind: EntityKind) -> View {
    let roles = |entity: &Entity| -> Vec<String> {
        let last = model.last(entity);
        entity.roles.iter().filter(|r| r.holds(last)).map(|r| r.name.clone()).collect()
    };
    let row = |entity: &Entity| {
        let last = model.last(entity);
        let facts: Vec<(&str, &Values)> = (entity.statements.iter())
            .filter(|s| s.text.at(last).is_some())
            .flat_map(|s| s.facts.iter().filter_map(|f| Some((f.kind.as_str(), f.at(last)?))))
            .collect();
        let says = |kind: &str| -> Vec<Said> {
            let of = |s: &&Statement| s.facts.iter().any(|f| f.kind == kind && f.at(last).is_some());
            entity.statements.iter().filter(of).filter_map(|s| Said::of(s, last)).collect()
        };
        let rights = |effect: &str| -> Vec<String> {
            let mut out: Vec<String> = (facts.iter())
                .filter(|(kind, values)| {
                    *kind == "user-right" && values.get("effect").and_then(Value::as_str) == Some(effect)
                })
                .filter_map(|(_, values)| {
                    let id = values.get("right")?.as_str()?;
                    let right = model.content().vocabulary.user_rights.iter().find(|r| r.id == id);
                    let right = right.map_or(id, |r| r.display.as_str());
                    let other = values.get("alternative").and_then(Value::as_str);
                    Some(match other.filter(|_| effect == "require") {
                        Some(other) => format!("{right} or {other}"),
                        None => right.to_owned(),
                    })
                })
                .collect();
            out.dedup();
            out
        };
        let permissions = |forbidden: bool| -> Vec<&str> {
            let of = |values: &Values| values.get("effect").and_then(Value::as_str) == Some("forbid");
            let mut out: Vec<&str> = (facts.iter())
                .filter(|(kind, values)| (kind.ends_with("acl") || *kind == "sql") && of(values) == forbidden)
                .filter_map(|(_, values)| values.get("permissions")?.as_array())
                .flatten()
                .filter_map(Value::as_str)
                .map(|permission| if permission == "unspecified" { "not said which" } else { permission })
                .collect();
            out.sort_unstable();
            out.dedup();
            out
        };
        let mut forbidden = rights("forbid");
        forbidden.extend(permissions(true).into_iter().map(str::to_owned));
        let tags = tags(model, entity);
        view!({
            "id": entity.id,
            "title": model.title(entity),
            "href": model::page(entity),
            "purpose": entity.purpose,
            "gone": entity.name.at(model.newest).is_none(),
            "into": model.successor(entity).map(|e| model.entity_link(e)),
            "location": says("location"),
            "managed": says("managed-by"),
            "default": says("default-account"),
            "limit": says("cardinality"),
            "required": rights("require"),
            "forbidden": forbidden,
            "permissions": permissions(false),
            "strip": model.strip(entity, model.newest),
            "rules": model.rules_of_entity(&entity.id).len(),
            "tags": tags,
            "roles": roles(entity),
        })
    };
    let (now, former): (Vec<&Entity>, Vec<&Entity>) =
        entries(model, kind).partition(|e| e.name.at(model.newest).is_some());
    let words = model.words(model.newest);
    let named = |id: &String| (crate::content::capital(&words.name(id)), id.clone());
    let all_roles: BTreeSet<(String, String)> =
        now.iter().flat_map(|e| roles(e)).map(|id| named(&id)).collect();
    let all_roles: Vec<View> =
        all_roles.iter().map(|(title, id)| view!({ "id": id, "title": title })).collect();
    let mut all_tags: Vec<&str> = now.iter().flat_map(|e| tags(model, e)).collect();
    all_tags.sort_unstable();
    all_tags.dedup();
    let all_tags: Vec<View> =
        all_tags.into_iter().map(|t| view!({ "id": t, "title": tag_title(t) })).collect();
    view!({
        "nav": kind.folder(),
        "kind": kind.folder(),
        "rows": now.into_iter().map(row).collect::<Vec<_>>(),
        "former": former.into_iter().map(row).collect::<Vec<_>>(),
        "tags": all_tags,
        "all_roles": all_roles,
    })
}

/// The values of a fact as one text in lower case, to look for words in.
fn written(values: &Values) -> String {
    serde_json::to_string(values).unwrap_or_default().to_lowercase()
}

/// What accounts can be filtered by, told from their facts.
fn tags(model: &Model<'_>, entity: &Entity) -> Vec<&'static str> {
    let last = model.last(entity);
    let mut out = Vec::new();
    let facts: Vec<(&str, String)> = (entity.statements.iter())
        .filter(|s| s.text.at(last).is_some())
        .flat_map(|s| &s.facts)
        .filter_map(|f| Some((f.kind.as_str(), written(f.at(last)?))))
        .collect();
    let any = |kinds: &[&str], word: &str| {
        facts.iter().any(|(kind, values)| (kinds.is_empty() || kinds.contains(kind)) && values.contains(word))
    };
    if any(&["purpose", "sql", "access"], "database") {
        out.push("database");
    }
    if facts.iter().any(|(kind, _)| *kind == "discovers") {
        out.push("discovery");
    }
    if any(&["purpose"], "migration") {
        out.push("migration");
    }
    if any(&["purpose"], "proxy") {
        out.push("proxy");
    }
    if facts.iter().any(|(kind, _)| *kind == "task-sequence-step") {
        out.push("task-sequence");
    }
    if any(&["user-right"], "\"forbid\"") {
        out.push("no-sign-in");
    }
    out
}

fn tag_title(tag: &str) -> &'static str {
    match tag {
        "database" => "reaches a database",
        "discovery" => "discovery",
        "migration" => "migration",
        "proxy" => "proxy server",
        "task-sequence" => "task sequences",
        _ => "a right is forbidden",
    }
}

/// What is checked, what cannot be, and what is open.
pub(in super::super) fn coverage(model: &Model<'_>) -> View {
    let all = covered(model.content(), model.sources.rules);
    let row = |c: &crate::rules::Covered<'_>| {
        let level = c.statement.level.last().copied();
        let text = c.statement.text.values().last();
        let now = c.entity.name.at(model.newest).is_some() && c.statement.text.at(model.newest).is_some();
        let href = if now
            || (c.entity.name.at(model.newest).is_none()
                && c.statement.text.at(model.last(c.entity)).is_some())
        {
            model.statement_href(c.entity, c.statement)
        } else {
            let last = model
                .dates
                .iter()
                .rev()
                .find(|d| c.entity.name.at(**d).is_some() && c.statement.text.at(**d).is_some());
            last.map_or_else(
                || model::page(c.entity),
                |d| format!("{}#{}", model.page_at(c.entity, *d), c.statement.id()),
            )
        };
        view!({
            "id": c.statement.id(),
            "href": href,
            "text": text,
            "level": level.map(crate::content::Level::name),
            "level_words": level.map(level_words),
            "rules": model.rule_links_of(&c.statement.reference),
            "because": c.unruled(),
            "since": model.span(&c.statement.text),
            "state": match c.coverage() {
                Coverage::Open => "open",
                Coverage::Enforced => "enforced",
                Coverage::NotCheckable => "not-checkable",
            },
        })
    };
    // Whole percent, rounded down: only all of them are 100.
    let percent = |part: usize, all: usize| (part * 100).checked_div(all).unwrap_or(0);
    let totals = Totals::of(&all);
    let by_revision: Vec<View> = (model.dates.iter())
        .map(|date| {
            let of = all
                .iter()
                .filter(|c| c.entity.name.at(*date).is_some() && c.statement.text.at(*date).is_some());
            let t = Totals::of(of);
            view!({
                "date": date.to_string(),
                "statements": t.statements,
                "enforced": t.enforced,
                "not_checkable": t.not_checkable,
                "open": t.open,
                "percent": percent(t.enforced, t.statements - t.not_checkable),
            })
        })
        .collect();
    let mut entities = Vec::new();
    let mut rest = all.as_slice();
    while let Some(first) = rest.first() {
        let size = rest.iter().take_while(|c| c.entity.id == first.entity.id).count();
        let (here, behind) = rest.split_at(size);
        rest = behind;
        let t = Totals::of(here);
        entities.push(view!({
            "id": first.entity.id,
            "link": model.entity_link(first.entity),
            "gone": first.entity.name.at(model.newest).is_none(),
            "statements": here.iter().map(row).collect::<Vec<_>>(),
            "enforced": t.enforced,
            "not_checkable": t.not_checkable,
            "open": t.open,
            "all": t.statements,
        }));
    }
    let open: Vec<View> = (all.iter())
        .filter(|c| c.coverage() == Coverage::Open)
        .map(|c| {
            let mut row = row(c);
            put!(row, { "entity": model.title(c.entity) });
            row
        })
        .collect();
    view!({
        "nav": "coverage",
        "totals": view!({
            "statements": totals.statements,
            "enforced": totals.enforced,
            "not_checkable": totals.not_checkable,
            "open": totals.open,
            "percent": percent(totals.enforced, totals.statements - totals.not_checkable),
        }),
        "by_revision": by_revision,
        "open": open,
        "entities": entities,
    })
}

/// The revisions and where they come from.
pub(in super::super) fn revisions(model: &Model<'_>) -> View {
    let list: Vec<View> = (model.content().revisions.iter())
        .rev()
        .map(|r| {
            let has = |kind| entries(model, kind).filter(|e| e.name.at(r.date).is_some()).count();
            view!({
                "date": r.date.to_string(),
                "long": long(r.date),
                "declared_as": r.declared_as,
                "observed": r.observed,
                "doubt": r.doubt,
                "unchanged_until": r.unchanged_until,
                "latest_build": r.latest_build,
                "page_title": r.page_title,
                "product": r.product,
                "layout": r.layout,
                "versions": r.versions,
                "first_build": r.first_build(),
                "last_build": r.last_build(),
                "sha256": r.sha256,
                "source": r.source,
                "publisher": r.publisher,
                "licence": r.licence,
                "groups": has(EntityKind::Group),
                "accounts": has(EntityKind::Account),
                "objects": has(EntityKind::SqlRole),
                "statements": model.content().in_force(r.date).count(),
                "newest": r.date == model.newest,
                "before": model.before(r.date).map(|d| d.to_string()),
            })
        })
        .collect();
    view!({ "nav": "revisions", "revisions": list })
}

/// Everything from A to Z, for those who search without JavaScript.
pub(in super::super) fn search(model: &Model<'_>) -> View {
    let mut all: Vec<(String, View)> = Vec::new();
    for entity in model.content().entities.iter().filter(|e| is_entry(e)) {
        let title = model.title(entity);
        all.push((
            title.to_lowercase(),
            view!({ "title": title, "href": model::page(entity), "kind": entity.kind.name(), "into": View::none() }),
        ));
        let mut former: Vec<&String> =
            entity.name.values().filter(|n| n.to_lowercase() != title.to_lowercase()).collect();
        former.extend(&entity.aliases);
        former.dedup();
        for name in former {
            all.push((
                name.to_lowercase(),
                view!({ "title": name, "href": model::page(entity), "kind": "other name", "into": title }),
            ));
        }
    }
    for rule in &model.sources.rules.rules {
        all.push((
            rule.title.to_lowercase(),
            view!({ "title": rule.title, "href": model::rule_page(&rule.id), "kind": "rule", "into": View::none() }),
        ));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let mut letters: Vec<(String, Vec<View>)> = Vec::new();
    for (key, value) in all {
        let letter: String = key.chars().next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
        match letters.last_mut() {
            Some((last, values)) if *last == letter => values.push(value),
            _ => letters.push((letter, vec![value])),
        }
    }
    let letters: Vec<View> = letters.into_iter().map(|(l, v)| view!({ "letter": l, "entries": v })).collect();
    view!({ "nav": "search", "letters": letters })
}

/// The book: every entry on one page.
pub(in super::super) fn print(model: &Model<'_>) -> View {
    let part = |kind: EntityKind, title: &str| {
        let entities: Vec<View> = entries(model, kind)
            .map(|e| {
                let last = model.last(e);
                view!({
                    "id": e.id,
                    "title": model.title(e),
                    "href": model::page(e),
                    "lead": e.purpose,
                    "gone": e.name.at(model.newest).is_none(),
                    "until": last.to_string(),
                    "into": model.successor(e).map(|s| model.title(s)),
                    "aliases": e.aliases,
                    "notes": e.notes,
                    "sections": list(model.sections(e, last).iter().map(Section::view)),
                    "facts": super::facts::facts(model, e, last),
                })
            })
            .collect();
        view!({ "title": title, "entities": entities })
    };
    let rules: Vec<View> = (model.sources.rules.rules.iter())
        .map(|r| {
            view!({
                "link": model.rule_link(r),
                "group": group_title(&r.group),
                "help": r.help,
                "statements": r.statements,
            })
        })
        .collect();
    view!({
        "nav": "print",
        "parts": [
            part(EntityKind::Group, "Groups"),
            part(EntityKind::Account, "Accounts"),
            part(EntityKind::SqlRole, "Users and roles of the database"),
        ],
        "rules": rules,
        "newest_long": long(model.newest),
    })
}
