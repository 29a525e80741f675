//! Zip archives: their entries are listed once and inflated again whenever one is opened.
//!
//! Nothing is unpacked into folders, so that names such as `../x` do no harm: they are only shown.

use std::collections::VecDeque;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem;
use zip::ZipArchive;
use zip::result::ZipError;

use super::bytes::{Node, Origin, Raw, Spooled, spool};
use super::window::size_text;
use super::{Limits, SourceError, reason};

/// The first bytes of a zip archive that has entries.
pub(super) const MAGIC: &[u8; 4] = b"PK\x03\x04";

/// The signature of an entry in the directory of an archive, and the least bytes such an entry takes.
const DIRECTORY_ENTRY: (&[u8; 4], u64) = (b"PK\x01\x02", 46);

/// Bytes of an archive that are fetched at a time.
const FETCH: usize = 32 << 10;

/// How many archives that lie in archives are kept inflated.
const RECENT: usize = 4;

/// An archive whose directory has been read.
#[derive(Debug)]
pub(super) struct Archive {
    zip: ZipArchive<Reader>,
}

/// An entry as the directory tells it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) index: usize,
    /// Its name, with `/` between the parts.
    pub(super) name: String,
    /// Bytes when inflated.
    pub(super) size: u64,
    /// Bytes in the archive.
    pub(super) packed: u64,
}

/// What the local header of an entry takes at least.
const LOCAL_HEADER: u64 = 30;

impl Archive {
    /// Reads the directory of the archive that `node` holds. None if it has more than `entries` entries: the
    /// directory is kept in memory, so that its size has to be known before.
    pub(super) fn open(
        node: &Arc<Node>,
        entries: usize,
        recent: &Arc<Recent>,
    ) -> Result<Option<Self>, SourceError> {
        let raw = node.raw()?;
        if raw.len() / DIRECTORY_ENTRY.1 > entries as u64 && directory_entries(&raw, entries)? > entries {
            return Ok(None);
        }
        let mut reader = Reader::new(node, recent);
        reader.raw = Some(raw);
        // The clone does not keep the file open.
        let zip = ZipArchive::new(reader).map_err(why)?.clone();
        Ok(Some(Self { zip }))
    }

    /// The entries that are files, in the order of the directory. Those of macOS's own are left out.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        (0..self.zip.len()).filter_map(|index| {
            let entry = self.zip.by_index_data(index).ok()?;
            let name = match entry.name() {
                Ok(name) => name.replace('\\', "/"),
                Err(_) => String::from_utf8_lossy(entry.name_raw()).replace('\\', "/"),
            };
            let skip = entry.is_dir() || entry.is_symlink() || name.starts_with("__MACOSX/");
            (!skip).then(|| Entry { index, name, size: entry.size(), packed: entry.compressed_size() })
        })
    }

    /// Whether entries use the same bytes of the archive. No program packs like that: it makes a small archive seem to
    /// hold much.
    pub(super) fn overlaps(&self) -> bool {
        let mut spans: Vec<(u64, u64)> = (0..self.zip.len())
            .filter_map(|index| self.zip.by_index_data(index).ok())
            .map(|entry| {
                let start = entry.header_start();
                let head = LOCAL_HEADER + entry.name_raw().len() as u64;
                (start, start.saturating_add(head).saturating_add(entry.compressed_size()))
            })
            .collect();
        spans.sort_unstable();
        spans.windows(2).any(|pair| pair[1].0 < pair[0].1)
    }

    /// Whether entries are hidden behind others of the same name.
    pub(super) fn has_duplicates(&self) -> bool {
        self.zip.has_duplicate_names()
    }

    /// Whether an entry is an archive itself.
    pub(super) fn holds_archive(&self, index: usize) -> Result<bool, SourceError> {
        let mut zip = self.zip.clone();
        let mut entry = zip.by_index(index).map_err(why)?;
        let mut head = [0; MAGIC.len()];
        let mut filled = 0;
        while filled < head.len() {
            match entry.read(&mut head[filled..]).map_err(|e| why(e.into()))? {
                0 => break,
                n => filled += n,
            }
        }
        Ok(&head == MAGIC)
    }

    /// The bytes of an entry.
    pub(super) fn inflate(&self, index: usize, limits: &Limits) -> Result<Raw, SourceError> {
        let mut zip = self.zip.clone();
        let mut entry = zip.by_index(index).map_err(why)?;
        let size = entry.size();
        match spool(&mut entry, limits.in_memory, size, |_| false) {
            Ok(Spooled::Whole(raw)) if raw.len() == size => Ok(raw),
            Ok(other) => Err(SourceError::Unreadable(format!(
                "damaged: {} than the {size} bytes which the archive declares; pack it again",
                if matches!(other, Spooled::Whole(_)) { "shorter" } else { "longer" }
            ))),
            Err(e) => Err(why(e.into())),
        }
    }
}

/// How many entries the directory can have at most; counting stops above `enough`.
fn directory_entries(raw: &Raw, enough: usize) -> io::Result<usize> {
    let finder = memmem::Finder::new(DIRECTORY_ENTRY.0);
    let (mut at, mut count) = (0, 0);
    let mut buffer = Vec::new();
    while raw.len() - at >= DIRECTORY_ENTRY.1 && count <= enough {
        let len = (raw.len() - at).min(256 << 10);
        count += finder.find_iter(raw.slice(at, len, &mut buffer)?).count();
        // The next stretch starts early enough for a signature across the border.
        at += len - 3;
    }
    Ok(count)
}

fn why(e: ZipError) -> SourceError {
    let text = match e {
        ZipError::Io(e) => match e.kind() {
            io::ErrorKind::UnexpectedEof => "the archive breaks off; copy it again".to_owned(),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                format!("the archive is damaged here ({e}); copy it again")
            }
            _ => reason(&e),
        },
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => {
            "encrypted; unpack it with its password and check the file".to_owned()
        }
        ZipError::CompressionMethodNotSupported(method) => {
            format!("packed by a method that is not supported ({method}); unpack it and check the file")
        }
        ZipError::InvalidArchive(text) => format!("not a whole zip archive ({text}); copy it again"),
        e => format!("{e}; unpack it and check the files"),
    };
    SourceError::Unreadable(text)
}

/// Archives in archives that were inflated lately: reading their entries one after the other must not
/// inflate the archive around them every time.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<VecDeque<Arc<Raw>>>);

impl Recent {
    fn keep(&self, raw: &Arc<Raw>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = kept.iter().position(|k| Arc::ptr_eq(k, raw)) {
            kept.remove(at);
        } else if kept.len() >= RECENT {
            kept.pop_front();
        }
        kept.push_back(Arc::clone(raw));
    }
}

/// Reads the bytes of an archive. It opens them when they are first needed; a clone starts afresh.
#[derive(Debug)]
struct Reader {
    node: Arc<Node>,
    recent: Arc<Recent>,
    raw: Option<Arc<Raw>>,
    at: u64,
    /// What stands at `fetched_at` in the archive.
    fetched: Vec<u8>,
    fetched_at: u64,
}

impl Reader {
    fn new(node: &Arc<Node>, recent: &Arc<Recent>) -> Self {
        Self {
            node: Arc::clone(node),
            recent: Arc::clone(recent),
            raw: None,
            at: 0,
            fetched: Vec::new(),
            fetched_at: 0,
        }
    }

    fn raw(&mut self) -> io::Result<Arc<Raw>> {
        if let Some(raw) = &self.raw {
            return Ok(Arc::clone(raw));
        }
        let raw = self.node.raw().map_err(|e| match e {
            SourceError::Io(e) => e,
            e => io::Error::other(e.to_string()),
        })?;
        if matches!(self.node.origin(), Origin::Entry(..)) {
            self.recent.keep(&raw);
        }
        self.raw = Some(Arc::clone(&raw));
        Ok(raw)
    }
}

impl Clone for Reader {
    fn clone(&self) -> Self {
        Self::new(&self.node, &self.recent)
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let raw = self.raw()?;
        if buffer.len() >= FETCH || matches!(*raw, Raw::Memory(_)) {
            let read = raw.read_at(self.at, buffer)?;
            self.at += read as u64;
            return Ok(read);
        }
        let known = self.fetched_at..self.fetched_at + self.fetched.len() as u64;
        if !known.contains(&self.at) {
            self.fetched.resize(FETCH, 0);
            let read = raw.read_at(self.at, &mut self.fetched)?;
            self.fetched.truncate(read);
            self.fetched_at = self.at;
        }
        let rest = &self.fetched[usize::try_from(self.at - self.fetched_at).unwrap_or_default()..];
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        self.at += len as u64;
        Ok(len)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.raw()?.len().checked_add_signed(by),
        };
        self.at =
            at.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "position before the start"))?;
        Ok(self.at)
    }
}

/// What all archives of a run have taken and may take, those in archives included.
#[derive(Debug, Default)]
pub(super) struct Budget {
    /// Entries of the archive at hand and those inside.
    pub(super) entries: usize,
    /// Bytes of the archives that were met, those in archives left out.
    packed: u64,
    /// Bytes to which their entries inflate.
    inflated: u64,
}

impl Budget {
    /// Another archive begins, of so many bytes.
    pub(super) fn begin(&mut self, packed: u64) {
        self.entries = 0;
        self.packed = self.packed.saturating_add(packed);
    }

    /// Takes an entry from the budget, or says why not.
    pub(super) fn take(&mut self, entry: &Entry, limits: &Limits) -> Result<(), String> {
        if entry.size > limits.entry_size {
            return Err(format!(
                "inflates to {}, the limit is {}; unpack it and check the file",
                size_text(entry.size),
                size_text(limits.entry_size)
            ));
        }
        let ratio = limits.ratio;
        if entry.size > limits.in_memory && entry.size / ratio.max(1) > entry.packed {
            return Err(format!(
                "inflates to more than {ratio} times its size; if that is right, unpack it and check the file"
            ));
        }
        let inflated = self.inflated.saturating_add(entry.size);
        if inflated > limits.archive_size {
            return Err(format!(
                "the archives inflate to more than {}; unpack it and check the files",
                size_text(limits.archive_size)
            ));
        }
        // Many small entries do what a large one does.
        if inflated > limits.free.saturating_add(self.packed.saturating_mul(ratio)) {
            return Err(format!(
                "the archive inflates to more than {ratio} times its size; if that is right, unpack it and check the files"
            ));
        }
        self.inflated = inflated;
        Ok(())
    }
}
