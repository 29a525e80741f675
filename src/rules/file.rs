//! A rule file, from the tree to the checked rule.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::example;
use super::facts::{Documented, Facts};
use super::operand::Operand;
use super::test::{Check, Each, Frame, Group, Join, Limit, Op, Test, TestKind, describe};
use super::text::{Names, Segment, Text};
use super::{Adjust, Confidence, Fix, LabelText, Level, Param, Reference, Rule};
use crate::content::{Content, Date, Timeline};
use crate::evidence::{FieldKind, Scalar, Schema, TableId, table as named};
use crate::yaml::{Document, Fields, File, Kind, Node, Problem, Problems, Spanned, wrong_kind};

/// A rule, and what only other rules can settle.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) rule: Rule,
    pub(super) id_span: Range<usize>,
    pub(super) alias_spans: Vec<Range<usize>>,
    pub(super) yields_to: Vec<(String, Range<usize>)>,
    pub(super) yield_spans: Vec<Range<usize>>,
}

/// What names in a rule are looked up in.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) file: &'a Arc<File>,
    pub(super) content: &'a Content,
    pub(super) schema: &'a Schema,
    pub(super) facts: Option<&'a Facts<'a>>,
    pub(super) params: &'a [Param],
    pub(super) statements: &'a [String],
    /// Whether patterns are compiled now, to report what is wrong with them.
    pub(super) patterns: bool,
}

const LEVELS: &[(&str, Level)] =
    &[("error", Level::Error), ("warning", Level::Warning), ("note", Level::Note)];
const CONFIDENCES: &[(&str, Confidence)] =
    &[("high", Confidence::High), ("medium", Confidence::Medium), ("low", Confidence::Low)];

/// Reads and checks a rule file. None if something is missing without which it is no rule; all that is wrong is
/// in `problems`.
pub(super) fn read(
    document: &Document,
    content: &Content,
    schema: &Schema,
    patterns: bool,
    problems: &mut Problems,
) -> Option<Loaded> {
    let file = &document.file;
    let mut fields = document.fields("rule", problems)?;

    let id = fields.required_text("id", problems);
    let aliases = fields.texts("aliases", problems);
    let title = fields.required_text("title", problems);
    let statement = fields.texts("statement", problems);
    let documented = fields.get("documented");
    let because = fields.text("because", problems);
    let derived = fields.text("derived", problems);
    let reviewed = fields.required_text("reviewed", problems);
    let revisions = fields.fields("revisions", "span of revisions", problems);
    let level = fields.required("level", problems);
    let confidence = fields.required_word("confidence", CONFIDENCES, problems);
    let evidence_node = fields.required("evidence", problems);
    let evidence = fields.texts("evidence", problems);
    let params = fields.get("params");
    let check = fields.required("check", problems);
    let adjust = fields.list("adjust", problems);
    let yields_to = fields.texts("yields_to", problems);
    let subject = fields.get("subject");
    let message = fields.required("message", problems);
    let reasons = fields.get("reasons");
    let labels = fields.required("labels", problems);
    let help = fields.required_text("help", problems);
    let fix = fields.fields("fix", "fix", problems);
    let references = fields.list("references", problems);
    let examples = fields.required("examples", problems);
    let source_key =
        ["statement", "documented", "because"].map(|name| fields.key(name).map(|k| k.span.clone()));
    let head = fields.head();
    fields.finish(problems);

    let mut reader = Reader { file, content, schema, facts: None, params: &[], statements: &[], patterns };
    if let Some(id) = &id {
        problems.kebab(file, id);
        if id.value != file.stem() {
            problems.push(
                Problem::error(
                    file,
                    id.span.clone(),
                    format!("the id is not the name of the file, `{}`", file.stem()),
                )
                .help("name the file after the rule; a former id goes to `aliases`"),
            );
        }
    }
    for alias in &aliases {
        problems.kebab(file, alias);
    }
    if file.folder().is_empty() {
        problems.push(
            Problem::error(file, head.clone(), "a rule stands in a folder, which is its group").help(
                "move the file to `accounts/`, `groups/`, `permissions/`, `task-sequences/` or `hygiene/`",
            ),
        );
    }
    if let Some(title) = &title {
        one_line(file, title, "title", problems);
    }

    // Where the rule comes from.
    let given: Vec<&Range<usize>> = source_key.iter().flatten().collect();
    match given.as_slice() {
        [] => problems.push(
            Problem::error(file, head.clone(), "the rule has no `statement`")
                .help("name the statement it enforces, or the facts: `documented: {kind: ...}`"),
        ),
        [_] => {}
        [first, second, ..] => problems.push(
            Problem::error(
                file,
                (*second).clone(),
                "a rule has one of `statement`, `documented` and `because`",
            )
            .related(file, (*first).clone(), "the other"),
        ),
    }
    if let Some(span) = &source_key[2]
        && file.folder() != "hygiene"
    {
        problems.push(
            Problem::error(file, span.clone(), "`because` is for the rules in `hygiene/`")
                .help("name the statement that the rule enforces"),
        );
    }
    let mut statements = Vec::new();
    for reference in &statement {
        if content.statement(reference.value).is_some() {
            if statements.iter().any(|s| s == reference.value) {
                problems.error(file, reference.span.clone(), "this statement comes twice");
            }
            statements.push(reference.value.to_owned());
        } else {
            problems.push(unknown_statement(file, content, reference));
        }
    }
    let documented = documented.and_then(|node| reader.selector(node, false, problems));
    let facts = documented.as_ref().map(|selector| selector.all(content));
    if let Some(facts) = &facts {
        for place in &facts.places {
            if !statements.contains(&place.statement.reference) {
                statements.push(place.statement.reference.clone());
            }
        }
    }
    let reviewed_date = reviewed.as_ref().and_then(|r| revision(file, content, r, problems));
    let revisions = match revisions {
        Some(mut fields) => {
            let from = fields.text("from", problems).and_then(|d| revision(file, content, &d, problems));
            let until = fields.text("until", problems).and_then(|d| revision(file, content, &d, problems));
            let head = fields.head();
            fields.finish(problems);
            if let (Some(from), Some(until)) = (from, until)
                && until < from
            {
                problems.error(file, head, "`until` comes before `from`");
            }
            (from, until)
        }
        None => (None, None),
    };
    if let (Some(date), Some(reviewed)) = (reviewed_date, &reviewed) {
        behind(file, content, &statements, (date, revisions.1), reviewed, problems);
    }
    let level = level.and_then(|node| levels(file, content, node, problems));

    let params = params.map_or_else(Vec::new, |node| read_params(file, node, problems));
    reader.facts = facts.as_ref();
    reader.params = &params;
    reader.statements = &statements;

    let check = check.and_then(|node| reader.check(node, problems));
    let frames: Vec<Frame> =
        check.iter().map(|check| Frame { table: check.table(), item: check.item() }).collect();
    let adjust: Vec<Adjust> = if check.is_some() {
        adjust.iter().filter_map(|node| reader.adjust(node, &frames, problems)).collect()
    } else {
        Vec::new()
    };
    let mut tables = Vec::new();
    if let Some(check) = &check {
        tables.push(check.table());
        let adjusted = adjust.iter().flat_map(|a| &a.filter);
        for test in check.filter().iter().chain(check.require()).chain(adjusted) {
            read_tables(test, &mut tables);
        }
        tables.sort_unstable();
        tables.dedup();
        reader.evidence(&evidence, evidence_node, &tables, problems);
    }

    let mut out_subject = None;
    let mut out_message = None;
    let mut out_reasons = Vec::new();
    let mut out_labels = Vec::new();
    let mut out_fix = None;
    if let Some(check) = &check {
        let names = Names::of(check, reasons.is_some(), !statements.is_empty());
        out_subject = subject.and_then(|node| reader.line(node, "subject", &names, problems));
        out_message = message.and_then(|node| {
            let text = reader.line(node, "message", &names, problems)?;
            reader.message_style(node, &text, problems);
            Some(text)
        });
        out_reasons = reasons.map_or_else(Vec::new, |node| reader.reasons(node, check, &names, problems));
        let uses_reason = |text: &Text| text.segments.contains(&Segment::Reason);
        out_labels = labels.map_or_else(Vec::new, |node| reader.labels(node, &names, problems));
        if let (Some(text), Some(node)) = (&out_message, message)
            && (uses_reason(text) || out_labels.iter().any(|l| uses_reason(&l.text)))
        {
            reader.reasons_cover(node, check, &out_reasons, problems);
        }
        out_fix = fix.and_then(|mut fields| {
            let powershell = fields.required("powershell", problems);
            let on = fields.get("on");
            fields.finish(problems);
            Some(Fix {
                powershell: {
                    let node = powershell?;
                    let text = node.text(file, "`powershell`", problems)?;
                    reader.template(&text, &names, problems)?
                },
                on: on.and_then(|node| reader.line(node, "on", &names, problems)),
            })
        });
    }
    let references = references.iter().filter_map(|node| reference(file, node, content, problems)).collect();
    let examples = examples.map_or_else(Vec::new, |node| example::read(&reader, node, problems));
    let because = because.map(|b| b.value.trim().to_owned());
    let yields: Vec<(String, Range<usize>)> =
        yields_to.iter().map(|y| (y.value.to_owned(), y.span.clone())).collect();

    let id = id?;
    Some(Loaded {
        id_span: id.span.clone(),
        alias_spans: aliases.iter().map(|a| a.span.clone()).collect(),
        yields_to: yields,
        yield_spans: Vec::new(),
        rule: Rule {
            id: id.value.to_owned(),
            aliases: aliases.iter().map(|a| a.value.to_owned()).collect(),
            group: file.folder().to_owned(),
            file: Arc::clone(file),
            title: title?.value.trim().to_owned(),
            documented: documented.map(|selector| Documented { selector }),
            because,
            derived: derived.map(|d| d.value.trim().to_owned()),
            reviewed: reviewed_date?,
            revisions,
            level: level?,
            confidence: confidence?.value,
            reads_titles: schema.id(named::DOCUMENTED_TITLES).is_some_and(|id| tables.contains(&id)),
            reads_facts: schema.facts_behind(&tables).into_iter().map(str::to_owned).collect(),
            evidence: tables,
            check: check?,
            adjust,
            yields_to: Vec::new(),
            subject: out_subject,
            message: out_message?,
            reasons: out_reasons,
            labels: out_labels,
            help: help?.value.trim().to_owned(),
            fix: out_fix,
            references,
            examples,
            statements,
            judges: Vec::new(),
            params,
        },
    })
}

fn one_line(file: &Arc<File>, text: &Spanned<&str>, what: &str, problems: &mut Problems) {
    if text.value.trim_end().contains('\n') {
        problems.error(file, text.span.clone(), format!("`{what}` must be one line"));
    }
    if text.value.trim_end().ends_with('.') {
        problems.error(file, text.span.clone(), format!("`{what}` ends with a full stop"));
    }
}

fn unknown_statement(file: &Arc<File>, content: &Content, reference: &Spanned<&str>) -> Problem {
    // A wrong entity is named as such; with the right one only its statements are near.
    let (entity, _) = reference.value.split_once('/').unwrap_or((reference.value, ""));
    match content.entity(entity) {
        Some(entity) => Problem::unknown_name(
            file,
            reference.span.clone(),
            "statement",
            reference.value,
            entity.statements.iter().map(|s| s.reference.as_str()),
        ),
        None => {
            let mut problem = Problem::unknown_name(
                file,
                reference.span.clone(),
                "account or group",
                entity,
                content.entities.iter().map(|e| e.id.as_str()),
            );
            problem.label = "a statement is named `entity/statement`".to_owned();
            problem
        }
    }
}

/// A date that is a revision's.
fn revision(
    file: &Arc<File>,
    content: &Content,
    text: &Spanned<&str>,
    problems: &mut Problems,
) -> Option<Date> {
    let date = text.value.parse::<Date>().ok();
    let known = date.filter(|d| content.revisions.iter().any(|r| r.date == *d));
    if known.is_none() {
        let names: Vec<String> = content.revisions.iter().map(|r| r.date.to_string()).collect();
        problems.push(Problem::unknown_name(
            file,
            text.span.clone(),
            "revision",
            text.value,
            names.iter().map(String::as_str),
        ));
    }
    known
}

fn levels(
    file: &Arc<File>,
    content: &Content,
    node: &Node,
    problems: &mut Problems,
) -> Option<Timeline<Level>> {
    let Kind::Map(entries) = &node.kind else {
        let level = node.word(file, "level", LEVELS, problems)?;
        let first = content.revisions.first().map(|r| r.date)?;
        return Some(Timeline { steps: vec![(first, Some(level.value))] });
    };
    let mut steps = Vec::new();
    for (key, value) in entries {
        let date = revision(file, content, &Spanned::new(key.value.as_str(), key.span.clone()), problems);
        let level =
            if value.is_null() { None } else { Some(value.word(file, "level", LEVELS, problems)?.value) };
        steps.push((date?, level));
    }
    steps.sort_by_key(|(date, _)| *date);
    if steps.is_empty() {
        problems.error(file, node.span.clone(), "`level` is empty");
        return None;
    }
    Some(Timeline { steps })
}

/// Warns when a statement was changed after the rule's author read it, in a revision the rule is for.
fn behind(
    file: &Arc<File>,
    content: &Content,
    statements: &[String],
    (reviewed, until): (Date, Option<Date>),
    at: &Spanned<&str>,
    problems: &mut Problems,
) {
    for reference in statements {
        let Some((_, statement)) = content.statement(reference) else { continue };
        let told = statement
            .changes
            .iter()
            .filter(|c| !matches!(c.kind.as_str(), "layout" | "editorial" | "rename"));
        let texts = statement.text.steps.iter().skip(1).map(|(date, _)| *date);
        let newest = told
            .map(|c| c.revision)
            .chain(texts)
            .filter(|d| *d > reviewed && until.is_none_or(|u| *d <= u))
            .max();
        if let Some(newest) = newest {
            problems.push(
                Problem::warning(file, at.span.clone(), format!("`{reference}` was changed on {newest}"))
                    .label("the rule was last read against this revision")
                    .help("read the rule against the newer wording, then set `reviewed` to its date"),
            );
        }
    }
}

fn read_params(file: &Arc<File>, node: &Node, problems: &mut Problems) -> Vec<Param> {
    let Kind::Map(entries) = &node.kind else {
        problems.push(wrong_kind(file, node, "`params`", "a map"));
        return Vec::new();
    };
    let mut params = Vec::new();
    for (name, node) in entries {
        let Some(mut fields) = node.fields(file, "parameter", problems) else { continue };
        let value = fields.required("value", problems).map(Node::to_json);
        let help = fields.required_text("help", problems);
        fields.finish(problems);
        let scalars = |v: &Value| !v.is_object() && !v.is_null();
        let good = value.as_ref().is_some_and(|v| match v {
            Value::Array(items) => items.iter().all(|i| scalars(i) && !i.is_array()),
            other => scalars(other),
        });
        if !good {
            problems.error(file, node.head(), "the value of a parameter is a scalar or a list of scalars");
        }
        params.push(Param {
            name: name.value.clone(),
            value: value.unwrap_or_default(),
            help: help.map_or_else(String::new, |h| h.value.trim().to_owned()),
        });
    }
    params
}

fn reference(file: &Arc<File>, node: &Node, content: &Content, problems: &mut Problems) -> Option<Reference> {
    let mut fields = node.fields(file, "reference", problems)?;
    let manager = fields.texts("misconfiguration-manager", problems);
    let mitre = fields.texts("mitre", problems);
    let url = fields.text("url", problems);
    let title = fields.text("title", problems);
    let head = fields.head();
    fields.finish(problems);
    // A specification without a list of techniques knows none.
    let known = &content.techniques;
    for id in
        manager.iter().chain(&mitre).filter(|id| !known.is_empty() && known.iter().all(|t| t.id != id.value))
    {
        let names = known.iter().map(|t| t.id.as_str());
        problems.push(Problem::unknown_name(file, id.span.clone(), "technique", id.value, names));
    }
    let own = |texts: Vec<Spanned<&str>>| texts.into_iter().map(|t| t.value.to_owned()).collect::<Vec<_>>();
    match (manager.is_empty(), mitre.is_empty(), url) {
        (false, true, None) => Some(Reference::Techniques(own(manager))),
        (true, false, None) => Some(Reference::Techniques(own(mitre))),
        (true, true, Some(url)) => {
            if !url.value.starts_with("https://") {
                problems.error(file, url.span, "an address begins with `https://`");
            }
            let Some(title) = title else {
                problems.error(file, head, "an address needs a `title`");
                return None;
            };
            Some(Reference::Page { url: url.value.to_owned(), title: title.value.to_owned() })
        }
        _ => {
            problems.error(file, head, "a reference is one of `misconfiguration-manager`, `mitre` and `url`");
            None
        }
    }
}

/// The tables that a test reads.
fn read_tables(test: &Test, out: &mut Vec<TableId>) {
    match &test.kind {
        TestKind::All(tests) | TestKind::Any(tests) => tests.iter().for_each(|t| read_tables(t, out)),
        TestKind::Not(test) => read_tables(test, out),
        TestKind::Some { join, .. } | TestKind::Field { op: Op::FoundIn { join, .. }, .. } => {
            read_join(join, out);
        }
        TestKind::Field { .. } => {}
    }
}

fn read_join(join: &Join, out: &mut Vec<TableId>) {
    out.push(join.table);
    join.filter.iter().for_each(|t| read_tables(t, out));
}

impl Reader<'_> {
    /// The number of a table.
    pub(super) fn table(&self, name: Spanned<&str>, problems: &mut Problems) -> Option<TableId> {
        let table = self.schema.table(name.value);
        if table.is_none() {
            problems.push(Problem::unknown_name(
                self.file,
                name.span,
                "table",
                name.value,
                self.schema.tables.iter().map(|t| t.name.as_str()),
            ));
        }
        table
    }

    /// The number and type of a field of a row.
    pub(super) fn field(
        &self,
        frame: Frame,
        name: Spanned<&str>,
        problems: &mut Problems,
    ) -> Option<(usize, FieldKind)> {
        self.field_or(frame, name, &[], problems)
    }

    /// As [`Reader::field`]; `others` are further names that may have been meant.
    pub(super) fn field_or(
        &self,
        frame: Frame,
        name: Spanned<&str>,
        others: &[&str],
        problems: &mut Problems,
    ) -> Option<(usize, FieldKind)> {
        let table = self.schema.tables.get(frame.table)?;
        if let Some(item) = frame.item
            && name.value == "item"
        {
            let scalar = table.fields.get(item)?.kind.scalar;
            return Some((table.fields.len(), FieldKind { scalar, list: false }));
        }
        if let Some(number) = table.field(name.value) {
            return Some((number, table.fields[number].kind));
        }
        let mut names: Vec<&str> = table.fields.iter().map(|f| f.name.as_str()).collect();
        if frame.item.is_some() {
            names.push("item");
        }
        names.extend(others);
        problems.push(Problem::unknown_name(
            self.file,
            name.span,
            &format!("field of `{}`", table.name),
            name.value,
            names,
        ));
        None
    }

    /// The number of a parameter.
    pub(super) fn param(&self, name: &Spanned<&str>, problems: &mut Problems) -> Option<usize> {
        let number = self.params.iter().position(|p| p.name == name.value);
        if number.is_none() {
            problems.push(Problem::unknown_name(
                self.file,
                name.span.clone(),
                "parameter",
                name.value,
                self.params.iter().map(|p| p.name.as_str()),
            ));
        }
        number
    }

    fn check(&self, node: &Node, problems: &mut Problems) -> Option<Check> {
        let mut fields = node.fields(self.file, "check", problems)?;
        let each = fields.text("each", problems);
        let group = fields.text("group", problems);
        match (each, group) {
            (Some(name), None) => {
                let frame = self.rows(name, problems);
                let filter = fields.get("where");
                let require = fields.required("require", problems);
                fields.finish(problems);
                let frame = frame?;
                Some(Check::Each(Each {
                    table: frame.table,
                    item: frame.item,
                    filter: filter
                        .map_or_else(Vec::new, |n| self.tests(n, "where", &[frame], false, problems)),
                    require: self.tests(require?, "require", &[frame], true, problems),
                }))
            }
            (None, Some(name)) => {
                let group = self.group(&mut fields, name, problems);
                fields.finish(problems);
                group
            }
            (Some(_), Some(name)) => {
                problems.error(self.file, name.span, "a check has one of `each` and `group`");
                None
            }
            (None, None) => {
                problems.error(self.file, fields.head(), "a check needs `each` or `group`");
                None
            }
        }
    }

    /// `TABLE` or `TABLE.FIELD`.
    fn rows(&self, name: Spanned<&str>, problems: &mut Problems) -> Option<Frame> {
        let Some((table, field)) = name.value.split_once('.') else {
            return Some(Frame { table: self.table(name, problems)?, item: None });
        };
        let table = self.table(Spanned::new(table, name.span.clone()), problems)?;
        let frame = Frame { table, item: None };
        let (item, kind) = self.field(frame, Spanned::new(field, name.span.clone()), problems)?;
        if !kind.list {
            problems.push(
                Problem::error(self.file, name.span, format!("`{field}` is no list"))
                    .label(format!("this field is {}", describe(kind))),
            );
            return None;
        }
        Some(Frame { table, item: Some(item) })
    }

    fn group<'n>(
        &self,
        fields: &mut Fields<'n>,
        name: Spanned<&str>,
        problems: &mut Problems,
    ) -> Option<Check> {
        let frame = self.rows(name, problems);
        let by_node = fields.required("by", problems);
        let by = fields.texts("by", problems);
        let filter = fields.get("where");
        let distinct = fields.text("distinct", problems);
        let require = fields.get("require");
        let mut limits: Vec<(Limit, &Node)> = Vec::new();
        for (word, limit) in
            [("at_most", Limit::AtMost), ("at_least", Limit::AtLeast), ("exactly", Limit::Exactly)]
        {
            if let Some(node) = fields.get(word) {
                limits.push((limit, node));
            }
        }
        let head = fields.head();
        let (Some(frame), Some(_)) = (frame, by_node) else { return None };
        if let Some((_, second)) = limits.get(1) {
            problems.error(
                self.file,
                second.span.clone(),
                "a group has one of `at_most`, `at_least`, `exactly`",
            );
        }
        if limits.is_empty() && require.is_none() {
            problems.error(
                self.file,
                head.clone(),
                "the group asks nothing: it has neither a limit nor `require`",
            );
            return None;
        }
        let scalar = |name: Spanned<&str>, problems: &mut Problems| {
            let span = name.span.clone();
            let (number, kind) = self.field(frame, name, problems)?;
            if kind.list {
                problems.push(
                    Problem::error(self.file, span, "rows cannot be put together by a list")
                        .help("make a row of each element: `group: TABLE.FIELD`"),
                );
                return None;
            }
            Some(number)
        };
        let by: Vec<usize> = by.into_iter().filter_map(|name| scalar(name, problems)).collect();
        let distinct = distinct.and_then(|name| scalar(name, problems));
        let limit = limits.first().and_then(|(limit, node)| {
            let (_, operand) = self.operand(node, Some(Scalar::Integer), false, &[], problems)?;
            if let Operand::Value(crate::evidence::Fact::Integer(n)) = &operand
                && *n < 0
            {
                problems.error(self.file, node.span.clone(), "a limit is not negative");
            }
            Some((*limit, operand))
        });
        let filter = filter.map_or_else(Vec::new, |n| self.tests(n, "where", &[frame], false, problems));
        let require = require.map_or_else(Vec::new, |n| self.tests(n, "require", &[frame], true, problems));
        Some(Check::Group(Group {
            table: frame.table,
            item: frame.item,
            by,
            filter,
            distinct,
            limit,
            require,
        }))
    }

    fn adjust(&self, node: &Node, frames: &[Frame], problems: &mut Problems) -> Option<Adjust> {
        let mut fields = node.fields(self.file, "adjustment", problems)?;
        let filter = fields.required("where", problems);
        let level = fields.word("level", LEVELS, problems);
        let confidence = fields.word("confidence", CONFIDENCES, problems);
        let doubt = fields.text("doubt", problems);
        let head = fields.head();
        fields.finish(problems);
        if level.is_none() && confidence.is_none() {
            problems.error(self.file, head.clone(), "the adjustment changes nothing");
        }
        let unsure = confidence.as_ref().is_some_and(|c| c.value < Confidence::High);
        if doubt.is_some() && !unsure {
            problems.error(self.file, head, "`doubt` says why a finding is less sure, and this is not");
        }
        Some(Adjust {
            filter: self.tests(filter?, "where", frames, false, problems),
            level: level.map(|l| l.value),
            confidence: confidence.map(|c| c.value),
            doubt: doubt.map(|d| d.value.trim().to_owned()),
        })
    }

    /// `evidence` names the tables that the check reads, no more and no fewer.
    fn evidence(
        &self,
        names: &[Spanned<&str>],
        node: Option<&Node>,
        read: &[TableId],
        problems: &mut Problems,
    ) {
        let Some(node) = node else { return };
        let mut named = Vec::new();
        for name in names {
            let Some(table) = self.table(name.clone(), problems) else { continue };
            if named.contains(&table) {
                problems.error(self.file, name.span.clone(), format!("`{}` comes twice", name.value));
            } else if !read.contains(&table) {
                problems.error(
                    self.file,
                    name.span.clone(),
                    format!("the check does not read `{}`", name.value),
                );
            }
            named.push(table);
        }
        for table in read {
            if !named.contains(table)
                && let Some(table) = self.schema.tables.get(*table)
            {
                problems.push(
                    Problem::error(
                        self.file,
                        node.span.clone(),
                        format!("the check reads `{}` too", table.name),
                    )
                    .help("name all tables that are read"),
                );
            }
        }
    }

    fn message_style(&self, node: &Node, text: &Text, problems: &mut Problems) {
        if let Some(Segment::Literal(first)) = text.segments.first() {
            let mut letters = first.chars();
            let upper = letters.next().is_some_and(char::is_uppercase);
            // A name such as SMS Admins stays as it is.
            if upper && letters.next().is_some_and(char::is_lowercase) {
                problems.error(self.file, node.span.clone(), "a message begins in lower case");
            }
        }
        if text.written.ends_with('.') {
            problems.error(self.file, node.span.clone(), "a message ends without a full stop");
        }
    }

    fn reasons(
        &self,
        node: &Node,
        check: &Check,
        names: &Names,
        problems: &mut Problems,
    ) -> Vec<(String, Text)> {
        let Kind::Map(entries) = &node.kind else {
            problems.push(wrong_kind(self.file, node, "`reasons`", "a map"));
            return Vec::new();
        };
        let mut known = Vec::new();
        check.require().iter().for_each(|t| test_names(t, &mut known));
        // A reason is part of a message; it cannot name another.
        let names = Names { reasons: false, found: names.found.clone(), ..*names };
        let mut reasons = Vec::new();
        for (name, node) in entries {
            if !known.contains(&name.value.as_str()) {
                problems.push(Problem::unknown_name(
                    self.file,
                    name.span.clone(),
                    "test",
                    &name.value,
                    known.iter().copied(),
                ));
                continue;
            }
            if let Some(text) = self.line(node, "reason", &names, problems) {
                reasons.push((name.value.clone(), text));
            }
        }
        reasons
    }

    /// Every way in which the check can fail has a reason.
    fn reasons_cover(&self, node: &Node, check: &Check, reasons: &[(String, Text)], problems: &mut Problems) {
        fn covered(test: &Test, reasons: &[(String, Text)]) -> bool {
            if test.name.as_ref().is_some_and(|n| reasons.iter().any(|(name, _)| name == n)) {
                return true;
            }
            match &test.kind {
                TestKind::All(tests) => tests.iter().all(|t| covered(t, reasons)),
                TestKind::Any(tests) => tests.iter().any(|t| covered(t, reasons)),
                _ => false,
            }
        }
        let count = matches!(check, Check::Group(Group { limit: Some(_), .. }));
        if count || !check.require().iter().all(|t| covered(t, reasons)) {
            problems.push(
                Problem::error(self.file, node.span.clone(), "`{reason}` has no text for every way to fail")
                    .help("name each test of `require` and give each name a text in `reasons`"),
            );
        }
    }

    fn labels(&self, node: &Node, names: &Names, problems: &mut Problems) -> Vec<LabelText> {
        let Some(items) = node.list(self.file, "`labels`", problems) else { return Vec::new() };
        if items.is_empty() {
            problems.error(self.file, node.span.clone(), "a rule needs a label");
        }
        let mut labels = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let Some(mut fields) = item.fields(self.file, "label", problems) else { continue };
            let at = fields.required_text("at", problems);
            let text = fields.required("text", problems);
            let style = fields.word("style", &[("primary", true), ("secondary", false)], problems);
            fields.finish(problems);
            if let Some(style) = &style
                && style.value != (i == 0)
            {
                problems.error(
                    self.file,
                    style.span.clone(),
                    "the first label is the primary one, no other is",
                );
            }
            let spot = at.and_then(|at| self.spot(&at, names, problems));
            let text = text.and_then(|node| self.line(node, "text", names, problems));
            if let (Some(at), Some(text)) = (spot, text) {
                labels.push(LabelText { at, text, primary: i == 0 });
            }
        }
        labels
    }
}

fn test_names<'t>(test: &'t Test, out: &mut Vec<&'t str>) {
    out.extend(test.name.as_deref());
    match &test.kind {
        TestKind::All(tests) | TestKind::Any(tests) => tests.iter().for_each(|t| test_names(t, out)),
        TestKind::Not(test) => test_names(test, out),
        _ => {}
    }
}
