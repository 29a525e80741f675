//! The example estates as files in memory, and the report on files.

use std::fs;
use std::path::Path;

use cmlint::cli::{BuiltIn, Checked};
use cmlint::content::Date;
use cmlint::report::Format;
use cmlint::source::{Limits, Sources};
use serde_json::Value;

pub type Files = Vec<(String, Vec<u8>)>;

/// The files of an example estate with their paths in it, in the order of the paths.
pub fn estate(name: &str) -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    let files = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter();
    files
        .map(|entry| entry.expect("it can be read"))
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let label = entry.path().strip_prefix(&root).expect("it is below").display().to_string();
            (label.replace('\\', "/"), fs::read(entry.path()).expect("it can be read"))
        })
        .collect()
}

/// The JSON report on files, against the revision of another report on the same estate.
pub fn report_against(built_in: &BuiltIn, files: Files, other: &Value) -> Value {
    let revision = other["revision"].as_str().and_then(|date| date.parse::<Date>().ok()).expect("a revision");
    let sources = Sources::from_memory(files, &Limits::default());
    json(&built_in.check_against(&sources, revision))
}

/// The JSON report on files.
pub fn report(built_in: &BuiltIn, files: Files) -> Value {
    let sources = Sources::from_memory(files, &Limits::default());
    json(&built_in.check(&sources))
}

fn json(checked: &Checked<'_>) -> Value {
    serde_json::from_str(&checked.write(Format::Json, 100, false).0).expect("the report is JSON")
}

/// The text of a file, and whether it is UTF-16.
pub fn text(bytes: &[u8]) -> (String, bool) {
    match bytes.strip_prefix(b"\xff\xfe") {
        Some(units) => {
            let units: Vec<u16> = units.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
            (String::from_utf16(&units).expect("UTF-16"), true)
        }
        None => (String::from_utf8(bytes.to_vec()).expect("UTF-8"), false),
    }
}

/// A text as the bytes of a file.
pub fn bytes(text: &str, utf16: bool) -> Vec<u8> {
    if utf16 {
        b"\xff\xfe".iter().copied().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
    } else {
        text.as_bytes().to_vec()
    }
}
