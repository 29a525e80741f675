//! Rules against evidence, in three values.
//!
//! A rule is bound to the chosen revision (and, one by one, to the documented facts it runs over), then every row
//! of its table is judged: [`run`] gives findings and, for every rule, what became of it. Evidence that is missing
//! is never a pass. `example` and [`examples`] run the rules on the evidence in their own files.
//!
//! This module prints nothing and decides nothing about waivers, formats or exit codes.

mod bind;
mod eval;
mod example;
mod finding;
mod fit;
mod group;
mod names;
mod open;
mod rows;
mod supposed;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use crate::content::{Content, Date};
use crate::estate::{self, Shared};
use crate::evidence::{Evidence, Identities, Schema, TableId, Why, table};
use crate::isolate::isolated;
use crate::rules::{Check, Confidence, Level, Rule, RuleSet};
use crate::source::Place;

use bind::Binding;
use finding::{Ranked, Writer};
use names::Spellings;
use open::{About, Cause, Causes};
use rows::Verdict;

pub(crate) use finding::fingerprint;

pub use example::{example, example_at, examples, messages as example_messages};

/// What a run can be told.
#[derive(Debug, Clone)]
pub struct Options {
    /// The revision whose statements count.
    pub revision: Date,
    /// The revision was taken for want of a better one: no export tells the build of a site.
    pub supposed: bool,
    /// Ids of the rules to run; none for all.
    pub only: Option<HashSet<String>>,
}

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
    /// What makes it less sure than most, as half a sentence or more, where that is known.
    pub doubt: Option<String>,
    /// The statements it breaks: `entity/statement`; empty for hygiene rules.
    pub statements: Vec<String>,
    /// Id of the account or group it is about.
    pub entity: Option<String>,
    /// What it is about: an account, a step, a group on a host.
    pub subject: String,
    /// The accounts it is about, each once and in one spelling throughout the run.
    pub accounts: Vec<String>,
    /// The computers it is about, likewise.
    pub hosts: Vec<String>,
    /// One line.
    pub message: String,
    /// What to do.
    pub help: String,
    /// A PowerShell line that would mend it, where there is one.
    pub fix: Option<String>,
    /// Where; the first is primary. Empty only where no label has a place.
    pub labels: Vec<Label>,
    /// How many of the labels, the last ones, are further places of which the same is said.
    pub again: usize,
    /// 16 hexadecimal digits from rule, entity and subject.
    pub fingerprint: String,
    /// What is said of it after the run.
    pub remarks: Remarks,
}

/// What configuration, waivers and a baseline say of a finding. A run itself says nothing of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks {
    /// The level that the rule gave, and why it has another.
    pub rule_level: Option<(Level, String)>,
    /// The last days of waivers that would hide it, had they not run out.
    pub lapsed: Vec<Date>,
    /// How it stands to the baseline; none without one.
    pub baseline: Option<Baseline>,
}

/// How a finding stands to a baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// The baseline has it not.
    New,
    /// The baseline has it, at the same level or a higher one.
    Unchanged,
    /// The baseline has it at a lower level.
    Updated,
}

impl Baseline {
    /// The word for it in machine formats.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Unchanged => "unchanged",
            Self::Updated => "updated",
        }
    }
}

impl Finding {
    /// Whether it counts: the baseline does not have it as it is.
    pub fn counts(&self) -> bool {
        self.remarks.baseline != Some(Baseline::Unchanged)
    }
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
    /// Whether the place is that of a value, and not of the record as a whole.
    pub is_value: bool,
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
    /// It is broken, and some of what it looks at could not be judged: who finds nothing of a thing there does not know that
    /// it holds.
    pub incomplete: bool,
}

/// The values of an outcome.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Looked, holds.
    Pass,
    /// Looked, does not hold.
    Fail,
    /// Looked, does not hold, and every finding of it is waived.
    Waived,
    /// Could not look.
    NotEvaluated(Open),
    /// Nothing to look at, and why: no row, or not in this revision.
    NotApplicable(String),
    /// The rule itself broke, which is a fault of this program.
    Error(String),
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
    /// The computers of which something is missing, where rows tell them.
    pub hosts: Vec<String>,
    /// Where it shows, if it shows anywhere.
    pub place: Option<Place>,
}

/// Runs the rules. The result is the same for any number of threads.
pub fn run(
    rules: &RuleSet,
    content: &Content,
    schema: &Schema,
    evidence: &Evidence,
    options: &Options,
) -> Run {
    let evidence = fit::fit(content, schema, evidence, options.revision);
    let evidence = &*evidence;
    let only = |rule: &Rule| options.only.as_ref().is_none_or(|only| only.contains(&rule.id));
    let rules_of: Vec<(usize, &Rule)> =
        rules.rules.iter().enumerate().filter(|(_, rule)| only(rule)).collect();
    let (outcomes, ranked) = judge_all(&rules_of, content, schema, evidence, &[], options);
    Run { revision: options.revision, findings: settle(rules, ranked), outcomes }
}

impl Outcome {
    /// Which of the outcomes of one rule in several estates stands for it: the heaviest.
    fn weight(&self) -> u8 {
        match self {
            Self::NotApplicable(_) => 0,
            Self::Pass => 1,
            Self::NotEvaluated(_) => 2,
            Self::Waived => 3,
            Self::Fail => 4,
            Self::Error(_) => 5,
        }
    }
}

impl Run {
    /// What came out of this and other runs of the same rules over estates that have nothing to do with each other. A rule
    /// that is broken in one is broken; one that could not be evaluated in one does not hold.
    pub fn and(mut self, others: impl IntoIterator<Item = Self>) -> Self {
        let out = &mut self;
        for run in others {
            out.findings.extend(run.findings);
            for own in run.outcomes {
                // A rule that broke has one outcome where it would have one a statement.
                let same = |row: &&mut RuleOutcome| row.rule == own.rule && row.statements == own.statements;
                match out.outcomes.iter_mut().find(same) {
                    Some(all) => all.join(own),
                    None => out.outcomes.push(own),
                }
            }
        }
        let place = |finding: &Finding| finding.labels.first().map(|label| label.place);
        out.findings.sort_by_key(|finding| (place(finding).is_none(), place(finding)));
        // What is in files that all share is found in each.
        let key = |finding: &Finding| (finding.fingerprint.clone(), place(finding), finding.subject.clone());
        let mut seen = HashSet::new();
        out.findings.retain(|finding| seen.insert(key(finding)));
        self
    }
}

impl RuleOutcome {
    fn new(rule: &Rule, statements: &[String], outcome: Outcome) -> Self {
        Self { rule: rule.id.clone(), statements: statements.to_vec(), outcome, incomplete: false }
    }

    /// Takes in what became of the same rule in another estate.
    fn join(&mut self, other: Self) {
        let open = |row: &Self| row.incomplete || matches!(row.outcome, Outcome::NotEvaluated(_));
        let incomplete = open(self) || open(&other);
        if other.outcome.weight() > self.outcome.weight() {
            *self = other;
        }
        self.incomplete = incomplete && matches!(self.outcome, Outcome::Fail);
    }
}

/// Judges rules, first by what is proven; those that leave something open once more by what suggests itself.
fn judge_all(
    rules: &[(usize, &Rule)],
    content: &Content,
    schema: &Schema,
    evidence: &Evidence,
    given: &[TableId],
    options: &Options,
) -> Judged {
    let ids = Identities::build(schema, evidence);
    // Gone before the second run makes its own: tables that are made from others are most of the memory of a run.
    let mut results: Vec<Judged> = {
        let shared = estate::of(content, schema, evidence, &ids, options.revision, given);
        let judge = |&(number, rule): &(usize, &Rule)| {
            let (mut outcomes, ranked) = guarded(rule, || judge(&shared, number, rule));
            if options.supposed {
                outcomes.iter_mut().for_each(|outcome| doubt(&shared, rule, outcome));
            }
            (outcomes, ranked)
        };
        rules.par_iter().map(judge).collect()
    };
    if let Some(supposing) = ids.into_supposing(schema, evidence) {
        let shared = estate::of(content, schema, evidence, &supposing, options.revision, given);
        results.par_iter_mut().zip(rules).for_each(|(first, &(number, rule))| {
            if supposed::may_tell_more(first) {
                supposed::add(first, guarded(rule, || judge(&shared, number, rule)), &supposing);
            }
        });
    }
    let mut all: Judged = (Vec::new(), Vec::new());
    for (outcomes, ranked) in results {
        all.0.extend(outcomes);
        all.1.extend(ranked);
    }
    all
}

/// That a rule does not apply is not known where a site of another build would be held to another revision, in which it
/// may.
fn doubt(shared: &Shared<'_>, rule: &Rule, row: &mut RuleOutcome) {
    let applies = |revision: Date| {
        rule.runs_at(revision)
            && rule.statements.iter().all(|statement| bind::makes(shared.content, statement, revision))
    };
    let builds = shared.content.revisions.iter().filter(|revision| revision.builds.is_some());
    if matches!(row.outcome, Outcome::NotApplicable(_))
        && !builds.map(|revision| revision.date).all(applies)
        && let Some(table) = shared.schema.id(table::SITES)
    {
        let about = About::Thing("the build of a site, which tells what it is held to".into());
        let mut causes = Causes::default();
        causes.add([Cause { why: Why::NotExported, table, about, place: None }]);
        row.outcome = Outcome::NotEvaluated(causes.into_open(shared));
    }
}

/// Runs one rule by itself; what it yields to is left out. The tables `given` are not made from others.
fn run_alone(
    rule: &Rule,
    content: &Content,
    schema: &Schema,
    evidence: &Evidence,
    given: &[TableId],
    options: &Options,
) -> Run {
    let (outcomes, ranked) = judge_all(&[(0, rule)], content, schema, evidence, given, options);
    Run { revision: options.revision, findings: settle(&RuleSet::default(), ranked), outcomes }
}

/// Runs a rule; if it breaks, that is its outcome and stops no other.
fn guarded(rule: &Rule, judge: impl FnOnce() -> Judged) -> Judged {
    isolated(judge).unwrap_or_else(|fault| {
        let outcome = Outcome::Error(fault.text("evaluating it"));
        (vec![RuleOutcome::new(rule, &rule.statements, outcome)], Vec::new())
    })
}

impl Finding {
    /// Takes in another finding of the same rule on the same subject. `places` are those of its labels.
    fn join(&mut self, other: Self, places: &mut HashSet<Place>) {
        let spelling = |finding: &Self| {
            (finding.subject.chars().count(), finding.subject.to_lowercase(), finding.subject.clone())
        };
        if other.fingerprint != self.fingerprint && spelling(&other) < spelling(self) {
            self.subject.clone_from(&other.subject);
            self.fingerprint.clone_from(&other.fingerprint);
            self.message.clone_from(&other.message);
            self.fix.clone_from(&other.fix);
        }
        self.level = self.level.max(other.level);
        if other.confidence > self.confidence {
            self.confidence = other.confidence;
            self.doubt = other.doubt;
        }
        for (own, others) in [(&mut self.accounts, other.accounts), (&mut self.hosts, other.hosts)] {
            for name in others {
                if !own.contains(&name) {
                    own.push(name);
                }
            }
        }
        for statement in other.statements {
            if !self.statements.contains(&statement) {
                self.statements.push(statement);
            }
        }
        if let Some(label) = other.labels.into_iter().next()
            && places.insert(label.place)
        {
            let text = match self.labels.first() {
                Some(first) if first.text == label.text => "and here".to_owned(),
                _ => format!("also here: {}", label.text),
            };
            self.labels.push(Label { text, ..label });
            self.again += 1;
        }
    }
}

/// What became of a rule, one entry a statement for rules over documented facts, and its findings.
type Judged = (Vec<RuleOutcome>, Vec<Ranked>);

/// What becomes of a rule. A table that lacks what the program asks of it is no evidence.
fn judge(shared: &Shared<'_>, number: usize, rule: &Rule) -> Judged {
    let judged = judge_rule(shared, number, rule);
    match shared.fault_of(&rule.evidence) {
        None => judged,
        Some(fault) => (vec![RuleOutcome::new(rule, &rule.statements, Outcome::Error(fault))], Vec::new()),
    }
}

fn judge_rule(shared: &Shared<'_>, number: usize, rule: &Rule) -> Judged {
    let revision = shared.revision;
    let outcome = |statements: &[String], outcome: Outcome| RuleOutcome::new(rule, statements, outcome);
    let made: Vec<&String> =
        rule.statements.iter().filter(|s| bind::makes(shared.content, s, revision)).collect();
    let absent = if rule.revisions.0.is_some_and(|from| revision < from) {
        Some(format!("the rule is not for revisions as old as {revision}"))
    } else if rule.revisions.1.is_some_and(|until| revision > until) {
        Some(format!("the rule is not for revisions as new as {revision}"))
    } else if rule.level.at(revision).is_none() {
        Some(format!("the rule has no level in revision {revision}"))
    } else if made.is_empty() && !rule.statements.is_empty() && rule.documented.is_none() {
        Some(format!("not in revision {revision}"))
    } else {
        None
    };
    let Some(documented) = &rule.documented else {
        if let Some(reason) = absent {
            return (vec![outcome(&rule.statements, Outcome::NotApplicable(reason))], Vec::new());
        }
        let statements: Vec<String> = made.into_iter().cloned().collect();
        let verdict = evaluate(Binding { shared, rule, fact: None }, number, &statements);
        let (result, findings) = finish(shared, rule, &statements, verdict);
        return (vec![result], findings);
    };
    let facts = documented.selector.at(shared.content, revision, None);
    let mut outcomes = Vec::new();
    let mut findings = Vec::new();
    for statement in &rule.statements {
        let own = std::slice::from_ref(statement);
        if let Some(reason) = &absent {
            outcomes.push(outcome(own, Outcome::NotApplicable(reason.clone())));
            continue;
        }
        if !rule.judges.contains(statement) {
            let reason = "the tables of the rule never hold what it would look for";
            outcomes.push(outcome(own, Outcome::NotApplicable(reason.to_owned())));
            continue;
        }
        let mut verdict: Option<Verdict> = None;
        for fact in facts.iter().filter(|f| f.statement.reference == *statement) {
            let one = evaluate(Binding { shared, rule, fact: Some(*fact) }, number, own);
            match &mut verdict {
                None => verdict = Some(one),
                Some(all) => all.merge(one),
            }
        }
        match verdict {
            Some(verdict) => {
                let (result, more) = finish(shared, rule, own, verdict);
                outcomes.push(result);
                findings.extend(more);
            }
            None => {
                outcomes.push(outcome(own, Outcome::NotApplicable(format!("not in revision {revision}"))));
            }
        }
    }
    (outcomes, findings)
}

/// Judges the rows of a rule under one binding.
fn evaluate(binding: Binding<'_>, number: usize, statements: &[String]) -> Verdict {
    let rule = binding.rule;
    let filter = binding.tests(rule.check.filter());
    let require = binding.tests(rule.check.require());
    // Every test belongs to statements that the revision does not make.
    if require.is_empty() && !rule.check.require().is_empty() {
        return Verdict::default();
    }
    let adjust: Vec<_> = rule.adjust.iter().map(|a| binding.tests(&a.filter)).collect();
    let writer = Writer { binding, number, filter: &filter, require: &require, adjust: &adjust, statements };
    match &rule.check {
        Check::Each(each) => rows::each(binding, each, &filter, &require, &writer),
        Check::Group(group) => group::group(binding, group, &filter, &require, &writer),
    }
}

fn finish(
    shared: &Shared<'_>,
    rule: &Rule,
    statements: &[String],
    verdict: Verdict,
) -> (RuleOutcome, Vec<Ranked>) {
    let incomplete = !verdict.findings.is_empty() && verdict.open.is_some();
    let outcome = if !verdict.findings.is_empty() {
        Outcome::Fail
    } else if let Some(causes) = verdict.open {
        Outcome::NotEvaluated(causes.into_open(shared))
    } else if verdict.passed > 0 {
        Outcome::Pass
    } else if let Some(causes) = verdict.idle {
        Outcome::NotEvaluated(causes.into_open(shared))
    } else {
        let table = rule.check.table();
        let name = shared.schema.tables.get(table).map_or("?", |t| t.name.as_str());
        Outcome::NotApplicable(if shared.table(table).rows.is_empty() {
            format!("the exports hold no `{name}`")
        } else {
            format!("no row of `{name}` is concerned")
        })
    };
    (RuleOutcome { incomplete, ..RuleOutcome::new(rule, statements, outcome) }, verdict.findings)
}

/// Rule, documented account, and what the finding is about by identity.
type Subject = (usize, Option<String>, String);

/// Drops the findings that give way to others, joins those that say the same, and puts them in order.
fn settle(rules: &RuleSet, mut ranked: Vec<Ranked>) -> Vec<Finding> {
    // What is proven does not give way to what is only supposed.
    let mut subjects: HashMap<(usize, bool), HashSet<&str>> = HashMap::new();
    for one in &ranked {
        subjects.entry((one.rule, one.supposed)).or_default().insert(&one.same_subject);
    }
    let stays: Vec<bool> = ranked
        .iter()
        .map(|one| {
            let winners = rules.rules.get(one.rule).map_or(&[][..], |r| &r.yields_to);
            let wins = |rule: usize, supposed: bool| {
                subjects.get(&(rule, supposed)).is_some_and(|s| s.contains(one.same_subject.as_str()))
            };
            !winners.iter().any(|w| wins(*w, false) || one.supposed && wins(*w, true))
        })
        .collect();
    let mut stays = stays.into_iter();
    ranked.retain(|_| stays.next().unwrap_or(true));
    let spellings = Spellings::of(ranked.iter().flat_map(|one| &one.names));
    for one in &mut ranked {
        let names = std::mem::take(&mut one.names);
        (one.finding.accounts, one.finding.hosts) = spellings.apart(names);
    }
    // Findings without a place come last.
    ranked.sort_by(|a, b| {
        (a.place.is_none(), a.place, a.rule, &a.finding.subject, &a.finding.statements, &a.finding.message)
            .cmp(&(
                b.place.is_none(),
                b.place,
                b.rule,
                &b.finding.subject,
                &b.finding.statements,
                &b.finding.message,
            ))
    });
    // What one rule says of one subject is one finding, in as many places as it takes. Of several spellings of the
    // subject the shortest stands for it, whatever the order of the exports.
    let mut out: Vec<Finding> = Vec::new();
    let mut seen: HashMap<Subject, (usize, HashSet<Place>)> = HashMap::new();
    for one in ranked {
        let finding = one.finding;
        match seen.entry((one.rule, finding.entity.clone(), one.same_subject)) {
            Entry::Occupied(mut first) => {
                let (number, places) = first.get_mut();
                out[*number].join(finding, places);
            }
            Entry::Vacant(first) => {
                first.insert((out.len(), finding.labels.iter().map(|label| label.place).collect()));
                out.push(finding);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests;
