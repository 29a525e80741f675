//! `cmlint.yaml`: where it is, and how it and the command line go together.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::own;
use crate::explain::Book;
use crate::settings::{self, Names, Settings};
use crate::text::harmless;

/// The file.
pub(super) const FILE: &str = "cmlint.yaml";

/// Options about it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Configuration")]
pub(super) struct ConfigArgs {
    /// Take the configuration from this file
    ///
    /// Without it, from cmlint.yaml in the current folder or the nearest one above it, up to that of the repository. What is given on the command line goes before what the file says; `cmlint init` writes one.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Use no configuration
    #[arg(long, conflicts_with = "config")]
    no_config: bool,
}

/// A configuration and its file.
#[derive(Debug)]
pub(super) struct Configured {
    pub(super) settings: Settings,
    pub(super) file: PathBuf,
}

impl Configured {
    /// The file of waivers: the one it names, or the one beside it, if that is there.
    pub(super) fn waivers(&self) -> Option<PathBuf> {
        let beside = self.file.parent().unwrap_or(Path::new("")).join(own::WAIVERS);
        self.settings.waivers.clone().or_else(|| beside.is_file().then_some(beside))
    }
}

/// The configuration there is. `formats` is a type whose names are those of formats.
///
/// # Errors
/// When the file is not there, or wrong.
pub(super) fn load<F: ValueEnum>(args: &ConfigArgs, book: &Book<'_>) -> anyhow::Result<Option<Configured>> {
    let found = match &args.config {
        _ if args.no_config => None,
        Some(file) => Some(file.clone()),
        None => nearest()?,
    };
    let Some(file) = found else { return Ok(None) };
    let path = own::shown(&file);
    let Some(text) = own::text(&file)? else { bail!("--config {}: there is no such file", harmless(&path)) };
    let formats: Vec<String> = (F::value_variants().iter())
        .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
        .collect();
    let formats: Vec<&str> = formats.iter().map(String::as_str).collect();
    let revisions: Vec<String> = book.content.dates().iter().map(ToString::to_string).collect();
    let names = Names { book, formats: &formats, revisions: &revisions };
    let folder = file.parent().unwrap_or(Path::new(""));
    let (settings, problems) = settings::load(&path, folder, &text, names);
    own::sound(&file, &problems)?;
    Ok(Some(Configured { settings, file }))
}

/// The file in the current folder or the nearest above it, by a path from here. A repository ends the search.
fn nearest() -> anyhow::Result<Option<PathBuf>> {
    let here = std::env::current_dir().context("the current folder cannot be found")?;
    let mut up = PathBuf::new();
    for folder in here.ancestors() {
        if folder.join(FILE).is_file() {
            return Ok(Some(up.join(FILE)));
        }
        if folder.join(".git").exists() {
            break;
        }
        up.push("..");
    }
    Ok(None)
}
