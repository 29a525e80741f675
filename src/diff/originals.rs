//! The original pages of both revisions beside the diff: which entry of a page is which account or group, and
//! what of the comparison of their words is shown.

use std::fmt::Write;

use serde_json::{Value, json};

use super::titles::{View, headline_of_part};
use super::wording::{self, Change, Class, PartChange, Segment, Side, Wording};
use crate::content::{Content, EntityKind};
use crate::page::{Page, Part};
use crate::text::{BAD, FAINT, GOOD, STRONG, count, harmless, list, pad, paint, width, wrap};

/// A page, and where it was found.
#[derive(Debug, Clone)]
pub struct Original {
    /// Where it was found, for people: a path, or a commit.
    pub name: String,
    /// The page.
    pub page: Page,
}

/// The pages of both revisions, compared word by word.
#[derive(Debug, Clone)]
pub struct Originals {
    /// The page of the first revision.
    pub from: Original,
    /// The page of the second.
    pub to: Original,
    /// How their words differ.
    pub wording: Wording,
}

impl Originals {
    /// Compares two pages.
    pub fn new(from: Original, to: Original) -> Self {
        let wording = wording::between(&from.page, &to.page);
        Self { from, to, wording }
    }

    /// Only what concerns one account or group, or `document` for what stands outside of all entries.
    #[must_use]
    pub fn only(mut self, content: &Content, ids: &[&str]) -> Self {
        let parts = std::mem::take(&mut self.wording.parts);
        self.wording.parts = parts
            .into_iter()
            .filter(|p| self.entities(content, p).iter().any(|e| ids.contains(&e.as_str())))
            .collect();
        self
    }

    /// The titles of a part in both pages.
    fn titles(&self, part: &PartChange) -> (Vec<&str>, Vec<&str>) {
        fn all<'p>(page: &'p Page, parts: &[Part]) -> Vec<&'p str> {
            parts.iter().filter_map(|p| title(page, *p)).collect()
        }
        (all(&self.from.page, &part.old), all(&self.to.page, &part.new))
    }

    /// The accounts and groups a part is about.
    fn entities(&self, content: &Content, part: &PartChange) -> Vec<String> {
        let outside = part.old.iter().chain(&part.new).all(|p| matches!(p, Part::Section(_)));
        if outside {
            let document = content.entities.iter().find(|e| e.kind == EntityKind::Document);
            return document.map(|e| e.id.clone()).into_iter().collect();
        }
        let (old, new) = self.titles(part);
        let mut out: Vec<String> = Vec::new();
        for title in new.into_iter().chain(old) {
            let wanted = title.to_lowercase();
            let named = content.entities.iter().filter(|e| e.kind != EntityKind::Document).find(|e| {
                let pattern = e.name_pattern.iter();
                e.name.values().chain(pattern).any(|n| n.to_lowercase() == wanted)
            });
            out.extend(named.map(|e| e.id.clone()).filter(|id| !out.contains(id)));
        }
        out
    }

    /// The pieces of a change as they are shown.
    fn segments(&self, change: &Change) -> Vec<Segment> {
        change.segments(&self.from.page, &self.to.page)
    }
}

/// The heading of a part.
fn title(page: &Page, part: Part) -> Option<&str> {
    match part {
        Part::Section(i) => page.sections.get(i).map(|s| s.heading.title.as_str()),
        Part::Entry(i) => page.entries.get(i).map(|e| e.title()),
    }
}

/// Whether a change is shown as it stands, or only counted.
fn shown(change: &Change, verbose: bool) -> bool {
    match change.class {
        Class::Identical => false,
        Class::Notation | Class::Terminology | Class::LinkOnly | Class::AlertOnly => verbose,
        Class::Reworded | Class::Edited | Class::Moved | Class::Added | Class::Removed => true,
    }
}

/// What is counted and not shown, in words.
fn counted(part: &PartChange, verbose: bool) -> Vec<String> {
    let words = [
        (Class::Identical, "word for word the same", "word for word the same"),
        (Class::Notation, "written another way", "written another way"),
        (Class::LinkOnly, "differing in links", "differing in links"),
        (Class::AlertOnly, "in another box", "in other boxes"),
        (Class::Terminology, "with another name of a product", "with other names of products"),
    ];
    words
        .iter()
        .filter_map(|(class, one, many)| {
            let n = part.changes.iter().filter(|c| c.class == *class && !shown(c, verbose)).count();
            (n > 0).then(|| format!("{n} {}", if n == 1 { one } else { many }))
        })
        .collect()
}

/// In one line how the pages differ.
fn summary(originals: &Originals) -> String {
    let wording = &originals.wording;
    let classes: Vec<String> = Class::ALL
        .iter()
        .filter_map(|class| {
            let n = wording.count(*class);
            (n > 0).then(|| format!("{n} {}", class.name()))
        })
        .collect();
    format!("{} of words; sentences: {}", count(wording.hunk_count(), "hunk", "hunks"), list(&classes))
}

// ------------------------------------------------------------------------------------------- for people

/// The section of the format for people.
pub(super) fn human(out: &mut String, originals: &Originals, view: View<'_>) {
    let body = |out: &mut String, indent: usize, text: &str| {
        let _ = writeln!(out, "{}{}", " ".repeat(indent), wrap(text, view.columns, indent));
    };
    let _ = writeln!(out, "\n{}", paint(STRONG, "Wording of the original pages"));
    for (sign, original) in [("-", &originals.from), ("+", &originals.to)] {
        body(out, 2, &paint(FAINT, format_args!("{sign} {}", harmless(&original.name))));
    }
    body(out, 2, &summary(originals));
    for part in &originals.wording.parts {
        let silent = part.changes.iter().all(|c| !shown(c, view.verbose));
        if silent
            && matches!(part.pairing, wording::Pairing::Same | wording::Pairing::CaseOnly)
            && !view.verbose
        {
            continue;
        }
        let (old, new) = originals.titles(part);
        let _ = writeln!(out);
        body(out, 2, &paint(STRONG, harmless(&headline_of_part(part.pairing, &old, &new))));
        for change in part.changes.iter().filter(|c| shown(c, view.verbose)) {
            let segments = originals.segments(change);
            if view.side_by_side {
                body(out, 4, &paint(FAINT, change.class.name()));
                let side = |side: Side| {
                    let own = segments.iter().filter(|s| s.side == side || s.side == Side::Both);
                    own.map(piece).collect::<String>()
                };
                beside(out, view.columns, &side(Side::Old), &side(Side::New));
            } else {
                let text: String = segments.iter().map(piece).collect();
                let size = 12;
                let _ = writeln!(
                    out,
                    "    {}{}",
                    pad(&paint(FAINT, change.class.name()), size),
                    wrap(&text, view.columns, 4 + size)
                );
            }
            about(originals, change).iter().for_each(|line| body(out, 16, &paint(FAINT, line)));
        }
        let rest = counted(part, view.verbose);
        if !rest.is_empty() {
            body(out, 4, &paint(FAINT, rest.join(", ")));
        }
    }
}

/// A piece of text with the signs that tell, without colours too, which side has it.
fn piece(segment: &Segment) -> String {
    let text = harmless(&segment.text).into_owned();
    let (lead, body, tail) = blanks(&text);
    match segment.side {
        Side::Both => text.clone(),
        // Each word is painted, so that a line break leaves nothing coloured at its end.
        Side::Old => format!("{lead}{}{tail}", painted(&format!("[-{body}-]"), BAD)),
        Side::New => format!("{lead}{}{tail}", painted(&format!("{{+{body}+}}"), GOOD)),
    }
}

fn painted(text: &str, style: anstyle::Style) -> String {
    text.split(' ').map(|word| paint(style, word)).collect::<Vec<_>>().join(" ")
}

/// A text and the blanks around it.
fn blanks(text: &str) -> (&str, &str, &str) {
    let body = text.trim();
    let start = text.len() - text.trim_start().len();
    (text.get(..start).unwrap_or_default(), body, text.get(start + body.len()..).unwrap_or_default())
}

/// What differs beside the words: the box, the links.
fn about(originals: &Originals, change: &Change) -> Vec<String> {
    let (from, to) = (&originals.from.page, &originals.to.page);
    let mut out = Vec::new();
    let (old, new) = change.alerts(from, to);
    if !change.old.is_empty() && !change.new.is_empty() && old != new {
        let word = |a: Option<crate::content::Alert>| {
            a.map_or("body text".to_owned(), |a| format!("{} box", a.name()))
        };
        out.push(format!("{} → {}", word(old), word(new)));
    }
    let (gone, come) = change.links(from, to);
    for (links, sign) in [(gone, "- link"), (come, "+ link")] {
        for link in links {
            out.push(format!("{sign} {}", harmless(&link.target)));
        }
    }
    out
}

/// Two texts beside each other.
fn beside(out: &mut String, columns: usize, left: &str, right: &str) {
    let size = columns.saturating_sub(4 + 3) / 2;
    let (left, right) = (wrap(left, size, 0), wrap(right, size, 0));
    let (mut left, mut right) = (left.lines(), right.lines());
    loop {
        let (l, r) = (left.next(), right.next());
        if l.is_none() && r.is_none() {
            return;
        }
        let l = l.unwrap_or_default();
        let gap = " ".repeat(size.saturating_sub(width(l)));
        let line = format!("    {l}{gap} {} {}", paint(FAINT, "│"), r.unwrap_or_default());
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

// ------------------------------------------------------------------------------------------- Markdown

/// The section of the Markdown format.
pub(super) fn markdown(out: &mut String, originals: &Originals, view: View<'_>, escape: fn(&str) -> String) {
    out.push_str("\n## Wording of the original pages\n\n");
    let _ = writeln!(out, "- from {}", escape(&originals.from.name));
    let _ = writeln!(out, "- to {}", escape(&originals.to.name));
    let _ = writeln!(out, "- {}", summary(originals));
    for part in &originals.wording.parts {
        let silent = part.changes.iter().all(|c| !shown(c, view.verbose));
        if silent
            && matches!(part.pairing, wording::Pairing::Same | wording::Pairing::CaseOnly)
            && !view.verbose
        {
            continue;
        }
        let (old, new) = originals.titles(part);
        let _ = writeln!(out, "\n### {}\n", escape(&headline_of_part(part.pairing, &old, &new)));
        for change in part.changes.iter().filter(|c| shown(c, view.verbose)) {
            let text: String = originals
                .segments(change)
                .iter()
                .map(|s| {
                    let (lead, body, tail) = blanks(&s.text);
                    match s.side {
                        Side::Both => escape(&s.text),
                        Side::Old => format!("{lead}<del>{}</del>{tail}", escape(body)),
                        Side::New => format!("{lead}<ins>{}</ins>{tail}", escape(body)),
                    }
                })
                .collect();
            let _ = writeln!(out, "- {}: {}", change.class.name(), text.trim());
            for line in about(originals, change) {
                let _ = writeln!(out, "  - {}", escape(&line));
            }
        }
        let rest = counted(part, view.verbose);
        if !rest.is_empty() {
            let _ = writeln!(out, "- {}", rest.join(", "));
        }
    }
}

// ------------------------------------------------------------------------------------------- for programs

/// The value of `wording`.
pub(super) fn value(originals: &Originals, content: &Content) -> Value {
    let (from, to) = (&originals.from.page, &originals.to.page);
    let text = |page: &Page, change: &Change, old: bool| {
        let places = if old { &change.old } else { &change.new };
        (!places.is_empty()).then(|| change.text(page, places))
    };
    let parts: Vec<Value> = originals
        .wording
        .parts
        .iter()
        .map(|part| {
            let changes: Vec<Value> = part
                .changes
                .iter()
                .filter(|c| c.class != Class::Identical)
                .map(|change| {
                    let segments: Vec<Value> = originals
                        .segments(change)
                        .iter()
                        .map(|s| {
                            let side = match s.side {
                                Side::Both => "both",
                                Side::Old => "from",
                                Side::New => "to",
                            };
                            json!({ "side": side, "text": s.text })
                        })
                        .collect();
                    let (old, new) = change.alerts(from, to);
                    let (gone, come) = change.links(from, to);
                    let links = |links: Vec<&crate::page::Link>| -> Vec<String> {
                        links.into_iter().map(|l| l.target.clone()).collect()
                    };
                    json!({
                        "class": change.class.name(),
                        "from": text(from, change, true),
                        "to": text(to, change, false),
                        "hunks": change.hunk_count(),
                        "segments": segments,
                        "alert": { "from": old.map(|a| a.name()), "to": new.map(|a| a.name()) },
                        "links": { "from": links(gone), "to": links(come) },
                    })
                })
                .collect();
            let (old, new) = originals.titles(part);
            let identical = part.changes.iter().filter(|c| c.class == Class::Identical).count();
            json!({
                "entities": originals.entities(content, part),
                "pairing": part.pairing.name(),
                "from": old,
                "to": new,
                "identical": identical,
                "changes": changes,
            })
        })
        .collect();
    json!({
        "from": originals.from.name,
        "to": originals.to.name,
        "hunks": originals.wording.hunk_count(),
        "parts": parts,
    })
}
