//! Whole histories: branches and merges, repositories one after the other, and the website's own Markdown.

use super::*;

const PATH: &str = "docs/accounts.md";

impl Repository {
    fn path(&self) -> &str {
        self.dir.path().to_str().expect("a path")
    }

    /// A commit of the page.
    fn page(&mut self, parents: &[&str], day: i64, page: &str) -> String {
        self.commit_on(parents, day, &[(PATH, page)])
    }
}

/// What a page tells: `lost`, `regained`, titles that came, and new sentences, or the reasons why it tells nothing.
fn told(page: &Value) -> Vec<String> {
    let mut out = strings(&page["step"]["lost"]);
    out.extend(strings(&page["step"]["regained"]).iter().map(|r| format!("={r}")));
    out.extend(each(&page["entries"]["added"], "title").iter().map(|t| format!("+{t}")));
    out.extend(each(&page["entries"]["removed"], "title").iter().map(|t| format!("-{t}")));
    assert_eq!(page["wording_changed"], !out.is_empty(), "{page:#}");
    if out.is_empty() {
        is_quiet(page);
        out = strings(&page["other"]);
    }
    out
}

#[test]
fn what_branches_changed_is_told_where_they_did() {
    let place = Place::new();
    let mut repository = Repository::new();
    let buoy = |page: &str| format!("{page}\n### Buoy account\n\nThe buoy account lights the buoys.\n");
    let six = |page: &str| page.replace("up to five", "up to six");
    let key = |page: &str| page.replace("no key", "a key");
    let root = repository.page(&[], 0, BASE);
    let left = repository.page(&[&root], 1, &buoy(BASE));
    let right = repository.page(&[&root], 2, &six(BASE));
    let merge = repository.page(&[&left, &right], 3, &six(&buoy(BASE)));
    // The same change on two branches, and a merge that says something that neither did.
    let one = repository.page(&[&merge], 4, &key(&six(&buoy(BASE))));
    let other = repository.page(&[&merge], 5, &format!("{} ", key(&six(&buoy(BASE)))));
    let both = key(&six(&buoy(BASE))).replace("lights the buoys", "lights and paints the buoys");
    let both = repository.page(&[&one, &other], 6, &both.replace("from the deck", "from the pier"));
    // Undone and done again: each is a change.
    let undone = repository.page(&[&both], 7, &six(&buoy(BASE)));
    let again = repository.page(&[&undone], 8, &key(&six(&buoy(BASE))));
    repository.head = Some(again);

    let pages = place.track(&["--git", repository.path(), "--path", PATH]);
    let told: Vec<Vec<String>> = pages.iter().map(told).collect();
    let expected: [&[&str]; 9] = [
        &[],
        &["+Buoy account"],
        &["lock-account/max-five"],
        &["told"],
        &["crane-account/no-gate-key"],
        &["told"],
        &["crane-account/purpose"],
        &["=crane-account/purpose", "=crane-account/no-gate-key"],
        &["crane-account/no-gate-key"],
    ];
    assert_eq!(told, expected);
    assert_eq!(pages[6]["step"]["new"].as_array().expect("a list").len(), 2, "{:#}", pages[6]["step"]);
    let human = place.good(&["--git", repository.path(), "--path", PATH]);
    assert_eq!(human.matches("no change of wording but those told above").count(), 2, "{human}");
    assert_eq!(human.matches("+ Buoy account").count(), 1, "{human}");
}

#[test]
fn a_history_goes_on_in_another_repository_and_in_a_file() {
    let place = Place::new();
    let six = BASE.replace("up to five", "up to six");
    let mut old = Repository::new();
    old.commit(0, &[("a.md", BASE)]);
    old.commit(2, &[("a.md", &six)]);
    let mut new = Repository::new();
    // Moved over, then changed; the second repository knows nothing of the first.
    new.commit(1, &[(PATH, &six.replace("(/harbour/guide)", "(/port/guide)"))]);
    let newest = six.replace("no key", "a key");
    new.commit(3, &[(PATH, &newest)]);
    place.file("today.md", &newest);
    let args = ["--git", old.path(), "--path", "a.md", "--git", new.path(), "--path", PATH, "today.md"];
    let pages = place.track(&args);
    assert_eq!(pages.len(), 5);
    assert_eq!(told(&pages[1]), ["lock-account/max-five"]);
    assert_eq!((told(&pages[2]), &pages[2]["previous"]), (vec!["links".to_owned()], &pages[1]["source"]));
    assert_eq!(told(&pages[3]), ["crane-account/no-gate-key"]);
    assert_eq!((told(&pages[4]), &pages[4]["previous"]), (Vec::new(), &pages[3]["source"]));
    // A stretch of it: from a commit of the first to one of the last.
    let since = pages[0]["source"].as_str().expect("a commit");
    let until = pages[2]["source"].as_str().expect("a commit");
    let part = place.track(&[&args[..8], &["--since", since, "--until", until]].concat());
    assert_eq!(part.iter().map(told).collect::<Vec<_>>(), [["lock-account/max-five"], ["links"]]);
    let few =
        ["--git", old.path(), "--git", new.path(), "--git", new.path(), "--path", "a.md", "--path", PATH];
    assert!(place.bad(&few).contains("--path once for each --git"));
}

#[test]
fn the_websites_markdown_says_the_same() {
    let contents = "\
- [Windows groups that Harbour Manager makes](#groups)
  - [Harbour_Pilots](#pilots)
  - [Divers](#divers)
- [Accounts that Harbour Manager uses](#accounts)
  - [Crane account](#crane)
";
    let repository = BASE.replace(
        "Read this page before the first ship arrives.\n",
        &format!("Read this page before the first ship arrives.\n\n{contents}"),
    );
    let bare: String = contents
        .lines()
        .map(|line| format!("{}\n", line.replace('[', "").split(']').next().unwrap_or_default()))
        .collect();
    let website = repository
        .replace(contents, &bare)
        .replace("title: Accounts used\n", "title: Accounts used - Harbour Manager | Microsoft Learn\n")
        .replace("# Accounts used in Harbour Manager", "# Accounts used - Harbour Manager | Microsoft Learn")
        .replace("01/15/2020", "2020-01-15T00:00:00.0000000Z")
        .replace("> [!NOTE]\n> Give", "Note\n\nGive")
        .replace("### Harbour_", "### Harbour\\_");
    assert!(
        website.contains("\n- Windows groups") && website.contains("\nNote\n") && website.contains("Learn\n")
    );
    let place = Place::new();
    let pages = place.series(&[&repository, &website, &repository]);
    for page in &pages {
        is_quiet(page);
        assert_eq!(page["statements"]["new"], Value::Array(Vec::new()));
        assert_eq!(page["declared"], "2020-01-15");
    }
    assert_eq!(strings(&pages[2]["other"]), ["metadata"]);
    // Alone too; and another title is another title in both.
    place.file("website.md", &website);
    is_quiet(&place.track(&["website.md"])[0]);
    let renamed = website.replace("Accounts used -", "Accounts kept -");
    assert_eq!(place.series(&[&website, &renamed])[2]["wording_changed"], true);
    assert_eq!(place.series(&[&renamed])[1]["wording_changed"], true);
}

/// Folded in, it gives the same specification, but for what only the repository's text tells.
#[test]
fn the_websites_markdown_is_folded_in_as_well() {
    let newer = newer();
    let website = newer
        .replace("# Accounts used in Harbour Manager", "# Accounts used - Harbour Manager | Microsoft Learn")
        .replace("03/20/2021", "2021-03-20T00:00:00.0000000Z")
        .replace("> [!NOTE]\n> The", "Note\n\nThe");
    assert!(website.contains("\nNote\n"));
    let folded = |page: &str| {
        let place = Place::new();
        place.file("page.md", page);
        place.good(&["--write", "--build", "20", "page.md"]);
        let lines = |name: &str| -> Vec<String> {
            let told = |line: &&str| !line.contains("to review") && !line.contains("To review");
            place.read(name).lines().filter(told).map(str::to_owned).collect()
        };
        let revisions = place.read("content/revisions.yaml");
        assert!(
            revisions.matches("page_title: Accounts used in Harbour Manager").count() == 2,
            "{revisions}"
        );
        [
            "content/accounts/lock-account.yaml",
            "content/accounts/crane-account.yaml",
            "content/groups/harbour-cooks.yaml",
        ]
        .map(lines)
    };
    assert_eq!(folded(&website), folded(&newer));
}

#[test]
fn other_names_of_products_are_terminology() {
    let base = BASE.replace("The crane account lifts", "ConfigMgr lets the crane account, as SQL does, lift");
    let now = base.replace("ConfigMgr", "Configuration Manager").replace("SQL", "SQL Server");
    let pages = Place::new().series(&[&base, &now, &base]);
    for page in &pages[2..] {
        is_quiet(page);
        assert_eq!(strings(&page["other"]), ["terminology"]);
    }
}
