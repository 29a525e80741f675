//! Where a file came from that a commit puts at a path where there was none.

use gix::ObjectId;

use super::{Held, HistoryError, Walk};

/// How alike two texts must be for one to be the other under a new path: git's own default.
const ALIKE: f64 = 0.5;

/// How many files are compared: the ones of the same name, then those of about the same size.
const COMPARED: usize = 64;

/// The file of a parent that a new file was made from: one with the very same content, else one that the commit
/// removed, or one of the same name, with at least half of the lines in common.
pub(super) fn find(
    walk: &mut Walk<'_>,
    commit: ObjectId,
    parent: ObjectId,
    held: &Held,
) -> Result<Option<Held>, HistoryError> {
    let Some(blob) = held.blob else { return Ok(None) };
    let tree = walk.commit(commit)?.0;
    let now = walk.trees.files(tree).map_err(|e| walk.broken(&e))?;
    let tree = walk.commit(parent)?.0;
    let before = walk.trees.files(tree).map_err(|e| walk.broken(&e))?;
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let wanted = name(&held.path);
    let extension = |path: &str| name(path).rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase());
    let gone = |path: &String| now.binary_search_by(|(there, _)| there.cmp(path)).is_err();

    // The very same content. A file that is gone was moved, one that stays was copied.
    let same = before.iter().filter(|(_, id)| *id == blob);
    if let Some((path, id)) = same.min_by_key(|(path, _)| (!gone(path), name(path) != wanted, path.clone())) {
        return Ok(Some(Held { path: path.clone(), blob: Some(*id) }));
    }
    let size = |id: ObjectId| walk.repository.find_header(id).map(|h| h.size()).unwrap_or_default();
    let wanted_size = size(blob);
    let mut candidates: Vec<_> = before
        .iter()
        .filter(|(path, _)| extension(path) == extension(&held.path) && (gone(path) || name(path) == wanted))
        .map(|(path, id)| (name(path) != wanted, size(*id).abs_diff(wanted_size), path, *id))
        .collect();
    candidates.sort();
    candidates.truncate(COMPARED);
    if candidates.is_empty() {
        return Ok(None);
    }
    let read = |id: ObjectId| walk.repository.find_blob(id).map(|mut b| b.take_data());
    let text = read(blob).map_err(|e| walk.broken(&e))?;
    let mut best: Option<(f64, &String, ObjectId)> = None;
    for (_, _, path, id) in candidates {
        let likeness = likeness(&read(id).map_err(|e| walk.broken(&e))?, &text);
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
