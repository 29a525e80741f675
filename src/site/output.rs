//! The folder a site is written to: all of it or nothing, and of what is there only what a build made.
//!
//! Files that differ from what is there are written into a work folder beside it. When all is made and checked, they
//! take their places. In a folder that holds nothing else, the files that stayed the same are linked into the work
//! folder, and the two change places at one stroke. Where there are other files too (a repository, a `CNAME`), or the
//! system has no such stroke, the new files move in one after the other by a journal, which the next build finishes
//! should this one be ended: other files are then never touched. Static files come first and what is gone last, so that
//! pages find what they need at every moment.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Build, Error, Page, Report};
use crate::files::{self, Stage, StageError};

mod marker;

pub use marker::MARKER;
use marker::{Digested, Marker, digest};

/// A folder that is about to become a site.
#[derive(Debug)]
pub(super) struct Target {
    out: PathBuf,
    /// There was a folder.
    old: bool,
    /// What is known of the files that were there.
    marker: Option<Marker>,
    build: Build,
    stage: Stage,
    folders: Mutex<HashSet<PathBuf>>,
    made: Mutex<Made>,
    bytes: AtomicU64,
}

/// What has been made.
#[derive(Debug, Default)]
struct Made {
    files: BTreeMap<String, Digested>,
    /// Those that differ from what is there.
    written: Vec<String>,
    /// Those that were changed since a build made them, or that no build made.
    theirs: Vec<String>,
}

/// What stands where a file is to go.
enum There {
    Nothing,
    Same,
    /// What a build made.
    Ours,
    /// Anything else.
    Theirs,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Target {
    /// Looks at the folder, finishes what a build that was ended had begun there, and makes a work folder beside it.
    pub(super) fn open(out: &Path, build: Build) -> Result<Self, Error> {
        let old = is_folder(out)?;
        // The folder may be `.` or a link; what is renamed is the folder itself.
        let out = if old { fs::canonicalize(out).map_err(Error::file(out))? } else { out.to_owned() };
        let parent = match out.parent() {
            Some(p) if !p.as_os_str().is_empty() => p.to_owned(),
            Some(_) => PathBuf::from("."),
            None => return Err(Error::Foreign(out)),
        };
        let Some(name) = out.file_name() else { return Err(Error::Foreign(out)) };
        if old && !is_ours(&out)? {
            return Err(Error::Foreign(out));
        }
        fs::create_dir_all(&parent).map_err(Error::file(&parent))?;
        let mut work = OsStr::new(".cmlint-site-").to_owned();
        work.push(name);
        let stage = Stage::open(&parent.join(work), &out).map_err(|error| match error {
            StageError::Busy(_) => Error::Busy(out.clone()),
            error => Error::Stage(error),
        })?;
        let marker = if old { Marker::read(&out) } else { None };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = if old { fs::metadata(&out).map(|m| m.permissions()).ok() } else { None };
            let mode = mode.unwrap_or_else(|| fs::Permissions::from_mode(0o755));
            fs::set_permissions(stage.tree(), mode).map_err(Error::file(stage.tree()))?;
        }
        let (folders, made, bytes) = Default::default();
        Ok(Self { out, old, marker, build, stage, folders, made, bytes })
    }

    /// Takes a file of the site. Safe to call from many threads.
    pub(super) fn put(&self, page: &Page) -> Result<(), Error> {
        self.bytes.fetch_add(u64::try_from(page.bytes.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
        let digest = digest(&page.bytes);
        let there = self.there(&page.path, &page.bytes);
        if !matches!(there, There::Same) {
            self.folder_of(&page.path)?;
            self.stage.write(&page.path, &page.bytes)?;
        }
        let mut made = lock(&self.made);
        made.files.insert(page.path.clone(), digest);
        if matches!(there, There::Theirs) {
            made.theirs.push(page.path.clone());
        }
        if !matches!(there, There::Same) {
            made.written.push(page.path.clone());
        }
        Ok(())
    }

    /// What stands where a file of these bytes is to go.
    fn there(&self, name: &str, bytes: &[u8]) -> There {
        let path = self.out.join(name);
        let found = if self.old { fs::symlink_metadata(&path).ok() } else { None };
        let Some(found) = found else { return There::Nothing };
        if !found.is_file() {
            return There::Theirs;
        }
        let listed = self.marker.as_ref().and_then(|m| m.of(name));
        // A file of another length is read only to see whether it was changed since.
        let old =
            if found.len() == bytes.len() as u64 || listed.is_some() { fs::read(&path).ok() } else { None };
        if old.as_deref() == Some(bytes) {
            return There::Same;
        }
        let ours = match (&self.marker, listed) {
            (Some(Marker::Unlisted), _) => true,
            (_, Some(listed)) => old.is_some_and(|old| digest(&old) == *listed),
            (_, None) => false,
        };
        if ours { There::Ours } else { There::Theirs }
    }

    fn folder_of(&self, name: &str) -> Result<(), Error> {
        let path = self.stage.tree().join(name);
        let Some(folder) = path.parent() else { return Ok(()) };
        if !lock(&self.folders).contains(folder) {
            fs::create_dir_all(folder).map_err(Error::file(folder))?;
            lock(&self.folders).insert(folder.to_owned());
        }
        Ok(())
    }

    /// Puts the site in place.
    pub(super) fn finish(self, pages: usize) -> Result<Report, Error> {
        let Made { files: made, mut written, mut theirs } = std::mem::take(&mut *lock(&self.made));
        let bytes = self.bytes.load(Ordering::Relaxed);
        let mut gone = self.gone(&made)?;
        let ours =
            |name: &str| made.contains_key(name) || gone.binary_search_by(|g| g.as_str().cmp(name)).is_ok();
        let others = if self.old { others(&self.out, &made, &gone, ours)? } else { Vec::new() };
        let whole = self.build == Build::Whole;
        if !whole {
            // What stands where a folder is to be is in the way, whoever made it.
            let in_the_way: Vec<String> = others.iter().filter(|o| holds(&made, o)).cloned().collect();
            if self.build == Build::OverEdits {
                theirs.retain(|name| self.out.join(name).is_dir());
            }
            theirs.extend(in_the_way);
            if !theirs.is_empty() {
                theirs.sort_unstable();
                theirs.dedup();
                return Err(Error::Edited { out: self.out, files: theirs });
            }
        }
        let (kept, pruned) = if whole { (Vec::new(), others) } else { (others, Vec::new()) };
        let removed = gone.len() + pruned.len();
        let report = Report { files: made.len(), pages, written: written.len(), removed, bytes, kept };
        let text = Marker::text(&made);
        let marked = self.old && fs::read(self.out.join(MARKER)).is_ok_and(|old| old == text.as_bytes());
        if marked && written.is_empty() && removed == 0 {
            return Ok(report);
        }
        self.stage.write(MARKER, text.as_bytes())?;
        if report.kept.is_empty() && self.exchanged(&made, &written)? {
            return Ok(report);
        }
        for name in &pruned {
            remove(&self.out.join(name)).map_err(Error::file(self.out.join(name)))?;
        }
        // Pages need static files: these first.
        written.sort_by(|a, b| (a.ends_with(".html"), a).cmp(&(b.ends_with(".html"), b)));
        written.push(MARKER.to_owned());
        gone.sort_unstable();
        self.stage.commit(&self.out, &written, &gone)?;
        Ok(report)
    }

    /// The files that an earlier build made, that nobody changed since, and that are no longer part of the site; in
    /// order.
    fn gone(&self, made: &BTreeMap<String, Digested>) -> Result<Vec<String>, Error> {
        let Some(Marker::Listed(before)) = &self.marker else { return Ok(Vec::new()) };
        let mut out = Vec::new();
        for (name, listed) in before.iter().filter(|(name, _)| !made.contains_key(*name)) {
            let path = self.out.join(name);
            if !fs::symlink_metadata(&path).is_ok_and(|found| found.is_file()) {
                continue;
            }
            if digest(&fs::read(&path).map_err(Error::file(path))?) == *listed {
                out.push(name.clone());
            }
        }
        Ok(out)
    }

    /// Lets the work folder take the place of the folder at one stroke, if that can be done. What was there is then in
    /// the work folder, and goes with it.
    fn exchanged(&self, made: &BTreeMap<String, Digested>, written: &[String]) -> Result<bool, Error> {
        let tree = self.stage.tree();
        if !self.old {
            return match fs::rename(&tree, &self.out) {
                Ok(()) => Ok(true),
                // Somebody made it meanwhile.
                Err(error) => Err(Error::File { path: self.out.clone(), error }),
            };
        }
        let new: HashSet<&str> = written.iter().map(String::as_str).collect();
        let same: Vec<&String> = made.keys().filter(|name| !new.contains(name.as_str())).collect();
        for name in &same {
            self.folder_of(name)?;
            let (from, to) = (self.out.join(name), tree.join(name));
            // A link keeps the file as it is, times and all; where there are no links, a copy does.
            if fs::hard_link(&from, &to).is_err() {
                fs::copy(&from, &to).map_err(Error::file(&to))?;
            }
        }
        Ok(files::exchange(&tree, &self.out).is_ok())
    }

    /// Leaves the folder as it was.
    pub(super) fn abandon(self) {
        drop(self);
    }
}

/// Whether there is a folder.
fn is_folder(out: &Path) -> Result<bool, Error> {
    match fs::symlink_metadata(out) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(Error::file(out)(e)),
        Ok(_) => {}
    }
    if fs::metadata(out).map_err(Error::file(out))?.is_dir() {
        Ok(true)
    } else {
        Err(Error::Foreign(out.to_owned()))
    }
}

/// Whether a folder may be written to: it has a marker, or holds nothing.
fn is_ours(out: &Path) -> Result<bool, Error> {
    Ok(Marker::read(out).is_some() || fs::read_dir(out).map_err(Error::file(out))?.next().is_none())
}

/// What is in a folder besides files of ours and the folders these lie in, by the highest name that holds nothing of
/// ours: `.git`, `files/mine.txt`.
fn others(
    root: &Path,
    made: &BTreeMap<String, Digested>,
    gone: &[String],
    ours: impl Fn(&str) -> bool,
) -> Result<Vec<String>, Error> {
    let mut folders: HashSet<&str> = HashSet::new();
    for name in made.keys().chain(gone) {
        folders.extend(name.match_indices('/').map(|(at, _)| &name[..at]));
    }
    let mut out = Vec::new();
    let mut entries = walkdir::WalkDir::new(root).min_depth(1).sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(|e| Error::file(root)(e.into()))?;
        let name =
            entry.path().strip_prefix(root).unwrap_or(entry.path()).to_string_lossy().replace('\\', "/");
        if entry.file_type().is_dir() {
            if !folders.contains(name.as_str()) {
                entries.skip_current_dir();
                out.push(name);
            }
        } else if name != MARKER && !ours(&name) {
            out.push(name);
        }
    }
    Ok(out)
}

/// Whether files are to be made in a folder of this name.
fn holds(made: &BTreeMap<String, Digested>, name: &str) -> bool {
    let inside = format!("{name}/");
    made.range(inside.clone()..).next().is_some_and(|(first, _)| first.starts_with(&inside))
}

/// Removes a file, or a folder with all that is in it.
fn remove(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

#[cfg(test)]
mod tests;
