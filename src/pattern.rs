//! Patterns that stand in the program.

use regex::Regex;

/// A regular expression of the program itself.
///
/// # Panics
/// When it is none: a fault of the program, which must not pass for text that does not match. Expressions of other
/// people (rules) are compiled where they are read, and their mistakes told there.
pub(crate) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of the program is one")
}
