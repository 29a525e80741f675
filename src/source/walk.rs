//! From the paths on the command line to a list of sources.
//!
//! Folders are walked in the order of file names; names that start with a dot are left out there. Every
//! folder and file is taken once, however many paths and symbolic links lead to it.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use walkdir::{DirEntry, WalkDir};

use super::archive::{Archive, Budget, MAGIC, Recent};
use super::bytes::{Node, Origin, Raw, Spooled, open, spool};
use super::decode::{SNIFF, encoding};
use super::window::size_text;
use super::{Limits, SourceError, Sources, reason};

/// The name of standard input in reports.
const STDIN: &str = "<stdin>";

/// The list while it grows.
pub(super) struct Walk {
    sources: Sources,
    limits: Arc<Limits>,
    /// Files and folders that were met, by their canonical path.
    seen: HashSet<PathBuf>,
    /// Archives in archives that are kept inflated.
    recent: Arc<Recent>,
    /// Whether standard input was taken.
    stdin: bool,
    /// Whether the limit of files is reached.
    full: bool,
    /// What all archives have taken.
    budget: Budget,
    /// The file that will be written, and how long it is.
    output: Option<(same_file::Handle, u64)>,
    /// The input that it is.
    clash: Option<String>,
}

impl Walk {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            sources: Sources::default(),
            limits: Arc::new(limits.clone()),
            seen: HashSet::new(),
            recent: Arc::default(),
            stdin: false,
            full: false,
            budget: Budget::default(),
            output: None,
            clash: None,
        }
    }

    /// Files that are no inputs, wherever they are met.
    pub(super) fn leave_out(&mut self, files: &[PathBuf]) {
        self.seen.extend(files.iter().filter_map(|file| fs::canonicalize(file).ok()));
    }

    /// A file that will be written must not be read: [`Walk::done_apart`] tells whether it would be.
    pub(super) fn keep_from(&mut self, output: Option<&Path>) {
        let handle = |path: &Path| {
            let found = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
            Some((same_file::Handle::from_path(path).ok()?, found.len()))
        };
        self.output = output.and_then(handle);
    }

    /// The list, or the label of the input that is to be written.
    pub(super) fn done_apart(self) -> Result<Sources, String> {
        match self.clash {
            Some(label) => Err(label),
            None => Ok(self.sources),
        }
    }

    /// Whether a file is the one that will be written.
    fn is_output(&self, raw: &Raw) -> bool {
        let (Some((output, length)), Raw::File(file, len)) = (&self.output, raw) else { return false };
        // Other lengths are other files: most need no second look.
        len == length
            && file.try_clone().and_then(same_file::Handle::from_file).is_ok_and(|handle| handle == *output)
    }

    pub(super) fn done(self) -> Sources {
        self.sources
    }

    /// One path of the command line.
    pub(super) fn input(&mut self, path: &Path) {
        if path == Path::new("-") {
            if !self.stdin {
                self.stdin = true;
                let same = |(output, _): &(same_file::Handle, u64)| {
                    same_file::Handle::stdin().is_ok_and(|handle| handle == *output)
                };
                if self.output.as_ref().is_some_and(same) {
                    self.clash = Some(STDIN.to_owned());
                    return;
                }
                self.stream(STDIN, &mut io::stdin().lock());
            }
            return;
        }
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => self.folder(path),
            Ok(found) if found.is_file() => {
                if self.first(fs::canonicalize(path)) {
                    self.file(path);
                }
            }
            // A pipe or a device: can be read only once and from the beginning.
            Ok(_) => match fs::File::open(path) {
                Ok(mut file) => self.stream(&label(path), &mut file),
                Err(e) => self.failed(&label(path), &reason(&e)),
            },
            Err(e) => self.failed(&label(path), &reason(&e)),
        }
    }

    /// The files of a folder and its folders. Links are followed here and not by `walkdir`, which would ask
    /// the system about every file.
    fn folder(&mut self, root: &Path) {
        let walk = |path: &Path| WalkDir::new(path).sort_by_file_name().into_iter();
        let mut parent: Option<(PathBuf, PathBuf)> = None;
        // Below the last one, those that lead to it through a link.
        let mut folders = vec![walk(root)];
        while let Some(entries) = folders.last_mut().filter(|_| !self.full && self.clash.is_none()) {
            let entry = match entries.next() {
                Some(Ok(entry)) => entry,
                Some(Err(e)) => {
                    let path = e.path().unwrap_or(root).to_owned();
                    let why = e.io_error().map_or_else(|| e.to_string(), reason);
                    self.failed(&label(&path), &why);
                    continue;
                }
                None => {
                    folders.pop();
                    continue;
                }
            };
            let path = entry.path();
            let kind = entry.file_type();
            let hidden = entry.depth() > 0 && is_hidden(entry.file_name());
            if entry.depth() == 0 || kind.is_dir() {
                if hidden || !self.first(fs::canonicalize(path)) {
                    entries.skip_current_dir();
                }
                continue;
            }
            if hidden {
                continue;
            }
            if kind.is_file() {
                if self.first(canonical(&entry, &mut parent)) {
                    self.file(path);
                }
            } else if kind.is_symlink() {
                match fs::metadata(path) {
                    Ok(found) if found.is_dir() => folders.push(walk(path)),
                    Ok(found) if found.is_file() => {
                        if self.first(fs::canonicalize(path)) {
                            self.file(path);
                        }
                    }
                    Ok(found) => self.sources.skip(&label(path), special(found.file_type())),
                    Err(e) => self.failed(&label(path), &reason(&e)),
                }
            } else {
                self.sources.skip(&label(path), special(kind));
            }
        }
    }

    /// Whether a file or folder is met for the first time. One whose true path cannot be had is.
    fn first(&mut self, path: io::Result<PathBuf>) -> bool {
        path.map_or(true, |path| self.seen.insert(path))
    }

    fn file(&mut self, path: &Path) {
        let label = label(path);
        match open(path) {
            Ok(raw) if self.is_output(&raw) => self.clash = Some(label),
            Ok(raw) => {
                let node = Node::new(Origin::File(path.to_owned()), raw.len(), &self.limits);
                self.add(&label, &raw, node);
            }
            Err(e) => self.failed(&label, &reason(&e)),
        }
    }

    /// Something that can be read only once.
    fn stream(&mut self, label: &str, input: &mut dyn Read) {
        match spool(input, self.limits.in_memory, self.limits.stdin, is_hopeless) {
            Ok(Spooled::Hopeless) => {
                let head = size_text(self.limits.in_memory);
                let why = format!("nothing in its first {head} looks like an export; reading stopped there");
                self.failed(label, &why);
            }
            Ok(Spooled::Whole(raw)) => {
                let raw = Arc::new(raw);
                let node = Node::new(Origin::Held(Arc::clone(&raw)), raw.len(), &self.limits);
                self.add(label, &raw, node);
            }
            Ok(Spooled::TooLong) => {
                let limit = size_text(self.limits.stdin);
                self.failed(
                    label,
                    &format!("more than the limit of {limit}; save it as a file and give its path"),
                );
            }
            Err(e) => self.failed(label, &reason(&e)),
        }
    }

    /// A file, or what is in it if it is an archive.
    fn add(&mut self, label: &str, raw: &Raw, node: Arc<Node>) {
        let mut head = [0; MAGIC.len()];
        match raw.read_at(0, &mut head) {
            Ok(_) if &head == MAGIC => {
                self.budget.begin(raw.len());
                self.archive(label, &node, 1);
            }
            Ok(_) => self.push(label, node),
            Err(e) => self.failed(label, &reason(&e)),
        }
    }

    fn archive(&mut self, label: &str, node: &Arc<Node>, depth: usize) {
        let limits = Arc::clone(&self.limits);
        if depth > limits.archive_depth {
            let why = format!(
                "archives lie in one another more than {} deep; unpack it and check the files",
                limits.archive_depth
            );
            return self.failed(label, &why);
        }
        let left = limits.archive_entries.saturating_sub(self.budget.entries);
        let archive = match Archive::open(node, left, &self.recent) {
            Ok(Some(archive)) => Arc::new(archive),
            Ok(None) => return self.failed(label, &too_many(&limits)),
            Err(SourceError::Io(e)) => return self.failed(label, &reason(&e)),
            Err(e) => return self.failed(label, &e.to_string()),
        };
        if archive.overlaps() {
            let why = "entries of the archive lie over one another, which no program packs; it is not read";
            return self.failed(label, why);
        }
        if archive.has_duplicates() {
            self.failed(
                label,
                "several entries of the archive have one name and only the last of them is read",
            );
        }
        for entry in archive.entries() {
            if self.full {
                return;
            }
            if self.budget.entries >= limits.archive_entries {
                return self.failed(label, &too_many(&limits));
            }
            self.budget.entries += 1;
            let label = format!("{label}!{}", entry.name);
            if let Err(why) = self.budget.take(&entry, &limits) {
                self.failed(&label, &why);
                continue;
            }
            let node = Node::new(Origin::Entry(Arc::clone(&archive), entry.index), entry.size, &limits);
            match archive.holds_archive(entry.index) {
                Ok(true) => self.archive(&label, &node, depth + 1),
                Ok(false) => self.push(&label, node),
                Err(e) => self.failed(&label, &e.to_string()),
            }
        }
    }

    fn failed(&mut self, label: &str, why: &str) {
        let node = Node::failed(why.to_owned(), &self.limits);
        self.push(label, node);
    }

    fn push(&mut self, label: &str, node: Arc<Node>) {
        if self.full {
            return;
        }
        if self.sources.len() < self.limits.files {
            self.sources.push(label, node);
            return;
        }
        self.full = true;
        let why = format!(
            "more than {} files: this one and the following are not read; check fewer folders at a time",
            self.limits.files
        );
        self.sources.push(label, Node::failed(why, &self.limits));
    }
}

/// What is in a folder and no file.
fn special(kind: fs::FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "a pipe, skipped; it is read if its path is given";
        }
        if kind.is_socket() {
            return "a socket, skipped";
        }
    }
    let _ = kind;
    "a device, skipped; it is read if its path is given"
}

/// Whether the first bytes of something of unknown length rule out an export: noise, or text without any of the
/// signs that all shapes have (`<`, `{`, `[`).
fn is_hopeless(head: &[u8]) -> bool {
    if head.starts_with(MAGIC) {
        return false;
    }
    // A stretch reserved for what is to come may follow.
    let text = &head[..head.len() - head.iter().rev().take_while(|b| **b == 0).count()];
    let wide = encoding(text.get(..SNIFF).unwrap_or(text), false).0.unit() == 2;
    let noise =
        text.iter().filter(|b| **b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b)).count();
    !text.iter().any(|b| matches!(b, b'<' | b'{' | b'[')) || (!wide && noise > text.len() / 20)
}

fn too_many(limits: &Limits) -> String {
    format!("the archive has more than {} entries; unpack it and check the files", limits.archive_entries)
}

/// The canonical path of a file. That of its folder is kept from one file to the next.
fn canonical(entry: &DirEntry, parent: &mut Option<(PathBuf, PathBuf)>) -> io::Result<PathBuf> {
    let path = entry.path();
    let Some(folder) = path.parent() else { return fs::canonicalize(path) };
    if let Some((known, canonical)) = parent
        && known == folder
    {
        return Ok(canonical.join(entry.file_name()));
    }
    let found = fs::canonicalize(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?;
    let joined = found.join(entry.file_name());
    *parent = Some((folder.to_owned(), found));
    Ok(joined)
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().first() == Some(&b'.')
}

/// A path as it is shown: `/` between the parts, no `./` before them.
fn label(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() };
    let inner = path.components().next() == Some(Component::CurDir);
    match text.strip_prefix("./") {
        Some(rest) if inner && !rest.is_empty() => rest.trim_start_matches('/').to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Encoding, Source, read};
    use super::*;
    use std::io::Write;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, bytes) in files {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        dir
    }

    /// Labels without the temporary folder, and the text or the error.
    fn contents(dir: &tempfile::TempDir, sources: &Sources) -> Vec<(String, String)> {
        let root = format!("{}/", label(dir.path()));
        sources.iter().map(|source| (source.label().replace(&root, ""), content(source))).collect()
    }

    fn content(source: &Source) -> String {
        match source.open() {
            Ok(window) => window.view().text.to_owned(),
            Err(e) => format!("error: {e}"),
        }
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn a_folder_is_walked_by_name_without_hidden_files() {
        let dir = folder(&[
            ("b.xml", b"b"),
            ("a/z.json", b"z"),
            ("a/c/d.txt", b"d"),
            (".git/config", b"no"),
            ("a/.hidden", b"no"),
            ("c.xml", b"\xff\xfec\0"),
        ]);
        let sources = read(&[dir.path().to_owned()], &Limits::default());
        let expected = pairs(&[("a/c/d.txt", "d"), ("a/z.json", "z"), ("b.xml", "b"), ("c.xml", "c")]);
        assert_eq!(contents(&dir, &sources), expected);
        let last = &sources.as_slice()[3];
        assert_eq!((last.id().index(), last.len(), last.encoding()), (3, 4, Some(Encoding::Utf16Le)));
        assert_eq!(sources.get(last.id()).unwrap().label(), last.label());
    }

    #[test]
    fn what_is_given_is_read_even_if_hidden_and_what_is_missing_is_said() {
        let dir = folder(&[(".a.xml", b"a"), ("b.xml", b"b")]);
        let paths = [".a.xml", "none.xml", "b.xml"].map(|name| dir.path().join(name));
        let sources = read(&paths, &Limits::default());
        let missing = "error: there is no such file or folder";
        assert_eq!(
            contents(&dir, &sources),
            pairs(&[(".a.xml", "a"), ("none.xml", missing), ("b.xml", "b")])
        );
        assert!(sources.as_slice()[1].error().is_some() && sources.as_slice()[2].error().is_none());
    }

    #[test]
    fn everything_is_read_once() {
        let dir = folder(&[("a/x.xml", b"x"), ("b.xml", b"b")]);
        let root = dir.path().to_owned();
        let sources =
            read(&[root.join("a"), root.join("b.xml"), root.clone(), root.join("a")], &Limits::default());
        assert_eq!(contents(&dir, &sources), pairs(&[("a/x.xml", "x"), ("b.xml", "b")]));
    }

    #[cfg(unix)]
    #[test]
    fn symbolic_links_are_followed_but_not_in_circles() {
        use std::os::unix::fs::symlink;
        let dir = folder(&[("a/x.xml", b"x"), ("d/y.xml", b"y")]);
        symlink(dir.path(), dir.path().join("a/up")).unwrap();
        symlink(dir.path().join("d"), dir.path().join("c")).unwrap();
        symlink(dir.path().join("a/x.xml"), dir.path().join("z.xml")).unwrap();
        symlink(dir.path().join("nowhere"), dir.path().join("e")).unwrap();
        let sources = read(&[dir.path().to_owned()], &Limits::default());
        let missing = "error: there is no such file or folder";
        assert_eq!(contents(&dir, &sources), pairs(&[("a/x.xml", "x"), ("c/y.xml", "y"), ("e", missing)]));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_without_permission_does_not_stop_the_others() {
        use std::os::unix::fs::PermissionsExt;
        let dir = folder(&[("a.xml", b"a"), ("b.xml", b"b")]);
        let locked = dir.path().join("a.xml");
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
        let readable = fs::File::open(&locked).is_ok();
        let sources = read(&[dir.path().to_owned()], &Limits::default());
        let a = if readable { "a" } else { "error: there is no permission to read it" };
        assert_eq!(contents(&dir, &sources), pairs(&[("a.xml", a), ("b.xml", "b")]));
    }

    #[test]
    fn zips_are_known_by_content_and_opened_in_one_another() {
        let inner = zipped(&[("object.xml", b"<INSTANCE/>"), ("dir\\r.xml", b"r")]);
        let outer = zipped(&[("one.xml", b"1"), ("deep/inner.dat", &inner), ("two.xml", b"2")]);
        let dir = folder(&[("export.zip", &outer), ("not.zip", b"text")]);
        let sources = read(&[dir.path().to_owned()], &Limits::default());
        assert_eq!(
            contents(&dir, &sources),
            pairs(&[
                ("export.zip!one.xml", "1"),
                ("export.zip!deep/inner.dat!object.xml", "<INSTANCE/>"),
                ("export.zip!deep/inner.dat!dir/r.xml", "r"),
                ("export.zip!two.xml", "2"),
                ("not.zip", "text"),
            ])
        );
        assert_eq!(sources.as_slice()[1].len(), 11);
    }

    #[test]
    fn broken_archives_and_entries_leave_their_neighbours_alone() {
        let mut whole = zipped(&[("a.xml", b"first entry"), ("b.xml", b"second entry")]);
        let half = whole[..40].to_vec();
        // Behind the header of 30 bytes and the name of 5: the deflated bytes of the first entry.
        whole[37] ^= 0xff;
        let dir = folder(&[("a.zip", &half), ("b.zip", &whole), ("c.xml", b"c")]);
        let sources = read(&[dir.path().to_owned()], &Limits::default());
        let contents = contents(&dir, &sources);
        let labels: Vec<&str> = contents.iter().map(|c| c.0.as_str()).collect();
        assert_eq!(labels, ["a.zip", "b.zip!a.xml", "b.zip!b.xml", "c.xml"]);
        assert!(contents[0].1.starts_with("error: not a whole zip archive"), "{}", contents[0].1);
        assert!(contents[1].1.starts_with("error: the archive is damaged here"), "{}", contents[1].1);
        assert_eq!((contents[2].1.as_str(), contents[3].1.as_str()), ("second entry", "c"));
    }

    #[test]
    fn limits_of_archives() {
        let mut nested = zipped(&[("x.xml", b"x")]);
        for _ in 0..3 {
            nested = zipped(&[("n.zip", &nested), ("y.xml", b"y")]);
        }
        let big = vec![b' '; 5000];
        let large = zipped(&[("a.xml", b"a"), ("big.xml", &big), ("z.xml", b"z")]);
        let many = zipped(&[("1", b"1"), ("2", b"2"), ("3", b"3")]);
        let dir = folder(&[("large.zip", &large), ("many.zip", &many), ("nested.zip", &nested)]);
        let errors = |limits: Limits| -> Vec<(String, String)> {
            let sources = read(&[dir.path().to_owned()], &limits);
            let failed = contents(&dir, &sources).into_iter().filter(|c| c.1.starts_with("error: "));
            failed.collect()
        };
        assert_eq!(errors(Limits::default()), []);
        assert_eq!(
            errors(Limits { archive_depth: 3, ..Limits::default() }),
            pairs(&[(
                "nested.zip!n.zip!n.zip!n.zip",
                "error: archives lie in one another more than 3 deep; unpack it and check the files"
            )])
        );
        assert_eq!(
            errors(Limits { archive_entries: 2, ..Limits::default() })[1],
            pairs(&[(
                "many.zip",
                "error: the archive has more than 2 entries; unpack it and check the files"
            )])[0]
        );
        assert_eq!(
            errors(Limits { entry_size: 4096, ..Limits::default() }),
            pairs(&[(
                "large.zip!big.xml",
                "error: inflates to 4.9 KiB, the limit is 4 KiB; unpack it and check the file"
            )])
        );
        assert_eq!(
            errors(Limits { ratio: 50, in_memory: 1000, ..Limits::default() }),
            pairs(&[(
                "large.zip!big.xml",
                "error: inflates to more than 50 times its size; if that is right, unpack it and check the file"
            )])
        );
        assert_eq!(
            errors(Limits { archive_size: 5000, ..Limits::default() }),
            pairs(&[(
                "large.zip!big.xml",
                "error: the archives inflate to more than 4.9 KiB; unpack it and check the files"
            )])
        );
    }

    #[test]
    fn many_small_entries_count_as_one_large_does() {
        let blanks = vec![b' '; 4000];
        let small: Vec<(String, &[u8])> = (0..50).map(|i| (i.to_string(), blanks.as_slice())).collect();
        let small: Vec<(&str, &[u8])> = small.iter().map(|(n, b)| (n.as_str(), *b)).collect();
        let bomb = zipped(&small);
        let limits = Limits { ratio: 10, free: 20_000, ..Limits::default() };
        let allowed = (20_000 + 10 * bomb.len()) / 4000;
        // In one archive, in archives inside, and in one after the other.
        let nested = zipped(&[("a.zip", &bomb), ("b.zip", &bomb)]);
        for (files, least) in [
            (vec![("a.zip", bomb.as_slice())], allowed),
            (vec![("a.zip", nested.as_slice())], 4),
            (vec![("a.zip", bomb.as_slice()), ("b.zip", bomb.as_slice())], 2 * allowed - 5),
        ] {
            let dir = folder(&files);
            let sources = read(&[dir.path().to_owned()], &limits);
            let good = sources.iter().filter(|s| s.error().is_none()).count();
            let packed: usize = files.iter().map(|f| f.1.len()).sum();
            assert!(good >= least && good * 4000 <= 20_000 + 10 * packed, "{good} {least}");
            let why = sources.iter().find_map(Source::error).unwrap();
            assert!(why.contains("inflates to more than 10 times its size"), "{why}");
        }
        let dir = folder(&[("a.zip", &bomb)]);
        assert!(read(&[dir.path().to_owned()], &Limits::default()).iter().all(|s| s.error().is_none()));
    }

    #[test]
    fn entries_that_lie_over_one_another_are_not_read() {
        let mut zip = zipped(&[("a.xml", b"first entry"), ("b.xml", b"second entry")]);
        let header = zip.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
        // Where the second entry of the directory says that its bytes are.
        zip[header + 42..header + 46].copy_from_slice(&4u32.to_le_bytes());
        let dir = folder(&[("a.zip", &zip), ("b.xml", b"b")]);
        let sources = read(&[dir.path().to_owned()], &Limits::default());
        assert_eq!(sources.len(), 2);
        assert!(sources.as_slice()[0].error().unwrap().contains("lie over one another"));
    }

    #[test]
    fn what_goes_on_and_is_no_export_is_given_up_early() {
        let limits = Limits { in_memory: 10_000, stdin: 1 << 20, ..Limits::default() };
        let why = |input: &mut dyn Read| {
            let mut walk = Walk::new(&limits);
            walk.stream("x", input);
            walk.done().as_slice()[0].error().unwrap_or_default().to_owned()
        };
        let mut seed = 7u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        })
        .take(40_000)
        .collect();
        let early = "nothing in its first 9.8 KiB looks like an export; reading stopped there";
        assert_eq!(why(&mut io::repeat(0)), early);
        assert_eq!(why(&mut io::repeat(b'y')), early);
        assert_eq!(why(&mut noise.as_slice()), early);
        assert!(why(&mut io::repeat(b'<')).starts_with("more than the limit of 1 MiB"));
        let wide: Vec<u8> =
            "<a>ü\u{301}</a>".repeat(2000).encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(why(&mut wide.as_slice()), "");
        let padded = [b"<a/>".repeat(1000), vec![0; 40_000]].concat();
        assert_eq!(why(&mut padded.as_slice()), "");
    }

    #[cfg(unix)]
    #[test]
    fn pipes_in_folders_are_skipped_with_a_line() {
        let dir = folder(&[("a.xml", b"a")]);
        assert!(
            std::process::Command::new("mkfifo").arg(dir.path().join("p\x1b")).status().unwrap().success()
        );
        let sources = read(&[dir.path().to_owned()], &Limits::default());
        assert_eq!(contents(&dir, &sources), pairs(&[("a.xml", "a")]));
        assert!(sources.skipped()[0].ends_with("p␛: a pipe, skipped; it is read if its path is given"));
    }

    #[test]
    fn what_is_to_be_written_is_not_read() {
        let zip = zipped(&[("e.xml", b"e")]);
        let dir = folder(&[("in/a.xml", b"a"), ("in/b.zip", &zip), ("out.xml", b"a")]);
        let at = |name: &str| dir.path().join(name);
        fs::hard_link(at("in/a.xml"), at("hard.xml")).unwrap();
        let clash =
            |output: &str| super::super::read_beside(&[at("in")], &Limits::default(), Some(&at(output)), &[]);
        for output in ["in/a.xml", "in/b.zip", "hard.xml", "in/../in/a.xml"] {
            assert!(clash(output).is_err(), "{output}");
        }
        for output in ["out.xml", "in/new.xml", "none/new.xml"] {
            assert_eq!(clash(output).map(|s| s.len()), Ok(2), "{output}");
        }
        assert_eq!(clash("in/a.xml").unwrap_err(), label(&at("in/a.xml")));
    }

    #[test]
    fn the_directory_of_an_archive_is_counted_before_it_is_read() {
        let names: Vec<String> = (0..40).map(|i| i.to_string()).collect();
        let files: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), &b""[..])).collect();
        let dir = folder(&[("many.zip", &zipped(&files))]);
        let sources = read(&[dir.path().to_owned()], &Limits { archive_entries: 39, ..Limits::default() });
        assert_eq!(sources.len(), 1);
        assert!(sources.as_slice()[0].error().unwrap().contains("more than 39 entries"));
        let sources = read(&[dir.path().to_owned()], &Limits { archive_entries: 40, ..Limits::default() });
        assert_eq!(sources.len(), 40);
    }

    #[test]
    fn long_entries_and_long_input_go_to_a_file() {
        let text: String = (0..2000).map(|i| format!("line <{i}>\n")).collect();
        let dir = folder(&[("a.zip", &zipped(&[("long.txt", text.as_bytes())]))]);
        let limits = Limits { in_memory: 100, window: 64, ..Limits::default() };
        let sources = read(&[dir.path().to_owned()], &limits);
        let mut window = sources.as_slice()[0].open().unwrap();
        let mut got = String::new();
        loop {
            got.push_str(window.view().text);
            if !window.advance(window.view().text.len()).unwrap() {
                break;
            }
        }
        assert_eq!(got, text);

        let mut walk = Walk::new(&limits);
        walk.stream(STDIN, &mut text.as_bytes());
        walk.stream("short", &mut &b"short"[..]);
        walk.stream("zip", &mut zipped(&[("e.xml", b"e")]).as_slice());
        let sources = walk.done();
        assert_eq!(sources.as_slice()[0].len(), text.len() as u64);
        assert!(content(&sources.as_slice()[0]).starts_with("line <0>\nline <1>\n"));
        assert_eq!(content(&sources.as_slice()[1]), "short");
        assert_eq!(
            (sources.as_slice()[2].label(), content(&sources.as_slice()[2])),
            ("zip!e.xml", "e".to_owned())
        );

        let mut walk = Walk::new(&Limits { stdin: 1000, ..limits });
        walk.stream(STDIN, &mut text.as_bytes());
        let why = walk.done().as_slice()[0].error().unwrap().to_owned();
        assert_eq!(why, "more than the limit of 1000 bytes; save it as a file and give its path");
    }

    #[test]
    fn too_many_files() {
        let dir = folder(&[("a", b"a"), ("b", b"b"), ("c", b"c"), ("d", b"d")]);
        let sources = read(&[dir.path().to_owned()], &Limits { files: 2, ..Limits::default() });
        assert_eq!(sources.len(), 3);
        assert!(sources.as_slice()[2].error().unwrap().starts_with("more than 2 files"));
    }

    #[test]
    fn labels() {
        assert_eq!(label(Path::new("./a/b.xml")), "a/b.xml");
        assert_eq!(label(Path::new("a/b.xml")), "a/b.xml");
        assert_eq!(label(Path::new("../b.xml")), "../b.xml");
        assert_eq!(label(Path::new(".")), ".");
        let sources = Sources::from_memory([("a\x1b[31m.xml".to_owned(), Vec::new())], &Limits::default());
        assert_eq!(sources.as_slice()[0].label(), "a␛[31m.xml");
    }

    #[test]
    fn an_entry_is_inflated_once_while_it_is_in_use() {
        let dir = folder(&[("a.zip", &zipped(&[("e.xml", b"<a/>")]))]);
        let sources = read(&[dir.path().to_owned()], &Limits::default());
        let source = &sources.as_slice()[0];
        let bytes = source.bytes().unwrap();
        fs::remove_file(dir.path().join("a.zip")).unwrap();
        assert_eq!(content(source), "<a/>");
        drop(bytes);
        assert_eq!(content(source), "error: there is no such file or folder");
    }

    #[test]
    fn sources_are_read_from_several_threads() {
        let names: Vec<String> = (0..30).map(|i| format!("{i}.xml")).collect();
        let files: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), n.as_bytes())).collect();
        let inner: Vec<Vec<u8>> = (0..6).map(|_| zipped(&files)).collect();
        let labels: Vec<String> = (0..6).map(|i| format!("{i}.zip")).collect();
        let outer: Vec<(&str, &[u8])> =
            labels.iter().zip(&inner).map(|(l, z)| (l.as_str(), z.as_slice())).collect();
        let dir = folder(&[("a.zip", &zipped(&outer))]);
        let sources = read(&[dir.path().to_owned()], &Limits { in_memory: 1000, ..Limits::default() });
        assert_eq!(sources.len(), 180);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let list = sources.as_slice();
                scope.spawn(move || {
                    for i in 0..list.len() {
                        let source = &list[(i * 7 + thread * 31) % list.len()];
                        assert!(source.label().ends_with(&format!("!{}", content(source))));
                    }
                });
            }
        });
    }
}
