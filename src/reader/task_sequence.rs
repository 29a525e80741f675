//! Task sequences: `sequence` documents of Configuration Manager and MDT, bare, in a wrapper, or inside a string
//! of another export.
//!
//! Each sequence gives a record of class `TaskSequence`, each step one of class `TaskSequenceStep`, whatever its
//! type: which variables name an account is not decided here. Credentials are taken out on the way, and each that
//! anyone could read gives a record of class `ClearTextSecret`. Conditions are not read: what stands in them is
//! compared, not set.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem;
use regex::bytes::Regex;

use crate::reader::row::{self, Found};
use crate::reader::secret::{self, assigned, assigns_secret, is_secret_name, is_switch};
use crate::reader::unescape::{self, Style};
use crate::reader::xml::{Content, Kind, Stop, Tokens};
use crate::reader::{Data, Fault, Missing, Object, Record, Secret, Sink, Value, Wanted};
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

/// The properties of a step's record. The last is there only if the step sets something.
const STEP: [&str; 10] = [
    "TaskSequence",
    "PackageID",
    "Name",
    "Type",
    "Group",
    "Disabled",
    "Action",
    "Variables",
    "Properties",
    "Sets",
];

/// What is looked at in steps.
struct Needs<'w> {
    /// Which of [`STEP`].
    step: [bool; STEP.len()],
    action: bool,
    variables: Option<&'w [Box<str>]>,
    properties: Option<&'w [Box<str>]>,
}

impl<'w> Needs<'w> {
    fn of(wanted: &'w Wanted) -> Self {
        let class = wanted.class("TaskSequenceStep");
        let inside = |name: &str| match class {
            Some(class) if class.wants(name) => class.inside(name),
            Some(_) => Some(&[][..]),
            None => None,
        };
        let wants = |name: &str| class.is_none_or(|class| class.wants(name));
        Self {
            step: STEP.map(wants),
            action: wants("Action"),
            variables: inside("Variables"),
            properties: inside("Properties"),
        }
    }
}

/// Whether a list of names, if there is one, has that name.
fn has(names: Option<&[Box<str>]>, name: &str) -> bool {
    names.is_none_or(|names| names.iter().any(|n| n.eq_ignore_ascii_case(name)))
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
    Fault { text: syntax.text, span: view.span(syntax.at) }
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

/// The trimmed text of an element.
fn text_value(view: View<'_>, content: &Content) -> Value {
    let text = unescape::plain(view.text, content, Style::Xml);
    Value { span: unescape::trimmed_span(view, content), data: Data::Text(text.trim().into()) }
}

/// The text of an attribute of the current tag, without blanks around it.
fn attribute_text<'a>(tokens: &Tokens<'a>, view: View<'a>, name: &str) -> Option<Cow<'a, str>> {
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
fn attribute(tokens: &Tokens<'_>, view: View<'_>, name: &str) -> Option<Value> {
    let range = tokens.attribute_any_case(name)?;
    let text = unescape::range(view.text, range.clone(), Style::Xml);
    Some(Value { span: view.span(range), data: Data::Text(text.trim().into()) })
}

fn text_of(value: &Value) -> &str {
    match &value.data {
        Data::Text(text) => text,
        _ => "",
    }
}

fn null(span: Span) -> Value {
    Value { span, data: Data::Null }
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
                    let variable = variable(tokens, view).map_err(|_| fault(tokens, view))?;
                    let mut found = Vec::new();
                    let _ = variable.protected(&mut found, sink);
                    report(&found, &sequence, text_of(&sequence.name), "TaskSequence", sink);
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

/// The span of `disable="true"` in the current tag.
fn own_disabled(tokens: &Tokens<'_>, view: View<'_>) -> Option<Span> {
    let value = attribute(tokens, view, "disable")?;
    let text = text_of(&value);
    (text.eq_ignore_ascii_case("true") || text == "1").then_some(value.span)
}

/// A variable as it is written.
struct Variable<'a> {
    name: Cow<'a, str>,
    property: Option<Cow<'a, str>>,
    view: View<'a>,
    content: Content,
}

/// Variables whose text is a document or a script of its own.
const INNER: [&str; 2] = ["OSDSetDynamicVariablesRules", "OSDRunPowerShellScriptSourceScript"];

/// Where a set-variable step has the value: shown in the console, or hidden there (property and variable).
const VALUES: [&str; 3] = ["VariableValue", "HiddenVariableValue", "SetVariableActionHiddenVariableValue"];

/// Reads the variable whose start tag is the current token.
fn variable<'a>(tokens: &mut Tokens<'a>, view: View<'a>) -> Result<Variable<'a>, Stop> {
    let name = attribute_text(tokens, view, "name");
    let property = attribute_text(tokens, view, "property").filter(|p| !p.is_empty());
    let content = tokens.content()?;
    let name = name.or_else(|| property.clone()).unwrap_or_default();
    Ok(Variable { name, property, view, content })
}

impl Variable<'_> {
    fn is_inner(&self) -> bool {
        INNER.iter().any(|name| self.name.eq_ignore_ascii_case(name))
    }

    fn text(&self) -> Cow<'_, str> {
        trim(unescape::plain(self.view.text, &self.content, Style::Xml))
    }

    fn span(&self) -> Span {
        unescape::trimmed_span(self.view, &self.content)
    }

    /// The value as it is written.
    fn value(&self) -> Value {
        Value { span: self.span(), data: Data::Text(self.text().into()) }
    }

    /// The value without any credential.
    fn protected(&self, found: &mut Vec<Found>, sink: &mut dyn Sink) -> Value {
        let mut value = self.value();
        if is_secret_name(&self.name) {
            // The variable's name says more than that of the property.
            row::protect_all(&self.name, &mut value, found, sink);
        } else if let Some(property) =
            self.property.as_ref().filter(|p| **p != self.name && is_secret_name(p))
        {
            row::protect_all(property, &mut value, found, sink);
        } else {
            row::protect_value(&self.name, &mut value, found, sink);
        }
        value
    }
}

/// A `ClearTextSecret` for each credential that was found.
fn report(found: &[Found], sequence: &Sequence, holder: &str, class: &str, sink: &mut dyn Sink) {
    for (i, one) in found.iter().enumerate() {
        if found[..i].contains(one) {
            continue;
        }
        let mut record = row::clear_text_secret(one, holder, class);
        record.object.properties.push(("TaskSequence".into(), sequence.name.clone()));
        sink.record(record);
    }
}

/// Reads the step whose start tag is the current token.
fn step<'a>(
    tokens: &mut Tokens<'a>,
    view: View<'a>,
    sequence: &Sequence,
    group: Option<&Group>,
    needs: &Needs<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Stop> {
    let start = tokens.range().start;
    let at_tag = view.span(tokens.range());
    let name = attribute(tokens, view, "name").unwrap_or(null(at_tag));
    let kind = attribute(tokens, view, "type").unwrap_or(null(at_tag));
    let disabled = match own_disabled(tokens, view) {
        Some(span) => Value { span, data: Data::Bool(true) },
        None => {
            let inherited = group.is_some_and(|group| group.disabled);
            Value { span: at_tag, data: Data::Bool(inherited) }
        }
    };
    let depth = tokens.depth();
    let mut action: Option<Content> = None;
    let mut variables: Vec<Variable<'_>> = Vec::new();
    // Nothing is told to the sink before the step is known to be whole.
    loop {
        match tokens.next()? {
            Kind::Start => {
                let name = tokens.local_name();
                if name.eq_ignore_ascii_case("condition") {
                    tokens.skip()?;
                } else if name.eq_ignore_ascii_case("action") {
                    action = Some(tokens.content()?);
                } else if name.eq_ignore_ascii_case("variable") {
                    variables.push(variable(tokens, view)?);
                }
            }
            Kind::End if tokens.depth() < depth => break,
            Kind::Eof => break,
            _ => {}
        }
    }
    let end = tokens.position();

    let mut found = Vec::new();
    let raw = view.text.get(start..end).unwrap_or_default();
    let guarded = variables.iter().any(Variable::is_inner) || may_hold_secret(raw.as_bytes());
    let mut sets = sets(&variables, &mut found, sink);
    let mut by_name = Object::default();
    let mut by_property = Object::default();
    for variable in &variables {
        let named = has(needs.variables, &variable.name);
        let property = variable.property.as_ref().filter(|property| has(needs.properties, property));
        if !guarded && !named && property.is_none() {
            continue;
        }
        let value = if sets.secret && VALUES.iter().any(|name| variable.name.eq_ignore_ascii_case(name)) {
            // The same credential as in the list of what the step sets.
            Value { span: variable.span(), data: Data::Secret(sets.judged) }
        } else if !guarded {
            variable.value()
        } else if variable.is_inner() {
            inner_value(variable, &mut found, sink)
        } else {
            variable.protected(&mut found, sink)
        };
        match (named, property) {
            (true, Some(property)) => {
                by_property.properties.push(((&**property).into(), value.clone()));
                by_name.properties.push(((&*variable.name).into(), value));
            }
            (true, None) => by_name.properties.push(((&*variable.name).into(), value)),
            (false, Some(property)) => by_property.properties.push(((&**property).into(), value)),
            (false, None) => {}
        }
    }
    let guarded = guarded || sets.secret;
    let action = action.filter(|_| guarded || needs.action).map(|content| {
        let action = text_value(view, &content);
        if guarded { protect_action(action, sets.secret, &mut found, sink) } else { action }
    });

    let step_span = view.span(start..end);
    let here = |data| Value { span: at_tag, data };
    let mut properties: Vec<(Box<str>, Value)> = Vec::with_capacity(STEP.len());
    for &property in STEP.iter().zip(needs.step).filter(|(_, needed)| *needed).map(|(property, _)| property) {
        let value = match property {
            "TaskSequence" => sequence.name.clone(),
            "PackageID" => sequence.id.clone(),
            "Name" => name.clone(),
            "Type" => kind.clone(),
            "Group" => here(Data::Text(group.map_or("", |group| &group.path).into())),
            "Disabled" => disabled.clone(),
            "Action" => action.clone().unwrap_or(null(at_tag)),
            "Variables" => here(Data::Object(std::mem::take(&mut by_name))),
            "Properties" => here(Data::Object(std::mem::take(&mut by_property))),
            _ if sets.list.is_empty() => continue,
            _ => here(Data::List(std::mem::take(&mut sets.list))),
        };
        properties.push((property.into(), value));
    }
    sink.record(Record {
        class: "TaskSequenceStep".into(),
        span: step_span,
        object: Object { class: None, properties },
    });
    report(&found, sequence, text_of(&name), "TaskSequenceStep", sink);
    Ok(())
}

/// Whether anything in the raw text of a step may be a credential. Few steps have one; the others need no closer
/// look.
fn may_hold_secret(raw: &[u8]) -> bool {
    /// What [`secret::mentions`] does not look for: other spellings of switches and PINs, characters written by their
    /// numbers.
    static OTHERS: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new("(?-u)&#|Pin|pin|/Pass|-Pass|-rp|/RP|-RP").ok());
    secret::mentions(raw) || OTHERS.as_ref().is_none_or(|others| others.is_match(raw))
}

/// What a step sets in the sequence's environment.
struct Sets {
    list: Vec<Value>,
    /// The value of a set-variable step is a credential.
    secret: bool,
    judged: Secret,
}

/// The variables that a step sets: by its own two fields, or by the rules of a dynamic step.
fn sets(variables: &[Variable<'_>], found: &mut Vec<Found>, sink: &mut dyn Sink) -> Sets {
    let mut sets = Sets { list: Vec::new(), secret: false, judged: Secret::Empty };
    let named = |wanted: &str| variables.iter().find(|v| v.name.eq_ignore_ascii_case(wanted));
    // A value that the console hides stands under a name of its own; the other is empty then.
    let mut values = VALUES.iter().filter_map(|name| named(name));
    let value = values.clone().find(|value| !value.text().is_empty()).or_else(|| values.next());
    if let (Some(name), Some(value)) = (named("VariableName"), value) {
        let hidden = !value.name.eq_ignore_ascii_case(VALUES[0])
            || named("DoNotShowVariableValue").is_some_and(|v| v.text().eq_ignore_ascii_case("true"));
        let set = set(name.value(), value.value(), hidden, found, sink);
        if let Data::Object(object) = &set.data
            && let Some(Data::Secret(secret @ (Secret::Clear | Secret::Protected))) =
                object.get("Value").map(|v| &v.data)
        {
            sets.secret = true;
            sets.judged = *secret;
        }
        sets.list.push(set);
    }
    if let Some(rules) = named("OSDSetDynamicVariablesRules") {
        let text = unescape::mapped(rules.view, &rules.content, Style::Xml);
        dynamic_rules(text.view(), &mut sets.list, found, sink);
    }
    sets
}

/// `<Rules><Rule><condition/><Variables><Variable Name="X" IsSecret="false">value</Variable>...`.
fn dynamic_rules(view: View<'_>, list: &mut Vec<Value>, found: &mut Vec<Found>, sink: &mut dyn Sink) {
    let mut tokens = Tokens::new(view.text);
    loop {
        match tokens.next() {
            Ok(Kind::Start) if tokens.local_name().eq_ignore_ascii_case("condition") => {
                if tokens.skip().is_err() {
                    return;
                }
            }
            Ok(Kind::Start) if tokens.local_name().eq_ignore_ascii_case("variable") => {
                let name = attribute(&tokens, view, "Name");
                let hidden = attribute(&tokens, view, "IsSecret")
                    .is_some_and(|v| text_of(&v).eq_ignore_ascii_case("true"));
                let Ok(content) = tokens.content() else { return };
                if let Some(name) = name {
                    list.push(set(name, text_value(view, &content), hidden, found, sink));
                }
            }
            Ok(Kind::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// One variable that is set. The value of a variable that the console hides is never shown, whatever its name,
/// unless the name says that it is an account.
fn set(name: Value, mut value: Value, hidden: bool, found: &mut Vec<Found>, sink: &mut dyn Sink) -> Value {
    let written = text_of(&name).to_owned();
    let lower = written.to_ascii_lowercase();
    let account = ["account", "user", "username"].iter().any(|end| lower.ends_with(end));
    if is_secret_name(&written) {
        row::protect_all(&written, &mut value, found, sink);
    } else if hidden && !account && !is_switch(text_of(&value)) {
        // Not known to be a credential: it is protected and not reported.
        row::protect_all(&written, &mut value, &mut Vec::new(), sink);
    } else {
        row::protect_value(&written, &mut value, found, sink);
    }
    let span = Span { start: name.span.start.min(value.span.start), end: name.span.end.max(value.span.end) };
    Value {
        span,
        data: Data::Object(Object {
            class: None,
            properties: vec![("Name".into(), name), ("Value".into(), value)],
        }),
    }
}

/// The value of a variable that holds a document or script: kept only if no credential is in it.
fn inner_value(variable: &Variable<'_>, found: &mut Vec<Found>, sink: &mut dyn Sink) -> Value {
    let script = variable
        .name
        .eq_ignore_ascii_case("OSDRunPowerShellScriptSourceScript")
        .then(|| script(&variable.text()))
        .flatten();
    let secret = match &script {
        Some(script) => assigns_secret(script),
        None => {
            // The rules' own variables have been looked at; whether one of them is a credential shows there.
            let mut inner = Vec::new();
            let mut quiet = Quiet;
            let text = unescape::mapped(variable.view, &variable.content, Style::Xml);
            let mut list = Vec::new();
            dynamic_rules(text.view(), &mut list, &mut inner, &mut quiet);
            return if list.iter().any(holds_secret) {
                sink.secret(variable.span());
                Value { span: variable.span(), data: Data::Secret(Secret::Clear) }
            } else {
                variable.protected(found, sink)
            };
        }
    };
    if !secret {
        return variable.value();
    }
    sink.secret(variable.span());
    for range in script.iter().flat_map(|script| assigned(script).into_iter().map(move |r| (script, r))) {
        let name = row::assigned_name(range.0, range.1.start).unwrap_or(&variable.name);
        found.push(Found { name: name.into(), span: variable.span() });
    }
    Value { span: variable.span(), data: Data::Secret(Secret::Clear) }
}

fn holds_secret(set: &Value) -> bool {
    match &set.data {
        Data::Object(object) => {
            matches!(object.get("Value").map(|v| &v.data), Some(Data::Secret(s)) if *s != Secret::Empty)
        }
        _ => false,
    }
}

/// Takes nothing.
struct Quiet;

impl Sink for Quiet {
    fn record(&mut self, _: Record) {}
    fn missing(&mut self, _: Option<&str>, _: Missing, _: Span) {}
    fn secret(&mut self, _: Span) {}
}

/// The command line of a step: a credential if it assigns one, or repeats a value that is one.
fn protect_action(action: Value, sets_secret: bool, found: &mut Vec<Found>, sink: &mut dyn Sink) -> Value {
    let text = text_of(&action);
    let mut places = assigned(text);
    if text.trim_start().get(..12).is_some_and(|name| name.eq_ignore_ascii_case("OSDBitLocker")) {
        // Its `/pwd:` says where the recovery password is kept.
        places.clear();
    }
    let sets_it = sets_secret && text.to_ascii_lowercase().contains("tsenv");
    if places.is_empty() && !sets_it {
        return action;
    }
    for range in places {
        let name = row::assigned_name(text, range.start).unwrap_or("action");
        // A command line repeats what the step's variables hold.
        if !found.iter().any(|f| f.name.eq_ignore_ascii_case(name)) {
            found.push(Found { name: name.into(), span: action.span });
        }
    }
    sink.secret(action.span);
    Value { span: action.span, data: Data::Secret(Secret::Clear) }
}

/// The script that a step carries: UTF-16 in base64.
fn script(base64: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(base64.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for b in base64.bytes().filter(|b| !b.is_ascii_whitespace()) {
        let six = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    match bytes.as_slice() {
        [0xff, 0xfe, ..] => Some(encoding_rs::UTF_16LE.decode(&bytes).0.into_owned()),
        [_, 0, ..] => Some(encoding_rs::UTF_16LE.decode_without_bom_handling(&bytes).0.into_owned()),
        _ => String::from_utf8(bytes).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::WantedClass;
    use crate::reader::testing::{Taken, at, data, span_of};
    use crate::source::{Encoding, Offsets};

    fn take(text: &str, package: Option<&Package>) -> (Result<u64, Fault>, Taken) {
        let offsets = Offsets::new(Encoding::Utf8, 0);
        let mut taken = Taken::default();
        let result = read(View { text, offsets: &offsets }, package, &Wanted::default(), &mut taken);
        (result, taken)
    }

    const JOIN: &str = r#"<!-- for reference -->
<?xml version="1.0"?>
<sequence version="3.10" name="Deploy">
  <globalVarList><variable name="OSDAdapterCount" property="NumAdapters">0</variable></globalVarList>
  <group name="Outer" disable="TRUE">
    <condition><expression type="X"><variable name="OSDJoinAccount">CONTOSO\operand</variable></expression></condition>
    <group name="In &amp; out">
      <step type="SMS_TaskSequence_JoinDomainWorkgroupAction" name="Join" disable="false">
        <action>osdjoin.exe</action>
        <defaultVarList>
          <variable name="OSDJoinAccount" property="DomainUsername">
            CONTOSO\svc-join
          </variable>
          <variable name="OSDJoinPassword" property="DomainPassword"></variable>
          <variable name="OSDJoinType" property="Type">0</variable>
        </defaultVarList>
      </step>
    </group>
  </group>
  <step name="Untyped"><defaultVarList><variable name="RunAsUser" property="RunAsUser">true</variable></defaultVarList></step>
  <subtasksequence type="SMS_TaskSequence_SubTasksequence" name="Child" disable="true"><action>x</action></subtasksequence>
</sequence>
"#;

    #[test]
    fn steps_with_their_groups_and_variables() {
        let (result, taken) = take(JOIN, None);
        assert_eq!(result, Ok(4));
        let classes: Vec<_> = taken.records.iter().map(|r| &*r.class).collect();
        assert_eq!(classes, ["TaskSequence", "TaskSequenceStep", "TaskSequenceStep", "TaskSequenceStep"]);
        assert_eq!(data(&taken.records[0], "Name"), &Data::Text("Deploy".into()));
        assert_eq!(data(&taken.records[0], "PackageID"), &Data::Null);
        assert_eq!(data(&taken.records[0], "Version"), &Data::Text("3.10".into()));
        assert_eq!(at(JOIN, taken.records[0].span).get(..10), Some("<sequence "));
        assert!(at(JOIN, taken.records[0].span).ends_with("</sequence>"));

        let step = &taken.records[1];
        assert_eq!(data(step, "TaskSequence"), &Data::Text("Deploy".into()));
        assert_eq!(data(step, "Name"), &Data::Text("Join".into()));
        assert_eq!(at(JOIN, span_of(step, "Name")), "Join");
        assert_eq!(data(step, "Group"), &Data::Text("Outer/In & out".into()));
        assert_eq!(data(step, "Disabled"), &Data::Bool(true));
        assert_eq!(data(step, "Action"), &Data::Text("osdjoin.exe".into()));
        let Data::Object(variables) = data(step, "Variables") else { panic!() };
        assert_eq!(variables.properties.len(), 3);
        let account = variables.get("osdjoinaccount").unwrap();
        assert_eq!(account.data, Data::Text("CONTOSO\\svc-join".into()));
        assert_eq!(at(JOIN, account.span), "CONTOSO\\svc-join");
        assert_eq!(variables.get("OSDJoinPassword").unwrap().data, Data::Secret(Secret::Empty));
        let Data::Object(properties) = data(step, "Properties") else { panic!() };
        assert_eq!(properties.get("DomainUsername"), Some(account));
        assert_eq!(properties.get("Type").unwrap().data, Data::Text("0".into()));
        assert!(at(JOIN, step.span).starts_with("<step type") && at(JOIN, step.span).ends_with("</step>"));
        assert!(step.object.get("Sets").is_none());

        let untyped = &taken.records[2];
        assert_eq!(data(untyped, "Type"), &Data::Null);
        assert_eq!(data(untyped, "Disabled"), &Data::Bool(false));
        assert_eq!(data(untyped, "Group"), &Data::Text("".into()));
        let child = &taken.records[3];
        assert_eq!(data(child, "Type"), &Data::Text("SMS_TaskSequence_SubTasksequence".into()));
        assert_eq!(data(child, "Disabled"), &Data::Bool(true));
        assert_eq!(at(JOIN, span_of(child, "Disabled")), "true");
        assert!(taken.secrets.is_empty());
    }

    #[test]
    fn a_hidden_value_is_that_of_its_variable() {
        let text = r#"<sequence><step name="Account" type="SMS_TaskSequence_SetVariableAction"><defaultVarList>
<variable name="DoNotShowVariableValue" property="DoNotShowVariableValue">true</variable>
<variable name="SetVariableActionHiddenVariableValue" property="HiddenVariableValue">CONTOSO\join</variable>
<variable name="VariableName" property="VariableName">OSDJoinAccount</variable>
<variable name="VariableValue" property="VariableValue"></variable></defaultVarList></step>
<step name="Door" type="SMS_TaskSequence_SetVariableAction"><defaultVarList>
<variable name="SetVariableActionHiddenVariableValue" property="HiddenVariableValue">word-three</variable>
<variable name="VariableName" property="VariableName">Door</variable></defaultVarList></step></sequence>"#;
        let (_, taken) = take(text, None);
        let set = |number: usize| {
            let steps: Vec<_> = taken.records.iter().filter(|r| &*r.class == "TaskSequenceStep").collect();
            let Data::List(sets) = data(steps[number], "Sets") else { panic!() };
            let Data::Object(set) = &sets[0].data else { panic!() };
            (set.get("Name").unwrap().data.clone(), set.get("Value").unwrap().data.clone())
        };
        let t = |t: &str| Data::Text(t.into());
        assert_eq!(set(0), (t("OSDJoinAccount"), t(r"CONTOSO\join")));
        assert_eq!(set(1).0, t("Door"));
        assert!(!format!("{:?}", taken.records).contains("word-"), "{:?}", taken.records);
        assert!(taken.secrets.iter().any(|&s| at(text, s) == "word-three"));
    }

    #[test]
    fn credentials() {
        let text = r#"<sequence><globalVarList><variable name="GlobalPassword">word-zero</variable></globalVarList>
<step name="Promote" type="BDD_ConfigureADDS"><defaultVarList>
<variable name="SafeModeAdminPassword" property="SafeModeAdminPassword"><![CDATA[word-one]]></variable>
<variable name="ADDSPassword" property="ADDSPassword">%Safe%</variable></defaultVarList></step>
<step name="Set" type="SMS_TaskSequence_SetVariableAction"><action>tsenv.exe "OSDJoinPassword=word two"</action><defaultVarList>
<variable name="VariableName" property="VariableName">OSDJoinPassword</variable>
<variable name="VariableValue" property="VariableValue">word two</variable></defaultVarList></step>
<step name="Hidden" type="SMS_TaskSequence_SetVariableAction"><action>tsenv.exe "Door=word-three" /hiddenflag:True</action><defaultVarList>
<variable name="DoNotShowVariableValue" property="DoNotShowVariableValue">true</variable>
<variable name="VariableName" property="VariableName">Door</variable>
<variable name="VariableValue" property="VariableValue">word-three</variable></defaultVarList></step>
<step name="Plain" type="SMS_TaskSequence_SetVariableAction"><action>tsenv.exe "OSDJoinAccount=CONTOSO\join"</action><defaultVarList>
<variable name="VariableName" property="VariableName">OSDJoinAccount</variable>
<variable name="VariableValue" property="VariableValue">CONTOSO\join</variable></defaultVarList></step>
</sequence>"#;
        let (result, taken) = take(text, None);
        assert_eq!(result, Ok(5));
        let shown = format!("{:?}", taken.records);
        assert!(!shown.contains("word-") && !shown.contains("word two"), "{shown}");
        let found: Vec<_> = taken
            .records
            .iter()
            .filter(|r| &*r.class == "ClearTextSecret")
            .map(|r| (data(r, "Name"), data(r, "Holder"), data(r, "Class"), at(text, r.span).len()))
            .collect();
        let t = |t: &str| Data::Text(t.into());
        assert_eq!(
            found,
            [
                (&t("GlobalPassword"), &Data::Text("".into()), &t("TaskSequence"), 9),
                (&t("SafeModeAdminPassword"), &t("Promote"), &t("TaskSequenceStep"), 8),
                (&t("OSDJoinPassword"), &t("Set"), &t("TaskSequenceStep"), 8),
            ]
        );
        // Where a credential is repeated in a command line it is hidden, too.
        let places: Vec<_> = taken.secrets.iter().map(|&s| at(text, s).len()).collect();
        let set = r#"tsenv.exe "OSDJoinPassword=word two""#.len();
        let hidden = r#"tsenv.exe "Door=word-three" /hiddenflag:True"#.len();
        assert_eq!(places, [9, 8, 6, 8, set, 10, hidden]);
        let step = |name: &str| {
            taken
                .records
                .iter()
                .find(|r| &*r.class == "TaskSequenceStep" && data(r, "Name") == &t(name))
                .unwrap()
        };
        let Data::Object(variables) = data(step("Promote"), "Variables") else { panic!() };
        assert_eq!(variables.get("SafeModeAdminPassword").unwrap().data, Data::Secret(Secret::Clear));
        assert_eq!(variables.get("ADDSPassword").unwrap().data, Data::Secret(Secret::Reference));
        assert_eq!(data(step("Set"), "Action"), &Data::Secret(Secret::Clear));
        let Data::List(sets) = data(step("Plain"), "Sets") else { panic!() };
        let Data::Object(set) = &sets[0].data else { panic!() };
        assert_eq!(set.get("Name").unwrap().data, t("OSDJoinAccount"));
        assert_eq!(set.get("Value").unwrap().data, t(r"CONTOSO\join"));
        assert_eq!(at(text, set.get("Value").unwrap().span), r"CONTOSO\join");
    }

    #[test]
    fn dynamic_variables() {
        let text = r#"<sequence><step name="S" type="SMS_TaskSequence_SetDynamicVariablesAction"><defaultVarList>
<variable name="OSDSetDynamicVariablesRules" property="Rules">&lt;Rules&gt;&lt;Rule&gt;&lt;condition&gt;&lt;variable name="Value"&gt;no&lt;/variable&gt;&lt;/condition&gt;&lt;Variables&gt;&lt;Variable Name="OSDJoinAccount" IsSecret="false"&gt;A&amp;amp;B\join&lt;/Variable&gt;&lt;Variable Name="OSDJoinPassword" IsSecret="true"&gt;word-one&lt;/Variable&gt;&lt;/Variables&gt;&lt;/Rule&gt;&lt;/Rules&gt;
</variable></defaultVarList></step></sequence>"#;
        let (result, taken) = take(text, None);
        assert_eq!(result, Ok(2));
        assert!(!format!("{:?}", taken.records).contains("word-one"));
        let Data::List(sets) = data(&taken.records[1], "Sets") else { panic!() };
        assert_eq!(sets.len(), 2);
        let Data::Object(set) = &sets[0].data else { panic!() };
        assert_eq!(set.get("Value").unwrap().data, Data::Text(r"A&B\join".into()));
        assert_eq!(at(text, set.get("Value").unwrap().span), r"A&amp;amp;B\join");
        assert_eq!(at(text, set.get("Name").unwrap().span), "OSDJoinAccount");
        let secret = taken.records.iter().find(|r| &*r.class == "ClearTextSecret").unwrap();
        assert_eq!(at(text, secret.span).len(), 8);
        assert_eq!(data(secret, "Name"), &Data::Text("OSDJoinPassword".into()));
    }

    #[test]
    fn only_what_is_looked_at_is_built() {
        let mut wanted = Wanted::default();
        let class = WantedClass {
            name: "TaskSequenceStep".into(),
            properties: vec!["name".into(), "variables".into(), "properties".into()],
            inner: vec![("variables".into(), vec!["b".into()]), ("properties".into(), vec!["p".into()])],
        };
        wanted.classes.insert("tasksequencestep".into(), class);
        let text = r#"<sequence><step name="S"><action>x</action><defaultVarList><variable name="A" property="P">1</variable>
<variable name="B" property="Q">2</variable><variable name="OSDJoinPassword">word-one</variable></defaultVarList></step></sequence>"#;
        let offsets = Offsets::new(Encoding::Utf8, 0);
        let mut taken = Taken::default();
        assert_eq!(read(View { text, offsets: &offsets }, None, &wanted, &mut taken), Ok(2));
        let shown = crate::reader::testing::briefs(&taken);
        assert_eq!(shown[1], "TaskSequenceStep{Name=\"S\" Variables={B=\"2\"} Properties={P=\"1\"}}");
        assert!(shown[2].starts_with("ClearTextSecret{Name=\"OSDJoinPassword\""));
    }

    #[test]
    fn a_wrapper_names_the_sequence() {
        let text = r#"<SmsTaskSequencePackage><PackageID>CON00012</PackageID><Name>Base</Name><SequenceData><sequence version="3.00"><step name="A"/></sequence></SequenceData></SmsTaskSequencePackage>"#;
        let (result, taken) = take(text, None);
        assert_eq!(result, Ok(2));
        assert_eq!(data(&taken.records[1], "TaskSequence"), &Data::Text("Base".into()));
        assert_eq!(data(&taken.records[1], "PackageID"), &Data::Text("CON00012".into()));
        assert_eq!(at(text, span_of(&taken.records[1], "PackageID")), "CON00012");
        let escaped = text.replace(
            r#"<sequence version="3.00"><step name="A"/></sequence>"#,
            r#"&lt;sequence&gt;&lt;step name="A"/&gt;&lt;/sequence&gt;"#,
        );
        let (result, taken) = take(&escaped, None);
        assert_eq!(result, Ok(2));
        assert_eq!(at(&escaped, taken.records[1].span), r#"&lt;step name="A"/&gt;"#);
        assert_eq!(data(&taken.records[0], "Name"), &Data::Text("Base".into()));
    }

    #[test]
    fn what_stands_before_an_error_stays() {
        let text = r#"<sequence><step name="A"></step><step name="B"></sequence>"#;
        let (result, taken) = take(text, None);
        let fault = result.unwrap_err();
        assert_eq!(at(text, fault.span), "</sequence>");
        assert_eq!(fault.text, "`</sequence>` stands where `</step>` is expected");
        assert_eq!(taken.records.len(), 2);
        assert_eq!(data(&taken.records[1], "Name"), &Data::Text("A".into()));
    }

    #[test]
    fn a_script_with_a_credential() {
        // `$x`, and `-Password abc` as the cmdlet writes them: UTF-16 with a mark, in base64.
        assert_eq!(script("//4kAHgA").as_deref(), Some("$x"));
        assert_eq!(script("LQBQAGEAcwBzAHcAbwByAGQAIABhAGIAYwA=").as_deref(), Some("-Password abc"));
        assert_eq!(script("not base 64!"), None);
        let text = r#"<sequence><step name="Run"><defaultVarList><variable name="OSDRunPowerShellScriptSourceScript" property="SourceScript">LQBQAGEAcwBzAHcAbwByAGQAIABhAGIAYwA=</variable></defaultVarList></step></sequence>"#;
        let (_, taken) = take(text, None);
        let Data::Object(variables) = data(&taken.records[1], "Variables") else { panic!() };
        assert_eq!(variables.properties[0].1.data, Data::Secret(Secret::Clear));
        assert_eq!(data(&taken.records[2], "Name"), &Data::Text("Password".into()));
    }
}
