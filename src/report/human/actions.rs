//! What to do first: the advice that ends most findings.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use super::super::Report;
use crate::check::Finding;
use crate::rules::Level;

/// One advice, and the findings that are gone once it is followed for all of them.
#[derive(Debug)]
pub(super) struct Action<'a> {
    /// What to do: Markdown.
    pub(super) help: &'a str,
    /// Never empty.
    pub(super) findings: Vec<&'a Finding>,
    pub(super) rules: Vec<&'a str>,
    pub(super) hosts: BTreeSet<&'a str>,
}

/// The actions that end most findings, notes not counted, those of the most first. Each finding has one advice, so that no
/// two overlap.
pub(super) fn actions<'a>(report: &Report<'a>, most: usize) -> Vec<Action<'a>> {
    let mut all: Vec<Action<'a>> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for finding in report.run.findings.iter().filter(|f| f.counts() && f.level > Level::Note) {
        let help = finding.help.as_str();
        let number = *known.entry(help).or_insert_with(|| {
            all.push(Action { help, findings: Vec::new(), rules: Vec::new(), hosts: BTreeSet::new() });
            all.len() - 1
        });
        let action = &mut all[number];
        action.findings.push(finding);
        if !action.rules.contains(&finding.rule.as_str()) {
            action.rules.push(&finding.rule);
        }
        action.hosts.extend(finding.hosts.iter().map(String::as_str));
    }
    let errors = |action: &Action<'_>| action.findings.iter().filter(|f| f.level == Level::Error).count();
    all.sort_by_key(|action| (Reverse(action.findings.len()), Reverse(errors(action)), action.rules[0]));
    all.truncate(most);
    all
}
