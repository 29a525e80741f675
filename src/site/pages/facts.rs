//! The facts of an account or group that stand in tables: paths, rights, members, and the few that sum it up.

use serde::Serialize;
use serde_json::Value;

use super::super::model::Model;
use super::super::view::show_serialized;
use crate::content::{Date, Entity, EntityKind, Securable, Values, Words, capital};

/// A line of the summary: a name and what is said.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Summary {
    name: &'static str,
    said: Vec<Said>,
}

/// Something said, and the statement that says it.
#[derive(Debug, Clone, Serialize)]
struct Said {
    text: String,
    /// The statement's anchor on the page.
    statement: String,
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
    target: String,
    /// `required`, `forbidden`, `default`.
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

fn effect(values: &Values) -> &'static str {
    match (text(values, "effect"), values.get("required").and_then(Value::as_bool)) {
        (Some("forbid"), _) => "forbidden",
        (_, Some(false)) => "not needed",
        (Some("require"), _) => "required",
        _ if values.get("default").and_then(Value::as_bool) == Some(true) => "default",
        _ => "required",
    }
}

/// The label under which a kind of fact stands in the summary, in the order of the summary.
const SUMMARY: [(&str, &[&str]); 9] = [
    ("Use", &["purpose", "usage", "publishes", "publishes-as", "covers-role", "discovers"]),
    ("Where", &["location", "location-limit"]),
    ("Type", &["group-type", "account-kind", "account-scope"]),
    ("Default", &["default-account", "default-access"]),
    ("Members", &["managed-by", "created-when"]),
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
                all.push((&fact.kind, values, statement.id()));
            }
        }
    }
    let summary = SUMMARY
        .iter()
        .map(|(name, kinds)| {
            let said = (all.iter())
                .filter(|(kind, _, _)| kinds.contains(kind))
                .map(|(kind, values, statement)| {
                    let sentence = words.fact(kind, values);
                    let said =
                        if *kind == "distinct-from" { names(&words, values, "account") } else { sentence };
                    Said { text: capital(&said), statement: (*statement).to_owned() }
                })
                .collect();
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

/// A fact: its kind, its values, and the statement that states it.
type Known<'a> = (&'a str, &'a Values, &'a str);

fn grid(model: &Model<'_>, words: &Words<'_>, all: &[Known<'_>]) -> Option<Grid> {
    let of: Vec<&Known<'_>> = all.iter().filter(|(kind, _, _)| *kind == "acl").collect();
    if of.is_empty() {
        return None;
    }
    let known = model.content().vocabulary.permissions_on(Securable::File);
    let order: Vec<&str> = known.map(|p| p.id.as_str()).collect();
    let mut columns: Vec<&str> = of.iter().flat_map(|(_, values, _)| texts(values, "permissions")).collect();
    columns.sort_by_key(|c| (order.iter().position(|o| o == c).unwrap_or(usize::MAX), *c));
    columns.dedup();
    let rows = (of.iter())
        .map(|(_, values, statement)| {
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
                statement: (*statement).to_owned(),
            }
        })
        .collect();
    Some(Grid { columns: columns.into_iter().map(str::to_owned).collect(), rows })
}

fn grants(words: &Words<'_>, all: &[Known<'_>]) -> Vec<Grant> {
    all.iter()
        .filter_map(|(kind, values, statement)| {
            let permissions = || names(words, values, "permissions");
            let (on, what, target) = match *kind {
                "user-right" => {
                    let right = words.right(text(values, "right")?);
                    let hosts = texts(values, "hosts");
                    let on = if hosts == ["any"] {
                        "any computer".to_owned()
                    } else {
                        names(words, values, "hosts")
                    };
                    ("User right", right, on)
                }
                "ad-acl" => ("Directory", permissions(), names(words, values, "target")),
                "share-acl" => ("Share", permissions(), names(words, values, "target")),
                "wmi-acl" => {
                    let who = text(values, "principal").unwrap_or_default();
                    let namespace = text(values, "namespace").unwrap_or_default();
                    ("WMI", format!("{who}: {}", permissions()), format!("namespace `{namespace}`"))
                }
                "dcom" => {
                    let who = text(values, "grant_to").map_or(String::new(), |g| format!("{g}: "));
                    (
                        "DCOM",
                        format!("{who}{}", names(words, values, "permission")),
                        names(words, values, "hosts"),
                    )
                }
                "sql" => ("Database", permissions(), names(words, values, "database")),
                "product-permission" => ("Product", permissions(), names(words, values, "target")),
                "rbac-permission" => {
                    ("Product", names(words, values, "permission"), names(words, values, "securable_object"))
                }
                "profile" => ("Profile", format!("{} profile", text(values, "type")?), String::new()),
                _ => return None,
            };
            let when = text(values, "when").map_or(String::new(), |w| format!(", when {w}"));
            let what = if what == "unspecified" { "not said which".to_owned() } else { what };
            let target = format!("{target}{when}");
            Some(Grant {
                on,
                what,
                target: capital(target.trim_start_matches(", ")),
                effect: effect(values),
                statement: (*statement).to_owned(),
            })
        })
        .collect()
}

fn members(words: &Words<'_>, all: &[Known<'_>]) -> Vec<Member> {
    all.iter()
        .filter(|(kind, _, _)| matches!(*kind, "member" | "group-membership"))
        .map(|(kind, values, statement)| {
            let said = words.fact(kind, values);
            Member {
                text: capital(said.strip_prefix("Member: ").unwrap_or(&said)),
                effect: effect(values),
                statement: (*statement).to_owned(),
            }
        })
        .collect()
}

show_serialized!(Facts);
