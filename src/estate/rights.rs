//! Which user rights an account has on a computer, or would have where a policy applies.
//!
//! An account holds a right if it, or a group it belongs to, is assigned the right, and neither is denied it. What
//! a policy does not assign is decided elsewhere; what it does not deny it lets stand. A right that is assigned to the
//! account by name is held although a group that is denied it has unknown members: the answer then names that group. One
//! that it has through a group is so only where the group that is denied it comes with Windows: another one may well have
//! been made to take the right away.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::estate::membership::{Belongs, Link, Membership};
use crate::estate::principals::in_words;
use crate::estate::shared::Shared;
use crate::estate::table::{Line, View};
use crate::evidence::{Account, Gap, Missing, Scope, TableId, Why, field, table};
use crate::source::Place;

/// Whether an account has a right.
#[derive(Debug, Clone)]
pub(crate) enum Held {
    /// It has it. `sure` is false where the export does not tell who is denied the right; `unless` is what would have
    /// to be known of a group that is denied it.
    Yes { through: String, sure: bool, unless: Option<Missing>, place: Option<Place>, record: Option<Place> },
    /// It does not: in words why, and where that shows.
    No { because: String, place: Option<Place>, record: Option<Place> },
    /// The exports do not tell.
    Open(Missing),
    /// Nothing is said of who has it.
    Unsaid(Missing),
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
    /// Policies that apply nowhere.
    unlinked: BTreeSet<&'s str>,
    /// What is missing from the table.
    gaps: Vec<Line<'s>>,
}

/// Whether what a row of `user_rights` or `policies` says is in effect somewhere: it is no what-if run, its half of the
/// policy is on, and a Group Policy object has a link that is on. One of unknown links is taken for one without.
fn in_effect(line: Line<'_>) -> bool {
    line.text(field::SOURCE) != Some("rsop-planning") && is_linked(line)
}

/// Whether it is no Group Policy object, or one that is linked.
pub(crate) fn is_linked(line: Line<'_>) -> bool {
    line.text(field::SOURCE) != Some("gpo") || line.flag(field::LINKED) == Some(true)
}

/// The right that takes another one away.
fn denial(right: &str) -> Option<String> {
    right.strip_prefix("Se").filter(|rest| rest.ends_with("LogonRight")).map(|rest| format!("SeDeny{rest}"))
}

impl<'s> Rights<'s> {
    /// Reads the assignments. Of those of a resultant set the one that wins counts.
    pub(crate) fn read(shared: &'s Shared<'_>) -> Option<Self> {
        let view = View::of(shared, table::USER_RIGHTS)?;
        let mut assigned: BTreeMap<(Where, String), Vec<Assigned<'s>>> = BTreeMap::new();
        let mut whole = BTreeMap::new();
        let place = |line: Line<'s>| match (line.text(field::HOST), line.text(field::POLICY)) {
            (Some(host), _) => Some(Where::Host(shared.ids.computer_key(host), host.to_owned())),
            (None, Some(policy)) => Some(Where::Policy(policy.to_owned())),
            // A template that names neither is a policy of no name.
            (None, None) => Some(Where::Policy(String::new())),
        };
        let mut unlinked = BTreeSet::new();
        for line in view.rows() {
            if !is_linked(line) {
                unlinked.extend(line.text(field::POLICY));
            }
            if !in_effect(line) || line.flag(field::ENABLED) == Some(false) {
                continue;
            }
            let (Some(place), Some(right)) = (place(line), line.text(field::RIGHT)) else { continue };
            // Collectors of user rights ask for some rights only; a template or resultant set tells them all.
            let all = line.text(field::SOURCE) != Some("sharphound");
            *whole.entry(place.clone()).or_insert(false) |= all;
            assigned.entry((place, right.to_lowercase())).or_default().push(Assigned {
                line,
                account: line.trustee(),
                sid: line.text(field::SID),
            });
        }
        for line in View::of(shared, table::POLICIES).into_iter().flat_map(View::rows) {
            if in_effect(line)
                && line.flag(field::USER_RIGHTS) == Some(true)
                && let Some(place) = place(line)
            {
                whole.insert(place, true);
            }
        }
        for list in assigned.values_mut() {
            let wins = list.iter().filter_map(|a| a.line.integer(field::PRECEDENCE)).min();
            if wins.is_some() {
                list.retain(|a| {
                    a.line.integer(field::PRECEDENCE).is_none() || a.line.integer(field::PRECEDENCE) == wins
                });
            }
        }
        let mut hosts: HashMap<String, Where> = HashMap::new();
        for place in whole.keys() {
            if let Where::Host(key, _) = place {
                hosts.entry(key.clone()).or_insert_with(|| place.clone());
            }
        }
        Some(Self { table: view.id, assigned, whole, hosts, unlinked, gaps: view.gaps().collect() })
    }

    /// The computers and policies whose rights are known.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Where> {
        self.whole.keys()
    }

    /// The computer under the name that its assignments use.
    pub(crate) fn host(&self, shared: &Shared<'_>, host: &str) -> Option<&Where> {
        self.hosts.get(&shared.ids.computer_key(host))
    }

    /// The computers, or the computer that is not known, of which rights are exported and were lost on the way.
    pub(crate) fn lost<'r>(
        &'r self,
        shared: &'r Shared<'_>,
    ) -> impl Iterator<Item = (Option<&'s str>, &'s Gap)> + 'r {
        self.gaps.iter().filter_map(|line| {
            let gap = line.gap.filter(|gap| gap.missing.why != Why::NotExported)?;
            let host = line.text(field::HOST);
            host.is_none_or(|host| self.host(shared, host).is_none()).then_some((host, gap))
        })
    }

    /// What is missing where no export tells the rights of a computer, or of any.
    pub(crate) fn missing(&self, host: Option<&str>) -> Missing {
        let what = match host {
            Some(host) => Some(format!("the user rights of `{host}`")),
            None => self
                .unlinked
                .first()
                .map(|policy| format!("user rights that apply anywhere: no link of `{policy}` is on")),
        };
        let first = self.gaps.first().and_then(|line| line.gap);
        Missing {
            why: first.map_or(Why::NotExported, |gap| gap.missing.why),
            table: self.table,
            what: what.map(Into::into),
            place: first.and_then(|gap| gap.missing.place),
        }
    }

    /// Whether an account has a right at a place.
    pub(crate) fn held(&self, shared: &Shared<'_>, account: &Account, place: &Where, right: &str) -> Held {
        // A policy is for computers, whichever these are: what is built in is theirs and not a domain's.
        let host = match place {
            Where::Host(_, host) => Some(host.as_str()),
            Where::Policy(_) => Some(""),
        };
        let named = |right: &str| self.assigned.get(&(place.clone(), right.to_lowercase()));
        let belongs = |right: &str| -> Option<(Belongs, Option<&Assigned<'s>>)> {
            let list = named(right)?;
            let mut open: Option<(Missing, &Assigned<'s>)> = None;
            let mut held: Option<(Link, &Assigned<'s>)> = None;
            for one in list {
                let Some(to) = &one.account else { continue };
                match Membership::of(shared).belongs(shared, account, to, one.sid, host) {
                    // Whoever takes the account out of a group leaves it what it has by itself: that is told first.
                    Belongs::Yes(link) if names(shared, account, one) => {
                        return Some((Belongs::Yes(link), Some(one)));
                    }
                    Belongs::Yes(link) => held = held.or(Some((link, one))),
                    Belongs::No => {}
                    // A group that does not come with Windows leaves more open.
                    Belongs::Open(missing) => {
                        let first = open.as_ref().is_none_or(|(_, before)| {
                            shared.ids.scope(to) != Some(Scope::BuiltIn) && comes_with_windows(shared, before)
                        });
                        if first {
                            open = Some((missing, one));
                        }
                    }
                }
            }
            Some(match (held, open) {
                (Some((link, one)), _) => (Belongs::Yes(link), Some(one)),
                (None, Some((missing, one))) => (Belongs::Open(missing), Some(one)),
                (None, None) => (Belongs::No, list.first()),
            })
        };
        let spot = |one: Option<&Assigned<'s>>| {
            let cell = one.and_then(|one| one.line.cell(field::ACCOUNT)).and_then(|cell| cell.place);
            (cell, one.and_then(|one| one.line.record))
        };
        let denied = denial(right);
        let denies = denied.as_deref().and_then(&belongs);
        if let Some((Belongs::Yes(link), one)) = &denies {
            let (place, record) = spot(*one);
            let because = format!(
                "`{}` takes it away {}",
                denied.unwrap_or_default(),
                through(shared, *one, &link.via, one.is_some_and(|one| names(shared, account, one)))
            );
            return Held::No { because, place, record };
        }
        match belongs(right) {
            None => Held::Unsaid(Missing::of(
                Why::NotExported,
                self.table,
                match place {
                    Where::Host(_, host) => format!("who has `{right}` on `{host}`"),
                    Where::Policy(_) => format!("who has `{right}`"),
                },
                None,
            )),
            Some((Belongs::No, one)) => {
                let (place, record) = spot(one);
                Held::No { because: format!("`{right}` is not given to it"), place, record }
            }
            Some((Belongs::Open(missing), _)) => Held::Open(missing),
            Some((Belongs::Yes(link), one)) => {
                let by_name = one.is_some_and(|one| names(shared, account, one));
                let unless = match denies {
                    Some((Belongs::Open(missing), one)) => {
                        if !by_name && !one.is_some_and(|one| comes_with_windows(shared, one)) {
                            return Held::Open(missing);
                        }
                        Some(missing)
                    }
                    _ => None,
                };
                let (at, record) = spot(one);
                let sure = unless.is_none() && self.whole.get(place).copied().unwrap_or(false);
                Held::Yes {
                    through: through(shared, one, &link.via, by_name),
                    sure,
                    unless,
                    place: at,
                    record,
                }
            }
        }
    }
}

/// Whether an assignment names the account itself.
fn names(shared: &Shared<'_>, account: &Account, one: &Assigned<'_>) -> bool {
    let by_sid = || one.sid.and_then(Account::parse).and_then(|sid| shared.ids.same(account, &sid));
    one.account.as_deref().and_then(|to| shared.ids.same(account, to)) == Some(true) || by_sid() == Some(true)
}

/// Whether it is a group that every computer has.
fn comes_with_windows(shared: &Shared<'_>, one: &Assigned<'_>) -> bool {
    one.account.as_deref().is_some_and(|to| shared.ids.scope(to) == Some(Scope::BuiltIn))
}

/// `through X and Y`, or `directly` where the account itself is named.
fn through(shared: &Shared<'_>, one: Option<&Assigned<'_>>, via: &[Arc<str>], by_name: bool) -> String {
    let Some(to) = one.and_then(|one| one.account.as_ref()).filter(|_| !by_name) else {
        return "directly".to_owned();
    };
    let mut names = vec![format!("`{}`", in_words(shared, to))];
    names.extend(via.iter().map(|name| format!("`{name}`")));
    format!("through {}", names.join(" and "))
}
