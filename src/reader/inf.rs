//! Security templates: what `secedit /export` writes, and `GptTmpl.inf` of a Group Policy object.
//!
//! Read are `[Privilege Rights]`, `[Group Membership]` and `[File Security]`, as the classes of
//! [`crate::reader::policy`] with `Source` = `template`, and one `SecurityPolicy` for the whole. A right that
//! has no line is not set by the template; one with an empty line is given to nobody. Of the other sections
//! only credentials in clear text are taken. Which computer or Group Policy object it is of does not stand in the file.
//!
//! Names of sections and rights are taken in any letter case. Strings of the file are not looked up: templates use
//! `%name%` for environment variables.

use std::collections::HashMap;
use std::ops::Range;

use crate::reader::policy::{self, Trustee};
use crate::reader::{Data, Fault, Note, Object, Record, Sink, Value, Wanted, finish, lines, settings};
use crate::source::{Span, View, Window};

/// How many groups wait for their second line.
const WAITING: usize = 4096;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// How many records there are in it, wanted or not.
    pub(super) records: u64,
    /// What a person should know.
    pub(super) notes: Vec<Note>,
    /// What kept it from being read to the end.
    pub(super) fault: Option<Fault>,
}

/// Reads a template to its end.
pub(super) fn read(window: &mut Window, wanted: &Wanted, sink: &mut dyn Sink) -> Done {
    let mut reader = Reader::new(wanted, window.view().span(0..0));
    reader.done.fault = lines::each(window, true, |view, line| reader.line(view, line, sink));
    reader.done(sink)
}

/// The sections that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Rights,
    Groups,
    Files,
    Values,
    Other,
}

/// A group, until both of its lines have been met.
#[derive(Debug)]
struct Group {
    name: Trustee,
    span: Span,
    members: Option<(Vec<Trustee>, Span)>,
    member_of: Option<(Vec<Trustee>, Span)>,
}

struct Reader<'w> {
    wanted: &'w Wanted,
    section: Section,
    seen: [bool; 3],
    groups: Vec<Group>,
    /// Lower-case names of the groups to their places.
    known: HashMap<Box<str>, usize>,
    /// From the beginning to the end of the last line that says something.
    span: Span,
    done: Done,
    /// How many lines were not understood, and the first of them.
    odd: (u64, Option<Span>),
}

impl<'w> Reader<'w> {
    fn new(wanted: &'w Wanted, start: Span) -> Self {
        Self {
            wanted,
            section: Section::Other,
            seen: [false; 3],
            groups: Vec::new(),
            known: HashMap::new(),
            span: start,
            done: Done::default(),
            odd: (0, None),
        }
    }

    fn line(&mut self, view: View<'_>, line: Range<usize>, sink: &mut dyn Sink) {
        let line = trimmed(view.text, without_comment(view.text, line));
        let text = &view.text[line.clone()];
        if text.is_empty() {
            return;
        }
        self.span.end = view.span(line.clone()).end;
        if let Some(name) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
            self.flush(sink);
            self.section = match name.trim().to_ascii_lowercase().as_str() {
                "privilege rights" => Section::Rights,
                "group membership" => Section::Groups,
                "file security" => Section::Files,
                "registry values" => Section::Values,
                _ => Section::Other,
            };
            if (self.section as usize) < self.seen.len() {
                self.seen[self.section as usize] = true;
            }
            return;
        }
        let understood = match self.section {
            Section::Rights => self.right(view, line.clone(), sink),
            Section::Groups => self.group(view, line.clone(), sink),
            Section::Files => self.file(view, line.clone(), sink),
            Section::Values => self.registry_value(view, line.clone(), sink),
            Section::Other => {
                if let Some((key, value)) = key_value(view.text, line.clone()) {
                    settings::credential(view, key, value, "the template", policy::POLICY, sink);
                }
                true
            }
        };
        if !understood {
            self.odd.0 += 1;
            self.odd.1 = self.odd.1.or(Some(view.span(line)));
        }
    }

    /// `SeRight = *S-1-...,NAME`
    fn right(&mut self, view: View<'_>, line: Range<usize>, sink: &mut dyn Sink) -> bool {
        let Some((key, value)) = key_value(view.text, line.clone()) else { return false };
        let right = policy::text(policy::right(&view.text[key.clone()]), view.span(key));
        let members = policy::members(trustees(view, value.clone()), view.span(value));
        let mut properties = vec![("Right".into(), right)];
        properties.extend(members);
        self.hand_on(policy::USER_RIGHT, view.span(line), properties, sink);
        true
    }

    /// `GROUP__Members = ...` and `GROUP__Memberof = ...`
    fn group(&mut self, view: View<'_>, line: Range<usize>, sink: &mut dyn Sink) -> bool {
        let Some((key, value)) = key_value(view.text, line.clone()) else { return false };
        let text = &view.text[key.clone()];
        let Some(cut) = text.rfind("__") else { return false };
        let is_members = match text[cut + 2..].trim().to_ascii_lowercase().as_str() {
            "members" => true,
            "memberof" => false,
            _ => return false,
        };
        let Some(name) = trustees(view, key.start..key.start + cut).pop() else { return false };
        let (list, span) = (trustees(view, value.clone()), view.span(value));
        let line = view.span(line);
        let group = match self.known.get(text[..cut].to_lowercase().as_str()) {
            Some(&i) => &mut self.groups[i],
            None => {
                if self.groups.len() >= WAITING {
                    self.flush(sink);
                }
                self.known.insert(text[..cut].to_lowercase().into(), self.groups.len());
                self.groups.push(Group { name, span: line, members: None, member_of: None });
                let last = self.groups.len() - 1;
                &mut self.groups[last]
            }
        };
        group.span.end = line.end;
        *if is_members { &mut group.members } else { &mut group.member_of } = Some((list, span));
        true
    }

    /// `"PATH",MODE,"SDDL"`
    fn file(&mut self, view: View<'_>, line: Range<usize>, sink: &mut dyn Sink) -> bool {
        // Some editors number the lines: `1="PATH",...`.
        let numbered = key_value(view.text, line.clone()).filter(|(key, value)| {
            view.text[key.clone()].bytes().all(|b| b.is_ascii_digit()) && !value.is_empty()
        });
        let list = numbered.map_or(line.clone(), |(_, value)| value);
        let parts: Vec<Range<usize>> = split(view.text, list).collect();
        let [path, mode, sddl] = parts.as_slice() else { return false };
        let part = |range: &Range<usize>| {
            let (range, text) = unquoted(view.text, range.clone());
            policy::text(&text, view.span(range))
        };
        let mut mode = part(mode);
        if let Data::Text(text) = &mode.data
            && !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_digit())
        {
            mode.data = Data::Number(text.clone());
        }
        let properties =
            vec![("Path".into(), part(path)), ("Mode".into(), mode), ("Sddl".into(), part(sddl))];
        self.hand_on(policy::FILE, view.span(line), properties, sink);
        true
    }

    /// `MACHINE\\KEY\\NAME=TYPE,"VALUE"`: looked at for credentials alone.
    fn registry_value(&self, view: View<'_>, line: Range<usize>, sink: &mut dyn Sink) -> bool {
        let Some((key, value)) = key_value(view.text, line) else { return true };
        let path = &view.text[key.clone()];
        let name = path.rfind('\\').map_or(key.start, |i| key.start + i + 1)..key.end;
        let holder = path.rsplit('\\').nth(1).unwrap_or("the template");
        let kind = view.text[value.clone()].find(',').map_or(value.start, |i| value.start + i + 1);
        let (value, _) = unquoted(view.text, kind..value.end);
        settings::credential(view, name, value, holder, policy::POLICY, sink);
        true
    }

    /// Hands on the groups of a section.
    fn flush(&mut self, sink: &mut dyn Sink) {
        self.known.clear();
        for group in std::mem::take(&mut self.groups) {
            let mut properties: Vec<(Box<str>, Value)> = Vec::new();
            properties.extend(group.name.best().map(|name| ("Group".into(), name)));
            properties.extend(group.name.name.map(|name| ("GroupName".into(), name)));
            properties.extend(group.name.sid.map(|sid| ("GroupSid".into(), sid)));
            properties.push(("Kind".into(), policy::said(Data::Text("restricted".into()), group.span)));
            if let Some((list, span)) = group.members {
                properties.extend(policy::members(list, span));
            }
            if let Some((list, span)) = group.member_of {
                properties.push(("MemberOf".into(), policy::spellings(&list, span)));
            }
            self.hand_on(policy::GROUP, group.span, properties, sink);
        }
    }

    fn hand_on(
        &mut self,
        class: &str,
        span: Span,
        mut properties: Vec<(Box<str>, Value)>,
        sink: &mut dyn Sink,
    ) {
        self.done.records += 1;
        if let Some(class) = finish::class(self.wanted, class) {
            properties.push(("Source".into(), policy::said(Data::Text("template".into()), span)));
            let object = Object { class: None, properties };
            finish::record(Record { class, span, object }, self.wanted, None, sink);
        }
    }

    fn done(mut self, sink: &mut dyn Sink) -> Done {
        self.flush(sink);
        let span = self.span;
        let [rights, groups, files] = self.seen;
        let flag = |name: &str, seen: bool| (name.into(), policy::said(Data::Bool(seen), span));
        let properties = vec![flag("UserRights", rights), flag("Groups", groups), flag("Files", files)];
        self.hand_on(policy::POLICY, span, properties, sink);
        if let (count @ 1.., span) = self.odd {
            let lines = if count == 1 { "a line is".to_owned() } else { format!("{count} lines are") };
            let text = format!("{lines} not understood, the first one here");
            self.done.notes.push(Note { text, span });
        }
        self.done
    }
}

/// The line up to its comment.
fn without_comment(text: &str, line: Range<usize>) -> Range<usize> {
    let mut quoted = false;
    for (i, b) in text[line.clone()].bytes().enumerate() {
        match b {
            b'"' => quoted = !quoted,
            b';' if !quoted => return line.start..line.start + i,
            _ => {}
        }
    }
    line
}

/// The range without the blanks around it.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let inner = &text[range.clone()];
    let is_blank = |c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}';
    let start = range.start + (inner.len() - inner.trim_start_matches(is_blank).len());
    let length = inner.trim_matches(is_blank).len();
    start..start + length
}

/// Key and value around the first `=`, both trimmed, the key without quotes. None if there is no key.
fn key_value(text: &str, line: Range<usize>) -> Option<(Range<usize>, Range<usize>)> {
    let mut quoted = false;
    let equals = text[line.clone()].bytes().position(|b| {
        quoted ^= b == b'"';
        b == b'=' && !quoted
    })?;
    let (key, _) = unquoted(text, line.start..line.start + equals);
    let value = trimmed(text, line.start + equals + 1..line.end);
    (!key.is_empty()).then_some((key, value))
}

/// The range without blanks and quotes around it, and what it says: a doubled quote inside of quotes is one.
fn unquoted(text: &str, range: Range<usize>) -> (Range<usize>, String) {
    let range = trimmed(text, range);
    let inner = &text[range.clone()];
    if inner.len() >= 2 && inner.starts_with('"') && inner.ends_with('"') {
        let range = range.start + 1..range.end - 1;
        let said = text[range.clone()].replace("\"\"", "\"");
        return (range, said);
    }
    (range, inner.to_owned())
}

/// The parts of a list with commas between them, outside of quotes.
fn split(text: &str, list: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut at = list.start;
    let mut done = list.is_empty();
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let mut quoted = false;
        let comma = text[at..list.end].bytes().position(|b| {
            quoted ^= b == b'"';
            b == b',' && !quoted
        });
        let start = at;
        match comma {
            Some(i) => {
                at = start + i + 1;
                Some(start..start + i)
            }
            None => {
                done = true;
                Some(start..list.end)
            }
        }
    })
}

/// The accounts of a list: `*S-1-...` or a name. What is empty is left out.
fn trustees(view: View<'_>, list: Range<usize>) -> Vec<Trustee> {
    let is_filler = |c: char| c.is_whitespace() || c == '\\';
    split(view.text, list)
        .filter_map(|part| {
            // A list that goes on in the next line has the mark of that before a part.
            let raw = &view.text[part.clone()];
            let start = part.start + (raw.len() - raw.trim_start_matches(is_filler).len());
            let length = raw.trim_matches(is_filler).len();
            let (range, _) = unquoted(view.text, start..start + length);
            let inner = &view.text[range.clone()];
            let star = usize::from(inner.starts_with('*'));
            let range = trimmed(view.text, range.start + star..range.end);
            let text = &view.text[range.clone()];
            (!text.is_empty()).then(|| Trustee::of(policy::text(text, view.span(range))))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reader::testing::{self, Taken, at, data, span_of};
    use crate::source::{Limits, Sources};

    fn wanted() -> Wanted {
        testing::wanted(&[policy::USER_RIGHT, policy::GROUP, policy::FILE, policy::POLICY])
    }

    fn take_bytes(bytes: &[u8], window: usize) -> (Done, Taken) {
        let limits = Limits { window, ..Limits::default() };
        let sources = Sources::from_memory([("t.inf".to_owned(), bytes.to_vec())], &limits);
        let mut window = sources.as_slice()[0].open().unwrap();
        let mut taken = Taken::default();
        let done = read(&mut window, &wanted(), &mut taken);
        (done, taken)
    }

    fn take(text: &str) -> (Done, Taken) {
        take_bytes(text.as_bytes(), 1 << 20)
    }

    fn texts(value: &Data) -> Vec<String> {
        let Data::List(list) = value else { panic!("{value:?}") };
        let text = |value: &Value| match &value.data {
            Data::Text(text) => text.to_string(),
            other => panic!("{other:?}"),
        };
        list.iter().map(text).collect()
    }

    const TEMPLATE: &str = concat!(
        "[Unicode]\r\nUnicode=yes\r\n; exported by hand\r\n",
        "[Privilege Rights]\r\n",
        "seinteractivelogonright = *S-1-5-32-544, *S-1-5-21-1-2-3-1105 ; two\r\n",
        "SeDenyInteractiveLogonRight = CONTOSO\\cm-push,\"CONTOSO\\Cm, Joined\"\r\n",
        "SeNetworkLogonRight =\r\n",
        "[Registry Values]\r\n",
        "MACHINE\\Software\\X=1,\"D:(A;;FA;;;BA)\"\r\n",
        "[group membership]\r\n",
        "*S-1-5-32-544__Members = *S-1-5-21-1-2-3-512,CONTOSO\\cm-push\r\n",
        "*S-1-5-32-544__Memberof =\r\n",
        "CONTOSO\\Servers__Memberof = *S-1-5-32-545\r\n",
        "[File Security]\r\n",
        "\"%SystemDrive%\\inboxes\",0,\"D:PAR(A;OICI;FA;;;BA)\"\r\n",
    );

    #[test]
    fn a_template() {
        let (done, taken) = take(TEMPLATE);
        assert_eq!(done.records, 7);
        assert!(done.notes.is_empty());
        let classes: Vec<&str> = taken.records.iter().map(|r| &*r.class).collect();
        assert_eq!(
            classes,
            [
                "UserRightsAssignment",
                "UserRightsAssignment",
                "UserRightsAssignment",
                "GroupMembership",
                "GroupMembership",
                "FileSecurity",
                "SecurityPolicy"
            ]
        );
        let allow = &taken.records[0];
        assert_eq!(data(allow, "Right"), &Data::Text("SeInteractiveLogonRight".into()));
        assert_eq!(at(TEMPLATE, span_of(allow, "Right")), "seinteractivelogonright");
        assert_eq!(texts(data(allow, "Members")), ["S-1-5-32-544", "S-1-5-21-1-2-3-1105"]);
        let Data::List(members) = data(allow, "Members") else { panic!() };
        // 11 + 13 + 20 characters of lines before it, then 20 + 26 in its own.
        assert_eq!(at(TEMPLATE, members[0].span), "S-1-5-32-544");
        assert_eq!(members[0].span.start, 11 + 13 + 20 + 20 + 27);
        assert_eq!(data(allow, "Source"), &Data::Text("template".into()));
        assert!(at(TEMPLATE, allow.span).ends_with("1105"));

        let deny = &taken.records[1];
        assert_eq!(texts(data(deny, "Members")), ["CONTOSO\\cm-push", "CONTOSO\\Cm, Joined"]);
        let Data::List(trustees) = data(deny, "Trustees") else { panic!() };
        let Data::Object(second) = &trustees[1].data else { panic!() };
        assert_eq!(at(TEMPLATE, second.get("Name").unwrap().span), "CONTOSO\\Cm, Joined");
        assert!(second.get("Sid").is_none());
        assert_eq!(data(&taken.records[2], "Members"), &Data::List(Vec::new()));

        let group = &taken.records[3];
        assert_eq!(data(group, "Group"), &Data::Text("S-1-5-32-544".into()));
        assert_eq!(data(group, "GroupSid"), data(group, "Group"));
        assert!(group.object.get("GroupName").is_none());
        assert_eq!(texts(data(group, "Members")), ["S-1-5-21-1-2-3-512", "CONTOSO\\cm-push"]);
        assert_eq!(data(group, "MemberOf"), &Data::List(Vec::new()));
        assert_eq!(at(TEMPLATE, group.span).lines().count(), 2);
        let other = &taken.records[4];
        assert_eq!(data(other, "Group"), &Data::Text("CONTOSO\\Servers".into()));
        assert!(other.object.get("Members").is_none());
        assert_eq!(texts(data(other, "MemberOf")), ["S-1-5-32-545"]);

        let file = &taken.records[5];
        assert_eq!(data(file, "Path"), &Data::Text("%SystemDrive%\\inboxes".into()));
        assert_eq!(data(file, "Mode"), &Data::Number("0".into()));
        assert_eq!(at(TEMPLATE, span_of(file, "Sddl")), "D:PAR(A;OICI;FA;;;BA)");
        let policy = &taken.records[6];
        for name in ["UserRights", "Groups", "Files"] {
            assert_eq!(data(policy, name), &Data::Bool(true), "{name}");
        }
    }

    #[test]
    fn utf16_and_small_windows() {
        let utf16: Vec<u8> =
            [0xfeffu16].into_iter().chain(TEMPLATE.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let (_, utf8) = take(TEMPLATE);
        let (_, wide) = take_bytes(&utf16, 1 << 20);
        let (_, narrow) = take_bytes(&utf16, 64);
        assert_eq!(wide, narrow);
        assert_eq!(wide.records.len(), utf8.records.len());
        for (a, b) in utf8.records.iter().zip(&wide.records) {
            assert_eq!((2 * a.span.start + 2, 2 * a.span.end + 2), (b.span.start, b.span.end));
        }
        assert_eq!(take_bytes(TEMPLATE.as_bytes(), 16).1, utf8);
    }

    #[test]
    fn lines_that_go_on_and_lines_that_do_not() {
        let text = "[Privilege Rights]\nSeBackupPrivilege = A, \\\n  *S-1-1-0\n; a path C:\\\nSeDebugPrivilege = B\\\n";
        let (_, taken) = take(text);
        assert_eq!(texts(data(&taken.records[0], "Members")), ["A", "S-1-1-0"]);
        assert_eq!(data(&taken.records[1], "Right"), &Data::Text("SeDebugPrivilege".into()));
        assert_eq!(taken.records.len(), 3);
    }

    #[test]
    fn quotes_and_numbers_in_file_lines() {
        let text = "[File Security]\n1=\"C:\\a; b\", 2, \"D:(XA;;FR;;;AU;(@User.x == \"\"y\"\"))\"\n";
        let (done, taken) = take(text);
        assert!(done.notes.is_empty());
        assert_eq!(data(&taken.records[0], "Path"), &Data::Text("C:\\a; b".into()));
        assert_eq!(data(&taken.records[0], "Sddl"), &Data::Text("D:(XA;;FR;;;AU;(@User.x == \"y\"))".into()));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        let text = "[Privilege Rights]\nnonsense\n = x\n[Group Membership]\nX__Owners = y\n[File Security]\n\"a\",0\n";
        let (done, taken) = take(text);
        assert_eq!(taken.records.len(), 1);
        let [note] = done.notes.as_slice() else { panic!() };
        assert_eq!(note.text, "4 lines are not understood, the first one here");
        assert_eq!(at(text, note.span.unwrap()), "nonsense");
        let (_, empty) = take("[Unicode]\n");
        assert_eq!(data(&empty.records[0], "UserRights"), &Data::Bool(false));
    }

    #[test]
    fn only_what_is_wanted_is_handed_on() {
        let mut window = Window::from_text(TEMPLATE);
        let mut taken = Taken::default();
        let done = read(&mut window, &Wanted::default(), &mut taken);
        assert_eq!((done.records, taken.records.len()), (7, 0));
    }

    proptest! {
        #[test]
        fn any_text_is_survived_and_windows_make_no_difference(
            lines in proptest::collection::vec(
                r#"(\[(Privilege Rights|Group Membership|File Security)\]|[Sa*ä"=,;_\\ -]{0,12}(__Members = )?[*S"=,;\\ 1-9-]{0,12})"#,
                0..12,
            ),
            window in 1usize..40,
        ) {
            let text = lines.join("\n");
            let (_, whole) = take(&text);
            let (_, parts) = take_bytes(text.as_bytes(), window);
            prop_assert_eq!(whole, parts);
        }
    }
}
