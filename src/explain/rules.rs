//! The rules as a list: what is checked, how grave it is, what it needs.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Value, json};

use super::{Book, Shape};
use crate::rules::{Level, Rule};
use crate::text::{CODE, FAINT, STRONG, count, list, pad, paint, wrap};

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
        "level": level(rule.level.last().copied()),
        "levels": levels,
        "confidence": rule.confidence.name(),
        "statements": rule.statements,
        "documented": rule.documented.as_ref().map(|d| d.selector.kind.as_str()),
        "evidence": tables(book, rule),
    })
}

/// Where the lines below an id begin.
const INDENT: usize = 11;

/// Rules by group, one line each, or with all a program may want to know.
pub(crate) fn write(book: &Book<'_>, rules: &[&Rule], shape: Shape, columns: usize) -> String {
    match shape {
        Shape::Human => human(book, rules, columns),
        Shape::Concise => concise(book, rules),
        Shape::Json => {
            let rules: Vec<Value> = rules.iter().map(|r| value(book, r)).collect();
            format!("{:#}\n", json!({ "rules": rules }))
        }
    }
}

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
            let (word, style) = rule.level.last().copied().map_or(("off", FAINT), |l| (l.name(), l.style()));
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
        let (word, style) = rule.level.last().copied().map_or(("off", FAINT), |l| (l.name(), l.style()));
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
