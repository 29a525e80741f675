//! The findings of a block beside the one that stands for them: whom and where else.

use std::collections::{HashMap, HashSet};

use super::blocks::Told;
use crate::check::Finding;
use crate::text::{count, harmless};

/// So many names of one computer are shown; of the others there is a number.
const NAMES: usize = 8;
/// So many places of one computer are shown; of the others there is a number.
const PLACES: usize = 2;
/// So many computers are shown; of the others there is a number.
const HOSTS: usize = 8;

/// What is found on one computer, or without one.
#[derive(Default)]
struct Group<'a> {
    host: Option<&'a str>,
    names: Vec<&'a str>,
    /// Lines by file, in the order of the findings.
    places: Vec<(&'a str, Vec<u64>)>,
    hidden: usize,
}

/// Whom and where else, and in which places: a title and a text a computer.
pub(super) fn lines(others: &[Told<'_>]) -> Vec<(String, String)> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: HashMap<Option<&str>, usize> = HashMap::new();
    let mut seen: HashSet<(usize, &str)> = HashSet::new();
    for one in others {
        let (host, name) = host_and_name(one.finding());
        let number = *known.entry(host).or_insert_with(|| {
            groups.push(Group { host, ..Group::default() });
            groups.len() - 1
        });
        let group = &mut groups[number];
        if seen.insert((number, name)) {
            group.names.push(name);
        }
        let Some(spot) = one.spots.first() else { continue };
        let shown: usize = group.places.iter().map(|(_, lines)| lines.len()).sum();
        match group.places.iter_mut().find(|(path, _)| *path == spot.path) {
            Some((_, lines)) if lines.contains(&spot.line) => {}
            _ if shown >= PLACES => group.hidden += 1,
            Some((_, lines)) => lines.push(spot.line),
            None => group.places.push((&spot.path, vec![spot.line])),
        }
    }
    let title = |group: &Group<'_>| match group.host {
        Some(host) => format!("on {}:", harmless(host)),
        None => "also:".to_owned(),
    };
    let mut out: Vec<(String, String)> =
        groups.iter().take(HOSTS).map(|group| (title(group), text(group))).collect();
    if let Some(more) = groups.len().checked_sub(HOSTS).filter(|more| *more > 0) {
        out.push((
            "also:".to_owned(),
            format!("on {}", count(more, "further computer", "further computers")),
        ));
    }
    out
}

fn text(group: &Group<'_>) -> String {
    let separator = if group.names.iter().any(|name| name.contains(", ")) { "; " } else { ", " };
    let names: Vec<_> = group.names.iter().take(NAMES).map(|name| harmless(name)).collect();
    let mut out = names.join(separator);
    if let Some(more) = group.names.len().checked_sub(NAMES).filter(|more| *more > 0) {
        out.push_str(&format!(" and {more} more"));
    }
    let place = |(path, lines): &(&str, Vec<u64>)| {
        let lines: Vec<String> = lines.iter().map(u64::to_string).collect();
        format!("{}:{}", harmless(path), lines.join(", "))
    };
    let places: Vec<String> = group.places.iter().map(place).collect();
    if !places.is_empty() {
        let hidden = if group.hidden > 0 { format!(" and {} more", group.hidden) } else { String::new() };
        out.push_str(&format!(" ({}{hidden})", places.join("; ")));
    }
    out
}

/// The computer that a finding is about, if it is one, and what tells it from others there.
fn host_and_name(finding: &Finding) -> (Option<&str>, &str) {
    match (finding.accounts.as_slice(), finding.hosts.as_slice()) {
        ([account, ..], [host]) => (Some(host), account),
        ([account], _) => (None, account),
        _ => (None, &finding.subject),
    }
}
