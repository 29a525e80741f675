//! The part of JSON Schema that the schemas of these tests use. A keyword that it does not know is a failure, so that
//! nothing goes unchecked.

use std::collections::BTreeSet;

use serde_json::Value;

/// What is not told of by a schema.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// Is wrong, for a schema of ours is to tell of everything.
    Wrong,
    /// Is as the schema has it.
    AsSaid,
}

/// What of a value is not as a schema says.
pub fn wrong(schema: &Value, value: &Value, others: Others) -> Vec<String> {
    let mut judge = Judge { root: schema, others, wrong: Vec::new() };
    judge.value(schema, value, "$");
    judge.wrong
}

const KNOWN: [&str; 25] = [
    "$schema",
    "$id",
    "$defs",
    "definitions",
    "$ref",
    "title",
    "description",
    "default",
    "type",
    "required",
    "properties",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "minimum",
    "maximum",
    "minItems",
    "uniqueItems",
    "pattern",
    "format",
    "anyOf",
    "oneOf",
    "$comment",
    "examples",
];

struct Judge<'a> {
    root: &'a Value,
    others: Others,
    wrong: Vec<String>,
}

impl<'a> Judge<'a> {
    fn says(&mut self, at: &str, what: &str) {
        self.wrong.push(format!("{at}: {what}"));
    }

    fn target(&self, reference: &str) -> &'a Value {
        let target = reference.trim_start_matches("#/").split('/').fold(self.root, |v, key| &v[key]);
        assert!(target.is_object(), "{reference} is not there");
        target
    }

    fn value(&mut self, schema: &'a Value, value: &Value, at: &str) {
        let Value::Object(keys) = schema else {
            if schema == &Value::Bool(false) {
                self.says(at, "nothing is allowed there");
            }
            return;
        };
        for key in keys.keys() {
            assert!(KNOWN.contains(&key.as_str()), "the tests do not know `{key}`");
        }
        let before = self.wrong.len();
        if let Some(reference) = schema["$ref"].as_str() {
            // Keys are told of by both; see `told`.
            self.value(self.target(reference), value, at);
        }
        if !fits(&schema["type"], value) {
            return self.says(at, &format!("{value} is not {}", schema["type"]));
        }
        if !schema["const"].is_null() && schema["const"] != *value {
            self.says(at, &format!("{value} is not {}", schema["const"]));
        }
        if schema["enum"].as_array().is_some_and(|values| !values.contains(value)) {
            self.says(at, &format!("{value} is none of {}", schema["enum"]));
        }
        self.number(schema, value, at);
        self.text(schema, value, at);
        self.list(schema, value, at);
        self.object(schema, value, at);
        self.choice(schema, value, at);
        // What a reference does not tell of may stand beside it.
        if schema["$ref"].is_string() && schema["properties"].is_object() {
            let beside: Vec<String> =
                schema["properties"].as_object().into_iter().flatten().map(|(k, _)| k.clone()).collect();
            let told = |line: &String| {
                beside.iter().any(|key| *line == format!("{at}: the schema does not tell what {key} is"))
            };
            let kept: Vec<String> = self.wrong.drain(before..).filter(|line| !told(line)).collect();
            self.wrong.extend(kept);
        }
    }

    fn number(&mut self, schema: &Value, value: &Value, at: &str) {
        let Some(number) = value.as_f64() else { return };
        if schema["minimum"].as_f64().is_some_and(|least| number < least) {
            self.says(at, &format!("{value} is less than {}", schema["minimum"]));
        }
        if schema["maximum"].as_f64().is_some_and(|most| number > most) {
            self.says(at, &format!("{value} is more than {}", schema["maximum"]));
        }
    }

    fn text(&mut self, schema: &Value, value: &Value, at: &str) {
        let Some(text) = value.as_str() else { return };
        if let Some(pattern) = schema["pattern"].as_str()
            && !regex::Regex::new(pattern).expect("a pattern").is_match(text)
        {
            self.says(at, &format!("{text} does not match {pattern}"));
        }
        let good = match schema["format"].as_str() {
            Some("uri") => {
                is_uri(text)
                    && regex::Regex::new("^[A-Za-z][A-Za-z0-9+.-]*:").expect("a pattern").is_match(text)
            }
            Some("uri-reference") => is_uri(text),
            Some("date-time") => regex::Regex::new(r"^\d{4}-\d\d-\d\dT").expect("a pattern").is_match(text),
            Some(other) => panic!("the tests do not know the format {other}"),
            None => true,
        };
        if !good {
            self.says(at, &format!("{text} is no {}", schema["format"]));
        }
    }

    fn list(&mut self, schema: &'a Value, value: &Value, at: &str) {
        let Some(list) = value.as_array() else { return };
        if schema["minItems"].as_u64().is_some_and(|least| (list.len() as u64) < least) {
            self.says(at, &format!("has fewer than {} items", schema["minItems"]));
        }
        if schema["uniqueItems"] == true {
            let different: BTreeSet<String> = list.iter().map(Value::to_string).collect();
            if different.len() < list.len() {
                self.says(at, "holds an item twice");
            }
        }
        if let Some(items) = schema.get("items") {
            for (i, item) in list.iter().enumerate() {
                self.value(items, item, &format!("{at}[{i}]"));
            }
        }
    }

    fn object(&mut self, schema: &'a Value, value: &Value, at: &str) {
        let Some(object) = value.as_object() else { return };
        for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(key) {
                self.says(at, &format!("{key} is missing"));
            }
        }
        // What says nothing but what it is for, or hands on to others, lets every key be.
        let hands_on = ["$ref", "anyOf", "oneOf"].iter().any(|key| schema.get(key).is_some());
        let silent = schema.get("type").is_none() && schema.get("properties").is_none();
        for (key, inner) in object {
            let at = format!("{at}.{key}");
            match (schema["properties"].get(key), schema.get("additionalProperties")) {
                (Some(schema), _) | (None, Some(schema @ Value::Object(_))) => self.value(schema, inner, &at),
                (None, Some(Value::Bool(true))) => {}
                (None, Some(_)) => {
                    self.says(at.rsplit_once('.').map_or("$", |(at, _)| at), &format!("{key} is not allowed"))
                }
                (None, None) if self.others == Others::AsSaid || hands_on || silent => {}
                (None, None) => {
                    let at = at.rsplit_once('.').map_or("$", |(at, _)| at);
                    self.says(at, &format!("the schema does not tell what {key} is"));
                }
            }
        }
    }

    fn choice(&mut self, schema: &'a Value, value: &Value, at: &str) {
        for (name, most) in [("anyOf", usize::MAX), ("oneOf", 1)] {
            let Some(choices) = schema[name].as_array() else { continue };
            let judged: Vec<Vec<String>> = choices
                .iter()
                .map(|choice| {
                    let mut judge = Judge { root: self.root, others: self.others, wrong: Vec::new() };
                    judge.value(choice, value, at);
                    judge.wrong
                })
                .collect();
            let fitting = judged.iter().filter(|wrong| wrong.is_empty()).count();
            if fitting == 0 {
                let best = judged.into_iter().min_by_key(Vec::len).unwrap_or_default();
                self.says(at, &format!("fits none of {name}; the nearest: {}", best.join("; ")));
            } else if fitting > most {
                self.says(at, &format!("fits several of {name}"));
            }
        }
    }
}

fn fits(kind: &Value, value: &Value) -> bool {
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the tests do not know the type {other}"),
    };
    match kind {
        Value::Null => true,
        Value::String(kind) => is(kind),
        Value::Array(kinds) => kinds.iter().any(|k| is(k.as_str().expect("a type"))),
        other => panic!("{other}"),
    }
}

/// Whether a text has only the characters that an address may have, and whole escapes.
fn is_uri(text: &str) -> bool {
    regex::Regex::new(r"^([A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*$")
        .expect("a pattern")
        .is_match(text)
}
