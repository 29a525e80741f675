//! Whether a rule can ever fail for a statement: what its coverage counts.
//!
//! A rule that is bound to a fact of an account which its table never holds looks at nothing, whatever is exported. That
//! shows without evidence: a field that is filled from a closed list of values ([`Schema::tells`]) never equals another
//! value. Where a field may hold anything, a test is taken to be able to go either way; so this errs on the side of the
//! rule. It evaluates nothing.

use serde_json::Value;

use super::facts::Place;
use super::{Check, FactRef, Join, Op, Operand, Rule, Test, TestKind};
use crate::content::{Content, Date, EntityKind};
use crate::evidence::{Fact, Schema, TableId};

/// The statements for which a rule can fail in some revision, in the order of [`Rule::statements`].
pub(super) fn judged(rule: &Rule, content: &Content, schema: &Schema) -> Vec<String> {
    let revisions = || content.revisions.iter().map(|r| r.date).filter(|date| rule.runs_at(*date));
    let asked = |fact, revision| Asked { rule, content, schema, fact, revision };
    let Some(documented) = &rule.documented else {
        let can = revisions().any(|revision| asked(None, revision).can_fail());
        return if can { rule.statements.clone() } else { Vec::new() };
    };
    let mut out: Vec<String> = Vec::new();
    for revision in revisions() {
        for place in documented.selector.at(content, revision, None) {
            let reference = &place.statement.reference;
            if !out.contains(reference)
                && place.fact.unjudged(&content.vocabulary, revision).is_none()
                && asked(Some(place), revision).can_fail()
            {
                out.push(reference.clone());
            }
        }
    }
    out.sort_by_key(|reference| rule.statements.iter().position(|s| s == reference));
    out
}

/// A rule bound to a revision and a fact.
#[derive(Debug, Clone, Copy)]
struct Asked<'a> {
    rule: &'a Rule,
    content: &'a Content,
    schema: &'a Schema,
    fact: Option<Place<'a>>,
    revision: Date,
}

impl Asked<'_> {
    fn can_fail(&self) -> bool {
        let check = &self.rule.check;
        let (table, counted) = match check {
            Check::Each(each) => (each.table, false),
            Check::Group(group) => (group.table, group.limit.is_some()),
        };
        let fails = |test: &Test| self.can(table, test, false);
        self.rows(table, check.filter()) && (counted || check.require().iter().any(fails))
    }

    /// Whether a row can be one that all of these hold for.
    fn rows(&self, table: TableId, filter: &[Test]) -> bool {
        filter.iter().all(|test| self.can(table, test, true))
    }

    /// Whether a test can come out that way.
    fn can(&self, table: TableId, test: &Test, way: bool) -> bool {
        match &test.kind {
            TestKind::All(tests) if way => tests.iter().all(|t| self.can(table, t, true)),
            TestKind::All(tests) => tests.iter().any(|t| self.can(table, t, false)),
            TestKind::Any(tests) if way => tests.iter().any(|t| self.can(table, t, true)),
            TestKind::Any(tests) => tests.iter().all(|t| self.can(table, t, false)),
            TestKind::Not(test) => self.can(table, test, !way),
            TestKind::Some { join, negated } => self.joins(join, way != *negated),
            TestKind::Field { field, op, .. } => match op {
                Op::FoundIn { join, negated, .. } => self.joins(join, way != *negated),
                Op::In(values) if way => {
                    values.iter().any(|(_, operand)| self.can_equal(table, *field, operand))
                }
                Op::Has(_, operand) if way => self.can_equal(table, *field, operand),
                _ => true,
            },
        }
    }

    /// Whether there can be such a row; that there is none is always possible.
    fn joins(&self, join: &Join, found: bool) -> bool {
        !found || self.rows(join.table, &join.filter)
    }

    fn can_equal(&self, table: TableId, field: usize, operand: &Operand) -> bool {
        // Rows that are worked out for a statement are rows of its entity.
        if let (Operand::Fact { key: FactRef::Statement | FactRef::Entity, .. }, Some(fact)) =
            (operand, self.fact)
            && fact.entity.kind == EntityKind::Account
            && let Some(holds) = self.schema.holds_account(table, &fact.entity.id)
        {
            return holds;
        }
        let Some(values) = self.values(operand) else { return true };
        match self.schema.tells(table, field) {
            Some(told) => values.iter().any(|v| told.iter().any(|t| t.to_lowercase() == v.to_lowercase())),
            None => !values.is_empty(),
        }
    }

    /// The values of an operand as texts; none where they are not settled.
    fn values(&self, operand: &Operand) -> Option<Vec<String>> {
        match operand {
            Operand::Value(Fact::Text(text)) => Some(vec![text.to_string()]),
            Operand::Fact { key, .. } => {
                let value = self.fact.and_then(|fact| fact.value(key, self.revision));
                Some(value.as_ref().map(texts).unwrap_or_default())
            }
            Operand::Documented { selector, take, .. } => {
                let facts = selector.at(self.content, self.revision, self.fact);
                Some(
                    facts
                        .iter()
                        .filter_map(|f| f.value(take, self.revision))
                        .flat_map(|v| texts(&v))
                        .collect(),
                )
            }
            Operand::Value(_)
            | Operand::Row { .. }
            | Operand::Match { .. }
            | Operand::Param { .. }
            | Operand::Revision(_) => None,
        }
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        other => vec![other.to_string()],
    }
}
