//! Variables of a task sequence, and the texts of its elements.

use std::borrow::Cow;

use crate::reader::row::{self, Found};
use crate::reader::secret;
use crate::reader::unescape::{self, Style};
use crate::reader::xml::{Content, Stop, Tokens};
use crate::reader::{Data, Sink, Value};
use crate::source::{Span, View};

/// The trimmed text of an element.
pub(super) fn text_value(view: View<'_>, content: &Content) -> Value {
    let text = unescape::plain(view.text, content, Style::Xml);
    Value { span: unescape::trimmed_span(view, content), data: Data::Text(text.trim().into()) }
}

/// The text of an attribute of the current tag, without blanks around it.
pub(super) fn attribute_text<'a>(tokens: &Tokens<'a>, view: View<'a>, name: &str) -> Option<Cow<'a, str>> {
    let range = tokens.attribute_any_case(name)?;
    Some(trim(unescape::range(view.text, range, Style::Xml)))
}

fn trim(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// The value of an attribute of the current tag.
pub(super) fn attribute(tokens: &Tokens<'_>, view: View<'_>, name: &str) -> Option<Value> {
    let range = tokens.attribute_any_case(name)?;
    let text = unescape::range(view.text, range.clone(), Style::Xml);
    Some(Value { span: view.span(range), data: Data::Text(text.trim().into()) })
}

pub(super) fn text_of(value: &Value) -> &str {
    match &value.data {
        Data::Text(text) => text,
        _ => "",
    }
}

pub(super) fn null(span: Span) -> Value {
    Value { span, data: Data::Null }
}

/// A variable as it is written.
pub(super) struct Variable<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) property: Option<Cow<'a, str>>,
    pub(super) view: View<'a>,
    pub(super) content: Content,
}

/// Where a set-variable step has the value: shown in the console, or hidden there (property and variable).
pub(super) const VALUES: [&str; 3] =
    ["VariableValue", "HiddenVariableValue", "SetVariableActionHiddenVariableValue"];

/// Variables whose text is a document or a script of its own.
const INNER: [&str; 2] = ["OSDSetDynamicVariablesRules", "OSDRunPowerShellScriptSourceScript"];

impl<'a> Variable<'a> {
    /// Reads the variable whose start tag is the current token.
    pub(super) fn read(tokens: &mut Tokens<'a>, view: View<'a>) -> Result<Self, Stop> {
        let name = attribute_text(tokens, view, "name");
        let property = attribute_text(tokens, view, "property").filter(|p| !p.is_empty());
        let content = tokens.content()?;
        let name = name.or_else(|| property.clone()).unwrap_or_default();
        Ok(Self { name, property, view, content })
    }
}

impl Variable<'_> {
    /// Whether its text is a document or a script.
    pub(super) fn is_inner(&self) -> bool {
        INNER.iter().any(|name| self.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn text(&self) -> Cow<'_, str> {
        trim(unescape::plain(self.view.text, &self.content, Style::Xml))
    }

    pub(super) fn span(&self) -> Span {
        unescape::trimmed_span(self.view, &self.content)
    }

    /// The value as it is written.
    pub(super) fn value(&self) -> Value {
        Value { span: self.span(), data: Data::Text(self.text().into()) }
    }

    /// The value without any credential.
    pub(super) fn protected(&self, found: &mut Vec<Found>, sink: &mut dyn Sink) -> Value {
        let mut value = self.value();
        // The variable's name says more than that of the property, also where it says that it holds none.
        let property = self.property.as_deref().filter(|_| !secret::only_speaks(&self.name));
        match (secret::name(&self.name), property.and_then(|p| Some((p, secret::name(p)?)))) {
            (Some(told), _) => row::protect_all(&self.name, told, &mut value, found, sink),
            (None, Some((property, told))) => row::protect_all(property, told, &mut value, found, sink),
            (None, None) => row::protect_value(&self.name, &mut value, found, sink),
        }
        value
    }
}
