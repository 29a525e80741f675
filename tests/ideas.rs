//! What the documentation asks for, held against exports as they come: an export that goes against it is found
//! with the right rule, and one that follows it passes.
//!
//! The built program reads each export from files, so that reader, mapping, rule and report are tried together.
//! Examples of single rules stand with the rules.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

const LAST: &str = "2018-10-26";
const FIRST: &str = "2015-12-08";

/// File name and text of an export.
type File = (&'static str, String);

/// One idea with an export that goes against it and one that follows it.
struct Idea {
    words: &'static str,
    revision: &'static str,
    rule: &'static str,
    level: &'static str,
    /// Part of the subject of the finding.
    subject: &'static str,
    against: Vec<File>,
    following: Vec<File>,
}

/// Rows as the REST interface of the product answers.
#[expect(clippy::needless_pass_by_value, reason = "shorter tables")]
fn rows(file: &'static str, class: &str, rows: Value) -> File {
    let context = format!("https://p01/AdminService/wmi/$metadata#{class}");
    (file, json!({"@odata.context": context, "value": rows}).to_string())
}

fn lists(kind: &str, lists: &[(&str, &[&str])]) -> Value {
    let lists: Vec<Value> =
        lists.iter().map(|(name, values)| json!({"PropertyListName": name, "Values": values})).collect();
    json!({"SiteCode": "P01", "ItemName": kind, "Props": [], "PropLists": lists})
}

fn network_access(accounts: &[&str]) -> File {
    let row = lists("Software Distribution", &[("Network Access User Names", accounts)]);
    rows("network-access.json", "SMS_SCI_ClientComp", json!([row]))
}

fn push(accounts: &[&str]) -> File {
    let row = lists("SMS_CLIENT_CONFIG_MANAGER|SMS Site Server", &[("Reserved2", accounts)]);
    rows("push.json", "SMS_SCI_Component", json!([row]))
}

fn discovery(account: &str) -> File {
    let place = "AD Accounts:LDAP://OU=Staff,DC=contoso,DC=com";
    let row = lists("SMS_AD_SYSTEM_DISCOVERY_AGENT|SMS Site Server", &[(place, &[account])]);
    rows("discovery.json", "SMS_SCI_Component", json!([row]))
}

fn mail(authentication: u32, account: &str) -> File {
    let properties = json!([
        {"PropertyName": "EnableSmtpSetting", "Value": 1},
        {"PropertyName": "AuthenticationMethod", "Value": authentication},
        {"PropertyName": "UserName", "Value": 0, "Value1": account, "Value2": ""},
    ]);
    let row = json!({"SiteCode": "P01", "ComponentName": "SMS_ALERT_NOTIFICATION", "Props": properties});
    rows("mail.json", "SMS_SCI_Component", json!([row]))
}

/// A role of a host with one text property, in the CLIXML of `Export-Clixml`.
fn roles(hosts: &[(&str, &str, &str, &str)]) -> File {
    let mut text =
        String::from(r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">"#);
    for (host, role, property, value) in hosts {
        text += &format!(
            r#"<Obj><TN><T>IResultObject#SMS_SCI_SysResUse</T></TN><Props><S N="SiteCode">P01</S>
            <S N="RoleName">{role}</S><S N="NetworkOSPath">\\{host}</S><Obj N="Props"><LST><Obj>
            <TN><T>IResultObject#SMS_EmbeddedProperty</T></TN><Props><S N="PropertyName">{property}</S>
            <I32 N="Value">0</I32><S N="Value1"></S><S N="Value2">{value}</S></Props></Obj></LST></Obj></Props></Obj>"#
        );
    }
    ("roles.xml", text + "</Objs>")
}

/// A software update point behind a proxy, whose account the site system holds.
fn proxy() -> File {
    roles(&[
        ("sup1", "SMS Site System", "ProxyUserName", r"CONTOSO\surf"),
        ("sup1", "SMS Software Update Point", "X", ""),
    ])
}

fn sites(code: &str, server: &str, folder: &str) -> File {
    let row = json!({"SiteCode": code, "ServerName": server, "InstallDir": folder, "Type": 2,
        "ReportingSiteCode": "", "Version": "5.00.8740.1000", "BuildNumber": 8740});
    rows("sites.json", "SMS_Site", json!([row]))
}

fn forest(account: &str) -> File {
    let row = json!({"ForestFQDN": "contoso.com", "Account": account, "EnableDiscovery": true, "PublishingPath": "x"});
    rows("forests.json", "SMS_ADForest", json!([row]))
}

fn administrator(account: &str, role: &str) -> File {
    let row = json!({"LogonName": account, "AdminID": 7, "IsGroup": false, "RoleNames": [role]});
    rows("administrators.json", "SMS_Admin", json!([row]))
}

fn security_roles() -> File {
    let role = |name: &str, id: &str, mask: u32| {
        json!({"RoleName": name, "RoleID": id, "IsBuiltIn": true, "CopiedFromID": "",
        "Operations": [{"ObjectTypeID": 1, "GrantedOperations": mask}]})
    };
    let all =
        json!([role("Read-only Analyst", "SMS0002R", 1), role("Remote Tools Operator", "SMS0006R", 33)]);
    rows("security-roles.json", "SMS_Role", all)
}

fn viewers(accounts: &[&str]) -> File {
    let agent = json!({"AgentID": 3, "Enabled": true, "PermittedViewers": accounts});
    let row = json!({"Name": "Default Client Settings", "AgentConfigurations": [agent]});
    rows("client-settings.json", "SMS_ClientSettings", json!([row]))
}

fn access(entries: &[(&str, u32)]) -> File {
    let entries: Vec<Value> = entries
        .iter()
        .map(|(account, access)| json!({"PackageID": "P0100012", "UserName": account, "Access": access}))
        .collect();
    rows("access.json", "SMS_PackageAccessByUsers", json!(entries))
}

/// A task sequence of steps: type and variables.
fn sequence(file: &'static str, steps: &[(&str, &[(&str, &str)])]) -> File {
    let mut text = String::from(r#"<sequence version="3.10">"#);
    for (kind, variables) in steps {
        text += &format!(r#"<step type="SMS_TaskSequence_{kind}" name="{kind}"><defaultVarList>"#);
        for (name, value) in *variables {
            text += &format!(r#"<variable name="{name}">{value}</variable>"#);
        }
        text += "</defaultVarList></step>";
    }
    (file, text + "</sequence>")
}

const JOIN: &str = "JoinDomainWorkgroupAction";
const RUN: &str = "RunCommandLineAction";
const CAPTURE: &str = "CaptureSystemImageAction";
const FOLDER: &str = "ConnectNetworkFolderAction";

fn join(account: &str) -> File {
    let variables = [("OSDJoinAccount", account), ("OSDJoinDomainName", "contoso.com"), ("OSDJoinType", "0")];
    sequence("join.xml", &[(JOIN, &variables)])
}

fn run_as(file: &'static str, account: &str) -> File {
    let variables = [("_SMSTSRunCommandLineAsUser", "true"), ("SMSTSRunCommandLineUserName", account)];
    sequence(file, &[(RUN, &variables)])
}

fn capture(account: &str) -> File {
    sequence("capture.xml", &[(CAPTURE, &[("OSDCaptureAccount", account)])])
}

fn folder(account: &str) -> File {
    sequence("folder.xml", &[(FOLDER, &[("SMSConnectNetworkFolderAccount", account)])])
}

/// Every export that names accounts, with one account for each purpose.
fn estate(change: &[File]) -> Vec<File> {
    let mut files = vec![
        network_access(&[r"CONTOSO\naa"]),
        push(&[r"CONTOSO\push"]),
        discovery(r"CONTOSO\disc"),
        mail(2, r"CONTOSO\mail"),
        forest(r"CONTOSO\forest"),
        roles(&[("sup1.contoso.com", "SMS Software Update Point", "WSUSAccessAccount", r"CONTOSO\wsus")]),
        rows(
            "migration.json",
            "SMS_MigrationSiteMapping",
            json!([{"SourceSiteServer": "old", "Account": r"CONTOSO\mig", "AccountForSql": ""}]),
        ),
        rows(
            "exchange.json",
            "SMS_SCI_Component",
            json!([lists("SMS_EXCHANGE_CONNECTOR|SMS Site Server", &[("ConnectorConfig_1", &["ex1", "0"])])]),
        ),
        join(r"CONTOSO\join"),
        run_as("run-as.xml", r"CONTOSO\run"),
        capture(r"CONTOSO\capture"),
        folder(r"CONTOSO\folder"),
    ];
    for new in change {
        files.retain(|(name, _)| *name != new.0);
        files.push(new.clone());
    }
    files
}

macro_rules! ideas {
    ($($words:literal, $revision:expr, $rule:literal, $level:literal, $subject:literal:
        $against:expr => $following:expr;)+) => {
        vec![$(Idea {
            words: $words,
            revision: $revision,
            rule: $rule,
            level: $level,
            subject: $subject,
            against: $against.into(),
            following: $following.into(),
        }),+]
    };
}

#[rustfmt::skip]
fn ideas() -> Vec<Idea> {
    let naa = || network_access(&[r"CONTOSO\naa"]);
    let eleven: Vec<String> = (0..11).map(|n| format!(r"CONTOSO\naa{n}")).collect();
    let eleven: Vec<&str> = eleven.iter().map(String::as_str).collect();
    let install = |host, account| (host, "SMS Site System", "UserName", account);
    let program_files = r"C:\Program Files\Microsoft Configuration Manager";
    ideas![
        "the network access account has a domain", LAST,
        "network-access-account-without-domain", "error", "naa":
            [network_access(&["naa"])] => [naa()];
        "a site has ten network access accounts at most", LAST,
        "too-many-accounts-for-site", "error", "P01":
            [network_access(&eleven)] => [network_access(&eleven[1..])];
        "no account stands twice in a list", LAST,
        "account-listed-twice", "warning", "push":
            [naa(), push(&[r"CONTOSO\push", r"contoso\PUSH"])] => [naa(), push(&[r"CONTOSO\push", r"CONTOSO\push2"])];
        "the join account is not the network access account", LAST,
        "account-shared-with-network-access-account", "error", "naa":
            [naa(), join(r"contoso\NAA")] => [naa(), join(r"CONTOSO\join")];
        "the run as account is not the network access account", FIRST,
        "account-shared-with-network-access-account", "error", "naa":
            [naa(), run_as("a.xml", r"CONTOSO\naa")] => [naa(), run_as("a.xml", r"CONTOSO\run")];
        "the capture account is not the network access account", LAST,
        "account-shared-with-network-access-account", "error", "naa":
            [naa(), capture(r"CONTOSO\naa")] => [naa(), capture("CONTOSO\\capture")];
        "the folder account is not the network access account", LAST,
        "account-shared-with-network-access-account", "error", "naa":
            [naa(), folder(r"CONTOSO\naa")] => [naa(), folder(r"CONTOSO\folder")];
        "the network access account serves nothing else", LAST,
        "network-access-account-used-elsewhere", "warning", "naa":
            estate(&[push(&[r"CONTOSO\naa"])]) => estate(&[]);
        "no account must and must not sign in interactively", LAST,
        "conflicting-sign-in-needs", "error", "ts":
            [run_as("a.xml", r"CONTOSO\ts"), join(r"CONTOSO\ts")] => estate(&[]);
        "an account serves one purpose", LAST,
        "account-reused-across-roles", "warning", "sccm":
            [push(&[r"CONTOSO\sccm"]), mail(2, r"CONTOSO\sccm")] => estate(&[]);
        "accounts are spelled with their domain", LAST,
        "account-name-without-domain", "warning", "wsus":
            [roles(&[("sup1", "SMS Software Update Point", "WSUSAccessAccount", "wsus")])] => estate(&[]);
        "an account of few rights does not administer the product", LAST,
        "least-privilege-account-is-administrative-user", "warning", "mail":
            [mail(2, r"CONTOSO\mail"), administrator(r"CONTOSO\mail", "Full Administrator")]
            => estate(&[administrator(r"CONTOSO\anna", "Full Administrator")]);
        "under older pages the proxy account of a site system is that of its role", FIRST,
        "least-privilege-account-is-administrative-user", "warning", "surf":
            [proxy(), administrator(r"CONTOSO\surf", "Full Administrator")]
            => [proxy(), administrator(r"CONTOSO\anna", "Full Administrator")];
        "a join step names its account", LAST,
        "step-without-required-account", "error", "join":
            [join("")] => [join(r"CONTOSO\join")];
        "a capture step names its account", LAST,
        "step-without-required-account", "error", "capture":
            [capture("")] => [capture(r"CONTOSO\capture")];
        "the folder account is a domain user", LAST,
        "task-sequence-account-not-domain-user", "error", "folder":
            [folder(r".\folder")] => [folder("folder@contoso.com")];
        "the capture account is a domain user, said less firmly at first", FIRST,
        "task-sequence-account-not-domain-user", "note", "capture":
            [capture(r".\capture")] => [capture(r"CONTOSO\capture")];
        "each task sequence has its own run as account", LAST,
        "run-as-account-shared-by-task-sequences", "warning", "run":
            [run_as("a.xml", r"CONTOSO\run"), run_as("b.xml", r"CONTOSO\run")]
            => [run_as("a.xml", r"CONTOSO\run1"), run_as("b.xml", r"CONTOSO\run2")];
        "discovery runs as its own site server or as a user", LAST,
        "discovery-with-foreign-computer-account", "error", "P01":
            [sites("P01", "p01.contoso.com", program_files), discovery(r"CONTOSO\SRV7$")]
            => [sites("P01", "p01.contoso.com", program_files), discovery(r"CONTOSO\P01$")];
        "the forest account is known to a domain", LAST,
        "forest-account-is-local", "error", "contoso.com":
            [forest(r".\forest")] => [forest(r"CONTOSO\forest")];
        "the reporting account is a Windows user", LAST,
        "reporting-account-not-a-windows-user", "error", "rs1":
            [roles(&[("rs1", "SMS SRS Reporting Point", "Username", "sa")])]
            => [roles(&[("rs1", "SMS SRS Reporting Point", "Username", r"CONTOSO\rs")])];
        "the management point account is local to the database server", LAST,
        "connection-account-not-local-to-database-server", "warning", "mp1":
            [roles(&[("mp1", "SMS Management Point", "UserName", r"CONTOSO\mp"), ("sql1", "SMS SQL Server", "X", "")])]
            => [roles(&[("mp1", "SMS Management Point", "UserName", r"SQL1\mp"), ("sql1", "SMS SQL Server", "X", "")])];
        "a site system has one installation account", LAST,
        "several-installation-accounts-on-one-system", "error", "dp1":
            [roles(&[install("dp1", r"CONTOSO\a"), install("dp1", r"CONTOSO\b")])]
            => [roles(&[install("dp1", r"CONTOSO\a"), install("dp2", r"CONTOSO\b")])];
        "mail that signs in has an account", LAST,
        "smtp-account-missing", "error", "P01":
            [mail(2, "")] => [mail(2, r"CONTOSO\mail")];
        "a permitted viewer may use remote control", LAST,
        "viewer-without-remote-control-permission", "error", "help":
            [security_roles(), administrator(r"CONTOSO\help", "Read-only Analyst"), viewers(&[r"CONTOSO\help"])]
            => [security_roles(), administrator(r"CONTOSO\help", "Remote Tools Operator"), viewers(&[r"CONTOSO\help"])];
        "not everyone is a permitted viewer", LAST,
        "permitted-viewers-too-broad", "warning", "Everyone":
            [viewers(&["Everyone"])] => [viewers(&[r"CONTOSO\help"])];
        "an access list lets the network access account in", LAST,
        "network-access-account-locked-out-of-package", "warning", "P0100012":
            [naa(), access(&[(r"CONTOSO\Finance", 101), ("Administrators", 511)])]
            => [naa(), access(&[("Users", 101), ("Administrators", 511)])];
        "sites stand where the documented paths look", LAST,
        "installation-directory-differs", "note", "P01":
            [sites("P01", "p01.contoso.com", r"D:\ConfigMgr")] => [sites("P01", "p01.contoso.com", program_files)];
        "a site code has three letters or digits", LAST,
        "malformed-site-code", "error", "P-01":
            [sites("P-01", "p01.contoso.com", program_files)] => [sites("P01", "p01.contoso.com", program_files)];
    ]
}

fn check(files: &[File], revision: &str) -> Value {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        fs::write(dir.path().join(name), text).expect("written");
    }
    let ran = Command::new(env!("CARGO_BIN_EXE_cmlint"))
        .args(["check", "--format", "json", "--revision", revision, "."])
        .current_dir(dir.path())
        .output()
        .expect("the program runs");
    serde_json::from_slice(&ran.stdout).expect("a report")
}

fn of_rule<'a>(report: &'a Value, list: &str, rule: &str) -> Vec<&'a Value> {
    let all = report[list].as_array().expect("a list");
    all.iter().filter(|row| row["rule"] == rule).collect()
}

#[test]
fn every_idea_is_enforced() {
    let mut wrong = Vec::new();
    for idea in ideas() {
        let report = check(&idea.against, idea.revision);
        let findings = of_rule(&report, "findings", idea.rule);
        let found = findings.iter().any(|finding| {
            let subject = finding["subject"].as_str().unwrap_or_default().to_lowercase();
            finding["level"] == idea.level && subject.contains(&idea.subject.to_lowercase())
        });
        if !found {
            wrong.push(format!("{}: not found, but {findings:?}", idea.words));
        }
        let report = check(&idea.following, idea.revision);
        let outcomes = of_rule(&report, "rules", idea.rule);
        let passes = outcomes.iter().any(|row| row["outcome"] == "pass");
        if !passes || !of_rule(&report, "findings", idea.rule).is_empty() {
            wrong.push(format!("{}: does not pass: {outcomes:?}", idea.words));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_sharper_finding_wins() {
    let ts = [network_access(&[r"CONTOSO\naa"]), join(r"CONTOSO\naa")];
    let sign_in = [run_as("a.xml", r"CONTOSO\ts"), join(r"CONTOSO\ts")];
    for (files, silent) in [
        (&ts, &["account-reused-across-roles", "network-access-account-used-elsewhere"][..]),
        (&sign_in, &["account-reused-across-roles", "task-sequence-accounts-shared"][..]),
    ] {
        let report = check(files, LAST);
        for rule in silent {
            assert_eq!(of_rule(&report, "findings", rule), Vec::<&Value>::new(), "{rule}");
        }
    }
}

#[test]
fn what_is_not_exported_does_not_pass() {
    let report = check(&[join(r"CONTOSO\join")], LAST);
    let outcomes = of_rule(&report, "rules", "account-shared-with-network-access-account");
    assert!(outcomes.iter().any(|row| row["outcome"] == "not_evaluated"));
    assert!(outcomes.iter().all(|row| row["outcome"] != "pass"), "{outcomes:?}");
}

#[test]
fn a_local_name_of_two_computers_is_not_one_account() {
    let files = [roles(&[("dp1", "SMS Site System", "UserName", r".\setup")]), mail(2, r".\setup")];
    assert_eq!(
        of_rule(&check(&files, LAST), "findings", "account-reused-across-roles"),
        Vec::<&Value>::new()
    );
}
