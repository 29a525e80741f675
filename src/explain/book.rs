//! Names as people type them: ids, titles, aliases; what they mean, and what was probably meant.

use crate::content::{Content, Entity, Fact, Statement, Technique, UserRight};
use crate::evidence::{Schema, TableSchema};
use crate::rules::{Rule, RuleSet};
use crate::text::{harmless, list};
use crate::yaml;

/// Everything that has a name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Book<'a> {
    /// The specification.
    pub(crate) content: &'a Content,
    /// The evidence tables.
    pub(crate) schema: &'a Schema,
    /// The rules.
    pub(crate) rules: &'a RuleSet,
}

/// What a name can mean.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target<'a> {
    /// A rule.
    Rule(&'a Rule),
    /// A statement, and what it is about.
    Statement(&'a Entity, &'a Statement),
    /// An account or group.
    Entity(&'a Entity),
    /// An evidence table.
    Table(&'a TableSchema),
    /// A technique of a public collection.
    Technique(&'a Technique),
    /// A group of rules, by its name.
    Group(&'a str),
    /// A user right.
    Right(&'a UserRight),
}

/// A name without letter case and punctuation: `Client push account` and `client-push_account` are the same.
fn plain(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.trim().chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() || c == '/' {
            out.push(c);
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_matches('-').to_owned()
}

impl<'a> Book<'a> {
    /// What the names of these stand for.
    pub(crate) fn new(content: &'a Content, schema: &'a Schema, rules: &'a RuleSet) -> Self {
        Self { content, schema, rules }
    }

    /// What the name means: at best one thing, more if a title or a part of a reference stands for several.
    pub(crate) fn find(&self, asked: &str) -> Vec<Target<'a>> {
        let wanted = plain(asked);
        let rules = &self.rules.rules;
        if let Some(rule) = rules
            .iter()
            .find(|r| r.id == wanted)
            .or_else(|| rules.iter().find(|r| r.aliases.contains(&wanted)))
        {
            return vec![Target::Rule(rule)];
        }
        if wanted.contains('/') {
            return self
                .statements(|e, s| s.reference == wanted || plain_reference(e, s).any(|n| n == wanted));
        }
        let entities = &self.content.entities;
        if let Some(entity) = entities.iter().find(|e| e.id == wanted) {
            return vec![Target::Entity(entity)];
        }
        let named: Vec<_> =
            entities.iter().filter(|e| names(e).any(|n| plain(n) == wanted)).map(Target::Entity).collect();
        if !named.is_empty() {
            return named;
        }
        if let Some(table) = self.schema.tables.iter().find(|t| plain(&t.name) == wanted) {
            return vec![Target::Table(table)];
        }
        if let Some(technique) = self.content.techniques.iter().find(|t| plain(&t.id) == wanted) {
            return vec![Target::Technique(technique)];
        }
        let titled: Vec<_> = rules.iter().filter(|r| plain(&r.title) == wanted).map(Target::Rule).collect();
        if !titled.is_empty() {
            return titled;
        }
        let statements = self.statements(|_, s| s.reference.rsplit('/').next() == Some(&wanted));
        if !statements.is_empty() {
            return statements;
        }
        let others = [self.group(&wanted), self.right(&wanted)];
        others.into_iter().flatten().take(1).collect()
    }

    fn group(&self, wanted: &str) -> Option<Target<'a>> {
        self.rules.rules.iter().find(|r| r.group == wanted).map(|r| Target::Group(&r.group))
    }

    fn right(&self, wanted: &str) -> Option<Target<'a>> {
        let names = |right: &'a UserRight| {
            let ids = [&right.id, &right.display].into_iter().chain(&right.deny);
            ids.chain(&right.also_written)
        };
        let mut rights = self.content.vocabulary.user_rights.iter();
        rights.find(|right| names(right).any(|name| plain(name) == wanted)).map(Target::Right)
    }

    /// Rules of a group.
    pub(crate) fn rules_of_group(&self, group: &str) -> Vec<&'a Rule> {
        self.rules.rules.iter().filter(|r| r.group == group).collect()
    }

    /// Statements that give or forbid a user right, in any revision.
    pub(crate) fn statements_on_right(&self, right: &UserRight) -> Vec<&'a Statement> {
        let speaks = |fact: &Fact| {
            fact.kind == "user-right"
                && fact.over_time().filter_map(|(_, values)| values).any(|values| {
                    values.get("right").and_then(|value| value.as_str()).is_some_and(|id| id == right.id)
                })
        };
        (self.content.entities.iter().flat_map(|e| &e.statements))
            .filter(|statement| statement.facts.iter().any(speaks))
            .collect()
    }

    fn statements(&self, fits: impl Fn(&Entity, &Statement) -> bool) -> Vec<Target<'a>> {
        (self.content.entities.iter())
            .flat_map(|e| e.statements.iter().map(move |s| (e, s)))
            .filter(|(e, s)| fits(e, s))
            .map(|(e, s)| Target::Statement(e, s))
            .collect()
    }

    /// A message that a name is not known, with what was probably meant.
    pub(crate) fn unknown(&self, what: &str, asked: &str) -> String {
        let wanted = plain(asked);
        let mut all: Vec<String> = self.rules.rules.iter().map(|r| r.id.clone()).collect();
        for entity in &self.content.entities {
            all.push(entity.id.clone());
            all.extend(names(entity).map(str::to_owned));
            all.extend(entity.statements.iter().map(|s| s.reference.clone()));
        }
        all.extend(self.schema.tables.iter().map(|t| t.name.clone()));
        all.extend(self.content.techniques.iter().map(|t| t.id.clone()));
        all.extend(self.content.vocabulary.user_rights.iter().map(|right| right.id.clone()));
        let plains: Vec<String> = all.iter().map(|n| plain(n)).collect();
        let mut out = format!("there is no {what} named `{}`", harmless(asked));
        // What is asked for may be the beginning or a part of a name.
        let mut parts: Vec<&str> = Vec::new();
        if wanted.len() > 2 {
            let fits = |p: &str| !p.contains('/') && p.contains(wanted.as_str());
            parts = all.iter().zip(&plains).filter(|(_, p)| fits(p)).map(|(n, _)| n.as_str()).collect();
            parts.sort_by_key(|n| plain(n));
            parts.dedup_by_key(|n| plain(n));
            parts.sort_by_key(|n| (!plain(n).starts_with(&wanted), n.len()));
        }
        let near = yaml::nearest(&wanted, plains.iter().map(String::as_str));
        let near = near.and_then(|n| plains.iter().position(|p| p == n)).map(|i| all[i].as_str());
        match (parts.as_slice(), near) {
            ([one], _) => out.push_str(&format!("\n\nDid you mean `{one}`?")),
            ([], Some(near)) => out.push_str(&format!("\n\nDid you mean `{near}`?")),
            ([], None) => out.push_str("\n\nRun `cmlint rules` for the rules."),
            (parts, _) => {
                out.push_str("\n\nThese come near:");
                for name in parts.iter().take(8) {
                    out.push_str("\n  ");
                    out.push_str(name);
                }
            }
        }
        out
    }

    /// Rules that enforce a statement.
    pub(crate) fn rules_of(&self, reference: &str) -> Vec<&'a Rule> {
        self.rules.rules.iter().filter(|r| r.statements.iter().any(|s| s == reference)).collect()
    }

    /// Rules that enforce a statement of an entity.
    pub(crate) fn rules_of_entity(&self, id: &str) -> Vec<&'a Rule> {
        self.rules.rules.iter().filter(|r| r.statements.iter().any(|s| belongs(s, id))).collect()
    }

    /// Rules that read a table.
    pub(crate) fn rules_reading(&self, table: &str) -> Vec<&'a Rule> {
        let Some(table) = self.schema.table(table) else { return Vec::new() };
        self.rules.rules.iter().filter(|r| r.evidence.contains(&table)).collect()
    }

    /// What `--select` and `--ignore` name.
    ///
    /// # Errors
    /// If it is none of rule, group of rules, account or group, statement; the message says what is near.
    pub(crate) fn selector(&self, asked: &str) -> Result<Selector, String> {
        let wanted = plain(asked);
        if let Some(rule) = self.rules.rules.iter().find(|r| r.id == wanted || r.aliases.contains(&wanted)) {
            return Ok(Selector::Rule(rule.id.clone()));
        }
        if self.rules.rules.iter().any(|r| r.group == wanted) {
            return Ok(Selector::Group(wanted));
        }
        match self.find(asked).as_slice() {
            [Target::Entity(entity)] => Ok(Selector::Entity(entity.id.clone())),
            [Target::Statement(_, statement)] => Ok(Selector::Statement(statement.reference.clone())),
            _ => {
                let mut groups: Vec<&str> = self.rules.rules.iter().map(|r| r.group.as_str()).collect();
                groups.sort_unstable();
                groups.dedup();
                if let Some(near) = yaml::nearest(&wanted, groups.iter().copied()) {
                    return Err(format!(
                        "there is no rule, group of rules, account or group named `{asked}`\n\nDid you mean `{near}`?"
                    ));
                }
                let mut out = self.unknown("rule, group of rules, account or group", asked);
                out.push_str(&format!("\n\nGroups of rules are {}.", list(&groups)));
                Err(out)
            }
        }
    }
}

/// What a run is narrowed to, or what it leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selector {
    /// A rule, by its id.
    Rule(String),
    /// All rules of a folder.
    Group(String),
    /// All that is about an account or group.
    Entity(String),
    /// One statement, by its reference.
    Statement(String),
}

impl Selector {
    /// Whether a rule as a whole, or any statement of it, is meant.
    pub(crate) fn touches(&self, rule: &Rule) -> bool {
        self.selects(rule, &rule.statements)
    }

    /// Whether `--select` of this keeps what was found or concluded on these statements of a rule.
    pub(crate) fn selects(&self, rule: &Rule, statements: &[String]) -> bool {
        match self {
            Self::Rule(id) => rule.id == *id,
            Self::Group(group) => rule.group == *group,
            Self::Entity(id) => statements.iter().any(|s| belongs(s, id)),
            Self::Statement(reference) => statements.contains(reference),
        }
    }

    /// Whether a statement is meant, which these rules enforce.
    pub(crate) fn means(&self, reference: &str, rules: &[&Rule]) -> bool {
        match self {
            Self::Rule(_) | Self::Group(_) => rules.iter().any(|r| self.touches(r)),
            Self::Entity(id) => belongs(reference, id),
            Self::Statement(statement) => statement == reference,
        }
    }

    /// Whether `--ignore` of this drops it: what is about something else as well stays.
    pub(crate) fn ignores(&self, rule: &Rule, statements: &[String]) -> bool {
        match self {
            Self::Rule(_) | Self::Group(_) => self.touches(rule),
            Self::Entity(id) => !statements.is_empty() && statements.iter().all(|s| belongs(s, id)),
            Self::Statement(reference) => !statements.is_empty() && statements.iter().all(|s| s == reference),
        }
    }
}

fn belongs(reference: &str, entity: &str) -> bool {
    reference.split_once('/').is_some_and(|(e, _)| e == entity)
}

/// Titles in all revisions, then other names.
fn names(entity: &Entity) -> impl Iterator<Item = &str> {
    (entity.name.steps.iter().filter_map(|(_, n)| n.as_deref()))
        .chain(entity.aliases.iter().map(String::as_str))
}

/// A reference with one of the other names of the entity in it: `naa/max-ten-per-site`.
fn plain_reference(entity: &Entity, statement: &Statement) -> impl Iterator<Item = String> {
    let id = statement.reference.rsplit('/').next().unwrap_or_default().to_owned();
    names(entity).map(move |n| format!("{}/{id}", plain(n)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_punctuation_do_not_matter() {
        assert_eq!(plain("Client push  account"), "client-push-account");
        assert_eq!(plain("ConfigMgr_DViewAccess"), "configmgr-dviewaccess");
        assert_eq!(plain(" NAA/Max-Ten "), "naa/max-ten");
    }
}
