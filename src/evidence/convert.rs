//! Exported values to facts: numbers as text and text as numbers, flags in every spelling, dates in three
//! notations.

use std::sync::Arc;

use super::account::computer_name;
use super::{Account, Fact, Scalar, Why};
use crate::reader::date as calendar;
use crate::reader::{Data, Object, Secret, Value};

/// The plain text of a value, if it is a plain value. An object that stands for a single value (a SID, an
/// account, a date with its parts) gives that value.
pub(super) fn plain(value: &Value) -> Option<&str> {
    match &value.data {
        Data::Text(text) => Some(text),
        Data::Number(number) => Some(number),
        Data::Bool(true) => Some("true"),
        Data::Bool(false) => Some("false"),
        Data::Null => Some(""),
        Data::List(items) => match items.as_slice() {
            [] => Some(""),
            [one] => plain(one),
            _ => None,
        },
        Data::Object(object) => plain(single(object)?),
        Data::Truncated | Data::Secret(_) => None,
    }
}

/// The property that says what an object stands for.
fn single(object: &Object) -> Option<&Value> {
    ["Value", "SID", "SamAccountName", "Name"].iter().find_map(|name| object.get(name))
}

/// A value as a fact of that kind.
pub(super) fn fact(scalar: Scalar, value: &Value) -> Fact {
    match &value.data {
        Data::Truncated => Fact::Unknown(Why::Truncated),
        Data::Secret(Secret::Empty) => Fact::Empty,
        Data::Secret(_) => Fact::Unknown(Why::Unreadable),
        _ => match plain(value) {
            Some(text) => text_fact(scalar, text),
            None => Fact::Unknown(Why::Unreadable),
        },
    }
}

/// A text as a fact of that kind.
pub(super) fn text_fact(scalar: Scalar, text: &str) -> Fact {
    let text = text.trim();
    // A slot of an embedded property may hold the type of its registry value instead of one.
    let is_type = matches!(text, "REG_SZ" | "REG_DWORD" | "REG_MULTI_SZ");
    if text.is_empty() || is_type && matches!(scalar, Scalar::Account | Scalar::Computer) {
        return Fact::Empty;
    }
    let unreadable = Fact::Unknown(Why::Unreadable);
    match scalar {
        Scalar::Text | Scalar::Name | Scalar::Site | Scalar::Path => Fact::Text(text.into()),
        Scalar::Integer => integer(text).map_or(unreadable, Fact::Integer),
        Scalar::Flag => flag(text).map_or(unreadable, Fact::Flag),
        Scalar::Date => date(text).map_or(unreadable, |date| Fact::Text(date.into())),
        Scalar::Account if Account::is_dynamic(text) => unreadable,
        Scalar::Account => match Account::parse(text) {
            Some(account) => Fact::Account(Arc::new(account)),
            None => Fact::Empty,
        },
        Scalar::Computer => match computer_name(text) {
            Some(name) => Fact::Text(name.into()),
            None => Fact::Empty,
        },
    }
}

/// A whole number, also as text, in hexadecimal, or with an empty fraction.
pub(super) fn integer(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return i64::from_str_radix(hex, 16).ok();
    }
    let number: f64 = text.parse().ok()?;
    #[allow(clippy::cast_possible_truncation)]
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

fn flag(text: &str) -> Option<bool> {
    for (word, value) in [("true", true), ("false", false), ("yes", true), ("no", false)] {
        if text.eq_ignore_ascii_case(word) {
            return Some(value);
        }
    }
    integer(text).map(|number| number != 0)
}

/// The third number of a version, or the number itself: `5.00.8692.1000`, `8692`.
pub(super) fn build(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.contains('.') { text.split('.').nth(2)?.parse().ok() } else { integer(text) }
}

/// A point in time as RFC 3339 in UTC: from `/Date(ms)/`, from ISO 8601, from a CIM date
/// (`20240105101112.000000+060`). A time without zone is taken for UTC.
pub(super) fn date(text: &str) -> Option<String> {
    let text = text.trim();
    let seconds = if let Some(inner) = text.strip_prefix("/Date(").or_else(|| text.strip_prefix("\\/Date(")) {
        // Milliseconds since 1970; a zone behind them only says how to show them.
        let end =
            inner.bytes().enumerate().find(|(i, b)| matches!(b, b')' | b'+') || *b == b'-' && *i > 0)?.0;
        inner[..end].parse::<i64>().ok()?.div_euclid(1000)
    } else if text.get(..14).is_some_and(|head| head.bytes().all(|b| b.is_ascii_digit())) {
        cim_date(text)?
    } else {
        iso_date(text)?
    };
    calendar::format(seconds)
}

fn number(text: &str, at: std::ops::Range<usize>) -> Option<i64> {
    let digits = text.get(at)?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn cim_date(text: &str) -> Option<i64> {
    let part = |from, to| number(text, from..to);
    let local =
        calendar::seconds(part(0, 4)?, part(4, 6)?, part(6, 8)?, part(8, 10)?, part(10, 12)?, part(12, 14)?)?;
    let zone = text[14..].find(['+', '-']).map(|i| &text[14 + i..]);
    let minutes = match zone {
        Some(zone) => match zone[1..].parse::<i16>().map(i64::from) {
            Ok(minutes) if zone.starts_with('-') => -minutes,
            Ok(minutes) => minutes,
            Err(_) => 0,
        },
        None => 0,
    };
    Some(local - minutes * 60)
}

fn iso_date(text: &str) -> Option<i64> {
    let part = |from, to| number(text, from..to);
    let day = [part(0, 4)?, part(5, 7)?, part(8, 10)?];
    if text.as_bytes().get(4) != Some(&b'-') || text.as_bytes().get(7) != Some(&b'-') {
        return None;
    }
    let time = match text.as_bytes().get(10) {
        None => return calendar::seconds(day[0], day[1], day[2], 0, 0, 0),
        Some(b'T' | b't' | b' ') => [part(11, 13)?, part(14, 16)?, part(17, 19).unwrap_or(0)],
        Some(_) => return None,
    };
    let local = calendar::seconds(day[0], day[1], day[2], time[0], time[1], time[2])?;
    let zone = text.get(16..).unwrap_or_default();
    let offset = match zone.find(['+', '-']) {
        Some(at) => {
            let (sign, digits) = zone[at..].split_at(1);
            let minutes = number(digits, 0..2)? * 60
                + number(digits, 3..5).or_else(|| number(digits, 2..4)).unwrap_or(0);
            if sign == "-" { -minutes } else { minutes }
        }
        None => 0,
    };
    Some(local - offset * 60)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}", hostile in "[S1\\-0x%@/|=,\\[\\]\"\\\\. aDité+():T*]{0,30}") {
            for text in [&text, &hostile, &format!("/Date({hostile}"), &format!("20240105101112{hostile}")] {
                for (_, scalar) in Scalar::WORDS {
                    text_fact(scalar, text);
                }
                build(text);
            }
        }
    }

    #[test]
    fn dates_of_every_notation_become_utc() {
        for (text, expected) in [
            ("/Date(1700000000000)/", Some("2023-11-14T22:13:20Z")),
            ("/Date(1700000000000+0200)/", Some("2023-11-14T22:13:20Z")),
            ("/Date(-1000)/", Some("1969-12-31T23:59:59Z")),
            ("2024-02-29T10:11:12.1234567+01:00", Some("2024-02-29T09:11:12Z")),
            ("2024-01-05T10:11:12Z", Some("2024-01-05T10:11:12Z")),
            ("2024-01-05", Some("2024-01-05T00:00:00Z")),
            ("20240105101112.000000+060", Some("2024-01-05T09:11:12Z")),
            ("20240105101112.000000-120", Some("2024-01-05T12:11:12Z")),
            ("20240105101112.******+***", Some("2024-01-05T10:11:12Z")),
            ("2024-13-05", None),
            ("yesterday", None),
            ("/Date()/", None),
            ("/Date(", None),
            ("/Date(\u{e9}", None),
            ("20240105101112+9223372036854775807", Some("2024-01-05T10:11:12Z")),
        ] {
            assert_eq!(date(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn numbers_and_flags_of_every_spelling() {
        for (text, expected) in [
            ("101", Some(101)),
            ("0x65", Some(101)),
            ("-1", Some(-1)),
            ("3.0", Some(3)),
            ("3.5", None),
            ("x", None),
        ] {
            assert_eq!(integer(text), expected, "{text}");
        }
        for (text, expected) in [
            ("True", Some(true)),
            ("FALSE", Some(false)),
            ("1", Some(true)),
            ("0", Some(false)),
            ("maybe", None),
        ] {
            assert_eq!(flag(text), expected, "{text}");
        }
        assert_eq!(build("5.00.8692.1000"), Some(8692));
        assert_eq!(build("8692"), Some(8692));
        assert_eq!(build("5.00"), None);
    }

    #[test]
    fn an_account_with_a_variable_is_unreadable() {
        assert!(matches!(text_fact(Scalar::Account, " %JoinUser% "), Fact::Unknown(Why::Unreadable)));
        assert!(matches!(text_fact(Scalar::Account, " "), Fact::Empty));
        assert!(matches!(text_fact(Scalar::Computer, "REG_SZ"), Fact::Empty));
        let Fact::Account(account) = text_fact(Scalar::Account, " CONTOSO\\svc ") else { panic!() };
        assert_eq!(&*account.written, "CONTOSO\\svc");
    }

    #[test]
    fn an_object_may_stand_for_its_value() {
        let text = |t: &str| Value { span: Default::default(), data: Data::Text(t.into()) };
        let sid = Object {
            class: None,
            properties: vec![("BinaryLength".into(), text("28")), ("Value".into(), text("S-1-5-32-544"))],
        };
        let sid = Value { span: Default::default(), data: Data::Object(sid) };
        assert_eq!(plain(&sid), Some("S-1-5-32-544"));
    }
}
