//! Links inside the site: each must lead to a file of the site, and its fragment to an anchor of that file.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use super::{Error, Page};

/// A link that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broken {
    /// The page that has it.
    pub page: String,
    /// Where it leads, or the anchor that comes twice.
    pub link: String,
    /// What is wrong.
    pub why: &'static str,
}

/// What is told of broken links.
pub(super) fn describe(broken: &[Broken]) -> String {
    use std::fmt::Write;
    let mut out = match broken.len() {
        1 => "a link inside the site leads nowhere:".to_owned(),
        n => format!("{n} links inside the site lead nowhere:"),
    };
    for one in broken.iter().take(20) {
        let _ = write!(out, "\n  {}: `{}` {}", one.page, one.link, one.why);
    }
    if broken.len() > 20 {
        let _ = write!(out, "\n  and {} more", broken.len() - 20);
    }
    out
}

const SHARDS: usize = 16;

/// The links and anchors of all pages, gathered while the pages are made.
pub(super) struct Links {
    paths: HashSet<String>,
    /// The path of the site on its host: `/` or `/docs/`.
    base: String,
    /// Target and fragment to the first page that leads there.
    wanted: [Mutex<HashMap<String, (usize, String)>>; SHARDS],
    /// Page and anchor, as `page#anchor`.
    anchors: [Mutex<HashSet<String>>; SHARDS],
    broken: Mutex<Vec<Broken>>,
}

fn shard(text: &str) -> usize {
    text.bytes().fold(0_usize, |h, b| h.wrapping_mul(31).wrapping_add(usize::from(b))) % SHARDS
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Links {
    pub(super) fn new(paths: HashSet<String>, base: &str) -> Self {
        Self {
            paths,
            base: base.to_owned(),
            wanted: std::array::from_fn(|_| Mutex::default()),
            anchors: std::array::from_fn(|_| Mutex::default()),
            broken: Mutex::default(),
        }
    }

    /// Takes up the links and anchors of a page.
    pub(super) fn read(&self, number: usize, page: &Page) {
        let text = String::from_utf8_lossy(&page.bytes);
        let mut seen: HashSet<&str> = HashSet::new();
        let mut ids: HashSet<&str> = HashSet::new();
        for (name, value) in attributes(&text) {
            match name {
                "id" => {
                    if ids.insert(value) {
                        let key = format!("{}#{value}", page.path);
                        lock(&self.anchors[shard(&key)]).insert(key);
                    } else {
                        self.report(page, value, "is an anchor that comes twice");
                    }
                }
                _ if seen.insert(value) => self.link(number, page, value),
                _ => {}
            }
        }
    }

    fn report(&self, page: &Page, link: &str, why: &'static str) {
        lock(&self.broken).push(Broken { page: page.path.clone(), link: link.to_owned(), why });
    }

    fn link(&self, number: usize, page: &Page, link: &str) {
        let outside = ["https:", "http:", "mailto:", "data:"];
        if outside.iter().any(|o| link.starts_with(o)) {
            return;
        }
        let (place, fragment) = match link.split_once('#') {
            Some((place, fragment)) => (place, fragment),
            None => (link, ""),
        };
        let place = place.split('?').next().unwrap_or_default();
        let Some(path) = resolve(&page.path, place, &self.base) else {
            self.report(page, link, "leads out of the site");
            return;
        };
        if !self.paths.contains(&path) {
            self.report(page, link, "is not a file of the site");
        } else if !fragment.is_empty() {
            let key = format!("{path}#{fragment}");
            let mut wanted = lock(&self.wanted[shard(&key)]);
            match wanted.get_mut(&key) {
                Some(first) if number < first.0 => *first = (number, page.path.clone()),
                Some(_) => {}
                None => {
                    wanted.insert(key, (number, page.path.clone()));
                }
            }
        }
    }

    /// Says whether every link leads somewhere.
    pub(super) fn check(self) -> Result<(), Error> {
        let mut broken = self.broken.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (wanted, anchors) in self.wanted.into_iter().zip(self.anchors) {
            let wanted = wanted.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
            let anchors = anchors.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
            for (link, (_, page)) in wanted {
                if !anchors.contains(&link) {
                    broken.push(Broken { page, link, why: "is not an anchor of that page" });
                }
            }
        }
        if broken.is_empty() {
            return Ok(());
        }
        broken.sort();
        Err(Error::Links(broken))
    }
}

/// The path of a link from a page; none if it leads above the root. A link that begins with `/` begins at the host.
fn resolve(page: &str, link: &str, base: &str) -> Option<String> {
    if link.is_empty() {
        return Some(page.to_owned());
    }
    let (mut parts, link): (Vec<&str>, &str) = match link.starts_with('/') {
        true => (Vec::new(), link.strip_prefix(base)?),
        false => (page.split('/').collect(), link),
    };
    parts.pop();
    for part in link.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    if parts.last().is_some_and(|p| p.is_empty()) || parts.is_empty() {
        parts.pop();
        parts.push("index.html");
    }
    Some(parts.join("/"))
}

/// The attributes `id`, `href`, `src` and `action` of a page of our own making: in tags, quoted with `"`.
fn attributes(html: &str) -> impl Iterator<Item = (&'static str, &str)> {
    let tags = html.split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag));
    tags.flat_map(|tag| {
        let mut rest = tag;
        std::iter::from_fn(move || {
            loop {
                let (before, behind) = rest.split_once("=\"")?;
                let (value, after) = behind.split_once('"')?;
                rest = after;
                let name = before.rsplit([' ', '\n']).next().unwrap_or_default();
                let known = ["id", "href", "src", "action"].into_iter().find(|n| *n == name);
                if let Some(name) = known {
                    return Some((name, value));
                }
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_from_where_they_stand() {
        assert_eq!(resolve("a/b/index.html", "../c/index.html", "/").as_deref(), Some("a/c/index.html"));
        assert_eq!(resolve("a/index.html", "", "/").as_deref(), Some("a/index.html"));
        assert_eq!(resolve("a/index.html", "../", "/").as_deref(), Some("index.html"));
        assert_eq!(resolve("404.html", "/d/x/index.html", "/d/").as_deref(), Some("x/index.html"));
        assert_eq!(resolve("index.html", "../x", "/"), None);
    }

    #[test]
    fn attributes_are_those_of_tags() {
        let html = "<a\nhref=\"x\" data-id=\"no\" id=\"y\">say id=\"z\"</a> <img src=\"i\">";
        let found: Vec<_> = attributes(html).collect();
        assert_eq!(found, [("href", "x"), ("id", "y"), ("src", "i")]);
    }

    #[test]
    fn what_leads_nowhere_is_named() {
        let page = |path: &str, html: &str| Page { path: path.to_owned(), bytes: html.as_bytes().to_vec() };
        let paths: HashSet<String> = ["index.html", "a/index.html"].map(str::to_owned).into();
        let good = [
            page("index.html", r##"<a href="a/index.html#x">a</a> <a href="https://example.org/#y">"##),
            page("a/index.html", r##"<p id="x"><a href="../index.html">"##),
        ];
        let links = Links::new(paths.clone(), "/");
        good.iter().enumerate().for_each(|(i, p)| links.read(i, p));
        assert!(links.check().is_ok());

        let links = Links::new(paths, "/");
        links.read(
            0,
            &page("index.html", r##"<a href="a/index.html#no"><a href="b/index.html"><p id="p"><p id="p">"##),
        );
        let Err(Error::Links(broken)) = links.check() else { panic!("broken links were not found") };
        let whys: Vec<_> = broken.iter().map(|b| (b.link.as_str(), b.why)).collect();
        assert_eq!(
            whys,
            [
                ("a/index.html#no", "is not an anchor of that page"),
                ("b/index.html", "is not a file of the site"),
                ("p", "is an anchor that comes twice"),
            ]
        );
    }
}
