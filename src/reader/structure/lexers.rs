//! The lexers: what in a text is structure, and what is one value. A lexer that meets what it does not know stops; what
//! follows is then neither.

use std::ops::Range;

use super::{Notation, Piece};
use crate::reader::json::{Kind as JsonKind, Scanner};
use crate::reader::xml::{Kind, Tokens};

/// Runs the lexer of a notation. Pieces come in order and do not overlap.
pub(super) fn run(notation: Notation, text: &str, take: &mut dyn FnMut(Piece)) {
    match notation {
        Notation::Xml => xml(text, take),
        Notation::Json => json(text, take),
        Notation::Mof => mof(text, take),
        Notation::Ini => ini(text, take),
    }
}

/// A name is no longer than this, in bytes.
const NAME: usize = 200;

/// Whether a text is written as names are: no blank, quote or bracket in it.
fn is_name(text: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | ':' | '$' | '@');
    !text.is_empty() && text.len() <= NAME && text.chars().all(part)
}

/// Whether an attribute tells the name of a property, or its type: so exports write what others write as a tag.
fn is_key(element: &str, attribute: &str) -> bool {
    match attribute {
        "N" | "RefId" => true,
        "NAME" | "TYPE" => element.starts_with("PROPERTY"),
        "CLASSNAME" => element == "INSTANCE",
        "Name" => element == "Property",
        "Type" => matches!(element, "Property" | "Object"),
        "name" => matches!(element, "property" | "variable"),
        "property" => element == "variable",
        "class" => element == "instance",
        _ => false,
    }
}

/// Properties whose value is the name of another one: embedded properties and lists of them.
const NAMING: [&str; 2] = ["PropertyName", "PropertyListName"];

/// Whether a text is such a name: words.
fn is_title(text: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.');
    !text.is_empty() && text.len() <= 60 && text.chars().all(part)
}

fn xml(text: &str, take: &mut dyn FnMut(Piece)) {
    let mut tokens = Tokens::new(text);
    let mut title = false;
    while let Ok(kind) = tokens.next() {
        let range = tokens.range();
        match kind {
            Kind::Eof => return,
            Kind::Start => {
                let mut from = range.start;
                let element = tokens.local_name();
                // `<VALUE>` stands inside of what is named.
                title &= element == "VALUE";
                for (name, value) in tokens.attributes() {
                    if let Some(key) =
                        text.get(value.clone()).filter(|key| is_key(element, name) && is_name(key))
                    {
                        title |= NAMING.contains(&key);
                        continue;
                    }
                    take(Piece::Structure(from..value.start));
                    from = value.end;
                    if !value.is_empty() {
                        take(Piece::Value(value));
                    }
                }
                take(Piece::Structure(from..range.end));
            }
            Kind::End if range.is_empty() => {}
            Kind::End => take(Piece::Structure(range)),
            Kind::Text => {
                let raw = text.get(range.clone()).unwrap_or_default();
                let structure = raw.trim_ascii().is_empty() || title && is_title(raw);
                title &= raw.trim_ascii().is_empty();
                take(if structure { Piece::Structure(range) } else { Piece::Value(range) });
            }
            Kind::CData => {
                let (open, close) = ("<![CDATA[".len(), "]]>".len());
                take(Piece::Structure(range.start - open..range.start));
                let end = range.end;
                if !range.is_empty() {
                    take(Piece::Value(range));
                }
                take(Piece::Structure(end..end + close));
            }
        }
    }
}

fn json(text: &str, take: &mut dyn FnMut(Piece)) {
    let mut scanner = Scanner::new(text, 0, true);
    // Which brackets are open; whether a key comes next.
    let mut open: Vec<u8> = Vec::new();
    let (mut key, mut title) = (false, false);
    loop {
        let from = scanner.at;
        scanner.blanks();
        if scanner.at > from {
            take(Piece::Structure(from..scanner.at));
        }
        let from = scanner.at;
        let Ok(next) = scanner.peek() else { return };
        match next {
            b'{' | b'[' => {
                title = false;
                open.push(next);
                key = next == b'{';
                scanner.at += 1;
            }
            b'}' | b']' => {
                if open.pop() != Some(if next == b'}' { b'{' } else { b'[' }) {
                    return;
                }
                key = false;
                scanner.at += 1;
            }
            b',' => {
                title = false;
                key = open.last() == Some(&b'{');
                scanner.at += 1;
            }
            b':' => {
                key = false;
                scanner.at += 1;
            }
            // A value by itself is no record.
            _ if open.is_empty() => return,
            _ if key => {
                let Ok(token) = scanner.value() else { return };
                scanner.blanks();
                // What stands where a key is due and has no colon behind it may be a value that lost its own key.
                if matches!(token.kind, JsonKind::Number) || !matches!(scanner.peek(), Ok(b':')) {
                    return;
                }
                title = NAMING.contains(&text[token.range].trim_matches('"'));
            }
            _ => {
                if json_value(&mut scanner, title, take).is_none() {
                    return;
                }
                title = false;
                continue;
            }
        }
        take(Piece::Structure(from..scanner.at));
        if open.is_empty() {
            return;
        }
    }
}

/// Takes a text, number or word. `title` says that a text is the name of a property. None if it is none of these.
fn json_value(scanner: &mut Scanner<'_>, title: bool, take: &mut dyn FnMut(Piece)) -> Option<()> {
    let token = scanner.value().ok()?;
    let (whole, inner) = (token.range.clone(), token.range.start + 1..token.range.end.saturating_sub(1));
    match token.kind {
        JsonKind::Number => take(Piece::Value(whole)),
        JsonKind::Plain | JsonKind::Escaped => {
            let named = title && scanner.text.get(inner.clone()).is_some_and(is_title);
            take(Piece::Structure(whole.start..inner.start));
            if !inner.is_empty() {
                take(if named { Piece::Structure(inner.clone()) } else { Piece::Value(inner.clone()) });
            }
            take(Piece::Structure(inner.end..whole.end));
        }
        _ => take(Piece::Structure(whole)),
    }
    Some(())
}

fn mof(text: &str, take: &mut dyn FnMut(Piece)) {
    let bytes = text.as_bytes();
    let (mut at, mut of) = (0, false);
    let run = |from: usize, fits: &dyn Fn(&u8) -> bool| {
        from + bytes[from..].iter().position(|b| !fits(b)).unwrap_or(bytes.len() - from)
    };
    while let Some(&next) = bytes.get(at) {
        let from = at;
        match next {
            b if b.is_ascii_whitespace() => at = run(at, &u8::is_ascii_whitespace),
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at = run(at, &|b| *b != b'\n');
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                let Some(end) = memchr::memmem::find(&bytes[at + 2..], b"*/") else { return };
                at += end + 4;
                continue;
            }
            b'"' => {
                let Some(end) = quoted(bytes, at) else { return };
                take(Piece::Structure(at..at + 1));
                if end > at + 1 {
                    take(Piece::Value(at + 1..end));
                }
                at = end;
                take(Piece::Structure(at..at + 1));
                at += 1;
                continue;
            }
            b if b.is_ascii_alphabetic() || b == b'_' => {
                at = run(at, &|b| b.is_ascii_alphanumeric() || *b == b'_');
                let word = &text[from..at];
                let assigned = bytes.get(run(at, &u8::is_ascii_whitespace)) == Some(&b'=');
                let is = |known: &str| word.eq_ignore_ascii_case(known);
                let keyword = ["instance", "of", "as", "true", "false", "null"].into_iter().any(is);
                let structure = assigned || of || keyword;
                of = is("of");
                if !structure {
                    take(Piece::Value(from..at));
                    continue;
                }
            }
            b if b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.') => {
                at = run(at, &|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.'));
                take(Piece::Value(from..at));
                continue;
            }
            b'{' | b'}' | b';' | b',' | b'=' => at += 1,
            _ => return,
        }
        take(Piece::Structure(from..at));
    }
}

/// Where the text that begins with a quote at `at` ends: at its closing quote.
fn quoted(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at + 1;
    loop {
        match bytes.get(end)? {
            b'"' => return Some(end),
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
}

fn ini(text: &str, take: &mut dyn FnMut(Piece)) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let here = start..start + line.len();
        start = here.end;
        ini_line(text, here, take);
    }
}

fn ini_line(text: &str, line: Range<usize>, take: &mut dyn FnMut(Piece)) {
    let raw = &text[line.clone()];
    let body = raw.trim();
    if body.is_empty() {
        take(Piece::Structure(line));
        return;
    }
    let from = line.start + raw.len() - raw.trim_start().len();
    let header = body.strip_prefix('[').and_then(|b| b.strip_suffix(']'));
    if header.is_some_and(|name| name.split(' ').all(is_name)) {
        take(Piece::Structure(from..from + body.len()));
        return;
    }
    if body.starts_with(';') {
        return;
    }
    let Some((key, _)) = body.split_once('=') else { return };
    // Keys are names, SIDs, registry paths.
    let named =
        key.trim().split(['\\', '/', ' ', '*', '{', '}', '(', ')']).all(|p| p.is_empty() || is_name(p));
    let value = from + key.len() + 1;
    if named && key.len() <= NAME {
        let blank = text[value..from + body.len()].len() - text[value..from + body.len()].trim_start().len();
        take(Piece::Structure(from..value + blank));
    }
    let mut at = value;
    for part in text[value..from + body.len()].split(',') {
        let trimmed = part.trim();
        let begin = at + part.len() - part.trim_start().len();
        if !trimmed.is_empty() {
            take(Piece::Value(begin..begin + trimmed.len()));
        }
        at += part.len() + 1;
    }
}
