//! The few things of the dialect that CommonMark does not know, put into CommonMark before it is parsed.
//!
//! INCLUDE tokens become the words they stand for, link targets with blanks in them are put into angle brackets,
//! and a heading whose blank is missing gets it. Every other byte stays, and every byte of the new text can be
//! traced to its place in the file.

use std::borrow::Cow;
use std::ops::Range;

/// What INCLUDE tokens stand for. Any other token stands for its own name.
const TOKENS: [(&str, &str); 6] = [
    ("cmshort", "Configuration Manager"),
    ("cmlong", "System Center Configuration Manager"),
    ("cm6long", "System Center Configuration Manager"),
    ("cm5long", "System Center 2012 Configuration Manager"),
    ("cm4short", "Configuration Manager 2007"),
    ("cm4long", "System Center Configuration Manager 2007"),
];

/// How long a token or a link target can be. What is longer is text.
const LONGEST: usize = 512;

/// A text for the Markdown parser, with the way back.
pub(super) struct Rewritten<'t> {
    /// The text.
    pub(super) text: Cow<'t, str>,
    /// Where the page begins in the file.
    start: usize,
    /// What was replaced, in order: its bytes in the new text and in the file.
    edits: Vec<(Range<usize>, Range<usize>)>,
}

impl Rewritten<'_> {
    /// The bytes of the file that a stretch of the text comes from.
    pub(super) fn origin(&self, span: Range<usize>) -> Range<usize> {
        let start = self.place(span.start, false);
        start..self.place(span.end, true).max(start)
    }

    fn place(&self, at: usize, end: bool) -> usize {
        let before = self.edits.partition_point(|(new, _)| new.start < at || (!end && new.start == at));
        match before.checked_sub(1).and_then(|i| self.edits.get(i)) {
            None => self.start + at,
            Some((new, old)) if at >= new.end => old.end + (at - new.end),
            Some((_, old)) if end => old.end,
            Some((_, old)) => old.start,
        }
    }
}

/// Rewrites the page that stands in a range of the file.
pub(super) fn rewrite(file: &str, body: Range<usize>) -> Rewritten<'_> {
    let start = body.start;
    let text = file.get(body).unwrap_or_default();
    let mut out = String::new();
    let mut edits = Vec::new();
    // Everything before this is in `out`.
    let mut done = 0;
    let mut replace = |old: Range<usize>, with: &str, done: &mut usize| {
        out.push_str(text.get(*done..old.start).unwrap_or_default());
        let from = out.len();
        out.push_str(with);
        edits.push((from..out.len(), start + old.start..start + old.end));
        *done = old.end;
    };
    let mut line_start = true;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(['[', ']', '#', '\n'])) {
        let here = at + found;
        let rest = text.get(here..).unwrap_or_default();
        let first = rest.as_bytes().first().copied().unwrap_or_default();
        at = here + 1;
        match first {
            b'\n' => {
                line_start = true;
                continue;
            }
            b'#' if line_start => {
                let before = text.get(..here).unwrap_or_default();
                let line = before.trim_end_matches(' ');
                let at_line = before.len() - line.len() <= 3 && (line.is_empty() || line.ends_with('\n'));
                let hashes = rest.bytes().take_while(|b| *b == b'#').count();
                at = here + hashes;
                let next = rest.get(hashes..).and_then(|r| r.chars().next());
                // One `#` alone may be a word; `##Title` is always meant as a heading.
                if at_line
                    && (2..=6).contains(&hashes)
                    && next.is_some_and(|c| c.is_alphanumeric() || matches!(c, '<' | '*' | '_' | '['))
                {
                    replace(at..at, " ", &mut done);
                }
                line_start = false;
            }
            b'[' => {
                line_start = false;
                if let Some((len, name)) = token(rest) {
                    replace(here..here + len, name, &mut done);
                    at = here + len;
                }
            }
            b']' => {
                line_start = false;
                if let Some(target) = spaced_target(rest) {
                    let bare = rest.get(target.clone()).unwrap_or_default();
                    replace(here + target.start..here + target.end, &format!("<{bare}>"), &mut done);
                    at = here + target.end;
                }
            }
            _ => line_start = false,
        }
    }
    if edits.is_empty() {
        return Rewritten { text: Cow::Borrowed(text), start, edits };
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Rewritten { text: Cow::Owned(out), start, edits }
}

/// An INCLUDE token at the start of a text: its length and what it stands for.
fn token(rest: &str) -> Option<(usize, &str)> {
    const START: &str = "[!INCLUDE";
    if !rest.get(..START.len())?.eq_ignore_ascii_case(START) {
        return None;
    }
    // The token is one line and not endless, so that many broken ones cost little.
    let line = limited(rest);
    let open = START.len() + line.get(START.len()..)?.find(|c: char| c != ' ')?;
    let name_start = open + 1;
    if line.as_bytes().get(open) != Some(&b'[') {
        return None;
    }
    let name_end = name_start + line.get(name_start..)?.find(']')?;
    let name = line.get(name_start..name_end)?;
    let target = line.get(name_end + 1..)?;
    let blanks = target.len() - target.trim_start_matches(' ').len();
    let target = target.trim_start_matches(' ').strip_prefix('(')?;
    let close = target.find(")]")?;
    let len = name_end + 1 + blanks + 1 + close + 2;
    let known = TOKENS.iter().find(|(token, _)| token.eq_ignore_ascii_case(name.trim()));
    Some((len, known.map_or(name, |(_, words)| words)))
}

/// The target of a link whose text ends here, if it has blanks in it that CommonMark does not allow.
fn spaced_target(rest: &str) -> Option<Range<usize>> {
    let line = limited(rest.strip_prefix("](").map(|_| rest)?);
    let mut depth = 0usize;
    for (i, b) in line.bytes().enumerate().skip(1) {
        match b {
            b'(' => depth += 1,
            b')' => {
                depth -= 1;
                if depth == 0 {
                    let target = line.get(2..i)?;
                    // `(target "title")`, `( target )` and `(<a b>)` are good as they are.
                    let fine =
                        !target.trim().contains(' ') || target.contains(['"', '\'', '<', '>', '[', ']']);
                    return (!fine).then_some(2..i);
                }
            }
            _ => {}
        }
    }
    None
}

/// The rest of the line, cut where nothing sensible reaches.
fn limited(rest: &str) -> &str {
    let mut end = rest.len().min(LONGEST);
    while !rest.is_char_boundary(end) {
        end -= 1;
    }
    let line = rest.get(..end).unwrap_or_default();
    line.split(['\n', '\r']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(rewrite(text, 0..text.len()).text, expected);
    }

    #[test]
    fn tokens_links_and_headings() {
        check("a [!INCLUDE[cmshort](../a b/cmshort_md.md)] b", "a Configuration Manager b");
        check("[!include [foo bar](x.md)].", "foo bar.");
        check("[x](../a b/c.md)", "[x](<../a b/c.md>)");
        check("[x](c.md \"title\") [y](<a b>) [z](a)", "[x](c.md \"title\") [y](<a b>) [z](a)");
        check("###Title\n #### <a>\n#word\n a ##b", "### Title\n #### <a>\n#word\n a ##b");
        check("[!INCLUDE[cmshort](never closed", "[!INCLUDE[cmshort](never closed");
        check("[a](b (c) d)", "[a](<b (c) d>)");
    }

    #[test]
    fn every_place_leads_back() {
        let file = "xx[!INCLUDE[cm6long](a_md.md)] and [t](a b) end";
        let rewritten = rewrite(file, 2..file.len());
        let new = rewritten.text.as_ref();
        let origin = |words: &str| {
            let at = new.find(words).unwrap();
            &file[rewritten.origin(at..at + words.len())]
        };
        assert_eq!(origin("Center"), "[!INCLUDE[cm6long](a_md.md)]");
        assert_eq!(origin(" and "), " and ");
        assert_eq!(origin("[t]"), "[t]");
        assert_eq!(origin(" end"), " end");
        assert_eq!(origin(new), &file[2..]);
    }
}
