//! `cmlint compare`: what changed between reports.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{anyhow, bail};
use clap::{Args, ValueEnum};

use super::fail_on::FailOn;
use super::{Exit, output, own};
use crate::compare::{self, Format, GroupBy, Snapshot};
use crate::content::Date;
use crate::text::harmless;

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cmlint compare may.json june.json                     new, gone, and what could no longer be judged
  cmlint compare may.json june.json --group-by account
  cmlint compare 2026-*.json --format html -o trend.html
  cmlint compare last.json now.json --format markdown --fail-on never

The reports are those of `cmlint check --format json`. Findings are the same by their fingerprints, wherever they stand.
A finding is gone only where its rule could judge all there is; where it could not, it is no longer evaluated. Of more than
two reports, each is compared with the next for the trend, and the first with the last for the rest.

Exit codes:
  0  nothing is new at or above --fail-on, and nothing is graver than before
  1  something is
  2  a report cannot be read")]
pub(super) struct CompareArgs {
    /// Reports of `cmlint check --format json`, the oldest first
    #[arg(required = true, num_args = 2.., value_name = "REPORT")]
    reports: Vec<PathBuf>,
    /// By what to put changes together
    #[arg(long, value_name = "WHAT", value_enum, default_value = "rule")]
    group_by: By,
    /// How to write it
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "human")]
    format: FormatArg,
    /// Write it to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The lowest level of a new finding that makes the exit code 1
    #[arg(long, value_name = "LEVEL", value_enum, default_value = "warning")]
    fail_on: FailOn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// For people
    Human,
    /// For programs; its shape is described in docs/compare.schema.json
    Json,
    /// For tickets and change logs
    Markdown,
    /// A page of its own, with the trend as lines
    Html,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// By rule
    Rule,
    /// By account
    Account,
    /// By host
    Host,
}

pub(super) fn run(args: &CompareArgs) -> anyhow::Result<Exit> {
    output::keep_apart(args.output.as_deref(), args.reports.iter().map(PathBuf::as_path))?;
    let reports = args.reports.iter().map(|path| read(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let group_by = match args.group_by {
        By::Rule => GroupBy::Rule,
        By::Account => GroupBy::Account,
        By::Host => GroupBy::Host,
    };
    let format = match args.format {
        FormatArg::Human => Format::Human,
        FormatArg::Json => Format::Json,
        FormatArg::Markdown => Format::Markdown,
        FormatArg::Html => Format::Html,
    };
    let comparison = compare::of(reports, group_by);
    let text = compare::write(&comparison, format, output::columns(args.output.is_some()));
    output::write(&text, args.output.as_deref())?;
    let fails = |level| args.fail_on.fails(level);
    let more = comparison.total.findings.iter().filter_map(compare::Change::fails).any(fails);
    Ok(if more { Exit::Findings } else { Exit::Clean })
}

/// The report in a file, with the day it was made: as it says, or when the file was last written.
///
/// # Errors
/// When there is no such file, or it is no report.
pub(super) fn read(path: &Path) -> anyhow::Result<Snapshot> {
    let name = own::shown(path);
    let Some(text) = own::text(path)? else { bail!("{}: there is no such file", harmless(&name)) };
    let mut report = compare::read(&name, &text).map_err(|why| anyhow!("{}: {why}", harmless(&name)))?;
    if report.created.is_none() {
        let written = std::fs::metadata(path).and_then(|file| file.modified());
        report.created =
            written.ok().and_then(|time: SystemTime| Date::of_time(time)).map(|date| (date, false));
    }
    Ok(report)
}
