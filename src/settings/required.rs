//! Evidence that has to be there for a run to count.

use crate::check::Open;
use crate::evidence::{Schema, TableId};
use crate::yaml::nearest;

/// Tables without which a run does not count. What nothing can collect is never among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Required {
    /// All that can be collected.
    all: bool,
    tables: Vec<TableId>,
}

impl Required {
    /// All that can be collected.
    pub(crate) fn all() -> Self {
        Self { all: true, tables: Vec::new() }
    }

    /// Adds a table by its name.
    ///
    /// # Errors
    /// When there is no such table, or nothing collects it.
    pub(crate) fn add(&mut self, schema: &Schema, name: &str) -> Result<(), String> {
        let Some(table) = schema.table(name.trim()) else {
            let near = nearest(name, schema.tables.iter().map(|table| table.name.as_str()));
            let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return Err(format!("there is no evidence table `{name}`{near}"));
        };
        if schema.collects(&[table]).is_empty() {
            return Err(format!("nothing can collect `{name}`, so that it cannot be required"));
        }
        self.tables.extend(schema.leaves(&[table]));
        Ok(())
    }

    /// Whether what keeps a rule from being evaluated has to be there.
    pub(crate) fn misses(&self, schema: &Schema, open: &Open) -> bool {
        if self.all {
            return !schema.collects(&open.tables).is_empty();
        }
        schema.leaves(&open.tables).iter().any(|table| self.tables.contains(table))
    }
}
