//! `cmlint rules`: what is checked, how grave it is, what it needs.

use std::collections::BTreeSet;
use std::fmt::Write;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::names::Book;
use super::{Exit, Global, output};
use crate::report::text::{CODE, FAINT, STRONG, count, level_style, list, pad, paint, wrap};
use crate::rules::{Level, Rule};

mod coverage;

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cmlint rules                          all rules, by group
  cmlint rules --select accounts        one group
  cmlint rules --select NAA             all that concerns the network access account
  cmlint rules --coverage               what of the documentation is enforced
  cmlint rules --format concise         one line a rule
  cmlint rules --format json            for programs, with the references of all statements")]
pub(super) struct RulesArgs {
    /// Only these: rule, group of rules, account, group or statement
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    select: Vec<String>,
    /// Show for each documented statement which rules enforce it, or why none can
    #[arg(long)]
    coverage: bool,
    /// How to show it
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "human")]
    format: RulesFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RulesFormat {
    /// For people
    Human,
    /// One line a rule: group, level, id, statements, evidence
    Concise,
    /// For programs
    Json,
}

pub(super) fn run(args: &RulesArgs, global: &Global) -> anyhow::Result<Exit> {
    let loaded = super::load::load(global)?;
    let book = Book::new(&loaded.content, &loaded.schema, &loaded.rules);
    let mut selectors = Vec::new();
    for name in &args.select {
        selectors.push(book.selector(name).map_err(anyhow::Error::msg)?);
    }
    let rules: Vec<&Rule> = (loaded.rules.rules.iter())
        .filter(|r| selectors.is_empty() || selectors.iter().any(|s| s.touches(r)))
        .collect();
    if args.coverage {
        output::write(&coverage::write(&book, &selectors, args.format, output::columns(false)), None)?;
        return Ok(Exit::Clean);
    }
    let text = match args.format {
        RulesFormat::Human => human(&book, &rules, output::columns(false)),
        RulesFormat::Concise => concise(&book, &rules),
        RulesFormat::Json => {
            let rules: Vec<Value> = rules.iter().map(|r| value(&book, r)).collect();
            format!("{:#}\n", json!({ "rules": rules }))
        }
    };
    output::write(&text, None)?;
    Ok(Exit::Clean)
}

/// A rule for programs.
pub(super) fn value(book: &Book<'_>, rule: &Rule) -> Value {
    let level = |l: Option<Level>| l.map(Level::name);
    let levels: Vec<Value> = (rule.level.steps.iter())
        .map(|(from, l)| json!({ "from": from.to_string(), "value": level(*l) }))
        .collect();
    json!({
        "id": rule.id,
        "group": rule.group,
        "title": rule.title,
        "level": level(newest(rule)),
        "levels": levels,
        "confidence": rule.confidence.name(),
        "statements": rule.statements,
        "documented": rule.documented.as_ref().map(|d| d.selector.kind.as_str()),
        "evidence": tables(book, rule),
    })
}

/// The level in the newest revision that has one.
fn newest(rule: &Rule) -> Option<Level> {
    rule.level.steps.iter().rev().find_map(|(_, l)| *l)
}

/// Where the lines below an id begin.
const INDENT: usize = 11;

fn human(book: &Book<'_>, rules: &[&Rule], columns: usize) -> String {
    let mut out = String::new();
    let mut groups: Vec<&str> = rules.iter().map(|r| r.group.as_str()).collect();
    groups.sort_unstable();
    groups.dedup();
    for group in &groups {
        let here: Vec<&&Rule> = rules.iter().filter(|r| r.group == **group).collect();
        let _ = writeln!(
            out,
            "{} {}",
            paint(STRONG, group),
            paint(FAINT, format_args!("({})", count(here.len(), "rule", "rules")))
        );
        for rule in here {
            let (word, style) = newest(rule).map_or(("off", FAINT), |l| (l.name(), level_style(l)));
            let tables: Vec<&str> = tables(book, rule);
            let _ = writeln!(out, "  {}  {}", pad(&paint(style, word), 7), paint(CODE, &rule.id));
            let _ = writeln!(out, "{}{}", " ".repeat(INDENT), wrap(&rule.title, columns, INDENT));
            let mut line = |head: &str, items: &[&str], most: usize| {
                let text = match items.len().checked_sub(most) {
                    Some(more) if more > 1 => format!("{head} {} and {more} more", items[..most].join(", ")),
                    _ => format!("{head} {}", list(items)),
                };
                let _ =
                    writeln!(out, "{}{}", " ".repeat(INDENT), paint(FAINT, wrap(&text, columns, INDENT + 4)));
            };
            let statements: Vec<&str> = rule.statements.iter().map(String::as_str).collect();
            if !statements.is_empty() {
                line("enforces", &statements, 4);
            }
            line("reads", &tables, usize::MAX);
        }
        out.push('\n');
    }
    let statements: BTreeSet<&str> =
        rules.iter().flat_map(|r| r.statements.iter().map(String::as_str)).collect();
    let _ = writeln!(
        out,
        "{} over {}. {} explains one.",
        count(rules.len(), "rule", "rules"),
        count(statements.len(), "statement", "statements"),
        paint(CODE, "cmlint explain ID")
    );
    out
}

fn concise(book: &Book<'_>, rules: &[&Rule]) -> String {
    let size = |of: fn(&Rule) -> &str| rules.iter().map(|r| of(r).len()).max().unwrap_or(0);
    let (group, id) = (size(|r| &r.group), size(|r| &r.id));
    let mut out = String::new();
    for rule in rules {
        let (word, style) = newest(rule).map_or(("off", FAINT), |l| (l.name(), level_style(l)));
        let statements = if rule.statements.is_empty() { "-".to_owned() } else { rule.statements.join(",") };
        let _ = writeln!(
            out,
            "{}  {}  {}  {statements}  {}",
            pad(&rule.group, group),
            pad(&paint(style, word), 7),
            pad(&paint(CODE, &rule.id), id),
            tables(book, rule).join(",")
        );
    }
    out
}

/// Names of the tables a rule reads.
fn tables<'a>(book: &Book<'a>, rule: &Rule) -> Vec<&'a str> {
    rule.evidence.iter().filter_map(|&t| book.schema.tables.get(t)).map(|t| t.name.as_str()).collect()
}
