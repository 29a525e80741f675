//! The documents say only what is so: their commands run, their examples are what the program prints, their tables
//! and counts are those of the code.

mod common;

use std::collections::BTreeMap;
use std::fs;

use clap::Parser;
use cmlint::cli::Cli;
use cmlint::reader::Format;
use common::{Place, has, repository};

fn document(name: &str) -> String {
    fs::read_to_string(repository(name)).expect(name)
}

/// The blocks of a document between fences: language and text.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.to_owned(), String::new())),
            (Some(_), Some(_)) => out.extend(open.take()),
            (Some((_, block)), None) => *block += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    out
}

/// The arguments of a command without the comment behind it.
fn arguments(command: &str) -> Vec<String> {
    let command = command.split("  #").next().unwrap_or(command);
    command.split_whitespace().map(str::to_owned).collect()
}

/// Runs a command of the README; none if it is one that only parses here: for a server, or a page at hand.
fn run(place: &Place, words: &[String]) -> Option<common::Ran> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let args = match words.as_slice() {
        ["cmlint", args @ ..] | ["cargo", "run", "--", args @ ..] => args,
        // A ticket for the directory, and the script itself: `tests/collector/run` and `tests/directory/run` do that.
        ["cargo", "test"] | ["kinit", ..] | ["pwsh", "-File", "collect.ps1", ..] => return None,
        other => panic!("{other:?} is no command of this project"),
    };
    let parsed = Cli::try_parse_from(std::iter::once(&"cmlint").chain(args));
    assert!(parsed.is_ok(), "{args:?}: {}", parsed.err().map(|e| e.to_string()).unwrap_or_default());
    match args {
        ["track", ..] | ["site", "serve", ..] => None,
        _ => Some(place.run(args)),
    }
}

#[test]
fn commands_of_the_readme_run_and_print_what_it_shows() {
    let place = Place::new();
    for folder in ["examples/contoso", "exports", "directory", "cmlint-evidence-20240501-120000"] {
        place.copy("examples/contoso", folder);
    }
    let (mut ran, mut shown, mut first) = (0, 0, String::new());
    for (language, block) in blocks(&document("README.md")) {
        let (commands, output): (Vec<&str>, Vec<&str>) = block.lines().partition(|l| l.starts_with("$ "));
        let mut printed = String::new();
        for command in &commands {
            let Some(result) = run(&place, &arguments(command.trim_start_matches("$ "))) else { continue };
            assert!(matches!(result.code, Some(0 | 1)), "{command}: {:?}\n{}", result.code, result.err);
            printed = result.out;
            if first.is_empty() {
                first.clone_from(&printed);
            }
            ran += 1;
        }
        if language != "text" || output.is_empty() {
            continue;
        }
        // Without a command of its own it is a part of what the first command prints.
        let printed = if commands.is_empty() { &first } else { &printed };
        let mut rest = printed.as_str();
        for part in
            block.lines().filter(|l| !l.starts_with("$ ")).collect::<Vec<_>>().split(|l| l.trim() == "...")
        {
            let part = part.join("\n");
            let at = rest.find(&part).unwrap_or_else(|| panic!("not printed:\n{part}\nbut:\n{rest}"));
            rest = &rest[at + part.len()..];
            shown += 1;
        }
    }
    assert!(ran >= 12 && shown >= 3, "{ran} commands ran, {shown} parts were compared");
    assert!(!place.read("collect.ps1").is_empty() && !place.read("public/index.html").is_empty());
}

/// What the README calls a format. A new one does not build until it has a name here, and fails until it is there.
fn in_words(format: Format) -> &'static str {
    match format {
        Format::Clixml => "PowerShell CLIXML",
        Format::ConvertToXml => "ConvertTo-Xml",
        Format::Json => "ConvertTo-Json",
        Format::Ndjson => "one JSON object a line",
        Format::AdminService => "AdminService",
        Format::CimXml => "CIM-XML",
        Format::TaskSequence | Format::ExportPart => "task sequences",
        Format::SecurityRoles => "security roles",
        Format::ClientPolicy => "client policy",
        Format::Mof => "MOF text",
        Format::SecurityTemplate => "security templates",
        Format::GpoReport => "Get-GPOReport",
        Format::Rsop => "gpresult",
        Format::SharpHound => "SharpHound",
        Format::OpenGraph => "OpenGraph",
        Format::Settings => "`.ini` of MDT",
        Format::Registry => "`.reg`",
        Format::AnswerFile => "`unattend.xml`",
    }
}

#[test]
fn the_readme_names_every_format() {
    let text = document("README.md");
    let table =
        text.split("## What it reads").nth(1).and_then(|t| t.split("\n## ").next()).expect("the table");
    for format in Format::ALL {
        has(table, in_words(format));
    }
}

/// The rows of a table as cells, without its head.
fn rows(text: &str) -> Vec<Vec<String>> {
    let rows = text.lines().filter(|l| l.starts_with('|'));
    let rows = rows.map(|l| l.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect::<Vec<_>>());
    rows.filter(|cells| !cells[0].starts_with("---")).collect()
}

/// What stands between backticks.
fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_table_of_modules_is_that_of_the_library() {
    let library = document("src/lib.rs");
    let lines = library.lines().map(|l| l.trim_start_matches("pub ").trim_start_matches("pub(crate) "));
    let modules: Vec<&str> = lines.filter_map(|l| l.strip_prefix("mod ")?.strip_suffix(';')).collect();
    let text = document("docs/ARCHITECTURE.md");
    let table = text.split("## Modules").nth(1).and_then(|t| t.split("\n## ").next()).expect("the table");
    let rows: Vec<_> = rows(table).into_iter().filter(|cells| cells[0].starts_with('`')).collect();
    let told: Vec<&str> = rows.iter().flat_map(|cells| code(&cells[0])).collect();
    assert_eq!(told, modules, "the rows of docs/ARCHITECTURE.md and the modules of src/lib.rs");
    for cells in &rows {
        let file = format!("src/{}.rs", code(&cells[0])[0]);
        let source = document(&file);
        for verb in code(&cells[1]) {
            let made = [format!("fn {verb}("), format!("fn {verb}<")];
            let there = |l: &str| {
                let here = made.iter().any(|m| l.contains(m));
                l.starts_with("pub")
                    && (here
                        || l.contains(&format!(" mod {verb};"))
                        || l.contains(" use ") && l.contains(verb))
            };
            assert!(source.lines().any(there), "{file} has no verb `{verb}`");
        }
    }
}

#[test]
fn every_dependency_has_a_line_that_says_why() {
    let mut wanted: BTreeMap<String, usize> = BTreeMap::new();
    let mut inside = false;
    for line in document("Cargo.toml").lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if let (true, Some((name, _))) = (inside, line.split_once(" = ")) {
            wanted.entry(name.to_owned()).or_default();
        }
    }
    assert!(wanted.len() > 20, "{wanted:?}");
    let text = document("docs/dependencies.md");
    for cells in rows(&text).iter().filter(|cells| cells[0].starts_with('`')) {
        assert!(cells.get(1).is_some_and(|why| !why.is_empty()), "{cells:?}");
        // Behind a name in brackets stands the crate it stands for.
        for name in code(cells[0].split(" (").next().unwrap_or_default()) {
            *wanted.entry(name.to_owned()).or_default() += 1;
        }
    }
    let wrong: Vec<_> = wanted.iter().filter(|(_, lines)| **lines != 1).collect();
    assert!(wrong.is_empty(), "not in Cargo.toml, or not on one line of docs/dependencies.md: {wrong:?}");
}
