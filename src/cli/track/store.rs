//! Writes all files of a new revision, or none.

use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::Context;
use similar::{DiffOp, DiffTag, group_diff_ops};

use crate::content::Date;
use crate::text::differences_of;
use crate::track::fold::{FileChange, Fold};

/// Where the sentences to review go.
pub(super) fn review(folder: &Path, date: Date) -> PathBuf {
    folder.join("review").join(format!("{date}.md"))
}

/// A change as a unified patch, which `git apply` and `patch -p1` take.
pub(super) fn patch(folder: &Path, change: &FileChange) -> String {
    let path = folder.join(&change.name).to_string_lossy().replace('\\', "/");
    let path = path.trim_start_matches(['.', '/']);
    let old = change.before.as_ref().map_or_else(|| "/dev/null".to_owned(), |_| format!("a/{path}"));
    let before: Vec<&str> = change.before.as_deref().unwrap_or_default().split_inclusive('\n').collect();
    let after: Vec<&str> = change.after.split_inclusive('\n').collect();
    let mut out = format!("--- {old}\n+++ b/{path}\n");
    for group in group_diff_ops(differences_of(&before, &after), CONTEXT) {
        let span = |of: &dyn Fn(&DiffOp) -> Range<usize>| {
            let start = group.first().map_or(0, |op| of(op).start);
            let length = group.last().map_or(0, |op| of(op).end) - start;
            match length {
                1 => format!("{}", start + 1),
                // A side without lines is where it would begin: behind the line before.
                _ => format!("{},{length}", start + usize::from(length > 0)),
            }
        };
        out.push_str(&format!("@@ -{} +{} @@\n", span(&|op| op.old_range()), span(&|op| op.new_range())));
        for op in &group {
            let (old, new) = (before.get(op.old_range()), after.get(op.new_range()));
            let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
            match op.tag() {
                DiffTag::Equal => lines(&mut out, ' ', new),
                _ => {
                    lines(&mut out, '-', old);
                    lines(&mut out, '+', new);
                }
            }
        }
    }
    out
}

/// So many lines that stay are shown around what changes.
const CONTEXT: usize = 3;

fn lines(out: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        out.push(sign);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// Writes the changed files, the review file, and beside it the note that keeps git away from it.
///
/// Everything is first written beside its place. Should taking its place fail for one, those that did are put
/// back.
pub(super) fn write(folder: &Path, fold: &Fold) -> anyhow::Result<()> {
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for change in &fold.changes {
        let path = folder.join(&change.name);
        let mut bytes = change.after.clone().into_bytes();
        // The byte order mark is no part of the text.
        if std::fs::read(&path).is_ok_and(|old| old.starts_with(b"\xef\xbb\xbf")) {
            bytes.splice(0..0, *b"\xef\xbb\xbf");
        }
        files.push((path, bytes));
    }
    let review = review(folder, fold.date);
    let ignore = review.with_file_name(".gitignore");
    if !ignore.exists() {
        files.push((ignore, b"*\n".to_vec()));
    }
    files.push((review, fold.review.clone().into_bytes()));
    replace_all(&files)
}

fn replace_all(files: &[(PathBuf, Vec<u8>)]) -> anyhow::Result<()> {
    let mut staged = Vec::new();
    for (path, bytes) in files {
        let place = path.parent().unwrap_or_else(|| Path::new("."));
        let stage = || -> io::Result<_> {
            std::fs::create_dir_all(place)?;
            let old = match std::fs::read(path) {
                Ok(old) => Some(old),
                Err(e) if e.kind() == io::ErrorKind::NotFound => None,
                Err(e) => return Err(e),
            };
            let mut builder = tempfile::Builder::new();
            builder.prefix(".cmlint-");
            // A new file gets the permissions any new file would get, an existing one keeps its own.
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                builder.permissions(std::fs::Permissions::from_mode(0o666));
            }
            let mut temporary = builder.tempfile_in(place)?;
            temporary.write_all(bytes)?;
            temporary.as_file().sync_all()?;
            if let Ok(existing) = std::fs::metadata(path) {
                temporary.as_file().set_permissions(existing.permissions())?;
            }
            Ok((temporary, old))
        };
        let (temporary, old) = stage().with_context(|| format!("cannot write {}", path.display()))?;
        staged.push((path, temporary, old));
    }
    let mut done: Vec<(&PathBuf, Option<Vec<u8>>)> = Vec::new();
    for (path, temporary, old) in staged {
        if let Err(error) = temporary.persist(path) {
            for (path, old) in done {
                // The error that is told is the first one.
                let _ = match old {
                    Some(bytes) => std::fs::write(path, bytes),
                    None => std::fs::remove_file(path),
                };
            }
            return Err(error.error).with_context(|| format!("cannot write {}", path.display()));
        }
        done.push((path, old));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_are_written_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("a.yaml"), "old").unwrap();
        // A folder where a file should go: taking its place must fail.
        std::fs::create_dir_all(path("z.yaml/in")).unwrap();
        let files = [(path("a.yaml"), b"new".to_vec()), (path("b/c.yaml"), b"new".to_vec())];
        let bad = [files[0].clone(), files[1].clone(), (path("z.yaml"), b"new".to_vec())];
        assert!(replace_all(&bad).is_err());
        assert_eq!(std::fs::read(path("a.yaml")).unwrap(), b"old");
        assert!(!path("b/c.yaml").exists());
        replace_all(&files).unwrap();
        assert_eq!(std::fs::read(path("a.yaml")).unwrap(), b"new");
        assert_eq!(std::fs::read(path("b/c.yaml")).unwrap(), b"new");
        let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left.len(), 3, "{left:?}");
    }

    #[test]
    fn patches_name_their_files() {
        let change = |before: Option<&str>| FileChange {
            name: "accounts/x.yaml".to_owned(),
            before: before.map(str::to_owned),
            after: "id: x\nkind: account\n".to_owned(),
        };
        assert_eq!(
            patch(Path::new("./content"), &change(Some("id: x\n"))),
            "--- a/content/accounts/x.yaml\n+++ b/content/accounts/x.yaml\n@@ -1 +1,2 @@\n id: x\n+kind: account\n"
        );
        let new = patch(Path::new("content"), &change(None));
        assert!(new.starts_with("--- /dev/null\n+++ b/content/accounts/x.yaml\n@@ -0,0 +1,2 @@\n+id: x\n"));
    }
}
