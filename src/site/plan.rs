//! Which files the site has, and how each is made.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;
use std::sync::OnceLock;

use serde::Serialize;

use super::assets::Static;
use super::model::{self, Model};
use super::originals::Originals;
use super::render::Renderer;
use super::view::{View, put, view};
use super::{Error, Options, Page, Sources, pages, search};
use crate::content::{Date, Entity, EntityKind};
use crate::diff::{self, Diff};
use crate::rules::Rule;

/// A file to be made.
#[derive(Debug, Clone, Copy)]
enum Job<'a> {
    Home,
    Index(EntityKind),
    Entity(&'a Entity),
    EntityAt(&'a Entity, Date),
    History(&'a Entity),
    EntityJson(&'a Entity),
    Rules,
    Rule(&'a Rule),
    RuleJson(&'a Rule),
    CompareIndex,
    Compare(usize),
    CompareJson(usize),
    Changes,
    Feed,
    Coverage,
    Revisions,
    Search,
    Print,
    Linting,
    About,
    NotFound,
    EntriesJson,
    RulesJson,
    Sitemap,
}

/// The main navigation: id, title, page.
const NAVIGATION: [(&str, &str, &str); 7] = [
    ("groups", "Groups", "groups/index.html"),
    ("accounts", "Accounts", "accounts/index.html"),
    ("rules", "Rules", "rules/index.html"),
    ("compare", "Compare", "compare/index.html"),
    ("changes", "Changes", "changes/index.html"),
    ("coverage", "Coverage", "coverage/index.html"),
    ("linting", "Linting", "linting/index.html"),
];

/// Two revisions that are compared, and how they differ, worked out when it is first asked for.
struct Pair {
    from: Date,
    to: Date,
    diff: OnceLock<Diff>,
}

impl Pair {
    fn diff(&self, sources: &Sources<'_>) -> &Diff {
        self.diff.get_or_init(|| diff::between(sources.content, sources.rules, self.from, self.to))
    }
}

/// The pairs of revisions that have a page, in both directions.
fn pairs(model: &Model<'_>) -> Vec<Pair> {
    let all = model.dates.iter().flat_map(|a| model.dates.iter().map(move |b| (*a, *b)));
    all.filter(|(from, to)| from != to && pages::linked(model, *from, *to))
        .map(|(from, to)| Pair { from, to, diff: OnceLock::new() })
        .collect()
}

/// All files of a site, and what they are made with.
pub(super) struct Plan<'a> {
    model: Model<'a>,
    options: &'a Options,
    pairs: Vec<Pair>,
    originals: Originals,
    base: String,
    /// What is made but for the static files: data first, then pages, those that take longest before the others.
    jobs: Vec<Job<'a>>,
    /// How many of them are data.
    data: usize,
    furnished: OnceLock<Furniture>,
}

/// What pages are made with. It takes time to prepare, and data can be made without it.
struct Furniture {
    renderer: Renderer,
    files: Static,
}

impl<'a> Plan<'a> {
    pub(super) fn new(sources: &Sources<'a>, options: &'a Options) -> Result<Self, Error> {
        let (model, originals) = rayon::join(
            || Model::new(sources),
            || match &options.originals {
                Some(path) => Originals::read(path, sources.content),
                None => Ok(Originals::default()),
            },
        );
        let pairs = pairs(&model);
        let entities = &sources.content.entities;
        let rules = &sources.rules.rules;
        let mut jobs: Vec<Job<'a>> = (0..pairs.len()).map(Job::CompareJson).collect();
        jobs.extend([Job::EntriesJson, Job::RulesJson]);
        jobs.extend(entities.iter().map(Job::EntityJson));
        jobs.extend(rules.iter().map(Job::RuleJson));
        let data = jobs.len();
        jobs.push(Job::Print);
        jobs.extend((0..pairs.len()).map(Job::Compare));
        jobs.extend([
            Job::Changes,
            Job::Coverage,
            Job::Index(EntityKind::Group),
            Job::Index(EntityKind::Account),
            Job::Rules,
            Job::Search,
            Job::Home,
            Job::CompareIndex,
            Job::Feed,
            Job::Revisions,
            Job::Linting,
            Job::About,
            Job::NotFound,
        ]);
        if options.base_url.is_some() {
            jobs.push(Job::Sitemap);
        }
        for entity in entities {
            jobs.push(Job::Entity(entity));
            if !model.is_constant(entity) {
                jobs.push(Job::History(entity));
                jobs.extend(model.dates.iter().map(|date| Job::EntityAt(entity, *date)));
            }
        }
        jobs.extend(rules.iter().map(Job::Rule));
        Ok(Self {
            model,
            options,
            pairs,
            originals: originals?,
            base: options.base_url.as_deref().map_or("/", path_of).to_owned(),
            jobs,
            data,
            furnished: OnceLock::new(),
        })
    }

    /// Reads the templates and makes the static files, the index of the search among them. Pages can be made and
    /// paths be told when this is done.
    pub(super) fn furnish(&self) -> Result<(), Error> {
        let sources = &self.model.sources;
        let (index, templates) =
            rayon::join(|| search_index(sources, &self.steps()), || Renderer::new(&self.options.templates));
        let made = [("search-index.js", index.first), ("search-rest.js", index.rest)];
        let files = Static::read(self.options, made.map(|(name, text)| (name.to_owned(), text)).into())?;
        let shared = view!({
            "assets": files.names,
            "version": env!("CARGO_PKG_VERSION"),
            "base_url": self.options.base_url,
            "newest": self.model.newest.to_string(),
            "with_originals": !self.originals.is_empty(),
            "navigation": NAVIGATION.map(|(id, title, href)| view!({ "id": id, "title": title, "href": href })),
        });
        let renderer = templates?.sharing(shared);
        let _ = self.furnished.set(Furniture { renderer, files });
        Ok(())
    }

    /// The static files, when they are made.
    fn files(&self) -> &[Page] {
        self.furnished.get().map_or(&[], |f| &f.files.pages)
    }

    /// The numbers of the files that can be made before [`Plan::furnish`] is done.
    pub(super) fn data(&self) -> Range<usize> {
        0..self.data
    }

    /// The numbers of the files that cannot.
    pub(super) fn pages(&self) -> Range<usize> {
        self.data..self.jobs.len() + self.files().len()
    }

    /// The path of the site on its host.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// The paths of all files, with their numbers.
    pub(super) fn paths(&self) -> Result<HashMap<String, usize>, Error> {
        let mut paths = HashMap::with_capacity(self.pages().end);
        let made = self.jobs.iter().map(|job| self.path(*job));
        for (number, path) in made.chain(self.files().iter().map(|f| f.path.clone())).enumerate() {
            match paths.entry(path) {
                Entry::Occupied(twice) => return Err(Error::Twice(twice.key().clone())),
                Entry::Vacant(free) => free.insert(number),
            };
        }
        Ok(paths)
    }

    fn path(&self, job: Job<'_>) -> String {
        match job {
            Job::Home => "index.html".to_owned(),
            Job::Index(EntityKind::Account) => "accounts/index.html".to_owned(),
            Job::Index(_) => "groups/index.html".to_owned(),
            Job::Entity(entity) => model::page(entity),
            Job::EntityAt(entity, date) => model::page_at(entity, date),
            Job::History(entity) => model::folder(entity) + "history/index.html",
            Job::EntityJson(entity) => model::folder(entity) + "index.json",
            Job::Rules => "rules/index.html".to_owned(),
            Job::Rule(rule) => model::rule_page(&rule.id),
            Job::RuleJson(rule) => format!("rules/{}/index.json", rule.id),
            Job::CompareIndex => "compare/index.html".to_owned(),
            Job::Compare(number) => pages::compare_page(self.pairs[number].from, self.pairs[number].to),
            Job::CompareJson(number) => pages::compare_data(self.pairs[number].from, self.pairs[number].to),
            Job::Changes => "changes/index.html".to_owned(),
            Job::Feed => "feed.xml".to_owned(),
            Job::Coverage => "coverage/index.html".to_owned(),
            Job::Revisions => "revisions/index.html".to_owned(),
            Job::Search => "search/index.html".to_owned(),
            Job::Print => "print/index.html".to_owned(),
            Job::Linting => "linting/index.html".to_owned(),
            Job::About => "about/index.html".to_owned(),
            Job::NotFound => "404.html".to_owned(),
            Job::EntriesJson => "entries.json".to_owned(),
            Job::RulesJson => "rules.json".to_owned(),
            Job::Sitemap => "sitemap.xml".to_owned(),
        }
    }

    fn diff(&self, number: usize) -> &Diff {
        self.pairs[number].diff(&self.model.sources)
    }

    /// The steps from each revision to the next, oldest first.
    fn steps(&self) -> Vec<&Diff> {
        let steps = self.pairs.iter().filter(|p| self.model.before(p.to) == Some(p.from));
        steps.map(|p| p.diff(&self.model.sources)).collect()
    }

    /// Makes a file, in the empty buffer it is given.
    pub(super) fn page(&self, number: usize, bytes: Vec<u8>) -> Result<Page, Error> {
        let Some(job) = self.jobs.get(number).copied() else {
            let file = &self.files()[number - self.jobs.len()];
            let mut page = Page { path: file.path.clone(), bytes };
            page.bytes.extend_from_slice(&file.bytes);
            return Ok(page);
        };
        let model = &self.model;
        let renderer = self.furnished.get().map(|f| &f.renderer);
        let sheet = Sheet { renderer, page: Page { path: self.path(job), bytes } };
        match job {
            Job::Home => sheet.html("home.html", pages::home(model, self.steps().last().copied())),
            Job::Index(kind) => sheet.html("entities.html", pages::entities(model, kind)),
            Job::Entity(entity) => sheet.html("entity.html", pages::entity(model, entity)),
            Job::EntityAt(entity, date) => {
                let mut values = pages::entity_at(model, entity, date);
                let title = entity.name.at(date);
                let original = title.and_then(|t| self.originals.entry(date, t));
                put!(values, { "original": original });
                sheet.html("entity.html", values)
            }
            Job::History(entity) => {
                let words = |from, to| self.originals.compared(from, to);
                sheet.html("history.html", pages::history(model, entity, &words))
            }
            Job::EntityJson(entity) => sheet.json(&pages::entity_json(model, entity)),
            Job::Rules => sheet.html("rules.html", pages::rules(model)),
            Job::Rule(rule) => sheet.html("rule.html", pages::rule(model, rule)),
            Job::RuleJson(rule) => sheet.json(&pages::rule_json(model, rule)),
            Job::CompareIndex => {
                let diffs: Vec<_> =
                    self.pairs.iter().enumerate().map(|(n, p)| (p.from, p.to, self.diff(n))).collect();
                sheet.html("compare-index.html", pages::compare_index(model, &diffs))
            }
            Job::Compare(number) => {
                let pair = &self.pairs[number];
                let words = self.originals.compared(pair.from, pair.to);
                sheet.html("compare.html", pages::compare(model, self.diff(number), words.as_ref()))
            }
            Job::CompareJson(number) => {
                // Large, and read by programs only.
                sheet.json_in_short(&diff::shape(self.diff(number)))
            }
            Job::Changes => sheet.html("changes.html", pages::changes(model, &self.steps())),
            Job::Feed => {
                let mut values = pages::feed(model, &self.steps());
                put!(values, { "base": self.options.base_url.as_deref().unwrap_or_default() });
                sheet.html("feed.xml", values)
            }
            Job::Coverage => sheet.html("coverage.html", pages::coverage(model)),
            Job::Revisions => sheet.html("revisions.html", pages::revisions(model)),
            Job::Search => sheet.html("search.html", pages::search(model)),
            Job::Print => sheet.html("print.html", pages::print(model)),
            Job::Linting => sheet
                .html("linting.html", pages::linting(model, &self.options.commands, &self.options.formats)),
            Job::About => sheet.html("about.html", pages::about(model)),
            Job::NotFound => {
                // The page is shown for addresses at any depth, so its links begin at the host if that is known.
                let root = if self.options.base_url.is_some() { self.base.as_str() } else { "" };
                sheet.html_from("404.html", pages::not_found(), root)
            }
            Job::EntriesJson => sheet.json(&pages::entries_json(model)),
            Job::RulesJson => sheet.json(&pages::rules_json(model)),
            Job::Sitemap => {
                let base = self.options.base_url.as_deref().unwrap_or_default();
                let mut all: Vec<String> = (self.jobs.iter())
                    .map(|job| self.path(*job))
                    .filter(|path| path.ends_with("index.html") && !path.contains("/r/"))
                    .map(|path| format!("{base}{}", path.trim_end_matches("index.html")))
                    .collect();
                all.sort();
                sheet.html("sitemap.xml", view!({ "urls": all }))
            }
        }
    }
}

/// What the search finds.
fn search_index(sources: &Sources<'_>, steps: &[&Diff]) -> search::Index {
    let content = sources.content;
    let mut rest = search::of_rules(content, sources.rules);
    rest.extend(search::of_revisions(content));
    rest.extend(steps.iter().flat_map(|diff| search::of_changes(content, diff)));
    let dates: Vec<String> = content.dates().iter().map(ToString::to_string).collect();
    search::build(&search::of_content(content), &rest, &dates, &content.vocabulary.synonyms)
}

/// A file that is about to be made.
struct Sheet<'r> {
    /// None before there is one; data does not need it.
    renderer: Option<&'r Renderer>,
    page: Page,
}

impl Sheet<'_> {
    /// From a template, with relative links.
    fn html(self, template: &str, values: View) -> Result<Page, Error> {
        let root = "../".repeat(self.page.path.matches('/').count());
        self.html_from(template, values, &root)
    }

    /// [`Sheet::html`], with another way to the root of the site than a relative one.
    fn html_from(mut self, template: &str, values: View, root: &str) -> Result<Page, Error> {
        let Some(renderer) = self.renderer else {
            return Err(Error::Template(format!("{template}: the templates have not been read")));
        };
        renderer.render(template, values, root, &mut self.page)?;
        Ok(self.page)
    }

    /// Data, as people read it.
    fn json(mut self, value: &impl Serialize) -> Result<Page, Error> {
        let written = serde_json::to_writer_pretty(&mut self.page.bytes, value);
        self.ended(written)
    }

    /// Data that is large and read by programs only.
    fn json_in_short(mut self, value: &impl Serialize) -> Result<Page, Error> {
        let written = serde_json::to_writer(&mut self.page.bytes, value);
        self.ended(written)
    }

    fn ended(mut self, written: serde_json::Result<()>) -> Result<Page, Error> {
        written.map_err(|e| Error::file(&self.page.path)(e.into()))?;
        self.page.bytes.push(b'\n');
        Ok(self.page)
    }
}

/// The path of an address: `/docs/` of `https://example.org/docs/`.
fn path_of(url: &str) -> &str {
    let behind = url.split_once("://").map_or(url, |(_, rest)| rest);
    behind.find('/').map_or("/", |at| &behind[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_an_address() {
        assert_eq!(path_of("https://example.org/docs/"), "/docs/");
        assert_eq!(path_of("https://example.org"), "/");
        assert_eq!(path_of("/"), "/");
    }
}
