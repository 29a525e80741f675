//! The site while it is being written: served on this computer only, built anew when a file changes.
//!
//! Pages are served from memory, by the names a build gives them: no address can lead to any other file, and nothing
//! is left behind when the command is ended. Each page gets one script, which reloads it after a build. When there
//! is no site, for something is wrong with it, every page says what.
//!
//! Changes are found by looking at names, sizes and times several times a second. That needs no library, and sees
//! changes on network shares and in containers too, which report none.

use std::collections::HashMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::Page;
use crate::html::escape;

mod http;

use http::{Answer, Request};

/// So often folders are looked at.
const LOOK: Duration = Duration::from_millis(300);
/// A page that waits for news is answered after this time at the latest.
const PATIENCE: Duration = Duration::from_secs(20);
/// The address of the parts that are only there while serving. No page of a site is below it.
const OWN: &str = "-serve";
const RELOAD: &str = include_str!("serve/reload.js");
const PROBLEM: &str = include_str!("serve/problem.css");
/// What published pages ask for, and that nothing may frame them.
const POLICY: &str =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'";
/// What is said with every answer.
const ALWAYS: [(&str, &str); 4] = [
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
];

/// A port of this computer that browsers on it can ask.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    port: u16,
}

impl Server {
    /// Takes a port; 0 takes any that is free. Other computers cannot reach it.
    ///
    /// # Errors
    /// When the port is taken, or may not be used.
    pub fn open(port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port })
    }

    /// Where the site is: `http://127.0.0.1:3000/`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Builds the site, answers requests, and builds it anew whenever a file in the folders `watched` changes. Does
    /// not return. `build` makes the pages, or says what is wrong with them, as plain text for the page.
    pub fn run(&self, watched: &[PathBuf], mut build: impl FnMut() -> Built, tell: impl Fn(&str)) {
        let desk = &Desk::new(self.port);
        // What is told is there already.
        let put = |built: Built| {
            desk.put(Site::new(built.site));
            tell(&built.line);
        };
        // Who asks before there is a site waits for it.
        let mut seen = Seen::look(watched);
        put(build());
        std::thread::scope(|scope| {
            let answer = |request: &Request, gone: &AtomicBool| desk.answer(request, gone);
            scope.spawn(move || http::serve(&self.listener, &ALWAYS, answer, || desk.wake()));
            loop {
                std::thread::sleep(LOOK);
                let now = Seen::look(watched);
                if now != seen {
                    seen = settled(watched, now);
                    put(build());
                }
            }
        });
    }
}

/// What came of a build.
#[derive(Debug)]
pub struct Built {
    /// The files, or what is wrong, as text.
    pub site: Result<Vec<Page>, String>,
    /// What is said of it.
    pub line: String,
}

/// What folders hold once nothing changes any more: an editor may write a file in several steps.
fn settled(watched: &[PathBuf], mut last: Seen) -> Seen {
    let start = Instant::now();
    loop {
        std::thread::sleep(Duration::from_millis(60));
        let now = Seen::look(watched);
        if now == last || start.elapsed() > Duration::from_secs(3) {
            return now;
        }
        last = now;
    }
}

/// Names, sizes and times of all files of some folders.
#[derive(Debug, PartialEq, Eq)]
struct Seen(HashMap<PathBuf, (u64, Option<SystemTime>)>);

impl Seen {
    fn look(roots: &[PathBuf]) -> Self {
        let all = roots.iter().flat_map(|root| walkdir::WalkDir::new(root).follow_links(true));
        // What cannot be read now is as good as not there; the build will say so.
        let files = all.filter_map(Result::ok).filter(|e| e.file_type().is_file()).filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            Some((entry.path().to_owned(), (metadata.len(), metadata.modified().ok())))
        });
        Self(files.collect())
    }
}

/// What is served: all files of a site, or what is wrong.
#[derive(Debug)]
enum Site {
    Files(HashMap<String, Vec<u8>>),
    Problem(String),
}

impl Site {
    fn new(built: Result<Vec<Page>, String>) -> Self {
        match built {
            Ok(pages) => Self::Files(pages.into_iter().map(|p| (p.path, p.bytes)).collect()),
            Err(text) => Self::Problem(text),
        }
    }
}

/// What a request wants.
#[derive(Debug, PartialEq, Eq)]
enum Reply {
    Now(Answer),
    /// To be told when there is something new.
    Later,
}

/// The site that is served now, and the pages that wait for the next.
#[derive(Debug)]
struct Desk {
    /// Also the number of the site; both change together.
    site: Mutex<(u64, Arc<Site>)>,
    news: Condvar,
    /// Tells this run of the command from others, so that pages of an earlier run are reloaded.
    run: u128,
    port: u16,
}

impl Desk {
    fn new(port: u16) -> Self {
        let run = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_nanos());
        let first = Site::Problem("The site is being built …".to_owned());
        Self { site: Mutex::new((0, Arc::new(first))), news: Condvar::new(), run, port }
    }

    fn site(&self) -> MutexGuard<'_, (u64, Arc<Site>)> {
        self.site.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn version(&self, number: u64) -> String {
        format!("{}.{number}", self.run)
    }

    fn now(&self) -> (String, Arc<Site>) {
        let site = self.site();
        (self.version(site.0), Arc::clone(&site.1))
    }

    /// Serves another site from now on.
    fn put(&self, site: Site) {
        let mut place = self.site();
        *place = (place.0 + 1, Arc::new(site));
        drop(place);
        self.news.notify_all();
    }

    /// Has every page that waits look whether it still has to.
    fn wake(&self) {
        drop(self.site());
        self.news.notify_all();
    }

    /// The answer to a request; it does not wait any longer once its client has gone.
    fn answer(&self, request: &Request, gone: &AtomicBool) -> Answer {
        match self.reply(&request.target, request.host.as_deref()) {
            Reply::Now(answer) => answer,
            Reply::Later => {
                let asked = asked(&request.target);
                let same = |site: &mut (u64, _)| {
                    asked == Some(self.version(site.0).as_str()) && !gone.load(Ordering::Relaxed)
                };
                let waited = self.news.wait_timeout_while(self.site(), PATIENCE, same);
                let number = waited.unwrap_or_else(PoisonError::into_inner).0.0;
                told(asked, &self.version(number))
            }
        }
    }

    fn reply(&self, url: &str, host: Option<&str>) -> Reply {
        if !self.ours(host) {
            // A page of some other site that had its name lead here must not read what is served.
            return plain(403, "this server answers for 127.0.0.1 and localhost only\n");
        }
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let Ok(path) = percent_decode_str(path).decode_utf8() else {
            return plain(400, "this address is not UTF-8\n");
        };
        let Some(path) = path.strip_prefix('/') else { return plain(400, "this address is no path\n") };
        let (version, site) = self.now();
        if let Some(own) = path.strip_prefix(OWN).and_then(|p| p.strip_prefix('/')) {
            return match own {
                "reload.js" => Reply::Now(Answer::new(200, JAVASCRIPT, RELOAD)),
                "problem.css" => Reply::Now(Answer::new(200, CSS, PROBLEM)),
                "wait.js" if asked(url) == Some(version.as_str()) => Reply::Later,
                "wait.js" => Reply::Now(told(asked(url), &version)),
                _ => plain(404, "there is nothing here\n"),
            };
        }
        Reply::Now(match &*site {
            Site::Problem(text) => problem(text, &version),
            Site::Files(files) => file(files, path, &version),
        })
    }

    /// Whether a request is meant for this server, by the host it names.
    fn ours(&self, host: Option<&str>) -> bool {
        let Some(host) = host else { return false };
        let (name, port) = host.rsplit_once(':').unwrap_or((host, "80"));
        port.parse() == Ok(self.port)
            && (name == Ipv4Addr::LOCALHOST.to_string() || name.eq_ignore_ascii_case("localhost"))
    }
}

fn plain(status: u16, text: &str) -> Reply {
    Reply::Now(Answer::plain(status, text))
}

/// The version a waiting page has.
fn asked(url: &str) -> Option<&str> {
    url.split_once('?')?.1.split('&').find_map(|part| part.strip_prefix("version="))
}

/// What a page that asks for news is told.
fn told(asked: Option<&str>, version: &str) -> Answer {
    let same = asked.is_none() || asked == Some(version);
    Answer::new(200, JAVASCRIPT, if same { "" } else { "location.reload();\n" })
}

/// A file of the site, by its address.
fn file(files: &HashMap<String, Vec<u8>>, path: &str, version: &str) -> Answer {
    let index =
        if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path.into() };
    if let Some(bytes) = files.get(&index) {
        return page(200, &index, bytes, version);
    }
    let folder = format!("{path}/");
    if files.contains_key(&format!("{folder}index.html")) {
        // Links of the page are relative to its folder.
        let encoded: Vec<String> =
            folder.split('/').map(|p| utf8_percent_encode(p, NON_ALPHANUMERIC).to_string()).collect();
        let mut answer = Answer::new(308, TEXT, "");
        answer.location = Some(format!("/{}", encoded.join("/")));
        return answer;
    }
    match files.get("404.html") {
        Some(bytes) => page(404, "404.html", bytes, version),
        None => Answer::new(404, TEXT, "there is no such page\n"),
    }
}

/// A file as it is, but with the script that reloads it in a page.
fn page(status: u16, path: &str, bytes: &[u8], version: &str) -> Answer {
    let kind = kind(path);
    let mut bytes = bytes.to_vec();
    if kind == HTML {
        let end = b"</head>";
        if let Some(at) = bytes.windows(end.len()).position(|w| w == end) {
            bytes.splice(at..at, reload(version).into_bytes());
        }
    }
    Answer::new(status, kind, bytes)
}

fn reload(version: &str) -> String {
    format!(
        "<script src=\"/{OWN}/reload.js\" data-version=\"{version}\" data-wait=\"/{OWN}/wait.js\" defer></script>\n"
    )
}

/// The page that says what is wrong. It comes back by itself when that is mended.
fn problem(text: &str, version: &str) -> Answer {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>The site cannot be built</title>\n<link rel=\"stylesheet\" href=\"/{OWN}/problem.css\">\n{}</head>\n\
         <body>\n<main>\n<h1>The site cannot be built</h1>\n\
         <p>This page comes back by itself as soon as it can be.</p>\n\
         <pre tabindex=\"0\">{}</pre>\n</main>\n</body>\n</html>\n",
        reload(version),
        escape(text)
    );
    Answer::new(500, HTML, html)
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// The content type of a file, by its name.
fn kind(path: &str) -> &'static str {
    let extension = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map_or("", |(_, e)| e);
    match extension {
        "html" => HTML,
        "css" => CSS,
        "js" => JAVASCRIPT,
        "json" => "application/json",
        "xml" if path.ends_with("feed.xml") => "application/atom+xml; charset=utf-8",
        "xml" => "application/xml; charset=utf-8",
        "svg" => "image/svg+xml",
        "txt" | "md" => TEXT,
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk() -> Desk {
        let desk = Desk::new(3000);
        let page = |path: &str, text: &str| Page { path: path.to_owned(), bytes: text.as_bytes().to_vec() };
        desk.put(Site::new(Ok(vec![
            page("index.html", "<head></head>home"),
            page("a b/index.html", "<head></head>a"),
            page("404.html", "<head></head>lost"),
            page("assets/site.1.css", "body{}"),
            page("feed.xml", "<feed/>"),
        ])));
        desk
    }

    fn get(desk: &Desk, url: &str) -> Answer {
        match desk.reply(url, Some("127.0.0.1:3000")) {
            Reply::Now(answer) => answer,
            Reply::Later => panic!("{url} waits"),
        }
    }

    fn text(answer: &Answer) -> String {
        String::from_utf8(answer.bytes.clone()).unwrap()
    }

    #[test]
    fn files_are_served_by_name_with_their_types() {
        let desk = desk();
        let home = get(&desk, "/?q=x#y");
        assert_eq!((home.status, home.kind), (200, HTML));
        assert!(text(&home).contains("reload.js") && text(&home).ends_with("</head>home"), "{}", text(&home));
        assert_eq!(get(&desk, "/a%20b/").status, 200);
        let css = get(&desk, "/assets/site.1.css");
        assert_eq!((css.kind, text(&css).as_str()), (CSS, "body{}"));
        assert!(get(&desk, "/feed.xml").kind.starts_with("application/atom+xml"));
        let folder = get(&desk, "/a%20b");
        assert_eq!((folder.status, folder.location.as_deref()), (308, Some("/a%20b/")));
        let lost = get(&desk, "/nowhere/");
        assert_eq!(lost.status, 404);
        assert!(text(&lost).contains("lost"));
    }

    #[test]
    fn no_address_leads_out_of_the_site() {
        let desk = desk();
        for url in [
            "/../Cargo.toml",
            "/%2e%2e/Cargo.toml",
            "/..%2fCargo.toml",
            "/a%20b/../../Cargo.toml",
            "//etc/passwd",
            "/%2fetc/passwd",
            "/C:/Windows/win.ini",
            "/..%5cCargo.toml",
            "/index.html%00.css",
            "/-serve/../Cargo.toml",
        ] {
            assert_eq!(get(&desk, url).status, 404, "{url}");
        }
        assert_eq!(get(&desk, "/%ff").status, 400);
        assert_eq!(get(&desk, "http://127.0.0.1:3000/").status, 400);
        // A folder's address cannot be made to lead to another host.
        assert_eq!(get(&desk, "//a%20b").location, None);
    }

    #[test]
    fn only_this_computer_by_its_names() {
        let desk = desk();
        let status = |host: Option<&str>| match desk.reply("/", host) {
            Reply::Now(answer) => answer.status,
            Reply::Later => 0,
        };
        assert_eq!(status(Some("localhost:3000")), 200);
        for host in [None, Some("evil.example:3000"), Some("127.0.0.1"), Some("127.0.0.1:3001"), Some("")] {
            assert_eq!(status(host), 403, "{host:?}");
        }
    }

    #[test]
    fn a_page_waits_until_there_is_something_new() {
        let desk = desk();
        let (version, _) = desk.now();
        let url = format!("/-serve/wait.js?version={version}&at=1");
        assert_eq!(desk.reply(&url, Some("localhost:3000")), Reply::Later);
        desk.put(Site::new(Ok(Vec::new())));
        assert_eq!(text(&get(&desk, &url)), "location.reload();\n");
        // A page of an earlier run is told at once too.
        assert_eq!(text(&get(&desk, "/-serve/wait.js?version=1.1")), "location.reload();\n");
        assert_eq!(text(&get(&desk, "/-serve/wait.js")), "");
    }

    #[test]
    fn what_is_wrong_is_shown_in_every_page_and_escaped() {
        let desk = desk();
        desk.put(Site::new(Err("accounts/x.yaml:1: <script>alert(1)</script>".to_owned())));
        let page = get(&desk, "/a%20b/");
        assert_eq!((page.status, page.kind), (500, HTML));
        let html = text(&page);
        assert!(html.contains("accounts/x.yaml:1: &lt;script&gt;alert(1)"), "{html}");
        assert!(html.contains("reload.js") && !html.contains("<script>alert"), "{html}");
    }

    #[test]
    fn a_change_of_any_file_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let roots = vec![dir.path().to_owned(), dir.path().join("absent")];
        let file = dir.path().join("deep/x.yaml");
        let empty = Seen::look(&roots);
        std::fs::create_dir(dir.path().join("deep")).unwrap();
        std::fs::write(&file, "a").unwrap();
        let one = Seen::look(&roots);
        assert_ne!(empty, one);
        assert_eq!(one, Seen::look(&roots));
        let later = SystemTime::now() + Duration::from_secs(5);
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(later).unwrap();
        let touched = Seen::look(&roots);
        assert_ne!(one, touched);
        std::fs::remove_file(&file).unwrap();
        assert_eq!(Seen::look(&roots), empty);
        assert_ne!(touched, empty);
    }
}
