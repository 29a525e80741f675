//! Bytes to text: what is given on the command line becomes a list of sources that can be read in windows.
//!
//! This module finds the files (folders, zips, zips in zips, standard input), decides how their bytes are
//! to be decoded, and hands out decoded text a window at a time, so that memory stays bounded whatever a
//! file's size. It keeps the way back: every position in the text has an offset in the original bytes, and
//! [`locate`] turns offsets into lines, columns and excerpts when something is to be shown.
//!
//! It does not look at what the text says: shapes are the reader's business.

/// Number of a source in the order of [`read`]'s result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// A stretch of a source's original bytes (of the inflated entry, for a file in a zip): `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
}

/// A span together with its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which source.
    pub source: SourceId,
    /// Where in it.
    pub span: Span,
}

/// How the bytes of a source are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// Not UTF-8 and without a byte order mark: taken for the Western code page, and said so.
    Windows1252,
}

impl Encoding {
    /// The name shown to people and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1252 => "windows-1252",
        }
    }

    /// How many original bytes a character takes.
    pub fn width(self, c: char) -> u64 {
        match self {
            Self::Utf8 => c.len_utf8() as u64,
            Self::Utf16Le | Self::Utf16Be => 2 * c.len_utf16() as u64,
            Self::Windows1252 => 1,
        }
    }
}

/// The way from positions in decoded text back to the original bytes.
///
/// Anchors say where a position of the text stands in the original; between two anchors the text is a plain
/// copy, so the distance follows from the characters and the encoding. Text that was unescaped (entities,
/// `\u0027`, `_x000A_`) has an anchor behind each escape.
#[derive(Debug, Clone)]
pub struct Offsets {
    encoding: Encoding,
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

    /// Offset in the original of position `at` of `text`, the text these offsets were made for.
    pub fn file(&self, text: &str, at: usize) -> u64 {
        let i = self.anchors.partition_point(|a| a.0 <= at).saturating_sub(1);
        let (from, file) = self.anchors[i];
        let at = at.max(from);
        if self.encoding == Encoding::Utf8 {
            return file + (at - from) as u64;
        }
        let run = text.get(from..at).unwrap_or_default();
        file + run.chars().map(|c| self.encoding.width(c)).sum::<u64>()
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
}

/// Decoded text of a source, a stretch at a time.
///
/// A reader works on [`Window::view`]. When it runs out of text in the middle of something it calls
/// [`Window::advance`] with the position from which it still needs the text, and starts that thing over.
#[derive(Debug)]
pub struct Window {
    text: String,
    offsets: Offsets,
}

impl Window {
    /// A window on text that is already there, as if it were a UTF-8 file.
    pub fn from_text(text: &str) -> Self {
        Self { text: text.to_owned(), offsets: Offsets::new(Encoding::Utf8, 0) }
    }

    /// The text at hand.
    pub fn view(&self) -> View<'_> {
        View { text: &self.text, offsets: &self.offsets }
    }

    /// Whether the view reaches to the end of the source (or of the segment).
    pub fn at_end(&self) -> bool {
        true
    }

    /// Drops the text before `keep_from` and reads on behind it. The view then starts at what was `keep_from`.
    /// False if there was nothing more to read.
    ///
    /// # Errors
    /// When the source cannot be read on, or when more than the limit of text would have to be kept.
    pub fn advance(&mut self, keep_from: usize) -> Result<bool, SourceError> {
        self.text.drain(..keep_from);
        Ok(false)
    }
}

/// Why a source cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The operating system says so.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// More than a limit allows; the text says which, and what to do.
    #[error("{0}")]
    Limit(String),
}
