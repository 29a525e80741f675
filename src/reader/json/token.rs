//! The JSON tokenizer: checks the grammar and says where keys and values stand. It builds nothing.
//!
//! It works on text that may break off anywhere, because text comes in windows: running out of it is
//! [`Stop::More`], a mistake is [`Stop::Bad`] with its place. Strings are checked but not unescaped; see
//! [`super::text`] for that. A surrogate that stands alone is let through, as exports hold such names.

use std::ops::Range;

/// How deep arrays and objects may stand in one another.
pub(super) const DEPTH_LIMIT: usize = 512;

/// Why the tokenizer cannot go on. The scanner stands at the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::reader) enum Stop {
    /// The text ends in the middle.
    More,
    /// It is not JSON.
    Bad(Why),
}

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::reader) enum Why {
    Value,
    ValueBehindComma,
    Digit,
    LeadingZero,
    Control,
    Unicode,
    Escape,
    Key,
    Colon,
    CommaOrBrace,
    CommaOrBracket,
    Depth,
}

impl Why {
    /// In words that fit behind "not valid JSON: ".
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Value => "a value is expected here",
            Self::ValueBehindComma => "a value is expected behind `,`",
            Self::Digit => "a digit is expected here",
            Self::LeadingZero => "a number cannot begin with 0",
            Self::Control => "a control character stands in a text; it must be written as an escape",
            Self::Unicode => "`\\u` must be followed by four hexadecimal digits",
            Self::Escape => "there is no such escape; a backslash is written as `\\\\`",
            Self::Key => "a property name in quotes is expected here",
            Self::Colon => "`:` is expected behind a property name",
            Self::CommaOrBrace => "`,` or `}` is expected here",
            Self::CommaOrBracket => "`,` or `]` is expected here",
            Self::Depth => "arrays and objects stand more than 512 deep in one another",
        }
    }
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::reader) enum Kind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool,
    /// A number.
    Number,
    /// A string without escapes.
    Plain,
    /// A string with escapes.
    Escaped,
    /// `[...]`
    Array,
    /// `{...}`
    Object,
}

/// A value in the text: the range includes quotes and brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::reader) struct Token {
    /// What it is.
    pub(in crate::reader) kind: Kind,
    /// Where it stands.
    pub(in crate::reader) range: Range<usize>,
}

impl Token {
    /// A string's characters, without quotes.
    pub(super) fn inner(&self) -> Range<usize> {
        self.range.start + 1..self.range.end - 1
    }

    /// Whether it is a string.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Plain | Kind::Escaped)
    }
}

/// A property of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// Its name: a string.
    pub(super) key: Token,
    /// Its value.
    pub(super) value: Token,
}

/// A place in the text from which to go on.
#[derive(Debug, Clone, Copy)]
pub(in crate::reader) struct Scanner<'t> {
    /// The text.
    pub(in crate::reader) text: &'t str,
    bytes: &'t [u8],
    /// The next byte.
    pub(in crate::reader) at: usize,
    /// Whether the text ends because the file does.
    pub(super) last: bool,
}

impl<'t> Scanner<'t> {
    /// At `at` of `text`; `last` says that nothing follows the text.
    pub(in crate::reader) fn new(text: &'t str, at: usize, last: bool) -> Self {
        Self { text, bytes: text.as_bytes(), at, last }
    }

    /// The next byte, without taking it.
    #[inline]
    pub(in crate::reader) fn peek(&self) -> Result<u8, Stop> {
        self.bytes.get(self.at).copied().ok_or(Stop::More)
    }

    #[cold]
    fn bad<T>(&self, why: Why) -> Result<T, Stop> {
        Err(Stop::Bad(why))
    }

    /// Skips white space.
    #[inline]
    pub(in crate::reader) fn blanks(&mut self) {
        let Some(&first) = self.bytes.get(self.at) else { return };
        if first > b' ' {
            return;
        }
        self.blanks_slowly();
    }

    /// Skips what may stand between values at the top level: white space, NUL, byte order marks.
    pub(super) fn filling(&mut self) {
        loop {
            self.blanks();
            match self.bytes.get(self.at) {
                Some(0) => self.at += 1,
                Some(0xEF) if self.bytes[self.at..].starts_with("\u{feff}".as_bytes()) => self.at += 3,
                _ => return,
            }
        }
    }

    /// Whether the last byte that is not white space is a comma.
    pub(super) fn behind_comma(&self) -> bool {
        self.bytes[..self.at].iter().rev().find(|b| !b.is_ascii_whitespace()) == Some(&b',')
    }

    fn blanks_slowly(&mut self) {
        const SPACES: u64 = 0x2020_2020_2020_2020;
        loop {
            match self.bytes.get(self.at) {
                Some(b' ') => {
                    while let Some(eight) = self.bytes.get(self.at..).and_then(|b| b.first_chunk::<8>()) {
                        let other = u64::from_le_bytes(*eight) ^ SPACES;
                        if other != 0 {
                            self.at += (other.trailing_zeros() / 8) as usize;
                            break;
                        }
                        self.at += 8;
                    }
                    while self.bytes.get(self.at) == Some(&b' ') {
                        self.at += 1;
                    }
                }
                Some(b'\n' | b'\r' | b'\t') => self.at += 1,
                _ => return,
            }
        }
    }

    /// Takes a whole value, which begins at the next byte.
    #[inline]
    pub(in crate::reader) fn value(&mut self) -> Result<Token, Stop> {
        let start = self.at;
        let kind = match self.peek()? {
            b'"' => self.string()?,
            b'{' => {
                self.nested()?;
                Kind::Object
            }
            b'[' => {
                self.nested()?;
                Kind::Array
            }
            _ => self.plain()?,
        };
        Ok(Token { kind, range: start..self.at })
    }

    /// A number or a word.
    fn plain(&mut self) -> Result<Kind, Stop> {
        match self.peek()? {
            b't' => self.word(b"true", Kind::Bool),
            b'f' => self.word(b"false", Kind::Bool),
            b'n' => self.word(b"null", Kind::Null),
            b'-' | b'0'..=b'9' => self.number(),
            _ => self.bad(Why::Value),
        }
    }

    fn word(&mut self, word: &'static [u8], kind: Kind) -> Result<Kind, Stop> {
        let there = &self.bytes[self.at..];
        if there.starts_with(word) {
            self.at += word.len();
            Ok(kind)
        } else if there.len() < word.len() && word.starts_with(there) {
            Err(Stop::More)
        } else {
            self.bad(Why::Value)
        }
    }

    fn number(&mut self) -> Result<Kind, Stop> {
        let digits = |s: &mut Self| {
            let from = s.at;
            while s.bytes.get(s.at).is_some_and(u8::is_ascii_digit) {
                s.at += 1;
            }
            match s.bytes.get(s.at) {
                // The number may go on in the next window.
                None if !(s.last && s.at > from) => Err(Stop::More),
                _ if s.at == from => s.bad(Why::Digit),
                _ => Ok(()),
            }
        };
        if self.peek()? == b'-' {
            self.at += 1;
        }
        if self.peek()? == b'0' {
            self.at += 1;
            match self.bytes.get(self.at) {
                Some(b'0'..=b'9') => return self.bad(Why::LeadingZero),
                None if !self.last => return Err(Stop::More),
                _ => {}
            }
        } else {
            digits(self)?;
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            digits(self)?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let b'+' | b'-' = self.peek()? {
                self.at += 1;
            }
            digits(self)?;
        }
        Ok(Kind::Number)
    }

    /// Takes a string, which begins at the next byte.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Kind, Stop> {
        let mut kind = Kind::Plain;
        self.at += 1;
        loop {
            self.ordinary();
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Ok(kind);
                }
                b'\\' => {
                    kind = Kind::Escaped;
                    self.escape()?;
                }
                _ => {
                    return self.bad(Why::Control);
                }
            }
        }
    }

    /// Skips the bytes of a string that need no attention: eight at a time.
    #[inline]
    fn ordinary(&mut self) {
        const ONES: u64 = 0x0101_0101_0101_0101;
        const HIGH: u64 = 0x8080_8080_8080_8080;
        while let Some(eight) = self.bytes.get(self.at..).and_then(|b| b.first_chunk::<8>()) {
            let word = u64::from_le_bytes(*eight);
            let quote = word ^ (ONES * b'"' as u64);
            let slash = word ^ (ONES * b'\\' as u64);
            // The lowest bit set is exact; those above it may be borrowed.
            let found = (quote.wrapping_sub(ONES) & !quote
                | slash.wrapping_sub(ONES) & !slash
                | word.wrapping_sub(ONES * 0x20) & !word)
                & HIGH;
            if found != 0 {
                self.at += (found.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += 8;
        }
        while self.bytes.get(self.at).is_some_and(|b| !matches!(b, b'"' | b'\\' | 0..0x20)) {
            self.at += 1;
        }
    }

    fn escape(&mut self) -> Result<(), Stop> {
        match self.bytes.get(self.at + 1).ok_or(Stop::More)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 2,
            b'u' => {
                for i in 2..6 {
                    let digit = self.bytes.get(self.at + i).ok_or(Stop::More)?;
                    if !digit.is_ascii_hexdigit() {
                        return self.bad(Why::Unicode);
                    }
                }
                self.at += 6;
            }
            _ => return self.bad(Why::Escape),
        }
        Ok(())
    }

    /// Takes a key and the colon behind it, up to the value.
    #[inline]
    fn key(&mut self) -> Result<Token, Stop> {
        if self.peek()? != b'"' {
            return self.bad(Why::Key);
        }
        let start = self.at;
        let kind = self.string()?;
        let range = start..self.at;
        self.colon()?;
        Ok(Token { kind, range })
    }

    #[inline]
    fn colon(&mut self) -> Result<(), Stop> {
        self.blanks();
        if self.peek()? != b':' {
            return self.bad(Why::Colon);
        }
        self.at += 1;
        self.blanks();
        Ok(())
    }

    /// Takes an array or object with all that is in it.
    fn nested(&mut self) -> Result<(), Stop> {
        let mut stack = [0u64; DEPTH_LIMIT / 64];
        let mut depth = 0;
        loop {
            let first = self.peek()?;
            match first {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    if depth == DEPTH_LIMIT {
                        return self.bad(Why::Depth);
                    }
                    let (word, bit) = (depth / 64, 1 << (depth % 64));
                    self.at += 1;
                    depth += 1;
                    self.blanks();
                    if first == b'{' {
                        stack[word] |= bit;
                        if self.peek()? != b'}' {
                            self.key()?;
                            continue;
                        }
                    } else {
                        stack[word] &= !bit;
                        if self.peek()? != b']' {
                            continue;
                        }
                    }
                    self.at += 1;
                    depth -= 1;
                }
                _ => {
                    self.plain()?;
                }
            }
            loop {
                if depth == 0 {
                    return Ok(());
                }
                let object = stack[(depth - 1) / 64] >> ((depth - 1) % 64) & 1 == 1;
                self.blanks();
                match self.peek()? {
                    b',' => {
                        self.at += 1;
                        self.blanks();
                        if object {
                            self.key()?;
                        }
                        break;
                    }
                    b'}' if object => self.at += 1,
                    b']' if !object => self.at += 1,
                    _ if object => return self.bad(Why::CommaOrBrace),
                    _ => return self.bad(Why::CommaOrBracket),
                }
                depth -= 1;
            }
        }
    }

    /// Goes to the next property of an object: behind its `{` if `first`, else behind the property before.
    /// Gives the key and stands before the value; none if the object ends, standing behind its `}`.
    #[inline]
    pub(super) fn member(&mut self, first: bool) -> Result<Option<Token>, Stop> {
        self.blanks();
        match self.peek()? {
            b'}' => {
                self.at += 1;
                return Ok(None);
            }
            b',' if !first => {
                self.at += 1;
                self.blanks();
            }
            _ if !first => return self.bad(Why::CommaOrBrace),
            _ => {}
        }
        self.key().map(Some)
    }

    /// Goes to the next element of an array: behind its `[` if `first`, else behind the element before. True if it
    /// stands before an element, false if the array ends, standing behind its `]`.
    #[inline]
    pub(super) fn element(&mut self, first: bool) -> Result<bool, Stop> {
        self.blanks();
        match self.peek()? {
            b']' => {
                self.at += 1;
                return Ok(false);
            }
            b',' if !first => {
                self.at += 1;
                self.blanks();
                if self.peek()? == b']' {
                    return self.bad(Why::ValueBehindComma);
                }
            }
            _ if !first => return self.bad(Why::CommaOrBracket),
            _ => {}
        }
        Ok(true)
    }

    /// Takes an object, which begins at the next byte, and lists its properties. True if its keys are those of
    /// `shape`, which is quicker to see than to read them.
    #[inline]
    pub(super) fn object(&mut self, shape: &Shape, members: &mut Vec<Member>) -> Result<(Token, bool), Stop> {
        members.clear();
        let start = self.at;
        self.at += 1;
        let mut same = true;
        loop {
            self.blanks();
            match self.peek()? {
                b'}' => {
                    self.at += 1;
                    break;
                }
                b',' if !members.is_empty() => {
                    self.at += 1;
                    self.blanks();
                }
                _ if !members.is_empty() => return self.bad(Why::CommaOrBrace),
                _ => {}
            }
            let key = match shape.key(members.len()) {
                Some((key, kind)) if self.bytes[self.at..].starts_with(key) => {
                    let from = self.at;
                    self.at += key.len();
                    self.colon()?;
                    Token { kind, range: from..from + key.len() }
                }
                _ => {
                    same = false;
                    self.key()?
                }
            };
            let value = self.value()?;
            members.push(Member { key, value });
        }
        same &= members.len() == shape.keys.len();
        Ok((Token { kind: Kind::Object, range: start..self.at }, same))
    }
}

/// The keys of an object in their order, as they are written: rows of one export look alike.
#[derive(Debug, Default)]
pub(super) struct Shape {
    bytes: Vec<u8>,
    /// Where each key ends in the bytes, and whether it has escapes.
    keys: Vec<(usize, Kind)>,
}

impl Shape {
    /// That of the object with these properties.
    pub(super) fn of(text: &str, members: &[Member]) -> Self {
        let mut shape = Self::default();
        for Member { key, .. } in members {
            shape.bytes.extend_from_slice(text[key.range.clone()].as_bytes());
            shape.keys.push((shape.bytes.len(), key.kind));
        }
        shape
    }

    /// A key with its quotes.
    #[inline]
    fn key(&self, i: usize) -> Option<(&[u8], Kind)> {
        let &(end, kind) = self.keys.get(i)?;
        let start = if i == 0 { 0 } else { self.keys[i - 1].0 };
        Some((&self.bytes[start..end], kind))
    }
}

/// The properties of an object that begins at `at` and has been checked before.
pub(super) fn members(text: &str, at: usize) -> Vec<Member> {
    let mut members = Vec::new();
    match Scanner::new(text, at, true).object(&Shape::default(), &mut members) {
        Ok(_) => members,
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(text: &str) -> Result<Token, (Stop, usize)> {
        let mut scanner = Scanner::new(text, 0, true);
        scanner.blanks();
        let token = scanner.value().map_err(|stop| (stop, scanner.at))?;
        scanner.blanks();
        if scanner.at < text.len() { Err((Stop::Bad(Why::Value), scanner.at)) } else { Ok(token) }
    }

    #[test]
    fn places() {
        let text = r#" {"a": [1, {"b\n": null}], "c":"d"}"#;
        let mut members = Vec::new();
        let mut scanner = Scanner::new(text, 1, true);
        let (token, same) = scanner.object(&Shape::default(), &mut members).unwrap();
        assert_eq!((token.range, same), (1..35, false));
        let shape = Shape::of(text, &members);
        let again = members.clone();
        assert!(Scanner::new(text, 1, true).object(&shape, &mut members).unwrap().1);
        assert_eq!(members, again);
        let seen: Vec<_> = members
            .iter()
            .map(|m| (&text[m.key.inner()], &text[m.value.range.clone()], m.value.kind))
            .collect();
        assert_eq!(seen, [("a", r#"[1, {"b\n": null}]"#, Kind::Array), ("c", "\"d\"", Kind::Plain)]);
        assert_eq!(members[1].value.inner(), 32..33);
        for other in [r#"{"a":1}"#, r#"{"a":1,"c":2,"d":3}"#, r#"{"a":1,"cc":2}"#, r#"{"c":1,"a":2}"#, "{}"] {
            assert!(!Scanner::new(other, 0, true).object(&shape, &mut members).unwrap().1, "{other}");
        }
    }

    #[test]
    fn mistakes_and_their_places() {
        for (text, at) in [
            ("[1,]", 3),
            ("[1 2]", 3),
            ("{\"a\":1,}", 7),
            ("{\"a\" 1}", 5),
            ("{a:1}", 1),
            ("[\"a\tb\"]", 3),
            ("[\"a\\x\"]", 3),
            ("[\"\\u12g4\"]", 2),
            ("[01]", 2),
            ("[1.]", 3),
            ("[1e+]", 4),
            ("[-]", 2),
            ("[nul]", 1),
            ("[True]", 1),
            ("[}", 1),
            ("[1}", 2),
            ("{\"a\":]", 5),
        ] {
            match whole(text) {
                Err((Stop::Bad(why), found)) => assert_eq!(found, at, "{text}: {}", why.text()),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn every_beginning_wants_more() {
        let text = r#"{"a\u0041":[1.5e3,-0,true,null,{"b":"\"x"}],"c":false}"#;
        for end in 0..text.len() {
            let mut scanner = Scanner::new(&text[..end], 0, false);
            assert_eq!(scanner.value(), Err(Stop::More), "{}", &text[..end]);
        }
        assert!(whole(text).is_ok());
    }

    #[test]
    fn a_number_may_go_on_in_the_next_window() {
        for text in ["12", "0", "-", "1.", "1.5", "1e", "1e5"] {
            assert_eq!(Scanner::new(text, 0, false).value(), Err(Stop::More), "{text}");
        }
        assert!(whole("12").is_ok() && whole("0").is_ok() && whole("1e5").is_ok());
        assert_eq!(whole("1."), Err((Stop::More, 2)));
    }

    #[test]
    fn depth_is_limited() {
        let nest = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(whole(&nest(512)).is_ok());
        assert_eq!(whole(&nest(513)), Err((Stop::Bad(Why::Depth), 512)));
        let mixed = format!("{}1{}", "{\"a\":[".repeat(256), "]}".repeat(256));
        assert!(whole(&mixed).is_ok());
    }

    /// The oracle: whatever it says of a text, we say.
    fn agrees(text: &str) -> Result<(), TestCaseError> {
        let oracle = serde_json::from_str::<serde::de::IgnoredAny>(text);
        prop_assert_eq!(
            whole(text).is_ok(),
            oracle.is_ok(),
            "{:?}: {:?} against {:?}",
            text,
            whole(text),
            oracle.err()
        );
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn agrees_with_serde_json_on_likely_text(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "{", "}", "[", "]", ",", ":", "\"a\"", "\"", "\\", "\\u0041", "\\n", "1", "-", "0", ".", "e", "E+", "true", "false",
                    "null", " ", "\n", "\t", "\u{1}", "\"k\":", "é", "\u{10ffff}", "nul", "\u{7f}",
                ]),
                0..24,
            )
        ) {
            agrees(&parts.concat())?;
        }

        #[test]
        fn agrees_with_serde_json_on_damaged_json(
            at in 0usize..400, byte in any::<char>(), cut in any::<bool>()
        ) {
            let text = r#"[{"Name":"CONTOSO\\naa","SID":{"Value":"S-1-5-21-1-2-3-500","n":-1.5e-3},"L":[],"O":{},"ü":"\u00fc\ud83d\ude00","t":true,
                "f":false,"z":null,"deep":[[[{"a":[1,2,3]}]]],"long":"abcdefghijklmnopqrstuvwxyz0123456789 \" \/ end"}]"#;
            let at = text.floor_char_boundary(at.min(text.len()));
            let mut damaged = text[..at].to_owned();
            damaged.push(byte);
            let rest = text[at..].chars().skip(usize::from(cut));
            damaged.extend(rest);
            agrees(&damaged)?;
        }

        #[test]
        fn any_window_end_gives_the_same(end in 0usize..200, text in "[\\[\\]{}\",:a-c0-9\\\\u \n]{0,60}") {
            // What is found in a part of the text is either undecided or what the whole text says.
            let end = text.floor_char_boundary(end.min(text.len()));
            let part = Scanner::new(&text[..end], 0, false).value();
            let all = Scanner::new(&text, 0, true).value();
            match part {
                Err(Stop::More) => {}
                other => prop_assert_eq!(other, all),
            }
        }
    }
}
