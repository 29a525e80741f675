//! The original pages, where they are given: their words in each entry, and how the words of two revisions differ.
//!
//! They are never part of the program; what is shown is taken from the files a build is given, and says whose text
//! it is. Which file is which revision is told by its fingerprint, else by the date it declares.

use std::path::Path;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use super::Error;
use super::view::{View, list, view};
use crate::content::{Content, Date};
use crate::diff::wording::{self, Change, Class, Side, Wording};
use crate::html::escape;
use crate::page::{self, Facet, Page, Part, Sentence};

/// The originals of the revisions that have one.
#[derive(Debug, Default)]
pub(super) struct Originals {
    pages: Vec<(Date, Page)>,
    /// How the words of two revisions differ, worked out when it is first asked for.
    pairs: Vec<((Date, Date), OnceLock<Wording>)>,
}

impl Originals {
    /// Reads the Markdown files of a folder, or one file.
    pub(super) fn read(path: &Path, content: &Content) -> Result<Self, Error> {
        let mut out = Self::default();
        for entry in walkdir::WalkDir::new(path).sort_by_file_name().follow_links(true) {
            let entry = entry.map_err(|e| Error::file(path)(std::io::Error::other(e)))?;
            if !entry.file_type().is_file() || entry.path().extension().is_none_or(|e| e != "md") {
                continue;
            }
            let bytes = std::fs::read(entry.path()).map_err(Error::file(entry.path()))?;
            let hash: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
            let page = page::parse(&String::from_utf8_lossy(&bytes));
            let declared = page.field("ms.date").map(|d| d.trim_matches(['"', '\'']).to_owned());
            let same = content.revisions.iter().find(|r| r.sha256.as_deref() == Some(hash.as_str()));
            let dated = || {
                let declared = declared.as_deref()?;
                content
                    .revisions
                    .iter()
                    .find(|r| r.declared_as.as_deref() == Some(declared) || r.date.to_string() == declared)
            };
            if let Some(revision) = same.or_else(dated)
                && !out.pages.iter().any(|(d, _)| *d == revision.date)
            {
                out.pages.push((revision.date, page));
            }
        }
        if out.pages.is_empty() {
            return Err(Error::NoOriginal(path.to_owned()));
        }
        let dates: Vec<Date> = out.pages.iter().map(|(date, _)| *date).collect();
        let all = dates.iter().flat_map(|from| dates.iter().map(move |to| (*from, *to)));
        out.pairs = all.filter(|(from, to)| from != to).map(|pair| (pair, OnceLock::new())).collect();
        Ok(out)
    }

    /// Whether there is any.
    pub(super) fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    fn page(&self, date: Date) -> Option<&Page> {
        self.pages.iter().find(|(d, _)| *d == date).map(|(_, page)| page)
    }

    /// What the page of a revision says of the entry of a title.
    pub(super) fn entry(&self, date: Date, title: &str) -> Option<View> {
        let page = self.page(date)?;
        let entry = page.entries.get(page.entry(title)?)?;
        Some(list(entry.facets.iter().map(facet)))
    }

    /// The words of two revisions held against each other, if both pages are there.
    pub(super) fn compared(&self, from: Date, to: Date) -> Option<Compared<'_>> {
        let (old, new) = (self.page(from)?, self.page(to)?);
        let wording = &self.pairs.iter().find(|(pair, _)| *pair == (from, to))?.1;
        Some(Compared { old, new, wording: wording.get_or_init(|| wording::between(old, new)) })
    }
}

/// The text of a facet: paragraphs, lists, boxes.
fn facet(facet: &Facet) -> View {
    let sentences: Vec<_> = facet.sentences.iter().filter(|s| s.structure.is_none()).collect();
    let alike = |a: &&Sentence, b: &&Sentence| a.form == b.form && a.alert == b.alert;
    let blocks: Vec<View> = (sentences.chunk_by(alike))
        .filter_map(|block| {
            let first = block.first()?;
            Some(view!({
                "form": first.form.name(),
                "alert": first.alert.map(page::Alert::name),
                "texts": block.iter().map(|s| &s.text).collect::<Vec<_>>(),
            }))
        })
        .collect();
    view!({ "heading": facet.heading.as_ref().map(|h| &h.title), "blocks": blocks })
}

/// The words of two pages held against each other.
#[derive(Debug)]
pub(super) struct Compared<'a> {
    old: &'a Page,
    new: &'a Page,
    wording: &'a Wording,
}

impl Compared<'_> {
    /// How the sentences of the entry of these titles differ.
    pub(super) fn of(&self, old: Option<&str>, new: Option<&str>) -> Option<View> {
        let (a, b) = (old.and_then(|t| self.old.entry(t)), new.and_then(|t| self.new.entry(t)));
        let has =
            |parts: &[Part], entry: Option<usize>| entry.is_some_and(|e| parts.contains(&Part::Entry(e)));
        let part = self.wording.parts.iter().find(|p| has(&p.new, b) || has(&p.old, a))?;
        // What several became, or one was parted into, is shown once: with the one.
        let here = match part.pairing {
            wording::Pairing::Merged => b.is_some(),
            wording::Pairing::Split => a.is_some(),
            _ => true,
        };
        if !here {
            return None;
        }
        let changes: Vec<View> = (part.changes.iter().enumerate())
            .filter(|(_, c)| c.class != Class::Identical)
            .map(|(number, c)| self.change(number + 1, c))
            .collect();
        if changes.is_empty() {
            return None;
        }
        let same = part.changes.len() - changes.len();
        Some(view!({ "differing": changes.len(), "same": same, "changes": changes }))
    }

    fn change(&self, number: usize, change: &Change) -> View {
        let mut html = String::new();
        let mut whole = 0;
        for segment in change.segments(self.old, self.new) {
            let text = escape(&segment.text);
            match segment.side {
                Side::Both => html.push_str(&text),
                Side::Old => {
                    whole += 1;
                    html.push_str(&format!("<del>{text}</del> "));
                }
                Side::New => {
                    whole += 1;
                    html.push_str(&format!("<ins>{text}</ins>"));
                }
            }
        }
        let places = if change.new.is_empty() { (self.old, &change.old) } else { (self.new, &change.new) };
        let first = places.1.first();
        let facet = first
            .and_then(|p| places.0.facets(p.part).get(p.facet))
            .and_then(|f| f.heading.as_ref())
            .map(|h| h.title.clone());
        let alert = first.and_then(|p| places.0.sentence(*p)).and_then(|s| s.alert).map(page::Alert::name);
        view!({
            "number": number,
            "class": change.class.name(),
            "class_words": match change.class {
                Class::Identical => "the same",
                Class::Notation => "notation",
                Class::LinkOnly => "link only",
                Class::AlertOnly => "box only",
                Class::Terminology => "name of the product",
                Class::Reworded => "reworded",
                Class::Edited => "edited",
                Class::Moved => "moved",
                Class::Added => "sentence added",
                Class::Removed => "sentence removed",
            },
            "direction": match change.class {
                Class::Added => "added",
                Class::Removed => "removed",
                _ => "changed",
            },
            "facet": facet,
            "alert": alert,
            "whole": !change.inline && whole == 2,
            "html": html,
        })
    }
}
