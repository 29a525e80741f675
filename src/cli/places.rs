//! Places in exports, found again for the report: lines, columns, excerpts. Each file is read once more, and
//! only if something in it is to be shown.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::check::{Finding, Outcome, RuleOutcome};
use crate::evidence::Input;
use crate::report::Spot;
use crate::source::{
    Excerpt, Location, Place, Request, Source, SourceError, SourceId, Sources, Span, locate,
};

/// So many lines of a longer place are shown before the rest is left out.
const LINES: usize = 4;

/// The places of each finding, and the files that could not be read again.
pub(super) fn spots(
    findings: &[Finding],
    sources: &Sources,
    inputs: &[Input],
    width: usize,
) -> (Vec<Vec<Spot>>, Vec<String>) {
    let mut spots: Vec<Vec<Option<Spot>>> = findings.iter().map(|f| vec![None; f.labels.len()]).collect();
    let mut lost = Vec::new();
    let mut by_source: BTreeMap<SourceId, Vec<(usize, usize)>> = BTreeMap::new();
    for (f, finding) in findings.iter().enumerate() {
        for (l, label) in finding.labels.iter().enumerate() {
            by_source.entry(label.place.source).or_default().push((f, l));
        }
    }
    for (id, wanted) in by_source {
        let Some(source) = sources.get(id) else { continue };
        let secrets =
            usize::try_from(source.id().0).ok().and_then(|i| inputs.get(i)).map_or(&[][..], |i| &i.secrets);
        let labels: Vec<_> = wanted.iter().map(|&(f, l)| &findings[f].labels[l]).collect();
        let places: Vec<(Place, Place)> = labels.iter().map(|l| (l.place, l.record)).collect();
        match here(source, &places, secrets, width) {
            Ok(found) => {
                for ((f, l), (location, excerpts)) in wanted.into_iter().zip(found) {
                    spots[f][l] = Some(Spot {
                        path: source.label().to_owned(),
                        line: location.line,
                        column: location.column,
                        end_line: location.end_line,
                        end_column: location.end_column,
                        label: findings[f].labels[l].text.clone(),
                        primary: l == 0,
                        excerpts,
                    });
                }
            }
            Err(error) => lost.push(format!("{}: {error}", source.label())),
        }
    }
    (spots.into_iter().map(|s| s.into_iter().flatten().collect()).collect(), lost)
}

/// Line and column of places in one source.
pub(super) fn positions(source: &Source, spans: &[Span]) -> Result<Vec<(u64, u64)>, SourceError> {
    let requests: Vec<Request> = spans.iter().map(|&span| Request { span, within: span }).collect();
    Ok(locate(source, &requests, &[], 0)?.into_iter().map(|l| (l.line, l.column)).collect())
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
        by_source.entry(place.source).or_default().push((i, place.span));
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

/// Location and excerpts of places in one source: of a place over several lines the first few and the last.
fn here(
    source: &Source,
    places: &[(Place, Place)],
    secrets: &[Span],
    width: usize,
) -> Result<Vec<(Location, Vec<Excerpt>)>, SourceError> {
    // An archive entry stays unpacked as long as this is held.
    let _bytes = source.bytes()?;
    let mut requests: Vec<Request> =
        places.iter().map(|(place, record)| Request { span: place.span, within: record.span }).collect();
    let mut more: Vec<Range<usize>> = Vec::with_capacity(places.len());
    for (place, record) in places {
        let from = requests.len();
        if width > 0 {
            for start in further_lines(source, place.span)? {
                requests.push(Request { span: Span { start, end: place.span.end }, within: record.span });
            }
        }
        more.push(from..requests.len());
    }
    let found = locate(source, &requests, secrets, width)?;
    let mut out = Vec::with_capacity(places.len());
    for (i, range) in more.into_iter().enumerate() {
        let Some(location) = found.get(i) else { continue };
        let mut excerpts = vec![location.excerpt.clone()];
        excerpts.extend(found.get(range).unwrap_or_default().iter().map(|l| l.excerpt.clone()));
        out.push((location.clone(), excerpts));
    }
    Ok(out)
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
