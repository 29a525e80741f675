//! The accounts and computers that findings name, each in one spelling throughout a run.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::estate::principals::in_words;
use crate::estate::shared::Shared;
use crate::estate::value::{Value, group_key};
use crate::evidence::{Account, Fact, Scalar};

/// An account or a computer that a finding names.
#[derive(Debug, Clone)]
pub(super) struct Name {
    computer: bool,
    /// Its identity.
    key: String,
    written: String,
}

impl Name {
    /// The name that a cell holds; none of an empty cell or one of another type.
    pub(super) fn of(shared: &Shared<'_>, scalar: Scalar, value: &Value<'_>) -> Option<Self> {
        let written = match (value.fact, scalar) {
            (Fact::Account(account), _) => in_words(shared, account).to_owned(),
            (Fact::Text(text), Scalar::Computer) => text.to_string(),
            _ => return None,
        };
        let key = group_key(shared.ids, scalar, value)?;
        Some(Self { computer: matches!(value.fact, Fact::Text(_)), key, written })
    }

    /// As [`Name::of`], from a value that is text already.
    pub(super) fn of_text(shared: &Shared<'_>, scalar: Scalar, text: &str) -> Option<Self> {
        let fact = match scalar {
            Scalar::Account => Fact::Account(Account::parse(text)?.into()),
            Scalar::Computer => Fact::Text(text.into()),
            _ => return None,
        };
        Self::of(shared, scalar, &Value::new(&fact, shared.ids))
    }
}

/// How each account and computer of a run is spelled.
#[derive(Debug)]
pub(super) struct Spellings(HashMap<(bool, String), String>);

impl Spellings {
    /// Of several spellings of one the fullest is taken: with a domain rather than without, then the one that is met most
    /// often, then the first of the alphabet.
    pub(super) fn of<'n>(names: impl Iterator<Item = &'n Name>) -> Self {
        let mut seen: HashMap<(bool, &str), BTreeMap<&str, usize>> = HashMap::new();
        for name in names {
            *seen.entry((name.computer, &name.key)).or_default().entry(&name.written).or_default() += 1;
        }
        let fullest = |((computer, key), spellings): ((bool, &str), BTreeMap<&str, usize>)| {
            let full = |text: &str| text.contains(if computer { '.' } else { '\\' });
            let best = spellings.into_iter().rev().max_by_key(|(text, times)| (full(text), *times));
            ((computer, key.to_owned()), best.map_or(String::new(), |(text, _)| text.to_owned()))
        };
        Self(seen.into_iter().map(fullest).collect())
    }

    /// The accounts, and the computers: each once.
    pub(super) fn apart(&self, names: Vec<Name>) -> (Vec<String>, Vec<String>) {
        let (mut accounts, mut hosts) = (Vec::new(), Vec::new());
        let mut seen = HashSet::new();
        for name in names {
            let into = if name.computer { &mut hosts } else { &mut accounts };
            let of = (name.computer, name.key);
            if let Some(text) = self.0.get(&of)
                && seen.insert(of)
            {
                into.push(text.clone());
            }
        }
        (accounts, hosts)
    }
}
