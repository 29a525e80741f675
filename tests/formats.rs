//! Every format of `cmlint check`: valid for who reads it, escaped for where it goes, and with the same findings, places and
//! open questions as the report in JSON.

#![allow(clippy::print_stderr, unreachable_pub, reason = "what is skipped is said; one page of a tree sink")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use cmlint::cli::BuiltIn;
use cmlint::report::Format;
use cmlint::source::{Limits, Sources};
use common::estates::{Files, estate};
use common::schema::{Others, wrong};
use common::{Place, repository};
use html5ever::tendril::TendrilSink as _;
use serde_json::Value;

/// What a report of some files is in every format.
struct Reports(BTreeMap<String, String>);

impl Reports {
    fn of(files: Files) -> Self {
        let built_in = BuiltIn::load().expect("what is built in loads");
        let sources = Sources::from_memory(files, &Limits::default());
        let checked = built_in.check(&sources);
        let write = |format: Format| (name(format), checked.write(format, 100, false).0);
        Self(Format::ALL.into_iter().map(write).collect())
    }

    fn text(&self, format: &str) -> &str {
        &self.0[format]
    }

    fn json(&self, format: &str) -> Value {
        serde_json::from_str(self.text(format)).expect(format)
    }

    fn findings(&self) -> Vec<Value> {
        self.json("json")["findings"].as_array().expect("a list").clone()
    }
}

fn name(format: Format) -> String {
    format!("{format:?}").to_lowercase()
}

/// Names that mean something to one of the destinations.
const HOSTILE: [&str; 10] = [
    "<script>alert(1)</script>",
    "'\"><img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "a%0A::error::b",
    "a\nb::error file=x::c\r\nd",
    "x]y;z,w",
    "[l](javascript:alert(1)) `t` **b** | @all #1",
    "##vso[task.setvariable variable=a]b",
    "{0} &lt; ]]> <!-- --> \u{1b}[31m \u{202e}",
    "@SUM(1)",
];

/// An export of accounts whose names mean something to one of the destinations, in files of such names.
fn hostile() -> Files {
    let account = |name: &&str| {
        let account = format!("EVIL\\{name}");
        serde_json::json!({ "__CLASS": "SMS_SCI_Reserved", "SiteCode": "PS1", "UserName": account, "AccountUsage": ["Task Sequence Editor Domain Joining Account"] })
    };
    let accounts: Vec<Value> = HOSTILE.iter().map(account).collect();
    let bare: Vec<Value> = HOSTILE
        .iter()
        .map(|name| serde_json::json!({ "__CLASS": "SMS_SCI_Reserved", "SiteCode": "PS1", "UserName": name, "AccountUsage": ["Task Sequence Editor Domain Joining Account"] }))
        .collect();
    vec![
        ("a b/<x> %41;,:]#?`'\"&.json".to_owned(), serde_json::to_vec(&accounts).expect("JSON")),
        ("=1+1\n::error::.json".to_owned(), serde_json::to_vec(&bare).expect("JSON")),
        (
            "ü/cut.json".to_owned(),
            b"[{\"__CLASS\":\"SMS_SCI_Reserved\",\"UserName\":\"EVIL\\\\x\"}, {".to_vec(),
        ),
    ]
}

/// The estates that all is tried on: an ordinary one with a zip, one with hostile names, one without findings, nothing.
fn estates() -> Vec<(&'static str, Reports)> {
    let contoso = estate("contoso");
    assert!(contoso.iter().any(|(name, _)| name.ends_with(".zip")), "an archive is among them");
    vec![
        ("contoso", Reports::of(contoso)),
        ("hostile", Reports::of(hostile())),
        ("clean", Reports::of(estate("clean"))),
        ("nothing", Reports::of(Vec::new())),
    ]
}

fn schema(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(repository(path)).expect(path)).expect(path)
}

fn texts<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} of {value}"))
}

/// A text without what no format shows as it is.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { '\u{240a}' } else { cmlint::source::visible(c) }).collect()
}

fn decoded(uri: &str) -> String {
    percent_encoding::percent_decode_str(uri).decode_utf8().expect("UTF-8").into_owned()
}

/// Path, line, column of each place of a finding.
fn places(finding: &Value) -> Vec<(String, u64, u64)> {
    let number = |v: &Value| v.as_u64().expect("a number");
    (finding["locations"].as_array().expect("a list").iter())
        .map(|l| (texts(l, "path").to_owned(), number(&l["line"]), number(&l["column"])))
        .collect()
}

#[test]
fn json_and_ndjson_are_as_their_schemas_say_and_say_the_same() {
    let whole = schema("docs/report.schema.json");
    let line_schema = schema("docs/report-lines.schema.json");
    assert_eq!(whole["$defs"], line_schema["$defs"], "both describe the same objects");
    for (estate, reports) in estates() {
        let report = reports.json("json");
        assert_eq!(wrong(&whole, &report, Others::Wrong), Vec::<String>::new(), "{estate}");
        let mut lists: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let mut order = Vec::new();
        for line in reports.text("ndjson").lines() {
            let mut line: Value = serde_json::from_str(line).expect(line);
            assert_eq!(wrong(&line_schema, &line, Others::Wrong), Vec::<String>::new(), "{estate}");
            let kind = texts(&line, "type").to_owned();
            line.as_object_mut().expect("an object").shift_remove("type");
            order.push(kind.clone());
            lists.entry(kind).or_default().push(line);
        }
        order.dedup();
        assert!(order.first().is_some_and(|l| l == "header") && order.last().is_some_and(|l| l == "summary"));
        for (kind, key) in [
            ("input", "inputs"),
            ("finding", "findings"),
            ("rule", "rules"),
            ("not_evaluated", "not_evaluated"),
        ] {
            assert_eq!(Value::from(lists.remove(kind).unwrap_or_default()), report[key], "{estate}: {kind}");
        }
        assert_eq!(lists["summary"][0]["outcomes"], report["outcomes"]);
        assert_eq!(lists["header"][0]["revision"], report["revision"]);
    }
}

#[test]
fn a_line_that_is_not_as_it_is_described_is_found() {
    let schema = schema("docs/report-lines.schema.json");
    let reports = Reports::of(estate("contoso"));
    let finding = reports.text("ndjson").lines().find(|l| l.contains("\"type\":\"finding\"")).expect("one");
    let good: Value = serde_json::from_str(finding).expect("JSON");
    let spoils: [fn(&mut Value); 4] = [
        |v| v["type"] = "findings".into(),
        |v| v["level"] = "fatal".into(),
        |v| v["more"] = 1.into(),
        |v| v["locations"][0]["line"] = 0.into(),
    ];
    for spoil in spoils {
        let mut bad = good.clone();
        spoil(&mut bad);
        assert_eq!(wrong(&schema, &bad, Others::Wrong).len(), 1, "{bad}");
    }
}

#[test]
fn sarif_is_as_its_schema_says() {
    let schema = schema("tests/data/sarif-schema-2.1.0.json");
    for (estate, reports) in estates() {
        let log = reports.json("sarif");
        assert_eq!(wrong(&schema, &log, Others::AsSaid), Vec::<String>::new(), "{estate}");
        let by_others = python(
            "import json, sys\nfrom jsonschema import Draft7Validator\nschema, log = json.load(sys.stdin)\n\
             for e in Draft7Validator(schema).iter_errors(log): print(list(e.path), e.message[:200])",
            &serde_json::json!([schema, log]).to_string(),
        );
        assert!(by_others.as_deref().is_none_or(str::is_empty), "{estate}: {by_others:?}");
        let mut bad = log.clone();
        bad["runs"][0]["columnKind"] = "bytes".into();
        bad["runs"][0]["tool"]["driver"]["rules"][0]["name"] = 1.into();
        if estate != "nothing" {
            assert_eq!(wrong(&schema, &bad, Others::AsSaid).len(), 2, "the judge finds faults");
        }
    }
}

/// What a Python script prints, given a text; none where there is no Python that can.
fn python(script: &str, input: &str) -> Option<String> {
    let mut child = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    // It may end before it has read all.
    let _ = child.stdin.take()?.write_all(input.as_bytes());
    let output = child.wait_with_output().ok()?;
    if !output.status.success() {
        eprintln!("skipped: this Python has no jsonschema");
        return None;
    }
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn sarif_has_the_same_findings_with_every_place() {
    for (estate, reports) in estates() {
        let log = reports.json("sarif");
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
        let results = run["results"].as_array().expect("results");
        let findings = reports.findings();
        assert_eq!(results.len(), findings.len(), "{estate}");
        for (result, finding) in results.iter().zip(&findings) {
            assert_eq!(result["ruleId"], finding["rule"]);
            let rule =
                &rules[usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("small")];
            assert_eq!(rule["id"], finding["rule"]);
            assert_eq!(result["level"], finding["level"]);
            assert_eq!(result["partialFingerprints"]["cmlint/v1"], finding["fingerprint"]);
            assert_eq!(result["properties"]["subject"], finding["subject"]);
            let related = result["relatedLocations"].as_array().into_iter().flatten();
            let all = result["locations"].as_array().expect("a list").iter().chain(related);
            let at: Vec<_> = all
                .map(|l| {
                    let place = &l["physicalLocation"];
                    let uri = texts(&place["artifactLocation"], "uri");
                    let index = place["artifactLocation"]["index"]
                        .as_u64()
                        .map(|i| usize::try_from(i).expect("small"));
                    if let Some(index) = index {
                        assert_eq!(run["artifacts"][index]["location"]["uri"], uri, "{estate}");
                    }
                    let region = &place["region"];
                    let number = |key: &str| region[key].as_u64().unwrap_or_default();
                    assert!(number("endLine") >= number("startLine"));
                    (decoded(uri), number("startLine"), number("startColumn"))
                })
                .collect();
            let wanted = places(finding);
            assert_eq!(
                at,
                if wanted.is_empty() { vec![("./".to_owned(), 0, 0)] } else { wanted },
                "{estate}"
            );
            // A technique of a result is one of its rule.
            for taxon in result["taxa"].as_array().into_iter().flatten() {
                let component =
                    usize::try_from(taxon["toolComponent"]["index"].as_u64().expect("one")).expect("small");
                let index = usize::try_from(taxon["index"].as_u64().expect("one")).expect("small");
                assert_eq!(run["taxonomies"][component]["taxa"][index]["id"], taxon["id"]);
                assert_eq!(run["taxonomies"][component]["name"], taxon["toolComponent"]["name"]);
            }
        }
        let notifications = run["invocations"][0]["toolExecutionNotifications"].as_array().expect("a list");
        let open = notifications.iter().filter(|n| n["descriptor"]["id"] == "not-evaluated").count();
        assert_eq!(
            open as u64,
            reports.json("json")["outcomes"]["not_evaluated"].as_u64().expect("a number")
        );
    }
}

#[test]
fn sarif_tells_how_the_run_ended() {
    let place = Place::new();
    place.copy("examples/contoso", "in");
    place.file("cut/x.json", "[{\"__CLASS\":\"SMS_SCI_Reserved\",\"UserName\":\"a\\\\b\"}, {");
    for (args, code, successful) in [
        (&["check", "in", "--format", "sarif"][..], 1, true),
        (&["check", "in", "--format", "sarif", "--fail-on", "never"], 0, true),
        (&["check", "in", "--format", "sarif", "--require-evidence"], 3, true),
        (&["check", "cut", "--format", "sarif"], 2, false),
    ] {
        let invocation = &place.run(args).ends(code).json()["runs"][0]["invocations"][0];
        assert_eq!(
            (&invocation["exitCode"], &invocation["executionSuccessful"]),
            (&code.into(), &successful.into())
        );
    }
}

#[test]
fn what_comes_by_standard_input_has_a_valid_place() {
    let accounts = fs::read(repository("examples/contoso/accounts.json")).expect("an example");
    let place = Place::new();
    let log = place.run_with_input(&["check", "-", "--format", "sarif"], &accounts).ends(0).json();
    let schema = schema("tests/data/sarif-schema-2.1.0.json");
    assert_eq!(wrong(&schema, &log, Others::AsSaid), Vec::<String>::new());
    let location = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(location["uri"], "%3Cstdin%3E");
}

#[test]
fn gitlab_has_the_same_findings_with_every_place() {
    for (estate, reports) in estates() {
        let issues = reports.json("gitlab");
        let issues = issues.as_array().expect("an array");
        let (open, found): (Vec<&Value>, Vec<&Value>) =
            issues.iter().partition(|i| texts(i, "check_name").starts_with("not-evaluated/"));
        let findings = reports.findings();
        assert_eq!(found.len(), findings.len(), "{estate}");
        assert_eq!(open.len(), reports.json("json")["not_evaluated"].as_array().expect("a list").len());
        for (issue, finding) in found.iter().zip(&findings) {
            assert_eq!(issue["check_name"], finding["rule"]);
            assert_eq!(issue["description"], finding["message"]);
            let all = std::iter::once(&issue["location"])
                .chain(issue["other_locations"].as_array().into_iter().flatten());
            let at: Vec<_> = all
                .map(|l| (texts(l, "path").to_owned(), l["lines"]["begin"].as_u64().expect("a line")))
                .collect();
            let wanted: Vec<_> = places(finding).into_iter().map(|(path, line, _)| (path, line)).collect();
            assert_eq!(at, if wanted.is_empty() { vec![(".".to_owned(), 1)] } else { wanted });
        }
        // What GitLab asks for.
        let mut fingerprints: Vec<&str> = issues.iter().map(|i| texts(i, "fingerprint")).collect();
        fingerprints.sort_unstable();
        let all = fingerprints.len();
        fingerprints.dedup();
        assert_eq!(fingerprints.len(), all, "{estate}: a fingerprint stands for one issue");
        for issue in issues {
            assert!(["info", "minor", "major", "critical", "blocker"].contains(&texts(issue, "severity")));
            assert!(
                !texts(issue, "description").is_empty()
                    && !texts(&issue["location"], "path").starts_with("./")
            );
        }
    }
}

/// A command of a build log: its name or type, its properties, its text.
type Command_ = (String, BTreeMap<String, String>, String);

/// As the runner of GitHub reads a line.
fn github(line: &str) -> Command_ {
    let rest = line.strip_prefix("::").expect("a command");
    let (head, text) = rest.split_once("::").expect("its end");
    let (command, properties) = head.split_once(' ').expect("properties");
    let plain = |t: &str| t.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
    let property = |t: &str| {
        let t = t.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
        t.replace("%25", "%")
    };
    let properties = properties.split(',').map(|p| p.split_once('=').expect("a value"));
    (command.to_owned(), properties.map(|(k, v)| (k.to_owned(), property(v))).collect(), plain(text))
}

/// As the agent of Azure Pipelines reads a line.
fn azure(line: &str) -> Command_ {
    let rest = line.strip_prefix("##vso[task.logissue ").expect("a command");
    let (head, text) = rest.split_once(']').expect("its end");
    let plain = |t: &str| t.replace("%0D", "\r").replace("%0A", "\n").replace("%AZP25", "%");
    let property = |t: &str| plain(&t.replace("%3B", ";").replace("%5D", "]"));
    let mut properties: BTreeMap<String, String> = (head.split(';').filter(|p| !p.is_empty()))
        .map(|p| p.split_once('=').expect("a value"))
        .map(|(k, v)| (k.to_owned(), property(v)))
        .collect();
    (properties.remove("type").expect("a type"), properties, plain(text))
}

#[test]
fn build_logs_have_the_same_findings_with_every_place() {
    for (estate, reports) in estates() {
        let findings = reports.findings();
        for (format, read, title, file, line) in [
            ("github", github as fn(&str) -> Command_, "title", "file", "line"),
            ("azure", azure, "code", "sourcepath", "linenumber"),
        ] {
            let commands: Vec<Command_> = reports.text(format).lines().map(read).collect();
            let own = |(_, properties, _): &&Command_| {
                properties[title] != "not evaluated" && !properties[title].starts_with("input ")
            };
            let found: Vec<&Command_> = commands.iter().filter(own).collect();
            assert_eq!(found.len(), findings.len(), "{estate} {format}");
            for ((command, properties, text), finding) in found.into_iter().zip(&findings) {
                let level = texts(finding, "level");
                let wanted = match (format, level) {
                    ("github", "note") => "notice",
                    ("azure", "note") => "warning",
                    _ => level,
                };
                assert_eq!(
                    (command.as_str(), &properties[title]),
                    (wanted, &texts(finding, "rule").to_owned())
                );
                let text = text.strip_prefix("note: ").unwrap_or(text);
                assert!(text.starts_with(&shown(texts(finding, "message"))), "{estate} {format}: {text}");
                let places = places(finding);
                if let Some((path, number, _)) = places.first() {
                    assert_eq!(
                        (&properties[file], &properties[line]),
                        (path, &number.to_string()),
                        "{estate}"
                    );
                }
                for (path, line, column) in places {
                    assert!(text.contains(&format!("\n{}:{line}:{column}: ", shown(&path))), "{text}");
                }
            }
            let open = reports.json("json")["not_evaluated"].as_array().expect("a list").clone();
            let said = commands.iter().find(|(_, properties, _)| properties[title] == "not evaluated");
            assert_eq!(said.is_some(), !open.is_empty(), "{estate} {format}");
            for open in open {
                let line = format!("\n{}: {}", texts(&open, "rule"), shown(texts(&open, "reason")));
                assert!(said.is_some_and(|(_, _, text)| text.contains(&line)), "{estate} {format}: {line}");
            }
        }
    }
}

#[test]
fn csv_has_the_same_findings_with_every_place() {
    for (estate, reports) in estates() {
        let text = reports.text("csv").strip_prefix('\u{feff}').expect("a byte order mark");
        assert!(!text.replace("\r\n", "").contains('\r'), "lines end as RFC 4180 has them");
        let mut table = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<BTreeMap<String, String>> =
            table.deserialize().map(|row| row.expect("a row")).collect();
        // An apostrophe stands before what a spreadsheet would run.
        let plain = |text: &str| {
            let runs = text
                .strip_prefix('\'')
                .filter(|rest| rest.trim_start().starts_with(['=', '+', '-', '@', '\u{240a}']));
            runs.unwrap_or(text).replace('\n', "\u{240a}")
        };
        let mut at = rows.iter();
        for finding in reports.findings() {
            let wanted = places(&finding);
            for number in 0..wanted.len().max(1) {
                let row = at.next().expect("a row");
                assert_eq!(row["record"], if number == 0 { "finding" } else { "place" }, "{estate}");
                assert_eq!(plain(&row["message"]), shown(texts(&finding, "message")), "{estate}");
                for key in ["rule", "level", "fingerprint"] {
                    assert_eq!(row[key], texts(&finding, key));
                }
                if let Some((path, line, column)) = wanted.get(number) {
                    assert_eq!(plain(&row["path"]), shown(path));
                    assert_eq!((&row["line"], &row["column"]), (&line.to_string(), &column.to_string()));
                }
            }
        }
        let open = at.filter(|row| row["record"] == "not_evaluated").count();
        assert_eq!(open, reports.json("json")["not_evaluated"].as_array().expect("a list").len());
        for cell in rows.iter().flat_map(BTreeMap::values) {
            assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{estate}: {cell}");
        }
    }
}

#[test]
fn junit_has_the_same_findings_and_counts_that_agree() {
    use quick_xml::events::Event;
    for (estate, reports) in estates() {
        let mut reader = quick_xml::Reader::from_str(reports.text("junit"));
        let (mut path, mut text) = (Vec::<String>::new(), String::new());
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        let mut suites: Vec<(BTreeMap<String, String>, BTreeMap<String, u64>)> = Vec::new();
        let mut root = BTreeMap::new();
        let mut fingerprints = Vec::new();
        loop {
            let event = reader.read_event().expect("well-formed");
            let empty = matches!(event, Event::Empty(_));
            match event {
                Event::Start(e) | Event::Empty(e) => {
                    let name = e.name().as_ref().to_owned();
                    let inside = path.last().map_or("", String::as_str);
                    let allowed: &[&str] = match inside {
                        "" => &["testsuites"],
                        "testsuites" => &["testsuite"],
                        "testsuite" => &["properties", "testcase"],
                        "properties" => &["property"],
                        "testcase" => &["skipped", "error", "failure", "system-out"],
                        _ => &[],
                    };
                    assert!(allowed.contains(&name.as_str()), "{estate}: {name} in {inside}");
                    let attributes: BTreeMap<String, String> = (e
                        .attributes()
                        .map(|a| a.expect("an attribute")))
                    .map(|a| {
                        let value = a.normalized_value(quick_xml::XmlVersion::Implicit1_0).expect("a value");
                        (a.key.as_ref().to_owned(), value.into_owned())
                    })
                    .collect();
                    match name.as_str() {
                        "testsuites" => root = attributes,
                        "testsuite" => suites.push((attributes, BTreeMap::new())),
                        "testcase" | "skipped" | "error" | "failure" => {
                            if name == "testcase" {
                                assert!(
                                    attributes.contains_key("name") && attributes.contains_key("classname")
                                );
                            } else {
                                assert!(attributes.contains_key("message"), "{estate}: {attributes:?}");
                            }
                            *suites.last_mut().expect("a suite").1.entry(name.clone()).or_default() += 1;
                            *counts.entry(name.clone()).or_default() += 1;
                        }
                        _ => {}
                    }
                    if !empty {
                        path.push(name);
                        text.clear();
                    }
                }
                Event::Text(t) => text.push_str(&t),
                Event::GeneralRef(r) => text.push_str(match &*r {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    "quot" => "\"",
                    other => panic!("{other}"),
                }),
                Event::End(_) => {
                    if path.pop().as_deref() == Some("failure") {
                        let ends = |l: &str| {
                            l.strip_suffix(']').and_then(|l| l.rsplit_once('[')).map(|(_, f)| f.to_owned())
                        };
                        fingerprints.extend(text.lines().filter(|l| !l.starts_with("  ")).filter_map(ends));
                    }
                }
                Event::Decl(_) => {}
                Event::Eof => break,
                other => panic!("{estate}: {other:?}"),
            }
        }
        let number = |of: &BTreeMap<String, String>, key: &str| of[key].parse::<u64>().expect("a number");
        for (attributes, counts) in &suites {
            let n = |key: &str| counts.get(key).copied().unwrap_or_default();
            assert_eq!(number(attributes, "tests"), n("testcase"), "{estate}");
            assert_eq!(number(attributes, "failures"), n("failure"));
            assert_eq!(number(attributes, "errors"), n("error"));
            assert_eq!(number(attributes, "skipped"), n("skipped"));
        }
        assert_eq!(number(&root, "tests"), counts.get("testcase").copied().unwrap_or_default(), "{estate}");
        assert_eq!(number(&root, "errors"), counts.get("error").copied().unwrap_or_default(), "{estate}");
        let mut wanted: Vec<String> =
            reports.findings().iter().map(|f| texts(f, "fingerprint").to_owned()).collect();
        wanted.sort_unstable();
        fingerprints.sort_unstable();
        assert_eq!(fingerprints, wanted, "{estate}");
    }
}

#[test]
fn markdown_has_the_same_findings_with_every_place() {
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
    for (estate, reports) in estates() {
        let text = reports.text("markdown");
        // Items by their depth, until what is not evaluated.
        let (mut items, mut depth, mut open) = (Vec::<(usize, String)>::new(), 0, Vec::<usize>::new());
        let mut over = true;
        for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
            match event {
                Event::Html(html) | Event::InlineHtml(html) => {
                    let html = html.to_string();
                    let known = ["<details", "</details", "<summary", "</summary", "<b>", "</b>"];
                    assert!(known.iter().any(|k| html.trim_start().starts_with(k)), "{estate}: {html}");
                    if html.contains("<details") {
                        over = !["error", "warning", "note"].iter().any(|l| {
                            html.contains(&format!(" {l}</b>")) || html.contains(&format!(" {l}s</b>"))
                        });
                    }
                }
                Event::Start(Tag::List(_)) => depth += 1,
                Event::End(TagEnd::List(_)) => depth -= 1,
                Event::Start(Tag::Item) => {
                    open.push(items.len());
                    items.push((if over { 0 } else { depth }, String::new()));
                }
                Event::End(TagEnd::Item) => {
                    open.pop();
                }
                Event::Text(t) => open.last().iter().for_each(|i| items[**i].1.push_str(&t)),
                Event::Code(t) => open.last().iter().for_each(|i| items[**i].1.push_str(&t)),
                Event::Start(
                    Tag::Link { .. } | Tag::Image { .. } | Tag::Strong | Tag::Emphasis | Tag::Strikethrough,
                ) => {
                    panic!("{estate}: markup that is not ours")
                }
                _ => {}
            }
        }
        // Backticks mark code, in pairs; code by itself is trimmed.
        let bare = |text: &str| shown(text).replace(['`', ' ', '\u{240a}'], "");
        let mut wanted: Vec<String> = reports.findings().iter().map(|f| bare(texts(f, "message"))).collect();
        let mut found: Vec<String> = items.iter().filter(|(d, _)| *d == 1).map(|(_, t)| bare(t)).collect();
        wanted.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, wanted, "{estate}");
        let wanted: usize = reports.findings().iter().map(|f| places(f).len()).sum();
        assert_eq!(items.iter().filter(|(d, _)| *d == 2).count(), wanted, "{estate}");
        for open in reports.json("json")["not_evaluated"].as_array().expect("a list") {
            assert!(text.contains(&format!("- `{}`: ", texts(open, "rule"))), "{estate}");
        }
    }
}

#[test]
fn the_page_is_good_html_with_the_same_findings_and_needs_nothing_else() {
    for (estate, reports) in estates() {
        let html = reports.text("html");
        let dom = html5ever::parse_document(html5ever_sink::Sink::default(), html5ever::ParseOpts::default())
            .one(html);
        assert_eq!(dom.errors, Vec::<String>::new(), "{estate}");
        for (name, attributes) in &dom.elements {
            for (key, value) in attributes {
                assert!(
                    !key.starts_with("on") && key != "style" && key != "srcset",
                    "{estate}: {key}={value}"
                );
                if ["src", "href", "action"].contains(&key.as_str()) {
                    let fine = value.starts_with('#')
                        || name == "a" && value.starts_with("https://")
                        || value.starts_with("data:image/svg+xml");
                    assert!(fine, "{estate}: <{name} {key}={value}>");
                }
            }
        }
        let count = |name: &str| dom.elements.iter().filter(|(n, _)| n == name).count();
        assert!(
            count("script") <= 1 && count("img") == 0 && count("iframe") == 0 && count("base") == 0,
            "{estate}"
        );
        let class = |class: &str| {
            let has = |a: &BTreeMap<String, String>| {
                a.get("class").is_some_and(|c| c.split(' ').any(|c| c == class))
            };
            dom.elements.iter().filter(|(_, a)| has(a)).count()
        };
        let findings = reports.findings();
        assert_eq!(class("finding"), findings.len(), "{estate}");
        assert_eq!(class("place"), findings.iter().map(|f| places(f).len()).sum::<usize>(), "{estate}");
        let text = dom.text.replace(char::is_whitespace, "");
        for finding in &findings {
            let message = texts(finding, "message").replace('`', "");
            assert!(text.contains(&shown(&message).replace(char::is_whitespace, "")), "{estate}: {message}");
            assert!(text.contains(texts(finding, "fingerprint")));
        }
        for open in reports.json("json")["not_evaluated"].as_array().expect("a list") {
            let reason = shown(texts(open, "reason")).replace('`', "").replace(char::is_whitespace, "");
            assert!(text.contains(&reason), "{estate}: {reason}");
        }
        let report = reports.json("json");
        for input in report["inputs"].as_array().expect("a list") {
            assert!(
                text.contains(&shown(texts(input, "path")).replace(char::is_whitespace, "")),
                "{estate}: {input}"
            );
        }
    }
}

/// A page as elements and text.
mod html5ever_sink {
    use std::borrow::Cow;
    use std::cell::{Cell, RefCell};
    use std::collections::BTreeMap;

    use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
    use html5ever::tendril::StrTendril;
    use html5ever::{Attribute, ExpandedName, QualName};

    #[derive(Default)]
    pub struct Page {
        pub elements: Vec<(String, BTreeMap<String, String>)>,
        pub text: String,
        pub errors: Vec<String>,
    }

    #[derive(Default)]
    pub struct Sink {
        page: RefCell<Page>,
        names: RefCell<Vec<QualName>>,
        next: Cell<usize>,
    }

    impl TreeSink for Sink {
        type Handle = usize;
        type Output = Page;
        type ElemName<'a> = ExpandedName<'a>;

        fn finish(self) -> Page {
            self.page.into_inner()
        }
        fn parse_error(&self, text: Cow<'static, str>) {
            self.page.borrow_mut().errors.push(text.into_owned());
        }
        fn get_document(&self) -> usize {
            usize::MAX
        }
        fn elem_name<'a>(&'a self, target: &'a usize) -> ExpandedName<'a> {
            // Names live as long as the sink; a leaked copy is a test's way.
            let name: &'a QualName = Box::leak(Box::new(self.names.borrow()[*target].clone()));
            name.expanded()
        }
        fn create_element(&self, name: QualName, attributes: Vec<Attribute>, _: ElementFlags) -> usize {
            let attributes =
                attributes.into_iter().map(|a| (a.name.local.to_string(), a.value.to_string())).collect();
            self.page.borrow_mut().elements.push((name.local.to_string(), attributes));
            self.names.borrow_mut().push(name);
            self.next.set(self.next.get() + 1);
            self.next.get() - 1
        }
        fn create_comment(&self, _: StrTendril) -> usize {
            usize::MAX - 1
        }
        fn create_pi(&self, _: StrTendril, _: StrTendril) -> usize {
            usize::MAX - 1
        }
        fn append(&self, parent: &usize, child: NodeOrText<usize>) {
            if let NodeOrText::AppendText(text) = child {
                let hidden = self
                    .names
                    .borrow()
                    .get(*parent)
                    .is_some_and(|n| ["style", "script"].contains(&&*n.local));
                if !hidden {
                    self.page.borrow_mut().text.push_str(&text);
                }
            }
        }
        fn append_based_on_parent_node(&self, element: &usize, _: &usize, child: NodeOrText<usize>) {
            self.append(element, child);
        }
        fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}
        fn get_template_contents(&self, target: &usize) -> usize {
            *target
        }
        fn same_node(&self, x: &usize, y: &usize) -> bool {
            x == y
        }
        fn set_quirks_mode(&self, _: QuirksMode) {}
        fn append_before_sibling(&self, sibling: &usize, child: NodeOrText<usize>) {
            self.append(sibling, child);
        }
        fn add_attrs_if_missing(&self, _: &usize, _: Vec<Attribute>) {}
        fn remove_from_parent(&self, _: &usize) {}
        fn reparent_children(&self, _: &usize, _: &usize) {}
    }
}

#[test]
fn hostile_names_stay_names() {
    let reports = Reports::of(hostile());
    let findings = reports.findings();
    let about = |name: &str| findings.iter().any(|f| texts(f, "subject").contains(name));
    for name in HOSTILE {
        assert!(about(name), "a finding is about {name}");
    }
    for format in Format::ALL.map(name) {
        let text = anstream::adapter::strip_str(reports.text(&format)).to_string();
        let odd = |c: char| {
            c != '\n' && c != '\r' && c != '\t' && c != '\u{feff}' && cmlint::source::visible(c) != c
        };
        assert!(!text.contains(odd), "{format} has characters that lead astray");
        // Lines of the formats that are commands are commands, and no other format has such lines.
        for line in text.lines() {
            match format.as_str() {
                "github" => {
                    assert!(["::error ", "::warning ", "::notice "].iter().any(|c| line.starts_with(c)))
                }
                "azure" => assert!(line.starts_with("##vso[task.logissue ")),
                _ => assert!(!line.starts_with("::") && !line.starts_with("##vso"), "{format}: {line}"),
            }
        }
    }
    for format in ["html", "junit"] {
        let text = reports.text(format).replace("<wbr>", "");
        assert!(
            !text.contains("<img") && !text.contains("EVIL\\<") && text.contains("EVIL\\&lt;script&gt;"),
            "{format}"
        );
    }
}

/// The page says what may run by the hash of what it holds; a browser is asked in `tests/browser`.
#[test]
fn the_policy_of_the_page_allows_its_own_style_and_script_only() {
    use sha2::Digest as _;
    let reports = Reports::of(estate("contoso"));
    let html = reports.text("html");
    let policy = html
        .split("Content-Security-Policy\" content=\"")
        .nth(1)
        .and_then(|r| r.split('"').next())
        .expect("one");
    let policy = policy.replace("&#39;", "'");
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
    for (tag, directive) in [("style", "style-src"), ("script", "script-src")] {
        let text = html
            .split(&format!("<{tag}>"))
            .nth(1)
            .and_then(|r| r.split(&format!("</{tag}>")).next())
            .expect(tag);
        let digest = sha2::Sha256::digest(text.as_bytes());
        let said = policy
            .split(&format!("{directive} 'sha256-"))
            .nth(1)
            .and_then(|r| r.split('\'').next())
            .expect(tag);
        assert_eq!(base64(said), digest.to_vec(), "{tag}");
    }
}

fn base64(text: &str) -> Vec<u8> {
    let digit = |b: u8| match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u32> = text.bytes().filter(|b| *b != b'=').map(|b| u32::from(digit(b))).collect();
    let mut out = Vec::new();
    let (mut bits, mut have) = (0u32, 0);
    for d in digits {
        bits = (bits << 6 | d) & 0xffff;
        have += 6;
        if have >= 8 {
            have -= 8;
            out.push((bits >> have & 0xff) as u8);
        }
    }
    out
}

#[test]
fn every_format_is_told_of() {
    let told =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats.md")).expect("there");
    let readme = fs::read_to_string(repository("README.md")).expect("there");
    let help = Place::new().run(&["check", "--help"]).ends(0).out;
    for format in Format::ALL.map(name) {
        for (place, text) in [("docs/formats.md", &told), ("README.md", &readme)] {
            assert!(
                text.lines().any(|l| l.starts_with(&format!("| `{format}` |"))),
                "{format} is not in {place}"
            );
        }
        assert!(help.contains(&format!("- {format}:")), "{format} is not in the help");
    }
}
