//! Writes a waiver into a file, and leaves the rest of it as it is.

use std::fmt::Write as _;

use thiserror::Error;

use super::Waiver;
use super::glob::Glob;
use super::load::same;
use crate::check::Finding;
use crate::content::Date;
use crate::yaml::Node;
use crate::yaml::patch::{Patch, Value, field, scalar};

/// How a new file begins.
const HEAD: &str = "\
# Findings that somebody answers for, until a day. `cmlint waive --help` says how to add one.

waivers:
";

/// Why a waiver is not written.
#[derive(Debug, Error)]
pub enum AddError {
    /// There is one that says it.
    #[error("{}:{}: there is a waiver for this until {}, of {}{}", .0.place.0, .0.place.1, .0.until, .0.owner, ended(.0, *.1))]
    Double(Box<Waiver>, Date),
    /// The list cannot be added to.
    #[error("line {0}: the list is written in brackets; put each waiver on lines of its own, behind a `-`")]
    Brackets(usize),
    /// What it would be could not be read again.
    #[error("the file is written in a way that cannot be added to; put this into it:\n\n{0}")]
    Odd(String),
}

fn ended(waiver: &Waiver, today: Date) -> &'static str {
    if waiver.until < today {
        "; it ran out: change its `until`, and its `created` if there is one"
    } else {
        "; change that one"
    }
}

/// The text of a file with a waiver more, as its last. `there` are those it has.
///
/// # Errors
/// When one of them says the same already, or the file is written in a way that cannot be added to.
pub fn add(text: &str, there: &[Waiver], waiver: &Waiver, today: Date) -> Result<String, AddError> {
    if let Some(other) = there.iter().find(|other| same(other, waiver) || covers(other, waiver, today)) {
        return Err(AddError::Double(Box::new(other.clone()), today));
    }
    let item = item(waiver);
    let out = inserted(text, &item)?;
    // Whatever it was, it is only written if it is read back as one more.
    let count = |text: &str| {
        let root = Node::parse(text).ok()?;
        Some(root.get("waivers").and_then(Node::as_list).map_or(0, <[Node]>::len))
    };
    if count(&out).is_none_or(|n| n != count(text).unwrap_or_default() + 1) {
        return Err(AddError::Odd(item));
    }
    Ok(out)
}

fn inserted(text: &str, item: &str) -> Result<String, AddError> {
    let root = Node::parse(text).map_err(|_| AddError::Odd(item.to_owned()))?;
    let items = [item.to_owned()];
    let mut patch = Patch::new(text);
    match root.as_map() {
        None if root.is_null() && text.trim().is_empty() => {
            return Ok(format!("{HEAD}{}", indented(item)));
        }
        // Comments alone.
        None if root.is_null() => {
            return Ok(format!("{}\n\nwaivers:\n{}", text.trim_end(), indented(item)));
        }
        None => return Err(AddError::Odd(item.to_owned())),
        Some(fields) => match fields.iter().find(|(key, _)| key.value == "waivers") {
            None => return Ok(format!("{}\n\nwaivers:\n{}", text.trim_end(), indented(item))),
            Some(there) => match there.1.as_list() {
                Some(list) if !list.is_empty() => patch.insert_items(&there.1, Some(list.len() - 1), &items),
                _ => patch.begin_items(there, &items),
            },
        },
    }
    if let Some((line, _)) = patch.refused.first() {
        return Err(AddError::Brackets(*line));
    }
    Ok(patch.apply())
}

/// An item two columns to the right.
fn indented(item: &str) -> String {
    item.lines().map(|line| format!("  {line}\n")).collect()
}

/// Whether a waiver that is in force covers what another is about.
fn covers(there: &Waiver, new: &Waiver, today: Date) -> bool {
    let fits = |wanted: &Option<String>, is: &Option<String>| wanted.is_none() || wanted == is;
    there.until >= today
        && there.fingerprint.is_none()
        && there.rule.is_some()
        && fits(&there.rule, &new.rule)
        && fits(&there.entity, &new.entity)
        && there.subject.as_deref().is_none_or(|pattern| {
            new.subject
                .as_deref()
                .is_some_and(|subject| !new.is_pattern() && Glob::new(pattern).matches(subject))
        })
}

/// A waiver as an item of a list, at column 0.
fn item(waiver: &Waiver) -> String {
    let created = waiver.created.map(|date| date.to_string());
    written([
        ("fingerprint", waiver.fingerprint.as_deref()),
        ("rule", waiver.rule.as_deref()),
        ("entity", waiver.entity.as_deref()),
        ("subject", waiver.subject.as_deref()),
        ("reason", Some(&waiver.reason)),
        ("owner", Some(&waiver.owner)),
        ("created", created.as_deref()),
        ("until", Some(&waiver.until.to_string())),
        ("ticket", waiver.ticket.as_deref()),
    ])
}

/// The waiver of a finding, ready but for what only a person can say: `reason`, `owner` and `until` are empty, and no file
/// with them empty is read.
pub fn template(finding: &Finding) -> String {
    let mut out = String::with_capacity(256);
    // Written without asking the parser how: there may be very many findings.
    let mut line = |key: &str, value: &str| {
        out.push_str(if out.is_empty() { "- " } else { "  " });
        let _ = writeln!(out, "{key}: {value}");
    };
    line("fingerprint", &quoted(&finding.fingerprint));
    line("rule", &finding.rule);
    if let Some(entity) = &finding.entity {
        line("entity", entity);
    }
    line("subject", &quoted(&finding.subject));
    for key in ["reason", "owner", "until"] {
        line(key, "''");
    }
    out
}

/// A text in quotes.
fn quoted(text: &str) -> String {
    if text.chars().any(char::is_control) {
        scalar(text, false)
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

fn written<const N: usize>(fields: [(&str, Option<&str>); N]) -> String {
    let mut out = String::new();
    for (key, value) in fields {
        if let Some(value) = value {
            field(&mut out, 2, key, &Value::text(value));
        }
    }
    // The first field stands behind the dash of the item.
    out.replace_range(..1, "-");
    out
}
