//! Where `content/`, `rules/`, `templates/` and `site/` come from: embedded in the binary, or a folder given
//! instead.
//!
//! This module only hands out names and text. It knows nothing of what stands in the files.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

// `CONTENT`, `RULES`, `TEMPLATES` and `SITE`, made by the build script in the order of their names.
include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// A file that is built in.
#[derive(Debug)]
pub struct Embedded {
    /// Path below the tree's root, with `/`: `accounts/x.yaml`.
    name: &'static str,
    /// Its text.
    text: &'static str,
    /// The packed tree of the text; empty if it is not YAML.
    tree: &'static [u8],
}

/// A tree of text files: the one built into the binary, or a folder that replaces it whole.
#[derive(Debug, Clone)]
pub enum Assets {
    /// Built in. The name is the folder's name in the repository, for messages.
    Embedded(&'static str, &'static [Embedded]),
    /// A folder on disk.
    Folder(PathBuf),
}

/// One file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Path to show in messages, with `/` between its parts: `rules/accounts/x.yaml`.
    pub path: String,
    /// Path below the tree's root, with `/`: `accounts/x.yaml`.
    pub name: String,
    /// The text of the file, without a byte order mark.
    pub text: Cow<'static, str>,
}

impl Assets {
    /// The specification built into the binary.
    pub fn content() -> Self {
        Self::Embedded("content", &CONTENT)
    }

    /// The rules built into the binary.
    pub fn rules() -> Self {
        Self::Embedded("rules", &RULES)
    }

    /// The templates of the reference website built into the binary.
    pub fn templates() -> Self {
        Self::Embedded("templates", &TEMPLATES)
    }

    /// The style sheets and scripts of the reference website built into the binary.
    pub fn site() -> Self {
        Self::Embedded("site", &SITE)
    }

    /// The name of the tree for messages: `content`, or the folder as it was given.
    pub fn root(&self) -> String {
        match self {
            Self::Embedded(root, _) => (*root).to_owned(),
            Self::Folder(dir) => dir.to_string_lossy().replace('\\', "/"),
        }
    }

    /// The text of a file that is built in.
    pub fn text(&self, name: &str) -> Option<&'static str> {
        let Self::Embedded(_, files) = self else { return None };
        Some(files.iter().find(|file| file.name == name)?.text)
    }

    /// All files whose name ends in `.yaml`, in the order of their names, without hidden ones and those in hidden folders.
    ///
    /// # Errors
    /// When a folder or one of its files cannot be read, or is not UTF-8; the message names the path.
    pub fn yaml_files(&self) -> io::Result<Vec<Asset>> {
        self.yaml_files_named(|_| true)
    }

    /// [`Assets::yaml_files`], but only those whose name is wanted; the others are not read.
    ///
    /// # Errors
    /// As [`Assets::yaml_files`].
    pub fn yaml_files_named(&self, wanted: impl Fn(&str) -> bool) -> io::Result<Vec<Asset>> {
        self.files_named(|name| name.ends_with(".yaml") && !is_hidden(name) && wanted(name))
    }

    /// All files in the order of their names, but those whose name, or a folder's on the way, starts with a dot.
    ///
    /// # Errors
    /// As [`Assets::yaml_files`].
    pub fn files(&self) -> io::Result<Vec<Asset>> {
        self.files_named(|name| !is_hidden(name))
    }

    fn files_named(&self, wanted: impl Fn(&str) -> bool) -> io::Result<Vec<Asset>> {
        let mut files = match self {
            Self::Embedded(root, files) => files
                .iter()
                .filter(|f| wanted(f.name))
                .map(|f| Asset {
                    path: format!("{root}/{}", f.name),
                    name: f.name.to_owned(),
                    text: Cow::Borrowed(f.text),
                })
                .collect(),
            Self::Folder(dir) => folder(dir, wanted)?,
        };
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }
}

impl Asset {
    /// The packed tree of the text, if the text is that of a file of the same name that is built in. A folder that is
    /// given in place of what is built in is mostly a copy of it.
    pub fn packed(&self) -> Option<&'static [u8]> {
        let built_in: [&[Embedded]; 2] = [&CONTENT, &RULES];
        built_in.into_iter().find_map(|files| {
            let place = files.binary_search_by(|f| f.name.cmp(self.name.as_str())).ok()?;
            let file = files.get(place)?;
            (file.text == self.text && !file.tree.is_empty()).then_some(file.tree)
        })
    }
}

/// Whether a name, or that of a folder on the way, starts with a dot.
fn is_hidden(name: &str) -> bool {
    name.split('/').any(|part| part.starts_with('.'))
}

fn folder(root: &Path, wanted: impl Fn(&str) -> bool) -> io::Result<Vec<Asset>> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(root).follow_links(true) {
        let entry = entry.map_err(io::Error::other)?;
        let path = entry.path();
        let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        if entry.file_type().is_file() && wanted(&name) {
            found.push((entry.into_path(), name));
        }
    }
    let read = |(path, name): (PathBuf, String)| {
        let mut text = std::fs::read_to_string(&path)
            .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", path.display())))?;
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        Ok(Asset { path: path.to_string_lossy().replace('\\', "/"), name, text: Cow::Owned(text) })
    };
    found.into_par_iter().with_max_len(16).map(read).collect()
}
