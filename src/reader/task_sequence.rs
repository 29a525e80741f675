//! Task sequences: `sequence` documents of Configuration Manager and MDT, bare, in a wrapper, or inside a string
//! of another export.
//!
//! Each sequence gives a record of class `TaskSequence`, each step one of class `TaskSequenceStep`, whatever its
//! type: which variables name an account is not decided here. Credentials are taken out on the way, and each that
//! anyone could read gives a record of class `ClearTextSecret`. Conditions are not read: what stands in them is
//! compared, not set.

mod credentials;
mod step;
#[cfg(test)]
mod tests;
mod variable;

use memchr::memmem;

use step::{Needs, own_disabled, step};
use variable::{Variable, attribute, attribute_text, null, text_of, text_value};

use crate::reader::unescape::{self, Style};
use crate::reader::xml::{Kind, Tokens};
use crate::reader::{Data, Fault, Missing, Object, Record, Sink, Value, Wanted};
use crate::source::{Span, View};

/// What the object that holds a sequence says of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Package {
    /// The name in the console.
    pub(super) name: Option<Value>,
    /// The package ID.
    pub(super) id: Option<Value>,
    /// When it was last changed, as the export writes it.
    pub(super) changed: Option<Value>,
}

/// The properties of a task sequence package that are read, whatever else is wanted.
pub(super) const PACKAGE: [&str; 5] = ["Sequence", "Name", "PackageID", "LastRefreshTime", "SourceDate"];

/// Whether objects of that class carry a task sequence.
pub(super) fn is_package(class: &str) -> bool {
    class.eq_ignore_ascii_case("SMS_TaskSequencePackage")
}

/// What stands in a package's record in place of the sequence.
pub(super) fn placeholder(span: Span) -> Value {
    Value { span, data: Data::Object(Object { class: Some("sequence".into()), properties: Vec::new() }) }
}

impl Package {
    /// What a package's own properties say.
    pub(super) fn of(object: &Object) -> Self {
        let text = |name: &str| {
            object.get(name).filter(|value| !matches!(&value.data, Data::Null | Data::Truncated)).cloned()
        };
        Self {
            name: text("Name"),
            id: text("PackageID"),
            changed: text("LastRefreshTime").or_else(|| text("SourceDate")),
        }
    }
}

/// Sequences inside strings of a wrapper may be nested this deep.
const NESTING: usize = 3;

/// Reads all sequences of a document. Gives the number of sequences and steps. Of steps only what `wanted` says of
/// their class is built, and credentials are looked for in all.
///
/// # Errors
/// If the text is not well-formed. The records before that place have been handed on.
pub(super) fn read(
    view: View<'_>,
    package: Option<&Package>,
    wanted: &Wanted,
    sink: &mut dyn Sink,
) -> Result<u64, Fault> {
    read_nested(view, package, &Needs::of(wanted), sink, 0)
}

/// [`read`] for a document that stands in a string of another export: a fault in it leaves that export alone.
pub(super) fn read_string(
    view: View<'_>,
    package: Option<&Package>,
    wanted: &Wanted,
    sink: &mut dyn Sink,
) -> u64 {
    match read(view, package, wanted, sink) {
        Ok(records) => records,
        Err(fault) => {
            sink.missing(Some("TaskSequenceStep"), Missing::Broken, fault.span);
            0
        }
    }
}

fn read_nested(
    view: View<'_>,
    package: Option<&Package>,
    needs: &Needs<'_>,
    sink: &mut dyn Sink,
    nesting: usize,
) -> Result<u64, Fault> {
    let mut tokens = Tokens::new(view.text);
    let mut records = 0;
    let mut wrapper = package.cloned().unwrap_or_default();
    if package.is_none() {
        wrapper = wrapper_fields(view);
    }
    loop {
        let mark = tokens.mark();
        match tokens.next() {
            Ok(Kind::Start) if tokens.local_name().eq_ignore_ascii_case("sequence") => {
                records += sequence(&mut tokens, view, &wrapper, needs, sink)?;
            }
            Ok(Kind::Start) if tokens.local_name().eq_ignore_ascii_case("SequenceData") => {
                // The sequence may be an escaped string here.
                let Ok(content) = tokens.content() else {
                    tokens.rewind(mark);
                    let _ = tokens.next();
                    continue;
                };
                let text = unescape::mapped(view, &content, Style::Xml);
                if nesting < NESTING && text.text.trim_start().starts_with('<') {
                    records += read_nested(text.view(), Some(&wrapper), needs, sink, nesting + 1)?;
                } else {
                    tokens.rewind(mark);
                    let _ = tokens.next();
                }
            }
            Ok(Kind::Eof) => return Ok(records),
            Ok(_) => {}
            Err(_) => return Err(fault(&mut tokens, view)),
        }
    }
}

/// A syntax error in terms of the original.
pub(super) fn fault(tokens: &mut Tokens<'_>, view: View<'_>) -> Fault {
    let syntax = tokens.fault();
    Fault { text: syntax.text, span: view.span(syntax.at), ends: syntax.ends }
}

/// Name, package ID and date from the elements around a sequence (`SmsTaskSequencePackage`).
fn wrapper_fields(view: View<'_>) -> Package {
    let mut package = Package::default();
    let mut tokens = Tokens::new(view.text);
    loop {
        match tokens.next() {
            Ok(Kind::Start)
                if tokens.local_name().eq_ignore_ascii_case("sequence") && tokens.depth() == 1 =>
            {
                return package;
            }
            Ok(Kind::Start) if tokens.depth() == 2 => {
                let name = tokens.local_name();
                let field = if name.eq_ignore_ascii_case("Name") {
                    &mut package.name
                } else if name.eq_ignore_ascii_case("PackageID") {
                    &mut package.id
                } else if name.eq_ignore_ascii_case("LastRefreshTime")
                    || name.eq_ignore_ascii_case("SourceDate")
                {
                    &mut package.changed
                } else {
                    continue;
                };
                let Ok(content) = tokens.content() else { return package };
                let value = text_value(view, &content);
                if !matches!(&value.data, Data::Text(text) if text.is_empty()) {
                    *field = Some(value);
                }
            }
            Ok(Kind::Eof) | Err(_) => return package,
            Ok(_) => {}
        }
    }
}

/// What all records of a sequence share.
struct Sequence {
    name: Value,
    id: Value,
}

/// An open group.
struct Group {
    /// The names of the outer groups and its own, parted by slashes.
    path: String,
    disabled: bool,
    depth: usize,
}

/// Reads the sequence whose start tag is the current token.
fn sequence<'a>(
    tokens: &mut Tokens<'a>,
    view: View<'a>,
    package: &Package,
    needs: &Needs<'_>,
    sink: &mut dyn Sink,
) -> Result<u64, Fault> {
    let tag = tokens.range();
    let depth = tokens.depth();
    let own_name = attribute(tokens, view, "name").filter(|name| !text_of(name).is_empty());
    let version = attribute(tokens, view, "version");
    let end = sequence_end(tokens);
    let at_tag = view.span(tag.clone());
    let sequence = Sequence {
        name: package.name.clone().or(own_name).unwrap_or(null(at_tag)),
        id: package.id.clone().unwrap_or(null(at_tag)),
    };
    sink.record(Record {
        class: "TaskSequence".into(),
        span: view.span(tag.start..end),
        object: Object {
            class: None,
            properties: vec![
                ("Name".into(), sequence.name.clone()),
                ("PackageID".into(), sequence.id.clone()),
                ("LastRefreshTime".into(), package.changed.clone().unwrap_or(null(at_tag))),
                ("Version".into(), version.unwrap_or(null(at_tag))),
            ],
        },
    });
    let mut records = 1;
    let mut groups: Vec<Group> = Vec::new();
    loop {
        let kind = tokens.next().map_err(|_| fault(tokens, view))?;
        match kind {
            Kind::Start => {
                let name = tokens.local_name();
                if name.eq_ignore_ascii_case("group") {
                    let disabled = groups.last().is_some_and(|group| group.disabled)
                        || own_disabled(tokens, view).is_some();
                    let name = attribute_text(tokens, view, "name").unwrap_or_default();
                    let path = match groups.last() {
                        Some(outer) => format!("{}/{name}", outer.path),
                        None => name.into_owned(),
                    };
                    groups.push(Group { path, disabled, depth: tokens.depth() });
                } else if name.eq_ignore_ascii_case("step") || name.eq_ignore_ascii_case("subtasksequence") {
                    if step(tokens, view, &sequence, groups.last(), needs, sink).is_err() {
                        return Err(fault(tokens, view));
                    }
                    records += 1;
                } else if name.eq_ignore_ascii_case("condition") {
                    tokens.skip().map_err(|_| fault(tokens, view))?;
                } else if name.eq_ignore_ascii_case("variable") {
                    // A variable of the whole sequence.
                    let variable = Variable::read(tokens, view).map_err(|_| fault(tokens, view))?;
                    let mut found = Vec::new();
                    let _ = variable.protected(&mut found, sink);
                    let holder = [text_of(&sequence.name), "the task sequence"];
                    credentials::report(&found, &sequence, &holder, "TaskSequence", sink);
                }
            }
            Kind::End => {
                if groups.last().is_some_and(|group| group.depth > tokens.depth()) {
                    groups.pop();
                }
                if tokens.depth() < depth {
                    return Ok(records);
                }
            }
            Kind::Eof => return Ok(records),
            Kind::Text | Kind::CData => {}
        }
    }
}

/// Where the sequence ends whose start tag is the current token, or where it breaks off. Sequences do not stand in
/// one another, so their end tag is looked for, and the tokens are only run over where it is not found.
fn sequence_end(tokens: &Tokens<'_>) -> usize {
    let rest = tokens.text().as_bytes().get(tokens.position()..).unwrap_or_default();
    if tokens.name() == "sequence"
        && let Some(i) = memmem::find(rest, b"</sequence>")
    {
        return tokens.position() + i + "</sequence>".len();
    }
    let mut ahead = tokens.ahead();
    match ahead.skip() {
        Ok(()) => ahead.position(),
        Err(_) => ahead.fault().at.start.max(tokens.position()),
    }
}
