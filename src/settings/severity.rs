//! Levels that an estate gives to findings in place of those of the rules.

use super::{Finding, Level, Rule, RuleSet, Run, Selector};
use crate::waive::Glob;

/// Levels by rule, group of rules, account, group or statement, and what is worth a level more.
#[derive(Debug, Default)]
pub(crate) struct Severity {
    /// The file that says so.
    path: String,
    entries: Vec<Entry>,
    /// What belongs to tier 0, as it is written and as a pattern.
    pub(super) tier_0: Vec<(String, Glob)>,
}

#[derive(Debug)]
struct Entry {
    /// As it is written.
    name: String,
    selector: Selector,
    /// None for `off`.
    level: Option<Level>,
}

impl Entry {
    /// How narrow it is. Of several that fit the narrowest holds.
    fn rank(&self) -> u8 {
        match self.selector {
            Selector::Group(_) => 0,
            Selector::Entity(_) => 1,
            Selector::Rule(_) => 2,
            Selector::Statement(_) => 3,
        }
    }

    fn fits(&self, rule: &Rule, statements: &[String]) -> bool {
        match self.level {
            Some(_) => self.selector.selects(rule, statements),
            // What is about something else as well stays.
            None => self.selector.ignores(rule, statements),
        }
    }
}

impl Severity {
    pub(super) fn new(path: &str) -> Self {
        Self { path: path.to_owned(), ..Self::default() }
    }

    pub(super) fn add(&mut self, name: String, selector: Selector, level: Option<Level>) {
        self.entries.push(Entry { name, selector, level });
    }

    /// Names that are off, as they are written.
    pub(crate) fn off(&self) -> Vec<&str> {
        self.entries.iter().filter(|entry| entry.level.is_none()).map(|entry| entry.name.as_str()).collect()
    }

    /// Takes back what is off of that name: somebody asks for it on the command line.
    pub(crate) fn turn_on(&mut self, selectors: &[Selector]) {
        self.entries.retain(|entry| entry.level.is_some() || !selectors.contains(&entry.selector));
    }

    fn entry(&self, rule: &Rule, statements: &[String]) -> Option<&Entry> {
        self.entries.iter().filter(|entry| entry.fits(rule, statements)).max_by_key(|entry| entry.rank())
    }

    /// Whether what a rule says of statements is off.
    pub(crate) fn is_off(&self, rule: &Rule, statements: &[String]) -> bool {
        self.entry(rule, statements).is_some_and(|entry| entry.level.is_none())
    }

    /// Gives the findings of a run their levels; each that has another than that of its rule says why.
    pub(crate) fn apply(&self, run: &mut Run, rules: &RuleSet) {
        for finding in &mut run.findings {
            let before = finding.level;
            let mut reasons = Vec::new();
            if let Some(entry) =
                rules.find(&finding.rule).and_then(|rule| self.entry(rule, &finding.statements))
                && let Some(level) = entry.level
                && level != finding.level
            {
                finding.level = level;
                reasons.push(format!("`{}` is {} in {}", entry.name, level.name(), self.path));
            }
            if let Some(name) = self.special(finding)
                && let Some(level) = raised(finding.level)
            {
                finding.level = level;
                reasons.push(format!("`{name}` is of tier 0 in {}, which is a level more", self.path));
            }
            if finding.level != before {
                finding.remarks.rule_level = Some((before, reasons.join("; ")));
            }
        }
    }

    /// The entry of tier 0 that a finding is about.
    fn special(&self, finding: &Finding) -> Option<&str> {
        let mut parts = parts(&finding.subject);
        parts.extend(finding.accounts.iter().chain(&finding.hosts).map(String::as_str));
        let is = |pattern: &Glob| parts.iter().any(|part| pattern.matches(part));
        self.tier_0.iter().find(|(_, pattern)| is(pattern)).map(|(name, _)| name.as_str())
    }
}

/// The level above.
fn raised(level: Level) -> Option<Level> {
    match level {
        Level::Note => Some(Level::Warning),
        Level::Warning => Some(Level::Error),
        Level::Error => None,
    }
}

/// The things that a subject names: accounts, groups, hosts.
pub(crate) fn parts(subject: &str) -> Vec<&str> {
    let parts = subject.split(", ").flat_map(|part| part.split(" in ")).flat_map(|part| part.split(" on "));
    parts.map(|part| part.trim().trim_matches('`')).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_names_accounts_groups_and_hosts() {
        assert_eq!(
            parts(r"CONTOSO\contractor in SMS Admins on p01-srv.contoso.com"),
            [r"CONTOSO\contractor", "SMS Admins", "p01-srv.contoso.com"]
        );
        assert_eq!(parts(r"P01, CONTOSO\svc-naa"), ["P01", r"CONTOSO\svc-naa"]);
        assert_eq!(parts(""), Vec::<&str>::new());
    }
}
