//! Exports of several hierarchies in one run, told apart, so that each is judged by itself.
//!
//! A hierarchy has one top: a central administration site, or a primary site that reports to none. Two of them that no
//! row and no list of sites ties are two hierarchies, and so are two servers of one site code in different domains, since
//! a site server cannot change its domain. A file belongs to the hierarchy whose sites it names; if it names none, to the
//! one whose files are in its folder; and if those of several are, to the one whose domains it names. What can be of
//! either is of each if it comes from beside the product (a directory serves both), and is left out otherwise.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::mapping::Mapping;
use super::merge::OfSource;
use super::sites::SITE_SERVER;
use super::{Fact, FieldName, FieldSchema, Row, Scalar, Schema, TableName, field, table};
use crate::reader::is_own;
use crate::source::folder;

/// The files of several hierarchies.
#[derive(Debug)]
pub(super) struct Apart {
    pub(super) of: Vec<Part>,
    /// Numbers of the sources that may be of any and are left out.
    pub(super) left_out: Vec<usize>,
}

/// A hierarchy and its files.
#[derive(Debug)]
pub(super) struct Part {
    /// Code of its top site, and the server.
    pub(super) site: String,
    pub(super) server: String,
    /// Numbers of its sources, in order.
    pub(super) sources: BTreeSet<usize>,
}

/// A top site.
struct Top {
    code: String,
    server: String,
    /// The DNS domain of its server in lower case, if its name has one.
    domain: Option<String>,
}

impl Top {
    /// Whether another may be meant: of one code those of one domain, or of none that is told.
    fn is(&self, other: &Self) -> bool {
        self.code == other.code && (self.domain == other.domain || self.domain.is_none())
    }
}

/// Tells the sources of hierarchies apart; none where there is but one.
pub(super) fn tell_apart(schema: &Schema, mapping: &Mapping, sources: &[OfSource]) -> Option<Apart> {
    let tops: Vec<Vec<Top>> = sources.iter().map(|source| tops(schema, source)).collect();
    let first = tops.iter().flatten().next()?;
    if tops.iter().flatten().all(|top| top.is(first)) {
        return None;
    }
    let ties = ties(schema, sources);
    // Tops that nothing ties: of one code those of different domains. Those whose domain is told come first.
    let mut all: Vec<&Top> = tops.iter().flatten().collect();
    all.sort_by_key(|top| top.domain.is_none());
    let mut of: Vec<(&Top, String)> = Vec::new();
    for top in all {
        let root = ties.root(&top.code);
        let same =
            |(other, their): &(&Top, String)| *their == root && (other.code != top.code || top.is(other));
        if !of.iter().any(same) {
            of.push((top, root));
        }
    }
    if of.len() < 2 {
        return None;
    }
    let codes = |root: &str| of.iter().filter(|(_, r)| r == root).count() == 1;
    let by_root: HashMap<String, usize> =
        of.iter().enumerate().filter(|(_, (_, r))| codes(r)).map(|(n, (_, r))| (r.clone(), n)).collect();
    let mut names = Names::default();
    for (number, (top, _)) in of.iter().enumerate() {
        top.domain.iter().for_each(|domain| names.add(domain.clone(), number));
    }
    let mut read: Vec<Read> = sources.iter().map(|source| Read::of(schema, mapping, source)).collect();
    // Before local accounts stands a computer, and those of two estates may well have the same names.
    let computers: HashSet<String> = read.iter().flat_map(|read| read.computers.iter().cloned()).collect();
    read.iter_mut().for_each(|read| read.domains.retain(|name| !computers.contains(name)));
    let mut found: Vec<BTreeSet<usize>> = (read.iter().zip(&tops))
        .map(|(read, tops)| {
            let sites = read.sites.iter().filter_map(|code| by_root.get(&ties.root(code)).copied());
            let tops = tops.iter().filter_map(|own| {
                of.iter().position(|(top, _)| top.code == own.code && top.domain == own.domain)
            });
            sites.chain(tops).collect()
        })
        .collect();
    by_folder(sources, &mut found);
    loop {
        for (read, of) in read.iter().zip(&found) {
            if let [only] = Vec::from_iter(of)[..] {
                read.domains.iter().for_each(|domain| names.add(domain.clone(), *only));
            }
        }
        let mut more = false;
        for (read, of) in read.iter().zip(&mut found).filter(|(_, of)| of.is_empty()) {
            let named: BTreeSet<usize> = read.domains.iter().filter_map(|name| names.only(name)).collect();
            if named.len() == 1 {
                *of = named;
                more = true;
            }
        }
        if !more {
            break;
        }
    }
    let mut out = Apart {
        of: of
            .iter()
            .map(|(top, _)| Part {
                site: top.code.clone(),
                server: top.server.clone(),
                sources: BTreeSet::new(),
            })
            .collect(),
        left_out: Vec::new(),
    };
    for (number, (read, of)) in read.iter().zip(found).enumerate() {
        match Vec::from_iter(of)[..] {
            [only] => _ = out.of[only].sources.insert(number),
            [] if !read.of_the_product => out.of.iter_mut().for_each(|h| _ = h.sources.insert(number)),
            _ => out.left_out.push(number),
        }
    }
    Some(out)
}

/// The top sites that a source tells of, each code and domain once.
fn tops(schema: &Schema, source: &OfSource) -> Vec<Top> {
    let mut out: Vec<Top> = Vec::new();
    for name in [table::SITES, table::SITE_SYSTEMS] {
        for top in rows(schema, source, name).filter_map(|row| top(schema, name, row)) {
            if !out.iter().any(|other| top.is(other)) {
                out.push(top);
            }
        }
    }
    out
}

/// What ties sites.
fn ties(schema: &Schema, sources: &[OfSource]) -> Ties {
    let mut ties = Ties::default();
    for source in sources {
        for (name, a, b) in [
            (table::SITES, field::SITE, field::PARENT),
            (table::REPLICATION_ROUTES, field::SITE, field::DESTINATION),
            (table::DATABASE_LINKS, field::PARENT, field::CHILD),
        ] {
            for row in rows(schema, source, name) {
                let text = |of| text(schema, name, row, of).map(str::to_uppercase);
                if let (Some(a), Some(b)) = (text(a), text(b)) {
                    ties.tie(&a, &b);
                }
            }
        }
        // Who is asked for the sites tells those of one hierarchy.
        let site = |row| Some(text(schema, table::SITES, row, field::SITE)?.to_uppercase());
        let codes: Vec<String> = rows(schema, source, table::SITES).filter_map(site).collect();
        codes.windows(2).for_each(|two| ties.tie(&two[0], &two[1]));
    }
    ties
}

/// The site that a row shows to be on top: a site that reports to none, or a central administration site.
fn top(schema: &Schema, name: TableName, row: &Row) -> Option<Top> {
    let is =
        |of: FieldName, what: &str| text(schema, name, row, of).is_some_and(|t| t.eq_ignore_ascii_case(what));
    let server = if name == table::SITES {
        let reports_to_none = is_empty(schema, name, row, field::PARENT) && is(field::TYPE, "primary");
        (reports_to_none || is(field::TYPE, "cas")).then_some(field::SERVER)
    } else {
        (is(field::ROLE, SITE_SERVER) && is(field::SITE_TYPE, "cas")).then_some(field::HOST)
    };
    let server = text(schema, name, row, server?).unwrap_or_default();
    Some(Top {
        code: text(schema, name, row, field::SITE)?.to_uppercase(),
        server: server.to_owned(),
        domain: server.split_once('.').map(|(_, domain)| domain.to_lowercase()),
    })
}

fn rows<'s>(schema: &Schema, source: &'s OfSource, name: TableName) -> impl Iterator<Item = &'s Row> {
    let id = schema.id(name);
    source.stretches.iter().filter_map(move |stretch| stretch.tables.get(&id?)).flatten()
}

fn cell<'r>(schema: &Schema, name: TableName, row: &'r Row, of: FieldName) -> Option<&'r Fact> {
    let column = schema.tables.get(schema.id(name)?)?.column(of)?;
    row.cells.get(column).map(|cell| &cell.fact)
}

fn text<'r>(schema: &Schema, name: TableName, row: &'r Row, of: FieldName) -> Option<&'r str> {
    match cell(schema, name, row, of)? {
        Fact::Text(text) => Some(text),
        _ => None,
    }
}

fn is_empty(schema: &Schema, name: TableName, row: &Row, of: FieldName) -> bool {
    matches!(cell(schema, name, row, of), Some(Fact::Empty))
}

/// What tells to which hierarchy a source belongs.
#[derive(Default)]
struct Read {
    /// Codes of sites in capitals: of packages those of which they are.
    sites: BTreeSet<String>,
    /// What stands before or behind names, in lower case.
    domains: BTreeSet<String>,
    /// Names of computers without their domain, in lower case.
    computers: BTreeSet<String>,
    /// It holds objects of the product, of whichever hierarchy.
    of_the_product: bool,
}

impl Read {
    fn of(schema: &Schema, mapping: &Mapping, source: &OfSource) -> Self {
        let mut out = Self::default();
        for stretch in &source.stretches {
            let seen = mapping.classes.iter().zip(&stretch.seen).filter(|(_, seen)| **seen);
            out.of_the_product |= seen.into_iter().any(|(class, _)| {
                class.name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SMS_"))
                    || is_own(&class.name)
            });
            for (table, rows) in &stretch.tables {
                let Some(table) = schema.tables.get(*table) else { continue };
                for row in rows {
                    for (field, cell) in table.fields.iter().zip(&row.cells) {
                        out.add(schema, Told::by(field), &cell.fact);
                    }
                }
            }
        }
        out
    }

    fn add(&mut self, schema: &Schema, told: Told, fact: &Fact) {
        match (fact, told) {
            (Fact::Text(text), Told::Site) => _ = self.sites.insert(text.to_uppercase()),
            // The first three characters of the identifier of a package are the code of the site it was made at.
            (Fact::Text(text), Told::Package) => self.sites.extend(text.get(..3).map(str::to_uppercase)),
            (Fact::Text(text), Told::Domain) => _ = self.domains.insert(text.to_lowercase()),
            (Fact::Text(text), Told::Computer) => {
                let (name, domain) = text.split_once('.').map_or((&**text, None), |(n, d)| (n, Some(d)));
                self.computers.insert(name.to_lowercase());
                self.domains.extend(domain.map(str::to_lowercase));
            }
            (Fact::Account(account), _) => {
                let domain = account.domain().map(str::to_lowercase);
                self.domains.extend(domain.filter(|d| schema.principals.authority(d).is_none()));
            }
            (Fact::List(cells), _) => cells.iter().for_each(|cell| self.add(schema, told, &cell.fact)),
            _ => {}
        }
    }
}

/// What a field tells of the hierarchy that its row is of.
#[derive(Clone, Copy)]
enum Told {
    Site,
    Package,
    Domain,
    Computer,
    Nothing,
}

impl Told {
    fn by(field: &FieldSchema) -> Self {
        match (field.name.as_str(), field.kind.scalar) {
            (_, Scalar::Site) => Self::Site,
            (_, Scalar::Computer) => Self::Computer,
            ("package", _) => Self::Package,
            ("domain" | "dns_domain" | "dns" | "netbios" | "forest", Scalar::Name) => Self::Domain,
            _ => Self::Nothing,
        }
    }
}

/// Files that name no site: those of a folder belong to the hierarchy of the others in it, or in the one above.
fn by_folder(sources: &[OfSource], found: &mut [BTreeSet<usize>]) {
    // The folder of a source, and those around it, to the outermost.
    fn folders<'s>(source: &OfSource<'s>) -> impl Iterator<Item = &'s str> {
        std::iter::successors(Some(source.folder), |at| (!at.is_empty()).then(|| folder(at)))
    }
    let mut of_folder: HashMap<&str, BTreeSet<usize>> = HashMap::new();
    for (source, found) in sources.iter().zip(found.iter()) {
        for folder in folders(source) {
            of_folder.entry(folder).or_default().extend(found);
        }
    }
    for (source, found) in sources.iter().zip(found).filter(|(_, found)| found.is_empty()) {
        let nearest = folders(source).filter_map(|folder| of_folder.get(folder)).find(|of| !of.is_empty());
        if let Some(of) = nearest.filter(|of| of.len() == 1) {
            *found = of.clone();
        }
    }
}

/// Names of domains, each with the hierarchies in whose files it stands.
#[derive(Default)]
struct Names(HashMap<String, HashSet<usize>>);

impl Names {
    fn add(&mut self, name: String, of: usize) {
        self.0.entry(name).or_default().insert(of);
    }

    /// The only hierarchy in whose files a name stands.
    fn only(&self, name: &str) -> Option<usize> {
        let of = self.0.get(name)?;
        of.iter().next().copied().filter(|_| of.len() == 1)
    }
}

/// Site codes that are of one hierarchy: each with one that stands for them.
#[derive(Default)]
struct Ties(HashMap<String, String>);

impl Ties {
    fn root(&self, code: &str) -> String {
        let mut at = code;
        while let Some(next) = self.0.get(at) {
            at = next;
        }
        at.to_owned()
    }

    fn tie(&mut self, a: &str, b: &str) {
        let (a, b) = (self.root(a), self.root(b));
        if a != b {
            self.0.insert(a, b);
        }
    }
}
