//! Files of the program's own: configuration and waivers. And the day it is.

use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, bail};
use clap::Args;

use super::{load, output};
use crate::content::Date;
use crate::text::harmless;
use crate::yaml::{self, Problems};

/// The file of waivers, where nothing else is said.
pub(super) const WAIVERS: &str = "waivers.yaml";

/// The day it is. Everything that ends or ages asks here.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Clock {
    /// Take this day for today
    #[arg(long, hide = true, value_name = "DATE", value_parser = day)]
    today: Option<Date>,
}

impl Clock {
    /// The day, by Greenwich.
    ///
    /// # Errors
    /// When the clock of the computer says something before 1970.
    pub(super) fn today(self) -> anyhow::Result<Date> {
        let now = || Date::of_time(SystemTime::now());
        self.today.or_else(now).context("the clock of this computer does not tell the day")
    }
}

/// A day of the calendar as an argument.
pub(super) fn day(text: &str) -> Result<Date, String> {
    let date = text.parse::<Date>().ok().filter(|date| date.exists());
    date.ok_or_else(|| "give a day of the calendar, such as 2027-03-31".to_owned())
}

/// The path of a file as it is shown.
pub(super) fn shown(path: &Path) -> String {
    let path = path.strip_prefix(".").unwrap_or(path);
    path.to_string_lossy().replace('\\', "/")
}

/// So much of a file is read; no configuration, no waivers and no report of an estate are that large.
const LIMIT_MIB: u64 = 512;

/// The bytes of a file; none if it is too large.
fn bytes(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let limit = LIMIT_MIB << 20;
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

/// The text of a file, without a byte order mark; none if there is no such file.
///
/// # Errors
/// When it cannot be read, is too large, or is not UTF-8.
pub(super) fn text(path: &Path) -> anyhow::Result<Option<String>> {
    let bytes = match bytes(path) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => bail!("{} is larger than {LIMIT_MIB} MiB", harmless(&shown(path))),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", harmless(&shown(path))));
        }
    };
    let Ok(text) = String::from_utf8(bytes) else {
        bail!("{} is not UTF-8; save it as UTF-8", harmless(&shown(path)))
    };
    Ok(Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)))
}

/// Shows what is wrong with a file, warnings too.
///
/// # Errors
/// When one of the problems is an error.
pub(super) fn sound(path: &Path, problems: &Problems) -> anyhow::Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    output::aside(&yaml::render(problems, true));
    if problems.has_errors() {
        bail!("{} cannot be used: {}", harmless(&shown(path)), load::verdict(problems));
    }
    Ok(())
}
