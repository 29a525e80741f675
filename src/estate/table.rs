//! Tables as makers read and write them: a [`View`] is looked through by the names of fields, an [`Out`] takes rows and
//! gaps.

use std::sync::Arc;

use crate::estate::shared::{Index, Indexed, Shared};
use crate::estate::value::{Bucket, Value, bucket};
use crate::evidence::{
    Account, Cell, Fact, FieldName, Gap, Missing, Row, Table, TableId, TableName, TableSchema, Why, field,
    table,
};
use crate::rules::Mode;
use crate::source::Place;

/// A text as a fact; an empty one is no value.
pub(crate) fn text(text: &str) -> Fact {
    if text.is_empty() { Fact::Empty } else { Fact::Text(text.into()) }
}

/// A flag as a fact.
pub(crate) fn flag(flag: bool) -> Fact {
    Fact::Flag(flag)
}

/// Texts as a list of facts that stand at one place.
pub(crate) fn texts<S: AsRef<str>>(texts: impl IntoIterator<Item = S>, place: Option<Place>) -> Fact {
    let cells: Box<[Cell]> = texts.into_iter().map(|one| Cell { fact: text(one.as_ref()), place }).collect();
    if cells.is_empty() { Fact::Empty } else { Fact::List(cells) }
}

/// A table that is looked through by the names of its fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'s> {
    pub(crate) id: TableId,
    shared: &'s Shared<'s>,
    schema: &'s TableSchema,
    table: &'s Table,
}

impl<'s> View<'s> {
    /// The table of that name. None if the content declares none.
    pub(crate) fn of(shared: &'s Shared<'_>, name: TableName) -> Option<Self> {
        Self::numbered(shared, shared.schema.id(name)?)
    }

    /// The table of that number. None if there is none.
    pub(crate) fn numbered(shared: &'s Shared<'_>, id: TableId) -> Option<Self> {
        shared.reading(id);
        let schema = shared.schema.tables.get(id)?;
        Some(Self { id, shared, schema, table: shared.table(id) })
    }

    /// The rows in which a field is proven to be a computer, in their order.
    pub(crate) fn on(self, field: FieldName, host: &str) -> impl Iterator<Item = Line<'s>> + use<'s> {
        let ids = self.shared.ids;
        let rows: Vec<Line<'s>> = self
            .look_up(field, Mode::Computer, Fact::Text(host.into()), Index::proven)
            .filter(|line| line.text(field).is_some_and(|on| ids.same_computer(on, host) == Some(true)))
            .collect();
        rows.into_iter()
    }

    /// The rows in which a field is not proven to be another computer than that, in their order.
    pub(crate) fn perhaps_on(self, field: FieldName, host: &str) -> impl Iterator<Item = Line<'s>> + use<'s> {
        let ids = self.shared.ids;
        let all = self.table.rows.len();
        let possible = move |index: &Index, bucket: &Bucket| match index.possible(bucket) {
            Some(mut rows) => {
                rows.extend(index.empty());
                rows.sort_unstable();
                rows
            }
            None => (0..u32::try_from(all).unwrap_or(u32::MAX)).collect(),
        };
        let rows: Vec<Line<'s>> = self
            .look_up(field, Mode::Computer, Fact::Text(host.into()), possible)
            .filter(|line| line.text(field).is_none_or(|on| ids.same_computer(on, host) != Some(false)))
            .collect();
        rows.into_iter()
    }

    /// The rows with a text in a field, whatever the case of its letters, in their order.
    pub(crate) fn with(self, field: FieldName, text: &str) -> impl Iterator<Item = Line<'s>> + use<'s> {
        self.look_up(field, Mode::Name, Fact::Text(text.into()), Index::proven)
    }

    fn look_up(
        self,
        field: FieldName,
        mode: Mode,
        fact: Fact,
        choose: impl Fn(&Index, &Bucket) -> Vec<u32>,
    ) -> impl Iterator<Item = Line<'s>> {
        let rows = self.column(field).map(|number| {
            let of = Indexed { table: self.id, field: number, mode, gaps: false };
            let slot = self.shared.index_slot(of);
            let index = slot.get_or_init(|| self.shared.build_index(of));
            choose(index, &bucket(self.shared.ids, mode, &Value::new(&fact, self.shared.ids)))
        });
        rows.into_iter()
            .flatten()
            .filter_map(move |number| self.table.rows.get(number as usize))
            .map(move |row| self.of_row(row))
    }

    fn of_row(self, row: &'s Row) -> Line<'s> {
        Line { view: self, cells: &row.cells, record: row.record, gap: None, of_several: false }
    }

    fn of_gap(self, gap: &'s Gap) -> Line<'s> {
        Line { view: self, cells: &gap.cells, record: gap.missing.place, gap: Some(gap), of_several: false }
    }

    /// The number of a field; that the table does not have it is a fault of the program.
    #[track_caller]
    fn column(self, field: FieldName) -> Option<usize> {
        let column = self.schema.column(field);
        if column.is_none() {
            self.shared.lacks(self.id, field);
        }
        column
    }

    /// Its rows.
    pub(crate) fn rows(self) -> impl Iterator<Item = Line<'s>> {
        self.table.rows.iter().map(move |row| self.of_row(row))
    }

    /// Its rows with the places they have in it.
    pub(crate) fn numbered_rows(self) -> impl Iterator<Item = (At, Line<'s>)> {
        (0u32..).zip(self.rows()).map(|(number, line)| (At { number, gap: false }, line))
    }

    /// Its gaps with the places they have in it.
    pub(crate) fn numbered_gaps(self) -> impl Iterator<Item = (At, Line<'s>)> {
        (0u32..).zip(self.gaps()).map(|(number, line)| (At { number, gap: true }, line))
    }

    /// The row or gap at a place.
    pub(crate) fn line(self, at: At) -> Option<Line<'s>> {
        let number = at.number as usize;
        if at.gap {
            self.table.gaps.get(number).map(|gap| self.of_gap(gap))
        } else {
            self.table.rows.get(number).map(|row| self.of_row(row))
        }
    }

    /// What is missing from it.
    pub(crate) fn gaps(self) -> impl Iterator<Item = Line<'s>> {
        self.table.gaps.iter().map(move |gap| self.of_gap(gap))
    }

    /// The gap of a table that no export holds.
    pub(crate) fn absent(self) -> Option<&'s Gap> {
        self.table.gaps.iter().find(|gap| {
            gap.missing.why == Why::NotExported
                && gap.cells.iter().all(|c| matches!(c.fact, Fact::Unknown(_)))
        })
    }
}

/// The place of a row or gap in its table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    number: u32,
    gap: bool,
}

/// A row or a gap of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'s> {
    view: View<'s>,
    cells: &'s [Cell],
    /// The record it was made from.
    pub(crate) record: Option<Place>,
    /// The gap it is.
    pub(crate) gap: Option<&'s Gap>,
    of_several: bool,
}

impl<'s> Line<'s> {
    /// The cell of a field.
    #[track_caller]
    pub(crate) fn cell(self, field: FieldName) -> Option<&'s Cell> {
        let column = match self.of_several {
            true => self.view.schema.column(field),
            false => self.view.column(field),
        };
        self.cells.get(column?)
    }

    /// Itself, asked in the same words as lines of other tables: a field that its own table does not have is no fault,
    /// and says nothing.
    pub(crate) fn of_several(self) -> Self {
        Self { of_several: true, ..self }
    }

    /// The cell with a number.
    pub(crate) fn numbered(self, field: usize) -> Option<&'s Cell> {
        self.cells.get(field)
    }

    #[track_caller]
    fn fact(self, field: FieldName) -> Option<&'s Fact> {
        self.cell(field).map(|cell| &cell.fact)
    }

    /// The text of a field; none if it is empty or unknown.
    #[track_caller]
    pub(crate) fn text(self, field: FieldName) -> Option<&'s str> {
        match self.fact(field)? {
            Fact::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The account of a field; none if it is empty or unknown.
    #[track_caller]
    pub(crate) fn account(self, field: FieldName) -> Option<&'s Arc<Account>> {
        match self.fact(field)? {
            Fact::Account(account) => Some(account),
            _ => None,
        }
    }

    /// The account of a row, or what its security identifier says of it where it has no name.
    #[track_caller]
    pub(crate) fn trustee(self) -> Option<Arc<Account>> {
        let by_sid = || self.text(field::SID).and_then(Account::parse).map(Arc::new);
        self.account(field::ACCOUNT).cloned().or_else(by_sid)
    }

    /// The flag of a field; none if it is empty or unknown.
    #[track_caller]
    pub(crate) fn flag(self, field: FieldName) -> Option<bool> {
        match self.fact(field)? {
            Fact::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The number of a field; none if it is empty or unknown.
    #[track_caller]
    pub(crate) fn integer(self, field: FieldName) -> Option<i64> {
        match self.fact(field)? {
            Fact::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The elements of a list field; none if it is unknown.
    #[track_caller]
    pub(crate) fn list(self, field: FieldName) -> Option<&'s [Cell]> {
        match self.fact(field)? {
            Fact::List(cells) => Some(cells),
            Fact::Empty => Some(&[]),
            _ => None,
        }
    }

    /// Whether the field is known to be empty.
    #[track_caller]
    pub(crate) fn is_empty(self, field: FieldName) -> bool {
        matches!(self.fact(field), Some(Fact::Empty))
    }

    /// Why the field is not known; none if it is.
    #[track_caller]
    pub(crate) fn unknown(self, field: FieldName) -> Option<Why> {
        match self.fact(field)? {
            Fact::Unknown(why) => Some(*why),
            _ => None,
        }
    }
}

/// A table that is being made.
#[derive(Debug)]
pub(crate) struct Out<'s> {
    shared: &'s Shared<'s>,
    id: TableId,
    schema: &'s TableSchema,
    /// What has been made so far.
    pub(crate) table: Table,
}

impl<'s> Out<'s> {
    pub(crate) fn of(shared: &'s Shared<'_>, schema: &'s TableSchema) -> Self {
        let id = shared.schema.table(&schema.name).unwrap_or_default();
        Self { shared, id, schema, table: Table::default() }
    }

    /// Begins a row made from a record; fields that are not set are empty.
    pub(crate) fn row(&mut self, record: Option<Place>) -> Pending<'_, 's> {
        let cells = self.schema.fields.iter().map(|_| Cell { fact: Fact::Empty, place: None }).collect();
        Pending { out: self, cells, record, missing: None }
    }

    /// Begins a gap for something that is missing; fields that are not set are unknown.
    pub(crate) fn gap(&mut self, missing: Missing) -> Pending<'_, 's> {
        let unknown = |_| Cell { fact: Fact::Unknown(missing.why), place: None };
        let cells = self.schema.fields.iter().map(unknown).collect();
        Pending { out: self, cells, record: None, missing: Some(missing) }
    }
}

/// A row or gap that is being made.
#[derive(Debug)]
#[must_use = "`put` adds it to the table"]
pub(crate) struct Pending<'o, 's> {
    out: &'o mut Out<'s>,
    cells: Box<[Cell]>,
    record: Option<Place>,
    missing: Option<Missing>,
}

/// A closure that sets fields, whatever row or gap it is given.
pub(crate) fn filling<F>(fill: F) -> F
where
    F: for<'o, 's> Fn(Pending<'o, 's>) -> Pending<'o, 's>,
{
    fill
}

impl Pending<'_, '_> {
    /// Sets a field.
    #[track_caller]
    pub(crate) fn set(self, field: FieldName, fact: Fact) -> Self {
        self.cell(field, Cell { fact, place: None })
    }

    /// Sets a field to a cell of another table, with its place.
    #[track_caller]
    pub(crate) fn copy(self, field: FieldName, cell: Option<&Cell>) -> Self {
        match cell {
            Some(cell) => self.cell(field, cell.clone()),
            None => self,
        }
    }

    /// Sets a field to a fact that stands at a place.
    #[track_caller]
    pub(crate) fn at(self, field: FieldName, fact: Fact, place: Option<Place>) -> Self {
        self.cell(field, Cell { fact, place })
    }

    #[track_caller]
    fn cell(mut self, field: FieldName, cell: Cell) -> Self {
        match self.out.schema.column(field) {
            Some(number) => self.cells[number] = cell,
            None => self.out.shared.lacks(self.out.id, field),
        }
        self
    }

    /// Adds it to the table.
    pub(crate) fn put(self) {
        match self.missing {
            None => self.out.table.rows.push(Row { record: self.record, cells: self.cells }),
            Some(missing) => self.out.table.gaps.push(Gap { missing, cells: self.cells }),
        }
    }
}

/// An account at the place where it stands.
pub(crate) fn account(account: &Arc<crate::evidence::Account>) -> Fact {
    Fact::Account(Arc::clone(account))
}

/// The account of a cell; none if it is empty or unknown.
pub(crate) fn account_in(cell: &Cell) -> Option<&Arc<Account>> {
    match &cell.fact {
        Fact::Account(account) => Some(account),
        _ => None,
    }
}

/// Hands gaps of other tables on; `fields` are those that both tables have.
pub(crate) fn gaps_of(shared: &Shared<'_>, out: &mut Out<'_>, tables: &[TableName], fields: &[FieldName]) {
    for table in tables {
        for line in View::of(shared, *table).into_iter().flat_map(View::gaps) {
            let Some(gap) = line.gap else { continue };
            let mut row = out.gap(gap.missing.clone());
            for field in fields {
                row = row.copy(*field, line.cell(*field));
            }
            row.put();
        }
    }
}

/// Two accounts of which the exports do not say whether they are one; `sid` is what stands beside the second. `otherwise`
/// is the table to ask for where it is not their domains that are in doubt.
pub(crate) fn unsure(
    shared: &Shared<'_>,
    a: &Account,
    b: &Account,
    sid: Option<&Account>,
    otherwise: TableId,
) -> Missing {
    let doubt = std::iter::once(b).chain(sid).find_map(|b| Some((shared.ids.untied(a, b)?, b)));
    let Some(((own, other), b)) = doubt else {
        let what = format!("`{}` and `{}`", a.written, b.written);
        return Missing::of(Why::Identity, otherwise, what, None);
    };
    let missing = untied(shared, &own, &other, otherwise);
    let of = match (shared.ids.resolve(a).name(), shared.ids.resolve(b).name()) {
        (Some(name), Some(other)) if name == other => format!("`{}`", a.name().trim()),
        _ => format!("`{}` and `{}`", a.written, b.written),
    };
    Missing { what: Some(format!("{} of {of}", missing.words()).into()), ..missing }
}

/// Two names of domains of which the exports do not say whether they are one.
pub(crate) fn untied(shared: &Shared<'_>, one: &str, other: &str, otherwise: TableId) -> Missing {
    let table = domain_list(shared, one, other).unwrap_or(otherwise);
    Missing::of(Why::Identity, table, format!("the domains `{one}` and `{other}`"), None)
}

/// The table of domains, where it would tie two names: where no export holds it, or none that holds both.
pub(crate) fn domain_list(shared: &Shared<'_>, one: &str, other: &str) -> Option<TableId> {
    let id = shared.schema.id(table::DOMAINS)?;
    let absent = shared.table(id).gaps.iter().any(|gap| gap.missing.why == Why::NotExported);
    (absent || !shared.ids.has_both_names(one) || !shared.ids.has_both_names(other)).then_some(id)
}

impl Missing {
    /// What no export holds of a table.
    pub(crate) fn not_exported(shared: &Shared<'_>, table: TableName, what: &str) -> Self {
        Self::of(Why::NotExported, shared.schema.id(table).unwrap_or_default(), what, None)
    }

    /// What it is, in words; empty where the name of the table says enough.
    pub(crate) fn words(&self) -> &str {
        self.what.as_deref().unwrap_or_default()
    }
}

/// Whether a name is the same without regard to case, of an optional one.
pub(crate) fn is(text: Option<&str>, word: &str) -> bool {
    text.is_some_and(|text| text.trim().eq_ignore_ascii_case(word))
}
