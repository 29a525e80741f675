//! Credentials: which names hold one, what is known of a value under such a name, and where a longer text
//! assigns one.
//!
//! Names are judged by their words, not by `*password*`: many properties speak of a password without holding
//! it (`PasswordLastSet`, `badPwdCount`, `OSDRandomAdminPassword`). Nothing here keeps or returns the text of a
//! credential, only verdicts and positions.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::reader::Secret;

/// Words that make a name a credential's.
const STEMS: [&str; 13] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "passcode",
    "secret",
    "apikey",
    "privatekey",
    "accesstoken",
    "bearertoken",
    "bitlockerpin",
    "bdepin",
    "startuppin",
];

/// What may follow the word in names that speak of a credential and do not hold one, in lower case and without
/// separators.
const ABOUT_AFTER: [&str; 52] = [
    "age",
    "allowed",
    "ary",
    "attempt",
    "attribute",
    "blank",
    "cant",
    "cannot",
    "change",
    "charset",
    "complexity",
    "count",
    "date",
    "enabled",
    "encryptiontype",
    "expir",
    "field",
    "forget",
    "hint",
    "history",
    "id",
    "isset",
    "last",
    "len",
    "lock",
    "max",
    "method",
    "min",
    "modified",
    "mustchange",
    "neverexpires",
    "notreq",
    "notrequired",
    "option",
    "policy",
    "property",
    "protected",
    "provider",
    "replication",
    "req",
    "reset",
    "rotat",
    "set",
    "setting",
    "state",
    "status",
    "sync",
    "template",
    "time",
    "type",
    "update",
    "version",
];

/// What may stand before it in such names, as a word of its own.
const ABOUT_BEFORE: [&str; 48] = [
    "allow",
    "allowed",
    "allows",
    "ask",
    "backup",
    "bad",
    "blank",
    "can",
    "cannot",
    "cant",
    "change",
    "changed",
    "clear",
    "create",
    "disable",
    "empty",
    "enable",
    "encryptedtext",
    "expire",
    "expired",
    "expires",
    "force",
    "generate",
    "has",
    "hide",
    "invalid",
    "is",
    "last",
    "lock",
    "max",
    "maximum",
    "may",
    "min",
    "minimum",
    "missing",
    "must",
    "need",
    "needs",
    "no",
    "prompt",
    "random",
    "remember",
    "require",
    "required",
    "requires",
    "show",
    "use",
    "uses",
];

/// Whether a property, variable or parameter of that name holds a credential.
///
/// `Reserved2` counts: it is the encrypted password of an account record. The property list of that name holds
/// account names instead, so the name of a list is to be judged with [`is_secret_list`].
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.trim();
    name.eq_ignore_ascii_case("Reserved2") || is_secret_list(name)
}

/// [`is_secret_name`] for the name of a property list.
pub(super) fn is_secret_list(name: &str) -> bool {
    if !may_name_secret(name.as_bytes()) {
        return false;
    }
    let (lower, starts) = squeeze(name);
    let Some((first, _)) = stem(&lower, false) else { return false };
    let Some((last, end)) = stem(&lower, true) else { return false };
    // `EncryptedTextPwdAllowed`, `passwordlastset`: what follows decides first. Hashes and blobs are credentials.
    let after = lower[end..].trim_start_matches(|c: char| c.is_ascii_digit());
    let plural = after.strip_prefix('s').unwrap_or(after);
    if ABOUT_AFTER.iter().any(|about| after.starts_with(about) || plural.starts_with(about)) {
        return false;
    }
    // `badPwdCount`, `HasPassword`, `OSDRandomAdminPassword`: a word anywhere before it decides.
    let mut word = 0;
    for &next in starts.iter().chain([&first]) {
        let next = next.min(first);
        if next > word {
            if ABOUT_BEFORE.contains(&&lower[word..next]) {
                return false;
            }
            word = next;
        }
    }
    // Names in lower case have no word boundaries: `badpwdcount`, `lastpasswordchange`.
    let before = &lower[..last];
    let before = before.strip_prefix("user").unwrap_or(before);
    !(starts.len() == 1 && ["bad", "last", "min", "max", "has", "use"].iter().any(|w| before.starts_with(w)))
}

/// A cheap look at raw bytes: false if no name in them can be a credential's.
pub(super) fn may_name_secret(bytes: &[u8]) -> bool {
    // The two letters that every stem but a few shares with little else stand last: `ss`, `wd`, `cr`, ...
    bytes.windows(3).any(|w| {
        matches!(
            [w[0] | 0x20, w[1] | 0x20, w[2] | 0x20],
            [b'a', b's', b's']
                | [b'p', b'w', b'd']
                | [b's', b'w', b'd']
                | [b'e', b'c', b'r']
                | [b'p', b'i', b'n']
                | [b'k', b'e', b'y']
                | [b't', b'o', b'k']
                | [b'v', b'e', b'd']
        )
    })
}

/// Where raw text first holds something that may be a credential, from `at` on: a word that names one, a switch that
/// takes one, the first bytes of an encrypted one, or an escape that may hide such a word.
///
/// Made to be run over everything: one pass for a few letters, and only the words they stand in are judged.
pub(super) fn mention(bytes: &[u8], at: usize) -> Option<usize> {
    let Some(seeds) = SEEDS.as_ref() else { return Some(at) };
    seeds.find_iter(bytes.get(at..)?).map(|seed| at + seed.start()).find(|&at| match bytes[at] {
        b'\\' => true,
        b'/' if bytes[at..].starts_with(b"/rp ") => true,
        b'/' | b'-' => bytes.get(at + 5).is_some_and(|b| matches!(b, b' ' | b':' | b'=')),
        b'd' | b'D' => bytes[at..].len() >= 8 && bytes[at..at + 8].eq_ignore_ascii_case(b"d08c9ddf"),
        b'A' => bytes[at..].starts_with(b"AAANCMnd8"),
        b'e' | b'E' if [&b"eserved2"[..], b"ERVED2"].iter().any(|end| bytes[at..].starts_with(end)) => true,
        _ => names_secret_at(bytes, at),
    })
}

/// Whether raw text may hold a credential; see [`mention`].
pub(super) fn mentions(bytes: &[u8]) -> bool {
    mention(bytes, 0).is_some()
}

/// [`mentions`] for text that nobody wants otherwise.
pub(super) fn names_password(bytes: &[u8]) -> bool {
    mention(bytes, 0).is_some()
}

/// What [`mention`] looks for. Kept to a few dozen literals, so that they are looked for all at once; a test sees to it
/// that there is such an expression, without it everything would count.
static SEEDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let seeds = [
        // Password, passwd, pwd, passphrase, passcode.
        "pwd|Pwd|PWD|asswd|assWd|ASSWD|sword|sWord|SWORD|phrase|Phrase|asscode|assCode",
        // Secrets, keys, tokens, PINs.
        "ecret|SECRET|piKey|pikey|ateKey|sToken|rToken|PIN|EPin|rPin|pPin",
        // The encrypted password of an account record; what encrypted values begin with.
        "eserved2|ERVED2|d08c|D08C|AAANCM",
        // Escapes that stand for letters; switches of command lines.
        r"\\u004|\\u005|\\u006|\\u007|/pass|-pass|/rp ",
    ];
    Regex::new(&format!("(?-u){}", seeds.join("|"))).ok()
});

/// Whether the word around that position is the name of a credential.
fn names_secret_at(bytes: &[u8], at: usize) -> bool {
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let start = bytes[..at].iter().rposition(|b| !part(b)).map_or(0, |i| i + 1);
    let end = bytes[at..].iter().position(|b| !part(b)).map_or(bytes.len(), |i| at + i);
    // Words of this length are encoded data.
    end - start <= 200 && std::str::from_utf8(&bytes[start..end]).is_ok_and(is_secret_list)
}

/// Lower-case letters and digits of a name, and where its words begin in them.
fn squeeze(name: &str) -> (String, Vec<usize>) {
    let mut lower = String::with_capacity(name.len());
    let mut starts = Vec::new();
    let mut before = ' ';
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() {
            let begins = !before.is_alphanumeric()
                || (c.is_uppercase() && !before.is_uppercase())
                || (c.is_uppercase()
                    && before.is_uppercase()
                    && chars.peek().is_some_and(|n| n.is_lowercase()));
            if begins {
                starts.push(lower.len());
            }
            lower.extend(c.to_lowercase());
        }
        before = c;
    }
    (lower, starts)
}

/// The first or last stem in a squeezed name.
fn stem(lower: &str, last: bool) -> Option<(usize, usize)> {
    let found = STEMS.iter().filter_map(|stem| {
        let at = if last { lower.rfind(stem) } else { lower.find(stem) }?;
        Some((at, at + stem.len()))
    });
    if last { found.max() } else { found.min() }
}

/// What is known of a value under a name that holds a credential.
pub(super) fn judge(text: &str) -> Secret {
    let text = text.trim();
    if text.is_empty() {
        Secret::Empty
    } else if is_reference(text) {
        Secret::Reference
    } else if is_protected(text) || is_mask(text) || is_long_hex(text) || text.starts_with("{AES}") {
        Secret::Protected
    } else {
        Secret::Clear
    }
}

/// Whether a value under a credential's name says yes or no instead of being the credential.
pub(super) fn is_switch(text: &str) -> bool {
    let text = text.trim();
    ["true", "false", "yes", "no", "none", "null", "$true", "$false"]
        .iter()
        .any(|w| text.eq_ignore_ascii_case(w))
}

/// Whether the text is an encrypted credential, whatever its name: a DPAPI blob, a CryptoAPI blob as the site
/// database stores it, the obfuscated value of a client policy.
pub(super) fn is_protected(text: &str) -> bool {
    let text = text.trim_start();
    let Some(first) = text.as_bytes().first() else { return false };
    match first {
        b'<' => text.starts_with("<PolicySecret"),
        b'0' => {
            let head: String = text
                .bytes()
                .filter(u8::is_ascii_hexdigit)
                .take(24)
                .map(|b| b.to_ascii_lowercase() as char)
                .collect();
            (head.starts_with("01000000d08c9ddf") || head.starts_with("000000000100000028000000"))
                && is_hex(text)
        }
        // The same two in base64.
        b'A' => text.starts_with("AQAAANCMnd8BFdERjHoAwE"),
        _ => false,
    }
}

/// `%NAME%` once or several times, `$name`, `$env:NAME`, `$(...)` and nothing else.
fn is_reference(text: &str) -> bool {
    if let Some(variable) = text.strip_prefix('$') {
        let variable = variable.strip_prefix('{').and_then(|v| v.strip_suffix('}')).unwrap_or(variable);
        return !variable.is_empty()
            && (variable.starts_with('(') && variable.ends_with(')')
                || variable.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':' | b'.'))
                    && !variable.as_bytes()[0].is_ascii_digit());
    }
    let mut rest = text;
    while let Some(open) = rest.strip_prefix('%') {
        match open.find('%') {
            Some(end) if end > 0 && open[..end].bytes().all(is_variable_byte) => {
                rest = open[end + 1..].trim_start()
            }
            _ => return false,
        }
    }
    rest.is_empty()
}

fn is_variable_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b' ' | b'(' | b')')
}

/// A row of the same masking character.
fn is_mask(text: &str) -> bool {
    let mut chars = text.chars();
    let first = chars.next();
    matches!(first, Some('*' | '\u{2022}' | '\u{25cf}'))
        && text.chars().count() >= 3
        && chars.all(|c| Some(c) == first)
        || text == "System.Security.SecureString"
        || text == "<hidden>"
        || text == "(hidden)"
}

/// Hexadecimal digits, possibly parted by blanks.
fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit() || b.is_ascii_whitespace() || b == b'-')
}

/// Thirty-two digits or more: a hash or a blob, not something a person types.
fn is_long_hex(text: &str) -> bool {
    is_hex(text) && text.bytes().filter(u8::is_ascii_hexdigit).count() >= 32
}

/// Whether a command line or connection string assigns a readable credential: `OSDJoinPassword=...`,
/// `/password:...`, `-Password ...`, `Pwd=...;`.
pub(super) fn assigns_secret(command_line: &str) -> bool {
    !assigned(command_line).is_empty()
}

/// Where the readable credentials stand that a command line or connection string assigns, without their quotes.
pub(super) fn assigned(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    if !may_name_secret(bytes) && memchr::memmem::find(bytes, b"/rp ").is_none() {
        return found;
    }
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let mut at = 0;
    while at < bytes.len() {
        if !is_name(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && is_name(bytes[at]) {
            at += 1;
        }
        let switch = start > 0 && matches!(bytes[start - 1], b'/' | b'-') && {
            let dash = text[..start].trim_end_matches(['/', '-']);
            dash.is_empty()
                || dash.ends_with(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '('))
        };
        let name = &text[start..at];
        if !(is_secret_list(name) || switch && is_secret_switch(name)) {
            continue;
        }
        let Some(value) = value_behind(text, at, switch) else { continue };
        at = value.end;
        let word = &text[value.clone()];
        if judge(word) == Secret::Clear && !is_switch(word) && !value.is_empty() {
            found.push(value);
        }
    }
    found
}

/// Names that mean a credential only behind a `/` or `-`.
pub(super) fn is_secret_switch(name: &str) -> bool {
    ["pass", "rp"].iter().any(|s| name.eq_ignore_ascii_case(s))
}

/// The value that is assigned to the name ending at `at`: behind `=` or `:`, or behind a blank for a switch.
fn value_behind(text: &str, at: usize, switch: bool) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut from = at;
    // A quoted name: `"password": "..."`, `'password' = '...'`.
    if matches!(bytes.get(from), Some(b'"' | b'\'')) && !switch {
        from += 1;
    }
    let blanks = |mut i: usize| {
        while matches!(bytes.get(i), Some(b' ' | b'\t')) {
            i += 1;
        }
        i
    };
    let sign = blanks(from);
    match bytes.get(sign) {
        // `==` compares, `:=` and `=` assign.
        Some(b'=') if bytes.get(sign + 1) != Some(&b'=') => from = sign + 1,
        Some(b':') => from = sign + 1 + usize::from(bytes.get(sign + 1) == Some(&b'=')),
        _ if switch && sign > from => from = sign,
        _ => return None,
    }
    let spaced = blanks(from);
    // `Password= Domain=x` has no value; `Password = x` has one.
    let from = if spaced > from && sign == at && !switch && !matches!(bytes.get(spaced), Some(b'"' | b'\'')) {
        if bytes.get(sign) == Some(&b':') { spaced } else { return None }
    } else {
        spaced
    };
    let (from, end) = match bytes.get(from)? {
        quote @ (b'"' | b'\'') => {
            let end = memchr::memchr(*quote, &bytes[from + 1..]).map_or(bytes.len(), |i| from + 1 + i);
            (from + 1, end)
        }
        b'/' | b'-' if switch && sign > at && !matches!(bytes.get(sign), Some(b'=' | b':')) => return None,
        _ => {
            let stop =
                |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b';' | b',' | b'<' | b'|');
            let end = bytes[from..].iter().position(stop).map_or(bytes.len(), |i| from + i);
            (from, end)
        }
    };
    Some(from..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_hold_a_credential() {
        for name in [
            "Password",
            "password",
            "UserPassword",
            "userpassword",
            "unixpassword",
            "unicodepassword",
            "sfupassword",
            "OSDJoinPassword",
            "DomainPassword",
            "SMSConnectNetworkFolderPassword",
            "OSDCaptureAccountPassword",
            "OSDLocalAdminPassword",
            "AdminPassword",
            "SMSTSRunCommandLineUserPassword",
            "SafeModeAdminPassword",
            "ADDSPassword",
            "PXEPassword",
            "NetworkAccessPassword",
            "Pwd",
            "AdmPwd",
            "ms-Mcs-AdmPwd",
            "msLAPS-Password",
            "msLAPS-EncryptedPassword",
            "PasswordHash",
            "Passwd",
            "db_passwd",
            "ClientSecret",
            "client_secret",
            "SecretKey",
            "PASSWORD",
            "PassWd",
            "PassPhrase",
            "passphrase",
            "apikey",
            "RESERVED2",
            "BitLockerPin",
            "BearerToken",
            "privateKey",
            "AccessToken",
            "Reserved2",
            "reserved2",
            "Password1",
            "Passwords",
            "PasswordText",
            "SQLPassword",
            "UserPwd",
            "BDEPin",
            "ApiKey",
            "SecurePassword",
            "PasswordSecure",
        ] {
            assert!(is_secret_name(name), "{name}");
            assert!(names_password(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn names_that_only_speak_of_one() {
        for name in [
            "PasswordLastSet",
            "passwordlastset",
            "PasswordNeverExpires",
            "pwdneverexpires",
            "PasswordExpired",
            "passwordexpired",
            "PasswordNotRequired",
            "passwordnotreqd",
            "badPwdCount",
            "badpwdcount",
            "BadPasswordTime",
            "pwdLastSet",
            "pwdlastset",
            "LastPasswordChange",
            "LastBadPasswordAttempt",
            "AdminPasswordExpiration",
            "AdminPasswordExpirationTime",
            "ms-Mcs-AdmPwdExpirationTime",
            "msLAPS-PasswordExpirationTime",
            "OSDBitLockerCreateRecoveryPassword",
            "OSDRandomAdminPassword",
            "RandomAdminPassword",
            "CannotChangePassword",
            "passwordcantchange",
            "PasswordRequired",
            "PasswordChangeable",
            "MinPasswordLength",
            "MaxPasswordAge",
            "AdminPasswordStatus",
            "encryptedtextpwdallowed",
            "AllowReversiblePasswordEncryption",
            "OSDRegisteredUserName",
            "OSDMigrateLocalAccounts",
            "UserName",
            "Secretary",
            "HasPassword",
            "UsePassword",
            "AccountUsage",
            "Reserved1",
            "PublicKeyToken",
            "__CLASS",
            "Pinned",
            "ProductKey",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn raw_text_that_mentions_one() {
        assert!(SEEDS.is_some());
        for text in [
            "\"OSDJoinPassword\"",
            "x PWD=",
            "clientSecret",
            "\"Reserved2\":",
            "01000000d08c9ddf01",
            "MY_PASSWORD",
            "password",
        ] {
            assert!(names_password(text.as_bytes()), "{text}");
        }
        for text in [
            "\"PasswordLastSet\":1",
            "badPwdCount",
            "Secretary",
            "swd",
            "Windows",
            "w",
            "",
            "OSDRandomAdminPassword",
        ] {
            assert!(!names_password(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn the_list_of_push_accounts_is_no_secret() {
        assert!(!is_secret_list("Reserved2"));
        assert!(is_secret_list("StoredPasswords"));
    }

    #[test]
    fn values() {
        for (text, secret) in [
            ("", Secret::Empty),
            ("  \r\n ", Secret::Empty),
            ("%JoinSecret%", Secret::Reference),
            ("%A%%B%", Secret::Reference),
            ("$env:JOIN", Secret::Reference),
            ("100% sure", Secret::Clear),
            ("%x", Secret::Clear),
            ("$1ncome", Secret::Clear),
            ("********", Secret::Protected),
            ("**", Secret::Clear),
            ("01000000d08c9ddf0115d1118c7a00c04fc297eb", Secret::Protected),
            ("0000000001000000280000001000000052", Secret::Protected),
            ("00000000 01000000 28000000 10000000 52", Secret::Protected),
            ("0123456789abcdef0123456789ABCDEF", Secret::Protected),
            ("0123456789abcdef", Secret::Clear),
            ("<PolicySecret Version=\"1\">", Secret::Protected),
            ("an invented word", Secret::Clear),
        ] {
            assert_eq!(judge(text), secret, "{text}");
        }
    }

    /// The places, counted by hand; the words found are never compared, only where they are.
    #[test]
    fn assignments() {
        let cases: [(&str, &[(usize, usize)]); 16] = [
            ("OSDJoinPassword=abc", &[(16, 19)]),
            ("setup.exe /password:abc /q", &[(20, 23)]),
            ("x.ps1 -Password abc -q", &[(16, 19)]),
            ("x.ps1 -Password \"a b\" -q", &[(17, 20)]),
            ("Server=s;Uid=u;Pwd=abc;Db=d", &[(19, 22)]),
            ("a Password=\"abc\" Secret='de'", &[(12, 15), (25, 27)]),
            ("{\"password\": \"abc\"}", &[(14, 17)]),
            ("OSDJoinPassword=%Join%", &[]),
            ("-Password $pw", &[]),
            ("-Password -Force", &[]),
            ("/password: ", &[]),
            ("Password= Domain=contoso", &[]),
            ("the password is needed", &[]),
            ("PasswordNeverExpires=True", &[]),
            ("if ($Password == 'x')", &[]),
            ("schtasks /ru u /rp abc", &[(19, 22)]),
        ];
        for (text, places) in cases {
            let found: Vec<_> = assigned(text).iter().map(|r| (r.start, r.end)).collect();
            assert_eq!(found, places, "{text}");
            assert_eq!(assigns_secret(text), !places.is_empty(), "{text}");
        }
    }

    #[test]
    fn no_text_is_too_odd() {
        for text in [
            "/password:",
            "-password",
            "-password ",
            "password=\"",
            "password='",
            "пароль password=ü",
            "=",
            "\u{0}",
        ] {
            let _ = assigned(text);
        }
    }
}
