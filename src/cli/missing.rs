//! The command that gathers what a check misses, with the names that the exports tell.

use std::collections::BTreeSet;

use super::load::Loaded;
use crate::check::{Outcome, Run};
use crate::collect;
use crate::evidence::{Evidence, Fact, Row, Schema, Why};
use crate::report::{Collector, Hierarchy};

/// So many further computers are named in a command.
const COMPUTERS: usize = 8;

/// The command that runs the collector's script on the estate of the exports: its site server is the one of the top site,
/// its further computers are those of which something is missing and that the script does not look at anyway. What no
/// export tells is left out, for the script finds it where it runs.
pub(super) fn collector(
    loaded: &Loaded,
    evidence: &Evidence,
    hierarchies: &[Hierarchy],
    absent: &[bool],
    run: &Run,
) -> Collector {
    let Loaded { schema, mapping, assets, .. } = loaded;
    let mut filled = vec![false; schema.tables.len()];
    for table in collect::written(assets, mapping).unwrap_or_default().into_values().flatten() {
        filled[table] = true;
    }
    let lines = if hierarchies.is_empty() {
        let server = top_server(schema, evidence);
        vec![command(server.as_deref(), &further(schema, evidence, absent, run))]
    } else {
        hierarchies.iter().map(|of| command(Some(&of.server), &[])).collect()
    };
    Collector { lines, filled }
}

/// A line of PowerShell. Names stand in quotes, and only what can be the name of a computer is one.
fn command(server: Option<&str>, computers: &[String]) -> String {
    let mut out = String::from(".\\collect.ps1");
    if let Some(server) = server.filter(|name| is_name(name)) {
        out.push_str(&format!(" -SiteServer '{server}'"));
    }
    let names: Vec<String> =
        computers.iter().filter(|name| is_name(name)).map(|name| format!("'{name}'")).collect();
    if !names.is_empty() {
        out.push_str(&format!(" -ComputerName {}", names[..names.len().min(COMPUTERS)].join(", ")));
    }
    if let Some(more) = names.len().checked_sub(COMPUTERS).filter(|more| *more > 0) {
        out.push_str(&format!(" # and {more} more"));
    }
    out
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    text.starts_with(char::is_alphanumeric) && text.chars().all(fits)
}

/// The server of the site that reports to no other; the first by code where there are several.
fn top_server(schema: &Schema, evidence: &Evidence) -> Option<String> {
    let id = schema.table("sites")?;
    let [site, parent, server] = ["site", "parent", "server"].map(|name| schema.tables[id].field(name));
    let (site, parent, server) = (site?, parent?, server?);
    let rows = evidence.tables.get(id)?.rows.iter();
    let top = |row: &&Row| matches!(row.cells[parent].fact, Fact::Empty);
    let named = |row: &Row| Some((text(row, site)?.to_lowercase(), text(row, server)?.to_owned()));
    rows.filter(top).filter_map(named).min().map(|(_, server)| server)
}

/// Computers of which something is missing, but for those of the sites, which the script looks at anyway.
fn further(schema: &Schema, evidence: &Evidence, absent: &[bool], run: &Run) -> Vec<String> {
    let mut looked_at: BTreeSet<String> = BTreeSet::new();
    for (table, field) in
        [("site_systems", "host"), ("sites", "server"), ("role_accounts", "database_server")]
    {
        let Some(id) = schema.table(table) else { continue };
        let Some(field) = schema.tables[id].field(field) else { continue };
        let rows = evidence.tables.get(id).into_iter().flat_map(|table| &table.rows);
        looked_at.extend(rows.filter_map(|row| text(row, field)).map(label));
    }
    // Servers of other hierarchies, from which objects are migrated, are not asked.
    let migration = schema.tables.iter().zip(&evidence.tables).filter(|(of, _)| of.kind == "migration");
    let rows = migration.flat_map(|(_, table)| &table.rows);
    looked_at
        .extend(rows.flat_map(|row| (0..row.cells.len()).filter_map(|field| text(row, field))).map(label));
    let mut out: Vec<String> = Vec::new();
    for row in &run.outcomes {
        let Outcome::NotEvaluated(open) = &row.outcome else { continue };
        let leaves = schema.leaves(&open.tables);
        if open.why != Why::NotExported || !leaves.iter().any(|table| absent.get(*table) == Some(&true)) {
            continue;
        }
        for host in &open.hosts {
            if looked_at.insert(label(host)) {
                out.push(host.clone());
            }
        }
    }
    out.sort();
    out
}

fn text(row: &Row, field: usize) -> Option<&str> {
    match &row.cells[field].fact {
        Fact::Text(text) => Some(text),
        _ => None,
    }
}

/// The first label of a name, by which a short name and a DNS name are compared.
fn label(name: &str) -> String {
    let name = name.trim_start_matches('\\').to_lowercase();
    name.split('.').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_computers_reach_the_command() {
        assert_eq!(command(None, &[]), ".\\collect.ps1");
        let hosts = ["fs1".to_owned(), "a'; whoami; '".to_owned(), "-Table".to_owned()];
        assert_eq!(
            command(Some("cas1.contoso.com"), &hosts),
            ".\\collect.ps1 -SiteServer 'cas1.contoso.com' -ComputerName 'fs1'"
        );
        assert_eq!(command(Some("x\u{2019}y"), &[]), ".\\collect.ps1");
        let many: Vec<String> = (0..11).map(|n| format!("ws{n}")).collect();
        assert!(command(None, &many).ends_with("'ws7' # and 3 more"));
    }
}
