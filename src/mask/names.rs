//! The names of an estate: what cells of accounts, computers, sites and paths are made of, and the texts that people chose.

use std::collections::HashMap;

use super::Kind;
use super::public::Public;
use crate::evidence::{
    Account, AccountForm, Cell, Evidence, Fact, Made, Scalar, Schema, TableSchema, computer_name,
};

/// What the texts of a field are: names of a kind, words that everybody knows, or something that is found otherwise
/// (identifiers). None if nobody has said so.
pub(super) fn text_field(table: &str, field: &str) -> Option<Option<Kind>> {
    let kind = match (table, field) {
        ("user_rights" | "policies", "source") => return Some(None),
        ("source_permissions", "object") | ("secrets", "name" | "class" | "shape") => return Some(None),
        (
            _,
            "forest" | "domain" | "dns_domain" | "netbios" | "dns" | "source_domain" | "target" | "domains",
        ) => Kind::Domain,
        ("trusts", "source") => Kind::Domain,
        (_, "source" | "server" | "proxy") => Kind::Host,
        ("client_computers", "name") => Kind::Host,
        (_, "upn") => Kind::Account,
        (_, "task_sequence") => Kind::Sequence,
        (_, "step" | "group" | "holder") => Kind::Step,
        (_, "package") => Kind::Package,
        (_, "policy") => Kind::Policy,
        (_, "database") => Kind::Database,
        (_, "setting") => Kind::Setting,
        (_, "role" | "roles") => Kind::Role,
        (_, "share") => Kind::Share,
        (_, "profile") => Kind::Path,
        (_, "location" | "applies_to" | "object" | "scopes" | "what" | "application" | "principal") => {
            Kind::Object
        }
        (
            _,
            "sid" | "group_sid" | "primary_group" | "role_id" | "confined_to" | "inherited_by" | "namespace"
            | "type" | "site_type" | "entity" | "mode" | "usage" | "right" | "permission" | "permissions"
            | "kind" | "password" | "object_type" | "generic" | "authentication" | "position" | "scope"
            | "class" | "direction" | "list" | "state" | "generation" | "certainty" | "version" | "evidence"
            | "why",
        ) => return Some(None),
        _ => return None,
    };
    Some(Some(kind))
}

/// Names in lower case and what they are of.
#[derive(Debug, Default)]
pub(super) struct Names(pub(super) HashMap<String, Kind>);

impl Names {
    /// All that tables which exports fill hold, gaps included.
    pub(super) fn of(schema: &Schema, evidence: &Evidence, public: &Public) -> Self {
        let mut out = Self::default();
        for (table, rows) in schema.tables.iter().zip(&evidence.tables) {
            if !matches!(table.made, Made::Exported) {
                continue;
            }
            let all = rows.rows.iter().map(|row| &row.cells).chain(rows.gaps.iter().map(|gap| &gap.cells));
            for cells in all {
                for (number, cell) in cells.iter().enumerate() {
                    out.cell(table, number, cell, public);
                }
            }
        }
        out
    }

    fn cell(&mut self, table: &TableSchema, number: usize, cell: &Cell, public: &Public) {
        let Some(field) = table.fields.get(number) else { return };
        match &cell.fact {
            Fact::List(cells) => cells.iter().for_each(|cell| self.cell(table, number, cell, public)),
            Fact::Account(account) => self.account(account, public),
            Fact::Text(text) => match field.kind.scalar {
                Scalar::Computer => self.computer(text, public),
                Scalar::Site => self.add(text, Kind::Site, public),
                Scalar::Path => self.path(text, public),
                Scalar::Account => self.any(text, Kind::Account, public),
                // One of a few words.
                Scalar::Text | Scalar::Name if !field.domain.is_empty() => {}
                Scalar::Text | Scalar::Name => {
                    if let Some(kind) = text_field(&table.name, &field.name).unwrap_or(Some(Kind::Object)) {
                        self.any(text, kind, public);
                    }
                }
                Scalar::Integer | Scalar::Flag | Scalar::Date => {}
            },
            Fact::Unknown(_) | Fact::Empty | Fact::Flag(_) | Fact::Integer(_) => {}
        }
    }

    fn account(&mut self, account: &Account, public: &Public) {
        match &account.form {
            AccountForm::DownLevel { domain, name } => {
                self.domain_part(domain, public);
                self.user(name, public);
            }
            AccountForm::Principal { name, suffix } => {
                self.domain(suffix, public);
                self.user(name, public);
            }
            AccountForm::Distinguished { .. } => self.any(&account.written, Kind::Account, public),
            AccountForm::Bare => self.user(&account.written, public),
            AccountForm::Sid => {}
        }
    }

    /// What stands before a backslash: a domain, a computer, or what stands for neither.
    fn domain_part(&mut self, domain: &str, public: &Public) {
        if domain.contains('.') {
            return self.domain(domain, public);
        }
        if !public.is_authority(&domain.to_lowercase()) {
            self.add(domain, Kind::Domain, public);
        }
    }

    fn user(&mut self, name: &str, public: &Public) {
        match name.strip_suffix('$') {
            Some(computer) => self.add(computer, Kind::Host, public),
            None => self.add(name, Kind::Account, public),
        }
    }

    fn computer(&mut self, text: &str, public: &Public) {
        let Some(name) = computer_name(text) else { return };
        match name.split_once('.') {
            Some((host, domain)) if !is_address(name) => {
                self.add(host, Kind::Host, public);
                self.domain(domain, public);
            }
            _ => self.add(name, Kind::Host, public),
        }
        // Whose account it is may stand before it.
        if let Some((domain, _)) =
            text.trim_start_matches('\\').split_once('\\').filter(|_| !text.starts_with('\\'))
        {
            self.domain_part(domain, public);
        }
    }

    /// The labels of a domain, but for an end that many have.
    fn domain(&mut self, domain: &str, public: &Public) {
        let mut labels: Vec<&str> = domain.split('.').filter(|label| !label.is_empty()).collect();
        labels.pop_if(|end| public.ends_domain(&end.to_lowercase()));
        labels.into_iter().for_each(|label| self.add(label, Kind::Domain, public));
    }

    /// The parts of a path: a computer, a share, folders, a file without its ending.
    pub(super) fn path(&mut self, path: &str, public: &Public) {
        let network = path.starts_with("\\\\") || path.starts_with("//");
        for (i, part) in path.split(['\\', '/', '!']).filter(|part| !part.is_empty()).enumerate() {
            let drive = part.len() == 2 && part.ends_with(':');
            if network && i == 0 {
                self.computer(part, public);
            } else if !drive && !matches!(part, "." | "..") {
                let kind = if network && i == 1 { Kind::Share } else { Kind::Path };
                self.add(stem(part), kind, public);
                self.add(part, kind, public);
            }
        }
    }

    /// A text of which it is not known how it is written.
    fn any(&mut self, text: &str, kind: Kind, public: &Public) {
        let text = text.trim();
        let text = ["LDAP://", "ldap://", "GC://", "WinNT://"]
            .iter()
            .find_map(|p| text.strip_prefix(p))
            .unwrap_or(text);
        let relative = |part: &str| {
            let (key, value) = part.split_once('=')?;
            let short = key.trim().len() <= 2 && key.trim().chars().all(|c| c.is_ascii_alphabetic());
            short.then(|| (key.trim().to_lowercase(), value.trim().to_owned()))
        };
        let parts: Vec<&str> = text.split(',').collect();
        if text.contains('=') && parts.iter().any(|part| relative(part).is_some()) {
            for part in parts {
                match relative(part) {
                    Some((key, value)) if key == "dc" => self.domain(&value, public),
                    Some((key, value)) if key == "cn" && kind == Kind::Account => self.user(&value, public),
                    Some((_, value)) => self.add(&value, Kind::Object, public),
                    None => self.add(part, Kind::Object, public),
                }
            }
        } else if text.starts_with("\\\\") || text.get(1..3) == Some(":\\") {
            self.path(text, public);
        } else if let Some((domain, name)) = text.split_once('\\') {
            self.domain_part(domain, public);
            self.user(name, public);
        } else if let Some((name, domain)) = text.rsplit_once('@').filter(|(name, _)| !name.is_empty()) {
            self.user(name, public);
            self.domain(domain, public);
        } else if text.contains('/') {
            self.add(text, kind, public);
            text.split('/').for_each(|part| self.any(part, kind, public));
        } else if kind <= Kind::Domain || kind == Kind::Object {
            let dns = text.contains('.') && !text.contains(' ') && !is_address(text);
            match text.split_once('.') {
                Some((host, domain)) if dns && kind == Kind::Host => {
                    self.add(host, Kind::Host, public);
                    self.domain(domain, public);
                }
                Some(_) if dns => self.domain(text, public),
                _ => self.add(text, kind, public),
            }
        } else {
            self.add(text, kind, public);
        }
    }

    pub(super) fn add(&mut self, name: &str, kind: Kind, public: &Public) {
        let name = name.trim().trim_matches('"').to_lowercase();
        let name = name.strip_suffix('$').filter(|_| kind == Kind::Host).unwrap_or(&name);
        // Variables are no names, and identifiers are found by their form.
        if name.is_empty() || name == "." || name.contains('%') || name.starts_with("s-1-") {
            return;
        }
        if public.knows(kind, name) {
            if let Some(site) = public.site_of(name) {
                self.0.entry(site.to_owned()).or_insert(Kind::Site);
            }
            return;
        }
        let known = self.0.entry(name.to_owned()).or_insert(kind);
        *known = kind.min(*known);
    }
}

/// A name of a file without what tells its kind.
pub(super) fn stem(part: &str) -> &str {
    match part.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && is_ending(ending) => stem,
        _ => part,
    }
}

fn is_ending(text: &str) -> bool {
    (1..=6).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
        && text.chars().any(|c| c.is_ascii_alphabetic())
}

fn is_address(text: &str) -> bool {
    text.contains(':')
        || text.split('.').count() == 4 && text.split('.').all(|part| part.parse::<u8>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Assets;

    #[test]
    fn it_is_said_of_every_text_whether_it_holds_names() {
        let (schema, _) = crate::evidence::load(&Assets::content()).expect("what is built in loads");
        let exported = schema.tables.iter().filter(|table| matches!(table.made, Made::Exported));
        let open: Vec<String> = exported
            .flat_map(|table| table.fields.iter().map(move |field| (table, field)))
            .filter(|(_, field)| {
                matches!(field.kind.scalar, Scalar::Text | Scalar::Name) && field.domain.is_empty()
            })
            .filter(|(table, field)| text_field(&table.name, &field.name).is_none())
            .map(|(table, field)| format!("{}.{}", table.name, field.name))
            .collect();
        assert!(open.is_empty(), "say in `text_field` what these hold: {open:?}");
    }

    #[test]
    fn a_stem_is_a_name_without_its_ending() {
        for (name, wanted) in [
            ("a.json", "a"),
            ("srv.contoso.com", "srv.contoso"),
            (".rels", ".rels"),
            ("a. b c", "a. b c"),
            ("5.00", "5.00"),
        ] {
            assert_eq!(stem(name), wanted);
        }
    }
}
