//! Names of an estate replaced by pseudonyms in everything that a report is made of, so that it can be shown to others.
//!
//! What the names are is known from the evidence: accounts, computers, domains, sites and paths, taken apart, and the texts
//! that people chose. They are replaced wherever they stand, without regard to case; identifiers are found by their form,
//! and what stands with a known name in one (another computer of a known domain) is one too. Structure stays:
//! `domain-1\account-2`, `host-1.domain-1.com`. Names that are documented or come with Windows stay readable, and so does
//! everything that a format adds, for formats are given what is masked already.

mod names;
mod pseudonym;
mod public;
mod text;

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::check::{Finding, Outcome, Run, fingerprint};
use crate::content::Content;
use crate::evidence::{Evidence, Schema};
use crate::report::{Hierarchy, Input, Spot};
use crate::rules::RuleSet;
use crate::waive::{State, Waived};

use names::{Names, stem};
use pseudonym::Pseudonyms;
use public::Public;
use text::{Finder, Text};

pub use pseudonym::Key;

/// What a name is of. Of several the first is what it is called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Host,
    Domain,
    Account,
    Site,
    Package,
    Sequence,
    Step,
    Policy,
    Database,
    Setting,
    Role,
    Share,
    Object,
    Path,
}

impl Kind {
    /// What pseudonyms begin with.
    fn word(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Host => "host",
            Self::Account => "account",
            Self::Site => "site",
            Self::Package => "package",
            Self::Sequence => "sequence",
            Self::Step => "step",
            Self::Policy => "policy",
            Self::Database => "database",
            Self::Setting => "settings",
            Self::Role => "role",
            Self::Share => "share",
            Self::Object => "object",
            Self::Path => "path",
        }
    }

    /// Whether it is of a part of a path: an ordinary word is one only beside a separator.
    fn is_of_path(self) -> bool {
        matches!(self, Self::Share | Self::Path)
    }
}

/// What names are known from.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The specification.
    pub content: &'a Content,
    /// The evidence tables.
    pub schema: &'a Schema,
    /// The rules.
    pub rules: &'a RuleSet,
    /// What exports tell.
    pub evidence: &'a Evidence,
    /// What was read.
    pub inputs: &'a [Input],
}

/// Replaces names. The same name has the same pseudonym as long as this lives; with a key, wherever the key is used.
#[derive(Debug)]
pub struct Mask {
    public: Public,
    finder: Finder,
    pseudonyms: Mutex<Pseudonyms>,
}

/// A mask of all names that are known.
pub fn of(known: Known<'_>, key: Option<Key>) -> Mask {
    let public = Public::of(known.content, known.schema, known.rules);
    let mut names = Names::of(known.schema, known.evidence, &public);
    for input in known.inputs.iter().filter(|input| !input.path.starts_with('<')) {
        names.path(&input.path, &public);
    }
    let finder = Finder::new(&names, &public);
    Mask { public, finder, pseudonyms: Mutex::new(Pseudonyms::new(key)) }
}

impl Mask {
    fn pseudonyms(&self) -> MutexGuard<'_, Pseudonyms> {
        self.pseudonyms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replaced(&self, text: &str, how: Text) -> String {
        let mut out = String::with_capacity(text.len());
        let mut end = 0;
        for (range, pseudonym) in self.finder.find(text, how, &self.public, &mut self.pseudonyms()) {
            out.push_str(&text[end..range.start]);
            out.push_str(&pseudonym);
            end = range.end;
        }
        out.push_str(&text[end..]);
        out
    }

    /// A sentence with names in it.
    pub fn sentence(&self, text: &str) -> String {
        self.replaced(text, Text::Sentence)
    }

    /// The path of a file: every part of it, but for the ending and what is called as everywhere.
    pub fn path(&self, path: &str) -> String {
        if path.starts_with('<') {
            return path.to_owned();
        }
        let mut out = String::with_capacity(path.len());
        for part in path.split_inclusive(['/', '\\', '!']) {
            let name = part.trim_end_matches(['/', '\\', '!']);
            out.push_str(&self.part(name));
            out.push_str(&part[name.len()..]);
        }
        out
    }

    fn part(&self, name: &str) -> String {
        let stem = stem(name);
        let lower = stem.to_lowercase();
        let drive = name.len() == 2 && name.ends_with(':');
        if stem.is_empty() || drive || matches!(name, "." | "..") || self.public.knows(Kind::Path, &lower) {
            return name.to_owned();
        }
        let known = self.finder.kind(&lower).unwrap_or(Kind::Path);
        format!("{}{}", self.pseudonyms().of(known, &lower), &name[stem.len()..])
    }

    /// What became of inputs.
    pub fn inputs(&self, inputs: &mut [Input]) {
        for input in inputs {
            input.path = self.path(&input.path);
            input.notes.iter_mut().for_each(|(_, text)| *text = self.sentence(text));
        }
    }

    /// What is known of several hierarchies.
    pub fn hierarchies(&self, hierarchies: &mut [Hierarchy]) {
        for of in hierarchies {
            of.site = self.replaced(&of.site, Text::Value);
            of.server = self.replaced(&of.server, Text::Value);
            of.inputs.iter_mut().for_each(|path| *path = self.path(path));
        }
    }

    /// What rules found and could not look at. Fingerprints are made anew, for with the old ones names could be tried.
    pub fn run(&self, run: &mut Run) {
        for finding in &mut run.findings {
            self.finding(finding);
        }
        for row in &mut run.outcomes {
            match &mut row.outcome {
                Outcome::NotEvaluated(open) => {
                    open.reason = self.sentence(&open.reason);
                    open.hosts.iter_mut().for_each(|host| *host = self.replaced(host, Text::Value));
                }
                Outcome::NotApplicable(why) | Outcome::Error(why) => *why = self.sentence(why),
                Outcome::Pass | Outcome::Fail | Outcome::Waived => {}
            }
        }
    }

    /// What waivers hide and say. Who owns a waiver is nobody's business then.
    pub fn waived(&self, waived: &mut Waived) {
        for hidden in &mut waived.hidden {
            self.finding(&mut hidden.finding);
        }
        for (waiver, state) in &mut waived.waivers {
            waiver.place.0 = self.path(&waiver.place.0);
            waiver.subject = waiver.subject.as_ref().map(|subject| self.replaced(subject, Text::Value));
            // One made of the names themselves could be tried.
            waiver.fingerprint = None;
            waiver.owner = "(masked)".to_owned();
            waiver.reason = self.sentence(&waiver.reason);
            waiver.ticket = waiver.ticket.as_ref().map(|ticket| self.sentence(ticket));
            if let State::Unclear(why) = state {
                *why = self.sentence(why);
            }
        }
    }

    fn finding(&self, finding: &mut Finding) {
        finding.subject = self.replaced(&finding.subject, Text::Value);
        finding.message = self.sentence(&finding.message);
        finding.doubt = finding.doubt.as_ref().map(|doubt| self.sentence(doubt));
        if let Some((_, why)) = &mut finding.remarks.rule_level {
            *why = self.sentence(why);
        }
        for name in finding.accounts.iter_mut().chain(&mut finding.hosts) {
            *name = self.replaced(name, Text::Value);
        }
        finding.fix = finding.fix.as_ref().map(|fix| self.sentence(fix));
        for label in &mut finding.labels {
            label.text = self.sentence(&label.text);
        }
        let subject = finding.subject.to_lowercase();
        finding.fingerprint = fingerprint(&finding.rule, finding.entity.as_deref(), &subject);
    }

    /// Places that are ready to be shown: their paths and what of the files is shown. Their labels are those of findings.
    pub fn spots(&self, spots: &mut [Vec<Spot>]) {
        for spot in spots.iter_mut().flatten() {
            spot.path = self.path(&spot.path);
            for excerpt in &mut spot.excerpts {
                let names =
                    self.finder.find(&excerpt.text, Text::Value, &self.public, &mut self.pseudonyms());
                *excerpt = excerpt.replaced(&names);
                let escaped = self.finder.escaped(&excerpt.text).into_iter();
                *excerpt = excerpt.replaced(
                    &escaped.map(|range| (range, crate::source::ELIDED.to_owned())).collect::<Vec<_>>(),
                );
            }
        }
    }
}
