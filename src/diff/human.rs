//! The diff for people: what matters to an administrator first.
//!
//! Facts in full, then what is said more or less strictly, then words that changed, then everything else in a
//! line each. All of one entity, or everything with `verbose`, is told statement by statement.

use std::fmt::Write;

use super::digest::{Digest, Item, Term, digest, tally};
use super::titles::{View, changes_line, entries_line, headline, title, title_of};
use super::{Aspect, Change, Class, Diff, EntityDiff, Kind};
use crate::text::{BAD, CODE, DOUBT, FAINT, GOOD, STRONG, count, harmless, list, pad, paint, width, wrap};

/// Writes a diff, colours included.
pub fn human(diff: &Diff, view: View<'_>) -> String {
    let mut page = Page { diff, view, out: String::new() };
    page.all();
    page.out
}

struct Page<'a> {
    diff: &'a Diff,
    view: View<'a>,
    out: String,
}

impl Page<'_> {
    fn all(&mut self) {
        let diff = self.diff;
        let backwards = if diff.from > diff.to { paint(FAINT, " (told backwards)") } else { String::new() };
        let _ = writeln!(self.out, "{}{backwards}\n", paint(STRONG, headline(self.view.content, diff)));
        if diff.is_empty() {
            self.out.push_str("  Nothing.\n");
            self.wording();
            return;
        }
        if diff.scope.is_none() {
            self.body(2, &format!("{}.", entries_line(diff)));
        }
        self.body(2, &format!("{}.", capital(&changes_line(diff))));
        let rules = diff.rules.len();
        self.body(
            2,
            &match rules {
                0 => "No rule comes to another result.".to_owned(),
                n => format!("{} can come to another result.", count(n, "rule", "rules")),
            },
        );
        self.entries();
        let digest = digest(self.view.content, diff);
        self.facts(&digest);
        self.guidance(&digest);
        if self.view.verbose {
            self.rest();
        } else {
            self.terms(&digest);
            self.quiet(&digest);
        }
        self.document();
        self.wording();
        self.rules();
        if !self.view.verbose {
            let _ = writeln!(
                self.out,
                "\nAll of one account or group: {}",
                paint(CODE, format_args!("cmlint diff {} {} ID", diff.from, diff.to))
            );
        }
    }

    fn head(&mut self, text: &str) {
        let _ = writeln!(self.out, "\n{}", paint(STRONG, text));
    }

    /// A paragraph moved right.
    fn body(&mut self, indent: usize, text: &str) {
        let _ = writeln!(self.out, "{}{}", " ".repeat(indent), wrap(text, self.view.columns, indent));
    }

    /// A word in the margin and a paragraph beside it.
    fn row(&mut self, indent: usize, word: &str, size: usize, text: &str) {
        let room = indent + size + 2;
        let _ = writeln!(
            self.out,
            "{}{}  {}",
            " ".repeat(indent),
            pad(word, size),
            wrap(text, self.view.columns, room)
        );
    }

    /// A sign and a paragraph that hangs behind it.
    fn marked(&mut self, indent: usize, sign: &str, text: &str) {
        let text = wrap(text, self.view.columns, indent + 2);
        let _ = writeln!(self.out, "{}{} {text}", " ".repeat(indent), mark(sign));
    }

    /// Two texts beside each other.
    fn beside(&mut self, indent: usize, left: &str, right: &str) {
        let size = self.view.columns.saturating_sub(indent + 3) / 2;
        let (left, right) = (wrap(left, size, 0), wrap(right, size, 0));
        let (mut left, mut right) = (left.lines(), right.lines());
        loop {
            let (l, r) = (left.next(), right.next());
            if l.is_none() && r.is_none() {
                break;
            }
            let line = format!(
                "{}{} {} {}",
                " ".repeat(indent),
                pad(l.unwrap_or_default(), size),
                paint(FAINT, "│"),
                r.unwrap_or_default()
            );
            let _ = writeln!(self.out, "{}", line.trim_end());
        }
    }

    fn name(&self, id: &str) -> String {
        title_of(self.view.content, id, [self.diff.to, self.diff.from])
    }

    /// Merges, renames, what is new and gone.
    fn entries(&mut self) {
        let diff = self.diff;
        let backwards = diff.from > diff.to;
        for merged in &diff.merged {
            self.head(if backwards { "Parted" } else { "Merged" });
            let one = self.name(&merged.into);
            let several: Vec<String> = merged.from.iter().map(|id| self.name(id)).collect();
            let sign = if backwards { ("-", "+") } else { ("+", "-") };
            for name in &several {
                self.marked(2, sign.1, &harmless(name));
            }
            self.marked(2, sign.0, &paint(STRONG, harmless(&one)));
            if let Some(note) = &merged.note {
                self.body(4, note);
            }
        }
        for (ids, word, sign) in [(&diff.added, "New", "+"), (&diff.removed, "Gone", "-")] {
            if ids.is_empty() {
                continue;
            }
            self.head(word);
            for id in ids {
                let line = format!("{} {}", harmless(&self.name(id)), paint(CODE, id));
                self.marked(2, sign, &line);
                let purpose = self.view.content.entity(id).map(|e| e.purpose.clone());
                if let Some(purpose) = purpose.filter(|_| sign == "+") {
                    self.body(4, &purpose);
                }
            }
        }
        let titles: Vec<_> = diff.renamed.iter().filter(|r| !r.case_only || self.view.verbose).collect();
        if !titles.is_empty() {
            self.head("Renamed");
            for renamed in titles {
                if self.view.side_by_side {
                    self.beside(2, &renamed.from, &renamed.to);
                } else {
                    self.marked(2, "-", &harmless(&renamed.from));
                    self.marked(2, "+", &harmless(&renamed.to));
                }
                if let Some(note) = &renamed.note {
                    self.body(4, &paint(FAINT, note));
                }
            }
        }
    }

    fn facts(&mut self, digest: &Digest<'_>) {
        if digest.facts.is_empty() {
            return;
        }
        self.head("Facts");
        for (i, (entity, items)) in digest.facts.iter().enumerate() {
            if i > 0 {
                self.out.push('\n');
            }
            self.entity(entity);
            for item in items {
                self.item(item);
            }
        }
    }

    /// The line above what is said of an entity.
    fn entity(&mut self, entity: &EntityDiff) {
        let name = harmless(title(entity)).into_owned();
        let line = if name.to_lowercase().replace([' ', '_'], "-") == entity.entity {
            paint(STRONG, name)
        } else {
            format!("{}  {}", paint(STRONG, name), paint(CODE, &entity.entity))
        };
        self.body(2, &line);
    }

    fn item(&mut self, item: &Item<'_>) {
        let Some(first) = item.first() else { return };
        if let Some(procedure) = item.procedure
            && (item.changes.len() > 1 || !self.view.verbose)
        {
            let steps = count(item.steps(), "step", "steps");
            let word = if first.class == Class::Removed { "Procedure gone" } else { "New procedure" };
            self.marked(4, sign(first), &format!("{word}: {procedure} ({steps})"));
            if self.view.verbose {
                for change in &item.changes {
                    let text = change.to.as_ref().or(change.from.as_ref());
                    self.row(6, "·", 1, text.map_or("", String::as_str));
                }
            }
            return;
        }
        let ids: Vec<String> = item.changes.iter().map(|c| paint(CODE, c.id())).collect();
        self.marked(4, sign(first), &format!("{}{}", list(&ids), remark(first)));
        self.sides(first);
        self.notes(first);
        self.affected(6, &item.rules());
    }

    /// What a change says on both sides.
    fn sides(&mut self, change: &Change) {
        let texts = (change.from.as_deref(), change.to.as_deref());
        match texts {
            (Some(from), Some(to)) if from != to => {
                // What is said in particular is nothing without the statement.
                if !change.differs.contains(&Aspect::Text) {
                    self.body(6, change.said());
                }
                if self.view.side_by_side {
                    self.beside(6, from, to);
                } else {
                    self.row(6, &paint(FAINT, "was"), 3, from);
                    self.row(6, &paint(FAINT, "now"), 3, to);
                }
            }
            (Some(text), None) | (None, Some(text)) => self.body(6, text),
            (Some(text), Some(_)) => self.body(6, text),
            (None, None) => {}
        }
        let told_by_text = texts.0 != texts.1;
        if change.kind.is_fact() && (!told_by_text || self.view.verbose) {
            for fact in &change.facts {
                let words = |date| self.view.content.words(date);
                let name = match &fact.key {
                    Some(key) => key.replace('_', " "),
                    None => words(self.diff.to).kind(&fact.kind),
                };
                let said = |date, v: &serde_json::Value| match (&fact.key, v.as_object()) {
                    (None, Some(values)) => words(date).fact(&fact.kind, values),
                    _ => words(date).value(v),
                };
                let side = |date, v: &Option<serde_json::Value>| {
                    v.as_ref().map_or("nothing".to_owned(), |v| said(date, v))
                };
                let line = match (&fact.key, &fact.from, &fact.to) {
                    (None, Some(one), None) => said(self.diff.from, one),
                    (None, None, Some(one)) => said(self.diff.to, one),
                    _ => format!("{} → {}", side(self.diff.from, &fact.from), side(self.diff.to, &fact.to)),
                };
                self.body(6, &paint(FAINT, format_args!("{name}: {}", harmless(&line))));
            }
        }
        if self.view.verbose
            && let Some((from, to)) = &change.terms
        {
            let side = |t: &Option<String>| t.as_ref().map_or("nothing".to_owned(), |t| format!("“{t}”"));
            self.body(6, &paint(FAINT, format_args!("words: {} → {}", side(from), side(to))));
        }
    }

    /// What is noted of a change: what maintainers say; what the specification says where the texts do not tell.
    fn notes(&mut self, change: &Change) {
        let told = change.from != change.to;
        let notes: Vec<(bool, String)> = (change.notes.iter())
            .filter(|n| n.kind.is_none() || self.view.verbose || !told)
            .map(|n| {
                // Notes are written forwards, whichever way the diff is told.
                let dated = self.view.verbose && n.kind.is_some();
                let text = if dated { format!("{}: {}", n.revision, n.text) } else { n.text.clone() };
                (n.kind.is_none(), text)
            })
            .collect();
        for (ours, text) in notes {
            let style = if ours && change.suspect { DOUBT } else { FAINT };
            self.body(6, &paint(style, text));
        }
    }

    fn affected(&mut self, indent: usize, rules: &[&str]) {
        if !rules.is_empty() {
            let ids: Vec<String> = rules.iter().map(|id| paint(CODE, id)).collect();
            let word = if rules.len() == 1 { "rule" } else { "rules" };
            self.row(indent, &paint(FAINT, word), word.len(), &ids.join(", "));
        }
    }

    fn guidance(&mut self, digest: &Digest<'_>) {
        if digest.guidance.is_empty() {
            return;
        }
        self.head("Guidance");
        for item in &digest.guidance {
            let Some(first) = item.first() else { continue };
            let names: Vec<String> =
                item.entities.iter().map(|e| paint(STRONG, harmless(title(e)))).collect();
            let names = match names.as_slice() {
                [a, b, c, rest @ ..] if rest.len() > 1 => {
                    format!("{a}, {b}, {c} and {} more", rest.len())
                }
                names => list(names),
            };
            let id = paint(CODE, first.id());
            self.marked(2, "~", &format!("{names}: {id}{}", remark(first)));
            self.sides(first);
            self.notes(first);
            self.affected(6, &item.rules());
        }
    }

    fn terms(&mut self, digest: &Digest<'_>) {
        if digest.terms.is_empty() && digest.case_terms == 0 {
            return;
        }
        self.head("Terms");
        for term in &digest.terms {
            self.term(term);
        }
        if digest.case_terms > 0 {
            let line = count(digest.case_terms, "quotation differs", "quotations differ");
            self.body(2, &paint(FAINT, format_args!("{line} in capitals only.")));
        }
    }

    fn term(&mut self, term: &Term<'_>) {
        let side = |t: Option<&str>| t.map_or_else(|| "–".to_owned(), |t| harmless(t).into_owned());
        let mut right = side(term.to);
        if term.statements.len() > 1 {
            right.push_str(&paint(FAINT, format_args!(" ({}×)", term.statements.len())));
        }
        if term.suspect {
            right.push_str(&paint(DOUBT, " (probably a slip)"));
        }
        self.beside(2, &side(term.from), &right);
    }

    fn quiet(&mut self, digest: &Digest<'_>) {
        if digest.quiet.is_empty() {
            return;
        }
        self.head("Otherwise the same");
        let names: Vec<&str> = digest.quiet.iter().map(|(e, _)| title(e)).collect();
        let most = self.view.columns.saturating_sub(30).max(24);
        let size = names.iter().map(|n| width(n)).filter(|w| *w <= most).max().unwrap_or(0);
        for (entity, changes) in &digest.quiet {
            let name = harmless(title(entity)).into_owned();
            self.row(2, &name, size, &paint(FAINT, tally(changes).join(", ")));
        }
    }

    /// All that is neither fact nor guidance, statement by statement.
    fn rest(&mut self) {
        let diff = self.diff;
        let mut first = true;
        for entity in &diff.entities {
            let quiet: Vec<&Change> =
                (entity.changes.iter()).filter(|c| !c.kind.is_fact() && c.kind != Kind::Clarified).collect();
            if quiet.is_empty() {
                continue;
            }
            if std::mem::take(&mut first) {
                self.head("Words and layout");
            } else {
                self.out.push('\n');
            }
            self.entity(entity);
            for change in quiet {
                let id = paint(CODE, change.id());
                let class = paint(FAINT, change.class.name());
                self.marked(4, sign(change), &format!("{id}  {class}{}", remark(change)));
                if change.from != change.to && change.terms.is_none() {
                    self.sides(change);
                } else if let Some((from, to)) = &change.terms {
                    let side = |t: &Option<String>| t.clone().unwrap_or_else(|| "–".to_owned());
                    self.beside(6, &side(from), &side(to));
                }
                if let Some((from, to)) = &change.alert {
                    let word = |a: &Option<&str>| a.map_or("body text".to_owned(), |a| format!("{a} box"));
                    self.body(6, &format!("{} → {}", word(from), word(to)));
                }
                self.notes(change);
                self.affected(6, &change.rules.iter().map(String::as_str).collect::<Vec<_>>());
            }
        }
    }

    /// What differs in the page as a whole, and what maintainers say of the step.
    fn document(&mut self) {
        let diff = self.diff;
        if diff.document.is_empty() && diff.notes.is_empty() {
            return;
        }
        self.head("The page");
        let verbose = self.view.verbose;
        for pair in diff.document.iter().filter(|p| p.what != "layout" || verbose) {
            if self.view.side_by_side {
                self.body(2, &paint(FAINT, pair.words()));
                self.beside(4, &pair.from, &pair.to);
            } else {
                self.body(2, &format!("{}: {} → {}", paint(FAINT, pair.words()), pair.from, pair.to));
            }
        }
        for note in &diff.notes {
            self.body(2, note);
        }
        for date in [diff.from.min(diff.to), diff.from.max(diff.to)] {
            if let Some(doubt) = self.view.content.revision(date).and_then(|r| r.doubt.as_deref()) {
                self.body(2, &format!("{} {doubt}", paint(DOUBT, format_args!("{date}:"))));
            }
        }
    }

    fn wording(&mut self) {
        if let Some(originals) = self.view.originals {
            super::originals::human(&mut self.out, originals, self.view);
        }
    }

    fn rules(&mut self) {
        let diff = self.diff;
        if diff.rules.is_empty() {
            return;
        }
        self.head("Rules whose result can differ");
        let ids: Vec<String> = diff.rules.iter().map(|id| paint(CODE, id)).collect();
        self.body(2, &ids.join(", "));
    }
}

/// The sign in front of a change.
fn sign(change: &Change) -> &'static str {
    match (change.class, change.kind) {
        (Class::Added, _) => "+",
        (Class::Removed, _) => "-",
        (Class::Merged | Class::LinkOnly, _) if change.from.is_none() => "+",
        (Class::Merged | Class::LinkOnly, _) if change.to.is_none() => "-",
        _ => "~",
    }
}

/// A sign in its colour.
fn mark(sign: &str) -> String {
    let style = match sign {
        "+" => GOOD,
        "-" => BAD,
        _ => DOUBT,
    };
    paint(style, sign)
}

/// What is worth knowing beside the id: another level, a doubt.
fn remark(change: &Change) -> String {
    let mut out = String::new();
    if let (Some(from), Some(to)) = change.level
        && from != to
    {
        let said = format!(" ({} → {})", from.name(), to.name());
        out.push_str(&paint(FAINT, said));
    }
    if change.suspect {
        out.push_str(&paint(DOUBT, ", probably not meant"));
    }
    out
}

/// With a capital at its beginning.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
