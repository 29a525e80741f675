//! Text as HTML and XML: escaped, with backticks as code, Markdown rendered; and the filters of templates that do so.

use std::fmt::Write;

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag};
use tera::{Kwargs, State, Tera, Value};

use crate::text::{harmless, harmless_lines};

/// Gives templates what is made of texts here, as `inline`, `code`, `markdown` and `query`.
pub(crate) fn filters(tera: &mut Tera) {
    type Filter = fn(&str) -> String;
    let filters: [(&str, Filter); 4] =
        [("inline", inline), ("code", code), ("markdown", markdown), ("query", query)];
    // Without what leads astray; to be escaped still.
    tera.register_filter("plain", |text: &str, _: Kwargs, _: &State<'_>| harmless(text).into_owned());
    tera.register_filter("lines", |text: &str, _: Kwargs, _: &State<'_>| harmless_lines(text));
    for (name, filter) in filters {
        let safe = move |text: &str, _: Kwargs, _: &State<'_>| Value::safe_string(&filter(text));
        tera.register_filter(name, safe);
    }
}

/// A text as it may stand between tags or in a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    push(&mut out, text);
    out
}

/// Adds a text as it may stand between tags or in a quoted attribute.
fn push(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| matches!(b, b'&' | b'<' | b'>' | b'"' | b'\'')) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// A line in which backticks mark code. Long paths may break behind their separators.
pub(crate) fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('`') {
        let Some((code, after)) = behind.split_once('`') else { break };
        push(&mut out, before);
        out.push_str("<code>");
        push_code(&mut out, code);
        out.push_str("</code>");
        rest = after;
    }
    push(&mut out, rest);
    out
}

/// Names longer than this may break inside of `camelCase` too.
const LONG: usize = 28;

/// Code, with places at which a long word may break.
fn push_code(out: &mut String, code: &str) {
    if code.len() <= 16 {
        return push(out, code);
    }
    let mut start = 0;
    let mut chars = code.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let joint = matches!(c, '\\' | '/' | '_' | '.');
        let hump = c.is_lowercase()
            && code.len() > LONG
            && chars.peek().is_some_and(|(_, next)| next.is_uppercase());
        if joint || hump {
            let end = at + c.len_utf8();
            push(out, &code[start..end]);
            out.push_str("<wbr>");
            start = end;
        }
    }
    push(out, &code[start..]);
}

/// Code by itself, escaped, with places to break.
pub(crate) fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    push_code(&mut out, text);
    out
}

/// Markdown as HTML. HTML in it is shown and not interpreted; headings become bold paragraphs, so that they do not
/// break the outline of the page; pictures become links; only web addresses are linked to.
pub(crate) fn markdown(text: &str) -> String {
    let events = Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
    let mut out = String::with_capacity(text.len() * 5 / 4);
    let events = events.map(|event| match event {
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        Event::Start(Tag::Heading { .. }) => Event::Start(Tag::Paragraph),
        Event::End(pulldown_cmark::TagEnd::Heading(_)) => Event::End(pulldown_cmark::TagEnd::Paragraph),
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(pulldown_cmark::TagEnd::HtmlBlock) => Event::End(pulldown_cmark::TagEnd::Paragraph),
        Event::Start(
            Tag::Link { link_type, dest_url, title, id } | Tag::Image { link_type, dest_url, title, id },
        ) => {
            let safe = dest_url.starts_with("https://") || dest_url.starts_with("http://");
            let dest_url = if safe { dest_url } else { CowStr::Borrowed("#") };
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        Event::End(pulldown_cmark::TagEnd::Image) => Event::End(pulldown_cmark::TagEnd::Link),
        other => other,
    });
    pulldown_cmark::html::push_html(&mut out, events);
    out
}

/// A text as the value of a query in an address.
pub(crate) fn query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_text_is_shown() {
        assert_eq!(inline(r#"<a href="x">&'"#), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
        assert_eq!(inline("a `<b>` & c"), "a <code>&lt;b&gt;</code> &amp; c");
        assert_eq!(inline("one ` alone"), "one ` alone");
    }

    #[test]
    fn html_in_markdown_is_shown() {
        let html = markdown("# Big\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1)) *y* <b>z</b>");
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains("javascript:"), "{html}");
        assert!(!html.contains("<h1"), "{html}");
        assert!(html.contains("&lt;b&gt;z"), "{html}");
        assert!(html.contains("<em>y</em>"), "{html}");
    }

    #[test]
    fn addresses_are_encoded() {
        assert_eq!(query("kind:rule ä"), "kind%3Arule%20%C3%A4");
    }
}
