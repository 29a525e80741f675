//! The words of `vocabulary.yaml` that make a name a password's, as the script takes them: patterns, in ASCII.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::allowed::quote;

/// The lists that go into the script.
pub(super) fn lists(vocabulary: &Value) -> BTreeMap<&'static str, Vec<String>> {
    let secrets = &vocabulary["secrets"];
    let list = |names: &[&str]| -> Vec<String> {
        let words = names.iter().flat_map(|name| secrets[*name].as_array().into_iter().flatten());
        words.filter_map(Value::as_str).map(|word| quote(&pattern(word))).collect()
    };
    let plain = |name: &str| -> Vec<String> {
        let words = secrets[name].as_array().into_iter().flatten().filter_map(Value::as_str);
        words.filter(|word| word.is_ascii()).map(quote).collect()
    };
    let programs = secrets["programs"].as_array().into_iter().flatten();
    BTreeMap::from([
        ("secret names", list(&["passwords", "keys"])),
        ("secret words", list(&["words", "key_words", "maybe_words"])),
        ("secret heads", list(&["heads"])),
        ("never before", plain("never_before")),
        ("never after", plain("never_after")),
        ("maybe before", plain("maybe_before")),
        ("maybe after", plain("maybe_after")),
        ("secret settings", plain("settings")),
        ("secret programs", programs.filter_map(program).collect()),
    ])
}

/// A word as a regular expression: a blank is nothing or one of the signs that part words in names, and what is not
/// ASCII is written by its number.
fn pattern(word: &str) -> String {
    let mut out = String::new();
    for c in word.chars() {
        match c {
            ' ' => out.push_str("[ ._-]?"),
            c if c.is_ascii_alphanumeric() => out.push(c),
            c if c.is_ascii() => {
                let _ = write!(out, "\\{c}");
            }
            c => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                let _ = write!(out, "\\u{unit:04x}");
            }),
        }
    }
    out
}

/// A program that takes a password behind a switch, as a table of PowerShell.
fn program(value: &Value) -> Option<String> {
    let texts = |key: &str| -> Option<String> {
        let list: Vec<String> =
            value[key].as_array()?.iter().filter_map(Value::as_str).map(pattern).collect();
        (!list.is_empty()).then(|| list.join("|"))
    };
    let flag = |key: &str| if value[key].as_bool() == Some(true) { "$true" } else { "$false" };
    Some(format!(
        "@{{ Names = {}; Switches = {}; Exact = {}; Glued = {} }}",
        quote(&texts("names")?),
        quote(&texts("switches")?),
        flag("exact"),
        flag("glued"),
    ))
}
