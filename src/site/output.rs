//! The folder a site is written to: replaced whole or not at all, and never one that is not ours.
//!
//! Files that differ from what is there are written beside the folder. When all is made and checked, the files that
//! stayed the same are linked in from the old folder, and the new folder takes its place.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::{Error, Page, Report};

/// The file that says that a folder is a site of ours, which may be replaced.
pub const MARKER: &str = ".cmlint-site";
const MARKER_TEXT: &str = "This folder is made by `cmlint site build` and replaced whole by it.\n";

/// A folder that is about to become a site.
#[derive(Debug)]
pub(super) struct Target {
    out: PathBuf,
    /// There was a site.
    old: bool,
    staging: tempfile::TempDir,
    folders: Mutex<HashSet<PathBuf>>,
    same: Mutex<Vec<String>>,
    written: AtomicUsize,
    bytes: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Target {
    /// Looks at the folder, and makes another beside it.
    pub(super) fn open(out: &Path) -> Result<Self, Error> {
        let old = match fs::symlink_metadata(out) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => false,
            Err(e) => return Err(Error::file(out)(e)),
            Ok(_) => {
                let metadata = fs::metadata(out).map_err(Error::file(out))?;
                if !metadata.is_dir() {
                    return Err(Error::Foreign(out.to_owned()));
                }
                let ours = fs::read_to_string(out.join(MARKER)).is_ok_and(|t| t == MARKER_TEXT);
                let empty = fs::read_dir(out).map_err(Error::file(out))?.next().is_none();
                if !ours && !empty {
                    return Err(Error::Foreign(out.to_owned()));
                }
                true
            }
        };
        // The folder may be `.` or a link; what is renamed is the folder itself.
        let out = if old { fs::canonicalize(out).map_err(Error::file(out))? } else { out.to_owned() };
        let parent = match out.parent() {
            Some(p) if !p.as_os_str().is_empty() => p.to_owned(),
            Some(_) => PathBuf::from("."),
            None => return Err(Error::Foreign(out)),
        };
        fs::create_dir_all(&parent).map_err(Error::file(&parent))?;
        let staging = tempfile::Builder::new()
            .prefix(".cmlint-site-")
            .tempdir_in(&parent)
            .map_err(Error::file(&parent))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = if old { fs::metadata(&out).map(|m| m.permissions()).ok() } else { None };
            let mode = mode.unwrap_or_else(|| fs::Permissions::from_mode(0o755));
            fs::set_permissions(staging.path(), mode).map_err(Error::file(staging.path()))?;
        }
        Ok(Self {
            out,
            old,
            staging,
            folders: Mutex::default(),
            same: Mutex::default(),
            written: AtomicUsize::new(0),
            bytes: AtomicU64::new(0),
        })
    }

    /// Takes a file of the site. Safe to call from many threads.
    pub(super) fn put(&self, page: &Page) -> Result<(), Error> {
        self.bytes.fetch_add(u64::try_from(page.bytes.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
        if self.old && same(&self.out.join(&page.path), &page.bytes) {
            lock(&self.same).push(page.path.clone());
            return Ok(());
        }
        let path = self.staging.path().join(&page.path);
        self.folder_of(&path)?;
        fs::write(&path, &page.bytes).map_err(Error::file(path))?;
        self.written.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn folder_of(&self, path: &Path) -> Result<(), Error> {
        let Some(folder) = path.parent() else { return Ok(()) };
        if !lock(&self.folders).contains(folder) {
            fs::create_dir_all(folder).map_err(Error::file(folder))?;
            lock(&self.folders).insert(folder.to_owned());
        }
        Ok(())
    }

    /// Puts the site in place.
    pub(super) fn finish(self, pages: usize) -> Result<Report, Error> {
        let written = self.written.load(Ordering::Relaxed);
        let bytes = self.bytes.load(Ordering::Relaxed);
        let same = std::mem::take(&mut *lock(&self.same));
        let before = if self.old { files(&self.out).map_err(Error::file(&self.out))? } else { Vec::new() };
        let kept: HashSet<&str> = same.iter().map(String::as_str).collect();
        let there = |name: &String| name != MARKER && !kept.contains(name.as_str());
        let gone: Vec<&String> = before.iter().filter(|n| there(n)).collect();
        let removed = gone.iter().filter(|n| !self.staging.path().join(n).exists()).count();
        let report = Report { files: written + same.len(), pages, written, removed, bytes };
        if self.old && written == 0 && removed == 0 && before.iter().any(|n| n == MARKER) {
            return Ok(report);
        }
        for name in &same {
            let (from, to) = (self.out.join(name), self.staging.path().join(name));
            self.folder_of(&to)?;
            // A link keeps the file as it is, times and all; where there are no links, a copy does.
            if fs::hard_link(&from, &to).is_err() {
                fs::copy(&from, &to).map_err(Error::file(&to))?;
            }
        }
        let marker = self.staging.path().join(MARKER);
        fs::write(&marker, MARKER_TEXT).map_err(Error::file(marker))?;
        self.swap()?;
        Ok(report)
    }

    fn swap(self) -> Result<(), Error> {
        let Self { out, old, staging, .. } = self;
        if !old {
            // A folder that is kept is no longer removed when it is forgotten.
            let new = staging.keep();
            return fs::rename(&new, &out).map_err(|error| {
                let _ = fs::remove_dir_all(&new);
                Error::File { path: out, error }
            });
        }
        let mut aside = staging.path().as_os_str().to_owned();
        aside.push("-old");
        let aside = PathBuf::from(aside);
        fs::rename(&out, &aside).map_err(Error::file(&out))?;
        if let Err(error) = fs::rename(staging.path(), &out) {
            // Back as it was.
            let _ = fs::rename(&aside, &out);
            return Err(Error::File { path: out, error });
        }
        let _ = staging.keep();
        fs::remove_dir_all(&aside).map_err(Error::file(aside))
    }

    /// Leaves the folder as it was.
    pub(super) fn abandon(self) {
        drop(self);
    }
}

/// Whether a file holds just these bytes.
fn same(path: &Path, bytes: &[u8]) -> bool {
    let size = fs::metadata(path).map(|m| m.len()).ok();
    size == u64::try_from(bytes.len()).ok() && fs::read(path).is_ok_and(|old| old == bytes)
}

/// The files below a folder, with `/` between the parts of their names.
fn files(root: &Path) -> io::Result<Vec<String>> {
    let mut out = Vec::new();
    for entry in walkdir::WalkDir::new(root).sort_by_file_name() {
        let entry = entry.map_err(io::Error::other)?;
        if !entry.file_type().is_dir() {
            let name = entry.path().strip_prefix(root).unwrap_or(entry.path());
            out.push(name.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, text: &str) -> Page {
        Page { path: path.to_owned(), bytes: text.as_bytes().to_vec() }
    }

    fn site(out: &Path, pages: &[Page]) -> Result<Report, Error> {
        let target = Target::open(out)?;
        for page in pages {
            target.put(page)?;
        }
        target.finish(pages.len())
    }

    #[test]
    fn what_stays_the_same_is_not_written_again() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("public");
        let first = site(&out, &[page("a/index.html", "a"), page("b.html", "b")]).unwrap();
        assert_eq!((first.files, first.written, first.removed), (2, 2, 0));
        let time = fs::metadata(out.join("b.html")).unwrap().modified().unwrap();
        let again = site(&out, &[page("a/index.html", "a"), page("b.html", "b")]).unwrap();
        assert_eq!((again.files, again.written, again.removed), (2, 0, 0));
        let third = site(&out, &[page("a/index.html", "A"), page("b.html", "b"), page("c", "c")]).unwrap();
        assert_eq!((third.files, third.written, third.removed), (3, 2, 0));
        let fourth = site(&out, &[page("b.html", "b")]).unwrap();
        assert_eq!((fourth.files, fourth.written, fourth.removed), (1, 0, 2));
        assert!(!out.join("a").exists());
        assert_eq!(fs::metadata(out.join("b.html")).unwrap().modified().unwrap(), time);
        // Nothing is left beside it.
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_of_others_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.txt"), "years of work").unwrap();
        assert!(matches!(site(dir.path(), &[page("index.html", "x")]), Err(Error::Foreign(_))));
        let file = dir.path().join("thesis.txt");
        assert!(matches!(site(&file, &[page("index.html", "x")]), Err(Error::Foreign(_))));
        assert_eq!(fs::read_to_string(file).unwrap(), "years of work");
        // A marker that something else wrote does not make it ours.
        fs::write(dir.path().join(MARKER), "").unwrap();
        assert!(matches!(site(dir.path(), &[]), Err(Error::Foreign(_))));
    }

    #[test]
    fn an_empty_folder_may_be_filled_and_a_given_up_build_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("empty");
        fs::create_dir(&out).unwrap();
        let target = Target::open(&out).unwrap();
        target.put(&page("index.html", "x")).unwrap();
        target.abandon();
        assert_eq!(fs::read_dir(&out).unwrap().count(), 0);
        site(&out, &[page("index.html", "x")]).unwrap();
        assert_eq!(fs::read_to_string(out.join("index.html")).unwrap(), "x");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
