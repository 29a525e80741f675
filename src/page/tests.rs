use std::fs;
use std::path::Path;

use super::*;

/// The original pages, if they are at hand. The project does not ship them.
fn originals() -> Option<Vec<(String, String)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/docs/originals");
    let mut out: Vec<(String, String)> = fs::read_dir(&folder)
        .ok()?
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_stem()?.to_str()?.to_owned();
            Some((name, fs::read_to_string(&path).ok()?))
        })
        .collect();
    out.sort();
    Some(out)
}

macro_rules! originals_or_skip {
    () => {
        match originals() {
            Some(pages) if !pages.is_empty() => pages,
            _ => {
                eprintln!("skipped: the original pages are not here");
                return;
            }
        }
    };
}

#[test]
fn the_originals_have_their_entries() {
    let pages = originals_or_skip!();
    let seen: Vec<_> = pages
        .iter()
        .map(|(name, text)| {
            let page = parse(text);
            let of = |kind| page.entries.iter().filter(|e| e.section == kind).count();
            assert_eq!(page.declared.map(|d| d.to_string()).as_ref(), Some(name));
            assert!(page.entries.iter().all(|e| e.sentences().count() > 0), "{name}: an entry says nothing");
            (
                page.product.clone(),
                page.layout,
                of(SectionKind::Groups),
                of(SectionKind::Accounts),
                page.entries.len(),
            )
        })
        .collect();
    let long = "System Center Configuration Manager".to_owned();
    assert_eq!(
        seen,
        [
            (long.clone(), Layout::Tables, 8, 26, 34),
            (long, Layout::Tables, 8, 26, 34),
            ("Configuration Manager".to_owned(), Layout::Headings, 8, 24, 32),
        ]
    );
}
