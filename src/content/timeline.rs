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

impl Date {
    /// Its number among all days of the calendar; 1970-01-01 has 0. Of a day that its month does not have it is that of the
    /// day so many days after the month's first.
    pub(crate) fn number(self) -> i64 {
        // Years begin in March, so that a leap day is the last of its year.
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let month = (i64::from(self.month) + 9) % 12;
        let of_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
    }

    /// The day of that number; none before the year 0 and after 9999.
    pub(crate) fn of_number(number: i64) -> Option<Self> {
        let day = number + 719_468;
        let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        let year = u16::try_from(year + era * 400 + later).ok().filter(|year| *year <= 9999)?;
        Some(Self { year, month: u8::try_from(month).ok()?, day: u8::try_from(day).ok()? })
    }

    /// Whether the calendar has it.
    pub(crate) fn exists(self) -> bool {
        Self::of_number(self.number()) == Some(self)
    }

    /// The day after so many days.
    pub(crate) fn plus_days(self, days: i64) -> Option<Self> {
        Self::of_number(self.number().checked_add(days)?)
    }

    /// The same day after so many months, or the last of that month.
    pub(crate) fn plus_months(self, months: u16) -> Option<Self> {
        let month = u32::from(self.month) - 1 + u32::from(months);
        let year = u16::try_from(u32::from(self.year) + month / 12).ok().filter(|year| *year <= 9999)?;
        let month = u8::try_from(month % 12 + 1).ok()?;
        (1..=self.day).rev().map(|day| Self { year, month, day }).find(|date| date.exists())
    }

    /// How many days it is after another.
    pub(crate) fn days_after(self, other: Self) -> i64 {
        self.number() - other.number()
    }

    /// The day of a time, by Greenwich.
    pub(crate) fn of_time(time: std::time::SystemTime) -> Option<Self> {
        let seconds = time.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
        Self::of_number(i64::try_from(seconds / 86_400).ok()?)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect("a date")
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        // Every day for two cycles of four hundred years, one after the other.
        let mut before = date("1600-01-01");
        for number in before.number() + 1..=date("2400-12-31").number() {
            let day = Date::of_number(number).expect("a day");
            assert_eq!(day.number(), number);
            let next_day = (day.year, day.month, day.day) == (before.year, before.month, before.day + 1);
            let next_month = day.day == 1 && (day.month == before.month % 12 + 1) && before.day >= 28;
            assert!(next_day || next_month, "{before} {day}");
            before = day;
        }
        assert_eq!((date("1970-01-01").number(), date("2000-03-01").number()), (0, 11_017));
        assert_eq!(date("2026-12-01").days_after(date("2025-12-01")), 365);
        for (text, exists) in
            [("2024-02-29", true), ("2023-02-29", false), ("2100-02-29", false), ("2026-04-31", false)]
        {
            assert_eq!(date(text).exists(), exists, "{text}");
        }
    }

    #[test]
    fn months_end_where_they_end() {
        for (from, months, to) in [
            ("2026-12-01", 6, "2027-06-01"),
            ("2026-08-31", 6, "2027-02-28"),
            ("2024-02-29", 12, "2025-02-28"),
            ("2026-12-31", 12, "2027-12-31"),
        ] {
            assert_eq!(date(from).plus_months(months), Some(date(to)), "{from} {months}");
        }
        assert_eq!(date("9999-12-31").plus_days(1), None);
        assert_eq!(date("9999-12-31").plus_months(1), None);
    }
}
