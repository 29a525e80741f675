//! What changed between reports: findings that are new or gone, and above all those of which it is not known.
//!
//! [`read()`] takes a report of `check --format json`; [`between`] compares two by the fingerprints of findings; [`of`] goes
//! through many; [`write()`] tells it. A finding that is not in the newer report is gone only where its rule could judge all
//! there is. Where the rule was not evaluated, not to its end or not at all, it is *no longer evaluated*: less that is
//! exported never looks like something that was mended.

mod group;
mod html;
mod human;
mod json;
mod markdown;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{Finding, Outcome, Run};
use crate::content::Date;
use crate::rules::Level;
use crate::waive::Waived;

pub(crate) use group::GroupBy;
pub(crate) use read::read;

/// A finding as a report has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) fingerprint: String,
    pub(crate) rule: String,
    pub(crate) level: Level,
    pub(crate) statements: Vec<String>,
    pub(crate) entity: Option<String>,
    pub(crate) subject: String,
    pub(crate) message: String,
    /// File and line of its first place.
    pub(crate) place: Option<(String, u64)>,
    /// The accounts and hosts it is about, where the report tells them.
    pub(crate) accounts: Vec<String>,
    pub(crate) hosts: Vec<String>,
}

/// What became of a rule, as a report has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) rule: String,
    pub(crate) statements: Vec<String>,
    /// Why it could not judge, or not all there is.
    pub(crate) open: Option<String>,
}

/// A report, reduced to what can be compared. Of findings with one fingerprint the gravest stands for all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    /// What it is called: its file.
    pub(crate) name: String,
    /// The day it was made, and whether the report itself says so.
    pub(crate) created: Option<(Date, bool)>,
    pub(crate) revision: String,
    pub(crate) version: String,
    pub(crate) findings: BTreeMap<String, Found>,
    /// What waivers hide.
    pub(crate) waived: BTreeMap<String, Found>,
    pub(crate) rows: Vec<Row>,
}

/// In which way the same finding differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Not there before, where all could be judged.
    New,
    /// Not there before, where not all could be judged.
    NewlyEvaluated,
    /// There in both, at different levels.
    ChangedLevel,
    /// A waiver hid it before.
    NoLongerWaived,
    /// A waiver hides it now.
    Waived,
    /// Not there now, where not all can be judged.
    NoLongerEvaluated,
    /// Not there now, where all could be judged.
    Gone,
}

impl Kind {
    /// All, in the order in which they are told.
    pub(crate) const ALL: [Self; 7] = [
        Self::New,
        Self::NewlyEvaluated,
        Self::ChangedLevel,
        Self::NoLongerWaived,
        Self::Waived,
        Self::NoLongerEvaluated,
        Self::Gone,
    ];

    /// The word in machine formats.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::NewlyEvaluated => "newly_evaluated",
            Self::ChangedLevel => "changed_level",
            Self::NoLongerWaived => "no_longer_waived",
            Self::Waived => "waived",
            Self::NoLongerEvaluated => "no_longer_evaluated",
            Self::Gone => "gone",
        }
    }

    /// The words for people.
    pub(crate) fn words(self) -> String {
        self.name().replace('_', " ")
    }

    /// Whether there is something that was not reported before.
    pub(crate) fn is_more(self) -> bool {
        matches!(self, Self::New | Self::NewlyEvaluated | Self::NoLongerWaived)
    }
}

/// A finding that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) kind: Kind,
    /// The finding as the newer report has it, or the older.
    pub(crate) finding: Found,
    /// Its levels in both.
    pub(crate) from: Option<Level>,
    pub(crate) to: Option<Level>,
    /// Why it could not be judged, before or now.
    pub(crate) reason: Option<String>,
}

impl Change {
    /// Whether it is something to fail for, of which level: a new finding, or one that is graver than before.
    pub(crate) fn fails(&self) -> Option<Level> {
        match self.kind {
            Kind::ChangedLevel => self.to.filter(|to| self.from.is_some_and(|from| *to > from)),
            kind if kind.is_more() => self.to,
            _ => None,
        }
    }
}

/// What changed between two reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Findings, by kind, rule and subject.
    pub(crate) findings: Vec<Change>,
    /// Rules, with the statements, that could judge before and cannot now, and why.
    pub(crate) no_longer_evaluated: Vec<Row>,
    /// Rules that could not judge before and can now.
    pub(crate) newly_evaluated: Vec<Row>,
}

impl Changes {
    /// How many findings differ in a way.
    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.findings.iter().filter(|change| change.kind == kind).count()
    }

    /// How many of which kind, in words: `2 new`.
    pub(crate) fn counts(&self) -> Vec<String> {
        let counts = Kind::ALL.map(|kind| (kind, self.count(kind)));
        counts.iter().filter(|(_, n)| *n > 0).map(|(kind, n)| format!("{n} {}", kind.words())).collect()
    }
}

/// Reports, and what changed from each to the next.
#[derive(Debug)]
pub(crate) struct Comparison {
    /// In the order of time.
    pub(crate) reports: Vec<Snapshot>,
    /// From each report to the next.
    pub(crate) steps: Vec<Changes>,
    /// From the first to the last.
    pub(crate) total: Changes,
    /// By what changes are put together.
    pub(crate) group_by: GroupBy,
}

/// The formats of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// For programs; `docs/compare.schema.json` describes it.
    Json,
    /// For tickets and change logs.
    Markdown,
    /// A page with a line of the trend.
    Html,
}

/// How a finding stands in a report.
#[derive(Debug, PartialEq, Eq)]
enum Stand {
    Open(Level),
    Waived,
    Unknown(String),
    Absent,
}

impl Snapshot {
    /// What came out of a run that has not been written yet.
    pub(crate) fn of_run(run: &Run, waived: &Waived) -> Self {
        let found = |finding: &Finding| Found {
            fingerprint: finding.fingerprint.clone(),
            rule: finding.rule.clone(),
            level: finding.level,
            statements: finding.statements.clone(),
            entity: finding.entity.clone(),
            subject: finding.subject.clone(),
            message: finding.message.clone(),
            place: None,
            accounts: finding.accounts.clone(),
            hosts: finding.hosts.clone(),
        };
        let rows = run.outcomes.iter().map(|row| Row {
            rule: row.rule.clone(),
            statements: row.statements.clone(),
            open: match &row.outcome {
                Outcome::NotEvaluated(open) => Some(open.reason.clone()),
                Outcome::Error(why) => Some(why.clone()),
                _ => row.incomplete.then(|| INCOMPLETE.to_owned()),
            },
        });
        Self {
            revision: run.revision.to_string(),
            findings: gravest(run.findings.iter().map(found)),
            waived: gravest(waived.hidden.iter().map(|hidden| found(&hidden.finding))),
            rows: rows.collect(),
            ..Self::default()
        }
    }

    /// Number of findings of a level.
    pub(crate) fn of_level(&self, level: Level) -> usize {
        self.findings.values().filter(|found| found.level == level).count()
    }

    /// Number of rows that could not be judged at all or not to their end.
    pub(crate) fn open(&self) -> usize {
        self.rows.iter().filter(|row| row.open.is_some()).count()
    }

    /// How a finding, which this or another report has, stands here.
    fn stand(&self, about: &Found) -> Stand {
        if let Some(found) = self.findings.get(&about.fingerprint) {
            return Stand::Open(found.level);
        }
        if self.waived.contains_key(&about.fingerprint) {
            return Stand::Waived;
        }
        let of_rule: Vec<&Row> = self.rows.iter().filter(|row| row.rule == about.rule).collect();
        if of_rule.is_empty() {
            return Stand::Unknown("its rule was not run".to_owned());
        }
        let closer = |row: &&&Row| row.statements.iter().any(|s| about.statements.contains(s));
        let closer: Vec<&Row> = of_rule.iter().filter(closer).copied().collect();
        let rows = if closer.is_empty() { of_rule } else { closer };
        match rows.iter().find_map(|row| row.open.clone()) {
            Some(reason) => Stand::Unknown(reason),
            None => Stand::Absent,
        }
    }
}

/// What is said of a rule that found something and could not judge all.
const INCOMPLETE: &str = "its rule could not judge all there is";

/// Findings by their fingerprints.
fn gravest(findings: impl Iterator<Item = Found>) -> BTreeMap<String, Found> {
    let mut out: BTreeMap<String, Found> = BTreeMap::new();
    for found in findings {
        match out.get_mut(&found.fingerprint) {
            Some(there) if there.level >= found.level => {}
            _ => {
                out.insert(found.fingerprint.clone(), found);
            }
        }
    }
    out
}

/// What changed between two reports.
pub(crate) fn between(old: &Snapshot, new: &Snapshot) -> Changes {
    let mut all: BTreeMap<&str, &Found> = BTreeMap::new();
    for report in [new, old] {
        for found in report.findings.values().chain(report.waived.values()) {
            all.entry(&found.fingerprint).or_insert(found);
        }
    }
    let mut findings: Vec<Change> =
        all.into_values().filter_map(|found| change(found, old.stand(found), new.stand(found))).collect();
    findings.sort_by(|a, b| {
        let key = |change: &Change| (change.kind, std::cmp::Reverse(change.to.or(change.from)));
        key(a)
            .cmp(&key(b))
            .then_with(|| (&a.finding.rule, &a.finding.subject).cmp(&(&b.finding.rule, &b.finding.subject)))
    });
    Changes { findings, no_longer_evaluated: opened(old, new), newly_evaluated: opened(new, old) }
}

fn change(found: &Found, before: Stand, now: Stand) -> Option<Change> {
    let (kind, from, to, reason) = match (before, now) {
        (Stand::Absent, Stand::Open(to)) => (Kind::New, None, Some(to), None),
        (Stand::Unknown(why), Stand::Open(to)) => (Kind::NewlyEvaluated, None, Some(to), Some(why)),
        (Stand::Open(from), Stand::Open(to)) if from != to => {
            (Kind::ChangedLevel, Some(from), Some(to), None)
        }
        (Stand::Waived, Stand::Open(to)) => (Kind::NoLongerWaived, None, Some(to), None),
        (Stand::Open(from), Stand::Waived) => (Kind::Waived, Some(from), None, None),
        (Stand::Open(from), Stand::Unknown(why)) => (Kind::NoLongerEvaluated, Some(from), None, Some(why)),
        (Stand::Open(from), Stand::Absent) => (Kind::Gone, Some(from), None, None),
        _ => return None,
    };
    Some(Change { kind, finding: found.clone(), from, to, reason })
}

/// Rows that are closed in one report and open in the other, as the other has them. What only one of them ran is not told.
fn opened(closed: &Snapshot, open: &Snapshot) -> Vec<Row> {
    let key = |row: &Row| (row.rule.clone(), row.statements.clone());
    let before: BTreeSet<_> = closed.rows.iter().filter(|row| row.open.is_none()).map(key).collect();
    open.rows.iter().filter(|row| row.open.is_some() && before.contains(&key(row))).cloned().collect()
}

/// Compares reports, each with the next, and the first with the last.
pub(crate) fn of(reports: Vec<Snapshot>, group_by: GroupBy) -> Comparison {
    let steps = reports.windows(2).map(|pair| between(&pair[0], &pair[1])).collect();
    let total = match (reports.first(), reports.last()) {
        (Some(first), Some(last)) => between(first, last),
        _ => Changes::default(),
    };
    Comparison { reports, steps, total, group_by }
}

/// Writes a comparison in a format, colours included.
pub(crate) fn write(comparison: &Comparison, format: Format, columns: usize) -> String {
    match format {
        Format::Human => human::write(comparison, columns),
        Format::Json => json::write(comparison),
        Format::Markdown => markdown::write(comparison),
        Format::Html => html::write(comparison),
    }
}

#[cfg(test)]
mod tests;
