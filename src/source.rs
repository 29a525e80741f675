//! Bytes to text: what is given on the command line becomes a list of sources that can be read in windows.
//!
//! This module finds the files (folders, zips, zips in zips, standard input), decides how their bytes are
//! to be decoded, and hands out decoded text a window at a time, so that memory stays bounded whatever a
//! file's size. It keeps the way back: every position in the text has an offset in the original bytes, and
//! `locate` turns offsets into lines, columns and excerpts when something is to be shown.
//!
//! ```text
//! read(paths) -> Sources -> Source -> bytes()  -> Bytes   raw bytes: len, read_at, find
//!                                  -> open()   -> Window  decoded text and offsets
//!                                  -> locate() -> Location, Excerpt
//! ```
//!
//! It does not look at what the text says: shapes are the reader's business. It does not map files into
//! memory: windows of `read_at` are as fast, and a file that shrinks cannot take the process down.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

mod archive;
mod bytes;
mod decode;
mod excerpt;
mod locate;
mod offsets;
mod walk;
mod window;

pub use bytes::Bytes;
pub use excerpt::{ELIDED, Excerpt, MASK, excerpt_context};
pub use locate::{Location, Request, locate};
pub use offsets::{Offsets, View};
pub use window::{Damage, Window};

use bytes::Node;
use decode::Sniffed;

/// Finds all inputs: files, the files in folders, the entries of archives; `-` is standard input.
///
/// In folders, names that start with a dot are left out, symbolic links are followed, and what is reached
/// twice is taken once. What cannot be had (no such path, no permission, a broken archive, more than a
/// limit allows) is a [`Source`] with an [`Source::error`], and never keeps its neighbours from being read.
/// No contents are kept in memory, except those of a short standard input.
pub fn read(inputs: &[PathBuf], limits: &Limits) -> Sources {
    let mut walk = walk::Walk::new(limits);
    for input in inputs {
        walk.input(input);
    }
    walk.done()
}

/// [`read`], but without the files `own`, which are the program's and no exports, and not if one of the files that would be
/// read is to be written as well: `output`, by whatever name or link.
///
/// # Errors
/// When that is so: the label of the input.
pub fn read_beside(
    inputs: &[PathBuf],
    limits: &Limits,
    output: Option<&Path>,
    own: &[PathBuf],
) -> Result<Sources, String> {
    let mut walk = walk::Walk::new(limits);
    walk.leave_out(own);
    walk.keep_from(output);
    for input in inputs {
        walk.input(input);
    }
    walk.done_apart()
}

/// Number of a source in the order of [`read`]'s result. One more is kept, so that a [`Place`] that may be there takes no
/// more room than one that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(NonZeroU32);

impl SourceId {
    /// The source with that number, from 0.
    pub fn new(number: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(number))
    }

    /// Its number, from 0.
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// A stretch of a source's original bytes (of the inflated entry, for a file in a zip): `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
}

/// A span together with its source. Every cell of a table has one, so it is kept in sixteen bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which source.
    pub source: SourceId,
    start: u64,
    length: u32,
}

impl Place {
    /// A span of a source; what is longer than 4 GiB ends there.
    pub fn new(source: SourceId, span: Span) -> Self {
        let length = u32::try_from(span.end.saturating_sub(span.start)).unwrap_or(u32::MAX);
        Self { source, start: span.start, length }
    }

    /// Where in the source.
    pub fn span(self) -> Span {
        Span { start: self.start, end: self.start + u64::from(self.length) }
    }

    /// Whether another place lies in this one.
    pub fn holds(self, other: Self) -> bool {
        let (own, other_span) = (self.span(), other.span());
        self.source == other.source && own.start <= other_span.start && other_span.end <= own.end
    }
}

/// How the bytes of a source are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark. A byte that is not part of valid UTF-8 is read as the
    /// character it is in windows-1252, and counted in [`Window::damage`].
    Utf8,
    /// UTF-16, low byte first. A surrogate without its partner is read as U+FFFD.
    Utf16Le,
    /// UTF-16, high byte first. A surrogate without its partner is read as U+FFFD.
    Utf16Be,
    /// Not UTF-8 and without a byte order mark: taken for the Western code page, and said so.
    Windows1252,
    /// Not UTF-8 either: its words have letters only where the code page of a Western console has them
    /// (`wmic ... > file`). Taken for code page 850, and said so.
    Oem850,
}

impl Encoding {
    /// The name shown to people and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1252 => "windows-1252",
            Self::Oem850 => "cp850",
        }
    }

    /// How many original bytes a character takes.
    pub fn width(self, c: char) -> u64 {
        match self {
            Self::Utf8 => c.len_utf8() as u64,
            Self::Utf16Le | Self::Utf16Be => 2 * c.len_utf16() as u64,
            Self::Windows1252 | Self::Oem850 => 1,
        }
    }

    /// The bytes of one code unit: 2 in UTF-16, else 1.
    pub(crate) fn unit(self) -> u64 {
        match self {
            Self::Utf16Le | Self::Utf16Be => 2,
            Self::Utf8 | Self::Windows1252 | Self::Oem850 => 1,
        }
    }
}

/// What is refused, and how much memory reading takes. The defaults suit real exports with room to spare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of decoded text that a [`Window`] holds at least (unless the source is shorter). 1 MiB.
    pub window: usize,
    /// Bytes of decoded text to which a window may grow when one object does not fit. 64 MiB.
    pub window_max: usize,
    /// How many files may be found in all inputs, archives included. 1 000 000.
    pub files: usize,
    /// How deep archives may lie in archives: 1 is a zip, 2 a zip in a zip. 4.
    pub archive_depth: usize,
    /// How many entries one archive may have, those of the archives inside included. 100 000.
    pub archive_entries: usize,
    /// Bytes to which one archive entry may inflate. 4 GiB.
    pub entry_size: u64,
    /// Bytes to which the entries of all archives together may inflate, those of archives inside included. 16 GiB.
    pub archive_size: u64,
    /// How many times larger than its packed form an entry above [`Limits::in_memory`] may be, and all entries together
    /// than the archives that hold them, beyond [`Limits::free`]. Text seldom exceeds 100, a bomb has 1000. 200.
    pub ratio: u64,
    /// Bytes to which the archives of a run may inflate whatever their size: short texts may well be of one letter. 64 MiB.
    pub free: u64,
    /// Bytes up to which standard input and archive entries are kept in memory while they are in use;
    /// longer ones go to an unnamed temporary file. 8 MiB.
    pub in_memory: u64,
    /// Bytes that are taken from standard input, a pipe or a device. The first [`Limits::in_memory`] of them have to look
    /// like text that holds an export. 2 GiB.
    pub stdin: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            window: 1 << 20,
            window_max: 64 << 20,
            files: 1_000_000,
            archive_depth: 4,
            archive_entries: 100_000,
            entry_size: 4 << 30,
            archive_size: 16 << 30,
            ratio: 200,
            free: 64 << 20,
            in_memory: 8 << 20,
            stdin: 2 << 30,
        }
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
    /// Known to be unreadable since the inputs were listed; the text says why.
    #[error("{0}")]
    Unreadable(String),
}

/// One input: a file, a file in an archive, or standard input. Or one that could not be had: then
/// [`Source::error`] says why, and opening it gives that as an error.
#[derive(Debug)]
pub struct Source {
    id: SourceId,
    label: Box<str>,
    node: Arc<Node>,
    sniffed: OnceLock<Sniffed>,
}

impl Source {
    /// Its number.
    pub fn id(&self) -> SourceId {
        self.id
    }

    /// Its name for people: the path as given with `/` between its parts, `outer.zip!inner/name.xml` for an
    /// archive entry, `<stdin>` for standard input. Control characters are replaced.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Why it cannot be read, if that is known without trying.
    pub fn error(&self) -> Option<&str> {
        self.node.failure()
    }

    /// Its length in original bytes, as the file system or the archive says; 0 if it could not be had.
    pub fn len(&self) -> u64 {
        self.node.len()
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its encoding, once it has been opened.
    pub fn encoding(&self) -> Option<Encoding> {
        self.sniffed.get().map(|s| s.encoding)
    }

    /// The raw bytes. An archive entry is inflated for as long as anyone holds its `Bytes` (or a window on
    /// them): hold one while segments are read in parallel.
    ///
    /// # Errors
    /// When the file cannot be opened or the archive entry cannot be inflated.
    pub fn bytes(&self) -> Result<Bytes, SourceError> {
        let raw = self.node.raw()?;
        let sniffed = match self.sniffed.get() {
            Some(sniffed) => *sniffed,
            None => {
                let sniffed = decode::sniff(&raw)?;
                *self.sniffed.get_or_init(|| sniffed)
            }
        };
        Ok(Bytes::new(raw, sniffed, self.node.limits()))
    }

    /// A window on the beginning of the text.
    ///
    /// # Errors
    /// As [`Source::bytes`], and when the first bytes cannot be read.
    pub fn open(&self) -> Result<Window, SourceError> {
        self.bytes()?.window(0, None)
    }

    /// A window on the text between two original offsets, to be read as if there were nothing around it.
    /// `None` is the end of the source. See [`Bytes::window`].
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn open_range(&self, start: u64, end: Option<u64>) -> Result<Window, SourceError> {
        self.bytes()?.window(start, end)
    }
}

/// All inputs, in a fixed order: as given, folders by file name, archives in the order of their directory.
#[derive(Debug, Default)]
pub struct Sources {
    list: Vec<Source>,
    skipped: Vec<String>,
}

impl Sources {
    /// Sources that are already in memory, under the given labels: for examples and tests.
    pub fn from_memory(files: impl IntoIterator<Item = (String, Vec<u8>)>, limits: &Limits) -> Self {
        let mut sources = Self::default();
        let limits = Arc::new(limits.clone());
        for (label, bytes) in files {
            sources.push(&label, Node::memory(bytes, &limits));
        }
        sources
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The source of that number.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.list.get(id.index())
    }

    /// The sources in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Source> {
        self.list.iter()
    }

    /// The sources in order, as a slice.
    pub fn as_slice(&self) -> &[Source] {
        &self.list
    }

    /// What folders hold that is no file and was left alone (pipes, sockets, devices): a line on each.
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    fn skip(&mut self, label: &str, why: &str) {
        self.skipped.push(format!("{}: {why}", label.chars().map(visible).collect::<String>()));
    }

    fn push(&mut self, label: &str, node: Arc<Node>) {
        let id = SourceId::new(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        let label = label.chars().map(visible).collect::<String>().into();
        self.list.push(Source { id, label, node, sniffed: OnceLock::new() });
    }
}

impl<'a> IntoIterator for &'a Sources {
    type Item = &'a Source;
    type IntoIter = std::slice::Iter<'a, Source>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

/// An error of the operating system in words.
fn reason(e: &std::io::Error) -> String {
    match e.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        std::io::ErrorKind::PermissionDenied => "there is no permission to read it".to_owned(),
        _ => e.to_string(),
    }
}

/// The folder or archive that a file, or a folder, lies in.
pub(crate) fn folder(label: &str) -> &str {
    label.rfind(['/', '\\', '!']).map_or("", |end| &label[..end])
}

/// The nearest character boundary of `text` at or before `at`.
pub(crate) fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

/// The character itself, or a harmless stand-in of one character if a terminal or a reader could be led
/// astray by it: control characters, and those that turn the writing direction or hide.
pub fn visible(c: char) -> char {
    match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => '\u{fffd}',
        c => c,
    }
}
