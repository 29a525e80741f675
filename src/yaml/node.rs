//! A YAML document as a tree in which every key and value knows its bytes.
//!
//! This file depends on nothing else of the crate: the build script compiles it too.

use std::fmt;
use std::ops::{Deref, Range};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value and the bytes of the file it was read from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its bytes, with the quotes if it is quoted.
    pub span: Range<usize>,
}

impl<T> Spanned<T> {
    /// A value that stands at `span`.
    pub fn new(value: T, span: Range<usize>) -> Self {
        Self { value, span }
    }

    /// The same place with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: f(self.value), span: self.span }
    }

    /// The same place, the value borrowed.
    pub fn as_ref(&self) -> Spanned<&T> {
        Spanned { value: &self.value, span: self.span.clone() }
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

/// A value of a YAML document.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its bytes: of a text with its quotes, of a list or map from its first item to the end of its last.
    pub span: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// The kinds of YAML values.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`; `yes` and `no` are texts.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Anything else, and whatever is quoted.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file. No key comes twice.
    Map(Vec<(Spanned<String>, Node)>),
}

impl Kind {
    /// The kind in words: `a list`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

impl Node {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries, if it is a map.
    pub fn as_map(&self) -> Option<&[(Spanned<String>, Node)]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key, if it is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.iter().find(|(k, _)| k.value == key).map(|(_, node)| node)
    }

    /// Whether it is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// The place to point at for the node as a whole: of a map its first key, of a list its first item, so
    /// that a message does not mark many lines.
    pub fn head(&self) -> Range<usize> {
        match &self.kind {
            Kind::Map(entries) => {
                entries.first().map_or_else(|| self.span.clone(), |(key, _)| key.span.clone())
            }
            Kind::List(items) => items.first().map_or_else(|| self.span.clone(), Node::head),
            _ => self.span.clone(),
        }
    }

    /// Makes the places what they are said to be: the parser gives of a list or map only its first sign, and
    /// of a block text also the empty lines behind it.
    fn settle(&mut self, text: &str) {
        let (first, last) = match &mut self.kind {
            Kind::List(items) => {
                items.iter_mut().for_each(|item| item.settle(text));
                (items.first().map(|i| i.span.start), items.last().map(|i| i.span.end))
            }
            Kind::Map(entries) => {
                entries.iter_mut().for_each(|(_, value)| value.settle(text));
                (
                    entries.first().map(|e| e.0.span.start),
                    entries.last().map(|e| e.0.span.end.max(e.1.span.end)),
                )
            }
            _ => {
                let shown = text.get(self.span.clone()).unwrap_or_default();
                self.span.end = self.span.start + shown.trim_end().len();
                return;
            }
        };
        let bracket = match text.as_bytes().get(self.span.start) {
            Some(b'[') => b']',
            Some(b'{') => b'}',
            _ => 0,
        };
        if bracket == 0 {
            // The value may be an alias, whose items stand elsewhere; a place must not run backwards.
            self.span.start = first.unwrap_or(self.span.start);
            self.span.end = last.unwrap_or(self.span.end).max(self.span.start);
            return;
        }
        self.span.end = last.unwrap_or(self.span.start + 1).max(self.span.start + 1);
        let behind = text.as_bytes().get(self.span.end..).unwrap_or_default();
        let gap = behind.iter().take_while(|b| matches!(b, b' ' | b',' | b'\n' | b'\r' | b'\t')).count();
        if behind.get(gap) == Some(&bracket) {
            self.span.end += gap + 1;
        }
    }
}

/// Why a text is no YAML document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong; lower-case start, no full stop.
    pub message: String,
    /// Where.
    pub span: Range<usize>,
    /// The key, if the same key came before.
    pub duplicate: Option<String>,
}

impl Node {
    /// Reads one YAML document. Keys must be texts and may not repeat; `yes` and `no` are texts.
    ///
    /// # Errors
    /// With the first mistake.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let options = serde_yaml::options! {
            strict_booleans: true,
            with_snippet: false,
            duplicate_keys: serde_yaml::DuplicateKeyPolicy::Error,
            merge_keys: serde_yaml::MergeKeyPolicy::Error,
        };
        let mut node =
            serde_yaml::from_str_with_options::<Self>(text, options).map_err(|e| fault(text, &e))?;
        node.settle(text);
        Ok(node)
    }
}

fn fault(text: &str, error: &serde_yaml::Error) -> Fault {
    let span = error.location().map_or(0..0, |l| {
        bytes(&l.span()).unwrap_or_else(|| {
            let at = offset(text, l.line(), l.column());
            at..at
        })
    });
    let mut start = span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    // A fault at the very end of the text is shown at its last character.
    if start == text.len() {
        start = text.trim_end().char_indices().next_back().map_or(0, |(i, _)| i);
    }
    let mut end = span.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    if end == start {
        end = text[start..].chars().next().map_or(end, |c| start + c.len_utf8());
    }
    let duplicate = match error {
        serde_yaml::Error::DuplicateMappingKey { key, .. } => key.clone(),
        _ => None,
    };
    let options = serde_yaml::RenderOptions::new(&serde_yaml::UserMessageFormatter);
    let mut message = error.render_with_options(options);
    // The place is said elsewhere.
    if let Some(at) = message.rfind(" at line ") {
        message.truncate(at);
    }
    Fault { message, span: start..end, duplicate }
}

/// Offset of a line and column, both from 1, the column in characters.
fn offset(text: &str, line: u64, column: u64) -> usize {
    let skip = |n: u64| usize::try_from(n.saturating_sub(1)).unwrap_or(usize::MAX);
    let before: usize = text.split_inclusive('\n').take(skip(line)).map(str::len).sum();
    let within: usize = text[before..].chars().take(skip(column)).map(char::len_utf8).sum();
    before + within
}

/// Byte range of a place; none if the parser does not know it.
fn bytes(span: &serde_yaml::Span) -> Option<Range<usize>> {
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let len = usize::try_from(span.byte_len()?).ok()?;
    Some(start..start + len)
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = serde_yaml::Spanned::<Kind>::deserialize(deserializer)?;
        let span = bytes(&spanned.defined.span()).unwrap_or_default();
        Ok(Self { span, kind: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Kind, E> {
        Ok(Kind::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Kind, E> {
        Ok(Kind::Integer(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Kind, E> {
        i64::try_from(value).map(Kind::Integer).map_err(|_| E::custom("the number is too large"))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Kind, E> {
        Ok(Kind::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Kind, E> {
        Ok(Kind::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Kind, E> {
        Ok(Kind::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Kind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Kind::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<serde_yaml::Spanned<String>>()? {
            let span = bytes(&key.defined.span()).unwrap_or_default();
            entries.push((Spanned::new(key.value, span), map.next_value()?));
        }
        Ok(Kind::Map(entries))
    }
}
