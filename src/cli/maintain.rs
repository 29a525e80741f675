//! `cmlint maintain`: what only those need who look after `content/`. It is left out of the help.
//!
//! `maintain seen` keeps the fingerprints of statements true to the original pages: see [`track::seen`].

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use sha2::{Digest, Sha256};

use super::{Exit, Global, output};
use crate::assets::Assets;
use crate::content::{self, Content};
use crate::page;
use crate::text::count;
use crate::track::{self, Pages};
use crate::yaml;

#[derive(Debug, Args)]
pub(super) struct MaintainArgs {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Write the fingerprints of original sentences into the statements of content/
    ///
    /// Every sentence of the original pages must belong to a statement, and every statement to a sentence; what
    /// does not is listed, and nothing is written. Edits the folder given with --content, else `content`.
    Seen(SeenArgs),
}

#[derive(Debug, Args)]
struct SeenArgs {
    /// A folder with the original page of each revision (*.md), known by the date in its front matter
    #[arg(long, value_name = "DIR")]
    originals: PathBuf,
    /// Take which statement restates which sentence from this table
    ///
    /// Tab-separated, with a header: revision (a date or `r` and a year), line, segment, kind, the first words of
    /// the sentence, and the statements, with commas. Without it, the fingerprints that are in content/ decide.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Write nothing; exit with 1 if a file would change
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &MaintainArgs, global: &Global) -> anyhow::Result<Exit> {
    match &args.task {
        Task::Seen(args) => seen(args, global),
    }
}

fn seen(args: &SeenArgs, global: &Global) -> anyhow::Result<Exit> {
    let folder = global.content.clone().unwrap_or_else(|| PathBuf::from("content"));
    if !folder.is_dir() {
        bail!("{}: there is no such folder; name the one to edit with --content", folder.display());
    }
    super::load::settle(&Global { content: Some(folder.clone()), rules: None, color: global.color })?;
    let content = match content::load(&Assets::Folder(folder.clone())) {
        Ok((content, _)) => content,
        Err(problems) => {
            output::aside(&yaml::render(&problems, true));
            bail!("{} cannot be used", folder.display());
        }
    };
    let pages = originals(&args.originals, &content)?;
    let read =
        |file: &PathBuf| fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()));
    let mapping = args.mapping.as_ref().map(read).transpose()?;
    let files = match track::seen(&content, &pages, mapping.as_deref()) {
        Ok(files) => files,
        Err(wrong) => {
            for line in &wrong {
                output::aside(&format!("{line}\n"));
            }
            bail!("{}; nothing was written", count(wrong.len(), "thing is open", "things are open"));
        }
    };
    for file in &files {
        let path = folder.join(&file.name);
        if args.check {
            output::aside(&format!("{} would change\n", path.display()));
        } else {
            output::write(&file.text, Some(&path))?;
        }
    }
    let verb = if args.check { "would change" } else { "changed" };
    output::aside(&format!("{} {verb}\n", count(files.len(), "file", "files")));
    Ok(if args.check && !files.is_empty() { Exit::Findings } else { Exit::Clean })
}

/// The original page of each revision: the very bytes it was made from, else the page that declares its date.
fn originals(folder: &Path, content: &Content) -> anyhow::Result<Pages> {
    let mut pages = Pages::new();
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths.into_iter().filter(|p| p.extension().is_some_and(|e| e == "md")) {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let page = page::parse(&text);
        let digest: String = Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        let same = content.revisions.iter().find(|r| r.sha256.as_ref() == Some(&digest)).map(|r| r.date);
        let Some(date) = same.or(page.declared.filter(|d| content.revision(*d).is_some())) else {
            output::aside(&format!("{}: not the page of a revision, left out\n", path.display()));
            continue;
        };
        if pages.insert(date, page).is_some() {
            bail!("{}: there are two pages of {date}", path.display());
        }
    }
    for revision in &content.revisions {
        if !pages.contains_key(&revision.date) {
            bail!("{}: the page of {} is missing", folder.display(), revision.date);
        }
    }
    Ok(pages)
}
