//! Offsets to lines, columns and excerpts, in one pass over the source.
//!
//! The pass keeps a window of the text and nothing else, so that a file of one endless line costs no more
//! memory than any other. An excerpt holds nothing from outside the record it belongs to, no credential, and nothing
//! that was not said to be harmless.

mod lines;

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::excerpt::{self, Excerpt, Shown};
use super::{Bytes, Source, SourceError, Span, View, Window, floor};
use lines::Lines;

/// A place to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// What is to be shown.
    pub span: Span,
    /// What the excerpt must not go beyond: the record around it.
    pub within: Span,
}

/// Where a span stands, for people. Lines and columns are counted from 1; columns count characters. A line
/// ends with LF, CRLF, CR or CR CR LF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Line of the first character.
    pub line: u64,
    /// Column of the first character.
    pub column: u64,
    /// Line of the end.
    pub end_line: u64,
    /// One past the column of the last character.
    pub end_column: u64,
    /// The line of the first character, as far as it may be shown.
    pub excerpt: Excerpt,
}

/// Finds the line and column of each request, and an excerpt of at most `width` characters (a little more if
/// a mask falls on the border). Only what stands in `harmless` is shown, and of that nothing that is in `secrets`; a
/// place inside of a secret ends where it starts. The answers are in the order of the requests.
///
/// An offset behind the end, as there is when the file was changed meanwhile, counts as the end.
///
/// # Errors
/// When the source cannot be read.
pub fn locate(
    source: &Source,
    requests: &[Request],
    harmless: &[Span],
    secrets: &[Span],
    width: usize,
) -> Result<Vec<Location>, SourceError> {
    let (harmless, secrets) = (merged(harmless), merged(secrets));
    let shown = Shown { harmless: &harmless, secrets: &secrets };
    locate_in(source, requests, shown, width, STRETCH)
}

/// [`locate`] in stretches of at least that many bytes.
fn locate_in(
    source: &Source,
    requests: &[Request],
    shown: Shown<'_>,
    width: usize,
    least: u64,
) -> Result<Vec<Location>, SourceError> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let bytes = source.bytes()?;
    let cuts = cuts(&bytes, requests, least)?;
    let stretches: Vec<Stretch> = (0..cuts.len())
        .into_par_iter()
        .map(|i| stretch(&bytes, cuts[i], cuts.get(i + 1).copied(), requests, shown, width))
        .collect::<Result<_, _>>()?;
    let mut found: Vec<Option<Location>> = vec![None; requests.len()];
    let mut before = 0;
    for stretch in stretches {
        for (i, mut location) in stretch.locations {
            location.line += before;
            location.end_line += before;
            location.excerpt.line += before;
            found[i] = Some(location);
        }
        before += stretch.lines;
    }
    Ok(found.into_iter().flatten().collect())
}

/// The least number of bytes worth a thread of its own.
const STRETCH: u64 = 8 << 20;

/// Where stretches start that can be read by themselves: at the start of the text and behind line ends. No request
/// reaches over the start of another stretch.
fn cuts(bytes: &Bytes, requests: &[Request], least: u64) -> Result<Vec<u64>, SourceError> {
    let begin = bytes.text_span().start;
    let last = requests.iter().map(|r| r.span.start).max().unwrap_or(begin);
    let parts = (last.saturating_sub(begin) / least.max(1)).min(rayon::current_num_threads() as u64).max(1);
    let step = last.saturating_sub(begin) / parts;
    let mut cuts = vec![begin];
    for i in 1..parts {
        let guess = begin + i * step;
        // A line end is looked for nearby only: a file on one line is one stretch.
        if let Some(at) = bytes.find(guess, (guess + step / 2).min(last), "\n")? {
            let cut = at + bytes.encoding().width('\n');
            if requests.iter().all(|r| r.span.end <= cut || r.span.start >= cut) {
                cuts.push(cut);
            }
        }
    }
    Ok(cuts)
}

/// What was found in a stretch. Lines count from its start.
struct Stretch {
    /// Number of the request, and where it is.
    locations: Vec<(usize, Location)>,
    /// How many lines end in the stretch; only told if another stretch follows.
    lines: u64,
}

/// Looks for the requests that start in a stretch of the bytes.
fn stretch(
    bytes: &Bytes,
    start: u64,
    next: Option<u64>,
    requests: &[Request],
    shown: Shown<'_>,
    width: usize,
) -> Result<Stretch, SourceError> {
    let here = |span: Span| span.start < next.unwrap_or(u64::MAX);
    let first = start == bytes.text_span().start;
    let mut marks: Vec<(u64, Mark, usize)> = Vec::new();
    for (i, request) in requests.iter().enumerate() {
        // What stands before the text (in a byte order mark) belongs to its first stretch.
        if (first || request.span.start >= start) && here(request.span) {
            marks.push((request.span.start, Mark::Start, i));
            marks.push((request.span.end.max(request.span.start), Mark::End, i));
        }
    }
    marks.sort_unstable();

    let context = excerpt::excerpt_context(width);
    let size = bytes.limits().window.max(8 * context);
    let mut window = bytes.window_from(start, size, usize::MAX)?;
    let mut lines = Lines::new();
    let mut found: BTreeMap<usize, Location> = BTreeMap::new();
    for (offset, mark, i) in marks {
        let at = forward(&mut window, &mut lines, offset, context)?;
        let view = window.view();
        let column = lines.walk(view.text, at);
        match mark {
            Mark::Start => {
                let stretch = around(view, &lines, &requests[i], (at, column), context);
                let excerpt = excerpt::make(view, &stretch, shown, width);
                let line = lines.line;
                found.insert(i, Location { line, column, end_line: line, end_column: column, excerpt });
            }
            Mark::End => {
                // Where a credential ends would tell how long it is.
                if let Some(location) = found.get_mut(&i)
                    && !inside(shown.secrets, requests[i].span)
                {
                    location.end_line = lines.line;
                    location.end_column = column;
                }
            }
        }
    }
    if let Some(next) = next {
        let at = forward(&mut window, &mut lines, next, context)?;
        lines.walk(window.view().text, at);
    }
    Ok(Stretch { locations: found.into_iter().collect(), lines: lines.line - 1 })
}

/// Reads on until the text around an offset is at hand, and gives its place there.
fn forward(
    window: &mut Window,
    lines: &mut Lines,
    offset: u64,
    context: usize,
) -> Result<usize, SourceError> {
    loop {
        let View { text, offsets } = window.view();
        let at = offsets.text(text, offset);
        if window.at_end() || at + context < text.len() {
            return Ok(at);
        }
        let keep = floor(text, at.saturating_sub(context));
        lines.walk(text, keep);
        lines.forget(keep);
        window.advance(keep)?;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Start,
    End,
}

/// The spans in order, those that touch as one.
fn merged(spans: &[Span]) -> Vec<Span> {
    let mut sorted: Vec<Span> = spans.iter().filter(|s| s.start < s.end).copied().collect();
    sorted.sort_unstable();
    let mut merged: Vec<Span> = Vec::with_capacity(sorted.len());
    for span in sorted {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

/// Whether a place is a credential or a part of one.
fn inside(secrets: &[Span], place: Span) -> bool {
    let before = secrets.partition_point(|secret| secret.start <= place.start);
    before > 0 && place.start < secrets[before - 1].end && place.end <= secrets[before - 1].end
}

/// The stretch of the line around a position, as far as the record and the context reach.
fn around(
    view: View<'_>,
    lines: &Lines,
    request: &Request,
    (at, column): (usize, u64),
    context: usize,
) -> excerpt::Stretch {
    let View { text, offsets } = view;
    let bytes = text.as_bytes();
    let reach = floor(text, at.saturating_add(context));
    let line_start = lines.start.unwrap_or(0);
    let line_stop = lines.stop(bytes, at, reach);
    let first = line_start.max(offsets.text(text, request.within.start)).max(at.saturating_sub(context));
    let stop = line_stop.min(offsets.text(text, request.within.end));
    let range = excerpt::whole(text, first..stop);
    // Indentation before a record and the comma behind it are nothing that is missed.
    let left = text.get(line_start..range.start).is_none_or(|t| !t.trim_start().is_empty());
    let right =
        text.get(range.end..line_stop).is_none_or(|t| !t.trim_end_matches([' ', '\t', ',']).is_empty());
    excerpt::Stretch {
        before: left || lines.start.is_none(),
        after: right || !ends_line(bytes, line_stop),
        place: at..offsets.text(text, request.span.end).max(at),
        range,
        column,
        line: lines.line,
    }
}

/// Whether the text goes no further on the line than `at`.
fn ends_line(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|b| matches!(b, b'\n' | b'\r'))
}

#[cfg(test)]
mod tests;
