//! The tables `documented_groups`, `documented_members` and `group_scopes`: exported groups that bear the name of a
//! documented one, who is in them, and of what type they are.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::estate::groups::{Found, Groups, State, kind};
use crate::estate::shared::Shared;
use crate::estate::table::{Out, Pending, View, flag, text};
use crate::evidence::{AccountForm, Fact, Missing, Table, TableSchema, field, table};

fn begin<'o, 's>(out: &'o mut Out<'s>, found: &Found<'_>) -> Pending<'o, 's> {
    let row = out.row(found.record);
    known(row, found)
}

/// Which group it is, and where.
fn named<'o, 's>(row: Pending<'o, 's>, found: &Found<'_>) -> Pending<'o, 's> {
    row.copy(field::HOST, Some(&found.host))
        .at(field::GROUP, Fact::Account(Arc::clone(&found.group)), found.place)
        .at(field::NAME, text(&found.name), found.place)
        .set(field::TITLE, text(&found.named.title))
        .set(field::ENTITY, text(found.named.entity))
}

/// All that its name and its computer say of it.
fn known<'o, 's>(row: Pending<'o, 's>, found: &Found<'_>) -> Pending<'o, 's> {
    named(row, found)
        .at(field::SITE, text(found.named.site.as_deref().unwrap_or_default()), found.place)
        .set(field::SPELLING, text(if found.named.exact { "exact" } else { "close" }))
        .set(field::DOMAIN, text(found.domain.as_deref().unwrap_or_default()))
}

/// One row a group and computer; gaps where the exports do not tell all groups of a computer on which a documented
/// group is looked for.
pub(crate) fn documented_groups(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let groups = Groups::of(shared);
    let mut out = Out::of(shared, schema);
    for found in &groups.found {
        let whole = found.listed(shared).cut.is_none();
        begin(&mut out, found).set(field::MEMBERS, flag(whole)).put();
    }
    // Without any groups there is nothing to say of single computers.
    if let Some(lack) = &groups.absent {
        out.gap(lack.clone()).put();
        return out.table;
    }
    for lack in &groups.anywhere {
        out.gap(lack.clone()).put();
    }
    let mut seen = HashSet::new();
    for spot in crate::estate::groups::expected::spots(shared, &groups).spots {
        for host in std::iter::once(&spot.host).chain(&spot.instead) {
            let Fact::Text(name) = &host.fact else { continue };
            if !seen.insert((shared.ids.computer_key(name), spot.title.clone())) {
                continue;
            }
            if let State::Unknown(lack) = groups.state(shared, name, &spot.title) {
                out.gap(lack.clone())
                    .copy(field::HOST, Some(host))
                    .set(field::TITLE, text(&spot.title))
                    .set(field::ENTITY, text(spot.entity))
                    .put();
            }
        }
    }
    lost(&mut out, &groups);
    out.table
}

/// Groups of computers on which none is documented may be left over; which these are, and who is in them, is not known.
fn lost(out: &mut Out<'_>, groups: &Groups<'_>) {
    for (host, lack) in groups.lacks.iter().collect::<BTreeMap<_, _>>() {
        out.gap(lack.clone()).set(field::HOST, text(host)).put();
    }
}

/// One row a direct member of a documented group; gaps where not all members are listed.
pub(crate) fn documented_members(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let groups = Groups::of(shared);
    let mut out = Out::of(shared, schema);
    if let Some(lack) = &groups.absent {
        out.gap(lack.clone()).put();
    }
    for lack in &groups.anywhere {
        out.gap(lack.clone()).put();
    }
    for found in &groups.found {
        let listed = found.listed(shared);
        let mut seen = HashSet::new();
        for member in listed.members {
            let identity = shared.ids.resolve(&member.account);
            if !seen.insert(identity.key().to_owned()) {
                continue;
            }
            let resolved = member.account.form != AccountForm::Sid || identity.name().is_some();
            let sid = member.sid.as_ref().map(|sid| text(&sid.written));
            known(out.row(member.record), found)
                .at(field::MEMBER, Fact::Account(Arc::clone(&member.account)), member.place)
                .set(field::SID, sid.unwrap_or(Fact::Empty))
                .set(field::KIND, text(kind(shared, member, resolved)))
                .set(field::RESOLVED, flag(resolved))
                .put();
        }
        if let Some(cut) = listed.cut {
            known(out.gap(found.cut(shared, cut)), found).put();
        }
    }
    lost(&mut out, &groups);
    out.table
}

/// One row a documented group and computer whose place in its domain is known; gaps for the others.
pub(crate) fn group_scopes(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let groups = Groups::of(shared);
    let mut out = Out::of(shared, schema);
    for lack in groups.absent.iter().chain(&groups.anywhere) {
        out.gap(lack.clone()).put();
    }
    let mut positions: HashMap<String, &str> = HashMap::new();
    let mut lacks: Option<Missing> = None;
    if let Some(view) = View::of(shared, table::COMPUTERS) {
        for line in view.rows() {
            if let (Some(host), Some(position)) = (line.text(field::HOST), line.text(field::POSITION)) {
                positions.insert(shared.ids.computer_key(host), position);
            }
        }
        lacks = view.absent().map(|gap| gap.missing.clone());
    }
    for found in groups.found.iter().filter(|f| f.named.exact) {
        let position = found.key.as_ref().and_then(|key| positions.get(key)).copied();
        let Some(position) = position else {
            let lack = lacks.clone().unwrap_or_else(|| {
                let host = found.host_text().unwrap_or("?");
                Missing::not_exported(
                    shared,
                    table::COMPUTERS,
                    &format!("whether `{host}` is a domain controller"),
                )
            });
            named(out.gap(lack), found).set(field::SCOPE, found.scope.clone()).put();
            continue;
        };
        let on_controller = position == "domain-controller";
        let place = if on_controller { position } else { "member" };
        let scope = match &found.scope {
            // What computers other than domain controllers list are their own groups.
            Fact::Empty | Fact::Unknown(_) if !on_controller => text("local"),
            Fact::Empty | Fact::Unknown(_) => {
                let what = format!("the scope of `{}`", found.name);
                named(out.gap(Missing::not_exported(shared, table::DOMAIN_GROUPS, &what)), found)
                    .set(field::POSITION, text(place))
                    .put();
                continue;
            }
            scope => scope.clone(),
        };
        named(out.row(found.record), found).set(field::POSITION, text(place)).set(field::SCOPE, scope).put();
    }
    out.table
}
