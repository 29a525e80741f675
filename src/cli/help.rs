//! Texts below the options of a command, fitted to the terminal once, so that nothing is wrapped by hand and then again.

use super::output;
use crate::text::{width, wrap};

/// No help is wider.
const MOST: usize = 100;
/// Columns that what stands behind an example has at least, or else it goes below.
const LEAST: usize = 24;

/// A text whose lines are paragraphs, or examples with what they do behind them.
pub(super) fn fit(text: &str) -> String {
    fitted(text, output::columns(false).min(MOST))
}

fn fitted(text: &str, columns: usize) -> String {
    let lines: Vec<String> = text.lines().map(|line| one(line, columns)).collect();
    lines.join("\n")
}

fn one(line: &str, columns: usize) -> String {
    if width(line) <= columns {
        return line.to_owned();
    }
    let text = line.trim_start();
    let lead = " ".repeat(line.len() - text.len());
    // What stands behind two blanks or more is what is said of what stands before.
    let Some((before, said)) = text.split_once("  ").map(|(before, said)| (before, said.trim_start())) else {
        return format!("{lead}{}", wrap(text, columns, lead.len()));
    };
    let column = width(line) - width(said);
    if columns.saturating_sub(column) >= LEAST {
        return format!("{}{}", &line[..line.len() - said.len()], wrap(said, columns, column));
    }
    let below = lead.len() + 4;
    format!("{lead}{before}\n{}{}", " ".repeat(below), wrap(said, columns, below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_shape_at_any_width() {
        let text = "Examples:\n  cmlint check a   all of it, and more than that\n  cmlint b\n\nA paragraph that has many words.";
        assert_eq!(fitted(text, 100), text);
        assert_eq!(
            fitted(text, 46),
            "Examples:\n  cmlint check a   all of it, and more than\n                   that\n  cmlint b\n\nA paragraph that has many words."
        );
        assert_eq!(
            fitted(text, 30),
            "Examples:\n  cmlint check a\n      all of it, and more than\n      that\n  cmlint b\n\nA paragraph that has many\nwords."
        );
    }
}
