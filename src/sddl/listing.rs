//! `AccessToString`: a line an entry, as `Get-Acl` writes it.

use super::{Ace, AceKind, Acl, Entry, Principal, Trustee, Unread, names};

/// Reads the lines.
pub(super) fn acl(text: &str) -> Acl {
    let mut acl = Acl { range: 0..text.len(), ..Acl::default() };
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        let blanks = line.len() - line.trim_start().len();
        if !line.trim().is_empty() {
            acl.entries.push(entry(&line[blanks..], start + blanks));
        }
    }
    acl
}

/// An entry at `start` of the text. The last `Allow` or `Deny` of the line counts: names may hold these words, rights
/// do not.
fn entry(line: &str, start: usize) -> Entry {
    let range = start..start + line.trim_end().len();
    let found = [(" Allow ", AceKind::Allow), (" Deny ", AceKind::Deny)]
        .into_iter()
        .filter_map(|(word, kind)| Some((line.rfind(word)?, word, kind)))
        .max_by_key(|(at, ..)| *at);
    let Some((at, word, kind)) = found else {
        return Entry::Unread(Unread { range, why: "neither `Allow` nor `Deny` is in it", trustee: None });
    };
    let name = line[..at].trim_end();
    let trustee = Trustee { principal: Principal::from_name(name), range: start..start + name.len() };
    let behind = &line[at + word.len()..];
    let from = start + at + word.len() + (behind.len() - behind.trim_start().len());
    let rights = behind.trim();
    if name.is_empty() {
        return Entry::Unread(Unread { range, why: "it does not say whom it is about", trustee: None });
    }
    // For directory objects the rights are left out.
    let why = if rights.is_empty() { "it does not say which rights" } else { "its rights are not known" };
    match names::rights_of_names(rights) {
        Some(mask) => Entry::Ace(Ace {
            range,
            kind,
            conditional: false,
            flags: None,
            mask,
            rights: from..from + rights.len(),
            object: None,
            inherited_object: None,
            trustee,
        }),
        None => Entry::Unread(Unread { range, why, trustee: Some(trustee) }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines() {
        let text = "NT AUTHORITY\\SYSTEM Allow  FullControl\r\nCONTOSO\\Deny Allow Group Deny  Write\nS-1-5-21-1-2-3-9 Allow  ReadAndExecute, Synchronize\nCREATOR OWNER Allow  268435456\n";
        let acl = acl(text);
        let aces: Vec<&Ace> = acl.aces().collect();
        assert_eq!(aces.len(), 4);
        assert_eq!(aces[0].range, 0..38);
        assert_eq!(aces[0].trustee.range, 0..19);
        assert_eq!(aces[0].trustee.principal, Principal::Name("NT AUTHORITY\\SYSTEM".into()));
        assert_eq!(aces[0].rights, 27..38);
        assert_eq!((aces[0].kind, aces[0].mask), (AceKind::Allow, 0x1F_01FF));
        assert_eq!(aces[1].trustee.principal, Principal::Name("CONTOSO\\Deny Allow Group".into()));
        assert_eq!((aces[1].kind, aces[1].mask), (AceKind::Deny, 0x116));
        assert_eq!(&text[aces[1].rights.clone()], "Write");
        assert_eq!(aces[2].trustee.principal, Principal::Sid("S-1-5-21-1-2-3-9".into()));
        assert_eq!(aces[2].mask, 0x12_00A9);
        assert!(aces[2].applies_here());
        assert_eq!(aces[2].applies_to_folders(), None);
        // Generic rights wait for an object below.
        assert!(!aces[3].applies_here());
    }

    #[test]
    fn lines_that_say_too_little() {
        let acl = acl("CONTOSO\\a Allow  \n\nCONTOSO\\b Allow  Levitate\nnothing\n Allow  Read\n");
        let said: Vec<&str> = acl.unread().map(|u| u.why).collect();
        assert_eq!(
            said,
            [
                "it does not say which rights",
                "its rights are not known",
                "neither `Allow` nor `Deny` is in it",
                "neither `Allow` nor `Deny` is in it",
            ]
        );
        assert_eq!(acl.unread().filter(|u| u.trustee.is_some()).count(), 2);
    }

    proptest! {
        #[test]
        fn never_panics(text in "([A-Zä\\\\ ]{0,6}( Allow | Deny |\n|  )[A-Za-z, 0-9-]{0,12}){0,5}") {
            let acl = acl(&text);
            for ace in acl.aces() {
                prop_assert!(text.get(ace.range.clone()).is_some() && text.get(ace.rights.clone()).is_some());
            }
        }
    }
}
