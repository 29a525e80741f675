//! One line a finding: `path:line:column: level[rule] message`.

use std::fmt::Write;

use super::Report;
use crate::text::{STRONG, harmless, paint};

pub(super) fn write(report: &Report<'_>) -> String {
    let mut out = String::new();
    for (finding, spots) in report.findings() {
        if let Some(spot) = spots.first() {
            let _ = write!(out, "{}:{}:{}: ", paint(STRONG, harmless(&spot.path)), spot.line, spot.column);
        }
        let style = finding.level.style();
        let _ = writeln!(
            out,
            "{} {}",
            paint(style, format_args!("{}[{}]", finding.level.name(), finding.rule)),
            harmless(&finding.message)
        );
    }
    out
}
