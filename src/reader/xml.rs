//! A pull tokenizer for XML over windows of text.
//!
//! It hands out start tags, end tags, text and CDATA with their exact positions and checks what a reader relies
//! on: tags match, attributes are written properly and once, depth and lengths stay within limits. It can stop at
//! the end of a window, tell that from the end of the source, and go on in the next window.
//!
//! It does not decode anything (entities are the business of [`unescape`](super::unescape)), builds no tree,
//! resolves no namespaces and never expands a DTD: a `DOCTYPE` is skipped and remembered. It is more forgiving
//! than the XML specification where real exports are: a declaration, comments or several roots may stand
//! anywhere, and any character but `<` may stand in text.

use std::ops::Range;

use memchr::{memchr, memchr2, memmem};

/// Elements may be nested this deep.
pub(super) const DEPTH: usize = 256;

/// An attribute's value may be this long, in bytes of decoded text.
const ATTRIBUTE_LENGTH: usize = 4 << 20;

/// A tag may have this many attributes.
const ATTRIBUTE_COUNT: usize = 1024;

/// A tag or attribute name may be this long.
const NAME_LENGTH: usize = 4096;

/// What a token is. Its place and contents are asked of [`Tokens`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `<name ...>`. A self-closing tag gives a start and an empty end.
    Start,
    /// `</name>`.
    End,
    /// Characters between tags, with entities as they are written.
    Text,
    /// The contents of a CDATA section.
    CData,
    /// Nothing is left.
    Eof,
}

/// Why there is no next token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The window ends in the middle of something, and the source goes on behind it.
    Incomplete,
    /// The text is not well-formed; [`Tokens::fault`] says where and why.
    Syntax,
}

/// What is wrong with the text, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Syntax {
    /// In plain words: lower-case start, no full stop.
    pub(super) text: String,
    /// The place in the text of the window.
    pub(super) at: Range<usize>,
    /// Whether the text just ends too early.
    pub(super) ends: bool,
}

/// An attribute of a start tag: places in the text.
#[derive(Debug, Clone, Copy)]
struct Attribute {
    name: (usize, usize),
    value: (usize, usize),
}

/// The names of the open elements. It outlives the windows.
#[derive(Debug, Clone, Default)]
pub(super) struct Stack {
    names: Vec<u8>,
    ends: Vec<u32>,
}

impl Stack {
    /// A stack on which these elements are open.
    pub(super) fn of(names: &[&str]) -> Self {
        let mut stack = Self::default();
        for name in names {
            stack.push(name.as_bytes());
        }
        stack
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.ends.len()
    }

    /// The names of the open elements, outermost first.
    pub(super) fn names(&self) -> Vec<String> {
        let mut from = 0;
        let name = |&end: &u32| {
            let name = String::from_utf8_lossy(&self.names[from..end as usize]).into_owned();
            from = end as usize;
            name
        };
        self.ends.iter().map(name).collect()
    }

    #[inline]
    fn push(&mut self, name: &[u8]) {
        self.names.extend_from_slice(name);
        self.ends.push(self.names.len() as u32);
    }

    #[inline]
    fn top(&self) -> Option<&[u8]> {
        let end = *self.ends.last()? as usize;
        let start = if self.ends.len() > 1 { self.ends[self.ends.len() - 2] as usize } else { 0 };
        self.names.get(start..end)
    }

    #[inline]
    fn truncate(&mut self, depth: usize) {
        self.ends.truncate(depth);
        self.names.truncate(self.ends.last().map_or(0, |&end| end as usize));
    }
}

/// A place from which tokens can be read again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    at: usize,
    depth: usize,
    closing: bool,
}

impl Mark {
    /// The position in the text.
    pub(super) fn at(self) -> usize {
        self.at
    }

    /// The same, in a window that begins there.
    pub(super) fn at_start(self) -> Self {
        Self { at: 0, ..self }
    }
}

/// Character data of an element: stretches of text and CDATA in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    /// The first stretch; empty, at the place where it would stand, if there is none.
    pub(super) first: Chunk,
    /// The others. Comments and CDATA sections cut text into several stretches.
    pub(super) more: Vec<Chunk>,
}

/// A stretch of character data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Chunk {
    /// First byte.
    pub(super) start: usize,
    /// One past the last byte.
    pub(super) end: usize,
    /// Whether entities are just characters here.
    pub(super) cdata: bool,
}

impl Content {
    /// From the first to the last character.
    pub(super) fn range(&self) -> Range<usize> {
        self.first.start..self.more.last().map_or(self.first.end, |chunk| chunk.end)
    }

    /// The stretches.
    pub(super) fn chunks(&self) -> impl Iterator<Item = Chunk> + '_ {
        std::iter::once(self.first).chain(self.more.iter().copied())
    }

    /// Plain text at a place.
    pub(super) fn of(range: Range<usize>) -> Self {
        Self { first: Chunk { start: range.start, end: range.end, cdata: false }, more: Vec::new() }
    }

    fn add(&mut self, chunk: Chunk, seen: &mut bool) {
        if !*seen {
            self.first = chunk;
            *seen = true;
        } else {
            self.more.push(chunk);
        }
    }
}

/// The tokens of a text.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    /// Whether the source ends where the text ends.
    last: bool,
    /// Where the next token starts.
    at: usize,
    /// The current token, with its brackets.
    start: usize,
    end: usize,
    /// The name in the current tag.
    name: (usize, usize),
    attributes: Vec<Attribute>,
    stack: Stack,
    /// A self-closing tag has been started; its end is due.
    closing: bool,
    doctype: Option<Range<usize>>,
    fault: Option<Syntax>,
    /// How deep elements may be nested.
    limit: usize,
}

/// Character classes for names and blanks.
const BLANK: u8 = 1;
const NAME: u8 = 2;
const NAME_START: u8 = 4;

/// Classes of all bytes. Characters beyond ASCII may stand in names.
static CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut i = 0;
    while i < 256 {
        let b = i as u8;
        class[i] = match b {
            b' ' | b'\t' | b'\r' | b'\n' => BLANK,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b':' | 0x80..=0xff => NAME | NAME_START,
            b'0'..=b'9' | b'-' | b'.' => NAME,
            _ => 0,
        };
        i += 1;
    }
    class
};

#[inline]
fn is(b: u8, class: u8) -> bool {
    CLASS[b as usize] & class != 0
}

/// The next `<`. Stretches between tags are short, so eight bytes at a time come before the library call.
#[inline]
fn find_tag(bytes: &[u8], from: usize) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let mut at = from;
    for _ in 0..4 {
        let Some(eight) = bytes.get(at..at + 8).and_then(|b| <[u8; 8]>::try_from(b).ok()) else { break };
        let zeros = u64::from_le_bytes(eight) ^ (ONES * b'<' as u64);
        let hit = zeros.wrapping_sub(ONES) & !zeros & TOPS;
        if hit != 0 {
            return Some(at + (hit.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    Some(at + memchr(b'<', bytes.get(at..)?)?)
}

impl<'a> Tokens<'a> {
    /// Tokens of a whole document or fragment.
    pub(super) fn new(text: &'a str) -> Self {
        Self::resume(text, 0, true, Stack::default())
    }

    /// Tokens from `at` on, inside the elements of `stack`. `last` says that the source ends with the text.
    pub(super) fn resume(text: &'a str, at: usize, last: bool, stack: Stack) -> Self {
        Self {
            text,
            last,
            at,
            start: at,
            end: at,
            name: (at, at),
            attributes: Vec::new(),
            stack,
            closing: false,
            doctype: None,
            fault: None,
            limit: DEPTH,
        }
    }

    /// Tokens from the same place on that know only the innermost open element: to look ahead to its end.
    pub(super) fn ahead(&self) -> Tokens<'a> {
        let mut stack = Stack::default();
        if let Some(top) = self.stack.top() {
            stack.push(top);
        }
        let mut ahead = Self::resume(self.text, self.at, self.last, stack);
        ahead.closing = self.closing;
        ahead.limit = self.limit.saturating_sub(self.stack.depth()) + 1;
        ahead
    }

    /// Runs something on [`ahead`](Self::ahead); a fault that it meets is this one's, too.
    pub(super) fn look<T>(
        &mut self,
        run: impl FnOnce(&mut Tokens<'a>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let mut ahead = self.ahead();
        run(&mut ahead).inspect_err(|_| self.fault = ahead.fault.take())
    }

    /// The position behind the end tag of the element that was just started.
    ///
    /// # Errors
    /// Like [`next`](Self::next).
    pub(super) fn element_end(&mut self) -> Result<usize, Stop> {
        self.look(|ahead| ahead.skip().map(|()| ahead.position()))
    }

    /// The text.
    #[inline]
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// The place of the current token with its brackets; of the characters, for text and CDATA.
    #[inline]
    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Where the next token starts.
    #[inline]
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The name in the current tag as it is written.
    #[inline]
    pub(super) fn name(&self) -> &'a str {
        self.text.get(self.name.0..self.name.1).unwrap_or_default()
    }

    /// The name in the current tag without its namespace prefix.
    #[inline]
    pub(super) fn local_name(&self) -> &'a str {
        local(self.name())
    }

    /// How many elements are open. A start tag counts as soon as it is read, an end tag no longer.
    #[inline]
    pub(super) fn depth(&self) -> usize {
        self.stack.depth()
    }

    /// The place of an attribute's value, without the quotes. Names are compared to the letter.
    #[inline]
    pub(super) fn attribute(&self, name: &str) -> Option<Range<usize>> {
        let text = self.text.as_bytes();
        let is = |a: &&Attribute| text.get(a.name.0..a.name.1) == Some(name.as_bytes());
        self.attributes.iter().find(is).map(|a| a.value.0..a.value.1)
    }

    /// [`attribute`](Self::attribute) without regard to case.
    pub(super) fn attribute_any_case(&self, name: &str) -> Option<Range<usize>> {
        self.attributes().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The attributes of the current start tag: name and place of the value.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'a str, Range<usize>)> + '_ {
        let text = self.text;
        self.attributes
            .iter()
            .map(move |a| (text.get(a.name.0..a.name.1).unwrap_or_default(), a.value.0..a.value.1))
    }

    /// The document type declaration that was skipped, if there was one.
    pub(super) fn doctype(&self) -> Option<Range<usize>> {
        self.doctype.clone()
    }

    /// What is wrong, after [`Stop::Syntax`].
    pub(super) fn fault(&mut self) -> Syntax {
        self.fault.take().unwrap_or(Syntax {
            text: "not well-formed XML".into(),
            at: self.at..self.at,
            ends: false,
        })
    }

    /// A place to come back to with [`rewind`](Self::rewind).
    #[inline]
    pub(super) fn mark(&self) -> Mark {
        Mark { at: self.at, depth: self.stack.depth(), closing: self.closing }
    }

    /// Back to a mark. Elements that were open there must not have been closed since.
    pub(super) fn rewind(&mut self, mark: Mark) {
        self.at = mark.at;
        self.closing = mark.closing;
        self.stack.truncate(mark.depth);
        self.fault = None;
    }

    /// The open elements, to go on with in the next window.
    pub(super) fn into_stack(self) -> Stack {
        self.stack
    }

    /// The open elements.
    pub(super) fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The next token.
    ///
    /// # Errors
    /// [`Stop::Incomplete`] at the end of a window that is not the end of the source; [`Stop::Syntax`] if the text
    /// is not well-formed.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Kind, Stop> {
        if self.closing {
            self.closing = false;
            self.start = self.at;
            self.end = self.at;
            self.stack.truncate(self.stack.depth().saturating_sub(1));
            return Ok(Kind::End);
        }
        loop {
            let bytes = self.text.as_bytes();
            let at = self.at;
            if bytes.get(at) != Some(&b'<') {
                if let Some(kind) = self.characters()? {
                    return Ok(kind);
                }
                continue;
            }
            match bytes.get(at + 1) {
                Some(&b'/') => return self.end_tag(),
                Some(&b) if is(b, NAME_START) => return self.start_tag(),
                _ => {
                    if let Some(kind) = self.other()? {
                        return Ok(kind);
                    }
                }
            }
        }
    }

    /// Text up to the next tag. None if it is of no interest: blanks outside of the root element.
    #[inline]
    fn characters(&mut self) -> Result<Option<Kind>, Stop> {
        let bytes = self.text.as_bytes();
        let at = self.at;
        let end = match find_tag(bytes, at) {
            Some(end) => end,
            None if !self.last => return Err(Stop::Incomplete),
            None => bytes.len(),
        };
        if self.stack.ends.is_empty() {
            return self.outside(at, end);
        }
        if at == end {
            return Err(self.open_at_end());
        }
        self.start = at;
        self.end = end;
        self.at = end;
        Ok(Some(Kind::Text))
    }

    #[cold]
    fn open_at_end(&mut self) -> Stop {
        // Which element is not told: it may be a part of a value in which a `<` was not escaped.
        let end = self.text.len();
        self.ended(end..end, "the file ends before all elements are closed")
    }

    /// Characters outside of the root element: blanks, a byte order mark or trailing zeros are let pass.
    #[cold]
    fn outside(&mut self, at: usize, end: usize) -> Result<Option<Kind>, Stop> {
        let odd = |(_, c): &(usize, char)| !c.is_whitespace() && !matches!(c, '\0' | '\u{feff}' | '\u{1a}');
        if let Some((i, c)) = self.text.get(at..end).unwrap_or_default().char_indices().find(odd) {
            let place = at + i..at + i + c.len_utf8();
            return Err(self.wrong(place, "text stands outside of any element".into()));
        }
        self.start = at;
        self.end = end;
        self.at = end;
        Ok((end == self.text.len()).then_some(Kind::Eof))
    }

    #[inline]
    fn end_tag(&mut self) -> Result<Kind, Stop> {
        let bytes = self.text.as_bytes();
        let from = self.at + 2;
        if let Some(top) = self.stack.top() {
            let to = from + top.len();
            if bytes.get(to) == Some(&b'>') && bytes.get(from..to) == Some(top) {
                self.start = self.at;
                self.end = to + 1;
                self.at = to + 1;
                self.name = (from, to);
                self.stack.truncate(self.stack.depth() - 1);
                return Ok(Kind::End);
            }
        }
        self.odd_end_tag(from)
    }

    /// An end tag with blanks, or one that does not match.
    #[cold]
    fn odd_end_tag(&mut self, from: usize) -> Result<Kind, Stop> {
        let bytes = self.text.as_bytes();
        let name_end = self.scan(from, NAME);
        let mut end = name_end;
        while bytes.get(end).is_some_and(|&b| is(b, BLANK)) {
            end += 1;
        }
        match bytes.get(end) {
            Some(b'>') => {}
            Some(_) => {
                return Err(self.wrong(self.at..end, "this end tag is not written as `</name>`".into()));
            }
            None => return Err(self.short("the file ends inside an end tag")),
        }
        let name = self.text.get(from..name_end).unwrap_or_default();
        if self.stack.top() != Some(name.as_bytes()) {
            // Neither name is told: either may be a part of a value in which a `<` was not escaped.
            let text = match self.stack.depth() {
                0 => "an end tag closes nothing",
                _ => "an end tag does not close the element that was opened last",
            };
            return Err(self.wrong(self.at..end + 1, text.into()));
        }
        self.start = self.at;
        self.end = end + 1;
        self.at = end + 1;
        self.name = (from, name_end);
        self.stack.truncate(self.stack.depth() - 1);
        Ok(Kind::End)
    }

    /// The first byte from `at` on that is not of a class.
    #[inline]
    fn scan(&self, at: usize, class: u8) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        at + rest.iter().position(|&b| !is(b, class)).unwrap_or(rest.len())
    }

    #[inline]
    fn start_tag(&mut self) -> Result<Kind, Stop> {
        let bytes = self.text.as_bytes();
        let open = self.at;
        let mut at = self.scan(open + 1, NAME);
        let name = (open + 1, at);
        self.attributes.clear();
        let empty = loop {
            let blanks = at;
            while at < bytes.len() && is(bytes[at], BLANK) {
                at += 1;
            }
            match bytes.get(at) {
                Some(b'>') => {
                    at += 1;
                    break false;
                }
                Some(b'/') => match bytes.get(at + 1) {
                    Some(b'>') => {
                        at += 2;
                        break true;
                    }
                    Some(_) => {
                        return Err(self.wrong(at..at + 1, "a `/` in a tag must be followed by `>`".into()));
                    }
                    None => return Err(self.short("the file ends inside a tag")),
                },
                Some(&b) if is(b, NAME_START) && at > blanks => {}
                Some(_) => return Err(self.odd_attribute(open, at)),
                None => return Err(self.short("the file ends inside a tag")),
            }
            at = self.read_attribute(at)?;
        };
        if name.1 - name.0 > NAME_LENGTH {
            return Err(self.wrong(name.0..name.0 + 1, "this name is longer than any real one".into()));
        }
        if self.stack.ends.len() >= self.limit {
            return Err(self.wrong(open..at, format!("elements are nested more than {DEPTH} deep")));
        }
        if self.attributes.len() > 1 {
            self.check_unique()?;
        }
        self.stack.push(&bytes[name.0..name.1]);
        self.name = name;
        self.start = open;
        self.end = at;
        self.at = at;
        self.closing = empty;
        Ok(Kind::Start)
    }

    /// Reads `name="value"` and gives the place behind it.
    #[inline]
    fn read_attribute(&mut self, from: usize) -> Result<usize, Stop> {
        let bytes = self.text.as_bytes();
        let name_end = self.scan(from, NAME);
        let mut at = name_end;
        if bytes.get(at) != Some(&b'=') {
            at = self.scan(at, BLANK);
            match bytes.get(at) {
                Some(b'=') => {}
                Some(_) => {
                    return Err(self.wrong(from..name_end, "this attribute has no value".into()));
                }
                None => return Err(self.short("the file ends inside a tag")),
            }
        }
        at += 1;
        if !matches!(bytes.get(at), Some(b'"' | b'\'')) {
            at = self.scan(at, BLANK);
        }
        let quote = match bytes.get(at) {
            Some(&quote @ (b'"' | b'\'')) => quote,
            Some(_) => return Err(self.wrong(from..at, "an attribute's value must stand in quotes".into())),
            None => return Err(self.short("the file ends inside a tag")),
        };
        let value = at + 1;
        let mut end = value;
        // Most values are a few characters long.
        let near = bytes.len().min(value + 24);
        while end < near && bytes[end] != quote && bytes[end] != b'<' {
            end += 1;
        }
        if end == near {
            match memchr2(quote, b'<', &bytes[end..]) {
                Some(i) => end += i,
                None if self.last || bytes.len() - value <= ATTRIBUTE_LENGTH => {
                    return Err(self.short("the file ends inside an attribute's value"));
                }
                None => end = bytes.len(),
            }
        }
        if end - value > ATTRIBUTE_LENGTH {
            let text = format!("an attribute's value is longer than {} MiB", ATTRIBUTE_LENGTH >> 20);
            return Err(self.wrong(from..name_end, text));
        }
        if bytes[end] == b'<' {
            let text = "`<` must not stand in an attribute's value: is the closing quote missing?";
            return Err(self.wrong(end..end + 1, text.into()));
        }
        if self.attributes.len() >= ATTRIBUTE_COUNT {
            return Err(
                self.wrong(from..name_end, format!("a tag has more than {ATTRIBUTE_COUNT} attributes"))
            );
        }
        self.attributes.push(Attribute { name: (from, name_end), value: (value, end) });
        Ok(end + 1)
    }

    /// No attribute twice.
    #[inline]
    fn check_unique(&mut self) -> Result<(), Stop> {
        let bytes = self.text.as_bytes();
        let name = |a: &Attribute| &bytes[a.name.0..a.name.1];
        let twice = if self.attributes.len() <= 8 {
            let all = &self.attributes;
            (1..all.len()).find(|&i| all[..i].iter().any(|a| name(a) == name(&all[i])))
        } else {
            let mut seen = std::collections::HashSet::new();
            self.attributes.iter().position(|a| !seen.insert(name(a)))
        };
        match twice {
            None => Ok(()),
            Some(i) => {
                let (start, end) = self.attributes[i].name;
                Err(self.wrong(start..end, "an attribute of this name is there twice".into()))
            }
        }
    }

    #[cold]
    fn odd_attribute(&mut self, open: usize, at: usize) -> Stop {
        let text = match self.text.as_bytes().get(at) {
            Some(b'<') => "this tag is not closed: `>` is missing",
            Some(&b) if is(b, NAME_START) => "attributes must be parted by a blank",
            _ => "this cannot stand in a tag",
        };
        let text = text.to_owned();
        let place =
            if self.text.as_bytes().get(at) == Some(&b'<') { open..at } else { at..self.ceil(at + 1) };
        self.wrong(place, text)
    }

    /// Comments, CDATA, processing instructions, declarations. None if it was skipped.
    #[cold]
    fn other(&mut self) -> Result<Option<Kind>, Stop> {
        let at = self.at;
        let rest = self.text.get(at..).unwrap_or_default();
        if rest.starts_with("<!--") {
            return self.skip_to(4, "-->", "the file ends inside a comment");
        }
        if rest.starts_with("<![CDATA[") {
            if self.stack.ends.is_empty() {
                return Err(self.wrong(at..at + 9, "character data stands outside of any element".into()));
            }
            let Some(length) = memmem::find(&rest.as_bytes()[9..], b"]]>") else {
                return Err(self.short("the file ends inside a CDATA section"));
            };
            self.start = at + 9;
            self.end = at + 9 + length;
            self.at = self.end + 3;
            return Ok(Some(Kind::CData));
        }
        if rest.starts_with("<?") {
            return self.skip_to(2, "?>", "the file ends inside a processing instruction");
        }
        if rest.starts_with("<!DOCTYPE") && self.stack.ends.is_empty() {
            return self.skip_doctype();
        }
        // The window may end in the middle of the opening characters.
        let known = ["<!--", "<![CDATA[", "<!DOCTYPE"];
        if rest.len() < 9 && (rest == "<" || known.iter().any(|k| k.starts_with(rest))) {
            return Err(self.short("the file ends inside a tag"));
        }
        let end = self.ceil(at + 2);
        Err(self.wrong(at..end, "`<` does not begin a tag here; in text it is written `&lt;`".into()))
    }

    fn skip_to(&mut self, from: usize, end: &str, unfinished: &str) -> Result<Option<Kind>, Stop> {
        let rest = self.text.as_bytes().get(self.at + from..).unwrap_or_default();
        match memmem::find(rest, end.as_bytes()) {
            Some(i) => {
                self.at += from + i + end.len();
                Ok(None)
            }
            None => Err(self.short(unfinished)),
        }
    }

    /// `<!DOCTYPE name [ ... ]>`: quotes, comments and the inner part are minded, nothing is read.
    fn skip_doctype(&mut self) -> Result<Option<Kind>, Stop> {
        let bytes = self.text.as_bytes();
        let mut at = self.at + 9;
        let mut inner = 0usize;
        while let Some(&b) = bytes.get(at) {
            match b {
                b'"' | b'\'' => match memchr(b, &bytes[at + 1..]) {
                    Some(i) => at += i + 1,
                    None => break,
                },
                b'<' if bytes[at..].starts_with(b"<!--") => match memmem::find(&bytes[at + 4..], b"-->") {
                    Some(i) => at += i + 6,
                    None => break,
                },
                b'[' => inner += 1,
                b']' => inner = inner.saturating_sub(1),
                b'>' if inner == 0 => {
                    self.doctype = Some(self.at..at + 1);
                    self.at = at + 1;
                    return Ok(None);
                }
                _ => {}
            }
            at += 1;
        }
        Err(self.short("the file ends inside a document type declaration"))
    }

    /// The character data of the element that was just started, up to and with its end tag. Elements inside are
    /// passed over.
    ///
    /// # Errors
    /// Like [`next`](Self::next).
    pub(super) fn content(&mut self) -> Result<Content, Stop> {
        let depth = self.depth();
        let mut content = Content::of(self.at..self.at);
        let mut seen = false;
        loop {
            let kind = self.next()?;
            match kind {
                Kind::Text | Kind::CData if self.depth() == depth => {
                    let chunk = Chunk { start: self.start, end: self.end, cdata: kind == Kind::CData };
                    content.add(chunk, &mut seen);
                }
                Kind::End if self.depth() < depth => return Ok(content),
                Kind::Eof => return Ok(content),
                _ => {}
            }
        }
    }

    /// Passes over the rest of the element that was just started, with its end tag.
    ///
    /// # Errors
    /// Like [`next`](Self::next).
    pub(super) fn skip(&mut self) -> Result<(), Stop> {
        let depth = self.depth();
        loop {
            match self.next()? {
                Kind::End if self.depth() < depth => return Ok(()),
                Kind::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    /// The end of the window has been reached in the middle of something.
    #[cold]
    fn short(&mut self, text: &str) -> Stop {
        if !self.last {
            return Stop::Incomplete;
        }
        let end = self.text.len();
        self.ended(self.at.min(end)..end, text)
    }

    #[cold]
    fn ended(&mut self, at: Range<usize>, text: &str) -> Stop {
        self.fault = Some(Syntax { text: text.to_owned(), at, ends: true });
        Stop::Syntax
    }

    #[cold]
    fn wrong(&mut self, at: Range<usize>, text: String) -> Stop {
        self.fault = Some(Syntax { text, at, ends: false });
        Stop::Syntax
    }

    /// The character boundary at or behind `at`.
    fn ceil(&self, at: usize) -> usize {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at += 1;
        }
        at
    }
}

/// A name without its namespace prefix.
#[inline]
pub(super) fn local(name: &str) -> &str {
    match memchr(b':', name.as_bytes()) {
        Some(i) => &name[i + 1..],
        None => name,
    }
}

/// A name that is short enough for a message.
pub(super) fn shorten(name: &str) -> String {
    match name.char_indices().nth(40) {
        Some((i, _)) => format!("{}...", &name[..i]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A token with all that it says, to compare with.
    #[derive(Debug, Clone, PartialEq, Eq)]
    enum Said {
        Start(String, Vec<(String, String)>),
        End(String),
        Text(String),
        CData(String),
    }

    fn all(text: &str) -> Result<Vec<Said>, Syntax> {
        let mut tokens = Tokens::new(text);
        let mut said = Vec::new();
        let mut open = Vec::new();
        loop {
            let kind = match tokens.next() {
                Ok(kind) => kind,
                Err(Stop::Syntax) => return Err(tokens.fault()),
                Err(Stop::Incomplete) => panic!("incomplete at the end of the source"),
            };
            said.push(match kind {
                Kind::Start => {
                    open.push(tokens.name().to_owned());
                    let attributes =
                        tokens.attributes().map(|(n, v)| (n.to_owned(), text[v].to_owned())).collect();
                    Said::Start(tokens.name().to_owned(), attributes)
                }
                Kind::End => Said::End(open.pop().unwrap()),
                Kind::Text => Said::Text(text[tokens.range()].to_owned()),
                Kind::CData => Said::CData(text[tokens.range()].to_owned()),
                Kind::Eof => return Ok(said),
            });
        }
    }

    /// The same from quick-xml, whose references are put back into the text around them.
    fn oracle(text: &str) -> Result<Vec<Said>, String> {
        use quick_xml::events::Event;
        let mut reader = quick_xml::Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        reader.config_mut().check_comments = false;
        let utf8 = |bytes: &[u8]| std::str::from_utf8(bytes).unwrap().to_owned();
        let mut said = Vec::new();
        let mut open: usize = 0;
        let add = |said: &mut Vec<Said>, joined: &mut bool, text: String| {
            match said.last_mut() {
                Some(Said::Text(last)) if *joined => last.push_str(&text),
                _ => said.push(Said::Text(text)),
            }
            *joined = true;
        };
        let mut joined = false;
        loop {
            match reader.read_event().map_err(|e| e.to_string())? {
                Event::Start(tag) => {
                    open += 1;
                    joined = false;
                    let mut attributes = Vec::new();
                    for attribute in tag.attributes() {
                        let attribute = attribute.map_err(|e| e.to_string())?;
                        if attribute.value.contains('<') {
                            return Err("`<` in a value".into());
                        }
                        attributes
                            .push((utf8(attribute.key.as_ref().as_bytes()), attribute.value.to_string()));
                    }
                    said.push(Said::Start(utf8(tag.name().as_ref().as_bytes()), attributes));
                }
                Event::End(tag) => {
                    open -= 1;
                    joined = false;
                    said.push(Said::End(utf8(tag.name().as_ref().as_bytes())));
                }
                Event::Text(text) if open > 0 => add(&mut said, &mut joined, text.to_string()),
                Event::Text(text) => {
                    if !text.trim().is_empty() {
                        return Err("text outside of the root".into());
                    }
                }
                Event::GeneralRef(name) if open > 0 => {
                    add(&mut said, &mut joined, format!("&{};", &*name));
                }
                Event::GeneralRef(_) => return Err("reference outside of the root".into()),
                Event::CData(text) if open > 0 => {
                    joined = false;
                    said.push(Said::CData(text.to_string()));
                }
                Event::CData(_) => return Err("character data outside of the root".into()),
                Event::Eof if open > 0 => return Err("open elements at the end".into()),
                Event::Eof => return Ok(said),
                _ => joined = false,
            }
        }
    }

    fn start(name: &str, attributes: &[(&str, &str)]) -> Said {
        Said::Start(name.into(), attributes.iter().map(|&(n, v)| (n.into(), v.into())).collect())
    }

    #[test]
    fn places_are_exact() {
        // 0         1         2         3         4
        // 0123456789012345678901234567890123456789012345
        let text = "<a x='1' yy = \"\u{e9}&lt;\">t<b/><![CDATA[c]]></a >";
        let mut tokens = Tokens::new(text);
        assert_eq!(tokens.next(), Ok(Kind::Start));
        assert_eq!((tokens.name(), tokens.range(), tokens.depth()), ("a", 0..23, 1));
        assert_eq!(tokens.attribute("x"), Some(6..7));
        assert_eq!(tokens.attribute("yy"), Some(15..21));
        assert_eq!(tokens.attribute("YY"), None);
        assert_eq!(tokens.attribute_any_case("YY"), Some(15..21));
        assert_eq!(tokens.next(), Ok(Kind::Text));
        assert_eq!(tokens.range(), 23..24);
        assert_eq!(tokens.next(), Ok(Kind::Start));
        assert_eq!((tokens.name(), tokens.range(), tokens.depth()), ("b", 24..28, 2));
        assert_eq!(tokens.attributes().count(), 0);
        assert_eq!(tokens.next(), Ok(Kind::End));
        assert_eq!((tokens.range(), tokens.depth()), (28..28, 1));
        assert_eq!(tokens.next(), Ok(Kind::CData));
        assert_eq!(tokens.range(), 37..38);
        assert_eq!(tokens.next(), Ok(Kind::End));
        assert_eq!((tokens.name(), tokens.range(), tokens.depth()), ("a", 41..46, 0));
        assert_eq!(tokens.next(), Ok(Kind::Eof));
        assert_eq!(tokens.next(), Ok(Kind::Eof));
    }

    #[test]
    fn what_is_skipped() {
        let text = "\u{feff}<!-- a <b> -- c --> <?xml version='1.0'?>\n<!DOCTYPE r [ <!ENTITY e \"]>\"> <!-- ' --> ]>\n\
                    <r>a<!-- x -->b<?pi > ?></r><!-- end -->\r\n\0";
        assert_eq!(
            all(text).unwrap(),
            [start("r", &[]), Said::Text("a".into()), Said::Text("b".into()), Said::End("r".into())]
        );
        let mut tokens = Tokens::new(text);
        while tokens.next().unwrap() != Kind::Eof {}
        assert!(
            text[tokens.doctype().unwrap()].starts_with("<!DOCTYPE r [")
                && text[tokens.doctype().unwrap()].ends_with("]>")
        );
    }

    #[test]
    fn contents_of_an_element() {
        let text = "<a> x<!-- -->y<b>no</b><![CDATA[z]]></a>";
        let mut tokens = Tokens::new(text);
        tokens.next().unwrap();
        let content = tokens.content().unwrap();
        let parts: Vec<_> = content.chunks().map(|c| (&text[c.start..c.end], c.cdata)).collect();
        assert_eq!(parts, [(" x", false), ("y", false), ("z", true)]);
        assert_eq!(content.range(), 3..33);
        assert_eq!(tokens.depth(), 0);
        let mut tokens = Tokens::new("<a><b/></a>");
        tokens.next().unwrap();
        tokens.next().unwrap();
        assert_eq!(tokens.content().unwrap().range(), 7..7);
        assert_eq!(tokens.depth(), 1);
        tokens.skip().unwrap();
        assert_eq!((tokens.depth(), tokens.position()), (0, 11));
    }

    #[test]
    fn looking_ahead_changes_nothing() {
        let text = "<r><a/><b><c></c></b></r>";
        let mut tokens = Tokens::new(text);
        for end in [25, 7, 7] {
            assert!(matches!(tokens.next(), Ok(Kind::Start | Kind::End)));
            let mut ahead = tokens.ahead();
            if tokens.depth() > 1 || end == 25 {
                ahead.skip().unwrap();
                assert_eq!(ahead.position(), end);
            }
        }
        assert_eq!(tokens.next(), Ok(Kind::Start));
        assert_eq!(tokens.name(), "b");
        let mut ahead = tokens.ahead();
        ahead.skip().unwrap();
        assert_eq!(ahead.position(), 21);
        assert_eq!(tokens.next(), Ok(Kind::Start));
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        for (text, place, message) in [
            ("<a><b></a></b>", 6..10, "an end tag does not close the element that was opened last"),
            ("<a></a></b>", 7..11, "an end tag closes nothing"),
            ("<a><b>", 6..6, "the file ends before all elements are closed"),
            ("<a x=\"1\" y='2' x='3'/>", 15..16, "an attribute of this name is there twice"),
            ("<a x/>", 3..4, "this attribute has no value"),
            ("<a x=1/>", 3..5, "an attribute's value must stand in quotes"),
            ("<a x='1'y='2'/>", 8..9, "attributes must be parted by a blank"),
            (
                "<a x='1<2'/>",
                7..8,
                "`<` must not stand in an attribute's value: is the closing quote missing?",
            ),
            ("<a <b/>", 0..3, "this tag is not closed: `>` is missing"),
            ("<a / b>", 3..4, "a `/` in a tag must be followed by `>`"),
            ("<a>1 < 2</a>", 5..7, "`<` does not begin a tag here; in text it is written `&lt;`"),
            ("<a>1 <\u{e9}</a>", 5..8, "this tag is not closed: `>` is missing"),
            ("text", 0..1, "text stands outside of any element"),
            ("<a/> b", 5..6, "text stands outside of any element"),
            ("<![CDATA[x]]>", 0..9, "character data stands outside of any element"),
            ("<a><!-- x", 3..9, "the file ends inside a comment"),
            ("<a><![CDATA[x]]", 3..15, "the file ends inside a CDATA section"),
            ("<a x='", 0..6, "the file ends inside an attribute's value"),
            ("<a", 0..2, "the file ends inside a tag"),
            ("<a></a", 3..6, "the file ends inside an end tag"),
            ("<a></a x>", 3..7, "this end tag is not written as `</name>`"),
            ("<a><!DOCTYPE b></a>", 3..5, "`<` does not begin a tag here; in text it is written `&lt;`"),
        ] {
            let fault = match all(text) {
                Err(fault) => fault,
                Ok(said) => panic!("{text} gives {said:?}"),
            };
            assert_eq!((fault.at, &*fault.text), (place, message), "{text}");
        }
    }

    #[test]
    fn limits() {
        let deep = format!("{}{}", "<a>".repeat(DEPTH), "</a>".repeat(DEPTH));
        assert!(all(&deep).is_ok());
        let deeper = format!("{}{}", "<a>".repeat(DEPTH + 1), "</a>".repeat(DEPTH + 1));
        assert_eq!(all(&deeper).unwrap_err().text, "elements are nested more than 256 deep");
        let long = format!("<a x='{}'/>", "y".repeat(ATTRIBUTE_LENGTH + 1));
        assert_eq!(all(&long).unwrap_err().text, "an attribute's value is longer than 4 MiB");
        let many: String = (0..=ATTRIBUTE_COUNT).map(|i| format!(" a{i}=''")).collect();
        assert_eq!(all(&format!("<a{many}/>")).unwrap_err().text, "a tag has more than 1024 attributes");
        let twice: String = (0..20).map(|i| format!(" a{}=''", i % 19)).collect();
        assert_eq!(
            all(&format!("<a{twice}/>")).unwrap_err().text,
            "an attribute of this name is there twice"
        );
        let named = format!("<{}/>", "a".repeat(NAME_LENGTH + 1));
        assert_eq!(all(&named).unwrap_err().text, "this name is longer than any real one");
    }

    #[test]
    fn quick_xml_says_the_same() {
        for text in [
            "<a/>",
            "<a b='1' c=\"2\"/>",
            "<a>x &lt; y &#65; &amp;</a>",
            "<a\n b = '1'\n></a\n>",
            "<?xml version=\"1.0\"?><!-- c --><a><![CDATA[<x>&amp;]]>y</a>",
            "<x:a xmlns:x='u'><x:b x:c='1'/></x:a>",
            "<\u{e9}l\u{e9}ment \u{e0}='\u{1f600}'>\u{1f600}</\u{e9}l\u{e9}ment>",
            "<a>]]></a>",
            "<a><b></b><b/> </a>",
            "<a b='1' b='2'/>",
            "<a><b></a>",
            "<a>",
            "</a>",
            "<a b=1/>",
            "<a>\r\n\t</a>\r\n",
            "<a-b.c_d:e/>",
        ] {
            compare(text);
        }
    }

    /// Both take the text and say the same of it, or both refuse it.
    fn compare(text: &str) {
        match (all(text), oracle(text)) {
            (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{text}"),
            (Err(_), Err(_)) => {}
            (ours, theirs) => panic!("{text}\nours: {ours:?}\ntheirs: {theirs:?}"),
        }
    }

    /// Every way to cut a text into windows gives the same tokens.
    fn in_windows(text: &str, cuts: &[usize]) -> Result<Vec<Said>, Syntax> {
        let mut said = Vec::new();
        let mut stack = Stack::default();
        let mut open: Vec<String> = Vec::new();
        let mut closing = false;
        let (mut from, mut next) = (0, 0);
        let mut ends: Vec<usize> = cuts.to_vec();
        ends.push(text.len());
        loop {
            let to = ends[next].max(from);
            let window = &text[from..to];
            let last = next == ends.len() - 1;
            let mut tokens = Tokens::resume(window, 0, last, std::mem::take(&mut stack));
            tokens.closing = closing;
            loop {
                let mark = tokens.mark();
                match tokens.next() {
                    Ok(Kind::Start) => {
                        open.push(tokens.name().to_owned());
                        let attributes =
                            tokens.attributes().map(|(n, v)| (n.to_owned(), window[v].to_owned())).collect();
                        said.push(Said::Start(tokens.name().to_owned(), attributes));
                    }
                    Ok(Kind::End) => said.push(Said::End(open.pop().unwrap())),
                    Ok(Kind::Text) => said.push(Said::Text(window[tokens.range()].to_owned())),
                    Ok(Kind::CData) => said.push(Said::CData(window[tokens.range()].to_owned())),
                    Ok(Kind::Eof) => return Ok(said),
                    Err(Stop::Incomplete) => {
                        assert!(!last);
                        tokens.rewind(mark);
                        from += mark.at();
                        closing = mark.closing;
                        stack = tokens.into_stack();
                        next += 1;
                        break;
                    }
                    Err(Stop::Syntax) => return Err(tokens.fault()),
                }
            }
        }
    }

    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-zA-Z_][a-zA-Z0-9_.-]{0,6}",
            "[a-z]:[a-z]{1,3}",
            Just("Obj".to_owned()),
            Just("\u{e9}\u{df}".to_owned())
        ]
    }

    fn chars() -> impl Strategy<Value = String> {
        prop_oneof![
            "[ a-zA-Z0-9\\\\\n\r\t/=>'\"\u{e9}\u{1f600}]{0,40}",
            Just("&lt;&#x41;&amp;".to_owned()),
            Just(" ".to_owned())
        ]
    }

    fn value() -> impl Strategy<Value = String> {
        "[ a-zA-Z0-9\\\\>/\u{e9}]{0,40}"
    }

    /// Documents as a producer would write them.
    fn document() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            chars(),
            chars().prop_map(|t| format!("<![CDATA[{}]]>", t.replace("]]>", ""))),
            "[a-z ]{0,10}".prop_map(|t| format!("<!--{t}-->")),
            "[a-z ]{0,10}".prop_map(|t| format!("<?p {t}?>")),
            (name(), value()).prop_map(|(n, v)| format!("<{n} a='{v}'/>")),
        ];
        let element = leaf.prop_recursive(5, 40, 5, |inner| {
            (
                name(),
                prop::collection::btree_map("[a-z]{1,4}", value(), 0..4),
                prop::collection::vec(inner, 0..5),
                any::<bool>(),
            )
                .prop_map(|(name, attributes, children, single)| {
                    let quote = if single { '\'' } else { '"' };
                    let attributes: String =
                        attributes.iter().map(|(n, v)| format!(" {n}={quote}{v}{quote}")).collect();
                    format!("<{name}{attributes}>{}</{name}>", children.concat())
                })
        });
        (prop::collection::vec(element, 0..4), any::<bool>()).prop_map(|(children, declared)| {
            let declaration = if declared { "<?xml version=\"1.0\"?>\r\n" } else { "" };
            format!("{declaration}<root>{}</root>\n", children.concat())
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn generated_documents_give_what_quick_xml_gives(text in document()) {
            let ours = all(&text);
            prop_assert!(ours.is_ok(), "{ours:?}\n{text}");
            prop_assert_eq!(ours.unwrap(), oracle(&text).unwrap());
        }

        #[test]
        fn windows_make_no_difference(text in document(), cuts in prop::collection::vec(0.0..1.0f64, 0..6)) {
            let mut cuts: Vec<usize> = cuts
                .iter()
                .map(|c| {
                    let mut at = (c * text.len() as f64) as usize;
                    while !text.is_char_boundary(at) {
                        at += 1;
                    }
                    at
                })
                .collect();
            cuts.sort_unstable();
            prop_assert_eq!(in_windows(&text, &cuts), all(&text));
        }

        #[test]
        fn broken_documents_do_no_harm(text in document(), at in 0.0..1.0f64, with in "[<>&/'\"=!\\[\\]a \u{e9}-]{0,3}") {
            let mut text = text;
            let mut at = (at * text.len() as f64) as usize;
            while !text.is_char_boundary(at) {
                at += 1;
            }
            let cut = text[..at].to_owned();
            text.insert_str(at, &with);
            for text in [text, cut] {
                if let Err(fault) = all(&text) {
                    prop_assert!(text.get(fault.at.clone()).is_some(), "{fault:?} in {text}");
                    prop_assert!(!fault.text.is_empty());
                }
            }
        }
    }
}
