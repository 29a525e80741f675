//! Makes a page the newest revision of `content/`.
//!
//! What the page still says word for word stays as it is. A statement it says in other words keeps our text and
//! gets a change to review and the fingerprints of the new sentences. A sentence that is new becomes a draft
//! statement that says where it stands, not what it says: the words are the publisher's, and they go into a
//! review file of their own ([`Fold::review`]) that is not part of the specification. Accounts and groups get
//! new names, merge, end or begin.
//!
//! A statement that rules rest on is never ended here: no tool switches a rule off by itself.

mod draft;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::assets::Asset;
use crate::content::{Content, Date, Entity, EntityKind, Statement};
use crate::diff::wording::{self, Wording};
use crate::page::{self, Layout, Page, Place};
use crate::rules::RuleSet;
use crate::yaml::patch::{Patch, Value, field, scalar};
use crate::yaml::{File, Node};

use super::known::{Known, KnownEntity, Stand, Standing, seen};
use super::pairing::{self, Heirs, New, belongs};
use super::{Read, known, slug};

/// A page to be made a revision.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Its bytes, for its SHA-256.
    pub bytes: &'a [u8],
    /// Its text.
    pub text: &'a str,
    /// The date to give it instead of the one it declares.
    pub date: Option<Date>,
    /// When it was first seen in public: the day of its commit.
    pub observed: Option<&'a str>,
    /// The first ConfigMgr build it speaks for.
    pub build: Option<u32>,
    /// The text of the newest documented revision's page. With it, sentences are paired by their words.
    pub older: Option<&'a str>,
    /// The files of `content/`.
    pub files: &'a [Asset],
}

/// What folding a page in comes to.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The page is a revision already.
    Already(Date),
    /// The files that change.
    New(Box<Fold>),
}

/// The files that change, and what is left for people.
#[derive(Debug, Clone)]
pub struct Fold {
    /// The new revision.
    pub date: Date,
    /// The files, in the order of their names.
    pub changes: Vec<FileChange>,
    /// The sentences to review, as Markdown. They are the publisher's: not for committing.
    pub review: String,
    /// References of statements that the page says in other words.
    pub changed: Vec<String>,
    /// References of statements that the page does not say, and that are carried on because rules rest on them.
    pub carried: Vec<String>,
    /// References of statements that end.
    pub ended: Vec<String>,
    /// References of draft statements.
    pub drafts: Vec<String>,
    /// What became of accounts and groups.
    pub entries: super::Entries,
    /// What could not be written, and what the new revision still lacks; whole sentences.
    pub remarks: Vec<String>,
}

/// A file of `content/` that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Its path below `content/`, with `/`.
    pub name: String,
    /// Its text; none if it is new.
    pub before: Option<String>,
    /// Its new text.
    pub after: String,
}

/// Why a page cannot be folded in.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FoldError {
    /// It has no date.
    #[error("the page declares no date (`ms.date`); give it one with `--revision`")]
    NoDate,
    /// Another page has that date.
    #[error("the revision {0} is another page already; give this one a date of its own with `--revision`")]
    Taken(Date),
    /// It is older than what is documented.
    #[error("the page is of {date}, and {newest} is documented already; only a newer page can be folded in")]
    Older {
        /// Its date.
        date: Date,
        /// The newest revision.
        newest: Date,
    },
    /// It says what is documented already.
    #[error(
        "every sentence of it is in revision {0}, and nothing of that is gone; there is nothing to fold in"
    )]
    NothingNew(Date),
    /// It has next to nothing in common with what is documented.
    #[error(
        "this does not look like a later page: it has {found} of the {all} documented accounts and groups"
    )]
    Unlike {
        /// How many of them it has.
        found: usize,
        /// How many there are.
        all: usize,
    },
    /// A file that is not as it should be.
    #[error("{0} is not there, or is no YAML")]
    File(String),
    /// There is nothing to fold it into.
    #[error("the specification has no revision to start from")]
    Empty,
}

/// Works out how `content/` changes when a page becomes its newest revision.
///
/// # Errors
/// When the page has no date, or one that is taken or too old; when it is not a later page of the same kind; when
/// a file of `content/` is not there.
pub fn fold(content: &Content, rules: &RuleSet, request: &Request<'_>) -> Result<Outcome, FoldError> {
    let digest = Sha256::digest(request.bytes);
    let sha = digest.iter().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    });
    if let Some(there) = content.revisions.iter().find(|r| r.sha256.as_ref() == Some(&sha)) {
        return Ok(Outcome::Already(there.date));
    }
    let page = page::parse(request.text);
    let last = content.revisions.last().ok_or(FoldError::Empty)?;
    let first = content.revisions.first().ok_or(FoldError::Empty)?;
    let known = Known::at(content, last.date);
    let things = known::things(&page);
    let standing = Standing::of(&known, &page, &things);
    if known.is_fingerprinted() && says_nothing_new(&known, &standing, &page) {
        return Err(FoldError::NothingNew(last.date));
    }
    let date = request.date.or(page.declared).ok_or(FoldError::NoDate)?;
    if content.revision(date).is_some() {
        return Err(FoldError::Taken(date));
    }
    if date <= last.date {
        return Err(FoldError::Older { date, newest: last.date });
    }
    let all = known.entities.len();
    let found = (0..all).filter(|i| standing.matching.target(*i).is_some()).count();
    let back = page.entries.iter().filter(|e| known.had(&e.heading.key)).count();
    if (found + back) * 2 < all {
        return Err(FoldError::Unlike { found, all });
    }
    let ids = super::ids(content, &known, &page, &standing, None, None);
    let carried = super::Carried::new();
    let read = Read { text: request.text.to_owned(), page, held: 0, standing, ids, carried };
    let older = request.older.map(page::parse).map(|older| {
        let wording = wording::between(&older, &read.page);
        (older, wording)
    });
    let entries = super::documented(&known, &read);
    let mut folding = Folding {
        content,
        rules,
        known: &known,
        read: &read,
        older,
        first: first.date,
        date,
        out: Fold {
            date,
            changes: Vec::new(),
            review: String::new(),
            changed: Vec::new(),
            carried: Vec::new(),
            ended: Vec::new(),
            drafts: Vec::new(),
            entries,
            remarks: Vec::new(),
        },
        reviews: BTreeMap::new(),
        pairs: Vec::new(),
    };
    folding.revision(request, &sha)?;
    folding.existing()?;
    folding.added();
    folding.review();
    let mut out = folding.out;
    out.changes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Outcome::New(Box::new(out)))
}

/// Whether a page has the titles of the newest revision and the words of all its sentences, and no others.
fn says_nothing_new(known: &Known<'_>, standing: &Standing, page: &Page) -> bool {
    let kept = |stands: &Vec<Stand>| stands.iter().all(|stand| *stand != Stand::Missing);
    let titled = known.entities.iter().zip(&standing.matching.same).all(|(entity, there)| {
        let title = there.and_then(|there| page.entries.get(there)).map(|entry| entry.title());
        title.is_some_and(|title| page::key::title(title) == page::key::title(entity.title))
    });
    titled
        && standing.new.is_empty()
        && page.entries.len() == known.entities.len()
        && standing.stands.iter().all(kept)
}

struct Folding<'f> {
    content: &'f Content,
    rules: &'f RuleSet,
    known: &'f Known<'f>,
    read: &'f Read,
    /// The page of the newest documented revision, and how this one differs from it.
    older: Option<(Page, Wording)>,
    first: Date,
    date: Date,
    out: Fold,
    /// Items for the review file, by position in the page; those without one come last.
    reviews: BTreeMap<(usize, String), String>,
    /// Changed statements with the numbers of lines their sentences stand in.
    pairs: Vec<(String, Vec<usize>)>,
}

/// What a statement's sentences are now.
enum Fate {
    /// In other words: all sentences it has now, those that stayed among them.
    Changed(Vec<Place>),
    /// Not there.
    Gone,
}

impl Folding<'_> {
    /// Appends the revision to `revisions.yaml`.
    fn revision(&mut self, request: &Request<'_>, sha: &str) -> Result<(), FoldError> {
        let name = "revisions.yaml";
        let missing = || FoldError::File(name.to_owned());
        let asset = request.files.iter().find(|f| f.name == name).ok_or_else(missing)?;
        let root = Node::parse(&asset.text).map_err(|_| missing())?;
        let last_node = root.as_list().and_then(|l| l.last()).ok_or_else(missing)?;
        let last = self.content.revisions.last().ok_or(FoldError::Empty)?;
        let mut patch = Patch::new(&asset.text);

        // Where the older one ended is for whoever knows the builds to say.
        if let (Some(build), Some((from, until))) = (request.build, last.builds)
            && let Some(builds) = last_node.get("builds")
        {
            if build <= from {
                // It took the place of the older one before any build went out under that.
                patch.put(
                    last_node,
                    "builds",
                    Some(|column| format!("{}builds: null\n", " ".repeat(column))),
                );
            } else if until.is_none() {
                patch.add_field(builds, &["from"], "until", &Value::Raw((build - 1).to_string()));
            }
            // The versions that the older one spoke for so far.
            let left = self.versions(if build <= from { build..build } else { from..build });
            if !last.versions.is_empty() && left != last.versions {
                let line = |column| format!("{}versions: [{}]\n", " ".repeat(column), left.join(", "));
                patch.put(last_node, "versions", (!left.is_empty()).then_some(line));
            }
        }
        if request.build.is_none() {
            self.out.remarks.push(format!(
                "The page does not say from which ConfigMgr build on it holds, so that it is chosen by hand only. \
                 Give the build with `--build`, or write `builds` of {} in revisions.yaml.",
                self.date
            ));
        }
        let page = &self.read.page;
        let date = self.date.to_string();
        let written = page.field("ms.date");
        let title =
            |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
        let mut item = String::new();
        let mut put = |key: &str, value: Value| field(&mut item, 2, key, &value);
        put("id", Value::Raw(date.clone()));
        put("sequence", Value::Raw((self.content.revisions.len() + 1).to_string()));
        if page.declared == Some(self.date) {
            put("declared", Value::Raw(date));
        }
        if let Some(written) = written {
            put("declared_as", Value::text(written));
        }
        if let Some(observed) = request.observed {
            put("observed", Value::Raw(observed.to_owned()));
        }
        if let Some(declared) = page.declared.filter(|d| *d != self.date) {
            put("doubt", Value::text(format!("The page declares {declared}.")));
        }
        // The website shows another heading.
        let heading = if page.published { "" } else { page.title.as_str() };
        put("page_title", Value::text(title(heading, &last.page_title)));
        put("title", Value::text(title(page.listed(), &last.title)));
        put(
            "product",
            Value::text(title(if heading.is_empty() { "" } else { &page.product }, &last.product)),
        );
        let layout = match page.layout {
            Layout::Plain => "details of groups in no set form",
            Layout::Tables => "details of groups in tables of two columns",
            Layout::Headings => "details of groups under sub-headings",
        };
        put("layout", Value::text(format!("To review: {layout}.")));
        let versions = request.build.map(|from| self.versions(from..u32::MAX)).unwrap_or_default();
        if !versions.is_empty() {
            put("versions", Value::Raw(format!("[{}]", versions.join(", "))));
        }
        let builds = request.build.map_or("null".to_owned(), |from| format!("{{from: {from}}}"));
        put("builds", Value::Raw(builds));
        put("sha256", Value::Raw(sha.to_owned()));
        if let Some(id) = page.field("ms.assetid") {
            put("asset_id", Value::text(id));
        }
        if let Some(source) = &last.source {
            put("source", Value::text(source));
        }
        put("publisher", Value::text(&last.publisher));
        put("licence", Value::text(&last.licence));
        let item = format!("-{}", item.get(1..).unwrap_or_default());
        let behind = root.as_list().map_or(0, <[Node]>::len).checked_sub(1);
        patch.insert_items(&root, behind, &[item]);
        self.finish(&asset.name, &asset.text, patch);
        Ok(())
    }

    /// The versions of the product that have their first builds among these.
    fn versions(&self, builds: std::ops::Range<u32>) -> Vec<String> {
        let all = self.content.vocabulary.releases.iter();
        all.filter(|(_, build)| builds.contains(build)).map(|(version, _)| version.clone()).collect()
    }

    fn finish(&mut self, name: &str, before: &str, mut patch: Patch<'_>) {
        for (line, reason) in std::mem::take(&mut patch.refused) {
            self.out.remarks.push(format!("{name}, line {line}, is left as it is: {reason}."));
        }
        if !patch.is_empty() {
            let after = patch.apply();
            self.out.changes.push(FileChange {
                name: name.to_owned(),
                before: Some(before.to_owned()),
                after,
            });
        }
    }

    /// The files of what is documented.
    fn existing(&mut self) -> Result<(), FoldError> {
        let known = self.known;
        for (number, entity) in known.all().enumerate() {
            let Some(data) = entity.entity else { continue };
            let document = data.kind == EntityKind::Document;
            let matching = &self.read.standing.matching;
            let same = matching.same.get(number).copied().flatten();
            let into = matching.into.get(number).copied().flatten();
            let root = parse(&data.file)?;
            let mut patch = Patch::new(&data.file.text);
            match (document, same, into) {
                (true, ..) => self.statements(number, entity, data, &root, None, &mut patch),
                (_, Some(entry), _) => {
                    self.name(entity, data, entry, &root, &mut patch);
                    self.statements(number, entity, data, &root, Some(entry), &mut patch);
                }
                (_, None, Some(entry)) => {
                    let target = self.read.ids.get(entry).cloned().unwrap_or_default();
                    self.end_entity(entity, &root, &mut patch, Some(&target));
                }
                (_, None, None) => self.end_entity(entity, &root, &mut patch, None),
            }
            self.finish(&data.file.name, &data.file.text, patch);
        }
        Ok(())
    }

    /// A title that is another now. What Windows calls a group does not follow the page by itself: no tool renames what
    /// rules look for.
    fn name(
        &mut self,
        entity: &KnownEntity<'_>,
        data: &Entity,
        entry: usize,
        root: &Node,
        patch: &mut Patch<'_>,
    ) {
        let Some(heading) = self.read.page.entries.get(entry).map(|e| &e.heading) else { return };
        let title = super::one_line(&heading.title);
        if !title.is_empty() && title != super::one_line(entity.title) {
            let other = page::key::title(&title) != page::key::title(entity.title);
            patch.step(root, "name", self.first, self.date, &Value::text(&title));
            if other
                && data.kind == EntityKind::Group
                && data.name_pattern.is_none()
                && data.windows_name.is_none()
            {
                patch.add_field(root, &["name"], "windows_name", &Value::text(entity.title));
                self.out.remarks.push(format!(
                    "The group {} has the title {title} now. It is still looked for as {}: if Windows has it under the \
                     new name, take `windows_name` out of its file.",
                    entity.title, entity.title
                ));
            }
        }
        // The website's Markdown has no anchors.
        let anchor = entity.entity.and_then(|e| e.anchor.as_ref()?.at(self.known.revision));
        let anchor = anchor.filter(|_| !self.read.page.published);
        if anchor.is_some_and(|a| !heading.anchor.is_empty() && *a != heading.anchor) {
            patch.step(root, "anchor", self.first, self.date, &Value::text(&heading.anchor));
        }
    }

    /// An account or group that is no longer there, or part of another.
    fn end_entity(
        &mut self,
        entity: &KnownEntity<'_>,
        root: &Node,
        patch: &mut Patch<'_>,
        target: Option<&str>,
    ) {
        patch.step(root, "name", self.first, self.date, &Value::Null);
        if let Some(target) = target {
            let value = Value::text(target);
            if root.get("merged_into").is_some() {
                patch.step(root, "merged_into", self.first, self.date, &value);
            } else {
                let step = Value::Raw(format!("{{{}: {}}}", self.date, value.flow()));
                patch.add_field(root, &["aliases", "name_pattern", "name"], "merged_into", &step);
            }
        }
        for statement in &entity.statements {
            let Some(node) = statement_node(root, statement.statement.id()) else { continue };
            let note = target.map_or_else(
                || "to review: the section is gone".to_owned(),
                |target| format!("to review: the section is part of {target} now"),
            );
            let kind = if target.is_some() { "rename" } else { "fact-removed" };
            self.end_statement(node, kind, &note, patch);
            self.out.ended.push(statement.statement.reference.clone());
        }
    }

    fn end_statement(&self, node: &Node, kind: &str, note: &str, patch: &mut Patch<'_>) {
        patch.step(node, "text", self.first, self.date, &Value::Null);
        self.change(node, kind, note, patch);
    }

    fn change(&self, node: &Node, kind: &str, note: &str, patch: &mut Patch<'_>) {
        let item = format!("{{revision: {}, kind: {kind}, note: {}}}", self.date, scalar(note, true));
        let after = ["links", "section", "alert", "terms", "detail", "text"];
        patch.add_item(node, &after, "changes", &item);
    }

    /// The statements of an account or group that is still there, or of the page itself.
    fn statements(
        &mut self,
        number: usize,
        entity: &KnownEntity<'_>,
        data: &Entity,
        root: &Node,
        entry: Option<usize>,
        patch: &mut Patch<'_>,
    ) {
        let heirs = Heirs::new(self.known, &self.read.page, &self.read.standing, number, entity, entry);
        let Heirs { here, new, .. } = &heirs;
        let stands = self.read.standing.stands.get(number).cloned().unwrap_or_default();
        let pairs: Vec<(page::Fingerprint, Vec<Place>)> = match &self.older {
            Some((older, wording)) => {
                let aligned = |print| (print, aligned(older, wording, entity.title, entry, print));
                heirs.bans_first(heirs.lost().into_iter().map(aligned).collect())
            }
            None => heirs.pairs(),
        };

        let mut used: HashSet<Place> = HashSet::new();
        // By sentence: the statement it belongs to.
        let mut behind: Vec<(usize, usize)> = Vec::new();
        for (at, (statement, stand)) in entity.statements.iter().zip(&stands).enumerate() {
            let listed = list_place(root, statement.statement.id()).unwrap_or(at);
            let stayed = heirs.numbers(statement);
            behind.extend(stayed.iter().map(|n| (*n, listed)));
            if *stand != Stand::Missing {
                continue;
            }
            let Some(node) = statement_node(root, statement.statement.id()) else { continue };
            let mut places: Vec<Place> = Vec::new();
            for (print, pair) in pairs.iter().filter(|(print, _)| statement.seen.contains(print)) {
                used.extend(pair);
                places.extend(share(entity, statement, *print, pair));
            }
            let fate = if places.is_empty() && stayed.is_empty() {
                Fate::Gone
            } else {
                places.extend(stayed.iter().filter_map(|n| here.get(*n)).map(|(p, _)| *p));
                places.sort_unstable();
                places.dedup();
                Fate::Changed(places)
            };
            if let Fate::Changed(places) = &fate {
                let at = |p: &Place| here.iter().position(|(q, _)| q == p);
                behind.extend(places.iter().filter_map(at).map(|n| (n, listed)));
            }
            self.settle(statement.statement, node, fate, patch);
        }
        behind.sort_unstable();
        self.drafts(data, root, here, new, &used, &behind, patch);
    }

    /// Writes down what became of a statement.
    fn settle(&mut self, statement: &Statement, node: &Node, fate: Fate, patch: &mut Patch<'_>) {
        let reference = statement.reference.clone();
        match fate {
            Fate::Changed(places) => {
                let sentences: Vec<&page::Sentence> =
                    places.iter().filter_map(|p| self.read.page.sentence(*p)).collect();
                let mut prints = Vec::new();
                for sentence in &sentences {
                    if !prints.contains(&sentence.fingerprint) {
                        prints.push(sentence.fingerprint);
                    }
                }
                let lines: Vec<usize> = sentences.iter().map(|s| s.line).collect();
                let note = format!("to review: other words, {}", at_lines(&lines));
                self.change(node, "clarified", &note, patch);
                patch.step(node, "seen", self.first, self.date, &draft::prints(&prints));
                let saying: Vec<&str> = sentences.iter().map(|s| s.text.as_str()).collect();
                let ours = statement.text.at(self.known.revision).map_or("", String::as_str);
                let text = format!("Ours: {ours}\n\nThe page: {}\n", saying.join(" "));
                let line = lines.first().copied().unwrap_or(usize::MAX);
                self.reviews.insert((line, format!("{reference} (other words)")), text);
                self.pairs.push((reference.clone(), lines));
                self.out.changed.push(reference);
            }
            Fate::Gone => {
                let rests: Vec<&str> = (self.rules.rules.iter())
                    .filter(|r| r.statements.contains(&reference))
                    .map(|r| r.id.as_str())
                    .collect();
                let ours = statement.text.at(self.known.revision).map_or("", String::as_str);
                if rests.is_empty() {
                    self.end_statement(node, "fact-removed", "to review: no longer said", patch);
                    let title = format!("{reference} (no longer said)");
                    self.reviews.insert((usize::MAX, title), format!("Ours: {ours}\n"));
                    self.out.ended.push(reference);
                } else {
                    let note = "to review: not found on the page, carried on because rules rest on it";
                    self.change(node, "clarified", note, patch);
                    patch.step(node, "seen", self.first, self.date, &Value::Null);
                    let title = format!("{reference} (not found)");
                    let text = format!("Ours: {ours}\n\nRules that rest on it: {}\n", rests.join(", "));
                    self.reviews.insert((usize::MAX, title), text);
                    self.out.carried.push(reference);
                }
            }
        }
    }

    /// Inserts drafts of the sentences that belong to no statement, each behind the statement it follows on.
    #[allow(clippy::too_many_arguments)]
    fn drafts(
        &mut self,
        data: &Entity,
        root: &Node,
        here: &[(Place, &page::Sentence)],
        new: &[New],
        used: &HashSet<Place>,
        behind: &[(usize, usize)],
        patch: &mut Patch<'_>,
    ) {
        let Some(list) = root.get("statements") else { return };
        let mut ids: BTreeSet<String> = data.statements.iter().map(|s| s.id().to_owned()).collect();
        let mut groups: BTreeMap<Option<usize>, Vec<String>> = BTreeMap::new();
        for new in new.iter().filter(|n| !used.contains(&n.at)) {
            let number = here.iter().position(|(p, _)| *p == new.at).unwrap_or(0);
            let before = behind.iter().rev().find(|(n, _)| *n < number).map(|(_, listed)| *listed);
            let Some(text) = self.draft(&data.id, new.at, &mut ids) else { continue };
            groups.entry(before).or_default().push(text);
        }
        for (before, items) in groups {
            patch.insert_items(list, before, &items);
        }
    }

    /// A draft statement of a sentence, in block style at column 0.
    fn draft(&mut self, entity: &str, at: Place, ids: &mut BTreeSet<String>) -> Option<String> {
        let page = &self.read.page;
        let sentence = page.sentence(at)?;
        let facet = page.facets(at.part).get(at.facet).and_then(|f| f.heading.as_ref());
        let (id, text) = draft::statement(sentence, facet.map(|h| h.title.as_str()), self.date, ids);
        let reference = format!("{entity}/{id}");
        let title = format!("{reference} (new)");
        self.reviews.insert((sentence.line, title), format!("The page: {}\n", sentence.text));
        self.out.drafts.push(reference);
        Some(text)
    }

    /// Files of accounts and groups that are new, and names of those that come back.
    fn added(&mut self) {
        let read = self.read;
        let page = &read.page;
        for (number, entry) in page.entries.iter().enumerate() {
            if read.standing.matching.same.contains(&Some(number)) {
                continue;
            }
            let id = read.ids.get(number).cloned().unwrap_or_default();
            let here: Vec<Place> = pairing::sentences(page, Some(number)).iter().map(|(p, _)| *p).collect();
            let title = super::one_line(entry.title());
            let title = if title.is_empty() { id.clone() } else { title };
            if let Some(data) = self.content.entity(&id) {
                self.returned(data, &title, &here);
                continue;
            }
            let kind = match entry.section {
                page::SectionKind::Users => EntityKind::SqlUser,
                page::SectionKind::Roles => EntityKind::SqlRole,
                page::SectionKind::Groups => EntityKind::Group,
                _ if slug(&title).ends_with("-group") => EntityKind::Group,
                _ => EntityKind::Account,
            };
            let folder = kind.folder().unwrap_or_default();
            let mut text = String::new();
            let mut put = |key: &str, value: Value| field(&mut text, 0, key, &value);
            put("id", Value::Raw(id.clone()));
            put("kind", Value::Raw(kind.name().to_owned()));
            put("name", Value::Raw(format!("{{{}: {}}}", self.date, scalar(&title, true))));
            if kind == EntityKind::Group && title.contains("<sitecode>") {
                put("name_pattern", Value::text(&title));
            }
            if !entry.heading.anchor.is_empty() {
                let anchor = scalar(&entry.heading.anchor, true);
                put("anchor", Value::Raw(format!("{{{}: {anchor}}}", self.date)));
            }
            put("purpose", Value::text("To review: not described yet."));
            text.push_str(
                "notes:\n  - Draft from the page; nothing of it has been reviewed.\n\nstatements:\n",
            );
            let mut ids = BTreeSet::new();
            let mut items: Vec<String> =
                here.iter().filter_map(|place| self.draft(&id, *place, &mut ids)).collect();
            if items.is_empty() {
                items.push(draft::empty(self.date));
                self.out.drafts.push(format!("{id}/{}", draft::EMPTY));
            }
            let indented = |item: &String| -> String {
                item.lines()
                    .map(|l| if l.is_empty() { "\n".to_owned() } else { format!("  {l}\n") })
                    .collect()
            };
            text.push_str(&items.iter().map(indented).collect::<Vec<_>>().join("\n"));
            let name = format!("{folder}/{id}.yaml");
            self.out.changes.push(FileChange { name, before: None, after: text });
        }
    }

    /// An account or group that was documented once and is there again.
    fn returned(&mut self, data: &Entity, title: &str, here: &[Place]) {
        let Ok(root) = parse(&data.file) else { return };
        let mut patch = Patch::new(&data.file.text);
        patch.step(&root, "name", self.first, self.date, &Value::text(title));
        if data.merged_into.as_ref().is_some_and(|m| m.at(self.known.revision).is_some()) {
            patch.step(&root, "merged_into", self.first, self.date, &Value::Null);
        }
        let mut ids: BTreeSet<String> = data.statements.iter().map(|s| s.id().to_owned()).collect();
        let mut items = Vec::new();
        for place in here {
            let print = self.read.page.sentence(*place).map(|s| s.fingerprint);
            // A statement that said just this is made again, as it was last.
            let again = data.statements.iter().find(|s| {
                let dates = self.content.revisions.iter().rev();
                let last = dates.map(|r| r.date).find(|d| s.text.at(*d).is_some());
                s.text.at(self.known.revision).is_none()
                    && last.is_some_and(|d| seen(s, d).iter().any(|f| Some(*f) == print))
            });
            match again.and_then(|s| Some((s, s.text.values().last()?, statement_node(&root, s.id())?))) {
                Some((statement, text, node)) => {
                    if ids.remove(statement.id()) {
                        patch.step(node, "text", self.first, self.date, &Value::text(text));
                        self.change(node, "fact-added", "to review: said again", &mut patch);
                        self.out.changed.push(statement.reference.clone());
                    }
                }
                None => items.extend(self.draft(&data.id, *place, &mut ids)),
            }
        }
        let behind = data.statements.len().checked_sub(1);
        if let (Some(list), false) = (root.get("statements"), items.is_empty()) {
            patch.insert_items(list, behind, &items);
        }
        self.finish(&data.file.name, &data.file.text, patch);
    }

    /// Writes the review file.
    fn review(&mut self) {
        let mut out = format!(
            "# To review: revision {}\n\nThe sentences below are the publisher's. They stand here to be read beside \
             the specification, not to be committed.\n",
            self.date
        );
        for ((line, title), text) in &self.reviews {
            let place = if *line == usize::MAX { String::new() } else { format!(", line {line}") };
            let _ = write!(out, "\n## {title}{place}\n\n{text}");
        }
        self.out.review = out;
        self.out.changed.sort();
        self.out.carried.sort();
        self.out.ended.sort();
        self.out.drafts.sort();
    }
}

/// What a statement gets of the sentences that came from one. Where as many statements rest on that one, each gets
/// its own in turn: a sentence that became two usually parted there.
fn share(
    entity: &KnownEntity<'_>,
    statement: &known::KnownStatement<'_>,
    print: page::Fingerprint,
    places: &[Place],
) -> Vec<Place> {
    let with: Vec<_> = entity.statements.iter().filter(|s| s.seen.contains(&print)).collect();
    let own = with.iter().position(|s| std::ptr::eq(*s, statement));
    match (own.and_then(|own| places.get(own)), with.len() == places.len()) {
        (Some(place), true) => vec![*place],
        _ => places.to_vec(),
    }
}

/// Where a sentence of the older page stands in the newer one.
fn aligned(
    older: &Page,
    wording: &Wording,
    title: &str,
    entry: Option<usize>,
    print: page::Fingerprint,
) -> Vec<Place> {
    let there = entry.and_then(|_| older.entry(title));
    let mut out: Vec<Place> = Vec::new();
    for place in older.find(print).iter().filter(|p| belongs(**p, there)) {
        let changes = wording.changes().filter(|(_, c)| c.old.contains(place));
        out.extend(changes.flat_map(|(_, c)| &c.new).filter(|p| belongs(**p, entry)));
    }
    out.sort_unstable();
    out.dedup();
    out
}

fn parse(file: &File) -> Result<Node, FoldError> {
    Node::parse(&file.text).map_err(|_| FoldError::File(file.path.clone()))
}

/// The map of a statement in the file of its entity.
fn statement_node<'n>(root: &'n Node, id: &str) -> Option<&'n Node> {
    root.get("statements")?.as_list()?.get(list_place(root, id)?)
}

/// The place of a statement in the list of its entity.
fn list_place(root: &Node, id: &str) -> Option<usize> {
    let list = root.get("statements")?.as_list()?;
    list.iter().position(|n| n.get("id").and_then(Node::as_text) == Some(id))
}

/// `at line 12`, `at lines 12 and 13`.
fn at_lines(lines: &[usize]) -> String {
    let mut lines: Vec<usize> = lines.to_vec();
    lines.dedup();
    let words: Vec<String> = lines.iter().map(usize::to_string).collect();
    let word = if words.len() == 1 { "line" } else { "lines" };
    format!("at {word} {}", crate::text::list(&words))
}
