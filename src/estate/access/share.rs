//! The table `share_access`: what the accounts of task sequence steps may do on the share they write to or connect to,
//! and in the folder behind it where its permissions are exported too.
//!
//! A share and its folder both have to grant a right. Among the entries of a share denials win.

use std::sync::Arc;

use crate::content::fact::SharePermission;
use crate::estate::access::list::{ByHost, Entry, FOLDERS, State, lists};
use crate::estate::access::{
    Ask, Granted, also, folder_mask, granted, granted_to_others, has_own_entry, is_for_administrators, means,
    telling,
};
use crate::estate::membership::{Belongs, Membership};
use crate::estate::shared::Shared;
use crate::estate::table::{Line, Out, View, filling, flag, is, text, texts};
use crate::estate::value::path as path_key;
use crate::evidence::{Account, Missing, Table, TableSchema, Why, computer_name, field, table};
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

/// What a share grants.
struct OfShare {
    access: Access,
    /// What would have to be known to tell more.
    open: Option<Missing>,
    place: Option<crate::source::Place>,
    /// It has an entry that allows something to the account itself.
    own: bool,
    /// What would have to be known of the administrators that were left out.
    unless: Option<Missing>,
}

/// What a share grants to an account; to administrators of unknown members only if `administrators` is set. None if no
/// export holds its permissions.
fn of_share(
    shared: &Shared<'_>,
    server: &str,
    share: &str,
    who: &Account,
    administrators: bool,
) -> Option<OfShare> {
    let view = View::of(shared, table::SHARE_PERMISSIONS)?;
    let mine = |line: &Line<'_>| {
        line.text(field::SHARE).is_none_or(|name| name.eq_ignore_ascii_case(share))
            && line.text(field::HOST).is_none_or(|host| shared.ids.same_computer(host, server) == Some(true))
    };
    let mut found = false;
    let (mut allow, mut maybe_allow, mut deny, mut maybe_deny) = (0u32, 0u32, 0u32, 0u32);
    let mut open = None;
    let mut place = None;
    let (mut own, mut unless) = (false, None);
    for line in view.perhaps_on(field::HOST, server).filter(mine) {
        // Of a share nothing is told that has no name.
        if line.text(field::SHARE).is_none() {
            continue;
        }
        found = true;
        let allows = is(line.text(field::KIND), "allow");
        let denies = is(line.text(field::KIND), "deny");
        let rights = mask(line.text(field::RIGHT));
        let belongs = match line.account(field::ACCOUNT) {
            Some(trustee) => Membership::of(shared).belongs(shared, who, trustee, None, Some(server)),
            None => continue,
        };
        let sure = rights.is_some() && (allows || denies) && matches!(belongs, Belongs::Yes(_));
        let trustee = line.account(field::ACCOUNT);
        own |= allows && trustee.is_some_and(|trustee| shared.ids.same(who, trustee) == Some(true));
        match &belongs {
            Belongs::No => continue,
            Belongs::Open(missing)
                if !administrators
                    && trustee.is_some_and(|trustee| is_for_administrators(shared, trustee, None)) =>
            {
                also(&mut unless, missing.clone());
                continue;
            }
            Belongs::Open(missing) => open = open.or_else(|| Some(missing.clone())),
            Belongs::Yes(_) if sure => {
                place = place.or(line.cell(field::ACCOUNT).and_then(|c| c.place).or(line.record))
            }
            Belongs::Yes(_) => {
                open = open.or_else(|| {
                    Some(Missing::of(
                        line.unknown(field::RIGHT).or(line.unknown(field::KIND)).unwrap_or(Why::Unreadable),
                        view.id,
                        format!("the permissions of `\\\\{server}\\{share}`"),
                        line.record,
                    ))
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
        if line.text(field::SHARE).is_some() || found {
            found = true;
            maybe_allow = 0x1F_01FF;
            maybe_deny = 0x1F_01FF;
            let what: Arc<str> = format!("the permissions of `\\\\{server}\\{share}`").into();
            open = open.or(Some(Missing::of(gap.missing.why, gap.missing.table, what, gap.missing.place)));
        }
    }
    let access = Access { certain: allow & !maybe_deny, possible: (allow | maybe_allow) & !deny };
    found.then_some(OfShare { access, open, place, own, unless })
}

/// One row a step with an account of which permissions on a share are documented.
pub(crate) fn share_access(shared: &Shared<'_>, schema: &TableSchema) -> Table {
    let mut out = Out::of(shared, schema);
    let folders = lists(shared, FOLDERS);
    let by_host = ByHost::of(&folders);
    let permissions = shared.schema.id(table::SHARE_PERMISSIONS).unwrap_or_default();
    let Some(steps) = View::of(shared, table::TASK_SEQUENCE_STEPS) else { return out.table };
    for (fact, said) in shared.content.judged::<SharePermission>(shared.revision) {
        let wanted: Vec<&str> = said.permissions.iter().map(String::as_str).collect();
        let masks: Vec<(&str, u32)> =
            wanted.iter().filter_map(|name| Some((*name, telling(folder_mask(name)?)))).collect();
        for line in steps.rows().filter(|line| is(line.text(field::ENTITY), fact.entity)) {
            if line.is_empty(field::ACCOUNT) || line.is_empty(field::TARGET) {
                continue;
            }
            let base = filling(|row| {
                row.set(field::STATEMENT, text(fact.statement))
                    .set(field::ENTITY, text(fact.entity))
                    .copy(field::TASK_SEQUENCE, line.cell(field::TASK_SEQUENCE))
                    .copy(field::STEP, line.cell(field::STEP))
                    .copy(field::DISABLED, line.cell(field::DISABLED))
                    .copy(field::ACCOUNT, line.cell(field::ACCOUNT))
                    .copy(field::TARGET, line.cell(field::TARGET))
            });
            let target = line.text(field::TARGET).unwrap_or_default();
            let unread = |out: &mut Out<'_>, why: Why, what: String| {
                base(out.gap(Missing::of(why, steps.id, what, line.record))).put();
            };
            let Some(who) = line.account(field::ACCOUNT) else {
                let why = line.unknown(field::ACCOUNT).unwrap_or(Why::Unreadable);
                unread(&mut out, why, "the account of the step".to_owned());
                continue;
            };
            if line.flag(field::DYNAMIC) == Some(true) || Account::is_dynamic(target) {
                unread(&mut out, Why::Unreadable, format!("the values of the variables in `{target}`"));
                continue;
            }
            let Some((server, share, rest)) = parts(target) else {
                match line.unknown(field::TARGET) {
                    Some(why) => unread(&mut out, why, "the target of the step".to_owned()),
                    // No network path: a drive of the computer itself.
                    None => continue,
                }
                continue;
            };
            let Some(on_share) = of_share(shared, &server, &share, who, true) else {
                let absent = View::of(shared, table::SHARE_PERMISSIONS).and_then(View::absent).is_some();
                let what: Option<Arc<str>> =
                    (!absent).then(|| format!("the permissions of the share `\\\\{server}\\{share}`").into());
                base(out.gap(Missing { why: Why::NotExported, table: permissions, what, place: None })).put();
                continue;
            };
            let folder = behind(shared, &folders, &by_host, &server, &share, &rest);
            let member = |entry: &Entry<'_>| means(shared, who, None, entry, Some(&server));
            let in_folder = folder.map(|list| granted(list, Ask::FOLDER, member));
            let mut place = on_share.place;
            // Where no permission is named, any will do.
            let checks = if masks.is_empty() { vec![("any permission", 0)] } else { masks.clone() };
            let (mut missing, undecided) = lacking(&checks, &on_share, in_folder.as_ref());
            let mut unless: Option<Missing> = None;
            if missing.is_empty()
                && let Some(undecided) = undecided
            {
                // What the account is granted by name is too little, and only administrators could be granted more.
                let own_folder = folder.is_some_and(|list| has_own_entry(shared, list, who, None));
                let others = of_share(shared, &server, &share, who, !on_share.own).unwrap_or(on_share);
                let in_folder = folder.map(|list| match own_folder {
                    true => granted_to_others(shared, list, Ask::FOLDER, member),
                    false => (granted(list, Ask::FOLDER, member), None),
                });
                let (lacks, _) = lacking(&checks, &others, in_folder.as_ref().map(|(got, _)| got));
                unless =
                    others.unless.or(in_folder.and_then(|(_, unless)| unless)).filter(|_| !lacks.is_empty());
                if unless.is_none() {
                    base(out.gap(undecided)).put();
                    continue;
                }
                place = others.place;
                missing = lacks;
            }
            let place = place.or(line.cell(field::TARGET).and_then(|cell| cell.place));
            base(out.row(line.record))
                .at(field::MISSING, texts(&missing, place), place)
                .set(field::FOLDER_KNOWN, flag(folder.is_some()))
                .set(field::OPEN, text(unless.as_ref().map_or("", Missing::words)))
                .put();
        }
        for line in steps.gaps() {
            let Some(gap) = line.gap else { continue };
            if line.text(field::ENTITY).is_some_and(|entity| !entity.eq_ignore_ascii_case(fact.entity)) {
                continue;
            }
            out.gap(gap.missing.clone())
                .set(field::STATEMENT, text(fact.statement))
                .set(field::ENTITY, text(fact.entity))
                .copy(field::ACCOUNT, line.cell(field::ACCOUNT))
                .put();
        }
    }
    out.table
}

/// Which of the permissions the share or the folder behind it does not give, in words, and what would have to be known to
/// tell of the others.
fn lacking(
    checks: &[(&str, u32)],
    on_share: &OfShare,
    in_folder: Option<&Granted>,
) -> (Vec<String>, Option<Missing>) {
    let any = 0x1F_01FF;
    let lacks = |wanted: u32, access: Access| match wanted {
        0 => nothing(access, any),
        _ => access.holds(wanted).map(|holds| !holds),
    };
    let (mut missing, mut undecided) = (Vec::new(), None);
    for (name, wanted) in checks {
        match lacks(*wanted, on_share.access) {
            Some(true) => missing.push(format!("{name} on the share")),
            None => undecided = undecided.or_else(|| on_share.open.clone()),
            Some(false) => {}
        }
        match in_folder.map(|got| (got, lacks(*wanted, got.access))) {
            Some((_, Some(true))) => missing.push(format!("{name} in the folder")),
            Some((got, None)) => undecided = undecided.or_else(|| got.missing(any).cloned()),
            _ => {}
        }
    }
    (missing, undecided)
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
    let root = View::of(shared, table::SHARES)?
        .on(field::HOST, server)
        .find_map(|line| is(line.text(field::SHARE), share).then(|| line.text(field::PATH)).flatten())?;
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
                && list.line.text(field::PATH).is_some_and(|known| path_key(known) == path)
        })
    })
}
