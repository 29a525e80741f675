//! What the fuzz targets do, and what must hold while they do it: nothing panics, hangs or takes unbounded memory; what
//! is read does not depend on how a file is cut or encoded; no secret is printed.
//!
//! Each function takes the bytes that libFuzzer made. The targets in `fuzz_targets/` name one each.

use std::path::PathBuf;
use std::sync::LazyLock;

use cmlint::assets::Assets;
use cmlint::content::{self, Content};
use cmlint::evidence::{self, Mapping, Schema};
use cmlint::page;
use cmlint::reader::{self, Options, Sink};
use cmlint::rules::{self, RuleSet};
use cmlint::sddl;
use cmlint::source::{self, Limits, Sources, Span};
use cmlint::track;
use cmlint::yaml::{self, Node};

#[path = "../../tests/common/leaks.rs"]
mod oracle;

static CONTENT: LazyLock<Content> = LazyLock::new(|| content::load(&Assets::content()).expect("it loads").0);
static TABLES: LazyLock<(Schema, Mapping)> =
    LazyLock::new(|| evidence::load(&Assets::content()).expect("they load"));
static RULES: LazyLock<RuleSet> =
    LazyLock::new(|| rules::compile(&Assets::rules(), &CONTENT, &TABLES.0).expect("they compile"));
static ORACLE: LazyLock<oracle::Oracle> = LazyLock::new(oracle::Oracle::new);

/// What is read, told with nothing that depends on encoding.
#[derive(Debug, PartialEq)]
struct Told {
    format: Option<&'static str>,
    records: u64,
    read: reader::Status,
    objects: Vec<String>,
    /// What broke off: in no order with the objects, since the end of a file is told to its first stretch.
    missing: Vec<String>,
}

/// Takes down names and classes of objects, and looks at their places.
struct Notes {
    len: u64,
    objects: Vec<String>,
    missing: Vec<String>,
}

impl Notes {
    fn inside(&self, span: Span) {
        assert!(span.start <= span.end && span.end <= self.len, "{span:?} of {}", self.len);
    }
}

impl Sink for Notes {
    fn record(&mut self, record: reader::Record) {
        self.inside(record.span);
        let names: Vec<&str> = record.object.properties.iter().map(|(name, _)| &**name).collect();
        self.objects.push(format!("{} {names:?}", record.class));
    }

    fn missing(&mut self, class: Option<&str>, why: reader::Missing, span: Span) {
        self.inside(span);
        self.missing.push(format!("{class:?} {why:?}"));
    }

    fn secret(&mut self, span: Span) {
        self.inside(span);
        assert!(span.start < span.end, "an empty secret");
    }
}

fn told(bytes: &[u8], limits: &Limits, options: &Options) -> Told {
    let sources = Sources::from_memory([("x".to_owned(), bytes.to_vec())], limits);
    let source = &sources.as_slice()[0];
    let len = bytes.len() as u64;
    let (reading, sinks) = reader::read(source, &TABLES.1.wanted(), options, || Notes {
        len,
        objects: Vec::new(),
        missing: Vec::new(),
    });
    for span in reading.notes.iter().filter_map(|n| n.span) {
        assert!(span.start <= span.end && span.end <= len, "{span:?} of {len}");
    }
    let mut told = Told {
        format: reading.format.map(reader::Format::name),
        records: reading.records,
        read: reading.status,
        objects: Vec::new(),
        missing: Vec::new(),
    };
    for sink in sinks {
        told.objects.extend(sink.objects);
        told.missing.extend(sink.missing);
    }
    told
}

/// A reader: bytes behind the beginning of a file of its shape. They are read in one piece, in small windows, in
/// segments, and in UTF-16, and that makes no difference.
pub fn reader(head: &[u8], data: &[u8]) {
    let bytes = [head, data].concat();
    let whole = Options { segments: 1, segment_bytes: 1 << 20 };
    let first = told(&bytes, &Limits::default(), &whole);
    let small = Limits { window: 64, ..Limits::default() };
    assert_eq!(told(&bytes, &small, &whole), first, "in small windows");
    let parts = Options { segments: 3, segment_bytes: 128 };
    assert_eq!(told(&bytes, &Limits::default(), &parts), first, "in segments");
    if let Ok(text) = std::str::from_utf8(&bytes)
        && !text.contains(['\0', '\u{feff}'])
    {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        let wide: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
        assert_eq!(told(&wide, &Limits::default(), &whole), first, "in UTF-16");
    }
    let sources = Sources::from_memory([("x".to_owned(), bytes)], &Limits::default());
    evidence::collect(&TABLES.0, &TABLES.1, &sources);
}

/// Archives, with limits so small that each is met.
pub fn zip(data: &[u8]) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("x.zip");
    std::fs::write(&path, [b"PK\x03\x04".as_slice(), data].concat()).expect("written");
    let limits = Limits {
        entry_size: 1 << 20,
        archive_size: 4 << 20,
        archive_entries: 200,
        in_memory: 1 << 16,
        free: 1 << 18,
        ..Limits::default()
    };
    let mut inflated = 0;
    for source in &source::read(&[path], &limits) {
        let Ok(mut window) = source.open() else { continue };
        loop {
            let len = window.view().text.len();
            inflated += len;
            if len == 0 || !matches!(window.advance(len), Ok(true)) {
                break;
            }
        }
    }
    // A byte of windows-1252 is up to three of UTF-8.
    assert!(inflated <= 3 * (4 << 20), "{inflated}");
}

/// YAML: places lie in the text, and what is said of a fault can be shown.
pub fn yaml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(node) = Node::parse(text) {
        let mut rest = vec![&node];
        while let Some(node) = rest.pop() {
            assert!(text.get(node.span.clone()).is_some(), "{:?}", node.span);
            if let Some(list) = node.as_list() {
                rest.extend(list);
            }
            if let Some(map) = node.as_map() {
                rest.extend(map.iter().map(|(_, value)| value));
            }
        }
    }
}

/// A folder of one file.
fn alone(name: &str, data: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join(name);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    std::fs::write(&path, data).expect("written");
    let root = dir.path().to_owned();
    (dir, root)
}

/// A rule: compiled, or its mistakes shown; its examples run.
pub fn rule(data: &[u8]) {
    let (_dir, root) = alone("hygiene/x.yaml", data);
    match rules::compile(&Assets::Folder(root), &CONTENT, &TABLES.0) {
        Ok(set) => {
            let problems = cmlint::check::examples(&set, &CONTENT, &TABLES.0);
            yaml::render(&problems, true);
        }
        Err(problems) => drop(yaml::render(&problems, true)),
    }
}

/// Access lists: every place lies in the text.
pub fn sddl(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let look = |list: &sddl::Acl| {
        for ace in list.aces() {
            assert!(text.get(ace.range.clone()).is_some(), "{ace:?}");
            assert!(text.get(ace.trustee.range.clone()).is_some(), "{ace:?}");
            let _ = (ace.applies_here(), ace.applies_to_folders(), ace.applies_to_files());
        }
        for unread in list.unread() {
            assert!(text.get(unread.range.clone()).is_some(), "{unread:?}");
        }
    };
    match sddl::parse(&text) {
        Ok(descriptor) => {
            if let sddl::Dacl::List(list) = &descriptor.dacl {
                look(list);
            }
        }
        Err(wrong) => assert!(text.get(wrong.range.clone()).is_some(), "{wrong:?}"),
    }
    look(&sddl::parse_listing(&text));
}

/// A page: every sentence is found at its place and by its fingerprint.
pub fn page(data: &[u8]) {
    let page = page::parse(&String::from_utf8_lossy(data));
    for (place, sentence) in page.sentences() {
        assert_eq!(page.sentence(place).map(|s| &s.text), Some(&sentence.text));
    }
    for entry in &page.entries {
        let _ = page.entry(entry.title());
    }
}

/// A newer page, told in every format.
pub fn track(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let input = track::Input { source: track::Source::default(), text: Some(text), previous: None };
    let found = track::follow(&CONTENT, &RULES, CONTENT.newest(), &[input]);
    track::human(&found, &CONTENT, 80);
    track::markdown(&found, &CONTENT);
    track::to_json(&found);
}

/// A secret, and another of its length to hold against it.
const SECRETS: [&str; 2] = ["Nordlicht4711xq", "Qv7pTw2zKm9rBc5"];
/// Names of properties that nothing is read from; half of them sound of secrets.
const KEYS: [&str; 12] = [
    "Password",
    "Kennwort",
    "pw",
    "token",
    "api_key",
    "Blob",
    "Remark",
    "Zz9",
    "パスワード",
    "Cred",
    "Extra_x",
    "x",
];

/// Reads choices from the bytes that libFuzzer makes; when they are used up, the first of all.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn below(&mut self, most: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % most
    }

    fn key(&mut self) -> &'static str {
        KEYS[self.below(KEYS.len())]
    }

    /// Text of no meaning, with wide letters and such as have to be written otherwise in XML and JSON.
    fn noise(&mut self) -> String {
        let letters = ['a', ' ', 'ü', '者', '😀', '<', '"', '&', '\\', '\'', ',', ';', '=', ':', '\n', '%'];
        (0..self.below(40)).map(|_| letters[self.below(letters.len())]).collect()
    }

    /// The secret among noise, or in a way of writing commands.
    fn value(&mut self, secret: &str) -> String {
        match self.below(9) {
            0 => secret.to_owned(),
            1 => format!("{} {secret} {}", self.noise(), self.noise()),
            2 => format!("cmd /c net use Z: \\\\s\\x {secret} /user:a"),
            3 => format!("x.exe /password:{secret} /q"),
            4 => format!("tool --{}={secret}", self.key()),
            5 => format!("curl https://a:{secret}@host/"),
            6 => format!("Server=x;User Id=a;Pwd={secret};"),
            7 => format!("powershell -c \"$p = '{secret}'\""),
            _ => format!("{}{secret}", "x".repeat(self.below(200))),
        }
    }
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn json(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        })
        .collect()
}

/// A file with secrets only where values stand, and something to find on the same lines.
fn planted(choices: &mut Choices<'_>, secret: &str) -> String {
    let rows = 1 + choices.below(3);
    match choices.below(4) {
        0 => {
            let row = |choices: &mut Choices<'_>| {
                let mut row = String::from(
                    r#"{"__CLASS":"SMS_Admin","LogonName":"CONTOSO\\anna","RoleNames":["Full Administrator"]"#,
                );
                for _ in 0..choices.below(4) {
                    let (key, value) = (choices.key(), json(&choices.value(secret)));
                    row += &match choices.below(3) {
                        0 => format!(",\"{key}\":\"{value}\""),
                        1 => format!(",\"{key}\":{{\"value\":\"{value}\"}}"),
                        _ => format!(",\"{key}\":[\"{value}\",1]"),
                    };
                }
                row + "}"
            };
            let rows: Vec<String> = (0..rows).map(|_| row(choices)).collect();
            format!("[{}]", rows.join(","))
        }
        1 => {
            let row = |choices: &mut Choices<'_>| {
                let mut row = String::from(
                    r#"<Obj RefId="0"><TN RefId="0"><T>IResultObject#SMS_Admin</T></TN><MS><S N="LogonName">CONTOSO\anna</S>"#,
                );
                for _ in 0..choices.below(4) {
                    let (key, value) = (choices.key(), xml(&choices.value(secret)));
                    row += &match choices.below(4) {
                        0 => format!("<S N=\"{key}\">{value}</S>"),
                        1 => format!("<!-- {} -->", value.replace("--", "")),
                        2 => format!("<S N=\"{key}\" Z=\"{value}\">x</S>"),
                        _ => format!("<Obj N=\"{key}\"><LST><S>{value}</S></LST></Obj>"),
                    };
                }
                row + "</MS></Obj>"
            };
            let rows: String = (0..rows).map(|_| row(choices)).collect();
            format!(
                "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">{rows}</Objs>"
            )
        }
        2 => {
            let step = |choices: &mut Choices<'_>| {
                let (key, value) = (choices.key(), xml(&choices.value(secret)));
                format!(
                    "<step type=\"SMS_TaskSequence_RunCommandLineAction\" name=\"s\"><action>smsswd.exe /run: {}</action>\
                     <defaultVarList><variable name=\"{key}\" property=\"{key}\">{value}</variable>\
                     <variable name=\"CommandLine\" property=\"CommandLine\">{}</variable></defaultVarList></step>",
                    xml(&choices.value(secret)),
                    xml(&choices.value(secret)),
                )
            };
            let steps: String = (0..rows).map(|_| step(choices)).collect();
            format!("<sequence version=\"3.10\">{steps}</sequence>")
        }
        _ => {
            let lines = |choices: &mut Choices<'_>| {
                let value = choices.value(secret).replace(['"', '\n', ';'], " ");
                format!(
                    "instance of SMS_Admin\n{{\n LogonName = \"CONTOSO\\\\anna\"; {} = \"{}\";\n}};\n",
                    "Extra",
                    json(&value)
                )
            };
            (0..rows).map(|_| lines(choices)).collect()
        }
    }
}

/// The check as a whole: no format prints a secret that stands where only values stand, also if the file breaks off.
pub fn check(data: &[u8]) {
    let files = |secret: &str| {
        let mut choices = Choices(data);
        let mut text = planted(&mut choices, secret);
        // Breaks off at the same place for each secret: they are as long as one another.
        if choices.below(3) == 1 {
            let mut end = text.len() * choices.below(256) / 256;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
        }
        vec![("x".to_owned(), text.into_bytes())]
    };
    if let Some((output, piece)) = ORACLE.leak(SECRETS[0], SECRETS[1], files) {
        panic!("`{piece}` in {output}");
    }
}
