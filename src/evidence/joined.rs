//! What stands in two exports and is tied by a number or an identifier, put together: which forest a state of
//! publishing is about, what kind of content an access list protects, which source of a migration is meant.
//!
//! Only cells that nothing has told are filled. Names of accounts and computers are no business of this file; see
//! [`Identities`](super::Identities).

use std::collections::HashMap;

use super::account::computer_name;
use super::rows::write_fact;
use super::{Cell, Evidence, Fact, Gap, Missing, Row, Schema, TableId};

/// Ties the rows of exported tables.
pub(super) fn join(schema: &Schema, evidence: &mut Evidence) {
    for link in [
        Link { to: ("forest_publishing", "id", "forest"), from: ("forests", "id", "forest") },
        Link { to: ("forest_publishing", "forest", "account"), from: ("forests", "forest", "account") },
        Link { to: ("content_access", "package", "object_type"), from: ("content_types", "package", "type") },
    ] {
        fill(schema, evidence, &link);
    }
    publishing(schema, evidence);
    sources(schema, evidence);
}

/// A field that is told by the row of another table with the same key: table, key and field.
struct Link {
    to: (&'static str, &'static str, &'static str),
    from: (&'static str, &'static str, &'static str),
}

/// Table and field numbers.
fn numbers(schema: &Schema, of: (&str, &str, &str)) -> Option<(TableId, usize, usize)> {
    let table = schema.table(of.0)?;
    Some((table, schema.tables[table].field(of.1)?, schema.tables[table].field(of.2)?))
}

fn fill(schema: &Schema, evidence: &mut Evidence, link: &Link) {
    let (Some(to), Some(from)) = (numbers(schema, link.to), numbers(schema, link.from)) else { return };
    let mut told: HashMap<String, Cell> = HashMap::new();
    for row in &evidence.tables[from.0].rows {
        let says = !matches!(row.cells[from.2].fact, Fact::Unknown(_));
        if let Some(key) = key(&row.cells[from.1]).filter(|_| says) {
            told.entry(key).or_insert_with(|| row.cells[from.2].clone());
        }
    }
    for row in &mut evidence.tables[to.0].rows {
        if !matches!(row.cells[to.2].fact, Fact::Unknown(_) | Fact::Empty) {
            continue;
        }
        if let Some(cell) = key(&row.cells[to.1]).and_then(|key| told.get(&key)) {
            row.cells[to.2] = cell.clone();
        }
    }
}

/// A known value for comparison.
fn key(cell: &Cell) -> Option<String> {
    if matches!(cell.fact, Fact::Unknown(_) | Fact::Empty) {
        return None;
    }
    let mut text = String::new();
    write_fact(&cell.fact, &mut text);
    Some(text.to_lowercase())
}

/// Says of each forest whether some site publishes to it, and leaves only the sites that do in `forest_publishing`.
fn publishing(schema: &Schema, evidence: &mut Evidence) {
    let (Some(states), Some(forests)) = (
        numbers(schema, ("forest_publishing", "forest", "publishing")),
        numbers(schema, ("forests", "forest", "publishing")),
    ) else {
        return;
    };
    let whole = evidence.tables[states.0].gaps.is_empty();
    let mut told: HashMap<String, Vec<Cell>> = HashMap::new();
    for row in &evidence.tables[states.0].rows {
        if let Some(key) = key(&row.cells[states.1]) {
            told.entry(key).or_default().push(row.cells[states.2].clone());
        }
    }
    for row in &mut evidence.tables[forests.0].rows {
        let Some(cells) = key(&row.cells[forests.1]).and_then(|key| told.get(&key)) else { continue };
        let says = |cell: &&Cell| matches!(cell.fact, Fact::Flag(true));
        if let Some(cell) = cells.iter().find(says) {
            row.cells[forests.2] = cell.clone();
        } else if whole && cells.iter().all(|cell| matches!(cell.fact, Fact::Flag(false))) {
            row.cells[forests.2] = cells[0].clone();
        }
    }
    let table = &mut evidence.tables[states.0];
    let mut gaps: Vec<Gap> = Vec::new();
    table.rows.retain(|Row { record, cells }| match cells[states.2].fact {
        Fact::Flag(false) => false,
        Fact::Unknown(why) => {
            let (place, cells) = (*record, cells.clone());
            gaps.push(Gap { missing: Missing::rows(why, states.0, place), cells });
            false
        }
        _ => true,
    });
    table.gaps.extend(gaps);
}

/// Gives the sources of migrations one name: what another export calls by the server goes by the code that the migration
/// itself tells for it.
fn sources(schema: &Schema, evidence: &mut Evidence) {
    let Some(known) = numbers(schema, ("migration_sources", "source", "server")) else { return };
    let told: Vec<(String, Cell)> = evidence.tables[known.0]
        .rows
        .iter()
        .filter_map(|row| Some((computer(&row.cells[known.2])?, row.cells[known.1].clone())))
        .filter(|(_, source)| key(source).is_some())
        .collect();
    for name in ["source_permissions", "source_sites"] {
        let Some((table, of, _)) = numbers(schema, (name, "source", "source")) else { continue };
        for row in &mut evidence.tables[table].rows {
            let Some(written) = computer(&row.cells[of]) else { continue };
            let fits = told.iter().filter(|(server, _)| same_computer(server, &written));
            let mut fits = fits.map(|(_, source)| source);
            if let (Some(source), None) = (fits.next(), fits.next()) {
                row.cells[of].fact = source.fact.clone();
            }
        }
    }
}

/// The name of a computer in lower case.
fn computer(cell: &Cell) -> Option<String> {
    match &cell.fact {
        Fact::Text(text) => computer_name(text).map(str::to_lowercase),
        _ => None,
    }
}

/// Whether two names may be those of one computer: the same, or the one is the first label of the other.
fn same_computer(a: &str, b: &str) -> bool {
    let label = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    a == b || label(a) == label(b) && !(a.contains('.') && b.contains('.'))
}
