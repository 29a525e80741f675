//! What maintainers say of the changes between two revisions: `changes/*.yaml`.
//!
//! The changes themselves are worked out from the timelines, elsewhere. A file here confirms or corrects what is
//! worked out, and adds notes. Reading checks the names; whether a confirmation holds is for those who compare.

use std::ops::Range;
use std::sync::Arc;

use crate::yaml::{Document, Fields, File, Node, Problem, Problems, Spanned};

use super::Date;
use super::timeline::date;

/// What maintainers say of the changes from one revision to a later one.
#[derive(Debug, Clone)]
pub struct Overlay {
    /// The earlier revision.
    pub from: Date,
    /// The later revision.
    pub to: Date,
    /// What a reader should know of the step as a whole.
    pub notes: Vec<String>,
    /// How many groups and accounts both revisions have.
    pub entries: Option<(Spanned<usize>, Spanned<usize>)>,
    /// All groups and accounts with another title, if that is said.
    pub renamed: Option<Vec<ConfirmedRename>>,
    /// All groups and accounts that became one, if that is said.
    pub merged: Option<Vec<ConfirmedMerge>>,
    /// All that are new, if that is said.
    pub added: Option<Vec<Spanned<String>>>,
    /// All that are gone, if that is said.
    pub removed: Option<Vec<Spanned<String>>>,
    /// What is said of single statements.
    pub statements: Vec<ConfirmedChange>,
    /// The file, for messages.
    pub file: Arc<File>,
    /// Where its first field stands.
    pub span: Range<usize>,
}

/// A rename that is confirmed, or put in place of an addition and a removal.
#[derive(Debug, Clone)]
pub struct ConfirmedRename {
    /// The account or group.
    pub entity: Spanned<String>,
    /// The id of the one it was, where both have files of their own: this corrects what is worked out.
    pub was: Option<Spanned<String>>,
    /// Whether the titles differ in capitals only.
    pub case_only: Option<Spanned<bool>>,
    /// What to know of it.
    pub note: Option<String>,
}

/// A merge that is confirmed, or put in place of removals.
#[derive(Debug, Clone)]
pub struct ConfirmedMerge {
    /// The account or group that took the place of the others.
    pub into: Spanned<String>,
    /// The others.
    pub from: Vec<Spanned<String>>,
    /// Whether it corrects what is worked out.
    pub corrects: bool,
    /// What to know of it.
    pub note: Option<String>,
}

/// What is said of the change of a statement.
#[derive(Debug, Clone)]
pub struct ConfirmedChange {
    /// `entity/statement`.
    pub statement: Spanned<String>,
    /// Its class, if that is said.
    pub class: Option<Spanned<String>>,
    /// Its kind, if that is said.
    pub kind: Option<Spanned<String>>,
    /// The class that is worked out and set right here.
    pub computed_class: Option<Spanned<String>>,
    /// The kind that is worked out and set right here.
    pub computed_kind: Option<Spanned<String>>,
    /// What to know of it.
    pub note: Option<String>,
    /// Whether the publisher probably did not mean it.
    pub suspect: bool,
}

/// Reads a file of `changes/`. None, and problems, if it does not say which revisions it is about.
pub(super) fn read(document: &Document, revisions: &[Date], problems: &mut Problems) -> Option<Overlay> {
    let file = &document.file;
    let mut f = document.fields("step between revisions", problems)?;
    let mut end = |name: &'static str, f: &mut Fields<'_>| {
        let text = f.required_text(name, problems)?;
        let date = date(text.value, file, text.span.clone(), revisions, problems)?;
        Some(Spanned::new(date, text.span))
    };
    let (from, to) = (end("from", &mut f), end("to", &mut f));
    if let (Some(from), Some(to)) = (&from, &to)
        && from.value >= to.value
    {
        problems.push(
            Problem::error(file, to.span.clone(), format!("{} is not later than {}", to.value, from.value))
                .help("a step runs from the earlier to the later revision; the way back is worked out"),
        );
    }
    let notes = f.texts("notes", problems).into_iter().map(|t| t.value.to_owned()).collect();
    let entries = f.get("entries").and_then(|node| entries(node, file, problems));
    let renamed = f.key("renamed").is_some().then(|| renames(&mut f, problems));
    let merged = f.key("merged").is_some().then(|| merges(&mut f, problems));
    let mut ids = |name: &'static str, f: &mut Fields<'_>| {
        let there = f.key(name).is_some();
        let texts = f.texts(name, problems);
        there.then(|| texts.into_iter().map(|t| t.map(str::to_owned)).collect())
    };
    let (added, removed) = (ids("added", &mut f), ids("removed", &mut f));
    let statements = f.list("statements", problems);
    let statements = statements.iter().filter_map(|node| change(node, file, problems)).collect();
    let overlay = Overlay {
        from: from?.value,
        to: to?.value,
        notes,
        entries,
        renamed,
        merged,
        added,
        removed,
        statements,
        file: Arc::clone(file),
        span: f.head(),
    };
    f.finish(problems);
    Some(overlay)
}

fn entries(
    node: &Node,
    file: &Arc<File>,
    problems: &mut Problems,
) -> Option<(Spanned<usize>, Spanned<usize>)> {
    let mut f = node.fields(file, "pair of numbers", problems)?;
    let mut number = |name: &'static str| {
        let value = f.integer(name, problems);
        if value.is_none() && f.key(name).is_none() {
            problems.error(file, f.head(), format!("`entries` has no field `{name}`"));
        }
        let value = value?;
        let count = usize::try_from(value.value).ok();
        if count.is_none() {
            problems.error(file, value.span.clone(), "a number of entries is not below zero");
        }
        Some(Spanned::new(count?, value.span))
    };
    let pair = (number("from"), number("to"));
    f.finish(problems);
    Some((pair.0?, pair.1?))
}

fn renames(f: &mut Fields<'_>, problems: &mut Problems) -> Vec<ConfirmedRename> {
    let file = f.file();
    let mut out = Vec::new();
    for node in f.list("renamed", problems) {
        let Some(mut r) = node.fields(file, "rename", problems) else { continue };
        let entity = r.required_text("entity", problems);
        let was = r.text("was", problems).map(|t| t.map(str::to_owned));
        let case_only = flag(&mut r, "case_only", problems);
        let note = r.text("note", problems).map(|t| t.value.to_owned());
        r.finish(problems);
        let Some(entity) = entity else { continue };
        out.push(ConfirmedRename { entity: entity.map(str::to_owned), was, case_only, note });
    }
    out
}

fn merges(f: &mut Fields<'_>, problems: &mut Problems) -> Vec<ConfirmedMerge> {
    let file = f.file();
    let mut out = Vec::new();
    for node in f.list("merged", problems) {
        let Some(mut m) = node.fields(file, "merge", problems) else { continue };
        let into = m.required_text("into", problems);
        let from: Vec<_> = m.texts("from", problems).into_iter().map(|t| t.map(str::to_owned)).collect();
        if from.is_empty() && m.key("from").is_none() {
            problems.error(file, m.head(), "the merge has no field `from`");
        }
        let corrects = flag(&mut m, "corrects", problems).is_some_and(|c| c.value);
        let note = m.text("note", problems).map(|t| t.value.to_owned());
        m.finish(problems);
        let Some(into) = into else { continue };
        out.push(ConfirmedMerge { into: into.map(str::to_owned), from, corrects, note });
    }
    out
}

fn change(node: &Node, file: &Arc<File>, problems: &mut Problems) -> Option<ConfirmedChange> {
    let mut f = node.fields(file, "change", problems)?;
    let text = |f: &mut Fields<'_>, name: &'static str, problems: &mut Problems| {
        f.text(name, problems).map(|t| t.map(str::to_owned))
    };
    let statement = f.required_text("statement", problems).map(|t| t.map(str::to_owned));
    let class = text(&mut f, "class", problems);
    let kind = text(&mut f, "kind", problems);
    let note = text(&mut f, "note", problems).map(|t| t.value);
    let suspect = flag(&mut f, "suspect", problems).is_some_and(|s| s.value);
    let (mut computed_class, mut computed_kind) = (None, None);
    if let Some(mut c) = f.get("computed").and_then(|node| node.fields(file, "computed change", problems)) {
        computed_class = text(&mut c, "class", problems);
        computed_kind = text(&mut c, "kind", problems);
        c.finish(problems);
    }
    for (computed, said, name) in [(&computed_class, &class, "class"), (&computed_kind, &kind, "kind")] {
        if let Some(computed) = computed
            && said.is_none()
        {
            problems.push(
                Problem::error(file, computed.span.clone(), format!("no `{name}` is put in its place"))
                    .help(format!("say the right one beside it: `{name}: ...`")),
            );
        }
    }
    f.finish(problems);
    Some(ConfirmedChange { statement: statement?, class, kind, computed_class, computed_kind, note, suspect })
}

/// `true` or `false`, with its place.
fn flag(f: &mut Fields<'_>, name: &'static str, problems: &mut Problems) -> Option<Spanned<bool>> {
    let value = f.flag(name, problems)?;
    let span = f.get(name).map(|node| node.span.clone()).unwrap_or_default();
    Some(Spanned::new(value, span))
}

/// Checks what all files say together: names must be known, and each step has one file.
pub(super) fn check<'c>(
    overlays: &[Overlay],
    entities: impl Iterator<Item = &'c str> + Clone,
    statements: impl Iterator<Item = &'c str> + Clone,
    problems: &mut Problems,
) {
    for (i, overlay) in overlays.iter().enumerate() {
        let file = &overlay.file;
        if let Some(first) = overlays[..i].iter().find(|o| (o.from, o.to) == (overlay.from, overlay.to)) {
            let message = format!("the step from {} to {} has a file already", overlay.from, overlay.to);
            problems.push(
                Problem::error(file, overlay.span.clone(), message)
                    .related(&first.file, first.span.clone(), "here")
                    .help("put both into one file"),
            );
        }
        let mut ids: Vec<&Spanned<String>> = Vec::new();
        for rename in overlay.renamed.iter().flatten() {
            ids.push(&rename.entity);
            ids.extend(&rename.was);
        }
        for merge in overlay.merged.iter().flatten() {
            ids.push(&merge.into);
            ids.extend(&merge.from);
        }
        ids.extend(overlay.added.iter().flatten());
        ids.extend(overlay.removed.iter().flatten());
        for id in ids {
            if !entities.clone().any(|known| known == id.value) {
                problems.push(Problem::unknown_name(
                    file,
                    id.span.clone(),
                    "account or group",
                    &id.value,
                    entities.clone(),
                ));
            }
        }
        let mut seen: Vec<&Spanned<String>> = Vec::new();
        for change in &overlay.statements {
            let reference = &change.statement;
            if !statements.clone().any(|known| known == reference.value) {
                problems.push(Problem::unknown_name(
                    file,
                    reference.span.clone(),
                    "statement",
                    &reference.value,
                    statements.clone(),
                ));
            } else if let Some(first) = seen.iter().find(|r| r.value == reference.value) {
                problems.push(
                    Problem::error(file, reference.span.clone(), "the statement comes twice").related(
                        file,
                        first.span.clone(),
                        "first here",
                    ),
                );
            }
            seen.push(reference);
        }
    }
}
