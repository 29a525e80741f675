//! The versions of one file in a git repository, read from its objects.
//!
//! [`read`] walks the history as `git log -- FILE` does: a merge that agrees with one of its parents is followed
//! along that parent only, and a commit counts where the file differs from all its parents. Where the file
//! appears in a commit, the file it was renamed from is looked for, best effort. The order is that of the
//! history itself, parents before children, whatever the clocks of the authors said.
//!
//! The objects come from the `git` that is installed (see [`git`]): who has a clone has it, and a reader of packs
//! in this program would be as large as all its others together. No network is asked, and no configuration
//! outside the repository is read. This module knows nothing of what the file says.

mod git;
mod origin;
mod tree;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use thiserror::Error;

use git::{Commit, Fault, Git, Id};
use tree::Trees;

/// Which versions to read.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    /// The repository: a working tree, its `.git`, or a bare repository.
    pub(crate) repository: &'a Path,
    /// The file, as a path from the root of the repository.
    pub(crate) file: &'a str,
    /// Leave out this revision and all that came before it.
    pub(crate) since: Option<&'a str>,
    /// The newest revision to read; without it what is checked out.
    pub(crate) until: Option<&'a str>,
}

/// The versions of a file.
#[derive(Debug, Clone)]
pub(crate) struct History {
    /// Parents before children.
    pub(crate) versions: Vec<Version>,
    /// The file at the revision given as `since`, if it was there.
    pub(crate) before: Option<Version>,
    /// Whether the repository is a shallow clone, which holds the younger part of its history only.
    pub(crate) shallow: bool,
}

/// A version of a file: a commit that changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    /// The commit: all hexadecimal digits.
    pub(crate) commit: String,
    /// As many of them as tell the versions apart, eight at least.
    pub(crate) short: String,
    /// The day of the commit, as its committer's clock had it: `2019-08-13`.
    pub(crate) date: String,
    /// Where the file stood, with `/`.
    pub(crate) path: String,
    /// What it held; none if the commit deleted it.
    pub(crate) bytes: Option<Vec<u8>>,
    /// The versions it was made from, as places in [`History::versions`], several for a merge; none for the first, and
    /// for one that follows on [`History::before`].
    pub(crate) parents: Vec<usize>,
}

/// Why a history cannot be read.
#[derive(Debug, Error)]
pub(crate) enum HistoryError {
    /// There is no `git`, or it does not run.
    #[error("cannot run git ({0}), which reads repositories; install it, or give the pages as files")]
    NoGit(#[source] std::io::Error),
    /// There is no repository, or one that cannot be read.
    #[error("{}: not a git repository that can be read: {reason}", path.display())]
    NotARepository {
        /// What was given.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing has been committed, or what is checked out does not exist.
    #[error("{}: nothing is checked out here; name a branch with `--until`", path.display())]
    NoHead {
        /// The repository.
        path: PathBuf,
    },
    /// A revision that is not there.
    #[error(
        "{}: there is no commit `{name}`; give a branch, a tag or a commit id that this clone holds",
        path.display()
    )]
    Revision {
        /// The repository.
        path: PathBuf,
        /// The revision as it was written.
        name: String,
    },
    /// A path that leads out of the repository or is empty.
    #[error("`{0}` is no path inside a repository; write it from the repository's root, with `/`")]
    Path(String),
    /// A file that no commit has.
    #[error("{}: no commit holds a file `{file}`{}", path.display(), near.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    NoFile {
        /// The repository.
        path: PathBuf,
        /// The file as it was written.
        file: String,
        /// A file of nearly that path.
        near: Option<String>,
    },
    /// An object that is missing or damaged.
    #[error("{}: an object cannot be read: {reason}; is the clone complete?", path.display())]
    Object {
        /// The repository.
        path: PathBuf,
        /// Which, and why.
        reason: String,
    },
}

/// Opens repositories without looking at anything outside them.
fn open(path: &Path) -> Result<Git, HistoryError> {
    let fail = |reason: String| HistoryError::NotARepository { path: path.to_owned(), reason };
    if !path.exists() {
        return Err(fail("there is no such folder".to_owned()));
    }
    Git::open(path).map_err(|fault| match fault {
        Fault::NoProgram(source) => HistoryError::NoGit(source),
        Fault::Refused(reason) => fail(reason),
    })
}

/// The file of a request as the repository writes paths.
fn inside(file: &str) -> Result<String, HistoryError> {
    let file = file.replace('\\', "/");
    let absolute = file.starts_with('/') || file.as_bytes().get(1) == Some(&b':');
    let parts: Vec<&str> = file.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
    if absolute || parts.is_empty() || parts.contains(&"..") {
        return Err(HistoryError::Path(file));
    }
    Ok(parts.join("/"))
}

/// Reads the versions of a file.
///
/// # Errors
/// When the repository, a revision or the file is not there, or an object cannot be read.
pub(crate) fn read(request: &Request<'_>) -> Result<History, HistoryError> {
    let git = open(request.repository)?;
    let file = inside(request.file)?;
    let named = |name: &str| {
        let (path, name) = (request.repository.to_owned(), name.to_owned());
        git.resolve(&name).ok_or(HistoryError::Revision { path, name })
    };
    let tip = match request.until {
        Some(name) => named(name)?,
        None => {
            git.resolve("HEAD").ok_or_else(|| HistoryError::NoHead { path: request.repository.to_owned() })?
        }
    };
    let since = request.since.map(named).transpose()?;
    let mut walk = Walk::new(git, request.repository, tip, since)?;
    walk.follow(tip, &file)?;
    let before = since.map(|commit| walk.before(commit, &file)).transpose()?.flatten();
    if walk.changes.is_empty() && before.is_none() && !walk.known(tip, &file)? {
        let near = walk.nearest(tip, &file)?;
        let path = request.repository.to_owned();
        return Err(HistoryError::NoFile { path, file, near });
    }
    let versions = walk.versions()?;
    Ok(History { versions, before, shallow: walk.git.shallow })
}

/// What a commit holds of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    /// Where the file stands, or would stand.
    path: String,
    /// Its content.
    blob: Option<Id>,
}

/// A commit that changes the file.
#[derive(Debug)]
struct Change {
    held: Held,
    /// The commit; its parents are those it is followed to.
    commit: Commit,
}

/// Goes back through a history.
struct Walk<'r> {
    git: Git,
    /// The repository as it was given, for messages.
    path: &'r Path,
    trees: Trees,
    /// Commits that are not looked at.
    excluded: HashSet<Id>,
    /// What the excluded commits that were reached hold, in the order of reaching them.
    boundary: Vec<Held>,
    changes: HashMap<Id, Change>,
    /// From a commit that changes nothing to the parent it agrees with.
    same: HashMap<Id, Id>,
}

impl<'r> Walk<'r> {
    /// Starts at a commit; another is left out with all its ancestors.
    fn new(mut git: Git, path: &'r Path, tip: Id, since: Option<Id>) -> Result<Self, HistoryError> {
        let tips: Vec<Id> = std::iter::once(tip).chain(since).collect();
        git.load(&tips).map_err(|fault| match fault {
            Fault::NoProgram(source) => HistoryError::NoGit(source),
            Fault::Refused(reason) => broken(path, reason),
        })?;
        let mut excluded = HashSet::new();
        let mut open: Vec<Id> = since.into_iter().collect();
        while let Some(commit) = open.pop() {
            if excluded.insert(commit) {
                open.extend(&git.commit(commit).map_err(|e| broken(path, e))?.parents);
            }
        }
        let (boundary, changes, same) = (Vec::new(), HashMap::new(), HashMap::new());
        Ok(Self { git, path, trees: Trees::default(), excluded, boundary, changes, same })
    }

    fn broken(&self, reason: String) -> HistoryError {
        broken(self.path, reason)
    }

    fn commit(&self, id: Id) -> Result<&Commit, HistoryError> {
        self.git.commit(id).map_err(|e| self.broken(e))
    }

    /// The files of a commit with their contents' ids, in the order of their paths.
    fn files(&mut self, commit: Id) -> Result<Vec<(String, Id)>, HistoryError> {
        let tree = self.commit(commit)?.tree;
        tree::files(&mut self.git, tree).map_err(|e| self.broken(e))
    }

    /// What a file holds.
    fn bytes(&mut self, blob: Id) -> Result<Vec<u8>, HistoryError> {
        self.git.object(blob).map_err(|e| self.broken(e))
    }

    /// What a commit holds at a path.
    fn held(&mut self, commit: Id, path: &str) -> Result<Held, HistoryError> {
        let tree = self.commit(commit)?.tree;
        let blob = self.trees.blob(&mut self.git, tree, path).map_err(|e| self.broken(e))?;
        Ok(Held { path: path.to_owned(), blob })
    }

    /// Goes from a commit back to the first commits, and notes which of them change the file.
    fn follow(&mut self, tip: Id, file: &str) -> Result<(), HistoryError> {
        let mut reached: HashSet<Id> = HashSet::from([tip]);
        let mut open = vec![(tip, self.held(tip, file)?)];
        while let Some((commit, held)) = open.pop() {
            if self.excluded.contains(&commit) {
                self.boundary.push(held);
                continue;
            }
            let known = self.commit(commit)?.clone();
            let mut before = Vec::new();
            for parent in &known.parents {
                before.push((*parent, self.held(*parent, &held.path)?));
            }
            // The file is new here: it may have had another path.
            if held.blob.is_some() && !before.is_empty() && before.iter().all(|(_, h)| h.blob.is_none()) {
                for (parent, there) in &mut before {
                    let from = origin::find(self, commit, *parent, &held)?;
                    *there = from.unwrap_or_else(|| there.clone());
                }
            }
            let next = match before.iter().position(|(_, there)| there.blob == held.blob) {
                Some(at) => {
                    let agreed = before.swap_remove(at);
                    self.same.insert(commit, agreed.0);
                    vec![agreed]
                }
                None if before.is_empty() && held.blob.is_none() => Vec::new(),
                None => {
                    self.changes.insert(commit, Change { held, commit: known });
                    before
                }
            };
            // The first parent is looked at first: where two lines name the file differently, it decides.
            for (parent, there) in next.into_iter().rev() {
                if reached.insert(parent) {
                    open.push((parent, there));
                }
            }
        }
        Ok(())
    }

    /// The commit that made what a commit holds; none if that was not looked at.
    fn maker(&self, commit: Id) -> Option<Id> {
        let steps = std::iter::successors(Some(commit), |c| self.same.get(c).copied());
        steps.into_iter().find(|c| self.changes.contains_key(c))
    }

    /// The file at the revision everything up to which is left out.
    fn before(&mut self, commit: Id, file: &str) -> Result<Option<Version>, HistoryError> {
        let mut paths = vec![file.to_owned()];
        paths.extend(self.boundary.iter().map(|held| held.path.clone()));
        for path in paths {
            let held = self.held(commit, &path)?;
            if held.blob.is_some() {
                let day = self.commit(commit)?.day.clone();
                return Ok(Some(self.version(commit, held, day, Vec::new())?));
            }
        }
        Ok(None)
    }

    /// Whether the file is there at all, changed or not.
    fn known(&mut self, tip: Id, file: &str) -> Result<bool, HistoryError> {
        Ok(self.held(tip, file)?.blob.is_some() || self.boundary.iter().any(|held| held.blob.is_some()))
    }

    /// The file of a commit whose path is nearest to one that is not there.
    fn nearest(&mut self, tip: Id, file: &str) -> Result<Option<String>, HistoryError> {
        let files = self.files(tip)?;
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let wanted = name(file);
        let same_name = files.iter().filter(|(path, _)| name(path) == wanted);
        let distance = |path: &str| strsim::osa_distance(path, file);
        let near = same_name.min_by_key(|(path, _)| (distance(path), (*path).clone()));
        Ok(near.map(|(path, _)| path.clone()))
    }

    fn version(
        &mut self,
        commit: Id,
        held: Held,
        date: String,
        parents: Vec<usize>,
    ) -> Result<Version, HistoryError> {
        let bytes = held.blob.map(|blob| self.bytes(blob)).transpose()?;
        let commit = commit.to_string();
        let short = commit.get(..8).unwrap_or(&commit).to_owned();
        Ok(Version { commit, short, date, path: held.path, bytes, parents })
    }

    /// The changes in order. Where several could come next it is the one committed first, then the one with the
    /// smaller id.
    fn versions(&mut self) -> Result<Vec<Version>, HistoryError> {
        let mut children: HashMap<Id, Vec<Id>> = HashMap::new();
        let mut waiting: HashMap<Id, usize> = HashMap::new();
        let mut ready = BTreeSet::new();
        for (commit, change) in &self.changes {
            let makers: HashSet<Id> = change.commit.parents.iter().filter_map(|p| self.maker(*p)).collect();
            waiting.insert(*commit, makers.len());
            if makers.is_empty() {
                ready.insert((change.commit.seconds, *commit));
            }
            for maker in makers {
                children.entry(maker).or_default().push(*commit);
            }
        }
        let mut out = Vec::new();
        let mut place: HashMap<Id, usize> = HashMap::new();
        while let Some((_, commit)) = ready.pop_first() {
            let Some(change) = self.changes.get(&commit) else { continue };
            let (held, day) = (change.held.clone(), change.commit.day.clone());
            let makers = change.commit.parents.iter().filter_map(|p| self.maker(*p));
            let mut parents: Vec<usize> = Vec::new();
            for parent in makers.filter_map(|m| place.get(&m).copied()) {
                if !parents.contains(&parent) {
                    parents.push(parent);
                }
            }
            out.push(self.version(commit, held, day, parents)?);
            place.insert(commit, out.len() - 1);
            for child in children.get(&commit).into_iter().flatten() {
                let Some(left) = waiting.get_mut(child) else { continue };
                *left -= 1;
                if let (0, Some(change)) = (*left, self.changes.get(child)) {
                    ready.insert((change.commit.seconds, *child));
                }
            }
        }
        shorten(&mut out);
        Ok(out)
    }
}

/// Makes the short ids long enough to tell the versions apart.
fn shorten(versions: &mut [Version]) {
    let digits = versions.first().map_or(0, |v| v.commit.len());
    for length in 8..=digits {
        let mut seen = HashSet::new();
        if versions.iter().all(|v| seen.insert(v.commit.get(..length))) {
            for version in versions {
                version.short = version.commit.get(..length).unwrap_or(&version.commit).to_owned();
            }
            return;
        }
    }
}

fn broken(path: &Path, reason: String) -> HistoryError {
    HistoryError::Object { path: path.to_owned(), reason }
}

#[cfg(test)]
mod tests;
