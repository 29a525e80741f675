//! The names by which evidence speaks of domains: the security identifiers that stand beside them, the short names that
//! accounts are written with, the DNS names by their first label.
//!
//! What follows from them is for [`Identities`](super::Identities) to say.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    Account, AccountForm, Evidence, Fact, FieldName, Row, Scalar, Schema, TableName, TableSchema, field,
    table,
};

/// Names of domains in evidence, in lower case. Among those that accounts are written with may be names of computers.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Name to the security identifier of the domain; none if several stand beside it.
    sids: BTreeMap<String, Option<String>>,
    /// Short names before accounts, and how they are written.
    short: BTreeMap<String, String>,
    /// First label to the DNS names of domains.
    labels: HashMap<String, BTreeSet<String>>,
    /// Names that are said to be those of workgroups.
    workgroups: HashSet<String>,
}

/// Fields that name domains.
const DOMAINS: [(TableName, FieldName); 8] = [
    (table::DOMAINS, field::DNS),
    (table::CLIENTS, field::DNS_DOMAIN),
    (table::COMPUTERS, field::DOMAIN),
    (table::TRUSTS, field::SOURCE),
    (table::TRUSTS, field::TARGET),
    (table::TRUST_LISTS, field::DOMAIN),
    (table::FORESTS, field::FOREST),
    (table::FOREST_PUBLISHING, field::FOREST),
];

impl Heard {
    /// Looks through all tables once.
    pub(super) fn of(schema: &Schema, evidence: &Evidence) -> Self {
        let mut out = Self::default();
        for (table, rows) in schema.tables.iter().zip(&evidence.tables) {
            for (number, of) in table.fields.iter().enumerate() {
                if of.kind.scalar == Scalar::Account {
                    out.accounts(number, sid_beside(table, &of.name), &rows.rows);
                }
            }
        }
        let rows = |name| {
            let id = schema.id(name)?;
            Some((schema.tables.get(id)?, evidence.tables.get(id)?.rows.as_slice()))
        };
        for (name, of) in DOMAINS {
            let Some((table, rows)) = rows(name) else { continue };
            let Some(column) = table.column(of) else { continue };
            rows.iter().filter_map(|row| name_in(row, column)).for_each(|name| out.dns(&name));
        }
        if let Some((table, rows)) = rows(table::DOMAINS) {
            for row in rows {
                let sid = table.column(field::SID).and_then(|sid| name_in(row, sid));
                let Some(sid) = sid.and_then(|sid| super::account::sid(&sid)) else { continue };
                for name in [field::NETBIOS, field::DNS] {
                    if let Some(name) = table.column(name).and_then(|column| name_in(row, column)) {
                        out.beside(&name, &sid);
                    }
                }
            }
        }
        for (name, sid) in &evidence.domain_sids {
            if name.contains('.') {
                out.dns(name);
            }
            out.beside(name, sid);
        }
        if let Some((table, rows)) = rows(table::CLIENTS)
            && let (Some(domain), Some(workgroup)) =
                (table.column(field::DOMAIN), table.column(field::WORKGROUP))
        {
            let workgroups = rows.iter().filter(|row| matches!(row.cells[workgroup].fact, Fact::Flag(true)));
            out.workgroups.extend(workgroups.filter_map(|row| name_in(row, domain)));
        }
        out
    }

    /// The accounts of a column; `sid` is the column of their security identifiers.
    fn accounts(&mut self, column: usize, sid: Option<usize>, rows: &[Row]) {
        // Most rows of a table say nothing new.
        let mut seen: HashSet<(&str, &str)> = HashSet::new();
        for row in rows {
            let one = std::slice::from_ref(&row.cells[column]);
            let (cells, sid) = match &row.cells[column].fact {
                Fact::List(cells) => (&**cells, None),
                _ => (one, sid),
            };
            let parent = sid.and_then(|sid| match &row.cells[sid].fact {
                Fact::Text(sid) => sid.trim().trim_start_matches('*').rsplit_once('-'),
                _ => None,
            });
            let parent = parent.map(|(parent, _)| parent).filter(|p| is_of_domain(p)).unwrap_or_default();
            for cell in cells {
                if let Fact::Account(account) = &cell.fact
                    && let Some(domain) = domain_of(account)
                    && seen.insert((domain, parent))
                {
                    self.account(account, domain, parent);
                }
            }
        }
    }

    fn account(&mut self, account: &Account, domain: &str, parent: &str) {
        let name = clean(domain);
        if name.is_empty() || name == "." {
            return;
        }
        if name.contains('.') {
            self.dns(&name);
        } else if matches!(account.form, AccountForm::DownLevel { .. }) {
            // Several spellings: the same one, whatever the order of the exports.
            let written = self.short.entry(name.clone()).or_insert_with(|| domain.to_owned());
            if domain < written.as_str() {
                domain.clone_into(written);
            }
        }
        // What stands for a principal of another domain is kept under its identifier.
        if !parent.is_empty() && super::account::sid(account.name()).is_none() {
            self.beside(&name, &parent.to_uppercase());
        }
    }

    fn dns(&mut self, name: &str) {
        if let Some((label, _)) = name.split_once('.') {
            self.labels.entry(label.to_owned()).or_default().insert(name.to_owned());
        }
    }

    fn beside(&mut self, name: &str, sid: &str) {
        match self.sids.get_mut(name) {
            None => {
                self.sids.insert(name.to_owned(), Some(sid.to_owned()));
            }
            Some(known) if known.as_deref() != Some(sid) => *known = None,
            Some(_) => {}
        }
    }

    /// Takes a DNS name of computers for one of their domain's.
    pub(super) fn host(&mut self, name: &str) {
        if let Some((_, domain)) = name.split_once('.') {
            self.dns(domain);
        }
    }

    /// Names, each with the one security identifier that stands beside it.
    pub(super) fn sids(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sids.iter().filter_map(|(name, sid)| Some((name.as_str(), sid.as_deref()?)))
    }

    /// The short names before accounts, and how they are written.
    pub(super) fn short(&self) -> impl Iterator<Item = (&str, &str)> {
        self.short.iter().map(|(name, written)| (name.as_str(), written.as_str()))
    }

    /// Whether a DNS name is known as that of a domain, or stands behind a name that is.
    pub(super) fn is_domain(&self, dns: &str) -> bool {
        let label = dns.split('.').next().unwrap_or_default();
        self.labels.get(label).is_some_and(|known| known.contains(dns))
    }

    /// Whether the DNS name of a domain begins with a label.
    pub(super) fn is_label(&self, label: &str) -> bool {
        self.labels.contains_key(label)
    }

    /// The only DNS name of a domain that begins with a label; none if there are several or none.
    pub(super) fn only_dns(&self, label: &str) -> Option<&str> {
        let known = self.labels.get(label).filter(|known| known.len() == 1)?;
        known.first().map(String::as_str)
    }

    /// Whether an export says that a short name is that of a workgroup.
    pub(super) fn is_workgroup(&self, name: &str) -> bool {
        self.workgroups.contains(name)
    }
}

/// The domain before an account, in lower case, and its security identifier by that of the account; none if one of the
/// two is not there.
pub(super) fn sid_of_domain(account: &Account, sid: &str) -> Option<(String, String)> {
    let (parent, _) = sid.trim().trim_start_matches('*').rsplit_once('-')?;
    let name = domain_of(account).map(clean).filter(|name| !name.is_empty() && name != ".")?;
    let own = is_of_domain(parent) && super::account::sid(account.name()).is_none();
    own.then(|| (name, parent.to_uppercase()))
}

/// The column of the security identifiers of the accounts in a field.
fn sid_beside(table: &TableSchema, account: &str) -> Option<usize> {
    if account == field::GROUP.name() {
        return table.column(field::GROUP_SID).or_else(|| table.column(field::SID));
    }
    table.column(field::SID)
}

/// Whether an identifier is that of a domain, or of a computer.
fn is_of_domain(sid: &str) -> bool {
    sid.get(.."S-1-5-21-".len()).is_some_and(|start| start.eq_ignore_ascii_case("S-1-5-21-"))
}

/// What stands for the domain of an account. The suffix of a user principal name need not be one.
fn domain_of(account: &Account) -> Option<&str> {
    match &account.form {
        AccountForm::DownLevel { domain, .. } | AccountForm::Distinguished { domain, .. } => Some(domain),
        _ => None,
    }
}

fn clean(name: &str) -> String {
    name.trim().trim_end_matches('.').to_lowercase()
}

fn name_in(row: &Row, column: usize) -> Option<String> {
    match &row.cells.get(column)?.fact {
        Fact::Text(text) => Some(clean(text)).filter(|name| !name.is_empty()),
        _ => None,
    }
}
