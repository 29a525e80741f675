//! Rules against evidence, in three values. Prints nothing.

use crate::content::Date;
use crate::evidence::{TableId, Why};
use crate::rules::{Confidence, Level};
use crate::source::Place;

/// What came out of a run.
#[derive(Debug, Clone)]
pub struct Run {
    /// The revision that was applied.
    pub revision: Date,
    /// What was found, in the order of place, rule and subject.
    pub findings: Vec<Finding>,
    /// What became of each rule, in the order of rule and statements; a rule over documented facts has one
    /// entry a statement.
    pub outcomes: Vec<RuleOutcome>,
}

/// A configuration that breaks a statement.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Id of the rule.
    pub rule: String,
    /// Level in the chosen revision, after adjustment.
    pub level: Level,
    /// How sure it is.
    pub confidence: Confidence,
    /// The statements it breaks: `entity/statement`; empty for hygiene rules.
    pub statements: Vec<String>,
    /// Id of the account or group it is about.
    pub entity: Option<String>,
    /// What it is about: an account, a step, a group on a host.
    pub subject: String,
    /// One line.
    pub message: String,
    /// What to do.
    pub help: String,
    /// A PowerShell line that would mend it, where there is one.
    pub fix: Option<String>,
    /// Where; the first is primary. Empty only where no label has a place.
    pub labels: Vec<Label>,
    /// 16 hexadecimal digits from rule, entity and subject.
    pub fingerprint: String,
}

/// A labelled place.
#[derive(Debug, Clone)]
pub struct Label {
    /// The characters it is about.
    pub place: Place,
    /// The record they stand in: excerpts show nothing beyond it.
    pub record: Place,
    /// What is to be seen there.
    pub text: String,
}

/// What became of a rule.
#[derive(Debug, Clone)]
pub struct RuleOutcome {
    /// Id of the rule.
    pub rule: String,
    /// The statements it was about.
    pub statements: Vec<String>,
    /// What became of it.
    pub outcome: Outcome,
}

/// The values of an outcome.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Looked, holds.
    Pass,
    /// Looked, does not hold.
    Fail,
    /// Could not look.
    NotEvaluated(Open),
    /// Nothing to look at, and why: no row, or not in this revision.
    NotApplicable(String),
}

/// Why a rule could not be evaluated.
#[derive(Debug, Clone)]
pub struct Open {
    /// The first reason, by weight.
    pub why: Why,
    /// One sentence in lower case: what is missing or undecided.
    pub reason: String,
    /// The tables that miss something, in the order of the schema.
    pub tables: Vec<TableId>,
    /// Where it shows, if it shows anywhere.
    pub place: Option<Place>,
}
