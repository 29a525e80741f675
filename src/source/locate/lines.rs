//! Lines and columns, counted as the text goes by.

use memchr::memchr2;

/// How far the lines have been counted.
#[derive(Debug)]
pub(super) struct Lines {
    /// Number of the line, from 1.
    pub(super) line: u64,
    /// Characters of the line before `at`.
    chars: u64,
    /// Where the line starts in the text at hand, if it does.
    pub(super) start: Option<usize>,
    /// Position in the text up to which everything is counted; not inside of a line end.
    at: usize,
}

impl Lines {
    /// At the start of a line.
    pub(super) fn new() -> Self {
        Self { line: 1, chars: 0, start: Some(0), at: 0 }
    }

    /// Counts up to `to` and returns the column there. The text must go on behind `to`, unless it ends.
    pub(super) fn walk(&mut self, text: &str, to: usize) -> u64 {
        let bytes = text.as_bytes();
        let mut from = self.at;
        while from < to {
            let Some(found) = memchr2(b'\n', b'\r', &bytes[from..to]) else { break };
            let at = from + found;
            let end = at + line_end(bytes, at);
            if end > to {
                // Between the characters of a line end: they still belong to the line.
                self.chars += text[from..at].chars().count() as u64;
                self.at = at;
                return self.chars + 1 + (to - at) as u64;
            }
            self.line += 1;
            self.chars = 0;
            self.start = Some(end);
            from = end;
        }
        if from < to {
            self.chars += text[from..to].chars().count() as u64;
            from = to;
        }
        self.at = from;
        self.chars + 1
    }

    /// Goes with dropping the text before `keep`, up to which lines were counted.
    pub(super) fn forget(&mut self, keep: usize) {
        self.at = self.at.saturating_sub(keep);
        self.start = self.start.and_then(|start| start.checked_sub(keep));
    }

    /// Where the line of `at` ends, looked for up to `reach`.
    pub(super) fn stop(&self, bytes: &[u8], at: usize, reach: usize) -> usize {
        let from = self.at.min(at);
        memchr2(b'\n', b'\r', bytes.get(from..reach).unwrap_or_default()).map_or(reach, |found| from + found)
    }
}

/// The length of the line end that stands at `at`.
fn line_end(bytes: &[u8], at: usize) -> usize {
    match bytes[at..] {
        [b'\r', b'\r', b'\n', ..] => 3,
        [b'\r', b'\n', ..] => 2,
        _ => 1,
    }
}
