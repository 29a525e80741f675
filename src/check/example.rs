//! Examples: the rules run on the evidence in their own files.

use rayon::prelude::*;

use super::{Options, Outcome, Run, run_alone};
use crate::content::{Content, Date};
use crate::evidence::{Evidence, Gap, Missing, Row, Schema, Table, TableId, Why};
use crate::rules::{Example, Expect, Rule, RuleSet};
use crate::yaml::{Problem, Problems};

/// Runs all examples of all rules.
pub fn examples(rules: &RuleSet, content: &Content, schema: &Schema) -> Problems {
    let found: Vec<Problem> = rules
        .rules
        .par_iter()
        .flat_map_iter(|rule| rule.examples.iter().filter_map(|e| example(rule, e, content, schema)))
        .collect();
    let mut problems = Problems(found);
    problems.sort();
    problems
}

/// Runs an example of a rule. None if it comes out as expected.
pub fn example(rule: &Rule, example: &Example, content: &Content, schema: &Schema) -> Option<Problem> {
    let run = run_example(rule, example, content, schema);
    let (got, reasons) = outcome(&run);
    if fits(&example.expect, &got, schema) || (example.expect == Expect::Pass && passes(rule, example, &run))
    {
        return None;
    }
    let problem = Problem::error(
        &rule.file,
        example.expect_span.clone(),
        format!("the example comes out differently: {}", words(&example.expect, schema)),
    )
    .label(format!("got {}", words(&got, schema)))
    .related(&rule.file, example.span.clone(), "in this example");
    Some(match reasons {
        Some(reasons) => problem.help(reasons),
        None => problem,
    })
}

/// The messages of the findings that come out of an example.
pub fn messages(rule: &Rule, example: &Example, content: &Content, schema: &Schema) -> Vec<String> {
    run_example(rule, example, content, schema).findings.into_iter().map(|f| f.message).collect()
}

/// What comes out of the evidence of an example.
pub(super) fn run_example(rule: &Rule, example: &Example, content: &Content, schema: &Schema) -> Run {
    let revision = example.revision.unwrap_or_else(|| content.newest());
    example_at(rule, example, content, schema, revision)
}

/// What comes out of the evidence of an example under a revision, whichever the example is of.
pub fn example_at(rule: &Rule, example: &Example, content: &Content, schema: &Schema, revision: Date) -> Run {
    let evidence = evidence(example, schema);
    let given: Vec<TableId> = example.given.iter().map(|g| g.table).collect();
    run_alone(rule, content, schema, &evidence, &given, &Options { revision, supposed: false, only: None })
}

/// The evidence of an example: what is given is complete, what is not is missing.
pub(super) fn evidence(example: &Example, schema: &Schema) -> Evidence {
    let given: Vec<TableId> = example.given.iter().map(|g| g.table).collect();
    let mut tables: Vec<Table> = (0..schema.tables.len()).map(|_| Table::default()).collect();
    for given in &example.given {
        let Some(table) = tables.get_mut(given.table) else { continue };
        for row in &given.rows {
            match row.gap {
                Some(why) => {
                    let missing = Missing::rows(why, given.table, None);
                    table.gaps.push(Gap { missing, cells: row.cells.clone() });
                }
                None => table.rows.push(Row { record: None, cells: row.cells.clone() }),
            }
        }
    }
    for (number, table) in tables.iter_mut().enumerate() {
        if !given.contains(&number) {
            table.gaps = vec![missing(schema, number)];
        }
    }
    let mut evidence = Evidence { tables, ..Evidence::default() };
    crate::evidence::derive(schema, &mut evidence, &given);
    evidence
}

/// A table that no export supplies.
fn missing(schema: &Schema, table: TableId) -> Gap {
    let unknown =
        || crate::evidence::Cell { fact: crate::evidence::Fact::Unknown(Why::NotExported), place: None };
    let cells = schema.tables[table].fields.iter().map(|_| unknown()).collect();
    Gap { missing: Missing::rows(Why::NotExported, table, None), cells }
}

/// What came out, all statements of the rule together, and in words why.
fn outcome(run: &Run) -> (Expect, Option<String>) {
    if !run.findings.is_empty() {
        let messages: Vec<String> = run.findings.iter().map(|f| f.message.clone()).collect();
        return (
            Expect::Fail(run.findings.iter().map(|f| f.subject.clone()).collect()),
            Some(format!("found: {}", messages.join("; "))),
        );
    }
    let mut tables = Vec::new();
    let mut reason = None;
    let mut passed = false;
    let mut why = None;
    for outcome in &run.outcomes {
        match &outcome.outcome {
            Outcome::NotEvaluated(open) => {
                tables.extend(open.tables.iter().copied());
                reason.get_or_insert_with(|| open.reason.clone());
            }
            Outcome::Pass | Outcome::Fail | Outcome::Waived => passed = true,
            Outcome::NotApplicable(reason) | Outcome::Error(reason) => {
                why.get_or_insert_with(|| reason.clone());
            }
        }
    }
    if reason.is_some() {
        tables.sort_unstable();
        tables.dedup();
        return (Expect::NotEvaluated(tables), reason);
    }
    if passed { (Expect::Pass, None) } else { (Expect::NotApplicable, why) }
}

/// Whether a rule over facts passes in an example, but for facts that the example does not speak of: what is open of
/// them hangs on tables that are not given. So an account that is documented later does not break the examples.
fn passes(rule: &Rule, example: &Example, run: &Run) -> bool {
    let given = |table: &TableId| example.given.iter().any(|given| given.table == *table);
    let mut passed = false;
    let beside = run.outcomes.iter().all(|outcome| match &outcome.outcome {
        Outcome::Pass => {
            passed = true;
            true
        }
        Outcome::NotEvaluated(open) => !open.tables.is_empty() && !open.tables.iter().any(given),
        Outcome::NotApplicable(_) => true,
        Outcome::Fail | Outcome::Waived | Outcome::Error(_) => false,
    });
    rule.documented.is_some() && beside && passed
}

fn fits(expected: &Expect, got: &Expect, schema: &Schema) -> bool {
    match (expected, got) {
        (Expect::Fail(expected), Expect::Fail(got)) => {
            let sorted = |subjects: &[String]| {
                let mut subjects = subjects.to_vec();
                subjects.sort();
                subjects
            };
            sorted(expected) == sorted(got)
        }
        // A table that is made from others is missing where one of those is.
        (Expect::NotEvaluated(expected), Expect::NotEvaluated(got)) => {
            expected.iter().all(|t| got.iter().any(|g| g == t || made_from(schema, *t, *g)))
        }
        (expected, got) => expected == got,
    }
}

/// Whether a table is made from another, directly or by way of others.
fn made_from(schema: &Schema, table: TableId, from: TableId) -> bool {
    let mut stack = vec![table];
    let mut seen = vec![false; schema.tables.len()];
    while let Some(table) = stack.pop() {
        let Some(parts) = schema.tables.get(table).map(|t| &t.made_from) else { continue };
        if parts.contains(&from) {
            return true;
        }
        if !std::mem::replace(&mut seen[table], true) {
            stack.extend(parts);
        }
    }
    false
}

fn words(expect: &Expect, schema: &Schema) -> String {
    let list = |names: &mut dyn Iterator<Item = &str>| {
        names.map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
    };
    match expect {
        Expect::Pass => "pass".to_owned(),
        Expect::NotApplicable => "not applicable".to_owned(),
        Expect::Fail(subjects) => format!("fail for {}", list(&mut subjects.iter().map(String::as_str))),
        Expect::NotEvaluated(tables) => {
            let mut names = tables.iter().filter_map(|t| schema.tables.get(*t)).map(|t| t.name.as_str());
            format!("not evaluated for want of {}", list(&mut names))
        }
    }
}
