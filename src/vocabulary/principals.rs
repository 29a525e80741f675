//! Principals that Windows or every domain comes with, found by identifier and by name in any language.
//!
//! This is the only list of them. It says what they are called and which of them stand for everybody or have power
//! over a domain; whether an account of an export is one of them is for `evidence` to tell.

use std::collections::HashMap;
use std::sync::Arc;

use crate::yaml::{Document, Fields, File, Node, Problem, Problems, wrong_kind};

use super::{owned, text, texts};

/// A principal that Windows or a domain comes with.
#[derive(Debug, Clone)]
pub struct WellKnown {
    /// English name.
    pub name: String,
    /// [`WellKnown::name`] in lower case: the name it goes by in keys.
    pub key: String,
    /// Language and name; a language may have several.
    pub names: Vec<(String, String)>,
    /// Other spellings in exports.
    pub also_written: Vec<String>,
    /// Its place among those of the vocabulary.
    pub number: usize,
    /// Full SID, if it is the same everywhere.
    pub sid: Option<String>,
    /// Relative id in each domain, otherwise.
    pub rid: Option<u32>,
    /// A bare name does not mean it: its authority has to stand before the name.
    pub qualified: bool,
    /// It stands for all who can sign in.
    pub everybody: bool,
    /// It is a group with power over a domain.
    pub privileged: bool,
    /// It stands in the lists of DCOM that Windows comes with.
    pub dcom_default: bool,
}

impl WellKnown {
    /// What stands before its name, in lower case: `builtin`, `nt authority`; empty for the world's own (`Everyone`)
    /// and for those of a domain.
    pub fn authority(&self) -> &'static str {
        match self.sid.as_deref() {
            Some(sid) if sid.starts_with("S-1-5-32-") => "builtin",
            Some(sid) if sid.starts_with("S-1-5-") => "nt authority",
            Some(sid) if sid.starts_with("S-1-15-") => "application package authority",
            _ => "",
        }
    }
}

/// All of them, indexed.
#[derive(Debug, Clone, Default)]
pub struct Principals {
    all: Vec<WellKnown>,
    by_sid: HashMap<String, usize>,
    by_rid: HashMap<u32, usize>,
    /// Name in lower case to those with a SID of their own.
    fixed_named: HashMap<String, Vec<usize>>,
    /// Name in lower case to the one of each domain.
    domain_named: HashMap<String, usize>,
    /// What may stand before a name, in lower case, to its English form in lower case.
    authorities: HashMap<String, String>,
}

impl Principals {
    /// All of them, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &WellKnown> {
        self.all.iter()
    }

    /// The one with that identifier, whether it is the same everywhere or one of a domain. `sid` is in capitals.
    pub fn of_sid(&self, sid: &str) -> Option<&WellKnown> {
        self.fixed(sid).or_else(|| {
            let (_, rid) = sid.strip_prefix("S-1-5-21-")?.rsplit_once('-')?;
            self.of_rid(rid.parse().ok()?)
        })
    }

    /// The one that has the same identifier everywhere. `sid` is in capitals.
    pub fn fixed(&self, sid: &str) -> Option<&WellKnown> {
        self.all.get(*self.by_sid.get(sid)?)
    }

    /// All, each at its number.
    pub fn all(&self) -> &[WellKnown] {
        &self.all
    }

    /// The one with that relative identifier in each domain.
    pub fn of_rid(&self, rid: u32) -> Option<&WellKnown> {
        self.all.get(*self.by_rid.get(&rid)?)
    }

    /// The one of that name below an authority; without one, the one that a bare name means. Names are in lower case.
    pub fn named(&self, name: &str, authority: Option<&str>) -> Option<&WellKnown> {
        let all = self.fixed_named.get(name)?.iter().filter_map(|i| self.all.get(*i));
        all.into_iter().find(|w| match authority {
            Some(authority) => w.authority() == authority,
            None => !w.qualified,
        })
    }

    /// The one of that name, in lower case, in each domain.
    pub fn of_domain(&self, name: &str) -> Option<&WellKnown> {
        self.all.get(*self.domain_named.get(name)?)
    }

    /// The English form, in lower case, of what stands before a name, if it stands for no domain and no computer.
    pub fn authority(&self, written: &str) -> Option<&str> {
        self.authorities.get(written).map(String::as_str)
    }

    /// Reads the parts `well_known` and `authorities` of the vocabulary.
    pub(super) fn read<'n>(root: &mut Fields<'n>, problems: &mut Problems) -> Self {
        let file = root.file();
        let mut out = Self::default();
        for node in root.list("well_known", problems) {
            let Some(mut f) = node.fields(file, "well-known principal", problems) else { continue };
            let known = well_known(&mut f, problems);
            f.finish(problems);
            out.add(known, file, node, problems);
        }
        for node in root.list("authorities", problems) {
            let Some(mut f) = node.fields(file, "authority", problems) else { continue };
            let name = text(&mut f, "name", problems);
            let names = languages(f.get("names"), file, problems);
            f.finish(problems);
            for written in std::iter::once(&name).chain(names.iter().map(|(_, name)| name)) {
                out.authorities.insert(written.to_lowercase(), name.to_lowercase());
            }
        }
        out
    }

    fn add(&mut self, known: WellKnown, file: &Arc<File>, node: &Node, problems: &mut Problems) {
        let number = self.all.len();
        let again = match (&known.sid, known.rid) {
            (Some(sid), None) => self.by_sid.insert(sid.clone(), number),
            (None, Some(rid)) => self.by_rid.insert(rid, number),
            _ => None,
        };
        if again.is_some() {
            let id = known.sid.clone().or(known.rid.map(|rid| rid.to_string())).unwrap_or_default();
            problems.error(file, node.head(), format!("the principal `{id}` comes twice"));
        }
        let names = known.names.iter().map(|(_, name)| name).chain(&known.also_written);
        for name in std::iter::once(&known.name).chain(names).map(|name| name.to_lowercase()) {
            if known.sid.is_some() {
                let same = self.fixed_named.entry(name).or_default();
                if !same.contains(&number) {
                    same.push(number);
                }
            } else {
                self.domain_named.entry(name).or_insert(number);
            }
        }
        self.all.push(WellKnown { number, ..known });
    }
}

/// Reads the principals of a vocabulary and nothing else; what is wrong with the file is told by who reads all of it.
pub(super) fn of(document: &Document) -> Principals {
    let mut unheard = Problems::new();
    match document.fields("vocabulary", &mut unheard) {
        Some(mut root) => Principals::read(&mut root, &mut unheard),
        None => Principals::default(),
    }
}

fn well_known(f: &mut Fields<'_>, problems: &mut Problems) -> WellKnown {
    let file = f.file();
    let name = text(f, "name", problems);
    let known = WellKnown {
        key: name.to_lowercase(),
        number: 0,
        name,
        names: languages(f.get("names"), file, problems),
        also_written: texts(f, "also_written", problems),
        sid: f.text("sid", problems).map(owned),
        rid: rid(f, problems),
        qualified: f.flag("qualified", problems).unwrap_or(false),
        everybody: f.flag("everybody", problems).unwrap_or(false),
        privileged: f.flag("privileged", problems).unwrap_or(false),
        dcom_default: f.flag("dcom_default", problems).unwrap_or(false),
    };
    if known.sid.is_some() == known.rid.is_some() {
        problems.push(
            Problem::error(file, f.head(), "a well-known principal has either `sid` or `rid`")
                .help("`sid` if it is the same everywhere, `rid` if each domain has its own"),
        );
    }
    known
}

/// Names by language; a language with several names has a list.
fn languages(node: Option<&Node>, file: &Arc<File>, problems: &mut Problems) -> Vec<(String, String)> {
    let Some(node) = node else { return Vec::new() };
    let Some(entries) = node.as_map() else {
        problems.push(wrong_kind(file, node, "`names`", "a map of languages"));
        return Vec::new();
    };
    let mut out = Vec::new();
    for (language, value) in entries {
        let one = std::slice::from_ref(value);
        for name in value.as_list().unwrap_or(one) {
            let name = name.text(file, "a name", problems);
            out.extend(name.map(|name| (language.value.clone(), name.value.to_owned())));
        }
    }
    out
}

fn rid(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<u32> {
    let rid = fields.integer("rid", problems)?;
    let value = u32::try_from(rid.value).ok();
    if value.is_none() {
        problems.error(fields.file(), rid.span, "a relative id is a number from 0 to 4294967295");
    }
    value
}

#[cfg(test)]
mod tests {
    use crate::assets::Assets;

    #[test]
    fn names_are_found_in_every_language_that_the_vocabulary_has() {
        let shipped = crate::vocabulary::principals(&Assets::content());
        for known in shipped.iter() {
            for (language, name) in &known.names {
                let name = name.to_lowercase();
                let found = match &known.sid {
                    Some(_) => shipped.named(&name, Some(known.authority())),
                    None => shipped.of_domain(&name),
                };
                let found = found.unwrap_or_else(|| panic!("{language} {name}"));
                assert_eq!((&found.sid, found.rid), (&known.sid, known.rid), "{language} {name}");
            }
        }
        let sid = |name: &str| shipped.named(name, None).and_then(|known| known.sid.clone());
        for name in ["administrators", "rendszergazdák", "администраторы", "administratorzy"] {
            assert_eq!(sid(name).as_deref(), Some("S-1-5-32-544"), "{name}");
        }
        // A name that could be anybody's needs its authority.
        assert_eq!(sid("service"), None);
        assert_eq!(
            shipped.of_sid("S-1-5-21-1-2-3-512").map(|known| known.name.as_str()),
            Some("Domain Admins")
        );
        assert!(shipped.of_sid("S-1-5-21-1-2-3-1105").is_none());
    }

    #[test]
    fn a_language_that_is_added_to_the_file_is_recognised() {
        let folder = tempfile::tempdir().unwrap();
        let text = "well_known: [{name: Guests, sid: S-1-5-32-546, names: {eo: [Gastoj, Vizitantoj]}}]\n\
                    authorities: [{name: BUILTIN, names: {eo: ENKONSTRUITA}}]\n";
        std::fs::write(folder.path().join("vocabulary.yaml"), text).unwrap();
        let own = crate::vocabulary::principals(&Assets::Folder(folder.path().to_owned()));
        let found = own.named("vizitantoj", own.authority("enkonstruita"));
        assert_eq!(found.and_then(|known| known.sid.as_deref()), Some("S-1-5-32-546"));
    }
}
