//! Places found again: lines, columns, and what of them is shown.

use super::super::MASK;
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
    let whole = locate(source, &requests, &[ALL], &secrets, width).unwrap();
    // Stretches read side by side must tell the same.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
    let shown = Shown { harmless: &[ALL], secrets: &merged(&secrets) };
    let parts = pool.install(|| locate_in(source, &requests, shown, width, 2)).unwrap();
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
    assert_eq!(lines, [(1, 1, 1, 2), (2, 1, 2, 2), (3, 1, 3, 2), (4, 1, 4, 2), (5, 1, 5, 2), (2, 1, 4, 2)]);
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
    let found = locate(&sources(text, 16).as_slice()[0], &[request], &[ALL], &[], 100).unwrap().remove(0);
    assert_eq!(shown(&found), (r#"{"b":"this"}"#, "this"));
    assert_eq!((found.column, found.excerpt.column), (22, 16));
    assert!(found.excerpt.before && found.excerpt.after);
    // A span outside of its record shows nothing.
    let request = Request { span: Span { start: 2, end: 5 }, within: Span { start: 15, end: 27 } };
    let found = locate(&sources(text, 16).as_slice()[0], &[request], &[ALL], &[], 100).unwrap().remove(0);
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
        let found = locate(&sources.as_slice()[0], &[request], &[ALL], &masked, width).unwrap().remove(0);
        prop_assert!(!found.excerpt.text.contains(['S', 'X', '\n']), "{:?}", found);
        prop_assert!(found.excerpt.text.chars().count() <= width + MASK.len());
        prop_assert!(found.excerpt.text.get(found.excerpt.span.clone()).is_some());
    }
}

/// Characters of all lengths, and those that part lines.
fn any_text() -> impl Strategy<Value = Vec<char>> {
    let chars = prop_oneof![
        8 => any::<char>().prop_filter("it is no part of the encoding", |c| !matches!(c, '\0' | '\u{feff}')),
        6 => proptest::sample::select(vec!['a', 'ü', '者', '🙂', 'e', '\u{301}', '\t', ' ', '"', '<']),
        1 => proptest::sample::select(vec!['\n', '\r']),
    ];
    proptest::collection::vec(chars, 1..400)
}

/// The characters in an encoding, and where each of them and the end stand.
fn encode(chars: &[char], encoding: u8) -> (Vec<u8>, Vec<u64>) {
    let mut bytes: Vec<u8> = match encoding {
        0 => "\u{feff}".into(),
        1 => vec![0xff, 0xfe],
        _ => vec![0xfe, 0xff],
    };
    let mut offsets = Vec::with_capacity(chars.len() + 1);
    for c in chars {
        offsets.push(bytes.len() as u64);
        let mut units = [0; 2];
        match encoding {
            0 => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
            1 => c.encode_utf16(&mut units).iter().for_each(|u| bytes.extend(u.to_le_bytes())),
            _ => c.encode_utf16(&mut units).iter().for_each(|u| bytes.extend(u.to_be_bytes())),
        }
    }
    offsets.push(bytes.len() as u64);
    (bytes, offsets)
}

/// What of the line of a character may be shown: signs for what may not.
fn rendered(chars: &[char], at: usize, may: impl Fn(usize) -> Option<&'static str>) -> String {
    let is_end = |c: &char| matches!(c, '\n' | '\r');
    let start = chars[..at].iter().rposition(is_end).map_or(0, |i| i + 1);
    let end = chars[at..].iter().position(is_end).map_or(chars.len(), |i| at + i);
    let (mut out, mut last) = (String::new(), None);
    for (i, c) in chars.iter().enumerate().take(end).skip(start) {
        let sign = may(i);
        match sign {
            Some(sign) if last != Some(sign) => out.push_str(sign),
            Some(_) => {}
            None => out.push(if *c == '\t' { '\t' } else { super::super::visible(*c) }),
        }
        last = sign;
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_excerpt_of_any_text_shows_what_it_may_and_nothing_else(
        chars in any_text(),
        encoding in 0..3u8,
        window in 16..200usize,
        width in 0..500usize,
        place in (0..400usize, 0..60usize),
        harmless in proptest::collection::vec((0..400usize, 1..80usize), 0..8),
        secrets in proptest::collection::vec((0..400usize, 1..30usize), 0..4),
    ) {
        let (bytes, offsets) = encode(&chars, encoding);
        let clip = |n: usize| n.min(chars.len());
        let span = |(start, length): (usize, usize)| Span {
            start: offsets[clip(start)],
            end: offsets[clip(start + length)],
        };
        let all = |spans: &[(usize, usize)]| spans.iter().map(|s| span(*s)).collect::<Vec<_>>();
        let inside = |spans: &[(usize, usize)], i: usize| spans.iter().any(|s| s.0 <= i && i < s.0 + s.1);
        let request = Request { span: span(place), within: ALL };
        let sources = sources(&bytes, window);
        let found = locate(&sources.as_slice()[0], &[request], &all(&harmless), &all(&secrets), width)
            .unwrap()
            .remove(0);
        let excerpt = &found.excerpt;
        prop_assert!(excerpt.text.chars().count() <= width + MASK.len());
        prop_assert!(excerpt.text.get(excerpt.span.clone()).is_some());
        prop_assert!(excerpt.column <= excerpt.end_column);
        for column in [0, found.column, found.end_column, u64::MAX] {
            prop_assert!(excerpt.text.get(excerpt.columns(column, column.saturating_add(3))).is_some());
        }
        // Two spans that touch are one, so that a character belongs to the secret before it is harmless.
        let at = clip(place.0);
        if at < chars.len() && !matches!(chars[at], '\n' | '\r') {
            let may = |i: usize| {
                if inside(&secrets, i) {
                    Some(MASK)
                } else if inside(&harmless, i) {
                    None
                } else {
                    Some(super::super::ELIDED)
                }
            };
            let line = rendered(&chars, at, may);
            prop_assert!(line.contains(&excerpt.text), "{:?} is not in {:?}", excerpt.text, line);
            if width >= 20 && place.1 > 0 {
                prop_assert!(!excerpt.text[excerpt.span.clone()].is_empty(), "{:?}", excerpt);
            }
        }
    }
}
