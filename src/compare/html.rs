//! A comparison as one page that needs nothing else: the trend as a table and as lines, then what changed.

use std::fmt::Write as _;

use super::human::{TREND, named, notes, trend_rows};
use super::{Change, Comparison, Kind, Row, Snapshot};
use crate::rules::Level;
use crate::text::{count, harmless, list};

/// The drawing, in its own units.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 220.0;
/// Room around the lines: left for numbers, below for names.
const LEFT: f64 = 44.0;
const EDGE: f64 = 14.0;
const BELOW: f64 = 28.0;

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2128;--soft:#57606a;--line:#d0d7de;--back:#fff;--error:#b3261e;--warning:#8a5a00;--note:#1a6f37;--open:#5b4bb7}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9da7b3;--line:#373e47;--back:#14181d;--error:#ff8b80;--warning:#e3b341;--note:#6bd08a;--open:#b3a6ff}}
*{box-sizing:border-box}body{margin:0 auto;max-width:60rem;padding:1.5rem 1rem 4rem;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back)}
h1{font-size:1.5rem;line-height:1.25;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:2rem 0 .5rem;overflow-wrap:anywhere}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}th:first-child,td:first-child{text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:12rem}
th{white-space:normal;vertical-align:bottom}
svg{display:block;width:100%;min-width:30rem;height:auto;margin:1rem 0}svg text{fill:var(--soft);font-size:12px}.grid{stroke:var(--line)}
.error{color:var(--error);stroke:var(--error)}.warning{color:var(--warning);stroke:var(--warning)}.note{color:var(--note);stroke:var(--note)}.open{color:var(--open);stroke:var(--open)}
polyline{fill:none;stroke-width:2}circle{stroke:none;fill:currentColor}ul{padding-left:1.2rem}li{margin:.3rem 0;overflow-wrap:anywhere}
code{font:.92em ui-monospace,Consolas,monospace}.soft{color:var(--soft)}.key span{display:inline-block;margin-right:1rem}.key b{font-weight:600}";

pub(super) fn write(comparison: &Comparison) -> String {
    let mut out = String::new();
    let (Some(first), Some(last)) = (comparison.reports.first(), comparison.reports.last()) else {
        return out;
    };
    let title = format!("What changed from {} to {}", escape(&named(first)), escape(&named(last)));
    let _ = writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>{title}</title>\n\
         <style>\n{STYLE}\n</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>"
    );
    let total = &comparison.total;
    let counts = total.counts();
    let counts = if counts.is_empty() { "no finding differs".to_owned() } else { list(&counts) };
    let _ = writeln!(
        out,
        "<p>{} findings before, {} now: {counts}.</p>",
        first.findings.len(),
        last.findings.len()
    );
    for note in notes(comparison) {
        let _ = writeln!(out, "<p class=\"soft\">{}</p>", escape(&note));
    }
    table(comparison, &mut out);
    if comparison.reports.len() > 2 {
        lines(&comparison.reports, &mut out);
    }
    for (name, changes) in comparison.group_by.groups(&total.findings) {
        let _ = writeln!(out, "<h2>{}</h2>\n<ul>", escape(&name));
        for change in changes {
            let _ = writeln!(out, "<li>{}</li>", one(change));
        }
        out.push_str("</ul>\n");
    }
    rows("No longer evaluated", &total.no_longer_evaluated, &mut out);
    rows("Newly evaluated", &total.newly_evaluated, &mut out);
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn table(comparison: &Comparison, out: &mut String) {
    let head: String = TREND.iter().map(|title| format!("<th scope=\"col\">{title}</th>")).collect();
    let _ = writeln!(out, "<div class=\"scroll\"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>");
    for row in trend_rows(comparison) {
        let cells: String = row.iter().map(|cell| format!("<td>{}</td>", escape(cell))).collect();
        let _ = writeln!(out, "<tr>{cells}</tr>");
    }
    out.push_str("</tbody>\n</table></div>\n");
}

/// A line of the drawing: its class, its words, and its number in a report.
type Line = (&'static str, &'static str, fn(&Snapshot) -> usize);

const LINES: [Line; 4] = [
    ("error", "errors", |report| report.of_level(Level::Error)),
    ("warning", "warnings", |report| report.of_level(Level::Warning)),
    ("note", "notes", |report| report.of_level(Level::Note)),
    ("open", "not judged", Snapshot::open),
];

/// The trend as lines, one a level; names and numbers are those of the table.
fn lines(reports: &[Snapshot], out: &mut String) {
    let most = reports.iter().flat_map(|report| LINES.map(|(.., of)| of(report))).max().unwrap_or(0);
    let top = nice(most);
    let span = number(reports.len().saturating_sub(1).max(1));
    let x = |i: usize| LEFT + number(i) / span * (WIDTH - LEFT - EDGE);
    let y = |n: usize| HEIGHT - BELOW - number(n) / number(top) * (HEIGHT - BELOW - EDGE);
    let key: String = LINES
        .iter()
        .map(|(class, words, _)| format!("<span><b class=\"{class}\">●</b> {words}</span>"))
        .collect();
    let _ = writeln!(out, "<p class=\"key\">{key}</p>");
    let _ = writeln!(
        out,
        "<div class=\"scroll\"><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Findings of each report; the table has the numbers\">"
    );
    for part in 0..=4 {
        let value = top * part / 4;
        let at = y(value);
        let _ = writeln!(
            out,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
            WIDTH - EDGE,
            LEFT - 8.0,
            at + 4.0
        );
    }
    for (class, words, of) in LINES {
        let points: Vec<String> = reports
            .iter()
            .enumerate()
            .map(|(i, report)| format!("{:.1},{:.1}", x(i), y(of(report))))
            .collect();
        let _ = writeln!(
            out,
            "<g class=\"{class}\"><title>{words}</title><polyline points=\"{}\"/>",
            points.join(" ")
        );
        for (i, report) in reports.iter().enumerate() {
            let _ = writeln!(
                out,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\"><title>{}: {} {words}</title></circle>",
                x(i),
                y(of(report)),
                escape(&named(report)),
                of(report)
            );
        }
        out.push_str("</g>\n");
    }
    for (i, anchor) in [(0, "start"), (reports.len() - 1, "end")] {
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
            x(i),
            HEIGHT - 8.0,
            escape(&short(&reports[i]))
        );
    }
    out.push_str("</svg></div>\n");
}

/// Counts are far below what a float holds exactly.
fn number(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::MAX, f64::from)
}

/// The least number not below `n` that four steps lead to in round numbers.
fn nice(n: usize) -> usize {
    let mut unit = 1;
    loop {
        for step in [1, 2, 5] {
            if step * unit * 4 >= n {
                return step * unit * 4;
            }
        }
        unit *= 10;
    }
}

/// What stands below the drawing: the day, or the end of the name.
fn short(report: &Snapshot) -> String {
    if let Some((date, true)) = report.created {
        return date.to_string();
    }
    let name = report.name.rsplit('/').next().unwrap_or(&report.name);
    name.chars().take(32).collect()
}

fn one(change: &Change) -> String {
    let level = |level: Level| format!("<span class=\"{0}\">{0}</span>", level.name());
    let levels: Vec<String> = [change.from, change.to].into_iter().flatten().map(level).collect();
    let class = if change.kind == Kind::NoLongerEvaluated { " class=\"open\"" } else { "" };
    let mut out = format!(
        "<b{class}>{}</b>, {}: {}",
        change.kind.words(),
        levels.join(" → "),
        code(&change.finding.message)
    );
    if let Some((path, line)) = &change.finding.place {
        let _ = write!(out, " <span class=\"soft\">({}:{line})</span>", escape(path));
    }
    if let Some(reason) = &change.reason {
        let _ = write!(out, "<br><span class=\"soft\">{}</span>", code(reason));
    }
    out
}

fn rows(title: &str, rows: &[Row], out: &mut String) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "<h2>{title}: {}</h2>\n<ul>", count(rows.len(), "check", "checks"));
    for row in rows {
        let why = row.open.as_deref().map_or(String::new(), |why| format!(": {}", code(why)));
        let of = match row.statements.as_slice() {
            [one] => format!(" <span class=\"soft\">{}</span>", escape(one)),
            _ => String::new(),
        };
        let _ = writeln!(out, "<li>{}{of}{why}</li>", escape(&row.rule));
    }
    out.push_str("</ul>\n");
}

/// As [`escape`], with what stands between backticks as code.
fn code(text: &str) -> String {
    let parts: Vec<String> = text.split('`').map(escape).collect();
    if parts.len().is_multiple_of(2) {
        return escape(text);
    }
    let one =
        |(i, part): (usize, &String)| if i % 2 == 1 { format!("<code>{part}</code>") } else { part.clone() };
    parts.iter().enumerate().map(one).collect()
}

/// Text that HTML takes for text.
fn escape(text: &str) -> String {
    let text = harmless(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_text() {
        assert_eq!(escape("<b onclick=\"x\">'&'\u{1b}"), "&lt;b onclick=&quot;x&quot;&gt;&#39;&amp;&#39;␛");
    }

    #[test]
    fn what_is_in_backticks_is_code() {
        assert_eq!(code("`<a>` is `b`"), "<code>&lt;a&gt;</code> is <code>b</code>");
        assert_eq!(code("one ` only"), "one ` only");
    }

    #[test]
    fn the_scale_ends_at_a_round_number() {
        for (n, top) in [(0, 4), (4, 4), (5, 8), (9, 20), (21, 40), (70, 80), (81, 200), (1000, 2000)] {
            assert_eq!(nice(n), top, "{n}");
        }
    }
}
