//! `cmlint explain`: a rule, a documented statement, an account or group, or an evidence table, in the terminal.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};

use super::names::{Book, Target};
use super::{Exit, Global, TextFormat, output};
use crate::content::{Checkable, Content, Date, Entity, EntityKind, Fact, Level, Statement, Timeline};
use crate::evidence::{KnownFrom, Mapping, TableId, TableSchema};
use crate::report::text::{
    BAD, CODE, DOUBT, FAINT, GOOD, STRONG, count, level_style, list, pad, paint, paragraphs, width, wrap,
};
use crate::report::{collects, level_word, name_at};
use crate::rules::{Expect, Reference, Rule};

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cmlint explain network-access-account                        an account, by its id
  cmlint explain NAA                                           or by another name for it
  cmlint explain client push installation account              or by its title
  cmlint explain network-access-account/max-ten-per-site       one statement
  cmlint explain too-many-network-access-accounts              a rule
  cmlint explain site_systems                                  an evidence table, and how to collect it")]
pub(super) struct ExplainArgs {
    /// Id or title of a rule, statement, account, group or evidence table
    ///
    /// Letter case does not matter. Words need no quotes.
    #[arg(required = true, value_name = "ID")]
    id: Vec<String>,
    /// How to show it
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "human")]
    format: TextFormat,
}

pub(super) fn run(args: &ExplainArgs, global: &Global) -> anyhow::Result<Exit> {
    let loaded = super::load::load(global)?;
    let book = Book::new(&loaded.content, &loaded.schema, &loaded.rules);
    let asked = args.id.join(" ");
    let targets = book.find(&asked);
    if targets.is_empty() {
        bail!(book.unknown("rule, statement, account, group or evidence table", &asked));
    }
    let text = match args.format {
        TextFormat::Human => {
            let page = Page { book: &book, mapping: &loaded.mapping, columns: output::columns(false) };
            let pages: Vec<String> = targets.iter().map(|t| page.target(t)).collect();
            pages.join(&format!("\n{}\n\n", paint(FAINT, "─".repeat(page.columns.min(72)))))
        }
        TextFormat::Json => {
            let mut values: Vec<Value> = targets.iter().map(|t| value(&book, &loaded.mapping, t)).collect();
            let value = if values.len() == 1 { values.remove(0) } else { Value::Array(values) };
            format!("{value:#}\n")
        }
    };
    output::write(&text, None)?;
    Ok(Exit::Clean)
}

// ------------------------------------------------------------------------------------------- for people

struct Page<'a> {
    book: &'a Book<'a>,
    mapping: &'a Mapping,
    columns: usize,
}

impl Page<'_> {
    fn target(&self, target: &Target<'_>) -> String {
        match target {
            Target::Rule(rule) => self.rule(rule),
            Target::Statement(entity, statement) => self.statement(entity, statement),
            Target::Entity(entity) => self.entity(entity),
            Target::Table(table) => self.table(table),
        }
    }

    fn content(&self) -> &Content {
        self.book.content
    }

    fn newest(&self) -> Option<Date> {
        self.content().revisions.last().map(|r| r.date)
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

    fn rule(&self, rule: &Rule) -> String {
        let mut out = String::new();
        let dot = paint(FAINT, "·");
        let _ = writeln!(out, "{}", paint(STRONG, &rule.title));
        let levels: Vec<String> = (rule.level.steps.iter())
            .enumerate()
            .map(|(i, (from, level))| {
                let word = level.map_or_else(|| "off".to_owned(), |l| paint(level_style(l), l.name()));
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
        match (&rule.because, rule.statements.as_slice()) {
            (Some(because), _) => self.body(&mut out, because),
            (None, statements) => self.documented(&mut out, rule, statements),
        }
        if let Some(derived) = &rule.derived {
            let _ = writeln!(out, "\n{}", paint(STRONG, "Beyond the documents"));
            self.body(&mut out, derived);
        }
        match rule.revisions {
            (None, None) => {}
            (from, until) => {
                let mut said = Vec::new();
                said.extend(from.map(|d| format!("from {d}")));
                said.extend(until.map(|d| format!("until {d}")));
                let _ = writeln!(out, "\n{}\n  {}", paint(STRONG, "Revisions"), said.join(" "));
            }
        }
        let _ = writeln!(out, "\n{}", paint(STRONG, "Message"));
        self.body(&mut out, &rule.message.written);
        for (name, text) in &rule.reasons {
            self.row(&mut out, &paint(FAINT, format_args!("{name}:")), 0, &text.written);
        }
        let _ = writeln!(out, "\n{}", paint(STRONG, "What to do"));
        self.body(&mut out, &rule.help);
        if let Some(fix) = &rule.fix {
            let on = fix.on.as_ref().map_or(String::new(), |on| format!(" on {}", on.written));
            let _ = writeln!(out, "\n  In PowerShell{on}:");
            for line in fix.powershell.written.trim().lines() {
                let _ = writeln!(out, "    {}", paint(CODE, line));
            }
        }
        if !rule.params.is_empty() {
            let _ = writeln!(out, "\n{}", paint(STRONG, "Values it works with"));
            let size = rule.params.iter().map(|p| p.name.len()).max().unwrap_or(0);
            for param in &rule.params {
                self.row(
                    &mut out,
                    &paint(CODE, &param.name),
                    size,
                    &format!("{}: {}", plain(&param.value), param.help),
                );
            }
        }
        let _ = writeln!(out, "\n{}", paint(STRONG, "Evidence it reads"));
        for &table in &rule.evidence {
            let Some(table) = self.book.schema.tables.get(table) else { continue };
            let name = paint(CODE, &table.name);
            let about = format!("{name}: {}", table.about);
            let _ = writeln!(out, "  {}", wrap(&about, self.columns, 4));
        }
        let _ = writeln!(out, "\n{}", paint(STRONG, "Collect it with"));
        for line in collects(self.book.schema, &rule.evidence) {
            let _ = writeln!(out, "  {}", paint(CODE, line));
        }
        let _ = writeln!(out, "\n{}", paint(STRONG, "Examples"));
        for example in &rule.examples {
            let (word, style) = match &example.expect {
                Expect::Pass => ("pass", GOOD),
                Expect::Fail(_) => ("fail", BAD),
                Expect::NotEvaluated(_) => ("not evaluated", DOUBT),
                Expect::NotApplicable => ("not applicable", FAINT),
            };
            self.row(&mut out, &paint(style, word), 14, &example.name);
        }
        if !rule.references.is_empty() {
            let _ = writeln!(out, "\n{}", paint(STRONG, "Read on"));
            for reference in &rule.references {
                let _ = match reference {
                    Reference::MisconfigurationManager(ids) => {
                        writeln!(out, "  Misconfiguration Manager: {}", list(ids))
                    }
                    Reference::Mitre(ids) => writeln!(out, "  MITRE ATT&CK: {}", list(ids)),
                    Reference::Page { url, title } => writeln!(out, "  {title}: {url}"),
                };
            }
        }
        if !rule.aliases.is_empty() {
            let _ = writeln!(out, "\nFormerly {}.", list(&rule.aliases));
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
                    "Runs once for each documented fact of the kind {}; {} have one:",
                    documented.selector.kind,
                    count(statements.len(), "statement", "statements")
                ),
            );
        }
        for reference in statements {
            let Some((entity, statement)) = self.content().statement(reference) else { continue };
            let name = self.newest().and_then(|d| name_at(&entity.name, d)).unwrap_or(&entity.id);
            let level = statement.level.steps.iter().rev().find_map(|(_, l)| *l);
            let text = statement.text.steps.iter().rev().find_map(|(_, t)| t.as_deref()).unwrap_or_default();
            let since = span(self.content(), &statement.text).map_or(String::new(), |s| format!(", {s}"));
            self.body(out, &format!("{name}: {text}"));
            let _ = writeln!(
                out,
                "  {}",
                paint(FAINT, format_args!("({reference}, {}{since})", level.map_or("", level_word)))
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
        let newest = self.newest();
        let name = newest.and_then(|d| name_at(&entity.name, d)).unwrap_or(&entity.id);
        let level = statement.level.steps.iter().rev().find_map(|(_, l)| *l);
        let text = statement.text.steps.iter().rev().find_map(|(_, t)| t.as_deref()).unwrap_or_default();
        let _ = writeln!(out, "{}", paint(CODE, &statement.reference));
        let _ = writeln!(
            out,
            "{} {dot} {} {dot} {}\n",
            paint(STRONG, name),
            statement.category,
            level.map_or(String::new(), painted_level)
        );
        self.body(&mut out, text);
        let _ = writeln!(out, "\n{}", paint(STRONG, "Revisions"));
        for line in history(self.content(), entity, statement) {
            self.row(&mut out, &line.0, 10, &line.1);
        }
        if !statement.facts.is_empty() {
            let _ = writeln!(out, "\n{}", paint(STRONG, "Facts"));
            for fact in &statement.facts {
                self.fact(&mut out, fact);
            }
        }
        let _ = writeln!(out, "\n{}", paint(STRONG, "Can an export show it?"));
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
            let _ = writeln!(out, "\n{}", paint(STRONG, "Rules"));
            self.rules(&mut out, &rules);
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
        let mut parts = Vec::new();
        for (key, value) in &fact.keys {
            let said = match value.steps.as_slice() {
                [(_, Some(one))] => plain(one),
                steps => {
                    let steps: Vec<String> = (steps.iter())
                        .map(|(from, v)| {
                            format!("from {from} {}", v.as_ref().map_or("nothing".to_owned(), plain))
                        })
                        .collect();
                    steps.join(" / ")
                }
            };
            parts.push(format!("{} {said}", paint(FAINT, format_args!("{key}:"))));
        }
        self.row(out, &fact.kind, 12, &parts.join("; "));
    }

    fn entity(&self, entity: &Entity) -> String {
        let mut out = String::new();
        let dot = paint(FAINT, "·");
        let newest = self.newest();
        let name = newest.and_then(|d| name_at(&entity.name, d)).unwrap_or(&entity.id);
        let kind = match entity.kind {
            EntityKind::Group => "group",
            EntityKind::Account => "account",
            EntityKind::Document => "the page itself",
        };
        let mut line = format!("{} {dot} {kind}", paint(CODE, &entity.id));
        if !entity.aliases.is_empty() {
            let _ = write!(line, " {dot} also {}", list(&entity.aliases));
        }
        let _ = writeln!(out, "{}\n{}\n", paint(STRONG, name), wrap(&line, self.columns, 0));
        self.body(&mut out, &entity.purpose);

        if entity.name.steps.len() > 1 || entity.merged_into.is_some() {
            let _ = writeln!(out, "\n{}", paint(STRONG, "Names"));
            for (from, name) in &entity.name.steps {
                let said = match name {
                    Some(name) => name.clone(),
                    None => match entity.merged_into.as_ref().and_then(|m| m.at(*from)) {
                        Some(into) => {
                            format!("no longer there: {} took its place", self.entity_title(into))
                        }
                        None => "no longer there".to_owned(),
                    },
                };
                self.row(&mut out, &from.to_string(), 10, &said);
            }
        }

        let all = entity.statements.len();
        let enforced =
            entity.statements.iter().filter(|s| !self.book.rules_of(&s.reference).is_empty()).count();
        let _ = writeln!(
            out,
            "\n{} {}",
            paint(STRONG, "Statements"),
            paint(
                FAINT,
                format_args!("({}, {enforced} checked by rules)", count(all, "statement", "statements"))
            )
        );
        let ids = 30;
        for wanted in [Level::Must, Level::MustNot, Level::Should, Level::ShouldNot, Level::May, Level::Info]
        {
            let here: Vec<&Statement> = (entity.statements.iter())
                .filter(|s| s.level.steps.iter().rev().find_map(|(_, l)| *l) == Some(wanted))
                .collect();
            if here.is_empty() {
                continue;
            }
            let _ = writeln!(out, "\n  {}", painted_level(wanted));
            for statement in here {
                let id = statement.reference.rsplit('/').next().unwrap_or_default();
                let text =
                    statement.text.steps.iter().rev().find_map(|(_, t)| t.as_deref()).unwrap_or_default();
                let mut text = paragraphs(text);
                if let Some(span) = span(self.content(), &statement.text) {
                    let _ = write!(text, " {}", paint(FAINT, format_args!("({span})")));
                }
                let (mark, style) = match statement.checkable {
                    _ if !self.book.rules_of(&statement.reference).is_empty() => ("●", GOOD),
                    Checkable::Yes => ("○", DOUBT),
                    Checkable::Partial => ("○", FAINT),
                    Checkable::No => ("–", FAINT),
                };
                let _ = write!(out, "  {} {}", paint(style, mark), pad(&paint(CODE, id), ids));
                if width(id) > ids {
                    let _ = write!(out, "\n{}", " ".repeat(ids + 4));
                }
                let _ = writeln!(out, "  {}", wrap(&text, self.columns, ids + 6));
            }
        }
        let _ = writeln!(
            out,
            "\n  {}",
            paint(FAINT, "● checked by a rule   ○ an export could show it   – no export can show it")
        );
        let rules = self.book.rules_of_entity(&entity.id);
        if !rules.is_empty() {
            let _ = writeln!(out, "\n{}", paint(STRONG, "Rules"));
            self.rules(&mut out, &rules);
        }
        let example = entity.statements.first().map_or("", |s| s.reference.as_str());
        let _ =
            writeln!(out, "\nMore on one of them: {}", paint(CODE, format_args!("cmlint explain {example}")));
        out
    }

    fn entity_title(&self, id: &str) -> String {
        let entity = self.content().entity(id);
        let name = entity.and_then(|e| name_at(&e.name, self.newest()?)).unwrap_or(id);
        format!("{name} ({id})")
    }

    /// Which names of exported classes a table is read from, and where these are known from.
    fn names(&self, out: &mut String, table: TableId) {
        let read = names_read(self.mapping, table);
        if read.is_empty() {
            return;
        }
        let _ = writeln!(out, "\n{}", paint(STRONG, "Read from, and where its names are known from"));
        for (class, origins) in read {
            let _ = writeln!(out, "  {}", paint(CODE, class));
            for (known_from, names) in origins {
                let style = if known_from == KnownFrom::Unverified { DOUBT } else { FAINT };
                let line = format!("{}: {}", paint(style, known_from.name()), names.join(", "));
                let _ = writeln!(out, "    {}", wrap(&line, self.columns, 6));
            }
        }
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
        let _ = writeln!(out, "\n{}", paint(STRONG, "Collect it with"));
        for line in collects(self.book.schema, &[id]) {
            let _ = writeln!(out, "  {}", paint(CODE, line));
        }
        let _ = writeln!(out, "\n{}", paint(STRONG, "Fields"));
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
        self.names(&mut out, id);
        let rules = self.book.rules_reading(&table.name);
        if !rules.is_empty() {
            let _ = writeln!(out, "\n{}", paint(STRONG, "Rules that read it"));
            self.rules(&mut out, &rules);
        }
        out
    }
}

/// Names of one class by where they are known from, the surest first.
type Origins<'m> = BTreeMap<KnownFrom, Vec<&'m str>>;

/// The classes a table is read from, with the names that are read.
fn names_read(mapping: &Mapping, table: TableId) -> Vec<(&str, Origins<'_>)> {
    let mut out: Vec<(&str, Origins<'_>)> = Vec::new();
    for name in mapping.names_of(table) {
        if out.last().is_none_or(|(class, _)| *class != &*name.class) {
            out.push((&name.class, Origins::new()));
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
    paint(style, level_word(level))
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
                said.push(format!("now {}, before {}", level_word(*level), level_word(*was)));
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

// ----------------------------------------------------------------------------------------- for programs

fn value(book: &Book<'_>, mapping: &Mapping, target: &Target<'_>) -> Value {
    match target {
        Target::Rule(rule) => rule_value(book, rule),
        Target::Statement(entity, statement) => {
            let mut value = statement_value(book, statement);
            value["kind"] = json!("statement");
            value["entity"] = json!(entity.id);
            value
        }
        Target::Entity(entity) => json!({
            "kind": match entity.kind {
                EntityKind::Group => "group",
                EntityKind::Account => "account",
                EntityKind::Document => "document",
            },
            "id": entity.id,
            "name": timeline(&entity.name, |n| json!(n)),
            "aliases": entity.aliases,
            "merged_into": entity.merged_into.as_ref().map(|m| timeline(m, |id| json!(id))),
            "purpose": entity.purpose,
            "statements": entity.statements.iter().map(|s| statement_value(book, s)).collect::<Vec<_>>(),
        }),
        Target::Table(table) => json!({
            "kind": "evidence",
            "id": table.name,
            "about": table.about,
            "collect": table.collect,
            "fields": table.fields.iter().enumerate().map(|(i, f)| json!({
                "name": f.name,
                "about": f.about,
                "key": table.key.contains(&i),
            })).collect::<Vec<_>>(),
            "read_from": names_read(mapping, book.schema.table(&table.name).unwrap_or_default())
                .into_iter()
                .map(|(class, origins)| {
                    let known: serde_json::Map<String, Value> =
                        origins.iter().map(|(known, names)| (known.name().to_owned(), json!(names))).collect();
                    json!({ "class": class, "known_from": known })
                })
                .collect::<Vec<_>>(),
            "rules": ids(&book.rules_reading(&table.name)),
        }),
    }
}

fn ids<'a>(rules: &[&'a Rule]) -> Vec<&'a str> {
    rules.iter().map(|r| r.id.as_str()).collect()
}

fn rule_value(book: &Book<'_>, rule: &Rule) -> Value {
    let mut value = super::rules::value(book, rule);
    value["kind"] = json!("rule");
    value["aliases"] = json!(rule.aliases);
    value["because"] = json!(rule.because);
    value["derived"] = json!(rule.derived);
    value["reviewed"] = json!(rule.reviewed.to_string());
    value["message"] = json!(rule.message.written);
    value["help"] = json!(rule.help);
    value["fix"] = json!(rule.fix.as_ref().map(|f| &f.powershell.written));
    value["examples"] = (rule.examples.iter())
        .map(|e| {
            let expect = match &e.expect {
                Expect::Pass => "pass",
                Expect::Fail(_) => "fail",
                Expect::NotEvaluated(_) => "not_evaluated",
                Expect::NotApplicable => "not_applicable",
            };
            json!({ "name": e.name, "expect": expect })
        })
        .collect();
    value
}

fn statement_value(book: &Book<'_>, statement: &Statement) -> Value {
    json!({
        "id": statement.reference,
        "category": statement.category,
        "level": timeline(&statement.level, |l| json!(level_word(*l))),
        "text": timeline(&statement.text, |t| json!(t)),
        "detail": statement.detail.as_ref().map(|d| timeline(d, |t| json!(t))),
        "terms": statement.terms.as_ref().map(|d| timeline(d, |t| json!(t))),
        "changes": statement.changes.iter().map(|c| json!({
            "revision": c.revision.to_string(),
            "kind": c.kind,
            "note": c.note,
        })).collect::<Vec<_>>(),
        "facts": statement.facts.iter().map(|f| {
            let mut value = json!({ "kind": f.kind });
            for (key, said) in &f.keys {
                value[key] = timeline(said, Value::clone);
            }
            value
        }).collect::<Vec<_>>(),
        "checkable": match statement.checkable {
            Checkable::Yes => "yes",
            Checkable::Partial => "partial",
            Checkable::No => "no",
        },
        "because": statement.because,
        "evidence": statement.evidence,
        "look_at": statement.look_at,
        "rules": ids(&book.rules_of(&statement.reference)),
    })
}

/// A list of `{from, value}`: each value from the revision on from which it holds.
fn timeline<T>(timeline: &Timeline<T>, value: impl Fn(&T) -> Value) -> Value {
    (timeline.steps.iter())
        .map(|(from, v)| json!({ "from": from.to_string(), "value": v.as_ref().map(&value) }))
        .collect()
}
