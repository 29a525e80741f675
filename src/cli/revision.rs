//! Revisions as people name them.

use anyhow::bail;

use crate::content::{Content, Date};
use crate::text::harmless;
use crate::yaml;

/// The revision that is meant: a date, the beginning of one that no other has, `oldest`, `latest`.
pub(super) fn revision(content: &Content, asked: &str) -> anyhow::Result<Date> {
    let dates = content.dates();
    let wanted = asked.trim().to_lowercase();
    let named = match wanted.as_str() {
        "oldest" | "first" => dates.first(),
        "latest" | "newest" | "last" => dates.last(),
        _ => None,
    };
    if let Some(date) = named {
        return Ok(*date);
    }
    let all: Vec<String> = dates.iter().map(Date::to_string).collect();
    let fits: Vec<&Date> = dates
        .iter()
        .zip(&all)
        .filter(|(_, text)| !wanted.is_empty() && text.starts_with(&wanted))
        .map(|(date, _)| date)
        .collect();
    if let [one] = fits.as_slice() {
        return Ok(**one);
    }
    let mut message = if fits.len() > 1 {
        format!("several revisions begin with `{}`", harmless(asked))
    } else {
        format!("there is no revision `{}`", harmless(asked))
    };
    if fits.is_empty()
        && let Some(near) = nearest(&wanted, &dates, &all)
    {
        message.push_str(&format!("\n\nDid you mean `{near}`?"));
    }
    let known: Vec<String> = content
        .revisions
        .iter()
        .map(|r| {
            let versions = if r.versions.is_empty() {
                String::new()
            } else {
                format!("  for version {}", r.versions.join(", "))
            };
            format!("\n  {}{versions}", r.date)
        })
        .collect();
    message.push_str(&format!(
        "\n\nThe revisions are:{}\n\nThe beginning of a date, `oldest` and `latest` will do as well.",
        known.concat()
    ));
    bail!(message)
}

/// The revision that was probably meant: of a date the one in force then, else the one written most alike.
fn nearest(wanted: &str, dates: &[Date], all: &[String]) -> Option<Date> {
    let asked = wanted.parse::<Date>().ok();
    if let Some(asked) = asked {
        let days = |d: &Date| i64::from(d.year) * 372 + i64::from(d.month) * 31 + i64::from(d.day);
        return dates.iter().min_by_key(|d| (days(d) - days(&asked)).abs()).copied();
    }
    let words = ["oldest", "latest"];
    let near = yaml::nearest(wanted, all.iter().map(String::as_str).chain(words))?;
    match near {
        "oldest" => dates.first().copied(),
        "latest" => dates.last().copied(),
        date => date.parse().ok(),
    }
}
