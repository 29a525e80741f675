//! Values over the revisions: how they are written, and how they are read.
//!
//! A plain value holds for every revision. A map whose keys are revision dates says from when each value
//! holds; `null` ends it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::yaml::{File, Kind, Node, Problem, Problems, wrong_kind};

/// A revision of the documentation, by its declared date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Year.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        let mut parts = s.split('-');
        let (Some(y), Some(m), Some(d), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(());
        };
        let digits = |part: &str, len: usize| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
        if !(digits(y, 4) && digits(m, 2) && digits(d, 2)) {
            return Err(());
        }
        let date = Self {
            year: y.parse().map_err(drop)?,
            month: m.parse().map_err(drop)?,
            day: d.parse().map_err(drop)?,
        };
        if (1..=12).contains(&date.month) && (1..=31).contains(&date.day) { Ok(date) } else { Err(()) }
    }
}

/// A value over the revisions: from which revision on it holds what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline<T> {
    /// Values by the revision from which they hold, in order; `None` ends the one before. A plain value in a
    /// file is one entry at the first revision.
    pub steps: Vec<(Date, Option<T>)>,
}

impl<T> Timeline<T> {
    /// The value in force at a revision.
    pub fn at(&self, revision: Date) -> Option<&T> {
        self.steps.iter().rev().find(|(from, _)| *from <= revision).and_then(|(_, value)| value.as_ref())
    }

    /// The value in force at a revision, or the last there was.
    pub fn at_or_last(&self, revision: Date) -> Option<&T> {
        self.at(revision).or_else(|| self.last())
    }

    /// The newest value, whether it still holds or not.
    pub fn last(&self) -> Option<&T> {
        self.steps.iter().rev().find_map(|(_, value)| value.as_ref())
    }

    /// From when on it has the one value it ever has; none if it changes or ends.
    pub fn settled_since(&self) -> Option<Date> {
        match self.steps.as_slice() {
            [(date, Some(_))] => Some(*date),
            _ => None,
        }
    }

    /// The values, oldest first, without the ends.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.steps.iter().filter_map(|(_, value)| value.as_ref())
    }
}

impl<T: PartialEq> Timeline<T> {
    /// Reads a value that may differ by revision and is no map itself. `revisions` are the known dates, oldest
    /// first; `what` names the value in messages; `value` reads one value or reports why it cannot.
    ///
    /// None, with a problem, if nothing of it can be read; a wrong step is reported and left out.
    pub fn read(
        node: &Node,
        file: &Arc<File>,
        revisions: &[Date],
        what: &str,
        problems: &mut Problems,
        mut value: impl FnMut(&Node, &mut Problems) -> Option<T>,
    ) -> Option<Self> {
        let Some(entries) = node.as_map() else {
            if node.is_null() {
                problems.push(wrong_kind(file, node, &format!("`{what}`"), "a value"));
                return None;
            }
            let value = value(node, problems)?;
            // Without revisions there is nothing it could hold for; that they are missing is said elsewhere.
            return Some(Self { steps: vec![(*revisions.first()?, Some(value))] });
        };
        if entries.is_empty() {
            problems.push(Problem::error(file, node.span.clone(), format!("`{what}` is empty")));
            return None;
        }
        let mut steps: Vec<(Date, Option<T>)> = Vec::new();
        let before = problems.0.len();
        for (key, node) in entries {
            let Some(date) = date(&key.value, file, key.span.clone(), revisions, problems) else { continue };
            if let Some((last, _)) = steps.last()
                && *last >= date
            {
                problems.push(
                    Problem::error(file, key.span.clone(), format!("the dates of `{what}` do not rise"))
                        .help(format!("put {date} before {last}")),
                );
                continue;
            }
            let step = if node.is_null() {
                if steps.last().is_none_or(|(_, value)| value.is_none()) {
                    problems.push(
                        Problem::error(file, key.span.clone(), format!("nothing of `{what}` ends here"))
                            .help("leave the entry out: before the first date there is no value"),
                    );
                    continue;
                }
                None
            } else {
                match value(node, problems) {
                    Some(value) => Some(value),
                    None => continue,
                }
            };
            if step.is_some() && steps.last().is_some_and(|(_, value)| *value == step) {
                problems.push(
                    Problem::warning(file, key.span.clone(), format!("`{what}` does not change here"))
                        .help("leave the entry out"),
                );
            }
            steps.push((date, step));
        }
        if steps.is_empty() {
            if problems.0.len() == before && !revisions.is_empty() {
                problems.push(Problem::error(file, node.head(), format!("`{what}` holds in no revision")));
            }
            return None;
        }
        Some(Self { steps })
    }
}

impl Timeline<serde_json::Value> {
    /// Reads a value of any shape that may differ by revision. A map is a timeline if its keys are revisions,
    /// otherwise it is the value itself.
    pub fn read_any(
        node: &Node,
        file: &Arc<File>,
        revisions: &[Date],
        what: &str,
        problems: &mut Problems,
    ) -> Option<Self> {
        if let Kind::Map(entries) = &node.kind {
            let dates = entries.iter().filter(|(key, _)| key.value.parse::<Date>().is_ok()).count();
            if dates == 0 && !entries.is_empty() {
                return Some(Self { steps: vec![(*revisions.first()?, Some(node.to_json()))] });
            }
        }
        Self::read(node, file, revisions, what, problems, |node, _| Some(node.to_json()))
    }
}

/// A date that must be one of the known revisions, or a problem.
pub fn date(
    written: &str,
    file: &Arc<File>,
    span: std::ops::Range<usize>,
    revisions: &[Date],
    problems: &mut Problems,
) -> Option<Date> {
    match written.parse::<Date>() {
        Ok(date) if revisions.contains(&date) => Some(date),
        _ => {
            if !revisions.is_empty() {
                let names: Vec<String> = revisions.iter().map(Date::to_string).collect();
                let names = names.iter().map(String::as_str);
                problems.push(Problem::unknown_name(file, span, "revision", written, names));
            }
            None
        }
    }
}
