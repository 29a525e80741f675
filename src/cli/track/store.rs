//! Writes all files of a new revision, or none.

use std::path::{Path, PathBuf};

use anyhow::Context;
use similar::TextDiff;

use crate::cli::load::STAGE;
use crate::content::Date;
use crate::files::{self, Stage};
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
    let before = change.before.as_deref().unwrap_or_default();
    let diff = TextDiff::from_lines(before, change.after.as_str());
    diff.unified_diff().context_radius(3).header(&old, &format!("b/{path}")).to_string()
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
