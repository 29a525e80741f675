//! No secret of an export is ever printed, whatever its name, wherever it stands, in whatever shape of file, also if
//! that file is broken.
//!
//! `PROPTEST_CASES=5000 cargo test --test leaks` is the long run.

#[path = "common/leaks.rs"]
mod oracle;

use std::sync::LazyLock;

use oracle::{Files, Oracle};
use proptest::prelude::*;

static ORACLE: LazyLock<Oracle> = LazyLock::new(Oracle::new);

/// Names under which people keep passwords, in ten languages, and such as nobody knows.
const NAMES: [&str; 36] = [
    "Password",
    "pw",
    "pass",
    "Kennwort",
    "Passwort",
    "MotDePasse",
    "Contraseña",
    "Senha",
    "Wachtwoord",
    "Lösenord",
    "Hasło",
    "Пароль",
    "パスワード",
    "密码",
    "token",
    "api_key",
    "AccountKey",
    "NTHash",
    "pin",
    "Cred",
    "PSK",
    "x",
    "y1",
    "Blob",
    "Remark",
    "Hint2",
    "_",
    "ClearTextPassword",
    "PasswordSet",
    "Reserved2",
    "RecoveryKey",
    "sasToken",
    "CommandLine",
    "Script",
    "Text9",
    "Zugang",
];

/// Where a secret stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// The value of a property.
    Value,
    /// In an object in a property: `{"value": ...}`.
    Nested,
    /// In a list.
    List,
    /// In a longer text.
    Text,
    /// In XML: an attribute, a comment, a processing instruction, an element of that name, a CDATA section.
    Attribute,
    Comment,
    Instruction,
    Element,
    CData,
}

const HOWS: [How; 9] = [
    How::Value,
    How::Nested,
    How::List,
    How::Text,
    How::Attribute,
    How::Comment,
    How::Instruction,
    How::Element,
    How::CData,
];

/// The shapes of files.
const SHAPES: [&str; 14] = [
    "json",
    "json-pretty",
    "ndjson",
    "adminservice",
    "sharphound",
    "opengraph",
    "clixml",
    "convert-to-xml",
    "cim-xml",
    "task-sequence",
    "task-sequence-in-json",
    "gpo-report",
    "mof",
    "inf",
];

fn json_text(text: &str) -> String {
    serde_json::to_string(text).expect("a text")
}

fn xml_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A JSON property that holds the secret.
fn json_plant(name: &str, secret: &str, how: How) -> String {
    let (name, text) = (json_text(name), json_text(secret));
    match how {
        How::Nested | How::Element => format!(r#"{name}: {{"value": {text}, "Count": 1}}"#),
        How::List | How::CData => format!("{name}: [{text}, {text}]"),
        How::Text | How::Comment => {
            format!(r#""Note": {}"#, json_text(&format!("run.exe {name} {secret} /y")))
        }
        How::Value | How::Attribute | How::Instruction => format!("{name}: {text}"),
    }
}

/// Something in XML that holds the secret; `property` writes a property of the format.
fn xml_plant(name: &str, secret: &str, how: How, property: &dyn Fn(&str, &str) -> String) -> String {
    // Names of elements and attributes are letters.
    let word: String = name.chars().filter(|c| c.is_alphabetic()).collect();
    let word = if word.is_empty() { "x".to_owned() } else { word };
    let text = xml_text(secret);
    match how {
        How::Value | How::Nested | How::List => property(name, &text),
        How::Text => property("Note", &format!("run.exe {word} {text} /y")),
        How::Attribute => format!("<{word} of=\"{text}\">z</{word}>"),
        How::Comment => format!("<!-- {name}={} -->", secret.replace("--", "__")),
        How::Instruction => format!("<?{word} {}?>", secret.replace("?>", "__")),
        How::Element => format!("<{word}>{text}</{word}>"),
        How::CData => property(name, &format!("<![CDATA[{}]]>", secret.replace("]]>", "___"))),
    }
}

/// A file of that shape, with a secret beside an account that something is said of.
fn file(shape: &str, name: &str, secret: &str, how: How) -> String {
    let json = json_plant(name, secret, how);
    let component = format!(
        r#"{{"__CLASS":"SMS_SCI_ClientComp",{json},"ItemName":"Software Distribution","SiteCode":"P01","PropLists":[{{"PropertyListName":"Network Access User Names","Values":["svc-naa"],{json}}}],{json}}}"#
    );
    let xml = |property: &dyn Fn(&str, &str) -> String| xml_plant(name, secret, how, property);
    let sequence = || {
        let plant = xml(&|name, text| format!("<variable name=\"{name}\">{text}</variable>"));
        format!(
            "<sequence version=\"3.00\"><step type=\"SMS_TaskSequence_RunCommandLineAction\" name=\"Run\">\
             <action>run.exe {name} {}</action><defaultVarList>{plant}<variable name=\"SMSTSRunCommandLineUserName\" \
             property=\"UserName\">CONTOSO\\svc-x</variable><variable name=\"_SMSTSRunCommandLineAsUser\" \
             property=\"RunAsUser\">true</variable>{plant}</defaultVarList></step></sequence>",
            xml_text(secret)
        )
    };
    match shape {
        "json" => format!("[{component}]"),
        "json-pretty" => format!("[{component}]").replace(",\"", ",\r\n  \"").replace('{', "{\r\n "),
        "ndjson" => format!("{component}\n{component}\n"),
        "adminservice" => format!(
            r#"{{"@odata.context":"https://h/AdminService/wmi/$metadata#SMS_SCI_ClientComp","value":[{component}]}}"#
        ),
        "sharphound" => format!(
            r#"{{"data":[{{"ObjectIdentifier":"S-1-5-21-1-2-3-1104","Properties":{{"name":"SVC-X@CONTOSO.COM","domain":"CONTOSO.COM",{json},"samaccountname":"svc-x","enabled":true}},{json}}}],"meta":{{"type":"users","count":1,"version":6,"methods":1}}}}"#
        ),
        "opengraph" => format!(
            r#"{{"graph":{{"nodes":[{{"id":"S-1-5-21-1-2-3-1104","kinds":["User"],"properties":{{"name":"svc-x",{json}}}}}],"edges":[]}}}}"#
        ),
        "clixml" => {
            let plant = xml(&|name, text| format!("<S N=\"{name}\">{text}</S>"));
            format!(
                "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\"><Obj RefId=\"0\">\
                 <TN RefId=\"0\"><T>IResultObject#SMS_SCI_Reserved</T></TN><ToString>{}</ToString><MS>{plant}\
                 <S N=\"UserName\">svc-naa</S>{plant}<S N=\"AccountUsage\">Software Distribution</S>\
                 <S N=\"SiteCode\">P01</S>{plant}</MS></Obj></Objs>",
                xml_text(secret)
            )
        }
        "convert-to-xml" => {
            let plant = xml(&|name, text| {
                format!("<Property Name=\"{name}\" Type=\"System.String\">{text}</Property>")
            });
            format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?><Objects><Object Type=\"IResultObject#SMS_SCI_Reserved\">{plant}\
                 <Property Name=\"UserName\" Type=\"System.String\">svc-naa</Property>{plant}\
                 <Property Name=\"AccountUsage\" Type=\"System.String\">Software Distribution</Property></Object></Objects>"
            )
        }
        "cim-xml" => {
            let plant = xml(&|name, text| {
                format!("<PROPERTY NAME=\"{name}\" TYPE=\"string\"><VALUE>{text}</VALUE></PROPERTY>")
            });
            format!(
                "<INSTANCE CLASSNAME=\"SMS_SCI_Reserved\">{plant}<PROPERTY NAME=\"UserName\" TYPE=\"string\">\
                 <VALUE>svc-naa</VALUE></PROPERTY>{plant}<PROPERTY.ARRAY NAME=\"AccountUsage\" TYPE=\"string\">\
                 <VALUE.ARRAY><VALUE>Software Distribution</VALUE></VALUE.ARRAY></PROPERTY.ARRAY></INSTANCE>"
            )
        }
        "task-sequence" => sequence(),
        "task-sequence-in-json" => format!(
            r#"[{{"__CLASS":"SMS_TaskSequencePackage","PackageID":"P0100001","Name":"Deploy",{json},"Sequence":{}}}]"#,
            json_text(&sequence())
        ),
        "gpo-report" => {
            let plant =
                xml(&|name, text| format!("<Setting><Name>{name}</Name><Value>{text}</Value></Setting>"));
            format!(
                "<?xml version=\"1.0\"?><GPO xmlns=\"http://www.microsoft.com/GroupPolicy/Settings\"><Name>Rights</Name>\
                 <Computer><ExtensionData><Extension>{plant}<UserRightsAssignment><Name>SeInteractiveLogonRight</Name>\
                 <Member><Name>CONTOSO\\svc-x</Name>{plant}</Member></UserRightsAssignment></Extension></ExtensionData>\
                 </Computer><LinksTo><SOMPath>contoso.com</SOMPath><Enabled>true</Enabled></LinksTo></GPO>"
            )
        }
        "mof" => {
            let text = secret.replace('\\', "\\\\").replace('"', "\\\"");
            format!(
                "instance of SMS_SCI_Reserved\n{{\n Note = \"run.exe {text}\"; // {text}\n UserName = \"svc-naa\"; N1 = \"{text}\"; \
                 /* {text} */ AccountUsage = {{\"Software Distribution\"}};\n SiteCode = \"P01\";\n}};\n"
            )
        }
        _ => format!(
            "[Unicode]\r\nUnicode=yes\r\n[Version]\r\nsignature=\"$CHICAGO$\"\r\n; {secret}\r\n[System Access]\r\n\
             NewAdministratorName = \"{secret}\"\r\n[Privilege Rights]\r\nSeInteractiveLogonRight = CONTOSO\\svc-x\r\n\
             [Registry Values]\r\nMACHINE\\Software\\X\\{}=1,\"{secret}\"\r\n",
            name.replace(['=', ','], "")
        ),
    }
}

/// The planted file, and one that makes rules speak of the accounts in it.
fn files(shape: &str, planted: Vec<u8>) -> Files {
    let beside = r#"[{"__CLASS":"SMS_SCI_ClientComp","ItemName":"Software Distribution","SiteCode":"P01","PropLists":[{"PropertyListName":"Network Access User Names","Values":["svc-naa","CONTOSO\\svc-x"]}]}]"#;
    vec![(format!("planted-{shape}"), planted), ("beside.json".to_owned(), beside.as_bytes().to_vec())]
}

/// The bytes of a text, in UTF-8 or UTF-16.
fn encoded(text: &str, wide: bool) -> Vec<u8> {
    if wide {
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
    } else {
        text.into()
    }
}

fn secret() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9]{6,40}",
        "[A-Za-z0-9!#%&/()=?+*~.:;_<>|@-]{6,40}",
        "[A-Za-zäöüßéñçłж日本語パス0-9\"'\\\\ ,{}\\[\\]]{6,40}",
    ]
    .prop_filter("a password is not blank at its ends", |s| s.trim() == s)
}

fn cases() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(24);
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_secret_is_never_printed(
        secret in secret(),
        other in "[A-Z][a-z]{5}[0-9]{2}",
        name in prop_oneof![3 => proptest::sample::select(NAMES.to_vec()).prop_map(str::to_owned), 1 => "[a-z]{1,8}7"],
        shape in proptest::sample::select(SHAPES.to_vec()),
        how in proptest::sample::select(HOWS.to_vec()),
        // Where the file breaks off, if it does.
        cut in proptest::option::of(0.0..1.0f64),
        wide in any::<bool>(),
    ) {
        let made = |secret: &str| {
            let mut bytes = encoded(&file(shape, &name, secret, how), wide);
            if let Some(cut) = cut {
                bytes.truncate((bytes.len() as f64 * cut) as usize);
            }
            files(shape, bytes)
        };
        let leak = ORACLE.leak(&secret, &other, made);
        prop_assert!(leak.is_none(), "{} leaks in {}", leak.as_ref().unwrap().1, leak.as_ref().unwrap().0);
    }

    #[test]
    fn a_secret_in_text_that_is_no_export_is_never_printed(
        secret in "[A-Za-z0-9!#%.:_-]{8,40}",
        other in "[A-Z][a-z]{5}[0-9]{2}",
        frame in proptest::sample::select(BROKEN.to_vec()),
    ) {
        let made = |secret: &str| files("broken", frame.replace("SECRET", secret).into_bytes());
        let leak = ORACLE.leak(&secret, &other, made);
        prop_assert!(leak.is_none(), "{} leaks in {}", leak.as_ref().unwrap().1, leak.as_ref().unwrap().0);
    }
}

/// Text that cannot be read as what it looks like.
const BROKEN: [&str; 20] = [
    r#"[{"UserName":"CORP\svc-x","Password":"SECRET"}]"#,
    r#"[{"UserName":"svc-naa","Password":SECRET}]"#,
    r#"[{"UserName":"svc-naa","Password":'SECRET'}]"#,
    r#"[{"UserName":"svc-naa","Password":"SECRET"SECRET"}]"#,
    r#"[{"UserName":"svc-naa","Password":"\RSECRET"}]"#,
    "[{\"UserName\":\"svc-naa\",\"Password\":\"SEC\nSECRET\"}]",
    r#"{'UserName': 'svc-naa', 'Password': 'SECRET'}"#,
    r#"[{"UserName":"svc-naa","Password":"\uZZSECRET"}]"#,
    r#"[{"AccountUsage":"Software Distribution","UserName":"svc-naa"},{"Password":"SECRET"#,
    "[+] NAA password: SECRET\n",
    "[2024-01-02 10:00] user=x password=SECRET\n",
    "<Objs><Obj RefId=\"0\"><MS><S N=\"Password\">a<SECRET</S></MS></Obj></Objs>",
    "<Objs><Obj RefId=\"0\"><MS><S N=\"Password\">a<SECRET>b</S></MS></Obj></Objs>",
    "<Objs><Obj RefId=\"0\"><MS><S N=\"Password\">a</SECRET></S></MS></Obj></Objs>",
    "<Objs><Obj RefId=\"0\"><MS><S N=\"Password\">a<SECRET",
    "<Objs><Obj RefId=\"0\"><MS><S N=\"Password\" SECRET=\"1\" SECRET=\"2\"/></MS></Obj></Objs>",
    "<sequence version=\"3.00\"><step name=\"x\"><action>a &SECRET; b<SECRET</action></step></sequence>",
    "instance of SMS_SCI_Reserved { UserName = \"svc-naa\"; P = SECRET; };",
    "instance of SMS_SCI_Reserved { UserName = \"svc-naa\"; P = \"SECRET; };",
    "SECRET",
];

#[test]
fn the_oracle_finds_what_is_printed() {
    let made = |secret: &str| {
        files("json", format!(r#"[{{"__CLASS":"SMS_SCI_Reserved","UserName":"{secret}","AccountUsage":"Software Distribution"}}]"#).into())
    };
    assert!(ORACLE.leak("Nordlicht-4711x", "Herbst-77", made).is_some(), "an account's name is printed");
    assert!(ORACLE.leak("Software Distribution", "Herbst-77", |_| files("json", Vec::new())).is_none());
}

#[test]
fn what_is_planted_stands_beside_what_is_shown() {
    // Else the tests above would look at nothing.
    for shape in SHAPES.into_iter().filter(|shape| !["sharphound", "opengraph"].contains(shape)) {
        let planted = file(shape, "x", "Nordlicht-4711x", How::Value).into_bytes();
        let outputs = ORACLE.outputs(files(shape, planted));
        let human = outputs.iter().find(|o| o.what == "Human at 500, verbose").expect("it was written");
        let text = oracle::plain(&human.text);
        assert!(text.contains(&format!("─ planted-{shape}:")), "{shape}: no place is shown\n{text}");
        // Where each property has a line of its own there is nothing to leave out on that of the account.
        assert!(text.contains('…') || shape == "json-pretty", "{shape}: nothing was left out\n{text}");
    }
}

#[test]
fn what_is_left_out_does_not_tell_its_length() {
    for shape in ["json", "clixml", "convert-to-xml", "cim-xml", "task-sequence", "mof"] {
        let excerpts = |secret: &str| {
            let outputs = ORACLE.outputs(files(shape, file(shape, "x", secret, How::Value).into_bytes()));
            let human = outputs.into_iter().find(|o| o.what == "Human at 500, verbose").expect("written");
            let lines = oracle::plain(&human.text);
            lines.lines().filter(|l| l.contains('│')).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(excerpts("a"), excerpts("a longer one than that, with blanks"), "{shape}");
    }
}
