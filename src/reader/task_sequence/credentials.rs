//! Credentials in the steps of a task sequence: in what a step sets, in rules and scripts that it carries, on its
//! command line.

use super::Sequence;
use super::variable::{VALUES, Variable, attribute, text_of, text_value};
use crate::reader::row::{self, Found};
use crate::reader::secret::{self, Shape, assigned, decode_text};
use crate::reader::unescape::{self, Style};
use crate::reader::xml::{Kind, Tokens};
use crate::reader::{Data, Missing, Object, Record, Secret, Sink, Value};
use crate::source::{Span, View};

/// A `ClearTextSecret` for each credential that was found.
/// The holder is the first that is no empty text.
pub(super) fn report(
    found: &[Found],
    sequence: &Sequence,
    holder: &[&str],
    class: &str,
    sink: &mut dyn Sink,
) {
    let holder = holder.iter().find(|holder| !holder.trim().is_empty()).copied().unwrap_or(class);
    for (i, one) in found.iter().enumerate() {
        if found[..i].contains(one) {
            continue;
        }
        let mut record = row::clear_text_secret(one, holder, class);
        record.object.properties.push(("TaskSequence".into(), sequence.name.clone()));
        sink.record(record);
    }
}

/// What a step sets in the sequence's environment.
pub(super) struct Sets {
    pub(super) list: Vec<Value>,
    /// The value of a set-variable step is a credential.
    pub(super) secret: bool,
    pub(super) judged: Secret,
}

/// The variables that a step sets: by its own two fields, or by the rules of a dynamic step.
pub(super) fn sets(variables: &[Variable<'_>], found: &mut Vec<Found>, sink: &mut dyn Sink) -> Sets {
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
    let shape = secret::shape(text_of(&value));
    if secret::name(&written).is_none() && hidden && !account && shape != Shape::Setting {
        // Not known to be a credential: it is protected and not reported.
        let told = secret::Name { standing: secret::Standing::Sure, is_key: false };
        row::protect_all(&written, told, &mut value, &mut Vec::new(), sink);
    } else {
        row::protect_named(&written, &mut value, found, sink);
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
pub(super) fn inner_value(variable: &Variable<'_>, found: &mut Vec<Found>, sink: &mut dyn Sink) -> Value {
    let script = variable
        .name
        .eq_ignore_ascii_case("OSDRunPowerShellScriptSourceScript")
        .then(|| decode_text(&variable.text()))
        .flatten();
    let Some(script) = script else {
        // The rules' own variables have been looked at; whether one of them is a credential shows there.
        let text = unescape::mapped(variable.view, &variable.content, Style::Xml);
        let mut list = Vec::new();
        dynamic_rules(text.view(), &mut list, &mut Vec::new(), &mut Quiet);
        if !list.iter().any(holds_secret) {
            return variable.protected(found, sink);
        }
        sink.secret(variable.span());
        return Value { span: variable.span(), data: Data::Secret(Secret::Clear) };
    };
    let inside = assigned(&script);
    if inside.is_empty() {
        return variable.value();
    }
    sink.secret(variable.span());
    found.extend(inside.into_iter().map(|one| Found {
        name: one.name,
        span: variable.span(),
        shape: one.shape,
        certainty: one.certainty,
    }));
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
pub(super) fn protect_action(
    action: Value,
    sets_secret: bool,
    found: &mut Vec<Found>,
    sink: &mut dyn Sink,
) -> Value {
    let text = text_of(&action);
    let places = assigned(text);
    let sets_it = sets_secret && text.to_ascii_lowercase().contains("tsenv");
    if places.is_empty() && !sets_it {
        return action;
    }
    for one in places {
        // A command line repeats what the step's variables hold.
        if !found.iter().any(|f| f.name.eq_ignore_ascii_case(&one.name)) {
            found.push(Found {
                name: one.name,
                span: action.span,
                shape: one.shape,
                certainty: one.certainty,
            });
        }
    }
    sink.secret(action.span);
    Value { span: action.span, data: Data::Secret(Secret::Clear) }
}
