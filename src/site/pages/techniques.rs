//! The page that lists attack techniques and defences, with the rules and statements that bear on them.

use super::super::model::{self, Model};
use super::super::view::{View, view};
use crate::content::Technique;

/// The page of all techniques.
pub(in super::super) const PAGE: &str = "techniques/index.html";

/// Techniques by collection.
pub(in super::super) fn techniques(model: &Model<'_>) -> View {
    let all = &model.content().techniques;
    let mut collections: Vec<View> = Vec::new();
    let mut rest = all.as_slice();
    while let Some(first) = rest.first() {
        let size = rest.iter().take_while(|t| t.collection() == first.collection()).count();
        let (here, behind) = rest.split_at(size);
        rest = behind;
        let techniques: Vec<View> = here.iter().map(|technique| of(model, technique)).collect();
        collections.push(view!({
            "id": format!("_{}", collections.len()),
            "title": first.collection(),
            "techniques": techniques,
        }));
    }
    view!({ "nav": "rules", "collections": collections })
}

fn of(model: &Model<'_>, technique: &Technique) -> View {
    let rules: Vec<View> =
        model.sources.rules.on_technique(&technique.id).map(|rule| model.rule_link(rule)).collect();
    let statements = technique.statements.iter().filter_map(|s| model.content().statement(s));
    let statements: Vec<View> = statements
        .filter_map(|(entity, statement)| {
            let text = statement.text.values().last()?;
            let there = statement.text.at(model.last(entity)).is_some();
            let href = if there { model.statement_href(entity, statement) } else { model::page(entity) };
            Some(view!({ "entity": model.title(entity), "href": href, "text": text }))
        })
        .collect();
    view!({
        "id": technique.id,
        "name": technique.name,
        "url": technique.url(),
        "rules": rules,
        "statements": statements,
    })
}
