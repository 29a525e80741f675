//! The table `share_access`: what the accounts of task sequence steps may do on the share they write to or connect to,
//! and in the folder behind it where its permissions are exported too.
//!
//! A share and its folder both have to grant a right. Among the entries of a share denials win.

use std::sync::Arc;

use crate::content::fact::SharePermission;
use crate::estate::access::list::{ByHost, FOLDERS, State, lists};
use crate::estate::access::{Ask, folder_mask, granted, means, telling};
use crate::estate::membership::{Belongs, Membership};
use crate::estate::shared::Shared;
use crate::estate::table::{Line, Missing, Out, View, filling, flag, is, text, texts};
use crate::estate::value::path as path_key;
use crate::evidence::{Account, Table, TableSchema, Why, computer_name};
use crate::sddl::Access;

/// The rights that the words of a share stand for.
fn mask(right: Option<&str>) -> Option<u32> {
    match right? {
        "read" => Some(0x12_00A9),
        "change" => Some(0x13_01BF),
        "full" => Some(0x1F_01FF),
        _ => None,
    }
}

/// A network path: server, share and what follows.
fn parts(target: &str) -> Option<(String, String, String)> {
    let key = target.trim().replace('/', "\\");
    let mut parts = key.strip_prefix("\\\\")?.splitn(3, '\\');
    let server = computer_name(parts.next()?)?.to_owned();
    let share = parts.next().filter(|share| !share.is_empty())?.to_owned();
    Some((server, share, parts.next().unwrap_or_default().to_owned()))
}

/// What a share grants, and what would have to be known to tell more. None if no export holds its permissions.
fn of_share(
    shared: &Shared<'_>,
    server: &str,
    share: &str,
    who: &Account,
) -> Option<(Access, Option<Missing>, Option<crate::source::Place>)> {
    let view = View::of(shared, "share_permissions")?;
    let mine = |line: &Line<'_>| {
        line.text("share").is_none_or(|name| name.eq_ignore_ascii_case(share))
            && line.text("host").is_none_or(|host| shared.ids.same_computer(host, server) == Some(true))
    };
    let mut found = false;
    let (mut allow, mut maybe_allow, mut deny, mut maybe_deny) = (0u32, 0u32, 0u32, 0u32);
    let mut open = None;
    let mut place = None;
    for line in view.perhaps_on("host", server).filter(mine) {
        // Of a share nothing is told that has no name.
        if line.text("share").is_none() {
            continue;
        }
        found = true;
        let allows = is(line.text("kind"), "allow");
        let denies = is(line.text("kind"), "deny");
        let rights = mask(line.text("right"));
        let belongs = match line.account("account") {
            Some(trustee) => Membership::of(shared).belongs(shared, who, trustee, None, Some(server)),
            None => continue,
        };
        let sure = rights.is_some() && (allows || denies) && matches!(belongs, Belongs::Yes(_));
        match &belongs {
            Belongs::No => continue,
            Belongs::Open(missing) => open = open.or_else(|| Some(missing.clone())),
            Belongs::Yes(_) if sure => {
                place = place.or(line.cell("account").and_then(|c| c.place).or(line.record))
            }
            Belongs::Yes(_) => {
                open = open.or_else(|| {
                    Some(Missing {
                        why: line.unknown("right").or(line.unknown("kind")).unwrap_or(Why::Unreadable),
                        table: view.id,
                        what: format!("the permissions of `\\\\{server}\\{share}`").into(),
                        place: line.record,
                    })
                });
            }
        }
        let rights = rights.unwrap_or(0x1F_01FF);
        if !denies {
            maybe_allow |= rights;
            allow |= if sure { rights } else { 0 };
        }
        if !allows {
            // What is denied is what the share grants beyond the next lower step.
            maybe_deny |= rights;
            deny |= if sure { rights } else { 0 };
        }
    }
    for line in view.gaps().filter(mine) {
        let Some(gap) = line.gap else { continue };
        if line.text("share").is_some() || found {
            found = true;
            maybe_allow = 0x1F_01FF;
            maybe_deny = 0x1F_01FF;
            let what: Arc<str> = format!("the permissions of `\\\\{server}\\{share}`").into();
            open = open.or(Some(Missing { why: gap.why, table: gap.table, what, place: gap.place }));
        }
    }
    let access = Access { certain: allow & !maybe_deny, possible: (allow | maybe_allow) & !deny };
    found.then_some((access, open, place))
}

/// One row a step with an account of which permissions on a share are documented.
pub(crate) fn share_access(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::new(schema);
    let folders = lists(shared, FOLDERS);
    let by_host = ByHost::of(&folders);
    let permissions = shared.schema.table("share_permissions").unwrap_or_default();
    let Some(steps) = View::of(shared, "task_sequence_steps") else { return out.table };
    for (fact, said) in shared.content.judged::<SharePermission>(shared.revision) {
        let wanted: Vec<&str> = said.permissions.iter().map(String::as_str).collect();
        let masks: Vec<(&str, u32)> =
            wanted.iter().filter_map(|name| Some((*name, telling(folder_mask(name)?)))).collect();
        for line in steps.rows().filter(|line| is(line.text("entity"), fact.entity)) {
            if line.is_empty("account") || line.is_empty("target") {
                continue;
            }
            let base = filling(|row| {
                row.set("statement", text(fact.statement))
                    .set("entity", text(fact.entity))
                    .copy("task_sequence", line.cell("task_sequence"))
                    .copy("step", line.cell("step"))
                    .copy("disabled", line.cell("disabled"))
                    .copy("account", line.cell("account"))
                    .copy("target", line.cell("target"))
            });
            let target = line.text("target").unwrap_or_default();
            let unread = |out: &mut Out<'_>, why: Why, what: String| {
                base(out.gap(why, steps.id, Some(what.into()), line.record)).put();
            };
            let Some(who) = line.account("account") else {
                let why = line.unknown("account").unwrap_or(Why::Unreadable);
                unread(&mut out, why, "the account of the step".to_owned());
                continue;
            };
            if line.flag("dynamic") == Some(true) || Account::is_dynamic(target) {
                unread(&mut out, Why::Unreadable, format!("the values of the variables in `{target}`"));
                continue;
            }
            let Some((server, share, rest)) = parts(target) else {
                match line.unknown("target") {
                    Some(why) => unread(&mut out, why, "the target of the step".to_owned()),
                    // No network path: a drive of the computer itself.
                    None => continue,
                }
                continue;
            };
            let Some((access, open, place)) = of_share(shared, &server, &share, who) else {
                let absent = View::of(shared, "share_permissions").and_then(View::absent).is_some();
                let what: Option<Arc<str>> =
                    (!absent).then(|| format!("the permissions of the share `\\\\{server}\\{share}`").into());
                base(out.gap(Why::NotExported, permissions, what, None)).put();
                continue;
            };
            let folder = behind(shared, &folders, &by_host, &server, &share, &rest);
            let ntfs = folder.map(|list| {
                granted(list, Ask::FOLDER, |entry| means(shared, who, None, entry, Some(&server)))
            });
            let lacks = |wanted: u32, access: Access| access.holds(wanted).map(|holds| !holds);
            let mut missing: Vec<String> = Vec::new();
            let mut undecided = None;
            let any = 0x1F_01FF;
            // Where no permission is named, any will do.
            let checks: Vec<(&str, u32)> =
                if masks.is_empty() { vec![("any permission", 0)] } else { masks.clone() };
            for (name, wanted) in checks {
                let on_share = if wanted == 0 { nothing(access, any) } else { lacks(wanted, access) };
                let in_folder = ntfs.as_ref().map(|got| {
                    if wanted == 0 { nothing(got.access, any) } else { lacks(wanted, got.access) }
                });
                match on_share {
                    Some(true) => missing.push(format!("{name} on the share")),
                    None => undecided = undecided.or_else(|| open.clone()),
                    Some(false) => {}
                }
                match in_folder {
                    Some(Some(true)) => missing.push(format!("{name} in the folder")),
                    Some(None) => {
                        let more = ntfs.as_ref().and_then(|got| got.missing(any)).cloned();
                        undecided = undecided.or(more);
                    }
                    _ => {}
                }
            }
            if missing.is_empty()
                && let Some(missing) = undecided
            {
                base(out.gap(missing.why, missing.table, Some(missing.what), missing.place)).put();
                continue;
            }
            let place = place.or(line.cell("target").and_then(|cell| cell.place));
            base(out.row(line.record))
                .at("missing", texts(&missing, place), place)
                .set("folder_known", flag(folder.is_some()))
                .put();
        }
        for line in steps.gaps() {
            let Some(gap) = line.gap else { continue };
            if line.text("entity").is_some_and(|entity| !entity.eq_ignore_ascii_case(fact.entity)) {
                continue;
            }
            out.gap(gap.why, gap.table, gap.what.clone(), gap.place)
                .set("statement", text(fact.statement))
                .set("entity", text(fact.entity))
                .copy("account", line.cell("account"))
                .put();
        }
    }
    out.table
}

/// Whether nothing at all is granted.
fn nothing(access: Access, any: u32) -> Option<bool> {
    if access.certain & telling(any) != 0 {
        Some(false)
    } else if access.possible & telling(any) == 0 {
        Some(true)
    } else {
        None
    }
}

/// The exported list of the folder behind a network path, or of the folder around the file it names.
fn behind<'f, 's>(
    shared: &Shared<'_>,
    folders: &'f [crate::estate::access::list::List<'s>],
    by_host: &ByHost,
    server: &str,
    share: &str,
    rest: &str,
) -> Option<&'f crate::estate::access::list::List<'s>> {
    let root = View::of(shared, "shares")?
        .on("host", server)
        .find_map(|line| is(line.text("share"), share).then(|| line.text("path")).flatten())?;
    let mine = by_host.on(shared, folders, server);
    let whole = path_key(&format!("{root}\\{rest}"));
    let around = rest
        .rsplit('\\')
        .next()
        .filter(|last| last.contains('.'))
        .and_then(|_| whole.rsplit_once('\\'))
        .map(|(folder, _)| folder.to_owned());
    [Some(whole), around].into_iter().flatten().find_map(|path| {
        mine.iter().copied().find(|list| {
            !matches!(list.state, State::Unknown(_))
                && list.line.text("path").is_some_and(|known| path_key(known) == path)
        })
    })
}
