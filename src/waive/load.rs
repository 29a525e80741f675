//! Reads `waivers.yaml`.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::Waiver;
use crate::assets::Asset;
use crate::content::{Content, Date};
use crate::rules::RuleSet;
use crate::yaml::{Document, Fields, File, Kind, Node, Problem, Problems, Spanned};

/// So many months at most a waiver holds.
pub(super) const MONTHS: u16 = 12;

/// What waivers can name.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// The specification.
    pub content: &'a Content,
    /// The rules.
    pub rules: &'a RuleSet,
}

/// The waivers in a text, and all that is wrong with it; each waiver that is wrong is left out. `path` is for messages.
pub fn load(path: &str, text: &str, names: Names<'_>, today: Date) -> (Vec<Waiver>, Problems) {
    let mut problems = Problems::new();
    let asset = Asset { path: path.to_owned(), name: path.to_owned(), text: Cow::Owned(text.to_owned()) };
    let waivers = Document::read(&asset, &mut problems)
        .map(|document| read(&document, names, today, &mut problems))
        .unwrap_or_default();
    problems.sort();
    (waivers, problems)
}

fn read(document: &Document, names: Names<'_>, today: Date, problems: &mut Problems) -> Vec<Waiver> {
    // A file of comments alone.
    if document.root.is_null() {
        return Vec::new();
    }
    let Some(mut root) = document.fields("file", problems) else { return Vec::new() };
    let file = root.file();
    let items = match root.get("waivers") {
        None => &[][..],
        Some(node) if node.is_null() => &[],
        Some(node) => node.list(file, "`waivers`", problems).unwrap_or_default(),
    };
    root.finish(problems);
    let mut out: Vec<(Waiver, Range<usize>)> = Vec::new();
    for item in items {
        let head = item.head();
        let Some(waiver) = one(file, item, names, today, problems) else { continue };
        match out.iter().find(|(other, _)| same(other, &waiver)) {
            Some((_, first)) => problems.push(
                Problem::error(file, head, "this waiver is there twice")
                    .related(file, first.clone(), "the first one")
                    .help("keep one of them"),
            ),
            None => out.push((waiver, head)),
        }
    }
    out.into_iter().map(|(waiver, _)| waiver).collect()
}

/// Whether two waivers are about the same.
pub(super) fn same(one: &Waiver, other: &Waiver) -> bool {
    let low = |text: &Option<String>| text.as_deref().map(str::to_lowercase);
    match (&one.fingerprint, &other.fingerprint) {
        (Some(one), Some(other)) => one == other,
        (None, None) => {
            one.rule == other.rule && one.entity == other.entity && low(&one.subject) == low(&other.subject)
        }
        _ => false,
    }
}

fn one(
    file: &Arc<File>,
    item: &Node,
    names: Names<'_>,
    today: Date,
    problems: &mut Problems,
) -> Option<Waiver> {
    let mut fields = item.fields(file, "waiver", problems)?;
    let before = problems.0.len();
    let rule = rule(&mut fields, names, problems);
    let entity = entity(&mut fields, names, problems);
    let subject = fields.text("subject", problems).map(|text| text.value.to_owned());
    let fingerprint = fingerprint(&mut fields, problems);
    if problems.0.len() == before {
        let narrowed = entity.is_some() || subject.is_some();
        target(&fields, rule.is_some(), narrowed, fingerprint.is_some(), problems);
    }
    let reason = fields.required_text("reason", problems).map(|text| text.value.to_owned());
    let owner = fields.required_text("owner", problems).map(|text| text.value.to_owned());
    let ticket = as_written(&mut fields, "ticket", problems).map(|text| text.value.to_owned());
    let created = date(&mut fields, "created", problems);
    let until = match fields.required("until", problems) {
        Some(_) => date(&mut fields, "until", problems),
        None => None,
    };
    dates(file, created.as_ref(), until.as_ref(), today, problems);
    let line = file.text.get(..item.head().start).unwrap_or_default().matches('\n').count() + 1;
    fields.finish(problems);
    if problems.0.len() > before {
        return None;
    }
    Some(Waiver {
        rule,
        entity,
        subject,
        fingerprint,
        reason: reason?,
        owner: owner?,
        created: created.map(|date| date.value),
        until: until?.value,
        ticket,
        place: (file.path.clone(), line),
    })
}

/// A waiver has to say what it is about.
fn target(fields: &Fields<'_>, rule: bool, narrowed: bool, fingerprint: bool, problems: &mut Problems) {
    let (message, help) = match (fingerprint, rule, narrowed) {
        (true, ..) | (_, true, true) => return,
        (_, true, false) => (
            "the waiver does not say for what of the rule it holds",
            "give a `subject`, an `entity` or a `fingerprint`; `subject: '*'` is everything that the rule finds",
        ),
        (_, false, true) => (
            "the waiver does not say for which rule it holds",
            "give the `rule`; nothing is waived for all rules at once",
        ),
        _ => (
            "the waiver does not say what it is about",
            "give a `fingerprint`, or a `rule` and its `subject`; `cmlint check --format json` has them with each finding",
        ),
    };
    problems.push(Problem::error(fields.file(), fields.head(), message).help(help));
}

fn rule(fields: &mut Fields<'_>, names: Names<'_>, problems: &mut Problems) -> Option<String> {
    let text = fields.text("rule", problems)?;
    let known = names.rules.find(text.value);
    if known.is_none() {
        let all = names.rules.rules.iter().map(|rule| rule.id.as_str());
        problems.push(Problem::unknown_name(fields.file(), text.span, "rule", text.value, all));
    }
    known.map(|rule| rule.id.clone())
}

fn entity(fields: &mut Fields<'_>, names: Names<'_>, problems: &mut Problems) -> Option<String> {
    let text = fields.text("entity", problems)?;
    let known = names.content.entity(text.value);
    if known.is_none() {
        let all = names.content.entities.iter().map(|entity| entity.id.as_str());
        problems.push(Problem::unknown_name(fields.file(), text.span, "account or group", text.value, all));
    }
    known.map(|entity| entity.id.clone())
}

/// Text as it stands in the file, also where YAML takes it for a number: fingerprints and tickets can look like one.
fn as_written<'n>(
    fields: &mut Fields<'n>,
    name: &'n str,
    problems: &mut Problems,
) -> Option<Spanned<&'n str>> {
    let file = fields.file();
    let node = fields.get(name)?;
    match node.kind {
        Kind::Integer(_) | Kind::Float(_) => {
            Some(Spanned::new(file.text.get(node.span.clone())?, node.span.clone()))
        }
        _ => fields.text(name, problems),
    }
}

/// Whether a text is a fingerprint.
pub(crate) fn is_fingerprint(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn fingerprint(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<String> {
    let text = as_written(fields, "fingerprint", problems)?;
    if !is_fingerprint(text.value) {
        let help = "a fingerprint has 16 digits, 0 to 9 and a to f; `cmlint check --format json` has it with each finding";
        let message = format!("`{}` is no fingerprint", text.value);
        problems.push(Problem::error(fields.file(), text.span, message).help(help));
        return None;
    }
    Some(text.value.to_owned())
}

fn date(fields: &mut Fields<'_>, name: &'static str, problems: &mut Problems) -> Option<Spanned<Date>> {
    let text = fields.text(name, problems)?;
    match text.value.parse::<Date>().ok().filter(|date| date.exists()) {
        Some(date) => Some(Spanned::new(date, text.span)),
        None => {
            let message = format!("`{}` is no day of the calendar", text.value);
            problems.push(Problem::error(fields.file(), text.span, message).help("write it as 2027-03-31"));
            None
        }
    }
}

/// Whether the dates go together: made in the past, and for a year at most.
fn dates(
    file: &Arc<File>,
    created: Option<&Spanned<Date>>,
    until: Option<&Spanned<Date>>,
    today: Date,
    problems: &mut Problems,
) {
    if let Some(created) = created
        && created.value > today
    {
        let message = format!("{} is in the future: today is {today}", created.value);
        problems.error(file, created.span.clone(), message);
        return;
    }
    let Some(until) = until else { return };
    if let Some(created) = created
        && until.value < created.value
    {
        problems.push(
            Problem::error(file, until.span.clone(), "the waiver ends before it was made").related(
                file,
                created.span.clone(),
                "made on this day",
            ),
        );
        return;
    }
    let from = created.map_or(today, |created| created.value);
    if let Some(last) = from.plus_months(MONTHS)
        && until.value > last
    {
        let message = format!("a waiver holds for a year at most, here until {last}");
        problems.push(
            Problem::error(file, until.span.clone(), message)
                .label(format!("{} days from {from}", until.value.days_after(from)))
                .help("what is still there then can be decided anew"),
        );
    }
}
