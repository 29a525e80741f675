//! Small specifications with one mistake each, and the shipped one.

use std::borrow::Cow;

use super::*;
use crate::assets::Asset;
use crate::yaml::render;

const REVISIONS: &str = "\
- id: 2015-12-08
  sequence: 1
  page_title: T
  title: T
  product: P
  layout: L
  builds: {from: 8325, until: 8354}
  versions: [1511]
  publisher: M
  licence: CC-BY-4.0
- id: 2018-10-26
  sequence: 2
  page_title: T
  title: T
  product: P
  layout: L
  builds: {from: 8692}
  versions: [1806, '1810']
  publisher: M
  licence: CC-BY-4.0
";

const VOCABULARY: &str = "\
evidence_kinds: [{id: local-groups, description: D, typical_source: S}]
user_rights: [{id: SeInteractiveLogonRight, display: Log on locally}]
ntfs_permissions:
  - {id: Read, mask: 0x120089}
  - {id: Full control, mask: 0x1F01FF}
wmi_permissions: [{id: Remote Enable, mask: 0x20}]
dcom_permissions: [{id: Remote Activation, mask: 0x10}]
sql_permissions: [{id: Execute, grants: [EXECUTE]}]
directory_permissions: [{id: Full Control, mask: 0xF01FF}]
well_known: [{name: Guest, rid: 501, names: {de: Gast}}]
roles: [{id: site-server, name: site server}]
site_types: [{id: primary, name: primary site}]
places: [{id: any, name: any computer}]
principals: [{id: computer-account, name: computer account}]
securable_permissions:
  - {object: Collection, permissions: [Remote Control]}
facts:
  - {kind: acl, needs: [permissions], untold: [root], say: '{permissions} on {relative_path}[ on {host}]'}
  - {kind: limit, say: 'at most {most}'}
  - {kind: shape, say: 'of {of}'}
  - {kind: distinct-from, say: 'not {account}'}
  - {kind: user-right, needs: [right, effect, hosts], say: '{effect} {right}[ on {hosts}]'}
  - {kind: share-acl, say: '{permissions}'}
  - {kind: ad-acl, say: '{permissions}'}
  - {kind: wmi-acl, say: '{permissions}'}
  - {kind: dcom, say: '{permission}'}
  - {kind: sql, say: '{permissions}'}
  - {kind: rbac-permission, say: '{permission} on {securable_object}'}
  - {kind: member, say: '{selector}[ of {of}]'}
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

const GROUP: &str = "\
id: sms-admins
kind: group
name: {2015-12-08: SMS Admins}
roles: [site-server, {name: site-server, revisions: [2018-10-26]}]
site_types: [primary]
purpose: P
statements:
  - id: members
    category: membership
    level: {2015-12-08: may, 2018-10-26: must}
    text: {2018-10-26: T}
    terms: {2015-12-08: one two three, 2018-10-26: four}
    alert: note
    links: [{title: A, target: /b}]
    changes: [{revision: 2018-10-26, kind: fact-added, note: N}]
    facts:
      - {kind: acl, permissions: {2015-12-08: [Read], 2018-10-26: [Full control]}, relative_path: inboxes, host: site-server, derived: [host]}
      - {kind: limit, most: {2015-12-08: 3, 2018-10-26: null}}
      - {kind: shape, of: {a: 1, b: [x, true, 1.5]}}
    checkable: yes
    evidence: [local-groups]
    look_at: L
    seen: {2018-10-26: [9f31c0d2a4b87e65, 1234567890123456, '12345678901234e5']}
";

const ACCOUNT: &str = "\
id: old-account
kind: account
name: {2015-12-08: Old, 2018-10-26: null}
merged_into: {2018-10-26: sms-admins}
purpose: P
statements:
  - id: not-the-other
    category: prohibition
    level: must-not
    text: T
    facts: [{kind: distinct-from, account: sms-admins}]
    checkable: no
    because: B
";

/// The little specification with the text of one file replaced.
fn with(name: &'static str, text: String) -> (Content, Problems) {
    let mut files = vec![
        ("accounts/old-account.yaml", ACCOUNT.to_owned()),
        ("document.yaml", DOCUMENT.to_owned()),
        ("groups/sms-admins.yaml", GROUP.to_owned()),
        ("revisions.yaml", REVISIONS.to_owned()),
        ("vocabulary.yaml", VOCABULARY.to_owned()),
    ];
    files.retain(|f| f.0 != name);
    if !text.is_empty() {
        files.push((name, text));
    }
    let mut problems = Problems::new();
    let documents: Vec<Document> = files
        .into_iter()
        .filter_map(|(name, text)| {
            let text = Cow::Owned(text);
            Document::read(&Asset { path: format!("content/{name}"), name: name.into(), text }, &mut problems)
        })
        .collect();
    let content = read(&documents, "content", &mut problems);
    problems.sort();
    (content, problems)
}

/// `file:line:column: message (help)` of each problem after `from` became `to` in a file.
fn mistake(name: &'static str, from: &str, to: &str) -> Vec<String> {
    let original = match name {
        "accounts/old-account.yaml" => ACCOUNT,
        "document.yaml" => DOCUMENT,
        "groups/sms-admins.yaml" => GROUP,
        "revisions.yaml" => REVISIONS,
        _ => VOCABULARY,
    };
    assert_eq!(original.matches(from).count(), 1, "{from:?} in {name}");
    lines(&with(name, original.replace(from, to)).1)
}

fn lines(problems: &Problems) -> Vec<String> {
    let line = |p: &Problem| {
        let before = &p.file.text[..p.span.start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let path = p.file.path.trim_start_matches("content/");
        let help = p.help.as_ref().map(|h| format!(" ({h})")).unwrap_or_default();
        let kind = if p.warning { "warning: " } else { "" };
        format!("{path}:{line}:{column}: {kind}{}{help}", p.message)
    };
    problems.0.iter().map(line).collect()
}

const A: &str = "accounts/old-account.yaml";
const G: &str = "groups/sms-admins.yaml";
const R: &str = "revisions.yaml";
const V: &str = "vocabulary.yaml";

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

#[test]
fn a_sound_specification_has_no_problems() {
    let (content, problems) = with("", String::new());
    assert_eq!(render(&problems, false), "");
    let ids: Vec<&str> = content.entities.iter().map(|e| e.id.as_str()).collect();
    assert_eq!(ids, ["sms-admins", "old-account", "document"]);
    let (entity, statement) = content.statement("sms-admins/members").unwrap();
    assert_eq!(&entity.file.text[statement.span.clone()], "members");
    assert_eq!(&entity.file.text[statement.text_span.clone()], "2018-10-26");
    assert_eq!(statement.id(), "members");
    assert_eq!(statement.text.at(day("2015-12-08")), None);
    assert_eq!(statement.level.at(day("2018-10-26")), Some(&Level::Must));
    assert_eq!(statement.level.at(day("2017-01-01")), Some(&Level::May));
    let seen = statement.seen.as_ref().and_then(|s| s.at(day("2018-10-26"))).unwrap();
    assert_eq!(seen, &[0x9f31_c0d2_a4b8_7e65, 0x1234_5678_9012_3456, 0x1234_5678_9012_34e5]);
    assert!(entity.roles[0].holds(day("2015-12-08")));
    assert!(!entity.roles[1].holds(day("2015-12-08")));
    assert_eq!(content.revisions[1].versions, ["1806", "1810"]);
    assert_eq!(content.vocabulary.permissions_on(Securable::File).count(), 2);
}

#[test]
fn facts_hold_where_their_statement_their_entity_and_a_value_do() {
    let (content, _) = with(G, GROUP.replace("text: {2018-10-26: T}", "text: T"));
    let facts = |date: &str| -> Vec<(String, String, String)> {
        let facts: Vec<_> = content.entities.iter().flat_map(|e| e.facts_at(day(date))).collect();
        let told = |f: &FactAt<'_>| serde_json::Value::Object(f.values.clone()).to_string();
        facts.iter().map(|f| (f.statement.to_owned(), f.kind.to_owned(), told(f))).collect()
    };
    let of = |statement: &str, kind: &str, values: &str| {
        (statement.to_owned(), kind.to_owned(), values.to_owned())
    };
    let shape = of("sms-admins/members", "shape", r#"{"of":{"a":1,"b":["x",true,1.5]}}"#);
    assert_eq!(
        facts("2015-12-08"),
        [
            of(
                "sms-admins/members",
                "acl",
                r#"{"host":"site-server","permissions":["Read"],"relative_path":"inboxes"}"#
            ),
            of("sms-admins/members", "limit", r#"{"most":3}"#),
            shape.clone(),
            of("old-account/not-the-other", "distinct-from", r#"{"account":"sms-admins"}"#),
        ]
    );
    let full = r#"{"host":"site-server","permissions":["Full control"],"relative_path":"inboxes"}"#;
    assert_eq!(facts("2018-10-26"), [of("sms-admins/members", "acl", full), shape]);
    assert_eq!(content.fact_kinds().collect::<Vec<_>>(), ["acl", "distinct-from", "limit", "shape"]);
    assert_eq!(content.statement("sms-admins/members").unwrap().1.facts[0].derived, ["host"]);
}

#[test]
fn revisions_are_found_by_date_and_build() {
    let (content, _) = with("", String::new());
    assert_eq!(content.newest(), day("2018-10-26"));
    assert_eq!(content.revision_for_build(8324), None);
    assert_eq!(content.revision_for_build(8325), Some(day("2015-12-08")));
    assert_eq!(content.revision_for_build(8400), None);
    assert_eq!(content.revision_for_build(9999), Some(day("2018-10-26")));
    assert!(content.revision(day("2018-10-26")).is_some());
    assert!(content.revision(day("2018-10-27")).is_none());
}

#[test]
fn dates_are_written_in_full() {
    for text in ["2018-10-2", "2018-13-01", "2018-00-01", "+018-10-26", "2018-10-26-1", "10/26/2018", ""] {
        assert_eq!(text.parse::<Date>(), Err(()), "{text}");
    }
    assert_eq!(day("2018-10-26").to_string(), "2018-10-26");
}

#[test]
fn mistakes_in_an_entity() {
    let mut wrong = String::new();
    for (from, to, expected) in [
        (
            "id: sms-admins",
            "id: sms-admin",
            "1:5: the id is not the file name `sms-admins` (an id never changes; rename the file)",
        ),
        (
            "kind: group",
            "kind: account",
            "2:7: kind `account` does not belong in groups/ (files in groups/ are of kind `group`)",
        ),
        ("kind: group", "kind: grup", "2:7: unknown `kind` `grup` (did you mean `group`?)"),
        (
            "{2015-12-08: SMS Admins}",
            "{2015-12-09: SMS Admins}",
            "3:8: unknown revision `2015-12-09` (did you mean `2015-12-08`?)",
        ),
        (
            "name: {2015-12-08: SMS Admins}",
            "name: {2018-10-26: null}",
            "3:8: nothing of `name` ends here (leave the entry out: before the first date there is no value)",
        ),
        ("name: {2015-12-08: SMS Admins}\n", "", "1:1: the account or group has no field `name`"),
        ("[site-server, {", "[site-serv, {", "4:9: unknown role `site-serv` (did you mean `site-server`?)"),
        (
            "revisions: [2018-10-26]",
            "revisions: [2018]",
            "4:54: a revision must be text, not a number (put the value in quotes)",
        ),
        (
            "revisions: [2018-10-26]",
            "revision: [2018-10-26]",
            "4:42: unknown list item field `revision` (did you mean `revisions`?)",
        ),
        ("[primary]", "[primry]", "5:14: unknown site type `primry` (did you mean `primary`?)"),
        ("purpose: P", "purpose: ' '", "6:10: `purpose` is empty"),
        ("purpose: P", "purpos: P", "6:1: unknown account or group field `purpos` (did you mean `purpose`?)"),
        (
            "  - id: members\n",
            "  - id: Members_1\n",
            "8:9: the id `Members_1` is not in kebab-case (use lower-case letters and digits, with single hyphens between words)",
        ),
        (
            "category: membership",
            "category: membershp",
            "9:15: unknown category `membershp` (did you mean `membership`?)",
        ),
        ("{2015-12-08: may, ", "{", ""),
        (
            "{2015-12-08: may, 2018-10-26: must}",
            "{2018-10-26: must, 2015-12-08: may}",
            "10:31: the dates of `level` do not rise (put 2015-12-08 before 2018-10-26)",
        ),
        ("2018-10-26: must}", "2018-10-26: mst}", "10:42: unknown `level` `mst` (did you mean `must`?)"),
        (
            "2018-10-26: must}",
            "2018-10-26: null}",
            "10:5: the statement is made in 2018-10-26, but has no level then",
        ),
        (
            "2018-10-26: must}",
            "2018-10-26: may}",
            "10:30: warning: `level` does not change here (leave the entry out)",
        ),
        ("text: {2018-10-26: T}", "text: ''", "11:11: `text` is empty"),
        ("text: {2018-10-26: T}", "text:", "11:9: `text` must be a value, not nothing"),
        ("text: {2018-10-26: T}", "text: {}", "11:11: `text` is empty"),
        (
            "text: {2018-10-26: T}",
            "text: {new: T}",
            "11:12: unknown revision `new` (known are `2015-12-08`, `2018-10-26`)",
        ),
        (
            "2018-10-26: four}",
            "2018-10-26: a b c d e f g h i}",
            "12:52: more than eight words are quoted (quote only the words whose wording changed)",
        ),
        ("2018-10-26: four}", "2018-10-26: a b c d e f g h}", ""),
        ("alert: note", "alert: Note", "13:12: unknown `alert` `Note` (did you mean `note`?)"),
        ("title: A, target", "title: A, taget", "14:14: the link has no field `target`"),
        (
            "[{revision: 2018-10-26",
            "[{revision: 2015-12-08",
            "15:26: the oldest revision differs from nothing",
        ),
        (
            "kind: fact-added",
            "kind: fact-add",
            "15:44: unknown kind of change `fact-add` (did you mean `fact-added`?)",
        ),
        ("{kind: acl, ", "{", "17:10: the fact has no field `kind`"),
        (
            "permissions: {2015-12-08: [Read]",
            "permissions: {2015-12-08: [Raed]",
            "17:48: unknown permission `Raed` (did you mean `Read`?)",
        ),
        (
            "host: site-server,",
            "host: everywhere,",
            "17:114: unknown role or place `everywhere` (known are `any`, `site-server`)",
        ),
        (
            "derived: [host]",
            "derived: [hosts]",
            "17:137: unknown key of the fact `hosts` (did you mean `host`?)",
        ),
        (
            "{kind: limit, most",
            "{kind: limit, entity",
            "18:23: a fact has no key `entity` of its own (rules find the entity and the statement of each fact under these names)",
        ),
        (
            "{a: 1, b",
            "{a: 1, 2018-10-26",
            "19:28: unknown revision `a` (known are `2015-12-08`, `2018-10-26`)",
        ),
        (
            "checkable: yes",
            "checkable: maybe",
            "20:16: unknown `checkable` `maybe` (known are `no`, `partial`, `yes`)",
        ),
        (
            "checkable: yes",
            "checkable: true",
            "20:16: `checkable` must be text, not true or false (put the value in quotes)",
        ),
        (
            "checkable: yes",
            "checkable: partial",
            "20:16: the statement has no field `because` (say why an export cannot show it, or not fully)",
        ),
        (
            "look_at: L",
            "because: L\n    look_at: L",
            "22:14: warning: a reason, although the statement can be checked",
        ),
        (
            "    look_at: L\n",
            "",
            "20:16: the statement has no field `look_at` (say what in an export would show it)",
        ),
        (
            "[local-groups]",
            "[local-group]",
            "21:16: unknown kind of evidence `local-group` (did you mean `local-groups`?)",
        ),
        (
            "9f31c0d2a4b87e65",
            "9f31c0d2a4b87e6",
            "23:25: a fingerprint is 16 hexadecimal digits in lower case",
        ),
        ("    checkable: yes", "    chekable: yes", "8:5: the statement has no field `checkable`"),
    ] {
        let found = mistake(G, from, to);
        // A misspelt field is missing as well, so there may be more problems than the one asked for.
        let fine = match expected {
            "" => found.is_empty(),
            expected => found.contains(&format!("{G}:{expected}")) && found.len() <= 2,
        };
        if !fine {
            wrong.push_str(&format!("{from:?} -> {to:?}: {found:#?} instead of {expected:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn mistakes_between_entities() {
    assert_eq!(
        mistake(A, "merged_into: {2018-10-26: sms-admins}", "merged_into: {2018-10-26: sms-admin}"),
        ["accounts/old-account.yaml:4:27: unknown account or group `sms-admin` (did you mean `sms-admins`?)"]
    );
    assert_eq!(
        mistake(A, "account: sms-admins", "account: old-account"),
        ["accounts/old-account.yaml:11:44: this is the account or group itself"]
    );
    assert_eq!(
        mistake(A, ", 2018-10-26: null}", "}"),
        [
            "accounts/old-account.yaml:4:1: it is merged from 2018-10-26 on, but still has a name then (end the name: `2018-10-26: null`)"
        ]
    );
    let circle = GROUP
        .replace("purpose: P", "merged_into: {2018-10-26: old-account}\npurpose: P")
        .replace("SMS Admins}", "SMS Admins, 2018-10-26: null}");
    assert_eq!(
        lines(&with(G, circle).1),
        [
            "accounts/old-account.yaml:1:5: the merges of `old-account` lead back to itself",
            "groups/sms-admins.yaml:1:5: the merges of `sms-admins` lead back to itself"
        ]
    );
    let twice = ACCOUNT.to_owned() + &ACCOUNT[ACCOUNT.find("  - id").unwrap()..];
    let (_, problems) = with(A, twice);
    assert_eq!(
        lines(&problems),
        ["accounts/old-account.yaml:14:9: the statement `not-the-other` comes twice"]
    );
    assert_eq!(problems.0[0].related.len(), 1);
    let (_, problems) = with("accounts/sms-admins.yaml", GROUP.replace("kind: group", "kind: account"));
    assert_eq!(lines(&problems), ["accounts/sms-admins.yaml:1:5: the id `sms-admins` comes twice"]);
    let (_, problems) = with("notes/x.yaml", "a: 1\n".to_owned());
    assert_eq!(
        lines(&problems),
        [
            "notes/x.yaml:1:1: warning: the file belongs to nothing, and is not read (entities stand in `accounts/`, `groups/` and `database/`, what is said of changes in `changes/`)"
        ]
    );
}

#[test]
fn names_in_facts_are_those_of_the_vocabulary() {
    let fact = |fact: &str| mistake(A, "{kind: distinct-from, account: sms-admins}", fact);
    for (written, message) in [
        (
            "{kind: user-right, right: SeInteractiveLogon, effect: forbid, hosts: [any]}",
            "unknown user right `SeInteractiveLogon` (did you mean `SeInteractiveLogonRight`?)",
        ),
        (
            "{kind: share-acl, permissions: [Full Control]}",
            "unknown permission `Full Control` (did you mean `Full control`?)",
        ),
        (
            "{kind: ad-acl, permissions: [Full control]}",
            "unknown permission `Full control` (did you mean `Full Control`?)",
        ),
        (
            "{kind: wmi-acl, permissions: [Remote Enabled]}",
            "unknown permission `Remote Enabled` (did you mean `Remote Enable`?)",
        ),
        (
            "{kind: dcom, permission: Remote Activate}",
            "unknown permission `Remote Activate` (did you mean `Remote Activation`?)",
        ),
        ("{kind: sql, permissions: [Exec]}", "unknown permission `Exec` (did you mean `Execute`?)"),
        (
            "{kind: rbac-permission, permission: Remote, securable_object: Collection}",
            "unknown permission `Remote` (did you mean `Remote Control`?)",
        ),
        (
            "{kind: member, selector: computer}",
            "unknown kind of principal `computer` (did you mean `computer-account`?)",
        ),
        ("{kind: member, of: nowhere}", "unknown role or place `nowhere` (known are `any`, `site-server`)"),
        (
            "{kind: distinct-from, account: nobody}",
            "unknown account or group `nobody` (known are `document`, `old-account`, `sms-admins`)",
        ),
    ] {
        let found = fact(written);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].ends_with(message), "{} / {message}", found[0]);
    }
    assert!(fact("{kind: share-acl, permissions: [unspecified]}").is_empty());
}

#[test]
fn a_fact_that_nothing_could_judge_does_not_load() {
    let fact = |fact: &str| mistake(A, "{kind: distinct-from, account: sms-admins}", fact);
    for (written, message) in [
        (
            "{kind: user-right, right: SeInteractiveLogonRight, effect: forbid, hosts: [site-server]}",
            "nothing tells which computers `site-server` means in `user-right` facts",
        ),
        (
            "{kind: user-right, right: SeInteractiveLogonRight, effect: deny, hosts: [any]}",
            "unknown value of `effect` in `user-right` facts `deny`",
        ),
        (
            "{kind: user-right, right: SeInteractiveLogonRight, effect: forbid}",
            "the fact has no field `hosts`",
        ),
        ("{kind: limits, most: 3}", "unknown kind of fact `limits` (did you mean `limit`?)"),
        ("{kind: limit, mots: 3}", "unknown key of `limit` facts `mots` (did you mean `most`?)"),
        ("{kind: member, selector: computer-account}", "whose computer accounts these are is not said"),
        ("{kind: acl, permissions: [Read]}", "a folder on a site server has no path"),
    ] {
        let found = fact(written).join("\n");
        assert!(found.starts_with("accounts/old-account.yaml:11:"), "{written}: {found}");
        assert!(found.contains(message), "{written}: {found}");
    }
}

#[test]
fn mistakes_in_revisions_and_vocabulary() {
    let r = |from, to| mistake(R, from, to).join("\n");
    assert_eq!(
        r("sequence: 2", "sequence: 3"),
        "revisions.yaml:12:13: this is revision 2 of the list (set `sequence: 2`; the oldest revision stands first)"
    );
    assert_eq!(
        r("until: 8354", "until: 8692"),
        "revisions.yaml:17:18: the builds overlap with those of the revision before (end the builds of the older revision with `until`)"
    );
    assert_eq!(
        r("{from: 8692}", "{until: 8692}"),
        "revisions.yaml:17:12: the range of builds has no field `from`"
    );
    assert!(r("- id: 2015-12-08", "- id: 2019-12-08").contains("revisions.yaml:11:7: the dates of the revisions do not rise (2018-10-26 is not later than 2019-12-08)"));
    assert!(
        r("- id: 2015-12-08", "- id: 8.12.2015").contains(
            "revisions.yaml:1:7: `8.12.2015` is not a date (write year, month and day: 2018-10-26)"
        )
    );
    let v = |from, to| mistake(V, from, to).join("\n");
    assert_eq!(
        v("rid: 501,", "rid: -1,"),
        "vocabulary.yaml:10:15: a well-known principal has either `sid` or `rid` (`sid` if it is the same everywhere, `rid` if each domain has its own)\nvocabulary.yaml:10:33: a relative id is a number from 0 to 4294967295"
    );
    assert_eq!(
        v(
            "places: [{id: any, name: any computer}]",
            "places: [{id: any, name: any computer, role: site-sever}]"
        ),
        "vocabulary.yaml:13:11: unknown role `site-sever`"
    );
    assert!(v("'of {of}'", "'of {of'").ends_with(
        "vocabulary.yaml:20:24: a `{` is not closed (`{key}` or `{key|how}` stands for a value, `[...]` for what may be left out)"
    ));
    assert_eq!(
        v("[[ad, active directory]]", "[[ad]]"),
        "vocabulary.yaml:30:13: one word alone has no synonym"
    );
    assert_eq!(
        v("{id: Read, mask: 0x120089}", "{id: Full control}"),
        "groups/sms-admins.yaml:17:48: unknown permission `Read` (known are `Full control`)\nvocabulary.yaml:5:10: the permission `Full control` comes twice"
    );
}

#[test]
fn missing_and_broken_files() {
    for name in [R, V, "document.yaml"] {
        let (_, problems) = with(name, String::new());
        let missing: Vec<String> = lines(&problems);
        assert!(
            missing.contains(&format!("{name}:1:1: the file is missing (a folder given with `--content` replaces the built-in one whole)")),
            "{missing:?}"
        );
    }
    // What depends on a file that cannot be read is not reported over and over.
    let (_, problems) = with(R, "- id: [\n".to_owned());
    assert_eq!(lines(&problems), ["revisions.yaml:1:7: not valid YAML: unclosed bracket '['"]);
    let (_, problems) = with(V, String::new());
    assert_eq!(problems.0.len(), 1);
    let error = load(&Assets::Folder("/nonexistent/folder".into())).unwrap_err();
    assert!(error.0[0].message.starts_with("cannot be read: "), "{:?}", error.0[0]);
}

#[test]
fn a_problem_is_shown_with_both_its_places() {
    let (_, problems) = with("accounts/sms-admins.yaml", GROUP.replace("kind: group", "kind: account"));
    assert_eq!(
        render(&problems, false),
        "\
error: the id `sms-admins` comes twice
  ┌─ content/accounts/sms-admins.yaml:1:5
  │
1 │ id: sms-admins
  │     ^^^^^^^^^^
  │
  ┌─ content/groups/sms-admins.yaml:1:5
  │
1 │ id: sms-admins
  │     ---------- first here

"
    );
    assert!(render(&problems, true).contains("\u{1b}["));
}

#[test]
fn the_shipped_specification_loads() {
    let (content, warnings) = load(&Assets::content()).unwrap_or_else(|p| panic!("{}", render(&p, false)));
    assert_eq!(render(&warnings, false), "");
    let count = |kind| content.entities.iter().filter(|e| e.kind == kind).count();
    assert_eq!(count(EntityKind::Document), 1);
    assert!(count(EntityKind::Group) > 0 && count(EntityKind::Account) > 0);
    assert!(content.entities.iter().all(|e| !e.statements.is_empty()));
    assert_eq!(render(&content.unread(), false), "");
    assert_eq!(render(&content.misleveled(), false), "");
}

/// Every build since 1511 is one revision's; those of versions that came out are here by their numbers.
#[test]
fn every_build_has_one_revision() {
    let (content, _) = load(&Assets::content()).unwrap_or_else(|p| panic!("{}", render(&p, false)));
    let first = content.revisions.iter().find_map(|r| r.builds).expect("builds").0;
    for build in first..first + 1000 {
        assert_eq!(content.revisions.iter().filter(|r| r.speaks_for(build)).count(), 1, "{build}");
    }
    for (builds, date) in [
        (&[8325][..], "2015-12-08"),
        (&[8355, 8412, 8458, 8498, 8540, 8577, 8634], "2016-02-09"),
        (&[8692, 8740], "2018-10-30"),
        (&[8790, 8853, 8913], "2019-08-13"),
        (&[8968, 9012, 9040], "2021-02-18"),
        (&[9049, 9058, 9068], "2021-08-02"),
        (&[9078, 9088, 9096, 9106, 9122], "2022-03-29"),
        (&[9128, 9132, 9135, 9141, 9146, 9999], "2024-09-04"),
    ] {
        for build in builds {
            assert_eq!(content.revision_for_build(*build), Some(day(date)), "{build}");
        }
    }
    let named = content.revisions.iter().filter(|r| r.builds.is_some());
    assert!(named.clone().all(|r| !r.versions.is_empty()), "the versions have names");
    assert!(content.revisions.last().is_some_and(|r| r.latest_build.is_some()));
}

/// The versions of each revision are those whose first builds it speaks for.
#[test]
fn versions_and_builds_of_revisions_agree() {
    let (content, _) = load(&Assets::content()).expect("the shipped content loads");
    for revision in content.revisions.iter().filter(|r| r.builds.is_some()) {
        let all = content.vocabulary.releases.iter().filter(|(_, build)| revision.speaks_for(*build));
        assert!(all.map(|(version, _)| version).eq(&revision.versions), "{}", revision.date);
    }
    let latest = content.revisions.last().and_then(|r| r.latest_build);
    assert_eq!(content.vocabulary.releases.last().map(|(_, build)| *build), latest);
}
