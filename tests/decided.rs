//! What is decided about findings: waivers, baselines, configuration, and what changed between reports.

mod common;

use std::fs;
use std::time::{Duration, SystemTime};

use common::{Place, has, repository};
use insta::assert_snapshot;
use serde_json::Value;

/// A day on which nothing of these tests has run out.
const TODAY: &str = "2026-12-01";

/// What is printed, with the exit code and what goes to standard error.
fn printed(place: &Place, args: &[&str]) -> String {
    let ran = place.run(args);
    let mut out = format!("$ cmlint {}\n{}", args.join(" "), ran.out);
    if !ran.err.is_empty() {
        out += &format!("--- standard error\n{}", ran.err);
    }
    format!("{out}--- exit code {}\n\n", ran.code.expect("an exit code"))
}

/// An export of sites with these codes.
fn sites(codes: &[&str]) -> String {
    let site = |(i, code): (usize, &&str)| {
        format!(
            r#"{{"SiteCode": "{code}", "ReportingSiteCode": "", "ServerName": "ps{i}.contoso.com", "InstallDir": "C:\\CM", "Type": 2, "Version": "5.00.8740.1000", "BuildNumber": 8740}}"#
        )
    };
    format!("[{}]", codes.iter().enumerate().map(site).collect::<Vec<_>>().join(",\n"))
}

/// Two sites with codes that no site has.
fn estate() -> Place {
    let place = Place::new();
    place.file("sites.json", sites(&["TOOLONG", "!"]));
    place
}

const RULE: &str = "malformed-site-code";

fn check(place: &Place, more: &[&str]) -> Value {
    let args = ["check", "sites.json", "--select", RULE, "--format", "json", "--today", TODAY];
    place.run(&[&args[..], more].concat()).json()
}

fn fingerprint(report: &Value, finding: usize) -> String {
    report["findings"][finding]["fingerprint"].as_str().expect("a fingerprint").to_owned()
}

#[test]
fn the_life_of_a_waiver() {
    let place = estate();
    let check = |today: &str| printed(&place, &["check", "sites.json", "--select", RULE, "--today", today]);
    let first = fingerprint(&self::check(&place, &[]), 0);
    place.file("report.json", self::check(&place, &[]).to_string());
    let args = [
        "waive",
        &first,
        "--report",
        "report.json",
        "--reason",
        "Renamed in spring",
        "--owner",
        "anna",
        "--until",
        "90d",
    ];
    let today = ["--today", TODAY];
    let mut life = printed(&place, &[&args[..], &today].concat());
    life += &check(TODAY);
    life += &printed(&place, &[&args[..], &today].concat());
    let pattern =
        ["waive", RULE, "--subject", "*!*", "--reason", "Lab", "--owner", "lab", "--until", "2027-12-01"];
    life += &printed(&place, &[&pattern[..], &["--ticket", "CHG-7"], &today[..]].concat());
    life += &format!("$ cat waivers.yaml\n{}\n", place.read("waivers.yaml"));
    life += &check(TODAY);
    // The first has run out, the second has not.
    life += &check("2027-03-02");
    // What the second was for is mended.
    place.file("sites.json", sites(&["P01"]));
    life += &printed(&place, &["check", "sites.json", "--format", "concise", "--today", TODAY]);
    assert_snapshot!("waiver-life", life.replace(&first, "FINGERPRINT"));
}

#[test]
fn json_keeps_what_is_waived_apart_and_says_who_answers() {
    let place = estate();
    let before = check(&place, &[]);
    let first = fingerprint(&before, 0);
    let args = [
        "waive", &first, "--reason", "r", "--owner", "o", "--until", "30d", "--ticket", "7", "--today", TODAY,
    ];
    place.run(&args).ends(0);
    let after = check(&place, &[]);
    assert_eq!(
        after["findings"].as_array().expect("a list").len() + 1,
        before["findings"].as_array().expect("a list").len()
    );
    assert_eq!(after["waived"][0]["finding"], before["findings"][0]);
    assert_eq!(
        after["waived"][0]["waiver"],
        serde_json::json!({"reason": "r", "owner": "o", "created": TODAY, "until": "2026-12-31", "ticket": "7"})
    );
    let waiver = &after["waivers"][0];
    assert_eq!(
        (&waiver["state"], &waiver["findings"], &waiver["age_days"]),
        (&"in_force".into(), &1.into(), &0.into())
    );
    // One finding is left, so that the rule is still broken; with none it is waived, and not passed.
    assert_eq!(after["outcomes"]["fail"], 1);
    let second = fingerprint(&after, 0);
    place
        .run(&["waive", &second, "--reason", "r", "--owner", "o", "--until", "30d", "--today", TODAY])
        .ends(0);
    let all = check(&place, &[]);
    assert_eq!((&all["outcomes"]["fail"], &all["outcomes"]["waived"]), (&0.into(), &1.into()));
    let ran = place.run(&["check", "sites.json", "--select", RULE, "--today", TODAY]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    let ran = place.run(&["check", "sites.json", "--select", RULE, "--no-waivers"]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    let late =
        place.run(&["check", "sites.json", "--select", RULE, "--format", "json", "--today", "2027-01-01"]);
    assert_eq!(late.code, Some(1));
    has(&late.err, "ran out on 2026-12-31: its finding is back");
    assert_eq!(late.json()["findings"][0]["lapsed_waivers"], serde_json::json!(["2026-12-31"]));
}

#[test]
fn a_file_of_waivers_that_is_wrong_stops_the_run() {
    let place = estate();
    place.file("waivers.yaml", "waivers:\n  - rule: malformed-site-cod\n    subject: x\n");
    let ran = place.run(&["check", "sites.json"]).ends(2);
    for said in ["waivers.yaml:2:11", "did you mean `malformed-site-code`?", "no field `reason`", "4 errors"]
    {
        has(&ran.err, said);
    }
    let ran = place.run(&["check", "sites.json", "--waivers", "none.yaml"]).ends(2);
    has(&ran.err, "none.yaml is not there");
    // Nothing is added to a file that is wrong, and none is made for a waiver that is.
    let args = ["waive", RULE, "--subject", "*", "--reason", "r", "--owner", "o", "--until"];
    place.run(&[&args[..], &["30d"]].concat()).ends(2);
    let place = estate();
    has(&place.run(&[&args[..], &["2y"]].concat()).ends(2).err, "a year at most");
    assert!(!place.path().join("waivers.yaml").exists());
}

#[test]
fn own_files_in_a_folder_are_no_inputs() {
    let place = estate();
    let report = check(&place, &["--no-waivers"]);
    place.file("base.json", report.to_string());
    place.file("cmlint.yaml", "baseline: base.json\n");
    place.file("waivers.yaml", "waivers: []\n");
    let report = place.run(&["check", "--select", RULE, "--format", "json"]).json();
    let inputs = report["inputs"].as_array().expect("a list");
    assert_eq!(inputs.len(), 1, "{inputs:?}");
}

#[test]
fn only_what_a_baseline_lacks_counts() {
    let place = estate();
    let base = check(&place, &["--timestamp"]);
    assert_eq!(base["created"], TODAY);
    place.file("base.json", base.to_string());
    let run = |today: &str| {
        printed(
            &place,
            &["check", "sites.json", "--select", RULE, "--baseline", "base.json", "--today", today],
        )
    };
    let mut out = run(TODAY);
    place.file("sites.json", sites(&["TOOLONG", "??"]));
    out += &run("2027-06-01");
    assert_snapshot!("baseline", out);
    let states = check(&place, &["--baseline", "base.json"]);
    let mut states: Vec<_> =
        states["findings"].as_array().expect("a list").iter().map(|f| &f["baseline_state"]).collect();
    states.sort_by_key(|state| state.to_string());
    assert_eq!(states, ["new", "unchanged"]);
    let args = ["check", "sites.json", "--format", "json", "--baseline", "base.json", "-o", "base.json"];
    has(&place.run(&args).ends(2).err, "would replace base.json");
    // Without a day of its own, the file tells how old it is.
    place.file("old.json", check(&place, &[]).to_string());
    let time = SystemTime::now() - Duration::from_secs(86_400 * 400);
    let file = fs::File::options().write(true).open(place.path().join("old.json")).expect("opened");
    file.set_modified(time).expect("set");
    let ran = place.run(&["check", "sites.json", "--select", RULE, "--baseline", "old.json"]).ends(0);
    has(&ran.out, "its file is 400 days old");
    has(
        &place.run(&["check", "--baseline", "sites.json"]).ends(2).err,
        "no report of `cmlint check --format json`",
    );
}

#[test]
fn a_finding_that_is_graver_than_in_the_baseline_counts() {
    let place = estate();
    place.file(
        "base.json",
        check(&place, &[]).to_string().replace("\"level\":\"error\"", "\"level\":\"note\""),
    );
    let report = check(&place, &["--baseline", "base.json"]);
    assert_eq!(report["findings"][0]["baseline_state"], "updated");
    place.run(&["check", "sites.json", "--select", RULE, "--baseline", "base.json"]).ends(1);
}

#[test]
fn a_configuration_is_found_above_and_the_command_line_goes_before_it() {
    let place = estate();
    place.file(
        "cmlint.yaml",
        format!("paths: [sites.json]\nselect: {RULE}\nfail-on: never\nseverity: {{{RULE}: note}}\noutput: {{format: concise}}\n"),
    );
    fs::create_dir_all(place.path().join("a/b")).expect("made");
    let below = |args: &[&str]| {
        common::Ran::of(common::command(&place.path().join("a/b"), args).output().expect("it runs"))
    };
    let ran = below(&["check"]).ends(0);
    assert_eq!(ran.out.lines().count(), 2, "{}", ran.out);
    has(&ran.out, "../../sites.json:");
    has(&ran.out, &format!("note[{RULE}]"));
    below(&["check", "--fail-on", "note"]).ends(1);
    let json = below(&["check", "--format", "json"]).json();
    assert_eq!(json["configuration"]["path"], "../../cmlint.yaml");
    assert_eq!(json["findings"][0]["rule_level"], "error");
    assert_eq!(json["findings"][0]["level"], "note");
    // What is given counts, also where it is what it would be without a file.
    has(&below(&["check", "--format", "human"]).out, "settings    ../../cmlint.yaml");
    has(&below(&["check", "--no-config"]).ends(3).err, "there is no file");
    has(&below(&["check", "--config", "none.yaml"]).ends(2).err, "there is no such file");
    // A waiver goes where `check` takes it from.
    let args = ["waive", RULE, "--subject", "*", "--reason", "r", "--owner", "o", "--until", "30d"];
    has(
        &below(&[&args[..], &["--config", "../../cmlint.yaml", "--waivers", "w.yaml"]].concat()).ends(0).out,
        "w.yaml (new)",
    );
    place.file("waivers.yaml", "waivers: []\n");
    has(&below(&args).ends(0).out, "../../waivers.yaml: ");
    assert_eq!(below(&["check"]).ends(0).out, "");
    // A repository ends the search.
    fs::create_dir_all(place.path().join("a/.git")).expect("made");
    below(&["check"]).ends(3);
}

#[test]
fn what_is_off_is_said_and_can_be_asked_for() {
    let place = estate();
    place.file("cmlint.yaml", format!("severity: {{{RULE}: off}}\n"));
    let ran = place.run(&["check", "sites.json"]);
    has(&ran.out, &format!("settings    cmlint.yaml: {RULE} off"));
    assert!(!ran.out.contains(&format!("[{RULE}]")), "{}", ran.out);
    let json = place.run(&["check", "sites.json", "--format", "json"]).json();
    assert_eq!(json["configuration"]["off"], serde_json::json!([RULE]));
    has(&place.run(&["check", "sites.json", "--select", RULE]).ends(1).out, &format!("[{RULE}]"));
}

#[test]
fn a_configuration_that_is_wrong_stops_the_run() {
    let place = estate();
    place.file("cmlint.yaml", "fail_on: error\nseverity:\n  malformed-site-cod: off\n");
    let ran = place.run(&["check", "sites.json"]).ends(2);
    for said in
        ["cmlint.yaml:1:1", "did you mean `fail-on`?", "cmlint.yaml:3:3", "malformed-site-code", "2 errors"]
    {
        has(&ran.err, said);
    }
}

#[test]
fn evidence_is_required_by_table_and_never_where_nothing_collects_it() {
    let place = estate();
    let args = ["check", "sites.json", "--fail-on", "never", "--select"];
    let run = |more: &[&str]| place.run(&[&args[..], more].concat());
    let both = "malformed-site-code,too-many-accounts-for-site";
    run(&[both]).ends(0);
    run(&[both, "--require-evidence"]).ends(3);
    run(&[both, "--require-evidence=network_access_accounts"]).ends(3);
    run(&[both, "--require-evidence=sites,nonsense"]).ends(2);
    run(&[both, "--require-evidence=sites"]).ends(0);
    run(&[RULE, "--require-evidence"]).ends(0);
    has(&run(&[RULE, "--require-evidence=export_gaps"]).ends(2).err, "nothing can collect `export_gaps`");
}

#[test]
fn init_writes_what_check_reads_and_nothing_over_a_file() {
    let place = estate();
    place.run(&["init"]).ends(0);
    let text = place.read("cmlint.yaml");
    assert_eq!(text, fs::read_to_string(repository("examples/cmlint.yaml")).expect("there"));
    assert_eq!(place.run(&["init", "--output", "-"]).ends(0).out, text);
    place.run(&["check", "sites.json", "--select", RULE]).ends(1);
    place.file("cmlint.yaml", "# mine\n");
    has(&place.run(&["init"]).ends(2).err, "stays as it is");
    assert_eq!(place.read("cmlint.yaml"), "# mine\n");
}

/// Five reports of an estate that gets better and then loses an export.
fn reports(place: &Place) -> Vec<String> {
    let mut names = Vec::new();
    for (month, codes) in [
        ("01", Some(&["TOOLONG", "!", "P01"][..])),
        ("02", Some(&["TOOLONG", "!", "??", "P01"])),
        ("03", Some(&["TOOLONG", "P01"])),
        ("04", Some(&["P01"])),
        ("05", None),
    ] {
        place.file("sites.json", codes.map_or_else(String::new, sites));
        let today = format!("2026-{month}-01");
        let name = format!("{today}.json");
        let select = "malformed-site-code,clear-text-password";
        let mut args = vec![
            "check",
            "--select",
            select,
            "--format",
            "json",
            "--timestamp",
            "--today",
            &today,
            "-o",
            &name,
        ];
        if codes.is_some() {
            args.push("sites.json");
        } else {
            place.file("empty/accounts.json", r#"[{"UserName": "CONTOSO\\svc", "SiteCode": "P01"}]"#);
            args.push("empty");
        }
        place.run(&args);
        names.push(name);
    }
    names
}

#[test]
fn a_trend_over_five_reports() {
    let place = Place::new();
    let names = reports(&place);
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut out = printed(&place, &[&["compare"], &all[..2]].concat());
    out += &printed(&place, &[&["compare"], &all[1..4]].concat());
    out += &printed(&place, &[&["compare"], &all[..]].concat());
    out += &printed(&place, &[&["compare", "--format", "markdown", "--group-by", "host"], &all[..]].concat());
    assert_snapshot!("trend", out);
    let html = place.run(&[&["compare", "--format", "html"], &all[..]].concat()).out;
    assert_eq!(html.matches("<polyline").count(), 4, "{html}");
    assert_eq!(html.matches("<circle").count(), 20, "{html}");
    assert_eq!(html.matches("<tr>").count(), 6, "{html}");
    for outside in ["http://", "https://", "<script", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
}

#[test]
fn a_comparison_in_json_is_as_its_schema_says() {
    let place = Place::new();
    let names = reports(&place);
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let json = place.run(&[&["compare", "--format", "json"], &all[..]].concat()).json();
    let schema = fs::read_to_string(repository("docs/compare.schema.json")).expect("there");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    fn keys(schema: &Value, root: &Value, value: &Value, at: &str) {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = reference.trim_start_matches("#/").split('/').fold(root, |v, key| &v[key]);
            return keys(target, root, value, at);
        }
        if let Some(object) = value.as_object() {
            let told: Vec<&String> = schema["properties"].as_object().expect(at).keys().collect();
            assert_eq!(object.keys().collect::<Vec<_>>(), told, "{at}");
            for (key, value) in object {
                keys(&schema["properties"][key], root, value, key);
            }
        }
        for item in value.as_array().into_iter().flatten() {
            keys(&schema["items"], root, item, at);
        }
    }
    keys(&schema, &schema, &json, "comparison");
    assert_eq!(json["changes"][0]["kind"], "no_longer_evaluated");
    assert_eq!(json["steps"][0]["counts"]["new"], 1);
    assert_eq!(json["steps"][1]["counts"]["gone"], 2);
    // To itself, and the other way round.
    let counts = |old: &str, new: &str, kind: &str| {
        place.run(&["compare", "--format", "json", old, new]).json()["counts"][kind].clone()
    };
    assert_eq!(counts(all[0], all[0], "new"), 0);
    assert_eq!(place.run(&["compare", all[0], all[0]]).code, Some(0));
    assert_eq!(counts(all[0], all[1], "new"), counts(all[1], all[0], "gone"));
    place.run(&["compare", all[0], all[1]]).ends(1);
    place.run(&["compare", all[1], all[0]]).ends(0);
    place.run(&["compare", "--fail-on", "never", all[0], all[1]]).ends(0);
}

#[test]
fn what_waivers_hide_is_waived_and_not_gone() {
    let place = estate();
    place.file("old.json", check(&place, &[]).to_string());
    let args = [
        "waive",
        RULE,
        "--subject",
        "*",
        "--reason",
        "r",
        "--owner",
        "o",
        "--until",
        "30d",
        "--today",
        TODAY,
    ];
    place.run(&args).ends(0);
    place.file("new.json", check(&place, &[]).to_string());
    let json = place.run(&["compare", "--format", "json", "old.json", "new.json"]).ends(0).json();
    assert_eq!((&json["counts"]["waived"], &json["counts"]["gone"]), (&2.into(), &0.into()));
    let json = place.run(&["compare", "--format", "json", "new.json", "old.json"]).ends(1).json();
    assert_eq!(json["counts"]["no_longer_waived"], 2);
}

#[test]
fn reports_that_are_none_are_named() {
    let place = estate();
    place.file("report.json", check(&place, &[]).to_string());
    place.file("diff.json", "{\"schema\": \"cmlint-diff/1\"}");
    for (other, said) in [
        ("sites.json", "sites.json: it is no report of `cmlint check --format json`"),
        ("diff.json", "diff.json: it is no report"),
        ("none.json", "none.json: there is no such file"),
    ] {
        has(&place.run(&["compare", "report.json", other]).ends(2).err, said);
    }
    has(&place.run(&["compare", "report.json"]).ends(2).err, "2 values required");
    let over = place.run(&["compare", "report.json", "report.json", "-o", "report.json"]).ends(2);
    has(&over.err, "would replace report.json");
}
