//! The tables of Active Directory: what accounts may do with the objects that documented facts speak of
//! (`directory_access`), and by which ways an account may join computers to a domain (`join_routes`).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::content::fact::{DirectoryPermission, DirectoryTarget, Effect, Judged};
use crate::content::{FactAt, Securable as On};
use crate::estate::access::list::{DIRECTORY, List, State, lists};
use crate::estate::access::{Ask, Granted, granted, granted_to_others, has_own_entry, means, names};
use crate::estate::computers::{account_of_computer, domain_of_computer, domain_of_object};
use crate::estate::documented::{told_by, with_right};
use crate::estate::membership::{Belongs, Membership};
use crate::estate::rights::is_linked;
use crate::estate::shared::Shared;
use crate::estate::table::{Line, Out, Pending, View, account_in, filling, flag, is, text, texts};
use crate::evidence::{Account, Fact, FieldName, Missing, Table, TableName, TableSchema, Why, field, table};
use crate::sddl::{AceKind, Member};

/// Rights that change something, in the words of the directory.
const CHANGES: [(u32, &str); 8] = [
    (0xF_01FF, "Full Control"),
    (0x4_0000, "Modify Permissions"),
    (0x8_0000, "Modify Owner"),
    (0x20, "Write All Properties"),
    (0x1, "Create All Child Objects"),
    (0x2, "Delete All Child Objects"),
    (0x1_0000, "Delete"),
    (0x40, "Delete Subtree"),
];

/// Someone who is asked about.
struct Who<'s> {
    account: Arc<Account>,
    /// The account is that of this computer.
    computer: Option<String>,
    cell: Option<&'s crate::evidence::Cell>,
}

impl<'s> Who<'s> {
    /// The account set, else that of a computer.
    fn of(shared: &Shared<'_>, line: Line<'s>, field: FieldName, server: Option<&str>) -> Option<Self> {
        if let Some(account) = line.account(field) {
            return Some(Self { account: Arc::clone(account), computer: None, cell: line.cell(field) });
        }
        if !line.is_empty(field) {
            return None;
        }
        Self::computer(shared, server?)
    }

    fn computer(shared: &Shared<'_>, server: &str) -> Option<Self> {
        let account = account_of_computer(shared, server)?;
        Some(Self { account, computer: Some(server.to_owned()), cell: None })
    }

    fn means(
        &self,
        shared: &Shared<'_>,
        entry: &crate::estate::access::list::Entry<'_>,
    ) -> (Member, Option<Missing>) {
        means(shared, &self.account, self.computer.as_deref(), entry, None)
    }
}

/// The mask of a permission of the directory, with the class it is confined to.
fn mask<'c>(shared: &Shared<'c>, name: &str) -> Option<(u32, Option<&'c str>)> {
    let known = shared
        .content
        .vocabulary
        .permissions
        .iter()
        .find(|p| p.on == On::Directory && p.id.eq_ignore_ascii_case(name))?;
    Some((u32::try_from(known.mask?).ok()?, known.object_type.as_deref()))
}

/// `CN=x,DC=contoso,DC=com` in one form.
fn object_key(object: &str) -> String {
    object.split(',').map(|part| part.trim().to_lowercase()).collect::<Vec<_>>().join(",")
}

/// The distinguished name in a location such as `LDAP://srv/OU=x,DC=contoso,DC=com`.
fn distinguished(location: &str) -> Option<&str> {
    let text = location.trim();
    let text = match text.split_once("://") {
        Some((_, rest)) => rest,
        None => text,
    };
    // A server may stand before it.
    let text = match text.split_once('/') {
        Some((server, rest)) if !server.contains('=') => rest,
        _ => text,
    };
    (text.contains('=') && domain_of_object(text).is_some()).then_some(text)
}

/// The distinguished name of a domain.
fn of_domain(dns: &str) -> String {
    dns.split('.').map(|label| format!("DC={label}")).collect::<Vec<_>>().join(",")
}

/// One question: someone, an object, what is wanted.
struct Question<'q> {
    fact: &'q FactAt<'q>,
    who: Who<'q>,
    /// Distinguished name.
    object: String,
    line: Line<'q>,
    site: Option<&'q crate::evidence::Cell>,
    forest: Option<&'q str>,
    /// Whether the permission is wanted at all.
    wanted: bool,
}

fn sites<'s>(shared: &'s Shared<'_>) -> impl Iterator<Item = Line<'s>> {
    View::of(shared, table::SITES).into_iter().flat_map(View::rows)
}

/// The server of a site.
fn server<'s>(shared: &'s Shared<'_>, site: &str) -> Option<Line<'s>> {
    View::of(shared, table::SITES)?.with(field::SITE, site).next()
}

/// The server of the site at the top.
fn top<'s>(shared: &'s Shared<'_>) -> Option<Line<'s>> {
    let mut tops = sites(shared).filter(|line| {
        line.is_empty(field::PARENT)
            && line.text(field::SERVER).is_some()
            && !is(line.text(field::TYPE), "secondary")
    });
    let first = tops.next()?;
    tops.next().is_none().then_some(first)
}

/// The table `directory_access`.
pub(crate) fn directory_access(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    let facts: Vec<_> = shared.content.judged::<DirectoryPermission>(shared.revision).collect();
    let objects = Objects::of(shared);
    for (fact, permission) in &facts {
        match (permission.effect, permission.target) {
            (Effect::Require, DirectoryTarget::SystemManagement) => {
                publishing(shared, &mut out, fact, &objects);
            }
            (Effect::Require, DirectoryTarget::Forests) => forests(shared, &mut out, fact, &objects),
            (Effect::Require, DirectoryTarget::Locations) => locations(shared, &mut out, fact, &objects),
            // Who may add computers is told by `join_routes`.
            (Effect::Require, DirectoryTarget::Containers) | (Effect::Forbid, _) => {}
        }
    }
    out.table
}

/// Locations that a discovery method searches.
fn locations(shared: &Shared<'_>, out: &mut Out<'_>, fact: &FactAt<'_>, objects: &Objects<'_>) {
    let Some(view) = View::of(shared, table::DISCOVERY_ACCOUNTS) else { return };
    for line in view.rows().filter(|line| is(line.text(field::ENTITY), fact.entity)) {
        if line.is_empty(field::LOCATION) {
            continue;
        }
        let site = line.text(field::SITE).and_then(|site| server(shared, site));
        let Some(who) = Who::of(shared, line, field::ACCOUNT, site.and_then(|s| s.text(field::SERVER)))
        else {
            nobody(shared, out, fact, line);
            continue;
        };
        let location = line.text(field::LOCATION).unwrap_or_default();
        let Some(object) = distinguished(location) else {
            let what: Arc<str> = format!("the object that `{location}` stands for").into();
            let why = line.unknown(field::LOCATION).unwrap_or(Why::Unreadable);
            out.gap(Missing::of(why, view.id, what, line.record))
                .set(field::STATEMENT, text(fact.statement))
                .set(field::ENTITY, text(fact.entity))
                .copy(field::SITE, line.cell(field::SITE))
                .put();
            continue;
        };
        let object = object.to_owned();
        let question =
            Question { fact, who, object, line, site: line.cell(field::SITE), forest: None, wanted: true };
        answer(shared, out, &question, objects);
    }
    hand_on(shared, out, fact, table::DISCOVERY_ACCOUNTS, |line| {
        line.text(field::ENTITY).is_none_or(|entity| entity.eq_ignore_ascii_case(fact.entity))
    });
}

/// Gaps of the table a question comes from.
fn hand_on(
    shared: &Shared<'_>,
    out: &mut Out<'_>,
    fact: &FactAt<'_>,
    table: TableName,
    counts: impl Fn(Line<'_>) -> bool,
) {
    for line in View::of(shared, table).into_iter().flat_map(View::gaps).filter(|line| counts(*line)) {
        let Some(gap) = line.gap else { continue };
        out.gap(gap.missing.clone())
            .set(field::STATEMENT, text(fact.statement))
            .set(field::ENTITY, text(fact.entity))
            .copy(field::SITE, line.of_several().cell(field::SITE))
            .put();
    }
}

/// It is not known whose account is used.
fn nobody(shared: &Shared<'_>, out: &mut Out<'_>, fact: &FactAt<'_>, line: Line<'_>) {
    let line = line.of_several();
    let table = shared.schema.id(table::SITES).unwrap_or_default();
    let why = line.unknown(field::ACCOUNT).unwrap_or(Why::NotExported);
    out.gap(Missing::of(why, table, "the site server whose computer account is used", line.record))
        .set(field::STATEMENT, text(fact.statement))
        .set(field::ENTITY, text(fact.entity))
        .copy(field::SITE, line.cell(field::SITE))
        .put();
}

/// Forests that are discovered.
fn forests(shared: &Shared<'_>, out: &mut Out<'_>, fact: &FactAt<'_>, objects: &Objects<'_>) {
    for line in View::of(shared, table::FORESTS).into_iter().flat_map(View::rows) {
        if line.flag(field::DISCOVERY) != Some(true) {
            continue;
        }
        let Some(forest) = line.text(field::FOREST) else { continue };
        let top = top(shared);
        let Some(who) = Who::of(shared, line, field::ACCOUNT, top.and_then(|s| s.text(field::SERVER))) else {
            nobody(shared, out, fact, line);
            continue;
        };
        let question = Question {
            fact,
            who,
            object: of_domain(forest),
            line,
            site: None,
            forest: Some(forest),
            wanted: true,
        };
        answer(shared, out, &question, objects);
    }
    hand_on(shared, out, fact, table::FORESTS, |_| true);
}

/// The container that sites publish to.
fn publishing(shared: &Shared<'_>, out: &mut Out<'_>, fact: &FactAt<'_>, objects: &Objects<'_>) {
    for line in View::of(shared, table::FORESTS).into_iter().flat_map(View::rows) {
        let Some(forest) = line.text(field::FOREST) else { continue };
        let Some(wanted) = line.flag(field::PUBLISHING) else {
            let table = shared.schema.id(table::FORESTS).unwrap_or_default();
            let what: Arc<str> = format!("whether sites publish to `{forest}`").into();
            let why = line.unknown(field::PUBLISHING).unwrap_or(Why::NotExported);
            if line.unknown(field::PUBLISHING).is_some() {
                out.gap(Missing::of(why, table, what, line.record))
                    .set(field::STATEMENT, text(fact.statement))
                    .set(field::ENTITY, text(fact.entity))
                    .set(field::FOREST, text(forest))
                    .put();
            }
            continue;
        };
        let containers: Vec<&List<'_>> = objects
            .lists
            .iter()
            .filter(|list| {
                let object = list.line.text(field::OBJECT).map(object_key).unwrap_or_default();
                let domain = domain_of_object(&object).unwrap_or_default();
                object.starts_with("cn=system management,cn=system,")
                    && (domain.eq_ignore_ascii_case(forest)
                        || domain.to_lowercase().ends_with(&format!(".{}", forest.to_lowercase())))
            })
            .collect();
        let root = format!("CN=System Management,CN=System,{}", of_domain(forest));
        let names: Vec<String> = if containers.is_empty() {
            vec![root]
        } else {
            containers.iter().filter_map(|list| list.line.text(field::OBJECT)).map(str::to_owned).collect()
        };
        // Who publishes: the account set, or the servers of the publishing sites; secondary sites always their own.
        let publishing: Vec<Line<'_>> = View::of(shared, table::FOREST_PUBLISHING)
            .into_iter()
            .flat_map(View::rows)
            .filter(|row| is(row.text(field::FOREST), forest))
            .collect();
        let mut whos: Vec<(Who<'_>, Option<&crate::evidence::Cell>, Option<String>)> = Vec::new();
        for row in &publishing {
            let site = row.text(field::SITE).and_then(|site| server(shared, site));
            let host = site.and_then(|s| s.text(field::SERVER));
            let secondary = is(site.and_then(|s| s.text(field::TYPE)), "secondary");
            let who = if secondary {
                host.and_then(|host| Who::computer(shared, host))
            } else {
                Who::of(shared, line, field::ACCOUNT, host)
            };
            match who {
                Some(who) => {
                    let domain = who.computer.as_deref().and_then(|host| domain_of_computer(shared, host));
                    whos.push((who, row.cell(field::SITE), domain));
                }
                None => nobody(shared, out, fact, *row),
            }
        }
        if publishing.is_empty() {
            match Who::of(shared, line, field::ACCOUNT, top(shared).and_then(|s| s.text(field::SERVER))) {
                Some(who) => {
                    let domain = who.computer.as_deref().and_then(|host| domain_of_computer(shared, host));
                    whos.push((who, None, domain));
                }
                None => nobody(shared, out, fact, line),
            }
        }
        let mut asked: HashSet<(String, String)> = HashSet::new();
        for (who, site, domain) in whos {
            for object in &names {
                // A server publishes to the container of its own domain.
                let of = domain_of_object(object);
                let own = match (&domain, &of) {
                    (Some(domain), Some(of)) => shared.ids.same_domain_name(domain, of) != Some(false),
                    _ => true,
                };
                let key = (shared.ids.key(&who.account), object_key(object));
                if (!own && names.len() > 1) || !asked.insert(key) {
                    continue;
                }
                let question = Question {
                    fact,
                    who: Who {
                        account: Arc::clone(&who.account),
                        computer: who.computer.clone(),
                        cell: who.cell,
                    },
                    object: object.clone(),
                    line,
                    site,
                    forest: Some(forest),
                    wanted,
                };
                answer(shared, out, &question, objects);
            }
        }
    }
    hand_on(shared, out, fact, table::FORESTS, |_| true);
}

/// The objects whose lists are exported.
struct Objects<'s> {
    lists: Vec<List<'s>>,
    /// By distinguished name, in the form of [`object_key`].
    by_name: HashMap<String, usize>,
}

impl<'s> Objects<'s> {
    fn of(shared: &'s Shared<'_>) -> Self {
        let lists = lists(shared, DIRECTORY);
        let mut by_name = HashMap::new();
        for (number, list) in lists.iter().enumerate() {
            if let Some(object) = list.line.text(field::OBJECT) {
                by_name.entry(object_key(object)).or_insert(number);
            }
        }
        Self { lists, by_name }
    }

    fn find(&self, object: &str) -> Option<&List<'s>> {
        self.by_name.get(&object_key(object)).and_then(|number| self.lists.get(*number))
    }
}

/// One row, or the gap where nothing can be said.
fn answer<'f>(shared: &'f Shared<'_>, out: &mut Out<'_>, question: &Question<'f>, objects: &Objects<'_>) {
    let Question { fact, who, object, line, .. } = question;
    let base = |row: Pending<'_, '_>| -> () {
        let row = row
            .set(field::STATEMENT, text(fact.statement))
            .set(field::ENTITY, text(fact.entity))
            .set(field::ACCOUNT, Fact::Account(Arc::clone(&who.account)))
            .set(field::OBJECT, text(object))
            .set(field::WANTED, flag(question.wanted))
            .set(field::COMPUTER, flag(who.computer.is_some()));
        let row = match question.forest {
            Some(forest) => row.set(field::FOREST, text(forest)),
            None => row.set(field::FOREST, Fact::Empty),
        };
        let row = match question.site {
            Some(cell) => row.copy(field::SITE, Some(cell)),
            None => row.set(field::SITE, Fact::Empty),
        };
        match who.cell {
            Some(cell) => row.copy(field::ACCOUNT, Some(cell)).put(),
            None => row.put(),
        }
    };
    let entries_table = shared.schema.id(DIRECTORY.entries).unwrap_or_default();
    let found = objects.find(object);
    let Some(list) = found.filter(|list| !matches!(list.state, State::Unknown(_))) else {
        let why = match found.map(|list| list.state) {
            Some(State::Unknown(why)) => why,
            _ => Why::NotExported,
        };
        let absent = View::of(shared, DIRECTORY.entries).and_then(View::absent).is_some();
        let what: Option<Arc<str>> = (!absent).then(|| format!("the permissions of `{object}`").into());
        base(out.gap(Missing { why, table: entries_table, what, place: line.record }));
        return;
    };
    let said = fact.says.and_then(DirectoryPermission::of);
    let permissions = said.map(|said| said.permissions.as_slice()).unwrap_or_default();
    let wanted: Vec<(&str, u32)> =
        (permissions.iter()).filter_map(|name| Some((name.as_str(), mask(shared, name)?.0))).collect();
    let member = |entry: &crate::estate::access::list::Entry<'_>| who.means(shared, entry);
    let got = granted(list, Ask::OBJECT, member);
    let below = granted(list, Ask { below: true, ..Ask::OBJECT }, member);
    let judge = |got: &Granted| -> Result<Vec<&str>, Option<Missing>> {
        let lacks: Vec<&str> = wanted
            .iter()
            .filter(|(_, mask)| got.holds(*mask) == Some(false))
            .map(|(name, _)| *name)
            .collect();
        if lacks.is_empty()
            && let Some((_, mask)) = wanted.iter().find(|(_, mask)| got.holds(*mask).is_none())
        {
            return Err(got.missing(*mask).cloned());
        }
        Ok(lacks)
    };
    // The entry that shows it: the one that denies, else the one for the account.
    let shows = list
        .entries
        .iter()
        .filter(|e| e.kind == Some(AceKind::Deny))
        .chain(&list.entries)
        .find(|e| names(shared, &who.account, who.computer.as_deref(), e) == Some(true));
    let place = shows
        .and_then(|e| e.line.cell(field::MASK).and_then(|c| c.place).or(e.line.record))
        .or(list.line.record);
    // What goes beyond: by entries for the account or for groups it is known to belong to.
    let excess: Vec<&str> = {
        let certain = got.access.certain;
        let full = certain & 0xF_01FF == 0xF_01FF;
        if full {
            vec!["Full Control"]
        } else {
            CHANGES.iter().filter(|(bits, _)| certain & bits == *bits).map(|(_, name)| *name).collect()
        }
    };
    let changing = CHANGES.iter().fold(0, |all, (bits, _)| all | bits) & !0x2_0194;
    let direct: Vec<&str> = list
        .entries
        .iter()
        .filter(|e| e.kind == Some(AceKind::Allow) && e.here)
        .filter(|e| names(shared, &who.account, who.computer.as_deref(), e) == Some(true))
        .filter(|e| crate::sddl::Securable::Directory.map_generic(e.mask) & 0xF_01FF == 0xF_01FF)
        .map(|_| "Full Control")
        .take(1)
        .collect();
    // What the account is granted by name is too little, and only administrators could be granted more.
    let own = has_own_entry(shared, list, &who.account, who.computer.as_deref());
    let otherwise = |ask: Ask<'_>, found: Result<Vec<&'f str>, Option<Missing>>| match found {
        Err(open) if own => {
            let (got, unless) = granted_to_others(shared, list, ask, member);
            match (judge(&got), unless) {
                (Ok(lacks), Some(unless)) if !lacks.is_empty() => (Ok(lacks), Some(unless)),
                _ => (Err(open), None),
            }
        }
        found => (found, None),
    };
    let (missing, unless) = otherwise(Ask::OBJECT, judge(&got));
    let (below, below_unless) = otherwise(Ask { below: true, ..Ask::OBJECT }, judge(&below));
    let in_words = |unless: Option<Missing>| unless.and_then(|unless| unless.what).unwrap_or_default();
    let (unless, below_unless) = (in_words(unless), in_words(below_unless));
    let open_excess = (excess.is_empty() && got.access.possible & changing != 0)
        .then(|| got.missing(changing).cloned())
        .flatten();
    let unknown = |missing: &Option<Missing>| {
        missing.clone().unwrap_or(Missing::of(
            Why::Incomplete,
            entries_table,
            format!("the permissions of `{object}`"),
            place,
        ))
    };
    // One row of what is known, and a gap beside it for each part that is not.
    let fill = |row: Pending<'_, '_>, reaches: bool, excess_known: bool| -> () {
        let row = match &missing {
            Ok(names) => row.at(field::MISSING, texts(names, place), place),
            Err(_) => row,
        };
        let row = match &below {
            Ok(names) => row.at(field::BELOW_MISSING, texts(names, place), place),
            Err(_) if reaches => row,
            Err(_) => row.set(field::BELOW_MISSING, Fact::Empty),
        };
        let row = row.at(field::DIRECT, texts(&direct, place), place).set(field::OPEN, text(&unless));
        let row = row.set(field::BELOW_OPEN, text(&below_unless));
        base(if excess_known { row.at(field::EXCESS, texts(&excess, place), place) } else { row });
    };
    let gap = |out: &mut Out<'_>, open: &Option<Missing>, excess_known: bool| {
        let m = unknown(open);
        fill(out.gap(m), true, excess_known);
    };
    match &missing {
        Err(open) => gap(out, open, open_excess.is_none()),
        Ok(_) => {
            fill(out.row(list.line.record), false, true);
            if let Err(open) = &below {
                gap(out, open, true);
            }
        }
    }
    if open_excess.is_some() {
        gap(out, &open_excess, false);
    }
}

/// The user right to join computers to a domain.
const JOINING: &str = "SeMachineAccountPrivilege";

/// The table `join_routes`: for each account that may, or may not, join computers to a domain, one row a place that
/// could let it: an object of the directory, or the user right on the domain controllers.
pub(crate) fn join_routes(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    let objects = lists(shared, DIRECTORY);
    let Some((bits, class)) = mask(shared, "Create Computer objects") else { return out.table };
    let (bits, class) = (bits, class.map(str::to_lowercase));
    let documented = with_right(shared.content, JOINING).into_iter();
    for (entity, told) in documented.flat_map(|e| told_by(shared.schema, e).into_iter().map(move |t| (e, t)))
    {
        let Some(view) = View::numbered(shared, told.table) else { continue };
        // Steps that join a domain say which one.
        let domains =
            shared.schema.tables.get(view.id).is_some_and(|table| table.column(field::DOMAIN).is_some());
        let mut asked: HashSet<(String, String)> = HashSet::new();
        for line in view.rows().map(Line::of_several) {
            if told.several && !is(line.text(field::ENTITY), entity) {
                continue;
            }
            let Some(who) = line.numbered(told.account).and_then(account_in) else { continue };
            let domain = if domains { line.text(field::DOMAIN) } else { None };
            if line.flag(field::DYNAMIC) == Some(true) || domain.is_some_and(Account::is_dynamic) {
                continue;
            }
            let key = (shared.ids.key(who), domain.unwrap_or_default().to_lowercase());
            if !asked.insert(key) {
                continue;
            }
            let who = Who { account: Arc::clone(who), computer: None, cell: line.numbered(told.account) };
            routes(shared, &mut out, &objects, entity, &who, line, domain, (bits, class.as_deref()));
        }
        for line in view.gaps().map(Line::of_several) {
            let Some(gap) = line.gap else { continue };
            if told.several && line.text(field::ENTITY).is_some_and(|e| !e.eq_ignore_ascii_case(entity)) {
                continue;
            }
            out.gap(gap.missing.clone())
                .set(field::ENTITY, text(entity))
                .copy(field::ACCOUNT, line.numbered(told.account))
                .put();
        }
    }
    out.table
}

#[allow(clippy::too_many_arguments)]
fn routes(
    shared: &Shared<'_>,
    out: &mut Out<'_>,
    objects: &[List<'_>],
    entity: &str,
    who: &Who<'_>,
    line: Line<'_>,
    domain: Option<&str>,
    (bits, class): (u32, Option<&str>),
) {
    let base = filling(|row| {
        row.set(field::ENTITY, text(entity))
            .copy(field::ACCOUNT, who.cell)
            .set(field::DOMAIN, text(domain.unwrap_or_default()))
            .copy(field::TASK_SEQUENCE, line.cell(field::TASK_SEQUENCE))
            .copy(field::STEP, line.cell(field::STEP))
    });
    let of_domain = |other: Option<&str>| match (domain, other) {
        (Some(domain), Some(other)) => shared.ids.same_domain_name(domain, other),
        (None, _) => Some(true),
        (Some(_), None) => None,
    };
    let ask = Ask { object: class, ..Ask::OBJECT };
    let mut seen_object = false;
    for list in objects {
        let Some(object) = list.line.text(field::OBJECT) else { continue };
        let place = domain_of_object(object);
        if of_domain(place.as_deref()) == Some(false) {
            continue;
        }
        // What computers cannot be created in by this right is no way: the container of the product is one of them.
        if object_key(object).starts_with("cn=system management,") {
            continue;
        }
        seen_object = true;
        let got = granted(list, ask, |entry| who.means(shared, entry));
        let by = list.entries.iter().find(|entry| {
            entry.kind == Some(AceKind::Allow)
                && entry.here
                && crate::sddl::Securable::Directory.map_generic(entry.mask) & bits != 0
                && who.means(shared, entry).0 == Member::Yes
        });
        let place =
            by.and_then(|entry| entry.line.cell(field::ACCOUNT).and_then(|c| c.place).or(entry.line.record));
        let row = match got.holds(bits) {
            Some(allowed) => out.row(list.line.record).at(field::ALLOWED, flag(allowed), place),
            None => {
                let missing = got.missing(bits).cloned().unwrap_or_else(|| {
                    let entries = shared.schema.id(DIRECTORY.entries).unwrap_or_default();
                    Missing::of(Why::Incomplete, entries, format!("the permissions of `{object}`"), None)
                });
                out.gap(missing.at(list.line.record))
            }
        };
        let trustee = by.and_then(|entry| entry.who.clone());
        let row = base(row).set(field::WAY, text("directory")).set(field::PLACE, text(object));
        match trustee {
            Some(trustee) => {
                row.at(field::BY, Fact::Account(trustee), place).set(field::DEFAULT, flag(false)).put()
            }
            None => row.set(field::DEFAULT, flag(false)).put(),
        }
    }
    if !seen_object {
        let table = shared.schema.id(DIRECTORY.entries).unwrap_or_default();
        let absent = View::of(shared, DIRECTORY.entries).and_then(View::absent).is_some();
        let what: Option<Arc<str>> = (!absent).then(|| match domain {
            Some(domain) => format!("the permissions of the containers of `{domain}`").into(),
            None => "the permissions of organizational units".into(),
        });
        base(out.gap(Missing { why: Why::NotExported, table, what, place: line.record }))
            .set(field::WAY, text("directory"))
            .put();
    }
    // An object of which the permissions could not be read may be a way as well.
    for table in [DIRECTORY.lists, DIRECTORY.entries] {
        for line in View::of(shared, table).into_iter().flat_map(View::gaps) {
            let object = line.of_several().text(field::OBJECT);
            let elsewhere =
                object.is_some_and(|object| of_domain(domain_of_object(object).as_deref()) == Some(false));
            if let Some(gap) = line.gap.filter(|gap| gap.missing.why == Why::Failed && !elsewhere) {
                let row = out.gap(gap.missing.clone());
                base(row).set(field::WAY, text("directory")).put();
            }
        }
    }
    right(shared, out, who, &base, &of_domain, domain);
}

/// The user right by which whoever holds it on the domain controllers adds computers to the domain.
fn right(
    shared: &Shared<'_>,
    out: &mut Out<'_>,
    who: &Who<'_>,
    base: &dyn for<'a, 'b> Fn(Pending<'a, 'b>) -> Pending<'a, 'b>,
    of_domain: &dyn Fn(Option<&str>) -> Option<bool>,
    domain: Option<&str>,
) {
    let Some(view) = View::of(shared, table::USER_RIGHTS) else { return };
    let by_computers: Vec<&str> = View::of(shared, table::COMPUTERS)
        .into_iter()
        .flat_map(|view| view.with(field::POSITION, "domain-controller"))
        .filter_map(|line| Some((line.text(field::HOST)?, line.text(field::DOMAIN))))
        .filter(|(_, of)| of_domain(*of) != Some(false))
        .map(|(host, _)| host)
        .collect();
    // A resultant set says where in the directory its computer is.
    let mut controllers: Vec<&str> = Vec::new();
    let mut seen = HashSet::new();
    let by_scope = controllers_by_scope(shared)
        .iter()
        .filter(|(_, domain)| of_domain(Some(domain.as_str())) != Some(false));
    for host in by_computers.into_iter().chain(by_scope.map(|(host, _)| host.as_str())) {
        if seen.insert(shared.ids.computer_key(host)) {
            controllers.push(host);
        }
    }
    let mut known = false;
    for host in &controllers {
        let listed = View::of(shared, table::POLICIES)
            .into_iter()
            .flat_map(|view| view.on(field::HOST, host))
            .any(|line| line.flag(field::USER_RIGHTS) != Some(false));
        let rows: Vec<Line<'_>> = view
            .on(field::HOST, host)
            .filter(|line| line.flag(field::ENABLED) != Some(false))
            .filter(|line| line.text(field::SOURCE) != Some("rsop-planning"))
            .collect();
        if rows.is_empty() && !listed {
            continue;
        }
        known = true;
        let mut open: Option<Missing> = None;
        let mut by: Option<Line<'_>> = None;
        for row in rows.iter().filter(|row| is(row.text(field::RIGHT), JOINING)) {
            let sid = row.text(field::SID);
            let Some(trustee) = row.trustee() else { continue };
            match Membership::of(shared).belongs(shared, &who.account, &trustee, sid, Some(host)) {
                Belongs::Yes(_) => {
                    // A way of its own tells more than the one that everybody has.
                    let everybody =
                        crate::estate::principals::everybody(shared, &trustee, sid, None).is_some();
                    if by.is_none() || !everybody {
                        by = Some(*row);
                    }
                }
                Belongs::No => {}
                Belongs::Open(missing) => open = open.or(Some(missing)),
            }
        }
        let row = match (by, open) {
            (Some(by), _) => {
                let trustee = by.account(field::ACCOUNT).cloned();
                let default = trustee.as_ref().is_some_and(|t| {
                    crate::estate::principals::everybody(shared, t, by.text(field::SID), None).is_some()
                });
                let place = by.cell(field::ACCOUNT).and_then(|c| c.place).or(by.record);
                out.row(by.record)
                    .at(field::ALLOWED, flag(true), place)
                    .copy(field::BY, by.cell(field::ACCOUNT))
                    .set(field::DEFAULT, flag(default))
            }
            (None, Some(missing)) => out.gap(missing),
            (None, None) => out
                .row(rows.first().and_then(|row| row.record))
                .set(field::ALLOWED, flag(false))
                .set(field::DEFAULT, flag(false)),
        };
        base(row).set(field::WAY, text("user right")).set(field::PLACE, text(host)).put();
    }
    by_policies(shared, out, who, base, of_domain);
    if !known {
        let absent = view.absent().is_some();
        let what: Option<Arc<str>> = (!absent).then(|| match domain {
            Some(domain) => format!("the user rights on the domain controllers of `{domain}`").into(),
            None => "the user rights on domain controllers".into(),
        });
        base(out.gap(Missing { why: Why::NotExported, table: view.id, what, place: None }))
            .set(field::WAY, text("user right"))
            .put();
    }
}

/// The right as Group Policy objects give it that apply to domain controllers. They prove what they give, if nothing wins
/// over them, and never that somebody lacks it.
fn by_policies(
    shared: &Shared<'_>,
    out: &mut Out<'_>,
    who: &Who<'_>,
    base: &dyn for<'a, 'b> Fn(Pending<'a, 'b>) -> Pending<'a, 'b>,
    of_domain: &dyn Fn(Option<&str>) -> Option<bool>,
) {
    let Some(view) = View::of(shared, table::USER_RIGHTS) else { return };
    for line in view.with(field::RIGHT, JOINING) {
        if !is(line.text(field::SOURCE), "gpo")
            || !is_linked(line)
            || line.flag(field::ENABLED) == Some(false)
        {
            continue;
        }
        let reaches = line.list(field::APPLIES_TO).into_iter().flatten().any(|cell| match &cell.fact {
            Fact::Text(path) => {
                let (domain, below) = in_directory(path);
                of_domain(Some(domain.as_str())) != Some(false) && below != Below::Elsewhere
            }
            _ => false,
        });
        let sid = line.text(field::SID);
        let Some(trustee) = line.trustee().filter(|_| reaches) else { continue };
        let held = Membership::of(shared).belongs(shared, &who.account, &trustee, sid, None);
        if !matches!(held, Belongs::Yes(_)) {
            continue;
        }
        let everybody = crate::estate::principals::everybody(shared, &trustee, sid, None).is_some();
        let place = line.cell(field::ACCOUNT).and_then(|c| c.place).or(line.record);
        let policy = line.text(field::POLICY).unwrap_or_default();
        let row = out
            .row(line.record)
            .at(field::ALLOWED, flag(true), place)
            .at(field::BY, Fact::Account(trustee), place)
            .set(field::DEFAULT, flag(everybody))
            .set(field::IF_APPLIED, flag(true));
        base(row)
            .set(field::WAY, text("user right"))
            .set(field::PLACE, text(&format!("domain controllers, by the policy {policy}")))
            .put();
    }
}

/// The computers of which a resultant set says that they stand among the domain controllers, and their domain.
fn controllers_by_scope<'s>(shared: &'s Shared<'_>) -> &'s [(String, String)] {
    struct Controllers(Vec<(String, String)>);
    &shared
        .once(|shared| {
            let mut seen = HashSet::new();
            let mut out = Vec::new();
            for table in [table::USER_RIGHTS, table::POLICIES] {
                for line in View::of(shared, table).into_iter().flat_map(View::rows) {
                    let (Some(host), Some("rsop")) = (line.text(field::HOST), line.text(field::SOURCE))
                    else {
                        continue;
                    };
                    for cell in line.list(field::APPLIES_TO).into_iter().flatten() {
                        if let Fact::Text(path) = &cell.fact
                            && let (domain, Below::Controllers) = in_directory(path)
                            && seen.insert(shared.ids.computer_key(host))
                        {
                            out.push((host.to_owned(), domain));
                        }
                    }
                }
            }
            Controllers(out)
        })
        .0
}

/// Where in a domain something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Below {
    /// The domain itself.
    Domain,
    /// Its domain controllers.
    Controllers,
    Elsewhere,
}

/// The domain of a place in the directory, and where in it: of `contoso.com/Domain Controllers` and of
/// `OU=Domain Controllers,DC=contoso,DC=com`. The name of that unit is the same in all languages.
fn in_directory(path: &str) -> (String, Below) {
    const UNIT: &str = "Domain Controllers";
    let (domain, first) = match domain_of_object(path) {
        Some(domain) => {
            let unit = path
                .split(',')
                .rev()
                .map(str::trim)
                .find(|part| !part.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("dc=")));
            (domain, unit.map(|unit| unit.split_once('=').map_or(unit, |(_, name)| name)))
        }
        None => {
            let mut parts = path.split('/').map(str::trim).filter(|part| !part.is_empty());
            (parts.next().unwrap_or_default().to_owned(), parts.next())
        }
    };
    let below = match first {
        // The name of a site stands alone, too.
        None if domain.contains('.') => Below::Domain,
        Some(unit) if unit.eq_ignore_ascii_case(UNIT) => Below::Controllers,
        _ => Below::Elsewhere,
    };
    (domain, below)
}

#[cfg(test)]
mod tests {
    use super::{Below, in_directory};

    #[test]
    fn places_of_the_directory_are_read_in_both_notations() {
        let table = [
            ("contoso.com", "contoso.com", Below::Domain),
            ("contoso.com/", "contoso.com", Below::Domain),
            ("DC=contoso,DC=com", "contoso.com", Below::Domain),
            ("contoso.com/domain controllers", "contoso.com", Below::Controllers),
            ("contoso.com/Domain Controllers/Core", "contoso.com", Below::Controllers),
            ("OU=Core,OU=Domain Controllers,DC=contoso,DC=com", "contoso.com", Below::Controllers),
            ("contoso.com/Servers/Domain Controllers", "contoso.com", Below::Elsewhere),
            ("OU=Servers,DC=contoso,DC=com", "contoso.com", Below::Elsewhere),
            ("Default-First-Site-Name", "Default-First-Site-Name", Below::Elsewhere),
        ];
        for (path, domain, below) in table {
            assert_eq!(in_directory(path), (domain.to_owned(), below), "{path}");
        }
    }
}
