//! The notices that have to go with a binary: `THIRD-PARTY.md` tells of just the packages that are linked into it.
//!
//! `CMLINT_BLESS=1 cargo test --test notices` writes the file anew after a change of dependencies.

#![allow(clippy::print_stderr)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Which of several licences to choose from is taken, the first that is offered.
const TAKEN: [&str; 8] = [
    "MIT",
    "Zlib",
    "ISC",
    "BSD-3-Clause",
    "Apache-2.0",
    "Unicode-3.0",
    "CC0-1.0",
    "Apache-2.0 WITH LLVM-exception",
];

#[derive(Debug)]
struct Package {
    name: String,
    version: String,
    /// All of these hold.
    licences: Vec<String>,
    folder: PathBuf,
}

/// What is linked into the binary, on any system. None where cargo cannot tell.
fn packages() -> Option<Vec<Package>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--all-features"])
        .current_dir(root)
        .output()
        .ok()?;
    if !out.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&out.stderr));
        return None;
    }
    let all: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    let nodes = all["resolve"]["nodes"].as_array().expect("a graph");
    let mut linked = BTreeSet::new();
    let mut rest = vec![all["resolve"]["root"].as_str().expect("a root").to_owned()];
    while let Some(id) = rest.pop() {
        let node = nodes.iter().find(|n| n["id"] == *id).expect("a node");
        for dep in node["deps"].as_array().into_iter().flatten() {
            let kinds = dep["dep_kinds"].as_array().expect("kinds");
            let id = dep["pkg"].as_str().expect("an id").to_owned();
            if kinds.iter().any(|k| k["kind"].is_null()) && linked.insert(id.clone()) {
                rest.push(id);
            }
        }
    }
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let mut out: Vec<Package> = (all["packages"].as_array().expect("packages").iter())
        .filter(|p| linked.contains(p["id"].as_str().unwrap_or_default()))
        .map(|p| Package {
            name: text(&p["name"]),
            version: text(&p["version"]),
            licences: taken(&text(&p["license"])),
            folder: Path::new(&text(&p["manifest_path"])).parent().expect("a folder").to_owned(),
        })
        .collect();
    out.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    Some(out)
}

/// The licences that are taken of an expression: one of each choice.
fn taken(expression: &str) -> Vec<String> {
    let choice = |part: &str| {
        let offered: Vec<String> = part
            .replace(['(', ')'], "")
            .replace('/', " OR ")
            .split(" OR ")
            .map(|o| o.trim().to_owned())
            .collect();
        TAKEN
            .iter()
            .find(|t| offered.iter().any(|o| o == *t))
            .map_or_else(|| panic!("no licence of `{expression}` is one we take"), |t| (*t).to_owned())
    };
    expression.split(" AND ").map(choice).collect()
}

/// The text of the file in a package that has a licence, best first.
fn licence_text(package: &Package, licence: &str) -> Option<String> {
    let short = licence.split('-').next().unwrap_or(licence).to_lowercase();
    let mut names: Vec<String> = (fs::read_dir(&package.folder).ok()?.filter_map(Result::ok))
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .filter(|name| ["licen", "copying"].iter().any(|w| name.to_lowercase().starts_with(w)))
        .collect();
    names.sort_by_key(|name| (!name.to_lowercase().contains(&short), name.clone()));
    let text = fs::read_to_string(package.folder.join(names.first()?)).ok()?;
    Some(text.replace("\r\n", "\n").trim().to_owned())
}

/// The lines of a licence that say whose a work is.
fn copyright(text: &str) -> Vec<String> {
    let line = |l: &&str| l.trim_start().starts_with("Copyright") && l.contains(|c: char| c.is_ascii_digit());
    let mut out: Vec<String> = text.lines().filter(line).map(|l| l.trim().to_owned()).collect();
    out.dedup();
    out.retain(|l| !l.contains("[yyyy]") && !l.contains("{yyyy}"));
    out
}

const MIT: &str = "\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the \"Software\"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.";

fn notices(packages: &[Package]) -> String {
    let mut out = String::from(
        "# Third-party notices\n\nA binary of cmlint holds these packages. Where a package lets one choose, the licence named \
         is the one chosen. The file is made by `CMLINT_BLESS=1 cargo test --test notices`.\n\n| package | licence |\n|---|---|\n",
    );
    for p in packages {
        let _ = writeln!(out, "| {} {} | {} |", p.name, p.version, p.licences.join(", "));
    }
    out.push_str("\n## MIT\n\n");
    for p in packages.iter().filter(|p| p.licences.iter().any(|l| l == "MIT")) {
        let lines = licence_text(p, "MIT").map(|t| copyright(&t)).unwrap_or_default();
        let whose = if lines.is_empty() { format!("the authors of {}", p.name) } else { lines.join("; ") };
        let _ = writeln!(out, "- {}: {whose}", p.name);
    }
    let _ = write!(out, "\n{MIT}\n");
    // Of the others, each text once.
    let mut texts: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for p in packages {
        for licence in p.licences.iter().filter(|l| *l != "MIT") {
            let text = licence_text(p, licence).unwrap_or_else(|| format!("See the text of {licence}."));
            texts.entry((licence.clone(), text)).or_default().push(&p.name);
        }
    }
    for ((licence, text), names) in texts {
        let _ = write!(out, "\n## {licence}\n\n{}\n\n```text\n{text}\n```\n", names.join(", "));
    }
    out
}

#[test]
fn the_notices_are_those_of_what_is_linked() {
    let Some(packages) = packages() else {
        eprintln!("skipped: cargo cannot tell the packages here");
        return;
    };
    assert!(packages.len() > 50, "{}", packages.len());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("THIRD-PARTY.md");
    let now = notices(&packages);
    if std::env::var_os("CMLINT_BLESS").is_some() {
        fs::write(&path, &now).expect("written");
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == now,
        "THIRD-PARTY.md is not of these dependencies: CMLINT_BLESS=1 cargo test --test notices"
    );
}

#[test]
fn one_licence_of_each_choice_is_taken() {
    assert_eq!(taken("MIT OR Apache-2.0"), ["MIT"]);
    assert_eq!(taken("Unlicense/MIT"), ["MIT"]);
    assert_eq!(taken("(MIT OR Apache-2.0) AND Unicode-3.0"), ["MIT", "Unicode-3.0"]);
    assert_eq!(taken("Apache-2.0"), ["Apache-2.0"]);
}

/// What the tests run is what is handed out: no dependency of the tests turns on a part of one of the program's that
/// the program does without. (It did once: patterns that only compiled in the tests.)
#[test]
fn tests_turn_on_no_features_of_what_is_shipped() {
    // Random numbers of the system: names of temporary folders.
    const HARMLESS: [&str; 1] = ["getrandom"];
    let features = |edges: &str| -> Option<BTreeMap<String, BTreeSet<String>>> {
        let out = Command::new(env!("CARGO"))
            .args([
                "tree",
                "--locked",
                "--prefix",
                "none",
                "--no-dedupe",
                "--format",
                "{p}|{f}",
                "--edges",
                edges,
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .ok()
            .filter(|out| out.status.success())?;
        let text = String::from_utf8(out.stdout).expect("text");
        // `default` is a name for others that are listed too.
        let set = |list: &str| list.split(',').filter(|f| *f != "default").map(str::to_owned).collect();
        Some(text.lines().filter_map(|l| l.split_once('|')).map(|(p, f)| (p.to_owned(), set(f))).collect())
    };
    let (Some(shipped), Some(tested)) = (features("normal"), features("normal,dev")) else {
        println!("skipped: cargo cannot tell what is linked");
        return;
    };
    assert!(shipped.len() > 50, "{shipped:?}");
    let differ: Vec<_> = (shipped.iter())
        .filter(|(package, features)| tested.get(*package) != Some(features))
        .filter(|(package, _)| !HARMLESS.iter().any(|name| package.starts_with(&format!("{name} "))))
        .map(|(package, features)| format!("{package}: {features:?}; in the tests {:?}", tested.get(package)))
        .collect();
    assert!(differ.is_empty(), "{differ:#?}");
}
