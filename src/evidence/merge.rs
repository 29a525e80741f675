//! What the files gave, put together: one row for what several exports say alike, gaps that another export
//! fills taken away, tables that no export supplies said to be missing.
//!
//! The order of rows is that of the sources and of the places in them, whatever the number of threads.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::mapping::Mapping;
use super::rows::{Gathered, incomplete, unknown_cells, write_fact};
use super::{
    Cell, Evidence, Fact, FieldSchema, Gap, Made, Missing, Row, Scalar, Schema, Table, TableId, TableSchema,
    Why,
};
use crate::reader::is_own;
use crate::source::{Place, Span};

/// What one source gave, its stretches in order.
#[derive(Debug, Clone, Default)]
pub(super) struct OfSource<'s> {
    /// The folder, or the archive, that it lies in.
    pub(super) folder: &'s str,
    pub(super) stretches: Vec<Gathered>,
}

/// Everything put together.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) evidence: Evidence,
    /// By source: how many rows came from it, and where credentials stand in it.
    pub(super) sources: Vec<(usize, Vec<Span>)>,
    /// Places where an export of unknown objects is cut short.
    pub(super) lost: Vec<Place>,
}

/// Puts together what the sources gave.
pub(super) fn merge(schema: &Schema, mapping: &Mapping, sources: Vec<OfSource<'_>>) -> Merged {
    let count = schema.tables.len();
    let mut all: Vec<Rows> = (0..count).map(|_| Rows::default()).collect();
    let mut gaps: Vec<Gap> = Vec::new();
    let mut settled: Vec<(TableId, Box<[Cell]>)> = Vec::new();
    let mut present = vec![false; count];
    let mut folders: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); count];
    let mut known = vec![false; mapping.classes.len()];
    let mut protected: Vec<(TableId, Place)> = Vec::new();
    let mut failed: Vec<(&str, usize, Gap)> = Vec::new();
    let mut lost: Vec<Place> = Vec::new();
    let mut domain_sids = BTreeSet::new();
    let mut of_sources = Vec::with_capacity(sources.len());
    // Each step of a task sequence and each password is a place of its own, also where it says what another says.
    let mut steps = vec![false; count];
    for class in mapping.classes.iter().filter(|class| is_own(&class.name)) {
        class.rows.iter().for_each(|row| steps[row.table] = true);
    }
    for source in sources {
        let mut tables: Vec<Vec<Row>> = vec![Vec::new(); count];
        let mut secrets = Vec::new();
        let mut seen = vec![false; mapping.classes.len()];
        let mut unknown = Vec::new();
        let mut looked_up = 0;
        for stretch in source.stretches {
            for (table, rows) in stretch.tables {
                tables[table].extend(rows);
            }
            for (table, there) in stretch.present.into_iter().enumerate() {
                present[table] |= there;
                if there {
                    folders[table].insert(source.folder);
                }
            }
            gaps.extend(stretch.gaps);
            failed.extend(stretch.failed.into_iter().map(|(class, gap)| (source.folder, class, gap)));
            domain_sids.extend(stretch.domain_sids);
            settled.extend(stretch.settled);
            protected.extend(stretch.protected);
            seen.iter_mut().zip(stretch.seen).for_each(|(seen, there)| *seen |= there);
            unknown.extend(stretch.lost.into_iter().map(|(_, place)| place));
            secrets.extend(stretch.secrets);
            looked_up += stretch.looked_up;
        }
        known.iter_mut().zip(&seen).for_each(|(known, seen)| *known |= seen);
        // What is missing from a file of which only the rest is known may be anything the file holds.
        for place in unknown {
            lost.push(place);
            let classes =
                mapping.classes.iter().zip(&seen).filter(|(_, seen)| **seen).map(|(class, _)| class);
            gaps.extend(classes.flat_map(|class| incomplete(schema, class, place)));
        }
        let mut rows = looked_up;
        for (table, mut of_table) in tables.into_iter().enumerate() {
            of_table.sort_by_key(|row| row.record.map(|place| place.span.start));
            if !schema.tables[table].distinct.is_empty() {
                // Each stretch has kept its own; how the file was divided must not show.
                let mut seen = HashSet::new();
                let mut text = String::new();
                of_table.retain(|row| seen.insert(print(&schema.tables[table], row, &mut text)));
            }
            if !schema.tables[table].lookup && !steps[table] {
                said_once(&schema.tables[table], &mut of_table);
            }
            if !schema.tables[table].lookup {
                rows += of_table.len();
            }
            all[table].add(&schema.tables[table], of_table);
        }
        secrets.sort_unstable();
        secrets.dedup();
        of_sources.push((rows, secrets));
    }
    for (table, place) in protected {
        if !present[table] {
            let cells = unknown_cells(schema.tables[table].fields.len(), Why::Unreadable);
            gaps.push(Gap { missing: Missing::rows(Why::Unreadable, table, Some(place)), cells });
        }
    }
    // That something could not be read is no export of the rest.
    for gap in gaps.iter().filter(|gap| gap.missing.why != Why::Failed) {
        present[gap.missing.table] = true;
    }
    // What the collector read of other classes is a part of the table beside the one that failed; what others exported
    // may be all of it.
    let missed = |(folder, class, gap): &(&str, usize, Gap)| {
        !known[*class] && folders[gap.missing.table].iter().all(|other| other == folder)
    };
    gaps.extend(failed.into_iter().filter(missed).map(|(_, _, gap)| gap));
    let mut evidence = Evidence { domain_sids, ..Evidence::default() };
    for (table, rows) in all.into_iter().enumerate() {
        let mut rows = rows.rows;
        drop_superseded(&schema.tables[table], &mut rows);
        evidence.tables.push(Table { rows, gaps: Vec::new() });
    }
    for gap in open_gaps(schema, &evidence, &settled, gaps) {
        let table = gap.missing.table;
        evidence.tables[table].gaps.push(gap);
    }
    // What any export can hold is looked for in every export.
    let something = present.iter().any(|p| *p);
    for (id, table) in schema.tables.iter().enumerate() {
        let looked_for = present[id] || (something && table.kind == ANY);
        if matches!(table.made, Made::Exported) && !looked_for {
            let cells = unknown_cells(table.fields.len(), Why::NotExported);
            let gap = Gap { missing: Missing::rows(Why::NotExported, id, None), cells };
            evidence.tables[id].gaps.push(gap);
        }
    }
    Merged { evidence, sources: of_sources, lost }
}

/// The evidence kind of tables that every export can feed.
const ANY: &str = "any";

/// The rows of a table, source after source.
#[derive(Default)]
struct Rows {
    rows: Vec<Row>,
    /// The rows that are there, and how often.
    known: HashMap<(u64, u64), usize>,
}

impl Rows {
    /// Adds the rows of a source. What an earlier source says in the same words is not repeated; what a source
    /// says twice by itself stays twice.
    fn add(&mut self, table: &TableSchema, rows: Vec<Row>) {
        if rows.is_empty() {
            return;
        }
        if self.rows.is_empty() && table.distinct.is_empty() {
            self.rows = rows;
            return;
        }
        if self.known.is_empty() {
            let mut text = String::new();
            for row in &self.rows {
                *self.known.entry(print(table, row, &mut text)).or_default() += 1;
            }
        }
        let mut text = String::new();
        let mut own: HashMap<(u64, u64), usize> = HashMap::new();
        for row in rows {
            let print = print(table, &row, &mut text);
            let count = own.entry(print).or_default();
            *count += 1;
            let known = self.known.get(&print).copied().unwrap_or(0);
            if *count > known && (table.distinct.is_empty() || *count == 1) {
                self.rows.push(row);
            }
        }
        for (print, count) in own {
            let known = self.known.entry(print).or_default();
            *known = count.max(*known);
        }
    }
}

/// Leaves of rows that say the same as many as one object said: an object that stands in a file twice, because the
/// export was appended to an earlier one or refers to it, says it once. The rows are in the order of their objects.
fn said_once(table: &TableSchema, rows: &mut Vec<Row>) {
    let several = rows.windows(2).any(|pair| pair[0].record != pair[1].record);
    if !several || !table.distinct.is_empty() {
        return;
    }
    /// How often a row was said by the object at hand, and by any before it.
    struct Said {
        object: Option<Place>,
        here: usize,
        before: usize,
    }
    let mut said: HashMap<(u64, u64), Said> = HashMap::new();
    let mut text = String::new();
    rows.retain(|row| {
        let said = said.entry(print(table, row, &mut text)).or_insert(Said {
            object: row.record,
            here: 0,
            before: 0,
        });
        if said.object != row.record {
            said.before = said.before.max(said.here);
            (said.object, said.here) = (row.record, 0);
        }
        said.here += 1;
        said.here > said.before
    });
}

/// A print of what a row says: of its distinct fields, if the table has some, otherwise of all. Places do not
/// count.
fn print(table: &TableSchema, row: &Row, text: &mut String) -> (u64, u64) {
    text.clear();
    if table.distinct.is_empty() {
        for cell in &row.cells {
            write_fact(&cell.fact, text);
            text.push('\n');
        }
    } else {
        for number in &table.distinct {
            write_fact(&row.cells[*number].fact, text);
            text.push('\n');
        }
        *text = text.to_lowercase();
    }
    let hash = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        seed.hash(&mut hasher);
        text.hash(&mut hasher);
        hasher.finish()
    };
    (hash(0), hash(1))
}

/// Whether a cell is unknown only in this export, so that another may tell. An account that is a variable or
/// protected is so everywhere.
fn may_be_told(field: &FieldSchema, cell: &Cell) -> bool {
    match cell.fact {
        Fact::Unknown(Why::Unreadable) => field.kind.scalar != Scalar::Account,
        Fact::Unknown(_) => true,
        _ => false,
    }
}

/// Whether a cell says something.
fn is_known(cell: &Cell) -> bool {
    !matches!(cell.fact, Fact::Unknown(_))
}

/// The value of a cell for comparison within its field: texts of most types without regard to case.
fn comparable(field: &FieldSchema, cell: &Cell) -> String {
    let mut text = String::new();
    write_fact(&cell.fact, &mut text);
    if field.kind.scalar == Scalar::Text { text } else { text.to_lowercase() }
}

/// Takes away rows that say less than another row of the same thing and nothing else.
fn drop_superseded(table: &TableSchema, rows: &mut Vec<Row>) {
    let may_be_told_one = |row: &Row| table.fields.iter().zip(&row.cells).any(|(f, c)| may_be_told(f, c));
    if !rows.iter().any(may_be_told_one) {
        return;
    }
    let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
    for (number, row) in rows.iter().enumerate() {
        if table.key.iter().all(|k| is_known(&row.cells[*k])) {
            let key: String =
                table.key.iter().map(|k| comparable(&table.fields[*k], &row.cells[*k]) + "\n").collect();
            by_key.entry(key).or_default().push(number);
        }
    }
    let mut superseded: HashSet<usize> = HashSet::new();
    for numbers in by_key.values().filter(|numbers| numbers.len() > 1) {
        superseded.extend(superseded_of(table, rows, numbers));
    }
    let mut number = 0;
    rows.retain(|_| {
        number += 1;
        !superseded.contains(&(number - 1))
    });
}

/// Of rows with the same key those that say less than another. Rows that lack the same fields form a kind; what a row
/// of a kind says is looked up among the rows of all kinds that say more, so that equal rows are not compared with each
/// other.
fn superseded_of(table: &TableSchema, rows: &[Row], numbers: &[usize]) -> Vec<usize> {
    let lacks = |number: usize| -> Vec<usize> {
        let cells = table.fields.iter().zip(&rows[number].cells).enumerate();
        cells.filter(|(_, (field, cell))| may_be_told(field, cell)).map(|(at, _)| at).collect()
    };
    let says = |number: usize, without: &[usize]| -> String {
        let cells = table.fields.iter().zip(&rows[number].cells).enumerate();
        cells
            .filter(|(at, _)| !without.contains(at))
            .map(|(_, (field, cell))| comparable(field, cell) + "\0")
            .collect()
    };
    let mut kinds: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
    for &number in numbers {
        kinds.entry(lacks(number)).or_default().push(number);
    }
    let mut out = Vec::new();
    for (lacking, poor) in kinds.iter().filter(|(lacking, _)| !lacking.is_empty()) {
        let tells_one =
            |number: &&usize| lacking.iter().any(|at| rows[**number].cells.get(*at).is_some_and(is_known));
        let richer: HashSet<String> =
            numbers.iter().filter(tells_one).map(|number| says(*number, lacking)).collect();
        if !richer.is_empty() {
            out.extend(poor.iter().filter(|number| richer.contains(&says(**number, lacking))));
        }
    }
    out
}

/// The gaps that nothing fills, each once, in the order of their places.
fn open_gaps(
    schema: &Schema,
    evidence: &Evidence,
    settled: &[(TableId, Box<[Cell]>)],
    mut gaps: Vec<Gap>,
) -> Vec<Gap> {
    gaps.sort_by_key(|gap| gap.missing.place);
    let mut index: HashMap<(TableId, Vec<usize>), HashSet<String>> = HashMap::new();
    let mut seen: HashSet<String> = HashSet::new();
    let mut text = String::new();
    gaps.retain(|gap| {
        let table = &schema.tables[gap.missing.table];
        text.clear();
        text.push_str(&format!("{} {}\n", gap.missing.table, gap.missing.why.name()));
        for cell in &gap.cells {
            write_fact(&cell.fact, &mut text);
            text.push('\n');
        }
        if !seen.insert(text.clone()) {
            return false;
        }
        // Constants of the mapping have no place; they do not tell one object from another.
        let told: Vec<usize> = (0..gap.cells.len())
            .filter(|&i| {
                let cell = &gap.cells[i];
                is_known(cell) && !matches!(cell.fact, Fact::Empty) && cell.place.is_some()
            })
            .collect();
        if told.is_empty() {
            return true;
        }
        let value = |cells: &[Cell]| -> Option<String> {
            told.iter()
                .map(|&i| {
                    let cell = &cells[i];
                    is_known(cell).then(|| comparable(&table.fields[i], cell) + "\n")
                })
                .collect()
        };
        let filled = index.entry((gap.missing.table, told.clone())).or_insert_with(|| {
            let of_objects =
                settled.iter().filter(|(t, _)| *t == gap.missing.table).map(|(_, cells)| &**cells);
            let of_rows = evidence.tables[gap.missing.table].rows.iter().map(|row| &*row.cells);
            of_objects.chain(of_rows).filter_map(value).collect()
        });
        !value(&gap.cells).is_some_and(|value| filled.contains(&value))
    });
    gaps
}
