//! `--mask`: no name of an estate is in anything that is written, and everything else is as it was.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::sync::LazyLock;

use cmlint::cli::BuiltIn;
use cmlint::mask::Key;
use cmlint::report::Format;
use cmlint::source::{Limits, Sources};
use common::estates::{Files, bytes, estate, text};
use common::{Place, has, repository};
use proptest::prelude::*;
use regex::Regex;
use serde_json::Value;

static BUILT_IN: LazyLock<BuiltIn> = LazyLock::new(|| BuiltIn::load().expect("what is built in loads"));

/// Format and text of every report on files, masked; the one for terminals also with everything.
fn masked(files: Files, key: Option<Key>) -> Vec<(String, String)> {
    let sources = Sources::from_memory(files, &Limits::default());
    let mut checked = BUILT_IN.check(&sources);
    checked.mask(key);
    let mut out: Vec<(String, String)> = Vec::new();
    for format in Format::ALL {
        let (text, lost) = checked.write(format, 100, format == Format::Human);
        assert!(lost.is_empty(), "{lost:?}");
        out.push((format!("{format:?}"), anstream::adapter::strip_str(&text).to_string()));
    }
    out.push(("Human at 400".to_owned(), checked.write(Format::Human, 400, true).0));
    out
}

fn json(outputs: &[(String, String)]) -> Value {
    let (_, text) = outputs.iter().find(|(format, _)| format == "Json").expect("it was written");
    serde_json::from_str(text).expect("JSON")
}

fn plain_json(files: Files) -> Value {
    common::estates::report(&BUILT_IN, files)
}

/// The examples of names that help texts of rules give.
const EXAMPLES: [&str; 3] =
    [r"corp.contoso.com\svc-mp", r"corp.contoso.com\\svc-mp", r"corp.contoso.com\<wbr>svc-mp"];

/// What the program says of nothing, and what is documented.
static OWN: LazyLock<String> = LazyLock::new(|| {
    let mut out: String = masked(Vec::new(), None).into_iter().map(|(_, text)| text).collect();
    EXAMPLES.iter().for_each(|example| out = out.replace(example, ""));
    for entry in walkdir::WalkDir::new(repository("content")) {
        let entry = entry.expect("an entry");
        if entry.path().extension().is_some_and(|e| e == "yaml") {
            out.push_str(&fs::read_to_string(entry.path()).expect("text"));
        }
    }
    out.to_lowercase()
});

/// A text as those read it who undo one of the escapes of the formats.
fn readings(text: &str) -> Vec<String> {
    let percent = percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let entity = Regex::new(r"&#(x?)([0-9a-fA-F]+);").expect("a pattern");
    let numbers = entity.replace_all(text, |c: &regex::Captures<'_>| {
        let radix = if c[1].is_empty() { 10 } else { 16 };
        u32::from_str_radix(&c[2], radix).ok().and_then(char::from_u32).map_or(String::new(), String::from)
    });
    let entities =
        numbers.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    let unicode = Regex::new(r"\\u([0-9a-fA-F]{4})").expect("a pattern");
    let json = unicode.replace_all(text, |c: &regex::Captures<'_>| {
        u32::from_str_radix(&c[1], 16).ok().and_then(char::from_u32).map_or(String::new(), String::from)
    });
    let markdown = Regex::new(r"\\([^\w\s])").expect("a pattern").replace_all(text, "$1").into_owned();
    [text.to_owned(), percent, entities.replace("<wbr>", ""), json.into_owned(), markdown]
        .map(|t| t.to_lowercase())
        .to_vec()
}

/// Where a name stands in an output, if it does; a short one only as a word of its own.
fn leak(readings: &[String], name: &str) -> Option<String> {
    let name = name.to_lowercase();
    let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    for text in readings {
        for (at, _) in text.match_indices(&name) {
            let whole =
                !letter(text[..at].chars().next_back()) && !letter(text[at + name.len()..].chars().next());
            if whole || name.chars().count() >= 8 {
                let around =
                    |n: usize, from: usize| text[..from].char_indices().rev().nth(n).map_or(0, |(i, _)| i);
                let end = text[at..]
                    .char_indices()
                    .nth(name.chars().count() + 40)
                    .map_or(text.len(), |(i, _)| at + i);
                return Some(text[around(60, at)..end].to_owned());
            }
        }
    }
    None
}

#[track_caller]
fn no_leaks<'n>(outputs: &[(String, String)], names: impl IntoIterator<Item = &'n String>) {
    let names: Vec<&String> = names.into_iter().collect();
    for (format, text) in outputs {
        let text = EXAMPLES.iter().fold(text.clone(), |text, example| text.replace(example, ""));
        let readings = readings(&text);
        for name in &names {
            if let Some(around) = leak(&readings, name) {
                panic!("{format} has `{name}`: {around}");
            }
        }
    }
}

/// The names that stand in the files of an estate, found by their form and not as the program finds them.
fn names_in(files: &Files) -> BTreeSet<String> {
    let patterns = [
        r#"(?i)([a-z0-9][\w-]*)\.(contoso|fabrikam|tailspin)\.com"#,
        r#"(?:CONTOSO|contoso\.com|contoso|FABRIKAM)\\{1,2}([^"<>|\\,\]]{3,})"#,
        r"(S-1-5-21-\d+-\d+-\d+(?:-\d{4,})?)",
        r"([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})",
        r#""(?:SiteCode|ReportingSiteCode)"\s*:\s*"([A-Z0-9]{3})""#,
        r#"<S N="SiteCode">([A-Z0-9]{3})<"#,
        r#"\\\\+([A-Za-z0-9-]{3,})\\"#,
    ];
    let mut names = BTreeSet::from(["contoso".to_owned(), "fabrikam".to_owned()]);
    for (path, content) in files {
        if path.ends_with(".zip") {
            continue;
        }
        let (content, _) = text(content);
        for pattern in patterns {
            for found in Regex::new(pattern).expect("a pattern").captures_iter(&content) {
                names.insert(found[1].trim().trim_end_matches('$').to_lowercase());
            }
        }
    }
    // What Windows and the product come with, and what the program says anyway.
    names.retain(|name| {
        name.len() > 2 && !OWN.contains(name.as_str()) || matches!(name.as_str(), "contoso" | "fabrikam")
    });
    assert!(names.len() > 40, "{names:?}");
    names
}

#[test]
fn no_name_of_contoso_is_in_any_format() {
    let files = estate("contoso");
    let names = names_in(&files);
    for some in ["svc-naa", "svc-push", "cas1", "p01-srv", "dp02", "sql01"] {
        assert!(names.contains(some), "{some} is not among {names:?}");
    }
    let plain: String = common::estates::report(&BUILT_IN, files.clone()).to_string();
    let shown = names.iter().filter(|name| leak(&[plain.to_lowercase()], name).is_some()).count();
    assert!(shown > 40, "the report names {shown} of {}", names.len());
    no_leaks(&masked(files, None), &names);
}

#[test]
fn everything_but_names_is_as_it_was() {
    let files = estate("contoso");
    let plain = plain_json(files.clone());
    let report = json(&masked(files, None));
    assert_eq!((&report["masked"], &plain["masked"]), (&true.into(), &false.into()));
    for key in ["schema", "tool", "revision", "outcomes"] {
        assert_eq!(report[key], plain[key]);
    }
    let marks = |text: &Value| {
        let text = text.as_str().expect("a text");
        ['\\', '`', '$', '@', ':', ','].map(|mark| text.matches(mark).count())
    };
    let (ours, theirs) =
        (report["findings"].as_array().expect("a list"), plain["findings"].as_array().expect("a list"));
    assert_eq!(ours.len(), theirs.len());
    let mut prints = BTreeSet::new();
    for (masked, plain) in ours.iter().zip(theirs) {
        for key in ["rule", "title", "level", "confidence", "statements", "entity", "help"] {
            assert_eq!(masked[key], plain[key]);
        }
        for key in ["subject", "message"] {
            assert_eq!(marks(&masked[key]), marks(&plain[key]), "{} and {}", masked[key], plain[key]);
        }
        let places = |finding: &Value| {
            let all = finding["locations"].as_array().expect("a list").iter();
            all.map(|l| {
                (l["line"].clone(), l["column"].clone(), l["end_column"].clone(), l["primary"].clone())
            })
            .collect::<Vec<_>>()
        };
        assert_eq!(places(masked), places(plain));
        // Names could be tried with the old one.
        assert_eq!(masked["fingerprint"] == plain["fingerprint"], masked["subject"] == plain["subject"]);
        prints.insert(masked["fingerprint"].to_string());
    }
    let theirs: BTreeSet<String> = theirs.iter().map(|f| f["fingerprint"].to_string()).collect();
    assert_eq!(prints.len(), theirs.len(), "different subjects stay different");
    let message = |text: &str| ours.iter().any(|f| f["message"].as_str().is_some_and(|m| m.contains(text)));
    for known in [
        "`SMS Admins`",
        "\\Domain Admins`",
        "`Administrators`",
        "`Everyone`",
        "SMS_SiteToSiteConnection_site-",
        "SeInteractiveLogonRight",
        ".com",
    ] {
        assert!(message(known), "{known} is readable");
    }
    let structured =
        Regex::new(r"`domain-\d+\\account-\d+`.* `host-\d+\.domain-\d+\.com`").expect("a pattern");
    assert!(ours.iter().any(|f| structured.is_match(f["message"].as_str().expect("a text"))));
    let schema = fs::read_to_string(repository("docs/report.schema.json")).expect("there");
    let schema = serde_json::from_str(&schema).expect("JSON");
    assert_eq!(common::schema::wrong(&schema, &report, common::schema::Others::Wrong), Vec::<String>::new());
}

#[test]
fn one_key_gives_one_name_in_every_run() {
    let place = Place::new();
    place.copy("examples/contoso", "in");
    let run = |args: &[&str]| place.run(&[&["check", "--format", "json", "--mask"], args].concat()).json();
    let messages = |report: &Value| {
        let all = report["findings"].as_array().expect("a list").iter();
        let of = all.filter(|f| f["rule"] == "title-of-other-revision");
        of.map(|f| (f["message"].clone(), f["fingerprint"].clone())).collect::<Vec<_>>()
    };
    let whole = messages(&run(&["in", "--mask-key", "key"]));
    assert!(!whole.is_empty());
    let key = place.read("key");
    assert!(Regex::new("^[0-9a-f]{64}\n$").expect("a pattern").is_match(&key), "{key}");
    // Other files, another run: the same names and fingerprints.
    let alone = messages(&run(&["in/accounts.json", "--mask-key", "key"]));
    assert_eq!(key, place.read("key"), "a key that is there is not made anew");
    let words = |list: &[(Value, Value)]| {
        let account = Regex::new(r"[a-z]+-[b-z2-9]{8}").expect("a pattern");
        list.iter()
            .flat_map(|(m, _)| {
                account
                    .find_iter(m.as_str().expect("text"))
                    .map(|f| f.as_str().to_owned())
                    .collect::<Vec<_>>()
            })
            .collect::<BTreeSet<_>>()
    };
    assert!(
        words(&whole).is_subset(&words(&alone)) || words(&alone).is_subset(&words(&whole)),
        "{whole:?} {alone:?}"
    );
    assert!(!words(&alone).is_empty());
    assert_eq!(run(&["in", "--mask-key", "key"]), run(&["in", "--mask-key", "key"]));
    assert_ne!(messages(&run(&["in", "--mask-key", "other"])), whole);
    assert_eq!(run(&["in"]), run(&["in"]), "without a key the numbers are the same for the same files");
    place.file("bad", "not a key");
    let ran = place.run(&["check", "in", "--mask", "--mask-key", "bad"]).ends(2);
    has(&ran.err, "64 hexadecimal digits");
    has(&place.run(&["check", "in", "--mask-key", "key"]).ends(2).err, "--mask");
}

#[test]
fn what_goes_to_standard_error_is_masked_too() {
    let place = Place::new();
    place.file(
        "northwind/secret-host.json",
        "[{\"__CLASS\":\"SMS_SCI_Reserved\",\"UserName\":\"NORTHWIND\\\\svc-x\"}, {",
    );
    let ran = place.run(&["check", "northwind", "--mask", "--format", "json"]).ends(2);
    for name in ["northwind", "secret-host", "svc-x"] {
        assert!(
            !ran.err.to_lowercase().contains(name) && !ran.out.to_lowercase().contains(name),
            "{}",
            ran.err
        );
    }
}

/// Files of the example with its names replaced.
fn renamed(files: &Files, names: &[(String, String)]) -> Files {
    let rename = |text: &str| {
        let mut out = text.to_owned();
        for (from, to) in names {
            let whole = Regex::new(&format!(r"(?i)\b{}\b", regex::escape(from))).expect("a pattern");
            out = whole.replace_all(&out, regex::NoExpand(to)).into_owned();
        }
        out
    };
    let kept = files.iter().filter(|(path, _)| !path.ends_with(".zip"));
    kept.map(|(path, content)| {
        let (content, utf16) = text(content);
        (path.clone(), bytes(&rename(&content), utf16))
    })
    .collect()
}

/// The names of the example that are replaced.
const NAMES: [&str; 22] = [
    "contoso",
    "fabrikam",
    "cas1",
    "p01-srv",
    "p02-srv",
    "sql01",
    "dp02",
    "svc-naa",
    "svc-push",
    "svc-join",
    "svc-run",
    "svc-repl",
    "svc-mp",
    "svc-naa01",
    "svc-naa02",
    "svc-site",
    "svc-capture",
    "build",
    "Floor support",
    "P01",
    "CAS",
    "Kiosks",
];

/// Names as people give them.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{3}[q-z]{4}[0-9]{2}",
        "[A-Z]{4}-[a-z]{4}[0-9]",
        "[a-zäöüß]{4}_[q-z]{4}[0-9]",
        "[A-Z][a-z]{3} [q-z]{5}[0-9]",
    ]
}

fn cases() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(4);
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 20, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_name_of_a_generated_estate_is_in_any_format(
        given in proptest::collection::vec(name(), NAMES.len()),
        site in "[A-Z][0-9][Q-Z]",
        keyed in any::<bool>(),
    ) {
        let mut seen = BTreeSet::new();
        prop_assume!(given.iter().all(|name| seen.insert(name.to_lowercase())));
        let names: Vec<(String, String)> = (NAMES.iter().zip(&given))
            .map(|(from, to)| {
                let to = match *from {
                    "P01" => site.clone(),
                    // Labels of domains and names of computers have no spaces.
                    "contoso" | "fabrikam" | "cas1" | "p01-srv" | "p02-srv" | "sql01" | "dp02" => to.replace([' ', '_'], "-"),
                    "CAS" => format!("{}7{}", &site[..1], &site[2..]),
                    _ => to.clone(),
                };
                ((*from).to_owned(), to)
            })
            .collect();
        let files = renamed(&estate("contoso"), &names);
        let key = keyed.then(|| Key::random().expect("random numbers"));
        let outputs = masked(files.clone(), key);
        let plain = plain_json(files);
        let count = |report: &Value| report["findings"].as_array().expect("a list").len();
        prop_assert_eq!(count(&json(&outputs)), count(&plain));
        let own = |name: &&String| !OWN.contains(name.to_lowercase().as_str());
        let wanted: Vec<String> = names.iter().map(|(_, to)| to.clone()).filter(|n| own(&n)).collect();
        prop_assert!(wanted.len() > 15);
        no_leaks(&outputs, &wanted);
    }
}
