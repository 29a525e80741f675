//! What a fact asks and what its statement asks have to be the same: the level of a statement goes with each of its facts.

use super::{Content, Date, Entity, Level, Statement, Values};
use crate::yaml::{Problem, Problems};

/// Words with which a sentence made of a fact demands.
const DEMANDS: [&str; 6] = [" must ", " has to ", " have to ", " requires ", " needs ", " is needed "];
/// Words with which it forbids.
const FORBIDS: [&str; 3] = [" must not ", " never ", " no "];

/// Finds the facts that ask for something else than the statement they belong to.
pub(super) fn check(content: &Content) -> Problems {
    let mut problems = Problems::new();
    for entity in &content.entities {
        for statement in &entity.statements {
            for revision in content.revisions.iter().map(|revision| revision.date) {
                if let Some(level) = statement.level.at(revision).copied()
                    && statement.text.at(revision).is_some()
                {
                    of_statement(content, entity, statement, level, revision, &mut problems);
                }
            }
        }
    }
    problems
}

fn of_statement(
    content: &Content,
    entity: &Entity,
    statement: &Statement,
    level: Level,
    revision: Date,
    problems: &mut Problems,
) {
    for fact in &statement.facts {
        let Some(values) = fact.at(revision) else { continue };
        let said = content.words(revision).fact(&fact.kind, values);
        if let Some(asks) = other(level, values, &said) {
            let level = level.name();
            problems.push(
                Problem::error(
                    &entity.file,
                    fact.span.clone(),
                    format!("this fact {asks}, its statement does not"),
                )
                .help(format!(
                    "`{}` is of the level `{level}` in {revision}, and the fact reads: {said}",
                    statement.reference
                )),
            );
            return;
        }
    }
}

/// What a fact asks that no statement of that level asks.
fn other(level: Level, values: &Values, said: &str) -> Option<&'static str> {
    let effect = values.get("effect").and_then(serde_json::Value::as_str);
    // Under which circumstances it holds is no matter of what it asks.
    let said = said.split_once(" when ").map_or(said, |(asked, _)| asked);
    let text = format!(" {} ", said.to_lowercase());
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    // Advice to deny something is advice against it.
    let against = matches!(level, Level::MustNot | Level::ShouldNot | Level::Should);
    match effect {
        Some("require") if !matches!(level, Level::Must | Level::Should) => return Some("requires"),
        Some("forbid") if !against => return Some("forbids"),
        _ => {}
    }
    let forbids = has(&FORBIDS);
    (!forbids && has(&DEMANDS) && !matches!(level, Level::Must | Level::MustNot)).then_some("demands")
}
