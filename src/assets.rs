//! Where `content/` and `rules/` come from: embedded in the binary, or a folder given instead.
//!
//! This module only hands out names and text. It knows nothing of what stands in the files.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

static CONTENT: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/content");
static RULES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// A tree of text files: the one built into the binary, or a folder that replaces it whole.
#[derive(Debug, Clone)]
pub enum Assets {
    /// Built in. The name is the folder's name in the repository, for messages.
    Embedded(&'static str, &'static Dir<'static>),
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

    /// The name of the tree for messages: `content`, or the folder as it was given.
    pub fn root(&self) -> String {
        match self {
            Self::Embedded(root, _) => (*root).to_owned(),
            Self::Folder(dir) => dir.to_string_lossy().replace('\\', "/"),
        }
    }

    /// All files whose name ends in `.yaml`, in the order of their names.
    ///
    /// # Errors
    /// When a folder or one of its files cannot be read, or is not UTF-8; the message names the path.
    pub fn yaml_files(&self) -> io::Result<Vec<Asset>> {
        let mut files = match self {
            Self::Embedded(root, dir) => {
                let mut out = Vec::new();
                embedded(dir, root, &mut out);
                out
            }
            Self::Folder(dir) => folder(dir)?,
        };
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }
}

fn embedded(dir: &'static Dir<'static>, root: &str, out: &mut Vec<Asset>) {
    for file in dir.files() {
        let name = file.path().to_string_lossy().replace('\\', "/");
        if name.ends_with(".yaml")
            && let Some(text) = file.contents_utf8()
        {
            out.push(Asset { path: format!("{root}/{name}"), name, text: Cow::Borrowed(text) });
        }
    }
    for dir in dir.dirs() {
        embedded(dir, root, out);
    }
}

fn folder(root: &Path) -> io::Result<Vec<Asset>> {
    let mut out = Vec::new();
    for entry in walkdir::WalkDir::new(root).follow_links(true) {
        let entry = entry.map_err(io::Error::other)?;
        let path = entry.path();
        if !entry.file_type().is_file() || path.extension().is_none_or(|e| e != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(path)
            .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", path.display())))?;
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        out.push(Asset { path: path.to_string_lossy().replace('\\', "/"), name, text: Cow::Owned(text) });
    }
    Ok(out)
}
