//! The script that gathers the evidence: the parts of `content/collector/`, joined and made ready for the tables that
//! are asked for.
//!
//! The script is text to this module. What it writes is named in it: every class of `sources.yaml` whose name stands
//! in the script in single quotes. Into it go which tables these classes fill, so that it can say which tables miss
//! what it could not read; what may be written of each class (`allowed`); and the words that make a name a password's
//! (`words`). What the tables do not need is left out (`join`). Nothing is run here.

mod allowed;
mod join;
mod words;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::assets::Assets;
use crate::evidence::{Made, Mapping, Schema, TableId};
use crate::yaml::{self, Problems};

/// The parts of the script, in the order in which they are joined: a file `collector/NAME.ps1` each.
const PARTS: [&str; 10] = [
    "parameters",
    "rows",
    "secrets",
    "sequences",
    "platform",
    "site",
    "computers",
    "directory",
    "sql",
    "whole",
];

/// Why there is no script.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A part of the script cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The path of the part.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// A part of the script asks for something that there is not.
    #[error("{path}, line {line}: {why}")]
    Marker {
        /// The path of the part.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A file that goes into the script cannot be used.
    #[error("{path} cannot be used for the script: {why}")]
    Source {
        /// The path of the file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// A table is not filled by anything that the script writes.
    #[error("nothing is collected for the table `{table}`: {why}")]
    NotCollected {
        /// Its name.
        table: String,
        /// Why not.
        why: &'static str,
    },
}

/// The script, for these tables and those they are made of; for all if none are named.
///
/// # Errors
/// When a part of the script or what goes into it cannot be used, or one of the tables is none that it collects.
pub fn script(
    assets: &Assets,
    schema: &Schema,
    mapping: &Mapping,
    tables: &[TableId],
) -> Result<String, Error> {
    let parts = parts(assets)?;
    let classes = classes(&parts, mapping);
    let mut wanted: Vec<TableId> = Vec::new();
    for &table in tables {
        let made_of = made_of(schema, table);
        if !made_of.iter().any(|part| classes.values().any(|filled| filled.contains(part))) {
            let why = match schema.tables[table].made {
                Made::Exported => "the script does not write what fills it",
                _ if schema.tables[table].made_from.is_empty() => "it comes from the exports as a whole",
                _ => "the tables it is made of are not collected",
            };
            return Err(Error::NotCollected { table: schema.tables[table].name.clone(), why });
        }
        wanted.extend(made_of);
    }
    let mut filled: Vec<(&str, Vec<&str>)> = Vec::new();
    for (class, tables) in &classes {
        let tables = tables.iter().filter(|table| wanted.is_empty() || wanted.contains(table));
        let mut names: Vec<&str> = tables.map(|table| schema.tables[*table].name.as_str()).collect();
        names.sort_unstable();
        if !names.is_empty() {
            filled.push((*class, names));
        }
    }
    let collected: BTreeSet<&str> = filled.iter().map(|(class, _)| *class).collect();
    let mut lists = BTreeMap::new();
    let line = |(class, names): &(&str, Vec<&str>)| format!("'{class}' = '{}'", names.join("', '"));
    lists.insert("tables", filled.iter().map(line).collect());
    lists.extend(allowed::lists(&json(assets, "sources.yaml")?, &collected));
    lists.extend(words::lists(&json(assets, "vocabulary.yaml")?));
    join::join(&parts, &collected, &lists)
}

/// The classes that the script of a content tree writes, and the tables that they fill.
///
/// # Errors
/// When a part of the script cannot be read.
pub fn written(assets: &Assets, mapping: &Mapping) -> Result<BTreeMap<String, Vec<TableId>>, Error> {
    let parts = parts(assets)?;
    Ok(classes(&parts, mapping).into_iter().map(|(class, tables)| (class.to_owned(), tables)).collect())
}

/// A part of the script: its path, for messages, and its text.
struct Part {
    path: String,
    text: Cow<'static, str>,
}

/// The parts of the script of a content tree. One that the tree does not have is the one that is built in: a tree
/// changes what is documented, and not how it is collected, unless it says so.
fn parts(assets: &Assets) -> Result<Vec<Part>, Error> {
    let built_in = Assets::content();
    let part = |name: &&str| {
        let name = format!("collector/{name}.ps1");
        let path = format!("{}/{name}", assets.root());
        let found = match assets {
            Assets::Folder(folder) => match std::fs::read_to_string(folder.join(&name)) {
                Ok(text) => Some(Cow::Owned(text.trim_start_matches('\u{feff}').replace("\r\n", "\n"))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(source) => return Err(Error::Unreadable { path, source }),
            },
            Assets::Embedded(..) => None,
        };
        let text = found.or_else(|| built_in.text(&name).map(Cow::Borrowed)).unwrap_or_default();
        Ok(Part { path, text })
    };
    PARTS.iter().map(part).collect()
}

/// A file of the content tree, as values.
fn json(assets: &Assets, name: &str) -> Result<serde_json::Value, Error> {
    let mut problems = Problems::new();
    let documents = yaml::read_all(assets, |file| file == name, &mut problems);
    let path = format!("{}/{name}", assets.root());
    if problems.has_errors() {
        return Err(Error::Source { path, why: yaml::render(&problems, false) });
    }
    let document = documents.first().ok_or_else(|| Error::Source { path, why: "it is not there".into() })?;
    Ok(document.root.to_json())
}

/// The classes whose names stand in single quotes in the script, with the tables they fill.
fn classes<'p>(parts: &'p [Part], mapping: &Mapping) -> BTreeMap<&'p str, Vec<TableId>> {
    let is_name = |word: &&str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let lines = parts.iter().flat_map(|part| part.text.lines());
    let quoted = lines.flat_map(|line| line.split('\'').skip(1).step_by(2));
    let known = quoted.filter(is_name).filter_map(|name| Some((name, mapping.tables(name)?)));
    known.filter(|(_, tables)| !tables.is_empty()).collect()
}

/// A table and all it is made of.
fn made_of(schema: &Schema, table: TableId) -> Vec<TableId> {
    let mut out = vec![table];
    let mut at = 0;
    while at < out.len() {
        for part in &schema.tables[out[at]].made_from {
            if !out.contains(part) {
                out.push(*part);
            }
        }
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests;
