//! Less read is never more said: whichever exports of the example estates are taken away, nothing new is found, and no
//! check comes out otherwise than before but as not evaluated.
//!
//! Of task sequences each file is a thing of its own and not a part of a list, so that without it the estate is another
//! one: those stay.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use cmlint::cli::BuiltIn;
use common::estates::{self, estate};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::{Value, json};

/// Rules that say something else of fewer exports, and why that is right.
const OTHERWISE: [&str; 5] = [
    // About the exports themselves: what of them is cut short, and what two of them say of one site.
    "truncated-export",
    "site-described-twice",
    // Gives way to a weightier finding on the same account, where exports tell what else it is.
    "task-sequence-accounts-shared",
    // A name that no export knows is taken for that of a user, and what stands before it for a domain.
    "discovery-account-is-a-group",
    "forest-account-is-local",
];

/// This rule has another level where no list of clients tells whether there are any that it matters to.
const OTHER_LEVEL: &str = "network-access-account-locked-out-of-package";

/// What is found, as rule, subject and level, and what became of each rule by its statements.
struct Said {
    findings: BTreeSet<(String, String, String)>,
    outcomes: BTreeMap<String, String>,
}

fn said(report: &Value) -> Said {
    let list = |key: &str| report[key].as_array().expect("a list").clone();
    let text = |of: &Value, key: &str| of[key].as_str().unwrap_or_default().to_owned();
    let level = |finding: &Value| {
        if finding["rule"] == OTHER_LEVEL { String::new() } else { text(finding, "level") }
    };
    let outcomes = list("rules");
    Said {
        findings: list("findings")
            .iter()
            .map(|finding| (text(finding, "rule"), text(finding, "subject"), level(finding)))
            .collect(),
        outcomes: outcomes
            .iter()
            .map(|rule| (format!("{} {}", text(rule, "rule"), rule["statements"]), text(rule, "outcome")))
            .collect(),
    }
}

/// What is said of fewer exports and was not said of all.
fn more(all: &Said, fewer: &Said) -> Vec<String> {
    let is_otherwise = |rule: &str| OTHERWISE.iter().any(|of| rule.starts_with(of));
    let new = fewer.findings.difference(&all.findings).map(|finding| format!("new: {finding:?}"));
    let other = fewer.outcomes.iter().filter_map(|(rule, outcome)| {
        let before = all.outcomes.get(rule).map_or("nothing", String::as_str);
        (outcome != before && outcome != "not_evaluated").then(|| format!("{rule}: {before}, now {outcome}"))
    });
    let mut out: Vec<String> = new.chain(other).collect();
    out.retain(|line| !is_otherwise(line.trim_start_matches("new: (\"")));
    out
}

#[test]
fn whatever_is_taken_away_nothing_more_is_said() {
    let built_in = BuiltIn::load().expect("what is built in loads");
    for name in ["contoso", "clean"] {
        let files = estate(name);
        // Without the sites no export tells their builds, and another revision would be chosen.
        let whole = estates::report(&built_in, files.clone());
        let all = said(&whole);
        assert!(all.outcomes.values().any(|outcome| outcome == "pass"), "{name}");
        let parts: Vec<usize> =
            (0..files.len()).filter(|n| !files[*n].0.starts_with("task-sequences")).collect();
        assert!(parts.len() > 10, "{name}");
        let without = |gone: &[usize]| -> Vec<String> {
            let kept =
                files.iter().enumerate().filter(|(n, _)| !gone.contains(n)).map(|(_, file)| file.clone());
            more(&all, &said(&estates::report_against(&built_in, kept.collect(), &whole)))
        };
        for part in &parts {
            assert_eq!(without(&[*part]), [""; 0], "{name} without {}", files[*part].0);
        }
        let config = Config { cases: 12, failure_persistence: None, ..Config::default() };
        let some = proptest::sample::subsequence(parts.clone(), 2..parts.len());
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
            .run(&some, |gone| {
                let lines = without(&gone);
                if lines.is_empty() { Ok(()) } else { Err(TestCaseError::fail(lines.join("\n"))) }
            })
            .unwrap_or_else(|failed| {
                let names: Vec<_> = files.iter().map(|(name, _)| name).enumerate().collect();
                panic!("{name}: {failed}\n{names:?}")
            });
    }
}

/// What becomes of a rule when a role stands on a computer of which these local groups are exported.
fn outcome(built_in: &BuiltIn, rule: &str, groups: Value) -> Vec<String> {
    let host = "P01-SRV.contoso.com";
    let roles = ["SMS Site Server", "SMS Provider"].map(|role| {
        json!({"__CLASS": "SMS_SCI_SysResUse", "SiteCode": "P01", "RoleName": role, "Type": 2,
            "NetworkOSPath": format!(r"\\{host}")})
    });
    let admin = json!([{"__CLASS": "SMS_Admin", "LogonName": r"CONTOSO\ann", "IsGroup": false, "RoleNames": ["Full Administrator"],
        "AdminSid": "S-1-5-21-771100201-331045519-1930447000-1105"}]);
    let mut groups = groups;
    for group in groups.as_array_mut().expect("a list") {
        group["Computer"] = json!(host);
    }
    let file = |name: &str, value: &Value| (name.to_owned(), value.to_string().into_bytes());
    let files =
        vec![file("roles.json", &json!(roles)), file("admins.json", &admin), file("groups.json", &groups)];
    let said = said(&estates::report(built_in, files));
    let of = |(name, _): &(&String, &String)| name.starts_with(rule);
    said.outcomes.iter().filter(of).map(|(_, outcome)| outcome.clone()).collect()
}

#[test]
fn an_empty_list_that_a_cmdlet_left_is_no_empty_group() {
    let built_in = BuiltIn::load().expect("what is built in loads");
    let rule = "administrative-user-missing-from-sms-admins";
    let of = |groups: Value| outcome(&built_in, rule, groups);
    let sid = "S-1-5-21-3-2-1-1003";
    assert!(!of(json!([{"Group": "SMS Admins", "Members": []}])).contains(&"fail".to_owned()));
    assert!(
        !of(json!([{"Group": "SMS Admins", "GroupSid": sid, "Members": null}])).contains(&"fail".to_owned())
    );
    // Who asked for the group before its members knows that there are none.
    assert!(
        of(json!([{"Group": "SMS Admins", "GroupSid": sid, "Members": []}])).contains(&"fail".to_owned())
    );
    let other = json!([{"Name": r"CONTOSO\bob", "SID": "S-1-5-21-771100201-331045519-1930447000-1106", "ObjectClass": "User"}]);
    assert!(of(json!([{"Group": "SMS Admins", "Members": other}])).contains(&"fail".to_owned()));
}

#[test]
fn some_groups_that_somebody_asked_for_are_not_all_groups() {
    let built_in = BuiltIn::load().expect("what is built in loads");
    let of = |groups: Value| outcome(&built_in, "documented-group-missing", groups);
    let group = |name: &str, sid: &str| json!({"Group": name, "GroupSid": sid, "Members": ["x"]});
    let (admins, users) = (group("Administratoren", "S-1-5-32-544"), group("Benutzer", "S-1-5-32-545"));
    let other = group("Backup Operators", "S-1-5-32-551");
    assert!(!of(json!([admins, other])).contains(&"fail".to_owned()));
    assert!(of(json!([admins, users, other])).contains(&"fail".to_owned()));
}
