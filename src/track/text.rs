//! The series for people: on a terminal, and as Markdown.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::content::Content;
use crate::text::{BAD, CODE, DOUBT, FAINT, GOOD, STRONG, count, harmless, list, pad, paint, width, wrap};

use super::{Entries, PageTrack, Piece, Reworded, Sentence, Track};

/// Names of sources that are longer do not move the columns of the others.
const LONGEST_NAME: usize = 24;

/// How many columns ids of commits and dates take.
const DATE: usize = 10;

/// The series for a terminal of that many columns. `content` is what the series was held against.
pub fn human(track: &Track, content: &Content, columns: usize) -> String {
    let names = track.pages.iter().map(|p| width(&harmless(&p.source.name)));
    let names = names.filter(|n| *n <= LONGEST_NAME).max().unwrap_or(0);
    let view = View { content, columns, names };
    let mut out = String::new();
    writeln(&mut out, &wrap(&format!("Held against {}.", paint(STRONG, held(track))), columns, 0));
    let mut quiet = false;
    let first = first_of_revisions(track);
    for (page, first) in track.pages.iter().zip(first) {
        if !quiet || page.wording_changed {
            out.push('\n');
        }
        quiet = !page.wording_changed;
        view.page(&mut out, page, first);
    }
    if track.pages.len() > 1
        && let Some(last) = track.pages.last()
    {
        out.push('\n');
        view.summary(&mut out, track, last);
    }
    out
}

fn writeln(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

/// What the series was held against.
fn held(track: &Track) -> String {
    let mut all = track.pages.iter().map(|p| p.revision);
    let first = all.next().unwrap_or(track.revision);
    if all.all(|r| r == first) {
        return format!("what is documented on {first}");
    }
    format!(
        "what is documented, from {first} to {}, each page against the revision it is nearest to",
        track.revision
    )
}

/// Of each page whether it is the first that says, word for word, what is documented of its revision and no more.
fn first_of_revisions(track: &Track) -> Vec<bool> {
    let mut seen = BTreeSet::new();
    let is = |p: &PageTrack| {
        let s = &p.statements;
        s.missing.is_empty() && s.new.is_empty() && !s.kept.is_empty() && p.documented.is_quiet()
    };
    track.pages.iter().map(|p| is(p) && seen.insert(p.revision)).collect()
}

/// What a page declares, with `-` where it declares nothing.
fn declared(page: &PageTrack) -> String {
    page.declared.map_or_else(|| "undated".to_owned(), |d| d.to_string())
}

/// What differs although the words are the same.
fn beside(page: &PageTrack) -> String {
    let told = page.other.contains(&"told");
    let other: Vec<&str> = page.other.iter().copied().filter(|o| *o != "told").collect();
    let none = if told { "no change of wording but those told above" } else { "no change of wording" };
    if other.is_empty() { none.to_owned() } else { format!("{none} ({})", list(&other)) }
}

/// Which documented revision a page is.
fn revision(page: &PageTrack) -> String {
    format!("documented as revision {}", page.revision)
}

struct View<'a> {
    content: &'a Content,
    columns: usize,
    /// Columns of the names of sources.
    names: usize,
}

impl View<'_> {
    fn head(&self, page: &PageTrack) -> String {
        let mut head = pad(&paint(CODE, harmless(&page.source.name)), self.names);
        if let Some(date) = &page.source.date {
            let _ = write!(head, "  {}", pad(date, DATE));
        }
        format!("{head}  {}", pad(&declared(page), DATE))
    }

    /// A page; `first` if it is the first that is its documented revision.
    fn page(&self, out: &mut String, page: &PageTrack, first: bool) {
        let head = self.head(page);
        let is = if first { format!(", {}", paint(GOOD, revision(page))) } else { String::new() };
        if page.deleted {
            writeln(out, &format!("{head}  {}", paint(BAD, "the page is deleted")));
            return;
        }
        if !page.wording_changed {
            writeln(out, &format!("{head}  {}", paint(FAINT, beside(page)) + &is));
            return;
        }
        writeln(out, &format!("{head}  {}{is}", paint(STRONG, harmless(&page.title))));
        self.entries(out, &page.entries);
        let step = &page.step;
        self.statements(out, &step.lost, "no longer said word for word", BAD);
        self.statements(out, &step.regained, "said as documented from here on", GOOD);
        self.sentences(out, page);
        self.rules(out, &step.rules);
    }

    fn entries(&self, out: &mut String, entries: &Entries) {
        let line = |out: &mut String, sign: &str, text: String| {
            writeln(out, &format!("  {sign} {}", wrap(&text, self.columns - 4, 4)));
        };
        for entry in &entries.added {
            let place = entry.line.map(|l| format!("  line {l}")).unwrap_or_default();
            line(out, &paint(GOOD, "+"), format!("{}{place}", harmless(&entry.title)));
        }
        for entry in &entries.removed {
            line(out, &paint(BAD, "-"), harmless(&entry.title).into_owned());
        }
        for merged in &entries.merged {
            let from = merged.from.iter().map(|id| self.name(id)).collect::<Vec<_>>().join(", ");
            line(out, &paint(DOUBT, "&"), format!("{} takes the place of {from}", harmless(&merged.title)));
        }
        let (capitals, renamed): (Vec<_>, Vec<_>) = entries.renamed.iter().partition(|r| r.case_only);
        for renamed in renamed {
            let text = format!("{} is now {}", harmless(&renamed.from), harmless(&renamed.to));
            line(out, &paint(DOUBT, "="), text);
        }
        if !capitals.is_empty() {
            let titles = count(capitals.len(), "title differs", "titles differ");
            line(out, &paint(FAINT, "="), paint(FAINT, format!("{titles} in capitals only")));
        }
        let some = [entries.added.len(), entries.removed.len(), entries.merged.len()].iter().sum::<usize>();
        if some > 3 {
            let parts = [
                (entries.added.len(), "added"),
                (entries.removed.len(), "removed"),
                (entries.merged.len(), "merged"),
            ];
            let parts: Vec<String> =
                parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
            writeln(
                out,
                &format!("  {}", paint(FAINT, format!("accounts and groups: {}", parts.join(", ")))),
            );
        }
    }

    /// The title under which a documented account or group was last known.
    fn name(&self, id: &str) -> String {
        let name = self.content.entity(id).and_then(|e| e.name.values().last());
        name.map_or_else(|| id.to_owned(), Clone::clone)
    }

    fn statements(&self, out: &mut String, references: &[String], what: &str, style: anstyle::Style) {
        if references.is_empty() {
            return;
        }
        let head = count(references.len(), "statement", "statements");
        writeln(out, &format!("  {head} {}", paint(style, what)));
        for reference in references {
            writeln(out, &format!("    {}", paint(CODE, reference)));
            let text = self.content.statement(reference).and_then(|(_, s)| s.text.values().last());
            if let Some(text) = text.filter(|_| style == BAD) {
                writeln(out, &paint(FAINT, format!("      {}", wrap(text, self.columns - 6, 6))));
            }
        }
    }

    /// What was said and is said, by account or group in the order of the page.
    fn sentences(&self, out: &mut String, page: &PageTrack) {
        let changes = &page.step.changes;
        if changes.is_empty() {
            return;
        }
        let sum = |class: &dyn Fn(&str) -> bool| changes.iter().filter(|c| class(c.class)).count();
        let parts = [
            (sum(&|c| c == "added"), "new"),
            (sum(&|c| c == "removed"), "gone"),
            (sum(&|c| c != "added" && c != "removed"), "in other words"),
        ];
        let parts: Vec<String> =
            parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        writeln(out, &format!("  sentences: {}", parts.join(", ")));
        let mut last: Option<Option<&str>> = None;
        for change in changes {
            let entry = change.new.iter().chain(&change.gone).next().and_then(|s| s.entry.as_deref());
            if last != Some(entry) {
                let title = entry.unwrap_or("outside of accounts and groups");
                writeln(out, &format!("    {}", harmless(title)));
                last = Some(entry);
            }
            self.change(out, change);
        }
    }

    fn change(&self, out: &mut String, change: &Reworded) {
        let place = change.new.first().map(|s| format!("{}:{}", s.line, s.column)).unwrap_or_default();
        let mut line = |place: &str, sign: String, text: &str| {
            let text = wrap(text, self.columns.saturating_sub(15), 15);
            writeln(out, &format!("    {} {sign} {text}", pad(&paint(FAINT, place), 8)));
        };
        if !change.pieces.is_empty() {
            let text: String = change.pieces.iter().map(piece).collect();
            line(&place, paint(DOUBT, "~"), &text);
            return;
        }
        let text = |sentences: &[Sentence]| -> String {
            let texts: Vec<_> = sentences.iter().map(|s| harmless(&s.text).into_owned()).collect();
            texts.join(" ")
        };
        if !change.gone.is_empty() {
            line("", paint(BAD, "-"), &text(&change.gone));
        }
        if !change.new.is_empty() {
            line(&place, paint(GOOD, "+"), &text(&change.new));
        }
    }

    fn rules(&self, out: &mut String, rules: &[String]) {
        if rules.is_empty() {
            return;
        }
        let head = count(rules.len(), "rule needs a look", "rules need a look");
        writeln(out, &format!("  {head}"));
        let names: Vec<String> = rules.iter().map(|r| paint(CODE, r)).collect();
        writeln(out, &format!("    {}", wrap(&names.join(", "), self.columns - 4, 4)));
    }

    fn summary(&self, out: &mut String, track: &Track, last: &PageTrack) {
        let changed = track.pages.iter().filter(|p| p.wording_changed).count();
        let line = format!(
            "{}, {changed} with other words than the one before.",
            count(track.pages.len(), "page", "pages")
        );
        writeln(out, &paint(STRONG, line));
        let s = &last.statements;
        let mut line = format!(
            "The last one, held against {}: {} said word for word, {} not, {}; {}.",
            track.revision,
            count(s.kept.len(), "statement", "statements"),
            s.missing.len(),
            count(s.new.len(), "sentence new", "sentences new"),
            count(last.rules.len(), "rule needs a look", "rules need a look"),
        );
        if !s.unknown.is_empty() {
            let unknown = count(s.unknown.len(), "statement", "statements");
            let _ = write!(line, " The wording of {unknown} is not known.");
        }
        writeln(out, &wrap(&line, self.columns, 0));
    }
}

/// A piece of a sentence, marked if only one page has it; also where there is no colour. Each word is painted by
/// itself, so that lines can be broken between them.
fn piece(piece: &Piece) -> String {
    let text = harmless(&piece.text);
    let (style, open, close) = match (piece.old, piece.new) {
        (true, false) => (BAD, "[-", "-]"),
        (false, true) => (GOOD, "{+", "+}"),
        _ => return text.into_owned(),
    };
    let inner = text.trim();
    let before = text.split(inner).next().unwrap_or_default();
    let after = text.rsplit(inner).next().unwrap_or_default();
    let marked = format!("{open}{inner}{close}");
    let words: Vec<String> = marked.split(' ').map(|w| paint(style, w)).collect();
    format!("{before}{}{after}", words.join(" "))
}

/// The series as Markdown: a section for each page with other words, a line for each without.
pub fn markdown(track: &Track, content: &Content) -> String {
    let mut out = format!("# What changed on the page\n\nHeld against {}.\n", held(track));
    let mut quiet = false;
    for (page, first) in track.pages.iter().zip(first_of_revisions(track)) {
        let mut head = code(&page.source.name);
        if let Some(date) = &page.source.date {
            let _ = write!(head, ", {date}");
        }
        if page.declared.is_some() {
            let _ = write!(head, ", declared {}", declared(page));
        }
        if first {
            let _ = write!(head, ", {}", revision(page));
        }
        if page.deleted || !page.wording_changed {
            let what = if page.deleted { "the page is deleted".to_owned() } else { beside(page) };
            let gap = if quiet { "" } else { "\n" };
            let _ = writeln!(out, "{gap}- {head}: {what}");
            quiet = true;
            continue;
        }
        quiet = false;
        let _ = writeln!(out, "\n## {head}\n");
        markdown_entries(&mut out, &page.entries);
        for (references, what) in [
            (&page.step.lost, "No longer said word for word"),
            (&page.step.regained, "Said as documented from here on"),
        ] {
            for reference in references {
                let text = content.statement(reference).and_then(|(_, s)| s.text.values().last());
                let text = text.map(|t| format!(": {}", escape(t))).unwrap_or_default();
                let _ = writeln!(out, "- {what}: {}{text}", code(reference));
            }
        }
        for change in &page.step.changes {
            markdown_change(&mut out, change);
        }
        if !page.step.rules.is_empty() {
            let rules: Vec<String> = page.step.rules.iter().map(|r| code(r)).collect();
            let _ = writeln!(out, "\nRules to look at: {}.", rules.join(", "));
        }
    }
    out
}

fn markdown_change(out: &mut String, change: &Reworded) {
    let text = |sentences: &[Sentence]| -> String {
        let texts: Vec<String> = sentences.iter().map(|s| escape(&s.text)).collect();
        texts.join(" ")
    };
    let place = change.new.first().map(|s| format!(" at {}:{}", s.line, s.column)).unwrap_or_default();
    let first = change.new.first().or(change.gone.first());
    let of = first.map(of).unwrap_or_default();
    let _ = match (change.gone.is_empty(), change.new.is_empty()) {
        (true, _) => writeln!(out, "- New{place}{of}: {}", text(&change.new)),
        (_, true) => writeln!(out, "- Gone{of}: {}", text(&change.gone)),
        _ => writeln!(
            out,
            "- In other words{place}{of}:\n  - {}\n  - {}",
            text(&change.gone),
            text(&change.new)
        ),
    };
}

/// Where a sentence belongs.
fn of(sentence: &Sentence) -> String {
    sentence.entry.as_ref().map(|e| format!(" ({})", escape(e))).unwrap_or_default()
}

fn markdown_entries(out: &mut String, entries: &Entries) {
    for entry in &entries.added {
        let _ = writeln!(out, "- Added: {} ({})", escape(&entry.title), code(&entry.entity));
    }
    for entry in &entries.removed {
        let _ = writeln!(out, "- Removed: {} ({})", escape(&entry.title), code(&entry.entity));
    }
    for merged in &entries.merged {
        let from: Vec<String> = merged.from.iter().map(|f| code(f)).collect();
        let _ = writeln!(out, "- Merged into {}: {}", escape(&merged.title), from.join(", "));
    }
    for renamed in &entries.renamed {
        let what = if renamed.case_only { "Other capitals" } else { "Renamed" };
        let _ = writeln!(out, "- {what}: {} is now {}", escape(&renamed.from), escape(&renamed.to));
    }
}

/// A text as code, whatever ticks are in it.
fn code(text: &str) -> String {
    let text = harmless(text);
    let most = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(most + 1);
    let gap = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{gap}{text}{gap}{ticks}")
}

/// A text as running text: nothing in it is markup.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in harmless(text).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '&' | '~' | '!') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_pages_is_no_markup() {
        assert_eq!(escape("a *b* [c](d) <e>"), "a \\*b\\* \\[c\\](d) \\<e\\>");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
    }
}
