//! Which user rights an account has on a computer, or would have where a policy applies.
//!
//! An account holds a right if it, or a group it belongs to, is assigned the right, and neither is denied it. What
//! a policy does not assign is decided elsewhere; what it does not deny it lets stand.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::estate::membership::{Belongs, Membership};
use crate::estate::shared::Shared;
use crate::estate::table::{Line, Missing, View};
use crate::evidence::{Account, TableId, Why};
use crate::source::Place;

/// Whether an account has a right.
#[derive(Debug, Clone)]
pub(crate) enum Held {
    /// It has it. `sure` is false where the export does not tell who is denied the right.
    Yes { through: String, sure: bool, place: Option<Place>, record: Option<Place> },
    /// It does not: in words why, and where that shows.
    No { because: String, place: Option<Place>, record: Option<Place> },
    /// The exports do not tell.
    Open(Missing),
}

/// Where rights are assigned: on a computer, or by a policy that may apply to many.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Where {
    /// Key of a computer, and its name as it is written.
    Host(String, String),
    /// Name of a policy.
    Policy(String),
}

/// An account that is assigned a right.
#[derive(Debug)]
struct Assigned<'s> {
    /// None if the right is given to nobody.
    line: Line<'s>,
    account: Option<Arc<Account>>,
    sid: Option<&'s str>,
}

/// The assignments in evidence.
#[derive(Debug)]
pub(crate) struct Rights<'s> {
    table: TableId,
    /// By place and lower-case right.
    assigned: BTreeMap<(Where, String), Vec<Assigned<'s>>>,
    /// Places of which all assignments are known, so that what is not there is denied to nobody.
    whole: BTreeMap<Where, bool>,
    /// The computers among these places, by their key.
    hosts: HashMap<String, Where>,
    /// What is missing from the table.
    gaps: Vec<Line<'s>>,
}

/// The right that takes another one away.
fn denial(right: &str) -> Option<String> {
    right.strip_prefix("Se").filter(|rest| rest.ends_with("LogonRight")).map(|rest| format!("SeDeny{rest}"))
}

impl<'s> Rights<'s> {
    /// Reads the assignments. Of those of a resultant set the one that wins counts.
    pub(crate) fn read(shared: &'s Shared<'_>) -> Option<Self> {
        let view = View::of(shared, "user_rights")?;
        let mut assigned: BTreeMap<(Where, String), Vec<Assigned<'s>>> = BTreeMap::new();
        let mut whole = BTreeMap::new();
        let place = |line: Line<'s>| match (line.text("host"), line.text("policy")) {
            (Some(host), _) => Some(Where::Host(shared.ids.computer_key(host), host.to_owned())),
            (None, Some(policy)) => Some(Where::Policy(policy.to_owned())),
            // A template that names neither is a policy of no name.
            (None, None) => Some(Where::Policy(String::new())),
        };
        for line in view.rows() {
            let planning = line.text("source") == Some("rsop-planning");
            if planning || line.flag("enabled") == Some(false) {
                continue;
            }
            let (Some(place), Some(right)) = (place(line), line.text("right")) else { continue };
            // Collectors of user rights ask for some rights only; a template or resultant set tells them all.
            let all = line.text("source") != Some("sharphound");
            *whole.entry(place.clone()).or_insert(false) |= all;
            assigned.entry((place, right.to_lowercase())).or_default().push(Assigned {
                line,
                account: line
                    .account("account")
                    .cloned()
                    .or_else(|| line.text("sid").and_then(Account::parse).map(Arc::new)),
                sid: line.text("sid"),
            });
        }
        for line in View::of(shared, "policies").into_iter().flat_map(View::rows) {
            if line.text("source") != Some("rsop-planning")
                && line.flag("user_rights") == Some(true)
                && let Some(place) = place(line)
            {
                whole.insert(place, true);
            }
        }
        for list in assigned.values_mut() {
            let wins = list.iter().filter_map(|a| a.line.integer("precedence")).min();
            if wins.is_some() {
                list.retain(|a| {
                    a.line.integer("precedence").is_none() || a.line.integer("precedence") == wins
                });
            }
        }
        let mut hosts: HashMap<String, Where> = HashMap::new();
        for place in whole.keys() {
            if let Where::Host(key, _) = place {
                hosts.entry(key.clone()).or_insert_with(|| place.clone());
            }
        }
        Some(Self { table: view.id, assigned, whole, hosts, gaps: view.gaps().collect() })
    }

    /// The computers and policies whose rights are known.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Where> {
        self.whole.keys()
    }

    /// The computer under the name that its assignments use.
    pub(crate) fn host(&self, shared: &Shared<'_>, host: &str) -> Option<&Where> {
        self.hosts.get(&shared.ids.computer_key(host))
    }

    /// What is missing where no export tells the rights of a computer, or of any.
    pub(crate) fn missing(&self, host: Option<&str>) -> Missing {
        let what = match host {
            Some(host) => format!("the user rights of `{host}`"),
            None => "`user_rights`".to_owned(),
        };
        let first = self.gaps.first().and_then(|line| line.gap);
        Missing {
            why: first.map_or(Why::NotExported, |gap| gap.why),
            table: self.table,
            what: what.into(),
            place: first.and_then(|gap| gap.place),
        }
    }

    /// Whether an account has a right at a place.
    pub(crate) fn held(&self, shared: &Shared<'_>, account: &Account, place: &Where, right: &str) -> Held {
        let host = match place {
            Where::Host(_, host) => Some(host.as_str()),
            Where::Policy(_) => None,
        };
        let named = |right: &str| self.assigned.get(&(place.clone(), right.to_lowercase()));
        let belongs = |right: &str| -> Option<(Belongs, Option<&Assigned<'s>>)> {
            let list = named(right)?;
            let mut open = None;
            for one in list {
                let Some(to) = &one.account else { continue };
                match Membership::of(shared).belongs(shared, account, to, one.sid, host) {
                    Belongs::Yes(link) => return Some((Belongs::Yes(link), Some(one))),
                    Belongs::No => {}
                    Belongs::Open(missing) => open = open.or(Some(missing)),
                }
            }
            Some(open.map_or((Belongs::No, list.first()), |missing| (Belongs::Open(missing), None)))
        };
        let spot = |one: Option<&Assigned<'s>>| {
            let cell = one.and_then(|one| one.line.cell("account")).and_then(|cell| cell.place);
            (cell, one.and_then(|one| one.line.record))
        };
        let denied = denial(right);
        let denies = denied.as_deref().and_then(belongs);
        if let Some((Belongs::Yes(link), one)) = &denies {
            let (place, record) = spot(*one);
            let because = format!(
                "`{}` takes it away {}",
                denied.unwrap_or_default(),
                through(*one, &link.via, account)
            );
            return Held::No { because, place, record };
        }
        match belongs(right) {
            None => Held::Open(Missing {
                why: Why::NotExported,
                table: self.table,
                what: match place {
                    Where::Host(_, host) => format!("who has `{right}` on `{host}`"),
                    Where::Policy(_) => format!("who has `{right}`"),
                }
                .into(),
                place: None,
            }),
            Some((Belongs::No, one)) => {
                let (place, record) = spot(one);
                Held::No { because: format!("`{right}` is not given to it"), place, record }
            }
            Some((Belongs::Open(missing), _)) => Held::Open(missing),
            Some((Belongs::Yes(link), one)) => match denies {
                Some((Belongs::Open(missing), _)) => Held::Open(missing),
                _ => {
                    let (at, record) = spot(one);
                    let sure = self.whole.get(place).copied().unwrap_or(false);
                    Held::Yes { through: through(one, &link.via, account), sure, place: at, record }
                }
            },
        }
    }
}

/// `through X and Y`, or `directly` where the account itself is named.
fn through(one: Option<&Assigned<'_>>, via: &[Arc<str>], account: &Account) -> String {
    let Some(to) = one.and_then(|one| one.account.as_ref()) else { return "directly".to_owned() };
    if via.is_empty() && to.written.eq_ignore_ascii_case(&account.written) {
        return "directly".to_owned();
    }
    let mut names = vec![format!("`{}`", to.written)];
    names.extend(via.iter().map(|name| format!("`{name}`")));
    format!("through {}", names.join(" and "))
}
