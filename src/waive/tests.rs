//! Waivers without exports: findings and outcomes are made up, rules and accounts are those that are built in.

use std::sync::LazyLock;

use super::*;
use crate::assets::Assets;
use crate::check::{Open, Remarks};
use crate::content::{self, Content};
use crate::evidence::{self, Why};
use crate::rules::{self, Confidence, Level, RuleSet};
use crate::yaml;

const TODAY: Date = Date { year: 2026, month: 12, day: 1 };
const RULE: &str = "clear-text-password";
const OTHER: &str = "too-many-accounts-for-site";

static BUILT_IN: LazyLock<(Content, RuleSet)> = LazyLock::new(|| {
    let (content, _) = content::load(&Assets::content()).expect("the specification");
    let (schema, _) = evidence::load(&Assets::content()).expect("the tables");
    let rules = rules::compile(&Assets::rules(), &content, &schema).expect("the rules");
    (content, rules)
});

fn read(text: &str) -> (Vec<Waiver>, String) {
    let (content, rules) = &*BUILT_IN;
    let (waivers, problems) = load("waivers.yaml", text, Names { content, rules }, TODAY);
    (waivers, yaml::render(&problems, false))
}

#[track_caller]
fn good(text: &str) -> Vec<Waiver> {
    let (waivers, problems) = read(text);
    assert_eq!(problems, "", "{text}");
    waivers
}

/// A waiver with all it needs but what it is about.
fn one(about: &str, until: &str) -> String {
    format!("waivers:\n  - {about}\n    reason: r\n    owner: o\n    until: {until}\n")
}

fn finding(rule: &str, subject: &str, fingerprint: &str) -> Finding {
    Finding {
        rule: rule.to_owned(),
        level: Level::Warning,
        confidence: Confidence::High,
        statements: vec!["network-access-account/a".to_owned()],
        entity: Some("network-access-account".to_owned()),
        subject: subject.to_owned(),
        message: String::new(),
        help: String::new(),
        fix: None,
        labels: Vec::new(),
        again: 0,
        fingerprint: fingerprint.to_owned(),
        remarks: Remarks::default(),
        accounts: vec![],
        hosts: vec![],
        doubt: None,
    }
}

fn row(rule: &str, statements: &[&str], outcome: Outcome) -> RuleOutcome {
    let statements = statements.iter().map(ToString::to_string).collect();
    RuleOutcome { rule: rule.to_owned(), statements, outcome, incomplete: false }
}

fn open() -> Outcome {
    Outcome::NotEvaluated(Open {
        why: Why::NotExported,
        reason: String::new(),
        tables: vec![],
        place: None,
        hosts: vec![],
    })
}

fn run(findings: Vec<Finding>, outcomes: Vec<RuleOutcome>) -> Run {
    Run { revision: TODAY, findings, outcomes }
}

fn states(waived: &Waived) -> Vec<&State> {
    waived.waivers.iter().map(|(_, state)| state).collect()
}

#[test]
fn what_is_waived_leaves_the_run_and_the_rule_is_waived_with_its_last_finding() {
    let found = || {
        vec![
            finding(RULE, r"CONTOSO\svc-a", "000000000000000a"),
            finding(RULE, r"CONTOSO\svc-b", "000000000000000b"),
            finding(OTHER, r"CONTOSO\svc-a", "000000000000000c"),
        ]
    };
    let rows =
        || vec![row(RULE, &[], Outcome::Fail), row(OTHER, &["network-access-account/a"], Outcome::Fail)];
    let waive = |about: &str| {
        let mut run = run(found(), rows());
        let waived = apply(&mut run, good(&one(about, "2026-12-01")), TODAY, false);
        assert_eq!(run.findings.len() + waived.hidden.len(), 3);
        let left = run.outcomes.iter().map(|row| matches!(row.outcome, Outcome::Waived)).collect::<Vec<_>>();
        (waived.findings(0), left)
    };
    assert_eq!(waive("fingerprint: 000000000000000b"), (1, vec![false, false]));
    assert_eq!(waive(&format!("rule: {RULE}\n    subject: 'contoso\\SVC-*'")), (2, vec![true, false]));
    assert_eq!(waive(&format!("rule: {RULE}\n    entity: network-access-account")), (2, vec![true, false]));
    assert_eq!(waive(&format!("rule: {OTHER}\n    subject: '*'")), (1, vec![false, true]));
    assert_eq!(waive(&format!("rule: {OTHER}\n    subject: '*b'")), (0, vec![false, false]));
    assert_eq!(
        waive(&format!("rule: {OTHER}\n    entity: client-push-installation-account")),
        (0, vec![false, false])
    );
    // What is given beside a fingerprint has to be so as well.
    assert_eq!(waive(&format!("fingerprint: 000000000000000b\n    rule: {OTHER}")), (0, vec![false, false]));
}

#[test]
fn of_several_statements_only_those_without_a_finding_left_are_waived() {
    let mut second = finding(RULE, "two", "000000000000000b");
    second.statements = vec!["network-access-account/b".to_owned()];
    let rows = vec![
        row(RULE, &["network-access-account/a"], Outcome::Fail),
        row(RULE, &["network-access-account/b"], Outcome::Fail),
        row(RULE, &["network-access-account/c"], Outcome::Pass),
        // Broken without a finding of its own: another rule tells of it.
        row(RULE, &["network-access-account/d"], Outcome::Fail),
    ];
    let mut run = run(vec![finding(RULE, "one", "000000000000000a"), second], rows);
    apply(&mut run, good(&one("fingerprint: 000000000000000a", "2027-01-01")), TODAY, false);
    let names = run.outcomes.iter().map(|row| match row.outcome {
        Outcome::Waived => "waived",
        Outcome::Fail => "fail",
        _ => "pass",
    });
    assert_eq!(names.collect::<Vec<_>>(), ["waived", "fail", "pass", "fail"]);
}

#[test]
fn after_the_last_day_the_finding_is_back_and_says_so() {
    let mut run = run(vec![finding(RULE, "a", "000000000000000a")], vec![row(RULE, &[], Outcome::Fail)]);
    let waived = apply(&mut run, good(&one("fingerprint: 000000000000000a", "2026-11-30")), TODAY, false);
    assert_eq!(states(&waived), [&State::Expired(1)]);
    assert_eq!(run.findings[0].remarks.lapsed, [Date { year: 2026, month: 11, day: 30 }]);
    assert!(matches!(run.outcomes[0].outcome, Outcome::Fail));
    let notes = waived.notes();
    assert_eq!(
        notes,
        [(
            true,
            "waivers.yaml:2: the waiver for 000000000000000a ran out on 2026-11-30: its finding is back"
                .to_owned()
        )]
    );
}

#[test]
fn a_waiver_is_unused_only_where_all_it_is_about_was_looked_at() {
    let about = |outcomes: Vec<RuleOutcome>, about: &str, narrowed: bool| {
        let waived = apply(&mut run(vec![], outcomes), good(&one(about, "2027-01-01")), TODAY, narrowed);
        waived.waivers[0].1.name()
    };
    let rule = &format!("rule: {RULE}\n    subject: x");
    let of_entity = &format!("rule: {RULE}\n    entity: network-access-account");
    let naa = |outcome| row(RULE, &["network-access-account/a"], outcome);
    let other = |outcome| row(RULE, &["site-server/a"], outcome);
    assert_eq!(about(vec![row(RULE, &[], Outcome::Pass)], rule, false), "unused");
    assert_eq!(about(vec![row(RULE, &[], Outcome::Pass)], rule, true), "unclear");
    assert_eq!(about(vec![row(RULE, &[], open())], rule, false), "unclear");
    assert_eq!(about(vec![row(RULE, &[], Outcome::Error(String::new()))], rule, false), "unclear");
    assert_eq!(about(vec![row(OTHER, &[], Outcome::Pass)], rule, false), "unclear");
    assert_eq!(about(vec![naa(Outcome::Pass), other(open())], of_entity, false), "unused");
    assert_eq!(about(vec![naa(open()), other(Outcome::Pass)], of_entity, false), "unclear");
    // It is broken for others, and not all could be judged.
    let half = RuleOutcome { incomplete: true, ..row(RULE, &[], Outcome::Fail) };
    assert_eq!(about(vec![half], rule, false), "unclear");
    // A bare fingerprint can be of any rule.
    let print = "fingerprint: 000000000000000a";
    assert_eq!(about(vec![row(OTHER, &[], Outcome::Pass)], print, false), "unused");
    assert_eq!(about(vec![row(OTHER, &[], open())], print, false), "unclear");
}

#[test]
fn waivers_are_counted_by_age() {
    let item = |subject: &str, created: &str, until: &str| {
        format!(
            "  - rule: {RULE}\n    subject: {subject}\n    reason: r\n    owner: o\n{created}    until: {until}\n"
        )
    };
    let text = [
        item("a", "    created: 2026-11-30\n", "2027-01-01"),
        item("b", "    created: 2026-11-01\n", "2027-01-01"),
        item("c", "    created: 2026-10-31\n", "2027-01-01"),
        item("d", "    created: 2026-01-01\n", "2026-12-24"),
        item("e", "", "2027-01-01"),
        item("f", "", "2026-06-01"),
        item("g", "", "2026-06-01"),
        item("h", "", "2027-06-01"),
    ];
    let findings = ["a", "b", "c", "d", "e", "f"].map(|subject| finding(RULE, subject, "000000000000000a"));
    let mut run = run(findings.to_vec(), vec![row(RULE, &[], Outcome::Fail)]);
    let waived = apply(&mut run, good(&format!("waivers:\n{}", text.concat())), TODAY, false);
    assert_eq!(
        waived.summary().as_deref(),
        Some(
            "8 waivers in waivers.yaml: 5 hide 5 findings (age up to 30 days: 2, 31 to 90 days: 1, \
             over 180 days: 1, unknown: 1), 2 ran out and 1 hides nothing"
        )
    );
    let urgent: Vec<bool> = waived.notes().into_iter().map(|(urgent, _)| urgent).collect();
    assert_eq!(urgent, [true, false, false]);
}

/// Every mistake at its place: what is wrong with a line, and what is said of it.
#[test]
fn mistakes_are_shown_at_their_place() {
    let about = format!("rule: {RULE}\n    subject: x");
    let with = |from: &str, to: &str| one(&about, "2027-01-01").replace(from, to);
    for (text, place, said) in [
        (with("reason: r", "reasn: r"), "4:5", "unknown waiver field `reasn`"),
        (with("    reason: r\n", ""), "2:5", "the waiver has no field `reason`"),
        (with("owner: o", "owner: ''"), "5:12", "`owner` is empty"),
        (with("    owner: o\n", ""), "2:5", "the waiver has no field `owner`"),
        (with("    until: 2027-01-01\n", ""), "2:5", "the waiver has no field `until`"),
        (with("2027-01-01", "2027-02-30"), "6:12", "`2027-02-30` is no day of the calendar"),
        (with("2027-01-01", "next week"), "6:12", "`next week` is no day of the calendar"),
        (
            with("2027-01-01", "2027-12-02"),
            "6:12",
            "a waiver holds for a year at most, here until 2027-12-01",
        ),
        (with("until", "created: 2026-12-02\n    until"), "6:14", "2026-12-02 is in the future"),
        (with("until", "created: 2026-01-01\n    until").replace("2027-", "2027-03-"), "7:12", "is no day"),
        (with("until", "created: 2025-06-01\n    until"), "7:12", "at most, here until 2026-06-01"),
        (with("2027-01-01", "2026-01-01\n    created: 2026-02-01"), "6:12", "ends before it was made"),
        (with(RULE, "clear-text-pasword"), "2:11", "unknown rule `clear-text-pasword`"),
        (with("subject: x", "entity: naa-account"), "3:13", "unknown account or group"),
        (with("    subject: x\n", ""), "2:5", "does not say for what of the rule"),
        (with(&format!("rule: {RULE}\n    "), ""), "2:5", "does not say for which rule"),
        (with(&format!("{about}\n    "), ""), "2:5", "does not say what it is about"),
        (with(&about, "fingerprint: 00AA"), "2:18", "`00AA` is no fingerprint"),
        (with("waivers:", "waiver:"), "1:1", "unknown file field `waiver`"),
        ("waivers: 1\n".to_owned(), "1:10", "`waivers` must be a list"),
        ("waivers:\n  - x\n".to_owned(), "2:5", "the waiver must be a map, not text"),
        ("- x\n".to_owned(), "1:3", "the file must be a map, not a list"),
        ("waivers: [\n".to_owned(), "", "not valid YAML"),
        (
            format!(
                "{0}{1}",
                one(&about, "2027-01-01"),
                &one(&about.replace("subject: x", "subject: X"), "2027-01-01")[9..]
            ),
            "7:5",
            "there twice",
        ),
    ] {
        let (waivers, problems) = read(&text);
        assert!(problems.contains(said), "`{said}` of\n{text}\nis not in\n{problems}");
        assert!(
            problems.contains(&format!("waivers.yaml:{place}")),
            "{place} of\n{text}\nis not in\n{problems}"
        );
        assert!(waivers.len() < 2, "{text}");
    }
    let (_, problems) = read(&with(RULE, "clear-text-pasword"));
    assert!(problems.contains("did you mean `clear-text-password`?"), "{problems}");
}

#[test]
fn every_waiver_that_is_wrong_is_told_at_once() {
    let text = "waivers:\n  - rule: nonsense\n    until: never\n  - fingerprint: x\n";
    let (waivers, problems) = read(text);
    assert_eq!(waivers.len(), 0);
    assert_eq!(problems.matches("error:").count(), 8, "{problems}");
}

#[test]
fn files_without_a_waiver_are_good() {
    for text in ["", "# none\n", "waivers:\n", "waivers: []\n", "---\n"] {
        assert_eq!(good(text).len(), 0);
    }
    // All digits, which YAML takes for a number.
    let waivers = good(&one("fingerprint: 1234567890123456\n    ticket: 1024", "2027-01-01"));
    assert_eq!(waivers[0].fingerprint.as_deref(), Some("1234567890123456"));
    assert_eq!(waivers[0].ticket.as_deref(), Some("1024"));
    let waivers = good(&one("fingerprint: 1234567890123e45", "2027-01-01"));
    assert_eq!(waivers[0].fingerprint.as_deref(), Some("1234567890123e45"));
}

fn new(fingerprint: Option<&str>, rule: Option<&str>, subject: Option<&str>) -> Waiver {
    Waiver {
        rule: rule.map(str::to_owned),
        entity: None,
        subject: subject.map(str::to_owned),
        fingerprint: fingerprint.map(str::to_owned),
        reason: "because: of # this".to_owned(),
        owner: "o".to_owned(),
        created: Some(TODAY),
        until: Date { year: 2027, month: 1, day: 1 },
        ticket: Some("12".to_owned()),
        place: ("waivers.yaml".to_owned(), 0),
    }
}

#[test]
fn what_is_added_is_read_back_and_all_else_stays() {
    let print = "12e4567890123456";
    let waiver = new(Some(print), Some(RULE), Some(r"CONTOSO\svc, 'x'"));
    let old = one("fingerprint: 000000000000000a", "2027-01-01");
    for text in [
        String::new(),
        "# of the lab\n".to_owned(),
        "waivers:\n".to_owned(),
        "# first\nwaivers: [] # none yet\n# last\n".to_owned(),
        format!("# first\n{old}# last\n"),
        old.replace('\n', "\r\n"),
        old.trim_end().to_owned(),
        old.replace("  - ", "- ").replace("    ", "  "),
    ] {
        let there = good(&text);
        let out = add(&text, &there, &waiver, TODAY).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let back = good(&out);
        assert_eq!(back.len(), there.len() + 1, "{out}");
        let last = back.last().expect("one");
        assert_eq!(last.fingerprint.as_deref(), Some(print), "{out}");
        assert_eq!(
            (&last.rule, &last.subject, &last.reason, &last.ticket, last.created, last.until),
            (&waiver.rule, &waiver.subject, &waiver.reason, &waiver.ticket, waiver.created, waiver.until),
            "{out}"
        );
        for line in text.lines().filter(|line| !line.starts_with("waivers:")) {
            assert!(out.lines().any(|l| l == line), "{line} is gone from\n{out}");
        }
    }
}

#[test]
fn doubles_are_refused() {
    let there = good(&one(&format!("rule: {RULE}\n    subject: 'CONTOSO\\svc-*'"), "2027-01-01"));
    let refused =
        |waiver: &Waiver, there: &[Waiver]| add("", there, waiver, TODAY).map_err(|e| e.to_string());
    let same = refused(&new(None, Some(RULE), Some(r"contoso\SVC-*")), &there);
    assert_eq!(
        same,
        Err("waivers.yaml:2: there is a waiver for this until 2027-01-01, of o; change that one".to_owned())
    );
    let print = Some("000000000000000a");
    assert!(refused(&new(print, Some(RULE), Some(r"CONTOSO\svc-naa")), &there).is_err());
    assert!(refused(&new(print, Some(RULE), Some(r"CONTOSO\adm")), &there).is_ok());
    assert!(refused(&new(print, None, None), &there).is_ok());
    assert!(refused(&new(None, Some(OTHER), Some(r"CONTOSO\svc-*")), &there).is_ok());
    let over = good(&one(&format!("rule: {RULE}\n    subject: x"), "2026-11-30"));
    let again = refused(&new(None, Some(RULE), Some("x")), &over).expect_err("refused");
    assert!(again.contains("ran out: change its `until`"), "{again}");
}

#[test]
fn the_ready_made_waiver_lacks_only_what_a_person_has_to_say() {
    let text = template(&finding(RULE, r"CONTOSO\svc: 'x'", "1234567890123456"));
    let item: String = text.lines().map(|line| format!("  {line}\n")).collect();
    let (_, problems) = read(&format!("waivers:\n{item}"));
    let empty: Vec<&str> = problems.lines().filter(|l| l.contains("error:")).collect();
    assert_eq!(empty.len(), 3, "{problems}");
    for key in ["reason", "owner", "until"] {
        assert!(problems.contains(&format!("`{key}` is empty")), "{problems}");
    }
    let filled = item.replace("reason: ''", "reason: r").replace("owner: ''", "owner: o");
    let waivers = good(&format!("waivers:\n{}", filled.replace("until: ''", "until: 2027-01-01")));
    assert!(waivers[0].matches(&finding(RULE, r"CONTOSO\svc: 'x'", "1234567890123456")));
}

#[test]
fn the_schema_and_the_reader_know_the_same_fields() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../docs/waivers.schema.json")).expect("JSON");
    let told = schema["properties"]["waivers"]["items"]["properties"].as_object().expect("properties");
    let mut told: Vec<&str> = told.keys().map(String::as_str).collect();
    told.sort_unstable();
    let (_, problems) = read("waivers: [{zzzzzzzzzzzzz: 1}]\n");
    let (_, known) = problems.split_once("known are `").unwrap_or_else(|| panic!("{problems}"));
    let known: Vec<&str> = known.split("`\n").next().unwrap_or_default().split("`, `").collect();
    assert_eq!(known, told);
}

#[test]
fn the_file_in_the_documentation_is_read() {
    let text = include_str!("../../docs/waivers.md");
    let (_, block) = text.split_once("```yaml\n").expect("a block");
    assert_eq!(good(block.split("```").next().unwrap_or_default()).len(), 2);
}
