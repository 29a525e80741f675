//! Rules on small tables: operators, joins, groups, gaps, facts, revisions, precedence.

use super::*;
use crate::assets::Assets;
use crate::evidence::Missing;
use crate::rules::tests::{RULE, compiled, world};
use crate::yaml::{Problems, render};

/// The rules of the repository compile, and their examples come out as they say.
#[test]
fn the_rules_are_good() {
    let folder = |name: &str| Assets::Folder(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
    let shown = |problems: Problems| -> ! { panic!("{}", render(&problems, false)) };
    let (content, _) = crate::content::load(&folder("content")).unwrap_or_else(|p| shown(p));
    let (schema, _) = crate::evidence::load(&folder("content")).unwrap_or_else(|p| shown(p));
    let rules = crate::rules::compile(&folder("rules"), &content, &schema).unwrap_or_else(|p| shown(p));
    let problems = examples(&rules, &content, &schema);
    assert!(problems.is_empty(), "{}", render(&problems, false));
}

/// What comes out of a check on given tables: `pass`, `not applicable`, `fail: SUBJECT; ...`, `open: REASON`.
fn outcome(check: &str, given: &str) -> String {
    outcome_of(&format!("statement: reader/limit\ncheck:\n{check}"), given)
}

/// The same with fields before the check: `statement` or `documented`, `revision` of the example and so on.
fn outcome_of(head: &str, given: &str) -> String {
    let (run, _) = run_of(head, given);
    said(&run)
}

fn said(run: &Run) -> String {
    let parts: Vec<String> = run
        .outcomes
        .iter()
        .map(|o| match &o.outcome {
            Outcome::Pass => "pass".to_owned(),
            Outcome::Fail => "fail".to_owned(),
            Outcome::NotApplicable(_) => "not applicable".to_owned(),
            Outcome::NotEvaluated(open) => format!("open: {}", open.reason),
            Outcome::Waived => "waived".to_owned(),
            Outcome::Error(error) => format!("error: {error}"),
        })
        .collect();
    let subjects: Vec<&str> = run.findings.iter().map(|f| f.subject.as_str()).collect();
    let mut out = parts.join(" | ");
    if !subjects.is_empty() {
        out = format!("{out}: {}", subjects.join("; "));
    }
    out
}

fn run_of(head: &str, given: &str) -> (Run, crate::rules::RuleSet) {
    let world = world();
    let tables: Vec<&str> = ["uses", "members", "hosts", "documented_titles"]
        .into_iter()
        .filter(|t| ["each: ", "group: ", "table: "].iter().any(|word| head.contains(&format!("{word}{t}"))))
        .collect();
    let revision = if head.contains("# 2015") { "revision: 2015-12-08, " } else { "" };
    let message = if head.contains("message:") { "" } else { "message: bad\n" };
    let labels = if head.contains("group: ") { "first" } else { "row" };
    let text = format!(
        "id: r\ntitle: T\nreviewed: 2018-10-26\nlevel: warning\nconfidence: high\nevidence: [{}]\n{head}\n{message}labels: [{{at: {labels}, text: here}}]\nhelp: Do.\nexamples:\n  - {{name: a, given: {{}}, expect: pass}}\n  - {{name: b, given: {{}}, expect: {{fail: [x]}}}}\n  - {{name: c, {revision}given: {{{given}}}, expect: pass}}\n",
        tables.join(", ")
    );
    let rules = compiled(&world, &[("accounts/r.yaml", &text)])
        .unwrap_or_else(|p| panic!("{}\n{text}", render(&p, false)));
    let rule = rules.find("r").unwrap();
    let run = example::run_example(rule, &rule.examples[2], &world.0, &world.1);
    (run, rules)
}

/// A check of one test on the rows of `uses`.
fn each(test: &str) -> String {
    format!("  each: uses\n  require: [{test}]")
}

#[test]
fn operators_have_three_values() {
    // A test; a row that passes; one that fails; one that is open. Nothing means that there is none.
    let table = [
        ("{field: note, equals: Abc}", "note: aBC", "note: abd", "note: '?'"),
        ("{field: note, equals: Abc}", "note: abc", "", "note: '?'"),
        ("{field: entity, in: [a, b]}", "entity: B", "entity: c", "entity: '?'"),
        ("{field: usage, has: Push}", "usage: [x, push]", "usage: [x]", "usage: [x, '?']"),
        ("{field: usage, has: Push}", "usage: [push, '?']", "usage: []", "usage: '?'"),
        ("{field: note, matches: '^a.c'}", "note: ABCD", "note: xabc", "note: '?'"),
        ("{field: note, starts_with: AB}", "note: abc", "note: cab", "note: '?'"),
        ("{field: account, ends_with: $}", "account: 'C\\PC$'", "account: 'C\\a'", "account: '?'"),
        ("{field: note, exists: true}", "note: a", "", "note: '?'"),
        ("{field: note, exists: false}", "", "note: a", "note: '?'"),
        ("{field: usage, exists: true}", "usage: ['?', a]", "usage: []", "usage: ['?']"),
        ("{field: count, less_than: 3}", "count: 2", "count: 3", "count: '?'"),
        ("{field: count, more_than: 3}", "count: 4", "count: 3", "count: '?'"),
        (
            "{field: since, less_than: '2018-10-26'}",
            "since: '2018-10-25T23:59:59Z'",
            "since: '2018-10-26T00:00:00Z'",
            "since: '?'",
        ),
        (
            "{field: since, less_than: {revision: date}}",
            "since: '2018-01-01'",
            "since: '2019-01-01'",
            "since: '?'",
        ),
        ("{field: count, less_than: {revision: build_from}}", "count: 8691", "count: 8692", "count: '?'"),
        ("{field: count, has_bits: 5}", "count: 7", "count: 6", "count: '?'"),
        ("{field: on, equals: true}", "on: true", "on: false", "on: '?'"),
        (
            "{field: account, kind: computer}",
            "account: 'C\\PC$'",
            "account: 'C\\a'",
            "account: S-1-5-21-1-2-3-1105",
        ),
        (
            "{field: account, kind: [user, group]}",
            "account: 'C\\a'",
            "account: 'BUILTIN\\Users'",
            "account: '?'",
        ),
        (
            "{field: account, kind: unknown}",
            "account: S-1-5-21-1-2-3-1105",
            "account: 'C\\a'",
            "account: '?'",
        ),
        ("{field: account, scope: domain}", "account: 'C\\a'", "account: a", "account: S-1-5-21-1-2-3-1105"),
        ("{field: account, scope: [local, none]}", "account: '.\\a'", "account: 'C\\a'", "account: '?'"),
        ("{field: host, home_of: 'SRV1\\a'}", "host: srv1", "host: srv2", "host: '?'"),
        ("{field: folder, within: 'D:\\x'}", "folder: 'd:/X/y'", "folder: 'D:\\xy'", "folder: '?'"),
        ("{field: folder, equals: 'D:\\x'}", "folder: 'd:/X/'", "folder: '%x%'", "folder: '?'"),
        ("{field: account, equals: 'C\\a'}", "account: 'c\\A'", "account: 'C\\b'", "account: a"),
        ("{field: account, equals: 'C\\a'}", "account: 'c\\A'", "account: 'D\\a'", "account: a@contoso.com"),
        ("{field: host, equals: srv1}", "host: SRV1.contoso.com", "host: srv2", "host: '?'"),
        ("{field: site, equals: ps1}", "site: PS1", "site: PS2", "site: '?'"),
        ("{field: count, equals: 3}", "count: 3", "count: 4", "count: '?'"),
        ("{not: {field: note, equals: a}}", "note: b", "note: a", "note: '?'"),
        (
            "{field: account, equals: {row: host}}",
            "account: 'contoso.com\\SRV1$', host: srv1.contoso.com",
            "account: 'contoso.com\\SRV2$', host: srv1.contoso.com",
            "account: 'contoso.com\\SRV1$', host: '?'",
        ),
        (
            "{field: account, in: {row: friends}}",
            "account: 'C\\a', friends: ['C\\b', 'C\\a']",
            "account: 'C\\a', friends: ['C\\b']",
            "account: 'C\\a', friends: ['C\\b', '?']",
        ),
        // Kleene: false beats open in `all`, true beats open in `any`.
        (
            "{all: [{field: note, equals: a}, {field: entity, equals: a}]}",
            "note: a, entity: a",
            "note: '?', entity: b",
            "note: '?', entity: a",
        ),
        (
            "{any: [{field: note, equals: a}, {field: entity, equals: a}]}",
            "note: '?', entity: a",
            "note: b, entity: b",
            "note: '?', entity: b",
        ),
    ];
    for (test, pass, fail, open) in table {
        let rows = |row: &str| format!("uses: [{{site: PS1, {row}}}]").replace("site: PS1, site", "site");
        let got = outcome(&each(test), &rows(pass));
        assert_eq!(got, "pass", "{test} {pass}");
        let got = outcome(&each(test), &rows(fail));
        assert!(got.starts_with("fail"), "{test} {fail}: {got}");
        let got = outcome(&each(test), &rows(open));
        assert!(got.starts_with("open"), "{test} {open}: {got}");
    }
}

#[test]
fn rows_are_selected_first() {
    let check =
        "  each: uses\n  where: [{field: site, equals: PS1}]\n  require: [{field: count, less_than: 3}]";
    let table = [
        ("uses: []", "not applicable"),
        ("uses: [{site: PS2, count: 9}]", "not applicable"),
        ("uses: [{site: PS1, count: 1}]", "pass"),
        ("uses: [{site: '?', count: 1}]", "pass"),
        (
            "uses: [{site: '?', count: 9}]",
            "open: `site` of `uses` cannot be read: it is a variable, or protected",
        ),
        ("uses: [{site: PS1, account: 'C\\a', count: 9}, {site: PS1, count: '?'}]", "fail: PS1, C\\a"),
        (
            "uses: [{site: PS1, count: 1}, {site: PS1, count: '?'}]",
            "open: `count` of `uses` cannot be read: it is a variable, or protected",
        ),
        ("", "open: no export holds `uses`"),
    ];
    for (given, expected) in table {
        assert_eq!(outcome(check, given), expected, "{given}");
    }
}

#[test]
fn gaps_are_rows_of_which_little_is_known() {
    let check =
        "  each: uses\n  where: [{field: site, equals: PS1}]\n  require: [{field: count, less_than: 3}]";
    let table = [
        ("uses: [{gap: {site: PS2}}]", "not applicable"),
        ("uses: [{gap: {site: PS1}}]", "open: the export of `uses` is incomplete"),
        ("uses: [{gap: {site: PS1}, why: truncated}]", "open: the export of `uses` was cut off at its depth"),
        ("uses: [{gap: {}, why: not-fetched}]", "open: `uses` was not fetched: a list query leaves it out"),
        // Whatever else it says, it passes; whether it is there is not known.
        ("uses: [{gap: {count: 1}}]", "open: the export of `uses` is incomplete"),
        ("uses: [{gap: {count: 1}}, {site: PS1, count: 1}]", "pass"),
        // A row that may be there is no failure.
        ("uses: [{gap: {site: PS1, count: 9}}]", "open: the export of `uses` is incomplete"),
        ("uses: [{site: PS1, account: 'C\\a', count: 9}, {gap: {site: PS1}}]", "fail: PS1, C\\a"),
    ];
    for (given, expected) in table {
        assert_eq!(outcome(check, given), expected, "{given}");
    }
}

#[test]
fn joins_have_three_values() {
    let found = each(
        "{field: account, found_in: {table: members, field: member, where: [{field: group, equals: g}]}}",
    );
    let absent = each(
        "{field: account, absent_from: {table: members, field: member, where: [{field: group, equals: g}]}}",
    );
    // A row of `members`; found_in; absent_from.
    let table = [
        ("{group: g, member: 'c\\A'}", "pass", "fail: C\\a"),
        ("{group: h, member: 'C\\a'}", "fail: C\\a", "pass"),
        ("{group: '?', member: 'C\\a'}", "open", "open"),
        ("{group: g, member: '?'}", "open", "open"),
        ("{group: h, member: '?'}", "fail: C\\a", "pass"),
        ("{group: g, member: a}", "open", "open"),
        ("{group: g, member: b}", "fail: C\\a", "pass"),
        ("{gap: {group: g}}", "open", "open"),
        ("{gap: {group: h}}", "fail: C\\a", "pass"),
        ("{gap: {member: 'C\\b'}}", "fail: C\\a", "pass"),
        ("{group: g, member: 'C\\a'}, {gap: {}}", "pass", "fail: C\\a"),
    ];
    for (row, in_group, not_in_group) in table {
        // Few rows are read through, many are looked up; both must say the same.
        for filler in ["", ", {repeat: 20, row: {group: g, member: 'C\\other{n}'}}"] {
            let given = format!("uses: [{{account: 'C\\a'}}], members: [{row}{filler}]");
            let short = |got: String| if got.starts_with("open") { "open".to_owned() } else { got };
            assert_eq!(short(outcome(&found, &given)), in_group, "{given}");
            assert_eq!(short(outcome(&absent, &given)), not_in_group, "{given}");
        }
    }
    assert_eq!(outcome(&found, "uses: [{account: 'C\\a'}]"), "open: no export holds `members`");
    assert_eq!(outcome(&absent, "uses: [{account: '?'}], members: []"), "pass", "nothing is among no rows");
    assert_eq!(outcome(&absent, "uses: [{account: '?'}], members: [{group: h, member: 'C\\a'}]"), "pass");
    let unknown = outcome(&absent, "uses: [{account: '?'}], members: [{group: g, member: 'C\\a'}]");
    assert_eq!(unknown, "open: `account` of `uses` cannot be read: it is a variable, or protected");
    let list = each("{field: account, found_in: {table: members, field: people}}");
    assert_eq!(outcome(&list, "uses: [{account: 'C\\a'}], members: [{people: ['C\\b', 'C\\a']}]"), "pass");
    assert!(
        outcome(&list, "uses: [{account: 'C\\a'}], members: [{people: ['C\\b', '?']}]").starts_with("open")
    );
}

#[test]
fn joins_reach_the_rows_around_them() {
    // The host of the use is one of the site of the use.
    let some = each(
        "{some: {table: hosts, where: [{field: host, equals: {row: host}}, {field: site, equals: {row: site}}]}}",
    );
    let table = [
        ("{host: srv1.contoso.com, site: PS1}", "pass"),
        ("{host: srv1, site: PS2}", "fail: PS1"),
        ("{host: srv1, site: '?'}", "open: `site` of `hosts` cannot be read: it is a variable, or protected"),
        ("{host: srv2, site: PS1}", "fail: PS1"),
    ];
    for (row, expected) in table {
        for filler in ["", ", {repeat: 20, row: {host: 'other{n}', site: PS1}}"] {
            let given = format!("uses: [{{site: PS1, host: srv1}}], hosts: [{row}{filler}]");
            assert_eq!(outcome(&some, &given), expected, "{given}");
        }
    }
    // A member of a group on a host of the site: a join inside a join sees the row found before it.
    let nested = each(
        "{some: {table: members, where: [{field: member, equals: {row: account}}, {some: {table: hosts, where: [{field: host, equals: {match: host}}, {field: site, equals: {row: site}}]}}]}}",
    );
    for (member, host, expected) in
        [("C\\a", "srv1", "pass"), ("C\\a", "srv2", "fail: PS1, C\\a"), ("C\\b", "srv1", "fail: PS1, C\\a")]
    {
        for filler in ["", ", {repeat: 20, row: {host: 'other{n}', site: PS1}}"] {
            let given = format!(
                "uses: [{{site: PS1, account: 'C\\a'}}], members: [{{member: '{member}', host: {host}}}], hosts: [{{host: srv1, site: PS1}}{filler}]"
            );
            assert_eq!(outcome(&nested, &given), expected, "{given}");
        }
    }
}

#[test]
fn groups_count_what_is_proven() {
    let check = "  group: uses\n  by: [site]\n  at_most: 2";
    let rows = |n: usize| format!("{{repeat: {n}, row: {{site: PS1, account: 'C\\a{{n}}'}}}}");
    let table = [
        (rows(2), "pass"),
        (rows(3), "fail: PS1"),
        (format!("{}, {{site: PS2}}", rows(2)), "pass"),
        (format!("{}, {{account: 'C\\b'}}", rows(2)), "pass"),
        (
            format!("{}, {{site: '?'}}", rows(2)),
            "open: `site` of `uses` cannot be read: it is a variable, or protected",
        ),
        (format!("{}, {{site: '?'}}", rows(1)), "pass"),
        (format!("{}, {{gap: {{site: PS1}}}}", rows(1)), "open: the export of `uses` is incomplete"),
        (format!("{}, {{gap: {{site: PS2}}}}", rows(1)), "open: the export of `uses` is incomplete"),
        (format!("{}, {{gap: {{}}}}", rows(3)), "fail: PS1"),
        (String::new(), "not applicable"),
    ];
    for (given, expected) in table {
        assert_eq!(outcome(check, &format!("uses: [{given}]")), expected, "{given}");
    }
    assert_eq!(outcome(check, ""), "open: no export holds `uses`");
    let at_least = "  group: uses\n  by: [site]\n  at_least: 2";
    assert_eq!(outcome(at_least, "uses: [{site: PS1}]"), "fail: PS1");
    assert!(outcome(at_least, "uses: [{site: PS1}, {gap: {site: PS1}}]").starts_with("open"));
    assert_eq!(outcome(at_least, "uses: [{site: PS1}, {site: PS1}, {gap: {site: PS1}}]"), "pass");
    let exactly = "  group: uses\n  by: [site]\n  exactly: 1";
    assert_eq!(outcome(exactly, "uses: [{site: PS1}]"), "pass");
    assert_eq!(outcome(exactly, "uses: [{site: PS1}, {site: ps1}]"), "fail: PS1");
    assert!(outcome(exactly, "uses: [{site: PS1}, {gap: {site: PS1}}]").starts_with("open"));
}

#[test]
fn groups_know_accounts_by_identity() {
    let distinct = "  group: uses\n  by: [site]\n  distinct: account\n  at_most: 1";
    let table = [
        ("{site: PS1, account: 'C\\a'}, {site: PS1, account: 'c\\A'}", "pass"),
        ("{site: PS1, account: 'C\\a'}, {site: PS1, account: 'C\\b'}", "fail: PS1"),
        (
            "{site: PS1, account: 'C\\a'}, {site: PS1, account: a}",
            "open: whether `C\\a` and `a` are the same cannot be told",
        ),
        (
            "{site: PS1, account: 'C\\a'}, {site: PS1, account: '?'}",
            "open: `account` of `uses` cannot be read: it is a variable, or protected",
        ),
        ("{site: PS1, account: 'C\\a'}, {site: PS1}", "pass"),
    ];
    for (rows, expected) in table {
        assert_eq!(outcome(distinct, &format!("uses: [{rows}]")), expected, "{rows}");
    }
    // Two groups that may be one.
    let by = "  group: uses\n  by: [account]\n  distinct: entity\n  at_most: 1";
    let got = outcome(by, "uses: [{account: 'C\\a', entity: x}, {account: a, entity: y}]");
    assert_eq!(got, "open: whether `C\\a` and `a` are the same cannot be told");
    assert_eq!(outcome(by, "uses: [{account: 'C\\a', entity: x}, {account: b, entity: y}]"), "pass");
    assert_eq!(
        outcome(by, "uses: [{account: 'C\\a', entity: x}, {account: 'c\\A', entity: y}]"),
        "fail: C\\a"
    );
    // A text is parted to the letter.
    let letters = "  group: uses\n  by: [account]\n  distinct: note\n  at_most: 1";
    assert_eq!(
        outcome(letters, "uses: [{account: 'C\\a', note: x}, {account: 'C\\a', note: X}]"),
        "fail: C\\a"
    );
}

#[test]
fn elements_of_lists_are_rows() {
    let check = "  each: uses.friends\n  require: [{field: item, kind: computer}]";
    let table = [
        ("friends: ['C\\PC$', 'C\\a']", "fail: PS1, C\\a"),
        ("friends: ['C\\PC$']", "pass"),
        ("friends: []", "not applicable"),
        ("friends: '?'", "open: `friends` of `uses` cannot be read: it is a variable, or protected"),
        (
            "friends: ['C\\PC$', '?']",
            "open: `friends` of `uses` cannot be read: it is a variable, or protected",
        ),
    ];
    for (row, expected) in table {
        assert_eq!(outcome(check, &format!("uses: [{{site: PS1, {row}}}]")), expected, "{row}");
    }
}

#[test]
fn rules_run_over_documented_facts() {
    let check = "check:\n  group: uses\n  by: [site]\n  where: [{field: entity, equals: {fact: entity}}]\n  at_most: {fact: most}";
    let head = format!(
        "documented: {{kind: limit, per: site}}\n{check}\nmessage: '{{entity.name}} has {{count}} of {{limit}}'"
    );
    let given = "uses: [{repeat: 3, row: {site: PS1, entity: reader}}, {repeat: 5, row: {site: PS1, entity: writer}}]";
    let (run, _) = run_of(&head, given);
    assert_eq!(said(&run), "fail: PS1");
    let finding = &run.findings[0];
    assert_eq!(finding.message, "Reader account has 3 of 2");
    assert_eq!(
        (finding.statements.as_slice(), finding.entity.as_deref()),
        (&["reader/limit".to_owned()][..], Some("reader"))
    );
    let (run, _) = run_of(&format!("{head} # 2015"), given);
    assert_eq!(said(&run), "pass", "three are allowed in 2015");

    // Without a value there is no limit.
    let head = format!("documented: {{kind: limit}}\n{check}");
    assert_eq!(outcome_of(&head, given), "fail | not applicable: PS1");

    // One outcome a statement; what a revision does not say is not applicable.
    let apart = "documented: {kind: apart}\ncheck:\n  each: uses\n  where: [{field: entity, equals: {fact: entity}}]\n  require: [{field: account, absent_from: {table: uses, field: account, where: [{field: entity, equals: {fact: from}}]}}]";
    let given = "uses: [{entity: reader, account: 'C\\a'}, {entity: writer, account: 'C\\a'}]";
    assert_eq!(outcome_of(apart, given), "fail | not applicable: C\\a");
    assert_eq!(outcome_of(&format!("{apart} # 2015"), given), "fail | fail: C\\a; C\\a");

    let listed = "statement: reader/limit\ncheck:\n  each: uses\n  require: [{field: entity, in: {documented: {kind: apart}, take: words}}]";
    assert_eq!(outcome_of(listed, "uses: [{entity: two}]"), "pass");
    assert!(outcome_of(listed, "uses: [{entity: three}]").starts_with("fail"), "the writer is gone");
    assert_eq!(outcome_of(&format!("{listed} # 2015"), "uses: [{entity: three}]"), "pass");
}

#[test]
fn revisions_decide_what_runs() {
    let head = "statement: reader/late\ncheck:\n  each: uses\n  require: [{field: count, less_than: 3}]";
    let given = "uses: [{count: 9, account: 'C\\a'}]";
    assert_eq!(outcome_of(head, given), "fail: C\\a");
    let (run, _) = run_of(&format!("{head} # 2015"), given);
    let Outcome::NotApplicable(reason) = &run.outcomes[0].outcome else { panic!("{run:?}") };
    assert_eq!(reason, "not in revision 2015-12-08");
    // A test of a statement that is not made drops out.
    let both = "statement: [reader/limit, reader/late]\ncheck:\n  each: uses\n  require:\n    - {name: late, statement: reader/late, field: count, less_than: 3}\n    - {field: note, equals: a}";
    assert_eq!(outcome_of(&format!("{both} # 2015"), "uses: [{note: a, count: 9}]"), "pass");
    let (run, _) = run_of(both, "uses: [{note: a, count: 9}]");
    assert_eq!(run.findings[0].statements, ["reader/late"]);
    let (run, _) = run_of(both, "uses: [{note: b, count: 9}]");
    assert_eq!(run.findings[0].statements, ["reader/limit", "reader/late"]);
    assert_eq!(outcome_of(&format!("revisions: {{until: 2015-12-08}}\n{both}"), given), "not applicable");
    assert_eq!(
        outcome_of(&format!("{head}\nmessage: bad").replace("statement: reader/late", "statement: reader/limit\nadjust: [{where: [{field: note, equals: mild}], level: note, confidence: low}]"), given),
        "fail: C\\a"
    );
}

#[test]
fn findings_say_what_is_wrong() {
    let head = "statement: [reader/limit, writer/limit]\ncheck:\n  each: uses\n  where: [{field: entity, exists: true}]\n  require:\n    - {name: few, field: count, less_than: 3}\n    - {name: apart, field: account, absent_from: {table: members, field: member}}\nadjust: [{where: [{field: note, equals: mild}], level: note, confidence: low}]\nreasons: {few: '{count} are too many', apart: 'it is in {match.group}'}\nmessage: '`{account}` of {site}: {reason}, {usage}, {{}}'";
    let (run, rules) = run_of(
        head,
        "uses: [{site: PS1, account: 'C\\a', entity: reader, count: 1, note: mild, usage: [x, y]}], members: [{group: g, member: 'c\\A'}]",
    );
    let finding = &run.findings[0];
    assert_eq!(finding.message, "`C\\a` of PS1: it is in g, x, y, {}");
    assert_eq!((finding.level, finding.confidence), (Level::Note, Confidence::Low));
    assert_eq!(finding.statements, ["reader/limit"], "the writer is gone in 2018");
    let (again, _) =
        run_of(head, "uses: [{site: ps1, account: 'c\\A', entity: reader, count: 4}], members: []");
    let other = &again.findings[0];
    assert_eq!(other.message, "`c\\A` of ps1: 4 are too many, none, {}");
    assert_eq!((other.level, other.confidence), (Level::Warning, Confidence::High));
    assert_eq!(finding.fingerprint, other.fingerprint, "same rule, entity and subject");
    assert_eq!(finding.fingerprint.len(), 16);
    assert_eq!(rules.rules.len(), 1);
    // Statements of two entities: the row says of which.
    let (old, _) =
        run_of(&format!("{head} # 2015"), "uses: [{account: 'C\\a', entity: writer, count: 4}], members: []");
    assert_eq!(
        (old.findings[0].statements.as_slice(), old.findings[0].entity.as_deref()),
        (&["writer/limit".to_owned()][..], Some("writer"))
    );
}

/// Evidence with places: `uses` as rows of site, account and count, each at its own place.
fn evidence(schema: &Schema, rows: &[(&str, &str, i64)]) -> Evidence {
    use crate::evidence::{Account, Cell, Fact, Row, Table};
    use crate::source::{SourceId, Span};
    let mut tables: Vec<Table> = schema.tables.iter().map(|_| Table::default()).collect();
    let uses = schema.table("uses").unwrap();
    let at = |row: usize, from: u64| {
        let start = row as u64 * 100 + from;
        Place::new(SourceId::new(u32::try_from(row % 2).unwrap()), Span { start, end: start + 5 })
    };
    let record = |row: usize| {
        let first = at(row, 0);
        Place::new(first.source, Span { start: first.span().start, end: first.span().start + 30 })
    };
    for (i, (site, account, count)) in rows.iter().enumerate() {
        let mut cells: Vec<Cell> =
            schema.tables[uses].fields.iter().map(|_| Cell { fact: Fact::Empty, place: None }).collect();
        cells[0] = Cell { fact: Fact::Text((*site).into()), place: Some(at(i, 10)) };
        cells[1] = Cell {
            fact: Fact::Account(std::sync::Arc::new(Account::parse(account).unwrap())),
            place: Some(at(i, 20)),
        };
        cells[5] = Cell { fact: Fact::Integer(*count), place: None };
        tables[uses].rows.push(Row { record: Some(record(i)), cells: cells.into() });
    }
    Evidence { tables, ..Evidence::default() }
}

fn options(content: &Content) -> Options {
    Options { revision: content.newest(), supposed: false, only: None }
}

#[test]
fn labels_fall_back_to_their_record() {
    let world = world();
    let rule = RULE.replace(
        "{at: row.account, text: here}",
        "{at: row.account, text: 'use {count}'}, {at: row.count, text: too many}",
    );
    let rules = compiled(&world, &[("accounts/bad-use.yaml", &rule)]).unwrap();
    let evidence = evidence(&world.1, &[("PS1", "C\\a", 9)]);
    let run = run(&rules, &world.0, &world.1, &evidence, &options(&world.0));
    let labels = &run.findings[0].labels;
    let spans: Vec<(u64, u64)> = labels.iter().map(|l| (l.place.span().start, l.place.span().end)).collect();
    assert_eq!(spans, [(20, 25), (0, 30)]);
    assert_eq!(labels[0].text, "use 9");
    assert!(labels.iter().all(|l| (l.record.span().start, l.record.span().end) == (0, 30)));
}

#[test]
fn findings_are_in_the_order_of_places_and_said_once() {
    let world = world();
    let rules = compiled(&world, &[("accounts/bad-use.yaml", RULE)]).unwrap();
    // Rows stand in two sources by turns.
    let rows =
        [("PS1", "C\\d", 9), ("PS1", "C\\c", 9), ("PS1", "C\\b", 9), ("PS1", "C\\c", 9), ("PS1", "C\\a", 1)];
    let evidence = evidence(&world.1, &rows);
    let all = run(&rules, &world.0, &world.1, &evidence, &options(&world.0));
    let subjects: Vec<&str> = all.findings.iter().map(|f| f.subject.as_str()).collect();
    assert_eq!(subjects, ["PS1, C\\d", "PS1, C\\b", "PS1, C\\c"]);
    let texts: Vec<&str> = all.findings[2].labels.iter().map(|l| l.text.as_str()).collect();
    assert_eq!(texts, ["here", "and here"]);
    for threads in [1, 4] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let again = pool.install(|| run(&rules, &world.0, &world.1, &evidence, &options(&world.0)));
        assert_eq!(format!("{:?}", again), format!("{all:?}"));
    }
}

#[test]
fn a_rule_gives_way_to_another_with_the_same_subject() {
    let world = world();
    let second = RULE
        .replace("id: bad-use", "id: worse-use")
        .replace("less_than: 3", "less_than: 6")
        .replace("count: 3", "count: 6");
    let first = RULE.replace("help:", "yields_to: [worse-use]\nhelp:");
    let files = [("accounts/bad-use.yaml", first.as_str()), ("accounts/worse-use.yaml", second.as_str())];
    let rules = compiled(&world, &files).unwrap();
    let evidence = evidence(&world.1, &[("PS1", "C\\a", 9), ("PS1", "C\\b", 4)]);
    let all = run(&rules, &world.0, &world.1, &evidence, &options(&world.0));
    let found: Vec<(&str, &str)> =
        all.findings.iter().map(|f| (f.rule.as_str(), f.subject.as_str())).collect();
    assert_eq!(found, [("worse-use", "PS1, C\\a"), ("bad-use", "PS1, C\\b")]);
    let only = Options { only: Some(["bad-use".to_owned()].into()), ..options(&world.0) };
    let alone = run(&rules, &world.0, &world.1, &evidence, &only);
    assert_eq!((alone.findings.len(), alone.outcomes.len()), (2, 1), "nothing to give way to");
}

#[test]
fn examples_that_come_out_differently_are_shown() {
    let world = world();
    let text = RULE.replace("count: 2}]}, expect: pass", "count: 5}]}, expect: pass");
    let rules = compiled(&world, &[("accounts/bad-use.yaml", &text)]).unwrap();
    let problems = examples(&rules, &world.0, &world.1);
    assert_eq!(problems.0.len(), 1);
    let problem = &problems.0[0];
    // `pass` of the first example stands where it stands in the file.
    assert_eq!(problem.span, text.find("pass}").map(|at| at..at + 4).unwrap());
    assert_eq!(problem.message, "the example comes out differently: pass");
    assert_eq!(problem.label, "got fail for `PS1, C\\a`");
    let text = RULE.replace("fail: ['PS1, C\\a']", "fail: ['PS1, C\\b']");
    let rules = compiled(&world, &[("accounts/bad-use.yaml", &text)]).unwrap();
    assert_eq!(examples(&rules, &world.0, &world.1).0[0].label, "got fail for `PS1, C\\a`");
}

#[test]
fn titles_are_evidence() {
    let check = "  each: uses\n  require: [{field: note, found_in: {table: documented_titles, field: title, where: [{field: current, equals: true}]}}]";
    assert_eq!(outcome(check, "uses: [{note: reader account}]"), "pass");
    assert!(outcome(check, "uses: [{note: writer account}]").starts_with("fail"), "gone in 2018");
    let check = check.replace("equals: true", "equals: false");
    assert_eq!(outcome(&check, "uses: [{note: writer account}]"), "pass");
}

#[test]
fn a_rule_that_breaks_stops_no_other() {
    let world = world();
    let rules = compiled(&world, &[("accounts/bad-use.yaml", RULE)]).unwrap();
    let (outcomes, findings) = guarded(&rules.rules[0], || panic!("on purpose"));
    assert!(matches!(&outcomes[..], [RuleOutcome { outcome: Outcome::Error(_), .. }]));
    assert!(findings.is_empty());
    // Evidence that does not fit the schema breaks nothing either.
    let run = run(&rules, &world.0, &world.1, &Evidence::default(), &options(&world.0));
    assert_eq!(said(&run), "not applicable");
}

/// Big tables: joins look rows up, whether the names are certain or not.
#[test]
fn joins_over_big_tables_are_not_quadratic() {
    let world = world();
    let rule = RULE
        .replace("evidence: [uses]", "evidence: [uses, members]")
        .replace("{field: count, less_than: 3}", "{field: account, absent_from: {table: members, field: member, where: [{field: group, equals: g}]}}")
        .replace("is used {count} times", "is in {match.group}");
    let rules = compiled(&world, &[("accounts/bad-use.yaml", &rule)])
        .unwrap_or_else(|p| panic!("{}", render(&p, false)));
    let names: Vec<String> = (0..20_000).map(|i| format!("C\\user{i}")).collect();
    let rows: Vec<(&str, &str, i64)> = names.iter().map(|n| ("PS1", n.as_str(), 1)).collect();
    let mut evidence = evidence(&world.1, &rows);
    let (uses, members) = (world.1.table("uses").unwrap(), world.1.table("members").unwrap());
    let cell = |fact| crate::evidence::Cell { fact, place: None };
    let rows = evidence.tables[uses].rows.iter().skip(10_000).map(|row| crate::evidence::Row {
        record: None,
        cells: [
            cell(crate::evidence::Fact::Text("g".into())),
            cell(crate::evidence::Fact::Empty),
            row.cells[1].clone(),
            cell(crate::evidence::Fact::Empty),
        ]
        .into(),
    });
    evidence.tables[members].rows = rows.collect();
    let begun = std::time::Instant::now();
    let run = run(&rules, &world.0, &world.1, &evidence, &options(&world.0));
    assert_eq!(run.findings.len(), 10_000);
    // Quadratic work would be 200 million comparisons.
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

/// Rows that come several times make a table big enough for lookups, and must change nothing.
#[test]
fn lookups_say_what_reading_through_says() {
    use crate::evidence::{Account, Cell, Fact, Gap, Row, Table};
    let world = world();
    let rule = RULE.replace("evidence: [uses]", "evidence: [uses, members]").replace(
        "{field: count, less_than: 3}",
        "{field: account, absent_from: {table: members, field: member, where: [{field: group, equals: {row: entity}}]}}",
    );
    let rules = compiled(&world, &[("accounts/bad-use.yaml", &rule)])
        .unwrap_or_else(|p| panic!("{}", render(&p, false)));
    let account = |name: &str| Fact::Account(std::sync::Arc::new(Account::parse(name).unwrap()));
    let names =
        ["C\\a", "a", "a@contoso.com", ".\\a", "C\\b", "S-1-5-21-1-2-3-1105", "CN=a,DC=contoso,DC=com"];
    let mut accounts: Vec<Fact> = names.iter().map(|n| account(n)).collect();
    accounts.extend([Fact::Empty, Fact::Unknown(Why::Truncated)]);
    let groups =
        [Fact::Text("g".into()), Fact::Text("h".into()), Fact::Unknown(Why::Unreadable), Fact::Empty];
    let mut members: Vec<(Fact, Fact)> = Vec::new();
    for account in &accounts {
        members.extend(groups.iter().map(|group| (group.clone(), account.clone())));
    }
    let cell = |fact: &Fact| Cell { fact: fact.clone(), place: None };
    let (uses, of) = (world.1.table("uses").unwrap(), world.1.table("members").unwrap());
    let blank = |cells: &mut Vec<Cell>, n: usize| cells.resize_with(n, || cell(&Fact::Empty));
    let mut seen = std::collections::BTreeMap::new();
    for (i, first) in members.iter().enumerate() {
        for second in members[i..].iter().step_by(3) {
            for (sought, wanted) in [(0, 0), (1, 0), (2, 1), (5, 0), (8, 0), (0, 2), (7, 0), (5, 2)] {
                let said = [1, 8].map(|times| {
                    let mut tables: Vec<Table> = world.1.tables.iter().map(|_| Table::default()).collect();
                    let mut cells =
                        vec![cell(&Fact::Text("PS1".into())), cell(&accounts[sought]), cell(&groups[wanted])];
                    blank(&mut cells, world.1.tables[uses].fields.len());
                    tables[uses].rows.push(Row { record: None, cells: cells.into() });
                    for _ in 0..times {
                        for (group, member) in [first, second] {
                            let mut cells = vec![cell(group), cell(&Fact::Empty), cell(member)];
                            blank(&mut cells, world.1.tables[of].fields.len());
                            tables[of].rows.push(Row { record: None, cells: cells.into() });
                        }
                    }
                    if i % 7 == 0 {
                        let mut cells = vec![cell(&first.0), cell(&Fact::Empty), cell(&second.1)];
                        blank(&mut cells, world.1.tables[of].fields.len());
                        let missing = Missing::rows(Why::Incomplete, of, None);
                        tables[of].gaps.push(Gap { missing, cells: cells.into() });
                    }
                    let run = run(
                        &rules,
                        &world.0,
                        &world.1,
                        &Evidence { tables, ..Evidence::default() },
                        &options(&world.0),
                    );
                    let said = said(&run);
                    // Which of several reasons is given may differ.
                    said.split(':').next().unwrap().to_owned()
                });
                assert_eq!(
                    said[0], said[1],
                    "{:?} {:?} among {first:?} {second:?}",
                    accounts[sought], groups[wanted]
                );
                *seen.entry(said[0].clone()).or_insert(0) += 1;
            }
        }
    }
    assert_eq!(seen.keys().collect::<Vec<_>>(), ["fail", "open", "pass"], "{seen:?}");
}

/// A field that a table lacks is an error of every rule over it; no maker asks for one.
#[test]
fn makers_ask_tables_for_fields_they_have() {
    let assets = Assets::content();
    let schema = Schema::load(&assets).expect("the shipped tables are sound");
    let (content, _) = crate::content::load(&assets).expect("the shipped content is sound");
    let rules =
        crate::rules::compile(&Assets::rules(), &content, &schema).expect("the shipped rules are sound");
    let mut faults = std::collections::BTreeSet::new();
    for example in rules.rules.iter().flat_map(|rule| &rule.examples) {
        let evidence = super::example::evidence(example, &schema);
        let ids = Identities::build(&schema, &evidence);
        let revision = example.revision.unwrap_or_else(|| content.newest());
        let shared = estate::of(&content, &schema, &evidence, &ids, revision, &[]);
        for table in 0..schema.tables.len() {
            shared.table(table);
            faults.extend(shared.fault_of(&[table]));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
#[ignore = "`computed.from` of most tables in content/evidence.yaml still leaves out what groups are read from"]
fn makers_read_what_is_declared_and_declare_what_they_read() {
    let assets = Assets::content();
    let schema = Schema::load(&assets).expect("the shipped tables are sound");
    let (content, _) = crate::content::load(&assets).expect("the shipped content is sound");
    let rules =
        crate::rules::compile(&Assets::rules(), &content, &schema).expect("the shipped rules are sound");
    let made = |table: &usize| matches!(schema.tables[*table].made, crate::evidence::Made::Elsewhere { .. });
    let makers: Vec<usize> = (0..schema.tables.len()).filter(made).collect();
    let read: Vec<std::collections::BTreeSet<usize>> = {
        use rayon::prelude::*;
        let examples: Vec<_> = rules.rules.iter().flat_map(|rule| &rule.examples).collect();
        examples
            .par_iter()
            .map(|example| {
                let evidence = super::example::evidence(example, &schema);
                let ids = Identities::build(&schema, &evidence);
                let revision = example.revision.unwrap_or_else(|| content.newest());
                let shared = estate::of(&content, &schema, &evidence, &ids, revision, &[]);
                makers
                    .iter()
                    .map(|table| {
                        shared.table(*table);
                        shared.read_by(*table)
                    })
                    .collect::<Vec<_>>()
            })
            .reduce(
                || vec![Default::default(); makers.len()],
                |mut all, one| {
                    all.iter_mut().zip(one).for_each(|(all, one)| all.extend(one));
                    all
                },
            )
    };
    let names = |tables: &mut dyn Iterator<Item = &usize>| -> Vec<&str> {
        tables.map(|table| schema.tables[*table].name.as_str()).collect()
    };
    let mut wrong = Vec::new();
    for (table, read) in makers.iter().zip(&read) {
        let declared: std::collections::BTreeSet<usize> =
            schema.tables[*table].made_from.iter().copied().collect();
        let (more, less) = (names(&mut read.difference(&declared)), names(&mut declared.difference(read)));
        if !more.is_empty() || !less.is_empty() {
            wrong.push(format!("{}: reads {more:?}, does not read {less:?}", schema.tables[*table].name));
        }
    }
    assert!(wrong.is_empty(), "`computed.from` in content/evidence.yaml is wrong:\n{}", wrong.join("\n"));
}

/// The accounts and the computers of each finding.
fn names(head: &str, given: &str) -> Vec<(Vec<String>, Vec<String>)> {
    let (run, _) = run_of(head, given);
    run.findings.into_iter().map(|finding| (finding.accounts, finding.hosts)).collect()
}

#[test]
fn findings_know_the_accounts_and_computers_they_are_about() {
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let head = "statement: reader/limit\ncheck:\n  each: uses\n  require: [{field: count, less_than: 3}]";
    // One account has one spelling, whichever row it stands in: the one that is met most often.
    let given = "uses: [{site: PS1, account: 'C\\a', host: srv1, count: 3}, {site: PS2, account: 'c\\A', count: 3}, {site: PS3, account: 'C\\a', count: 3}]";
    let all = names(head, given);
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|(accounts, _)| *accounts == texts(&["C\\a"])), "{all:?}");
    assert_eq!(all.iter().flat_map(|(_, hosts)| hosts).collect::<Vec<_>>(), ["srv1"]);
    // A group is about all that it counts.
    let head =
        "statement: reader/limit\ncheck:\n  group: uses\n  by: [site]\n  distinct: account\n  at_most: 1";
    let given =
        "uses: [{site: PS1, account: 'C\\a'}, {site: PS1, account: 'C\\b'}, {site: PS1, account: 'C\\c'}]";
    let mut all = names(head, given);
    all[0].0.sort();
    assert_eq!(all, [(texts(&["C\\a", "C\\b", "C\\c"]), Vec::new())]);
}

#[test]
fn what_makes_a_finding_less_sure_is_said() {
    let doubt = |adjust: &str, given: &str| {
        let head = format!(
            "statement: reader/limit\ncheck:\n  each: uses\n  require: [{{field: count, less_than: 3}}]\nadjust: [{adjust}]"
        );
        let (run, _) = run_of(&head, given);
        (run.findings[0].confidence, run.findings[0].doubt.clone())
    };
    let adjust = "{where: [{field: note, equals: mild}], confidence: low, doubt: nobody knows}";
    let row = |note: &str| format!("uses: [{{site: PS1, account: 'C\\a', count: 3, note: {note}}}]");
    assert_eq!(doubt(adjust, &row("mild")), (Confidence::Low, Some("nobody knows".to_owned())));
    assert_eq!(doubt(adjust, &row("wild")), (Confidence::High, None));
}

#[test]
fn an_open_check_knows_the_computers_it_is_open_for() {
    let head = "statement: reader/limit\ncheck:\n  each: uses\n  require: [{field: count, less_than: 3}]";
    let given = "uses: [{site: PS1, account: 'C\\a', host: srv1, count: '?'}, {site: PS2, account: 'C\\b', host: srv2, count: 1}]";
    let (run, _) = run_of(head, given);
    let [RuleOutcome { outcome: Outcome::NotEvaluated(open), .. }] = run.outcomes.as_slice() else {
        panic!("{:?}", run.outcomes);
    };
    assert_eq!(open.hosts, ["srv1"]);
}
