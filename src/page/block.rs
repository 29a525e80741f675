//! Markdown events to blocks: paragraphs, headings, items and cells with their text, in the order of the page.
//!
//! A block knows the box it stands in and how deep in lists it is; it does not know what it means.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::rewrite::Rewritten;
use super::{Alert, Form, Style};

/// How long a tag in a block of HTML can be. What is longer is text.
const LONGEST_TAG: usize = 512;

/// A piece of the page.
#[derive(Debug)]
pub(super) struct Block {
    /// What it is.
    pub(super) kind: Kind,
    /// Its text.
    pub(super) text: Inline,
    /// The box it stands in.
    pub(super) alert: Option<Alert>,
    /// How many lists it stands in.
    pub(super) depth: usize,
    /// Its bytes in the file.
    pub(super) span: Range<usize>,
}

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A heading of a level.
    Heading(u8),
    /// Text, an item, a step.
    Text(Form),
    /// A cell. Tables are numbered through the page; rows count from 0, the header.
    Cell {
        /// Number of the table.
        table: usize,
        /// Number of the row.
        row: usize,
        /// Number of the column.
        column: usize,
    },
}

/// The text of a block as it is shown, with what stands in it.
#[derive(Debug, Default)]
pub(super) struct Inline {
    /// The text, with single blanks.
    pub(super) text: String,
    /// Which bytes of the file the words come from, in order.
    pub(super) pieces: Vec<Piece>,
    /// Bold, italic and code-like stretches.
    pub(super) marks: Vec<(Style, Range<usize>)>,
    /// Links: target and stretch.
    pub(super) links: Vec<(String, Range<usize>)>,
    /// Where one paragraph of a cell ends and the next begins.
    pub(super) breaks: Vec<usize>,
    /// The names of anchors in it.
    pub(super) anchors: Vec<String>,
}

/// A run of characters without blanks.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// Where it starts in the text.
    pub(super) at: usize,
    /// Its bytes in the file.
    pub(super) origin: Range<usize>,
    /// Whether each of its bytes is one byte of the file.
    pub(super) exact: bool,
}

impl Inline {
    /// The bytes of the file that a stretch of the text comes from.
    pub(super) fn origin(&self, place: Range<usize>) -> Range<usize> {
        let find = |at: usize| {
            let i = self.pieces.partition_point(|p| p.at <= at).checked_sub(1)?;
            self.pieces.get(i)
        };
        let start = find(place.start).or(self.pieces.first()).map_or(0, |p| {
            if p.exact { p.origin.start + (place.start - p.at.min(place.start)) } else { p.origin.start }
        });
        let end = find(place.end.saturating_sub(1).max(place.start)).map_or(start, |p| {
            if p.exact { (p.origin.start + (place.end - p.at)).min(p.origin.end) } else { p.origin.end }
        });
        start..end.max(start)
    }

    fn space(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }

    /// Adds text; blanks of any kind and number become one.
    fn push(&mut self, text: &str, origin: impl Fn(Range<usize>) -> Range<usize>, exact: bool) {
        let mut at = 0;
        for word in text.split_inclusive(char::is_whitespace) {
            let bare = word.trim_end_matches(char::is_whitespace);
            if !bare.is_empty() {
                self.pieces.push(Piece { at: self.text.len(), origin: origin(at..at + bare.len()), exact });
                self.text.push_str(bare);
            }
            if bare.len() < word.len() {
                self.space();
            }
            at += word.len();
        }
    }

    fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// A list that is open.
struct List {
    ordered: bool,
}

/// A box or quotation that is open.
struct Quote {
    alert: Option<Alert>,
    /// Whether its first text is still to come, which may say what box it is.
    fresh: bool,
}

struct Reader<'r, 't> {
    source: &'r Rewritten<'t>,
    blocks: Vec<Block>,
    text: Inline,
    span: Option<Range<usize>>,
    lists: Vec<List>,
    quotes: Vec<Quote>,
    heading: Option<u8>,
    cell: Option<(usize, usize, usize)>,
    tables: usize,
    /// Bold, italic and links that are open, with where they began in the text.
    open: Vec<(Option<Style>, Option<String>, usize)>,
    image: usize,
    code_block: bool,
    html: Option<(String, Range<usize>)>,
    anchors: Vec<String>,
    /// A paragraph before this one was nothing but the name of a box, as on the publisher's website.
    named: Option<Alert>,
}

/// The blocks of a page.
pub(super) fn read(source: &Rewritten<'_>) -> Vec<Block> {
    let mut reader = Reader {
        source,
        blocks: Vec::new(),
        text: Inline::default(),
        span: None,
        lists: Vec::new(),
        quotes: Vec::new(),
        heading: None,
        cell: None,
        tables: 0,
        open: Vec::new(),
        image: 0,
        code_block: false,
        html: None,
        anchors: Vec::new(),
        named: None,
    };
    for (event, span) in Parser::new_ext(&source.text, Options::ENABLE_TABLES).into_offset_iter() {
        reader.event(event, span);
    }
    reader.flush();
    reader.blocks
}

impl Reader<'_, '_> {
    fn event(&mut self, event: Event<'_>, span: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, &span),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.html.is_none() => self.words(&text, span),
            Event::Code(text) => {
                let from = self.text.text.len();
                self.words_at(&text, span);
                self.mark(Style::Code, from);
            }
            Event::SoftBreak | Event::HardBreak => self.text.space(),
            Event::InlineHtml(html) => self.tag(&html, span),
            Event::Html(html) | Event::Text(html) => {
                if let Some((text, all)) = &mut self.html {
                    text.push_str(&html);
                    all.end = span.end;
                } else {
                    self.tag(&html, span);
                }
            }
            // Rules, and what the options leave out.
            _ => {}
        }
    }

    /// Text whose place in the source is a little wider than the text, such as code with its ticks.
    fn words_at(&mut self, text: &str, span: Range<usize>) {
        let source = self.source.text.get(span.clone()).unwrap_or_default();
        match source.find(text) {
            Some(at) => self.words(text, span.start + at..span.start + at + text.len()),
            None => self.words(text, span),
        }
    }

    fn words(&mut self, text: &str, span: Range<usize>) {
        if self.image > 0 {
            return;
        }
        let exact = text.len() == span.len();
        let source = self.source;
        self.text.push(
            text,
            |part| {
                let part = if exact { span.start + part.start..span.start + part.end } else { span.clone() };
                source.origin(part)
            },
            // A word that was written in place of a token comes from all of the token.
            exact && source.origin(span.clone()).len() == span.len(),
        );
        self.spread(&span);
    }

    fn spread(&mut self, span: &Range<usize>) {
        match &mut self.span {
            Some(all) => all.end = all.end.max(span.end),
            None => self.span = Some(span.clone()),
        }
    }

    fn mark(&mut self, style: Style, from: usize) {
        let text = self.text.text.get(from..).unwrap_or_default();
        let start = from + (text.len() - text.trim_start().len());
        let end = from + text.trim_end().len();
        if start < end {
            self.text.marks.push((style, start..end));
        }
    }

    /// A tag in running text. What is no tag of HTML is text: `<sitecode>`.
    fn tag(&mut self, html: &str, span: Range<usize>) {
        if html.starts_with("<!--") || html.starts_with("<?") || html.starts_with("<!") {
            return;
        }
        let name = tag_name(html);
        if name.eq_ignore_ascii_case("br") {
            self.text.space();
            let at = self.text.text.len();
            if self.cell.is_some() && self.text.breaks.last() != Some(&at) {
                self.text.breaks.push(at);
            }
        } else if is_html(name) {
            if let Some(anchor) = attribute(html, "name").or_else(|| attribute(html, "id")) {
                self.text.anchors.push(anchor.to_owned());
            }
        } else {
            self.words(html, span);
        }
    }

    fn start(&mut self, tag: Tag<'_>, span: &Range<usize>) {
        match tag {
            Tag::Paragraph => self.flush(),
            Tag::Heading { level, .. } => {
                self.flush();
                self.heading = Some(level as u8);
                self.span = Some(span.clone());
            }
            Tag::BlockQuote(_) => {
                self.flush();
                self.quotes.push(Quote { alert: None, fresh: true });
            }
            Tag::CodeBlock(_) => {
                self.flush();
                self.code_block = true;
            }
            Tag::HtmlBlock => {
                self.flush();
                self.html = Some((String::new(), span.clone()));
            }
            Tag::List(first) => {
                self.flush();
                self.lists.push(List { ordered: first.is_some() });
            }
            Tag::Item => self.flush(),
            Tag::Table(_) => {
                self.flush();
                self.cell = Some((self.tables, 0, 0));
                self.tables += 1;
            }
            Tag::TableHead => self.flush(),
            Tag::TableRow => {
                self.flush();
                if let Some((_, row, column)) = &mut self.cell {
                    *row += 1;
                    *column = 0;
                }
            }
            Tag::TableCell => {
                self.flush();
                self.span = Some(span.clone());
            }
            Tag::Strong => self.open.push((Some(Style::Strong), None, self.text.text.len())),
            Tag::Emphasis => self.open.push((Some(Style::Emphasis), None, self.text.text.len())),
            Tag::Link { dest_url, .. } => {
                self.open.push((None, Some(dest_url.into_string()), self.text.text.len()));
            }
            Tag::Image { .. } => self.image += 1,
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                self.flush();
                self.heading = None;
            }
            TagEnd::Paragraph | TagEnd::Item | TagEnd::TableHead | TagEnd::TableRow => self.flush(),
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.quotes.pop();
            }
            TagEnd::CodeBlock => {
                self.mark(Style::Code, 0);
                self.flush();
                self.code_block = false;
            }
            TagEnd::HtmlBlock => self.html_block(),
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::TableCell => {
                self.flush();
                if let Some((_, _, column)) = &mut self.cell {
                    *column += 1;
                }
            }
            TagEnd::Table => {
                self.flush();
                self.cell = None;
            }
            TagEnd::Strong | TagEnd::Emphasis | TagEnd::Link => {
                if let Some((style, target, from)) = self.open.pop() {
                    // The block may have ended in between, if the Markdown is odd.
                    let from = from.min(self.text.text.len());
                    let text = self.text.text.get(from..).unwrap_or_default();
                    let start = from + (text.len() - text.trim_start().len());
                    let end = from + text.trim_end().len();
                    if let Some(style) = style {
                        self.mark(style, from);
                    } else if let Some(target) = target
                        && start < end
                    {
                        self.text.links.push((target, start..end));
                    }
                }
            }
            TagEnd::Image => self.image = self.image.saturating_sub(1),
            _ => {}
        }
    }

    /// A block of HTML: comments and tags go, anchors and text stay.
    fn html_block(&mut self) {
        let Some((html, span)) = self.html.take() else { return };
        let mut rest = html.as_str();
        let mut text = String::new();
        while let Some(at) = rest.find('<') {
            let (before, tag) = rest.split_at(at);
            text.push_str(before);
            if let Some(comment) = tag.strip_prefix("<!--") {
                rest = comment.find("-->").and_then(|end| comment.get(end + 3..)).unwrap_or_default();
            } else if let Some(end) = tag.bytes().take(LONGEST_TAG).position(|b| b == b'>')
                && let (tag, after) = tag.split_at(end + 1)
                && is_html(tag_name(tag))
            {
                if let Some(anchor) = attribute(tag, "name").or_else(|| attribute(tag, "id")) {
                    self.anchors.push(anchor.to_owned());
                }
                text.push(' ');
                rest = after;
            } else {
                text.push('<');
                rest = tag.get(1..).unwrap_or_default();
            }
        }
        text.push_str(rest);
        self.words(&text, span);
        self.flush();
    }

    /// Ends the block that is being read.
    fn flush(&mut self) {
        let mut text = std::mem::take(&mut self.text);
        let span = self.span.take();
        for (_, _, from) in &mut self.open {
            *from = 0;
        }
        if text.is_empty() && self.heading.is_none() && self.cell.is_none() {
            // An anchor of its own belongs to the heading that follows.
            self.anchors.append(&mut text.anchors);
            return;
        }
        let Some(span) = span else { return };
        let kept = text.text.trim_end().len();
        text.text.truncate(kept);
        let mut alert = None;
        if self.heading.is_none() && self.cell.is_none() {
            // Zone and row marks of later pages.
            if text.text.starts_with(":::") {
                return;
            }
            if let Some(quote) = self.quotes.last_mut() {
                if quote.fresh {
                    quote.fresh = false;
                    if let Some((alert, len)) = marker(&text) {
                        quote.alert = Some(alert);
                        cut(&mut text, len);
                    }
                }
                alert = quote.alert;
            } else if text.text.starts_with("[!")
                && let Some((found, len)) = marker(&text)
            {
                // The mark of a box whose `>` was forgotten.
                alert = Some(found);
                cut(&mut text, len);
            } else {
                alert = self.named.take();
                if alert.is_none()
                    && let Some(found) = self::alert(&text.text)
                {
                    self.named = Some(found);
                    return;
                }
            }
            if text.is_empty() {
                return;
            }
        }
        if self.heading.is_some() {
            self.named = None;
        }
        if self.heading.is_some() && !self.anchors.is_empty() {
            text.anchors.append(&mut self.anchors);
        }
        let kind = match (self.heading, self.cell) {
            (Some(level), _) => Kind::Heading(level),
            (None, Some((table, row, column))) => Kind::Cell { table, row, column },
            (None, None) => Kind::Text(match self.lists.last() {
                Some(list) if list.ordered => Form::Step,
                Some(_) => Form::Item,
                None => Form::Prose,
            }),
        };
        let span = self.source.origin(span);
        self.blocks.push(Block { kind, text, alert, depth: self.lists.len(), span });
    }
}

/// The kind of box that a text begins with, and how long its mark is: `[!NOTE]`, `**Note:**`, `Note:`.
fn marker(inline: &Inline) -> Option<(Alert, usize)> {
    let text = inline.text.as_str();
    if let Some(rest) = text.strip_prefix("[!") {
        let end = rest.find(']')?;
        let alert = alert(rest.get(..end)?)?;
        return Some((alert, 2 + end + 1));
    }
    let end = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let alert = alert(text.get(..end)?)?;
    let rest = text.get(end..)?;
    if rest.is_empty() {
        return Some((alert, end));
    }
    if rest.starts_with(':') {
        return Some((alert, end + 1));
    }
    // A bold word alone: `**Note** text`.
    let bold = inline.marks.iter().any(|(style, place)| *style == Style::Strong && *place == (0..end));
    bold.then_some((alert, end))
}

fn alert(word: &str) -> Option<Alert> {
    match word.trim().to_ascii_lowercase().as_str() {
        "note" => Some(Alert::Note),
        "tip" => Some(Alert::Tip),
        "important" => Some(Alert::Important),
        "warning" | "caution" => Some(Alert::Warning),
        _ => None,
    }
}

/// Takes the beginning away from a text.
fn cut(inline: &mut Inline, len: usize) {
    let rest = inline.text.get(len..).unwrap_or_default();
    let len = len + (rest.len() - rest.trim_start().len());
    inline.text.drain(..len.min(inline.text.len()));
    let shift = |place: &mut Range<usize>| {
        place.start = place.start.saturating_sub(len);
        place.end = place.end.saturating_sub(len);
        place.start < place.end
    };
    inline.marks.retain_mut(|(_, place)| shift(place));
    inline.links.retain_mut(|(_, place)| shift(place));
    inline.breaks.iter_mut().for_each(|at| *at = at.saturating_sub(len));
    let first = inline.pieces.partition_point(|p| p.at <= len).saturating_sub(1);
    inline.pieces.drain(..first);
    for piece in &mut inline.pieces {
        if piece.at < len {
            if piece.exact {
                piece.origin.start = (piece.origin.start + (len - piece.at)).min(piece.origin.end);
            }
            piece.at = 0;
        } else {
            piece.at -= len;
        }
    }
}

fn tag_name(html: &str) -> &str {
    let rest = html.trim_start_matches('<').trim_start_matches('/');
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

/// Whether a name is that of an HTML element that occurs in documentation.
fn is_html(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "center",
        "code",
        "col",
        "dd",
        "del",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "hr",
        "i",
        "iframe",
        "img",
        "ins",
        "kbd",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "span",
        "strong",
        "sub",
        "summary",
        "sup",
        "u",
        "ul",
        "video",
    ];
    const TABLES: &[&str] = &["table", "tbody", "td", "tfoot", "th", "thead", "tr"];
    NAMES.iter().chain(TABLES).any(|n| n.eq_ignore_ascii_case(name))
}

/// The value of an attribute of a tag.
fn attribute<'h>(html: &'h str, name: &str) -> Option<&'h str> {
    let mut rest = html;
    loop {
        let at = rest.find(name)?;
        let (before, from) = rest.split_at(at);
        let after = from.get(name.len()..)?;
        if before.ends_with([' ', '\n', '\t'])
            && let Some(value) = after.trim_start().strip_prefix('=')
        {
            let value = value.trim_start();
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            let value = match quote {
                Some(quote) => value.get(1..)?.split(quote).next()?,
                None => value.split([' ', '>', '/']).next()?,
            };
            return (!value.is_empty()).then_some(value);
        }
        rest = after;
    }
}
