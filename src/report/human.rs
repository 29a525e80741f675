//! The report for people: findings by what one does about them, the gravest first; what could not be evaluated; and a last
//! screen that says where to begin.

use std::fmt::Write as _;

use super::{Found, GroupBy, Report};
use crate::rules::Level;
use crate::text::{STRONG, count, harmless, paint, rows, wrap};
use blocks::{Block, blocks};
use full::Met;
use missing::Waiting;

mod actions;
mod blocks;
mod excerpt;
mod full;
mod head;
mod missing;
mod named;
mod others;
mod short;
mod summary;

/// So many rows the report may take before findings are told in short: what people still scroll through.
const ROWS: usize = 400;
/// Rows of headings and of what parts them.
const HEADINGS: usize = 6;
/// So many rows of advice are shown with a finding in short.
const HELP_ROWS: usize = 2;

pub(super) fn write(report: &Report<'_>) -> String {
    let found = report.counting();
    let blocks = blocks(&found);
    let mut end = String::new();
    if !report.quiet {
        let waiting = Waiting::of(report);
        summary::remarks(report, &mut end);
        waiting.tables(report, &mut end);
        summary::write(report, &found, &blocks, &waiting, &mut end);
    }
    let mut out = String::new();
    if let Some(several) = report.several() {
        let line = wrap(&several, report.columns, 6);
        let _ = writeln!(out, "{}: {line}\n", paint(Level::Note.style(), "note"));
    }
    match report.group_by {
        GroupBy::Rule => by_rule(report, &blocks, rows(&end, report.columns), &mut out),
        by => by_name(report, &found, by, &mut out),
    }
    out.push_str(&end);
    out
}

/// Findings by rule: with `--verbose` each in full; else one of each rule in full as long as the report stays short, the other
/// rules in short, and notes in a line. `taken` is how many rows the rest of the report takes.
fn by_rule<'a>(report: &Report<'a>, blocks: &[Block<'a>], taken: usize, out: &mut String) {
    let mut met = Met::default();
    if report.verbose {
        return in_full(report, blocks, &mut met, out);
    }
    let (grave, notes) = parted(blocks);
    let size = |text: &String| rows(text, report.columns);
    let briefs = |help_rows: usize| -> Vec<String> {
        let brief = |block: &Block<'_>| {
            let mut text = String::new();
            short::write(report, block, help_rows, &mut text);
            text
        };
        grave.iter().map(brief).collect()
    };
    let all = |briefs: &[String]| taken + briefs.iter().map(size).sum::<usize>() + notes.len() + HEADINGS;
    let mut briefs = Some(briefs(HELP_ROWS)).filter(|texts| all(texts) <= ROWS).unwrap_or_else(|| briefs(1));
    let mut total = all(&briefs);
    let mut shown = 0;
    for (block, brief) in grave.iter().zip(&briefs) {
        let mut text = String::new();
        full::write(report, &block.all[0], &block.all[1..], &mut met, &mut text);
        total += size(&text).saturating_sub(size(brief));
        if total > ROWS {
            break;
        }
        out.push_str(&text);
        shown += 1;
    }
    let rest = briefs.split_off(shown);
    if !rest.is_empty() {
        let more = if shown > 0 { " more" } else { "" };
        let title = format!("{}{more} in short; --select RULE shows one in full:", rest.len());
        let _ = writeln!(out, "{}", paint(STRONG, title));
        out.extend(rest);
        out.push('\n');
    }
    if !notes.is_empty() {
        let findings = notes.iter().map(|block| block.findings).sum();
        let title = paint(Level::Note.style(), count(findings, "note", "notes"));
        let _ = writeln!(out, "{title}, a line a rule; --verbose shows them in full");
        folded(report, notes, out);
        out.push('\n');
    }
}

/// What is graver than a note, and the notes.
fn parted<'b, 'a>(blocks: &'b [Block<'a>]) -> (&'b [Block<'a>], &'b [Block<'a>]) {
    blocks.split_at(blocks.partition_point(|block| block.level() > Level::Note))
}

/// Every finding in full.
fn in_full<'a>(report: &Report<'a>, blocks: &[Block<'a>], met: &mut Met<'a>, out: &mut String) {
    for told in blocks.iter().flat_map(|block| &block.all) {
        full::write(report, told, &[], met, out);
    }
}

/// Notes, a line a rule.
fn folded(report: &Report<'_>, notes: &[Block<'_>], out: &mut String) {
    let pad = notes.iter().map(|block| block.first().rule.len()).max().unwrap_or_default();
    for block in notes {
        short::folded(report, block, pad.min(report.columns / 2), out);
    }
}

/// Findings by account or computer; one that is about two stands under both.
fn by_name<'a>(report: &Report<'a>, found: &[Found<'a>], by: GroupBy, out: &mut String) {
    let (names, rest) = named::named(found, by);
    let word = if by == GroupBy::Host { "computer" } else { "account" };
    let mut met = Met::default();
    let all = names.iter().map(|one| (harmless(one.name).into_owned(), one.found.as_slice()));
    for (name, found) in all.chain([(format!("no {word} is named"), rest.as_slice())]) {
        if found.is_empty() {
            continue;
        }
        let levels = named::levels(found);
        let _ = writeln!(out, "{}: {levels}", paint(STRONG, name));
        let blocks = blocks(found);
        if report.verbose {
            in_full(report, &blocks, &mut met, out);
        } else {
            let (grave, notes) = parted(&blocks);
            grave.iter().for_each(|block| short::write(report, block, HELP_ROWS, out));
            folded(report, notes, out);
        }
        out.push('\n');
    }
}
