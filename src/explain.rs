//! What a rule, a statement, an account or group, or an evidence table is, told to people and to programs.
//!
//! [`pages`] and [`value`] tell one thing after the other; [`rules()`] and [`coverage()`] tell of many, a line
//! each. A [`Book`] finds things by the names that people type. Nothing is written here: what is told is handed
//! back as text.

use serde_json::Value;

use crate::text::{FAINT, paint};

mod book;
mod coverage;
mod page;
mod rules;
mod values;

pub(crate) use book::{Book, Selector, Target};
pub(crate) use coverage::write as coverage;
pub(crate) use rules::write as rules;

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// For people.
    Human,
    /// One line an item.
    Concise,
    /// For programs.
    Json,
}

/// All that is known of some things, for people; colours included.
pub(crate) fn pages(book: &Book<'_>, targets: &[Target<'_>], columns: usize) -> String {
    let page = page::Page { book, columns };
    let pages: Vec<String> = targets.iter().map(|t| page.target(t)).collect();
    pages.join(&format!("\n{}\n\n", paint(FAINT, "─".repeat(columns.min(72)))))
}

/// All that is known of some things, for programs: of several as a list.
pub(crate) fn value(book: &Book<'_>, targets: &[Target<'_>]) -> Value {
    let mut values: Vec<Value> = targets.iter().map(|t| values::of(book, t)).collect();
    if values.len() == 1 { values.remove(0) } else { Value::Array(values) }
}
