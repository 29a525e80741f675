//! The condition of a rule in words: what it looks at, and what must hold.
//!
//! Fields and tables keep their names, set as code, so that the words can be held against the rule's file and the
//! evidence tables. Texts are plain, with backticks around code.

use serde::Serialize;
use serde_json::Value;

use super::view::show_serialized;
use crate::evidence::{AccountKind, Fact, Schema, Scope, TableId};
use crate::rules::{
    Check, FactRef, Join, Limit, Op, Operand, RevisionKey, Rule, Selector, Test, TestKind, Wanted,
};
use crate::text::joined;

/// A clause, and what it consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Clause {
    pub(super) text: String,
    pub(super) parts: Vec<Clause>,
}

impl Clause {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), parts: Vec::new() }
    }
}

/// A rule's condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Condition {
    /// Which rows it looks at: `Each row of account_uses`.
    pub(super) subject: String,
    /// What narrows them.
    pub(super) filter: Vec<Clause>,
    /// What must hold.
    pub(super) require: Vec<Clause>,
}

/// A table whose fields a clause speaks of.
#[derive(Clone, Copy)]
struct Frame {
    table: TableId,
    item: Option<usize>,
}

struct Teller<'a> {
    rule: &'a Rule,
    schema: &'a Schema,
    outer: Frame,
}

/// The condition of a rule in words.
pub(super) fn tell(rule: &Rule, schema: &Schema) -> Condition {
    let check = &rule.check;
    let frame = Frame { table: check.table(), item: check.item() };
    let teller = Teller { rule, schema, outer: frame };
    let table = teller.table(frame.table);
    let rows = match frame.item {
        Some(item) => {
            format!("element of {} in the rows of {table}", teller.field(Frame { item: None, ..frame }, item))
        }
        None => format!("row of {table}"),
    };
    let facts = match &rule.documented {
        Some(documented) => format!("For each documented {}: ", teller.selector(&documented.selector)),
        None => String::new(),
    };
    let mut require: Vec<Clause> = Vec::new();
    let subject = match check {
        Check::Each(_) => format!("{facts}{} {rows}", if facts.is_empty() { "Each" } else { "each" }),
        Check::Group(group) => {
            let by: Vec<String> = group.by.iter().map(|f| teller.field(frame, *f)).collect();
            let mut rows = rows.clone();
            rows = rows.replacen("row of", "rows of", 1).replacen("element of", "elements of", 1);
            let start = if facts.is_empty() { "The" } else { "the" };
            if let Some((limit, operand)) = &group.limit {
                let what = match group.distinct {
                    Some(field) => format!("different values of {}", teller.field(frame, field)),
                    None => "rows".to_owned(),
                };
                let how = match limit {
                    Limit::AtMost => "at most",
                    Limit::AtLeast => "at least",
                    Limit::Exactly => "exactly",
                };
                let each = if by.is_empty() { "in all" } else { "in each group" };
                require
                    .push(Clause::new(format!("there are {how} {} {what} {each}", teller.operand(operand))));
            }
            if by.is_empty() {
                format!("{facts}{start} {rows}, taken together")
            } else {
                format!("{facts}{start} {rows}, grouped by {}", joined(&by, "and"))
            }
        }
    };
    require.extend(check.require().iter().map(|t| teller.test(t, frame)));
    Condition { subject, filter: check.filter().iter().map(|t| teller.test(t, frame)).collect(), require }
}

impl Teller<'_> {
    fn table(&self, table: TableId) -> String {
        self.schema.tables.get(table).map_or_else(String::new, |t| format!("`{}`", t.name))
    }

    fn field(&self, frame: Frame, number: usize) -> String {
        let Some(table) = self.schema.tables.get(frame.table) else { return String::new() };
        match table.fields.get(number) {
            Some(field) => format!("`{}`", field.name),
            // The number behind the last is the element of the list.
            None => match frame.item.and_then(|i| table.fields.get(i)) {
                Some(list) => format!("the element of `{}`", list.name),
                None => "the element".to_owned(),
            },
        }
    }

    fn selector(&self, selector: &Selector) -> String {
        let keys: Vec<String> = (selector.keys.iter())
            .map(|(key, wanted)| match wanted {
                Wanted::Absent => format!("no `{}`", key.name()),
                Wanted::OneOf(values) => {
                    let values: Vec<String> = values.iter().map(literal).collect();
                    format!("`{}` {}", key.name(), joined(&values, "or"))
                }
                Wanted::NotOneOf(values) => {
                    let values: Vec<String> = values.iter().map(literal).collect();
                    format!("`{}` other than {}", key.name(), joined(&values, "or"))
                }
                Wanted::Fact(of) => format!("the same `{}` as the fact’s `{}`", key.name(), of.name()),
            })
            .collect();
        if keys.is_empty() {
            format!("fact of the kind `{}`", selector.kind)
        } else {
            format!("fact of the kind `{}` with {}", selector.kind, joined(&keys, "and"))
        }
    }

    fn operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Value(fact) => value(fact),
            Operand::Row { field, .. } => format!("the row’s {}", self.field(self.outer, *field)),
            Operand::Match { .. } => "that of the row found".to_owned(),
            Operand::Fact { key, .. } => match key {
                FactRef::Entity => "the fact’s own account or group".to_owned(),
                FactRef::Statement => "the fact’s own statement".to_owned(),
                FactRef::Key(key) => format!("the documented `{key}`"),
            },
            Operand::Param { number, .. } => match self.rule.params.get(*number) {
                Some(param) => format!("{} (`{}`)", literal(&param.value), param.name),
                None => String::new(),
            },
            Operand::Revision(key) => match key {
                RevisionKey::Date => "the date of the revision",
                RevisionKey::BuildFrom => "the first build of the revision",
                RevisionKey::BuildUntil => "the last build of the revision",
            }
            .to_owned(),
            Operand::Documented { selector, take, .. } => {
                format!("the `{}` of any documented {}", take.name(), self.selector(selector))
            }
        }
    }

    fn tests(&self, tests: &[Test], frame: Frame) -> Vec<Clause> {
        tests.iter().map(|t| self.test(t, frame)).collect()
    }

    fn test(&self, test: &Test, frame: Frame) -> Clause {
        self.said(test, frame, false)
    }

    fn said(&self, test: &Test, frame: Frame, negated: bool) -> Clause {
        match &test.kind {
            TestKind::All(tests) => match tests.as_slice() {
                [one] => self.said(one, frame, negated),
                _ => Clause {
                    text: if negated { "not all of these hold" } else { "all of these hold" }.to_owned(),
                    parts: self.tests(tests, frame),
                },
            },
            TestKind::Any(tests) => match tests.as_slice() {
                [one] => self.said(one, frame, negated),
                _ => Clause {
                    text: if negated { "none of these holds" } else { "at least one of these holds" }
                        .to_owned(),
                    parts: self.tests(tests, frame),
                },
            },
            TestKind::Not(inner) => self.said(inner, frame, !negated),
            TestKind::Some { join, negated: none } => {
                let there = if *none == negated { "there is a row" } else { "there is no row" };
                self.joined(there.to_owned(), join)
            }
            TestKind::Field { field, op, .. } => self.op(&self.field(frame, *field), op, negated),
        }
    }

    /// A text about rows of another table, and what is asked of them.
    fn joined(&self, text: String, join: &Join) -> Clause {
        let frame = Frame { table: join.table, item: None };
        let table = self.table(join.table);
        if join.filter.is_empty() {
            return Clause::new(format!("{text} in {table}"));
        }
        Clause { text: format!("{text} in {table} in which"), parts: self.tests(&join.filter, frame) }
    }

    fn op(&self, field: &str, op: &Op, negated: bool) -> Clause {
        let is = if negated { "is not" } else { "is" };
        let does =
            |verb: &str, bare: &str| if negated { format!("does not {bare}") } else { verb.to_owned() };
        Clause::new(match op {
            Op::In(values) => {
                let values: Vec<String> = values.iter().map(|(_, v)| self.operand(v)).collect();
                match values.as_slice() {
                    [one] if one == "yes" || one == "no" => {
                        let yes = (one == "yes") != negated;
                        format!("{field} is {}", if yes { "yes" } else { "no" })
                    }
                    _ => format!("{field} {is} {}", joined(&values, "or")),
                }
            }
            Op::Has(_, value) => format!("{field} {} {}", does("holds", "hold"), self.operand(value)),
            Op::Matches(pattern) => {
                format!("{field} {} the pattern `{}`", does("matches", "match"), pattern.source())
            }
            Op::StartsWith(value) => {
                format!("{field} {} with {}", does("begins", "begin"), self.operand(value))
            }
            Op::EndsWith(value) => format!("{field} {} with {}", does("ends", "end"), self.operand(value)),
            Op::Exists(there) => {
                let there = *there != negated;
                format!("{field} {}", if there { "has a value" } else { "is empty" })
            }
            Op::LessThan(_, value) => format!("{field} {is} less than {}", self.operand(value)),
            Op::MoreThan(_, value) => format!("{field} {is} more than {}", self.operand(value)),
            Op::HasBits(value) => {
                format!("{field} {} all bits of {}", does("has", "have"), self.operand(value))
            }
            Op::Kind(kinds) => {
                let kinds: Vec<String> = kinds.iter().map(|k| kind_words(*k).to_owned()).collect();
                format!("{field} {is} {}", joined(&kinds, "or"))
            }
            Op::Scope(scopes) => {
                let scopes: Vec<String> = scopes.iter().map(|s| scope_words(*s).to_owned()).collect();
                format!("{field} {} {}", does("comes", "come"), joined(&scopes, "or"))
            }
            Op::HomeOf(value) => {
                format!("{field} {is} the computer on which {} is a local account", self.operand(value))
            }
            Op::Within(value) => format!("{field} {is} {} or below it", self.operand(value)),
            Op::FoundIn { join, field: other, negated: absent, .. } => {
                let found = if *absent == negated { "is found" } else { "is not found" };
                let other = self.field(Frame { table: join.table, item: None }, *other);
                return self.joined(format!("{field} {found} as {other}"), join);
            }
        })
    }
}

fn kind_words(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::User => "a user account",
        AccountKind::Computer => "a computer account",
        AccountKind::Group => "a group",
        AccountKind::WellKnown => "a well-known principal",
        AccountKind::Unknown => "of a kind that no export tells",
    }
}

fn scope_words(scope: Scope) -> &'static str {
    match scope {
        Scope::Domain => "from a domain",
        Scope::Local => "from one computer",
        Scope::BuiltIn => "with Windows itself",
        Scope::None => "without a domain part",
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => format!("`{text}`"),
        Value::Array(items) => joined(&items.iter().map(literal).collect::<Vec<_>>(), "or"),
        other => other.to_string(),
    }
}

fn value(fact: &Fact) -> String {
    match fact {
        Fact::Unknown(_) => "something unknown".to_owned(),
        Fact::Empty => "empty".to_owned(),
        Fact::Flag(true) => "yes".to_owned(),
        Fact::Flag(false) => "no".to_owned(),
        Fact::Integer(n) => n.to_string(),
        Fact::Text(text) => format!("`{text}`"),
        Fact::Account(account) => format!("`{}`", account.written),
        Fact::List(cells) => joined(&cells.iter().map(|c| value(&c.fact)).collect::<Vec<_>>(), "or"),
    }
}

show_serialized!(Condition);
