//! Huge lists in parts, so that all cores can read one file.
//!
//! A cut is guessed: a place that looks like the beginning of a row. Such a place can also stand inside of a string, so
//! every part is checked: the part before must end between two rows exactly there. The first part begins where
//! the file does, so that by and by every cut is proven. If one is wrong, the caller reads the file in one go.

use super::rows::{Tally, context_class, find, is_class_key};
use super::text::decode;
use super::token::{Kind, Member, Scanner};
use super::{Halt, Reader, conclude};
use crate::reader::{Reading, Sink, Wanted};
use crate::source::{Bytes, SourceError, Window};

/// How far a cut is looked for behind the place where it should be.
const SEARCH: u64 = 4 << 20;

/// Longest pattern that is worth having.
const PATTERN: usize = 200;

/// What a file is a list of, as its beginning tells.
#[derive(Debug, Clone, PartialEq, Eq)]
enum List {
    /// `[...]`
    Plain,
    /// The rows of an OData envelope, and their class.
    Envelope(Option<Box<str>>),
    /// A value a line.
    Lines,
}

/// Where a file may be cut, and how its parts are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outline {
    list: List,
    /// What stands around a cut: the end of what parts two rows and the beginning of a row. ASCII only.
    pattern: Box<str>,
    /// How many of the pattern's characters belong to the part before.
    before: usize,
}

/// Which part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Begins with the file, ends at a cut.
    First,
    /// Between two cuts.
    Middle,
    /// From a cut to the end of the file.
    Last,
}

/// What was met in a part.
#[derive(Debug)]
pub(crate) struct Tallied(Tally);

/// Looks at the beginning of a file; none if it cannot be read in parts.
pub(crate) fn outline(text: &str, wanted: &Wanted) -> Option<Outline> {
    let mut s = Scanner::new(text, 0, false);
    s.filling();
    let list = match s.peek().ok()? {
        b'[' => {
            s.at += 1;
            List::Plain
        }
        b'{' => match object(s, wanted)? {
            First::Envelope(inside, class) => {
                s = inside;
                List::Envelope(class)
            }
            First::Row => List::Lines,
        },
        _ => return None,
    };
    // The first row, and what stands between it and the second.
    s.blanks();
    if s.peek().ok()? != b'{' {
        return None;
    }
    s.value().ok()?;
    let row_end = s.at;
    if list == List::Lines {
        s.filling();
        if !text[row_end..s.at].contains('\n') {
            return None;
        }
    } else {
        s.blanks();
        if s.peek().ok()? != b',' {
            return None;
        }
        s.at += 1;
        s.blanks();
    }
    if s.peek().ok()? != b'{' {
        return None;
    }
    let brace = s.at;
    s.at += 1;
    let key = s.member(true).ok()??;
    let from = match list {
        List::Lines => brace - 1,
        _ => row_end,
    };
    let whole = &text[from..key.range.end];
    let pattern = if whole.is_ascii() && whole.len() <= PATTERN { whole } else { &text[from..=brace] };
    (pattern.is_ascii() && pattern.len() <= PATTERN && (list != List::Lines || pattern.starts_with('\n')))
        .then(|| Outline { list, pattern: pattern.into(), before: brace - from })
}

/// What the first object of a file is.
enum First<'t> {
    /// An envelope: the scanner behind the `[` of its rows, and their class.
    Envelope(Scanner<'t>, Option<Box<str>>),
    /// A row, as far as that can be told.
    Row,
}

/// What the object is that begins here; none if it does not fit or is not to be cut.
fn object<'t>(mut s: Scanner<'t>, wanted: &Wanted) -> Option<First<'t>> {
    let mut members: Vec<Member> = Vec::new();
    let text = s.text;
    s.at += 1;
    while let Some(key) = s.member(members.is_empty()).ok()? {
        let name = &text[key.inner()];
        let nested = matches!(s.peek().ok()?, b'[' | b'{');
        if nested && name.eq_ignore_ascii_case("value") && s.peek().ok()? == b'[' {
            let context = find(text, &members, "@odata.context").filter(|m| m.value.is_text())?;
            let class = context_class(&decode(text, &context.value)).map(Into::into);
            s.at += 1;
            return Some(First::Envelope(s, class));
        }
        if nested && is_class_key(wanted, name) {
            return None;
        }
        let value = s.value().ok()?;
        members.push(Member { key, value });
    }
    let foreign = find(text, &members, "meta").or_else(|| find(text, &members, "graph"));
    foreign.is_none_or(|m| m.value.kind != Kind::Object).then_some(First::Row)
}

impl Outline {
    /// Places to cut the source into about `parts` parts: original offsets, rising. There may be fewer, also none.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub(crate) fn cuts(&self, bytes: &Bytes, parts: u64) -> Result<Vec<u64>, SourceError> {
        let text = bytes.text_span();
        let length = text.end - text.start;
        let mut cuts: Vec<u64> = Vec::new();
        for part in 1..parts {
            let wish = text.start + length / parts * part;
            let end = (wish + SEARCH).min(text.end);
            if let Some(at) = bytes.find(wish, end, &self.pattern)? {
                let cut = at + self.before as u64 * bytes.encoding().unit();
                if cuts.last().is_none_or(|last| *last < cut) {
                    cuts.push(cut);
                }
            }
        }
        Ok(cuts)
    }
}

/// Reads a part of a file. None if the part does not begin and end where the cuts say; what the sink was told is then
/// worth nothing.
pub(crate) fn read_part(
    window: &mut Window,
    wanted: &Wanted,
    sink: &mut dyn Sink,
    outline: &Outline,
    part: Part,
) -> Option<Tallied> {
    let in_list = outline.list != List::Lines;
    let mut reader = Reader::new(window, wanted, sink, in_list && part != Part::Last);
    let outcome = match (&outline.list, part) {
        (List::Lines, _) | (_, Part::First) => reader.top_level(),
        (list, _) => {
            if let List::Envelope(class) = list {
                reader.class = class.clone();
                reader.rows.tally.envelope = true;
            }
            reader.rest_of_list(matches!(list, List::Envelope(_)))
        }
    };
    let right = match outcome {
        Ok(()) => !in_list || part == Part::Last,
        Err(Halt::Cut) => in_list && part != Part::Last,
        Err(_) => false,
    };
    (right && reader.rows.tally.skipped == 0).then_some(Tallied(reader.rows.tally))
}

/// What is to be said of a file of which all parts were read, in their order.
pub(crate) fn join(parts: Vec<Tallied>) -> Reading {
    let mut all = Tally::default();
    for Tallied(part) in parts {
        all.records += part.records;
        all.known += part.known;
        all.values += part.values;
        all.envelope |= part.envelope;
        all.cut_off.add(part.cut_off);
        all.notes.extend(part.notes);
        all.broken |= part.broken;
        all.console += part.console;
        all.displayed += part.displayed;
        all.texts += part.texts;
        all.json += part.json;
    }
    conclude(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::testing::Taken;
    use crate::reader::{Recognise, WantedClass};
    use crate::source::{Limits, Sources};

    fn wanted() -> Wanted {
        let mut wanted = Wanted::default();
        wanted
            .classes
            .insert("sms_admin".into(), WantedClass { name: "SMS_Admin".into(), ..WantedClass::default() });
        wanted.recognise = vec![Recognise {
            class: "SMS_Admin".into(),
            all: vec!["logonname".into()],
            ..Recognise::default()
        }];
        wanted
    }

    /// The file in one go and in parts; none if a cut was wrong.
    fn both(bytes: &[u8], parts: u64) -> (Reading, Taken, usize, Option<(Reading, Taken)>) {
        let limits = Limits { window: 256, ..Limits::default() };
        let sources = Sources::from_memory([("test".to_owned(), bytes.to_vec())], &limits);
        let source = &sources.as_slice()[0];
        let bytes = source.bytes().unwrap();
        let mut whole = Taken::default();
        let reading = super::super::read(&mut source.open().unwrap(), &wanted(), &mut whole);
        let head = source.open().unwrap();
        let Some(outline) = outline(head.view().text, &wanted()) else { return (reading, whole, 0, None) };
        let cuts = outline.cuts(&bytes, parts).unwrap();
        let mut taken = Taken::default();
        let mut tallies = Vec::new();
        for i in 0..=cuts.len() {
            let start = if i == 0 { 0 } else { cuts[i - 1] };
            let part = match i {
                _ if i == cuts.len() => Part::Last,
                0 => Part::First,
                _ => Part::Middle,
            };
            let mut window = bytes.window(start, cuts.get(i).copied()).unwrap();
            let tally = if cuts.is_empty() {
                return (reading, whole, 0, None);
            } else {
                read_part(&mut window, &wanted(), &mut taken, &outline, part)
            };
            let Some(tally) = tally else { return (reading, whole, cuts.len(), None) };
            tallies.push(tally);
        }
        (reading, whole, cuts.len(), Some((join(tallies), taken)))
    }

    fn rows(n: usize, between: &str) -> String {
        (0..n)
            .map(|i| format!("{{\"LogonName\":\"CONTOSO\\\\u{i}\",\"Text\":\"}},{{\\\"LogonName\\\" ü\"}}"))
            .collect::<Vec<_>>()
            .join(between)
    }

    #[test]
    fn parts_give_what_the_whole_gives() {
        let compact = format!("[{}]", rows(100, ","));
        let pretty = format!("[\r\n    {}\r\n]\r\n", rows(100, ",\r\n    "));
        let page = format!(
            "{{\"@odata.context\":\"x#SMS_Admin\",\"value\":[{}],\"@odata.nextLink\":\"y\"}}",
            rows(100, ",")
        );
        let lines = rows(100, "\n");
        for text in [compact, pretty, page, lines] {
            for parts in [2, 3, 8] {
                let (reading, whole, cuts, joined) = both(text.as_bytes(), parts);
                assert_eq!(cuts as u64, parts - 1);
                let (joined, taken) = joined.unwrap();
                assert_eq!(joined, reading);
                assert_eq!(taken, whole);
                let wide: Vec<u8> =
                    [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
                let (reading, whole, cuts, joined) = both(&wide, parts);
                assert_eq!(cuts as u64, parts - 1);
                assert_eq!(joined, Some((reading, whole)));
            }
        }
    }

    #[test]
    fn a_cut_in_a_nested_list_is_noticed() {
        let text = format!(
            "[{{\"LogonName\":\"a\"}},{{\"LogonName\":\"b\",\"List\":[{}]}}]",
            ["{\"LogonName\":1}"; 50].join(",")
        );
        let (_, whole, cuts, joined) = both(text.as_bytes(), 4);
        assert_eq!((cuts, whole.records.len()), (3, 2));
        assert_eq!(joined, None);
    }

    #[test]
    fn a_broken_file_is_left_to_the_other_way() {
        let text = format!("[{}", rows(100, ","));
        let (reading, _, cuts, joined) = both(text.as_bytes(), 4);
        assert_eq!((cuts, joined), (3, None));
        assert_eq!(reading.records, 100);
    }

    #[test]
    fn what_cannot_be_cut() {
        for text in [
            "[]",
            "[1,2]",
            "[{\"a\":1}]",
            "{\"a\":1}",
            "{\"value\":[{\"a\":1},{\"a\":2}]}",
            "{\"SMS_Admin\":[{\"a\":1},{\"a\":2}]}",
        ] {
            assert_eq!(outline(text, &wanted()), None, "{text}");
        }
        let outline = outline("{\"a\":1}\r\n{\"a\":2}\r\n", &wanted()).unwrap();
        assert_eq!((&*outline.pattern, outline.before), ("\n{\"a\"", 1));
    }
}
