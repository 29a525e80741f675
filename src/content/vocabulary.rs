//! The names that statements, rules and evidence share.

use std::sync::Arc;

use crate::reader::SecretWords;
use crate::yaml::{Document, Fields, File, Node, Problem, Problems, Spanned, wrong_kind};

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
    pub well_known: Vec<WellKnown>,
    /// Roles of computers: those of the product, and those the documents speak of.
    pub roles: Vec<Name>,
    /// Types of sites.
    pub site_types: Vec<Name>,
    /// Sets of computers a statement can be about.
    pub places: Vec<Name>,
    /// Kinds of principals a statement can be about.
    pub principals: Vec<Name>,
    /// Words that mean the same to someone who searches.
    pub synonyms: Vec<Vec<String>>,
    /// Words that name and show a credential. Readers use those that are built in.
    pub secrets: SecretWords,
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
    /// What the policy editor calls the denial.
    pub deny_display: Option<String>,
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
    /// The constant of the mask, or the extended right.
    pub constant: Option<String>,
    /// Names of the permissions it contains.
    pub includes: Vec<String>,
    /// Whether it exists on folders only.
    pub folders_only: bool,
    /// The database role that gives it.
    pub role: Option<String>,
    /// The SQL permissions it consists of.
    pub grants: Vec<String>,
    /// The directory class or property it is limited to.
    pub object_type: Option<String>,
    /// Other spellings.
    pub also_written: Vec<String>,
}

/// A permission of the product on one of its object types.
#[derive(Debug, Clone)]
pub struct SecurablePermission {
    /// `Collection`.
    pub object: String,
    /// The number of the object type.
    pub object_type: i64,
    /// `Remote Control`.
    pub name: String,
    /// Its bit, as a mask.
    pub bit: i64,
    /// Other spellings.
    pub also_written: Vec<String>,
}

/// A principal that Windows or a domain comes with.
#[derive(Debug, Clone)]
pub struct WellKnown {
    /// English name.
    pub name: String,
    /// Language and name.
    pub names: Vec<(String, String)>,
    /// Full SID, if it is the same everywhere.
    pub sid: Option<String>,
    /// Relative id in each domain, otherwise.
    pub rid: Option<u32>,
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
    /// More words, where the name does not say it.
    pub description: Option<String>,
    /// The number of a site type in exports.
    pub number: Option<i64>,
}

impl Vocabulary {
    /// The permissions on one kind of thing.
    pub fn permissions_on(&self, on: Securable) -> impl Iterator<Item = &Permission> {
        self.permissions.iter().filter(move |p| p.on == on)
    }

    pub(super) fn read(document: &Document, problems: &mut Problems) -> Self {
        let mut out = Self::default();
        let Some(mut root) = document.fields("vocabulary", problems) else { return out };
        let file = root.file();

        each(&mut root, "evidence_kinds", "kind of evidence", problems, |f, id, problems| {
            out.evidence_kinds.push(EvidenceKind {
                id,
                description: text(f, "description", problems),
                typical_source: text(f, "typical_source", problems),
                commonly_missing: f.flag("commonly_missing", problems).unwrap_or(false),
            });
        });
        each(&mut root, "user_rights", "user right", problems, |f, id, problems| {
            out.user_rights.push(UserRight {
                id,
                display: text(f, "display", problems),
                deny: f.text("deny", problems).map(owned),
                deny_display: f.text("deny_display", problems).map(owned),
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
            let from = out.permissions.len();
            let mut included = Vec::new();
            each(&mut root, field, "permission", problems, |f, id, problems| {
                let includes = f.texts("includes", problems);
                out.permissions.push(Permission {
                    on,
                    id,
                    mask: f.integer("mask", problems).map(|m| m.value),
                    constant: f.text("constant", problems).map(owned),
                    includes: includes.iter().map(|i| i.value.to_owned()).collect(),
                    folders_only: f.flag("folders_only", problems).unwrap_or(false),
                    role: f.text("role", problems).map(owned),
                    grants: texts(f, "grants", problems),
                    object_type: f.text("object_type", problems).map(owned),
                    also_written: texts(f, "also_written", problems),
                });
                included.extend(includes);
            });
            for name in included {
                let names = || out.permissions[from..].iter().map(|p| p.id.as_str());
                if !names().any(|n| n == name.value) {
                    problems.push(Problem::unknown_name(file, name.span, "permission", name.value, names()));
                }
            }
        }
        for node in root.list("securable_permissions", problems) {
            let Some(mut of) = node.fields(file, "object type", problems) else { continue };
            let object = text(&mut of, "object", problems);
            let object_type = of.required("object_type", problems);
            let object_type = object_type.and_then(|n| n.integer(file, "`object_type`", problems));
            for node in of.list("permissions", problems) {
                let Some(mut f) = node.fields(file, "permission", problems) else { continue };
                let name = text(&mut f, "name", problems);
                let bit = f.required("bit", problems).and_then(|n| n.integer(file, "`bit`", problems));
                let also_written = texts(&mut f, "also_written", problems);
                if let (Some(bit), Some(object_type)) = (bit, object_type) {
                    let object = object.clone();
                    out.securable_permissions.push(SecurablePermission {
                        object,
                        object_type,
                        name,
                        bit,
                        also_written,
                    });
                }
                f.finish(problems);
            }
            of.finish(problems);
        }
        for node in root.list("well_known", problems) {
            let Some(mut f) = node.fields(file, "well-known principal", problems) else { continue };
            let known = WellKnown {
                name: text(&mut f, "name", problems),
                names: languages(f.get("names"), file, problems),
                sid: f.text("sid", problems).map(owned),
                rid: rid(&mut f, problems),
            };
            if known.sid.is_some() == known.rid.is_some() {
                problems.push(
                    Problem::error(file, f.head(), "a well-known principal has either `sid` or `rid`")
                        .help("`sid` if it is the same everywhere, `rid` if each domain has its own"),
                );
            }
            f.finish(problems);
            out.well_known.push(known);
        }
        for (field, what, into) in [
            ("roles", "role", &mut out.roles),
            ("site_types", "site type", &mut out.site_types),
            ("places", "place", &mut out.places),
            ("principals", "kind of principal", &mut out.principals),
        ] {
            each(&mut root, field, what, problems, |f, id, problems| {
                into.push(Name {
                    id,
                    name: text(f, "name", problems),
                    export_name: f.text("export_name", problems).map(owned),
                    description: f.text("description", problems).map(owned),
                    number: f.integer("type", problems).map(|n| n.value),
                });
            });
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
        if let Some(secrets) = root.fields("secrets", "secrets", problems) {
            out.secrets = SecretWords::read(secrets, problems);
        }
        root.finish(problems);
        out
    }
}

/// Reads a list of maps that have an `id` no other of them has.
fn each<'n>(
    root: &mut Fields<'n>,
    field: &'static str,
    what: &'static str,
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
        if let Some(id) = fields.required_text("id", problems) {
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

fn languages(node: Option<&Node>, file: &Arc<File>, problems: &mut Problems) -> Vec<(String, String)> {
    let Some(node) = node else { return Vec::new() };
    let Some(entries) = node.as_map() else {
        problems.push(wrong_kind(file, node, "`names`", "a map of languages"));
        return Vec::new();
    };
    entries
        .iter()
        .filter_map(|(key, name)| {
            Some((key.value.clone(), name.text(file, "a name", problems)?.value.to_owned()))
        })
        .collect()
}

fn rid(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<u32> {
    let rid = fields.integer("rid", problems)?;
    let value = u32::try_from(rid.value).ok();
    if value.is_none() {
        problems.error(fields.file(), rid.span, "a relative id is a number from 0 to 4294967295");
    }
    value
}
