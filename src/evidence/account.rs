//! The spellings of an account or computer, taken apart.
//!
//! What a spelling means (which domain a short name stands for, whose SID it is) is not decided here but in
//! [`Identities`](super::Identities).

use super::{Account, AccountForm};

impl Account {
    /// Takes an account apart. None if the text is empty or says that there is none.
    ///
    /// Understands `DOMAIN\name`, `domain.example\name`, `.\name`, `DOMAIN/name`, `name@domain.example`,
    /// distinguished names, SIDs (also with the `*` of security templates), bare names, the item names of
    /// stored accounts (`DOMAIN\name|0`) and the paths of access account lists (`["Display=name"]...`).
    pub fn parse(text: &str) -> Option<Self> {
        let text = without_counter(display_name(text.trim()).trim());
        let text = strip_prefix_ignore_case(text, "LDAP://").unwrap_or(text);
        if text.is_empty() {
            return None;
        }
        if let Some(winnt) = strip_prefix_ignore_case(text, "WinNT://") {
            // WinNT://DOMAIN/name or WinNT://DOMAIN/COMPUTER/name
            let (domain, name) = winnt.trim_end_matches('/').rsplit_once('/').unwrap_or(("", winnt));
            let domain = domain.rsplit('/').next().unwrap_or(domain);
            return Some(Self::down_level(text, domain, name));
        }
        if let Some(sid) = sid(text) {
            return Some(Self { written: sid.into(), form: AccountForm::Sid });
        }
        if let Some((name, domain)) = distinguished(text) {
            let form =
                AccountForm::Distinguished { name: name.into_boxed_str(), domain: domain.into_boxed_str() };
            return Some(Self { written: text.into(), form });
        }
        if let Some((domain, name)) = text.split_once('\\') {
            return Some(Self::down_level(text, domain, name));
        }
        if let Some((name, suffix)) = text.rsplit_once('@')
            && !name.trim().is_empty()
            && !suffix.trim().is_empty()
        {
            return Some(Self {
                written: text.into(),
                form: AccountForm::Principal {
                    name: name.trim().into(),
                    suffix: suffix.trim().trim_end_matches('.').into(),
                },
            });
        }
        if let Some((domain, name)) = text.split_once('/')
            && !domain.trim().is_empty()
            && !name.trim().is_empty()
            && !name.contains('/')
        {
            return Some(Self::down_level(text, domain, name));
        }
        Some(Self { written: text.into(), form: AccountForm::Bare })
    }

    fn down_level(written: &str, domain: &str, name: &str) -> Self {
        let domain = domain.trim().trim_end_matches('.');
        // A lone dot is "this computer"; the dot at the end of a DNS name is not part of it.
        let domain = if domain.is_empty() && written.trim_start().starts_with('.') { "." } else { domain };
        let name = name.trim().trim_start_matches('\\');
        let form = match (domain.is_empty(), name.is_empty()) {
            (false, false) => AccountForm::DownLevel { domain: domain.into(), name: name.into() },
            _ => AccountForm::Bare,
        };
        Self { written: written.into(), form }
    }

    /// The name without its domain part; for a SID the SID itself.
    pub fn name(&self) -> &str {
        match &self.form {
            AccountForm::DownLevel { name, .. }
            | AccountForm::Principal { name, .. }
            | AccountForm::Distinguished { name, .. } => name,
            AccountForm::Sid => &self.written,
            AccountForm::Bare => self.written.trim_matches('\\'),
        }
    }

    /// The domain part as it is written: the part before the backslash, the suffix of a user principal name,
    /// the DC parts of a distinguished name. None if there is none.
    pub fn domain(&self) -> Option<&str> {
        match &self.form {
            AccountForm::DownLevel { domain, .. } | AccountForm::Distinguished { domain, .. } => {
                (!domain.is_empty()).then_some(domain)
            }
            AccountForm::Principal { suffix, .. } => Some(suffix),
            AccountForm::Sid | AccountForm::Bare => None,
        }
    }

    /// Whether a text has the look of an account: a domain part, a user principal name, a SID, a
    /// distinguished name. A bare name has not.
    pub fn looks_like(text: &str) -> bool {
        Self::parse(text).is_some_and(|account| match &account.form {
            AccountForm::DownLevel { .. } => text.contains('\\'),
            AccountForm::Principal { suffix, .. } => !suffix.contains(['/', ' ']),
            AccountForm::Distinguished { .. } | AccountForm::Sid => true,
            AccountForm::Bare => false,
        })
    }

    /// Whether the text holds a task sequence variable (`%NAME%`), so that the account is not known.
    pub fn is_dynamic(text: &str) -> bool {
        text.find('%').is_some_and(|first| {
            text[first + 1..].find('%').is_some_and(|length| {
                let name = &text[first + 1..first + 1 + length];
                !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-.()".contains(c))
            })
        })
    }
}

/// The name of a computer in any of its spellings: `\\SRV`, `srv.contoso.com`, the network path of a site
/// system (`["Display=\\srv\"]MSWNET:["SMS_SITE=PS1"]\\srv\`), `SRV$`, `DOMAIN\SRV$`. None if the text holds
/// none. The letter case is kept.
pub fn computer_name(text: &str) -> Option<&str> {
    let mut text = text.trim();
    if text.starts_with('[') {
        // What stands behind the last bracket is the path; without it the display name will do.
        let behind = text.rfind(']').map(|at| text[at + 1..].trim()).unwrap_or_default();
        text = if behind.is_empty() { display_name(text).trim() } else { behind };
    }
    let unc = text.trim_start_matches('\\');
    let name = if unc.len() == text.len() {
        // Not a UNC name; perhaps the computer's account.
        let name = text.trim_end_matches('\\');
        match name.rsplit_once('\\') {
            Some((_, account)) => account,
            None => name,
        }
    } else {
        unc.split('\\').next().unwrap_or_default()
    };
    let name = name.trim().trim_end_matches('$').trim_end_matches('.');
    (!name.is_empty()).then_some(name)
}

/// The display name in a path of an access account list, or the text itself.
fn display_name(text: &str) -> &str {
    let inner = text.strip_prefix('[').map(|t| t.trim_start_matches(['\\', '"']));
    let Some(inner) = inner.and_then(|t| strip_prefix_ignore_case(t, "Display=")) else { return text };
    let end = inner.find("\"]").or_else(|| inner.find("\\\"]")).or_else(|| inner.find(']'));
    inner[..end.unwrap_or(inner.len())].trim_end_matches(['"', '\\'])
}

/// Cuts the counter off the item name of a stored account: `DOMAIN\name|0`, `DOMAIN\name| 0`.
fn without_counter(text: &str) -> &str {
    match text.rsplit_once('|') {
        Some((account, counter)) if counter.trim().bytes().all(|b| b.is_ascii_digit()) => account.trim_end(),
        _ => text,
    }
}

/// The text of a security identifier, in capitals, if it is one.
pub(super) fn sid(text: &str) -> Option<String> {
    let text = text.strip_prefix('*').unwrap_or(text);
    let rest = strip_prefix_ignore_case(text, "S-1-")?;
    let mut parts = rest.split('-');
    let authority = parts.next()?;
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let hex = strip_prefix_ignore_case(authority, "0x")
        .is_some_and(|h| !h.is_empty() && h.bytes().all(|b| b.is_ascii_hexdigit()));
    ((number(authority) || hex) && parts.all(number)).then(|| format!("S-1-{rest}"))
}

/// First relative name and DNS domain of a distinguished name, if it is one.
fn distinguished(text: &str) -> Option<(String, String)> {
    let (attribute, _) = text.split_once('=')?;
    let known = ["cn", "ou", "dc", "uid", "o", "l"];
    if !known.contains(&attribute.trim().to_ascii_lowercase().as_str()) {
        return None;
    }
    let mut first = None;
    let mut domain = String::new();
    for part in relative_names(text) {
        let (attribute, value) = part.split_once('=')?;
        if attribute.trim().eq_ignore_ascii_case("dc") {
            if !domain.is_empty() {
                domain.push('.');
            }
            domain.push_str(value.trim());
        }
        if first.is_none() {
            first = Some(value.trim().to_owned());
        }
    }
    Some((first?, domain))
}

/// Parts a distinguished name at its commas and undoes the escapes.
fn relative_names(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut bytes: Vec<u8> = Vec::new();
    let mut quoted = false;
    let mut rest = text.bytes().peekable();
    let finish = |bytes: &mut Vec<u8>| String::from_utf8_lossy(&std::mem::take(bytes)).into_owned();
    while let Some(b) = rest.next() {
        match b {
            b'\\' => match rest.next() {
                Some(high) if high.is_ascii_hexdigit() && rest.peek().is_some_and(u8::is_ascii_hexdigit) => {
                    let low = rest.next().unwrap_or_default();
                    bytes.push(hex(high) << 4 | hex(low));
                }
                Some(plain) => bytes.push(plain),
                None => bytes.push(b),
            },
            b'"' => quoted = !quoted,
            b',' | b';' if !quoted => parts.push(finish(&mut bytes)),
            _ => bytes.push(b),
        }
    }
    parts.push(finish(&mut bytes));
    parts
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.to_ascii_uppercase().wrapping_sub(b'A') + 10,
    }
}

/// [`str::strip_prefix`] without regard to the case of ASCII letters.
pub(super) fn strip_prefix_ignore_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn down(domain: &str, name: &str) -> AccountForm {
        AccountForm::DownLevel { domain: domain.into(), name: name.into() }
    }

    #[test]
    fn every_spelling_is_taken_apart() {
        let upn =
            |name: &str, suffix: &str| AccountForm::Principal { name: name.into(), suffix: suffix.into() };
        let dn = |name: &str, domain: &str| AccountForm::Distinguished {
            name: name.into(),
            domain: domain.into(),
        };
        let table = [
            (r"CONTOSO\svc", down("CONTOSO", "svc")),
            ("  CONTOSO\\svc \r\n", down("CONTOSO", "svc")),
            (r"contoso.com\svc", down("contoso.com", "svc")),
            (r"contoso.com.\svc", down("contoso.com", "svc")),
            (r".\svc", down(".", "svc")),
            (r"CONTOSO/svc", down("CONTOSO", "svc")),
            (r"CONTOSO\svc|0", down("CONTOSO", "svc")),
            (r"CONTOSO\svc| 0", down("CONTOSO", "svc")),
            (r"BUILTIN\Administrators", down("BUILTIN", "Administrators")),
            (r"NT AUTHORITY\SYSTEM", down("NT AUTHORITY", "SYSTEM")),
            (r"CONTOSO\SRV1$", down("CONTOSO", "SRV1$")),
            ("svc@contoso.com", upn("svc", "contoso.com")),
            ("svc@contoso.com.", upn("svc", "contoso.com")),
            ("S-1-5-21-1-2-3-1105", AccountForm::Sid),
            ("*s-1-5-32-544", AccountForm::Sid),
            ("svc", AccountForm::Bare),
            (r"\svc", AccountForm::Bare),
            ("CN=svc,OU=Service Accounts,DC=contoso,DC=com", dn("svc", "contoso.com")),
            (r"CN=Muster\, Eva,OU=People,DC=contoso,DC=com", dn("Muster, Eva", "contoso.com")),
            (r"cn=M\C3\BCller,dc=lab", dn("Müller", "lab")),
            ("LDAP://CN=svc,DC=contoso,DC=com", dn("svc", "contoso.com")),
            ("WinNT://CONTOSO/SRV1/svc", down("SRV1", "svc")),
            (r#"["Display=CONTOSO\Readers"]MSWNET:["X=1"]\\CONTOSO\Readers\"#, down("CONTOSO", "Readers")),
            (r#"["Display=Guests"]GENERIC:GROUP=Guests"#, AccountForm::Bare),
        ];
        for (text, form) in table {
            let account = Account::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(account.form, form, "{text}");
        }
        assert_eq!(Account::parse(r#"["Display=Guests"]GENERIC:GROUP=Guests"#).unwrap().name(), "Guests");
        assert_eq!(Account::parse("*s-1-5-32-544").unwrap().name(), "S-1-5-32-544");
        assert_eq!(Account::parse("   "), None);
        // Not SIDs, however they begin.
        assert_eq!(Account::parse("S-1-team").unwrap().form, AccountForm::Bare);
        assert_eq!(Account::parse("s-1-").unwrap().form, AccountForm::Bare);
    }

    #[test]
    fn variables_make_an_account_dynamic() {
        assert!(Account::is_dynamic("%OSDJoinAccount%"));
        assert!(Account::is_dynamic(r"CONTOSO\%User%"));
        assert!(!Account::is_dynamic(r"CONTOSO\100%"));
        assert!(!Account::is_dynamic("50% of 100%"));
        assert!(!Account::is_dynamic("%%"));
    }

    #[test]
    fn only_qualified_names_look_like_accounts() {
        for yes in [r"CONTOSO\svc", "svc@contoso.com", "S-1-5-32-544"] {
            assert!(Account::looks_like(yes), "{yes}");
        }
        for no in ["", "svc", "1", "https://mail.contoso.com/powershell", "Active"] {
            assert!(!Account::looks_like(no), "{no}");
        }
    }

    #[test]
    fn computers_are_found_in_paths_and_accounts() {
        let table = [
            (r"\\SRV1.contoso.com", Some("SRV1.contoso.com")),
            (r"\\SRV1\", Some("SRV1")),
            (r"\\SRV1\share\folder", Some("SRV1")),
            (r#"["Display=\\srv1\"]MSWNET:["SMS_SITE=PS1"]\\srv1\"#, Some("srv1")),
            (r#"["Display=\\srv1.contoso.com\"]"#, Some("srv1.contoso.com")),
            ("srv1.contoso.com.", Some("srv1.contoso.com")),
            (r"CONTOSO\SRV1$", Some("SRV1")),
            ("SRV1$", Some("SRV1")),
            ("  ", None),
            (r"\\", None),
        ];
        for (text, name) in table {
            assert_eq!(computer_name(text), name, "{text}");
        }
    }
}
