//! The published page: its Markdown as sections, entries, facets and sentences.
//!
//! [`parse`] reads every form the page has had: facts in `Detail` tables or below `####` headings, product names
//! written out or as INCLUDE tokens, boxes in all spellings, with and without a table of contents. Nothing on
//! the page is left out: what stands outside the entries belongs to a [`Section`], and what is only scaffolding
//! (contents, table headers, lead-ins to a table) is kept and marked as [`Structure`].
//!
//! Each sentence carries two texts. The *display* text is what a reader sees. The *key* is what two sentences
//! are compared by: it ignores case, punctuation, emphasis, contractions, the spelling of the installation
//! folder and a short list of words of one meaning (see [`key`]). A [`Fingerprint`] is a hash of the key, so
//! that the project can tell whether a page still says a sentence without shipping the sentence.
//!
//! This module knows no revision and no statement, compares nothing, and refuses nothing: any text is a page,
//! if need be one without entries. It takes time and memory in proportion to the text.

mod block;
mod front;
pub mod key;
mod outline;
mod rewrite;
mod sentence;

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

pub use crate::content::{Alert, Date};
pub use key::Word;

/// A page, taken apart.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The first heading, or the title of the front matter if there is no heading; may be empty.
    pub title: String,
    /// The date of the front matter (`ms.date`), whichever way it is written.
    pub declared: Option<Date>,
    /// The fields of the front matter in their order; a list is one value with `, ` between its items.
    pub front: Vec<(String, String)>,
    /// The product that the title names; may be empty.
    pub product: String,
    /// Whether it is the Markdown that the publisher's website hands out, and not that of the repository. Its heading
    /// is then the title of the front matter, and its boxes are paragraphs.
    pub published: bool,
    /// How the details of entries are laid out.
    pub layout: Layout,
    /// The parts of the page. The first is what stands before the first section heading and is always there.
    pub sections: Vec<Section>,
    /// The accounts and groups, in the order of the page.
    pub entries: Vec<Entry>,
    /// A hash of all that it says, in sections and entries. The front matter and positions do not count.
    pub content_hash: u64,
    /// Where each fingerprint stands.
    index: HashMap<Fingerprint, Vec<Place>>,
}

/// How a page lays out the details of its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Layout {
    /// Details follow no form.
    #[default]
    Plain,
    /// Tables of two columns, a row for each kind of detail.
    Tables,
    /// A sub-heading for each kind of detail.
    Headings,
}

/// What a part of the page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum SectionKind {
    /// What stands before the first section.
    #[default]
    Intro,
    /// Windows groups.
    Groups,
    /// Accounts.
    Accounts,
    /// Users of the database.
    Users,
    /// Roles of the database.
    Roles,
    /// Pointers to other pages.
    SeeAlso,
    /// Anything else.
    Other,
}

impl SectionKind {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Intro => "intro",
            Self::Groups => "groups",
            Self::Accounts => "accounts",
            Self::Users => "users",
            Self::Roles => "roles",
            Self::SeeAlso => "see-also",
            Self::Other => "other",
        }
    }
}

/// A heading of the page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heading {
    /// Its text.
    pub title: String,
    /// The title as titles are compared: lower case, single spaces, nothing else changed.
    pub key: String,
    /// The fragment that leads to it: an explicit anchor, or the title as publishers make it one.
    pub anchor: String,
    /// Level as written, 1 to 6; 0 for the row of a table.
    pub level: u8,
    /// Its bytes in the file.
    pub span: Range<usize>,
    /// Its line, from 1.
    pub line: usize,
}

/// A part of the page, with what it says outside of its entries.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// What it is about.
    pub kind: SectionKind,
    /// Its heading; the page's own for the first.
    pub heading: Heading,
    /// What stands in it before its first entry, or where no entry is.
    pub facets: Vec<Facet>,
    /// A hash of all that stands in it, like [`Entry::content_hash`].
    pub content_hash: u64,
}

/// An account, a group or another thing that the page has a heading for.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// What its section is about.
    pub section: SectionKind,
    /// Index of its section in [`Page::sections`].
    pub in_section: usize,
    /// Its title.
    pub heading: Heading,
    /// What is said of it, under its sub-headings. What stands before the first of them is a facet without a
    /// heading.
    pub facets: Vec<Facet>,
    /// Bytes of the file from its heading to the next.
    pub span: Range<usize>,
    /// A hash of everything it says: title, sub-headings, texts, boxes and links. Equal in two pages if and only
    /// if the entry reads the same in both (but for a collision of hashes). Positions do not count.
    pub content_hash: u64,
}

impl Entry {
    /// Its title.
    pub fn title(&self) -> &str {
        &self.heading.title
    }

    /// Its sentences in order, scaffolding included.
    pub fn sentences(&self) -> impl Iterator<Item = &Sentence> {
        self.facets.iter().flat_map(|f| &f.sentences)
    }
}

/// Sentences under one sub-heading.
#[derive(Debug, Clone, Default)]
pub struct Facet {
    /// The sub-heading or the label of the table's row; none for what stands before the first.
    pub heading: Option<Heading>,
    /// The name that facets are compared by: `type and location`, `membership`, `permissions` for the three that
    /// all groups have, otherwise the key of the heading; empty without one.
    pub name: String,
    /// What stands under it.
    pub sentences: Vec<Sentence>,
}

/// The form a sentence stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Form {
    /// Running text.
    #[default]
    Prose,
    /// An item of a list.
    Item,
    /// A numbered step.
    Step,
    /// A cell of a table that is not a table of facets.
    Cell,
}

impl Form {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prose => "prose",
            Self::Item => "item",
            Self::Step => "step",
            Self::Cell => "cell",
        }
    }
}

/// Why a text is scaffolding and says nothing of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Structure {
    /// The table of contents.
    Contents,
    /// A sentence that only announces the table of details.
    TableLead,
    /// The header row of a table of details.
    TableHeader,
}

/// A sentence, or what stands for one: an item, a cell, a line before a list.
#[derive(Debug, Clone, Default)]
pub struct Sentence {
    /// What a reader sees: product names in place of tokens, characters in place of entities, links as their
    /// text, single spaces.
    pub text: String,
    /// What it is compared by: the words' keys with single spaces between them.
    pub key: String,
    /// The words of the key, each with its place in the text.
    pub words: Vec<Word>,
    /// Hash of the key.
    pub fingerprint: Fingerprint,
    /// The box it stands in.
    pub alert: Option<Alert>,
    /// The form it stands in.
    pub form: Form,
    /// Set if it is scaffolding.
    pub structure: Option<Structure>,
    /// Links in it.
    pub links: Vec<Link>,
    /// Emphasised and code-like stretches in it.
    pub marks: Vec<Mark>,
    /// Its bytes in the file, with the markup between its first and its last character.
    pub span: Range<usize>,
    /// Line of its first character, from 1.
    pub line: usize,
}

/// A link in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its text.
    pub text: String,
    /// Where it leads, as written.
    pub target: String,
    /// Its bytes in the sentence's text.
    pub place: Range<usize>,
}

/// A stretch of a sentence that is set off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// How it is set off.
    pub style: Style,
    /// Its bytes in the sentence's text.
    pub place: Range<usize>,
}

/// How a stretch is set off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// Bold.
    Strong,
    /// Italic.
    Emphasis,
    /// Code font.
    Code,
}

impl Sentence {
    /// The texts of the bold and code-like stretches: names of permissions, options, folders.
    pub fn marked(&self) -> impl Iterator<Item = &str> {
        self.marks
            .iter()
            .filter(|m| m.style != Style::Emphasis)
            .filter_map(|m| self.text.get(m.place.clone()))
    }
}

/// The hash of a sentence's key: the first eight bytes of its SHA-256, the first byte highest. Written as 16
/// hexadecimal digits in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fingerprint(pub u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        if s.len() == 16 && s.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            u64::from_str_radix(s, 16).map(Self).map_err(drop)
        } else {
            Err(())
        }
    }
}

/// The part of a page that a sentence belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A section's own text: index in [`Page::sections`].
    Section(usize),
    /// An entry: index in [`Page::entries`].
    Entry(usize),
}

/// Where a sentence stands in a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The section or entry.
    pub part: Part,
    /// Index of the facet in it.
    pub facet: usize,
    /// Index of the sentence in the facet.
    pub sentence: usize,
}

/// Reads a page. There is no text that is not one.
pub fn parse(text: &str) -> Page {
    let (front, body) = front::read(text);
    let rewritten = rewrite::rewrite(text, body);
    let blocks = block::read(&rewritten);
    let mut page = outline::build(blocks, text);
    page.declared = front.iter().find(|(key, _)| key == "ms.date").and_then(|(_, value)| front::date(value));
    page.published = front::without_site(&page.title).is_some();
    if page.published {
        page.title = front::listed(&page.title).to_owned();
    }
    let named = front.iter().find(|(key, _)| key == "title");
    if page.title.is_empty()
        && let Some((_, title)) = named
    {
        page.title.clone_from(title);
    }
    page.product = front::product(&page.title);
    page.front = front;
    let mut index: HashMap<Fingerprint, Vec<Place>> = HashMap::new();
    for (place, sentence) in page.sentences() {
        index.entry(sentence.fingerprint).or_default().push(place);
    }
    page.index = index;
    page
}

impl Page {
    /// All sentences with their places: the sections' own first, then the entries', each in the order of the
    /// page.
    pub fn sentences(&self) -> impl Iterator<Item = (Place, &Sentence)> {
        let sections = self.sections.iter().enumerate().map(|(i, s)| (Part::Section(i), s.facets.as_slice()));
        let entries = self.entries.iter().enumerate().map(|(i, e)| (Part::Entry(i), e.facets.as_slice()));
        sections.chain(entries).flat_map(|(part, facets)| {
            facets.iter().enumerate().flat_map(move |(facet, f)| {
                f.sentences.iter().enumerate().map(move |(sentence, s)| (Place { part, facet, sentence }, s))
            })
        })
    }

    /// The facets of a part; none if there is no such part.
    pub fn facets(&self, part: Part) -> &[Facet] {
        match part {
            Part::Section(i) => self.sections.get(i).map_or(&[], |s| s.facets.as_slice()),
            Part::Entry(i) => self.entries.get(i).map_or(&[], |e| e.facets.as_slice()),
        }
    }

    /// The sentence at a place.
    pub fn sentence(&self, place: Place) -> Option<&Sentence> {
        self.facets(place.part).get(place.facet)?.sentences.get(place.sentence)
    }

    /// Where a fingerprint stands, in the order of [`Page::sentences`].
    pub fn find(&self, fingerprint: Fingerprint) -> &[Place] {
        self.index.get(&fingerprint).map_or(&[], Vec::as_slice)
    }

    /// The index of the entry of that title, compared as titles are ([`Heading::key`]).
    pub fn entry(&self, title: &str) -> Option<usize> {
        let key = key::title(title);
        self.entries.iter().position(|e| e.heading.key == key)
    }

    /// The title under which the website lists the page: that of the front matter, or the heading if there is none.
    pub(crate) fn listed(&self) -> &str {
        let title = if self.published { None } else { self.field("title") };
        front::listed(title.unwrap_or(&self.title))
    }

    /// Whether another page has another title. The website shows the title of the front matter, which says nothing of
    /// the heading in the repository.
    pub(crate) fn retitled(&self, other: &Self) -> bool {
        let differ = |a: &str, b: &str| key::key(a, &[]).0 != key::key(b, &[]).0;
        let headings = differ(&self.title, &other.title);
        headings && (self.published == other.published || differ(self.listed(), other.listed()))
    }

    /// A field of the front matter.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.front.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests;
