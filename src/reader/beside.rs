//! Tests of what is exported beside the product with ordinary cmdlets: that the readers of CLIXML and JSON hand such
//! objects on with the right class and values, told by the rules that stand here.

use crate::reader::testing::{at, brief_value, data, read, span_of};
use crate::reader::{Recognise, Record, Status, Wanted, WantedClass};

type Names = &'static [&'static str];

/// Class, properties that must be there, one of which must be, must not be, and values.
type Rule = (&'static str, Names, Names, Names, &'static [(&'static str, &'static str)]);

const RULES: [Rule; 16] = [
    ("LocalGroupMembers", &["Group", "Members"], &["Computer", "PSComputerName"], &[], &[]),
    ("LocalGroup", &["Name", "SID", "PrincipalSource", "Description"], &[], &["Enabled"], &[]),
    ("LocalUser", &["Name", "SID", "PrincipalSource", "Enabled"], &[], &[], &[]),
    ("LocalPrincipal", &["Name", "SID", "PrincipalSource"], &[], &["Description", "Enabled"], &[]),
    ("Win32_GroupUser", &["GroupComponent", "PartComponent"], &[], &[], &[]),
    ("Win32_Group", &["Name", "Domain", "SID", "LocalAccount"], &[], &["Disabled"], &[]),
    ("ADGroupMembers", &["Group", "Members"], &["Domain"], &[], &[]),
    (
        "ADUser",
        &["SamAccountName", "DistinguishedName", "SID", "Enabled"],
        &[],
        &[],
        &[("ObjectClass", "user")],
    ),
    ("ADGroup", &["SamAccountName", "DistinguishedName", "SID", "GroupScope"], &[], &[], &[]),
    ("ADPrincipal", &["SamAccountName", "DistinguishedName", "SID", "ObjectClass"], &[], &["Enabled"], &[]),
    ("ADTrust", &["Source", "Target", "Direction", "TrustType"], &[], &[], &[]),
    ("MSFT_SmbShareAccessControlEntry", &["AccountName", "AccessControlType", "AccessRight"], &[], &[], &[]),
    ("__SystemSecurity", &["Descriptor"], &["ReturnValue", "Namespace"], &[], &[]),
    ("DirectorySecurity", &["Sddl"], &["Path", "AccessToString"], &[], &[]),
    ("SqlRoleMember", &["Role", "Member"], &["Database", "Server"], &[], &[]),
    ("SqlPermission", &["Principal", "Permission", "State"], &[], &[], &[]),
];

/// Properties of interest; all, for the classes that are not here.
const LISTED: [(&str, Names); 6] = [
    ("ADPrincipal", &["samaccountname", "sid", "objectclass"]),
    ("LocalPrincipal", &["name", "sid", "principalsource", "objectclass", "pscomputername"]),
    ("DirectorySecurity", &["path", "owner", "accesslist", "accessentries", "pscomputername"]),
    ("ActiveDirectorySecurity", &["path", "accesslist", "accessentries"]),
    ("__SystemSecurity", &["namespace", "computer", "pscomputername", "accessentries"]),
    (
        "MSFT_SmbShareAccessControlEntry",
        &["name", "accountname", "accesscontroltype", "accessright", "pscomputername"],
    ),
];

fn wanted() -> Wanted {
    let mut wanted = Wanted::default();
    let lower = |names: Names| names.iter().map(|name| name.to_lowercase().into()).collect();
    for (class, all, any, none, values) in RULES {
        wanted.recognise.push(Recognise {
            class: class.into(),
            all: lower(all),
            any: lower(any),
            none: lower(none),
            values: values
                .iter()
                .map(|(name, value)| (name.to_lowercase().into(), (*value).into()))
                .collect(),
        });
    }
    let names = RULES.iter().map(|rule| rule.0).chain(["ActiveDirectorySecurity"]);
    for name in names {
        let listed = LISTED.iter().find(|(class, _)| *class == name).map(|(_, names)| lower(names));
        let class = WantedClass {
            name: name.into(),
            properties: listed.unwrap_or_default(),
            ..WantedClass::default()
        };
        wanted.classes.insert(name.to_lowercase().into(), class);
    }
    wanted
}

/// The records of a text that is read to its end.
fn records(text: &str) -> Vec<Record> {
    let (reading, taken) = read(text, &wanted());
    assert_eq!(reading.status, Status::Read, "{:?}", reading.notes);
    taken.records
}

fn said(record: &Record, name: &str) -> String {
    brief_value(data(record, name))
}

fn classes(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| &*record.class).collect()
}

fn clixml(objects: &str) -> String {
    format!(
        "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">{objects}</Objs>"
    )
}

const MEMBER: &str = r#"<Obj RefId="0"><TN RefId="0"><T>Microsoft.PowerShell.Commands.LocalPrincipal</T><T>System.Object</T></TN><ToString>CONTOSO\PS1$</ToString>
<Props><S N="Name">CONTOSO\PS1$</S><Obj N="SID" RefId="1"><TN RefId="1"><T>System.Security.Principal.SecurityIdentifier</T><T>System.Object</T></TN><ToString>S-1-5-21-1-2-3-1105</ToString><Props><I32 N="BinaryLength">28</I32><S N="AccountDomainSid">S-1-5-21-1-2-3</S><S N="Value">S-1-5-21-1-2-3-1105</S></Props></Obj>
<Obj N="PrincipalSource" RefId="2"><TN RefId="2"><T>Microsoft.PowerShell.Commands.PrincipalSource</T><T>System.Enum</T></TN><ToString>ActiveDirectory</ToString><I32>2</I32></Obj><S N="ObjectClass">User</S></Props>
<MS><S N="PSComputerName">PS1</S></MS></Obj>"#;

#[test]
fn members_of_a_local_group() {
    let text = clixml(&format!(
        "{MEMBER}<Obj RefId=\"3\"><TNRef RefId=\"0\"/><ToString>S-1-5-21-9-9-9-7</ToString><Props><S N=\"Name\">S-1-5-21-9-9-9-7</S><Nil N=\"SID\"/></Props></Obj>"
    ));
    let found = records(&text);
    assert_eq!(classes(&found), ["LocalPrincipal", "LocalPrincipal"]);
    assert_eq!(said(&found[0], "Name"), r#""CONTOSO\\PS1$""#);
    assert_eq!(at(&text, span_of(&found[0], "Name")), "CONTOSO\\PS1$");
    assert!(said(&found[0], "SID").contains(r#"Value="S-1-5-21-1-2-3-1105""#), "{}", said(&found[0], "SID"));
    assert_eq!(said(&found[0], "PrincipalSource"), r#""ActiveDirectory""#);
    assert_eq!(said(&found[0], "PSComputerName"), r#""PS1""#);
    assert_eq!(said(&found[1], "SID"), "-");
    // The same in JSON, where the source is a number, alone and in a list.
    let row = r#"{"Name":"CONTOSO\\PS1$","SID":{"BinaryLength":28,"AccountDomainSid":"S-1-5-21-1-2-3","Value":"S-1-5-21-1-2-3-1105"},"PrincipalSource":2,"ObjectClass":"User","PSComputerName":"PS1","RunspaceId":"x"}"#;
    for text in [row.to_owned(), format!("[{row},{row}]")] {
        let found = records(&text);
        assert_eq!(found[0].class.as_ref(), "LocalPrincipal");
        assert_eq!(said(&found[0], "PrincipalSource"), "2");
        assert_eq!(said(&found[0], "PSComputerName"), r#""PS1""#);
        assert!(found[0].object.get("RunspaceId").is_none());
    }
}

#[test]
fn groups_with_their_members() {
    let text = clixml(&format!(
        r#"<Obj RefId="9"><TN RefId="9"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN><MS><S N="Computer">PS1</S><S N="Group">SMS Admins</S><Obj N="Members" RefId="10"><TN RefId="10"><T>System.Object[]</T></TN><LST>{MEMBER}<S>CONTOSO\cm-admins</S></LST></Obj></MS></Obj>"#
    ));
    let found = records(&text);
    assert_eq!(classes(&found), ["LocalGroupMembers"]);
    assert_eq!(said(&found[0], "Group"), r#""SMS Admins""#);
    let members = said(&found[0], "Members");
    assert!(members.starts_with("[LocalPrincipal{Name=\"CONTOSO\\\\PS1$\" SID="), "{members}");
    assert!(members.ends_with(r#""CONTOSO\\cm-admins"]"#), "{members}");
    let text = r#"[{"Computer":"PS1","Group":"SMS Admins","Members":[{"Name":"CONTOSO\\cm-admins","SID":"S-1-5-21-1-2-3-1106","ObjectClass":"Group"}]},
        {"Computer":"PS1","Group":"ConfigMgr_DViewAccess","Members":[]},{"Group":"Domain Admins","Domain":"CONTOSO","Members":[{"SamAccountName":"anna"}]}]"#;
    let found = records(text);
    assert_eq!(classes(&found), ["LocalGroupMembers", "LocalGroupMembers", "ADGroupMembers"]);
    assert_eq!(
        said(&found[0], "Members"),
        r#"[{Name="CONTOSO\\cm-admins" SID="S-1-5-21-1-2-3-1106" ObjectClass="Group"}]"#
    );
    assert_eq!(said(&found[1], "Members"), "[]");
    let found = records(
        r#"[{"Description":"x","Name":"SMS Admins","SID":{"Value":"S-1-5-21-9-9-9-1008"},"PrincipalSource":1,"ObjectClass":"Group"}]"#,
    );
    assert_eq!(classes(&found), ["LocalGroup"]);
}

#[test]
fn members_by_association() {
    let text = clixml(
        r#"<Obj RefId="0"><TN RefId="0"><T>System.Management.ManagementObject#root\cimv2\Win32_GroupUser</T><T>System.Object</T></TN><Props><S N="__CLASS">Win32_GroupUser</S><S N="GroupComponent">\\PS1\root\cimv2:Win32_Group.Domain="PS1",Name="SMS Admins"</S><S N="PartComponent">\\PS1\root\cimv2:Win32_UserAccount.Domain="CONTOSO",Name="cm-admin"</S></Props><MS><S N="PSComputerName">PS1</S></MS></Obj>"#,
    );
    let found = records(&text);
    assert_eq!(classes(&found), ["Win32_GroupUser"]);
    assert!(said(&found[0], "GroupComponent").contains(r#"Domain="PS1" Name="SMS Admins""#));
    assert!(said(&found[0], "GroupComponent").contains("Foreign=false"));
    assert!(said(&found[0], "PartComponent").contains(r#"Domain="CONTOSO" Name="cm-admin""#));
    assert!(said(&found[0], "PartComponent").contains(r#"Class="Win32_UserAccount""#));
    let text = r#"[{"GroupComponent":{"Name":"SMS Admins","Domain":"PS1","CimClass":null},"PartComponent":"Win32_UserAccount (Name = \"cm-admin\", Domain = \"CONTOSO\")"}]"#;
    let found = records(text);
    assert_eq!(classes(&found), ["Win32_GroupUser"]);
    assert!(said(&found[0], "GroupComponent").contains(r#"Name="SMS Admins" Domain="PS1""#));
    assert!(said(&found[0], "PartComponent").contains(r#"Class="Win32_UserAccount""#));
}

#[test]
fn directory_objects_and_trusts() {
    let text = r#"[{"DistinguishedName":"CN=naa,DC=contoso,DC=example","Enabled":true,"GivenName":null,"Name":"naa","ObjectClass":"user","ObjectGUID":"x","SamAccountName":"cm-naa","SID":{"BinaryLength":28,"AccountDomainSid":{"Value":"S-1-5-21-1-2-3"},"Value":"S-1-5-21-1-2-3-1105"},"UserPrincipalName":"cm-naa@contoso.example","PropertyNames":["x"],"PropertyCount":10},
        {"DistinguishedName":"CN=g,DC=contoso,DC=example","GroupCategory":1,"GroupScope":0,"Name":"g","ObjectClass":"group","SamAccountName":"g","SID":{"Value":"S-1-5-21-1-2-3-1200"}},
        {"distinguishedName":"CN=PS1,DC=contoso,DC=example","name":"PS1","objectClass":"computer","SamAccountName":"PS1$","SID":{"Value":"S-1-5-21-1-2-3-1110"}},
        {"Direction":3,"ForestTransitive":true,"Name":"fabrikam.example","Source":"DC=contoso,DC=example","Target":"fabrikam.example","TrustType":2,"SelectiveAuthentication":false}]"#;
    let found = records(text);
    assert_eq!(classes(&found), ["ADUser", "ADGroup", "ADPrincipal", "ADTrust"]);
    assert_eq!(said(&found[0], "SamAccountName"), r#""cm-naa""#);
    assert!(said(&found[0], "SID").ends_with(r#"Value="S-1-5-21-1-2-3-1105"}"#));
    assert_eq!(said(&found[2], "objectclass"), r#""computer""#);
    assert_eq!(said(&found[3], "Direction"), "3");
    let text = clixml(
        r#"<Obj RefId="0"><TN RefId="0"><T>Microsoft.ActiveDirectory.Management.ADGroup</T><T>Microsoft.ActiveDirectory.Management.ADPrincipal</T><T>System.Object</T></TN><ToString>CN=g</ToString><Props><S N="distinguishedName">CN=g,DC=contoso,DC=example</S><S N="SamAccountName">g</S></Props></Obj>"#,
    );
    assert_eq!(classes(&records(&text)), ["ADGroup"]);
}

const SDDL: &str = "O:BAG:SYD:PAI(A;OICI;0x1200a9;;;S-1-5-21-9-9-9-1008)(A;OICIID;FA;;;BA)";

#[test]
fn permissions_of_folders() {
    let text = clixml(&format!(
        r#"<Obj RefId="0"><TN RefId="0"><T>System.Security.AccessControl.DirectorySecurity</T><T>System.Security.AccessControl.FileSystemSecurity</T><T>System.Object</T></TN><ToString>System.Security.AccessControl.DirectorySecurity</ToString><Props><S N="AccessRightType">System.Security.AccessControl.FileSystemRights</S></Props><MS><S N="PSPath">Microsoft.PowerShell.Core\FileSystem::C:\Program Files\Microsoft Configuration Manager\inboxes</S><S N="Path">Microsoft.PowerShell.Core\FileSystem::C:\Program Files\Microsoft Configuration Manager\inboxes</S><S N="Owner">BUILTIN\Administrators</S><Obj N="Access" RefId="1"><TN RefId="1"><T>System.Security.AccessControl.AuthorizationRuleCollection</T></TN><IE><S>System.Security.AccessControl.FileSystemAccessRule</S></IE></Obj><S N="Sddl">{SDDL}</S><S N="AccessToString">PS1\SMS Admins Allow  ReadAndExecute, Synchronize_x000A_BUILTIN\Administrators Allow  FullControl</S></MS></Obj>"#
    ));
    let (reading, taken) = read(&text, &wanted());
    // The rules that the export cut off are not missed.
    assert_eq!(reading.notes, []);
    let found = taken.records;
    assert_eq!(classes(&found), ["DirectorySecurity"]);
    assert!(said(&found[0], "Path").ends_with(r#"inboxes""#));
    assert!(found[0].object.get("Sddl").is_none() && found[0].object.get("Access").is_none());
    assert_eq!(said(&found[0], "AccessList"), r#""list""#);
    let entries = said(&found[0], "AccessEntries");
    assert!(
        entries.starts_with(r#"[{Kind="allow" Account="S-1-5-21-9-9-9-1008" Sid="S-1-5-21-9-9-9-1008" Mask=1179817 Permissions=["Read" "Read & execute" "List folder contents"] AppliesHere=true ToFolders=true ToFiles=true Inherited=false"#),
        "{entries}"
    );
    // In JSON: the lines, where the descriptor was left out, and the escapes of Windows PowerShell.
    let text = r#"[{"Path":"Microsoft.PowerShell.Core\\FileSystem::D:\\x","AccessToString":"PS1\\a Allow  Modify, Synchronize\nPS1\\b Deny  Write","Sddl":"","PSComputerName":"PS1"}]"#;
    let found = records(text);
    let entries = said(&found[0], "AccessEntries");
    assert!(entries.contains(r#"Kind="allow" Account="PS1\\a" Mask=1245631"#), "{entries}");
    assert!(entries.contains(r#"Kind="deny" Account="PS1\\b" Mask=278"#), "{entries}");
    assert_eq!(said(&found[0], "PSComputerName"), r#""PS1""#);
    let text = format!(r#"{{"Path":"C:\\x","Owner":"x","Sddl":"{SDDL}","AccessToString":""}}"#);
    let found = records(&text);
    let crate::reader::Data::List(entries) = data(&found[0], "AccessEntries") else { panic!() };
    assert_eq!(at(&text, entries[1].span), "(A;OICIID;FA;;;BA)");
}

#[test]
fn permissions_of_the_directory_and_of_name_spaces() {
    let text = clixml(
        r#"<Obj RefId="0"><TN RefId="0"><T>System.DirectoryServices.ActiveDirectorySecurity</T><T>System.Object</T></TN><MS><S N="Path">Microsoft.ActiveDirectory.Management.dll\ActiveDirectory:://RootDSE/CN=System Management,CN=System,DC=contoso,DC=example</S><S N="Sddl">O:DAG:DAD:AI(A;CI;GA;;;S-1-5-21-1-2-3-1110)(OA;;CC;bf967a86-0de6-11d0-a285-00aa003049e2;;AU)</S></MS></Obj>"#,
    );
    let found = records(&text);
    assert_eq!(classes(&found), ["ActiveDirectorySecurity"]);
    let entries = said(&found[0], "AccessEntries");
    assert!(entries.starts_with(r#"[{Kind="allow" Account="S-1-5-21-1-2-3-1110" Sid="S-1-5-21-1-2-3-1110" Mask=983551 AppliesHere=true ToFolders=true"#), "{entries}");
    assert!(entries.contains(r#"ObjectType="bf967a86-0de6-11d0-a285-00aa003049e2""#));
    let text = r#"[{"Namespace":"root\\sms","Computer":"PS1","ReturnValue":0,"Descriptor":{"ControlFlags":33028,"DACL":[{"AccessMask":33,"AceFlags":0,"AceType":0,"Trustee":{"Domain":"PS1","Name":"SMS Admins","SIDString":"S-1-5-21-9-9-9-1008"}}]}}]"#;
    let found = records(text);
    assert_eq!(classes(&found), ["__SystemSecurity"]);
    assert_eq!(said(&found[0], "Namespace"), r#""root\\sms""#);
    let entries = said(&found[0], "AccessEntries");
    assert!(entries.starts_with(r#"[{Kind="allow" Account="PS1\\SMS Admins" Mask=33 "#), "{entries}");
}

#[test]
fn shares_and_databases() {
    let text = r#"[{"AccessControlType":0,"AccessRight":2,"AccountName":"CONTOSO\\cm-naa","Name":"Content","ScopeName":"*","PSComputerName":"FS1","CimClass":{"CimClassName":"MSFT_SmbShareAccessControlEntry"}},
        {"Server":"SQL1","Database":"CM_PS1","Role":"smsdbrole_MP","Member":"CONTOSO\\MP1$"},
        {"Server":"SQL1","Database":"CM_PS1","Principal":"CONTOSO\\rsp","Permission":"SELECT","State":"GRANT","Object":null}]"#;
    let found = records(text);
    assert_eq!(classes(&found), ["MSFT_SmbShareAccessControlEntry", "SqlRoleMember", "SqlPermission"]);
    assert_eq!(said(&found[0], "AccessRight"), "2");
    assert_eq!(said(&found[0], "PSComputerName"), r#""FS1""#);
    assert_eq!(said(&found[1], "Member"), r#""CONTOSO\\MP1$""#);
}
