//! The arrows of `src/lib.rs`: a module uses only modules that stand above it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules in the order of `src/lib.rs`.
fn modules(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join("src/lib.rs")).expect("src/lib.rs is there");
    text.lines()
        .filter_map(|l| l.trim().strip_prefix("pub mod ")?.strip_suffix(';').map(str::to_owned))
        .collect()
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

/// Circles of files that stay, each argued in docs/ARCHITECTURE.md: parts of one thing that call each other.
const CIRCLES: &[&[&str]] = &[
    &["cli/load", "cli/test"],
    &["diff/human", "diff/originals"],
    &["reader/clixml/build", "reader/clixml/later"],
    &["reader/row", "reader/task_sequence"],
    &["reader/run", "reader/segments"],
    &["rules/example", "rules/facts", "rules/file", "rules/operand", "rules/test", "rules/text"],
    &["source/archive", "source/bytes", "source/decode", "source/window"],
];

/// The paths of a `use`, taken apart: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths(tree: &str) -> Vec<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for c in tree.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == ',' && depth == 0 {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    let steps = |text: &str| -> Vec<String> {
        let text = text.split(" as ").next().unwrap_or_default();
        text.split("::").map(|step| step.trim().to_owned()).filter(|step| !step.is_empty()).collect()
    };
    let mut out = Vec::new();
    for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        match part.split_once('{') {
            Some((before, inside)) => {
                for rest in paths(inside.strip_suffix('}').unwrap_or(inside)) {
                    out.push([steps(before), rest].concat());
                }
            }
            None => out.push(steps(part)),
        }
    }
    out
}

/// What stands behind `crate::`, `super::` or `self::` in a text without comments.
fn mentions(text: &str) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in text.match_indices(start) {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let in_use = text[..at].trim_end().ends_with("use");
            let end = |c: char| match in_use {
                true => c == ';',
                false => !(c.is_alphanumeric() || c == '_' || c == ':'),
            };
            out.extend(paths(text[at..].split(end).next().unwrap_or_default()));
        }
    }
    out
}

/// For each file the other files of its module that it uses. What a module file takes from those below it does not
/// count: it is their door.
fn inside_modules(root: &Path) -> std::collections::BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    let src = root.join("src");
    let mut all = Vec::new();
    files(&src, &mut all);
    let name = |path: &Path| -> Vec<String> {
        let below = path.strip_prefix(&src).expect("below src").with_extension("");
        below.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
    };
    let known: BTreeSet<Vec<String>> = all.iter().map(|path| name(path)).collect();
    let file_of = |steps: &[String]| -> Option<Vec<String>> {
        (1..=steps.len()).rev().map(|n| steps[..n].to_vec()).find(|steps| known.contains(steps))
    };
    let mut out = std::collections::BTreeMap::new();
    for path in &all {
        let own = name(path);
        let text = fs::read_to_string(path).expect("readable");
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        let code: String =
            text.lines().map(|l| l.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
        let mut used = BTreeSet::new();
        for steps in mentions(&code) {
            let mut base = own.clone();
            let mut rest = steps.as_slice();
            match rest.first().map(String::as_str) {
                Some("crate") => (base, rest) = (Vec::new(), &rest[1..]),
                Some("self") => rest = &rest[1..],
                _ => {}
            }
            while rest.first().is_some_and(|step| step == "super") {
                base.pop();
                rest = &rest[1..];
            }
            let Some(other) = file_of(&[base, rest.to_vec()].concat()) else { continue };
            if other != own && other.first() == own.first() && !other.starts_with(&own) {
                used.insert(other);
            }
        }
        out.insert(own, used);
    }
    out
}

#[test]
fn files_of_a_module_use_each_other_in_one_direction() {
    let uses = inside_modules(Path::new(env!("CARGO_MANIFEST_DIR")));
    let reach = |from: &Vec<String>| -> BTreeSet<Vec<String>> {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(next) = open.pop() {
            for other in uses.get(&next).into_iter().flatten() {
                if seen.insert(other.clone()) {
                    open.push(other.clone());
                }
            }
        }
        seen
    };
    let reached: std::collections::BTreeMap<_, _> = uses.keys().map(|file| (file, reach(file))).collect();
    let circles: BTreeSet<Vec<String>> = uses
        .keys()
        .filter(|file| reached[file].contains(*file))
        .map(|file| {
            let back = reached[file].iter().filter(|other| reached[other].contains(file));
            back.map(|other| other.join("/")).collect()
        })
        .collect();
    let known: BTreeSet<Vec<String>> =
        CIRCLES.iter().map(|circle| circle.iter().map(|file| (*file).to_owned()).collect()).collect();
    let (new, gone): (Vec<_>, Vec<_>) =
        (circles.difference(&known).collect(), known.difference(&circles).collect());
    assert!(new.is_empty(), "files that use each other in a circle: {new:?}");
    assert!(gone.is_empty(), "circles that are gone; take them out of the list: {gone:?}");
}

#[test]
fn what_a_use_names_is_understood() {
    let text = "use crate::a::{b, c::{self, d as e}};\nlet x = super::f::g(crate::h);";
    let mut found: Vec<String> = mentions(text).iter().map(|steps| steps.join("::")).collect();
    found.sort();
    assert_eq!(found, ["crate::a::b", "crate::a::c::d", "crate::a::c::self", "crate::h", "super::f::g"]);
}
