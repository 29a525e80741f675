//! Which values of an export are known: those that became cells. An excerpt may show them. And of which record a value
//! is.

use std::collections::{HashMap, HashSet};

use super::{Cell, Evidence, Fact, Made, Scalar, Schema};
use crate::reader::structure::{Known, Says};
use crate::source::Place;

/// The values of some records that are in a table, by record.
///
/// What a field of free text holds is not among them, and dates are not: what is told of a moment is seldom written as
/// it was.
pub(super) fn values(
    schema: &Schema,
    evidence: &Evidence,
    records: &HashSet<Place>,
) -> HashMap<Place, Vec<Known>> {
    let mut known: HashMap<Place, Vec<Known>> = HashMap::new();
    for (table, rows) in schema.tables.iter().zip(&evidence.tables) {
        if !matches!(table.made, Made::Exported) {
            continue;
        }
        for row in &rows.rows {
            let Some(record) = row.record.filter(|record| records.contains(record)) else { continue };
            let into = known.entry(record).or_default();
            for (field, cell) in table.fields.iter().zip(&row.cells) {
                if field.kind.scalar != Scalar::Date {
                    add(cell, record, into);
                }
            }
        }
    }
    known
}

/// The records in which some values stand, where a table tells.
pub(super) fn records(
    schema: &Schema,
    evidence: &Evidence,
    places: &HashSet<Place>,
) -> HashMap<Place, Place> {
    let mut records = HashMap::new();
    let exported = schema.tables.iter().zip(&evidence.tables);
    for (_, rows) in exported.filter(|(table, _)| matches!(table.made, Made::Exported)) {
        for row in &rows.rows {
            let Some(record) = row.record else { continue };
            row.cells.iter().for_each(|cell| enter(cell, record, places, &mut records));
        }
    }
    records
}

fn enter(cell: &Cell, record: Place, places: &HashSet<Place>, records: &mut HashMap<Place, Place>) {
    if let Fact::List(cells) = &cell.fact {
        cells.iter().for_each(|cell| enter(cell, record, places, records));
    }
    if let Some(place) = cell.place
        && places.contains(&place)
        && record.holds(place)
    {
        records.entry(place).or_insert(record);
    }
}

fn add(cell: &Cell, record: Place, into: &mut Vec<Known>) {
    if let Fact::List(cells) = &cell.fact {
        cells.iter().for_each(|cell| add(cell, record, into));
        return;
    }
    let Some(place) = cell.place.filter(|place| place.source == record.source) else { return };
    let says = match &cell.fact {
        Fact::Text(text) => Says::Text((&**text).into()),
        Fact::Account(account) => Says::Text(account.written.clone()),
        Fact::Flag(_) | Fact::Integer(_) => Says::Number,
        Fact::Unknown(_) | Fact::Empty | Fact::List(_) => return,
    };
    into.push(Known { span: place.span(), says });
}
