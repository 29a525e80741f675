use super::*;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// A repository that is made commit by commit.
struct Maker {
    folder: tempfile::TempDir,
}

/// The files of a commit: path and text.
type Files<'a> = &'a [(&'a str, &'a str)];

impl Maker {
    fn new() -> Self {
        Self::with(&["--bare", "--object-format=sha1"])
    }

    fn with(options: &[&str]) -> Self {
        let maker = Self { folder: tempfile::tempdir().unwrap() };
        maker.git(&[&["init", "--quiet"], options].concat(), "");
        maker
    }

    /// What `git` prints.
    fn git(&self, args: &[&str], input: &str) -> String {
        let mut child = Command::new("git")
            .args(args)
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("git is needed for tests");
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "{args:?}");
        String::from_utf8(out.stdout).unwrap()
    }

    /// Commits files at a time, in hours since 2019-01-01.
    fn commit(&self, hours: i64, parents: &[Id], files: Files<'_>) -> Id {
        let time = 1_546_300_800 + hours * 3600;
        let mut stream = format!(
            "commit refs/made/{time}\nmark :1\ncommitter A <a@example.org> {time} +0000\ndata 1\nx\n"
        );
        for (i, parent) in parents.iter().enumerate() {
            writeln!(stream, "{} {parent}", if i == 0 { "from" } else { "merge" }).unwrap();
        }
        stream.push_str("deleteall\n");
        for (path, text) in files {
            write!(stream, "M 100644 inline {path}\ndata {}\n{text}\n", text.len()).unwrap();
        }
        stream.push_str("get-mark :1\n");
        let told = self.git(&["fast-import", "--quiet", "--force", "--date-format=raw"], &stream);
        Id::from_hex(told.trim()).unwrap()
    }

    /// Versions as `path:text<parent`, by the text alone if the path is `a.md`.
    fn versions(&self, tip: Id, since: Option<Id>) -> Vec<String> {
        let history = self.read(tip, since).unwrap();
        let show = |v: &Version| {
            let text = v.bytes.as_ref().map_or("gone".to_owned(), |b| String::from_utf8(b.clone()).unwrap());
            let text = text.lines().last().unwrap_or_default().to_owned();
            let path = if v.path == "a.md" { String::new() } else { format!("{}:", v.path) };
            let parents: String = v.parents.iter().map(|p| format!("<{p}")).collect();
            format!("{path}{text}{parents}")
        };
        let before = history.before.iter().map(|v| format!("since {}", show(v)));
        before.chain(history.versions.iter().map(show)).collect()
    }

    fn read(&self, tip: Id, since: Option<Id>) -> Result<History, HistoryError> {
        let (tip, since) = (tip.to_string(), since.map(|s| s.to_string()));
        read(&Request {
            repository: self.folder.path(),
            file: "a.md",
            since: since.as_deref(),
            until: Some(&tip),
        })
    }
}

#[test]
fn commits_that_leave_the_file_alone_do_not_count() {
    let m = Maker::new();
    let a = m.commit(0, &[], &[("b.md", "x")]);
    let b = m.commit(1, &[a], &[("b.md", "x"), ("a.md", "1")]);
    let c = m.commit(2, &[b], &[("b.md", "y"), ("a.md", "1")]);
    let d = m.commit(3, &[c], &[("a.md", "2")]);
    assert_eq!(m.versions(d, None), ["1", "2<0"]);
    assert_eq!(m.versions(d, Some(b)), ["since 1", "2"]);
    assert_eq!(m.versions(d, Some(a)), ["1", "2<0"]);
    assert_eq!(m.versions(d, Some(d)), ["since 2"]);
}

#[test]
fn parents_come_first_whatever_the_clock_says() {
    let m = Maker::new();
    let a = m.commit(50, &[], &[("a.md", "1")]);
    let b = m.commit(10, &[a], &[("a.md", "2")]);
    let c = m.commit(30, &[b], &[("a.md", "1")]);
    assert_eq!(m.versions(c, None), ["1", "2<0", "1<1"]);
}

#[test]
fn a_merge_that_agrees_with_a_parent_is_followed_there() {
    let m = Maker::new();
    let a = m.commit(0, &[], &[("a.md", "1")]);
    let left = m.commit(1, &[a], &[("a.md", "2")]);
    // The same change made twice: only the first parent's line is told.
    let right = m.commit(2, &[a], &[("a.md", "2"), ("b.md", "x")]);
    let merge = m.commit(3, &[left, right], &[("a.md", "2"), ("b.md", "x")]);
    assert_eq!(m.versions(merge, None), ["1", "2<0"]);
    // A side line that came to nothing.
    let lost = m.commit(4, &[merge], &[("a.md", "3")]);
    let kept = m.commit(5, &[merge, lost], &[("a.md", "2")]);
    assert_eq!(m.versions(kept, None), ["1", "2<0"]);
}

#[test]
fn a_merge_of_two_changes_follows_both_lines() {
    let m = Maker::new();
    let a = m.commit(0, &[], &[("a.md", "1")]);
    let left = m.commit(2, &[a], &[("a.md", "left")]);
    let right = m.commit(1, &[a], &[("a.md", "right")]);
    let merge = m.commit(3, &[left, right], &[("a.md", "both")]);
    assert_eq!(m.versions(merge, None), ["1", "right<0", "left<0", "both<2<1"]);
}

#[test]
fn a_file_that_is_gone_and_comes_back() {
    let m = Maker::new();
    let a = m.commit(0, &[], &[("a.md", "1"), ("b.md", "x")]);
    let b = m.commit(1, &[a], &[("b.md", "x")]);
    let c = m.commit(2, &[b], &[("a.md", "2"), ("b.md", "x")]);
    assert_eq!(m.versions(c, None), ["1", "gone<0", "2<1"]);
    assert_eq!(m.versions(b, None), ["1", "gone<0"]);
}

#[test]
fn renames_are_followed() {
    let m = Maker::new();
    let long = |last: &str| format!("a long line that stays\nanother long line that stays\n{last}");
    let (one, two, three) = (long("1"), long("2"), long("3"));
    let a = m.commit(0, &[], &[("old/b.md", &one), ("c.md", "something else entirely")]);
    let b = m.commit(1, &[a], &[("old/b.md", &two), ("c.md", "something else entirely")]);
    // Moved untouched: no version of its own.
    let c = m.commit(2, &[b], &[("new/b.md", &two), ("c.md", "something else entirely")]);
    // Moved and changed.
    let d = m.commit(3, &[c], &[("a.md", &three), ("c.md", "something else entirely")]);
    assert_eq!(m.versions(d, None), ["old/b.md:1", "old/b.md:2<0", "3<1"]);
    assert_eq!(m.versions(d, Some(c)), ["since new/b.md:2", "3"]);
}

#[test]
fn a_new_file_is_not_taken_for_an_old_one_unlike_it() {
    let m = Maker::new();
    let a = m.commit(0, &[], &[("b.md", "some words\nmore words")]);
    let b = m.commit(1, &[a], &[("a.md", "nothing like it")]);
    assert_eq!(m.versions(b, None), ["nothing like it"]);
}

#[test]
fn what_is_not_there_is_said() {
    let m = Maker::new();
    let a = m.commit(0, &[], &[("docs/a.md", "1"), ("docs/b.md", "1")]);
    let error = m.read(a, None).unwrap_err().to_string();
    assert!(error.ends_with("no commit holds a file `a.md`; did you mean `docs/a.md`?"), "{error}");
    let request = |repository, file, since| Request { repository, file, since, until: None };
    let fail = |r: Request<'_>| read(&r).unwrap_err().to_string();
    let here = m.folder.path();
    assert!(fail(request(here, "docs/a.md", None)).contains("nothing is checked out"));
    assert!(fail(request(here, "docs/a.md", Some("nope"))).contains("nothing is checked out"));
    assert!(fail(request(here, "../a.md", None)).contains("no path inside a repository"));
    assert!(fail(request(here, "", None)).contains("no path inside a repository"));
    let empty = tempfile::tempdir().unwrap();
    assert!(fail(request(empty.path(), "a.md", None)).contains("not a git repository"));
    assert!(fail(request(&empty.path().join("no"), "a.md", None)).contains("there is no such folder"));
    let until = a.to_string();
    let fail = read(&Request { repository: here, file: "docs/a.md", since: Some("v1"), until: Some(&until) });
    assert!(fail.unwrap_err().to_string().contains("there is no commit `v1`"));
}

#[test]
fn paths_are_read_as_people_write_them() {
    assert_eq!(inside("./docs//a.md").unwrap(), "docs/a.md");
    assert_eq!(inside("docs\\a.md").unwrap(), "docs/a.md");
    assert!(inside("/docs/a.md").is_err() && inside("c:/a.md").is_err() && inside(".").is_err());
}

#[test]
fn short_ids_tell_versions_apart() {
    let version = |commit: &str| Version {
        commit: commit.to_owned(),
        short: String::new(),
        date: String::new(),
        path: String::new(),
        bytes: None,
        parents: Vec::new(),
    };
    let mut versions = [version("0123456789abcdef"), version("012345678aabcdef")];
    shorten(&mut versions);
    assert_eq!(versions.map(|v| v.short), ["0123456789", "012345678a"]);
}

#[test]
fn any_sort_of_repository_is_read() {
    let read =
        |m: &Maker, file, since, until| read(&Request { repository: m.folder.path(), file, since, until });
    // A working tree with the longer ids, tags, a branch, packed.
    let m = Maker::with(&["--object-format=sha256", "--initial-branch=main"]);
    let a = m.commit(0, &[], &[("docs/a.md", "1")]);
    let b = m.commit(30, &[a], &[("docs/a.md", "2")]);
    m.git(&["update-ref", "refs/heads/main", &b.to_string()], "");
    m.git(&["tag", "first", &a.to_string()], "");
    m.git(&["gc", "--quiet"], "");
    let told = read(&m, "docs/a.md", Some("first"), None).unwrap();
    assert_eq!(told.versions.len(), 1);
    assert_eq!(
        (told.versions[0].commit.as_str(), told.versions[0].commit.len()),
        (b.to_string().as_str(), 64)
    );
    assert_eq!(
        (told.versions[0].date.as_str(), told.versions[0].bytes.as_deref()),
        ("2019-01-02", Some(&b"2"[..]))
    );
    assert_eq!(told.before.unwrap().commit, a.to_string());
    assert_eq!(read(&m, "docs/a.md", None, Some("main~1")).unwrap().versions.len(), 1);
    // What looks like an option is no revision, and neither is a tree.
    for name in ["--all", "main:docs", "main..first", "\n"] {
        let told = read(&m, "docs/a.md", None, Some(name)).unwrap_err().to_string();
        assert!(told.contains("there is no commit"), "{told}");
    }
    // A shallow clone says so, and starts where it is cut.
    let shallow = Maker { folder: tempfile::tempdir().unwrap() };
    let from = format!("file://{}", m.folder.path().display());
    shallow.git(&["clone", "--quiet", "--bare", "--depth", "1", &from, "."], "");
    let told = read(&shallow, "docs/a.md", None, None).unwrap();
    assert_eq!((told.shallow, told.versions.len(), told.versions[0].parents.len()), (true, 1, 0));
}

#[test]
fn an_object_that_is_missing_or_damaged_is_said() {
    let m = Maker::new();
    let a = m.commit(0, &[], &[("a.md", "1")]);
    let b = m.commit(1, &[a], &[("a.md", "2")]);
    let blob = m.git(&["rev-parse", &format!("{a}:a.md")], "");
    let (folder, file) = blob.trim().split_at(2);
    let path = m.folder.path().join("objects").join(folder).join(file);
    std::fs::remove_file(&path).unwrap();
    let told = m.read(b, None).unwrap_err().to_string();
    assert!(told.contains(blob.trim()) && told.contains("is the clone complete?"), "{told}");
    std::fs::write(&path, "no object").unwrap();
    assert!(m.read(b, None).unwrap_err().to_string().contains("an object cannot be read"));
}
