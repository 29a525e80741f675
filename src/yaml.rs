//! The one door to YAML: spanned values, and mistakes shown at their place.
//!
//! `serde_yaml` is the card's name; behind it stands a maintained crate that keeps byte spans. Only this module
//! names its types, so that another can take its place.

use std::ops::Range;
use std::sync::Arc;

/// A mistake in one of our own YAML files, with the place it is about.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Path of the file, for the message.
    pub path: String,
    /// Its text, for the excerpt.
    pub text: Arc<str>,
    /// The bytes of `text` the problem is about.
    pub span: Range<usize>,
    /// What is wrong; lower-case start, no full stop.
    pub message: String,
    /// Text at the place itself; may be empty.
    pub label: String,
    /// Other places that explain it.
    pub related: Vec<Related>,
    /// What to do, such as the nearest valid name.
    pub help: Option<String>,
    /// Warnings do not stop anything.
    pub warning: bool,
}

/// Another place that explains a problem, possibly in another file.
#[derive(Debug, Clone)]
pub struct Related {
    /// Path of the file.
    pub path: String,
    /// Its text.
    pub text: Arc<str>,
    /// The bytes of `text`.
    pub span: Range<usize>,
    /// What stands there.
    pub label: String,
}
