//! The diff as Markdown: for a change log, a ticket or a mail. The order is that of the format for people.

use std::fmt::Write;

use super::digest::{Item, digest, tally};
use super::titles::{View, changes_line, entries_line, headline, title, title_of, value};
use super::{Aspect, Change, Class, Diff, Kind};
use crate::text::{count, list};

/// Writes a diff as Markdown (GitHub's dialect). Columns do not matter; with `side_by_side` the two sides of a
/// change stand in a table.
pub fn markdown(diff: &Diff, view: View<'_>) -> String {
    let mut out = String::new();
    let backwards = diff.from > diff.to;
    let told = if backwards { " (told backwards)" } else { "" };
    let _ = writeln!(out, "# {}{told}\n", escape(&headline(view.content, diff)));
    if diff.is_empty() {
        out.push_str("Nothing.\n");
        wording(&mut out, view);
        return out;
    }
    if diff.scope.is_none() {
        let _ = writeln!(out, "- {}", entries_line(diff));
    }
    let _ = writeln!(out, "- {}", changes_line(diff));
    let _ = match diff.rules.len() {
        0 => writeln!(out, "- no rule comes to another result"),
        n => writeln!(out, "- {} can come to another result", count(n, "rule", "rules")),
    };
    entries(&mut out, diff, view);
    let digest = digest(view.content, diff);
    if !digest.facts.is_empty() {
        out.push_str("\n## Facts\n");
        for (entity, items) in &digest.facts {
            let _ = writeln!(out, "\n### {}\n", escape(title(entity)));
            for item in items {
                fact(&mut out, item, view);
            }
        }
    }
    if !digest.guidance.is_empty() {
        out.push_str("\n## Guidance\n\n");
        for item in &digest.guidance {
            let Some(first) = item.first() else { continue };
            let names: Vec<String> = item.entities.iter().map(|e| escape(title(e))).collect();
            let _ = writeln!(out, "- **{}**, `{}`{}", list(&names), first.id(), remark(first));
            sides(&mut out, first, view);
            notes(&mut out, first, view);
            rules(&mut out, &item.rules());
        }
    }
    if view.verbose {
        rest(&mut out, diff, view);
    } else {
        if !digest.terms.is_empty() {
            let _ = writeln!(out, "\n## Terms\n\n| {} | {} |\n|---|---|", diff.from, diff.to);
            for term in &digest.terms {
                let side = |t: Option<&str>| t.map_or_else(|| "–".to_owned(), escape);
                let slip = if term.suspect { " (probably a slip)" } else { "" };
                let _ = writeln!(out, "| {} | {}{slip} |", side(term.from), side(term.to));
            }
        }
        if digest.case_terms > 0 {
            let line = count(digest.case_terms, "quotation differs", "quotations differ");
            let _ = writeln!(out, "\n{line} in capitals only.");
        }
        if !digest.quiet.is_empty() {
            out.push_str("\n## Otherwise the same\n\n");
            for (entity, changes) in &digest.quiet {
                let _ = writeln!(out, "- {}: {}", escape(title(entity)), tally(changes).join(", "));
            }
        }
    }
    document(&mut out, diff, view);
    wording(&mut out, view);
    if !diff.rules.is_empty() {
        out.push_str("\n## Rules whose result can differ\n\n");
        for rule in &diff.rules {
            let _ = writeln!(out, "- `{rule}`");
        }
    }
    out
}

fn wording(out: &mut String, view: View<'_>) {
    if let Some(originals) = view.originals {
        super::originals::markdown(out, originals, view, escape);
    }
}

fn entries(out: &mut String, diff: &Diff, view: View<'_>) {
    let backwards = diff.from > diff.to;
    let name = |id: &str| escape(&title_of(view.content, id, [diff.to, diff.from]));
    if !diff.merged.is_empty() {
        let _ = writeln!(out, "\n## {}\n", if backwards { "Parted" } else { "Merged" });
    }
    for merged in &diff.merged {
        let several: Vec<String> = merged.from.iter().map(|id| name(id)).collect();
        let (several, one) = (list(&several), name(&merged.into));
        let _ = if backwards {
            writeln!(out, "- {one} → {several}")
        } else {
            writeln!(out, "- {several} → {one}")
        };
        if let Some(note) = &merged.note {
            let _ = writeln!(out, "  {}", escape(note));
        }
    }
    for (ids, word) in [(&diff.added, "New"), (&diff.removed, "Gone")] {
        if !ids.is_empty() {
            let _ = writeln!(out, "\n## {word}\n");
        }
        for id in ids {
            let _ = writeln!(out, "- {} (`{id}`)", name(id));
        }
    }
    let titles: Vec<_> = diff.renamed.iter().filter(|r| !r.case_only || view.verbose).collect();
    if !titles.is_empty() {
        let _ = writeln!(out, "\n## Renamed\n\n| {} | {} |\n|---|---|", diff.from, diff.to);
        for renamed in titles {
            let _ = writeln!(out, "| {} | {} |", escape(&renamed.from), escape(&renamed.to));
        }
    }
}

fn fact(out: &mut String, item: &Item<'_>, view: View<'_>) {
    let Some(first) = item.first() else { return };
    if let Some(procedure) = item.procedure
        && (item.changes.len() > 1 || !view.verbose)
    {
        let word = if first.class == Class::Removed { "Procedure gone" } else { "New procedure" };
        let _ = writeln!(out, "- {word}: {} ({})", escape(procedure), count(item.steps(), "step", "steps"));
        if view.verbose {
            for change in &item.changes {
                let _ = writeln!(out, "  - {}", escape(change.said()));
            }
        }
        return;
    }
    let word = match first.kind {
        Kind::FactAdded => "Added",
        Kind::FactRemoved => "Removed",
        _ => "Changed",
    };
    let ids: Vec<String> = item.changes.iter().map(|c| format!("`{}`", c.id())).collect();
    let _ = writeln!(out, "- {word}: {}{}", list(&ids), remark(first));
    sides(out, first, view);
    notes(out, first, view);
    rules(out, &item.rules());
}

/// What a change says on both sides, as items or a table below the current item.
fn sides(out: &mut String, change: &Change, view: View<'_>) {
    match (change.from.as_deref(), change.to.as_deref()) {
        (Some(from), Some(to)) if from != to => {
            if !change.differs.contains(&Aspect::Text) {
                let _ = writeln!(out, "  {}", escape(change.said()));
            }
            if view.side_by_side {
                let _ = writeln!(
                    out,
                    "\n  | was | now |\n  |---|---|\n  | {} | {} |\n",
                    escape(from),
                    escape(to)
                );
            } else {
                let _ = writeln!(out, "  - was: {}\n  - now: {}", escape(from), escape(to));
            }
        }
        (Some(text), _) | (None, Some(text)) => {
            let _ = writeln!(out, "  {}", escape(text));
        }
        (None, None) => {}
    }
    if change.kind.is_fact() && (change.from == change.to || view.verbose) {
        for fact in &change.facts {
            let name = fact.key.as_deref().unwrap_or(&fact.kind).replace('_', " ");
            let side = |v: &Option<serde_json::Value>| v.as_ref().map_or("nothing".to_owned(), value);
            let line = match (&fact.key, &fact.from, &fact.to) {
                (None, Some(one), None) | (None, None, Some(one)) => value(one),
                _ => format!("{} → {}", side(&fact.from), side(&fact.to)),
            };
            let _ = writeln!(out, "  - {name}: {}", escape(&line));
        }
    }
}

fn notes(out: &mut String, change: &Change, view: View<'_>) {
    let told = change.from != change.to;
    for note in change.notes.iter().filter(|n| n.kind.is_none() || view.verbose || !told) {
        let _ = match &note.kind {
            Some(_) => writeln!(out, "  - *{}: {}*", note.revision, escape(&note.text)),
            None => writeln!(out, "  - *{}*", escape(&note.text)),
        };
    }
}

fn rules(out: &mut String, rules: &[&str]) {
    if !rules.is_empty() {
        let ids: Vec<String> = rules.iter().map(|id| format!("`{id}`")).collect();
        let _ = writeln!(out, "  - rules: {}", ids.join(", "));
    }
}

fn rest(out: &mut String, diff: &Diff, view: View<'_>) {
    let mut first = true;
    for entity in &diff.entities {
        let quiet: Vec<&Change> =
            entity.changes.iter().filter(|c| !c.kind.is_fact() && c.kind != Kind::Clarified).collect();
        if quiet.is_empty() {
            continue;
        }
        if std::mem::take(&mut first) {
            out.push_str("\n## Words and layout\n");
        }
        let _ = writeln!(out, "\n### {}\n", escape(title(entity)));
        for change in quiet {
            let _ = writeln!(out, "- `{}`: {}{}", change.id(), change.class.name(), remark(change));
            match &change.terms {
                Some((from, to)) => {
                    let side = |t: &Option<String>| t.as_deref().map_or_else(|| "–".to_owned(), escape);
                    let _ = writeln!(out, "  - was: {}\n  - now: {}", side(from), side(to));
                }
                None if change.from != change.to => sides(out, change, view),
                None => {}
            }
            notes(out, change, view);
            rules(out, &change.rules.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}

fn document(out: &mut String, diff: &Diff, view: View<'_>) {
    if diff.document.is_empty() && diff.notes.is_empty() {
        return;
    }
    out.push_str("\n## The page\n\n");
    for pair in diff.document.iter().filter(|p| p.what != "layout" || view.verbose) {
        let _ = writeln!(out, "- {}: {} → {}", pair.words(), escape(&pair.from), escape(&pair.to));
    }
    for note in &diff.notes {
        let _ = writeln!(out, "- {}", escape(note));
    }
    for date in [diff.from.min(diff.to), diff.from.max(diff.to)] {
        if let Some(doubt) = view.content.revision(date).and_then(|r| r.doubt.as_deref()) {
            let _ = writeln!(out, "- {date}: {}", escape(doubt));
        }
    }
}

/// What is worth knowing beside the id.
fn remark(change: &Change) -> String {
    let mut out = String::new();
    if let (Some(from), Some(to)) = change.level
        && from != to
    {
        let _ = write!(out, " ({} → {})", from.name(), to.name());
    }
    if change.suspect {
        out.push_str(", probably not meant");
    }
    out
}

/// Text that means itself in Markdown, on one line.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}
