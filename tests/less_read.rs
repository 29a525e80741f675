//! Less read never means more said. From a folder that the collector wrote (`tests/collector` holds it to what the
//! script writes today), a class, a computer, a domain, a database or a task sequence is taken away, and the failure that
//! the collector writes in its place is put there: then no outcome may move but to not evaluated, and no finding may
//! appear.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use cmlint::cli::BuiltIn;
use common::estates::{Files, report, report_against};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use rayon::prelude::*;
use serde_json::{Map, Value, json};

/// Classes and their rows.
type Folder = BTreeMap<String, Vec<Value>>;

/// Classes that every computer is asked for.
const OF_HOST: [&str; 10] = [
    "DcomSecurity",
    "DirectorySecurity",
    "LocalGroup",
    "LocalGroupMembers",
    "MSFT_SmbShare",
    "MSFT_SmbShareAccessControlEntry",
    "SecurityPolicy",
    "UserRightsAssignment",
    "Win32_ComputerSystem",
    "__SystemSecurity",
];
/// Classes that every domain is asked for.
const OF_DOMAIN: [&str; 6] =
    ["ADDomain", "ADGroup", "ADGroupMembers", "ADUser", "ActiveDirectorySecurity", "TrustList"];
/// Classes that every database is asked for.
const OF_DATABASE: [&str; 3] = ["SqlPermission", "SqlPrincipal", "SqlRoleMember"];

/// A domain under its names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Domain {
    dns: String,
    short: String,
    place: String,
}

/// Something that was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Lost {
    Class(String),
    Host(String, Vec<&'static str>),
    Domain(Domain, Vec<&'static str>),
    Database(String, String, Vec<&'static str>),
    Sequence(String),
}

impl Lost {
    /// The classes of which it takes rows.
    fn classes(&self) -> Vec<&str> {
        match self {
            Self::Class(class) => vec![class],
            Self::Host(_, classes) | Self::Domain(_, classes) | Self::Database(_, _, classes) => {
                classes.clone()
            }
            Self::Sequence(_) => vec!["SMS_TaskSequencePackage"],
        }
    }

    /// Whether it takes this row with it.
    fn takes(&self, row: &Value) -> bool {
        let is = |key: &str, value: &str| row[key].as_str().is_some_and(|t| t.eq_ignore_ascii_case(value));
        match self {
            Self::Class(_) => true,
            Self::Host(host, _) => is("Computer", host),
            Self::Domain(domain, _) => {
                let below = |key: &str| row[key].as_str().is_some_and(|t| t.ends_with(&domain.place));
                is("Domain", &domain.dns)
                    || is("Domain", &domain.short)
                    || is("DNSRoot", &domain.dns)
                    || (row["Domain"].is_null() && below("DistinguishedName"))
            }
            Self::Database(server, database, _) => {
                is("Server", server) && (is("Database", database) || is("Database", ""))
            }
            Self::Sequence(package) => is("PackageID", package),
        }
    }

    /// What the collector writes down about it.
    fn failure(&self, class: &str) -> Map<String, Value> {
        let (target, tags) = match self {
            Self::Class(_) => ("all of it".to_owned(), json!({})),
            Self::Host(host, _) => (host.clone(), json!({"Computer": host})),
            Self::Domain(domain, _) if class == "TrustList" => {
                (domain.dns.clone(), json!({"Domain": domain.dns}))
            }
            Self::Domain(domain, _) => {
                (domain.dns.clone(), json!({"Domain": domain.dns, "Secures": "directory"}))
            }
            Self::Database(server, database, _) => {
                (format!("{server} {database}"), json!({"Server": server, "Database": database}))
            }
            Self::Sequence(package) => {
                (format!("task sequence {package}"), json!({"PackageID": package, "Name": package}))
            }
        };
        let mut row = Map::new();
        row.insert("Class".into(), class.into());
        row.insert("Target".into(), target.into());
        row.insert("Reason".into(), "it was not there".into());
        row.extend(tags.as_object().cloned().unwrap_or_default());
        row
    }
}

/// The folder without what was lost, with its failures.
fn without(folder: &Folder, lost: &[Lost]) -> Folder {
    let mut out = folder.clone();
    let mut failures = Vec::new();
    for one in lost {
        for class in one.classes() {
            let mut failure = one.failure(class);
            if let Some(rows) = out.get_mut(class) {
                if let Lost::Sequence(package) = one {
                    let named = rows.iter().find(|row| row["PackageID"] == package.as_str());
                    failure.extend(named.map(|row| ("Name".to_owned(), row["Name"].clone())));
                }
                rows.retain(|row| !one.takes(row));
                if rows.is_empty() {
                    out.remove(class);
                }
            }
            failures.push(failure);
        }
    }
    // Whether there is nothing of the class is known when all is over.
    for mut failure in failures {
        let gone = !out.contains_key(failure["Class"].as_str().expect("a class"));
        failure.insert("Whole".into(), gone.into());
        out.entry("CollectorReport".into()).or_default().push(failure.into());
    }
    out
}

/// What a check says: outcomes of each rule and its statements, and the findings by their fingerprints.
struct Said {
    outcomes: BTreeMap<String, Vec<String>>,
    findings: BTreeMap<String, String>,
}

struct Checker {
    built_in: BuiltIn,
    folder: Folder,
    whole: Said,
    /// What is left of the folder may not tell the builds of the sites, and is held to the revision of this report.
    report: Value,
}

impl Checker {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/collected");
        let mut folder = Folder::new();
        for entry in fs::read_dir(root).expect("the folder") {
            let text = fs::read_to_string(entry.expect("an entry").path()).expect("a file");
            let Value::Object(file) = serde_json::from_str(&text).expect("JSON") else { panic!("no object") };
            for (class, rows) in file {
                folder.insert(class, rows.as_array().expect("rows").clone());
            }
        }
        let built_in = BuiltIn::load().expect("what is built in loads");
        let report = report(&built_in, files(&folder));
        Self { built_in, folder, whole: said(&report), report }
    }

    /// What is said without these that was not said with them.
    fn more(&self, lost: &[Lost]) -> Vec<String> {
        let now = said(&report_against(&self.built_in, files(&without(&self.folder, lost)), &self.report));
        let mut out = Vec::new();
        for (key, outcomes) in &now.outcomes {
            let before = self.whole.outcomes.get(key).map(Vec::as_slice).unwrap_or_default();
            for (i, outcome) in outcomes.iter().enumerate() {
                let was = before.get(i).map_or("nothing", String::as_str);
                if outcome != "not_evaluated" && outcome != was {
                    out.push(format!("{key}: {was} -> {outcome}"));
                }
            }
        }
        let new = now.findings.iter().filter(|(print, _)| !self.whole.findings.contains_key(*print));
        out.extend(new.map(|(_, text)| text.clone()));
        out
    }

    fn hosts(&self) -> BTreeSet<String> {
        self.texts(&OF_HOST, "Computer")
    }

    fn texts(&self, classes: &[&str], key: &str) -> BTreeSet<String> {
        let rows = classes.iter().filter_map(|class| self.folder.get(*class)).flatten();
        rows.filter_map(|row| row[key].as_str()).map(str::to_owned).collect()
    }

    fn domains(&self) -> Vec<Domain> {
        let text = |row: &Value, key: &str| row[key].as_str().expect("a text").to_owned();
        let rows = self.folder["ADDomain"].iter();
        rows.map(|row| Domain {
            dns: text(row, "DNSRoot"),
            short: text(row, "NetBIOSName"),
            place: text(row, "DistinguishedName"),
        })
        .collect()
    }

    fn databases(&self) -> BTreeSet<(String, String)> {
        let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let rows = self.folder["SqlPrincipal"].iter();
        rows.map(|row| (text(row, "Server"), text(row, "Database")))
            .filter(|(_, name)| !name.is_empty())
            .collect()
    }

    /// Everything that can be lost at one stroke.
    fn strokes(&self) -> Vec<Lost> {
        let written = |class: &&String| !class.starts_with("Collector");
        let mut out: Vec<Lost> = self.folder.keys().filter(written).cloned().map(Lost::Class).collect();
        out.extend(self.hosts().into_iter().map(|host| Lost::Host(host, OF_HOST.to_vec())));
        out.extend(self.domains().into_iter().map(|domain| Lost::Domain(domain, OF_DOMAIN.to_vec())));
        let databases = self.databases().into_iter();
        out.extend(databases.map(|(server, name)| Lost::Database(server, name, OF_DATABASE.to_vec())));
        out.extend(self.texts(&["SMS_TaskSequencePackage"], "PackageID").into_iter().map(Lost::Sequence));
        out
    }

    /// And one class of one computer, domain or database.
    fn pieces(&self) -> Vec<Lost> {
        let hosts = self.hosts();
        let mut out: Vec<Lost> = (hosts.iter())
            .flat_map(|host| OF_HOST.map(|class| Lost::Host(host.clone(), vec![class])))
            .collect();
        let domains = self.domains();
        out.extend(
            domains.iter().flat_map(|one| OF_DOMAIN.map(|class| Lost::Domain(one.clone(), vec![class]))),
        );
        let databases = self.databases();
        out.extend(databases.iter().flat_map(|(server, name)| {
            OF_DATABASE.map(|class| Lost::Database(server.clone(), name.clone(), vec![class]))
        }));
        out
    }
}

fn files(folder: &Folder) -> Files {
    let file = |(class, rows): (&String, &Vec<Value>)| {
        (format!("{class}.json"), json!({ class.as_str(): rows }).to_string().into_bytes())
    };
    folder.iter().map(file).collect()
}

fn said(report: &Value) -> Said {
    let mut out = Said { outcomes: BTreeMap::new(), findings: BTreeMap::new() };
    let list = |key: &str| report[key].as_array().expect("a list").clone();
    for row in list("rules") {
        let outcome = row["outcome"].as_str().expect("an outcome").to_owned();
        out.outcomes.entry(format!("{} {}", row["rule"], row["statements"])).or_default().push(outcome);
    }
    for finding in list("findings") {
        let text = |key: &str| finding[key].as_str().expect("a text").to_owned();
        out.findings.insert(text("fingerprint"), format!("{}: {}", text("rule"), text("message")));
    }
    out
}

#[test]
fn the_folder_has_something_to_lose() {
    let checker = Checker::new();
    assert!(checker.whole.findings.len() > 100);
    assert!(checker.hosts().len() >= 15, "{:?}", checker.hosts());
    assert_eq!((checker.domains().len(), checker.databases().len()), (2, 4));
    let known: BTreeSet<&str> = OF_HOST.iter().chain(&OF_DOMAIN).chain(&OF_DATABASE).copied().collect();
    assert!(known.iter().all(|class| checker.folder.contains_key(*class)), "{known:?}");
    let empty = without(&checker.folder, &checker.strokes());
    assert_eq!(empty.keys().collect::<Vec<_>>(), ["CollectorManifest", "CollectorReport"]);
}

#[test]
fn whatever_is_not_read_nothing_is_said_that_was_not_said_with_it() {
    let checker = Checker::new();
    let said: Vec<String> = checker
        .strokes()
        .into_par_iter()
        .filter_map(|one| {
            let more = checker.more(std::slice::from_ref(&one));
            (!more.is_empty()).then(|| format!("{one:?}\n  {}", more.join("\n  ")))
        })
        .collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
}

#[test]
fn nor_where_several_things_are_not_read() {
    let checker = Checker::new();
    let (strokes, pieces) = (checker.strokes(), checker.pieces());
    let one = prop_oneof![proptest::sample::select(strokes), proptest::sample::select(pieces)];
    let cases = std::env::var("CMLINT_LESS_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(48);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&proptest::collection::vec(one, 1..5), |lost| {
            let more = checker.more(&lost);
            if more.is_empty() { Ok(()) } else { Err(TestCaseError::fail(more.join("\n"))) }
        })
        .unwrap_or_else(|failed| panic!("{failed}"));
}
