//! The names that statements, rules and evidence share: `content/vocabulary.yaml`.
//!
//! It stands below evidence and specification because both speak of the same principals, rights and roles. It knows
//! what things are called and what belongs to a name (an identifier, a mask, a role in exports), and nothing of what is
//! documented or exported.

mod facts;
mod principals;
mod secrets;

use std::ops::Range;
use std::sync::Arc;

use crate::assets::Assets;
use crate::yaml::{Document, Fields, File, Problem, Problems, Spanned, read_all};

pub use facts::{FactKind, How, Piece, Saying};
pub use principals::{Principals, WellKnown};
pub use secrets::{Program, SecretWords, secret_words};

/// The well-known principals of a content tree. What is wrong with the file is reported by `content::load`, which reads
/// all of it.
pub fn principals(assets: &Assets) -> Principals {
    let documents = read_all(assets, |name| name == "vocabulary.yaml", &mut Problems::new());
    documents.first().map(principals::of).unwrap_or_default()
}

/// Names that statements and rules may use.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// Kinds of evidence.
    pub evidence_kinds: Vec<EvidenceKind>,
    /// User rights: constant, words in the console, constant of the denial.
    pub user_rights: Vec<UserRight>,
    /// Permissions on folders, directory objects, namespaces, DCOM and databases.
    pub permissions: Vec<Permission>,
    /// Permissions of the product on its own object types.
    pub securable_permissions: Vec<SecurablePermission>,
    /// Well-known principals: name, names in other languages, SID or relative id.
    pub well_known: Principals,
    /// Roles of computers: those of the product, and those the documents speak of.
    pub roles: Vec<Name>,
    /// Types of sites.
    pub site_types: Vec<Name>,
    /// Sets of computers a statement can be about.
    pub places: Vec<Name>,
    /// Kinds of principals a statement can be about.
    pub principals: Vec<Name>,
    /// Kinds of facts and how they are said.
    pub facts: Vec<FactKind>,
    /// Versions of the product with their first builds, oldest first.
    pub releases: Vec<(String, u32)>,
    /// Words that mean the same to someone who searches.
    pub synonyms: Vec<Vec<String>>,
    /// Names that nobody chose, in lower case: ends of domain names, and what else things come with.
    pub public_names: PublicNames,
    /// Words that name and show a credential. Readers use those that are built in.
    pub secrets: SecretWords,
    /// Its file, for messages.
    pub file: Option<Arc<File>>,
}

/// Names that Windows, the directory, SQL Server and the product come with, in lower case, beside principals.
#[derive(Debug, Clone, Default)]
pub struct PublicNames {
    /// Ends of domain names, and names that stand for no domain.
    pub domains: Vec<String>,
    /// Of folders, shares, databases, roles, policies and files.
    pub others: Vec<String>,
}

/// A kind of evidence.
#[derive(Debug, Clone)]
pub struct EvidenceKind {
    /// `local-groups`.
    pub id: String,
    /// What it is, in words.
    pub description: String,
    /// Where it usually comes from.
    pub typical_source: String,
    /// Whether exports usually lack it.
    pub commonly_missing: bool,
}

/// A user right.
#[derive(Debug, Clone)]
pub struct UserRight {
    /// `SeInteractiveLogonRight`.
    pub id: String,
    /// What the policy editor calls it.
    pub display: String,
    /// The right that denies it.
    pub deny: Option<String>,
    /// Other names for it.
    pub also_written: Vec<String>,
}

/// What a permission is a permission on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Securable {
    /// A file or folder.
    File,
    /// A WMI namespace.
    Namespace,
    /// A DCOM application.
    Dcom,
    /// A database.
    Database,
    /// An object of the directory.
    Directory,
}

/// A permission on something of Windows or SQL Server.
#[derive(Debug, Clone)]
pub struct Permission {
    /// On what.
    pub on: Securable,
    /// Its name in the console: `Read & execute`.
    pub id: String,
    /// Its access mask.
    pub mask: Option<i64>,
    /// The database role that gives it.
    pub role: Option<String>,
    /// The SQL permissions it consists of.
    pub grants: Vec<String>,
    /// The directory class or property it is limited to.
    pub object_type: Option<String>,
}

/// A permission of the product on one of its object types.
#[derive(Debug, Clone)]
pub struct SecurablePermission {
    /// `Collection`.
    pub object: String,
    /// `Remote Control`.
    pub name: String,
}

/// An id and what people call it.
#[derive(Debug, Clone)]
pub struct Name {
    /// `management-point`.
    pub id: String,
    /// `management point`.
    pub name: String,
    /// The name in exports.
    pub export_name: Option<String>,
    /// Of a place: the role that makes a computer one of these. Of a type of site: what its server is called.
    pub of: Option<String>,
    /// Of a role: whether it brings a file dispatch manager with it, where that is known.
    pub file_dispatch: Option<bool>,
    /// Why no export tells which computers these are.
    pub unjudged: Option<String>,
    /// Where its id stands in the vocabulary.
    pub span: Range<usize>,
}

impl Vocabulary {
    /// The permissions on one kind of thing.
    pub fn permissions_on(&self, on: Securable) -> impl Iterator<Item = &Permission> {
        self.permissions.iter().filter(move |p| p.on == on)
    }

    /// The kind of facts of that id.
    pub fn fact_kind(&self, id: &str) -> Option<&FactKind> {
        self.facts.iter().find(|kind| kind.id == id)
    }

    /// The role that makes a computer one of a place, if exports name it. The id may be that of the role itself.
    pub fn role_of(&self, place: &str) -> Option<&Name> {
        let place_of = self.places.iter().find(|p| p.id == place);
        let id = place_of.map_or(Some(place), |p| p.of.as_deref())?;
        self.roles.iter().find(|role| role.id == id && role.export_name.is_some())
    }

    /// The word by which the table `positions` knows the computers of a place: that of the place which stands for a
    /// role, else the role's own; or what the servers of a type of site are called.
    pub fn position<'v>(&'v self, place: &'v str) -> Option<&'v str> {
        if self.site_types.iter().any(|site| site.of.as_deref() == Some(place)) {
            return Some(place);
        }
        self.role_of(place).map(|role| self.position_of(role))
    }

    /// The word by which the table `positions` knows computers with a role.
    pub fn position_of<'v>(&'v self, role: &'v Name) -> &'v str {
        let place = self.places.iter().find(|place| place.of.as_deref() == Some(&*role.id));
        place.map_or(&role.id, |place| &place.id)
    }

    /// The names of roles in exports, and the word by which the table `positions` knows computers with each.
    pub fn role_positions(&self) -> Vec<(&str, &str)> {
        let roles = self.roles.iter();
        roles.filter_map(|role| Some((role.export_name.as_deref()?, self.position_of(role)))).collect()
    }

    /// Whether a role, by its name in exports, brings a file dispatch manager with it; none if that is not known.
    pub fn brings_file_dispatch(&self, export_name: &str) -> Option<bool> {
        let named =
            |name: &&Name| name.export_name.as_deref().is_some_and(|n| n.eq_ignore_ascii_case(export_name));
        self.roles.iter().find(named)?.file_dispatch
    }

    /// Why no export tells which computers a place or role means.
    pub fn unjudged(&self, place: &str) -> Option<&str> {
        let mut all = self.places.iter().chain(&self.roles);
        all.find(|name| name.id == place)?.unjudged.as_deref()
    }

    /// Places name roles that exports know.
    fn check_places(&self, root: &Fields<'_>, problems: &mut Problems) {
        for place in &self.places {
            let Some(role) = &place.of else { continue };
            if self.role_of(role).is_none() {
                let known = self.roles.iter().filter(|r| r.export_name.is_some()).map(|r| r.id.as_str());
                problems.push(Problem::unknown_name(root.file(), place.span.clone(), "role", role, known));
            }
        }
    }

    pub(crate) fn read(document: &Document, problems: &mut Problems) -> Self {
        let mut out = Self { file: Some(Arc::clone(&document.file)), ..Self::default() };
        let Some(mut root) = document.fields("vocabulary", problems) else { return out };
        let file = root.file();

        each(&mut root, "evidence_kinds", "kind of evidence", "id", problems, |f, id, problems| {
            out.evidence_kinds.push(EvidenceKind {
                id,
                description: text(f, "description", problems),
                typical_source: text(f, "typical_source", problems),
                commonly_missing: f.flag("commonly_missing", problems).unwrap_or(false),
            });
        });
        each(&mut root, "user_rights", "user right", "id", problems, |f, id, problems| {
            out.user_rights.push(UserRight {
                id,
                display: text(f, "display", problems),
                deny: f.text("deny", problems).map(owned),
                also_written: texts(f, "also_written", problems),
            });
        });
        for (field, on) in [
            ("ntfs_permissions", Securable::File),
            ("wmi_permissions", Securable::Namespace),
            ("dcom_permissions", Securable::Dcom),
            ("sql_permissions", Securable::Database),
            ("directory_permissions", Securable::Directory),
        ] {
            each(&mut root, field, "permission", "id", problems, |f, id, problems| {
                out.permissions.push(Permission {
                    on,
                    id,
                    mask: f.integer("mask", problems).map(|m| m.value),
                    role: f.text("role", problems).map(owned),
                    grants: texts(f, "grants", problems),
                    object_type: f.text("object_type", problems).map(owned),
                });
            });
        }
        for node in root.list("securable_permissions", problems) {
            let Some(mut of) = node.fields(file, "object type", problems) else { continue };
            let object = text(&mut of, "object", problems);
            for name in of.texts("permissions", problems) {
                let (object, name) = (object.clone(), name.value.to_owned());
                out.securable_permissions.push(SecurablePermission { object, name });
            }
            of.finish(problems);
        }
        out.well_known = Principals::read(&mut root, problems);
        for (field, what, into) in [
            ("roles", "role", &mut out.roles),
            ("site_types", "site type", &mut out.site_types),
            ("places", "place", &mut out.places),
            ("principals", "kind of principal", &mut out.principals),
        ] {
            each(&mut root, field, what, "id", problems, |f, id, problems| {
                let of = if field == "site_types" { "server" } else { "role" };
                into.push(Name {
                    name: text(f, "name", problems),
                    export_name: f.text("export_name", problems).map(owned),
                    of: f.text(of, problems).map(owned),
                    file_dispatch: f.flag("file_dispatch", problems),
                    unjudged: f.text("unjudged", problems).map(owned),
                    span: f.key("id").map_or(f.head(), |key| key.span.clone()),
                    id,
                });
            });
        }
        out.check_places(&root, problems);
        out.facts = facts::read(&mut root, problems);
        for node in root.list("releases", problems) {
            let Some(mut of) = node.fields(file, "release", problems) else { continue };
            let version = text(&mut of, "version", problems);
            let build = of.integer("build", problems).and_then(|b| u32::try_from(b.value).ok());
            if out.releases.last().is_some_and(|(_, last)| build.is_none_or(|build| build <= *last)) {
                problems.error(file, node.head(), "releases stand in the order of their builds");
            }
            out.releases.extend(build.map(|build| (version, build)));
            of.finish(problems);
        }
        for node in root.list("synonyms", problems) {
            let words = node.list(file, "each item of `synonyms`", problems).unwrap_or_default();
            if words.len() == 1 {
                problems.error(file, node.head(), "one word alone has no synonym");
            }
            out.synonyms.push(
                words
                    .iter()
                    .filter_map(|w| w.text(file, "a synonym", problems))
                    .map(|w| w.value.to_owned())
                    .collect(),
            );
        }
        if let Some(mut names) = root.fields("public_names", "public names", problems) {
            let lower = |text: String| text.to_lowercase();
            out.public_names.domains =
                texts(&mut names, "domains", problems).into_iter().map(lower).collect();
            for node in names.list("others", problems) {
                let line = node.list(file, "each item of `others`", problems).unwrap_or_default();
                let words = line.iter().filter_map(|w| w.text(file, "a name", problems));
                out.public_names.others.extend(words.map(|w| w.value.to_lowercase()));
            }
            names.finish(problems);
        }
        if let Some(secrets) = root.fields("secrets", "secrets", problems) {
            out.secrets = SecretWords::read(secrets, problems);
        }
        root.finish(problems);
        out
    }
}

/// Reads a list of maps that have an id, under `key`, that no other of them has.
fn each<'n>(
    root: &mut Fields<'n>,
    field: &'static str,
    what: &'static str,
    key: &'static str,
    problems: &mut Problems,
    mut item: impl FnMut(&mut Fields<'n>, String, &mut Problems),
) {
    let file = root.file();
    let mut seen: Vec<Spanned<&str>> = Vec::new();
    if root.required(field, problems).is_none() {
        return;
    }
    for node in root.list(field, problems) {
        let Some(mut fields) = node.fields(file, what, problems) else { continue };
        if let Some(id) = fields.required_text(key, problems) {
            if let Some(first) = seen.iter().find(|s| s.value == id.value) {
                problems.push(
                    Problem::error(file, id.span.clone(), format!("the {what} `{}` comes twice", id.value))
                        .related(file, first.span.clone(), "first here"),
                );
            }
            item(&mut fields, id.value.to_owned(), problems);
            seen.push(id);
            fields.finish(problems);
        }
    }
}

fn owned(text: Spanned<&str>) -> String {
    text.value.to_owned()
}

fn text<'n>(fields: &mut Fields<'n>, name: &'n str, problems: &mut Problems) -> String {
    fields.required_text(name, problems).map(owned).unwrap_or_default()
}

fn texts<'n>(fields: &mut Fields<'n>, name: &'n str, problems: &mut Problems) -> Vec<String> {
    fields.texts(name, problems).into_iter().map(owned).collect()
}
