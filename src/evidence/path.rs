//! Paths of `sources.yaml`: their syntax, and what they find in an exported object.
//!
//! A path finds values, it does not read them. It makes up for the shapes one and the same list takes in
//! exports: a list of one collapsed to its element, a list wrapped in `{value, Count}`, a dictionary instead of
//! a list of named objects.

use std::ops::Range;

use crate::reader::{Data, Object, Value};
use crate::source::Span;

/// Where a value stands: the first alternative that finds something that is not empty counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Path {
    pub(super) alternatives: Vec<Steps>,
}

/// One way to a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Steps {
    /// It begins at the element of the list the row was made from, not at the record.
    pub(super) in_element: bool,
    pub(super) steps: Vec<Step>,
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// `.NAME`: a property, with other names for the same.
    Property(Box<str>, Vec<Box<str>>),
    /// `[NAME]`: the element of that name.
    Named(Box<str>),
    /// `[NAME*]`: the elements whose names begin so.
    Beginning(Box<str>),
    /// `[?NAME]`: the elements that have that property.
    Having(Box<str>),
    /// `[N]`: the element of that number.
    Number(usize),
}

/// What a path found.
#[derive(Debug, Clone, Default)]
pub(super) struct Found<'a> {
    first: Option<&'a Value>,
    rest: Vec<&'a Value>,
    /// Something on the way was cut off by the depth of the export.
    pub(super) cut: Option<Span>,
    /// The row does not have the property the path begins with.
    pub(super) absent: bool,
}

impl<'a> Found<'a> {
    fn push(&mut self, value: &'a Value) {
        match self.first {
            None => self.first = Some(value),
            Some(_) => self.rest.push(value),
        }
    }

    /// The values, in the order of the export.
    pub(super) fn values(&self) -> impl Iterator<Item = &'a Value> + use<'a, '_> {
        self.first.into_iter().chain(self.rest.iter().copied())
    }

    /// The first value.
    pub(super) fn first(&self) -> Option<&'a Value> {
        self.first
    }

    /// Whether there is more than one value.
    pub(super) fn is_several(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Whether it is a list, with or without elements, that was not cut off.
    pub(super) fn is_list(&self) -> bool {
        let list = |value: &Value| match &value.data {
            Data::List(_) => true,
            Data::Object(object) => wrapped(object).is_some(),
            _ => false,
        };
        self.cut.is_none() && self.values().any(list)
    }

    /// Whether there is something in it.
    pub(super) fn is_filled(&self) -> bool {
        self.values().any(is_filled)
    }
}

/// Whether a value says something: not null, not an empty text or list.
pub(super) fn is_filled(value: &Value) -> bool {
    match &value.data {
        Data::Null | Data::Secret(crate::reader::Secret::Empty) => false,
        Data::Text(text) => !text.trim().is_empty(),
        Data::List(items) => items.iter().any(is_filled),
        Data::Object(object) => match wrapped(object) {
            Some(list) => is_filled(list),
            None => !object.properties.is_empty(),
        },
        Data::Bool(_) | Data::Number(_) | Data::Truncated | Data::Secret(_) => true,
    }
}

/// The list in an object that is `{value: [...], Count: n}` and nothing else.
pub(super) fn wrapped(object: &Object) -> Option<&Value> {
    (object.properties.len() == 2 && object.get("Count").is_some()).then(|| object.get("value"))?
}

/// Where a path begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Root<'a> {
    /// The exported object.
    pub(super) record: &'a Object,
    /// The element of the list the row is made from.
    pub(super) element: Option<&'a Value>,
}

impl Steps {
    /// What the path finds.
    pub(super) fn find<'a>(&self, root: Root<'a>) -> Found<'a> {
        let mut found = Found::default();
        if self.in_element {
            if let Some(element) = root.element {
                walk(element, &self.steps, &mut found);
            }
            return found;
        }
        let Some((Step::Property(name, others), rest)) = self.steps.split_first() else { return found };
        match property(root.record, name, others) {
            Some(value) => walk(value, rest, &mut found),
            None => found.absent = true,
        }
        found
    }

    /// The property of the record the path begins with.
    pub(super) fn top(&self) -> Option<(&str, &[Box<str>])> {
        match self.steps.first() {
            Some(Step::Property(name, others)) if !self.in_element => Some((name, others)),
            _ => None,
        }
    }

    /// The property of the object in a top-level property that the path goes to, with other names for the same.
    pub(super) fn second(&self) -> Option<(&str, &[Box<str>])> {
        match self.steps.get(1) {
            Some(Step::Property(name, others)) => Some((name, others)),
            _ => None,
        }
    }

    /// The name it reads: the path as it is written, without the slot of an embedded property at its end.
    pub(super) fn label(&self) -> String {
        let slot = matches!(self.steps.last(), Some(Step::Property(name, _)) if is_value_name(name));
        let kept = self.steps.len() - usize::from(slot && self.steps.len() > 1);
        let mut out = String::from(if self.in_element { "." } else { "" });
        for (i, step) in self.steps[..kept].iter().enumerate() {
            match step {
                Step::Property(name, _) if i > 0 => out.extend([".", name]),
                Step::Property(name, _) => out.push_str(name),
                Step::Named(name) => out.extend(["[", name, "]"]),
                Step::Beginning(name) => out.extend(["[", name, "*]"]),
                Step::Having(name) => out.extend(["[?", name, "]"]),
                Step::Number(number) => out.extend(["[", &number.to_string(), "]"]),
            }
        }
        out
    }

    /// Whether the path goes further than a property of the record.
    pub(super) fn is_deep(&self) -> bool {
        self.steps.len() > 1
    }
}

fn property<'a>(object: &'a Object, name: &str, others: &[Box<str>]) -> Option<&'a Value> {
    let value = object.get(name);
    if others.is_empty() || value.is_some_and(is_filled) {
        return value;
    }
    others.iter().filter_map(|other| object.get(other)).find(|v| is_filled(v)).or(value).or_else(|| {
        // Empty under another name is still there.
        others.iter().find_map(|other| object.get(other))
    })
}

fn walk<'a>(value: &'a Value, steps: &[Step], found: &mut Found<'a>) {
    let Some((step, rest)) = steps.split_first() else {
        found.push(value);
        return;
    };
    match &value.data {
        Data::Truncated => found.cut = found.cut.or(Some(value.span)),
        Data::Null => {}
        Data::Object(object) => {
            if let Some(list) = wrapped(object) {
                walk(list, steps, found);
                return;
            }
            step_into(value, object, step, rest, found);
        }
        Data::List(items) => match step {
            Step::Number(number) => {
                if let Some(item) = items.get(*number) {
                    walk(item, rest, found);
                }
            }
            // A dictionary of plain lists: the list is its own `Values`.
            Step::Property(name, _) if is_value_name(name) && items.iter().all(is_plain) => {
                walk(value, rest, found);
            }
            _ => items.iter().for_each(|item| walk(item, steps, found)),
        },
        Data::Text(_) | Data::Number(_) | Data::Bool(_) | Data::Secret(_) => match step {
            // A list of one that collapsed, a dictionary of plain values.
            Step::Number(0) => walk(value, rest, found),
            Step::Property(name, _) if is_value_name(name) => walk(value, rest, found),
            _ => {}
        },
    }
}

fn step_into<'a>(value: &'a Value, object: &'a Object, step: &Step, rest: &[Step], found: &mut Found<'a>) {
    match step {
        Step::Property(name, others) => {
            if let Some(value) = property(object, name, others) {
                walk(value, rest, found);
            }
        }
        Step::Number(0) => walk(value, rest, found),
        Step::Number(_) => {}
        Step::Having(name) => {
            if object.get(name).is_some() {
                walk(value, rest, found);
            }
        }
        Step::Named(name) => match element_name(object) {
            Some(own) => {
                if own.eq_ignore_ascii_case(name) {
                    walk(value, rest, found);
                }
            }
            None => {
                if let Some(value) = object.get(name) {
                    walk(value, rest, found);
                }
            }
        },
        Step::Beginning(prefix) => match element_name(object) {
            Some(own) => {
                if begins(own, prefix) {
                    walk(value, rest, found);
                }
            }
            None => {
                for (_, value) in object.properties.iter().filter(|(name, _)| begins(name, prefix)) {
                    walk(value, rest, found);
                }
            }
        },
    }
}

fn begins(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

fn is_plain(value: &Value) -> bool {
    matches!(value.data, Data::Text(_) | Data::Number(_) | Data::Bool(_) | Data::Null | Data::Secret(_))
}

fn is_value_name(name: &str) -> bool {
    ["Value", "Value1", "Value2", "Values", "ValueStrings"].iter().any(|v| name.eq_ignore_ascii_case(v))
}

/// The name of an element of a list of named objects: an embedded property, a property list, a variable.
fn element_name(object: &Object) -> Option<&str> {
    let text = |value: &'_ Value| matches!(value.data, Data::Text(_));
    let named = ["PropertyName", "PropertyListName", "ValueName"].iter().find_map(|n| object.get(n));
    let named = named.or_else(|| {
        // `Name` is also a key a dictionary may have.
        let pair = object.properties.iter().any(|(name, _)| is_value_name(name));
        object.get("Name").filter(|value| pair && text(value))
    });
    match &named?.data {
        Data::Text(text) => Some(text.trim()),
        _ => None,
    }
}

/// A mistake in the text of a path: its bytes, what is wrong.
pub(super) type Mistake = (Range<usize>, String);

impl Path {
    /// Reads a path. `others` gives other names under which a property may stand.
    pub(super) fn parse(text: &str, others: &dyn Fn(&str) -> Vec<Box<str>>) -> Result<Self, Mistake> {
        let mut alternatives = Vec::new();
        let mut start = 0;
        for part in text.split(" | ") {
            alternatives.push(steps(part, start, others)?);
            start += part.len() + 3;
        }
        Ok(Self { alternatives })
    }
}

fn steps(text: &str, offset: usize, others: &dyn Fn(&str) -> Vec<Box<str>>) -> Result<Steps, Mistake> {
    let whole = |message: &str| Err((offset..offset + text.len().max(1), message.to_owned()));
    let at = |i: usize, message: &str| {
        let width = text[i..].chars().next().map_or(1, char::len_utf8);
        Err((offset + i..offset + i + width, message.to_owned()))
    };
    let blanks = text.len() - text.trim_start().len();
    if text.trim().is_empty() {
        return whole("a path is missing here");
    }
    if text.trim() == "." {
        return Ok(Steps { in_element: true, steps: Vec::new() });
    }
    let mut out = Steps { in_element: text.trim_start().starts_with('.'), steps: Vec::new() };
    let mut i = blanks + usize::from(out.in_element);
    let bytes = text.as_bytes();
    let end = text.trim_end().len();
    loop {
        let name = i;
        while i < end && (bytes[i].is_ascii_alphanumeric() || matches!(bytes[i], b'_' | b'@')) {
            i += 1;
        }
        if i > name {
            out.steps.push(Step::Property(text[name..i].into(), others(&text[name..i])));
        } else if !(out.in_element && out.steps.is_empty() && bytes.get(i) == Some(&b'[')) {
            return at(i, "the name of a property is expected here");
        }
        while i < end && bytes[i] == b'[' {
            let Some(length) = text[i..end].find(']') else { return at(i, "the bracket is not closed") };
            let inner = text[i + 1..i + length].trim();
            out.steps.push(if inner.is_empty() {
                return at(i, "the bracket is empty");
            } else if let Some(name) = inner.strip_prefix('?') {
                Step::Having(name.trim().into())
            } else if let Some(prefix) = inner.strip_suffix('*') {
                Step::Beginning(prefix.into())
            } else if let Ok(number) = inner.parse() {
                Step::Number(number)
            } else {
                Step::Named(inner.into())
            });
            i += length + 1;
        }
        if i >= end {
            return Ok(out);
        }
        if bytes[i] != b'.' {
            return at(i, "`.`, `[` or ` | ` is expected here");
        }
        i += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> Vec<Box<str>> {
        Vec::new()
    }

    fn text(text: &str) -> Value {
        Value { span: Span::default(), data: Data::Text(text.into()) }
    }

    fn list(items: Vec<Value>) -> Value {
        Value { span: Span { start: 7, end: 9 }, data: Data::List(items) }
    }

    fn object(properties: Vec<(&str, Value)>) -> Object {
        Object { class: None, properties: properties.into_iter().map(|(n, v)| (n.into(), v)).collect() }
    }

    fn value(properties: Vec<(&str, Value)>) -> Value {
        Value { span: Span::default(), data: Data::Object(object(properties)) }
    }

    fn cut() -> Value {
        Value { span: Span { start: 3, end: 5 }, data: Data::Truncated }
    }

    fn texts(path: &str, record: &Object, element: Option<&Value>) -> Vec<String> {
        let path = Path::parse(path, &none).unwrap();
        let found = path.alternatives[0].find(Root { record, element });
        found
            .values()
            .map(|v| match &v.data {
                Data::Text(text) => text.to_string(),
                Data::List(items) => format!("list of {}", items.len()),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn a_path_is_read_step_by_step() {
        let path = Path::parse("PropLists[AD Accounts:*].Values[0] | .X | .", &none).unwrap();
        assert_eq!(
            path.alternatives[0].steps,
            [
                Step::Property("PropLists".into(), Vec::new()),
                Step::Beginning("AD Accounts:".into()),
                Step::Property("Values".into(), Vec::new()),
                Step::Number(0),
            ]
        );
        assert_eq!(
            path.alternatives[1],
            Steps { in_element: true, steps: vec![Step::Property("X".into(), Vec::new())] }
        );
        assert_eq!(path.alternatives[2], Steps { in_element: true, steps: Vec::new() });
    }

    #[test]
    fn mistakes_have_their_column() {
        for (path, at, words) in [
            ("Props[UserName.Value2", 5, "not closed"),
            ("Props..Value", 6, "name of a property"),
            ("Props[]", 5, "empty"),
            ("A | ", 4, "missing"),
            ("A |B", 1, "expected here"),
            ("Props[A] Value", 8, "expected here"),
            ("[A]", 0, "name of a property"),
        ] {
            let (range, message) = Path::parse(path, &none).unwrap_err();
            assert_eq!(range.start, at, "{path}: {message}");
            assert!(message.contains(words), "{path}: {message}");
        }
    }

    #[test]
    fn lists_are_read_in_every_shape() {
        let element = |name: &str| {
            value(vec![("propertylistname", text(name)), ("VALUES", list(vec![text("a"), text("b")]))])
        };
        let path = "PropLists[Network Access User Names].Values";
        let shapes = [
            // A list, in any letter case.
            object(vec![("proplists", list(vec![element("x"), element("network access USER names")]))]),
            // A list of one that collapsed.
            object(vec![("PropLists", element("Network Access User Names"))]),
            // Wrapped in value and Count.
            object(vec![(
                "PropLists",
                value(vec![
                    ("value", list(vec![element("Network Access User Names")])),
                    ("Count", text("1")),
                ]),
            )]),
            // A dictionary of objects, and one of plain lists.
            object(vec![(
                "PropLists",
                value(vec![("Network Access User Names", element("Network Access User Names"))]),
            )]),
            object(vec![(
                "PropLists",
                value(vec![("Network Access User Names", list(vec![text("a"), text("b")]))]),
            )]),
        ];
        for shape in &shapes {
            assert_eq!(texts(path, shape, None), ["list of 2"], "{shape:?}");
        }
        let collapsed = object(vec![("PropLists", value(vec![("Network Access User Names", text("a"))]))]);
        assert_eq!(texts(path, &collapsed, None), ["a"]);
        assert_eq!(texts("PropLists[x].Values[0]", &shapes[0], None), ["a"]);
        assert_eq!(texts("PropLists[net*].Values[1]", &shapes[0], None), ["b"]);
        assert_eq!(texts("PropLists[y].Values", &shapes[0], None), [""; 0]);
    }

    #[test]
    fn what_is_cut_off_or_absent_is_said() {
        let record = object(vec![(
            "Props",
            list(vec![value(vec![("PropertyName", text("A")), ("Value1", text("x"))]), cut()]),
        )]);
        let find = |path: &str| {
            let path = Path::parse(path, &none).unwrap();
            let found = path.alternatives[0].find(Root { record: &record, element: None });
            (found.is_filled(), found.cut, found.absent)
        };
        assert_eq!(find("Props[A].Value1"), (true, Some(Span { start: 3, end: 5 }), false));
        assert_eq!(find("Props[B].Value1"), (false, Some(Span { start: 3, end: 5 }), false));
        assert_eq!(find("Other"), (false, None, true));
    }

    #[test]
    fn elements_can_be_told_by_what_they_have() {
        let record = object(vec![(
            "AgentConfigurations",
            list(vec![
                value(vec![("AgentID", text("1"))]),
                value(vec![("PermittedViewers", list(vec![text("a"), text("b")]))]),
            ]),
        )]);
        assert_eq!(
            texts("AgentConfigurations[?permittedviewers].PermittedViewers", &record, None),
            ["list of 2"]
        );
        let element = value(vec![("Name", text("n"))]);
        assert_eq!(texts(".name", &record, Some(&element)), ["n"]);
        assert_eq!(texts(".", &record, Some(&text("whole"))), ["whole"]);
    }

    #[test]
    fn another_name_stands_in_for_an_empty_property() {
        let path =
            Path::parse("Props[A].Value1", &|n| if n == "Props" { vec!["Embedded".into()] } else { vec![] })
                .unwrap();
        let embedded = || value(vec![("A", value(vec![("PropertyName", text("A")), ("Value1", text("x"))]))]);
        for record in [
            object(vec![("Props", list(vec![])), ("embedded", embedded())]),
            object(vec![("embedded", embedded())]),
        ] {
            let found = path.alternatives[0].find(Root { record: &record, element: None });
            assert!(found.is_filled() && !found.absent);
        }
    }
}
