//! Words of a text, cut the same way for the index and for a query.
//!
//! `site/search-engine.js` cuts queries by the same rules; `tests/search/tokens.json` holds both to them. Identifiers
//! and paths stay whole and are cut into their parts beside that: `SMS_SiteToSiteConnection` is also `site`,
//! `connection` and `sitetositeconnection`.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// A word as it stands in a text, and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The word in lower case, with what joins its parts: `despoolr.box`.
    pub whole: String,
    /// Its parts at the joints: `despoolr`, `box`. A word without joints is its own only part.
    pub segments: Vec<String>,
    /// Other forms under which it is found, without repetition: parts, parts of `camelCase`, two parts written
    /// as one word.
    pub parts: Vec<String>,
}

/// What joins the parts of one word.
fn joins(c: char) -> bool {
    matches!(c, '_' | '\\' | '/' | '.' | ':' | '-' | '$' | '@')
}

/// The words of a text, in order.
pub fn tokens(text: &str) -> Vec<Token> {
    // Plain letters are as they are normalized.
    let plain = if text.is_ascii() && !text.contains('\'') {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(normalized(text))
    };
    plain
        .split(|c: char| !(c.is_alphanumeric() || c == '%' || joins(c)))
        .map(|run| run.trim_matches(joins))
        .filter(|word| word.contains(char::is_alphanumeric))
        .map(token)
        .collect()
}

fn normalized(text: &str) -> String {
    text.nfkd()
        .filter(|c| !matches!(c, '\u{300}'..='\u{36f}' | '\'' | '\u{2019}' | '\u{2bc}'))
        .map(|c| if c == '\u{2010}' { '-' } else { c })
        .collect()
}

fn token(word: &str) -> Token {
    let whole = word.to_lowercase();
    // Most words have no parts.
    if word.bytes().skip(1).all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && word.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
    {
        return Token { segments: vec![whole.clone()], whole, parts: Vec::new() };
    }
    let pieces: Vec<&str> = word.split(joins).filter(|s| !s.is_empty()).collect();
    let segments: Vec<String> = pieces.iter().map(|s| s.to_lowercase()).collect();
    let mut parts: Vec<String> = Vec::new();
    let mut add = |part: String| {
        if part.chars().nth(1).is_some() && part != whole && !parts.contains(&part) {
            parts.push(part);
        }
    };
    for (piece, segment) in pieces.iter().zip(&segments) {
        add(segment.clone());
        add(segment.replace('%', ""));
        let humps = humps(piece);
        for (i, hump) in humps.iter().enumerate().filter(|_| humps.len() > 1) {
            add(hump.clone());
            if let (1, Some(next)) = (hump.chars().count(), humps.get(i + 1)) {
                add(format!("{hump}{next}"));
            }
        }
    }
    if let [a, b] = segments.as_slice() {
        add(format!("{a}{b}"));
    }
    Token { whole, segments, parts }
}

/// The parts of `camelCase`, in lower case: `OSDJoinAccount` is `osd`, `join`, `account`. A lower-case letter
/// behind capitals is a plural and no new part: `DPs`.
fn humps(word: &str) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    let upper = |i: usize| chars.get(i).is_some_and(|c: &char| c.is_uppercase());
    let lower = |i: usize| chars.get(i).is_some_and(|c: &char| c.is_lowercase());
    let mut out = Vec::new();
    let mut start = 0;
    for i in 1..chars.len() {
        if upper(i) && (lower(i - 1) || (upper(i - 1) && lower(i + 1) && lower(i + 2))) {
            out.push(chars[start..i].iter().collect::<String>().to_lowercase());
            start = i;
        }
    }
    out.push(chars[start..].iter().collect::<String>().to_lowercase());
    out
}

/// A word without the ending that changes with grammar: `permissions` and `permission` become the same. What
/// is left need not be a word.
pub fn stem(word: &str) -> String {
    if word.len() < 3 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return word.to_owned();
    }
    let mut word = if let Some(base) = word.strip_suffix("ies").filter(|b| b.len() > 1) {
        format!("{base}y")
    } else if let Some(base) = word
        .strip_suffix("es")
        .filter(|b| b.len() > 2 && ["s", "x", "z", "ch", "sh"].iter().any(|e| b.ends_with(e)))
    {
        base.to_owned()
    } else if word.ends_with('s') && !["ss", "us", "is"].iter().any(|e| word.ends_with(e)) {
        word[..word.len() - 1].to_owned()
    } else {
        word.to_owned()
    };
    for (ending, least) in
        [("ation", 4), ("ating", 4), ("ated", 4), ("ate", 4), ("ion", 4), ("ing", 3), ("ed", 3)]
    {
        if let Some(base) = word.strip_suffix(ending)
            && base.len() >= least
        {
            let doubled = matches!(ending, "ing" | "ed")
                && base.len() > 3
                && base.as_bytes()[base.len() - 1] == base.as_bytes()[base.len() - 2]
                && !base.ends_with(['l', 's', 'z']);
            word = base[..base.len() - usize::from(doubled)].to_owned();
            break;
        }
    }
    match word.strip_suffix('e') {
        Some(base) if base.len() > 2 => base.to_owned(),
        _ => word,
    }
}

/// A text without anything but letters and digits, in lower case: how names are compared as a whole.
pub fn squash(text: &str) -> String {
    text.nfkd()
        .filter(|c| c.is_alphanumeric() && !matches!(c, '\u{300}'..='\u{36f}'))
        .collect::<String>()
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn texts(value: &Value) -> Vec<String> {
        let list = value.as_array().expect("a list");
        list.iter().map(|v| v.as_str().expect("a text").to_owned()).collect()
    }

    #[test]
    fn words_are_cut_as_the_shared_table_says() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/search/tokens.json");
        let text = std::fs::read_to_string(file).expect("the table is there");
        let table: Value = serde_json::from_str(&text).expect("the table is JSON");
        let cases = table["tokens"].as_array().expect("cases");
        assert!(cases.len() >= 20);
        for case in cases {
            let text = case["text"].as_str().expect("a text");
            let wanted: Vec<Token> = case["tokens"]
                .as_array()
                .expect("tokens")
                .iter()
                .map(|t| Token {
                    whole: t[0].as_str().expect("a word").to_owned(),
                    segments: texts(&t[1]),
                    parts: texts(&t[2]),
                })
                .collect();
            assert_eq!(tokens(text), wanted, "{text}");
        }
        for (word, wanted) in table["stems"].as_object().expect("stems") {
            assert_eq!(stem(word), wanted.as_str().expect("a stem"), "{word}");
        }
        for (text, wanted) in table["squashed"].as_object().expect("squashed") {
            assert_eq!(squash(text), wanted.as_str().expect("a text"), "{text}");
        }
    }
}
