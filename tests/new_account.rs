//! The promise of the specification as data: an account that nobody has thought of is enforced, covered and shown by
//! content alone. The test adds an invented one to a copy of `content/`, and touches no rule and no line of the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

/// What is documented of the invented account.
const ACCOUNT: &str = r"
id: archive-service-account
kind: account
name: Archive service account
roles: [management-point]
purpose: Moves what clients have reported into an archive.
statements:
  - id: runs-as-a-service
    category: requirement
    level: must
    text: Give it the right to log on as a service on each management point.
    facts: [{kind: user-right, right: SeServiceLogonRight, effect: require, hosts: [management-point]}]
    checkable: yes
    evidence: [role-props, user-rights]
    look_at: SeServiceLogonRight on the management points
  - id: no-batch-jobs
    category: prohibition
    level: must-not
    text: Never let it run batch jobs.
    facts: [{kind: user-right, right: SeBatchLogonRight, effect: forbid, hosts: [any]}]
    checkable: yes
    evidence: [role-props, user-rights]
    look_at: SeBatchLogonRight
  - id: not-network-access-account
    category: prohibition
    level: must-not
    text: Never make it the network access account.
    facts: [{kind: distinct-from, account: network-access-account}]
    checkable: yes
    evidence: [role-props, component-props]
    look_at: both settings
  - id: reads-archive
    category: permission
    level: must
    text: Let it read the archive folder of the site server.
    facts:
      - kind: acl
        permissions: [Read]
        relative_path: archive.box
        root: C:\Program Files\Microsoft Configuration Manager
        scope: this-folder
        host: site-server
        combine: at-least
    checkable: yes
    evidence: [role-props, file-acl]
    look_at: the entries of the folder
";

/// Where exports hold it: one more role of a site system.
const SOURCE: &str = "      - table: role_accounts
        presence: class
        when: {RoleName: SMS Archive Point}
        fields:
          site: SiteCode
          host: NetworkOSPath | NALPath
          role: RoleName
          entity: {value: archive-service-account}
          account: 'Props[UserName].Value2 | Props[UserName].Value1'
";

const STATEMENTS: [&str; 4] =
    ["runs-as-a-service", "no-batch-jobs", "not-network-access-account", "reads-archive"];

/// A copy of `content/` that has the account; `exported` says whether exports are to tell it.
fn content(to: &Path, exported: bool) -> PathBuf {
    let target = to.join(if exported { "content" } else { "unexported" });
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("content"), &target);
    fs::write(target.join("accounts/archive-service-account.yaml"), ACCOUNT.trim_start()).expect("written");
    if exported {
        let sources = target.join("sources.yaml");
        let text = fs::read_to_string(&sources).expect("readable");
        let first = "      - table: role_accounts\n";
        assert!(text.contains(first));
        fs::write(sources, text.replacen(first, &format!("{SOURCE}{first}"), 1)).expect("written");
    }
    // The maintainers' counts of entries speak of all of them.
    for file in fs::read_dir(target.join("changes")).expect("listed") {
        let path = file.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("readable");
        let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with("entries:")).collect();
        fs::write(&path, kept.join("\n") + "\n").expect("written");
    }
    target
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("listed") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

fn cmlint(content: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cmlint"));
    for name in ["CMLINT_CONTENT", "CMLINT_RULES", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.arg("--content").arg(content).args(args).output().expect("the program runs")
}

fn json_of(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text)
        .unwrap_or_else(|e| panic!("{e}: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// An export in which the account goes against each of its statements, or keeps them all.
fn export(folder: &Path, broken: bool) {
    let rows = |class: &str, rows: Value| {
        json!({"@odata.context": format!("https://p01/AdminService/wmi/$metadata#{class}"), "value": rows})
            .to_string()
    };
    let role = |role: &str, account: &str| {
        json!({"SiteCode": "P01", "RoleName": role, "NetworkOSPath": "\\\\mp1.contoso.com", "PropLists": [],
            "Props": [{"PropertyName": "UserName", "Value": 0, "Value1": "", "Value2": account}]})
    };
    let files: [(&str, String); 4] = [
        (
            "site-systems.json",
            rows(
                "SMS_SCI_SysResUse",
                json!([
                    role("SMS Archive Point", "CONTOSO\\archive"),
                    role("SMS Management Point", ""),
                    role("SMS Site System", "")
                ]),
            ),
        ),
        (
            "sites.json",
            rows(
                "SMS_Site",
                json!([{"SiteCode": "P01", "ServerName": "cm1.contoso.com", "Type": 2, "ReportingSiteCode": "",
                    "InstallDir": "D:\\ConfigMgr", "Version": "5.00.8740.1000", "BuildNumber": 8740}]),
            ),
        ),
        (
            "network-access.json",
            rows(
                "SMS_SCI_ClientComp",
                json!([{"SiteCode": "P01", "ItemName": "Software Distribution", "Props": [], "PropLists": [
                    {"PropertyListName": "Network Access User Names",
                     "Values": [if broken { "contoso\\ARCHIVE" } else { "CONTOSO\\naa" }]}]}]),
            ),
        ),
        ("archive-folder.json", {
            let reader = if broken { "S-1-5-21-1-2-3-1999" } else { "S-1-5-21-1-2-3-1105" };
            json!([{"__CLASS": "DirectorySecurity", "Computer": "cm1.contoso.com",
                "Path": "Microsoft.PowerShell.Core\\FileSystem::D:\\ConfigMgr\\archive.box",
                "Owner": "BUILTIN\\Administrators", "Sddl": format!("O:BAG:SYD:P(A;;FA;;;SY)(A;;FR;;;{reader})")}])
            .to_string()
        }),
    ];
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("written");
    }
    let archive = json!([{"Name": "CONTOSO\\archive", "Sid": "S-1-5-21-1-2-3-1105"}]);
    let group = |name: &str, sid: &str| json!([{"Name": format!("BUILTIN\\{name}"), "Sid": sid}]);
    let (service, batch) = if broken {
        (group("Administrators", "S-1-5-32-544"), archive)
    } else {
        (archive, group("Backup Operators", "S-1-5-32-551"))
    };
    let right = |right: &str, trustees: Value| {
        json!({"__CLASS": "UserRightsAssignment", "Computer": "mp1.contoso.com", "Name": "local", "Source": "template",
            "Right": right, "Trustees": trustees})
    };
    let rights = [
        json!({"__CLASS": "SecurityPolicy", "Computer": "mp1.contoso.com", "Name": "local", "Source": "template",
            "UserRights": true}),
        right("SeServiceLogonRight", service),
        right("SeBatchLogonRight", batch),
    ];
    let rights: Vec<String> = rights.iter().map(Value::to_string).collect();
    fs::write(folder.join("rights.ndjson"), rights.join("\n") + "\n").expect("written");
    let groups = json!([
        {"Computer": "mp1.contoso.com", "Group": "Administrators", "GroupSid": "S-1-5-32-544", "Members": [{"Name": "MP1\\Administrator", "SID": "S-1-5-21-7-7-7-500", "ObjectClass": "User"}]},
        {"Computer": "mp1.contoso.com", "Group": "Backup Operators", "GroupSid": "S-1-5-32-551", "Members": []},
    ]);
    let lines: Vec<String> = (groups.as_array().expect("a list").iter())
        .map(|row| {
            let mut row = row.clone();
            row["__CLASS"] = json!("LocalGroupMembers");
            row.to_string()
        })
        .collect();
    fs::write(folder.join("local-groups.ndjson"), lines.join("\n") + "\n").expect("written");
    let user = |name: &str, sid: &str| {
        json!({"__CLASS": "ADUser", "SamAccountName": name, "DistinguishedName": format!("CN={name},DC=contoso,DC=com"),
            "SID": sid, "ObjectClass": "user"})
    };
    let principals = json!([
        {"__CLASS": "ADDomain", "NetBIOSName": "CONTOSO", "DNSRoot": "contoso.com", "DomainSID": "S-1-5-21-1-2-3"},
        user("archive", "S-1-5-21-1-2-3-1105"),
        user("other", "S-1-5-21-1-2-3-1999"),
    ]);
    fs::write(folder.join("principals.json"), principals.to_string()).expect("written");
}

/// The statements of the account with the outcomes of rules that are bound to them.
fn outcomes(report: &Value) -> Vec<(String, String, String)> {
    let mut out = Vec::new();
    for row in report["rules"].as_array().expect("a list") {
        for statement in row["statements"].as_array().expect("a list") {
            let statement = statement.as_str().unwrap_or_default();
            if let Some(id) = statement.strip_prefix("archive-service-account/") {
                let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
                out.push((id.to_owned(), text("rule"), text("outcome")));
            }
        }
    }
    out
}

#[test]
fn a_new_account_is_content_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let content = content(folder.path(), true);

    let tested = cmlint(&content, &["test"]);
    let said = String::from_utf8_lossy(&tested.stderr).into_owned();
    assert_eq!(tested.status.code(), Some(0), "{said}");
    assert!(!said.contains("archive-service-account"), "{said}");

    let coverage = json_of(&cmlint(&content, &["rules", "--coverage", "--format", "json"]));
    for id in STATEMENTS {
        let reference = format!("archive-service-account/{id}");
        let all = coverage["statements"].as_array().expect("a list");
        let statement = all.iter().find(|s| s["ref"] == reference.as_str()).expect("it is there");
        assert_ne!(statement["rules"], json!([]), "{reference} is open");
    }

    for broken in [true, false] {
        let exports = folder.path().join(if broken { "broken" } else { "kept" });
        fs::create_dir_all(&exports).expect("made");
        export(&exports, broken);
        let output = cmlint(&content, &["check", "--format", "json", exports.to_str().expect("UTF-8")]);
        let report = json_of(&output);
        let outcomes = outcomes(&report);
        for id in STATEMENTS {
            let wanted = if broken { "fail" } else { "pass" };
            let of: Vec<_> = outcomes.iter().filter(|(statement, _, _)| statement == id).collect();
            assert!(
                of.iter().any(|(_, _, outcome)| outcome == wanted),
                "{id}: {of:?}\n{:#}",
                report["not_evaluated"]
            );
            assert!(broken || of.iter().all(|(_, _, outcome)| outcome != "fail"), "{id}: {of:?}");
        }
    }

    let site = folder.path().join("site");
    let built = cmlint(&content, &["site", "build", "--out", site.to_str().expect("UTF-8")]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let page = fs::read_to_string(site.join("accounts/archive-service-account/index.html"))
        .or_else(|_| fs::read_to_string(site.join("accounts/archive-service-account.html")))
        .expect("it has a page")
        // Where long paths may break.
        .replace("<wbr>", "");
    for said in [
        "Archive service account",
        "Log on as a service",
        "archive.box",
        "Never make it the network access account.",
    ] {
        assert!(page.contains(said), "the page does not say `{said}`");
    }
}

#[test]
fn an_account_that_no_export_tells_is_not_called_enforced() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let content = content(folder.path(), false);
    let coverage = json_of(&cmlint(&content, &["rules", "--coverage", "--format", "json"]));
    let tested = cmlint(&content, &["test"]);
    let said = String::from_utf8_lossy(&tested.stderr).into_owned();
    for id in STATEMENTS {
        let reference = format!("archive-service-account/{id}");
        let all = coverage["statements"].as_array().expect("a list");
        let statement = all.iter().find(|s| s["ref"] == reference.as_str()).expect("it is there");
        assert_eq!(statement["rules"], json!([]), "{reference} is said to be enforced");
        assert!(said.contains(&format!("no rule can judge `{reference}`")), "{said}");
    }
    assert!(said.contains("can never fail"), "{said}");
}
