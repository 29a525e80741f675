//! What the script may write of each class: what `sources.yaml` reads of it, and nothing else.
//!
//! A path there, `Props[UserName].Value2`, becomes what the script has to keep for it: the property, the elements of a
//! list that go by a name, or a property of every element. The paths are read as text: which of them is used for what is
//! of no matter here, but for steps of task sequences, where the field says what kind of value it is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Names of variables and properties of steps, by the name in lower case, with the kind of their values.
type Steps = BTreeMap<String, (String, &'static str)>;

/// The lists that go into the script.
pub(super) fn lists(sources: &Value, collected: &BTreeSet<&str>) -> BTreeMap<&'static str, Vec<String>> {
    let mut written = Vec::new();
    let mut steps = Steps::new();
    let mut accounts = BTreeSet::new();
    for class in sources["classes"].as_array().into_iter().flatten() {
        let Some(name) = class["class"].as_str() else { continue };
        let rows = || class["rows"].as_array().into_iter().flatten();
        if name == "TaskSequenceStep" {
            rows().for_each(|row| of_step(row, &mut steps, &mut accounts));
        } else if collected.contains(name) {
            let mut kept = BTreeSet::new();
            rows().for_each(|row| of_row(row, &mut kept));
            for lazy in class["lazy"].as_object().into_iter().flat_map(Map::keys) {
                if !kept.iter().any(|path| path.starts_with(lazy.as_str())) {
                    kept.insert(lazy.clone());
                }
            }
            let kept: Vec<String> = kept.iter().map(|path| quote(path)).collect();
            written.push(format!("'{name}' = {}", kept.join(", ")));
        }
    }
    let steps = steps.values().map(|(name, kind)| format!("{} = '{kind}'", quote(name))).collect();
    BTreeMap::from([
        ("written", written),
        ("step values", steps),
        ("account variables", accounts.iter().map(|name| quote(name)).collect()),
    ])
}

/// A text in single quotes.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The paths of a field: itself, or what it is made of.
fn paths(field: &Value) -> Vec<&str> {
    let ways = ["path", "is_empty", "variable", "secret", "build", "domain"];
    let all = field.as_str().into_iter().chain(ways.iter().filter_map(|way| field[*way].as_str()));
    all.flat_map(|text| text.split('|')).map(str::trim).filter(|path| !path.is_empty()).collect()
}

/// What conditions name: the keys of a map, or of each of a list of maps.
fn conditions(value: &Value) -> Vec<(&str, &Value)> {
    let maps = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    maps.iter().filter_map(Value::as_object).flatten().map(|(path, value)| (path.as_str(), value)).collect()
}

/// What a row of the mapping reads of a class.
fn of_row(row: &Value, kept: &mut BTreeSet<String>) {
    let each = row["each"].as_str().map(|each| each.split('|').map(str::trim).collect::<Vec<_>>());
    let fields = row["fields"].as_object();
    let mut read: Vec<&str> = fields.into_iter().flat_map(Map::values).flat_map(paths).collect();
    read.extend(conditions(&row["when"]).into_iter().flat_map(|(path, _)| path.split('|').map(str::trim)));
    // Elements of a list that go by certain names.
    let keys: Vec<String> = conditions(&row["where"])
        .into_iter()
        .filter(|(path, _)| *path == ".Name")
        .flat_map(|(_, names)| names.as_array().cloned().unwrap_or_else(|| vec![names.clone()]))
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    read.extend(conditions(&row["where"]).into_iter().map(|(path, _)| path));
    for path in read {
        match path.strip_prefix('.') {
            None => drop(kept.insert(outer(path))),
            Some(inner) => {
                for list in each.iter().flatten() {
                    inner_of(list, inner, &keys, kept);
                }
            }
        }
    }
    for list in each.iter().flatten() {
        let list = outer(list);
        if !list.contains("[]")
            && keys.is_empty()
            && !kept.iter().any(|path| path.starts_with(&format!("{list}[")))
        {
            kept.insert(list);
        }
    }
}

/// What is to be kept for a path from the object itself.
fn outer(path: &str) -> String {
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (property, rest) = path.split_at(end);
    let Some(rest) = rest.strip_prefix('[') else { return property.to_owned() };
    let (key, rest) = rest.split_once(']').unwrap_or((rest, ""));
    if key.starts_with('?') {
        // Elements that have a property: of these, that and what the path names.
        let inner = rest.trim_start_matches('.').split(['.', '[']).next().unwrap_or_default();
        return if inner.is_empty() { property.to_owned() } else { format!("{property}[].{inner}") };
    }
    if key.chars().all(|c| c.is_ascii_digit()) { property.to_owned() } else { format!("{property}[{key}]") }
}

/// What is to be kept for a path from the elements of a list.
fn inner_of(list: &str, inner: &str, keys: &[String], kept: &mut BTreeSet<String>) {
    let inner = inner.split(['.', '[']).next().unwrap_or_default();
    let property = list.split(['.', '[']).next().unwrap_or_default();
    let named = list.split_once('[').is_some_and(|(_, key)| !key.starts_with('?'));
    if named {
        kept.insert(outer(list));
    } else if !keys.is_empty() {
        kept.extend(keys.iter().map(|key| format!("{property}[{key}]")));
    } else if inner.is_empty() {
        kept.insert(outer(list));
    } else {
        kept.insert(format!("{property}[].{inner}"));
    }
}

/// What a row of the mapping reads of a step: variables and properties with the kind of their values, and the names of
/// variables that a step sets.
fn of_step(row: &Value, steps: &mut Steps, accounts: &mut BTreeSet<String>) {
    let fields = row["fields"].as_object().into_iter().flatten();
    let named = |path: &str| {
        let path = path.trim();
        let name = path.strip_prefix("Variables.").or_else(|| path.strip_prefix("Properties."))?;
        Some(name.to_owned())
    };
    for (path, _) in conditions(&row["when"]) {
        if let Some(name) = named(path) {
            steps.entry(name.to_lowercase()).or_insert((name, "flag"));
        }
    }
    for (field, value) in fields {
        let kind = match field.as_str() {
            "account" | "dynamic" => "account",
            "target" => "path",
            "domain" => "domain",
            "password" => "secret",
            _ => "flag",
        };
        for name in paths(value).into_iter().filter_map(named) {
            let known = steps.entry(name.to_lowercase()).or_insert((name, kind));
            // Whether there is one is asked of accounts, too.
            if known.1 == "flag" {
                known.1 = kind;
            }
        }
    }
    for (path, names) in conditions(&row["where"]) {
        if path == ".Name" {
            accounts
                .extend(names.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
        }
    }
}
