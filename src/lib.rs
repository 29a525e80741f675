//! cmlint checks Configuration Manager exports against what is documented of its accounts and groups.
//!
//! ```text
//! bytes -> source -> reader -> evidence -+-> estate -+
//!                                        |           +-> check -> report      cmlint check
//! content/ -> content -> rules ----------+-----------+
//! ```
//!
//! The modules stand in the order in which they may use each other: a module uses only what stands above it.
//! Each has one public verb: `source::read`, `reader::read`, `evidence::collect`, `content::load`,
//! `rules::compile`, `estate::of`, `check::run`, `report::write`, `site::build`.

pub mod files;
pub mod isolate;

pub(crate) mod pattern;

pub mod assets;
pub mod yaml;

pub mod vocabulary;

pub mod sddl;

pub mod source;

pub(crate) mod text;

pub(crate) mod html;

pub(crate) mod history;

pub mod reader;

pub mod evidence;

pub mod content;

pub mod collect;

pub mod rules;

pub mod estate;

pub mod check;

pub mod waive;

pub mod report;

pub mod mask;

pub(crate) mod explain;

pub(crate) mod settings;

pub(crate) mod compare;

pub mod page;

pub mod diff;

pub mod track;

pub mod site;

pub mod cli;
