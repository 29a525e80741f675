//! The file that says which files of a folder a build made, and what they held.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

/// The file that says that a folder is a site of ours, and what in it is ours. In the form that `sha256sum -c` takes.
pub const MARKER: &str = ".cmlint-site";
const HEAD: &str =
    "# Files that `cmlint site build` made here, with their SHA-256. It leaves all others alone.\n";
/// What stood in the marker before it had a list.
const HEAD_WITHOUT_LIST: &str = "This folder is made by `cmlint site build` and replaced whole by it.\n";

/// What a file held.
pub(super) type Digested = [u8; 32];

pub(super) fn digest(bytes: &[u8]) -> Digested {
    Sha256::digest(bytes).into()
}

/// What a folder's marker says of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// The files that were made, with `/` between the parts of their names.
    Listed(BTreeMap<String, Digested>),
    /// That it is ours, but not which files are.
    Unlisted,
}

impl Marker {
    /// None if there is no marker, or one that no build wrote.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let path = folder.join(MARKER);
        // A link to a marker elsewhere says nothing of this folder.
        fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
        Self::parse(&fs::read_to_string(path).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        // A checkout may have changed the line ends.
        let text = text.replace("\r\n", "\n");
        if text == HEAD_WITHOUT_LIST {
            return Some(Self::Unlisted);
        }
        let line = |line: &str| {
            let (hex, name) = line.split_once("  ")?;
            Some((name.to_owned(), from_hex(hex)?))
        };
        text.strip_prefix(HEAD)?.lines().map(line).collect::<Option<_>>().map(Self::Listed)
    }

    pub(super) fn text(files: &BTreeMap<String, Digested>) -> String {
        use std::fmt::Write as _;
        let mut out = String::with_capacity(HEAD.len() + files.len() * 100);
        out.push_str(HEAD);
        for (name, digest) in files {
            for byte in digest {
                let _ = write!(out, "{byte:02x}");
            }
            out.push_str("  ");
            out.push_str(name);
            out.push('\n');
        }
        out
    }

    /// What a file held when it was made, if it was made.
    pub(super) fn of(&self, name: &str) -> Option<&Digested> {
        match self {
            Self::Listed(files) => files.get(name),
            Self::Unlisted => None,
        }
    }
}

fn from_hex(text: &str) -> Option<Digested> {
    let mut out = [0; 32];
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(digits.chunks(2)) {
        let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_read_back() {
        let files: BTreeMap<_, _> =
            ["a/index.html", "b c.txt"].map(|n| (n.to_owned(), digest(n.as_bytes()))).into();
        let text = Marker::text(&files);
        assert_eq!(Marker::parse(&text), Some(Marker::Listed(files.clone())));
        assert_eq!(Marker::parse(&text.replace('\n', "\r\n")), Some(Marker::Listed(files)));
        assert!(text.lines().nth(1).is_some_and(|l| l.ends_with("  a/index.html") && l.len() == 64 + 2 + 12));
        assert_eq!(Marker::parse(HEAD_WITHOUT_LIST), Some(Marker::Unlisted));
    }

    #[test]
    fn what_no_build_wrote_is_no_marker() {
        for text in ["", "anything\n", &format!("{HEAD}zz  a\n"), &format!("{HEAD}a\n"), &HEAD[1..]] {
            assert_eq!(Marker::parse(text), None, "{text}");
        }
    }
}
