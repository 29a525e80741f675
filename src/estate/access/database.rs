//! The table `database_access`: what the accounts of site system roles and migrations may do in the databases they
//! read, and where they are more than they need be.
//!
//! An account comes into a database through its own login, through a Windows group, or as a server administrator.
//! Grants on single objects are not weighed against a permission on the whole database: where nothing else grants it,
//! the question stays open.

use std::collections::HashSet;
use std::sync::Arc;

use crate::content::fact::{Access as DocumentedAccess, Database, Says};
use crate::content::{EntityKind, FactAt, Securable as On};
use crate::estate::computers::account_of_computer;
use crate::estate::documented::database_of;
use crate::estate::membership::{Belongs, Membership};
use crate::estate::shared::Shared;
use crate::estate::table::{Line, Out, Pending, View, filling, flag, is, text, texts};
use crate::evidence::{
    Account, Cell, Fact, Missing, Table, TableId, TableName, TableSchema, Why, field, table,
};
use crate::source::Place;

/// Roles that are more than a reader or writer of one database needs.
const PRIVILEGED: [&str; 9] = [
    "sysadmin",
    "securityadmin",
    "serveradmin",
    "setupadmin",
    "processadmin",
    "dbcreator",
    "db_owner",
    "db_securityadmin",
    "db_accessadmin",
];

/// Someone who connects to a database, and what is documented of it.
struct Use<'s> {
    statement: String,
    entity: &'s str,
    line: Line<'s>,
    /// The account; none with the reason.
    account: Result<Arc<Account>, Why>,
    cell: Option<&'s Cell>,
    /// The computer whose account it is.
    computer: Option<&'s str>,
    server: Option<&'s str>,
    site: Option<&'s str>,
    wanted: Vec<String>,
    source: bool,
}

/// The answer for one permission.
enum Holds {
    Yes(Option<Place>),
    No,
    Open(Missing),
}

/// What is exported of one database and its server.
struct Exported<'s> {
    shared: &'s Shared<'s>,
    server: &'s str,
    /// Its name; none where only the server is asked.
    name: String,
    members: Vec<Line<'s>>,
    permissions: Vec<Line<'s>>,
    principals: Vec<Line<'s>>,
    /// Keys of the logins that are switched off.
    disabled: HashSet<String>,
    table: TableId,
}

/// One row a documented use of a database.
pub(crate) fn database_access(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    for one in uses(shared) {
        row(shared, &mut out, &one);
    }
    groups(shared, &mut out);
    for (fact, database) in &connecting(shared) {
        let Some(wanted) = wanted(fact) else { continue };
        let source = *database == Database::SourceSite;
        let table = if source { table::MIGRATION_SOURCES } else { table::ROLE_ACCOUNTS };
        for line in View::of(shared, table).into_iter().flat_map(View::gaps).map(Line::of_several) {
            let Some(gap) = line.gap else { continue };
            if !source
                && line.text(field::ENTITY).is_some_and(|entity| !entity.eq_ignore_ascii_case(fact.entity))
            {
                continue;
            }
            out.gap(gap.missing.clone())
                .set(field::STATEMENT, text(fact.statement))
                .set(field::ENTITY, text(fact.entity))
                .set(field::WANTED, texts(&wanted, None))
                .copy(field::HOST, line.cell(field::HOST))
                .copy(field::SOURCE, line.cell(field::SOURCE))
                .put();
        }
    }
    out.table
}

/// Documented groups through which site systems get at the site database.
fn groups(shared: &Shared<'_>, out: &mut Out<'_>) {
    for (fact, access) in shared.content.judged::<DocumentedAccess>(shared.revision) {
        match access {
            DocumentedAccess::SiteDatabase => {}
            DocumentedAccess::Inboxes => continue,
        }
        let Some(entity) = shared.content.entity(fact.entity) else { continue };
        for line in View::of(shared, table::SITES).into_iter().flat_map(View::rows) {
            // Clients of other sites than primary ones have no management point of their own database.
            if !is(line.text(field::TYPE), "primary") {
                continue;
            }
            let Some(site) = line.text(field::SITE) else { continue };
            let Some(name) = crate::estate::principals::group_name(shared, entity, site) else { continue };
            let Some(account) = Account::parse(&name).map(Arc::new) else { continue };
            let one = Use {
                statement: fact.statement.to_owned(),
                entity: fact.entity,
                line,
                account: Ok(Arc::clone(&account)),
                cell: None,
                computer: None,
                server: database_server(shared, site),
                site: Some(site),
                wanted: Vec::new(),
                source: false,
            };
            let base = filling(|row| {
                let row = row
                    .set(field::STATEMENT, text(fact.statement))
                    .set(field::ENTITY, text(fact.entity))
                    .copy(field::SITE, line.cell(field::SITE))
                    .set(field::ACCOUNT, Fact::Account(Arc::clone(&account)));
                match one.server {
                    Some(server) => row.set(field::SERVER, text(server)),
                    None => row,
                }
            });
            let found = match one.server {
                Some(server) => Exported::of(shared, server, &one),
                None => {
                    let what = format!("the database server of site {site}");
                    Err(Missing::not_exported(shared, table::SITE_SYSTEMS, &what).at(line.record))
                }
            };
            let database = match found {
                Ok(database) => database,
                Err(absent) => {
                    base(out.gap(absent)).put();
                    continue;
                }
            };
            let user = database.principals.iter().find(|row| {
                row.text(field::DATABASE).is_some()
                    && [row.account(field::PRINCIPAL), row.account(field::LOGIN)]
                        .into_iter()
                        .flatten()
                        .any(|user| user.name().trim().eq_ignore_ascii_case(&name))
            });
            let missing: &[&str] = if user.is_some() { &[] } else { &["any access"] };
            let place = user.and_then(|row| row.record).or(line.cell(field::SERVER).and_then(|c| c.place));
            base(out.row(line.record))
                .set(field::DATABASE, text(&database.name))
                .at(field::MISSING, texts(missing, place), place)
                .put();
        }
        for line in View::of(shared, table::SITES).into_iter().flat_map(View::gaps) {
            let Some(gap) = line.gap else { continue };
            out.gap(gap.missing.clone())
                .set(field::STATEMENT, text(fact.statement))
                .set(field::ENTITY, text(fact.entity))
                .copy(field::SITE, line.cell(field::SITE))
                .put();
        }
    }
}

/// The permissions that a fact of an account that opens a database says are needed there; none if it is not about one.
fn wanted(fact: &FactAt<'_>) -> Option<Vec<String>> {
    match fact.says? {
        Says::DatabasePermission(permission) => Some(permission.permissions.clone()),
        Says::Purpose(purpose) => match purpose.reads {
            Some(Database::Site) => Some(vec!["Read".to_owned()]),
            Some(Database::SourceSite) | None => None,
        },
        Says::LeastPrivilege(_) => Some(Vec::new()),
        _ => None,
    }
}

/// The facts of the accounts with which a role of a site system, or a migration, opens a database, and which.
fn connecting<'s>(shared: &'s Shared<'_>) -> Vec<(FactAt<'s>, Database)> {
    let accounts = shared.content.entities.iter().filter(|e| e.kind == EntityKind::Account);
    accounts
        .filter_map(|entity| Some((entity, database_of(shared.content, &entity.id)?)))
        .flat_map(|(entity, database)| entity.facts_at(shared.revision).map(move |fact| (fact, database)))
        .collect()
}

/// Statements by which an account uses a database: those with a documented permission, those that only say that it
/// reads, and those that want its rights low.
fn uses<'s>(shared: &'s Shared<'_>) -> Vec<Use<'s>> {
    let mut out = Vec::new();
    let facts = connecting(shared);
    let source = View::of(shared, table::MIGRATION_SOURCES);
    let roles = View::of(shared, table::ROLE_ACCOUNTS);
    for (fact, database) in &facts {
        let Some(wanted) = wanted(fact) else { continue };
        for line in roles.into_iter().flat_map(View::rows) {
            let Some(entity) =
                line.text(field::ENTITY).filter(|entity| entity.eq_ignore_ascii_case(fact.entity))
            else {
                continue;
            };
            let host = line.text(field::HOST);
            let empty = line.is_empty(field::ACCOUNT);
            let account = match line.account(field::ACCOUNT) {
                Some(account) => Ok(Arc::clone(account)),
                None if empty => {
                    host.and_then(|host| account_of_computer(shared, host)).ok_or(Why::NotExported)
                }
                None => Err(line.unknown(field::ACCOUNT).unwrap_or(Why::NotExported)),
            };
            let site = line.text(field::SITE);
            let server = line.text(field::DATABASE_SERVER).or_else(|| database_server(shared, site?));
            out.push(Use {
                statement: fact.statement.to_owned(),
                entity,
                line,
                account,
                cell: line.cell(field::ACCOUNT).filter(|_| !empty),
                computer: host.filter(|_| empty),
                server,
                site,
                wanted: wanted.clone(),
                source: false,
            });
        }
        match database {
            Database::Site => continue,
            Database::SourceSite => {}
        }
        for line in source.into_iter().flat_map(View::rows) {
            if line.is_empty(field::DATABASE_ACCOUNT) {
                continue;
            }
            let account = match line.account(field::DATABASE_ACCOUNT) {
                Some(account) => Ok(Arc::clone(account)),
                None => Err(line.unknown(field::DATABASE_ACCOUNT).unwrap_or(Why::NotExported)),
            };
            let site = View::of(shared, table::SOURCE_SITES).into_iter().flat_map(View::rows).find(|row| {
                row.text(field::SOURCE).is_some() && row.text(field::SOURCE) == line.text(field::SOURCE)
            });
            out.push(Use {
                statement: fact.statement.to_owned(),
                entity: fact.entity,
                line,
                account,
                cell: line.cell(field::DATABASE_ACCOUNT),
                computer: None,
                server: site.and_then(|row| row.text(field::SERVER)).or(line.text(field::SOURCE)),
                site: None,
                wanted: wanted.clone(),
                source: true,
            });
        }
    }
    out
}

/// The database server of a site.
fn database_server<'s>(shared: &'s Shared<'_>, site: &str) -> Option<&'s str> {
    View::of(shared, table::SITE_SYSTEMS)?
        .with(field::SITE, site)
        .find(|line| is(line.text(field::ROLE), "SMS SQL Server"))
        .and_then(|line| line.text(field::HOST))
}

fn row(shared: &Shared<'_>, out: &mut Out<'_>, one: &Use<'_>) {
    let base = filling(|row| {
        let row = row
            .set(field::STATEMENT, text(&one.statement))
            .set(field::ENTITY, text(one.entity))
            .copy(field::SITE, one.line.of_several().cell(field::SITE))
            .copy(field::HOST, one.line.of_several().cell(field::HOST))
            .copy(field::SOURCE, one.line.of_several().cell(field::SOURCE))
            .set(field::COMPUTER, flag(one.computer.is_some()))
            .set(field::WANTED, texts(&one.wanted, None));
        let row = match one.server {
            Some(server) => row.set(field::SERVER, text(server)),
            None => row,
        };
        match (&one.account, one.cell) {
            (_, Some(cell)) => row.copy(field::ACCOUNT, Some(cell)),
            (Ok(account), None) => row.set(field::ACCOUNT, Fact::Account(Arc::clone(account))),
            (Err(_), None) => row,
        }
    });
    let id = |name: TableName| shared.schema.id(name).unwrap_or_default();
    let account = match &one.account {
        Ok(account) => account,
        Err(why) => {
            let what: Arc<str> = "the account that connects to the database".into();
            base(out.gap(Missing::of(*why, id(table::ROLE_ACCOUNTS), what, one.line.record))).put();
            return;
        }
    };
    let Some(server) = one.server else {
        let what = match one.site {
            Some(site) => format!("the database server of site {site}"),
            None => "the database server".to_owned(),
        };
        base(out.gap(Missing::of(Why::NotExported, id(table::SITE_SYSTEMS), what, one.line.record))).put();
        return;
    };
    let database = Exported::of(shared, server, one);
    let database = match database {
        Ok(database) => database,
        Err(missing) => {
            let why = missing.why;
            base(out.gap(missing)).put();
            // Administrators of the computer or of the server are no matter of the database.
            let mut privileges: Vec<&str> = Vec::new();
            let mut place = None;
            let on_server = Exported::server_alone(shared, server);
            if let Some(role) = on_server.as_ref().and_then(|all| all.administers(account, one.computer)) {
                privileges.push(role.0);
                place = role.1;
            }
            if one.wanted.is_empty()
                && let Ok(Some(at)) = administrator(shared, account, one.computer, server)
            {
                privileges.push("Administrators");
                place = place.or(at);
            }
            let place = place.or(one.line.record);
            if !privileges.is_empty() {
                let excess = privileges.iter().filter(|role| **role != "Administrators");
                base(out.row(one.line.record))
                    .set(field::MISSING, Fact::Unknown(why))
                    .at(field::PRIVILEGES, texts(&privileges, place), place)
                    .at(field::EXCESS, texts(excess, place), place)
                    .put();
            }
            return;
        }
    };
    let (roles, unsure) = database.roles(account, one.computer);
    let mut missing: Vec<&str> = Vec::new();
    let mut open: Option<Missing> = None;
    let mut place = None;
    for wanted in &one.wanted {
        match database.holds_for(wanted, &roles, &unsure) {
            Holds::Yes(at) => place = place.or(at),
            Holds::No => missing.push(wanted),
            Holds::Open(what) => open = open.or(Some(what)),
        }
    }
    let shows = roles.iter().find_map(|role| role.place);
    let place = shows.or(place).or(one.cell.and_then(|cell| cell.place)).or(one.line.record);
    let privileged = |roles: &[Role]| -> Vec<&'static str> {
        let has = |known: &&str| roles.iter().any(|role| role.name.eq_ignore_ascii_case(known));
        PRIVILEGED.into_iter().filter(has).collect()
    };
    let mut privileges = privileged(&roles);
    let mut excess: Vec<&str> = privileges.clone();
    let mut more_open: Option<Missing> = None;
    for (roles, what) in &unsure {
        if !privileged(roles).is_empty() {
            more_open = more_open.or_else(|| Some(what.clone()));
        }
    }
    for extra in ["Read", "Write", "Execute"] {
        let documented = one.wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(extra));
        if documented || !privileges.is_empty() || one.wanted.is_empty() {
            continue;
        }
        match database.holds_for(extra, &roles, &unsure) {
            Holds::Yes(_) => excess.push(extra),
            Holds::No => {}
            Holds::Open(what) => more_open = more_open.or(Some(what)),
        }
    }
    // Administrators of the computer that runs the database matter where rights are to be low.
    if one.wanted.is_empty() {
        match administrator(shared, account, one.computer, server) {
            Ok(Some(_)) => privileges.push("Administrators"),
            Ok(None) => {}
            Err(missing) => more_open = more_open.or(Some(missing)),
        }
    }
    let fill = |row: Pending<'_, '_>, missing: Option<&[&str]>, all: bool| {
        let row = base(row).set(field::DATABASE, text(&database.name));
        let row = match missing {
            Some(missing) => row.at(field::MISSING, texts(missing, place), place),
            None => row,
        };
        if all {
            row.at(field::PRIVILEGES, texts(&privileges, place), place)
                .at(field::EXCESS, texts(&excess, place), place)
                .put();
        } else {
            row.put();
        }
    };
    // What is known is a row; what is not leaves a gap beside it.
    let known = !missing.is_empty() || open.is_none();
    if known {
        fill(out.row(one.line.record), Some(&missing), true);
    } else if let Some(open) = open {
        let gap = out.gap(open);
        fill(gap, None, more_open.is_none());
    }
    if let Some(more) = more_open
        && (privileges.is_empty() || excess.is_empty())
    {
        let gap = out.gap(more);
        fill(gap, known.then_some(&missing[..]), false);
    }
}

/// Whether an account is among the administrators of a computer, and where that shows.
fn administrator(
    shared: &Shared<'_>,
    who: &Account,
    computer: Option<&str>,
    server: &str,
) -> Result<Option<Option<Place>>, Missing> {
    // A computer is the administrator of itself.
    if computer.is_some_and(|computer| shared.ids.same_computer(computer, server) == Some(true)) {
        return Ok(None);
    }
    let Some(group) = Account::parse("BUILTIN\\Administrators") else { return Ok(None) };
    match Membership::of(shared).belongs(shared, who, &group, None, Some(server)) {
        Belongs::Yes(link) => Ok(Some(link.place.or(link.record))),
        Belongs::No => Ok(None),
        Belongs::Open(missing) => Err(missing),
    }
}

/// A role an account has, or the account's own entry in the database.
#[derive(Debug, Clone)]
struct Role {
    /// Name of the role or principal.
    name: String,
    /// Of the server and not of the database.
    of_server: bool,
    place: Option<Place>,
}

impl<'s> Exported<'s> {
    /// The database of a use.
    fn of(shared: &'s Shared<'s>, server: &'s str, one: &Use<'_>) -> Result<Self, Missing> {
        let tables = [table::SQL_ROLE_MEMBERS, table::SQL_PERMISSIONS, table::SQL_PRINCIPALS];
        let [members, permissions, principals] = tables.map(|name| View::of(shared, name));
        let (Some(members), Some(permissions), Some(principals)) = (members, permissions, principals) else {
            return Err(Missing::rows(Why::NotExported, TableId::default(), None));
        };
        let on_server = |line: &Line<'_>| {
            line.text(field::SERVER).is_none_or(|name| shared.ids.same_computer(name, server) == Some(true))
        };
        let names: Vec<&str> = members
            .rows()
            .chain(principals.rows())
            .chain(permissions.rows())
            .filter(on_server)
            .filter_map(|line| line.text(field::DATABASE))
            .collect();
        let fits = |name: &str| match one.site {
            Some(site) => {
                let name = name.to_uppercase();
                let site = site.to_uppercase();
                name == format!("CM_{site}") || name == format!("SMS_{site}")
            }
            None => {
                let upper = name.to_uppercase();
                one.source && (upper.starts_with("CM_") || upper.starts_with("SMS_")) && upper.len() <= 7
            }
        };
        let mut known: Vec<&str> = names.into_iter().filter(|name| fits(name)).collect();
        known.sort_by_key(|name| name.to_lowercase());
        known.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
        let absent = || {
            let what = match one.site {
                Some(site) => format!("the users of database `CM_{site}` on `{server}`"),
                None => format!("the users of the site database on `{server}`"),
            };
            Missing::of(Why::NotExported, principals.id, what, one.line.record)
        };
        let [name] = known.as_slice() else {
            if let Some(gap) = members.absent().or(principals.absent()) {
                return Err(Missing::rows(gap.missing.why, gap.missing.table, None));
            }
            return Err(absent());
        };
        let name = (*name).to_owned();
        let mine = |line: &Line<'_>| {
            on_server(line) && line.text(field::DATABASE).is_none_or(|of| of.eq_ignore_ascii_case(&name))
        };
        for view in [members, permissions] {
            if let Some(gap) = view.absent() {
                return Err(Missing::rows(gap.missing.why, gap.missing.table, None));
            }
        }
        if let Some(gap) = [members, permissions, principals]
            .into_iter()
            .flat_map(View::gaps)
            .filter(|line| line.gap.is_some_and(|gap| gap.missing.why != Why::NotExported))
            .filter(mine)
            .find_map(|line| line.gap)
        {
            let what = format!("the users of database `{name}` on `{server}`").into();
            return Err(Missing { what: Some(what), ..gap.missing.clone() });
        }
        Ok(Self {
            shared,
            server,
            members: members.rows().filter(mine).collect(),
            permissions: permissions.rows().filter(mine).collect(),
            disabled: principals
                .rows()
                .filter(|line| mine(line) && line.flag(field::DISABLED) == Some(true))
                .filter(|line| line.text(field::DATABASE).is_none())
                .filter_map(|line| line.account(field::PRINCIPAL).map(|login| shared.ids.key(login)))
                .collect(),
            principals: principals.rows().filter(mine).collect(),
            table: members.id,
            name,
        })
    }

    /// What exports hold of a server, whatever they hold of its databases. That something is not among it proves
    /// nothing. None if they hold nothing of it.
    fn server_alone(shared: &'s Shared<'s>, server: &'s str) -> Option<Self> {
        let members = View::of(shared, table::SQL_ROLE_MEMBERS)?;
        let principals = View::of(shared, table::SQL_PRINCIPALS)?;
        let of_server = |view: View<'s>| -> Vec<Line<'s>> {
            view.on(field::SERVER, server).filter(|line| line.text(field::DATABASE).is_none()).collect()
        };
        let all = Self {
            shared,
            server,
            members: of_server(members),
            permissions: Vec::new(),
            disabled: of_server(principals)
                .iter()
                .filter(|line| line.flag(field::DISABLED) == Some(true))
                .filter_map(|line| line.account(field::PRINCIPAL).map(|login| shared.ids.key(login)))
                .collect(),
            principals: of_server(principals),
            table: members.id,
            name: String::new(),
        };
        (!all.members.is_empty()).then_some(all)
    }

    /// The role by which an account administers the server for sure, and where that shows.
    fn administers(&self, who: &Account, computer: Option<&str>) -> Option<(&'static str, Option<Place>)> {
        let (roles, _) = self.roles(who, computer);
        PRIVILEGED.into_iter().find_map(|known| {
            let role = roles.iter().find(|role| role.of_server && role.name.eq_ignore_ascii_case(known))?;
            Some((known, role.place))
        })
    }

    /// The principals that an account acts as with all roles these have; and those it may act as, each with its roles
    /// and what would have to be known.
    fn roles(&self, who: &Account, computer: Option<&str>) -> (Vec<Role>, Vec<(Vec<Role>, Missing)>) {
        let mut found: Vec<Role> = Vec::new();
        let mut unsure: Vec<(Role, Missing)> = Vec::new();
        let mut seen: HashSet<(bool, String)> = HashSet::new();
        let named = self.principals.iter().map(|line| (line, field::PRINCIPAL));
        let named = named
            .chain(self.members.iter().map(|line| (line, field::MEMBER)))
            .chain(self.permissions.iter().map(|line| (line, field::PRINCIPAL)));
        for (line, field) in named {
            let line = line.of_several();
            let of_server = line.text(field::DATABASE).is_none();
            let Some(principal) = line.account(field) else { continue };
            if is(line.text(field::TYPE), "role") || is(line.text(field::TYPE), "sql") {
                continue;
            }
            let name = principal.written.trim();
            // A login that is switched off lets nobody in.
            if seen.contains(&(of_server, name.to_lowercase())) || self.is_disabled(&line, principal) {
                continue;
            }
            let login = line.account(field::LOGIN).unwrap_or(principal);
            let mut answer = self.is(who, computer, login);
            if !matches!(answer, Belongs::Yes(_))
                && !Arc::ptr_eq(login, principal)
                && login.domain().is_none()
            {
                answer = self.is(who, computer, principal);
            }
            let place = line.cell(field).and_then(|cell| cell.place).or(line.record);
            let role = Role { name: name.to_owned(), of_server, place };
            seen.insert((of_server, name.to_lowercase()));
            match answer {
                Belongs::Yes(_) => found.push(role),
                Belongs::No => {}
                Belongs::Open(missing) => unsure.push((role, missing)),
            }
        }
        let all = self.with_roles(found);
        let unsure =
            unsure.into_iter().map(|(role, missing)| (self.with_roles(vec![role]), missing)).collect();
        (all, unsure)
    }

    /// Principals with their roles and the roles of these.
    fn with_roles(&self, mut found: Vec<Role>) -> Vec<Role> {
        let mut next = 0;
        while next < found.len() {
            let (name, of_server) = (found[next].name.clone(), found[next].of_server);
            next += 1;
            for line in &self.members {
                let (Some(member), Some(role)) = (line.account(field::MEMBER), line.text(field::ROLE)) else {
                    continue;
                };
                let mine = line.text(field::DATABASE).is_none() == of_server
                    && member.written.trim().eq_ignore_ascii_case(&name)
                    && !found.iter().any(|known| {
                        known.of_server == of_server && known.name.eq_ignore_ascii_case(role.trim())
                    });
                if mine {
                    let place = line.cell(field::MEMBER).and_then(|cell| cell.place).or(line.record);
                    found.push(Role { name: role.trim().to_owned(), of_server, place });
                }
            }
        }
        if !found.is_empty() && !found.iter().any(|role| role.name.eq_ignore_ascii_case("public")) {
            found.push(Role { name: "public".to_owned(), of_server: false, place: None });
        }
        found
    }

    /// Whether a permission is held, whatever turns out of the principals that may be the account's.
    fn holds_for(&self, wanted: &str, roles: &[Role], unsure: &[(Vec<Role>, Missing)]) -> Holds {
        let alone = self.holds(wanted, roles);
        let certain = match &alone {
            Holds::Yes(_) => true,
            Holds::No => false,
            Holds::Open(_) => return alone,
        };
        for (more, missing) in unsure {
            let together: Vec<Role> = roles.iter().chain(more).cloned().collect();
            let changes = match self.holds(wanted, &together) {
                Holds::Yes(_) => !certain,
                Holds::No => certain,
                Holds::Open(_) => true,
            };
            if changes {
                return Holds::Open(missing.clone());
            }
        }
        alone
    }

    fn is_disabled(&self, line: &Line<'_>, principal: &Account) -> bool {
        let login = line.account(field::LOGIN).map_or(principal, |login| login);
        !self.disabled.is_empty() && self.disabled.contains(&self.shared.ids.key(login))
    }

    /// Whether an account comes in by a login.
    fn is(&self, who: &Account, computer: Option<&str>, login: &Account) -> Belongs {
        // Users and roles of the product's own, without a domain, are not Windows accounts.
        let own = ["dbo", "guest", "public", "sys", "information_schema", "sa"];
        if login.domain().is_none() && own.iter().any(|name| login.written.eq_ignore_ascii_case(name)) {
            return Belongs::No;
        }
        if login.written.starts_with("##") {
            return Belongs::No;
        }
        if let Some(computer) = computer
            && self.shared.ids.is_account_of(login, computer) == Some(true)
        {
            return Belongs::Yes(crate::estate::membership::Link::default());
        }
        // A name without a domain is a login of the database itself, a role, or a fixed role.
        if login.domain().is_none()
            && login.form == crate::evidence::AccountForm::Bare
            && who.domain().is_some()
        {
            return Belongs::No;
        }
        Membership::of(self.shared).belongs(self.shared, who, login, None, Some(self.server))
    }

    /// Whether roles and grants give a permission on the whole database.
    fn holds(&self, wanted: &str, roles: &[Role]) -> Holds {
        let has = |name: &str, of_server: bool| {
            roles.iter().find(|role| role.of_server == of_server && role.name.eq_ignore_ascii_case(name))
        };
        if let Some(role) = has("sysadmin", true) {
            return Holds::Yes(role.place);
        }
        let Some(known) = self
            .shared
            .content
            .vocabulary
            .permissions
            .iter()
            .find(|p| p.on == On::Database && p.id.eq_ignore_ascii_case(wanted))
        else {
            return Holds::No;
        };
        let denying = match known.role.as_deref() {
            Some("db_datareader") => Some("db_denydatareader"),
            Some("db_datawriter") => Some("db_denydatawriter"),
            _ => None,
        };
        if denying.is_some_and(|role| has(role, false).is_some()) {
            return Holds::No;
        }
        let mine = |line: &&Line<'_>| {
            let of_server = line.text(field::DATABASE).is_none();
            line.account(field::PRINCIPAL).is_some_and(|principal| {
                roles.iter().any(|role| {
                    role.of_server == of_server && principal.written.trim().eq_ignore_ascii_case(&role.name)
                })
            })
        };
        let rows: Vec<&Line<'_>> = self.permissions.iter().filter(mine).collect();
        let whole = |line: &Line<'_>| match line.text(field::OBJECT) {
            None => true,
            Some(object) => {
                object.eq_ignore_ascii_case("database")
                    || object.eq_ignore_ascii_case(&self.name)
                    || object.eq_ignore_ascii_case("server")
                    || object == "*"
            }
        };
        let is_denied = |permission: &str| {
            rows.iter().any(|line| {
                is(line.text(field::STATE), "deny")
                    && is(line.text(field::PERMISSION), permission)
                    && whole(line)
            })
        };
        if known.grants.iter().any(|grant| is_denied(grant)) || is_denied("CONTROL") {
            return Holds::No;
        }
        if let Some(role) = has("db_owner", false).or(known.role.as_deref().and_then(|role| has(role, false)))
        {
            return Holds::Yes(role.place);
        }
        let granted = |permission: &str| {
            rows.iter().find(|line| {
                !is(line.text(field::STATE), "deny")
                    && is(line.text(field::PERMISSION), permission)
                    && whole(line)
            })
        };
        for all in ["CONTROL", "CONTROL SERVER"] {
            if let Some(line) = granted(all) {
                return Holds::Yes(line.record);
            }
        }
        if known.grants.iter().all(|grant| granted(grant).is_some()) {
            return Holds::Yes(known.grants.first().and_then(|grant| granted(grant)?.record));
        }
        // Single objects, and roles of the product, of which only the rights on single objects are granted.
        let single = rows.iter().find(|line| {
            !is(line.text(field::STATE), "deny")
                && !whole(line)
                && line.text(field::PERMISSION).is_some_and(|permission| {
                    permission.eq_ignore_ascii_case("CONTROL")
                        || known.grants.iter().any(|grant| grant.eq_ignore_ascii_case(permission))
                })
        });
        let own = roles.iter().find(|role| {
            !role.of_server
                && role.name.to_lowercase().starts_with("smsdbrole")
                && !rows.iter().any(|line| {
                    line.account(field::PRINCIPAL).is_some_and(|p| p.written.eq_ignore_ascii_case(&role.name))
                })
        });
        let place = single.and_then(|line| line.record).or(own.and_then(|role| role.place));
        if single.is_some() || own.is_some() {
            let what = match own {
                Some(role) => format!("what `{}` may do in `{}`", role.name, self.name),
                None => format!("the permissions on all objects of `{}`", self.name),
            };
            return Holds::Open(Missing::of(Why::NotExported, self.table, what, place));
        }
        Holds::No
    }
}
