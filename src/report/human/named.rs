//! The accounts or computers that findings are about, the worst first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::super::{Found, GroupBy, Report};
use crate::rules::Level;
use crate::text::{count, list, paint};

/// An account or a computer, and what is found of it.
#[derive(Debug)]
pub(super) struct Named<'a> {
    pub(super) name: &'a str,
    pub(super) found: Vec<Found<'a>>,
}

/// The names, those of most errors first, then of most warnings and notes; and what names none. A finding that names two
/// stands under both.
pub(super) fn named<'a>(found: &[Found<'a>], by: GroupBy) -> (Vec<Named<'a>>, Vec<Found<'a>>) {
    let (mut all, mut rest): (Vec<Named<'a>>, Vec<_>) = (Vec::new(), Vec::new());
    let mut known: HashMap<&str, usize> = HashMap::new();
    for &(finding, spots) in found {
        let names = match by {
            GroupBy::Rule => &[][..],
            GroupBy::Account => &finding.accounts,
            GroupBy::Host => &finding.hosts,
        };
        if names.is_empty() {
            rest.push((finding, spots));
        }
        for name in names {
            let number = *known.entry(name).or_insert_with(|| {
                all.push(Named { name, found: Vec::new() });
                all.len() - 1
            });
            all[number].found.push((finding, spots));
        }
    }
    let of = |one: &Named<'_>, level: Level| one.found.iter().filter(|(f, _)| f.level == level).count();
    all.sort_by_key(|one| {
        let levels = [Level::Error, Level::Warning, Level::Note].map(|level| Reverse(of(one, level)));
        (levels, one.name)
    });
    (all, rest)
}

/// `2 errors, 1 warning and 3 notes`, in their colours.
pub(super) fn levels(found: &[Found<'_>]) -> String {
    let mut numbers = [0; 3];
    for (finding, _) in found {
        numbers[finding.level as usize] += 1;
    }
    let words = [
        (Level::Error, "error", "errors"),
        (Level::Warning, "warning", "warnings"),
        (Level::Note, "note", "notes"),
    ];
    let parts: Vec<String> = (words.into_iter())
        .map(|(level, one, many)| (level, numbers[level as usize], one, many))
        .filter(|(_, n, ..)| *n > 0)
        .map(|(level, n, one, many)| paint(level.style(), count(n, one, many)))
        .collect();
    list(&parts)
}

/// The titles of the rules that a few findings are of, the gravest first, then those of most findings.
pub(super) fn gravest<'a>(report: &Report<'a>, found: &[Found<'a>], most: usize) -> Vec<&'a str> {
    let mut rules: BTreeMap<&str, (Level, usize)> = BTreeMap::new();
    for (finding, _) in found {
        let rule = rules.entry(&finding.rule).or_insert((finding.level, 0));
        rule.0 = rule.0.max(finding.level);
        rule.1 += 1;
    }
    let mut rules: Vec<_> = rules.into_iter().collect();
    rules.sort_by_key(|(_, (level, n))| (Reverse(*level), Reverse(*n)));
    let title = |(id, _): &(&'a str, _)| report.rules.find(id).map_or(*id, |rule| rule.title.as_str());
    rules.iter().take(most).map(title).collect()
}
