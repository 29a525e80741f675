//! The table `positions`: what each computer is in the hierarchy, in the words that the documented facts use for
//! places (`site-server`, `sms-provider-computer`, `distribution-point`, ...).

use std::collections::HashSet;

use crate::estate::documented::works_on_reporting_database;
use crate::estate::shared::Shared;
use crate::estate::table::{Line, Out, View, is, text};
use crate::evidence::{FieldName, Table, TableName, TableSchema, field, table};

/// The position that the table of sites tells.
const SITE_SERVER: &str = "site-server";

/// One row a computer, site and position.
pub(crate) fn positions<'s>(shared: &'s Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    let vocabulary = &shared.content.vocabulary;
    let of_roles = vocabulary.role_positions();
    let of_sites: Vec<(&str, &str)> = (vocabulary.site_types.iter())
        .filter_map(|kind| Some((kind.id.as_str(), kind.of.as_deref()?)))
        .collect();
    let mut seen: HashSet<(String, String, &'s str)> = HashSet::new();
    let mut add = |out: &mut Out<'_>, line: Line<'_>, field: FieldName, position: &'s str| {
        let line = line.of_several();
        let Some(host) = line.text(field) else { return };
        let site = line.text(field::SITE).unwrap_or_default().to_uppercase();
        if seen.insert((shared.ids.computer_key(host), site, position)) {
            out.row(line.record)
                .copy(field::HOST, line.cell(field))
                .set(field::POSITION, text(position))
                .copy(field::SITE, line.cell(field::SITE))
                .put();
        }
    };
    if let Some(sites) = View::of(shared, table::SITES) {
        for line in sites.rows() {
            add(&mut out, line, field::SERVER, SITE_SERVER);
            for (kind, position) in of_sites.iter().copied() {
                if line.text(field::TYPE).is_some_and(|t| t.eq_ignore_ascii_case(kind)) {
                    add(&mut out, line, field::SERVER, position);
                }
            }
        }
    }
    if let Some(systems) = View::of(shared, table::SITE_SYSTEMS) {
        for line in systems.rows() {
            for (role, position) in of_roles.iter().copied().filter(|(_, position)| *position != SITE_SERVER)
            {
                if line.text(field::ROLE).is_some_and(|r| r.eq_ignore_ascii_case(role)) {
                    add(&mut out, line, field::HOST, position);
                }
            }
        }
    }
    if let Some(roles) = View::of(shared, table::ROLE_ACCOUNTS) {
        for line in roles.rows() {
            if line.text(field::ENTITY).is_some_and(|e| works_on_reporting_database(shared.content, e)) {
                add(&mut out, line, field::DATABASE_SERVER, "reporting-database-server");
            }
        }
    }
    if let Some(computers) = View::of(shared, table::COMPUTERS) {
        for line in computers.rows() {
            match line.text(field::POSITION) {
                Some("workstation") => add(&mut out, line, field::HOST, "client"),
                Some("domain-controller") => add(&mut out, line, field::HOST, "domain-controller"),
                _ => {}
            }
        }
    }
    // What is missing may be a computer in any of the positions that the table tells of.
    let servers =
        std::iter::once(SITE_SERVER).chain(of_sites.iter().map(|(_, position)| *position)).collect();
    let roles = of_roles.iter().map(|(_, position)| *position).filter(|p| *p != SITE_SERVER).collect();
    let missing: [(TableName, FieldName, Vec<&str>); 4] = [
        (table::SITES, field::SERVER, servers),
        (table::SITE_SYSTEMS, field::HOST, roles),
        (table::ROLE_ACCOUNTS, field::DATABASE_SERVER, vec!["reporting-database-server"]),
        (table::COMPUTERS, field::HOST, vec!["client", "domain-controller"]),
    ];
    for (table, field, positions) in missing {
        for line in View::of(shared, table).into_iter().flat_map(View::gaps).map(Line::of_several) {
            let Some(gap) = line.gap else { continue };
            for position in &positions {
                out.gap(gap.missing.clone())
                    .copy(field::HOST, line.cell(field))
                    .set(field::POSITION, text(position))
                    .copy(field::SITE, line.cell(field::SITE))
                    .put();
            }
        }
    }
    out.table
}

/// Computers in one of these positions, each once.
pub(crate) fn hosts<'s>(shared: &'s Shared<'_>, positions: &[&str]) -> Vec<Line<'s>> {
    let mut seen: HashSet<String> = HashSet::new();
    View::of(shared, table::POSITIONS)
        .into_iter()
        .flat_map(View::rows)
        .filter(|line| positions.iter().any(|position| is(line.text(field::POSITION), position)))
        .filter(|line| {
            let Some(host) = line.text(field::HOST) else { return false };
            seen.insert(shared.ids.computer_key(host))
        })
        .collect()
}

/// What is not known of computers in these positions.
pub(crate) fn unknown_hosts<'s>(shared: &'s Shared<'_>, positions: &[&str]) -> Vec<Line<'s>> {
    let mut seen = HashSet::new();
    View::of(shared, table::POSITIONS)
        .into_iter()
        .flat_map(View::gaps)
        .filter(|line| {
            line.text(field::POSITION).is_none_or(|p| positions.iter().any(|q| p.eq_ignore_ascii_case(q)))
        })
        .filter(|line| {
            let Some(gap) = line.gap else { return false };
            seen.insert((gap.missing.table, gap.missing.why, line.text(field::HOST).map(str::to_owned)))
        })
        .collect()
}
