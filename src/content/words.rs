//! Documented facts in words.
//!
//! A fact is a kind and some keys ([`super::Fact`]). How each kind is said stands in `content/vocabulary.yaml`; a fact
//! that no sentence of its kind fits still comes out readable, key by key. What is made is plain text in which backticks
//! mark code; it is escaped where it is shown. What a fact means for a check is no matter of this module.

use serde_json::Value;

use super::{Content, Date, Values};
use crate::text::joined;
use crate::vocabulary::{FactKind, How, Piece, Saying};

/// The words for ids: roles, places, principals, accounts and groups.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// The specification.
    pub content: &'a Content,
    /// The revision whose titles are used.
    pub revision: Date,
}

/// The values of a fact at one revision, and what they are values of.
struct Said<'v> {
    words: &'v Words<'v>,
    kind: Option<&'v FactKind>,
    values: &'v Values,
}

impl Words<'_> {
    /// What people call the thing of an id; a text that is no id stays as it is.
    pub fn name(&self, id: &str) -> String {
        let v = &self.content.vocabulary;
        if let Some(entity) = self.content.entity(id) {
            return entity.title(self.revision).to_owned();
        }
        let known = [&v.principals, &v.places, &v.roles, &v.site_types];
        if let Some(name) = known.iter().flat_map(|list| list.iter()).find(|n| n.id == id) {
            return name.name.clone();
        }
        let kebab =
            id.contains('-') && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if kebab { id.replace('-', " ") } else { id.to_owned() }
    }

    /// A right as the policy editor calls it, with its constant.
    pub fn right(&self, id: &str) -> String {
        match self.content.vocabulary.user_rights.iter().find(|r| r.id == id) {
            Some(right) => format!("{} (`{id}`)", right.display),
            None => format!("`{id}`"),
        }
    }

    /// A value of a fact.
    pub fn value(&self, value: &Value) -> String {
        match value {
            Value::String(text) => self.name(text),
            Value::Bool(flag) => yes_or_no(*flag).to_owned(),
            Value::Null => "nothing".to_owned(),
            Value::Array(items) => joined(&items.iter().map(|v| self.value(v)).collect::<Vec<_>>(), "and"),
            Value::Object(map) => {
                let items: Vec<String> =
                    map.iter().map(|(k, v)| format!("{}: {}", k.replace('_', " "), self.value(v))).collect();
                items.join("; ")
            }
            Value::Number(n) => n.to_string(),
        }
    }

    /// The words for a value of a key, where the kind has words of its own for it.
    pub fn value_of(&self, kind: &str, key: &str, value: &str) -> String {
        let own = self.content.vocabulary.fact_kind(kind).and_then(|kind| kind.words(key, value));
        own.map_or_else(|| self.name(value), str::to_owned)
    }

    /// A fact as a sentence without a full stop.
    pub fn fact(&self, kind: &str, values: &Values) -> String {
        let kind_of = self.content.vocabulary.fact_kind(kind);
        let said = Said { words: self, kind: kind_of, values };
        let found = kind_of.and_then(|kind| kind.say.iter().find_map(|s| Some((s, said.sentence(s)?))));
        let (sentence, tells_when) = match found {
            Some((saying, sentence)) => (sentence, saying.tells("when")),
            None => (said.key_by_key(kind), false),
        };
        let sentence = match values.get("when").filter(|when| !when.is_null() && !tells_when) {
            Some(when) => format!("{sentence}, when {}", self.value(when)),
            None => sentence,
        };
        capital(&sentence)
    }

    /// What a kind of fact is called.
    pub fn kind(&self, kind: &str) -> String {
        self.content.vocabulary.fact_kind(kind).map_or_else(|| kind.replace('-', " "), FactKind::name)
    }
}

impl Said<'_> {
    /// The items of a value; none where it says nothing.
    fn items(&self, key: &str) -> Option<Vec<&Value>> {
        match self.values.get(key)? {
            Value::Null => None,
            Value::Array(items) if items.is_empty() => None,
            Value::Array(items) => Some(items.iter().collect()),
            one => Some(vec![one]),
        }
    }

    fn sentence(&self, saying: &Saying) -> Option<String> {
        let holds = |key: &str, wanted: &Value| self.values.get(key) == Some(wanted);
        if !saying.when.iter().all(|(key, wanted)| holds(key, wanted)) {
            return None;
        }
        let mut out = String::new();
        self.write(&saying.pieces, &mut out)?;
        // What could have stood before a part left its comma.
        Some(out.trim_start_matches([',', ';', ' ']).to_owned())
    }

    /// None if a key has no value.
    fn write(&self, pieces: &[Piece], out: &mut String) -> Option<()> {
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Value { key, how } => out.push_str(&self.written(key, how)?),
                Piece::Optional(pieces) => {
                    let mut inner = String::new();
                    if self.write(pieces, &mut inner).is_some() {
                        out.push_str(&inner);
                    }
                }
            }
        }
        Some(())
    }

    fn written(&self, key: &str, how: &How) -> Option<String> {
        let items = self.items(key)?;
        // What has no words is left out, with what stands around it.
        if items.iter().all(|value| self.own(key, value).is_some_and(|own| own.is_empty())) {
            return None;
        }
        let all = |one: &dyn Fn(&Value) -> String| items.iter().map(|v| one(v)).collect::<Vec<String>>();
        let words = |value: &Value| self.own(key, value).unwrap_or_else(|| self.words.value(value));
        Some(match how {
            How::Words(last) => joined(&all(&words), last),
            How::The => {
                let the = |value: &Value| {
                    self.own(key, value).unwrap_or_else(|| {
                        let words = self.words.value(value);
                        if words.starts_with("the ") { words } else { format!("the {words}") }
                    })
                };
                joined(&all(&the), "and")
            }
            How::Then => all(&words).join(", then "),
            How::Path => all(&raw).join(" > "),
            How::Code => joined(&all(&|value| format!("`{}`", raw(value))), "and"),
            How::Raw => joined(&all(&raw), "and"),
            How::Right => joined(&all(&|value| self.words.right(&raw(value))), "and"),
        })
    }

    /// The words that the kind has for a value.
    fn own(&self, key: &str, value: &Value) -> Option<String> {
        self.kind?.words(key, &raw(value)).map(str::to_owned)
    }

    /// Any kind, key by key.
    fn key_by_key(&self, kind: &str) -> String {
        let parts: Vec<String> = (self.values.iter())
            .filter(|(key, value)| !value.is_null() && key.as_str() != "when")
            .map(|(key, value)| format!("{} {}", key.replace(['_', '-'], " "), self.words.value(value)))
            .collect();
        let kind = kind.replace('-', " ");
        if parts.is_empty() { kind } else { format!("{kind}: {}", parts.join(", ")) }
    }
}

fn yes_or_no(flag: bool) -> &'static str {
    if flag { "yes" } else { "no" }
}

/// A value as it is written.
fn raw(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(flag) => yes_or_no(*flag).to_owned(),
        other => other.to_string(),
    }
}

/// The first letter as a capital, unless the text begins with code.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if first != '`' => first.to_uppercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}
