//! The example estate with the directory as SharpHound collects it, in place of the exports of Active Directory: what is
//! found is the same, but for what SharpHound does not tell.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use cmlint::cli::BuiltIn;
use common::estates::{Files, estate, report, text};
use serde_json::{Value, json};

/// The exports that are replaced.
const REPLACED: [&str; 4] =
    ["beside/directory.json", "beside/domain-groups.json", "beside/domain.json", "beside/trusts.json"];

fn rows(files: &Files, name: &str) -> Vec<Value> {
    let (_, data) = files.iter().find(|(label, _)| label == name).expect("it is there");
    let text = text(data).0;
    serde_json::from_str(text.trim_start_matches('\u{feff}')).expect("a list")
}

fn said<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key].as_str().unwrap_or_default()
}

/// The domain of a distinguished name, in capitals and with dots.
fn domain(name: &str) -> String {
    let parts = name.split(',').filter_map(|part| part.strip_prefix("DC="));
    parts.collect::<Vec<_>>().join(".").to_uppercase()
}

/// A file of SharpHound.
fn file(kind: &str, data: Vec<Value>) -> (String, Vec<u8>) {
    let meta = json!({"methods": 0, "type": kind, "count": data.len(), "version": 6});
    (format!("20240501_{kind}.json"), json!({"data": data, "meta": meta}).to_string().into_bytes())
}

/// Seconds from 1970 to the beginning of a day, `2018-05-02T...`.
fn seconds(date: &str) -> u64 {
    let mut parts = date[..10].split('-').map(|part| part.parse::<u64>().expect("a number"));
    let (year, month, day) =
        (parts.next().expect("a year"), parts.next().expect("a month"), parts.next().expect("a day"));
    let leap = |year: u64| year.is_multiple_of(4);
    let months = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let days: u64 = (1970..year).map(|y| if leap(y) { 366 } else { 365 }).sum();
    let before = usize::try_from(month - 1).expect("small");
    (days + months[..before].iter().sum::<u64>() + day - 1) * 86_400
}

/// What SharpHound has instead of the exports of Active Directory.
fn sharphound(files: &Files) -> Files {
    let domains = rows(files, "beside/domain.json");
    let sid_of = |dns: &str| {
        let own = domains.iter().find(|d| said(d, "DNSRoot").eq_ignore_ascii_case(dns));
        own.map(|d| said(d, "DomainSID").to_owned()).unwrap_or_default()
    };
    let (mut users, mut computers) = (Vec::new(), Vec::new());
    let mut classes: BTreeMap<String, &str> = BTreeMap::new();
    for row in rows(files, "beside/directory.json") {
        let (name, sid) = (said(&row, "SamAccountName"), said(&row["SID"], "Value"));
        let domain = domain(said(&row, "DistinguishedName"));
        let is_computer = said(&row, "ObjectClass") == "computer";
        let shown = if is_computer { name.trim_end_matches('$') } else { name };
        let joined = if is_computer { format!("{shown}.{domain}") } else { format!("{shown}@{domain}") };
        let mut properties = json!({
            "domain": domain, "name": joined.to_uppercase(), "samaccountname": name,
            "distinguishedname": said(&row, "DistinguishedName").to_uppercase(), "domainsid": sid_of(&domain),
            "enabled": row["Enabled"], "lockedout": row["LockedOut"], "profilepath": row["ProfilePath"],
        });
        if let Some(date) = row["PasswordLastSet"].as_str() {
            properties["pwdlastset"] = json!(seconds(date));
        }
        let group = format!("{}-{}", sid_of(&domain), row["PrimaryGroupID"]);
        let node = json!({"ObjectIdentifier": sid, "Properties": properties, "PrimaryGroupSID": group, "Aces": [],
            "IsDeleted": false, "IsACLProtected": false});
        classes.insert(sid.to_owned(), if is_computer { "Computer" } else { "User" });
        if is_computer { computers.push(node) } else { users.push(node) }
    }
    let groups = rows(files, "beside/domain-groups.json").into_iter().map(|row| {
        let own = domains.iter().find(|d| said(d, "NetBIOSName").eq_ignore_ascii_case(said(&row, "Domain")));
        let domain = own.map(|d| said(d, "DNSRoot").to_uppercase()).unwrap_or_default();
        let name = said(&row, "Group");
        let members = row["Members"].as_array().expect("a list").iter().map(|member| {
            let sid = said(&member["SID"], "Value");
            let class = classes.get(sid).copied().unwrap_or("Group");
            json!({"ObjectIdentifier": sid, "ObjectType": class})
        });
        let members: Vec<Value> = members.collect();
        json!({"ObjectIdentifier": row["GroupSid"], "Aces": [], "IsDeleted": false, "Members": members,
            "Properties": {"domain": domain, "name": format!("{name}@{domain}").to_uppercase(),
                "samaccountname": name, "domainsid": sid_of(&domain)}})
    });
    let groups = groups.collect();
    let trusts = rows(files, "beside/trusts.json");
    let nodes = domains.iter().filter(|d| !said(d, "DNSRoot").starts_with("fabrikam")).map(|own| {
        let dns = said(own, "DNSRoot");
        let of = trusts.iter().filter(|t| said(t, "Domain").eq_ignore_ascii_case(dns));
        let of = of.flat_map(|t| t["Trusts"].as_array().expect("a list")).map(|trust| {
            json!({"TargetDomainName": said(trust, "Target").to_uppercase(), "TargetDomainSid": sid_of(said(trust, "Target")),
                "IsTransitive": true, "TrustDirection": "Bidirectional", "TrustType": "Forest"})
        });
        json!({"ObjectIdentifier": own["DomainSID"], "Aces": [], "Trusts": of.collect::<Vec<_>>(), "IsDeleted": false,
            "Properties": {"domain": dns.to_uppercase(), "name": dns.to_uppercase(), "netbios": own["NetBIOSName"],
                "domainsid": own["DomainSID"]}})
    });
    vec![
        file("users", users),
        file("computers", computers),
        file("groups", groups),
        file("domains", nodes.collect()),
    ]
}

/// Rule, subject without regard to capitals, level.
fn found(report: &Value) -> BTreeSet<(String, String, String)> {
    let all = report["findings"].as_array().expect("a list").iter();
    all.map(|f| (said(f, "rule").to_owned(), said(f, "subject").to_lowercase(), said(f, "level").to_owned()))
        .collect()
}

#[test]
fn sharphound_in_place_of_the_directory_gives_the_same_findings() {
    let built_in = BuiltIn::load().expect("what is built in loads");
    for name in ["contoso", "clean"] {
        let files = estate(name);
        let expected = found(&report(&built_in, files.clone()));
        let other = sharphound(&files);
        let kept = files.into_iter().filter(|(label, _)| !REPLACED.contains(&label.as_str()));
        let told = found(&report(&built_in, kept.chain(other).collect()));
        let new: Vec<_> = told.difference(&expected).collect();
        let gone: Vec<_> = expected.difference(&told).collect();
        assert!(new.is_empty() && gone.is_empty(), "{name}: new {new:#?}\ngone {gone:#?}");
    }
}
