//! What came out of a run, for people and for programs; one file a format.
//!
//! A format only writes down what it is given: it decides nothing, reads no files and knows no command line.
//! Places in exports come as [`Spot`]s, already turned into lines, columns and masked excerpts, so that every
//! format shows the same numbers and none can show a secret.

use std::collections::BTreeMap;

use crate::check::{Finding, Outcome, Run};
use crate::content::{Content, Date, Revision};
use crate::evidence::{Schema, TableId, Why};
use crate::reader::Status;
use crate::rules::RuleSet;
use crate::source::Excerpt;
use crate::text::{count, harmless, list};
use crate::waive::{Hidden, Waived};

use document::Document;

mod azure;
mod concise;
mod csv;
mod document;
mod github;
mod gitlab;
mod html;
mod human;
mod json;
mod junit;
mod markdown;
mod ndjson;
mod plain;
mod sarif;

pub(crate) use json::escaped;

/// The formats of `cmlint check`; `docs/formats.md` says what each is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Excerpts and a summary, for reading.
    Human,
    /// One line a finding.
    Concise,
    /// One page, for reading and printing.
    Html,
    /// For a comment on a pull request, or a wiki.
    Markdown,
    /// A table for spreadsheets.
    Csv,
    /// Everything, for programs; `docs/report.schema.json` describes it.
    Json,
    /// The same as one object a line; `docs/report-lines.schema.json` describes it.
    Ndjson,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit XML.
    Junit,
    /// Workflow commands of GitHub Actions.
    Github,
    /// A code quality artifact of GitLab.
    Gitlab,
    /// Logging commands of Azure Pipelines.
    Azure,
}

impl Format {
    /// All of them, those for people first.
    pub const ALL: [Self; 12] = [
        Self::Human,
        Self::Concise,
        Self::Html,
        Self::Markdown,
        Self::Csv,
        Self::Json,
        Self::Ndjson,
        Self::Sarif,
        Self::Junit,
        Self::Github,
        Self::Gitlab,
        Self::Azure,
    ];

    /// How many characters of a line an excerpt shows, given the columns there are to write in; 0 if there are none.
    pub fn excerpt_width(self, columns: usize) -> usize {
        match self {
            // Room for line numbers and frames.
            Self::Human => columns.saturating_sub(12),
            Self::Html => 110,
            _ => 0,
        }
    }
}

/// What findings are put together by in the report for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupBy {
    /// What is wrong.
    #[default]
    Rule,
    /// The accounts that findings are about.
    Account,
    /// The computers that findings are about.
    Host,
}

/// The command that gathers what is missing, for the estate that the exports are of.
#[derive(Debug, Clone, Default)]
pub struct Collector {
    /// Lines of PowerShell that run the script, one a hierarchy.
    pub lines: Vec<String>,
    /// Whether the script fills a table of the schema.
    pub filled: Vec<bool>,
}

impl Collector {
    /// Whether the script fills a table.
    pub fn fills(&self, table: TableId) -> bool {
        self.filled.get(table).copied().unwrap_or(false)
    }
}

/// A finding and its places.
pub type Found<'a> = (&'a Finding, &'a [Spot]);

/// Everything a format may show.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// The specification.
    pub content: &'a Content,
    /// The evidence tables.
    pub schema: &'a Schema,
    /// The rules.
    pub rules: &'a RuleSet,
    /// What was given, in the order it was read.
    pub inputs: &'a [Input],
    /// Why this revision was applied, as half a sentence: "it is the newest".
    pub revision_reason: &'a str,
    /// The hierarchies that the exports are of, where they are of several: each was judged by itself.
    pub hierarchies: &'a [Hierarchy],
    /// What came out.
    pub run: &'a Run,
    /// The places of each finding, in the order of [`Run::findings`]; the first of each is primary.
    pub spots: &'a [Vec<Spot>],
    /// What waivers hide, and how each of them stands.
    pub waived: &'a Waived,
    /// The places of each hidden finding, in the order of [`Waived::hidden`].
    pub waived_spots: &'a [Vec<Spot>],
    /// How the run stands to a baseline, in words.
    pub baseline: Option<&'a str>,
    /// The configuration that was applied.
    pub configuration: Option<&'a Configuration>,
    /// The day it bears, if it is to bear one.
    pub created: Option<Date>,
    /// Where it shows that a rule could not be evaluated, one for each of [`Run::outcomes`]: path, line, column.
    pub open_places: &'a [Option<(String, u64, u64)>],
    /// Whether a table of the schema is in no export at all.
    pub absent: &'a [bool],
    /// Names of the estate are pseudonyms.
    pub masked: bool,
    /// The exit code of the run.
    pub exit: u8,
    /// How many columns there are to write in.
    pub columns: usize,
    /// Show every finding with an excerpt, every rule and its outcome, all that is missing.
    pub verbose: bool,
    /// Show findings and nothing else.
    pub quiet: bool,
    /// What findings are put together by.
    pub group_by: GroupBy,
    /// The website that rules are linked to, where the terminal knows links.
    pub site: Option<&'a str>,
    /// What gathers what is missing.
    pub collector: &'a Collector,
}

/// A configuration that was applied.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Configuration {
    /// Its path, as it is shown.
    pub path: String,
    /// What it switches off: rules, groups of rules, accounts, groups, statements.
    pub off: Vec<String>,
}

/// One of several hierarchies.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Hierarchy {
    /// Code of its top site.
    pub site: String,
    /// The server of that site.
    pub server: String,
    /// Paths of the inputs that were read as its.
    pub inputs: Vec<String>,
}

/// What became of an input.
#[derive(Debug, Clone)]
pub struct Input {
    /// Its path, as it is shown.
    pub path: String,
    /// Name of its shape, if it was recognised.
    pub format: Option<&'static str>,
    /// Name of its encoding, if it could be opened.
    pub encoding: Option<&'static str>,
    /// How many objects it holds.
    pub records: u64,
    /// How far it was read.
    pub status: Status,
    /// What to know of it, each with line and column where it has a place.
    pub notes: Vec<(Option<(u64, u64)>, String)>,
}

impl Input {
    /// Whether it could not be read, or not to its end.
    pub fn is_faulty(&self) -> bool {
        matches!(self.status, Status::Unreadable | Status::Partial | Status::Error)
    }
}

/// A labelled place, ready to be shown.
#[derive(Debug, Clone)]
pub struct Spot {
    /// The file.
    pub path: String,
    /// First line, from 1.
    pub line: u64,
    /// First column in characters, from 1.
    pub column: u64,
    /// Line of the last character.
    pub end_line: u64,
    /// One past the last column.
    pub end_column: u64,
    /// What is to be seen there.
    pub label: String,
    /// Whether the finding is about this place; the others explain it.
    pub primary: bool,
    /// The line it begins on and, of a longer place, the next few and the last; masked, and cut to what may be
    /// shown. Empty if nothing is.
    pub excerpts: Vec<Excerpt>,
}

/// The word for how far an input was read.
fn status_word(status: Status) -> &'static str {
    match status {
        Status::Read => "read",
        Status::Partial => "partial",
        Status::Unrecognised => "unrecognised",
        Status::Unreadable => "unreadable",
        Status::Error => "error",
    }
}

/// Writes a report in a format, colours included.
pub fn write(report: &Report<'_>, format: Format) -> String {
    // Formats that say how a finding stands to a baseline have all; the others have those that count.
    let all = matches!(format, Format::Json | Format::Ndjson | Format::Sarif);
    let document = || Document::of(report, all);
    match format {
        Format::Human => human::write(report),
        Format::Concise => concise::write(report),
        Format::Html => html::write(&document(), report),
        Format::Markdown => markdown::write(&document(), report),
        Format::Csv => csv::write(&document()),
        Format::Json => json::pretty(&document()),
        Format::Ndjson => ndjson::write(&document()),
        Format::Sarif => sarif::write(&document(), report),
        Format::Junit => junit::write(&document(), report),
        Format::Github => github::write(&document()),
        Format::Gitlab => gitlab::write(&document()),
        Format::Azure => azure::write(&document()),
    }
}

/// What configuration, waivers and a baseline say of a finding: a title and a sentence each.
fn remarks(finding: &Finding) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    if let Some((level, why)) = &finding.remarks.rule_level {
        out.push(("level", format!("{} by the rule; {why}", level.name())));
    }
    if let Some(last) = finding.remarks.lapsed.iter().max() {
        out.push(("waiver", format!("the waiver of this ran out on {last}")));
    }
    out
}

/// What waivers and a baseline left out of the findings, and what is to be done about them: a title and lines each.
fn asides(report: &Report<'_>) -> Vec<(&'static str, Vec<String>)> {
    let mut out = Vec::new();
    if let Some(summary) = report.waived.summary() {
        let notes = report.waived.notes().into_iter().map(|(_, note)| note);
        let told = report.waived.told(report.verbose);
        out.push(("waivers", std::iter::once(summary).chain(notes).chain(told).collect()));
    }
    if let Some(baseline) = report.baseline {
        out.push(("baseline", vec![baseline.to_owned()]));
    }
    if let Some(Configuration { path, off }) = report.configuration {
        let off = if off.is_empty() { String::new() } else { format!(": {} off", list(off)) };
        out.push(("settings", vec![format!("{}{off}", harmless(path))]));
    }
    out
}

/// How many rules ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Looked, holds.
    pub pass: usize,
    /// Looked, does not hold.
    pub fail: usize,
    /// Looked, does not hold, all findings waived.
    pub waived: usize,
    /// Could not look.
    pub not_evaluated: usize,
    /// Nothing to look at.
    pub not_applicable: usize,
    /// The rule itself broke.
    pub error: usize,
}

/// What a set of missing tables keeps from being checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingExport<'a> {
    /// The line that collects it.
    pub collect: &'a str,
    /// The tables it would fill and that are missed.
    pub tables: Vec<TableId>,
    /// Rules that cannot be evaluated without it.
    pub rules: Vec<&'a str>,
    /// How many statements these are about.
    pub statements: usize,
}

impl<'a> Report<'a> {
    /// That the exports are of several hierarchies, if they are: what has to be known before anything else.
    fn several(&self) -> Option<String> {
        let of = |of: &Hierarchy| {
            let server =
                if of.server.is_empty() { String::new() } else { format!(" on {}", harmless(&of.server)) };
            let files = count(of.inputs.len(), "file", "files");
            format!("{}{server} with {files}", harmless(&of.site))
        };
        let all: Vec<String> = self.hierarchies.iter().map(of).collect();
        (!all.is_empty()).then(|| {
            format!(
                "these are exports of {} hierarchies, and each is judged by itself: {}",
                all.len(),
                list(&all)
            )
        })
    }

    /// The applied revision as the specification describes it.
    pub fn revision(&self) -> Option<&'a Revision> {
        self.content.revision(self.run.revision)
    }

    /// Findings with their places, by file and position; those without a place come last.
    pub fn findings(&self) -> Vec<Found<'a>> {
        self.in_order(self.run.findings.iter().zip(self.spots.iter().map(Vec::as_slice)).collect())
    }

    /// As [`Report::findings`], those that count: a baseline does not have them.
    pub fn counting(&self) -> Vec<Found<'a>> {
        let mut all = self.findings();
        all.retain(|(finding, _)| finding.counts());
        all
    }

    /// As [`Report::findings`], those that waivers hide.
    pub fn hidden(&self) -> Vec<(&'a Hidden, &'a [Spot])> {
        self.in_order(self.waived.hidden.iter().zip(self.waived_spots.iter().map(Vec::as_slice)).collect())
    }

    fn in_order<T>(&self, mut all: Vec<(T, &'a [Spot])>) -> Vec<(T, &'a [Spot])> {
        let order: BTreeMap<&str, usize> =
            self.inputs.iter().enumerate().map(|(i, input)| (input.path.as_str(), i)).collect();
        all.sort_by_key(|(_, spots)| {
            spots.first().map_or((usize::MAX, 0, 0), |s| {
                (order.get(s.path.as_str()).copied().unwrap_or(usize::MAX - 1), s.line, s.column)
            })
        });
        all
    }

    /// How many rules ended how.
    pub fn outcomes(&self) -> Outcomes {
        let mut out = Outcomes::default();
        for row in &self.run.outcomes {
            match row.outcome {
                Outcome::Pass => out.pass += 1,
                Outcome::Fail => out.fail += 1,
                Outcome::Waived => out.waived += 1,
                Outcome::NotEvaluated(_) => out.not_evaluated += 1,
                Outcome::NotApplicable(_) => out.not_applicable += 1,
                Outcome::Error(_) => out.error += 1,
            }
        }
        out
    }

    /// Whether no export holds anything of a table.
    fn lacks(&self, table: TableId) -> bool {
        self.absent.get(table).copied().unwrap_or(true)
    }

    /// What is not exported, by the line that collects it, the most valuable first.
    pub fn missing_exports(&self) -> Vec<MissingExport<'a>> {
        let mut missing: Vec<MissingExport<'a>> = Vec::new();
        let mut statements: Vec<Vec<&str>> = Vec::new();
        for row in &self.run.outcomes {
            let Outcome::NotEvaluated(open) = &row.outcome else { continue };
            if open.why != Why::NotExported {
                continue;
            }
            let tables = self.schema.leaves(&open.tables);
            // Of what is exported in part something else is said.
            let any = tables.iter().any(|&t| self.lacks(t));
            for table in tables.into_iter().filter(|&t| !any || self.lacks(t)) {
                let collect = self.schema.tables.get(table).map_or("", |t| t.collect.as_str());
                if collect.is_empty() {
                    continue;
                }
                let at = missing.iter().position(|m| m.collect == collect).unwrap_or_else(|| {
                    missing.push(MissingExport { collect, tables: vec![], rules: vec![], statements: 0 });
                    statements.push(Vec::new());
                    missing.len() - 1
                });
                let entry = &mut missing[at];
                if !entry.tables.contains(&table) {
                    entry.tables.push(table);
                }
                if !entry.rules.contains(&row.rule.as_str()) {
                    entry.rules.push(&row.rule);
                }
                statements[at].extend(row.statements.iter().map(String::as_str));
            }
        }
        for (entry, mut statements) in missing.iter_mut().zip(statements) {
            statements.sort_unstable();
            statements.dedup();
            entry.statements = statements.len();
            entry.tables.sort_unstable();
        }
        missing.sort_by_key(|m| {
            (std::cmp::Reverse(m.rules.len()), std::cmp::Reverse(m.statements), m.tables.first().copied())
        });
        missing
    }
}
