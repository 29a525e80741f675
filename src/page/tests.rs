use std::fs;
use std::path::Path;

use proptest::prelude::*;

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

/// All that a page says, by heading, without positions.
fn told(page: &Page) -> Vec<String> {
    let mut out = Vec::new();
    let facets = |out: &mut Vec<String>, facets: &[Facet]| {
        for facet in facets {
            if !facet.name.is_empty() {
                out.push(format!("  [{}]", facet.name));
            }
            for s in &facet.sentences {
                let alert = s.alert.map_or("", Alert::name);
                let structure = s.structure.map_or(String::new(), |s| format!(" {s:?}"));
                out.push(format!("  {}{structure} {alert}: {}", s.form.name(), s.text));
            }
        }
    };
    for section in &page.sections {
        out.push(format!("{} `{}` #{}", section.kind.name(), section.heading.title, section.heading.anchor));
        facets(&mut out, &section.facets);
    }
    for entry in &page.entries {
        out.push(format!("{} `{}` #{}", entry.section.name(), entry.heading.title, entry.heading.anchor));
        facets(&mut out, &entry.facets);
    }
    out
}

#[test]
fn every_form_of_the_dialect_is_read() {
    let text = r#"---
title: Boats
ms.date: 3/4/2021
---
# Boats used in Configuration Manager

*Applies to: harbours*

- [Groups it makes](#bkmk_groups)
    - [Quay_Crew_&lt;pier\>](#crew)
- [Accounts it uses](#bkmk_accounts)
    - [Ferry account](#ferry-account)
    - [Tug account](#tug)

## <a name="bkmk_groups"></a> Groups it makes

### <a name="crew"></a> Quay_Crew_&lt;pier\>
 The [!INCLUDE[cmshort](../a b/cmshort_md.md)] crew. See [the pier list](../long way/piers.md).
>[!NOTE]
>  Glued to the text above.

 The following table is about it:

|Detail|More|
|------|----|
|Type and location|On the quay.<br /><br /> It is **Local**. Keep it|
|Permissions|**Read** on `%path%\Microsoft Configuration Manager\log`.|

## <a name="bkmk_accounts"></a> Accounts it uses

## Ferry account
<!--hidden-->
 > [!Important] Same line.

### Permissions
  - One
  - Two
      1. Deep

### ### <a id="tug"></a>Tug account ###

#### Free heading

1.  Step.

    > [!TIP]
    > In a step.

####Membership for tugs
**Note:** no box. <sitecode> stays, <b>tags</b> go.

## See also
[Elsewhere](x.md)
"#;
    let page = parse(text);
    assert_eq!(
        told(&page),
        [
            "intro `Boats used in Configuration Manager` #boats-used-in-configuration-manager",
            "  prose : Applies to: harbours",
            "  item Contents : Groups it makes",
            "  item Contents : Quay_Crew_<pier>",
            "  item Contents : Accounts it uses",
            "  item Contents : Ferry account",
            "  item Contents : Tug account",
            "groups `Groups it makes` #bkmk_groups",
            "accounts `Accounts it uses` #bkmk_accounts",
            "see-also `See also` #see-also",
            "  prose : Elsewhere",
            "groups `Quay_Crew_<pier>` #crew",
            "  prose : The Configuration Manager crew.",
            "  prose : See the pier list.",
            "  prose note: Glued to the text above.",
            "  prose TableLead : The following table is about it:",
            "  cell TableHeader : Detail",
            "  cell TableHeader : More",
            "  [type and location]",
            "  prose : On the quay.",
            "  prose : It is Local.",
            "  prose : Keep it",
            "  [permissions]",
            r"  prose : Read on %path%\Microsoft Configuration Manager\log.",
            "accounts `Ferry account` #ferry-account",
            "  prose important: Same line.",
            "  [permissions]",
            "  item : One",
            "  item : Two",
            "  step : Deep",
            "accounts `Tug account` #tug",
            "  [free heading]",
            "  step : Step.",
            "  step tip: In a step.",
            "  [membership]",
            "  prose : Note: no box.",
            "  prose : <sitecode> stays, tags go.",
        ]
    );
    assert_eq!(page.declared.map(|d| d.to_string()).as_deref(), Some("2021-03-04"));
    assert_eq!((page.product.as_str(), page.field("title")), ("Configuration Manager", Some("Boats")));
    // Every sentence stands where it says.
    for (_, sentence) in page.sentences() {
        let span = &text[sentence.span.clone()];
        let line = text[..sentence.span.start].matches('\n').count() + 1;
        assert_eq!(sentence.line, line);
        let first = sentence.text.split(' ').next().unwrap();
        assert!(
            span.starts_with(first) || span.contains("INCLUDE") || span.contains("&lt;"),
            "{first}: {span}"
        );
    }
    let entry = page.entry("TUG  account").unwrap();
    assert!(text[page.entries[entry].span.clone()].starts_with("### ### <a"));
    assert!(text[page.entries[entry].span.clone()].ends_with("tags</b> go.\n\n"));
    let link = page.sentences().find_map(|(_, s)| s.links.first()).unwrap();
    assert_eq!((link.text.as_str(), link.target.as_str()), ("Groups it makes", "#bkmk_groups"));
    let piers = page.sentences().flat_map(|(_, s)| &s.links).find(|l| l.text == "the pier list").unwrap();
    assert_eq!(piers.target, "../long way/piers.md");
}

#[test]
fn facets_in_tables_and_under_headings_are_the_same() {
    let table = parse("# T\n## Groups\n### G\nLead:\n\n|D|M|\n|-|-|\n|Membership|None. Or **one**.|\n");
    let heading = parse("# T\n## Groups\n### G\n#### Membership\nNone. Or **one**.\n");
    let of = |page: &Page| -> Vec<(String, String)> {
        let facets = page.entries[0].facets.iter().filter(|f| !f.name.is_empty());
        facets.flat_map(|f| f.sentences.iter().map(|s| (f.name.clone(), s.key.clone()))).collect()
    };
    assert_eq!(of(&table), of(&heading));
    assert_eq!((table.layout, heading.layout), (Layout::Tables, Layout::Headings));
    assert_ne!(table.entries[0].content_hash, heading.entries[0].content_hash);
}

#[test]
fn other_languages_are_read() {
    let page = parse(
        "# <a name=\"accounts-used\"></a>Verwendete Konten\n\n## <a name=\"windows-groups-it-makes\"></a>Gruppen\n\n\
         ### Prüfer\nDie Prüfer dürfen lesen. Über den Rest entscheidet niemand.\n\n\
         ## <a name=\"accounts-it-uses\"></a>Konten\n\n### 帳戶\n可以讀取。不可寫入。\n",
    );
    let sections: Vec<SectionKind> = page.sections.iter().map(|s| s.kind).collect();
    assert_eq!(sections, [SectionKind::Intro, SectionKind::Groups, SectionKind::Accounts]);
    assert_eq!(page.entries.iter().map(|e| e.sentences().count()).collect::<Vec<_>>(), [2, 2]);
    assert!(page.sentences().all(|(_, s)| !s.key.is_empty()));
}

#[test]
fn a_fingerprint_leads_to_its_places() {
    let page = parse("# T\n## Accounts\n### A account\nThe same. Other.\n### B account\n**The** `same`\n");
    let same = key::fingerprint("the same");
    let parts: Vec<Part> = page.find(same).iter().map(|p| p.part).collect();
    assert_eq!(parts, [Part::Entry(0), Part::Entry(1)]);
    assert!(page.find(Fingerprint(1)).is_empty());
    let place = page.find(same)[1];
    assert_eq!(page.sentence(place).map(|s| s.text.as_str()), Some("The same"));
}

#[test]
fn nothing_is_a_page_too() {
    for text in
        ["", "\u{feff}", "---\n---\n", "text", "#", "###### x", "|a|b|\n|-|-|\n|c|d|", "> [!NOTE]", "<!--"]
    {
        let page = parse(text);
        assert!(page.sections.len() == 1 || text.contains("######"), "{text}");
        assert!(page.entries.is_empty(), "{text}");
    }
}

/// What must hold of any page.
fn sound(text: &str) -> Result<(), String> {
    let page = parse(text);
    for (place, s) in page.sentences() {
        if text.get(s.span.clone()).is_none() {
            return Err(format!("{:?} cuts a character or leaves the file", s.span));
        }
        if page.sentence(place).is_none_or(|found| !std::ptr::eq(found, s))
            || !page.find(s.fingerprint).contains(&place)
        {
            return Err(format!("{place:?} is not found"));
        }
        if s.key.split(' ').count() != s.words.len() {
            return Err(format!("{:?} has {} words", s.key, s.words.len()));
        }
        let places = s.words.iter().map(|w| w.start as usize..w.end as usize);
        let marks = s.marks.iter().map(|m| m.place.clone()).chain(s.links.iter().map(|l| l.place.clone()));
        for place in places.chain(marks) {
            if s.text.get(place.clone()).is_none_or(str::is_empty) {
                return Err(format!("{place:?} is not in {:?}", s.text));
            }
        }
    }
    for entry in &page.entries {
        if text.get(entry.span.clone()).is_none() {
            return Err(format!("{:?} leaves the file", entry.span));
        }
    }
    Ok(())
}

fn anything() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "# ",
        "## ",
        "### ",
        "#### ",
        "\n",
        "\n\n",
        "> [!NOTE]\n> ",
        "[!",
        "](",
        ")",
        "[",
        "]",
        "`",
        "**",
        "*",
        "_",
        "<a name=\"x\"></a>",
        "<br />",
        "<!--",
        "-->",
        "<",
        ">",
        "|",
        "|-|-|\n",
        "- ",
        "1. ",
        "    ",
        "\t",
        "&lt;",
        "\\",
        "word",
        "Type and location",
        "account",
        "See also",
        "#x",
        "[!INCLUDE[cmshort](a b.md)]",
        "é",
        "字",
        "\r\n",
        "---\n",
        "ms.date: 1/2/2020\n",
        "can't ",
        r"%path%\Microsoft Configuration Manager",
        ". ",
        "\u{301}",
        "'",
        ":",
        "~~~\n",
        "[x]: y\n",
        "<div>",
        "</div>",
    ]);
    prop::collection::vec(prop_oneof![9 => piece.prop_map(str::to_owned), 1 => any::<String>()], 0..60)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn any_text_is_a_sound_page(text in anything()) {
        prop_assert_eq!(sound(&text), Ok(()));
    }

    #[test]
    fn mutated_originals_are_sound_pages(which in 0usize..3, from in any::<prop::sample::Index>(), len in 0usize..400, with in anything()) {
        if let Some(pages) = originals()
            && let Some((_, text)) = pages.get(which)
        {
            let chars: Vec<(usize, char)> = text.char_indices().collect();
            let start = from.index(chars.len());
            let end = (start + len).min(chars.len() - 1);
            let mutated = format!("{}{with}{}", &text[..chars[start].0], &text[chars[end].0..]);
            prop_assert_eq!(sound(&mutated), Ok(()));
        }
    }
}

#[test]
fn time_grows_with_the_text_and_no_faster() {
    // Things that a careless reader looks at again and again.
    let pieces = [
        "](",
        "[!INCLUDE[",
        "<",
        "<!--",
        "<a name=",
        "[",
        "**a ",
        "`",
        "> ",
        "|a",
        "a. B ",
        "&lt;",
        "- a\n",
        "### ",
        "[a](b c ",
        "<div>\n",
        "it's ",
        "\\",
        "_a ",
        "[!NOTE] ",
        "a\n===\n",
        "| - ",
        "((",
    ];
    for piece in pieces {
        let time = |n: usize| {
            let text = format!("# T\n\n### E\n{}", piece.repeat(n / piece.len()));
            let best = (0..3).map(|_| {
                let start = std::time::Instant::now();
                std::hint::black_box(parse(&text));
                start.elapsed()
            });
            best.min().unwrap_or_default()
        };
        let (small, large) = (time(20_000), time(160_000));
        // Eight times the text; what is quadratic takes sixty-four times as long.
        assert!(
            large < 30 * small + std::time::Duration::from_millis(250),
            "{piece:?}: {small:?} for 20 kB, {large:?} for 160 kB"
        );
    }
}
