//! What changed between the revisions, held against what a careful reader of the pages found.

use std::path::PathBuf;

use cmlint::assets::Assets;
use cmlint::content::{self, Content, Date};
use cmlint::diff::{self, Diff};
use cmlint::evidence;
use cmlint::rules::{self, RuleSet};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn loaded() -> (Content, RuleSet) {
    let assets = Assets::Folder(root().join("content"));
    let (content, _) = content::load(&assets).expect("the specification loads");
    let (schema, _) = evidence::load(&assets).expect("the evidence tables load");
    let rules = rules::compile(&Assets::Folder(root().join("rules")), &content, &schema).expect("rules");
    (content, rules)
}

fn date(text: &str) -> Date {
    text.parse().expect("a date")
}

fn between(from: &str, to: &str) -> Diff {
    let (content, rules) = loaded();
    diff::between(&content, &rules, date(from), date(to))
}

fn facts(diff: &Diff) -> Vec<String> {
    diff.changes().filter(|(_, c)| c.kind.is_fact()).map(|(_, c)| c.statement.clone()).collect()
}

#[test]
fn the_first_step_adds_one_requirement_and_takes_nothing() {
    let diff = between("2015-12-08", "2016-02-09");
    assert_eq!(diff.entries, (34, 34));
    assert!(diff.renamed.is_empty() && diff.merged.is_empty());
    assert!(diff.added.is_empty() && diff.removed.is_empty());
    assert_eq!(facts(&diff), ["reporting-services-point-account/log-on-locally"]);
}

#[test]
fn the_second_step_renames_and_merges() {
    let diff = between("2016-02-09", "2018-10-26");
    assert_eq!(diff.entries, (34, 32));
    assert_eq!(diff.renamed.iter().filter(|r| r.case_only).count(), 20);
    let renamed: Vec<&str> =
        diff.renamed.iter().filter(|r| !r.case_only).map(|r| r.entity.as_str()).collect();
    assert_eq!(
        renamed,
        [
            "capture-os-image-account",
            "task-sequence-domain-join-account",
            "task-sequence-network-folder-connection-account",
        ]
    );
    assert_eq!(diff.merged.len(), 1);
    assert_eq!(diff.merged[0].into, "site-system-proxy-server-account");
    assert_eq!(diff.merged[0].from.len(), 3);
    assert!(diff.added.is_empty() && diff.removed.is_empty());
}
