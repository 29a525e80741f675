//! Texts with values: messages, labels, subjects.

use std::ops::Range;

use super::facts::FactRef;
use super::file::Reader;
use super::test::{Check, Frame, Op, Test, TestKind};
use crate::evidence::TableId;
use crate::yaml::{Node, Problem, Problems, Spanned};

/// A text with values, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    /// As it is written.
    pub written: String,
    /// Its parts.
    pub segments: Vec<Segment>,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// As it stands.
    Literal(String),
    /// A value of a row.
    Field(Spot),
    /// A key of the documented fact.
    Fact(FactRef),
    /// A parameter, by number.
    Param(usize),
    /// How many rows or values were counted.
    Count,
    /// How many there may be.
    Limit,
    /// The different values of a group.
    Values,
    /// The text of the test that failed.
    Reason,
    /// The date of the chosen revision.
    Revision,
    /// The title of the entity in the chosen revision.
    EntityName,
}

/// A record, or a field of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Which record.
    pub which: Which,
    /// The number of the field in each of the tables the record may be of; none for the record as a whole.
    pub fields: Option<Vec<(TableId, usize)>>,
}

impl Spot {
    /// The number of the field in a table.
    pub fn field(&self, table: TableId) -> Option<usize> {
        self.fields.as_ref()?.iter().find(|(t, _)| *t == table).map(|(_, field)| *field)
    }
}

/// The records a rule can point at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Which {
    /// The row of the check; of a group the first.
    Row,
    /// The row that a join found.
    Match,
    /// The first row of the group.
    First,
    /// The first row beyond the limit.
    Over,
    /// The last row of the group.
    Last,
}

/// What the texts of a rule may name.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) frame: Frame,
    pub(super) group: bool,
    pub(super) limit: bool,
    pub(super) distinct: bool,
    pub(super) reasons: bool,
    pub(super) entity: bool,
    /// Tables of the rows that joins can find.
    pub(super) found: Vec<TableId>,
}

impl Names {
    pub(super) fn of(check: &Check, reasons: bool, entity: bool) -> Self {
        let (limit, distinct) = match check {
            Check::Each(_) => (false, false),
            Check::Group(group) => (group.limit.is_some(), group.distinct.is_some()),
        };
        let mut found = Vec::new();
        for test in check.filter() {
            tables_found(test, true, &mut found);
        }
        for test in check.require() {
            tables_found(test, false, &mut found);
        }
        found.sort_unstable();
        found.dedup();
        Self {
            frame: Frame { table: check.table(), item: check.item() },
            group: matches!(check, Check::Group(_)),
            limit,
            distinct,
            reasons,
            entity,
            found,
        }
    }
}

/// The tables in which a test that is `holds` has found a row.
fn tables_found(test: &Test, holds: bool, out: &mut Vec<TableId>) {
    match &test.kind {
        TestKind::All(tests) | TestKind::Any(tests) => tests.iter().for_each(|t| tables_found(t, holds, out)),
        TestKind::Not(test) => tables_found(test, !holds, out),
        TestKind::Some { join, negated } | TestKind::Field { op: Op::FoundIn { join, negated, .. }, .. } => {
            if holds != *negated {
                out.push(join.table);
            }
        }
        TestKind::Field { .. } => {}
    }
}

impl Reader<'_> {
    /// A text with values on one line.
    pub(super) fn line(
        &self,
        node: &Node,
        what: &str,
        names: &Names,
        problems: &mut Problems,
    ) -> Option<Text> {
        let text = node.text(self.file, &format!("`{what}`"), problems)?;
        if text.value.trim().is_empty() {
            problems.error(self.file, text.span, format!("`{what}` is empty"));
            return None;
        }
        if text.value.trim_end().contains('\n') {
            problems.error(self.file, text.span.clone(), format!("`{what}` must be one line"));
        }
        self.template(&text, names, problems)
    }

    /// Takes a text apart.
    pub(super) fn template(
        &self,
        text: &Spanned<&str>,
        names: &Names,
        problems: &mut Problems,
    ) -> Option<Text> {
        let mut segments = Vec::new();
        let mut literal = String::new();
        let mut rest = text.value.trim_end();
        let mut good = true;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                literal.push_str(brace);
                rest = after;
                continue;
            }
            if brace == "}" {
                problems.push(
                    Problem::error(self.file, text.span.clone(), "a closing brace without an opening one")
                        .help("write `}}` for a brace"),
                );
                return None;
            }
            let Some(end) = rest.find('}') else {
                problems.push(
                    Problem::error(self.file, text.span.clone(), "an opening brace without a closing one")
                        .help("write `{{` for a brace"),
                );
                return None;
            };
            let name = &rest[..end];
            rest = &rest[end + 1..];
            if !literal.is_empty() {
                segments.push(Segment::Literal(std::mem::take(&mut literal)));
            }
            let span = self.inside(&text.span, &format!("{{{name}}}"));
            match self.segment(&Spanned::new(name, span), names, problems) {
                Some(segment) => segments.push(segment),
                None => good = false,
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            segments.push(Segment::Literal(literal));
        }
        good.then(|| Text { written: text.value.trim_end().to_owned(), segments })
    }

    /// Where `part` stands in the file within `span`; the whole of it if it is not written so there.
    fn inside(&self, span: &Range<usize>, part: &str) -> Range<usize> {
        match self.file.text.get(span.clone()).and_then(|text| text.find(part)) {
            Some(at) => span.start + at..span.start + at + part.len(),
            None => span.clone(),
        }
    }

    fn segment(&self, name: &Spanned<&str>, names: &Names, problems: &mut Problems) -> Option<Segment> {
        let refuse = |why: &str, problems: &mut Problems| {
            problems.error(self.file, name.span.clone(), format!("`{{{}}}` {why}", name.value));
            None
        };
        match name.value {
            "count" if names.group => return Some(Segment::Count),
            "limit" if names.limit => return Some(Segment::Limit),
            "values" if names.distinct => return Some(Segment::Values),
            "reason" if names.reasons => return Some(Segment::Reason),
            "revision" => return Some(Segment::Revision),
            "entity.name" if names.entity => return Some(Segment::EntityName),
            // A field may have one of these names where it stands for nothing else.
            field if self.schema.tables.get(names.frame.table).is_some_and(|t| t.field(field).is_some()) => {}
            "count" => return refuse("is for groups", problems),
            "limit" => return refuse("is for groups with a limit", problems),
            "values" => return refuse("is for groups with `distinct`", problems),
            "reason" => return refuse("needs `reasons`", problems),
            "entity.name" => return refuse("is for rules with statements", problems),
            _ => {}
        }
        let at = |key: &str| Spanned::new(key.to_owned(), name.span.clone());
        match name.value.split_once('.') {
            Some(("fact", key)) => {
                let key = at(key);
                self.fact_key(&Spanned::new(&key.value, key.span.clone()), problems).map(Segment::Fact)
            }
            Some(("param", key)) => {
                let key = at(key);
                self.param(&Spanned::new(&key.value, key.span.clone()), problems).map(Segment::Param)
            }
            Some(_) => self.spot(name, names, problems).map(Segment::Field),
            None => {
                let mut others = vec!["revision", "entity.name"];
                if names.group {
                    others.extend(["count", "limit", "values"]);
                }
                others.push("reason");
                let (field, _) = self.field_or(names.frame, name.clone(), &others, problems)?;
                Some(Segment::Field(Spot {
                    which: Which::Row,
                    fields: Some(vec![(names.frame.table, field)]),
                }))
            }
        }
    }

    /// `row`, `row.F`, `match.F`, `first.F`, ...
    pub(super) fn spot(&self, name: &Spanned<&str>, names: &Names, problems: &mut Problems) -> Option<Spot> {
        let (word, field) = match name.value.split_once('.') {
            Some((word, field)) => (word, Some(field)),
            None => (name.value, None),
        };
        let which = match word {
            "row" if !names.group => Which::Row,
            "match" => Which::Match,
            "first" if names.group => Which::First,
            "over" if names.group => Which::Over,
            "last" if names.group => Which::Last,
            "row" => {
                problems.push(
                    Problem::error(self.file, name.span.clone(), "a group has no single row")
                        .help("use `first`, `over` or `last`"),
                );
                return None;
            }
            "first" | "over" | "last" => {
                problems.error(self.file, name.span.clone(), format!("`{word}` is for groups"));
                return None;
            }
            _ => {
                let mut known = vec!["match"];
                known.extend(if names.group { vec!["first", "over", "last"] } else { vec!["row"] });
                problems.push(Problem::unknown_name(self.file, name.span.clone(), "place", word, known));
                return None;
            }
        };
        if which == Which::Match && names.found.is_empty() {
            problems.push(
                Problem::error(self.file, name.span.clone(), "no join finds a row when this rule fails")
                    .help("a row is found by `absent_from` and `none` in `require`, and by `found_in` and `some` in `where`"),
            );
            return None;
        }
        let Some(field) = field else { return Some(Spot { which, fields: None }) };
        if which != Which::Match {
            let (number, _) = self.field(names.frame, Spanned::new(field, name.span.clone()), problems)?;
            return Some(Spot { which, fields: Some(vec![(names.frame.table, number)]) });
        }
        let fields: Vec<(TableId, usize)> = names
            .found
            .iter()
            .filter_map(|t| self.schema.tables.get(*t)?.field(field).map(|f| (*t, f)))
            .collect();
        if fields.is_empty() {
            let known = names
                .found
                .iter()
                .filter_map(|t| self.schema.tables.get(*t))
                .flat_map(|t| t.fields.iter().map(|f| f.name.as_str()));
            problems.push(Problem::unknown_name(
                self.file,
                name.span.clone(),
                "field of the row that is found",
                field,
                known,
            ));
            return None;
        }
        Some(Spot { which, fields: Some(fields) })
    }
}
