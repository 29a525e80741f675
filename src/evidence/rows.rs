//! Exported objects to rows and gaps: what `sources.yaml` says, done.
//!
//! A [`Collector`] takes the objects of one stretch of a file and keeps rows only. It decides nothing about
//! other files; putting their rows together is the business of [`super::merge`].
//!
//! Memory does not grow with what nobody needs: tables with distinct rows keep each once, and of tables that are
//! only looked up in, rows are kept within a [`Budget`] for all files together. Where it is spent, the file is read a
//! second time, when it is known which accounts matter.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::account::computer_name;
use super::convert::{build, fact, integer, plain, text_fact};
use super::mapping::{
    AccountPart, Choice, ClassMap, Condition, Failed, FieldMap, Known, Mapping, Otherwise, Presence, RowMap,
    Source, Test,
};
use super::path::{Found, Path, Root, is_filled};
use super::{
    Account, AccountForm, Cell, Fact, FieldKind, Gap, Missing, Row, Scalar, Schema, TableId, TableSchema,
    Why, field,
};
use crate::reader::{self, Data, Record, Secret, Sink, Value};
use crate::source::{Place, SourceId, Span};

/// How many rows of lookup tables may still be kept.
#[derive(Debug)]
pub(super) struct Budget(AtomicUsize);

impl Budget {
    pub(super) fn new(rows: usize) -> Self {
        Self(AtomicUsize::new(rows))
    }

    fn take(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

/// The accounts and computers that tables name: what is worth keeping of a lookup table.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    /// Account names without domain part, in lower case; of computers that of their account.
    names: HashSet<String>,
    /// SIDs and user principal names, in lower case.
    texts: HashSet<String>,
    /// First labels of computers, and what stands before accounts, in lower case.
    hosts: HashSet<String>,
}

impl Mentions {
    /// Adds the accounts and computers of all tables but lookup tables.
    pub(super) fn add(&mut self, schema: &Schema, gathered: &Gathered) {
        for (id, rows) in &gathered.tables {
            let table = &schema.tables[*id];
            if table.lookup {
                continue;
            }
            for (number, field) in table.fields.iter().enumerate() {
                match field.kind.scalar {
                    Scalar::Account => rows.iter().for_each(|row| self.add_fact(&row.cells[number].fact)),
                    Scalar::Computer => rows.iter().for_each(|row| self.add_host(&row.cells[number].fact)),
                    Scalar::Path => {
                        let network = |fact: &&Fact| matches!(fact, Fact::Text(p) if p.starts_with(r"\\"));
                        rows.iter()
                            .map(|row| &row.cells[number].fact)
                            .filter(network)
                            .for_each(|path| self.add_host(path));
                    }
                    _ => {}
                }
            }
        }
    }

    fn add_fact(&mut self, fact: &Fact) {
        match fact {
            Fact::List(cells) => cells.iter().for_each(|cell| self.add_fact(&cell.fact)),
            Fact::Account(account) => {
                let name = account.name().to_lowercase();
                if !self.names.contains(&name) {
                    self.names.insert(name);
                }
                if matches!(account.form, AccountForm::Sid | AccountForm::Principal { .. }) {
                    self.texts.insert(account.written.to_lowercase());
                }
                if let AccountForm::DownLevel { domain, .. } = &account.form
                    && let Some(host) = host_label(domain).filter(|host| !self.hosts.contains(host))
                {
                    self.hosts.insert(host);
                }
            }
            _ => {}
        }
    }

    fn add_host(&mut self, fact: &Fact) {
        match fact {
            Fact::List(cells) => cells.iter().for_each(|cell| self.add_host(&cell.fact)),
            Fact::Text(text) => {
                // Many rows name the same computer.
                if let Some(host) = host_label(text).map(|host| format!("{host}$"))
                    && !self.names.contains(&host)
                {
                    self.hosts.insert(host.trim_end_matches('$').to_owned());
                    self.names.insert(host);
                }
            }
            _ => {}
        }
    }

    /// Whether a row of a lookup table speaks of one of them.
    pub(super) fn hold(&self, table: &TableSchema, row: &Row) -> bool {
        row.cells.iter().zip(&table.fields).any(|(cell, field)| match &cell.fact {
            Fact::Text(text) if field.kind.scalar == Scalar::Computer => {
                host_label(text).is_some_and(|host| self.hosts.contains(&host))
            }
            Fact::Account(account) => {
                self.names.contains(&account.name().to_lowercase())
                    || self.texts.contains(&account.written.to_lowercase())
            }
            Fact::Text(text) => self.texts.contains(&text.to_lowercase()),
            _ => false,
        })
    }
}

/// The first label of the name of a computer, in lower case.
fn host_label(text: &str) -> Option<String> {
    let name = computer_name(text)?;
    Some(name.split('.').next().unwrap_or_default().to_lowercase()).filter(|label| !label.is_empty())
}

/// What a collector is to do.
#[derive(Debug, Clone, Copy)]
pub(super) enum Task<'m> {
    /// Everything; rows of lookup tables as long as there is room for them.
    All(&'m Budget),
    /// Only rows of lookup tables that speak of these accounts and computers.
    Lookup(&'m Mentions),
}

/// What one stretch of a file gave.
#[derive(Debug, Clone, Default)]
pub(super) struct Gathered {
    /// Rows by table; tables without rows are not in it.
    pub(super) tables: BTreeMap<TableId, Vec<Row>>,
    /// How many rows of lookup tables there were, kept or not.
    pub(super) looked_up: usize,
    /// Rows of lookup tables were dropped because there was no more room.
    pub(super) overflow: bool,
    /// Domains before accounts of lookup tables, and their security identifiers.
    pub(super) domain_sids: HashSet<(String, String)>,
    pub(super) gaps: Vec<Gap>,
    /// Classes of which the collector read nothing, with gaps that count only where another export does not hold the
    /// table.
    pub(super) failed: Vec<(usize, Gap)>,
    /// Tables, and objects of which everything the table needs was there.
    pub(super) settled: Vec<(TableId, Box<[Cell]>)>,
    /// Tables that count as exported.
    pub(super) present: Vec<bool>,
    /// Tables of which some value is protected, and where.
    pub(super) protected: Vec<(TableId, Place)>,
    /// By class: whether objects of it were seen.
    pub(super) seen: Vec<bool>,
    /// Objects that are missing, of a class that is not known.
    pub(super) lost: Vec<(reader::Missing, Place)>,
    /// Where credentials stand.
    pub(super) secrets: Vec<Span>,
}

/// Turns the objects of one stretch of a file into rows.
#[derive(Debug)]
pub(super) struct Collector<'m> {
    schema: &'m Schema,
    mapping: &'m Mapping,
    source: SourceId,
    /// The name of the file without folder and extension.
    file: &'m str,
    task: Task<'m>,
    /// By table: the distinct fields of the rows that are kept, for tables that want them.
    distinct: Vec<HashSet<String>>,
    /// The plain values of objects that gave a row of a table with distinct rows, or the same row again.
    repeated: HashSet<String>,
    scratch: String,
    out: Gathered,
}

/// How many objects are remembered so that their like need not be looked at again.
const REPEATED: usize = 4096;

/// What an alternative of a path gave.
enum Picked<'a> {
    Found(Found<'a>),
    Empty(Option<Span>),
    Unknown(Why, Option<Span>),
}

/// Whether conditions hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Yes,
    No,
    Open(Why, Option<Span>),
}

impl<'m> Collector<'m> {
    pub(super) fn new(
        schema: &'m Schema,
        mapping: &'m Mapping,
        source: SourceId,
        file: &'m str,
        task: Task<'m>,
    ) -> Self {
        let tables = schema.tables.len();
        Self {
            schema,
            mapping,
            source,
            file,
            task,
            repeated: HashSet::new(),
            scratch: String::new(),
            distinct: vec![HashSet::new(); tables],
            out: Gathered {
                present: vec![false; tables],
                seen: vec![false; mapping.classes.len()],
                ..Gathered::default()
            },
        }
    }

    pub(super) fn finish(self) -> Gathered {
        self.out
    }

    fn place(&self, span: Span) -> Place {
        Place { source: self.source, span }
    }

    fn object(&mut self, record: &Record) {
        let mapping = self.mapping;
        let Some(number) = mapping.number(&record.class) else { return };
        let class = &mapping.classes[number];
        if matches!(self.task, Task::Lookup(_)) {
            let root = Root { record: &record.object, element: None };
            for row in class.rows.iter().filter(|row| self.schema.tables[row.table].lookup) {
                if self.choice(class, &row.when, root) == Verdict::Yes {
                    self.rows(class, row, record);
                }
            }
            return;
        }
        self.out.seen[number] = true;
        if let Some(failed) = &class.failed {
            return self.failure(failed, record);
        }
        let root = Root { record: &record.object, element: None };
        for table in &class.unreadable {
            self.out.protected.push((*table, self.place(record.span)));
        }
        for known in &class.covers {
            self.out.present[known.table] = true;
            if !known.fields.is_empty() {
                let cells = self.known_cells(class, known, Why::NotFetched, root);
                self.out.settled.push((known.table, cells));
            }
        }
        for lazy in &class.lazy {
            let value = lazy_value(record, &lazy.property, &lazy.others);
            let cut = value.is_some_and(|value| matches!(value.data, Data::Truncated));
            if !cut && value.is_some_and(is_filled) {
                continue;
            }
            let why = if cut { Why::Truncated } else { Why::NotFetched };
            let span = value.map(|v| v.span).filter(|s| s.end > s.start).unwrap_or(record.span);
            for known in &lazy.tables {
                self.out.present[known.table] = true;
                let cells = self.known_cells(class, known, why, root);
                let place = Some(self.place(span));
                self.out.gaps.push(Gap { missing: Missing::rows(why, known.table, place), cells });
            }
        }
        for row in &class.rows {
            if row.presence == Presence::Class {
                self.out.present[row.table] = true;
            }
            match self.choice(class, &row.when, root) {
                Verdict::No => continue,
                Verdict::Yes => self.rows(class, row, record),
                Verdict::Open(why, span) => self.gap(class, row, record, why, span),
            }
            if row.presence == Presence::Item {
                self.out.present[row.table] = true;
            }
        }
    }

    /// Gaps in all tables that objects which could not be read would have filled. What the record says beside that is
    /// what is known of them.
    fn failure(&mut self, failed: &Failed, record: &Record) {
        let root = Root { record: &record.object, element: None };
        let text = |path: &Path| {
            let found = path.alternatives.iter().map(|steps| steps.find(root)).find(Found::is_filled)?;
            found.first().and_then(plain).map(str::to_owned)
        };
        let mapping = self.mapping;
        let Some(number) = text(&failed.class).and_then(|name| mapping.number(&name)) else { return };
        let class = &mapping.classes[number];
        let line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let target = text(&failed.target).map(line).filter(|t| !t.is_empty());
        let reason = text(&failed.reason).map(line).filter(|t| !t.is_empty());
        let what: Option<Arc<str>> = match (target, reason) {
            (Some(target), Some(reason)) => Some(format!("on {target}: {reason}").into()),
            (Some(target), None) => Some(format!("on {target}").into()),
            (None, Some(reason)) => Some(format!("here: {reason}").into()),
            (None, None) => None,
        };
        let whole = text(&failed.whole).is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let place = Some(self.place(record.span));
        let missing = |table| Missing { why: Why::Failed, table, what: what.clone(), place };
        let mut gaps: Vec<Gap> = Vec::new();
        for row in class.rows.iter().filter(|row| row.presence != Presence::Never) {
            if !self.may_pass(class, &row.when, root) {
                continue;
            }
            let cells = self.base_cells(class, row, root, Why::Failed);
            gaps.push(Gap { missing: missing(row.table), cells });
        }
        for known in class.covers.iter().chain(class.lazy.iter().flat_map(|lazy| &lazy.tables)) {
            if !class.rows.iter().any(|row| row.table == known.table) {
                let cells = self.known_cells(class, known, Why::Failed, root);
                gaps.push(Gap { missing: missing(known.table), cells });
            }
        }
        for gap in gaps {
            let told = gap.cells.iter().any(Cell::is_told);
            if whole && !told {
                self.out.failed.push((number, gap));
            } else {
                self.out.gaps.push(gap);
            }
        }
    }

    /// Whether an object of which only some properties are known may pass conditions.
    fn may_pass(&self, class: &ClassMap, choice: &Choice, root: Root<'_>) -> bool {
        let may = |condition: &Condition| {
            let known = condition.path.alternatives.iter().any(|steps| steps.find(root).is_filled());
            !known || test(class, condition, root) == Verdict::Yes
        };
        choice.is_empty() || choice.iter().any(|all| all.iter().all(may))
    }

    fn rows(&mut self, class: &ClassMap, row: &RowMap, record: &Record) {
        let root = Root { record: &record.object, element: None };
        let Some(each) = &row.each else {
            self.row(class, row, record, root);
            return;
        };
        let mut whole = true;
        match self.pick(class, each, root, FieldKind { scalar: Scalar::Text, list: true }) {
            Picked::Unknown(Why::NotFetched, _) => return,
            Picked::Unknown(why, span) => {
                self.gap(class, row, record, why, span);
                return;
            }
            Picked::Empty(_) => {}
            Picked::Found(found) => {
                if let Some(span) = found.cut {
                    self.gap(class, row, record, Why::Truncated, Some(span));
                    whole = false;
                }
                let accounts = row.fields.iter().any(|(number, field)| {
                    let kind = self.schema.tables[row.table].fields[*number].kind;
                    kind.scalar == Scalar::Account && is_element(&field.path)
                });
                for value in found.values() {
                    whole &= self.elements(class, row, record, value, accounts);
                }
            }
        }
        if whole && row.presence != Presence::Never {
            let cells = self.base_cells(class, row, root, Why::NotExported);
            self.out.settled.push((row.table, cells));
        }
    }

    /// A row of each element. False if some are cut off.
    fn elements(
        &mut self,
        class: &ClassMap,
        row: &RowMap,
        record: &Record,
        value: &Value,
        accounts: bool,
    ) -> bool {
        match &value.data {
            Data::List(items) => {
                let mut whole = true;
                for item in items {
                    // A text in a list is one element, whatever is in it.
                    whole &= self.elements(class, row, record, item, false);
                }
                whole
            }
            Data::Object(object) if super::path::wrapped(object).is_some() => {
                super::path::wrapped(object).is_none_or(|v| self.elements(class, row, record, v, false))
            }
            Data::Truncated => {
                self.gap(class, row, record, Why::Truncated, Some(value.span));
                false
            }
            Data::Text(text) if accounts && is_joined(text) => {
                self.gap(class, row, record, Why::Truncated, Some(value.span));
                false
            }
            _ if !is_filled(value) => true,
            _ => {
                let root = Root { record: &record.object, element: Some(value) };
                match self.choice(class, &row.filter, root) {
                    Verdict::Yes => self.row(class, row, record, root),
                    Verdict::No => {}
                    Verdict::Open(why, span) => {
                        self.gap(class, row, record, why, span);
                        return false;
                    }
                }
                true
            }
        }
    }

    fn row(&mut self, class: &ClassMap, row: &RowMap, record: &Record, root: Root<'_>) {
        let table = &self.schema.tables[row.table];
        if table.lookup {
            match self.task {
                Task::All(budget) => {
                    self.out.looked_up += 1;
                    if self.out.overflow || !budget.take() {
                        self.out.overflow = true;
                        self.out.tables.remove(&row.table);
                        return;
                    }
                }
                Task::Lookup(_) => {}
            }
        }
        if !table.distinct.is_empty() && self.is_repeated(row, root) {
            return;
        }
        let mut cells = empty_cells(table.fields.len());
        for (number, field) in &row.fields {
            cells[*number] = self.cell(class, field, table.fields[*number].kind, root);
        }
        if !table.distinct.is_empty() {
            let mut key = String::new();
            for number in &table.distinct {
                write_fact(&cells[*number].fact, &mut key);
                key.push('\n');
            }
            key = key.to_lowercase();
            if !self.distinct[row.table].insert(key) {
                return;
            }
        }
        if table.lookup {
            self.domain_sid(table, &cells);
        }
        let row_of = Row { record: Some(self.place(record.span)), cells };
        if let Task::Lookup(mentions) = self.task
            && !mentions.hold(table, &row_of)
        {
            return;
        }
        self.out.tables.entry(row.table).or_default().push(row_of);
    }

    /// Keeps which domain has which security identifier: rows of accounts that nobody names tell it too.
    fn domain_sid(&mut self, table: &TableSchema, cells: &[Cell]) {
        let cell = |name| table.column(name).and_then(|column| cells.get(column)).map(|cell| &cell.fact);
        if let (Some(Fact::Account(account)), Some(Fact::Text(sid))) =
            (cell(field::ACCOUNT), cell(field::SID))
            && let Some(pair) = super::domains::sid_of_domain(account, sid)
        {
            self.out.domain_sids.insert(pair);
        }
    }

    /// Whether an object with the same plain values was there before. Only looks at simple fields, and never
    /// says so wrongly.
    fn is_repeated(&mut self, row: &RowMap, root: Root<'_>) -> bool {
        use std::fmt::Write as _;
        let mut key = std::mem::take(&mut self.scratch);
        key.clear();
        let _ = write!(key, "{}", row.table);
        let mut simple = true;
        for (_, field) in &row.fields {
            if matches!(field.source, Source::Constant(_) | Source::Unknown) {
                continue;
            }
            for steps in &field.path.alternatives {
                let found = steps.find(root);
                simple &= found.cut.is_none() && !found.is_several();
                key.push(if found.absent { '\u{1}' } else { '\u{2}' });
                let text = match found.first().map(|v| &v.data) {
                    None | Some(Data::Null) => "",
                    Some(Data::Text(text)) => text,
                    Some(Data::Bool(true)) => "\u{3}",
                    Some(Data::Bool(false)) => "\u{4}",
                    Some(Data::Number(number)) => number,
                    Some(_) => {
                        simple = false;
                        ""
                    }
                };
                key.push_str(match field.part {
                    Some(AccountPart::Domain) => plain_domain(text).unwrap_or(text),
                    _ => text,
                });
            }
        }
        let repeated = simple && self.repeated.contains(&key);
        if simple && !repeated && self.repeated.len() < REPEATED {
            self.repeated.insert(key.clone());
        }
        self.scratch = key;
        repeated
    }

    fn gap(&mut self, class: &ClassMap, row: &RowMap, record: &Record, why: Why, span: Option<Span>) {
        if row.presence == Presence::Never {
            return;
        }
        let root = Root { record: &record.object, element: None };
        let cells = self.base_cells(class, row, root, why);
        let place = Some(self.place(span.filter(|s| s.end > s.start).unwrap_or(record.span)));
        self.out.gaps.push(Gap { missing: Missing::rows(why, row.table, place), cells });
    }

    /// The cells of a row that do not depend on the element; the others are unknown.
    fn base_cells(&self, class: &ClassMap, row: &RowMap, root: Root<'_>, why: Why) -> Box<[Cell]> {
        let table = &self.schema.tables[row.table];
        let mut cells = unknown_cells(table.fields.len(), why);
        for (number, field) in &row.fields {
            if !is_element(&field.path) {
                cells[*number] = self.cell(class, field, table.fields[*number].kind, root);
            }
        }
        cells
    }

    fn known_cells(&self, class: &ClassMap, known: &Known, why: Why, root: Root<'_>) -> Box<[Cell]> {
        let table = &self.schema.tables[known.table];
        let mut cells = unknown_cells(table.fields.len(), why);
        for (number, field) in &known.fields {
            cells[*number] = self.cell(class, field, table.fields[*number].kind, root);
        }
        cells
    }

    fn choice(&self, class: &ClassMap, choice: &Choice, root: Root<'_>) -> Verdict {
        if choice.is_empty() {
            return Verdict::Yes;
        }
        let mut open = None;
        for conditions in choice {
            let mut all = Verdict::Yes;
            for condition in conditions {
                match test(class, condition, root) {
                    Verdict::Yes => {}
                    Verdict::No => {
                        all = Verdict::No;
                        break;
                    }
                    verdict => all = verdict,
                }
            }
            match all {
                Verdict::Yes => return Verdict::Yes,
                Verdict::No => {}
                verdict => open = open.or(Some(verdict)),
            }
        }
        open.unwrap_or(Verdict::No)
    }

    /// The first alternative of a path that gives something.
    fn pick<'a>(&self, class: &ClassMap, path: &Path, root: Root<'a>, kind: FieldKind) -> Picked<'a> {
        let mut candidate: Option<Found<'a>> = None;
        let (mut cut, mut absent, mut empty, mut lazy) = (None, false, None, false);
        for steps in &path.alternatives {
            let found = steps.find(root);
            if found.is_filled() {
                // The sources disagree on where some accounts stand; the one that looks like an account is it.
                let look = kind.scalar == Scalar::Account && !kind.list && path.alternatives.len() > 1;
                let text = found.first().and_then(plain);
                if !look || text.is_some_and(|t| Account::looks_like(t) || Account::is_dynamic(t)) {
                    return Picked::Found(found);
                }
                candidate = candidate.or(Some(found));
                continue;
            }
            cut = cut.or(found.cut);
            if let Some((top, _)) = steps.top() {
                lazy |= class.lazy.iter().any(|l| l.property.eq_ignore_ascii_case(top))
                    && !root.record.get(top).is_some_and(is_filled);
            }
            match found.absent {
                true => absent = true,
                false => empty = Some(found.first().map(|v| v.span)),
            }
        }
        if let Some(found) = candidate {
            return Picked::Found(found);
        }
        if let Some(span) = cut {
            return Picked::Unknown(Why::Truncated, Some(span));
        }
        if lazy {
            return Picked::Unknown(Why::NotFetched, None);
        }
        match empty {
            // A list that could stand in two places is empty only if both were looked at.
            Some(span) if !(kind.list && absent) || class.whole => Picked::Empty(span),
            _ if class.whole || !absent => Picked::Empty(None),
            _ => Picked::Unknown(Why::NotExported, None),
        }
    }

    fn cell(&self, class: &ClassMap, field: &FieldMap, kind: FieldKind, root: Root<'_>) -> Cell {
        let fact = match &field.source {
            Source::Constant(fact) => return Cell { fact: fact.clone(), place: None },
            Source::Unknown => return Cell { fact: Fact::Unknown(Why::NotExported), place: None },
            Source::Path => None,
            Source::IsListed if field.path.alternatives.iter().any(|steps| steps.find(root).is_list()) => {
                return Cell { fact: flag(true), place: None };
            }
            source => Some(source),
        };
        let picked = self.pick(class, &field.path, root, kind);
        let (span, found) = match picked {
            Picked::Unknown(why, span) => {
                if matches!(fact, Some(Source::Variable)) {
                    return Cell { fact: Fact::Flag(false), place: None };
                }
                return Cell { fact: Fact::Unknown(why), place: span.map(|s| self.place(s)) };
            }
            Picked::Empty(span) => (span, None),
            Picked::Found(found) => (found.first().map(|v| v.span), Some(found)),
        };
        let place = span.map(|s| self.place(s));
        let first = found.as_ref().and_then(Found::first);
        let fact = match fact {
            Some(Source::IsEmpty) => flag(found.is_none() != field.not),
            // A list of one may have lost its brackets.
            Some(Source::IsListed) if found.is_some() => flag(true),
            // An element that is not there says less than a list that is null.
            Some(Source::IsListed) if field.path.alternatives.iter().any(|steps| steps.in_element) => {
                Fact::Unknown(Why::NotExported)
            }
            Some(Source::IsListed) => Fact::Unknown(Why::Incomplete),
            Some(Source::Variable) => {
                flag(first.and_then(plain).is_some_and(Account::is_dynamic) != field.not)
            }
            Some(Source::Secret) => secret(first),
            Some(Source::Build) => match first.map(|v| plain(v).and_then(build)) {
                Some(Some(number)) => Fact::Integer(number),
                Some(None) => Fact::Unknown(Why::Unreadable),
                None => Fact::Empty,
            },
            _ if kind.list => match &found {
                Some(found) => self.list(field, kind.scalar, found, root),
                None => Fact::Empty,
            },
            _ => match first {
                Some(value) => self.scalar(field, kind.scalar, value, root),
                None => mapped(field, ""),
            },
        };
        if field.or_file && matches!(fact, Fact::Empty | Fact::Unknown(Why::NotExported)) {
            return Cell { fact: text_fact(kind.scalar, self.file), place: None };
        }
        Cell { fact, place }
    }

    fn list(&self, field: &FieldMap, scalar: Scalar, found: &Found<'_>, root: Root<'_>) -> Fact {
        let mut cells = Vec::new();
        for value in found.values() {
            if scalar == Scalar::Account
                && let Data::Text(text) = &value.data
                && is_joined(text)
            {
                cells.push(Cell { fact: Fact::Unknown(Why::Truncated), place: Some(self.place(value.span)) });
                continue;
            }
            self.items(field, scalar, value, root, &mut cells);
        }
        if let Some(span) = found.cut {
            cells.push(Cell { fact: Fact::Unknown(Why::Truncated), place: Some(self.place(span)) });
        }
        if cells.is_empty() { Fact::Empty } else { Fact::List(cells.into()) }
    }

    fn items(&self, field: &FieldMap, scalar: Scalar, value: &Value, root: Root<'_>, cells: &mut Vec<Cell>) {
        match &value.data {
            Data::List(items) => items.iter().for_each(|v| self.items(field, scalar, v, root, cells)),
            Data::Object(object) if super::path::wrapped(object).is_some() => {
                if let Some(list) = super::path::wrapped(object) {
                    self.items(field, scalar, list, root, cells);
                }
            }
            _ => match self.scalar(field, scalar, value, root) {
                Fact::Empty => {}
                fact => cells.push(Cell { fact, place: Some(self.place(value.span)) }),
            },
        }
    }

    /// A single value through all that is said of the field.
    fn scalar(&self, field: &FieldMap, scalar: Scalar, value: &Value, root: Root<'_>) -> Fact {
        let cut = field.after.is_some() || field.before.is_some() || field.part.is_some();
        let plain_field = field.map.is_none() && field.bits.is_empty() && field.domain.is_none();
        if !cut && plain_field && !field.qualified {
            return negated(field, fact(scalar, value));
        }
        let text = match &value.data {
            Data::Truncated => return Fact::Unknown(Why::Truncated),
            Data::Secret(Secret::Empty) => "",
            Data::Secret(_) => return Fact::Unknown(Why::Unreadable),
            _ => match plain(value) {
                Some(text) => text.trim(),
                None => return Fact::Unknown(Why::Unreadable),
            },
        };
        let mut text = text;
        if let Some(after) = &field.after
            && let Some(at) = find_ignore_case(text, after)
        {
            text = text[at + after.len()..].trim();
        }
        if let Some(before) = &field.before
            && let Some(at) = find_ignore_case(text, before)
        {
            text = text[..at].trim();
        }
        let (account, dns);
        if let Some(part) = field.part {
            account = Account::parse(text);
            text = match (&account, part) {
                (_, AccountPart::Dns) => {
                    dns = dns_of(text);
                    dns.as_deref().unwrap_or(text)
                }
                (_, AccountPart::Distinguished) => distinguished_part(text),
                (Some(account), AccountPart::Name) => account.name(),
                (Some(account), AccountPart::Domain) => account.domain().unwrap_or_default(),
                (None, _) => "",
            };
        }
        if !field.bits.is_empty()
            && let Some(number) = integer(text)
        {
            let rule = field.bits.iter().find(|rule| rule.holds(number));
            return rule.map_or(Fact::Unknown(Why::Unreadable), |rule| rule.gives.clone());
        }
        if field.map.is_some() {
            return mapped(field, text);
        }
        if field.qualified && !Account::looks_like(text) && !Account::is_dynamic(text) {
            return if text.is_empty() { Fact::Empty } else { Fact::Unknown(Why::Unreadable) };
        }
        if let Some(domain) = &field.domain
            && let Fact::Account(bare) = text_fact(scalar, text)
            && bare.form == AccountForm::Bare
        {
            return self.in_domain(bare, domain, root);
        }
        negated(field, text_fact(scalar, text))
    }

    /// A bare account name with the domain that stands elsewhere in the object.
    fn in_domain(&self, bare: Arc<Account>, domain: &Path, root: Root<'_>) -> Fact {
        let text = domain.alternatives.iter().find_map(|steps| steps.find(root).first().and_then(plain));
        let holder = text.and_then(Account::parse);
        // A distinguished name, an account of that domain, or the plain name of the domain.
        let own = match &holder {
            Some(holder) if holder.form == AccountForm::Bare => Some(&*holder.written),
            Some(holder) => holder.domain(),
            None => None,
        };
        match own {
            Some(domain) => Fact::Account(Arc::new(Account {
                written: format!("{domain}\\{}", bare.written).into(),
                form: AccountForm::DownLevel { domain: domain.into(), name: bare.written.clone() },
            })),
            None => Fact::Account(bare),
        }
    }
}

impl Sink for Collector<'_> {
    fn record(&mut self, record: Record) {
        self.object(&record);
    }

    fn missing(&mut self, class: Option<&str>, why: reader::Missing, span: Span) {
        let place = self.place(span);
        let mapping = self.mapping;
        match class {
            None => self.out.lost.push((why, place)),
            Some(name) => {
                if let Some(class) = mapping.class(name) {
                    let gaps = incomplete(self.schema, class, place);
                    for gap in &gaps {
                        self.out.present[gap.missing.table] = true;
                    }
                    self.out.gaps.extend(gaps);
                }
            }
        }
    }

    /// What every object of the class would have told is then known: nothing. What only some of them tell (a
    /// component of a site) is not, since those are always there where everything is exported.
    fn none(&mut self, class: &str) {
        let Some(number) = self.mapping.number(class) else { return };
        let class = &self.mapping.classes[number];
        for row in &class.rows {
            if row.presence == Presence::Class || (row.presence == Presence::Item && row.when.is_empty()) {
                self.out.present[row.table] = true;
            }
        }
        for known in class.covers.iter().chain(class.lazy.iter().flat_map(|lazy| &lazy.tables)) {
            self.out.present[known.table] = true;
        }
    }

    fn secret(&mut self, span: Span) {
        self.out.secrets.push(span);
    }
}

/// The gaps that missing objects of a class leave: one a way in which they would become rows.
pub(super) fn incomplete(schema: &Schema, class: &ClassMap, place: Place) -> Vec<Gap> {
    let gap = |table: TableId| Gap {
        missing: Missing::rows(Why::Incomplete, table, Some(place)),
        cells: unknown_cells(schema.tables[table].fields.len(), Why::Incomplete),
    };
    let mut gaps: Vec<Gap> = Vec::new();
    for row in class.rows.iter().filter(|row| row.presence != Presence::Never) {
        let mut gap = gap(row.table);
        for (number, field) in &row.fields {
            if let Source::Constant(fact) = &field.source {
                gap.cells[*number] = Cell { fact: fact.clone(), place: None };
            }
        }
        gaps.push(gap);
    }
    for table in Mapping::tables_of(class) {
        if !class.rows.iter().any(|row| row.table == table) {
            gaps.push(gap(table));
        }
    }
    gaps
}

fn lazy_value<'a>(record: &'a Record, name: &str, others: &[Box<str>]) -> Option<&'a Value> {
    let value = record.object.get(name);
    if value.is_some_and(is_filled) {
        return value;
    }
    others.iter().filter_map(|other| record.object.get(other)).find(|v| is_filled(v)).or(value)
}

fn test(class: &ClassMap, condition: &Condition, root: Root<'_>) -> Verdict {
    let mut open = None;
    let mut filled = false;
    for steps in &condition.path.alternatives {
        let found = steps.find(root);
        if found.is_filled() {
            filled = true;
            let holds = |text: &str| match &condition.test {
                Test::In(words) => words.iter().any(|w| equals_lower(text.trim(), w)),
                Test::StartsWith(start) => starts_lower(text.trim(), start),
                Test::EndsWith(ends) => {
                    let text = text.trim().to_lowercase();
                    ends.iter().any(|end| text.ends_with(end.as_str()))
                }
                Test::Exists(_) => false,
            };
            if found.values().any(|value| any_text(value, &holds)) {
                return Verdict::Yes;
            }
        } else if let Some(span) = found.cut {
            open = Some(Verdict::Open(Why::Truncated, Some(span)));
        } else if found.absent && steps.is_deep() && !class.whole {
            open = open.or(Some(Verdict::Open(Why::NotExported, None)));
        }
    }
    match &condition.test {
        Test::Exists(wanted) if filled => yes_no(*wanted),
        Test::Exists(wanted) => open.unwrap_or(yes_no(!wanted)),
        Test::In(words) if !filled && open.is_none() => yes_no(words.iter().any(String::is_empty)),
        _ if filled => Verdict::No,
        _ => open.unwrap_or(Verdict::No),
    }
}

/// `domain.example` of `DC=domain,DC=example`, whatever stands before it. None if there are no such parts.
fn dns_of(text: &str) -> Option<String> {
    let part = |part: &str| match part.trim().split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("dc") => Some(value.trim().to_owned()),
        _ => None,
    };
    let parts: Vec<String> = text.split(',').filter_map(part).collect();
    (!parts.is_empty()).then(|| parts.join("."))
}

/// The distinguished name at the end of a path such as `AD:\CN=x,DC=domain` or `LDAP://OU=x,DC=domain`.
fn distinguished_part(text: &str) -> &str {
    let starts = ["cn=", "ou=", "dc="];
    let at = starts.iter().filter_map(|start| find_ignore_case(text, start)).min();
    at.map_or(text, |at| &text[at..])
}

/// The domain part of a plain `DOMAIN\name`.
fn plain_domain(text: &str) -> Option<&str> {
    let (domain, name) = text.split_once('\\')?;
    let is_plain = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '$' | ' '))
    };
    (is_plain(domain) && is_plain(name)).then_some(domain)
}

fn yes_no(holds: bool) -> Verdict {
    if holds { Verdict::Yes } else { Verdict::No }
}

fn any_text(value: &Value, holds: &impl Fn(&str) -> bool) -> bool {
    match &value.data {
        Data::List(items) => items.iter().any(|item| any_text(item, holds)),
        _ => plain(value).is_some_and(holds),
    }
}

/// Whether a text is `lower` but for its case.
fn equals_lower(text: &str, lower: &str) -> bool {
    if text.is_ascii() { text.eq_ignore_ascii_case(lower) } else { text.to_lowercase() == lower }
}

fn starts_lower(text: &str, lower: &str) -> bool {
    text.get(..lower.len()).is_some_and(|head| equals_lower(head, lower))
}

fn find_ignore_case(text: &str, needle: &str) -> Option<usize> {
    (0..=text.len().checked_sub(needle.len())?)
        .find(|at| text.get(*at..at + needle.len()).is_some_and(|t| t.eq_ignore_ascii_case(needle)))
}

/// Whether a path leads into the element of `each`.
fn is_element(path: &Path) -> bool {
    path.alternatives.iter().any(|steps| steps.in_element)
}

/// Whether a lone text is what a list of accounts becomes beyond the depth of an export: several accounts with
/// blanks between them.
fn is_joined(text: &str) -> bool {
    let parts = |sign: char| text.split_whitespace().filter(|word| word.contains(sign)).count();
    parts('\\') > 1 || parts('@') > 1
}

fn flag(value: bool) -> Fact {
    Fact::Flag(value)
}

fn negated(field: &FieldMap, fact: Fact) -> Fact {
    match fact {
        Fact::Flag(value) if field.not => Fact::Flag(!value),
        fact => fact,
    }
}

fn mapped(field: &FieldMap, text: &str) -> Fact {
    let Some(map) = &field.map else { return Fact::Empty };
    let found = map.iter().find(|(from, _)| equals_lower(text, from)).map(|(_, to)| to.clone());
    let fact = match found {
        Some(fact) => fact,
        None if text.is_empty() => Fact::Empty,
        None => match field.otherwise {
            Otherwise::Empty => Fact::Empty,
            Otherwise::Unknown => Fact::Unknown(Why::Unreadable),
            Otherwise::Same => Fact::Text(text.into()),
        },
    };
    negated(field, fact)
}

fn secret(value: Option<&Value>) -> Fact {
    let word = match value.map(|v| &v.data) {
        None | Some(Data::Null | Data::Secret(Secret::Empty)) => "none",
        Some(Data::Secret(Secret::Clear)) => "clear",
        Some(Data::Secret(Secret::Protected)) => "protected",
        Some(Data::Secret(Secret::Reference)) => "reference",
        Some(Data::Text(text)) if text.trim().is_empty() => "none",
        Some(Data::Text(text)) if Account::is_dynamic(text) => "reference",
        Some(_) => return Fact::Unknown(Why::Unreadable),
    };
    Fact::Text(word.into())
}

pub(super) fn unknown_cells(count: usize, why: Why) -> Box<[Cell]> {
    (0..count).map(|_| Cell { fact: Fact::Unknown(why), place: None }).collect()
}

fn empty_cells(count: usize) -> Box<[Cell]> {
    (0..count).map(|_| Cell { fact: Fact::Empty, place: None }).collect()
}

/// A fact as text, such that different facts give different texts.
pub(super) fn write_fact(fact: &Fact, out: &mut String) {
    use std::fmt::Write as _;
    // Writing to a string does not fail.
    let _ = match fact {
        Fact::Unknown(why) => write!(out, "?{}", why.name()),
        Fact::Empty => write!(out, "-"),
        Fact::Flag(value) => write!(out, "f{value}"),
        Fact::Integer(number) => write!(out, "i{number}"),
        Fact::Text(text) => write!(out, "t{text}"),
        Fact::Account(account) => write!(out, "a{}", account.written),
        Fact::List(cells) => {
            out.push('[');
            for cell in cells {
                write_fact(&cell.fact, out);
                out.push('\t');
            }
            write!(out, "]")
        }
    };
}
