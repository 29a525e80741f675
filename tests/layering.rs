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

/// Circles of files that are one thing in parts; ARCHITECTURE says why.
const CIRCLES: [&[&str]; 3] = [
    &["reader/clixml/build", "reader/clixml/later"],
    &["rules/example", "rules/facts", "rules/file", "rules/operand", "rules/test", "rules/text"],
    &["source/archive", "source/bytes", "source/decode", "source/window"],
];

/// The paths of a use tree: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths(prefix: &str, tree: &str, out: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((head, rest)) = tree.split_once('{') else {
        out.push(format!("{prefix}{}", tree.split(" as ").next().unwrap_or(tree).trim()));
        return;
    };
    let (mut depth, mut start) = (0, 0);
    let inner = &rest[..rest.rfind('}').unwrap_or(rest.len())];
    for (i, c) in inner.char_indices().chain([(inner.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !inner[start..i].trim().is_empty() {
                    paths(&format!("{prefix}{head}"), &inner[start..i], out);
                }
                start = i + 1;
            }
            _ => {}
        }
    }
}

/// What a file names of other files: in its imports, and behind `crate::` and `super::` in between.
fn named(code: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = String::new();
    for part in code.split_inclusive(';') {
        let at = part.rfind("use ").filter(|at| {
            let line = part[..*at].rsplit('\n').next().unwrap_or_default().trim();
            line.is_empty() || line.starts_with("pub")
        });
        match at {
            Some(at) => paths("", part[at + 4..].trim_end_matches(';'), &mut out),
            None => rest.push_str(part),
        }
    }
    for start in ["crate::", "super::"] {
        for (at, _) in rest.match_indices(start) {
            let path = rest[at..].split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').next();
            // `super::super::x` is found at its first word.
            if !rest[..at].ends_with("super::") {
                out.extend(path.map(str::to_owned));
            }
        }
    }
    out
}

/// The files that each file uses, by their paths without `src/` and ending. What a module and its children have of
/// each other is no arrow: the module file holds the types, the children the how.
fn arrows(root: &Path) -> std::collections::BTreeMap<String, Vec<String>> {
    let mut all = Vec::new();
    files(&root.join("src"), &mut all);
    let name = |file: &PathBuf| {
        let below = file.strip_prefix(root.join("src")).expect("below src").with_extension("");
        below.to_string_lossy().replace('\\', "/")
    };
    let names: Vec<String> =
        all.iter().map(name).filter(|n| !n.ends_with("tests") && n != "lib" && n != "main").collect();
    let mut out = std::collections::BTreeMap::new();
    for own in &names {
        let text = fs::read_to_string(root.join(format!("src/{own}.rs"))).expect("readable");
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let code: String = code.lines().map(|l| format!("{}\n", l.split("//").next().unwrap_or(l))).collect();
        let mut used = Vec::new();
        for path in named(&code) {
            let mut words = path.split("::").map(str::trim).filter(|w| *w != "self").peekable();
            let mut full: Vec<&str> = own.split('/').collect();
            match words.peek() {
                Some(&"crate") => {
                    full.clear();
                    words.next();
                }
                _ => {
                    while words.next_if(|w| *w == "super").is_some() {
                        full.pop();
                    }
                }
            }
            full.extend(words);
            while !full.is_empty() {
                let there = full.join("/");
                let related = there.starts_with(&format!("{own}/")) || own.starts_with(&format!("{there}/"));
                if names.contains(&there) {
                    if there != *own && !related {
                        used.push(there);
                    }
                    break;
                }
                full.pop();
            }
        }
        out.insert(own.clone(), used);
    }
    out
}

#[test]
fn files_form_no_circle_but_those_that_are_one_thing_in_parts() {
    let arrows = arrows(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(
        arrows.values().map(Vec::len).sum::<usize>() > 300,
        "the imports were not understood: {arrows:?}"
    );
    let reached = |from: &String| {
        let mut seen = std::collections::BTreeSet::new();
        let mut open = arrows.get(from).cloned().unwrap_or_default();
        while let Some(file) = open.pop() {
            if seen.insert(file.clone()) {
                open.extend(arrows.get(&file).cloned().unwrap_or_default());
            }
        }
        seen
    };
    let reach: std::collections::BTreeMap<_, _> = arrows.keys().map(|file| (file, reached(file))).collect();
    let mut circles: Vec<Vec<&str>> = Vec::new();
    for (file, there) in reach.iter().filter(|(file, there)| there.contains(**file)) {
        let back = |other: &&String| reach.get(other).is_some_and(|r| r.contains(*file));
        let circle: Vec<&str> = there.iter().filter(back).map(String::as_str).collect();
        if !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    assert_eq!(circles, CIRCLES.map(<[&str]>::to_vec), "circles of files");
}
