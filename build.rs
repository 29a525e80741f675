//! Packs what is built into the binary: the text of every file of `content/`, `rules/`, `templates/` and `site/`,
//! and beside that of YAML the tree that the parser makes of it, so that no run parses it again.
//!
//! A file that is not YAML is built in without its tree: the program then shows the mistake at its place.

// The program uses more of these files than the script does.
#![allow(dead_code, unreachable_pub)]

#[path = "src/yaml/node.rs"]
mod node;
#[path = "src/yaml/pack.rs"]
mod pack;
#[path = "src/yaml/packed.rs"]
mod packed;

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut table = String::new();
    for tree in ["content", "rules"] {
        println!("cargo::rerun-if-changed={tree}");
        let mut names = Vec::new();
        list(&root.join(tree), "", &|name| name.ends_with(".yaml") || name.ends_with(".ps1"), &mut names)?;
        names.sort_unstable();
        writeln!(table, "static {}: [Embedded; {}] = [", tree.to_uppercase(), names.len())?;
        for (i, name) in names.iter().enumerate() {
            let source = root.join(tree).join(name);
            let text = fs::read_to_string(&source).map_err(|e| format!("{tree}/{name}: {e}"))?;
            let parsed = name.ends_with(".yaml").then(|| node::Node::parse(&text));
            let packed = match parsed {
                None => Vec::new(),
                Some(Ok(node)) => pack::pack(&text, &node),
                Some(Err(fault)) => {
                    println!("cargo::warning={tree}/{name}: {}", fault.message);
                    Vec::new()
                }
            };
            let target = out.join(format!("{tree}-{i}.tree"));
            fs::write(&target, packed)?;
            writeln!(
                table,
                "    Embedded {{ name: {name:?}, text: include_str!({source:?}), tree: include_bytes!({target:?}) }},"
            )?;
        }
        writeln!(table, "];")?;
    }
    for tree in ["templates", "site"] {
        println!("cargo::rerun-if-changed={tree}");
        let mut names = Vec::new();
        list(&root.join(tree), "", &|name| !name.starts_with('.'), &mut names)?;
        names.sort_unstable();
        writeln!(table, "static {}: [Embedded; {}] = [", tree.to_uppercase(), names.len())?;
        for name in &names {
            let source = root.join(tree).join(name);
            writeln!(table, "    Embedded {{ name: {name:?}, text: include_str!({source:?}), tree: &[] }},")?;
        }
        writeln!(table, "];")?;
    }
    fs::write(out.join("names.rs"), handles(&fs::read_to_string(root.join("content/evidence.yaml"))?)?)?;
    for source in ["node", "pack", "packed"] {
        println!("cargo::rerun-if-changed=src/yaml/{source}.rs");
    }
    fs::write(out.join("embedded.rs"), table)?;
    Ok(())
}

/// A constant for each table and each name of a field in `evidence.yaml`: what `src/evidence/names.rs` includes.
fn handles(text: &str) -> Result<String, Box<dyn Error>> {
    let root =
        node::Node::parse(text).map_err(|fault| format!("content/evidence.yaml: {}", fault.message))?;
    let declared = root.get("tables").and_then(node::Node::as_map).unwrap_or_default();
    let tables: BTreeSet<&str> = declared.iter().map(|(name, _)| name.value.as_str()).collect();
    let fields: BTreeSet<&str> = declared
        .iter()
        .flat_map(|(_, table)| table.get("fields").and_then(node::Node::as_map).unwrap_or_default())
        .map(|(name, _)| name.value.as_str())
        .collect();
    let mut out = String::new();
    for (module, list, what, kind, names) in [
        ("table", "TABLES", "Tables", "TableName", &tables),
        ("field", "FIELDS", "Fields", "FieldName", &fields),
    ] {
        writeln!(out, "static {list}: [&str; {}] = {names:?};", names.len())?;
        writeln!(out, "/// {what} by their names.\n#[allow(dead_code)]\npub mod {module} {{")?;
        for (number, name) in names.iter().enumerate() {
            writeln!(out, "    /// `{name}`")?;
            writeln!(out, "    pub const {}: super::{kind} = super::{kind}({number});", name.to_uppercase())?;
        }
        writeln!(out, "}}")?;
    }
    // A set is written with braces.
    Ok(out.replace("= {", "= [").replace("\"};", "\"];"))
}

/// The names of the files below a folder that are wanted, with `/` between their parts.
fn list(
    folder: &Path,
    below: &str,
    wanted: &dyn Fn(&str) -> bool,
    names: &mut Vec<String>,
) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|n| format!("{} is no text", n.display()))?;
        if entry.path().is_dir() {
            list(&entry.path(), &format!("{below}{name}/"), wanted, names)?;
        } else if wanted(&name) {
            names.push(format!("{below}{name}"));
        }
    }
    Ok(())
}
