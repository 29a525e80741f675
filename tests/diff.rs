//! What changed between the revisions, held against what a careful reader of the pages found
//! (`tests/data/changes.yaml`), and the promises that hold for any two revisions.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use cmlint::assets::Assets;
use cmlint::content::{self, Content, Date};
use cmlint::diff::{self, Class, Diff, Kind};
use cmlint::evidence;
use cmlint::rules::{self, RuleSet};
use cmlint::yaml::{Node, render};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn load(folder: PathBuf) -> (Content, RuleSet) {
    let assets = Assets::Folder(folder);
    let (content, _) = content::load(&assets).unwrap_or_else(|p| panic!("{}", render(&p, false)));
    let (schema, _) = evidence::load(&assets).expect("the evidence tables load");
    let rules = rules::compile(&Assets::Folder(root().join("rules")), &content, &schema).expect("rules");
    (content, rules)
}

fn loaded() -> (Content, RuleSet) {
    load(root().join("content"))
}

/// A copy of the specification to spoil.
fn copied() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for entry in walkdir::WalkDir::new(root().join("content")) {
        let entry = entry.expect("an entry");
        let name = entry.path().strip_prefix(root().join("content")).expect("below");
        if entry.file_type().is_dir() {
            fs::create_dir_all(dir.path().join(name)).expect("made");
        } else {
            fs::copy(entry.path(), dir.path().join(name)).expect("copied");
        }
    }
    dir
}

fn edit(dir: &tempfile::TempDir, name: &str, from: &str, to: &str) {
    let path = dir.path().join(name);
    let text = fs::read_to_string(&path).expect("there");
    assert!(text.contains(from), "`{from}` is not in {name}");
    fs::write(path, text.replacen(from, to, 1)).expect("written");
}

fn date(text: &str) -> Date {
    text.parse().expect("a date")
}

fn truth() -> Vec<Value> {
    let text = fs::read_to_string(root().join("tests/data/changes.yaml")).expect("there");
    let Value::Array(steps) = Node::parse(&text).expect("YAML").to_json() else { panic!("no list") };
    steps
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|v| v.as_str().expect("text")).collect()
}

/// The texts of a list that may be left out.
fn texts_or_none<'v>(step: &'v Value, key: &str) -> Vec<&'v str> {
    step.get(key).map(texts).unwrap_or_default()
}

#[test]
fn the_facts_are_those_a_careful_reader_finds() {
    let (content, rules) = loaded();
    let steps = truth();
    assert_eq!(steps.len(), content.revisions.len() - 1);
    for step in &steps {
        let (from, to) = (text(step, "from").expect("from"), text(step, "to").expect("to"));
        let diff = diff::between(&content, &rules, date(from), date(to));
        let at = format!("{from} to {to}");
        assert_eq!(vec![diff.entries.0, diff.entries.1], {
            let counts = step["entries"].as_array().expect("two numbers");
            counts.iter().map(|n| n.as_u64().expect("a number") as usize).collect::<Vec<_>>()
        });
        let renamed: Vec<Vec<&str>> = (diff.renamed.iter().filter(|r| !r.case_only))
            .map(|r| vec![r.entity.as_str(), r.from.as_str(), r.to.as_str()])
            .collect();
        let expected: Vec<Vec<&str>> =
            step["renamed"].as_array().expect("a list").iter().map(texts).collect();
        assert_eq!(renamed, expected, "{at}");
        let capitals = diff.renamed.iter().filter(|r| r.case_only).count();
        assert_eq!(Some(capitals as u64), step["capitals_only"].as_u64(), "{at}");
        let merged: Vec<(&str, Vec<&str>)> = (diff.merged.iter())
            .map(|m| (m.into.as_str(), m.from.iter().map(String::as_str).collect()))
            .collect();
        let expected: Vec<(&str, Vec<&str>)> = (step["merged"].as_array().expect("a list").iter())
            .map(|m| (text(m, "into").expect("into"), texts(&m["from"])))
            .collect();
        assert_eq!(merged, expected, "{at}");
        for (key, told) in [("added", &diff.added), ("removed", &diff.removed)] {
            assert_eq!(
                told.iter().map(String::as_str).collect::<Vec<_>>(),
                texts_or_none(step, key),
                "{at}: {key}"
            );
        }

        let facts: BTreeMap<&str, &diff::Change> = (diff.changes())
            .filter(|(_, c)| c.kind.is_fact())
            .map(|(_, c)| (c.statement.as_str(), c))
            .collect();
        let mut wrong = Vec::new();
        let wanted = step["facts"].as_array().expect("a list");
        for fact in wanted {
            let statement = text(fact, "statement").expect("a statement");
            let Some(change) = facts.get(statement) else {
                wrong.push(format!("{statement} is not told as a fact"));
                continue;
            };
            if Some(change.kind.name()) != text(fact, "kind") {
                wrong.push(format!("{statement} is {}", change.kind.name()));
            }
            for (side, told) in [("from", &change.from), ("to", &change.to)] {
                let part = text(fact, side);
                if part.is_some_and(|part| !told.as_deref().unwrap_or_default().contains(part)) {
                    wrong.push(format!("{statement}: {side} is {told:?}"));
                }
            }
            if change.suspect != (fact.get("suspect") == Some(&Value::Bool(true))) {
                wrong.push(format!("{statement}: doubt is {}", change.suspect));
            }
        }
        for statement in facts.keys() {
            if wanted.iter().all(|f| text(f, "statement") != Some(statement)) {
                wrong.push(format!("{statement} is told as a fact and is none"));
            }
        }
        for statement in texts(&step["not_facts"]) {
            assert!(content.statement(statement).is_some(), "there is no {statement}");
            if facts.contains_key(statement) {
                wrong.push(format!("{statement} is told as a fact and is none"));
            }
        }
        assert!(wrong.is_empty(), "{at}:\n{}", wrong.join("\n"));
    }
}

/// The diff with its two sides swapped, made from what programs get.
fn mirrored(value: &Value) -> Value {
    fn swap(value: &mut Value, a: &str, b: &str) {
        let (x, y) = (value[a].take(), value[b].take());
        value[a] = y;
        value[b] = x;
    }
    fn words(value: &mut Value, key: &str, a: &str, b: &str) {
        let now = value[key].as_str().expect("a word");
        let other = if now == a {
            b
        } else if now == b {
            a
        } else {
            now
        };
        value[key] = other.into();
    }
    let mut out = value.clone();
    swap(&mut out, "from", "to");
    swap(&mut out, "added", "removed");
    swap(&mut out["entries"], "from", "to");
    for key in ["document", "renamed"] {
        out[key].as_array_mut().expect("a list").iter_mut().for_each(|v| swap(v, "from", "to"));
    }
    for entity in out["entities"].as_array_mut().expect("a list") {
        swap(&mut entity["name"], "from", "to");
        for change in entity["changes"].as_array_mut().expect("a list") {
            swap(change, "from", "to");
            words(change, "class", "added", "removed");
            words(change, "kind", "fact-added", "fact-removed");
            for key in ["text", "level", "terms", "alert", "section"] {
                if !change[key].is_null() {
                    swap(&mut change[key], "from", "to");
                }
            }
            change["facts"].as_array_mut().expect("a list").iter_mut().for_each(|v| swap(v, "from", "to"));
        }
    }
    out
}

#[test]
fn backwards_is_the_mirror_image() {
    let (content, rules) = loaded();
    for a in content.dates() {
        for b in content.dates() {
            let there = diff::to_json(&diff::between(&content, &rules, a, b));
            let back = diff::to_json(&diff::between(&content, &rules, b, a));
            assert_eq!(mirrored(&there), back, "{a} and {b}");
        }
    }
}

#[test]
fn a_revision_does_not_differ_from_itself() {
    let (content, rules) = loaded();
    for date in content.dates() {
        let diff = diff::between(&content, &rules, date, date);
        assert!(diff.is_empty() && diff.entries.0 == diff.entries.1, "{date}");
    }
}

#[test]
fn two_steps_at_once_are_both_steps() {
    let (content, rules) = loaded();
    let dates = content.dates();
    let later = |i: usize| dates[i + 1..].iter().map(move |to| (i, *to));
    let diffs: BTreeMap<(Date, Date), Diff> = (0..dates.len())
        .flat_map(later)
        .map(|(i, to)| ((dates[i], to), diff::between(&content, &rules, dates[i], to)))
        .collect();
    let kinds = |from, to| -> BTreeMap<&str, Kind> {
        diffs[&(from, to)].changes().map(|(_, c)| (c.statement.as_str(), c.kind)).collect()
    };
    let side = |from, to, statement: &str| {
        let (_, change) = diffs[&(from, to)].changes().find(|(_, c)| c.statement == statement)?;
        Some((change.from.clone(), change.to.clone()))
    };
    for (i, a) in dates.iter().enumerate() {
        for (j, b) in dates.iter().enumerate().skip(i + 1) {
            for c in &dates[j + 1..] {
                let at = format!("{a}, {b}, {c}");
                let (first, second, both) = (kinds(*a, *b), kinds(*b, *c), kinds(*a, *c));
                for (statement, kind) in &both {
                    let steps: Vec<Kind> = [first.get(statement), second.get(statement)]
                        .into_iter()
                        .flatten()
                        .copied()
                        .collect();
                    assert!(!steps.is_empty(), "{at}: {statement} changes in no step");
                    if steps.iter().all(|s| !s.is_fact()) {
                        // Without a fact in either step the weightier of both counts, for what both ends say.
                        let made = |at: &Date| content.in_force(*at).any(|(_, s)| s.reference == **statement);
                        assert!(steps.contains(kind), "{at}: {statement}");
                        if made(a) && made(c) {
                            assert_eq!(Some(kind), steps.iter().min(), "{at}: {statement}");
                        }
                    } else if steps.len() == 1 {
                        assert_eq!(*kind, steps[0], "{at}: {statement}");
                    }
                }
                // What is not told of both steps was taken back: it begins as it ends.
                for statement in first.keys().chain(second.keys()).filter(|s| !both.contains_key(*s)) {
                    let (Some(there), Some(back)) = (side(*a, *b, statement), side(*b, *c, statement)) else {
                        panic!("{at}: {statement} is lost")
                    };
                    assert_eq!((there.0, there.1), (back.1, back.0), "{at}: {statement} is lost");
                }
            }
        }
    }
    let added = kinds(dates[0], dates[2])["reporting-services-point-account/log-on-locally"];
    assert_eq!(added, Kind::FactAdded);
}

/// The facts of two revisions far apart are the steps in between, whatever was taken back on the way.
#[test]
fn far_apart_nothing_is_a_fact_that_no_step_had() {
    let (content, rules) = loaded();
    let steps = truth();
    let facts = |step: &Value| -> Vec<String> {
        let list = step["facts"].as_array().expect("a list");
        list.iter().map(|f| text(f, "statement").expect("a statement").to_owned()).collect()
    };
    for (i, first) in steps.iter().enumerate() {
        for last in &steps[i..] {
            let (from, to) = (text(first, "from").expect("from"), text(last, "to").expect("to"));
            let between = steps[i..].iter().take_while(|s| text(s, "from") < Some(to));
            let wanted: Vec<String> = between.flat_map(facts).collect();
            let diff = diff::between(&content, &rules, date(from), date(to));
            for (_, change) in diff.changes().filter(|(_, c)| c.kind.is_fact()) {
                assert!(
                    wanted.contains(&change.statement),
                    "{from} to {to}: {} is no fact",
                    change.statement
                );
            }
            // Whoever is there on one side alone is told.
            let there = |at: &str| -> Vec<&String> {
                let at = date(at);
                content
                    .in_force(at)
                    .filter(|(_, s)| s.category != "see-also")
                    .map(|(_, s)| &s.reference)
                    .collect()
            };
            let told: Vec<&String> = diff.changes().map(|(_, c)| &c.statement).collect();
            let (old, new) = (there(from), there(to));
            let known = |list: &[&String], r: &String| list.contains(&r);
            for reference in
                old.iter().filter(|r| !known(&new, r)).chain(new.iter().filter(|r| !known(&old, r)))
            {
                let entity = reference.split('/').next().expect("an entity").to_owned();
                let whole =
                    diff.removed.contains(&entity) || diff.merged.iter().any(|m| m.from.contains(&entity));
                assert!(told.contains(reference) || whole, "{from} to {to}: {reference} is not told");
            }
        }
    }
}

#[test]
fn what_a_later_step_takes_back_is_no_change() {
    let dir = copied();
    // A level that goes up and down again, and says so each time.
    edit(
        &dir,
        "accounts/smtp-server-connection-account.yaml",
        "  - id: least-permissions\n",
        "  - id: least-permissions\n    detail: {2015-12-08: One., 2016-02-09: Two., 2018-10-26: One.}\n",
    );
    let (content, rules) = load(dir.path().to_path_buf());
    let (a, b, c) = (date("2015-12-08"), date("2016-02-09"), date("2018-10-26"));
    let kind = |from, to| {
        let diff = diff::between(&content, &rules, from, to);
        let found =
            diff.changes().find(|(_, c)| c.statement == "smtp-server-connection-account/least-permissions");
        found.map(|(_, c)| (c.kind, c.from.clone(), c.to.clone()))
    };
    let said = |text: &str| Some(text.to_owned());
    assert_eq!(kind(a, b).map(|(_, f, t)| (f, t)), Some((said("One."), said("Two."))));
    assert_eq!(kind(b, c).map(|(_, f, t)| (f, t)), Some((said("Two."), said("One."))));
    assert_eq!(kind(a, c), None);
}

#[test]
fn a_difference_nobody_judged_is_taken_by_its_structure() {
    let dir = copied();
    edit(
        &dir,
        "accounts/network-access-account.yaml",
        "{kind: cardinality, max: 10, per: site}",
        "{kind: cardinality, max: {2015-12-08: 10, 2018-10-26: 12}, per: site}",
    );
    edit(
        &dir,
        "accounts/network-access-account.yaml",
        "      - {revision: 2018-10-26, kind: terminology, note: title in lower case}\n    facts:\n      - {kind: cardinality",
        "    facts:\n      - {kind: cardinality",
    );
    // The list of what changes has nothing left in it.
    let path = dir.path().join("accounts/network-access-account.yaml");
    let yaml = fs::read_to_string(&path).expect("there");
    fs::write(&path, yaml.replace("    changes:\n    facts:\n", "    facts:\n")).expect("written");
    let (content, rules) = load(dir.path().to_path_buf());
    let diff = diff::between(&content, &rules, date("2016-02-09"), date("2018-10-26"));
    let (_, change) =
        diff.changes().find(|(_, c)| c.statement == "network-access-account/max-ten-per-site").expect("told");
    assert_eq!((change.kind, change.class), (Kind::FactChanged, Class::Edited));
    let [fact] = &change.facts[..] else { panic!("{:?}", change.facts) };
    assert_eq!(
        (fact.key.as_deref(), &fact.from, &fact.to),
        (Some("max"), &Some(10.into()), &Some(12.into()))
    );
    // The rule that reads the number comes to another result.
    assert!(change.rules.contains(&"too-many-accounts-for-site".to_owned()), "{:?}", change.rules);
    assert!(diff.rules.contains(&"too-many-accounts-for-site".to_owned()));
}

#[test]
fn rules_are_named_where_something_they_read_differs() {
    let (content, rules) = loaded();
    let diff = diff::between(&content, &rules, date("2016-02-09"), date("2018-10-26"));
    let of = |statement: &str| {
        diff.changes().find(|(_, c)| c.statement == statement).expect("told").1.rules.clone()
    };
    let has = |statement: &str, rule: &str| {
        let rules = of(statement);
        assert!(rules.iter().any(|r| r == rule), "{statement}: {rules:?}");
    };
    has(
        "site-system-proxy-server-account/covers-service-connection-point",
        "proxy-account-without-covered-role",
    );
    has("task-sequence-run-as-account/required-by-run-command-line", "step-without-required-account");
    // Nothing but case and contractions changed here, so no rule does.
    assert_eq!(of("network-access-account/max-ten-per-site"), [""; 0]);
    assert_eq!(of("network-access-account/no-interactive-sign-in"), [""; 0]);
    // The build range of the revision is read by this one, which no statement shows.
    assert!(diff.rules.contains(&"version-outside-revision".to_owned()));
    for rule in &diff.rules {
        assert!(rules.find(rule).is_some(), "there is no rule {rule}");
    }
}

/// A rule that reads titles can come to another result where one of them is another, whatever statement it cites.
#[test]
fn rules_that_read_titles_are_named_where_titles_differ() {
    let (content, rules) = loaded();
    let named = |from: &str, to: &str| {
        let diff = diff::between(&content, &rules, date(from), date(to));
        diff.rules.iter().any(|rule| rule == "title-of-other-revision")
    };
    assert!(named("2016-02-09", "2018-10-26") && named("2019-08-13", "2021-02-18"));
    assert!(!named("2015-12-08", "2016-02-09") && !named("2022-03-29", "2024-09-04"));
}

#[test]
fn every_change_stands_once_and_rules_are_summed_up() {
    let (content, rules) = loaded();
    for (a, b) in [("2015-12-08", "2016-02-09"), ("2016-02-09", "2018-10-26"), ("2015-12-08", "2018-10-26")] {
        let diff = diff::between(&content, &rules, date(a), date(b));
        let mut seen = Vec::new();
        for (entity, change) in diff.changes() {
            assert!(change.statement.starts_with(&format!("{}/", entity.entity)));
            assert!(!seen.contains(&&change.statement), "{} comes twice", change.statement);
            seen.push(&change.statement);
            assert!(change.rules.iter().all(|r| diff.rules.contains(r)), "{}", change.statement);
            match change.class {
                Class::Added => assert!(change.from.is_none() && change.to.is_some()),
                Class::Removed => assert!(change.from.is_some() && change.to.is_none()),
                Class::Edited => assert!(change.from.is_some() && change.to.is_some()),
                _ => assert!(change.from.is_some() || change.to.is_some()),
            }
        }
    }
}

const SECOND: &str = "changes/2016-02-09-to-2018-10-26.yaml";

/// What `cmlint test` says of the spoilt overlay, one line a problem.
fn said(from: &str, to: &str) -> Vec<String> {
    let dir = copied();
    edit(&dir, SECOND, from, to);
    let assets = Assets::Folder(dir.path().to_path_buf());
    let problems = match content::load(&assets) {
        Ok((content, _)) => diff::check(&content),
        Err(problems) => problems,
    };
    problems
        .0
        .iter()
        .map(|p| {
            let line = p.file.text[..p.span.start].lines().count().max(1);
            format!("{line}: {}", p.message)
        })
        .collect()
}

/// The line of a part of the overlay.
fn line(part: &str) -> usize {
    let text = fs::read_to_string(root().join("content").join(SECOND)).expect("there");
    text[..text.find(part).expect("in the file")].lines().count() + 1
}

#[test]
fn the_overlays_that_are_shipped_hold() {
    let (content, _) = loaded();
    assert_eq!(content.overlays.len(), content.revisions.len() - 1);
    let problems = diff::check(&content);
    assert!(problems.is_empty(), "{}", render(&problems, false));
}

#[test]
fn a_wrong_overlay_is_an_error_at_its_place() {
    let first = |problems: Vec<String>| problems.into_iter().next().unwrap_or_default();
    assert_eq!(
        first(said("{from: 34, to: 32}", "{from: 34, to: 33}")),
        format!("{}: 2018-10-26 has 32 groups and accounts", line("entries:"))
    );
    assert_eq!(
        first(said("  - entity: capture-os-image-account\n    case_only: false\n", "")),
        "1: `Capture Operating System Image Account` became `Capture OS image account` from 2016-02-09 to 2018-10-26"
    );
    assert!(first(said("case_only: false", "case_only: true")).ends_with("differ in more than capitals"));
    assert!(first(said("      - software-update-point-proxy-server-account\n", "")).contains(
        "`software-update-point-proxy-server-account` went into `site-system-proxy-server-account`"
    ));
    assert!(
        first(said("added: []", "added: [site-system-proxy-server-account]"))
            .contains("`site-system-proxy-server-account` is not new")
    );
    assert!(
        first(said("removed: []", "removed: [network-access-account]"))
            .contains("`network-access-account` is not gone")
    );
    assert!(first(said("class: added", "class: edited")).contains("the class that is worked out is `added`"));
    assert!(
        first(said("kind: fact-added", "kind: clarified"))
            .contains("the kind that is worked out is `fact-added`")
    );
    assert!(
        first(said("kind: fact-added", "kind: fact-aded")).contains("unknown kind of a change `fact-aded`")
    );
    assert!(
        first(said("package-access-account/default-generic", "package-access-account/default-generc"))
            .contains("unknown statement")
    );
    assert!(first(said("to: 2018-10-26", "to: 2015-12-08")).contains("is not later than"));
    assert!(
        first(said("    kind: terminology\n", "    kind: editorial\n    computed: {kind: layout}\n"))
            .contains("the kind that is worked out is `terminology`")
    );
    assert!(
        first(said("network-access-account/network-logon-right", "network-access-account/max-ten-per-site"))
            .contains("the kind that is worked out is `terminology`")
    );
}

#[test]
fn an_overlay_sets_right_what_is_worked_out() {
    let dir = copied();
    edit(
        &dir,
        SECOND,
        "  - statement: package-access-account/default-generic-accounts\n    kind: fact-changed\n",
        "  - statement: package-access-account/default-generic-accounts\n    kind: terminology\n    class: reworded\n    computed: {kind: fact-changed, class: edited}\n",
    );
    let (content, rules) = load(dir.path().to_path_buf());
    assert!(diff::check(&content).is_empty(), "{}", render(&diff::check(&content), false));
    for (from, to) in
        [("2016-02-09", "2018-10-26"), ("2018-10-26", "2016-02-09"), ("2015-12-08", "2018-10-26")]
    {
        let diff = diff::between(&content, &rules, date(from), date(to));
        let (_, change) = diff
            .changes()
            .find(|(_, c)| c.statement == "package-access-account/default-generic-accounts")
            .expect("told");
        assert_eq!((change.kind, change.class, change.suspect), (Kind::Terminology, Class::Reworded, true));
        assert!(change.notes.iter().any(|n| n.text.starts_with("Probably an editing slip")));
    }
}

/// Takes the merge out of the specification: three accounts are then gone, and one is new.
fn without_merges() -> tempfile::TempDir {
    let dir = copied();
    for role in
        ["asset-intelligence-synchronization-point", "exchange-server-connector", "software-update-point"]
    {
        edit(
            &dir,
            &format!("accounts/{role}-proxy-server-account.yaml"),
            "merged_into: {2018-10-26: site-system-proxy-server-account}\n",
            "",
        );
    }
    dir
}

#[test]
fn a_merge_or_rename_can_be_put_in_place_of_removals() {
    let dir = without_merges();
    let (content, rules) = load(dir.path().to_path_buf());
    let problems: Vec<String> = diff::check(&content).0.into_iter().map(|p| p.message).collect();
    assert!(problems.iter().any(|p| p.contains("nothing went into")), "{problems:?}");
    let diff = diff::between(&content, &rules, date("2016-02-09"), date("2018-10-26"));
    assert_eq!((diff.added.len(), diff.removed.len(), diff.merged.len()), (1, 3, 0));

    edit(
        &dir,
        SECOND,
        "  - into: site-system-proxy-server-account\n",
        "  - into: site-system-proxy-server-account\n    corrects: true\n",
    );
    let (content, rules) = load(dir.path().to_path_buf());
    assert!(diff::check(&content).is_empty(), "{}", render(&diff::check(&content), false));
    let diff = diff::between(&content, &rules, date("2016-02-09"), date("2018-10-26"));
    assert_eq!((diff.added.len(), diff.removed.len()), (0, 0));
    assert_eq!(diff.merged[0].from.len(), 3);

    let dir = without_merges();
    edit(
        &dir,
        SECOND,
        "renamed:\n",
        "renamed:\n  - entity: site-system-proxy-server-account\n    was: software-update-point-proxy-server-account\n",
    );
    let path = dir.path().join(SECOND);
    let overlay = fs::read_to_string(&path).expect("there");
    let (start, end) = (overlay.find("merged:").expect("merges"), overlay.find("added:").expect("additions"));
    let overlay = format!("{}{}", &overlay[..start], &overlay[end..]);
    fs::write(
        &path,
        overlay.replace(
            "removed: []",
            "removed: [asset-intelligence-synchronization-point-proxy-server-account, exchange-server-connector-proxy-server-account]",
        ),
    )
    .expect("written");
    let (content, rules) = load(dir.path().to_path_buf());
    assert!(diff::check(&content).is_empty(), "{}", render(&diff::check(&content), false));
    let diff = diff::between(&content, &rules, date("2016-02-09"), date("2018-10-26"));
    assert_eq!((diff.added.len(), diff.removed.len()), (0, 2));
    let renamed =
        diff.renamed.iter().find(|r| r.entity == "site-system-proxy-server-account").expect("renamed");
    assert_eq!(renamed.from, "Software Update Point Proxy Server Account");
    assert!(!renamed.case_only);
}
