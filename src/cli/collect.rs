//! `cmlint collect`: the PowerShell script that gathers the evidence.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::{Exit, Global, help, output};
use crate::collect;
use crate::evidence;
use crate::yaml;

#[derive(Debug, Args)]
#[command(after_long_help = help::fit("\
Examples:
  cmlint collect > collect.ps1                  the whole script; in PowerShell use --output
  cmlint collect --output collect.ps1           the same, in UTF-8 whatever the shell does
  cmlint collect --table user_rights -o r.ps1   only what one evidence table needs

On a computer that reaches the site, with Windows PowerShell 5.1 or PowerShell 7:
  .\\collect.ps1 -SiteServer cas1.contoso.com
  Get-Help .\\collect.ps1 -Full

Then, wherever cmlint is:
  cmlint check FOLDER

The script changes nothing and needs no module. It writes what is known to be no \
password. What it may not read it leaves out and says so; cmlint then names it as \
not checked."))]
pub(super) struct CollectArgs {
    /// Write the script to this file instead of standard output
    ///
    /// The file is written whole or not at all.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Only what these evidence tables need, and those they are made of
    ///
    /// `cmlint rules` says which tables a rule reads. Can be given more than once, and with commas.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    table: Vec<String>,
}

pub(super) fn run(args: &CollectArgs, global: &Global) -> anyhow::Result<Exit> {
    let assets = global.content();
    let (schema, mapping) = evidence::load(&assets).map_err(|problems| {
        output::aside(&yaml::render(&problems, true));
        anyhow::anyhow!("the evidence tables cannot be used: {}", super::load::verdict(&problems))
    })?;
    let mut tables = Vec::new();
    for name in &args.table {
        match schema.table(name.trim()) {
            Some(table) => tables.push(table),
            None => {
                let known = schema.tables.iter().map(|table| table.name.as_str());
                match yaml::nearest(name, known) {
                    Some(near) => bail!("there is no evidence table `{name}`; did you mean `{near}`?"),
                    None => {
                        bail!(
                            "there is no evidence table `{name}`; `cmlint rules` lists those that rules read"
                        )
                    }
                }
            }
        }
    }
    let script = collect::script(&assets, &schema, &mapping, &tables)?;
    output::write(&script, args.output.as_deref())?;
    Ok(Exit::Clean)
}
