//! The shipped mapping on hand-made objects of every class it knows.

use std::sync::OnceLock;

use serde_json::{Value as Json, json};

use super::merge::{Merged, OfSource};
use super::rows::{Budget, Collector, Task};
use super::*;
use crate::reader::{Data, Missing, Object, Record, Secret, Sink, Value};
use crate::source::SourceId;
use crate::yaml::render;

fn shipped() -> &'static (Schema, Mapping) {
    static LOADED: OnceLock<(Schema, Mapping)> = OnceLock::new();
    LOADED.get_or_init(|| load(&Assets::content()).unwrap_or_else(|p| panic!("{}", render(&p, false))))
}

/// Makes objects of JSON. Each value stands one byte behind the one before, so that places can be told apart.
/// `"<cut>"` is a value beyond the depth of an export, `"<clear>"` and the like are credentials.
struct Maker {
    at: u64,
}

impl Maker {
    fn span(&mut self) -> Span {
        self.at += 1;
        Span { start: self.at, end: self.at + 1 }
    }

    fn value(&mut self, json: &Json) -> Value {
        let span = self.span();
        let data = match json {
            Json::Null => Data::Null,
            Json::Bool(flag) => Data::Bool(*flag),
            Json::Number(number) => Data::Number(number.to_string().into()),
            Json::String(text) => match text.as_str() {
                "<cut>" => Data::Truncated,
                "<clear>" => Data::Secret(Secret::Clear),
                "<protected>" => Data::Secret(Secret::Protected),
                "<reference>" => Data::Secret(Secret::Reference),
                text => Data::Text(text.into()),
            },
            Json::Array(items) => Data::List(items.iter().map(|item| self.value(item)).collect()),
            Json::Object(_) => Data::Object(self.object(json)),
        };
        Value { span, data }
    }

    fn object(&mut self, json: &Json) -> Object {
        let map = json.as_object().unwrap();
        let properties = map.iter().map(|(name, v)| (name.as_str().into(), self.value(v))).collect();
        Object { class: None, properties }
    }

    fn record(&mut self, class: &str, json: &Json) -> Record {
        let start = self.at + 1;
        let object = self.object(json);
        Record { class: class.into(), span: Span { start, end: self.at + 2 }, object }
    }
}

/// The evidence of several sources, each a list of classes and objects.
fn evidence_of(sources: &[&[(&str, Json)]]) -> (Merged, Identities) {
    let (schema, mapping) = shipped();
    let budget = Budget::new(1000);
    let sources = sources
        .iter()
        .enumerate()
        .map(|(number, records)| {
            let source = SourceId(u32::try_from(number).unwrap());
            let mut collector = Collector::new(schema, mapping, source, "file name", Task::All(&budget));
            let mut maker = Maker { at: 0 };
            for (class, json) in *records {
                match *class {
                    "<missing>" => collector.missing(json.as_str(), Missing::MorePages, maker.span()),
                    class => collector.record(maker.record(class, json)),
                }
            }
            OfSource { folder: "", stretches: vec![collector.finish()] }
        })
        .collect();
    let merged = assemble(schema, mapping, sources);
    let identities = Identities::build(schema, &merged.evidence);
    (merged, identities)
}

fn show(fact: &Fact) -> String {
    match fact {
        Fact::Unknown(why) => format!("?{}", why.name()),
        Fact::Empty => String::new(),
        Fact::Flag(flag) => flag.to_string(),
        Fact::Integer(number) => number.to_string(),
        Fact::Text(text) => text.to_string(),
        Fact::Account(account) => account.written.to_string(),
        Fact::List(cells) => {
            let items: Vec<String> = cells.iter().map(|cell| show(&cell.fact)).collect();
            format!("[{}]", items.join("; "))
        }
    }
}

/// The rows of a table, one a line: the fields that are not empty.
fn rows(merged: &Merged, table: &str) -> Vec<String> {
    let (schema, _) = shipped();
    let id = schema.table(table).unwrap();
    let line = |cells: &[Cell]| {
        let fields = schema.tables[id].fields.iter().zip(cells);
        let filled = fields.filter(|(_, cell)| !matches!(cell.fact, Fact::Empty));
        filled
            .map(|(field, cell)| format!("{}={}", field.name, show(&cell.fact)))
            .collect::<Vec<_>>()
            .join(" ")
    };
    merged.evidence.tables[id].rows.iter().map(|row| line(&row.cells)).collect()
}

/// The gaps of a table, one a line: why, and the fields that are known.
fn gaps(merged: &Merged, table: &str) -> Vec<String> {
    let (schema, _) = shipped();
    let id = schema.table(table).unwrap();
    let line = |gap: &Gap| {
        let fields = schema.tables[id].fields.iter().zip(&gap.cells);
        let known = fields.filter(|(_, cell)| !matches!(cell.fact, Fact::Unknown(_) | Fact::Empty));
        let known: String =
            known.map(|(field, cell)| format!(" {}={}", field.name, show(&cell.fact))).collect();
        format!("{}{known}", gap.missing.why.name())
    };
    merged.evidence.tables[id].gaps.iter().map(line).collect()
}

/// The rows of the given tables from one source.
fn from(records: &[(&str, Json)], tables: &[&str]) -> Vec<String> {
    let (merged, _) = evidence_of(&[records]);
    tables.iter().flat_map(|table| rows(&merged, table)).collect()
}

#[test]
fn sites() {
    assert_eq!(
        from(
            &[
                (
                    "SMS_Site",
                    json!({"SiteCode": "PS1", "ReportingSiteCode": "CAS", "ServerName": "ps1.contoso.com", "Type": 2,
                        "InstallDir": r"D:\CM", "Version": "5.00.8692.1000", "BuildNumber": 8692})
                ),
                (
                    "SMS_SCI_SiteDefinition",
                    json!({"SiteCode": "CAS", "ParentSiteCode": "", "SiteServerName": r"\\cas.contoso.com",
                        "SiteType": "4", "InstallDirectory": r"C:\CM"})
                ),
            ],
            &["sites"]
        ),
        [
            r"site=PS1 parent=CAS server=ps1.contoso.com type=primary install_dir=D:\CM version=5.00.8692.1000 build=8692",
            r"site=CAS server=cas.contoso.com type=cas install_dir=C:\CM version=?not-exported build=?not-exported",
        ]
    );
}

fn role(name: &str, props: Json) -> (&'static str, Json) {
    let nal = r#"["Display=\\srv.contoso.com\"]MSWNET:["SMS_SITE=PS1"]\\srv.contoso.com\"#;
    ("SMS_SCI_SysResUse", json!({"RoleName": name, "SiteCode": "PS1", "NALPath": nal, "Props": props}))
}

fn prop(name: &str, value: i64, value1: &str, value2: &str) -> Json {
    json!({"PropertyName": name, "Value": value, "Value1": value1, "Value2": value2})
}

#[test]
fn roles_and_their_accounts() {
    let account = r"CONTOSO\svc";
    let records = [
        role(
            "SMS Management Point",
            json!([prop("UserName", 0, "", account), prop("SQLServerName", 0, "", "db1")]),
        ),
        role("SMS Enrollment Server", json!([prop("USERNAME", 0, account, "")])),
        // The slot that looks like an account wins.
        role("SMS Certificate Registration Point", json!([prop("UserName", 0, account, "x")])),
        role("SMS Multicast Service Point", json!([])),
        role("SMS SRS Reporting Point", json!(prop("Username", 0, "", account))),
        role(
            "SMS Software Update Point",
            json!({"WSUSAccessAccount": prop("WSUSAccessAccount", 0, "", account)}),
        ),
        role("SMS Distribution Point", json!([prop("IsMulticast", 1, "", "")])),
        role(
            "SMS Site System",
            json!([
                prop("UserName", 0, "", account),
                prop("UseMachineAccount", 0, "", ""),
                prop("FDMOperation", 1, "", ""),
                prop("UseProxy", 1, "", ""),
                prop("ProxyName", 0, "", "proxy.contoso.com"),
                prop("ProxyUserName", 0, "", r"CONTOSO\proxy"),
            ]),
        ),
    ];
    let (merged, _) = evidence_of(&[&records]);
    assert_eq!(rows(&merged, "site_systems").len(), 8);
    assert_eq!(
        rows(&merged, "role_accounts"),
        [
            r"site=PS1 host=srv.contoso.com role=SMS Management Point entity=management-point-connection-account account=CONTOSO\svc database_server=db1",
            r"site=PS1 host=srv.contoso.com role=SMS Enrollment Server entity=enrollment-point-connection-account account=CONTOSO\svc",
            r"site=PS1 host=srv.contoso.com role=SMS Certificate Registration Point entity=certificate-registration-point-account account=CONTOSO\svc",
            r"site=PS1 host=srv.contoso.com role=SMS Multicast Service Point entity=multicast-connection-account",
            r"site=PS1 host=srv.contoso.com role=SMS SRS Reporting Point entity=reporting-services-point-account account=CONTOSO\svc",
            r"site=PS1 host=srv.contoso.com role=SMS Software Update Point entity=software-update-point-connection-account account=CONTOSO\svc",
        ]
    );
    assert_eq!(
        rows(&merged, "installation_accounts"),
        [
            r"site=PS1 host=srv.contoso.com account=CONTOSO\svc use_computer_account=false server_initiated=true"
        ]
    );
    assert_eq!(rows(&merged, "distribution_points"), ["site=PS1 host=srv.contoso.com multicast=true"]);
    assert_eq!(
        rows(&merged, "proxy_settings"),
        [
            r"site=PS1 host=srv.contoso.com role=SMS Site System entity=site-system-proxy-server-account use_proxy=true proxy=proxy.contoso.com account=CONTOSO\proxy"
        ]
    );
    assert_eq!(gaps(&merged, "role_accounts"), [""; 0]);
    assert_eq!(gaps(&merged, "network_access_accounts"), ["not-exported"]);
}

#[test]
fn a_cell_stands_where_its_value_stands() {
    let (schema, _) = shipped();
    let (merged, _) =
        evidence_of(&[&[role("SMS Management Point", json!([prop("UserName", 0, "", r"CONTOSO\svc")]))]]);
    let table = schema.table("role_accounts").unwrap();
    let row = &merged.evidence.tables[table].rows[0];
    let account = &row.cells[schema.tables[table].field("account").unwrap()];
    // RoleName, SiteCode, NALPath, Props, its element, PropertyName, Value, Value1, Value2.
    assert_eq!(account.place.unwrap().span, Span { start: 9, end: 10 });
    assert_eq!(row.record.unwrap().span, Span { start: 1, end: 11 });
}

#[test]
fn what_a_shallow_or_partial_export_leaves_out_is_unknown() {
    let props = |name: &str, props: Json| role(name, props);
    let (merged, _) = evidence_of(&[&[
        props("SMS Management Point", json!("<cut>")),
        props("SMS Enrollment Server", json!([prop("Other", 0, "", ""), "<cut>"])),
        (
            "SMS_SCI_SysResUse",
            json!({"RoleName": "SMS SRS Reporting Point", "NetworkOSPath": r"\\srv2", "SiteCode": "PS1"}),
        ),
        props("SMS Software Update Point", json!("<cut>")),
    ]]);
    assert_eq!(
        rows(&merged, "role_accounts"),
        [
            "site=PS1 host=srv.contoso.com role=SMS Management Point entity=management-point-connection-account account=?truncated database_server=?truncated",
            "site=PS1 host=srv.contoso.com role=SMS Enrollment Server entity=enrollment-point-connection-account account=?truncated database_server=?truncated",
            "site=PS1 host=srv2 role=SMS SRS Reporting Point entity=reporting-services-point-account account=?not-exported database_server=?not-exported",
            "site=PS1 host=srv.contoso.com role=SMS Software Update Point entity=software-update-point-connection-account account=?truncated database_server=?truncated",
        ]
    );
    // Whether the software update point has proxy settings of its own cannot be told.
    assert_eq!(
        gaps(&merged, "proxy_settings"),
        [
            "truncated site=PS1 host=srv.contoso.com role=SMS Software Update Point entity=software-update-point-proxy-server-account"
        ]
    );
    assert_eq!(
        rows(&merged, "export_gaps"),
        [
            "evidence=role_accounts why=truncated what=srv.contoso.com, management-point-connection-account",
            "evidence=role_accounts why=truncated what=srv.contoso.com, enrollment-point-connection-account",
            "evidence=role_accounts why=truncated what=srv.contoso.com, software-update-point-connection-account",
            "evidence=proxy_settings why=truncated what=srv.contoso.com, SMS Software Update Point",
        ]
    );
    // A role without a known account may have one: a gap, not a row.
    assert_eq!(rows(&merged, "account_uses"), [""; 0]);
    let uses = gaps(&merged, "account_uses");
    assert!(
        uses.contains(
            &"truncated entity=management-point-connection-account site=PS1 host=srv.contoso.com role=SMS Management Point purpose=management-point-connection-account"
                .to_owned()
        ),
        "{uses:#?}"
    );
}

fn component(name: &str, lists: Json, props: Json) -> (&'static str, Json) {
    (
        "SMS_SCI_Component",
        json!({"ComponentName": name, "ItemName": format!("{name}|SMS Site Server"), "SiteCode": "PS1", "PropLists": lists, "Props": props}),
    )
}

fn list(name: &str, values: Json) -> Json {
    json!({"PropertyListName": name, "Values": values})
}

#[test]
fn client_components() {
    let client = |lists: Json| {
        (
            "SMS_SCI_ClientComp",
            json!({"ClientComponentName": "Software Distribution", "SiteCode": "PS1", "PropLists": lists}),
        )
    };
    let names = "Network Access User Names";
    assert_eq!(
        from(
            &[client(json!([list(names, json!([r"CONTOSO\a", "", r"CONTOSO\b"]))]))],
            &["network_access_accounts"]
        ),
        [r"site=PS1 account=CONTOSO\a", r"site=PS1 account=CONTOSO\b"]
    );
    // One account, collapsed; one list, collapsed; wrapped in value and Count.
    for lists in [
        json!([list(names, json!(r"CONTOSO\a"))]),
        list(names, json!([r"CONTOSO\a"])),
        json!({"value": [list(names, json!([r"CONTOSO\a"]))], "Count": 1}),
        json!([list(names, json!({"value": [r"CONTOSO\a"], "Count": 1}))]),
        json!({names: [r"CONTOSO\a"]}),
    ] {
        assert_eq!(
            from(&[client(lists.clone())], &["network_access_accounts"]),
            [r"site=PS1 account=CONTOSO\a"],
            "{lists}"
        );
    }
    // None is configured: no row and no gap.
    for lists in [json!([]), Json::Null, json!([list(names, json!([]))])] {
        let (merged, _) = evidence_of(&[&[client(lists.clone())]]);
        assert_eq!(rows(&merged, "network_access_accounts"), [""; 0]);
        assert_eq!(gaps(&merged, "network_access_accounts"), [""; 0], "{lists}");
    }
    // Cut off in three ways.
    for lists in [
        json!("<cut>"),
        json!([list(names, json!("<cut>"))]),
        json!([list(names, json!(r"CONTOSO\a CONTOSO\b"))]),
    ] {
        let (merged, _) = evidence_of(&[&[client(lists.clone())]]);
        assert_eq!(rows(&merged, "network_access_accounts"), [""; 0]);
        assert_eq!(gaps(&merged, "network_access_accounts"), ["truncated site=PS1"], "{lists}");
    }
    // Not selected.
    let (merged, _) = evidence_of(&[&[(
        "SMS_SCI_ClientComp",
        json!({"ClientComponentName": "Software Distribution", "SiteCode": "PS1"}),
    )]]);
    assert_eq!(gaps(&merged, "network_access_accounts"), ["not-exported site=PS1"]);
    // Another component says nothing of it.
    let (merged, _) = evidence_of(&[&[(
        "SMS_SCI_ClientComp",
        json!({"ClientComponentName": "Hardware Inventory", "PropLists": []}),
    )]]);
    assert_eq!(gaps(&merged, "network_access_accounts"), ["not-exported"]);

    let remote = (
        "SMS_SCI_ClientComp",
        json!({"ClientComponentName": "Remote Control", "SiteCode": "PS1", "Flags": 5, "PropLists": [], "Props": [prop("Permission Required", 1, "", "")],
            "RegMultiStringLists": [{"ValueName": "PermittedViewers", "ValueStrings": [r"CONTOSO\helpdesk", "S-1-5-32-544"]}]}),
    );
    assert_eq!(
        from(&[remote], &["client_settings", "permitted_viewers"]),
        [
            r"setting=Default Client Agent Settings remote_tools=true viewers=[CONTOSO\helpdesk; S-1-5-32-544]",
            r"setting=Default Client Agent Settings account=CONTOSO\helpdesk",
            "setting=Default Client Agent Settings account=S-1-5-32-544",
        ]
    );
    let off =
        json!({"ClientComponentName": "Remote Control", "SiteCode": "PS1", "Flags": 4, "PropLists": []});
    let off = from(&[("SMS_SCI_ClientComp", off)], &["client_settings"]);
    assert!(off[0].contains("remote_tools=false"), "{off:?}");
    assert_eq!(
        from(
            &[("SMS_EmbeddedPropertyList", list(names, json!([r"CONTOSO\a"])))],
            &["network_access_accounts"]
        ),
        [r"site=?not-exported account=CONTOSO\a"]
    );
}

#[test]
fn local_accounts_of_file_servers() {
    let account = |text| Account::parse(text).unwrap();
    let folder = |path: &str| {
        step(
            "SMS_TaskSequence_ConnectNetworkFolderAction",
            json!({"SMSConnectNetworkFolderPath": path}),
            json!({}),
        )
    };
    let domain =
        ("SMS_R_System", json!({"ResourceDomainORWorkgroup": "CONTOSO", "FullDomainName": "CONTOSO.COM"}));
    let admin = (
        "SMS_Admin",
        json!({"LogonName": r"TAILSPIN\a", "AdminSid": "S-1-5-21-7-8-9-1104", "RoleNames": []}),
    );
    let steps = [
        folder(r"\\fs1\x"),
        folder(r"\\CONTOSO\dfs"),
        folder(r"\\tailspin\dfs"),
        folder(r"\\fabrikam.com\dfs"),
    ];
    let mut all = steps.to_vec();
    all.extend([domain, admin]);
    let (_, identities) = evidence_of(&[&all]);
    for (text, scope) in [
        (r"FS1\svc", Scope::Local),
        (r"CONTOSO\svc", Scope::Domain),
        (r"TAILSPIN\svc", Scope::Domain),
        (r"FABRIKAM\svc", Scope::Domain),
    ] {
        assert_eq!(identities.scope(&account(text)), Some(scope), "{text}");
    }
    // Without any known domain, the server of a path could be one.
    let (_, identities) = evidence_of(&[&steps]);
    assert_eq!(identities.scope(&account(r"FS1\svc")), Some(Scope::Domain));
}

#[test]
fn site_components() {
    let ldap = "LDAP://OU=Servers,DC=contoso,DC=com";
    let records = [
        component(
            "SMS_CLIENT_CONFIG_MANAGER",
            json!([list("Reserved2", json!([r"CONTOSO\push"]))]),
            json!([]),
        ),
        component("SMS_DISCOVERY_DATA_MANAGER", json!([]), json!([prop("SETTINGS", 0, "ACTIVE", "")])),
        component(
            "SMS_AD_SYSTEM_DISCOVERY_AGENT",
            json!([
                list("AD Containers", json!([ldap, "0", "1"])),
                list(&format!("AD Accounts:{ldap}"), json!([r"CONTOSO\disc"]))
            ]),
            json!([]),
        ),
        component("SMS_AD_USER_DISCOVERY_AGENT", json!([list("AD Accounts:x", json!([]))]), json!([])),
        component("SMS_AD_SECURITY_GROUP_DISCOVERY_AGENT", json!([]), json!([])),
        component(
            "SMS_ALERT_NOTIFICATION",
            json!([]),
            json!([
                prop("EnableSmtpSetting", 1, "", ""),
                prop("AuthenticationMethod", 2, "", ""),
                prop("UserName", 0, r"CONTOSO\mail", "")
            ]),
        ),
        component(
            "SMS_EXCHANGE_CONNECTOR",
            json!([
                list("ConnectorConfig_1", json!(["mail1", "0", r"CONTOSO\ex"])),
                list("ConnectorConfig_2", json!(["mail2", "0", "7"])),
            ]),
            json!([prop("ProxyUserName", 0, r"CONTOSO\proxy", ""), prop("UseProxy", 1, "", "")]),
        ),
    ];
    let (merged, _) = evidence_of(&[&records]);
    assert_eq!(rows(&merged, "client_push_accounts"), [r"site=PS1 account=CONTOSO\push"]);
    assert_eq!(rows(&merged, "client_push_settings"), ["site=PS1 enabled=true"]);
    assert_eq!(
        rows(&merged, "discovery_accounts"),
        [
            format!(
                r"site=PS1 entity=active-directory-system-discovery-account location={ldap} account=CONTOSO\disc"
            ),
            "site=PS1 entity=active-directory-user-discovery-account location=x".to_owned(),
        ]
    );
    assert_eq!(
        rows(&merged, "email_settings"),
        [r"site=PS1 enabled=true authentication=account account=CONTOSO\mail"]
    );
    assert_eq!(
        rows(&merged, "exchange_connectors"),
        [
            r"site=PS1 server=mail1 account=CONTOSO\ex account_told=true",
            "site=PS1 server=mail2 account=?unreadable-value account_told=true"
        ]
    );
    assert_eq!(
        rows(&merged, "proxy_settings"),
        [
            r"site=PS1 role=Exchange Server connector entity=exchange-server-connector-proxy-server-account use_proxy=true account=CONTOSO\proxy"
        ]
    );
    // A cut list of one agent leaves a gap for its account only.
    let (merged, _) = evidence_of(&[&[component("SMS_AD_USER_DISCOVERY_AGENT", json!("<cut>"), json!([]))]]);
    assert_eq!(
        gaps(&merged, "discovery_accounts"),
        ["truncated site=PS1 entity=active-directory-user-discovery-account"]
    );
}

#[test]
fn routes_forests_and_migration() {
    assert_eq!(
        from(
            &[
                (
                    "SMS_SCI_Address",
                    json!({"SiteCode": "PS1", "DesSiteCode": "CAS", "Props": [prop("Lan Login", 0, "", r"CONTOSO\route")]})
                ),
                ("SMS_SCI_Address", json!({"SiteCode": "CAS", "ItemName": "PS1", "Props": []})),
                (
                    "SMS_ADForest",
                    json!({"ForestFQDN": "contoso.com", "ForestID": 1, "Account": null, "EnableDiscovery": true, "PublishingPath": "", "PublishingStatus": 0})
                ),
                (
                    "SMS_ADForest",
                    json!({"ForestFQDN": "fabrikam.com", "ForestID": 2, "Account": r"FABRIKAM\f", "EnableDiscovery": "False", "PublishingPath": "LDAP://x", "PublishingStatus": 1})
                ),
                (
                    "SMS_ADForest",
                    json!({"ForestFQDN": "lab.local", "ForestID": 3, "Account": "", "EnableDiscovery": true, "PublishingPath": "", "PublishingStatus": 0})
                ),
                (
                    "SMS_ADForest",
                    json!({"ForestFQDN": "dmz.local", "ForestID": 4, "Account": "", "EnableDiscovery": true, "PublishingPath": "", "PublishingStatus": 2})
                ),
                (
                    "SMS_ADForestDiscoveryStatus",
                    json!({"ForestID": 1, "SiteCode": "PS1", "PublishingEnabled": true})
                ),
                (
                    "SMS_ADForestDiscoveryStatus",
                    json!({"ForestID": 1, "SiteCode": "CAS", "PublishingEnabled": false})
                ),
                (
                    "SMS_ADForestDiscoveryStatus",
                    json!({"ForestID": 2, "SiteCode": "PS1", "PublishingEnabled": "False"})
                ),
                (
                    "SMS_MigrationSiteMapping",
                    json!({"SourceSiteCode": "OLD", "SourceSiteFQDN": "old.contoso.com", "Account": r"CONTOSO\mig", "AccountForSql": ""})
                ),
            ],
            &["replication_routes", "forests", "forest_publishing", "migration_sources"]
        ),
        [
            r"site=PS1 destination=CAS account=CONTOSO\route",
            "site=CAS destination=PS1",
            "forest=contoso.com id=1 discovery=true publishing=true",
            r"forest=fabrikam.com id=2 account=FABRIKAM\f discovery=false publishing=false",
            "forest=lab.local id=3 discovery=true publishing=?not-exported",
            "forest=dmz.local id=4 discovery=true publishing=true",
            "forest=contoso.com id=1 site=PS1 publishing=true",
            r"source=OLD server=old.contoso.com account=CONTOSO\mig",
        ]
    );
}

#[test]
fn stored_accounts_and_their_usage() {
    let (merged, _) = evidence_of(&[&[
        (
            "SMS_SCI_Reserved",
            json!({"SiteCode": "PS1", "UserName": r"CONTOSO\a", "AccountUsage": ["Software Distribution", "X"]}),
        ),
        (
            "SMS_SCI_Reserved",
            json!({"SiteCode": "PS1", "UserName": r"CONTOSO\b", "AccountUsage": "Software Distribution"}),
        ),
        ("SMS_SCI_Reserved", json!({"SiteCode": "PS1", "UserName": r"CONTOSO\c", "AccountUsage": []})),
        ("SMS_SCI_Reserved", json!({"SiteCode": "PS1", "UserName": r"CONTOSO\d"})),
        (
            "SMS_SCI_Reserved",
            json!({"SiteCode": "PS1", "ItemName": r"CONTOSO\e| 0", "UserName": "", "AccountUsage": null}),
        ),
    ]]);
    assert_eq!(
        rows(&merged, "stored_accounts"),
        [
            r"site=PS1 account=CONTOSO\a usage=[Software Distribution; X]",
            r"site=PS1 account=CONTOSO\b usage=[Software Distribution]",
            r"site=PS1 account=CONTOSO\c",
            r"site=PS1 account=CONTOSO\d usage=?not-exported",
            r"site=PS1 account=CONTOSO\e",
        ]
    );
}

#[test]
fn administrators_and_what_their_roles_permit() {
    let admin = |name: &str, roles: Json| {
        (
            "SMS_Admin",
            json!({"LogonName": name, "AdminSid": "S-1-5-21-1-2-3-1104", "IsGroup": false, "RoleNames": roles}),
        )
    };
    let role = |name: &str, operations: Json| {
        ("SMS_Role", json!({"RoleName": name, "RoleID": "R", "IsBuiltIn": false, "Operations": operations}))
    };
    let records = [
        admin(r"CONTOSO\full", json!(["Full Administrator"])),
        admin(r"CONTOSO\help", json!("Helpers")),
        admin(r"CONTOSO\odd", json!(["Not listed", "Lazy"])),
        admin(r"CONTOSO\none", json!([])),
        admin(r"CONTOSO\cut", json!("<cut>")),
        role(
            "Helpers",
            json!([{"ObjectTypeID": 1, "GrantedOperations": 4129}, {"ObjectTypeID": 2, "GrantedOperations": 2048}]),
        ),
        role("Lazy", json!([])),
    ];
    let (merged, _) = evidence_of(&[&records]);
    assert_eq!(
        rows(&merged, "role_operations"),
        ["role=Helpers object_type=1 mask=4129", "role=Helpers object_type=2 mask=2048"]
    );
    assert_eq!(gaps(&merged, "role_operations"), ["not-fetched role=Lazy"]);
    let permissions = rows(&merged, "admin_permissions");
    assert_eq!(permissions.len(), 8 + 3);
    assert_eq!(
        permissions[6],
        r"account=CONTOSO\full role=Full Administrator permission=View Collected Files"
    );
    assert_eq!(
        permissions[8..],
        [
            r"account=CONTOSO\help role=Helpers permission=Read",
            r"account=CONTOSO\help role=Helpers permission=Remote Control",
            r"account=CONTOSO\help role=Helpers permission=Read Resource",
        ]
    );
    assert_eq!(
        gaps(&merged, "admin_permissions"),
        [
            r"not-exported account=CONTOSO\odd role=Not listed",
            r"not-fetched account=CONTOSO\odd role=Lazy",
            r"truncated account=CONTOSO\cut",
        ]
    );
    // Without any roles only the roles of the product are known.
    let (merged, _) = evidence_of(&[&[
        admin(r"CONTOSO\rto", json!(["Remote Tools Operator"])),
        admin(r"CONTOSO\help", json!(["Helpers"])),
    ]]);
    assert!(
        rows(&merged, "admin_permissions").contains(
            &r"account=CONTOSO\rto role=Remote Tools Operator permission=Remote Control".to_owned()
        )
    );
    assert_eq!(gaps(&merged, "admin_permissions"), [r"not-exported account=CONTOSO\help role=Helpers"]);
}

#[test]
fn client_settings() {
    let agent = json!({"AgentID": 7, "Enabled": true, "PermittedViewers": [r"CONTOSO\helpdesk", "Everyone"]});
    assert_eq!(
        from(
            &[
                (
                    "SMS_ClientSettings",
                    json!({"Name": "Default", "AgentConfigurations": [{"AgentID": 1}, agent]})
                ),
                ("SMS_ClientSettings", json!({"Name": "Kiosks", "AgentConfigurations": [{"AgentID": 1}]})),
                ("SMS_RemoteToolsAgentConfig", json!({"PermittedViewers": r"CONTOSO\one", "Enabled": 0})),
            ],
            &["client_settings", "permitted_viewers"]
        ),
        [
            r"setting=Default remote_tools=true viewers=[CONTOSO\helpdesk; Everyone]",
            r"setting=?not-exported remote_tools=false viewers=[CONTOSO\one]",
            r"setting=Default account=CONTOSO\helpdesk",
            "setting=Default account=Everyone",
            r"setting=?not-exported account=CONTOSO\one",
        ]
    );
    let (merged, _) =
        evidence_of(&[&[("SMS_ClientSettings", json!({"Name": "Default", "AgentConfigurations": []}))]]);
    assert_eq!(gaps(&merged, "client_settings"), ["not-fetched setting=Default"]);
    assert_eq!(gaps(&merged, "permitted_viewers"), ["not-fetched setting=Default"]);
}

#[test]
fn content_access() {
    assert_eq!(
        from(
            &[
                (
                    "SMS_PackageAccessByUsers",
                    json!({"PackageID": "PS100001", "Access": 101, "UserName": r#"["Display=Users"]GENERIC:GROUP=Users"#})
                ),
                (
                    "SMS_PackageAccessByUsers",
                    json!({"PackageID": "PS100001", "Access": "0x1ff", "UserName": r#"["Display=CONTOSO\readers"]MSWNET:["A=1"]\\CONTOSO\readers\"#})
                ),
                (
                    "SMS_PackageAccessByUsers",
                    json!({"PackageID": "PS100001", "Access": "FullControl", "Name": "Administrator(s)", "Type": "Administrator"})
                ),
            ],
            &["content_access"]
        ),
        [
            "package=PS100001 object_type=?not-exported account=Users generic=users access=101 right=read",
            r"package=PS100001 object_type=?not-exported account=CONTOSO\readers access=511 right=full",
            "package=PS100001 object_type=?not-exported account=Administrator(s) generic=administrators access=?unreadable-value right=full",
        ]
    );
}

#[test]
fn package_masks_are_read_by_their_bits() {
    let row = |access: Json| {
        let row = json!({"PackageID": "PS100001", "Access": access, "UserName": r"CONTOSO\a"});
        from(&[("SMS_PackageAccessByUsers", row)], &["content_access"]).remove(0)
    };
    for (mask, right) in [
        (0, "none"),
        (1, "read"),
        (101, "read"),
        (127, "change"),
        (117, "change"),
        (511, "full"),
        (1023, "full"),
    ] {
        assert!(row(json!(mask)).ends_with(&format!("right={right}")), "{mask}: {}", row(json!(mask)));
    }
    // May see what is there and not read it: neither of the four.
    assert!(row(json!(96)).ends_with("right=?unreadable-value"));
    assert!(row(json!("NoAccess")).ends_with("right=none"));
    // An account of Windows that is called as the generic entries are.
    let named = json!({"PackageID": "P", "Access": "Read", "Name": "Users", "Type": "WindowsGroup"});
    assert!(!from(&[("SMS_PackageAccessByUsers", named)], &["content_access"])[0].contains("generic"));
    // What the package is stands in another class.
    let both = [
        ("SMS_PackageAccessByUsers", json!({"PackageID": "P", "Access": 101, "UserName": "Users"})),
        ("SMS_ImagePackage", json!({"PackageID": "P", "PackageType": 257})),
    ];
    assert!(from(&both, &["content_access"])[0].contains("object_type=OS image"));
}

#[test]
fn default_client_settings() {
    let default = "Default Client Agent Settings";
    let class = ("SMS_ClientSettingsDefault", json!({"Name": default, "Priority": 10000}));
    let (merged, _) = evidence_of(&[std::slice::from_ref(&class)]);
    assert_eq!(gaps(&merged, "client_settings"), [format!("not-fetched setting={default}")]);
    let cmdlet = |profiles: Json| json!({"Name": default, "FirewallExceptionProfiles": profiles, "PermittedViewers": [r"CONTOSO\a"]});
    for (profiles, on) in [(json!(0), false), (json!(12), true), (json!("Disabled"), false)] {
        let (merged, _) = evidence_of(&[&[class.clone(), ("RemoteToolsSetting", cmdlet(profiles))]]);
        let expected = format!(r"setting={default} remote_tools={on} viewers=[CONTOSO\a]");
        assert_eq!(rows(&merged, "client_settings"), [expected]);
        assert_eq!(gaps(&merged, "client_settings"), [""; 0]);
        assert_eq!(gaps(&merged, "permitted_viewers"), [""; 0]);
    }
}

#[test]
fn properties_and_lists_of_components_by_themselves() {
    let single = |kind: &str, name: &str, value: &str| json!({"ItemType": kind, "PropertyName": name, "Value": 0, "Value1": value, "Value2": "", "SiteCode": "PS1"});
    let several = |kind: &str, name: &str| json!({"ItemType": kind, "PropertyListName": name, "Values": [r"CONTOSO\a"], "SiteCode": "PS1"});
    let records = [
        ("SMS_SCI_SCProperty", single("SMS_DISCOVERY_DATA_MANAGER", "SETTINGS", "Active")),
        ("SMS_SCI_SCProperty", single("SMS_SITE_BACKUP", "SETTINGS", "Inactive")),
        ("SMS_SCI_SCPropertyList", several("SMS_CLIENT_CONFIG_MANAGER", "Reserved2")),
        ("SMS_SCI_SCPropertyList", several("SMS_STATUS_MANAGER", "Reserved2")),
        ("SMS_SCI_SCPropertyList", several("SMS_AD_USER_DISCOVERY_AGENT", "AD Accounts:LDAP://OU=x")),
    ];
    assert_eq!(
        from(&records, &["client_push_settings", "client_push_accounts", "discovery_accounts"]),
        [
            "site=PS1 enabled=true",
            r"site=PS1 account=CONTOSO\a",
            r"site=PS1 entity=active-directory-user-discovery-account location=LDAP://OU=x account=CONTOSO\a",
        ]
    );
}

#[test]
fn groups_and_members_in_other_dresses() {
    // The commonest shape that is made by hand, and words of a German Windows.
    let members = json!([
        {"Name": r"WS01\Administrator", "SID": "S-1-5-21-7-7-7-500", "ObjectClass": "Benutzer"},
        {"Name": r"CORP\Alle", "SID": "S-1-5-21-1-2-3-1105", "ObjectClass": "Gruppe"},
        {"Name": r"CORP\x", "SID": "S-1-5-21-1-2-3-1106", "ObjectClass": "qwertz"},
    ]);
    let group = json!({"ComputerName": "WS01", "GroupName": "Administratoren", "Members": members});
    assert_eq!(
        from(&[("LocalGroupMembers", group)], &["local_groups", "local_group_members"]),
        [
            "host=WS01 group=Administratoren sid=?not-exported whole_list=?not-exported members=true",
            r"host=WS01 group=Administratoren group_sid=?not-exported member=WS01\Administrator sid=S-1-5-21-7-7-7-500 class=user",
            r"host=WS01 group=Administratoren group_sid=?not-exported member=CORP\Alle sid=S-1-5-21-1-2-3-1105 class=group",
            r"host=WS01 group=Administratoren group_sid=?not-exported member=CORP\x sid=S-1-5-21-1-2-3-1106 class=?unreadable-value",
        ]
    );
    // A group of the domain is not the one of the computer.
    let end = |class: &str, domain: &str, foreign: bool| json!({"Domain": domain, "Name": "Administrators", "Class": class, "Scope": domain, "Foreign": foreign});
    let member = |domain: &str, foreign: bool| json!({"GroupComponent": end("Win32_Group", domain, foreign), "PartComponent": end("Win32_UserAccount", "CORP", true), "PSComputerName": "WS01"});
    let rows = [("Win32_GroupUser", member("WS01", false)), ("Win32_GroupUser", member("CORP", true))];
    assert_eq!(
        from(&rows, &["local_groups", "local_group_members", "domain_group_members"]),
        [
            "host=WS01 group=Administrators whole_list=false members=true",
            r"host=WS01 group=Administrators group_sid=?not-exported member=CORP\Administrators sid=?not-exported class=user",
            r"group=CORP\Administrators group_sid=?not-exported member=CORP\Administrators sid=?not-exported class=user",
        ]
    );
    let ad = json!({"SamAccountName": "g", "DistinguishedName": "CN=g,DC=corp,DC=example", "SID": "S-1-5-21-1-2-3-1200",
        "GroupScope": 1, "member": ["CN=anna,DC=corp,DC=example"]});
    let rows = from(&[("ADGroup", ad)], &["domain_groups", "domain_group_members"]);
    assert!(rows[0].ends_with("members=true") && rows[1].contains("member=CN=anna"), "{rows:?}");
}

#[test]
fn trusts_are_transitive_by_their_kind() {
    let trust = |forest: bool, inner: Json| {
        let row = json!({"Source": "DC=a,DC=b", "Target": "c.d", "Direction": 3, "ForestTransitive": forest, "IntraForest": inner, "DisallowTransivity": false});
        from(&[("ADTrust", row)], &["trusts"]).remove(0)
    };
    assert!(trust(false, json!(true)).ends_with("within_forest=true transitive=true"));
    assert!(trust(true, json!(false)).ends_with("within_forest=false transitive=true"));
    assert!(trust(false, json!(false)).ends_with("within_forest=false transitive=false"));
}

#[test]
fn one_source_under_two_names() {
    let source = json!({"SourceSiteCode": "OLD", "SourceSiteFQDN": "old.fabrikam.com", "Account": r"CORP\m", "AccountForSql": ""});
    let permission =
        |of: &str| json!({"Source": of, "Account": r"CORP\m", "Object": "Site", "Permissions": ["Read"]});
    let records = [
        ("SMS_MigrationSiteMapping", source),
        ("SourceSitePermission", permission("OLD")),
        ("SourceSitePermission", permission("OLD.fabrikam.com")),
        ("SourceSitePermission", permission("old")),
        ("SourceSitePermission", permission("old.contoso.com")),
    ];
    let found = from(&records, &["source_permissions"]);
    let sources: Vec<&str> = found.iter().filter_map(|row| row.split(' ').next()).collect();
    assert_eq!(sources, ["source=OLD", "source=OLD", "source=OLD", "source=old.contoso.com"]);
}

#[test]
fn links_have_three_switches() {
    let link = |a: Json, b: Json, c: Json| {
        let row = json!({"ParentSiteCode": "CAS", "ChildSiteCode": "P01", "DviewForHINV": a, "DviewForSINV": b, "DviewForStatusMessages": c});
        from(&[("DatabaseLink", row)], &["database_links"])
    };
    assert_eq!(link(json!(0), json!("True"), json!(0)), ["parent=CAS child=P01 distributed_views=true"]);
    assert_eq!(link(json!(false), json!(0), json!("0")), ["parent=CAS child=P01 distributed_views=false"]);
    assert_eq!(link(Json::Null, json!(0), json!(0)), [""; 0]);
}

#[test]
fn variables_of_devices_and_collections() {
    let set = json!([{"Name": "OSDJoinAccount", "Value": r"CORP\a", "IsMasked": false}, {"Name": "x", "Value": "y"}]);
    let records = [
        ("SMS_MachineSettings", json!({"ResourceID": 16777300, "MachineVariables": set})),
        (
            "SMS_CollectionVariable",
            json!({"Name": "OSDCaptureAccount", "Value": r"CORP\b", "IsMasked": false}),
        ),
    ];
    let rows = from(&records, &["task_sequence_steps"]);
    assert_eq!(rows.len(), 2);
    assert!(rows[0].contains("task_sequence=16777300") && rows[0].contains(r"account=CORP\a"), "{rows:?}");
    assert!(rows[1].contains("entity=capture-os-image-account"), "{rows:?}");
}

#[test]
fn older_update_points_hold_their_proxy() {
    let props = json!([
        prop("UseProxy", 1, "", ""),
        prop("ProxyName", 0, "", "proxy"),
        prop("AnonymousProxyAccess", 0, "", ""),
        prop("UserName", 0, "", r"CONTOSO\surf"),
    ]);
    let rows = from(&[role("SMS Software Update Point", props)], &["proxy_settings"]);
    assert!(rows[0].contains("entity=software-update-point-proxy-server-account"), "{rows:?}");
    assert!(
        rows[0].ends_with(r"use_proxy=true anonymous=false proxy=proxy account=CONTOSO\surf"),
        "{rows:?}"
    );
    let switches = json!([prop("UseProxy", 1, "", ""), prop("UseProxyForADR", 1, "", "")]);
    assert_eq!(from(&[role("SMS Software Update Point", switches)], &["proxy_settings"]), [""; 0]);
}

#[test]
fn every_name_tells_where_it_is_known_from() {
    let (schema, mapping) = shipped();
    let known = |table: &str, class: &str, name: &str| {
        let read = &schema.tables[schema.table(table).unwrap()].read_from;
        read.iter().find(|n| &*n.class == class && &*n.name == name).map(|n| n.known_from)
    };
    assert_eq!(known("sites", "SMS_Site", "ReportingSiteCode"), Some(KnownFrom::Documentation));
    assert_eq!(known("proxy_settings", "SMS_SCI_SysResUse", "Props[ProxyUserName]"), Some(KnownFrom::Script));
    assert_eq!(known("database_links", "DatabaseLink", "ParentSiteCode"), Some(KnownFrom::Unverified));
    assert_eq!(known("stored_accounts", "SMS_SCI_Reserved", "AccountUsage"), Some(KnownFrom::Export));
    let unverified = mapping.names().filter(|n| n.known_from == KnownFrom::Unverified).count();
    assert!(unverified < mapping.names().count() / 20, "{unverified} names are unverified");
}

#[test]
fn tables_that_grow_with_the_estate_stay_small() {
    let system = |domain: &str, dns: &str| {
        ("SMS_R_System", json!({"ResourceDomainORWorkgroup": domain, "FullDomainName": dns}))
    };
    let one = [system("CONTOSO", "CONTOSO.COM"), system("contoso", "contoso.com"), system("WORKGROUP", "")];
    let two = [
        system("CONTOSO", "CONTOSO.COM"),
        ("SMS_CombinedDeviceResources", json!({"Domain": "CONTOSO", "SiteCode": "PS1", "IsClient": true})),
        ("SMS_CombinedDeviceResources", json!({"Domain": "Workgroup", "SiteCode": "PS1", "IsClient": true})),
        ("SMS_CombinedDeviceResources", json!({"Domain": "OTHER", "SiteCode": "PS1", "IsClient": true})),
    ];
    let (merged, identities) = evidence_of(&[&one, &two]);
    assert_eq!(
        rows(&merged, "clients"),
        [
            "domain=CONTOSO dns_domain=CONTOSO.COM workgroup=false",
            "domain=WORKGROUP workgroup=true",
            "domain=OTHER dns_domain=?not-exported workgroup=?unreadable-value",
        ]
    );
    assert_eq!(rows(&merged, "domains"), ["netbios=CONTOSO dns=CONTOSO.COM"]);
    let account = |text| Account::parse(text).unwrap();
    assert_eq!(identities.same(&account(r"CONTOSO\a"), &account("a@contoso.com")), Some(true));
}

#[test]
fn domains_and_principals() {
    let records = [
        (
            "ADDomain",
            json!({"NetBIOSName": "CONTOSO", "DNSRoot": "contoso.com", "DomainSID": {"BinaryLength": 24, "Value": "S-1-5-21-1-2-3"}}),
        ),
        (
            "SMS_R_User",
            json!({"UniqueUserName": r"FABRIKAM\jdoe", "SID": "S-1-5-21-4-5-6-1105", "UserPrincipalName": "jane@mail.example", "FullDomainName": "FABRIKAM.NET"}),
        ),
        (
            "Microsoft.ActiveDirectory.Management.ADGroup",
            json!({"SamAccountName": "admins", "DistinguishedName": "CN=The admins,OU=x,DC=contoso,DC=com", "SID": "S-1-5-21-1-2-3-1200", "ObjectClass": "group"}),
        ),
        (
            "SMS_Admin",
            json!({"LogonName": r"CONTOSO\cm", "AdminSid": "S-1-5-21-1-2-3-1300", "IsGroup": true, "RoleNames": []}),
        ),
    ];
    let (merged, identities) = evidence_of(&[&records]);
    assert_eq!(
        rows(&merged, "domains"),
        ["netbios=CONTOSO dns=contoso.com sid=S-1-5-21-1-2-3", "netbios=FABRIKAM dns=FABRIKAM.NET"]
    );
    assert_eq!(
        rows(&merged, "principals"),
        [
            r"account=FABRIKAM\jdoe sid=S-1-5-21-4-5-6-1105 upn=jane@mail.example is_group=false",
            r"account=contoso.com\admins sid=S-1-5-21-1-2-3-1200 upn=?not-exported is_group=true",
            r"account=CONTOSO\cm sid=S-1-5-21-1-2-3-1300 is_group=true",
        ]
    );
    let account = |text| Account::parse(text).unwrap();
    assert_eq!(identities.same(&account("S-1-5-21-1-2-3-1200"), &account(r"CONTOSO\admins")), Some(true));
    assert_eq!(identities.same(&account("jane@mail.example"), &account(r"fabrikam.net\jdoe")), Some(true));
    assert_eq!(identities.kind(&account("S-1-5-21-1-2-3-1300")), AccountKind::Group);
}

fn step(kind: &str, variables: Json, properties: Json) -> (&'static str, Json) {
    (
        "TaskSequenceStep",
        json!({"TaskSequence": "Deploy", "Name": "Step", "Type": kind, "Group": "A/B", "Disabled": false, "Variables": variables, "Properties": properties}),
    )
}

#[test]
fn task_sequence_steps() {
    let common = "task_sequence=Deploy step=Step group=A/B type=";
    let cases = [
        (
            step(
                "SMS_TaskSequence_CaptureSystemImageAction",
                json!({"OSDCaptureAccount": r"CONTOSO\cap", "OSDCaptureDestination": r"\\srv\x.wim", "OSDCaptureAccountPassword": null}),
                json!({}),
            ),
            r"SMS_TaskSequence_CaptureSystemImageAction entity=capture-os-image-account kind=capture disabled=false account=CONTOSO\cap dynamic=false wanted=true target=\\srv\x.wim password=none",
        ),
        (
            step(
                "SMS_TaskSequence_JoinDomainWorkgroupAction",
                json!({}),
                json!({"DomainUsername": "%JoinUser%", "Type": "0", "DomainName": "contoso.com", "DomainPassword": "<reference>"}),
            ),
            "SMS_TaskSequence_JoinDomainWorkgroupAction entity=task-sequence-domain-join-account kind=join disabled=false account=?unreadable-value dynamic=true wanted=true domain=contoso.com password=reference",
        ),
        (
            step("SMS_TaskSequence_ApplyNetworkSettingsAction", json!({"OSDJoinAccount": ""}), json!({})),
            "SMS_TaskSequence_ApplyNetworkSettingsAction entity=task-sequence-domain-join-account kind=network-settings disabled=false dynamic=false wanted=false password=none",
        ),
        (
            step(
                "SMS_TaskSequence_ConnectNetworkFolderAction",
                json!({"SMSConnectNetworkFolderAccount": r"CONTOSO\f", "SMSConnectNetworkFolderPassword": "<protected>"}),
                json!({"Path": r"\\srv\s"}),
            ),
            r"SMS_TaskSequence_ConnectNetworkFolderAction entity=task-sequence-network-folder-connection-account kind=folder disabled=false account=CONTOSO\f dynamic=false wanted=true target=\\srv\s password=protected",
        ),
        (
            step(
                "SMS_TaskSequence_RunCommandLineAction",
                json!({"_SMSTSRunCommandLineAsUser": "true", "SMSTSRunCommandLineUserName": r"CONTOSO\r", "LoadProfile": "true", "SMSTSRunCommandLineUserPassword": "<clear>"}),
                json!({}),
            ),
            r"SMS_TaskSequence_RunCommandLineAction entity=task-sequence-run-as-account kind=command-line disabled=false account=CONTOSO\r dynamic=false wanted=true load_profile=true password=clear",
        ),
        (
            step(
                "SMS_TaskSequence_RunPowerShellScriptAction",
                json!({"_SMSTSRunPowerShellAsUser": "TRUE"}),
                json!({}),
            ),
            "SMS_TaskSequence_RunPowerShellScriptAction entity=task-sequence-run-as-account kind=powershell disabled=false dynamic=false wanted=true password=none",
        ),
    ];
    for (record, expected) in cases {
        assert_eq!(from(&[record], &["task_sequence_steps"]), [format!("{common}{expected}")]);
    }
    // A step that runs nothing as a user needs no account.
    let plain = step(
        "SMS_TaskSequence_RunCommandLineAction",
        json!({"_SMSTSRunCommandLineAsUser": "false"}),
        json!({}),
    );
    assert_eq!(from(&[plain], &["task_sequence_steps"]), [""; 0]);
    // A step of MDT has no type.
    let untyped = (
        "TaskSequenceStep",
        json!({"Name": "Tool", "Disabled": true, "Variables": {"RunAsUser": "true", "SMSTSRunCommandLineUserName": "admin"}}),
    );
    assert_eq!(
        from(&[untyped], &["task_sequence_steps"]),
        [
            "task_sequence=file name step=Tool entity=task-sequence-run-as-account kind=command-line disabled=true account=admin dynamic=false wanted=true password=none"
        ]
    );
    let sets = (
        "TaskSequenceStep",
        json!({"TaskSequence": "Deploy", "Name": "Set", "Type": "SMS_TaskSequence_SetVariableAction", "Disabled": false, "Variables": {}, "Properties": {},
            "Sets": [{"Name": "OSDJoinAccount", "Value": r"CONTOSO\j"}, {"Name": "Other", "Value": "x"}]}),
    );
    assert_eq!(
        from(&[sets], &["task_sequence_steps"]),
        [
            r"task_sequence=Deploy step=Set type=SMS_TaskSequence_SetVariableAction entity=task-sequence-domain-join-account kind=set-variable disabled=false account=CONTOSO\j dynamic=false wanted=false"
        ]
    );
    let variables = (
        "SMS_CollectionSettings",
        json!({"CollectionID": "PS100005", "CollectionVariables": [{"Name": "OSDJoinAccount", "Value": r"CONTOSO\j"}]}),
    );
    let (merged, _) = evidence_of(&[&[variables]]);
    assert_eq!(
        rows(&merged, "task_sequence_steps"),
        [
            r"task_sequence=PS100005 step=OSDJoinAccount entity=task-sequence-domain-join-account kind=set-variable disabled=false account=CONTOSO\j dynamic=false wanted=false"
        ]
    );
    // It says nothing of the steps themselves.
    assert_eq!(gaps(&merged, "task_sequence_steps"), ["not-exported"]);
}

#[test]
fn a_task_sequence_is_whole_once_its_steps_were_read() {
    let lazy =
        ("SMS_TaskSequencePackage", json!({"PackageID": "PS100012", "Name": "Deploy", "Sequence": null}));
    let other = ("SMS_TaskSequencePackage", json!({"PackageID": "PS100013", "Name": "Refresh"}));
    let read = [
        ("TaskSequence", json!({"Name": "Deploy", "PackageID": "PS100012"})),
        step("SMS_TaskSequence_UpgradeOperatingSystemAction", json!({}), json!({})),
    ];
    let (merged, _) = evidence_of(&[&[lazy.clone(), other.clone()]]);
    for table in ["task_sequences", "task_sequence_steps", "os_deployments"] {
        assert_eq!(
            gaps(&merged, table),
            ["not-fetched task_sequence=Deploy", "not-fetched task_sequence=Refresh"],
            "{table}"
        );
    }
    let (merged, _) = evidence_of(&[&[lazy, other], &read]);
    for table in ["task_sequences", "task_sequence_steps", "os_deployments"] {
        assert_eq!(gaps(&merged, table), ["not-fetched task_sequence=Refresh"], "{table}");
    }
    assert_eq!(rows(&merged, "task_sequences"), ["task_sequence=Deploy package=PS100012"]);
    assert_eq!(rows(&merged, "os_deployments"), ["task_sequence=Deploy step=Step disabled=false"]);
}

#[test]
fn the_same_estate_given_twice_is_read_once() {
    let naa = |values: Json| ("SMS_EmbeddedPropertyList", list("Network Access User Names", values));
    // Twice in one list is twice configured; the second file says the same and one thing more.
    let one = [naa(json!([r"CONTOSO\a", r"CONTOSO\a", r"CONTOSO\b"]))];
    let two = [naa(json!([r"CONTOSO\a", r"CONTOSO\b", r"contoso\B"]))];
    let (merged, _) = evidence_of(&[&one, &two, &one]);
    let accounts: Vec<String> = rows(&merged, "network_access_accounts")
        .iter()
        .map(|row| row.rsplit_once('=').unwrap().1.to_owned())
        .collect();
    assert_eq!(accounts, [r"CONTOSO\a", r"CONTOSO\a", r"CONTOSO\b", r"contoso\B"]);
    assert_eq!(merged.sources.iter().map(|(rows, _)| *rows).collect::<Vec<_>>(), [3, 3, 3]);
}

#[test]
fn a_fuller_export_takes_the_place_of_a_shallow_one() {
    let shallow = [role("SMS Management Point", json!("<cut>"))];
    let deep = [role("SMS Management Point", json!([prop("UserName", 0, "", r"CONTOSO\mp")]))];
    for order in [[&shallow[..], &deep[..]], [&deep[..], &shallow[..]]] {
        let (merged, _) = evidence_of(&order);
        assert_eq!(
            rows(&merged, "role_accounts"),
            [
                r"site=PS1 host=srv.contoso.com role=SMS Management Point entity=management-point-connection-account account=CONTOSO\mp"
            ]
        );
        assert_eq!(rows(&merged, "export_gaps"), [""; 0]);
    }
    let client = |lists: Json, site: &str| {
        (
            "SMS_SCI_ClientComp",
            json!({"ClientComponentName": "Software Distribution", "SiteCode": site, "PropLists": lists}),
        )
    };
    let (merged, _) = evidence_of(&[
        &[client(json!("<cut>"), "PS1"), client(json!("<cut>"), "PS2")],
        &[client(json!([]), "PS1")],
    ]);
    assert_eq!(gaps(&merged, "network_access_accounts"), ["truncated site=PS2"]);
}

#[test]
fn missing_pages_leave_a_gap_in_every_table_of_the_class() {
    let (merged, _) =
        evidence_of(&[&[role("SMS Management Point", json!([])), ("<missing>", json!("sms_sci_sysresuse"))]]);
    let roles = gaps(&merged, "role_accounts");
    assert_eq!(roles.len(), 6);
    assert_eq!(roles[0], "incomplete entity=management-point-connection-account");
    assert_eq!(gaps(&merged, "site_systems"), ["incomplete"]);
    // Of an unknown class: whatever the file holds may be missing.
    let (merged, _) = evidence_of(&[&[
        ("SMS_Admin", json!({"LogonName": r"CONTOSO\a", "RoleNames": []})),
        ("<missing>", Json::Null),
    ]]);
    assert_eq!(gaps(&merged, "admin_users"), ["incomplete"]);
    assert!(rows(&merged, "export_gaps").iter().any(|row| row.contains("why=incomplete")));
    let (merged, _) = evidence_of(&[&[("<missing>", Json::Null)]]);
    assert_eq!(gaps(&merged, "admin_users"), ["not-exported"]);
}

#[test]
fn a_client_policy_tells_that_there_is_an_account_and_not_which() {
    let policy = ("CCM_NetworkAccessAccount", json!({"NetworkAccessUsername": "<protected>"}));
    let (merged, _) = evidence_of(&[std::slice::from_ref(&policy)]);
    assert_eq!(gaps(&merged, "network_access_accounts"), ["unreadable-value"]);
    let naa = ("SMS_EmbeddedPropertyList", list("Network Access User Names", json!([r"CONTOSO\a"])));
    let (merged, _) = evidence_of(&[&[policy], &[naa]]);
    assert_eq!(gaps(&merged, "network_access_accounts"), [""; 0]);
}

#[test]
fn a_clear_text_credential_gives_a_row_without_its_text() {
    assert_eq!(
        from(
            &[(
                "ClearTextSecret",
                json!({"Name": "Password", "Holder": "Step", "Class": "TaskSequenceStep"})
            )],
            &["secrets"]
        ),
        ["name=Password holder=Step class=TaskSequenceStep"]
    );
}

#[test]
fn uses_of_accounts_are_brought_together() {
    let naa = ("SMS_EmbeddedPropertyList", list("Network Access User Names", json!([r"CONTOSO\naa"])));
    let capture = step(
        "SMS_TaskSequence_CaptureSystemImageAction",
        json!({"OSDCaptureAccount": "%Capture%"}),
        json!({}),
    );
    let (merged, _) = evidence_of(&[&[naa, capture, role("SMS Management Point", json!([]))]]);
    assert_eq!(
        rows(&merged, "account_uses"),
        [
            r"account=CONTOSO\naa entity=network-access-account site=?not-exported spelling=CONTOSO\naa purpose=network-access-account",
            "account=?unreadable-value entity=capture-os-image-account task_sequence=Deploy step=Step disabled=false dynamic=true spelling=?unreadable-value purpose=task sequence editor",
        ]
    );
    let gaps = gaps(&merged, "account_uses");
    assert!(
        gaps.contains(
            &"not-exported entity=client-push-installation-account purpose=client-push-installation-account"
                .to_owned()
        ),
        "{gaps:#?}"
    );
    assert!(!gaps.iter().any(|gap| gap.contains("management-point")), "{gaps:#?}");
}

#[test]
fn readers_are_told_what_is_wanted() {
    let (_, mapping) = shipped();
    let wanted = mapping.wanted();
    let class = wanted.class("SMS_SCI_sysresuse").unwrap();
    assert_eq!(&*class.name, "SMS_SCI_SysResUse");
    for name in ["rolename", "sitecode", "networkospath", "nalpath", "props", "embeddedproperties"] {
        assert!(class.properties.iter().any(|p| &**p == name), "{name}");
    }
    assert!(!class.properties.iter().any(|p| &**p == "proplists"));
    let aliased = wanted.class("microsoft.activedirectory.management.aduser").unwrap();
    assert_eq!(&*aliased.name, "ADUser");
    assert_eq!(
        wanted.recognise[0].all,
        ["sitecode".into(), "servername".into(), "installdir".into()] as [Box<str>; 3]
    );
    // Of what could not be read, anything may be known.
    let unlisted = wanted.classes.values().filter(|class| class.properties.is_empty());
    assert_eq!(unlisted.map(|class| &*class.name).collect::<Vec<_>>(), ["CollectorReport"]);
}

/// Reads files that are in memory, with room for that many rows of lookup tables.
fn read(files: &[(&str, String)], lookup_rows: usize, segment_bytes: u64) -> (Merged, Vec<Input>) {
    let (schema, mapping) = shipped();
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.clone().into_bytes()));
    let limits = crate::source::Limits { window: 4096, ..Default::default() };
    let sources = crate::source::Sources::from_memory(files, &limits);
    let options = crate::reader::Options { segments: 4, segment_bytes };
    let collected = super::collect::collect_within(schema, mapping, &sources, lookup_rows, &options);
    (Merged { evidence: collected.evidence, sources: Vec::new(), lost: Vec::new() }, collected.inputs)
}

#[test]
fn json_becomes_rows_at_their_place() {
    let text = r#"[{"ItemName": "CONTOSO\\naa|0", "ItemType": "User", "UserName": "CONTOSO\\naa", "AccountUsage": "Software Distribution", "SiteCode": "PS1", "Reserved2": "00112233445566778899"}]"#;
    let (merged, inputs) = read(&[("accounts.json", text.to_owned())], 10, 1 << 20);
    assert_eq!(
        rows(&merged, "stored_accounts"),
        [r"site=PS1 account=CONTOSO\naa usage=[Software Distribution]"]
    );
    // The account, and what its usage says it serves as.
    assert_eq!((inputs[0].rows, inputs[0].reading.records), (2, 1));
    let (schema, _) = shipped();
    let table = schema.table("stored_accounts").unwrap();
    let row = &merged.evidence.tables[table].rows[0];
    let text_at = |place: Place| &text[place.span.start as usize..place.span.end as usize];
    assert_eq!(text_at(row.cells[1].place.unwrap()), r"CONTOSO\\naa");
    assert_eq!(text_at(row.record.unwrap()), &text[1..text.len() - 1]);
    let secrets: Vec<&str> =
        inputs[0].secrets.iter().map(|s| &text[s.start as usize..s.end as usize]).collect();
    assert_eq!(secrets, ["00112233445566778899"]);
    assert!(!format!("{:?}", merged.evidence).contains("00112233"));
}

#[test]
fn clixml_becomes_rows_and_gaps() {
    let object = |props: &str| {
        format!(
            r##"<Obj RefId="0"><TN RefId="0"><T>Microsoft.Management.Infrastructure.CimInstance#root/sms/site_PS1/SMS_SCI_ClientComp</T></TN><Props><S N="ClientComponentName">Software Distribution</S><S N="SiteCode">PS1</S>{props}</Props></Obj>"##
        )
    };
    let file = |props: &str| {
        format!(
            r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">{}</Objs>"#,
            object(props)
        )
    };
    let deep = file(
        r#"<Obj N="PropLists" RefId="1"><LST><Obj RefId="2"><Props><S N="PropertyListName">Network Access User Names</S><Obj N="Values" RefId="3"><LST><S>CONTOSO\naa</S></LST></Obj></Props></Obj></LST></Obj>"#,
    );
    let (merged, _) = read(&[("deep.xml", deep.clone())], 10, 1 << 20);
    assert_eq!(rows(&merged, "network_access_accounts"), [r"site=PS1 account=CONTOSO\naa"]);
    let shallow = file(r#"<Obj N="PropLists" RefId="1"><LST><S>SMS_EmbeddedPropertyList</S></LST></Obj>"#);
    let (merged, _) = read(&[("shallow.xml", shallow.clone())], 10, 1 << 20);
    assert_eq!(gaps(&merged, "network_access_accounts"), ["truncated site=PS1"]);
    assert_eq!(rows(&merged, "export_gaps"), ["evidence=network_access_accounts why=truncated what=PS1"]);
    // Together, and each twice.
    let files = [("a.xml", shallow.clone()), ("b.xml", deep.clone()), ("c.xml", deep), ("d.xml", shallow)];
    let (merged, _) = read(&files, 10, 1 << 20);
    assert_eq!(rows(&merged, "network_access_accounts"), [r"site=PS1 account=CONTOSO\naa"]);
    assert_eq!(gaps(&merged, "network_access_accounts"), [""; 0]);
}

#[test]
fn a_task_sequence_without_name_has_that_of_its_file() {
    let text = r#"<sequence version="3.10"><step type="SMS_TaskSequence_ConnectNetworkFolderAction" name="Map"><action>x</action><defaultVarList><variable name="SMSConnectNetworkFolderAccount" property="Username">%USER%</variable></defaultVarList></step></sequence>"#;
    let (merged, _) = read(&[("folder/ts.zip!a/Deploy.v2.xml", text.to_owned())], 10, 1 << 20);
    assert_eq!(rows(&merged, "task_sequences"), ["task_sequence=Deploy.v2"]);
    assert_eq!(
        rows(&merged, "task_sequence_steps"),
        [
            "task_sequence=Deploy.v2 step=Map type=SMS_TaskSequence_ConnectNetworkFolderAction entity=task-sequence-network-folder-connection-account kind=folder disabled=false account=?unreadable-value dynamic=true wanted=true password=none"
        ]
    );
}

#[test]
fn neither_room_nor_division_changes_what_is_found() {
    use std::fmt::Write as _;
    let mut users = String::from("[");
    for n in 0..600 {
        let comma = if n == 0 { "" } else { "," };
        let _ = write!(
            users,
            "{comma}\n{{\"UniqueUserName\": \"CONTOSO\\\\u{n}\", \"SID\": \"S-1-5-21-1-2-3-{n}\", \"UserPrincipalName\": \"u{n}@contoso.com\", \"FullDomainName\": \"CONTOSO.COM\"}}"
        );
    }
    users.push(']');
    let named = r#"[{"LogonName": "contoso.com\\U7", "AdminSid": "S-1-5-21-1-2-3-7", "IsGroup": false, "RoleNames": []},
        {"LogonName": "S-1-5-21-1-2-3-500", "AdminSid": "S-1-5-21-1-2-3-500", "IsGroup": false, "RoleNames": []},
        {"LogonName": "u11@CONTOSO.com", "AdminSid": null, "IsGroup": false, "RoleNames": []}]"#;
    let files = [("users.json", users), ("admins.json", named.to_owned())];
    let expected = format!("{:?}", read(&files, 100_000, 1 << 20));
    let (merged, inputs) = read(&files, 100_000, 1 << 20);
    assert_eq!(rows(&merged, "principals").len(), 3 + 3);
    assert_eq!(rows(&merged, "domains"), ["netbios=CONTOSO dns=CONTOSO.COM"]);
    assert_eq!(inputs[0].rows, 600 + 1);
    for (lookup_rows, segment_bytes) in [(0, 1 << 20), (10, 1 << 20), (100_000, 5000), (10, 5000)] {
        let found = format!("{:?}", read(&files, lookup_rows, segment_bytes));
        assert!(found == expected, "{lookup_rows} rows, segments of {segment_bytes} bytes");
    }
}

#[test]
fn the_examples_give_rows_in_every_table_they_are_made_for() {
    let (schema, mapping) = shipped();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/contoso");
    let sources = crate::source::read(&[folder], &crate::source::Limits::default());
    let collected = collect(schema, mapping, &sources);
    // Not in the example: an Exchange connector, a folder of the collector; a whole export has no gaps; titles are not from exports.
    let empty: Vec<&str> = schema
        .tables
        .iter()
        .zip(&collected.evidence.tables)
        .filter(|(_, table)| table.rows.is_empty())
        .map(|(schema, _)| schema.name.as_str())
        .collect();
    let beside = [
        "local-groups",
        "ad-groups",
        "ad-accounts",
        "trusts",
        "user-rights",
        "file-acl",
        "share-acl",
        "ad-acl",
        "wmi-acl",
        "dcom-acl",
        "sql-perms",
        "content-status",
        "replication-links",
        "migration",
        "exchange",
    ];
    let table = |name: &str| &schema.tables[schema.table(name).unwrap()];
    let empty: Vec<&str> = empty
        .into_iter()
        .filter(|name| {
            !["account_changes", "collector_runs"].contains(name)
                && !beside.contains(&table(name).kind.as_str())
        })
        .filter(|name| !matches!(table(name).made, crate::evidence::Made::Elsewhere { .. }))
        .collect();
    assert_eq!(empty, [""; 0]);
}

#[test]
fn an_empty_answer_tells_that_there_is_nothing() {
    let answer = |class: &str| {
        format!(r#"{{"@odata.context":"https://x/AdminService/wmi/$metadata#{class}","value":[ ]}}"#)
    };
    let files = [("a.json", answer("SMS_Admin")), ("b.json", answer("SMS_SCI_Component"))];
    let (merged, _) = read(&files, 10, 1 << 20);
    let (schema, _) = shipped();
    let gaps = |table: &str| merged.evidence.tables[schema.table(table).unwrap()].gaps.len();
    assert_eq!(gaps("admin_users"), 0);
    // A site without components is an answer to another question.
    assert_eq!((gaps("client_push_accounts"), gaps("security_roles")), (1, 1));
}

/// The rows of some tables from one file.
fn of_file(name: &str, text: &str, tables: &[&str]) -> Vec<String> {
    let (merged, _) = read(&[(name, text.to_owned())], 100, 1 << 20);
    tables.iter().flat_map(|table| rows(&merged, table)).collect()
}

#[test]
fn access_lists_of_all_exports_become_entries() {
    let acl = r#"[{"Path":"Microsoft.PowerShell.Core\\FileSystem::E:\\x","Access":[{"FileSystemRights":1245631,"AccessControlType":0,"IdentityReference":{"Value":"CORP\\a"},"IsInherited":false,"InheritanceFlags":3,"PropagationFlags":0}]}]"#;
    let found = of_file("a.json", acl, &["access_lists", "access_entries"]);
    assert_eq!(found.len(), 2);
    assert!(found[0].contains(r"path=E:\x list=list"), "{found:?}");
    assert!(
        found[1].contains(r"kind=allow account=CORP\a") && found[1].contains("mask=1245631"),
        "{found:?}"
    );
    // One rule a row: that there are others is not forgotten.
    let rule = r#"[{"Path":"E:\\x","IdentityReference":"CORP\\a","FileSystemRights":"Modify","AccessControlType":"Allow","IsInherited":false,"InheritanceFlags":"None","PropagationFlags":"None"}]"#;
    let found = of_file("a.json", rule, &["access_entries"]);
    assert!(found.len() == 2 && found[1].contains("kind=unread"), "{found:?}");
    // Cut off, and refused: unread, never empty.
    for descriptor in [r#"{"ControlFlags":33028,"DACL":["__ACE","__ACE"]}"#, "null"] {
        let text = format!(
            r#"{{"Computer":"cm1","Namespace":"root\\SMS","Descriptor":{descriptor},"ReturnValue":2147749891}}"#
        );
        let found = of_file("a.json", &text, &["wmi_namespaces", "wmi_entries"]);
        assert_eq!(found[0], r"host=cm1 namespace=root\SMS list=list", "{descriptor}");
        assert!(found.len() == 2 && found[1].contains("kind=unread"), "{found:?}");
    }
    let answer = r#"{"__CLASS":"__PARAMETERS","PSComputerName":"cm1","Namespace":"root\\SMS","ReturnValue":0,"Descriptor":{"DACL":[{"AccessMask":33,"AceFlags":0,"AceType":0,"Trustee":{"Domain":"CM1","Name":"SMS Admins"}}]}}"#;
    let found = of_file("a.json", answer, &["wmi_entries"]);
    assert!(
        found[0].contains(r"host=cm1 namespace=root\SMS position=1 kind=allow account=CM1\SMS Admins"),
        "{found:?}"
    );
    // Launch permissions in the format before there were four.
    let dcom = |sddl: &str| {
        let text = format!(
            r#"{{"DcomSecurity":[{{"Computer":"cm1","Application":"machine limits","Sddl":"{sddl}"}}]}}"#
        );
        of_file("a.json", &text, &["dcom_entries"])
    };
    assert!(dcom("O:BAG:BAD:(A;;CC;;;BA)")[0].ends_with("mask=31"), "{:?}", dcom("O:BAG:BAD:(A;;CC;;;BA)"));
    let new = dcom("O:BAG:BAD:(A;;CC;;;BA)(A;;CCDC;;;SY)");
    assert!(new[0].ends_with("mask=1") && new[1].ends_with("mask=3"), "{new:?}");
    let share = r#"[{"ShareType":0,"Description":"","Name":"Content$","Path":"E:\\Content","ScopeName":"*","SecurityDescriptor":"O:SYG:SYD:(A;;FA;;;S-1-5-21-1-2-3-1107)(A;;0x1301bf;;;BU)(A;;0x1200a9;;;BA)","Special":false,"PSComputerName":"dp1"}]"#;
    assert_eq!(
        of_file("a.json", share, &["shares", "share_permissions"]),
        [
            r"host=dp1 share=Content$ path=E:\Content",
            "host=dp1 share=Content$ account=S-1-5-21-1-2-3-1107 kind=allow right=full",
            "host=dp1 share=Content$ account=S-1-5-32-545 kind=allow right=change",
            "host=dp1 share=Content$ account=S-1-5-32-544 kind=allow right=read",
        ]
    );
}

#[test]
fn graphs_become_rows() {
    let graph = r#"{"metadata":{"source_kind":"SCCM"},"graph":{"nodes":[
{"id":"PS1","kinds":["SCCM_Site"],"properties":{"siteCode":"PS1","parentSiteCode":"CAS","siteType":"Primary Site","siteServerFQDN":"ps1.corp.example","installDir":"C:\\CM","buildNumber":9106,"storedAccounts":["S-1-5-21-1-2-3-1120"]}},
{"id":"x","kinds":["Computer","Base"],"properties":{"siteSystemRoles":["ps1.corp.example: SMS Management Point@PS1"]}},
{"id":"CORP\\a@PS1","kinds":["SCCM_AdminUser"],"properties":{"name":"CORP\\a","adminSid":"S-1-5-21-1-2-3-1116","isGroup":false}},
{"id":"CORP\\mp@S-1-5-21-1-2-3-1401:1433","kinds":["MSSQL_Login"],"properties":{"name":"CORP\\mp","memberOfRoles":["sysadmin@S-1-5-21-1-2-3-1401:1433"],"SQLServer":"sql.corp.example"}}],
"edges":[{"kind":"MemberOf","start":{"value":"S-1-5-21-1-2-3-1120"},"end":{"value":"S-1-5-21-1-2-3-512"},"properties":{}},
{"kind":"HasSession","start":{"value":"S-1-5-21-1-2-3-1120"},"end":{"value":"S-1-5-21-1-2-3-513"},"properties":{}}]}}"#;
    let tables = [
        "sites",
        "site_systems",
        "stored_accounts",
        "admin_users",
        "domain_group_members",
        "sql_role_members",
    ];
    assert_eq!(
        of_file("g.json", graph, &tables),
        [
            r"site=PS1 parent=CAS server=ps1.corp.example type=primary install_dir=C:\CM version=?not-exported build=9106",
            "site=PS1 host=ps1.corp.example role=SMS Management Point site_type=?not-exported",
            "site=PS1 account=S-1-5-21-1-2-3-1120 usage=?not-exported",
            r"account=CORP\a sid=S-1-5-21-1-2-3-1116 is_group=false roles=?not-exported",
            "group=S-1-5-21-1-2-3-512 group_sid=S-1-5-21-1-2-3-512 member=S-1-5-21-1-2-3-1120 sid=S-1-5-21-1-2-3-1120 class=?not-exported",
            r"server=sql.corp.example role=sysadmin member=CORP\mp",
        ]
    );
    // What the collector could not see is left out without a word: no list counts as whole.
    let (merged, _) = read(&[("g.json", graph.to_owned())], 100, 1 << 20);
    assert_eq!(gaps(&merged, "sql_role_members"), ["not-exported"]);
}

#[test]
fn properties_of_a_directory_that_was_walked() {
    let users = r#"{"data":[{"Properties":{"name":"A@CORP.EXAMPLE","domain":"CORP.EXAMPLE","samaccountname":"a","enabled":true,"lockedout":false,"pwdlastset":1530000000,"profilepath":null},"PrimaryGroupSID":"S-1-5-21-1-2-3-513","Aces":[],"ObjectIdentifier":"S-1-5-21-1-2-3-1601"}],"meta":{"type":"users","count":1,"version":6}}"#;
    // Accounts that nothing names are not kept.
    let admin = r#"{"@odata.context":"https://x/AdminService/wmi/$metadata#SMS_Admin","value":[{"LogonName":"CORP\\a","AdminID":1,"RoleNames":[]}]}"#;
    let (merged, _) = read(&[("a.json", admin.to_owned()), ("u.json", users.to_owned())], 100, 1 << 20);
    assert_eq!(
        rows(&merged, "directory_accounts"),
        [
            "account=A@CORP.EXAMPLE sid=S-1-5-21-1-2-3-1601 class=user enabled=true locked=?unreadable-value password_set=2018-06-26T08:00:00Z primary_group=S-1-5-21-1-2-3-513"
        ]
    );
    let domains = r#"{"data":[{"Properties":{"name":"CORP.EXAMPLE","netbios":"MOLE"},"Trusts":[],"Aces":[],"ObjectIdentifier":"S-1-5-21-1-2-3"}],"meta":{"type":"domains","count":1,"version":6}}"#;
    assert_eq!(
        of_file("d.json", domains, &["domains"]),
        ["netbios=MOLE dns=CORP.EXAMPLE sid=S-1-5-21-1-2-3"]
    );
    // Administrators in any language, by the alias behind the identifier of the computer.
    let computers = r#"{"data":[{"ObjectIdentifier":"S-1-5-21-1-2-3-1500","Properties":{"name":"WS01.CORP.EXAMPLE","domain":"CORP.EXAMPLE","samaccountname":"WS01$"},"LocalGroups":[{"ObjectIdentifier":"S-1-5-21-1-2-3-1500-544","Name":"ADMINISTRATORZY@WS01.CORP.EXAMPLE","Results":[],"LocalNames":[],"Collected":true}],"UserRights":[],"Aces":[]}],"meta":{"type":"computers","count":1,"version":6}}"#;
    assert_eq!(
        of_file("c.json", computers, &["local_groups"]),
        ["host=WS01.CORP.EXAMPLE group=S-1-5-32-544 sid=S-1-5-32-544 whole_list=false members=true"]
    );
}

#[test]
fn what_preferences_and_restricted_groups_do() {
    let rsop = |extension: &str| {
        format!(
            r#"<Rsop xmlns="http://www.microsoft.com/GroupPolicy/Rsop"><DataType>LoggedData</DataType><ComputerResults><Name>CORP\WS01$</Name><Domain>corp.example</Domain><ExtensionData><Extension xmlns:q1="http://www.microsoft.com/GroupPolicy/Settings/X" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" {extension}</Extension></ExtensionData></ComputerResults></Rsop>"#
        )
    };
    let preference = |attributes: &str, action: &str| {
        let text = format!(
            r#"xsi:type="q1:LugsSettings"><q1:LocalUsersAndGroups><q1:Group name="Administrators (built-in)" {attributes}><q1:Properties action="{action}" groupSid="S-1-5-32-544" groupName="Administrators (built-in)"><q1:Members><q1:Member name="CORP\a" action="ADD" sid="S-1-5-21-1-2-3-1105"/></q1:Members></q1:Properties></q1:Group></q1:LocalUsersAndGroups>"#
        );
        of_file("r.xml", &rsop(&text), &["local_group_members"]).len()
    };
    assert_eq!((preference("", "U"), preference("", "C")), (1, 1));
    assert_eq!((preference("", "D"), preference(r#"disabled="1""#, "U")), (0, 0));
    let restricted = r#"xsi:type="q1:SecuritySettings"><q1:RestrictedGroups><q1:GroupName><Name>CORP\Helpdesk</Name></q1:GroupName><q1:Memberof><SID>S-1-5-32-544</SID><Name>BUILTIN\Administrators</Name></q1:Memberof></q1:RestrictedGroups>"#;
    assert_eq!(
        of_file("r.xml", &rsop(restricted), &["local_group_members"]),
        [
            r"host=WS01 group=S-1-5-32-544 group_sid=?not-exported member=CORP\Helpdesk sid=?not-exported class=group"
        ]
    );
}

/// The rows of a table that files give, as they stand, and the gaps of it.
fn of_files(files: &[&str], table: &str) -> (Vec<String>, Vec<String>) {
    let (schema, mapping) = shipped();
    let files = files.iter().enumerate().map(|(i, text)| (format!("{i}.txt"), text.as_bytes().to_vec()));
    let collected = collect(schema, mapping, &Sources::from_memory(files, &Default::default()));
    let id = schema.table(table).expect("a table");
    let told = |cells: &[Cell]| {
        let fields = schema.tables[id].fields.iter().zip(cells);
        let told = fields.filter(|(_, cell)| !matches!(cell.fact, Fact::Empty));
        told.map(|(field, cell)| format!("{}={}", field.name, show(&cell.fact))).collect::<Vec<_>>().join(" ")
    };
    let table = &collected.evidence.tables[id];
    (
        table.rows.iter().map(|row| told(&row.cells)).collect(),
        table.gaps.iter().map(|gap| gap.missing.why.name().to_owned()).collect(),
    )
}

/// An object of the accounts of a component, with that text or list in the place of them.
fn accounts_as(values: &str) -> String {
    format!(
        r#"{{"ClientComponentName":"Software Distribution","SiteCode":"PS1","PropLists":[{{"PropertyListName":"Network Access User Names","Values":{values}}}]}}"#
    )
}

#[test]
fn a_list_that_became_one_text_is_unknown() {
    let table = "network_access_accounts";
    for values in [r#""a b c""#, r#""CORP\\a b""#, r#""CORP\\a CORP\\b""#, r#""  ""#, r#""""#, r#""a;b""#] {
        let (rows, gaps) = of_files(&[&accounts_as(values)], table);
        assert_eq!((rows.len(), gaps.as_slice()), (0, &["truncated".to_owned()][..]), "{values}");
    }
    for (values, account) in [
        (r#""CORP\\a""#, r"CORP\a"),
        (r#""a""#, "a"),
        (r#""CORP\\Domain Admins""#, r"CORP\Domain Admins"),
        (r#"["CORP\\a b"]"#, r"CORP\a b"),
    ] {
        let (rows, gaps) = of_files(&[&accounts_as(values)], table);
        assert_eq!(rows, [format!("site=PS1 account={account}")], "{values}");
        assert!(gaps.is_empty(), "{values}: {gaps:?}");
    }
    // Where the object goes deeper than the text stands, nothing was cut off.
    let group = r#"{"Computer":"srv","Group":"Administrators","GroupSid":{"Value":"S-1-5-32-544"},"Members":"CORP\\Site Admins"}"#;
    let (rows, gaps) = of_files(&[group], "local_group_members");
    assert_eq!((rows.len(), gaps.len()), (1, 0), "{rows:?} {gaps:?}");
    let flat = group.replace(r#"{"Value":"S-1-5-32-544"}"#, r#""S-1-5-32-544""#);
    let (rows, gaps) = of_files(&[&flat], "local_group_members");
    assert_eq!((rows.len(), gaps.as_slice()), (0, &["truncated".to_owned()][..]));
    // Words that a list is asked for are known, also with blanks in them.
    for (usage, rows, gaps) in
        [("Software Distribution", 1, 0), ("Software Distribution SMS_CLIENT_CONFIG_MANAGER", 0, 1)]
    {
        let text = format!(
            r#"{{"SiteCode":"PS1","UserName":"CORP\\a","ItemType":"User","AccountUsage":"{usage}"}}"#
        );
        let told = of_files(&[&text], "assigned_accounts");
        assert_eq!((told.0.len(), told.1.len()), (rows, gaps), "{usage}");
    }
}

#[test]
fn what_stands_in_a_file_twice_is_said_once() {
    let table = "network_access_accounts";
    let one = accounts_as(r#"["CORP\\a","b"]"#);
    let more = accounts_as(r#"["CORP\\a","b","CORP\\c"]"#);
    let twice_configured = accounts_as(r#"["CORP\\a","CORP\\a"]"#);
    for (text, count) in [
        (format!("{one}\n{one}\n{one}"), 2),
        (format!("[{one},{one}]"), 2),
        (format!("{one}\n{more}"), 3),
        (format!("{more}\n{one}"), 3),
        (twice_configured.clone(), 2),
        (format!("{one}\n{twice_configured}"), 3),
        (format!("{twice_configured}\n{twice_configured}"), 2),
    ] {
        assert_eq!(of_files(&[&text], table).0.len(), count, "{text}");
    }
}

#[test]
fn rows_are_found_under_names_of_ones_own() {
    let table = "network_access_accounts";
    let naa = accounts_as(r#"["CORP\\a"]"#);
    let json = |text: &str| serde_json::to_string(text).expect("a string");
    for text in [
        format!(r#"{{"When":"2024-01-05","Mine":[{naa}],"Nothing":[],"Empty":null}}"#),
        format!(r#"{{"Mine":{naa}}}"#),
        format!(r#"{{"a":{{"b":{{"c":[[{naa}]]}}}}}}"#),
        format!(r#"[{{"Name":"PS1","Count":1,"Group":[{naa}],"Values":["PS1"]}}]"#),
        format!(r#"{{"SMS_SCI_ClientComp":{{"PS1":[{naa}],"PS2":[]}}}}"#),
        format!(r#"{{"SMS_SCI_ClientComp":[{{"Values":["x"],"Count":1,"Group":[{naa}],"Name":"x"}}]}}"#),
        format!(r#"{{"SMS_Site":[],"Mine":[{naa}]}}"#),
        format!(r#"{{"Name":"k","Key":"k","Value":[{naa}]}}"#),
        format!("{{\"Mine\":{}}}", json(&naa)),
        json(&format!("[\r\n{naa}]")),
        format!("[{},{}]", json("a"), json(&naa)),
        r#"<Objs><Obj RefId="0"><TN RefId="0"><T>Microsoft.PowerShell.Commands.GroupInfo</T></TN><Props><Obj N="Group" RefId="1"><LST><Obj RefId="2"><MS><S N="ClientComponentName">Software Distribution</S><S N="SiteCode">PS1</S><Obj N="PropLists" RefId="3"><LST><Obj RefId="4"><MS><S N="PropertyListName">Network Access User Names</S><Obj N="Values" RefId="5"><LST><S>CORP\a</S></LST></Obj></MS></Obj></LST></Obj></MS></Obj></LST></Obj></Props></Obj></Objs>"#.to_owned(),
        format!("<Objs><S>{naa}</S></Objs>"),
        format!(r#"<Objs><Obj RefId="0"><DCT><En><S N="Key">mine</S><S N="Value">{naa}</S></En></DCT></Obj></Objs>"#),
        r#"<Objects><Object Type="System.Collections.Hashtable"><Property Name="Key" Type="System.String">mine</Property><Property Name="Value" Type="System.Object[]"><Property Type="X"><Property Name="ClientComponentName" Type="System.String">Software Distribution</Property><Property Name="SiteCode" Type="System.String">PS1</Property><Property Name="PropLists" Type="System.Object[]"><Property Type="Y"><Property Name="PropertyListName" Type="System.String">Network Access User Names</Property><Property Name="Values" Type="System.String[]"><Property Type="System.String">CORP\a</Property></Property></Property></Property></Property></Property></Object></Objects>"#.to_owned(),
    ] {
        let (rows, gaps) = of_files(&[&text], table);
        assert_eq!(rows, [r"site=PS1 account=CORP\a"], "{text}");
        assert!(gaps.is_empty(), "{gaps:?}: {text}");
    }
    // Groups of which only the names of objects are left: what they were is missing.
    let cut = r#"{"Name":"a","Count":1,"Values":["a"],"Group":["SMS_SCI_ClientComp (ItemName = \"x\")"]}"#;
    let told = of_files(&[cut], table);
    assert_eq!((told.0.len(), told.1.as_slice()), (0, &["incomplete".to_owned()][..]));
}

#[test]
fn a_task_sequence_as_xml_of_powershell() {
    let xml = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let sequence = "<sequence version=\"3.10\"><step type=\"SMS_TaskSequence_RunCommandLineAction\" name=\"A\"><action>a.exe</action></step></sequence>";
    let object = |value: &str| {
        format!(
            r#"<Objs><Obj RefId="0"><MS><S N="PackageID">PS100001</S><S N="Name">Base</S>{value}</MS></Obj></Objs>"#
        )
    };
    let told = of_files(&[&object(&format!("<XD N=\"Sequence\">{}</XD>", xml(sequence)))], "task_sequences");
    assert_eq!((told.0.len(), told.1.len()), (1, 0), "{told:?}");
    let told = of_files(&[&format!("<Objs><XD>{}</XD></Objs>", xml(sequence))], "task_sequences");
    assert_eq!((told.0.len(), told.1.len()), (1, 0), "{told:?}");
    // As an object, it is lost.
    for text in [
        object(
            r#"<Obj N="Sequence" RefId="1"><TN RefId="1"><T>System.Xml.XmlElement</T></TN><IE/><Props><S N="version">3.10</S></Props></Obj>"#,
        ),
        r#"{"PackageID":"PS100001","Name":"Base","Sequence":[[[[]]]]}"#.to_owned(),
        r#"{"PackageID":"PS100001","Name":"Base","Sequence":["System.Xml.XmlElement"]}"#.to_owned(),
    ] {
        let told = of_files(&[&text], "task_sequences");
        assert_eq!((told.0.len(), told.1.as_slice()), (0, &["truncated".to_owned()][..]), "{text}");
    }
}

#[test]
fn sites_follow_from_their_servers() {
    let row = |site: &str, host: &str, role: &str, kind: u8| {
        format!(
            r#"{{"SiteCode":"{site}","NetworkOSPath":"\\\\{host}","RoleName":"{role}","Type":{kind},"Props":[],"PropLists":[]}}"#
        )
    };
    let roles = format!(
        "[{},{},{},{}]",
        row("PS1", "cm1.contoso.com", "SMS Site System", 2),
        row("PS1", "cm1.contoso.com", "SMS Site Server", 2),
        row("SE1", "sec1.contoso.com", "SMS Site Server", 1),
        row("SE2", "dp7.contoso.com", "SMS Distribution Point", 1),
    );
    let (merged, _) = read(&[("roles.json", roles.clone())], 100, 1 << 20);
    let unknown = "install_dir=?not-exported version=?not-exported build=?not-exported";
    assert_eq!(
        rows(&merged, "sites"),
        [
            format!("site=PS1 parent=?not-exported server=cm1.contoso.com type=primary {unknown}"),
            format!("site=SE1 parent=?not-exported server=sec1.contoso.com type=secondary {unknown}"),
        ]
    );
    // A site whose server no row names is one that is not known.
    assert_eq!(gaps(&merged, "sites"), ["not-exported site=SE2"]);
    // Where the sites are exported, these are the sites.
    let sites = r#"[{"SiteCode":"PS1","ServerName":"cm1.contoso.com","InstallDir":"D:\\CM","Type":2,"ReportingSiteCode":"","Version":"5.00.9128.1000","BuildNumber":9128}]"#;
    let (merged, _) = read(&[("roles.json", roles), ("sites.json", sites.to_owned())], 100, 1 << 20);
    assert_eq!(rows(&merged, "sites").len(), 1);
    assert!(gaps(&merged, "sites").is_empty());
}

#[test]
fn how_clients_reach_a_site_is_in_the_bits_of_its_state() {
    let mode = |state: i64| {
        let record =
            component("SMS_SITE_COMPONENT_MANAGER", json!([]), json!([prop("IISSSLState", state, "", "")]));
        from(&[record], &["site_communication"]).join(" ")
    };
    for (state, expected) in [
        (31, "https"),
        (63, "https"),
        (192, "http"),
        (224, "http"),
        (448, "http"),
        (0, "http"),
        (1216, "enhanced-http"),
        (1504, "enhanced-http"),
    ] {
        assert!(mode(state).ends_with(&format!(" mode={expected}")), "{state}: {}", mode(state));
    }
}

#[test]
fn members_that_are_null_are_not_known() {
    let group = |members: &str| {
        let text = format!(
            r#"[{{"Computer":"SRV1","Group":"SMS Admins","GroupSid":"S-1-5-21-1-2-3-1001"{members}}}]"#
        );
        of_file("g.json", &text, &["local_groups"]).join("")
    };
    assert!(group(r#","Members":[]"#).ends_with(" members=true"));
    assert!(group(r#","Members":[{"Name":"CONTOSO\\a","ObjectClass":"User"}]"#).ends_with(" members=true"));
    assert!(group(r#","Members":{"Name":"CONTOSO\\a","ObjectClass":"User"}"#).ends_with(" members=true"));
    assert!(group(r#","Members":null"#).ends_with(" members=?incomplete"), "{}", group(r#","Members":null"#));
}

#[test]
fn devices_with_the_client_are_known_by_name() {
    let devices = r#"[{"Name":"WS1","ResourceDomainORWorkgroup":"CONTOSO","FullDomainName":"CONTOSO.COM","Client":1},
{"Name":"WS2","ResourceDomainORWorkgroup":"CONTOSO","FullDomainName":"CONTOSO.COM","Client":0},
{"Name":"WS3","ResourceDomainORWorkgroup":"CONTOSO","FullDomainName":"CONTOSO.COM"}]"#;
    assert_eq!(of_file("d.json", devices, &["client_computers"]), ["name=WS1 domain=CONTOSO.COM"]);
    let cmdlet = r#"[{"Name":"WS1","Domain":"CONTOSO","SiteCode":"PS1","IsClient":true},{"Name":"WS2","Domain":"CONTOSO","SiteCode":null,"IsClient":false}]"#;
    assert_eq!(of_file("d.json", cmdlet, &["client_computers"]), ["name=WS1 domain=CONTOSO"]);
}
