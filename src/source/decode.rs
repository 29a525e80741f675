//! Which encoding, and bytes to text.
//!
//! Decoding depends on nothing but the bytes at hand and the encoding: the same bytes give the same text
//! whatever the size of the windows and wherever a segment begins.

use std::io;

use super::bytes::Raw;
use super::{Damage, Encoding, Offsets};

/// How many bytes decide the encoding. Fixed, so that the decision does not depend on window sizes.
pub(super) const SNIFF: usize = 256 << 10;

/// Original bytes between two anchors of text that is not UTF-8.
const BLOCK: usize = 512;

/// Where the text of a source lies in its bytes, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sniffed {
    /// How it is written.
    pub(super) encoding: Encoding,
    /// First byte of the text: behind a byte order mark.
    pub(super) begin: u64,
    /// One past the last byte of the text: before trailing NUL characters.
    pub(super) end: u64,
}

/// Looks at the first bytes for the encoding, and at the last ones for trailing NUL characters.
pub(super) fn sniff(raw: &Raw) -> io::Result<Sniffed> {
    let len = raw.len();
    let head = raw.len().min(SNIFF as u64);
    let mut buffer = Vec::new();
    let head = raw.slice(0, head, &mut buffer)?;
    let (encoding, begin) = encoding(head, head.len() as u64 == len);
    let end = trim(raw, encoding, begin as u64)?;
    Ok(Sniffed { encoding, begin: begin as u64, end })
}

/// The encoding of a source that starts with `head`, and the length of its byte order mark. A UTF-16 file
/// without mark is known by a NUL beside an ASCII character at its start, which no other text has.
pub(super) fn encoding(head: &[u8], whole: bool) -> (Encoding, usize) {
    let ascii = |b: u8| matches!(b, b'\t' | b'\n' | b'\r' | 0x20..=0x7e);
    match head {
        [0xff, 0xfe, ..] => (Encoding::Utf16Le, 2),
        [0xfe, 0xff, ..] => (Encoding::Utf16Be, 2),
        [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
        [first, 0, ..] if ascii(*first) => (Encoding::Utf16Le, 0),
        [0, second, ..] if ascii(*second) => (Encoding::Utf16Be, 0),
        _ => (single(head, whole), 0),
    }
}

/// UTF-8, or a code page of one byte a character if more bytes are not UTF-8 than there are characters that only UTF-8 has: a
/// UTF-8 file with a few broken bytes stays one.
fn single(head: &[u8], whole: bool) -> Encoding {
    let mut rest = head;
    let (mut wrong, mut right) = (0usize, 0usize);
    loop {
        match std::str::from_utf8(rest) {
            Ok(valid) if wrong > 0 => {
                right += multibyte(valid.as_bytes());
                break;
            }
            Ok(_) => return Encoding::Utf8,
            Err(e) => {
                let (valid, after) = rest.split_at(e.valid_up_to());
                right += multibyte(valid);
                match e.error_len() {
                    Some(n) => {
                        wrong += n;
                        rest = after.get(n..).unwrap_or_default();
                    }
                    // The head ends within a character.
                    None if !whole => break,
                    None => {
                        wrong += after.len();
                        break;
                    }
                }
            }
        }
    }
    match wrong > right {
        true if console_letters(head) > western_letters(head) => Encoding::Oem850,
        true => Encoding::Windows1252,
        false => Encoding::Utf8,
    }
}

/// Bytes above ASCII between two ASCII letters.
fn within_words(head: &[u8]) -> impl Iterator<Item = u8> {
    let inside = |w: &&[u8]| w[0].is_ascii_alphabetic() && w[1] >= 0x80 && w[2].is_ascii_alphabetic();
    head.windows(3).filter(inside).map(|w| w[1])
}

/// How many bytes speak for the code page of a console: letters there that windows-1252 does not have at all, or has as
/// signs which do not stand within words (an apostrophe and a dash may).
fn console_letters(head: &[u8]) -> usize {
    let undefined = head.iter().filter(|b| matches!(b, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d)).count();
    let signs =
        |b: &u8| matches!(b, 0x80 | 0x82..=0x89 | 0x8b | 0x93..=0x95 | 0x98 | 0x99 | 0x9b | 0xa0..=0xa4);
    undefined + within_words(head).filter(signs).count()
}

/// How many bytes speak for windows-1252: its letters, most of which are frames and blocks on a console. 0xE1 is
/// a letter of every second German word there.
fn western_letters(head: &[u8]) -> usize {
    head.iter().filter(|b| matches!(b, 0xc0..=0xd6 | 0xd8..=0xe0 | 0xe2..=0xf6 | 0xf8..)).count()
}

/// Number of first bytes of characters longer than one byte.
fn multibyte(valid: &[u8]) -> usize {
    valid.iter().filter(|b| **b >= 0xc0).count()
}

/// The end of the text without NUL characters behind it.
fn trim(raw: &Raw, encoding: Encoding, begin: u64) -> io::Result<u64> {
    let unit = encoding.unit();
    let mut end = raw.len();
    // An odd byte at the end of UTF-16 is no NUL character.
    if unit == 2 && (end - begin) % 2 == 1 {
        return Ok(end);
    }
    let mut buffer = Vec::new();
    while end > begin {
        let from = begin.max(end.saturating_sub(4096));
        let tail = raw.slice(from, end - from, &mut buffer)?;
        let zeros = tail.iter().rev().take_while(|b| **b == 0).count() as u64;
        end -= zeros / unit * unit;
        if zeros / unit * unit < tail.len() as u64 {
            break;
        }
    }
    Ok(end)
}

/// Appends the text of `raw`, whose first byte stands at `at` in the original. Returns how many bytes were
/// used: all of them if these are the `last`, else perhaps less, as a character may be cut in two.
pub(super) fn decode(
    raw: &[u8],
    at: u64,
    last: bool,
    text: &mut String,
    offsets: &mut Offsets,
    damage: &mut Damage,
) -> usize {
    match offsets.encoding() {
        Encoding::Utf8 => utf8(raw, at, last, text, offsets, damage),
        Encoding::Utf16Le => utf16::<false>(raw, at, last, text, offsets, damage),
        Encoding::Utf16Be => utf16::<true>(raw, at, last, text, offsets, damage),
        Encoding::Windows1252 => {
            single_bytes(raw, at, western, text, offsets);
            raw.len()
        }
        Encoding::Oem850 => {
            single_bytes(raw, at, console, text, offsets);
            raw.len()
        }
    }
}

fn utf8(
    raw: &[u8],
    at: u64,
    last: bool,
    text: &mut String,
    offsets: &mut Offsets,
    damage: &mut Damage,
) -> usize {
    let mut used = 0;
    loop {
        let rest = &raw[used..];
        let e = match std::str::from_utf8(rest) {
            Ok(valid) => {
                text.push_str(valid);
                return raw.len();
            }
            Err(e) => e,
        };
        let (valid, after) = rest.split_at(e.valid_up_to());
        text.push_str(std::str::from_utf8(valid).unwrap_or_default());
        used += valid.len();
        let wrong = match e.error_len() {
            Some(n) => n,
            None if last => after.len(),
            None => return used,
        };
        for &byte in &after[..wrong] {
            damage.count(at + used as u64);
            text.push(western(byte));
            used += 1;
            offsets.anchor(text.len(), at + used as u64);
        }
    }
}

fn utf16<const BIG: bool>(
    raw: &[u8],
    at: u64,
    last: bool,
    text: &mut String,
    offsets: &mut Offsets,
    damage: &mut Damage,
) -> usize {
    let unit = |i: usize| {
        let pair = [raw[i], raw[i + 1]];
        if BIG { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
    };
    let whole = raw.len() & !1;
    // The block in UTF-8: at most three bytes a unit, and one unit more if a pair begins with the last one.
    let mut block = [0u8; 3 * BLOCK / 2 + 4];
    let mut used = 0;
    while used < whole {
        offsets.anchor(text.len(), at + used as u64);
        let end = whole.min(used + BLOCK);
        let mut filled = narrow_ascii::<BIG>(&raw[used..end], &mut block);
        used += 2 * filled;
        let mut cut = false;
        while used < end && !cut {
            let (units, bytes) = basic::<BIG>(&raw[used..end], &mut block[filled..]);
            used += 2 * units;
            filled += bytes;
            if used < end {
                let second = (used + 4 <= whole).then(|| unit(used + 2));
                let pair = char::decode_utf16([unit(used)].into_iter().chain(second)).next();
                cut = second.is_none() && !last && unit(used) & 0xfc00 == 0xd800;
                if !cut {
                    let c = pair.and_then(Result::ok).unwrap_or_else(|| {
                        damage.count(at + used as u64);
                        char::REPLACEMENT_CHARACTER
                    });
                    filled += c.encode_utf8(&mut block[filled..]).len();
                    used += 2 * c.len_utf16();
                }
            }
        }
        text.push_str(std::str::from_utf8(&block[..filled]).unwrap_or_default());
        if cut {
            return used;
        }
    }
    if last && used < raw.len() {
        damage.count(at + used as u64);
        text.push(char::REPLACEMENT_CHARACTER);
        used += 1;
        offsets.anchor(text.len(), at + used as u64);
    }
    used
}

/// Copies the ASCII characters at the start of UTF-16 text, and says how many there are. Written in steps of
/// a fixed length so that the compiler uses vector instructions.
fn narrow_ascii<const BIG: bool>(raw: &[u8], out: &mut [u8]) -> usize {
    const STEP: usize = 32;
    let mut done = 0;
    for (from, to) in raw.chunks_exact(2 * STEP).zip(out.chunks_exact_mut(STEP)) {
        let mut seen = 0u16;
        for (pair, to) in from.chunks_exact(2).zip(to.iter_mut()) {
            let unit = if BIG {
                u16::from_be_bytes([pair[0], pair[1]])
            } else {
                u16::from_le_bytes([pair[0], pair[1]])
            };
            seen |= unit;
            *to = unit as u8;
        }
        if seen >= 0x80 {
            break;
        }
        done += STEP;
    }
    for (pair, to) in raw[2 * done..].chunks_exact(2).zip(&mut out[done..]) {
        let (high, low) = if BIG { (pair[0], pair[1]) } else { (pair[1], pair[0]) };
        if high != 0 || low >= 0x80 {
            break;
        }
        *to = low;
        done += 1;
    }
    done
}

/// Writes UTF-16 text as UTF-8 up to the first surrogate. Returns the units read and the bytes written.
/// `out` must have room for three bytes a unit.
fn basic<const BIG: bool>(raw: &[u8], out: &mut [u8]) -> (usize, usize) {
    let low = |u: u16| 0x80 | (u & 0x3f) as u8;
    let (mut units, mut bytes) = (0, 0);
    for pair in raw.chunks_exact(2) {
        let u =
            if BIG { u16::from_be_bytes([pair[0], pair[1]]) } else { u16::from_le_bytes([pair[0], pair[1]]) };
        let Some([a, b, c, ..]) = out.get_mut(bytes..) else { break };
        match u {
            0..0x80 => {
                *a = u as u8;
                bytes += 1;
            }
            0x80..0x800 => {
                (*a, *b) = (0xc0 | (u >> 6) as u8, low(u));
                bytes += 2;
            }
            0xd800..0xe000 => break,
            _ => {
                (*a, *b, *c) = (0xe0 | (u >> 12) as u8, low(u >> 6), low(u));
                bytes += 3;
            }
        }
        units += 1;
    }
    (units, bytes)
}

fn single_bytes(raw: &[u8], at: u64, of: fn(u8) -> char, text: &mut String, offsets: &mut Offsets) {
    let mut decoded = [0u8; 3 * BLOCK];
    for (i, block) in raw.chunks(BLOCK).enumerate() {
        offsets.anchor(text.len(), at + (i * BLOCK) as u64);
        let mut filled = 0;
        for byte in block {
            filled += of(*byte).encode_utf8(&mut decoded[filled..]).len();
        }
        text.push_str(std::str::from_utf8(&decoded[..filled]).unwrap_or_default());
    }
}

/// The character of a byte in windows-1252. The five bytes without one give the control character of the
/// same number, as on the web.
fn western(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// The upper half of code page 850, in which consoles of Western Windows write; that of code page 437 has the same
/// letters in the same places but for a few.
#[rustfmt::skip]
const CONSOLE: [char; 128] = [
    'Ç', 'ü', 'é', 'â', 'ä', 'à', 'å', 'ç', 'ê', 'ë', 'è', 'ï', 'î', 'ì', 'Ä', 'Å',
    'É', 'æ', 'Æ', 'ô', 'ö', 'ò', 'û', 'ù', 'ÿ', 'Ö', 'Ü', 'ø', '£', 'Ø', '×', 'ƒ',
    'á', 'í', 'ó', 'ú', 'ñ', 'Ñ', 'ª', 'º', '¿', '®', '¬', '½', '¼', '¡', '«', '»',
    '░', '▒', '▓', '│', '┤', 'Á', 'Â', 'À', '©', '╣', '║', '╗', '╝', '¢', '¥', '┐',
    '└', '┴', '┬', '├', '─', '┼', 'ã', 'Ã', '╚', '╔', '╩', '╦', '╠', '═', '╬', '¤',
    'ð', 'Ð', 'Ê', 'Ë', 'È', 'ı', 'Í', 'Î', 'Ï', '┘', '┌', '█', '▄', '¦', 'Ì', '▀',
    'Ó', 'ß', 'Ô', 'Ò', 'õ', 'Õ', 'µ', 'þ', 'Þ', 'Ú', 'Û', 'Ù', 'ý', 'Ý', '¯', '´',
    '\u{ad}', '±', '‗', '¾', '¶', '§', '÷', '¸', '°', '¨', '·', '¹', '³', '²', '■', '\u{a0}',
];

/// The character of a byte in code page 850.
fn console(byte: u8) -> char {
    match byte {
        0x80.. => CONSOLE[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}
