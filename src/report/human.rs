//! The report for people: each finding with its excerpt, then what was read, what holds, what is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::ops::Range;

use anstyle::{AnsiColor, Style};
use codespan_reporting::diagnostic::{Diagnostic, Label, LabelStyle, Severity};
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term::{self, GeneralWriteResult, WriteStyle};

use super::{Report, Spot, status_word};
use crate::check::{Finding, Outcome};
use crate::content::Checkable;
use crate::evidence::{TableId, Why};
use crate::isolate::isolated;
use crate::reader::Status;
use crate::rules::{Confidence, Level};
use crate::source::{ELIDED, Excerpt};
use crate::text::{
    BAD, CODE, DOUBT, FAINT, FRAME, GOOD, MARK, STRONG, count, harmless, list, pad, paint, paragraphs, wrap,
};

/// So many findings of one rule are shown with an excerpt; the others get a line each.
const SHOWN_IN_FULL: usize = 5;
/// So many of the further places of which a finding says the same are shown; of the others there is a number.
const SHOWN_AGAIN: usize = 7;
/// So many statements of a finding are quoted; of the others only the references are shown.
const SHOWN_STATEMENTS: usize = 3;
/// So many lines that collect evidence are shown.
const SHOWN_COLLECTS: usize = 12;

pub(super) fn write(report: &Report<'_>) -> String {
    let mut out = String::new();
    if let Some(several) = report.several() {
        let line = wrap(&several, report.columns, 6);
        let _ = writeln!(out, "{}: {line}\n", paint(Level::Note.style(), "note"));
    }
    findings(report, &mut out);
    summary(report, &mut out);
    out
}

// ---------------------------------------------------------------------------------------------- findings

/// What is told as one: findings of a rule that say the same of the same place, on different statements.
struct Block<'a> {
    finding: &'a Finding,
    spots: &'a [Spot],
    statements: Vec<&'a str>,
}

fn blocks<'a>(report: &Report<'a>) -> Vec<Block<'a>> {
    let mut blocks: Vec<Block<'a>> = Vec::new();
    let place = |spots: &[Spot]| spots.first().map(|s| (s.path.clone(), s.line, s.column));
    for (finding, spots) in report.counting() {
        let statements = finding.statements.iter().map(String::as_str);
        // What is of one place stands together.
        let same = (blocks.iter_mut().rev())
            .take_while(|b| place(b.spots) == place(spots))
            .find(|b| b.finding.rule == finding.rule && b.finding.message == finding.message);
        match same {
            Some(block) => {
                for statement in statements {
                    if !block.statements.contains(&statement) {
                        block.statements.push(statement);
                    }
                }
            }
            None => blocks.push(Block { finding, spots, statements: statements.collect() }),
        }
    }
    blocks
}

fn findings(report: &Report<'_>, out: &mut String) {
    let blocks = blocks(report);
    let mut met = Met::default();
    let mut rest: Vec<(&str, Vec<&Block<'_>>)> = Vec::new();
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    let mut totals: BTreeMap<&str, usize> = BTreeMap::new();
    for block in &blocks {
        *totals.entry(&block.finding.rule).or_default() += 1;
    }
    for block in &blocks {
        let rule = block.finding.rule.as_str();
        let n = shown.entry(rule).or_default();
        let total = totals.get(rule).copied().unwrap_or(0);
        // One more than the limit is shown whole as well: a line that says "one more" saves nothing.
        if !report.verbose && *n >= SHOWN_IN_FULL && total > SHOWN_IN_FULL + 1 {
            match rest.iter_mut().find(|(r, _)| *r == rule) {
                Some((_, more)) => more.push(block),
                None => rest.push((rule, vec![block])),
            }
            continue;
        }
        *n += 1;
        one(report, block, &mut met, out);
    }
    for (rule, more) in rest {
        let level = more.iter().map(|b| b.finding.level).max().unwrap_or(Level::Note);
        let _ = writeln!(
            out,
            "{}{}",
            paint(level.style(), format_args!("{}[{rule}]", level.name())),
            paint(STRONG, format_args!(": {} more", more.len()))
        );
        for Block { finding, spots, .. } in more {
            let again = match finding.again {
                0 => String::new(),
                n => format!(" (and {})", count(n, "more place", "more places")),
            };
            let place = spots
                .first()
                .map_or(String::new(), |s| format!("{}:{}:{}: ", harmless(&s.path), s.line, s.column));
            let line = format!("{place}{}{again}", harmless(&finding.message));
            // Never wrapped: paths are there to be clicked and searched for.
            let _ = writeln!(out, "  {} {line}", paint(FRAME, "•"));
        }
        let _ = writeln!(out, "  {} --verbose shows each of them in full\n", paint(FRAME, "="));
    }
}

/// How codespan is to draw.
fn config() -> term::Config {
    term::Config { start_context_lines: SHOWN_LINES, end_context_lines: 0, ..term::Config::default() }
}

/// What has been said already and need not be said again under each finding.
#[derive(Default)]
struct Met<'a> {
    statements: BTreeSet<&'a str>,
    helps: BTreeSet<(&'a str, &'a str)>,
    doubts: BTreeSet<(&'a str, Confidence)>,
}

fn one<'a>(report: &Report<'a>, block: &Block<'a>, met: &mut Met<'a>, out: &mut String) {
    let Block { finding, spots, .. } = block;
    // One more than the limit is shown as well.
    let hidden = if finding.again > SHOWN_AGAIN + 1 { finding.again - SHOWN_AGAIN } else { 0 };
    let spots = &spots[..spots.len().saturating_sub(hidden)];
    let files = Excerpts::new(spots);
    let labels = files.labels(spots);
    // Gutter, bullet and the spaces around them.
    let room = report.columns.saturating_sub(files.gutter() + 3);
    let notes = notes(report, block, met, room, hidden);
    let severity = match finding.level {
        Level::Error => Severity::Error,
        Level::Warning => Severity::Warning,
        Level::Note => Severity::Note,
    };
    let diagnostic = Diagnostic::new(severity)
        .with_code(finding.rule.as_str())
        .with_message(harmless(&finding.message))
        .with_labels(labels)
        .with_notes(notes);
    let drawn = isolated(|| {
        let mut painter = Painter(Vec::new());
        term::emit_to_write_style(&mut painter, &config(), &files, &diagnostic).map(|()| painter.0)
    });
    match drawn {
        Ok(Ok(drawn)) => out.push_str(&String::from_utf8_lossy(&drawn)),
        _ => {
            // The excerpt does not fit its labels. The finding is still told, with its place.
            let place =
                spots.first().map_or(String::new(), |s| format!(" ({}:{}:{})", s.path, s.line, s.column));
            let _ = writeln!(
                out,
                "{}[{}]: {}{}\n",
                finding.level.name(),
                finding.rule,
                harmless(&finding.message),
                harmless(&place)
            );
        }
    }
}

/// What stands below the excerpts: places that are not shown, statements, reasons, help.
fn notes<'a>(
    report: &Report<'a>,
    block: &Block<'a>,
    met: &mut Met<'a>,
    room: usize,
    hidden: usize,
) -> Vec<String> {
    let Block { finding, statements, .. } = block;
    let mut notes = Vec::new();
    if hidden > 0 {
        let places = count(hidden, "further place", "further places");
        let text = format!("the same in {places}; --format json lists them all");
        notes.push(format!("{} {}", paint(STRONG, "places:"), wrap(&text, room, 8)));
    }
    for reference in statements.iter().take(SHOWN_STATEMENTS) {
        notes.push(documented(report, reference, met, room));
    }
    if let Some(more) = statements.get(SHOWN_STATEMENTS..).filter(|more| !more.is_empty()) {
        let more = format!("also in {}", list(more));
        notes.push(format!("{} {}", paint(STRONG, "documented:"), paint(FAINT, wrap(&more, room, 12))));
    }
    let because = report.rules.find(&finding.rule).and_then(|r| r.because.as_deref());
    if let Some(because) = because
        && met.statements.insert(&finding.rule)
    {
        notes.push(format!("{} {}", paint(STRONG, "why:"), wrap(&paragraphs(because), room, 5)));
    }
    if finding.confidence < Confidence::High && met.doubts.insert((&finding.rule, finding.confidence)) {
        notes.push(format!(
            "{} {}; the export leaves room for doubt",
            paint(STRONG, "confidence:"),
            finding.confidence.name()
        ));
    }
    for (title, text) in super::remarks(finding) {
        notes.push(format!(
            "{} {}",
            paint(STRONG, format_args!("{title}:")),
            wrap(&harmless(&text), room, title.len() + 2)
        ));
    }
    if met.helps.insert((&finding.rule, &finding.help)) {
        let help = paragraphs(&finding.help);
        if !help.is_empty() {
            notes.push(format!("{} {}", paint(MARK, "help:"), wrap(&harmless_block(&help), room, 6)));
        }
    }
    if let Some(fix) = &finding.fix {
        notes.push(format!("{} {}", paint(MARK, "fix:"), indent(&harmless_block(fix.trim()), 5)));
    }
    notes
}

/// The note that says which statement is broken: its words at first, later only its reference.
fn documented<'a>(report: &Report<'a>, reference: &'a str, met: &mut Met<'a>, room: usize) -> String {
    let title = paint(STRONG, "documented:");
    let Some((entity, statement)) = report.content.statement(reference) else {
        return format!("{title} {reference}");
    };
    if !met.statements.insert(reference) {
        return format!("{title} {}", paint(FAINT, reference));
    }
    let revision = report.run.revision;
    let mut out = String::new();
    let text = statement.text.at(revision).map_or("", String::as_str);
    let level = statement.level.at(revision).map_or(String::new(), |l| format!(", {}", l.name()));
    let name = entity.title(revision);
    let _ = write!(out, "{title} {}", wrap(&format!("{name}: {}", paragraphs(text)), room, 12));
    if let Some(detail) = statement.detail.as_ref().and_then(|d| d.at(revision)) {
        let _ = write!(out, "\n{}{}", " ".repeat(12), paint(FAINT, wrap(&paragraphs(detail), room, 12)));
    }
    let source = format!("{reference}, {revision}{level}");
    let _ = write!(out, "\n{}{}", " ".repeat(12), paint(FAINT, format_args!("({source})")));
    out
}

/// Rule texts may have values of an export in them.
fn harmless_block(text: &str) -> String {
    crate::text::harmless_lines(text)
}

/// The lines after the first, moved right.
fn indent(text: &str, by: usize) -> String {
    text.replace('\n', &format!("\n{}", " ".repeat(by)))
}

// ---------------------------------------------------------------------------------------------- excerpts

/// The lines that are shown, one text a file, as codespan wants them.
///
/// Lines have numbers of our own: neighbours differ by one, all others by more. With that codespan draws a
/// break between lines that are not neighbours, never asks for a line that is not there, and shows two
/// stretches of one long line one below the other.
struct Excerpts {
    files: Vec<File>,
    longest: u64,
    /// The column that stands at a byte where a place begins: file, line, byte, column.
    columns: Vec<(usize, u64, usize, u64)>,
}

struct File {
    name: String,
    text: String,
    lines: Vec<Shown>,
}

struct Shown {
    /// Our number of the line.
    index: usize,
    /// The line, or a stretch of it.
    excerpt: Excerpt,
    /// Bytes that stand before the excerpt's own: indentation, or the mark of a cut.
    lead: usize,
    /// All bytes of the line in the text.
    range: Range<usize>,
}

/// The distance of the numbers of lines that are not neighbours: more than the lines of a longer place that
/// codespan wants to see.
const APART: usize = SHOWN_LINES + 3;
/// So many lines after the first are shown of a longer place, beside the last.
const SHOWN_LINES: usize = 3;

impl Excerpts {
    fn new(spots: &[Spot]) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for spot in spots {
            if !names.contains(&spot.path.as_str()) {
                names.push(&spot.path);
            }
        }
        let mut out = Self { files: Vec::new(), longest: 1, columns: Vec::new() };
        for name in names {
            let here: Vec<&Spot> = spots.iter().filter(|s| s.path == name).collect();
            let file = File::new(name, &here);
            for spot in here {
                out.longest = out.longest.max(spot.line).max(spot.end_line);
                if let Some(range) = file.range(spot) {
                    out.columns.push((out.files.len(), spot.line, range.start, spot.column));
                }
            }
            out.files.push(file);
        }
        out
    }

    /// How many columns the line numbers take, with the spaces around them.
    fn gutter(&self) -> usize {
        self.longest.to_string().len() + 1
    }

    fn labels(&self, spots: &[Spot]) -> Vec<Label<usize>> {
        let mut labels = Vec::new();
        for spot in spots {
            let name = harmless(&spot.path);
            let Some(id) = self.files.iter().position(|f| f.name == name) else { continue };
            let Some(range) = self.files[id].range(spot) else { continue };
            let style = if spot.primary { LabelStyle::Primary } else { LabelStyle::Secondary };
            labels.push(Label::new(style, id, range).with_message(harmless(&spot.label)));
        }
        labels
    }
}

impl File {
    fn new(name: &str, spots: &[&Spot]) -> Self {
        let mut excerpts: Vec<&Excerpt> = Vec::new();
        // The first lines of places decide which stretch of a line is shown; the further lines only fill up.
        let firsts = spots.iter().filter_map(|s| s.excerpts.first());
        let others = spots.iter().flat_map(|s| s.excerpts.iter().skip(1));
        for excerpt in firsts {
            if !excerpts.iter().any(|e| covers(e, excerpt.line, excerpt.focus)) {
                excerpts.push(excerpt);
            }
        }
        for excerpt in others {
            if !excerpts.iter().any(|e| e.line == excerpt.line) {
                excerpts.push(excerpt);
            }
        }
        excerpts.sort_by_key(|e| (e.line, e.column));
        let mut file = Self { name: harmless(name).into_owned(), text: String::new(), lines: Vec::new() };
        for excerpt in excerpts {
            let index = match file.lines.last() {
                None => 0,
                Some(last) if last.excerpt.line + 1 == excerpt.line => last.index + 1,
                Some(last) => last.index + APART,
            };
            let start = file.text.len();
            if excerpt.before {
                // What is left out begins with such a sign of its own.
                if !excerpt.text.starts_with(ELIDED) {
                    file.text.push_str(ELIDED);
                }
            } else {
                // Indentation from before the record; it is white space, or the mark would stand here.
                let indent = usize::try_from(excerpt.column - 1).unwrap_or(0).min(MOST_INDENT);
                file.text.extend(std::iter::repeat_n(' ', indent));
            }
            let lead = file.text.len() - start;
            file.text.push_str(&excerpt.text);
            if excerpt.after && !excerpt.text.ends_with(ELIDED) {
                file.text.push_str(ELIDED);
            }
            let range = start..file.text.len();
            file.text.push('\n');
            file.lines.push(Shown { index, excerpt: excerpt.clone(), lead, range });
        }
        file
    }

    /// The bytes of the text that a place covers, as far as they are shown.
    fn range(&self, spot: &Spot) -> Option<Range<usize>> {
        let first = spot.excerpts.first()?;
        let start = self.lines.iter().find(|l| covers(&l.excerpt, spot.line, first.focus))?;
        if spot.end_line == spot.line {
            return Some(start.bytes(spot.column, spot.end_column));
        }
        let from = start.bytes(spot.column, spot.column).start;
        // Only if codespan gets the lines it wants to see is the place framed; else its first line is marked.
        let line = |n: u64| self.lines.iter().any(|l| l.excerpt.line == n);
        let wanted = spot.line + 1..=spot.end_line.min(spot.line + SHOWN_LINES as u64);
        match self.lines.iter().rfind(|l| l.excerpt.line == spot.end_line) {
            Some(end) if wanted.clone().all(line) => Some(from..end.bytes(1, spot.end_column).end),
            _ => Some(from..start.range.end),
        }
    }

    fn line(&self, index: usize) -> Option<&Shown> {
        self.lines.iter().find(|l| l.index == index)
    }
}

impl Shown {
    /// The bytes of the text that show these columns.
    fn bytes(&self, start: u64, end: u64) -> Range<usize> {
        let columns = self.excerpt.columns(start, end);
        let base = self.range.start + self.lead;
        base + columns.start..base + columns.end
    }
}

/// Whether an excerpt shows a column of a line.
fn covers(excerpt: &Excerpt, line: u64, column: u64) -> bool {
    let end = excerpt.end_column;
    excerpt.line == line && excerpt.column <= column && (column < end || column == end && !excerpt.after)
}

/// Indentation beyond this is shown as this.
const MOST_INDENT: usize = 24;

impl<'a> Files<'a> for Excerpts {
    type FileId = usize;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: usize) -> Result<&'a str, Error> {
        self.files.get(id).map(|f| f.name.as_str()).ok_or(Error::FileMissing)
    }

    fn source(&'a self, id: usize) -> Result<&'a str, Error> {
        self.files.get(id).map(|f| f.text.as_str()).ok_or(Error::FileMissing)
    }

    fn line_index(&'a self, id: usize, byte: usize) -> Result<usize, Error> {
        let file = self.files.get(id).ok_or(Error::FileMissing)?;
        let at = file.lines.partition_point(|l| l.range.start <= byte).saturating_sub(1);
        file.lines.get(at).map(|l| l.index).ok_or(Error::IndexTooLarge { given: byte, max: file.text.len() })
    }

    fn line_number(&'a self, id: usize, index: usize) -> Result<usize, Error> {
        let file = self.files.get(id).ok_or(Error::FileMissing)?;
        Ok(file.line(index).map_or(1, |l| usize::try_from(l.excerpt.line).unwrap_or(usize::MAX)))
    }

    fn column_number(&'a self, id: usize, index: usize, byte: usize) -> Result<usize, Error> {
        // Columns are known from the place and not from what is shown of it, which may be masked.
        let file = self.files.get(id).ok_or(Error::FileMissing)?;
        let number = file.line(index).map_or(0, |l| l.excerpt.line);
        let column =
            self.columns.iter().find(|c| c.0 == id && c.1 == number && c.2 == byte).map_or(1, |c| c.3);
        Ok(usize::try_from(column).unwrap_or(usize::MAX))
    }

    fn line_range(&'a self, id: usize, index: usize) -> Result<Range<usize>, Error> {
        let file = self.files.get(id).ok_or(Error::FileMissing)?;
        let max = file.lines.last().map_or(0, |l| l.index);
        match file.line(index) {
            Some(line) => Ok(line.range.clone()),
            // A line inside a longer place that is not shown.
            None => file
                .lines
                .iter()
                .find(|l| l.index > index)
                .map(|next| next.range.start..next.range.start)
                .ok_or(Error::LineTooLarge { given: index, max }),
        }
    }
}

/// Takes codespan's output and colours it.
struct Painter(Vec<u8>);

impl Painter {
    fn set(&mut self, style: Style) -> io::Result<()> {
        write!(self.0, "{style}")
    }
}

impl Write for Painter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WriteStyle for Painter {
    fn set_header(&mut self, severity: Severity) -> GeneralWriteResult {
        self.set(severity_style(severity))
    }

    fn set_header_message(&mut self) -> GeneralWriteResult {
        self.reset()?;
        self.set(STRONG)
    }

    fn set_line_number(&mut self) -> GeneralWriteResult {
        self.set(FRAME)
    }

    fn set_note_bullet(&mut self) -> GeneralWriteResult {
        self.set(FRAME)
    }

    fn set_source_border(&mut self) -> GeneralWriteResult {
        self.set(FRAME)
    }

    fn set_label(&mut self, severity: Severity, style: LabelStyle) -> GeneralWriteResult {
        self.set(match style {
            LabelStyle::Primary => severity_style(severity),
            LabelStyle::Secondary => AnsiColor::BrightBlue.on_default(),
        })
    }

    fn reset(&mut self) -> GeneralWriteResult {
        write!(self.0, "{}", anstyle::Reset)
    }
}

fn severity_style(severity: Severity) -> Style {
    let level = match severity {
        Severity::Bug | Severity::Error => Level::Error,
        Severity::Warning => Level::Warning,
        Severity::Note | Severity::Help => Level::Note,
    };
    level.style()
}

// ----------------------------------------------------------------------------------------------- summary

fn summary(report: &Report<'_>, out: &mut String) {
    inputs(report, out);
    let outcomes = report.outcomes();
    let revision = report.run.revision;
    let _ = writeln!(
        out,
        "{}  {} {}",
        head("revision"),
        paint(STRONG, revision),
        wrap(&format!("({})", report.revision_reason), report.columns, 12)
    );
    if let Some(doubt) = report.revision().and_then(|r| r.doubt.as_deref()) {
        let _ = writeln!(out, "{}{}", " ".repeat(12), paint(FAINT, wrap(doubt, report.columns, 12)));
    }
    let rules = |n| count(n, "rule", "rules");
    let mut parts = Vec::new();
    if outcomes.pass > 0 {
        parts.push(paint(GOOD, format_args!("{} hold", outcomes.pass)));
    }
    if outcomes.fail > 0 {
        parts.push(paint(BAD, format_args!("{} broken", outcomes.fail)));
    }
    if outcomes.waived > 0 {
        parts.push(paint(FAINT, format_args!("{} waived", outcomes.waived)));
    }
    if outcomes.not_evaluated > 0 {
        parts.push(paint(DOUBT, format_args!("{} not evaluated", outcomes.not_evaluated)));
    }
    if outcomes.not_applicable > 0 {
        parts.push(paint(FAINT, format_args!("{} not applicable", outcomes.not_applicable)));
    }
    if outcomes.error > 0 {
        parts.push(paint(BAD, format_args!("{} could not be run for a fault of cmlint", outcomes.error)));
    }
    let distinct: BTreeSet<&str> = report.run.outcomes.iter().map(|o| o.rule.as_str()).collect();
    let _ = writeln!(
        out,
        "{}  {} in {}: {}",
        head("checks"),
        count(report.run.outcomes.len(), "check", "checks"),
        rules(distinct.len()),
        list(&parts)
    );
    let statements = statements(report);
    let _ = writeln!(out, "{}  {}", head("statements"), wrap(&statements, report.columns, 12));
    let _ = writeln!(out, "{}  {}", head("findings"), levels(report));
    for (title, lines) in super::asides(report) {
        for (i, line) in lines.iter().enumerate() {
            let head = if i == 0 { head(title) } else { " ".repeat(10) };
            let _ = writeln!(out, "{head}  {}", wrap(line, report.columns, 12));
        }
    }
    if report.verbose {
        every_rule(report, out);
    }
    missing(report, out);
}

fn head(word: &str) -> String {
    pad(&paint(STRONG, word), 10)
}

/// `2 errors, 1 warning` or that there is none.
fn levels(report: &Report<'_>) -> String {
    let mut parts = Vec::new();
    for (level, one, many) in [
        (Level::Error, "error", "errors"),
        (Level::Warning, "warning", "warnings"),
        (Level::Note, "note", "notes"),
    ] {
        let n = report.findings_of(level);
        if n > 0 {
            parts.push(paint(level.style(), count(n, one, many)));
        }
    }
    if parts.is_empty() {
        let outcomes = report.outcomes();
        return if outcomes.pass + outcomes.fail + outcomes.waived > 0 {
            paint(GOOD, "none")
        } else {
            "none, for nothing could be checked".to_owned()
        };
    }
    list(&parts)
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
    let total = report.inputs.len();
    let mut parts = Vec::new();
    for (status, style) in [
        (Status::Read, GOOD),
        (Status::Partial, DOUBT),
        (Status::Unrecognised, FAINT),
        (Status::Unreadable, BAD),
        (Status::Error, BAD),
    ] {
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
    let _ = writeln!(
        out,
        "{}  {}: {}; {}",
        head("inputs"),
        count(total, "file", "files"),
        if parts.is_empty() { "none".to_owned() } else { list(&parts) },
        count(records, "object", "objects"),
    );
    for input in report.inputs {
        let style = match input.status {
            Status::Read if input.notes.is_empty() => continue,
            Status::Read => FAINT,
            Status::Partial => DOUBT,
            Status::Unrecognised => FAINT,
            Status::Unreadable | Status::Error => BAD,
        };
        let path = harmless(&input.path);
        let word = pad(&paint(style, status_word(input.status)), 12);
        if input.notes.is_empty() {
            let _ = writeln!(out, "{}{word}  {path}", " ".repeat(12));
        }
        for (place, text) in &input.notes {
            let at = place.map_or(String::new(), |(line, column)| format!(":{line}:{column}"));
            let text = format!("{path}{at}: {}", harmless(text));
            let _ = writeln!(out, "{}{word}  {}", " ".repeat(12), wrap(&text, report.columns, 28));
        }
    }
}

fn every_rule(report: &Report<'_>, out: &mut String) {
    let _ = writeln!(out, "\n{}", paint(STRONG, "outcome of each rule"));
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
}

fn missing(report: &Report<'_>, out: &mut String) {
    let exports = report.missing_exports();
    // Where a path is wrong there is something else to do first.
    let lost = report.inputs.iter().all(|i| i.status == Status::Unreadable) && !report.inputs.is_empty();
    if !exports.is_empty() && !lost {
        let open = (report.run.outcomes.iter())
            .filter(|o| matches!(&o.outcome, Outcome::NotEvaluated(o) if o.why == Why::NotExported))
            .count();
        let _ = writeln!(
            out,
            "\n{}: {} for these exports, the most useful first",
            paint(DOUBT, "not evaluated"),
            count(open, "check waits", "checks wait")
        );
        let shown = if report.verbose { exports.len() } else { SHOWN_COLLECTS };
        for export in exports.iter().take(shown) {
            let tables: Vec<_> = export
                .tables
                .iter()
                .filter_map(|&t| report.schema.tables.get(t))
                .map(|t| t.name.as_str())
                .collect();
            let what = format!("{} {}", count(export.rules.len(), "rule", "rules"), paint(FAINT, "·"));
            let statements = count(export.statements, "statement", "statements");
            let line = format!("{} {statements} {} {}", pad(&what, 9), paint(FAINT, "·"), list(&tables));
            let _ = writeln!(out, "  {}", wrap(&line, report.columns, 4));
            // Never wrapped: it is there to be copied.
            let _ = writeln!(out, "      {}", paint(CODE, export.collect));
        }
        if exports.len() > shown {
            let _ = writeln!(
                out,
                "  and {}: --verbose shows them all",
                count(exports.len() - shown, "more export", "more exports")
            );
        }
        let hint = "Run a line in the PowerShell of the Configuration Manager console, put \
                    `| Out-File $HOME\\NAME.json` behind it, and check the new files together with these.";
        let _ = writeln!(out, "  {} {}", paint(MARK, "hint:"), wrap(hint, report.columns, 8));
    }
    unclear(report, out);
}

/// Something that could not be decided although it is exported.
struct Unclear<'a> {
    reason: &'a str,
    place: Option<&'a (String, u64, u64)>,
    rules: Vec<&'a str>,
    tables: Vec<TableId>,
}

fn unclear(report: &Report<'_>, out: &mut String) {
    let mut all: Vec<Unclear<'_>> = Vec::new();
    for (i, row) in report.run.outcomes.iter().enumerate() {
        let Outcome::NotEvaluated(open) = &row.outcome else { continue };
        if open.why == Why::NotExported {
            continue;
        }
        let place = report.open_places.get(i).and_then(Option::as_ref);
        let at = all.iter().position(|u| u.reason == open.reason && u.place == place).unwrap_or_else(|| {
            all.push(Unclear { reason: &open.reason, place, rules: Vec::new(), tables: Vec::new() });
            all.len() - 1
        });
        let entry = &mut all[at];
        if !entry.rules.contains(&row.rule.as_str()) {
            entry.rules.push(&row.rule);
        }
        entry.tables.extend(&open.tables);
    }
    if all.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}: exported, but not enough to decide", paint(DOUBT, "not evaluated"));
    all.sort_by_key(|u| std::cmp::Reverse(u.rules.len()));
    for Unclear { reason, place, rules, tables } in all {
        let what = format!("{} {}", count(rules.len(), "rule", "rules"), paint(FAINT, "·"));
        let at = place.map_or(String::new(), |(path, line, column)| {
            paint(FAINT, format_args!(" ({}:{line}:{column})", harmless(path)))
        });
        let line = format!("{} {}{at}", pad(&what, 9), harmless(reason));
        let _ = writeln!(out, "  {}", wrap(&line, report.columns, 4));
        for line in report.schema.collects(&tables) {
            let _ = writeln!(out, "      {}", paint(CODE, line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Limits, Request, SourceId, Sources, Span, locate};
    use crate::text::width;

    /// Everything may be shown.
    const ALL: Span = Span { start: 0, end: u64::MAX };

    /// Places in a file, each given by its bytes; they are the record as well, unless one is given.
    fn spots(
        text: &str,
        places: &[(usize, usize)],
        record: Option<(usize, usize)>,
        secrets: &[(usize, usize)],
    ) -> Vec<Spot> {
        let sources =
            Sources::from_memory([("a.xml".to_owned(), text.as_bytes().to_vec())], &Limits::default());
        let span = |r: &(usize, usize)| Span { start: r.0 as u64, end: r.1 as u64 };
        let within = span(&record.unwrap_or((0, text.len())));
        let requests: Vec<Request> = places.iter().map(|p| Request { span: span(p), within }).collect();
        let secrets: Vec<Span> = secrets.iter().map(span).collect();
        let found = locate(sources.get(SourceId(0)).unwrap(), &requests, &[ALL], &secrets, 90).unwrap();
        (found.into_iter().enumerate())
            .map(|(i, l)| Spot {
                path: "a.xml".into(),
                line: l.line,
                column: l.column,
                end_line: l.end_line,
                end_column: l.end_column,
                label: "here".into(),
                primary: i == 0,
                excerpts: vec![l.excerpt],
            })
            .collect()
    }

    fn render(spots: &[Spot]) -> String {
        let files = Excerpts::new(spots);
        let diagnostic = Diagnostic::error().with_message("m").with_labels(files.labels(spots));
        let mut painter = Painter(Vec::new());
        term::emit_to_write_style(&mut painter, &config(), &files, &diagnostic).unwrap();
        anstream::adapter::strip_str(&String::from_utf8(painter.0).unwrap()).to_string()
    }

    #[test]
    fn line_and_column_are_those_of_the_file() {
        let text = format!("{}  <Name>abc</Name>\n", "\n".repeat(411));
        let out = render(&spots(&text, &[(419, 422)], None, &[]));
        assert!(out.contains("a.xml:412:9"), "{out}");
        assert!(out.contains("412 │   <Name>abc</Name>\n    │         ^^^ here"), "{out}");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{}MARK{}", "x".repeat(5000), "y".repeat(5000));
        let out = render(&spots(&text, &[(5000, 5004)], None, &[]));
        assert!(out.contains("a.xml:1:5001"), "{out}");
        assert!(out.lines().all(|l| width(l) <= 100), "{out}");
        let code = out.lines().find(|l| l.contains("MARK")).unwrap();
        let marks = out.lines().find(|l| l.contains("^^^^")).unwrap();
        let column = |l: &str, what: &str| l[..l.find(what).unwrap()].chars().count();
        assert_eq!(column(code, "MARK"), column(marks, "^^^^"), "{out}");
        assert!(!marks.contains("^^^^^"), "{out}");
    }

    #[test]
    fn two_places_far_apart_on_one_line_are_both_shown() {
        let text = format!("ONE{}TWO{}", "x".repeat(3000), "y".repeat(3000));
        let out = render(&spots(&text, &[(0, 3), (3003, 3006)], None, &[]));
        assert!(out.contains("ONE") && out.contains("TWO"), "{out}");
        assert!(out.contains("^^^ here") && out.contains("--- here"), "{out}");
        assert!(out.contains("\n  ·\n1 │ …"), "{out}");
    }

    #[test]
    fn lines_apart_have_a_break_and_neighbours_none() {
        let out = render(&spots("1\n2\na\n4\nb\nc\n", &[(4, 5), (8, 9), (10, 11)], None, &[]));
        assert!(out.contains("3 │ a\n  │ ^ here\n  ·\n5 │ b\n  │ - here\n6 │ c"), "{out}");
    }

    #[test]
    fn a_place_over_several_lines_is_framed() {
        let text: String = (1..=30).map(|n| format!("line {n:2}\n")).collect();
        let mut all = spots(&text, &[(8 * 9, 8 * 20 - 1)], None, &[]);
        for line in [10, 11, 12, 19] {
            let more = spots(&text, &[(8 * line, 8 * line + 1)], None, &[]);
            all[0].excerpts.extend(more[0].excerpts.clone());
        }
        let out = render(&all);
        assert!(out.contains("a.xml:10:1"), "{out}");
        for n in [10, 11, 12, 13, 20] {
            assert!(out.contains(&format!("line {n}")), "{out}");
        }
        assert!(out.contains("·") && !out.contains("line 14"), "{out}");
    }

    #[test]
    fn of_a_longer_place_without_its_lines_the_first_is_marked() {
        let out = render(&spots("{\n  a\n}\n", &[(0, 7)], None, &[]));
        assert!(out.contains("1 │ {\n  │ ^ here"), "{out}");
    }

    #[test]
    fn credentials_are_masked_and_columns_stay_true() {
        let text = "<p>topsecret</p><n>abc</n>";
        let out = render(&spots(text, &[(19, 22)], None, &[(3, 12)]));
        assert!(!out.contains("topsecret"), "{out}");
        assert!(out.contains("a.xml:1:20"), "{out}");
        assert!(out.contains("1 │ <p>*****</p><n>abc</n>\n  │                ^^^ here"), "{out}");
    }

    #[test]
    fn nothing_beyond_the_record_is_shown() {
        let out = render(&spots("before<r>abc</r>behind", &[(9, 12)], Some((6, 16)), &[]));
        assert!(out.contains("│ …<r>abc</r>…"), "{out}");
        assert!(!out.contains("before") && !out.contains("behind"), "{out}");
    }

    #[test]
    fn indentation_before_a_record_is_kept() {
        let out = render(&spots("    {\"a\": 1},\n", &[(9, 10)], Some((4, 12)), &[]));
        assert!(out.contains("1 │     {\"a\": 1}\n"), "{out}");
    }

    #[test]
    fn control_characters_of_an_export_are_shown_not_obeyed() {
        let out = render(&spots("a\u{1b}]b\u{202e}c", &[(1, 3)], None, &[]));
        assert!(!out.contains('\u{1b}') && !out.contains('\u{202e}'), "{out}");
        assert!(out.contains("a␛]b"), "{out}");
    }
}
