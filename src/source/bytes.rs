//! Random access to the bytes of a source, wherever they lie.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use memchr::memmem;

use super::archive::Archive;
use super::decode::{SNIFF, Sniffed};
use super::{Encoding, Limits, SourceError, Window};

/// Bytes searched at a time.
const SEARCH: usize = 256 << 10;

/// Bytes at hand.
#[derive(Debug)]
pub(super) enum Raw {
    /// In memory.
    Memory(Vec<u8>),
    /// In a file, of which this many bytes are read.
    File(File, u64),
}

impl Raw {
    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File(_, len) => *len,
        }
    }

    /// Fills `buffer` from `offset` on, or as much of it as there is. Returns how much.
    pub(super) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let len = buffer.len().min(usize::try_from(self.len().saturating_sub(offset)).unwrap_or(usize::MAX));
        let buffer = &mut buffer[..len];
        match self {
            Self::Memory(bytes) => {
                let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                buffer.copy_from_slice(&bytes[from..from + len]);
                Ok(len)
            }
            Self::File(file, _) => read_file(file, offset, buffer),
        }
    }

    /// The bytes from `offset` on, `len` of them; `buffer` is used if they have to be fetched.
    pub(super) fn slice<'a>(
        &'a self,
        offset: u64,
        len: u64,
        buffer: &'a mut Vec<u8>,
    ) -> io::Result<&'a [u8]> {
        if let Self::Memory(bytes) = self {
            let range = usize::try_from(offset).ok().zip(usize::try_from(offset + len).ok());
            return range.and_then(|(from, to)| bytes.get(from..to)).ok_or_else(shorter);
        }
        let len = usize::try_from(len).map_err(|_| shorter())?;
        if buffer.len() < len {
            buffer.resize(len, 0);
        }
        let buffer = &mut buffer[..len];
        if self.read_at(offset, buffer)? < len {
            return Err(shorter());
        }
        Ok(buffer)
    }
}

fn shorter() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter while it was read")
}

/// Fills `buffer`, or as much of it as the file holds behind `offset`.
fn read_file(file: &File, mut offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(file, &mut buffer[filled..], offset);
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(file, &mut buffer[filled..], offset);
        match read {
            Ok(0) => break,
            Ok(n) => {
                filled += n;
                offset += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

/// Where bytes come from.
#[derive(Debug)]
pub(super) enum Origin {
    /// A file, opened when it is needed.
    File(PathBuf),
    /// An entry of an archive, by its number.
    Entry(Arc<Archive>, usize),
    /// There all the time: what standard input gave, or an example.
    Held(Arc<Raw>),
    /// Nowhere; the text says why.
    Failed(String),
}

/// Something that has bytes, and the bytes themselves while someone uses them.
#[derive(Debug)]
pub(super) struct Node {
    origin: Origin,
    len: u64,
    limits: Arc<Limits>,
    opened: Mutex<Weak<Raw>>,
}

impl Node {
    pub(super) fn new(origin: Origin, len: u64, limits: &Arc<Limits>) -> Arc<Self> {
        Arc::new(Self { origin, len, limits: Arc::clone(limits), opened: Mutex::new(Weak::new()) })
    }

    pub(super) fn memory(bytes: Vec<u8>, limits: &Arc<Limits>) -> Arc<Self> {
        let len = bytes.len() as u64;
        Self::new(Origin::Held(Arc::new(Raw::Memory(bytes))), len, limits)
    }

    pub(super) fn failed(why: String, limits: &Arc<Limits>) -> Arc<Self> {
        Self::new(Origin::Failed(why), 0, limits)
    }

    pub(super) fn failure(&self) -> Option<&str> {
        match &self.origin {
            Origin::Failed(why) => Some(why),
            _ => None,
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The bytes: those that someone already uses, or fetched anew.
    pub(super) fn raw(&self) -> Result<Arc<Raw>, SourceError> {
        match &self.origin {
            Origin::Held(raw) => return Ok(Arc::clone(raw)),
            Origin::Failed(why) => return Err(SourceError::Unreadable(why.clone())),
            Origin::File(_) | Origin::Entry(..) => {}
        }
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(raw) = opened.upgrade() {
            return Ok(raw);
        }
        let raw = Arc::new(match &self.origin {
            Origin::File(path) => short(open(path)?)?,
            Origin::Entry(archive, index) => archive.inflate(*index, &self.limits)?,
            Origin::Held(_) | Origin::Failed(_) => Raw::Memory(Vec::new()),
        });
        *opened = Arc::downgrade(&raw);
        Ok(raw)
    }
}

/// Opens a file.
pub(super) fn open(path: &Path) -> io::Result<Raw> {
    let file = File::open(path)?;
    let len = file.metadata()?.len();
    Ok(Raw::File(file, len))
}

/// Takes a short file into memory, which is a system call less than keeping it open.
fn short(raw: Raw) -> io::Result<Raw> {
    match raw {
        Raw::File(file, len) if len <= SNIFF as u64 => {
            let mut bytes = vec![0; usize::try_from(len).unwrap_or_default()];
            let read = read_file(&file, 0, &mut bytes)?;
            bytes.truncate(read);
            Ok(Raw::Memory(bytes))
        }
        raw => Ok(raw),
    }
}

/// What became of something that was taken in.
#[derive(Debug)]
pub(super) enum Spooled {
    Whole(Raw),
    /// There is more than may be taken.
    TooLong,
    /// It goes on, and its first bytes are nothing that is read here.
    Hopeless,
}

/// Takes in everything: up to `in_memory` bytes in memory, more in an unnamed temporary file; but not more than
/// `max` bytes, and of what does not stay in memory nothing more if its first bytes are `hopeless`.
pub(super) fn spool(
    input: &mut dyn Read,
    in_memory: u64,
    max: u64,
    hopeless: impl FnOnce(&[u8]) -> bool,
) -> io::Result<Spooled> {
    let mut head = Vec::new();
    let first = in_memory.min(max);
    input.take(first.saturating_add(1)).read_to_end(&mut head)?;
    if head.len() as u64 <= first {
        return Ok(Spooled::Whole(Raw::Memory(head)));
    }
    if hopeless(&head) {
        return Ok(Spooled::Hopeless);
    }
    if first == max {
        return Ok(Spooled::TooLong);
    }
    let mut file = tempfile::tempfile()?;
    file.write_all(&head)?;
    let mut len = head.len() as u64;
    drop(head);
    len += io::copy(&mut input.take((max - len).saturating_add(1)), &mut file)?;
    Ok(if len <= max { Spooled::Whole(Raw::File(file, len)) } else { Spooled::TooLong })
}

/// The raw bytes of a source and how they are to be read. Cheap to clone and to share between threads.
#[derive(Debug, Clone)]
pub struct Bytes {
    raw: Arc<Raw>,
    sniffed: Sniffed,
    limits: Arc<Limits>,
}

impl Bytes {
    pub(super) fn new(raw: Arc<Raw>, mut sniffed: Sniffed, limits: &Arc<Limits>) -> Self {
        // The file may have become shorter since it was looked at.
        sniffed.end = sniffed.end.min(raw.len());
        sniffed.begin = sniffed.begin.min(sniffed.end);
        Self { raw, sniffed, limits: Arc::clone(limits) }
    }

    /// How many bytes there are, byte order mark and all.
    pub fn len(&self) -> u64 {
        self.raw.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The stretch that is text: without byte order mark and without NUL characters at the end.
    pub fn text_span(&self) -> super::Span {
        super::Span { start: self.sniffed.begin, end: self.sniffed.end }
    }

    /// How they are written.
    pub fn encoding(&self) -> Encoding {
        self.sniffed.encoding
    }

    /// What a person should know of the encoding: set when it had to be guessed.
    pub fn note(&self) -> Option<&'static str> {
        match self.sniffed.encoding {
            Encoding::Windows1252 => Some("neither UTF-8 nor marked as UTF-16: read as windows-1252"),
            Encoding::Oem850 => {
                Some("neither UTF-8 nor windows-1252: read as code page 850, in which a console writes")
            }
            _ => None,
        }
    }

    /// Fills `buffer` from `offset` on, or as much of it as there are bytes. Returns how much.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, SourceError> {
        Ok(self.raw.read_at(offset, buffer)?)
    }

    /// Offset of the first place where the ASCII text `pattern` stands between `from` and `to`, written in
    /// the encoding of the source. In UTF-16 only whole code units match.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn find(&self, from: u64, to: u64, pattern: &str) -> Result<Option<u64>, SourceError> {
        let needle: Vec<u8> = match self.encoding() {
            Encoding::Utf8 | Encoding::Windows1252 | Encoding::Oem850 => pattern.as_bytes().to_vec(),
            Encoding::Utf16Le => pattern.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Encoding::Utf16Be => pattern.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        };
        let unit = self.encoding().unit();
        let finder = memmem::Finder::new(&needle);
        let mut from = from.max(self.sniffed.begin);
        let to = to.min(self.sniffed.end);
        let mut buffer = Vec::new();
        while from < to && to - from >= needle.len() as u64 {
            let len = (to - from).min((SEARCH + needle.len()) as u64);
            let bytes = self.raw.slice(from, len, &mut buffer)?;
            let mut skip = 0;
            while let Some(found) = finder.find(&bytes[skip..]) {
                let at = from + (skip + found) as u64;
                if at.is_multiple_of(unit) {
                    return Ok(Some(at));
                }
                skip += found + 1;
            }
            from += len - needle.len() as u64 + 1;
        }
        Ok(None)
    }

    /// A window on the text between two original offsets; `None` is the end of the source. What lies outside
    /// is not read. In UTF-16 both are taken down to a whole code unit; elsewhere the caller sees to it that
    /// they do not cut a character in two.
    ///
    /// # Errors
    /// When the first bytes cannot be read.
    pub fn window(&self, start: u64, end: Option<u64>) -> Result<Window, SourceError> {
        let unit = self.encoding().unit();
        let Sniffed { begin, end: last, .. } = self.sniffed;
        let end = end.filter(|end| *end < last).map_or(last, |end| end / unit * unit).max(begin);
        let start = (start / unit * unit).clamp(begin, end);
        Window::new(self.clone(), start, end, self.limits.window, self.limits.window_max)
    }

    /// A window on all the text of a size of its own.
    pub(super) fn window_from(&self, start: u64, size: usize, max: usize) -> Result<Window, SourceError> {
        Window::new(self.clone(), start, self.sniffed.end, size, max)
    }

    pub(super) fn raw(&self) -> &Raw {
        &self.raw
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Source, Sources};
    use super::*;

    fn sources(bytes: &[u8]) -> Sources {
        Sources::from_memory([("test".to_owned(), bytes.to_vec())], &Limits::default())
    }

    fn find(source: &Source, from: u64, to: u64, pattern: &str) -> Option<u64> {
        source.bytes().unwrap().find(from, to, pattern).unwrap()
    }

    #[test]
    fn patterns_are_found_between_two_offsets() {
        let sources = sources(b"\xef\xbb\xbf<Obj>ab</Obj><Obj>");
        let source = &sources.as_slice()[0];
        assert_eq!(find(source, 0, 99, "<Obj"), Some(3));
        assert_eq!(find(source, 4, 99, "<Obj"), Some(16));
        // The whole pattern has to lie before the end.
        assert_eq!(find(source, 4, 19, "<Obj"), None);
        assert_eq!(find(source, 4, 20, "<Obj"), Some(16));
        assert_eq!(find(source, 0, 99, "<Ref"), None);
        assert_eq!(find(source, 50, 40, "<Obj"), None);
    }

    #[test]
    fn patterns_in_utf16_stand_on_whole_units() {
        // U+6100 U+6200 are the bytes 00 61 00 62: at an odd offset they look like "ab" in UTF-16LE.
        let units: Vec<u16> = "\u{6100}\u{6200}\u{6300}xab".encode_utf16().collect();
        let little: Vec<u8> = [0xfeff].iter().chain(&units).flat_map(|u: &u16| u.to_le_bytes()).collect();
        let sources_le = sources(&little);
        assert_eq!(find(&sources_le.as_slice()[0], 0, 99, "ab"), Some(10));
        assert_eq!(find(&sources_le.as_slice()[0], 0, 14, "ab"), Some(10));
        assert_eq!(find(&sources_le.as_slice()[0], 0, 13, "ab"), None);
        let big: Vec<u8> = [0xfeff].iter().chain(&units).flat_map(|u: &u16| u.to_be_bytes()).collect();
        let sources_be = sources(&big);
        assert_eq!(find(&sources_be.as_slice()[0], 0, 99, "ab"), Some(10));
    }

    #[test]
    fn patterns_are_found_across_the_stretches_that_are_searched() {
        for shift in 0..6 {
            let at = SEARCH - 3 + shift;
            let mut bytes = vec![b'.'; 2 * SEARCH];
            bytes[at..at + 4].copy_from_slice(b"<Obj");
            assert_eq!(find(&sources(&bytes).as_slice()[0], 0, u64::MAX, "<Obj"), Some(at as u64));
        }
    }

    #[test]
    fn raw_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("long.xml");
        let long: Vec<u8> = (0..SNIFF + 1000).map(|i| b'a' + (i % 26) as u8).collect();
        std::fs::write(&path, &long).unwrap();
        let sources = super::super::read(std::slice::from_ref(&path), &Limits::default());
        let bytes = sources.as_slice()[0].bytes().unwrap();
        assert_eq!(bytes.len(), long.len() as u64);
        let mut buffer = [0; 8];
        assert_eq!(bytes.read_at(SNIFF as u64, &mut buffer).unwrap(), 8);
        assert_eq!(buffer, long[SNIFF..SNIFF + 8]);
        assert_eq!(bytes.read_at(bytes.len() - 3, &mut buffer).unwrap(), 3);
        assert_eq!(bytes.read_at(bytes.len() + 3, &mut buffer).unwrap(), 0);
        // A file that shrinks meanwhile is an error, never silently less text.
        std::fs::File::options().write(true).open(&path).unwrap().set_len(100).unwrap();
        let error = bytes.window(1000, None).unwrap_err().to_string();
        assert_eq!(error, "the file became shorter while it was read");
    }
}
