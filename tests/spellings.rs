//! What must not change what is found in the example estates: the form in which domains are written, the order of the
//! files, each file there twice, the directory of a foreign forest beside. Compared are rule, subject and level.

mod common;

use std::collections::BTreeMap;

use cmlint::cli::BuiltIn;
use common::estates::{self, Files, bytes, text};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use regex::{Captures, Regex};
use serde_json::Value;

/// Rule, subject without the form of its domains, level; and how often.
type Findings = BTreeMap<(String, String, String), usize>;

/// Short and DNS names of the domains of both estates, as their lists of domains have them.
const DOMAINS: [(&str, &str); 2] = [("CONTOSO", "contoso.com"), ("FABRIKAM", "fabrikam.com")];

/// The rule that is about spellings themselves.
const SPELLING: &str = "account-spelled-differently";

/// How a test writes `DOMAIN\name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Short,
    Dns,
    Upn,
}

/// A zip is no text that could be written in another form, and one file of a kind is enough.
fn estate(name: &str) -> Files {
    let mut out = estates::estate(name);
    out.retain(|(label, _)| !label.ends_with(".zip"));
    out
}

struct Checker {
    built_in: BuiltIn,
    domain: Regex,
}

impl Checker {
    fn new() -> Self {
        Self {
            built_in: BuiltIn::load().expect("what is built in loads"),
            domain: Regex::new(r"[A-Za-z0-9_.-]+\\|@[A-Za-z0-9.-]+").expect("a pattern"),
        }
    }

    fn findings(&self, files: Files) -> Findings {
        let report = estates::report(&self.built_in, files);
        let mut out = Findings::new();
        let all = report["findings"].as_array().expect("a list").iter();
        for finding in all.filter(|finding| finding["rule"] != SPELLING) {
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            let subject = self.domain.replace_all(&text("subject"), "").to_lowercase();
            *out.entry((text("rule"), subject, text("level"))).or_default() += 1;
        }
        out
    }
}

/// A file with its accounts in another form. The list of domains stays as it is.
fn written(file: &(String, Vec<u8>), form: Form) -> (String, Vec<u8>) {
    let (content, utf16) = text(&file.1);
    if form == Form::Short || content.contains("NetBIOSName") {
        return file.clone();
    }
    let mut out = content;
    for (short, dns) in DOMAINS {
        let pattern = format!(r#"(^|[^\w.$\\-]){short}(\\\\?)([\w.-]+)(["<;,])"#);
        let accounts = Regex::new(&pattern).expect("a pattern");
        let other = |found: &Captures<'_>| match form {
            Form::Upn => format!("{}{}@{dns}{}", &found[1], &found[3], &found[4]),
            _ => format!("{}{dns}{}{}{}", &found[1], &found[2], &found[3], &found[4]),
        };
        out = accounts.replace_all(&out, other).into_owned();
    }
    (file.0.clone(), bytes(&out, utf16))
}

/// The exports of Active Directory under the names and identifiers of another forest.
fn foreign(files: &Files) -> Files {
    let sid = Regex::new(r"S-1-5-21-(\d+)-").expect("a pattern");
    let of_directory = |content: &str| {
        ["\"DistinguishedName\"", "\"DNSRoot\"", "\"Trusts\""].iter().any(|name| content.contains(name))
            && !["\"SiteCode\"", "\"AdminID\"", "\"ResourceID\"", "\"Computer\""]
                .iter()
                .any(|name| content.contains(name))
    };
    let mut out = Files::new();
    for (label, data) in files {
        let (mut content, utf16) = text(data);
        if !of_directory(&content) {
            continue;
        }
        for (own, other) in [("contoso", "tailspin"), ("fabrikam", "wingtip")] {
            content = content.replace(own, other).replace(&own.to_uppercase(), &other.to_uppercase());
        }
        let turned = |found: &Captures<'_>| {
            let number: u64 = found[1].parse().expect("a number");
            format!("S-1-5-21-{}-", number ^ 7)
        };
        out.push((format!("foreign/{label}"), bytes(&sid.replace_all(&content, turned), utf16)));
    }
    out
}

/// What differs, in a form that is short enough to read.
fn difference(expected: &Findings, found: &Findings) -> Vec<String> {
    let gone =
        expected.iter().filter(|(key, _)| !found.contains_key(*key)).map(|(key, _)| format!("gone: {key:?}"));
    let new =
        found.iter().filter(|(key, _)| !expected.contains_key(*key)).map(|(key, _)| format!("new: {key:?}"));
    let often = found
        .iter()
        .filter(|(key, count)| expected.get(*key).is_some_and(|known| known != *count))
        .map(|(key, count)| format!("{count} times: {key:?}"));
    gone.chain(new).chain(often).collect()
}

const ESTATES: [&str; 2] = ["contoso", "clean"];

#[test]
fn each_file_twice_and_a_foreign_forest_beside_change_nothing() {
    let checker = Checker::new();
    for name in ESTATES {
        let files = estate(name);
        let expected = checker.findings(files.clone());
        let again = files.iter().map(|(label, data)| (format!("again/{label}"), data.clone()));
        let twice = files.iter().cloned().chain(again).collect();
        assert_eq!(difference(&expected, &checker.findings(twice)), [""; 0], "{name} twice");
        let other = foreign(&files);
        assert!(other.len() > 2, "{name} has exports of its directory");
        let beside = other.into_iter().chain(files.iter().cloned()).collect();
        assert_eq!(difference(&expected, &checker.findings(beside)), [""; 0], "{name} beside another");
    }
}

#[test]
fn one_form_of_all_domains_changes_nothing() {
    let checker = Checker::new();
    for name in ESTATES {
        let files = estate(name);
        let expected = checker.findings(files.clone());
        for form in [Form::Dns, Form::Upn] {
            let changed: Files = files.iter().map(|file| written(file, form)).collect();
            assert_ne!(changed, files, "{name} has accounts");
            assert_eq!(difference(&expected, &checker.findings(changed)), [""; 0], "{name}, {form:?}");
        }
    }
}

#[test]
fn forms_of_domains_mixed_and_files_in_any_order_change_nothing() {
    let checker = Checker::new();
    let files = estate("contoso");
    let expected = checker.findings(files.clone());
    let forms = prop_oneof![3 => Just(Form::Short), 1 => Just(Form::Dns), 1 => Just(Form::Upn)];
    let any = (
        proptest::collection::vec(forms, files.len()),
        Just((0..files.len()).collect::<Vec<usize>>()).prop_shuffle(),
    );
    let config = Config { cases: 8, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&any, |(forms, order)| {
            let changed: Files = order
                .iter()
                .enumerate()
                .map(|(place, number)| {
                    let (label, data) = written(&files[*number], forms[*number]);
                    (format!("{place:02}/{label}"), data)
                })
                .collect();
            let differs = difference(&expected, &checker.findings(changed));
            if differs.is_empty() { Ok(()) } else { Err(TestCaseError::fail(differs.join("\n"))) }
        })
        .unwrap_or_else(|failed| panic!("{failed}"));
}

#[test]
fn without_the_list_of_domains_nothing_new_is_found() {
    let checker = Checker::new();
    for name in ESTATES {
        let mut files = estate(name);
        let expected = checker.findings(files.clone());
        let before = files.len();
        files.retain(|(_, data)| !text(data).0.contains("NetBIOSName"));
        assert!(files.len() < before, "{name} has a list of domains");
        let found = checker.findings(files);
        let new: Vec<_> = found.keys().filter(|key| !expected.contains_key(*key)).collect();
        assert!(new.is_empty(), "{name}: {new:?}");
        // Identifiers beside both names tell what the list would.
        assert!(found.len() * 10 >= expected.len() * 9, "{name}: {} of {}", found.len(), expected.len());
    }
}

/// English names of built-in principals and authorities, in lower case, to what a Windows in that language calls them.
struct Language {
    names: BTreeMap<String, String>,
    authorities: BTreeMap<String, String>,
}

/// All languages of the vocabulary.
fn languages() -> BTreeMap<String, Language> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("content/vocabulary.yaml");
    let text = std::fs::read_to_string(path).expect("it can be read");
    let vocabulary: Value = serde_yaml::from_str(&text).expect("it is YAML");
    let mut out: BTreeMap<String, Language> = BTreeMap::new();
    for (part, is_name) in [("well_known", true), ("authorities", false)] {
        for one in vocabulary[part].as_array().expect("a list") {
            let english = one["name"].as_str().expect("a name").to_lowercase();
            for (language, name) in one["names"].as_object().into_iter().flatten() {
                let name = name.as_str().or_else(|| name[0].as_str()).expect("a name").to_owned();
                let language = out
                    .entry(language.clone())
                    .or_insert_with(|| Language { names: BTreeMap::new(), authorities: BTreeMap::new() });
                let of = if is_name { &mut language.names } else { &mut language.authorities };
                of.insert(english.clone(), name);
            }
        }
    }
    out
}

impl Language {
    /// What is said in a value of JSON, in this language, where it is the name of a built-in principal.
    fn translate(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                let (before, name) =
                    text.rsplit_once('\\').map_or((None, text.as_str()), |(b, n)| (Some(b), n));
                let Some(name) = self.names.get(&name.to_lowercase()) else { return };
                *text = match before {
                    Some(before) => {
                        let own = self.authorities.get(&before.to_lowercase());
                        format!("{}\\{name}", own.map_or(before, String::as_str))
                    }
                    None => name.clone(),
                };
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.translate(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.translate(field)),
            _ => {}
        }
    }
}

/// Exports from beside the product name the security identifier with each name.
#[test]
fn the_language_of_windows_changes_nothing() {
    let checker = Checker::new();
    let languages = languages();
    assert!(languages.len() >= 12, "{:?}", languages.keys());
    for name in ESTATES {
        let files = estate(name);
        // A built-in group is called otherwise, and so is what a finding is about.
        let named = |findings: Findings| -> BTreeMap<(String, String), usize> {
            let mut out = BTreeMap::new();
            findings
                .into_iter()
                .for_each(|((rule, _, level), count)| *out.entry((rule, level)).or_default() += count);
            out
        };
        let expected = named(checker.findings(files.clone()));
        for (code, language) in &languages {
            let mut changed = 0;
            let translated = files.iter().map(|(label, data)| {
                let (content, utf16) = text(data);
                if !label.starts_with("beside/") || !content.contains("S-1-5-") {
                    return (label.clone(), data.clone());
                }
                let mut value: Value =
                    serde_json::from_str(content.trim_start_matches('\u{feff}')).expect("JSON");
                let before = value.clone();
                language.translate(&mut value);
                changed += usize::from(value != before);
                (label.clone(), bytes(&value.to_string(), utf16))
            });
            let translated: Files = translated.collect();
            assert!(changed > 1, "{name} in {code} is as it was");
            assert_eq!(named(checker.findings(translated)), expected, "{name} in {code}");
        }
    }
}
