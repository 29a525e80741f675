//! Reads a huge CLIXML or JSON file on several cores.
//!
//! A CLIXML file is cut where the pattern between two of its first objects is found again. That such a place is the
//! start of an object at the same level is a guess; it holds if the reader of each segment, starting with the same
//! open elements, ends exactly at the next cut with these elements open. If one does not, all is forgotten and the
//! file is read from one end to the other. Types that segments refer to are looked for beforehand. How JSON is cut is
//! told in [`crate::reader::json`].

use memchr::memrchr;
use rayon::prelude::*;

use crate::reader::clixml::{self, Clixml, Later, Types};
use crate::reader::finish::Counts;
use crate::reader::job::{Job, conclude};
use crate::reader::stream::{self, Ended};
use crate::reader::xml::{Kind, Stack, Stop, Tokens};
use crate::reader::{Format, Reading, Sink, json};
use crate::source::{Bytes, Damage, Window};

/// More types than that are not looked for beforehand.
const TYPES: usize = 4096;

/// Where a file can be cut.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    /// The elements that are open around the objects.
    outer: Vec<String>,
    /// Offsets at which segments start, without the first.
    cuts: Vec<u64>,
}

/// What one segment gives.
struct Part<S> {
    sink: S,
    counts: Counts,
    later: Later,
    types: Types,
    ended: Ended,
    damage: Damage,
}

/// Whether dividing a file is worth it. Shorter ones are read by one core each.
fn is_huge(job: &Job<'_>) -> bool {
    job.options.segments > 1 && job.bytes.len() / 2 >= job.options.segment_bytes.max(1)
}

/// Reads a source in segments. None if it is too short, does not look like it can be cut, or was cut wrongly.
pub(super) fn clixml<S: Sink + Send>(
    job: &Job<'_>,
    window: &Window,
    skip: usize,
    make: &(impl Fn() -> S + Sync),
) -> Option<(Reading, Vec<S>, Damage)> {
    if !is_huge(job) {
        return None;
    }
    let plan = plan(&job.bytes, window, skip, job.options.segment_bytes)?;
    let text = job.bytes.text_span();
    let starts: Vec<u64> = std::iter::once(text.start).chain(plan.cuts.iter().copied()).collect();
    let range = |i: usize| (starts[i], starts.get(i + 1).copied());

    let found: Option<Vec<Types>> = (0..starts.len())
        .into_par_iter()
        .map(|i| {
            let (start, end) = range(i);
            types(job, start, end.unwrap_or(text.end))
        })
        .collect();
    let mut known = Types::default();
    let mut before: Vec<Types> = Vec::with_capacity(starts.len());
    for types in found? {
        before.push(known.clone());
        known.extend(types);
    }

    let outer: Vec<&str> = plan.outer.iter().map(String::as_str).collect();
    let parts: Option<Vec<Part<S>>> = before
        .into_par_iter()
        .enumerate()
        .map(|(i, types)| {
            let (start, end) = range(i);
            let mut window = job.bytes.window(start, end).ok()?;
            let mut stack = Stack::default();
            let mut reader = Clixml::new(job.wanted, types, if i == 0 { &[] } else { &outer });
            if i == 0 {
                window.advance(skip).ok()?;
            } else {
                stack = Stack::of(&outer);
            }
            let mut sink = make();
            let ended = stream::run(&mut window, stack, end.is_some(), &mut reader, &mut sink);
            // A fault in the last segment is the file's; in another it may come from a wrong cut.
            let holds = match end {
                Some(end) => ended.fault.is_none() && ended.at == end && ended.stack.names() == plan.outer,
                None => true,
            };
            let counts = reader.counts;
            let (later, types) = reader.into_later();
            holds.then(|| Part { sink, counts, later, types, ended, damage: window.damage() })
        })
        .collect();
    merge(job, parts?, skip, make)
}

/// Reads a JSON source in segments; like `clixml`.
pub(super) fn json<S: Sink + Send>(
    job: &Job<'_>,
    window: &Window,
    make: &(impl Fn() -> S + Sync),
) -> Option<(Reading, Vec<S>, Damage)> {
    if !is_huge(job) {
        return None;
    }
    let outline = json::outline(window.view().text, job.wanted)?;
    let cuts = outline.cuts(&job.bytes, job.bytes.len() / job.options.segment_bytes.max(1)).ok()?;
    if cuts.is_empty() {
        return None;
    }
    let parts: Option<Vec<(json::Tallied, S, Damage)>> = (0..=cuts.len())
        .into_par_iter()
        .map(|i| {
            let (start, part) = match i {
                0 => (0, json::Part::First),
                i if i == cuts.len() => (cuts[i - 1], json::Part::Last),
                i => (cuts[i - 1], json::Part::Middle),
            };
            let mut window = job.bytes.window(start, cuts.get(i).copied()).ok()?;
            let mut sink = make();
            let tallied = json::read_part(&mut window, job.wanted, &mut sink, &outline, part)?;
            Some((tallied, sink, window.damage()))
        })
        .collect();
    let mut damage = Damage::default();
    let (mut tallies, mut sinks) = (Vec::new(), Vec::new());
    for (tallied, sink, damaged) in parts? {
        add(&mut damage, damaged);
        tallies.push(tallied);
        sinks.push(sink);
    }
    Some((json::join(tallies), sinks, damage))
}

fn add(all: &mut Damage, later: Damage) {
    if all.places == 0 {
        all.first = later.first;
    }
    all.places += later.places;
}

fn merge<S: Sink + Send>(
    job: &Job<'_>,
    parts: Vec<Part<S>>,
    skip: usize,
    make: &(impl Fn() -> S + Sync),
) -> Option<(Reading, Vec<S>, Damage)> {
    let mut sinks = Vec::with_capacity(parts.len() + 1);
    let mut counts = Counts::default();
    let mut later = Later::default();
    let mut types = Types::default();
    let mut damage = Damage::default();
    let mut doctype = None;
    let mut last = None;
    for part in parts {
        counts.add(part.counts);
        later.append(part.later);
        types.extend(part.types);
        add(&mut damage, part.damage);
        doctype = doctype.or(part.ended.doctype);
        last = Some(part.ended);
        sinks.push(part.sink);
    }
    if !later.is_empty() {
        sinks.push(job.resolve(later, types, 0, skip, &mut counts, make));
    }
    let ended = Ended { doctype, ..last? };
    let reading = conclude(Format::Clixml, &counts, ended, sinks.first_mut()?);
    Some((reading, sinks, damage))
}

/// Looks at the first objects and finds places like those between them, one for each stretch of `size` bytes.
fn plan(bytes: &Bytes, window: &Window, skip: usize, size: u64) -> Option<Plan> {
    let text = window.view().text;
    let (outer, first) = first_object(text.get(skip..)?)?;
    let first = first + skip;
    // From the end of the previous line to the object; without lines, nothing.
    let lead = match memrchr(b'\n', text.as_bytes().get(..first)?) {
        Some(i) if text[i..first].trim().is_empty() => {
            let line = if i > 0 && text.as_bytes()[i - 1] == b'\r' { i - 1 } else { i };
            &text[line..first]
        }
        _ => "",
    };
    let before = format!("</Obj>{lead}");
    let pattern = format!("{before}<Obj RefId=");
    if !pattern.is_ascii() || pattern.len() > 1024 {
        return None;
    }
    let span = bytes.text_span();
    let count = ((span.end - span.start) / size.max(1)).clamp(1, 4096);
    let stride = (span.end - span.start) / count;
    let mut cuts = Vec::new();
    for i in 1..count {
        let target = span.start + i * stride;
        if cuts.last().is_some_and(|&last| last >= target) {
            continue;
        }
        if let Some(at) = bytes.find(target, target + stride, &pattern).ok()? {
            cuts.push(at + before.len() as u64 * bytes.encoding().unit());
        }
    }
    (!cuts.is_empty()).then_some(Plan { outer, cuts })
}

/// The elements around the first object that is not a list, and its place.
fn first_object(text: &str) -> Option<(Vec<String>, usize)> {
    let mut tokens = Tokens::resume(text, 0, false, Stack::default());
    loop {
        match tokens.next().ok()? {
            Kind::Start if tokens.name() == "Objs" => {}
            Kind::Start if tokens.name() == "Obj" => {
                let mut outer = tokens.stack().names();
                outer.pop();
                if !is_list(&mut tokens)? {
                    return Some((outer, tokens.range().start));
                }
            }
            Kind::Text => {}
            _ => return None,
        }
    }
}

/// Goes to the members of the list whose start tag is the current token. False, without going anywhere, if it is
/// another object.
fn is_list(tokens: &mut Tokens<'_>) -> Option<bool> {
    let mut ahead = tokens.ahead();
    loop {
        match ahead.next().ok()? {
            Kind::Start if matches!(ahead.name(), "LST" | "IE" | "QUE" | "STK") => break,
            Kind::Start if matches!(ahead.name(), "TN" | "TNRef" | "ToString") => ahead.skip().ok()?,
            Kind::Text => {}
            _ => return Some(false),
        }
    }
    loop {
        match tokens.next().ok()? {
            Kind::Start if matches!(tokens.name(), "LST" | "IE" | "QUE" | "STK") => return Some(true),
            _ => {}
        }
    }
}

/// The types that are named between two offsets; none if there are too many, or they cannot be read.
fn types(job: &Job<'_>, start: u64, end: u64) -> Option<Types> {
    let mut types = Types::default();
    let mut at = start;
    let mut hits = 0;
    while let Some(hit) = job.bytes.find(at, end, "<TN RefId=").ok()? {
        hits += 1;
        if hits > TYPES {
            return None;
        }
        at = hit + 4 * job.bytes.encoding().unit();
        for length in [16 << 10, 4 << 20] {
            let window = job.bytes.window(hit, Some((hit + length).min(end))).ok()?;
            let mut tokens = Tokens::resume(window.view().text, 0, false, Stack::default());
            if tokens.next() != Ok(Kind::Start) {
                break;
            }
            match clixml::type_names(&mut tokens, job.wanted) {
                Ok((Some(id), kind)) => {
                    types.insert(id, kind.into());
                    break;
                }
                Err(Stop::Incomplete) => {}
                _ => break,
            }
        }
    }
    Some(types)
}

#[cfg(test)]
mod tests {
    use crate::reader::Options;
    use crate::reader::testing::{Taken, take, wanted, with_source};

    fn utf16(text: &str) -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    }

    /// Objects as `Export-Clixml` writes them: types are named once, properties hold lists of objects.
    fn rows(n: usize, line: &str, indent: &str, inner: impl Fn(usize) -> String) -> String {
        let mut text = String::new();
        for i in 0..n {
            let id = 10 * i;
            let names = match i {
                0 => "<TN RefId=\"0\"><T>IResultObject#X</T></TN>".to_owned(),
                7 => "<TN RefId=\"1\"><T>IResultObject#Y</T></TN>".to_owned(),
                i if i % 3 == 1 && i > 7 => "<TNRef RefId=\"1\" />".to_owned(),
                _ => "<TNRef RefId=\"0\" />".to_owned(),
            };
            text.push_str(&format!(
                "{line}{indent}<Obj RefId=\"{id}\">{line}{indent}  {names}{line}{indent}  <Props>\
                 <S N=\"Name\">\u{e4} {i}</S>{}</Props>{line}{indent}</Obj>",
                inner(i)
            ));
        }
        text
    }

    fn list(i: usize) -> String {
        format!(
            "<Obj N=\"L\" RefId=\"{}\"><LST>\n    <Obj RefId=\"x{i}\"><MS><S N=\"a\">b</S></MS></Obj>\n    \
             <Obj RefId=\"y{i}\"><MS><S N=\"a\">c</S></MS></Obj></LST></Obj>",
            10 * i + 1
        )
    }

    /// Reads in one go and in segments. Gives the number of sinks for the segments.
    fn compare(bytes: Vec<u8>, segment_bytes: u64) -> usize {
        with_source(bytes, 200, |source| {
            let wanted = wanted(&["X", "Y"]);
            let one = take(source, &wanted, &Options { segments: 1, segment_bytes });
            let many = take(source, &wanted, &Options { segments: 4, segment_bytes });
            assert_eq!(one, many);
            assert!(!one.1.records.is_empty());
            let options = Options { segments: 4, segment_bytes };
            crate::reader::read(source, &wanted, &options, Taken::default).1.len()
        })
    }

    #[test]
    fn segments_make_no_difference() {
        for line in ["\n", "\r\n"] {
            let text =
                format!("<Objs Version=\"1\">{}{line}</Objs>", rows(100, line, "  ", |_| String::new()));
            assert_eq!(compare(text.clone().into_bytes(), 1000), text.len() / 1000);
            assert_eq!(compare(utf16(&text), 2000), utf16(&text).len() / 2000);
            let text = format!("<Objs Version=\"1\">{}{line}</Objs>", rows(50, line, "  ", list));
            assert!(compare(text.into_bytes(), 700) > 5);
        }
        // Everything in one list.
        let text = format!(
            "<Objs>\n  <Obj RefId=\"a\">\n    <TN RefId=\"9\"><T>System.Object[]</T></TN>\n    <LST>{}\n    </LST>\n  </Obj>\n</Objs>",
            rows(100, "\n", "      ", list)
        );
        assert!(compare(text.into_bytes(), 1000) > 5);
        // Without any line ends: the cuts are right because nothing is nested.
        let text = format!("#< CLIXML\r\n<Objs>{}</Objs>", rows(100, "", "", |_| String::new()));
        assert!(compare(text.into_bytes(), 1000) > 5);
    }

    #[test]
    fn wrong_cuts_are_noticed() {
        // Without line ends the objects of nested lists look like those at the top.
        let text = format!("<Objs>{}</Objs>", rows(100, "", "", |i| list(i).replace("\n    ", "")));
        assert_eq!(compare(text.into_bytes(), 1000), 1);
        // What looks like an object stands in CDATA.
        let fake = |_: usize| "<S N=\"T\"><![CDATA[</Obj>\n  <Obj RefId=\"0\">]]></S>".to_owned();
        let text = format!("<Objs>{}\n</Objs>", rows(20, "\n", "  ", |i| fake(i).repeat(30)));
        assert_eq!(compare(text.into_bytes(), 1000), 1);
    }

    #[test]
    fn broken_files_and_references() {
        let whole = format!("<Objs>{}\n</Objs>", rows(100, "\n", "  ", |_| String::new()));
        for at in [whole.len() / 2, whole.len() - 30] {
            let mut text = whole.clone();
            text.insert(at, '<');
            compare(text.clone().into_bytes(), 1000);
            compare(text[..at].to_owned().into_bytes(), 1000);
        }
        // References to objects of other segments, and to none.
        let refer = |i: usize| match i {
            3 => list(3),
            60 | 90 => "<Ref N=\"R\" RefId=\"31\"/><Ref N=\"Q\" RefId=\"none\"/>".to_owned(),
            _ => String::new(),
        };
        let text = format!("<Objs>{}\n</Objs>", rows(100, "\n", "  ", refer));
        assert!(compare(text.clone().into_bytes(), 1000) > 5);
        let read = with_source(text.into_bytes(), 1 << 20, |source| {
            take(source, &wanted(&["X", "Y"]), &Options { segments: 4, segment_bytes: 1000 }).1
        });
        let last = read.records.last().unwrap();
        assert_eq!(
            crate::reader::testing::brief(&last.object),
            "{Name=\"\u{e4} 90\" R=[{a=\"b\"} {a=\"c\"}] Q=cut}"
        );
    }

    #[test]
    fn json_in_segments() {
        let rows: Vec<String> =
            (0..200).map(|i| format!("{{\"__CLASS\":\"X\",\"Name\":\"\u{e4} {i}\"}}")).collect();
        let text = format!("[{}]", rows.join(","));
        assert!(compare(text.clone().into_bytes(), 1000) > 5);
        compare(text[..text.len() - 20].to_owned().into_bytes(), 1000);
    }
}
