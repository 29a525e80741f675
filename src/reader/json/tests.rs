//! Whole files of the shapes that exist, with invented names.

use proptest::prelude::*;

use super::*;
use crate::reader::testing::{Taken, at, data, span_of};
use crate::reader::{Data, Missing, Recognise, Secret, WantedClass};
use crate::source::{Encoding, Limits, Sources};

fn wanted() -> Wanted {
    let mut wanted = Wanted::default();
    let mut class = |name: &str, properties: &[&str]| {
        let properties = properties.iter().map(|p| p.to_ascii_lowercase().into()).collect();
        wanted.classes.insert(
            name.to_ascii_lowercase().into(),
            WantedClass { name: name.into(), properties, ..WantedClass::default() },
        );
    };
    class("SMS_SCI_Reserved", &["UserName", "SiteCode", "AccountUsage", "Props"]);
    class("SMS_Admin", &["LogonName", "AdminSid", "IsGroup", "RoleNames", "CreatedDate"]);
    class("SMS_SCI_Component", &["ComponentName", "SiteCode", "Props", "PropLists"]);
    class("SMS_CollectionSettings", &[]);
    class("SMS_TaskSequencePackage", &["Name", "PackageID", "Sequence"]);
    class("ADDomain", &["NetBIOSName", "DNSRoot", "DomainSID"]);
    let rule = |class: &str, all: &[&str], any: &[&str]| Recognise {
        class: class.into(),
        all: all.iter().map(|n| n.to_ascii_lowercase().into()).collect(),
        any: any.iter().map(|n| n.to_ascii_lowercase().into()).collect(),
        ..Recognise::default()
    };
    wanted.recognise = vec![
        rule("SMS_SCI_Reserved", &["AccountUsage"], &[]),
        rule("SMS_Admin", &["LogonName"], &["AdminID", "AdminSid"]),
        rule("SMS_TaskSequencePackage", &["PackageID", "Sequence"], &[]),
        rule("ADDomain", &["NetBIOSName", "DNSRoot"], &[]),
        rule("SMS_CollectionSettings", &["CollectionID", "CollectionVariables"], &[]),
    ];
    wanted
}

fn taken(text: &str) -> (Reading, Taken) {
    let mut taken = Taken::default();
    let reading = read(&mut Window::from_text(text), &wanted(), &mut taken);
    (reading, taken)
}

/// The same through a window of that size on a file of that encoding.
fn taken_through(bytes: &[u8], window: usize) -> (Reading, Taken) {
    let limits = Limits { window, ..Limits::default() };
    let sources = Sources::from_memory([("test.json".to_owned(), bytes.to_vec())], &limits);
    let mut taken = Taken::default();
    let mut window = sources.as_slice()[0].open().unwrap();
    let reading = read(&mut window, &wanted(), &mut taken);
    (reading, taken)
}

fn classes(taken: &Taken) -> Vec<&str> {
    taken.records.iter().map(|r| &*r.class).collect()
}

fn texts(value: &Data) -> Vec<&str> {
    match value {
        Data::List(list) => list.iter().flat_map(|v| texts(&v.data)).collect(),
        Data::Text(text) => vec![text],
        _ => Vec::new(),
    }
}

/// Windows PowerShell 5.1: two blanks behind the colon, columns, escapes for quotes.
const RESERVED_51: &str = r#"[
    {
        "ItemName":  "CONTOSO\\cm-naa|0",
        "ItemType":  "User",
        "UserName":  "CONTOSO\\cm-naa",
        "AccountUsage":  "Software Distribution",
        "SiteCode":  "PS1"
    },
    {
        "ItemName":  "CONTOSO\\o\u0027neil|0",
        "ItemType":  "User",
        "UserName":  "CONTOSO\\o\u0027neil",
        "AccountUsage":  [
                             "Software Distribution",
                             "SMS_CLIENT_CONFIG_MANAGER"
                         ],
        "SiteCode":  "PS1"
    }
]
"#;

#[test]
fn windows_powershell() {
    let (reading, taken) = taken(RESERVED_51);
    assert_eq!(
        reading,
        Reading { format: Some(Format::Json), records: 2, status: Status::Read, notes: Vec::new() }
    );
    assert_eq!(classes(&taken), ["SMS_SCI_Reserved", "SMS_SCI_Reserved"]);
    let [first, second] = taken.records.as_slice() else { panic!() };
    assert_eq!(*data(first, "UserName"), Data::Text("CONTOSO\\cm-naa".into()));
    // `[`, a line feed and four blanks; the object's first lines have 2, 42, 29 and 41 characters.
    assert_eq!(first.span.start, 6);
    assert_eq!(span_of(first, "UserName"), Span { start: 6 + 2 + 42 + 29 + 22, end: 6 + 2 + 42 + 29 + 37 });
    assert_eq!(at(RESERVED_51, span_of(first, "UserName")), r"CONTOSO\\cm-naa");
    assert_eq!(first.object.properties.len(), 3);
    assert_eq!(*data(second, "UserName"), Data::Text("CONTOSO\\o'neil".into()));
    assert_eq!(at(RESERVED_51, span_of(second, "UserName")), r"CONTOSO\\o\u0027neil");
    assert_eq!(texts(data(second, "AccountUsage")), ["Software Distribution", "SMS_CLIENT_CONFIG_MANAGER"]);
    assert!(at(RESERVED_51, second.span).starts_with('{') && at(RESERVED_51, second.span).ends_with('}'));
}

#[test]
fn powershell_7_and_a_single_object() {
    let (reading, taken) = taken(
        "{\n  \"LogonName\": \"CONTOSO\\\\admin\",\n  \"AdminID\": 16777217,\n  \"IsGroup\": false,\n  \"CreatedDate\": \"2024-01-05T11:11:12.5+01:00\"\n}\r\n",
    );
    assert_eq!((reading.records, reading.status, reading.format), (1, Status::Read, Some(Format::Json)));
    assert_eq!(classes(&taken), ["SMS_Admin"]);
    assert_eq!(*data(&taken.records[0], "isgroup"), Data::Bool(false));
    assert_eq!(*data(&taken.records[0], "CreatedDate"), Data::Text("2024-01-05T10:11:12Z".into()));
    // Not asked for.
    assert!(taken.records[0].object.get("AdminID").is_none());
}

#[test]
fn every_way_to_name_a_class() {
    for row in [
        r#"{"__CLASS":"SMS_Admin","LogonName":"CONTOSO\\a"}"#,
        r#"{"CimSystemProperties":{"Namespace":"root/sms/site_PS1","ClassName":"SMS_Admin"},"LogonName":"CONTOSO\\a"}"#,
        r#"{"LogonName":"CONTOSO\\a","CimClass":"root/sms/site_PS1:SMS_Admin"}"#,
        r#"{"LogonName":"CONTOSO\\a","CimClass":{"CimSuperClassName":"SMS_BaseClass","CimClassName":"SMS_Admin"}}"#,
        r#"{"SmsProviderObjectPath":"SMS_Admin.AdminID=16777217","LogonName":"CONTOSO\\a"}"#,
        r#"{"ObjectClass":"SMS_Admin","LogonName":"CONTOSO\\a"}"#,
        r##"{"@odata.type":"#AdminService.SMS_Admin","LogonName":"CONTOSO\\a"}"##,
        r#"{"LogonName":"CONTOSO\\a","AdminSid":"S-1-5-21-1-2-3-4","ObjectClass":"User"}"#,
        r#"{"\u004cogonName":"CONTOSO\\a","AdminSid":null}"#,
    ] {
        let (reading, taken) = taken(row);
        assert_eq!(classes(&taken), ["SMS_Admin"], "{row}: {reading:?}");
        assert_eq!(texts(data(&taken.records[0], "LogonName")), ["CONTOSO\\a"], "{row}");
    }
}

#[test]
fn a_named_class_that_is_not_wanted_is_not_guessed_at() {
    let (reading, taken) = taken(r#"[{"__CLASS":"SMS_Other","LogonName":"a","AdminID":1}]"#);
    assert_eq!((reading.records, reading.status, taken.records.len()), (1, Status::Read, 0));
}

#[test]
fn properties_that_only_repeat_count_where_the_others_are_missing() {
    for row in [
        r#"{"CimClass":"root/sms/site_PS1:SMS_Admin","CimInstanceProperties":["LogonName = \"CONTOSO\\\\a\"","IsGroup = True"]}"#,
        r#"{"CimInstanceProperties":[{"Name":"LogonName","Value":"CONTOSO\\a","CimType":14},{"Name":"AdminID","Value":1},{"Name":"IsGroup","Value":true}]}"#,
        r#"{"CimInstanceProperties":"AdminID = 16777217 LogonName = \"CONTOSO\\\\a\" IsGroup = True"}"#,
        r#"{"PropertyNames":["LogonName"],"PropertyList":{"LogonName":"CONTOSO\\a","AdminID":"1","IsGroup":true}}"#,
    ] {
        let (_, taken) = taken(row);
        assert_eq!(classes(&taken), ["SMS_Admin"], "{row}");
        assert_eq!(*data(&taken.records[0], "LogonName"), Data::Text("CONTOSO\\a".into()), "{row}");
        assert_eq!(*data(&taken.records[0], "IsGroup"), Data::Bool(true), "{row}");
        let place = span_of(&taken.records[0], "LogonName");
        assert!(at(row, place).starts_with("CONTOSO") && at(row, place).ends_with("\\a"), "{row}");
    }
}

const PAGE: &str = r#"{"@odata.context":"https://ps1.contoso.example/AdminService/wmi/$metadata#SMS_Admin(LogonName,RoleNames)",
 "value":[{"LogonName":"CONTOSO\\a","RoleNames":["Full Administrator"]},{"LogonName":"CONTOSO\\b","RoleNames":[]}],
 "@odata.nextLink":"https://ps1.contoso.example/AdminService/wmi/SMS_Admin?$skip=2"}"#;

#[test]
fn an_adminservice_page_with_select_and_a_next_link() {
    let (reading, taken) = taken(PAGE);
    assert_eq!(
        (reading.format, reading.records, reading.status),
        (Some(Format::AdminService), 2, Status::Read)
    );
    assert_eq!(classes(&taken), ["SMS_Admin", "SMS_Admin"]);
    let [(class, why, span)] = taken.missing.as_slice() else { panic!("{:?}", taken.missing) };
    assert_eq!((class.as_deref(), *why), (Some("SMS_Admin"), Missing::MorePages));
    assert_eq!(at(PAGE, *span), "https://ps1.contoso.example/AdminService/wmi/SMS_Admin?$skip=2");
    assert_eq!(reading.notes.len(), 1);
    assert!(reading.notes[0].text.contains("further pages of SMS_Admin"));
}

#[test]
fn an_envelope_with_its_keys_in_another_order() {
    let text = r#"{"value":[{"LogonName":"CONTOSO\\a"}],"@odata.nextLink":null,"@odata.context":"x/$metadata#SMS_Admin"}"#;
    let (reading, taken) = taken(text);
    assert_eq!((reading.format, classes(&taken)), (Some(Format::AdminService), vec!["SMS_Admin"]));
    assert_eq!(taken.missing, []);
}

#[test]
fn a_single_entity_and_a_method_result() {
    let (reading, taken_1) =
        taken(r#"{"@odata.context":"x/$metadata#SMS_Admin/$entity","LogonName":"CONTOSO\\a"}"#);
    assert_eq!((reading.format, classes(&taken_1)), (Some(Format::AdminService), vec!["SMS_Admin"]));
    let (reading, taken_2) =
        taken(r#"{"@odata.context":"x/$metadata#__PARAMETERS","ReturnValue":0,"AccountUsage":[]}"#);
    assert_eq!((reading.status, taken_2.records.len()), (Status::Read, 0));
}

#[test]
fn rows_in_a_list_of_windows_powershell_and_in_a_list_of_pages() {
    let (_, taken_1) =
        taken(r#"{"value":[{"AccountUsage":[],"UserName":"a"},{"AccountUsage":[]}],"Count":2}"#);
    assert_eq!(classes(&taken_1), ["SMS_SCI_Reserved"; 2]);
    let pages = format!("[{PAGE},{PAGE}]");
    let (reading, taken_2) = taken(&pages);
    assert_eq!(
        (reading.format, taken_2.records.len(), taken_2.missing.len()),
        (Some(Format::AdminService), 4, 2)
    );
    let (_, taken_3) = taken(r#"{"AccountUsage":{"value":["x","y"],"Count":2},"UserName":"a"}"#);
    assert_eq!(texts(data(&taken_3.records[0], "AccountUsage")), ["x", "y"]);
}

#[test]
fn lists_by_class() {
    let text = r#"{"Collected":"2024-01-05","SMS_Admin":[{"LogonName":"CONTOSO\\a"}],"SMS_Other":[{"AccountUsage":[]}],
        "Get-CMAccount":[{"AccountUsage":[],"UserName":"u"}],"ADDomain":{"NetBIOSName":"CONTOSO","DNSRoot":"contoso.example"}}"#;
    let (reading, taken) = taken(text);
    assert_eq!(classes(&taken), ["SMS_Admin", "SMS_SCI_Reserved", "ADDomain"]);
    assert_eq!((reading.records, reading.status), (4, Status::Read));
}

#[test]
fn one_object_a_line() {
    let text = "{\"LogonName\":\"CONTOSO\\\\a\",\"AdminID\":1}\r\n\r\n{\"AccountUsage\":[],\"UserName\":\"u\"}\n[{\"AccountUsage\":[]}]\n\0\0";
    let (reading, taken) = taken(text);
    assert_eq!((reading.format, reading.records, reading.status), (Some(Format::Ndjson), 3, Status::Read));
    assert_eq!(classes(&taken), ["SMS_Admin", "SMS_SCI_Reserved", "SMS_SCI_Reserved"]);
}

#[test]
fn a_bad_line_is_left_out() {
    let text = "{\"AccountUsage\":[],\"UserName\":\"u\"}\n{\"AccountUsage\":[,]}\n{\"AccountUsage\":[]}\n";
    let (reading, taken) = taken(text);
    assert_eq!((reading.records, reading.status, taken.records.len()), (2, Status::Partial, 2));
    // The first line has 35 characters with its end; the mistake is 17 behind it.
    assert_eq!(reading.notes.len(), 1);
    assert_eq!(reading.notes[0].span, Some(Span { start: 52, end: 53 }));
    assert_eq!(taken.missing, [(None, Missing::Broken, Span { start: 52, end: 53 })]);
}

#[test]
fn a_file_that_breaks_off() {
    let text = &RESERVED_51[..400];
    let (reading, taken_1) = taken(text);
    assert_eq!((reading.records, reading.status), (1, Status::Partial));
    let second = RESERVED_51[10..].find('{').unwrap() as u64 + 10;
    assert_eq!(taken_1.missing, [(None, Missing::Broken, Span { start: second, end: 400 })]);
    assert_eq!(reading.notes[0].span, Some(Span { start: second, end: second + 1 }));
    let (reading, taken_2) = taken(&PAGE[..200]);
    assert_eq!((reading.records, reading.status), (1, Status::Partial));
    assert_eq!(taken_2.missing[0].0.as_deref(), Some("SMS_Admin"));
    let (reading, _) = taken("[{\"a\":1} {\"a\":2}]");
    assert_eq!((reading.status, reading.notes[0].span), (Status::Partial, Some(Span { start: 9, end: 10 })));
    assert!(reading.notes[0].text.starts_with("not valid JSON: "));
    let (reading, _) = taken("{oops}");
    assert_eq!((reading.status, reading.records), (Status::Unreadable, 0));
}

#[test]
fn what_is_not_read() {
    let (reading, other) = taken(r#"{"name":"a package","version":"1.0"}"#);
    assert_eq!((reading.status, reading.format), (Status::Unrecognised, None));
    assert!(reading.notes[0].text.contains("not of a class"), "{:?}", reading.notes);
    assert_eq!(other.records, []);
    let (reading, _) = taken("[]");
    assert_eq!((reading.status, reading.records, reading.notes.len()), (Status::Read, 0, 1));
}

#[test]
fn cut_off_values_are_told() {
    let text = r#"[{"__CLASS":"SMS_SCI_Component","ComponentName":"SMS_EXCHANGE_CONNECTOR","Props":"SMS_EmbeddedProperty SMS_EmbeddedProperty",
        "PropLists":["SMS_EmbeddedPropertyList (PropertyListName = \"Reserved2\")"],"Name":"System.Object[]"}]"#;
    let (reading, taken) = taken(text);
    assert_eq!(*data(&taken.records[0], "Props"), Data::Truncated);
    assert_eq!(*data(&taken.records[0], "ComponentName"), Data::Text("SMS_EXCHANGE_CONNECTOR".into()));
    assert_eq!(reading.notes.len(), 1);
    assert!(reading.notes[0].text.starts_with("2 values are cut off"), "{:?}", reading.notes);
    assert_eq!(reading.notes[0].span, Some(span_of(&taken.records[0], "Props")));
}

#[test]
fn rows_that_stand_as_printed_text() {
    let text = r#"{"@odata.context":"x#SMS_Admin","value":["@{LogonName=CONTOSO\\a; AdminID=1; RoleNames=System.Object[]}"]}"#;
    let (reading, taken) = taken(text);
    assert_eq!(classes(&taken), ["SMS_Admin"]);
    assert_eq!(*data(&taken.records[0], "LogonName"), Data::Text("CONTOSO\\a".into()));
    assert_eq!(at(text, span_of(&taken.records[0], "LogonName")), r"CONTOSO\\a");
    assert_eq!(*data(&taken.records[0], "RoleNames"), Data::Truncated);
    assert_eq!(reading.notes.len(), 1);
}

#[test]
fn deep_values_are_read_on_a_small_stack() {
    let nest = |n: usize| format!("{}1{}", "{\"a\":[".repeat(n), "]}".repeat(n));
    // The list, the row and its property take two levels of the row's own value.
    let row = format!("[{{\"__CLASS\":\"SMS_CollectionSettings\",\"Deep\":{}}}]", nest(255));
    let (reading, taken_1) =
        std::thread::Builder::new().stack_size(2 << 20).spawn(move || taken(&row)).unwrap().join().unwrap();
    assert_eq!((reading.status, taken_1.records.len()), (Status::Read, 1), "{reading:?}");
    let (reading, _) = taken(&format!("[{{\"__CLASS\":\"SMS_Admin\",\"Deep\":{}}}]", nest(300)));
    assert_eq!(reading.status, Status::Unreadable);
    assert!(reading.notes[0].text.contains("512"));
}

/// Invented credentials; none of them may be seen in anything the reader hands on.
#[test]
fn credentials_stay_inside() {
    let text = r#"[
        {"__CLASS":"SMS_SCI_Reserved","UserName":"CONTOSO\\a","Reserved2":"00000000010000002800000010aa"},
        {"__CLASS":"SMS_CollectionSettings","CollectionID":"PS100001","CollectionVariables":[{"Name":"OSDJoinPassword","Value":"hunted-1"},
            {"Name":"OSDJoinAccount","Value":"CONTOSO\\join"}],"CommandLine":"x.exe /password:hunted-2 -q"},
        {"__CLASS":"SMS_Other","Name":"thing","Password":"hunted-3","PasswordLastSet":"2024-01-05T10:11:12Z"},
        {"Title":"nobody knows","password":"hunted-4"},
        {"__CLASS":"SMS_Other","Name":"other","PasswordLastSet":"hunting"}
    ]"#;
    let (reading, taken) = taken(text);
    let shown = format!("{reading:?} {:?}", taken.records);
    assert!(!shown.contains("hunted") && !shown.contains("0000280000"), "{shown}");
    assert_eq!(
        classes(&taken),
        [
            "SMS_SCI_Reserved",
            "SMS_CollectionSettings",
            "ClearTextSecret",
            "ClearTextSecret",
            "ClearTextSecret",
            "ClearTextSecret"
        ]
    );
    let clear: Vec<_> = taken.records[2..]
        .iter()
        .map(|r| {
            (
                texts(data(r, "Name")).concat(),
                texts(data(r, "Holder")).concat(),
                texts(data(r, "Class")).concat(),
            )
        })
        .collect();
    let expected = [
        ("OSDJoinPassword", "PS100001", "SMS_CollectionSettings"),
        ("password", "PS100001", "SMS_CollectionSettings"),
        ("Password", "thing", "SMS_Other"),
        ("password", "object", ""),
    ];
    for (clear, (name, holder, class)) in clear.iter().zip(expected) {
        assert_eq!((clear.0.as_str(), clear.1.as_str(), clear.2.as_str()), (name, holder, class));
    }
    for (record, digit) in taken.records[2..].iter().zip("1234".chars()) {
        assert_eq!(at(text, record.span), format!("hunted-{digit}"));
    }
    assert_eq!(taken.secrets.len(), 5);
    assert!(taken.secrets.iter().any(|s| at(text, *s).starts_with("0000000001")));
    let variables = data(&taken.records[1], "CollectionVariables");
    assert!(format!("{variables:?}").contains("CONTOSO\\\\join"));
    assert!(format!("{variables:?}").contains(&format!("{:?}", Data::Secret(Secret::Clear))));
}

#[test]
fn a_task_sequence_in_a_string() {
    let text = r#"{"PackageID":"PS100012","Name":"Deploy","Sequence":"<sequence version=\"3.10\"><step type=\"SMS_TaskSequence_JoinDomainWorkgroupAction\" name=\"Join\"><action>osdjoin.exe</action><defaultVarList><variable name=\"OSDJoinAccount\" property=\"DomainUsername\">CONTOSO\\\\join</variable><variable name=\"OSDJoinPassword\" property=\"DomainPassword\">hunted-5</variable></defaultVarList></step></sequence>"}"#;
    let (reading, taken) = taken(text);
    assert_eq!(reading.status, Status::Read, "{reading:?}");
    let shown = format!("{:?}", taken.records);
    assert!(!shown.contains("hunted"), "{shown}");
    let names = classes(&taken);
    assert!(
        names.contains(&"TaskSequence")
            && names.contains(&"TaskSequenceStep")
            && names.contains(&"ClearTextSecret"),
        "{names:?}"
    );
    let package = taken.records.iter().find(|r| &*r.class == "SMS_TaskSequencePackage").unwrap();
    assert!(matches!(data(package, "Sequence"), Data::Object(o) if o.class.as_deref() == Some("sequence")));
    assert_eq!(taken.secrets.len(), 1);
    assert_eq!(at(text, taken.secrets[0]), "hunted-5");
    let sequence = taken.records.iter().find(|r| &*r.class == "TaskSequence").unwrap();
    assert_eq!(texts(data(sequence, "Name")), ["Deploy"]);
    let (broken, taken) = super::tests::taken(
        r#"{"PackageID":"PS100012","Name":"Deploy","Sequence":"<sequence><step></sequence>"}"#,
    );
    assert_eq!(broken.status, Status::Partial);
    assert_eq!(taken.missing.len(), 1);
}

#[test]
fn task_sequences_in_other_places() {
    let xml = r#"<sequence version=\"3.10\"><step name=\"S\"><defaultVarList><variable name=\"OSDJoinPassword\">hunted</variable></defaultVarList></step></sequence>"#;
    for (text, read) in [
        (format!("[\"{xml}\",\"\\r\\n{}\"]", xml.replace('<', "\\u003c")), 2),
        (
            format!(
                "{{\"SmsProviderObjectPath\":\"SMS_TaskSequencePackage.PackageID=1\",\"PropertyList\":{{\"Name\":\"D\",\"Sequence\":\"{xml}\"}}}}"
            ),
            1,
        ),
        (
            format!(
                "{{\"CimClass\":\"r:SMS_TaskSequencePackage\",\"CimInstanceProperties\":[{{\"Name\":\"Sequence\",\"Value\":\"{xml}\"}}]}}"
            ),
            1,
        ),
        (
            format!(
                "{{\"CimClass\":\"r:SMS_TaskSequencePackage\",\"CimInstanceProperties\":[\"Sequence = \\\"{}\\\"\"]}}",
                xml.replace('\\', "\\\\\\")
            ),
            0,
        ),
        (format!("{{\"__CLASS\":\"SMS_CollectionSettings\",\"Text\":\"{xml}\"}}"), 0),
    ] {
        let (reading, taken) = taken(&text);
        assert_eq!(reading.status, Status::Read, "{text} {reading:?}");
        assert!(!format!("{:?}", taken.records).contains("hunted"), "{text} {:?}", taken.records);
        assert_eq!(classes(&taken).iter().filter(|c| **c == "TaskSequence").count(), read, "{text}");
        assert!(!taken.secrets.is_empty());
    }
}

fn utf16(text: &str) -> Vec<u8> {
    [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

/// Whatever the window's size, the same comes out; whatever the encoding, places are those of the original.
#[test]
fn windows_and_encodings() {
    let mut long = PAGE.replace("],\n", &format!(",{{\"LogonName\":\"{}\",\"ü€\":1}}],\n", "x".repeat(900)));
    long.push('\n');
    for text in [
        RESERVED_51,
        PAGE,
        &long,
        "{\"AccountUsage\":[]}\n{\"AccountUsage\":[ ]}\n",
        &RESERVED_51[..400],
        "[1,2",
        "[]",
    ] {
        let whole = taken_through(text.as_bytes(), 1 << 20);
        assert_eq!(whole, taken(text));
        for window in [1, 7, 64, 300] {
            let (reading, parts) = taken_through(text.as_bytes(), window);
            assert_eq!(parts.records, whole.1.records, "{window}: {text}");
            assert_eq!(reading, whole.0, "{window}: {text}");
        }
        let (reading, wide) = taken_through(&utf16(text), 64);
        assert_eq!(reading.records, whole.0.records);
        for (wide, narrow) in wide.records.iter().zip(&whole.1.records) {
            let start = text[..narrow.span.start as usize].encode_utf16().count() as u64;
            assert_eq!(wide.span.start, 2 + 2 * start);
            assert_eq!(wide.object.properties.len(), narrow.object.properties.len());
        }
    }
    assert_eq!(Encoding::Utf16Le.name(), "utf-16le");
}

/// Real public exports, where they are at hand.
#[test]
fn real_files() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/exports");
    let dir = if dir.is_dir() {
        dir
    } else {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/exports")
    };
    let Ok(entries) = std::fs::read_dir(&dir) else {
        let _ = std::io::Write::write_all(&mut std::io::stderr(), b"skipped: no real exports at hand\n");
        return;
    };
    let mut seen = 0;
    for path in
        entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.extension().is_some_and(|e| e == "json"))
    {
        seen += 1;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (reading, taken) = taken_through(&std::fs::read(&path).unwrap(), 1 << 20);
        let foreign = name.starts_with("psjson-localgroup");
        assert_eq!(reading.status == Status::Unrecognised, foreign, "{name}: {reading:?}");
        if name.contains("ConfigManBearPig__1.json") {
            assert_eq!(classes(&taken), ["SMS_SCI_Reserved", "SMS_SCI_Reserved"]);
            assert_eq!(taken.secrets.len(), 2);
        }
    }
    assert!(seen > 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_files_never_panic(
        which in 0usize..4, cut in 0usize..2000, at in 0usize..2000, with in any::<char>(), window in 1usize..200
    ) {
        let text = [RESERVED_51, PAGE, "{\"value\":[{\"Sequence\":\"<sequence>\",\"PackageID\":1}],\"Count\":1}",
            "{\"SMS_Admin\":[\"@{LogonName=x; y}\",{\"CimInstanceProperties\":\"a = \\\"b\"}]}\n{\"Props\":\"instance of X {\"}"][which];
        let mut damaged: Vec<char> = text.chars().take(cut).collect();
        if !damaged.is_empty() {
            let at = at % damaged.len();
            damaged[at] = with;
        }
        let damaged: String = damaged.into_iter().collect();
        let (reading, whole) = taken(&damaged);
        let (again, parts) = taken_through(damaged.as_bytes(), window);
        if !damaged.starts_with('\u{feff}') && !damaged.contains('\0') {
            prop_assert_eq!(reading.records, again.records);
            prop_assert_eq!(whole.records, parts.records);
        }
    }

    /// Rows of a list take a shorter way than others; both must lead to the same place.
    #[test]
    fn both_ways_of_reading_a_row(
        rows in prop::collection::vec(prop::collection::vec(prop::sample::select(vec![
            r#""__CLASS":"SMS_Admin""#, r#""__CLASS":"SMS_Other""#, r#""__CLASS":null"#, r#""ObjectClass":"User""#,
            r#""ObjectClass":"SMS_SCI_Component""#, r#""__PATH":"\\\\SRV\\root\\sms:SMS_Admin.ID=1""#, r#""LogonName":"CONTOSO\\a""#,
            r#""AdminID":1"#, r#""AccountUsage":["x"]"#, r#""UserName":"u""#, r#""Props":["System.Object[]"]"#, r#""Password":"hunted""#,
            r#""\u004cogonName":"b""#, r#""value":[{"LogonName":"c","AdminSid":""}]"#, r#""Count":1"#, r#""SMS_Admin":[{"LogonName":"d"}]"#,
            r#""CimInstanceProperties":["LogonName = \"e\"","AdminID = 1"]"#, r#""PackageID":"PS1""#, r#""Sequence":"<sequence/>""#,
            r#""@odata.context":"x#SMS_Admin""#, r#""CollectionID":"X""#, r#""CollectionVariables":[{"Name":"xPassword","Value":"hunted"}]"#,
            r#""PSDrive":{"a":1}"#, r#""__GENUS":2"#, r#""NetBIOSName":"CONTOSO""#, r#""DNSRoot":"contoso.example""#,
        ]), 0..6), 1..8),
        repeat in 1usize..3,
    ) {
        let rows: Vec<String> =
            rows.iter().flat_map(|row| std::iter::repeat_n(format!("{{{}}}", row.join(",")), repeat)).collect();
        let (short, short_taken) = taken(&format!("[ {} ]", rows.join(",")));
        let (long, long_taken) = taken(&format!("[[{}]]", rows.join(",")));
        prop_assert_eq!(&short_taken, &long_taken);
        prop_assert_eq!(short, long);
        let shown = format!("{:?}", short_taken.records);
        prop_assert!(!shown.contains("hunted"), "{}", shown);
    }

    /// What is built says what serde_json says, apart from what exports mean by it.
    #[test]
    fn values_are_those_of_serde_json(value in tree()) {
        let text = serde_json::to_string(&value).unwrap();
        let token = Scanner::new(&text, 0, true).value().unwrap();
        let offsets = crate::source::Offsets::new(Encoding::Utf8, 0);
        let built = build::build(View { text: &text, offsets: &offsets }, &token, "");
        prop_assert!(same(&built.data, &value), "{} {:?}", text, built);
    }
}

fn tree() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        // Letters that begin none of the stand-ins.
        "[a-hk-r\"\\\\\u{1}-\u{1f}é\u{1f600}/ ]{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::vec(("[a-hj-n\"\\\\é]{1,6}", inner), 0..5)
                .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn same(data: &Data, value: &serde_json::Value) -> bool {
    match (data, value) {
        (Data::Null, serde_json::Value::Null) => true,
        (Data::Bool(a), serde_json::Value::Bool(b)) => a == b,
        (Data::Number(a), serde_json::Value::Number(b)) => **a == b.to_string(),
        (Data::Text(a), serde_json::Value::String(b)) => **a == **b,
        (Data::List(a), serde_json::Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(&a.data, b))
        }
        (Data::Object(a), serde_json::Value::Object(b)) => {
            a.properties.len() == b.len()
                && a.properties.iter().zip(b).all(|((n, a), (m, b))| **n == **m && same(&a.data, b))
        }
        _ => false,
    }
}

#[test]
fn what_a_console_leaves_behind() {
    let row = r#"[{"LogonName":"CORP\\a","AdminID":1}]"#;
    for (behind, lines) in [
        ("PS C:\\> \n", 1),
        ("PS C:\\temp> exit\r\n**********************\n", 2),
        ("[srv]: PS C:\\> exit\n", 1),
        ("WARNING: x\nthat goes on\n", 2),
    ] {
        for next in ["", row] {
            let text = format!("{row}\n{behind}{next}");
            let (reading, taken) = taken(&text);
            assert_eq!(reading.status, Status::Read, "{text}: {reading:?}");
            assert_eq!(taken.records.len(), 1 + usize::from(!next.is_empty()), "{text}");
            let said = reading.notes.iter().any(|note| note.text.contains("of the console behind"));
            assert!(said, "{lines}: {reading:?}");
            assert_eq!(taken_through(text.as_bytes(), 40), (reading, taken), "{text}");
        }
    }
    // Anything else is a mistake.
    let (reading, _) = taken(&format!("{row}\nbehind it"));
    assert_eq!(reading.status, Status::Partial);
}

#[test]
fn objects_for_display_and_texts() {
    let (reading, _) = taken(
        r#"[{"shapeInfo":null,"ClassId2e4f51ef21dd47e99d3c952918aff9cd":"9e210fe47d09416682b841769c78b8a3"}]"#,
    );
    assert_eq!(reading.status, Status::Unrecognised);
    assert!(reading.notes[0].text.contains("`Format-Table`"), "{reading:?}");
    let (reading, _) = taken(r#"["{","\"a\": 1","}"]"#);
    assert!(reading.notes[0].text.starts_with("3 texts and no object"), "{reading:?}");
}

#[test]
fn passwords_beside_rows_in_an_object_of_ones_own() {
    let text = r#"{"Password":"hunted-1","Admins":[{"LogonName":"CORP\\a","AdminID":1}],"Other":{"Secret":{"Password":"hunted-2"}}}"#;
    let (_, taken) = taken(text);
    assert_eq!(classes(&taken).iter().filter(|class| **class == "SMS_Admin").count(), 1);
    assert_eq!(classes(&taken).iter().filter(|class| **class == "ClearTextSecret").count(), 2, "{taken:?}");
    assert!(!format!("{taken:?}").contains("hunted"), "{taken:?}");
}
