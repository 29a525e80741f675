//! The search index of the website: what there is to find, and how it is packed for the browser.
//!
//! [`build`] takes plain [`Document`]s, one for each thing that can be found, never one for each revision of it,
//! and makes two scripts of them: the accounts and groups, which is small and comes first, and everything else
//! with the sentences that are shown beside a result. They are scripts because a page that is opened from a
//! folder may load scripts and nothing else. [`of_content`], [`of_rules`], [`of_revisions`] and [`of_changes`]
//! say what is found of the specification and the rules.
//!
//! Nothing is searched here: queries are answered in the browser, by `site/search-engine.js`.

mod documents;
mod pack;
mod token;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use ahash::{AHashMap as HashMap, AHashSet as HashSet};
use rayon::prelude::*;
use serde_json::{Value, json};

pub use documents::{of_changes, of_content, of_revisions, of_rules, of_techniques};
pub use token::{Token, squash, stem, tokens};

/// What a document is. The order decides between results that are equally good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A Windows group.
    Group,
    /// An account.
    Account,
    /// A user or a role of the database.
    Database,
    /// A page that is none of the others.
    Page,
    /// A rule.
    Rule,
    /// A revision of the documentation.
    Revision,
    /// A change from one revision to the next.
    Change,
}

impl Kind {
    /// All kinds; the index names a kind by its place here.
    pub const ALL: [Self; 7] =
        [Self::Group, Self::Account, Self::Database, Self::Page, Self::Rule, Self::Revision, Self::Change];

    /// The word that `kind:` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Account => "account",
            Self::Database => "database",
            Self::Page => "page",
            Self::Rule => "rule",
            Self::Revision => "revision",
            Self::Change => "change",
        }
    }
}

/// How a document stands to a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum State {
    /// It is not there.
    #[default]
    Absent,
    /// It is there as in the revision before, or for the first time.
    Present,
    /// It is there and says something else than in the revision before.
    Changed,
}

/// One thing that can be found.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// Its page, from the root of the site: `accounts/network-access-account/`, with a fragment if it has one.
    pub url: String,
    /// Its id; a query that names it finds this document first.
    pub id: String,
    /// What it is.
    pub kind: Option<Kind>,
    /// Its title.
    pub title: String,
    /// Other names: former titles, abbreviations, former ids.
    pub names: Vec<String>,
    /// One line, shown below the title.
    pub summary: String,
    /// How it stands to each revision, oldest first; empty if it stands to none.
    pub states: Vec<State>,
    /// Single words that `is:` finds it by, beside its kind.
    pub tags: Vec<String>,
    /// Rights, permissions, paths, steps: what counts more than prose, and `has:` finds it by.
    pub phrases: Vec<String>,
    /// Other text that is part of it.
    pub body: Vec<String>,
    /// Text that only finds it when nothing nearer does: former wording, notes, titles of links. It comes with
    /// the second script.
    pub background: Vec<String>,
    /// Fragment and text of what can be shown of it beside the summary. The text is searched as well.
    pub sentences: Vec<(String, String)>,
    /// Whether something else has taken its place, so that its title should find that first.
    pub replaced: bool,
}

/// The scripts of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// The first documents, the revisions, the synonyms.
    pub first: String,
    /// The other documents, and the sentences of all.
    pub rest: String,
}

/// Words that carry no meaning of their own: they are found in titles only, and a query is not held to them.
const STOP: &str = "a about all an and any are as at be been but by can do does for from had has have how i if \
                    in into is it its many may me much must my no not of on one or our per same should so such \
                    than that the their them then there these they this those to use used uses using was we were \
                    what when where which who why will with you your";

static STOPS: LazyLock<HashSet<&str>> = LazyLock::new(|| STOP.split_ascii_whitespace().collect());

/// Builds the index: of the first documents, loaded first, and the rest. `revisions` are the dates, oldest
/// first; `synonyms` are lists of words and short phrases that mean the same.
pub fn build(first: &[Document], rest: &[Document], revisions: &[String], synonyms: &[Vec<String>]) -> Index {
    let concepts = Concepts::new(synonyms);
    let mut head = serde_json::Map::new();
    head.insert("revisions".into(), json!(revisions));
    head.insert("kinds".into(), json!(Kind::ALL.map(Kind::name)));
    head.insert("stop".into(), json!(STOP));
    head.insert("synonyms".into(), json!(synonyms));
    let nothing = HashMap::new();
    let postings = Postings::of(first.len(), &nothing, |number, postings| {
        postings.document(number, &first[number], &concepts);
    });
    let known = part(&mut head, first, postings);
    let mut more = serde_json::Map::new();
    let postings = Postings::of(first.len() + rest.len(), &known, |number, postings| {
        let document = match number.checked_sub(first.len()) {
            None => &first[number],
            Some(place) => {
                postings.document(number, &rest[place], &concepts);
                &rest[place]
            }
        };
        let sentences = document.sentences.iter().map(|(_, text)| text);
        for text in document.background.iter().chain(sentences) {
            postings.text(number, text, Field::Body, &concepts);
        }
    });
    part(&mut more, rest, postings);
    let sentences: Vec<Value> = first
        .iter()
        .chain(rest)
        .map(|d| Value::Array(d.sentences.iter().flat_map(|(id, text)| [json!(id), json!(text)]).collect()))
        .collect();
    more.insert("sentences".into(), Value::Array(sentences));
    Index { first: script(head), rest: script(more) }
}

/// A script that hands a part of the index over, whether the search is there before it or after.
fn script(part: serde_json::Map<String, Value>) -> String {
    let json = Value::Object(part).to_string();
    // These two end a line in scripts of old, and stand in no way of JSON.
    let json = json.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    format!("(self.searchParts=self.searchParts||[]).push({json});\n")
}

/// A url with `*` for the id of its document.
fn shortened(url: &str, id: &str) -> String {
    match url.rfind(id).filter(|_| !id.is_empty()) {
        Some(at) => format!("{}*{}", &url[..at], &url[at + id.len()..]),
        None => url.to_owned(),
    }
}

/// Where in a document a word stands, as bits of a posting.
#[derive(Clone, Copy)]
enum Field {
    Body = 1,
    Phrase = 2,
    Name = 4,
    Title = 8,
}

/// Documents with their terms and postings. Handed back is which documents each term stands in.
fn part(
    out: &mut serde_json::Map<String, Value>,
    documents: &[Document],
    postings: Postings<'_>,
) -> HashMap<String, Vec<usize>> {
    let mut phrases: BTreeMap<&str, usize> = BTreeMap::new();
    for phrase in documents.iter().flat_map(|d| &d.phrases) {
        phrases.insert(phrase, 0);
    }
    for (number, place) in phrases.values_mut().enumerate() {
        *place = number;
    }
    let mut rows = Vec::with_capacity(documents.len());
    for document in documents {
        let mut list: Vec<usize> =
            document.phrases.iter().filter_map(|p| phrases.get(p.as_str()).copied()).collect();
        list.sort_unstable();
        list.dedup();
        let states: String = document.states.iter().map(|s| char::from(b'0' + *s as u8)).collect();
        let kind = document.kind.unwrap_or(Kind::Page);
        rows.push(json!([
            Kind::ALL.iter().position(|k| *k == kind),
            document.id,
            shortened(&document.url, &document.id),
            document.title,
            document.names,
            document.summary,
            states,
            list,
            document.tags.join(" "),
            u8::from(document.replaced),
        ]));
    }
    let (terms, packed, known) = postings.pack();
    out.insert("docs".into(), Value::Array(rows));
    out.insert("phrases".into(), json!(phrases.keys().collect::<Vec<_>>()));
    out.insert("terms".into(), json!(terms));
    out.insert("postings".into(), json!(packed));
    known
}

/// Where a term stands: document, fields, how often.
struct Posting {
    document: usize,
    fields: u8,
    count: u8,
}

/// The terms of a part.
struct Postings<'k> {
    terms: HashMap<String, Vec<Posting>>,
    /// The documents that have a term already, in another part.
    known: &'k HashMap<String, Vec<usize>>,
}

impl<'k> Postings<'k> {
    /// The terms of so many documents; `add` adds those of one.
    fn of(
        documents: usize,
        known: &'k HashMap<String, Vec<usize>>,
        add: impl Fn(usize, &mut Self) + Sync,
    ) -> Self {
        const PART: usize = 64;
        let new = || Self { terms: HashMap::new(), known };
        let with = |mut postings: Self, number: usize| {
            add(number, &mut postings);
            postings
        };
        (0..documents).into_par_iter().fold_chunks(PART, new, with).reduce(new, Self::joined)
    }

    /// With the terms of documents that come behind.
    fn joined(mut self, behind: Self) -> Self {
        if self.terms.is_empty() {
            return behind;
        }
        for (term, mut list) in behind.terms {
            self.terms.entry(term).or_default().append(&mut list);
        }
        self
    }

    fn document(&mut self, number: usize, document: &Document, concepts: &Concepts) {
        self.text(number, &document.title, Field::Title, concepts);
        for name in &document.names {
            self.text(number, name, Field::Name, concepts);
        }
        // Whole ids and initials stand for things that have a name; the title of a rule is a sentence.
        if document.kind.is_none_or(|kind| kind <= Kind::Page) {
            self.term(number, &document.id.to_lowercase(), Field::Name);
            for title in std::iter::once(&document.title).chain(&document.names) {
                if let Some(initials) = initials(title) {
                    self.term(number, &initials, Field::Name);
                }
            }
        }
        for phrase in &document.phrases {
            self.text(number, phrase, Field::Phrase, concepts);
        }
        for (heading, _) in &document.sentences {
            self.heading(number, heading);
        }
        for text in std::iter::once(&document.summary).chain(&document.body) {
            self.text(number, text, Field::Body, concepts);
        }
    }

    fn text(&mut self, number: usize, text: &str, field: Field, concepts: &Concepts) {
        let tokens = tokens(text);
        let stop = |word: &str| matches!(field, Field::Body) && STOPS.contains(word);
        for token in &tokens {
            if !stop(&token.whole) {
                self.term(number, &token.whole, field);
            }
            for part in token.parts.iter().filter(|p| !stop(p)) {
                self.term(number, part, field);
            }
        }
        for concept in concepts.within(&tokens) {
            self.term(number, &format!("~{concept}"), field);
        }
    }

    /// The id of a sentence: a few words that say what it is about.
    fn heading(&mut self, number: usize, id: &str) {
        for word in id.split('-').filter(|w| w.len() > 1 && !STOPS.contains(w)) {
            self.term(number, word, Field::Phrase);
        }
    }

    fn term(&mut self, document: usize, term: &str, field: Field) {
        if self.known.get(term).is_some_and(|list| list.binary_search(&document).is_ok()) {
            return;
        }
        let posting = Posting { document, fields: field as u8, count: 1 };
        // Allocates only for terms that are new.
        let Some(list) = self.terms.get_mut(term) else {
            self.terms.insert(term.to_owned(), vec![posting]);
            return;
        };
        match list.last_mut() {
            Some(last) if last.document == document => {
                last.fields |= field as u8;
                last.count = last.count.saturating_add(1);
            }
            _ => list.push(posting),
        }
    }

    /// Terms in order, each with its postings: how many, then for each the distance to the document before,
    /// the fields and the count up to four.
    fn pack(self) -> (String, String, HashMap<String, Vec<usize>>) {
        let mut terms: Vec<_> = self.terms.into_iter().collect();
        terms.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let mut packed = String::new();
        for (_, list) in &terms {
            pack::number(list.len(), &mut packed);
            let mut before = 0;
            for posting in list {
                let count = usize::from(posting.count.clamp(1, 4) - 1);
                let value = (posting.document - before) * 64 + usize::from(posting.fields) * 4 + count;
                pack::number(value, &mut packed);
                before = posting.document;
            }
        }
        let text = pack::terms(terms.iter().map(|(term, _)| term.as_str()));
        let known =
            terms.into_iter().map(|(term, list)| (term, list.iter().map(|p| p.document).collect())).collect();
        (text, packed, known)
    }
}

/// The first letters of a title of three words or more: `naa`. Shorter ones would be mistaken for other words.
fn initials(title: &str) -> Option<String> {
    let words = tokens(title);
    let letters: String = words.iter().filter_map(|w| w.whole.chars().next()).collect();
    (words.len() > 2).then_some(letters)
}

/// The synonyms, by the stem of their first word.
struct Concepts {
    by_first: HashMap<String, Vec<(usize, Vec<String>)>>,
}

impl Concepts {
    fn new(synonyms: &[Vec<String>]) -> Self {
        let mut by_first: HashMap<String, Vec<(usize, Vec<String>)>> = HashMap::new();
        for (number, member) in synonyms.iter().enumerate().flat_map(|(i, g)| g.iter().map(move |m| (i, m))) {
            let stems = stems(&tokens(member));
            if let Some(first) = stems.first() {
                by_first.entry(first.clone()).or_default().push((number, stems));
            }
        }
        Self { by_first }
    }

    /// The numbers of the lists of which one is written in a text.
    fn within(&self, tokens: &[Token]) -> Vec<usize> {
        let stems = stems(tokens);
        let mut out = Vec::new();
        for at in 0..stems.len() {
            for (number, member) in self.by_first.get(&stems[at]).into_iter().flatten() {
                if stems[at..].starts_with(member) {
                    out.push(*number);
                }
            }
        }
        out
    }
}

/// The stems of all parts of a text: `sign-in` is written like `sign in`.
fn stems(tokens: &[Token]) -> Vec<String> {
    tokens.iter().flat_map(|t| &t.segments).map(|s| stem(s)).collect()
}

#[cfg(test)]
mod tests;
