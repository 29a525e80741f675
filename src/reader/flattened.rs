//! Lists that an export wrote as one text, because they stand beyond its depth: `CONTOSO\a CONTOSO\b`, or blanks
//! alone for objects that print as nothing.
//!
//! Nobody can tell where an element of such a text ends and the next one begins, unless it can only be one. So a text
//! in the place of a list is [`Data::Truncated`], except where it is a single word, a single distinguished name, or a
//! name that is known, or where the object goes deeper than the text stands: then nothing was cut off, and a list of
//! one has lost its brackets.

use crate::reader::finish::CutOff;
use crate::reader::{Data, ListAt, Object, Value, Wanted};

/// Marks the texts in the place of lists that may be several values. `goes_deeper` says whether the object holds
/// objects or lists inside of that many others, itself among them.
pub(super) fn mark(
    object: &mut Object,
    lists: &[ListAt],
    wanted: &Wanted,
    goes_deeper: &dyn Fn(usize) -> bool,
) {
    for list in lists {
        let Some((first, rest)) = list.path.split_first() else { continue };
        let at = List { words: &list.words, wanted, goes_deeper };
        for (name, value) in &mut object.properties {
            if name.eq_ignore_ascii_case(first) {
                at.walk(value, rest, 1);
            }
        }
    }
}

/// [`mark`] for shapes that write lists as lists at any depth: a text in the place of one was made by who exported it, and
/// may be several values. How many there are.
pub(super) fn mark_joined(object: &mut Object, class: &str, wanted: &Wanted) -> u64 {
    let Some(class) = wanted.class(class) else { return 0 };
    let cut = |object: &Object| {
        let mut all = CutOff::default();
        object.properties.iter().for_each(|(_, value)| all.count(value));
        all.values
    };
    if class.lists.is_empty() {
        return 0;
    }
    let before = cut(object);
    mark(object, &class.lists, wanted, &|_| false);
    cut(object) - before
}

/// The list that is looked for.
struct List<'a> {
    words: &'a [Box<str>],
    wanted: &'a Wanted,
    goes_deeper: &'a dyn Fn(usize) -> bool,
}

impl List<'_> {
    /// `inside` is how many objects and lists stand around the value.
    fn walk(&self, value: &mut Value, path: &[Box<str>], inside: usize) {
        match (&mut value.data, path.split_first()) {
            (Data::Text(text), None) if self.may_be_several(text, inside) => value.data = Data::Truncated,
            (Data::List(items), Some(_)) => {
                items.iter_mut().for_each(|item| self.walk(item, path, inside + 1));
            }
            (Data::Object(object), Some((name, rest))) => {
                // Without a property of that name, it is a dictionary of what would otherwise be a list.
                let dictionary = object.get(name).is_none();
                for (own, value) in &mut object.properties {
                    if own.eq_ignore_ascii_case(name) {
                        self.walk(value, rest, inside + 1);
                    } else if dictionary && matches!(value.data, Data::Object(_)) {
                        self.walk(value, path, inside + 1);
                    }
                }
            }
            _ => {}
        }
    }

    fn may_be_several(&self, text: &str, inside: usize) -> bool {
        let name = text.trim();
        if name.is_empty() {
            return !text.is_empty() || !(self.goes_deeper)(inside);
        }
        if let Some(one) = is_one_distinguished(name) {
            return !one;
        }
        // No name of an account has one of these.
        if name.contains([';', ',', '|', '\n']) {
            return true;
        }
        let known = || {
            let lower = name.to_lowercase();
            // Blanks before the backslash are those of an authority, or part two accounts.
            let own = lower.split_once('\\').filter(|(domain, _)| !domain.contains(char::is_whitespace));
            let is_name = |name: &str| self.wanted.names.contains(name);
            self.words.iter().any(|word| **word == *lower)
                || is_name(&lower)
                || own.is_some_and(|(_, own)| is_name(own))
        };
        name.contains(char::is_whitespace) && !known() && !(self.goes_deeper)(inside)
    }
}

/// Whether a text that begins as a distinguished name is no more than one; none for other texts.
fn is_one_distinguished(text: &str) -> Option<bool> {
    let starts = |part: &str| {
        ["cn=", "ou=", "dc=", "o=", "uid="]
            .iter()
            .any(|name| part.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)))
    };
    if !starts(text) {
        return None;
    }
    let again = text.match_indices(char::is_whitespace).any(|(at, blank)| {
        let behind = &text[at + blank.len()..];
        // Behind a comma it is the next part of the same name.
        starts(behind) && !text[..at].trim_end().ends_with(',')
    });
    // Labels of a domain have no blanks.
    let last = text.rsplit(',').next().unwrap_or_default().trim();
    let broken = last.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("dc="))
        && last.contains(char::is_whitespace);
    Some(!again && !broken)
}

/// How many objects and lists stand in one another in a JSON text that has been checked, itself among them. None where
/// lists are wrapped, as `{"value": [...], "Count": 2}`: those stand deeper than the built values.
pub(super) fn depth(text: &str) -> Option<usize> {
    let (mut open, mut most) = (0_usize, 0);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                open += 1;
                most = most.max(open);
            }
            b'}' | b']' => open = open.saturating_sub(1),
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'\\' => {
                            bytes.next();
                        }
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    let wrapped = memchr::memmem::find(text.as_bytes(), b"\"Count\"").is_some();
    (!wrapped).then_some(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn text(text: &str) -> Value {
        Value { span: Span::default(), data: Data::Text(text.into()) }
    }

    fn is_cut(written: &str, deeper: bool) -> bool {
        let names = std::sync::Arc::new(["backup operators".into()].into());
        let wanted = Wanted { names, ..Wanted::default() };
        let lists = [ListAt { path: vec!["members".into()], words: vec!["software distribution".into()] }];
        let mut object = Object { class: None, properties: vec![("Members".into(), text(written))] };
        mark(&mut object, &lists, &wanted, &|_| deeper);
        object.properties[0].1.data == Data::Truncated
    }

    #[test]
    fn texts_in_the_place_of_a_list() {
        for (written, cut, cut_in_a_deep_object) in [
            ("", true, false),
            ("  ", true, true),
            ("CORP\\a", false, false),
            ("a b", true, false),
            ("CORP\\a b", true, false),
            ("Software Distribution", false, false),
            ("Software Distribution OTHER", true, false),
            ("BUILTIN\\Backup Operators", false, false),
            ("a BUILTIN\\Backup Operators", true, false),
            ("CN=A B,OU=C D,DC=corp,DC=example", false, false),
            ("CN=A, OU=B, DC=corp", false, false),
            ("CN=A,DC=corp CN=B,DC=corp", true, true),
            ("CN=A,DC=corp b", true, true),
            ("a,b", true, true),
            ("CORP\\a; CORP\\b", true, true),
            ("S-1-5-21-1-2-3-500 S-1-5-21-1-2-3-501", true, false),
        ] {
            assert_eq!(is_cut(written, false), cut, "{written}");
            assert_eq!(is_cut(written, true), cut_in_a_deep_object, "{written}");
        }
    }

    #[test]
    fn lists_in_lists_and_dictionaries() {
        let object = |properties: Vec<(&str, Value)>| Value {
            span: Span::default(),
            data: Data::Object(Object {
                class: None,
                properties: properties.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            }),
        };
        let list = |items| Value { span: Span::default(), data: Data::List(items) };
        let lists = [ListAt { path: vec!["lists".into(), "values".into()], words: Vec::new() }];
        for value in [
            list(vec![object(vec![("Values", text("a b"))])]),
            object(vec![("Values", text("a b"))]),
            object(vec![("N", object(vec![("Values", text("a b"))]))]),
        ] {
            let inside = std::cell::Cell::new(0);
            let mut outer = Object { class: None, properties: vec![("Lists".into(), value)] };
            mark(&mut outer, &lists, &Wanted::default(), &|count| {
                inside.set(count);
                false
            });
            assert!(format!("{outer:?}").contains("Truncated"), "{outer:?}");
            assert!(inside.get() >= 2, "{outer:?}");
        }
    }

    #[test]
    fn depth_of_a_text() {
        assert_eq!(depth(r#"{"a":[{"b":"[[\"[["}],"c":1}"#), Some(3));
        assert_eq!(depth(r#"{"a":{"value":[],"Count":0}}"#), None);
    }
}
