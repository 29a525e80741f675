//! Invented hierarchies, small to huge: one folder of exports a dimension and size, always the same for the same size.
//!
//! A dimension grows one thing and leaves the rest of the hierarchy as it is: one site with its server, a provider, a
//! database and a few accounts.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};

/// What grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dimension {
    Sites,
    DistributionPoints,
    Roles,
    Clients,
    ClientsUnlisted,
    Folders,
    FolderGroups,
    Members,
    NestedGroups,
    DirectoryAccounts,
    Accounts,
    StepAccounts,
    Administrators,
    TaskSequences,
    RoleOperations,
}

impl Dimension {
    pub(crate) const ALL: [Self; 15] = [
        Self::Sites,
        Self::DistributionPoints,
        Self::Roles,
        Self::Clients,
        Self::ClientsUnlisted,
        Self::Folders,
        Self::FolderGroups,
        Self::Members,
        Self::NestedGroups,
        Self::DirectoryAccounts,
        Self::Accounts,
        Self::StepAccounts,
        Self::Administrators,
        Self::TaskSequences,
        Self::RoleOperations,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sites => "primary sites",
            Self::DistributionPoints => "distribution points",
            Self::Roles => "site system rows, CLIXML",
            Self::Clients => "clients with local groups",
            Self::ClientsUnlisted => "clients, members not listed",
            Self::Folders => "folders with access lists",
            Self::FolderGroups => "local groups beside 200 folders",
            Self::Members => "members of a domain group",
            Self::NestedGroups => "nested domain groups",
            Self::DirectoryAccounts => "directory accounts",
            Self::Accounts => "network access accounts",
            Self::StepAccounts => "accounts of task sequence steps",
            Self::Administrators => "administrative users",
            Self::TaskSequences => "task sequences",
            Self::RoleOperations => "equal role operations, one unreadable",
        }
    }

    /// The largest size that makes sense: site codes have three characters.
    pub(crate) fn most(self) -> usize {
        match self {
            Self::Sites => 30_000,
            _ => usize::MAX,
        }
    }

    /// Writes the exports of a hierarchy of that size.
    pub(crate) fn write(self, folder: &Path, n: usize) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let out = Exports { folder };
        out.base(if self == Self::Sites { n } else { 1 })?;
        match self {
            Self::Sites => out.rows("systems.json", 2 * n, |i| {
                let role = ["SMS Provider", "SMS SQL Server"][i % 2];
                system(&code(i / 2), role, &format!("sql{}.contoso.com", i / 2))
            }),
            Self::DistributionPoints => out.rows("systems.json", n, |i| {
                system("P00", "SMS Distribution Point", &format!("dp{i}.contoso.com"))
            }),
            Self::Roles => out.clixml("systems.xml", n),
            Self::Clients | Self::ClientsUnlisted => out.clients(n, self == Self::Clients),
            Self::Folders => out.folders(n, 400),
            Self::FolderGroups => out.folders(200, n),
            Self::Members => out.members(n),
            Self::NestedGroups => out.nested(n),
            Self::DirectoryAccounts => out.rows("directory.json", n, |i| {
                json!({"SamAccountName": format!("user{i}"), "DistinguishedName": format!("CN=user{i},OU=Staff,DC=contoso,DC=com"),
                    "SID": {"Value": domain_sid(5000 + i)}, "ObjectClass": "user", "Enabled": true, "LockedOut": false,
                    "PasswordLastSet": "2018-01-01T00:00:00Z"})
            }),
            Self::Accounts => out.rows("naa.json", 1, |_| accounts(&(0..n).map(name).collect::<Vec<_>>())),
            Self::StepAccounts => out.sequences(1, n),
            Self::Administrators => out.rows("admins.json", n, |i| {
                json!({"AdminID": 1000 + i, "AdminSid": domain_sid(5000 + i), "LogonName": name(i), "IsGroup": false,
                    "AccountType": 0, "RoleNames": ["Full Administrator"], "CategoryNames": ["All"],
                    "CollectionNames": ["All Systems"], "SourceSite": "P00"})
            }),
            Self::TaskSequences => out.sequences(n, 3),
            Self::RoleOperations => out.operations(n),
        }
    }
}

fn name(i: usize) -> String {
    format!("CONTOSO\\svc{i}")
}

/// The code of a site: three letters and digits.
fn code(i: usize) -> String {
    const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let digit = |n: usize| DIGITS[n % 36] as char;
    [(i / 1296) + 25, i / 36, i].into_iter().map(digit).collect()
}

fn domain_sid(rid: usize) -> String {
    format!("S-1-5-21-1004336348-1177238915-682003330-{rid}")
}

fn accounts(names: &[String]) -> Value {
    json!({"__CLASS": "SMS_SCI_ClientComp", "ItemName": "Software Distribution", "SiteCode": "P00",
        "PropLists": [{"PropertyListName": "Network Access User Names", "Values": names}]})
}

fn system(site: &str, role: &str, host: &str) -> Value {
    json!({"SiteCode": site, "RoleName": role, "NetworkOSPath": format!("\\\\{host}"), "Props": []})
}

fn member(name: &str, sid: &str, class: &str) -> Value {
    json!({"Name": name, "SID": {"Value": sid}, "ObjectClass": class, "PrincipalSource": "ActiveDirectory"})
}

struct Exports<'f> {
    folder: &'f Path,
}

impl Exports<'_> {
    fn create(&self, name: &str) -> io::Result<BufWriter<File>> {
        Ok(BufWriter::new(File::create(self.folder.join(name))?))
    }

    /// A JSON file of rows.
    fn rows(&self, name: &str, count: usize, row: impl Fn(usize) -> Value) -> io::Result<()> {
        let mut out = self.create(name)?;
        out.write_all(b"[\n")?;
        for i in 0..count {
            if i > 0 {
                out.write_all(b",\n")?;
            }
            serde_json::to_writer(&mut out, &row(i))?;
        }
        out.write_all(b"\n]\n")
    }

    /// What every hierarchy has.
    fn base(&self, sites: usize) -> io::Result<()> {
        self.rows("sites.json", sites, |i| {
            json!({"SiteCode": code(i), "ServerName": format!("cm{i}.contoso.com"), "InstallDir": "D:\\ConfigMgr",
                "Type": 2, "ReportingSiteCode": if i == 0 { String::new() } else { code(0) },
                "Version": "5.00.8740.1000", "BuildNumber": 8740})
        })?;
        self.rows("base-systems.json", 3, |i| {
            let role = ["SMS Provider", "SMS SQL Server", "SMS Management Point"][i];
            system("P00", role, ["cm0.contoso.com", "sql.contoso.com", "mp.contoso.com"][i])
        })?;
        self.rows("base-accounts.json", 1, |_| accounts(&["CONTOSO\\naa".to_owned()]))
    }

    fn clients(&self, n: usize, listed: bool) -> io::Result<()> {
        self.rows("clients.json", n, |i| {
            let host = format!("pc{i:06}");
            let own = format!("S-1-5-21-{}-{}-7", 1000 + i, 2000 + i);
            if !listed {
                return json!({"Computer": format!("{host}.contoso.com"), "Name": "Administrators", "Description": "",
                    "SID": {"Value": "S-1-5-32-544"}, "ObjectClass": "Group", "PrincipalSource": 1});
            }
            let upper = host.to_uppercase();
            json!({"Computer": format!("{host}.contoso.com"), "Group": "Administrators", "GroupSid": "S-1-5-32-544",
                "Members": [
                    member(&format!("{upper}\\Administrator"), &format!("{own}-500"), "User"),
                    member("CONTOSO\\Domain Admins", &domain_sid(512), "Group"),
                    member(&format!("CONTOSO\\local{i}"), &domain_sid(100_000 + i), "User"),
                ]})
        })
    }

    /// Folders below the inboxes, each with the same entries, and local groups on the server.
    fn folders(&self, folders: usize, groups: usize) -> io::Result<()> {
        let mut entries = String::new();
        for i in 0..12 {
            let _ = write!(entries, "(A;OICI;0x1200a9;;;S-1-5-21-11-12-13-{})", 1000 + i * 7);
        }
        self.rows("folders.json", folders, |i| {
            json!({"Computer": "cm0.contoso.com", "Path": format!("D:\\ConfigMgr\\inboxes\\auth\\ddm.box\\f{i}"),
                "Owner": "BUILTIN\\Administrators", "Sddl": format!("O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA){entries}")})
        })?;
        self.rows("groups.json", groups, |i| {
            let name = match i {
                7 => "SMS_SiteSystemToSiteServerConnection_MP_P00".to_owned(),
                14 => "SMS_SiteSystemToSiteServerConnection_Stat_P00".to_owned(),
                _ => format!("Group {i}"),
            };
            json!({"Computer": "cm0.contoso.com", "Name": name, "Description": "", "ObjectClass": "Group",
                "SID": {"Value": format!("S-1-5-21-11-12-13-{}", 1000 + i)}, "PrincipalSource": 1})
        })
    }

    fn members(&self, n: usize) -> io::Result<()> {
        let members: Vec<Value> =
            (0..n).map(|i| member(&format!("CONTOSO\\user{i}"), &domain_sid(5000 + i), "user")).collect();
        self.rows("groups.json", 1, |_| {
            json!({"Domain": "CONTOSO", "Group": "Domain Admins", "GroupSid": domain_sid(512),
                "GroupScope": "Global", "Members": members})
        })?;
        let names: Vec<String> = (0..100).map(name).collect();
        self.rows("naa.json", 1, |_| accounts(&names))
    }

    /// A tree of groups below the domain administrators, eight in each, and users in the last ones.
    fn nested(&self, n: usize) -> io::Result<()> {
        self.rows("groups.json", n, |i| {
            let (group, rid) =
                if i == 0 { ("Domain Admins".to_owned(), 512) } else { (format!("Tier {i}"), 5000 + i) };
            let members: Vec<Value> = (8 * i + 1..=8 * i + 8)
                .map(|below| {
                    let class = if below < n { "group" } else { "user" };
                    let stem = if below < n { "Tier " } else { "user" };
                    member(&format!("CONTOSO\\{stem}{below}"), &domain_sid(5000 + below), class)
                })
                .collect();
            json!({"Domain": "CONTOSO", "Group": group, "GroupSid": domain_sid(rid), "GroupScope": "Global",
                "Members": members})
        })
    }

    /// Task sequences with steps that use accounts, each another one.
    fn sequences(&self, count: usize, steps: usize) -> io::Result<()> {
        self.rows("sequences.json", count, |i| {
            let mut text = String::from("<sequence version=\"3.10\">");
            for step in 0..steps {
                let _ = write!(
                    text,
                    "<step type=\"SMS_TaskSequence_ConnectNetworkFolderAction\" name=\"Connect {step}\"><action>x</action>\
                     <defaultVarList><variable name=\"ConnectNetworkFolderAccount\" property=\"UserName\">{}</variable>\
                     <variable name=\"ConnectNetworkFolderPath\" property=\"NetworkPath\">\\\\files\\share{step}</variable>\
                     </defaultVarList></step>",
                    name(i * steps + step)
                );
            }
            text.push_str("</sequence>");
            json!({"PackageID": format!("P00{i:05}"), "Name": format!("Sequence {i}"), "Sequence": text})
        })
    }

    /// A security role with many equal operations, of which one number cannot be read.
    fn operations(&self, n: usize) -> io::Result<()> {
        let mut out = self.create("role.xml")?;
        out.write_all(b"<SMS_Roles><SMS_Role CopiedFromID=\"SMS0001R\" RoleName=\"Floor support\" RoleDescription=\"\"><Operations>")?;
        for i in 0..n {
            let number = if i == n / 2 { "26843:5457" } else { "268435457" };
            writeln!(out, "<Operation GrantedOperations=\"{number}\" ObjectTypeID=\"1\"/>")?;
        }
        out.write_all(b"</Operations></SMS_Role></SMS_Roles>")
    }

    /// Rows of site systems as `Export-Clixml` writes them: near 1.8 KB each.
    fn clixml(&self, name: &str, n: usize) -> io::Result<()> {
        let mut out = self.create(name)?;
        let class = "Microsoft.Management.Infrastructure.CimInstance#root/sms/site_P00/SMS_SCI_SysResUse";
        out.write_all(
            b"<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">\n",
        )?;
        for i in 0..n {
            let roles =
                ["SMS Distribution Point", "SMS Management Point", "SMS Site System", "SMS Component Server"];
            let (role, host) = (roles[i % 4], format!("srv{}.contoso.com", i / 4));
            writeln!(
                out,
                "<Obj RefId=\"{i}\"><TN RefId=\"{i}\"><T>{class}</T><T>System.Object</T></TN><Props>\
                 <S N=\"SiteCode\">P00</S><S N=\"RoleName\">{role}</S><S N=\"NetworkOSPath\">\\\\{host}</S>\
                 <S N=\"ItemType\">System Resource Usage</S><U32 N=\"FileType\">2</U32><U32 N=\"Flag\">0</U32>\
                 <S N=\"ItemName\">[\"Display=\\\\{host}\\\"]MSWNET:[\"SMS_SITE=P00\"]\\\\{host}\\,{role}</S>\
                 <S N=\"NALPath\">[\"Display=\\\\{host}\\\"]MSWNET:[\"SMS_SITE=P00\"]\\\\{host}\\</S>\
                 <S N=\"Reserved\">{}</S></Props></Obj>",
                "0".repeat(1_100)
            )?;
        }
        out.write_all(b"</Objs>\n")
    }
}
