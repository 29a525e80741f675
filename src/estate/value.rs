//! Values compared: three-valued sameness by type, and the keys by which values are looked up and put together.

use std::borrow::Cow;
use std::ops::{BitAnd, BitOr, Not};

use crate::evidence::{Account, Fact, Identities, Identity, Scalar, computer_name};
use crate::rules::Mode;

/// A truth value of Kleene's logic. The order makes `and` the smaller and `or` the greater of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Tri {
    /// No.
    False,
    /// It cannot be told.
    Open,
    /// Yes.
    True,
}

impl From<bool> for Tri {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

impl From<Option<bool>> for Tri {
    fn from(value: Option<bool>) -> Self {
        value.map_or(Self::Open, Self::from)
    }
}

impl BitAnd for Tri {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        self.min(other)
    }
}

impl BitOr for Tri {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.max(other)
    }
}

impl Not for Tri {
    type Output = Self;
    fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Open => Self::Open,
            Self::True => Self::False,
        }
    }
}

/// A known value, an account with its identity.
#[derive(Debug, Clone)]
pub(crate) struct Value<'e> {
    pub(crate) fact: &'e Fact,
    pub(crate) identity: Option<Cow<'e, Identity>>,
}

impl<'e> Value<'e> {
    pub(crate) fn new(fact: &'e Fact, ids: &Identities) -> Self {
        let identity = match fact {
            Fact::Account(account) => Some(Cow::Owned(ids.resolve(account))),
            _ => None,
        };
        Self { fact, identity }
    }

    /// The identity of an account; a text is read as one.
    fn identity(&self, ids: &Identities) -> Option<Cow<'_, Identity>> {
        if let Some(identity) = &self.identity {
            return Some(Cow::Borrowed(identity));
        }
        Account::parse(text(self.fact)?).map(|account| Cow::Owned(ids.resolve(&account)))
    }
}

/// The text of a value, as it is written.
pub(crate) fn text(fact: &Fact) -> Option<&str> {
    match fact {
        Fact::Text(text) => Some(text),
        Fact::Account(account) => Some(&account.written),
        _ => None,
    }
}

/// Whether two known values are the same.
pub(crate) fn same(ids: &Identities, mode: Mode, a: &Value<'_>, b: &Value<'_>) -> Tri {
    let texts = || text(a.fact).zip(text(b.fact));
    match mode {
        Mode::Text | Mode::Name | Mode::Site => texts().is_some_and(|(a, b)| same_name(a, b)).into(),
        Mode::Integer | Mode::Flag => match (a.fact, b.fact) {
            (Fact::Integer(a), Fact::Integer(b)) => (a == b).into(),
            (Fact::Flag(a), Fact::Flag(b)) => (a == b).into(),
            _ => Tri::False,
        },
        Mode::Date => texts().is_some_and(|(a, b)| date(a) == date(b)).into(),
        Mode::Path => texts().is_some_and(|(a, b)| path(a) == path(b)).into(),
        Mode::Account => match (a.identity(ids), b.identity(ids)) {
            (Some(a), Some(b)) => ids.compare(&a, &b).into(),
            _ => Tri::False,
        },
        Mode::Computer => texts().map_or(Tri::False, |(a, b)| ids.same_computer(a, b).into()),
        Mode::ComputerAccount => match (a.fact, b.fact) {
            (Fact::Account(account), Fact::Text(computer))
            | (Fact::Text(computer), Fact::Account(account)) => ids.is_account_of(account, computer).into(),
            _ => Tri::False,
        },
    }
}

/// Two texts without regard to case.
pub(crate) fn same_name(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.trim().eq_ignore_ascii_case(b.trim());
    }
    let fold = |text: &str| text.trim().to_lowercase();
    fold(a) == fold(b)
}

/// A point in time in a form in which the order of texts is the order of time.
pub(crate) fn date(text: &str) -> &str {
    text.trim_end_matches('Z')
}

/// A path in the form in which equal paths are equal texts: lower case, single backslashes, none at the end. Names in
/// percent signs stay as they are, so that they equal nothing but themselves.
pub(crate) fn path(text: &str) -> String {
    let text = text.trim();
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let c = if c == '/' { '\\' } else { c };
        // Two at the start are a network path.
        if c == '\\' && out.ends_with('\\') && out.len() > 1 {
            continue;
        }
        out.extend(c.to_lowercase());
    }
    while out.ends_with('\\') && out.len() > 1 {
        out.pop();
    }
    out
}

/// Whether `inner` is `outer` or below it; both in the form of [`path`].
pub(crate) fn within(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('\\'))
}

/// Where a value is looked up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Bucket {
    /// Whatever is the same has one of these keys; so has what is possibly the same, unless one of the two is
    /// [`Bucket::any`].
    pub(crate) keys: Vec<String>,
    /// The value is possibly the same as anything, though proven the same only as what shares a key.
    pub(crate) any: bool,
}

/// The keys by which a known value is looked up.
pub(crate) fn bucket(ids: &Identities, mode: Mode, value: &Value<'_>) -> Bucket {
    let one = |key: String| Bucket { keys: vec![key], any: false };
    let texts = |of: fn(&str) -> String| text(value.fact).map_or_else(Bucket::default, |t| one(of(t)));
    match mode {
        Mode::Integer | Mode::Flag => match value.fact {
            Fact::Integer(n) => one(n.to_string()),
            Fact::Flag(flag) => one(flag.to_string()),
            _ => Bucket::default(),
        },
        Mode::Text | Mode::Name | Mode::Site => texts(|t| t.trim().to_lowercase()),
        Mode::Date => texts(|t| date(t).to_owned()),
        Mode::Path => texts(path),
        Mode::Account => match value.identity(ids) {
            Some(identity) => identity_bucket(&identity),
            None => Bucket::default(),
        },
        Mode::Computer => text(value.fact).map_or_else(Bucket::default, computer_bucket),
        Mode::ComputerAccount => match value.fact {
            Fact::Account(_) => match value.identity(ids).as_ref().map(|i| i.name()) {
                Some(Some(name)) => {
                    name.strip_suffix('$').map_or_else(Bucket::default, |label| one(cut(label)))
                }
                Some(None) => Bucket { keys: Vec::new(), any: true },
                None => Bucket::default(),
            },
            _ => text(value.fact).map_or_else(Bucket::default, computer_bucket),
        },
    }
}

/// An account is looked up by its key and by its name.
pub(crate) fn identity_bucket(identity: &Identity) -> Bucket {
    let mut keys = vec![format!("k{}", identity.key())];
    keys.extend(identity.name().map(|name| format!("n{name}")));
    Bucket { any: identity.name().is_none(), keys }
}

/// A computer is looked up by what its NetBIOS name would be; an address may be any computer's.
fn computer_bucket(text: &str) -> Bucket {
    let Some(name) = computer_name(text) else { return Bucket { keys: Vec::new(), any: true } };
    let address = name.contains(':') || name.split('.').all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    if address {
        return Bucket { keys: vec![name.to_lowercase()], any: true };
    }
    Bucket { keys: vec![cut(name.split('.').next().unwrap_or(name))], any: false }
}

/// NetBIOS names have 15 characters at most.
fn cut(label: &str) -> String {
    label.to_lowercase().chars().take(15).collect()
}

/// The key by which rows are put together, equal if two values are proven the same; texts to the letter. None for
/// values that are empty or unknown.
pub(crate) fn group_key(ids: &Identities, scalar: Scalar, value: &Value<'_>) -> Option<String> {
    Some(match value.fact {
        Fact::Unknown(_) | Fact::Empty | Fact::List(_) => return None,
        Fact::Flag(flag) => flag.to_string(),
        Fact::Integer(n) => n.to_string(),
        Fact::Account(account) => match &value.identity {
            Some(identity) => identity.key().to_owned(),
            None => ids.key(account).to_string(),
        },
        Fact::Text(text) => match scalar {
            Scalar::Text => text.to_string(),
            Scalar::Computer => ids.computer_key(text),
            Scalar::Path => path(text),
            Scalar::Date => date(text).to_owned(),
            _ => text.trim().to_lowercase(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logic_is_kleenes() {
        use Tri::{False as F, Open as O, True as T};
        let and = [(F, F, F), (F, O, F), (F, T, F), (O, O, O), (O, T, O), (T, T, T)];
        let or = [(F, F, F), (F, O, O), (F, T, T), (O, O, O), (O, T, T), (T, T, T)];
        for (a, b, result) in and {
            assert_eq!((a & b, b & a), (result, result), "{a:?} and {b:?}");
        }
        for (a, b, result) in or {
            assert_eq!((a | b, b | a), (result, result), "{a:?} or {b:?}");
        }
        assert_eq!((!F, !O, !T), (T, O, F));
    }

    #[test]
    fn paths_differ_in_more_than_their_spelling() {
        let table = [
            (r"C:\Program Files\X", r"c:/program files/x/", true),
            (r"\\srv\share\a", r"\\SRV\share\\a", true),
            (r"\\srv\share", r"\srv\share", false),
            (r"%ProgramFiles%\X", r"C:\Program Files\X", false),
            (r"%path%\X", r"%PATH%\x\", true),
        ];
        for (a, b, equal) in table {
            assert_eq!(path(a) == path(b), equal, "{a} {b}");
        }
        assert!(within(&path(r"D:\inboxes\auth"), &path(r"d:\Inboxes\")));
        assert!(within(&path(r"D:\inboxes"), &path(r"D:\inboxes")));
        assert!(!within(&path(r"D:\inboxes2"), &path(r"D:\inboxes")));
    }

    fn account(name: &str) -> Fact {
        Fact::Account(std::sync::Arc::new(Account::parse(name).unwrap()))
    }

    #[test]
    fn what_may_be_the_same_is_looked_up_together() {
        let ids = Identities::default();
        let names = [
            r"CONTOSO\naa",
            "naa@contoso.com",
            "naa",
            r".\naa",
            "S-1-5-21-1-2-3-1105",
            "CN=Network Access,DC=contoso,DC=com",
            r"CONTOSO\other",
        ];
        let facts: Vec<Fact> = names.iter().map(|n| account(n)).collect();
        for a in &facts {
            for b in &facts {
                let (va, vb) = (Value::new(a, &ids), Value::new(b, &ids));
                if same(&ids, Mode::Account, &va, &vb) == Tri::False {
                    continue;
                }
                let (x, y) = (bucket(&ids, Mode::Account, &va), bucket(&ids, Mode::Account, &vb));
                let keyed = x.keys.iter().any(|k| y.keys.contains(k));
                let proven = same(&ids, Mode::Account, &va, &vb) == Tri::True;
                let shared = keyed || (!proven && (x.any || y.any));
                assert!(shared, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_text_is_read_as_an_account() {
        let ids = Identities::default();
        let (a, b) = (account("S-1-5-32-544"), Fact::Text("s-1-5-32-544".into()));
        assert_eq!(same(&ids, Mode::Account, &Value::new(&a, &ids), &Value::new(&b, &ids)), Tri::True);
    }
}
