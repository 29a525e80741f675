//! `cmlint check`: reads exports, runs the rules, writes the report.

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::load::Loaded;
use super::{Exit, Global, output, places};
use crate::check::{self, Options, Outcome, Run};
use crate::content::{Content, Date};
use crate::evidence::{self, Collected, Evidence, Fact, Schema, Table, Why};
use crate::explain::{Book, Selector};
use crate::reader::{Note, Status};
use crate::report::{self, Format, Input, Report};
use crate::rules::{Level, Rule, RuleSet};
use crate::source::{self, Limits, Source, Sources, Span};
use crate::text::{BAD, DOUBT, count, harmless, list, paint};

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cmlint check                                       all exports below the current folder
  cmlint check exports/ site-ps1.zip                 folders, files and zip files together
  Get-CMAccount | ConvertTo-Json | cmlint check -    what a command writes
  cmlint check --select task-sequences,NAA exports   one group of rules, and all on one account
  cmlint check --format json --output report.json exports

What is not exported is never taken to be in order: rules that miss evidence are listed, with the line of
PowerShell that collects it. Check related exports together: most rules compare several.

Exit codes:
  0  nothing was found at or above --fail-on
  1  something was found
  2  not all the work could be done: arguments, a bad rule, an input that could not be read to its end
  3  nothing at all could be evaluated, or evidence is missing and --require-evidence is given
Of several the first that applies in the order 2, 3, 1.")]
pub(super) struct CheckArgs {
    /// Files, folders and zip files to read; `-` is standard input
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// The revision of the documentation to check against: a date, or auto
    ///
    /// `auto` takes the newest revision that speaks for the builds of the exported sites, or the newest of all
    /// if the exports do not tell the build.
    #[arg(long, value_name = "DATE|auto", default_value = "auto", help_heading = "What is checked")]
    revision: RevisionArg,
    /// Check only these: rule, group of rules, account, group or statement
    ///
    /// Can be given more than once, and with commas. `cmlint rules` lists the rules and their groups.
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "What is checked")]
    select: Vec<String>,
    /// Leave these out: rule, group of rules, account, group or statement
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "What is checked")]
    ignore: Vec<String>,

    /// How to write the report
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "human", help_heading = "Output")]
    format: FormatArg,
    /// Write the report to this file instead of standard output
    ///
    /// The file is written whole or not at all.
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Show every finding in full, the outcome of every rule, all evidence that is missing
    #[arg(long, short, help_heading = "Output")]
    verbose: bool,

    /// The lowest level of a finding that makes the exit code 1
    #[arg(long, value_name = "LEVEL", value_enum, default_value = "warning", help_heading = "Exit code")]
    fail_on: FailOn,
    /// Exit with 3 if any rule could not be evaluated
    #[arg(long, help_heading = "Exit code")]
    require_evidence: bool,

    /// How many threads to use; 0 is one a processor
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Global options")]
    threads: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// Excerpts and a summary, for reading
    Human,
    /// One line a finding: path:line:column: level[rule] message
    Concise,
    /// Everything, for programs; its shape is described in docs/report.schema.json
    Json,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Human => Self::Human,
            FormatArg::Concise => Self::Concise,
            FormatArg::Json => Self::Json,
        }
    }
}

pub(super) fn run(args: &CheckArgs, global: &Global) -> anyhow::Result<Exit> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads)
        .build()
        .with_context(|| format!("cannot start {}", count(args.threads, "thread", "threads")))?;
    pool.install(|| work(args, global))
}

fn work(args: &CheckArgs, global: &Global) -> anyhow::Result<Exit> {
    let Loaded { content, schema, mapping, rules } = super::load::load(global)?;
    let chosen = Chosen::new(args, &Book::new(&content, &schema, &rules))?;
    if let RevisionArg::Date(date) = args.revision
        && content.revision(date).is_none()
    {
        let dates: Vec<String> = content.dates().iter().map(ToString::to_string).collect();
        bail!("there is no revision {date}; there are {}", list(&dates));
    }
    let only: HashSet<String> =
        rules.rules.iter().filter(|r| chosen.wants(r, &r.statements)).map(|r| r.id.clone()).collect();
    if only.is_empty() {
        bail!("no rule is left: --ignore takes away all that --select names");
    }

    let sources = source::read(&args.paths, &Limits::default());
    let Collected { evidence, inputs: readings } = evidence::collect(&schema, &mapping, &sources);
    let inputs = inputs(&sources, &readings);
    let (date, revision_reason) = revision(args.revision, &content, &schema, &evidence);
    let only = (only.len() < rules.rules.len()).then_some(only);
    let mut run = check::run(&rules, &content, &schema, &evidence, &Options { revision: date, only });
    chosen.keep(&mut run, &rules);

    let columns = output::columns(args.output.is_some());
    // Room for line numbers and frames.
    let width = if args.format == FormatArg::Human { columns - 12 } else { 0 };
    let (spots, lost) = places::spots(&run.findings, &sources, &readings, width);
    let report = Report {
        content: &content,
        schema: &schema,
        rules: &rules,
        inputs: &inputs,
        revision_reason: &revision_reason,
        run: &run,
        spots: &spots,
        absent: &absent(&evidence),
        open_places: &places::open(&run.outcomes, &sources),
        columns,
        verbose: args.verbose,
    };
    output::write(&report::write(&report, args.format.into()), args.output.as_deref())?;
    let exit = exit(args, &run, &inputs, readings.iter().map(|r| r.rows).sum());
    for path in lost {
        output::aside(&format!("{} {}\n", paint(BAD, "error:"), harmless(&path)));
    }
    aside(args, &report, exit);
    Ok(exit)
}

/// What `--select` and `--ignore` leave.
struct Chosen {
    select: Vec<Selector>,
    ignore: Vec<Selector>,
}

impl Chosen {
    fn new(args: &CheckArgs, book: &Book<'_>) -> anyhow::Result<Self> {
        let selectors = |names: &[String]| -> anyhow::Result<Vec<Selector>> {
            names.iter().map(|n| book.selector(n).map_err(anyhow::Error::msg)).collect()
        };
        Ok(Self { select: selectors(&args.select)?, ignore: selectors(&args.ignore)? })
    }

    fn wants(&self, rule: &Rule, statements: &[String]) -> bool {
        (self.select.is_empty() || self.select.iter().any(|s| s.selects(rule, statements)))
            && !self.ignore.iter().any(|s| s.ignores(rule, statements))
    }

    /// Takes away what a wanted rule says of statements that are not.
    fn keep(&self, run: &mut Run, rules: &RuleSet) {
        let wants =
            |id: &str, statements: &[String]| rules.find(id).is_none_or(|r| self.wants(r, statements));
        run.findings.retain(|f| wants(&f.rule, &f.statements));
        run.outcomes.retain(|o| wants(&o.rule, &o.statements));
    }
}

/// What became of each input, with lines and columns for what is remarked on them.
fn inputs(sources: &Sources, readings: &[evidence::Input]) -> Vec<Input> {
    (sources.iter().zip(readings))
        .map(|(source, input)| Input {
            path: source.label().to_owned(),
            format: input.reading.format.map(crate::reader::Format::name),
            encoding: source.encoding().map(source::Encoding::name),
            records: input.reading.records,
            status: input.reading.status,
            notes: notes(source, &input.reading.notes),
        })
        .collect()
}

/// Remarks on an input, with line and column where they have a place that can be found again.
fn notes(source: &Source, notes: &[Note]) -> Vec<(Option<(u64, u64)>, String)> {
    let spans: Vec<Span> = notes.iter().filter_map(|n| n.span).collect();
    let mut positions = places::positions(source, &spans).unwrap_or_default().into_iter();
    notes.iter().map(|n| (n.span.and_then(|_| positions.next()), n.text.clone())).collect()
}

/// The revision to check against, and why.
fn revision(given: RevisionArg, content: &Content, schema: &Schema, evidence: &Evidence) -> (Date, String) {
    if let RevisionArg::Date(date) = given {
        return (date, "as asked for".to_owned());
    }
    let newest = content.newest();
    let builds = builds(schema, evidence);
    let said = |builds: &[&(String, u32)]| {
        let said: Vec<String> =
            builds.iter().map(|(site, build)| format!("{build} of site {}", harmless(site))).collect();
        format!("{} {}", if said.len() == 1 { "build" } else { "builds" }, list(&said))
    };
    let Some(date) = builds.iter().filter_map(|(_, build)| content.revision_for_build(*build)).max() else {
        return match builds.as_slice() {
            [] => (newest, "the newest; no export tells the build of a site".to_owned()),
            builds => {
                (newest, format!("the newest; none speaks for {}", said(&builds.iter().collect::<Vec<_>>())))
            }
        };
    };
    let (fits, others): (Vec<_>, Vec<_>) =
        builds.iter().partition(|(_, build)| content.revision_for_build(*build) == Some(date));
    let mut reason = format!("it speaks for {}", said(&fits));
    if !others.is_empty() {
        reason.push_str(&format!(", not for {}", said(&others)));
    }
    (date, reason)
}

/// Which tables are in no export at all.
fn absent(evidence: &Evidence) -> Vec<bool> {
    let own =
        |(id, table): (usize, &Table)| table.gaps.iter().any(|g| g.why == Why::NotExported && g.table == id);
    evidence.tables.iter().enumerate().map(own).collect()
}

/// Site and build of the exported sites, each build once.
fn builds(schema: &Schema, evidence: &Evidence) -> Vec<(String, u32)> {
    let mut out: Vec<(String, u32)> = Vec::new();
    let Some(id) = schema.table("sites") else { return out };
    let (Some(table), Some(site), Some(build)) =
        (evidence.tables.get(id), schema.tables[id].field("site"), schema.tables[id].field("build"))
    else {
        return out;
    };
    for row in &table.rows {
        let (Some(Fact::Text(site)), Some(Fact::Integer(build))) =
            (row.cells.get(site).map(|c| &c.fact), row.cells.get(build).map(|c| &c.fact))
        else {
            continue;
        };
        if let Ok(build) = u32::try_from(*build)
            && !out.iter().any(|(_, b)| *b == build)
        {
            out.push((site.to_string(), build));
        }
    }
    out.sort_by_key(|(_, build)| std::cmp::Reverse(*build));
    out
}

/// How the run ended, given how many rows of evidence there were.
fn exit(args: &CheckArgs, run: &Run, inputs: &[Input], rows: usize) -> Exit {
    let any = |fits: fn(&Outcome) -> bool| run.outcomes.iter().any(|o| fits(&o.outcome));
    let looked = rows > 0 && any(|o| !matches!(o, Outcome::NotEvaluated(_) | Outcome::Error(_)));
    if inputs.iter().any(faulty) || any(|o| matches!(o, Outcome::Error(_))) {
        Exit::Trouble
    } else if !looked || args.require_evidence && any(|o| matches!(o, Outcome::NotEvaluated(_))) {
        Exit::NotEvaluated
    } else if run.findings.iter().any(|f| args.fail_on.fails(f.level)) {
        Exit::Findings
    } else {
        Exit::Clean
    }
}

/// Whether an input could not be read, or not to its end.
fn faulty(input: &Input) -> bool {
    matches!(input.status, Status::Unreadable | Status::Partial)
}

/// What is to be said beside the report: on standard error, so that the report stays what it is.
fn aside(args: &CheckArgs, report: &Report<'_>, exit: Exit) {
    let mut out = String::new();
    let shown = args.format == FormatArg::Human && args.output.is_none();
    if !shown {
        for input in report.inputs.iter().filter(|i| faulty(i)) {
            for (place, text) in &input.notes {
                let at = place.map_or(String::new(), |(line, column)| format!(":{line}:{column}"));
                out.push_str(&format!(
                    "{} {}{at}: {}\n",
                    paint(BAD, "error:"),
                    harmless(&input.path),
                    harmless(text)
                ));
            }
        }
    }
    if exit == Exit::NotEvaluated {
        let recognised = report.inputs.iter().any(|i| i.format.is_some());
        let why = if report.inputs.is_empty() {
            "nothing to check: there is no file at the given place"
        } else if !recognised {
            "nothing could be checked: none of the files was recognised as an export"
        } else if args.require_evidence {
            "some rules could not be evaluated, and --require-evidence is given"
        } else {
            "nothing could be checked: the exports hold nothing that a rule needs"
        };
        out.push_str(&format!("{} {why}\n", paint(DOUBT, "warning:")));
    }
    if !shown && (args.format != FormatArg::Json || args.output.is_some()) {
        let levels = [Level::Error, Level::Warning, Level::Note].map(|l| report.findings_of(l));
        let outcomes = report.outcomes();
        out.push_str(&format!(
            "{}, {}, {}; {} not evaluated\n",
            count(levels[0], "error", "errors"),
            count(levels[1], "warning", "warnings"),
            count(levels[2], "note", "notes"),
            count(outcomes.not_evaluated, "check", "checks"),
        ));
    }
    output::aside(&out);
}

/// A revision as it is given: a date or `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RevisionArg {
    Auto,
    Date(Date),
}

impl std::str::FromStr for RevisionArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("auto") {
            return Ok(Self::Auto);
        }
        text.parse().map(Self::Date).map_err(|()| "give a date such as 2018-10-26, or auto".to_owned())
    }
}

/// From which level on findings make the exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Errors only
    Error,
    /// Warnings and errors
    Warning,
    /// Any finding
    Note,
    /// Nothing: findings never fail the run
    Never,
}

impl FailOn {
    fn fails(self, level: Level) -> bool {
        match self {
            Self::Error => level >= Level::Error,
            Self::Warning => level >= Level::Warning,
            Self::Note => true,
            Self::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_fail_from_the_given_one_on() {
        assert!(FailOn::Warning.fails(Level::Warning));
        assert!(FailOn::Warning.fails(Level::Error));
        assert!(!FailOn::Warning.fails(Level::Note));
        assert!(!FailOn::Error.fails(Level::Warning));
        assert!(FailOn::Note.fails(Level::Note));
        assert!(!FailOn::Never.fails(Level::Error));
    }

    #[test]
    fn a_revision_is_a_date_or_auto() {
        assert_eq!("AUTO".parse(), Ok(RevisionArg::Auto));
        assert_eq!("2018-10-26".parse(), Ok(RevisionArg::Date(Date { year: 2018, month: 10, day: 26 })));
        assert!("2018".parse::<RevisionArg>().is_err());
    }
}
