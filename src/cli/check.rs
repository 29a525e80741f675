//! `cmlint check`: reads exports, runs the rules, writes the report.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::checked::{Checked, RevisionArg, View};
use super::configure::{self, ConfigArgs, Configured};
use super::decided::{self, Decided, DecidedArgs};
use super::fail_on::FailOn;
use super::load::Loaded;
use super::progress::Progress;
use super::revision::revision;
use super::{Exit, Global, help, output, wildcard};
use crate::check::{Outcome, Run};
use crate::evidence::Schema;
use crate::explain::{Book, Selector};
use crate::mask::Key;
use crate::report::{Configuration, Format, GroupBy};
use crate::rules::{Level, Rule, RuleSet};
use crate::settings::{Required, Severity};
use crate::source::{self, Limits, Sources};
use crate::text::{BAD, DOUBT, count, harmless, paint};

#[derive(Debug, Clone, Args)]
#[command(after_long_help = help::fit("\
Examples:
  cmlint check                                       all exports below the current folder
  cmlint check exports/ site-ps1.zip                 folders, files and zip files together
  Get-CMAccount | ConvertTo-Json | cmlint check -    what a command writes
  cmlint check --select task-sequences,NAA exports   one group of rules, and all on one account
  cmlint check --format json --output report.json exports
  cmlint check --baseline report.json exports        only what is new or graver counts

What is not exported is never taken to be in order: rules that miss evidence are listed, with the command \
that gathers it. Check related exports together: most rules compare several.

Exit codes:
  0  nothing was found at or above --fail-on
  1  something was found
  2  not all the work could be done: arguments, a bad rule, an input that could not be read to its end
  3  no rule passed and none failed, or evidence is missing that is required
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

    #[command(flatten)]
    decided: DecidedArgs,

    /// How to write the report
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "human", help_heading = "Output")]
    format: FormatArg,
    /// Write the report to this file instead of standard output
    ///
    /// The file is written whole or not at all, and must not be one of those that are read.
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Replace the names of accounts, computers, domains, sites and paths by pseudonyms
    ///
    /// They are numbered: the same name has the same number in the whole report, and in no other report need it. What is
    /// documented or comes with Windows stays readable.
    #[arg(long, help_heading = "Output")]
    mask: bool,
    /// Take the pseudonyms of --mask from the key in this file, which is made if it is not there
    ///
    /// Under one key a name is the same in all reports, so that they can be compared. Who has the key can try names: keep it.
    #[arg(long, value_name = "FILE", requires = "mask", help_heading = "Output")]
    mask_key: Option<PathBuf>,
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
    /// Exit with 3 if a rule could not be evaluated for want of these evidence tables, or of any that can be collected
    #[arg(long, value_name = "TABLE", value_delimiter = ',', num_args = 0.., require_equals = true,
          help_heading = "Exit code")]
    require_evidence: Option<Vec<String>>,

    #[command(flatten)]
    config: ConfigArgs,
    /// The options that stand on the command line.
    #[arg(skip)]
    pub(super) given: Vec<String>,

    /// How many threads to use, at most eight a processor; 0 is one a processor
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Global options")]
    threads: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatArg {
    /// Excerpts and a summary, for reading
    Human,
    /// One line a finding: path:line:column: `level[rule]` message
    Concise,
    /// One page to read, filter and print, which needs nothing else
    Html,
    /// For a comment on a pull request, or a wiki
    Markdown,
    /// A table for spreadsheets
    Csv,
    /// Everything, for programs (`cmlint schema report` describes it)
    Json,
    /// The same, one object a line (`cmlint schema report-lines`)
    Ndjson,
    /// SARIF 2.1.0, for code scanning and viewers
    Sarif,
    /// JUnit XML, for test dashboards
    Junit,
    /// Annotations of GitHub Actions
    Github,
    /// A code quality artifact of GitLab
    Gitlab,
    /// Issues of Azure Pipelines
    Azure,
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
            FormatArg::Html => Self::Html,
            FormatArg::Markdown => Self::Markdown,
            FormatArg::Csv => Self::Csv,
            FormatArg::Json => Self::Json,
            FormatArg::Ndjson => Self::Ndjson,
            FormatArg::Sarif => Self::Sarif,
            FormatArg::Junit => Self::Junit,
            FormatArg::Github => Self::Github,
            FormatArg::Gitlab => Self::Gitlab,
            FormatArg::Azure => Self::Azure,
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
    let book = Book::new(content, schema, rules);
    let configured = configure::load::<FormatArg>(&args.config, &book)?;
    let args = &args.under(configured.as_ref());
    let required = required(args, configured.as_ref(), schema)?;
    let chosen = Chosen::new(args, configured.map(|c| (c.settings.severity, c.file)), &book)?;
    let wanted = match args.revision.trim() {
        auto if auto.eq_ignore_ascii_case("auto") => RevisionArg::Auto,
        named => RevisionArg::Date(revision(content, named)?),
    };
    let only: HashSet<String> =
        rules.rules.iter().filter(|r| chosen.wants(r, &r.statements)).map(|r| r.id.clone()).collect();
    if only.is_empty() {
        bail!(
            "no rule is left: --ignore, or what is off in the configuration, takes away all that is selected"
        );
    }

    let decided = Decided::load(&args.decided, &loaded)?;
    let own: Vec<PathBuf> = decided.files().iter().cloned().chain(chosen.file.clone()).collect();
    let output = args.output.as_deref();
    output::keep_apart(output, own.iter().map(PathBuf::as_path))?;
    let paths = wildcard::expanded(&args.paths);
    let progress = Progress::start(args.no_progress || args.quiet);
    progress.does("looking for exports");
    let sources = source::read_beside(&paths, &Limits::default(), output, &own)
        .map_err(|input| output::overwrites(output.unwrap_or_else(|| Path::new("")), &input))?;
    let key = args.mask_key.as_deref().map(mask_key).transpose()?;
    progress.clear();
    skipped(args, &sources);
    progress.does(&format!("checking {}", count(sources.iter().count(), "file", "files")));
    let only = (only.len() < loaded.rules.rules.len()).then_some(only);
    let mut checked = Checked::new(&loaded, &sources, wanted, only);
    chosen.keep(&mut checked.run, &loaded.rules);
    decided.apply(&mut checked, chosen.narrows());
    checked.configuration = chosen.configuration();
    if args.mask {
        checked.mask(key);
    }
    let ends = |lost| checked.exit(|level| args.fail_on.fails(level), required.as_ref(), lost);
    let view = View {
        format: args.format.into(),
        columns: output::columns(args.output.is_some()),
        verbose: args.verbose,
        quiet: args.quiet,
        group_by: args.group_by.into(),
        site: args.site.as_deref().filter(|_| output::knows_links(args.output.is_some())),
        ends: &ends,
    };
    progress.does("writing the report");
    let (text, lost) = checked.write_as(view);
    drop(progress);
    output::write(&text, args.output.as_deref())?;
    let exit = ends(!lost.is_empty());
    for path in lost {
        output::aside(&format!("{} {}\n", paint(BAD, "error:"), harmless(&path)));
    }
    aside(args, &checked, exit);
    // The process ends here; to take apart hundreds of thousands of rows first takes a tenth of the time.
    std::mem::forget(checked);
    Ok(exit)
}

/// Says which files were not looked at.
fn skipped(args: &CheckArgs, sources: &Sources) {
    if args.mask {
        // These lines name files that no pseudonym is known for.
        let files = sources.skipped().len();
        if files > 0 {
            let files = count(files, "file was", "files were");
            output::aside(&format!("{} {files} not looked at\n", paint(DOUBT, "note:")));
        }
        return;
    }
    for line in sources.skipped() {
        output::aside(&format!("{} {line}\n", paint(DOUBT, "note:")));
    }
}

/// The key in a file, or a new one that is written there.
fn mask_key(path: &Path) -> anyhow::Result<Key> {
    match std::fs::read_to_string(path) {
        Ok(text) => Key::parse(&text).map_err(|e| anyhow::anyhow!("--mask-key {}: {e}", path.display())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let key = Key::random().map_err(|e| anyhow::anyhow!("no random numbers for a key: {e}"))?;
            crate::files::replace(path, format!("{}\n", key.text()).as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
            Ok(key)
        }
        Err(e) => Err(e).with_context(|| format!("cannot read {}", path.display())),
    }
}

impl CheckArgs {
    /// With what a configuration says, where the command line says nothing.
    fn under(&self, configured: Option<&Configured>) -> Self {
        let mut out = self.clone();
        let Some(configured) = configured else { return out };
        let settings = &configured.settings;
        let free = |name: &str| !self.given.iter().any(|given| given == name);
        if free("paths") && !settings.paths.is_empty() {
            out.paths.clone_from(&settings.paths);
        }
        if let (true, Some(revision)) = (free("revision"), &settings.revision) {
            out.revision.clone_from(revision);
        }
        if free("select") {
            out.select.clone_from(&settings.select);
        }
        if free("ignore") {
            out.ignore.clone_from(&settings.ignore);
        }
        // What is a word here was one of the right ones when the file was read.
        let word = |word: &Option<String>| word.clone().unwrap_or_default();
        if let (true, Ok(fail_on)) = (free("fail_on"), FailOn::from_str(&word(&settings.fail_on), true)) {
            out.fail_on = fail_on;
        }
        if let (true, Ok(format)) = (free("format"), FormatArg::from_str(&word(&settings.format), true)) {
            out.format = format;
        }
        out.verbose |= settings.verbose.unwrap_or_default();
        out.decided.under(configured);
        out
    }
}

/// The evidence that has to be there.
fn required(
    args: &CheckArgs,
    configured: Option<&Configured>,
    schema: &Schema,
) -> anyhow::Result<Option<Required>> {
    let Some(names) = &args.require_evidence else {
        return Ok(configured.and_then(|c| c.settings.require_evidence.clone()));
    };
    if names.is_empty() {
        return Ok(Some(Required::all()));
    }
    let mut out = Required::default();
    for name in names {
        out.add(schema, name).map_err(|why| anyhow::anyhow!("--require-evidence: {why}"))?;
    }
    Ok(Some(out))
}

/// What `--select`, `--ignore` and a configuration leave.
struct Chosen {
    select: Vec<Selector>,
    ignore: Vec<Selector>,
    severity: Severity,
    /// The configuration.
    file: Option<PathBuf>,
}

impl Chosen {
    fn new(
        args: &CheckArgs,
        configured: Option<(Severity, PathBuf)>,
        book: &Book<'_>,
    ) -> anyhow::Result<Self> {
        let selectors = |names: &[String]| -> anyhow::Result<Vec<Selector>> {
            names.iter().map(|n| book.selector(n).map_err(anyhow::Error::msg)).collect()
        };
        let (mut severity, file) = match configured {
            Some((severity, file)) => (severity, Some(file)),
            None => (Severity::default(), None),
        };
        let select = selectors(&args.select)?;
        if args.given.iter().any(|given| given == "select") {
            severity.turn_on(&select);
        }
        Ok(Self { select, ignore: selectors(&args.ignore)?, severity, file })
    }

    fn wants(&self, rule: &Rule, statements: &[String]) -> bool {
        (self.select.is_empty() || self.select.iter().any(|s| s.selects(rule, statements)))
            && !self.ignore.iter().any(|s| s.ignores(rule, statements))
            && !self.severity.is_off(rule, statements)
    }

    /// Takes away what a wanted rule says of statements that are not, and gives the rest its levels.
    fn keep(&self, run: &mut Run, rules: &RuleSet) {
        let wants =
            |id: &str, statements: &[String]| rules.find(id).is_none_or(|r| self.wants(r, statements));
        run.findings.retain(|f| wants(&f.rule, &f.statements));
        run.outcomes.retain(|o| wants(&o.rule, &o.statements));
        self.severity.apply(run, rules);
    }

    /// Whether something is left out.
    fn narrows(&self) -> bool {
        !(self.select.is_empty() && self.ignore.is_empty() && self.severity.off().is_empty())
    }

    /// What a report says of the configuration.
    fn configuration(&self) -> Option<Configuration> {
        let path = super::own::shown(self.file.as_ref()?);
        Some(Configuration { path, off: self.severity.off().into_iter().map(str::to_owned).collect() })
    }
}

/// What is to be said beside the report: on standard error, so that the report stays what it is.
fn aside(args: &CheckArgs, checked: &Checked<'_>, exit: Exit) {
    let mut out = String::new();
    let shown = args.format == FormatArg::Human && args.output.is_none();
    if !shown {
        out.push_str(&decided::aside(checked));
        for input in checked.inputs().iter().filter(|i| i.is_faulty()) {
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
        } else if checked
            .run
            .outcomes
            .iter()
            .any(|o| matches!(o.outcome, Outcome::Pass | Outcome::Fail | Outcome::Waived))
        {
            "some rules could not be evaluated for want of evidence that is required"
        } else {
            "nothing could be checked: the exports hold nothing that a rule needs"
        };
        out.push_str(&format!("{} {why}\n", paint(DOUBT, "warning:")));
    }
    if !args.quiet && !shown && (args.format == FormatArg::Concise || args.output.is_some()) {
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
