//! Comparison keys: what is left of a sentence when everything is gone that changes nothing in meaning.
//!
//! A key is words with single spaces between them. On the way from text to key
//! - case, punctuation and emphasis go, and typographic apostrophes become plain ones;
//! - contractions are written out (`doesn't`: `does not`);
//! - the installation folder is one word, `{installdir}`, whether it is written `%path%\Microsoft Configuration
//!   Manager` or `C:\Program Files\Microsoft Configuration Manager`;
//! - words and phrases that the publisher's style guide swapped without a change of meaning become one of them
//!   (`log on`, `logon`, `login`, `sign in`; `set up`, `configure`; see `PHRASES` and `WORDS`).
//!
//! Keys are what fingerprints are made of. Any change to these rules changes fingerprints in `content/`, which
//! then have to be generated anew.

use sha2::{Digest, Sha256};

use super::{Fingerprint, Mark, Style};

/// A word of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// Stands for the word: equal for equal words, also across pages.
    pub id: u64,
    /// Where the text of the sentence has it: first byte. Several words of a key can come from one word of the
    /// text (`doesn't`), and one from several (`set up`).
    pub start: u32,
    /// One past its last byte in the text.
    pub end: u32,
}

/// Phrases of one meaning: the words, and what stands for them. Longer ones come before their beginnings.
const PHRASES: &[(&[&str], &[&str])] = &[
    (&["system", "center", "configuration", "manager"], &["configuration", "manager"]),
    (&["microsoft", "endpoint", "configuration", "manager"], &["configuration", "manager"]),
    (&["microsoft", "configuration", "manager"], &["configuration", "manager"]),
    (&["windows", "management", "instrumentation", "wmi"], &["wmi"]),
    (&["windows", "management", "instrumentation"], &["wmi"]),
    (&["windows", "server", "update", "services", "wsus"], &["wsus"]),
    (&["operating", "system"], &["os"]),
    (&["operating", "systems"], &["os"]),
    (&["set", "up"], &["configure"]),
    (&["sets", "up"], &["configure"]),
    (&["setting", "up"], &["configure"]),
    (&["log", "on"], &["sign-in"]),
    (&["logs", "on"], &["sign-in"]),
    (&["log", "in"], &["sign-in"]),
    (&["logs", "in"], &["sign-in"]),
    (&["sign", "in"], &["sign-in"]),
    (&["signs", "in"], &["sign-in"]),
    (&["such", "as"], &["like"]),
    (&["make", "sure"], &["ensure"]),
    (&["enables", "you", "to"], &["lets", "you"]),
    (&["enable", "you", "to"], &["let", "you"]),
];

/// Words of one meaning, and what stands for them.
const WORDS: &[(&str, &[&str])] = &[
    ("an", &["a"]),
    ("&", &["and"]),
    ("cannot", &["can", "not"]),
    ("configures", &["configure"]),
    ("configured", &["configure"]),
    ("configuring", &["configure"]),
    ("logon", &["sign-in"]),
    ("login", &["sign-in"]),
    ("signin", &["sign-in"]),
    ("admin", &["administrator"]),
    ("admins", &["administrators"]),
    ("verify", &["check"]),
    ("verifies", &["checks"]),
    ("e-mail", &["email"]),
    ("co-located", &["colocated"]),
];

/// Words that stand for others only where they are running text: in bold or with a capital they are names of
/// permissions.
const VERBS: &[(&str, &str)] =
    &[("modify", "change"), ("modifies", "changes"), ("modified", "changed"), ("modifying", "changing")];

/// What the installation folder is called.
const FOLDERS: [&str; 2] =
    [r"%path%\microsoft configuration manager", r"c:\program files\microsoft configuration manager"];

/// The key of a title: lower case, single spaces, plain apostrophes, nothing else changed. Stray `#` in front go.
pub fn title(text: &str) -> String {
    let text = text.trim_start_matches(['#', ' ']);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace(['\u{2019}', '\u{2018}'], "'").to_lowercase()
}

/// The fingerprint of a key.
pub fn fingerprint(key: &str) -> Fingerprint {
    let hash = Sha256::digest(key.as_bytes());
    Fingerprint(hash.iter().take(8).fold(0, |all, byte| all << 8 | u64::from(*byte)))
}

/// A number that stands for a text within this process.
pub(crate) fn id(text: &str) -> u64 {
    mix(0xcbf2_9ce4_8422_2325, text.as_bytes())
}

/// FNV-1a, going on from a state.
pub(crate) fn mix(state: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(state, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// A word on its way into the key.
struct Raw {
    key: String,
    start: usize,
    end: usize,
    /// Whether it is written in small letters and not set off.
    plain: bool,
}

/// The key of a text, and its words.
pub fn key(text: &str, marks: &[Mark]) -> (String, Vec<Word>) {
    let raw = raw(text, marks);
    let mut key = String::with_capacity(text.len());
    let mut words = Vec::with_capacity(raw.len());
    let mut push = |word: &str, start: usize, end: usize| {
        if !key.is_empty() {
            key.push(' ');
        }
        key.push_str(word);
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        words.push(Word { id: id(word), start: number(start), end: number(end) });
    };
    let mut rest = raw.as_slice();
    while let Some((first, after)) = rest.split_first() {
        let phrase = PHRASES.iter().find(|(phrase, _)| {
            rest.len() >= phrase.len() && phrase.iter().zip(rest).all(|(word, raw)| *word == raw.key)
        });
        if let Some((phrase, stands)) = phrase {
            let end = rest.get(phrase.len() - 1).map_or(first.end, |last| last.end);
            for word in *stands {
                push(word, first.start, end);
            }
            rest = rest.get(phrase.len()..).unwrap_or_default();
            continue;
        }
        rest = after;
        if let Some((_, stands)) = WORDS.iter().find(|(word, _)| *word == first.key) {
            for word in *stands {
                push(word, first.start, first.end);
            }
        } else if first.plain
            && let Some((_, stands)) = VERBS.iter().find(|(word, _)| *word == first.key)
        {
            push(stands, first.start, first.end);
        } else {
            push(&first.key, first.start, first.end);
        }
    }
    (key, words)
}

/// The words of a text in lower case, contractions written out, folders put into one.
fn raw(text: &str, marks: &[Mark]) -> Vec<Raw> {
    let mut out = Vec::new();
    let mut marks = marks.iter().filter(|m| m.style != Style::Emphasis).peekable();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|r| !r.is_empty()) {
        if let Some(folder) =
            FOLDERS.iter().find(|f| rest.get(..f.len()).is_some_and(|t| t.eq_ignore_ascii_case(f)))
        {
            let end = at + folder.len() + word_len(rest.get(folder.len()..).unwrap_or_default(), true);
            let tail = text.get(at + folder.len()..end).unwrap_or_default();
            out.push(Raw {
                key: format!("{{installdir}}{}", tail.to_lowercase()),
                start: at,
                end,
                plain: false,
            });
            at = end;
            continue;
        }
        let len = word_len(rest, false);
        let Some(word) = rest.get(..len).filter(|w| !w.is_empty()) else {
            let next = rest.chars().next();
            if next == Some('&') {
                out.push(Raw { key: "&".to_owned(), start: at, end: at + 1, plain: false });
            }
            at += next.map_or(1, char::len_utf8);
            continue;
        };
        let end = at + len;
        while marks.next_if(|m| m.place.end <= at).is_some() {}
        let plain = word.starts_with(char::is_lowercase) && marks.peek().is_none_or(|m| m.place.start >= end);
        let lower = word.replace(['\u{2019}', '\u{2018}'], "'").to_lowercase();
        let mut push = |key: &str| out.push(Raw { key: key.to_owned(), start: at, end, plain });
        match contraction(&lower) {
            Some((first, second)) => {
                push(first);
                push(second);
            }
            None => push(&lower),
        }
        at = end;
    }
    out
}

/// How long the word is that a text begins with. Signs belong to a word where they stand inside of it; a folder
/// goes on with a stroke.
fn word_len(text: &str, folder: bool) -> usize {
    let mut len = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        let goes_on = next.is_some_and(part);
        let inside = (at > 0 || folder) && goes_on;
        let fits = part(c)
            || (inside && matches!(c, '-' | '.' | '/' | ':' | '#' | '@' | '\'' | '\u{2019}' | '\\'))
            // `C:\`, `C:\Program`: the colon before a stroke.
            || (at > 0 && c == ':' && next == Some('\\'))
            || (at > 0 && c == '\\' && text.get(..at).is_some_and(|t| t.ends_with(':')));
        if !fits {
            break;
        }
        len = at + c.len_utf8();
    }
    len
}

/// Characters that words are made of.
fn part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '%') || is_mark(c)
}

/// Signs above and below letters, which some scripts write as characters of their own.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{dff}' | '\u{e31}'..='\u{e4e}')
}

/// A contraction in two words.
fn contraction(word: &str) -> Option<(&str, &str)> {
    if !word.contains('\'') {
        return None;
    }
    match word {
        "can't" => return Some(("can", "not")),
        "won't" => return Some(("will", "not")),
        "let's" => return Some(("let", "us")),
        _ => {}
    }
    if let Some(verb) = word.strip_suffix("n't") {
        return Some((verb, "not"));
    }
    let (word, end) = word.split_once('\'')?;
    let second = match end {
        "re" => "are",
        "ve" => "have",
        "ll" => "will",
        "d" => "would",
        "m" => "am",
        // With any other word it is the genitive.
        "s" if matches!(word, "it" | "that" | "what" | "there" | "here" | "he" | "she" | "who" | "where") => {
            "is"
        }
        _ => return None,
    };
    (!word.is_empty()).then_some((word, second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyed(text: &str) -> String {
        key(text, &[]).0
    }

    #[test]
    fn what_changes_nothing_goes() {
        for (one, other) in [
            ("The group isn't removed.", "the Group is not removed"),
            ("It\u{2019}s the user's.", "It is the user's"),
            ("You can't, they're set up", "You cannot; they are configured"),
            ("interactive logon", "interactive sign-in"),
            ("log on locally", "Sign in locally"),
            (
                r"to %path%\Microsoft Configuration Manager\inboxes.",
                r"to C:\Program Files\Microsoft Configuration Manager\inboxes",
            ),
            ("Read & execute", "Read and execute"),
            ("a SMS Provider", "an SMS Provider"),
            ("System Center Configuration Manager admins", "Configuration Manager administrators"),
            ("view and modify objects", "view and change objects"),
            ("through Windows Management Instrumentation (WMI)", "through WMI"),
        ] {
            assert_eq!(keyed(one), keyed(other));
        }
    }

    #[test]
    fn what_changes_something_stays() {
        for (one, other) in [
            ("Write or Modify", "Write and Modify"),
            ("10 accounts", "11 accounts"),
            ("must", "can"),
            ("Modify", "Change"),
            ("users", "user"),
            (
                r"D:\Program Files\Microsoft Configuration Manager",
                r"C:\Program Files\Microsoft Configuration Manager",
            ),
            ("computername$", "computername"),
            ("does", "doesn't"),
        ] {
            assert_ne!(keyed(one), keyed(other));
        }
        let text = "the modify right";
        let bold = [Mark { style: Style::Strong, place: 4..10 }];
        assert_eq!(key(text, &bold).0, "the modify right");
        assert_eq!(key(text, &[]).0, "the change right");
    }

    #[test]
    fn words_know_their_place() {
        let text = r"Don't set up `C:\Program Files\Microsoft Configuration Manager\a.box`, ok";
        let (key, words) = key(text, &[]);
        let pairs: Vec<_> =
            key.split(' ').zip(&words).map(|(k, w)| (k, &text[w.start as usize..w.end as usize])).collect();
        assert_eq!(
            pairs,
            [
                ("do", "Don't"),
                ("not", "Don't"),
                ("configure", "set up"),
                (r"{installdir}\a.box", r"C:\Program Files\Microsoft Configuration Manager\a.box"),
                ("ok", "ok"),
            ]
        );
    }

    #[test]
    fn fingerprints_are_the_first_bytes_of_sha_256() {
        // sha256("abc") = ba7816bf 8f01cfea ...
        assert_eq!(fingerprint("abc").to_string(), "ba7816bf8f01cfea");
        assert_eq!("ba7816bf8f01cfea".parse(), Ok(fingerprint("abc")));
        assert!("BA7816bf8f01cfea".parse::<Fingerprint>().is_err());
    }

    #[test]
    fn titles_keep_their_words() {
        assert_eq!(title("### smsdbuser_ReadOnly "), "smsdbuser_readonly");
        assert_eq!(title("Capture Operating  System"), "capture operating system");
    }
}
