//! Changes to YAML files that leave everything else as it is: comments, order, quotes, line breaks.
//!
//! A file is parsed once; changes are made at places of its tree, all together at the end. What is inserted takes
//! the style of its surroundings: block or flow, and the column of its neighbours.

use std::fmt::Display;
use std::ops::Range;

use super::{Kind, Node, Spanned};

/// A value to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// The end of what was before.
    Null,
    /// Words, quoted where YAML asks for it.
    Text(String),
    /// Written as it is: a number, a map or list in flow style.
    Raw(String),
}

impl Value {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// On one line, for flow style.
    pub(crate) fn flow(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Text(text) => scalar(text, true),
            Self::Raw(raw) => raw.clone(),
        }
    }

    /// As what stands behind `key:` at a column, with the blank or the line break before it.
    fn block(&self, key: &str, column: usize) -> String {
        match self {
            Self::Text(text) => {
                let line = scalar(text, false);
                if column + key.chars().count() + 2 + line.chars().count() <= WIDTH || text.contains('\n') {
                    format!(" {line}")
                } else {
                    let words: Vec<&str> = text.split_whitespace().collect();
                    format!(" >-{}", wrap(&words, column + 2))
                }
            }
            other => format!(" {}", other.flow()),
        }
    }
}

/// How wide lines get.
const WIDTH: usize = 105;

/// Words on lines of their own at a column, each with a line break before it.
fn wrap(words: &[&str], column: usize) -> String {
    let pad = " ".repeat(column);
    let mut out = String::new();
    let mut used = usize::MAX;
    for word in words {
        let length = word.chars().count();
        if used.saturating_add(1 + length) > WIDTH {
            out.push('\n');
            out.push_str(&pad);
            used = column;
        } else {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
    }
    out
}

/// A text as a YAML scalar on one line, quoted only if it must be.
pub(crate) fn scalar(text: &str, flow: bool) -> String {
    let reads_back = |written: &str| {
        let sample = if flow { format!("[{written}]") } else { format!("a: {written}") };
        let Ok(node) = Node::parse(&sample) else { return false };
        let value = if flow { node.as_list().and_then(|l| l.first()) } else { node.get("a") };
        let alone = !flow || node.as_list().is_some_and(|l| l.len() == 1);
        alone && value.and_then(Node::as_text) == Some(text)
    };
    let control = text.chars().any(char::is_control);
    if !control && !text.is_empty() && reads_back(text) {
        return text.to_owned();
    }
    if !control {
        let quoted = format!("'{}'", text.replace('\'', "''"));
        if reads_back(&quoted) {
            return quoted;
        }
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A field of a new map in block style, with its line break.
pub(crate) fn field(out: &mut String, column: usize, key: &str, value: &Value) {
    out.push_str(&format!("{}{key}:{}\n", " ".repeat(column), value.block(key, column)));
}

/// A file that is being changed.
#[derive(Debug)]
pub(crate) struct Patch<'a> {
    text: &'a str,
    /// What is put in place of what. Insertions at one place stand in the order they were asked for.
    edits: Vec<(Range<usize>, String)>,
    /// What could not be done: line and reason.
    pub(crate) refused: Vec<(usize, &'static str)>,
}

/// A field of a map in the file.
pub(crate) type Field = (Spanned<String>, Node);

impl<'a> Patch<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, edits: Vec::new(), refused: Vec::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The file with all changes.
    pub(crate) fn apply(mut self) -> String {
        self.edits.sort_by_key(|(range, _)| range.start);
        let mut out = String::with_capacity(self.text.len() + 1024);
        let mut done = 0;
        for (range, new) in &self.edits {
            out.push_str(self.text.get(done..range.start).unwrap_or_default());
            out.push_str(new);
            done = range.end;
        }
        out.push_str(self.text.get(done..).unwrap_or_default());
        out
    }

    fn insert(&mut self, at: usize, new: String) {
        self.edits.push((at..at, new));
    }

    /// The column of a place, in characters.
    fn column(&self, at: usize) -> usize {
        let line = self.text.get(..at).unwrap_or_default();
        line.rsplit('\n').next().unwrap_or_default().chars().count()
    }

    fn line(&self, at: usize) -> usize {
        self.text.get(..at).unwrap_or_default().matches('\n').count() + 1
    }

    /// The end of the line of a place, before its line break.
    fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let end = rest.find('\n').map_or(self.text.len(), |n| at + n);
        if end > at && self.text.as_bytes().get(end - 1) == Some(&b'\r') { end - 1 } else { end }
    }

    /// The line break of the file.
    fn line_break(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// Inserts whole lines behind the line of a place.
    fn insert_lines(&mut self, at: usize, lines: &str) {
        let end = self.line_end(at);
        let lines = lines.trim_end_matches('\n').replace('\n', self.line_break());
        let new = format!("{}{lines}", self.line_break());
        self.insert(end, new);
    }

    /// Whether a list or map is written in brackets. One that is not begins where its first item begins.
    fn is_flow(&self, node: &Node) -> bool {
        let first = match &node.kind {
            Kind::List(items) => items.first().map(|i| i.span.start),
            Kind::Map(fields) => fields.first().map(|(key, _)| key.span.start),
            _ => return false,
        };
        first.is_none_or(|first| first > node.span.start)
    }

    /// Where a field ends.
    fn end(field: &Field) -> usize {
        let (key, value) = field;
        if value.is_null() && value.span.is_empty() { key.span.end } else { key.span.end.max(value.span.end) }
    }

    /// Whether a value is shared by an anchor, or is one: changing it could change another.
    fn shared(&self, field: &Field) -> bool {
        let behind = self.text.get(field.0.span.end..).unwrap_or_default();
        behind.trim_start().strip_prefix(':').is_some_and(|v| v.trim_start().starts_with(['&', '*']))
    }

    /// Adds a step to the timeline in a field of a map. A plain value becomes the step of the first date.
    pub(crate) fn step(
        &mut self,
        map: &Node,
        key: &str,
        first: impl Display,
        date: impl Display,
        value: &Value,
    ) {
        let Some(field) = map.as_map().and_then(|f| f.iter().find(|(k, _)| k.value == key)) else { return };
        if self.shared(field) {
            self.refused.push((self.line(field.0.span.start), "the value is or has an anchor"));
            return;
        }
        let date = date.to_string();
        match field.1.as_map() {
            Some(steps) => self.last_step(&field.1, steps, &date, value),
            None if self.is_flow(map) => {
                self.insert(field.1.span.start, format!("{{{first}: "));
                self.insert(field.1.span.end, format!(", {date}: {}}}", value.flow()));
            }
            None => {
                let column = self.column(field.0.span.start) + 2;
                let pad = " ".repeat(column);
                let behind = self.text.get(field.0.span.end..).unwrap_or_default();
                let colon = field.0.span.end + behind.find(':').map_or(0, |n| n + 1);
                let new = format!("{}{pad}{first}:", self.line_break());
                self.insert(colon, new);
                let end = Self::end(field);
                // What goes over several lines moves in with its key.
                let value_text = self.text.get(colon..end).unwrap_or_default();
                let mut at = colon;
                for line in value_text.split_inclusive('\n') {
                    at += line.len();
                    let next = self.text.get(at..end).unwrap_or_default();
                    let blank = next.split('\n').next().unwrap_or_default().trim().is_empty();
                    if line.ends_with('\n') && at < end && !blank {
                        self.insert(at, "  ".to_owned());
                    }
                }
                self.insert_lines(end, &format!("{pad}{date}:{}", value.block(&date, column)));
            }
        }
    }

    fn last_step(&mut self, map: &Node, steps: &[Field], date: &str, value: &Value) {
        let Some(last) = steps.last() else { return };
        if self.is_flow(map) {
            let end = Self::end(last);
            self.insert(end, format!(", {date}: {}", value.flow()));
        } else {
            let column = self.column(last.0.span.start);
            let line = format!("{}{date}:{}", " ".repeat(column), value.block(date, column));
            self.insert_lines(Self::end(last), &line);
        }
    }

    /// Adds a field to a map, behind the first of `after` that is there, or at the end.
    pub(crate) fn add_field(&mut self, map: &Node, after: &[&str], key: &str, value: &Value) {
        let Some(fields) = map.as_map() else { return };
        let named = |name: &&str| fields.iter().find(|(k, _)| k.value == **name);
        let Some(neighbour) = after.iter().find_map(named).or(fields.last()) else { return };
        let end = Self::end(neighbour);
        if self.is_flow(map) {
            self.insert(end, format!(", {key}: {}", value.flow()));
        } else {
            let column = fields.first().map_or(0, |(k, _)| self.column(k.span.start));
            let mut line = String::new();
            field(&mut line, column, key, value);
            self.insert_lines(end, &line);
        }
    }

    /// Puts lines in place of a field of a map, or behind all others if it is not there; none takes it away.
    /// `lines` writes them for the column of the map's fields.
    pub(crate) fn put(&mut self, map: &Node, key: &str, lines: Option<impl Fn(usize) -> String>) {
        let Some(fields) = map.as_map() else { return };
        let column = fields.first().map_or(0, |(k, _)| self.column(k.span.start));
        let new = lines.map(|lines| lines(column)).unwrap_or_default();
        let Some(there) = fields.iter().find(|(k, _)| k.value == key) else {
            match fields.last() {
                Some(last) if !new.is_empty() && !self.is_flow(map) => {
                    self.insert_lines(Self::end(last), &new)
                }
                Some(last) if !new.is_empty() => {
                    self.refused.push((self.line(last.0.span.start), "it is written in brackets"));
                }
                _ => {}
            }
            return;
        };
        let before = self.text.get(..there.0.span.start).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let alone = before.get(start..).is_some_and(|indent| indent.trim().is_empty());
        if !alone || self.shared(there) {
            self.refused.push((self.line(start), "the value is or has an anchor, or shares its line"));
            return;
        }
        let end = self.line_end(Self::end(there));
        let end =
            self.text.get(end..).and_then(|rest| rest.find('\n')).map_or(self.text.len(), |n| end + n + 1);
        let new = new.replace('\n', self.line_break());
        if self.text.get(start..end) != Some(&new) {
            self.edits.push((start..end, new));
        }
    }

    /// Adds an item in flow style to a list in a field of a map; makes the list if there is none, behind the
    /// first of `after` that is there.
    pub(crate) fn add_item(&mut self, map: &Node, after: &[&str], key: &str, item: &str) {
        let Some(fields) = map.as_map() else { return };
        let Some(there) = fields.iter().find(|(k, _)| k.value == key) else {
            if self.is_flow(map) {
                self.add_field(map, after, key, &Value::Raw(format!("[{item}]")));
                return;
            }
            let named = |name: &&str| fields.iter().find(|(k, _)| k.value == **name);
            let Some(neighbour) = after.iter().find_map(named).or(fields.last()) else { return };
            let pad = " ".repeat(fields.first().map_or(0, |(k, _)| self.column(k.span.start)));
            self.insert_lines(Self::end(neighbour), &format!("{pad}{key}:\n{pad}  - {item}"));
            return;
        };
        if self.shared(there) {
            self.refused.push((self.line(there.0.span.start), "the value is or has an anchor"));
            return;
        }
        match &there.1.kind {
            Kind::List(items) if self.is_flow(&there.1) && items.is_empty() => {
                self.insert(there.1.span.start + 1, item.to_owned());
            }
            Kind::List(items) if self.is_flow(&there.1) => {
                let end = items.last().map_or(there.1.span.start + 1, |i| i.span.end);
                self.insert(end, format!(", {item}"));
            }
            Kind::List(items) => {
                let dash = items.first().map_or(0, |i| self.dash(i.span.start));
                self.insert_lines(Self::end(there), &format!("{}- {item}", " ".repeat(dash)));
            }
            _ => self.refused.push((self.line(there.0.span.start), "it is no list")),
        }
    }

    /// The column of the dash before a list's item in block style.
    fn dash(&self, item: usize) -> usize {
        let before = self.text.get(..item).unwrap_or_default();
        before.rfind('-').map_or(0, |dash| self.column(dash))
    }

    /// Puts the first items into a list in a field that has none, `l:` or `l: []`. Each is written at column 0 and moved two
    /// columns to the right of the field, with an empty line between.
    pub(crate) fn begin_items(&mut self, there: &Field, items: &[String]) {
        let (key, value) = there;
        let empty = value.is_null() || value.as_list().is_some_and(<[Node]>::is_empty);
        if !empty || self.shared(there) {
            self.refused.push((self.line(key.span.start), "it is no empty list, or has an anchor"));
            return;
        }
        let pad = " ".repeat(self.column(key.span.start) + 2);
        let line = |line: &str| if line.is_empty() { String::from("\n") } else { format!("{pad}{line}\n") };
        let items: Vec<String> = items.iter().map(|item| item.lines().map(line).collect()).collect();
        let colon = self.text.get(key.span.end..).and_then(|rest| rest.find(':')).unwrap_or_default();
        let from = key.span.end + colon + 1;
        // A comment behind the brackets stays.
        if value.span.end > from {
            self.edits.push((from..value.span.end, String::new()));
        }
        self.insert_lines(value.span.end.max(from), &items.join("\n"));
    }

    /// Inserts items into a list in block style, behind the item at a place, or before all others. Each is
    /// written at column 0 and moved to the column of its neighbours, with an empty line between.
    pub(crate) fn insert_items(&mut self, list: &Node, behind: Option<usize>, items: &[String]) {
        let Some(there) = list.as_list().filter(|l| !l.is_empty()) else { return };
        if self.is_flow(list) {
            self.refused.push((self.line(list.span.start), "the list is written in brackets"));
            return;
        }
        let Some(first) = there.first() else { return };
        let dash = self.dash(first.span.start);
        let indented = |item: &str| -> String {
            let pad = " ".repeat(dash);
            let line = |l: &str| if l.is_empty() { String::from("\n") } else { format!("{pad}{l}\n") };
            item.lines().map(line).collect()
        };
        match behind.and_then(|place| there.get(place)) {
            Some(neighbour) => {
                let lines: String = items.iter().map(|item| format!("\n{}", indented(item))).collect();
                self.insert_lines(neighbour.span.end, &lines);
            }
            None => {
                let before = self.text.get(..first.span.start).unwrap_or_default();
                let start = before.rfind('\n').map_or(0, |n| n + 1);
                let lines: String = items.iter().map(|item| format!("{}\n", indented(item))).collect();
                let lines = lines.replace('\n', self.line_break());
                self.insert(start, lines);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "2015-12-08";
    const NEXT: &str = "2019-08-13";

    fn changed(text: &str, change: impl Fn(&mut Patch<'_>, &Node)) -> String {
        let node = Node::parse(text).unwrap();
        let mut patch = Patch::new(text);
        change(&mut patch, &node);
        assert!(patch.refused.is_empty(), "{:?}", patch.refused);
        let out = patch.apply();
        assert!(Node::parse(&out).is_ok(), "{out}");
        out
    }

    fn step(text: &str, value: &Value) -> String {
        changed(text, |p, n| p.step(n, "a", FIRST, NEXT, value))
    }

    #[test]
    fn a_plain_value_becomes_a_timeline() {
        let end = &Value::Null;
        assert_eq!(step("a: x # why\nb: 1\n", end), "a:\n  2015-12-08: x # why\n  2019-08-13: null\nb: 1\n");
        assert_eq!(step("a: 'x: y'", end), "a:\n  2015-12-08: 'x: y'\n  2019-08-13: null");
        assert_eq!(
            step("a: >-\n  one\n\n  two\nb: 1\n", end),
            "a:\n  2015-12-08: >-\n    one\n\n    two\n  2019-08-13: null\nb: 1\n"
        );
        assert_eq!(
            step("a: one\n  two\n# of b\nb: 1\n", end),
            "a:\n  2015-12-08: one\n    two\n  2019-08-13: null\n# of b\nb: 1\n"
        );
        assert_eq!(
            step("a:\n- x\n- y\nb: 1\n", end),
            "a:\n  2015-12-08:\n  - x\n  - y\n  2019-08-13: null\nb: 1\n"
        );
        assert_eq!(step("{a: x, b: 1}\n", end), "{a: {2015-12-08: x, 2019-08-13: null}, b: 1}\n");
        assert_eq!(step("a: x\r\nb: 1\r\n", end), "a:\r\n  2015-12-08: x\r\n  2019-08-13: null\r\nb: 1\r\n");
    }

    #[test]
    fn a_timeline_gets_another_step() {
        let value = &Value::text("new: words");
        assert_eq!(
            step("a:\n    2015-12-08: x # why\n\nb: 1\n", value),
            "a:\n    2015-12-08: x # why\n    2019-08-13: 'new: words'\n\nb: 1\n"
        );
        assert_eq!(step("a: {2015-12-08: x, }", value), "a: {2015-12-08: x, 2019-08-13: 'new: words', }");
        assert_eq!(
            step("a:\n  2015-12-08: >-\n    x\n    y\n", value),
            "a:\n  2015-12-08: >-\n    x\n    y\n  2019-08-13: 'new: words'\n"
        );
    }

    #[test]
    fn what_has_an_anchor_is_left_alone() {
        let text = "a: &x one\nb: *x\n";
        let node = Node::parse(text).unwrap();
        let mut patch = Patch::new(text);
        patch.step(&node, "a", FIRST, NEXT, &Value::Null);
        patch.step(&node, "b", FIRST, NEXT, &Value::Null);
        assert_eq!(patch.refused.iter().map(|r| r.0).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(patch.apply(), text);
    }

    #[test]
    fn items_join_lists_in_their_style() {
        let add = |text: &str| changed(text, |p, n| p.add_item(n, &["a"], "l", "{k: v}"));
        assert_eq!(add("a: 1\nl:\n  - x # y\nb: 2\n"), "a: 1\nl:\n  - x # y\n  - {k: v}\nb: 2\n");
        assert_eq!(add("a: 1\nl: [x]\n"), "a: 1\nl: [x, {k: v}]\n");
        assert_eq!(add("a: 1\nl: []\n"), "a: 1\nl: [{k: v}]\n");
        assert_eq!(add("a: 1\nb: 2\n"), "a: 1\nl:\n  - {k: v}\nb: 2\n");
        assert_eq!(add("{a: 1, b: 2}\n"), "{a: 1, l: [{k: v}], b: 2}\n");
        assert_eq!(add("l:\n  - {x: y}\na: 1\n"), "l:\n  - {x: y}\n  - {k: v}\na: 1\n");
        assert_eq!(add("l:\n  - [x]\na: 1\n"), "l:\n  - [x]\n  - {k: v}\na: 1\n");
        assert_eq!(
            add("l:\n- k: a-b\n  m: >-\n    c\n\na: 1\n"),
            "l:\n- k: a-b\n  m: >-\n    c\n- {k: v}\n\na: 1\n"
        );
    }

    #[test]
    fn an_empty_list_gets_its_first_item() {
        let new = ["k: 1\nl: 2".to_owned(), "k: 2".to_owned()]
            .map(|item| format!("- {}", item.replace('\n', "\n  ")));
        let begin = |text: &str| changed(text, |p, n| p.begin_items(&n.as_map().unwrap()[0], &new));
        let items = "  - k: 1\n    l: 2\n\n  - k: 2\n";
        assert_eq!(begin("s:\na: 1\n"), format!("s:\n{items}a: 1\n"));
        assert_eq!(begin("s: # none yet\n"), format!("s: # none yet\n{items}"));
        assert_eq!(begin("s: [] # none yet\n\n# end\n"), format!("s: # none yet\n{items}\n# end\n"));
        assert_eq!(begin("s: ~"), format!("s:\n{}", items.trim_end()));
    }

    #[test]
    fn statements_are_inserted_between_others() {
        let text = "s:\n  # first\n  - id: a-b\n    t: 1\n\n  # second\n  - id: b\n";
        let new = ["- id: n\n  t: 2\n".to_owned()];
        let insert = |behind| changed(text, |p, n| p.insert_items(n.get("s").unwrap(), behind, &new));
        assert_eq!(
            insert(Some(0)),
            "s:\n  # first\n  - id: a-b\n    t: 1\n\n  - id: n\n    t: 2\n\n  # second\n  - id: b\n"
        );
        assert_eq!(
            insert(Some(1)),
            "s:\n  # first\n  - id: a-b\n    t: 1\n\n  # second\n  - id: b\n\n  - id: n\n    t: 2\n"
        );
        assert_eq!(
            insert(None),
            "s:\n  # first\n  - id: n\n    t: 2\n\n  - id: a-b\n    t: 1\n\n  # second\n  - id: b\n"
        );
    }

    #[test]
    fn scalars_are_quoted_only_where_they_must_be() {
        for (text, written) in [
            ("two words", "two words"),
            ("a: b", "'a: b'"),
            ("it's", "it's"),
            ("'quoted' it's: x", "'''quoted'' it''s: x'"),
            ("12", "'12'"),
            ("null", "'null'"),
            ("true", "'true'"),
            ("", "''"),
            ("a, b", "a, b"),
            ("line\nline", "\"line\\nline\""),
            ("# x", "'# x'"),
            ("- x", "'- x'"),
            ("C:\\x", "C:\\x"),
        ] {
            assert_eq!(scalar(text, false), written);
        }
        assert_eq!(scalar("a, b", true), "'a, b'");
    }

    #[test]
    fn long_texts_are_folded_and_read_back() {
        let long = "word ".repeat(60).trim().to_owned();
        let out = changed("b: 1\n", |p, n| p.add_field(n, &[], "a", &Value::text(long.clone())));
        assert!(out.lines().all(|l| l.len() <= WIDTH), "{out}");
        assert_eq!(Node::parse(&out).unwrap().get("a").unwrap().as_text(), Some(long.as_str()));
    }
}
