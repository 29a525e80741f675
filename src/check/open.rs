//! Why something could not be told, collected while tests are evaluated and put into words.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Open;
use crate::estate::Shared;
use crate::estate::table::domain_list;
use crate::evidence::{Account, Gap, TableId, Why};
use crate::source::Place;

/// One reason why a test is open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cause {
    pub(super) why: Why,
    pub(super) table: TableId,
    pub(super) about: About,
    pub(super) place: Option<Place>,
}

impl Cause {
    /// What it says, wherever it shows.
    pub(super) fn kind(&self) -> (Why, TableId, About) {
        (self.why, self.table, self.about.clone())
    }

    /// Rows that are missing.
    pub(super) fn of_gap(gap: &Gap) -> Self {
        let about = gap.missing.what.as_ref().map_or(About::Rows, |what| About::Thing(Arc::clone(what)));
        Self { why: gap.missing.why, table: gap.missing.table, about, place: gap.missing.place }
    }
}

/// What is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum About {
    /// Rows of the table.
    Rows,
    /// Rows of the table, in words that stand behind "no export holds".
    Thing(Arc<str>),
    /// A field of a row, by number.
    Field(usize),
    /// Whether two names mean the same.
    Same(String, String),
    /// What kind of account this is.
    Kind(String),
    /// Where this account is kept.
    Scope(String),
}

/// The reasons of a rule; a few of each table and kind are enough to put them into words.
#[derive(Debug, Default)]
pub(super) struct Causes {
    tables: BTreeSet<TableId>,
    kept: BTreeSet<Cause>,
}

/// How many reasons are kept at most.
const KEPT: usize = 64;

impl Causes {
    pub(super) fn add(&mut self, causes: impl IntoIterator<Item = Cause>) {
        for cause in causes {
            self.tables.insert(cause.table);
            self.kept.insert(cause);
            // The heaviest stay, so that the outcome does not depend on the order.
            while self.kept.len() > KEPT {
                self.kept.pop_last();
            }
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.tables.extend(other.tables);
        self.add(other.kept);
    }

    /// The outcome in words. Where it is not known whether two names of domains mean one, what is missing is the list of
    /// domains and not what was compared.
    pub(super) fn into_open(mut self, shared: &Shared<'_>) -> Open {
        let schema = shared.schema;
        let doubts: Vec<Cause> =
            self.kept.iter().filter(|cause| matches!(cause.about, About::Same(..))).cloned().collect();
        for cause in doubts {
            let Some((_, table)) = domains_of(shared, &cause.about) else { continue };
            self.kept.remove(&cause);
            if !self.kept.iter().any(|other| other.table == cause.table) {
                self.tables.remove(&cause.table);
            }
            self.tables.insert(table);
            self.kept.insert(Cause { table, ..cause });
        }
        let Some(first) = self.kept.first() else {
            return Open {
                why: Why::Incomplete,
                reason: "the exports do not tell".to_owned(),
                tables: self.tables.into_iter().collect(),
                place: None,
            };
        };
        let table = |t: TableId| schema.tables.get(t).map_or("?", |t| t.name.as_str());
        let name = table(first.table);
        let field = match first.about {
            About::Field(f) => Some(
                schema
                    .tables
                    .get(first.table)
                    .and_then(|t| t.fields.get(f))
                    .map_or("item", |f| f.name.as_str()),
            ),
            _ => None,
        };
        let reason = match (&first.about, first.why) {
            (About::Same(a, b), _) => {
                let same = format!("whether `{a}` and `{b}` are the same cannot be told");
                match domains_of(shared, &first.about) {
                    Some((domains, _)) => format!("{same}: {domains} may be one"),
                    None => same,
                }
            }
            (About::Kind(account), _) => format!("what kind of account `{account}` is cannot be told"),
            (About::Scope(account), _) => format!("whether `{account}` is a local account cannot be told"),
            (About::Rows, Why::NotExported) => {
                let names: BTreeSet<TableId> = self
                    .kept
                    .iter()
                    .filter(|c| c.why == Why::NotExported && c.about == About::Rows)
                    .map(|c| c.table)
                    .collect();
                format!("no export holds {}", list(names.into_iter().map(table)))
            }
            (About::Thing(what), Why::Failed) => format!("the collector failed {what}"),
            (About::Thing(what), Why::NotExported) => format!("no export holds {what}"),
            (About::Thing(what), Why::Truncated) => format!("{what} are cut off at the depth of the export"),
            (About::Thing(what), Why::Identity) => format!("{what} cannot be told apart"),
            (About::Thing(what), Why::Unreadable) => format!("{what} cannot be read"),
            (About::Thing(what), _) => format!("{what} are missing from the export"),
            (About::Rows, Why::Failed) => format!("the collector could not read `{name}`"),
            (About::Rows, Why::Truncated) => format!("the export of `{name}` was cut off at its depth"),
            (About::Rows, Why::NotFetched) => format!("`{name}` was not fetched: a list query leaves it out"),
            (About::Rows, Why::Incomplete) => format!("the export of `{name}` is incomplete"),
            (About::Rows, Why::Identity) => format!("whose rows of `{name}` these are cannot be told"),
            (About::Rows, Why::Unreadable) => format!("`{name}` cannot be read: its values are protected"),
            (About::Field(_), why) => {
                let field = field.unwrap_or_default();
                match why {
                    Why::Failed => format!("the collector could not read `{field}` of `{name}`"),
                    Why::NotExported => format!("no export holds `{field}` of `{name}`"),
                    Why::Truncated => format!("`{field}` of `{name}` was cut off at the depth of the export"),
                    Why::NotFetched => {
                        format!("`{field}` of `{name}` was not fetched: a list query leaves it out")
                    }
                    Why::Incomplete => format!("`{field}` of `{name}` is missing from the export"),
                    Why::Identity => format!("whom `{field}` of `{name}` means cannot be told"),
                    Why::Unreadable => {
                        format!("`{field}` of `{name}` cannot be read: it is a variable, or protected")
                    }
                }
            }
        };
        Open { why: first.why, reason, place: first.place, tables: self.tables.into_iter().collect() }
    }
}

/// The domains of two accounts that may be the same, in words, and the table that would tell; none where it is not the
/// domains that are in doubt.
fn domains_of(shared: &Shared<'_>, about: &About) -> Option<(String, TableId)> {
    let About::Same(a, b) = about else { return None };
    let (a, b) = (Account::parse(a)?, Account::parse(b)?);
    let (one, other) = shared.ids.untied(&a, &b)?;
    let table = domain_list(shared, &one, &other)?;
    Some((format!("the domains `{one}` and `{other}`"), table))
}

/// Names as code: "`a`, `b` and `c`".
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|n| format!("`{n}`")).collect();
    if names.is_empty() { "it".to_owned() } else { crate::text::list(&names) }
}
