//! The arrows of `src/lib.rs`: a module uses only modules that stand above it.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules in the order of `src/lib.rs`.
fn modules(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join("src/lib.rs")).expect("src/lib.rs is there");
    let lines = text.lines().map(|l| l.trim_start_matches("pub ").trim_start_matches("pub(crate) "));
    lines.filter_map(|l| l.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned)).collect()
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src can be listed") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// The names behind `crate::` on a line, also in `use crate::{a, b::c}`.
fn used(line: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find("crate::") {
        rest = &rest[at + "crate::".len()..];
        let names = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or_default(),
            None => rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default(),
        };
        out.extend(
            names
                .split(',')
                .map(|n| n.trim().split("::").next().unwrap_or_default())
                .filter(|n| !n.is_empty()),
        );
    }
    out
}

#[test]
fn modules_use_only_what_stands_above_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let order = modules(root);
    assert!(order.len() >= 10, "the list of modules was not understood: {order:?}");
    let place = |name: &str| order.iter().position(|m| m == name);
    let mut all = Vec::new();
    files(&root.join("src"), &mut all);
    let mut wrong = Vec::new();
    for file in all {
        let below = file.strip_prefix(root.join("src")).expect("below src");
        let own = below.components().next().expect("a name").as_os_str().to_string_lossy().replace(".rs", "");
        let Some(own_place) = place(&own) else { continue };
        let text = fs::read_to_string(&file).expect("readable");
        // What a comment points to is no use of it.
        let code = |line: &&str| !line.trim_start().starts_with("//");
        for (number, line) in text.lines().enumerate().filter(|(_, line)| code(line)) {
            for name in used(line) {
                if place(name).is_some_and(|p| p > own_place) {
                    wrong.push(format!("{}:{}: `{own}` uses `{name}`", below.display(), number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "arrows drawn backwards:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_edge_prints_and_only_yaml_names_the_yaml_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    files(&root.join("src"), &mut all);
    let mut wrong = Vec::new();
    for file in all {
        let name =
            file.strip_prefix(root.join("src")).expect("below src").to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&file).expect("readable");
        if text.contains("serde_yaml::") && !name.starts_with("yaml") {
            wrong.push(format!("{name} names the YAML crate"));
        }
        if text.contains("println!(")
            && !name.starts_with("cli")
            && !name.ends_with("tests.rs")
            && name != "main.rs"
        {
            let tests = text.find("#[cfg(test)]").unwrap_or(text.len());
            if text[..tests].contains("println!(") {
                wrong.push(format!("{name} prints"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
