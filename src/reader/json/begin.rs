//! Whether a text that begins with a bracket is JSON. Scripts, settings, logs and pages begin with one, too.

use super::token::Scanner;

/// Whether the text begins as JSON does. What only breaks off later is JSON, and damaged.
pub(in crate::reader) fn begins(text: &str) -> bool {
    match text.as_bytes().first() {
        Some(b'{') => object(&text[1..]),
        Some(b'[') => list(text),
        _ => false,
    }
}

/// [`begins`], and there is an object in it.
pub(in crate::reader) fn holds_rows(text: &str) -> bool {
    let inner = text.trim_start_matches(|c: char| c == '[' || c.is_whitespace());
    inner.starts_with('{') && begins(text)
}

/// Whether the text is one string, in which JSON begins: what was converted twice.
pub(in crate::reader) fn begins_in_text(text: &str) -> bool {
    let inner = text.trim_start_matches(['"', ' ', '\\', 'r', 'n', 't']);
    // In a string, quotation marks are escaped; in a list of values they are doubled.
    inner.starts_with(['{', '[']) && (inner.contains("\\\"") || inner.contains("\\u0022"))
}

/// Behind `{`: a name, the end, or the name in a notation that only looks like JSON and was meant as such.
fn object(behind: &str) -> bool {
    let rest = behind.trim_start();
    match rest.chars().next() {
        None | Some('"' | '}') => true,
        Some('\'') => rest[1..].find('\'').is_some_and(|end| rest[end + 2..].trim_start().starts_with(':')),
        Some(c) if c.is_alphabetic() || c == '_' => {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let behind = rest[end..].trim_start();
            behind.starts_with(':') && !behind.starts_with("::") && !behind.starts_with(":\\")
        }
        _ => false,
    }
}

/// A list, from its `[` on: of objects, of lists, or of plain values behind which nothing but JSON stands.
fn list(text: &str) -> bool {
    let mut rest = &text[1..];
    loop {
        rest = rest.trim_start();
        match rest.as_bytes().first() {
            None => return true,
            Some(b'[') => rest = &rest[1..],
            Some(b'{') => return object(&rest[1..]),
            Some(_) => break,
        }
    }
    match Scanner::new(text, 0, true).value() {
        Ok(whole) => {
            let behind = text[whole.range.end..].trim_start();
            behind.is_empty() || behind.starts_with(['[', '{', ','])
        }
        // Damaged or cut off: JSON if its first value is one.
        Err(_) => {
            let first = rest.find([',', ']', '\n']).map_or(rest, |end| &rest[..end]).trim_end();
            let number = !first.is_empty()
                && first.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'))
                && first.parse::<f64>().is_ok();
            rest.starts_with('"') || number || matches!(first, "true" | "false" | "null")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_what_only_begins_so() {
        for text in [
            "{",
            "[",
            "[]",
            "{}",
            "[\r\n]",
            "{\"a\":1}",
            "[{\"a\":",
            "[[1",
            "[1, 2]",
            "[true]",
            "[\"a\"",
            "[null, {}]",
            "{'a': 1}",
            "[{a: 1}]",
            "[1][2]",
            "{ \"a\" \"b\"",
            "[\"C:\\s\"",
        ] {
            assert!(begins(text), "{text}");
        }
        for text in [
            "[CmdletBinding()]",
            "[+] a",
            "[2024-01-02 10:00:00] a",
            "[10:00:01] a",
            "[a](b)",
            "[1] a note",
            "[ ] to do",
            "[x] done",
            "[Settings]\nA=B",
            "{ param($x) }",
            "{ Get-It }",
            "{\\rtf1",
            "[{0021-}]",
            "[\"a\"] b",
            "[-] a",
            "[string]$x",
            "[$x]",
            "{$x}",
            "a",
        ] {
            assert!(!begins(text), "{text}");
        }
        assert!(holds_rows("[\n {\"a\":1}]") && !holds_rows("[1]"));
    }
}
