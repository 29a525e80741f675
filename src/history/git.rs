//! What an installed `git` tells of one repository: commits, trees and files by their ids.
//!
//! Only commands that read objects are run, and nothing but the repository itself is asked: no configuration
//! of the user or the system, no hook, no remote, not even for objects that a partial clone left behind.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The id of an object, SHA-1 or SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id {
    bytes: [u8; 32],
    /// How many of the bytes count: 20 or 32.
    length: usize,
}

impl Id {
    /// The id that is these bytes; none if they are not as many as an id has.
    pub(super) fn from_bytes(raw: &[u8]) -> Option<Self> {
        let mut bytes = [0; 32];
        bytes.get_mut(..raw.len())?.copy_from_slice(raw);
        matches!(raw.len(), 20 | 32).then_some(Self { bytes, length: raw.len() })
    }

    /// The id written in hexadecimal digits.
    pub(super) fn from_hex(text: &str) -> Option<Self> {
        let digit = |d: &u8| char::from(*d).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let pair = |pair: &[u8]| match pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(pair).collect();
        Self::from_bytes(&bytes?)
    }

    /// How many bytes an id of this sort has.
    pub(super) fn length(self) -> usize {
        self.length
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.iter().take(self.length).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A commit.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) tree: Id,
    /// When it was committed, in seconds since 1970.
    pub(super) seconds: i64,
    /// The day of that, as the committer's clock had it.
    pub(super) day: String,
    /// The commits it was made from, as far as the clone holds them.
    pub(super) parents: Vec<Id>,
}

/// Why there is nothing to ask.
#[derive(Debug)]
pub(super) enum Fault {
    /// There is no `git` to run.
    NoProgram(io::Error),
    /// It refused, in its own words.
    Refused(String),
}

/// A repository and the `git` that reads it.
pub(super) struct Git {
    folder: PathBuf,
    /// Whether the older part of the history is not there.
    pub(super) shallow: bool,
    commits: HashMap<Id, Commit>,
    objects: Objects,
}

impl Git {
    /// Opens a working tree, its `.git` or a bare repository; folders around it are not looked at.
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        let inner = path.join(".git");
        let folder = if inner.exists() { inner } else { path.to_owned() };
        let shallow = run(&folder, &["rev-parse", "--is-shallow-repository"])?.trim() == "true";
        let objects = Objects::start(&folder).map_err(Fault::NoProgram)?;
        Ok(Self { folder, shallow, commits: HashMap::new(), objects })
    }

    /// The commit that a branch, a tag, an id or any other name of a revision stands for.
    pub(super) fn resolve(&self, name: &str) -> Option<Id> {
        // What starts with a dash would be taken for an option.
        if name.starts_with('-') {
            return None;
        }
        let wanted = format!("{name}^{{commit}}");
        let told = run(&self.folder, &["rev-parse", "--verify", "--quiet", &wanted]).ok()?;
        Id::from_hex(told.trim())
    }

    /// Reads these commits and all that came before them.
    pub(super) fn load(&mut self, tips: &[Id]) -> Result<(), Fault> {
        let tips: Vec<String> = tips.iter().map(Id::to_string).collect();
        let mut args = vec!["rev-list", "--date=short", "--format=%H %T %ct %cd %P"];
        args.extend(tips.iter().map(String::as_str));
        let told = run(&self.folder, &args)?;
        // Each commit has a line `commit ID` before the one that was asked for.
        for line in told.lines().filter(|l| !l.starts_with("commit ")) {
            let (id, commit) = commit(line)
                .ok_or_else(|| Fault::Refused(format!("`{line}` is not how it tells of a commit")))?;
            self.commits.insert(id, commit);
        }
        Ok(())
    }

    /// A commit that was read.
    pub(super) fn commit(&self, id: Id) -> Result<&Commit, String> {
        self.commits.get(&id).ok_or_else(|| format!("commit {id} is missing"))
    }

    /// The bytes of a file or a tree.
    pub(super) fn object(&mut self, id: Id) -> Result<Vec<u8>, String> {
        self.objects.read(id)
    }
}

/// A commit as `rev-list` was asked to tell it: its id, tree, time, day and parents.
fn commit(line: &str) -> Option<(Id, Commit)> {
    let mut words = line.split_whitespace();
    let (id, tree) = (Id::from_hex(words.next()?)?, Id::from_hex(words.next()?)?);
    let (seconds, day) = (words.next()?.parse().ok()?, words.next()?.to_owned());
    let parents: Option<Vec<Id>> = words.map(Id::from_hex).collect();
    Some((id, Commit { tree, seconds, day, parents: parents? }))
}

/// A `git` that looks at one repository and at nothing else.
fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
        command.env_remove(name);
    }
    command
        .env("GIT_DIR", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        // A partial clone would fetch what it does not hold.
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_ALLOW_PROTOCOL", "")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null());
    command
}

/// What a command of `git` prints.
fn run(folder: &Path, args: &[&str]) -> Result<String, Fault> {
    let out = git(folder).args(args).output().map_err(Fault::NoProgram)?;
    if out.status.success() {
        return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&out.stderr);
    let said = said.lines().find(|l| l.starts_with("fatal: ")).or_else(|| said.lines().next());
    let said = said.map(|l| l.trim_start_matches("fatal: ").to_owned());
    Err(Fault::Refused(said.unwrap_or_else(|| format!("git ended with {}", out.status))))
}

/// A running `git cat-file`, which is asked for one object after the other.
struct Objects {
    child: Child,
    ask: Option<ChildStdin>,
    answer: BufReader<ChildStdout>,
}

impl Objects {
    fn start(folder: &Path) -> io::Result<Self> {
        let mut child = git(folder)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let ask = child.stdin.take();
        let answer = child.stdout.take().ok_or_else(|| io::Error::other("git has no output"))?;
        Ok(Self { child, ask, answer: BufReader::new(answer) })
    }

    fn read(&mut self, id: Id) -> Result<Vec<u8>, String> {
        let fail = |error: io::Error| format!("{id}: {error}");
        let ask = self.ask.as_mut().ok_or("git has no input")?;
        ask.write_all(format!("{id}\n").as_bytes()).and_then(|()| ask.flush()).map_err(fail)?;
        let mut head = String::new();
        self.answer.read_line(&mut head).map_err(fail)?;
        // `ID blob 1234`, or `ID missing`.
        let size = head.trim_end().rsplit(' ').next().and_then(|size| size.parse::<u64>().ok());
        let Some(size) = size else {
            let what = if head.is_empty() { "is damaged" } else { "is missing" };
            return Err(format!("{id} {what}"));
        };
        let mut bytes = Vec::new();
        // The bytes, and the end of the line behind them.
        self.answer.by_ref().take(size + 1).read_to_end(&mut bytes).map_err(fail)?;
        match bytes.pop() {
            Some(b'\n') if u64::try_from(bytes.len()) == Ok(size) => Ok(bytes),
            _ => Err(format!("{id} is damaged")),
        }
    }
}

impl Drop for Objects {
    /// Without input it ends.
    fn drop(&mut self) {
        self.ask = None;
        let _ = self.child.wait();
    }
}
