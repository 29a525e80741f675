//! Trees of a repository: what stands at a path, and which files there are.

use std::collections::HashMap;

use super::git::{Git, Id};

/// Looks into trees. Most trees are part of many commits, so what was found in one is kept.
#[derive(Default)]
pub(super) struct Trees {
    /// By a tree below the root and the rest of a path: what stands there.
    found: HashMap<(Id, String), Option<Id>>,
}

/// What an entry of a tree is.
#[derive(Clone, Copy)]
enum Entry {
    File(Id),
    Folder(Id),
}

impl Trees {
    /// The file at a path; none if there is none, or something else.
    pub(super) fn blob(&mut self, git: &mut Git, tree: Id, path: &str) -> Result<Option<Id>, String> {
        let (name, rest) = path.split_once('/').map_or((path, None), |(name, rest)| (name, Some(rest)));
        let bytes = git.object(tree)?;
        let entry =
            entries(tree, &bytes).find(|e| e.as_ref().is_ok_and(|(there, _)| *there == name.as_bytes()));
        match (entry.transpose()?.and_then(|(_, entry)| entry), rest) {
            (Some(Entry::File(id)), None) => Ok(Some(id)),
            (Some(Entry::Folder(id)), Some(rest)) => {
                let key = (id, rest.to_owned());
                if let Some(found) = self.found.get(&key) {
                    return Ok(*found);
                }
                let found = self.blob(git, id, rest)?;
                self.found.insert(key, found);
                Ok(found)
            }
            _ => Ok(None),
        }
    }
}

/// All files of a tree with their contents' ids, in the order of their paths. Paths that are not UTF-8 are left
/// out: they cannot have been asked for.
pub(super) fn files(git: &mut Git, tree: Id) -> Result<Vec<(String, Id)>, String> {
    let mut out = Vec::new();
    let mut open = vec![(String::new(), tree)];
    while let Some((folder, tree)) = open.pop() {
        let bytes = git.object(tree)?;
        for entry in entries(tree, &bytes) {
            let (name, entry) = entry?;
            let Ok(name) = std::str::from_utf8(name) else { continue };
            match entry {
                Some(Entry::File(id)) => out.push((format!("{folder}{name}"), id)),
                Some(Entry::Folder(id)) => open.push((format!("{folder}{name}/"), id)),
                None => {}
            }
        }
    }
    out.sort();
    Ok(out)
}

/// The entries of a tree by their names: `MODE NAME`, a zero byte, and the bytes of an id. Links and submodules
/// are neither files nor folders.
fn entries(tree: Id, bytes: &[u8]) -> impl Iterator<Item = Result<(&[u8], Option<Entry>), String>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some((name, entry, after)) = entry(tree, rest) else {
            rest = &[];
            return Some(Err(format!("tree {tree} is damaged")));
        };
        rest = after;
        Some(Ok((name, entry)))
    })
}

/// The first entry, and what follows it.
fn entry(tree: Id, bytes: &[u8]) -> Option<(&[u8], Option<Entry>, &[u8])> {
    let end = memchr::memchr(0, bytes)?;
    let (head, rest) = (bytes.get(..end)?, bytes.get(end + 1..)?);
    let (mode, name) = head.split_at_checked(memchr::memchr(b' ', head)?)?;
    let (id, after) = rest.split_at_checked(tree.length())?;
    let id = Id::from_bytes(id)?;
    let entry = match mode {
        b"40000" | b"040000" => Some(Entry::Folder(id)),
        _ if mode.starts_with(b"100") => Some(Entry::File(id)),
        _ => None,
    };
    Some((name.get(1..)?, entry, after))
}
