use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::page::{SectionKind, parse};

/// The three original pages, if they are at hand. The project does not ship them.
fn originals() -> Option<[Page; 3]> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/docs/originals");
    let read = |name: &str| Some(parse(&fs::read_to_string(folder.join(name)).ok()?));
    let pages = [read("2015-12-08.md")?, read("2016-02-09.md")?, read("2018-10-26.md")?];
    Some(pages)
}

macro_rules! originals_or_skip {
    () => {
        match originals() {
            Some(pages) => pages,
            None => {
                eprintln!("skipped: the original pages are not here");
                return;
            }
        }
    };
}

fn pairings(wording: &Wording) -> BTreeMap<&'static str, usize> {
    let mut out = BTreeMap::new();
    for part in wording.entries() {
        *out.entry(part.pairing.name()).or_default() += 1;
    }
    out
}

/// Every sentence is in one change of its own part, and only there.
fn holds_together(wording: &Wording, old: &Page, new: &Page) -> Result<(), String> {
    let mut seen: HashMap<(bool, Place), usize> = HashMap::new();
    for (part, change) in wording.changes() {
        for (side, places, parts) in [(false, &change.old, &part.old), (true, &change.new, &part.new)] {
            for place in places {
                if !parts.contains(&place.part) {
                    return Err(format!("{place:?} is paired outside of {parts:?}"));
                }
                *seen.entry((side, *place)).or_default() += 1;
            }
        }
        let words = |page: &Page, places: &[Place]| -> usize {
            places.iter().filter_map(|p| page.sentence(*p)).map(|s| s.words.len()).sum()
        };
        if let Some(last) = change.hunks.last()
            && (last.old.end > words(old, &change.old) || last.new.end > words(new, &change.new))
        {
            return Err(format!("a hunk ends outside of its words: {change:?}"));
        }
        // What is shown as the new text is the new text, and no old word is lost.
        let shown = change.segments(old, new);
        let joined = |drop: Side| -> String {
            let text: String = shown.iter().filter(|s| s.side != drop).map(|s| s.text.as_str()).collect();
            text
        };
        if joined(Side::Old) != change.text(new, &change.new) && !change.new.is_empty() {
            return Err(format!("{:?} is not {:?}", joined(Side::Old), change.text(new, &change.new)));
        }
    }
    let merged: Vec<Part> = wording
        .parts
        .iter()
        .filter(|p| p.old.len() > 1 || p.new.len() > 1)
        .flat_map(|p| p.old.iter().chain(&p.new).copied())
        .collect();
    for (side, page) in [(false, old), (true, new)] {
        for (place, sentence) in page.sentences() {
            let expected = usize::from(sentence.structure.is_none());
            let found = seen.get(&(side, place)).copied().unwrap_or(0);
            if found != expected && !(merged.contains(&place.part) && found >= expected) {
                return Err(format!("{place:?} is in {found} changes: {}", sentence.text));
            }
        }
    }
    Ok(())
}

/// The same differences with sides swapped, in no order.
fn mirrored(wording: &Wording, swap: bool) -> Vec<String> {
    let mut out: Vec<String> = wording
        .changes()
        .map(|(part, change)| {
            let (mut part, mut change) = (part.clone(), change.clone());
            if swap {
                std::mem::swap(&mut part.old, &mut part.new);
                part.pairing = part.pairing.flipped();
                change.flip();
            }
            format!("{:?} {:?} {:?} {change:?}", part.pairing, part.old, part.new)
        })
        .collect();
    out.sort();
    out
}

#[test]
fn the_first_step_renames_nothing_and_adds_one_requirement() {
    let [old, new, _] = originals_or_skip!();
    let wording = between(&old, &new);
    assert_eq!(pairings(&wording), BTreeMap::from([("same", 34)]));
    assert!(wording.hunk_count() <= 140, "{} hunks", wording.hunk_count());
    holds_together(&wording, &old, &new).unwrap();
    let added: Vec<&str> = wording
        .entries()
        .flat_map(|p| p.changes.iter().map(move |c| (p, c)))
        .filter(|(_, c)| matches!(c.class, Class::Added | Class::Removed))
        .map(|(p, _)| match p.new.as_slice() {
            [Part::Entry(i)] => new.entries[*i].title(),
            _ => "",
        })
        .collect();
    assert_eq!(added, ["Reporting Services Point Account"]);
    // What reads like a change and is none: the group that is not used, and those who handle write tasks.
    for title in ["ConfigMgr_DViewAccess", "Certificate Registration Point Account"] {
        let i = new.entry(title).unwrap();
        let part = wording.entries().find(|p| p.new == [Part::Entry(i)]).unwrap();
        assert!(part.changes.iter().all(|c| !c.class.may_matter()), "{title}: {:?}", part.changes);
    }
    let edited = wording.count(Class::Edited);
    assert!(edited <= 5, "{edited} sentences are called edited, but hardly any fact changed");
}

#[test]
fn the_second_step_renames_three_and_merges_three_into_one() {
    let [_, old, new] = originals_or_skip!();
    let wording = between(&old, &new);
    assert_eq!(
        pairings(&wording),
        BTreeMap::from([("same", 8), ("case-only", 20), ("renamed", 3), ("merged", 1)])
    );
    assert!(wording.hunk_count() <= 280, "{} hunks", wording.hunk_count());
    holds_together(&wording, &old, &new).unwrap();
    let merged = wording.entries().find(|p| p.pairing == Pairing::Merged).unwrap();
    assert_eq!((merged.old.len(), merged.new.len()), (3, 1));
    let added: Vec<String> =
        (merged.changes.iter()).filter(|c| c.class == Class::Added).map(|c| c.text(&new, &c.new)).collect();
    assert_eq!(added, ["Service connection point"]);
    let tables = wording.entries().filter(|p| p.layout).count();
    assert_eq!(tables, 7, "seven groups had a table and have headings");
}

#[test]
fn style_alone_is_never_called_an_edit() {
    let [first, second, third] = originals_or_skip!();
    for (old, new) in [(&first, &second), (&second, &third), (&first, &third)] {
        for (_, change) in between(old, new).changes().filter(|(_, c)| c.class == Class::Edited) {
            let key = |page: &Page, places: &[Place]| -> Vec<String> {
                let keys = places.iter().filter_map(|p| page.sentence(*p)).map(|s| s.key.clone());
                let mut words: Vec<String> =
                    keys.flat_map(|k| k.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
                words.sort();
                words
            };
            let (a, b) = (key(old, &change.old), key(new, &change.new));
            assert_ne!(a, b, "only the order of words changed: {}", change.text(new, &change.new));
        }
    }
    // Folders written out, tables as headings, a list of five permissions in place of a sentence.
    let wording = between(&second, &third);
    for (_, change) in wording.changes().filter(|(_, c)| matches!(c.class, Class::Added | Class::Removed)) {
        let text = change.text(&third, &change.new) + &change.text(&second, &change.old);
        for same in ["OSD", "Read", "Modify", "following table", "statmgr.box"] {
            assert!(!text.starts_with(same) && !text.contains(r"OSD\"), "{text}");
        }
    }
}

#[test]
fn swapped_pages_give_the_mirror_image() {
    let pages = originals_or_skip!();
    for (i, j) in [(0, 1), (1, 2), (0, 2)] {
        let (there, back) = (between(&pages[i], &pages[j]), between(&pages[j], &pages[i]));
        assert_eq!(mirrored(&there, false), mirrored(&back, true));
        assert_eq!(there.hunk_count(), back.hunk_count());
        holds_together(&back, &pages[j], &pages[i]).unwrap();
    }
}

#[test]
fn one_page_with_itself_is_the_same() {
    for page in originals_or_skip!() {
        let wording = between(&page, &page);
        assert!(wording.changes().all(|(_, c)| c.class == Class::Identical), "{:?}", page.declared);
        assert!(!wording.changed());
    }
}

#[test]
fn all_pairs_are_what_each_pair_is_alone() {
    let pages = originals_or_skip!();
    let all = all_pairs(&pages, |i, j, wording| (i, j, wording));
    assert_eq!(all.iter().map(|(i, j, _)| (*i, *j)).collect::<Vec<_>>(), [(0, 1), (0, 2), (1, 2)]);
    for (i, j, wording) in all {
        assert_eq!(wording, between(&pages[i], &pages[j]));
    }
}

/// A page with accounts of these titles and texts.
fn page(date: &str, entries: &[(&str, &str)]) -> Page {
    let mut text = format!("---\nms.date: {date}\n---\n# Accounts\n\n## Accounts that the product uses\n");
    for (title, body) in entries {
        text.push_str(&format!("\n### {title}\n\n{body}\n"));
    }
    parse(&text)
}

const HARBOUR: &str =
    "The ferry crew unlocks the northern pier with it. Give it **Read** on the tide ledger.";
const MARKET: &str = "Stall keepers sign the weighing book. It needs the right to seal crates.";

#[test]
fn entries_under_other_titles_are_found() {
    let old = page("2020-01-01", &[("Harbour master account", HARBOUR), ("Market account", MARKET)]);
    let new = page("2021-01-01", &[("Harbour warden account", HARBOUR), ("Market Account", MARKET)]);
    let wording = between(&old, &new);
    assert_eq!(pairings(&wording), BTreeMap::from([("case-only", 1), ("renamed", 1)]));
    assert!(wording.changed());
    assert_eq!(wording.hunk_count(), 0);
}

#[test]
fn merges_and_splits_are_found() {
    let lamp = "Keepers light the lamp and polish the brass lens before dusk each evening.";
    let one =
        [("Market account", MARKET), ("North tower lamp account", lamp), ("South tower lamp account", lamp)];
    let all = format!("Keepers of the north and south tower use it.\n\n{lamp}");
    let two = [("Market account", MARKET), ("Tower lamp account", all.as_str())];
    let (old, new) = (page("2020-01-01", &one), page("2021-01-01", &two));
    let wording = between(&old, &new);
    assert_eq!(pairings(&wording), BTreeMap::from([("merged", 1), ("same", 1)]));
    holds_together(&wording, &old, &new).unwrap();
    let back = between(&new, &old);
    assert_eq!(pairings(&back), BTreeMap::from([("same", 1), ("split", 1)]));
    assert_eq!(mirrored(&wording, false), mirrored(&back, true));
    let only = |w: &Wording, class| {
        w.changes().filter(|(p, c)| p.pairing != Pairing::Same && c.class == class).count()
    };
    assert_eq!((only(&wording, Class::Added), only(&wording, Class::Removed)), (1, 0));
    assert_eq!((only(&back, Class::Added), only(&back, Class::Removed)), (0, 1));
}

#[test]
fn unlike_entries_come_and_go() {
    let old = page("2020-01-01", &[("Harbour master account", HARBOUR)]);
    let new = page("2021-01-01", &[("Market account", MARKET)]);
    assert_eq!(pairings(&between(&old, &new)), BTreeMap::from([("added", 1), ("removed", 1)]));
}

#[test]
fn a_change_reads_word_by_word() {
    let old =
        page("2020-01-01", &[("A account", "Grant it the **Read** right on the old shared folder, please.")]);
    let new =
        page("2021-01-01", &[("A account", "Grant it the **Write** right on the shared folder, please.")]);
    let wording = between(&old, &new);
    let (_, change) = wording.changes().find(|(_, c)| c.class == Class::Edited).unwrap();
    let shown: String = change
        .segments(&old, &new)
        .iter()
        .map(|s| match s.side {
            Side::Both => s.text.clone(),
            Side::Old => format!("[-{}-]", s.text),
            Side::New => format!("{{+{}+}}", s.text),
        })
        .collect();
    assert_eq!(shown, "Grant it the [-Read-]{+Write+} right on the[- old-] shared folder, please.");
}

#[test]
fn a_sentence_that_only_moved_is_moved() {
    let old = page(
        "2020-01-01",
        &[("A account", "Boats leave at noon sharp.\n\nOthers wait in the shed until dark.\n\nBells ring.")],
    );
    let new = page(
        "2021-01-01",
        &[("A account", "Others wait in the shed until dark.\n\nBells ring.\n\nBoats leave at noon sharp.")],
    );
    let wording = between(&old, &new);
    assert_eq!((wording.count(Class::Moved), wording.count(Class::Identical)), (1, 2));
    assert!(!wording.changed());
}

#[test]
fn sections_without_entries_are_compared_too() {
    let wording =
        between(&parse("# T\n\nOne thing.\n\n## See also\n\n[a](b)"), &parse("# T\n\nOne other thing."));
    assert_eq!((wording.count(Class::Edited), wording.count(Class::LinkOnly)), (1, 1));
    assert_eq!(parse("# T\n\n## See also\n").sections[1].kind, SectionKind::SeeAlso);
}

fn any_page() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "the",
        "account",
        "must",
        "read",
        "**Write**",
        "not",
        "Site",
        "[link](#a)",
        "`C:\\x`",
        "group",
        "a.",
        "use.",
        "it.",
    ]);
    let line = (
        prop::sample::select(vec!["", "", "", "### ", "#### ", "## ", "- ", "1. ", "> [!NOTE]\n> "]),
        prop::collection::vec(word, 0..9),
    );
    prop::collection::vec(line, 0..25).prop_map(|lines| {
        lines.into_iter().map(|(start, words)| format!("{start}{}\n\n", words.join(" "))).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_two_pages_compare_whole_and_mirrored(a in any_page(), b in any_page()) {
        let (a, b) = (parse(&a), parse(&b));
        let (there, back) = (between(&a, &b), between(&b, &a));
        prop_assert!(holds_together(&there, &a, &b).is_ok(), "{:?}", holds_together(&there, &a, &b));
        prop_assert_eq!(mirrored(&there, false), mirrored(&back, true));
        prop_assert!(between(&a, &a).changes().all(|(_, c)| matches!(c.class, Class::Identical)));
    }
}
