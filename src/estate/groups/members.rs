//! The table `expected_members`: who belongs in the documented groups, from the facts on their members, and whether
//! they are there.
//!
//! A row of `wanted: no` is an account that may be in the group and need not be; `open` says the same of one of which
//! it is not known whether it has to be there, and a gap stands beside it. Members of members count.

use std::collections::HashSet;

use crate::content::FactAt;
use crate::content::fact::Member;
use crate::estate::groups::candidates::{Candidates, Listing, Presence, Want, who};
use crate::estate::groups::expected::{SpotLack, spots};
use crate::estate::groups::{Groups, State};
use crate::estate::hierarchy::Hierarchy;
use crate::estate::shared::Shared;
use crate::estate::table::{Out, Pending, account, flag, text};
use crate::evidence::{Missing, Table, TableSchema, field};

/// One row an account that belongs in a documented group of a computer, or may be in it.
pub(crate) fn expected_members(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let groups = Groups::of(shared);
    let hierarchy = Hierarchy::of(shared);
    let candidates = Candidates::of(shared);
    let facts: Vec<(FactAt<'_>, &Member)> = shared.content.judged(shared.revision).collect();
    let places = spots(shared, &groups);
    let mut out = Out::of(shared, schema);
    let mut seen = HashSet::new();
    for spot in &places.spots {
        if !seen.insert((shared.ids.computer_key(spot.host_text()), spot.title.clone())) {
            continue;
        }
        let state = groups.state(shared, spot.host_text(), &spot.title);
        let listing = match &state {
            State::There(found) => Some((*found, Listing::of(shared, found))),
            State::Absent => continue,
            State::Unknown(_) if !spot.documented => continue,
            State::Unknown(_) => None,
        };
        for (fact, said) in facts.iter().filter(|(f, _)| f.entity == spot.entity) {
            let fact = (fact, *said);
            let (all, lacks) = candidates.of_fact(&hierarchy, said, &spot.site);
            if let State::Unknown(lack) = &state {
                if all.iter().any(|c| !matches!(c.want, Want::No)) || !lacks.is_empty() {
                    begin_gap(lack, &mut out, spot, fact).put();
                }
                continue;
            }
            let Some((found, listing)) = &listing else { continue };
            for candidate in &all {
                let mut wanted = "no";
                let mut present = None;
                let mut lack = None;
                match &candidate.want {
                    Want::No => {}
                    Want::Yes => match candidates.presence(listing, candidate) {
                        Presence::Yes => (wanted, present) = ("yes", Some(true)),
                        Presence::No => (wanted, present) = ("yes", Some(false)),
                        Presence::Open(open) => (wanted, lack) = ("open", Some(open)),
                    },
                    Want::Open(open) => {
                        (wanted, lack) = ("open", Some(open.clone()));
                        if matches!(candidates.presence(listing, candidate), Presence::Yes) {
                            present = Some(true);
                        }
                    }
                }
                let row = set(out.row(found.record), spot, fact).set(field::WANTED, text(wanted));
                let row = row.at(field::GROUP, account(&found.group), found.place);
                let row = match present {
                    Some(present) => row.set(field::PRESENT, flag(present)),
                    None => row,
                };
                who(row, candidate).put();
                // One that is there is not missed, whether it has to be there or not.
                if let Some(lack) = lack {
                    let gap = who(begin_gap(&lack, &mut out, spot, fact), candidate);
                    match present {
                        Some(present) => gap.set(field::PRESENT, flag(present)).put(),
                        None => gap.put(),
                    }
                }
            }
            for lack in &lacks {
                begin_gap(lack, &mut out, spot, fact).put();
            }
        }
    }
    for SpotLack { entity, host, site, lack, .. } in &places.lacks {
        for (fact, said) in facts.iter().filter(|(f, _)| f.entity == *entity) {
            let mut gap = out
                .gap(lack.clone())
                .set(field::STATEMENT, text(fact.statement))
                .set(field::ENTITY, text(fact.entity))
                .set(field::SELECTOR, text(&said.selector))
                .copy(field::HOST, host.as_ref());
            if let Some(site) = site {
                gap = gap.set(field::SITE, text(site));
            }
            gap.put();
        }
    }
    out.table
}

fn begin_gap<'o, 's>(
    lack: &Missing,
    out: &'o mut Out<'s>,
    spot: &crate::estate::groups::expected::Spot<'_>,
    fact: (&FactAt<'_>, &Member),
) -> Pending<'o, 's> {
    set(out.gap(lack.clone()), spot, fact)
}

fn set<'o, 's>(
    row: Pending<'o, 's>,
    spot: &crate::estate::groups::expected::Spot<'_>,
    fact: (&FactAt<'_>, &Member),
) -> Pending<'o, 's> {
    let (fact, said) = fact;
    row.set(field::STATEMENT, text(fact.statement))
        .set(field::ENTITY, text(fact.entity))
        .set(field::SELECTOR, text(&said.selector))
        .set(field::TITLE, text(&spot.title))
        .copy(field::HOST, Some(&spot.host))
        .set(field::SITE, text(&spot.site))
}
