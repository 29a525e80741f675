//! The report for people: short enough to be read, with nothing lost where everything is asked for.

mod common;

use std::collections::BTreeSet;

use common::{Place, has, repository};
use serde_json::Value;

fn contoso() -> String {
    repository("examples/contoso")
}

/// The report on an example at a width.
fn at(columns: usize, args: &[&str]) -> String {
    let place = Place::new();
    let contoso = contoso();
    let all = [&["check", contoso.as_str()], args].concat();
    let ran = place.command(&all).env("COLUMNS", columns.to_string()).output().expect("it runs");
    String::from_utf8(ran.stdout).expect("UTF-8")
}

fn json() -> Value {
    Place::new().run(&["check", &contoso(), "--format", "json"]).json()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    list(value).iter().map(|text| text.as_str().expect("a text"))
}

/// Rows of a terminal of so many columns; all that is printed here is as wide as it is long.
fn rows(text: &str, columns: usize) -> usize {
    text.lines().map(|line| line.chars().count().div_ceil(columns).max(1)).sum()
}

/// What stays on the screen.
fn last_screen(text: &str) -> &str {
    &text[text.rfind("\nfindings  ").expect("a summary") + 1..]
}

#[test]
fn an_estate_with_many_findings_takes_400_rows() {
    for columns in [80, 100, 140] {
        // The examples stand in another folder here, whose longer name is not counted.
        let root = repository("");
        let text = at(columns, &[]).replace(root.as_str(), "");
        let taken = rows(&text, columns);
        assert!(taken <= 400, "{taken} rows at {columns}");
    }
}

#[test]
fn the_last_screen_tells_where_to_begin() {
    let text = at(100, &[]);
    let screen = last_screen(&text);
    assert!(rows(screen, 100) <= 40, "{screen}");
    let order = [
        "findings  ",
        "do first  ",
        "accounts  ",
        "computers  ",
        "rules  ",
        "revision  ",
        "missing  ",
        "next  ",
    ];
    let places: Vec<usize> =
        order.iter().map(|title| screen.find(&format!("\n{title}")).map_or(0, |at| at + 1)).collect();
    assert!(places.is_sorted() && places[1..].iter().all(|at| *at > 0), "{screen}");
    has(screen, ".\\collect.ps1 -SiteServer 'cas1.contoso.com'");
}

#[test]
fn the_actions_end_as_many_findings_as_they_say() {
    let report = json();
    let mut by_help: std::collections::BTreeMap<&str, usize> = Default::default();
    for finding in list(&report["findings"]).iter().filter(|f| f["level"] != "note") {
        *by_help.entry(finding["help"].as_str().expect("a text")).or_default() += 1;
    }
    let mut numbers: Vec<usize> = by_help.into_values().collect();
    numbers.sort_unstable_by_key(|n| std::cmp::Reverse(*n));
    let text = at(100, &[]);
    for (number, findings) in numbers.iter().take(3).enumerate() {
        has(last_screen(&text), &format!(" {}. {findings} findings less", number + 1));
    }
}

#[test]
fn the_gravest_come_first() {
    let text = at(100, &[]);
    let levels: Vec<&str> = text
        .lines()
        .filter_map(|line| ["error[", "warning["].into_iter().find(|l| line.starts_with(l)))
        .collect();
    let errors = levels.iter().take_while(|level| **level == "error[").count();
    assert!(errors > 10 && levels[errors..].iter().all(|level| *level == "warning["), "{levels:?}");
    let notes = text.find(" notes, a line a rule").expect("notes");
    assert!(notes > text.rfind("\nwarning[").expect("warnings"));
}

#[test]
fn with_verbose_nothing_is_lost() {
    let report = json();
    let text = at(100, &["--verbose"]);
    let found: BTreeSet<&str> = list(&report["findings"])
        .iter()
        .map(|finding| finding["fingerprint"].as_str().expect("a text"))
        .collect();
    let told: BTreeSet<&str> = text
        .split([' ', ',', '\n'])
        .filter(|word| word.len() == 16 && word.bytes().all(|b| b.is_ascii_hexdigit()))
        .collect();
    assert_eq!(found, told);
    let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for finding in list(&report["findings"]) {
        has(&flat, finding["rule"].as_str().expect("a text"));
        for statement in texts(&finding["statements"]) {
            has(&text, statement);
        }
        for place in list(&finding["locations"]) {
            // An excerpt has the line behind its file; the rest is written out.
            let path = place["path"].as_str().expect("a text");
            let line = place["line"].as_u64().expect("a number");
            let shown = text.contains(&format!("{path}:{line}:"))
                || text.lines().any(|l| l.trim_start().starts_with(&format!("{line} │")));
            assert!(shown, "{path}:{line}");
        }
    }
    for row in list(&report["not_evaluated"]) {
        let mut lines = row["collect"].as_str().expect("a text").lines();
        assert!(lines.any(|line| text.contains(line)), "{row}");
    }
}

#[test]
fn findings_stand_below_each_account_and_computer() {
    let report = json();
    for (by, key) in [("account", "accounts"), ("host", "hosts")] {
        let text = at(100, &["--group-by", by]);
        let names: BTreeSet<&str> =
            list(&report["findings"]).iter().flat_map(|finding| texts(&finding[key])).collect();
        assert!(names.len() > 5, "{names:?}");
        for name in &names {
            let of = |level: &str| {
                let about = |f: &&Value| f["level"] == level && texts(&f[key]).any(|one| one == *name);
                list(&report["findings"]).iter().filter(about).count()
            };
            let head = text.lines().find(|line| line.starts_with(&format!("{name}: "))).expect("a section");
            for level in ["error", "warning", "note"] {
                let n = of(level);
                let word = format!("{n} {level}{}", if n == 1 { "" } else { "s" });
                assert_eq!(n > 0, head.contains(&word), "{head}");
            }
        }
        has(&text, if by == "host" { "no computer is named: " } else { "no account is named: " });
    }
    let ws = format!("\n{}", at(100, &["--group-by", "host"]));
    let section = ws.split("\nws001.contoso.com: ").nth(1).and_then(|rest| rest.split("\n\n").next());
    has(section.expect("a section"), "account-may-sign-in-interactively");
}

#[test]
fn one_account_has_one_spelling() {
    let report = json();
    let mut spelled: std::collections::BTreeMap<String, BTreeSet<&str>> = Default::default();
    for name in list(&report["findings"]).iter().flat_map(|f| texts(&f["accounts"]).chain(texts(&f["hosts"])))
    {
        spelled.entry(name.to_lowercase()).or_default().insert(name);
    }
    assert!(spelled.values().all(|names| names.len() == 1), "{spelled:?}");
    assert!(spelled.contains_key(r"contoso\svc-naa"), "{spelled:?}");
}

#[test]
fn prose_stays_within_the_columns() {
    for columns in [60, 80, 100, 140] {
        let text = at(columns, &[]);
        for line in text.lines().filter(|line| line.chars().count() > columns) {
            let kept_whole = ["┌─ ", "│ ", ".\\collect.ps1"].iter().any(|sign| line.contains(sign));
            // One word that is longer than the line, a path for instance, stays whole.
            let words = line.split_whitespace().count();
            assert!(kept_whole || words < 4 || line.contains(&repository("")), "at {columns}: {line}");
        }
    }
    // No terminal is so wide that one would follow its lines.
    assert_eq!(at(5000, &[]), at(140, &[]));
}

#[test]
fn quiet_is_findings_and_nothing_else() {
    let place = Place::new();
    let ran = place.run(&["check", &contoso(), "--quiet"]).ends(1);
    has(&ran.out, "error[");
    assert!(!ran.out.contains("\nfindings  ") && !ran.out.contains("not evaluated:"), "{}", ran.out);
    assert_eq!(ran.err, "");
    let clean =
        place.run(&["check", &repository("examples/clean"), "--quiet", "--format", "concise"]).ends(0);
    assert_eq!(clean.err, "");
}

#[test]
fn rules_are_links_where_the_terminal_knows_links() {
    let place = Place::new();
    let run = |args: &[&str], force: bool| {
        let clean = repository("examples/clean");
        let all = [&["check", clean.as_str()], args].concat();
        let mut command = place.command(&all);
        command.env("FORCE_HYPERLINK", if force { "1" } else { "0" });
        String::from_utf8(command.output().expect("it runs").stdout).expect("UTF-8")
    };
    let site = ["--site", "https://example.com/cmlint/", "--color", "always"];
    let links = run(&site, true);
    let clean = place.run(&["check", &repository("examples/clean"), "--format", "json"]).json();
    let rule = clean["findings"][0]["rule"].as_str().expect("a rule");
    has(&links, &format!("\u{1b}]8;;https://example.com/cmlint/rules/{rule}/index.html\u{1b}\\"));
    for text in [
        run(&site, false),
        run(&["--color", "always"], true),
        run(&["--site", "https://example.com/cmlint", "--color", "never"], true),
        run(&["--site", "https://example.com/cmlint"], true),
    ] {
        assert!(!text.contains("\u{1b}]8"), "{text}");
    }
    has(&place.run(&["check", ".", "--site", "javascript:x"]).ends(2).err, "give an address");
}
