//! Group Policy reports (`Get-GPOReport -ReportType Xml`, `gpreport.xml` of a backup) and resultant sets of policy
//! (`gpresult /x`, `Get-GPResultantSetOfPolicy`).
//!
//! Read are user rights, restricted groups, file permissions and the preferences for local groups, as the classes of
//! [`crate::reader::policy`]. A report gives one `SecurityPolicy` for each Group Policy object, a resultant set one
//! for each computer or user it is about. In a report, nothing but the links tells which computers a setting is for;
//! in a resultant set `Precedence` tells which of several settings wins.
//!
//! A right without members is given to nobody; a right that is not there is not set. Elements are told by their local
//! names and the type of the extension around them, because the prefixes are arbitrary. Passwords of preferences
//! (`cpassword`) are encrypted with a key that is published: they are taken for clear text, wherever they stand. The files
//! of the preferences themselves (`Groups.xml`, `ScheduledTasks.xml` and the like of a SYSVOL or a backup) are looked through
//! for nothing else: which computers they are for does not stand in them.

use std::collections::HashMap;
use std::ops::Range;

use crate::reader::policy::{self, Trustee};
use crate::reader::row::{self, Found};
use crate::reader::secret::{self, Certainty};
use crate::reader::stream::{Flow, Shape};
use crate::reader::unescape::{self, Style};
use crate::reader::xml::{Chunk, Content, Kind, Stop, Tokens, local};
use crate::reader::{Data, Object, Record, Sink, Value, Wanted, finish};
use crate::source::{Span, View};

/// Records of one Group Policy object that wait for its links. There are seldom more than a few hundred.
const WAITING: usize = 4096;

/// Elements of one setting; what goes beyond is not looked at.
const ELEMENTS: usize = 50_000;

/// How many Group Policy objects of a resultant set are known by name.
const NAMES: usize = 10_000;

/// The attribute that holds the password of a preference.
const CPASSWORD: &str = "cpassword";

/// An open element that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// `report`, or `GPOS` in the text of `Get-GPOReport -All`: several Group Policy objects.
    Report,
    /// `GPO` at the top.
    Gpo,
    /// `Rsop`
    Rsop,
    /// `Computer`, `User` of a Group Policy object; `ComputerResults`, `UserResults` of a resultant set.
    Half,
    /// `ExtensionData`
    ExtensionData,
    /// `Extension` with security settings.
    Security,
    /// `Extension` with local users and groups, and the list in it.
    LocalGroups,
    /// `Extension` that does not tell its type.
    Untyped,
    /// Anything else.
    Ignored,
}

/// The reader.
#[derive(Debug)]
pub(super) struct GpoReport<'w> {
    wanted: &'w Wanted,
    /// Open elements with their depths.
    open: Vec<(usize, Place)>,
    /// Whether the root is `Rsop`.
    pub(super) is_rsop: bool,
    /// `rsop` or `rsop-planning`, once it is known.
    data_type: Option<&'static str>,
    /// What the records of the object at hand have in common.
    common: Common,
    /// Names of Group Policy objects by identifier.
    names: HashMap<Box<str>, Value>,
    waiting: Vec<Record>,
    /// How many records were met, wanted or not.
    pub(super) records: u64,
}

/// What is known of the Group Policy object or computer at hand.
#[derive(Debug, Default)]
struct Common {
    /// Where it starts in the file.
    start: u64,
    name: Option<Value>,
    id: Option<Value>,
    domain: Option<Value>,
    /// `computer` or `user`: the half at hand.
    side: Option<&'static str>,
    /// Whether that half is enabled.
    enabled: Option<Value>,
    computer_enabled: Option<Value>,
    user_enabled: Option<Value>,
    links: Option<Value>,
    /// Its element was read to its end, so that all its links are known.
    ended: bool,
    /// Where in the directory the computer or user is.
    scope: Option<Value>,
    rights: bool,
    groups: bool,
    files: bool,
}

impl<'w> GpoReport<'w> {
    /// For the classes of `wanted`.
    pub(super) fn new(wanted: &'w Wanted) -> Self {
        Self {
            wanted,
            open: Vec::new(),
            is_rsop: false,
            data_type: None,
            common: Common::default(),
            names: HashMap::new(),
            waiting: Vec::new(),
            records: 0,
        }
    }

    /// Hands on what waits, when the file has ended, wherever it did.
    pub(super) fn finish(&mut self, sink: &mut dyn Sink) {
        self.flush(sink);
    }

    fn start(&mut self, tokens: &mut Tokens<'_>, view: View<'_>, sink: &mut dyn Sink) -> Result<(), Stop> {
        let name = tokens.local_name();
        let top = self.open.last().map(|(_, place)| *place);
        let place = match (top, name) {
            (None, "report" | "GPOS" | "GPOs") => Place::Report,
            (None | Some(Place::Report), "GPO") => {
                self.common = Common { start: view.span(tokens.range()).start, ..Common::default() };
                Place::Gpo
            }
            (None, "Rsop") => {
                self.is_rsop = true;
                Place::Rsop
            }
            (Some(Place::Rsop), "DataType") => {
                let value = leaf(tokens, view)?;
                let planning = matches!(&value.data, Data::Text(text) if text.to_ascii_lowercase().starts_with("planning"));
                self.data_type = Some(if planning { "rsop-planning" } else { "rsop" });
                return Ok(());
            }
            (Some(Place::Rsop), "ComputerResults" | "UserResults") => {
                let start = view.span(tokens.range()).start;
                let side = if name == "UserResults" { "user" } else { "computer" };
                self.common = Common { start, side: Some(side), ..Common::default() };
                self.names.clear();
                Place::Half
            }
            (Some(Place::Gpo), "Identifier") => {
                let element = Element::read(tokens)?;
                self.common.id = element.child("Identifier").map(|e| e.value(view)).or(self.common.id.take());
                self.common.domain =
                    element.child("Domain").map(|e| e.value(view)).or(self.common.domain.take());
                return Ok(());
            }
            (Some(Place::Gpo), "Name") => {
                self.common.name = Some(leaf(tokens, view)?);
                return Ok(());
            }
            (Some(Place::Gpo), "LinksTo") => {
                let link = link(&Element::read(tokens)?, view);
                let links = self
                    .common
                    .links
                    .get_or_insert_with(|| Value { span: link.span, data: Data::List(Vec::new()) });
                if let Data::List(list) = &mut links.data
                    && list.len() < ELEMENTS
                {
                    links.span.end = link.span.end;
                    list.push(link);
                }
                return Ok(());
            }
            (Some(Place::Gpo), "Computer" | "User") => {
                self.common.side = Some(if name == "User" { "user" } else { "computer" });
                self.common.enabled = None;
                Place::Half
            }
            (Some(Place::Half), "Enabled") => {
                let mut value = leaf(tokens, view)?;
                if let Data::Text(text) = &value.data
                    && let Some(flag) = flag(text)
                {
                    value.data = Data::Bool(flag);
                }
                let half = match self.common.side {
                    Some("user") => &mut self.common.user_enabled,
                    _ => &mut self.common.computer_enabled,
                };
                *half = Some(value.clone());
                self.common.enabled = Some(value);
                return Ok(());
            }
            (Some(Place::Half), "Name") if self.is_rsop => {
                self.common.name = Some(leaf(tokens, view)?);
                return Ok(());
            }
            (Some(Place::Half), "Domain") if self.is_rsop => {
                self.common.domain = Some(leaf(tokens, view)?);
                return Ok(());
            }
            (Some(Place::Half), "SOM") if self.is_rsop => {
                self.common.scope = Some(leaf(tokens, view)?);
                return Ok(());
            }
            (Some(Place::Half), "GPO") if self.is_rsop => {
                let element = Element::read(tokens)?;
                let id = element.child("Path").and_then(|path| path.child("Identifier"));
                if let (Some(id), Some(name)) = (id, element.child("Name"))
                    && self.names.len() < NAMES
                {
                    let id = id.text(view).to_ascii_lowercase().into();
                    self.names.insert(id, name.value(view));
                }
                return Ok(());
            }
            (Some(Place::Half), "ExtensionData") => Place::ExtensionData,
            (Some(Place::ExtensionData), "Extension") => {
                let kind = tokens.attributes().find(|(name, _)| local(name) == "type");
                match kind.and_then(|(_, value)| view.text.get(value)).map(local) {
                    Some("SecuritySettings") => Place::Security,
                    Some("LugsSettings") => Place::LocalGroups,
                    Some(_) => Place::Ignored,
                    None => Place::Untyped,
                }
            }
            (Some(Place::Security | Place::Untyped), "UserRightsAssignment") => {
                self.user_right(&Element::read(tokens)?, view);
                return Ok(());
            }
            (Some(Place::Security | Place::Untyped), "RestrictedGroups") => {
                self.restricted_group(&Element::read(tokens)?, view);
                return Ok(());
            }
            (Some(Place::Security), "File") => {
                self.file(&Element::read(tokens)?, view);
                return Ok(());
            }
            (Some(Place::LocalGroups | Place::Untyped), "LocalUsersAndGroups") => Place::LocalGroups,
            (Some(Place::LocalGroups), "Group") => {
                let element = Element::read(tokens)?;
                let mut passwords = Vec::new();
                element.passwords(&mut passwords);
                passwords.into_iter().for_each(|range| sink.secret(view.span(range)));
                self.preferred_group(&element, view);
                return Ok(());
            }
            _ => {
                self.password(tokens, view, sink);
                Place::Ignored
            }
        };
        self.open.push((tokens.depth(), place));
        Ok(())
    }

    /// Tells of a password that the current tag holds.
    fn password(&mut self, tokens: &Tokens<'_>, view: View<'_>, sink: &mut dyn Sink) {
        let Some(range) = tokens.attribute_any_case(CPASSWORD).filter(|range| !range.is_empty()) else {
            return;
        };
        let span = view.span(range);
        let attribute = |names: &[&str]| {
            names
                .iter()
                .filter_map(|name| tokens.attribute_any_case(name))
                .map(|range| unescape::range(view.text, range, Style::Xml))
                .find(|text| !text.trim().is_empty())
        };
        let holder = attribute(&["userName", "accountName", "runAs", "newName", "name", "label"]);
        sink.secret(span);
        let (shape, certainty) = (secret::Shape::Published, Certainty::Certain);
        let found = Found { name: CPASSWORD.into(), span, shape, certainty };
        sink.record(row::clear_text_secret(
            &found,
            holder.as_deref().unwrap_or("preference"),
            "GroupPolicyPreference",
        ));
    }

    fn user_right(&mut self, element: &Element<'_>, view: View<'_>) {
        let Some(name) = element.child("Name") else { return };
        let mut right = name.value(view);
        if let Data::Text(text) = &right.data {
            right.data = Data::Text(policy::right(text).into());
        }
        let members = trustees(element, "Member", view);
        let mut properties = vec![("Right".into(), right)];
        properties.extend(policy::members(members, element.span(view)));
        self.common.rights = true;
        self.setting(policy::USER_RIGHT, element, properties, view);
    }

    fn restricted_group(&mut self, element: &Element<'_>, view: View<'_>) {
        let Some(group) = element.child("GroupName").map(|e| trustee(e, view)) else { return };
        let span = element.span(view);
        let mut properties = group_names(group);
        properties.push(("Kind".into(), policy::said(Data::Text("restricted".into()), span)));
        let members = trustees(element, "Member", view);
        let member_of = trustees(element, "Memberof", view);
        // A group that is only made a member of others is not emptied.
        if !members.is_empty() || member_of.is_empty() {
            properties.extend(policy::members(members, span));
        }
        if !member_of.is_empty() {
            properties.push(("MemberOf".into(), policy::spellings(&member_of, span)));
        }
        self.common.groups = true;
        self.setting(policy::GROUP, element, properties, view);
    }

    fn file(&mut self, element: &Element<'_>, view: View<'_>) {
        let Some(path) = element.child("Path") else { return };
        let mut properties = vec![("Path".into(), path.value(view))];
        if let Some(sddl) = element.child("SecurityDescriptor").and_then(|e| e.child("SDDL")) {
            properties.push(("Sddl".into(), sddl.value(view)));
        }
        self.common.files = true;
        self.setting(policy::FILE, element, properties, view);
    }

    fn preferred_group(&mut self, element: &Element<'_>, view: View<'_>) {
        let Some(settings) = element.child("Properties") else { return };
        let span = element.span(view);
        let name = settings.attribute("groupName", view).or_else(|| element.attribute("name", view));
        let mut properties = group_names(Trustee { name, sid: settings.attribute("groupSid", view) });
        properties.push(("Kind".into(), policy::said(Data::Text("preference".into()), span)));
        properties.extend(settings.attribute("action", view).map(|action| ("Action".into(), action)));
        for (name, attribute) in [("RemovesUsers", "deleteAllUsers"), ("RemovesGroups", "deleteAllGroups")] {
            let value = settings.flag(attribute, view);
            properties.extend(value.map(|value| (name.into(), value)));
        }
        properties.extend(element.flag("disabled", view).map(|value| ("Disabled".into(), value)));
        if let Some(filters) = element.child("Filters") {
            let targeted = Data::Bool(!filters.children.is_empty());
            properties.push(("Targeted".into(), policy::said(targeted, filters.span(view))));
        }
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        let list = settings.child("Members").map_or(&[][..], |e| &e.children);
        for member in list.iter().filter(|e| e.name == "Member") {
            let who = Trustee { name: member.attribute("name", view), sid: member.attribute("sid", view) };
            let removes = member.attribute("action", view).is_some_and(
                |action| matches!(&action.data, Data::Text(text) if text.eq_ignore_ascii_case("REMOVE")),
            );
            if !who.is_empty() {
                if removes { removed.push(who) } else { added.push(who) }
            }
        }
        properties.extend(policy::members(added, span));
        properties.push(("Removed".into(), policy::spellings(&removed, span)));
        self.common.groups = true;
        self.setting(policy::GROUP, element, properties, view);
    }

    /// Puts a setting to those that wait for what else is known of its policy.
    fn setting(
        &mut self,
        class: &str,
        element: &Element<'_>,
        mut properties: Vec<(Box<str>, Value)>,
        view: View<'_>,
    ) {
        self.records += 1;
        let Some(class) = finish::class(self.wanted, class) else { return };
        let span = element.span(view);
        if self.is_rsop {
            // The settings of the object that gave it stand in the setting.
            if let Some(gpo) = element.child("GPO") {
                let id = gpo.child("Identifier");
                let name = id.and_then(|id| self.names.get(&*id.text(view).to_ascii_lowercase()).cloned());
                properties.extend(name.map(|name| ("Gpo".into(), name)));
                properties.extend(id.map(|id| ("GpoId".into(), id.value(view))));
            }
            if let Some(precedence) = element.child("Precedence") {
                let mut value = precedence.value(view);
                if let Data::Text(text) = &value.data
                    && text.bytes().all(|b| b.is_ascii_digit())
                {
                    value.data = Data::Number(text.clone());
                }
                properties.push(("Precedence".into(), value));
            }
        }
        if let Some(side) = self.common.side {
            properties.push(("Side".into(), policy::said(Data::Text(side.into()), span)));
        }
        properties.extend(self.common.enabled.clone().map(|value| ("Enabled".into(), value)));
        let object = Object { class: None, properties };
        self.waiting.push(Record { class, span, object });
    }

    /// The end of a Group Policy object, or of the results for a computer or user.
    fn end_of_policy(&mut self, end: u64, sink: &mut dyn Sink) {
        self.records += 1;
        if let Some(class) = finish::class(self.wanted, policy::POLICY) {
            let common = &self.common;
            let span = Span { start: common.start, end };
            let mut properties: Vec<(Box<str>, Value)> = Vec::new();
            let flag = |name: &str, seen: bool| (name.into(), policy::said(Data::Bool(seen), span));
            properties.push(flag("UserRights", common.rights));
            properties.push(flag("Groups", common.groups));
            properties.push(flag("Files", common.files));
            properties.extend(common.name.clone().map(|name| ("Name".into(), name)));
            properties.extend(common.computer_enabled.clone().map(|value| ("ComputerEnabled".into(), value)));
            properties.extend(common.user_enabled.clone().map(|value| ("UserEnabled".into(), value)));
            if self.is_rsop
                && let Some(side) = common.side
            {
                properties.push(("Side".into(), policy::said(Data::Text(side.into()), span)));
            }
            self.waiting.push(Record { class, span, object: Object { class: None, properties } });
        }
        self.common.ended = true;
        self.flush(sink);
        self.common = Common::default();
    }

    /// Hands on the records that wait, with what is known of their policy by now.
    fn flush(&mut self, sink: &mut dyn Sink) {
        let source = match (self.is_rsop, self.data_type) {
            (false, _) => "gpo",
            (true, data_type) => data_type.unwrap_or("rsop"),
        };
        let linked_to = linked_to(&self.common);
        for mut record in std::mem::take(&mut self.waiting) {
            let common = &self.common;
            let properties = &mut record.object.properties;
            properties.push(("Source".into(), policy::said(Data::Text(source.into()), record.span)));
            let mut add = |name: &str, value: &Option<Value>| {
                let filled = value.clone().filter(|v| !matches!(&v.data, Data::Text(t) if t.is_empty()));
                properties.extend(filled.map(|value| (name.into(), value)));
            };
            if self.is_rsop {
                add(if common.side == Some("user") { "User" } else { "Computer" }, &common.name);
                add("Scope", &common.scope);
            } else {
                add("Gpo", &common.name);
                add("GpoId", &common.id);
                add("Links", &common.links);
                if let Some(places) = &linked_to {
                    let linked = Data::Bool(!places.is_empty());
                    properties.push(("Linked".into(), policy::said(linked, record.span)));
                    let list = Value { span: record.span, data: Data::List(places.clone()) };
                    properties.push(("LinkedTo".into(), list));
                }
            }
            let filled = common.domain.clone().filter(|v| !matches!(&v.data, Data::Text(t) if t.is_empty()));
            properties.extend(filled.map(|value| ("Domain".into(), value)));
            finish::record(record, self.wanted, None, sink);
        }
    }
}

impl Shape for GpoReport<'_> {
    fn step(&mut self, tokens: &mut Tokens<'_>, view: View<'_>, sink: &mut dyn Sink) -> Result<Flow, Stop> {
        match tokens.next()? {
            Kind::Start => self.start(tokens, view, sink)?,
            Kind::End => {
                if let Some(&(depth, place)) = self.open.last()
                    && tokens.depth() < depth
                {
                    self.open.pop();
                    if place == Place::Gpo || place == Place::Half && self.is_rsop {
                        self.end_of_policy(view.span(tokens.range()).end, sink);
                    } else if place == Place::Half {
                        (self.common.side, self.common.enabled) = (None, None);
                    }
                }
            }
            Kind::Eof => return Ok(Flow::Done),
            Kind::Text | Kind::CData => {}
        }
        if self.waiting.len() >= WAITING {
            self.flush(sink);
        }
        Ok(Flow::More)
    }
}

/// `true` and `1`, `false` and `0`.
fn flag(text: &str) -> Option<bool> {
    match text.trim() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// The text of the element whose start tag is the current token.
fn leaf(tokens: &mut Tokens<'_>, view: View<'_>) -> Result<Value, Stop> {
    Ok(text_value(&tokens.content()?, view))
}

fn text_value(content: &Content, view: View<'_>) -> Value {
    let text = unescape::plain(view.text, content, Style::Xml);
    policy::text(text.trim(), unescape::trimmed_span(view, content))
}

/// A small element with all that is in it.
#[derive(Debug)]
struct Element<'t> {
    /// Its name without prefix.
    name: &'t str,
    range: Range<usize>,
    attributes: Vec<(&'t str, Range<usize>)>,
    content: Content,
    children: Vec<Element<'t>>,
}

impl<'t> Element<'t> {
    /// The element whose start tag is the current token.
    fn read(tokens: &mut Tokens<'t>) -> Result<Self, Stop> {
        let mut left = ELEMENTS;
        Self::read_some(tokens, &mut left)
    }

    fn read_some(tokens: &mut Tokens<'t>, left: &mut usize) -> Result<Self, Stop> {
        let start = tokens.range().start;
        let depth = tokens.depth();
        let mut element = Self {
            name: tokens.local_name(),
            range: start..start,
            attributes: tokens.attributes().collect(),
            content: Content::of(tokens.position()..tokens.position()),
            children: Vec::new(),
        };
        let mut seen = false;
        loop {
            match tokens.next()? {
                Kind::Start if *left == 0 => tokens.skip()?,
                Kind::Start => {
                    *left -= 1;
                    element.children.push(Self::read_some(tokens, left)?);
                }
                kind @ (Kind::Text | Kind::CData) => {
                    let range = tokens.range();
                    let chunk = Chunk { start: range.start, end: range.end, cdata: kind == Kind::CData };
                    if !std::mem::replace(&mut seen, true) {
                        element.content.first = chunk;
                    } else if element.children.is_empty() {
                        // What stands between elements is of no interest.
                        element.content.more.push(chunk);
                    }
                }
                Kind::End if tokens.depth() >= depth => {}
                Kind::End | Kind::Eof => break,
            }
        }
        element.range = start..tokens.position();
        Ok(element)
    }

    fn child(&self, name: &str) -> Option<&Element<'t>> {
        self.children.iter().find(|element| element.name == name)
    }

    fn span(&self, view: View<'_>) -> Span {
        view.span(self.range.clone())
    }

    /// Its text without the blanks around it.
    fn value(&self, view: View<'_>) -> Value {
        text_value(&self.content, view)
    }

    fn text(&self, view: View<'_>) -> String {
        unescape::plain(view.text, &self.content, Style::Xml).trim().to_owned()
    }

    /// An attribute that is not empty.
    fn attribute(&self, name: &str, view: View<'_>) -> Option<Value> {
        let (_, range) = self.attributes.iter().find(|(written, _)| written.eq_ignore_ascii_case(name))?;
        let text = unescape::range(view.text, range.clone(), Style::Xml);
        let text = text.trim();
        (!text.is_empty()).then(|| policy::text(text, view.span(range.clone())))
    }

    fn flag(&self, name: &str, view: View<'_>) -> Option<Value> {
        let value = self.attribute(name, view)?;
        let Data::Text(text) = &value.data else { return None };
        Some(Value { span: value.span, data: Data::Bool(flag(text)?) })
    }

    /// The places of passwords in it.
    fn passwords(&self, found: &mut Vec<Range<usize>>) {
        let places = self
            .attributes
            .iter()
            .filter(|(name, place)| name.eq_ignore_ascii_case(CPASSWORD) && !place.is_empty());
        found.extend(places.map(|(_, place)| place.clone()));
        for child in &self.children {
            child.passwords(found);
        }
    }
}

/// The account in an element that holds `SID` and `Name`.
fn trustee(element: &Element<'_>, view: View<'_>) -> Trustee {
    let part = |name: &str| {
        let value = element.child(name)?.value(view);
        (!matches!(&value.data, Data::Text(text) if text.is_empty())).then_some(value)
    };
    match (part("Name"), part("SID")) {
        (Some(name), None) => Trustee::of(name),
        (name, sid) => Trustee { name, sid },
    }
}

/// The accounts in all children of that name.
fn trustees(element: &Element<'_>, name: &str, view: View<'_>) -> Vec<Trustee> {
    let list = element.children.iter().filter(|child| child.name == name);
    list.map(|child| trustee(child, view)).filter(|who| !who.is_empty()).collect()
}

/// `Group`, `GroupName` and `GroupSid`.
fn group_names(group: Trustee) -> Vec<(Box<str>, Value)> {
    let mut properties: Vec<(Box<str>, Value)> = Vec::new();
    if let Some(mut best) = group.best() {
        if let Data::Text(text) = &best.data
            && let Some(name) = text.strip_suffix(" (built-in)")
        {
            best.data = Data::Text(name.into());
        }
        properties.push(("Group".into(), best));
    }
    properties.extend(group.name.map(|name| ("GroupName".into(), name)));
    properties.extend(group.sid.map(|sid| ("GroupSid".into(), sid)));
    properties
}

/// Where in the directory a Group Policy object applies: the paths of its links that are not switched off. None where
/// not all of it was read.
fn linked_to(common: &Common) -> Option<Vec<Value>> {
    let links = match &common.links {
        Some(Value { data: Data::List(links), .. }) => links.as_slice(),
        _ => &[],
    };
    let path = |link: &Value| {
        let Data::Object(link) = &link.data else { return None };
        let off = matches!(link.get("Enabled"), Some(Value { data: Data::Bool(false), .. }));
        link.get("Path").or_else(|| link.get("Name")).filter(|_| !off).cloned()
    };
    common.ended.then(|| links.iter().filter_map(path).collect())
}

/// A link of a Group Policy object.
fn link(element: &Element<'_>, view: View<'_>) -> Value {
    let mut properties: Vec<(Box<str>, Value)> = Vec::new();
    for (name, written) in
        [("Path", "SOMPath"), ("Name", "SOMName"), ("Enabled", "Enabled"), ("Enforced", "NoOverride")]
    {
        let Some(mut value) = element.child(written).map(|e| e.value(view)) else { continue };
        if let Data::Text(text) = &value.data
            && matches!(name, "Enabled" | "Enforced")
            && let Some(flag) = flag(text)
        {
            value.data = Data::Bool(flag);
        }
        properties.push((name.into(), value));
    }
    Value { span: element.span(view), data: Data::Object(Object { class: None, properties }) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reader::stream;
    use crate::reader::testing::{self, Taken, at, data, span_of};
    use crate::reader::xml::Stack;
    use crate::source::{Limits, Sources};

    fn wanted() -> Wanted {
        testing::wanted(&[policy::USER_RIGHT, policy::GROUP, policy::FILE, policy::POLICY])
    }

    fn take_bytes(bytes: &[u8], window: usize) -> (u64, bool, Taken) {
        let limits = Limits { window, ..Limits::default() };
        let sources = Sources::from_memory([("t.xml".to_owned(), bytes.to_vec())], &limits);
        let mut window = sources.as_slice()[0].open().unwrap();
        let wanted = wanted();
        let mut reader = GpoReport::new(&wanted);
        let mut taken = Taken::default();
        let ended = stream::run(&mut window, Stack::default(), false, &mut reader, &mut taken);
        reader.finish(&mut taken);
        (reader.records, ended.fault.is_none(), taken)
    }

    fn take(text: &str) -> Taken {
        let (_, whole, taken) = take_bytes(text.as_bytes(), 1 << 20);
        assert!(whole);
        taken
    }

    fn of<'t>(taken: &'t Taken, class: &str) -> Vec<&'t Record> {
        taken.records.iter().filter(|r| &*r.class == class).collect()
    }

    fn texts(value: &Data) -> Vec<String> {
        let Data::List(list) = value else { panic!("{value:?}") };
        let text = |value: &Value| match &value.data {
            Data::Text(text) => text.to_string(),
            other => panic!("{other:?}"),
        };
        list.iter().map(text).collect()
    }

    fn t(text: &str) -> Data {
        Data::Text(text.into())
    }

    const REPORT: &str = r#"<?xml version="1.0" encoding="utf-16"?>
<GPO xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://www.microsoft.com/GroupPolicy/Settings">
  <Identifier><Identifier xmlns="http://www.microsoft.com/GroupPolicy/Types">{00000000-1111-2222-3333-444444444444}</Identifier><Domain>contoso.example</Domain></Identifier>
  <Name>Servers &amp; more</Name>
  <SecurityDescriptor><SDDL>O:DA</SDDL><Owner><Name>CONTOSO\Domain Admins</Name></Owner></SecurityDescriptor>
  <Computer><VersionDirectory>1</VersionDirectory><Enabled>true</Enabled>
    <ExtensionData>
      <Extension xmlns:q7="http://www.microsoft.com/GroupPolicy/Settings/Security" xsi:type="q7:SecuritySettings">
        <q7:Account><q7:Name>MinimumPasswordAge</q7:Name></q7:Account>
        <q7:UserRightsAssignment><q7:Name>SeDenyInteractiveLogonRight</q7:Name>
          <q7:Member><SID>S-1-5-21-1-2-3-1105</SID><Name>CONTOSO\cm-push</Name></q7:Member>
          <q7:Member><SID>S-1-5-32-546</SID><Name>VORDEFINIERT\Gäste</Name></q7:Member>
          <q7:Member><Name>S-1-5-21-1-2-3-1200</Name></q7:Member>
        </q7:UserRightsAssignment>
        <q7:UserRightsAssignment><q7:Name>senetworklogonright</q7:Name></q7:UserRightsAssignment>
        <q7:RestrictedGroups><q7:GroupName><SID>S-1-5-32-544</SID><Name>BUILTIN\Administrators</Name></q7:GroupName>
          <q7:Member><Name>CONTOSO\cm-push</Name></q7:Member></q7:RestrictedGroups>
        <q7:RestrictedGroups><q7:GroupName><Name>CONTOSO\Servers</Name></q7:GroupName><q7:Memberof><SID>S-1-5-32-545</SID></q7:Memberof></q7:RestrictedGroups>
        <q7:File><q7:Path>%SystemDrive%\inboxes</q7:Path><q7:SecurityDescriptor><SDDL>D:PAR(A;OICI;FA;;;BA)</SDDL></q7:SecurityDescriptor></q7:File>
      </Extension><Name>Security</Name>
    </ExtensionData>
    <ExtensionData><Extension xmlns:q8="urn:x" xsi:type="q8:FilesSettings"><q8:File><q8:Path>C:\no</q8:Path></q8:File></Extension></ExtensionData>
    <ExtensionData><Extension xmlns:q9="http://www.microsoft.com/GroupPolicy/Settings/Lugs" xsi:type="q9:LugsSettings">
      <q9:LocalUsersAndGroups clsid="{0}">
        <q9:User name="Administrator (built-in)"><q9:Properties action="U" userName="Administrator (built-in)" cpassword="bm8gcGFzc3dvcmQ"/></q9:User>
        <q9:Group name="Administrators (built-in)"><q9:Properties action="U" deleteAllUsers="1" deleteAllGroups="0" groupSid="S-1-5-32-544" groupName="Administrators (built-in)">
          <q9:Members><q9:Member name="CONTOSO\cm-push" action="ADD" sid="S-1-5-21-1-2-3-1105"/><q9:Member name="CONTOSO\old" action="REMOVE" sid=""/></q9:Members></q9:Properties><q9:Filters/></q9:Group>
        <q9:Group name="SMS Admins" disabled="1"><q9:Properties action="D" groupName="SMS Admins (built-in)"/><q9:Filters><q9:FilterOs/></q9:Filters></q9:Group>
      </q9:LocalUsersAndGroups></Extension></ExtensionData>
  </Computer>
  <User><Enabled>false</Enabled></User>
  <LinksTo><SOMName>Servers</SOMName><SOMPath>contoso.example/Servers</SOMPath><Enabled>true</Enabled><NoOverride>false</NoOverride></LinksTo>
  <LinksTo><SOMName>Lab</SOMName><SOMPath>contoso.example/Lab</SOMPath><Enabled>false</Enabled><NoOverride>true</NoOverride></LinksTo>
</GPO>"#;

    #[test]
    fn user_rights_of_a_report() {
        let taken = take(REPORT);
        let rights = of(&taken, "UserRightsAssignment");
        assert_eq!(rights.len(), 2);
        let deny = rights[0];
        assert_eq!(data(deny, "Right"), &t("SeDenyInteractiveLogonRight"));
        assert_eq!(at(REPORT, span_of(deny, "Right")), "SeDenyInteractiveLogonRight");
        assert_eq!(texts(data(deny, "Members")), ["CONTOSO\\cm-push", "S-1-5-32-546", "S-1-5-21-1-2-3-1200"]);
        let Data::List(trustees) = data(deny, "Trustees") else { panic!() };
        let Data::Object(first) = &trustees[0].data else { panic!() };
        assert_eq!(first.get("Sid").unwrap().data, t("S-1-5-21-1-2-3-1105"));
        assert_eq!(at(REPORT, first.get("Name").unwrap().span), "CONTOSO\\cm-push");
        let Data::Object(last) = &trustees[2].data else { panic!() };
        assert!(last.get("Name").is_none() && last.get("Sid").is_some());
        assert!(at(REPORT, deny.span).starts_with("<q7:UserRightsAssignment>"));
        assert!(at(REPORT, deny.span).ends_with("</q7:UserRightsAssignment>"));
        assert_eq!(data(deny, "Source"), &t("gpo"));
        assert_eq!(data(deny, "Gpo"), &t("Servers & more"));
        assert_eq!(data(deny, "GpoId"), &t("{00000000-1111-2222-3333-444444444444}"));
        assert_eq!(data(deny, "Domain"), &t("contoso.example"));
        assert_eq!(data(deny, "Side"), &t("computer"));
        assert_eq!(data(deny, "Enabled"), &Data::Bool(true));
        let Data::List(links) = data(deny, "Links") else { panic!() };
        let Data::Object(link) = &links[1].data else { panic!() };
        assert_eq!(link.get("Path").unwrap().data, t("contoso.example/Lab"));
        assert_eq!(link.get("Enabled").unwrap().data, Data::Bool(false));
        assert_eq!(link.get("Enforced").unwrap().data, Data::Bool(true));
        assert_eq!(data(deny, "Linked"), &Data::Bool(true));
        assert_eq!(texts(data(deny, "LinkedTo")), ["contoso.example/Servers"]);
        // Spelled as Windows does, and given to nobody.
        assert_eq!(data(rights[1], "Right"), &t("SeNetworkLogonRight"));
        assert_eq!(data(rights[1], "Members"), &Data::List(Vec::new()));
    }

    #[test]
    fn an_object_applies_where_a_link_is_switched_on() {
        let off = REPORT.replace("<Enabled>true</Enabled><NoOverride>", "<Enabled>0</Enabled><NoOverride>");
        let (from, to) = (REPORT.find("  <LinksTo>").unwrap(), REPORT.find("</GPO>").unwrap());
        let none = format!("{}{}", &REPORT[..from], &REPORT[to..]);
        for text in [off, none] {
            let taken = take(&text);
            assert!(!taken.records.is_empty());
            for record in taken.records.iter().filter(|record| &*record.class != "ClearTextSecret") {
                assert_eq!(data(record, "Linked"), &Data::Bool(false), "{}", record.class);
                assert_eq!(data(record, "LinkedTo"), &Data::List(Vec::new()));
            }
        }
        // Links stand behind the settings: of what was cut off before them nothing is known.
        let cut = take_bytes(&REPORT.as_bytes()[..from], 1 << 20).2;
        assert!(cut.records.iter().all(|record| record.object.get("Linked").is_none()));
    }

    #[test]
    fn groups_and_files_of_a_report() {
        let taken = take(REPORT);
        let groups = of(&taken, "GroupMembership");
        assert_eq!(groups.len(), 4);
        assert_eq!(data(groups[0], "Group"), &t("S-1-5-32-544"));
        assert_eq!(data(groups[0], "GroupName"), &t("BUILTIN\\Administrators"));
        assert_eq!(data(groups[0], "Kind"), &t("restricted"));
        assert_eq!(texts(data(groups[0], "Members")), ["CONTOSO\\cm-push"]);
        assert!(groups[0].object.get("MemberOf").is_none());
        assert!(groups[1].object.get("Members").is_none());
        assert_eq!(texts(data(groups[1], "MemberOf")), ["S-1-5-32-545"]);
        let preference = groups[2];
        assert_eq!(data(preference, "Kind"), &t("preference"));
        assert_eq!(data(preference, "Group"), &t("S-1-5-32-544"));
        assert_eq!(data(preference, "Action"), &t("U"));
        assert_eq!(data(preference, "RemovesUsers"), &Data::Bool(true));
        assert_eq!(data(preference, "RemovesGroups"), &Data::Bool(false));
        assert_eq!(data(preference, "Targeted"), &Data::Bool(false));
        assert_eq!(texts(data(preference, "Members")), ["CONTOSO\\cm-push"]);
        assert_eq!(texts(data(preference, "Removed")), ["CONTOSO\\old"]);
        assert_eq!(data(groups[3], "Group"), &t("SMS Admins"));
        assert_eq!(data(groups[3], "Disabled"), &Data::Bool(true));
        assert_eq!(data(groups[3], "Targeted"), &Data::Bool(true));
        let [file] = of(&taken, "FileSecurity")[..] else { panic!() };
        assert_eq!(data(file, "Path"), &t("%SystemDrive%\\inboxes"));
        assert_eq!(at(REPORT, span_of(file, "Sddl")), "D:PAR(A;OICI;FA;;;BA)");
        let [policy] = of(&taken, "SecurityPolicy")[..] else { panic!() };
        assert_eq!(data(policy, "Name"), &t("Servers & more"));
        assert_eq!(data(policy, "ComputerEnabled"), &Data::Bool(true));
        assert_eq!(data(policy, "UserEnabled"), &Data::Bool(false));
        assert_eq!(data(policy, "UserRights"), &Data::Bool(true));
        assert!(at(REPORT, policy.span).starts_with("<GPO ") && at(REPORT, policy.span).ends_with("</GPO>"));
    }

    #[test]
    fn a_password_of_a_preference_is_not_kept() {
        let taken = take(REPORT);
        assert_eq!(taken.secrets.iter().map(|&s| at(REPORT, s).len()).collect::<Vec<_>>(), [15]);
        assert!(!format!("{:?}", taken.records).contains("bm8gc"));
        let [secret] = of(&taken, "ClearTextSecret")[..] else { panic!() };
        assert_eq!(data(secret, "Name"), &t("cpassword"));
        assert_eq!(data(secret, "Holder"), &t("Administrator (built-in)"));
    }

    const RESULTS: &str = r#"<Rsop xmlns="http://www.microsoft.com/GroupPolicy/Rsop" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<DataType>LoggedData</DataType>
<ComputerResults><Version>1</Version><Name>CONTOSO\PS1$</Name><Domain>contoso.example</Domain><SOM>contoso.example/Servers</SOM>
<SecurityGroup><Name>Everyone</Name></SecurityGroup>
<GPO><Name>Servers</Name><Path><Identifier>{AAAAAAAA-1111-2222-3333-444444444444}</Identifier><Domain>contoso.example</Domain></Path><Enabled>true</Enabled></GPO>
<ExtensionData><Extension xmlns:q4="http://www.microsoft.com/GroupPolicy/Settings/Security" xsi:type="q4:SecuritySettings">
<q4:UserRightsAssignment><GPO xmlns="http://www.microsoft.com/GroupPolicy/Settings/Base"><Identifier>{aaaaaaaa-1111-2222-3333-444444444444}</Identifier><Domain>contoso.example</Domain></GPO><Precedence>1</Precedence>
<q4:Name>SeInteractiveLogonRight</q4:Name><q4:Member><Name>Administrators</Name></q4:Member></q4:UserRightsAssignment>
<q4:Blocked>false</q4:Blocked></Extension><Name>Security</Name></ExtensionData></ComputerResults>
<UserResults><Name>CONTOSO\anna</Name></UserResults>
</Rsop>"#;

    #[test]
    fn a_resultant_set() {
        let taken = take(RESULTS);
        let [right] = of(&taken, "UserRightsAssignment")[..] else { panic!() };
        assert_eq!(data(right, "Source"), &t("rsop"));
        assert_eq!(data(right, "Computer"), &t("CONTOSO\\PS1$"));
        assert_eq!(at(RESULTS, span_of(right, "Computer")), "CONTOSO\\PS1$");
        assert_eq!(data(right, "Precedence"), &Data::Number("1".into()));
        assert_eq!(data(right, "Gpo"), &t("Servers"));
        assert_eq!(data(right, "GpoId"), &t("{aaaaaaaa-1111-2222-3333-444444444444}"));
        assert_eq!(texts(data(right, "Members")), ["Administrators"]);
        let policies = of(&taken, "SecurityPolicy");
        assert_eq!(policies.len(), 2);
        assert_eq!(data(policies[0], "Computer"), &t("CONTOSO\\PS1$"));
        assert_eq!(data(policies[1], "User"), &t("CONTOSO\\anna"));
        assert_eq!(data(policies[1], "UserRights"), &Data::Bool(false));
        let planning =
            RESULTS.replace("LoggedData", "PlanningData").replace("<Name>CONTOSO\\PS1$</Name>", "<Name/>");
        let taken = take(&planning);
        let [right] = of(&taken, "UserRightsAssignment")[..] else { panic!() };
        assert_eq!(data(right, "Source"), &t("rsop-planning"));
        assert!(right.object.get("Computer").is_none());
    }

    #[test]
    fn several_objects_in_a_report() {
        let inner = REPORT.split_once('\n').unwrap().1;
        let other = inner
            .replace("Servers &amp; more", "Second")
            .replace("q7:", "sec:")
            .replace("xmlns:q7", "xmlns:sec");
        let text = format!(
            "<report xmlns=\"http://www.microsoft.com/GroupPolicy/Settings\">{inner}{other}</report>"
        );
        let taken = take(&text);
        let names: Vec<&Data> = of(&taken, "SecurityPolicy").iter().map(|r| data(r, "Name")).collect();
        assert_eq!(names, [&t("Servers & more"), &t("Second")]);
        let rights = of(&taken, "UserRightsAssignment");
        assert_eq!(rights.len(), 4);
        assert_eq!(data(rights[3], "Gpo"), &t("Second"));
    }

    #[test]
    fn windows_make_no_difference_and_what_was_read_stays() {
        for text in [REPORT, RESULTS] {
            let utf16: Vec<u8> =
                [0xfeffu16].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
            let whole = take_bytes(&utf16, 1 << 20);
            assert!(whole.1);
            assert_eq!(take_bytes(&utf16, 50), whole);
        }
        let cut = &REPORT[..REPORT.find("<q7:RestrictedGroups>").unwrap() + 30];
        let (records, whole, taken) = take_bytes(cut.as_bytes(), 1 << 20);
        assert!(!whole);
        assert_eq!((records, taken.records.len()), (2, 2));
        assert_eq!(data(&taken.records[0], "Gpo"), &t("Servers & more"));
        assert!(taken.records[0].object.get("Links").is_none());
    }

    proptest! {
        #[test]
        fn any_mutation_is_survived(cut in 0usize..6000, len in 0usize..40, put in "[<>/a-z\"=&;]{0,8}", rsop in any::<bool>()) {
            let mut text = if rsop { RESULTS } else { REPORT }.to_owned();
            let from = text.floor_char_boundary(cut.min(text.len()));
            let to = text.floor_char_boundary((from + len).min(text.len())).max(from);
            text.replace_range(from..to, &put);
            let whole = take_bytes(text.as_bytes(), 1 << 20);
            prop_assert_eq!(take_bytes(text.as_bytes(), 100), whole);
        }
    }
}
