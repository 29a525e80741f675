//! Credentials: which names hold one, what is known of a value under such a name, and where a longer text
//! assigns one.
//!
//! Three questions, a file each: [`names`] finds names and says how sure they are, [`value`] tells what a value looks
//! like and what that means under such a name, [`assignment`] and [`forms`] find values in command lines, scripts and
//! connection strings. The words are data ([`crate::vocabulary`]). Nothing here keeps or returns the text of a credential, only
//! verdicts and positions.
//!
//! [`mention`] is run over everything that is read and lets through what may hold one. It is made of the functions that
//! find names and forms, so that nothing can be judged that it does not let through.

mod assignment;
mod base64;
mod forms;
mod names;
mod quote;
mod scan;
#[cfg(test)]
mod tests;
mod value;

use std::ops::Range;
use std::sync::LazyLock;

pub(crate) use base64::decode_text;
pub(crate) use names::{Name, Standing, name, only_speaks};
pub(crate) use value::{Certainty, Judged, Shape, is_hex_text, is_protected, judge, shape};

use scan::Seeds;

/// A readable credential that a text assigns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assigned {
    /// What it is assigned to: a name, or what takes it.
    pub(crate) name: Box<str>,
    /// Where it stands, without its quotes.
    pub(crate) range: Range<usize>,
    /// What it looks like.
    pub(crate) shape: Shape,
    /// How sure it is.
    pub(crate) certainty: Certainty,
}

/// Whether a property, variable or parameter of that name holds a credential, or may hold one.
///
/// `Reserved2` counts: it is the encrypted password of an account record. The property list of that name holds
/// account names instead.
pub(crate) fn is_secret_name(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("Reserved2") || name(text).is_some()
}

/// Where raw text first holds something that may be a credential, from `at` on: a name or a form, the first bytes of
/// an encrypted one, or an escape that may hide such a word.
///
/// Made to be run over everything.
pub(crate) fn mention(bytes: &[u8], at: usize) -> Option<usize> {
    // In stretches that grow: what stands near is found without a look at all the rest.
    let (mut from, mut length) = (at, 1 << 10);
    while from < bytes.len() {
        let until = bytes.len().min(from + length);
        let name = names::next(bytes, from..until).map(|(word, _)| word.start.max(from));
        let first =
            [name, forms::next(bytes, from..until), others(bytes, from..until)].into_iter().flatten().min();
        if first.is_some() {
            return first;
        }
        (from, length) = (until, 2 * length);
    }
    None
}

/// Whether raw text may hold a credential; see [`mention`].
pub(crate) fn mentions(bytes: &[u8]) -> bool {
    mention(bytes, 0).is_some()
}

/// Encrypted values, and characters written by their numbers.
fn others(bytes: &[u8], mut within: Range<usize>) -> Option<usize> {
    static SEEDS: LazyLock<Seeds> = LazyLock::new(|| {
        let seeds =
            ["d08c9ddf", "28000000", "aaancmnd8", "aeaaaaoa", "eserved2", "\\u", "&#", "_x", "policysecret"];
        Seeds::new(seeds.map(|seed| seed.as_bytes().to_vec()).to_vec())
    });
    loop {
        let seed = SEEDS.find(bytes, within.clone())?;
        let rest = &bytes[seed..];
        let number = |digits: &[u8], radix| {
            std::str::from_utf8(digits).ok().and_then(|digits| u32::from_str_radix(digits, radix).ok())
        };
        let hides = match rest {
            [b'\\', b'u' | b'U', digits @ ..] => digits.get(..4).and_then(|digits| number(digits, 16)),
            [b'_', b'x' | b'X', ..] if rest.get(..7).is_some_and(names::is_clixml_escape) => {
                number(&rest[2..6], 16)
            }
            [b'_', ..] => None,
            [b'&', b'#', b'x' | b'X', digits @ ..] => {
                let length = digits.iter().take(7).take_while(|b| b.is_ascii_hexdigit()).count();
                number(&digits[..length], 16)
            }
            [b'&', b'#', digits @ ..] => {
                let length = digits.iter().take(8).take_while(|b| b.is_ascii_digit()).count();
                number(&digits[..length], 10)
            }
            _ => return Some(seed),
        };
        if hides.is_some_and(may_hide) {
            return Some(seed);
        }
        within.start = seed + 1;
    }
}

/// Whether a character written by its number may belong to a word or a form: no control character, no blank, none of
/// the few that are escaped in every file.
fn may_hide(number: u32) -> bool {
    let harmless =
        |c: u32| matches!(char::from_u32(c), Some('"' | '&' | '\'' | '<' | '>' | '\\' | '`' | '\u{a0}'));
    number > 0x20 && !(0x7f..0xa0).contains(&number) && number != 0xfeff && !harmless(number)
}

/// Where the readable credentials stand that a command line, a script or a connection string assigns, without their
/// quotes, in order.
pub(crate) fn assigned(text: &str) -> Vec<Assigned> {
    let mut found = forms::all(text);
    let mut at = 0;
    while let Some((word, name)) = names::next(text.as_bytes(), at..text.len()) {
        at = word.end.max(at + 1);
        if let Some(one) = assignment::at(text, &word, name) {
            at = at.max(one.range.end);
            found.push(one);
        }
    }
    found.sort_by_key(|one| (one.range.start, std::cmp::Reverse(one.range.end)));
    let mut merged: Vec<Assigned> = Vec::with_capacity(found.len());
    for one in found {
        match merged.last_mut() {
            Some(last) if one.range.start < last.range.end => {
                last.range.end = last.range.end.max(one.range.end)
            }
            _ => merged.push(one),
        }
    }
    merged
}
