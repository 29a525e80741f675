//! Comparisons of reports that are made up.

use proptest::prelude::*;

use super::*;

fn found(rule: &str, subject: &str, level: Level) -> Found {
    Found {
        fingerprint: format!("{rule}/{subject}"),
        rule: rule.to_owned(),
        level,
        statements: Vec::new(),
        entity: None,
        subject: subject.to_owned(),
        message: format!("`{subject}` breaks {rule}"),
        place: None,
        accounts: Vec::new(),
        hosts: Vec::new(),
    }
}

fn row(rule: &str, open: bool) -> Row {
    Row { rule: rule.to_owned(), statements: Vec::new(), open: open.then(|| "not exported".to_owned()) }
}

fn report(findings: &[Found], waived: &[Found], rows: &[Row]) -> Snapshot {
    Snapshot {
        name: "report.json".to_owned(),
        findings: gravest(findings.iter().cloned()),
        waived: gravest(waived.iter().cloned()),
        rows: rows.to_vec(),
        ..Snapshot::default()
    }
}

#[test]
fn every_way_to_differ_has_its_word() {
    use Level::{Error, Warning};
    let one = |level| found("a", "x", level);
    let seen = [row("a", false)];
    let blind = [row("a", true)];
    for (old, new, kind) in [
        (report(&[], &[], &seen), report(&[one(Error)], &[], &seen), Some(Kind::New)),
        (report(&[], &[], &blind), report(&[one(Error)], &[], &seen), Some(Kind::NewlyEvaluated)),
        (report(&[], &[], &[]), report(&[one(Error)], &[], &seen), Some(Kind::NewlyEvaluated)),
        (report(&[one(Warning)], &[], &seen), report(&[one(Error)], &[], &seen), Some(Kind::ChangedLevel)),
        (report(&[], &[one(Error)], &seen), report(&[one(Error)], &[], &seen), Some(Kind::NoLongerWaived)),
        (report(&[one(Error)], &[], &seen), report(&[], &[one(Error)], &seen), Some(Kind::Waived)),
        (report(&[one(Error)], &[], &seen), report(&[], &[], &blind), Some(Kind::NoLongerEvaluated)),
        (report(&[one(Error)], &[], &seen), report(&[], &[], &[]), Some(Kind::NoLongerEvaluated)),
        (report(&[one(Error)], &[], &seen), report(&[], &[], &seen), Some(Kind::Gone)),
        (report(&[one(Error)], &[], &seen), report(&[one(Error)], &[], &blind), None),
        (report(&[], &[one(Error)], &seen), report(&[], &[], &seen), None),
    ] {
        let kinds: Vec<Kind> = between(&old, &new).findings.iter().map(|change| change.kind).collect();
        assert_eq!(kinds, Vec::from_iter(kind), "{old:?}\n{new:?}");
    }
}

#[test]
fn a_rule_that_is_broken_and_open_does_not_let_findings_go() {
    let half = Row { open: Some(INCOMPLETE.to_owned()), ..row("a", false) };
    let old =
        report(&[found("a", "x", Level::Error), found("a", "y", Level::Error)], &[], &[row("a", false)]);
    let new = report(&[found("a", "y", Level::Error)], &[], &[half]);
    let changes = between(&old, &new);
    assert_eq!((changes.count(Kind::Gone), changes.count(Kind::NoLongerEvaluated)), (0, 1));
    assert_eq!(changes.findings[0].reason.as_deref(), Some(INCOMPLETE));
}

#[test]
fn of_the_rows_of_a_rule_those_of_the_findings_statement_count() {
    let of = |statement: &str, open: bool| Row { statements: vec![statement.to_owned()], ..row("a", open) };
    let about = Found { statements: vec!["e/one".to_owned()], ..found("a", "x", Level::Error) };
    let old = report(std::slice::from_ref(&about), &[], &[of("e/one", false), of("e/two", false)]);
    let kind = |rows: &[Row]| between(&old, &report(&[], &[], rows)).findings[0].kind;
    assert_eq!(kind(&[of("e/one", false), of("e/two", true)]), Kind::Gone);
    assert_eq!(kind(&[of("e/one", true), of("e/two", false)]), Kind::NoLongerEvaluated);
}

#[test]
fn only_what_is_more_or_graver_fails() {
    let change =
        |kind, from, to| Change { kind, finding: found("a", "x", Level::Note), from, to, reason: None };
    let (note, error) = (Some(Level::Note), Some(Level::Error));
    assert_eq!(change(Kind::New, None, error).fails(), error);
    assert_eq!(change(Kind::NewlyEvaluated, None, note).fails(), note);
    assert_eq!(change(Kind::NoLongerWaived, None, note).fails(), note);
    assert_eq!(change(Kind::ChangedLevel, note, error).fails(), error);
    assert_eq!(change(Kind::ChangedLevel, error, note).fails(), None);
    for kind in [Kind::Gone, Kind::Waived, Kind::NoLongerEvaluated] {
        assert_eq!(change(kind, error, None).fails(), None);
    }
}

#[test]
fn changes_go_to_the_accounts_and_hosts_they_are_about() {
    let changes: Vec<Change> = [
        found("a", r"CONTOSO\svc in SMS Admins on ps1.contoso.com", Level::Error),
        found("b", r"contoso\SVC", Level::Error),
        found("c", "P01", Level::Error),
        Found { accounts: vec!["x@y".to_owned()], ..found("d", "P01", Level::Error) },
    ]
    .into_iter()
    .map(|finding| Change { kind: Kind::New, to: Some(finding.level), from: None, reason: None, finding })
    .collect();
    let groups = |by: GroupBy| -> Vec<(String, usize)> {
        by.groups(&changes).into_iter().map(|(name, changes)| (name, changes.len())).collect()
    };
    let named =
        |groups: &[(&str, usize)]| groups.iter().map(|(n, c)| ((*n).to_owned(), *c)).collect::<Vec<_>>();
    assert_eq!(groups(GroupBy::Account), named(&[(r"CONTOSO\svc", 2), ("x@y", 1), ("about no account", 1)]));
    assert_eq!(groups(GroupBy::Host), named(&[("ps1.contoso.com", 1), ("about no host", 3)]));
    assert_eq!(groups(GroupBy::Rule).len(), 4);
}

#[test]
fn what_is_no_report_is_said_without_a_word_of_it() {
    for (text, said) in [
        ("", "not JSON"),
        ("{\"secret\": ", "not JSON, at line 1"),
        ("[]", "no report"),
        ("{\"schema\": \"cmlint-diff/1\"}", "no report"),
        ("{\"schema\": \"cmlint-report/2\"}", "`cmlint-report/2`; this cmlint reads `cmlint-report/1`"),
        ("{\"schema\": \"cmlint-report/1\", \"findings\": \"secret\"}", "lacks what such a report has"),
    ] {
        let error = read("x.json", text).expect_err("no report");
        assert!(error.contains(said) && !error.contains("secret"), "{error}");
    }
}

prop_compose! {
    fn any_finding()(rule in 0_u8..4, subject in 0_u8..4, level in 0_u8..3) -> Found {
        let level = [Level::Note, Level::Warning, Level::Error][usize::from(level)];
        found(&format!("r{rule}"), &format!("s{subject}"), level)
    }
}

prop_compose! {
    fn any_report()(
        findings in prop::collection::vec(any_finding(), 0..8),
        waived in prop::collection::vec(any_finding(), 0..4),
        open in prop::collection::vec(prop::option::of(any::<bool>()), 4),
    ) -> Snapshot {
        let rows: Vec<Row> = (open.iter().enumerate())
            .filter_map(|(i, open)| Some(row(&format!("r{i}"), (*open)?)))
            .collect();
        let mut out = report(&findings, &waived, &rows);
        // A finding is either waived or not.
        out.waived.retain(|fingerprint, _| !out.findings.contains_key(fingerprint));
        out
    }
}

/// What a change is, seen from the other side.
fn turned(kind: Kind) -> Kind {
    match kind {
        Kind::New => Kind::Gone,
        Kind::Gone => Kind::New,
        Kind::NewlyEvaluated => Kind::NoLongerEvaluated,
        Kind::NoLongerEvaluated => Kind::NewlyEvaluated,
        Kind::Waived => Kind::NoLongerWaived,
        Kind::NoLongerWaived => Kind::Waived,
        Kind::ChangedLevel => Kind::ChangedLevel,
    }
}

proptest! {
    #[test]
    fn a_report_does_not_differ_from_itself(report in any_report()) {
        prop_assert_eq!(between(&report, &report), Changes::default());
    }

    #[test]
    fn turning_two_reports_round_turns_all_that_changed(old in any_report(), new in any_report()) {
        let there = between(&old, &new);
        let back = between(&new, &old);
        let keys = |changes: &Changes, turn: fn(Kind) -> Kind| {
            let mut keys: Vec<_> =
                changes.findings.iter().map(|c| (turn(c.kind), c.finding.fingerprint.clone())).collect();
            keys.sort();
            keys
        };
        prop_assert_eq!(keys(&there, turned), keys(&back, |kind| kind));
        let turned: Vec<_> = back.findings.iter().map(|c| (c.to, c.from, c.finding.fingerprint.clone())).collect();
        for change in &there.findings {
            prop_assert!(turned.contains(&(change.from, change.to, change.finding.fingerprint.clone())));
        }
        prop_assert_eq!(there.no_longer_evaluated.len(), back.newly_evaluated.len());
    }

    #[test]
    fn what_goes_and_what_comes_is_the_difference_of_the_counts(old in any_report(), new in any_report()) {
        let changes = between(&old, &new);
        let come = changes.findings.iter().filter(|c| c.from.is_none()).count();
        let went = changes.findings.iter().filter(|c| c.to.is_none()).count();
        prop_assert_eq!(old.findings.len() + come, new.findings.len() + went);
    }
}
