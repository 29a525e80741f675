//! Where output goes: standard output or a file, written whole or not at all.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anyhow::Context;

/// Writes `text`, which may have colour sequences, to standard output or to a file.
///
/// Colours reach a terminal only, unless they were asked for. A reader that has gone away (`| head`) is no
/// error. A file is first written beside its place and then renamed, so that nobody ever sees half of it.
pub(super) fn write(text: &str, file: Option<&Path>) -> anyhow::Result<()> {
    match file {
        None => {
            let out = io::stdout();
            let mut out = anstream::AutoStream::auto(out.lock());
            match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
                Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                result => result.context("cannot write to standard output"),
            }
        }
        Some(path) => {
            let plain;
            let text = if anstream::ColorChoice::global() == anstream::ColorChoice::Always {
                text
            } else {
                plain = anstream::adapter::strip_str(text).to_string();
                &plain
            };
            replace(path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
        }
    }
}

/// Puts a file of these bytes in place of whatever is at `path`.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if path.exists() && !path.is_file() {
        // A device or a pipe cannot be replaced, only written to.
        return std::fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let folder = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".cmlint-");
    // A new file gets the permissions any new file would get, an existing one keeps its own.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut temporary = builder.tempfile_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    if let Ok(existing) = std::fs::metadata(path) {
        temporary.as_file().set_permissions(existing.permissions())?;
    }
    temporary.persist(path).map_err(|e| e.error)?;
    Ok(())
}

/// Writes to standard error; whether that works changes nothing.
pub(super) fn aside(text: &str) {
    let mut err = anstream::AutoStream::auto(io::stderr().lock());
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// How many columns there are to write in: the terminal's, but never less than 60 or more than 140; 100 where
/// there is no terminal.
pub(super) fn columns(to_file: bool) -> usize {
    if to_file || !io::stdout().is_terminal() {
        return 100;
    }
    terminal_size::terminal_size().map_or(100, |(w, _)| usize::from(w.0).clamp(60, 140))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        std::fs::write(&path, "old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        assert!(replace(&dir.path().join("no/report.json"), b"x").is_err());
    }
}
