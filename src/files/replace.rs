//! One file in place of another.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::is_mine;

/// What the names of files begin with that are not in their place yet; six letters or digits follow.
const PREFIX: &str = ".cmlint-";
/// So many links may lead to one another.
const LINKS: usize = 40;
/// A pipe that nobody reads is waited for so long.
#[cfg(unix)]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// Puts a file of these bytes in place of what is at `path`. It is written beside it and then renamed, so that nobody
/// ever sees half of it. A link stays, and what it leads to is replaced; a file keeps its permissions. A device or a
/// pipe is written to.
///
/// # Errors
/// When it cannot be written, or nobody reads the pipe.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let special = fs::metadata(path).is_ok_and(|found| !found.is_file());
    // What is open already goes by a name in /dev as well, and may be a file.
    if special || (cfg!(unix) && path.starts_with("/dev")) {
        return open_special(path)?.write_all(bytes);
    }
    let place = followed(path)?;
    let folder = match place.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    sweep(folder);
    let mut temporary = temporary(folder)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    if let Ok(existing) = fs::metadata(&place) {
        temporary.as_file().set_permissions(existing.permissions())?;
    }
    temporary.persist(&place).map_err(|e| e.error)?;
    Ok(())
}

/// Removes what runs left in a folder that were ended while they wrote a file. What cannot be removed stays.
pub fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let rest = name.to_str().and_then(|n| n.strip_prefix(PREFIX));
        if !rest.is_some_and(|r| r.len() == 6 && r.bytes().all(|b| b.is_ascii_alphanumeric())) {
            continue;
        }
        let path = entry.path();
        if fs::symlink_metadata(&path).is_ok_and(|found| found.is_file() && is_mine(&found))
            && let Ok(file) = OpenOptions::new().write(true).open(&path)
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(&path);
        }
    }
}

/// A new file beside others, locked as long as it is written.
fn temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    // A new file gets the permissions any new file would get.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    loop {
        let file = builder.tempfile_in(folder)?;
        // Where there are no locks, nobody sweeps either.
        let _ = file.as_file().lock();
        // Another run may have taken it for a dead one's before it was locked.
        if file.path().exists() {
            return Ok(file);
        }
    }
}

/// Where a chain of links ends. There need not be anything yet.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut place = path.to_owned();
    for _ in 0..LINKS {
        match fs::symlink_metadata(&place) {
            Ok(found) if found.is_symlink() => {
                let to = fs::read_link(&place)?;
                place = place.parent().map_or_else(|| to.clone(), |folder| folder.join(&to));
            }
            _ => return Ok(place),
        }
    }
    Err(io::Error::other("too many links lead to one another"))
}

/// Opens a device or a pipe.
#[cfg(unix)]
fn open_special(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
    let mut options = OpenOptions::new();
    options.write(true);
    if !fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo()) {
        return options.open(path);
    }
    options.custom_flags(i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default());
    let start = std::time::Instant::now();
    loop {
        match options.open(path) {
            Ok(file) => {
                // Only opening was not to wait.
                let flags = rustix::fs::fcntl_getfl(&file)?;
                rustix::fs::fcntl_setfl(&file, flags - OFlags::NONBLOCK)?;
                return Ok(file);
            }
            Err(e) if e.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
                if start.elapsed() > PATIENCE {
                    let why = format!("nobody read from this pipe in {} seconds", PATIENCE.as_secs());
                    return Err(io::Error::new(io::ErrorKind::TimedOut, why));
                }
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            Err(e) => return Err(e),
        }
    }
}

#[cfg(not(unix))]
fn open_special(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        fs::write(&path, "old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(dir.path()), ["report.json"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        assert!(replace(&dir.path().join("no/report.json"), b"x").is_err());
        assert!(replace(dir.path(), b"x").is_err());
    }

    #[test]
    fn what_ended_runs_left_goes_and_what_is_written_or_looks_alike_stays() {
        let dir = tempfile::tempdir().unwrap();
        for name in [".cmlint-Ab3xY9", ".cmlint-notes", ".cmlint-ab3xy9z", ".cmlint-ab.xy9"] {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        let alive = temporary(dir.path()).unwrap();
        replace(&dir.path().join("a"), b"x").unwrap();
        assert!(alive.path().exists());
        drop(alive);
        assert_eq!(names(dir.path()), [".cmlint-ab.xy9", ".cmlint-ab3xy9z", ".cmlint-notes", "a"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_and_lead_to_what_was_written() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("far")).unwrap();
        fs::write(at("far/real"), "old").unwrap();
        symlink("far/real", at("one")).unwrap();
        symlink(at("one"), at("two")).unwrap();
        symlink("far/new", at("dangling")).unwrap();
        symlink("circle", at("circle")).unwrap();
        replace(&at("two"), b"new").unwrap();
        replace(&at("dangling"), b"made").unwrap();
        assert!(replace(&at("circle"), b"x").is_err());
        assert_eq!(fs::read_to_string(at("far/real")).unwrap(), "new");
        assert_eq!(fs::read_to_string(at("far/new")).unwrap(), "made");
        for link in ["one", "two", "dangling"] {
            assert!(fs::symlink_metadata(at(link)).unwrap().is_symlink(), "{link}");
        }
        assert_eq!(names(&at("far")), ["new", "real"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_written_to_once_somebody_reads() {
        use std::io::Read;
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                std::thread::sleep(std::time::Duration::from_millis(100));
                let mut text = String::new();
                File::open(&pipe).unwrap().read_to_string(&mut text).unwrap();
                text
            });
            // More than a pipe holds.
            let long = "x".repeat(300_000);
            replace(&pipe, long.as_bytes()).unwrap();
            assert_eq!(reader.join().unwrap(), long);
        });
    }
}
