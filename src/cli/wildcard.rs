//! Paths with `*` and `?`, for shells that leave them to the program: cmd and PowerShell.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// The paths, with each that has a wildcard and names nothing itself replaced by what it fits, in order. One that fits
/// nothing stays, so that it is said to be missing.
pub(super) fn expanded(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for path in paths {
        let text = path.to_string_lossy();
        if !text.contains(['*', '?']) || path.symlink_metadata().is_ok() {
            out.push(path.clone());
            continue;
        }
        let found = fitting(path);
        if found.is_empty() { out.push(path.clone()) } else { out.extend(found) }
    }
    out
}

/// What there is that fits a pattern, part by part.
fn fitting(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for part in path.components() {
        let Component::Normal(name) = part else {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        };
        let pattern = name.to_string_lossy();
        if !pattern.contains(['*', '?']) {
            found.iter_mut().for_each(|path| path.push(name));
            continue;
        }
        let pattern: Vec<char> = pattern.chars().collect();
        let below = |folder: &PathBuf| {
            let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder.as_path() };
            let mut names: Vec<_> = (fs::read_dir(here).into_iter().flatten())
                .filter_map(|entry| Some(entry.ok()?.file_name()))
                .filter(|name| {
                    let name: Vec<char> = name.to_string_lossy().chars().collect();
                    // As shells have it, and as folders are read: what begins with a dot is asked for by it.
                    (name.first() != Some(&'.') || pattern.first() == Some(&'.')) && fits(&pattern, &name)
                })
                .collect();
            names.sort();
            names.into_iter().map(|name| folder.join(name)).collect::<Vec<_>>()
        };
        found = found.iter().flat_map(below).collect();
    }
    found.retain(|path| path.symlink_metadata().is_ok());
    found
}

/// Whether a name fits a pattern of `*` and `?`; on Windows without regard to case.
fn fits(pattern: &[char], name: &[char]) -> bool {
    let same = |a: char, b: char| a == b || cfg!(windows) && a.to_lowercase().eq(b.to_lowercase());
    // Where the last `*` stands, and how far of the name it has taken: it takes one more wherever the rest does not fit.
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || same(*c, name[n]) => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_patterns() {
        let fits = |pattern: &str, name: &str| {
            super::fits(&pattern.chars().collect::<Vec<_>>(), &name.chars().collect::<Vec<_>>())
        };
        for (pattern, name) in
            [("*", "a"), ("*.json", "a.json"), ("a*b*c", "aXbYbc"), ("?.x", "ä.x"), ("*", ""), ("a**", "a")]
        {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("*.json", "a.jsonx"), ("?", ""), ("a*b", "ac"), ("", "a"), ("a?", "a")] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
        // Many stars take no time.
        assert!(!fits(&"*a".repeat(40), &"a".repeat(39)));
    }

    #[test]
    fn paths_are_expanded_part_by_part() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b/one.json", "a/two.json", "a/.hidden.json", "a/three.xml", "a[1].json"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let below = |path: &str| folder.path().join(path);
        let of = |path: &str| expanded(&[below(path)]);
        assert_eq!(of("*/*.json"), [below("a/two.json"), below("b/one.json")]);
        assert_eq!(of("a/t*"), [below("a/three.xml"), below("a/two.json")]);
        assert_eq!(of("a[1].json"), [below("a[1].json")]);
        assert_eq!(of("*.none"), [below("*.none")]);
        assert_eq!(of("no/*.json"), [below("no/*.json")]);
        assert_eq!(expanded(&[PathBuf::from("-")]), [PathBuf::from("-")]);
    }
}
