//! Settings in sections (`CustomSettings.ini`, `Bootstrap.ini` and other `.ini` files) and exported registry keys
//! (`.reg`), which are read for credentials in clear text alone.
//!
//! A file that names none is not used: its status says so. Comments are looked at, too: what is commented out can be
//! read all the same.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;
use crate::reader::row::{self, Found};
use crate::reader::secret;
use crate::reader::{Data, Fault, Object, Sink, Value, lines};
use crate::source::{View, Window};

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// How many values stand under the name of a credential, empty ones among them.
    pub(super) named: u64,
    /// What kept it from being read to the end.
    pub(super) fault: Option<Fault>,
}

/// Whether a text is an export of registry keys.
pub(super) fn is_registry(text: &str) -> bool {
    text.starts_with("Windows Registry Editor Version") || text.starts_with("REGEDIT4")
}

/// Whether a text is made of sections: the first line that says something is a header, the next one a setting or
/// another header.
pub(super) fn is_settings(text: &str) -> bool {
    let mut lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with([';', '#']));
    let Some(first) = lines.next() else { return false };
    header(first).is_some() && lines.next().is_none_or(|next| header(next).is_some() || is_setting(next))
}

/// The name in a header.
fn header(line: &str) -> Option<&str> {
    let name = line.strip_prefix('[')?.strip_suffix(']')?;
    let plain = !name.is_empty() && name.len() <= 300 && !name.contains(['[', ']', '"', '\'', '(', '{', '$']);
    plain.then_some(name)
}

fn is_setting(line: &str) -> bool {
    static KEY: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[\p{L}\p{N}_%@*][\p{L}\p{N} _.%@*()/-]*="));
    KEY.is_match(line)
}

/// Reads a file of settings to its end.
pub(super) fn read(window: &mut Window, sink: &mut dyn Sink) -> Done {
    run(window, sink, "Settings", false)
}

/// Reads exported registry keys to their end.
pub(super) fn read_registry(window: &mut Window, sink: &mut dyn Sink) -> Done {
    run(window, sink, "RegistryKey", true)
}

fn run(window: &mut Window, sink: &mut dyn Sink, class: &'static str, registry: bool) -> Done {
    let mut section = Section { class, name: String::new(), registry };
    let mut named = 0;
    let fault = lines::each(window, registry, |view, line| named += section.line(view, line, sink));
    Done { named, fault }
}

struct Section {
    class: &'static str,
    /// What the values belong to: a section, the last part of a key.
    name: String,
    registry: bool,
}

impl Section {
    /// Reads a line. Gives how many values under the name of a credential it holds.
    fn line(&mut self, view: View<'_>, line: Range<usize>, sink: &mut dyn Sink) -> u64 {
        let line = trimmed(view.text, line);
        let text = &view.text[line.clone()];
        if let Some(name) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
            let last = if self.registry { name.rsplit('\\').next().unwrap_or(name) } else { name };
            self.name = last.trim().to_owned();
            return 0;
        }
        let setting = if text.starts_with([';', '#']) { None } else { key_value(view.text, line.clone()) };
        match setting {
            Some((key, value)) => credential(view, key, value, &self.name, self.class, sink),
            None => {
                let value = Value { span: view.span(line), data: Data::Text(text.into()) };
                protected("", value, &self.name, self.class, sink)
            }
        }
    }
}

/// Key and value around the first `=` outside of quotes, both trimmed, without the quotes around them.
fn key_value(text: &str, line: Range<usize>) -> Option<(Range<usize>, Range<usize>)> {
    let mut quoted = false;
    let equals = text[line.clone()].bytes().position(|b| {
        quoted ^= b == b'"';
        b == b'=' && !quoted
    })?;
    let key = unquoted(text, line.start..line.start + equals);
    let value = unquoted(text, line.start + equals + 1..line.end);
    (!key.is_empty()).then_some((key, value))
}

fn unquoted(text: &str, range: Range<usize>) -> Range<usize> {
    let range = trimmed(text, range);
    let inner = &text[range.clone()];
    let whole = inner.len() >= 2 && (inner.starts_with('"') && inner.ends_with('"'));
    if whole { range.start + 1..range.end - 1 } else { range }
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let inner = &text[range.clone()];
    let start = range.start + (inner.len() - inner.trim_start().len());
    start..start + inner.trim().len()
}

/// Hands on the credentials in the value of a setting: under its own name, or in a command line. Gives how many values
/// under the name of a credential that are.
pub(super) fn credential(
    view: View<'_>,
    key: Range<usize>,
    value: Range<usize>,
    holder: &str,
    class: &str,
    sink: &mut dyn Sink,
) -> u64 {
    let written = &view.text[value.clone()];
    let name = &view.text[key];
    if !secret::is_secret_name(name) && !secret::mentions(written.as_bytes()) {
        return 0;
    }
    let data = Data::Text(plain(written).into());
    protected(name, Value { span: view.span(value), data }, holder, class, sink)
}

/// A value of the registry as text: without its type, text in hexadecimal as it is. Other settings as they are.
fn plain(written: &str) -> Cow<'_, str> {
    let (kind, rest) = written.split_once(':').unwrap_or_default();
    match kind.to_ascii_lowercase().as_str() {
        "dword" | "qword" => Cow::Owned(format!("0x{}", rest.get(..8).unwrap_or(rest))),
        kind if kind == "hex" || kind.starts_with("hex(") => {
            Cow::Owned(rest.chars().filter(char::is_ascii_hexdigit).collect())
        }
        _ => Cow::Borrowed(written),
    }
}

/// Hands on what [`row::protect_named`] finds in a value.
pub(super) fn protected(name: &str, mut value: Value, holder: &str, class: &str, sink: &mut dyn Sink) -> u64 {
    let mut found: Vec<Found> = Vec::new();
    row::protect_named(name, &mut value, &mut found, sink);
    let holder = if holder.trim().is_empty() { class } else { holder };
    for one in &found {
        sink.record(row::clear_text_secret(one, holder, class));
    }
    let object = Object { class: None, properties: vec![(name.into(), value)] };
    let named = object.properties.iter().any(|(_, value)| matches!(value.data, Data::Secret(_)));
    u64::from(named).max(found.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::testing::{at, data, read};
    use crate::reader::{Format, Status, Wanted};

    fn found(text: &str) -> (Option<Format>, Status, Vec<(String, String, usize)>) {
        let (reading, taken) = read(text, &Wanted::default());
        let shown = format!("{:?} {reading:?}", taken.records);
        assert!(!shown.contains("Nord-47x"), "{shown}");
        let said = |record, name| match data(record, name) {
            Data::Text(text) => text.to_string(),
            other => panic!("{other:?}"),
        };
        let all = taken.records.iter().map(|r| (said(r, "Holder"), said(r, "Name"), at(text, r.span).len()));
        (reading.format, reading.status, all.collect())
    }

    fn one(holder: &str, name: &str, length: usize) -> (String, String, usize) {
        (holder.to_owned(), name.to_owned(), length)
    }

    #[test]
    fn settings_of_a_deployment_share() {
        let text = "[Settings]\r\nPriority=Default\r\n\r\n[Default]\r\nDomainAdmin=svc-join\r\nDomainAdminPassword=Nord-47x\r\n\
                    ;UserPassword=\"Nord-47x\"\r\nAdminPassword=\r\nSkipAdminPassword=YES\r\nBDEKeyLocation=AD\r\nX=net use \\\\s\\x Nord-47x\r\n";
        let (format, status, all) = found(text);
        assert_eq!((format, status), (Some(Format::Settings), Status::Read));
        assert_eq!(
            all,
            [
                one("Default", "DomainAdminPassword", 8),
                one("Default", "UserPassword", 8),
                one("Default", "net use", 8)
            ]
        );
    }

    #[test]
    fn settings_without_any_are_no_input() {
        let (format, status, all) =
            found("[Settings]\r\nPriority=Default\r\n\r\n[Default]\r\nOSInstall=Y\r\n");
        assert_eq!((format, status, all.len()), (None, Status::Unrecognised, 0));
    }

    #[test]
    fn registry_keys() {
        let text = "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Winlogon]\r\n\
                    \"AutoAdminLogon\"=\"1\"\r\n\"DefaultPassword\"=\"Nord-47x\"\r\n\"PasswordExpiryWarning\"=dword:00000005\r\n\
                    \"AltDefaultPassword\"=hex(1):4e,00,6f,00,72,00,64,00,2d,00,\\\r\n  34,00,37,00,78,00,00,00\r\n";
        let (format, status, all) = found(text);
        assert_eq!((format, status), (Some(Format::Registry), Status::Read));
        assert_eq!(all, [one("Winlogon", "DefaultPassword", 8), one("Winlogon", "AltDefaultPassword", 65)]);
        let none = "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\x]\r\n\"a\"=\"b\"\r\n";
        assert_eq!(found(none).1, Status::Unrecognised);
    }
}
