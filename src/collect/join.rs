//! Joins the parts of the script, and leaves out what is not needed.
//!
//! Lines of a part that begin with `#%` are for this module:
//!
//! - `#% for NAME...` to `#% end`: only if one of these classes is collected; `$List` stands for the classes of the list
//!   of that name in the script.
//! - `#% host`: here stand the functions that the block around it calls, for it runs where the script is not.
//! - `#% NAME`: here stand the lines of a list that is handed in.
//!
//! Of what is left, a function is kept if something that is kept names it, and a part if one of its functions is kept.

use std::collections::{BTreeMap, BTreeSet};

use super::{Error, Part};

/// How wide lines are made.
const WIDTH: usize = 120;

/// A piece of a part: a function, the block that runs on other computers, or what stands between them.
struct Piece<'p> {
    kind: Kind<'p>,
    lines: Vec<&'p str>,
    part: usize,
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Kind<'p> {
    Function(&'p str),
    Host,
    Other,
}

/// The whole script: parts, with what the collected classes need, and with the lists put in.
pub(super) fn join(
    parts: &[Part],
    classes: &BTreeSet<&str>,
    lists: &BTreeMap<&'static str, Vec<String>>,
) -> Result<String, Error> {
    let groups = groups(parts);
    let mut pieces = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        pieces.extend(split(narrow(part, classes, &groups)?, number));
    }
    let start: Vec<usize> = (0..pieces.len()).filter(|i| pieces[*i].kind == Kind::Other).collect();
    let kept = reached(&pieces, &start);
    let mut out = String::new();
    for (number, part) in parts.iter().enumerate() {
        let own = |i: &usize| pieces[*i].part == number;
        // A part without functions is one that only sets things.
        let functions =
            (0..pieces.len()).filter(own).filter(|i| matches!(pieces[*i].kind, Kind::Function(_)));
        let mut functions = functions.peekable();
        if functions.peek().is_some() && !functions.any(|i| kept.contains(&i)) {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        for (i, piece) in pieces.iter().enumerate().filter(|(i, _)| own(i)) {
            match piece.kind {
                Kind::Function(_) if !kept.contains(&i) => {}
                Kind::Host => host(&pieces, i, &mut out),
                _ => write(&piece.lines, part, lists, &mut out)?,
            }
        }
    }
    Ok(tidy(&out))
}

/// Lists of classes that the script has, by their names with the dollar sign.
fn groups(parts: &[Part]) -> BTreeMap<&str, Vec<&str>> {
    let lines = parts.iter().flat_map(|part| part.text.lines());
    let list = |line: &'_ str| line.starts_with('$') && line.contains("Classes = '");
    lines
        .filter(|line| list(line))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, list)| (name, list.split('\'').skip(1).step_by(2).collect()))
        .collect()
}

/// The lines of a part that the classes need.
fn narrow<'p>(
    part: &'p Part,
    classes: &BTreeSet<&str>,
    groups: &BTreeMap<&str, Vec<&str>>,
) -> Result<Vec<&'p str>, Error> {
    let fault = |line: usize, why: String| Error::Marker { path: part.path.clone(), line: line + 1, why };
    let mut out = Vec::new();
    let mut open: Vec<(usize, bool)> = Vec::new();
    for (number, line) in part.text.lines().enumerate() {
        let marker = line.trim().strip_prefix("#% ");
        if let Some(names) = marker.and_then(|marker| marker.strip_prefix("for ")) {
            let mut needed = false;
            for name in names.split_whitespace() {
                needed |= match name.strip_prefix('$') {
                    None => classes.contains(name),
                    Some(_) => groups
                        .get(name)
                        .ok_or_else(|| fault(number, format!("there is no list {name}")))?
                        .iter()
                        .any(|class| classes.contains(class)),
                };
            }
            open.push((number, needed));
        } else if marker == Some("end") {
            open.pop().ok_or_else(|| fault(number, "`#% end` without `#% for`".into()))?;
        } else if open.iter().all(|(_, needed)| *needed) {
            out.push(line);
        }
    }
    match open.last() {
        None => Ok(out),
        Some((number, _)) => Err(fault(*number, "`#% for` without `#% end`".into())),
    }
}

/// The pieces of a part's lines. Functions and the block begin and end at the left margin.
fn split(lines: Vec<&str>, part: usize) -> Vec<Piece<'_>> {
    let mut out: Vec<Piece<'_>> = Vec::new();
    let mut inside = false;
    for line in lines {
        let begins = match line.strip_prefix("function ").and_then(|rest| rest.strip_suffix(" {")) {
            Some(name) => Some(Kind::Function(name)),
            None if line == "$HostBlock = {" => Some(Kind::Host),
            None => None,
        };
        let kind = begins.unwrap_or(Kind::Other);
        match out.last_mut() {
            Some(last) if inside || (kind == Kind::Other && last.kind == Kind::Other) => {
                last.lines.push(line)
            }
            _ => out.push(Piece { kind, lines: vec![line], part }),
        }
        inside = (inside || begins.is_some()) && line != "}";
    }
    out
}

/// The names of commands that a piece holds, comments aside.
fn names<'p>(piece: &Piece<'p>) -> impl Iterator<Item = &'p str> {
    let code = piece.lines.iter().filter(|line| !line.trim_start().starts_with('#'));
    let code = code.skip(usize::from(matches!(piece.kind, Kind::Function(_))));
    code.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-'))
        .filter(|word| word.contains('-'))
}

/// The functions that these pieces call, and those that they call.
fn reached(pieces: &[Piece<'_>], start: &[usize]) -> BTreeSet<usize> {
    let functions: BTreeMap<&str, usize> = pieces
        .iter()
        .enumerate()
        .filter_map(|(i, piece)| match piece.kind {
            Kind::Function(name) => Some((name, i)),
            _ => None,
        })
        .collect();
    let mut kept = BTreeSet::new();
    let mut open = start.to_vec();
    while let Some(i) = open.pop() {
        for function in names(&pieces[i]).filter_map(|name| functions.get(name)) {
            if kept.insert(*function) {
                open.push(*function);
            }
        }
    }
    kept
}

/// The block that runs on other computers, with the functions it calls.
fn host(pieces: &[Piece<'_>], block: usize, out: &mut String) {
    let called = reached(pieces, &[block]);
    for line in &pieces[block].lines {
        if line.trim() != "#% host" {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        for &function in &called {
            out.push('\n');
            let lines = pieces[function].lines.iter().filter(|line| !line.is_empty());
            lines.for_each(|line| out.push_str(&format!("    {line}\n")));
        }
        out.push('\n');
    }
}

/// Lines, with the lists put in.
fn write(
    lines: &[&str],
    part: &Part,
    lists: &BTreeMap<&'static str, Vec<String>>,
    out: &mut String,
) -> Result<(), Error> {
    for line in lines {
        let Some((before, name)) = line.split_once("#% ") else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        if before == "$ScriptVersion = '" {
            out.push_str(&line.replace("#% version", env!("CARGO_PKG_VERSION")));
            out.push('\n');
            continue;
        }
        let Some(list) = lists.get(name.trim()) else {
            let line = part.text.lines().position(|own| own == *line).unwrap_or_default() + 1;
            return Err(Error::Marker {
                path: part.path.clone(),
                line,
                why: format!("there is no list `{name}`"),
            });
        };
        fill(list, before, out);
    }
    Ok(())
}

/// The items of a list: short ones side by side.
fn fill(list: &[String], indent: &str, out: &mut String) {
    // What names something stands on a line of its own.
    if list.iter().any(|item| item.contains(" = ")) {
        list.iter().for_each(|item| out.push_str(&format!("{indent}{item}\n")));
        return;
    }
    let mut line = String::new();
    for (i, item) in list.iter().enumerate() {
        let comma = if i + 1 < list.len() { "," } else { "" };
        if !line.is_empty() && indent.len() + line.len() + item.len() + 2 > WIDTH {
            out.push_str(&format!("{indent}{}\n", line.trim_end()));
            line.clear();
        }
        line.push_str(&format!("{item}{comma} "));
    }
    if !line.is_empty() {
        out.push_str(&format!("{indent}{}\n", line.trim_end()));
    }
}

/// One empty line where several would follow each other, none at the end.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = false;
    for line in text.lines() {
        if line.is_empty() {
            empty = !out.is_empty();
            continue;
        }
        if std::mem::take(&mut empty) {
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}
