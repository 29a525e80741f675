//! From the paths on the command line to a list of sources.
//!
//! Folders are walked in the order of file names; names that start with a dot are left out there. Every
//! folder and file is taken once, however many paths and symbolic links lead to it.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use walkdir::{DirEntry, WalkDir};

use super::bytes::{Node, Origin, Raw};
use super::window::size_text;
use super::{Limits, Sources};

/// The name of standard input in reports.
const STDIN: &str = "<stdin>";

pub(super) struct Walk {
    sources: Sources,
    limits: Arc<Limits>,
    /// Files and folders that were met, by their canonical path.
    seen: HashSet<PathBuf>,
    stdin: bool,
    full: bool,
}

impl Walk {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            sources: Sources::default(),
            limits: Arc::new(limits.clone()),
            seen: HashSet::new(),
            stdin: false,
            full: false,
        }
    }

    pub(super) fn done(self) -> Sources {
        self.sources
    }

    /// One path of the command line.
    pub(super) fn input(&mut self, path: &Path) {
        if path == Path::new("-") {
            if !self.stdin {
                self.stdin = true;
                self.stream(STDIN, &mut io::stdin().lock());
            }
            return;
        }
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => self.folder(path),
            Ok(found) if found.is_file() => {
                if self.first(fs::canonicalize(path)) {
                    self.file(path, found.len());
                }
            }
            // A pipe or a device: can be read only once and from the beginning.
            Ok(_) => match fs::File::open(path) {
                Ok(mut file) => self.stream(&label(path), &mut file),
                Err(e) => self.failed(&label(path), &reason(&e)),
            },
            Err(e) => self.failed(&label(path), &reason(&e)),
        }
    }

    fn folder(&mut self, root: &Path) {
        let mut entries = WalkDir::new(root).follow_links(true).sort_by_file_name().into_iter();
        let mut parent: Option<(PathBuf, PathBuf)> = None;
        while let Some(entry) = entries.next() {
            if self.full {
                return;
            }
            let entry = match entry {
                Ok(entry) => entry,
                // A link to a folder above: everything in it is met anyway.
                Err(e) if e.loop_ancestor().is_some() => continue,
                Err(e) => {
                    let hidden = e.depth() > 0 && e.path().and_then(Path::file_name).is_some_and(is_hidden);
                    if !hidden {
                        let path = e.path().unwrap_or(root).to_owned();
                        let why = e.io_error().map_or_else(|| e.to_string(), reason);
                        self.failed(&label(&path), &why);
                    }
                    continue;
                }
            };
            let is_dir = entry.file_type().is_dir();
            if entry.depth() > 0 && is_hidden(entry.file_name()) {
                if is_dir {
                    entries.skip_current_dir();
                }
                continue;
            }
            if is_dir {
                if !self.first(fs::canonicalize(entry.path())) {
                    entries.skip_current_dir();
                }
            } else if entry.file_type().is_file() && self.first(canonical(&entry, &mut parent)) {
                let len = entry.metadata().map(|m| m.len()).unwrap_or_default();
                self.file(entry.path(), len);
            }
        }
    }

    /// Whether a file or folder is met for the first time. One whose true path cannot be had is.
    fn first(&mut self, path: io::Result<PathBuf>) -> bool {
        path.map_or(true, |path| self.seen.insert(path))
    }

    fn file(&mut self, path: &Path, len: u64) {
        let node = Node::new(Origin::File(path.to_owned()), len, &self.limits);
        self.add(&label(path), node);
    }

    /// Something that can be read only once.
    fn stream(&mut self, label: &str, input: &mut dyn Read) {
        match spool(input, &self.limits) {
            Ok(raw) => {
                let len = raw.len();
                let node = Node::new(Origin::Held(Arc::new(raw)), len, &self.limits);
                self.add(label, node);
            }
            Err(why) => self.failed(label, &why),
        }
    }

    fn add(&mut self, label: &str, node: Arc<Node>) {
        self.push(label, node);
    }

    fn failed(&mut self, label: &str, why: &str) {
        let node = Node::failed(why.to_owned(), &self.limits);
        self.push(label, node);
    }

    fn push(&mut self, label: &str, node: Arc<Node>) {
        if self.full {
            return;
        }
        if self.sources.len() < self.limits.files {
            self.sources.push(label, node);
            return;
        }
        self.full = true;
        let why = format!(
            "more than {} files: this one and the following are not read; check fewer folders at a time",
            self.limits.files
        );
        self.sources.push(label, Node::failed(why, &self.limits));
    }
}

/// The canonical path of a file. That of its folder is kept from one file to the next.
fn canonical(entry: &DirEntry, parent: &mut Option<(PathBuf, PathBuf)>) -> io::Result<PathBuf> {
    let path = entry.path();
    let Some(folder) = path.parent().filter(|_| !entry.path_is_symlink()) else {
        return fs::canonicalize(path);
    };
    if let Some((known, canonical)) = parent
        && known == folder
    {
        return Ok(canonical.join(entry.file_name()));
    }
    let found = fs::canonicalize(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?;
    let joined = found.join(entry.file_name());
    *parent = Some((folder.to_owned(), found));
    Ok(joined)
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().first() == Some(&b'.')
}

/// A path as it is shown: `/` between the parts, no `./` before them.
fn label(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() };
    let inner = path.components().next() == Some(Component::CurDir);
    match text.strip_prefix("./") {
        Some(rest) if inner && !rest.is_empty() => rest.trim_start_matches('/').to_owned(),
        _ => text,
    }
}

/// An error of the operating system in words.
pub(super) fn reason(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "there is no permission to read it".to_owned(),
        _ => e.to_string(),
    }
}

/// Takes in everything, in memory if it is short, else in an unnamed temporary file.
fn spool(input: &mut dyn Read, limits: &Limits) -> Result<Raw, String> {
    let mut head = Vec::new();
    input.take(limits.in_memory.saturating_add(1)).read_to_end(&mut head).map_err(|e| reason(&e))?;
    if head.len() as u64 <= limits.in_memory.min(limits.stdin) {
        return Ok(Raw::Memory(head));
    }
    let mut spooled = || -> io::Result<(fs::File, u64)> {
        let mut file = tempfile::tempfile()?;
        file.write_all(&head)?;
        let rest = limits.stdin.saturating_add(1).saturating_sub(head.len() as u64);
        let copied = io::copy(&mut input.take(rest), &mut file)?;
        file.seek(SeekFrom::Start(0))?;
        Ok((file, head.len() as u64 + copied))
    };
    match spooled() {
        Ok((file, len)) if len <= limits.stdin => Ok(Raw::File(file, len)),
        Ok(_) => Err(format!(
            "more than the limit of {}; save it as a file and give its path",
            size_text(limits.stdin)
        )),
        Err(e) => Err(reason(&e)),
    }
}
