//! `cmlint rules`: what is checked, how grave it is, what it needs.

use clap::{Args, ValueEnum};

use super::{Exit, Global, help, output};
use crate::explain::{self, Book, Shape};
use crate::rules::Rule;

#[derive(Debug, Args)]
#[command(after_long_help = help::fit("\
Examples:
  cmlint rules                          all rules, by group
  cmlint rules --select accounts        one group
  cmlint rules --select NAA             all that concerns the network access account
  cmlint rules --coverage               what of the documentation is enforced
  cmlint rules --format concise         one line a rule
  cmlint rules --format json            for programs, with the references of all statements"))]
pub(super) struct RulesArgs {
    /// Only these: rule, group of rules, account, group or statement
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    select: Vec<String>,
    /// Show for each documented statement which rules enforce it, or why none can
    #[arg(long)]
    coverage: bool,
    /// How to show it
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "human")]
    format: RulesFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RulesFormat {
    /// For people
    Human,
    /// One line a rule: group, level, id, statements, evidence
    Concise,
    /// For programs
    Json,
}

pub(super) fn run(args: &RulesArgs, global: &Global) -> anyhow::Result<Exit> {
    let loaded = super::load::load(global)?;
    super::load::have_rules(global, &loaded.rules)?;
    let book = Book::new(&loaded.content, &loaded.schema, &loaded.rules);
    let mut selectors = Vec::new();
    for name in &args.select {
        selectors.push(book.selector(name).map_err(anyhow::Error::msg)?);
    }
    let rules: Vec<&Rule> = (loaded.rules.rules.iter())
        .filter(|r| selectors.is_empty() || selectors.iter().any(|s| s.touches(r)))
        .collect();
    let shape = match args.format {
        RulesFormat::Human => Shape::Human,
        RulesFormat::Concise => Shape::Concise,
        RulesFormat::Json => Shape::Json,
    };
    let columns = output::columns(false);
    let text = if args.coverage {
        explain::coverage(&book, &selectors, shape, columns)
    } else {
        explain::rules(&book, &rules, shape, columns)
    };
    output::write(&text, None)?;
    Ok(Exit::Clean)
}
