//! `cmlint man`: pages of the manual, from the help of the commands.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Command, CommandFactory};

use super::{Cli, Exit, output};
use crate::files;

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cmlint man check | man -l -                 the page of a command
  cmlint man --out ~/.local/share/man/man1    all pages, for man cmlint-check")]
pub(super) struct ManArgs {
    /// The command to print the page of; without it, that of the program
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
    /// Write all pages into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &ManArgs) -> anyhow::Result<Exit> {
    let pages = pages();
    if let Some(folder) = &args.out {
        return write(&pages, folder);
    }
    let wanted = args.command.as_ref().map_or("cmlint".to_owned(), |command| format!("cmlint-{command}"));
    let Some((_, page)) = pages.iter().find(|(name, _)| *name == wanted) else {
        let names: Vec<&str> = pages.iter().filter_map(|(name, _)| name.strip_prefix("cmlint-")).collect();
        bail!("there is no such command; there are {}", crate::text::list(&names));
    };
    output::write(page, None)?;
    Ok(Exit::Clean)
}

/// Name and text of each page: that of the program, and one for each command that is shown.
fn pages() -> Vec<(String, String)> {
    let mut program = Cli::command();
    program.build();
    let mut pages = vec![("cmlint".to_owned(), page(program.clone()))];
    add(&program, "cmlint", &mut pages);
    pages
}

/// The pages of the commands below one.
fn add(command: &Command, name: &str, pages: &mut Vec<(String, String)>) {
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        let name = format!("{name}-{}", below.get_name());
        pages.push((name.clone(), page(below.clone())));
        add(below, &name, pages);
    }
}

fn page(command: Command) -> String {
    let mut page = Vec::new();
    // Into memory, which cannot fail.
    let source = concat!("cmlint ", env!("CARGO_PKG_VERSION"));
    let _ = clap_mangen::Man::new(command).source(source).render(&mut page);
    // What stands below the options are examples, then exit codes.
    let page = String::from_utf8_lossy(&page).replace(".SH EXTRA\nExamples:\n", ".SH EXAMPLES\n");
    page.replace("\n\nExit codes:\n", "\n.SH \"EXIT STATUS\"\n")
}

fn write(pages: &[(String, String)], folder: &Path) -> anyhow::Result<Exit> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (name, page) in pages {
        let path = folder.join(format!("{name}.1"));
        files::replace(&path, page.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(Exit::Clean)
}
