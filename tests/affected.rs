//! A rule that comes to another result under another revision is named by the diff of the two: with the evidence of every
//! example of every rule, and with both example estates.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use cmlint::assets::Assets;
use cmlint::check::{self, Outcome, Run};
use cmlint::cli::BuiltIn;
use cmlint::content::{self, Date};
use cmlint::diff;
use cmlint::evidence;
use cmlint::rules;
use common::estates::{self, estate};
use rayon::prelude::*;
use serde_json::{Value, json};

/// What comes out of a rule: what is found, else what became of it.
type Result = BTreeSet<String>;

/// The results of all rules, by revision.
type Results = BTreeMap<Date, BTreeMap<String, Result>>;

fn result(run: &Run) -> Result {
    let weight = |outcome: &Outcome| match outcome {
        Outcome::NotApplicable(_) => (0, "not applicable"),
        Outcome::Pass => (1, "pass"),
        Outcome::NotEvaluated(_) => (2, "not evaluated"),
        Outcome::Fail | Outcome::Waived => (3, "fail"),
        Outcome::Error(_) => (4, "error"),
    };
    let heaviest = run.outcomes.iter().map(|o| weight(&o.outcome)).max().map_or("", |(_, word)| word);
    let found = run.findings.iter().map(|f| format!("{} {} {:?}", f.level.name(), f.subject, f.entity));
    found.chain([heaviest.to_owned()]).collect()
}

/// Rules with another result that the diff does not name, with the two revisions and the results.
fn unnamed(named: &BTreeMap<(Date, Date), BTreeSet<String>>, results: &Results) -> Vec<String> {
    let mut out = Vec::new();
    for ((from, to), named) in named {
        let (Some(was), Some(is)) = (results.get(from), results.get(to)) else { continue };
        for (rule, was) in was {
            let is = is.get(rule).cloned().unwrap_or_default();
            let id = rule.split(' ').next().expect("an id");
            if *was != is && !named.contains(id) {
                out.push(format!("{rule} {from}..{to}: {was:?}, then {is:?}"));
            }
        }
    }
    out
}

#[test]
fn each_rule_that_comes_to_another_result_is_named() {
    let assets = Assets::content();
    let (content, _) = content::load(&assets).expect("the content loads");
    let (schema, _) = evidence::load(&assets).expect("the tables load");
    let rules = rules::compile(&Assets::rules(), &content, &schema).expect("the rules compile");
    let dates = content.dates();
    let named: BTreeMap<(Date, Date), BTreeSet<String>> = dates
        .iter()
        .flat_map(|from| dates.iter().filter(move |to| from < to).map(move |to| (*from, *to)))
        .map(|(from, to)| {
            let diff = diff::between(&content, &rules, from, to);
            ((from, to), diff.rules.into_iter().collect())
        })
        .collect();
    assert_eq!(named.len(), dates.len() * (dates.len() - 1) / 2);

    let of_examples: Results = dates
        .iter()
        .map(|date| {
            let all = rules.rules.par_iter().flat_map_iter(|rule| {
                let examples = rule.examples.iter().enumerate();
                let run = |e| result(&check::example_at(rule, e, &content, &schema, *date));
                examples.map(move |(i, example)| (format!("{} {i}", rule.id), run(example)))
            });
            (*date, all.collect())
        })
        .collect();
    let mut wrong = unnamed(&named, &of_examples);

    let built_in = BuiltIn::load().expect("what is built in loads");
    for name in ["contoso", "clean"] {
        let of_estate: Results = dates
            .iter()
            .map(|date| {
                let report = estates::report_against(
                    &built_in,
                    estate(name),
                    &json!({ "revision": date.to_string() }),
                );
                (*date, of_report(&report))
            })
            .collect();
        wrong.extend(unnamed(&named, &of_estate));
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));

    // Nothing is named where nothing differs, and never all.
    for date in &dates {
        assert_eq!(diff::between(&content, &rules, *date, *date).rules, [""; 0]);
    }
    assert!(named.values().all(|named| named.len() * 4 < rules.rules.len() * 3));
    // Tables are made of facts of kinds that there are.
    for kind in schema.facts_behind(&(0..schema.tables.len()).collect::<Vec<_>>()) {
        assert!(content.fact_kinds().any(|known| known == kind), "{kind}");
    }
}

fn of_report(report: &Value) -> BTreeMap<String, Result> {
    let text = |of: &Value, key: &str| of[key].as_str().unwrap_or_default().to_owned();
    let mut out: BTreeMap<String, Result> = BTreeMap::new();
    for rule in report["rules"].as_array().expect("a list") {
        out.entry(text(rule, "rule")).or_default().insert(text(rule, "outcome"));
    }
    for finding in report["findings"].as_array().expect("a list") {
        let found = format!("{} {}", text(finding, "level"), text(finding, "subject"));
        out.entry(text(finding, "rule")).or_default().insert(found);
    }
    out
}
