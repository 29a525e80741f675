//! `cmlint.yaml` against what is built in.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::*;
use crate::assets::Assets;
use crate::check::Remarks;
use crate::content::{self, Content, Date};
use crate::evidence::{self, Schema};
use crate::rules::{self, Confidence};
use crate::yaml;

static BUILT_IN: LazyLock<(Content, Schema, RuleSet)> = LazyLock::new(|| {
    let (content, _) = content::load(&Assets::content()).expect("the specification");
    let (schema, _) = evidence::load(&Assets::content()).expect("the tables");
    let rules = rules::compile(&Assets::rules(), &content, &schema).expect("the rules");
    (content, schema, rules)
});

/// What `cmlint init` writes.
const EXAMPLE: &str = include_str!("../../examples/cmlint.yaml");

fn read(text: &str) -> (Settings, String) {
    let (content, schema, rules) = &*BUILT_IN;
    let book = Book::new(content, schema, rules);
    let revisions: Vec<String> = content.dates().iter().map(ToString::to_string).collect();
    let names = Names { book: &book, formats: &["human", "json"], revisions: &revisions };
    let (settings, problems) = load("cmlint.yaml", Path::new("../estate"), text, names);
    (settings, yaml::render(&problems, false))
}

#[track_caller]
fn good(text: &str) -> Settings {
    let (settings, problems) = read(text);
    assert_eq!(problems, "", "{text}");
    settings
}

/// The keys of a map in the YAML of an example, also inside of `output`.
fn keys(node: &Node) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for (key, value) in node.as_map().into_iter().flatten() {
        out.insert(key.value.clone());
        if key.value == "output" {
            out.extend(keys(value).into_iter().map(|inner| format!("output.{inner}")));
        }
    }
    out
}

/// The names of settings that a schema has.
fn properties(schema: &serde_json::Value) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for (key, value) in schema["properties"].as_object().expect("properties") {
        out.insert(key.clone());
        if value["properties"].is_object() {
            out.extend(properties(value).into_iter().map(|inner| format!("{key}.{inner}")));
        }
    }
    out
}

#[test]
fn schema_example_and_reader_know_the_same_settings() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../docs/config.schema.json")).expect("JSON");
    let schema = properties(&schema);
    let all: String = EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with(' ') || setting.starts_with("  ") => format!("{setting}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let node = Node::parse(&all).unwrap_or_else(|e| panic!("{e:?}\n{all}"));
    assert_eq!(keys(&node), schema, "the example and docs/config.schema.json");
    let settings = good(&all);
    assert_eq!(settings.paths, [Path::new("../estate/exports")]);
    assert_eq!(settings.severity.off(), ["title-of-other-revision"]);
    // As it is written, it says nothing; and what the schema knows, the reader does.
    let nothing = good(EXAMPLE);
    assert!(nothing.paths.is_empty() && nothing.revision.is_none() && nothing.require_evidence.is_none());
    for (text, prefix) in [("zzzzzzzzzzzzz: 1\n", ""), ("output: {zzzzzzzzzzzzz: 1}\n", "output.")] {
        let (_, problems) = read(text);
        let (_, names) = problems.split_once("known are `").unwrap_or_else(|| panic!("{problems}"));
        let names = names.split("`\n").next().unwrap_or_default().split("`, `");
        let known: BTreeSet<String> = names.map(|name| format!("{prefix}{name}")).collect();
        let told: BTreeSet<String> = schema
            .iter()
            .filter(|name| name.starts_with(prefix) && name.contains('.') != prefix.is_empty())
            .cloned()
            .collect();
        assert_eq!(known, told, "what the reader knows and docs/config.schema.json");
    }
}

#[test]
fn the_file_in_the_documentation_is_read() {
    let text = include_str!("../../docs/configuration.md");
    let (_, block) = text.split_once("```yaml\n").expect("a block");
    let settings = good(block.split("```").next().unwrap_or_default());
    assert_eq!((settings.paths.len(), settings.severity.tier_0.len()), (1, 2));
    // Its table has a row for each setting.
    for key in properties(&serde_json::from_str(include_str!("../../docs/config.schema.json")).expect("JSON"))
    {
        assert!(key == "output" || text.contains(&format!("`{key}`")), "{key}");
    }
}

#[test]
fn what_is_said_is_read() {
    let settings = good(
        "paths: [exports, 'site.zip', '-']\nrevision: 2018-10-26\nselect: hygiene\nignore: [clear-text-password, NAA]\n\
         fail-on: error\nrequire-evidence: [sites]\nwaivers: w.yaml\nbaseline: old/b.json\n\
         output: {format: json, verbose: true}\n",
    );
    let paths = ["../estate/exports", "../estate/site.zip", "-"].map(PathBuf::from);
    assert_eq!(settings.paths, paths);
    assert_eq!(settings.revision.as_deref(), Some("2018-10-26"));
    assert_eq!((settings.select.len(), settings.ignore.len()), (1, 2));
    assert_eq!(settings.waivers, Some(PathBuf::from("../estate/w.yaml")));
    assert_eq!(settings.baseline, Some(PathBuf::from("../estate/old/b.json")));
    assert_eq!((settings.format.as_deref(), settings.verbose), (Some("json"), Some(true)));
    assert_eq!(settings.fail_on.as_deref(), Some("error"));
    assert_eq!(good("require-evidence: true\n").require_evidence, Some(Required::all()));
    assert_eq!(good("require-evidence: false\n").require_evidence, None);
    assert_eq!(good("").fail_on, None);
}

#[test]
fn mistakes_are_shown_at_their_place() {
    for (text, place, said) in [
        ("fail_on: error\n", "1:1", "did you mean `fail-on`?"),
        ("fail-on: fatal\n", "1:10", "unknown `fail-on` `fatal`"),
        ("revision: 2018-10-27\n", "1:11", "unknown `revision` `2018-10-27`"),
        ("select: [hygene]\n", "1:10", "Did you mean `hygiene`?"),
        ("severity:\n  clear-txt-password: off\n", "2:3", "Did you mean `clear-text-password`?"),
        ("severity:\n  hygiene: fatal\n", "2:12", "unknown `hygiene` `fatal`"),
        ("severity: error\n", "1:11", "the severity must be a map, not text"),
        ("require-evidence: [site]\n", "1:20", "did you mean `sites`?"),
        ("require-evidence: [account_uses, export_gaps]\n", "1:34", "nothing can collect `export_gaps`"),
        ("require-evidence: 1\n", "1:19", "`require-evidence` must be a list"),
        ("output:\n  fromat: human\n", "2:3", "did you mean `format`?"),
        ("output:\n  format: yaml\n", "2:11", "unknown `format` `yaml`"),
        ("output:\n  verbose: 1\n", "2:12", "`verbose` must be true or false"),
        ("tier-0: 1\n", "1:9", "`tier-0` must be a list"),
        ("paths:\n  - [a]\n", "2:6", "each item of `paths` must be text"),
        ("- a\n", "1:3", "the file must be a map"),
        ("paths: [\n", "1:8", "not valid YAML"),
    ] {
        let (_, problems) = read(text);
        assert!(problems.contains(said), "`{said}` is not in\n{problems}");
        assert!(problems.contains(&format!("cmlint.yaml:{place}\n")), "{place} is not in\n{problems}");
    }
}

fn finding(rule: &str, subject: &str) -> Finding {
    let (_, _, rules) = &*BUILT_IN;
    let rule = rules.find(rule).expect("a rule");
    Finding {
        rule: rule.id.clone(),
        level: Level::Warning,
        confidence: Confidence::High,
        statements: rule.statements.iter().take(1).cloned().collect(),
        entity: None,
        subject: subject.to_owned(),
        message: String::new(),
        help: String::new(),
        fix: None,
        labels: Vec::new(),
        again: 0,
        fingerprint: String::new(),
        remarks: Remarks::default(),
        accounts: vec![],
        hosts: vec![],
        doubt: None,
    }
}

#[test]
fn of_several_levels_the_narrowest_holds() {
    let (_, _, rules) = &*BUILT_IN;
    let rule = rules.find("network-access-account-used-elsewhere").expect("a rule");
    let statement = rule.statements.first().expect("a statement");
    let (entity, _) = statement.split_once('/').expect("a reference");
    let level = |severity: &str| {
        let settings = good(&format!("severity:\n{severity}"));
        let found = finding(&rule.id, "x");
        if settings.severity.is_off(rule, &found.statements) {
            return "off";
        }
        let date = Date { year: 2018, month: 10, day: 26 };
        let mut run = Run { revision: date, findings: vec![found], outcomes: vec![] };
        settings.severity.apply(&mut run, rules);
        let found = &run.findings[0];
        assert_eq!(found.remarks.rule_level.is_some(), found.level != Level::Warning);
        found.level.name()
    };
    let of_group = format!("  {}: note\n", rule.group);
    let of_entity = format!("  {entity}: error\n");
    let of_rule = format!("  {}: off\n", rule.id);
    let of_statement = format!("  {statement}: note\n");
    assert_eq!(level("  clear-text-password: error\n"), "warning");
    assert_eq!(level(&of_group), "note");
    assert_eq!(level(&format!("{of_entity}{of_group}")), "error");
    assert_eq!(level(&format!("{of_rule}{of_entity}{of_group}")), "off");
    assert_eq!(level(&format!("{of_statement}{of_rule}{of_entity}{of_group}")), "note");
    assert_eq!(level(&format!("  {}: off\n  {}: error\n", rule.group, rule.id)), "error");
}

#[test]
fn what_is_of_tier_0_is_a_level_graver_and_says_so() {
    let (_, _, rules) = &*BUILT_IN;
    let settings =
        good("tier-0: ['CONTOSO\\svc-*', '*.dc.contoso.com']\nseverity: {clear-text-password: note}\n");
    let subjects = [
        (r"contoso\SVC-naa in SMS Admins on ps1", "undocumented-group-member", Level::Error),
        ("P01, a1.dc.contoso.com", "undocumented-group-member", Level::Error),
        (r"CONTOSO\other", "undocumented-group-member", Level::Warning),
        // One level more than the file gives it.
        (r"CONTOSO\svc-naa", "clear-text-password", Level::Warning),
    ];
    let findings = subjects.map(|(subject, rule, _)| finding(rule, subject)).to_vec();
    let mut run = Run { revision: Date { year: 2018, month: 10, day: 26 }, findings, outcomes: vec![] };
    settings.severity.apply(&mut run, rules);
    for (found, (subject, _, level)) in run.findings.iter().zip(subjects) {
        assert_eq!(found.level, level, "{subject}");
    }
    let (before, why) = run.findings[0].remarks.rule_level.as_ref().expect("another level");
    assert_eq!(*before, Level::Warning);
    assert_eq!(why, r"`CONTOSO\svc-*` is of tier 0 in cmlint.yaml, which is a level more");
}

#[test]
fn evidence_is_required_by_what_a_rule_lacks() {
    use crate::check::Open;
    let (_, schema, _) = &*BUILT_IN;
    let table = |name: &str| schema.table(name).expect(name);
    let open = |names: &[&str]| Open {
        why: evidence::Why::NotExported,
        reason: String::new(),
        tables: names.iter().map(|name| table(name)).collect(),
        hosts: vec![],
        place: None,
    };
    let misses = |required: &Required, names: &[&str]| required.misses(schema, &open(names));
    let mut sites = Required::default();
    sites.add(schema, "sites").expect("a table");
    assert!(misses(&sites, &["forests", "sites"]) && !misses(&sites, &["forests"]));
    assert!(misses(&Required::all(), &["forests"]) && !misses(&Required::all(), &["export_gaps"]));
    // A table that is made of others is required with them.
    let mut uses = Required::default();
    uses.add(schema, "account_uses").expect("a table");
    assert!(misses(&uses, &["forests"]), "{uses:?}");
}
