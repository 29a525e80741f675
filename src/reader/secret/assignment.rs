//! The value that a text assigns to a name: behind a sign, a switch, a tag, in a call.

use std::ops::Range;

use super::Assigned;
use super::names::{Name, Standing};
use super::quote::{self, Outer, Word, behind_blanks};
use super::value::{Certainty, Shape, judge, looks_chosen};

/// How a value is assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `name=value`, `name:value`, a tag, a call: nothing but the value can stand there.
    Close,
    /// `/name value`, `name = "value"`.
    Apart,
    /// `name = value` without quotes, which may be an expression.
    Loose,
    /// `name: value` without quotes, which may be prose.
    Prose,
}

/// How far the value of a name may stand behind it that is itself an argument.
const REACH: usize = 300;

/// What is assigned to the name at `word`, if it is a readable credential.
pub(super) fn at(text: &str, word: &Range<usize>, name: Name) -> Option<Assigned> {
    let bytes = text.as_bytes();
    let (value, form) = tag(text, word)
        .or_else(|| argument_of_name(bytes, word))
        .or_else(|| call(bytes, word))
        .or_else(|| switch(bytes, word))
        .or_else(|| signed(bytes, word))
        .or_else(|| bearer(bytes, word))?;
    let said = text.get(value.range.clone())?;
    let judged = judge(name, said);
    if judged.secret != Some(crate::reader::Secret::Clear) || value.range.is_empty() {
        return None;
    }
    let chosen = looks_chosen(said) || judged.shape != Shape::Text(said.trim().chars().count());
    let certainty = match form {
        _ if is_code(said, &value, form) => return None,
        Form::Close | Form::Apart => judged.certainty,
        Form::Loose | Form::Prose if !chosen => return None,
        Form::Loose => judged.certainty.min(Certainty::Likely),
        Form::Prose => Certainty::Guess,
    };
    Some(Assigned { name: text[word.clone()].into(), range: value.range, shape: judged.shape, certainty })
}

/// Whether what stands there without quotes is code: a call, a command, a cast.
fn is_code(said: &str, value: &Word, form: Form) -> bool {
    if value.quoted {
        return false;
    }
    let first = said.as_bytes().first().copied().unwrap_or_default();
    if matches!(first, b'(' | b'@' | b'$') && form != Form::Close || said.starts_with("::") {
        return true;
    }
    let identifier = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    // `GetIt(x)`, `Read-Host`
    let called = said.strip_prefix('$').unwrap_or(said);
    let call = called.find('(').is_some_and(|i| i > 0 && called[..i].chars().all(identifier));
    let verb = matches!(form, Form::Loose | Form::Apart)
        && said.split_once('-').is_some_and(|(verb, noun)| {
            ["get", "read", "convertto", "convertfrom", "new", "import", "join", "select", "invoke"]
                .iter()
                .any(|known| verb.eq_ignore_ascii_case(known))
                && noun.chars().all(char::is_alphabetic)
        });
    call && (form != Form::Close || first == b'$') || verb
}

/// `/name value`, `--name value`, `-name:value`: a switch with its value.
fn switch(bytes: &[u8], word: &Range<usize>) -> Option<(Word, Form)> {
    if !is_switch(bytes, word) {
        return None;
    }
    let mut from = word.end;
    let mut form = Form::Apart;
    match bytes.get(from)? {
        b' ' | b'\t' => {}
        b'=' | b':' => {
            from += 1;
            form = Form::Close;
        }
        _ => return None,
    }
    let spaced = behind_blanks(bytes, from);
    // `/password: /q` has none, `-password: value` has one.
    let next = bytes.get(spaced)?;
    let other = matches!(next, b'/' | b'-')
        && spaced > from
        && bytes.get(spaced + 1).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'-');
    if other
        || matches!(next, b'\r' | b'\n' | b'|' | b'>' | b'&')
        || form == Form::Close && spaced > from && !is_quote(*next) && bytes.get(word.end) == Some(&b'=')
    {
        return None;
    }
    let around = quote::outer(bytes, word.start);
    quote::argument(bytes, spaced, around).map(|value| (value, form))
}

/// Whether `-` or `/` stands before a name, and nothing that it could belong to before that.
fn is_switch(bytes: &[u8], word: &Range<usize>) -> bool {
    let dashes = bytes[..word.start].iter().rev().take(2).take_while(|b| matches!(b, b'/' | b'-')).count();
    dashes > 0
        && word.start.checked_sub(dashes + 1).is_none_or(|i| {
            bytes[i].is_ascii_whitespace()
                || matches!(bytes[i], b'"' | b'\'' | b';' | b'(' | b',' | b'`' | b'=')
        })
}

fn is_quote(b: u8) -> bool {
    matches!(b, b'"' | b'\'')
}

/// `name=value`, `"name": "value"`, `x("name") = value`, `name := value`.
fn signed(bytes: &[u8], word: &Range<usize>) -> Option<(Word, Form)> {
    let mut at = word.end;
    // The end of what the name stands in: quotes, brackets.
    let mut closed = false;
    for _ in 0..4 {
        match bytes.get(at) {
            Some(b'"' | b'\'' | b']' | b')') => closed = true,
            Some(b'\\') if matches!(bytes.get(at + 1), Some(b'"')) => at += 1,
            _ => break,
        }
        at += 1;
    }
    let sign = behind_blanks(bytes, at);
    let (behind, colon) = match (bytes.get(sign)?, bytes.get(sign + 1)) {
        (b'=', Some(b'=')) => return None,
        (b'=', Some(b'>')) => (sign + 2, false),
        (b'=', _) => (sign + 1, false),
        (b':', Some(b':')) => return None,
        (b':', Some(b'=')) => (sign + 2, false),
        (b':', _) => (sign + 1, true),
        _ => return None,
    };
    let from = behind_blanks(bytes, behind);
    let first = *bytes.get(from)?;
    // A name in quotes of its own is closed before its value; else the quote around both ends the value.
    let around = if closed { quote::outer(bytes, from) } else { quote::outer(bytes, word.start) };
    if is_quote(first) && around.is_none_or(|around| around.quote != first) {
        return Some((quote::quoted(bytes, from), Form::Close));
    }
    if first == b'\\' && bytes.get(from + 1) == Some(&b'"') {
        return quote::argument(bytes, from, around).map(|value| (value, Form::Close));
    }
    let form = match (sign > at, from > behind) {
        (_, true) if colon => Form::Prose,
        (true, true) => Form::Loose,
        // `password= value`, as sc.exe wants it; `Password= Domain=x` has none.
        (false, true) => {
            let value = unquoted(bytes, from, word, around)?;
            let next = &bytes[value.range.clone()];
            let other =
                memchr::memchr2(b'=', b':', next).is_some() || matches!(next.first(), Some(b'/' | b'-'));
            return (!other).then_some((
                value,
                if names_service(bytes, word.start) { Form::Close } else { Form::Loose },
            ));
        }
        _ => Form::Close,
    };
    unquoted(bytes, from, word, around).map(|value| (value, form))
}

/// Whether a line before a place sets up a service: `sc config x obj= y password= `.
fn names_service(bytes: &[u8], at: usize) -> bool {
    let head = &bytes[at.saturating_sub(REACH)..at];
    [&b"obj="[..], b"config ", b"create ", b"binpath="]
        .iter()
        .any(|mark| head.windows(mark.len()).any(|part| part.eq_ignore_ascii_case(mark)))
}

/// A value without quotes: to a blank, or to the sign that parts it from the next.
fn unquoted(bytes: &[u8], from: usize, word: &Range<usize>, around: Option<Outer>) -> Option<Word> {
    let before = word.start.checked_sub(1).map(|i| bytes[i]);
    // `"name=value with blanks"`, and what follows a `;` in a connection string.
    let whole = around.is_some_and(|around| around.at + 1 == word.start);
    let list = before == Some(b';') || bytes[..word.start].trim_ascii_end().last() == Some(&b';');
    let query = matches!(before, Some(b'&' | b'?'));
    let blanks = around.is_some() && (whole || list);
    let end = (from..bytes.len().min(from + 8192))
        .find(|&i| match bytes[i] {
            b'\r' | b'\n' => true,
            b if around.is_some_and(|around| around.quote == b) => true,
            b' ' | b'\t' => !blanks,
            b';' | b'<' => true,
            b'"' | b'|' | b'>' => around.is_none(),
            b'&' => query,
            b',' => bytes.get(i + 1).is_none_or(|b| b.is_ascii_whitespace() || is_quote(*b)),
            _ => false,
        })
        .unwrap_or(bytes.len().min(from + 8192));
    let value = bytes.get(from..end)?;
    let unopened = |open: u8, close: u8| value.last() == Some(&close) && !value.contains(&open);
    let end =
        if unopened(b'(', b')') || unopened(b'{', b'}') || unopened(b'[', b']') { end - 1 } else { end };
    (end > from).then_some(Word { range: from..end, next: end, quoted: false })
}

/// `<name>value<`, `<x name="name" ...>value<`, also where the brackets are written as references.
fn tag(text: &str, word: &Range<usize>) -> Option<(Word, Form)> {
    let (head, tail) = (text.get(..word.start)?, text.get(word.end..)?);
    let opens = |close: &str, open: &str| -> Option<Word> {
        let mut from = word.end + close.len();
        // An answer file has another element inside.
        let inner = text.get(from..)?.trim_start();
        if let Some(rest) = inner.strip_prefix("<Value>") {
            from = text.len() - rest.len();
        }
        let end = text.get(from..)?.find(open).map_or(text.len(), |i| from + i);
        Some(Word { range: from..end, next: end, quoted: true })
    };
    for (open, close) in [("<", ">"), ("&lt;", "&gt;")] {
        let prefixed = || {
            let prefix = head.as_bytes()[head.len().saturating_sub(24)..].split_last();
            prefix.is_some_and(|(last, prefix)| {
                let name = prefix.iter().rev().take_while(|b| b.is_ascii_alphanumeric()).count();
                *last == b':' && prefix[..prefix.len() - name].ends_with(open.as_bytes())
            })
        };
        if tail.starts_with(close) && (head.ends_with(open) || prefixed()) {
            return opens(close, open).map(|value| (value, Form::Close));
        }
    }
    // The name stands in an attribute.
    let quote = head.chars().next_back().filter(|c| matches!(c, '"' | '\''))?;
    let behind = tail.strip_prefix(quote)?;
    if !head[..head.len() - 1].ends_with('=') {
        return None;
    }
    let close = behind.bytes().take(REACH).position(|b| matches!(b, b'>' | b'<'))?;
    if behind.as_bytes()[close] != b'>' || close > 0 && behind.as_bytes()[close - 1] == b'/' {
        return None;
    }
    let from = text.len() - behind.len() + close + 1;
    let end = text[from..].find('<').map_or(text.len(), |i| from + i);
    Some((Word { range: from..end, next: end, quoted: true }, Form::Close))
}

/// `/v NAME ... /d value`, `-Name NAME ... -Value value`, `setx NAME value`.
fn argument_of_name(bytes: &[u8], word: &Range<usize>) -> Option<(Word, Form)> {
    let start = word.start - usize::from(word.start > 0 && is_quote(bytes[word.start - 1]));
    let head = bytes[..start].trim_ascii_end();
    if head.len() == start {
        return None;
    }
    let head = &head[head.len().saturating_sub(24)..];
    let last =
        head.iter().rposition(|b| b.is_ascii_whitespace() || is_quote(*b)).map_or(head, |i| &head[i + 1..]);
    let is = |known: &[&str]| known.iter().any(|known| last.eq_ignore_ascii_case(known.as_bytes()));
    let end = word.end + usize::from(bytes.get(word.end).copied().is_some_and(is_quote));
    if is(&["setx", "setx.exe"]) {
        return quote::arguments(bytes, end).into_iter().next().map(|value| (value, Form::Apart));
    }
    let wanted: &[&str] = match () {
        () if is(&["/v", "-v"]) => &["/d", "-d"],
        () if is(&["-Name", "-PropertyName", "-ValueName", "-n", "-Variable", "-Key"]) => {
            &["-Value", "-val", "-v"]
        }
        () => return None,
    };
    let rest = quote::arguments(bytes, end);
    let at = rest.iter().position(|w| {
        w.range.len() < REACH
            && wanted.iter().any(|k| bytes[w.range.clone()].eq_ignore_ascii_case(k.as_bytes()))
    })?;
    rest.into_iter().nth(at + 1).map(|value| (value, Form::Apart))
}

/// `X("name", "value")`, `SetPassword("value")`, `SetPassword "value"`, `("SetPassword", "value")`.
fn call(bytes: &[u8], word: &Range<usize>) -> Option<(Word, Form)> {
    let setter = bytes.get(word.clone())?.get(..3).is_some_and(|head| head.eq_ignore_ascii_case(b"set"));
    let in_quotes = word.start > 0
        && is_quote(bytes[word.start - 1])
        && bytes.get(word.end) == Some(&bytes[word.start - 1]);
    let from = if in_quotes {
        if bytes[..word.start - 1].trim_ascii_end().last() != Some(&b'(') {
            return None;
        }
        let comma = behind_blanks(bytes, word.end + 1);
        if bytes.get(comma) != Some(&b',') {
            return None;
        }
        behind_blanks(bytes, comma + 1)
    } else if setter && matches!(bytes.get(word.end), Some(b'(' | b' ')) {
        behind_blanks(bytes, word.end + 1)
    } else {
        return None;
    };
    is_quote(*bytes.get(from)?).then(|| (quote::quoted(bytes, from), Form::Close))
}

/// `Bearer value`, but not `Bearer realm="x"`.
fn bearer(bytes: &[u8], word: &Range<usize>) -> Option<(Word, Form)> {
    let named = bytes.get(word.clone()).is_some_and(|name| name.eq_ignore_ascii_case(b"bearer"));
    if !named || bytes.get(word.end) != Some(&b' ') {
        return None;
    }
    let around = quote::outer(bytes, word.start);
    let value = quote::argument(bytes, behind_blanks(bytes, word.end), around)?;
    let realm = bytes[value.range.clone()].get(..5).is_some_and(|head| head.eq_ignore_ascii_case(b"realm"));
    (!realm).then_some((value, Form::Loose))
}

/// How sure a value is that a program takes, of whatever name.
pub(super) const BY_PLACE: Name = Name { standing: Standing::Sure, is_key: false };
