//! The script that gathers the evidence: `content/collect.ps1`, made ready for the tables that are asked for.
//!
//! The script is text to this module. What it writes is named in it: every class of `sources.yaml` whose name stands
//! in the script in single quotes. Beside the script stands which tables these classes fill, so that the script can
//! leave out what nobody asked for and say which tables miss what it could not read. Nothing is run here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use crate::assets::Assets;
use crate::evidence::{Made, Mapping, Schema, TableId};

/// The script that is built in.
const SCRIPT: &str = include_str!("../content/collect.ps1");

/// The file of a content tree that is the script.
const FILE: &str = "collect.ps1";

/// The line of the script that the tables are put in place of.
const TABLES: &str = "#% tables";

/// Why there is no script.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The script of a content tree cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The path of the script.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// The script has no line for the tables.
    #[error("{path} has no line `{TABLES}`, where cmlint says which class fills which table")]
    NoPlace {
        /// The path of the script.
        path: String,
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
/// When the script of the content tree cannot be used, or one of the tables is none that it collects.
pub fn script(
    assets: &Assets,
    schema: &Schema,
    mapping: &Mapping,
    tables: &[TableId],
) -> Result<String, Error> {
    let (path, text) = text(assets)?;
    let classes = classes(&text, mapping);
    let mut wanted: Vec<TableId> = Vec::new();
    for &table in tables {
        let parts = parts(schema, table);
        if !parts.iter().any(|part| classes.values().any(|filled| filled.contains(part))) {
            let why = match schema.tables[table].made {
                Made::Exported => "the script does not write what fills it",
                _ if schema.tables[table].made_from.is_empty() => "it comes from the exports as a whole",
                _ => "the tables it is made of are not collected",
            };
            return Err(Error::NotCollected { table: schema.tables[table].name.clone(), why });
        }
        wanted.extend(parts);
    }
    let line = text.lines().find(|line| line.trim() == TABLES);
    let Some(line) = line else { return Err(Error::NoPlace { path }) };
    let indent = &line[..line.len() - line.trim_start().len()];
    let mut list: Vec<String> = Vec::new();
    for (class, filled) in &classes {
        let mut names: Vec<&str> = (filled.iter())
            .filter(|table| wanted.is_empty() || wanted.contains(table))
            .map(|table| schema.tables[*table].name.as_str())
            .collect();
        names.sort_unstable();
        if !names.is_empty() {
            list.push(format!("{indent}'{class}' = '{}'", names.join("', '")));
        }
    }
    Ok(text.replacen(line, &list.join("\n"), 1))
}

/// The classes that the script of a content tree writes, and the tables that they fill.
///
/// # Errors
/// When the script cannot be read.
pub fn written(assets: &Assets, mapping: &Mapping) -> Result<BTreeMap<String, Vec<TableId>>, Error> {
    let (_, text) = text(assets)?;
    Ok(classes(&text, mapping).into_iter().map(|(class, tables)| (class.to_owned(), tables)).collect())
}

/// The path of the script, for messages, and its text.
fn text(assets: &Assets) -> Result<(String, Cow<'static, str>), Error> {
    let path = format!("{}/{FILE}", assets.root());
    match assets {
        Assets::Embedded(..) => Ok((path, Cow::Borrowed(SCRIPT))),
        Assets::Folder(folder) => match std::fs::read_to_string(folder.join(FILE)) {
            Ok(text) => Ok((path, Cow::Owned(text.replace("\r\n", "\n")))),
            // A tree without a script changes what is documented, not how it is collected.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((path, Cow::Borrowed(SCRIPT))),
            Err(source) => Err(Error::Unreadable { path, source }),
        },
    }
}

/// The classes whose names stand in single quotes in a script, with the tables they fill.
fn classes<'t>(script: &'t str, mapping: &Mapping) -> BTreeMap<&'t str, Vec<TableId>> {
    let is_name = |word: &&str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let quoted = script.lines().flat_map(|line| line.split('\'').skip(1).step_by(2));
    let known = quoted.filter(is_name).filter_map(|name| Some((name, mapping.tables(name)?)));
    known.filter(|(_, tables)| !tables.is_empty()).collect()
}

/// A table and all it is made of.
fn parts(schema: &Schema, table: TableId) -> Vec<TableId> {
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
mod tests {
    use super::*;

    fn loaded() -> (Schema, Mapping) {
        crate::evidence::load(&Assets::content()).expect("the content that is built in")
    }

    #[test]
    fn the_script_says_which_tables_its_classes_fill() {
        let (schema, mapping) = loaded();
        let script = script(&Assets::content(), &schema, &mapping, &[]).expect("a script");
        assert!(!script.contains(TABLES));
        assert!(script.contains("    'SMS_Site' = 'sites'\n"), "{script}");
        assert!(
            script.contains("'LocalGroupMembers' = 'local_group_members', 'local_groups', 'principals'\n")
        );
        assert!(script.ends_with("Get-Item -LiteralPath $folder\n"));
    }

    #[test]
    fn only_what_the_tables_are_made_of() {
        let (schema, mapping) = loaded();
        let table = |name: &str| schema.table(name).expect("a table");
        let made = |names: &[&str]| {
            let tables: Vec<TableId> = names.iter().map(|name| table(name)).collect();
            script(&Assets::content(), &schema, &mapping, &tables)
        };
        let text = made(&["user_rights"]).expect("a script");
        assert!(
            text.contains("$TablesOfClass = @{\n    'UserRightsAssignment' = 'user_rights'\n}"),
            "{text}"
        );
        let text = made(&["admin_permissions"]).expect("a script");
        let list = text.split_once("$TablesOfClass = @{\n").and_then(|(_, rest)| rest.split_once("\n}"));
        let list = list.expect("the list").0;
        assert_eq!(list, "    'SMS_Admin' = 'admin_users'\n    'SMS_Role' = 'role_operations'");
        let error = made(&["secrets"]).expect_err("nothing writes credentials");
        assert!(error.to_string().starts_with("nothing is collected for the table `secrets`"), "{error}");
        let error = made(&["export_gaps"]).expect_err("made of the exports");
        assert!(error.to_string().ends_with("it comes from the exports as a whole"), "{error}");
    }

    #[test]
    fn a_content_tree_can_bring_its_own_script() {
        let (schema, mapping) = loaded();
        let folder = tempfile::tempdir().expect("a folder");
        let assets = Assets::Folder(folder.path().to_owned());
        let text = script(&assets, &schema, &mapping, &[]).expect("the one that is built in");
        assert!(text.contains("'SMS_Site' = 'sites'"));
        let own = "@{\r\n  #% tables\r\n}\r\nRead-It 'SMS_Site' '/x' 'Other'\r\n";
        std::fs::write(folder.path().join(FILE), own).expect("written");
        let text = script(&assets, &schema, &mapping, &[]).expect("its own");
        assert_eq!(text, "@{\n  'SMS_Site' = 'sites'\n}\nRead-It 'SMS_Site' '/x' 'Other'\n");
        std::fs::write(folder.path().join(FILE), "'SMS_Site'").expect("written");
        let error = script(&assets, &schema, &mapping, &[]).expect_err("no place");
        assert!(error.to_string().contains("collect.ps1 has no line `#% tables`"), "{error}");
    }
}
