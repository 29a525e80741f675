//! Reads `sources.yaml`: where each field of a table stands in an export.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::path::{Path, Step};
use super::schema::{field_named, table_named};
use super::{Fact, Scalar, Schema, TableId, TableSchema};
use crate::assets::Assets;
use crate::reader::{ListAt, Recognise, Wanted, WantedClass};
use crate::yaml::{Document, Fields, File, Kind, Node, Problem, Problems, Spanned, read_all, wrong_kind};

/// How exported objects become rows.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    pub(super) classes: Vec<ClassMap>,
    /// Class name to its number, as it is written and in lower case.
    numbers: HashMap<Box<str>, usize>,
    /// Names of well-known principals that have blanks in them, in lower case.
    names: Arc<HashSet<Box<str>>>,
}

/// How objects of a class become rows.
#[derive(Debug, Clone, Default)]
pub(super) struct ClassMap {
    pub(super) name: Box<str>,
    pub(super) recognise: Vec<Recognise>,
    /// Properties that list queries return empty.
    pub(super) lazy: Vec<Lazy>,
    /// Tables that miss something because the values of this class are protected.
    pub(super) unreadable: Vec<TableId>,
    /// Tables that are exported as soon as an object of this class is there, and for which object they are.
    pub(super) covers: Vec<Known>,
    /// Its objects say that objects of another class could not be read.
    pub(super) failed: Option<Failed>,
    /// A property that is not there is empty, not unknown.
    pub(super) whole: bool,
    pub(super) rows: Vec<RowMap>,
    /// The names that its paths read, each with where it is known from.
    pub(super) names: Vec<MappedName>,
    /// Where its objects hold lists.
    pub(super) lists: Vec<ListAt>,
}

/// Where it is known from that an export has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KnownFrom {
    /// Published reference of the product or of Windows.
    Documentation,
    /// A real export that was seen.
    Export,
    /// Published scripts that read or write it.
    Script,
    /// cmlint's own readers or its collector make it.
    Reader,
    /// Nothing that was found confirms it; it is read leniently.
    Unverified,
}

impl KnownFrom {
    const WORDS: [(&'static str, Self); 5] = [
        ("documentation", Self::Documentation),
        ("export", Self::Export),
        ("script", Self::Script),
        ("reader", Self::Reader),
        ("unverified", Self::Unverified),
    ];

    /// The word used in `sources.yaml`.
    pub fn name(self) -> &'static str {
        Self::WORDS.iter().find(|(_, known)| *known == self).map_or("", |(word, _)| word)
    }
}

/// A name that the mapping reads: a property of a class, or an entry of one of its lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedName {
    /// The class it is read from.
    pub class: Box<str>,
    /// As the path has it, without the slot of an embedded property: `Props[UserName]`.
    pub name: Box<str>,
    /// Where it is known from.
    pub known_from: KnownFrom,
    /// The tables it feeds, in order.
    pub tables: Vec<TableId>,
}

/// A property that list queries return empty.
#[derive(Debug, Clone)]
pub(super) struct Lazy {
    pub(super) property: Box<str>,
    pub(super) others: Vec<Box<str>>,
    pub(super) tables: Vec<Known>,
}

/// Where an object that says that others could not be read says so. What else it holds is what is known of them.
#[derive(Debug, Clone)]
pub(super) struct Failed {
    /// The class of those.
    pub(super) class: Path,
    /// Where it was tried: a computer, a domain.
    pub(super) target: Path,
    /// Why not.
    pub(super) reason: Path,
    /// Whether nothing of the class could be read.
    pub(super) whole: Path,
}

/// A table, and what is known of those of its rows an object speaks of.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) table: TableId,
    pub(super) fields: Vec<(usize, FieldMap)>,
}

/// When a table counts as exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Presence {
    /// When an object passes `when`.
    #[default]
    Item,
    /// As soon as an object of the class is there.
    Class,
    /// Not by these rows, which are a part of it.
    Part,
    /// Never by these rows, which are of something else.
    Never,
}

/// How an object becomes rows of one table.
#[derive(Debug, Clone)]
pub(super) struct RowMap {
    pub(super) table: TableId,
    pub(super) presence: Presence,
    pub(super) when: Choice,
    pub(super) each: Option<Path>,
    pub(super) filter: Choice,
    pub(super) fields: Vec<(usize, FieldMap)>,
}

/// Alternatives, each a list of conditions that must all hold. No alternative: always.
pub(super) type Choice = Vec<Vec<Condition>>;

/// A condition on an object or element.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) path: Path,
    pub(super) test: Test,
}

/// What must be true of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    /// It is one of these, in lower case.
    In(Vec<String>),
    /// It is there and not empty, or the opposite.
    Exists(bool),
    /// It begins with this, in lower case.
    StartsWith(String),
    /// It ends with one of these, in lower case.
    EndsWith(Vec<String>),
}

/// How a value becomes a cell.
#[derive(Debug, Clone, Default)]
pub(super) struct FieldMap {
    pub(super) source: Source,
    pub(super) path: Path,
    /// Keeps what stands behind, or before, a text.
    pub(super) after: Option<Box<str>>,
    pub(super) before: Option<Box<str>>,
    pub(super) part: Option<AccountPart>,
    /// Lower-case values and what they become.
    pub(super) map: Option<Vec<(Box<str>, Fact)>>,
    pub(super) otherwise: Otherwise,
    /// What the bits of a number say; the first of these that holds counts.
    pub(super) bits: Vec<BitRule>,
    pub(super) not: bool,
    /// Where the domain of a bare account name stands: a distinguished name.
    pub(super) domain: Option<Path>,
    /// Only what has the look of an account is taken for one; anything else is unknown.
    pub(super) qualified: bool,
    /// The name of the file stands in for an empty value.
    pub(super) or_file: bool,
}

/// What a number gives whose bits are so.
#[derive(Debug, Clone)]
pub(super) struct BitRule {
    test: BitTest,
    mask: i64,
    pub(super) gives: Fact,
}

#[derive(Debug, Clone, Copy)]
enum BitTest {
    All,
    Any,
    None,
}

impl BitRule {
    pub(super) fn holds(&self, number: i64) -> bool {
        match self.test {
            BitTest::All => number & self.mask == self.mask,
            BitTest::Any => number & self.mask != 0,
            BitTest::None => number & self.mask == 0,
        }
    }
}

/// What a cell is made from.
#[derive(Debug, Clone, Default)]
pub(super) enum Source {
    /// The value at the path.
    #[default]
    Path,
    /// The same in all rows.
    Constant(Fact),
    /// Not to be known from this class.
    Unknown,
    /// Whether the value is there and empty.
    IsEmpty,
    /// That there is a value or a list, even one without elements; what is null or not there leaves it unknown.
    IsListed,
    /// Whether the text holds a task sequence variable.
    Variable,
    /// What is known of a credential.
    Secret,
    /// The third number of a version.
    Build,
}

/// A part of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccountPart {
    Domain,
    Name,
    /// The DNS name that the DC parts of a distinguished name make; other texts stay.
    Dns,
    /// What begins like a distinguished name, without the path before it.
    Distinguished,
}

/// What becomes of values that a map does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Otherwise {
    Empty,
    #[default]
    Unknown,
    Same,
}

impl Mapping {
    /// The mapping of a class.
    pub(super) fn class(&self, name: &str) -> Option<&ClassMap> {
        self.number(name).map(|number| &self.classes[number])
    }

    /// The number of a class.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        // Readers give names as they are documented.
        let number = self.numbers.get(name).or_else(|| self.numbers.get(name.to_ascii_lowercase().as_str()));
        number.copied()
    }

    /// The tables that objects of a class fill or should fill.
    pub(super) fn tables_of(class: &ClassMap) -> Vec<TableId> {
        let lazy = class.lazy.iter().flat_map(|l| l.tables.iter().map(|k| k.table));
        let mut tables: Vec<TableId> = class
            .rows
            .iter()
            .map(|r| r.table)
            .chain(class.covers.iter().map(|k| k.table))
            .chain(lazy)
            .chain(class.unreadable.iter().copied())
            .collect();
        tables.sort_unstable();
        tables.dedup();
        tables
    }

    /// Tells each field that is a constant in every source of its table which values it can have. A table that
    /// nobody exported then still tells what its rows would have been about.
    pub(super) fn tell_domains(&self, schema: &mut Schema) {
        for (id, table) in schema.tables.iter_mut().enumerate() {
            let rows = || self.classes.iter().flat_map(|c| &c.rows).filter(|r| r.table == id);
            for (number, field) in table.fields.iter_mut().enumerate() {
                let mut domain: Vec<Arc<str>> = Vec::new();
                let closed = rows().all(|row| {
                    let map = row.fields.iter().find(|(n, _)| *n == number).map(|(_, map)| map);
                    map.is_some_and(|map| map.constants(&mut domain))
                });
                domain.sort();
                domain.dedup();
                field.domain = if closed { domain } else { Vec::new() };
            }
        }
    }

    /// Tells each table from which names it is read.
    pub(super) fn tell_names(&self, schema: &mut Schema) {
        for name in self.names() {
            for table in &name.tables {
                schema.tables[*table].read_from.push(name.clone());
            }
        }
    }

    /// All names that are read, class by class in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &MappedName> {
        self.classes.iter().flat_map(|class| &class.names)
    }

    /// The tables that objects of a class fill; none if the class is not known.
    pub fn tables(&self, class: &str) -> Option<Vec<TableId>> {
        self.class(class).map(Self::tables_of)
    }

    /// The classes and properties that a reader must build.
    pub fn wanted(&self) -> Wanted {
        let mut wanted = Wanted::default();
        for (name, number) in &self.numbers {
            let class = &self.classes[*number];
            let (properties, inner) = class.properties();
            let lists = class.lists.clone();
            let known = WantedClass { name: class.name.clone(), properties, inner, lists };
            wanted.classes.insert(name.to_ascii_lowercase().into(), known);
        }
        wanted.names = Arc::clone(&self.names);
        wanted.recognise = self.classes.iter().flat_map(|c| c.recognise.iter().cloned()).collect();
        wanted
    }

    /// [`Mapping::wanted`] for a part of the tables. Rows that do not name their class are told as ever.
    pub(super) fn wanted_for(&self, is_wanted: impl Fn(TableId) -> bool) -> Wanted {
        let mut wanted = self.wanted();
        wanted.classes.retain(|name, _| {
            self.class(name).is_some_and(|class| class.rows.iter().any(|row| is_wanted(row.table)))
        });
        wanted
    }
}

impl RowMap {
    /// The names that its paths read, each once.
    fn labels(&self) -> Vec<String> {
        let conditions = self.when.iter().chain(&self.filter).flatten().map(|condition| &condition.path);
        let fields = self.fields.iter().flat_map(|(_, map)| std::iter::once(&map.path).chain(&map.domain));
        let mut out: Vec<String> = Vec::new();
        for steps in conditions.chain(&self.each).chain(fields).flat_map(|path| &path.alternatives) {
            let label = steps.label();
            if label != "." && !out.contains(&label) {
                out.push(label);
            }
        }
        out
    }
}

impl FieldMap {
    /// Adds the texts this can give; false if it can give others.
    fn constants(&self, out: &mut Vec<Arc<str>>) -> bool {
        let mut add = |fact: &Fact| match fact {
            Fact::Text(text) => {
                out.push(Arc::clone(text));
                true
            }
            _ => false,
        };
        if !self.bits.is_empty() && self.map.is_none() {
            return false;
        }
        // All are added, also behind one that is no name.
        let added: Vec<bool> = self.bits.iter().map(|rule| add(&rule.gives)).collect();
        let of_bits = !added.contains(&false);
        match (&self.source, &self.map) {
            _ if !of_bits => false,
            (Source::Constant(fact), None) => add(fact),
            // A source that cannot tell means one of the values that the others tell.
            (Source::Unknown, _) => true,
            (_, Some(map)) if matches!(self.otherwise, Otherwise::Unknown) => {
                map.iter().fold(true, |all, (_, fact)| add(fact) && all)
            }
            _ => false,
        }
    }
}

impl ClassMap {
    /// Lower-case names of the top-level properties that are looked at, and what is looked at in those of which only
    /// some properties are.
    #[allow(clippy::type_complexity)]
    fn properties(&self) -> (Vec<Box<str>>, Vec<(Box<str>, Vec<Box<str>>)>) {
        if self.failed.is_some() {
            // Anything may be known of what could not be read.
            return Default::default();
        }
        let mut names: Vec<Box<str>> = Vec::new();
        let mut inner: Vec<(Box<str>, Option<Vec<Box<str>>>)> = Vec::new();
        let mut add = |name: &str| {
            let name: Box<str> = name.to_ascii_lowercase().into();
            if !names.contains(&name) {
                names.push(name);
            }
        };
        let mut add_path = |path: &Path| {
            for steps in &path.alternatives {
                let Some((name, others)) = steps.top() else { continue };
                for name in std::iter::once(name).chain(others.iter().map(|other| &**other)) {
                    add(name);
                    let name: Box<str> = name.to_ascii_lowercase().into();
                    let at = inner.iter().position(|(n, _)| *n == name).unwrap_or_else(|| {
                        inner.push((name, Some(Vec::new())));
                        inner.len() - 1
                    });
                    match (&mut inner[at].1, steps.second()) {
                        (Some(known), Some((second, others))) => {
                            known.push(second.to_ascii_lowercase().into());
                            known.extend(others.iter().map(|other| other.to_ascii_lowercase().into()));
                        }
                        // The property itself is looked at, or an element of a list.
                        (known, _) => *known = None,
                    }
                }
            }
        };
        let known = |known: &Known, add_path: &mut dyn FnMut(&Path)| {
            known.fields.iter().for_each(|(_, field)| add_path(&field.path));
        };
        for row in &self.rows {
            row.when.iter().chain(&row.filter).flatten().for_each(|condition| add_path(&condition.path));
            row.each.iter().for_each(&mut add_path);
            for (_, field) in &row.fields {
                add_path(&field.path);
                field.domain.iter().for_each(&mut add_path);
            }
        }
        self.covers.iter().for_each(|k| known(k, &mut add_path));
        for lazy in &self.lazy {
            lazy.tables.iter().for_each(|k| known(k, &mut add_path));
        }
        for lazy in &self.lazy {
            add(&lazy.property);
            lazy.others.iter().for_each(|other| add(other));
        }
        // A class of which only its being there counts still has its own properties.
        for rule in &self.recognise {
            rule.all.iter().chain(&rule.any).for_each(|name| add(name));
        }
        let inner = inner.into_iter().filter_map(|(name, known)| {
            let mut known = known?;
            known.sort_unstable();
            known.dedup();
            Some((name, known))
        });
        (names, inner.collect())
    }
}

/// Names of well-known principals that have blanks in them, or before them, in lower case.
fn names_with_blanks(schema: &Schema) -> HashSet<Box<str>> {
    let mut out = HashSet::new();
    for principal in schema.principals.iter() {
        for name in principal.names.iter().map(|(_, name)| name).chain([&principal.name]) {
            let name = name.to_lowercase();
            let qualified = format!("{}\\{name}", principal.authority());
            out.extend([name, qualified].into_iter().filter(|name| name.contains(' ')).map(Box::from));
        }
    }
    out
}

/// Where objects of a class hold lists: what rows are made of the elements of, what fields of several values are
/// read from, and what elements are picked from by name or number. The words that conditions and maps compare such
/// elements with are known elements.
fn lists_of(class: &ClassMap, schema: &Schema) -> Vec<ListAt> {
    let mut out: Vec<ListAt> = Vec::new();
    let mut add = |each: Option<&Path>, path: &Path, whole: bool, words: &[Box<str>]| {
        for steps in &path.alternatives {
            let roots: Vec<&[Step]> = match (steps.in_element, each) {
                (false, _) => vec![&[]],
                (true, Some(each)) => each.alternatives.iter().map(|steps| &*steps.steps).collect(),
                (true, None) => continue,
            };
            for root in roots {
                let mut at = ListAt::default();
                let steps: Vec<&Step> = root.iter().chain(&steps.steps).collect();
                for (number, step) in steps.iter().enumerate() {
                    let Step::Property(name, _) = step else { continue };
                    at.path.push(name.to_ascii_lowercase().into());
                    let last = number + 1 == steps.len();
                    if last && !whole || !last && matches!(steps[number + 1], Step::Property(..)) {
                        continue;
                    }
                    let known = out.iter().position(|known| known.path == at.path).unwrap_or_else(|| {
                        out.push(at.clone());
                        out.len() - 1
                    });
                    if last {
                        out[known].words.extend(words.iter().cloned());
                    }
                }
            }
        }
    };
    for row in &class.rows {
        let mut words: Vec<Box<str>> = Vec::new();
        let of_element = |path: &Path| path.alternatives.iter().all(|s| s.in_element && s.steps.is_empty());
        for condition in row.filter.iter().flatten().filter(|condition| of_element(&condition.path)) {
            if let Test::In(known) = &condition.test {
                words.extend(known.iter().map(|word| Box::from(word.as_str())));
            }
        }
        for (_, field) in row.fields.iter().filter(|(_, field)| of_element(&field.path)) {
            words.extend(field.map.iter().flatten().map(|(word, _)| word.clone()));
        }
        let each = row.each.as_ref();
        if let Some(path) = each {
            add(None, path, true, &words);
        }
        for condition in row.when.iter().chain(&row.filter).flatten() {
            add(each, &condition.path, false, &[]);
        }
        for (number, field) in &row.fields {
            let list = schema.tables[row.table].fields[*number].kind.list;
            add(each, &field.path, list, &[]);
        }
    }
    out
}

/// Reads `sources.yaml` of a content tree.
pub(super) fn load(assets: &Assets, schema: &Schema, problems: &mut Problems) -> Mapping {
    let documents = read_all(assets, |name| name == "sources.yaml", problems);
    match documents.first() {
        Some(document) => read(document, schema, problems),
        None => {
            if problems.is_empty() {
                let path = format!("{}/sources.yaml", assets.root());
                problems.error(&File::absent(path), 0..0, "the file is missing");
            }
            Mapping::default()
        }
    }
}

/// Where names are known from: most of them, and some by name with the place where that is said.
#[derive(Default)]
struct Origins {
    most: Option<KnownFrom>,
    some: Vec<(Spanned<String>, KnownFrom)>,
}

impl Origins {
    fn of(&self, name: &str) -> Option<KnownFrom> {
        let own = self.some.iter().find(|(known, _)| known.value.eq_ignore_ascii_case(name));
        own.map(|(_, known)| *known).or(self.most)
    }
}

/// What the pieces of a file are read with.
struct Context<'s> {
    file: Arc<File>,
    schema: &'s Schema,
    /// Property name to other names for the same.
    also: Vec<(String, Vec<Box<str>>)>,
}

/// Reads the mapping. Mistakes are added to `problems`; what has none is in the mapping.
pub(super) fn read(document: &Document, schema: &Schema, problems: &mut Problems) -> Mapping {
    let mut mapping = Mapping::default();
    let mut context = Context { file: Arc::clone(&document.file), schema, also: Vec::new() };
    let Some(mut root) = document.fields("sources file", problems) else { return mapping };
    if let Some(also) = root.fields("also", "list of names", problems) {
        for (name, node) in also.rest() {
            let mut names = Vec::new();
            for item in node.list(&context.file, "other names", problems).unwrap_or_default() {
                names.extend(item.text(&context.file, "a name", problems).map(|t| t.value.into()));
            }
            context.also.push((name.value.clone(), names));
        }
    }
    mapping.names = Arc::new(names_with_blanks(schema));
    let mut places: HashMap<Box<str>, std::ops::Range<usize>> = HashMap::new();
    for node in root.list("classes", problems) {
        let Some((mut class, names)) = context.class(node, problems) else { continue };
        let number = mapping.classes.len();
        class.lists = lists_of(&class, schema);
        mapping.classes.push(class);
        for name in names {
            let key: Box<str> = name.value.to_ascii_lowercase().into();
            if let Some(first) = places.get(&key) {
                let what = format!("the class `{}` comes twice", name.value);
                let problem = Problem::error(&context.file, name.span.clone(), what);
                problems.push(problem.related(&context.file, first.clone(), "first here"));
                continue;
            }
            places.insert(key.clone(), name.span);
            mapping.numbers.insert(key, number);
            mapping.numbers.insert(name.value.into(), number);
        }
    }
    root.finish(problems);
    context.unfilled(&mapping, problems);
    mapping
}

impl Context<'_> {
    /// A table that nothing fills is a mistake in one of the two files.
    fn unfilled(&self, mapping: &Mapping, problems: &mut Problems) {
        if mapping.classes.is_empty() || problems.has_errors() {
            return;
        }
        for (id, table) in self.schema.tables.iter().enumerate() {
            let filled = mapping.classes.iter().any(|class| class.rows.iter().any(|row| row.table == id));
            if matches!(table.made, super::Made::Exported) && !filled {
                let what = format!("no class fills the table `{}`", table.name);
                problems.error(&self.file, 0..0, what);
            }
        }
    }

    fn class<'n>(
        &'n self,
        node: &'n Node,
        problems: &mut Problems,
    ) -> Option<(ClassMap, Vec<Spanned<&'n str>>)> {
        let file = &self.file;
        let mut fields = node.fields(file, "class", problems)?;
        let name = fields.required_text("class", problems)?;
        let mut names = vec![name.clone()];
        names.extend(fields.texts("also", problems));
        let mut class = ClassMap { name: name.value.into(), ..ClassMap::default() };
        for node in fields.list("recognise", problems) {
            class.recognise.extend(self.recognise(name.value, node, problems));
        }
        if let Some(lazy) = fields.fields("lazy", "list of lazy properties", problems) {
            for (property, node) in lazy.rest() {
                let tables = self.known_tables(node, problems);
                let others = self.others(&property.value);
                class.lazy.push(Lazy { property: property.value.as_str().into(), others, tables });
            }
        }
        for table in fields.texts("unreadable", problems) {
            class.unreadable.extend(table_named(file, self.schema, table, problems));
        }
        if let Some(node) = fields.get("covers") {
            class.covers = self.known_tables(node, problems);
        }
        if let Some(mut inner) = fields.fields("failed", "way to say what could not be read", problems) {
            let mut path = |name| {
                let text = inner.required_text(name, problems)?;
                self.path(&text, false, problems)
            };
            let (target, reason, whole) = (path("target"), path("reason"), path("whole"));
            if let (Some(of), Some(target), Some(reason), Some(whole)) =
                (path("class"), target, reason, whole)
            {
                class.failed = Some(Failed { class: of, target, reason, whole });
            }
            inner.finish(problems);
        }
        let absent = fields.word("absent", &[("unknown", false), ("empty", true)], problems);
        class.whole = absent.is_some_and(|a| a.value);
        let known_from = self.origins(&mut fields, problems);
        if known_from.most.is_none() {
            let what = format!("the class `{}` does not say where its names are known from", name.value);
            let words: Vec<&str> = KnownFrom::WORDS.iter().map(|(word, _)| *word).collect();
            let help = format!("`known_from`, one of {}", words.join(", "));
            problems.push(Problem::error(file, name.span.clone(), what).help(help));
        }
        let mut origins = Vec::new();
        for node in fields.list("rows", problems) {
            if let Some((row, own)) = self.row(node, problems) {
                class.rows.push(row);
                origins.push(own);
            }
        }
        self.names(&mut class, &known_from, &origins, problems);
        let empty = class.rows.is_empty() && class.lazy.is_empty() && class.unreadable.is_empty();
        if empty && class.failed.is_none() {
            problems.error(file, name.span.clone(), format!("the class `{}` fills no table", name.value));
        }
        fields.finish(problems);
        Some((class, names))
    }

    /// `known_from: documentation`, or `{default: documentation, unverified: [names]}`.
    fn origins(&self, fields: &mut Fields<'_>, problems: &mut Problems) -> Origins {
        let file = &self.file;
        let mut out = Origins::default();
        let Some(node) = fields.get("known_from") else { return out };
        let Kind::Map(_) = &node.kind else {
            let text = node.text(file, "where names are known from", problems);
            let known = text.as_ref().map(|text| KnownFrom::WORDS.iter().find(|(w, _)| *w == text.value));
            out.most = known.flatten().map(|(_, known)| *known);
            if let (Some(text), None) = (text, out.most) {
                problems.error(file, text.span, format!("unknown way to know a name `{}`", text.value));
            }
            return out;
        };
        let Some(mut inner) = node.fields(file, "way to know names", problems) else { return out };
        out.most = inner.word("default", &KnownFrom::WORDS, problems).map(|known| known.value);
        for (word, known) in KnownFrom::WORDS {
            for name in inner.texts(word, problems) {
                out.some.push((Spanned::new(name.value.to_owned(), name.span.clone()), known));
            }
        }
        inner.finish(problems);
        out
    }

    /// Gathers the names that the rows of a class read, with where each is known from.
    fn names(&self, class: &mut ClassMap, of_class: &Origins, of_rows: &[Origins], problems: &mut Problems) {
        let none = Origins::default();
        let mut names: Vec<MappedName> = Vec::new();
        for (row, own) in class.rows.iter().zip(of_rows.iter().chain(std::iter::repeat(&none))) {
            for label in row.labels() {
                let Some(known_from) = own.of(&label).or_else(|| of_class.of(&label)) else { continue };
                let same = |name: &&mut MappedName| *name.name == *label && name.known_from == known_from;
                match names.iter_mut().find(same) {
                    Some(name) if name.tables.contains(&row.table) => {}
                    Some(name) => name.tables.push(row.table),
                    None => names.push(MappedName {
                        class: class.name.clone(),
                        name: label.into(),
                        known_from,
                        tables: vec![row.table],
                    }),
                }
            }
        }
        let mut unread = |origins: &Origins, labels: &[String]| {
            for (name, _) in &origins.some {
                if !labels.iter().any(|label| label.eq_ignore_ascii_case(&name.value)) {
                    let what = format!("no path reads `{}`", name.value);
                    problems.error(&self.file, name.span.clone(), what);
                }
            }
        };
        let all: Vec<String> = class.rows.iter().flat_map(RowMap::labels).collect();
        unread(of_class, &all);
        for (row, own) in class.rows.iter().zip(of_rows) {
            unread(own, &row.labels());
        }
        class.names = names;
    }

    fn others(&self, name: &str) -> Vec<Box<str>> {
        self.also
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, names)| names.clone())
            .unwrap_or_default()
    }

    fn recognise(&self, class: &str, node: &Node, problems: &mut Problems) -> Option<Recognise> {
        let file = &self.file;
        let mut fields = node.fields(file, "way to recognise a class", problems)?;
        let lower = |texts: Vec<Spanned<&str>>| -> Vec<Box<str>> {
            texts.into_iter().map(|t| t.value.to_ascii_lowercase().into()).collect()
        };
        let mut out = Recognise { class: class.into(), ..Recognise::default() };
        out.all = lower(fields.texts("all", problems));
        out.any = lower(fields.texts("any", problems));
        out.none = lower(fields.texts("none", problems));
        if let Some(values) = fields.fields("values", "list of values", problems) {
            for (name, node) in values.rest() {
                if let Some(text) = node.text(file, "a value", problems) {
                    out.values.push((name.value.to_ascii_lowercase().into(), text.value.into()));
                }
            }
        }
        if out.all.is_empty() && out.any.is_empty() && out.values.is_empty() {
            problems.error(file, fields.head(), "this would recognise any row");
        }
        fields.finish(problems);
        Some(out)
    }

    /// `[table, ...]`, or `{table: {field: path, ...}}`.
    fn known_tables(&self, node: &Node, problems: &mut Problems) -> Vec<Known> {
        let file = &self.file;
        match &node.kind {
            Kind::List(items) => items
                .iter()
                .filter_map(|item| item.text(file, "a table", problems))
                .collect::<Vec<_>>()
                .into_iter()
                .filter_map(|name| table_named(file, self.schema, name, problems))
                .map(|table| Known { table, fields: Vec::new() })
                .collect(),
            Kind::Map(entries) => {
                let mut out = Vec::new();
                for (name, node) in entries {
                    let named = Spanned::new(name.value.as_str(), name.span.clone());
                    let Some(table) = table_named(file, self.schema, named, problems) else { continue };
                    let Some(fields) = node.fields(file, "list of fields", problems) else { continue };
                    let fields = self.fields(&fields, table, false, problems);
                    out.push(Known { table, fields });
                }
                out
            }
            _ => {
                problems.push(wrong_kind(file, node, "this", "a list of tables, or a map of them"));
                Vec::new()
            }
        }
    }

    fn row(&self, node: &Node, problems: &mut Problems) -> Option<(RowMap, Origins)> {
        let file = &self.file;
        let mut fields = node.fields(file, "row", problems)?;
        let name = fields.required_text("table", problems);
        let words = [
            ("item", Presence::Item),
            ("class", Presence::Class),
            ("part", Presence::Part),
            ("never", Presence::Never),
        ];
        let presence = fields.word("presence", &words, problems).map(|p| p.value).unwrap_or_default();
        let when = fields.get("when").map(|node| self.choice(node, false, problems)).unwrap_or_default();
        let each = fields.text("each", problems).and_then(|text| self.path(&text, false, problems));
        let filter = fields.get("where").map(|node| self.choice(node, true, problems)).unwrap_or_default();
        let has_elements = fields.key("each").is_some();
        if let (Some(key), false) = (fields.key("where"), has_elements) {
            problems.error(
                file,
                key.span.clone(),
                "`where` is about the elements of `each`, which is missing",
            );
        }
        let origins = self.origins(&mut fields, problems);
        let columns = fields.required("fields", problems);
        let table = name.and_then(|name| table_named(file, self.schema, name, problems));
        let columns = match (columns, table) {
            (Some(node), Some(table)) => node
                .fields(file, "list of fields", problems)
                .map(|fields| self.fields(&fields, table, has_elements, problems)),
            _ => None,
        };
        fields.finish(problems);
        let table = table?;
        if !matches!(self.schema.tables[table].made, super::Made::Exported) {
            let what = format!("the table `{}` is made from others", self.schema.tables[table].name);
            problems.error(file, node.head(), what);
        }
        Some((RowMap { table, presence, when, each, filter, fields: columns? }, origins))
    }

    fn fields(
        &self,
        fields: &Fields<'_>,
        table: TableId,
        elements: bool,
        problems: &mut Problems,
    ) -> Vec<(usize, FieldMap)> {
        let table = &self.schema.tables[table];
        let mut out = Vec::new();
        for (name, node) in fields.rest() {
            let named = Spanned::new(name.value.as_str(), name.span.clone());
            let number = field_named(&self.file, table, named, problems);
            // The value is read even where the name is wrong, so that all mistakes are seen at once.
            let known = number.unwrap_or(usize::MAX);
            if let Some(field) = self.field(node, table, known, elements, problems)
                && let Some(number) = number
            {
                out.push((number, field));
            }
        }
        out
    }

    fn field(
        &self,
        node: &Node,
        table: &TableSchema,
        number: usize,
        elements: bool,
        problems: &mut Problems,
    ) -> Option<FieldMap> {
        let file = &self.file;
        if node.as_text().is_some() {
            let text = node.text(file, "a path", problems)?;
            let path = self.path(&text, elements, problems)?;
            return Some(FieldMap { path, ..FieldMap::default() });
        }
        let scalar = table.fields.get(number).map(|f| f.kind.scalar);
        let mut fields = node.fields(file, "field", problems)?;
        let mut out = FieldMap::default();
        let ways = [
            ("path", Source::Path),
            ("is_empty", Source::IsEmpty),
            ("is_listed", Source::IsListed),
            ("variable", Source::Variable),
            ("secret", Source::Secret),
            ("build", Source::Build),
        ];
        let mut given = 0;
        for (way, source) in ways {
            if let Some(text) = fields.text(way, problems) {
                given += 1;
                out.source = source;
                out.path = self.path(&text, elements, problems).unwrap_or_default();
            }
        }
        if let Some(node) = fields.get("value") {
            given += 1;
            out.source = Source::Constant(self.constant(node, scalar, problems).unwrap_or(Fact::Empty));
        }
        if fields.flag("unknown", problems) == Some(true) {
            given += 1;
            out.source = Source::Unknown;
        }
        if given != 1 {
            let help =
                "one of `path`, `value`, `unknown`, `is_empty`, `is_listed`, `variable`, `secret`, `build`";
            problems
                .push(Problem::error(file, fields.head(), "a field is made in exactly one way").help(help));
        }
        out.after = fields.text("after", problems).map(|t| t.value.into());
        out.before = fields.text("before", problems).map(|t| t.value.into());
        let parts = [
            ("domain", AccountPart::Domain),
            ("name", AccountPart::Name),
            ("dns", AccountPart::Dns),
            ("dn", AccountPart::Distinguished),
        ];
        out.part = fields.word("part", &parts, problems).map(|p| p.value);
        if let Some(map) = fields.fields("map", "map of values", problems) {
            let entry = |(key, node): &(Spanned<String>, Node), problems: &mut Problems| {
                let key: Box<str> = key.value.to_lowercase().into();
                Some((key, self.constant(node, scalar, problems)?))
            };
            out.map = Some(map.rest().filter_map(|e| entry(e, problems)).collect());
        }
        let words = [("empty", Otherwise::Empty), ("unknown", Otherwise::Unknown), ("same", Otherwise::Same)];
        if let Some(otherwise) = fields.word("otherwise", &words, problems) {
            out.otherwise = otherwise.value;
            if out.map.is_none() {
                problems.error(file, otherwise.span, "`otherwise` belongs to a `map`");
            }
        }
        out.bits = self.bits(&mut fields, scalar, problems);
        out.not = fields.flag("not", problems).unwrap_or(false);
        out.domain = fields.text("domain", problems).and_then(|text| self.path(&text, elements, problems));
        out.qualified = fields.flag("qualified", problems).unwrap_or(false);
        out.or_file = fields.flag("or_file", problems).unwrap_or(false);
        let fits = |words: &[Scalar]| scalar.is_none_or(|s| words.contains(&s));
        let wrong = [
            (
                out.not || matches!(out.source, Source::IsEmpty | Source::IsListed | Source::Variable),
                &[Scalar::Flag][..],
                "a flag",
            ),
            (out.domain.is_some() || out.qualified, &[Scalar::Account][..], "an account"),
            (matches!(out.source, Source::Secret), &[Scalar::Name, Scalar::Text][..], "a name"),
            (matches!(out.source, Source::Build), &[Scalar::Integer][..], "an integer"),
        ];
        for (used, scalars, what) in wrong {
            if used && !fits(scalars) {
                problems.error(file, fields.head(), format!("this gives {what}, and the field is none"));
            }
        }
        fields.finish(problems);
        Some(out)
    }

    /// `bits: [{all: 511, gives: full}, {none: 1, gives: none}]`
    fn bits(&self, fields: &mut Fields<'_>, scalar: Option<Scalar>, problems: &mut Problems) -> Vec<BitRule> {
        let file = &self.file;
        let mut out = Vec::new();
        for node in fields.list("bits", problems) {
            let Some(mut inner) = node.fields(file, "rule for bits", problems) else { continue };
            let tests = [("all", BitTest::All), ("any", BitTest::Any), ("none", BitTest::None)];
            let given: Vec<(BitTest, i64)> = tests
                .into_iter()
                .filter_map(|(word, test)| match inner.get(word)?.kind {
                    Kind::Integer(mask) => Some((test, mask)),
                    _ => None,
                })
                .collect();
            let gives = inner.get("gives").and_then(|node| self.constant(node, scalar, problems));
            match (given.as_slice(), gives) {
                (&[(test, mask)], Some(gives)) => out.push(BitRule { test, mask, gives }),
                _ => {
                    let help = "one of `all`, `any`, `none` with a number, and `gives`";
                    let problem = Problem::error(file, inner.head(), "not a rule for bits");
                    problems.push(problem.help(help));
                }
            }
            inner.finish(problems);
        }
        out
    }

    /// A value written in the file, as a fact of the field's type.
    fn constant(&self, node: &Node, scalar: Option<Scalar>, problems: &mut Problems) -> Option<Fact> {
        let Some(scalar) = scalar else { return Some(Fact::Empty) };
        let fact = match (&node.kind, scalar) {
            (Kind::Bool(flag), Scalar::Flag) => Fact::Flag(*flag),
            (Kind::Integer(number), Scalar::Integer) => Fact::Integer(*number),
            (Kind::Text(text), Scalar::Text | Scalar::Name | Scalar::Site | Scalar::Path) => {
                Fact::Text(text.as_str().into())
            }
            (Kind::Text(text), Scalar::Account | Scalar::Computer) => super::convert::text_fact(scalar, text),
            _ => {
                let word = Scalar::WORDS.iter().find(|(_, s)| *s == scalar).map_or("", |(w, _)| *w);
                problems.push(wrong_kind(&self.file, node, "this value", &format!("of the type `{word}`")));
                return None;
            }
        };
        Some(fact)
    }

    fn path(&self, text: &Spanned<&str>, elements: bool, problems: &mut Problems) -> Option<Path> {
        let mistake = match Path::parse(text.value, &|name| self.others(name)) {
            Ok(path) => {
                let element = path.alternatives.iter().find(|steps| steps.in_element);
                if element.is_some() && !elements {
                    let what = "a path that begins with `.` needs `each`";
                    problems.error(&self.file, text.span.clone(), what);
                    return None;
                }
                return Some(path);
            }
            Err(mistake) => mistake,
        };
        let (range, message) = mistake;
        // The text stands in the file as it is, but for quotes around it.
        let written = self.file.text.get(text.span.clone()).unwrap_or_default();
        let span = match written.find(text.value) {
            Some(at) => {
                let start = (text.span.start + at + range.start).min(text.span.end);
                start..(text.span.start + at + range.end).clamp(start, text.span.end)
            }
            None => text.span.clone(),
        };
        problems.push(Problem::error(&self.file, span, format!("not a path: {message}")));
        None
    }

    /// A map of conditions, or a list of alternatives.
    fn choice(&self, node: &Node, elements: bool, problems: &mut Problems) -> Choice {
        match &node.kind {
            Kind::List(items) => items.iter().map(|item| self.conditions(item, elements, problems)).collect(),
            _ => vec![self.conditions(node, elements, problems)],
        }
    }

    fn conditions(&self, node: &Node, elements: bool, problems: &mut Problems) -> Vec<Condition> {
        let Some(fields) = node.fields(&self.file, "list of conditions", problems) else { return Vec::new() };
        fields
            .rest()
            .filter_map(|(path, node)| {
                let named = Spanned::new(path.value.as_str(), path.span.clone());
                let path = self.path(&named, elements, problems);
                Some(Condition { test: self.test(node, problems)?, path: path? })
            })
            .collect()
    }

    fn test(&self, node: &Node, problems: &mut Problems) -> Option<Test> {
        let file = &self.file;
        let plain = |node: &Node| match &node.kind {
            Kind::Text(text) => Some(text.to_lowercase()),
            Kind::Integer(number) => Some(number.to_string()),
            Kind::Bool(flag) => Some(flag.to_string()),
            _ => None,
        };
        if let Some(text) = plain(node) {
            return Some(Test::In(vec![text]));
        }
        if let Some(items) = node.as_list() {
            let mut out = Vec::new();
            for item in items {
                match plain(item) {
                    Some(text) => out.push(text),
                    None => problems.push(wrong_kind(file, item, "a value", "text or a number")),
                }
            }
            return Some(Test::In(out));
        }
        let mut fields = node.fields(file, "condition", problems)?;
        let exists = fields.flag("exists", problems);
        let start = fields.text("starts_with", problems);
        let ends: Vec<String> =
            fields.texts("ends_with", problems).into_iter().map(|end| end.value.to_lowercase()).collect();
        let test = match (exists, start, ends.is_empty()) {
            (Some(exists), None, true) => Some(Test::Exists(exists)),
            (None, Some(start), true) => Some(Test::StartsWith(start.value.to_lowercase())),
            (None, None, false) => Some(Test::EndsWith(ends)),
            _ => {
                let help = "`exists`, `starts_with` or `ends_with`, or the value itself";
                problems.push(
                    Problem::error(file, fields.head(), "a condition has exactly one operator").help(help),
                );
                None
            }
        };
        fields.finish(problems);
        test
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Asset;
    use crate::yaml::render;

    fn problems_of(text: &'static str) -> String {
        let schema = Schema::load(&Assets::content()).unwrap_or_else(|p| panic!("{}", render(&p, false)));
        let mut problems = Problems::new();
        let asset = Asset {
            path: "content/sources.yaml".to_owned(),
            name: "sources.yaml".to_owned(),
            text: std::borrow::Cow::Borrowed(text),
        };
        let document = Document::read(&asset, &mut problems).unwrap();
        read(&document, &schema, &mut problems);
        problems.sort();
        // The message, and the characters it points at.
        let line = |p: &Problem| {
            let help = p.help.as_ref().map(|h| format!(" ({h})")).unwrap_or_default();
            format!("{}: `{}`{help}\n", p.message, &p.file.text[p.span.clone()])
        };
        problems.0.iter().map(line).collect()
    }

    #[test]
    fn mistakes_are_shown_at_their_place() {
        let text = "
classes:
  - class: SMS_Site
    known_from: {default: hearsay, unverified: [NoSuchName]}
    recognize: [{all: [SiteCode]}]
    recognise: [{none: [X]}]
    lazy: {Props: {sitez: {}, sites: {code: X}}}
    rows:
      - table: sites
        presence: sometimes
        when: {Type: {exists: true, starts_with: x}, 'Props[': 1}
        where: {Type: 2}
        fields:
          site: SiteCode..X
          parent: .Value
          servr: Name
          type: {path: Type, map: {1: true}, not: true}
          build: {path: Version, value: 3}
          version: {value: 3, otherwise: empty}
          install_dir: {domain: X}
      - table: account_uses
        each: \"List[\"
        fields: {account: .}
  - class: sms_site
    known_from: documentation
    rows: [{table: sites, known_from: hearsay, fields: {site: {build: X}, build: {path: B, bits: [{all: 1}]}}}]
  - class: Other
";
        assert_eq!(
            problems_of(text),
            "\
the class `SMS_Site` does not say where its names are known from: `SMS_Site` (`known_from`, one of documentation, export, script, reader, unverified)
unknown `default` `hearsay`: `hearsay` (known are `documentation`, `export`, `reader`, `script`, `unverified`)
no path reads `NoSuchName`: `NoSuchName`
unknown class field `recognize`: `recognize` (did you mean `recognise`?)
this would recognise any row: `none`
unknown table `sitez`: `sitez` (did you mean `sites`?)
unknown field of `sites` `code`: `code` (known are `build`, `install_dir`, `parent`, `server`, `site`, `type`, `version`)
unknown `presence` `sometimes`: `sometimes` (known are `class`, `item`, `never`, `part`)
a condition has exactly one operator: `exists` (`exists`, `starts_with` or `ends_with`, or the value itself)
not a path: the bracket is not closed: `[`
`where` is about the elements of `each`, which is missing: `where`
not a path: the name of a property is expected here: `.`
a path that begins with `.` needs `each`: `.Value`
unknown field of `sites` `servr`: `servr` (did you mean `server`?)
this gives a flag, and the field is none: `path`
this value must be of the type `name`, not true or false: `true`
a field is made in exactly one way: `path` (one of `path`, `value`, `unknown`, `is_empty`, `is_listed`, `variable`, `secret`, `build`)
this value must be of the type `text`, not a number: `3`
`otherwise` belongs to a `map`: `empty`
a field is made in exactly one way: `domain` (one of `path`, `value`, `unknown`, `is_empty`, `is_listed`, `variable`, `secret`, `build`)
this gives an account, and the field is none: `domain`
the table `account_uses` is made from others: `table`
not a path: the bracket is not closed: `[`
the class `sms_site` comes twice: `sms_site`
unknown way to know a name `hearsay`: `hearsay`
this gives an integer, and the field is none: `build`
not a rule for bits: `all` (one of `all`, `any`, `none` with a number, and `gives`)
the class `Other` does not say where its names are known from: `Other` (`known_from`, one of documentation, export, script, reader, unverified)
the class `Other` fills no table: `Other`
"
        );
    }

    #[test]
    fn a_table_that_nothing_fills_is_a_mistake() {
        let text =
            "classes:\n  - {class: X, known_from: script, rows: [{table: sites, fields: {site: S}}]}\n";
        let problems = problems_of(text);
        assert!(problems.contains("no class fills the table `site_systems`"), "{problems}");
        assert!(!problems.contains("`sites`") && !problems.contains("`account_uses`"), "{problems}");
    }
}
