//! Where output goes: standard output or a file, written whole or not at all.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anyhow::Context;

use crate::files;
use crate::text::harmless;

/// Writes `text`, which may have colour sequences, to standard output or to a file.
///
/// Colours reach a terminal only, unless they were asked for. A reader that has gone away (`| head`) is no
/// error. A file is written whole or not at all.
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
            files::replace(path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
        }
    }
}

/// Refuses to write over something that is read: the original would be gone.
///
/// # Errors
/// When `output` is one of the files `read`, by whatever name or link.
pub(super) fn keep_apart<'a>(
    output: Option<&Path>,
    read: impl IntoIterator<Item = &'a Path>,
) -> anyhow::Result<()> {
    let Some(output) = output else { return Ok(()) };
    for path in read {
        if path.is_file() && same_file::is_same_file(path, output).unwrap_or(false) {
            return Err(overwrites(output, &path.display().to_string()));
        }
    }
    Ok(())
}

/// What is said where output and input are one file.
pub(super) fn overwrites(output: &Path, input: &str) -> anyhow::Error {
    let (output, input) =
        (harmless(&output.display().to_string()).into_owned(), harmless(input).into_owned());
    anyhow::anyhow!("--output {output} would replace {input}, which is read; choose another file")
}

/// Writes to standard error; whether that works changes nothing.
pub(super) fn aside(text: &str) {
    let mut err = anstream::AutoStream::auto(io::stderr().lock());
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// Writes to the terminal on standard error, with what moves its cursor.
pub(super) fn status(text: &str) {
    let mut err = io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// How many columns there are to write in: the terminal's; where there is no terminal what COLUMNS says, or 100. Never less
/// than 60 or more than 140.
pub(super) fn columns(to_file: bool) -> usize {
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let known = if to_file || !io::stdout().is_terminal() {
        std::env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok())
    } else {
        terminal()
    };
    known.unwrap_or(100).clamp(60, 140)
}

/// Whether links can be written: to a terminal that knows them, where colours are not turned off.
pub(super) fn knows_links(to_file: bool) -> bool {
    !to_file
        && match anstream::ColorChoice::global() {
            anstream::ColorChoice::Never => false,
            _ => {
                anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
                    && supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout)
            }
        }
}
