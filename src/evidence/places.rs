//! Where exports tell what: for people who look for it, not for the collector.

use std::fmt;

use super::mapping::Source;
use super::path::{Path, Step};
use super::{Fact, Made, Mapping, Schema, TableId};

/// Where a table's rows come from in exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportPlace<'a> {
    /// The exported class.
    pub class: &'a str,
    /// The table that its objects become rows of.
    pub table: TableId,
    /// Where an account stands in an object: `Props[UserName].Value2`. Empty if the class names none.
    pub account: String,
}

/// Where exports tell of an account or group: the classes that fill tables for it alone, or that name it in their
/// rows.
pub fn places<'a>(schema: &Schema, mapping: &'a Mapping, entity: &str) -> Vec<ExportPlace<'a>> {
    // Tables of which each row is about this entity: a union says so of its parts.
    let mut own: Vec<TableId> = Vec::new();
    for table in &schema.tables {
        let (Made::Union { parts, .. }, Some(field)) = (&table.made, table.field("entity")) else { continue };
        for part in parts {
            if part.constants.iter().any(|(f, value)| *f == field && value == entity) {
                own.push(part.table);
            }
        }
    }
    let mut out: Vec<ExportPlace<'a>> = Vec::new();
    for class in &mapping.classes {
        for row in &class.rows {
            let Some(table) = schema.tables.get(row.table) else { continue };
            let field = |name: &str| {
                let number = table.field(name)?;
                row.fields.iter().find(|(f, _)| *f == number).map(|(_, map)| map)
            };
            let named = field("entity").is_some_and(|map| {
                let is = |fact: &Fact| matches!(fact, Fact::Text(text) if text.as_ref() == entity);
                matches!(&map.source, Source::Constant(fact) if is(fact))
                    || map.map.as_ref().is_some_and(|values| values.iter().any(|(_, fact)| is(fact)))
            });
            if !named && !own.contains(&row.table) {
                continue;
            }
            let account = field("account").filter(|map| matches!(map.source, Source::Path));
            let each = row.each.as_ref().map(ToString::to_string).unwrap_or_default();
            let account = match account.map(|map| map.path.to_string()) {
                Some(path) if path == "." => each,
                Some(path) if !each.is_empty() => format!("{each}: {path}"),
                Some(path) => path,
                None => String::new(),
            };
            let place = ExportPlace { class: &class.name, table: row.table, account };
            if !out.contains(&place) {
                out.push(place);
            }
        }
    }
    out
}

/// The classes whose objects fill a table that exports fill.
pub fn classes(mapping: &Mapping, table: TableId) -> Vec<&str> {
    let mut out: Vec<&str> = Vec::new();
    for class in &mapping.classes {
        if class.rows.iter().any(|row| row.table == table) && !out.contains(&class.name.as_ref()) {
            out.push(&class.name);
        }
    }
    out
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, way) in self.alternatives.iter().enumerate() {
            if i > 0 {
                f.write_str(" or ")?;
            }
            if way.in_element && way.steps.is_empty() {
                f.write_str(".")?;
            }
            for (n, step) in way.steps.iter().enumerate() {
                match step {
                    Step::Property(name, _) if n == 0 => write!(f, "{name}")?,
                    Step::Property(name, _) => write!(f, ".{name}")?,
                    Step::Named(name) => write!(f, "[{name}]")?,
                    Step::Beginning(name) => write!(f, "[{name}*]")?,
                    Step::Having(name) => write!(f, "[?{name}]")?,
                    Step::Number(number) => write!(f, "[{number}]")?,
                }
            }
        }
        Ok(())
    }
}
