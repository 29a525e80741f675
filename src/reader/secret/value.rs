//! Values: what one looks like, and what that means under a name that holds a credential.
//!
//! A value is told by its shape and nothing of it is kept: empty, a variable, a setting, a path, help prose, something
//! encrypted, or text that can be read.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::base64;
use super::names::{self, Name, Standing};
use crate::pattern::pattern;
use crate::reader::{Secret, date};
use crate::vocabulary::secret_words;

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Nothing, or blanks.
    Empty,
    /// The mark of the collector where a password in clear text stood.
    LeftOut,
    /// A variable, an expression, or a place for one: `%x%`, `$x`, `$(x)`, `{{x}}`, `<password>`.
    Variable,
    /// Yes or no, where something is kept, a small number, a date.
    Setting,
    /// A path, a file name, a distinguished name, an address.
    Path,
    /// A row of the same character, or the name of a type that hides it.
    Mask,
    /// Encrypted or hashed.
    Encrypted,
    /// A row of 32 hexadecimal digits or more, or of base64 that says nothing.
    Random,
    /// A sentence on passwords.
    Prose,
    /// A GUID.
    Guid,
    /// Digits only.
    Digits,
    /// The 48 digits of BitLocker.
    RecoveryPassword,
    /// Text written as hexadecimal UTF-16, as PowerShell writes a SecureString outside of Windows.
    HexText,
    /// Text in base64.
    Base64Text,
    /// Encrypted with a key that everybody knows: `cpassword` of Group Policy.
    Published,
    /// Text of that many characters.
    Text(usize),
}

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Certainty {
    /// It may as well be something else.
    Guess,
    /// It very likely is one.
    Likely,
    /// Name and value say so.
    Certain,
}

impl Certainty {
    /// The word in records.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Guess => "guess",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// What is known of a value under the name of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judged {
    /// What it is; none if it is no credential and may be kept.
    pub(crate) secret: Option<Secret>,
    /// What it looks like.
    pub(crate) shape: Shape,
    /// How sure it is that it is a credential in clear text, if it is one.
    pub(crate) certainty: Certainty,
}

/// What the collector's script writes where a password in clear text stood (`$ClearMark` of
/// `content/collector/rows.ps1`; a test holds both equal).
pub(crate) const LEFT_OUT: &str = "(clear-text-password-removed)";

/// Shorter texts are not told by their length: that would be half of the way to guessing them.
const SHORT: usize = 6;
/// Longer ones are not counted.
const LONG: usize = 64;

impl Shape {
    /// The shape in words, without anything of the value.
    pub(crate) fn told(self) -> Cow<'static, str> {
        match self {
            Self::Empty => "nothing".into(),
            Self::LeftOut => "left out by the collector".into(),
            Self::Variable => "a variable".into(),
            Self::Setting => "a setting".into(),
            Self::Path => "a path or file name".into(),
            Self::Mask => "a mask".into(),
            Self::Encrypted => "an encrypted value".into(),
            Self::Random => "a long row of digits or letters".into(),
            Self::Prose => "a sentence".into(),
            Self::Guid => "a GUID".into(),
            Self::Digits => "digits".into(),
            Self::RecoveryPassword => "a recovery password of 48 digits".into(),
            Self::HexText => "text in hexadecimal".into(),
            Self::Base64Text => "text in base64".into(),
            Self::Published => "encrypted with a key that is published".into(),
            Self::Text(length) if length < SHORT => "a short text".into(),
            Self::Text(length) if length > LONG => format!("more than {LONG} characters").into(),
            Self::Text(length) => format!("{length} characters").into(),
        }
    }
}

/// What a value under such a name is.
pub(crate) fn judge(name: Name, text: &str) -> Judged {
    let shape = shape(text);
    let usual = match name.standing {
        Standing::Sure => Certainty::Certain,
        Standing::Likely => Certainty::Likely,
        Standing::Maybe => Certainty::Guess,
    };
    let none = (None, Certainty::Guess);
    let clear = |certainty: Certainty| (Some(Secret::Clear), certainty.min(usual));
    let (secret, certainty) = if name.standing == Standing::Maybe {
        match shape {
            Shape::Text(_) if looks_chosen(text) => clear(Certainty::Guess),
            Shape::RecoveryPassword | Shape::HexText => clear(Certainty::Guess),
            Shape::Encrypted => (Some(Secret::Protected), Certainty::Guess),
            _ => none,
        }
    } else {
        match shape {
            Shape::Empty => (Some(Secret::Empty), usual),
            Shape::LeftOut => clear(Certainty::Certain),
            Shape::Variable | Shape::Path | Shape::Prose => (Some(Secret::Reference), usual),
            Shape::Setting => none,
            Shape::Mask | Shape::Encrypted => (Some(Secret::Protected), usual),
            Shape::Random if name.is_key => clear(Certainty::Likely),
            Shape::Random => (Some(Secret::Protected), usual),
            Shape::Guid => clear(Certainty::Guess),
            Shape::Digits => clear(Certainty::Likely),
            Shape::RecoveryPassword | Shape::HexText | Shape::Base64Text | Shape::Published => {
                clear(Certainty::Certain)
            }
            Shape::Text(_) if looks_chosen(text) => clear(Certainty::Certain),
            Shape::Text(_) => clear(Certainty::Likely),
        }
    };
    Judged { secret, shape, certainty }
}

/// What a value looks like.
pub(crate) fn shape(text: &str) -> Shape {
    let text = text.trim();
    if text.is_empty() {
        return Shape::Empty;
    }
    if text == LEFT_OUT {
        return Shape::LeftOut;
    }
    if is_mask(text) {
        return Shape::Mask;
    }
    if is_protected(text) || has_hash_prefix(text) {
        return Shape::Encrypted;
    }
    if is_setting(text) {
        return Shape::Setting;
    }
    if is_variable(text) {
        return Shape::Variable;
    }
    if let Some(digits) = of_digits(text) {
        return digits;
    }
    if is_path(text) {
        return Shape::Path;
    }
    if is_prose(text) {
        return Shape::Prose;
    }
    match base64::readable(text) {
        Some(true) => Shape::Base64Text,
        Some(false) if text.len() >= 40 => Shape::Random,
        _ => Shape::Text(text.chars().count()),
    }
}

/// Shapes of digits, hexadecimal ones among them.
fn of_digits(text: &str) -> Option<Shape> {
    let plain = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
    let parts: Vec<&str> = plain.split('-').take(9).collect();
    let lengths =
        |want: &[usize]| parts.len() == want.len() && parts.iter().zip(want).all(|(p, n)| p.len() == *n);
    let hexadecimal = plain.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-' || b.is_ascii_whitespace());
    if lengths(&[6; 8]) && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit())) {
        return Some(Shape::RecoveryPassword);
    }
    if hexadecimal && lengths(&[8, 4, 4, 4, 12]) {
        return Some(Shape::Guid);
    }
    if text.bytes().all(|b| b.is_ascii_digit()) && text.len() < 32 {
        return Some(if text.len() < 4 { Shape::Setting } else { Shape::Digits });
    }
    if hexadecimal && is_hex_text(text) {
        return Some(Shape::HexText);
    }
    (hexadecimal && text.bytes().filter(u8::is_ascii_hexdigit).count() >= 32).then_some(Shape::Random)
}

/// Whether hexadecimal digits are the UTF-16 of a readable text of four characters or more. Random digits are not: each
/// character has to be of a few blocks.
pub(crate) fn is_hex_text(text: &str) -> bool {
    let digits: Vec<u8> =
        text.bytes().filter(|b| !matches!(b, b',' | b'-') && !b.is_ascii_whitespace()).collect();
    if digits.len() < 16 || !digits.len().is_multiple_of(4) {
        return false;
    }
    let mut units = digits.chunks(4).map(|unit| {
        let unit = std::str::from_utf8(unit).ok()?;
        u16::from_str_radix(unit, 16).ok().map(u16::swap_bytes)
    });
    // A text ends with a NUL in the registry.
    let last = digits.ends_with(b"0000");
    let count = digits.len() / 4 - usize::from(last);
    count >= 4
        && units.by_ref().take(count).all(|unit| {
            matches!(unit, Some(0x20..=0x7e | 0xa0..=0x17f | 0x370..=0x52f | 0x5d0..=0x64a | 0x3041..=0x30ff))
        })
}

/// Whether the text is an encrypted credential, whatever its name: a DPAPI blob, a CryptoAPI blob as the site
/// database stores it, the obfuscated value of a client policy.
pub(crate) fn is_protected(text: &str) -> bool {
    let text = text.trim_start();
    match text.as_bytes().first() {
        Some(b'<') => text.starts_with("<PolicySecret"),
        Some(b'0') => {
            let head: String = text
                .bytes()
                .filter(u8::is_ascii_hexdigit)
                .take(24)
                .map(|b| char::from(b.to_ascii_lowercase()))
                .collect();
            (head.starts_with("01000000d08c9ddf") || head.starts_with("000000000100000028000000"))
                && text.bytes().all(|b| b.is_ascii_hexdigit() || b.is_ascii_whitespace() || b == b'-')
        }
        // The same two in base64.
        Some(b'A') => text.starts_with("AQAAANCMnd8BFdERjHoAwE") || text.starts_with("AAAAAAEAAAAoAAAA"),
        _ => false,
    }
}

/// Notations of stored hashes and encrypted values.
fn has_hash_prefix(text: &str) -> bool {
    [
        "{AES}", "{SSHA", "{SHA", "{MD5}", "{crypt}", "{cipher}", "{enc}", "ENC(", "$2a$", "$2b$", "$2y$",
        "$6$", "$5$", "$1$", "$argon2", "pbkdf2",
    ]
    .iter()
    .any(|prefix| text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix)))
}

/// A row of the same masking character, or a type's name in place of its value.
fn is_mask(text: &str) -> bool {
    let mut chars = text.chars();
    let first = chars.next();
    let same = chars.all(|c| Some(c) == first);
    let count = text.chars().count();
    same && match first {
        Some('*' | '\u{2022}' | '\u{25cf}') => true,
        Some('x' | 'X' | '.' | '-' | '_' | '#' | '?' | '\u{2026}') => count >= 3,
        _ => false,
    } || ["System.Security.SecureString", "Microsoft.PowerShell.Commands.SecureStringCommandBase"]
        .contains(&text)
        || [
            "<hidden>",
            "(hidden)",
            "[hidden]",
            "<redacted>",
            "[redacted]",
            "(redacted)",
            "redacted",
            "[masked]",
            "*SENSITIVE*DATA*DELETED*",
        ]
        .iter()
        .any(|mask| text.eq_ignore_ascii_case(mask))
}

/// `%NAME%`, `!NAME!`, `$name`, `$env:NAME`, `$(...)`, `${...}`, `{{name}}`, `<name>`, once or several times; an
/// expression in brackets; nothing else.
fn is_variable(text: &str) -> bool {
    static WHOLE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"^(?:\s*(?:",
            r"%[\p{L}_][\p{L}\p{N}_.() :-]*%", // cmd and the task sequence
            r"|%~?[0-9*]|%%[A-Za-z~]+",        // arguments of a script, variables of a loop
            r"|![\p{L}_]+!",                   // delayed expansion
            r"|\$\{[^{}]*\}|\$\([^()]*(?:\([^()]*\)[^()]*)*\)",
            r"|\$(?:[A-Za-z_]+:)?[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*(?:\(\)|\[[^\[\]]*\]|\([^()]*\))?",
            r"|\{\{[^{}]*\}\}|\$\{\{[^{}]*\}\}|#\{[^{}]*\}#?|\[\[[^\[\]]*\]\]|@\{[^{}]*\}",
            r"|<[\p{L}][\p{L}\p{N} _.:-]*>|\[[\p{L}][\p{L} _-]*\]|\{[\p{L}_][\p{L}\p{N} _.:-]*\}",
            r"|__[\p{L}_][\p{L}\p{N}_]*__",
            r"))+\s*$"
        ))
    });
    match text.as_bytes().first() {
        Some(b'%' | b'!' | b'$' | b'@' | b'{' | b'<' | b'[' | b'#' | b'_') => {
            text.len() < 1000 && WHOLE.is_match(text)
        }
        // `(Get-Credential).Password`, `(ConvertTo-SecureString ...)`
        Some(b'(') => {
            text.len() > 2
                && (text.contains('$') || text.contains('-') && (text.ends_with(')') || text.contains(").")))
        }
        _ => false,
    }
}

/// Yes or no, where something is kept, one or two letters, a small or fractional number, a date.
fn is_setting(text: &str) -> bool {
    let bare = text.strip_prefix('$').unwrap_or(text);
    if secret_words().settings.iter().any(|word| word.eq_ignore_ascii_case(bare)) {
        return true;
    }
    if text.len() <= 2 && text.is_ascii() {
        return true;
    }
    let is_number = text
        .strip_prefix("0x")
        .is_some_and(|hex| hex.len() <= 8 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
        || text.contains('.') && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        || text.strip_prefix('-').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    is_number || is_date(text)
}

/// A date or a time in one of the usual notations.
fn is_date(text: &str) -> bool {
    static DATE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|/Date\(-?\d+\)/|\d{1,2}:\d{2}(?::\d{2})?",
            r"|\d{14}\.\d{6}[+-]\d{3})(?:[T ,].{0,40})?$"
        ))
    });
    date::normal(text).is_some() || DATE.is_match(text)
}

/// Extensions of files that are named where a password could stand.
const EXTENSIONS: [&str; 46] = [
    "bat", "bin", "cab", "cer", "cfg", "cmd", "conf", "config", "cred", "crt", "csv", "dat", "db", "dll",
    "enc", "exe", "htm", "html", "inf", "ini", "json", "kdbx", "key", "log", "msi", "p12", "pem", "pfx",
    "ps1", "psd1", "psm1", "pub", "pwd", "pw", "reg", "rsa", "sec", "sh", "sql", "txt", "vbs", "wim", "xlsx",
    "xml", "yaml", "yml",
];

/// A path, a file name, a distinguished name, an address, a name of a registry key.
fn is_path(text: &str) -> bool {
    let bytes = text.as_bytes();
    let drive = bytes.len() >= 3
        && bytes[0].is_ascii_alphabetic()
        && bytes[1] == b':'
        && matches!(bytes[2], b'\\' | b'/');
    let starts = |head: &str| text.get(..head.len()).is_some_and(|h| h.eq_ignore_ascii_case(head));
    if drive || starts(r"\\") && text[2..].contains('\\') || starts(".\\") || starts("./") || starts("..") {
        return true;
    }
    if [
        "http://",
        "https://",
        "ldap://",
        "file://",
        "ftp://",
        "HKLM",
        "HKCU",
        "HKEY_",
        "MACHINE\\",
        "env:",
        "vault://",
    ]
    .iter()
    .any(|head| starts(head))
    {
        return true;
    }
    if starts("/") && text[1..].contains('/') && !text.contains(char::is_whitespace) {
        return true;
    }
    // `%ScriptRoot%\pw.bin`, `$PSScriptRoot\key`
    if matches!(bytes[0], b'%' | b'$') && text.contains('\\') && !text.contains(char::is_whitespace) {
        return true;
    }
    if ["CN=", "OU=", "DC="].iter().any(|head| starts(head)) && text.contains(',') {
        return true;
    }
    let Some((stem, extension)) = text.rsplit_once('.') else { return false };
    EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
        && !stem.is_empty()
        && stem.chars().all(|c| {
            c.is_alphanumeric() || matches!(c, '_' | '-' | ' ' | '.' | '\\' | '/' | '%' | '$' | '(' | ')')
        })
}

/// Prose: many words, or several of which one speaks of passwords. A passphrase of four words is none.
fn is_prose(text: &str) -> bool {
    let words = text.split_whitespace().count();
    let sentence = text.ends_with(['.', '?', '!', ':']) && words >= 5;
    // In scripts without blanks, sentences are known by their marks.
    let marks = text.chars().filter(|c| matches!(c, '\u{3002}' | '\u{3001}' | '\u{ff0c}')).count();
    let speaks = || names::next(text.as_bytes(), 0..text.len()).is_some();
    let plain = !text.contains(|c: char| c.is_numeric());
    words >= 9
        || sentence
        || marks > 0 && text.chars().count() > 12
        || (words >= 6 || words >= 3 && plain) && speaks()
}

/// Whether a text looks as passwords do: no blanks, and not only letters.
pub(crate) fn looks_chosen(text: &str) -> bool {
    let text = text.trim();
    let count = text.chars().count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    let others = count - letters - digits;
    let dull =
        text.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '_' | '.' | ' ' | ':' | '/' | ',' | ';'));
    count >= 4 && !text.contains(char::is_whitespace) && letters > 0 && (digits > 0 || others > 0 && !dull)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        for (text, expected) in [
            ("", Shape::Empty),
            ("  \r\n ", Shape::Empty),
            ("%JoinSecret%", Shape::Variable),
            ("%A%%B%", Shape::Variable),
            ("$env:JOIN", Shape::Variable),
            ("$cfg.Join.Word", Shape::Variable),
            ("$TSEnvironment.Value('Word')", Shape::Variable),
            ("$(Get-It)", Shape::Variable),
            ("${word}", Shape::Variable),
            ("{{ word }}", Shape::Variable),
            ("<your word here>", Shape::Variable),
            ("!word!", Shape::Variable),
            ("(Get-Credential).Password", Shape::Variable),
            ("100% sure", Shape::Text(9)),
            ("%x", Shape::Setting),
            ("$1ncome", Shape::Text(7)),
            ("********", Shape::Mask),
            ("*", Shape::Mask),
            ("xxxxxxx", Shape::Mask),
            ("AD", Shape::Setting),
            ("True", Shape::Setting),
            ("$false", Shape::Setting),
            ("none", Shape::Setting),
            ("0", Shape::Setting),
            ("42", Shape::Setting),
            ("0x1F", Shape::Setting),
            ("2024-01-05", Shape::Setting),
            ("05.01.2024 12:00:00", Shape::Setting),
            ("1234", Shape::Digits),
            ("12345678", Shape::Digits),
            ("Word.bin", Shape::Path),
            (r"C:\x\y", Shape::Path),
            (r"\\srv\share\x", Shape::Path),
            (r".\BIOS.dat", Shape::Path),
            ("%ScriptRoot%\\word.bin", Shape::Path),
            ("https://wiki.corp.example/x", Shape::Path),
            ("CN=x,DC=corp,DC=example", Shape::Path),
            ("01000000d08c9ddf0115d1118c7a00c04fc297eb", Shape::Encrypted),
            ("0000000001000000280000001000000052", Shape::Encrypted),
            ("00000000 01000000 28000000 10000000 52", Shape::Encrypted),
            ("<PolicySecret Version=\"1\">", Shape::Encrypted),
            ("0123456789abcdef0123456789ABCDEF", Shape::Random),
            ("0123456789abcdef", Shape::Text(16)),
            ("4e006f0072006400340037003100", Shape::HexText),
            ("3f0430044004-3e043b04", Shape::HexText),
            ("4e004e0000000000", Shape::Text(16)),
            ("{1b4e28ba-2fa1-11d2-883f-0016d3cca427}", Shape::Guid),
            ("111111-222222-333333-444444-555555-666666-777777-888888", Shape::RecoveryPassword),
            ("Type the password of the account that joins", Shape::Prose),
            ("Who loses it has to ask the service desk.", Shape::Prose),
            ("sun moon tree river", Shape::Text(19)),
            ("an invented word", Shape::Text(16)),
            ("Nord-47x", Shape::Text(8)),
            ("Вода-47x", Shape::Text(8)),
        ] {
            assert_eq!(shape(text), expected, "{text}");
        }
    }

    #[test]
    fn lengths_are_not_told_where_they_tell_too_much() {
        for (shape, told) in [
            (Shape::Text(3), "a short text"),
            (Shape::Text(5), "a short text"),
            (Shape::Text(6), "6 characters"),
            (Shape::Text(64), "64 characters"),
            (Shape::Text(65), "more than 64 characters"),
            (Shape::Digits, "digits"),
        ] {
            assert_eq!(shape.told(), told);
        }
    }

    #[test]
    fn a_word_that_may_be_a_setting_needs_a_value_that_looks_chosen() {
        let name = Name { standing: Standing::Maybe, is_key: false };
        for text in
            ["1", "4711", "Always prompt", "Changed", "2024-01-05", "AD", "word.bin", "", "User-Defined"]
        {
            assert_eq!(judge(name, text).secret, None, "{text}");
        }
        for text in ["Nord-47x", "vier47", "ab&c"] {
            assert_eq!(judge(name, text).secret, Some(Secret::Clear), "{text}");
        }
    }

    #[test]
    fn keys_are_random_and_passwords_are_not() {
        let digits = "0123456789abcdef0123456789ABCDEF";
        let name = |is_key| Name { standing: Standing::Sure, is_key };
        assert_eq!(judge(name(false), digits).secret, Some(Secret::Protected));
        assert_eq!(judge(name(true), digits).secret, Some(Secret::Clear));
        let guid = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
        assert_eq!(judge(name(false), guid).certainty, Certainty::Guess);
    }
}
