//! A failure put into words and places.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::bind::{Binding, Bound, BoundKind};
use super::eval::Eval;
use super::names::Name;
use super::{Finding, Label, Remarks};
use crate::content::{Content, EntityKind};
use crate::estate::principals::in_words;
use crate::estate::shared::Frame;
use crate::estate::value::{Tri, Value, group_key};
use crate::evidence::{Cell, Fact};
use crate::rules::{Check, Confidence, Group, Segment, Spot, Text, Which};
use crate::source::Place;

/// What a failure is about.
#[derive(Debug)]
pub(super) struct Scene<'b> {
    /// The row; of a group the first.
    pub(super) frame: Frame<'b>,
    /// The first row beyond the limit, and the last.
    pub(super) over: Option<Frame<'b>>,
    pub(super) last: Option<Frame<'b>>,
    pub(super) count: usize,
    pub(super) limit: Option<i64>,
    pub(super) values: Vec<String>,
    /// The numbers in `require` of the tests that failed.
    pub(super) failed: Vec<usize>,
}

/// A finding and what it is ordered and compared by.
#[derive(Debug)]
pub(super) struct Ranked {
    pub(super) finding: Finding,
    /// Number of the rule.
    pub(super) rule: usize,
    /// Where its primary label stands.
    pub(super) place: Option<Place>,
    /// Its subject by the identity of what it names.
    pub(super) same_subject: String,
    /// It rests on what a short name is taken for.
    pub(super) supposed: bool,
    /// The accounts and computers it names.
    pub(super) names: Vec<Name>,
}

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As they stand, accounts and groups of the documentation by their titles and security identifiers by the names that
    /// exports give them: for messages and labels.
    Titled,
    /// As they stand.
    Shown,
    /// In lower case: for fingerprints, which must not depend on what else was exported.
    Folded,
    /// By their identity.
    Keyed,
}

/// Everything that is needed to put a failure into words.
#[derive(Debug)]
pub(super) struct Writer<'b> {
    pub(super) binding: Binding<'b>,
    pub(super) number: usize,
    pub(super) filter: &'b [Bound<'b>],
    pub(super) require: &'b [Bound<'b>],
    pub(super) adjust: &'b [Vec<Bound<'b>>],
    /// The statements that can be cited.
    pub(super) statements: &'b [String],
}

/// What is known only while one finding is written.
struct Line<'s, 'b> {
    scene: &'s Scene<'b>,
    matched: Option<Frame<'b>>,
    reason: Option<&'b Text>,
    entity: Option<&'s str>,
}

impl<'b> Writer<'b> {
    /// Writes a finding. The evaluation looks at the row of the scene afterwards.
    pub(super) fn write(&self, scene: &Scene<'b>, eval: &mut Eval<'b>) -> Ranked {
        let (rule, shared) = (self.binding.rule, self.binding.shared);
        eval.look_at(scene.frame);
        let (mut cited, mut reason, mut narrowed) = (BTreeSet::new(), None, true);
        for number in &scene.failed {
            let Some(test) = self.require.get(*number) else { continue };
            let mut by_test = Vec::new();
            let name = blame(test, eval, &mut by_test);
            if by_test.is_empty() {
                narrowed = false;
            }
            cited.extend(by_test);
            reason = reason.or_else(|| {
                let name = name?;
                rule.reasons.iter().find(|(n, _)| n == name).map(|(_, text)| text)
            });
        }
        if scene.failed.is_empty() {
            narrowed = false;
        }
        let found = scene
            .failed
            .iter()
            .filter_map(|n| self.require.get(*n))
            .find_map(|test| eval.found(test, false))
            .or_else(|| self.filter.iter().find_map(|test| eval.found(test, true)));
        let matched = found.map(|(table, row)| shared.row(table, row));

        let statements: Vec<String> =
            self.statements.iter().filter(|s| !narrowed || cited.contains(s.as_str())).cloned().collect();
        let row_entity = self.row_entity(&scene.frame);
        let statements = of_entity(shared.content, statements, row_entity.as_deref(), shared.revision);
        let entity = self.entity(&statements, row_entity);

        let line = Line { scene, matched, reason, entity: entity.as_deref() };
        let message = self.text(&rule.message, &line, Form::Titled);
        let subject = self.subject(&line, Form::Shown);
        let fingerprint = fingerprint(&rule.id, entity.as_deref(), &self.subject(&line, Form::Folded));
        let same_subject = self.subject(&line, Form::Keyed);
        let labels = self.labels(&line);
        let names = self.names(&line);
        let fix = rule.fix.as_ref().map(|fix| {
            let command = self.text(&fix.powershell, &line, Form::Shown);
            match &fix.on {
                Some(on) => format!("# on {}\n{command}", self.text(on, &line, Form::Shown)),
                None => command,
            }
        });
        let mut level = rule.level.at(shared.revision).copied().unwrap_or(crate::rules::Level::Warning);
        let mut confidence = rule.confidence;
        let mut doubt = rule.derived.as_ref().filter(|_| confidence < Confidence::High);
        for (adjust, tests) in rule.adjust.iter().zip(self.adjust) {
            eval.look_at(scene.frame);
            if eval.all(tests) == Tri::True {
                level = adjust.level.unwrap_or(level);
                if let Some(adjusted) = adjust.confidence {
                    doubt = adjust.doubt.as_ref().or(doubt).filter(|_| adjusted < Confidence::High);
                    confidence = adjusted;
                }
                break;
            }
        }
        let place = labels.first().map(|l| l.place);
        Ranked {
            rule: self.number,
            place,
            same_subject,
            supposed: false,
            names,
            finding: Finding {
                rule: rule.id.clone(),
                level,
                confidence,
                doubt: doubt.cloned(),
                statements,
                entity,
                subject,
                accounts: Vec::new(),
                hosts: Vec::new(),
                message,
                help: rule.help.clone(),
                fix,
                labels,
                again: 0,
                fingerprint,
                remarks: Remarks::default(),
            },
        }
    }

    /// The documented account or group that the row names.
    fn row_entity(&self, frame: &Frame<'b>) -> Option<String> {
        let schema = &self.binding.shared.schema.tables[frame.table];
        match &frame.cell(schema.field("entity")?)?.fact {
            Fact::Text(text) => {
                let id = text.trim().to_lowercase();
                self.binding.shared.content.entity(&id).map(|e| e.id.clone())
            }
            _ => None,
        }
    }

    fn entity(&self, statements: &[String], row_entity: Option<String>) -> Option<String> {
        let content = self.binding.shared.content;
        if let Some(fact) = self.binding.fact
            && fact.entity.kind != EntityKind::Document
        {
            return Some(fact.entity.id.clone());
        }
        let mut entities: Vec<&str> = statements
            .iter()
            .filter_map(|s| content.statement(s))
            .filter(|(entity, _)| entity.kind != EntityKind::Document)
            .map(|(entity, _)| entity.id.as_str())
            .collect();
        entities.dedup();
        match entities.as_slice() {
            [one] => Some((*one).to_owned()),
            [] => row_entity,
            [first, ..] => row_entity.or_else(|| Some((*first).to_owned())),
        }
    }

    /// What a finding is about.
    fn subject(&self, line: &Line<'_, 'b>, form: Form) -> String {
        let rule = self.binding.rule;
        if let Some(text) = &rule.subject {
            return self.text(text, line, form);
        }
        let frame = &line.scene.frame;
        let schema = &self.binding.shared.schema.tables[frame.table];
        let mut fields: Vec<usize> = match &rule.check {
            Check::Group(group) => group.by.clone(),
            Check::Each(_) => schema.key.clone(),
        };
        if matches!(rule.check, Check::Each(_)) && rule.check.item().is_some() {
            fields.push(schema.fields.len());
        }
        let parts: Vec<String> = fields
            .iter()
            .filter_map(|f| Some((*f, frame.cell(*f)?)))
            .filter(|(_, cell)| !matches!(cell.fact, Fact::Empty | Fact::Unknown(_)))
            .map(|(f, cell)| self.written(frame, f, cell, form))
            .collect();
        if parts.is_empty() { schema.name.clone() } else { parts.join(", ") }
    }

    /// The accounts and computers that a finding is about: cells of these types of the row that failed, those that stand
    /// in the texts of the rule and under its labels, and what a group was counted by. A group in which something is or
    /// is not (the field `group`) is where it is, and not who.
    fn names(&self, line: &Line<'_, 'b>) -> Vec<Name> {
        let rule = self.binding.rule;
        let mut names = Vec::new();
        let texts = [rule.subject.as_ref(), Some(&rule.message), line.reason];
        let labels = rule.labels.iter();
        let segments = texts.into_iter().flatten().chain(labels.clone().map(|label| &label.text));
        let spots = segments.flat_map(|text| &text.segments).filter_map(|segment| match segment {
            Segment::Field(spot) => Some(spot),
            _ => None,
        });
        for spot in spots.chain(labels.map(|label| &label.at)) {
            let found = self.frame(spot, line).and_then(|frame| Some((frame, spot.field(frame.table)?)));
            if let Some((frame, field)) = found {
                self.name_cell(&frame, field, &mut names);
            }
        }
        let frame = line.scene.frame;
        for (field, cell) in frame.cells.iter().enumerate() {
            if !matches!(cell.fact, Fact::List(_)) {
                self.name_cell(&frame, field, &mut names);
            }
        }
        if let Check::Group(Group { distinct: Some(field), item, .. }) = &rule.check {
            let (shared, scalar) = (self.binding.shared, self.binding.shared.scalar(&frame, *field, *item));
            for value in &line.scene.values {
                names.extend(Name::of_text(shared, scalar, value));
            }
        }
        names
    }

    fn name_cell(&self, frame: &Frame<'b>, field: usize, names: &mut Vec<Name>) {
        let shared = self.binding.shared;
        let Some(cell) = frame.cell(field) else { return };
        if shared.schema.tables[frame.table].fields.get(field).is_some_and(|f| f.name == "group") {
            return;
        }
        let scalar = shared.scalar(frame, field, self.binding.rule.check.item());
        match &cell.fact {
            Fact::List(items) => {
                let facts = items.iter().map(|item| &item.fact);
                names
                    .extend(facts.filter_map(|fact| Name::of(shared, scalar, &Value::new(fact, shared.ids))));
            }
            fact => names.extend(Name::of(shared, scalar, &shared.value(frame, field, fact))),
        }
    }

    fn text(&self, text: &Text, line: &Line<'_, 'b>, form: Form) -> String {
        let mut out = String::new();
        for segment in &text.segments {
            match segment {
                Segment::Literal(literal) => out.push_str(literal),
                Segment::Field(spot) => {
                    let cell = self.frame(spot, line).and_then(|f| {
                        let field = spot.field(f.table)?;
                        Some((f, field, f.cell(field)?))
                    });
                    match cell {
                        Some((frame, field, cell)) => out.push_str(&self.written(&frame, field, cell, form)),
                        None => out.push_str("none"),
                    }
                }
                Segment::Fact(key) => out.push_str(&self.binding.fact_text(key)),
                Segment::Param(number) => {
                    if let Some(param) = self.binding.rule.params.get(*number) {
                        out.push_str(&super::bind::json_text(&param.value));
                    }
                }
                Segment::Count => out.push_str(&line.scene.count.to_string()),
                Segment::Limit => {
                    if let Some(limit) = line.scene.limit {
                        out.push_str(&limit.to_string());
                    }
                }
                Segment::Values if form == Form::Titled => {
                    let titles: Vec<&str> =
                        line.scene.values.iter().map(|v| self.title(v).unwrap_or(v)).collect();
                    out.push_str(&titles.join(", "));
                }
                Segment::Values => out.push_str(&line.scene.values.join(", ")),
                Segment::Reason => {
                    // A reason holds no reason, so this goes one step deep.
                    if let Some(reason) = line.reason {
                        out.push_str(&self.text(reason, line, form));
                    }
                }
                Segment::Revision => out.push_str(&self.binding.shared.revision.to_string()),
                Segment::EntityName => {
                    if let Some(title) = line.entity.and_then(|id| self.title(id)) {
                        out.push_str(title);
                    }
                }
            }
        }
        if matches!(form, Form::Titled | Form::Shown) { out } else { out.to_lowercase() }
    }

    /// The title of an account or group in the chosen revision, or the last it had.
    fn title(&self, id: &str) -> Option<&'b str> {
        let entity = self.binding.shared.content.entity(id)?;
        Some(entity.title(self.binding.shared.revision))
    }

    fn frame(&self, spot: &Spot, line: &Line<'_, 'b>) -> Option<Frame<'b>> {
        match spot.which {
            Which::Row | Which::First => Some(line.scene.frame),
            Which::Over => line.scene.over.or(line.scene.last),
            Which::Last => line.scene.last,
            Which::Match => line.matched,
        }
    }

    /// A value as text.
    fn written(&self, frame: &Frame<'b>, field: usize, cell: &Cell, form: Form) -> String {
        match &cell.fact {
            Fact::Unknown(_) => "unknown".to_owned(),
            Fact::Empty => "none".to_owned(),
            Fact::List(items) => {
                let parts: Vec<String> =
                    items.iter().map(|item| self.written(frame, field, item, form)).collect();
                parts.join(", ")
            }
            fact => {
                if form == Form::Keyed {
                    let shared = self.binding.shared;
                    let scalar = shared.scalar(frame, field, self.binding.rule.check.item());
                    let key = group_key(shared.ids, scalar, &Value::new(fact, shared.ids));
                    return key.unwrap_or_default().to_lowercase();
                }
                let text = match fact {
                    Fact::Account(account) if form == Form::Titled => {
                        in_words(self.binding.shared, account).to_owned()
                    }
                    fact => shown(fact),
                };
                if form == Form::Titled
                    && self.binding.shared.schema.tables[frame.table]
                        .fields
                        .get(field)
                        .is_some_and(|f| f.name == "entity")
                    && let Some(title) = self.title(&text)
                {
                    return title.to_owned();
                }
                if form == Form::Folded { text.to_lowercase() } else { text }
            }
        }
    }

    fn labels(&self, line: &Line<'_, 'b>) -> Vec<Label> {
        let mut labels = Vec::new();
        for (i, label) in self.binding.rule.labels.iter().enumerate() {
            // The primary label never goes missing: it falls back to the row.
            let frame = match self.frame(&label.at, line) {
                Some(frame) => frame,
                None if i == 0 => line.scene.frame,
                None => continue,
            };
            let cell = label.at.field(frame.table).and_then(|f| frame.cell(f));
            let value = cell.and_then(|c| c.place);
            let Some(place) = value.or(frame.record) else { continue };
            let text = self.text(&label.text, line, Form::Titled);
            // What was taken from another record shows itself and nothing around it.
            let record = frame.record.filter(|record| record.holds(place)).unwrap_or(place);
            labels.push(Label { place, record, text, is_value: value.is_some() });
        }
        labels
    }
}

/// A scalar as it is written.
pub(super) fn shown(fact: &Fact) -> String {
    match fact {
        Fact::Unknown(_) => "unknown".to_owned(),
        Fact::Empty => "none".to_owned(),
        Fact::Flag(true) => "yes".to_owned(),
        Fact::Flag(false) => "no".to_owned(),
        Fact::Integer(n) => n.to_string(),
        Fact::Text(text) => text.to_string(),
        Fact::Account(account) => account.written.to_string(),
        Fact::List(items) => items.iter().map(|i| shown(&i.fact)).collect::<Vec<_>>().join(", "),
    }
}

/// The name of the first test that failed within a failed test, and the statements of all that did.
fn blame<'b>(test: &'b Bound<'b>, eval: &mut Eval<'_>, statements: &mut Vec<&'b str>) -> Option<&'b str> {
    statements.extend(test.statements.iter().map(String::as_str));
    let inner = match &test.kind {
        BoundKind::All(tests) | BoundKind::Any(tests) => {
            let mut name = None;
            for test in tests {
                if eval.test(test) == Tri::False {
                    let inner = blame(test, eval, statements);
                    name = name.or(inner);
                }
            }
            name
        }
        _ => None,
    };
    test.name.or(inner)
}

/// Of statements of several entities only those of the entity that the row names, or of the one it was merged into.
fn of_entity(
    content: &Content,
    statements: Vec<String>,
    row_entity: Option<&str>,
    revision: crate::content::Date,
) -> Vec<String> {
    let Some(id) = row_entity else { return statements };
    let merged = content.entity(id).and_then(|e| e.merged_into.as_ref()).and_then(|t| t.at(revision));
    let of = |s: &String| s.split_once('/').map(|(entity, _)| entity.to_owned());
    let several = statements.iter().any(|s| of(s) != statements.first().and_then(of));
    if !several {
        return statements;
    }
    let own: Vec<String> = statements
        .iter()
        .filter(|s| of(s).is_some_and(|e| e == id || merged.is_some_and(|m| *m == e)))
        .cloned()
        .collect();
    if !own.is_empty() {
        return own;
    }
    // What is said of all accounts holds for this one; what is said of another does not.
    let of_all = |s: &&String| content.statement(s).is_some_and(|(e, _)| e.kind == EntityKind::Document);
    let general: Vec<String> = statements.iter().filter(of_all).cloned().collect();
    if general.is_empty() { statements } else { general }
}

/// 16 hexadecimal digits that stay the same as long as rule, entity and subject do.
pub(crate) fn fingerprint(rule: &str, entity: Option<&str>, subject: &str) -> String {
    let mut hash = Sha256::new();
    for part in [rule, entity.unwrap_or_default(), subject] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
