//! What a rule finds once a short name is taken for what suggests itself: findings beside those that are proven, less
//! sure, which say what was taken for what. It is never a pass: where nothing is found, what was open stays open.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Judged, Outcome};
use crate::evidence::{Identities, Supposition};
use crate::rules::Confidence;

/// Whether a rule that was judged by what is proven may find more: something is open, or it found something, and then
/// nothing tells what else is open.
pub(super) fn may_tell_more((outcomes, _): &Judged) -> bool {
    outcomes.iter().any(|of| matches!(of.outcome, Outcome::NotEvaluated(_) | Outcome::Fail))
}

/// Adds to what is proven of a rule what it finds by supposition. Both are of the same rule, so that their outcomes are of
/// the same statements in the same order.
pub(super) fn add(proven: &mut Judged, supposed: Judged, ids: &Identities) {
    let (outcomes, ranked) = supposed;
    // Subjects are compared by the identities of the second time, which are the wider ones.
    let subjects: BTreeMap<&str, &str> =
        ranked.iter().map(|one| (one.finding.fingerprint.as_str(), one.same_subject.as_str())).collect();
    for one in &mut proven.1 {
        if let Some(subject) = subjects.get(one.finding.fingerprint.as_str()) {
            (*subject).clone_into(&mut one.same_subject);
        }
    }
    let known: BTreeSet<String> = proven.1.iter().map(|one| one.finding.fingerprint.clone()).collect();
    let same: BTreeSet<String> = proven.1.iter().map(|one| one.same_subject.clone()).collect();
    let mut found: BTreeSet<String> = BTreeSet::new();
    for mut one in ranked {
        if known.contains(&one.finding.fingerprint) || same.contains(&one.same_subject) {
            continue;
        }
        one.supposed = true;
        lower(&mut one.finding, ids);
        found.extend(one.finding.statements.iter().cloned());
        proven.1.push(one);
    }
    if found.is_empty() {
        return;
    }
    for (first, second) in proven.0.iter_mut().zip(outcomes) {
        let of_these = first.statements.is_empty() || first.statements.iter().any(|s| found.contains(s));
        if of_these && matches!((&first.outcome, &second.outcome), (Outcome::NotEvaluated(_), Outcome::Fail))
        {
            first.outcome = Outcome::Fail;
            first.incomplete = true;
        }
    }
}

/// Makes a finding less sure and says what it rests on.
fn lower(finding: &mut Finding, ids: &Identities) {
    finding.confidence = match finding.confidence {
        Confidence::High => Confidence::Medium,
        Confidence::Medium | Confidence::Low => Confidence::Low,
    };
    let all: Vec<&Supposition> = ids.suppositions().collect();
    let texts: Vec<String> = [&finding.subject, &finding.message]
        .into_iter()
        .chain(finding.labels.iter().map(|label| &label.text))
        .map(|text| text.to_lowercase())
        .collect();
    let mut named: Vec<&Supposition> = all.iter().copied().filter(|one| is_named(&texts, one)).collect();
    if named.is_empty() {
        named = all;
    }
    let words: Vec<String> = named
        .iter()
        .map(|one| {
            let what = if one.computer { "the computer" } else { "the domain" };
            format!("`{}` is taken for {what} `{}`", one.short, one.dns)
        })
        .collect();
    let words = crate::text::list(&words);
    finding.message = format!("{}; {words}", finding.message);
    finding.doubt = Some(format!("{words}, which nothing in the exports proves"));
}

/// Whether texts in lower case speak of a short name or of what it is taken for.
fn is_named(texts: &[String], one: &Supposition) -> bool {
    let short = one.short.to_lowercase();
    texts.iter().any(|text| has_word(text, &short) || has_word(text, &one.dns))
}

/// Whether a text holds a word that is not part of a longer name. Both are in lower case.
fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    text.match_indices(word).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(part)
            && !text[at + word.len()..].chars().next().is_some_and(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_a_whole() {
        for (text, found) in [
            (r"`contoso\svc` is disabled", true),
            (r"`contoso.com\svc` is disabled", false),
            (r"`my-contoso\svc` is disabled", false),
            ("of contoso", true),
            ("contosos", false),
        ] {
            assert_eq!(has_word(text, "contoso"), found, "{text}");
        }
    }
}
