//! Rules: when a configuration breaks a statement, as data.
//!
//! A rule file is read as it stands, then checked against the specification and the evidence tables and
//! compiled: afterwards nothing is looked up by name but the keys of documented facts, whose values depend on
//! the revision. The shape of the files is in `rules/README.md`.
//!
//! This module evaluates nothing; that is [`crate::check`]'s business.

mod coverage;
mod example;
mod facts;
mod file;
mod operand;
mod possible;
mod test;
mod text;

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use crate::assets::Assets;
use crate::content::{Content, Date, Timeline, techniques};
use crate::evidence::{Schema, TableId};
use crate::text::{BAD, DOUBT};
use crate::yaml::{Document, File, Problem, Problems, discard, read_all};

pub use coverage::{Coverage, Covered, Totals, coverage, open};
pub use example::{Example, Expect, GivenRow, GivenTable};
pub use facts::{Documented, FactRef, Place as FactPlace, Selector, Wanted};
pub use operand::{Mode, Operand, RevisionKey, TypedError, typed};
pub use test::{Check, Each, Group, Join, Limit, Op, Pattern, Test, TestKind};
pub use text::{Segment, Spot, Text, Which};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Drift, ignored advice, leftovers.
    Warning,
    /// A documented must is broken, or something will not work.
    Error,
}

/// How sure a failure is, given the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Confidence {
    Low,
    Medium,
    High,
}

impl Level {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The colour it has on a terminal.
    pub fn style(self) -> anstyle::Style {
        match self {
            Self::Error => BAD,
            Self::Warning => DOUBT,
            Self::Note => anstyle::AnsiColor::BrightGreen.on_default().bold(),
        }
    }
}

impl Confidence {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// All rules, in the order of their ids.
#[derive(Debug, Default)]
pub struct RuleSet {
    /// The rules. A rule's number is its place here.
    pub rules: Vec<Rule>,
    /// What should be looked at and stops nothing.
    pub warnings: Problems,
}

impl Rule {
    /// Whether it is for a revision at all.
    pub fn runs_at(&self, revision: Date) -> bool {
        self.revisions.0.is_none_or(|from| from <= revision)
            && self.revisions.1.is_none_or(|until| revision <= until)
            && self.level.at(revision).is_some()
    }
}

impl Rule {
    /// Ids of the techniques that it bears on, in the order of its references.
    pub fn techniques(&self) -> impl Iterator<Item = &str> {
        let ids = self.references.iter().flat_map(|reference| match reference {
            Reference::Techniques(ids) => ids.as_slice(),
            Reference::Page { .. } => &[],
        });
        ids.map(String::as_str)
    }
}

impl RuleSet {
    /// The rules that bear on a technique.
    pub fn on_technique(&self, id: &str) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.techniques().any(|technique| technique == id))
    }

    /// The rule of that id or former id.
    pub fn find(&self, id: &str) -> Option<&Rule> {
        let by_id = self.rules.binary_search_by(|r| r.id.as_str().cmp(id)).ok().map(|i| &self.rules[i]);
        by_id.or_else(|| self.rules.iter().find(|r| r.aliases.iter().any(|a| a == id)))
    }
}

/// A checked rule.
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case, names the bad state.
    pub id: String,
    /// Former ids.
    pub aliases: Vec<String>,
    /// The folder it stands in.
    pub group: String,
    /// Its file, for messages.
    pub file: Arc<File>,
    /// One line: the state that is wrong.
    pub title: String,
    /// The statements it enforces, `entity/statement`: those it names, or those of the facts it runs over in any
    /// revision. Empty for rules that have [`Rule::because`] instead.
    pub statements: Vec<String>,
    /// Those of the statements for which it can fail, given what its tables can hold: the ones it enforces.
    pub judges: Vec<String>,
    /// The documented facts it runs over.
    pub documented: Option<Documented>,
    /// Why it exists although no statement says it.
    pub because: Option<String>,
    /// In what it goes beyond the documents.
    pub derived: Option<String>,
    /// The newest revision its author has read.
    pub reviewed: Date,
    /// First and last revision it is for, where it says so.
    pub revisions: (Option<Date>, Option<Date>),
    /// How bad it is, by revision; where it has no level it does not run.
    pub level: Timeline<Level>,
    /// How sure a finding is.
    pub confidence: Confidence,
    /// The tables it reads, in the order of the schema.
    pub evidence: Vec<TableId>,
    /// Whether one of them holds the titles that the chosen revision has.
    pub reads_titles: bool,
    /// The kinds of documented facts that rows of them come from, sorted.
    pub reads_facts: Vec<String>,
    /// Named values.
    pub params: Vec<Param>,
    /// What must hold.
    pub check: Check,
    /// When a finding is better or worse than usual.
    pub adjust: Vec<Adjust>,
    /// Numbers of the rules it gives way to.
    pub yields_to: Vec<usize>,
    /// What a finding is about, where that is not the key of the row.
    pub subject: Option<Text>,
    /// One line.
    pub message: Text,
    /// What `{reason}` stands for when a named test fails.
    pub reasons: Vec<(String, Text)>,
    /// Where; the first is primary.
    pub labels: Vec<LabelText>,
    /// What to do: Markdown.
    pub help: String,
    /// A PowerShell line that would mend it.
    pub fix: Option<Fix>,
    /// Where else to read.
    pub references: Vec<Reference>,
    /// Its unit tests.
    pub examples: Vec<Example>,
}

/// A named value of a rule.
#[derive(Debug, Clone)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// A scalar or a list of scalars.
    pub value: serde_json::Value,
    /// What it is.
    pub help: String,
}

/// Another level or confidence for rows for which tests hold.
#[derive(Debug)]
pub struct Adjust {
    /// All must be true.
    pub filter: Vec<Test>,
    /// The level then.
    pub level: Option<Level>,
    /// The confidence then.
    pub confidence: Option<Confidence>,
    /// Why a finding is less sure then: half a sentence or more.
    pub doubt: Option<String>,
}

/// A label of the findings of a rule.
#[derive(Debug)]
pub struct LabelText {
    /// Where it stands.
    pub at: Spot,
    /// What it says.
    pub text: Text,
    /// Whether it is the primary one.
    pub primary: bool,
}

/// Remediation that is printed and never run.
#[derive(Debug)]
pub struct Fix {
    /// The command.
    pub powershell: Text,
    /// The computer to run it on.
    pub on: Option<Text>,
}

/// Where else to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// Ids of attack techniques and defences: `PREVENT-10`, `T1078`.
    Techniques(Vec<String>),
    /// A page.
    Page {
        /// Its address.
        url: String,
        /// Its title.
        title: String,
    },
}

impl Reference {
    /// Title and address of each page it points to.
    pub(crate) fn links(&self) -> Vec<(String, String)> {
        match self {
            Self::Techniques(ids) => ids
                .iter()
                .map(|id| (format!("{}: {id}", techniques::collection(id)), techniques::address(id)))
                .collect(),
            Self::Page { url, title } => vec![(title.clone(), url.clone())],
        }
    }
}

/// Reads and checks all rule files.
///
/// # Errors
/// With all mistakes of all files, in the order of path and position, if there is one that is not a warning.
/// A folder that cannot be read is a problem of a file of its name.
pub fn compile(assets: &Assets, content: &Content, schema: &Schema) -> Result<RuleSet, Problems> {
    let mut problems = Problems::new();
    let documents = read_all(assets, |_| true, &mut problems);
    // What is built in has been compiled by the tests; what is given instead is checked to the last pattern.
    let patterns = matches!(assets, Assets::Folder(_));
    let compiled = compile_all(&documents, content, schema, patterns, problems);
    discard(documents);
    compiled
}

/// Checks rule files that have been read; `patterns` says whether regular expressions are compiled at once.
fn compile_all(
    documents: &[Document],
    content: &Content,
    schema: &Schema,
    patterns: bool,
    mut problems: Problems,
) -> Result<RuleSet, Problems> {
    let parts: Vec<(Option<file::Loaded>, Problems)> = documents
        .par_iter()
        .map(|document| {
            let mut problems = Problems::new();
            let rule = file::read(document, content, schema, patterns, &mut problems);
            (rule, problems)
        })
        .collect();
    let mut loaded = Vec::new();
    for (rule, part) in parts {
        problems.extend(part);
        loaded.extend(rule);
    }
    loaded.sort_by(|a, b| a.rule.id.cmp(&b.rule.id).then_with(|| a.rule.file.path.cmp(&b.rule.file.path)));
    join(&mut loaded, &mut problems);
    for one in &mut loaded {
        one.rule.judges = possible::judged(&one.rule, content, schema);
    }
    vain(&loaded, &mut problems);
    let rules = loaded.into_iter().map(|l| l.rule).collect();
    let (rules, warnings) = problems.or_value(rules)?;
    Ok(RuleSet { rules, warnings })
}

/// Warns of rules that never fail for a statement, whatever is exported. Where another rule judges it, a rule over all
/// facts of a kind need not.
fn vain(loaded: &[file::Loaded], problems: &mut Problems) {
    let judged: HashSet<&str> = loaded.iter().flat_map(|one| &one.rule.judges).map(String::as_str).collect();
    for one in loaded {
        let rule = &one.rule;
        let vain: Vec<&str> = (rule.statements.iter().map(String::as_str))
            .filter(|s| !judged.contains(s) || rule.judges.is_empty())
            .collect();
        if vain.is_empty() {
            continue;
        }
        problems.push(
            Problem::warning(
                &rule.file,
                one.id_span.clone(),
                format!("the rule can never fail for `{}`", vain.join("`, `")),
            )
            .label("its tables hold no such row, whatever is exported")
            .help(
                "let the facts it is bound to be fewer, or let a table tell of them: `content/evidence.yaml`",
            ),
        );
    }
}

/// What one rule says of others: ids are unique, and `yields_to` names rules and runs in no circle.
fn join(loaded: &mut [file::Loaded], problems: &mut Problems) {
    let mut names: Vec<(String, usize, Range<usize>)> = Vec::new();
    for (i, one) in loaded.iter().enumerate() {
        names.push((one.rule.id.clone(), i, one.id_span.clone()));
        for (alias, span) in one.rule.aliases.iter().zip(&one.alias_spans) {
            names.push((alias.clone(), i, span.clone()));
        }
    }
    names.sort_by(|a, b| (&a.0, a.1, a.2.start).cmp(&(&b.0, b.1, b.2.start)));
    for pair in names.windows(2) {
        if let [a, b] = pair
            && a.0 == b.0
        {
            let (first, second) = (&loaded[a.1].rule.file, &loaded[b.1].rule.file);
            problems.push(Problem::error(second, b.2.clone(), format!("the id `{}` is taken", b.0)).related(
                first,
                a.2.clone(),
                "first used here",
            ));
        }
    }
    for one in loaded.iter_mut() {
        let mut to = Vec::new();
        for (id, span) in std::mem::take(&mut one.yields_to) {
            match names.iter().find(|(name, _, _)| *name == id) {
                Some((_, j, _)) => to.push((*j, span)),
                None => problems.push(Problem::unknown_name(
                    &one.rule.file,
                    span,
                    "rule",
                    &id,
                    names.iter().map(|(name, _, _)| name.as_str()),
                )),
            }
        }
        one.rule.yields_to = to.iter().map(|(j, _)| *j).collect();
        one.yield_spans = to.into_iter().map(|(_, span)| span).collect();
    }
    // A circle is reported at the rule of it that comes first.
    for i in 0..loaded.len() {
        let mut stack: Vec<usize> = loaded[i].rule.yields_to.clone();
        let mut seen = vec![false; loaded.len()];
        while let Some(j) = stack.pop() {
            if j == i {
                let span = loaded[i].yield_spans.first().cloned().unwrap_or_default();
                if (0..i).all(|k| !seen[k]) {
                    problems.push(Problem::error(
                        &loaded[i].rule.file,
                        span,
                        format!(
                            "`{}` gives way to itself, by way of the rules it yields to",
                            loaded[i].rule.id
                        ),
                    ));
                }
                break;
            }
            if !std::mem::replace(&mut seen[j], true) {
                stack.extend(&loaded[j].rule.yields_to);
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
