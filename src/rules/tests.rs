//! A small specification and small tables for the tests of rules, and rule files with one mistake each.

use std::borrow::Cow;

use super::*;
use crate::assets::Asset;
use crate::yaml::render;

const REVISIONS: &str = "\
- {id: 2015-12-08, sequence: 1, page_title: T, title: T, product: P, layout: L, builds: {from: 8325, until: 8354}, versions: [1511], publisher: M, licence: CC-BY-4.0}
- {id: 2018-10-26, sequence: 2, page_title: T, title: T, product: P, layout: L, builds: {from: 8692}, versions: [1806], publisher: M, licence: CC-BY-4.0}
";

const VOCABULARY: &str = "\
evidence_kinds: [{id: local-groups, description: D, typical_source: S}]
user_rights: [{id: SeInteractiveLogonRight, display: Log on locally}]
ntfs_permissions: [{id: Read, mask: 0x120089}]
wmi_permissions: [{id: Remote Enable, mask: 0x20}]
dcom_permissions: [{id: Remote Activation, mask: 0x10}]
sql_permissions: [{id: Execute, grants: [EXECUTE]}]
directory_permissions: [{id: Full Control, mask: 0xF01FF}]
well_known: [{name: Guest, rid: 501, names: {de: Gast}}]
roles: [{id: site-server, name: site server}]
site_types: [{id: primary, name: primary site}]
places: [{id: any, name: any computer}]
principals: [{id: computer-account, name: computer account}]
securable_permissions: [{object: Collection, permissions: [Remote Control]}]
facts:
  - {kind: limit, say: 'at most {most}[ per {per}]'}
  - {kind: apart, say: 'not {from}[ ({words})]'}
synonyms: [[ad, active directory]]
";

const DOCUMENT: &str = "\
id: document
kind: document
name: The page
purpose: P
statements:
  - {id: scope, category: purpose, level: info, text: T, checkable: no, because: B}
";

/// Reads, may be shared by three until 2018, then by two; must not be the writer.
const READER: &str = "\
id: reader
kind: account
name: {2015-12-08: Reader Account, 2018-10-26: Reader account}
purpose: P
statements:
  - {id: limit, category: limit, level: must, text: T, checkable: 'no', because: B, facts: [{kind: limit, most: {2015-12-08: 3, 2018-10-26: 2}, per: site}]}
  - {id: open-end, category: limit, level: must, text: T, checkable: 'no', because: B, facts: [{kind: limit, per: host}]}
  - {id: not-writer, category: prohibition, level: must-not, text: T, checkable: 'no', because: B, facts: [{kind: apart, from: writer, words: [one, two]}]}
  - {id: late, category: requirement, level: must, text: {2018-10-26: T}, checkable: 'no', because: B}
";

/// Gone in 2018, when it became the reader.
const WRITER: &str = "\
id: writer
kind: account
name: {2015-12-08: Writer Account, 2018-10-26: null}
merged_into: {2018-10-26: reader}
purpose: P
statements:
  - {id: limit, category: limit, level: must, text: {2015-12-08: T, 2018-10-26: null}, checkable: 'no', because: B, facts: [{kind: apart, from: reader, words: [three]}]}
";

const EVIDENCE: &str = "\
tables:
  uses:
    about: A
    kind: local-groups
    collect: Get-Use
    key: [site, account]
    fields:
      site: [site, A]
      account: [account, A]
      entity: [name, A]
      usage: [list name, A]
      friends: [list account, A]
      count: [integer, A]
      since: [date, A]
      folder: [path, A]
      host: [computer, A]
      on: [flag, A]
      note: [text, A]
  members:
    about: A
    kind: local-groups
    collect: Get-Member
    key: [group, member]
    fields:
      group: [name, A]
      host: [computer, A]
      member: [account, A]
      people: [list account, A]
  hosts:
    about: A
    kind: local-groups
    collect: Get-Host
    key: [host]
    fields:
      host: [computer, A]
      site: [site, A]
  documented_titles:
    about: A
    kind: local-groups
    collect: Get-Nothing
    key: [title]
    computed: {from: [], by: check}
    fields:
      entity: [name, A]
      title: [name, A]
      current: [flag, A]
";

/// The specification and the tables.
pub(crate) fn world() -> (Content, Schema) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("revisions.yaml", REVISIONS),
        ("vocabulary.yaml", VOCABULARY),
        ("document.yaml", DOCUMENT),
        ("accounts/reader.yaml", READER),
        ("accounts/writer.yaml", WRITER),
        ("evidence.yaml", EVIDENCE),
    ] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let assets = Assets::Folder(folder.path().to_owned());
    let (content, _) = crate::content::load(&assets).unwrap_or_else(|p| panic!("{}", render(&p, false)));
    let schema = Schema::load(&assets).unwrap_or_else(|p| panic!("{}", render(&p, false)));
    (content, schema)
}

/// Compiles rule files, given as name and text.
pub(crate) fn compiled(world: &(Content, Schema), files: &[(&str, &str)]) -> Result<RuleSet, Problems> {
    let mut problems = Problems::new();
    let documents: Vec<Document> = files
        .iter()
        .filter_map(|(name, text)| {
            let asset = Asset {
                path: format!("rules/{name}"),
                name: (*name).to_owned(),
                text: Cow::Owned((*text).to_owned()),
            };
            Document::read(&asset, &mut problems)
        })
        .collect();
    compile_all(&documents, &world.0, &world.1, true, problems)
}

/// A rule that is right. The tests replace parts of it.
pub(crate) const RULE: &str = "\
id: bad-use
title: A use that is bad
statement: reader/limit
reviewed: 2018-10-26
level: warning
confidence: high
evidence: [uses]
check:
  each: uses
  where: [{field: site, equals: PS1}]
  require: [{field: count, less_than: 3}]
message: '`{account}` is used {count} times'
labels: [{at: row.account, text: here}]
help: Do something.
examples:
  - {name: right, given: {uses: [{site: PS1, account: 'C\\a', count: 2}]}, expect: pass}
  - {name: wrong, given: {uses: [{site: PS1, account: 'C\\a', count: 3}]}, expect: {fail: ['PS1, C\\a']}}
";

/// What is wrong with the rule when `from` is replaced by `to`: the marked text and the message, and the help.
fn wrong(from: &str, to: &str) -> Vec<String> {
    assert!(RULE.contains(from), "{from}");
    let problems = match compiled(&world(), &[("accounts/bad-use.yaml", &RULE.replacen(from, to, 1))]) {
        Ok(rules) => rules.warnings,
        Err(problems) => problems,
    };
    problems
        .0
        .iter()
        .map(|p| {
            let help = p.help.as_ref().map(|h| format!(" ({h})")).unwrap_or_default();
            format!("{}: {}{help}", &p.file.text[p.span.clone()], p.message)
        })
        .collect()
}

#[test]
fn a_right_rule_compiles() {
    let rules = compiled(&world(), &[("accounts/bad-use.yaml", RULE)]).unwrap();
    let rule = rules.find("bad-use").unwrap();
    assert!(rules.warnings.is_empty());
    assert_eq!(
        (rule.group.as_str(), rule.statements.as_slice()),
        ("accounts", &["reader/limit".to_owned()][..])
    );
    assert_eq!((rule.evidence.as_slice(), rule.examples.len()), (&[0][..], 2));
}

#[test]
fn mistakes_are_shown_at_their_place() {
    let table = [
        (
            "id: bad-use",
            "id: bad-uses",
            "bad-uses: the id is not the name of the file, `bad-use` (name the file after the rule; a former id goes to `aliases`)",
        ),
        ("title: A use that is bad", "title: A use.", "A use.: `title` ends with a full stop"),
        (
            "reader/limit",
            "reader/limits",
            "reader/limits: unknown statement `reader/limits` (did you mean `reader/limit`?)",
        ),
        (
            "reader/limit",
            "readers/limit",
            "readers/limit: unknown account or group `readers` (did you mean `reader`?)",
        ),
        (
            "statement: reader/limit",
            "because: So.",
            "because: `because` is for the rules in `hygiene/` (name the statement that the rule enforces)",
        ),
        (
            "reviewed: 2018-10-26",
            "reviewed: 2018-10-25",
            "2018-10-25: unknown revision `2018-10-25` (did you mean `2018-10-26`?)",
        ),
        ("level: warning", "level: warn", "warn: unknown `level` `warn` (did you mean `warning`?)"),
        ("confidence: high", "confidense: high", "id: the rule has no field `confidence`"),
        ("evidence: [uses]", "evidence: [uses, hosts]", "hosts: the check does not read `hosts`"),
        ("evidence: [uses]", "evidence: [hosts]", "hosts: the check does not read `hosts`"),
        ("each: uses", "each: use", "use: unknown table `use` (did you mean `uses`?)"),
        ("each: uses", "each: uses.count", "uses.count: `count` is no list"),
        ("field: site", "field: sites", "sites: unknown field of `uses` `sites` (did you mean `site`?)"),
        ("equals: PS1", "equal: PS1", "equal: unknown test field `equal` (did you mean `equals`?)"),
        ("equals: PS1", "equals: PS11", "PS11: `PS11` is not a site code: three letters or digits"),
        ("equals: PS1", "equals: {row: count}", "count: `count` cannot be compared with the field"),
        (
            "equals: PS1",
            "equals: {match: site}",
            "site: there is no row that a join has found here (`match` is for the `where` of a join inside the `where` of another)",
        ),
        (
            "equals: PS1",
            "equals: {fact: most}",
            "most: the rule runs over no documented fact (`fact` needs `documented` in place of `statement`)",
        ),
        ("equals: PS1", "equals: {param: limit}", "limit: unknown parameter `limit`"),
        ("less_than: 3", "less_than: three", "three: `three` is not a whole number"),
        ("less_than: 3", "matches: 3", "count: `matches` does not fit `count` (`matches` is for texts)"),
        (
            "less_than: 3",
            "less_than: 3, more_than: 1",
            "more_than: a test asks one thing; `more_than` is a second (write two tests, or join them with `all` or `any`)",
        ),
        (
            "field: count, less_than: 3",
            "field: note, matches: '('",
            "'(': not a regular expression: unclosed group",
        ),
        (
            "field: count, less_than: 3",
            "field: usage, equals: x",
            "usage: `equals` does not fit `usage` (use `has`, or make a row of each element with `each: TABLE.FIELD`)",
        ),
        (
            "field: count, less_than: 3",
            "field: account, kind: users",
            "users: unknown `kind` `users` (did you mean `user`?)",
        ),
        (
            "field: count, less_than: 3",
            "field: account, found_in: {table: uses, field: count}",
            "count: `count` cannot be compared with `account`",
        ),
        ("require: [{field: count, less_than: 3}]", "require: []", "[]: `require` holds no test"),
        (
            "message: '`{account}` is",
            "message: '`{accounts}` is",
            "{accounts}: unknown field of `uses` `accounts` (did you mean `account`?)",
        ),
        ("is used {count} times'", "is used {limit} times'", "{limit}: `{limit}` is for groups with a limit"),
        (
            "is used {count} times'",
            "is used {match.site} times'",
            "{match.site}: no join finds a row when this rule fails (a row is found by `absent_from` and `none` in `require`, and by `found_in` and `some` in `where`)",
        ),
        ("is used {count} times'", "is used {reason} times'", "{reason}: `{reason}` needs `reasons`"),
        (
            "message: '`{account}`",
            "message: 'Account `{account}`",
            "'Account `{account}` is used {count} times': a message begins in lower case",
        ),
        ("at: row.account", "at: first.account", "first.account: `first` is for groups"),
        ("at: row.account", "at: rows.account", "rows.account: unknown place `rows` (did you mean `row`?)"),
        (
            "at: row.account",
            "at: row.acount",
            "row.acount: unknown field of `uses` `acount` (did you mean `account`?)",
        ),
        (
            "account: 'C\\a', count: 2",
            "acount: 'C\\a', count: 2",
            "acount: unknown field of `uses` `acount` (did you mean `account`?)",
        ),
        ("count: 2", "count: '2'", "'2': `2` is not a whole number"),
        (
            "expect: pass",
            "expect: passes",
            "passes: unknown `expect` `passes` (expected is `pass`, `not-applicable`, `{fail: [subject]}` or `{not-evaluated: table}`)",
        ),
        (
            "expect: pass",
            "expect: not-applicable",
            "name: no example expects `pass` (a rule has at least one example that passes and one that fails)",
        ),
        (
            "help: Do something.",
            "help: Do something.\nyields_to: [other]",
            "other: unknown rule `other` (known are `bad-use`)",
        ),
        (
            "help: Do something.",
            "help: Do something.\nyields_to: [bad-use]",
            "bad-use: `bad-use` gives way to itself, by way of the rules it yields to",
        ),
        ("help: Do something.", "help: Do something.\nreasons: {odd: text}", "odd: unknown test `odd`"),
    ];
    for (from, to, expected) in table {
        let found = wrong(from, to);
        assert!(found.iter().any(|f| f == expected), "{to}\nexpected {expected}\nfound {found:#?}");
    }
}

#[test]
fn several_mistakes_are_reported_at_once() {
    let text = RULE.replace("equals: PS1", "equals: PS11").replace("{count} times", "{kount} times");
    let problems = compiled(&world(), &[("accounts/bad-use.yaml", &text)]).unwrap_err();
    let places: Vec<&str> = problems.0.iter().map(|p| &text[p.span.clone()]).collect();
    assert_eq!(places, ["PS11", "{kount}"]);
}

#[test]
fn ids_are_unique_and_yielding_runs_in_no_circle() {
    let world = world();
    let second = RULE.replace("id: bad-use", "id: worse-use\naliases: [bad-use]");
    let files = [("accounts/bad-use.yaml", RULE), ("groups/worse-use.yaml", &second)];
    let problems = compiled(&world, &files).unwrap_err();
    assert_eq!(problems.0[0].message, "the id `bad-use` is taken");
    assert_eq!(problems.0[0].related[0].file.path, "rules/accounts/bad-use.yaml");

    let first = RULE.replace("help:", "yields_to: [worse-use]\nhelp:");
    let second = RULE.replace("id: bad-use", "id: worse-use\nyields_to: [bad-use]");
    let files = [("accounts/bad-use.yaml", first.as_str()), ("groups/worse-use.yaml", &second)];
    let problems = compiled(&world, &files).unwrap_err();
    assert_eq!(problems.0.len(), 1);
    assert_eq!(problems.0[0].message, "`bad-use` gives way to itself, by way of the rules it yields to");
}

#[test]
fn a_statement_reworded_since_gives_a_warning() {
    let found = wrong(
        "statement: reader/limit\nreviewed: 2018-10-26",
        "statement: reader/late\nreviewed: 2015-12-08",
    );
    assert!(found.is_empty(), "a statement that is new is not reworded: {found:?}");
    let text = READER.replace(
        "id: late, category: requirement",
        "id: late, changes: [{revision: 2018-10-26, kind: fact-changed, note: N}], category: requirement",
    );
    assert_ne!(text, READER);
    let world = world();
    let mut content = world.0.clone();
    let entity = content.entities.iter_mut().find(|e| e.id == "reader").unwrap();
    entity.statements[0].changes.push(crate::content::Change {
        revision: "2018-10-26".parse().unwrap(),
        kind: "fact-changed".to_owned(),
        note: "N".to_owned(),
    });
    let rule = RULE.replace("reviewed: 2018-10-26", "reviewed: 2015-12-08");
    let rules = compiled(&(content.clone(), world.1.clone()), &[("accounts/bad-use.yaml", &rule)]).unwrap();
    assert_eq!(rules.warnings.0.len(), 1);
    assert_eq!(rules.warnings.0[0].message, "`reader/limit` was changed on 2018-10-26");
    let rule = rule.replace("level: warning", "revisions: {until: 2015-12-08}\nlevel: warning");
    let rules = compiled(&(content, world.1), &[("accounts/bad-use.yaml", &rule)]).unwrap();
    assert!(rules.warnings.is_empty(), "the rule is not for the later revision");
}

#[test]
fn documented_facts_are_checked() {
    let table = [
        ("{kind: limits}", "limits: unknown kind of fact `limits` (did you mean `limit`?)"),
        ("{kind: limit, pre: site}", "pre: unknown key of `limit` facts `pre` (did you mean `per`?)"),
        (
            "{kind: limit, per: sites}",
            "sites: unknown value of `per` in `limit` facts `sites` (did you mean `site`?)",
        ),
        ("{kind: limit, per: site, entity: reader}", ""),
        ("{kind: apart, words: two}", ""),
    ];
    for (documented, expected) in table {
        let found = wrong("statement: reader/limit", &format!("documented: {documented}"));
        assert_eq!(found.join("\n"), expected, "{documented}");
    }
    let text = "documented: {kind: apart}\nreviewed: 2018-10-26\nlevel: warning\nconfidence: high\nevidence: [uses]\ncheck:\n  each: uses\n  where: [{field: entity, equals: {fact: words}}]";
    let from = &RULE[RULE.find("statement").unwrap()..RULE.find("\n  require").unwrap()];
    let found = wrong(from, text);
    assert_eq!(found, ["words: `words` is a list (use `in`)"]);
}
