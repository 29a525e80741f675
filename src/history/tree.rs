//! Trees of a repository: what stands at a path, and which files there are.

use std::collections::HashMap;

use gix::ObjectId;
use gix::objs::TreeRefIter;

/// Looks into trees. Most trees are part of many commits, so what was found in one is kept.
pub(super) struct Trees<'r> {
    repository: &'r gix::Repository,
    /// By a tree below the root and the rest of a path: what stands there.
    found: HashMap<(ObjectId, String), Option<ObjectId>>,
    buffer: Vec<u8>,
}

/// What an entry of a tree is.
enum Entry {
    File(ObjectId),
    Folder(ObjectId),
}

impl<'r> Trees<'r> {
    pub(super) fn new(repository: &'r gix::Repository) -> Self {
        Self { repository, found: HashMap::new(), buffer: Vec::new() }
    }

    /// The file at a path; none if there is none, or something else.
    pub(super) fn blob(&mut self, tree: ObjectId, path: &str) -> Result<Option<ObjectId>, String> {
        match path.split_once('/') {
            None => Ok(match self.entry(tree, path)? {
                Some(Entry::File(id)) => Some(id),
                _ => None,
            }),
            Some((folder, rest)) => {
                let Some(Entry::Folder(id)) = self.entry(tree, folder)? else { return Ok(None) };
                let key = (id, rest.to_owned());
                if let Some(found) = self.found.get(&key) {
                    return Ok(*found);
                }
                let found = self.blob(id, rest)?;
                self.found.insert(key, found);
                Ok(found)
            }
        }
    }

    fn entry(&mut self, tree: ObjectId, name: &str) -> Result<Option<Entry>, String> {
        use gix::prelude::FindExt as _;
        let entries =
            self.repository.objects.find_tree_iter(&tree, &mut self.buffer).map_err(|e| e.to_string())?;
        for entry in entries {
            let entry = entry.map_err(|e| format!("tree {tree}: {e}"))?;
            if entry.filename == name {
                return Ok(kind(&entry));
            }
        }
        Ok(None)
    }

    /// All files of a tree with their contents' ids, in the order of their paths. Paths that are not UTF-8 are
    /// left out: they cannot have been asked for.
    pub(super) fn files(&mut self, tree: ObjectId) -> Result<Vec<(String, ObjectId)>, String> {
        let mut out = Vec::new();
        let mut open = vec![(String::new(), tree)];
        while let Some((folder, tree)) = open.pop() {
            let object = self.repository.find_tree(tree).map_err(|e| e.to_string())?;
            for entry in TreeRefIter::from_bytes(&object.data, tree.kind()) {
                let entry = entry.map_err(|e| format!("tree {tree}: {e}"))?;
                let Ok(name) = std::str::from_utf8(entry.filename) else { continue };
                match kind(&entry) {
                    Some(Entry::File(id)) => out.push((format!("{folder}{name}"), id)),
                    Some(Entry::Folder(id)) => open.push((format!("{folder}{name}/"), id)),
                    None => {}
                }
            }
        }
        out.sort();
        Ok(out)
    }
}

/// Files and folders; links and submodules are neither.
fn kind(entry: &gix::objs::tree::EntryRef<'_>) -> Option<Entry> {
    use gix::objs::tree::EntryKind;
    match entry.mode.kind() {
        EntryKind::Blob | EntryKind::BlobExecutable => Some(Entry::File(entry.oid.to_owned())),
        EntryKind::Tree => Some(Entry::Folder(entry.oid.to_owned())),
        EntryKind::Link | EntryKind::Commit => None,
    }
}
