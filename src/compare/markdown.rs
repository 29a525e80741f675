//! A comparison in Markdown, for tickets and change logs.

use std::fmt::Write as _;

use super::human::{TREND, named, notes, trend_rows};
use super::{Change, Comparison, Row};
use crate::rules::Level;
use crate::text::{count, harmless, list};

pub(super) fn write(comparison: &Comparison) -> String {
    let mut out = String::new();
    let (Some(first), Some(last)) = (comparison.reports.first(), comparison.reports.last()) else {
        return out;
    };
    let _ = writeln!(out, "# What changed from {} to {}\n", plain(&named(first)), plain(&named(last)));
    let total = &comparison.total;
    let counts = total.counts();
    let counts = if counts.is_empty() { "no finding differs".to_owned() } else { list(&counts) };
    let _ =
        writeln!(out, "{} findings before, {} now: {counts}.\n", first.findings.len(), last.findings.len());
    for note in notes(comparison) {
        let _ = writeln!(out, "> {}\n", plain(&note));
    }
    if comparison.reports.len() > 2 {
        let _ = writeln!(out, "| {} |\n|{}", TREND.join(" | "), "---|".repeat(TREND.len()));
        for row in trend_rows(comparison) {
            let _ = writeln!(out, "| {} |", row.map(|cell| plain(&cell)).join(" | "));
        }
        out.push('\n');
    }
    for (name, changes) in comparison.group_by.groups(&total.findings) {
        let _ = writeln!(out, "## {}\n", plain(&name));
        for change in changes {
            let _ = writeln!(out, "- {}", one(change));
        }
        out.push('\n');
    }
    rows("No longer evaluated", &total.no_longer_evaluated, &mut out);
    rows("Newly evaluated", &total.newly_evaluated, &mut out);
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn one(change: &Change) -> String {
    let levels: Vec<&str> = [change.from, change.to].into_iter().flatten().map(Level::name).collect();
    let mut out =
        format!("**{}**, {}: {}", change.kind.words(), levels.join(" → "), plain(&change.finding.message));
    if let Some((path, line)) = &change.finding.place {
        let _ = write!(out, " ({}:{line})", plain(path));
    }
    if let Some(reason) = &change.reason {
        let _ = write!(out, "; {}", plain(reason));
    }
    out
}

fn rows(title: &str, rows: &[Row], out: &mut String) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "## {title}: {}\n", count(rows.len(), "check", "checks"));
    for row in rows {
        let why = row.open.as_deref().map_or(String::new(), |why| format!(": {}", plain(why)));
        let of = match row.statements.as_slice() {
            [one] => format!(" ({one})"),
            _ => String::new(),
        };
        let _ = writeln!(out, "- {}{of}{why}", row.rule);
    }
    out.push('\n');
}

/// Text that Markdown takes for text: names of exports shape nothing. What stands between backticks stays code where it
/// holds nothing that could end it.
fn plain(text: &str) -> String {
    let text = harmless(text);
    let paired = text.matches('`').count().is_multiple_of(2);
    let mut out = String::with_capacity(text.len());
    for (i, part) in text.split('`').enumerate() {
        let code = i % 2 == 1 && paired;
        if i > 0 {
            out.push_str(if paired { "`" } else { "\\`" });
        }
        for c in part.chars() {
            match c {
                '|' => out.push_str("\\|"),
                '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '~' | '&' if !code => {
                    out.push('\\');
                    out.push(c);
                }
                c => out.push(c),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_shape_nothing() {
        assert_eq!(plain(r"`CONTOSO\svc` is <b>"), r"`CONTOSO\svc` is \<b\>");
        assert_eq!(plain("a|b ` *x* [y](z)"), r"a\|b \` \*x\* \[y\](z)");
    }
}
