//! Decoded text, a stretch at a time.

use super::{Bytes, Encoding, Offsets, SourceError, View, decode, floor};

/// Bytes fetched at a time: small enough to stay in the processor's cache until they are decoded.
const FETCH: u64 = 128 << 10;

/// Bytes that were not what the encoding allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Damage {
    /// How many places.
    pub places: u64,
    /// Original offset of the first one; 0 if there is none.
    pub first: u64,
}

impl Damage {
    pub(super) fn count(&mut self, at: u64) {
        if self.places == 0 {
            self.first = at;
        }
        self.places += 1;
    }
}

/// Decoded text of a source, a stretch at a time.
///
/// A reader works on [`Window::view`]. When it runs out of text in the middle of something it calls
/// [`Window::advance`] with the position from which it still needs the text, and starts that thing over.
/// The text holds neither the byte order mark nor NUL characters at the end of the source.
#[derive(Debug)]
pub struct Window {
    bytes: Option<Bytes>,
    text: String,
    offsets: Offsets,
    fetched: Vec<u8>,
    /// Original offset of the first byte that is not yet in the text.
    next: u64,
    /// Original offset at which reading ends.
    end: u64,
    /// Bytes of text to be filled: grows while something does not fit.
    size: usize,
    /// What `size` is while everything fits.
    usual: usize,
    /// What `size` may become.
    max: usize,
    damage: Damage,
}

impl Window {
    pub(super) fn new(
        bytes: Bytes,
        start: u64,
        end: u64,
        usual: usize,
        max: usize,
    ) -> Result<Self, SourceError> {
        let usual = usual.max(1);
        let mut window = Self {
            text: String::new(),
            offsets: Offsets::new(bytes.encoding(), start),
            fetched: Vec::new(),
            next: start,
            end,
            size: usual,
            usual,
            max,
            damage: Damage::default(),
            bytes: Some(bytes),
        };
        window.fill()?;
        Ok(window)
    }

    /// A window on text that is already there, as if it were a UTF-8 file.
    pub fn from_text(text: &str) -> Self {
        Self {
            bytes: None,
            text: text.to_owned(),
            offsets: Offsets::new(Encoding::Utf8, 0),
            fetched: Vec::new(),
            next: 0,
            end: 0,
            size: 0,
            usual: 0,
            max: 0,
            damage: Damage::default(),
        }
    }

    /// The text at hand.
    pub fn view(&self) -> View<'_> {
        View { text: &self.text, offsets: &self.offsets }
    }

    /// Whether the view reaches to the end of the source (or of the segment).
    pub fn at_end(&self) -> bool {
        self.next >= self.end
    }

    /// What was not as the encoding allows in the text so far.
    pub fn damage(&self) -> Damage {
        self.damage
    }

    /// Drops the text before `keep_from` and reads on behind it. The view then starts at what was `keep_from`.
    /// False if there was nothing more to read. When more than half of the window is kept it grows, and
    /// shrinks again once less has to be kept.
    ///
    /// # Errors
    /// When the source cannot be read on, or when more than the limit of text would have to be kept.
    pub fn advance(&mut self, keep_from: usize) -> Result<bool, SourceError> {
        let keep_from = floor(&self.text, keep_from);
        self.offsets.drop_before(&self.text, keep_from);
        self.text.drain(..keep_from);
        if self.at_end() {
            return Ok(false);
        }
        let kept = self.text.len();
        if kept >= self.max {
            let start = self.offsets.file(&self.text, 0);
            return Err(SourceError::Limit(format!(
                "an object that starts at byte {start} is larger than the limit of {}; export it without its \
                 large properties",
                size_text(self.max as u64)
            )));
        }
        self.size = self.usual;
        while self.size < self.max && kept > self.size / 2 {
            self.size = self.size.saturating_mul(2).min(self.max);
        }
        self.fill()?;
        Ok(self.text.len() > kept)
    }

    /// Reads until the text has the wanted size or the end is reached; at least one character more, if
    /// there is one.
    fn fill(&mut self) -> Result<(), SourceError> {
        let Some(bytes) = &self.bytes else { return Ok(()) };
        let before = self.text.len();
        let unit = bytes.encoding().unit();
        let rest = usize::try_from(self.end - self.next).unwrap_or(usize::MAX);
        self.text.reserve(rest.min(self.size.saturating_sub(before)));
        while self.next < self.end && (self.text.len() < self.size || self.text.len() == before) {
            let wanted = self.size.saturating_sub(self.text.len()) as u64 * unit;
            // No character is longer than 4 bytes in any encoding, so that 8 always bring one.
            let len = wanted.clamp(8, FETCH).min(self.end - self.next);
            let raw = bytes.raw().slice(self.next, len, &mut self.fetched)?;
            let last = self.next + len == self.end;
            let used =
                decode::decode(raw, self.next, last, &mut self.text, &mut self.offsets, &mut self.damage);
            self.next += used as u64;
        }
        Ok(())
    }
}

/// A number of bytes for people: `64 MiB`, `1.5 GiB`.
pub(super) fn size_text(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if value.fract() < 0.05 || value >= 100.0 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, Source, Sources, Span};
    use super::*;
    use proptest::prelude::*;

    fn source(bytes: &[u8], window: usize) -> Source {
        let limits = Limits { window, window_max: 256, ..Limits::default() };
        let mut sources = Sources::from_memory([("test".to_owned(), bytes.to_vec())], &limits);
        sources.list.remove(0)
    }

    /// The text of a source, put together from its windows, and the original offset of each character and
    /// of the end.
    fn collect(mut window: Window) -> (String, Vec<u64>) {
        let (mut text, mut offsets) = (String::new(), Vec::new());
        loop {
            let view = window.view();
            text.push_str(view.text);
            offsets.extend(view.text.char_indices().map(|(at, _)| view.offsets.file(view.text, at)));
            let end = view.text.len();
            let last = view.offsets.file(view.text, end);
            if !window.advance(end).unwrap() {
                offsets.push(last);
                return (text, offsets);
            }
        }
    }

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    }

    fn read(bytes: &[u8]) -> (String, Vec<u64>, Encoding) {
        let source = source(bytes, 1 << 20);
        let (text, offsets) = collect(source.open().unwrap());
        (text, offsets, source.encoding().unwrap())
    }

    #[test]
    fn utf8_without_and_with_mark() {
        // a at 0, ü at 1..3, € at 3..6, 🙂 at 6..10, b at 10.
        let (text, offsets, encoding) = read("aü€🙂b".as_bytes());
        assert_eq!((text.as_str(), encoding), ("aü€🙂b", Encoding::Utf8));
        assert_eq!(offsets, [0, 1, 3, 6, 10, 11]);
        let (text, offsets, encoding) = read(b"\xef\xbb\xbfa\xc3\xbcb");
        assert_eq!((text.as_str(), encoding), ("aüb", Encoding::Utf8));
        assert_eq!(offsets, [3, 4, 6, 7]);
    }

    #[test]
    fn utf16_with_mark() {
        // Mark 0..2, < at 2, ü at 4, 🙂 at 6..10, b at 10..12.
        let (text, offsets, encoding) = read(&[&b"\xff\xfe"[..], &utf16("<ü🙂b", false)].concat());
        assert_eq!((text.as_str(), encoding), ("<ü🙂b", Encoding::Utf16Le));
        assert_eq!(offsets, [2, 4, 6, 10, 12]);
        let (text, offsets, encoding) = read(&[&b"\xfe\xff"[..], &utf16("<ü🙂b", true)].concat());
        assert_eq!((text.as_str(), encoding), ("<ü🙂b", Encoding::Utf16Be));
        assert_eq!(offsets, [2, 4, 6, 10, 12]);
    }

    #[test]
    fn utf16_without_mark() {
        for start in ["<", "{", "[", "#", " ", "\r\n", "\t", "\""] {
            let expected = format!("{start}Objs");
            for big in [false, true] {
                let (text, offsets, encoding) = read(&utf16(&expected, big));
                assert_eq!(text, expected);
                assert_eq!(encoding, if big { Encoding::Utf16Be } else { Encoding::Utf16Le });
                assert_eq!(offsets[..2], [0, 2]);
            }
        }
    }

    #[test]
    fn lone_surrogates_are_replaced_and_keep_their_width() {
        // a, low half, high half, b, high half at the very end: 2 bytes each.
        let units = [0x61u16, 0xdc00, 0xd83d, 0x62, 0xd83d];
        let bytes: Vec<u8> = [0xfeffu16].iter().chain(&units).flat_map(|u| u.to_le_bytes()).collect();
        let source = source(&bytes, 1 << 20);
        let window = source.open().unwrap();
        assert_eq!(window.damage(), Damage { places: 3, first: 4 });
        let (text, offsets) = collect(window);
        assert_eq!(text, "a\u{fffd}\u{fffd}b\u{fffd}");
        assert_eq!(offsets, [2, 4, 6, 8, 10, 12]);
    }

    #[test]
    fn an_odd_last_byte_is_replaced() {
        let (text, offsets, _) = read(b"\xff\xfea\0b");
        assert_eq!(text, "a\u{fffd}");
        assert_eq!(offsets, [2, 4, 5]);
    }

    #[test]
    fn western_bytes() {
        // "K\u{f6}ln \u{20ac}" in windows-1252: six bytes.
        let source = source(b"K\xf6ln \x80", 1 << 20);
        assert!(source.bytes().unwrap().note().unwrap().contains("windows-1252"));
        let (text, offsets) = collect(source.open().unwrap());
        assert_eq!((text.as_str(), source.encoding()), ("Köln €", Some(Encoding::Windows1252)));
        assert_eq!(offsets, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn bytes_of_a_console() {
        for (bytes, expected) in [
            (b"CORP\\svc-b\x81ro".as_slice(), r"CORP\svc-büro"),
            (b"Stra\xe1e, gr\x94\xe1er, M\x84rz".as_slice(), "Straße, größer, März"),
            (b"cr\x82\x82 \x85 No\x89l".as_slice(), "créé à Noël"),
        ] {
            let source = source(bytes, 1 << 20);
            assert!(source.bytes().unwrap().note().unwrap().contains("850"));
            let (text, offsets) = collect(source.open().unwrap());
            assert_eq!((text.as_str(), source.encoding()), (expected, Some(Encoding::Oem850)));
            assert!(offsets.iter().enumerate().all(|(i, offset)| i as u64 == *offset));
        }
        // Quotes, apostrophes and dashes of windows-1252 are no letters.
        for bytes in [b"Anna\x92s \x84x\x94 A\x96B \x85".as_slice(), b"gr\xf6\xdfer als \x81".as_slice()] {
            let source = source(bytes, 1 << 20);
            source.open().unwrap();
            assert_eq!(source.encoding(), Some(Encoding::Windows1252));
        }
    }

    #[test]
    fn western_table_is_that_of_the_web() {
        for byte in 0..=255u8 {
            let (text, _) =
                encoding_rs::WINDOWS_1252.decode_without_bom_handling(std::slice::from_ref(&byte));
            let bytes = [b"\xf6\xf6".as_slice(), &[byte], b"."].concat();
            assert_eq!(read(&bytes).0, format!("öö{text}."));
        }
    }

    #[test]
    fn a_broken_byte_does_not_turn_utf8_into_western_text() {
        // ä 0..2, ö 2..4, a byte that is no UTF-8 at 4, € 5..8.
        let source = source(b"\xc3\xa4\xc3\xb6\xff\xe2\x82\xac.", 1 << 20);
        let window = source.open().unwrap();
        assert_eq!(window.damage(), Damage { places: 1, first: 4 });
        let (text, offsets) = collect(window);
        assert_eq!((text.as_str(), source.encoding()), ("äöÿ€.", Some(Encoding::Utf8)));
        assert_eq!(offsets, [0, 2, 4, 5, 8, 9]);
    }

    #[test]
    fn western_bytes_far_behind_the_start() {
        let mut bytes = vec![b'a'; 300 << 10];
        bytes.extend(b"\xfc<");
        let source = source(&bytes, 1 << 16);
        let (text, offsets) = collect(source.open().unwrap());
        assert!(text.ends_with("aü<"));
        assert_eq!(offsets[offsets.len() - 3..], [307_200, 307_201, 307_202]);
    }

    #[test]
    fn nul_characters_at_the_end_are_no_text() {
        assert_eq!(read(b"<a/>\n\0\0\0"), ("<a/>\n".to_owned(), vec![0, 1, 2, 3, 4, 5], Encoding::Utf8));
        // The last byte of "<" in UTF-16LE is a zero that belongs to it.
        assert_eq!(read(b"\xff\xfe<\0>\0\0\0\0\0"), ("<>".to_owned(), vec![2, 4, 6], Encoding::Utf16Le));
        assert_eq!(read(b"\xfe\xff\0<\x01\0\0\0"), ("<\u{100}".to_owned(), vec![2, 4, 6], Encoding::Utf16Be));
        assert_eq!(read(&[0; 10_000]).0, "");
    }

    #[test]
    fn nothing_at_all() {
        assert_eq!(read(b""), (String::new(), vec![0], Encoding::Utf8));
        assert_eq!(read(b"\xef\xbb\xbf"), (String::new(), vec![3], Encoding::Utf8));
        assert_eq!(read(b"\xff\xfe"), (String::new(), vec![2], Encoding::Utf16Le));
    }

    #[test]
    fn what_is_kept_stays_in_front() {
        let source = source(b"0123456789abcdefghij", 8);
        let mut window = source.open().unwrap();
        assert_eq!(window.view().text, "01234567");
        assert!(!window.at_end());
        assert!(window.advance(6).unwrap());
        assert_eq!(window.view().text, "6789abcdef");
        assert_eq!(window.view().span(4..6), Span { start: 10, end: 12 });
        assert!(window.advance(4).unwrap());
        assert_eq!(window.view().text, "abcdefghij");
        assert!(window.at_end());
        assert!(!window.advance(9).unwrap());
        assert_eq!(window.view().text, "j");
        assert_eq!(window.view().span(0..1), Span { start: 19, end: 20 });
    }

    #[test]
    fn something_larger_than_the_window_makes_it_grow_up_to_the_limit() {
        let source = source(&[b'x'; 1000], 16);
        let mut window = source.open().unwrap();
        let mut sizes = Vec::new();
        let error = loop {
            sizes.push(window.view().text.len());
            match window.advance(0) {
                Ok(true) => {}
                Ok(false) => panic!("the limit was not applied"),
                Err(e) => break e,
            }
        };
        assert_eq!(sizes, [16, 32, 64, 128, 256]);
        assert!(matches!(&error, SourceError::Limit(text) if text.contains("256 bytes")), "{error}");
    }

    #[test]
    fn the_window_shrinks_again() {
        let source = source(&[b'x'; 1000], 16);
        let mut window = source.open().unwrap();
        assert!(window.advance(0).unwrap() && window.advance(0).unwrap());
        assert_eq!(window.view().text.len(), 64);
        assert!(window.advance(64).unwrap());
        assert_eq!(window.view().text.len(), 16);
        assert_eq!(window.view().offsets.file(window.view().text, 0), 64);
    }

    #[test]
    fn segments_start_and_end_where_they_should() {
        let source = source("aü€b".as_bytes(), 4);
        assert_eq!(collect(source.open_range(1, Some(6)).unwrap()), ("ü€".to_owned(), vec![1, 3, 6]));
        assert_eq!(collect(source.open_range(6, None).unwrap()).0, "b");
        assert_eq!(collect(source.open_range(7, Some(99)).unwrap()).0, "");
        let bytes = [&b"\xff\xfe"[..], &utf16("abcd", false)].concat();
        let source = self::source(&bytes, 4);
        // Bytes 4..8 are "bc"; odd offsets go down to a code unit.
        assert_eq!(collect(source.open_range(5, Some(9)).unwrap()), ("bc".to_owned(), vec![4, 6, 8]));
        assert_eq!(collect(source.open_range(0, Some(4)).unwrap()), ("a".to_owned(), vec![2, 4]));
    }

    #[test]
    fn sizes_in_words() {
        assert_eq!(size_text(256), "256 bytes");
        assert_eq!(size_text(64 << 20), "64 MiB");
        assert_eq!(size_text(1536), "1.5 KiB");
    }

    type Encode = Box<dyn Fn(char) -> Vec<u8>>;

    fn text() -> impl Strategy<Value = String> {
        let c = prop_oneof![
            8 => proptest::char::range(' ', '~'),
            1 => Just('\n'),
            2 => proptest::char::range('\u{a0}', '\u{ff}'),
            1 => Just('€'),
            1 => Just('🙂'),
            1 => any::<char>().prop_map(|c| if c == '\0' { '.' } else { c }),
        ];
        // The first character is one by which UTF-16 is known without a mark.
        proptest::collection::vec(c, 0..1500).prop_map(|c| "<".chars().chain(c).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn windows_give_the_text_and_its_offsets(
            text in text(),
            encoding in 0..4usize,
            mark in any::<bool>(),
            window in 1..64usize,
        ) {
            let (expected, mut bytes, encode): (String, Vec<u8>, Encode) = match encoding {
                0 => (text, if mark { b"\xef\xbb\xbf".to_vec() } else { Vec::new() },
                      Box::new(|c| c.to_string().into_bytes())),
                1 | 2 => {
                    let big = encoding == 2;
                    (text, if mark { utf16("\u{feff}", big) } else { Vec::new() },
                     Box::new(move |c| utf16(&c.to_string(), big)))
                }
                _ => {
                    let text: String = text.chars().filter(|c| !encoding_rs::WINDOWS_1252.encode(&c.to_string()).2).collect();
                    // Two bytes that no UTF-8 has.
                    let text = format!("\u{ff}\u{ff}{text}");
                    (text, Vec::new(), Box::new(|c| encoding_rs::WINDOWS_1252.encode(&c.to_string()).0.into_owned()))
                }
            };
            let mut starts = Vec::new();
            for c in expected.chars() {
                starts.push(bytes.len() as u64);
                bytes.extend(encode(c));
            }
            starts.push(bytes.len() as u64);
            let source = source(&bytes, window);
            let opened = source.open().unwrap();
            let (got, offsets) = collect(opened);
            prop_assert_eq!(&got, &expected);
            prop_assert_eq!(&offsets, &starts);

            // The same with a little kept each time, and the way back from offsets to positions.
            let mut opened = source.open().unwrap();
            loop {
                let view = opened.view();
                for (at, _) in view.text.char_indices() {
                    let file = view.offsets.file(view.text, at);
                    prop_assert!(starts.binary_search(&file).is_ok());
                    prop_assert_eq!(view.offsets.text(view.text, file), at);
                }
                let keep = view.text.len().saturating_sub(window / 3);
                if !opened.advance(keep).unwrap() {
                    break;
                }
            }
        }
    }

    /// Bytes in which much may be wrong: halves of characters, surrogates, marks, NUL characters.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            6 => proptest::collection::vec(b' '..=b'~', 1..40),
            2 => any::<u8>().prop_map(|b| vec![b]),
            1 => Just("ü€🙂".as_bytes().to_vec()),
            1 => Just(vec![0xe2, 0x82]),
            1 => Just(vec![0xf0, 0x9f, 0x99]),
            1 => Just(vec![0x3d, 0xd8]),
            1 => Just(vec![0, 0, 0]),
            1 => Just(b"a\0b\0\0c\0d".to_vec()),
        ];
        let mark = prop_oneof![
            Just(&b""[..]),
            Just(&b"\xff\xfe"[..]),
            Just(&b"\xfe\xff"[..]),
            Just(&b"\xef\xbb\xbf"[..]),
            Just(&b"<\0"[..])
        ];
        (mark, proptest::collection::vec(piece, 0..40))
            .prop_map(|(mark, pieces)| [mark, &pieces.concat()].concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_the_bytes_the_size_of_the_window_does_not_matter(
            bytes in bytes(),
            size in 1..80usize,
            cut in 0..100usize,
        ) {
            let whole = source(&bytes, 1 << 20);
            let window = whole.open().unwrap();
            let damage = window.damage();
            let (text, offsets) = collect(window);
            prop_assert!(offsets.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", offsets);

            let small = source(&bytes, size);
            prop_assert_eq!(collect(small.open().unwrap()), (text.clone(), offsets.clone()));

            // Two segments that meet where a character starts.
            let cut = offsets[cut * (offsets.len() - 1) / 100];
            let (first, second) = (small.open_range(0, Some(cut)).unwrap(), small.open_range(cut, None).unwrap());
            let mut places = 0;
            for mut window in [small.open_range(0, Some(cut)).unwrap(), small.open_range(cut, None).unwrap()] {
                while window.advance(window.view().text.len()).unwrap() {}
                places += window.damage().places;
            }
            let (first, second) = (collect(first), collect(second));
            prop_assert_eq!(first.0 + &second.0, text);
            prop_assert_eq!(places, damage.places);
        }
    }
}
