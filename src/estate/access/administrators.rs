//! The table `administrators`: whether those of whom the documents ask it administer a computer, or the instance with the
//! database of a site. Groups are followed to any depth.

use std::collections::HashSet;
use std::sync::Arc;

use crate::estate::access::database::{administrator, database_server, sysadmin};
use crate::estate::computers::account_of_computer;
use crate::estate::shared::Shared;
use crate::estate::table::{Line, Out, Pending, View, filling, flag, is, text};
use crate::evidence::{Account, Fact, FieldName, Missing, Table, TableName, TableSchema, field, table};
use crate::source::Place;

/// Whether it is so, and where that shows.
type Held = Result<Option<Option<Place>>, Missing>;

/// Who is asked for, and where.
struct Asked<'s> {
    who: &'static str,
    group: &'static str,
    account: Arc<Account>,
    /// The site server, if it is one.
    server: Option<&'s str>,
    site: Option<&'s str>,
    host: Option<&'s str>,
    /// Where it shows that it is asked for, and in which record.
    at: (Option<Place>, Option<Place>),
}

/// The place of a cell, and its record.
fn at(line: Line<'_>, field: FieldName) -> (Option<Place>, Option<Place>) {
    (line.cell(field).and_then(|cell| cell.place), line.record)
}

pub(crate) fn administrators(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    site_servers(shared, &mut out);
    let exported: HashSet<String> = View::of(shared, table::LOCAL_GROUPS)
        .into_iter()
        .flat_map(View::rows)
        .filter_map(|line| line.text(field::HOST).map(|host| shared.ids.computer_key(host)))
        .collect();
    let servers = rows(shared, table::SITES).filter_map(|line| line.text(field::SERVER));
    let clients = rows(shared, table::POSITIONS).filter(|line| is(line.text(field::POSITION), "client"));
    let clients = clients.filter_map(|line| line.text(field::HOST));
    let known = |host: &&str| exported.contains(&shared.ids.computer_key(host));
    let (servers, clients): (Vec<&str>, Vec<&str>) =
        (servers.filter(known).collect(), clients.filter(known).collect());
    accounts(shared, table::ADMIN_USERS, ("full-administrator", &servers), &mut out);
    accounts(shared, table::TASK_SEQUENCE_STEPS, ("step", &clients), &mut out);
    out.table
}

fn rows<'s>(shared: &'s Shared<'_>, name: TableName) -> impl Iterator<Item = Line<'s>> {
    View::of(shared, name).into_iter().flat_map(View::rows)
}

/// Site servers on the site systems of their sites, and on the instances with their databases.
fn site_servers(shared: &Shared<'_>, out: &mut Out<'_>) {
    let servers: Vec<&str> = rows(shared, table::SITES).filter_map(|line| line.text(field::SERVER)).collect();
    for line in rows(shared, table::SITES) {
        let (Some(site), Some(server)) = (line.text(field::SITE), line.text(field::SERVER)) else { continue };
        let Some(account) = account_of_computer(shared, server) else { continue };
        let asked = |group: &'static str, host, at| Asked {
            who: "site-server",
            group,
            account: Arc::clone(&account),
            server: Some(server),
            site: Some(site),
            host,
            at,
        };
        let systems =
            View::of(shared, table::SITE_SYSTEMS).into_iter().flat_map(|v| v.with(field::SITE, site));
        for system in systems.filter(|line| is(line.text(field::ROLE), "SMS Site System")) {
            let Some(host) = system.text(field::HOST) else { continue };
            // Site servers are their own, and those of other sites are no site systems to manage.
            if servers.iter().any(|server| shared.ids.same_computer(host, server) == Some(true)) {
                continue;
            }
            let held = administrator(shared, &account, Some(server), host);
            put(out, &asked("Administrators", Some(host), at(system, field::HOST)), held);
        }
        if is(line.text(field::TYPE), "secondary") {
            continue;
        }
        let host = database_server(shared, site);
        let held = match host {
            Some(host) => sysadmin(shared, &account, server, host),
            None => {
                let what = format!("the database server of site {site}");
                Err(Missing::not_exported(shared, table::SITE_SYSTEMS, &what))
            }
        };
        put(out, &asked("sysadmin", host, at(line, field::SERVER)), held);
    }
    gaps(shared, table::SITES, "site-server", out);
    gaps(shared, table::SITE_SYSTEMS, "site-server", out);
}

/// The accounts of a table on each of some computers, once each.
fn accounts(shared: &Shared<'_>, name: TableName, (who, hosts): (&'static str, &[&str]), out: &mut Out<'_>) {
    let mut seen = HashSet::new();
    for line in rows(shared, name) {
        let Some(account) = line.account(field::ACCOUNT) else { continue };
        if !seen.insert(shared.ids.key(account)) {
            continue;
        }
        for host in hosts {
            let account = Arc::clone(account);
            let held = administrator(shared, &account, None, host);
            let at = at(line, field::ACCOUNT);
            let asked = Asked {
                who,
                group: "Administrators",
                account,
                server: None,
                site: None,
                host: Some(host),
                at,
            };
            put(out, &asked, held);
        }
    }
    // The rules go through the table itself, and so through its gaps.
    gaps(shared, table::LOCAL_GROUPS, who, out);
}

/// What is missing of the rows of a table is missing here.
fn gaps(shared: &Shared<'_>, name: TableName, who: &str, out: &mut Out<'_>) {
    for line in View::of(shared, name).into_iter().flat_map(View::gaps) {
        if let Some(gap) = line.gap {
            out.gap(gap.missing.clone()).set(field::WHO, text(who)).put();
        }
    }
}

fn put(out: &mut Out<'_>, asked: &Asked<'_>, held: Held) {
    let (shown, record) = asked.at;
    let fill = filling(|row: Pending<'_, '_>| {
        let mut row = row.set(field::WHO, text(asked.who)).set(field::GROUP, text(asked.group)).at(
            field::ACCOUNT,
            Fact::Account(Arc::clone(&asked.account)),
            shown,
        );
        for (field, known) in
            [(field::SERVER, asked.server), (field::SITE, asked.site), (field::HOST, asked.host)]
        {
            if let Some(known) = known {
                row = row.at(field, text(known), shown);
            }
        }
        row
    });
    match held {
        Ok(place) => fill(out.row(record)).at(field::HELD, flag(place.is_some()), place.flatten()).put(),
        Err(missing) => fill(out.gap(missing.or_at(record))).put(),
    }
}
