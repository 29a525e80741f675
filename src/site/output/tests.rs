use super::*;

fn page(path: &str, text: &str) -> Page {
    Page { path: path.to_owned(), bytes: text.as_bytes().to_vec() }
}

fn built(out: &Path, build: Build, pages: &[Page]) -> Result<Report, Error> {
    let target = Target::open(out, build)?;
    for page in pages {
        target.put(page)?;
    }
    target.finish(pages.len())
}

fn site(out: &Path, pages: &[Page]) -> Result<Report, Error> {
    built(out, Build::Careful, pages)
}

fn edited(result: Result<Report, Error>) -> Vec<String> {
    match result {
        Err(Error::Edited { files, .. }) => files,
        other => panic!("{other:?}"),
    }
}

fn read(out: &Path, name: &str) -> String {
    fs::read_to_string(out.join(name)).unwrap()
}

fn write(out: &Path, name: &str, text: &str) {
    fs::create_dir_all(out.join(name).parent().unwrap()).unwrap();
    fs::write(out.join(name), text).unwrap();
}

#[test]
fn what_stays_the_same_is_not_written_again() {
    for other in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("public");
        let first = site(&out, &[page("a/index.html", "a"), page("b.html", "b")]).unwrap();
        assert_eq!((first.files, first.written, first.removed), (2, 2, 0));
        if other {
            write(&out, "CNAME", "example.org");
        }
        let time = fs::metadata(out.join("b.html")).unwrap().modified().unwrap();
        let again = site(&out, &[page("a/index.html", "a"), page("b.html", "b")]).unwrap();
        assert_eq!((again.files, again.written, again.removed), (2, 0, 0));
        let third = site(&out, &[page("a/index.html", "A"), page("b.html", "b"), page("c", "c")]).unwrap();
        assert_eq!((third.files, third.written, third.removed), (3, 2, 0));
        assert_eq!((read(&out, "a/index.html"), read(&out, "c")), ("A".to_owned(), "c".to_owned()));
        let fourth = site(&out, &[page("b.html", "b")]).unwrap();
        assert_eq!((fourth.files, fourth.written, fourth.removed), (1, 0, 2));
        assert!(!out.join("a").exists() && !out.join("c").exists());
        assert_eq!(fs::metadata(out.join("b.html")).unwrap().modified().unwrap(), time);
        assert_eq!(fourth.kept, if other { vec!["CNAME".to_owned()] } else { vec![] });
        // Nothing is left beside it.
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_folder_of_others_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "thesis.txt", "years of work");
    assert!(matches!(site(dir.path(), &[page("index.html", "x")]), Err(Error::Foreign(_))));
    let file = dir.path().join("thesis.txt");
    assert!(matches!(site(&file, &[page("index.html", "x")]), Err(Error::Foreign(_))));
    // A marker that something else wrote does not make it ours.
    write(dir.path(), MARKER, "");
    for build in [Build::Careful, Build::OverEdits, Build::Whole] {
        assert!(matches!(built(dir.path(), build, &[]), Err(Error::Foreign(_))));
    }
    assert_eq!(read(dir.path(), "thesis.txt"), "years of work");
}

#[test]
fn an_empty_folder_may_be_filled_and_a_given_up_build_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("empty");
    fs::create_dir(&out).unwrap();
    let target = Target::open(&out, Build::Careful).unwrap();
    target.put(&page("index.html", "x")).unwrap();
    target.abandon();
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0);
    site(&out, &[page("index.html", "x")]).unwrap();
    assert_eq!(read(&out, "index.html"), "x");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn what_no_build_made_stays_unless_all_is_to_be_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("public");
    site(&out, &[page("index.html", "1"), page("a/index.html", "1"), page("old/x", "1")]).unwrap();
    let mine =
        [".git/config", ".git/objects/ab/cd", "CNAME", ".nojekyll", "a/notes.txt", "old/mine", "deep/er/x"];
    for name in mine {
        write(&out, name, name);
    }
    fs::create_dir(out.join("hollow")).unwrap();
    let report = site(&out, &[page("index.html", "2"), page("b/index.html", "2")]).unwrap();
    assert_eq!((report.written, report.removed), (2, 2));
    assert_eq!(report.kept, [".git", ".nojekyll", "CNAME", "a/notes.txt", "deep", "hollow", "old/mine"]);
    for name in mine {
        assert_eq!(read(&out, name), name);
    }
    assert!(out.join("hollow").is_dir() && !out.join("old/x").exists() && !out.join("a/index.html").exists());
    let report = built(&out, Build::Whole, &[page("index.html", "3")]).unwrap();
    assert!(report.kept.is_empty() && report.removed > 6, "{report:?}");
    let mut left: Vec<_> = fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, [MARKER, "index.html"]);
}

#[test]
fn what_was_changed_since_is_named_and_left() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("public");
    let pages = |text: &str| [page("a.html", text), page("b.html", text), page("c.html", "same")];
    site(&out, &pages("1")).unwrap();
    write(&out, "a.html", "by hand");
    write(&out, "c.html", "by hand");
    assert_eq!(edited(site(&out, &pages("2"))), ["a.html", "c.html"]);
    // All is as it was.
    assert_eq!((read(&out, "a.html"), read(&out, "b.html")), ("by hand".to_owned(), "1".to_owned()));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    write(&out, "CNAME", "x");
    let report = built(&out, Build::OverEdits, &pages("2")).unwrap();
    assert_eq!((report.written, report.kept), (3, vec!["CNAME".to_owned()]));
    assert_eq!((read(&out, "a.html"), read(&out, "c.html")), ("2".to_owned(), "same".to_owned()));
    // A file that is no longer made stays if it was changed.
    write(&out, "b.html", "by hand");
    assert_eq!(site(&out, &[page("a.html", "2")]).unwrap().kept, ["CNAME", "b.html"]);
    assert_eq!(read(&out, "b.html"), "by hand");
}

#[test]
fn what_stands_where_something_is_to_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("public");
    site(&out, &[page("index.html", "1")]).unwrap();
    write(&out, "new.html", "mine");
    write(&out, "file", "mine");
    write(&out, "folder/x", "mine");
    let next = [page("new.html", "2"), page("file/x", "2"), page("folder", "2"), page("index.html", "2")];
    assert_eq!(edited(site(&out, &next)), ["file", "folder", "new.html"]);
    assert_eq!(edited(built(&out, Build::OverEdits, &next)), ["file", "folder"]);
    assert_eq!((read(&out, "file"), read(&out, "index.html")), ("mine".to_owned(), "1".to_owned()));
    // What is there already, to the letter, is in nobody's way.
    site(&out, &[page("new.html", "mine")]).unwrap();
    built(&out, Build::Whole, &next).unwrap();
    assert_eq!(read(&out, "file/x"), "2");
}

#[cfg(unix)]
#[test]
fn links_are_neither_followed_nor_replaced() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let (out, far) = (dir.path().join("public"), dir.path().join("far"));
    site(&out, &[page("a/index.html", "1")]).unwrap();
    write(&far, "index.html", "mine");
    fs::remove_dir_all(out.join("a")).unwrap();
    symlink(&far, out.join("a")).unwrap();
    assert_eq!(edited(site(&out, &[page("a/index.html", "2")])), ["a", "a/index.html"]);
    built(&out, Build::Whole, &[page("a/index.html", "2")]).unwrap();
    assert_eq!((read(&far, "index.html"), read(&out, "a/index.html")), ("mine".to_owned(), "2".to_owned()));
}

#[test]
fn a_marker_without_a_list_lets_pages_be_replaced_and_keeps_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("public");
    write(&out, "index.html", "old");
    write(&out, "old/page.html", "old");
    write(&out, "thesis.txt", "years of work");
    write(&out, MARKER, "This folder is made by `cmlint site build` and replaced whole by it.\n");
    let report = site(&out, &[page("index.html", "new")]).unwrap();
    assert_eq!((report.written, report.removed), (1, 0));
    assert_eq!(report.kept, ["old", "thesis.txt"]);
    assert_eq!(
        (read(&out, "index.html"), read(&out, "thesis.txt")),
        ("new".to_owned(), "years of work".to_owned())
    );
}

#[test]
fn two_builds_at_once_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("public");
    let first = Target::open(&out, Build::Careful).unwrap();
    assert!(matches!(site(&out, &[page("a", "1")]), Err(Error::Busy(_))));
    // A neighbour is none of its business.
    site(&dir.path().join("other"), &[page("a", "1")]).unwrap();
    first.put(&page("a", "1")).unwrap();
    first.finish(1).unwrap();
    site(&out, &[page("a", "2")]).unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}
