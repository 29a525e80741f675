//! Operands: what a field is held against, and how two kinds of values are compared.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::facts::{FactRef, Selector};
use super::file::Reader;
use super::test::{Frame, describe};
use crate::content::Date;
use crate::evidence::{Account, Fact, FieldKind, Scalar};
use crate::yaml::{Kind, Node, Problem, Problems, Spanned};

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// To the letter.
    Text,
    /// Without regard to case.
    Name,
    /// As numbers.
    Integer,
    /// As flags.
    Flag,
    /// As points in time.
    Date,
    /// As accounts, through their identity; a text is read as an account.
    Account,
    /// As computers: short and full names.
    Computer,
    /// As site codes.
    Site,
    /// As paths: case, slashes and a separator at the end do not count.
    Path,
    /// A computer account against its computer.
    ComputerAccount,
}

impl Mode {
    /// How values of two types are compared; none if they never are the same.
    pub fn of(a: Scalar, b: Scalar) -> Option<Self> {
        use Scalar as S;
        Some(match (a, b) {
            (S::Text, S::Text) => Self::Text,
            (S::Name | S::Text, S::Name | S::Text) => Self::Name,
            (S::Integer, S::Integer) => Self::Integer,
            (S::Flag, S::Flag) => Self::Flag,
            (S::Date, S::Date) => Self::Date,
            (S::Account, S::Account | S::Name | S::Text) | (S::Name | S::Text, S::Account) => Self::Account,
            (S::Computer, S::Computer | S::Name | S::Text) | (S::Name | S::Text, S::Computer) => {
                Self::Computer
            }
            (S::Site, S::Site | S::Name | S::Text) | (S::Name | S::Text, S::Site) => Self::Site,
            (S::Path, S::Path | S::Name | S::Text) | (S::Name | S::Text, S::Path) => Self::Path,
            (S::Account, S::Computer) | (S::Computer, S::Account) => Self::ComputerAccount,
            _ => return None,
        })
    }
}

/// What a field is held against. Values that are the same for all rows are settled when the rule is bound to a
/// revision and a documented fact.
#[derive(Debug)]
pub enum Operand {
    /// A literal.
    Value(Fact),
    /// A field of the row of the check.
    Row {
        /// Its number.
        field: usize,
        /// What it holds.
        kind: FieldKind,
    },
    /// A field of the row that the enclosing join is looking at.
    Match {
        /// Its number.
        field: usize,
        /// What it holds.
        kind: FieldKind,
    },
    /// A key of the documented fact.
    Fact {
        /// The key.
        key: FactRef,
        /// As what its value is read.
        scalar: Scalar,
    },
    /// A parameter of the rule.
    Param {
        /// Its number.
        number: usize,
        /// As what its value is read.
        scalar: Scalar,
    },
    /// Something of the chosen revision.
    Revision(RevisionKey),
    /// A key of all documented facts of some kind.
    Documented {
        /// Which facts.
        selector: Selector,
        /// The key.
        take: FactRef,
        /// As what its values are read.
        scalar: Scalar,
    },
}

/// What of a revision can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum RevisionKey {
    Date,
    BuildFrom,
    BuildUntil,
}

/// Why a value cannot be read as a type; lower-case start, no full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TypedError(pub String);

/// Reads a value of YAML or of a documented fact as a type. Nothing is [`Fact::Empty`], a list a list.
///
/// # Errors
/// When it is not such a value.
pub fn typed(scalar: Scalar, value: &Value) -> Result<Fact, TypedError> {
    let error = |expected: &str| {
        Err(TypedError(match value {
            Value::String(text) => format!("`{text}` is not {expected}"),
            Value::Object(_) => format!("a map is not {expected}"),
            other => format!("`{other}` is not {expected}"),
        }))
    };
    Ok(match (scalar, value) {
        (_, Value::Null) => Fact::Empty,
        (_, Value::Array(items)) => {
            let cells: Result<Vec<_>, _> = items
                .iter()
                .map(|item| typed(scalar, item).map(|fact| crate::evidence::Cell { fact, place: None }))
                .collect();
            Fact::List(cells?.into())
        }
        (Scalar::Integer, Value::Number(n)) => match n.as_i64() {
            Some(n) => Fact::Integer(n),
            None => return error("a whole number"),
        },
        (Scalar::Integer, _) => return error("a whole number"),
        (Scalar::Flag, Value::Bool(flag)) => Fact::Flag(*flag),
        (Scalar::Flag, _) => return error("true or false"),
        (Scalar::Date, Value::String(text)) => {
            let day = text.get(..10).unwrap_or(text);
            if day.parse::<Date>().is_err() || !matches!(text.as_bytes().get(10), None | Some(b'T')) {
                return error("a date");
            }
            Fact::Text(Arc::from(text.as_str()))
        }
        (Scalar::Account, Value::String(text)) => match Account::parse(text) {
            Some(account) => Fact::Account(Arc::new(account)),
            None => Fact::Empty,
        },
        (_, Value::String(text)) => Fact::Text(Arc::from(text.as_str())),
        (Scalar::Date, _) => return error("a date"),
        _ => return error("a text"),
    })
}

impl Reader<'_> {
    /// An operand for a field of type `scalar` (any text if none), a list of values only where `list` allows it.
    /// The mode is none only where no type is asked for.
    pub(super) fn operand(
        &self,
        node: &Node,
        scalar: Option<Scalar>,
        list: bool,
        frames: &[Frame],
        problems: &mut Problems,
    ) -> Option<(Option<Mode>, Operand)> {
        let read_as = scalar.unwrap_or(Scalar::Name);
        let same = Some(Mode::of(read_as, read_as)?).filter(|_| scalar.is_some());
        let Kind::Map(entries) = &node.kind else {
            if node.as_list().is_some() || node.is_null() {
                let what = format!("one value, not {}", node.kind.name());
                problems.push(
                    Problem::error(self.file, node.span.clone(), format!("expected {what}"))
                        .help("`in` takes a list of values, `exists: false` asks for an empty field"),
                );
                return None;
            }
            let value = self.typed(read_as, &node.to_json(), node.span.clone(), problems)?;
            return Some((same, Operand::Value(value)));
        };
        let mut fields = node.fields(self.file, "operand", problems)?;
        let row = fields.text("row", problems);
        let found = fields.text("match", problems);
        let fact = fields.text("fact", problems);
        let param = fields.text("param", problems);
        let revision = fields.word(
            "revision",
            &[
                ("date", RevisionKey::Date),
                ("build_from", RevisionKey::BuildFrom),
                ("build_until", RevisionKey::BuildUntil),
            ],
            problems,
        );
        let documented = fields.get("documented");
        let take = fields.text("take", problems);
        let head = fields.head();
        let before = problems.0.len();
        fields.finish(problems);
        if problems.0.len() > before {
            return None;
        }
        if documented.is_none()
            && let Some(take) = &take
        {
            problems.error(self.file, take.span.clone(), "`take` needs `documented`");
        }
        let given = [
            row.is_some(),
            found.is_some(),
            fact.is_some(),
            param.is_some(),
            revision.is_some(),
            documented.is_some(),
        ];
        if given.iter().filter(|g| **g).count() != 1 {
            if !entries.is_empty() {
                problems.error(
                    self.file,
                    head,
                    "an operand is one of row, match, fact, param, revision, documented",
                );
            }
            return None;
        }
        if let Some(name) = row {
            return self
                .field_operand(name, frames.first().copied(), scalar, list, problems)
                .map(|(mode, field, kind)| (mode, Operand::Row { field, kind }));
        }
        if let Some(name) = found {
            if frames.len() < 3 {
                problems.push(
                    Problem::error(
                        self.file,
                        name.span.clone(),
                        "there is no row that a join has found here",
                    )
                    .help("`match` is for the `where` of a join inside the `where` of another"),
                );
                return None;
            }
            return self
                .field_operand(name, frames.get(frames.len() - 2).copied(), scalar, list, problems)
                .map(|(mode, field, kind)| (mode, Operand::Match { field, kind }));
        }
        if let Some(name) = fact {
            let key = self.fact_key(&name, problems)?;
            if let Some(facts) = self.facts {
                let mut seen: Vec<&Value> = Vec::new();
                for value in facts.values(&key) {
                    if seen.contains(&value) {
                        continue;
                    }
                    seen.push(value);
                    if value.is_array() && !list {
                        problems.push(
                            Problem::error(
                                self.file,
                                name.span.clone(),
                                format!("`{}` is a list", name.value),
                            )
                            .help("use `in`"),
                        );
                        return None;
                    }
                    self.typed(read_as, value, name.span.clone(), problems)?;
                }
            }
            return Some((same, Operand::Fact { key, scalar: read_as }));
        }
        if let Some(name) = param {
            let number = self.param(&name, problems)?;
            let value = &self.params[number].value;
            if value.is_array() && !list {
                problems.push(
                    Problem::error(self.file, name.span, format!("`{}` is a list", name.value))
                        .help("use `in`"),
                );
                return None;
            }
            self.typed(read_as, value, name.span, problems)?;
            return Some((same, Operand::Param { number, scalar: read_as }));
        }
        if let Some(key) = revision {
            let is = if key.value == RevisionKey::Date { Scalar::Date } else { Scalar::Integer };
            if is != read_as {
                problems.push(
                    Problem::error(self.file, key.span, "this cannot be compared with the field")
                        .label(describe(FieldKind { scalar: is, list: false })),
                );
                return None;
            }
            return Some((same, Operand::Revision(key.value)));
        }
        let selector_node = documented?;
        let selector = self.selector(selector_node, true, problems)?;
        let Some(take) = take else {
            problems.error(self.file, head, "`documented` needs `take`, the key whose values are wanted");
            return None;
        };
        if !list {
            problems.push(Problem::error(self.file, take.span, "this is a list of values").help("use `in`"));
            return None;
        }
        let facts = selector.all(self.content);
        if facts.is_empty() {
            problems.error(self.file, selector_node.head(), "no revision documents such a fact");
            return None;
        }
        let key = self.key_of(&facts, &take, problems)?;
        for value in facts.values(&key) {
            self.typed(read_as, value, take.span.clone(), problems)?;
        }
        Some((same, Operand::Documented { selector, take: key, scalar: read_as }))
    }

    fn field_operand(
        &self,
        name: Spanned<&str>,
        frame: Option<Frame>,
        scalar: Option<Scalar>,
        list: bool,
        problems: &mut Problems,
    ) -> Option<(Option<Mode>, usize, FieldKind)> {
        let (field, kind) = self.field(frame?, name.clone(), problems)?;
        if kind.list && !list {
            problems.push(
                Problem::error(self.file, name.span, format!("`{}` is a list", name.value)).help("use `in`"),
            );
            return None;
        }
        let Some(scalar) = scalar else { return Some((None, field, kind)) };
        match Mode::of(scalar, kind.scalar) {
            Some(mode) => Some((Some(mode), field, kind)),
            None => {
                let here = FieldKind { scalar, list: false };
                problems.push(
                    Problem::error(
                        self.file,
                        name.span,
                        format!("`{}` cannot be compared with the field", name.value),
                    )
                    .label(format!("{} against {}", describe(kind), describe(here))),
                );
                None
            }
        }
    }

    /// Reads a value as a type; site codes and accounts are checked more closely than exports are.
    pub(super) fn typed(
        &self,
        scalar: Scalar,
        value: &Value,
        span: Range<usize>,
        problems: &mut Problems,
    ) -> Option<Fact> {
        let site = scalar == Scalar::Site
            && value.as_str().is_some_and(|t| t.len() != 3 || !t.bytes().all(|b| b.is_ascii_alphanumeric()));
        let result = if site {
            Err(TypedError(format!("{value} is not a site code: three letters or digits").replace('"', "`")))
        } else {
            typed(scalar, value)
        };
        match result {
            Ok(fact) => Some(fact),
            Err(error) => {
                problems.error(self.file, span, error.0);
                None
            }
        }
    }
}
