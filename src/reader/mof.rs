//! MOF text: `instance of CLASS { NAME = VALUE; ... };`, as a file (wbemtest) and as the text that stands in
//! place of an embedded object beyond the depth of an export.
//!
//! Only instances are read. Comments, pragmas, qualifiers and declarations of classes are skipped. The places of
//! values are those of the original, also where the MOF text itself stood in a string with escapes.

use std::ops::Range;

use crate::reader::{Data, Object, Value, date, row};
use crate::source::{Offsets, View};

/// How deep lists and instances may stand in one another.
const DEPTH_LIMIT: usize = 64;

/// Why parsing stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The text ends in the middle.
    More,
    /// It is not MOF.
    Bad {
        /// Where in the text.
        at: usize,
        /// What was expected; fits behind "not valid MOF: ".
        why: &'static str,
    },
}

/// Whether the text begins like an instance.
pub(super) fn is_instance(text: &str) -> bool {
    let mut words = text.split_ascii_whitespace();
    words.next().is_some_and(|w| w.eq_ignore_ascii_case("instance"))
        && words.next().is_some_and(|w| w.eq_ignore_ascii_case("of"))
}

/// The instances of a text that holds nothing else, joined by anything or by commas; none if it is not that.
pub(super) fn parse(text: View<'_>) -> Option<Vec<Value>> {
    let mut parser = Parser { view: text, at: 0, last: true };
    let mut values = Vec::new();
    loop {
        parser.blanks().ok()?;
        while parser.peek() == Some(b',') || parser.peek() == Some(b';') {
            parser.at += 1;
            parser.blanks().ok()?;
        }
        if parser.at == text.text.len() {
            return (!values.is_empty()).then_some(values);
        }
        values.push(parser.instance(0).ok()?);
    }
}

/// One parsed instance and the position behind it.
pub(super) fn instance_at(view: View<'_>, at: usize) -> Result<(Value, usize), Stop> {
    let mut parser = Parser { view, at, last: true };
    let value = parser.instance(0)?;
    parser.blanks_or_end();
    if parser.peek() == Some(b';') {
        parser.at += 1;
    }
    Ok((value, parser.at))
}

/// Goes from `at` to the next instance, past what is none; false if there is none. Where the text ends in the middle of
/// something ([`Stop::More`]), `at` is its beginning. `last` says that nothing follows the text.
pub(super) fn next_instance(text: &str, at: &mut usize, last: bool) -> Result<bool, Stop> {
    let offsets = Offsets::new(crate::source::Encoding::Utf8, 0);
    let mut parser = Parser { view: View { text, offsets: &offsets }, at: *at, last };
    loop {
        let blanks = parser.blanks();
        *at = parser.at;
        blanks?;
        match parser.peek() {
            None => return Ok(false),
            Some(b'i' | b'I') if parser.starts_instance()? => return Ok(true),
            Some(b'"') => {
                parser.string(b'"')?;
            }
            Some(b'#') => match parser.find(b'\n') {
                Some(end) => parser.at = end,
                None if last => parser.at = text.len(),
                None => return Err(Stop::More),
            },
            Some(b) if is_word(b) => {
                parser.word();
                if parser.at == text.len() && !last {
                    return Err(Stop::More);
                }
            }
            Some(_) => parser.at += text[parser.at..].chars().next().map_or(1, char::len_utf8),
        }
    }
}

/// Pairs of `NAME = VALUE`, parted by blanks, commas or semicolons: the way the properties of an instance are
/// printed beyond the depth of an export. Values that are not MOF are [`Data::Truncated`]. None if the text does not
/// begin with a pair.
pub(super) fn pairs(text: View<'_>) -> Option<Vec<(Box<str>, Value)>> {
    let mut parser = Parser { view: text, at: 0, last: true };
    let mut pairs = Vec::new();
    loop {
        parser.blanks().ok()?;
        while matches!(parser.peek(), Some(b',' | b';')) {
            parser.at += 1;
            parser.blanks().ok()?;
        }
        if parser.at == text.text.len() {
            return (!pairs.is_empty()).then_some(pairs);
        }
        let start = parser.at;
        let name = parser.word();
        parser.blanks().ok()?;
        if name.is_empty() || parser.peek() != Some(b'=') {
            if pairs.is_empty() {
                return None;
            }
            // The rest of a value that could not be read.
            parser.at =
                next_pair(text.text, start + text.text[start..].chars().next().map_or(1, char::len_utf8));
            continue;
        }
        parser.at += 1;
        parser.blanks().ok()?;
        let from = parser.at;
        let end = next_pair(text.text, from);
        let name: Box<str> = text.text[name].into();
        let value = if parser.at == text.text.len() || from == end {
            Value { span: text.span(from..from), data: Data::Null }
        } else {
            match parser.value(0) {
                Ok(value) => value,
                Err(_) => {
                    parser.at = end;
                    let written = text.text[from..end].trim_end();
                    Value { span: text.span(from..from + written.len()), data: plain(written) }
                }
            }
        };
        pairs.push((name, value));
    }
}

/// A word that is printed without quotes: a date, a type name, or something that cannot be trusted.
fn plain(written: &str) -> Data {
    match date::normal(written) {
        Some(date) => Data::Text(date.into()),
        None => Data::Truncated,
    }
}

/// Where the next `NAME =` begins from `at` on, outside of quotes; the end if there is none.
fn next_pair(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut i = at;
    let mut word = None;
    while i < bytes.len() {
        match bytes[i] {
            b'"' => {
                i += 1;
                while i < bytes.len() && bytes[i] != b'"' {
                    i += 1 + usize::from(bytes[i] == b'\\');
                }
                word = None;
            }
            b'=' if i > at => {
                if let Some(start) = word {
                    return start;
                }
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b if is_word(b) => {
                let begins = i == at || !is_word(bytes[i - 1]);
                if begins {
                    word = (i > 0 && bytes[i - 1].is_ascii_whitespace()).then_some(i);
                }
            }
            _ => word = None,
        }
        i += 1;
    }
    text.len()
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80
}

struct Parser<'v> {
    view: View<'v>,
    at: usize,
    /// Whether nothing follows the text.
    last: bool,
}

impl<'v> Parser<'v> {
    fn bytes(&self) -> &'v [u8] {
        self.view.text.as_bytes()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes().get(self.at).copied()
    }

    fn need(&self) -> Result<u8, Stop> {
        self.peek().ok_or(Stop::More)
    }

    fn bad<T>(&self, why: &'static str) -> Result<T, Stop> {
        Err(Stop::Bad { at: self.at, why })
    }

    fn find(&self, b: u8) -> Option<usize> {
        memchr::memchr(b, &self.bytes()[self.at..]).map(|i| self.at + i)
    }

    /// Skips white space and comments.
    fn blanks(&mut self) -> Result<(), Stop> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n' | 0 | 0x0c) => self.at += 1,
                Some(b'/') => match self.bytes().get(self.at + 1) {
                    Some(b'/') => match self.find(b'\n') {
                        Some(end) => self.at = end,
                        None if self.last => self.at = self.view.text.len(),
                        None => return Err(Stop::More),
                    },
                    Some(b'*') => {
                        let rest = &self.bytes()[self.at + 2..];
                        let end = memchr::memmem::find(rest, b"*/").ok_or(Stop::More)?;
                        self.at += end + 4;
                    }
                    Some(_) => return Ok(()),
                    None => return Err(Stop::More),
                },
                _ => return Ok(()),
            }
        }
    }

    fn blanks_or_end(&mut self) {
        let start = self.at;
        if self.blanks().is_err() {
            self.at = start;
        }
    }

    /// Takes a word, possibly an empty one.
    fn word(&mut self) -> Range<usize> {
        let start = self.at;
        while self.peek().is_some_and(is_word) {
            self.at += 1;
        }
        start..self.at
    }

    fn keyword(&mut self, keyword: &str, why: &'static str) -> Result<(), Stop> {
        let start = self.at;
        let word = self.word();
        if self.view.text[word].eq_ignore_ascii_case(keyword) {
            return Ok(());
        }
        if self.peek().is_none() {
            return Err(Stop::More);
        }
        self.at = start;
        self.bad(why)
    }

    /// Whether `instance of` stands here.
    fn starts_instance(&self) -> Result<bool, Stop> {
        let mut ahead = Parser { view: self.view, at: self.at, last: self.last };
        for keyword in ["instance", "of"] {
            match ahead.keyword(keyword, "") {
                Ok(()) => ahead.blanks()?,
                Err(Stop::More) => return Err(Stop::More),
                Err(Stop::Bad { .. }) => return Ok(false),
            }
        }
        Ok(true)
    }

    fn instance(&mut self, depth: usize) -> Result<Value, Stop> {
        let start = self.at;
        self.keyword("instance", "`instance of` is expected here")?;
        self.blanks()?;
        self.keyword("of", "`of` is expected behind `instance`")?;
        self.blanks()?;
        let class = self.word();
        self.blanks()?;
        // `instance of X as $1`
        while self.need()? != b'{' {
            let from = self.at;
            self.word();
            if self.at == from {
                return self.bad("`{` is expected here");
            }
            self.blanks()?;
        }
        self.at += 1;
        let class = row::class_name(&self.view.text[class]);
        let mut object = Object { class: Some(class.into()), properties: Vec::new() };
        loop {
            self.blanks()?;
            match self.need()? {
                b'}' => break,
                b';' => {
                    self.at += 1;
                    continue;
                }
                b'[' => {
                    self.qualifiers()?;
                    continue;
                }
                _ => {}
            }
            let name = self.word();
            if name.is_empty() {
                return self.bad("a property name is expected here");
            }
            self.blanks()?;
            if self.need()? != b'=' {
                return self.bad("`=` is expected behind a property name");
            }
            self.at += 1;
            self.blanks()?;
            let value = self.value(depth + 1)?;
            object.properties.push((self.view.text[name].into(), value));
            self.blanks()?;
            match self.need()? {
                b';' => self.at += 1,
                b'}' => {}
                _ => return self.bad("`;` is expected behind a value"),
            }
        }
        self.at += 1;
        Ok(Value { span: self.view.span(start..self.at), data: Data::Object(object) })
    }

    fn qualifiers(&mut self) -> Result<(), Stop> {
        while self.need()? != b']' {
            if self.need()? == b'"' {
                self.string(b'"')?;
            } else {
                self.at += 1;
            }
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Value, Stop> {
        if depth > DEPTH_LIMIT {
            return self.bad("lists and instances stand more than 64 deep in one another");
        }
        let start = self.at;
        let data = match self.need()? {
            b'"' => return self.text(b'"'),
            b'\'' => return self.text(b'\''),
            b'{' => {
                self.at += 1;
                let mut list = Vec::new();
                loop {
                    self.blanks()?;
                    match self.need()? {
                        b'}' => break,
                        b',' => {
                            self.at += 1;
                            continue;
                        }
                        _ => list.push(self.value(depth + 1)?),
                    }
                }
                self.at += 1;
                Data::List(list)
            }
            b'i' | b'I' if self.starts_instance()? => return self.instance(depth + 1),
            b'-' | b'+' | b'.' | b'0'..=b'9' => {
                while self
                    .peek()
                    .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
                {
                    self.at += 1;
                }
                let written = &self.view.text[start..self.at];
                if !is_number(written) {
                    self.at = start;
                    return self.bad("a value is expected here");
                }
                Data::Number(written.into())
            }
            _ => {
                let word = self.word();
                let word = &self.view.text[word];
                if word.eq_ignore_ascii_case("NULL") {
                    Data::Null
                } else if word.eq_ignore_ascii_case("TRUE") {
                    Data::Bool(true)
                } else if word.eq_ignore_ascii_case("FALSE") {
                    Data::Bool(false)
                } else if word.starts_with('$') && word.len() > 1 {
                    // Another instance of the file, which it does not say.
                    Data::Truncated
                } else {
                    if self.peek().is_none() {
                        return Err(Stop::More);
                    }
                    self.at = start;
                    return self.bad("a value is expected here");
                }
            }
        };
        Ok(Value { span: self.view.span(start..self.at), data })
    }

    /// Takes a string; the range is that between the quotes.
    fn string(&mut self, quote: u8) -> Result<Range<usize>, Stop> {
        let start = self.at + 1;
        self.at = start;
        loop {
            match self.need()? {
                b'\\' => self.at += 2,
                b if b == quote => break,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Ok(start..self.at - 1)
    }

    /// Takes a string, or several that stand behind one another and are one.
    fn text(&mut self, quote: u8) -> Result<Value, Stop> {
        let first = self.string(quote)?;
        let mut text = String::new();
        unescape(&self.view.text[first.clone()], &mut text);
        let mut end = first.end;
        loop {
            let behind = self.at;
            self.blanks_or_end();
            if self.peek() != Some(b'"') || quote != b'"' {
                self.at = behind;
                break;
            }
            let next = self.string(quote)?;
            unescape(&self.view.text[next.clone()], &mut text);
            end = next.end;
        }
        let text = date::normal(&text).unwrap_or(text);
        Ok(Value { span: self.view.span(first.start..end), data: Data::Text(text.into()) })
    }
}

fn is_number(written: &str) -> bool {
    let digits = written.trim_start_matches(['+', '-']);
    match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit()),
        None => digits.bytes().any(|b| b.is_ascii_digit()) && digits.parse::<f64>().is_ok(),
    }
}

fn unescape(inner: &str, text: &mut String) {
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(c) = rest.chars().next() else {
            text.push('\\');
            return;
        };
        rest = &rest[c.len_utf8()..];
        match c {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'x' | 'X' => {
                let digits = rest.bytes().take(4).take_while(u8::is_ascii_hexdigit).count();
                let code = u32::from_str_radix(&rest[..digits], 16).ok().and_then(char::from_u32);
                text.push(code.unwrap_or(char::REPLACEMENT_CHARACTER));
                rest = &rest[digits..];
            }
            other => text.push(other),
        }
    }
    text.push_str(rest);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reader::Status;
    use crate::source::{Encoding, Span};

    fn parsed(text: &str) -> Option<Vec<Value>> {
        parse(View { text, offsets: &Offsets::new(Encoding::Utf8, 0) })
    }

    fn object(value: &Value) -> &Object {
        match &value.data {
            Data::Object(object) => object,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_embedded_property() {
        let text = "\ninstance of SMS_EmbeddedProperty\n{\n\tPropertyName = \"UserName\";\n\tValue = 0;\n\tValue1 = \"\";\n\tValue2 = \"CONTOSO\\\\svc-mp\";\n};\n";
        let values = parsed(text).unwrap();
        assert_eq!(values.len(), 1);
        let property = object(&values[0]);
        assert_eq!(property.class.as_deref(), Some("SMS_EmbeddedProperty"));
        assert_eq!(property.get("propertyname").unwrap().data, Data::Text("UserName".into()));
        assert_eq!(property.get("Value").unwrap().data, Data::Number("0".into()));
        assert_eq!(property.get("Value1").unwrap().data, Data::Text("".into()));
        let account = property.get("Value2").unwrap();
        assert_eq!(account.data, Data::Text("CONTOSO\\svc-mp".into()));
        // A line of 1, of 33, of 2, of 28, of 12 and of 14 characters, then a tab, `Value2`, ` = ` and a quote.
        assert_eq!(account.span, Span { start: 101, end: 116 });
        assert_eq!(&text[101..116], "CONTOSO\\\\svc-mp");
    }

    #[test]
    fn all_kinds_of_values() {
        let text = r#"instance of X as $1 { [key] A = TRUE; B = NULL; C = {"a", "b"}; D = {}; E = -12; F = 0x1F; G = 1.5; /* c */
            H = "one " "two"; I = instance of Y { A = {instance of Z { N = false; }}; }; // d
            J = "20240105101112.000000+060"; K = 'x'; L = $1; M = "\x41\t\"" }, instance of X {};"#;
        let values = parsed(text).unwrap();
        assert_eq!(values.len(), 2);
        let x = object(&values[0]);
        let data = |name: &str| x.get(name).unwrap().data.clone();
        assert_eq!(data("A"), Data::Bool(true));
        assert_eq!(data("B"), Data::Null);
        assert!(matches!(data("C"), Data::List(list) if list.len() == 2));
        assert_eq!(data("D"), Data::List(Vec::new()));
        assert_eq!(data("E"), Data::Number("-12".into()));
        assert_eq!(data("F"), Data::Number("0x1F".into()));
        assert_eq!(data("G"), Data::Number("1.5".into()));
        assert_eq!(data("H"), Data::Text("one two".into()));
        assert_eq!(object(x.get("I").unwrap()).class.as_deref(), Some("Y"));
        assert_eq!(data("J"), Data::Text("2024-01-05T09:11:12Z".into()));
        assert_eq!(data("K"), Data::Text("x".into()));
        assert_eq!(data("L"), Data::Truncated);
        assert_eq!(data("M"), Data::Text("A\t\"".into()));
    }

    #[test]
    fn what_is_not_mof() {
        for text in [
            "",
            "instance",
            "instance of X",
            "instance of X {",
            "instance of X { A = }",
            "instance of X { A 1; }",
            "x",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
        assert!(
            is_instance("\n instance of X {")
                && !is_instance("instance x")
                && !is_instance("for instance of X")
        );
    }

    #[test]
    fn the_next_instance_of_a_file() {
        let text = "// c\n#pragma namespace(\"\\\\\\\\.\\\\root\")\nclass Y { string instance; };\n[\"instance of Z\"] instance of X {};";
        let mut at = 0;
        assert_eq!(next_instance(text, &mut at, true), Ok(true));
        assert_eq!(&text[at..at + 13], "instance of X");
        let (value, end) = instance_at(View { text, offsets: &Offsets::new(Encoding::Utf8, 0) }, at).unwrap();
        assert_eq!(object(&value).class.as_deref(), Some("X"));
        assert_eq!(end, text.len());
        at = end;
        assert_eq!(next_instance(text, &mut at, true), Ok(false));
        for (text, kept) in [
            ("x /* open", 2),
            ("x // open", 2),
            ("ab cd", 3),
            ("ab insta", 3),
            ("ab instance o", 3),
            ("#pragma x", 0),
            ("a \"b", 2),
        ] {
            at = 0;
            assert_eq!((next_instance(text, &mut at, false), at), (Err(Stop::More), kept), "{text}");
        }
    }

    #[test]
    fn a_file_cut_off_between_two_instances_is_not_whole() {
        let wanted = crate::reader::testing::wanted(&["X"]);
        for (tail, status) in
            [("", Status::Read), ("\n// end\n", Status::Read), ("\ninstan", Status::Partial)]
        {
            let (reading, taken) =
                crate::reader::testing::read(&format!("instance of X {{ A = 1; }};{tail}"), &wanted);
            assert_eq!((reading.status, taken.records.len()), (status, 1), "{tail}");
        }
    }

    #[test]
    fn printed_pairs() {
        let text = "FileType = 2 ItemName = \"CONTOSO\\\\naa|0\" AccountUsage = {\"Software Distribution\"} When = 20240105101112.000000+000 \
            Props = {SMS_EmbeddedProperty (PropertyName = \"UserName\")} Empty =  UserName = \"CONTOSO\\\\naa\"";
        let pairs = pairs(View { text, offsets: &Offsets::new(Encoding::Utf8, 0) }).unwrap();
        let names: Vec<&str> = pairs.iter().map(|(n, _)| &**n).collect();
        assert_eq!(names, ["FileType", "ItemName", "AccountUsage", "When", "Props", "Empty", "UserName"]);
        assert_eq!(pairs[1].1.data, Data::Text("CONTOSO\\naa|0".into()));
        assert_eq!(pairs[3].1.data, Data::Text("2024-01-05T10:11:12Z".into()));
        assert_eq!(pairs[4].1.data, Data::Truncated);
        assert_eq!(pairs[5].1.data, Data::Null);
        assert_eq!(pairs[6].1.data, Data::Text("CONTOSO\\naa".into()));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(instance of X \\{ )?[A-Za-z=;{}\"'\\\\ /*#\\[\\]0-9.ü,\\n-]{0,60}") {
            let view = View { text: &text, offsets: &Offsets::new(Encoding::Utf8, 0) };
            let _ = (parse(view), pairs(view), next_instance(&text, &mut 0, true), instance_at(view, 0));
        }
    }
}
