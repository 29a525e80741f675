//! The places of a finding, drawn: lines of exports with marks and labels under them.

use std::io::{self, Write};
use std::ops::Range;

use anstyle::{AnsiColor, Style};
use codespan_reporting::diagnostic::{Diagnostic, Label, LabelStyle, Severity};
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term::{self, GeneralWriteResult, WriteStyle};

use super::super::Spot;
use crate::isolate::isolated;
use crate::rules::Level;
use crate::source::{ELIDED, Excerpt};
use crate::text::{FRAME, STRONG, harmless, paint, width};

/// The lines that are shown, one text a file, as codespan wants them.
///
/// Lines have numbers of our own: neighbours differ by one, all others by more. With that codespan draws a
/// break between lines that are not neighbours, never asks for a line that is not there, and shows two
/// stretches of one long line one below the other.
struct Excerpts {
    files: Vec<File>,
    longest: u64,
    /// The column that stands at a byte where a place begins: file, line, byte, column.
    columns: Vec<(usize, u64, usize, u64)>,
}

struct File {
    name: String,
    text: String,
    lines: Vec<Shown>,
}

struct Shown {
    /// Our number of the line.
    index: usize,
    /// The line, or a stretch of it.
    excerpt: Excerpt,
    /// Bytes that stand before the excerpt's own: indentation, or the mark of a cut.
    lead: usize,
    /// All bytes of the line in the text.
    range: Range<usize>,
}

/// The distance of the numbers of lines that are not neighbours: more than the lines of a longer place that
/// codespan wants to see.
const APART: usize = SHOWN_LINES + 3;
/// So many lines after the first are shown of a longer place, beside the last.
const SHOWN_LINES: usize = 3;

impl Excerpts {
    fn new(spots: &[Spot]) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for spot in spots {
            if !names.contains(&spot.path.as_str()) {
                names.push(&spot.path);
            }
        }
        let mut out = Self { files: Vec::new(), longest: 1, columns: Vec::new() };
        for name in names {
            let here: Vec<&Spot> = spots.iter().filter(|s| s.path == name).collect();
            let file = File::new(name, &here);
            for spot in here {
                out.longest = out.longest.max(spot.line).max(spot.end_line);
                if let Some(range) = file.range(spot) {
                    out.columns.push((out.files.len(), spot.line, range.start, spot.column));
                }
            }
            out.files.push(file);
        }
        out
    }

    /// How many columns the line numbers take, with the spaces around them.
    fn gutter(&self) -> usize {
        self.longest.to_string().len() + 1
    }

    fn labels(&self, spots: &[Spot]) -> Vec<Label<usize>> {
        let mut labels = Vec::new();
        for spot in spots {
            let name = harmless(&spot.path);
            let Some(id) = self.files.iter().position(|f| f.name == name) else { continue };
            let Some(range) = self.files[id].range(spot) else { continue };
            let style = if spot.primary { LabelStyle::Primary } else { LabelStyle::Secondary };
            labels.push(Label::new(style, id, range).with_message(harmless(&spot.label)));
        }
        labels
    }
}

impl File {
    fn new(name: &str, spots: &[&Spot]) -> Self {
        let mut excerpts: Vec<&Excerpt> = Vec::new();
        // The first lines of places decide which stretch of a line is shown; the further lines only fill up.
        let firsts = spots.iter().filter_map(|s| s.excerpts.first());
        let others = spots.iter().flat_map(|s| s.excerpts.iter().skip(1));
        for excerpt in firsts {
            if !excerpts.iter().any(|e| covers(e, excerpt.line, excerpt.focus)) {
                excerpts.push(excerpt);
            }
        }
        for excerpt in others {
            if !excerpts.iter().any(|e| e.line == excerpt.line) {
                excerpts.push(excerpt);
            }
        }
        excerpts.sort_by_key(|e| (e.line, e.column));
        let mut file = Self { name: harmless(name).into_owned(), text: String::new(), lines: Vec::new() };
        for excerpt in excerpts {
            let index = match file.lines.last() {
                None => 0,
                Some(last) if last.excerpt.line + 1 == excerpt.line => last.index + 1,
                Some(last) => last.index + APART,
            };
            let start = file.text.len();
            if excerpt.before {
                // What is left out begins with such a sign of its own.
                if !excerpt.text.starts_with(ELIDED) {
                    file.text.push_str(ELIDED);
                }
            } else {
                // Indentation from before the record; it is white space, or the mark would stand here.
                let indent = usize::try_from(excerpt.column - 1).unwrap_or(0).min(MOST_INDENT);
                file.text.extend(std::iter::repeat_n(' ', indent));
            }
            let lead = file.text.len() - start;
            file.text.push_str(&excerpt.text);
            if excerpt.after && !excerpt.text.ends_with(ELIDED) {
                file.text.push_str(ELIDED);
            }
            let range = start..file.text.len();
            file.text.push('\n');
            file.lines.push(Shown { index, excerpt: excerpt.clone(), lead, range });
        }
        file
    }

    /// The bytes of the text that a place covers, as far as they are shown.
    fn range(&self, spot: &Spot) -> Option<Range<usize>> {
        let first = spot.excerpts.first()?;
        let start = self.lines.iter().find(|l| covers(&l.excerpt, spot.line, first.focus))?;
        if spot.end_line == spot.line {
            return Some(start.bytes(spot.column, spot.end_column));
        }
        let from = start.bytes(spot.column, spot.column).start;
        // Only if codespan gets the lines it wants to see is the place framed; else its first line is marked.
        let line = |n: u64| self.lines.iter().any(|l| l.excerpt.line == n);
        let wanted = spot.line + 1..=spot.end_line.min(spot.line + SHOWN_LINES as u64);
        match self.lines.iter().rfind(|l| l.excerpt.line == spot.end_line) {
            Some(end) if wanted.clone().all(line) => Some(from..end.bytes(1, spot.end_column).end),
            _ => Some(from..start.range.end),
        }
    }

    fn line(&self, index: usize) -> Option<&Shown> {
        self.lines.iter().find(|l| l.index == index)
    }
}

impl Shown {
    /// The bytes of the text that show these columns.
    fn bytes(&self, start: u64, end: u64) -> Range<usize> {
        let columns = self.excerpt.columns(start, end);
        let base = self.range.start + self.lead;
        base + columns.start..base + columns.end
    }
}

/// Whether an excerpt shows a column of a line.
fn covers(excerpt: &Excerpt, line: u64, column: u64) -> bool {
    let end = excerpt.end_column;
    excerpt.line == line && excerpt.column <= column && (column < end || column == end && !excerpt.after)
}

/// Indentation beyond this is shown as this.
const MOST_INDENT: usize = 24;

impl<'a> Files<'a> for Excerpts {
    type FileId = usize;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: usize) -> Result<&'a str, Error> {
        self.files.get(id).map(|f| f.name.as_str()).ok_or(Error::FileMissing)
    }

    fn source(&'a self, id: usize) -> Result<&'a str, Error> {
        self.files.get(id).map(|f| f.text.as_str()).ok_or(Error::FileMissing)
    }

    fn line_index(&'a self, id: usize, byte: usize) -> Result<usize, Error> {
        let file = self.files.get(id).ok_or(Error::FileMissing)?;
        let at = file.lines.partition_point(|l| l.range.start <= byte).saturating_sub(1);
        file.lines.get(at).map(|l| l.index).ok_or(Error::IndexTooLarge { given: byte, max: file.text.len() })
    }

    fn line_number(&'a self, id: usize, index: usize) -> Result<usize, Error> {
        let file = self.files.get(id).ok_or(Error::FileMissing)?;
        Ok(file.line(index).map_or(1, |l| usize::try_from(l.excerpt.line).unwrap_or(usize::MAX)))
    }

    fn column_number(&'a self, id: usize, index: usize, byte: usize) -> Result<usize, Error> {
        // Columns are known from the place and not from what is shown of it, which may be masked.
        let file = self.files.get(id).ok_or(Error::FileMissing)?;
        let number = file.line(index).map_or(0, |l| l.excerpt.line);
        let column =
            self.columns.iter().find(|c| c.0 == id && c.1 == number && c.2 == byte).map_or(1, |c| c.3);
        Ok(usize::try_from(column).unwrap_or(usize::MAX))
    }

    fn line_range(&'a self, id: usize, index: usize) -> Result<Range<usize>, Error> {
        let file = self.files.get(id).ok_or(Error::FileMissing)?;
        let max = file.lines.last().map_or(0, |l| l.index);
        match file.line(index) {
            Some(line) => Ok(line.range.clone()),
            // A line inside a longer place that is not shown.
            None => file
                .lines
                .iter()
                .find(|l| l.index > index)
                .map(|next| next.range.start..next.range.start)
                .ok_or(Error::LineTooLarge { given: index, max }),
        }
    }
}

/// The excerpts of places, one below the other, with their labels and with notes below; none where an excerpt does not
/// fit its labels. Each line ends with a line end.
pub(super) fn draw(spots: &[Spot], level: Level, notes: Vec<String>, columns: usize) -> Option<String> {
    let files = Excerpts::new(spots);
    let severity = match level {
        Level::Error => Severity::Error,
        Level::Warning => Severity::Warning,
        Level::Note => Severity::Note,
    };
    // The headline is written by the caller, who knows where to break it.
    let diagnostic =
        Diagnostic::new(severity).with_message("").with_labels(files.labels(spots)).with_notes(notes);
    let drawn = isolated(|| {
        let mut painter = Painter(Vec::new());
        term::emit_to_write_style(&mut painter, &config(), &files, &diagnostic).map(|()| painter.0)
    });
    let drawn = drawn.ok()?.ok()?;
    let drawn = String::from_utf8_lossy(&drawn);
    let (_, body) = drawn.split_once('\n')?;
    Some(body.lines().map(|line| folded(line, columns) + "\n").collect())
}

/// Columns that notes of these places have before them: gutter, bullet and the spaces around them.
pub(super) fn margin(spots: &[Spot]) -> usize {
    Excerpts::new(spots).gutter() + 3
}

/// How codespan is to draw.
fn config() -> term::Config {
    term::Config { start_context_lines: SHOWN_LINES, end_context_lines: 0, ..term::Config::default() }
}

/// A line of marks whose label is longer than the terminal is wide, with the label broken at spaces.
fn folded(line: &str, columns: usize) -> String {
    if width(line) <= columns {
        return line.to_owned();
    }
    let plain = anstream::adapter::strip_str(line).to_string();
    let Some((gutter, rest)) = plain.split_once('│') else { return line.to_owned() };
    let label = rest.trim_start_matches([' ', '│', '╭', '╰', '─', '^', '-', '\'']);
    let lead = &rest[..rest.len() - label.len()];
    // Only lines of marks: the lines of an export are cut to the width already.
    if label.is_empty() || !lead.contains(['^', '-', '\'']) || !gutter.trim().is_empty() {
        return line.to_owned();
    }
    let before = width(gutter) + 1;
    let marks = before + width(&lead[..lead.find(['^', '-', '\'']).unwrap_or_default()]);
    let start = before + width(lead);
    // Where the label begins far to the right it stands below its marks, or as far to the right as it can.
    let below = columns.saturating_sub(start) < 24;
    let indent = match below {
        false => start,
        true => {
            marks.min(columns.saturating_sub(width(label).clamp(24, (columns / 2).max(24)))).max(before + 1)
        }
    };
    let Some((head, tail)) = line.rsplit_once(label) else { return line.to_owned() };
    // The colours in which the label begins, which are more than one sequence.
    let style = head.match_indices('\u{1b}').map(|(at, _)| &head[at..]).find(|rest| width(rest) == 0);
    let style = style.unwrap_or_default();
    let text = wrap_from(label, columns, indent);
    let bar =
        format!("{}{gutter}{}{}{style}", anstyle::Reset, paint(FRAME, "│"), " ".repeat(indent - before));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut head = head.to_owned();
    if below {
        lines.insert(0, String::new());
        // No blank stands at the end of a line.
        let last = head.rfind(' ').filter(|at| width(&head[at + 1..]) == 0);
        last.map(|at| head.remove(at));
    }
    format!("{head}{}{tail}", lines.join(&format!("\n{bar}")))
}

/// `text` broken at spaces into lines that end at `columns` and begin at `indent`, which is not written.
fn wrap_from(text: &str, columns: usize, indent: usize) -> String {
    let (mut out, mut column) = (String::new(), indent);
    for (i, word) in text.split(' ').enumerate() {
        let w = width(word);
        if i > 0 && column + 1 + w > columns {
            out.push('\n');
            column = indent;
        } else if i > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += w;
    }
    out
}

/// Takes codespan's output and colours it.
struct Painter(Vec<u8>);

impl Painter {
    fn set(&mut self, style: Style) -> io::Result<()> {
        write!(self.0, "{style}")
    }
}

impl Write for Painter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WriteStyle for Painter {
    fn set_header(&mut self, severity: Severity) -> GeneralWriteResult {
        self.set(severity_style(severity))
    }

    fn set_header_message(&mut self) -> GeneralWriteResult {
        self.reset()?;
        self.set(STRONG)
    }

    fn set_line_number(&mut self) -> GeneralWriteResult {
        self.set(FRAME)
    }

    fn set_note_bullet(&mut self) -> GeneralWriteResult {
        self.set(FRAME)
    }

    fn set_source_border(&mut self) -> GeneralWriteResult {
        self.set(FRAME)
    }

    fn set_label(&mut self, severity: Severity, style: LabelStyle) -> GeneralWriteResult {
        self.set(match style {
            LabelStyle::Primary => severity_style(severity),
            LabelStyle::Secondary => AnsiColor::BrightBlue.on_default(),
        })
    }

    fn reset(&mut self) -> GeneralWriteResult {
        write!(self.0, "{}", anstyle::Reset)
    }
}

fn severity_style(severity: Severity) -> Style {
    let level = match severity {
        Severity::Bug | Severity::Error => Level::Error,
        Severity::Warning => Level::Warning,
        Severity::Note | Severity::Help => Level::Note,
    };
    level.style()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Limits, Request, SourceId, Sources, Span, locate};

    /// Everything may be shown.
    const ALL: Span = Span { start: 0, end: u64::MAX };

    /// Places in a file, each given by its bytes; they are the record as well, unless one is given.
    fn spots(
        text: &str,
        places: &[(usize, usize)],
        record: Option<(usize, usize)>,
        secrets: &[(usize, usize)],
    ) -> Vec<Spot> {
        let sources =
            Sources::from_memory([("a.xml".to_owned(), text.as_bytes().to_vec())], &Limits::default());
        let span = |r: &(usize, usize)| Span { start: r.0 as u64, end: r.1 as u64 };
        let within = span(&record.unwrap_or((0, text.len())));
        let requests: Vec<Request> = places.iter().map(|p| Request { span: span(p), within }).collect();
        let secrets: Vec<Span> = secrets.iter().map(span).collect();
        let found = locate(sources.get(SourceId::new(0)).unwrap(), &requests, &[ALL], &secrets, 90).unwrap();
        (found.into_iter().enumerate())
            .map(|(i, l)| Spot {
                path: "a.xml".into(),
                line: l.line,
                column: l.column,
                end_line: l.end_line,
                end_column: l.end_column,
                label: "here".into(),
                primary: i == 0,
                excerpts: vec![l.excerpt],
            })
            .collect()
    }

    fn render(spots: &[Spot]) -> String {
        let out = draw(spots, Level::Error, Vec::new(), 100).unwrap();
        anstream::adapter::strip_str(&out).to_string()
    }

    #[test]
    fn line_and_column_are_those_of_the_file() {
        let text = format!("{}  <Name>abc</Name>\n", "\n".repeat(411));
        let out = render(&spots(&text, &[(419, 422)], None, &[]));
        assert!(out.contains("a.xml:412:9"), "{out}");
        assert!(out.contains("412 │   <Name>abc</Name>\n    │         ^^^ here"), "{out}");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{}MARK{}", "x".repeat(5000), "y".repeat(5000));
        let out = render(&spots(&text, &[(5000, 5004)], None, &[]));
        assert!(out.contains("a.xml:1:5001"), "{out}");
        assert!(out.lines().all(|l| width(l) <= 100), "{out}");
        let code = out.lines().find(|l| l.contains("MARK")).unwrap();
        let marks = out.lines().find(|l| l.contains("^^^^")).unwrap();
        let column = |l: &str, what: &str| l[..l.find(what).unwrap()].chars().count();
        assert_eq!(column(code, "MARK"), column(marks, "^^^^"), "{out}");
        assert!(!marks.contains("^^^^^"), "{out}");
    }

    #[test]
    fn two_places_far_apart_on_one_line_are_both_shown() {
        let text = format!("ONE{}TWO{}", "x".repeat(3000), "y".repeat(3000));
        let out = render(&spots(&text, &[(0, 3), (3003, 3006)], None, &[]));
        assert!(out.contains("ONE") && out.contains("TWO"), "{out}");
        assert!(out.contains("^^^ here") && out.contains("--- here"), "{out}");
        assert!(out.contains("\n  ·\n1 │ …"), "{out}");
    }

    #[test]
    fn long_labels_are_broken_and_keep_to_the_columns() {
        for (at, columns) in [(5, 60), (40, 60), (50, 60), (5, 100), (90, 100)] {
            let text = format!("{}MARK{}", " ".repeat(at), ".".repeat(8));
            let mut spots = spots(&text, &[(at, at + 4)], None, &[]);
            spots[0].label =
                "a label of many words that says `what` is to be seen there ".repeat(3).trim().to_owned();
            let out = draw(&spots, Level::Error, Vec::new(), columns).unwrap();
            let out = anstream::adapter::strip_str(&out).to_string();
            // The line of the export is cut elsewhere.
            let fits = |line: &str| width(line) <= columns || line.contains("MARK");
            assert!(out.lines().all(|line| fits(line) && line.trim_end() == line), "{out}");
            let words = |text: &str| {
                text.split_whitespace().filter(|w| *w != "│").map(str::to_owned).collect::<Vec<_>>()
            };
            let said = words(&out);
            assert!(said.windows(words(&spots[0].label).len()).any(|w| w == words(&spots[0].label)), "{out}");
        }
    }

    #[test]
    fn lines_apart_have_a_break_and_neighbours_none() {
        let out = render(&spots("1\n2\na\n4\nb\nc\n", &[(4, 5), (8, 9), (10, 11)], None, &[]));
        assert!(out.contains("3 │ a\n  │ ^ here\n  ·\n5 │ b\n  │ - here\n6 │ c"), "{out}");
    }

    #[test]
    fn a_place_over_several_lines_is_framed() {
        let text: String = (1..=30).map(|n| format!("line {n:2}\n")).collect();
        let mut all = spots(&text, &[(8 * 9, 8 * 20 - 1)], None, &[]);
        for line in [10, 11, 12, 19] {
            let more = spots(&text, &[(8 * line, 8 * line + 1)], None, &[]);
            all[0].excerpts.extend(more[0].excerpts.clone());
        }
        let out = render(&all);
        assert!(out.contains("a.xml:10:1"), "{out}");
        for n in [10, 11, 12, 13, 20] {
            assert!(out.contains(&format!("line {n}")), "{out}");
        }
        assert!(out.contains("·") && !out.contains("line 14"), "{out}");
    }

    #[test]
    fn of_a_longer_place_without_its_lines_the_first_is_marked() {
        let out = render(&spots("{\n  a\n}\n", &[(0, 7)], None, &[]));
        assert!(out.contains("1 │ {\n  │ ^ here"), "{out}");
    }

    #[test]
    fn credentials_are_masked_and_columns_stay_true() {
        let text = "<p>topsecret</p><n>abc</n>";
        let out = render(&spots(text, &[(19, 22)], None, &[(3, 12)]));
        assert!(!out.contains("topsecret"), "{out}");
        assert!(out.contains("a.xml:1:20"), "{out}");
        assert!(out.contains("1 │ <p>*****</p><n>abc</n>\n  │                ^^^ here"), "{out}");
    }

    #[test]
    fn nothing_beyond_the_record_is_shown() {
        let out = render(&spots("before<r>abc</r>behind", &[(9, 12)], Some((6, 16)), &[]));
        assert!(out.contains("│ …<r>abc</r>…"), "{out}");
        assert!(!out.contains("before") && !out.contains("behind"), "{out}");
    }

    #[test]
    fn indentation_before_a_record_is_kept() {
        let out = render(&spots("    {\"a\": 1},\n", &[(9, 10)], Some((4, 12)), &[]));
        assert!(out.contains("1 │     {\"a\": 1}\n"), "{out}");
    }

    #[test]
    fn control_characters_of_an_export_are_shown_not_obeyed() {
        let out = render(&spots("a\u{1b}]b\u{202e}c", &[(1, 3)], None, &[]));
        assert!(!out.contains('\u{1b}') && !out.contains('\u{202e}'), "{out}");
        assert!(out.contains("a␛]b"), "{out}");
    }
}
