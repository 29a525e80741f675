//! JSON as reports write it. The format `json` is the [`Document`](super::document::Document) as it is.

use std::fmt::Write;

use serde::Serialize;

use crate::source::visible;

/// A value as indented JSON in which nothing leads astray.
pub(super) fn pretty(value: &impl Serialize) -> String {
    // What is written is made of structs and texts, which JSON can always say.
    let mut out = escaped(serde_json::to_string_pretty(value).unwrap_or_default());
    out.push('\n');
    out
}

/// JSON in which no character stands that a terminal or a reader could be led astray by. Such characters stand in
/// texts only, where they may be written as escapes; what shapes the file itself are line ends.
pub(crate) fn escaped(json: String) -> String {
    let is_odd = |c: char| c != '\n' && visible(c) != c;
    if !json.contains(is_odd) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if is_odd(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_lead_astray_are_escaped_and_say_the_same() {
        let text = "a\u{9b}b\u{202e}c\u{2028}d\u{e0041}\u{1b}é者\n";
        let json = serde_json::to_string(text).expect("a text");
        let out = escaped(json);
        assert!(out.chars().all(|c| visible(c) == c), "{out}");
        assert!(out.contains("\\u009b") && out.contains("\\udb40\\udc41") && out.contains("é者"), "{out}");
        assert_eq!(serde_json::from_str::<String>(&out).expect("still JSON"), text);
    }
}
