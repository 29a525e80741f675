//! What was told before, so that a series tells each change once.
//!
//! A merge has the changes of its branches, and a change that two branches made by themselves is one change. So what
//! an earlier page told is not told again, unless that page lies before the one compared with: there it was undone in
//! between.

use std::collections::{HashMap, HashSet};

use super::{Entries, Input, Renamed, Reworded, Sentence};

/// What each page told, by its place in the series.
#[derive(Default)]
pub(super) struct Told {
    by: HashMap<Atom, Vec<usize>>,
}

/// The smallest thing that is told: of what kind, and what.
type Atom = (Kind, String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Added,
    Removed,
    Renamed,
    Merged,
    Title,
    New,
    Gone,
    Lost,
    Regained,
}

/// What a page may still tell.
pub(super) struct Fresh<'t> {
    told: &'t mut Told,
    /// The place of the page.
    page: usize,
    /// The page compared with and all that lies before it.
    line: HashSet<usize>,
    /// Whether anything was told before.
    pub(super) again: bool,
}

impl Told {
    /// For a page that is compared with another of the series.
    pub(super) fn fresh(&mut self, inputs: &[Input], page: usize, before: usize) -> Fresh<'_> {
        let mut line = HashSet::new();
        let mut open = vec![before];
        while let Some(i) = open.pop() {
            if line.insert(i) {
                open.extend(inputs.get(i).into_iter().flat_map(|input| &input.previous));
            }
        }
        Fresh { told: self, page, line, again: false }
    }
}

impl Fresh<'_> {
    fn is(&mut self, kind: Kind, what: String) -> bool {
        let tellers = self.told.by.entry((kind, what)).or_default();
        let fresh = tellers.iter().all(|t| self.line.contains(t));
        tellers.push(self.page);
        self.again |= !fresh;
        fresh
    }

    pub(super) fn entries(&mut self, entries: &mut Entries) {
        entries.added.retain(|e| self.is(Kind::Added, e.entity.clone()));
        entries.removed.retain(|e| self.is(Kind::Removed, e.entity.clone()));
        let renamed = |r: &Renamed| format!("{}\n{}", r.entity, r.to);
        entries.renamed.retain(|r| self.is(Kind::Renamed, renamed(r)));
        entries.merged.retain(|m| self.is(Kind::Merged, format!("{}\n{}", m.into, m.from.join("\n"))));
    }

    pub(super) fn title(&mut self, title: &str) -> bool {
        self.is(Kind::Title, title.to_owned())
    }

    pub(super) fn lost(&mut self, references: &mut Vec<String>) {
        references.retain(|r| self.is(Kind::Lost, r.clone()));
    }

    pub(super) fn regained(&mut self, references: &mut Vec<String>) {
        references.retain(|r| self.is(Kind::Regained, r.clone()));
    }

    /// A change is told again if all its sentences are.
    pub(super) fn changes(&mut self, changes: &mut Vec<Reworded>) {
        let what = |s: &Sentence| format!("{}\n{}", s.entity.as_deref().unwrap_or_default(), s.text);
        changes.retain(|change| {
            let gone = change.gone.iter().filter(|s| self.is(Kind::Gone, what(s))).count();
            let new = change.new.iter().filter(|s| self.is(Kind::New, what(s))).count();
            gone + new > 0
        });
    }
}
