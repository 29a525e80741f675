//! Tables that are made from other tables: unions, the permissions of administrative users, the places where
//! exports are cut short.

use std::sync::Arc;

use super::rows::{unknown_cells, write_fact};
use super::{
    Cell, Derived, Evidence, Fact, Gap, Made, Missing, Part, Permissions, Row, Scalar, Schema, Table,
    TableId, TableSchema, Why,
};
use crate::source::Place;

/// Fills every table that is made from others, but not those to `keep`. `lost` are places where objects of unknown
/// class are missing.
pub(super) fn fill(schema: &Schema, evidence: &mut Evidence, lost: &[Place], keep: &[TableId]) {
    for (id, table) in schema.tables.iter().enumerate().filter(|(id, _)| !keep.contains(id)) {
        let made = match &table.made {
            Made::Exported | Made::Elsewhere { .. } => continue,
            Made::Union { parts, derived } => union(schema, evidence, id, parts, derived),
            Made::Permissions(made) => permissions(schema, evidence, id, made).unwrap_or_default(),
            Made::ExportGaps => export_gaps(schema, evidence, id, lost),
        };
        evidence.tables[id] = made;
    }
}

fn known(fact: Fact) -> Cell {
    Cell { fact, place: None }
}

fn text(text: &str) -> Fact {
    Fact::Text(text.into())
}

fn union(schema: &Schema, evidence: &Evidence, id: TableId, parts: &[Part], derived: &[Derived]) -> Table {
    let union = &schema.tables[id];
    let count = union.fields.len();
    // A row without a value in the first account field says nothing.
    let subject = union.fields.iter().position(|f| f.kind.scalar == Scalar::Account && !f.kind.list);
    let mut out = Table::default();
    for part in parts {
        let fill = |from: &[Cell], cells: &mut Box<[Cell]>| {
            for (to, from_field) in &part.fields {
                cells[*to] = from[*from_field].clone();
            }
            for (to, value) in &part.constants {
                cells[*to] = known(text(value));
            }
            for derived in derived {
                cells[derived.field] = derive(derived, &cells[derived.from]);
            }
        };
        let table = &evidence.tables[part.table];
        for row in &table.rows {
            let mut cells: Box<[Cell]> = (0..count).map(|_| known(Fact::Empty)).collect();
            fill(&row.cells, &mut cells);
            match subject.map(|s| &cells[s].fact) {
                Some(Fact::Empty) => {}
                // An account is set, but which one cannot be read.
                Some(Fact::Unknown(why)) if *why != Why::Unreadable => {
                    out.gaps.push(Gap { missing: Missing::rows(*why, part.table, row.record), cells });
                }
                _ => out.rows.push(Row { record: row.record, cells }),
            }
        }
        let missed = |gap: &&Gap| !(part.supplement && gap.missing.why == Why::NotExported);
        for gap in table.gaps.iter().filter(missed) {
            for known_cells in possible(&schema.tables[part.table], &gap.cells) {
                let mut cells = unknown_cells(count, gap.missing.why);
                fill(&known_cells, &mut cells);
                out.gaps.push(Gap { missing: gap.missing.clone(), cells });
            }
        }
    }
    out
}

/// What the rows of a gap can say: one list of cells for each value of the first unknown field of which all values
/// are known.
fn possible(table: &TableSchema, cells: &[Cell]) -> Vec<Box<[Cell]>> {
    let limited = table
        .fields
        .iter()
        .enumerate()
        .find(|(n, field)| !field.domain.is_empty() && matches!(cells[*n].fact, Fact::Unknown(_)));
    let Some((number, field)) = limited else { return vec![cells.into()] };
    let with = |value: &Arc<str>| {
        let mut cells: Box<[Cell]> = cells.into();
        cells[number] = known(Fact::Text(Arc::clone(value)));
        cells
    };
    field.domain.iter().map(with).collect()
}

fn derive(derived: &Derived, from: &Cell) -> Cell {
    let fact = match (&derived.map, &from.fact) {
        (None, Fact::Account(account)) => text(&account.written),
        (Some(map), Fact::Text(value)) => {
            let value_lower = value.to_lowercase();
            let found = map.iter().find(|(key, _)| *key == value_lower);
            found.map_or_else(|| Fact::Text(Arc::clone(value)), |(_, to)| text(to))
        }
        (_, fact) => fact.clone(),
    };
    Cell { fact, place: from.place }
}

/// The permissions each administrative user has through each of its roles. None if the tables it is made of do
/// not have the fields it needs.
fn permissions(schema: &Schema, evidence: &Evidence, id: TableId, made: &Permissions) -> Option<Table> {
    let table = &schema.tables[id];
    let (account, role, permission) =
        (table.field("account")?, table.field("role")?, table.field("permission")?);
    let users = schema.table("admin_users")?;
    let (user_account, user_roles) =
        (schema.tables[users].field("account")?, schema.tables[users].field("roles")?);
    let operations = schema.table("role_operations")?;
    let fields = &schema.tables[operations];
    let (of_role, object_type, mask) =
        (fields.field("role")?, fields.field("object_type")?, fields.field("mask")?);
    let mut out = Table::default();
    let cells = |why: Why, user: Option<&Cell>, of: Option<&Cell>| {
        let mut cells = unknown_cells(table.fields.len(), why);
        if let Some(user) = user {
            cells[account] = user.clone();
        }
        if let Some(of) = of {
            cells[role] = of.clone();
        }
        cells
    };
    for gap in &evidence.tables[users].gaps {
        let user = Some(&gap.cells[user_account]);
        let missing = Missing { table: users, ..gap.missing.clone() };
        out.gaps.push(Gap { missing, cells: cells(gap.missing.why, user, None) });
    }
    for user in &evidence.tables[users].rows {
        let name = &user.cells[user_account];
        let roles: &[Cell] = match &user.cells[user_roles].fact {
            Fact::List(roles) => roles,
            Fact::Empty => &[],
            Fact::Unknown(why) => {
                let cells = cells(*why, Some(name), None);
                out.gaps.push(Gap { missing: Missing::rows(*why, users, user.record), cells });
                continue;
            }
            _ => std::slice::from_ref(&user.cells[user_roles]),
        };
        for of in roles {
            let Fact::Text(role_name) = &of.fact else {
                let Fact::Unknown(why) = of.fact else { continue };
                let cells = cells(why, Some(name), None);
                out.gaps.push(Gap { missing: Missing::rows(why, users, user.record), cells });
                continue;
            };
            let is_role = |cell: &Cell| matches!(&cell.fact, Fact::Text(t) if t.to_lowercase() == role_name.to_lowercase());
            let mut grant = |number: usize, place: Option<Place>| {
                let mut cells = cells(Why::NotExported, Some(name), Some(of));
                cells[permission] = Cell { fact: text(&made.bits[number].0), place };
                out.rows.push(Row { record: user.record, cells });
            };
            let rows: Vec<&Row> =
                evidence.tables[operations].rows.iter().filter(|r| is_role(&r.cells[of_role])).collect();
            if rows.is_empty()
                && let Some((_, numbers)) =
                    made.built_in.iter().find(|(name, _)| *name == role_name.to_lowercase())
            {
                numbers.iter().for_each(|number| grant(*number, of.place));
                continue;
            }
            let mut granted = vec![None; made.bits.len()];
            let mut open = None;
            for row in &rows {
                match row.cells[object_type].fact {
                    Fact::Integer(kind) if kind != made.object_type => continue,
                    Fact::Integer(_) => {}
                    _ => open = open.or(Some((Why::Unreadable, row.record))),
                }
                match row.cells[mask].fact {
                    Fact::Integer(mask_value) => {
                        for (number, (_, bit)) in made.bits.iter().enumerate() {
                            if mask_value & bit != 0 {
                                granted[number] = granted[number].or(Some(row.cells[mask].place));
                            }
                        }
                    }
                    Fact::Empty => {}
                    Fact::Unknown(why) => open = open.or(Some((why, row.record))),
                    _ => open = open.or(Some((Why::Unreadable, row.record))),
                }
            }
            for (number, place) in granted.into_iter().enumerate() {
                if let Some(place) = place {
                    grant(number, place);
                }
            }
            let missing = evidence.tables[operations]
                .gaps
                .iter()
                .find(|gap| match &gap.cells[of_role].fact {
                    Fact::Unknown(_) => rows.is_empty(),
                    _ => is_role(&gap.cells[of_role]),
                })
                .map(|gap| (gap.missing.why, gap.missing.place));
            // A role that the export of roles does not have.
            let unlisted = rows.is_empty().then_some((Why::NotExported, None));
            if let Some((why, place)) = open.or(missing).or(unlisted) {
                let cells = cells(why, Some(name), Some(of));
                out.gaps.push(Gap { missing: Missing::rows(why, operations, place), cells });
            }
        }
    }
    Some(out)
}

/// What may be missing where a file breaks off.
const ANY_TABLE: &str = "any table";

fn export_gaps(schema: &Schema, evidence: &Evidence, id: TableId, lost: &[Place]) -> Table {
    let own = &schema.tables[id];
    let mut out = Table::default();
    let mut open = Vec::new();
    let mut add = |table: Option<TableId>, why: Why, place: Option<Place>, cells: &[Cell]| {
        let value = |field: &str| match field {
            "evidence" => text(table.map_or(ANY_TABLE, |t| &schema.tables[t].name)),
            "why" => text(why.name()),
            _ => match table {
                Some(table) => {
                    let told = told(schema, table, cells);
                    if told.is_empty() { text("an object") } else { Fact::Text(told.into()) }
                }
                None => text("what stands behind this place"),
            },
        };
        let cells = own.fields.iter().map(|f| Cell { fact: value(&f.name), place }).collect();
        out.rows.push(Row { record: place, cells });
    };
    for (id, table) in schema.tables.iter().enumerate() {
        if !matches!(table.made, Made::Exported) {
            continue;
        }
        let gaps = &evidence.tables[id].gaps;
        let failed: Vec<&Gap> = gaps.iter().filter(|gap| gap.missing.why == Why::Failed).collect();
        // What the collector failed to read may have said what is left out, or be cut short itself.
        let cut = |gap: &&Gap| {
            !matches!(gap.missing.why, Why::NotExported | Why::Failed)
                && !failed.iter().any(|failed| may_be_one(&failed.cells, &gap.cells))
        };
        for gap in gaps.iter().filter(cut) {
            add(Some(id), gap.missing.why, gap.missing.place, &gap.cells);
        }
        for gap in failed.iter().take(1) {
            open.push(Gap { cells: unknown_cells(own.fields.len(), gap.missing.why), ..(*gap).clone() });
        }
        for row in &evidence.tables[id].rows {
            let cut = row.cells.iter().find_map(|cell| cut_short(&cell.fact));
            if let Some(why) = cut {
                add(Some(id), why, row.record, &row.cells);
            }
        }
    }
    for place in lost {
        add(None, Why::Incomplete, Some(*place), &[]);
    }
    out.rows.sort_by_key(|row| row.record);
    out.gaps = open;
    out
}

/// Whether two gaps may be of the same object, as far as they tell.
fn may_be_one(a: &[Cell], b: &[Cell]) -> bool {
    let differ = |(a, b): (&Cell, &Cell)| {
        let (mut one, mut other) = (String::new(), String::new());
        write_fact(&a.fact, &mut one);
        write_fact(&b.fact, &mut other);
        !one.eq_ignore_ascii_case(&other)
    };
    !a.iter().zip(b).filter(|(a, b)| a.is_told() && b.is_told()).any(differ)
}

/// Why a fact, or an element of it, is cut short.
fn cut_short(fact: &Fact) -> Option<Why> {
    match fact {
        Fact::Unknown(why @ (Why::Truncated | Why::NotFetched | Why::Incomplete)) => Some(*why),
        Fact::List(cells) => cells.iter().find_map(|cell| cut_short(&cell.fact)),
        _ => None,
    }
}

/// What the key cells tell, joined by commas.
fn told(schema: &Schema, table: TableId, cells: &[Cell]) -> String {
    let mut out = String::new();
    for number in &schema.tables[table].key {
        let word = match cells.get(*number).map(|cell| &cell.fact) {
            Some(Fact::Text(text)) => text.to_string(),
            Some(Fact::Account(account)) => account.written.to_string(),
            Some(Fact::Integer(number)) => number.to_string(),
            _ => continue,
        };
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(&word);
    }
    out
}
