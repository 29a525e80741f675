//! Which rules can come to another result under another revision.
//!
//! A rule is looked at as it is bound to each revision: whether it is enforced on a statement, with which level,
//! with which values of the documented facts it reads. What differs is enough; whether a given export shows it is
//! not known here.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Diff;
use crate::content::fact::{DcomPermission, Judged};
use crate::content::{Content, Date, EntityKind};
use crate::rules::{
    FactPlace, FactRef, Join, Level, Op, Operand, RevisionKey, Rule, RuleSet, Test, TestKind,
};

/// Fills in the rules of all changes, and of the diff as a whole.
pub(super) fn mark(content: &Content, rules: &RuleSet, diff: &mut Diff) {
    let (from, to) = (diff.from, diff.to);
    let stances: Vec<(&Rule, Option<Stance>, Option<Stance>)> = rules
        .rules
        .iter()
        .map(|rule| (rule, Stance::of(content, rule, from), Stance::of(content, rule, to)))
        .collect();
    // What gives way to a rule is found or not with it.
    let differs = |(_, was, is): &(&Rule, Option<Stance>, Option<Stance>)| was != is;
    let gives_way = |(rule, was, is): &(&Rule, Option<Stance>, Option<Stance>)| {
        let mut winners = rule.yields_to.iter().filter_map(|winner| stances.get(*winner));
        was.is_some() && is.is_some() && winners.any(differs)
    };
    let other = stances.iter().filter(|stance| differs(stance) || gives_way(stance));
    let mut all: Vec<String> = other.map(|(rule, _, _)| rule.id.clone()).collect();
    for change in diff.entities.iter_mut().flat_map(|e| &mut e.changes) {
        for (rule, was, is) in &stances {
            if !rule.statements.contains(&change.statement) {
                continue;
            }
            let on = |stance: &Option<Stance>| stance.as_ref().and_then(|s| s.on(&change.statement).cloned());
            let (was, is) = (on(was), on(is));
            // A rule over facts runs over those that are the same just as it did.
            let enforced = was.is_some() || is.is_some();
            if was != is || enforced && change.kind.is_fact() {
                change.rules.push(rule.id.clone());
            }
        }
        change.rules.sort_unstable();
        change.rules.dedup();
        all.extend(change.rules.iter().cloned());
    }
    all.sort_unstable();
    all.dedup();
    diff.rules = all;
}

/// A rule under a revision.
#[derive(Debug, PartialEq)]
struct Stance {
    level: Level,
    /// For each statement it is enforced on: the values it reads of the facts of that statement, one list a fact.
    statements: Vec<(String, Vec<Vec<Option<Value>>>)>,
    /// The values it reads of other facts and of the revision.
    read: Vec<Value>,
}

impl Stance {
    /// None if the rule is not enforced.
    fn of(content: &Content, rule: &Rule, revision: Date) -> Option<Self> {
        let level = *rule.level.at(revision).filter(|_| rule.runs_at(revision))?;
        let mut reads = Reads { content, revision, keys: Vec::new(), values: Vec::new() };
        let mut statements: Vec<(String, Vec<Vec<Option<Value>>>)> = Vec::new();
        let operands = Operands::of(rule);
        if rule.reads_titles {
            let titles = content.entities.iter().map(|e| e.name.at(revision).map(String::as_str).into());
            reads.values.extend(titles);
        }
        let about = About::of(content, rule);
        for kind in &rule.reads_facts {
            reads.behind(kind, &about);
        }
        match &rule.documented {
            Some(documented) => {
                let places = documented.selector.at(content, revision, None);
                for place in places {
                    reads.keys.clear();
                    for operand in &operands.0 {
                        reads.operand(operand, Some(place));
                    }
                    let values = std::mem::take(&mut reads.keys);
                    let reference = &place.statement.reference;
                    match statements.iter_mut().find(|(r, _)| r == reference) {
                        Some((_, facts)) => facts.push(values),
                        None => statements.push((reference.clone(), vec![values])),
                    }
                }
            }
            None => {
                for operand in &operands.0 {
                    reads.operand(operand, None);
                }
                let made = |r: &&String| {
                    content
                        .statement(r)
                        .is_some_and(|(e, s)| e.name.at(revision).is_some() && s.text.at(revision).is_some())
                };
                statements = rule.statements.iter().filter(made).map(|r| (r.clone(), Vec::new())).collect();
            }
        }
        if statements.is_empty() && !rule.statements.is_empty() {
            return None;
        }
        Some(Self { level, statements, read: reads.values })
    }

    /// What of it concerns one statement; none if it is not enforced on it.
    fn on(&self, reference: &str) -> Option<&Vec<Vec<Option<Value>>>> {
        self.statements.iter().find(|(r, _)| r == reference).map(|(_, facts)| facts)
    }
}

/// The accounts and groups that a rule is about: those of its statements; all if it cites the page itself or nothing.
struct About<'c>(Option<BTreeSet<&'c str>>);

impl<'c> About<'c> {
    fn of(content: &'c Content, rule: &Rule) -> Self {
        let cited = rule.statements.iter().filter_map(|s| content.statement(s)).map(|(entity, _)| entity);
        let all = rule.statements.is_empty() || cited.clone().any(|e| e.kind == EntityKind::Document);
        Self((!all).then(|| cited.map(|e| e.id.as_str()).collect()))
    }

    fn has(&self, entity: &str) -> bool {
        self.0.as_ref().is_none_or(|entities| entities.contains(entity))
    }
}

/// Settles operands.
struct Reads<'c> {
    content: &'c Content,
    revision: Date,
    keys: Vec<Option<Value>>,
    values: Vec<Value>,
}

impl Reads<'_> {
    fn operand(&mut self, operand: &Operand, bound: Option<FactPlace<'_>>) {
        match operand {
            Operand::Fact { key, .. } => self.key(key, bound),
            Operand::Revision(key) => {
                let revision = self.content.revision(self.revision);
                self.values.push(match (key, revision) {
                    (RevisionKey::BuildFrom, Some(r)) => r.first_build().into(),
                    (RevisionKey::BuildUntil, Some(r)) => r.last_build().into(),
                    (RevisionKey::Date, _) | (_, None) => self.revision.to_string().into(),
                });
            }
            Operand::Documented { selector, take, .. } => {
                let places = selector.at(self.content, self.revision, bound);
                let values = places.iter().filter_map(|p| p.value(take, self.revision)).collect();
                // With a fact of its own the list belongs to that fact.
                match bound {
                    Some(_) => self.keys.push(Some(Value::Array(values))),
                    None => self.values.push(Value::Array(values)),
                }
            }
            Operand::Value(_) | Operand::Row { .. } | Operand::Match { .. } | Operand::Param { .. } => {}
        }
    }

    /// What the makers of tables take from facts of a kind, for rows that the rule looks at.
    fn behind(&mut self, kind: &str, about: &About<'_>) {
        for fact in self.content.facts_of(kind, self.revision).filter(|fact| about.has(fact.entity)) {
            let Some(says) = fact.says else { continue };
            // Groups are looked for by name, whatever its capitals.
            let group = self.content.entity(fact.entity).filter(|e| e.kind == EntityKind::Group);
            let name = group.and_then(|e| e.exported_name(self.revision)).map(str::to_lowercase);
            let statement = self.content.statement(fact.statement).map(|(_, statement)| statement);
            // Who must have the right to start programs is read of the statement, and of no other kind.
            let level = statement.and_then(|s| s.level.at(self.revision));
            let level = level.filter(|_| kind == DcomPermission::KIND).map(|level| format!("{level:?}"));
            self.values.push(json!([fact.entity, name, level, format!("{says:?}")]));
        }
    }

    fn key(&mut self, key: &FactRef, bound: Option<FactPlace<'_>>) {
        if let Some(place) = bound {
            self.keys.push(place.value(key, self.revision));
        }
    }
}

/// All operands of the check of a rule.
struct Operands<'r>(Vec<&'r Operand>);

impl<'r> Operands<'r> {
    fn of(rule: &'r Rule) -> Self {
        let mut out = Self(Vec::new());
        out.tests(rule.check.filter());
        out.tests(rule.check.require());
        if let crate::rules::Check::Group(group) = &rule.check {
            out.0.extend(group.limit.iter().map(|(_, operand)| operand));
        }
        for adjust in &rule.adjust {
            out.tests(&adjust.filter);
        }
        out
    }

    fn tests(&mut self, tests: &'r [Test]) {
        for test in tests {
            match &test.kind {
                TestKind::All(tests) | TestKind::Any(tests) => self.tests(tests),
                TestKind::Not(test) => self.tests(std::slice::from_ref(test)),
                TestKind::Some { join, .. } => self.join(join),
                TestKind::Field { op, .. } => match op {
                    Op::In(values) => self.0.extend(values.iter().map(|(_, operand)| operand)),
                    Op::Has(_, operand)
                    | Op::LessThan(_, operand)
                    | Op::MoreThan(_, operand)
                    | Op::StartsWith(operand)
                    | Op::EndsWith(operand)
                    | Op::HasBits(operand)
                    | Op::HomeOf(operand)
                    | Op::Within(operand) => self.0.push(operand),
                    Op::FoundIn { join, .. } => self.join(join),
                    Op::Matches(_) | Op::Exists(_) | Op::Kind(_) | Op::Scope(_) => {}
                },
            }
        }
    }

    fn join(&mut self, join: &'r Join) {
        self.tests(&join.filter);
    }
}
