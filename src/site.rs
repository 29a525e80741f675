//! The reference website: the specification, the rules and what changed between revisions as pages.
//!
//! [`build`] writes a folder of plain files that work from any place, from `file://` too: links are relative and
//! end in `index.html`, nothing is loaded from elsewhere, and all text is there without JavaScript. Pages are made
//! from templates in parallel, each from the model alone, so the output is the same for any number of threads.
//! Every link inside the site is checked before anything is put in place.
//!
//! This module decides nothing about what is documented, and reads no exports.

mod assets;
mod condition;
mod links;
mod marks;
mod model;
mod originals;
mod output;
mod pages;
mod plan;
mod render;
mod revision;
pub mod search;
pub mod serve;
mod view;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::assets::Assets;
use crate::content::Content;
use crate::evidence::{Mapping, Schema};
use crate::rules::RuleSet;

pub use links::Broken;
pub use output::MARKER;

/// What the site is made of.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The specification.
    pub content: &'a Content,
    /// The rules.
    pub rules: &'a RuleSet,
    /// The evidence tables.
    pub schema: &'a Schema,
    /// Where their fields stand in exports.
    pub mapping: &'a Mapping,
}

/// How the site is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// The templates.
    pub templates: Assets,
    /// Style sheets and scripts.
    pub assets: Assets,
    /// Where the site will be published, with a stroke at its end: for the sitemap, the feed and the page shown
    /// for addresses that do not exist.
    pub base_url: Option<String>,
    /// A folder with original pages, or one of them. Without it the site has none of their text but the quoted terms.
    pub originals: Option<PathBuf>,
    /// The commands of the program and what each does, for the guide.
    pub commands: Vec<(String, String)>,
    /// The formats of findings and what each is for, for the guide.
    pub formats: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            templates: Assets::templates(),
            assets: Assets::site(),
            base_url: None,
            originals: None,
            commands: Vec::new(),
            formats: Vec::new(),
        }
    }
}

/// A file of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its place below the site's folder, with `/`: `accounts/x/index.html`.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What a build did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many files the site has.
    pub files: usize,
    /// How many of them are pages.
    pub pages: usize,
    /// How many files are new or differ from what was there.
    pub written: usize,
    /// How many files were there and are no longer part of the site; of what no build made, folders count as one.
    pub removed: usize,
    /// The size of all files together.
    pub bytes: u64,
    /// What else is in the folder, and was left alone; of a folder that holds nothing of the site only its name.
    pub kept: Vec<String>,
}

/// What a build does with files in its folder that no build made, or that were changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Build {
    /// Leaves them alone, and does nothing if one of them stands where a page goes.
    #[default]
    Careful,
    /// Writes over those that stand where a page goes, and leaves all others alone.
    OverEdits,
    /// Replaces the folder whole: all of them go.
    Whole,
}

/// Why there is no site.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A template is wrong, or does not fit the pages.
    #[error("{0}")]
    Template(String),
    /// Links that lead nowhere.
    #[error("{}", links::describe(.0))]
    Links(Vec<Broken>),
    /// Originals were asked for, and none is there.
    #[error(
        "{}: none of the Markdown files (*.md) here is the original of a revision; they are known by their SHA-256, or by `ms.date` in the front matter", .0.display()
    )]
    NoOriginal(PathBuf),
    /// Two files of the same name.
    #[error("two pages want to be `{0}`; rename one of the ids they are made from")]
    Twice(String),
    /// The folder holds something else.
    #[error(
        "{}: the folder is not empty and was not made by this command, so it is left alone; choose another folder, or empty this one", .0.display()
    )]
    Foreign(PathBuf),
    /// Files stand where pages go, and are not what a build made.
    #[error("{}", in_the_way(out, files))]
    Edited {
        /// The folder.
        out: PathBuf,
        /// Their names in it.
        files: Vec<String>,
    },
    /// Another build writes there.
    #[error("{}: another build is writing this folder; try again when it has ended", .0.display())]
    Busy(PathBuf),
    /// The work folder beside it cannot be used.
    #[error(transparent)]
    Stage(#[from] crate::files::StageError),
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl Error {
    fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::File { path, error }
    }
}

/// So many files are named in a message.
const NAMED: usize = 8;

fn in_the_way(out: &Path, files: &[String]) -> String {
    let mut text = format!(
        "{}: files here were changed since they were made, or made by something else:\n",
        out.display()
    );
    for name in files.iter().take(NAMED) {
        text.push_str(&format!("    {}\n", name.escape_debug()));
    }
    if files.len() > NAMED {
        text.push_str(&format!("    and {} more\n", files.len() - NAMED));
    }
    text + "move them away; or write over files with --force; or replace the folder whole with --prune"
}

/// Builds the site into a folder. All of it is written or nothing; files that are what they were are not written again,
/// and what is there of others is treated as `build` says. `progress` hears how many of how many files are done.
///
/// # Errors
/// See [`Error`]. Whatever goes wrong, the folder is then as it was.
pub fn build(
    sources: &Sources<'_>,
    options: &Options,
    out: &Path,
    build: Build,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Report, Error> {
    let target = output::Target::open(out, build)?;
    let plan = plan::Plan::new(sources, options)?;
    let pages = AtomicUsize::new(0);
    let all = produce(&plan, progress, |page| {
        if page.path.ends_with(".html") {
            pages.fetch_add(1, Ordering::Relaxed);
        }
        target.put(page)
    });
    match all {
        Ok(_) => target.finish(pages.into_inner()),
        Err(error) => {
            target.abandon();
            Err(error)
        }
    }
}

/// Makes the site in memory, in the order of the pages' paths.
///
/// # Errors
/// See [`Error`]; nothing is written.
pub fn render(sources: &Sources<'_>, options: &Options) -> Result<Vec<Page>, Error> {
    let plan = plan::Plan::new(sources, options)?;
    let mut all = produce(&plan, &|_, _| {}, |page| Ok(page.clone()))?;
    all.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(all)
}

/// Makes every file and hands it on, then checks the links of all of them.
fn produce<T: Send>(
    plan: &plan::Plan<'_>,
    progress: &(dyn Fn(usize, usize) + Sync),
    take: impl Fn(&Page) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let done = AtomicUsize::new(0);
    // Hands a page on, and gives its buffer back: the next one is made in the same place.
    let hand = |page: Page, buffer: &mut Vec<u8>, total: usize| {
        let taken = take(&page)?;
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
        *buffer = page.bytes;
        buffer.clear();
        Ok(taken)
    };
    // Data is made while what pages are made with is prepared.
    let data = || -> Result<Vec<T>, Error> {
        (0..plan.data())
            .into_par_iter()
            .map_init(Vec::new, |b, n| hand(plan.datum(n, std::mem::take(b))?, b, plan.len()))
            .collect()
    };
    let (site, data) = rayon::join(|| plan.furnish(), data);
    let (site, mut out) = (site?, data?);
    let links = links::Links::new(site.paths()?, plan.base());
    let made: Result<Vec<(T, links::Found)>, Error> = (plan.data()..site.len())
        .into_par_iter()
        // Some pages take a hundred times as long as others: few together, so that no thread is left with many.
        .with_max_len(4)
        .map_init(Vec::new, |buffer, number| {
            let page = site.page(number, std::mem::take(buffer))?;
            let html = page.path.ends_with(".html");
            let found = if html { links.read(&page) } else { links::Found::default() };
            Ok((hand(page, buffer, site.len())?, found))
        })
        .collect();
    let mut found: Vec<links::Found> = out.iter().map(|_| links::Found::default()).collect();
    for (taken, of) in made? {
        out.push(taken);
        found.push(of);
    }
    links.check(&found)?;
    Ok(out)
}
