//! `cmlint init`: a `cmlint.yaml` to begin with.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;

use super::configure::FILE;
use super::{Exit, output, own};
use crate::files;
use crate::text::harmless;

/// Every setting there is, with what it does; none is in force.
const TEXT: &str = include_str!("../../examples/cmlint.yaml");

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cmlint init                 write cmlint.yaml into the current folder
  cmlint init --output -      print it

The file holds every setting with what it does; each is switched off by the `#` before it. A file that is there is never
written over.")]
pub(super) struct InitArgs {
    /// The file to write; `-` is standard output
    #[arg(long, short, value_name = "FILE", default_value = FILE)]
    output: PathBuf,
}

pub(super) fn run(args: &InitArgs) -> anyhow::Result<Exit> {
    if args.output.as_os_str() == "-" {
        output::write(TEXT, None)?;
        return Ok(Exit::Clean);
    }
    let path = own::shown(&args.output);
    let path = harmless(&path);
    if args.output.exists() {
        bail!(
            "{path} is there already and stays as it is; `cmlint init --output -` prints what would be written"
        );
    }
    files::replace(&args.output, TEXT.as_bytes()).with_context(|| format!("cannot write {path}"))?;
    output::write(&format!("{path}: written; take the `#` away before the settings you want\n"), None)?;
    Ok(Exit::Clean)
}
