//! The kinds of facts, and the sentences in which each is told.
//!
//! A sentence is a text with places for values. It is parsed here, so that a slip shows at its place when the vocabulary
//! is loaded; `content::words` fills it in. What a fact means for a check is not told here.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use crate::yaml::{Fields, File, Node, Problem, Problems, wrong_kind};

use super::{each, owned, texts};

/// A kind of fact.
#[derive(Debug, Clone)]
pub struct FactKind {
    /// `user-right`.
    pub id: String,
    /// What it is called, where that is not its id without hyphens.
    pub name: Option<String>,
    /// Its sentences, the best first.
    pub say: Vec<Saying>,
    /// Keys without which a fact says nothing.
    pub needs: Vec<String>,
    /// Keys that no sentence tells.
    pub untold: Vec<String>,
    /// Values that are said otherwise: key, value, words.
    words: Vec<(String, String, String)>,
    /// Where its id stands in the vocabulary.
    pub span: Range<usize>,
}

/// A sentence, and when it is taken.
#[derive(Debug, Clone, Default)]
pub struct Saying {
    /// Keys and the values they must have.
    pub when: Vec<(String, Value)>,
    /// Its parts.
    pub pieces: Vec<Piece>,
}

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// Text.
    Text(String),
    /// The value of a key.
    Value {
        /// The key.
        key: String,
        /// How it is written.
        how: How,
    },
    /// Left out where a key in it has no value.
    Optional(Vec<Piece>),
}

/// How a value is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// In words; a list with these words before its last item.
    Words(String),
    /// In words, an article before each.
    The,
    /// `a, then b`.
    Then,
    /// `a > b`.
    Path,
    /// To the letter, each in backticks.
    Code,
    /// To the letter.
    Raw,
    /// A user right with its constant.
    Right,
}

impl FactKind {
    /// What it is called: `folder permission`.
    pub fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.id.replace('-', " "))
    }

    /// The words for a value of a key, if it has any of its own. Flags are `yes` and `no`.
    pub fn words(&self, key: &str, value: &str) -> Option<&str> {
        let mut found = self.words.iter().filter(|(k, v, _)| k == key && v == value);
        found.next().map(|(_, _, words)| words.as_str())
    }

    /// The keys that facts of this kind may have, in no order and perhaps twice. All may say `when` they hold.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let told = self.say.iter().flat_map(|s| {
            let mut keys: Vec<&str> = s.when.iter().map(|(key, _)| key.as_str()).collect();
            keys_of(&s.pieces, &mut keys);
            keys
        });
        told.chain(self.needs.iter().chain(&self.untold).map(String::as_str)).chain(["when"])
    }
}

impl Saying {
    /// Whether the sentence tells a key itself.
    pub fn tells(&self, key: &str) -> bool {
        let mut keys = Vec::new();
        keys_of(&self.pieces, &mut keys);
        keys.contains(&key)
    }
}

fn keys_of<'p>(pieces: &'p [Piece], out: &mut Vec<&'p str>) {
    for piece in pieces {
        match piece {
            Piece::Text(_) => {}
            Piece::Value { key, .. } => out.push(key),
            Piece::Optional(pieces) => keys_of(pieces, out),
        }
    }
}

/// Reads the part `facts` of the vocabulary.
pub(super) fn read<'n>(root: &mut Fields<'n>, problems: &mut Problems) -> Vec<FactKind> {
    let mut out = Vec::new();
    each(root, "facts", "kind of fact", "kind", problems, |f, id, problems| {
        let span = f.key("kind").map_or(f.head(), |key| key.span.clone());
        let file = f.file();
        let say = f.required("say", problems).map(|node| sayings(file, node, problems)).unwrap_or_default();
        let words = f.get("words").map(|node| words(file, node, problems)).unwrap_or_default();
        out.push(FactKind {
            id,
            name: f.text("name", problems).map(owned),
            say,
            needs: texts(f, "needs", problems),
            untold: texts(f, "untold", problems),
            words,
            span,
        });
    });
    out
}

fn sayings(file: &Arc<File>, node: &Node, problems: &mut Problems) -> Vec<Saying> {
    let one = std::slice::from_ref(node);
    let mut out = Vec::new();
    for node in node.as_list().unwrap_or(one) {
        let (when, text) = if node.as_map().is_some() {
            let Some(mut fields) = node.fields(file, "sentence", problems) else { continue };
            let when = fields.required("if", problems).and_then(Node::as_map).unwrap_or_default();
            let text = fields.required("say", problems);
            fields.finish(problems);
            (when.iter().map(|(key, value)| (key.value.clone(), value.to_json())).collect(), text)
        } else {
            (Vec::new(), Some(node))
        };
        let Some(text) = text.and_then(|node| node.text(file, "a sentence", problems)) else { continue };
        match parse(text.value) {
            Ok(pieces) => out.push(Saying { when, pieces }),
            Err(message) => problems.push(
                Problem::error(file, text.span, message)
                    .help("`{key}` or `{key|how}` stands for a value, `[...]` for what may be left out"),
            ),
        }
    }
    out
}

fn words(file: &Arc<File>, node: &Node, problems: &mut Problems) -> Vec<(String, String, String)> {
    let mut out = Vec::new();
    let Some(keys) = node.as_map() else {
        problems.push(wrong_kind(file, node, "`words`", "a map of keys"));
        return out;
    };
    for (key, values) in keys {
        let Some(values) = values.as_map() else {
            problems.push(wrong_kind(file, values, &format!("`{}`", key.value), "a map of values"));
            continue;
        };
        for (value, words) in values {
            let words = words.text(file, "the words for a value", problems);
            out.extend(words.map(|w| (key.value.clone(), value.value.clone(), w.value.to_owned())));
        }
    }
    out
}

/// Takes a sentence apart.
fn parse(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    // The parts before an open bracket.
    let mut outer: Option<Vec<Piece>> = None;
    let mut rest = text;
    while let Some(at) = rest.find(['{', '[', ']', '}']) {
        let (before, from) = rest.split_at(at);
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        rest = &from[1..];
        match from.as_bytes()[0] {
            b'{' => {
                let Some((inner, behind)) = rest.split_once('}') else {
                    return Err("a `{` is not closed".to_owned());
                };
                rest = behind;
                pieces.push(value(inner)?);
            }
            b'[' => {
                if outer.is_some() {
                    return Err("brackets stand in brackets".to_owned());
                }
                outer = Some(std::mem::take(&mut pieces));
            }
            b']' => {
                let Some(before) = outer.take() else { return Err("a `]` closes nothing".to_owned()) };
                let inner = std::mem::replace(&mut pieces, before);
                pieces.push(Piece::Optional(inner));
            }
            _ => return Err("a `}` closes nothing".to_owned()),
        }
    }
    if outer.is_some() {
        return Err("a `[` is not closed".to_owned());
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

fn value(inner: &str) -> Result<Piece, String> {
    let (key, how) = match inner.split_once('|') {
        Some((key, how)) => (key, how),
        None => (inner, "and"),
    };
    let word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if !word(key) {
        return Err(format!("`{inner}` is no key"));
    }
    let how = match how {
        "the" => How::The,
        "then" => How::Then,
        "path" => How::Path,
        "code" => How::Code,
        "raw" => How::Raw,
        "right" => How::Right,
        "and" | "or" | "or a" => How::Words(how.to_owned()),
        other => return Err(format!("`{other}` is no way to write a value")),
    };
    Ok(Piece::Value { key: key.to_owned(), how })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_taken_apart_or_say_what_is_wrong() {
        let value = |key: &str, how: How| Piece::Value { key: key.to_owned(), how };
        assert_eq!(
            parse("is {a|or a}[ on {b|the}]."),
            Ok(vec![
                Piece::Text("is ".to_owned()),
                value("a", How::Words("or a".to_owned())),
                Piece::Optional(vec![Piece::Text(" on ".to_owned()), value("b", How::The)]),
                Piece::Text(".".to_owned()),
            ])
        );
        for (text, wrong) in [
            ("{a", "a `{` is not closed"),
            ("a}", "a `}` closes nothing"),
            ("[a", "a `[` is not closed"),
            ("a]", "a `]` closes nothing"),
            ("[a[b]]", "brackets stand in brackets"),
            ("{A b}", "`A b` is no key"),
            ("{a|x}", "`x` is no way to write a value"),
        ] {
            assert_eq!(parse(text), Err(wrong.to_owned()), "{text}");
        }
    }
}
