//! The words of access lists: aliases of accounts, letters and names of rights.

use super::Principal;

/// The four generic rights, which each kind of object maps to rights of its own.
pub(super) const GENERIC: u32 = 0xF000_0000;

/// The basic permissions of files and folders as `content/vocabulary.yaml` names them, with their masks. A
/// permission is held when all bits of its mask are; so the one includes the other where its mask does.
pub const NTFS: [(&str, u32); 6] = [
    ("Read", 0x12_0089),
    ("Read & execute", 0x12_00A9),
    ("List folder contents", 0x12_00A9),
    ("Write", 0x10_0116),
    ("Modify", 0x13_01BF),
    ("Full control", 0x1F_01FF),
];

/// The basic permissions that a mask holds. Generic rights must have been mapped.
pub fn ntfs_permissions(mask: u32) -> impl Iterator<Item = &'static str> {
    NTFS.iter().filter(move |(_, bits)| mask & bits == *bits).map(|(name, _)| *name)
}

/// Single rights of files and folders beyond reading, as the dialogs of Windows name them.
const NTFS_SINGLE: [(&str, u32); 8] = [
    ("Create files", 0x2),
    ("Create folders", 0x4),
    ("Write extended attributes", 0x10),
    ("Delete subfolders and files", 0x40),
    ("Write attributes", 0x100),
    ("Delete", 0x1_0000),
    ("Change permissions", 0x4_0000),
    ("Take ownership", 0x8_0000),
];

/// What a mask permits beyond reading: the largest basic permission that does, else the single rights. Empty if it
/// permits nothing beyond. Generic rights must have been mapped.
pub fn ntfs_beyond_reading(mask: u32) -> String {
    let basic = NTFS.iter().rev().find(|(name, bits)| {
        mask & bits == *bits && !["Read", "Read & execute", "List folder contents"].contains(name)
    });
    match basic {
        Some((name, _)) => (*name).to_owned(),
        None => {
            let single = NTFS_SINGLE.iter().filter(|(_, bit)| mask & bit != 0).map(|(name, _)| *name);
            single.collect::<Vec<_>>().join(", ")
        }
    }
}

/// Letters of rights: generic, standard, directory service, file, registry key.
const RIGHTS: [(&[u8; 2], u32); 25] = [
    (b"GA", 0x1000_0000),
    (b"GX", 0x2000_0000),
    (b"GW", 0x4000_0000),
    (b"GR", 0x8000_0000),
    (b"SD", 0x1_0000),
    (b"RC", 0x2_0000),
    (b"WD", 0x4_0000),
    (b"WO", 0x8_0000),
    (b"CC", 0x1),
    (b"DC", 0x2),
    (b"LC", 0x4),
    (b"SW", 0x8),
    (b"RP", 0x10),
    (b"WP", 0x20),
    (b"DT", 0x40),
    (b"LO", 0x80),
    (b"CR", 0x100),
    (b"FA", 0x1F_01FF),
    (b"FR", 0x12_0089),
    (b"FW", 0x12_0116),
    (b"FX", 0x12_00A0),
    (b"KA", 0xF_003F),
    (b"KR", 0x2_0019),
    (b"KW", 0x2_0006),
    (b"KX", 0x2_0019),
];

/// The mask of a rights field: letters, or a number as C writes it. None if it is neither.
pub(super) fn rights(text: &str) -> Option<u32> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        // `from_str_radix` would take a sign.
        return digits
            .bytes()
            .all(|b| b.is_ascii_hexdigit())
            .then(|| u32::from_str_radix(digits, 16).ok())
            .flatten();
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let radix = if text.len() > 1 && text.starts_with('0') { 8 } else { 10 };
        return u32::from_str_radix(text, radix).ok();
    }
    let mut mask = 0;
    let letters: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let mut pairs = letters.chunks_exact(2);
    for pair in &mut pairs {
        mask |= RIGHTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(pair)).map(|(_, bits)| bits)?;
    }
    pairs.remainder().is_empty().then_some(mask)
}

/// Names of rights in .NET: `FileSystemRights` and `ActiveDirectoryRights`. Names that both have mean the same bits.
const NAMES: [(&str, u32); 40] = [
    ("FullControl", 0x1F_01FF),
    ("Modify", 0x3_01BF),
    ("ReadAndExecute", 0x2_00A9),
    ("Read", 0x2_0089),
    ("Write", 0x116),
    ("Synchronize", 0x10_0000),
    ("ReadData", 0x1),
    ("ListDirectory", 0x1),
    ("WriteData", 0x2),
    ("CreateFiles", 0x2),
    ("AppendData", 0x4),
    ("CreateDirectories", 0x4),
    ("ReadExtendedAttributes", 0x8),
    ("WriteExtendedAttributes", 0x10),
    ("ExecuteFile", 0x20),
    ("Traverse", 0x20),
    ("DeleteSubdirectoriesAndFiles", 0x40),
    ("ReadAttributes", 0x80),
    ("WriteAttributes", 0x100),
    ("Delete", 0x1_0000),
    ("ReadPermissions", 0x2_0000),
    ("ChangePermissions", 0x4_0000),
    ("TakeOwnership", 0x8_0000),
    ("GenericAll", 0xF_01FF),
    ("GenericRead", 0x2_0094),
    ("GenericWrite", 0x2_0028),
    ("GenericExecute", 0x2_0004),
    ("CreateChild", 0x1),
    ("DeleteChild", 0x2),
    ("ListChildren", 0x4),
    ("Self", 0x8),
    ("ReadProperty", 0x10),
    ("WriteProperty", 0x20),
    ("DeleteTree", 0x40),
    ("ListObject", 0x80),
    ("ExtendedRight", 0x100),
    ("ReadControl", 0x2_0000),
    ("WriteDacl", 0x4_0000),
    ("WriteOwner", 0x8_0000),
    ("AccessSystemSecurity", 0x100_0000),
];

/// The mask of rights as .NET writes them: names with commas between them, or a number, which is negative when the
/// topmost bit is set. None if a name is not known.
pub fn rights_of_names(text: &str) -> Option<u32> {
    let text = text.trim();
    if let Ok(number) = text.parse::<i64>() {
        return u32::try_from(number).ok().or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned));
    }
    let mut mask = 0;
    for name in text.split(',') {
        let name = name.trim();
        mask |= NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, bits)| bits)?;
    }
    Some(mask)
}

/// Aliases of identifiers that are the same everywhere.
const FIXED: [(&[u8; 2], &str); 51] = [
    (b"AA", "S-1-5-32-579"),
    (b"AC", "S-1-15-2-1"),
    (b"AN", "S-1-5-7"),
    (b"AO", "S-1-5-32-548"),
    (b"AS", "S-1-18-1"),
    (b"AU", "S-1-5-11"),
    (b"BA", "S-1-5-32-544"),
    (b"BG", "S-1-5-32-546"),
    (b"BO", "S-1-5-32-551"),
    (b"BU", "S-1-5-32-545"),
    (b"CD", "S-1-5-32-574"),
    (b"CG", "S-1-3-1"),
    (b"CO", "S-1-3-0"),
    (b"CY", "S-1-5-32-569"),
    (b"ED", "S-1-5-9"),
    (b"ER", "S-1-5-32-573"),
    (b"ES", "S-1-5-32-576"),
    (b"HA", "S-1-5-32-578"),
    (b"HI", "S-1-16-12288"),
    (b"HO", "S-1-5-32-584"),
    (b"IS", "S-1-5-32-568"),
    (b"IU", "S-1-5-4"),
    (b"LS", "S-1-5-19"),
    (b"LU", "S-1-5-32-559"),
    (b"LW", "S-1-16-4096"),
    (b"ME", "S-1-16-8192"),
    (b"MP", "S-1-16-8448"),
    (b"MS", "S-1-5-32-577"),
    (b"MU", "S-1-5-32-558"),
    (b"NO", "S-1-5-32-556"),
    (b"NS", "S-1-5-20"),
    (b"NU", "S-1-5-2"),
    (b"OW", "S-1-3-4"),
    (b"PO", "S-1-5-32-550"),
    (b"PS", "S-1-5-10"),
    (b"PU", "S-1-5-32-547"),
    (b"RA", "S-1-5-32-575"),
    (b"RC", "S-1-5-12"),
    (b"RD", "S-1-5-32-555"),
    (b"RE", "S-1-5-32-552"),
    (b"RM", "S-1-5-32-580"),
    (b"RU", "S-1-5-32-554"),
    (b"SH", "S-1-5-32-585"),
    (b"SI", "S-1-16-16384"),
    (b"SO", "S-1-5-32-549"),
    (b"SS", "S-1-18-2"),
    (b"SU", "S-1-5-6"),
    (b"SY", "S-1-5-18"),
    (b"UD", "S-1-5-84-0-0-0-0-0"),
    (b"WD", "S-1-1-0"),
    (b"WR", "S-1-5-33"),
];

/// Aliases within the domain of the object.
const IN_DOMAIN: [(&[u8; 2], u32); 11] = [
    (b"AP", 525),
    (b"CA", 517),
    (b"CN", 522),
    (b"DA", 512),
    (b"DC", 515),
    (b"DD", 516),
    (b"DG", 514),
    (b"DU", 513),
    (b"KA", 526),
    (b"PA", 520),
    (b"RS", 553),
];

/// Aliases within the root domain of the forest.
const IN_ROOT_DOMAIN: [(&[u8; 2], u32); 4] = [(b"EA", 519), (b"EK", 527), (b"RO", 498), (b"SA", 518)];

/// Aliases on the computer.
const ON_COMPUTER: [(&[u8; 2], u32); 2] = [(b"LA", 500), (b"LG", 501)];

/// What an alias of two letters stands for.
pub(super) fn alias(letters: &[u8]) -> Option<Principal> {
    fn find<T: Copy>(list: &[(&[u8; 2], T)], letters: &[u8]) -> Option<T> {
        list.iter().find(|(name, _)| name.eq_ignore_ascii_case(letters)).map(|(_, value)| *value)
    }
    find(&FIXED, letters)
        .map(|sid| Principal::Sid(sid.into()))
        .or_else(|| find(&IN_DOMAIN, letters).map(Principal::InDomain))
        .or_else(|| find(&IN_ROOT_DOMAIN, letters).map(Principal::InRootDomain))
        .or_else(|| find(&ON_COMPUTER, letters).map(Principal::OnComputer))
}

/// How many bytes at the start of `text` are a security identifier in full; 0 if none is there.
pub(super) fn sid_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    if !matches!(bytes, [b'S' | b's', b'-', b'1', b'-', ..]) {
        return 0;
    }
    let digits =
        |from: usize| bytes[from..].iter().position(|b| !b.is_ascii_digit()).unwrap_or(bytes.len() - from);
    let mut at = 4;
    let authority = match &bytes[at..] {
        [b'0', b'x' | b'X', hex @ ..] => {
            let length = hex.iter().position(|b| !b.is_ascii_hexdigit()).unwrap_or(hex.len());
            if length == 0 { 0 } else { length.min(12) + 2 }
        }
        _ => digits(at),
    };
    if authority == 0 {
        return 0;
    }
    at += authority;
    while bytes.get(at) == Some(&b'-') {
        let length = digits(at + 1);
        if length == 0 {
            break;
        }
        at += 1 + length;
    }
    at
}

/// The text as a security identifier in full, if it is one.
pub(super) fn sid(text: &str) -> Option<Box<str>> {
    (!text.is_empty() && sid_length(text) == text.len()).then(|| format!("S{}", &text[1..]).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_reading() {
        for (mask, expected) in [
            (0x12_00A9, ""),
            (0x12_00AD, "Create folders"),
            (0x12_01BF, "Write"),
            (0x13_01BF, "Modify"),
            (0x1F_01FF, "Full control"),
            (0x2 | 0x1_0000, "Create files, Delete"),
        ] {
            assert_eq!(ntfs_beyond_reading(mask), expected, "{mask:x}");
        }
    }

    #[test]
    fn letters_and_numbers_of_rights() {
        assert_eq!(rights("FA"), Some(0x1F_01FF));
        assert_eq!(rights("fa"), Some(0x1F_01FF));
        assert_eq!(rights("FRFX"), Some(0x12_00A9));
        assert_eq!(rights("CCDCLCSWRPWPDTLOCRSDRCWDWO"), Some(0xF_01FF));
        assert_eq!(rights("CC DC"), Some(0x3));
        assert_eq!(rights("GRGX"), Some(0xA000_0000));
        assert_eq!(rights(""), Some(0));
        assert_eq!(rights("0x1200a9"), Some(0x12_00A9));
        assert_eq!(rights("0X1"), Some(1));
        assert_eq!(rights("1179817"), Some(0x12_00A9));
        assert_eq!(rights("010"), Some(8));
        assert_eq!(rights("0"), Some(0));
        for wrong in ["F", "FAX", "QQ", "0x", "0x1FFFFFFFF", "0x+1", "99999999999", "089", "1a", "äö"] {
            assert_eq!(rights(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_and_numbers_of_dotnet() {
        assert_eq!(rights_of_names("FullControl"), Some(0x1F_01FF));
        assert_eq!(rights_of_names("ReadAndExecute, Synchronize"), Some(0x12_00A9));
        assert_eq!(rights_of_names("Write, ReadAndExecute, Synchronize"), Some(0x12_01BF));
        assert_eq!(rights_of_names("Modify, Synchronize"), Some(0x13_01BF));
        assert_eq!(rights_of_names("268435456"), Some(0x1000_0000));
        assert_eq!(rights_of_names("-1610612736"), Some(0xA000_0000));
        assert_eq!(rights_of_names("2032127"), Some(0x1F_01FF));
        assert_eq!(rights_of_names("ReadProperty, GenericExecute"), Some(0x2_0014));
        assert_eq!(rights_of_names("ReadControl"), Some(0x2_0000));
        assert_eq!(rights_of_names("Read, Sing"), None);
        assert_eq!(rights_of_names(""), None);
        assert_eq!(rights_of_names("-99999999999"), None);
    }

    #[test]
    fn the_basic_permissions_include_one_another() {
        let of = |mask| ntfs_permissions(mask).collect::<Vec<_>>();
        let all = ["Read", "Read & execute", "List folder contents", "Write", "Modify", "Full control"];
        assert_eq!(of(0x1F_01FF), all);
        assert_eq!(of(0x13_01BF), all[..5]);
        assert_eq!(of(0x12_01BF), all[..4]);
        assert_eq!(of(0x12_00A9), all[..3]);
        assert_eq!(of(0x12_0089), all[..1]);
        assert_eq!(of(0x12_0116), ["Write"]);
        assert_eq!(of(0x10_0116), ["Write"]);
        assert_eq!(of(0x12_0088), [""; 0]);
    }

    #[test]
    fn the_masks_are_those_of_the_vocabulary() {
        let text = include_str!("../../content/vocabulary.yaml");
        let section = text.split("\nntfs_permissions:").nth(1).unwrap().split("\n\n").next().unwrap();
        let mut found = 0;
        for part in section.split("id: ").skip(1) {
            let name = part.split([',', '\n']).next().unwrap().trim();
            let hex = part.split("mask: 0x").nth(1).unwrap();
            let hex: String = hex.chars().take_while(char::is_ascii_hexdigit).collect();
            let mask = u32::from_str_radix(&hex, 16).unwrap();
            assert!(NTFS.contains(&(name, mask)), "{name} {mask:#x}");
            found += 1;
        }
        assert_eq!(found, NTFS.len());
    }

    #[test]
    fn identifiers() {
        assert_eq!(sid_length("S-1-5-32-544"), 12);
        assert_eq!(sid_length("S-1-5-32-544D:P"), 12);
        assert_eq!(sid_length("S-1-5-21-1-2-3-512)"), 18);
        assert_eq!(sid_length("s-1-0x1234567890ab-5"), 20);
        assert_eq!(sid_length("S-1-1"), 5);
        assert_eq!(sid_length("S-1-"), 0);
        assert_eq!(sid_length("S-1-5-"), 5);
        assert_eq!(sid_length("S-2-5"), 0);
        assert_eq!(sid_length("SY"), 0);
        assert_eq!(sid("s-1-5-18").as_deref(), Some("S-1-5-18"));
        assert_eq!(sid("S-1-5-18 "), None);
        assert_eq!(sid(""), None);
        assert_eq!(sid("ä"), None);
    }

    #[test]
    fn no_alias_is_there_twice() {
        let mut all: Vec<&[u8; 2]> = FIXED.iter().map(|(name, _)| *name).collect();
        all.extend(IN_DOMAIN.iter().chain(&IN_ROOT_DOMAIN).chain(&ON_COMPUTER).map(|(name, _)| *name));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(FIXED.iter().all(|(_, text)| sid(text).as_deref() == Some(*text)));
        assert_eq!(alias(b"da"), Some(Principal::InDomain(512)));
        assert_eq!(alias(b"EA"), Some(Principal::InRootDomain(519)));
        assert_eq!(alias(b"LA"), Some(Principal::OnComputer(500)));
        assert_eq!(alias(b"WD"), Some(Principal::Sid("S-1-1-0".into())));
        assert_eq!(alias(b"QQ"), None);
        assert_eq!(alias(b"B"), None);
    }
}
