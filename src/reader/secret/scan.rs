//! Looking for any of many short texts without regard to the case of ASCII letters, fast enough to be run over
//! everything.
//!
//! A block is copied in lower case, and the seeds are looked for in the copy all at once; both take a fraction of the
//! time of reading. Which seed was met is left to the caller.

use std::ops::Range;

use regex::bytes::Regex;

/// Bytes that are looked through at a time; they stay in the fastest cache.
const BLOCK: usize = 4096;

/// Texts shorter than this are names and words, for which a small block is made.
const SMALL: usize = 192;

/// How many texts one expression looks for: more than this, and the library takes a slower way.
const AT_ONCE: usize = 32;

/// Short texts to look for.
#[derive(Debug)]
pub(super) struct Seeds {
    /// Of ASCII letters only.
    plain: Vec<Regex>,
    /// Those with other characters: a block without any need not be looked through.
    wide: Vec<Regex>,
    /// The longest.
    longest: usize,
}

impl Seeds {
    /// For texts in which ASCII letters are in lower case.
    pub(super) fn new(mut texts: Vec<Vec<u8>>) -> Self {
        texts.retain(|text| !text.is_empty());
        texts.sort();
        // One that begins with another is found with it.
        texts.dedup_by(|longer, kept| longer.starts_with(kept));
        let longest = texts.iter().map(Vec::len).max().unwrap_or(1);
        let (plain, wide): (Vec<_>, Vec<_>) = texts.into_iter().partition(|text| text.is_ascii());
        // The shortest decide how fast all of an expression are found.
        let (short, long): (Vec<_>, Vec<_>) = plain.into_iter().partition(|text| text.len() < 3);
        let regexes = |texts: &[Vec<u8>]| -> Vec<Regex> {
            (texts.chunks(AT_ONCE))
                .map(|texts| Regex::new(&pattern(texts)).expect("letters, one after the other"))
                .collect()
        };
        let plain = regexes(&short).into_iter().chain(regexes(&long)).collect();
        Self { plain, wide: regexes(&wide), longest }
    }

    /// Where the first of them begins within a range. It may end behind that.
    pub(super) fn find(&self, bytes: &[u8], within: Range<usize>) -> Option<usize> {
        let end = bytes.len().min(within.end.saturating_add(self.longest - 1));
        let bytes = bytes.get(..end)?;
        let found = if end.saturating_sub(within.start) <= SMALL {
            self.find_in(bytes, within.start, &mut [0; SMALL])
        } else {
            self.find_in(bytes, within.start, &mut [0; BLOCK])
        };
        found.filter(|found| *found < within.end)
    }

    fn find_in(&self, bytes: &[u8], mut at: usize, block: &mut [u8]) -> Option<usize> {
        // Where they stand close together, little is copied for each.
        let mut size = SMALL;
        loop {
            let rest = bytes.get(at..)?;
            let length = rest.len().min(size);
            size = (2 * size).min(block.len());
            let copy = &mut block[..length];
            copy.copy_from_slice(&rest[..length]);
            copy.make_ascii_lowercase();
            let wide: &[Regex] = if copy.is_ascii() { &[] } else { &self.wide };
            let found = self
                .plain
                .iter()
                .chain(wide)
                .filter_map(|seeds| seeds.find(copy))
                .map(|seed| seed.start())
                .min();
            if let Some(found) = found {
                return Some(at + found);
            }
            if length == rest.len() {
                return None;
            }
            // One may begin at the end of the block.
            at += length - (self.longest - 1);
        }
    }

    #[cfg(test)]
    pub(super) fn is_complete(&self) -> bool {
        !self.plain.is_empty()
    }
}

fn pattern(texts: &[Vec<u8>]) -> String {
    let escaped: Vec<String> =
        texts.iter().map(|text| text.iter().map(|b| format!("\\x{b:02x}")).collect()).collect();
    format!("(?-u){}", escaped.join("|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_many_wherever_a_block_ends() {
        let seeds = Seeds::new(vec![b"pass".to_vec(), b"pwd".to_vec(), "паро".as_bytes().to_vec()]);
        assert!(seeds.is_complete());
        for (needle, place) in [("PaSs", 0), ("pwd", 0), ("паро", 0)] {
            for at in (0..40).chain(BLOCK - 10..BLOCK + 10).chain([3 * BLOCK - 2]) {
                let text = format!("{}{needle}{}", "x".repeat(at), "y".repeat(300));
                assert_eq!(seeds.find(text.as_bytes(), 0..text.len()), Some(at + place), "{needle} at {at}");
                assert_eq!(seeds.find(text.as_bytes(), at + 1..text.len()), None);
            }
        }
        assert_eq!(seeds.find(b"PAS PW pw d", 0..11), None);
        assert_eq!(seeds.find(b"x", 7..9), None);
    }
}
