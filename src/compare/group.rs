//! Changes put together: by rule, account or host.

use std::collections::BTreeMap;

use super::{Change, Found};
use crate::settings::parts;

/// By what changes are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupBy {
    /// By rule.
    Rule,
    /// By account; what is about several stands with each.
    Account,
    /// By host; what is about several stands with each.
    Host,
}

impl GroupBy {
    /// The word for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Account => "account",
            Self::Host => "host",
        }
    }

    /// The changes by what they belong to: what has something new comes first, what belongs to nothing last.
    pub(crate) fn groups(self, changes: &[Change]) -> Vec<(String, Vec<&Change>)> {
        // Letter case tells no two accounts or hosts apart; the first spelling stands for all.
        let mut groups: BTreeMap<(bool, String), (String, Vec<&Change>)> = BTreeMap::new();
        for change in changes {
            let names = self.names(&change.finding);
            let none = names.is_empty();
            let names = if none { vec![format!("about no {}", self.name())] } else { names };
            for name in names {
                let key = (none, name.to_lowercase());
                groups.entry(key).or_insert_with(|| (name, Vec::new())).1.push(change);
            }
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups
            .sort_by_key(|((none, _), (_, changes))| (*none, changes.iter().map(|change| change.kind).min()));
        groups.into_iter().map(|(_, group)| group).collect()
    }

    fn names(self, found: &Found) -> Vec<String> {
        let of = |told: &[String], fits: fn(&str) -> bool| {
            if !told.is_empty() {
                return told.to_vec();
            }
            let mut names: Vec<String> = Vec::new();
            for part in parts(&found.subject).into_iter().filter(|part| fits(part)) {
                if !names.iter().any(|name| name.eq_ignore_ascii_case(part)) {
                    names.push(part.to_owned());
                }
            }
            names
        };
        match self {
            Self::Rule => vec![found.rule.clone()],
            Self::Account => of(&found.accounts, is_account),
            Self::Host => of(&found.hosts, is_host),
        }
    }
}

/// Whether a part of a subject looks like an account: with a domain, or a computer's.
fn is_account(part: &str) -> bool {
    let path = part.contains("://") || part.starts_with("\\\\");
    !path && (part.contains('\\') || part.contains('@') || part.ends_with('$'))
}

/// Whether a part of a subject looks like a host: labels with a dot between, no file and no account.
fn is_host(part: &str) -> bool {
    let labels: Vec<&str> = part.split('.').collect();
    let label = |label: &&str| {
        !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    labels.len() > 1
        && labels.iter().all(label)
        && labels.last().is_some_and(|top| top.chars().all(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_by_their_form() {
        for (part, account, host) in [
            (r"CONTOSO\svc-naa", true, false),
            ("svc@contoso.com", true, false),
            ("P01-SRV$", true, false),
            ("p01-srv.contoso.com", false, true),
            ("contoso.com", false, true),
            ("P01", false, false),
            ("SMS Admins", false, false),
            (r"\\fs1\logs$", false, false),
            ("LDAP://OU=Servers", false, false),
            ("10.0.0.1", false, false),
            ("SMS_SiteToSiteConnection_P01", false, false),
        ] {
            assert_eq!((is_account(part), is_host(part)), (account, host), "{part}");
        }
    }
}
