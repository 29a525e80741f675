//! A line, or a stretch of it, as far as it may be shown.
//!
//! What may be shown is told from outside; everything else is left out. Of what is left out an excerpt tells neither
//! characters nor length: one sign stands for it, and another one where a credential is known to stand. What text
//! means is the reader's business.

use std::ops::Range;

use super::{Span, View, floor, visible};

/// What stands in the place of a credential, however long it is.
pub const MASK: &str = "*****";

/// What stands in the place of anything else that is not shown, however long it is.
pub const ELIDED: &str = "…";

/// A line or a stretch of it. Characters that could lead a terminal astray are replaced by one character
/// each, tabs are kept, credentials are replaced by [`MASK`] and what else may not be shown by [`ELIDED`].
///
/// A line that fits into the wanted width is whole, so that two places on it have the same excerpt, if they
/// are of one record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Excerpt {
    /// Number of the line, from 1.
    pub line: u64,
    /// Column of the first character of `text`, from 1.
    pub column: u64,
    /// One past the column of the last character that `text` shows or stands for.
    pub end_column: u64,
    /// The column it was made for.
    pub focus: u64,
    /// The characters, without the end of the line.
    pub text: String,
    /// The bytes of `text` that show the span, as far as it stands in them.
    pub span: Range<usize>,
    /// Whether the line has more before `text`.
    pub before: bool,
    /// Whether the line has more behind `text`.
    pub after: bool,
    signs: Vec<Sign>,
}

/// A sign that stands for characters which are not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sign {
    /// Its bytes in the text.
    bytes: Range<usize>,
    /// Columns of the characters it stands for.
    columns: Range<u64>,
}

impl Excerpt {
    /// The bytes of `text` that show the columns from `start` up to `end`, both those of the source. A sign
    /// is shown whole if any of its characters is wanted. What is not in the excerpt is cut off.
    pub fn columns(&self, start: u64, end: u64) -> Range<usize> {
        if end <= start
            && let Some(sign) = self.signs.iter().find(|sign| sign.columns.contains(&start))
        {
            return sign.bytes.clone();
        }
        let from = self.byte(start, |sign| sign.start);
        let to = if end > start { self.byte(end, |sign| sign.end) } else { from };
        from..to.max(from)
    }

    /// The same with stretches of the text replaced, each by a sign that stands for its characters. The stretches are in
    /// order and do not overlap; one that cuts a sign takes it in whole.
    pub fn replaced(&self, stretches: &[(Range<usize>, String)]) -> Self {
        let mut out = Self { text: String::new(), signs: Vec::new(), ..self.clone() };
        let old = self.signs.iter().map(|sign| (sign.bytes.clone(), None));
        let mut all: Vec<(Range<usize>, Option<&str>)> =
            stretches.iter().map(|(range, text)| (range.clone(), Some(text.as_str()))).chain(old).collect();
        all.sort_by_key(|(range, text)| (range.start, text.is_none()));
        // Bytes up to which is done, before and after, and the column there.
        let (mut done, mut column) = (0, self.column);
        let mut moved: Vec<(Range<usize>, Range<usize>)> = Vec::new();
        for (range, text) in all {
            let start = range.start.max(done);
            if range.end <= done {
                continue;
            }
            let plain = self.text.get(done..start).unwrap_or_default();
            out.text.push_str(plain);
            column += plain.chars().count() as u64;
            let end = self.column_at(range.end);
            let from = out.text.len();
            out.text.push_str(text.unwrap_or_else(|| self.text.get(start..range.end).unwrap_or_default()));
            out.signs.push(Sign { bytes: from..out.text.len(), columns: column..end.max(column) });
            moved.push((start..range.end, from..out.text.len()));
            (done, column) = (range.end, end.max(column));
        }
        out.text.push_str(self.text.get(done..).unwrap_or_default());
        let place = |byte: usize, end: bool| {
            let before = moved.iter().rev().find(|(old, _)| old.start < byte || old.start == byte && !end);
            match before {
                Some((old, new)) if byte < old.end => {
                    if end {
                        new.end
                    } else {
                        new.start
                    }
                }
                Some((old, new)) => new.end + (byte - old.end),
                None => byte,
            }
        };
        out.span =
            place(self.span.start, false)..place(self.span.end, true).max(place(self.span.start, false));
        out
    }

    /// The column of the source at a byte of the text; of one inside a sign, that behind it.
    fn column_at(&self, byte: usize) -> u64 {
        let (mut from, mut column) = (0, self.column);
        for sign in self.signs.iter().take_while(|sign| sign.bytes.start < byte) {
            (from, column) = (sign.bytes.end, sign.columns.end);
        }
        column + self.text.get(from..byte).map_or(0, |text| text.chars().count() as u64)
    }

    /// The byte at which a column stands; `inside` says which, for a column that a sign stands for.
    fn byte(&self, column: u64, inside: impl Fn(&Range<usize>) -> usize) -> usize {
        let (mut byte, mut known) = (0, self.column);
        for sign in &self.signs {
            if column <= sign.columns.start {
                break;
            }
            if column < sign.columns.end {
                return inside(&sign.bytes);
            }
            (byte, known) = (sign.bytes.end, sign.columns.end);
        }
        let rest = &self.text[byte..];
        let distance = usize::try_from(column.saturating_sub(known)).unwrap_or(usize::MAX);
        byte + rest.char_indices().nth(distance).map_or(rest.len(), |(at, _)| at)
    }
}

/// What of a text may be shown. Both lists are in order and do not overlap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown<'a> {
    /// What is known to be harmless.
    pub(super) harmless: &'a [Span],
    /// Credentials. They are not shown, whatever else is said.
    pub(super) secrets: &'a [Span],
}

/// A stretch of a line, and the place in it that is to be seen. All but the columns are positions in the text.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    /// What may be looked at.
    pub(super) range: Range<usize>,
    /// The place, and its column.
    pub(super) place: Range<usize>,
    pub(super) column: u64,
    /// Number of the line.
    pub(super) line: u64,
    /// Whether the line has more before and behind it.
    pub(super) before: bool,
    pub(super) after: bool,
}

/// How much of the text an excerpt of so many characters may look at on either side: enough whatever its characters,
/// and a good deal more where values are left out.
pub fn excerpt_context(width: usize) -> usize {
    16 * width + 64
}

/// Makes the excerpt of a stretch, of at most `width` characters; a little more if a mask falls on the border.
pub(super) fn make(view: View<'_>, stretch: &Stretch, shown: Shown<'_>, width: usize) -> Excerpt {
    let Stretch { range, place, column, line, before, after } = stretch.clone();
    let text = view.text;
    let mut out =
        Excerpt { line, column, end_column: column, focus: column, before, after, ..Excerpt::default() };
    if range.is_empty() || width == 0 {
        return out;
    }
    let cells = cells(view, range.clone(), shown);
    let chosen = choose(&cells, &place, width);
    out.before |= chosen.start > 0;
    out.after |= chosen.end < cells.len();
    // The column of the place is known; that of the first cell is as many characters away.
    let start = cells.get(chosen.start).map_or(range.start, |cell| cell.range.start);
    let distance = |from: usize, to: usize| text.get(from..to).map_or(0, |t| t.chars().count() as u64);
    out.column = if start <= place.start {
        column.saturating_sub(distance(start, place.start))
    } else {
        column + distance(place.start, start)
    };
    out.end_column = out.column;
    let mut span: Option<Range<usize>> = None;
    for cell in &cells[chosen] {
        let from = out.text.len();
        let characters = text.get(cell.range.clone()).unwrap_or_default();
        let next = out.end_column + characters.chars().count() as u64;
        match cell.sign {
            Some(sign) => {
                out.text.push_str(sign);
                out.signs.push(Sign { bytes: from..out.text.len(), columns: out.end_column..next });
            }
            None => out.text.extend(characters.chars().map(|c| if c == '\t' { c } else { visible(c) })),
        }
        out.end_column = next;
        if cell.range.start < place.end && cell.range.end > place.start {
            span = Some(span.map_or(from, |s| s.start)..out.text.len());
        } else if cell.range.end <= place.start && span.is_none() {
            // An empty span stands behind the characters before it.
            out.span = out.text.len()..out.text.len();
        }
    }
    if let Some(span) = span {
        out.span = span;
    }
    out
}

/// A character of an excerpt, or what is not shown.
#[derive(Debug)]
struct Cell {
    range: Range<usize>,
    /// What stands there instead.
    sign: Option<&'static str>,
}

impl Cell {
    fn width(&self) -> usize {
        self.sign.map_or(1, |sign| sign.chars().count())
    }
}

/// The characters of a stretch, what may not be shown in as few cells as it takes.
fn cells(view: View<'_>, range: Range<usize>, shown: Shown<'_>) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::with_capacity(range.len());
    let from = view.offsets.file(view.text, range.start);
    let behind = |spans: &[Span]| spans.partition_point(|s| s.end <= from);
    let mut harmless = shown.harmless[behind(shown.harmless)..].iter().peekable();
    let mut secrets = shown.secrets[behind(shown.secrets)..].iter().peekable();
    for (at, c, bytes) in view.offsets.chars(view.text, range) {
        while harmless.next_if(|s| s.end <= bytes.start).is_some() {}
        while secrets.next_if(|s| s.end <= bytes.start).is_some() {}
        let end = at + c.len_utf8();
        // A character of which only a part is secret is.
        let sign = if secrets.peek().is_some_and(|s| s.start < bytes.end) {
            Some(MASK)
        } else if harmless.peek().is_some_and(|s| s.start <= bytes.start && bytes.end <= s.end) {
            None
        } else {
            Some(ELIDED)
        };
        match cells.last_mut() {
            Some(last) if sign.is_some() && last.sign == sign => last.range.end = end,
            _ => cells.push(Cell { range: at..end, sign }),
        }
    }
    cells
}

/// Which cells to show so that the place is seen with what stands around it.
fn choose(cells: &[Cell], place: &Range<usize>, width: usize) -> Range<usize> {
    if cells.iter().map(Cell::width).sum::<usize>() <= width {
        return 0..cells.len();
    }
    let start = cells.partition_point(|c| c.range.end <= place.start).min(cells.len());
    let stop = cells.partition_point(|c| c.range.start < place.end).max(start);
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

/// The nearest character boundaries inside of a range of positions.
pub(super) fn whole(text: &str, range: Range<usize>) -> Range<usize> {
    let start = floor(text, range.start);
    start..floor(text, range.end).max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_replaced_keeps_its_columns_and_its_place() {
        // `"U": "CORP\\svc", …`, from column 5 on, of which `CORP\\svc` is shown.
        let text = "\"U\": \"CORP\\svc\", …";
        let sign = Sign { bytes: 17..20, columns: 22..60 };
        let excerpt = Excerpt {
            line: 1,
            column: 5,
            end_column: 60,
            focus: 11,
            text: text.to_owned(),
            span: 6..14,
            before: true,
            after: false,
            signs: vec![sign],
        };
        let masked = excerpt.replaced(&[(6..10, "domain-1".to_owned()), (11..14, "account-27".to_owned())]);
        assert_eq!(masked.text, "\"U\": \"domain-1\\account-27\", …");
        assert_eq!(&masked.text[masked.span.clone()], "domain-1\\account-27");
        assert_eq!((masked.column, masked.end_column, masked.before), (5, 60, true));
        // Columns are those of the file: the place, a part of a name, what stands behind, what is left out.
        assert_eq!(&masked.text[masked.columns(11, 19)], "domain-1\\account-27");
        assert_eq!(&masked.text[masked.columns(12, 13)], "domain-1");
        assert_eq!(&masked.text[masked.columns(19, 21)], "\",");
        assert_eq!(&masked.text[masked.columns(30, 31)], "…");
        assert_eq!(excerpt.replaced(&[]), excerpt);
        // A stretch that cuts a sign takes it in.
        let whole = excerpt.replaced(&[(15..20, ELIDED.to_owned())]);
        assert_eq!(whole.text, "\"U\": \"CORP\\svc\"…");
        assert_eq!(&whole.text[whole.columns(20, 60)], "…");
    }
}
