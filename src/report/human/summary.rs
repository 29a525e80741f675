//! The last screen: what to do first, which accounts, computers and rules are the worst, what was read and checked, what is
//! missing, and where to go next.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::super::{Found, GroupBy, Input, Report, status_word};
use super::actions::actions;
use super::blocks::Block;
use super::head::{self, INDENT, item};
use super::missing::Waiting;
use super::named::{self, gravest, named};
use super::short;
use crate::check::Outcome;
use crate::content::Checkable;
use crate::reader::Status;
use crate::rules::Level;
use crate::text::{BAD, CODE, DOUBT, FAINT, GOOD, STRONG, count, harmless, joined, list, pad, paint, wrap};

/// So many actions, accounts, computers and rules are shown.
const WORST: usize = 3;
/// So many rows of an advice are shown, unless its first sentence takes more.
const HELP_ROWS: usize = 2;
/// So many inputs of a kind that is no fault are named.
const INPUTS: usize = 3;
/// So many inputs that could not be read, or not to their end, are named.
const FAULTS: usize = 12;
/// Of so many findings at most no account, computer or rule is the worst.
const FEW: usize = 5;

pub(super) fn write(
    report: &Report<'_>,
    found: &[Found<'_>],
    blocks: &[Block<'_>],
    waiting: &Waiting<'_>,
    out: &mut String,
) {
    if report.verbose {
        every_rule(report, out);
    }
    findings(report, found, blocks, out);
    let many = found.len() > FEW;
    if many {
        first(report, out);
        worst(report, found, "accounts", GroupBy::Account, out);
        worst(report, found, "computers", GroupBy::Host, out);
        rules(report, blocks, out);
    }
    for (title, lines) in super::super::asides(report) {
        for (i, line) in lines.iter().enumerate() {
            item(report, if i == 0 { title } else { "" }, line, out);
        }
    }
    inputs(report, out);
    revision(report, out);
    checks(report, out);
    item(report, "statements", &statements(report), out);
    waiting.line(report, out);
    next(report, blocks, many, out);
}

fn findings(report: &Report<'_>, found: &[Found<'_>], blocks: &[Block<'_>], out: &mut String) {
    let text = if found.is_empty() {
        let outcomes = report.outcomes();
        match outcomes.pass + outcomes.fail + outcomes.waived {
            0 => "none, for nothing could be checked".to_owned(),
            _ if outcomes.not_evaluated > 0 => {
                format!("{} in what could be checked", paint(GOOD, "none"))
            }
            _ => paint(GOOD, "none"),
        }
    } else {
        let rules: BTreeSet<&str> = blocks.iter().map(|block| block.first().rule.as_str()).collect();
        let levels = named::levels(found);
        let rest = if blocks.iter().all(|block| block.level() == Level::Note) {
            paint(GOOD, "; no error and no warning")
        } else {
            String::new()
        };
        format!("{levels}, from {}{rest}", count(rules.len(), "rule", "rules"))
    };
    item(report, "findings", &text, out);
}

/// What to do first.
fn first(report: &Report<'_>, out: &mut String) {
    let actions = actions(report, WORST);
    for (number, action) in actions.iter().enumerate() {
        let many = |n: usize, one: &str, many: &str| (n > 1).then(|| count(n, one, many));
        let place = match action.hosts.len() {
            1 => action.hosts.first().map(|host| format!(" on {}", harmless(host))),
            n => many(n, "computer", "computers").map(|n| format!(" on {n}")),
        };
        let findings = count(action.findings.len(), "finding", "findings");
        let room = report.columns.saturating_sub(INDENT + 5);
        let help = short::brief(action.help, room, HELP_ROWS);
        let place = place.unwrap_or_default();
        let text = format!("{}. {}{place}: {help}", number + 1, paint(STRONG, format!("{findings} less")));
        let title = if number == 0 { "do first" } else { "" };
        let text = wrap(&text, report.columns, INDENT + 3);
        let _ = writeln!(out, "{}  {text}", pad(&paint(STRONG, title), INDENT - 2));
    }
}

/// The accounts or computers with the gravest findings.
fn worst(report: &Report<'_>, found: &[Found<'_>], title: &str, by: GroupBy, out: &mut String) {
    let (names, _) = named(found, by);
    if names.len() < 2 {
        return;
    }
    let names: Vec<_> = names.iter().take(WORST).collect();
    for (number, one) in names.iter().enumerate() {
        let all = one.found.len();
        let findings = match one.found.iter().filter(|(finding, _)| finding.level == Level::Error).count() {
            0 => count(all, "finding", "findings"),
            n if n == all => paint(BAD, count(n, "error", "errors")),
            n => {
                format!("{}, {}", count(all, "finding", "findings"), paint(BAD, count(n, "error", "errors")))
            }
        };
        let told = |reasons: usize| {
            let text = format!(
                "{} {findings}: {}",
                paint(STRONG, harmless(one.name)),
                gravest(report, &one.found, reasons).join("; ")
            );
            wrap(&text, report.columns, INDENT + 2)
        };
        let text = Some(told(2)).filter(|text| text.lines().count() <= 2).unwrap_or_else(|| told(1));
        let title = if number == 0 { title } else { "" };
        let _ = writeln!(out, "{}  {text}", pad(&paint(STRONG, title), INDENT - 2));
    }
}

/// The rules with most findings of the gravest level.
fn rules(report: &Report<'_>, blocks: &[Block<'_>], out: &mut String) {
    if blocks.len() < 2 {
        return;
    }
    let one = |block: &Block<'_>| {
        let rule = &block.first().rule;
        format!("{}{}", count(block.findings, "", ""), head::linked(report, rule, rule))
    };
    let mut largest: Vec<&Block<'_>> = blocks.iter().collect();
    largest.sort_by_key(|block| std::cmp::Reverse(block.findings));
    let rules: Vec<String> = largest.into_iter().take(WORST).map(one).collect();
    item(report, "rules", &rules.join(", "), out);
}

fn revision(report: &Report<'_>, out: &mut String) {
    let text = format!("{} ({})", paint(STRONG, report.run.revision), report.revision_reason);
    item(report, "revision", &text, out);
    let doubt = report.revision().filter(|_| report.verbose).and_then(|r| r.doubt.as_deref());
    if let Some(doubt) = doubt {
        let _ = writeln!(out, "{}{}", " ".repeat(INDENT), paint(FAINT, wrap(doubt, report.columns, INDENT)));
    }
}

fn checks(report: &Report<'_>, out: &mut String) {
    let outcomes = report.outcomes();
    let parts: Vec<String> = [
        (outcomes.pass, GOOD, "hold"),
        (outcomes.fail, BAD, "broken"),
        (outcomes.waived, FAINT, "waived"),
        (outcomes.not_evaluated, DOUBT, "not evaluated"),
        (outcomes.not_applicable, FAINT, "not applicable"),
        (outcomes.error, BAD, "could not be run for a fault of cmlint"),
    ]
    .into_iter()
    .filter(|(n, ..)| *n > 0)
    .map(|(n, style, word)| paint(style, format_args!("{n} {word}")))
    .collect();
    let distinct: BTreeSet<&str> = report.run.outcomes.iter().map(|o| o.rule.as_str()).collect();
    let text = format!(
        "{} in {}: {}",
        count(report.run.outcomes.len(), "check", "checks"),
        count(distinct.len(), "rule", "rules"),
        list(&parts)
    );
    item(report, "checks", &text, out);
}

/// What became of the statements of the revision. The numbers add up to all of them.
fn statements(report: &Report<'_>) -> String {
    let mut looked: BTreeSet<&str> = BTreeSet::new();
    let mut open: BTreeSet<&str> = BTreeSet::new();
    let mut nothing: BTreeSet<&str> = BTreeSet::new();
    for row in &report.run.outcomes {
        let into = match row.outcome {
            Outcome::Pass | Outcome::Fail | Outcome::Waived => &mut looked,
            Outcome::NotEvaluated(_) | Outcome::Error(_) => &mut open,
            Outcome::NotApplicable(_) => &mut nothing,
        };
        into.extend(row.statements.iter().map(String::as_str));
    }
    let [mut all, mut checked, mut waiting, mut idle, mut beyond, mut unruled] = [0; 6];
    for (_, statement) in report.content.in_force(report.run.revision) {
        all += 1;
        let reference = statement.reference.as_str();
        *(if looked.contains(reference) {
            &mut checked
        } else if open.contains(reference) {
            &mut waiting
        } else if nothing.contains(reference) {
            &mut idle
        } else if statement.checkable == Checkable::No {
            &mut beyond
        } else {
            &mut unruled
        }) += 1;
    }
    let mut parts = vec![format!("{checked} checked")];
    for (n, what) in [
        (waiting, "wait for evidence"),
        (idle, "with nothing to look at"),
        (unruled, "that no rule covers"),
        (beyond, "that no export can show"),
    ] {
        if n > 0 {
            parts.push(format!("{n} {what}"));
        }
    }
    format!("{all} in this revision: {}", list(&parts))
}

fn inputs(report: &Report<'_>, out: &mut String) {
    let mut parts = Vec::new();
    for (status, style) in STATUSES {
        let n = report.inputs.iter().filter(|i| i.status == status).count();
        if n > 0 {
            let word = match status {
                Status::Partial => "read in part",
                Status::Error => "lost to a fault of cmlint",
                other => status_word(other),
            };
            parts.push(paint(style, format_args!("{n} {word}")));
        }
    }
    let records: u64 = report.inputs.iter().map(|i| i.records).sum();
    let records = usize::try_from(records).unwrap_or(usize::MAX);
    let text = format!(
        "{}: {}; {}",
        count(report.inputs.len(), "file", "files"),
        if parts.is_empty() { "none".to_owned() } else { list(&parts) },
        count(records, "object", "objects"),
    );
    item(report, "inputs", &text, out);
}

/// What is to be known of single inputs, before the last screen.
pub(super) fn remarks(report: &Report<'_>, out: &mut String) {
    let start = out.len();
    for (status, style) in STATUSES {
        let remarked =
            |input: &&Input| input.status == status && (status != Status::Read || !input.notes.is_empty());
        let all: Vec<_> = report.inputs.iter().filter(remarked).collect();
        let fault = matches!(status, Status::Partial | Status::Unreadable | Status::Error);
        let most = if fault { FAULTS } else { INPUTS };
        let shown = if report.verbose || all.len() <= most + 1 { all.len() } else { most };
        for input in &all[..shown] {
            remark(report, input, if status == Status::Read { FAINT } else { style }, out);
        }
        if all.len() > shown {
            let more =
                format!("  and {} more {}; --verbose lists them", all.len() - shown, status_word(status));
            let _ = writeln!(out, "{}", paint(FAINT, more));
        }
    }
    if out.len() > start {
        out.insert_str(start, &format!("{}\n", paint(STRONG, "inputs to know of")));
        out.push('\n');
    }
}

/// What is to be known of an input.
fn remark(report: &Report<'_>, input: &Input, style: anstyle::Style, out: &mut String) {
    let path = harmless(&input.path);
    let word = paint(style, status_word(input.status));
    if input.notes.is_empty() {
        let _ = writeln!(out, "  {word} {path}");
    }
    for (place, text) in &input.notes {
        let at = place.map_or(String::new(), |(line, column)| format!(":{line}:{column}"));
        let text = format!("{word} {path}{at}: {}", harmless(text));
        let _ = writeln!(out, "  {}", wrap(&text, report.columns.saturating_sub(2), 4));
    }
}

const STATUSES: [(Status, anstyle::Style); 5] = [
    (Status::Read, GOOD),
    (Status::Partial, DOUBT),
    (Status::Unrecognised, FAINT),
    (Status::Unreadable, BAD),
    (Status::Error, BAD),
];

/// Where to go next; `many` is whether findings are more than a few.
fn next(report: &Report<'_>, blocks: &[Block<'_>], many: bool, out: &mut String) {
    let Some(rule) = blocks.first().map(|block| block.first().rule.as_str()) else { return };
    let mut ways = vec![paint(CODE, format_args!("cmlint explain {rule}")), paint(CODE, "--select RULE")];
    if report.group_by == GroupBy::Rule && many {
        ways.push(paint(CODE, "--group-by account"));
    }
    if !report.verbose {
        ways.push(paint(CODE, "--verbose"));
    }
    item(report, "next", &joined(&ways, "or"), out);
}

fn every_rule(report: &Report<'_>, out: &mut String) {
    let _ = writeln!(out, "{}", paint(STRONG, "outcome of each rule"));
    for row in &report.run.outcomes {
        let (word, style, why) = match &row.outcome {
            Outcome::Pass => ("pass", GOOD, ""),
            Outcome::Fail => ("fail", BAD, ""),
            Outcome::Waived => ("waived", FAINT, ""),
            Outcome::NotEvaluated(open) => ("not evaluated", DOUBT, open.reason.as_str()),
            Outcome::NotApplicable(why) => ("not applicable", FAINT, why.as_str()),
            Outcome::Error(why) => ("error", BAD, why.as_str()),
        };
        let mut line = format!("{}  {}", pad(&paint(style, word), 14), row.rule);
        if let [one] = row.statements.as_slice() {
            let _ = write!(line, " {}", paint(FAINT, format_args!("· {one}")));
        }
        let _ = writeln!(out, "  {line}");
        if !why.is_empty() {
            let _ =
                writeln!(out, "{}{}", " ".repeat(18), paint(FAINT, wrap(&harmless(why), report.columns, 18)));
        }
    }
    out.push('\n');
}
