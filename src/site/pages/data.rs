//! What pages say, for programs: the JSON twins.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::super::model::{self, Model, checkable, rule_level};
use super::entity::is_entry;
use super::rule::revisions;
use crate::content::{Entity, Statement, Timeline};
use crate::rules::{Expect, Rule};

/// A timeline as a map from the revision on from which each value holds to the value.
struct Steps<'t, T, V>(&'t Timeline<T>, fn(&'t T) -> V);

impl<T, V: Serialize> Serialize for Steps<'_, T, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(timeline, value) = self;
        serializer
            .collect_map(timeline.steps.iter().map(|(from, v)| (from.to_string(), v.as_ref().map(value))))
    }
}

type Texts<'t> = Steps<'t, String, &'t str>;

fn texts(timeline: &Timeline<String>) -> Texts<'_> {
    Steps(timeline, String::as_str)
}

#[derive(Serialize)]
struct EntityData<'a> {
    schema: &'static str,
    id: &'a str,
    kind: &'static str,
    page: String,
    title: &'a str,
    name: Texts<'a>,
    name_pattern: &'a Option<String>,
    aliases: &'a [String],
    merged_into: Option<Texts<'a>>,
    purpose: &'a str,
    notes: &'a [String],
    statements: Vec<StatementData<'a>>,
    rules: Vec<&'a str>,
}

#[derive(Serialize)]
struct StatementData<'a> {
    #[serde(rename = "ref")]
    reference: &'a str,
    category: &'a str,
    level: Steps<'a, crate::content::Level, &'static str>,
    text: Texts<'a>,
    detail: Option<Texts<'a>>,
    terms: Option<Texts<'a>>,
    facts: Vec<FactData<'a>>,
    changes: Vec<ChangeData<'a>>,
    checkable: &'static str,
    because: &'a Option<String>,
    evidence: &'a [String],
    look_at: &'a Option<String>,
    rules: Vec<&'a str>,
}

#[derive(Serialize)]
struct FactData<'a> {
    kind: &'a str,
    keys: BTreeMap<&'a str, Steps<'a, Value, &'a Value>>,
    derived: &'a [String],
}

#[derive(Serialize)]
struct ChangeData<'a> {
    revision: String,
    kind: &'a str,
    note: &'a str,
}

/// An entity with all that is documented of it.
pub(in super::super) fn entity_json<'a>(model: &'a Model<'_>, entity: &'a Entity) -> impl Serialize + 'a {
    EntityData {
        schema: "cmlint-entity-1",
        id: &entity.id,
        kind: entity.kind.name(),
        page: model::page(entity),
        title: model.title(entity),
        name: texts(&entity.name),
        name_pattern: &entity.name_pattern,
        aliases: &entity.aliases,
        merged_into: entity.merged_into.as_ref().map(texts),
        purpose: &entity.purpose,
        notes: &entity.notes,
        statements: entity.statements.iter().map(|s| statement(model, s)).collect(),
        rules: model.rules_of_entity(&entity.id).iter().map(|r| r.id.as_str()).collect(),
    }
}

fn statement<'a>(model: &'a Model<'_>, statement: &'a Statement) -> StatementData<'a> {
    let facts = statement.facts.iter().map(|fact| FactData {
        kind: &fact.kind,
        keys: fact.keys.iter().map(|(key, t)| (key.as_str(), Steps(t, |value| value))).collect(),
        derived: &fact.derived,
    });
    let changes = statement.changes.iter().map(|c| ChangeData {
        revision: c.revision.to_string(),
        kind: &c.kind,
        note: &c.note,
    });
    StatementData {
        reference: &statement.reference,
        category: &statement.category,
        level: Steps(&statement.level, |level| level.name()),
        text: texts(&statement.text),
        detail: statement.detail.as_ref().map(texts),
        terms: statement.terms.as_ref().map(texts),
        facts: facts.collect(),
        changes: changes.collect(),
        checkable: checkable(statement.checkable),
        because: &statement.because,
        evidence: &statement.evidence,
        look_at: &statement.look_at,
        rules: model.rules_of(&statement.reference).iter().map(|r| r.id.as_str()).collect(),
    }
}

#[derive(Serialize)]
struct RuleData<'a> {
    schema: &'static str,
    id: &'a str,
    aliases: &'a [String],
    page: String,
    title: &'a str,
    group: &'a str,
    level: Steps<'a, crate::rules::Level, &'static str>,
    confidence: &'static str,
    statements: &'a [String],
    documented: Option<&'a str>,
    because: &'a Option<String>,
    derived: &'a Option<String>,
    reviewed: String,
    revisions: Vec<String>,
    evidence: Vec<&'a str>,
    message: &'a str,
    help: &'a str,
    fix: Option<&'a str>,
    examples: Vec<ExampleData<'a>>,
}

#[derive(Serialize)]
struct ExampleData<'a> {
    name: &'a str,
    revision: Option<String>,
    given: &'a Value,
    expect: Expected<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Expected<'a> {
    Pass,
    NotApplicable,
    Fail(&'a [String]),
    NotEvaluated(Vec<&'a str>),
}

/// A rule.
pub(in super::super) fn rule_json<'a>(model: &'a Model<'_>, rule: &'a Rule) -> impl Serialize + 'a {
    let tables = &model.sources.schema.tables;
    let names = |of: &[usize]| of.iter().filter_map(|t| tables.get(*t)).map(|t| t.name.as_str()).collect();
    let examples = rule.examples.iter().map(|example| ExampleData {
        name: &example.name,
        revision: example.revision.map(|r| r.to_string()),
        given: &example.written,
        expect: match &example.expect {
            Expect::Pass => Expected::Pass,
            Expect::NotApplicable => Expected::NotApplicable,
            Expect::Fail(subjects) => Expected::Fail(subjects),
            Expect::NotEvaluated(missing) => Expected::NotEvaluated(names(missing)),
        },
    });
    RuleData {
        schema: "cmlint-rule-1",
        id: &rule.id,
        aliases: &rule.aliases,
        page: model::rule_page(&rule.id),
        title: &rule.title,
        group: &rule.group,
        level: Steps(&rule.level, |level| level.name()),
        confidence: rule.confidence.name(),
        statements: &rule.statements,
        documented: rule.documented.as_ref().map(|d| d.selector.kind.as_str()),
        because: &rule.because,
        derived: &rule.derived,
        reviewed: rule.reviewed.to_string(),
        revisions: revisions(model, rule),
        evidence: names(&rule.evidence),
        message: &rule.message.written,
        help: &rule.help,
        fix: rule.fix.as_ref().map(|f| f.powershell.written.as_str()),
        examples: examples.collect(),
    }
}

#[derive(Serialize)]
struct Entries<'a> {
    schema: &'static str,
    newest: String,
    entries: Vec<EntryLine<'a>>,
}

#[derive(Serialize)]
struct EntryLine<'a> {
    id: &'a str,
    kind: &'static str,
    title: &'a str,
    page: String,
    data: String,
    revisions: Vec<String>,
    merged_into: Option<&'a str>,
    statements: usize,
}

/// All accounts and groups in short.
pub(in super::super) fn entries_json<'a>(model: &'a Model<'_>) -> impl Serialize + 'a {
    let entries: Vec<EntryLine<'_>> = (model.content().entities.iter())
        .filter(|e| is_entry(e))
        .map(|e| EntryLine {
            id: &e.id,
            kind: e.kind.name(),
            title: model.title(e),
            page: model::page(e),
            data: model::folder(e) + "index.json",
            revisions: (model.dates.iter())
                .filter(|d| e.name.at(**d).is_some())
                .map(ToString::to_string)
                .collect(),
            merged_into: model.successor(e).map(|s| s.id.as_str()),
            statements: e.statements.len(),
        })
        .collect();
    Entries { schema: "cmlint-entries-1", newest: model.newest.to_string(), entries }
}

#[derive(Serialize)]
struct Rules<'a> {
    schema: &'static str,
    rules: Vec<RuleLine<'a>>,
}

#[derive(Serialize)]
struct RuleLine<'a> {
    id: &'a str,
    title: &'a str,
    group: &'a str,
    level: &'static str,
    confidence: &'static str,
    statements: &'a [String],
    revisions: Vec<String>,
    page: String,
    data: String,
}

/// All rules in short.
pub(in super::super) fn rules_json<'a>(model: &'a Model<'_>) -> impl Serialize + 'a {
    let rules: Vec<RuleLine<'_>> = (model.sources.rules.rules.iter())
        .map(|r| RuleLine {
            id: &r.id,
            title: &r.title,
            group: &r.group,
            level: rule_level(r),
            confidence: r.confidence.name(),
            statements: &r.statements,
            revisions: revisions(model, r),
            page: model::rule_page(&r.id),
            data: format!("rules/{}/index.json", r.id),
        })
        .collect();
    Rules { schema: "cmlint-rules-1", rules }
}
