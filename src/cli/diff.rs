//! `cmlint diff`: what changed between two revisions of the documentation.

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::originals::Place;
use super::revision::revision;
use super::{Exit, Global, help, output};
use crate::diff;
use crate::explain::{Book, Target};
use crate::text::harmless;

#[derive(Debug, Args)]
#[command(after_long_help = help::fit("\
Examples:
  cmlint diff 2016-02-09 2018-10-26            what changed from one revision to the other
  cmlint diff 2015 latest                      the beginning of a date will do
  cmlint diff oldest latest NAA                one account or group, by any of its names
  cmlint diff 2018 2016                        the same backwards
  cmlint diff 2016 2018 --wording --side-by-side
  cmlint diff 2016 2018 --originals pages/     with the sentences of the original pages
  cmlint diff 2016 2018 NAA --originals docs.git --file core/plan-design/hierarchy/accounts.md
  cmlint diff 2016 2018 --format json --output changes.json

Exit codes:
  0  done, whether anything differs or not
  2  it could not be told"))]
pub(super) struct DiffArgs {
    /// The revision to start from: its date or the beginning of it, `oldest`, `latest`
    #[arg(value_name = "FROM")]
    from: String,
    /// The revision to go to; if it is the older one, everything is told backwards
    #[arg(value_name = "TO")]
    to: String,
    /// Only this account or group: id, title of any revision or another name
    ///
    /// Letter case does not matter. Words need no quotes.
    #[arg(value_name = "ENTITY")]
    entity: Vec<String>,
    /// Tell also what changed in words and layout only, statement by statement
    ///
    /// Facts and guidance are always told. With ENTITY this is done anyway.
    #[arg(long, short)]
    wording: bool,
    /// Show the sentences of the original pages: a folder of pages, or a git repository (with --file)
    ///
    /// The specification holds no sentences of the publisher. With the pages at hand they are aligned and compared
    /// word by word. The page of a revision is found by its contents or by the date it declares. Git repositories
    /// are read without git; a clone of the public documentation will do.
    #[arg(long, value_name = "PATH")]
    originals: Option<PathBuf>,
    /// Where in the git repository the page is
    #[arg(long, value_name = "PATH", requires = "originals")]
    file: Option<String>,
    /// The page of FROM: a file name in the folder, or a commit, tag or branch of the repository
    #[arg(long, value_name = "NAME", requires = "originals")]
    from_page: Option<String>,
    /// The page of TO
    #[arg(long, value_name = "NAME", requires = "originals")]
    to_page: Option<String>,
    /// Show both sides beside each other
    #[arg(long)]
    side_by_side: bool,
    /// How to show it
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "human")]
    format: DiffFormat,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DiffFormat {
    /// For people
    Human,
    /// For a change log, a ticket or a mail
    Markdown,
    /// For programs; its shape is in docs/diff.schema.json
    Json,
}

pub(super) fn run(args: &DiffArgs, global: &Global) -> anyhow::Result<Exit> {
    let loaded = super::load::load(global)?;
    let content = &loaded.content;
    let (from, to) = (revision(content, &args.from)?, revision(content, &args.to)?);
    let book = Book::new(content, &loaded.schema, &loaded.rules);
    let entity = if args.entity.is_empty() { None } else { Some(entity(&book, &args.entity.join(" "))?) };
    output::keep_apart(args.output.as_deref(), args.originals.iter().map(PathBuf::as_path))?;
    let originals = match &args.originals {
        Some(path) => {
            let place = Place { path, file: args.file.as_deref() };
            let names = [args.from_page.as_deref(), args.to_page.as_deref()];
            let [first, second] = place.find(content, [from, to], names)?;
            Some(diff::Originals::new(first, second))
        }
        None => None,
    };
    let mut found = diff::between(content, &loaded.rules, from, to);
    let mut originals = originals;
    if let Some(id) = &entity {
        found = found.only(id);
        let merged: Vec<String> =
            found.merged.iter().flat_map(|m| m.from.iter().chain([&m.into]).cloned()).collect();
        let ids: Vec<&str> = merged.iter().chain([id]).map(String::as_str).collect();
        originals = originals.map(|o| o.only(content, &ids));
    }
    let originals = originals.as_ref();
    let view = diff::View {
        content,
        columns: output::columns(args.output.is_some()),
        side_by_side: args.side_by_side,
        verbose: args.wording || entity.is_some(),
        originals,
    };
    let text = match args.format {
        DiffFormat::Human => diff::human(&found, view),
        DiffFormat::Markdown => diff::markdown(&found, view),
        DiffFormat::Json => {
            let value = match originals {
                Some(originals) => diff::to_json_with(&found, originals, content),
                None => diff::to_json(&found),
            };
            format!("{value:#}\n")
        }
    };
    output::write(&text, args.output.as_deref())?;
    Ok(Exit::Clean)
}

/// The id of the account or group that is meant.
fn entity(book: &Book<'_>, asked: &str) -> anyhow::Result<String> {
    let targets = book.find(asked);
    let mut ids: Vec<&str> = targets
        .iter()
        .filter_map(|t| match t {
            Target::Entity(entity) => Some(entity.id.as_str()),
            _ => None,
        })
        .collect();
    ids.dedup();
    match ids.as_slice() {
        [id] => Ok((*id).to_owned()),
        [] => bail!(book.unknown("account or group", asked)),
        several => {
            bail!("`{}` is the name of several: say which\n\n  {}", harmless(asked), several.join("\n  "))
        }
    }
}
