//! `cmlint explain`: whatever has a name, in the terminal: rules, statements, accounts, groups, tables, rights, techniques.

use anyhow::bail;
use clap::Args;

use super::{Exit, Global, TextFormat, help, output};
use crate::explain::{self, Book};

#[derive(Debug, Args)]
#[command(after_long_help = help::fit("\
Examples:
  cmlint explain network-access-account                        an account, by its id
  cmlint explain NAA                                           or by another name for it
  cmlint explain client push installation account              or by its title
  cmlint explain network-access-account/max-ten-per-site       one statement
  cmlint explain too-many-accounts-for-site                    a rule
  cmlint explain hygiene                                       the rules of a group
  cmlint explain PREVENT-10                                    the rules on a technique
  cmlint explain SeInteractiveLogonRight                       a user right
  cmlint explain site_systems                                  an evidence table, and how to collect it

Exit codes are in `cmlint help check`."))]
pub(super) struct ExplainArgs {
    /// Id or title of a rule, statement, account, group, evidence table, group of rules, technique or user right
    ///
    /// Letter case does not matter. Words need no quotes.
    #[arg(required = true, value_name = "ID")]
    id: Vec<String>,
    /// How to show it
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "human")]
    format: TextFormat,
}

pub(super) fn run(args: &ExplainArgs, global: &Global) -> anyhow::Result<Exit> {
    let loaded = super::load::load(global)?;
    let book = Book::new(&loaded.content, &loaded.schema, &loaded.rules);
    let asked = args.id.join(" ");
    let targets = book.find(&asked);
    if targets.is_empty() {
        bail!(book.unknown("rule, statement, account, group or evidence table", &asked));
    }
    let text = match args.format {
        TextFormat::Human => explain::pages(&book, &targets, output::columns(false)),
        TextFormat::Json => format!("{:#}\n", explain::value(&book, &targets)),
    };
    output::write(&text, None)?;
    Ok(Exit::Clean)
}
