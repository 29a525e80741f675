//! Where a file came from that a commit puts at a path where there was none.

use super::{Held, HistoryError, Id, Walk};

/// How alike two texts must be for one to be the other under a new path: git's own default.
const ALIKE: f64 = 0.5;

/// How many files are compared: the ones of the same name, then those of about the same size.
const COMPARED: usize = 64;

/// The file of a parent that a new file was made from: one with the very same content, else one that the commit
/// removed, or one of the same name, with at least half of the lines in common.
pub(super) fn find(
    walk: &mut Walk<'_>,
    commit: Id,
    parent: Id,
    held: &Held,
) -> Result<Option<Held>, HistoryError> {
    let Some(blob) = held.blob else { return Ok(None) };
    let now = walk.files(commit)?;
    let before = walk.files(parent)?;
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let wanted = name(&held.path);
    let extension = |path: &str| name(path).rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase());
    let gone = |path: &String| now.binary_search_by(|(there, _)| there.cmp(path)).is_err();

    // The very same content. A file that is gone was moved, one that stays was copied.
    let same = before.iter().filter(|(_, id)| *id == blob);
    if let Some((path, id)) = same.min_by_key(|(path, _)| (!gone(path), name(path) != wanted, path.clone())) {
        return Ok(Some(Held { path: path.clone(), blob: Some(*id) }));
    }
    let text = walk.bytes(blob)?;
    let mut candidates = Vec::new();
    for (path, id) in &before {
        if extension(path) == extension(&held.path) && (gone(path) || name(path) == wanted) {
            let there = walk.bytes(*id)?;
            candidates.push((name(path) != wanted, there.len().abs_diff(text.len()), path, *id, there));
        }
    }
    candidates.sort();
    candidates.truncate(COMPARED);
    let mut best: Option<(f64, &String, Id)> = None;
    for (_, _, path, id, there) in candidates {
        let likeness = likeness(&there, &text);
        if likeness >= ALIKE && best.is_none_or(|(most, ..)| likeness > most) {
            best = Some((likeness, path, id));
        }
    }
    Ok(best.map(|(_, path, id)| Held { path: path.clone(), blob: Some(id) }))
}

/// How much of two texts, by length, stands in lines that both have.
fn likeness(a: &[u8], b: &[u8]) -> f64 {
    let mut lines: std::collections::HashMap<&[u8], usize> = std::collections::HashMap::new();
    for line in a.split(|b| *b == b'\n') {
        *lines.entry(line.trim_ascii()).or_default() += 1;
    }
    let mut common = 0;
    for line in b.split(|b| *b == b'\n') {
        if let Some(left) = lines.get_mut(line.trim_ascii()).filter(|left| **left > 0) {
            *left -= 1;
            common += line.trim_ascii().len();
        }
    }
    let whole = |text: &[u8]| text.split(|b| *b == b'\n').map(|l| l.trim_ascii().len()).sum::<usize>();
    let longest = whole(a).max(whole(b));
    if longest == 0 { 0.0 } else { ratio(common, longest) }
}

fn ratio(part: usize, whole: usize) -> f64 {
    let short = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    short(part) / short(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_counts_common_lines_by_length() {
        assert!((likeness(b"one line\nanother\n", b"one line\nanother\n") - 1.0).abs() < 1e-9);
        assert!((likeness(b"aaaa\nbbbb\n", b"aaaa\r\ncccc\r\n") - 0.5).abs() < 1e-9);
        assert!(likeness(b"", b"").abs() < 1e-9);
        assert!(likeness(b"a\n", b"b\n").abs() < 1e-9);
    }
}
