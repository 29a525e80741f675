//! Examples: a rule's unit tests, as data.

use std::ops::Range;

use serde_json::Value;

use super::file::Reader;
use crate::content::Date;
use crate::evidence::{Cell, Fact, TableId, Why};
use crate::yaml::{Kind, Node, Problem, Problems, Spanned, wrong_kind};

/// Evidence, and what the rule makes of it.
#[derive(Debug, Clone)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// The revision it is about; none for the newest.
    pub revision: Option<Date>,
    /// The tables that are given. What is not given is missing.
    pub given: Vec<GivenTable>,
    /// The same as it is written, for pages.
    pub written: Value,
    /// What comes out.
    pub expect: Expect,
    /// Bytes of its name in the file.
    pub span: Range<usize>,
    /// Bytes of what is expected.
    pub expect_span: Range<usize>,
}

/// A table of an example. It is complete.
#[derive(Debug, Clone)]
pub struct GivenTable {
    /// Which.
    pub table: TableId,
    /// Its rows and gaps.
    pub rows: Vec<GivenRow>,
}

/// A row of an example, or a gap.
#[derive(Debug, Clone)]
pub struct GivenRow {
    /// One cell a field.
    pub cells: Box<[Cell]>,
    /// For a gap: why it is one.
    pub gap: Option<Why>,
}

/// What an example expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// The rule looked, and it holds.
    Pass,
    /// There is nothing to look at.
    NotApplicable,
    /// Findings on these subjects.
    Fail(Vec<String>),
    /// These tables miss something.
    NotEvaluated(Vec<TableId>),
}

const WHYS: &[(&str, Why)] = &[
    ("collector-failed", Why::Failed),
    ("not-exported", Why::NotExported),
    ("truncated", Why::Truncated),
    ("not-fetched", Why::NotFetched),
    ("incomplete", Why::Incomplete),
    ("identity-uncertain", Why::Identity),
    ("unreadable-value", Why::Unreadable),
];

/// More rows than this are no example.
const MOST_ROWS: i64 = 10_000;

/// Reads the examples of a rule.
pub(super) fn read(reader: &Reader<'_>, node: &Node, problems: &mut Problems) -> Vec<Example> {
    let Some(items) = node.list(reader.file, "`examples`", problems) else { return Vec::new() };
    let before = problems.0.len();
    let examples: Vec<Example> = items.iter().filter_map(|item| reader.example(item, problems)).collect();
    if problems.0.len() == before {
        let missing = [
            ("pass", examples.iter().any(|e| e.expect == Expect::Pass)),
            ("fail", examples.iter().any(|e| matches!(e.expect, Expect::Fail(_)))),
        ];
        for (word, there) in missing {
            if !there {
                problems.push(
                    Problem::error(reader.file, node.head(), format!("no example expects `{word}`"))
                        .help("a rule has at least one example that passes and one that fails"),
                );
            }
        }
        for (i, example) in examples.iter().enumerate() {
            if let Some(first) = examples[..i].iter().find(|e| e.name == example.name) {
                problems.push(
                    Problem::error(reader.file, example.span.clone(), "two examples have this name").related(
                        reader.file,
                        first.span.clone(),
                        "the other",
                    ),
                );
            }
        }
    }
    examples
}

impl Reader<'_> {
    fn example(&self, node: &Node, problems: &mut Problems) -> Option<Example> {
        let mut fields = node.fields(self.file, "example", problems)?;
        let name = fields.required_text("name", problems);
        let revision = fields.text("revision", problems);
        let given = fields.required("given", problems);
        let expect = fields.required("expect", problems);
        fields.finish(problems);
        let revision = revision.and_then(|text| {
            let date = text.value.parse::<Date>().ok();
            let known = date.filter(|d| self.content.revisions.iter().any(|r| r.date == *d));
            if known.is_none() {
                let names: Vec<String> = self.content.revisions.iter().map(|r| r.date.to_string()).collect();
                problems.push(Problem::unknown_name(
                    self.file,
                    text.span,
                    "revision",
                    text.value,
                    names.iter().map(String::as_str),
                ));
            }
            known
        });
        let written = given.map(Node::to_json).unwrap_or_default();
        let given = given.and_then(|node| self.given(node, problems));
        let expected = expect.and_then(|node| self.expect(node, problems));
        let name = name?;
        Some(Example {
            name: name.value.trim().to_owned(),
            revision,
            given: given?,
            written,
            expect: expected?,
            span: name.span,
            expect_span: expect?.span.clone(),
        })
    }

    fn expect(&self, node: &Node, problems: &mut Problems) -> Option<Expect> {
        if node.as_map().is_none() {
            let words = [("pass", Expect::Pass), ("not-applicable", Expect::NotApplicable)];
            let before = problems.0.len();
            let word = node.word(self.file, "expect", &words, problems).map(|w| w.value);
            if problems.0.len() > before
                && let Some(problem) = problems.0.last_mut()
            {
                problem.help = Some(
                    "expected is `pass`, `not-applicable`, `{fail: [subject]}` or `{not-evaluated: table}`"
                        .to_owned(),
                );
            }
            return word;
        }
        let mut fields = node.fields(self.file, "expectation", problems)?;
        let fail_node = fields.get("fail");
        let fail = fields.texts("fail", problems);
        let open_node = fields.get("not-evaluated");
        let open = fields.texts("not-evaluated", problems);
        let head = fields.head();
        fields.finish(problems);
        match (fail_node, open_node) {
            (Some(node), None) => {
                if fail.is_empty() {
                    problems.error(self.file, node.span.clone(), "`fail` names no subject");
                    return None;
                }
                Some(Expect::Fail(fail.iter().map(|t| t.value.to_owned()).collect()))
            }
            (None, Some(node)) => {
                if open.is_empty() {
                    problems.error(self.file, node.span.clone(), "`not-evaluated` names no table");
                    return None;
                }
                let tables: Option<Vec<TableId>> =
                    open.into_iter().map(|name| self.table(name, problems)).collect();
                Some(Expect::NotEvaluated(tables?))
            }
            _ => {
                problems.error(self.file, head, "an expectation is one of `fail` and `not-evaluated`");
                None
            }
        }
    }

    fn given(&self, node: &Node, problems: &mut Problems) -> Option<Vec<GivenTable>> {
        let Kind::Map(entries) = &node.kind else {
            problems.push(wrong_kind(self.file, node, "`given`", "a map"));
            return None;
        };
        let mut tables = Vec::new();
        let mut good = true;
        for (name, node) in entries {
            let table = self.table(Spanned::new(name.value.as_str(), name.span.clone()), problems);
            let Some(items) = node.list(self.file, "a table", problems) else {
                good = false;
                continue;
            };
            let Some(table) = table else {
                good = false;
                continue;
            };
            let mut rows = Vec::new();
            for item in items {
                match self.rows_of(table, item, problems) {
                    Some(more) => rows.extend(more),
                    None => good = false,
                }
            }
            tables.push(GivenTable { table, rows });
        }
        good.then_some(tables)
    }

    /// A row, `{repeat: n, row: {...}}` or `{gap: {...}, why: W}`.
    fn rows_of(&self, table: TableId, node: &Node, problems: &mut Problems) -> Option<Vec<GivenRow>> {
        let schema = self.schema.tables.get(table)?;
        if node.get("repeat").is_some() && schema.field("repeat").is_none() {
            let mut fields = node.fields(self.file, "repetition", problems)?;
            let times = fields.integer("repeat", problems);
            let row = fields.required("row", problems);
            fields.finish(problems);
            let (times, row) = (times?, row?);
            if !(1..=MOST_ROWS).contains(&times.value) {
                problems.error(self.file, times.span, format!("`repeat` is from 1 to {MOST_ROWS}"));
                return None;
            }
            return (1..=times.value)
                .map(|n| {
                    let cells = self.cells(table, row, &Fact::Empty, Some(n), problems)?;
                    Some(GivenRow { cells, gap: None })
                })
                .collect();
        }
        if node.get("gap").is_some() && schema.field("gap").is_none() {
            let mut fields = node.fields(self.file, "gap", problems)?;
            let why = fields.word("why", WHYS, problems).map_or(Why::Incomplete, |w| w.value);
            let known = fields.required("gap", problems);
            fields.finish(problems);
            let cells = self.cells(table, known?, &Fact::Unknown(why), None, problems)?;
            return Some(vec![GivenRow { cells, gap: Some(why) }]);
        }
        let cells = self.cells(table, node, &Fact::Empty, None, problems)?;
        Some(vec![GivenRow { cells, gap: None }])
    }

    /// One cell a field; `rest` where the row does not name the field.
    fn cells(
        &self,
        table: TableId,
        node: &Node,
        rest: &Fact,
        n: Option<i64>,
        problems: &mut Problems,
    ) -> Option<Box<[Cell]>> {
        let schema = self.schema.tables.get(table)?;
        let Kind::Map(entries) = &node.kind else {
            problems.push(wrong_kind(self.file, node, "a row", "a map"));
            return None;
        };
        let mut cells: Vec<Cell> =
            schema.fields.iter().map(|_| Cell { fact: rest.clone(), place: None }).collect();
        let mut good = true;
        for (name, value) in entries {
            let Some(field) = schema.field(&name.value) else {
                problems.push(Problem::unknown_name(
                    self.file,
                    name.span.clone(),
                    &format!("field of `{}`", schema.name),
                    &name.value,
                    schema.fields.iter().map(|f| f.name.as_str()),
                ));
                good = false;
                continue;
            };
            let kind = schema.fields[field].kind;
            let fact = if kind.list {
                match &value.kind {
                    Kind::List(items) if items.is_empty() => Some(Fact::Empty),
                    Kind::List(items) => {
                        let cells: Option<Vec<Cell>> = items
                            .iter()
                            .map(|item| {
                                self.cell(kind.scalar, item, n, problems)
                                    .map(|fact| Cell { fact, place: None })
                            })
                            .collect();
                        cells.map(|c| Fact::List(c.into()))
                    }
                    Kind::Null => Some(Fact::Empty),
                    Kind::Text(text) if text == "?" => Some(Fact::Unknown(Why::Unreadable)),
                    _ => {
                        problems.push(wrong_kind(self.file, value, &format!("`{}`", name.value), "a list"));
                        None
                    }
                }
            } else {
                self.cell(kind.scalar, value, n, problems)
            };
            match fact {
                Some(fact) => cells[field].fact = fact,
                None => good = false,
            }
        }
        good.then(|| cells.into())
    }

    fn cell(
        &self,
        scalar: crate::evidence::Scalar,
        node: &Node,
        n: Option<i64>,
        problems: &mut Problems,
    ) -> Option<Fact> {
        let value = match &node.kind {
            Kind::Text(text) if text == "?" => return Some(Fact::Unknown(Why::Unreadable)),
            Kind::Text(text) => match n {
                Some(n) => Value::String(text.replace("{n}", &n.to_string())),
                None => Value::String(text.clone()),
            },
            Kind::List(_) | Kind::Map(_) => {
                problems.push(wrong_kind(self.file, node, "the value of a field", "one value"));
                return None;
            }
            _ => node.to_json(),
        };
        if matches!(&value, Value::String(text) if text.trim().is_empty()) {
            return Some(Fact::Empty);
        }
        match super::typed(scalar, &value) {
            Ok(fact) => Some(fact),
            Err(error) => {
                problems.error(self.file, node.span.clone(), error.0);
                None
            }
        }
    }
}
