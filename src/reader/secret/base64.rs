//! Base64, as far as it carries text: scripts of steps and of `-EncodedCommand`, answer files.

/// The bytes; none if the text is not base64. Blanks and line ends are passed over.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for b in text.bytes().filter(|b| !b.is_ascii_whitespace()) {
        let six = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

/// The text that base64 carries, in UTF-16 or UTF-8.
pub(crate) fn decode_text(text: &str) -> Option<String> {
    let bytes = decode(text)?;
    match bytes.as_slice() {
        [0xff, 0xfe, ..] => Some(encoding_rs::UTF_16LE.decode(&bytes).0.into_owned()),
        [_, 0, ..] => Some(encoding_rs::UTF_16LE.decode_without_bom_handling(&bytes).0.into_owned()),
        _ => String::from_utf8(bytes).ok(),
    }
}

/// Whether a text of sixteen characters or more, complete as base64, carries readable text. None if it is not base64 by
/// its looks: words and numbers are not.
pub(crate) fn readable(text: &str) -> Option<bool> {
    let mixed = text.bytes().any(|b| b.is_ascii_uppercase())
        && text.bytes().any(|b| b.is_ascii_lowercase())
        && text.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'+' | b'/' | b'='));
    if text.len() < 16 || !text.len().is_multiple_of(4) || !mixed {
        return None;
    }
    decode(text)?;
    let readable = decode_text(text).is_some_and(|text| {
        text.chars().count() >= 6 && text.chars().all(|c| !c.is_control() && c != '\u{fffd}')
    });
    Some(readable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        // `$x`, and `-Password abc` as PowerShell writes them: UTF-16, once with a mark.
        assert_eq!(decode_text("//4kAHgA").as_deref(), Some("$x"));
        assert_eq!(decode_text("LQBQAGEAcwBzAHcAbwByAGQAIABhAGIAYwA=").as_deref(), Some("-Password abc"));
        assert_eq!(decode_text("not base 64!"), None);
        assert_eq!(readable("LQBQAGEAcwBzAHcAbwByAGQAIABhAGIAYwA="), Some(true));
        assert_eq!(readable("Nordlicht"), None);
        assert_eq!(readable("q83vASNFZ4mrze8BI0VniQ=="), Some(false));
    }
}
