//! Sites as the list of site systems tells them, where no export lists the sites: a site server is a site system too, and
//! its row says of which site and what type that is. The site above it, its folder and version stay unknown.

use std::collections::HashMap;

use super::{Cell, Evidence, Fact, Gap, Missing, Row, Schema, TableId, Why};

/// The role of the server of a site.
pub(super) const SITE_SERVER: &str = "sms site server";

/// Fields of the list of site systems, by number.
struct Systems {
    table: TableId,
    site: usize,
    host: usize,
    role: usize,
    site_type: usize,
}

/// Fields of the list of sites, by number.
struct Sites {
    table: TableId,
    site: usize,
    server: usize,
    kind: usize,
}

/// Fills the list of sites from the site systems, if no export has one.
pub(super) fn from_roles(schema: &Schema, evidence: &mut Evidence) {
    let (Some(systems), Some(sites)) = (systems(schema), sites(schema)) else { return };
    let listed = |table: TableId| {
        evidence.tables[table].gaps.iter().all(|gap| gap.missing.why != Why::NotExported || !is_all(gap))
    };
    if !evidence.tables[sites.table].rows.is_empty() || listed(sites.table) || !listed(systems.table) {
        return;
    }
    let width = schema.tables[sites.table].fields.len();
    let unknown = |why: Why| -> Box<[Cell]> {
        (0..width).map(|_| Cell { fact: Fact::Unknown(why), place: None }).collect()
    };
    let mut rows: Vec<Row> = Vec::new();
    // By code of the site: where it is first named, and whether its server is known.
    let mut codes: HashMap<String, (usize, bool)> = HashMap::new();
    let all = &evidence.tables[systems.table];
    for (number, row) in all.rows.iter().enumerate() {
        let Fact::Text(code) = &row.cells[systems.site].fact else { continue };
        let known = codes.entry(code.to_uppercase()).or_insert((number, false));
        let serves = matches!(&row.cells[systems.role].fact, Fact::Text(role) if role.eq_ignore_ascii_case(SITE_SERVER));
        if !serves || std::mem::replace(&mut known.1, true) {
            continue;
        }
        let mut cells = unknown(Why::NotExported);
        cells[sites.site] = row.cells[systems.site].clone();
        cells[sites.server] = row.cells[systems.host].clone();
        cells[sites.kind] = row.cells[systems.site_type].clone();
        rows.push(Row { record: row.record, cells });
    }
    if rows.is_empty() {
        return;
    }
    let of = |gap: &Gap| Gap { missing: gap.missing.clone(), cells: unknown(gap.missing.why) };
    let mut gaps: Vec<Gap> = all.gaps.iter().map(of).collect();
    let mut serverless: Vec<usize> =
        codes.into_values().filter(|(_, known)| !known).map(|(number, _)| number).collect();
    serverless.sort_unstable();
    for row in serverless.into_iter().filter_map(|number| all.rows.get(number)) {
        let mut cells = unknown(Why::NotExported);
        cells[sites.site] = row.cells[systems.site].clone();
        gaps.push(Gap { missing: Missing::rows(Why::NotExported, sites.table, row.record), cells });
    }
    let table = &mut evidence.tables[sites.table];
    table.rows = rows;
    table.gaps = gaps;
}

/// Whether a gap is one of a table that no export holds.
fn is_all(gap: &Gap) -> bool {
    gap.cells.iter().all(|cell| matches!(cell.fact, Fact::Unknown(_)))
}

fn systems(schema: &Schema) -> Option<Systems> {
    let table = schema.table("site_systems")?;
    let field = |name: &str| schema.tables[table].field(name);
    Some(Systems {
        table,
        site: field("site")?,
        host: field("host")?,
        role: field("role")?,
        site_type: field("site_type")?,
    })
}

fn sites(schema: &Schema) -> Option<Sites> {
    let table = schema.table("sites")?;
    let field = |name: &str| schema.tables[table].field(name);
    Some(Sites { table, site: field("site")?, server: field("server")?, kind: field("type")? })
}
