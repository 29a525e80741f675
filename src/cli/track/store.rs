//! Writes all files of a new revision, or none.

use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::Context;
use similar::{DiffOp, DiffTag, group_diff_ops};

use crate::cli::load::STAGE;
use crate::content::Date;
use crate::files::{self, Stage};
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
/// Everything is first written into a work folder. Should moving one of them to its place fail, those that have moved
/// are put back; should the process be ended meanwhile, the next command that loads the folder finishes the move.
pub(super) fn write(folder: &Path, fold: &Fold) -> anyhow::Result<()> {
    let stage = Stage::open(&folder.join(STAGE), folder)?;
    let mut names = Vec::new();
    let mut add = |name: String, bytes: &[u8]| -> anyhow::Result<()> {
        let path = stage.tree().join(&name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(|| format!("cannot write {}", parent.display()))?;
        }
        stage.write(&name, bytes)?;
        names.push(name);
        Ok(())
    };
    let review = format!("review/{}.md", fold.date);
    let ignore = "review/.gitignore";
    if !folder.join(ignore).exists() {
        add(ignore.to_owned(), b"*\n")?;
    }
    add(review, fold.review.as_bytes())?;
    for change in &fold.changes {
        let mut bytes = change.after.clone().into_bytes();
        // The byte order mark is no part of the text.
        if std::fs::read(folder.join(&change.name)).is_ok_and(|old| old.starts_with(b"\xef\xbb\xbf")) {
            bytes.splice(0..0, *b"\xef\xbb\xbf");
        }
        add(change.name.clone(), &bytes)?;
    }
    // What runs of earlier versions left.
    for name in &names {
        files::sweep(folder.join(name).parent().unwrap_or(folder));
    }
    stage.commit(folder, &names, &[])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
