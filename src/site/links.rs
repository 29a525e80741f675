//! Links inside the site: each must lead to a file of the site, and its fragment to an anchor of that file.

use std::collections::{HashMap, HashSet};

use memchr::memmem;

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

/// The pages of the site, and what is left to check of their links when all of them are made.
pub(super) struct Links {
    /// The paths of all files, with their numbers.
    paths: HashMap<String, usize>,
    /// The path of the site on its host: `/` or `/docs/`.
    base: String,
}

/// What a page says of anchors: which it has, and which of other pages it leads to.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The fingerprints of its anchors, sorted.
    anchors: Vec<u64>,
    /// Anchors of other pages that it leads to: the number of the page, and the anchor.
    wanted: Vec<(usize, String)>,
    broken: Vec<Broken>,
}

/// FNV-1a: anchors are few and short, and nobody chooses them to deceive.
fn fingerprint(anchor: &str) -> u64 {
    anchor.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl Links {
    /// `paths` are those of all files, `base` the path of the site on its host.
    pub(super) fn new(paths: HashMap<String, usize>, base: &str) -> Self {
        Self { paths, base: base.to_owned() }
    }

    /// Takes up the links and anchors of a page.
    pub(super) fn read(&self, page: &Page) -> Found {
        let text = &*String::from_utf8_lossy(&page.bytes);
        let mut found = Found::default();
        let mut links: Vec<&str> = Vec::new();
        for needle in ["href=\"", "src=\"", "action=\""] {
            links.extend(attributes(text, needle));
        }
        found.anchors = attributes(text, "id=\"").map(fingerprint).collect();
        found.anchors.sort_unstable();
        if found.anchors.windows(2).any(|pair| pair[0] == pair[1]) {
            let mut seen = HashSet::new();
            for id in attributes(text, "id=\"").filter(|id| !seen.insert(*id)) {
                found.report(page, id, "is an anchor that comes twice");
            }
        }
        links.sort_unstable();
        links.dedup();
        let root = "../".repeat(page.path.matches('/').count());
        for link in links {
            let outside = ["https:", "http:", "mailto:", "data:"];
            if outside.iter().any(|o| link.starts_with(o)) {
                continue;
            }
            let (place, fragment) = link.split_once('#').unwrap_or((link, ""));
            let place = place.split('?').next().unwrap_or_default();
            if place.is_empty() {
                if !fragment.is_empty() && found.anchors.binary_search(&fingerprint(fragment)).is_err() {
                    found.report(page, &format!("{}#{fragment}", page.path), NO_ANCHOR);
                }
                continue;
            }
            // Most links go by way of the root.
            let direct = place.strip_prefix(root.as_str()).and_then(|path| self.paths.get(path));
            match direct.copied().map_or_else(|| self.target(page, place), Ok) {
                Err(why) => found.report(page, link, why),
                Ok(number) if !fragment.is_empty() => found.wanted.push((number, fragment.to_owned())),
                Ok(_) => {}
            }
        }
        found
    }

    /// The number of the file that a link of a page leads to, or what is wrong with it.
    fn target(&self, page: &Page, place: &str) -> Result<usize, &'static str> {
        let path = resolve(&page.path, place, &self.base).ok_or("leads out of the site")?;
        self.paths.get(&path).copied().ok_or("is not a file of the site")
    }

    /// Says whether every link leads somewhere. What was found is in the order of the files.
    pub(super) fn check(&self, found: &[Found]) -> Result<(), Error> {
        let mut broken: Vec<Broken> = found.iter().flat_map(|f| &f.broken).cloned().collect();
        let leads = |(number, anchor): &&(usize, String)| {
            let anchors = found.get(*number).map_or(&[][..], |f| &f.anchors);
            anchors.binary_search(&fingerprint(anchor)).is_ok()
        };
        for (page, of) in found.iter().enumerate() {
            for (number, anchor) in of.wanted.iter().filter(|wanted| !leads(wanted)) {
                let link = format!("{}#{anchor}", self.path(*number));
                broken.push(Broken { page: self.path(page).to_owned(), link, why: NO_ANCHOR });
            }
        }
        if broken.is_empty() {
            return Ok(());
        }
        broken.sort();
        Err(Error::Links(broken))
    }

    fn path(&self, number: usize) -> &str {
        self.paths.iter().find(|(_, n)| **n == number).map_or("", |(path, _)| path)
    }
}

const NO_ANCHOR: &str = "is not an anchor of that page";

impl Found {
    fn report(&mut self, page: &Page, link: &str, why: &'static str) {
        self.broken.push(Broken { page: page.path.clone(), link: link.to_owned(), why });
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

/// The values of an attribute of a page of our own making: in tags, quoted with `"`, with no `<` or `>` in them.
/// `needle` is its name, an equals sign and a quotation mark.
fn attributes<'h>(html: &'h str, needle: &'static str) -> impl Iterator<Item = &'h str> {
    let bytes = html.as_bytes();
    memmem::find_iter(bytes, needle).filter_map(move |at| {
        let before = &bytes[..at];
        if !before.ends_with(b" ") && !before.ends_with(b"\n") {
            return None;
        }
        let tag = memchr::memrchr2(b'<', b'>', before)?;
        if before[tag] != b'<' {
            return None;
        }
        let behind = html.get(at + needle.len()..)?;
        behind.get(..memchr::memchr(b'"', behind.as_bytes())?)
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
        let found = |needle| attributes(html, needle).collect::<Vec<_>>();
        assert_eq!([found("href=\""), found("id=\""), found("src=\"")], [["x"], ["y"], ["i"]]);
    }

    #[test]
    fn what_leads_nowhere_is_named() {
        let page = |path: &str, html: &str| Page { path: path.to_owned(), bytes: html.as_bytes().to_vec() };
        let paths = HashMap::from([("index.html".to_owned(), 0), ("a/index.html".to_owned(), 1)]);
        let links = Links::new(paths, "/");
        let check = |pages: &[Page]| links.check(&pages.iter().map(|p| links.read(p)).collect::<Vec<_>>());
        let a = page("a/index.html", r##"<p id="x"><a href="../index.html"><a href="#x"><a href="?q=1#x">"##);
        let good = r##"<a href="a/index.html#x">a</a> <a href="https://example.org/#y">"##;
        assert!(check(&[page("index.html", good), a.clone()]).is_ok());

        let bad = r##"<a href="a/index.html#no"><a href="b/index.html"><a href="#q"><p id="p"><p id="p">"##;
        let Err(Error::Links(broken)) = check(&[page("index.html", bad), a]) else {
            panic!("broken links were not found")
        };
        let whys: Vec<_> = broken.iter().map(|b| (b.page.as_str(), b.link.as_str(), b.why)).collect();
        assert_eq!(
            whys,
            [
                ("index.html", "a/index.html#no", NO_ANCHOR),
                ("index.html", "b/index.html", "is not a file of the site"),
                ("index.html", "index.html#q", NO_ANCHOR),
                ("index.html", "p", "is an anchor that comes twice"),
            ]
        );
    }
}
