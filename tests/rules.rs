//! What holds of all shipped rules together.

use std::collections::BTreeMap;

use cmlint::assets::Assets;
use cmlint::content::{Content, EntityKind};
use cmlint::evidence::Schema;
use cmlint::rules::{self, Expect};

fn shipped() -> (Content, Schema, rules::RuleSet) {
    let (content, _) = cmlint::content::load(&Assets::content()).expect("the shipped content is sound");
    let (schema, _) = cmlint::evidence::load(&Assets::content()).expect("the shipped tables are sound");
    let rules = rules::compile(&Assets::rules(), &content, &schema).expect("the shipped rules are sound");
    (content, schema, rules)
}

/// The tables a rule depends on, those that others are made of included.
fn tables(schema: &Schema, rule: &rules::Rule) -> usize {
    let mut all = rule.evidence.clone();
    let mut next = 0;
    while let Some(table) = all.get(next).copied() {
        next += 1;
        for part in &schema.tables[table].made_from {
            if !all.contains(part) {
                all.push(*part);
            }
        }
    }
    all.len()
}

#[test]
fn every_rule_shows_what_passes_what_fails_and_what_it_cannot_judge() {
    let (_, schema, rules) = shipped();
    assert!(rules.rules.len() >= 90, "{}", rules.rules.len());
    let mut wrong = Vec::new();
    for rule in &rules.rules {
        let has = |wanted: fn(&Expect) -> bool| rule.examples.iter().any(|e| wanted(&e.expect));
        if !has(|e| matches!(e, Expect::Pass)) {
            wrong.push(format!("{}: no example passes", rule.id));
        }
        if !has(|e| matches!(e, Expect::Fail(_))) {
            wrong.push(format!("{}: no example fails", rule.id));
        }
        if tables(&schema, rule) > 1 && !has(|e| matches!(e, Expect::NotEvaluated(_))) {
            wrong.push(format!("{}: no example shows missing evidence", rule.id));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_statement_has_a_rule_that_can_fail_or_a_reason() {
    let (content, _, rules) = shipped();
    let mut of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for rule in &rules.rules {
        for statement in &rule.judges {
            of.entry(statement).or_default().push(&rule.id);
        }
    }
    for (_, statement) in content.statements() {
        let rules = of.get(statement.reference.as_str());
        match statement.checkable {
            cmlint::content::Checkable::No => {
                assert!(statement.because.is_some(), "{} gives no reason", statement.reference);
                assert!(rules.is_none(), "{} cannot be checked, and {rules:?} do", statement.reference);
            }
            _ => assert!(rules.is_some(), "no rule can judge {}", statement.reference),
        }
    }
}

#[test]
fn the_figures_of_the_readme_are_those_of_the_specification() {
    let (content, _, _) = shipped();
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("readable");
    let count = |kind| content.entities.iter().filter(|e| e.kind == kind).count();
    let (groups, accounts) = (count(EntityKind::Group), count(EntityKind::Account));
    let statements = content.statements().count();
    let said = format!("{groups} groups, {accounts} accounts, {statements} statements");
    assert!(readme.contains(&said), "README.md does not say `{said}`");
}
