//! `cmlint test`: validates the specification, the evidence tables and the rules, and runs every example.

use clap::Args;

use super::load::verdict;
use super::{Exit, Global, help, output};
use crate::check;
use crate::diff;
use crate::evidence::{KnownFrom, Mapping};
use crate::rules;
use crate::text::{DOUBT, count, paint};
use crate::yaml;

#[derive(Debug, Args)]
#[command(after_long_help = help::fit("\
Examples:
  cmlint test                           what is built in
  cmlint test --rules my-rules          your own rules, against the built-in specification

Exit codes:
  0  all is well; there may be warnings
  2  something is wrong"))]
pub(super) struct TestArgs {}

pub(super) fn run(_args: &TestArgs, global: &Global) -> anyhow::Result<Exit> {
    super::load::settle(global)?;
    let (loaded, mut problems) = super::load::load_all(global);
    if let Some(loaded) = &loaded {
        problems.extend(check::examples(&loaded.rules, &loaded.content, &loaded.schema));
        problems.extend(diff::check(&loaded.content));
        problems.extend(loaded.content.unread());
        problems.extend(loaded.content.misleveled());
        // Rules of one's own are not expected to judge all that is built in.
        if global.rules.is_none() || global.content.is_some() {
            problems.extend(rules::open(&loaded.content, &loaded.rules));
        }
    }
    problems.sort();
    output::aside(&yaml::render(&problems, true));
    let Some(loaded) = loaded else {
        output::aside(&format!("{}\n", verdict(&problems)));
        return Ok(Exit::Trouble);
    };
    let statements: usize = loaded.content.entities.iter().map(|e| e.statements.len()).sum();
    let entities =
        loaded.content.entities.iter().filter(|e| e.kind != crate::content::EntityKind::Document).count();
    let examples: usize = loaded.rules.rules.iter().map(|r| r.examples.len()).sum();
    let line = [
        count(entities, "entity", "entities"),
        count(statements, "statement", "statements"),
        count(loaded.schema.tables.len(), "evidence table", "evidence tables"),
        count(loaded.rules.rules.len(), "rule", "rules"),
        count(examples, "example", "examples"),
    ];
    output::write(&format!("{}: {}\n", line.join(", "), verdict(&problems)), None)?;
    output::write(&unverified(&loaded.mapping), None)?;
    Ok(if problems.has_errors() { Exit::Trouble } else { Exit::Clean })
}

/// The names of exports that nothing which was found confirms, a class a line.
fn unverified(mapping: &Mapping) -> String {
    let mut classes: Vec<(&str, Vec<&str>)> = Vec::new();
    for name in mapping.names().filter(|name| name.known_from == KnownFrom::Unverified) {
        match classes.last_mut() {
            Some((class, names)) if *class == &*name.class => names.push(&name.name),
            _ => classes.push((&name.class, vec![&name.name])),
        }
    }
    let names: usize = classes.iter().map(|(_, names)| names.len()).sum();
    if names == 0 {
        return String::new();
    }
    let all = mapping.names().count();
    let mut out = format!("{} of {all} names in exports are unverified:\n", paint(DOUBT, names));
    for (class, names) in classes {
        out.push_str(&format!("  {class}: {}\n", names.join(", ")));
    }
    out
}
