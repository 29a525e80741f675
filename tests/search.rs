//! The search of the website: what it finds, how much travels, how long it takes.
//!
//! Queries are answered by the site's own script. It runs in Node here, which every machine that runs the
//! browser tests has; where there is none, these tests say so and pass.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cmlint::assets::Assets;
use cmlint::content::{self, Content};
use cmlint::evidence::Schema;
use cmlint::rules::{self, RuleSet};
use cmlint::site::search::{self, Document, Index, Kind};
use serde_json::{Value, json};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn shipped() -> (Content, RuleSet) {
    let (content, _) = content::load(&Assets::content()).expect("content loads");
    let schema = Schema::load(&Assets::content()).expect("tables load");
    let rules = rules::compile(&Assets::rules(), &content, &schema).expect("rules compile");
    (content, rules)
}

fn dates(content: &Content) -> Vec<String> {
    content.dates().iter().map(ToString::to_string).collect()
}

fn index(content: &Content, rules: &RuleSet) -> Index {
    let (first, rest) = (search::of_content(content), search::of_rules(content, rules));
    search::build(&first, &rest, &dates(content), &content.vocabulary.synonyms)
}

/// Whether there is a Node that knows the regular expressions of today's browsers.
fn node() -> bool {
    let found = Command::new("node").arg("--version").output().is_ok_and(|o| o.status.success());
    if !found {
        eprintln!("skipped: there is no `node` to run the search script in");
    }
    found
}

fn run(input: &Value) -> Value {
    let mut child = Command::new("node")
        .arg(Path::new(ROOT).join("tests/search/run.js"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts");
    let mut stdin = child.stdin.take().expect("an input");
    stdin.write_all(input.to_string().as_bytes()).expect("node reads");
    drop(stdin);
    let output = child.wait_with_output().expect("node ends");
    assert!(output.status.success(), "node failed");
    serde_json::from_slice(&output.stdout).expect("an answer")
}

/// What queries find: the results of each, best first.
fn results(index: &Index, queries: &[String]) -> Vec<Value> {
    let input = json!({"parts": [index.first, index.rest], "queries": queries});
    let answer = run(&input);
    answer["results"].as_array().expect("results").clone()
}

fn gzip(text: &str) -> usize {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text.as_bytes()).expect("memory");
    encoder.finish().expect("memory").len()
}

#[test]
fn the_script_cuts_words_as_the_index_does() {
    if !node() {
        return;
    }
    let text = fs::read_to_string(Path::new(ROOT).join("tests/search/tokens.json")).expect("the table");
    let table: Value = serde_json::from_str(&text).expect("JSON");
    let answer = run(&json!({"table": table}));
    for (case, tokens) in table["tokens"].as_array().expect("cases").iter().zip(
        answer["tokens"].as_array().expect("answers"),
    ) {
        assert_eq!(case["tokens"], *tokens, "{}", case["text"]);
    }
    for (kind, list) in [("stems", &answer["stems"]), ("squashed", &answer["squashed"])] {
        let wanted: Vec<&Value> = table[kind].as_object().expect("a map").values().collect();
        let got: Vec<&Value> = list.as_array().expect("a list").iter().collect();
        assert_eq!(wanted, got, "{kind}");
    }
}

#[test]
fn the_index_is_small_and_always_the_same() {
    let (content, rules) = shipped();
    let one = index(&content, &rules);
    assert_eq!(one, index(&content, &rules));
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::write(tmp.join("first.js"), &one.first).expect("written");
    fs::write(tmp.join("rest.js"), &one.rest).expect("written");
    let (first, rest) = (gzip(&one.first), gzip(&one.rest));
    eprintln!("compressed: {first} bytes of accounts and groups, {rest} of everything else");
    eprintln!("plain: {} and {}", one.first.len(), one.rest.len());
    assert!(first <= 10 * 1024, "{first} bytes of accounts and groups");
    assert!(first + rest <= 45 * 1024, "{} bytes in all", first + rest);
}
