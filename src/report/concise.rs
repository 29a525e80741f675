//! One line a finding: `path:line:column: level[rule] message`, and how many places more it has of the same kind.

use std::fmt::Write;

use super::Report;
use crate::text::{STRONG, count, harmless, paint};

pub(super) fn write(report: &Report<'_>) -> String {
    let mut out = String::new();
    if let Some(several) = report.several() {
        let _ = writeln!(out, "note: {several}");
    }
    for (finding, spots) in report.counting() {
        if let Some(spot) = spots.first() {
            let _ = write!(out, "{}:{}:{}: ", paint(STRONG, harmless(&spot.path)), spot.line, spot.column);
        }
        let style = finding.level.style();
        let more = match finding.again {
            0 => String::new(),
            n => format!(" (and {})", count(n, "more place", "more places")),
        };
        let _ = writeln!(
            out,
            "{} {}{more}",
            paint(style, format_args!("{}[{}]", finding.level.name(), finding.rule)),
            harmless(&finding.message)
        );
    }
    out
}
