//! The grammar of SDDL, one pass from left to right.

use std::ops::Range;

use super::{Ace, AceKind, Acl, Dacl, Descriptor, Entry, Flags, Principal, Trustee, Unread, Wrong, names};

/// Reads a descriptor.
pub(super) fn descriptor(text: &str) -> Result<Descriptor, Wrong> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0 };
    let mut found = Descriptor { owner: None, group: None, dacl: Dacl::Absent };
    let mut seen = [false; 4];
    loop {
        reader.blanks();
        let start = reader.at;
        if start == text.len() {
            break;
        }
        let letter = reader.bytes[start].to_ascii_uppercase();
        let Some(part) = b"OGDS".iter().position(|&l| l == letter) else {
            return Err(reader.wrong("`O:`, `G:`, `D:` or `S:` is expected here"));
        };
        if reader.bytes.get(start + 1) != Some(&b':') {
            return Err(reader.wrong("`O:`, `G:`, `D:` or `S:` is expected here"));
        }
        if std::mem::replace(&mut seen[part], true) {
            return Err(Wrong { why: "this part is there twice", range: start..start + 2 });
        }
        reader.at = start + 2;
        match letter {
            b'O' => found.owner = Some(reader.trustee()?),
            b'G' => found.group = Some(reader.trustee()?),
            b'D' => found.dacl = reader.dacl(start)?,
            _ => {
                reader.dacl(start)?;
            }
        }
    }
    if seen == [false; 4] {
        return Err(Wrong { why: "there is nothing in it", range: 0..text.len() });
    }
    Ok(found)
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Reader<'t> {
    fn blanks(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    /// A mistake at the next character.
    fn wrong(&self, why: &'static str) -> Wrong {
        let length = self.text.get(self.at..).and_then(|t| t.chars().next()).map_or(0, char::len_utf8);
        Wrong { why, range: self.at..self.at + length }
    }

    fn starts_with(&self, word: &str) -> bool {
        self.bytes.get(self.at..self.at + word.len()).is_some_and(|b| b.eq_ignore_ascii_case(word.as_bytes()))
    }

    /// Owner or group: an alias or an identifier, with nothing behind it to tell where it ends.
    fn trustee(&mut self) -> Result<Trustee, Wrong> {
        self.blanks();
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or_default();
        let length = names::sid_length(rest);
        let principal = if length > 0 {
            self.at += length;
            names::sid(&rest[..length]).map(Principal::Sid)
        } else {
            self.at += 2;
            self.bytes.get(start..start + 2).and_then(names::alias)
        };
        match principal {
            Some(principal) => Ok(Trustee { principal, range: start..self.at }),
            None => {
                self.at = start;
                Err(self.wrong("an account is expected here: an alias of two letters or `S-1-...`"))
            }
        }
    }

    /// Flags and entries of an access list whose letter stands at `start`.
    fn dacl(&mut self, start: usize) -> Result<Dacl, Wrong> {
        let mut acl = Acl::default();
        let mut null = false;
        let mut end = self.at;
        loop {
            self.blanks();
            if self.starts_with("NO_ACCESS_CONTROL") {
                null = true;
                self.at += "NO_ACCESS_CONTROL".len();
            } else if self.starts_with("AR") {
                acl.auto_inherit_requested = true;
                self.at += 2;
            } else if self.starts_with("AI") {
                acl.auto_inherited = true;
                self.at += 2;
            } else if self.starts_with("P") {
                acl.protected = true;
                self.at += 1;
            } else {
                break;
            }
            end = self.at;
        }
        loop {
            self.blanks();
            if self.bytes.get(self.at) != Some(&b'(') {
                break;
            }
            acl.entries.push(self.entry());
            end = self.at;
        }
        if null {
            return match acl.entries.first() {
                None => Ok(Dacl::Null),
                Some(_) => {
                    Err(Wrong { why: "a list that is said not to be there has entries", range: start..end })
                }
            };
        }
        acl.range = start..end;
        Ok(Dacl::List(acl))
    }

    /// An entry, from its opening bracket on.
    fn entry(&mut self) -> Entry {
        let start = self.at;
        self.at += 1;
        let mut fields: Vec<Range<usize>> = Vec::with_capacity(6);
        let mut from = self.at;
        let broken = loop {
            match self.bytes.get(self.at) {
                None => break Some("it is not closed"),
                Some(b')') => {
                    fields.push(from..self.at);
                    self.at += 1;
                    break None;
                }
                Some(b';') => {
                    fields.push(from..self.at);
                    self.at += 1;
                    from = self.at;
                    if fields.len() == 6 {
                        break (!self.condition()).then_some("it is not closed");
                    }
                }
                // Another entry begins before this one has ended.
                Some(b'(') => break Some("it is not closed"),
                Some(_) => self.at += 1,
            }
        };
        let range = start..self.at;
        let conditional = from > fields.last().map_or(from, |f| f.end) && fields.len() == 6;
        match broken {
            Some(why) => {
                let trustee = fields.get(5).and_then(|field| self.account(field));
                Entry::Unread(Unread { range, why, trustee })
            }
            None => self.ace(range, &fields, conditional),
        }
    }

    /// Passes over the condition of an entry, up to and with the entry's closing bracket. False if there is none.
    fn condition(&mut self) -> bool {
        let mut depth = 0usize;
        let mut quoted = false;
        while let Some(&b) = self.bytes.get(self.at) {
            self.at += 1;
            match b {
                b'"' => quoted = !quoted,
                b'(' if !quoted => depth += 1,
                b')' if !quoted && depth == 0 => return true,
                b')' if !quoted => depth -= 1,
                _ => {}
            }
        }
        false
    }

    /// The place of a field without the blanks around it, and what it says.
    fn field(&self, range: &Range<usize>) -> (Range<usize>, &'t str) {
        let text = self.text.get(range.clone()).unwrap_or_default();
        let start = range.start + (text.len() - text.trim_start().len());
        let text = text.trim();
        (start..start + text.len(), text)
    }

    /// Whom an entry is about.
    fn account(&self, field: &Range<usize>) -> Option<Trustee> {
        let (range, text) = self.field(field);
        let principal = names::sid(text).map(Principal::Sid).or_else(|| names::alias(text.as_bytes()))?;
        Some(Trustee { principal, range })
    }

    fn ace(&self, range: Range<usize>, fields: &[Range<usize>], conditional: bool) -> Entry {
        let trustee = fields.get(5).and_then(|field| self.account(field));
        let unread =
            |why, trustee: Option<Trustee>| Entry::Unread(Unread { range: range.clone(), why, trustee });
        let [kind, flags, rights, object, inherited_object, _] = fields else {
            return unread("an entry has six parts with `;` between them", trustee);
        };
        let (_, kind) = self.field(kind);
        let kind = match kind.to_ascii_uppercase().as_str() {
            "A" | "OA" | "XA" | "ZA" => AceKind::Allow,
            "D" | "OD" | "XD" => AceKind::Deny,
            "AU" | "OU" | "XU" | "AL" | "OL" | "ML" | "RA" | "SP" | "TL" | "FL" => AceKind::Other,
            _ => return unread("its type is not known", trustee),
        };
        let Some(flags) = flags_of(self.field(flags).1) else {
            return unread("its flags are not known", trustee);
        };
        let (rights, letters) = self.field(rights);
        let mask = match names::rights(letters) {
            Some(mask) => mask,
            // Labels have rights of their own.
            None if kind == AceKind::Other => 0,
            None => return unread("its rights are not known", trustee),
        };
        let (Some(object), Some(inherited_object)) =
            (guid(self.field(object).1), guid(self.field(inherited_object).1))
        else {
            return unread("its object type is not a GUID", trustee);
        };
        let Some(trustee) = trustee else {
            return unread("it does not say whom it is about", None);
        };
        Entry::Ace(Ace {
            range,
            kind,
            conditional,
            flags: Some(flags),
            mask,
            rights,
            object,
            inherited_object,
            trustee,
        })
    }
}

/// The flags of an entry; none if there is one that nobody knows.
fn flags_of(text: &str) -> Option<Flags> {
    let mut flags = Flags::default();
    let letters: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let mut pairs = letters.chunks_exact(2);
    for pair in &mut pairs {
        match pair.to_ascii_uppercase().as_slice() {
            b"OI" => flags.object_inherit = true,
            b"CI" => flags.container_inherit = true,
            b"NP" => flags.no_propagate = true,
            b"IO" => flags.inherit_only = true,
            b"ID" => flags.inherited = true,
            // Of auditing entries, and for critical ones.
            b"SA" | b"FA" | b"CR" | b"TP" => {}
            _ => return None,
        }
    }
    pairs.remainder().is_empty().then_some(flags)
}

/// A GUID in lower case without braces; `Some(None)` if the field is empty, none if it is something else.
#[allow(clippy::option_option)]
fn guid(text: &str) -> Option<Option<Box<str>>> {
    if text.is_empty() {
        return Some(None);
    }
    let text = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
    let is_guid = text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        });
    is_guid.then(|| Some(text.to_ascii_lowercase().into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dacl(text: &str) -> Acl {
        match descriptor(text).unwrap().dacl {
            Dacl::List(acl) => acl,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_folder() {
        // O: 0..2, BA 2..4, G: 4..6, identifier 6..24, D: 24..26, PAI 26..29, then three entries.
        let text = "O:BAG:S-1-5-21-1-2-3-513D:PAI(A;OICI;FA;;;SY)(A;OICIIO;GA;;;CO)(D;ID;0x116;;;S-1-5-21-1-2-3-1105)";
        let found = descriptor(text).unwrap();
        let owner = found.owner.unwrap();
        assert_eq!(owner.principal, Principal::Sid("S-1-5-32-544".into()));
        assert_eq!(owner.range, 2..4);
        let group = found.group.unwrap();
        assert_eq!(group.principal, Principal::Sid("S-1-5-21-1-2-3-513".into()));
        assert_eq!(group.range, 6..24);
        let acl = dacl(text);
        assert_eq!(acl.range, 24..text.len());
        assert!(acl.protected && acl.auto_inherited && !acl.auto_inherit_requested);
        let aces: Vec<&Ace> = acl.aces().collect();
        assert_eq!(aces.len(), 3);
        assert_eq!(acl.unread().count(), 0);
        assert_eq!(&text[aces[0].range.clone()], "(A;OICI;FA;;;SY)");
        assert_eq!(aces[0].range, 29..45);
        assert_eq!(aces[0].rights, 37..39);
        assert_eq!(aces[0].trustee.range, 42..44);
        assert_eq!(aces[0].kind, AceKind::Allow);
        assert_eq!(aces[0].mask, 0x1F_01FF);
        let both = Flags { object_inherit: true, container_inherit: true, ..Flags::default() };
        assert_eq!(aces[0].flags, Some(both));
        assert!(aces[0].applies_here() && !aces[1].applies_here());
        assert_eq!(aces[1].flags, Some(Flags { inherit_only: true, ..both }));
        assert_eq!(aces[1].mask, 0x1000_0000);
        assert!(aces[1].trustee.principal.is_placeholder());
        assert_eq!(aces[2].kind, AceKind::Deny);
        assert_eq!(aces[2].mask, 0x116);
        assert_eq!(&text[aces[2].trustee.range.clone()], "S-1-5-21-1-2-3-1105");
        assert!(aces[2].flags.unwrap().inherited);
    }

    #[test]
    fn no_list_no_control_and_nothing_in_it_are_three_things() {
        assert_eq!(descriptor("O:BAG:SY").unwrap().dacl, Dacl::Absent);
        assert_eq!(descriptor("O:BAD:NO_ACCESS_CONTROL").unwrap().dacl, Dacl::Null);
        assert_eq!(descriptor("D:").unwrap().dacl, Dacl::List(Acl { range: 0..2, ..Acl::default() }));
        let acl = dacl("D:PS:AI(AU;SAFA;FA;;;WD)");
        assert_eq!((acl.range.clone(), acl.protected, acl.entries.len()), (0..3, true, 0));
        assert_eq!(descriptor("S:(ML;;NW;;;LW)").unwrap().dacl, Dacl::Absent);
    }

    #[test]
    fn object_entries_and_conditions() {
        let acl = dacl(concat!(
            "D:(OA;CI;CC;BF967A86-0DE6-11D0-A285-00AA003049E2;;DA)",
            r#"(XA;;FR;;;AU;(@User.Title == "a)b" && (Member_of {SID(BA)})))"#,
            "(OD;;WP;;{bf967aba-0de6-11d0-a285-00aa003049e2};EA)",
        ));
        let aces: Vec<&Ace> = acl.aces().collect();
        assert_eq!(aces.len(), 3);
        assert_eq!(aces[0].object.as_deref(), Some("bf967a86-0de6-11d0-a285-00aa003049e2"));
        assert_eq!(aces[0].inherited_object, None);
        assert_eq!(aces[0].trustee.principal, Principal::InDomain(512));
        assert!(!aces[0].conditional && aces[1].conditional && !aces[2].conditional);
        assert_eq!((aces[1].kind, aces[1].mask), (AceKind::Allow, 0x12_0089));
        assert_eq!(aces[2].kind, AceKind::Deny);
        assert_eq!(aces[2].inherited_object.as_deref(), Some("bf967aba-0de6-11d0-a285-00aa003049e2"));
        assert_eq!(aces[2].trustee.principal, Principal::InRootDomain(519));
        let with_attributes = dacl(r#"D:(RA;;;;;WD;("Project",TS,0,"x;y)"))(A;;FR;;;WD)"#);
        let kinds: Vec<AceKind> = with_attributes.aces().map(|ace| ace.kind).collect();
        assert_eq!(kinds, [AceKind::Other, AceKind::Allow]);
    }

    #[test]
    fn what_cannot_be_read_stays_in_its_place() {
        let text = "D:(A;;QQ;;;BA)(A;;FA;;;BA)(B;;FA;;;BU)(A;;FA;;;XX)(A;XY;FA;;;AU)(A;;FA;no;;AU)(A;FA;AU)(A;;FA;;;S-1-5-11";
        let acl = dacl(text);
        let said: Vec<(usize, &str, bool)> = acl
            .entries
            .iter()
            .enumerate()
            .filter_map(|(i, entry)| match entry {
                Entry::Unread(unread) => Some((i, unread.why, unread.trustee.is_some())),
                Entry::Ace(_) => None,
            })
            .collect();
        assert_eq!(
            said,
            [
                (0, "its rights are not known", true),
                (2, "its type is not known", true),
                (3, "it does not say whom it is about", false),
                (4, "its flags are not known", true),
                (5, "its object type is not a GUID", true),
                (6, "an entry has six parts with `;` between them", false),
                (7, "it is not closed", false),
            ]
        );
        let last = acl.unread().last().unwrap();
        assert_eq!(&text[last.range.clone()], "(A;;FA;;;S-1-5-11");
        // One that is not closed does not swallow the next.
        let acl = dacl("D:(A;;FA;;;BA(A;;FR;;;BU)");
        assert_eq!((acl.unread().count(), acl.aces().count()), (1, 1));
        assert_eq!(acl.entries.len(), 2);
    }

    #[test]
    fn what_is_no_descriptor() {
        let wrong = |text: &str| descriptor(text).unwrap_err();
        assert_eq!(wrong("").why, "there is nothing in it");
        assert_eq!(wrong("  ").range, 0..2);
        assert_eq!(wrong("System.Security.AccessControl").range, 0..1);
        assert_eq!(wrong("O:BAX:").range, 4..5);
        assert_eq!(wrong("O:ZZ").range, 2..3);
        assert_eq!(wrong("O:").range, 2..2);
        assert_eq!(wrong("O:ä").range, 2..4);
        assert_eq!(wrong("D:D:").range, 2..4);
        assert_eq!(wrong("D:Q(A;;FA;;;BA)").range, 2..3);
        assert_eq!(wrong("D:NO_ACCESS_CONTROL(A;;FA;;;BA)").range, 0..31);
    }

    #[test]
    fn blanks_and_small_letters() {
        let acl = dacl(" d:ai\r\n ( a ; oi ci ; fr ; ; ; ba )\r\n (A;;0x1;;;wd) ");
        let aces: Vec<&Ace> = acl.aces().collect();
        assert_eq!(aces.len(), 2);
        assert_eq!(aces[0].mask, 0x12_0089);
        assert_eq!(aces[1].trustee.principal, Principal::Sid("S-1-1-0".into()));
        assert!(acl.auto_inherited);
    }

    proptest! {
        #[test]
        fn never_panics(text in r#"[ODGS:();A-DFIPRX0-9a-f"@ äS\-]{0,80}"#) {
            let _ = descriptor(&text);
        }

        #[test]
        fn entries_lie_in_the_text_one_behind_the_other(cut in 0usize..200, put in 0usize..200, c in any::<char>()) {
            let whole = r#"O:BAG:DUD:PAI(A;OICI;FA;;;SY)(XA;;FR;;;AU;(@User.a == "b"))(OA;;CC;bf967a86-0de6-11d0-a285-00aa003049e2;;S-1-5-21-1-2-3-4)S:(AU;SA;FA;;;WD)"#;
            let mut text: String = whole.chars().take(cut.min(whole.len())).collect();
            text.insert(put.min(text.len()), c);
            if let Ok(Descriptor { dacl: Dacl::List(acl), .. }) = descriptor(&text) {
                let mut from = acl.range.start;
                for entry in &acl.entries {
                    let range = match entry {
                        Entry::Ace(ace) => ace.range.clone(),
                        Entry::Unread(unread) => unread.range.clone(),
                    };
                    prop_assert!(range.start >= from && range.end <= acl.range.end);
                    prop_assert!(text.get(range.clone()).is_some_and(|t| t.starts_with('(')));
                    from = range.end;
                }
            }
        }
    }
}
