//! The table `positions`: what each computer is in the hierarchy, in the words that the documented facts use for
//! places (`site-server`, `sms-provider-computer`, `distribution-point`, ...).

use std::collections::HashSet;
use std::sync::Arc;

use crate::estate::shared::Shared;
use crate::estate::table::{Line, Out, View, is, text};
use crate::evidence::{Table, TableSchema};

/// Site system roles, as `SMS_SCI_SysResUse` names them, and what the host is called.
const OF_ROLE: [(&str, &str); 7] = [
    ("SMS Provider", "sms-provider-computer"),
    ("SMS SQL Server", "site-database-server"),
    ("SMS Distribution Point", "distribution-point"),
    ("SMS Management Point", "management-point"),
    ("SMS Software Update Point", "wsus-computer"),
    ("SMS SRS Reporting Point", "reporting-services-point"),
    ("SMS Site System", "site-system"),
];

/// Types of sites and what their servers are called beside `site-server`.
const OF_SITE: [(&str, &str); 3] = [
    ("primary", "primary-site-server"),
    ("secondary", "secondary-site-server"),
    ("cas", "central-administration-site-server"),
];

/// One row a computer, site and position.
pub(crate) fn positions(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::new(schema);
    let mut seen: HashSet<(String, String, &'static str)> = HashSet::new();
    let mut add = |out: &mut Out<'_>, line: Line<'_>, field: &str, position: &'static str| {
        let Some(host) = line.text(field) else { return };
        let site = line.text("site").unwrap_or_default().to_uppercase();
        if seen.insert((shared.ids.computer_key(host), site, position)) {
            out.row(line.record)
                .copy("host", line.cell(field))
                .set("position", text(position))
                .copy("site", line.cell("site"))
                .put();
        }
    };
    if let Some(sites) = View::of(shared, "sites") {
        for line in sites.rows() {
            add(&mut out, line, "server", "site-server");
            for (kind, position) in OF_SITE {
                if line.text("type").is_some_and(|t| t.eq_ignore_ascii_case(kind)) {
                    add(&mut out, line, "server", position);
                }
            }
        }
    }
    if let Some(systems) = View::of(shared, "site_systems") {
        for line in systems.rows() {
            for (role, position) in OF_ROLE {
                if line.text("role").is_some_and(|r| r.eq_ignore_ascii_case(role)) {
                    add(&mut out, line, "host", position);
                }
            }
        }
    }
    if let Some(roles) = View::of(shared, "role_accounts") {
        for line in roles.rows() {
            if line.text("entity") == Some("reporting-services-point-account") {
                add(&mut out, line, "database_server", "reporting-database-server");
            }
        }
    }
    if let Some(computers) = View::of(shared, "computers") {
        for line in computers.rows() {
            match line.text("position") {
                Some("workstation") => add(&mut out, line, "host", "client"),
                Some("domain-controller") => add(&mut out, line, "host", "domain-controller"),
                _ => {}
            }
        }
    }
    // What is missing may be a computer in any of the positions that the table tells of.
    let missing: [(&str, &str, &[&str]); 4] = [
        (
            "sites",
            "server",
            &[
                "site-server",
                "primary-site-server",
                "secondary-site-server",
                "central-administration-site-server",
            ],
        ),
        (
            "site_systems",
            "host",
            &[
                "sms-provider-computer",
                "site-database-server",
                "distribution-point",
                "management-point",
                "wsus-computer",
                "reporting-services-point",
                "site-system",
            ],
        ),
        ("role_accounts", "database_server", &["reporting-database-server"]),
        ("computers", "host", &["client", "domain-controller"]),
    ];
    for (table, field, positions) in missing {
        for line in View::of(shared, table).into_iter().flat_map(View::gaps) {
            let Some(gap) = line.gap else { continue };
            for position in positions {
                out.gap(gap.why, gap.table, gap.what.as_ref().map(Arc::clone), gap.place)
                    .copy("host", line.cell(field))
                    .set("position", text(position))
                    .copy("site", line.cell("site"))
                    .put();
            }
        }
    }
    out.table
}

/// Computers in one of these positions, each once.
pub(crate) fn hosts<'s>(shared: &'s Shared<'_>, positions: &[&str]) -> Vec<Line<'s>> {
    let mut seen: Vec<String> = Vec::new();
    View::of(shared, "positions")
        .into_iter()
        .flat_map(View::rows)
        .filter(|line| positions.iter().any(|position| is(line.text("position"), position)))
        .filter(|line| {
            let Some(host) = line.text("host") else { return false };
            let key = shared.ids.computer_key(host);
            let new = !seen.contains(&key);
            if new {
                seen.push(key);
            }
            new
        })
        .collect()
}

/// What is not known of computers in these positions.
pub(crate) fn unknown_hosts<'s>(shared: &'s Shared<'_>, positions: &[&str]) -> Vec<Line<'s>> {
    let mut tables = Vec::new();
    View::of(shared, "positions")
        .into_iter()
        .flat_map(View::gaps)
        .filter(|line| {
            line.text("position").is_none_or(|p| positions.iter().any(|q| p.eq_ignore_ascii_case(q)))
        })
        .filter(|line| {
            let Some(gap) = line.gap else { return false };
            let key = (gap.table, gap.why, line.text("host").map(str::to_owned));
            let new = !tables.contains(&key);
            if new {
                tables.push(key);
            }
            new
        })
        .collect()
}
