//! The command line: arguments in, exit code out.
//!
//! This module says which commands and options there are; each command is one file in `cli/` that joins the
//! modules and leaves the work to them: what is printed is made in [`crate::report`], `crate::explain`,
//! [`crate::diff`] and [`crate::track`].

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::styling::{AnsiColor, Effects, Styles};
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::assets::Assets;

mod check;
mod checked;
mod collect;
mod compare;
mod completions;
mod configure;
mod decided;
mod diff;
mod explain;
mod fail_on;
mod help;
mod init;
mod load;
mod maintain;
mod man;
mod missing;
mod originals;
mod output;
mod own;
mod places;
mod progress;
mod revision;
mod rules;
mod schema;
mod site;
mod test;
mod track;
mod waive;
mod wildcard;

pub use checked::{BuiltIn, Checked};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .usage(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .literal(AnsiColor::Cyan.on_default().effects(Effects::BOLD))
    .placeholder(AnsiColor::Cyan.on_default());

/// Checks Configuration Manager exports against what is documented of its accounts and groups.
///
/// Give it what PowerShell, the console or AdminService export (XML or JSON, also in zip files). It says which
/// documented statement a configuration breaks, shows the place in the export, and says what it could not
/// check and how to collect what is missing. It reads files only: it connects to nothing and changes nothing.
#[derive(Debug, Parser)]
#[command(
    name = "cmlint",
    version,
    styles = STYLES,
    arg_required_else_help = true,
    after_help = "Run `cmlint COMMAND --help` for all options of a command, with examples.",
    after_long_help = help::fit("\
Examples:
  cmlint collect -o collect.ps1         the script that gathers what is checked
  cmlint check exports/                 check all exports in a folder
  cmlint explain NAA                    everything documented about the network access account
  cmlint diff 2016 2018                 what changed in the documentation
  cmlint rules                          what is checked, and what it needs

Run `cmlint COMMAND --help` for all options of a command.")
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check exports: files, folders, zip files, standard input
    Check(check::CheckArgs),
    /// Waive a finding until a day: write it into waivers.yaml, with a reason and an owner
    Waive(waive::WaiveArgs),
    /// Compare reports: what is new, gone, waived, no longer evaluated; the trend over many
    Compare(compare::CompareArgs),
    /// Write a cmlint.yaml with all settings to begin with
    Init(init::InitArgs),
    /// Print the PowerShell script that gathers the evidence (read only)
    Collect(collect::CollectArgs),
    /// Explain a rule, a documented statement, an account or a group
    Explain(explain::ExplainArgs),
    /// Show what changed between two revisions of the documentation
    Diff(diff::DiffArgs),
    /// List the rules: what they check, how grave it is, which evidence they need
    Rules(rules::RulesArgs),
    /// Track newer pages of the documentation: what they no longer say, and which rules that touches
    Track(track::TrackArgs),
    /// Build the reference website: pages for every account, group and rule, and what changed
    Site(site::SiteArgs),
    /// Look after the specification
    #[command(hide = true)]
    Maintain(maintain::MaintainArgs),
    /// Validate the specification, the rules and the evidence tables, and run every example
    Test(test::TestArgs),
    /// Print the JSON Schema of something that is written
    Schema(schema::SchemaArgs),
    /// Print what lets a shell complete the command line
    Completions(completions::CompletionsArgs),
    /// Print or write the pages of the manual
    Man(man::ManArgs),
}

/// Options of all commands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// Use the specification in this folder instead of the built-in one
    #[arg(long, global = true, value_name = "DIR", env = "CMLINT_CONTENT", hide_env_values = true)]
    content: Option<PathBuf>,
    /// Use the rules in this folder instead of the built-in ones
    #[arg(long, global = true, value_name = "DIR", env = "CMLINT_RULES", hide_env_values = true)]
    rules: Option<PathBuf>,
    /// When to use colours
    ///
    /// `auto` uses them on a terminal, unless NO_COLOR is set; CLICOLOR_FORCE=1 and FORCE_COLOR=1 turn them on everywhere.
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    color: Color,
}

impl Global {
    fn content(&self) -> Assets {
        self.content.clone().map_or_else(Assets::content, Assets::Folder)
    }

    fn rules(&self) -> Assets {
        self.rules.clone().map_or_else(Assets::rules, Assets::Folder)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// The two formats of commands that only tell something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TextFormat {
    /// For people
    Human,
    /// For programs
    Json,
}

/// How a run ended. The numbers are a promise: see the help of `check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Nothing that counts was found.
    Clean,
    /// Something was found.
    Findings,
    /// Not all of the work could be done.
    Trouble,
    /// Nothing could be evaluated, or evidence that was required is missing.
    NotEvaluated,
}

impl Exit {
    /// The exit code.
    fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Trouble => 2,
            Self::NotEvaluated => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl Cli {
    /// Reads arguments, the first of which is the name of the program.
    ///
    /// # Errors
    /// When they are wrong, or ask for help or version.
    pub fn read<T: Into<OsString> + Clone>(args: impl IntoIterator<Item = T>) -> Result<Self, clap::Error> {
        let mut matches = Self::command().try_get_matches_from(args)?;
        // A configuration yields to what is given, also where that is what it would be anyway.
        let given = matches.subcommand().map(|(_, of)| {
            let typed = |id: &&clap::Id| of.value_source(id.as_str()) == Some(ValueSource::CommandLine);
            of.ids().filter(typed).map(ToString::to_string).collect()
        });
        let mut cli = Self::from_arg_matches_mut(&mut matches).map_err(|e| e.format(&mut Self::command()))?;
        if let Command::Check(args) = &mut cli.command {
            args.given = given.unwrap_or_default();
        }
        Ok(cli)
    }
}

/// Runs the command.
///
/// # Errors
/// When the command cannot do its work at all; the message is for people and says what to do.
pub fn run(cli: Cli) -> anyhow::Result<Exit> {
    let Cli { command, global } = cli;
    let color = match global.color {
        Color::Auto if forced() => anstream::ColorChoice::Always,
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    };
    color.write_global();
    for (option, folder) in [("--content", &global.content), ("--rules", &global.rules)] {
        if let Some(folder) = folder
            && !folder.is_dir()
        {
            anyhow::bail!("{option} {}: there is no such folder", folder.display());
        }
    }
    match command {
        Command::Check(args) => check::run(&args, &global),
        Command::Waive(args) => waive::run(&args, &global),
        Command::Compare(args) => compare::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Collect(args) => collect::run(&args, &global),
        Command::Explain(args) => explain::run(&args, &global),
        Command::Diff(args) => diff::run(&args, &global),
        Command::Rules(args) => rules::run(&args, &global),
        Command::Track(args) => track::run(&args, &global),
        Command::Site(args) => site::run(&args, &global),
        Command::Maintain(args) => maintain::run(&args, &global),
        Command::Test(args) => test::run(&args, &global),
        Command::Schema(args) => schema::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}

/// Whether FORCE_COLOR asks for colours and NO_COLOR does not forbid them.
fn forced() -> bool {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    set("FORCE_COLOR").is_some_and(|value| value != "0") && set("NO_COLOR").is_none()
}

/// Says on standard error why a command did not do its work.
pub fn complain(error: &anyhow::Error) {
    use crate::text::{BAD, paint};
    let mut text = format!("{} {error}\n", paint(BAD, "error:"));
    for cause in error.chain().skip(1) {
        text.push_str(&format!("  because {cause}\n"));
    }
    output::aside(&text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
