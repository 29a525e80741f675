//! What maintainers say of changes: applied to what is worked out, and held against it.

use std::sync::Arc;

use super::compare::{compare, same_but_for_case};
use super::{Class, Diff, Kind, Merged, Note, Renamed};
use crate::content::{ConfirmedChange, Content, Overlay};
use crate::yaml::{File, Problem, Problems, Spanned};

/// Puts corrections and notes into the diff of an earlier and a later revision.
///
/// A file for exactly these revisions counts in full. Of the files for the single steps between them the kinds
/// have been looked at where the changes were put together; their notes and doubts are added here.
pub(super) fn apply(content: &Content, diff: &mut Diff) {
    for overlay in &content.overlays {
        let exact = (overlay.from, overlay.to) == (diff.from, diff.to);
        if !exact && (overlay.from < diff.from || overlay.to > diff.to) {
            continue;
        }
        diff.notes.extend(overlay.notes.iter().cloned());
        for rename in overlay.renamed.iter().flatten() {
            if let Some(was) = rename.was.as_ref().filter(|_| exact) {
                correct_rename(content, diff, &was.value, &rename.entity.value);
            }
            if let Some(renamed) = diff.renamed.iter_mut().find(|r| r.entity == rename.entity.value) {
                if let Some(case_only) = rename.case_only.as_ref().filter(|_| exact) {
                    renamed.case_only = case_only.value;
                }
                join(&mut renamed.note, &rename.note);
            }
        }
        for merge in overlay.merged.iter().flatten() {
            if merge.corrects && exact {
                let from: Vec<&str> = merge.from.iter().map(|id| id.value.as_str()).collect();
                correct_merge(diff, &merge.into.value, &from);
            }
            if let Some(merged) = diff.merged.iter_mut().find(|m| m.into == merge.into.value) {
                join(&mut merged.note, &merge.note);
            }
        }
        for said in &overlay.statements {
            let changes = diff.entities.iter_mut().flat_map(|e| &mut e.changes);
            for change in changes.filter(|c| c.statement == said.statement.value) {
                if let Some(kind) = said.kind.as_ref().and_then(|k| Kind::named(&k.value))
                    && exact
                    && said.computed_kind.is_some()
                {
                    change.kind = kind;
                }
                if let Some(class) = said.class.as_ref().and_then(|c| Class::named(&c.value))
                    && exact
                    && said.computed_class.is_some()
                {
                    change.class = class;
                }
                change.suspect |= said.suspect;
                change.notes.extend(said.note.iter().map(|text| Note {
                    revision: overlay.to,
                    kind: None,
                    text: text.clone(),
                }));
            }
        }
    }
}

fn join(note: &mut Option<String>, more: &Option<String>) {
    match (note.as_mut(), more) {
        (Some(note), Some(more)) => {
            note.push(' ');
            note.push_str(more);
        }
        (None, Some(more)) => *note = Some(more.clone()),
        _ => {}
    }
}

/// Puts a rename in place of a removal and an addition.
fn correct_rename(content: &Content, diff: &mut Diff, was: &str, is: &str) {
    let name = |id: &str, date| content.entity(id).and_then(|e| e.name.at(date)).cloned();
    let (Some(from), Some(to)) = (name(was, diff.from), name(is, diff.to)) else { return };
    if !diff.removed.iter().any(|id| id == was) || !diff.added.iter().any(|id| id == is) {
        return;
    }
    diff.removed.retain(|id| id != was);
    diff.added.retain(|id| id != is);
    let case_only = same_but_for_case(&from, &to);
    diff.renamed.push(Renamed { entity: is.to_owned(), from, to, case_only, note: None });
}

/// Puts a merge in place of removals.
fn correct_merge(diff: &mut Diff, into: &str, from: &[&str]) {
    let gone = |id: &&str| diff.removed.iter().any(|r| r == id);
    if !from.iter().all(gone) {
        return;
    }
    diff.removed.retain(|id| !from.contains(&id.as_str()));
    diff.added.retain(|id| id != into);
    match diff.merged.iter_mut().find(|m| m.into == into) {
        Some(merged) => merged.from.extend(from.iter().map(|id| (*id).to_owned())),
        None => diff.merged.push(Merged {
            into: into.to_owned(),
            from: from.iter().map(|id| (*id).to_owned()).collect(),
            note: None,
        }),
    }
}

/// Holds every file of `content/changes/` against what is worked out from the timelines.
pub fn check(content: &Content) -> Problems {
    let mut problems = Problems::new();
    for overlay in &content.overlays {
        Checker { content, overlay, file: &overlay.file, problems: &mut problems }.all();
    }
    problems
}

struct Checker<'a> {
    content: &'a Content,
    overlay: &'a Overlay,
    file: &'a Arc<File>,
    problems: &'a mut Problems,
}

impl Checker<'_> {
    fn all(&mut self) {
        let overlay = self.overlay;
        // Without the corrections of this very file: they must say what they correct.
        let mut bare = self.content.clone();
        bare.overlays.retain(|o| (o.from, o.to) != (overlay.from, overlay.to));
        let mut computed = compare(&bare, overlay.from, overlay.to);
        let step = format!("from {} to {}", overlay.from, overlay.to);
        if let Some((from, to)) = &overlay.entries {
            for (said, there, revision) in
                [(from, computed.entries.0, overlay.from), (to, computed.entries.1, overlay.to)]
            {
                if said.value != there {
                    self.error(&said.span, format!("{revision} has {there} groups and accounts"), None);
                }
            }
        }
        for change in &overlay.statements {
            self.change(change, &computed, &step);
        }
        self.merges(&mut computed, &step);
        self.renames(&mut computed, &step);
        for (listed, there, what) in
            [(&overlay.added, &computed.added, "new"), (&overlay.removed, &computed.removed, "gone")]
        {
            let Some(listed) = listed else { continue };
            for id in listed.iter().filter(|id| !there.contains(&id.value)) {
                let help = self.instead(&id.value, &computed);
                self.error(&id.span, format!("`{}` is not {what} {step}", id.value), help);
            }
            for id in there.iter().filter(|id| listed.iter().all(|l| l.value != **id)) {
                let message = format!("`{id}` is {what} {step}, but not in the list of those that are");
                self.error(
                    &overlay.span.clone(),
                    message,
                    Some("list it, or correct what became of it".into()),
                );
            }
        }
    }

    fn error(&mut self, span: &std::ops::Range<usize>, message: String, help: Option<String>) {
        let problem = Problem::error(self.file, span.clone(), message);
        self.problems.push(match help {
            Some(help) => problem.help(help),
            None => problem,
        });
    }

    /// What is worked out of an entity, as advice.
    fn instead(&self, id: &str, computed: &Diff) -> Option<String> {
        let said = if let Some(r) = computed.renamed.iter().find(|r| r.entity == id) {
            format!("it is renamed from `{}` to `{}`", r.from, r.to)
        } else if let Some(m) = computed.merged.iter().find(|m| m.from.iter().any(|f| f == id)) {
            format!("it went into `{}`", m.into)
        } else if let Some(m) = computed.merged.iter().find(|m| m.into == id) {
            format!("it took the place of `{}`", m.from.join("`, `"))
        } else if computed.added.iter().any(|a| a == id) {
            "it is new".to_owned()
        } else if computed.removed.iter().any(|r| r == id) {
            "it is gone".to_owned()
        } else {
            "it keeps its title".to_owned()
        };
        Some(format!("by its file {said}"))
    }

    fn merges(&mut self, computed: &mut Diff, step: &str) {
        let Some(listed) = &self.overlay.merged else { return };
        for merge in listed {
            let mut from: Vec<&str> = merge.from.iter().map(|id| id.value.as_str()).collect();
            from.sort_unstable();
            let there = computed.merged.iter().find(|m| m.into == merge.into.value);
            if merge.corrects {
                for id in &merge.from {
                    if !computed.removed.contains(&id.value) {
                        let help = self.instead(&id.value, computed);
                        self.error(&id.span, format!("`{}` is not gone {step}", id.value), help);
                    }
                }
                let exists = self.content.entity(&merge.into.value);
                if exists.is_some_and(|e| e.name.at(computed.to).is_none()) {
                    let message = format!("`{}` is not there in {}", merge.into.value, computed.to);
                    self.error(&merge.into.span, message, None);
                }
                correct_merge(computed, &merge.into.value, &from);
                continue;
            }
            let Some(there) = there else {
                let message = format!("nothing went into `{}` {step}", merge.into.value);
                let help = "say `merged_into` in the files of those that did, or `corrects: true` here";
                self.error(&merge.into.span, message, Some(help.into()));
                continue;
            };
            let there = there.from.clone();
            for id in merge.from.iter().filter(|id| !there.contains(&id.value)) {
                let help = self.instead(&id.value, computed);
                let message = format!("`{}` did not go into `{}`", id.value, merge.into.value);
                self.error(&id.span, message, help);
            }
            for id in there.iter().filter(|id| !from.contains(&id.as_str())) {
                let message = format!("`{id}` went into `{}` as well", merge.into.value);
                self.error(&merge.into.span, message, Some("list it in `from`".into()));
            }
        }
        let forgotten: Vec<String> = computed
            .merged
            .iter()
            .filter(|m| listed.iter().all(|l| l.into.value != m.into))
            .map(|m| format!("`{}` took the place of `{}` {step}", m.into, m.from.join("`, `")))
            .collect();
        for message in forgotten {
            let help = "list all merges, or leave `merged` out";
            self.error(&self.overlay.span.clone(), message, Some(help.into()));
        }
    }

    fn renames(&mut self, computed: &mut Diff, step: &str) {
        let Some(listed) = &self.overlay.renamed else { return };
        for rename in listed {
            if let Some(was) = &rename.was {
                if !computed.removed.contains(&was.value) {
                    let help = self.instead(&was.value, computed);
                    self.error(&was.span, format!("`{}` is not gone {step}", was.value), help);
                }
                if !computed.added.contains(&rename.entity.value) {
                    let help = self.instead(&rename.entity.value, computed);
                    self.error(
                        &rename.entity.span,
                        format!("`{}` is not new {step}", rename.entity.value),
                        help,
                    );
                }
                correct_rename(self.content, computed, &was.value, &rename.entity.value);
                continue;
            }
            let Some(there) = computed.renamed.iter().find(|r| r.entity == rename.entity.value) else {
                let help = self.instead(&rename.entity.value, computed);
                let message = format!("`{}` is not renamed {step}", rename.entity.value);
                self.error(&rename.entity.span, message, help);
                continue;
            };
            if let Some(said) = rename.case_only.as_ref().filter(|said| said.value != there.case_only) {
                let message = if there.case_only {
                    format!("`{}` and `{}` differ in capitals only", there.from, there.to)
                } else {
                    format!("`{}` and `{}` differ in more than capitals", there.from, there.to)
                };
                self.error(&said.span, message, None);
            }
        }
        let forgotten: Vec<String> = computed
            .renamed
            .iter()
            .filter(|r| !r.case_only && listed.iter().all(|l| l.entity.value != r.entity))
            .map(|r| format!("`{}` became `{}` {step}", r.from, r.to))
            .collect();
        for message in forgotten {
            let help = "list all renames that are more than capitals, or leave `renamed` out";
            self.error(&self.overlay.span.clone(), message, Some(help.into()));
        }
    }

    fn change(&mut self, said: &ConfirmedChange, computed: &Diff, step: &str) {
        let change = computed.changes().map(|(_, c)| c).find(|c| c.statement == said.statement.value);
        let Some(change) = change else {
            let message = format!("`{}` does not change {step}", said.statement.value);
            self.error(&said.statement.span, message, None);
            return;
        };
        let (class, kind) = (change.class.name(), change.kind.name());
        let classes = Class::ALL.map(Class::name);
        let kinds = Kind::ALL.map(Kind::name);
        self.word(&said.class, &said.computed_class, "class", class, &classes);
        self.word(&said.kind, &said.computed_kind, "kind", kind, &kinds);
    }

    /// A class or kind, and what it sets right.
    fn word(
        &mut self,
        said: &Option<Spanned<String>>,
        computed: &Option<Spanned<String>>,
        what: &str,
        there: &str,
        words: &[&str],
    ) {
        for word in said.iter().chain(computed) {
            if !words.contains(&word.value.as_str()) {
                self.problems.push(Problem::unknown_name(
                    self.file,
                    word.span.clone(),
                    &format!("{what} of a change"),
                    &word.value,
                    words.iter().copied(),
                ));
                return;
            }
        }
        match (said, computed) {
            (Some(_), Some(computed)) if computed.value != there => {
                let message = format!("the {what} that is worked out is `{there}`");
                let help = format!("what is set right here is no longer so; look again at `{what}`");
                self.error(&computed.span, message, Some(help));
            }
            (Some(said), Some(computed)) if said.value == computed.value => {
                self.error(&said.span, format!("the {what} is the one that is worked out"), None);
            }
            (Some(said), None) if said.value != there => {
                let message = format!("the {what} that is worked out is `{there}`");
                let help = format!("to set it right, say so: `computed: {{{what}: {there}}}`");
                self.error(&said.span, message, Some(help));
            }
            _ => {}
        }
    }
}
