//! Attack techniques and defences that statements and rules bear on: `content/techniques.yaml`.

use std::collections::BTreeSet;

use crate::yaml::{Document, Problem, Problems};

/// A technique of a public collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Technique {
    /// Its id there: `CRED-1`, `T1078.002`.
    pub id: String,
    /// What it is, in a few words.
    pub name: String,
    /// References of the statements that bear on it.
    pub statements: Vec<String>,
}

impl Technique {
    /// The collection it belongs to.
    pub fn collection(&self) -> &'static str {
        collection(&self.id)
    }

    /// Where it is described.
    pub fn url(&self) -> String {
        address(&self.id)
    }
}

/// The collection that a technique of this id belongs to.
pub(crate) fn collection(id: &str) -> &'static str {
    if is_attack(id) { "MITRE ATT&CK" } else { "Misconfiguration Manager" }
}

/// The page that describes the technique of this id.
pub(crate) fn address(id: &str) -> String {
    if is_attack(id) {
        return format!("https://attack.mitre.org/techniques/{}/", id.replace('.', "/"));
    }
    // `PREVENT-10` stands under `defense-techniques/PREVENT`.
    let family = id.split('-').next().unwrap_or(id);
    let side = if matches!(family, "PREVENT" | "DETECT" | "CANARY") { "defense" } else { "attack" };
    // The files of one family are named in capitals.
    let file = if family == "ELEVATE" { id.to_owned() } else { id.to_lowercase() };
    format!(
        "https://github.com/subat0mik/Misconfiguration-Manager/blob/main/{side}-techniques/{family}/{id}/{file}_description.md"
    )
}

/// Whether an id is one of MITRE ATT&CK: `T1078.002`.
fn is_attack(id: &str) -> bool {
    id.strip_prefix('T').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Reads the list. `made` says whether there is a statement of that reference.
pub(super) fn read(
    document: &Document,
    made: impl Fn(&str) -> bool,
    problems: &mut Problems,
) -> Vec<Technique> {
    let file = &document.file;
    let mut out = Vec::new();
    let mut seen = BTreeSet::new();
    let Some(mut root) = document.fields("list of techniques", problems) else { return out };
    for node in root.list("techniques", problems) {
        let Some(mut f) = node.fields(file, "technique", problems) else { continue };
        let (id, name) = (f.required_text("id", problems), f.required_text("name", problems));
        let statements = f.texts("statements", problems);
        f.finish(problems);
        let (Some(id), Some(name)) = (id, name) else { continue };
        if !seen.insert(id.value.to_owned()) {
            problems.error(file, id.span, format!("the technique `{}` comes twice", id.value));
        }
        for statement in statements.iter().filter(|s| !made(s.value)) {
            let text = format!("there is no statement `{}`", statement.value);
            problems.push(Problem::error(file, statement.span.clone(), text));
        }
        out.push(Technique {
            id: id.value.to_owned(),
            name: name.value.to_owned(),
            statements: statements.iter().map(|s| s.value.to_owned()).collect(),
        });
    }
    root.finish(problems);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Assets;

    #[test]
    fn each_technique_has_an_address() {
        let at =
            |id: &str| Technique { id: id.to_owned(), name: String::new(), statements: Vec::new() }.url();
        assert_eq!(at("T1078.002"), "https://attack.mitre.org/techniques/T1078/002/");
        assert!(
            at("PREVENT-10").ends_with("/defense-techniques/PREVENT/PREVENT-10/prevent-10_description.md")
        );
        assert!(
            at("TAKEOVER-1").ends_with("/attack-techniques/TAKEOVER/TAKEOVER-1/takeover-1_description.md")
        );
        assert!(at("ELEVATE-2").ends_with("/attack-techniques/ELEVATE/ELEVATE-2/ELEVATE-2_description.md"));
    }

    /// Each of the list is borne on by something, and what it names is there.
    #[test]
    fn the_list_agrees_with_statements_and_rules() {
        let (content, _) = crate::content::load(&Assets::content()).expect("the shipped content loads");
        let mut ids: Vec<&String> = content.techniques.iter().map(|t| &t.id).collect();
        assert!(ids.len() > 40);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), content.techniques.len());
        for statement in [
            "network-access-account/not-needed-with-https-or-ehttp",
            "sms-admins/members-administrative-users",
        ] {
            assert!(content.techniques_of(statement).next().is_some(), "{statement}");
        }
        assert_eq!(content.technique("cred-1").map(|t| t.id.as_str()), Some("CRED-1"));
        let spoiled = "techniques:\n  - {id: CRED-1, name: a, statements: [no/such]}\n  - {id: CRED-1, name: b}\n  - {name: c}\n";
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("techniques.yaml"), spoiled).expect("written");
        let mut problems = Problems::new();
        let documents =
            crate::yaml::read_all(&Assets::Folder(dir.path().to_owned()), |_| true, &mut problems);
        let document = documents.first().expect("YAML");
        assert_eq!(read(document, |_| false, &mut problems).len(), 2);
        assert_eq!(problems.0.len(), 3);
    }
}
