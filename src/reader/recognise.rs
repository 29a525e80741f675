//! What shape a source has, by its first characters and its root element; never by its name.

use crate::reader::mof;
use crate::reader::xml::{Kind, Stop, Syntax, Tokens, shorten};

/// How far the first element is looked for, in bytes of decoded text.
const PROLOG: usize = 1 << 20;

/// The line before a redirected CLIXML stream.
const STREAM: &str = "#< CLIXML";

/// A shape, as far as the beginning tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// CLIXML, which begins at this place.
    Clixml(usize),
    /// `ConvertTo-Xml`.
    ConvertToXml,
    /// JSON of any kind.
    Json,
    /// MOF text.
    Mof,
    /// CIM-XML, or a list of strings that are.
    CimXml,
    /// A task sequence, bare or wrapped.
    TaskSequence,
    /// Exported security roles.
    SecurityRoles,
    /// A client policy.
    ClientPolicy,
    /// A security template.
    SecurityTemplate,
    /// A Group Policy report or a resultant set of policy.
    GpoReport,
    /// A part of an export that holds no evidence.
    ExportPart,
    /// Nothing that is read; the text says what it is.
    Other(String),
    /// XML that breaks off or is wrong before its root element.
    Broken(Syntax),
    /// More text is needed to tell.
    More,
}

/// Files that other readers will read one day.
const LATER: &str = "this version does not read it";

/// The shape of a source that begins with `text`; `last` says that this is all of it.
pub(super) fn shape(text: &str, last: bool) -> Shape {
    let is_blank = |c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\0');
    let start = text.len() - text.trim_start_matches(is_blank).len();
    let rest = &text[start..];
    let Some(first) = rest.chars().next() else {
        return if last || text.len() > PROLOG {
            Shape::Other("the file is empty".into())
        } else {
            Shape::More
        };
    };
    if rest.len() < 64 && !last {
        return Shape::More;
    }
    match first {
        '<' => xml(text, last),
        '#' if rest.starts_with(STREAM) => {
            let line = rest.find('\n').map_or(rest.len(), |i| i + 1);
            let inner = rest[line..].trim_start_matches(is_blank);
            match inner.starts_with('<') {
                true => Shape::Clixml(text.len() - inner.len()),
                false => Shape::Other("a CLIXML stream without any object".into()),
            }
        }
        '[' => match inf_header(rest) || begins_with_section(rest) {
            true => Shape::SecurityTemplate,
            false => Shape::Json,
        },
        '{' => Shape::Json,
        _ => plain(rest, first),
    }
}

/// Text that is neither XML nor JSON.
fn plain(text: &str, first: char) -> Shape {
    let head = &text[..floor(text, PROLOG)];
    let site_control =
        ["BEGIN_SITE_CONTROL_ITEM", "BEGIN_COMPONENT", "BEGIN_CLIENT_COMPONENT", "BEGIN_SITE_DEFINITION"];
    if site_control.iter().any(|mark| head.contains(mark)) {
        return Shape::Other(format!("a site control file (sitectrl.ct0) of an old release; {LATER}"));
    }
    if head.starts_with(';') && head.lines().any(inf_header) {
        return Shape::SecurityTemplate;
    }
    let is_comment = head.starts_with("//") || head.starts_with("/*") || head.starts_with("#pragma");
    if mof::is_instance(head) || (is_comment && mof::next_instance(head, &mut 0, true) == Ok(true)) {
        return Shape::Mof;
    }
    // One character: anything more could be a credential.
    let shown: String = first.escape_debug().collect();
    Shape::Other(format!("neither XML, JSON nor MOF text: it begins with `{shown}`"))
}

/// The character boundary at or before `at`.
pub(super) fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Whether a line is a section header of a security template.
fn inf_header(line: &str) -> bool {
    let header =
        line.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name);
    header.is_some_and(|name| {
        [
            "Unicode",
            "Version",
            "System Access",
            "Event Audit",
            "Privilege Rights",
            "Group Membership",
            "Registry Values",
            "Registry Keys",
            "File Security",
            "Service General Setting",
            "Kerberos Policy",
            "Profile Description",
        ]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
    })
}

/// Whether a text begins with a section that a template may have beside those that are known: a header on a line of its
/// own, and lines such as `Name = value` or another header behind it. A list in JSON has neither.
fn begins_with_section(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(';'));
    let header = lines.next().and_then(|line| line.strip_prefix('[')?.strip_suffix(']'));
    let named = header.is_some_and(|name| {
        name.starts_with(|c: char| c.is_alphabetic())
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-'))
            && !matches!(name, "true" | "false" | "null")
    });
    named
        && lines.next().is_some_and(|line| {
            let key = line.split_once('=').map(|(key, _)| key);
            inf_header(line)
                || key.is_some_and(|key| !key.contains(['"', '{', '[']) && !key.trim().is_empty())
        })
}

/// The shape of an XML document.
fn xml(text: &str, last: bool) -> Shape {
    let mut tokens = Tokens::resume(text, 0, last, Default::default());
    loop {
        match tokens.next() {
            Ok(Kind::Start) => return root(&tokens, text),
            Ok(Kind::Eof) => return Shape::Other("XML without any element".into()),
            Ok(_) => {}
            Err(Stop::Incomplete) if text.len() < PROLOG => return Shape::More,
            Err(Stop::Incomplete) => {
                return Shape::Other("XML without an element in its first MiB".into());
            }
            Err(Stop::Syntax) => {
                let doctype = tokens.doctype().and_then(|range| text.get(range)).unwrap_or_default();
                return match is_html(doctype) {
                    true => Shape::Other("an HTML page".into()),
                    false => Shape::Broken(tokens.fault()),
                };
            }
        }
    }
}

fn is_html(doctype: &str) -> bool {
    doctype
        .get(9..)
        .is_some_and(|name| name.trim_start().get(..4).is_some_and(|n| n.eq_ignore_ascii_case("html")))
}

/// The shape that a root element tells.
fn root(tokens: &Tokens<'_>, text: &str) -> Shape {
    let name = tokens.local_name();
    let space = |part: &str| {
        tokens
            .attributes()
            .filter(|(name, _)| *name == "xmlns" || name.starts_with("xmlns:"))
            .any(|(_, value)| text.get(value).is_some_and(|value| value.contains(part)))
    };
    let other = |what: &str| Shape::Other(format!("{what}; {LATER}"));
    match name {
        "Objs" => Shape::Clixml(0),
        "Objects" => Shape::ConvertToXml,
        "sequence" | "SmsTaskSequencePackage" => Shape::TaskSequence,
        "INSTANCE" | "COMMAND" | "CIM" | "ArrayOfString" => Shape::CimXml,
        "SMS_Roles" | "SMS_Role" => Shape::SecurityRoles,
        "Policy" | "PolicyAssignment" => Shape::ClientPolicy,
        "LibraryDocument" => Shape::ExportPart,
        "string" => Shape::ExportPart,
        "Types" if space("openxmlformats.org/package") => Shape::ExportPart,
        "Relationships" if space("openxmlformats.org/package") => Shape::ExportPart,
        "coreProperties" if space("openxmlformats.org/package") => Shape::ExportPart,
        "GPO" | "report" if space("GroupPolicy/Settings") => Shape::GpoReport,
        // The text of `Get-GPOReport -All`: the name space stands at each of the objects.
        "GPOS" | "GPOs" => Shape::GpoReport,
        "Rsop" if space("GroupPolicy/Rsop") => Shape::GpoReport,
        // The files of group policy preferences, by their class.
        "Groups" | "ScheduledTasks" | "NTServices" | "DataSources" | "Drives" | "Printers"
            if tokens.attribute_any_case("clsid").is_some() =>
        {
            Shape::GpoReport
        }
        "GroupPolicyBackupScheme" | "BackupInst" => other("a part of a Group Policy backup"),
        "html" | "HTML" => Shape::Other("an HTML page".into()),
        _ => Shape::Other(format!(
            "XML, but not an export that is known: its root element is `{}`",
            shorten(name)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_by_content() {
        for (text, expected) in [
            (
                "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\"/>",
                Shape::Clixml(0),
            ),
            ("#< CLIXML\r\n<Objs/>", Shape::Clixml(11)),
            ("\u{feff} \r\n<?xml version=\"1.0\"?><!-- c --><Objs/>", Shape::Clixml(0)),
            ("<Objects><Object/></Objects>", Shape::ConvertToXml),
            ("<!-- c -->\n<?xml version=\"1.0\"?>\n<sequence version=\"3.00\"/>", Shape::TaskSequence),
            ("<SmsTaskSequencePackage/>", Shape::TaskSequence),
            ("<INSTANCE CLASSNAME=\"SMS_Site\"/>", Shape::CimXml),
            ("<COMMAND SEQUENCENUM=\"1\"/>", Shape::CimXml),
            ("<ArrayOfString/>", Shape::CimXml),
            ("<SMS_Roles/>", Shape::SecurityRoles),
            ("<GPO xmlns=\"http://www.microsoft.com/GroupPolicy/Settings\"/>", Shape::GpoReport),
            ("<p:report xmlns:p=\"http://www.microsoft.com/GroupPolicy/Settings\"/>", Shape::GpoReport),
            ("<Rsop xmlns=\"http://www.microsoft.com/GroupPolicy/Rsop\"/>", Shape::GpoReport),
            ("[Unicode]\r\nUnicode=yes", Shape::SecurityTemplate),
            ("; x\r\n[version]\r\n", Shape::SecurityTemplate),
            ("[System Log]\r\nMaximumLogSize = 16384\r\n", Shape::SecurityTemplate),
            ("[Strings]\r\n\r\n[Privilege Rights]\r\n", Shape::SecurityTemplate),
            ("[true]\n[a = 1]", Shape::Json),
            ("[\n\"a=b\"]", Shape::Json),
            ("<GPOS>\n<GPO/></GPOS>", Shape::GpoReport),
            ("<Groups clsid=\"{3125E937-EB16-4b4c-9934-544FC6D24D26}\"/>", Shape::GpoReport),
            ("<Policy/>", Shape::ClientPolicy),
            ("<string/>", Shape::ExportPart),
            ("<LibraryDocument/>", Shape::ExportPart),
            (
                "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>",
                Shape::ExportPart,
            ),
            (" {\"a\":1}", Shape::Json),
            ("[\r\n]", Shape::Json),
            ("[true]", Shape::Json),
            ("instance of SMS_Site { };", Shape::Mof),
            ("// made by hand\r\ninstance of SMS_Site { };", Shape::Mof),
        ] {
            assert_eq!(shape(text, true), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_read_has_a_reason() {
        for (text, expected) in [
            ("", "the file is empty"),
            (" \r\n", "the file is empty"),
            ("<GPO/>", "XML, but not an export that is known: its root element is `GPO`"),
            ("<!DOCTYPE html><html><br></html>", "an HTML page"),
            (
                "\tBEGIN_COMPONENT\r\n",
                "a site control file (sitectrl.ct0) of an old release; this version does not read it",
            ),
            ("Hunter2", "neither XML, JSON nor MOF text: it begins with `H`"),
            ("\u{1}", "neither XML, JSON nor MOF text: it begins with `\\u{1}`"),
            ("<!-- only this -->", "XML without any element"),
        ] {
            assert_eq!(shape(text, true), Shape::Other(expected.into()), "{text}");
        }
    }

    #[test]
    fn more_text_may_be_needed() {
        for text in ["", "  ", "<", "<?xml ver", "<!-- a", "<sequ", "[Uni"] {
            assert_eq!(shape(text, false), Shape::More, "{text}");
        }
        assert!(matches!(shape("<?xml ver", true), Shape::Broken(_)));
        let long = format!("<!-- {} -->", "c".repeat(100));
        assert_eq!(shape(&long, false), Shape::More);
        assert_eq!(shape(&format!("{long}<Policy a='{}", "x".repeat(10)), false), Shape::More);
    }
}
