//! Findings that somebody answers for, until a day: `waivers.yaml`.
//!
//! [`load()`] reads the file, with every mistake at its place; [`apply()`] takes what is waived out of a run and says how each
//! waiver stands: in force, run out, without anything left to hide, or about something that was not looked at; [`add()`] writes
//! one more into the file and leaves the rest of it as it is.
//!
//! A waiver is a decision with a name under it and an end. It says what it is about by a fingerprint, or by the rule and the
//! subject or account; it never hides that a rule could not be evaluated.

mod add;
mod glob;
mod load;

use crate::check::{Finding, Outcome, RuleOutcome, Run};
use crate::content::Date;
use crate::text::{count, harmless, list};

pub use add::{AddError, add, template};
pub use load::{Names, load};

pub(crate) use glob::Glob;
pub(crate) use load::is_fingerprint;

/// A decision to live with findings for a while.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// Id of the rule; always there without a fingerprint.
    pub rule: Option<String>,
    /// Id of the account or group.
    pub entity: Option<String>,
    /// The subject; `*` stands for any characters, letter case does not matter.
    pub subject: Option<String>,
    /// The fingerprint of one finding.
    pub fingerprint: Option<String>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The day it was made.
    pub created: Option<Date>,
    /// The last day on which it holds, by Greenwich.
    pub until: Date,
    /// Where it was decided.
    pub ticket: Option<String>,
    /// Where it stands: file and line.
    pub place: (String, usize),
}

/// How a waiver stands after a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It hides findings.
    InForce,
    /// Its last day is over. So many findings that it would hide are reported.
    Expired(usize),
    /// It would hide nothing, and what it is about was looked at.
    Unused,
    /// It would hide nothing, and what it is about was not looked at, or not all of it: why.
    Unclear(String),
}

impl State {
    /// The word for it in machine formats.
    pub fn name(&self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::Expired(_) => "expired",
            Self::Unused => "unused",
            Self::Unclear(_) => "unclear",
        }
    }
}

/// A finding that a waiver hides.
#[derive(Debug, Clone)]
pub struct Hidden {
    /// The finding.
    pub finding: Finding,
    /// The number of the waiver.
    pub waiver: usize,
}

/// What waivers made of a run.
#[derive(Debug, Clone, Default)]
pub struct Waived {
    /// The waivers, in the order of the file, each with how it stands.
    pub waivers: Vec<(Waiver, State)>,
    /// What they hide, in the order of the run.
    pub hidden: Vec<Hidden>,
    /// The day they were looked at.
    pub today: Option<Date>,
}

/// So many days at most are the waivers of a group old.
const AGES: [i64; 3] = [30, 90, 180];

impl Waiver {
    /// Whether a finding is what it is about, be it in force or not.
    pub fn matches(&self, finding: &Finding) -> bool {
        let same =
            |wanted: &Option<String>, is: Option<&str>| wanted.as_deref().is_none_or(|w| is == Some(w));
        same(&self.fingerprint, Some(&finding.fingerprint))
            && same(&self.rule, Some(&finding.rule))
            && same(&self.entity, finding.entity.as_deref())
            && self.subject.as_deref().is_none_or(|subject| Glob::new(subject).matches(&finding.subject))
    }

    /// Whether its subject stands for many.
    pub fn is_pattern(&self) -> bool {
        self.subject.as_deref().is_some_and(|subject| subject.contains('*'))
    }

    /// What it is about, in the words of the file: `rule, subject`.
    pub fn about(&self) -> String {
        let parts = [&self.rule, &self.entity, &self.subject];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        match (&self.fingerprint, parts.as_slice()) {
            (Some(fingerprint), []) => fingerprint.clone(),
            (_, parts) => parts.join(", "),
        }
    }

    /// How many days old it is.
    pub fn age(&self, today: Date) -> Option<i64> {
        self.created.map(|created| today.days_after(created))
    }

    /// Why it cannot be said that there is nothing left of what it is about.
    fn unclear(&self, outcomes: &[RuleOutcome]) -> Option<String> {
        let about = |row: &&RuleOutcome| {
            let of_entity = |entity: &String| {
                row.statements.is_empty()
                    || row.statements.iter().any(|s| s.split_once('/').is_some_and(|(e, _)| e == entity))
            };
            self.rule.as_deref().is_none_or(|rule| rule == row.rule) && self.entity.iter().all(of_entity)
        };
        let mut rows = outcomes.iter().filter(about).peekable();
        if rows.peek().is_none() {
            return Some("its rule was not run".to_owned());
        }
        let open = rows.find(|row| is_open(row))?;
        Some(match &self.rule {
            Some(_) if open.incomplete => "its rule could not judge all there is".to_owned(),
            Some(_) => "its rule could not be evaluated".to_owned(),
            None => "it names no rule, and not all rules could be evaluated".to_owned(),
        })
    }
}

/// Whether what a rule says nothing of may break it nevertheless.
fn is_open(row: &RuleOutcome) -> bool {
    row.incomplete || matches!(row.outcome, Outcome::NotEvaluated(_) | Outcome::Error(_))
}

impl Waived {
    /// The waiver that hides a finding.
    pub fn waiver(&self, hidden: &Hidden) -> Option<&Waiver> {
        self.waivers.get(hidden.waiver).map(|(waiver, _)| waiver)
    }

    /// How many findings the waiver of a number hides, or would hide, had it not run out.
    pub fn findings(&self, waiver: usize) -> usize {
        match self.waivers.get(waiver) {
            Some((_, State::Expired(back))) => *back,
            _ => self.hidden.iter().filter(|hidden| hidden.waiver == waiver).count(),
        }
    }

    /// In one sentence, what came of the waivers. None where there are none.
    pub fn summary(&self) -> Option<String> {
        let (first, _) = self.waivers.first()?;
        let of = |fits: fn(&State) -> bool| self.waivers.iter().filter(|(_, state)| fits(state)).count();
        let in_force = of(|state| *state == State::InForce);
        let mut parts = Vec::new();
        if in_force > 0 {
            let hide = if in_force == 1 { "hides" } else { "hide" };
            let findings = count(self.hidden.len(), "finding", "findings");
            parts.push(format!("{in_force} {hide} {findings} (age {})", self.ages().join(", ")));
        }
        for (n, one, many) in [
            (of(|state| matches!(state, State::Expired(_))), "ran out", "ran out"),
            (of(|state| *state == State::Unused), "hides nothing", "hide nothing"),
            (
                of(|state| matches!(state, State::Unclear(_))),
                "is about what was not looked at",
                "are about what was not looked at",
            ),
        ] {
            if n > 0 {
                parts.push(format!("{n} {}", if n == 1 { one } else { many }));
            }
        }
        let path = harmless(&first.place.0);
        Some(format!("{} in {path}: {}", count(self.waivers.len(), "waiver", "waivers"), list(&parts)))
    }

    /// What the waivers do of which nothing has to be done, a sentence each: those that stand for many, or all.
    pub fn told(&self, all: bool) -> Vec<String> {
        let mut told = Vec::new();
        for (number, (waiver, state)) in self.waivers.iter().enumerate() {
            let about = waiver.about();
            let text = match state {
                State::InForce if all || waiver.is_pattern() => {
                    let findings = count(self.findings(number), "finding", "findings");
                    let Waiver { until, owner, reason, .. } = waiver;
                    format!("{about}: {findings} until {until}, {owner} answers: {reason}")
                }
                State::Unclear(why) if all => format!("{about}: hides nothing, but {why}"),
                _ => continue,
            };
            told.push(harmless(&text).into_owned());
        }
        told
    }

    /// What has to be done about waivers, a sentence each: those that ran out first. Whether it is urgent goes with each.
    pub fn notes(&self) -> Vec<(bool, String)> {
        let mut notes = Vec::new();
        for (waiver, state) in &self.waivers {
            let (path, line) = &waiver.place;
            let place = format!("{}:{line}: the waiver for {}", harmless(path), harmless(&waiver.about()));
            match state {
                State::Expired(0) => notes.push((
                    false,
                    format!("{place} ran out on {} and would hide nothing: take it out", waiver.until),
                )),
                State::Expired(back) => {
                    let back = match back {
                        1 => "its finding is back".to_owned(),
                        n => format!("its {n} findings are back"),
                    };
                    notes.push((true, format!("{place} ran out on {}: {back}", waiver.until)));
                }
                State::Unused => notes.push((false, format!("{place} hides nothing: take it out"))),
                State::InForce | State::Unclear(_) => {}
            }
        }
        notes.sort_by_key(|(urgent, _)| !urgent);
        notes
    }

    /// How many of the waivers that are in force are how old: "2 up to 30 days".
    fn ages(&self) -> Vec<String> {
        let Some(today) = self.today else { return Vec::new() };
        let mut counts = [0; AGES.len() + 2];
        for (waiver, _) in self.waivers.iter().filter(|(_, state)| *state == State::InForce) {
            let group =
                waiver.age(today).map_or(AGES.len() + 1, |age| AGES.partition_point(|most| *most < age));
            counts[group] += 1;
        }
        let name = |group: usize| match (
            group.checked_sub(1).and_then(|before| AGES.get(before)),
            AGES.get(group),
        ) {
            (None, Some(most)) => format!("up to {most} days"),
            (Some(before), Some(most)) => format!("{} to {most} days", before + 1),
            (Some(before), None) => format!("over {before} days"),
            (None, None) => "unknown".to_owned(),
        };
        let groups = counts.into_iter().enumerate().filter(|(_, n)| *n > 0);
        groups.map(|(group, n)| format!("{}: {n}", name(group))).collect()
    }
}

/// Takes what is waived out of a run. Waivers whose last day is over hide nothing; what they would hide says so
/// ([`Finding::remarks`]). A rule of which every finding is hidden is waived. `narrowed` says that a part of what was found
/// has been left out of the run before.
pub fn apply(run: &mut Run, waivers: Vec<Waiver>, today: Date, narrowed: bool) -> Waived {
    let mut used = vec![0; waivers.len()];
    let mut hidden = Vec::new();
    let mut findings = Vec::with_capacity(run.findings.len());
    for mut finding in std::mem::take(&mut run.findings) {
        let fits: Vec<usize> =
            (0..waivers.len()).filter(|number| waivers[*number].matches(&finding)).collect();
        let mut first = None;
        for number in fits {
            let waiver = &waivers[number];
            used[number] += 1;
            if waiver.until < today {
                finding.remarks.lapsed.push(waiver.until);
            } else {
                first.get_or_insert(number);
            }
        }
        match first {
            Some(waiver) => hidden.push(Hidden { finding, waiver }),
            None => findings.push(finding),
        }
    }
    run.findings = findings;
    for row in run.outcomes.iter_mut().filter(|row| matches!(row.outcome, Outcome::Fail)) {
        let of_row = |finding: &Finding| {
            finding.rule == row.rule
                && (row.statements.is_empty()
                    || row.statements.iter().any(|s| finding.statements.contains(s)))
        };
        if hidden.iter().any(|one| of_row(&one.finding)) && !run.findings.iter().any(of_row) {
            row.outcome = Outcome::Waived;
        }
    }
    let state = |waiver: &Waiver, used: usize| {
        if waiver.until < today {
            State::Expired(used)
        } else if used > 0 {
            State::InForce
        } else {
            let part = || narrowed.then(|| "only a part of what there is was looked at".to_owned());
            waiver.unclear(&run.outcomes).or_else(part).map_or(State::Unused, State::Unclear)
        }
    };
    let waivers = waivers.into_iter().zip(used).map(|(waiver, used)| {
        let state = state(&waiver, used);
        (waiver, state)
    });
    Waived { waivers: waivers.collect(), hidden, today: Some(today) }
}

#[cfg(test)]
mod tests;
