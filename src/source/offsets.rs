//! Positions of decoded text and offsets of original bytes, and the way between them.

use super::{Encoding, Span, floor};

/// The way from positions in decoded text back to the original bytes.
///
/// Anchors say where a position of the text stands in the original; between two anchors the text is a plain
/// copy, so the distance follows from the characters and the encoding. Text that was unescaped (entities,
/// `\u0027`, `_x000A_`) has an anchor behind each escape.
#[derive(Debug, Clone)]
pub struct Offsets {
    encoding: Encoding,
    /// Rising in both numbers. Never empty; the first position is 0.
    anchors: Vec<(usize, u64)>,
}

impl Offsets {
    /// Offsets of text whose first byte stands at `file` in the original.
    pub fn new(encoding: Encoding, file: u64) -> Self {
        Self { encoding, anchors: vec![(0, file)] }
    }

    /// The encoding of the original.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// From `text` on, the original goes on at `file`. Anchors are added in rising order.
    pub fn anchor(&mut self, text: usize, file: u64) {
        match self.anchors.last_mut() {
            Some(last) if last.0 == text => last.1 = file,
            _ => self.anchors.push((text, file)),
        }
    }

    /// From `at` on, the text is a copy of `range` of `text`, whose own way back is `from`. Copies are added in
    /// rising order.
    pub fn copy(&mut self, at: usize, from: &Self, text: &str, range: std::ops::Range<usize>) {
        self.anchor(at, from.file(text, range.start));
        let first = from.anchors.partition_point(|a| a.0 <= range.start);
        for &(position, file) in from.anchors[first..].iter().take_while(|a| a.0 < range.end) {
            self.anchor(at + (position - range.start), file);
        }
    }

    /// The offsets of `range` of `text`, as a text of its own.
    pub fn part(&self, text: &str, range: std::ops::Range<usize>) -> Self {
        let mut part = Self { encoding: self.encoding, anchors: Vec::with_capacity(1) };
        part.copy(0, self, text, range);
        part
    }

    /// Offset in the original of position `at` of `text`, the text these offsets were made for.
    pub fn file(&self, text: &str, at: usize) -> u64 {
        let i = self.anchors.partition_point(|a| a.0 <= at).saturating_sub(1);
        let (from, file) = self.anchors[i];
        let at = at.max(from);
        match self.encoding {
            Encoding::Utf8 => file + (at - from) as u64,
            Encoding::Windows1252 | Encoding::Oem850 => {
                file + text.get(from..at).unwrap_or_default().chars().count() as u64
            }
            Encoding::Utf16Le | Encoding::Utf16Be => {
                let run = text.get(from..at).unwrap_or_default();
                if run.is_ascii() {
                    return file + 2 * run.len() as u64;
                }
                // A unit a character, and one more for those that take four bytes in UTF-8.
                let long = run.bytes().filter(|b| *b >= 0xf0).count();
                let units = (run.chars().count() + long) as u64;
                file + 2 * units
            }
        }
    }

    /// Position in `text` of the character that holds the original byte `file`: the way of
    /// [`Offsets::file`] back. An offset before the text gives 0, one behind it the text's length.
    pub(super) fn text(&self, text: &str, file: u64) -> usize {
        let i = self.anchors.partition_point(|a| a.1 <= file).saturating_sub(1);
        let (from, start) = self.anchors[i];
        let to = self.anchors.get(i + 1).map_or(text.len(), |next| next.0);
        let Some(run) = text.get(from..to) else { return text.len() };
        let distance = file.saturating_sub(start);
        if self.encoding == Encoding::Utf8 {
            let distance = usize::try_from(distance).unwrap_or(usize::MAX).min(run.len());
            return from + floor(run, distance);
        }
        let mut walked = 0;
        for (at, c) in run.char_indices() {
            walked += self.encoding.width(c);
            if walked > distance {
                return from + at;
            }
        }
        to
    }

    /// The characters of `range` of `text`: position, character, and its bytes in the original.
    pub(super) fn chars<'a>(
        &'a self,
        text: &'a str,
        range: std::ops::Range<usize>,
    ) -> impl Iterator<Item = (usize, char, std::ops::Range<u64>)> + 'a {
        let mut file = self.file(text, range.start);
        let mut anchors =
            self.anchors[self.anchors.partition_point(|a| a.0 <= range.start)..].iter().peekable();
        let stretch = text.get(range.clone()).unwrap_or_default();
        stretch.char_indices().map(move |(at, c)| {
            let at = range.start + at;
            while let Some(anchor) = anchors.next_if(|a| a.0 <= at) {
                file = anchor.1;
            }
            let start = file;
            file += self.encoding.width(c);
            // An escape is longer than the character it stands for.
            let end = anchors.peek().filter(|a| a.0 == at + c.len_utf8()).map_or(file, |a| a.1);
            (at, c, start..end.max(start + 1))
        })
    }

    /// Goes with dropping the first `keep_from` bytes of `text`.
    pub(super) fn drop_before(&mut self, text: &str, keep_from: usize) {
        if keep_from == 0 {
            return;
        }
        let file = self.file(text, keep_from);
        let first = self.anchors.partition_point(|a| a.0 <= keep_from);
        self.anchors.drain(..first.saturating_sub(1));
        self.anchors[0] = (0, file);
        for anchor in &mut self.anchors[1..] {
            anchor.0 -= keep_from;
        }
    }
}

/// Decoded text and the way back to the original bytes.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The decoded text.
    pub text: &'a str,
    /// Where it came from.
    pub offsets: &'a Offsets,
}

impl View<'_> {
    /// The original span of `range` of the text.
    pub fn span(&self, range: std::ops::Range<usize>) -> Span {
        Span {
            start: self.offsets.file(self.text, range.start),
            end: self.offsets.file(self.text, range.end),
        }
    }

    /// The position of the character that holds the original byte `file`. What lies before the text is its start,
    /// what lies behind it its end.
    pub fn position(&self, file: u64) -> usize {
        self.offsets.text(self.text, file)
    }
}
