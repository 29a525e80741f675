//! Less read is never more said: whichever exports of the example estates are taken away, nothing new is found, and no
//! check comes out otherwise than before but as not evaluated.
//!
//! Of task sequences each file is a thing of its own and not a part of a list, so that without it the estate is another
//! one: those stay.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use cmlint::cli::BuiltIn;
use common::estates::{self, Files, estate};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::Value;

/// Rules about the exports themselves: what of them is cut short, and what two of them say of one site.
const ABOUT_EXPORTS: [&str; 2] = ["truncated-export", "site-described-twice"];

/// This rule has another level where no list of clients tells whether there are any that it matters to.
const OTHER_LEVEL: &str = "network-access-account-locked-out-of-package";

/// What is found, as rule, subject and level, and what became of each rule by its statements.
struct Said {
    findings: BTreeSet<(String, String, String)>,
    outcomes: BTreeMap<String, String>,
}

fn said(built_in: &BuiltIn, files: Files) -> Said {
    let report = estates::report(built_in, files);
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
    let is_about_exports = |rule: &str| ABOUT_EXPORTS.iter().any(|of| rule.starts_with(of));
    let new = fewer.findings.difference(&all.findings).map(|finding| format!("new: {finding:?}"));
    let other = fewer.outcomes.iter().filter_map(|(rule, outcome)| {
        let before = all.outcomes.get(rule).map_or("nothing", String::as_str);
        (outcome != before && outcome != "not_evaluated").then(|| format!("{rule}: {before}, now {outcome}"))
    });
    let mut out: Vec<String> = new.chain(other).collect();
    out.retain(|line| !is_about_exports(line.trim_start_matches("new: (\"")));
    out
}

#[test]
fn whatever_is_taken_away_nothing_more_is_said() {
    let built_in = BuiltIn::load().expect("what is built in loads");
    for name in ["contoso", "clean"] {
        let files = estate(name);
        let all = said(&built_in, files.clone());
        assert!(all.outcomes.values().any(|outcome| outcome == "pass"), "{name}");
        let parts: Vec<usize> =
            (0..files.len()).filter(|n| !files[*n].0.starts_with("task-sequences")).collect();
        assert!(parts.len() > 10, "{name}");
        let without = |gone: &[usize]| -> Vec<String> {
            let kept =
                files.iter().enumerate().filter(|(n, _)| !gone.contains(n)).map(|(_, file)| file.clone());
            more(&all, &said(&built_in, kept.collect()))
        };
        for part in &parts {
            assert_eq!(without(&[*part]), [""; 0], "{name} without {}", files[*part].0);
        }
        let config = Config { cases: 12, failure_persistence: None, ..Config::default() };
        let some = proptest::sample::subsequence(parts.clone(), 2..parts.len());
        TestRunner::new(config)
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
