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
}

/// Takes down names and classes of objects, and looks at their places.
struct Notes {
    len: u64,
    objects: Vec<String>,
}

impl Notes {
    fn inside(&self, span: Span) {
        assert!(span.start <= span.end && span.end <= self.len, "{span:?} of {}", self.len);
    }
}

impl Sink for Notes {
    fn record(&mut self, record: reader::Record) {
        self.inside(record.span);
        let names: Vec<&str> = record.properties.iter().map(|(name, _)| &**name).collect();
        self.objects.push(format!("{:?} {names:?}", record.class));
    }

    fn missing(&mut self, class: Option<&str>, why: reader::Missing, span: Span) {
        self.inside(span);
        self.objects.push(format!("missing {class:?} {why:?}"));
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
    let (reading, sinks) =
        reader::read(source, &TABLES.1.wanted(), options, || Notes { len, objects: Vec::new() });
    for span in reading.notes.iter().filter_map(|n| n.span) {
        assert!(span.start <= span.end && span.end <= len, "{span:?} of {len}");
    }
    Told {
        format: reading.format.map(reader::Format::name),
        records: reading.records,
        read: reading.status,
        objects: sinks.into_iter().flat_map(|s| s.objects).collect(),
    }
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
    std::fs::write(&path, [source::ZIP.as_slice(), data].concat()).expect("written");
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

/// Access lists: what is read is read again from what was read.
pub fn sddl(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(descriptor) = sddl::parse(&text) {
        for ace in descriptor.aces() {
            let _ = (ace.applies_here(), ace.applies_to_folders(), ace.applies_to_files());
        }
        let _ = descriptor.unread().count();
    }
    sddl::parse_listing(&text);
}

/// A page: every sentence is found at its place and by its fingerprint.
pub fn page(data: &[u8]) {
    let page = page::parse(&String::from_utf8_lossy(data));
    for (place, sentence) in page.sentences() {
        assert_eq!(page.sentence(place), Some(sentence));
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

/// A secret that stands for another of the same length, and one to hold against it.
const SECRETS: [&str; 2] = ["Nordlicht4711xq", "Qv7pTw2zKm9rBc5"];
/// What stands for the secret in the bytes of an input.
const SIGN: u8 = 0x1a;

/// The check as a whole: wherever a secret stands, no format prints it. The bytes have the sign for the secret in them;
/// where it stands behind a colon, an equal sign or a tag, it is a value.
pub fn check(data: &[u8]) {
    if !data.contains(&SIGN) {
        return;
    }
    let files = |secret: &str| {
        let mut bytes = Vec::new();
        for (i, part) in data.split(|b| *b == SIGN).enumerate() {
            // Only where values stand: names of keys and tags are shown.
            let value = matches!(bytes.last(), Some(b'"' | b'>' | b'=' | b':' | b'\''));
            if i > 0 && value {
                bytes.extend(secret.as_bytes());
            }
            bytes.extend(part);
        }
        vec![("x".to_owned(), bytes)]
    };
    if let Some((output, piece)) = ORACLE.leak(SECRETS[0], SECRETS[1], files) {
        panic!("{output}: {piece}");
    }
}
