//! The website as a whole: its pages are there, well-formed and complete, nothing comes from elsewhere, and building
//! it twice gives the same bytes.

#![allow(clippy::print_stderr)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use cmlint::assets::Assets;
use cmlint::content::{self, Content};
use cmlint::evidence::{self, Mapping, Schema};
use cmlint::rules::{self, RuleSet};
use cmlint::site::{self, Build, MARKER, Options, Page, Sources};

struct Loaded {
    content: Content,
    schema: Schema,
    mapping: Mapping,
    rules: RuleSet,
}

impl Loaded {
    fn sources(&self) -> Sources<'_> {
        Sources { content: &self.content, rules: &self.rules, schema: &self.schema, mapping: &self.mapping }
    }
}

fn loaded() -> &'static Loaded {
    static LOADED: OnceLock<Loaded> = OnceLock::new();
    LOADED.get_or_init(|| {
        let assets = Assets::content();
        let (content, _) = content::load(&assets).expect("the content loads");
        let (schema, mapping) = evidence::load(&assets).expect("the tables load");
        let rules = rules::compile(&Assets::rules(), &content, &schema).expect("the rules compile");
        Loaded { content, schema, mapping, rules }
    })
}

fn pages() -> &'static [Page] {
    static PAGES: OnceLock<Vec<Page>> = OnceLock::new();
    PAGES.get_or_init(|| site::render(&loaded().sources(), &Options::default()).expect("the site renders"))
}

fn page(path: &str) -> &'static str {
    let page = pages().iter().find(|p| p.path == path).unwrap_or_else(|| panic!("no page {path}"));
    std::str::from_utf8(&page.bytes).expect("UTF-8")
}

fn html() -> impl Iterator<Item = (&'static str, &'static str)> {
    pages().iter().filter(|p| p.path.ends_with(".html")).map(|p| (p.path.as_str(), page(&p.path)))
}

#[test]
fn every_entity_rule_and_pair_has_its_pages() {
    let paths: BTreeSet<&str> = pages().iter().map(|p| p.path.as_str()).collect();
    let content = &loaded().content;
    let dates = content.dates();
    let mut wanted: Vec<String> = [
        "index.html",
        "groups/index.html",
        "accounts/index.html",
        "database/index.html",
        "rules/index.html",
        "compare/index.html",
        "changes/index.html",
        "feed.xml",
        "coverage/index.html",
        "revisions/index.html",
        "search/index.html",
        "print/index.html",
        "linting/index.html",
        "about/index.html",
        "404.html",
        "entries.json",
        "rules.json",
    ]
    .map(str::to_owned)
    .into();
    for entity in content.entities.iter().filter(|e| e.id != "document") {
        let folder = format!("{}/{}", entity.kind.folder().expect("an entry"), entity.id);
        for page in ["index.html", "index.json", "history/index.html"] {
            wanted.push(format!("{folder}/{page}"));
        }
        wanted.extend(dates.iter().map(|d| format!("{folder}/r/{d}/index.html")));
    }
    for rule in &loaded().rules.rules {
        wanted.push(format!("rules/{}/index.html", rule.id));
        wanted.push(format!("rules/{}/index.json", rule.id));
    }
    for (a, b) in dates.iter().flat_map(|a| dates.iter().map(move |b| (a, b))).filter(|(a, b)| a != b) {
        wanted.push(format!("compare/{a}..{b}/index.html"));
        wanted.push(format!("changes/{a}..{b}.json"));
    }
    let missing: Vec<&String> = wanted.iter().filter(|w| !paths.contains(w.as_str())).collect();
    assert!(missing.is_empty(), "missing: {missing:#?}");
    assert!(wanted.len() > 300, "the content was not looked at");
}

#[test]
fn an_entry_shows_every_statement_and_the_rules_that_check_it() {
    let content = &loaded().content;
    for entity in content.entities.iter().filter(|e| e.name.at(content.newest()).is_some()) {
        let path = match entity.kind.folder() {
            None => "document/index.html".to_owned(),
            Some(folder) => format!("{folder}/{}/index.html", entity.id),
        };
        let text = page(&path);
        for statement in entity.statements.iter().filter(|s| s.text.at(content.newest()).is_some()) {
            assert!(text.contains(&format!("id=\"{}\"", statement.id())), "{path}: {}", statement.reference);
        }
        for rule in
            loaded().rules.rules.iter().filter(|r| {
                r.statements.iter().any(|s| s.split_once('/').is_some_and(|(e, _)| e == entity.id))
            })
        {
            assert!(text.contains(&format!("rules/{}/index.html", rule.id)), "{path}: {}", rule.id);
        }
    }
}

#[test]
fn a_merged_entry_keeps_its_page_and_names_what_took_its_place() {
    let text = page("accounts/asset-intelligence-synchronization-point-proxy-server-account/index.html");
    assert!(text.contains("../../accounts/site-system-proxy-server-account/index.html"));
    let gone = page(
        "accounts/asset-intelligence-synchronization-point-proxy-server-account/r/2018-10-26/index.html",
    );
    assert!(gone.contains("Part of another entry"), "{gone}");
    let before = page("accounts/site-system-proxy-server-account/r/2015-12-08/index.html");
    assert!(before.contains("Not documented yet") || before.contains("Part of another entry"), "{before}");
}

#[test]
fn the_comparison_tells_merge_renames_and_facts_without_scripts() {
    let text = page("compare/2016-02-09..2018-10-26/index.html");
    assert!(text.contains("3 merged into one"));
    for title in ["Asset Intelligence Synchronization Point Proxy Server Account", "Service connection point"]
    {
        assert!(text.contains(title), "{title}");
    }
    let diff = cmlint::diff::between(
        &loaded().content,
        &loaded().rules,
        "2016-02-09".parse().expect("a date"),
        "2018-10-26".parse().expect("a date"),
    );
    for (entity, change) in diff.changes() {
        let id = change.statement.split_once('/').map_or("", |(_, id)| id);
        assert!(text.contains(&format!("id=\"{}.{id}\"", entity.entity)), "{}", change.statement);
    }
    for renamed in diff.renamed.iter().filter(|r| !r.case_only) {
        assert!(text.contains(&renamed.from) && text.contains(&renamed.to), "{renamed:?}");
    }
}

/// What is wrong with a page as HTML: the complaints of a real parser, elements that are not there, and what must
/// not be there.
fn complaints(text: &str) -> Vec<String> {
    use html5ever::tendril::StrTendril;
    use html5ever::tokenizer::{
        BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
    };

    #[derive(Default)]
    struct Sink {
        errors: RefCell<Vec<String>>,
        open: RefCell<Vec<String>>,
        h1: RefCell<usize>,
        mains: RefCell<usize>,
        heading: RefCell<u8>,
    }
    const VOID: [&str; 6] = ["meta", "link", "input", "br", "wbr", "hr"];
    const SVG: [&str; 3] = ["rect", "path", "circle"];
    impl TokenSink for Sink {
        type Handle = ();
        fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<()> {
            let say = |text: String| self.errors.borrow_mut().push(format!("line {line}: {text}"));
            match token {
                Token::ParseError(error) => say(error.into_owned()),
                Token::TagToken(tag) => {
                    let name = tag.name.to_string();
                    if tag.kind == TagKind::EndTag {
                        match self.open.borrow_mut().pop() {
                            Some(open) if open == name => {}
                            open => say(format!("</{name}> closes {open:?}")),
                        }
                        return TokenSinkResult::Continue;
                    }
                    for attribute in &tag.attrs {
                        let key = attribute.name.local.to_string();
                        let value = attribute.value.to_string();
                        if key.starts_with("on") || key == "style" {
                            say(format!("<{name} {key}> is inline"));
                        }
                        let loads = matches!(key.as_str(), "src" | "srcset" | "data" | "poster")
                            || (name == "link" && key == "href");
                        if loads && (value.contains("//") && !value.starts_with("data:")) {
                            say(format!("<{name} {key}={value}> is from elsewhere"));
                        }
                    }
                    if let Some(level) = name.strip_prefix('h').and_then(|l| l.parse::<u8>().ok()) {
                        let before = self.heading.replace(level);
                        if level > before + 1 {
                            say(format!("h{level} follows h{before}"));
                        }
                    }
                    match name.as_str() {
                        "h1" => *self.h1.borrow_mut() += 1,
                        "main" => *self.mains.borrow_mut() += 1,
                        "style" => say("a style element".to_owned()),
                        _ => {}
                    }
                    let closed =
                        VOID.contains(&name.as_str()) || (tag.self_closing && SVG.contains(&name.as_str()));
                    if !closed {
                        let inside = self.open.borrow();
                        let block =
                            ["p", "div", "ul", "ol", "dl", "table", "section", "details", "pre", "h2", "h3"];
                        if inside.last().is_some_and(|o| o == "p") && block.contains(&name.as_str()) {
                            say(format!("<{name}> inside <p>"));
                        }
                        if name == "li" && !inside.last().is_some_and(|o| o == "ul" || o == "ol") {
                            say(format!("<li> inside {:?}", inside.last()));
                        }
                        drop(inside);
                        self.open.borrow_mut().push(name);
                    }
                }
                _ => {}
            }
            TokenSinkResult::Continue
        }
    }

    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from(text));
    let options = TokenizerOpts { exact_errors: true, ..TokenizerOpts::default() };
    let tokenizer = Tokenizer::new(Sink::default(), options);
    let _ = tokenizer.feed(&queue);
    tokenizer.end();
    let mut errors = tokenizer.sink.errors.take();
    if !tokenizer.sink.open.borrow().is_empty() {
        errors.push(format!("not closed: {:?}", tokenizer.sink.open.borrow()));
    }
    for (what, count) in [("h1", *tokenizer.sink.h1.borrow()), ("main", *tokenizer.sink.mains.borrow())] {
        if count != 1 {
            errors.push(format!("{count} {what} elements"));
        }
    }
    errors
}

#[test]
fn pages_are_well_formed_and_load_nothing_from_elsewhere() {
    let mut wrong = Vec::new();
    for (path, text) in html() {
        wrong.extend(complaints(text).into_iter().map(|c| format!("{path}: {c}")));
        for needed in
            ["<html lang=\"en\">", "class=\"skip\"", "default-src 'none'", "<nav aria-label=\"Main\">"]
        {
            if !text.contains(needed) {
                wrong.push(format!("{path}: lacks {needed}"));
            }
        }
    }
    wrong.truncate(40);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_judge_of_pages_sees_mistakes() {
    let page = |body: &str| {
        format!("<!doctype html><html lang=\"en\"><body><main><h1>x</h1>{body}</main></body></html>")
    };
    assert_eq!(complaints(&page("<p>good</p>")), Vec::<String>::new());
    for bad in [
        "<p><div></div></p>",
        "<p>open",
        "<li>x</li>",
        "<h3>skipped</h3>",
        "<h1>two</h1>",
        "<script src=\"https://example.org/x.js\"></script>",
        "<p onclick=\"x()\">x</p>",
        "<p class=\"a\" class=\"b\">x</p>",
    ] {
        assert!(!complaints(&page(bad)).is_empty(), "{bad}");
    }
}

#[test]
fn scripts_and_styles_fetch_nothing() {
    for page in pages().iter().filter(|p| p.path.ends_with(".css") || p.path.ends_with(".js")) {
        let text = String::from_utf8_lossy(&page.bytes);
        for word in ["http://", "https://", "@import", "url("] {
            let at = text.find(word);
            assert!(at.is_none() || page.path.contains("search-"), "{}: {word}", page.path);
        }
    }
}

#[test]
fn an_entry_page_is_light() {
    let weigh = |text: &[u8]| {
        use std::io::Write;
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file("x", options).expect("a file in memory");
        zip.write_all(text).expect("memory");
        let bytes = zip.finish().expect("memory").into_inner();
        bytes.len()
    };
    for path in ["accounts/network-access-account/index.html", "groups/sms-admins/index.html"] {
        let text = page(path);
        let mut all = weigh(text.as_bytes());
        let mut requests = 1;
        for asset in pages().iter().filter(|p| p.path.starts_with("assets/")) {
            let loaded = text.contains(&format!("src=\"../../{}\"", asset.path))
                || text.contains(&format!("href=\"../../{}\"", asset.path));
            if loaded {
                all += weigh(&asset.bytes);
                requests += 1;
            }
        }
        assert!(requests <= 4, "{path}: {requests} requests");
        assert!((3..25 * 1024).contains(&all), "{path}: {all} bytes");
    }
}

#[test]
fn only_the_book_is_a_large_page() {
    // What tells of all steps, or of two revisions far apart, grows with what changed.
    let limit =
        |path: &str| if path.starts_with("compare/") || path.starts_with("changes/") { 320 } else { 200 };
    let large: Vec<_> =
        html().filter(|(path, text)| text.len() > limit(path) * 1024).map(|(path, _)| path).collect();
    assert_eq!(large, ["print/index.html"]);
}

#[test]
fn an_entry_that_never_changed_has_one_page_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    for file in Assets::content().files().expect("embedded") {
        let path = folder.path().join(&file.name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        fs::write(path, file.text.as_ref()).expect("writable");
    }
    let account = |id: &str, detail: &str| {
        let text = format!(
            "id: {id}\nkind: account\nname: Ferry account of {id}\npurpose: Reads the ferry's log.\nstatements:\n\
             \x20 - id: log\n    category: purpose\n    level: info\n    text: The ferry writes its log with it.\n\
             {detail}    facts:\n      - {{kind: purpose, used_by: client}}\n    checkable: no\n    because: Invented.\n"
        );
        fs::write(folder.path().join(format!("accounts/{id}.yaml")), text).expect("writable");
    };
    account("calm", "");
    account("moved", "    detail: {2015-12-08: By night., 2018-10-26: By day.}\n");
    let (content, _) = content::load(&Assets::Folder(folder.path().to_owned())).expect("the content loads");
    let rules = rules::compile(&Assets::rules(), &content, &loaded().schema).expect("the rules compile");
    let sources = Sources { content: &content, rules: &rules, ..loaded().sources() };
    let all = site::render(&sources, &Options::default()).expect("the site renders");
    let of = |id: &str| -> Vec<&str> {
        let all = all.iter().map(|p| p.path.as_str());
        all.filter(|p| p.starts_with(&format!("accounts/{id}/"))).collect()
    };
    assert_eq!(of("calm"), ["accounts/calm/index.html", "accounts/calm/index.json"]);
    assert_eq!(of("moved").len(), 3 + content.revisions.len());
    let page = all.iter().find(|p| p.path == "accounts/calm/index.html").expect("the page is there");
    let text = String::from_utf8_lossy(&page.bytes);
    assert!(text.contains("since 2015-12-08") && text.contains("the same in all revisions"), "{text}");
    assert!(!text.contains("/r/2") && !text.contains("history/"), "{text}");
}

#[test]
fn json_twins_are_json() {
    for page in pages().iter().filter(|p| p.path.ends_with(".json")) {
        let value: serde_json::Value = serde_json::from_slice(&page.bytes).expect(&page.path);
        assert!(value.get("schema").is_some(), "{}", page.path);
    }
}

#[test]
fn nothing_internal_shows() {
    for (path, text) in html() {
        for word in ["undefined", "[object", "{{", "{%", "Some(", "None)"] {
            assert!(!text.contains(word), "{path}: {word}");
        }
    }
}

#[test]
fn a_second_build_changes_nothing_with_any_number_of_threads() {
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().join("public");
    let build = |threads: usize, how: Build| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| site::build(&loaded().sources(), &Options::default(), &out, how, &|_, _| {}))
    };
    let first = build(1, Build::Careful).expect("built");
    assert_eq!((first.written, first.removed), (first.files, 0));
    assert!(first.files > 300);
    let modified = |name: &str| fs::metadata(out.join(name)).expect(name).modified().expect("a time");
    let before = modified("index.html");
    let second = build(7, Build::Careful).expect("built");
    assert_eq!((second.files, second.written, second.removed), (first.files, 0, 0));
    assert_eq!(before, modified("index.html"));
    fs::write(out.join("stray.html"), "left behind").expect("writable");
    let third = build(2, Build::Careful).expect("built");
    assert_eq!((third.written, third.removed), (0, 0));
    assert!(out.join("stray.html").exists());
    let fourth = build(2, Build::Whole).expect("built");
    assert_eq!((fourth.written, fourth.removed), (0, 1));
    assert!(!out.join("stray.html").exists());
}

#[test]
fn a_folder_that_is_not_ours_is_refused_and_untouched() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("index.html"), "mine").expect("writable");
    let error = site::build(&loaded().sources(), &Options::default(), dir.path(), Build::Careful, &|_, _| {})
        .expect_err("the folder is not ours");
    assert!(error.to_string().contains("left alone"), "{error}");
    assert_eq!(fs::read_to_string(dir.path().join("index.html")).expect("there"), "mine");
    assert!(!dir.path().join(MARKER).exists());
}

#[test]
fn a_broken_link_in_a_template_stops_the_build() {
    let dir = tempfile::tempdir().expect("a folder");
    let templates = dir.path().join("templates");
    fs::create_dir(&templates).expect("a folder");
    for file in Assets::templates().files().expect("embedded") {
        let text = if file.name == "about.html" {
            file.text.replace("entries.json", "entires.json")
        } else {
            file.text.into_owned()
        };
        fs::write(templates.join(&file.name), text).expect("writable");
    }
    let out = dir.path().join("public");
    let options = Options { templates: Assets::Folder(templates), ..Options::default() };
    let error = site::build(&loaded().sources(), &options, &out, Build::Careful, &|_, _| {})
        .expect_err("the link is broken");
    assert!(error.to_string().contains("about/index.html: `../entires.json`"), "{error}");
    assert!(!out.exists());
}

#[test]
fn with_an_address_there_is_a_sitemap() {
    let options = Options { base_url: Some("https://example.org/docs/".to_owned()), ..Options::default() };
    let all = site::render(&loaded().sources(), &options).expect("rendered");
    let text = |path: &str| {
        let page = all.iter().find(|p| p.path == path).unwrap_or_else(|| panic!("no {path}"));
        String::from_utf8_lossy(&page.bytes).into_owned()
    };
    assert!(
        text("sitemap.xml").contains("<loc>https://example.org/docs/accounts/network-access-account/</loc>")
    );
    assert!(text("404.html").contains("href=\"/docs/accounts/index.html\""));
    assert!(text("feed.xml").contains("https://example.org/docs/compare/"));
}

#[test]
fn originals_show_their_words_and_only_where_they_are_given() {
    let originals = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/docs/originals");
    if !originals.is_dir() {
        eprintln!("skipped: no original pages at {}", originals.display());
        return;
    }
    let options = Options { originals: Some(originals), ..Options::default() };
    let all = site::render(&loaded().sources(), &options).expect("rendered");
    let entry = all
        .iter()
        .find(|p| p.path == "accounts/network-access-account/r/2018-10-26/index.html")
        .expect("the page is there");
    assert!(String::from_utf8_lossy(&entry.bytes).contains("The original words"));
    let compared = all
        .iter()
        .find(|p| p.path == "compare/2016-02-09..2018-10-26/index.html")
        .expect("the page is there");
    let text = String::from_utf8_lossy(&compared.bytes);
    assert!(text.contains("id=\"network-access-account.original\""));
    let history = all
        .iter()
        .find(|p| p.path == "accounts/network-access-account/history/index.html")
        .expect("the page is there");
    let text = String::from_utf8_lossy(&history.bytes);
    assert!(text.contains("id=\"2016-02-09.original\"") && text.contains("id=\"2018-10-26.original\""));
    for page in all.iter().filter(|p| p.path.ends_with(".html")) {
        let wrong = complaints(&String::from_utf8_lossy(&page.bytes));
        assert!(wrong.is_empty(), "{}: {wrong:#?}", page.path);
    }
    assert!(!html().any(|(_, text)| text.contains("The original words")));
}

/// The colours of the style sheet: name, light, dark.
fn palette() -> Vec<(String, [String; 2])> {
    let css = pages().iter().find(|p| p.path.starts_with("assets/site.") && p.path.ends_with(".css"));
    let css = String::from_utf8_lossy(&css.expect("a style sheet").bytes).into_owned();
    css.lines()
        .filter_map(|line| {
            let (name, value) = line.trim().strip_prefix("--")?.split_once(": light-dark(")?;
            let (light, dark) = value.strip_suffix(");")?.split_once(", ")?;
            Some((name.to_owned(), [light.to_owned(), dark.to_owned()]))
        })
        .collect()
}

/// The contrast of two colours as WCAG 2 counts it.
fn contrast(a: &str, b: &str) -> f64 {
    let luminance = |colour: &str| {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).expect("a colour")) / 255.0;
            if value <= 0.039_28 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    };
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    if a > b { a / b } else { b / a }
}

#[test]
fn colours_can_be_told_apart_in_both_themes() {
    let palette = palette();
    let colour = |name: &str, theme: usize| {
        let found = palette.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no colour {name}"));
        found.1[theme].clone()
    };
    let mut pairs: Vec<(&str, &str, f64)> = Vec::new();
    for back in ["paper", "raised", "sunken", "accent-wash"] {
        pairs.extend(["ink", "soft", "accent"].map(|front| (front, back, 4.5)));
    }
    for back in ["good-wash", "bad-wash", "warn-wash"] {
        pairs.push(("ink", back, 4.5));
    }
    for front in ["good", "bad", "warn"] {
        pairs.push((front, "paper", 4.5));
    }
    pairs.extend([("good", "good-wash", 4.5), ("bad", "bad-wash", 4.5), ("warn", "warn-wash", 4.5)]);
    pairs.extend([("soft", "good-wash", 4.5), ("soft", "bad-wash", 4.5), ("line-strong", "paper", 3.0)]);
    let mut wrong = Vec::new();
    for (front, back, least) in pairs {
        for theme in [0, 1] {
            let found = contrast(&colour(front, theme), &colour(back, theme));
            if found < least {
                wrong.push(format!("{front} on {back}, theme {theme}: {found:.2}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
