//! What a console leaves before an export: messages of PowerShell, prompts, banners.
//!
//! `... *> file` and copied consoles put them there, in any language and with colours. They are passed over only where
//! an export begins right behind them; prose with an example in it is no export.

use crate::reader::console::{is_message, is_prompt, without_colours};
use crate::reader::json;
use crate::source::floor;

/// How far an export is looked for.
const REACH: usize = 16 << 10;

/// Where an export begins behind messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::reader) struct Preamble {
    /// Its first character.
    pub(in crate::reader) at: usize,
    /// How many lines stand before it, blank ones apart.
    pub(in crate::reader) lines: usize,
    /// Whether one of them says that the depth was exceeded.
    pub(in crate::reader) depth: bool,
}

impl Preamble {
    /// What a person should know of it.
    pub(in crate::reader) fn note(self) -> String {
        let lines = match self.lines {
            1 => "a line of the console before the export is left out".to_owned(),
            lines => format!("{lines} lines of the console before the export are left out"),
        };
        let depth = if self.depth {
            "; the export is cut off at its depth: export again with a greater -Depth"
        } else {
            ""
        };
        lines + depth
    }
}

/// Where an export begins behind lines of a console.
pub(super) fn find(text: &str) -> Option<Preamble> {
    let head = &text[..floor(text, REACH)];
    let mut at = 0;
    let mut lines: Vec<&str> = Vec::new();
    for line in head.split_inclusive('\n') {
        let said = without_colours(line);
        let place = at + line.len() - said.len();
        if begins(&text[place..]) {
            return of(&lines, place);
        }
        if !said.trim().is_empty() {
            lines.push(said.trim_end());
        }
        at += line.len();
    }
    None
}

/// Whether an export begins at the start of a text.
fn begins(text: &str) -> bool {
    match text.as_bytes().first() {
        Some(b'{' | b'[') => json::holds_rows(text),
        Some(b'<') => {
            text.starts_with("<?xml")
                || super::ROOTS.iter().any(|root| {
                    text[1..].strip_prefix(root).is_some_and(|rest| {
                        rest.starts_with(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))
                    })
                })
        }
        _ => false,
    }
}

/// The preamble, if all its lines are what a console leaves: behind a message its further lines, before a prompt
/// anything.
fn of(lines: &[&str], at: usize) -> Option<Preamble> {
    let prompt = lines.iter().rposition(|line| is_prompt(line));
    let behind = prompt.map_or(0, |i| i + 1);
    let rest = &lines[behind..];
    let fits = match rest.first() {
        None => prompt.is_some(),
        // What a command prints wraps at the width of the console.
        Some(first) => is_message(first) && rest.len() <= 40,
    };
    let speaks_of_depth = |line: &&str| {
        is_message(line)
            && line.contains("JSON")
            && (line.contains(|c: char| c.is_ascii_digit()) || line.to_lowercase().contains("depth"))
    };
    fits.then(|| Preamble { at, lines: lines.len(), depth: lines.iter().any(speaks_of_depth) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<(usize, usize, bool)> {
        find(text).map(|found| (found.at, found.lines, found.depth))
    }

    #[test]
    fn lines_of_a_console() {
        let rows = "[\n  {\"a\": 1}\n]\n";
        for (before, lines, depth) in [
            (
                "WARNING: Resulting JSON is truncated as serialization has exceeded the set depth of 2.\n",
                1,
                true,
            ),
            (
                "WARNUNG: Das resultierende JSON wird abgeschnitten, da die Tiefe 2 \n\u{fc}berschritten ist.\r\n",
                2,
                true,
            ),
            ("\u{1b}[33;1mVERBOSE: Performing the operation.\u{1b}[0m\n\n", 1, false),
            ("AVERTISSEMENT : x\nAUSF\u{dc}HRLICH: y\n", 2, false),
            ("\u{8b66}\u{544a}: \u{7d50}\u{679c}\u{306e} JSON 2\n", 1, true),
            ("PS C:\\temp> Get-It | ConvertTo-Json\n", 1, false),
            ("Windows PowerShell\nCopyright (C) Somebody\n\nPS C:\\> x\n", 3, false),
        ] {
            assert_eq!(at(&format!("{before}{rows}")), Some((before.len(), lines, depth)), "{before}");
            let xml = format!("{before}<Objs Version=\"1.1.0.1\"/>");
            assert_eq!(at(&xml), Some((before.len(), lines, depth)), "{before}");
        }
        assert_eq!(at("WARNING: x\n\u{1b}[0m{\"a\":1}"), Some((15, 1, false)));
    }

    #[test]
    fn prose_with_an_example_is_none() {
        for text in [
            "# How to\n\n```json\n{\"a\": 1}\n```\n",
            "An example:\n[{\"a\": 1}]\n",
            "Note: see\n{\"a\": 1}\n",
            "WARNING: x\nnothing follows\n",
            "$x = @'\n{\"a\": 1}\n'@\n",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }
}
