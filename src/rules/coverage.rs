//! Coverage: for each documented statement the rules that enforce it, or that none can.
//!
//! What counts is that a rule can fail for the statement, not that it names it.

use super::{Rule, RuleSet};
use crate::content::{Checkable, Content, Entity, Statement};
use crate::yaml::{Problem, Problems};

/// A statement, and what is done about it.
#[derive(Debug, Clone)]
pub struct Covered<'a> {
    /// What it is said of.
    pub entity: &'a Entity,
    /// The statement.
    pub statement: &'a Statement,
    /// The rules that enforce it.
    pub rules: Vec<&'a Rule>,
}

/// What is done about a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coverage {
    /// An export could show it, in part or in full, and no rule looks; or nobody has judged that yet.
    Open,
    /// Rules enforce it.
    Enforced,
    /// No export can show it.
    NotCheckable,
}

impl Covered<'_> {
    /// What is done about it.
    pub fn coverage(&self) -> Coverage {
        if !self.rules.is_empty() {
            Coverage::Enforced
        } else if self.statement.checkable == Checkable::No && !self.statement.is_draft() {
            Coverage::NotCheckable
        } else {
            Coverage::Open
        }
    }

    /// What is to be said of a statement that could be checked and is not.
    pub fn unruled(&self) -> String {
        let look = self.statement.look_at.as_ref().map(|l| format!("No rule; it would show in: {l}."));
        self.statement.because.clone().or(look).unwrap_or_else(|| "No rule.".to_owned())
    }
}

/// How many statements are in which state; every statement is in one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// All of them.
    pub statements: usize,
    /// Rules enforce them.
    pub enforced: usize,
    /// No export can show them.
    pub not_checkable: usize,
    /// An export could, and no rule looks.
    pub open: usize,
}

impl Totals {
    /// Counts statements.
    pub fn of<'c, 'a: 'c>(all: impl IntoIterator<Item = &'c Covered<'a>>) -> Self {
        let mut out = Self::default();
        for one in all {
            out.statements += 1;
            *match one.coverage() {
                Coverage::Enforced => &mut out.enforced,
                Coverage::NotCheckable => &mut out.not_checkable,
                Coverage::Open => &mut out.open,
            } += 1;
        }
        out
    }
}

/// The coverage of all statements of the specification, in its order.
pub fn coverage<'a>(content: &'a Content, rules: &'a RuleSet) -> Vec<Covered<'a>> {
    let mut of: std::collections::HashMap<&str, Vec<&'a Rule>> = std::collections::HashMap::new();
    for rule in &rules.rules {
        for reference in &rule.judges {
            of.entry(reference).or_default().push(rule);
        }
    }
    content
        .statements()
        .map(|(entity, statement)| {
            let rules = of.get(statement.reference.as_str()).cloned().unwrap_or_default();
            Covered { entity, statement, rules }
        })
        .collect()
}

/// Warnings of statements that an export could show and of which no rule can tell.
pub fn open(content: &Content, rules: &RuleSet) -> Problems {
    let mut problems = Problems::new();
    for one in coverage(content, rules).iter().filter(|c| c.coverage() == Coverage::Open) {
        let statement = one.statement;
        let named: Vec<&str> = (rules.rules.iter())
            .filter(|rule| rule.statements.contains(&statement.reference))
            .map(|rule| rule.id.as_str())
            .collect();
        let label = match named.as_slice() {
            [] => "no rule is bound to it".to_owned(),
            some => format!("`{}` can never fail for it", some.join("`, `")),
        };
        problems.push(
            Problem::warning(
                &one.entity.file,
                statement.span.clone(),
                format!("no rule can judge `{}`, which is said to be checkable", statement.reference),
            )
            .label(label)
            .help("give it a fact of a kind that a rule is bound to, write a rule, or say `checkable: no` and why"),
        );
    }
    problems
}
