//! What has been decided about findings before a run: waivers, and a baseline.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::checked::Checked;
use super::configure::Configured;
use super::load::Loaded;
use super::own::{self, Clock, WAIVERS};
use crate::check::Baseline;
use crate::compare::{self, Kind, Snapshot};
use crate::content::Date;
use crate::text::{DOUBT, count, harmless, list, paint};
use crate::waive::{self, Names, Waiver};

/// From this age on a baseline is said to be old.
const OLD_DAYS: i64 = 180;

/// The options of `check` about it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What is decided")]
pub(super) struct DecidedArgs {
    /// Take waivers from this file
    ///
    /// Without it, from waivers.yaml beside the configuration or in the current folder, if it is there. `cmlint waive` writes them. What is waived is left out of the findings and counted, until the last day of the waiver.
    #[arg(long, value_name = "FILE")]
    pub(super) waivers: Option<PathBuf>,
    /// Report what is waived, too
    #[arg(long, conflicts_with = "waivers")]
    no_waivers: bool,
    /// A report of `--format json`: findings that it has do not count
    ///
    /// Those that are new, or graver than there, are shown and make the exit code; of the others the number is said.
    #[arg(long, value_name = "REPORT")]
    pub(super) baseline: Option<PathBuf>,
    /// Count every finding
    #[arg(long, conflicts_with = "baseline")]
    no_baseline: bool,
    /// Write the day into reports of `--format json`, so that they tell their age; without it the same exports give the same bytes
    #[arg(long, help_heading = "Output")]
    timestamp: bool,
    #[command(flatten)]
    clock: Clock,
}

impl DecidedArgs {
    /// Takes from a configuration what is not given.
    pub(super) fn under(&mut self, configured: &Configured) {
        let settings = &configured.settings;
        if self.waivers.is_none() && !self.no_waivers {
            self.waivers = configured.waivers();
        }
        if self.baseline.is_none() && !self.no_baseline {
            self.baseline.clone_from(&settings.baseline);
        }
    }
}

/// It, read.
#[derive(Debug)]
pub(super) struct Decided {
    today: Date,
    timestamp: bool,
    waivers: Vec<Waiver>,
    baseline: Option<Snapshot>,
    /// The files it came from.
    files: Vec<PathBuf>,
}

impl Decided {
    /// Reads it.
    ///
    /// # Errors
    /// When a file is not there or wrong.
    pub(super) fn load(args: &DecidedArgs, loaded: &Loaded) -> anyhow::Result<Self> {
        let today = args.clock.today()?;
        let (waivers, baseline) = (Vec::new(), None);
        let mut out = Self { today, timestamp: args.timestamp, waivers, baseline, files: Vec::new() };
        if !args.no_waivers {
            out.waivers(args, loaded)?;
        }
        if let Some(path) = &args.baseline {
            out.baseline = Some(super::compare::read(path).context("the baseline cannot be used")?);
            out.files.push(path.clone());
        }
        Ok(out)
    }

    fn waivers(&mut self, args: &DecidedArgs, loaded: &Loaded) -> anyhow::Result<()> {
        let path = args.waivers.as_deref().unwrap_or(Path::new(WAIVERS));
        let Some(text) = own::text(path)? else {
            if args.waivers.is_some() {
                bail!("the file of waivers {} is not there", harmless(&own::shown(path)));
            }
            return Ok(());
        };
        let names = Names { content: &loaded.content, rules: &loaded.rules };
        let (waivers, problems) = waive::load(&own::shown(path), &text, names, self.today);
        own::sound(path, &problems)?;
        self.waivers = waivers;
        self.files.push(path.to_owned());
        Ok(())
    }

    /// The files it came from, which are no exports.
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Applies it to what came out of a run; `narrowed` says that a part of that was left out.
    pub(super) fn apply(self, checked: &mut Checked<'_>, narrowed: bool) {
        checked.waived = waive::apply(&mut checked.run, self.waivers, self.today, narrowed);
        checked.created = self.timestamp.then_some(self.today);
        if let Some(baseline) = &self.baseline {
            checked.baseline = Some(against(baseline, checked, self.today));
        }
    }
}

/// Marks the findings that a baseline has, and says in a few words how the run stands to it.
fn against(baseline: &Snapshot, checked: &mut Checked<'_>, today: Date) -> String {
    for finding in &mut checked.run.findings {
        finding.remarks.baseline = Some(match baseline.findings.get(&finding.fingerprint) {
            None => Baseline::New,
            Some(before) if finding.level > before.level => Baseline::Updated,
            Some(_) => Baseline::Unchanged,
        });
    }
    let changes = compare::between(baseline, &Snapshot::of_run(&checked.run, &checked.waived));
    let known = checked.run.findings.iter().filter(|finding| !finding.counts()).count();
    let does = if known == 1 { "is in it and does" } else { "are in it and do" };
    let mut parts = vec![format!("{} {does} not count", count(known, "finding", "findings"))];
    for (n, what) in [
        (checked.run.findings.len() - known, "new or graver"),
        (changes.count(Kind::Gone), "gone"),
        (changes.count(Kind::NoLongerEvaluated), "no longer evaluated"),
    ] {
        if n > 0 {
            parts.push(format!("{n} {} {what}", if n == 1 { "is" } else { "are" }));
        }
    }
    let mut out = format!("{}: {}", harmless(&baseline.name), list(&parts));
    if let Some((date, told)) = baseline.created {
        let age = today.days_after(date);
        if age >= OLD_DAYS {
            let since = if told { "it is" } else { "its file is" };
            out.push_str(&format!("; {since} {age} days old, since {date}: make a new one"));
        }
    }
    if !baseline.revision.is_empty() && baseline.revision != checked.run.revision.to_string() {
        out.push_str(&format!("; it is by revision {}", harmless(&baseline.revision)));
    }
    out
}

/// What is to be said of it on standard error.
pub(super) fn aside(checked: &Checked<'_>) -> String {
    let note = |(urgent, text): (bool, String)| {
        format!("{} {text}\n", paint(DOUBT, if urgent { "warning:" } else { "note:" }))
    };
    let baseline = checked.baseline.iter().map(|text| (false, format!("the baseline {text}")));
    checked.waived.notes().into_iter().chain(baseline).map(note).collect()
}
