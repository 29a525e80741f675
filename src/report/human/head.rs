//! The first line of a finding, items of the summary, and how places and rights are written.

use std::fmt::Write as _;

use super::super::{Report, Spot};
use crate::rules::Level;
use crate::text::{STRONG, harmless, link, pad, paint, wrap};

/// Columns before what is said in the summary.
pub(super) const INDENT: usize = 12;

/// A title and what it is about.
pub(super) fn item(report: &Report<'_>, title: &str, text: &str, out: &mut String) {
    let _ =
        writeln!(out, "{}  {}", pad(&paint(STRONG, title), INDENT - 2), wrap(text, report.columns, INDENT));
}

/// `error[rule]: message`, in as many lines as it takes.
pub(super) fn line(report: &Report<'_>, level: Level, rule: &str, message: &str) -> String {
    let message = rights_named(report, &harmless(message));
    let text = wrap(&format!("{}[{rule}]: {message}", level.name()), report.columns, 4);
    // The rule's name has no blank in it, so that it stays in the first line.
    let head = format!("{}[{rule}]", level.name());
    let rest = text.strip_prefix(&head).unwrap_or(&text);
    format!("{}{}", paint(level.style(), linked(report, rule, &head)), paint(STRONG, rest))
}

/// A text about a rule as a link to the page of the rule, where the terminal knows links and there is a site.
pub(super) fn linked(report: &Report<'_>, rule: &str, text: &str) -> String {
    match report.site {
        Some(site) => link(&format!("{}/rules/{rule}/index.html", site.trim_end_matches('/')), text),
        None => text.to_owned(),
    }
}

/// `path:line:column`, never broken: it is there to be clicked and searched for.
pub(super) fn place(spot: &Spot) -> String {
    format!("{}:{}:{}", harmless(&spot.path), spot.line, spot.column)
}

/// A text in which each user right that is named by its constant has its name in the console behind it, once.
pub(super) fn rights_named(report: &Report<'_>, text: &str) -> String {
    let mut out = text.to_owned();
    for right in &report.content.vocabulary.user_rights {
        let code = format!("`{}`", right.id);
        if let Some(at) = out.find(&code) {
            out.insert_str(at + code.len(), &format!(" ({})", right.display));
        }
    }
    out
}
