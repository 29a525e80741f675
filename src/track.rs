//! What newer pages of the documentation no longer say, what they say that is new, and what that touches.
//!
//! [`follow`] holds a series of pages against what is documented and each page against the one before it, and tells
//! each change once. What is documented is known by fingerprints of its sentences, so no original is needed. [`fold`](fold::fold) works out how
//! `content/` changes when a page becomes its newest revision.
//!
//! It judges no meaning: whether a sentence in other words says the same is for people, and the result names
//! the rules they should look at. It reads and writes no files.

pub mod fold;
mod json;
mod known;
mod matching;
mod pairing;
mod seen;
mod step;
mod text;
mod told;

use std::collections::{BTreeSet, HashMap};

use crate::content::{Content, Date};
use crate::diff::wording;
use crate::page::{self, Fingerprint, Page, Part, Place};
use crate::rules::RuleSet;

use known::{Known, Stand, Standing};
use matching::Matching;
use pairing::Heirs;
use told::Told;

pub use json::value as to_json;
pub use seen::{Edited, Pages, seen};
pub use text::{human, markdown};

/// Where a page comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// What to call it: the path of a file, `-`, or the short id of a commit.
    pub name: String,
    /// The commit it is from, all digits.
    pub commit: Option<String>,
    /// The day of that commit.
    pub date: Option<String>,
    /// Where it stood in that commit.
    pub path: Option<String>,
}

/// A page to look at.
#[derive(Debug, Clone)]
pub struct Input {
    /// Where it comes from.
    pub source: Source,
    /// Its text; none if the commit deleted the file.
    pub text: Option<String>,
    /// The pages it follows on, as places among the inputs before it; none for the first, several for a merge, which
    /// is compared with the first of them.
    pub previous: Vec<usize>,
}

/// A series of pages, looked at.
#[derive(Debug, Clone)]
pub struct Track {
    /// The documented revision that the last page is held against.
    pub revision: Date,
    /// One for each input, in the same order.
    pub pages: Vec<PageTrack>,
}

/// A page, looked at.
#[derive(Debug, Clone)]
pub struct PageTrack {
    /// Where it comes from.
    pub source: Source,
    /// The date it gives itself.
    pub declared: Option<Date>,
    /// The documented revision it is held against.
    pub revision: Date,
    /// Its title; may be empty.
    pub title: String,
    /// Whether there is no page any more.
    pub deleted: bool,
    /// The page it is compared with; none for the documented state.
    pub previous: Option<Source>,
    /// What became of the accounts and groups since the page before it.
    pub entries: Entries,
    /// Whether it says anything else, or in other words, than the page before it.
    pub wording_changed: bool,
    /// What else differs from the page before it: `metadata`, `links`, `boxes`, `terminology`,
    /// `notation`, `order`, `capitals`, `layout`; `told` if more differs, all of which was told of other pages.
    pub other: Vec<&'static str>,
    /// Its sentences against those of the page before it.
    pub step: Step,
    /// How it stands with the documented statements.
    pub statements: Statements,
    /// What became of the documented accounts and groups.
    pub documented: Entries,
    /// Ids of the rules on documented statements that it no longer says, sorted.
    pub rules: Vec<String>,
}

/// What became of accounts and groups between two states.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entries {
    /// Those that only the newer has.
    pub added: Vec<Entry>,
    /// Those that only the older has.
    pub removed: Vec<Entry>,
    /// Those with another title.
    pub renamed: Vec<Renamed>,
    /// Those of the older that are one in the newer.
    pub merged: Vec<Merged>,
}

/// An account or group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id, or the id that its title makes if it is not documented.
    pub entity: String,
    /// Its title.
    pub title: String,
    /// The line of its heading; none if it is gone.
    pub line: Option<usize>,
}

/// An account or group with another title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// Its id.
    pub entity: String,
    /// The title before.
    pub from: String,
    /// The title now.
    pub to: String,
    /// Whether only capitals differ.
    pub case_only: bool,
}

/// Several that are one now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// Id of the one.
    pub into: String,
    /// Its title.
    pub title: String,
    /// Ids of those that went into it.
    pub from: Vec<String>,
}

impl Entries {
    /// Whether nothing became of any, apart from capitals in titles.
    fn is_quiet(&self) -> bool {
        self.added.is_empty()
            && self.removed.is_empty()
            && self.merged.is_empty()
            && self.renamed.iter().all(|r| r.case_only)
    }
}

/// How a page stands with the documented statements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statements {
    /// References of those it says word for word.
    pub kept: Vec<String>,
    /// Those it no longer says so.
    pub missing: Vec<String>,
    /// Those whose wording is not known, so that nothing can be said.
    pub unknown: Vec<String>,
    /// Sentences that no documented statement accounts for.
    pub new: Vec<Sentence>,
}

/// A sentence of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Line of its first character, from 1.
    pub line: usize,
    /// Column of its first character, from 1, in characters.
    pub column: usize,
    /// Id of the account or group it belongs to; none outside of them.
    pub entity: Option<String>,
    /// Title of that account or group.
    pub entry: Option<String>,
    /// What it says.
    pub text: String,
}

/// How the sentences of a page differ from those of the page before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// References of documented statements that the page before said word for word, and this does not; and of those
    /// that it said in other words, which are others again.
    pub lost: Vec<String>,
    /// Those that this page says and the page before did not.
    pub regained: Vec<String>,
    /// What is said in other words, new or gone, in the order of the page. Accounts and groups that came or went
    /// as a whole are left out.
    pub changes: Vec<Reworded>,
    /// Sentences that are new or have other words, in the order of the page. Those of accounts and groups that are new as a whole
    /// are left out: see [`Entries::added`].
    pub new: Vec<Sentence>,
    /// Sentences that are gone or have other words now, with their places in the page before; none are told of the documented state,
    /// whose sentences are not kept. Those of accounts and groups that are gone as a whole are left out.
    pub gone: Vec<Sentence>,
    /// Ids of the rules on statements that were lost or regained, sorted.
    pub rules: Vec<String>,
}

/// Sentences that belong together and differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reworded {
    /// The class of the change: `reworded`, `edited`, `added`, `removed`.
    pub class: &'static str,
    /// The sentences of the page before; none if it is new.
    pub gone: Vec<Sentence>,
    /// Those of this page; none if it is gone.
    pub new: Vec<Sentence>,
    /// Both in one, if they can be read so; otherwise empty.
    pub pieces: Vec<Piece>,
}

/// A piece of text that one page or both have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Whether the page before has it.
    pub old: bool,
    /// Whether this page has it.
    pub new: bool,
    /// The text.
    pub text: String,
}

/// A page while it is looked at.
struct Read {
    text: String,
    page: Page,
    /// Which of the documented states it is held against.
    held: usize,
    standing: Standing,
    /// Ids of its entries.
    ids: Vec<String>,
    /// Sentences that stand for statements in other words: references of those statements by fingerprint.
    carried: Carried,
}

/// References of statements by the fingerprints of sentences that say them in other words.
type Carried = HashMap<Fingerprint, BTreeSet<String>>;

/// Holds pages against what is documented, and each against the page before it.
///
/// Without a revision a page by itself is held against the newest. Pages of a series are held against the one each is
/// nearest to, never an older one than the page before: the history of a page goes along with that of what is
/// documented.
pub fn follow(content: &Content, rules: &RuleSet, revision: Option<Date>, inputs: &[Input]) -> Track {
    let all: Vec<Known<'_>> = match revision {
        Some(asked) => vec![Known::at(content, asked)],
        None if inputs.len() < 2 => vec![Known::at(content, content.newest())],
        None => content.dates().into_iter().map(|date| Known::at(content, date)).collect(),
    };
    let cache = wording::Cache::default();
    let mut read: Vec<Read> = Vec::new();
    let mut told = Told::default();
    let mut pages = Vec::new();
    for (place, input) in inputs.iter().enumerate() {
        let text = input.text.clone().unwrap_or_default();
        let page = page::parse(&text);
        let from = there(inputs, input.previous.first().copied());
        let before = from.and_then(|i| Some((i, read.get(i)?, inputs.get(i)?)));
        let held = known::nearest(&all, &page, before.map_or(0, |(_, b, _)| b.held));
        let Some(known) = all.get(held) else { continue };
        // What a step loses or regains is documented where the page before stands.
        let known_before = before.and_then(|(_, b, _)| all.get(b.held)).unwrap_or(known);
        let things = known::things(&page);
        let standing = Standing::of(known, &page, &things);
        let wording = before.map(|(_, b, _)| wording::between_with(&b.page, &page, &cache));
        let matching = before.zip(wording.as_ref()).map(|((_, b, _), w)| step::matching(w, &b.page));
        let ids = ids(content, known, &page, &standing, before.map(|(_, b, _)| b), matching.as_ref());
        let carried = match (before, &wording) {
            (Some((_, before, _)), Some(wording)) if before.held == held => {
                step::carried(known, before, &page, wording)
            }
            _ => carried(known, &page, &standing),
        };
        let now = Read { text, page, held, standing, ids, carried };

        let documented = documented(known, &now);
        // Without any fingerprint nothing says that a sentence is new.
        let new: &[Place] = if known.is_fingerprinted() { &now.standing.new } else { &[] };
        let statements = Statements {
            kept: now.standing.which(known, Stand::Kept),
            missing: now.standing.which(known, Stand::Missing),
            unknown: now.standing.which(known, Stand::Unknown),
            new: new.iter().filter_map(|place| now.sentence(*place)).collect(),
        };
        let dropped = dropped(known, &now);
        let touched: BTreeSet<&str> =
            statements.missing.iter().map(String::as_str).chain(dropped.iter().copied()).collect();
        let rules_touched = touching(rules, &touched);
        let compared = match (before, &wording, &matching) {
            (Some((from, before, _)), Some(wording), Some(matching)) => {
                let other = (known_before.revision != known.revision)
                    .then(|| Standing::of(known_before, &now.page, &things));
                let standing = other.as_ref().unwrap_or(&now.standing);
                let pair = step::Pair { known: known_before, before, now: &now, standing };
                step::between(&pair, rules, wording, matching, &mut told.fresh(inputs, place, from))
            }
            _ => step::from_known(&documented, &statements, &rules_touched),
        };
        pages.push(PageTrack {
            source: input.source.clone(),
            declared: now.page.declared,
            revision: known.revision,
            title: now.page.title.clone(),
            deleted: input.text.is_none(),
            previous: before.map(|(_, _, input)| input.source.clone()),
            entries: compared.entries,
            wording_changed: compared.wording_changed,
            other: compared.other,
            step: compared.step,
            statements,
            documented,
            rules: rules_touched,
        });
        read.push(now);
    }
    let last = pages.last().map(|p| p.revision);
    Track { revision: last.or(revision).unwrap_or_else(|| content.newest()), pages }
}

/// The page itself or, where that was deleted, the last one before it that was there.
fn there(inputs: &[Input], from: Option<usize>) -> Option<usize> {
    let before = |i: &usize| inputs.get(*i).and_then(|input| input.previous.first().copied());
    let mut line = std::iter::successors(from, before);
    line.find(|i| inputs.get(*i).is_some_and(|input| input.text.is_some()))
}

impl Read {
    fn sentence(&self, place: Place) -> Option<Sentence> {
        let sentence = self.page.sentence(place)?;
        let before = self.text.get(..sentence.span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |n| n + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        let entry = match place.part {
            Part::Entry(i) => Some(i),
            Part::Section(_) => None,
        };
        Some(Sentence {
            line: sentence.line,
            column,
            entity: entry.and_then(|i| self.ids.get(i).cloned()),
            entry: entry.and_then(|i| self.page.entries.get(i)).map(|e| e.title().to_owned()),
            text: sentence.text.clone(),
        })
    }

    fn entry(&self, i: usize, here: bool) -> Option<Entry> {
        let entry = self.page.entries.get(i)?;
        Some(Entry {
            entity: self.ids.get(i)?.clone(),
            title: entry.title().to_owned(),
            line: here.then_some(entry.heading.line),
        })
    }
}

/// What stands on the first page of a series in place of documented sentences.
fn carried(known: &Known<'_>, page: &Page, standing: &Standing) -> Carried {
    let mut out = Carried::new();
    for (number, entity) in known.all().enumerate() {
        let entry = standing.matching.same.get(number).copied().flatten();
        if number < known.entities.len() && entry.is_none() {
            continue;
        }
        for (print, places) in Heirs::new(known, page, standing, number, entity, entry).pairs() {
            for sentence in places.iter().filter_map(|place| page.sentence(*place)) {
                let with = entity.statements.iter().filter(|s| s.seen.contains(&print));
                let references = with.map(|s| s.statement.reference.clone());
                out.entry(sentence.fingerprint).or_default().extend(references);
            }
        }
    }
    out
}

/// Ids of the entries of a page: those of what is documented, those that the page before had, those of what was
/// documented once, and for all others what their titles make.
fn ids(
    content: &Content,
    known: &Known<'_>,
    page: &Page,
    standing: &Standing,
    before: Option<&Read>,
    matching: Option<&Matching>,
) -> Vec<String> {
    let mut out: Vec<Option<String>> = vec![None; page.entries.len()];
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut set = |i: usize, id: &str| {
        if let Some(slot @ None) = out.get_mut(i)
            && used.insert(id.to_owned())
        {
            *slot = Some(id.to_owned());
        }
    };
    for (entity, there) in known.entities.iter().zip(&standing.matching.same) {
        if let Some(there) = there {
            set(*there, entity.id());
        }
    }
    if let (Some(before), Some(matching)) = (before, matching) {
        for (id, there) in before.ids.iter().zip(&matching.same) {
            if let Some(there) = there {
                set(*there, id);
            }
        }
    }
    for (i, entry) in page.entries.iter().enumerate() {
        let titled = |e: &&crate::content::Entity| {
            e.name.values().any(|name| page::key::title(name) == entry.heading.key)
        };
        if let Some(entity) = content.entities.iter().find(titled) {
            set(i, &entity.id);
        }
    }
    for (i, entry) in page.entries.iter().enumerate() {
        let id = slug(entry.title());
        let id = if id.is_empty() { "entry".to_owned() } else { id };
        let free = |id: &str| content.entity(id).is_none() && !used.contains(id);
        let numbered = (2..).map(|n| format!("{id}-{n}"));
        if out.get(i).is_some_and(Option::is_none) {
            let id = std::iter::once(id.clone()).chain(numbered).find(|id| free(id));
            used.extend(id.clone());
            out[i] = id;
        }
    }
    out.into_iter().map(Option::unwrap_or_default).collect()
}

/// A title as an id: kebab-case of its letters and digits, without a placeholder at its end.
pub(crate) fn slug(title: &str) -> String {
    let title = title.replace("<sitecode>", "").to_lowercase();
    let words = title.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|w| !w.is_empty()).collect::<Vec<_>>().join("-")
}

/// What became of the documented accounts and groups.
fn documented(known: &Known<'_>, now: &Read) -> Entries {
    let before: Vec<Entry> = known
        .entities
        .iter()
        .map(|e| Entry { entity: e.id().to_owned(), title: e.title.to_owned(), line: None })
        .collect();
    entries(&before, now, &now.standing.matching)
}

/// What became of the entries of an older state.
fn entries(before: &[Entry], now: &Read, matching: &Matching) -> Entries {
    let mut out = Entries::default();
    let mut merged: HashMap<usize, Vec<String>> = HashMap::new();
    for (i, old) in before.iter().enumerate() {
        if let Some(there) = matching.same.get(i).copied().flatten() {
            let Some(entry) = now.page.entries.get(there) else { continue };
            let (from, to) = (one_line(&old.title), one_line(entry.title()));
            if from != to {
                let case_only = from.to_lowercase() == to.to_lowercase();
                out.renamed.push(Renamed { entity: old.entity.clone(), from, to, case_only });
            }
        } else if let Some(there) = matching.into.get(i).copied().flatten() {
            merged.entry(there).or_default().push(old.entity.clone());
        } else {
            out.removed.push(old.clone());
        }
    }
    for (there, entry) in now.page.entries.iter().enumerate() {
        let id = now.ids.get(there).cloned().unwrap_or_default();
        if let Some(from) = merged.remove(&there) {
            out.merged.push(Merged { into: id, title: entry.title().to_owned(), from });
        } else if matching.is_new(there) {
            out.added.extend(now.entry(there, true));
        }
    }
    out
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Statements of documented accounts and groups that are gone or part of others.
fn dropped<'k>(known: &'k Known<'_>, now: &Read) -> Vec<&'k str> {
    known
        .entities
        .iter()
        .zip(&now.standing.matching.same)
        .filter(|(_, there)| there.is_none())
        .flat_map(|(e, _)| e.statements.iter().map(|s| s.statement.reference.as_str()))
        .collect()
}

/// Ids of the rules on statements, sorted.
fn touching(rules: &RuleSet, statements: &BTreeSet<&str>) -> Vec<String> {
    let mut ids: Vec<String> = rules
        .rules
        .iter()
        .filter(|rule| rule.statements.iter().any(|s| statements.contains(s.as_str())))
        .map(|rule| rule.id.clone())
        .collect();
    ids.sort_unstable();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_make_ids() {
        assert_eq!(slug("SMS_Site_<sitecode>"), "sms-site");
        assert_eq!(slug("  Crane & winch -- account "), "crane-winch-account");
        assert_eq!(slug("Größe"), "gr-e");
        assert_eq!(slug("アカウント"), "");
    }
}
