//! Which files the site has, and how each is made.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::OnceLock;

use super::assets::Static;
use super::model::{self, Model};
use super::originals::Originals;
use super::render::Renderer;
use super::view::{View, put, view};
use super::{Error, Options, Page, Sources, pages, search};
use crate::content::{Date, Entity, EntityKind};
use crate::diff::{self, Diff};
use crate::rules::Rule;

/// A page to be made from a template.
#[derive(Debug, Clone, Copy)]
enum Job<'a> {
    Home,
    Index(EntityKind),
    Entity(&'a Entity),
    EntityAt(&'a Entity, Date),
    History(&'a Entity),
    Rules,
    Rule(&'a Rule),
    CompareIndex,
    Compare(usize),
    Changes,
    Feed,
    Coverage,
    Revisions,
    Techniques,
    Search,
    Print,
    Linting,
    About,
    NotFound,
    Sitemap,
}

/// A file for programs to be made.
#[derive(Debug, Clone, Copy)]
enum Data<'a> {
    Compare(usize),
    Entries,
    Rules,
    Entity(&'a Entity),
    Rule(&'a Rule),
}

/// The main navigation: id, title, page.
const NAVIGATION: [(&str, &str, &str); 8] = [
    ("groups", "Groups", "groups/index.html"),
    ("accounts", "Accounts", "accounts/index.html"),
    ("database", "Database", "database/index.html"),
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

/// All files of a site but the static ones. Data can be made from it; pages need what it is furnished with.
pub(super) struct Plan<'a> {
    model: Model<'a>,
    options: &'a Options,
    pairs: Vec<Pair>,
    originals: Originals,
    base: String,
    data: Vec<Data<'a>>,
    /// Those that take longest come first.
    pages: Vec<Job<'a>>,
}

/// A plan with what pages are made with. Its files are numbered: data, pages, static files.
pub(super) struct Furnished<'p> {
    plan: &'p Plan<'p>,
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
        let mut data: Vec<Data<'a>> = (0..pairs.len()).map(Data::Compare).collect();
        data.extend([Data::Entries, Data::Rules]);
        data.extend(entities.iter().map(Data::Entity));
        data.extend(rules.iter().map(Data::Rule));
        let mut jobs = vec![Job::Print];
        jobs.extend((0..pairs.len()).map(Job::Compare));
        jobs.extend([
            Job::Changes,
            Job::Coverage,
            Job::Index(EntityKind::Group),
            Job::Index(EntityKind::Account),
            Job::Index(EntityKind::SqlRole),
            Job::Rules,
            Job::Search,
            Job::Home,
            Job::CompareIndex,
            Job::Feed,
            Job::Revisions,
            Job::Techniques,
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
            data,
            pages: jobs,
        })
    }

    /// Reads the templates and makes the static files, the index of the search among them.
    pub(super) fn furnish(&self) -> Result<Furnished<'_>, Error> {
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
        Ok(Furnished { plan: self, renderer: templates?.sharing(shared), files })
    }

    /// How many files there are but the static ones.
    pub(super) fn len(&self) -> usize {
        self.data.len() + self.pages.len()
    }

    /// How many files of data there are.
    pub(super) fn data(&self) -> usize {
        self.data.len()
    }

    /// The path of the site on its host.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    fn data_path(&self, data: Data<'_>) -> String {
        match data {
            Data::Compare(number) => pages::compare_data(self.pairs[number].from, self.pairs[number].to),
            Data::Entries => "entries.json".to_owned(),
            Data::Rules => "rules.json".to_owned(),
            Data::Entity(entity) => model::folder(entity) + "index.json",
            Data::Rule(rule) => format!("rules/{}/index.json", rule.id),
        }
    }

    /// Makes a file of data, in the empty buffer it is given.
    pub(super) fn datum(&self, number: usize, bytes: Vec<u8>) -> Result<Page, Error> {
        let data = self.data[number];
        let mut page = Page { path: self.data_path(data), bytes };
        let (model, out) = (&self.model, &mut page.bytes);
        let written = match data {
            // Large, and read by programs only.
            Data::Compare(number) => serde_json::to_writer(out, &diff::shape(self.diff(number))),
            Data::Entries => serde_json::to_writer_pretty(out, &pages::entries_json(model)),
            Data::Rules => serde_json::to_writer_pretty(out, &pages::rules_json(model)),
            Data::Entity(entity) => serde_json::to_writer_pretty(out, &pages::entity_json(model, entity)),
            Data::Rule(rule) => serde_json::to_writer_pretty(out, &pages::rule_json(model, rule)),
        };
        written.map_err(|e| Error::file(&page.path)(e.into()))?;
        page.bytes.push(b'\n');
        Ok(page)
    }

    fn path(&self, job: Job<'_>) -> String {
        match job {
            Job::Home => "index.html".to_owned(),
            Job::Index(kind) => format!("{}/index.html", kind.folder().unwrap_or_default()),
            Job::Entity(entity) => model::page(entity),
            Job::EntityAt(entity, date) => model::page_at(entity, date),
            Job::History(entity) => model::folder(entity) + "history/index.html",
            Job::Rules => "rules/index.html".to_owned(),
            Job::Rule(rule) => model::rule_page(&rule.id),
            Job::CompareIndex => "compare/index.html".to_owned(),
            Job::Compare(number) => pages::compare_page(self.pairs[number].from, self.pairs[number].to),
            Job::Changes => "changes/index.html".to_owned(),
            Job::Feed => "feed.xml".to_owned(),
            Job::Coverage => "coverage/index.html".to_owned(),
            Job::Revisions => "revisions/index.html".to_owned(),
            Job::Techniques => pages::TECHNIQUES.to_owned(),
            Job::Search => "search/index.html".to_owned(),
            Job::Print => "print/index.html".to_owned(),
            Job::Linting => "linting/index.html".to_owned(),
            Job::About => "about/index.html".to_owned(),
            Job::NotFound => "404.html".to_owned(),
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
}

impl Furnished<'_> {
    /// How many files there are.
    pub(super) fn len(&self) -> usize {
        self.plan.len() + self.files.pages.len()
    }

    /// The paths of all files, with their numbers.
    pub(super) fn paths(&self) -> Result<HashMap<String, usize>, Error> {
        let data = self.plan.data.iter().map(|data| self.plan.data_path(*data));
        let pages = self.plan.pages.iter().map(|job| self.plan.path(*job));
        let files = self.files.pages.iter().map(|file| file.path.clone());
        let mut paths = HashMap::with_capacity(self.len());
        for (number, path) in data.chain(pages).chain(files).enumerate() {
            match paths.entry(path) {
                Entry::Occupied(twice) => return Err(Error::Twice(twice.key().clone())),
                Entry::Vacant(free) => free.insert(number),
            };
        }
        Ok(paths)
    }

    /// Makes a file that is no data, in the empty buffer it is given.
    pub(super) fn page(&self, number: usize, bytes: Vec<u8>) -> Result<Page, Error> {
        let plan = self.plan;
        let number = number - plan.data.len();
        let Some(job) = plan.pages.get(number).copied() else {
            let file = &self.files.pages[number - plan.pages.len()];
            let mut page = Page { path: file.path.clone(), bytes };
            page.bytes.extend_from_slice(&file.bytes);
            return Ok(page);
        };
        let model = &plan.model;
        let mut page = Page { path: plan.path(job), bytes };
        let root = "../".repeat(page.path.matches('/').count());
        let mut html =
            |template: &str, values: View| self.renderer.render(template, values, &root, &mut page);
        match job {
            Job::Home => html("home.html", pages::home(model, plan.steps().last().copied())),
            Job::Index(kind) => html("entities.html", pages::entities(model, kind)),
            Job::Entity(entity) => html("entity.html", pages::entity(model, entity)),
            Job::EntityAt(entity, date) => {
                let mut values = pages::entity_at(model, entity, date);
                let title = entity.name.at(date);
                let original = title.and_then(|t| plan.originals.entry(date, t));
                put!(values, { "original": original });
                html("entity.html", values)
            }
            Job::History(entity) => {
                let words = |from, to| plan.originals.compared(from, to);
                html("history.html", pages::history(model, entity, &words))
            }
            Job::Rules => html("rules.html", pages::rules(model)),
            Job::Rule(rule) => html("rule.html", pages::rule(model, rule)),
            Job::CompareIndex => {
                let diffs: Vec<_> =
                    plan.pairs.iter().enumerate().map(|(n, p)| (p.from, p.to, plan.diff(n))).collect();
                html("compare-index.html", pages::compare_index(model, &diffs))
            }
            Job::Compare(number) => {
                let pair = &plan.pairs[number];
                let words = plan.originals.compared(pair.from, pair.to);
                html("compare.html", pages::compare(model, plan.diff(number), words.as_ref()))
            }
            Job::Changes => html("changes.html", pages::changes(model, &plan.steps())),
            Job::Feed => {
                let mut values = pages::feed(model, &plan.steps());
                put!(values, { "base": plan.options.base_url.as_deref().unwrap_or_default() });
                html("feed.xml", values)
            }
            Job::Coverage => html("coverage.html", pages::coverage(model)),
            Job::Revisions => html("revisions.html", pages::revisions(model)),
            Job::Techniques => html("techniques.html", pages::techniques(model)),
            Job::Search => html("search.html", pages::search(model)),
            Job::Print => html("print.html", pages::print(model)),
            Job::Linting => {
                html("linting.html", pages::linting(model, &plan.options.commands, &plan.options.formats))
            }
            Job::About => html("about.html", pages::about(model)),
            Job::NotFound => {
                // The page is shown for addresses at any depth, so its links begin at the host if that is known.
                let root = if plan.options.base_url.is_some() { plan.base.as_str() } else { "" };
                self.renderer.render("404.html", pages::not_found(), root, &mut page)
            }
            Job::Sitemap => {
                let base = plan.options.base_url.as_deref().unwrap_or_default();
                let mut all: Vec<String> = (plan.pages.iter())
                    .map(|job| plan.path(*job))
                    .filter(|path| path.ends_with("index.html") && !path.contains("/r/"))
                    .map(|path| format!("{base}{}", path.trim_end_matches("index.html")))
                    .collect();
                all.sort();
                html("sitemap.xml", view!({ "urls": all }))
            }
        }?;
        Ok(page)
    }
}

/// What the search finds.
fn search_index(sources: &Sources<'_>, steps: &[&Diff]) -> search::Index {
    let content = sources.content;
    let mut rest = search::of_rules(content, sources.rules);
    rest.extend(search::of_revisions(content));
    rest.extend(search::of_techniques(content));
    rest.extend(steps.iter().flat_map(|diff| search::of_changes(content, diff)));
    let dates: Vec<String> = content.dates().iter().map(ToString::to_string).collect();
    search::build(&search::of_content(content), &rest, &dates, &content.vocabulary.synonyms)
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
