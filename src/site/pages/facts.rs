//! The facts of an account or group that stand in tables: paths, rights, members, and the few that sum it up.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::super::model::{Model, Said, level};
use super::super::view::show_serialized;
use crate::content::{Date, Entity, EntityKind, Level, Securable, Statement, Values, Words, capital};

/// A line of the summary: a name and what is said.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Summary {
    name: &'static str,
    said: Vec<Said>,
}

/// Folders and the permissions on them.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Grid {
    /// The permissions that occur, weakest first.
    columns: Vec<String>,
    rows: Vec<GridRow>,
}

#[derive(Debug, Clone, Serialize)]
struct GridRow {
    path: String,
    /// Whether the path is one, and not words.
    is_path: bool,
    who: Option<String>,
    scope: String,
    host: String,
    cells: Vec<bool>,
    /// Nothing is permitted.
    none: bool,
    statement: String,
}

/// Other permissions and rights.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Grant {
    /// `User right`, `Directory`, ...
    on: &'static str,
    what: String,
    /// Who has it, where that is not the account or group of the page.
    who: String,
    target: String,
    /// What the level of the statement makes of it: `required`, `advised`, `forbidden`, `default`, ...
    effect: &'static str,
    statement: String,
}

/// A member, or a group it is to be in.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Member {
    text: String,
    effect: &'static str,
    statement: String,
}

/// What the tables of an entity page hold.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Facts {
    summary: Vec<Summary>,
    grid: Option<Grid>,
    grants: Vec<Grant>,
    members: Vec<Member>,
}

fn text<'v>(values: &'v Values, key: &str) -> Option<&'v str> {
    values.get(key).and_then(Value::as_str)
}

fn texts<'v>(values: &'v Values, key: &str) -> Vec<&'v str> {
    match values.get(key) {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one],
        _ => Vec::new(),
    }
}

fn names(words: &Words<'_>, values: &Values, key: &str) -> String {
    let names: Vec<String> = texts(values, key).into_iter().map(|t| words.name(t)).collect();
    crate::text::list(&names)
}

/// What a fact is by the level of its statement; `given` is what it is called where the statement only tells.
fn effect(values: &Values, level: Level, given: &'static str) -> &'static str {
    let set = |key: &str| values.get(key).and_then(Value::as_bool);
    if text(values, "effect") == Some("forbid") {
        return if matches!(level, Level::ShouldNot | Level::Should) {
            "advised against"
        } else {
            "forbidden"
        };
    }
    if set("required") == Some(false) {
        return "not needed";
    }
    match level {
        _ if set("default") == Some(true) => "default",
        Level::Must => "required",
        Level::MustNot => "forbidden",
        Level::Should => "advised",
        Level::ShouldNot => "advised against",
        Level::May => "allowed",
        Level::Info => given,
    }
}

/// The label under which a kind of fact stands in the summary, in the order of the summary.
const SUMMARY: [(&str, &[&str]); 10] = [
    ("Use", &["purpose", "usage", "publishes", "publishes-as", "covers-role", "discovers"]),
    ("Where", &["location", "location-limit"]),
    ("Type", &["group-type", "account-kind", "account-scope"]),
    ("Default", &["default-account", "default-access"]),
    ("Made", &["created-when", "created-by"]),
    ("Members", &["managed-by"]),
    ("How many", &["cardinality"]),
    ("Must differ from", &["distinct-from"]),
    ("Domain and name", &["account-domain", "account-name"]),
    ("Set in", &["task-sequence-step", "console-label"]),
];

/// The tables of an entity as a revision has it.
pub(super) fn facts(model: &Model<'_>, entity: &Entity, revision: Date) -> Facts {
    let words = model.words(revision);
    let mut all: Vec<Known<'_>> = Vec::new();
    for statement in entity.statements.iter().filter(|s| s.text.at(revision).is_some()) {
        for fact in &statement.facts {
            if let Some(values) = fact.at(revision) {
                all.push(Known { kind: &fact.kind, values, statement, level: level(statement, revision) });
            }
        }
    }
    // A statement of several kinds of facts stands under the first of their labels only.
    let mut told: BTreeSet<&str> = BTreeSet::new();
    let summary = SUMMARY
        .iter()
        .map(|(name, kinds)| {
            let of = all.iter().filter(|of| kinds.contains(&of.kind)).map(|of| of.statement);
            let said = of.filter(|s| told.insert(s.id())).filter_map(|s| Said::of(s, revision)).collect();
            Summary { name, said }
        })
        .filter(|s: &Summary| !s.said.is_empty() && entity.kind != EntityKind::Document)
        .collect();
    Facts {
        summary,
        grid: grid(model, &words, &all),
        grants: grants(&words, &all),
        members: members(&words, &all),
    }
}

/// A fact, and the statement that states it with its level.
struct Known<'a> {
    kind: &'a str,
    values: &'a Values,
    statement: &'a Statement,
    level: Level,
}

fn grid(model: &Model<'_>, words: &Words<'_>, all: &[Known<'_>]) -> Option<Grid> {
    let of: Vec<&Known<'_>> = all.iter().filter(|of| of.kind == "acl").collect();
    if of.is_empty() {
        return None;
    }
    let known = model.content().vocabulary.permissions_on(Securable::File);
    let order: Vec<&str> = known.map(|p| p.id.as_str()).collect();
    let mut columns: Vec<&str> = of.iter().flat_map(|of| texts(of.values, "permissions")).collect();
    columns.sort_by_key(|c| (order.iter().position(|o| o == c).unwrap_or(usize::MAX), *c));
    columns.dedup();
    let rows = (of.iter())
        .map(|Known { values, statement, .. }| {
            let (root, below) = (text(values, "root"), text(values, "relative_path"));
            let path = match (root, below) {
                (Some(root), Some(below)) => format!("{root}\\{below}"),
                (one, other) => one.or(other).unwrap_or_default().to_owned(),
            };
            let is_path = !path.is_empty();
            let scope = text(values, "scope").map(|s| words.value_of("acl", "scope", s)).unwrap_or_default();
            let path = if is_path {
                path
            } else {
                text(values, "target").map_or_else(|| scope.clone(), |t| words.name(t))
            };
            let mut scope = if path == scope { String::new() } else { scope };
            if let Some(subset) = text(values, "subset") {
                scope = format!("{scope}: {subset}");
            }
            let held = texts(values, "permissions");
            GridRow {
                path: capital(&path),
                is_path,
                who: text(values, "principal").map(|p| words.name(p)),
                scope,
                host: names(words, values, if values.contains_key("hosts") { "hosts" } else { "host" }),
                cells: columns.iter().map(|c| held.contains(c)).collect(),
                none: held.is_empty(),
                statement: statement.id().to_owned(),
            }
        })
        .collect();
    Some(Grid { columns: columns.into_iter().map(str::to_owned).collect(), rows })
}

fn grants(words: &Words<'_>, all: &[Known<'_>]) -> Vec<Grant> {
    all.iter()
        .filter_map(|Known { kind, values, statement, level }| {
            let of = |key: &str| names(words, values, key);
            let (on, what, who, target) = match *kind {
                "user-right" => {
                    let right = words.right(text(values, "right")?);
                    let hosts = texts(values, "hosts");
                    let on = if hosts == ["any"] { "any computer".to_owned() } else { of("hosts") };
                    let other =
                        text(values, "alternative").filter(|_| text(values, "effect") != Some("forbid"));
                    let what = match other {
                        Some(other) => format!("{right}, or {other}"),
                        None => right,
                    };
                    ("User right", what, String::new(), on)
                }
                "ad-acl" => ("Directory", of("permissions"), String::new(), of("target")),
                "share-acl" => ("Share", of("permissions"), String::new(), of("target")),
                "wmi-acl" => {
                    let namespace = text(values, "namespace").unwrap_or_default();
                    ("WMI", of("permissions"), of("principal"), format!("namespace `{namespace}`"))
                }
                "dcom" => ("DCOM", of("permission"), of("grant_to"), of("hosts")),
                "sql" => ("Database", of("permissions"), String::new(), of("database")),
                "product-permission" => ("Product", of("permissions"), String::new(), of("target")),
                "rbac-permission" => ("Product", of("permission"), of("for"), of("securable_object")),
                "profile" => {
                    ("Profile", format!("{} profile", text(values, "type")?), String::new(), String::new())
                }
                _ => return None,
            };
            let what = if what == "unspecified" { "not said which".to_owned() } else { what };
            let when = text(values, "when").map_or(String::new(), |w| format!("when {w}"));
            let target = [target, when].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(", ");
            Some(Grant {
                on,
                what,
                who,
                target: capital(&target),
                effect: effect(values, *level, "given"),
                statement: statement.id().to_owned(),
            })
        })
        .collect()
}

fn members(words: &Words<'_>, all: &[Known<'_>]) -> Vec<Member> {
    all.iter()
        .filter(|of| matches!(of.kind, "member" | "group-membership"))
        .map(|Known { kind, values, statement, level }| {
            let said = words.fact(kind, values);
            let effect = effect(values, *level, "member");
            // What the last column says is not said again.
            let said = said.strip_prefix("Member: ").unwrap_or(&said);
            let said = if effect == "default" { said.trim_end_matches("; by default") } else { said };
            Member { text: capital(said), effect, statement: statement.id().to_owned() }
        })
        .collect()
}

show_serialized!(Facts);
