//! One domain under its two names, computers of like names, local accounts: what exports tie together is one, what they do
//! not tie is neither the same nor different. The estates are invented; each is as small as the question.

mod common;

use std::collections::BTreeSet;

use cmlint::cli::BuiltIn;
use common::estates::{self, Files};
use serde_json::{Value, json};

const SID: &str = "S-1-5-21-771100201-331045519-1930447000";
const OTHER: &str = "S-1-5-21-40400404-505050505-606060606";

/// The JSON report on some files.
fn report(files: &[(&str, &Value)]) -> Value {
    let files: Files =
        files.iter().map(|(name, value)| ((*name).to_owned(), value.to_string().into_bytes())).collect();
    report_on(files)
}

fn report_on(files: Files) -> Value {
    estates::report(&BuiltIn::load().expect("what is built in loads"), files)
}

/// The findings of a rule: subject, confidence and message.
fn found(report: &Value, rule: &str) -> Vec<(String, String, String)> {
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    report["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|finding| finding["rule"] == rule)
        .map(|finding| (text(finding, "subject"), text(finding, "confidence"), text(finding, "message")))
        .collect()
}

/// What became of a rule, of several statements the weightiest, and why, and what to collect.
fn outcome(report: &Value, rule: &str) -> (String, String, String) {
    outcome_for(report, rule, "")
}

/// [`outcome`] for the statements that hold a text.
fn outcome_for(report: &Value, rule: &str, statement: &str) -> (String, String, String) {
    let about = |of: &&Value| of["rule"] == rule && of["statements"].to_string().contains(statement);
    let weight = |of: &&Value| match of["outcome"].as_str() {
        Some("fail") => 3,
        Some("not_evaluated") => 2,
        Some("pass") => 1,
        _ => 0,
    };
    let of = report["rules"].as_array().into_iter().flatten().filter(about).max_by_key(weight);
    let open = report["not_evaluated"].as_array().into_iter().flatten().find(about).unwrap_or(&Value::Null);
    let text = |of: &Value, key: &str| of[key].as_str().unwrap_or_default().to_owned();
    (text(of.expect("the rule is told"), "outcome"), text(open, "reason"), text(open, "collect"))
}

fn naa(accounts: &[&str]) -> Value {
    json!({"ClientComponentName": "Software Distribution", "ItemName": "Software Distribution",
        "ItemType": "Client Component", "FileType": 2, "Flags": 6, "Props": [], "SiteCode": "L01",
        "PropLists": [{"PropertyListName": "Network Access User Names", "Values": accounts}]})
}

fn push(account: &str) -> Value {
    json!({"ComponentName": "SMS_CLIENT_CONFIG_MANAGER", "FileType": 2,
        "ItemName": "SMS_CLIENT_CONFIG_MANAGER|SMS Site Server", "ItemType": "Component", "Name": "SMS Site Server",
        "PropLists": [{"PropertyListName": "Reserved2", "Values": [account]}], "Props": [], "SiteCode": "L01"})
}

/// As `Get-ADUser` gives it; `domain` with dots.
fn user(name: &str, domain: &str, sid: &str) -> Value {
    let parts: String = domain.split('.').map(|part| format!(",DC={part}")).collect();
    json!({"DistinguishedName": format!("CN={name},OU=Accounts{parts}"), "Enabled": true, "Name": name,
        "ObjectClass": if name.ends_with('$') { "computer" } else { "user" }, "SamAccountName": name,
        "SID": {"BinaryLength": 28, "Value": sid}, "UserPrincipalName": null})
}

fn disabled(mut user: Value) -> Value {
    user["Enabled"] = json!(false);
    user
}

fn member_of(mut user: Value, group: &str) -> Value {
    user["MemberOf"] = json!([group]);
    user
}

const RETIRED: &str = "retired-account-still-listed";
const ADMIN: &str = "push-account-is-domain-admin";
const ADMINS: &str = "CN=Domain Admins,CN=Users,DC=intern,DC=lakeside,DC=example";

#[test]
fn a_short_name_is_taken_for_the_only_domain_that_begins_with_it() {
    let accounts = naa(&[r"LAKESIDE\svc-old", r"LAKESIDE\svc-new"]);
    let directory = json!([
        disabled(user("svc-old", "lakeside.example", &format!("{SID}-3001"))),
        user("svc-new", "lakeside.example", &format!("{SID}-3002")),
    ]);
    let alone = report(&[("naa.json", &accounts), ("ad.json", &directory)]);
    let [(subject, confidence, message)] = &found(&alone, RETIRED)[..] else { panic!("{alone:#}") };
    assert_eq!((subject.as_str(), confidence.as_str()), (r"LAKESIDE\svc-old", "medium"));
    assert!(message.ends_with("`LAKESIDE` is taken for the domain `lakeside.example`"), "{message}");

    // The list of domains makes a proof of it, under the same fingerprint.
    let list =
        json!([{"NetBIOSName": "LAKESIDE", "DNSRoot": "lakeside.example", "DomainSID": {"Value": SID}}]);
    let told = report(&[("naa.json", &accounts), ("ad.json", &directory), ("domains.json", &list)]);
    let [(_, confidence, message)] = &found(&told, RETIRED)[..] else { panic!("{told:#}") };
    assert_eq!(confidence, "high");
    assert!(!message.contains("taken for"), "{message}");
    let print = |report: &Value| {
        report["findings"].as_array().unwrap().iter().find(|f| f["rule"] == RETIRED).unwrap()["fingerprint"]
            .clone()
    };
    assert_eq!(print(&alone), print(&told));

    // What speaks against it turns it off.
    let second = json!([user("someone", "lakeside.test", &format!("{OTHER}-1100"))]);
    let trusted = json!([{"Source": "DC=corp,DC=example", "Target": "lakeside.test", "Direction": 3, "TrustType": 2,
        "IntraForest": false, "ForestTransitive": true, "DisallowTransivity": false, "Name": "lakeside.test"}]);
    let tied =
        json!([{"NetBIOSName": "LAKESIDE", "DNSRoot": "intern.example", "DomainSID": {"Value": OTHER}}]);
    let named = json!([{"NetBIOSName": "LAKE1", "DNSRoot": "lakeside.example", "DomainSID": {"Value": SID}}]);
    let computer = json!([{"Name": "LAKESIDE", "DNSHostName": "lakeside", "Domain": "corp.example", "DomainRole": 3,
        "PartOfDomain": true}]);
    let device = json!([{"Name": "LAKESIDE", "NetbiosName": "LAKESIDE", "ResourceDomainORWorkgroup": "CORP",
        "FullDomainName": "CORP.EXAMPLE", "ResourceId": 1, "Client": 1}]);
    let workgroup = json!([{"Name": "PC1", "NetbiosName": "PC1", "ResourceDomainORWorkgroup": "LAKESIDE",
        "FullDomainName": "", "ResourceId": 1, "Client": 1}]);
    let identifiers = json!([{"AdminID": 1, "AdminSid": format!("{OTHER}-1500"), "LogonName": r"LAKESIDE\anna",
        "IsGroup": false, "RoleNames": []}]);
    for (what, against) in [
        ("another domain of that label", &second),
        ("one that a trust tells of", &trusted),
        ("the short name under another DNS name", &tied),
        ("another short name of the DNS name", &named),
        ("a computer of that name", &computer),
        ("a discovered device of that name", &device),
        ("a workgroup of that name", &workgroup),
        ("another security identifier", &identifiers),
    ] {
        let report = report(&[("naa.json", &accounts), ("ad.json", &directory), ("against.json", against)]);
        assert_eq!(found(&report, RETIRED), [], "{what}");
    }
}

#[test]
fn that_an_account_is_absent_does_not_rest_on_what_is_supposed() {
    let accounts = naa(&[r"LAKESIDE\svc-gone"]);
    // The list is whole: it has what every domain has and nobody names.
    let directory = json!([
        user("krbtgt", "lakeside.example", &format!("{SID}-502")),
        user("svc-new", "lakeside.example", &format!("{SID}-3002")),
    ]);
    let groups = json!([{"DistinguishedName": "CN=Staff,OU=Groups,DC=lakeside,DC=example", "GroupCategory": 1,
        "GroupScope": 1, "Name": "Staff", "ObjectClass": "group", "SamAccountName": "Staff",
        "SID": {"Value": format!("{SID}-1300")}, "Members": []}]);
    let files = [("naa.json", &accounts), ("ad.json", &directory), ("groups.json", &groups)];
    assert_eq!(found(&report(&files), RETIRED), []);
    let list =
        json!([{"NetBIOSName": "LAKESIDE", "DNSRoot": "lakeside.example", "DomainSID": {"Value": SID}}]);
    let told = report(&[files.as_slice(), &[("domains.json", &list)]].concat());
    assert_eq!(found(&told, RETIRED).len(), 1, "{:?}", outcome(&told, RETIRED));
}

#[test]
fn what_is_supposed_is_no_pass() {
    let accounts = naa(&[r"LAKESIDE\svc-new"]);
    let directory = json!([user("svc-new", "lakeside.example", &format!("{SID}-3002"))]);
    let list =
        json!([{"NetBIOSName": "LAKESIDE", "DNSRoot": "lakeside.example", "DomainSID": {"Value": SID}}]);
    let alone = report(&[("naa.json", &accounts), ("ad.json", &directory)]);
    let told = report(&[("naa.json", &accounts), ("ad.json", &directory), ("domains.json", &list)]);
    let passed = |report: &Value| -> BTreeSet<String> {
        let rules = report["rules"].as_array().unwrap().iter();
        rules.filter(|r| r["outcome"] == "pass").map(|r| r["rule"].as_str().unwrap().to_owned()).collect()
    };
    assert!(passed(&alone).is_subset(&passed(&told)));
}

#[test]
fn one_security_identifier_ties_two_names_of_a_domain() {
    let account = push(r"LAKE\svc-roll");
    let roll = member_of(user("svc-roll", "intern.lakeside.example", &format!("{SID}-1234")), ADMINS);
    let directory = json!([roll, user("anna", "intern.lakeside.example", &format!("{SID}-1107"))]);
    let untied = report(&[("push.json", &account), ("ad.json", &directory)]);
    assert_eq!(found(&untied, ADMIN), []);
    let (outcome, reason, collect) = outcome(&untied, ADMIN);
    assert_eq!(outcome, "not_evaluated");
    assert!(reason.contains("`LAKE`") && reason.contains("`intern.lakeside.example`"), "{reason}");
    assert!(collect.contains("Get-ADDomain -ErrorAction Stop | Select-Object NetBIOSName"), "{collect}");

    let admin = json!([{"AdminID": 1, "AdminSid": format!("{SID}-1107"), "LogonName": r"LAKE\anna", "IsGroup": false,
        "RoleNames": []}]);
    // Nobody names this one: his row is not kept, what it says of the domain is.
    let discovered =
        json!([{"UniqueUserName": r"LAKE\nobody", "SID": format!("{SID}-9001"), "ResourceId": 1}]);
    let local = json!({"Computer": "ws1", "Group": "Remote Desktop Users", "GroupSid": "S-1-5-32-555", "Members": [
        {"Name": r"LAKE\helpers", "SID": {"Value": format!("{SID}-1300")}, "ObjectClass": "Group"}]});
    let group =
        json!([{"Domain": "LAKE", "Group": "helpers", "GroupSid": format!("{SID}-1300"), "Members": []}]);
    for (what, tie) in [
        ("an administrative user", &admin),
        ("a discovered user", &discovered),
        ("a member of a local group", &local),
        ("a group of the domain", &group),
    ] {
        let report = report(&[("push.json", &account), ("ad.json", &directory), ("tie.json", tie)]);
        let findings = found(&report, ADMIN);
        assert_eq!(findings.len(), 1, "{what}: {findings:?}");
        assert_eq!((findings[0].0.as_str(), findings[0].1.as_str()), (r"LAKE\svc-roll", "high"), "{what}");
    }
    // An identifier under two short names ties none of them, and one of another domain none either.
    let two = json!([
        {"AdminID": 1, "AdminSid": format!("{SID}-1107"), "LogonName": r"LAKE\anna", "IsGroup": false, "RoleNames": []},
        {"AdminID": 2, "AdminSid": format!("{SID}-1108"), "LogonName": r"POND\bert", "IsGroup": false, "RoleNames": []},
    ]);
    let foreign = json!([{"AdminID": 1, "AdminSid": format!("{OTHER}-1107"), "LogonName": r"LAKE\anna",
        "IsGroup": false, "RoleNames": []}]);
    for tie in [&two, &foreign] {
        let report = report(&[("push.json", &account), ("ad.json", &directory), ("tie.json", tie)]);
        assert_eq!(found(&report, ADMIN), []);
    }
}

#[test]
fn a_name_without_domain_is_one_of_the_domain_of_its_identifier() {
    let account = push(r"LAKE\svc-roll");
    let group = json!([{"Domain": "LAKE", "Group": "Domain Admins", "GroupSid": format!("{SID}-512"), "Members": [
        {"name": "svc-roll", "objectClass": "user", "SamAccountName": "svc-roll",
            "SID": {"BinaryLength": 28, "Value": format!("{SID}-2210")}}]}]);
    let report = report(&[("push.json", &account), ("groups.json", &group)]);
    assert_eq!(found(&report, ADMIN).len(), 1, "{:?}", outcome(&report, ADMIN));
}

fn connect(account: &str, path: &str) -> Files {
    let text = format!(
        r#"<sequence version="3.10"><step type="SMS_TaskSequence_ConnectNetworkFolderAction" name="Connect" description="">
<action>smsnetuse.exe</action><defaultVarList>
<variable name="SMSConnectNetworkFolderAccount" property="Username">{account}</variable>
<variable name="SMSConnectNetworkFolderDriveLetter" property="DriveLetter">Z:</variable>
<variable name="SMSConnectNetworkFolderPath" property="Path">{path}</variable></defaultVarList></step></sequence>"#
    );
    vec![("ts.xml".to_owned(), text.into_bytes())]
}

#[test]
fn a_computer_of_the_inventory_has_local_accounts() {
    const RULE: &str = "task-sequence-account-not-domain-user";
    let with = |mut files: Files, more: &[Value]| {
        let more = more.iter().enumerate();
        files.extend(more.map(|(n, value)| (format!("{n}.json"), value.to_string().into_bytes())));
        report_on(files)
    };
    let inventory = json!([{"Name": "STORE7", "NetbiosName": "STORE7", "ResourceDomainORWorkgroup": "LAKESIDE",
        "FullDomainName": "LAKESIDE.EXAMPLE", "ResourceId": 1, "Client": 1}]);
    let console = json!([{"Name": "STORE7", "Domain": "LAKESIDE", "SiteCode": "L01", "IsClient": true}]);
    let share = r"\\store7.lakeside.example\media";
    for list in [&inventory, &console] {
        let report = with(connect(r"STORE7\reader", share), std::slice::from_ref(list));
        assert_eq!(found(&report, RULE).len(), 1, "{:?}", outcome(&report, RULE));
        assert_eq!(found(&report, RULE)[0].1, "high");
    }
    // The path alone may name a domain below the one that is known.
    let list =
        json!([{"NetBIOSName": "LAKESIDE", "DNSRoot": "lakeside.example", "DomainSID": {"Value": SID}}]);
    let report = with(connect(r"STORE7\reader", share), std::slice::from_ref(&list));
    let findings = found(&report, RULE);
    assert_eq!(findings.len(), 1);
    assert_ne!(findings[0].1, "high");
    assert!(
        findings[0].2.ends_with("`STORE7` is taken for the computer `store7.lakeside.example`"),
        "{findings:?}"
    );
    // The name of a domain before a share is no computer.
    for path in [r"\\lakeside.example\media", r"\\lakeside\media"] {
        let report = with(connect(r"LAKESIDE\reader", path), std::slice::from_ref(&list));
        assert_eq!(found(&report, RULE), [], "{path}");
        let report = with(connect(r"LAKESIDE\reader", path), std::slice::from_ref(&inventory));
        assert_eq!(found(&report, RULE), [], "{path}");
    }
    let child = json!([user("anna", "sub.lakeside.example", &format!("{OTHER}-1107"))]);
    let report = with(connect(r"SUB\reader", r"\\sub.lakeside.example\media"), &[list, child]);
    assert_eq!(found(&report, RULE), []);
}

fn role(host: &str, role: &str) -> Value {
    json!({"FileType": 2, "Flag": 0, "ItemType": "System Resource Usage", "NetworkOSPath": format!(r"\\{host}"),
        "NALPath": format!(r#"["Display=\\{host}\"]MSWNET:["SMS_SITE=L01"]\\{host}\"#), "PropLists": [], "Props": [],
        "RoleCount": 1, "RoleName": role, "SiteCode": "L01", "SslState": 0, "Type": 2})
}

#[test]
fn a_like_named_computer_of_another_domain_is_another() {
    const RULE: &str = "connecting-account-missing-from-group";
    const MEMBERS: &str = "members-remote-mp-computers";
    let roles = json!([
        role("cm1.lakeside.example", "SMS Site System"),
        role("cm1.lakeside.example", "SMS Site Server"),
        role("cm1.lakeside.example", "SMS Provider"),
        role("cm1.lakeside.example", "SMS SQL Server"),
        role("mp1.lakeside.example", "SMS Site System"),
        role("mp1.lakeside.example", "SMS Management Point"),
    ]);
    let sites = json!([{"SiteCode": "L01", "ReportingSiteCode": "", "ServerName": "cm1.lakeside.example",
        "InstallDir": r"D:\CM", "Type": 2, "Version": "5.00.8740.1000", "BuildNumber": 8740, "SiteName": "L01"}]);
    let group = |domain: &str, sid: &str| {
        json!({"Computer": "CM1", "Group": "SMS_SiteSystemToSiteServerConnection_MP_L01", "Members": [
            {"Name": format!(r"{domain}\MP1$"), "SID": format!("{sid}-5001"), "ObjectClass": "User"}]})
    };
    let own = json!([user("MP1$", "lakeside.example", &format!("{SID}-5001"))]);
    let foreign = json!([user("MP1$", "hills.example", &format!("{OTHER}-5001"))]);
    let of = |group: &Value, more: &[(&str, &Value)]| {
        let mut files = vec![("roles.json", &roles), ("sites.json", &sites), ("group.json", group)];
        files.extend(more);
        report(&files)
    };
    // Another domain, by the identifier.
    let report = of(&group("HLS", OTHER), &[("foreign.json", &foreign)]);
    assert_eq!(found(&report, RULE).len(), 1, "{:?}", outcome(&report, RULE));
    // The own domain, by the identifier.
    let report = of(&group("LKS", SID), &[("own.json", &own)]);
    assert_eq!(outcome_for(&report, RULE, MEMBERS).0, "pass");
    // Nothing ties the domain: neither missing nor there.
    let report = of(&group("HLS", OTHER), &[]);
    let (outcome_of, reason, collect) = outcome_for(&report, RULE, MEMBERS);
    assert_eq!((found(&report, RULE), outcome_of.as_str()), (Vec::new(), "not_evaluated"));
    assert!(reason.contains("`HLS`") && reason.contains("`lakeside.example`"), "{reason}");
    assert!(collect.contains("Get-ADDomain -ErrorAction Stop | Select-Object NetBIOSName"), "{collect}");
    // The names agree as far as they go, and there is one computer of that name only.
    let report = of(&group("LAKESIDE", SID), &[]);
    assert_eq!(outcome_for(&report, RULE, MEMBERS).0, "pass");
}

#[test]
fn a_computer_without_a_domain_behind_its_name_is_where_exports_say() {
    const RULE: &str = "connecting-account-missing-from-group";
    const MEMBERS: &str = "members-remote-mp-computers";
    let roles = json!([
        role("cm1", "SMS Site System"),
        role("cm1", "SMS Site Server"),
        role("cm1", "SMS Provider"),
        role("cm1", "SMS SQL Server"),
        role("mp1", "SMS Site System"),
        role("mp1", "SMS Management Point"),
    ]);
    let sites = json!([{"SiteCode": "L01", "ReportingSiteCode": "", "ServerName": "cm1", "InstallDir": r"D:\CM", "Type": 2,
        "Version": "5.00.8740.1000", "BuildNumber": 8740, "SiteName": "L01"}]);
    let group = json!({"Computer": "CM1", "Group": "SMS_SiteSystemToSiteServerConnection_MP_L01", "Members": [
        {"Name": r"HILLS\MP1$", "SID": format!("{OTHER}-5001"), "ObjectClass": "User"}]});
    let device =
        |domain: &str| json!([{"Name": "MP1", "Domain": domain, "SiteCode": "L01", "IsClient": true}]);
    let files = [("roles.json", &roles), ("sites.json", &sites), ("group.json", &group)];
    let of = |devices: &[&Value]| {
        let more = devices.iter().enumerate().map(|(number, value)| (["a.json", "b.json"][number], *value));
        report(&files.iter().copied().chain(more).collect::<Vec<_>>())
    };
    let (lakeside, hills) = (device("LAKESIDE"), device("HILLS"));
    assert_eq!(outcome_for(&of(&[]), RULE, MEMBERS).0, "pass", "there is one computer of that name");
    assert_eq!(outcome_for(&of(&[&hills]), RULE, MEMBERS).0, "pass");
    assert_eq!(outcome_for(&of(&[&lakeside]), RULE, MEMBERS).0, "fail");
    assert_eq!(outcome_for(&of(&[&lakeside, &hills]), RULE, MEMBERS).0, "not_evaluated");
}

#[test]
fn a_domain_that_nothing_ties_is_not_untrusted() {
    const RULE: &str = "network-access-accounts-not-trusted";
    let trusts = json!([
        {"Source": "DC=lakeside-north,DC=example", "Target": "sub.lakeside-north.example", "Direction": 3, "TrustType": 2,
            "IntraForest": true, "ForestTransitive": false, "DisallowTransivity": false,
            "Name": "sub.lakeside-north.example"},
        {"Source": "DC=sub,DC=lakeside-north,DC=example", "Target": "lakeside-north.example", "Direction": 3,
            "TrustType": 2, "IntraForest": true, "ForestTransitive": false, "DisallowTransivity": false,
            "Name": "lakeside-north.example"},
    ]);
    let points = ["cm1.lakeside-north.example", "dp2.sub.lakeside-north.example"];
    let mut roles = vec![role(points[0], "SMS Site Server")];
    for point in points {
        roles.extend([role(point, "SMS Site System"), role(point, "SMS Distribution Point")]);
    }
    let roles = json!(roles);
    let accounts = naa(&[r"LAKE\svc-naa"]);
    let files = [("trusts.json", &trusts), ("roles.json", &roles), ("naa.json", &accounts)];
    let open = report(&files);
    assert_eq!(found(&open, RULE), []);
    let (outcome_of, reason, collect) = outcome(&open, RULE);
    assert_eq!(outcome_of, "not_evaluated");
    assert!(reason.to_lowercase().contains("the domains `lake` and `"), "{reason}");
    assert!(collect.contains("Get-ADDomain -ErrorAction Stop | Select-Object NetBIOSName"), "{collect}");
    // With both names of all domains the lists tell.
    let list = |lake: &str| {
        json!([
            {"NetBIOSName": "LNORTH", "DNSRoot": "lakeside-north.example", "DomainSID": {"Value": SID}},
            {"NetBIOSName": "LSUB", "DNSRoot": "sub.lakeside-north.example", "DomainSID": {"Value": OTHER}},
            {"NetBIOSName": "LAKE", "DNSRoot": lake},
        ])
    };
    let untrusted = list("lake.test");
    let told = report(&[files.as_slice(), &[("domains.json", &untrusted)]].concat());
    assert!(!found(&told, RULE).is_empty(), "{:?}", outcome(&told, RULE));
}

/// A sequence of one step whose account is set, as the file that the console saves.
fn sequence(account: &str) -> String {
    format!(
        r#"<sequence version="3.10"><step type="SMS_TaskSequence_RunCommandLineAction" name="Set up"><defaultVarList><variable name="SMSTSRunCommandLineUserName" property="UserName">{account}</variable><variable name="_SMSTSRunCommandLineAsUser" property="RunAsUser">true</variable></defaultVarList></step></sequence>"#
    )
}

#[test]
fn a_task_sequence_in_several_files_is_one() {
    let shared = "run-as-account-shared-by-task-sequences";
    let bare = |name: &str, account: &str| (name.to_owned(), sequence(account).into_bytes());
    let named = |name: &str, package: &str| {
        let value = json!([{"PackageID": package, "Name": name, "Sequence": sequence(r"CONTOSO\run")}]);
        (format!("{package}.json"), value.to_string().into_bytes())
    };
    let count = |files: Files| found(&report_on(files), shared).len();
    // The steps alone, beside the list that names the sequence.
    assert_eq!(count(vec![bare("a.xml", r"CONTOSO\run"), named("Deploy", "PS100001")]), 0);
    // Two that are named are two, and so are two files that nothing names.
    assert_eq!(count(vec![bare("a.xml", r"CONTOSO\run"), bare("b.xml", r"CONTOSO\run")]), 1);
    assert_eq!(count(vec![named("Deploy", "PS100001"), named("Refresh", "PS100002")]), 1);
    assert_eq!(count(vec![bare("a.xml", r"CONTOSO\run"), bare("b.xml", r"contoso\run")]), 1);
}
