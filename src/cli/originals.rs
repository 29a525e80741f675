//! Finds the original page of a revision: in a folder of pages, or among the versions of a file in a git repository.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use crate::content::{Content, Date, Revision};
use crate::diff::Original;
use crate::history;
use crate::page::{self, Fingerprint, Page};
use crate::text::harmless;

/// No page is longer than this many bytes.
const LONGEST: u64 = 16 << 20;

/// Where the original pages are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// A folder of pages, or a git repository.
    pub(super) path: &'a Path,
    /// The page's path in the repository.
    pub(super) file: Option<&'a str>,
}

/// A page that may be the one.
struct Candidate {
    name: String,
    bytes: Vec<u8>,
    /// The day it was committed.
    committed: Option<String>,
}

impl Place<'_> {
    /// The pages of two revisions; `names` say which page is meant where the date is not enough: a file name, or a
    /// commit.
    ///
    /// # Errors
    /// When a page is not there, with what is.
    pub(super) fn find(
        &self,
        content: &Content,
        revisions: [Date; 2],
        names: [Option<&str>; 2],
    ) -> anyhow::Result<[Original; 2]> {
        let candidates = if names.iter().all(Option::is_some) && self.file.is_some() {
            Vec::new()
        } else {
            self.candidates()?
        };
        let [a, b] = revisions;
        let [first, second] = names;
        Ok([self.one(content, a, first, &candidates)?, self.one(content, b, second, &candidates)?])
    }

    fn one(
        &self,
        content: &Content,
        date: Date,
        name: Option<&str>,
        candidates: &[Candidate],
    ) -> anyhow::Result<Original> {
        match (name, self.file) {
            (Some(name), Some(file)) => self.commit(name, file),
            (Some(name), None) => {
                let wanted = name.trim_end_matches(".md").to_lowercase();
                let fits = |c: &&Candidate| {
                    let full = c.name.replace('\\', "/").to_lowercase();
                    let full = full.trim_end_matches(".md");
                    full == wanted || full.ends_with(&format!("/{wanted}"))
                };
                let found = candidates.iter().find(fits);
                let Some(found) = found else {
                    bail!(
                        "there is no page `{}` in {}{}",
                        harmless(name),
                        self.path.display(),
                        listed(candidates.iter().map(|c| c.name.clone()).collect())
                    );
                };
                Ok(original(found.name.clone(), &found.bytes))
            }
            (None, _) => self.by_date(content, date, candidates),
        }
    }

    /// The page as it is at a commit.
    fn commit(&self, name: &str, file: &str) -> anyhow::Result<Original> {
        let request = history::Request { repository: self.path, file, since: None, until: Some(name) };
        let history = history::read(&request)?;
        let version = history.versions.into_iter().rev().find_map(|v| Some((v.short, v.date, v.bytes?)));
        let Some((short, date, bytes)) = version else {
            bail!("commit `{}` does not have {}", harmless(name), harmless(file));
        };
        Ok(original(format!("{file} at {short} of {date}"), &bytes))
    }

    /// All pages that are there.
    fn candidates(&self) -> anyhow::Result<Vec<Candidate>> {
        let Self { path, file } = *self;
        if let Some(file) = file {
            let history =
                history::read(&history::Request { repository: path, file, since: None, until: None })?;
            return Ok(history
                .versions
                .into_iter()
                .filter_map(|v| {
                    let name = format!("{} at {} of {}", v.path, v.short, v.date);
                    Some(Candidate { name, bytes: v.bytes?, committed: Some(v.date) })
                })
                .collect());
        }
        if !path.is_dir() {
            bail!("--originals {}: there is no such folder", path.display());
        }
        let mut out = Vec::new();
        for entry in walkdir::WalkDir::new(path).max_depth(4).sort_by_file_name() {
            let entry = entry.with_context(|| format!("cannot look into {}", path.display()))?;
            let named = entry.path().extension().is_some_and(|e| e.eq_ignore_ascii_case("md"));
            if !named || !entry.file_type().is_file() || entry.metadata().is_ok_and(|m| m.len() > LONGEST) {
                continue;
            }
            let bytes =
                fs::read(entry.path()).with_context(|| format!("cannot read {}", entry.path().display()))?;
            out.push(Candidate { name: entry.path().display().to_string(), bytes, committed: None });
        }
        if out.is_empty() {
            let git = path.join(".git").exists() || path.join("objects").is_dir();
            let help = if git {
                "it is a git repository: say with `--file` where in it the page is"
            } else {
                "it should have one Markdown file (.md) a revision"
            };
            bail!("there is no page in {}\n\n{help}", path.display());
        }
        Ok(out)
    }

    /// The page of a revision: the very bytes its content was made from; else the page of that date, and of
    /// several the one that says most of what the revision says, was seen first on the right day, or is newest.
    fn by_date(&self, content: &Content, date: Date, candidates: &[Candidate]) -> anyhow::Result<Original> {
        let revision = content.revision(date);
        let wanted = revision.and_then(|r| r.sha256.as_deref());
        let exact = |c: &&Candidate| {
            let digest: String = Sha256::digest(&c.bytes).iter().map(|b| format!("{b:02x}")).collect();
            Some(digest.as_str()) == wanted
        };
        if let Some(found) = candidates.iter().find(exact) {
            return Ok(original(found.name.clone(), &found.bytes));
        }
        let mut dates = Vec::new();
        let mut best: Option<((usize, bool), Original)> = None;
        for candidate in candidates {
            let Original { name, page } = original(candidate.name.clone(), &candidate.bytes);
            dates.extend(page.declared.map(|d| d.to_string()));
            if page.declared != Some(date) {
                continue;
            }
            let score = (said(content, date, &page), observed(revision, candidate));
            // Later versions stand behind, and win if nothing else tells them apart.
            if best.as_ref().is_none_or(|(before, _)| score >= *before) {
                best = Some((score, Original { name, page }));
            }
        }
        match best {
            Some((_, found)) => Ok(found),
            None => {
                dates.sort_unstable();
                dates.dedup();
                bail!(
                    "no page in {} is of {date}{}\n\nName the page with `--from-page` or `--to-page`.",
                    self.path.display(),
                    listed(dates)
                );
            }
        }
    }
}

fn original(name: String, bytes: &[u8]) -> Original {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Original { name, page: page::parse(text) }
}

/// How many of the sentences a revision is known by stand in a page.
fn said(content: &Content, date: Date, page: &Page) -> usize {
    content
        .in_force(date)
        .filter_map(|(_, s)| s.seen.as_ref()?.at(date))
        .flatten()
        .filter(|f| !page.find(Fingerprint(**f)).is_empty())
        .count()
}

fn observed(revision: Option<&Revision>, candidate: &Candidate) -> bool {
    let day = revision.and_then(|r| r.observed.as_deref());
    day.is_some() && day == candidate.committed.as_deref()
}

/// What is there instead.
fn listed(names: Vec<String>) -> String {
    const MOST: usize = 12;
    if names.is_empty() {
        return String::new();
    }
    let more = names.len().saturating_sub(MOST);
    let shown: Vec<String> = names.iter().take(MOST).map(|n| format!("\n  {}", harmless(n))).collect();
    let rest = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    format!("\n\nThere is:{}{rest}", shown.concat())
}
