//! A page against the one before it.

use std::collections::BTreeSet;

use crate::diff::wording::{Class, Pairing, Side, Wording};
use crate::page::{Fingerprint, Page, Part, Place};
use crate::rules::RuleSet;

use super::known::{Known, Stand, Standing};
use super::matching::Matching;
use super::told::Fresh;
use super::{Carried, Entries, Entry, Piece, Read, Reworded, Sentence, Statements, Step, entries, touching};

/// What differs.
pub(super) struct Compared {
    pub(super) entries: Entries,
    pub(super) wording_changed: bool,
    pub(super) other: Vec<&'static str>,
    pub(super) step: Step,
}

/// The first page of a series, against the documented state.
pub(super) fn from_known(entries: &Entries, statements: &Statements, rules: &[String]) -> Compared {
    let added = |s: &Sentence| entries.added.iter().any(|e| s.entity.as_deref() == Some(&e.entity));
    let new: Vec<Sentence> = statements.new.iter().filter(|s| !added(s)).cloned().collect();
    let wording_changed = !entries.is_quiet() || !statements.missing.is_empty() || !new.is_empty();
    let capitals = entries.renamed.iter().any(|r| r.case_only);
    let changes = new.iter().map(|s| Reworded {
        class: Class::Added.name(),
        gone: Vec::new(),
        new: vec![s.clone()],
        pieces: Vec::new(),
    });
    Compared {
        entries: entries.clone(),
        wording_changed,
        other: if capitals { vec!["capitals"] } else { Vec::new() },
        step: Step {
            lost: statements.missing.clone(),
            changes: changes.collect(),
            new,
            rules: rules.to_vec(),
            ..Step::default()
        },
    }
}

/// Which entry of an older page is which of a newer one. An entry that became several goes on as the first of
/// them.
pub(super) fn matching(wording: &Wording, old: &Page) -> Matching {
    let count = old.entries.len();
    let mut out = Matching { same: vec![None; count], into: vec![None; count] };
    for part in wording.entries() {
        let entries = |parts: &[Part]| -> Vec<usize> {
            let number = |p: &Part| match p {
                Part::Entry(i) => Some(*i),
                Part::Section(_) => None,
            };
            parts.iter().filter_map(number).collect()
        };
        let Some(there) = entries(&part.new).first().copied() else { continue };
        let slots = if part.pairing == Pairing::Merged { &mut out.into } else { &mut out.same };
        for i in entries(&part.old) {
            if let Some(slot) = slots.get_mut(i) {
                *slot = Some(there);
            }
        }
    }
    out
}

/// What stands on a page for statements in other words: what stood so on the page before it, and what took the place
/// of sentences of statements since.
pub(super) fn carried(known: &Known<'_>, before: &Read, page: &Page, wording: &Wording) -> Carried {
    let mut out: Carried = before
        .carried
        .iter()
        .filter(|(print, _)| !page.find(**print).is_empty())
        .map(|(print, references)| (*print, references.clone()))
        .collect();
    for (_, change) in wording.changes() {
        let mut references = BTreeSet::new();
        for print in change.old.iter().filter_map(|p| before.page.sentence(*p)).map(|s| s.fingerprint) {
            references.extend(before.carried.get(&print).into_iter().flatten().cloned());
            let with = known.all().flat_map(|e| &e.statements).filter(|s| s.seen.contains(&print));
            references.extend(with.map(|s| s.statement.reference.clone()));
        }
        for sentence in change.new.iter().filter_map(|p| page.sentence(*p)).filter(|_| !references.is_empty())
        {
            out.entry(sentence.fingerprint).or_default().extend(references.iter().cloned());
        }
    }
    out
}

/// Two pages that are compared, and what was documented of the one before.
pub(super) struct Pair<'p> {
    pub(super) known: &'p Known<'p>,
    pub(super) before: &'p Read,
    pub(super) now: &'p Read,
    /// How the newer page stands with what is known.
    pub(super) standing: &'p Standing,
}

/// A page against another, without what other pages told before.
pub(super) fn between(
    pair: &Pair<'_>,
    rules: &RuleSet,
    wording: &Wording,
    matching: &Matching,
    fresh: &mut Fresh<'_>,
) -> Compared {
    let Pair { known, before, now, .. } = pair;
    let old: Vec<Entry> = (0..before.page.entries.len()).filter_map(|i| before.entry(i, false)).collect();
    let mut entries = entries(&old, now, matching);
    let mut changes = reworded(wording, before, now);
    let (mut lost, mut regained) = pair.statements(wording);
    let mut other = other(wording, before, now, &entries);

    fresh.entries(&mut entries);
    fresh.changes(&mut changes);
    fresh.lost(&mut lost);
    fresh.regained(&mut regained);
    let retitled = before.page.retitled(&now.page) && fresh.title(&now.page.title);
    let words = if fresh.again { !entries.is_quiet() || !changes.is_empty() } else { wording.changed() };
    let wording_changed = words || retitled;
    if fresh.again && !wording_changed {
        other.push("told");
    }

    // An account or group that is gone or part of another takes its rules with it.
    let went = |id: &str| {
        entries.removed.iter().any(|e| e.entity == id)
            || entries.merged.iter().any(|m| m.from.iter().any(|f| f == id))
    };
    let dropped = known
        .entities
        .iter()
        .filter(|e| went(e.id()))
        .flat_map(|e| e.statements.iter().map(|s| s.statement.reference.as_str()));
    let touched: BTreeSet<&str> = lost.iter().chain(&regained).map(String::as_str).chain(dropped).collect();
    let rules = touching(rules, &touched);
    let flat = |side: &dyn Fn(&Reworded) -> Vec<Sentence>| -> Vec<Sentence> {
        let mut all: Vec<Sentence> = changes.iter().flat_map(side).collect();
        all.sort_by_key(|s| (s.line, s.column));
        all.dedup();
        all
    };
    Compared {
        wording_changed,
        other,
        step: Step {
            lost,
            regained,
            new: flat(&|c| c.new.clone()),
            gone: flat(&|c| c.gone.clone()),
            changes,
            rules,
        },
        entries,
    }
}

impl Pair<'_> {
    /// The statements that the page before said word for word and this does not, and the other way round.
    fn statements(&self, wording: &Wording) -> (Vec<String>, Vec<String>) {
        let Pair { known, before, now, standing } = self;
        let refs = |standing: &Standing| -> BTreeSet<String> {
            standing.which(known, Stand::Kept).into_iter().collect()
        };
        let (kept, keeps) = (refs(&before.standing), refs(standing));
        let ordered = |wanted: &dyn Fn(&str) -> bool| -> Vec<String> {
            let all = known.all().flat_map(|e| &e.statements).map(|s| &s.statement.reference);
            all.filter(|r| wanted(r)).cloned().collect()
        };
        // A sentence in which only a link or the name of a product is another says the same.
        let links =
            wording.changes().filter(|(_, c)| matches!(c.class, Class::LinkOnly | Class::Terminology));
        let (mut was, mut is) = (BTreeSet::new(), BTreeSet::new());
        for (_, change) in links {
            was.extend(change.old.iter().filter_map(|p| before.page.sentence(*p)).map(|s| s.fingerprint));
            is.extend(change.new.iter().filter_map(|p| now.page.sentence(*p)).map(|s| s.fingerprint));
        }
        let worded = |reference: &str, page: &Page, links: &BTreeSet<Fingerprint>| {
            let all = known.all().flat_map(|e| &e.statements);
            let statement = all.into_iter().find(|s| s.statement.reference == reference);
            let mut gone = statement.into_iter().flat_map(|s| &s.seen).filter(|f| page.find(**f).is_empty());
            !gone.clone().any(|f| links.contains(f)) || gone.any(|f| !links.contains(f))
        };
        // Those that stood there in other words, which are others again.
        let told = wording.changes().filter(|(_, change)| is_told(change.class));
        let gone =
            told.flat_map(|(_, c)| &c.old).filter_map(|p| before.page.sentence(*p)).map(|s| s.fingerprint);
        let again: BTreeSet<&String> = gone
            .filter(|print| now.page.find(*print).is_empty())
            .filter_map(|print| before.carried.get(&print))
            .flatten()
            .collect();
        let lost = ordered(&|r| {
            !keeps.contains(r)
                && (kept.contains(r) && worded(r, &now.page, &was) || again.iter().any(|a| *a == r))
        });
        let regained = ordered(&|r| keeps.contains(r) && !kept.contains(r) && worded(r, &before.page, &is));
        (lost, regained)
    }
}

/// Whether a change is one of words.
fn is_told(class: Class) -> bool {
    class == Class::Reworded || class.may_matter()
}

/// What is said in other words, new or gone in the parts that both pages have.
fn reworded(wording: &Wording, before: &Read, now: &Read) -> Vec<Reworded> {
    let there = |pairing: Pairing| !matches!(pairing, Pairing::Added | Pairing::Removed);
    let sentences = |read: &Read, places: &[Place]| -> Vec<Sentence> {
        places.iter().filter_map(|p| read.sentence(*p)).collect()
    };
    wording
        .changes()
        .filter(|(part, change)| {
            is_told(change.class) && (there(part.pairing) || is_section(&part.old, &part.new))
        })
        .map(|(_, change)| {
            let both = !change.old.is_empty() && !change.new.is_empty();
            let pieces = if both && change.inline {
                let piece = |s: crate::diff::wording::Segment| Piece {
                    old: s.side != Side::New,
                    new: s.side != Side::Old,
                    text: s.text,
                };
                change.segments(&before.page, &now.page).into_iter().map(piece).collect()
            } else {
                Vec::new()
            };
            Reworded {
                class: change.class.name(),
                gone: sentences(before, &change.old),
                new: sentences(now, &change.new),
                pieces,
            }
        })
        .collect()
}

fn is_section(old: &[Part], new: &[Part]) -> bool {
    old.iter().chain(new).any(|p| matches!(p, Part::Section(_)))
}

/// What differs beside the wording.
fn other(wording: &Wording, before: &Read, now: &Read, entries: &Entries) -> Vec<&'static str> {
    let any = |class: Class| wording.changes().any(|(_, c)| c.class == class);
    let levels = |page: &Page| -> BTreeSet<(String, u8)> {
        page.entries.iter().map(|e| (e.heading.key.clone(), e.heading.level)).collect()
    };
    let (was, is) = (levels(&before.page), levels(&now.page));
    let level = |(title, level): &(String, u8)| is.iter().any(|(t, l)| t == title && l != level);
    let layout = wording.parts.iter().any(|p| p.layout) || was.iter().any(level);
    [
        ("metadata", before.page.front != now.page.front),
        ("links", any(Class::LinkOnly)),
        ("boxes", any(Class::AlertOnly)),
        ("terminology", any(Class::Terminology)),
        ("notation", any(Class::Notation)),
        ("order", any(Class::Moved)),
        ("capitals", entries.renamed.iter().any(|r| r.case_only)),
        ("layout", layout),
    ]
    .into_iter()
    .filter(|(_, differs)| *differs)
    .map(|(what, _)| what)
    .collect()
}
