//! The example estates that come with the project: `contoso` with its seeded faults, `clean` put right.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn check(estate: &str, threads: &str) -> (i32, Value) {
    let out = Command::new(env!("CARGO_BIN_EXE_cmlint"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["check", "--format", "json", "--threads", threads, estate])
        .output()
        .expect("cmlint runs");
    (out.status.code().expect("an exit code"), serde_json::from_slice(&out.stdout).expect("a JSON report"))
}

fn findings(report: &Value) -> &Vec<Value> {
    report["findings"].as_array().expect("findings")
}

fn under(estate: &str, revision: &str) -> Value {
    let out = Command::new(env!("CARGO_BIN_EXE_cmlint"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["check", "--format", "json", "--revision", revision, estate])
        .output()
        .expect("cmlint runs");
    serde_json::from_slice(&out.stdout).expect("a JSON report")
}

/// The revisions of the specification, oldest first.
fn revisions() -> Vec<String> {
    let assets = cmlint::assets::Assets::content();
    let (content, _) = cmlint::content::load(&assets).expect("the specification loads");
    content.dates().iter().map(ToString::to_string).collect()
}

/// The text of an example file, decoded without the help of cmlint.
fn text(path: &str) -> String {
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("the file is there");
    match bytes.strip_prefix(&[0xFF, 0xFE]) {
        Some(rest) => {
            let units = rest.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|c| c.expect("whole characters")).collect()
        }
        None => {
            let text = String::from_utf8(bytes).expect("UTF-8");
            text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)
        }
    }
}

/// What stands at a location of the report, by counting lines and characters.
fn at(location: &Value) -> String {
    let number = |key: &str| usize::try_from(location[key].as_u64().expect("a number")).expect("small");
    let text = text(location["path"].as_str().expect("a path"));
    let line = text.lines().nth(number("line") - 1).expect("the line is there");
    assert_eq!(number("line"), number("end_line"));
    line.chars().skip(number("column") - 1).take(number("end_column") - number("column")).collect()
}

#[test]
fn contoso_is_full_of_faults() {
    let (code, report) = check("examples/contoso", "2");
    assert_eq!(code, 1);
    let statements: BTreeSet<&str> = findings(&report)
        .iter()
        .flat_map(|f| f["statements"].as_array().expect("statements"))
        .map(|s| s.as_str().expect("a reference"))
        .collect();
    assert!(findings(&report).len() >= 40, "{} findings", findings(&report).len());
    assert!(statements.len() >= 30, "{} statements", statements.len());
    let inputs = report["inputs"].as_array().expect("inputs");
    assert!(inputs.iter().all(|i| i["status"] == "read"), "{inputs:?}");
    let formats: BTreeSet<&str> = inputs.iter().filter_map(|i| i["format"].as_str()).collect();
    assert!(formats.len() >= 6, "{formats:?}");
    let prints: BTreeSet<&str> = findings(&report).iter().filter_map(|f| f["fingerprint"].as_str()).collect();
    assert_eq!(prints.len(), findings(&report).len(), "each finding has a fingerprint of its own");
}

#[test]
fn findings_point_at_what_they_are_about() {
    let (_, report) = check("examples/contoso", "1");
    let found = |rule: &str, part: &str| {
        let hit = findings(&report).iter().find(|f| {
            f["rule"] == rule && f["locations"][0]["path"].as_str().is_some_and(|p| p.ends_with(part))
        });
        at(&hit.unwrap_or_else(|| panic!("{rule} in {part}"))["locations"][0])
    };
    // CLIXML in UTF-8 and UTF-16, JSON of both PowerShells, OData on one line, a task sequence in a JSON string.
    assert_eq!(found("network-access-account-without-domain", "components.xml"), "svc-oldnaa");
    assert_eq!(found("reporting-account-not-a-windows-user", "site-systems.xml"), "sa");
    assert_eq!(found("forest-account-is-local", "forests.json"), r"p01-srv\\forest");
    assert_eq!(found("installation-directory-differs", "sites.json"), r"D:\\ConfigMgr");
    assert_eq!(found("permitted-viewers-too-broad", "client-settings.json"), "Everyone");
    assert_eq!(
        found("title-of-other-revision", "accounts.json"),
        "Task Sequence Editor Domain Joining Account"
    );
    assert_eq!(found("run-as-account-shared-by-task-sequences", "refresh.json"), r"CONTOSO\\svc-run");
    assert_eq!(found("conflicting-sign-in-needs", "ts.xml"), r"CONTOSO\svc-join");
}

#[test]
fn clean_is_clean() {
    let (code, report) = check("examples/clean", "2");
    assert_eq!(code, 0);
    let grave: Vec<&Value> = findings(&report).iter().filter(|f| f["level"] != "note").collect();
    assert!(grave.is_empty(), "{grave:#?}");
    // It is clean because it was looked at.
    assert!(report["outcomes"]["pass"].as_u64() >= Some(60), "{}", report["outcomes"]);
    // What is open waits for exports that this estate does not have, never for those it has.
    let had = ["admin_users", "task_sequence_steps", "network_access_accounts", "trusts", "domain_groups"];
    for open in report["not_evaluated"].as_array().expect("a list") {
        let tables: Vec<&str> =
            open["evidence"].as_array().expect("tables").iter().filter_map(Value::as_str).collect();
        assert!(!tables.iter().all(|t| had.contains(t)), "{open}");
    }
}

#[test]
fn clean_is_clean_under_every_revision() {
    for revision in revisions() {
        let report = under("examples/clean", &revision);
        assert_eq!(report["revision"], revision.as_str());
        let grave: Vec<&Value> = findings(&report).iter().filter(|f| f["level"] != "note").collect();
        assert!(grave.is_empty(), "{revision}: {grave:#?}");
    }
}

/// What newer pages take back is no finding under them any more, and nothing else goes.
#[test]
fn contoso_keeps_its_findings_but_those_that_a_newer_page_takes_back() {
    let of = |revision: &str| -> BTreeSet<(String, String)> {
        let report = under("examples/contoso", revision);
        let text = |f: &Value, key: &str| f[key].as_str().unwrap_or_default().to_owned();
        findings(&report).iter().map(|f| (text(f, "rule"), text(f, "subject"))).collect()
    };
    let taken_back = [
        ("2024-09-04", "connection-account-not-local-to-database-server"),
        ("2024-09-04", "installation-account-is-domain-account"),
        ("2024-09-04", "management-point-uses-computer-account"),
    ];
    let all: Vec<String> = revisions().into_iter().filter(|r| r.as_str() >= "2018-10-26").collect();
    let mut before = of(&all[0]);
    for revision in &all[1..] {
        let now = of(revision);
        for (rule, subject) in before.difference(&now) {
            let back = taken_back.iter().any(|(at, of)| at == revision && of == rule);
            assert!(back, "{revision}: {rule} no longer finds {subject}");
        }
        for (_, rule) in taken_back.iter().filter(|(at, _)| at == revision) {
            assert!(before.iter().any(|(of, _)| of == rule), "{revision} takes nothing of {rule} back");
        }
        before = now;
    }
}

#[test]
fn an_estate_is_judged_by_the_revision_of_its_build() {
    let folder = tempfile::tempdir().expect("a folder");
    for (build, revision, newer) in [
        (8692, "2018-10-30", false),
        (9012, "2021-02-18", false),
        (9146, "2024-09-04", false),
        (9999, "2024-09-04", true),
    ] {
        let site = serde_json::json!([{
            "__CLASS": "SMS_Site", "SiteCode": "P01", "ServerName": "p01.contoso.com", "Type": 2,
            "Version": format!("5.00.{build}.1000"), "BuildNumber": build, "ReportingSiteCode": "",
            "InstallDir": r"C:\Program Files\Microsoft Configuration Manager",
        }]);
        std::fs::write(folder.path().join("sites.json"), site.to_string()).expect("written");
        let report = under(folder.path().to_str().expect("a path"), "auto");
        assert_eq!(report["revision"], revision, "{build}");
        let reason = report["revision_reason"].as_str().expect("a reason");
        assert!(reason.contains(&format!("build {build} of site P01")), "{reason}");
        assert!(reason.contains("seen unchanged until"), "{reason}");
        assert_eq!(reason.contains("the newest build that was known"), newer, "{reason}");
        assert!(findings(&report).is_empty(), "{build}: {}", report["findings"]);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    assert_eq!(check("examples/contoso", "1"), check("examples/contoso", "2"));
}
