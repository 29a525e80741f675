//! Text that is read line by line.

use std::ops::Range;

use super::Fault;
use crate::source::{View, Window};

/// Hands on each line to the end of a file; with `goes_on`, one that ends in `\` together with the next. What kept the
/// file from being read to its end.
pub(super) fn each(
    window: &mut Window,
    goes_on: bool,
    mut take: impl FnMut(View<'_>, Range<usize>),
) -> Option<Fault> {
    loop {
        let (view, last) = (window.view(), window.at_end());
        let mut at = 0;
        while let Some((line, next)) = logical_line(view.text, at, last, goes_on) {
            take(view, line);
            at = next;
        }
        if last {
            return None;
        }
        let here = view.span(at..at);
        if let Err(error) = window.advance(at) {
            return Some(Fault { text: error.to_string(), span: here, ends: false });
        }
    }
}

/// The line at `at`, and where the next one begins. Comments do not go on. None if there is no line, or not all of it.
fn logical_line(text: &str, at: usize, last: bool, goes_on: bool) -> Option<(Range<usize>, usize)> {
    let mut from = at;
    loop {
        let rest = text.get(from..)?;
        let (end, next) = match memchr::memchr(b'\n', rest.as_bytes()) {
            Some(i) => (from + i, from + i + 1),
            None if last && text.len() > at => (text.len(), text.len()),
            None => return None,
        };
        let line = text.get(at..end).unwrap_or_default();
        let continued = goes_on && line.trim_end().ends_with('\\') && !line.trim_start().starts_with(';');
        if !continued || next == text.len() && last {
            return Some((at..end, next));
        }
        from = next;
    }
}
