//! Coverage: for each documented statement the rules that enforce it, or why none can.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{Book, Selector, Shape};
use crate::content::{Checkable, Statement};
use crate::rules::{Covered, Totals, coverage};
use crate::text::{CODE, DOUBT, FAINT, GOOD, STRONG, count, list, pad, paint, wrap};

/// The coverage of all statements, or of those that are selected.
pub(crate) fn write(book: &Book<'_>, selectors: &[Selector], format: Shape, columns: usize) -> String {
    let all: Vec<Covered<'_>> = (coverage(book.content, book.rules).into_iter())
        .filter(|c| {
            selectors.is_empty() || selectors.iter().any(|s| s.means(&c.statement.reference, &c.rules))
        })
        .collect();
    match format {
        Shape::Human => human(book, &all, columns),
        Shape::Concise => concise(&all),
        Shape::Json => format!("{:#}\n", value(&all)),
    }
}

/// The level in the newest revision that has one.
fn level(statement: &Statement) -> Option<&'static str> {
    statement.level.last().map(|level| level.name())
}

fn value(all: &[Covered<'_>]) -> Value {
    let totals = Totals::of(all);
    let statements: Vec<Value> = (all.iter())
        .map(|c| {
            json!({
                "ref": c.statement.reference,
                "level": level(c.statement),
                "checkable": c.statement.checkable.name(),
                "rules": c.rules.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(),
                "because": c.statement.because,
            })
        })
        .collect();
    json!({
        "statements": statements,
        "totals": {
            "statements": totals.statements,
            "enforced": totals.enforced,
            "not_checkable": totals.not_checkable,
            "open": totals.open,
        },
    })
}

fn concise(all: &[Covered<'_>]) -> String {
    let size = all.iter().map(|c| c.statement.reference.len()).max().unwrap_or(0);
    let mut out = String::new();
    for c in all {
        let rules: Vec<&str> = c.rules.iter().map(|r| r.id.as_str()).collect();
        let rules = if rules.is_empty() { "-".to_owned() } else { rules.join(",") };
        let level = level(c.statement).unwrap_or("-");
        let _ = writeln!(
            out,
            "{}  {level:10}  {:7}  {rules}",
            pad(&paint(CODE, &c.statement.reference), size),
            c.statement.checkable.name()
        );
    }
    out
}

fn human(book: &Book<'_>, all: &[Covered<'_>], columns: usize) -> String {
    let mut out = String::new();
    for entity in &book.content.entities {
        let here: Vec<&Covered<'_>> = all.iter().filter(|c| c.entity.id == entity.id).collect();
        if here.is_empty() {
            continue;
        }
        let totals = Totals::of(here.iter().copied());
        let name = entity.title(book.content.newest());
        let _ =
            writeln!(out, "{} {}", paint(STRONG, name), paint(FAINT, format_args!("({})", parts(&totals))));
        for c in here {
            let id = c.statement.reference.rsplit('/').next().unwrap_or_default();
            let level = level(c.statement).unwrap_or("-");
            let rules: Vec<&str> = c.rules.iter().map(|r| r.id.as_str()).collect();
            let (mark, style, said) = match c.statement.checkable {
                _ if !rules.is_empty() => ("●", GOOD, list(&rules)),
                Checkable::No => ("–", FAINT, c.statement.because.clone().unwrap_or_default()),
                Checkable::Partial | Checkable::Yes => ("○", DOUBT, c.unruled()),
            };
            let _ = writeln!(out, "  {} {level:10} {}", paint(style, mark), paint(CODE, id));
            let said = if rules.is_empty() {
                paint(FAINT, wrap(&said, columns, 15))
            } else {
                wrap(&said, columns, 15)
            };
            let _ = writeln!(out, "{}{said}", " ".repeat(15));
        }
        out.push('\n');
    }
    let totals = Totals::of(all);
    let _ = writeln!(out, "{}: {}", count(totals.statements, "statement", "statements"), parts(&totals));
    let _ = writeln!(
        out,
        "{}",
        paint(
            FAINT,
            "● enforced by these rules   ○ an export could show it, in part or in full   – no export can show it"
        )
    );
    out
}

fn parts(totals: &Totals) -> String {
    format!("{} enforced, {} open, {} not checkable", totals.enforced, totals.open, totals.not_checkable)
}
