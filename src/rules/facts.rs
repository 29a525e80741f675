//! Documented facts in rules: which ones a rule means, and the values of their keys.

use serde_json::Value;

use super::file::Reader;
use crate::content::{Content, Date, Entity, Fact, Statement};
use crate::yaml::{Kind, Node, Problem, Problems, Spanned};

/// The documented facts a rule runs over, one run a fact.
#[derive(Debug, Clone)]
pub struct Documented {
    /// Which.
    pub selector: Selector,
}

/// Which documented facts are meant.
#[derive(Debug, Clone)]
pub struct Selector {
    /// Their kind.
    pub kind: String,
    /// What their keys must say.
    pub keys: Vec<(FactRef, Wanted)>,
}

/// What a key of a fact must say.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// The fact does not have the key.
    Absent,
    /// Its value, or an element of it, is one of these.
    OneOf(Vec<Value>),
    /// It has the key, and neither its value nor an element of it is one of these.
    NotOneOf(Vec<Value>),
    /// It says what the key of the fact the rule is bound to says.
    Fact(FactRef),
}

/// A key of a documented fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactRef {
    /// Id of the entity whose statement it belongs to.
    Entity,
    /// Reference of that statement.
    Statement,
    /// One of its own keys.
    Key(String),
}

impl FactRef {
    fn new(name: &str) -> Self {
        match name {
            "entity" => Self::Entity,
            "statement" => Self::Statement,
            key => Self::Key(key.to_owned()),
        }
    }

    /// The name of the key.
    pub fn name(&self) -> &str {
        match self {
            Self::Entity => "entity",
            Self::Statement => "statement",
            Self::Key(key) => key,
        }
    }
}

/// A documented fact where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'c> {
    /// The entity.
    pub entity: &'c Entity,
    /// Its statement.
    pub statement: &'c Statement,
    /// The fact.
    pub fact: &'c Fact,
}

impl Place<'_> {
    /// The value of a key at a revision; none if the fact does not have it then.
    pub fn value(&self, key: &FactRef, revision: Date) -> Option<Value> {
        match key {
            FactRef::Entity => Some(Value::String(self.entity.id.clone())),
            FactRef::Statement => Some(Value::String(self.statement.reference.clone())),
            FactRef::Key(key) => {
                self.fact.keys.get(key).and_then(|t| t.at(revision)).filter(|v| !v.is_null()).cloned()
            }
        }
    }
}

/// Facts, of any revision.
#[derive(Debug, Default)]
pub(crate) struct Facts<'c> {
    pub(crate) places: Vec<Place<'c>>,
}

impl<'c> Facts<'c> {
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// All values of a key of its own, in any revision.
    pub(crate) fn values(&self, key: &FactRef) -> impl Iterator<Item = &'c Value> {
        let name = match key {
            FactRef::Key(name) => Some(name.clone()),
            _ => None,
        };
        self.places
            .iter()
            .filter_map(move |p| name.as_ref().and_then(|n| p.fact.keys.get(n)))
            .flat_map(|t| t.steps.iter().filter_map(|(_, v)| v.as_ref()))
            .filter(|v| !v.is_null())
    }

    /// The names of all keys.
    pub(crate) fn keys(&self) -> Vec<&'c str> {
        let mut keys: Vec<&str> = vec!["entity", "statement"];
        keys.extend(self.places.iter().flat_map(|p| p.fact.keys.keys().map(String::as_str)));
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

impl Selector {
    /// The facts that are meant in a revision, in the order of the content. `bound` is the fact the rule is bound to.
    pub(crate) fn at<'c>(
        &self,
        content: &'c Content,
        revision: Date,
        bound: Option<Place<'c>>,
    ) -> Vec<Place<'c>> {
        self.candidates(content)
            .filter(|p| p.entity.name.at(revision).is_some())
            .filter(|p| p.statement.text.at(revision).is_some() && p.fact.at(revision).is_some())
            .filter(|p| self.matches(*p, revision, bound))
            .collect()
    }

    /// The facts that are meant in some revision. What depends on another fact is taken to hold.
    pub(crate) fn all<'c>(&self, content: &'c Content) -> Facts<'c> {
        let places = self
            .candidates(content)
            .filter(|p| content.revisions.iter().any(|r| self.matches(*p, r.date, None)))
            .collect();
        Facts { places }
    }

    fn candidates<'c>(&self, content: &'c Content) -> impl Iterator<Item = Place<'c>> + use<'c> {
        content.places_of(&self.kind).map(|(entity, statement, fact)| Place { entity, statement, fact })
    }

    /// Whether a fact says what is wanted at a revision.
    pub(crate) fn matches(&self, place: Place<'_>, revision: Date, bound: Option<Place<'_>>) -> bool {
        self.keys.iter().all(|(key, wanted)| {
            let value = place.value(key, revision);
            match (wanted, value) {
                (Wanted::Absent, value) => value.is_none(),
                (Wanted::OneOf(values), Some(value)) => values.iter().any(|v| says(&value, v)),
                (Wanted::NotOneOf(values), Some(value)) => !values.iter().any(|v| says(&value, v)),
                (Wanted::Fact(other), Some(value)) => match bound {
                    Some(bound) => bound.value(other, revision).is_some_and(|v| says(&value, &v)),
                    None => true,
                },
                (_, None) => false,
            }
        })
    }
}

/// Whether a fact's value, or an element of it, is `wanted`; texts without regard to case.
fn says(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Array(values), Value::Array(_)) => {
            if let Value::Array(all) = wanted {
                all.iter().any(|w| values.iter().any(|v| says(v, w)))
            } else {
                false
            }
        }
        (Value::Array(values), _) => values.iter().any(|v| says(v, wanted)),
        (_, Value::Array(all)) => all.iter().any(|w| says(value, w)),
        (Value::String(a), Value::String(b)) => a.to_lowercase() == b.to_lowercase(),
        (a, b) => a == b,
    }
}

impl Reader<'_> {
    /// A map of a kind and of what the keys of the facts must say.
    pub(super) fn selector(&self, node: &Node, in_check: bool, problems: &mut Problems) -> Option<Selector> {
        let mut fields = node.fields(self.file, "fact", problems)?;
        let kind = fields.required_text("kind", problems)?;
        let known = Selector { kind: kind.value.to_owned(), keys: Vec::new() }.all(self.content);
        if known.is_empty() {
            let kinds = self.content.fact_kinds();
            problems.push(Problem::unknown_name(self.file, kind.span, "kind of fact", kind.value, kinds));
            return None;
        }
        let names = known.keys();
        let mut keys = Vec::new();
        for (key, value) in fields.rest() {
            if !names.contains(&key.value.as_str()) {
                problems.push(Problem::unknown_name(
                    self.file,
                    key.span.clone(),
                    &format!("key of `{}` facts", kind.value),
                    &key.value,
                    names.iter().copied(),
                ));
                continue;
            }
            let wanted = match &value.kind {
                Kind::Null => Wanted::Absent,
                Kind::List(items) => Wanted::OneOf(items.iter().map(Node::to_json).collect()),
                Kind::Map(entries) if entries.iter().any(|(key, _)| key.value == "not") => {
                    let mut inner = value.fields(self.file, "operand", problems)?;
                    let not = inner.required("not", problems)?;
                    inner.finish(problems);
                    let one = std::slice::from_ref(not);
                    Wanted::NotOneOf(not.as_list().unwrap_or(one).iter().map(Node::to_json).collect())
                }
                Kind::Map(_) if in_check => {
                    let mut inner = value.fields(self.file, "operand", problems)?;
                    let name = inner.required_text("fact", problems);
                    inner.finish(problems);
                    Wanted::Fact(self.fact_key(&name?, problems)?)
                }
                Kind::Map(_) => {
                    problems.error(self.file, value.head(), "expected a value or a list of values");
                    continue;
                }
                _ => Wanted::OneOf(vec![value.to_json()]),
            };
            let key = FactRef::new(&key.value);
            let alone = Selector { kind: kind.value.to_owned(), keys: vec![(key.clone(), wanted.clone())] };
            if alone.all(self.content).is_empty() {
                let texts: Vec<String> = match &key {
                    FactRef::Entity => known.places.iter().map(|p| p.entity.id.clone()).collect(),
                    FactRef::Statement => {
                        known.places.iter().map(|p| p.statement.reference.clone()).collect()
                    }
                    FactRef::Key(_) => known.values(&key).flat_map(texts).collect(),
                };
                let written = value.as_text().unwrap_or_default();
                let mut problem = Problem::unknown_name(
                    self.file,
                    value.span.clone(),
                    &format!("value of `{}` in `{}` facts", key.name(), kind.value),
                    written,
                    texts.iter().map(String::as_str),
                );
                if value.as_text().is_none() {
                    problem.message = format!("no `{}` fact says this of `{}`", kind.value, key.name());
                }
                problems.push(problem);
                continue;
            }
            keys.push((key, wanted));
        }
        let selector = Selector { kind: kind.value.to_owned(), keys };
        if selector.all(self.content).is_empty() {
            problems.error(self.file, node.head(), "no documented fact says all of this");
            return None;
        }
        Some(selector)
    }

    /// A key of the facts the rule runs over.
    pub(super) fn fact_key(&self, name: &Spanned<&str>, problems: &mut Problems) -> Option<FactRef> {
        match self.facts {
            Some(facts) => self.key_of(facts, name, problems),
            None => {
                problems.push(
                    Problem::error(self.file, name.span.clone(), "the rule runs over no documented fact")
                        .help("`fact` needs `documented` in place of `statement`"),
                );
                None
            }
        }
    }

    pub(super) fn key_of(
        &self,
        facts: &Facts<'_>,
        name: &Spanned<&str>,
        problems: &mut Problems,
    ) -> Option<FactRef> {
        let keys = facts.keys();
        if keys.contains(&name.value) {
            return Some(FactRef::new(name.value));
        }
        problems.push(Problem::unknown_name(
            self.file,
            name.span.clone(),
            "key of these facts",
            name.value,
            keys,
        ));
        None
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        other => vec![other.to_string()],
    }
}
