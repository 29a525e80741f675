//! The oracle of what must never happen: a secret of an export, or a piece of it, in anything that is printed.
//!
//! A case is a function from a secret to files; the oracle checks them as `cmlint check` does, writes every format at
//! several widths, and looks. What it finds it tries again with another secret, so that a piece which is there anyway
//! is no leak. Tests and fuzz targets share this file.

#![allow(unreachable_pub)]

use cmlint::cli::BuiltIn;
use cmlint::report::Format;
use cmlint::source::{Limits, Sources};

/// Files of a case: name and bytes.
pub type Files = Vec<(String, Vec<u8>)>;

/// So many characters of a secret in a row are a leak.
pub const PIECE: usize = 5;

/// Something that was printed.
#[derive(Debug)]
pub struct Output {
    /// Format, width, how much.
    pub what: String,
    /// As it is written, colours included.
    pub text: String,
}

/// Checks files and looks at what is printed.
pub struct Oracle(BuiltIn);

impl Oracle {
    pub fn new() -> Self {
        Self(BuiltIn::load().expect("what is built in loads"))
    }

    /// Everything that a check of these files can print.
    pub fn outputs(&self, files: Files) -> Vec<Output> {
        let sources = Sources::from_memory(files, &Limits::default());
        let checked = self.0.check(&sources);
        let mut out = Vec::new();
        let mut write = |format: Format, columns: usize, verbose: bool| {
            let (text, lost) = checked.write(format, columns, verbose);
            let what = format!("{format:?} at {columns}{}", if verbose { ", verbose" } else { "" });
            assert!(lost.is_empty(), "{what}: {lost:?}");
            out.push(Output { what, text });
        };
        for format in Format::ALL.into_iter().filter(|format| *format != Format::Human) {
            write(format, 100, false);
        }
        for columns in [60, 100, 140] {
            write(Format::Human, columns, columns == 100);
        }
        // An excerpt as long as the line.
        write(Format::Human, 500, true);
        for input in checked.inputs() {
            let text = input.notes.iter().map(|(_, text)| format!("{text}\n")).collect();
            out.push(Output { what: format!("notes on {}", input.path), text });
        }
        out
    }

    /// Where a secret leaks, and which piece of it; none if it does not. `other` is another secret.
    pub fn leak(&self, secret: &str, other: &str, files: impl Fn(&str) -> Files) -> Option<(String, String)> {
        let outputs = self.outputs(files(secret));
        let found: Vec<(usize, String)> = (outputs.iter().enumerate())
            .filter_map(|(i, output)| Some((i, piece_in(&plain(&output.text), secret)?)))
            .collect();
        if found.is_empty() {
            return None;
        }
        let again = self.outputs(files(other));
        found.into_iter().find_map(|(i, piece)| {
            let chance = again.get(i).is_some_and(|output| plain(&output.text).contains(&piece));
            (!chance).then(|| (format!("{}:\n{}", outputs[i].what, plain(&outputs[i].text)), piece))
        })
    }
}

/// The text without colours.
pub fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// The first piece of a secret that stands in a text.
pub fn piece_in(text: &str, secret: &str) -> Option<String> {
    let chars: Vec<char> = secret.chars().collect();
    let length = PIECE.min(chars.len()).max(1);
    chars.windows(length).map(|piece| piece.iter().collect::<String>()).find(|piece| text.contains(piece))
}
