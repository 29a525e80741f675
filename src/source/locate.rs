//! Offsets to lines, columns and excerpts, in one pass over the source.
//!
//! The pass keeps a window of the text and nothing else, so that a file of one endless line costs no more
//! memory than any other. An excerpt holds nothing from outside the record it belongs to and no credential.

use std::collections::BTreeMap;
use std::ops::Range;

use memchr::memchr2;
use rayon::prelude::*;

use super::{Bytes, Source, SourceError, Span, View, Window, floor, visible};

/// What stands in the place of a credential, however long it is.
pub const MASK: &str = "*****";

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

/// A line or a stretch of it. Characters that could lead a terminal astray are replaced by one character
/// each, tabs are kept, credentials are replaced by [`MASK`].
///
/// A line that fits into the wanted width is whole, so that two places on it have the same excerpt, if they
/// are of one record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Excerpt {
    /// Number of the line, from 1.
    pub line: u64,
    /// Column of the first character of `text`, from 1.
    pub column: u64,
    /// The characters, without the end of the line.
    pub text: String,
    /// The bytes of `text` that show the span, as far as it stands in them.
    pub span: Range<usize>,
    /// Whether the line has more before `text`.
    pub before: bool,
    /// Whether the line has more behind `text`.
    pub after: bool,
    masked: Vec<Masked>,
}

/// A credential in an excerpt.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Masked {
    /// Position of the mask in the text.
    byte: usize,
    /// Columns of the characters it stands for.
    columns: Range<u64>,
}

impl Excerpt {
    /// The bytes of `text` that show the columns from `start` up to `end`, both those of the source. A mask
    /// is shown whole if any of its characters is wanted. What is not in the excerpt is cut off.
    pub fn columns(&self, start: u64, end: u64) -> Range<usize> {
        if end <= start
            && let Some(mask) = self.masked.iter().find(|mask| mask.columns.contains(&start))
        {
            return mask.byte..mask.byte + MASK.len();
        }
        let from = self.byte(start, |mask| mask);
        let to = if end > start { self.byte(end, |mask| mask + MASK.len()) } else { from };
        from..to.max(from)
    }

    /// The byte at which a column stands; `inside` says which, for a column that is masked.
    fn byte(&self, column: u64, inside: impl Fn(usize) -> usize) -> usize {
        let (mut byte, mut known) = (0, self.column);
        for mask in &self.masked {
            if column <= mask.columns.start {
                break;
            }
            if column < mask.columns.end {
                return inside(mask.byte);
            }
            (byte, known) = (mask.byte + MASK.len(), mask.columns.end);
        }
        let rest = &self.text[byte..];
        let distance = usize::try_from(column.saturating_sub(known)).unwrap_or(usize::MAX);
        byte + rest.char_indices().nth(distance).map_or(rest.len(), |(at, _)| at)
    }
}

/// Finds the line and column of each request, and an excerpt of at most `width` characters (a little more if
/// a mask falls on the border). Nothing in `secrets` is shown, and a place inside of one ends where it starts. The answers are in the order of the requests.
///
/// An offset behind the end, as there is when the file was changed meanwhile, counts as the end.
///
/// # Errors
/// When the source cannot be read.
pub fn locate(
    source: &Source,
    requests: &[Request],
    secrets: &[Span],
    width: usize,
) -> Result<Vec<Location>, SourceError> {
    locate_in(source, requests, secrets, width, STRETCH)
}

/// [`locate`] in stretches of at least that many bytes.
fn locate_in(
    source: &Source,
    requests: &[Request],
    secrets: &[Span],
    width: usize,
    least: u64,
) -> Result<Vec<Location>, SourceError> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let secrets = merged(secrets);
    let bytes = source.bytes()?;
    let cuts = cuts(&bytes, requests, least)?;
    let stretches: Vec<Stretch> = (0..cuts.len())
        .into_par_iter()
        .map(|i| stretch(&bytes, cuts[i], cuts.get(i + 1).copied(), requests, &secrets, width))
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
    secrets: &[Span],
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

    // Bytes of text that are kept before and behind a mark: enough for the excerpt, whatever its characters.
    let context = 4 * width + 16;
    let size = bytes.limits().window.max(8 * context);
    let mut window = bytes.window_from(start, size, usize::MAX)?;
    let mut lines = Lines { line: 1, chars: 0, start: Some(0), at: 0 };
    let mut found: BTreeMap<usize, Location> = BTreeMap::new();
    for (offset, mark, i) in marks {
        let at = forward(&mut window, &mut lines, offset, context)?;
        let view = window.view();
        let column = lines.walk(view.text, at);
        match mark {
            Mark::Start => {
                let excerpt = lines.excerpt(view, &requests[i], at, column, secrets, width);
                let line = lines.line;
                found.insert(i, Location { line, column, end_line: line, end_column: column, excerpt });
            }
            Mark::End => {
                // Where a credential ends would tell how long it is.
                if let Some(location) = found.get_mut(&i)
                    && !inside(secrets, requests[i].span)
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

/// The length of the line end that stands at `at`.
fn line_end(bytes: &[u8], at: usize) -> usize {
    match bytes[at..] {
        [b'\r', b'\r', b'\n', ..] => 3,
        [b'\r', b'\n', ..] => 2,
        _ => 1,
    }
}

/// How far the lines have been counted.
#[derive(Debug)]
struct Lines {
    /// Number of the line, from 1.
    line: u64,
    /// Characters of the line before `at`.
    chars: u64,
    /// Where the line starts in the text at hand, if it does.
    start: Option<usize>,
    /// Position in the text up to which everything is counted; not inside of a line end.
    at: usize,
}

impl Lines {
    /// Counts up to `to` and returns the column there. The text must go on behind `to`, unless it ends.
    fn walk(&mut self, text: &str, to: usize) -> u64 {
        let bytes = text.as_bytes();
        let mut from = self.at;
        while from < to {
            let Some(found) = memchr2(b'\n', b'\r', &bytes[from..to]) else { break };
            let at = from + found;
            let end = at + line_end(bytes, at);
            if end > to {
                // Between the characters of a line end: they still belong to the line.
                self.chars += text[from..at].chars().count() as u64;
                self.at = at;
                return self.chars + 1 + (to - at) as u64;
            }
            self.line += 1;
            self.chars = 0;
            self.start = Some(end);
            from = end;
        }
        if from < to {
            self.chars += text[from..to].chars().count() as u64;
            from = to;
        }
        self.at = from;
        self.chars + 1
    }

    /// Goes with dropping the text before `keep`, up to which lines were counted.
    fn forget(&mut self, keep: usize) {
        self.at = self.at.saturating_sub(keep);
        self.start = self.start.and_then(|start| start.checked_sub(keep));
    }

    /// The stretch of the line around `at`, where the span of the request starts.
    fn excerpt(
        &self,
        view: View<'_>,
        request: &Request,
        at: usize,
        column: u64,
        secrets: &[Span],
        width: usize,
    ) -> Excerpt {
        let View { text, offsets } = view;
        let context = 4 * width + 16;
        let bytes = text.as_bytes();
        let line_start = self.start.unwrap_or(0);
        let line_stop = {
            let from = at.max(self.at);
            let reach = from.saturating_add(context).min(text.len());
            memchr2(b'\n', b'\r', &bytes[self.at.min(at)..reach])
                .map_or(reach, |found| self.at.min(at) + found)
        };
        let first = line_start
            .max(offsets.text(text, request.within.start))
            .max(floor(text, at.saturating_sub(context)));
        let stop = floor(text, line_stop.min(offsets.text(text, request.within.end)));
        let mut out = Excerpt { line: self.line, column, ..Excerpt::default() };
        if first >= stop || width == 0 {
            return out;
        }
        let cells = cells(view, first, stop, secrets);
        let end = offsets.text(text, request.span.end);
        let chosen = choose(&cells, at, end, width);

        // Indentation before a record and the comma behind it are nothing that is missed.
        let left = !text[line_start..first].trim_start().is_empty();
        let right = !text[stop..line_stop].trim_end_matches([' ', '\t', ',']).is_empty();
        out.before = chosen.start > 0 || left || self.start.is_none();
        out.after = chosen.end < cells.len() || right || !ends_line(bytes, line_stop);
        // The column of `at` is known; that of the first cell is as many characters away.
        let start = cells.get(chosen.start).map_or(first, |cell| cell.range.start);
        out.column = if start <= at {
            column.saturating_sub(text[start..at].chars().count() as u64)
        } else {
            column + text[at..start].chars().count() as u64
        };
        let mut column = out.column;
        let mut span: Option<Range<usize>> = None;
        for cell in &cells[chosen] {
            let from = out.text.len();
            let characters = &text[cell.range.clone()];
            let next = column + characters.chars().count() as u64;
            if cell.masked {
                out.masked.push(Masked { byte: from, columns: column..next });
                out.text.push_str(MASK);
            } else {
                out.text.extend(characters.chars().map(|c| if c == '\t' { c } else { visible(c) }));
            }
            column = next;
            if cell.range.start < end && cell.range.end > at {
                span = Some(span.map_or(from, |s| s.start)..out.text.len());
            } else if cell.range.end <= at && span.is_none() {
                // An empty span stands behind the characters before it.
                out.span = out.text.len()..out.text.len();
            }
        }
        if let Some(span) = span {
            out.span = span;
        }
        out
    }
}

/// Whether the text goes no further on the line than `at`.
fn ends_line(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|b| matches!(b, b'\n' | b'\r'))
}

/// A character of an excerpt, or a masked credential.
#[derive(Debug)]
struct Cell {
    range: Range<usize>,
    masked: bool,
}

impl Cell {
    fn width(&self) -> usize {
        if self.masked { MASK.len() } else { 1 }
    }
}

/// The characters from `first` up to `stop`, each credential or part of one as a whole.
fn cells(view: View<'_>, first: usize, stop: usize, secrets: &[Span]) -> Vec<Cell> {
    let View { text, offsets } = view;
    let mut cells = Vec::with_capacity(stop - first);
    let mut at = first;
    let from = offsets.file(text, first);
    let mut secrets = secrets[secrets.partition_point(|s| s.end <= from)..].iter();
    let masked = |secret: Option<&Span>| -> Option<Range<usize>> {
        let secret = secret?;
        let start = offsets.text(text, secret.start);
        let mut end = offsets.text(text, secret.end);
        // A character of which only a part is secret is.
        if end < text.len() && offsets.file(text, end) < secret.end {
            end += text[end..].chars().next().map_or(0, char::len_utf8);
        }
        (start < stop).then_some(start.max(first)..end.min(stop))
    };
    let mut next = masked(secrets.next());
    while at < stop {
        match &next {
            Some(secret) if secret.start <= at => {
                let end = secret.end.max(at);
                if end > at {
                    cells.push(Cell { range: at..end, masked: true });
                }
                at = end;
                next = masked(secrets.next());
            }
            _ => {
                let end = at + text[at..].chars().next().map_or(1, char::len_utf8);
                cells.push(Cell { range: at..end, masked: false });
                at = end;
            }
        }
    }
    cells
}

/// Which cells to show so that the span from `at` to `end` is seen with what stands around it.
fn choose(cells: &[Cell], at: usize, end: usize, width: usize) -> Range<usize> {
    if cells.iter().map(Cell::width).sum::<usize>() <= width {
        return 0..cells.len();
    }
    let start = cells.partition_point(|c| c.range.end <= at).min(cells.len());
    let stop = cells.partition_point(|c| c.range.start < end).max(start);
    let wanted = cells[start..stop].iter().map(Cell::width).sum::<usize>();
    let lead = (width.saturating_sub(wanted) / 2).max(width / 5);
    let (mut from, mut to, mut used) = (start, start, 0);
    // The span first, as far as there is room beside the lead; then the lead; then what stands behind; and
    // what is left is given to the front.
    while to < stop && used < width - lead {
        used += cells[to].width();
        to += 1;
    }
    let room = used + lead;
    while from > 0 && used < room.min(width) {
        from -= 1;
        used += cells[from].width();
    }
    while to < cells.len() && used < width {
        used += cells[to].width();
        to += 1;
    }
    while from > 0 && used < width {
        from -= 1;
        used += cells[from].width();
    }
    from..to
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, Sources};
    use super::*;
    use proptest::prelude::*;

    fn sources(bytes: &[u8], window: usize) -> Sources {
        let limits = Limits { window, ..Limits::default() };
        Sources::from_memory([("test".to_owned(), bytes.to_vec())], &limits)
    }

    const ALL: Span = Span { start: 0, end: u64::MAX };

    fn find(bytes: &[u8], spans: &[(u64, u64)], secrets: &[(u64, u64)], width: usize) -> Vec<Location> {
        let requests: Vec<Request> =
            spans.iter().map(|&(start, end)| Request { span: Span { start, end }, within: ALL }).collect();
        let secrets: Vec<Span> = secrets.iter().map(|&(start, end)| Span { start, end }).collect();
        let sources = sources(bytes, 16);
        let source = &sources.as_slice()[0];
        let whole = locate(source, &requests, &secrets, width).unwrap();
        // Stretches read side by side must tell the same.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        let parts = pool.install(|| locate_in(source, &requests, &secrets, width, 2)).unwrap();
        assert_eq!(whole, parts);
        whole
    }

    fn one(bytes: &[u8], span: (u64, u64), secrets: &[(u64, u64)], width: usize) -> Location {
        find(bytes, &[span], secrets, width).remove(0)
    }

    /// Line, column, end line, end column.
    fn numbers(location: &Location) -> (u64, u64, u64, u64) {
        (location.line, location.column, location.end_line, location.end_column)
    }

    fn shown(location: &Location) -> (&str, &str) {
        (&location.excerpt.text, &location.excerpt.text[location.excerpt.span.clone()])
    }

    #[test]
    fn lines_end_in_four_ways() {
        // a LF b CRLF c CR CR LF d CR e: offsets 0, 2, 5, 9, 11.
        let text = b"a\nb\r\nc\r\r\nd\re";
        let found = find(text, &[(0, 1), (2, 3), (5, 6), (9, 10), (11, 12), (2, 10)], &[], 100);
        let lines: Vec<_> = found.iter().map(numbers).collect();
        assert_eq!(
            lines,
            [(1, 1, 1, 2), (2, 1, 2, 2), (3, 1, 3, 2), (4, 1, 4, 2), (5, 1, 5, 2), (2, 1, 4, 2)]
        );
        assert_eq!(found.iter().map(|f| f.excerpt.text.as_str()).collect::<String>(), "abcdeb");
        // Three CR and an LF: an empty line between.
        assert_eq!(one(b"a\r\r\r\nb", (5, 6), &[], 100).line, 3);
        // Two CR without LF are two line ends.
        assert_eq!(one(b"a\r\rb", (3, 4), &[], 100).line, 3);
    }

    #[test]
    fn the_characters_of_a_line_end_belong_to_the_line() {
        for (offset, column) in [(1, 2), (2, 3), (3, 4)] {
            let location = one(b"a\r\r\nb", (offset, offset), &[], 100);
            assert_eq!(numbers(&location), (1, column, 1, column));
            assert_eq!(shown(&location), ("a", ""));
        }
        assert_eq!(numbers(&one(b"a\r\r\nb", (4, 5), &[], 100)), (2, 1, 2, 2));
    }

    #[test]
    fn columns_count_characters() {
        // ä 0..2, 🙂 2..6, x 6.
        let location = one("ä🙂x\n".as_bytes(), (6, 7), &[], 100);
        assert_eq!((numbers(&location), shown(&location)), ((1, 3, 1, 4), ("ä🙂x", "x")));
        // With a mark: x stands at 3 + 6.
        let location = one("\u{feff}ä🙂x\n".as_bytes(), (9, 10), &[], 100);
        assert_eq!((numbers(&location), shown(&location)), ((1, 3, 1, 4), ("ä🙂x", "x")));
    }

    #[test]
    fn utf16() {
        let mut bytes = vec![0xff, 0xfe];
        bytes.extend("<a>\r\n  ä🙂 name\r\n</a>".encode_utf16().flat_map(u16::to_le_bytes));
        // The second line starts at 2 + 2 * 5 = 12; "name" 2 + 1 + 2 + 1 = 6 units later.
        let location = one(&bytes, (24, 32), &[], 100);
        assert_eq!(numbers(&location), (2, 6, 2, 10));
        assert_eq!(shown(&location), ("  ä🙂 name", "name"));
        assert_eq!((location.excerpt.before, location.excerpt.after), (false, false));
    }

    #[test]
    fn answers_come_in_the_order_of_the_requests() {
        let found = find(b"one\ntwo\nthree", &[(8, 13), (0, 3), (4, 7), (8, 13)], &[], 100);
        let texts: Vec<_> = found.iter().map(|f| (f.line, f.excerpt.text.as_str())).collect();
        assert_eq!(texts, [(3, "three"), (1, "one"), (2, "two"), (3, "three")]);
    }

    #[test]
    fn a_span_over_lines_shows_its_first_line() {
        let location = one(b"<a>\n  <b\n  />\n</a>", (6, 13), &[], 100);
        assert_eq!(numbers(&location), (2, 3, 3, 5));
        assert_eq!(shown(&location), ("  <b", "<b"));
    }

    #[test]
    fn offsets_behind_the_end_count_as_the_end() {
        let location = one(b"ab\ncd", (99, 120), &[], 100);
        assert_eq!((numbers(&location), shown(&location)), ((2, 3, 2, 3), ("cd", "")));
        assert_eq!(numbers(&one(b"", (0, 4), &[], 100)), (1, 1, 1, 1));
    }

    #[test]
    fn a_long_line_is_cut_around_the_span() {
        let mut line: String = (0..5000).map(|i| char::from(b'a' + (i % 26) as u8)).collect();
        line.push('\n');
        // Character 2600 is an "a" again.
        let location = one(line.as_bytes(), (2600, 2604), &[], 100);
        assert_eq!(numbers(&location), (1, 2601, 1, 2605));
        let excerpt = &location.excerpt;
        assert_eq!(excerpt.text.chars().count(), 100);
        assert_eq!((excerpt.before, excerpt.after), (true, true));
        // 48 before, 4, 48 behind.
        assert_eq!((excerpt.column, excerpt.span.clone()), (2553, 48..52));
        assert_eq!(&excerpt.text[48..52], "abcd");
        // At the front and at the end of the line there is more room on the other side.
        let location = one(line.as_bytes(), (2, 4), &[], 100);
        assert_eq!((location.excerpt.column, location.excerpt.text.len()), (1, 100));
        assert_eq!((location.excerpt.before, location.excerpt.after), (false, true));
        let location = one(line.as_bytes(), (4999, 5000), &[], 100);
        assert_eq!((location.excerpt.column, location.excerpt.text.len()), (4901, 100));
        assert_eq!((location.excerpt.before, location.excerpt.after), (true, false));
        // A span that is longer than the excerpt: its beginning and a little before it.
        let location = one(line.as_bytes(), (1000, 3000), &[], 100);
        assert_eq!(location.excerpt.span, 20..100);
        assert_eq!(numbers(&location), (1, 1001, 1, 3001));
    }

    #[test]
    fn nothing_outside_of_the_record_is_shown() {
        let text = br#"[{"a":"other"},{"b":"this"},{"c":"another"}]"#;
        let request = Request { span: Span { start: 21, end: 25 }, within: Span { start: 15, end: 27 } };
        let found = locate(&sources(text, 16).as_slice()[0], &[request], &[], 100).unwrap().remove(0);
        assert_eq!(shown(&found), (r#"{"b":"this"}"#, "this"));
        assert_eq!((found.column, found.excerpt.column), (22, 16));
        assert!(found.excerpt.before && found.excerpt.after);
        // A span outside of its record shows nothing.
        let request = Request { span: Span { start: 2, end: 5 }, within: Span { start: 15, end: 27 } };
        let found = locate(&sources(text, 16).as_slice()[0], &[request], &[], 100).unwrap().remove(0);
        assert_eq!(&found.excerpt.text[found.excerpt.span.clone()], "");
        assert!(!found.excerpt.text.contains("other"));
    }

    #[test]
    fn credentials_are_masked_whatever_their_length() {
        for secret in ["x", "hunter2", "a very long one, much longer than any mask and any line, and so on"] {
            let text = format!("user=\"svc\" password=\"{secret}\" end");
            let stop = 21 + secret.len() as u64;
            let location = one(text.as_bytes(), (6, 9), &[(21, stop)], 100);
            assert_eq!(shown(&location), ("user=\"svc\" password=\"*****\" end", "svc"));
            // The credential itself, and a part of it.
            let location = one(text.as_bytes(), (21, stop), &[(21, stop)], 100);
            // Its end is not told: it would be its length.
            assert_eq!(numbers(&location), (1, 22, 1, 22));
            assert_eq!(&location.excerpt.text[location.excerpt.columns(22, 22)], "*****");
            assert_eq!(shown(&location), ("user=\"svc\" password=\"*****\" end", "*****"));
            let location = one(text.as_bytes(), (stop - 1, stop + 5), &[(21, stop)], 100);
            assert_eq!(shown(&location), ("user=\"svc\" password=\"*****\" end", "*****\" end"));
            // Columns behind the mask are found all the same.
            let column = 22 + secret.len() as u64 + 2;
            assert_eq!(&location.excerpt.text[location.excerpt.columns(column, column + 3)], "end");
            assert_eq!(&location.excerpt.text[location.excerpt.columns(7, 10)], "svc");
            assert_eq!(&location.excerpt.text[location.excerpt.columns(22, 23)], "*****");
            assert_eq!(&location.excerpt.text[location.excerpt.columns(21, 22)], "\"");
        }
    }

    #[test]
    fn credentials_over_lines_and_borders_are_masked() {
        // Overlapping and touching spans are one credential; it goes over three lines.
        let text = b"k=secret\nsecret\nsecret;v=1";
        let secrets = [(2, 9), (5, 15), (15, 22)];
        let found = find(text, &[(0, 1), (9, 15), (23, 24)], &secrets, 100);
        let texts: Vec<_> = found.iter().map(|f| f.excerpt.text.as_str()).collect();
        assert_eq!(texts, ["k=*****", "*****", "*****;v=1"]);
        // A credential that reaches far beyond what is looked at.
        let text = format!("{}{}{}", "a".repeat(300), "s".repeat(9000), "b".repeat(300));
        for at in [290, 5000, 9310] {
            let location = one(text.as_bytes(), (at, at + 1), &[(300, 9300)], 40);
            assert!(!location.excerpt.text.contains('s'));
            assert_eq!(location.excerpt.text.matches(MASK).count(), 1, "{at}");
        }
    }

    #[test]
    fn a_character_that_is_secret_in_part_is_masked_whole() {
        let location = one("aä🙂b".as_bytes(), (0, 1), &[(2, 4)], 100);
        assert_eq!(location.excerpt.text, "a*****b");
    }

    #[test]
    fn control_characters_do_no_harm() {
        let location = one("a\x1b[31m\tb\u{202e}c\u{9b}d\0".as_bytes(), (6, 11), &[], 100);
        assert_eq!(shown(&location), ("a␛[31m\tb\u{fffd}c\u{fffd}d", "\tb\u{fffd}"));
    }

    #[test]
    fn one_endless_line() {
        let mut text = "[".to_owned();
        while text.len() < 3 << 20 {
            text.push_str("{\"name\":\"ä\"},");
        }
        text.push_str("{\"last\":1}]");
        let at = text.rfind("\"last\"").unwrap() as u64;
        let location = one(text.as_bytes(), (at, at + 6), &[], 100);
        assert_eq!(location.column, text[..at as usize].chars().count() as u64 + 1);
        assert_eq!(&location.excerpt.text[location.excerpt.span.clone()], "\"last\"");
        assert!(location.excerpt.text.ends_with("{\"last\":1}]"));
    }

    /// Lines and columns counted one character after the other.
    fn counted(text: &str) -> Vec<(u64, u64)> {
        let mut numbers = Vec::new();
        let (mut line, mut column) = (1, 1);
        let mut rest = text;
        loop {
            let end = ["\r\r\n", "\r\n", "\r", "\n"].into_iter().find(|end| rest.starts_with(end));
            match (end, rest.chars().next()) {
                (Some(end), _) => {
                    numbers.extend((0..end.len() as u64).map(|i| (line, column + i)));
                    (line, column) = (line + 1, 1);
                    rest = &rest[end.len()..];
                }
                (None, Some(c)) => {
                    numbers.push((line, column));
                    column += 1;
                    rest = &rest[c.len_utf8()..];
                }
                (None, None) => {
                    numbers.push((line, column));
                    return numbers;
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn lines_and_columns_are_those_counted_one_by_one(
            text in proptest::collection::vec(
                prop_oneof![4 => Just('a'), 2 => Just('\r'), 2 => Just('\n'), 1 => Just('ü'), 1 => Just('🙂')], 0..600),
            big in any::<bool>(),
            wide in any::<bool>(),
        ) {
            let text: String = text.into_iter().collect();
            let mut bytes = Vec::new();
            let mut offsets = Vec::new();
            if wide {
                bytes.extend(if big { [0xfe, 0xff] } else { [0xff, 0xfe] });
            }
            for c in text.chars() {
                offsets.push(bytes.len() as u64);
                if wide {
                    let mut units = [0; 2];
                    for unit in c.encode_utf16(&mut units) {
                        bytes.extend(if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
                    }
                } else {
                    bytes.extend(c.to_string().as_bytes());
                }
            }
            offsets.push(bytes.len() as u64);
            let spans: Vec<_> = offsets.iter().map(|o| (*o, *o)).collect();
            // No width: the smallest windows.
            let found = find(&bytes, &spans, &[], 0);
            let numbers: Vec<_> = found.iter().map(|f| (f.line, f.column)).collect();
            prop_assert_eq!(numbers, counted(&text));
        }

        #[test]
        fn no_secret_and_nothing_from_outside_is_ever_shown(
            text in proptest::collection::vec(prop_oneof![9 => Just('.'), 1 => Just('\n'), 1 => Just('ü')], 1..500),
            secrets in proptest::collection::vec((0..500usize, 1..60usize), 0..6),
            within in (0..500usize, 0..500usize),
            span in (0..500usize, 0..90usize),
            width in 1..80usize,
        ) {
            // Secret characters are S, those outside of the record X.
            let mut chars = text;
            let within = within.0.min(chars.len())..(within.0 + within.1).min(chars.len()).max(within.0.min(chars.len()));
            for (i, c) in chars.iter_mut().enumerate() {
                if *c != '\n' && !within.contains(&i) {
                    *c = 'X';
                }
            }
            for &(start, len) in &secrets {
                for c in chars.iter_mut().skip(start).take(len).filter(|c| **c != '\n') {
                    *c = 'S';
                }
            }
            let starts: Vec<u64> = (0..=chars.len())
                .map(|i| chars[..i].iter().map(|c| c.len_utf8() as u64).sum())
                .collect();
            let place = |start: usize, end: usize| Span {
                start: starts[start.min(chars.len())],
                end: starts[end.min(chars.len())],
            };
            let masked: Vec<Span> = secrets.iter().map(|s| place(s.0, s.0 + s.1)).collect();
            let request = Request { span: place(span.0, span.0 + span.1), within: place(within.start, within.end) };
            let text: String = chars.iter().collect();
            let sources = sources(text.as_bytes(), 16);
            let found = locate(&sources.as_slice()[0], &[request], &masked, width).unwrap().remove(0);
            prop_assert!(!found.excerpt.text.contains(['S', 'X', '\n']), "{:?}", found);
            prop_assert!(found.excerpt.text.chars().count() <= width + MASK.len());
            prop_assert!(found.excerpt.text.get(found.excerpt.span.clone()).is_some());
        }
    }
}
