//! One small estate with its local groups, exported in four ways: CLIXML, JSON of Windows PowerShell 5.1, JSON of
//! PowerShell 7, and the folder that the collector writes. All four must give the same findings.
//!
//! The exports are invented; their shapes are those of the cmdlets named beside them. The built program reads them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

/// Security identifiers of the domain and of one of its users.
const DOMAIN: &str = "S-1-5-21-1004336348-1177238915-682003330";

/// A way to export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// `Export-Clixml`: UTF-16 with a byte order mark.
    Clixml,
    /// `ConvertTo-Json | Out-File` of Windows PowerShell 5.1: UTF-16, lists behind `value` and `Count`.
    Json5,
    /// `ConvertTo-Json | Set-Content` of PowerShell 7: UTF-8.
    Json7,
    /// One file a class: the collector.
    Collector,
}

const SHAPES: [Shape; 4] = [Shape::Clixml, Shape::Json5, Shape::Json7, Shape::Collector];

/// Rows of one class, with the name of the type as CLIXML tells it.
struct Rows {
    class: &'static str,
    kind: &'static str,
    rows: Vec<Value>,
}

fn sid(number: u32) -> String {
    format!("{DOMAIN}-{number}")
}

fn member(name: &str, sid: &str, class: &str) -> Value {
    json!({"Name": name, "SID": {"BinaryLength": 28, "AccountDomainSid": {"Value": DOMAIN}, "Value": sid},
        "PrincipalSource": "ActiveDirectory", "ObjectClass": class})
}

fn group(host: &str, name: &str, sid: &str, members: &[Value]) -> Value {
    json!({"Computer": host, "Group": name, "GroupSid": sid, "Members": members})
}

/// A primary site with a remote provider and a remote management point. `faults` are: someone without a role in SMS
/// Admins, an administrative group that is not there, a computer that is gone, groups that are missing or left over.
fn estate(faults: bool) -> Vec<Rows> {
    let role = |host: &str, role: &str| {
        json!({"SiteCode": "P01", "NetworkOSPath": format!(r"\\{host}.contoso.com"), "RoleName": role,
            "Props": [], "PropLists": []})
    };
    let admin = |name: &str, sid: &str, group: bool| json!({"LogonName": name, "AdminID": 1, "AdminSid": sid, "IsGroup": group, "RoleNames": ["Operations Administrator"]});
    // Anna is listed by her identifier alone, as where the domain could not be asked for her name.
    let anna = member(&sid(1130), &sid(1130), "User");
    let team = member(r"CONTOSO\cm-team", &sid(1200), "Group");
    let server = member(r"CONTOSO\P01SRV$", &sid(1301), "User");
    let provider = member(r"CONTOSO\PROV2$", &sid(1302), "User");
    let point = member(r"CONTOSO\MP1$", &sid(1303), "User");
    let contractor = member(r"CONTOSO\contractor", &sid(1400), "User");
    let gone = member(r"CONTOSO\OLDMP$", &sid(1304), "User");
    let nobody = member(&sid(9999), &sid(9999), "User");
    let admins = member(r"CONTOSO\Domain Admins", &sid(512), "Group");

    let mut groups = vec![
        group("PROV2", "Administratoren", "S-1-5-32-544", std::slice::from_ref(&admins)),
        group("PROV2", "Benutzer", "S-1-5-32-545", &[]),
        group("P01SRV", "Administrators", "S-1-5-32-544", &[admins]),
        group("P01SRV", "Users", "S-1-5-32-545", &[]),
        group(
            "P01SRV",
            "SMS_SiteSystemToSiteServerConnection_SMSProv_P01",
            "S-1-5-21-1-2-3-1002",
            &[provider],
        ),
    ];
    if faults {
        groups.extend([
            group("PROV2", "SMS Admins", "S-1-5-21-9-9-9-1001", &[anna, server, contractor, nobody]),
            group("PROV2", "SMS_SiteSystemToSiteServerConnection_MP_P01", "S-1-5-21-9-9-9-1002", &[gone]),
            group("P01SRV", "SMS_SiteToSiteConnection_P09", "S-1-5-21-1-2-3-1003", &[]),
            group("P01SRV", "SMSAdmins", "S-1-5-21-1-2-3-1004", &[]),
        ]);
    } else {
        groups.extend([
            group("PROV2", "SMS Admins", "S-1-5-21-9-9-9-1001", &[anna, server, team]),
            group(
                "PROV2",
                "SMS_SiteSystemToSiteServerConnection_MP_P01",
                "S-1-5-21-9-9-9-1002",
                std::slice::from_ref(&point),
            ),
            group("P01SRV", "SMS_SiteSystemToSiteServerConnection_Stat_P01", "S-1-5-21-1-2-3-1003", &[point]),
            group("P01SRV", "ConfigMgr_CollectedFilesAccess", "S-1-5-21-1-2-3-1005", &[]),
        ]);
    }
    vec![
        Rows {
            class: "SMS_Site",
            kind: "Microsoft.Management.Infrastructure.CimInstance#root/sms/site_P01/SMS_Site",
            rows: vec![
                json!({"SiteCode": "P01", "ServerName": "p01srv.contoso.com", "InstallDir": r"D:\ConfigMgr",
                "Type": 2, "ReportingSiteCode": "", "Version": "5.00.8740.1000", "BuildNumber": 8740}),
            ],
        },
        Rows {
            class: "SMS_SCI_SysResUse",
            kind: "Microsoft.Management.Infrastructure.CimInstance#root/sms/site_P01/SMS_SCI_SysResUse",
            rows: vec![
                role("p01srv", "SMS Site Server"),
                role("p01srv", "SMS SQL Server"),
                role("prov2", "SMS Provider"),
                role("mp1", "SMS Management Point"),
            ],
        },
        Rows {
            class: "SMS_Admin",
            kind: "Microsoft.ConfigurationManagement.ManagementProvider.WqlQueryEngine.WqlResultObject#SMS_Admin",
            rows: vec![
                admin(r"CONTOSO\anna", &sid(1130), false),
                admin(r"CONTOSO\cm-team", &sid(1200), true),
            ],
        },
        Rows {
            class: "SMS_SCI_Address",
            kind: "Microsoft.Management.Infrastructure.CimInstance#root/sms/site_P01/SMS_SCI_Address",
            rows: vec![],
        },
        Rows {
            class: "LocalGroupMembers",
            kind: "System.Management.Automation.PSCustomObject",
            rows: groups,
        },
    ]
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A value as CLIXML: a security identifier as the object it is, with its text beside it.
fn clixml(out: &mut String, name: Option<&str>, value: &Value, kind: Option<&str>) {
    let name = name.map(|name| format!(r#" N="{name}""#)).unwrap_or_default();
    match value {
        Value::Null => _ = write!(out, "<Nil{name} />"),
        Value::Bool(flag) => _ = write!(out, "<B{name}>{flag}</B>"),
        Value::Number(number) => _ = write!(out, "<I32{name}>{number}</I32>"),
        Value::String(text) => _ = write!(out, "<S{name}>{}</S>", escaped(text)),
        Value::Array(items) => {
            _ = write!(out, "<Obj{name}><TN><T>System.Object[]</T><T>System.Array</T></TN><LST>");
            for item in items {
                clixml(out, None, item, Some("Deserialized.Microsoft.PowerShell.Commands.LocalPrincipal"));
            }
            out.push_str("</LST></Obj>");
        }
        Value::Object(fields) => {
            let is_sid = fields.contains_key("BinaryLength");
            let kind =
                if is_sid { "System.Security.Principal.SecurityIdentifier" } else { kind.unwrap_or("x") };
            _ = write!(out, "<Obj{name}><TN><T>{kind}</T><T>System.Object</T></TN>");
            if let Some(text) = fields.get("Value").and_then(Value::as_str).filter(|_| is_sid) {
                _ = write!(out, "<ToString>{text}</ToString>");
            }
            out.push_str(if kind.ends_with("PSCustomObject") { "<MS>" } else { "<Props>" });
            for (field, value) in fields {
                clixml(out, Some(field), value, None);
            }
            out.push_str(if kind.ends_with("PSCustomObject") { "</MS></Obj>" } else { "</Props></Obj>" });
        }
    }
}

/// What the two PowerShells make of lists, enumerations and identifiers.
fn reshape(value: &Value, shape: Shape) -> Value {
    match value {
        Value::Array(items) => {
            let items: Vec<Value> = items.iter().map(|item| reshape(item, shape)).collect();
            match shape {
                Shape::Json5 => json!({"value": items, "Count": items.len()}),
                _ => Value::Array(items),
            }
        }
        Value::Object(fields) if fields.contains_key("BinaryLength") => match shape {
            Shape::Collector => fields["Value"].clone(),
            // One level deeper the domain is cut to text.
            Shape::Json7 => json!({"BinaryLength": 28, "AccountDomainSid": DOMAIN, "Value": fields["Value"]}),
            _ => value.clone(),
        },
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let value = match (name.as_str(), shape) {
                    ("PrincipalSource", Shape::Json5 | Shape::Json7) => json!(2),
                    _ => reshape(value, shape),
                };
                (name.clone(), value)
            })
            .collect(),
        other => other.clone(),
    }
}

fn utf16(text: &str) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    bytes
}

fn write(folder: &Path, rows: &Rows, shape: Shape) {
    let Rows { class, kind, rows } = rows;
    let (file, bytes) = match shape {
        Shape::Clixml => {
            let mut text = String::from(
                "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">\r\n",
            );
            for row in rows {
                clixml(&mut text, None, row, Some(kind));
            }
            text.push_str("\r\n</Objs>");
            (format!("{class}.xml"), utf16(&text))
        }
        Shape::Json5 | Shape::Json7 => {
            let rows: Vec<Value> = rows.iter().map(|row| reshape(row, shape)).collect();
            // A single object is not a list.
            let value = match rows.as_slice() {
                [one] => one.clone(),
                _ => Value::Array(rows),
            };
            let text = serde_json::to_string_pretty(&value).expect("plain values");
            let bytes =
                if shape == Shape::Json5 { utf16(&text.replace('\n', "\r\n")) } else { text.into_bytes() };
            (format!("{class}.json"), bytes)
        }
        Shape::Collector => {
            let rows: Vec<Value> = rows.iter().map(|row| reshape(row, shape)).collect();
            (format!("{class}.json"), json!({*class: rows}).to_string().into_bytes())
        }
    };
    fs::write(folder.join(file), bytes).expect("written");
}

/// The report on an estate exported in that way.
fn check(estate: &[Rows], shape: Shape) -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for rows in estate {
        // Without rows there is no file, but for the collector: it says that it looked.
        if !rows.rows.is_empty() || shape == Shape::Collector {
            write(folder.path(), rows, shape);
        }
    }
    let ran = Command::new(env!("CARGO_BIN_EXE_cmlint"))
        .args(["check", "--format", "json", "--revision", "2018-10-26", "--select", "groups", "."])
        .current_dir(folder.path())
        .output()
        .expect("the program runs");
    let report: Value = serde_json::from_slice(&ran.stdout).expect("a report");
    for input in report["inputs"].as_array().expect("inputs") {
        assert_eq!(input["status"], "read", "{shape:?}: {input}");
    }
    report
}

/// Rule, subject and fingerprint of each finding.
fn found(report: &Value) -> BTreeSet<(String, String, String)> {
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().expect("findings");
    findings.iter().map(|f| (text(f, "rule"), text(f, "subject"), text(f, "fingerprint"))).collect()
}

#[test]
fn four_exports_of_one_estate_give_the_same_findings() {
    let estate = estate(true);
    let wanted: BTreeSet<(&str, &str)> = [
        (
            "administrative-user-missing-from-sms-admins",
            r"CONTOSO\cm-team in SMS Admins on prov2.contoso.com",
        ),
        ("undocumented-group-member", r"CONTOSO\contractor in SMS Admins on PROV2"),
        ("unresolved-group-member", "S-1-5-21-1004336348-1177238915-682003330-9999 in SMS Admins on PROV2"),
        (
            "connecting-account-missing-from-group",
            "MP1$ in SMS_SiteSystemToSiteServerConnection_MP_P01 on prov2.contoso.com",
        ),
        (
            "retired-computer-still-member",
            r"CONTOSO\OLDMP$ in SMS_SiteSystemToSiteServerConnection_MP_P01 on PROV2",
        ),
        ("documented-group-missing", "ConfigMgr_CollectedFilesAccess on p01srv.contoso.com"),
        ("documented-group-missing", "SMS_SiteSystemToSiteServerConnection_Stat_P01 on p01srv.contoso.com"),
        ("group-of-missing-site", "SMS_SiteToSiteConnection_P09 on P01SRV"),
        ("group-name-almost-documented", "SMSAdmins on P01SRV"),
    ]
    .into();
    let mut first = None;
    for shape in SHAPES {
        let found = found(&check(&estate, shape));
        let rules: BTreeSet<(&str, &str)> = found.iter().map(|(r, s, _)| (r.as_str(), s.as_str())).collect();
        assert_eq!(rules, wanted, "{shape:?}");
        match &first {
            None => first = Some(found),
            Some(first) => assert_eq!(&found, first, "{shape:?}"),
        }
    }
}

#[test]
fn an_estate_in_order_has_no_finding() {
    for shape in SHAPES {
        let report = check(&estate(false), shape);
        let found = found(&report);
        assert!(found.is_empty(), "{shape:?}: {found:?}");
        let passed = |rule: &str, statement: &str| {
            report["rules"].as_array().expect("rules").iter().any(|row| {
                row["rule"] == rule
                    && row["outcome"] == "pass"
                    && row["statements"].as_array().is_some_and(|all| all.iter().any(|s| s == statement))
            })
        };
        for (rule, statement) in [
            ("administrative-user-missing-from-sms-admins", "sms-admins/members-administrative-users"),
            ("connecting-account-missing-from-group", "sms-admins/member-site-server-computer"),
            (
                "connecting-account-missing-from-group",
                "sms-sitesystemtositeserverconnection-mp/members-remote-mp-computers",
            ),
            ("documented-group-missing", "configmgr-collectedfilesaccess/location-primary-site-server"),
        ] {
            assert!(passed(rule, statement), "{shape:?}: {rule} does not pass for {statement}");
        }
    }
}

#[test]
fn without_the_groups_nothing_passes_and_each_rule_says_what_to_collect() {
    let estate: Vec<Rows> =
        estate(true).into_iter().filter(|rows| rows.class != "LocalGroupMembers").collect();
    for shape in SHAPES {
        let report = check(&estate, shape);
        assert_eq!(report["findings"], json!([]), "{shape:?}");
        for row in report["rules"].as_array().expect("rules") {
            assert_ne!(row["outcome"], "pass", "{shape:?}: {row}");
        }
        let open = report["not_evaluated"].as_array().expect("a list");
        assert!(open.len() >= 15, "{shape:?}: {}", open.len());
        for row in open {
            let collect = row["collect"].as_str().unwrap_or_default();
            assert!(!collect.is_empty() && row["evidence"] != json!([]), "{shape:?}: {row}");
        }
        assert!(open.iter().any(|row| row["collect"].to_string().contains("Get-LocalGroup")), "{shape:?}");
    }
}
