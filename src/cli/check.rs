//! `cmlint check`: reads exports, runs the rules, writes the report.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::checked::{Checked, RevisionArg, View};
use super::load::Loaded;
use super::progress::Progress;
use super::revision::revision;
use super::{Exit, Global, help, output, wildcard};
use crate::check::{Outcome, Run};
use crate::explain::{Book, Selector};
use crate::reader::Status;
use crate::report::{Format, GroupBy, Input};
use crate::rules::{Level, Rule, RuleSet};
use crate::source::{self, Limits};
use crate::text::{BAD, DOUBT, count, harmless, paint};

#[derive(Debug, Args)]
#[command(after_long_help = help::fit("\
Examples:
  cmlint check                                       all exports below the current folder
  cmlint check exports/ site-ps1.zip                 folders, files and zip files together
  Get-CMAccount | ConvertTo-Json | cmlint check -    what a command writes
  cmlint check --select task-sequences,NAA exports   one group of rules, and all on one account
  cmlint check --format json --output report.json exports

What is not exported is never taken to be in order: rules that miss evidence are listed, with the command \
that gathers it. Check related exports together: most rules compare several.

Exit codes:
  0  nothing was found at or above --fail-on
  1  something was found
  2  not all the work could be done: arguments, a bad rule, an input that could not be read to its end
  3  no rule passed and none failed, or evidence is missing and --require-evidence is given
Of several the first that applies in the order 2, 3, 1."))]
pub(super) struct CheckArgs {
    /// Files, folders and zip files to read; `-` is standard input
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// The revision of the documentation to check against: its date or the beginning of it, `oldest`, `latest`, or `auto`
    ///
    /// `auto` takes the newest revision that speaks for the builds of the exported sites, or the newest of all
    /// if the exports do not tell the build.
    #[arg(long, value_name = "DATE|auto", default_value = "auto", help_heading = "What is checked")]
    revision: String,
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
    /// The file is written whole or not at all, and must not be one of those that are read.
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Show every finding in full, the outcome of every rule, all evidence that is missing
    #[arg(long, short, help_heading = "Output")]
    verbose: bool,
    /// Show findings and nothing else: no summary, and nothing on standard error but what went wrong
    #[arg(long, short, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,
    /// Show no progress on standard error, which is shown on a terminal when work lasts
    #[arg(long, help_heading = "Output")]
    no_progress: bool,
    /// What findings are put together by in the human report
    #[arg(long, value_name = "WHAT", value_enum, default_value = "rule", help_heading = "Output")]
    group_by: GroupByArg,
    /// The reference website: rules become links to their pages on terminals that know links
    ///
    /// For instance the address that `cmlint site serve` prints.
    #[arg(long, value_name = "URL", value_parser = site_url, help_heading = "Output")]
    site: Option<String>,

    /// The lowest level of a finding that makes the exit code 1
    #[arg(long, value_name = "LEVEL", value_enum, default_value = "warning", help_heading = "Exit code")]
    fail_on: FailOn,
    /// Exit with 3 if any rule could not be evaluated
    #[arg(long, help_heading = "Exit code")]
    require_evidence: bool,

    /// How many threads to use, at most eight a processor; 0 is one a processor
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Global options")]
    threads: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// Excerpts and a summary, for reading
    Human,
    /// One line a finding: path:line:column: `level[rule]` message
    Concise,
    /// Everything, for programs; its shape is described in docs/report.schema.json
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GroupByArg {
    /// One block a rule and advice
    Rule,
    /// What is found of each account
    Account,
    /// What is found of each computer
    Host,
}

impl From<GroupByArg> for GroupBy {
    fn from(by: GroupByArg) -> Self {
        match by {
            GroupByArg::Rule => Self::Rule,
            GroupByArg::Account => Self::Account,
            GroupByArg::Host => Self::Host,
        }
    }
}

/// The address of a website, which ends up in what is sent to a terminal.
fn site_url(text: &str) -> Result<String, String> {
    let known = ["https://", "http://", "file://"].iter().any(|scheme| text.starts_with(scheme));
    if known && text.chars().all(|c| c.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err("give an address such as https://example.com/cmlint, without blanks".to_owned())
    }
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
    let threads = threads(args.threads);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .with_context(|| format!("cannot start {}", count(threads, "thread", "threads")))?;
    pool.install(|| work(args, global))
}

/// So many threads a processor help at most; more only take memory and time from one another.
const THREADS: usize = 8;

/// As many threads as were asked for, within reason.
fn threads(asked: usize) -> usize {
    let most = THREADS * std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if asked > most {
        output::aside(&format!(
            "{} --threads {asked} is more than this computer has a use for; {most} are used\n",
            paint(DOUBT, "note:")
        ));
    }
    asked.min(most)
}

fn work(args: &CheckArgs, global: &Global) -> anyhow::Result<Exit> {
    let loaded = super::load::load(global)?;
    let Loaded { content, schema, rules, .. } = &loaded;
    super::load::have_rules(global, rules)?;
    let chosen = Chosen::new(args, &Book::new(content, schema, rules))?;
    let wanted = match args.revision.trim() {
        auto if auto.eq_ignore_ascii_case("auto") => RevisionArg::Auto,
        named => RevisionArg::Date(revision(content, named)?),
    };
    let only: HashSet<String> =
        rules.rules.iter().filter(|r| chosen.wants(r, &r.statements)).map(|r| r.id.clone()).collect();
    if only.is_empty() {
        bail!("no rule is left: --ignore takes away all that --select names");
    }

    let output = args.output.as_deref();
    let paths = wildcard::expanded(&args.paths);
    let progress = Progress::start(args.no_progress || args.quiet);
    progress.does("looking for exports");
    let sources = source::read_beside(&paths, &Limits::default(), output)
        .map_err(|input| output::overwrites(output.unwrap_or_else(|| Path::new("")), &input))?;
    for line in sources.skipped() {
        progress.clear();
        output::aside(&format!("{} {line}\n", paint(DOUBT, "note:")));
    }
    progress.does(&format!("checking {}", count(sources.iter().count(), "file", "files")));
    let only = (only.len() < loaded.rules.rules.len()).then_some(only);
    let mut checked = Checked::new(&loaded, &sources, wanted, only);
    chosen.keep(&mut checked.run, &loaded.rules);
    let view = View {
        columns: output::columns(args.output.is_some()),
        verbose: args.verbose,
        quiet: args.quiet,
        group_by: args.group_by.into(),
        site: args.site.as_deref().filter(|_| output::knows_links(args.output.is_some())),
    };
    progress.does("writing the report");
    let (text, lost) = checked.show(args.format.into(), view);
    drop(progress);
    output::write(&text, args.output.as_deref())?;
    let faults = !lost.is_empty();
    for path in lost {
        output::aside(&format!("{} {}\n", paint(BAD, "error:"), harmless(&path)));
    }
    let exit = exit(args, &checked.run, checked.inputs(), faults);
    aside(args, &checked, exit);
    // The process ends here; to take apart hundreds of thousands of rows first takes a tenth of the time.
    std::mem::forget(checked);
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

/// How the run ended. `lost` says that something could not be shown.
fn exit(args: &CheckArgs, run: &Run, inputs: &[Input], lost: bool) -> Exit {
    let any = |fits: fn(&Outcome) -> bool| run.outcomes.iter().any(|o| fits(&o.outcome));
    let looked = any(|o| matches!(o, Outcome::Pass | Outcome::Fail));
    if lost || inputs.iter().any(faulty) || any(|o| matches!(o, Outcome::Error(_))) {
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
    matches!(input.status, Status::Unreadable | Status::Partial | Status::Error)
}

/// What is to be said beside the report: on standard error, so that the report stays what it is.
fn aside(args: &CheckArgs, checked: &Checked<'_>, exit: Exit) {
    let mut out = String::new();
    let shown = args.format == FormatArg::Human && args.output.is_none();
    if !shown {
        for input in checked.inputs().iter().filter(|i| faulty(i)) {
            for (place, text) in &input.notes {
                let at = place.map_or(String::new(), |(line, column)| format!(":{line}:{column}"));
                let (path, text) = (harmless(&input.path), harmless(text));
                out.push_str(&format!("{} {path}{at}: {text}\n", paint(BAD, "error:")));
            }
        }
    }
    if exit == Exit::NotEvaluated {
        let recognised = checked.inputs().iter().any(|i| i.format.is_some());
        let why = if checked.inputs().is_empty() {
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
    if !args.quiet && !shown && (args.format != FormatArg::Json || args.output.is_some()) {
        let levels = [Level::Error, Level::Warning, Level::Note].map(|l| checked.findings_of(l));
        let open = checked.run.outcomes.iter().filter(|o| matches!(o.outcome, Outcome::NotEvaluated(_)));
        out.push_str(&format!(
            "{}, {}, {}; {} not evaluated\n",
            count(levels[0], "error", "errors"),
            count(levels[1], "warning", "warnings"),
            count(levels[2], "note", "notes"),
            count(open.count(), "check", "checks"),
        ));
    }
    output::aside(&out);
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
}
