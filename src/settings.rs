//! How a run is set up for an estate: `cmlint.yaml`.
//!
//! [`load`] reads the file, with every mistake at its place. What a run is given on the command line goes before it; that is
//! the business of those who have both. [`Severity::apply`] gives findings the levels that the file asks for.
//!
//! The file decides what is read, what is looked at and what counts. It never says where something is written: who finds one
//! above the current folder need not fear for files.

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::assets::Asset;
use crate::check::{Finding, Run};
use crate::explain::{Book, Selector};
use crate::rules::{Level, Rule, RuleSet};
use crate::waive::Glob;
use crate::yaml::{Document, Fields, File, Kind, Node, Problem, Problems, Spanned};

mod required;
mod severity;

pub(crate) use required::Required;
pub(crate) use severity::{Severity, parts};

/// What `cmlint.yaml` says. What it does not say is none, or empty.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// Its path, as it is shown.
    pub(crate) path: String,
    /// What to read, below the folder of the file.
    pub(crate) paths: Vec<PathBuf>,
    /// Date of a revision, or `auto`.
    pub(crate) revision: Option<String>,
    /// Names as `--select` takes them.
    pub(crate) select: Vec<String>,
    /// Names as `--ignore` takes them.
    pub(crate) ignore: Vec<String>,
    /// Levels that differ from those of the rules.
    pub(crate) severity: Severity,
    /// The lowest level that fails a run, or `never`.
    pub(crate) fail_on: Option<String>,
    /// Evidence that has to be there.
    pub(crate) require_evidence: Option<Required>,
    /// The file of waivers.
    pub(crate) waivers: Option<PathBuf>,
    /// The report of a baseline.
    pub(crate) baseline: Option<PathBuf>,
    /// Name of a format.
    pub(crate) format: Option<String>,
    /// Show everything.
    pub(crate) verbose: Option<bool>,
}

/// What the file can name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    /// Rules, accounts, groups and tables.
    pub(crate) book: &'a Book<'a>,
    /// The formats of reports.
    pub(crate) formats: &'a [&'a str],
    /// The dates of the revisions.
    pub(crate) revisions: &'a [String],
}

/// Reads a file. `folder` is where its paths start; `path` is for messages.
pub(crate) fn load(path: &str, folder: &Path, text: &str, names: Names<'_>) -> (Settings, Problems) {
    let mut problems = Problems::new();
    let asset = Asset { path: path.to_owned(), name: path.to_owned(), text: Cow::Owned(text.to_owned()) };
    let mut settings = Settings { path: path.to_owned(), ..Settings::default() };
    if let Some(document) = Document::read(&asset, &mut problems)
        // A file of comments alone says nothing.
        && !document.root.is_null()
        && let Some(fields) = document.fields("file", &mut problems)
    {
        Reader { names, folder, file: &document.file, problems: &mut problems }.read(fields, &mut settings);
    }
    problems.sort();
    (settings, problems)
}

/// Words of `fail-on`.
const FAIL_ON: [&str; 4] = ["error", "warning", "note", "never"];

struct Reader<'a> {
    names: Names<'a>,
    folder: &'a Path,
    file: &'a Arc<File>,
    problems: &'a mut Problems,
}

impl Reader<'_> {
    fn read(&mut self, mut fields: Fields<'_>, out: &mut Settings) {
        out.paths = fields.texts("paths", self.problems).iter().map(|path| self.path(path)).collect();
        let revisions: Vec<&str> =
            self.names.revisions.iter().map(String::as_str).chain(std::iter::once("auto")).collect();
        out.revision = self.word(&mut fields, "revision", &revisions);
        out.select = self.selectors(&mut fields, "select");
        out.ignore = self.selectors(&mut fields, "ignore");
        out.severity = self.severity(&mut fields, &out.path);
        out.severity.tier_0 = fields
            .texts("tier-0", self.problems)
            .into_iter()
            .map(|pattern| (pattern.value.to_owned(), Glob::new(pattern.value)))
            .collect();
        out.fail_on = self.word(&mut fields, "fail-on", &FAIL_ON);
        out.require_evidence = fields.get("require-evidence").and_then(|node| self.required(node));
        out.waivers = fields.text("waivers", self.problems).map(|path| self.path(&path));
        out.baseline = fields.text("baseline", self.problems).map(|path| self.path(&path));
        if let Some(mut output) = fields.fields("output", "output", self.problems) {
            out.format = self.word(&mut output, "format", self.names.formats);
            out.verbose = output.flag("verbose", self.problems);
            output.finish(self.problems);
        }
        fields.finish(self.problems);
    }

    fn path(&self, path: &Spanned<&str>) -> PathBuf {
        if path.value == "-" { PathBuf::from("-") } else { self.folder.join(path.value) }
    }

    fn word<'n>(&mut self, fields: &mut Fields<'n>, name: &'n str, words: &[&str]) -> Option<String> {
        let words: Vec<(&str, &str)> = words.iter().map(|word| (*word, *word)).collect();
        fields.word(name, &words, self.problems).map(|word| word.value.to_owned())
    }

    fn selectors<'n>(&mut self, fields: &mut Fields<'n>, name: &'n str) -> Vec<String> {
        let texts = fields.texts(name, self.problems);
        let known = texts.into_iter().filter(|text| self.selector(text.value, text.span.clone()).is_some());
        known.map(|text| text.value.to_owned()).collect::<Vec<_>>()
    }

    /// What a name means, or a problem.
    fn selector(&mut self, name: &str, span: Range<usize>) -> Option<Selector> {
        match self.names.book.selector(name) {
            Ok(selector) => Some(selector),
            Err(message) => {
                let (message, help) = message.split_once("\n\n").unwrap_or((&message, ""));
                let problem = Problem::error(self.file, span, message);
                self.problems.push(if help.is_empty() { problem } else { problem.help(help) });
                None
            }
        }
    }

    fn severity(&mut self, fields: &mut Fields<'_>, path: &str) -> Severity {
        let mut out = Severity::new(path);
        let Some(map) = fields.fields("severity", "severity", self.problems) else { return out };
        let words = [
            ("error", Some(Level::Error)),
            ("warning", Some(Level::Warning)),
            ("note", Some(Level::Note)),
            ("off", None),
        ];
        for (key, node) in map.rest() {
            let selector = self.selector(&key.value, key.span.clone());
            let level = node.word(self.file, &key.value, &words, self.problems);
            if let (Some(selector), Some(level)) = (selector, level) {
                out.add(key.value.clone(), selector, level.value);
            }
        }
        out
    }

    /// `true` for all tables that can be collected, or their names.
    fn required(&mut self, node: &Node) -> Option<Required> {
        match &node.kind {
            Kind::Bool(all) => all.then(Required::all),
            _ => {
                let items = match node.as_text() {
                    Some(_) => std::slice::from_ref(node),
                    None => node.list(self.file, "`require-evidence`", self.problems)?,
                };
                let what = "each item of `require-evidence`";
                let mut out = Required::default();
                for item in items {
                    let Some(text) = item.text(self.file, what, self.problems) else { continue };
                    if let Err(message) = out.add(self.names.book.schema, text.value) {
                        self.problems.error(self.file, text.span, message);
                    }
                }
                Some(out)
            }
        }
    }
}

#[cfg(test)]
mod tests;
