//! The collector's script, held to a PowerShell grammar and to the evidence tables; and what `check` makes of the folder
//! it writes. That it calls nothing that changes anything, and what it does, is tested where PowerShell is:
//! `tests/collector/run`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use cmlint::assets::Assets;
use cmlint::evidence::{self, Made};
use cmlint::{collect, source, yaml};
use serde_json::{Value, json};
use tree_sitter::{Node, Parser, Tree};

/// The script that `cmlint collect` prints.
fn script() -> String {
    let assets = Assets::content();
    let (schema, mapping) = evidence::load(&assets).expect("the evidence tables");
    collect::script(&assets, &schema, &mapping, &[]).expect("the script")
}

fn parse(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).expect("the grammar");
    parser.parse(text, None).expect("a tree")
}

/// All nodes below a node, itself first, in the order of the text.
fn nodes(root: Node<'_>) -> Vec<Node<'_>> {
    let mut out = Vec::new();
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        out.push(node);
        let children: Vec<Node<'_>> = (0..node.child_count()).filter_map(|i| node.child(i as u32)).collect();
        open.extend(children.into_iter().rev());
    }
    out
}

fn of_kind<'t>(root: Node<'t>, kind: &str) -> Vec<Node<'t>> {
    nodes(root).into_iter().filter(|node| node.kind() == kind).collect()
}

fn text<'s>(script: &'s str, node: Node<'_>) -> &'s str {
    &script[node.byte_range()]
}

/// Line and text of what is not PowerShell 5.1.
fn faults(script: &str) -> Vec<String> {
    let tree = parse(script);
    let wrong = |node: &Node<'_>| {
        node.is_error()
            || node.is_missing()
            // `a && b`, `a || b`: PowerShell 7 only.
            || node.kind() == "pipeline_chain_tail"
            || node.child_count() == 0
                && ["??", "??=", "?.", "?[", "&&", "||"].contains(&text(script, *node))
    };
    let found = nodes(tree.root_node()).into_iter().filter(wrong);
    found.map(|node| format!("{}: {}", node.start_position().row + 1, text(script, node))).collect()
}

#[test]
fn it_is_windows_powershell() {
    assert_eq!(faults(&script()), Vec::<String>::new());
    // The grammar does find what is wrong, or newer than 5.1.
    for wrong in [
        "if ($a) { ",
        "$a ?? 1",
        "$a ??= 1",
        "$a = $b ? 1 : 2",
        "$a?.B",
        "Get-Date && Get-Item x",
        "@{ A = }",
    ] {
        assert_ne!(faults(wrong), Vec::<String>::new(), "{wrong}");
    }
}

#[test]
fn it_can_be_saved_as_it_is() {
    let script = script();
    // Windows PowerShell reads a file without a byte order mark in the code page of the computer.
    assert!(script.is_ascii());
    assert!(!script.contains(['\r', '\t']));
    // Help that has a comment right before it is none.
    assert!(script.starts_with("<#\n.SYNOPSIS\n"));
    assert!(script.contains("\n#>\n\n#requires -Version 5.1\n"));
    let long: Vec<&str> = script.lines().filter(|line| line.trim_end() != *line).collect();
    assert_eq!(long, Vec::<&str>::new(), "blanks at the end of lines");
}

#[test]
fn its_help_explains_every_parameter() {
    let script = script();
    let tree = parse(&script);
    let block = of_kind(tree.root_node(), "param_block")[0];
    let mut parameters = BTreeSet::new();
    for parameter in of_kind(block, "script_parameter") {
        let mut name = (0..parameter.child_count()).filter_map(|i| parameter.child(i as u32));
        let name = name.rfind(|node| node.kind() == "variable").expect("a name");
        parameters.insert(text(&script, name).trim_start_matches('$').to_owned());
    }
    let (help, _) = script.split_once("#>").expect("the help");
    let explained: BTreeSet<String> =
        help.lines().filter_map(|line| line.strip_prefix(".PARAMETER ").map(str::to_owned)).collect();
    assert_eq!(parameters, explained);
    assert!(parameters.len() >= 12, "{parameters:?}");
}

/// What classes there are in `sources.yaml`, and what each reads: names of classes, and paths.
fn sources() -> Vec<(Vec<String>, BTreeSet<String>)> {
    let mut problems = yaml::Problems::new();
    let documents = yaml::read_all(&Assets::content(), |name| name == "sources.yaml", &mut problems);
    assert!(problems.is_empty());
    let file = documents[0].root.to_json();
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|t| Some(t.as_str()?.to_owned())).collect()
    };
    let mut out = Vec::new();
    for class in file["classes"].as_array().expect("classes") {
        let mut names = vec![class["class"].as_str().expect("a name").to_owned()];
        names.extend(texts(&class["also"]));
        let mut paths = BTreeSet::new();
        for row in class["rows"].as_array().into_iter().flatten() {
            paths.extend(row["each"].as_str().map(str::to_owned));
            for field in row["fields"].as_object().into_iter().flatten().map(|(_, field)| field) {
                let ways = ["path", "is_empty", "variable", "secret", "build", "domain"];
                paths.extend(field.as_str().map(str::to_owned));
                paths.extend(ways.iter().filter_map(|way| Some(field[*way].as_str()?.to_owned())));
            }
        }
        out.push((names, paths));
    }
    out
}

/// Classes of the provider that are written with all that `sources.yaml` reads of them.
const WHOLE: [&str; 16] = [
    "SMS_ADForest",
    "SMS_ADForestDiscoveryStatus",
    "SMS_Admin",
    "SMS_ClientSettings",
    "SMS_ClientSettingsDefault",
    "SMS_CollectionSettings",
    "SMS_MigrationSiteMapping",
    "SMS_PackageAccessByUsers",
    "SMS_Role",
    "SMS_SCI_Address",
    "SMS_SCI_ClientComp",
    "SMS_SCI_Component",
    "SMS_SCI_Reserved",
    "SMS_SCI_SiteDefinition",
    "SMS_SCI_SysResUse",
    "SMS_Site",
];

/// Properties that readers make of others.
const MADE: [&str; 4] = ["AccessEntries", "AccessList", "AccessProtected", "Secures"];

/// What the script cannot know, and the paths of it that `sources.yaml` reads where others know.
const NOT_WRITTEN: [(&str, &str); 12] = [
    // Nothing documented tells when an access list was changed, or that only content was updated.
    ("ContentStatus", "AccessChanged"),
    ("ContentStatus", "Updated"),
    // Nor what is planned in a migration.
    ("SourceSite", "UpgradePlanned"),
    // Only resultant sets have a precedence.
    ("UserRightsAssignment", "Precedence"),
    // Members are written with their groups, as ADGroupMembers.
    ("ADUser", "MemberOf"),
    ("ADGroup", "Members"),
    // Only reports of Group Policy objects have links.
    ("UserRightsAssignment", "Linked"),
    ("UserRightsAssignment", "LinkedTo"),
    ("SecurityPolicy", "Linked"),
    ("SecurityPolicy", "LinkedTo"),
    // Of devices only their domains are asked for, each once.
    ("SMS_R_System", "Name"),
    // Objects of a directory are on no computer.
    ("ActiveDirectorySecurity", "Computer"),
];

#[test]
fn every_table_is_supplied_with_every_property() {
    let assets = Assets::content();
    let (schema, mapping) = evidence::load(&assets).expect("the evidence tables");
    let written = collect::written(&assets, &mapping).expect("the script");
    let supplied: BTreeSet<usize> = written.values().flatten().copied().collect();
    for (id, table) in schema.tables.iter().enumerate() {
        // Credentials are found in any export, and the script writes none.
        if matches!(table.made, Made::Exported) && table.name != "secrets" {
            assert!(supplied.contains(&id), "nothing is collected for `{}`", table.name);
        }
    }
    let script = script();
    let tree = parse(&script);
    // Names of properties by the function that writes them, with the classes it names.
    let mut properties: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut parts: Vec<Node<'_>> = of_kind(tree.root_node(), "function_statement");
    parts.extend(of_kind(tree.root_node(), "script_block_expression"));
    for part in parts {
        let body = text(&script, part);
        let mut names: BTreeSet<String> =
            of_kind(part, "key_expression").iter().map(|key| text(&script, *key).to_owned()).collect();
        for set in body.split("$row['").skip(1) {
            names.extend(set.split('\'').next().map(str::to_owned));
        }
        for class in written.keys().filter(|class| body.contains(&format!("'{class}'"))) {
            properties.entry(class).or_default().extend(names.iter().cloned());
        }
    }
    // What is noted on the way is written at the end.
    let noted =
        script.split("$Manifest['").skip(1).filter_map(|set| Some(set.split('\'').next()?.to_owned()));
    properties.entry("CollectorManifest").or_default().extend(noted);
    for query in script.split("Class = 'Sql").skip(1) {
        let (class, rest) = query.split_once('\'').expect("a class");
        let class = written.keys().find(|known| known.strip_prefix("Sql") == Some(class)).expect("known");
        let query = rest.split("\n    }").next().expect("a query");
        let columns = query.split(" AS [").skip(1).filter_map(|column| column.split(']').next());
        properties.entry(class).or_default().extend(columns.map(str::to_owned).chain(["Server".into()]));
    }
    let mut missing = BTreeSet::new();
    for (names, paths) in sources() {
        for class in names.iter().filter(|name| written.contains_key(*name)) {
            if WHOLE.contains(&class.as_str()) {
                continue;
            }
            let own = properties.get(class.as_str()).cloned().unwrap_or_default();
            for path in paths.iter().filter(|path| *path != ".") {
                let tops = path.split('|').map(|way| {
                    let way = way.trim().trim_start_matches('.');
                    way.split(['.', '[']).next().unwrap_or_default().to_owned()
                });
                let tops: Vec<String> = tops.filter(|top| !top.is_empty()).collect();
                let has = |top: &String| {
                    own.iter().any(|name| name.eq_ignore_ascii_case(top)) || MADE.contains(&top.as_str())
                };
                if !tops.iter().any(has) && !tops.is_empty() {
                    missing.insert((class.clone(), tops[0].clone()));
                }
            }
        }
    }
    let known: BTreeSet<(String, String)> =
        (NOT_WRITTEN.iter()).map(|(class, path)| ((*class).to_owned(), (*path).to_owned())).collect();
    let entries = [
        "Position",
        "Kind",
        "Account",
        "Sid",
        "DomainRid",
        "RootDomainRid",
        "Mask",
        "Permissions",
        "AppliesHere",
        "ToFolders",
        "ToFiles",
        "Inherited",
        "Conditional",
        "ObjectType",
        "InheritedObjectType",
        "Object",
    ];
    missing.retain(|(class, path)| {
        let lists = [
            "DirectorySecurity",
            "ActiveDirectorySecurity",
            "__SystemSecurity",
            "DcomSecurity",
            "MSFT_SmbShare",
        ];
        !(lists.contains(&class.as_str()) && entries.contains(&path.as_str()))
    });
    assert_eq!(missing, known);
}

/// How a PowerShell writes JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flavour {
    /// Windows PowerShell 5.1, which escapes some signs.
    Windows,
    /// PowerShell 7.
    Seven,
}

/// A folder as the script writes it: an object with the name of the class and its rows, each on a line.
fn write(folder: &Path, flavour: Flavour, classes: &[(&str, Vec<Value>)]) {
    for (class, rows) in classes {
        let rows: Vec<String> = rows
            .iter()
            .map(|row| {
                let text = row.to_string();
                match flavour {
                    Flavour::Seven => text,
                    Flavour::Windows => text
                        .replace('\'', r"\u0027")
                        .replace('<', r"\u003c")
                        .replace('>', r"\u003e")
                        .replace('&', r"\u0026"),
                }
            })
            .collect();
        let lines: String = rows.join(",\n");
        let lines = if lines.is_empty() { lines } else { format!("\n{lines}") };
        std::fs::write(folder.join(format!("{class}.json")), format!("{{\"{class}\":[{lines}\n]}}\n"))
            .expect("written");
    }
}

fn property(name: &str, value: i64, value1: &str, value2: &str) -> Value {
    json!({"__CLASS": "SMS_EmbeddedProperty", "ItemType": null, "PropertyName": name, "Value": value, "Value1": value1, "Value2": value2})
}

fn list(name: &str, values: &[&str]) -> Value {
    json!({"__CLASS": "SMS_EmbeddedPropertyList", "ItemType": null, "PropertyListName": name, "Values": values})
}

fn component(name: &str, props: Vec<Value>, lists: Vec<Value>) -> Value {
    json!({"SiteCode": "P01", "ComponentName": name, "ItemName": format!("{name}|SMS Site Server"), "ItemType": "Component", "Props": props, "PropLists": lists})
}

const SEQUENCE: &str = r#"<sequence version="3.10"><step type="SMS_TaskSequence_JoinDomainWorkgroupAction" name="Join it's &amp; go" disable="false"><action>osdjoin.exe</action><defaultVarList><variable name="OSDJoinAccount" property="DomainUsername">CONTOSO\cm-join</variable><variable name="OSDJoinDomainName" property="DomainName">contoso.com</variable><variable name="OSDJoinPassword" property="DomainPassword">(clear-text-password-removed)</variable><variable name="OSDJoinType" property="Type">0</variable></defaultVarList></step></sequence>"#;

const FOLDER: &str = r"C:\Program Files\Microsoft Configuration Manager\inboxes";

/// Every class that the script writes, with a row or none, and two things that it could not read.
fn classes() -> Vec<(&'static str, Vec<Value>)> {
    let host = "p01.contoso.com";
    let sddl = "O:BAG:SYD:PAI(A;OICI;0x1200a9;;;S-1-5-21-9-9-9-1008)(A;OICI;FA;;;BA)";
    vec![
        (
            "SMS_Site",
            vec![
                json!({"SiteCode": "P01", "ReportingSiteCode": "", "ServerName": host, "Type": 2, "InstallDir": r"C:\Program Files\Microsoft Configuration Manager", "Version": "5.00.8692.1000", "BuildNumber": 8692, "SiteName": "It's <ours>"}),
            ],
        ),
        (
            "SMS_SCI_SiteDefinition",
            vec![
                json!({"SiteCode": "P01", "ParentSiteCode": "", "SiteServerName": host, "SiteType": 2, "InstallDirectory": r"C:\Program Files\Microsoft Configuration Manager", "SQLServerName": host, "SQLDatabaseName": "CM_P01", "Props": [], "PropLists": []}),
            ],
        ),
        (
            "SMS_SCI_SysResUse",
            vec![
                json!({"SiteCode": "P01", "RoleName": "SMS Site Server", "NetworkOSPath": r"\\p01.contoso.com", "NALPath": r#"["Display=\\p01.contoso.com\"]MSWNET:["SMS_SITE=P01"]\\p01.contoso.com\"#, "Props": [], "PropLists": []}),
                json!({"SiteCode": "P01", "RoleName": "SMS Management Point", "NetworkOSPath": r"\\mp1.contoso.com", "NALPath": "", "Props": [property("UserName", 0, "", r"CONTOSO\cm-mp")], "PropLists": []}),
            ],
        ),
        (
            "SMS_SCI_ClientComp",
            vec![
                json!({"SiteCode": "P01", "ClientComponentName": "Software Distribution", "ItemName": "Software Distribution", "ItemType": "Client Component", "Props": [], "PropLists": [list("Network Access User Names", &[r"CONTOSO\cm-naa"])], "RegMultiStringLists": []}),
            ],
        ),
        (
            "SMS_SCI_Component",
            vec![
                json!({"SiteCode": "P01", "ComponentName": "SMS_CLIENT_CONFIG_MANAGER", "ItemName": "SMS_CLIENT_CONFIG_MANAGER|SMS Site Server", "ItemType": "Component", "Props": [], "PropLists": [list("Reserved2", &[r"CONTOSO\cm-push"])]}),
                component("SMS_DISCOVERY_DATA_MANAGER", vec![property("SETTINGS", 0, "ACTIVE", "")], vec![]),
                component(
                    "SMS_AD_SYSTEM_DISCOVERY_AGENT",
                    vec![],
                    vec![list("AD Accounts:LDAP://DC=contoso,DC=com", &[r"CONTOSO\cm-disc"])],
                ),
                component("SMS_SITE_COMPONENT_MANAGER", vec![property("IISSSLState", 224, "", "")], vec![]),
                component("SMS_ALERT_NOTIFICATION", vec![property("EnableSmtpSetting", 0, "", "")], vec![]),
                component(
                    "SMS_EXCHANGE_CONNECTOR",
                    vec![],
                    vec![list("ConnectorConfig_1", &["mail.contoso.com"])],
                ),
            ],
        ),
        ("SMS_SCI_Address", vec![]),
        (
            "SMS_SCI_Reserved",
            vec![
                json!({"FileType": 2, "ItemName": r"CONTOSO\cm-naa|0", "ItemType": "User", "SiteCode": "P01", "UserName": r"CONTOSO\cm-naa", "AccountUsage": ["Software Distribution"], "Availability": 0, "Flag": 0, "Props": [], "PropLists": []}),
            ],
        ),
        ("SMS_PackageAccessByUsers", vec![]),
        ("SMS_MigrationSiteMapping", vec![]),
        (
            "SMS_Admin",
            vec![
                json!({"AdminID": 1, "AdminSid": "S-1-5-21-1-2-3-1300", "LogonName": r"CONTOSO\cm-admins", "IsGroup": true, "RoleNames": ["Full Administrator"]}),
            ],
        ),
        (
            "SMS_Role",
            vec![
                json!({"RoleID": "SMS0001R", "RoleName": "Full Administrator", "CopiedFromID": "", "IsBuiltIn": true, "Operations": [{"__CLASS": "SMS_ARoleOperation", "GrantedOperations": 2147483647, "ObjectTypeID": 1}]}),
            ],
        ),
        ("SMS_ClientSettings", vec![]),
        ("SMS_ClientSettingsDefault", vec![]),
        ("SMS_CollectionSettings", vec![]),
        (
            "SMS_ADForest",
            vec![
                json!({"ForestFQDN": "contoso.com", "ForestID": 1, "Account": "", "EnableDiscovery": true, "PublishingPath": "", "PublishingStatus": 1}),
            ],
        ),
        (
            "SMS_ADForestDiscoveryStatus",
            vec![
                json!({"ForestID": 1, "SiteCode": "P01", "DiscoveryEnabled": true, "PublishingEnabled": true}),
            ],
        ),
        (
            "SMS_R_System",
            vec![json!({"ResourceDomainORWorkgroup": "CONTOSO", "FullDomainName": "CONTOSO.COM"})],
        ),
        (
            "SMS_TaskSequencePackage",
            vec![
                json!({"PackageID": "P0100012", "Name": "Deploy", "SourceSite": "P01", "LastRefreshTime": "2024-05-01T10:00:00Z", "Sequence": SEQUENCE}),
            ],
        ),
        (
            "AccountChange",
            vec![
                json!({"Account": r"CONTOSO\cm-naa", "Usage": "Network access account", "Changed": "2024-01-05T10:00:00Z"}),
            ],
        ),
        (
            "ContentStatus",
            vec![
                json!({"PackageID": "P0100020", "PackageType": 0, "DistributionPoint": "dp1.contoso.com", "Redistributed": "2024-05-01T10:00:00Z"}),
            ],
        ),
        ("DatabaseLink", vec![json!({"ParentSite": "CAS", "ChildSite": "P01", "DistributedViews": false})]),
        (
            "SourceSite",
            vec![
                json!({"Source": "OLD", "Server": "old.fabrikam.com", "Domain": "fabrikam.com", "Generation": "2007"}),
            ],
        ),
        (
            "SourceSitePermission",
            vec![
                json!({"Source": "OLD", "Account": r"FABRIKAM\mig", "Object": "Site", "Permissions": ["Read"]}),
            ],
        ),
        (
            "ManagementRoleAssignment",
            vec![
                json!({"Role": "Mail Recipients", "RoleAssigneeName": "Exchange", "EffectiveUserName": "cm-exchange", "Enabled": true}),
            ],
        ),
        (
            "Win32_ComputerSystem",
            vec![
                json!({"Computer": host, "Name": "P01", "DNSHostName": "p01", "Domain": "contoso.com", "PartOfDomain": true, "DomainRole": 3}),
            ],
        ),
        (
            "LocalGroup",
            vec![
                json!({"Computer": host, "Name": "SMS Admins", "SID": "S-1-5-21-9-9-9-1008", "PrincipalSource": "Local", "Description": "It's theirs"}),
            ],
        ),
        (
            "LocalGroupMembers",
            vec![
                json!({"Computer": host, "Group": "SMS Admins", "GroupSid": "S-1-5-21-9-9-9-1008", "Members": [{"Name": r"CONTOSO\cm-admins", "SID": "S-1-5-21-1-2-3-1300", "ObjectClass": "Group", "PrincipalSource": "ActiveDirectory"}]}),
                json!({"Computer": host, "Group": "ConfigMgr_DViewAccess", "GroupSid": "S-1-5-21-9-9-9-1009", "Members": []}),
            ],
        ),
        (
            "UserRightsAssignment",
            vec![
                json!({"Computer": host, "Source": "template", "Name": "", "Right": "SeNetworkLogonRight", "Members": ["S-1-1-0"], "Trustees": [{"Name": "Everyone", "Sid": "S-1-1-0"}], "Enabled": true}),
                json!({"Computer": host, "Source": "template", "Name": "", "Right": "SeDenyInteractiveLogonRight", "Members": [], "Trustees": [], "Enabled": true}),
            ],
        ),
        (
            "SecurityPolicy",
            vec![json!({"Computer": host, "Source": "template", "Name": "", "UserRights": true})],
        ),
        (
            "DirectorySecurity",
            vec![json!({"Computer": host, "Path": FOLDER, "Owner": r"BUILTIN\Administrators", "Sddl": sddl})],
        ),
        (
            "MSFT_SmbShare",
            vec![
                json!({"Computer": host, "Name": "SMS_P01", "ScopeName": "*", "Path": r"C:\Program Files\Microsoft Configuration Manager", "Description": "", "Special": false}),
            ],
        ),
        (
            "MSFT_SmbShareAccessControlEntry",
            vec![
                json!({"Computer": host, "Name": "SMS_P01", "ScopeName": "*", "AccountName": "Everyone", "AccessControlType": "Allow", "AccessRight": "Full"}),
            ],
        ),
        (
            "__SystemSecurity",
            vec![
                json!({"Computer": host, "Namespace": r"root\SMS", "ReturnValue": 0, "Descriptor": "O:BAG:BAD:(A;CI;0x21;;;S-1-5-21-9-9-9-1008)"}),
            ],
        ),
        (
            "DcomSecurity",
            vec![
                json!({"Computer": host, "Application": "machine limits", "Sddl": "O:BAG:BAD:(A;;0x1f;;;S-1-5-21-9-9-9-1008)"}),
            ],
        ),
        (
            "ADDomain",
            vec![
                json!({"NetBIOSName": "CONTOSO", "DNSRoot": "contoso.com", "DomainSID": "S-1-5-21-1-2-3", "DistinguishedName": "DC=contoso,DC=com"}),
            ],
        ),
        (
            "TrustList",
            vec![
                json!({"Domain": "contoso.com", "Trusts": [{"Name": "fabrikam.com", "Target": "fabrikam.com", "FlatName": "FABRIKAM", "Direction": 3, "TrustType": 2, "ForestTransitive": true, "SelectiveAuthentication": false, "IntraForest": false}]}),
            ],
        ),
        (
            "ADUser",
            vec![
                json!({"SamAccountName": "cm-naa", "DistinguishedName": "CN=cm-naa,OU=Service,DC=contoso,DC=com", "SID": "S-1-5-21-1-2-3-1105", "ObjectClass": "user", "Enabled": true, "LockedOut": false, "PasswordLastSet": "2024-01-05T10:00:00Z", "ProfilePath": "", "PrimaryGroupID": 513, "UserPrincipalName": "cm-naa@contoso.com"}),
                json!({"SamAccountName": "krbtgt", "DistinguishedName": "CN=krbtgt,CN=Users,DC=contoso,DC=com", "SID": "S-1-5-21-1-2-3-502", "ObjectClass": "user", "Enabled": false, "LockedOut": false, "PasswordLastSet": null, "ProfilePath": "", "PrimaryGroupID": 513, "UserPrincipalName": ""}),
            ],
        ),
        (
            "ADGroup",
            vec![
                json!({"SamAccountName": "cm-admins", "DistinguishedName": "CN=cm-admins,OU=Groups,DC=contoso,DC=com", "SID": "S-1-5-21-1-2-3-1300", "ObjectClass": "group", "GroupScope": "Global", "GroupCategory": "Security"}),
            ],
        ),
        (
            "ADGroupMembers",
            vec![
                json!({"Domain": "CONTOSO", "Group": "cm-admins", "GroupSid": "S-1-5-21-1-2-3-1300", "GroupScope": "Global", "Members": [{"Name": r"CONTOSO\anna", "SamAccountName": "anna", "SID": "S-1-5-21-1-2-3-1500", "ObjectClass": "user", "DistinguishedName": "CN=Anna,OU=People,DC=contoso,DC=com"}]}),
            ],
        ),
        (
            "ActiveDirectorySecurity",
            vec![
                json!({"Domain": "contoso.com", "Path": r"AD:\CN=System Management,CN=System,DC=contoso,DC=com", "Sddl": "O:DAG:DAD:AI(A;CI;GA;;;S-1-5-21-1-2-3-1110)"}),
            ],
        ),
        (
            "SqlPrincipal",
            vec![
                json!({"Server": host, "Database": "CM_P01", "Principal": r"CONTOSO\cm-rsp", "Type": "WINDOWS_USER", "Login": r"CONTOSO\cm-rsp", "Disabled": 0, "Sid": "0x01"}),
            ],
        ),
        (
            "SqlRoleMember",
            vec![
                json!({"Server": host, "Database": "CM_P01", "Role": "smsdbrole_MP", "Member": r"CONTOSO\cm-mp", "Login": r"CONTOSO\cm-mp"}),
            ],
        ),
        (
            "SqlPermission",
            vec![
                json!({"Server": host, "Database": "CM_P01", "Principal": r"CONTOSO\cm-rsp", "Login": r"CONTOSO\cm-rsp", "Permission": "SELECT", "State": "GRANT", "Scope": "DATABASE", "Object": ""}),
            ],
        ),
        (
            "CollectorManifest",
            vec![
                json!({"Version": "0.1.0", "Started": "2024-05-01T10:00:00Z", "Ended": "2024-05-01T10:05:00Z", "Finished": true, "Computer": host, "User": r"CONTOSO\anna", "Elevated": true, "PowerShell": "5.1", "Parameters": {"SiteServer": host}, "SiteServer": host, "SiteCode": "P01", "Scopes": ["SMS00ALL"], "HostsAsked": [host], "HostsReached": [host], "Domains": ["contoso.com"], "DatabasesRead": ["p01.contoso.com CM_P01"], "Classes": ["SMS_Site"], "Failures": 0}),
            ],
        ),
        ("CollectorReport", vec![]),
    ]
}

/// What could not be read, as the script writes it.
fn failed(class: &str, tables: &[&str], target: &str, reason: &str, whole: bool, tags: Value) -> Value {
    let mut row = json!({"Class": class, "Table": tables, "Target": target, "Reason": reason});
    let object = row.as_object_mut().expect("an object");
    object.extend(tags.as_object().expect("tags").clone());
    object.insert("Whole".into(), whole.into());
    row
}

fn check(folder: &Path) -> (i32, Value) {
    let out = Command::new(env!("CARGO_BIN_EXE_cmlint"))
        .args(["check", "--format", "json"])
        .arg(folder)
        .env_remove("CMLINT_CONTENT")
        .env_remove("CMLINT_RULES")
        .output()
        .expect("cmlint runs");
    let report = serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {out:?}"));
    (out.status.code().expect("an exit code"), report)
}

fn prints(report: &Value) -> Vec<(&str, &str)> {
    let findings = report["findings"].as_array().expect("findings").iter();
    let mut out: Vec<(&str, &str)> =
        findings.filter_map(|f| Some((f["rule"].as_str()?, f["fingerprint"].as_str()?))).collect();
    out.sort_unstable();
    out
}

#[test]
fn its_folder_is_read_as_it_is() {
    let assets = Assets::content();
    let (schema, mapping) = evidence::load(&assets).expect("the evidence tables");
    let made = classes();
    let names: BTreeSet<&str> =
        made.iter().map(|(class, _)| *class).filter(|c| *c != "CollectorReport").collect();
    let written = collect::written(&assets, &mapping).expect("the script");
    assert_eq!(names, written.keys().map(String::as_str).collect(), "a class without a row here");
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    write(folders[0].path(), Flavour::Windows, &made);
    write(folders[1].path(), Flavour::Seven, &made);
    let reports = folders.each_ref().map(|folder| check(folder.path()));
    for (code, report) in &reports {
        assert!([0, 1].contains(code), "{code}");
        let inputs = report["inputs"].as_array().expect("inputs");
        assert_eq!(inputs.len(), made.len());
        for input in inputs {
            assert_eq!(input["status"], "read", "{input}");
            assert_eq!(input["format"], inputs[0]["format"], "{input}");
        }
        // The password that stood in the task sequence is still found.
        assert!(prints(report).iter().any(|(rule, _)| rule.contains("clear-text")), "{:?}", prints(report));
    }
    assert_eq!(prints(&reports[0].1), prints(&reports[1].1));
    // Nothing of the tables is missing.
    let sources = source::read(&[folders[0].path().to_owned()], &source::Limits::default());
    let collected = evidence::collect(&schema, &mapping, &sources);
    for (table, rows) in schema.tables.iter().zip(&collected.evidence.tables) {
        let gap = rows.gaps.iter().find(|gap| gap.missing.why == evidence::Why::NotExported);
        if matches!(table.made, Made::Exported) {
            assert!(gap.is_none(), "`{}` is not in the folder", table.name);
        }
    }
}

#[test]
fn what_it_could_not_read_is_not_checked_and_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut made = classes();
    made.retain(|(class, _)| !["CollectorReport", "SMS_Admin", "SqlPermission"].contains(class));
    made.push((
        "CollectorReport",
        vec![
            failed(
                "SMS_Admin",
                &["admin_users", "principals"],
                "p01.contoso.com",
                "Access is\n denied",
                true,
                json!({}),
            ),
            failed(
                "LocalGroupMembers",
                &["local_group_members", "local_groups", "principals"],
                "mp1.contoso.com",
                "WinRM cannot complete the operation",
                false,
                json!({"Computer": "mp1.contoso.com"}),
            ),
            failed("NoSuchClass", &[], "x", "y", true, json!({})),
        ],
    ));
    write(folder.path(), Flavour::Seven, &made);
    let (code, report) = check(folder.path());
    assert!([0, 1].contains(&code), "{code}");
    let inputs = report["inputs"].as_array().expect("inputs");
    assert!(inputs.iter().all(|input| input["status"] == "read"), "{inputs:?}");
    let open: Vec<&str> = (report["not_evaluated"].as_array().expect("a list").iter())
        .filter_map(|open| open["reason"].as_str())
        .collect();
    assert!(open.contains(&"the collector failed on p01.contoso.com: Access is denied"), "{open:#?}");
    // It is no fault of an export.
    assert!(prints(&report).iter().all(|(rule, _)| *rule != "truncated-export"), "{:?}", prints(&report));

    let (schema, mapping) = evidence::load(&Assets::content()).expect("the evidence tables");
    let gaps = |folder: &Path, table: &str| -> Vec<String> {
        let sources = source::read(&[folder.to_owned()], &source::Limits::default());
        let collected = evidence::collect(&schema, &mapping, &sources);
        let table = schema.table(table).expect("a table");
        let gaps = collected.evidence.tables[table].gaps.iter();
        gaps.map(|gap| format!("{} {}", gap.missing.why.name(), gap.missing.what.as_deref().unwrap_or("-")))
            .collect()
    };
    let failed_on = "collector-failed on mp1.contoso.com: WinRM cannot complete the operation";
    assert_eq!(gaps(folder.path(), "local_group_members"), [failed_on]);
    assert_eq!(
        gaps(folder.path(), "admin_users"),
        ["collector-failed on p01.contoso.com: Access is denied", "not-exported -"]
    );
    // What another export holds is not missed.
    let admins = r#"[{"AdminID":1,"AdminSid":"S-1-5-21-1-2-3-1300","LogonName":"CONTOSO\\x","IsGroup":true,"RoleNames":[]}]"#;
    std::fs::write(folder.path().join("admins.json"), admins).expect("written");
    assert_eq!(gaps(folder.path(), "admin_users"), Vec::<String>::new());
}

#[test]
fn the_command_prints_it() {
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cmlint"));
        command
            .args(args)
            .env_remove("CMLINT_CONTENT")
            .env_remove("CMLINT_RULES")
            .output()
            .expect("cmlint runs")
    };
    let out = run(&["collect"]);
    assert_eq!(out.status.code(), Some(0));
    assert_eq!(String::from_utf8(out.stdout).expect("UTF-8"), script());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("collect.ps1");
    let name = file.to_str().expect("a path");
    let out = run(&["collect", "--table", "user_rights,policies", "--output", name]);
    assert_eq!((out.status.code(), out.stdout.len()), (Some(0), 0), "{out:?}");
    let written = std::fs::read_to_string(&file).expect("written");
    assert!(
        written.contains("    'SecurityPolicy' = 'policies'\n    'UserRightsAssignment' = 'user_rights'\n}")
    );
    assert_eq!(faults(&written), Vec::<String>::new());
    let out = run(&["collect", "--table", "user_right"]);
    assert_eq!(out.status.code(), Some(2));
    let told = String::from_utf8(out.stderr).expect("UTF-8");
    assert!(told.contains("there is no evidence table `user_right`; did you mean `user_rights`?"), "{told}");
}
