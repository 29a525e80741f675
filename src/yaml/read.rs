//! Typed access to nodes that collects every mistake instead of stopping at the first.

use std::ops::Range;
use std::sync::Arc;

use super::{File, Kind, Node, Problem, Problems, Spanned};

impl Node {
    /// The text, or a problem. `what` names the value in the message: `the title`.
    pub fn text(&self, file: &Arc<File>, what: &str, problems: &mut Problems) -> Option<Spanned<&str>> {
        match &self.kind {
            Kind::Text(text) => Some(Spanned::new(text.as_str(), self.span.clone())),
            Kind::Bool(_) | Kind::Integer(_) | Kind::Float(_) => {
                problems.push(wrong_kind(file, self, what, "text").help("put the value in quotes"));
                None
            }
            _ => {
                problems.push(wrong_kind(file, self, what, "text"));
                None
            }
        }
    }

    /// True or false, or a problem.
    pub fn flag(&self, file: &Arc<File>, what: &str, problems: &mut Problems) -> Option<bool> {
        match &self.kind {
            Kind::Bool(value) => Some(*value),
            _ => {
                problems.push(wrong_kind(file, self, what, "true or false"));
                None
            }
        }
    }

    /// The whole number, or a problem.
    pub fn integer(&self, file: &Arc<File>, what: &str, problems: &mut Problems) -> Option<i64> {
        match &self.kind {
            Kind::Integer(value) => Some(*value),
            _ => {
                problems.push(wrong_kind(file, self, what, "a whole number"));
                None
            }
        }
    }

    /// The items of the list, or a problem.
    pub fn list(&self, file: &Arc<File>, what: &str, problems: &mut Problems) -> Option<&[Node]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            _ => {
                problems.push(wrong_kind(file, self, what, "a list"));
                None
            }
        }
    }

    /// The fields of the map, or a problem. `what` names the map in messages: `rule`, `statement`.
    pub fn fields<'n>(
        &'n self,
        file: &'n Arc<File>,
        what: &'n str,
        problems: &mut Problems,
    ) -> Option<Fields<'n>> {
        match &self.kind {
            Kind::Map(entries) => Some(Fields { file, node: self, what, entries, asked: Vec::new() }),
            _ => {
                problems.push(wrong_kind(file, self, &format!("the {what}"), "a map"));
                None
            }
        }
    }

    /// The node as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.kind {
            Kind::Null => serde_json::Value::Null,
            Kind::Bool(value) => (*value).into(),
            Kind::Integer(value) => (*value).into(),
            Kind::Float(value) => (*value).into(),
            Kind::Text(text) => text.as_str().into(),
            Kind::List(items) => items.iter().map(Self::to_json).collect(),
            Kind::Map(entries) => entries.iter().map(|(k, v)| (k.value.clone(), v.to_json())).collect(),
        }
    }
}

/// `the title must be text, not a list`.
pub fn wrong_kind(file: &Arc<File>, node: &Node, what: &str, expected: &str) -> Problem {
    Problem::error(file, node.head(), format!("{what} must be {expected}, not {}", node.kind.name()))
}

/// The fields of a map. Asking for a field makes its name known; [`Fields::finish`] reports all other keys.
#[derive(Debug)]
pub struct Fields<'n> {
    file: &'n Arc<File>,
    node: &'n Node,
    what: &'n str,
    entries: &'n [(Spanned<String>, Node)],
    asked: Vec<&'n str>,
}

impl<'n> Fields<'n> {
    /// The file the map stands in.
    pub fn file(&self) -> &'n Arc<File> {
        self.file
    }

    /// What the map is called in messages.
    pub fn what(&self) -> &'n str {
        self.what
    }

    /// The place to point at for the map as a whole: its first key.
    pub fn head(&self) -> Range<usize> {
        self.node.head()
    }

    /// The key, if it is there; to point at it.
    pub fn key(&self, name: &str) -> Option<&'n Spanned<String>> {
        self.entries.iter().find(|(key, _)| key.value == name).map(|(key, _)| key)
    }

    /// The value of a field. A key without a value gives a null node.
    pub fn get(&mut self, name: &'n str) -> Option<&'n Node> {
        if !self.asked.contains(&name) {
            self.asked.push(name);
        }
        self.entries.iter().find(|(key, _)| key.value == name).map(|(_, node)| node)
    }

    /// The value of a field that must be there.
    pub fn required(&mut self, name: &'n str, problems: &mut Problems) -> Option<&'n Node> {
        let node = self.get(name);
        if node.is_none() {
            problems.push(Problem::error(
                self.file,
                self.head(),
                format!("the {} has no field `{name}`", self.what),
            ));
        }
        node
    }

    /// A text field.
    pub fn text(&mut self, name: &'n str, problems: &mut Problems) -> Option<Spanned<&'n str>> {
        let node = self.get(name)?;
        filled(node.text(self.file, &format!("`{name}`"), problems)?, name, self.file, problems)
    }

    /// A text field that must be there and may not be empty.
    pub fn required_text(&mut self, name: &'n str, problems: &mut Problems) -> Option<Spanned<&'n str>> {
        let node = self.required(name, problems)?;
        filled(node.text(self.file, &format!("`{name}`"), problems)?, name, self.file, problems)
    }

    /// A field that is true or false.
    pub fn flag(&mut self, name: &'n str, problems: &mut Problems) -> Option<bool> {
        let node = self.get(name)?;
        node.flag(self.file, &format!("`{name}`"), problems)
    }

    /// A field that is a whole number.
    pub fn integer(&mut self, name: &'n str, problems: &mut Problems) -> Option<Spanned<i64>> {
        let node = self.get(name)?;
        let value = node.integer(self.file, &format!("`{name}`"), problems)?;
        Some(Spanned::new(value, node.span.clone()))
    }

    /// A field that is a list; empty if it is not there.
    pub fn list(&mut self, name: &'n str, problems: &mut Problems) -> &'n [Node] {
        let Some(node) = self.get(name) else { return &[] };
        node.list(self.file, &format!("`{name}`"), problems).unwrap_or_default()
    }

    /// A field that is a list of texts; a single text stands for a list of one. Empty if it is not there.
    pub fn texts(&mut self, name: &'n str, problems: &mut Problems) -> Vec<Spanned<&'n str>> {
        let Some(node) = self.get(name) else { return Vec::new() };
        if let Kind::Text(text) = &node.kind {
            return vec![Spanned::new(text, node.span.clone())];
        }
        let file = self.file;
        let items = node.list(file, &format!("`{name}`"), problems).unwrap_or_default();
        items.iter().filter_map(|item| item.text(file, &format!("each item of `{name}`"), problems)).collect()
    }

    /// A field whose value is one of a fixed list of words.
    pub fn word<T: Clone>(
        &mut self,
        name: &'n str,
        words: &[(&str, T)],
        problems: &mut Problems,
    ) -> Option<Spanned<T>> {
        let node = self.get(name)?;
        node.word(self.file, name, words, problems)
    }

    /// As [`Fields::word`], for a field that must be there.
    pub fn required_word<T: Clone>(
        &mut self,
        name: &'n str,
        words: &[(&str, T)],
        problems: &mut Problems,
    ) -> Option<Spanned<T>> {
        let node = self.required(name, problems)?;
        node.word(self.file, name, words, problems)
    }

    /// A field that is a map itself.
    pub fn fields(&mut self, name: &'n str, what: &'n str, problems: &mut Problems) -> Option<Fields<'n>> {
        let node = self.get(name)?;
        node.fields(self.file, what, problems)
    }

    /// The entries that have not been asked for, in the order of the file: for maps with free keys.
    pub fn rest(&self) -> impl Iterator<Item = &'n (Spanned<String>, Node)> + use<'n, '_> {
        self.entries.iter().filter(|(key, _)| !self.asked.contains(&key.value.as_str()))
    }

    /// Reports the keys that were not asked for, each with the nearest name that was.
    pub fn finish(self, problems: &mut Problems) {
        for (key, _) in self.rest() {
            let names = self.asked.iter().copied();
            problems.push(Problem::unknown_name(
                self.file,
                key.span.clone(),
                &format!("{} field", self.what),
                &key.value,
                names,
            ));
        }
    }
}

impl Node {
    /// One of a fixed list of words, or a problem with the nearest word.
    pub fn word<T: Clone>(
        &self,
        file: &Arc<File>,
        what: &str,
        words: &[(&str, T)],
        problems: &mut Problems,
    ) -> Option<Spanned<T>> {
        let text = self.text(file, &format!("`{what}`"), problems)?;
        match words.iter().find(|(word, _)| *word == text.value) {
            Some((_, value)) => Some(Spanned::new(value.clone(), text.span)),
            None => {
                let names = words.iter().map(|(word, _)| *word);
                problems.push(Problem::unknown_name(
                    file,
                    text.span,
                    &format!("`{what}`"),
                    text.value,
                    names,
                ));
                None
            }
        }
    }
}

fn filled<'n>(
    text: Spanned<&'n str>,
    name: &str,
    file: &Arc<File>,
    problems: &mut Problems,
) -> Option<Spanned<&'n str>> {
    if text.value.trim().is_empty() {
        problems.push(Problem::error(file, text.span, format!("`{name}` is empty")));
        return None;
    }
    Some(text)
}
