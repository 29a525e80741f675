//! What shape a source has, by its first characters and its root element; never by its name.
//!
//! Most files in a folder never were exports. They are told from exports that are damaged: only what begins as an export
//! does can break off.

mod foreign;
mod preamble;

pub(super) use foreign::{binary, utf_32};
pub(super) use preamble::Preamble;

use crate::reader::xml::{Kind, Stop, Syntax, Tokens, shorten};
use crate::reader::{json, mof, settings};
use crate::source::floor;

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
    /// Settings in sections, which are read for credentials alone.
    Settings,
    /// Exported registry keys, the same.
    Registry,
    /// An answer file of Windows Setup, the same.
    AnswerFile,
    /// An export that begins behind what a console left.
    Behind(Preamble),
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
        '<' => xml(text, start, last),
        '#' if rest.starts_with(STREAM) => {
            let line = rest.find('\n').map_or(rest.len(), |i| i + 1);
            let inner = rest[line..].trim_start_matches(is_blank);
            match inner.starts_with('<') {
                true => Shape::Clixml(text.len() - inner.len()),
                false => Shape::Other("a CLIXML stream without any object".into()),
            }
        }
        '[' if inf_header(rest) || is_template(rest) => Shape::SecurityTemplate,
        '{' | '[' if json::begins(rest) => Shape::Json,
        '"' if json::begins_in_text(rest) => Shape::Json,
        _ => plain(rest, start),
    }
}

/// Text that is neither XML nor JSON, which begins at `start`.
fn plain(text: &str, start: usize) -> Shape {
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
    if settings::is_registry(head) {
        return Shape::Registry;
    }
    if foreign::is_transcript(head) {
        return Shape::Other(foreign::describe(head));
    }
    if let Some(preamble) = preamble::find(text) {
        return Shape::Behind(Preamble { at: start + preamble.at, ..preamble });
    }
    if settings::is_settings(head) {
        return Shape::Settings;
    }
    Shape::Other(foreign::describe(head))
}

/// Sections that only templates have: one of them may come behind others.
const TEMPLATE: [&str; 8] = [
    "System Access",
    "Event Audit",
    "Privilege Rights",
    "Group Membership",
    "Registry Values",
    "Registry Keys",
    "File Security",
    "Service General Setting",
];

/// Sections that templates may begin with, beside those.
const FIRST: [&str; 7] = [
    "Unicode",
    "Version",
    "System Log",
    "Security Log",
    "Application Log",
    "Kerberos Policy",
    "Profile Description",
];

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether a line begins with a section header of a security template.
fn inf_header(line: &str) -> bool {
    let header =
        line.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name);
    header.is_some_and(|name| is_one_of(&TEMPLATE, name) || is_one_of(&FIRST, name))
}

/// Whether a text that begins with a section is a template: one of the sections that only those have comes later.
fn is_template(text: &str) -> bool {
    let head = &text[..floor(text, PROLOG)];
    let header = |line: &str| {
        let name = line.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        name.is_some_and(|name| is_one_of(&TEMPLATE, name))
    };
    settings::is_settings(head) && head.lines().any(header)
}

/// Root elements of exports.
const ROOTS: [&str; 24] = [
    "Objs",
    "Objects",
    "sequence",
    "SmsTaskSequencePackage",
    "INSTANCE",
    "COMMAND",
    "CIM",
    "ArrayOfString",
    "SMS_Roles",
    "SMS_Role",
    "Policy",
    "PolicyAssignment",
    "LibraryDocument",
    "GPO",
    "GPOS",
    "GPOs",
    "report",
    "Rsop",
    "Groups",
    "ScheduledTasks",
    "NTServices",
    "DataSources",
    "Drives",
    "unattend",
];

/// The shape of what begins with `<` at `start`.
fn xml(text: &str, start: usize, last: bool) -> Shape {
    let rest = &text[start..];
    if ["<#", "<![LOG[", "<?php", "<%"].iter().any(|mark| rest.starts_with(mark)) {
        return Shape::Other(foreign::describe(rest));
    }
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
                return match () {
                    () if is_html(doctype) || is_html(rest) => Shape::Other(HTML.into()),
                    () if is_export(rest, text.get(tokens.position()..).unwrap_or_default()) => {
                        Shape::Broken(tokens.fault())
                    }
                    () => Shape::Other(foreign::describe(rest)),
                };
            }
        }
    }
}

/// Whether a text that is wrong before its root element was meant as an export: by its declaration, or by the tag at
/// which it breaks off.
fn is_export(text: &str, place: &str) -> bool {
    let name = |text: &str| -> String {
        text.trim_start_matches('<').chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let is_root = |text: &str| {
        let name = name(text);
        !name.is_empty()
            && ROOTS
                .iter()
                .any(|root| *root == name || root.starts_with(&name) && text.len() <= name.len() + 1)
    };
    text.starts_with("<?xml") || text.len() < 5 || is_root(text) || place.starts_with('<') && is_root(place)
}

/// How to get rows instead of a page of them.
const HTML: &str =
    "an HTML page, no export; export with `ConvertTo-Json -Depth 6` or `Export-Clixml -Depth 6` instead";

/// Whether a declaration, or the beginning of a page without one, says HTML.
fn is_html(text: &str) -> bool {
    let head = text.trim_start().get(..24).unwrap_or(text).to_ascii_lowercase();
    if let Some(name) = head.strip_prefix("<!doctype") {
        return name.trim_start().starts_with("html");
    }
    ["<html", "<head>", "<body", "<table", "<div", "<meta ", "<script", "<style"]
        .iter()
        .any(|tag| head.starts_with(tag))
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
        "unattend" => Shape::AnswerFile,
        _ if is_html(&format!("<{name} ")) || is_html(&format!("<{name}>")) => Shape::Other(HTML.into()),
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
            ("[Settings]\r\nPriority=Default\r\n", Shape::Settings),
            ("; made by hand\n[Default]\nA=B\n", Shape::Settings),
            ("Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\x]\r\n", Shape::Registry),
            ("<unattend xmlns=\"urn:schemas-microsoft-com:unattend\"/>", Shape::AnswerFile),
            ("WARNING: x\r\n[{\"a\":1}]", Shape::Behind(Preamble { at: 12, lines: 1, depth: false })),
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
            ("<!DOCTYPE html><html><br></html>", HTML),
            ("<!doctype HTML>\n<p>a<br>b", HTML),
            ("<HTML><br></HTML>", HTML),
            ("<table><tr><td>a</table>", HTML),
            (
                "\tBEGIN_COMPONENT\r\n",
                "a site control file (sitectrl.ct0) of an old release; this version does not read it",
            ),
            ("Hunter2", "text that is neither XML, JSON nor MOF, no export"),
            ("\u{1}", "a binary file, no export"),
            ("<#\n.SYNOPSIS\n#>", "a PowerShell script, no export"),
            ("<!-- toc -->\n# Title\n", "a page of text with mark-up, no export"),
            ("[CmdletBinding()]\nparam()\n", "a PowerShell script, no export"),
            ("<![LOG[x]LOG]!><time=\"1\">", "a log, no export"),
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
