//! One small invented estate with what is exported beside the product of who may do what: folders, shares, the
//! directory, WMI, DCOM and the database. It is written as CLIXML, as JSON of both PowerShells and as the collector
//! writes it, and has to be judged the same each time.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

/// Rows of one class, and what `Export-Clixml` calls it.
struct Class {
    name: &'static str,
    clixml: &'static str,
    rows: Vec<Value>,
}

const INSTALLED: &str = r"D:\Program Files\Microsoft Configuration Manager";
const SYSTEM_MANAGEMENT: &str = "CN=System Management,CN=System,DC=contoso,DC=com";

/// The security identifiers of the groups of the site server.
const STAT: &str = "S-1-5-21-11-12-13-1010";
const PROVIDER: &str = "S-1-5-21-11-12-13-1011";
const POINTS: &str = "S-1-5-21-11-12-13-1012";
const COLLECTED: &str = "S-1-5-21-11-12-13-1013";
const ADMINS: &str = "S-1-5-21-11-12-13-1014";

/// Whether an estate is in order, or has a fault of each kind.
#[derive(Clone, Copy, PartialEq)]
enum Estate {
    Faulty,
    Clean,
}

fn folder(path: &str, sddl: &str) -> Value {
    json!({"Computer": "cm1.contoso.com", "Path": format!("Microsoft.PowerShell.Core\\FileSystem::{INSTALLED}\\{path}"),
        "Owner": "BUILTIN\\Administrators", "Sddl": sddl})
}

fn system(role: &str, host: &str) -> Value {
    json!({"SiteCode": "PS1", "RoleName": role, "NetworkOSPath": format!("\\\\{host}"), "Props": []})
}

fn group(name: &str, sid: &str) -> Value {
    json!({"Computer": "cm1.contoso.com", "Name": name, "Description": "", "SID": {"Value": sid}, "ObjectClass": "Group",
        "PrincipalSource": 1})
}

fn estate(which: Estate) -> Vec<Class> {
    let faulty = which == Estate::Faulty;
    let either = |bad: String, good: String| if faulty { bad } else { good };
    // SYSTEM and administrators first, as setup does it.
    let base = "(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";
    let inboxes =
        format!("(A;OICI;0x1200a9;;;{STAT})(A;OICI;0x1200a9;;;{PROVIDER})(A;OICI;0x1200a9;;;{POINTS})");
    let below =
        format!("(A;OICIID;0x1200a9;;;{STAT})(A;OICIID;0x1200a9;;;{PROVIDER})(A;OICIID;0x1200a9;;;{POINTS})");
    let folders = vec![
        // Someone denied management points to read, and lets everyone write.
        folder(
            "inboxes",
            &either(
                format!("O:BAD:PAI(D;OICI;FR;;;{POINTS}){base}{inboxes}(A;OICI;0x1301bf;;;WD)"),
                format!("O:BAD:PAI{base}{inboxes}"),
            ),
        ),
        // The entries for site systems are gone.
        folder(
            r"inboxes\statmgr.box",
            &either(
                format!(
                    "O:BAD:AI(A;OICIID;FA;;;SY)(A;OICIID;0x1200a9;;;{PROVIDER})(A;OICIID;0x1200a9;;;{POINTS})"
                ),
                format!("O:BAD:AI(A;OICI;0x1301bf;;;{STAT})(A;OICIID;FA;;;SY){below}"),
            ),
        ),
        folder(
            r"inboxes\auth\ddm.box",
            &format!("O:BAD:AI(A;OICI;0x100116;;;{POINTS})(A;OICI;0x1301bf;;;{PROVIDER}){below}"),
        ),
        // Reading is documented; the faulty estate lets the group modify.
        folder(
            r"sinv.box\FileCol",
            &either(
                format!("O:BAD:AI{base}(A;OICI;0x1301bf;;;{COLLECTED})"),
                format!("O:BAD:AI{base}(A;OICI;FR;;;{COLLECTED})"),
            ),
        ),
    ];
    vec![
        Class {
            name: "SMS_Site",
            clixml: "Microsoft.Management.Infrastructure.CimInstance#root/sms/site_PS1/SMS_Site",
            rows: vec![
                json!({"SiteCode": "PS1", "ServerName": "cm1.contoso.com", "InstallDir": INSTALLED, "Type": 2,
                "ReportingSiteCode": "", "Version": "5.00.8740.1000", "BuildNumber": 8740}),
            ],
        },
        Class {
            name: "SMS_SCI_SysResUse",
            clixml: "Microsoft.Management.Infrastructure.CimInstance#root/sms/site_PS1/SMS_SCI_SysResUse",
            rows: vec![
                system("SMS Provider", "cm1.contoso.com"),
                system("SMS SQL Server", "sql1.contoso.com"),
                json!({"SiteCode": "PS1", "RoleName": "SMS Enrollment Server", "NetworkOSPath": "\\\\enr1.contoso.com",
                "Props": [
                    {"PropertyName": "UserName", "Value": 0, "Value1": "CONTOSO\\enroll", "Value2": ""},
                    {"PropertyName": "DatabaseServerName", "Value": 0, "Value1": "", "Value2": "sql1.contoso.com"},
                ]}),
            ],
        },
        Class {
            name: "SMS_ADForest",
            clixml: "Microsoft.Management.Infrastructure.CimInstance#root/sms/site_PS1/SMS_ADForest",
            rows: vec![
                json!({"ForestFQDN": "contoso.com", "Account": "CONTOSO\\publish", "EnableDiscovery": false,
                "PublishingPath": "contoso.com"}),
            ],
        },
        Class {
            name: "LocalGroup",
            clixml: "Microsoft.PowerShell.Commands.LocalGroup",
            rows: vec![
                group("SMS_SiteSystemToSiteServerConnection_Stat_PS1", STAT),
                group("SMS_SiteSystemToSiteServerConnection_SMSProv_PS1", PROVIDER),
                group("SMS_SiteSystemToSiteServerConnection_MP_PS1", POINTS),
                group("ConfigMgr_CollectedFilesAccess", COLLECTED),
                group("SMS Admins", ADMINS),
                group("Administratoren", "S-1-5-32-544"),
            ],
        },
        Class {
            name: "DirectorySecurity",
            clixml: "System.Security.AccessControl.DirectorySecurity",
            rows: folders,
        },
        Class {
            name: "ActiveDirectorySecurity",
            clixml: "System.DirectoryServices.ActiveDirectorySecurity",
            rows: vec![json!({
                "Path": format!("Microsoft.ActiveDirectory.Management.dll\\ActiveDirectory:://RootDSE/{SYSTEM_MANAGEMENT}"),
                "Owner": "CONTOSO\\Domain Admins",
                // The faulty estate forgot the objects below.
                "Sddl": format!("O:DAD:(A;{};CCDCLCSWRPWPDTLOCRSDRCWDWO;;;S-1-5-21-21-22-23-1601)(A;;LCRPLORC;;;AU)",
                    if faulty { "" } else { "CI" }),
            })],
        },
        Class {
            name: "Get-ADUser",
            clixml: "Microsoft.ActiveDirectory.Management.ADUser",
            rows: vec![
                json!({"SamAccountName": "publish", "DistinguishedName": "CN=publish,OU=Service,DC=contoso,DC=com",
                    "ObjectClass": "user", "SID": {"Value": "S-1-5-21-21-22-23-1601"}, "Enabled": true}),
                json!({"SamAccountName": "enroll", "DistinguishedName": "CN=enroll,OU=Service,DC=contoso,DC=com",
                    "ObjectClass": "user", "SID": {"Value": "S-1-5-21-21-22-23-1602"}, "Enabled": true}),
            ],
        },
        Class {
            name: "Get-ADDomain",
            clixml: "Microsoft.ActiveDirectory.Management.ADDomain",
            rows: vec![json!({"NetBIOSName": "CONTOSO", "DNSRoot": "contoso.com",
                "DomainSID": {"Value": "S-1-5-21-21-22-23"}})],
        },
        Class {
            name: "__SystemSecurity",
            clixml: "System.Management.Automation.PSCustomObject",
            rows: vec![json!({"Computer": "cm1.contoso.com", "Namespace": "root\\SMS", "ReturnValue": 0,
            "Descriptor": either(
                format!("O:BAG:BAD:(A;CI;0x1;;;{ADMINS})(A;CI;0x13;;;AU)(A;CI;0x6003f;;;BA)"),
                format!("O:BAG:BAD:(A;CI;0x21;;;{ADMINS})(A;CI;0x13;;;AU)(A;CI;0x6003f;;;BA)"),
            )})],
        },
        Class {
            name: "DcomSecurity",
            clixml: "System.Management.Automation.PSCustomObject",
            rows: vec![json!({"Computer": "cm1.contoso.com", "Application": "machine limits",
            "Sddl": either(
                "O:BAG:BAD:(A;;0x1f;;;BA)(A;;0xb;;;WD)(A;;0x1f;;;S-1-5-21-21-22-23-1602)".to_owned(),
                format!("O:BAG:BAD:(A;;0x1f;;;BA)(A;;0xb;;;WD)(A;;0x1f;;;{ADMINS})"),
            )})],
        },
        Class {
            name: "SqlPrincipal",
            clixml: "System.Management.Automation.PSCustomObject",
            rows: vec![
                json!({"Server": "sql1.contoso.com", "Database": "CM_PS1", "Principal": "CONTOSO\\enroll",
                    "Login": "CONTOSO\\enroll", "Type": "WINDOWS_USER", "Disabled": false}),
                json!({"Server": "sql1.contoso.com", "Database": "CM_PS1",
                    "Principal": "CONTOSO\\SMS_SiteSystemToSiteServerConnection_MP_PS1",
                    "Login": "", "Type": "WINDOWS_GROUP", "Disabled": false}),
            ],
        },
        Class {
            name: "SqlRoleMember",
            clixml: "System.Management.Automation.PSCustomObject",
            rows: {
                let member = |role: &str| {
                    json!({"Server": "sql1.contoso.com", "Database": "CM_PS1", "Role": role,
                        "Member": "CONTOSO\\enroll"})
                };
                // The faulty estate may not write.
                if faulty {
                    vec![member("db_datareader")]
                } else {
                    vec![member("db_datareader"), member("db_datawriter")]
                }
            },
        },
        Class {
            name: "SqlPermission",
            clixml: "System.Management.Automation.PSCustomObject",
            rows: vec![
                json!({"Server": "sql1.contoso.com", "Database": "CM_PS1", "Principal": "CONTOSO\\enroll",
                "Permission": "CONNECT", "State": "GRANT", "Object": ""}),
            ],
        },
        Class {
            name: "MSFT_SmbShareAccessControlEntry",
            clixml: "Microsoft.Management.Infrastructure.CimInstance#ROOT/Microsoft/Windows/SMB/MSFT_SmbShareAccessControlEntry",
            rows: vec![json!({"Computer": "fs1.contoso.com", "Name": "img", "AccountName": "Everyone",
                "AccessControlType": 0, "AccessRight": 2})],
        },
    ]
}

/// In single exports the computer is told by remoting.
fn remoted(row: &Value, class: &str) -> Value {
    let Value::Object(fields) = row else { return row.clone() };
    let keeps = class.starts_with("Sql") || class == "DcomSecurity" || class == "__SystemSecurity";
    let renamed = fields.iter().map(|(name, value)| {
        let name = if name == "Computer" && !keeps { "PSComputerName" } else { name };
        (name.to_owned(), value.clone())
    });
    Value::Object(renamed.collect())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn clixml_value(name: Option<&str>, value: &Value, next: &mut usize, out: &mut String) {
    let tag = name.map_or_else(String::new, |name| format!(" N=\"{name}\""));
    match value {
        Value::Null => write!(out, "<Nil{tag}/>"),
        Value::Bool(flag) => write!(out, "<B{tag}>{flag}</B>"),
        Value::Number(number) => write!(out, "<I32{tag}>{number}</I32>"),
        Value::String(text) => write!(out, "<S{tag}>{}</S>", escaped(text)),
        Value::Array(items) => {
            *next += 1;
            write!(out, "<Obj{tag} RefId=\"{next}\"><LST>").expect("a text takes all");
            for item in items {
                clixml_value(None, item, next, out);
            }
            write!(out, "</LST></Obj>")
        }
        Value::Object(fields) => {
            *next += 1;
            write!(out, "<Obj{tag} RefId=\"{next}\"><Props>").expect("a text takes all");
            for (name, value) in fields {
                clixml_value(Some(name), value, next, out);
            }
            write!(out, "</Props></Obj>")
        }
    }
    .expect("a text takes all");
}

fn clixml(class: &Class) -> Vec<u8> {
    let mut out =
        "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">".to_owned();
    let mut next = 0;
    for row in &class.rows {
        next += 1;
        write!(
            out,
            "<Obj RefId=\"{next}\"><TN RefId=\"{next}\"><T>{}</T><T>System.Object</T></TN><Props>",
            class.clixml
        )
        .expect("a text takes all");
        let Value::Object(fields) = remoted(row, class.name) else { panic!("rows are objects") };
        for (name, value) in &fields {
            clixml_value(Some(name), value, &mut next, &mut out);
        }
        out.push_str("</Props></Obj>");
    }
    out.push_str("</Objs>");
    // Export-Clixml writes UTF-16.
    let units = std::iter::once(0xFEFF).chain(out.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// The rows as `ConvertTo-Json` gets them: instances of CIM classes say which.
fn cim(class: &Class) -> Value {
    let rows: Vec<Value> = class
        .rows
        .iter()
        .map(|row| {
            let mut row = remoted(row, class.name);
            if class.clixml.contains("CimInstance#")
                && let Value::Object(fields) = &mut row
            {
                fields.insert(
                    "CimSystemProperties".to_owned(),
                    json!({"Namespace": "root/sms/site_PS1", "ServerName": "cm1", "ClassName": class.name, "Path": null}),
                );
            }
            row
        })
        .collect();
    // One object is written without a list around it.
    if rows.len() == 1 { rows.into_iter().next().expect("one") } else { Value::Array(rows) }
}

fn powershell_7(class: &Class) -> Vec<u8> {
    serde_json::to_vec_pretty(&cim(class)).expect("JSON")
}

fn powershell_5(class: &Class) -> Vec<u8> {
    let text = serde_json::to_string_pretty(&cim(class)).expect("JSON");
    let text =
        text.replace("\": ", "\":  ").replace('\'', "\\u0027").replace('&', "\\u0026").replace('\n', "\r\n");
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect::<Vec<u8>>()
}

fn collected(class: &Class) -> Vec<u8> {
    serde_json::to_vec(&json!({class.name: class.rows})).expect("JSON")
}

fn write_estate(name: &str, ending: &str, which: Estate, form: fn(&Class) -> Vec<u8>) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("beside_access").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("the old folder goes");
    }
    std::fs::create_dir_all(&folder).expect("a folder");
    for class in estate(which) {
        std::fs::write(folder.join(format!("{}.{ending}", class.name)), form(&class)).expect("a file");
    }
    folder
}

fn check(folder: &Path, revision: &str) -> Value {
    let out = Command::new(env!("CARGO_BIN_EXE_cmlint"))
        .args(["check", "--format", "json", "--revision", revision])
        .arg(folder)
        .output()
        .expect("cmlint runs");
    let report: Value = serde_json::from_slice(&out.stdout).expect("a JSON report");
    let inputs = report["inputs"].as_array().expect("inputs");
    assert!(inputs.iter().all(|input| input["status"] == "read"), "{}: {inputs:#?}", folder.display());
    report
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// The findings of this part, as rule, subject, level and fingerprint.
fn findings(report: &Value) -> BTreeSet<[String; 4]> {
    report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|f| ["rule", "subject", "level", "fingerprint"].map(|key| text(&f[key]).to_owned()))
        .collect()
}

fn outcome<'r>(report: &'r Value, rule: &str, statement: Option<&str>) -> &'r str {
    let rows = report["rules"].as_array().expect("rules");
    let row = rows.iter().find(|row| {
        row["rule"] == rule
            && statement.is_none_or(|s| {
                row["statements"].as_array().is_some_and(|all| all.iter().any(|one| one == s))
            })
    });
    text(&row.unwrap_or_else(|| panic!("no outcome of {rule}"))["outcome"])
}

#[allow(clippy::type_complexity)]
const FORMS: [(&str, &str, fn(&Class) -> Vec<u8>); 4] = [
    ("clixml", "xml", clixml),
    ("powershell-5", "json", powershell_5),
    ("powershell-7", "json", powershell_7),
    ("collector", "json", collected),
];

#[test]
fn every_form_of_an_estate_is_judged_the_same() {
    let mut first: Option<BTreeSet<[String; 4]>> = None;
    for (name, ending, form) in FORMS {
        let folder = write_estate(name, ending, Estate::Faulty, form);
        let found = findings(&check(&folder, "2018-10-26"));
        for (rule, subject) in [
            (
                "documented-permission-denied",
                format!("{INSTALLED}\\inboxes, SMS_SiteSystemToSiteServerConnection_MP_PS1"),
            ),
            ("everybody-may-write-inboxes", format!("{INSTALLED}\\inboxes")),
            (
                "subfolder-permission-missing",
                format!("{INSTALLED}\\inboxes\\statmgr.box, SMS_SiteSystemToSiteServerConnection_Stat_PS1"),
            ),
            (
                "folder-permission-missing",
                format!("{INSTALLED}\\inboxes\\statmgr.box, SMS_SiteSystemToSiteServerConnection_Stat_PS1"),
            ),
            (
                "group-permission-beyond-documented",
                format!("{INSTALLED}\\sinv.box\\FileCol, ConfigMgr_CollectedFilesAccess"),
            ),
            ("full-control-not-inherited", format!("{SYSTEM_MANAGEMENT}, CONTOSO\\publish")),
            ("wmi-permission-missing", "cm1.contoso.com".to_owned()),
            ("remote-activation-missing", "cm1.contoso.com, machine limits".to_owned()),
            ("database-permission-missing", "CM_PS1, CONTOSO\\enroll".to_owned()),
        ] {
            assert!(
                found.iter().any(|f| f[0] == rule && f[1] == subject),
                "{name}: {rule} finds nothing for {subject}: {found:#?}"
            );
        }
        // One cause, one finding: what is denied is not said to be missing as well.
        assert!(
            !found.iter().any(|f| f[0] == "management-point-group-without-inbox-access"),
            "{name}: {found:#?}"
        );
        match &first {
            None => first = Some(found),
            Some(first) => assert_eq!(first, &found, "{name} is judged otherwise"),
        }
    }
}

#[test]
fn an_estate_in_order_passes() {
    for (name, ending, form) in FORMS {
        let folder = write_estate(&format!("clean-{name}"), ending, Estate::Clean, form);
        let report = check(&folder, "2018-10-26");
        let ours = [
            "documented-permission-denied",
            "management-point-group-without-inbox-access",
            "everybody-may-write-inboxes",
            "subfolder-permission-missing",
            "folder-permission-missing",
            "group-permission-beyond-documented",
            "group-entry-outside-documented-folders",
            "no-subfolder-with-documented-permission",
            "directory-permission-missing",
            "full-control-not-inherited",
            "wmi-permission-missing",
            "wmi-permission-beyond-documented",
            "authenticated-users-wmi-permissions-differ",
            "remote-activation-missing",
            "database-permission-missing",
            "management-point-group-without-database-access",
        ];
        let found = findings(&report);
        let ours_found: Vec<_> = found.iter().filter(|f| ours.contains(&f[0].as_str())).collect();
        assert!(ours_found.is_empty(), "{name}: {ours_found:#?}");
        for (rule, statement) in [
            ("management-point-group-without-inbox-access", None),
            ("everybody-may-write-inboxes", None),
            ("subfolder-permission-missing", None),
            ("folder-permission-missing", Some("configmgr-collectedfilesaccess/filecol-read")),
            (
                "folder-permission-missing",
                Some("sms-sitesystemtositeserverconnection-stat/statmgr-write-modify"),
            ),
            ("group-permission-beyond-documented", None),
            (
                "no-subfolder-with-documented-permission",
                Some("sms-sitesystemtositeserverconnection-smsprov/inboxes-subfolders-write-modify"),
            ),
            ("full-control-not-inherited", None),
            ("wmi-permission-missing", None),
            ("wmi-permission-beyond-documented", None),
            ("authenticated-users-wmi-permissions-differ", None),
            ("remote-activation-missing", None),
            ("management-point-group-without-database-access", None),
        ] {
            assert_eq!(outcome(&report, rule, statement), "pass", "{name}: {rule} {statement:?}");
        }
        // Folders of which nothing was exported are not said to be in order.
        let boot = "sms-sitesystemtositeserverconnection-smsprov/osd-boot-permissions";
        assert_eq!(outcome(&report, "folder-permission-missing", Some(boot)), "not_evaluated", "{name}");
    }
}

#[test]
fn the_folder_below_weighs_as_each_revision_says() {
    let folder = write_estate("revisions", "json", Estate::Faulty, powershell_7);
    for (revision, level) in [("2015-12-08", "note"), ("2016-02-09", "warning"), ("2018-10-26", "error")] {
        let found = findings(&check(&folder, revision));
        let statmgr: Vec<&str> =
            found.iter().filter(|f| f[0] == "subfolder-permission-missing").map(|f| f[2].as_str()).collect();
        assert_eq!(statmgr, [level], "{revision}");
    }
}

#[test]
fn what_was_not_exported_is_neither_right_nor_wrong() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("beside_access").join("product-only");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("the old folder goes");
    }
    std::fs::create_dir_all(&folder).expect("a folder");
    for class in estate(Estate::Clean).iter().filter(|class| class.name.starts_with("SMS_")) {
        std::fs::write(folder.join(format!("{}.json", class.name)), powershell_7(class)).expect("a file");
    }
    let report = check(&folder, "2018-10-26");
    let open = report["not_evaluated"].as_array().expect("a list");
    for (rule, table) in [
        ("folder-permission-missing", "access_lists"),
        ("wmi-permission-missing", "wmi_entries"),
        ("remote-activation-missing", "dcom_entries"),
        ("database-permission-missing", "sql_role_members"),
        ("directory-permission-missing", "directory_entries"),
    ] {
        let row = open.iter().find(|row| {
            row["rule"] == rule
                && row["evidence"].as_array().is_some_and(|tables| tables.iter().any(|t| t == table))
        });
        let row = row.unwrap_or_else(|| panic!("{rule} does not ask for {table}: {open:#?}"));
        assert!(!text(&row["collect"]).is_empty(), "{rule} does not say how to collect {table}");
    }
}
