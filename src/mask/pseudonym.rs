//! Names for names: numbered in the order in which they are needed or, with a key, the same wherever the key is used.

use std::collections::{HashMap, HashSet};

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::Kind;

/// A key: names come out the same wherever it is used, and without it nobody can try names.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// A new one, from the random numbers of the system.
    ///
    /// # Errors
    /// When the system has none.
    pub fn random() -> Result<Self, String> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|e| e.to_string())?;
        Ok(Self(bytes))
    }

    /// The key that a text holds: 64 hexadecimal digits.
    ///
    /// # Errors
    /// When it holds anything else.
    pub fn parse(text: &str) -> Result<Self, String> {
        let digits: Vec<u8> = text.trim().chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
        if digits.len() != 64 || text.trim().len() != 64 {
            return Err("a key is 64 hexadecimal digits".to_owned());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = pair[0] << 4 | pair[1];
        }
        Ok(Self(bytes))
    }

    /// The key as [`Key::parse`] reads it.
    pub fn text(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn digest(&self, text: &str) -> Vec<u8> {
        match Hmac::<Sha256>::new_from_slice(&self.0) {
            Ok(mut mac) => {
                mac.update(text.as_bytes());
                mac.finalize().into_bytes().to_vec()
            }
            // Any length is one of a key.
            Err(_) => Sha256::digest(self.0).to_vec(),
        }
    }
}

/// Gives out pseudonyms, each name the same as long as it lives.
#[derive(Debug, Default)]
pub(super) struct Pseudonyms {
    key: Option<Key>,
    given: HashMap<String, String>,
    taken: HashSet<String>,
    numbers: HashMap<&'static str, u64>,
}

/// Letters and digits of which no words are made.
const LETTERS: &[u8] = b"bcdfghjkmnpqrstvwxz23456789";

impl Pseudonyms {
    pub(super) fn new(key: Option<Key>) -> Self {
        Self { key, ..Self::default() }
    }

    /// The pseudonym of a name, which is in lower case.
    pub(super) fn of(&mut self, kind: Kind, name: &str) -> String {
        self.once(name, |own| {
            let word = kind.word();
            match &own.key {
                None => format!("{word}-{}", own.next(word)),
                Some(key) => {
                    let digest = key.digest(name);
                    // Eight letters tell ten thousand names apart; where they do not, more do.
                    (8..=digest.len())
                        .map(|length| format!("{word}-{}", letters(&digest[..length])))
                        .find(|candidate| !own.taken.contains(candidate))
                        .unwrap_or_else(|| word.to_owned())
                }
            }
        })
    }

    /// A number for an identifier, of so many bits.
    fn number(&mut self, what: &'static str, text: &str, bits: u32) -> u64 {
        match &self.key {
            None => self.next(what),
            Some(key) => {
                let digest = key.digest(text);
                digest.iter().take(8).fold(0, |n, byte| n << 8 | u64::from(*byte)) >> (64 - bits)
            }
        }
    }

    /// The pseudonym of a security identifier of a domain: its domain and its number, both others; numbers below 1000 are
    /// the same in every domain.
    pub(super) fn sid(&mut self, sid: &str) -> String {
        let parts: Vec<String> = sid.split('-').map(str::to_owned).collect();
        let domain = parts.get(..7).unwrap_or(&parts).join("-");
        let authority = self.once(&domain, |own| {
            let number = own.number("sid", &domain, 31);
            format!("s-1-5-21-0-0-{number}")
        });
        let authority = authority.to_uppercase();
        match parts.get(7) {
            None => authority,
            Some(rid) if rid.len() < 4 => format!("{authority}-{rid}"),
            Some(_) => self.once(sid, |own| format!("{authority}-{}", 1000 + own.number("rid", sid, 30))),
        }
    }

    /// The pseudonym of a GUID.
    pub(super) fn guid(&mut self, guid: &str) -> String {
        self.once(guid, |own| {
            let hex = match &own.key {
                None => format!("{:032x}", own.next("guid")),
                Some(key) => key.digest(guid).iter().take(16).map(|byte| format!("{byte:02x}")).collect(),
            };
            [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)]
                .map(|(from, to)| hex.get(from..to).unwrap_or_default())
                .join("-")
        })
    }

    fn once(&mut self, name: &str, make: impl FnOnce(&mut Self) -> String) -> String {
        if let Some(given) = self.given.get(name) {
            return given.clone();
        }
        let made = make(self);
        self.taken.insert(made.clone());
        self.given.insert(name.to_owned(), made.clone());
        made
    }

    fn next(&mut self, what: &'static str) -> u64 {
        let number = self.numbers.entry(what).or_default();
        *number += 1;
        *number
    }
}

fn letters(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbered_as_they_come() {
        let mut names = Pseudonyms::new(None);
        assert_eq!(names.of(Kind::Account, "svc"), "account-1");
        assert_eq!(names.of(Kind::Host, "srv"), "host-1");
        assert_eq!(names.of(Kind::Account, "adm"), "account-2");
        assert_eq!(names.of(Kind::Account, "svc"), "account-1");
        assert_eq!(names.sid("S-1-5-21-1-2-3-1105"), "S-1-5-21-0-0-1-1001");
        assert_eq!(names.sid("S-1-5-21-1-2-3-512"), "S-1-5-21-0-0-1-512");
        assert_eq!(names.sid("S-1-5-21-4-2-3"), "S-1-5-21-0-0-2");
        assert_eq!(
            names.guid("a0000000-0000-0000-0000-00000000000f"),
            "00000000-0000-0000-0000-000000000001"
        );
    }

    #[test]
    fn with_a_key_a_name_is_the_same_whenever_it_comes() {
        let key = Key::random().expect("random numbers");
        assert_eq!(Key::parse(&key.text()).expect("a key").text(), key.text());
        let mut one = Pseudonyms::new(Some(key.clone()));
        let mut two = Pseudonyms::new(Some(key));
        let first = one.of(Kind::Account, "svc");
        two.of(Kind::Account, "other");
        assert_eq!(two.of(Kind::Account, "svc"), first);
        assert_eq!(one.sid("S-1-5-21-1-2-3-1105"), two.sid("S-1-5-21-1-2-3-1105"));
        let mut other = Pseudonyms::new(Some(Key::random().expect("random numbers")));
        assert_ne!(other.of(Kind::Account, "svc"), first);
        assert!(Key::parse("12").is_err() && Key::parse(&"g".repeat(64)).is_err());
        assert!(!format!("{one:?}").contains(&Key::random().expect("random numbers").text()));
    }
}
