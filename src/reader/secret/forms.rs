//! Forms in which a credential stands without a name of its own: by its place in a command, in a call of PowerShell, in
//! an address.
//!
//! Every form has a mark, a few letters that are looked for in raw text; what is behind the mark is judged only where it
//! was found so.

use std::ops::Range;
use std::sync::LazyLock;

use super::assignment::BY_PLACE;
use super::names::{Name, Standing};
use super::quote::{self, Word, behind_blanks};
use super::scan::Seeds;
use super::value::{self, Certainty, Shape, judge};
use super::{Assigned, assigned, base64};
use crate::reader::Secret;
use crate::vocabulary::{Program, secret_words};

/// What a mark stands for.
#[derive(Debug, Clone, Copy)]
enum Mark {
    /// `net use`, `net user`: the mark is the second word.
    Net,
    /// A program of the vocabulary.
    Program(&'static Program),
    /// `ConvertTo-SecureString`.
    SecureString,
    /// `NetworkCredential`, `PSCredential`.
    Credential,
    /// PowerShell with a command in base64.
    PowerShell,
    /// `://user:password@host`
    Address,
    /// `Authorization: Basic ...`
    Authorization,
    /// `sig=...` of a shared access signature.
    Signature,
}

struct Marks {
    marks: Vec<(Vec<u8>, Mark)>,
    seeds: Seeds,
}

static MARKS: LazyLock<Marks> = LazyLock::new(|| {
    let mut marks: Vec<(Vec<u8>, Mark)> = [
        // Blanks as raw text writes them.
        (" use", Mark::Net),
        ("\tuse", Mark::Net),
        ("\\tuse", Mark::Net),
        (";use", Mark::Net),
        ("_use", Mark::Net),
        ("securestring", Mark::SecureString),
        ("networkcredential", Mark::Credential),
        ("pscredential", Mark::Credential),
        ("powershell", Mark::PowerShell),
        ("pwsh", Mark::PowerShell),
        ("-enc", Mark::PowerShell),
        ("/enc", Mark::PowerShell),
        ("://", Mark::Address),
        (":\\/\\/", Mark::Address),
        ("authorization", Mark::Authorization),
        ("sig=", Mark::Signature),
    ]
    .map(|(mark, kind)| (mark.as_bytes().to_vec(), kind))
    .to_vec();
    for program in &secret_words().programs {
        marks.extend(
            program.names.iter().map(|name| (name.to_lowercase().into_bytes(), Mark::Program(program))),
        );
    }
    let seeds = Seeds::new(marks.iter().map(|(mark, _)| mark.clone()).collect());
    Marks { marks, seeds }
});

/// How far is looked around a mark.
const NEAR: usize = 24;

/// How far an address may go on to its host.
const ADDRESS: usize = 400;

/// The place of the first mark in a part of a text behind which a credential may stand.
pub(super) fn next(bytes: &[u8], within: Range<usize>) -> Option<usize> {
    marks(bytes, within).next().map(|(range, _)| range.start)
}

/// All marks that begin within a range, where they mean something.
fn marks(bytes: &[u8], mut within: Range<usize>) -> impl Iterator<Item = (Range<usize>, Mark)> {
    let known = &*MARKS;
    std::iter::from_fn(move || {
        loop {
            let seed = known.seeds.find(bytes, within.clone())?;
            within.start = seed + 1;
            let found = known.marks.iter().filter(|(mark, _)| {
                bytes.get(seed..seed + mark.len()).is_some_and(|b| b.eq_ignore_ascii_case(mark))
            });
            let found =
                found.max_by_key(|(mark, _)| mark.len()).map(|(mark, kind)| (seed..seed + mark.len(), *kind));
            if let Some((range, kind)) = found
                && means(bytes, &range, kind)
            {
                return Some((range, kind));
            }
        }
    })
}

/// A look around a mark that holds for the text and for what a file writes in its place.
fn means(bytes: &[u8], mark: &Range<usize>, kind: Mark) -> bool {
    let before = &bytes[mark.start.saturating_sub(NEAR)..mark.start];
    let behind = bytes.get(mark.end..).unwrap_or_default();
    match kind {
        Mark::Net => before.windows(3).any(|part| part.eq_ignore_ascii_case(b"net")),
        Mark::SecureString => before.windows(3).any(|part| part.eq_ignore_ascii_case(b"to-")),
        Mark::PowerShell if bytes[mark.start].is_ascii_punctuation() => true,
        Mark::Program(_) | Mark::PowerShell => {
            // In raw text the letter of an escape may stand before it.
            let begins = match before {
                [.., b'\\', escape] if escape.is_ascii_lowercase() => true,
                [.., last] => !last.is_ascii_alphanumeric() && !matches!(last, b'-' | b'.'),
                [] => true,
            };
            let behind = behind.strip_prefix(b".").map_or(behind, |rest| {
                match rest.get(..3).is_some_and(|end| {
                    [&b"exe"[..], b"cmd", b"com"].iter().any(|e| end.eq_ignore_ascii_case(e))
                }) {
                    true => &rest[3..],
                    false => b"x",
                }
            });
            let ends = match behind {
                [b'_', b'x', ..] | [] => true,
                [next, ..] => !next.is_ascii_alphanumeric() && !matches!(next, b'-' | b'_' | b'/' | b'.'),
            };
            begins && ends
        }
        Mark::Address => {
            let host = behind.iter().take(ADDRESS).position(|b| b"\"'<>/ \t\r\n".contains(b));
            let part = &behind[..host.unwrap_or(behind.len().min(ADDRESS))];
            let at = part.iter().rposition(|b| *b == b'@');
            at.is_some_and(|at| part[..at].contains(&b':'))
        }
        Mark::Credential | Mark::Authorization | Mark::Signature => true,
    }
}

/// The credentials of all forms in a text.
pub(super) fn all(text: &str) -> Vec<Assigned> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    // Behind a mark that was read to here.
    let mut done = 0;
    for (mark, kind) in marks(bytes, 0..bytes.len()) {
        if mark.start < done {
            continue;
        }
        match kind {
            Mark::Net => found.extend(net(text, &mark)),
            Mark::Program(program) => found.extend(of_program(text, &mark, program)),
            Mark::SecureString => found.extend(secure_string(text, &mark)),
            Mark::Credential => found.extend(credential(text, &mark)),
            Mark::PowerShell => {
                if let Some((one, end)) = encoded(text, &mark) {
                    done = end;
                    found.extend(one);
                }
            }
            Mark::Address => found.extend(address(text, &mark)),
            Mark::Authorization => found.extend(authorization(text, &mark)),
            Mark::Signature => found.extend(signature(text, &mark)),
        }
    }
    found
}

/// The value as a finding, if it can be read.
fn readable(text: &str, range: Range<usize>, name: &str, most: Certainty) -> Option<Assigned> {
    let said = text.get(range.clone())?;
    let judged = judge(BY_PLACE, said);
    let clear = judged.secret == Some(Secret::Clear);
    clear.then(|| Assigned {
        name: name.into(),
        range,
        shape: judged.shape,
        certainty: judged.certainty.min(most),
    })
}

fn is_switch(word: &[u8]) -> bool {
    word.first() == Some(&b'/') || word.first() == Some(&b'-') && word.len() > 1
}

/// `net use [X:] \\server\share PASSWORD /user:name`, `net use ... /user:name PASSWORD`, `net user name PASSWORD`.
fn net(text: &str, mark: &Range<usize>) -> Option<Assigned> {
    let bytes = text.as_bytes();
    let before = bytes[mark.start.saturating_sub(NEAR)..mark.start].trim_ascii_end();
    let before = before.strip_suffix(b"\"").or(before.strip_suffix(b"'")).unwrap_or(before);
    let ends = |tail: &str| {
        let at = before.len().checked_sub(tail.len());
        at.is_some_and(|at| {
            before[at..].eq_ignore_ascii_case(tail.as_bytes())
                && (at == 0
                    || !before[at - 1].is_ascii_alphanumeric() && !matches!(before[at - 1], b'.' | b'-'))
        })
    };
    if !["net", "net1", "net.exe", "net1.exe"].iter().any(|name| ends(name)) {
        return None;
    }
    let words = quote::arguments(bytes, mark.end - 3);
    let (verb, rest) = words.split_first()?;
    let verb = text.get(verb.range.clone())?.to_ascii_lowercase();
    let place = match verb.as_str() {
        "use" => 1,
        "user" => 1,
        _ => return None,
    };
    let mut plain: Vec<&Word> = rest.iter().filter(|word| !is_switch(&bytes[word.range.clone()])).collect();
    // A device may stand before the path.
    if verb == "use"
        && plain.first().is_some_and(|word| {
            let device = &bytes[word.range.clone()];
            device == b"*"
                || device.ends_with(b":")
                || device.get(..3).is_some_and(|d| d.eq_ignore_ascii_case(b"lpt"))
                || matches!(device, [b'%', .., b'%'] | [b'%', .., b':']) && plain.len() > 2
        })
    {
        plain.remove(0);
    }
    let password = plain.get(place)?;
    let name = if verb == "use" { "net use" } else { "net user" };
    if &bytes[password.range.clone()] == b"*" {
        return None;
    }
    readable(text, password.range.clone(), name, Certainty::Certain)
}

/// What the vocabulary says of a program.
fn of_program(text: &str, mark: &Range<usize>, program: &Program) -> Vec<Assigned> {
    let bytes = text.as_bytes();
    let mut from = mark.end;
    from += match bytes.get(from) {
        Some(b'.') => 4,
        _ => 0,
    };
    from += usize::from(
        matches!(bytes.get(from), Some(b'"' | b'\'')) && quote::outer(bytes, mark.start).is_some(),
    );
    let called = &text[mark.clone()];
    let words = quote::arguments(bytes, from);
    let mut found = Vec::new();
    for (i, word) in words.iter().enumerate() {
        let said = &bytes[word.range.clone()];
        let Some((switch, start)) = switch_of(said, program) else { continue };
        let value = match said.get(start..) {
            Some([]) | None => match words.get(i + 1) {
                Some(next) if next.quoted || !is_switch(&bytes[next.range.clone()]) => next.range.clone(),
                _ => continue,
            },
            _ => trimmed_quotes(bytes, word.range.start + start..word.range.end),
        };
        let value = if program.account { behind_colon(bytes, value) } else { Some(value) };
        let name = format!("{called} {switch}");
        found.extend(value.and_then(|value| readable(text, value, &name, Certainty::Certain)));
    }
    if program.place > 0 {
        let after = program.after.as_deref();
        let begin = match after {
            None => Some(0),
            Some(after) => words.iter().position(|word| {
                bytes[word.range.clone()]
                    .get(1..)
                    .is_some_and(|said| said.eq_ignore_ascii_case(after.as_bytes()))
            }),
        };
        let place = begin.and_then(|begin| {
            let plain = words[begin..].iter().filter(|word| !is_switch(&bytes[word.range.clone()]));
            plain.clone().nth(program.place - 1)
        });
        found.extend(place.and_then(|word| readable(text, word.range.clone(), called, Certainty::Likely)));
    }
    found
}

/// The switch of a program that an argument begins with, as it is written, and where its value begins in the argument.
fn switch_of(said: &[u8], program: &Program) -> Option<(String, usize)> {
    let dashes = said.iter().take_while(|b| matches!(b, b'-' | b'/')).count();
    if dashes == 0 || dashes > 2 {
        return None;
    }
    let rest = &said[dashes..];
    program.switches.iter().filter(|_| !rest.is_empty()).find_map(|switch| {
        let head = rest.get(..switch.len())?;
        let same = if program.exact {
            head == switch.as_bytes()
        } else {
            head.eq_ignore_ascii_case(switch.as_bytes())
        };
        let written = || String::from_utf8_lossy(&said[..dashes + switch.len()]).into_owned();
        match rest.get(switch.len()) {
            None if same => Some((written(), dashes + switch.len())),
            Some(b':' | b'=') if same => Some((written(), dashes + switch.len() + 1)),
            Some(_) if same && program.glued && dashes == 1 => Some((written(), dashes + switch.len())),
            _ => None,
        }
    })
}

fn trimmed_quotes(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    match &bytes[range.clone()] {
        [b'"', .., b'"'] | [b'\'', .., b'\''] => range.start + 1..range.end - 1,
        _ => range,
    }
}

/// The part behind the first colon.
fn behind_colon(bytes: &[u8], range: Range<usize>) -> Option<Range<usize>> {
    let colon = bytes[range.clone()].iter().position(|b| *b == b':')?;
    Some(range.start + colon + 1..range.end)
}

/// `ConvertTo-SecureString 'x' -AsPlainText -Force`, `-String "x"`, `'x' | ConvertTo-SecureString -AsPlainText`.
fn secure_string(text: &str, mark: &Range<usize>) -> Option<Assigned> {
    const NAME: &str = "ConvertTo-SecureString";
    let bytes = text.as_bytes();
    if !tail(&bytes[..mark.start], 10).eq_ignore_ascii_case(b"convertto-") {
        return None;
    }
    let words = arguments_of_call(bytes, mark.end);
    let is = |word: &Word, tail: &str| {
        let said = &bytes[word.range.clone()];
        !word.quoted
            && said.first() == Some(&b'-')
            && said.len() > 1
            && tail.as_bytes().get(..said.len() - 1).is_some_and(|head| said[1..].eq_ignore_ascii_case(head))
    };
    if words.iter().any(|word| is(word, "key") || is(word, "securekey")) {
        return None;
    }
    let mut skip = false;
    let mut value = None;
    for word in &words {
        if is(word, "string") {
            value = None;
            skip = false;
        } else if !word.quoted && is_switch(&bytes[word.range.clone()]) {
            skip = !(is(word, "asplaintext") || is(word, "force"));
        } else if skip {
            skip = false;
        } else if value.is_none() {
            value = Some(word.range.clone());
        }
    }
    let value = value.or_else(|| piped(bytes, mark.start - "convertto-".len()))?;
    readable(text, value, NAME, Certainty::Certain)
}

/// The quoted text before `|`.
fn piped(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let head = bytes[at.saturating_sub(ADDRESS)..at].trim_ascii_end();
    let head = head.strip_suffix(b"|")?.trim_ascii_end();
    let (quote, inner) = head.split_last().filter(|(last, _)| matches!(last, b'"' | b'\''))?;
    let open = inner.iter().rposition(|b| b == quote)?;
    let floor = at.saturating_sub(ADDRESS);
    Some(floor + open + 1..floor + inner.len())
}

/// The last bytes.
fn tail(bytes: &[u8], length: usize) -> &[u8] {
    &bytes[bytes.len().saturating_sub(length)..]
}

/// The arguments of a call of PowerShell: to the end of the statement or of the bracket around it.
fn arguments_of_call(bytes: &[u8], from: usize) -> Vec<Word> {
    let mut words = quote::arguments(bytes, from);
    // The bracket around the call ends it.
    let end = words.iter().position(|word| {
        let said = &bytes[word.range.clone()];
        !word.quoted && said.contains(&b')') && !said.contains(&b'(')
    });
    if let Some(end) = end {
        let word = &mut words[end];
        let said = &bytes[word.range.clone()];
        word.range.end = word.range.start + said.iter().position(|b| *b == b')').unwrap_or(said.len());
        let keep = end + usize::from(!word.range.is_empty());
        words.truncate(keep);
    }
    words
}

/// `[NetworkCredential]::new('u', 'x')`, `New-Object ...PSCredential('u', 'x')`, `-ArgumentList 'u', 'x'`: the second of two
/// arguments, if it is written out.
fn credential(text: &str, mark: &Range<usize>) -> Option<Assigned> {
    let bytes = text.as_bytes();
    let rest = &bytes[mark.end..bytes.len().min(mark.end + ADDRESS)];
    let line = rest.iter().position(|b| matches!(b, b'\n' | b';')).unwrap_or(rest.len());
    let limit = mark.end + line;
    // To the first quote or variable, over what may stand between: `]::new(`, `-ArgumentList`, `@(`.
    let first = (mark.end..limit).find(|&i| matches!(bytes[i], b'"' | b'\'' | b'$' | b'%'))?;
    let behind = match bytes[first] {
        b'"' | b'\'' if bytes.get(first + 1).is_some_and(|b| !matches!(b, b')' | b']')) => {
            quote::quoted(bytes, first).next
        }
        b'"' | b'\'' => return None,
        _ => (first..limit).find(|&i| matches!(bytes[i], b',' | b')'))?,
    };
    let comma = behind_blanks(bytes, behind);
    if bytes.get(comma) != Some(&b',') {
        return None;
    }
    let from = behind_blanks(bytes, comma + 1);
    let from = from + usize::from(bytes.get(from..).is_some_and(|rest| rest.starts_with(b"[string]"))) * 8;
    if !matches!(bytes.get(from), Some(b'"' | b'\'')) {
        return None;
    }
    let name =
        if bytes[mark.start].eq_ignore_ascii_case(&b'n') { "NetworkCredential" } else { "PSCredential" };
    readable(text, quote::quoted(bytes, from).range, name, Certainty::Certain)
}

/// `powershell -EncodedCommand BASE64`, by any beginning of that word: what the command assigns. The whole of it is the
/// place. Also where it ends.
fn encoded(text: &str, mark: &Range<usize>) -> Option<(Option<Assigned>, usize)> {
    let bytes = text.as_bytes();
    let from = if bytes[mark.start].is_ascii_punctuation() { mark.start } else { mark.end };
    let words = quote::arguments(bytes, from + usize::from(bytes.get(from) == Some(&b'.')) * 4);
    let is_parameter = |word: &Word| {
        let said = &bytes[word.range.clone()];
        is_switch(said)
            && (b"encodedcommand"
                .get(..said.len() - 1)
                .is_some_and(|head| said[1..].eq_ignore_ascii_case(head))
                || said[1..].eq_ignore_ascii_case(b"ec"))
    };
    let at = words.iter().position(is_parameter)?;
    let word = words.get(at + 1)?;
    let command = base64::decode_text(text.get(word.range.clone())?)?;
    let inner = assigned(&command);
    let most = inner.iter().max_by_key(|one| one.certainty)?;
    let one = Assigned {
        name: most.name.clone(),
        range: word.range.clone(),
        shape: most.shape,
        certainty: most.certainty,
    };
    Some((Some(one), word.next))
}

/// `://user:password@host`
fn address(text: &str, mark: &Range<usize>) -> Option<Assigned> {
    let bytes = text.as_bytes();
    let behind = &bytes[mark.end..bytes.len().min(mark.end + ADDRESS)];
    let end = behind.iter().position(|b| b"\"'<>/ \t\r\n".contains(b)).unwrap_or(behind.len());
    let at = behind[..end].iter().rposition(|b| *b == b'@')?;
    let colon = behind[..at].iter().position(|b| *b == b':')?;
    let host = behind.get(at + 1)?;
    (host.is_ascii_alphanumeric() || matches!(host, b'[' | b'%' | b'$' | b'{'))
        .then(|| readable(text, mark.end + colon + 1..mark.end + at, "address", Certainty::Certain))
        .flatten()
}

/// `Authorization: Basic BASE64`, whose text is `user:password`.
fn authorization(text: &str, mark: &Range<usize>) -> Option<Assigned> {
    let bytes = text.as_bytes();
    let rest = &bytes[mark.end..bytes.len().min(mark.end + 40)];
    let basic = rest.windows(6).position(|part| part.eq_ignore_ascii_case(b"basic "))?;
    let word = quote::argument(
        bytes,
        behind_blanks(bytes, mark.end + basic + 6),
        quote::outer(bytes, mark.end + basic),
    )?;
    let said = base64::decode_text(text.get(word.range.clone())?)?;
    let (_, password) = said.split_once(':')?;
    let judged = judge(BY_PLACE, password);
    (judged.secret == Some(Secret::Clear)).then(|| Assigned {
        name: "Authorization".into(),
        range: word.range,
        shape: Shape::Base64Text,
        certainty: judged.certainty,
    })
}

/// `sig=` of an address that gives access.
fn signature(text: &str, mark: &Range<usize>) -> Option<Assigned> {
    let bytes = text.as_bytes();
    if !mark.start.checked_sub(1).is_some_and(|i| matches!(bytes[i], b'&' | b'?' | b';')) {
        return None;
    }
    let rest = &bytes[mark.end..];
    let length = rest
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'%' | b'+' | b'/' | b'=' | b'-' | b'_'))
        .count();
    let range = mark.end..mark.end + length;
    let name = Name { standing: Standing::Sure, is_key: true };
    let said = text.get(range.clone())?;
    (length >= 8 && judge(name, said).secret == Some(Secret::Clear)).then(|| Assigned {
        name: "sig".into(),
        range,
        shape: value::shape(said),
        certainty: Certainty::Likely,
    })
}
