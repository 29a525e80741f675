//! `cmlint waive`: writes a waiver into `waivers.yaml`.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;

use super::check::FormatArg;
use super::configure::{self, ConfigArgs};
use super::load::Loaded;
use super::own::{self, Clock, WAIVERS as FILE};
use super::{Exit, Global, output};
use crate::content::Date;
use crate::explain::{Book, Selector};
use crate::files;
use crate::text::{harmless, joined};
use crate::waive::{self, Names, Waiver};
use crate::yaml::nearest;

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cmlint waive 3f1c09ab52d7e844 --report last.json --reason 'Moves to gMSA in June' --owner anna --until 90d
  cmlint waive clear-text-password --subject 'Build and capture*' --reason 'Lab only' --owner lab --until 2027-03-31
  cmlint waive too-many-accounts-for-site --entity NAA --reason 'Forest merge' --owner ops --until 6m --ticket CHG-1024

A fingerprint stands for one finding; `cmlint check --format json` has it with each. A rule needs a --subject or an --entity beside it;
in a subject `*` stands for any characters. A waiver holds for a year at most. `cmlint check` takes it from waivers.yaml,
says when it has run out, and says when there is nothing left that it would hide.

Exit codes:
  0  it is written
  2  it is not: there is one already, or something is missing or wrong")]
pub(super) struct WaiveArgs {
    /// Fingerprint of a finding, or a rule
    #[arg(value_name = "FINGERPRINT|RULE")]
    what: String,
    /// What the finding is about, as the report says it; `*` stands for any characters
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
    /// The account or group it is about
    #[arg(long, value_name = "NAME")]
    entity: Option<String>,
    /// A report of `--format json` that has the finding: its rule, account and subject are written down beside the fingerprint
    ///
    /// They say what is waived to whoever reads the file, and only with them can it be told when nothing is left of it.
    #[arg(long, value_name = "REPORT", conflicts_with_all = ["subject", "entity"])]
    report: Option<PathBuf>,
    /// Why this is lived with
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who answers for it: a person or a team
    #[arg(long, value_name = "NAME")]
    owner: String,
    /// The last day it holds: 2027-03-31, or from today 90d, 8w, 6m, 1y
    #[arg(long, value_name = "DATE|TIME")]
    until: String,
    /// Where it was decided
    #[arg(long, value_name = "ID")]
    ticket: Option<String>,
    /// The file to write it into; it is made if it is not there
    ///
    /// Without it, the one that `cmlint check` reads: that of the configuration, or waivers.yaml beside it or in the current
    /// folder.
    #[arg(long, value_name = "FILE")]
    waivers: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    clock: Clock,
}

pub(super) fn run(args: &WaiveArgs, global: &Global) -> anyhow::Result<Exit> {
    let today = args.clock.today()?;
    let loaded = super::load::load(global)?;
    let file = &file(args, &loaded)?;
    let path = own::shown(file);
    let waiver = Waiver { place: (path.clone(), 0), ..waiver(args, &loaded, today)? };
    let names = Names { content: &loaded.content, rules: &loaded.rules };
    let before = own::text(file)?;
    let text = before.as_deref().unwrap_or_default();
    let (there, problems) = waive::load(&path, text, names, today);
    own::sound(file, &problems)?;
    let after = waive::add(text, &there, &waiver, today)?;
    // What is wrong with the new one is said as it will be when the file is read.
    let (_, problems) = waive::load(&path, &after, names, today);
    own::sound(file, &problems).context("nothing was written")?;
    files::replace(file, after.as_bytes()).with_context(|| format!("cannot write {}", harmless(&path)))?;
    let made = if before.is_some() { "" } else { " (new)" };
    let (about, owner) = (harmless(&waiver.about()).into_owned(), harmless(&waiver.owner).into_owned());
    let days = waiver.until.days_after(today);
    let text = format!(
        "{}{made}: {about} is waived until {}, {} from today; {owner} answers for it\n",
        harmless(&path),
        waiver.until,
        crate::text::count(usize::try_from(days).unwrap_or_default(), "day", "days"),
    );
    output::write(&text, None)?;
    Ok(Exit::Clean)
}

/// The file that `cmlint check` would read here, or the one that is given.
fn file(args: &WaiveArgs, loaded: &Loaded) -> anyhow::Result<PathBuf> {
    if let Some(file) = &args.waivers {
        return Ok(file.clone());
    }
    let book = Book::new(&loaded.content, &loaded.schema, &loaded.rules);
    let configured = configure::load::<FormatArg>(&args.config, &book)?;
    Ok(configured.and_then(|configured| configured.waivers()).unwrap_or_else(|| PathBuf::from(FILE)))
}

fn waiver(args: &WaiveArgs, loaded: &Loaded, today: Date) -> anyhow::Result<Waiver> {
    let asked = args.what.trim().to_lowercase();
    let fingerprint = waive::is_fingerprint(&asked).then(|| asked.clone());
    if let Some(report) = &args.report {
        return of_report(args, fingerprint.as_deref(), report, today);
    }
    let rule = match (&fingerprint, loaded.rules.find(&asked)) {
        (Some(_), _) => None,
        (None, Some(rule)) => Some(rule.id.clone()),
        (None, None) => {
            let near = nearest(&asked, loaded.rules.rules.iter().map(|rule| rule.id.as_str()));
            let near = near.map_or(String::new(), |near| format!("\n\nDid you mean `{near}`?"));
            bail!("`{asked}` is neither a fingerprint (16 digits, 0 to 9 and a to f) nor a rule{near}");
        }
    };
    if rule.is_some() && args.subject.is_none() && args.entity.is_none() {
        bail!(
            "say for what of the rule it holds: --subject or --entity; --subject '*' is everything that it finds"
        );
    }
    let entity = match &args.entity {
        None => None,
        Some(name) => {
            let book = Book::new(&loaded.content, &loaded.schema, &loaded.rules);
            match book.selector(name).map_err(anyhow::Error::msg)? {
                Selector::Entity(id) => Some(id),
                _ => bail!("`{name}` is no account and no group"),
            }
        }
    };
    Ok(Waiver { rule, entity, subject: args.subject.clone(), fingerprint, ..decision(args, today)? })
}

/// The waiver of a finding that a report has.
fn of_report(
    args: &WaiveArgs,
    fingerprint: Option<&str>,
    path: &Path,
    today: Date,
) -> anyhow::Result<Waiver> {
    let Some(fingerprint) = fingerprint else { bail!("--report goes with a fingerprint") };
    let report = super::compare::read(path)?;
    let Some(found) = report.findings.get(fingerprint) else {
        bail!("{} has no finding {fingerprint}", harmless(&report.name));
    };
    Ok(Waiver {
        rule: Some(found.rule.clone()),
        entity: found.entity.clone(),
        subject: Some(found.subject.clone()),
        fingerprint: Some(fingerprint.to_owned()),
        ..decision(args, today)?
    })
}

/// A waiver that does not say yet what it is about.
fn decision(args: &WaiveArgs, today: Date) -> anyhow::Result<Waiver> {
    Ok(Waiver {
        rule: None,
        entity: None,
        subject: None,
        fingerprint: None,
        reason: args.reason.clone(),
        owner: args.owner.clone(),
        created: Some(today),
        until: until(&args.until, today)?,
        ticket: args.ticket.clone(),
        place: (String::new(), 0),
    })
}

/// What stands behind the number of a length of time.
const UNITS: [(char, &str); 4] = [('d', "days"), ('w', "weeks"), ('m', "months"), ('y', "years")];

/// The last day: as it is given, or so long from today.
fn until(text: &str, today: Date) -> anyhow::Result<Date> {
    let text = text.trim();
    let date = match (text.strip_suffix(UNITS.map(|(unit, _)| unit)), text.chars().next_back()) {
        (Some(number), Some(unit)) => number.parse::<u16>().ok().and_then(|number| match unit {
            'd' => today.plus_days(number.into()),
            'w' => today.plus_days(7 * i64::from(number)),
            'm' => today.plus_months(number),
            _ => today.plus_months(number.saturating_mul(12)),
        }),
        _ => own::day(text).ok(),
    };
    let date = date.ok_or_else(|| {
        let units = UNITS.map(|(unit, name)| format!("{unit} for {name}"));
        anyhow!("--until {text}: give a day such as 2027-03-31, or a number with {}", joined(&units, "or"))
    })?;
    if date < today {
        bail!("--until {text}: this is {date}, and today is {today}");
    }
    Ok(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_day_or_a_time_from_today() {
        let today = own::day("2026-12-01").unwrap();
        for (text, date) in [
            ("2027-03-31", "2027-03-31"),
            ("0d", "2026-12-01"),
            ("90d", "2027-03-01"),
            ("2w", "2026-12-15"),
            ("3m", "2027-03-01"),
            ("1y", "2027-12-01"),
        ] {
            assert_eq!(until(text, today).unwrap().to_string(), date, "{text}");
        }
        for text in ["", "d", "-1d", "1.5m", "soon", "2026-11-30", "2027-02-29", "99999999d", "90"] {
            assert!(until(text, today).is_err(), "{text}");
        }
    }
}
