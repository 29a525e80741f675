//! What is documented at a revision, and what of it a page still says.

use std::collections::{HashMap, HashSet};

use crate::content::{Content, Date, Entity, EntityKind, Statement};
use crate::page::{Entry, Fingerprint, Page, Part, Place, Sentence, key};

use super::matching::{self, Matching, Thing};

/// The documented state at a revision.
#[derive(Debug)]
pub(super) struct Known<'c> {
    /// The revision.
    pub(super) revision: Date,
    /// The groups and accounts it has, in the order of the content.
    pub(super) entities: Vec<KnownEntity<'c>>,
    /// The page itself.
    pub(super) document: KnownEntity<'c>,
    things: Vec<Thing>,
    /// Titles of accounts and groups that were there before and are not now.
    former: HashSet<String>,
}

/// A documented group or account at a revision; or the page itself.
#[derive(Debug)]
pub(super) struct KnownEntity<'c> {
    /// Its data; none for a specification without a document.
    pub(super) entity: Option<&'c Entity>,
    /// Its title.
    pub(super) title: &'c str,
    /// The statements made of it, in order.
    pub(super) statements: Vec<KnownStatement<'c>>,
}

/// A statement made at a revision.
#[derive(Debug)]
pub(super) struct KnownStatement<'c> {
    pub(super) statement: &'c Statement,
    /// Fingerprints of its sentences; none are known of a statement nobody has taken them for.
    pub(super) seen: Vec<Fingerprint>,
}

impl<'c> Known<'c> {
    pub(super) fn at(content: &'c Content, revision: Date) -> Self {
        let of = |entity: &'c Entity| KnownEntity {
            entity: Some(entity),
            title: entity.name.at(revision).map_or("", String::as_str),
            statements: (entity.statements.iter())
                .filter(|s| s.text.at(revision).is_some())
                .map(|statement| KnownStatement { statement, seen: seen(statement, revision) })
                .collect(),
        };
        let there = content.entities.iter().filter(|e| e.name.at(revision).is_some());
        let entities: Vec<_> = there.clone().filter(|e| e.kind != EntityKind::Document).map(of).collect();
        let document = there
            .clone()
            .find(|e| e.kind == EntityKind::Document)
            .map_or(KnownEntity { entity: None, title: "", statements: Vec::new() }, of);
        let things = entities.iter().map(|e| e.thing(revision)).collect();
        let gone = content.entities.iter().filter(|e| e.name.at(revision).is_none());
        let former = gone.flat_map(|e| e.name.values()).map(|name| key::title(name)).collect();
        Self { revision, entities, document, things, former }
    }

    /// Whether an account or group of that title was there before and is not now.
    pub(super) fn had(&self, title: &str) -> bool {
        self.former.contains(title)
    }

    /// Whether the wording of any statement is known.
    pub(super) fn is_fingerprinted(&self) -> bool {
        self.all().flat_map(|e| &e.statements).any(|s| !s.seen.is_empty())
    }

    /// All, the page itself last.
    pub(super) fn all(&self) -> impl Iterator<Item = &KnownEntity<'c>> {
        self.entities.iter().chain([&self.document])
    }
}

/// Which of the documented states, in the order of time and from `oldest` on, a page is nearest to: where the fewest
/// sentences are only on one side. Of equals it is the newest.
pub(super) fn nearest(all: &[Known<'_>], page: &Page, oldest: usize) -> usize {
    let says: HashSet<Fingerprint> =
        page.sentences().filter(|(_, s)| says_something(s)).map(|(_, s)| s.fingerprint).collect();
    let apart = |known: &Known<'_>| {
        let documented = known.all().flat_map(|e| &e.statements).flat_map(|s| s.seen.iter().copied());
        documented.collect::<HashSet<Fingerprint>>().symmetric_difference(&says).count()
    };
    let known = all.iter().enumerate().skip(oldest).rev();
    known.min_by_key(|(_, known)| apart(known)).map_or(oldest, |(i, _)| i)
}

/// Fingerprints of a statement's sentences at a revision.
pub(super) fn seen(statement: &Statement, revision: Date) -> Vec<Fingerprint> {
    let seen = statement.seen.as_ref().and_then(|s| s.at(revision));
    seen.into_iter().flatten().map(|n| Fingerprint(*n)).collect()
}

impl KnownEntity<'_> {
    pub(super) fn id(&self) -> &str {
        self.entity.map_or("document", |e| e.id.as_str())
    }

    fn thing(&self, revision: Date) -> Thing {
        let aliases = self.entity.iter().flat_map(|e| e.aliases.iter().map(String::as_str));
        let texts = self.statements.iter().flat_map(|s| texts(s.statement, revision));
        let said = self.statements.iter().flat_map(|s| s.seen.iter().copied());
        Thing::new(self.title, aliases.chain(texts), said, true)
    }
}

/// Everything we have in words on a statement at a revision.
pub(super) fn texts(statement: &Statement, revision: Date) -> impl Iterator<Item = &str> {
    let detail = statement.detail.as_ref().and_then(|t| t.at(revision));
    let terms = statement.terms.as_ref().and_then(|t| t.at(revision));
    let links = statement.links.as_ref().and_then(|l| l.at(revision));
    let links = links.into_iter().flatten().map(|l| l.title.as_str());
    let own = [statement.text.at(revision), detail, terms];
    own.into_iter().flatten().map(String::as_str).chain(links)
}

/// An entry of a page as it is matched.
fn thing(entry: &Entry) -> Thing {
    let said: Vec<&Sentence> = entry.sentences().filter(|s| s.structure.is_none()).collect();
    let texts = said.iter().map(|s| s.text.as_str());
    Thing::new(entry.title(), texts, said.iter().map(|s| s.fingerprint), false)
}

/// The entries of a page as they are matched.
pub(super) fn things(page: &Page) -> Vec<Thing> {
    page.entries.iter().map(thing).collect()
}

/// How a statement stands with a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// Said word for word.
    Kept,
    /// At least one of its sentences is not there any more.
    Missing,
    /// No fingerprint of it is known.
    Unknown,
}

/// A page held against the documented state.
#[derive(Debug)]
pub(super) struct Standing {
    /// By entity of [`Known::entities`]: what became of it. The newer side are the entries of the page.
    pub(super) matching: Matching,
    /// By entity of [`Known::all`] and statement.
    pub(super) stands: Vec<Vec<Stand>>,
    /// Sentences that no statement accounts for, in the order of the file.
    pub(super) new: Vec<Place>,
}

impl Standing {
    pub(super) fn of(known: &Known<'_>, page: &Page, things: &[Thing]) -> Self {
        let matching = matching::assign(&known.things, things, &known.former);
        let mut parts: Vec<HashSet<Part>> = (0..known.entities.len())
            .map(|i| matching.target(i).map(Part::Entry).into_iter().collect())
            .collect();
        parts.push((0..page.sections.len()).map(Part::Section).collect());

        // A sentence in its own part is where it belongs; elsewhere it counts if nobody there claims it.
        let mut claimed: HashMap<Place, bool> = HashMap::new();
        for (entity, parts) in known.all().zip(&parts) {
            for print in entity.statements.iter().flat_map(|s| &s.seen) {
                for place in page.find(*print).iter().filter(|p| parts.contains(&p.part)) {
                    claimed.insert(*place, true);
                }
            }
        }
        let mut stands = Vec::new();
        let mut moved: HashSet<Place> = HashSet::new();
        for (entity, parts) in known.all().zip(&parts) {
            let mut own = Vec::new();
            for statement in &entity.statements {
                let mut kept = true;
                for print in &statement.seen {
                    let places = page.find(*print);
                    if places.iter().any(|p| parts.contains(&p.part)) {
                        continue;
                    }
                    match places.iter().find(|p| !claimed.contains_key(p)) {
                        Some(place) => {
                            moved.insert(*place);
                        }
                        None => kept = false,
                    }
                }
                own.push(match (statement.seen.is_empty(), kept) {
                    (true, _) => Stand::Unknown,
                    (false, true) => Stand::Kept,
                    (false, false) => Stand::Missing,
                });
            }
            stands.push(own);
        }
        let mut new: Vec<(usize, Place)> = page
            .sentences()
            .filter(|(_, s)| says_something(s))
            .filter(|(place, _)| !claimed.contains_key(place) && !moved.contains(place))
            .map(|(place, s)| (s.span.start, place))
            .collect();
        new.sort_unstable();
        Self { matching, stands, new: new.into_iter().map(|(_, place)| place).collect() }
    }

    /// The references of the statements that stand so, in the order of the content.
    pub(super) fn which(&self, known: &Known<'_>, stand: Stand) -> Vec<String> {
        known
            .all()
            .zip(&self.stands)
            .flat_map(|(entity, stands)| entity.statements.iter().zip(stands))
            .filter(|(_, s)| **s == stand)
            .map(|(s, _)| s.statement.reference.clone())
            .collect()
    }
}

/// Whether a sentence is more than scaffolding.
pub(super) fn says_something(sentence: &Sentence) -> bool {
    sentence.structure.is_none() && !sentence.key.is_empty()
}
