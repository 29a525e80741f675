//! Templates: read once, rendered for each page.

use memchr::memmem;
use tera::value::Key;
use tera::{Context, Tera};

use super::view::{Show, View};
use super::{Error, Page};
use crate::assets::Assets;
use crate::html;

/// The templates.
pub(super) struct Renderer {
    tera: Tera,
}

impl Renderer {
    /// Reads the templates.
    pub(super) fn new(templates: &Assets) -> Result<Self, Error> {
        let files = templates.files().map_err(Error::file(templates.root()))?;
        let mut tera = Tera::new();
        html::filters(&mut tera);
        let named = files.iter().map(|f| (f.name.as_str(), tidy(&f.text)));
        tera.add_raw_templates(named).map_err(|e| said(&e, &templates.root()))?;
        Ok(Self { tera })
    }

    /// With values that all templates know.
    pub(super) fn sharing(mut self, values: View) -> Self {
        self.tera.global_context().extend(context(values));
        self
    }

    /// Makes a page from a template and what it shows; `root` is the way to the root of the site.
    pub(super) fn render(
        &self,
        template: &str,
        values: View,
        root: &str,
        page: &mut Page,
    ) -> Result<(), Error> {
        let mut context = context(values);
        context.insert_value("root", root.show());
        context.insert_value("path", page.path.show());
        self.tera.render_to(template, &context, &mut page.bytes).map_err(|e| said(&e, template))
    }
}

/// The values of a map by their names.
fn context(values: View) -> Context {
    let mut context = Context::new();
    for (key, value) in values.into_map().unwrap_or_default() {
        if let Key::Str(name) = key {
            context.insert_value(name, value);
        }
    }
    context
}

/// What the template engine complains of, with all causes.
fn said(error: &tera::Error, template: &str) -> Error {
    let mut text = format!("{template}: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(&format!("\n  {inner}"));
        cause = inner.source();
    }
    Error::Template(text)
}

/// A template without its indentation and empty lines, but for what is inside `pre`: pages need neither.
fn tidy(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut opens = memmem::find_iter(html.as_bytes(), "<pre").peekable();
    let mut closes = memmem::find_iter(html.as_bytes(), "</pre>").peekable();
    let mut kept = false;
    let mut end = 0;
    for line in html.split_inclusive('\n') {
        end += line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        let line = if kept { line } else { line.trim() };
        if kept || !line.is_empty() {
            out.push_str(line);
            out.push('\n');
        }
        let (mut open, mut close) = (None, None);
        while let Some(at) = opens.next_if(|at| *at < end) {
            open = Some(at);
        }
        while let Some(at) = closes.next_if(|at| *at < end) {
            close = Some(at);
        }
        if open.is_some() || close.is_some() {
            kept = open > close;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indentation_goes_but_for_pre() {
        let html = "<ul>\n    <li>a\n\n  </ul>\n  <pre>  x\n    y\n\n</pre>\n   <p>";
        assert_eq!(tidy(html), "<ul>\n<li>a\n</ul>\n<pre>  x\n    y\n\n</pre>\n<p>\n");
    }
}
