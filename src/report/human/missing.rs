//! What could not be evaluated, and what would change that.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use super::super::Report;
use super::head::item;
use crate::check::{Open, Outcome, RuleOutcome};
use crate::evidence::{TableId, Why};
use crate::reader::Status;
use crate::text::{CODE, DOUBT, FAINT, STRONG, count, harmless, list, paint, wrap};

/// So many computers, folders and reasons are named; of the others there is a number.
const NAMED: usize = 3;

/// Checks that wait for something.
#[derive(Debug, Default)]
pub(super) struct Waiting<'a> {
    /// How many there are.
    all: usize,
    /// For tables that no export holds, all of which the collector fills.
    collected: Vec<Entry<'a>>,
    collected_checks: usize,
    /// For tables that no export holds, and that the collector does not fill.
    beyond: Vec<Entry<'a>>,
    beyond_checks: usize,
    /// For more than the exports tell of what they hold.
    unclear: Vec<Unclear<'a>>,
    unclear_checks: usize,
}

/// Tables that one line of PowerShell fills, and what waits for them.
#[derive(Debug)]
struct Entry<'a> {
    collect: &'a str,
    tables: BTreeSet<TableId>,
    rules: BTreeSet<&'a str>,
    hosts: BTreeSet<&'a str>,
    folders: BTreeSet<&'a str>,
}

/// Something that could not be decided although it is exported.
#[derive(Debug)]
struct Unclear<'a> {
    reason: &'a str,
    place: Option<&'a (String, u64, u64)>,
    rules: BTreeSet<&'a str>,
    tables: Vec<TableId>,
}

impl<'a> Waiting<'a> {
    pub(super) fn of(report: &Report<'a>) -> Self {
        let mut out = Self::default();
        let mut known: HashMap<(bool, &str), usize> = HashMap::new();
        for (number, row) in report.run.outcomes.iter().enumerate() {
            let Outcome::NotEvaluated(open) = &row.outcome else { continue };
            out.all += 1;
            let absent = report.absent_leaves(open);
            if absent.is_empty() {
                out.unclear_checks += 1;
                out.unclear(report, number, row, open);
                continue;
            }
            let collected = absent.iter().all(|table| report.collector.fills(*table));
            let into = if collected {
                out.collected_checks += 1;
                &mut out.collected
            } else {
                out.beyond_checks += 1;
                &mut out.beyond
            };
            for table in absent {
                if !collected && report.collector.fills(table) {
                    continue;
                }
                let collect = report.schema.tables[table].collect.as_str();
                let at = *known.entry((collected, collect)).or_insert_with(|| {
                    into.push(Entry::new(collect));
                    into.len() - 1
                });
                into[at].take(report, table, row, open);
            }
        }
        for entries in [&mut out.collected, &mut out.beyond] {
            entries.sort_by_key(|e| (Reverse(e.rules.len()), e.tables.first().copied()));
        }
        out.unclear.sort_by_key(|u| Reverse(u.rules.len()));
        out
    }

    fn unclear(&mut self, report: &Report<'a>, number: usize, row: &'a RuleOutcome, open: &'a Open) {
        let place = report.open_places.get(number).and_then(Option::as_ref);
        let same = |u: &Unclear<'_>| u.reason == open.reason && u.place == place;
        let at = self.unclear.iter().position(same).unwrap_or_else(|| {
            let (rules, tables) = (BTreeSet::new(), Vec::new());
            self.unclear.push(Unclear { reason: &open.reason, place, rules, tables });
            self.unclear.len() - 1
        });
        self.unclear[at].rules.insert(&row.rule);
        self.unclear[at].tables.extend(&open.tables);
    }

    /// By table what is missing, on which computers, in which folders.
    pub(super) fn tables(&self, report: &Report<'_>, out: &mut String) {
        // Where nothing was read there is something else to do first.
        let read = |input: &super::super::Input| matches!(input.status, Status::Read | Status::Partial);
        if self.all == 0 || !report.inputs.iter().any(|input| read(input) && input.records > 0) {
            return;
        }
        let of = count(report.run.outcomes.len(), "check", "checks");
        let _ = writeln!(out, "{}: {} of {of}", paint(DOUBT, "not evaluated"), self.all);
        for (entries, checks, what) in [
            (&self.collected, self.collected_checks, "for what no export holds and the collector gathers"),
            (&self.beyond, self.beyond_checks, "for what neither exports nor the collector hold"),
        ] {
            if checks > 0 {
                let _ = writeln!(out, "  {} {what}", count(checks, "waits", "wait"));
            }
            let shown = if report.verbose { entries.len() } else { TABLES };
            entries.iter().take(shown).for_each(|entry| entry.write(report, out));
            if entries.len() > shown {
                let _ = writeln!(
                    out,
                    "    and other tables for {}; --verbose shows them",
                    others(&entries[shown..])
                );
            }
        }
        if self.unclear_checks > 0 {
            let checks = count(self.unclear_checks, "waits", "wait");
            let _ = writeln!(out, "  {checks} for more than the exports tell of what they hold");
        }
        let shown = if report.verbose { self.unclear.len() } else { UNCLEAR };
        for unclear in self.unclear.iter().take(shown) {
            unclear.write(report, out);
        }
        if self.unclear.len() > shown {
            let more = count(self.unclear.len() - shown, "more reason", "more reasons");
            let _ = writeln!(out, "    and {more}; --verbose shows them");
        }
        out.push('\n');
    }

    /// What gathers most of it, with one command.
    pub(super) fn line(&self, report: &Report<'_>, out: &mut String) {
        if self.all == 0 {
            return;
        }
        let checks = count(self.all, "check waits", "checks wait");
        let text = match self.collected_checks {
            0 => format!("{checks} for evidence"),
            n if n == self.all => format!("{checks} for evidence, and this gathers it:"),
            n => format!("{checks} for evidence, and this gathers it for {n} of them:"),
        };
        item(report, "missing", &text, out);
        if self.collected_checks == 0 {
            return;
        }
        for line in &report.collector.lines {
            // Never wrapped: it is there to be copied.
            let _ = writeln!(out, "            {}", paint(CODE, line));
        }
        let more = "cmlint collect -o collect.ps1";
        let text = format!("({} writes the script; it only reads)", paint(CODE, more));
        item(report, "", &text, out);
    }
}

/// So many tables that wait to be collected are shown.
const TABLES: usize = 8;
/// So many reasons of what is exported and does not tell are shown.
const UNCLEAR: usize = 8;

impl<'a> Entry<'a> {
    fn new(collect: &'a str) -> Self {
        Self {
            collect,
            tables: BTreeSet::new(),
            rules: BTreeSet::new(),
            hosts: BTreeSet::new(),
            folders: BTreeSet::new(),
        }
    }

    fn take(&mut self, report: &Report<'a>, table: TableId, row: &'a RuleOutcome, open: &'a Open) {
        self.tables.insert(table);
        self.rules.insert(&row.rule);
        self.hosts.extend(open.hosts.iter().map(String::as_str));
        let facts = (row.statements.iter())
            .filter_map(|reference| report.content.statement(reference))
            .flat_map(|(_, statement)| &statement.facts)
            .filter_map(|fact| fact.at(report.run.revision));
        self.folders.extend(facts.filter_map(|values| values.get("relative_path")?.as_str()));
    }

    fn write(&self, report: &Report<'_>, out: &mut String) {
        let names: Vec<&str> =
            self.tables.iter().map(|table| report.schema.tables[*table].name.as_str()).collect();
        let mut line = format!("{} {}", rules(self.rules.len()), paint(STRONG, list(&names)));
        if !self.hosts.is_empty() {
            let hosts: Vec<&str> = self.hosts.iter().copied().collect();
            let _ = write!(line, " of {}", some(&hosts));
        }
        // Folders are of site servers; other tables of the same rules have none.
        let of_folders = |table: &TableId| report.schema.tables[*table].kind == "file-acl";
        if !self.folders.is_empty() && self.tables.iter().any(of_folders) {
            let folders: Vec<&str> = self.folders.iter().copied().collect();
            let _ = write!(line, ": {}", some(&folders));
        }
        let _ = writeln!(out, "    {}", wrap(&line, report.columns, 6));
        if report.verbose {
            for rule in &self.rules {
                let _ = writeln!(out, "      {}", paint(FAINT, rule));
            }
            // Never wrapped: it is there to be copied.
            let _ = writeln!(out, "      {}", paint(CODE, self.collect));
        }
    }
}

impl Unclear<'_> {
    fn write(&self, report: &Report<'_>, out: &mut String) {
        let at = self.place.map_or(String::new(), |(path, line, column)| {
            paint(FAINT, format_args!(" ({}:{line}:{column})", harmless(path)))
        });
        let line = format!("{} {}{at}", rules(self.rules.len()), harmless(self.reason));
        let _ = writeln!(out, "    {}", wrap(&line, report.columns, 6));
        if report.verbose {
            for rule in &self.rules {
                let _ = writeln!(out, "      {}", paint(FAINT, rule));
            }
            for line in report.schema.collects(&self.tables) {
                let _ = writeln!(out, "      {}", paint(CODE, line));
            }
        }
    }
}

/// How many rules wait for these.
fn others(entries: &[Entry<'_>]) -> String {
    let rules: BTreeSet<&str> = entries.iter().flat_map(|entry| &entry.rules).copied().collect();
    count(rules.len(), "rule", "rules")
}

fn rules(n: usize) -> String {
    format!("{} {}", count(n, "rule", "rules"), paint(FAINT, "·"))
}

/// A few names, and how many more there are.
fn some(names: &[&str]) -> String {
    let mut shown: Vec<String> = names.iter().take(NAMED).map(|name| harmless(name).into_owned()).collect();
    if names.len() > NAMED {
        shown.push(format!("{} more", names.len() - NAMED));
    }
    list(&shown)
}

impl Report<'_> {
    /// Of the tables that a check misses something of, those that no export holds at all.
    fn absent_leaves(&self, open: &Open) -> Vec<TableId> {
        if open.why != Why::NotExported {
            return Vec::new();
        }
        let absent = |table: &TableId| {
            self.lacks(*table)
                && self.schema.tables.get(*table).is_some_and(|table| !table.collect.is_empty())
        };
        self.schema.leaves(&open.tables).into_iter().filter(absent).collect()
    }
}
