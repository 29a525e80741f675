//! Newer pages, followed: series of files and of commits, and pages made revisions of `content/`.
//!
//! The pages here are invented. What needs the originals is skipped where they are not there.

#![allow(clippy::print_stderr)]

mod common;
#[path = "track/series.rs"]
mod series;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cmlint::assets::Assets;
use cmlint::content::{self, Content, Date, Entity, EntityKind};
use cmlint::page;
use cmlint::yaml::{Kind, Node};
use common::schema::Others;
use serde_json::Value;
use sha2::Digest as _;
use tempfile::TempDir;

const BASE: &str = r"---
title: Accounts used
ms.date: 01/15/2020
ms.assetid: 0-1
---

# Accounts used in Harbour Manager

Read this page before the first ship arrives.

## Windows groups that Harbour Manager makes

Harbour Manager makes these groups by itself.

### Harbour_Pilots

Pilots guide every ship with this group. For more information, see [Guiding ships](/harbour/guide).

#### Type and location
This group is a local group on each tower.

#### Membership
Towers add their pilots to the group each morning.

### Harbour_Divers_&lt;sitecode\>

Divers look below the waterline.

#### Type and location
This group is a local group on the diving boat.

## Accounts that Harbour Manager uses

### Crane account

The crane account lifts containers from the deck. It must have **Read** on the manifest.

> [!NOTE]
> Give this account no key to the gate.

### Lock account

Each lock opens its doors with the lock account. You can use up to five of them.
";

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Runs the program in a folder.
fn cmlint(folder: &Path, args: &[&str]) -> Output {
    common::command(folder, args).output().expect("the program runs")
}

#[track_caller]
fn good(folder: &Path, args: &[&str]) -> String {
    let ran = cmlint(folder, args);
    assert_eq!(ran.status.code(), Some(0), "{args:?}: {}", text(&ran.stderr));
    text(&ran.stdout)
}

#[track_caller]
fn bad(folder: &Path, args: &[&str]) -> String {
    let ran = cmlint(folder, args);
    assert_eq!(ran.status.code(), Some(2), "{args:?}: {}", text(&ran.stdout));
    assert!(ran.stdout.is_empty(), "{args:?}");
    text(&ran.stderr)
}

fn repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn write(path: PathBuf, text: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("created");
    fs::write(path, text).expect("written");
}

/// A folder with a specification of [`BASE`], a rule on it, and pages.
struct Place {
    dir: TempDir,
}

const LEVEL: &str = "accounts/crane-account.yaml";

impl Place {
    fn new() -> Self {
        let place = Self { dir: tempfile::tempdir().expect("a folder") };
        for name in ["vocabulary.yaml", "evidence.yaml", "sources.yaml"] {
            let from = fs::read(repository("content").join(name)).expect("there");
            place.file(&format!("content/{name}"), from);
        }
        let base = page::parse(BASE);
        let seen = |words: &str| -> String {
            let found = base.sentences().find(|(_, s)| s.text.starts_with(words));
            let found = found.unwrap_or_else(|| panic!("no sentence `{words}`"));
            format!("['{}']", found.1.fingerprint)
        };
        let statement = |id: &str, text: &str, words: &str| {
            format!(
                "  - id: {id}\n    category: behaviour\n    level: info\n    text: {text}\n    checkable: no\n    \
                 because: invented\n    seen: {}\n",
                seen(words)
            )
        };
        let entity = |id: &str, kind: &str, name: &str, statements: &[String]| {
            format!(
                "# Kept: a comment.\nid: {id}\nkind: {kind}\nname: {name} # and another\npurpose: Invented.\n\n\
                 statements:\n{}",
                statements.join("\n")
            )
        };
        place.file(
            "content/revisions.yaml",
            "# The revisions.\n- id: 2020-01-15\n  sequence: 1\n  declared: 2020-01-15\n  page_title: Accounts used \
             in Harbour Manager\n  title: Accounts used\n  product: Harbour Manager\n  layout: headings\n  builds: \
             {from: 10}\n  publisher: Nobody\n  licence: none\n",
        );
        place.file(
            "content/document.yaml",
            entity(
                "document",
                "document",
                "Accounts used",
                &[
                    statement("read-first", "The page is for before the first arrival.", "Read this page"),
                    statement("groups-made", "The product makes the groups.", "Harbour Manager makes"),
                ],
            ),
        );
        place.file(
            "content/groups/harbour-pilots.yaml",
            entity(
                "harbour-pilots",
                "group",
                "Harbour_Pilots",
                &[
                    statement("purpose", "For guiding ships.", "Pilots guide"),
                    statement("see-also", "Points to guiding.", "For more information"),
                    statement("location", "Local group of towers.", "This group is a local group on each"),
                    statement("membership", "Pilots, added daily.", "Towers add"),
                ],
            ),
        );
        place.file(
            "content/groups/harbour-divers.yaml",
            entity(
                "harbour-divers",
                "group",
                "Harbour_Divers_<sitecode>",
                &[
                    statement("purpose", "For looking under water.", "Divers look"),
                    statement("location", "Local group of the boat.", "This group is a local group on the d"),
                ],
            ),
        );
        place.file(
            &format!("content/{LEVEL}"),
            entity(
                "crane-account",
                "account",
                "Crane account",
                &[
                    statement("purpose", "For lifting containers.", "The crane account lifts"),
                    statement("read-manifest", "It needs Read on the manifest.", "It must have Read"),
                    statement(
                        "no-gate-key",
                        "It must not have the key of the gate.",
                        "Give this account no key",
                    ),
                ],
            ),
        );
        place.file(
            "content/accounts/lock-account.yaml",
            entity(
                "lock-account",
                "account",
                "Lock account",
                &[
                    statement("purpose", "Opens the doors of locks.", "Each lock opens"),
                    statement("max-five", "At most five.", "You can use up to five"),
                ],
            ),
        );
        place.file(
            "rules/accounts/crane-without-read.yaml",
            rule("crane-without-read", "crane-account/read-manifest"),
        );
        place.file("rules/accounts/too-many-locks.yaml", rule("too-many-locks", "lock-account/max-five"));
        place
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) {
        write(self.path().join(name), text);
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).expect(name)
    }

    /// Arguments with this specification.
    fn args<'a>(args: &[&'a str]) -> Vec<&'a str> {
        let own = ["track", "--content", "content", "--rules", "rules"];
        own.into_iter().chain(args.iter().copied()).collect()
    }

    fn good(&self, args: &[&str]) -> String {
        good(self.path(), &Self::args(args))
    }

    fn bad(&self, args: &[&str]) -> String {
        bad(self.path(), &Self::args(args))
    }

    /// The pages of a series as JSON, which must be as the schema says.
    fn track(&self, args: &[&str]) -> Vec<Value> {
        let out = self.good(&[&["--format", "json"], args].concat());
        let value: Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!(wrong(&value), Vec::<String>::new());
        value["pages"].as_array().expect("a list").clone()
    }

    /// A series of pages after [`BASE`].
    fn series(&self, pages: &[&str]) -> Vec<Value> {
        let mut names = Vec::new();
        for (i, page) in std::iter::once(&BASE).chain(pages).enumerate() {
            names.push(format!("{i}.md"));
            self.file(&format!("{i}.md"), page);
        }
        self.track(&names.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

fn rule(id: &str, statement: &str) -> String {
    format!(
        "id: {id}\ntitle: T\nstatement: {statement}\nreviewed: 2020-01-15\nlevel: error\nconfidence: high\n\
         evidence: [account_uses]\ncheck:\n  each: account_uses\n  where:\n    - {{field: entity, equals: x}}\n  \
         require:\n    - {{field: account, scope: [domain]}}\nsubject: '{{site}}, {{account}}'\nmessage: account \
         `{{account}}`\nlabels:\n  - {{at: row.account, text: here}}\nhelp: Do it.\nexamples:\n  - name: a\n    \
         given: {{account_uses: [{{entity: x, site: PS1, account: 'C\\a'}}]}}\n    expect: pass\n  - name: b\n    \
         given: {{account_uses: [{{entity: x, site: PS1, account: a}}]}}\n    expect: {{fail: ['PS1, a']}}\n"
    )
}

/// The values of a key of each of a list of objects.
fn each(list: &Value, key: &str) -> Vec<String> {
    let list = list.as_array().expect("a list").iter();
    list.map(|v| v[key].as_str().unwrap_or_default().to_owned()).collect()
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().expect("a list").iter().map(|v| v.as_str().expect("text").to_owned()).collect()
}

const QUIET: &str = "a page without any change of wording";

#[track_caller]
fn is_quiet(page: &Value) {
    assert_eq!(page["wording_changed"], false, "{QUIET}: {page:#}");
    for list in ["lost", "regained", "new", "gone", "rules"] {
        assert_eq!(page["step"][list], Value::Array(Vec::new()), "{list}");
    }
}

#[test]
fn the_documented_page_is_kept_whole() {
    let pages = Place::new().series(&[]);
    is_quiet(&pages[0]);
    assert_eq!(pages[0]["statements"]["kept"].as_array().expect("a list").len(), 13);
    assert_eq!(pages[0]["declared"], "2020-01-15");
    for list in ["missing", "unknown", "new"] {
        assert_eq!(pages[0]["statements"][list], Value::Array(Vec::new()), "{list}");
    }
}

#[test]
fn links_metadata_blanks_boxes_and_heading_levels_are_no_wording() {
    let target = BASE.replace("(/harbour/guide)", "(/port/guide)");
    let title = target.replace("Guiding ships", "Guide your ships");
    let metadata = BASE.replace("01/15/2020", "02/15/2020").replace("ms.assetid: 0-1\n", "");
    let blanks = BASE.replace("\n\n", "  \n\n\n").replace("manifest.", "manifest.   ");
    let windows = BASE.replace('\n', "\r\n");
    let levels = BASE
        .replace("### Harbour", "## Harbour")
        .replace("#### Type", "### Type")
        .replace("#### Membership", "### Membership");
    let boxes = BASE.replace("[!NOTE]", "[!IMPORTANT]");
    let slip = BASE.replace("### Lock account", "### ### Lock account");
    let pages = [
        (&target, "links"),
        (&title, "links"),
        (&metadata, "metadata"),
        (&blanks, ""),
        (&windows, ""),
        (&levels, "layout"),
        (&boxes, "boxes"),
        (&slip, ""),
    ];
    for (page, what) in pages {
        let place = Place::new();
        let pages = place.series(&[page, BASE]);
        assert_eq!(pages.len(), 3);
        for changed in &pages[1..] {
            is_quiet(changed);
            let other = strings(&changed["other"]);
            assert!(
                what.is_empty() && other.is_empty() || other.contains(&what.to_owned()),
                "{what}: {other:?}"
            );
            assert_eq!(changed["entries"]["added"], Value::Array(Vec::new()));
        }
    }
}

#[test]
fn one_account_and_twenty_one_roles_that_are_added() {
    let one = format!("{BASE}\n### Buoy account\n\nThe buoy account lights the buoys.\n");
    let mut roles = format!("{one}\n## Database roles that Harbour Manager uses\n");
    for i in 0..21 {
        write!(
            roles,
            "\n### harbourrole_{i}dock\n\nThis role reads table {i} of the dock. It can change nothing.\n"
        )
        .expect("written");
    }
    let place = Place::new();
    let pages = place.series(&[&one, &roles, &one]);
    assert_eq!(each(&pages[1]["entries"]["added"], "entity"), ["buoy-account"]);
    assert_eq!(pages[2]["entries"]["added"].as_array().expect("a list").len(), 21);
    assert_eq!(pages[3]["entries"]["removed"].as_array().expect("a list").len(), 21);
    for page in &pages[1..] {
        assert_eq!(page["wording_changed"], true);
        for list in ["lost", "new", "gone", "rules"] {
            assert_eq!(page["step"][list], Value::Array(Vec::new()), "{list}");
        }
    }
    // Against what is documented they add up.
    assert_eq!(pages[2]["documented"]["added"].as_array().expect("a list").len(), 22);
    let human = place.good(&["0.md", "1.md", "2.md"]);
    assert!(human.contains("accounts and groups: 21 added"), "{human}");
    assert!(!human.contains(" gone") && !human.contains(" + Th"), "{human}");
}

#[test]
fn a_sentence_that_changes_and_changes_back() {
    let six = BASE.replace("up to five", "up to six");
    let place = Place::new();
    let pages = place.series(&[&six, BASE, &six, &six]);
    for (page, there) in [(&pages[1], "lost"), (&pages[2], "regained"), (&pages[3], "lost")] {
        assert_eq!(page["wording_changed"], true);
        assert_eq!(strings(&page["step"][there]), ["lock-account/max-five"]);
        assert_eq!(strings(&page["step"]["rules"]), ["too-many-locks"]);
        assert_eq!(page["step"]["new"].as_array().expect("a list").len(), 1);
        assert_eq!(page["step"]["gone"].as_array().expect("a list").len(), 1);
    }
    let new = &pages[1]["step"]["new"][0];
    let line = 1 + six.lines().position(|l| l.contains("up to six")).expect("there");
    let column = 1 + six.lines().nth(line - 1).expect("there").find("You can").expect("there");
    assert_eq!((&new["line"], &new["column"]), (&line.into(), &column.into()));
    assert_eq!(new["entry"], "Lock account");
    // The last page is as the one before it, and still not as documented.
    is_quiet(&pages[4]);
    assert_eq!(strings(&pages[4]["statements"]["missing"]), ["lock-account/max-five"]);
    assert_eq!(strings(&pages[4]["rules"]), ["too-many-locks"]);
    assert_eq!(strings(&pages[2]["rules"]), Vec::<String>::new());
    // Programs are told where a sentence stands, people what it says.
    let json = place.good(&["--format", "json", "0.md", "1.md"]);
    assert!(!json.contains("up to six"));
    for format in ["human", "markdown"] {
        let out = place.good(&["--format", format, "0.md", "1.md", "4.md"]);
        assert!(out.contains("six") && out.contains("lock-account/max-five"), "{out}");
        assert!(out.contains("too-many-locks"), "{out}");
    }
}

#[test]
fn renames_and_merges_are_told_as_such() {
    let capitals = BASE.replace("### Crane account", "### Crane Account");
    let renamed = BASE.replace("### Crane account", "### Crane and winch account");
    let merged =
        BASE.replace("### Crane account", "### Crane and lock account").replace("### Lock account\n\n", "");
    let place = Place::new();
    let pages = place.series(&[&capitals, BASE, &renamed, BASE, &merged]);
    is_quiet(&pages[1]);
    assert_eq!(pages[1]["entries"]["renamed"][0]["case_only"], true);
    assert_eq!(strings(&pages[1]["other"]), ["capitals"]);
    assert_eq!(pages[3]["entries"]["renamed"][0]["to"], "Crane and winch account");
    assert_eq!(pages[3]["entries"]["renamed"][0]["entity"], "crane-account");
    assert_eq!(pages[3]["wording_changed"], true);
    let merge = &pages[5]["entries"]["merged"][0];
    assert_eq!(strings(&merge["from"]), ["crane-account", "lock-account"]);
    assert_eq!(merge["into"], "crane-and-lock-account");
    assert_eq!(pages[5]["entries"]["added"], Value::Array(Vec::new()));
    assert_eq!(strings(&pages[5]["rules"]), ["crane-without-read", "too-many-locks"]);
}

#[test]
fn any_text_is_a_page() {
    let place = Place::new();
    let pages =
        place.series(&["", "\u{0}\u{1}", "# アカウント\n\n## 使用\n\n### 役割\n\n内容。\n", "a\n| b |\n"]);
    assert_eq!(pages[1]["entries"]["removed"].as_array().expect("a list").len(), 4);
    assert_eq!(strings(&pages[1]["statements"]["kept"]), Vec::<String>::new());
    place.file("latin.md", b"### Crane account\n\n\xe4\xf6 \xff\xfe\n");
    let wide: Vec<u8> =
        std::iter::once(0xfeff).chain(BASE.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    place.file("wide.md", wide);
    let pages = place.track(&["latin.md", "wide.md"]);
    assert_eq!(pages[1]["statements"]["kept"].as_array().expect("a list").len(), 13);
}

#[test]
fn what_cannot_be_read_is_said() {
    let place = Place::new();
    assert!(place.bad(&["none.md"]).contains("none.md"));
    assert!(place.bad(&["content"]).contains("--git"));
    assert!(place.bad(&["--git", "content", "--path", "a.md"]).contains("not a git repository"));
    place.file("a.md", BASE);
    assert!(place.bad(&["a.md", "--revision", "2017-01-01"]).contains("documented are 2020-01-15"));
    assert!(place.bad(&["a.md", "--path", "b.md"]).contains("--git"));
    assert!(place.bad(&[]).contains("PAGE"));
}

/// A repository that is made commit by commit.
struct Repository {
    dir: TempDir,
    head: Option<String>,
}

impl Repository {
    fn new() -> Self {
        let repository = Self { dir: tempfile::tempdir().expect("a folder"), head: None };
        repository.git(&["init", "--quiet", "--initial-branch=main"], "");
        repository
    }

    /// What `git` prints.
    fn git(&self, args: &[&str], input: &str) -> String {
        let mut child = Command::new("git")
            .args(args)
            .current_dir(self.dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("git is needed for tests");
        child.stdin.take().expect("an input").write_all(input.as_bytes()).expect("written");
        let out = child.wait_with_output().expect("an end");
        assert!(out.status.success(), "{args:?}");
        String::from_utf8(out.stdout).expect("text")
    }

    fn commit(&mut self, day: i64, files: &[(&str, &str)]) -> String {
        let head = self.head.clone();
        self.commit_on(&head.iter().map(String::as_str).collect::<Vec<_>>(), day, files)
    }

    /// A commit on others, of which the first is what it is made from and the rest are merged.
    fn commit_on(&mut self, parents: &[&str], day: i64, files: &[(&str, &str)]) -> String {
        let time = 1_577_836_800 + day * 86_400;
        let parents = parents.iter().zip(["from"].into_iter().chain(std::iter::repeat("merge")));
        let from = parents.map(|(id, word)| format!("{word} {id}\n")).collect::<String>();
        let files = files
            .iter()
            .map(|(path, text)| format!("M 100644 inline {path}\ndata {}\n{text}\n", text.len()))
            .collect::<String>();
        let stream = format!(
            "commit refs/heads/main\nmark :1\ncommitter A <a@example.org> {time} +0000\ndata 1\nm\n\
             {from}deleteall\n{files}get-mark :1\n"
        );
        let id =
            self.git(&["fast-import", "--quiet", "--force", "--date-format=raw"], &stream).trim().to_owned();
        self.head = Some(id.clone());
        id
    }
}

#[test]
fn a_repository_is_a_series_of_its_commits() {
    let place = Place::new();
    let mut repository = Repository::new();
    let six = BASE.replace("up to five", "up to six");
    let link = BASE.replace("(/harbour/guide)", "(/port/guide)");
    let first = repository.commit(0, &[("old/accounts.md", BASE), ("x.md", "x")]);
    repository.commit(1, &[("old/accounts.md", BASE), ("x.md", "y")]);
    let second = repository.commit(2, &[("docs/accounts.md", &link), ("x.md", "y")]);
    repository.commit(3, &[("docs/accounts.md", &six), ("x.md", "y")]);
    repository.commit(4, &[("x.md", "y")]);
    repository.commit(5, &[("docs/accounts.md", BASE), ("x.md", "y")]);
    let git = repository.dir.path().to_str().expect("a path");
    let args = ["--git", git, "--path", "docs/accounts.md"];
    let pages = place.track(&args);
    assert_eq!(pages.len(), 5);
    assert_eq!(pages[0]["source"], first.as_str());
    assert_eq!(pages[0]["commit"], first.as_str());
    assert_eq!((&pages[0]["date"], &pages[0]["path"]), (&"2020-01-01".into(), &"old/accounts.md".into()));
    assert_eq!((&pages[1]["date"], &pages[1]["path"]), (&"2020-01-03".into(), &"docs/accounts.md".into()));
    is_quiet(&pages[0]);
    is_quiet(&pages[1]);
    assert_eq!(strings(&pages[2]["step"]["lost"]), ["lock-account/max-five"]);
    assert_eq!(pages[3]["deleted"], true);
    assert_eq!(pages[3]["entries"]["removed"].as_array().expect("a list").len(), 4);
    // What comes back is compared with what went, and not with nothing.
    assert_eq!(pages[4]["previous"], pages[2]["source"]);
    assert_eq!(strings(&pages[4]["step"]["regained"]), ["lock-account/max-five"]);
    assert_eq!(pages[4]["entries"]["added"], Value::Array(Vec::new()));
    assert_eq!(pages[4]["statements"]["kept"].as_array().expect("a list").len(), 13);
    let human = place.good(&args);
    let quiet: Vec<&str> = human.lines().filter(|l| l.contains("no change of wording")).collect();
    assert_eq!(quiet.len(), 2, "{human}");
    assert!(human.contains("the page is deleted"), "{human}");
    // What came before is there to be compared with, and is not told.
    let since = place.track(&[&args[..], &["--since", &second[..10]]].concat());
    assert_eq!(since.len(), 3);
    assert_eq!(since[0]["previous"], second.as_str());
    assert_eq!(strings(&since[0]["step"]["lost"]), ["lock-account/max-five"]);
    assert_eq!(since[0]["step"]["gone"].as_array().expect("a list").len(), 1);
    assert!(place.bad(&[&args[..], &["--since", "v9"]].concat()).contains("there is no commit `v9`"));
    let near = place.bad(&["--git", git, "--path", "accounts.md"]);
    assert!(near.contains("did you mean `docs/accounts.md`?"), "{near}");
}

/// What a page of its own says: five sorts of change in one.
fn newer() -> String {
    BASE.replace("01/15/2020", "03/20/2021")
        .replace("up to five of them", "up to six of these accounts")
        .replace("### Crane account", "### Crane Account")
        .replace("Give this account no key to the gate.", "The gate's key isn't for this account.")
        .replace(
            "Divers look below the waterline.",
            "Divers look below the waterline. Each dive is *written* down.",
        )
        .replace("## Accounts that", "### Harbour_Cooks\n\nCooks feed the pilots.\n\n## Accounts that")
}

#[test]
fn a_page_becomes_a_revision() {
    let place = Place::new();
    place.file("new.md", newer());
    let before = place.read("content/accounts/lock-account.yaml");
    let patch = place.good(&["--write", "--dry-run", "new.md"]);
    assert_eq!(place.read("content/accounts/lock-account.yaml"), before);
    assert!(patch.contains("+++ b/content/groups/harbour-cooks.yaml"), "{patch}");
    assert!(patch.contains("--- a/content/revisions.yaml"), "{patch}");
    let told = place.good(&["--write", "new.md"]);
    assert!(told.contains("Revision 2021-03-20 is written."), "{told}");

    // Lines are added, and a plain value moves in below its first date; nothing else changes.
    let name = place.read("content/accounts/crane-account.yaml");
    assert!(name.contains("# Kept: a comment.\n"), "{name}");
    assert!(
        name.contains("name:\n  2020-01-15: Crane account # and another\n  2021-03-20: Crane Account\n"),
        "{name}"
    );
    let lock = place.read("content/accounts/lock-account.yaml");
    assert!(
        lock.contains("- {revision: 2021-03-20, kind: clarified, note: 'to review: other words,"),
        "{lock}"
    );
    let cooks = place.read("content/groups/harbour-cooks.yaml");
    assert!(!cooks.contains("feed the pilots"), "the page's sentence: {cooks}");
    assert!(!place.read("content/groups/harbour-divers.yaml").contains("Each dive is"));
    assert_eq!(place.read("content/review/.gitignore"), "*\n");
    let review = place.read("content/review/2021-03-20.md");
    assert!(review.contains("Cooks feed the pilots.") && review.contains("At most five."), "{review}");

    let tested = cmlint(place.path(), &["test", "--content", "content", "--rules", "rules"]);
    let complaint = text(&tested.stderr);
    assert_eq!(tested.status.code(), Some(0), "{complaint}");
    // The rule on the statement in other words is one to look at.
    assert!(complaint.contains("`lock-account/max-five` was changed on 2021-03-20"), "{complaint}");

    let (content, _) = content::load(&Assets::Folder(place.path().join("content"))).expect("loads");
    let (old, new): (Date, Date) =
        ("2020-01-15".parse().expect("a date"), "2021-03-20".parse().expect("a date"));
    let revision = content.revision(new).expect("there");
    assert_eq!(
        (revision.page_title.as_str(), revision.product.as_str()),
        ("Accounts used in Harbour Manager", "Harbour Manager")
    );
    // Nobody said which builds it is for: none is made up, and those of the older one stay.
    assert_eq!(revision.builds, None);
    assert_eq!(content.revision(old).expect("there").builds, Some((10, None)));
    let page = page::parse(&newer());
    for (_, sentence) in page.sentences().filter(|(_, s)| s.structure.is_none()) {
        let seen = content.in_force(new).filter(|(_, s)| {
            s.seen.as_ref().and_then(|t| t.at(new)).is_some_and(|f| f.contains(&sentence.fingerprint.0))
        });
        assert!(seen.count() > 0, "no statement has `{}`", sentence.text);
    }
    let marked: Vec<&str> = content
        .statements()
        .filter(|(_, s)| s.changes.iter().any(|c| c.note.starts_with("to review: other words")))
        .map(|(_, s)| s.reference.as_str())
        .collect();
    assert_eq!(marked, ["crane-account/no-gate-key", "lock-account/max-five"]);
    assert_eq!(
        content.entity("lock-account").expect("there").statements[1].text.at(new).expect("carried"),
        "At most five."
    );

    // What was written is what the page says: another look finds nothing new.
    let pages = place.track(&["new.md"]);
    is_quiet(&pages[0]);
    assert_eq!(strings(&pages[0]["statements"]["missing"]), Vec::<String>::new());

    let snapshot = |place: &Place| -> BTreeMap<PathBuf, Vec<u8>> {
        let all = walkdir::WalkDir::new(place.path().join("content")).into_iter();
        let files = all.map(|e| e.expect("an entry")).filter(|e| e.file_type().is_file());
        files.map(|e| (e.path().to_owned(), fs::read(e.path()).expect("readable"))).collect()
    };
    let after = snapshot(&place);
    assert!(place.good(&["--write", "new.md"]).contains("2021-03-20 already"));
    assert_eq!(snapshot(&place), after);
}

#[test]
fn a_page_that_says_nothing_new_is_no_revision() {
    let place = Place::new();
    let links = BASE.replace("(/harbour/guide)", "(/port/guide)").replace("01/15/2020", "03/20/2021");
    place.file("same.md", links.replace("### Harbour", "## Harbour").replace('\n', "\r\n"));
    for more in [&[][..], &["--revision", "2022-02-02", "--build", "20"]] {
        let complaint = place.bad(&[&["--write", "same.md"], more].concat());
        assert!(complaint.contains("nothing to fold in"), "{complaint}");
    }
    assert!(!place.read("content/revisions.yaml").contains("sequence: 2"));
    // A title that is another is something new, even if no sentence is.
    place.file("title.md", links.replace("### Lock account", "### Sluice account"));
    place.good(&["--write", "title.md"]);
}

#[test]
fn front_matter_and_builds_are_those_of_the_page_and_of_who_knows() {
    let place = Place::new();
    place.file("new.md", newer().replace("ms.assetid: 0-1\n", ""));
    place.good(&["--write", "new.md", "--build", "20", "--observed", "2021-04-01"]);
    let (content, _) = content::load(&Assets::Folder(place.path().join("content"))).expect("loads");
    let [old, new] = &content.revisions[..] else { panic!("two revisions") };
    assert_eq!((old.builds, new.builds), (Some((10, Some(19))), Some((20, None))));
    assert_eq!((new.asset_id.as_deref(), new.observed.as_deref()), (None, Some("2021-04-01")));
    assert!(place.bad(&["--write", "new.md", "--observed", "spring"]).contains("not a date"));
}

#[test]
fn sections_decide_what_a_new_entry_is() {
    let place = Place::new();
    place.file(
        "new.md",
        newer()
            + "\n## User objects in SQL\n\n### harbouruser_Read\n\nIt reads.\n\n## Database roles\n\n\
               ### harbourrole_Pilots\n\nPilots are members.\n",
    );
    place.good(&["--write", "new.md"]);
    for (file, kind) in [
        ("groups/harbour-cooks", "group"),
        ("database/harbouruser-read", "sql-user"),
        ("database/harbourrole-pilots", "sql-role"),
    ] {
        let text = place.read(&format!("content/{file}.yaml"));
        assert!(text.contains(&format!("kind: {kind}\n")), "{file}: {text}");
    }
    content::load(&Assets::Folder(place.path().join("content"))).expect("loads");
}

#[test]
fn a_group_goes_on_being_looked_for_under_its_name() {
    let place = Place::new();
    let file = place.read("content/groups/harbour-divers.yaml");
    place.file("content/groups/harbour-divers.yaml", file.replace("_<sitecode>", ""));
    let newer = newer().replace("### Harbour_Divers_&lt;sitecode\\>", "### Harbour Manager_Divers");
    place.file("new.md", newer);
    let told = cmlint(place.path(), &Place::args(&["--write", "new.md"]));
    assert!(text(&told.stderr).contains("still looked for as"), "{}", text(&told.stderr));
    let (content, _) = content::load(&Assets::Folder(place.path().join("content"))).expect("loads");
    let divers = content.entity("harbour-divers").expect("there");
    assert_eq!(divers.title(content.newest()), "Harbour Manager_Divers");
    assert_eq!(divers.exported_name(content.newest()), Some("Harbour_Divers"));
}

#[test]
fn a_sentence_is_followed_through_other_words() {
    let place = Place::new();
    let first = BASE.replace("up to five of them", "up to five of these accounts");
    let second = first.replace("up to five of these", "up to six of these");
    let third = second.replace("(/harbour/guide)", "(/port/guide)");
    // From the page that is documented on, and from one that is not.
    let pages = place.series(&[&first, &second, &third]);
    let reference = "lock-account/max-five";
    for (number, lost) in [(1, true), (2, true), (3, false)] {
        let step = &pages[number]["step"];
        assert_eq!(strings(&step["lost"]).contains(&reference.to_owned()), lost, "step {number}: {step}");
        assert_eq!(strings(&step["rules"]).contains(&"too-many-locks".to_owned()), lost, "step {number}");
    }
    let pages = place.track(&["1.md", "2.md"]);
    assert_eq!(strings(&pages[1]["step"]["lost"]), [reference]);
}

#[test]
fn the_patch_is_what_is_written() {
    let (dry, wet) = (Place::new(), Place::new());
    for place in [&dry, &wet] {
        place.file("new.md", newer());
    }
    let patch = dry.good(&["--write", "--dry-run", "new.md"]);
    wet.good(&["--write", "new.md"]);
    let mut file = String::new();
    let mut kept: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in patch.lines() {
        if let Some(name) = line.strip_prefix("+++ b/") {
            file = name.to_owned();
        } else if let (Some(added), false) = (line.strip_prefix('+'), line.starts_with("+++")) {
            kept.entry(file.clone()).or_default().push(added.to_owned());
        }
    }
    assert!(kept.len() >= 5, "{patch}");
    for (name, lines) in kept {
        let there = wet.read(&name);
        for line in lines {
            assert!(there.lines().any(|l| l == line), "{name} has no line `{line}`");
        }
    }
}

#[test]
fn accounts_that_end_merge_and_come_back() {
    let place = Place::new();
    let merged = BASE
        .replace("01/15/2020", "03/20/2021")
        .replace("### Crane account", "### Crane and lock account")
        .replace("### Lock account\n\n", "");
    let gone = BASE.replace("01/15/2020", "04/20/2022");
    let i = gone.find("### Harbour_Divers").expect("there");
    let j = gone.find("## Accounts").expect("there");
    let gone = format!("{}{}", &gone[..i], &gone[j..]);
    let back = BASE.replace("01/15/2020", "05/20/2023");
    for (name, page) in [("a.md", &merged), ("b.md", &gone), ("c.md", &back)] {
        place.file(name, page);
        let rules = ["track", "--content", "content", "--write", name, "--rules", "none"];
        fs::create_dir_all(place.path().join("none")).expect("created");
        good(place.path(), &rules);
        good(place.path(), &["test", "--content", "content", "--rules", "none"]);
    }
    let (content, _) = content::load(&Assets::Folder(place.path().join("content"))).expect("loads");
    let date = |text: &str| text.parse::<Date>().expect("a date");
    let name = |id: &str, at: &str| content.entity(id).expect(id).name.at(date(at)).cloned();
    assert_eq!(name("crane-account", "2021-03-20"), None);
    let merged = content.entity("lock-account").expect("there").merged_into.as_ref().expect("merged");
    assert_eq!(merged.at(date("2021-03-20")).expect("then"), "crane-and-lock-account");
    assert_eq!(merged.at(date("2022-04-20")), None);
    assert_eq!(name("crane-and-lock-account", "2022-04-20"), None);
    assert_eq!(name("crane-account", "2022-04-20").expect("back"), "Crane account");
    assert_eq!(name("harbour-divers", "2022-04-20"), None);
    assert_eq!(name("harbour-divers", "2023-05-20").expect("back"), "Harbour_Divers_<sitecode>");
    let again = content.in_force(date("2023-05-20")).map(|(_, s)| s.reference.as_str());
    let first: BTreeSet<&str> =
        content.in_force(date("2020-01-15")).map(|(_, s)| s.reference.as_str()).collect();
    assert_eq!(again.collect::<BTreeSet<_>>(), first, "the same statements are made as at first");
}

#[test]
fn what_cannot_be_written_is_said_and_nothing_changes() {
    let place = Place::new();
    place.file("same.md", newer().replace("03/20/2021", "01/15/2020"));
    place.file("older.md", newer().replace("03/20/2021", "03/20/2019"));
    place.file("undated.md", newer().replace("ms.date: 03/20/2021\n", ""));
    place.file("other.md", "---\nms.date: 03/20/2021\n---\n# Else\n\n## Accounts\n\n### X account\n\nX.\n");
    for (page, what) in [
        ("same.md", "another page already"),
        ("older.md", "only a newer page"),
        ("undated.md", "--revision"),
        ("other.md", "does not look like a later page"),
    ] {
        let complaint = place.bad(&["--write", page]);
        assert!(complaint.contains(what), "{page}: {complaint}");
    }
    assert!(!place.path().join("content/review").exists());
    let alone = bad(place.path().join("rules").as_path(), &["track", "--write", "../same.md"]);
    assert!(alone.contains("--content"), "{alone}");
    place.good(&["--write", "undated.md", "--revision", "2021-05-05"]);
    assert!(place.read("content/revisions.yaml").contains("- id: 2021-05-05\n  sequence: 2\n"));
}

#[test]
fn schema_and_output_agree() {
    let value = |change: &dyn Fn(&mut Value)| {
        let mut value: Value =
            serde_json::json!({"schema": "cmlint-track/1", "revision": "2020-01-15", "pages": []});
        change(&mut value);
        value
    };
    assert_eq!(wrong(&value(&|_| {})), Vec::<String>::new());
    for change in [
        (&|v: &mut Value| v["schema"] = "cmlint-track/2".into()) as &dyn Fn(&mut Value),
        &|v| v["pages"] = serde_json::json!([{}]),
        &|v| v["more"] = 1.into(),
    ] {
        assert!(!wrong(&value(change)).is_empty());
    }
}

/// What of a value is not as `docs/track.schema.json` says; a key it does not tell of is wrong as well.
fn wrong(value: &Value) -> Vec<String> {
    let schema = fs::read_to_string(repository("docs/track.schema.json")).expect("there");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    common::schema::wrong(&schema, value, Others::Wrong)
}

mod originals {
    //! The documented revisions, made anew from the pages they come from.

    use super::*;

    /// The original pages; none where they are not.
    fn folder() -> Option<PathBuf> {
        let folder = repository("../shared/docs/originals");
        if folder.is_dir() {
            return Some(folder);
        }
        eprintln!("skipped: the original pages are not here");
        None
    }

    fn shipped() -> Content {
        content::load(&Assets::content()).expect("loads").0
    }

    fn date(text: &str) -> Date {
        text.parse().expect("a date")
    }

    /// A value as it was known at a revision; none if it was not there yet.
    fn cut(node: &Node, last: Date) -> Option<Node> {
        let kind = match &node.kind {
            Kind::List(items) => Kind::List(items.iter().filter_map(|i| cut(i, last)).collect()),
            Kind::Map(fields) => {
                if let Some(revision) = node.get("revision").and_then(Node::as_text)
                    && date(revision) > last
                {
                    return None;
                }
                let early = |key: &str| key.parse::<Date>().map_or(true, |d| d <= last);
                let left: Vec<_> = fields
                    .iter()
                    .filter(|(key, _)| early(&key.value))
                    .filter_map(|(key, value)| Some((key.clone(), cut(value, last)?)))
                    .collect();
                let dates = |f: &[(_, Node)]| f.iter().all(|(_, value): &(_, Node)| value.is_null());
                if left.is_empty() || fields.len() > left.len() && dates(&left) {
                    return None;
                }
                Kind::Map(left)
            }
            Kind::Text(text) if text.parse::<Date>().is_ok_and(|d| d > last) => return None,
            other => other.clone(),
        };
        Some(Node { kind, span: node.span.clone() })
    }

    /// What is left of an entity, or of the list of revisions.
    fn cut_file(root: &Node, last: Date) -> Option<Node> {
        let mut root = cut(root, last)?;
        if let Kind::List(revisions) = &mut root.kind {
            let late = |n: &Node| n.get("id").and_then(Node::as_text).is_none_or(|id| date(id) > last);
            revisions.retain(|n| !late(n));
            return Some(root);
        }
        let Kind::Map(fields) = &mut root.kind else { return None };
        if !fields.iter().any(|(key, _)| key.value == "name") {
            return None;
        }
        for (key, value) in fields.iter_mut() {
            let Kind::List(items) = &mut value.kind else { continue };
            match key.value.as_str() {
                "statements" => items.retain(|s| s.get("text").is_some()),
                // An item that holds in later revisions only.
                "roles" | "site_types" | "steps" => items.retain(|i| {
                    i.get("revisions").is_none_or(|r| r.as_list().is_some_and(|l| !l.is_empty()))
                }),
                _ => {}
            }
            for statement in items.iter_mut().filter(|_| key.value == "statements") {
                let Kind::Map(fields) = &mut statement.kind else { continue };
                // A fact of which nothing is left but its kind was not documented yet.
                if let Some((_, Node { kind: Kind::List(facts), .. })) =
                    fields.iter_mut().find(|(k, _)| k.value == "facts")
                {
                    let says = |key: &str| !matches!(key, "kind" | "derived");
                    facts.retain(|f| f.as_map().is_some_and(|keys| keys.iter().any(|(k, _)| says(&k.value))));
                }
                fields.retain(|(_, v)| v.as_list().is_none_or(|l| !l.is_empty()));
                let Some((_, facts)) = fields.iter_mut().find(|(k, _)| k.value == "facts") else { continue };
                let Kind::List(facts) = &mut facts.kind else { continue };
                for fact in facts {
                    let Kind::Map(keys) = &mut fact.kind else { continue };
                    let names: Vec<String> = keys.iter().map(|(k, _)| k.value.clone()).collect();
                    for (_, value) in keys.iter_mut().filter(|(k, _)| k.value == "derived") {
                        if let Kind::List(derived) = &mut value.kind {
                            derived.retain(|d| d.as_text().is_some_and(|d| names.iter().any(|n| n == d)));
                        }
                    }
                }
            }
        }
        Some(root)
    }

    /// YAML in block style.
    fn emit(node: &Node, column: usize, out: &mut String) {
        let pad = " ".repeat(column);
        match &node.kind {
            Kind::Map(fields) => {
                for (key, value) in fields {
                    write!(out, "{pad}{}:", key.value).expect("written");
                    nested(value, column + 2, out);
                }
            }
            Kind::List(items) => {
                for item in items {
                    let mut text = String::new();
                    nested(item, column + 2, &mut text);
                    let text = text.trim_start();
                    write!(out, "{pad}- {text}").expect("written");
                }
            }
            _ => unreachable!("values are written by `nested`"),
        }
    }

    fn nested(node: &Node, column: usize, out: &mut String) {
        match &node.kind {
            Kind::Map(fields) if !fields.is_empty() => {
                out.push('\n');
                emit(node, column, out);
            }
            Kind::List(items) if !items.is_empty() => {
                out.push('\n');
                emit(node, column, out);
            }
            Kind::Map(_) => out.push_str(" {}\n"),
            Kind::List(_) => out.push_str(" []\n"),
            Kind::Null => out.push_str(" null\n"),
            Kind::Text(text) if text.bytes().all(|b| b.is_ascii_hexdigit()) && text.len() == 16 => {
                writeln!(out, " '{text}'").expect("written");
            }
            Kind::Text(text) if text.parse::<Date>().is_ok() => writeln!(out, " {text}").expect("written"),
            Kind::Text(_) => writeln!(out, " {}", node.to_json()).expect("written"),
            Kind::Bool(value) => writeln!(out, " {value}").expect("written"),
            Kind::Integer(value) => writeln!(out, " {value}").expect("written"),
            Kind::Float(value) => writeln!(out, " {value}").expect("written"),
        }
    }

    /// The shipped specification as it was known at a revision. Nothing of the later ones is in it.
    fn known_at(last: Date) -> TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        for asset in Assets::content().yaml_files().expect("there") {
            let path = dir.path().join("content").join(&asset.name);
            let folder = asset.name.split('/').next().expect("a name");
            if matches!(folder, "accounts" | "groups" | "database" | "document.yaml" | "revisions.yaml") {
                let root = Node::parse(&fingerprints_as_texts(&asset.text)).expect("YAML");
                let Some(root) = cut_file(&root, last) else { continue };
                let mut text = String::new();
                emit(&root, 0, &mut text);
                // Notes may speak of days; keys and items do not.
                let later = |l: &&str| {
                    let key = l.trim_start_matches([' ', '-']).split(':').next().unwrap_or_default();
                    key.parse::<Date>().is_ok_and(|d| d > last)
                };
                assert_eq!(text.lines().find(later), None, "{}", asset.name);
                write(path, text);
            } else if !matches!(folder, "changes" | "techniques.yaml") {
                write(path, asset.text.as_bytes());
            }
        }
        fs::create_dir_all(dir.path().join("none")).expect("created");
        dir
    }

    /// YAML takes some fingerprints for numbers: all get quotes.
    fn fingerprints_as_texts(text: &str) -> String {
        let pattern = regex::Regex::new(r"([\[ ])([0-9a-f]{16})([,\]\n])").expect("a pattern");
        let once = pattern.replace_all(text, "$1'$2'$3");
        pattern.replace_all(&once, "$1'$2'$3").into_owned()
    }

    /// Folds an original in, twice: the second time changes nothing.
    fn folded(dir: &TempDir, page: &Path, more: &[&str]) -> Content {
        let page = page.to_str().expect("a path");
        let args = ["track", "--content", "content", "--rules", "none", "--write", page];
        let told = good(dir.path(), &[&args[..], more].concat());
        assert!(told.contains("is written."), "{told}");
        good(dir.path(), &["test", "--content", "content", "--rules", "none"]);
        let files = || -> BTreeMap<PathBuf, Vec<u8>> {
            let all = walkdir::WalkDir::new(dir.path()).into_iter().map(|e| e.expect("an entry"));
            let files = all.filter(|e| e.file_type().is_file());
            files.map(|e| (e.path().to_owned(), fs::read(e.path()).expect("readable"))).collect()
        };
        let before = files();
        assert!(good(dir.path(), &args).contains("already"));
        assert_eq!(files(), before);
        content::load(&Assets::Folder(dir.path().join("content"))).expect("loads").0
    }

    fn entities(content: &Content) -> impl Iterator<Item = &Entity> {
        content.entities.iter().filter(|e| e.kind != EntityKind::Document)
    }

    fn names(content: &Content, at: Date) -> BTreeMap<String, String> {
        let names = entities(content).filter_map(|e| Some((e.id.clone(), e.name.at(at)?.clone())));
        names.collect()
    }

    fn merges(content: &Content, at: Date) -> BTreeMap<String, String> {
        let merges =
            entities(content).filter_map(|e| Some((e.id.clone(), e.merged_into.as_ref()?.at(at)?.clone())));
        merges.collect()
    }

    /// References of the statements of both revisions whose sentences are others. Where one part of a page says the
    /// same of two things and stops saying it of one, nothing tells of which.
    fn reworded(content: &Content, old: Date, new: Date) -> BTreeSet<String> {
        let seen = |s: &content::Statement, at| {
            let list = s.seen.as_ref().and_then(|t| t.at(at));
            list.map(|l| l.iter().copied().collect::<BTreeSet<u64>>())
        };
        let still: BTreeSet<u64> =
            content.in_force(new).filter_map(|(_, s)| seen(s, new)).flatten().collect();
        let lost = |s: &content::Statement| seen(s, old).is_some_and(|list| !list.is_subset(&still));
        let made = content.in_force(new).filter(|(_, s)| s.text.at(old).is_some() && lost(s));
        let made = made.filter(|(_, s)| seen(s, old).is_some() && seen(s, old) != seen(s, new));
        made.map(|(_, s)| s.reference.clone()).collect()
    }

    /// How many of the statements got the sentences that the shipped specification has for them.
    fn agreed(of: &BTreeSet<String>, ours: &Content, shipped: &Content, at: Date) -> usize {
        let seen = |content: &Content, reference: &str| {
            let statement = content.statement(reference).map(|(_, s)| s);
            let list = statement.and_then(|s| s.seen.as_ref()?.at(at));
            list.map(|l| l.iter().copied().collect::<BTreeSet<u64>>())
        };
        of.iter().filter(|r| seen(ours, r) == seen(shipped, r)).count()
    }

    /// Holds what was written for a revision against what the shipped specification has for it. At least `alike`
    /// of the statements in other words must have got the very same sentences.
    fn hold(what: &str, ours: &Content, old: Date, new: Date, alike: usize) {
        let shipped = shipped();
        assert_eq!(names(ours, new), names(&shipped, new), "{what}");
        assert_eq!(names(ours, old), names(&shipped, old), "{what}");
        assert_eq!(merges(ours, new), merges(&shipped, new), "{what}");
        let marked: BTreeSet<String> = ours
            .statements()
            .filter(|(_, s)| s.changes.iter().any(|c| c.revision == new && c.note.starts_with("to review:")))
            .filter(|(_, s)| s.text.at(old).is_some())
            .map(|(_, s)| s.reference.clone())
            .collect();
        // What was reworded or ended is marked, and nothing that was not touched.
        let should = reworded(&shipped, old, new);
        let made = |content: &Content, at| -> BTreeSet<String> {
            content.in_force(at).map(|(_, s)| s.reference.clone()).collect()
        };
        let ended: BTreeSet<String> = made(&shipped, old).difference(&made(&shipped, new)).cloned().collect();
        let missed: Vec<&String> = should.union(&ended).filter(|r| !marked.contains(*r)).collect();
        assert!(missed.is_empty(), "{what}: {missed:?}");
        let touched = |r: &&String| {
            let (_, statement) = shipped.statement(r).expect("a statement");
            statement.changes.iter().any(|c| c.revision == new)
        };
        let more: Vec<&String> = marked.iter().filter(|r| !touched(r)).collect();
        assert!(more.is_empty(), "{what}: {more:?}");
        let agreed = agreed(&should, ours, &shipped, new);
        assert!(agreed >= alike, "{what}: {agreed} of {} have the same sentences", should.len());
        // What was said under the older revision still is, in the same words of ours.
        let words = |content: &Content| -> Vec<(String, String)> {
            let each = content
                .in_force(old)
                .filter_map(|(_, s)| Some((s.reference.clone(), s.text.at(old)?.clone())));
            each.collect()
        };
        assert_eq!(words(ours), words(&shipped), "{what}");
        // Sentences that the shipped specification has for new statements are in drafts or in changed ones.
        let seen: BTreeSet<u64> =
            (ours.in_force(new)).filter_map(|(_, s)| s.seen.as_ref()?.at(new)).flatten().copied().collect();
        for (_, statement) in shipped.in_force(new).filter(|(_, s)| s.text.at(old).is_none()) {
            for print in statement.seen.iter().filter_map(|t| t.at(new)).flatten() {
                assert!(seen.contains(print), "{what}: {}", statement.reference);
            }
        }
        let (a, b) = (ours.revision(new).expect("there"), shipped.revision(new).expect("there"));
        assert_eq!((&a.sha256, &a.page_title, &a.title), (&b.sha256, &b.page_title, &b.title), "{what}");
        assert_eq!(a.asset_id, b.asset_id, "{what}");
    }

    #[test]
    fn the_second_revision_from_the_first() {
        let Some(originals) = folder() else { return };
        let (old, new) = (date("2015-12-08"), date("2016-02-09"));
        let page = originals.join("2016-02-09.md");
        let without = folded(&known_at(old), &page, &[]);
        hold("fingerprints alone", &without, old, new, 97);
        let with = folded(&known_at(old), &page, &["--originals", originals.to_str().expect("a path")]);
        hold("with originals", &with, old, new, 97);
    }

    #[test]
    fn the_third_revision_from_the_second() {
        let Some(originals) = folder() else { return };
        let (old, new) = (date("2016-02-09"), date("2018-10-26"));
        let page = originals.join("2018-10-26.md");
        let without = folded(&known_at(old), &page, &[]);
        hold("fingerprints alone", &without, old, new, 118);
        let with = folded(&known_at(old), &page, &["--originals", originals.to_str().expect("a path")]);
        hold("with originals", &with, old, new, 122);
        let before = names(&with, old);
        let renamed: Vec<bool> = names(&with, new)
            .iter()
            .filter_map(|(id, name)| before.get(id).filter(|b| *b != name).map(|b| (b, name)))
            .map(|(before, name)| before.to_lowercase() == name.to_lowercase())
            .collect();
        assert_eq!((renamed.len(), renamed.iter().filter(|case| **case).count()), (23, 20));
        assert_eq!(merges(&with, new).len(), 3);
    }

    /// The later pages with their dates, in the order of time; none where they are not.
    fn later() -> Option<Vec<(Date, PathBuf)>> {
        let folder = repository("../shared/docs/later");
        if !folder.is_dir() {
            eprintln!("skipped: the later pages are not here");
            return None;
        }
        let shipped = shipped();
        let mut out: Vec<(Date, PathBuf)> = Vec::new();
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let digest = sha2::Sha256::digest(fs::read(&path).expect("readable"));
            let digest: String = digest.iter().map(|b| format!("{b:02x}")).collect();
            let revision = shipped.revisions.iter().find(|r| r.sha256.as_ref() == Some(&digest));
            out.extend(revision.map(|r| (r.date, path)));
        }
        out.sort();
        assert_eq!(out.len(), 6, "a page of each later revision");
        Some(out)
    }

    /// How many of the statements in other words get the very same sentences, for each of the later revisions.
    const LATER_ALIKE: [usize; 6] = [2, 3, 31, 32, 3, 40];

    /// Each later page folded into what was known before it.
    #[test]
    fn each_later_revision_from_the_one_before() {
        let Some(pages) = later() else { return };
        let mut old = date("2018-10-26");
        for ((new, page), alike) in pages.into_iter().zip(LATER_ALIKE) {
            let given = ["--revision", &new.to_string()];
            let ours = folded(&known_at(old), &page, &given);
            hold(&format!("{new}"), &ours, old, new, alike);
            old = new;
        }
    }

    /// All of them one after the other, by the program alone: entries, kinds, names and the sentences behind them come
    /// out as they are shipped.
    #[test]
    fn the_later_revisions_one_after_the_other() {
        let Some(pages) = later() else { return };
        let shipped = shipped();
        let place = known_at(date("2018-10-26"));
        for (new, path) in pages {
            let builds = shipped.revision(new).expect("there").builds.expect("builds").0.to_string();
            let ours = folded(&place, &path, &["--revision", &new.to_string(), "--build", &builds]);
            assert_eq!(names(&ours, new), names(&shipped, new), "{new}");
            assert_eq!(merges(&ours, new), merges(&shipped, new), "{new}");
            for entity in shipped.entities.iter().filter(|e| e.name.at(new).is_some()) {
                let own = ours.entity(&entity.id).expect("there");
                assert_eq!((own.kind, own.exported_name(new)), (entity.kind, entity.exported_name(new)));
            }
            let seen = |content: &Content| -> BTreeSet<u64> {
                let seen = content.in_force(new).filter_map(|(_, s)| s.seen.as_ref()?.at(new).cloned());
                seen.flatten().collect()
            };
            let (ours_seen, theirs) = (seen(&ours), seen(&shipped));
            assert!(theirs.is_subset(&ours_seen), "{new}: {:?}", theirs.difference(&ours_seen));
            for (a, b) in ours.revisions.iter().zip(&shipped.revisions) {
                assert_eq!(a.date, b.date, "{new}");
                assert_eq!(a.builds.map(|b| b.0), b.builds.map(|b| b.0), "{new}");
                // The last goes on to the newest build until another takes its place.
                let ends = ours.revisions.last().is_some_and(|last| last.date != a.date);
                if ends {
                    assert_eq!(a.versions, b.versions, "{new}");
                }
                assert!(a.versions.iter().take(b.versions.len()).eq(&b.versions), "{new}");
            }
        }
    }
}
