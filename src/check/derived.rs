//! Tables that are made from others with what is documented, or with the knowledge of which spellings mean the same
//! account: what several rules need is worked out here once.
//!
//! A maker takes the tables it needs from [`Shared::table`], which makes them first where they are made themselves,
//! and gives rows for what is known and gaps for what is not. Every row keeps the places of what it came from. A
//! maker decides nothing about right and wrong: that is what rules are for.

mod access;
mod database_access;
mod dcom_access;
mod directory_access;
mod documented_groups;
mod duties;
mod expected_groups;
mod expected_members;
mod folder_access;
mod hierarchy;
mod members;
mod positions;
mod rights;
mod share_access;
mod states;
mod titles;
mod trusts;
mod wmi_access;

use std::sync::Arc;

use super::shared::Shared;
use crate::evidence::{Account, Cell, Fact, Gap, Row, Table, TableId, TableSchema, Why};
use crate::source::Place;

pub(super) use members::{Belongs, Link, Listed, Member, Membership, Missing};

/// Makes a table.
pub(super) type Maker = fn(&Shared<'_>, &TableSchema) -> Table;

/// The tables of `content/evidence.yaml` that say `by: check`, and what makes them.
const MAKERS: &[(&str, Maker)] = &[
    ("account_domains", trusts::account_domains),
    ("account_states", states::account_states),
    ("content_folders", folder_access::content_folders),
    ("content_grants", folder_access::content_grants),
    ("database_access", database_access::database_access),
    ("dcom_access", dcom_access::dcom_access),
    ("dcom_grants", dcom_access::dcom_grants),
    ("directory_access", directory_access::directory_access),
    ("documented_groups", documented_groups::documented_groups),
    ("documented_members", documented_groups::documented_members),
    ("documented_titles", titles::documented_titles),
    ("expected_groups", expected_groups::expected_groups),
    ("expected_members", expected_members::expected_members),
    ("folder_access", folder_access::folder_access),
    ("forest_trusts", trusts::forest_trusts),
    ("group_duties", duties::group_duties),
    ("group_entries", folder_access::group_entries),
    ("group_scopes", documented_groups::group_scopes),
    ("held_groups", duties::held_groups),
    ("inbox_access", folder_access::inbox_access),
    ("join_routes", directory_access::join_routes),
    ("name_clashes", states::name_clashes),
    ("positions", positions::positions),
    ("right_duties", duties::right_duties),
    ("role_trusts", trusts::role_trusts),
    ("share_access", share_access::share_access),
    ("wmi_access", wmi_access::wmi_access),
];

/// What makes the table of that name; none if it is not made here.
pub(super) fn maker(table: &str) -> Option<Maker> {
    MAKERS.iter().find(|(name, _)| *name == table).map(|(_, maker)| *maker)
}

/// A text as a fact; an empty one is no value.
pub(super) fn text(text: &str) -> Fact {
    if text.is_empty() { Fact::Empty } else { Fact::Text(text.into()) }
}

/// A flag as a fact.
pub(super) fn flag(flag: bool) -> Fact {
    Fact::Flag(flag)
}

/// Texts as a list of facts that stand at one place.
pub(super) fn texts<S: AsRef<str>>(texts: impl IntoIterator<Item = S>, place: Option<Place>) -> Fact {
    let cells: Box<[Cell]> = texts.into_iter().map(|one| Cell { fact: text(one.as_ref()), place }).collect();
    if cells.is_empty() { Fact::Empty } else { Fact::List(cells) }
}

/// A table that is looked through by the names of its fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'s> {
    pub(super) id: TableId,
    schema: &'s TableSchema,
    table: &'s Table,
}

impl<'s> View<'s> {
    /// The table of that name. None if the content declares none.
    pub(super) fn of(shared: &'s Shared<'_>, name: &str) -> Option<Self> {
        let id = shared.schema.table(name)?;
        Some(Self { id, schema: &shared.schema.tables[id], table: shared.table(id) })
    }

    /// Its rows.
    pub(super) fn rows(self) -> impl Iterator<Item = Line<'s>> {
        let schema = self.schema;
        self.table.rows.iter().map(move |row| Line {
            schema,
            cells: &row.cells,
            record: row.record,
            gap: None,
        })
    }

    /// What is missing from it.
    pub(super) fn gaps(self) -> impl Iterator<Item = Line<'s>> {
        let schema = self.schema;
        let line = move |gap: &'s Gap| Line { schema, cells: &gap.cells, record: gap.place, gap: Some(gap) };
        self.table.gaps.iter().map(line)
    }

    /// The gap of a table that no export holds.
    pub(super) fn absent(self) -> Option<&'s Gap> {
        self.table.gaps.iter().find(|gap| {
            gap.why == Why::NotExported && gap.cells.iter().all(|c| matches!(c.fact, Fact::Unknown(_)))
        })
    }
}

/// A row or a gap of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'s> {
    schema: &'s TableSchema,
    cells: &'s [Cell],
    /// The record it was made from.
    pub(super) record: Option<Place>,
    /// The gap it is.
    pub(super) gap: Option<&'s Gap>,
}

impl<'s> Line<'s> {
    /// The cell of a field. None if the table has no such field.
    pub(super) fn cell(self, field: &str) -> Option<&'s Cell> {
        self.cells.get(self.schema.field(field)?)
    }

    fn fact(self, field: &str) -> Option<&'s Fact> {
        self.cell(field).map(|cell| &cell.fact)
    }

    /// The text of a field; none if it is empty or unknown.
    pub(super) fn text(self, field: &str) -> Option<&'s str> {
        match self.fact(field)? {
            Fact::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The account of a field; none if it is empty or unknown.
    pub(super) fn account(self, field: &str) -> Option<&'s Arc<Account>> {
        match self.fact(field)? {
            Fact::Account(account) => Some(account),
            _ => None,
        }
    }

    /// The flag of a field; none if it is empty or unknown.
    pub(super) fn flag(self, field: &str) -> Option<bool> {
        match self.fact(field)? {
            Fact::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The number of a field; none if it is empty or unknown.
    pub(super) fn integer(self, field: &str) -> Option<i64> {
        match self.fact(field)? {
            Fact::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The elements of a list field; none if it is unknown.
    pub(super) fn list(self, field: &str) -> Option<&'s [Cell]> {
        match self.fact(field)? {
            Fact::List(cells) => Some(cells),
            Fact::Empty => Some(&[]),
            _ => None,
        }
    }

    /// Whether the field is known to be empty.
    pub(super) fn is_empty(self, field: &str) -> bool {
        matches!(self.fact(field), Some(Fact::Empty))
    }

    /// Why the field is not known; none if it is.
    pub(super) fn unknown(self, field: &str) -> Option<Why> {
        match self.fact(field)? {
            Fact::Unknown(why) => Some(*why),
            _ => None,
        }
    }
}

/// A table that is being made.
#[derive(Debug)]
pub(super) struct Out<'s> {
    schema: &'s TableSchema,
    /// What has been made so far.
    pub(super) table: Table,
}

impl<'s> Out<'s> {
    pub(super) fn new(schema: &'s TableSchema) -> Self {
        Self { schema, table: Table::default() }
    }

    /// Begins a row made from a record; fields that are not set are empty.
    pub(super) fn row(&mut self, record: Option<Place>) -> Pending<'_, 's> {
        let cells = self.schema.fields.iter().map(|_| Cell { fact: Fact::Empty, place: None }).collect();
        Pending { out: self, cells, place: record, missing: None }
    }

    /// Begins a gap: `table` misses something, `what` says what ("the members of `X`"); fields that are not set are
    /// unknown.
    pub(super) fn gap(
        &mut self,
        why: Why,
        table: TableId,
        what: Option<Arc<str>>,
        place: Option<Place>,
    ) -> Pending<'_, 's> {
        let cells =
            self.schema.fields.iter().map(|_| Cell { fact: Fact::Unknown(why), place: None }).collect();
        Pending { out: self, cells, place, missing: Some((why, table, what)) }
    }
}

/// A row or gap that is being made.
#[derive(Debug)]
#[must_use = "`put` adds it to the table"]
pub(super) struct Pending<'o, 's> {
    out: &'o mut Out<'s>,
    cells: Box<[Cell]>,
    place: Option<Place>,
    missing: Option<(Why, TableId, Option<Arc<str>>)>,
}

/// A closure that sets fields, whatever row or gap it is given.
pub(super) fn filling<F>(fill: F) -> F
where
    F: for<'o, 's> Fn(Pending<'o, 's>) -> Pending<'o, 's>,
{
    fill
}

impl Pending<'_, '_> {
    /// Sets a field; one the table does not have is left out.
    pub(super) fn set(self, field: &str, fact: Fact) -> Self {
        self.cell(field, Cell { fact, place: None })
    }

    /// Sets a field to a cell of another table, with its place.
    pub(super) fn copy(self, field: &str, cell: Option<&Cell>) -> Self {
        match cell {
            Some(cell) => self.cell(field, cell.clone()),
            None => self,
        }
    }

    /// Sets a field to a fact that stands at a place.
    pub(super) fn at(self, field: &str, fact: Fact, place: Option<Place>) -> Self {
        self.cell(field, Cell { fact, place })
    }

    fn cell(mut self, field: &str, cell: Cell) -> Self {
        if let Some(number) = self.out.schema.field(field) {
            self.cells[number] = cell;
        }
        self
    }

    /// Adds it to the table.
    pub(super) fn put(self) {
        match self.missing {
            None => self.out.table.rows.push(Row { record: self.place, cells: self.cells }),
            Some((why, table, what)) => {
                self.out.table.gaps.push(Gap { why, table, place: self.place, cells: self.cells, what });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Assets;
    use crate::evidence::{Made, Schema};

    #[test]
    fn every_table_of_this_module_has_a_maker() {
        let schema = Schema::load(&Assets::content()).expect("the shipped tables are sound");
        let declared: Vec<&str> = schema
            .tables
            .iter()
            .filter(|table| matches!(table.made, Made::Elsewhere { .. }))
            .map(|table| table.name.as_str())
            .collect();
        for name in &declared {
            assert!(maker(name).is_some(), "nothing makes `{name}`");
        }
        for (name, _) in MAKERS {
            assert!(declared.contains(name), "`{name}` is not declared as made by check");
        }
    }
}
