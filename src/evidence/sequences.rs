//! Task sequences that stand in several files. A file with nothing but the steps does not name its sequence and goes by
//! the name of the file; if all its steps are those of a sequence that another export names, it is that one.

use std::collections::{BTreeMap, HashMap};

use super::merge::OfSource;
use super::rows::write_fact;
use super::{Cell, Fact, Row, Schema, TableId, field, table};

/// Number of a source and what its sequence is called there.
type Key = (usize, String);

/// What is known of a sequence: whether its file names it, and the rows of its steps without their sequence.
#[derive(Default)]
struct Steps {
    named: bool,
    rows: Vec<String>,
}

/// Gives sequences that go by the name of their file the name of the one whose steps they have.
pub(super) fn name(schema: &Schema, sources: &mut [OfSource]) {
    // By table: the column of the sequence.
    let columns: BTreeMap<TableId, usize> = schema
        .tables
        .iter()
        .enumerate()
        .filter_map(|(id, table)| Some((id, table.column(field::TASK_SEQUENCE)?)))
        .collect();
    let steps: Vec<TableId> = [table::TASK_SEQUENCE_STEPS, table::OS_DEPLOYMENTS]
        .into_iter()
        .filter_map(|t| schema.id(t))
        .collect();
    let each_step = |look: &mut dyn FnMut(usize, TableId, usize, &Row)| {
        for (number, source) in sources.iter().enumerate() {
            for (table, rows) in source.stretches.iter().flat_map(|stretch| &stretch.tables) {
                let Some(column) = columns.get(table).filter(|_| steps.contains(table)) else { continue };
                rows.iter().for_each(|row| look(number, *table, *column, row));
            }
        }
    };
    // Most often all are named, or none is.
    let (mut some_named, mut some_bare) = (false, false);
    each_step(&mut |_, _, column, row| {
        if let Some((_, named)) = row.cells.get(column).and_then(called) {
            some_named |= named;
            some_bare |= !named;
        }
    });
    if !some_named || !some_bare {
        return;
    }
    let mut all: BTreeMap<Key, Steps> = BTreeMap::new();
    each_step(&mut |number, table, column, row| {
        let Some((name, named)) = row.cells.get(column).and_then(called) else { return };
        let steps = all.entry((number, name.to_owned())).or_default();
        steps.named |= named;
        let mut text = format!("{table}\n");
        for (_, cell) in row.cells.iter().enumerate().filter(|(n, _)| *n != column) {
            write_fact(&cell.fact, &mut text);
            text.push('\n');
        }
        steps.rows.push(text);
    });
    let mut named: HashMap<&[String], &str> = HashMap::new();
    for ((_, name), steps) in all.iter().filter(|(_, steps)| steps.named) {
        named.entry(&steps.rows).or_insert(name);
    }
    let mut renamed: HashMap<Key, String> = HashMap::new();
    for (key, steps) in all.iter().filter(|(_, steps)| !steps.named) {
        if let Some(name) = named.get(&*steps.rows).filter(|name| **name != key.1) {
            renamed.insert(key.clone(), (*name).to_owned());
        }
    }
    if renamed.is_empty() {
        return;
    }
    for (number, source) in sources.iter_mut().enumerate() {
        for (table, rows) in source.stretches.iter_mut().flat_map(|stretch| &mut stretch.tables) {
            let Some(column) = columns.get(table) else { continue };
            for cell in rows.iter_mut().filter_map(|row| row.cells.get_mut(*column)) {
                if let Some((name, false)) = called(cell)
                    && let Some(name) = renamed.get(&(number, name.to_owned()))
                {
                    cell.fact = Fact::Text(name.as_str().into());
                }
            }
        }
    }
}

/// The name of a sequence, and whether it is its own and not that of the file.
fn called(cell: &Cell) -> Option<(&str, bool)> {
    match &cell.fact {
        Fact::Text(name) => Some((name, cell.place.is_some())),
        _ => None,
    }
}
