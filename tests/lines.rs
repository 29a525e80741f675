//! Every PowerShell line that the program prints, parsed and run by PowerShell over the stand-ins of `tests/collector`: what
//! it writes gives its table the same rows as the collector's folder of the same estate; what fails in it leaves a gap or
//! nothing, and never an empty list.
//!
//! PowerShell is taken from PWSH, from PATH, or from `../shared/tools/pwsh`; without one these tests say that they were
//! skipped. `tests/collector/run` asks for one.

mod common;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cmlint::assets::Assets;
use cmlint::collect;
use cmlint::evidence::{self, Evidence, Fact, Made, Mapping, Row, Scalar, Schema, TableId, Why};
use cmlint::source::{Limits, Sources};
use common::Place;
use serde_json::{Value, json};

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn powershell() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let works = |program: &PathBuf| {
        let ran =
            Command::new(program).args(["-NoProfile", "-NonInteractive", "-Command", "exit 0"]).output();
        ran.is_ok_and(|ran| ran.status.success())
    };
    let mut ways: Vec<PathBuf> = std::env::var_os("PWSH").map(PathBuf::from).into_iter().collect();
    ways.extend([PathBuf::from("pwsh"), root.join("../shared/tools/pwsh")]);
    let found = ways.into_iter().find(works);
    if found.is_none() {
        eprintln!("skipped: no PowerShell is here");
    }
    found
}

/// The lines, each under the first table that it is for; and by table the one that stands for its line.
fn lines(schema: &Schema) -> (BTreeMap<String, String>, BTreeMap<TableId, String>) {
    let (mut lines, mut of) = (BTreeMap::new(), BTreeMap::new());
    let mut first: HashMap<&str, &str> = HashMap::new();
    for (id, table) in schema.tables.iter().enumerate().filter(|(_, table)| !table.collect.is_empty()) {
        let name = *first.entry(&table.collect).or_insert(&table.name);
        lines.insert(name.to_owned(), table.collect.clone());
        of.insert(id, name.to_owned());
    }
    (lines, of)
}

/// Runs lines in a folder of their own; gives the folder and what was said, by line.
fn run(
    pwsh: &Path,
    lines: &BTreeMap<String, String>,
    more: &[&str],
) -> (Place, BTreeMap<String, Vec<String>>) {
    let place = Place::new();
    place.file("lines.json", json!(lines).to_string());
    place.run(&["collect", "--output", "collect.ps1"]).ends(0);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/collector/lines.ps1");
    let ran = Command::new(pwsh)
        .args(["-NoProfile", "-NonInteractive", "-File"])
        .arg(script)
        .args(["-Lines", "lines.json", "-Output", "out"])
        .args(more)
        .current_dir(place.path())
        .output()
        .expect("PowerShell runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let said: BTreeMap<String, Vec<String>> =
        serde_json::from_str(&place.read("out/problems.json")).expect("what was said");
    (place, said)
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut out: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            (path.file_name().expect("a name").to_string_lossy().into_owned(), fs::read(path).expect("read"))
        })
        .collect();
    out.sort();
    out
}

fn collected(schema: &Schema, mapping: &Mapping, files: Vec<(String, Vec<u8>)>) -> Evidence {
    evidence::collect(schema, mapping, &Sources::from_memory(files, &Limits::default())).evidence
}

/// What rows say, in words that do not depend on how it is spelled: computers by their first label, accounts by their
/// identifier or by the name behind their domain.
struct Words {
    sids: HashMap<String, String>,
}

impl Words {
    fn of(schema: &Schema, evidence: &Evidence) -> Self {
        let mut sids = HashMap::new();
        for (table, rows) in schema.tables.iter().zip(&evidence.tables) {
            let Some(sid) = table.field("sid") else { continue };
            let account = ["account", "member", "group"].into_iter().find_map(|name| table.field(name));
            for row in account.into_iter().flat_map(|account| rows.rows.iter().map(move |row| (row, account)))
            {
                if let (Fact::Text(sid), Fact::Account(account)) =
                    (&row.0.cells[sid].fact, &row.0.cells[row.1].fact)
                {
                    let name = account.name().to_lowercase();
                    if !name.starts_with("s-1-") {
                        sids.insert(sid.to_lowercase(), name);
                    }
                }
            }
        }
        Self { sids }
    }

    fn say(&self, scalar: Scalar, fact: &Fact) -> Option<String> {
        Some(match fact {
            Fact::Empty | Fact::Unknown(_) => return None,
            Fact::Text(text) if scalar == Scalar::Computer => {
                text.trim_start_matches('\\').split('.').next().unwrap_or_default().to_lowercase()
            }
            Fact::Text(text) => text.to_lowercase(),
            Fact::Account(account) => {
                let name = account.name().to_lowercase();
                self.sids.get(&name).cloned().unwrap_or(name)
            }
            Fact::List(cells) => {
                let mut all: Vec<String> =
                    cells.iter().filter_map(|cell| self.say(scalar, &cell.fact)).collect();
                all.sort();
                if all.is_empty() {
                    return None;
                }
                all.join(", ")
            }
            other => format!("{other:?}"),
        })
    }

    fn row(&self, schema: &Schema, table: TableId, row: &Row) -> Vec<Option<String>> {
        let fields = schema.tables[table].fields.iter().zip(&row.cells);
        fields.map(|(field, cell)| self.say(field.kind.scalar, &cell.fact)).collect()
    }
}

/// The fields that the lines cannot tell as the collector does: the others are held to be equal where both say something.
const OTHERWISE: [(&str, &str); 4] = [
    // A template is named after its file, and has no name in the folder.
    ("user_rights", "policy"),
    ("policies", "policy"),
    // A right that nobody holds is a row of the collector, and none of a template.
    ("user_rights", "enabled"),
    // The collector leaves out what a password looks like.
    ("secrets", "shape"),
];

/// Tables of which a line tells more than the collector: it asks for all where the collector asks for what is named, and
/// for what is not on that computer.
const MORE: [&str; 5] =
    ["client_computers", "domain_groups", "exchange_roles", "principals", "task_sequence_changes"];

fn may_be_one(schema: &Schema, table: TableId, a: &[Option<String>], b: &[Option<String>]) -> bool {
    let of = &schema.tables[table];
    (0..a.len()).all(|i| match (&a[i], &b[i]) {
        (Some(x), Some(y)) => x == y || OTHERWISE.contains(&(of.name.as_str(), of.fields[i].name.as_str())),
        _ => true,
    })
}

#[test]
fn every_line_gives_the_rows_of_the_collector() {
    let Some(pwsh) = powershell() else { return };
    let assets = Assets::content();
    let (schema, mapping) = evidence::load(&assets).expect("the evidence tables");
    let written = collect::written(&assets, &mapping).expect("the script");
    let (lines, of) = lines(&schema);
    assert!(lines.len() > 30, "{}", lines.len());
    let (place, said) = run(&pwsh, &lines, &["-Script", "collect.ps1"]);
    // A computer that is off, and a secondary site without a folder of its own, are told by an error on the screen.
    let odd: Vec<_> = (said.iter())
        .flat_map(|(line, said)| said.iter().map(move |text| (line, text)))
        .filter(|(_, text)| !text.contains("p02-old.contoso.com") && !text.contains("SMS\\Identification"))
        .collect();
    assert!(odd.is_empty(), "{odd:#?}");

    let whole = files(&place.path().join("out/collector"));
    let from_collector = collected(&schema, &mapping, whole.clone());
    let words = Words::of(&schema, &from_collector);
    let mut wrong = Vec::new();
    let mut compared = 0;
    let mut read: HashMap<Vec<String>, Evidence> = HashMap::new();
    for (&table, line) in &of {
        let of_table = &schema.tables[table];
        if lines[line].starts_with("cmlint collect") || !matches!(of_table.made, Made::Exported) {
            continue;
        }
        // The folder, with what fills the table taken out, and the lines put in its place.
        let out: BTreeSet<&str> = written
            .iter()
            .filter(|(_, tables)| tables.contains(&table))
            .map(|(class, _)| class.as_str())
            .collect();
        let mut used: BTreeSet<&str> = BTreeSet::from([line.as_str()]);
        for class in &out {
            used.extend(written[*class].iter().filter_map(|other| of.get(other)).map(String::as_str));
        }
        let mut some: Vec<(String, Vec<u8>)> = whole
            .iter()
            .filter(|(name, _)| {
                !out.contains(name.trim_end_matches(".json")) && name != "CollectorReport.json"
            })
            .cloned()
            .collect();
        for name in used {
            let exports = files(&place.path().join("out").join(name)).into_iter();
            some.extend(exports.map(|(file, bytes)| (format!("lines/{name}/{file}"), bytes)));
        }
        let names: Vec<String> = some.iter().map(|(name, _)| name.clone()).collect();
        let from_lines = read.entry(names).or_insert_with(|| collected(&schema, &mapping, some));
        let say = |evidence: &Evidence| -> Vec<Vec<Option<String>>> {
            evidence.tables[table].rows.iter().map(|row| words.row(&schema, table, row)).collect()
        };
        let (ours, theirs) = (say(&from_collector), say(from_lines));
        compared += theirs.len();
        // Lines ask site systems; the collector asks a domain controller, too.
        let host = of_table.fields.iter().position(|f| f.kind.scalar == Scalar::Computer && f.name == "host");
        let hosts: BTreeSet<&Option<String>> =
            host.iter().flat_map(|h| theirs.iter().map(move |row| &row[*h])).collect();
        let name = &of_table.name;
        for row in &theirs {
            if !MORE.contains(&name.as_str())
                && !ours.iter().any(|other| may_be_one(&schema, table, row, other))
            {
                wrong.push(format!(
                    "{name}: only the line has {:?}",
                    row.iter().flatten().collect::<Vec<_>>()
                ));
            }
        }
        // A row that says nothing but one thing twice, such as an identifier without a name, says nothing.
        let says = |row: &&Vec<Option<String>>| {
            let known: Vec<&String> = row.iter().flatten().collect();
            known.len() < 2 || known.iter().any(|text| *text != known[0])
        };
        for row in ours.iter().filter(says) {
            let asked = host.is_none_or(|host| hosts.contains(&row[host]));
            if asked && !theirs.iter().any(|other| may_be_one(&schema, table, row, other)) {
                wrong.push(format!("{name}: the line lacks {:?}", row.iter().flatten().collect::<Vec<_>>()));
            }
        }
        if theirs.is_empty() && !ours.is_empty() {
            wrong.push(format!("{name}: the line gives nothing"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 700, "{compared} rows were compared");
}

#[test]
fn what_fails_in_a_line_leaves_a_gap_and_never_an_empty_list() {
    let Some(pwsh) = powershell() else { return };
    let (schema, mapping) = evidence::load(&Assets::content()).expect("the evidence tables");
    let (lines, of) = lines(&schema);
    // Everything that is asked of the site, the directory and the computers fails; then some groups and folders alone.
    let (place, said) =
        run(&pwsh, &lines, &["-Fault", r"\|list$|\|line\|(?!Get-CMSiteSystemServer|Get-CMSite\|)|\|smb\|"]);
    for (table, line) in &of {
        if lines[line].starts_with("cmlint collect") || lines[line].starts_with("secedit") {
            continue;
        }
        let name = &schema.tables[*table].name;
        assert!(said.contains_key(line), "{name}: nothing is said on the screen");
        let found = collected(&schema, &mapping, files(&place.path().join("out").join(line)));
        let rows = &found.tables[*table];
        assert!(rows.rows.is_empty(), "{name}: {:?}", rows.rows);
        assert!(!rows.gaps.is_empty(), "{name} is taken for known");
    }
    let part = [
        ("local_group_members", "local_groups"),
        ("domain_group_members", "domain_groups"),
        ("access_lists", "access_lists"),
        ("directory_objects", "directory_objects"),
    ];
    let some: BTreeMap<String, String> =
        part.iter().map(|(line, _)| ((*line).to_owned(), lines[*line].clone())).collect();
    let (place, _) = run(
        &pwsh,
        &some,
        &[
            "-Fault",
            r"\|line\|(Get-LocalGroupMember\|Administrators|Get-ADGroupMember\|Helpdesk|Get-Acl\|.*(auth|OU=Staff.*))$",
        ],
    );
    for (line, table) in part {
        let found = collected(&schema, &mapping, files(&place.path().join("out").join(line)));
        let id = schema.table(table).expect("a table");
        let table = &found.tables[schema.table(line).unwrap_or(id)];
        assert!(!table.rows.is_empty(), "{line}: the others are kept");
        let failed: Vec<_> = table.gaps.iter().filter(|gap| gap.missing.why == Why::Failed).collect();
        assert!(!failed.is_empty(), "{line}: {:?}", table.gaps);
    }
}

#[test]
fn the_lines_are_those_that_are_printed() {
    let (schema, _) = evidence::load(&Assets::content()).expect("the evidence tables");
    let (lines, _) = lines(&schema);
    let place = Place::new();
    let report = place.run(&["check", ".", "--format", "json"]).json();
    let printed = report["not_evaluated"].as_array().expect("a list").iter();
    for line in printed.filter_map(|row: &Value| row["collect"].as_str()).flat_map(str::lines) {
        assert!(lines.values().any(|known| known == line), "{line}");
    }
    for line in lines.values() {
        assert!(!line.contains(['\n', '<']), "{line}");
    }
}
