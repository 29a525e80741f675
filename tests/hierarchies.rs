//! Exports of two hierarchies in one run: each is judged as it is by itself, and what could be of either is left out and
//! named. The second is the first under other names.

mod common;

use std::collections::BTreeSet;

use cmlint::cli::BuiltIn;
use common::estates::{Files, bytes, estate, report, text};
use regex::{Captures, Regex};
use serde_json::{Value, json};

/// An estate under other names of domains and identifiers and, if asked for, other codes of sites.
fn renamed(files: &Files, codes: bool) -> Files {
    let sid = Regex::new(r"S-1-5-21-(\d+)-").expect("a pattern");
    let code = Regex::new(r"\b(CAS|P0\d|S0\d)([0-9A-F]{5})?\b|_(CAS|P0\d|S0\d)\b").expect("a pattern");
    let other = |found: &Captures<'_>| {
        let all = &found[0];
        all.replacen(
            ['C', 'P', 'S'],
            if all.contains('C') {
                "K"
            } else if all.contains('P') {
                "Q"
            } else {
                "T"
            },
            1,
        )
    };
    let mut out = Files::new();
    for (label, data) in files.iter().filter(|(label, _)| !label.ends_with(".zip")) {
        let (mut content, utf16) = text(data);
        for (own, other) in [("contoso", "adatum"), ("fabrikam", "northwind")] {
            content = content.replace(own, other).replace(&own.to_uppercase(), &other.to_uppercase());
        }
        let turned =
            |found: &Captures<'_>| format!("S-1-5-21-{}-", found[1].parse::<u64>().expect("a number") ^ 7);
        content = sid.replace_all(&content, turned).into_owned();
        if codes {
            content = code.replace_all(&content, other).into_owned();
        }
        out.push((label.clone(), bytes(&content, utf16)));
    }
    out
}

fn below(folder: &str, files: &Files) -> Files {
    files.iter().map(|(label, data)| (format!("{folder}{label}"), data.clone())).collect()
}

/// Rule, subject and level of each finding.
fn found(report: &Value) -> BTreeSet<(String, String, String)> {
    let text = |finding: &Value, key: &str| finding[key].as_str().expect("a text").to_owned();
    let all = report["findings"].as_array().expect("a list").iter();
    all.map(|f| (text(f, "rule"), text(f, "subject"), text(f, "level"))).collect()
}

fn outcomes(report: &Value, rule: &str) -> Vec<String> {
    let all = report["rules"].as_array().expect("a list").iter();
    all.filter(|r| r["rule"] == rule).map(|r| r["outcome"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn each_of_two_hierarchies_is_judged_by_itself() {
    let built_in = BuiltIn::load().expect("what is built in loads");
    let own = estate("contoso");
    let alone = found(&report(&built_in, own.clone()));
    for codes in [true, false] {
        let other = renamed(&own, codes);
        let others = found(&report(&built_in, other.clone()));
        assert!(others.len() > 100, "{}", others.len());
        let both: Files = below("north/", &own).into_iter().chain(below("south/", &other)).collect();
        let told = report(&built_in, both);
        let all: BTreeSet<_> = alone.union(&others).cloned().collect();
        let together = found(&told);
        assert_eq!(together.difference(&all).collect::<Vec<_>>(), [] as [&_; 0], "codes: {codes}");
        assert_eq!(all.difference(&together).collect::<Vec<_>>(), [] as [&_; 0], "codes: {codes}");
        let of = told["hierarchies"].as_array().expect("a list");
        assert_eq!(of.len(), 2, "{of:?}");
        for (hierarchy, folder) in of.iter().zip(["north/", "south/"]) {
            let inputs = hierarchy["inputs"].as_array().expect("a list");
            assert!(inputs.iter().all(|i| i.as_str().is_some_and(|i| i.starts_with(folder))), "{hierarchy}");
        }
    }
}

#[test]
fn what_may_be_of_either_is_left_out_and_named() {
    let built_in = BuiltIn::load().expect("what is built in loads");
    let own: Files = estate("contoso").into_iter().filter(|(label, _)| !label.contains('/')).collect();
    let other = renamed(&own, true);
    let all: BTreeSet<_> = found(&report(&built_in, own.clone()))
        .union(&found(&report(&built_in, other.clone())))
        .cloned()
        .collect();
    let told = report(&built_in, below("", &own).into_iter().chain(below("other-", &other)).collect());
    let together = found(&told);
    assert_eq!(together.difference(&all).collect::<Vec<_>>(), [] as [&_; 0]);
    assert!(together.len() * 10 > all.len() * 8, "{} of {}", together.len(), all.len());
    let inputs = told["inputs"].as_array().expect("a list");
    let left_out: Vec<_> = inputs
        .iter()
        .filter(|i| i["note"].as_str().is_some_and(|note| note.contains("folder of their own")))
        .map(|i| i["path"].as_str().expect("a path"))
        .collect();
    // Roles and client settings name neither a site nor a domain.
    for name in ["security-roles.json", "other-security-roles.json"] {
        assert!(left_out.contains(&name), "{left_out:?}");
    }
    assert!(!left_out.iter().any(|name| name.ends_with("sites.json")), "{left_out:?}");
}

/// A rule that holds in one and is broken in the other is broken; a site that was moved below another is no second top.
#[test]
fn sites_that_something_ties_are_of_one_hierarchy() {
    let built_in = BuiltIn::load().expect("what is built in loads");
    let site = |code: &str, parent: &str, server: &str, kind: u8| {
        json!({"SiteCode": code, "ReportingSiteCode": parent, "ServerName": server, "Type": kind,
            "InstallDir": "C:\\SMS", "Version": "5.00.8740.1000", "BuildNumber": 8740})
    };
    let of = |sites: Vec<Value>| {
        let files =
            sites.iter().enumerate().map(|(n, site)| (format!("{n}/sites.json"), site.to_string().into()));
        report(&built_in, files.collect())["hierarchies"].as_array().expect("a list").len()
    };
    let top = site("CEN", "", "cen.contoso.com", 4);
    let alone = site("PR1", "", "pr1.contoso.com", 2);
    let below = site("PR1", "CEN", "pr1.contoso.com", 2);
    assert_eq!(of(vec![top.clone(), below.clone()]), 0);
    assert_eq!(of(vec![top.clone(), alone.clone()]), 2);
    // An export from before the site was joined lies beside.
    assert_eq!(of(vec![top.clone(), alone.clone(), below]), 0);
    // One list has both.
    let list = json!([top, alone]).to_string().into_bytes();
    let told = report(&built_in, vec![("sites.json".to_owned(), list)]);
    assert_eq!(told["hierarchies"], json!([]));
    // A second description of the same server, under its short name.
    assert_eq!(of(vec![top.clone(), site("CEN", "", "CEN", 4)]), 0);
    assert_eq!(of(vec![site("CEN", "", "CEN", 4), top.clone()]), 0);
    assert_eq!(of(vec![top, site("CEN", "", "cen.adatum.com", 4)]), 2);
}

#[test]
fn a_rule_is_as_good_as_in_the_worse_of_two() {
    let built_in = BuiltIn::load().expect("what is built in loads");
    let both: Files = below("good/", &renamed(&estate("clean"), true))
        .into_iter()
        .chain(below("bad/", &estate("contoso")))
        .collect();
    let told = report(&built_in, both);
    assert_eq!(told["hierarchies"].as_array().map(Vec::len), Some(2));
    let rule = "least-privilege-account-is-administrative-user";
    let clean = outcomes(&report(&built_in, estate("clean")), rule);
    assert!(clean.iter().any(|o| o == "pass") && !clean.iter().any(|o| o == "fail"), "{clean:?}");
    let broken = outcomes(&report(&built_in, estate("contoso")), rule);
    assert!(broken.iter().any(|o| o == "fail"), "{broken:?}");
    let weight = |o: &str| ["not_applicable", "pass", "not_evaluated", "fail"].iter().position(|w| *w == o);
    for ((good, bad), both) in clean.iter().zip(&broken).zip(outcomes(&told, rule)) {
        assert_eq!(weight(&both), weight(good).max(weight(bad)));
    }
}
