//! The report as Markdown, for a comment on a pull request or a page of a wiki: totals first, then the findings by level
//! and rule, then what could not be evaluated, folded in.

use std::fmt::Write;

use super::Report;
use super::document::{Document, Location};
use crate::rules::Level;
use crate::source::visible;
use crate::text::{count, paragraphs};

pub(super) fn write(document: &Document<'_>, report: &Report<'_>) -> String {
    let mut out = String::from("## cmlint\n\n");
    totals(&mut out, document);
    let reason = text(document.revision_reason);
    let _ = writeln!(out, "\nChecked against revision {}: {reason}.\n", document.revision);
    if document.masked {
        out.push_str("Names of the estate are pseudonyms.\n\n");
    }
    if let Some(several) = report.several() {
        let _ = writeln!(out, "{}.\n", text(&several));
    }
    inputs(&mut out, document);
    for level in [Level::Error, Level::Warning, Level::Note] {
        findings(&mut out, document, level);
    }
    waived(&mut out, document);
    not_evaluated(&mut out, document);
    out
}

fn totals(out: &mut String, document: &Document<'_>) {
    let outcomes = document.outcomes;
    out.push_str(
        "| errors | warnings | notes | checks that hold | that fail | waived | not evaluated | not applicable |\n",
    );
    out.push_str("|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    let _ = writeln!(
        out,
        "| {} | {} | {} | {} | {} | {} | {} | {} |",
        document.count(Level::Error),
        document.count(Level::Warning),
        document.count(Level::Note),
        outcomes.pass,
        outcomes.fail,
        outcomes.waived,
        outcomes.not_evaluated,
        outcomes.not_applicable,
    );
}

/// Inputs of which something is to be known.
fn inputs(out: &mut String, document: &Document<'_>) {
    let noted: Vec<_> = document.inputs.iter().filter(|input| input.status != "read").collect();
    if noted.is_empty() {
        return;
    }
    let files = count(noted.len(), "file was", "files were");
    let _ = writeln!(out, "<details><summary>{files} not read, or not to the end</summary>\n");
    for input in noted {
        let note = input.note.as_deref().unwrap_or_default();
        let _ = writeln!(out, "- {} ({}): {}", code(input.path), input.status, text(note));
    }
    out.push_str("\n</details>\n\n");
}

fn findings(out: &mut String, document: &Document<'_>, level: Level) {
    let rules = document.by_rule(level);
    if rules.is_empty() {
        return;
    }
    let total: usize = rules.iter().map(|(_, all)| all.len()).sum();
    let heading = match level {
        Level::Error => count(total, "error", "errors"),
        Level::Warning => count(total, "warning", "warnings"),
        Level::Note => count(total, "note", "notes"),
    };
    let open = if level == Level::Error { " open" } else { "" };
    let _ = writeln!(out, "<details{open}><summary><b>{heading}</b></summary>\n");
    for (rule, all) in rules {
        let title = all.first().and_then(|finding| finding.title).unwrap_or(rule);
        let _ = writeln!(out, "#### {}\n\n{}", text(title), code(rule));
        for finding in &all {
            let _ = writeln!(out, "\n- {}", text(finding.message));
            for location in &finding.locations {
                let _ = writeln!(out, "  - {}", place(location));
            }
        }
        // Findings of a rule have its help in common.
        if let Some(finding) = all.first() {
            let _ = writeln!(out, "\n{}\n", text(&paragraphs(finding.help).replace('\n', " ")));
        }
    }
    out.push_str("</details>\n\n");
}

/// What does not count, and why.
fn waived(out: &mut String, document: &Document<'_>) {
    if document.waived.is_empty() {
        return;
    }
    let findings = count(document.waived.len(), "finding", "findings");
    let _ = writeln!(out, "<details><summary><b>{findings} waived</b></summary>\n");
    for waived in &document.waived {
        let (finding, waiver) = (&waived.finding, &waived.waiver);
        let why = text(&format!("{} ({}, until {})", waiver.reason, waiver.owner, waiver.until));
        let _ = writeln!(out, "- {} {}: {why}", code(finding.rule), text(finding.message));
        for location in &finding.locations {
            let _ = writeln!(out, "  - {}", place(location));
        }
    }
    out.push_str("\n</details>\n\n");
}

fn place(location: &Location<'_>) -> String {
    let at = code(&format!("{}:{}:{}", location.path, location.line, location.column));
    if location.label.is_empty() { at } else { format!("{at} {}", text(location.label)) }
}

fn not_evaluated(out: &mut String, document: &Document<'_>) {
    let open = &document.not_evaluated;
    if open.is_empty() {
        return;
    }
    let checks = count(open.len(), "check", "checks");
    let _ = writeln!(out, "<details><summary><b>{checks} not evaluated</b></summary>\n");
    let mut collects: Vec<&str> = Vec::new();
    for open in open {
        let _ = writeln!(out, "- {}: {}", code(open.rule), text(open.reason));
        for line in open.collect.lines().filter(|line| !line.is_empty()) {
            if !collects.contains(&line) {
                collects.push(line);
            }
        }
    }
    if !collects.is_empty() {
        out.push_str("\nWhat collects it, in the PowerShell of the console:\n\n");
        for line in collects {
            let _ = writeln!(out, "    {}", plain(line));
        }
    }
    out.push_str("\n</details>\n");
}

/// One line without anything that leads astray.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { visible(c) }).collect()
}

/// A line of text in which backticks mark code; whatever else Markdown, HTML or a forge would act on is escaped.
fn text(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 16);
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once('`') {
        let Some((inside, after)) = behind.split_once('`') else { break };
        escape(&mut out, before);
        out.push_str(&code(inside));
        rest = after;
    }
    escape(&mut out, rest);
    out
}

fn escape(out: &mut String, text: &str) {
    for c in plain(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // Would call people, or point to issues.
            '@' => out.push_str("&#64;"),
            '#' => out.push_str("&#35;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '|' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
}

/// Text as it stands, with as many backticks around it as it takes.
fn code(text: &str) -> String {
    let text = plain(text);
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let pad = if text.is_empty() || text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_names() {
        assert_eq!(text("`a|b` is <b> @me [x](y)"), "`a|b` is &lt;b&gt; &#64;me \\[x\\]\\(y\\)");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(text("one ` alone\n# x"), "one \\` alone &#35; x");
    }
}
