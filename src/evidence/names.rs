//! The names of tables and fields that the program itself speaks of, as handles: `content/evidence.yaml` is read when
//! the program is built, so that a name which is not declared there does not compile.
//!
//! A handle is a number. What it stands for in the tables of a run is looked up once for each table, when it is first
//! asked for; content that is given with `--content` may have other tables, and fields in another order.

include!(concat!(env!("OUT_DIR"), "/names.rs"));

/// The name of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName(u16);

/// The name of a field, whatever tables have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldName(u16);

impl TableName {
    /// All of them.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0u16..).map(Self).take(TABLES.len())
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        TABLES.get(self.number()).copied().unwrap_or_default()
    }

    pub(super) fn number(self) -> usize {
        usize::from(self.0)
    }
}

impl FieldName {
    /// All of them.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0u16..).map(Self).take(FIELDS.len())
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        FIELDS.get(self.number()).copied().unwrap_or_default()
    }

    pub(super) fn number(self) -> usize {
        usize::from(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_called_as_what_they_stand_for() {
        assert_eq!((table::SITES.name(), field::HOST.name()), ("sites", "host"));
        assert!(TableName::all().all(|table| !table.name().is_empty()));
        assert!(FieldName::all().all(|field| !field.name().is_empty()));
    }
}
