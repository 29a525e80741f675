//! The commands that write many files, killed at moments of chance: what is left is the old or the new state, and the
//! next run leaves nothing but the new one.
//!
//! A short form runs with the other tests. `tests/kill/run 500` is the long one; it sets `CMLINT_KILLS` (how often each
//! command is killed) and `CMLINT_BIN` (a release build, which is faster).

#![cfg(unix)]
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

type Tree = BTreeMap<String, Vec<u8>>;

fn kills() -> usize {
    std::env::var("CMLINT_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(3)
}

fn cmlint() -> Command {
    let given = std::env::var("CMLINT_BIN").ok().filter(|b| !b.is_empty());
    let mut command = Command::new(given.as_deref().unwrap_or(env!("CARGO_BIN_EXE_cmlint")));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn done(command: &mut Command) {
    let out = command.output().expect("the program runs");
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
}

/// All files of a folder, but those below what is left out.
fn tree(root: &Path, without: &[&str]) -> Tree {
    let mut out = Tree::new();
    for entry in walkdir::WalkDir::new(root) {
        let entry = entry.expect("readable");
        let name = entry.path().strip_prefix(root).expect("below").to_string_lossy().into_owned();
        let skip = without.iter().any(|w| name == *w || name.starts_with(&format!("{w}/")));
        if entry.file_type().is_file() && !skip {
            out.insert(name, fs::read(entry.path()).expect("readable"));
        }
    }
    out
}

fn copy(from: &Path, to: &Path) {
    for (name, bytes) in tree(from, &["review"]) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = (fs::read_dir(folder).expect("a folder"))
        .map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Numbers of chance; the first is told, so that a run can be repeated by hand.
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        Self(now.as_nanos() as u64 | 1)
    }

    /// A time below another.
    fn below(&mut self, most: Duration) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        most.mul_f64((self.0 >> 11) as f64 / (1u64 << 53) as f64)
    }
}

/// Starts a command and kills it: at any moment of the time it takes, or, every other time, right after `sign`, the file
/// that is made before it moves files.
fn kill(mut command: Command, chance: &mut Chance, takes: Duration, sign: Option<&Path>) -> bool {
    let mut child = command.spawn().expect("the program runs");
    match sign {
        None => std::thread::sleep(chance.below(takes.mul_f64(1.1))),
        Some(sign) => {
            let start = Instant::now();
            while !sign.exists()
                && child.try_wait().expect("a child").is_none()
                && start.elapsed() < takes * 20
            {
                std::hint::spin_loop();
            }
            let wait = chance.below(Duration::from_millis(6));
            let start = Instant::now();
            while start.elapsed() < wait {
                std::hint::spin_loop();
            }
        }
    }
    let ended = child.try_wait().expect("a child").is_some();
    child.kill().expect("killed");
    child.wait().expect("a child");
    !ended
}

/// How it went, and the line that is looked for.
#[derive(Default)]
struct Tally {
    hit: usize,
    old: usize,
    between: usize,
}

impl Tally {
    fn told(&self, what: &str, of: usize) {
        println!(
            "{what}: {of} kills, {} before the end; {} times the old state, {} times to be finished",
            self.hit, self.old, self.between
        );
        println!("{of} passed, 0 failed");
    }
}

/// Two sites that differ in every page and in the names of static files.
struct Sites {
    dir: tempfile::TempDir,
    trees: [Tree; 2],
    takes: Duration,
}

impl Sites {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        for (kind, file) in [("templates", "base.html"), ("site", "site.css")] {
            copy(&repository(kind), &dir.path().join(kind));
            let path = dir.path().join(kind).join(file);
            let text = fs::read_to_string(&path).expect("text");
            let text = if kind == "site" {
                format!("{text}\n/* b */\n")
            } else {
                text.replace("<body", "<body data-b")
            };
            fs::write(path, text).expect("written");
        }
        let mut out = Self { dir, trees: Default::default(), takes: Duration::ZERO };
        for which in 0..2 {
            let folder = out.dir.path().join(format!("ref{which}"));
            let start = Instant::now();
            done(&mut out.build(which, &folder));
            out.takes = start.elapsed();
            out.trees[which] = tree(&folder, &[]);
        }
        let differ =
            out.trees[0].iter().filter(|(name, bytes)| out.trees[1].get(*name) != Some(bytes)).count();
        assert!(differ > 300, "only {differ} files differ");
        out
    }

    fn build(&self, which: usize, out: &Path) -> Command {
        let mut command = cmlint();
        command.args(["site", "build", "--out"]).arg(out);
        if which == 1 {
            command.arg("--templates").arg(self.dir.path().join("templates"));
            command.arg("--assets").arg(self.dir.path().join("site"));
        }
        command
    }

    fn killed(&self, others: &[&str]) -> Tally {
        let place = tempfile::tempdir().expect("a folder");
        let out = place.path().join("public");
        done(&mut self.build(0, &out));
        for name in others {
            fs::create_dir_all(out.join(name).parent().expect("a folder")).expect("made");
            fs::write(out.join(name), name).expect("written");
        }
        let work = place.path().join(".cmlint-site-public");
        let signs = [work.join("new/.cmlint-site"), work.join("journal")];
        let (mut chance, mut tally) = (Chance::new(), Tally::default());
        for round in 0..kills() {
            let (old, new) = (round % 2, 1 - round % 2);
            let sign = (round % 4 > 1).then(|| &signs[usize::from(!others.is_empty())]);
            let seed = chance.0;
            tally.hit +=
                usize::from(kill(self.build(new, &out), &mut chance, self.takes, sign.map(PathBuf::as_path)));
            let left = tree(&out, others);
            if left == self.trees[old] {
                tally.old += 1;
            } else if left != self.trees[new] {
                // Only beside files of others, where folders cannot change places.
                assert!(!others.is_empty() && signs[1].exists(), "round {round}, seed {seed}: a mixture");
                tally.between += 1;
            }
            for name in others {
                assert_eq!(
                    fs::read_to_string(out.join(name)).ok().as_deref(),
                    Some(*name),
                    "round {round}, {seed}"
                );
            }
            done(&mut self.build(new, &out));
            assert!(
                tree(&out, others) == self.trees[new],
                "round {round}, seed {seed}: the next build is not whole"
            );
            assert_eq!(names(place.path()), ["public"], "round {round}, seed {seed}");
        }
        for name in others {
            assert_eq!(fs::read_to_string(out.join(name)).ok().as_deref(), Some(*name));
        }
        tally
    }
}

#[test]
fn a_site_build() {
    let sites = Sites::new();
    sites.killed(&[]).told("site build", kills());
    let others = [".git/config", "CNAME", "accounts/notes.txt"];
    sites.killed(&others).told("site build beside files of others", kills());
}

/// A page that says something new of everything.
fn page(content: &Path) -> String {
    let mut out = String::from(
        "---\ntitle: Accounts used\nms.date: 08/13/2029\n---\n# Accounts used in Configuration Manager\n\n",
    );
    for (heading, kind) in [("Windows groups", "groups"), ("Accounts", "accounts")] {
        out.push_str(&format!("## {heading}\n\n"));
        for name in names(&content.join(kind)) {
            let name = name.trim_end_matches(".yaml").replace('-', " ");
            out.push_str(&format!(
                "### {name}\n\nThe {name} is for new work. Do not give it the Red Right.\n\n"
            ));
        }
    }
    out
}

#[test]
fn a_revision_that_is_written() {
    let place = tempfile::tempdir().expect("a folder");
    let (content, file) = (place.path().join("content"), place.path().join("page.md"));
    let fresh = || {
        let _ = fs::remove_dir_all(&content);
        copy(&repository("content"), &content);
    };
    let command = |args: &[&str]| {
        let mut command = cmlint();
        command.arg("--content").arg(&content).args(args);
        command
    };
    let write = || {
        let mut command = command(&["track", "--write"]);
        command.arg(&file);
        command
    };
    fresh();
    fs::write(&file, page(&content)).expect("written");
    let old = tree(&content, &[]);
    let start = Instant::now();
    done(&mut write());
    let takes = start.elapsed();
    let new = tree(&content, &[]);
    assert!(new.len() > old.len() && new.iter().filter(|(n, b)| old.get(*n) != Some(b)).count() > 30);
    let sign = content.join(".cmlint-track/journal");
    let (mut chance, mut tally) = (Chance::new(), Tally::default());
    for round in 0..kills() {
        fresh();
        let seed = chance.0;
        let aimed = (round % 2 == 1).then_some(sign.as_path());
        tally.hit += usize::from(kill(write(), &mut chance, takes, aimed));
        let left = tree(&content, &[".cmlint-track"]);
        if left != old && left != new {
            assert!(sign.exists(), "round {round}, seed {seed}: a mixture, and nothing that says so");
            tally.between += 1;
        }
        // Any command that loads the folder finishes what was begun.
        done(&mut command(&["rules"]));
        let left = tree(&content, &[]);
        tally.old += usize::from(left == old);
        assert!(left == old || left == new, "round {round}, seed {seed}: {:?}", left.keys());
        done(&mut write());
        assert!(tree(&content, &[]) == new, "round {round}, seed {seed}: the next run is not whole");
    }
    tally.told("track --write", kills());
}
