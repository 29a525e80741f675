//! Reads all sources at the same time and gives their rows to [`super::merge`].

use rayon::prelude::*;

use super::mapping::Mapping;
use super::merge::OfSource;
use super::rows::{Budget, Collector, Gathered, Mentions, Task};
use super::{Collected, Hierarchy, Input, Schema, hierarchies, sequences};
use crate::isolate::isolated;
use crate::reader::{self, Missing, Note, Options, Reading, Sink, Status, Wanted};
use crate::source::{Source, Sources, Span, folder};

/// How many rows of lookup tables are kept before it is known which of them matter. About 13 MiB.
const LOOKUP_ROWS: usize = 20_000;

/// Reads all sources.
pub(super) fn collect(schema: &Schema, mapping: &Mapping, sources: &Sources) -> Collected {
    collect_within(schema, mapping, sources, LOOKUP_ROWS, &Options::default())
}

/// [`collect`] with other limits.
pub(super) fn collect_within(
    schema: &Schema,
    mapping: &Mapping,
    sources: &Sources,
    lookup_rows: usize,
    options: &Options,
) -> Collected {
    let wanted = mapping.wanted();
    let budget = Budget::new(lookup_rows);
    let read = |source: &Source, wanted: &Wanted, task: Task<'_>| -> (Reading, Vec<Gathered>) {
        let file = stem(source.label());
        let make = || Collector::new(schema, mapping, source.id(), file, task);
        apart(make, || {
            let (reading, collectors) = reader::read(source, wanted, options, make);
            (reading, collectors.into_iter().map(Collector::finish).collect())
        })
    };
    let mut read_once: Vec<(Reading, Vec<Gathered>)> =
        sources.as_slice().par_iter().map(|source| read(source, &wanted, Task::All(&budget))).collect();

    // Of tables that are only looked up in, keep what speaks of accounts and computers that other tables name.
    let mut mentions = Mentions::default();
    read_once.iter().flat_map(|(_, stretches)| stretches).for_each(|g| mentions.add(schema, g));
    let lookups = mapping.wanted_for(|table| schema.tables[table].lookup);
    sources.as_slice().par_iter().zip(&mut read_once).for_each(|(source, (reading, stretches))| {
        if stretches.iter().any(|g| g.overflow) {
            let (second, again) = read(source, &lookups, Task::Lookup(&mentions));
            if second.status == Status::Error {
                *reading = second;
                stretches.extend(again);
                return;
            }
            stretches.iter_mut().for_each(|g| g.tables.retain(|table, _| !schema.tables[*table].lookup));
            if let Some(first) = stretches.first_mut() {
                for more in again {
                    first.domain_sids.extend(more.domain_sids);
                    for (table, rows) in more.tables {
                        first.tables.entry(table).or_default().extend(rows);
                    }
                }
            }
        } else {
            for (table, rows) in stretches.iter_mut().flat_map(|g| &mut g.tables) {
                let table = &schema.tables[*table];
                if table.lookup {
                    rows.retain(|row| mentions.hold(table, row));
                }
            }
        }
    });

    let mut readings = Vec::with_capacity(read_once.len());
    let mut parts = Vec::with_capacity(read_once.len());
    for ((reading, stretches), source) in read_once.into_iter().zip(sources.as_slice()) {
        readings.push(reading);
        parts.push(OfSource { folder: folder(source.label()), stretches });
    }
    sequences::name(schema, &mut parts);
    let (hierarchies, left_out) = apart_by_hierarchy(schema, mapping, &parts);
    let merged = super::assemble(schema, mapping, parts);
    let inputs = readings
        .into_iter()
        .zip(merged.sources)
        .map(|(reading, (rows, secrets))| Input { reading, secrets, rows })
        .collect();
    Collected { evidence: merged.evidence, inputs, hierarchies, left_out }
}

/// The evidence of each of several hierarchies, and the sources that none of them has.
fn apart_by_hierarchy(
    schema: &Schema,
    mapping: &Mapping,
    parts: &[OfSource],
) -> (Vec<Hierarchy>, Vec<usize>) {
    let Some(apart) = hierarchies::tell_apart(schema, mapping, parts) else {
        return Default::default();
    };
    let of = apart.of.into_iter().map(|part| {
        let own = parts.iter().enumerate().map(|(number, source)| {
            if part.sources.contains(&number) { source.clone() } else { OfSource::default() }
        });
        let own = own.collect();
        Hierarchy {
            evidence: super::assemble(schema, mapping, own).evidence,
            site: part.site,
            server: part.server,
            sources: part.sources.into_iter().collect(),
        }
    });
    (of.collect(), apart.left_out)
}

/// Reads a source by itself: if the reader breaks, the source is one of which all may be missing.
fn apart<'s>(
    make: impl Fn() -> Collector<'s>,
    read: impl FnOnce() -> (Reading, Vec<Gathered>),
) -> (Reading, Vec<Gathered>) {
    isolated(read).unwrap_or_else(|fault| {
        let mut lost = make();
        lost.missing(None, Missing::Broken, Span::default());
        let note = Note { text: fault.text("reading this file"), span: None };
        let reading = Reading { format: None, records: 0, status: Status::Error, notes: vec![note] };
        (reading, vec![lost.finish()])
    })
}

/// The name of a file without folder, archive and extension.
fn stem(label: &str) -> &str {
    let name = label.rsplit(['/', '\\', '!']).next().unwrap_or(label);
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_breaks_is_an_input_of_which_all_may_be_missing() {
        let (schema, mapping) = super::super::load(&crate::assets::Assets::content()).expect("it loads");
        let sources = Sources::from_memory([("a.json".to_owned(), b"[]".to_vec())], &Default::default());
        let source = &sources.as_slice()[0];
        let budget = Budget::new(LOOKUP_ROWS);
        let make = || Collector::new(&schema, &mapping, source.id(), "a", Task::All(&budget));
        let (reading, stretches) = apart(make, || panic!("text of an export"));
        assert_eq!((reading.status, reading.records), (Status::Error, 0));
        let note = &reading.notes[0].text;
        assert!(note.contains("while reading this file") && !note.contains("of an export"), "{note}");
        assert_eq!(stretches.iter().map(|g| g.lost.len()).sum::<usize>(), 1);
        // Others are read as ever.
        let collected = collect(&schema, &mapping, &sources);
        assert_eq!(collected.inputs[0].reading.status, Status::Read);
    }
}
