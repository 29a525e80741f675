//! Which files the site has, and how each is made.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
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
    Static(usize),
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

/// The steps from each revision to the next, oldest first.
fn steps<'p>(sources: &Sources<'_>, model: &Model<'_>, pairs: &'p [Pair]) -> Vec<&'p Diff> {
    pairs.iter().filter(|p| model.before(p.to) == Some(p.from)).map(|p| p.diff(sources)).collect()
}

/// All files of a site, and what they are made with.
pub(super) struct Plan<'a> {
    model: Model<'a>,
    renderer: Renderer,
    files: Static,
    jobs: Vec<Job<'a>>,
    pairs: Vec<Pair>,
    originals: Originals,
    base_url: Option<String>,
    base: String,

    commands: Vec<(String, String)>,
    formats: Vec<(String, String)>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(sources: &Sources<'a>, options: &Options) -> Result<Self, Error> {
        let (model, originals) = rayon::join(
            || Model::new(sources),
            || match &options.originals {
                Some(path) => Originals::read(path, sources.content),
                None => Ok(Originals::default()),
            },
        );
        let originals = originals?;
        let pairs = pairs(&model);
        let (index, templates) = rayon::join(
            || search_index(sources, &steps(sources, &model, &pairs)),
            || Renderer::new(&options.templates),
        );
        let made = [("search-index.js", index.first), ("search-rest.js", index.rest)];
        let files = Static::read(options, made.map(|(name, text)| (name.to_owned(), text)).into())?;
        let base = options.base_url.as_deref().map_or("/", path_of).to_owned();
        let shared = view!({
            "assets": files.names,
            "version": env!("CARGO_PKG_VERSION"),
            "base_url": options.base_url,
            "newest": model.newest.to_string(),
            "with_originals": !originals.is_empty(),
            "navigation": NAVIGATION.map(|(id, title, href)| view!({ "id": id, "title": title, "href": href })),
        });
        let renderer = templates?.sharing(shared);
        let mut jobs = vec![
            Job::Home,
            Job::Index(EntityKind::Group),
            Job::Index(EntityKind::Account),
            Job::Rules,
            Job::CompareIndex,
            Job::Changes,
            Job::Feed,
            Job::Coverage,
            Job::Revisions,
            Job::Search,
            Job::Print,
            Job::Linting,
            Job::About,
            Job::NotFound,
            Job::EntriesJson,
            Job::RulesJson,
        ];
        if options.base_url.is_some() {
            jobs.push(Job::Sitemap);
        }
        for entity in &sources.content.entities {
            jobs.extend([Job::Entity(entity), Job::EntityJson(entity)]);
            if !model.is_constant(entity) {
                jobs.push(Job::History(entity));
                jobs.extend(model.dates.iter().map(|date| Job::EntityAt(entity, *date)));
            }
        }
        for rule in &sources.rules.rules {
            jobs.extend([Job::Rule(rule), Job::RuleJson(rule)]);
        }
        for number in 0..pairs.len() {
            jobs.extend([Job::Compare(number), Job::CompareJson(number)]);
        }
        jobs.extend((0..files.pages.len()).map(Job::Static));
        Ok(Self {
            model,
            renderer,
            files,
            jobs,
            pairs,
            originals,
            base_url: options.base_url.clone(),
            base,
            commands: options.commands.clone(),
            formats: options.formats.clone(),
        })
    }

    /// How many files there are.
    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// The path of the site on its host.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// The paths of all files, with their numbers.
    pub(super) fn paths(&self) -> Result<HashMap<String, usize>, Error> {
        let mut paths = HashMap::with_capacity(self.jobs.len());
        for (number, job) in self.jobs.iter().enumerate() {
            match paths.entry(self.path(*job)) {
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
            Job::Static(number) => self.files.pages[number].path.clone(),
        }
    }

    fn diff(&self, number: usize) -> &Diff {
        self.pairs[number].diff(&self.model.sources)
    }

    /// The steps from each revision to the next, oldest first.
    fn steps(&self) -> Vec<&Diff> {
        steps(&self.model.sources, &self.model, &self.pairs)
    }

    /// Makes a file, in the empty buffer it is given.
    pub(super) fn page(&self, number: usize, bytes: Vec<u8>) -> Result<Page, Error> {
        let job = self.jobs[number];
        let model = &self.model;
        let sheet = Sheet { renderer: &self.renderer, page: Page { path: self.path(job), bytes } };
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
            Job::History(entity) => sheet.html("history.html", pages::history(model, entity)),
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
                put!(values, { "base": self.base_url.as_deref().unwrap_or_default() });
                sheet.html("feed.xml", values)
            }
            Job::Coverage => sheet.html("coverage.html", pages::coverage(model)),
            Job::Revisions => sheet.html("revisions.html", pages::revisions(model)),
            Job::Search => sheet.html("search.html", pages::search(model)),
            Job::Print => sheet.html("print.html", pages::print(model)),
            Job::Linting => sheet.html("linting.html", pages::linting(model, &self.commands, &self.formats)),
            Job::About => sheet.html("about.html", pages::about(model)),
            Job::NotFound => {
                // The page is shown for addresses at any depth, so its links begin at the host if that is known.
                let root = if self.base_url.is_some() { self.base.as_str() } else { "" };
                sheet.html_from("404.html", pages::not_found(), root)
            }
            Job::EntriesJson => sheet.json(&pages::entries_json(model)),
            Job::RulesJson => sheet.json(&pages::rules_json(model)),
            Job::Sitemap => {
                let base = self.base_url.as_deref().unwrap_or_default();
                let mut all: Vec<String> = (self.jobs.iter())
                    .map(|job| self.path(*job))
                    .filter(|path| path.ends_with("index.html") && !path.contains("/r/"))
                    .map(|path| format!("{base}{}", path.trim_end_matches("index.html")))
                    .collect();
                all.sort();
                sheet.html("sitemap.xml", view!({ "urls": all }))
            }
            Job::Static(number) => Ok(sheet.copy(&self.files.pages[number].bytes)),
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
    renderer: &'r Renderer,
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
        self.renderer.render(template, values, root, &mut self.page)?;
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

    fn copy(mut self, bytes: &[u8]) -> Page {
        self.page.bytes.extend_from_slice(bytes);
        self.page
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
