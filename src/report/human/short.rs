//! A block in short: what it is, where, whom and where else, and the beginning of what to do.

use std::fmt::Write as _;

use super::super::Report;
use super::blocks::Block;
use super::full::wrap_behind;
use super::{head, others};
use crate::text::{FRAME, MARK, STRONG, count, cut, harmless, paint, paragraphs, rows, wrap};

/// A block in a few lines, with so many rows of its advice, unless the first sentence takes more.
pub(super) fn write(report: &Report<'_>, block: &Block<'_>, help_rows: usize, out: &mut String) {
    let (first, spots) = (block.first(), block.all[0].spots);
    let _ = writeln!(out, "{}", head::line(report, first.level, &first.rule, &first.message));
    if let Some(spot) = spots.first() {
        let more = match spots.len() - 1 {
            0 => String::new(),
            n => format!(" and {}", count(n, "more place", "more places")),
        };
        let _ = writeln!(out, "  {} {}{more}", paint(FRAME, "┌─"), head::place(spot));
    }
    let room = report.columns.saturating_sub(4);
    let mark = paint(FRAME, "=");
    for (title, text) in others::lines(&block.all[1..]) {
        let text = wrap_behind(&title, &text, room).replace('\n', "\n    ");
        let _ = writeln!(out, "  {mark} {} {text}", paint(STRONG, title));
    }
    let help = brief(&first.help, room.saturating_sub(6), help_rows);
    if !help.is_empty() {
        let help = wrap(&help, room, 6).replace('\n', "\n    ");
        let _ = writeln!(out, "  {mark} {} {help}", paint(MARK, "help:"));
    }
}

/// A block in one line: how many, which rule, what it is.
pub(super) fn folded(report: &Report<'_>, block: &Block<'_>, pad: usize, out: &mut String) {
    let first = block.first();
    let title = report.rules.find(&first.rule).map(|rule| rule.title.as_str());
    let text = if block.findings == 1 { None } else { title };
    let text = text.map_or_else(|| harmless(&first.message).into_owned(), str::to_owned);
    let room = report.columns.saturating_sub(pad.max(first.rule.len()) + 8);
    let _ = writeln!(
        out,
        "{:>4}  {}{}  {}",
        block.findings,
        paint(first.level.style(), head::linked(report, &first.rule, &first.rule)),
        " ".repeat(pad.saturating_sub(first.rule.len())),
        cut(&text, room)
    );
}

/// The first sentences of an advice: as many as fit in so many rows, and one at least.
pub(super) fn brief(help: &str, columns: usize, most: usize) -> String {
    let text = paragraphs(help);
    let first = harmless(text.lines().next().unwrap_or_default()).into_owned();
    let mut end = first.len();
    let mut ends: Vec<usize> = first.match_indices(". ").map(|(at, _)| at + 1).collect();
    while rows(&wrap(&first[..end], columns, 0), columns) > most {
        match ends.pop() {
            Some(at) => end = at,
            None => break,
        }
    }
    first[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advice_is_cut_behind_a_sentence() {
        let help = "Take it away. Look why it is there, and who put it there. Then go on.\n\nMore.";
        assert_eq!(
            brief(help, 80, 2),
            "Take it away. Look why it is there, and who put it there. Then go on."
        );
        assert_eq!(brief(help, 40, 1), "Take it away.");
        assert_eq!(brief(help, 5, 1), "Take it away.");
        assert_eq!(brief("", 40, 1), "");
    }
}
