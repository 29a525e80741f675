//! The specification held against the original pages: every sentence of theirs belongs to a statement of ours, and
//! every fingerprint we keep is that of a sentence of theirs. The pages are not part of the project; without them
//! there is nothing to hold.

#![allow(clippy::print_stderr)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cmlint::assets::Assets;
use cmlint::content::{self, Content, Date, EntityKind};
use cmlint::page::{self, Fingerprint, Page, Part, Place};
use sha2::{Digest, Sha256};

fn originals() -> Option<(Content, Vec<(Date, Page)>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/docs/originals");
    if !folder.is_dir() {
        eprintln!("skipped: the original pages are not here");
        return None;
    }
    let (content, _) = content::load(&Assets::content()).expect("the built-in specification loads");
    let mut texts: Vec<(String, String)> = Vec::new();
    for folder in [folder, Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/docs/later")] {
        for entry in walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok) {
            if entry.path().extension().is_some_and(|e| e == "md") {
                let bytes = fs::read(entry.path()).expect("readable");
                let digest = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
                texts.push((digest, String::from_utf8(bytes).expect("UTF-8")));
            }
        }
    }
    let page = |date| {
        let wanted = content.revision(date).and_then(|r| r.sha256.as_ref());
        let (_, text) = texts.iter().find(|(digest, _)| Some(digest) == wanted)?;
        Some((date, page::parse(text)))
    };
    let pages: Vec<(Date, Page)> = content.dates().into_iter().filter_map(page).collect();
    assert!(pages.len() >= 3, "pages of {} revisions", pages.len());
    Some((content, pages))
}

/// Where a page says what a statement restates.
fn places(content: &Content, date: Date, page: &Page) -> Vec<(String, Option<Place>)> {
    let mut out = Vec::new();
    for (entity, statement) in content.in_force(date) {
        let entry = entity.name.at(date).and_then(|name| page.entry(name));
        for value in statement.seen.as_ref().and_then(|s| s.at(date)).into_iter().flatten() {
            let place = page.find(Fingerprint(*value)).iter().find(|place| match place.part {
                Part::Section(_) => entity.kind == EntityKind::Document,
                Part::Entry(i) => entity.kind != EntityKind::Document && entry == Some(i),
            });
            out.push((statement.reference.clone(), place.copied()));
        }
    }
    out
}

#[test]
fn every_sentence_belongs_to_a_statement() {
    let Some((content, pages)) = originals() else { return };
    for (date, page) in &pages {
        let covered: BTreeSet<Place> =
            places(&content, *date, page).into_iter().filter_map(|(_, place)| place).collect();
        let mut left = Vec::new();
        let mut structure = 0;
        for (place, sentence) in page.sentences() {
            if sentence.structure.is_some() {
                structure += 1;
            } else if !covered.contains(&place)
                // One fingerprint can stand twice in an entry, or outside of all.
                && !page.find(sentence.fingerprint).iter().any(|p| {
                    let outside = |p: &Place| matches!(p.part, Part::Section(_));
                    (p.part == place.part || outside(p) && outside(&place)) && covered.contains(p)
                })
            {
                left.push(format!("line {}: {}", sentence.line, sentence.text));
            }
        }
        assert!(left.is_empty(), "{date}: no statement for\n{}", left.join("\n"));
        assert!(covered.len() > 200, "{date}: only {} sentences", covered.len());
        let most = 10 + page.entries.len();
        assert!(structure < most, "{date}: {structure} sentences are called structure");
    }
}

#[test]
fn every_fingerprint_is_on_the_page_of_its_revision() {
    let Some((content, pages)) = originals() else { return };
    for (date, page) in &pages {
        let found = places(&content, *date, page);
        let lost: Vec<&str> = found.iter().filter(|(_, p)| p.is_none()).map(|(r, _)| r.as_str()).collect();
        assert!(lost.is_empty(), "{date}: not on the page: {lost:?}");
        for (entity, statement) in content.in_force(*date) {
            let seen = statement.seen.as_ref().and_then(|s| s.at(*date)).map_or(0, Vec::len);
            // What the page says of itself may stand in the front matter.
            assert!(
                seen > 0 || entity.kind == EntityKind::Document,
                "{}: no sentence of {date} is known",
                statement.reference
            );
        }
    }
}

#[test]
fn nothing_is_seen_where_nothing_is_stated() {
    let (content, _) = content::load(&Assets::content()).expect("the built-in specification loads");
    let mut statements = 0;
    for (_, statement) in content.statements() {
        let Some(seen) = &statement.seen else { continue };
        statements += 1;
        for date in content.dates() {
            if statement.text.at(date).is_none() {
                assert!(seen.at(date).is_none(), "{} is not made in {date}", statement.reference);
            }
        }
    }
    assert!(statements > 300, "only {statements} statements have fingerprints");
}

#[test]
fn entries_of_the_pages_are_the_entities_of_the_content() {
    let Some((content, pages)) = originals() else { return };
    for (date, page) in &pages {
        let titles: BTreeSet<&str> = page.entries.iter().map(|e| e.title()).collect();
        let names: BTreeSet<&str> = content
            .entities
            .iter()
            .filter(|e| e.kind != EntityKind::Document)
            .filter_map(|e| e.name.at(*date))
            .map(String::as_str)
            .collect();
        assert_eq!(titles, names, "{date}");
        let anchored =
            content.entities.iter().filter_map(|e| Some((e.name.at(*date)?, e.anchor.as_ref()?.at(*date)?)));
        for (name, anchor) in anchored {
            let entry = page.entry(name).map(|i| &page.entries[i]);
            assert!(
                entry.is_none_or(|e| e.heading.anchor == *anchor),
                "{date}: {name} has anchor {:?}, not {anchor}",
                entry.map(|e| &e.heading.anchor)
            );
        }
    }
}
