//! Objects to records: which objects of a JSON export are rows, of which class, and what of them is kept.
//!
//! An object is first only taken apart into names and places of values. Its class decides whether anything is
//! built; most rows of most exports are passed over at this point, after a look for clear-text credentials.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;
use std::rc::Rc;

use super::build::{PATH_RANK, Use, build, class_in, named_class, printed_row, properties, takes, use_of};
use super::text::{decode, decode_exactly};
use super::token::{Kind, Member, Scanner, Shape, Token, members};
use crate::reader::finish::{self, Counts, CutOff};
use crate::reader::row::{self, Recogniser};
use crate::reader::task_sequence::{self, Package};
use crate::reader::{
    Data, Format, Missing, Note, Object, Record, Sink, Value, Wanted, WantedClass, access, flattened,
    remarks, secret, wmi_path,
};
use crate::source::{Offsets, Span, View};

/// Properties that hold rows in an object that is none itself.
pub(super) const LISTS: [&str; 8] =
    ["value", "values", "data", "rows", "items", "results", "records", "objects"];

/// How deep wrappers may stand in one another.
const NESTING_LIMIT: usize = 8;

/// How many lines that were left out are remarked on.
const NOTE_LIMIT: u64 = 3;

/// What was met so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Objects that are rows, wanted or not.
    pub(super) records: u64,
    /// Those of them that name a class or were recognised.
    pub(super) known: u64,
    /// Whether there was an OData envelope.
    pub(super) envelope: bool,
    /// The shape, if it is one that has a reader of its own.
    pub(super) format: Option<Format>,
    /// Values at the top level.
    pub(super) values: u64,
    /// Cut-off values in wanted rows.
    pub(super) cut_off: CutOff,
    /// Remarks in the order of their places.
    pub(super) notes: Vec<Note>,
    /// Lines that were left out.
    pub(super) skipped: u64,
    /// Whether something could not be read.
    pub(super) broken: bool,
    /// Whether an object at the top level is an answer that says what went wrong.
    pub(super) error: bool,
    /// Whether a task sequence stood there as an object.
    pub(super) documents: bool,
    /// Lines of a console behind values.
    pub(super) console: u64,
    /// Objects that PowerShell makes to display others.
    pub(super) displayed: u64,
    /// Texts that stand where objects are looked for.
    pub(super) texts: u64,
    /// Texts that were JSON.
    pub(super) json: u64,
}

/// What the keys of a row tell, whatever its values.
#[derive(Debug, Default)]
struct Plan<'w> {
    /// It may hold other rows: an envelope, lists by class.
    special: bool,
    /// Properties that name the class, the surest first, with their rank.
    naming: Vec<(usize, u8)>,
    /// What the surest of them last said, and the class that is.
    named: Option<(Box<str>, Rc<str>)>,
    /// Rules that recognise it, as far as names go. None if they are not asked: it repeats its properties only.
    rules: Option<Box<[usize]>>,
    /// The wanted properties, if it is of that class; none if they cannot be taken as they are.
    wanted: Option<(&'w WantedClass, Vec<usize>)>,
}

/// Where credentials may stand in the text at hand: found once for all rows of a window.
#[derive(Debug, Default)]
struct Mentions {
    /// The text: its place in the original and its length.
    text: (u64, usize),
    /// From where on it was searched.
    from: usize,
    /// The first from there on.
    next: Option<usize>,
}

impl Mentions {
    /// Whether there is one in the range.
    fn within(&mut self, view: View<'_>, range: &Range<usize>) -> bool {
        let text = (view.offsets.file(view.text, 0), view.text.len());
        if text != self.text || range.start < self.from || self.next.is_some_and(|next| next < range.start) {
            let next = secret::mention(view.text.as_bytes(), range.start);
            *self = Self { text, from: range.start, next };
        }
        self.next.is_some_and(|next| next < range.end)
    }
}

/// Reads the values of a text that stands in an export of another shape. None if it is not JSON.
pub(in crate::reader) fn read_text(view: View<'_>, wanted: &Wanted, sink: &mut dyn Sink) -> Option<Counts> {
    let mut rows = Rows::new(wanted, sink);
    let read = rows.text(view, 0);
    let Tally { records, known, cut_off, displayed, texts, json, .. } = rows.tally;
    read.then_some(Counts { records, known, cut_off, displayed, texts, json })
}

/// Turns objects into records.
pub(super) struct Rows<'a, 'w> {
    pub(super) wanted: &'w Wanted,
    recogniser: Recogniser<'w>,
    sink: &'a mut dyn Sink,
    /// The name that a class was last looked up by.
    last: (String, Option<&'w WantedClass>),
    /// The keys of the last row of a list.
    pub(super) shape: Shape,
    /// What those keys tell.
    plan: Plan<'w>,
    mentions: Mentions,
    /// What was met so far.
    pub(super) tally: Tally,
}

impl<'a, 'w> Rows<'a, 'w> {
    pub(super) fn new(wanted: &'w Wanted, sink: &'a mut dyn Sink) -> Self {
        let recogniser = Recogniser::new(wanted);
        Self {
            wanted,
            recogniser,
            sink,
            last: (String::new(), None),
            shape: Shape::default(),
            plan: Plan::default(),
            mentions: Mentions::default(),
            tally: Tally::default(),
        }
    }

    /// Says that pages are missing, if the link to the next one says so.
    pub(super) fn more_pages(&mut self, view: View<'_>, link: &Token, class: Option<&str>) {
        if !link.is_text() || link.inner().is_empty() {
            return;
        }
        let span = view.span(link.inner());
        self.sink.missing(class, Missing::MorePages, span);
        let what = class.unwrap_or("the result");
        self.tally.notes.push(Note {
            text: format!("there are further pages of {what}; follow the link until there is none and export all of them"),
            span: Some(span),
        });
    }

    /// Says that there is no object of a class.
    pub(super) fn none(&mut self, class: &str) {
        self.sink.none(class);
    }

    /// Says that the rest of the file could not be read, and why.
    pub(super) fn broken(&mut self, here: Span, rest: Span, class: Option<&str>, why: String) {
        self.sink.missing(class, Missing::Broken, rest);
        self.tally.notes.push(Note { text: why, span: Some(here) });
        self.tally.broken = true;
    }

    /// Says that a line was left out.
    pub(super) fn skipped(&mut self, span: Span, why: &str) {
        self.sink.missing(None, Missing::Broken, span);
        self.tally.broken = true;
        self.tally.skipped += 1;
        if self.tally.skipped <= NOTE_LIMIT {
            let text = format!("this line is left out, it is not valid JSON: {why}");
            self.tally.notes.push(Note { text, span: Some(span) });
        }
    }

    /// An element of a list of rows, or a value at the top level.
    pub(super) fn value(&mut self, view: View<'_>, token: &Token, class: Option<&str>, nesting: usize) {
        if nesting > NESTING_LIMIT {
            return;
        }
        match token.kind {
            Kind::Object => self.object(view, token, &members(view.text, token.range.start), class, nesting),
            Kind::Array => {
                let mut scanner = Scanner::new(view.text, token.range.start + 1, true);
                let mut first = true;
                while let Ok(true) = scanner.element(first) {
                    first = false;
                    let Ok(element) = scanner.value() else { return };
                    self.value(view, &element, class, nesting + 1);
                }
            }
            Kind::Plain | Kind::Escaped => {
                if text_begins(view.text, token, '<') {
                    let (text, offsets) = decode_exactly(view, token);
                    if row::is_document(&text) {
                        self.read_sequence((text, offsets, view.span(token.inner())), None);
                        self.tally.known += 1;
                    }
                } else if text_begins(view.text, token, '{') || text_begins(view.text, token, '[') {
                    let (text, offsets) = decode_exactly(view, token);
                    if !self.text(View { text: &text, offsets: &offsets }, nesting) {
                        self.tally.texts += 1;
                    }
                } else if let Some(object) = printed_row(view, token) {
                    self.tally.records += 1;
                    self.tally.cut_off.add(CutOff::one(view.span(token.range.clone())));
                    self.printed(view.span(token.range.clone()), object, class);
                } else {
                    self.loose_text(view, token);
                }
            }
            Kind::Null | Kind::Bool | Kind::Number => {}
        }
    }

    /// The values that a text holds which is JSON itself. False if it is not.
    fn text(&mut self, view: View<'_>, nesting: usize) -> bool {
        let mut values = Vec::new();
        let mut scanner = Scanner::new(view.text, 0, true);
        loop {
            scanner.filling();
            if scanner.at == view.text.len() {
                break;
            }
            match scanner.value() {
                Ok(token) if matches!(token.kind, Kind::Object | Kind::Array) => values.push(token),
                _ => return false,
            }
        }
        // Rows that are alike are told by their keys, which stand in another text here.
        (self.shape, self.plan) = Default::default();
        for token in &values {
            self.value(view, token, None, nesting + 1);
        }
        self.tally.json += 1;
        true
    }

    /// A text in the place of an object: one that was cut off, or one that never was.
    fn loose_text(&mut self, view: View<'_>, token: &Token) {
        let text = decode(view.text, token);
        if !row::is_truncated(&text) {
            self.tally.texts += 1;
            return;
        }
        let span = view.span(token.inner());
        self.tally.cut_off.add(CutOff::one(span));
        // With its key behind the class, it was an object of that class.
        if let Some((class, _)) = text.split_once(" (") {
            self.sink.missing(Some(row::class_name(class)), Missing::Broken, span);
        }
    }

    /// An element of the list that is read row by row. `same` says that its keys are those of [`Rows::shape`].
    pub(super) fn element(
        &mut self,
        view: View<'_>,
        token: &Token,
        all: &[Member],
        same: bool,
        class: Option<&str>,
    ) {
        let text = view.text;
        if !same {
            self.shape = Shape::of(text, all);
            self.plan = self.plan_for(text, all);
        }
        if self.plan.special {
            return self.object(view, token, all, class, 1);
        }
        let named = self.named(text, all, class.is_some());
        let class = named.as_deref().or(class).filter(|class| !row::is_own(class));
        let wanted = match (class, &self.plan.rules) {
            (Some(class), _) => self.look_up(class),
            (None, Some(rules)) => {
                let names = all.iter().map(|m| &text[m.key.inner()]);
                let found = self.recogniser.decide(rules, names, |i| plain(text, &all[i].value));
                found.and_then(|class| self.look_up(class))
            }
            (None, None) => return self.row(view, token, all, None, 1),
        };
        let mentioned = self.mentions.within(view, &token.range);
        let nested = || all.iter().any(|m| matches!(m.value.kind, Kind::Array | Kind::Object));
        if mentioned || wanted.is_none() && nested() {
            return self.row(view, token, all, class, 1);
        }
        let Some(wanted) = wanted else {
            self.tally.records += 1;
            self.tally.displayed += u64::from(find(text, all, remarks::DISPLAYED).is_some());
            self.tally.known += u64::from(class.is_some());
            return;
        };
        if self.plan.wanted.as_ref().is_none_or(|(class, _)| !std::ptr::eq(*class, wanted)) {
            self.plan.wanted = wanted_members(text, all, wanted).map(|members| (wanted, members));
        }
        let Some((_, kept)) = &self.plan.wanted else { return self.row(view, token, all, class, 1) };
        // No credential is mentioned, no property needs more than to be built.
        let mut object = Object { class: None, properties: Vec::with_capacity(kept.len()) };
        for &i in kept {
            let name = &text[all[i].key.inner()];
            if !takes(use_of(name), &all[i]) {
                continue;
            }
            object.properties.push((name.into(), build(view, &all[i].value, name)));
        }
        mark_flattened(&mut object, wanted, self.wanted, &text[token.range.clone()]);
        (self.tally.records, self.tally.known) = (self.tally.records + 1, self.tally.known + 1);
        object.properties.iter().for_each(|(_, value)| self.tally.cut_off.count(value));
        let class = if wanted.name.is_empty() { class.unwrap_or_default() } else { &wanted.name };
        self.sink.record(Record { class: class.into(), span: view.span(token.range.clone()), object });
    }

    /// The class that a row names, whose keys are those of the plan.
    fn named(&mut self, text: &str, all: &[Member], outer: bool) -> Option<Rc<str>> {
        let naming = self.plan.naming.iter().take_while(|(_, rank)| *rank < PATH_RANK || !outer);
        let surest = naming.clone().next().map(|(i, _)| &all[*i].value)?;
        let written = (surest.kind == Kind::Plain).then(|| &text[surest.inner()]);
        // Most rows name the class of the row before.
        if let (Some(written), Some((known, class))) = (written, &self.plan.named)
            && **known == *written
        {
            return Some(Rc::clone(class));
        }
        for (n, &(i, rank)) in naming.enumerate() {
            if let Some(class) = class_in(text, rank, &all[i].value) {
                let class: Rc<str> = Rc::from(&*class);
                self.plan.named =
                    written.filter(|_| n == 0).map(|written| (written.into(), Rc::clone(&class)));
                return Some(class);
            }
        }
        None
    }

    fn plan_for(&self, text: &str, all: &[Member]) -> Plan<'w> {
        let escaped = all.iter().any(|m| m.key.kind == Kind::Escaped);
        let mut naming = Vec::new();
        let mut repeats = false;
        let mut special = escaped;
        for (i, member) in all.iter().enumerate() {
            let name = &text[member.key.inner()];
            match use_of(name) {
                Use::Class(rank) => naming.push((i, rank)),
                Use::Fallback => repeats = true,
                Use::Value | Use::Noise => {}
            }
            special |= name.eq_ignore_ascii_case("@odata.context")
                || name.eq_ignore_ascii_case("value") && all.len() == 2
                || name.eq_ignore_ascii_case("Group") && group_of_objects(text, all).is_some()
                || is_class_key(self.wanted, name);
        }
        naming.sort_by_key(|&(_, rank)| rank);
        let rules = (!repeats).then(|| self.recogniser.rules(all.iter().map(|m| &text[m.key.inner()])));
        Plan { special, naming, named: None, rules, wanted: None }
    }

    /// An object: an envelope of rows, or a row.
    pub(super) fn object(
        &mut self,
        view: View<'_>,
        token: &Token,
        members: &[Member],
        class: Option<&str>,
        nesting: usize,
    ) {
        if nesting > NESTING_LIMIT {
            return;
        }
        let text = view.text;
        let mut class = class.map(Cow::Borrowed);
        if let Some(member) = find(text, members, "@odata.context") {
            self.tally.envelope = true;
            if member.value.is_text() {
                class = context_class(&decode(text, &member.value)).map(|c| Cow::Owned(c.to_owned()));
            }
            if let Some(rows) = find(text, members, "value").filter(|m| m.value.kind == Kind::Array) {
                if text[rows.value.inner()].trim_matches(['[', ']']).trim().is_empty()
                    && let Some(class) = &class
                {
                    self.none(class);
                }
                self.value(view, &rows.value, class.as_deref(), nesting + 1);
                if let Some(link) = find(text, members, "@odata.nextLink") {
                    self.more_pages(view, &link.value, class.as_deref());
                }
                return;
            }
        } else if let [a, b] = members {
            // `{value, Count}`: how Windows PowerShell writes some lists.
            let is = |m: &Member, name: &str| text[m.key.inner()].eq_ignore_ascii_case(name);
            for (rows, count) in [(a, b), (b, a)] {
                if is(rows, "value") && rows.value.kind == Kind::Array && is(count, "Count") {
                    self.value(view, &rows.value, class.as_deref(), nesting + 1);
                    return;
                }
            }
        } else if let Some(rows) = group_of_objects(text, members) {
            self.value(view, &rows.value, class.as_deref(), nesting + 1);
            return;
        }
        if let Some(class) = &class
            && self.holds_only(view, members, class)
        {
            for member in members {
                self.value(view, &member.value, Some(class), nesting + 1);
            }
            return;
        }
        if class.is_none() && self.wrapper(view, members, nesting) {
            return;
        }
        self.row(view, token, members, class.as_deref(), nesting);
    }

    /// `{"SMS_Admin": [...], "SMS_Role": [...]}`: rows by class. False if it is not that.
    fn wrapper(&mut self, view: View<'_>, members: &[Member], nesting: usize) -> bool {
        let nested = |m: &&Member| matches!(m.value.kind, Kind::Array | Kind::Object);
        let wanted = self.wanted;
        let keyed = |m: &Member| is_class_key(wanted, &decode(view.text, &m.key));
        if !members.iter().filter(nested).any(keyed) || named_class(view.text, members, false).is_some() {
            return false;
        }
        for member in members.iter().filter(nested) {
            let key = decode(view.text, &member.key);
            let class = if is_class_key(wanted, &key) { key_class(&key) } else { None };
            self.value(view, &member.value, class, nesting + 1);
        }
        true
    }

    fn row(
        &mut self,
        view: View<'_>,
        token: &Token,
        members: &[Member],
        outer: Option<&str>,
        nesting: usize,
    ) {
        let text = view.text;
        let named = named_class(text, members, outer.is_some());
        let class = named.as_deref().or(outer).filter(|class| !row::is_own(class));
        let wanted = match class {
            Some(class) => self.look_up(class),
            None => {
                let recognised = self.recognise(view, members);
                if recognised.is_none() && self.inside(view, members, nesting) {
                    return;
                }
                recognised.and_then(|class| self.look_up(class))
            }
        };
        self.tally.records += 1;
        self.tally.known += u64::from(class.is_some() || wanted.is_some());
        let Some(wanted) = wanted else {
            self.tally.displayed += u64::from(find(text, members, remarks::DISPLAYED).is_some());
            if self.mentions.within(view, &token.range) {
                let object = properties(view, members, |_, purpose| purpose == Use::Value);
                self.finish(view.span(token.range.clone()), object, class.unwrap_or_default(), false);
            }
            return;
        };
        let sequence = sequence(view, members, wanted);
        // Where credentials may be, all of the row is looked at.
        let all = sequence.is_some() || self.mentions.within(view, &token.range);
        let mut object = properties(view, members, |name, purpose| {
            (all && purpose == Use::Value || is_listed(wanted, name, purpose))
                && !(sequence.is_some() && name.eq_ignore_ascii_case("Sequence"))
        });
        mark_flattened(&mut object, wanted, self.wanted, &text[token.range.clone()]);
        if sequence.is_none() && task_sequence::is_package(&wanted.name) {
            // A document as an object, of which PowerShell writes but brackets.
            let is_object = |value: &Value| matches!(value.data, Data::List(_) | Data::Object(_));
            let cut = object.properties.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("Sequence"));
            if let Some((_, value)) = cut.filter(|(_, value)| is_object(value)) {
                value.data = Data::Truncated;
                if !self.tally.documents {
                    let text = "a task sequence is an XML object here, of which ConvertTo-Json writes brackets alone; \
                                export its text, without `[xml]`"
                        .to_owned();
                    self.tally.notes.push(Note { text, span: Some(value.span) });
                }
                self.tally.documents = true;
            }
        }
        let package = sequence.is_some().then(|| Package::of(&object));
        if let Some((_, _, span)) = sequence {
            object.properties.push(("Sequence".into(), task_sequence::placeholder(span)));
        }
        let class = if wanted.name.is_empty() { class.unwrap_or_default() } else { &wanted.name };
        self.finish(view.span(token.range.clone()), object, class, true);
        if let Some(sequence) = sequence {
            self.read_sequence(sequence, package.as_ref());
        }
    }

    /// Reads a task sequence that stands in a string.
    fn read_sequence(
        &mut self,
        (text, offsets, span): (Cow<'_, str>, Offsets, Span),
        package: Option<&Package>,
    ) {
        match task_sequence::read(View { text: &text, offsets: &offsets }, package, self.wanted, self.sink) {
            Ok(records) => self.tally.records += records,
            Err(fault) => {
                let why = format!("the task sequence in this text is not valid XML: {}", fault.text);
                self.broken(fault.span, span, Some("TaskSequenceStep"), why);
            }
        }
    }

    /// A row that stands there as text: `@{Name=x; Y=z}`.
    fn printed(&mut self, span: Span, mut object: Object, outer: Option<&str>) {
        let named = match object.get("__CLASS").map(|v| &v.data) {
            Some(Data::Text(written)) => Some(row::class_name(written).to_owned()),
            _ => None,
        };
        let class = named.as_deref().or(outer).filter(|class| !row::is_own(class));
        let wanted = match class {
            Some(class) => self.look_up(class),
            None => self.recogniser.class_of(&object).and_then(|class| self.look_up(class)),
        };
        self.tally.known += u64::from(class.is_some() || wanted.is_some());
        if let Some(wanted) = wanted {
            flattened::mark(&mut object, &wanted.lists, self.wanted, &|_| false);
        }
        let class =
            wanted.map(|w| &*w.name).filter(|n| !n.is_empty()).or(class).unwrap_or_default().to_owned();
        self.finish(span, object, &class, wanted.is_some());
    }

    /// Whether objects of a class are wanted.
    pub(super) fn wants(&mut self, class: &str) -> bool {
        self.look_up(class).is_some()
    }

    /// An object that another reader has built; what is not wanted of it is left out.
    pub(super) fn built(&mut self, span: Span, object: Object, class: &str) {
        self.tally.records += 1;
        self.tally.known += 1;
        let wanted = self.wants(class);
        self.finish(span, object, class, wanted);
    }

    /// Values that were cut off in an object that is not handed on itself.
    pub(super) fn count(&mut self, value: &Value) {
        self.tally.cut_off.count(value);
    }

    /// A part of an object that another reader has built, as a record of its own. What is cut off in it has been
    /// counted with the object.
    pub(super) fn part(&mut self, span: Span, object: Object, class: &str) {
        if self.wants(class) {
            finish::record(Record { class: class.into(), span, object }, self.wanted, None, self.sink);
        }
    }

    /// Takes the credentials out of an object and hands on what remains of it, if it is wanted.
    fn finish(&mut self, span: Span, mut object: Object, class: &str, wanted: bool) {
        if wanted {
            let (_, cut_off) =
                finish::record(Record { class: class.into(), span, object }, self.wanted, None, self.sink);
            self.tally.cut_off.add(cut_off);
        } else {
            finish::credentials(&mut object, class, self.sink);
        }
    }

    fn look_up(&mut self, class: &str) -> Option<&'w WantedClass> {
        if self.last.0 != class {
            self.last = (class.to_owned(), self.wanted.class(class));
        }
        self.last.1
    }

    /// The class of a row that does not name it.
    fn recognise(&mut self, view: View<'_>, members: &[Member]) -> Option<&'w str> {
        let text = view.text;
        let escaped = members.iter().any(|m| m.key.kind == Kind::Escaped);
        let value = |i: usize| plain(text, &members[i].value);
        let found = if escaped {
            let names: Vec<Cow<'_, str>> = members.iter().map(|m| decode(text, &m.key)).collect();
            self.recogniser.class(names.iter().map(|n| &**n), value)
        } else {
            self.recogniser.class(members.iter().map(|m| &text[m.key.inner()]), value)
        };
        if found.is_some() || !members.iter().any(|m| use_of(&text[m.key.inner()]) == Use::Fallback) {
            return found;
        }
        self.recogniser.class_of(&properties(view, members, |_, purpose| purpose == Use::Value))
    }

    /// The rows in an object that is none itself: a dictionary of lists of them, an object that holds some. False if
    /// there are none.
    fn inside(&mut self, view: View<'_>, members: &[Member], nesting: usize) -> bool {
        let inside: Vec<bool> = members.iter().map(|m| self.is_inside(view, m, nesting)).collect();
        if !inside.contains(&true) {
            return false;
        }
        let mut plain = Vec::new();
        for (member, inside) in members.iter().zip(inside) {
            if inside {
                self.value(view, &member.value, None, nesting + 1);
            } else {
                plain.push(member.clone());
            }
        }
        // What else it says is looked at for credentials.
        let ends = plain.first().zip(plain.last());
        if let Some((first, last)) = ends
            && self.mentions.within(view, &(first.key.range.start..last.value.range.end))
        {
            let object = properties(view, &plain, |_, purpose| purpose == Use::Value);
            self.finish(view.span(first.key.range.start..last.value.range.end), object, "", false);
        }
        true
    }

    /// Whether a property of such an object holds rows: by what is in it, or as a list of objects by its name.
    fn is_inside(&mut self, view: View<'_>, member: &Member, nesting: usize) -> bool {
        let name = &view.text[member.key.inner()];
        member.value.kind == Kind::Array
            && LISTS.iter().any(|list| name.eq_ignore_ascii_case(list))
            && view.text[member.value.inner()].trim_start_matches('[').trim_start().starts_with('{')
            || self.holds_row(view, &member.value, nesting + 1)
    }

    /// Whether a value is a row, or holds one: rows name their class or are recognised by their properties.
    fn holds_row(&mut self, view: View<'_>, token: &Token, nesting: usize) -> bool {
        if nesting > NESTING_LIMIT {
            return false;
        }
        match token.kind {
            Kind::Object => {
                let members = members(view.text, token.range.start);
                let class = named_class(view.text, &members, false).filter(|class| !row::is_own(class));
                match class {
                    Some(class) => self.look_up(&class).is_some(),
                    None => {
                        self.recognise(view, &members).is_some()
                            || members.iter().any(|m| self.holds_row(view, &m.value, nesting + 1))
                    }
                }
            }
            Kind::Array => {
                let mut scanner = Scanner::new(view.text, token.range.start + 1, true);
                let mut first = true;
                for _ in 0..LOOKED_AT {
                    let Ok(true) = scanner.element(first) else { return false };
                    first = false;
                    let Ok(element) = scanner.value() else { return false };
                    if self.holds_row(view, &element, nesting + 1) {
                        return true;
                    }
                }
                false
            }
            Kind::Plain | Kind::Escaped if text_begins(view.text, token, '@') => {
                printed_row(view, token).is_some_and(|object| self.recogniser.class_of(&object).is_some())
            }
            Kind::Plain | Kind::Escaped
                if text_begins(view.text, token, '{') || text_begins(view.text, token, '[') =>
            {
                let (text, offsets) = decode_exactly(view, token);
                let view = View { text: &text, offsets: &offsets };
                let inner = Scanner::new(&text, text.len() - text.trim_start().len(), true).value();
                inner.is_ok_and(|inner| self.holds_row(view, &inner, nesting + 1))
            }
            _ => false,
        }
    }

    /// Whether an object in the place of a row of a class holds rows itself, by names of its own: it has objects or
    /// lists only, and none of them is a property of the class.
    fn holds_only(&mut self, view: View<'_>, members: &[Member], class: &str) -> bool {
        let Some(wanted) = self.look_up(class) else { return false };
        let nested = |m: &Member| matches!(m.value.kind, Kind::Array | Kind::Object);
        !members.is_empty()
            && !wanted.properties.is_empty()
            && members.iter().all(|m| nested(m) && !wanted.wants(&decode(view.text, &m.key)))
            && named_class(view.text, members, true).is_none()
    }
}

/// How many elements of a list are looked at to tell whether it holds rows.
const LOOKED_AT: usize = 8;

/// The rows of a group of `Group-Object`.
fn group_of_objects<'m>(text: &str, members: &'m [Member]) -> Option<&'m Member> {
    let known = |m: &Member| {
        let name = &text[m.key.inner()];
        ["Values", "Count", "Group", "Name"].iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    let has = |name: &str| find(text, members, name).is_some();
    let group =
        find(text, members, "Group").filter(|m| matches!(m.value.kind, Kind::Array | Kind::Object))?;
    (has("Name") && has("Count") && members.iter().all(known)).then_some(group)
}

/// Marks what is one text in the place of a list in an object whose text that is.
fn mark_flattened(object: &mut Object, class: &WantedClass, wanted: &Wanted, text: &str) {
    let depth = OnceCell::new();
    flattened::mark(object, &class.lists, wanted, &|inside| {
        depth.get_or_init(|| flattened::depth(text)).is_some_and(|depth| depth > inside)
    });
}

/// The task sequence that a row holds as text, and where that stands.
fn sequence<'v>(
    view: View<'v>,
    all: &[Member],
    wanted: &WantedClass,
) -> Option<(Cow<'v, str>, Offsets, Span)> {
    if !task_sequence::is_package(&wanted.name) {
        return None;
    }
    let token = text_named(view.text, all, "Sequence")?;
    let (text, offsets) = decode_exactly(view, &token);
    row::is_document(&text).then(|| (text, offsets, view.span(token.inner())))
}

/// Whether a string begins with that character, behind blanks and also as an escape.
fn text_begins(text: &str, token: &Token, c: char) -> bool {
    let inner = text[token.inner()].trim_start_matches([' ', '\\', 'r', 'n', 't']);
    inner.starts_with(c)
        || inner.get(..5).is_some_and(|code| code.eq_ignore_ascii_case(&format!("u{:04x}", u32::from(c))))
}

/// The text of a property, also where it stands only in a repetition of the properties.
fn text_named(text: &str, all: &[Member], name: &str) -> Option<Token> {
    if let Some(member) = find(text, all, name) {
        return member.value.is_text().then(|| member.value.clone());
    }
    let repeated = |m: &&Member| use_of(&text[m.key.inner()]) == Use::Fallback;
    all.iter().filter(repeated).find_map(|member| match member.value.kind {
        Kind::Object => text_named(text, &members(text, member.value.range.start), name),
        Kind::Array => {
            let mut scanner = Scanner::new(text, member.value.range.start + 1, true);
            let mut first = true;
            while let Ok(true) = scanner.element(first) {
                first = false;
                let element = scanner.value().ok().filter(|e| e.kind == Kind::Object);
                let pair = element.map(|e| members(text, e.range.start)).unwrap_or_default();
                let named = find(text, &pair, "Name").filter(|m| m.value.is_text());
                if named.is_some_and(|m| decode(text, &m.value).eq_ignore_ascii_case(name)) {
                    return find(text, &pair, "Value").filter(|m| m.value.is_text()).map(|m| m.value.clone());
                }
            }
            None
        }
        _ => None,
    })
}

/// Whether a property of that name holds rows of one class: `SMS_Admin`, `ADDomain`, `Get-CMAccount`.
pub(super) fn is_class_key(wanted: &Wanted, key: &str) -> bool {
    row::is_wmi(key)
        || key.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case("Get-"))
        || key.trim_start_matches('_').as_bytes().first().is_some_and(u8::is_ascii_uppercase)
            && !row::is_own(key)
            && wanted.class(key).is_some()
}

/// The wanted properties of a row, if they can be built one by one; none if something else has to be done with them.
fn wanted_members(text: &str, all: &[Member], wanted: &WantedClass) -> Option<Vec<usize>> {
    let name = |m: &Member| &text[m.key.inner()];
    let own = all.iter().any(|m| use_of(name(m)) == Use::Value);
    let repeats = all.iter().any(|m| use_of(name(m)) == Use::Fallback);
    let sequence = wanted.name.eq_ignore_ascii_case("SMS_TaskSequencePackage");
    let refers = all.iter().any(|m| wmi_path::is_end(name(m)));
    if sequence
        || refers
        || access::wants(wanted)
        || repeats && !own
        || all.iter().any(|m| m.key.kind == Kind::Escaped)
    {
        return None;
    }
    let kept = |m: &Member| {
        let purpose = use_of(name(m));
        purpose != Use::Fallback && is_listed(wanted, name(m), purpose)
    };
    Some((0..all.len()).filter(|&i| kept(&all[i])).collect())
}

/// Whether a property of that use is worth building: all of the row's own if no names are given.
fn is_listed(wanted: &WantedClass, name: &str, purpose: Use) -> bool {
    finish::is_wanted(wanted, name) && (purpose == Use::Value || !wanted.properties.is_empty())
}

/// The property of that name.
pub(super) fn find<'m>(text: &str, members: &'m [Member], name: &str) -> Option<&'m Member> {
    members.iter().rev().find(|m| text[m.key.inner()].eq_ignore_ascii_case(name))
}

/// The class that an OData context tells: `...$metadata#SMS_Admin(LogonName)` or `...#SMS_Admin/$entity`.
pub(super) fn context_class(context: &str) -> Option<&str> {
    let class = context.rsplit_once('#')?.1;
    let end = class.find(['/', '(']).unwrap_or(class.len());
    let class = row::class_name(&class[..end]);
    (!class.is_empty()).then_some(class)
}

/// The class that a property name tells which holds rows; none for the name of a command.
pub(super) fn key_class(key: &str) -> Option<&str> {
    (!key.contains('-')).then(|| row::class_name(key))
}

/// The text of a value that is neither a list nor an object.
fn plain<'t>(text: &'t str, token: &Token) -> Option<Cow<'t, str>> {
    match token.kind {
        Kind::Plain | Kind::Escaped => Some(decode(text, token)),
        Kind::Number | Kind::Bool => Some(Cow::Borrowed(&text[token.range.clone()])),
        Kind::Null | Kind::Array | Kind::Object => None,
    }
}
