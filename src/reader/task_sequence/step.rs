//! Steps: one record each, whatever its type.

use std::ops::Range;

use super::credentials::{Sets, inner_value, protect_action, report, sets};
use super::variable::{VALUES, Variable, attribute, null, text_of, text_value};
use super::{Group, Sequence};
use crate::reader::row::Found;
use crate::reader::secret;
use crate::reader::xml::{Content, Kind, Stop, Tokens};
use crate::reader::{Data, Object, Record, Sink, Value, Wanted};
use crate::source::{Span, View};

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
pub(super) struct Needs<'w> {
    /// Which of [`STEP`].
    step: [bool; STEP.len()],
    action: bool,
    variables: Option<&'w [Box<str>]>,
    properties: Option<&'w [Box<str>]>,
}

impl<'w> Needs<'w> {
    /// What `wanted` says of the class.
    pub(super) fn of(wanted: &'w Wanted) -> Self {
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

/// What stands in a step.
struct Parts<'a> {
    action: Option<Content>,
    variables: Vec<Variable<'a>>,
    /// The whole step.
    range: Range<usize>,
}

/// Reads what stands in the step whose start tag is the current token.
fn parts<'a>(tokens: &mut Tokens<'a>, view: View<'a>) -> Result<Parts<'a>, Stop> {
    let start = tokens.range().start;
    let depth = tokens.depth();
    let mut parts = Parts { action: None, variables: Vec::new(), range: start..start };
    loop {
        match tokens.next()? {
            Kind::Start => {
                let name = tokens.local_name();
                if name.eq_ignore_ascii_case("condition") {
                    tokens.skip()?;
                } else if name.eq_ignore_ascii_case("action") {
                    parts.action = Some(tokens.content()?);
                } else if name.eq_ignore_ascii_case("variable") {
                    parts.variables.push(Variable::read(tokens, view)?);
                }
            }
            Kind::End if tokens.depth() < depth => break,
            Kind::Eof => break,
            _ => {}
        }
    }
    parts.range.end = tokens.position();
    Ok(parts)
}

/// Reads the step whose start tag is the current token. Nothing is told to the sink before the step is known to be
/// whole.
pub(super) fn step<'a>(
    tokens: &mut Tokens<'a>,
    view: View<'a>,
    sequence: &Sequence,
    group: Option<&Group>,
    needs: &Needs<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Stop> {
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
    let parts = parts(tokens, view)?;
    let mut found = Vec::new();
    // Few steps hold a credential; the others need no closer look.
    let raw = view.text.get(parts.range.clone()).unwrap_or_default();
    let guarded = parts.variables.iter().any(Variable::is_inner) || secret::mentions(raw.as_bytes());
    let mut sets = sets(&parts.variables, &mut found, sink);
    let (by_name, by_property) = values(&parts.variables, guarded, &sets, needs, &mut found, sink);
    let guarded = guarded || sets.secret;
    let action = parts.action.filter(|_| guarded || needs.action).map(|content| {
        let action = text_value(view, &content);
        if guarded { protect_action(action, sets.secret, &mut found, sink) } else { action }
    });

    let here = |data| Value { span: at_tag, data };
    let list = std::mem::take(&mut sets.list);
    let said = [
        Some(sequence.name.clone()),
        Some(sequence.id.clone()),
        Some(name.clone()),
        Some(kind.clone()),
        Some(here(Data::Text(group.map_or("", |group| &group.path).into()))),
        Some(disabled),
        Some(action.unwrap_or(null(at_tag))),
        Some(here(Data::Object(by_name))),
        Some(here(Data::Object(by_property))),
        (!list.is_empty()).then(|| here(Data::List(list))),
    ];
    let properties = STEP.iter().zip(needs.step).zip(said).filter(|((_, needed), _)| *needed);
    let properties = properties.filter_map(|((name, _), value)| Some(((*name).into(), value?))).collect();
    sink.record(Record {
        class: "TaskSequenceStep".into(),
        span: view.span(parts.range),
        object: Object { class: None, properties },
    });
    report(&found, sequence, &[text_of(&name), text_of(&kind), "a step"], "TaskSequenceStep", sink);
    Ok(())
}

/// The values of a step's variables that are looked at, by the name of the variable and by that of its property.
fn values(
    variables: &[Variable<'_>],
    guarded: bool,
    sets: &Sets,
    needs: &Needs<'_>,
    found: &mut Vec<Found>,
    sink: &mut dyn Sink,
) -> (Object, Object) {
    let (mut by_name, mut by_property) = (Object::default(), Object::default());
    for variable in variables {
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
            inner_value(variable, found, sink)
        } else {
            variable.protected(found, sink)
        };
        if let Some(property) = property {
            by_property.properties.push(((&**property).into(), value.clone()));
        }
        if named {
            by_name.properties.push(((&*variable.name).into(), value));
        }
    }
    (by_name, by_property)
}

/// The span of `disable="true"` in the current tag.
pub(super) fn own_disabled(tokens: &Tokens<'_>, view: View<'_>) -> Option<Span> {
    let value = attribute(tokens, view, "disable")?;
    let text = text_of(&value);
    (text.eq_ignore_ascii_case("true") || text == "1").then_some(value.span)
}
