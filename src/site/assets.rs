//! Style sheets and scripts: named by what they hold, so that a browser may keep them for ever.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Error, Options, Page};

/// The static files of a site.
#[derive(Debug)]
pub(super) struct Static {
    /// Their pages.
    pub(super) pages: Vec<Page>,
    /// From the name in `site/` to the path in the site: `site.css` to `assets/site.1f0c….css`.
    pub(super) names: BTreeMap<String, String>,
}

impl Static {
    /// Reads the static files. `made` are files made for this build, which are named in the same way.
    pub(super) fn read(options: &Options, made: Vec<(String, String)>) -> Result<Self, Error> {
        let files = options.assets.files().map_err(Error::file(options.assets.root()))?;
        let all = files.into_iter().map(|f| (f.name, f.text.into_owned())).chain(made);
        let all =
            all.map(|(name, text)| if name.ends_with(".js") { (name, slim(&text)) } else { (name, text) });
        let mut out = Self { pages: Vec::new(), names: BTreeMap::new() };
        for (name, text) in all {
            // Files for the root of the site keep their names.
            let path = match name.strip_prefix("root/") {
                Some(name) => name.to_owned(),
                None => named(&name, text.as_bytes()),
            };
            out.names.insert(name, path.clone());
            out.pages.push(Page { path, bytes: text.into_bytes() });
        }
        Ok(out)
    }
}

/// A script without what only its readers need: indentation, and comments on lines of their own. A script with a
/// text that goes on over lines stays as it is.
fn slim(script: &str) -> String {
    if script.lines().any(|line| line.matches('`').count() % 2 == 1) {
        return script.to_owned();
    }
    let mut out = String::with_capacity(script.len());
    let mut comment = false;
    for line in script.lines().map(str::trim) {
        // A comment with code behind it on the same line stays.
        let whole = |line: &str| line.find("*/").is_none_or(|end| end + 2 == line.len());
        if comment || (line.starts_with("/*") && whole(line)) {
            comment = !line.contains("*/");
            if let Some((_, code)) = line.split_once("*/")
                && !code.is_empty()
                && !line.starts_with("/*")
            {
                out.push_str(code.trim_start());
                out.push('\n');
            }
        } else if !line.is_empty() && !line.starts_with("//") {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// `assets/NAME.HASH.EXT`.
fn named(name: &str, bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hash: String = digest.iter().take(5).map(|b| format!("{b:02x}")).collect();
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("assets/{stem}.{hash}.{extension}"),
        None => format!("assets/{name}.{hash}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_travel_without_their_comments() {
        let script =
            "// What it is.\n/** One. */\nf(1);\n\n  /** Two,\n      three. */\n  g(\"//\"); // said\n";
        assert_eq!(slim(script), "f(1);\ng(\"//\"); // said\n");
        let behind = "/* a */ f(1);\n/* b\n c */ g(2);\nh(3);\n";
        assert_eq!(slim(behind), "/* a */ f(1);\ng(2);\nh(3);\n");
        let lines = "f(`a\n  b`);\n";
        assert_eq!(slim(lines), lines);
    }

    #[test]
    fn a_name_tells_the_bytes() {
        assert_eq!(named("site.css", b"a"), named("site.css", b"a"));
        assert_ne!(named("site.css", b"a"), named("site.css", b"b"));
        assert!(named("icons/x.svg", b"").starts_with("assets/icons/x."));
    }
}
