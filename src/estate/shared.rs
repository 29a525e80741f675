//! What all rules of a run share: the tables, the identities, and the indexes that joins look rows up in.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::value::{Bucket, Value, bucket};
use crate::content::{Content, Date};
use crate::evidence::{
    Cell, Evidence, Fact, FieldName, Gap, Identities, Identity, Scalar, Schema, Table, TableId, TableSchema,
};
use crate::rules::Mode;
use crate::source::Place;

/// Makes a table.
pub(crate) type Maker = fn(&Shared<'_>, &TableSchema) -> Table;

/// Everything a rule is evaluated against.
#[derive(Debug)]
pub(crate) struct Shared<'e> {
    pub(crate) content: &'e Content,
    pub(crate) schema: &'e Schema,
    pub(crate) revision: Date,
    pub(crate) ids: &'e Identities,
    tables: Vec<Slot<'e>>,
    worked_out: WorkedOut,
    /// Tables that were asked for fields they do not have, and the fields: mistakes of the program, or of content that
    /// leaves out what the program needs.
    faults: Mutex<BTreeMap<TableId, FieldName>>,
    /// Who asked for which tables and things.
    #[cfg(test)]
    reads: Mutex<BTreeSet<(Reader, Reader)>>,
    /// Identities of the accounts of a column, one a row; built when first needed.
    columns: Vec<OnceLock<Box<[OnceLock<Column>]>>>,
    indexes: Mutex<HashMap<Indexed, Arc<OnceLock<Index>>>>,
}

/// What an index is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Indexed {
    pub(crate) table: TableId,
    pub(crate) field: usize,
    pub(crate) mode: Mode,
    /// The gaps of the table instead of its rows.
    pub(crate) gaps: bool,
}

/// A table, or how it is made when it is first asked for.
#[derive(Debug)]
enum Slot<'e> {
    There(&'e Table),
    Made(Maker, OnceLock<Table>),
}

/// Who reads, and what is read: a table, or a thing that is worked out once.
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reader {
    Table(TableId),
    Thing(TypeId),
}

#[cfg(test)]
thread_local! {
    /// Who is reading on this thread, the innermost last.
    static READERS: std::cell::RefCell<Vec<Reader>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// While it lives, its reader is the one who reads.
#[cfg(test)]
struct Reading;

#[cfg(test)]
impl Reading {
    fn begin(reader: Reader) -> Self {
        READERS.with(|readers| readers.borrow_mut().push(reader));
        Self
    }
}

#[cfg(test)]
impl Drop for Reading {
    fn drop(&mut self) {
        READERS.with(|readers| readers.borrow_mut().pop());
    }
}

/// Things that are worked out once, each of another type: a chain, so that what is there stays where it is.
#[derive(Debug, Default)]
struct WorkedOut {
    of: OnceLock<TypeId>,
    value: OnceLock<Box<dyn Any + Send + Sync>>,
    next: OnceLock<Box<WorkedOut>>,
}

type Column = Vec<Option<Arc<Identity>>>;

/// A row, an element of one of its list fields, or a gap.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'e> {
    pub(crate) table: TableId,
    /// Number of the row; none for a gap.
    pub(crate) row: Option<u32>,
    pub(crate) cells: &'e [Cell],
    pub(crate) item: Option<&'e Cell>,
    pub(crate) record: Option<Place>,
    pub(crate) gap: Option<&'e Gap>,
}

impl<'e> Frame<'e> {
    /// The cell of a field; the number after the last is the element.
    pub(crate) fn cell(&self, field: usize) -> Option<&'e Cell> {
        match self.cells.get(field) {
            Some(cell) => Some(cell),
            None => self.item,
        }
    }
}

/// Rows, or gaps, by the keys of a field.
#[derive(Debug, Default)]
pub(crate) struct Index {
    by_key: HashMap<String, Vec<u32>>,
    /// Those that possibly have any value.
    any: Vec<u32>,
    /// Those that are known to have none.
    empty: Vec<u32>,
}

/// The rows among which a value is to be looked for.
#[derive(Debug)]
pub(crate) struct Candidates<'i> {
    /// Rows that may be proven to have it; the same row may come twice.
    pub(crate) keyed: Vec<&'i [u32]>,
    /// Rows that possibly have it and are not proven to; none for all rows.
    pub(crate) possible: Option<&'i [u32]>,
}

impl Candidates<'_> {
    /// How much work it is to look at them, of `all` rows. Of those that are merely possible the first will do.
    pub(crate) fn cost(&self, all: usize) -> usize {
        self.keyed.iter().map(|rows| rows.len()).sum::<usize>() + self.possible.map_or(all, <[u32]>::len) / 64
    }
}

impl Index {
    /// The rows that may have the value.
    pub(crate) fn rows<'i>(&'i self, bucket: &Bucket) -> Candidates<'i> {
        Candidates {
            keyed: bucket.keys.iter().filter_map(|key| self.by_key.get(key)).map(Vec::as_slice).collect(),
            possible: if bucket.any { None } else { Some(&self.any) },
        }
    }

    /// The rows that may be proven to have the value, each once, in their order.
    pub(crate) fn proven(&self, bucket: &Bucket) -> Vec<u32> {
        let mut rows: Vec<u32> =
            bucket.keys.iter().filter_map(|key| self.by_key.get(key)).flatten().copied().collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// All rows that may have the value, each once, in their order; none for all there are.
    pub(crate) fn possible(&self, bucket: &Bucket) -> Option<Vec<u32>> {
        if bucket.any {
            return None;
        }
        let mut rows = self.proven(bucket);
        rows.extend(&self.any);
        rows.sort_unstable();
        rows.dedup();
        Some(rows)
    }

    /// How many rows [`Index::possible`] would give, those that have several keys counted for each; none for all.
    pub(crate) fn count(&self, bucket: &Bucket) -> Option<usize> {
        let keyed = bucket.keys.iter().filter_map(|key| self.by_key.get(key)).map(Vec::len).sum::<usize>();
        (!bucket.any).then_some(keyed + self.any.len())
    }

    /// The rows without a value.
    pub(crate) fn empty(&self) -> &[u32] {
        &self.empty
    }

    /// No row at all.
    pub(crate) fn nothing() -> Candidates<'static> {
        Candidates { keyed: Vec::new(), possible: Some(&[]) }
    }
}

impl<'e> Shared<'e> {
    /// `maker` tells what makes a table that is not exported.
    pub(crate) fn new(
        content: &'e Content,
        schema: &'e Schema,
        evidence: &'e Evidence,
        ids: &'e Identities,
        revision: Date,
        maker: impl Fn((TableId, &str)) -> Option<Maker>,
    ) -> Self {
        static NOTHING: Table = Table { rows: Vec::new(), gaps: Vec::new() };
        let slot = |id: TableId| match maker((id, &schema.tables[id].name)) {
            Some(maker) => Slot::Made(maker, OnceLock::new()),
            None => Slot::There(evidence.tables.get(id).unwrap_or(&NOTHING)),
        };
        let tables = (0..schema.tables.len()).map(slot).collect();
        let columns = schema.tables.iter().map(|_| OnceLock::new()).collect();
        Self {
            content,
            schema,
            revision,
            ids,
            tables,
            worked_out: WorkedOut::default(),
            faults: Mutex::default(),
            #[cfg(test)]
            reads: Mutex::default(),
            columns,
            indexes: Mutex::default(),
        }
    }

    /// A table; one that is made from others is made now, if it has not been.
    pub(crate) fn table(&self, table: TableId) -> &Table {
        match &self.tables[table] {
            Slot::There(there) => there,
            Slot::Made(maker, made) => made.get_or_init(|| {
                #[cfg(test)]
                let _reading = Reading::begin(Reader::Table(table));
                maker(self, &self.schema.tables[table])
            }),
        }
    }

    /// Takes note that a table is read.
    #[allow(clippy::unused_self)]
    pub(crate) fn reading(&self, _table: TableId) {
        #[cfg(test)]
        self.note(Reader::Table(_table));
    }

    #[cfg(test)]
    fn note(&self, read: Reader) {
        if let Some(reader) = READERS.with(|readers| readers.borrow().last().copied()) {
            self.reads.lock().unwrap_or_else(PoisonError::into_inner).insert((reader, read));
        }
    }

    /// The tables that the maker of a table has read, itself or through things that are worked out once.
    #[cfg(test)]
    pub(crate) fn read_by(&self, table: TableId) -> BTreeSet<TableId> {
        let reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut open, mut seen, mut out) = (vec![Reader::Table(table)], BTreeSet::new(), BTreeSet::new());
        while let Some(reader) = open.pop() {
            for (_, read) in reads.iter().filter(|(by, _)| *by == reader) {
                match read {
                    Reader::Table(table) => _ = out.insert(*table),
                    Reader::Thing(_) if seen.insert(*read) => open.push(*read),
                    Reader::Thing(_) => {}
                }
            }
        }
        out
    }

    /// Takes note that a table was asked for a field it does not have.
    pub(crate) fn lacks(&self, table: TableId, field: FieldName) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).entry(table).or_insert(field);
    }

    /// In words why a table cannot be relied on: it, or one it is made of, was asked for a field that is not there.
    pub(crate) fn fault_of(&self, tables: &[TableId]) -> Option<String> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if faults.is_empty() {
            return None;
        }
        let (mut open, mut seen): (Vec<TableId>, BTreeSet<TableId>) = (tables.to_vec(), BTreeSet::new());
        while let Some(table) = open.pop() {
            if !seen.insert(table) {
                continue;
            }
            if let Some(field) = faults.get(&table) {
                let table = &self.schema.tables[table].name;
                return Some(format!("the table `{table}` has no field `{}`, which is needed", field.name()));
            }
            open.extend(self.schema.tables.get(table).into_iter().flat_map(|t| &t.made_from));
        }
        None
    }

    /// What several makers need of the tables: it is worked out when it is first asked for.
    pub(crate) fn once<T: Any + Send + Sync>(&self, work_out: impl Fn(&Self) -> T) -> &T {
        #[cfg(test)]
        self.note(Reader::Thing(TypeId::of::<T>()));
        let mut slot = &self.worked_out;
        loop {
            let make = || -> Box<dyn Any + Send + Sync> {
                #[cfg(test)]
                let _reading = Reading::begin(Reader::Thing(TypeId::of::<T>()));
                Box::new(work_out(self))
            };
            if *slot.of.get_or_init(TypeId::of::<T>) == TypeId::of::<T>()
                && let Some(there) = slot.value.get_or_init(make).downcast_ref()
            {
                return there;
            }
            slot = slot.next.get_or_init(Box::default);
        }
    }

    /// A row of a table.
    pub(crate) fn row(&self, table: TableId, row: u32) -> Frame<'_> {
        let data = &self.table(table).rows[row as usize];
        Frame { table, row: Some(row), cells: &data.cells, item: None, record: data.record, gap: None }
    }

    /// A gap of a table.
    pub(crate) fn gap<'s>(&'s self, table: TableId, gap: &'s Gap) -> Frame<'s> {
        Frame { table, row: None, cells: &gap.cells, item: None, record: gap.missing.place, gap: Some(gap) }
    }

    /// The type of a field; of the element of a list field for the number after the last.
    pub(crate) fn scalar(&self, frame: &Frame<'_>, field: usize, item: Option<usize>) -> Scalar {
        let fields = &self.schema.tables[frame.table].fields;
        fields.get(field).or_else(|| fields.get(item?)).map_or(Scalar::Text, |f| f.kind.scalar)
    }

    /// The value of a cell that is not empty and not unknown.
    pub(crate) fn value<'s>(&'s self, frame: &Frame<'s>, field: usize, fact: &'s Fact) -> Value<'s> {
        if let (Fact::Account(_), Some(row)) = (fact, frame.row)
            && field < frame.cells.len()
            && let Some(Some(identity)) = self.column(frame.table, field).get(row as usize)
        {
            return Value { fact, identity: Some(Cow::Borrowed(identity)) };
        }
        Value::new(fact, self.ids)
    }

    fn column(&self, table: TableId, field: usize) -> &Column {
        let fields = || self.schema.tables[table].fields.iter().map(|_| OnceLock::new()).collect();
        self.columns[table].get_or_init(fields)[field].get_or_init(|| {
            // Many rows name few accounts.
            let mut known: HashMap<&str, Arc<Identity>> = HashMap::new();
            self.table(table)
                .rows
                .iter()
                .map(|row| match &row.cells.get(field)?.fact {
                    Fact::Account(account) => Some(Arc::clone(
                        known.entry(&account.written).or_insert_with(|| Arc::new(self.ids.resolve(account))),
                    )),
                    _ => None,
                })
                .collect()
        })
    }

    /// The place of an index; it is built when it is first asked for.
    pub(crate) fn index_slot(&self, of: Indexed) -> Arc<OnceLock<Index>> {
        let mut indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(indexes.entry(of).or_default())
    }

    pub(crate) fn build_index(&self, of: Indexed) -> Index {
        let Indexed { table, field, mode, gaps } = of;
        let mut index = Index::default();
        let count = if gaps { self.table(table).gaps.len() } else { self.table(table).rows.len() };
        for number in 0..u32::try_from(count).unwrap_or(u32::MAX) {
            let frame = match self.table(table).gaps.get(number as usize).filter(|_| gaps) {
                Some(gap) => self.gap(table, gap),
                None => self.row(table, number),
            };
            let Some(cell) = frame.cell(field) else { continue };
            self.enter(&mut index, &frame, field, mode, number, cell);
        }
        index
    }

    fn enter<'s>(
        &'s self,
        index: &mut Index,
        frame: &Frame<'s>,
        field: usize,
        mode: Mode,
        number: u32,
        cell: &'s Cell,
    ) {
        match &cell.fact {
            Fact::Empty => index.empty.push(number),
            Fact::Unknown(_) => index.any.push(number),
            Fact::List(cells) => {
                for cell in cells {
                    match &cell.fact {
                        Fact::Empty | Fact::List(_) => {}
                        Fact::Unknown(_) => index.any.push(number),
                        fact => self.enter_value(index, mode, number, &Value::new(fact, self.ids)),
                    }
                }
            }
            fact => self.enter_value(index, mode, number, &self.value(frame, field, fact)),
        }
    }

    fn enter_value(&self, index: &mut Index, mode: Mode, number: u32, value: &Value<'_>) {
        let bucket = bucket(self.ids, mode, value);
        if bucket.any {
            index.any.push(number);
        }
        for key in bucket.keys {
            index.by_key.entry(key).or_default().push(number);
        }
    }
}
