//! What an access list grants to someone.

use super::{AceKind, Acl, Dacl, Entry, Principal, names};

/// What kind of object a list protects: it decides what generic rights mean and what there is to grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Securable {
    /// A file or folder, also behind a share.
    File,
    /// An object of Active Directory.
    Directory,
    /// Anything else: generic rights stay as they are.
    Other,
}

impl Securable {
    /// The mask with its generic rights replaced by those they stand for.
    pub fn map_generic(self, mask: u32) -> u32 {
        // Read, write, execute, all.
        let map = match self {
            Self::File => [0x12_0089, 0x12_0116, 0x12_00A0, 0x1F_01FF],
            Self::Directory => [0x2_0094, 0x2_0028, 0x2_0004, 0xF_01FF],
            Self::Other => return mask,
        };
        let bits = [0x8000_0000, 0x4000_0000, 0x2000_0000, 0x1000_0000];
        let mapped = bits.iter().zip(map).filter(|(bit, _)| mask & **bit != 0);
        mapped.fold(mask & !names::GENERIC, |mask, (_, rights)| mask | rights)
    }

    /// All rights there are.
    pub fn all(self) -> u32 {
        match self {
            Self::File => 0x1F_01FF,
            Self::Directory => 0xF_01FF,
            Self::Other => 0x1F_FFFF,
        }
    }
}

/// Whether someone is, or belongs to, the account or group of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Member {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// Nobody can say.
    Unknown,
}

/// The rights that a list grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Access {
    /// Granted whatever turns out of what is unknown.
    pub certain: u32,
    /// Granted if everything unknown turns out in favour of it. Holds all of `certain`.
    pub possible: u32,
}

impl Access {
    /// Whether all rights of a mask are granted; none if that is not known.
    pub fn holds(self, mask: u32) -> Option<bool> {
        if self.certain & mask == mask {
            Some(true)
        } else if self.possible & mask != mask {
            Some(false)
        } else {
            None
        }
    }
}

impl Dacl {
    /// What the list grants to someone: `member` tells for the account of an entry whether it means them.
    ///
    /// None if the text holds no list, so that nothing is known. Without access control everything is granted.
    /// `object` is the GUID (lower case, no braces) of the class, property or extended right that access is wanted
    /// to: entries confined to another one do not count, and if none is given, no confined entry counts.
    pub fn access(
        &self,
        kind: Securable,
        object: Option<&str>,
        member: impl FnMut(&Principal) -> Member,
    ) -> Option<Access> {
        match self {
            Self::Absent => None,
            Self::Null => Some(Access { certain: kind.all(), possible: kind.all() }),
            Self::List(acl) => Some(acl.access(kind, object, member)),
        }
    }
}

impl Acl {
    /// See [`Dacl::access`].
    ///
    /// Entries are gone through in their order, and what the first one says of a right stays. In the usual order
    /// an object's own entries come before inherited ones, and among each of them those that deny before those
    /// that allow. Entries that are only handed down, and those for creators to come, do not count.
    pub fn access(
        &self,
        kind: Securable,
        object: Option<&str>,
        mut member: impl FnMut(&Principal) -> Member,
    ) -> Access {
        let mut access = Access::default();
        // What earlier entries took away for sure, and what they may have taken away.
        let (mut denied, mut maybe_denied) = (0u32, 0u32);
        for entry in &self.entries {
            let ace = match entry {
                Entry::Ace(ace) => ace,
                Entry::Unread(unread) => {
                    if unread.trustee.as_ref().is_none_or(|t| member(&t.principal) != Member::No) {
                        access.possible |= !denied;
                        maybe_denied = u32::MAX;
                    }
                    continue;
                }
            };
            let confined = ace.object.is_some() && ace.object.as_deref() != object;
            if ace.kind == AceKind::Other
                || confined
                || !ace.applies_here()
                || ace.trustee.principal.is_placeholder()
            {
                continue;
            }
            let who = member(&ace.trustee.principal);
            if who == Member::No {
                continue;
            }
            let sure = who == Member::Yes && !ace.conditional;
            let mask = kind.map_generic(ace.mask);
            match ace.kind {
                AceKind::Allow => {
                    access.possible |= mask & !denied;
                    if sure {
                        access.certain |= mask & !maybe_denied;
                    }
                }
                AceKind::Deny => {
                    // What has been granted for sure can no longer be taken away, nor what is possible be ruled out.
                    maybe_denied |= mask & !access.certain;
                    if sure {
                        denied |= mask & !access.possible;
                    }
                }
                AceKind::Other => {}
            }
        }
        access.possible &= kind.all() | access.certain;
        access
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Descriptor, ntfs_permissions, parse, parse_listing};
    use super::*;

    const READ: u32 = 0x12_0089;
    const WRITE: u32 = 0x10_0116;
    const FULL: u32 = 0x1F_01FF;

    fn list(text: &str) -> Dacl {
        let Descriptor { dacl, .. } = parse(text).unwrap();
        dacl
    }

    /// Someone with these identifiers and no others.
    fn someone<'a>(ids: &'a [&'a str]) -> impl FnMut(&Principal) -> Member + 'a {
        |principal| match principal {
            Principal::Sid(sid) if ids.contains(&&**sid) => Member::Yes,
            Principal::Sid(_) => Member::No,
            _ => Member::Unknown,
        }
    }

    fn file(text: &str, ids: &[&str]) -> Access {
        list(text).access(Securable::File, None, someone(ids)).unwrap()
    }

    const USER: &str = "S-1-5-21-1-2-3-1105";
    const USERS: &str = "S-1-5-32-545";

    #[test]
    fn denied_first_stays_denied() {
        let text = "D:(D;;0x116;;;BU)(A;;FA;;;S-1-5-21-1-2-3-1105)";
        let access = file(text, &[USER, USERS]);
        assert_eq!(access.certain, FULL & !0x116);
        assert_eq!(access.possible, access.certain);
        assert_eq!(
            ntfs_permissions(access.certain).collect::<Vec<_>>(),
            ["Read", "Read & execute", "List folder contents"]
        );
        assert_eq!(access.holds(WRITE), Some(false));
        assert_eq!(access.holds(READ), Some(true));
        // The other way round the grant comes first, as with an inherited entry that denies.
        let text = "D:(A;;FA;;;S-1-5-21-1-2-3-1105)(D;ID;0x116;;;BU)";
        assert_eq!(file(text, &[USER, USERS]), Access { certain: FULL, possible: FULL });
        assert_eq!(file(text, &[USERS]), Access::default());
    }

    #[test]
    fn grants_add_up() {
        let text = "D:(A;;FR;;;BU)(A;;FW;;;S-1-5-21-1-2-3-1105)";
        assert_eq!(file(text, &[USER, USERS]).certain, 0x12_019F);
        assert_eq!(file(text, &[USERS]).certain, READ);
        assert_eq!(file(text, &[]), Access::default());
    }

    #[test]
    fn what_is_only_handed_down_does_not_count() {
        let text = "D:(A;OICIIO;GA;;;BU)(A;OICI;GR;;;BU)(A;OICI;FA;;;CO)";
        assert_eq!(file(text, &[USERS, "S-1-3-0"]), Access { certain: READ, possible: READ });
    }

    #[test]
    fn unknown_membership_gives_two_bounds() {
        let text = "D:(D;;FW;;;DG)(A;;FA;;;BU)(A;;FA;;;DA)";
        let access = file(text, &[USERS]);
        assert_eq!(access.possible, FULL);
        assert_eq!(access.certain, FULL & !0x12_0116);
        assert_eq!(access.holds(FULL), None);
        assert_eq!(access.holds(0x20), Some(true));
        let access = file(text, &[]);
        assert_eq!(access, Access { certain: 0, possible: FULL });
    }

    #[test]
    fn a_possible_grant_is_not_ruled_out_by_a_later_denial() {
        // If DA means them, the first entry grants; else the second one denies.
        let access = file("D:(A;;FR;;;DA)(D;;FR;;;BU)(A;;FA;;;BU)", &[USERS]);
        assert_eq!(access.possible, FULL);
        assert_eq!(access.certain, FULL & !READ);
        assert_eq!(access.holds(READ), None);
    }

    #[test]
    fn conditions_and_unread_entries_are_unknown() {
        let access = file("D:(XA;;FR;;;BU;(@User.a == 1))", &[USERS]);
        assert_eq!(access, Access { certain: 0, possible: READ });
        let access = file("D:(XD;;FR;;;BU;(@User.a == 1))(A;;FA;;;BU)", &[USERS]);
        assert_eq!(access, Access { certain: FULL & !READ, possible: FULL });
        let access = file("D:(A;;FR;;;BU)(Q;;FA;;;BU)(A;;FA;;;BU)", &[USERS]);
        assert_eq!(access, Access { certain: READ, possible: FULL });
        let access = file("D:(A;;QQ;;;BA)(A;;FA;;;BU)", &[USERS]);
        assert_eq!(access, Access { certain: FULL, possible: FULL });
    }

    #[test]
    fn lists_that_say_all_or_nothing() {
        let access = |text: &str| list(text).access(Securable::File, None, |_| Member::Yes);
        assert_eq!(access("O:BA"), None);
        assert_eq!(access("D:NO_ACCESS_CONTROL"), Some(Access { certain: FULL, possible: FULL }));
        assert_eq!(access("D:P"), Some(Access::default()));
    }

    #[test]
    fn confined_entries_count_for_what_they_are_confined_to() {
        const COMPUTER: &str = "bf967a86-0de6-11d0-a285-00aa003049e2";
        let dacl = list("D:(OA;;CCDC;bf967a86-0de6-11d0-a285-00aa003049e2;;BU)(A;;RP;;;BU)");
        let access = |object| dacl.access(Securable::Directory, object, |_| Member::Yes).unwrap().certain;
        assert_eq!(access(Some(COMPUTER)), 0x13);
        assert_eq!(access(Some("bf967aba-0de6-11d0-a285-00aa003049e2")), 0x10);
        assert_eq!(access(None), 0x10);
        let full = list("D:(A;CI;GA;;;BU)").access(Securable::Directory, None, |_| Member::Yes).unwrap();
        assert_eq!(full.certain, 0xF_01FF);
        assert_eq!(full.holds(0x1), Some(true));
    }

    #[test]
    fn generic_rights_of_each_kind() {
        assert_eq!(Securable::File.map_generic(0xA000_0000), 0x12_00A9);
        assert_eq!(Securable::File.map_generic(0x5000_0000), FULL);
        assert_eq!(Securable::File.map_generic(0x116), 0x116);
        assert_eq!(Securable::Directory.map_generic(0x8000_0001), 0x2_0095);
        assert_eq!(Securable::Other.map_generic(0x1000_0021), 0x1000_0021);
    }

    #[test]
    fn a_listing_grants_too() {
        let acl = parse_listing("LAB\\svc Deny  Write\nLAB\\svc Allow  Modify, Synchronize");
        let access = acl.access(Securable::File, None, |p| match p {
            Principal::Name(name) if name.eq_ignore_ascii_case("lab\\SVC") => Member::Yes,
            _ => Member::No,
        });
        assert_eq!(access.certain, 0x13_01BF & !0x116);
    }
}
