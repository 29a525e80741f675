//! Blocks put in order: which heading is a section, an entry or a facet, and what stands under it.
//!
//! Levels alone do not tell: a revision of the page had entries one level too high. So the table of contents is
//! asked first, then the names that facets have, then the level.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::block::{Block, Kind};
use super::{Entry, Facet, Heading, Layout, Page, Section, SectionKind, Sentence, Structure, key, sentence};

/// The page without its front matter.
pub(super) fn build(blocks: Vec<Block>, file: &str) -> Page {
    let ends = file.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i).collect();
    let mut builder = Builder {
        ends,
        contents: Contents::read(&blocks),
        page: Page { sections: vec![Section::default()], ..Page::default() },
        entry: None,
        titled: false,
        tables: 0,
        facets: 0,
    };
    let mut rest = blocks.as_slice();
    while let Some((block, after)) = rest.split_first() {
        match block.kind {
            Kind::Heading(level) => {
                builder.heading(block, level, after);
                rest = after;
            }
            Kind::Cell { table, .. } => {
                let cells = rest
                    .iter()
                    .position(|b| !matches!(b.kind, Kind::Cell { table: t, .. } if t == table))
                    .unwrap_or(rest.len());
                let (cells, after) = rest.split_at(cells);
                builder.table(cells);
                rest = after;
            }
            Kind::Text(_) => {
                builder.text(block);
                rest = after;
            }
        }
    }
    builder.finish(file.len())
}

/// The table of contents: the items of lists before the first section that are links within the page or, as on the
/// publisher's website, titles of it.
#[derive(Default)]
struct Contents {
    /// Where the items without links stand.
    place: Range<usize>,
    /// By title how deep they stand, from 0, and the fragment that they lead to.
    items: HashMap<String, (usize, Option<String>)>,
    /// The same by fragment.
    targets: HashMap<String, usize>,
    /// Whether there is more than one depth.
    nested: bool,
}

impl Contents {
    fn read(blocks: &[Block]) -> Self {
        let before = blocks.iter().enumerate().position(|(i, b)| {
            matches!(b.kind, Kind::Heading(level) if level > 1 || i > 0 && blocks.iter().take(i).any(|b| matches!(b.kind, Kind::Heading(_))))
        });
        let intro = blocks.get(..before.unwrap_or(blocks.len())).unwrap_or_default();
        let mut out = Self { place: titles_in(intro, blocks), ..Self::default() };
        let items: Vec<&Block> = intro.iter().filter(|block| out.has(block)).collect();
        let top = items.iter().map(|b| b.depth).min().unwrap_or(0);
        for block in items {
            let depth = block.depth - top;
            out.nested |= depth > 0;
            let target = contents_target(block).map(str::to_owned);
            if let Some(target) = &target {
                out.targets.entry(target.to_lowercase()).or_insert(depth);
            }
            out.items.entry(key::title(&block.text.text)).or_insert((depth, target));
        }
        out
    }

    /// Whether a block before the first section is an item of it.
    fn has(&self, block: &Block) -> bool {
        contents_target(block).is_some() || is_item(block) && self.place.contains(&block.span.start)
    }

    /// How deep a heading stands in it.
    fn depth(&self, heading: &Heading) -> Option<usize> {
        let by_title = || self.items.get(&heading.key).map(|(depth, _)| *depth);
        let by_target = || self.targets.get(&heading.anchor.to_lowercase()).copied();
        if self.nested { by_title().or_else(by_target) } else { None }
    }
}

fn is_item(block: &Block) -> bool {
    block.depth > 0 && matches!(block.kind, Kind::Text(_))
}

/// Where items stand of which most are titles of the page: from the first that is one to the last. A title may have been
/// changed without its item.
fn titles_in(intro: &[Block], blocks: &[Block]) -> Range<usize> {
    let headings = blocks.iter().filter(|b| matches!(b.kind, Kind::Heading(_)));
    let titles: HashSet<String> = headings.map(|b| key::title(&b.text.text)).collect();
    let is_title = |b: &Block| is_item(b) && titles.contains(&key::title(&b.text.text));
    let (Some(first), Some(last)) = (intro.iter().position(is_title), intro.iter().rposition(is_title))
    else {
        return 0..0;
    };
    let all: Vec<&Block> = intro.iter().take(last + 1).skip(first).filter(|b| is_item(b)).collect();
    let known = all.iter().filter(|b| is_title(b)).count();
    match (all.first(), all.last()) {
        (Some(first), Some(last)) if known * 2 > all.len() => first.span.start..last.span.end,
        _ => 0..0,
    }
}

/// The fragment that an item of a table of contents leads to.
fn contents_target(block: &Block) -> Option<&str> {
    let [(target, place)] = block.text.links.as_slice() else { return None };
    let whole = *place == (0..block.text.text.len());
    (block.depth > 0 && whole).then(|| target.strip_prefix('#'))?
}

struct Builder {
    /// Where the lines of the file end.
    ends: Vec<usize>,
    contents: Contents,
    page: Page,
    /// The entry being read.
    entry: Option<Entry>,
    /// Whether the page has its title.
    titled: bool,
    /// Tables of details, and sub-headings that name details.
    tables: usize,
    facets: usize,
}

/// What a heading is.
enum Role {
    Title,
    Section,
    Entry,
    Facet,
}

impl Builder {
    fn line(&self, at: usize) -> usize {
        self.ends.partition_point(|end| *end < at) + 1
    }

    fn section(&self) -> SectionKind {
        self.page.sections.last().map_or(SectionKind::Intro, |s| s.kind)
    }

    fn heading(&mut self, block: &Block, level: u8, after: &[Block]) {
        let title = block.text.text.trim_start_matches(['#', ' ']).to_owned();
        let key = key::title(&title);
        let explicit = block.text.anchors.first();
        let anchor = explicit
            .or_else(|| self.contents.items.get(&key).and_then(|(_, target)| target.as_ref()))
            .cloned()
            .unwrap_or_else(|| slug(&key));
        let heading = Heading {
            title,
            key,
            anchor,
            level,
            span: block.span.clone(),
            line: self.line(block.span.start),
        };
        match self.role(&heading, after) {
            Role::Title => {
                self.titled = true;
                self.page.title.clone_from(&heading.title);
                if let Some(first) = self.page.sections.first_mut() {
                    first.heading = heading;
                }
            }
            Role::Section => {
                self.close(heading.span.start);
                let kind = section_kind(&heading);
                self.page.sections.push(Section { kind, heading, ..Section::default() });
            }
            Role::Entry => {
                self.close(heading.span.start);
                self.entry = Some(Entry {
                    section: self.section(),
                    in_section: self.page.sections.len() - 1,
                    span: heading.span.clone(),
                    heading,
                    ..Entry::default()
                });
            }
            Role::Facet => {
                let name = facet_name(&heading.key);
                self.facets += usize::from(known_facet(&heading.key).is_some());
                self.facets_mut().push(Facet { heading: Some(heading), name, sentences: Vec::new() });
            }
        }
    }

    fn role(&self, heading: &Heading, after: &[Block]) -> Role {
        if !self.titled && self.page.sections.len() == 1 && self.entry.is_none() && heading.level == 1 {
            return Role::Title;
        }
        if self.entry.is_some() && known_facet(&heading.key).is_some() && heading.level > 2 {
            return Role::Facet;
        }
        match self.contents.depth(heading) {
            Some(0) => return Role::Section,
            Some(_) => return Role::Entry,
            None => {}
        }
        match heading.level {
            1 => Role::Section,
            2 => {
                let below = after.iter().find_map(|b| match b.kind {
                    Kind::Heading(level) => Some((level, key::title(&b.text.text))),
                    _ => None,
                });
                let details = below.is_some_and(|(level, key)| level > 2 && known_facet(&key).is_some());
                let account = ["account", "accounts"].iter().any(|end| heading.key.ends_with(end));
                let known = section_kind(heading) != SectionKind::Other && !account;
                if !known && (details || account && self.section() == SectionKind::Accounts) {
                    Role::Entry
                } else {
                    Role::Section
                }
            }
            3 => Role::Entry,
            _ => Role::Facet,
        }
    }

    /// Ends the entry being read.
    fn close(&mut self, at: usize) {
        if let Some(mut entry) = self.entry.take() {
            entry.span.end = at.max(entry.span.end);
            entry.content_hash = hash(&entry.heading, &entry.facets);
            self.page.entries.push(entry);
        }
    }

    /// The facets of the entry being read, or of the section.
    fn facets_mut(&mut self) -> &mut Vec<Facet> {
        match &mut self.entry {
            Some(entry) => &mut entry.facets,
            None => {
                if self.page.sections.is_empty() {
                    self.page.sections.push(Section::default());
                }
                let last = self.page.sections.len() - 1;
                &mut self.page.sections[last].facets
            }
        }
    }

    /// The facet being read.
    fn facet(&mut self) -> &mut Facet {
        let facets = self.facets_mut();
        if facets.is_empty() {
            facets.push(Facet::default());
        }
        let last = facets.len() - 1;
        &mut facets[last]
    }

    fn sentences(&self, block: &Block) -> Vec<Sentence> {
        sentence::read(block, sentence::form(block.kind), |at| self.line(at))
    }

    fn text(&mut self, block: &Block) {
        let mut sentences = self.sentences(block);
        let intro = self.page.sections.len() == 1 && self.entry.is_none();
        if intro && self.contents.has(block) {
            sentences.iter_mut().for_each(|s| s.structure = Some(Structure::Contents));
        }
        self.facet().sentences.append(&mut sentences);
    }

    fn table(&mut self, cells: &[Block]) {
        let details = self.entry.is_some() && is_details(cells);
        if !details {
            for cell in cells {
                let sentences = self.sentences(cell);
                self.facet().sentences.extend(sentences);
            }
            return;
        }
        self.tables += 1;
        // What announces the table says nothing of its own.
        if let Some(lead) = self.facet().sentences.last_mut()
            && lead.text.ends_with([':', '\u{ff1a}'])
        {
            lead.structure = Some(Structure::TableLead);
        }
        for cell in cells {
            let Kind::Cell { row, column, .. } = cell.kind else { continue };
            let mut sentences = self.sentences(cell);
            if row == 0 {
                sentences.iter_mut().for_each(|s| s.structure = Some(Structure::TableHeader));
                self.facet().sentences.append(&mut sentences);
            } else if column == 0 {
                let title = cell.text.text.clone();
                let key = key::title(&title);
                let name = facet_name(&key);
                let heading = Heading {
                    anchor: slug(&key),
                    title,
                    key,
                    level: 0,
                    span: cell.span.clone(),
                    line: self.line(cell.span.start),
                };
                self.facets_mut().push(Facet { heading: Some(heading), name, sentences: Vec::new() });
            } else {
                // The same sentences stand under headings in other revisions.
                sentences.iter_mut().for_each(|s| s.form = super::Form::Prose);
                self.facet().sentences.append(&mut sentences);
            }
        }
        // What follows the table belongs to none of its rows.
        self.facets_mut().push(Facet::default());
    }

    fn finish(mut self, len: usize) -> Page {
        self.close(len);
        for facets in (self.page.sections.iter_mut().map(|s| &mut s.facets))
            .chain(self.page.entries.iter_mut().map(|e| &mut e.facets))
        {
            facets.retain(|f| f.heading.is_some() || !f.sentences.is_empty());
        }
        let mut all = 0;
        for section in &mut self.page.sections {
            section.content_hash = hash(&section.heading, &section.facets);
            all = key::mix(all, &section.content_hash.to_be_bytes());
        }
        for entry in &self.page.entries {
            all = key::mix(all, &entry.content_hash.to_be_bytes());
        }
        self.page.content_hash = all;
        self.page.layout = match (self.tables, self.facets) {
            (0, 0) => Layout::Plain,
            (tables, facets) if tables * 3 >= facets => Layout::Tables,
            _ => Layout::Headings,
        };
        self.page
    }
}

/// Whether a table has a row for each kind of detail: two columns, short labels in the first.
fn is_details(cells: &[Block]) -> bool {
    let mut rows = 0;
    for cell in cells {
        let Kind::Cell { row, column, .. } = cell.kind else { continue };
        if column > 1 {
            return false;
        }
        if column == 0 && row > 0 {
            rows += 1;
            let label = cell.text.text.trim();
            if label.is_empty() || label.split(' ').count() > 5 || label.ends_with('.') {
                return false;
            }
        }
    }
    rows > 0 && cells.iter().any(|c| matches!(c.kind, Kind::Cell { column: 1, .. }))
}

/// The facets that all groups have. Later pages add the entry's title: `Membership for SMS Admins`.
fn known_facet(key: &str) -> Option<&'static str> {
    const NAMES: [&str; 3] = ["type and location", "membership", "permissions"];
    NAMES
        .into_iter()
        .find(|name| key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(" for ")))
}

fn facet_name(key: &str) -> String {
    known_facet(key).unwrap_or(key).to_owned()
}

/// What a section is about, by its anchor or by the first telling word of its title.
fn section_kind(heading: &Heading) -> SectionKind {
    let anchor = heading.anchor.to_lowercase();
    for (name, kind) in [
        ("bkmk_groups", SectionKind::Groups),
        ("bkmk_accounts", SectionKind::Accounts),
        ("bkmk_users", SectionKind::Users),
        ("bkmk_sqlusers", SectionKind::Users),
        ("bkmk_roles", SectionKind::Roles),
        ("bkmk_sqlroles", SectionKind::Roles),
    ] {
        if anchor == name {
            return kind;
        }
    }
    // Translated pages keep the anchors of the English ones.
    let by_title = telling(heading.key.split(' '));
    by_title.or_else(|| telling(anchor.split('-'))).unwrap_or(SectionKind::Other)
}

/// What the first telling word of a title is about.
fn telling<'w>(words: impl Iterator<Item = &'w str> + Clone) -> Option<SectionKind> {
    words.clone().zip(words.skip(1).chain([""])).find_map(|(word, next)| match (word, next) {
        ("groups", _) => Some(SectionKind::Groups),
        ("accounts", _) => Some(SectionKind::Accounts),
        ("user", "objects") | ("users", _) => Some(SectionKind::Users),
        ("roles", _) => Some(SectionKind::Roles),
        ("see", "also") | ("next", "steps") | ("related", _) => Some(SectionKind::SeeAlso),
        _ => None,
    })
}

/// The fragment that publishers make of a title: letters, digits and hyphens.
fn slug(key: &str) -> String {
    key.chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' => Some(c),
            _ => None,
        })
        .collect()
}

/// A hash of all that an entry or a section says.
fn hash(heading: &Heading, facets: &[Facet]) -> u64 {
    let mut state = key::id(&heading.title);
    let mut add = |text: &str| {
        state = key::mix(state, text.as_bytes());
        state = key::mix(state, &[0]);
    };
    for facet in facets.iter().filter(|f| f.heading.is_some() || !f.sentences.is_empty()) {
        add(facet.heading.as_ref().map_or("", |h| h.title.as_str()));
        // A row of a table and a sub-heading are two forms of one thing, but not the same.
        add(if facet.heading.as_ref().is_some_and(|h| h.level == 0) { "row" } else { "head" });
        for s in &facet.sentences {
            add(&s.text);
            add(&format!("{:?} {:?} {:?} {:?}", s.alert, s.form, s.structure, s.marks));
            for link in &s.links {
                add(&link.target);
                add(&format!("{:?}", link.place));
            }
        }
    }
    state
}
