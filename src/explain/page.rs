//! What is known of a thing, for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use super::{Book, Target};
use crate::content::{
    Checkable, Content, Date, Entity, Fact, Level, Statement, Technique, Timeline, UserRight, Values,
};
use crate::evidence::{KnownFrom, TableId, TableSchema};
use crate::rules::{Expect, Reference, Rule};
use crate::text::{
    BAD, CODE, DOUBT, FAINT, GOOD, STRONG, count, joined, list, pad, paint, paragraphs, width, wrap,
};

/// Tells of things.
pub(super) struct Page<'a> {
    pub(super) book: &'a Book<'a>,
    pub(super) columns: usize,
}

impl Page<'_> {
    /// All that is known of a thing.
    pub(super) fn target(&self, target: &Target<'_>) -> String {
        match target {
            Target::Rule(rule) => self.rule(rule),
            Target::Statement(entity, statement) => self.statement(entity, statement),
            Target::Entity(entity) => self.entity(entity),
            Target::Table(table) => self.table(table),
            Target::Technique(technique) => self.technique(technique),
            Target::Group(group) => {
                self.some_rules(&format!("Rules of the group {group}"), &self.book.rules_of_group(group))
            }
            Target::Right(right) => self.right(right),
        }
    }

    /// A list of rules.
    fn some_rules(&self, title: &str, rules: &[&Rule]) -> String {
        let mut out = format!("{}\n\n", paint(STRONG, title));
        self.rules(&mut out, rules);
        let _ = writeln!(out, "\n{}", paint(FAINT, "cmlint explain RULE tells all of one"));
        out
    }

    /// A user right: what it is called, and what is documented of it.
    fn right(&self, right: &UserRight) -> String {
        let mut out = format!("{} {} {}\n", paint(STRONG, &right.display), paint(FAINT, "·"), right.id);
        if let Some(deny) = &right.deny {
            self.body(&mut out, &format!("The right that denies it is {deny}."));
        }
        if !right.also_written.is_empty() {
            self.body(&mut out, &format!("Also written {}.", joined(&right.also_written, "or")));
        }
        let statements = self.book.statements_on_right(right);
        self.head(&mut out, "Documented");
        if statements.is_empty() {
            self.body(&mut out, "Nothing is documented of it.");
        }
        for statement in statements {
            let text = statement.text.steps.iter().rev().find_map(|(_, text)| text.as_deref());
            self.body(
                &mut out,
                &format!("{}: {}", paint(CODE, &statement.reference), text.unwrap_or_default()),
            );
        }
        out
    }

    fn content(&self) -> &Content {
        self.book.content
    }

    /// A paragraph, moved right by two.
    fn body(&self, out: &mut String, text: &str) {
        let _ = writeln!(out, "  {}", wrap(&paragraphs(text), self.columns, 2));
    }

    /// A line of two columns.
    fn row(&self, out: &mut String, first: &str, size: usize, second: &str) {
        let line = format!("  {}  {}", pad(first, size), wrap(second, self.columns, size + 4));
        let _ = writeln!(out, "{}", line.trim_end());
    }

    fn head(&self, out: &mut String, title: &str) {
        let _ = writeln!(out, "\n{}", paint(STRONG, title));
    }

    fn rule(&self, rule: &Rule) -> String {
        let mut out = String::new();
        self.rule_title(&mut out, rule);
        match (&rule.because, rule.statements.as_slice()) {
            (Some(because), _) => self.body(&mut out, because),
            (None, statements) => self.documented(&mut out, rule, statements),
        }
        if let Some(derived) = &rule.derived {
            self.head(&mut out, "Beyond the documents");
            self.body(&mut out, derived);
        }
        if rule.revisions != (None, None) {
            let (from, until) = rule.revisions;
            let from = from.map(|d| format!("from {d}"));
            let said: Vec<String> = from.into_iter().chain(until.map(|d| format!("until {d}"))).collect();
            self.head(&mut out, "Revisions");
            let _ = writeln!(out, "  {}", said.join(" "));
        }
        self.head(&mut out, "Message");
        self.body(&mut out, &rule.message.written);
        for (name, text) in &rule.reasons {
            self.row(&mut out, &paint(FAINT, format_args!("{name}:")), 0, &text.written);
        }
        self.advice(&mut out, rule);
        if !rule.params.is_empty() {
            self.head(&mut out, "Values it works with");
            let size = rule.params.iter().map(|p| p.name.len()).max().unwrap_or(0);
            for param in &rule.params {
                let said = format!("{}: {}", plain(&param.value), param.help);
                self.row(&mut out, &paint(CODE, &param.name), size, &said);
            }
        }
        self.reads(&mut out, rule);
        self.head(&mut out, "Examples");
        for example in &rule.examples {
            let (word, style) = match &example.expect {
                Expect::Pass => ("pass", GOOD),
                Expect::Fail(_) => ("fail", BAD),
                Expect::NotEvaluated(_) => ("not evaluated", DOUBT),
                Expect::NotApplicable => ("not applicable", FAINT),
            };
            self.row(&mut out, &paint(style, word), 14, &example.name);
        }
        self.references(&mut out, rule);
        if !rule.aliases.is_empty() {
            let _ = writeln!(out, "\nFormerly {}.", list(&rule.aliases));
        }
        out
    }

    /// Title, id, group, levels and confidence.
    fn rule_title(&self, out: &mut String, rule: &Rule) {
        let dot = paint(FAINT, "·");
        let _ = writeln!(out, "{}", paint(STRONG, &rule.title));
        let levels: Vec<String> = (rule.level.steps.iter())
            .enumerate()
            .map(|(i, (from, level))| {
                let word = level.map_or_else(|| "off".to_owned(), |l| paint(l.style(), l.name()));
                if rule.level.steps.len() > 1 && i > 0 { format!("{word} from {from}") } else { word }
            })
            .collect();
        let _ = writeln!(
            out,
            "{} {dot} {} {dot} {} {dot} confidence {}\n",
            paint(CODE, &rule.id),
            rule.group,
            levels.join(", "),
            rule.confidence.name()
        );
    }

    /// What to do when it fails.
    fn advice(&self, out: &mut String, rule: &Rule) {
        self.head(out, "What to do");
        self.body(out, &rule.help);
        if let Some(fix) = &rule.fix {
            let on = fix.on.as_ref().map_or(String::new(), |on| format!(" on {}", on.written));
            let _ = writeln!(out, "\n  In PowerShell{on}:");
            for line in fix.powershell.written.trim().lines() {
                let _ = writeln!(out, "    {}", paint(CODE, line));
            }
        }
    }

    /// The tables it reads, and how they are collected.
    fn reads(&self, out: &mut String, rule: &Rule) {
        self.head(out, "Evidence it reads");
        for &table in &rule.evidence {
            let Some(table) = self.book.schema.tables.get(table) else { continue };
            let about = format!("{}: {}", paint(CODE, &table.name), table.about);
            let _ = writeln!(out, "  {}", wrap(&about, self.columns, 4));
        }
        self.collected(out, &rule.evidence);
    }

    fn collected(&self, out: &mut String, tables: &[TableId]) {
        self.head(out, "Collect it with");
        for line in self.book.schema.collects(tables) {
            let _ = writeln!(out, "  {}", paint(CODE, line));
        }
    }

    fn references(&self, out: &mut String, rule: &Rule) {
        if rule.references.is_empty() {
            return;
        }
        self.head(out, "Read on");
        for reference in &rule.references {
            let _ = match reference {
                Reference::Techniques(ids) => {
                    ids.iter().for_each(|id| self.technique_line(out, id));
                    Ok(())
                }
                Reference::Page { url, title } => writeln!(out, "  {title}: {url}"),
            };
        }
    }

    /// A technique in a line.
    fn technique_line(&self, out: &mut String, id: &str) {
        let known = self.content().technique(id);
        let said = known.map(|t| format!("{} ({})", t.name, t.collection())).unwrap_or_default();
        self.row(out, &paint(CODE, id), 11, &said);
    }

    /// A technique of a public collection, and what bears on it.
    fn technique(&self, technique: &Technique) -> String {
        let mut out = String::new();
        let dot = paint(FAINT, "·");
        let line = format!("{} {dot} {}", paint(CODE, &technique.id), technique.collection());
        let _ = writeln!(out, "{}\n{line}\n\n  {}", paint(STRONG, &technique.name), technique.url());
        let rules: Vec<&Rule> = self.book.rules.on_technique(&technique.id).collect();
        if !rules.is_empty() {
            self.head(&mut out, "Rules that bear on it");
            self.rules(&mut out, &rules);
        }
        if !technique.statements.is_empty() {
            self.head(&mut out, "Documented");
            let statements = technique.statements.iter().filter_map(|s| self.content().statement(s));
            for (_, statement) in statements {
                let text = statement.text.values().last().map_or("", String::as_str);
                let _ = writeln!(
                    out,
                    "  {}\n    {}",
                    paint(CODE, &statement.reference),
                    wrap(text, self.columns, 4)
                );
            }
        }
        out
    }

    /// The statements a rule enforces: few in full, many by their references.
    fn documented(&self, out: &mut String, rule: &Rule, statements: &[String]) {
        let _ = writeln!(out, "{}", paint(STRONG, "Documented"));
        if let Some(documented) = &rule.documented {
            self.body(
                out,
                &format!(
                    "Runs once for each documented fact of the kind {}; {} one:",
                    documented.selector.kind,
                    count(statements.len(), "statement has", "statements have")
                ),
            );
        }
        for reference in statements {
            let Some((entity, statement)) = self.content().statement(reference) else { continue };
            let name = entity.title(self.content().newest());
            let level = statement.level.last().copied();
            let text = statement.text.last().map_or("", String::as_str);
            let since = span(self.content(), &statement.text).map_or(String::new(), |s| format!(", {s}"));
            self.body(out, &format!("{name}: {text}"));
            let _ = writeln!(
                out,
                "  {}",
                paint(FAINT, format_args!("({reference}, {}{since})", level.map_or("", Level::name)))
            );
            for change in statement.changes.iter().filter(|c| c.revision > rule.reviewed) {
                let _ = writeln!(
                    out,
                    "  {}",
                    paint(
                        DOUBT,
                        format_args!(
                            "reworded {} after this rule was reviewed: {}",
                            change.revision, change.note
                        )
                    )
                );
            }
        }
    }

    fn statement(&self, entity: &Entity, statement: &Statement) -> String {
        let mut out = String::new();
        let dot = paint(FAINT, "·");
        let name = entity.title(self.content().newest());
        let level = statement.level.last().copied();
        let text = statement.text.last().map_or("", String::as_str);
        let _ = writeln!(out, "{}", paint(CODE, &statement.reference));
        let _ = writeln!(
            out,
            "{} {dot} {} {dot} {}\n",
            paint(STRONG, name),
            statement.category,
            level.map_or(String::new(), painted_level)
        );
        self.body(&mut out, text);
        self.head(&mut out, "Revisions");
        for line in history(self.content(), entity, statement) {
            self.row(&mut out, &line.0, 10, &line.1);
        }
        if !statement.facts.is_empty() {
            self.head(&mut out, "Facts");
            for fact in &statement.facts {
                self.fact(&mut out, fact);
            }
        }
        self.head(&mut out, "Can an export show it?");
        let because = statement.because.as_deref().unwrap_or_default();
        let (word, style) = match statement.checkable {
            Checkable::Yes => ("yes", GOOD),
            Checkable::Partial => ("partly", DOUBT),
            Checkable::No => ("no", BAD),
        };
        self.row(&mut out, &paint(style, word), 8, because);
        if let Some(look) = &statement.look_at {
            self.row(&mut out, "look at", 8, look);
        }
        if !statement.evidence.is_empty() {
            self.row(&mut out, "in", 8, &list(&statement.evidence));
        }
        let rules = self.book.rules_of(&statement.reference);
        if !rules.is_empty() {
            self.head(&mut out, "Rules");
            self.rules(&mut out, &rules);
        }
        let mut techniques = self.content().techniques_of(&statement.reference).peekable();
        if techniques.peek().is_some() {
            self.head(&mut out, "Bears on");
            techniques.for_each(|technique| self.technique_line(&mut out, &technique.id));
        }
        out
    }

    fn rules(&self, out: &mut String, rules: &[&Rule]) {
        let size = rules.iter().map(|r| r.id.len()).max().unwrap_or(0);
        for rule in rules {
            self.row(out, &paint(CODE, &rule.id), size, &rule.title);
        }
    }

    fn fact(&self, out: &mut String, fact: &Fact) {
        let content = self.content();
        let said = |(date, values): (Date, Option<&Values>)| {
            let said = values.map(|values| content.words(date).fact(&fact.kind, values));
            (date, said.unwrap_or_else(|| "nothing".to_owned()))
        };
        let all: Vec<(Date, String)> = fact.over_time().map(said).collect();
        let text = match all.as_slice() {
            [(_, one)] => one.clone(),
            many => {
                let many: Vec<String> =
                    many.iter().map(|(date, said)| format!("from {date}: {said}")).collect();
                many.join(" / ")
            }
        };
        self.row(out, &content.words(content.newest()).kind(&fact.kind), 12, &text);
    }

    fn entity(&self, entity: &Entity) -> String {
        let mut out = String::new();
        let dot = paint(FAINT, "·");
        let name = entity.title(self.content().newest());
        let kind = entity.kind.word();
        let mut line = format!("{} {dot} {kind}", paint(CODE, &entity.id));
        if !entity.aliases.is_empty() {
            let _ = write!(line, " {dot} also {}", list(&entity.aliases));
        }
        let _ = writeln!(out, "{}\n{}\n", paint(STRONG, name), wrap(&line, self.columns, 0));
        self.body(&mut out, &entity.purpose);
        if entity.name.steps.len() > 1 || entity.merged_into.is_some() {
            self.names(&mut out, entity);
        }
        let (all, ruled) =
            (&entity.statements, |s: &&Statement| !self.book.rules_of(&s.reference).is_empty());
        let enforced = all.iter().filter(ruled).count();
        let count = count(all.len(), "statement", "statements");
        let count = paint(FAINT, format_args!("({count}, {enforced} checked by rules)"));
        let _ = writeln!(out, "\n{} {count}", paint(STRONG, "Statements"));
        for wanted in Level::ALL {
            let mut here = all.iter().filter(|s| s.level.last() == Some(&wanted)).peekable();
            if here.peek().is_some() {
                let _ = writeln!(out, "\n  {}", painted_level(wanted));
            }
            here.for_each(|statement| self.line(&mut out, statement));
        }
        let legend = "● checked by a rule   ○ an export could show it   – no export can show it";
        let _ = writeln!(out, "\n  {}", paint(FAINT, legend));
        let rules = self.book.rules_of_entity(&entity.id);
        if !rules.is_empty() {
            self.head(&mut out, "Rules");
            self.rules(&mut out, &rules);
        }
        let example = all.first().map_or("", |s| s.reference.as_str());
        let _ =
            writeln!(out, "\nMore on one of them: {}", paint(CODE, format_args!("cmlint explain {example}")));
        out
    }

    /// What it was called, and what became of it.
    fn names(&self, out: &mut String, entity: &Entity) {
        self.head(out, "Names");
        for (from, name) in &entity.name.steps {
            let into = entity.merged_into.as_ref().and_then(|m| m.at(*from));
            let said = match (name, into) {
                (Some(name), _) => name.clone(),
                (None, Some(into)) => format!("no longer there: {} took its place", self.entity_title(into)),
                (None, None) => "no longer there".to_owned(),
            };
            self.row(out, &from.to_string(), 10, &said);
        }
    }

    /// A statement of an account or group in a line: whether it is checked, its id, what it says.
    fn line(&self, out: &mut String, statement: &Statement) {
        /// How many columns most ids fit in.
        const IDS: usize = 30;
        let mut text = paragraphs(statement.text.last().map_or("", String::as_str));
        if let Some(span) = span(self.content(), &statement.text) {
            let _ = write!(text, " {}", paint(FAINT, format_args!("({span})")));
        }
        let (mark, style) = match statement.checkable {
            _ if !self.book.rules_of(&statement.reference).is_empty() => ("●", GOOD),
            Checkable::Yes => ("○", DOUBT),
            Checkable::Partial => ("○", FAINT),
            Checkable::No => ("–", FAINT),
        };
        let id = statement.id();
        let _ = write!(out, "  {} {}", paint(style, mark), pad(&paint(CODE, id), IDS));
        if width(id) > IDS {
            let _ = write!(out, "\n{}", " ".repeat(IDS + 4));
        }
        let _ = writeln!(out, "  {}", wrap(&text, self.columns, IDS + 6));
    }

    fn entity_title(&self, id: &str) -> String {
        let name = self.content().entity(id).map_or(id, |e| e.title(self.content().newest()));
        format!("{name} ({id})")
    }

    fn table(&self, table: &TableSchema) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "{} {} evidence table", paint(CODE, &table.name), paint(FAINT, "·"));
        self.body(&mut out, &format!("{}.", table.about.trim_end_matches('.')));
        let id = self.book.schema.table(&table.name).unwrap_or_default();
        let made: Vec<&str> = table
            .made_from
            .iter()
            .filter_map(|&t| self.book.schema.tables.get(t))
            .map(|t| t.name.as_str())
            .collect();
        if !made.is_empty() {
            self.body(&mut out, &format!("Made from {}.", list(&made)));
        }
        self.collected(&mut out, &[id]);
        self.head(&mut out, "Fields");
        let size = table.fields.iter().map(|f| f.name.len()).max().unwrap_or(0);
        for (i, field) in table.fields.iter().enumerate() {
            let key = if table.key.contains(&i) { " (key)" } else { "" };
            self.row(
                &mut out,
                &paint(CODE, &field.name),
                size,
                &format!("{}{}", field.about, paint(FAINT, key)),
            );
        }
        if !table.read_from.is_empty() {
            self.head(&mut out, "Read from, and where its names are known from");
        }
        for (class, origins) in origins(table) {
            let _ = writeln!(out, "  {}", paint(CODE, class));
            for (known_from, names) in origins {
                let style = if known_from == KnownFrom::Unverified { DOUBT } else { FAINT };
                let line = format!("{}: {}", paint(style, known_from.name()), names.join(", "));
                let _ = writeln!(out, "    {}", wrap(&line, self.columns, 6));
            }
        }
        let rules = self.book.rules_reading(&table.name);
        if !rules.is_empty() {
            self.head(&mut out, "Rules that read it");
            self.rules(&mut out, &rules);
        }
        out
    }
}

/// The classes a table is read from, each with the names that are read by where they are known from, the surest first.
pub(super) fn origins(table: &TableSchema) -> Vec<(&str, BTreeMap<KnownFrom, Vec<&str>>)> {
    let mut out: Vec<(&str, BTreeMap<KnownFrom, Vec<&str>>)> = Vec::new();
    for name in &table.read_from {
        if out.last().is_none_or(|(class, _)| *class != &*name.class) {
            out.push((&name.class, BTreeMap::new()));
        }
        if let Some((_, origins)) = out.last_mut() {
            origins.entry(name.known_from).or_default().push(&name.name);
        }
    }
    out
}

fn painted_level(level: Level) -> String {
    let style = match level {
        Level::Must | Level::MustNot => BAD,
        Level::Should | Level::ShouldNot => DOUBT,
        Level::May | Level::Info => FAINT,
    };
    paint(style, level.name())
}

/// In which revisions a text holds, if not in all.
fn span(content: &Content, text: &Timeline<String>) -> Option<String> {
    let held: Vec<&Date> =
        content.revisions.iter().map(|r| &r.date).filter(|d| text.at(**d).is_some()).collect();
    if held.len() == content.revisions.len() {
        return None;
    }
    let dates: Vec<String> = held.iter().map(ToString::to_string).collect();
    let newest = content.revisions.last().map(|r| r.date);
    Some(match (dates.as_slice(), held.last().copied().copied() == newest) {
        ([], _) => "in no revision".to_owned(),
        ([first, ..], true) => format!("since {first}"),
        ([only], false) => format!("only in {only}"),
        ([.., last], false) => format!("until {last}"),
    })
}

/// A line or more for each revision: what it says that the one before did not.
fn history(content: &Content, entity: &Entity, statement: &Statement) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    let mut before: Option<Date> = None;
    let only_text = statement.text.steps.len() <= 1;
    for revision in &content.revisions {
        let date = revision.date;
        let mut said = Vec::new();
        let now = statement.text.at(date);
        let was = before.and_then(|b| statement.text.at(b));
        match (was, now) {
            (None, Some(text)) if before.is_some() => said.push(format!("new: {text}")),
            (Some(_), None) if entity.name.at(date).is_none() => {
                said.push("gone, with everything else on this subject".to_owned());
            }
            (Some(_), None) => said.push("no longer said".to_owned()),
            (Some(a), Some(b)) if a != b => said.push(b.clone()),
            (None, Some(text)) if !only_text => said.push(text.clone()),
            (None, None) => said.push("not said".to_owned()),
            _ => {}
        }
        let differs = |t: &Option<Timeline<String>>| -> Option<String> {
            let t = t.as_ref()?;
            let now = t.at(date)?;
            let was = before.and_then(|b| t.at(b));
            (was != Some(now)).then(|| now.clone())
        };
        if now.is_some() {
            let level = statement.level.at(date);
            if let Some(b) = before
                && let (Some(was), Some(level)) = (statement.level.at(b), level)
                && was != level
            {
                said.push(format!("now {}, before {}", level.name(), was.name()));
            }
            said.extend(differs(&statement.detail));
            if let Some(terms) = differs(&statement.terms) {
                said.push(format!("worded “{terms}”"));
            }
        }
        for change in statement.changes.iter().filter(|c| c.revision == date) {
            said.push(format!("{} {}", paint(FAINT, format_args!("{}:", change.kind)), change.note));
        }
        if said.is_empty() {
            said.push(paint(FAINT, if before.is_some() { "as before" } else { "first said" }));
        }
        for (i, line) in said.into_iter().enumerate() {
            out.push((if i == 0 { date.to_string() } else { String::new() }, line));
        }
        before = Some(date);
    }
    out
}

/// A value of a fact in few characters.
fn plain(value: &Value) -> String {
    match value {
        Value::String(s) => s.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
