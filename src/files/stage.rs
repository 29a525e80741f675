//! A work folder for many files that are to change as one.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use super::is_mine;

/// The first line of a journal.
const HEAD: &str = "cmlint files 1";
/// So often it is tried to take a work folder, and so long it is waited in between.
const ATTEMPTS: usize = 10;
const PAUSE: Duration = Duration::from_millis(20);
const JOURNAL: &str = "journal";
const LOCK: &str = "lock";
const NEW: &str = "new";
const OLD: &str = "old";

/// Why there is no work folder.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// Another process works there.
    #[error("another run is writing there at this moment ({}); try again when it has ended", .0.display())]
    Busy(PathBuf),
    /// Somebody else made it, and might have something else done in our name.
    #[error("{}: it is in the way, and is not a folder of yours; remove it", .0.display())]
    NotMine(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl StageError {
    fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::File { path, error }
    }
}

/// A work folder. It goes when it is dropped.
#[derive(Debug)]
pub struct Stage {
    root: PathBuf,
    /// Held as long as this is alive.
    _lock: File,
}

/// Finishes in `target` what a run that has ended meanwhile had begun to move from the work folder `root`; waits for
/// one that goes on to move them. What one left that had not come to that is cleared away. Returns whether there was
/// anything to finish.
///
/// # Errors
/// When it cannot be finished: a file cannot be moved. The journal stays.
pub fn settle(root: &Path, target: &Path) -> Result<bool, StageError> {
    if fs::symlink_metadata(root).is_err() {
        return Ok(false);
    }
    if !root.join(JOURNAL).is_file() {
        // Rubble, unless somebody works there; where it may not be removed it does no harm.
        drop(Stage::lock(root, false, false));
        return Ok(false);
    }
    match Stage::lock(root, false, true)? {
        // Its run has finished it.
        None => Ok(false),
        Some(stage) => stage.recover(target),
    }
}

impl Stage {
    /// Takes the work folder `root` for files of `target`. What a run that has
    /// ended left there is finished if it had come to that, and cleared away.
    ///
    /// # Errors
    /// When another process uses it, when it is somebody else's, when it cannot be made.
    pub fn open(root: &Path, target: &Path) -> Result<Self, StageError> {
        let Some(stage) = Self::lock(root, true, false)? else {
            return Err(StageError::Busy(root.to_owned()));
        };
        stage.recover(target)?;
        for name in [NEW, OLD] {
            match fs::remove_dir_all(root.join(name)) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(StageError::file(root)(e)),
                _ => {}
            }
        }
        fs::create_dir(root.join(NEW)).map_err(StageError::file(root))?;
        Ok(stage)
    }

    /// Takes the lock of a work folder. None if there is no such folder and none is to be made.
    fn lock(root: &Path, make: bool, wait: bool) -> Result<Option<Self>, StageError> {
        // A run that ends takes its folder away: then it is begun again.
        for attempt in 0..ATTEMPTS {
            match if make { fs::create_dir(root) } else { Ok(()) } {
                Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(StageError::file(root)(e)),
                _ => {}
            }
            match fs::symlink_metadata(root) {
                Ok(found) if found.is_dir() && is_mine(&found) => {}
                Ok(_) => return Err(StageError::NotMine(root.to_owned())),
                Err(_) if !make => return Ok(None),
                Err(_) => continue,
            }
            let path = root.join(LOCK);
            let lock = match File::options().create(true).truncate(false).write(true).open(&path) {
                Ok(lock) => lock,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(StageError::file(path)(e)),
            };
            let locked = if wait { lock.lock().map_err(TryLockError::Error) } else { lock.try_lock() };
            match locked {
                Ok(()) => {}
                // Somebody may only be clearing it away.
                Err(TryLockError::WouldBlock) if attempt + 1 < ATTEMPTS => {
                    std::thread::sleep(PAUSE);
                    continue;
                }
                Err(TryLockError::WouldBlock) => return Err(StageError::Busy(root.to_owned())),
                // Some network file systems have no locks; one run at a time is then up to people.
                Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(e)) => return Err(StageError::file(path)(e)),
            }
            let handle = lock.try_clone().and_then(same_file::Handle::from_file);
            if handle.ok() == same_file::Handle::from_path(&path).ok() {
                return Ok(Some(Self { root: root.to_owned(), _lock: lock }));
            }
        }
        Err(StageError::Busy(root.to_owned()))
    }

    /// Where the new files are written.
    pub fn tree(&self) -> PathBuf {
        self.root.join(NEW)
    }

    /// Writes a new file; its name has `/` between its parts. The folder it lies in has to be there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StageError> {
        let path = self.tree().join(name);
        fs::write(&path, bytes).map_err(StageError::file(path))
    }

    /// Moves the new files of these names into `target`, in this order, and then removes the files `gone` and the folders
    /// that this leaves empty. Should one of them fail, those before it are put back.
    ///
    /// # Errors
    /// When it fails; then all is as it was.
    pub fn commit(self, target: &Path, new: &[String], gone: &[String]) -> Result<(), StageError> {
        let journal = Journal { new: new.to_vec(), gone: gone.to_vec() };
        for name in new.iter().chain(gone) {
            if !is_inside(name) {
                let error = io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file in a folder");
                return Err(StageError::File { path: PathBuf::from(name), error });
            }
            self.keep(target, name)?;
        }
        let (part, path) = (self.root.join("journal.part"), self.root.join(JOURNAL));
        let write = || -> io::Result<()> {
            let mut file = File::create(&part)?;
            file.write_all(journal.text().as_bytes())?;
            file.sync_all()?;
            fs::rename(&part, &path)
        };
        write().map_err(StageError::file(&path))?;
        if let Err(error) = self.apply(&journal, target) {
            self.undo(&journal, target);
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        fs::remove_file(&path).map_err(StageError::file(path))
    }

    /// Keeps what is there now, and its permissions.
    fn keep(&self, target: &Path, name: &str) -> Result<(), StageError> {
        let from = target.join(name);
        let Ok(found) = fs::symlink_metadata(&from) else { return Ok(()) };
        if !found.is_file() {
            return Ok(());
        }
        let new = self.tree().join(name);
        if fs::symlink_metadata(&new).is_ok() {
            fs::set_permissions(&new, found.permissions()).map_err(StageError::file(new))?;
        }
        let to = self.root.join(OLD).join(name);
        let keep = || -> io::Result<()> {
            fs::create_dir_all(to.parent().unwrap_or(&self.root))?;
            fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(drop))
        };
        keep().map_err(StageError::file(from))
    }

    /// Does what the journal of a run that has ended says, if there is one.
    fn recover(&self, target: &Path) -> Result<bool, StageError> {
        let path = self.root.join(JOURNAL);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(e) => return Err(StageError::file(path)(e)),
        };
        let Some(journal) = Journal::parse(&text) else {
            let error = io::Error::new(io::ErrorKind::InvalidData, "not a journal of this version");
            return Err(StageError::File { path, error });
        };
        self.apply(&journal, target)?;
        fs::remove_file(&path).map_err(StageError::file(path))?;
        Ok(true)
    }

    /// Moves what has not been moved, and removes what has not been removed.
    fn apply(&self, journal: &Journal, target: &Path) -> Result<(), StageError> {
        let mut made: Option<PathBuf> = None;
        for name in &journal.new {
            let (from, to) = (self.tree().join(name), target.join(name));
            if fs::symlink_metadata(&from).is_err() {
                continue;
            }
            let folder = to.parent().unwrap_or(target);
            if made.as_deref() != Some(folder) {
                fs::create_dir_all(folder).map_err(StageError::file(folder))?;
                made = Some(folder.to_owned());
            }
            moved(&from, &to).map_err(StageError::file(to))?;
        }
        for name in &journal.gone {
            let path = target.join(name);
            match fs::remove_file(&path) {
                Err(e) if !is_absent(&e) => return Err(StageError::file(path)(e)),
                _ => remove_empty(target, &path),
            }
        }
        Ok(())
    }

    /// Puts back what was kept. The error that is told is the one that led here.
    fn undo(&self, journal: &Journal, target: &Path) {
        for name in journal.new.iter().chain(&journal.gone) {
            let (old, to) = (self.root.join(OLD).join(name), target.join(name));
            if fs::symlink_metadata(&old).is_ok() {
                let _ = fs::create_dir_all(to.parent().unwrap_or(target)).and_then(|()| moved(&old, &to));
            } else if fs::symlink_metadata(self.tree().join(name)).is_err() {
                let _ = fs::remove_file(&to);
                remove_empty(target, &to);
            }
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // What is told to be finished is left to the next run.
        if self.root.join(JOURNAL).exists() {
            return;
        }
        for name in [NEW, OLD] {
            let _ = fs::remove_dir_all(self.root.join(name));
        }
        for name in ["journal.part", LOCK] {
            let _ = fs::remove_file(self.root.join(name));
        }
        let _ = fs::remove_dir(&self.root);
    }
}

/// What is to become of the files of a folder.
#[derive(Debug, Default, PartialEq, Eq)]
struct Journal {
    new: Vec<String>,
    gone: Vec<String>,
}

impl Journal {
    fn text(&self) -> String {
        let new = self.new.iter().map(|name| format!("+ {name}\n"));
        let gone = self.gone.iter().map(|name| format!("- {name}\n"));
        std::iter::once(format!("{HEAD}\n")).chain(new).chain(gone).collect()
    }

    /// None if it is anything else, or names what is not in the folder.
    fn parse(text: &str) -> Option<Self> {
        let mut out = Self::default();
        for line in text.strip_prefix(HEAD)?.strip_prefix('\n')?.lines() {
            let (sign, name) = line.split_once(' ')?;
            if !is_inside(name) {
                return None;
            }
            match sign {
                "+" => out.new.push(name.to_owned()),
                "-" => out.gone.push(name.to_owned()),
                _ => return None,
            }
        }
        Some(out)
    }
}

/// Whether a name leads to something in a folder, whatever folder it is.
fn is_inside(name: &str) -> bool {
    let mut parts = Path::new(name).components().peekable();
    parts.peek().is_some()
        && parts.all(|part| matches!(part, Component::Normal(_)))
        && !name.contains(char::is_control)
}

/// Moves a file; a folder that is mounted is on a file system of its own, where it is copied to and then takes its place.
fn moved(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(e) if e.kind() == io::ErrorKind::CrossesDevices => {
            super::replace(to, &fs::read(from)?)?;
            fs::remove_file(from)
        }
        result => result,
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Removes the folders above a file, as far as they are empty, but not the root.
fn remove_empty(root: &Path, file: &Path) {
    for folder in file.ancestors().skip(1).take_while(|folder| *folder != root) {
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("target")).unwrap();
        for (name, text) in files {
            let path = dir.path().join("target").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    fn contents(root: &Path) -> Vec<(String, String)> {
        let files = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().map(Result::unwrap);
        (files.filter(|e| !e.file_type().is_dir()))
            .map(|e| {
                let name = e.path().strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                (name, fs::read_to_string(e.path()).unwrap())
            })
            .collect()
    }

    fn staged(dir: &Path, files: &[(&str, &str)]) -> Stage {
        let stage = Stage::open(&dir.join("work"), &dir.join("target")).unwrap();
        for (name, text) in files {
            fs::create_dir_all(stage.tree().join(name).parent().unwrap()).unwrap();
            stage.write(name, text.as_bytes()).unwrap();
        }
        stage
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn files_move_together_and_nothing_is_left() {
        let dir = folder(&[("a", "1"), ("d/b", "1"), ("keep", "mine")]);
        let target = dir.path().join("target");
        let stage = staged(dir.path(), &[("a", "2"), ("e/f", "2")]);
        stage.commit(&target, &names(&["e/f", "a"]), &names(&["d/b", "never/there"])).unwrap();
        let expected = [("a", "2"), ("e/f", "2"), ("keep", "mine")];
        assert_eq!(contents(&target), expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert!(!target.join("d").exists() && !dir.path().join("work").exists());
    }

    #[test]
    fn what_fails_is_undone() {
        let dir = folder(&[("a", "1"), ("z/in", "1")]);
        let target = dir.path().join("target");
        let before = contents(&target);
        // A folder where a file should go.
        let stage = staged(dir.path(), &[("a", "2"), ("new/b", "2"), ("z", "2")]);
        assert!(stage.commit(&target, &names(&["a", "new/b", "z"]), &[]).is_err());
        assert_eq!(contents(&target), before);
        assert!(!target.join("new").exists() && !dir.path().join("work").exists());
    }

    #[test]
    fn names_that_lead_out_are_refused() {
        for name in ["../a", "/a", "a/../../b", "", ".", "a\nb"] {
            assert!(!is_inside(name), "{name:?}");
            assert_eq!(Journal::parse(&format!("{HEAD}\n- {name}\n")), None, "{name:?}");
        }
        let dir = folder(&[("a", "1")]);
        fs::write(dir.path().join("other"), "years of work").unwrap();
        let stage = staged(dir.path(), &[]);
        assert!(stage.commit(&dir.path().join("target"), &[], &names(&["../other"])).is_err());
        assert!(dir.path().join("other").exists());
    }

    #[test]
    fn one_run_at_a_time() {
        let dir = folder(&[]);
        let (work, target) = (dir.path().join("work"), dir.path().join("target"));
        let first = Stage::open(&work, &target).unwrap();
        assert!(matches!(Stage::open(&work, &target), Err(StageError::Busy(_))));
        drop(first);
        Stage::open(&work, &target).unwrap();
        // What a run left that was ended before it moved anything.
        fs::create_dir_all(work.join("new/a")).unwrap();
        assert!(!settle(&work, &target).unwrap() && !work.exists());
        fs::write(&work, "mine").unwrap();
        assert!(matches!(Stage::open(&work, &target), Err(StageError::NotMine(_))));
        assert_eq!(fs::read_to_string(&work).unwrap(), "mine");
    }

    /// A run that ends at any moment: each is a work folder whose lock nobody holds.
    fn ends_after(dir: &Path, journal: &Journal, moves: usize) {
        let stage = staged(dir, &[("a", "2"), ("n/b", "2"), ("c", "2")]);
        let target = dir.join("target");
        for name in journal.new.iter().chain(&journal.gone) {
            stage.keep(&target, name).unwrap();
        }
        fs::write(stage.root.join(JOURNAL), journal.text()).unwrap();
        for name in journal.new.iter().take(moves) {
            fs::create_dir_all(target.join(name).parent().unwrap()).unwrap();
            fs::rename(stage.tree().join(name), target.join(name)).unwrap();
        }
        for name in journal.gone.iter().take(moves.saturating_sub(journal.new.len())) {
            fs::remove_file(target.join(name)).unwrap();
        }
        drop(stage);
    }

    proptest! {
        #[test]
        fn whenever_a_run_ends_the_next_one_finishes_it(moves in 0..6usize, reader in any::<bool>()) {
            let dir = folder(&[("a", "1"), ("c", "1"), ("d/x", "1"), ("keep", "mine")]);
            let (work, target) = (dir.path().join("work"), dir.path().join("target"));
            let journal = Journal { new: names(&["a", "n/b", "c"]), gone: names(&["d/x"]) };
            ends_after(dir.path(), &journal, moves);
            prop_assert!(work.exists());
            if reader {
                prop_assert!(settle(&work, &target).unwrap());
                prop_assert!(!settle(&work, &target).unwrap());
            } else {
                drop(Stage::open(&work, &target).unwrap());
            }
            let expected = [("a", "2"), ("c", "2"), ("keep", "mine"), ("n/b", "2")];
            prop_assert_eq!(contents(&target), expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
            prop_assert!(!work.exists() && !target.join("d").exists());
        }

        #[test]
        fn journals_are_read_back(new in prop::collection::vec("[a-z ü]{1,9}(/[a-z.]{1,9}x)?", 0..5)) {
            let journal = Journal { gone: new.clone(), new };
            prop_assert_eq!(Journal::parse(&journal.text()), Some(journal));
        }

        #[test]
        fn any_text_is_a_journal_or_not(text in ".{0,200}") {
            let _ = Journal::parse(&format!("{HEAD}\n{text}"));
        }
    }
}
