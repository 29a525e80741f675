//! The front matter: the fields above the page, and the date and product in them.
//!
//! It is read line by line and not as YAML: real pages have had fields that no YAML parser takes, and only
//! `key: value` and lists of plain items occur.

use std::ops::Range;

use super::Date;

/// The fields above the page, and where the page itself begins and ends in the text.
pub(super) fn read(text: &str) -> (Vec<(String, String)>, Range<usize>) {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut at = start;
    let mut fields: Vec<(String, String)> = Vec::new();
    for (number, line) in text.get(start..).unwrap_or_default().split_inclusive('\n').enumerate() {
        at += line.len();
        let bare = line.trim_end();
        if number == 0 {
            if bare != "---" {
                return (Vec::new(), start..text.len());
            }
            continue;
        }
        if bare == "---" || bare == "..." {
            return (fields, at..text.len());
        }
        let trimmed = bare.trim_start();
        if let Some(item) = trimmed.strip_prefix("- ") {
            if let Some((_, value)) = fields.last_mut() {
                if !value.is_empty() {
                    value.push_str(", ");
                }
                value.push_str(unquote(item));
            }
        } else if trimmed.len() == bare.len()
            && !bare.starts_with('#')
            && let Some((key, value)) = bare.split_once(':')
        {
            fields.push((key.trim().to_owned(), unquote(value).to_owned()));
        } else if !trimmed.is_empty()
            && trimmed.len() < bare.len()
            && let Some((_, value)) = fields.last_mut()
        {
            // A value that goes on in the next line.
            if matches!(value.as_str(), ">" | ">-" | "|" | "|-") {
                value.clear();
            }
            if !value.is_empty() {
                value.push(' ');
            }
            value.push_str(unquote(trimmed));
        }
    }
    // No end: a rule above the text, not front matter.
    (Vec::new(), start..text.len())
}

fn unquote(value: &str) -> &str {
    let value = value.trim();
    ['"', '\''].into_iter().find_map(|q| value.strip_prefix(q)?.strip_suffix(q)).unwrap_or(value)
}

/// A title without the name of the website behind it, if it has one.
pub(super) fn without_site(title: &str) -> Option<&str> {
    let (title, site) = title.rsplit_once(" | ")?;
    matches!(site.trim(), "Microsoft Learn" | "Microsoft Docs").then_some(title.trim_end())
}

/// A title as pages are listed by: without the website's name and the product that it puts behind the title.
pub(super) fn listed(title: &str) -> &str {
    match without_site(title) {
        Some(title) => title.rsplit_once(" - ").map_or(title, |(title, _)| title).trim_end(),
        None => title,
    }
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A date in any of the spellings that occur: 2015-12-08, 2/9/2016 (month first, unless that is no month),
/// 2016/02/09, `October 26, 2018`, with or without a time behind it.
pub(super) fn date(value: &str) -> Option<Date> {
    let words: Vec<&str> = value
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .take(3)
        .map(|w| w.split(['T', 't']).next().filter(|w| w.parse::<u16>().is_ok()).unwrap_or(w))
        .collect();
    let [a, b, c] = words.as_slice() else { return None };
    let number = |w: &str| w.parse::<u16>().ok();
    let month = |w: &str| {
        let w = w.to_lowercase();
        MONTHS.iter().zip(1u16..).find(|(m, _)| w.len() >= 3 && m.starts_with(w.as_str())).map(|(_, n)| n)
    };
    let (year, month, day) = match (number(a), number(b), number(c)) {
        (Some(year), Some(month), Some(day)) if a.len() == 4 => (year, month, day),
        (Some(day), Some(month), Some(year)) if c.len() == 4 && day > 12 => (year, month, day),
        (Some(month), Some(day), Some(year)) if c.len() == 4 => (year, month, day),
        (None, Some(day), Some(year)) => (year, month(a)?, day),
        (Some(day), None, Some(year)) => (year, month(b)?, day),
        _ => return None,
    };
    format!("{year:04}-{month:02}-{day:02}").parse().ok()
}

/// The product that a title names: the capitalised words that end in `Manager`.
pub(super) fn product(title: &str) -> String {
    let words: Vec<&str> = title.split_whitespace().collect();
    let Some(end) = words.iter().rposition(|w| *w == "Manager") else { return String::new() };
    let words = words.get(..=end).unwrap_or_default();
    let start = words.iter().rposition(|w| !w.starts_with(char::is_uppercase)).map_or(0, |lower| lower + 1);
    words.get(start..).unwrap_or_default().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_every_spelling() {
        for (written, meant) in [
            ("2015-12-08", "2015-12-08"),
            ("2/9/2016", "2016-02-09"),
            ("10/26/2018", "2018-10-26"),
            ("26/10/2018", "2018-10-26"),
            ("2016/02/09", "2016-02-09"),
            ("2015-12-08T10:00:00Z", "2015-12-08"),
            ("October 26, 2018", "2018-10-26"),
            ("26 Oct 2018", "2018-10-26"),
            ("10.26.2018", "2018-10-26"),
        ] {
            assert_eq!(date(written).map(|d| d.to_string()).as_deref(), Some(meant), "{written}");
        }
        for wrong in ["", "soon", "13/13/2018", "2018", "1/2", "0/0/0000", "ma 1 2018"] {
            assert_eq!(date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn fields_lists_and_quotes() {
        let text = "---\ntitle: \"A: b\"\nms.technology: \n  - one\n  - two\nms.date: 2/9/2016\nnote: >-\n  long\n  text\n---\n# H\n";
        let (fields, body) = read(text);
        let expected = [
            ("title", "A: b"),
            ("ms.technology", "one, two"),
            ("ms.date", "2/9/2016"),
            ("note", "long text"),
        ];
        assert_eq!(fields, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
        assert_eq!(&text[body], "# H\n");
    }

    #[test]
    fn a_rule_is_no_front_matter() {
        let text = "---\nNo end of it\n";
        assert_eq!(read(text), (Vec::new(), 0..text.len()));
        assert_eq!(read("\u{feff}text").1, 3..7);
    }

    #[test]
    fn titles_as_they_are_listed() {
        for (title, listed) in [
            ("Accounts used - Harbour Manager | Microsoft Learn", "Accounts used"),
            ("Accounts used | Microsoft Docs", "Accounts used"),
            ("Accounts used - and lent", "Accounts used - and lent"),
            ("Groups | users", "Groups | users"),
        ] {
            assert_eq!(super::listed(title), listed);
            assert_eq!(without_site(title).is_some(), title.contains("Microsoft"));
        }
    }

    #[test]
    fn products() {
        for (title, name) in [
            ("Accounts used in System Center Configuration Manager", "System Center Configuration Manager"),
            ("Accounts used in Configuration Manager", "Configuration Manager"),
            ("Configuration Manager accounts", "Configuration Manager"),
            ("Accounts used", ""),
        ] {
            assert_eq!(product(title), name);
        }
    }
}
