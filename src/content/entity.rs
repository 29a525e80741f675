//! Accounts, groups and the page itself, with what is documented of them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::yaml::{Document, Fields, File, Node, Problem, Problems, Spanned};

use super::fact::{Fact, Written, texts_in};
use super::timeline::date;
use super::{Date, Timeline};
use crate::vocabulary::{Name, Securable, Vocabulary};

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityKind {
    /// A Windows group.
    Group,
    /// An account.
    Account,
    /// A user of the site database.
    SqlUser,
    /// A role of the site database.
    SqlRole,
    /// The page itself.
    Document,
}

impl EntityKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Group, Self::Account, Self::SqlUser, Self::SqlRole, Self::Document];

    /// The folder of `content/` in which files of that kind stand, and of the website its pages; none for the page
    /// itself.
    pub fn folder(self) -> Option<&'static str> {
        match self {
            Self::Group => Some("groups"),
            Self::Account => Some("accounts"),
            Self::SqlUser | Self::SqlRole => Some("database"),
            Self::Document => None,
        }
    }

    /// What one of them is called in a text.
    pub fn word(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Account => "account",
            Self::SqlUser => "database user",
            Self::SqlRole => "database role",
            Self::Document => "the page itself",
        }
    }

    /// The word used in files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Account => "account",
            Self::SqlUser => "sql-user",
            Self::SqlRole => "sql-role",
            Self::Document => "document",
        }
    }
}

/// A documented account or group.
#[derive(Debug, Clone)]
pub struct Entity {
    /// Kebab-case id.
    pub id: String,
    /// What it is.
    pub kind: EntityKind,
    /// Title.
    pub name: Timeline<String>,
    /// The name of a group in Windows, where the page's title of some revision is another.
    pub windows_name: Option<String>,
    /// The name of a group that ends in a site code, with `<sitecode>`.
    pub name_pattern: Option<String>,
    /// Other names people use.
    pub aliases: Vec<String>,
    /// The entity that took its place.
    pub merged_into: Option<Timeline<String>>,
    /// Fragment of its heading in the published page.
    pub anchor: Option<Timeline<String>>,
    /// Roles it belongs to.
    pub roles: Vec<Item>,
    /// Types of sites it belongs to.
    pub site_types: Vec<Item>,
    /// Task sequence steps it belongs to, by title.
    pub steps: Vec<Item>,
    /// Feature it belongs to.
    pub feature: Option<String>,
    /// One sentence.
    pub purpose: String,
    /// What a reader should know and the documents do not say.
    pub notes: Vec<String>,
    /// What is said of it.
    pub statements: Vec<Statement>,
    /// Its file, for messages.
    pub file: Arc<File>,
    /// Where its id stands in the file.
    pub span: Range<usize>,
}

impl Entity {
    /// Its title at a revision, or the last it had; its id if it never had one.
    pub fn title(&self, revision: Date) -> &str {
        self.name.at_or_last(revision).map_or(&self.id, String::as_str)
    }

    /// The name that exports have of it at a revision; none if the revision does not have it.
    pub fn exported_name(&self, revision: Date) -> Option<&str> {
        let title = self.name.at(revision)?;
        Some(self.windows_name.as_ref().unwrap_or(title))
    }

    /// From when on it is the same for good, to the letter; none if it differs from revision to revision.
    pub fn settled_since(&self) -> Option<Date> {
        let mut items = self.roles.iter().chain(&self.site_types);
        let mut last = self.name.settled_since()?;
        for statement in &self.statements {
            last = last.max(statement.settled_since()?);
        }
        (self.merged_into.is_none() && items.all(|item| item.revisions.is_none())).then_some(last)
    }
}

/// An item of a list that may hold in some revisions only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub name: String,
    /// The revisions it holds in; none means all.
    pub revisions: Option<Vec<Date>>,
}

impl Item {
    /// Whether it holds in a revision.
    pub fn holds(&self, revision: Date) -> bool {
        self.revisions.as_ref().is_none_or(|r| r.contains(&revision))
    }
}

/// How binding a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Level {
    Must,
    MustNot,
    Should,
    ShouldNot,
    May,
    Info,
}

impl Level {
    /// All of them, the strictest first.
    pub const ALL: [Self; 6] =
        [Self::Must, Self::MustNot, Self::Should, Self::ShouldNot, Self::May, Self::Info];

    /// The word used in files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::MustNot => "must-not",
            Self::Should => "should",
            Self::ShouldNot => "should-not",
            Self::May => "may",
            Self::Info => "info",
        }
    }
}

/// Whether an export can show that a statement is kept or broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Checkable {
    Yes,
    Partial,
    No,
}

impl Checkable {
    const ALL: [Self; 3] = [Self::Yes, Self::Partial, Self::No];

    /// The word used in files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Partial => "partial",
            Self::No => "no",
        }
    }
}

/// The box of the page a statement stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Alert {
    Note,
    Tip,
    Important,
    Warning,
}

impl Alert {
    const ALL: [Self; 4] = [Self::Note, Self::Tip, Self::Important, Self::Warning];

    /// The word used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Tip => "tip",
            Self::Important => "important",
            Self::Warning => "warning",
        }
    }
}

/// The categories of statements.
pub const CATEGORIES: [&str; 14] = [
    "purpose",
    "requirement",
    "prohibition",
    "recommendation",
    "permission",
    "limit",
    "membership",
    "location",
    "default",
    "condition",
    "behaviour",
    "lifecycle",
    "console",
    "see-also",
];

/// The kinds of changes between revisions.
pub const CHANGE_KINDS: [&str; 8] = [
    "fact-added",
    "fact-removed",
    "fact-changed",
    "clarified",
    "terminology",
    "rename",
    "layout",
    "editorial",
];

/// A documented statement.
#[derive(Debug, Clone)]
pub struct Statement {
    /// `entity/statement`.
    pub reference: String,
    /// One of [`CATEGORIES`].
    pub category: String,
    /// How binding it is.
    pub level: Timeline<Level>,
    /// What it says, in our words; present in the revisions that make it.
    pub text: Timeline<String>,
    /// What one revision says in particular.
    pub detail: Option<Timeline<String>>,
    /// The quoted words whose wording changed.
    pub terms: Option<Timeline<String>>,
    /// The box it stands in.
    pub alert: Option<Timeline<Alert>>,
    /// The sub-heading it stands under.
    pub section: Option<Timeline<String>>,
    /// What it points to.
    pub links: Option<Timeline<Vec<Link>>>,
    /// How each revision differs from the one before.
    pub changes: Vec<Change>,
    /// Machine-readable facts.
    pub facts: Vec<Fact>,
    /// Whether it can be checked.
    pub checkable: Checkable,
    /// Why not, or not fully.
    pub because: Option<String>,
    /// Evidence kinds that would show it.
    pub evidence: Vec<String>,
    /// What in that evidence to look at.
    pub look_at: Option<String>,
    /// Fingerprints of the original sentences.
    pub seen: Option<Timeline<Vec<u64>>>,
    /// Where its id stands in the file of its entity.
    pub span: Range<usize>,
    /// Where its text stands in the file of its entity.
    pub text_span: Range<usize>,
}

/// What the ids of statements begin with that were made from sentences of a page and that nobody has written yet.
pub(crate) const DRAFT: &str = "draft-";

impl Statement {
    /// From when on it is the same for good, to the letter; none if it differs from revision to revision.
    pub fn settled_since(&self) -> Option<Date> {
        fn optional<T>(timeline: &Option<Timeline<T>>, last: Date) -> Option<Date> {
            timeline.as_ref().map_or(Some(last), |t| Some(t.settled_since()?.max(last)))
        }
        let mut last = self.text.settled_since()?.max(self.level.settled_since()?);
        last = optional(&self.detail, last)?;
        last = optional(&self.terms, last)?;
        last = optional(&self.alert, last)?;
        last = optional(&self.section, last)?;
        last = optional(&self.links, last)?;
        for fact in &self.facts {
            last = last.max(fact.settled_since()?);
        }
        self.changes.is_empty().then_some(last)
    }

    /// Whether it was made from a sentence of a page and nobody has written it yet.
    pub fn is_draft(&self) -> bool {
        self.id().starts_with(DRAFT)
    }

    /// Its id within its entity: the part of the reference behind the stroke.
    pub fn id(&self) -> &str {
        self.reference.rsplit('/').next().unwrap_or(&self.reference)
    }
}

/// Something a statement points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Title of the target.
    pub title: String,
    /// Its address on the publisher's site.
    pub target: String,
}

/// How a revision differs from the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The later revision.
    pub revision: Date,
    /// One of [`CHANGE_KINDS`].
    pub kind: String,
    /// What changed.
    pub note: String,
}

/// What the entities are checked against.
pub(super) struct Known<'a> {
    /// The revisions, oldest first.
    pub(super) revisions: &'a [Date],
    /// The names, if the vocabulary could be read.
    pub(super) vocabulary: Option<&'a Vocabulary>,
}

/// A reference to another entity, to be checked when all are known.
pub(super) struct Pointer {
    /// The id.
    pub(super) id: Spanned<String>,
    /// The file it stands in.
    pub(super) file: Arc<File>,
    /// The entity it stands in.
    pub(super) from: String,
    /// Whether it must be another one.
    pub(super) distinct: bool,
}

/// Reads a file of `accounts/` or `groups/`, or `document.yaml`.
pub(super) fn read(
    document: &Document,
    known: &Known<'_>,
    pointers: &mut Vec<Pointer>,
    problems: &mut Problems,
) -> Option<Entity> {
    let file = &document.file;
    let mut f = document.fields("account or group", problems)?;
    let id = f.required_text("id", problems);
    if let Some(id) = &id {
        if id.value != file.stem() {
            problems.push(
                Problem::error(
                    file,
                    id.span.clone(),
                    format!("the id is not the file name `{}`", file.stem()),
                )
                .help("an id never changes; rename the file"),
            );
        } else {
            problems.kebab(file, id);
        }
    }
    let here = |kind: &EntityKind| kind.folder().is_some_and(|folder| folder == file.folder());
    let mut expected: Vec<EntityKind> = EntityKind::ALL.into_iter().filter(here).collect();
    let folder =
        if expected.is_empty() { "the root of content".to_owned() } else { format!("{}/", file.folder()) };
    if expected.is_empty() {
        expected.push(EntityKind::Document);
    }
    let kind = f.required_word("kind", &EntityKind::ALL.map(|k| (k.name(), k)), problems);
    if let Some(kind) = &kind
        && !expected.contains(&kind.value)
    {
        let names: Vec<String> = expected.iter().map(|k| format!("`{}`", k.name())).collect();
        problems.push(
            Problem::error(
                file,
                kind.span.clone(),
                format!("kind `{}` does not belong in {folder}", kind.name()),
            )
            .help(format!("files in {folder} are of kind {}", names.join(" or "))),
        );
    }
    // References follow the file name, so that a wrong id makes one problem and not many.
    let id = Spanned::new(file.stem().to_owned(), id.map_or(f.head(), |id| id.span));

    let reader = Reader { file, known };
    let name = f.required("name", problems).and_then(|n| reader.texts_over(n, "name", problems));
    let merged_into = reader.optional(&mut f, "merged_into", problems, |node, problems| {
        let target = node.text(file, "`merged_into`", problems)?;
        pointers.push(Pointer {
            id: target.clone().map(str::to_owned),
            file: Arc::clone(file),
            from: id.value.clone(),
            distinct: false,
        });
        Some(target.value.to_owned())
    });
    if let (Some(name), Some(merged)) = (&name, &merged_into) {
        for (from, _) in
            merged.steps.iter().filter(|(from, target)| target.is_some() && name.at(*from).is_some())
        {
            let span = f.key("merged_into").map_or(f.head(), |key| key.span.clone());
            problems.push(
                Problem::error(file, span, format!("it is merged from {from} on, but still has a name then"))
                    .help(format!("end the name: `{from}: null`")),
            );
        }
    }
    let roles = known.vocabulary.map(|v| v.roles.as_slice());
    let site_types = known.vocabulary.map(|v| v.site_types.as_slice());
    let mut entity = Entity {
        kind: kind.map_or(expected[0], |k| k.value),
        name: name.unwrap_or(Timeline { steps: Vec::new() }),
        windows_name: f.text("windows_name", problems).map(|t| t.value.to_owned()),
        name_pattern: f.text("name_pattern", problems).map(|t| t.value.to_owned()),
        aliases: owned(f.texts("aliases", problems)),
        merged_into,
        anchor: reader.optional_text(&mut f, "anchor", problems),
        roles: reader.items(&mut f, "roles", roles.map(|names| ("role", names)), problems),
        site_types: reader.items(&mut f, "site_types", site_types.map(|n| ("site type", n)), problems),
        steps: reader.items(&mut f, "steps", None, problems),
        feature: f.text("feature", problems).map(|t| t.value.to_owned()),
        purpose: f.required_text("purpose", problems).map(|t| t.value.to_owned()).unwrap_or_default(),
        notes: owned(f.texts("notes", problems)),
        statements: Vec::new(),
        file: Arc::clone(file),
        span: id.span.clone(),
        id: id.value,
    };
    if f.required("statements", problems).is_some_and(|n| n.as_list().is_some_and(<[Node]>::is_empty)) {
        problems.error(file, f.head(), "nothing is said of it");
    }
    let nodes = f.list("statements", problems);
    f.finish(problems);
    for node in nodes {
        let Some(statement) = reader.statement(node, &entity.id, pointers, problems) else { continue };
        if let Some(first) = entity.statements.iter().find(|s| s.reference == statement.reference) {
            problems.push(
                Problem::error(
                    file,
                    statement.span.clone(),
                    format!("the statement `{}` comes twice", statement.id()),
                )
                .related(file, first.span.clone(), "first here"),
            );
        }
        entity.statements.push(statement);
    }
    Some(entity)
}

fn owned(texts: Vec<Spanned<&str>>) -> Vec<String> {
    texts.into_iter().map(|t| t.value.to_owned()).collect()
}

/// Reads the parts of one file.
struct Reader<'a> {
    file: &'a Arc<File>,
    known: &'a Known<'a>,
}

impl Reader<'_> {
    fn text(&self, node: &Node, name: &str, problems: &mut Problems) -> Option<String> {
        let text = node.text(self.file, &format!("`{name}`"), problems)?;
        if text.value.trim().is_empty() {
            problems.error(self.file, text.span, format!("`{name}` is empty"));
            return None;
        }
        Some(text.value.to_owned())
    }

    fn texts_over(&self, node: &Node, name: &str, problems: &mut Problems) -> Option<Timeline<String>> {
        Timeline::read(node, self.file, self.known.revisions, name, problems, |node, problems| {
            self.text(node, name, problems)
        })
    }

    fn optional<'n, T: PartialEq>(
        &self,
        f: &mut Fields<'n>,
        name: &'n str,
        problems: &mut Problems,
        value: impl FnMut(&Node, &mut Problems) -> Option<T>,
    ) -> Option<Timeline<T>> {
        let node = f.get(name)?;
        Timeline::read(node, self.file, self.known.revisions, name, problems, value)
    }

    fn optional_text<'n>(
        &self,
        f: &mut Fields<'n>,
        name: &'n str,
        problems: &mut Problems,
    ) -> Option<Timeline<String>> {
        f.get(name).and_then(|node| self.texts_over(node, name, problems))
    }

    /// A list of names, some of them `{name, revisions: [...]}`.
    fn items<'n>(
        &self,
        f: &mut Fields<'n>,
        field: &'n str,
        names: Option<(&str, &[Name])>,
        problems: &mut Problems,
    ) -> Vec<Item> {
        let mut out = Vec::new();
        for node in f.list(field, problems) {
            let (name, revisions) = if node.as_map().is_some() {
                let Some(mut item) = node.fields(self.file, "list item", problems) else { continue };
                let name = item.required_text("name", problems);
                let mut dates = Vec::new();
                for node in item.required("revisions", problems).and_then(Node::as_list).unwrap_or_default() {
                    let Some(text) = node.text(self.file, "a revision", problems) else { continue };
                    dates.extend(date(text.value, self.file, text.span, self.known.revisions, problems));
                }
                item.finish(problems);
                (name, Some(dates))
            } else {
                (node.text(self.file, &format!("each item of `{field}`"), problems), None)
            };
            let Some(name) = name else { continue };
            if let Some((what, names)) = names {
                self.one_of(&name, what, names.iter().map(|n| n.id.as_str()), problems);
            }
            out.push(Item { name: name.value.to_owned(), revisions });
        }
        out
    }

    /// Whether a name is one of a list; a problem if not.
    fn one_of<'s>(
        &self,
        name: &Spanned<&str>,
        what: &str,
        names: impl Iterator<Item = &'s str> + Clone,
        problems: &mut Problems,
    ) -> bool {
        let there = names.clone().any(|n| n == name.value);
        if !there {
            problems.push(Problem::unknown_name(self.file, name.span.clone(), what, name.value, names));
        }
        there
    }

    fn statement(
        &self,
        node: &Node,
        entity: &str,
        pointers: &mut Vec<Pointer>,
        problems: &mut Problems,
    ) -> Option<Statement> {
        let file = self.file;
        let mut f = node.fields(file, "statement", problems)?;
        let id = f.required_text("id", problems);
        if let Some(id) = &id {
            problems.kebab(file, id);
        }
        let category = f.required_text("category", problems);
        if let Some(category) = &category {
            self.one_of(category, "category", CATEGORIES.into_iter(), problems);
        }
        let levels = Level::ALL.map(|l| (l.name(), l));
        let level = f.required("level", problems).and_then(|node| {
            Timeline::read(node, file, self.known.revisions, "level", problems, |node, problems| {
                node.word(file, "level", &levels, problems).map(|l| l.value)
            })
        });
        let text_node = f.required("text", problems);
        let text = text_node.and_then(|node| self.texts_over(node, "text", problems));
        let detail = self.optional_text(&mut f, "detail", problems);
        let terms = self.optional(&mut f, "terms", problems, |node, problems| {
            let words = self.text(node, "terms", problems)?;
            if words.split_whitespace().count() > 8 {
                problems.push(
                    Problem::error(file, node.span.clone(), "more than eight words are quoted")
                        .label(format!("{} words", words.split_whitespace().count()))
                        .help("quote only the words whose wording changed"),
                );
            }
            Some(words)
        });
        let alerts = Alert::ALL.map(|a| (a.name(), a));
        let alert = self.optional(&mut f, "alert", problems, |node, problems| {
            node.word(file, "alert", &alerts, problems).map(|a| a.value)
        });
        let section = self.optional_text(&mut f, "section", problems);
        let links = self.optional(&mut f, "links", problems, |node, problems| self.links(node, problems));
        let changes = self.changes(&mut f, problems);
        let mut facts = Vec::new();
        for node in f.list("facts", problems) {
            facts.extend(self.fact(node, entity, pointers, problems));
        }
        let checkables = Checkable::ALL.map(|c| (c.name(), c));
        let checkable = f.required_word("checkable", &checkables, problems);
        let because = f.text("because", problems);
        let evidence = f.texts("evidence", problems);
        if let Some(vocabulary) = self.known.vocabulary {
            for kind in &evidence {
                let names = vocabulary.evidence_kinds.iter().map(|k| k.id.as_str());
                self.one_of(kind, "kind of evidence", names, problems);
            }
        }
        let look_at = f.text("look_at", problems);
        if let Some(checkable) = &checkable {
            self.check_why(&f, checkable, because.as_ref(), evidence.is_empty(), look_at.is_none(), problems);
        }
        let seen =
            self.optional(&mut f, "seen", problems, |node, problems| self.fingerprints(node, problems));
        let statement = Statement {
            reference: format!("{entity}/{}", id.as_ref().map_or("", |id| id.value)),
            category: category.map(|c| c.value.to_owned()).unwrap_or_default(),
            level: level.unwrap_or(Timeline { steps: Vec::new() }),
            text: text.unwrap_or(Timeline { steps: Vec::new() }),
            detail,
            terms,
            alert,
            section,
            links,
            changes,
            facts,
            checkable: checkable.map_or(Checkable::No, |c| c.value),
            because: because.map(|t| t.value.to_owned()),
            evidence: owned(evidence),
            look_at: look_at.map(|t| t.value.to_owned()),
            seen,
            span: id.as_ref().map_or(f.head(), |id| id.span.clone()),
            text_span: text_node.map_or(f.head(), Node::head),
        };
        if !statement.level.steps.is_empty()
            && let Some(date) = (self.known.revisions.iter())
                .find(|date| statement.text.at(**date).is_some() && statement.level.at(**date).is_none())
        {
            let span = f.key("level").map_or(f.head(), |key| key.span.clone());
            problems.error(file, span, format!("the statement is made in {date}, but has no level then"));
        }
        f.finish(problems);
        id.is_some().then_some(statement)
    }

    /// What can be checked says where to look; what cannot says why.
    fn check_why(
        &self,
        f: &Fields<'_>,
        checkable: &Spanned<Checkable>,
        because: Option<&Spanned<&str>>,
        no_evidence: bool,
        no_look_at: bool,
        problems: &mut Problems,
    ) {
        let file = self.file;
        if checkable.value == Checkable::Yes {
            if let Some(because) = because {
                problems.push(
                    Problem::warning(
                        file,
                        because.span.clone(),
                        "a reason, although the statement can be checked",
                    )
                    .related(file, checkable.span.clone(), "nothing to excuse here"),
                );
            }
        } else if because.is_none() && f.key("because").is_none() {
            problems.push(
                Problem::error(file, checkable.span.clone(), "the statement has no field `because`")
                    .label(format!("`{}` needs a reason", checkable.name()))
                    .help("say why an export cannot show it, or not fully"),
            );
        }
        if checkable.value != Checkable::No {
            for (missing, field) in [(no_evidence, "evidence"), (no_look_at, "look_at")] {
                if missing && f.key(field).is_none() {
                    problems.push(
                        Problem::error(
                            file,
                            checkable.span.clone(),
                            format!("the statement has no field `{field}`"),
                        )
                        .help("say what in an export would show it"),
                    );
                }
            }
        }
    }

    fn links(&self, node: &Node, problems: &mut Problems) -> Option<Vec<Link>> {
        let mut out = Vec::new();
        for node in node.list(self.file, "`links`", problems)? {
            let Some(mut f) = node.fields(self.file, "link", problems) else { continue };
            let title = f.required_text("title", problems);
            let target = f.required_text("target", problems);
            f.finish(problems);
            if let (Some(title), Some(target)) = (title, target) {
                out.push(Link { title: title.value.to_owned(), target: target.value.to_owned() });
            }
        }
        Some(out)
    }

    fn changes(&self, f: &mut Fields<'_>, problems: &mut Problems) -> Vec<Change> {
        let mut out: Vec<Change> = Vec::new();
        for node in f.list("changes", problems) {
            let Some(mut c) = node.fields(self.file, "change", problems) else { continue };
            let revision = c.required_text("revision", problems);
            let kind = c.required_text("kind", problems);
            let note = c.required_text("note", problems);
            c.finish(problems);
            if let Some(kind) = &kind {
                self.one_of(kind, "kind of change", CHANGE_KINDS.into_iter(), problems);
            }
            let (Some(revision), Some(kind), Some(note)) = (revision, kind, note) else { continue };
            let span = revision.span.clone();
            let Some(date) = date(revision.value, self.file, span.clone(), self.known.revisions, problems)
            else {
                continue;
            };
            if self.known.revisions.first() == Some(&date) {
                problems.error(self.file, span, "the oldest revision differs from nothing");
            } else if out.last().is_some_and(|last| last.revision > date) {
                problems.error(self.file, span, "the dates of `changes` do not rise");
            }
            out.push(Change { revision: date, kind: kind.value.to_owned(), note: note.value.to_owned() });
        }
        out
    }

    /// Fingerprints are 16 hexadecimal digits. YAML takes some of them for numbers, so they are read as they
    /// are written.
    fn fingerprints(&self, node: &Node, problems: &mut Problems) -> Option<Vec<u64>> {
        let mut out = Vec::new();
        for node in node.list(self.file, "`seen`", problems)? {
            let written = self.file.text.get(node.span.clone()).unwrap_or_default();
            let digits = written.trim_matches(['\'', '"']);
            let fine = digits.len() == 16 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            match u64::from_str_radix(digits, 16) {
                Ok(value) if fine => out.push(value),
                _ => problems.error(
                    self.file,
                    node.head(),
                    "a fingerprint is 16 hexadecimal digits in lower case",
                ),
            }
        }
        Some(out)
    }

    fn fact(
        &self,
        node: &Node,
        entity: &str,
        pointers: &mut Vec<Pointer>,
        problems: &mut Problems,
    ) -> Option<Fact> {
        let file = self.file;
        let mut f = node.fields(file, "fact", problems)?;
        let kind = f.required_text("kind", problems)?;
        let derived = f.texts("derived", problems);
        for key in &derived {
            let names = f.rest().map(|(key, _)| key.value.as_str()).collect::<Vec<_>>();
            self.one_of(key, "key of the fact", names.into_iter(), problems);
        }
        let kind_of = self.known.vocabulary.and_then(|v| v.fact_kind(kind.value));
        if let Some(vocabulary) = self.known.vocabulary
            && kind_of.is_none()
        {
            let kinds = vocabulary.facts.iter().map(|kind| kind.id.as_str());
            self.one_of(&kind, "kind of fact", kinds, problems);
        }
        let mut keys = BTreeMap::new();
        let mut nodes = Vec::new();
        for (key, node) in f.rest() {
            if matches!(key.value.as_str(), "entity" | "statement") {
                problems.push(
                    Problem::error(
                        file,
                        key.span.clone(),
                        format!("a fact has no key `{}` of its own", key.value),
                    )
                    .help("rules find the entity and the statement of each fact under these names"),
                );
            } else if let Some(kind) = kind_of
                && !kind.keys().any(|known| known == key.value)
            {
                let mut known: Vec<&str> = kind.keys().collect();
                known.sort_unstable();
                known.dedup();
                let what = format!("key of `{}` facts", kind.id);
                problems.push(Problem::unknown_name(file, key.span.clone(), &what, &key.value, known));
            }
            nodes.push((key, node));
            let revisions = self.known.revisions;
            if let Some(value) = Timeline::read_any(node, file, revisions, &key.value, problems) {
                keys.insert(key.value.clone(), value);
            }
            self.fact_names(&kind, key, node, entity, pointers, problems);
        }
        let (derived, vocabulary) = (owned(derived), self.known.vocabulary);
        Some(Written { file, kind, keys, nodes, derived, vocabulary }.fact(problems))
    }

    /// Checks the names in a fact that the vocabulary or the specification knows.
    fn fact_names(
        &self,
        kind: &str,
        key: &Spanned<String>,
        node: &Node,
        entity: &str,
        pointers: &mut Vec<Pointer>,
        problems: &mut Problems,
    ) {
        let Some(vocabulary) = self.known.vocabulary else { return };
        let mut texts = Vec::new();
        texts_in(node, &mut texts);
        let key_name = key.value.as_str();
        if kind == "distinct-from" && key_name == "account" {
            pointers.extend(texts.into_iter().map(|t| Pointer {
                id: t.map(str::to_owned),
                file: Arc::clone(self.file),
                from: entity.to_owned(),
                distinct: true,
            }));
            return;
        }
        let permission = match kind {
            "acl" | "share-acl" => Some(Securable::File),
            "wmi-acl" => Some(Securable::Namespace),
            "dcom" => Some(Securable::Dcom),
            "sql" => Some(Securable::Database),
            "ad-acl" => Some(Securable::Directory),
            _ => None,
        };
        let securable = || vocabulary.securable_permissions.iter();
        let (what, names): (&str, Vec<&str>) = match (kind, key_name) {
            ("user-right", "right") => {
                ("user right", vocabulary.user_rights.iter().map(|r| r.id.as_str()).collect())
            }
            (_, "permissions" | "permission" | "alternatives") if permission.is_some() => {
                let of = vocabulary.permissions.iter().filter(|p| Some(p.on) == permission);
                let mut names: Vec<&str> = of.map(|p| p.id.as_str()).collect();
                // A document may ask for access without saying which.
                names.extend((kind == "share-acl").then_some("unspecified"));
                ("permission", names)
            }
            ("member" | "rbac-permission", "permission") => {
                ("permission", securable().map(|p| p.name.as_str()).collect())
            }
            ("member" | "rbac-permission", "securable_object") => {
                ("object type", securable().map(|p| p.object.as_str()).collect())
            }
            (_, "host" | "hosts") | ("member", "of") => {
                let names = vocabulary.roles.iter().chain(&vocabulary.places);
                ("role or place", names.map(|n| n.id.as_str()).collect())
            }
            ("member", "selector") => {
                ("kind of principal", vocabulary.principals.iter().map(|n| n.id.as_str()).collect())
            }
            (_, "site_type" | "site_types") => {
                ("site type", vocabulary.site_types.iter().map(|n| n.id.as_str()).collect())
            }
            _ => return,
        };
        for text in texts {
            self.one_of(&text, what, names.iter().copied(), problems);
        }
    }
}
