//! `cmlint schema`: the schemas of what is read and written, as they were when the program was built.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};

use super::{Exit, output};
use crate::text::pad;

/// What there is a schema of: its name, what it describes, the schema.
const KINDS: [(&str, &str, &str); 7] = [
    ("report", "cmlint check --format json", include_str!("../../docs/report.schema.json")),
    (
        "report-lines",
        "cmlint check --format ndjson, each line",
        include_str!("../../docs/report-lines.schema.json"),
    ),
    ("config", "cmlint.yaml", include_str!("../../docs/config.schema.json")),
    ("waivers", "waivers.yaml", include_str!("../../docs/waivers.schema.json")),
    ("compare", "cmlint compare --format json", include_str!("../../docs/compare.schema.json")),
    ("diff", "cmlint diff --format json", include_str!("../../docs/diff.schema.json")),
    ("track", "cmlint track --format json", include_str!("../../docs/track.schema.json")),
];

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cmlint schema                          what there is a schema of
  cmlint schema report -o report.json    the schema of the report in JSON

The shapes are promises: keys are added, never changed or taken away, as long as their number stays.")]
pub(super) struct SchemaArgs {
    /// What to print the JSON Schema of; without it, what there is
    #[arg(value_name = "KIND", value_parser = kinds())]
    kind: Option<String>,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE", requires = "kind")]
    output: Option<PathBuf>,
}

fn kinds() -> PossibleValuesParser {
    KINDS.iter().map(|(name, about, _)| PossibleValue::new(*name).help(*about)).collect::<Vec<_>>().into()
}

pub(super) fn run(args: &SchemaArgs) -> anyhow::Result<Exit> {
    let asked = |name: &str| args.kind.as_deref() == Some(name);
    let text = match KINDS.iter().find(|(name, _, _)| asked(name)) {
        Some((_, _, schema)) => (*schema).to_owned(),
        None => {
            let width = KINDS.iter().map(|(name, _, _)| name.len()).max().unwrap_or_default();
            KINDS.iter().map(|(name, about, _)| format!("{}  {about}\n", pad(name, width))).collect()
        }
    };
    output::write(&text, args.output.as_deref())?;
    Ok(Exit::Clean)
}
