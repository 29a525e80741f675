//! Checks and tests: the small algebra in which rules are written, as it is compiled, and how it is read.

use std::ops::Range;
use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};

use super::file::Reader;
use super::operand::{Mode, Operand};
use crate::evidence::{AccountKind, FieldKind, Scalar, Scope, TableId};
use crate::yaml::{Kind, Node, Problem, Problems};

/// What must hold. Field numbers are those of the table; where rows are made of the elements of a list field, the
/// number after the last is the element.
#[derive(Debug)]
pub enum Check {
    /// Every row by itself.
    Each(Each),
    /// Rows put together.
    Group(Group),
}

impl Check {
    /// The table whose rows are looked at.
    pub fn table(&self) -> TableId {
        match self {
            Self::Each(each) => each.table,
            Self::Group(group) => group.table,
        }
    }

    /// The list field whose elements are looked at, if it is not the rows.
    pub fn item(&self) -> Option<usize> {
        match self {
            Self::Each(each) => each.item,
            Self::Group(group) => group.item,
        }
    }

    /// Which rows are looked at.
    pub fn filter(&self) -> &[Test] {
        match self {
            Self::Each(each) => &each.filter,
            Self::Group(group) => &group.filter,
        }
    }

    /// What must hold.
    pub fn require(&self) -> &[Test] {
        match self {
            Self::Each(each) => &each.require,
            Self::Group(group) => &group.require,
        }
    }
}

/// Every row for which all of `filter` holds must satisfy all of `require`.
#[derive(Debug)]
pub struct Each {
    /// The table.
    pub table: TableId,
    /// The list field whose elements are the rows.
    pub item: Option<usize>,
    /// Which rows: `where`.
    pub filter: Vec<Test>,
    /// What must hold.
    pub require: Vec<Test>,
}

/// Rows for which all of `filter` holds, put together by equal `by` fields.
#[derive(Debug)]
pub struct Group {
    /// The table.
    pub table: TableId,
    /// The list field whose elements are the rows.
    pub item: Option<usize>,
    /// Equal in all rows of a group; empty for one group.
    pub by: Vec<usize>,
    /// Which rows: `where`.
    pub filter: Vec<Test>,
    /// Count different values of this field instead of rows.
    pub distinct: Option<usize>,
    /// How many there may be, one number.
    pub limit: Option<(Limit, Operand)>,
    /// Tests on the first row of the group.
    pub require: Vec<Test>,
}

/// How a count is held against a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Limit {
    AtMost,
    AtLeast,
    Exactly,
}

/// A test of a row.
#[derive(Debug)]
pub struct Test {
    /// Its name, for reasons.
    pub name: Option<String>,
    /// What a finding cites when it fails; empty for all statements of the rule.
    pub statements: Vec<String>,
    /// What it tests.
    pub kind: TestKind,
}

/// What a test tests.
#[derive(Debug)]
pub enum TestKind {
    /// All hold.
    All(Vec<Test>),
    /// One holds.
    Any(Vec<Test>),
    /// It does not hold.
    Not(Box<Test>),
    /// There is such a row, or (negated) there is none.
    Some {
        /// Which row.
        join: Join,
        /// `none`.
        negated: bool,
    },
    /// A field of the row.
    Field {
        /// Its number.
        field: usize,
        /// What it holds.
        kind: FieldKind,
        /// What is asked of it.
        op: Op,
    },
}

/// What is asked of a field.
#[derive(Debug)]
pub enum Op {
    /// The same as one of these; `equals` has one.
    In(Vec<(Mode, Operand)>),
    /// The list holds the value.
    Has(Mode, Operand),
    /// The text matches.
    Matches(Pattern),
    /// The text begins with the value.
    StartsWith(Operand),
    /// The text ends with the value.
    EndsWith(Operand),
    /// It has a value (or, false, is empty).
    Exists(bool),
    /// Before or below.
    LessThan(Mode, Operand),
    /// After or above.
    MoreThan(Mode, Operand),
    /// All bits are set.
    HasBits(Operand),
    /// The account is of one of these kinds.
    Kind(Vec<AccountKind>),
    /// The account is of one of these scopes.
    Scope(Vec<Scope>),
    /// The computer is the one on which the account is a local account.
    HomeOf(Operand),
    /// The path is that folder or below it.
    Within(Operand),
    /// Some row has it in a field, or (negated) none.
    FoundIn {
        /// Which rows.
        join: Join,
        /// Their field.
        field: usize,
        /// How it is compared.
        mode: Mode,
        /// `absent_from`.
        negated: bool,
    },
}

/// Rows of another table, or of the same.
#[derive(Debug)]
pub struct Join {
    /// The table.
    pub table: TableId,
    /// Which of its rows.
    pub filter: Vec<Test>,
}

const KINDS: &[(&str, AccountKind)] = &[
    ("user", AccountKind::User),
    ("computer", AccountKind::Computer),
    ("group", AccountKind::Group),
    ("well-known", AccountKind::WellKnown),
    ("unknown", AccountKind::Unknown),
];

const SCOPES: &[(&str, Scope)] = &[
    ("domain", Scope::Domain),
    ("local", Scope::Local),
    ("built-in", Scope::BuiltIn),
    ("none", Scope::None),
];

/// A regular expression, without regard to case; compiled when it is first needed.
#[derive(Debug)]
pub struct Pattern {
    source: String,
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    fn new(source: &str) -> Self {
        Self { source: source.to_owned(), regex: OnceLock::new() }
    }

    /// As it is written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The compiled expression; none if it is not one, which loading rules out.
    pub fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| build(&self.source).ok()).as_ref()
    }
}

fn build(source: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(source).case_insensitive(true).size_limit(1 << 20).build()
}

/// The rows whose fields can be named at a place of a rule, outermost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    /// The table.
    pub(super) table: TableId,
    /// The list field whose element is `item`.
    pub(super) item: Option<usize>,
}

const OPERATORS: [&str; 16] = [
    "equals",
    "in",
    "has",
    "matches",
    "starts_with",
    "ends_with",
    "exists",
    "less_than",
    "more_than",
    "has_bits",
    "kind",
    "scope",
    "home_of",
    "within",
    "found_in",
    "absent_from",
];
const BLOCKS: [&str; 5] = ["all", "any", "not", "some", "none"];

impl Reader<'_> {
    /// A list of tests. Only `where` may be empty; then it holds for everything.
    pub(super) fn tests(
        &self,
        node: &Node,
        what: &str,
        frames: &[Frame],
        named: bool,
        problems: &mut Problems,
    ) -> Vec<Test> {
        let Some(items) = node.list(self.file, &format!("`{what}`"), problems) else { return Vec::new() };
        if items.is_empty() && what != "where" {
            problems.error(self.file, node.span.clone(), format!("`{what}` holds no test"));
        }
        items.iter().filter_map(|item| self.test(item, frames, named, problems)).collect()
    }

    fn test(&self, node: &Node, frames: &[Frame], named: bool, problems: &mut Problems) -> Option<Test> {
        let mut fields = node.fields(self.file, "test", problems)?;
        let name = fields.text("name", problems);
        let cited = fields.texts("statement", problems);
        if !named {
            for (word, span) in
                [("name", name.as_ref().map(|n| &n.span)), ("statement", cited.first().map(|s| &s.span))]
            {
                if let Some(span) = span {
                    problems.push(
                        Problem::error(self.file, span.clone(), format!("`{word}` says nothing here")).help(
                            "only the tests of `require` can fail, so only they have names and statements",
                        ),
                    );
                }
            }
        }
        for statement in &cited {
            if !self.statements.iter().any(|s| s == statement.value) {
                problems.push(Problem::unknown_name(
                    self.file,
                    statement.span.clone(),
                    "statement of this rule",
                    statement.value,
                    self.statements.iter().map(String::as_str),
                ));
            }
        }
        let statements = cited.iter().map(|s| s.value.to_owned()).collect();
        let name = name.map(|n| n.value.to_owned());

        let field = fields.get("field");
        let mut operators: Vec<(&'static str, &Node)> = Vec::new();
        for word in OPERATORS {
            if let Some(node) = fields.get(word) {
                operators.push((word, node));
            }
        }
        let mut blocks: Vec<(&'static str, &Node)> = Vec::new();
        for word in BLOCKS {
            if let Some(node) = fields.get(word) {
                blocks.push((word, node));
            }
        }
        let head = fields.head();
        let second = operators.iter().chain(&blocks).nth(1).map(|(word, _)| *word);
        let second_span = second.and_then(|word| fields.key(word)).map(|k| k.span.clone());
        let field_span = fields.key("field").map(|k| k.span.clone());
        let before = problems.0.len();
        fields.finish(problems);
        if problems.0.len() > before {
            return None;
        }
        if let (Some(word), Some(span)) = (second, second_span) {
            problems.push(
                Problem::error(self.file, span, format!("a test asks one thing; `{word}` is a second"))
                    .help("write two tests, or join them with `all` or `any`"),
            );
            return None;
        }
        let kind = match (field, operators.first(), blocks.first()) {
            (None, None, Some((word, block))) => self.block(word, block, frames, named, problems)?,
            (Some(_), None, Some((word, _))) => {
                problems.push(Problem::error(
                    self.file,
                    field_span.unwrap_or(head),
                    format!("`field` says nothing beside `{word}`"),
                ));
                return None;
            }
            (Some(field), Some((word, operand)), _) => {
                self.field_test(field, word, operand, frames, problems)?
            }
            (None, Some((word, _)), _) => {
                problems.push(Problem::error(self.file, head, format!("`{word}` needs a `field`")));
                return None;
            }
            (_, None, None) => {
                problems.push(Problem::error(self.file, head, "the test asks nothing").help(format!(
                    "it needs one of `{}`, `{}`",
                    OPERATORS.join("`, `"),
                    BLOCKS.join("`, `")
                )));
                return None;
            }
        };
        Some(Test { name, statements, kind })
    }

    fn block(
        &self,
        word: &str,
        node: &Node,
        frames: &[Frame],
        named: bool,
        problems: &mut Problems,
    ) -> Option<TestKind> {
        Some(match word {
            "all" => TestKind::All(self.tests(node, "all", frames, named, problems)),
            "any" => TestKind::Any(self.tests(node, "any", frames, named, problems)),
            "not" => TestKind::Not(Box::new(self.test(node, frames, named, problems)?)),
            _ => {
                let mut fields = node.fields(self.file, word, problems)?;
                let join = self.join(&mut fields, frames, problems);
                fields.finish(problems);
                TestKind::Some { join: join?, negated: word == "none" }
            }
        })
    }

    fn join<'n>(
        &self,
        fields: &mut crate::yaml::Fields<'n>,
        frames: &[Frame],
        problems: &mut Problems,
    ) -> Option<Join> {
        let name = fields.required_text("table", problems);
        let filter = fields.get("where");
        let table = self.table(name?, problems)?;
        let mut inner = frames.to_vec();
        inner.push(Frame { table, item: None });
        let filter = filter.map_or_else(Vec::new, |node| self.tests(node, "where", &inner, false, problems));
        Some(Join { table, filter })
    }

    fn field_test(
        &self,
        node: &Node,
        word: &str,
        operand: &Node,
        frames: &[Frame],
        problems: &mut Problems,
    ) -> Option<TestKind> {
        let name = node.text(self.file, "`field`", problems)?;
        let frame = *frames.last()?;
        let (field, kind) = self.field(frame, name.clone(), problems)?;
        let scalar = kind.scalar;
        let fits = |what: &str, fits: bool, problems: &mut Problems| {
            if !fits {
                problems.push(
                    Problem::error(
                        self.file,
                        name.span.clone(),
                        format!("`{word}` does not fit `{}`", name.value),
                    )
                    .label(format!("this field is {}", describe(kind)))
                    .help(format!("`{word}` is for {what}")),
                );
            }
            fits
        };
        let one = |problems: &mut Problems| {
            if kind.list {
                problems.push(
                    Problem::error(
                        self.file,
                        name.span.clone(),
                        format!("`{word}` does not fit `{}`", name.value),
                    )
                    .label(format!("this field is {}", describe(kind)))
                    .help("use `has`, or make a row of each element with `each: TABLE.FIELD`"),
                );
            }
            !kind.list
        };
        let textual = !matches!(scalar, Scalar::Integer | Scalar::Flag);
        let op = match word {
            "equals" => {
                if !one(problems) {
                    return None;
                }
                let (mode, value) = self.operand(operand, Some(scalar), false, frames, problems)?;
                Op::In(vec![(mode?, value)])
            }
            "in" => {
                if !one(problems) {
                    return None;
                }
                let mut values = Vec::new();
                match &operand.kind {
                    Kind::List(items) => {
                        if items.is_empty() {
                            problems.error(self.file, operand.span.clone(), "`in` holds no value");
                        }
                        for item in items {
                            if let Some((Some(mode), value)) =
                                self.operand(item, Some(scalar), true, frames, problems)
                            {
                                values.push((mode, value));
                            }
                        }
                    }
                    _ => {
                        let (mode, value) = self.operand(operand, Some(scalar), true, frames, problems)?;
                        values.push((mode?, value));
                    }
                }
                Op::In(values)
            }
            "has" => {
                if !fits("list fields", kind.list, problems) {
                    return None;
                }
                let (mode, value) = self.operand(operand, Some(scalar), false, frames, problems)?;
                Op::Has(mode?, value)
            }
            "matches" => {
                if !one(problems) || !fits("texts", textual, problems) {
                    return None;
                }
                let source = operand.text(self.file, "`matches`", problems)?;
                if self.patterns
                    && let Err(error) = build(source.value)
                {
                    let reason = error.to_string();
                    let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
                    problems.error(self.file, source.span, format!("not a regular expression: {reason}"));
                    return None;
                }
                Op::Matches(Pattern::new(source.value))
            }
            "starts_with" | "ends_with" => {
                if !one(problems) || !fits("texts", textual, problems) {
                    return None;
                }
                let (_, value) = self.operand(operand, None, false, frames, problems)?;
                if word == "starts_with" { Op::StartsWith(value) } else { Op::EndsWith(value) }
            }
            "exists" => Op::Exists(operand.flag(self.file, "`exists`", problems)?),
            "less_than" | "more_than" => {
                let ordered = matches!(scalar, Scalar::Integer | Scalar::Date);
                if !one(problems) || !fits("whole numbers and dates", ordered, problems) {
                    return None;
                }
                let (mode, value) = self.operand(operand, Some(scalar), false, frames, problems)?;
                if word == "less_than" { Op::LessThan(mode?, value) } else { Op::MoreThan(mode?, value) }
            }
            "has_bits" => {
                if !one(problems) || !fits("whole numbers", scalar == Scalar::Integer, problems) {
                    return None;
                }
                Op::HasBits(self.operand(operand, Some(Scalar::Integer), false, frames, problems)?.1)
            }
            "kind" | "scope" => {
                if !one(problems) || !fits("accounts", scalar == Scalar::Account, problems) {
                    return None;
                }
                if word == "kind" {
                    Op::Kind(self.words(operand, "kind", KINDS, problems))
                } else {
                    Op::Scope(self.words(operand, "scope", SCOPES, problems))
                }
            }
            "home_of" => {
                if !one(problems) || !fits("computers", scalar == Scalar::Computer, problems) {
                    return None;
                }
                Op::HomeOf(self.operand(operand, Some(Scalar::Account), false, frames, problems)?.1)
            }
            "within" => {
                if !one(problems) || !fits("paths", scalar == Scalar::Path, problems) {
                    return None;
                }
                Op::Within(self.operand(operand, Some(Scalar::Path), true, frames, problems)?.1)
            }
            _ => {
                if !one(problems) {
                    return None;
                }
                let mut fields = operand.fields(self.file, word, problems)?;
                let there = fields.required_text("field", problems);
                let join = self.join(&mut fields, frames, problems);
                fields.finish(problems);
                let (there, join) = (there?, join?);
                let span = there.span.clone();
                let (number, other) =
                    self.field(Frame { table: join.table, item: None }, there.clone(), problems)?;
                let Some(mode) = Mode::of(scalar, other.scalar) else {
                    problems.push(self.misfit(span, there.value, other, name.value, kind));
                    return None;
                };
                Op::FoundIn { join, field: number, mode, negated: word == "absent_from" }
            }
        };
        Some(TestKind::Field { field, kind, op })
    }

    fn words<T: Clone>(
        &self,
        node: &Node,
        what: &str,
        words: &[(&str, T)],
        problems: &mut Problems,
    ) -> Vec<T> {
        let items = match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let found: Vec<T> =
            items.iter().filter_map(|n| n.word(self.file, what, words, problems)).map(|w| w.value).collect();
        if items.is_empty() {
            problems.error(self.file, node.span.clone(), format!("`{what}` holds no value"));
        }
        found
    }

    /// Two fields that can never be compared.
    pub(super) fn misfit(
        &self,
        span: Range<usize>,
        there: &str,
        other: FieldKind,
        here: &str,
        kind: FieldKind,
    ) -> Problem {
        Problem::error(self.file, span, format!("`{there}` cannot be compared with `{here}`")).label(format!(
            "{} against {}",
            describe(other),
            describe(kind)
        ))
    }
}

/// A field's type as `content/evidence.yaml` writes it, with an article.
pub(super) fn describe(kind: FieldKind) -> String {
    let word = match kind.scalar {
        Scalar::Text => "text",
        Scalar::Name => "name",
        Scalar::Integer => "integer",
        Scalar::Flag => "flag",
        Scalar::Date => "date",
        Scalar::Account => "account",
        Scalar::Computer => "computer",
        Scalar::Site => "site",
        Scalar::Path => "path",
    };
    if kind.list {
        format!("a list of {word}")
    } else if matches!(kind.scalar, Scalar::Integer | Scalar::Account) {
        format!("an {word}")
    } else {
        format!("a {word}")
    }
}
