//! Points in time in the forms exports write them, brought to one: `2024-01-05T10:11:12Z`.
//!
//! Fractions of a second are dropped. A time without a zone is taken for UTC, as the provider stores it.

/// The point in time that `text` is, as RFC 3339 in UTC; none if it is anything else.
///
/// Understood are `/Date(1704449472000)/` with or without a zone, `2024-01-05T11:11:12.5+01:00` and the CIM form
/// `20240105111112.000000+060`.
pub(super) fn normal(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    match bytes.first()? {
        b'/' if bytes.len() >= 8 => epoch(text).and_then(format),
        b'0'..=b'9' if bytes.len() >= 19 => {
            let seconds = if bytes[4] == b'-' { iso(bytes) } else { cim(bytes) };
            seconds.and_then(format)
        }
        _ => None,
    }
}

/// `/Date(ms)/`; a zone behind the number says where it was written and does not move it.
fn epoch(text: &str) -> Option<i64> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let end = inner.get(1..)?.find(['+', '-']).map_or(inner.len(), |i| i + 1);
    let (number, zone) = (inner.get(..end)?, inner.get(end..)?);
    if !(zone.is_empty() || zone.len() == 5 && zone[1..].bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    number.parse::<i64>().ok().map(|ms| ms.div_euclid(1000))
}

/// `yyyy-mm-ddThh:mm:ss`, a fraction, a zone.
fn iso(b: &[u8]) -> Option<i64> {
    if b[7] != b'-' || b[10] != b'T' || b[13] != b':' || b[16] != b':' {
        return None;
    }
    let part = |range: std::ops::Range<usize>| digits(b.get(range)?);
    let seconds =
        seconds(part(0..4)?, part(5..7)?, part(8..10)?, part(11..13)?, part(14..16)?, part(17..19)?)?;
    let mut rest = &b[19..];
    if let [b'.', fraction @ ..] = rest {
        let end = fraction.iter().position(|c| !c.is_ascii_digit()).unwrap_or(fraction.len());
        if end == 0 {
            return None;
        }
        rest = &fraction[end..];
    }
    let zone = match rest {
        [] | b"Z" | b"z" => 0,
        [sign @ (b'+' | b'-'), zone @ ..] => {
            let minutes = match zone {
                [h @ .., b':', m1, m2] | [h @ .., m1, m2] if h.len() == 2 => {
                    digits(h)?.checked_mul(60)?.checked_add(digits(&[*m1, *m2])?)?
                }
                _ => return None,
            };
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => return None,
    };
    Some(seconds - zone * 60)
}

/// `yyyymmddhhmmss.ffffff+zzz`, the zone in minutes or unknown (`***`).
fn cim(b: &[u8]) -> Option<i64> {
    if b.len() != 25 || b[14] != b'.' || !b[15..21].iter().all(|c| c.is_ascii_digit() || *c == b'*') {
        return None;
    }
    let part = |range: std::ops::Range<usize>| digits(&b[range]);
    let seconds = seconds(part(0..4)?, part(4..6)?, part(6..8)?, part(8..10)?, part(10..12)?, part(12..14)?)?;
    let zone = match (b[21], &b[22..]) {
        (b'+' | b'-', b"***") => 0,
        (b'+', zone) => digits(zone)?,
        (b'-', zone) => -digits(zone)?,
        _ => return None,
    };
    Some(seconds - zone * 60)
}

fn digits(b: &[u8]) -> Option<i64> {
    b.iter().try_fold(0, |n: i64, c| c.is_ascii_digit().then(|| n * 10 + i64::from(c - b'0')))
}

/// Seconds since 1970 of a date of the Gregorian calendar.
pub(crate) fn seconds(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> Option<i64> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Years begin in March, so that the leap day is the last of its year.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = y * 365 + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (m * 153 + 2) / 5 + day
        - 1
        - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

/// The other way; none outside of the years 1 to 9999.
pub(crate) fn format(seconds: i64) -> Option<String> {
    let (days, time) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era.checked_mul(400)?.checked_add(year_of_era + carry)?;
    (1..=9999).contains(&year).then(|| {
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    })
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn forms() {
        for (text, expected) in [
            ("/Date(1704449472000)/", "2024-01-05T10:11:12Z"),
            ("/Date(1704449472999+0200)/", "2024-01-05T10:11:12Z"),
            ("/Date(-62135596800000)/", "0001-01-01T00:00:00Z"),
            ("/Date(0)/", "1970-01-01T00:00:00Z"),
            ("/Date(-1)/", "1969-12-31T23:59:59Z"),
            ("2024-01-05T10:11:12Z", "2024-01-05T10:11:12Z"),
            ("2024-01-05T10:11:12", "2024-01-05T10:11:12Z"),
            ("2024-01-05T10:11:12.1234567+01:00", "2024-01-05T09:11:12Z"),
            ("2024-01-05T00:11:12-0130", "2024-01-05T01:41:12Z"),
            ("20240105101112.000000+060", "2024-01-05T09:11:12Z"),
            ("20240105101112.000000+***", "2024-01-05T10:11:12Z"),
            ("20240105101112.******-120", "2024-01-05T12:11:12Z"),
            ("2000-02-29T23:59:59Z", "2000-02-29T23:59:59Z"),
            ("2024-12-31T23:30:00-01:00", "2025-01-01T00:30:00Z"),
        ] {
            assert_eq!(normal(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_left_alone() {
        for text in [
            "",
            "/",
            "/Date()/",
            "/Date(x)/",
            "/Date(1+2)/",
            "/Date(99999999999999999999)/",
            "/Date(999999999999999)/",
            "2024-01-05",
            "2024-13-05T10:11:12Z",
            "2024-01-05T10:11:12 a",
            "2024-01-05T10:11:12.Z",
            "5.00.9106.1000.12345",
            "00000000000000.000000:000",
            "20240105101112.000000+06ü",
            "12345678901234567890",
            "2024-01-05T24:11:12Z",
        ] {
            assert_eq!(normal(text), None, "{text}");
        }
    }
}
