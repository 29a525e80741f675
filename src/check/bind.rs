//! A rule bound to a revision and a documented fact: what is the same for all rows is settled.

use std::sync::{Arc, OnceLock};

use serde_json::Value as Json;

use super::open::Cause;
use crate::content::{Content, Date};
use crate::estate::shared::{Index, Indexed, Shared};
use crate::estate::value::{Bucket, Tri, Value, bucket};
use crate::evidence::{AccountKind, Cell, Fact, FieldKind, Identities, Identity, Scope, TableId};
use crate::rules::{
    FactPlace, FactRef, Join, Mode, Op, Operand, Param, Pattern, RevisionKey, Rule, Test, TestKind, typed,
};

/// What operands are settled against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Binding<'b> {
    pub(super) shared: &'b Shared<'b>,
    pub(super) rule: &'b Rule,
    pub(super) fact: Option<FactPlace<'b>>,
}

/// A bound test.
#[derive(Debug)]
pub(super) struct Bound<'b> {
    pub(super) name: Option<&'b str>,
    pub(super) statements: &'b [String],
    pub(super) kind: BoundKind<'b>,
}

#[derive(Debug)]
pub(super) enum BoundKind<'b> {
    All(Vec<Bound<'b>>),
    Any(Vec<Bound<'b>>),
    Not(Box<Bound<'b>>),
    Some { join: BoundJoin<'b>, negated: bool },
    Field { field: usize, op: BoundOp<'b> },
}

#[derive(Debug)]
pub(super) enum BoundOp<'b> {
    In(Vec<(Mode, BoundOperand)>),
    Has(Vec<(Mode, BoundOperand)>),
    Matches(&'b Pattern),
    StartsWith(Vec<BoundOperand>),
    EndsWith(Vec<BoundOperand>),
    Exists(bool),
    Less(Vec<BoundOperand>),
    More(Vec<BoundOperand>),
    HasBits(Vec<BoundOperand>),
    Kind(&'b [AccountKind]),
    Scope(&'b [Scope]),
    HomeOf(Vec<BoundOperand>),
    Within(Vec<BoundOperand>),
    FoundIn { join: BoundJoin<'b>, field: usize, mode: Mode, negated: bool, index: Arc<OnceLock<Index>> },
}

/// A value that is settled, or a field of a row. An operand without a value has none of these.
#[derive(Debug)]
pub(super) enum BoundOperand {
    Const(Box<Const>),
    Row(usize),
    Match(usize),
}

/// A settled value, and what looking it up takes.
#[derive(Debug)]
pub(super) struct Const {
    pub(super) fact: Fact,
    pub(super) identity: Option<Identity>,
    pub(super) bucket: Bucket,
}

impl Const {
    fn new(fact: Fact, mode: Mode, ids: &Identities) -> Self {
        let value = Value::new(&fact, ids);
        let bucket = bucket(ids, mode, &value);
        let identity = value.identity.map(std::borrow::Cow::into_owned);
        Self { bucket, identity, fact }
    }

    pub(super) fn value(&self) -> Value<'_> {
        Value { fact: &self.fact, identity: self.identity.as_ref().map(std::borrow::Cow::Borrowed) }
    }
}

#[derive(Debug)]
pub(super) struct BoundJoin<'b> {
    pub(super) table: TableId,
    pub(super) filter: Vec<Bound<'b>>,
    /// Tests of `filter`, by number, through which rows can be looked up.
    pub(super) lookups: Vec<(usize, Arc<OnceLock<Index>>)>,
    /// What `filter` says of each row, where it asks for nothing of the rows around it; filled when it pays.
    pub(super) verdicts: Option<OnceLock<Vec<Tri>>>,
    /// What comes out of it where nothing in particular is sought, if it asks for nothing else: the same each time.
    pub(super) alone: Option<OnceLock<Alone>>,
}

/// What comes out of a join by itself: its truth, the row that decides, and what is missing.
pub(super) type Alone = (Tri, Option<u32>, Vec<Cause>);

impl Bound<'_> {
    /// Whether the test asks for a field of a row around it.
    fn looks_out(&self) -> bool {
        match &self.kind {
            BoundKind::All(tests) | BoundKind::Any(tests) => tests.iter().any(Self::looks_out),
            BoundKind::Not(test) => test.looks_out(),
            // What a join inside asks of the rows around it may be the row itself; it does not matter which.
            BoundKind::Some { join, .. } => join.filter.iter().any(Self::looks_out),
            BoundKind::Field { op, .. } => match op {
                BoundOp::In(values) | BoundOp::Has(values) => values.iter().any(|(_, v)| !v.is_const()),
                BoundOp::StartsWith(values)
                | BoundOp::EndsWith(values)
                | BoundOp::Less(values)
                | BoundOp::More(values)
                | BoundOp::HasBits(values)
                | BoundOp::HomeOf(values)
                | BoundOp::Within(values) => values.iter().any(|v| !v.is_const()),
                BoundOp::FoundIn { join, .. } => join.filter.iter().any(Self::looks_out),
                BoundOp::Matches(_) | BoundOp::Exists(_) | BoundOp::Kind(_) | BoundOp::Scope(_) => false,
            },
        }
    }
}

impl BoundOperand {
    fn is_const(&self) -> bool {
        matches!(self, Self::Const(_))
    }
}

impl<'b> Binding<'b> {
    /// Binds tests. Those that belong to statements the revision does not make drop out.
    pub(super) fn tests(&self, tests: &'b [Test]) -> Vec<Bound<'b>> {
        tests.iter().filter_map(|test| self.test(test)).collect()
    }

    fn test(&self, test: &'b Test) -> Option<Bound<'b>> {
        let made = |s: &String| makes(self.shared.content, s, self.shared.revision);
        if !test.statements.is_empty() && !test.statements.iter().any(made) {
            return None;
        }
        let kind = match &test.kind {
            TestKind::All(tests) => {
                let bound = self.tests(tests);
                if bound.is_empty() && !tests.is_empty() {
                    return None;
                }
                BoundKind::All(bound)
            }
            TestKind::Any(tests) => {
                let bound = self.tests(tests);
                if bound.is_empty() && !tests.is_empty() {
                    return None;
                }
                BoundKind::Any(bound)
            }
            TestKind::Not(test) => BoundKind::Not(Box::new(self.test(test)?)),
            TestKind::Some { join, negated } => BoundKind::Some { join: self.join(join), negated: *negated },
            TestKind::Field { field, kind, op } => BoundKind::Field { field: *field, op: self.op(*kind, op) },
        };
        Some(Bound { name: test.name.as_deref(), statements: &test.statements, kind })
    }

    fn join(&self, join: &'b Join) -> BoundJoin<'b> {
        let filter = self.tests(&join.filter);
        let mut lookups = Vec::new();
        for (i, test) in filter.iter().enumerate() {
            if let BoundKind::Field { field, op: BoundOp::In(values) } = &test.kind
                && let [(mode, _)] = values.as_slice()
            {
                lookups.push((
                    i,
                    self.shared.index_slot(Indexed {
                        table: join.table,
                        field: *field,
                        mode: *mode,
                        gaps: false,
                    }),
                ));
            }
        }
        let verdicts = (!filter.iter().any(Bound::looks_out)).then(OnceLock::new);
        let alone = verdicts.is_some().then(OnceLock::new);
        BoundJoin { table: join.table, filter, lookups, verdicts, alone }
    }

    fn op(&self, kind: FieldKind, op: &'b Op) -> BoundOp<'b> {
        let own = Mode::of(kind.scalar, kind.scalar).unwrap_or(Mode::Name);
        let plain = |mode: Mode, operand: &'b Operand| self.operand(mode, operand);
        match op {
            Op::In(values) => BoundOp::In(
                values
                    .iter()
                    .flat_map(|(mode, operand)| plain(*mode, operand).into_iter().map(|o| (*mode, o)))
                    .collect(),
            ),
            Op::Has(mode, operand) => {
                BoundOp::Has(plain(*mode, operand).into_iter().map(|o| (*mode, o)).collect())
            }
            Op::Matches(pattern) => BoundOp::Matches(pattern),
            Op::StartsWith(operand) => BoundOp::StartsWith(plain(Mode::Name, operand)),
            Op::EndsWith(operand) => BoundOp::EndsWith(plain(Mode::Name, operand)),
            Op::Exists(exists) => BoundOp::Exists(*exists),
            Op::LessThan(_, operand) => BoundOp::Less(plain(own, operand)),
            Op::MoreThan(_, operand) => BoundOp::More(plain(own, operand)),
            Op::HasBits(operand) => BoundOp::HasBits(plain(Mode::Integer, operand)),
            Op::Kind(kinds) => BoundOp::Kind(kinds),
            Op::Scope(scopes) => BoundOp::Scope(scopes),
            Op::HomeOf(operand) => BoundOp::HomeOf(plain(Mode::Account, operand)),
            Op::Within(operand) => BoundOp::Within(plain(Mode::Path, operand)),
            Op::FoundIn { join, field, mode, negated } => BoundOp::FoundIn {
                join: self.join(join),
                field: *field,
                mode: *mode,
                negated: *negated,
                index: self.shared.index_slot(Indexed {
                    table: join.table,
                    field: *field,
                    mode: *mode,
                    gaps: false,
                }),
            },
        }
    }

    /// The values of an operand: none where it has no value, several for a list.
    fn operand(&self, mode: Mode, operand: &Operand) -> Vec<BoundOperand> {
        match operand {
            Operand::Row { field, .. } => return vec![BoundOperand::Row(*field)],
            Operand::Match { field, .. } => return vec![BoundOperand::Match(*field)],
            _ => {}
        }
        self.settled(operand)
            .into_iter()
            .map(|fact| BoundOperand::Const(Box::new(Const::new(fact, mode, self.shared.ids))))
            .collect()
    }

    /// The values of an operand that is no field.
    fn settled(&self, operand: &Operand) -> Vec<Fact> {
        match operand {
            Operand::Value(fact) => flat(fact.clone()),
            Operand::Row { .. } | Operand::Match { .. } => Vec::new(),
            Operand::Fact { key, scalar } => {
                let value = self.fact.and_then(|fact| fact.value(key, self.shared.revision));
                value.and_then(|v| typed(*scalar, &v).ok()).map_or_else(Vec::new, flat)
            }
            Operand::Param { number, scalar } => {
                let value = self.rule.params.get(*number).map(|p: &Param| &p.value);
                value.and_then(|v| typed(*scalar, v).ok()).map_or_else(Vec::new, flat)
            }
            Operand::Revision(key) => {
                let revision = self.shared.content.revisions.iter().find(|r| r.date == self.shared.revision);
                let fact = match key {
                    RevisionKey::Date => Some(Fact::Text(Arc::from(self.shared.revision.to_string()))),
                    RevisionKey::BuildFrom => {
                        revision.and_then(|r| r.first_build()).map(|b| Fact::Integer(i64::from(b)))
                    }
                    RevisionKey::BuildUntil => {
                        revision.and_then(|r| r.last_build()).map(|b| Fact::Integer(i64::from(b)))
                    }
                };
                fact.into_iter().collect()
            }
            Operand::Documented { selector, take, scalar } => {
                let facts = selector.at(self.shared.content, self.shared.revision, self.fact);
                let values = facts.iter().filter_map(|p| p.value(take, self.shared.revision));
                values.filter_map(|v| typed(*scalar, &v).ok()).flat_map(flat).collect()
            }
        }
    }

    /// The one number an operand stands for.
    pub(super) fn number(&self, operand: &Operand) -> Option<i64> {
        self.settled(operand).into_iter().find_map(|fact| match fact {
            Fact::Integer(n) => Some(n),
            _ => None,
        })
    }

    /// A key of the fact as text.
    pub(super) fn fact_text(&self, key: &FactRef) -> String {
        match self.fact.and_then(|fact| fact.value(key, self.shared.revision)) {
            Some(value) => json_text(&value),
            None => "none".to_owned(),
        }
    }
}

/// The elements of a list, or the value.
fn flat(fact: Fact) -> Vec<Fact> {
    match fact {
        Fact::Empty | Fact::Unknown(_) => Vec::new(),
        Fact::List(cells) => {
            Vec::from(cells).into_iter().map(|cell: Cell| cell.fact).flat_map(flat).collect()
        }
        other => vec![other],
    }
}

/// A value of the specification as text.
pub(super) fn json_text(value: &Json) -> String {
    match value {
        Json::Null => "none".to_owned(),
        Json::String(text) => text.clone(),
        Json::Array(items) => items.iter().map(json_text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Whether a revision makes a statement.
pub(super) fn makes(content: &Content, statement: &str, revision: Date) -> bool {
    content
        .statement(statement)
        .is_some_and(|(entity, s)| entity.name.at(revision).is_some() && s.text.at(revision).is_some())
}
