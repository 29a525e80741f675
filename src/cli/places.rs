//! Places in exports, found again for the report: lines, columns, excerpts. Each file is read once more, and
//! only if something in it is to be shown.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use crate::check::{self, Finding, Outcome, RuleOutcome};
use crate::evidence::{self, Evidence, Input, Schema};
use crate::isolate::isolated;
use crate::reader::Format;
use crate::reader::structure::{self, Known, Says};
use crate::report::Spot;
use crate::source::{
    Excerpt, Location, Place, Request, Source, SourceError, SourceId, Sources, Span, excerpt_context, locate,
};

/// So many lines of a longer place are shown before the rest is left out.
const LINES: usize = 4;

/// What the places of findings are looked up in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exports<'a> {
    pub(super) schema: &'a Schema,
    pub(super) evidence: &'a Evidence,
    pub(super) sources: &'a Sources,
    pub(super) inputs: &'a [Input],
}

/// A label of a finding, and the record of which an excerpt may show something.
#[derive(Debug, Clone, Copy)]
struct Wanted<'a> {
    /// Numbers of the finding and of the label.
    finding: usize,
    number: usize,
    label: &'a check::Label,
    record: Span,
}

/// The places of each finding, and what could not be shown for a fault or because a file could not be read again.
pub(super) fn spots<F: Borrow<Finding>>(
    findings: &[F],
    exports: Exports<'_>,
    width: usize,
) -> (Vec<Vec<Spot>>, Vec<String>) {
    let mut spots: Vec<Vec<Option<Spot>>> =
        findings.iter().map(|f| vec![None; f.borrow().labels.len()]).collect();
    let mut lost = Vec::new();
    let by_source = wanted(findings, exports, width);
    let records: HashSet<Place> = (by_source.iter().filter(|_| width > 0))
        .flat_map(|(&source, wanted)| wanted.iter().map(move |w| Place::new(source, w.record)))
        .collect();
    let known = evidence::known_values(exports.schema, exports.evidence, &records);
    for (id, wanted) in by_source {
        let Some(source) = exports.sources.get(id) else { continue };
        let input = exports.inputs.get(id.index());
        let file = File {
            source,
            format: input.and_then(|input| input.reading.format),
            secrets: input.map_or(&[][..], |input| &input.secrets),
            known: &known,
        };
        match apart(&wanted, width, |labels, width| file.excerpts(labels, width)) {
            Ok((found, fault)) => {
                lost.extend(fault.map(|text| format!("{}: {text}", source.label())));
                for (wanted, (location, excerpts)) in wanted.into_iter().zip(found) {
                    spots[wanted.finding][wanted.number] = Some(Spot {
                        path: source.label().to_owned(),
                        line: location.line,
                        column: location.column,
                        end_line: location.end_line,
                        end_column: location.end_column,
                        label: wanted.label.text.clone(),
                        primary: wanted.number == 0,
                        excerpts,
                    });
                }
            }
            Err(text) => lost.push(format!("{}: {text}", source.label())),
        }
    }
    (spots.into_iter().map(|s| s.into_iter().flatten().collect()).collect(), lost)
}

/// All labels by the file they are in. A value that was taken from another record is shown in that one.
fn wanted<'a, F: Borrow<Finding>>(
    findings: &'a [F],
    exports: Exports<'_>,
    width: usize,
) -> BTreeMap<SourceId, Vec<Wanted<'a>>> {
    let labels = || {
        let all = findings.iter().enumerate();
        all.flat_map(|(f, finding)| {
            finding.borrow().labels.iter().enumerate().map(move |(l, label)| (f, l, label))
        })
    };
    let alone: HashSet<Place> = labels()
        .filter(|(_, _, label)| width > 0 && label.is_value && label.record == label.place)
        .map(|(_, _, label)| label.place)
        .collect();
    let records = evidence::records_of(exports.schema, exports.evidence, &alone);
    let mut by_source: BTreeMap<SourceId, Vec<Wanted<'a>>> = BTreeMap::new();
    for (finding, number, label) in labels() {
        let record = records.get(&label.place).filter(|_| label.record == label.place);
        let record = record.unwrap_or(&label.record).span();
        by_source.entry(label.place.source).or_default().push(Wanted { finding, number, label, record });
    }
    by_source
}

/// Does something with labels: with all at once or, if that breaks, with each by itself, and with the one at fault at a
/// width of 0, which asks for no excerpt. Also gives what is to be said of it.
fn apart<L: Copy, T>(
    labels: &[L],
    width: usize,
    work: impl Fn(&[L], usize) -> Result<Vec<T>, SourceError>,
) -> Result<(Vec<T>, Option<String>), String> {
    let with = |labels: &[L], width: usize| {
        isolated(|| work(labels, width)).map_err(|fault| fault.text("showing a place in this file"))
    };
    let fault = match with(labels, width) {
        Ok(done) => return done.map(|done| (done, None)).map_err(|error| error.to_string()),
        Err(fault) if width == 0 => return Err(fault),
        Err(fault) => fault,
    };
    let mut found = Vec::with_capacity(labels.len());
    for label in labels {
        let one = with(&[*label], width).or_else(|_| with(&[*label], 0))?;
        found.extend(one.map_err(|error| error.to_string())?);
    }
    Ok((found, Some(fault)))
}

/// Line and column of places in one source.
pub(super) fn positions(source: &Source, spans: &[Span]) -> Result<Vec<(u64, u64)>, SourceError> {
    let requests: Vec<Request> = spans.iter().map(|&span| Request { span, within: span }).collect();
    // Where it is not known, a remark stands without a place.
    let found = isolated(|| locate(source, &requests, &[], &[], 0)).unwrap_or_else(|_| Ok(Vec::new()))?;
    Ok(found.into_iter().map(|l| (l.line, l.column)).collect())
}

/// Where it shows that a rule could not be evaluated, one for each outcome: path, line and column.
pub(super) fn open(outcomes: &[RuleOutcome], sources: &Sources) -> Vec<Option<(String, u64, u64)>> {
    let mut out = vec![None; outcomes.len()];
    let places: Vec<(usize, Place)> = (outcomes.iter().enumerate())
        .filter_map(|(i, row)| match &row.outcome {
            Outcome::NotEvaluated(open) => Some((i, open.place?)),
            _ => None,
        })
        .collect();
    let mut by_source: BTreeMap<SourceId, Vec<(usize, Span)>> = BTreeMap::new();
    for (i, place) in places {
        by_source.entry(place.source).or_default().push((i, place.span()));
    }
    for (id, here) in by_source {
        let Some(source) = sources.get(id) else { continue };
        let spans: Vec<Span> = here.iter().map(|(_, span)| *span).collect();
        let found = positions(source, &spans).unwrap_or_default();
        for ((i, _), (line, column)) in here.into_iter().zip(found) {
            out[i] = Some((source.label().to_owned(), line, column));
        }
    }
    out
}

/// A file in which places are looked for.
struct File<'a> {
    source: &'a Source,
    format: Option<Format>,
    secrets: &'a [Span],
    known: &'a HashMap<Place, Vec<Known>>,
}

/// A place, and excerpts of its lines.
type Found = (Location, Vec<Excerpt>);

impl File<'_> {
    /// Location and excerpts of labels: of a place over several lines the first few and the last.
    fn excerpts(&self, wanted: &[Wanted<'_>], width: usize) -> Result<Vec<Found>, SourceError> {
        // An archive entry stays unpacked as long as this is held.
        let _bytes = self.source.bytes()?;
        let request = |wanted: &Wanted<'_>, span| Request { span, within: wanted.record };
        let mut requests: Vec<Request> = wanted.iter().map(|w| request(w, w.label.place.span())).collect();
        let mut more: Vec<Range<usize>> = Vec::with_capacity(wanted.len());
        for wanted in wanted {
            let from = requests.len();
            let place = wanted.label.place.span();
            if width > 0 {
                for start in further_lines(self.source, place)? {
                    requests.push(request(wanted, Span { start, end: place.end }));
                }
            }
            more.push(from..requests.len());
        }
        let harmless = if width > 0 { self.harmless(wanted, &requests, width)? } else { Vec::new() };
        let found = locate(self.source, &requests, &harmless, self.secrets, width)?;
        let mut out = Vec::with_capacity(wanted.len());
        for (i, range) in more.into_iter().enumerate() {
            let Some(location) = found.get(i) else { continue };
            let mut excerpts = vec![location.excerpt.clone()];
            excerpts.extend(found.get(range).unwrap_or_default().iter().map(|l| l.excerpt.clone()));
            out.push((location.clone(), excerpts));
        }
        Ok(out)
    }

    /// What may be shown around the requests: structure, and values that are known or labelled.
    fn harmless(
        &self,
        wanted: &[Wanted<'_>],
        requests: &[Request],
        width: usize,
    ) -> Result<Vec<Span>, SourceError> {
        let Some(format) = self.format else { return Ok(Vec::new()) };
        // As far as an excerpt can reach, in bytes of any encoding.
        let reach = 4 * excerpt_context(width) as u64;
        let mut records: BTreeMap<Span, (Vec<Span>, Vec<Known>)> = BTreeMap::new();
        for Request { span, within } in requests {
            let (start, end) = (span.start.saturating_sub(reach), span.start.saturating_add(reach));
            records.entry(*within).or_default().0.push(Span { start, end });
        }
        for wanted in wanted.iter().filter(|wanted| wanted.label.is_value) {
            let known = Known { span: wanted.label.place.span(), says: Says::Anything };
            records.entry(wanted.record).or_default().1.push(known);
        }
        let mut harmless = Vec::new();
        for (span, (near, mut values)) in records {
            let record = Place::new(self.source.id(), span);
            values.extend(self.known.get(&record).into_iter().flatten().cloned());
            harmless.extend(structure::harmless(self.source, format, span, &near, &values)?);
        }
        Ok(harmless)
    }
}

/// Where the next few lines of a span begin, and its last one.
fn further_lines(source: &Source, span: Span) -> Result<Vec<u64>, SourceError> {
    // What is longer than this on its first lines is no text to be shown by lines.
    const REACH: u64 = 1 << 14;
    let begins = |start: u64, end: u64| -> Result<Vec<u64>, SourceError> {
        let window = source.open_range(start, Some(end))?;
        let view = window.view();
        let mut out = Vec::new();
        for (at, _) in view.text.match_indices('\n') {
            // The first character that is not white space, so that something is to be seen there.
            let rest = &view.text[at + 1..];
            let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            if rest[blank..].chars().next().is_some_and(|c| c != '\n' && c != '\r') {
                out.push(view.span(at + 1 + blank..at + 1 + blank).start);
            }
        }
        Ok(out)
    };
    let length = span.end.saturating_sub(span.start);
    let mut out = begins(span.start, span.end.min(span.start + REACH))?;
    if length <= REACH && out.len() <= LINES {
        return Ok(out);
    }
    let last = if length > REACH {
        // An even distance, so that UTF-16 is not cut in a unit.
        let back = span.start + (length - REACH) / 2 * 2;
        begins(back, span.end)?.last().copied()
    } else {
        out.last().copied()
    };
    out.truncate(LINES - 1);
    out.extend(last.filter(|l| out.last().is_some_and(|o| o < l)));
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_that_breaks_takes_no_other_with_it() {
        let work = |labels: &[u32], width: usize| {
            assert!(width == 0 || !labels.contains(&3), "of an export");
            Ok(labels.iter().map(|n| (*n, width)).collect())
        };
        let (found, fault) = apart(&[1, 2, 3, 4], 80, work).expect("the file can be read");
        assert_eq!(found, [(1, 80), (2, 80), (3, 0), (4, 80)]);
        assert!(fault.is_some_and(|text| text.contains("showing a place") && !text.contains("of an export")));
        assert_eq!(apart(&[1, 2], 80, work), Ok((vec![(1, 80), (2, 80)], None)));
        // Where even the place itself cannot be told there is a word about the file.
        assert!(apart(&[1], 80, |_, _| -> Result<Vec<u32>, SourceError> { panic!("of an export") }).is_err());
    }
}
