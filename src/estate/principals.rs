//! Who stands for whom: the groups of everybody, and what a documented group is called at a site.

use crate::content::Entity;
use crate::estate::shared::Shared;
use crate::evidence::Account;

/// Those that stand for everybody, by security identifier or relative identifier.
const EVERYBODY: [(&str, &str); 4] = [
    ("S-1-1-0", "Everyone"),
    ("S-1-5-11", "Authenticated Users"),
    ("S-1-5-32-545", "Users"),
    ("-513", "Domain Users"),
];

/// The group for everybody that an account is.
pub(crate) fn everybody(
    shared: &Shared<'_>,
    account: &Account,
    sid: Option<&str>,
    relative: Option<i64>,
) -> Option<&'static str> {
    let identity = shared.ids.resolve(account);
    let sid = identity.sid().or(sid).map(str::to_owned);
    if let Some(sid) = sid {
        return EVERYBODY
            .iter()
            .find(|(known, _)| match known.strip_prefix('-') {
                Some(rid) => sid.starts_with("S-1-5-21-") && sid.rsplit('-').next() == Some(rid),
                None => sid == *known,
            })
            .map(|(_, name)| *name);
    }
    if relative == Some(513) || identity.name() == Some("domain users") {
        return Some("Domain Users");
    }
    None
}

/// The name of a documented group; one with a site code for that site.
pub(crate) fn group_name(shared: &Shared<'_>, entity: &Entity, site: &str) -> Option<String> {
    let name = entity.name.at(shared.revision)?;
    let pattern = entity.name_pattern.as_deref().unwrap_or(name);
    Some(pattern.replace("<sitecode>", &site.to_uppercase()))
}
