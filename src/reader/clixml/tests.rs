use crate::reader::testing::{at, brief_value, briefs, data, read, span_of, wanted};
use crate::reader::{Data, Format, Missing, Recognise, Secret, Status, Wanted};

fn objs(inner: &str) -> String {
    format!(
        "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">\r\n{inner}\r\n</Objs>"
    )
}

fn recognise(class: &str, all: &[&str], values: &[(&str, &str)]) -> Recognise {
    Recognise {
        class: class.into(),
        all: all.iter().map(|&n| n.into()).collect(),
        values: values.iter().map(|&(n, v)| (n.into(), v.into())).collect(),
        ..Recognise::default()
    }
}

/// Wants the class and tells its rows by these properties.
fn row(class: &str, all: &[&str]) -> Wanted {
    let mut wanted = wanted(&[class]);
    wanted.recognise.push(recognise(class, all, &[]));
    wanted
}

const MEMBERS: &str = r#"  <Obj RefId="0">
    <TN RefId="0"><T>Microsoft.PowerShell.Commands.LocalPrincipal</T><T>System.Object</T></TN>
    <ToString>CONTOSO\PS1-SRV$</ToString>
    <Props>
      <S N="Name">CONTOSO\PS1-SRV$</S>
      <Obj N="SID" RefId="1">
        <TN RefId="1"><T>System.Security.Principal.SecurityIdentifier</T><T>System.Object</T></TN>
        <ToString>S-1-5-21-1-2-3-1105</ToString>
        <Props><I32 N="BinaryLength">28</I32><S N="Value">S-1-5-21-1-2-3-1105</S></Props>
      </Obj>
      <Obj N="PrincipalSource" RefId="2">
        <TN RefId="2"><T>Microsoft.PowerShell.Commands.PrincipalSource</T><T>System.Enum</T></TN>
        <ToString>ActiveDirectory</ToString><I32>2</I32>
      </Obj>
      <S N="ObjectClass">User</S>
    </Props>
  </Obj>
  <Obj RefId="3"><TNRef RefId="0"/><ToString>CONTOSO\mp01$</ToString><Props><S N="Name">CONTOSO\mp01$</S><Nil N="SID"/></Props></Obj>"#;

#[test]
fn names_of_types_are_no_values_cut_off() {
    let text = objs(
        r#"<Obj RefId="0"><TN RefId="0"><T>X#SMS_Admin</T></TN><Props><S N="ObjectTypeName">SMS_Package</S>
        <S N="Cut">SMS_Package</S></Props></Obj>"#,
    );
    let (_, taken) = read(&text, &wanted(&["SMS_Admin"]));
    assert_eq!(briefs(&taken), ["SMS_Admin{ObjectTypeName=\"SMS_Package\" Cut=cut}"]);
}

#[test]
fn members_of_a_local_group() {
    let text = objs(MEMBERS);
    let (reading, taken) = read(&text, &wanted(&["LocalPrincipal"]));
    assert_eq!((reading.format, reading.status, reading.records), (Some(Format::Clixml), Status::Read, 2));
    assert!(reading.notes.is_empty(), "{:?}", reading.notes);
    assert_eq!(
        briefs(&taken),
        [
            "LocalPrincipal{Name=\"CONTOSO\\\\PS1-SRV$\" \
             SID=SecurityIdentifier{BinaryLength=28 Value=\"S-1-5-21-1-2-3-1105\"} \
             PrincipalSource=\"ActiveDirectory\" ObjectClass=\"User\"}",
            "LocalPrincipal{Name=\"CONTOSO\\\\mp01$\" SID=-}",
        ]
    );
    let [first, second] = taken.records.as_slice() else { panic!() };
    assert!(
        at(&text, first.span).starts_with("<Obj RefId=\"0\">") && at(&text, first.span).ends_with("</Obj>")
    );
    assert_eq!(at(&text, span_of(first, "Name")), "CONTOSO\\PS1-SRV$");
    assert_eq!(at(&text, span_of(first, "PrincipalSource")), "ActiveDirectory");
    assert!(at(&text, second.span).starts_with("<Obj RefId=\"3\">"));
    assert_eq!(at(&text, span_of(second, "SID")), "<Nil N=\"SID\"/>");
    // 80 characters and a line end of the first line, two blanks.
    assert_eq!(first.span.start, 84);
}

#[test]
fn classes_by_their_types() {
    let object = |types: &str| {
        let types: String = types.split(' ').map(|t| format!("<T>{t}</T>")).collect();
        format!("<Obj RefId=\"0\"><TN RefId=\"0\">{types}</TN><Props><S N=\"Name\">x</S></Props></Obj>")
    };
    let wanted = wanted(&["SMS_Admin", "ADGroup"]);
    for types in [
        "Microsoft.ConfigurationManagement.ManagementProvider.WqlQueryEngine.WqlResultObject#SMS_Admin System.Object",
        "Microsoft.ConfigurationManagement.ManagementProvider.WqlQueryEngine.WqlResultObject IResultObject#SMS_Admin",
        "System.Management.ManagementObject#root\\sms\\site_PS1\\SMS_Admin System.Management.ManagementObject#SMS_Base",
        "Microsoft.Management.Infrastructure.CimInstance#root/sms/site_PS1/SMS_Admin",
        "Deserialized.Microsoft.Management.Infrastructure.CimInstance#root/sms/site_PS1/SMS_Admin",
        "Selected.System.Management.ManagementObject#root\\sms\\site_PS1\\sms_admin",
    ] {
        let (reading, taken) = read(&objs(&object(types)), &wanted);
        assert_eq!(briefs(&taken), ["SMS_Admin{Name=\"x\"}"], "{types}");
        assert_eq!(reading.records, 1);
    }
    let (_, taken) =
        read(&objs(&object("Microsoft.ActiveDirectory.Management.ADGroup System.Object")), &wanted);
    assert_eq!(briefs(&taken), ["ADGroup{Name=\"x\"}"]);
    // Known and not wanted, or not known at all.
    for types in ["IResultObject#SMS_Site", "System.IO.FileInfo", "IResultObject#ClearTextSecret"] {
        let (reading, taken) = read(&objs(&object(types)), &wanted);
        assert_eq!((briefs(&taken).len(), reading.records), (0, 1), "{types}");
    }
}

#[test]
fn classes_by_a_property() {
    let wanted = wanted(&["SMS_SCI_Reserved"]);
    for property in [
        "<S N=\"SmsProviderObjectPath\">SMS_SCI_Reserved.FileType=2,ItemName=\"CONTOSO\\\\naa|0\"</S>",
        "<S N=\"__CLASS\">SMS_SCI_Reserved</S>",
        "<Obj N=\"CimClass\" RefId=\"9\"><ToString>root/sms/site_PS1:SMS_SCI_Reserved</ToString></Obj>",
    ] {
        let text =
            objs(&format!("<Obj RefId=\"0\"><MS>{property}<S N=\"UserName\">CONTOSO\\naa</S></MS></Obj>"));
        assert_eq!(
            briefs(&read(&text, &wanted).1),
            ["SMS_SCI_Reserved{UserName=\"CONTOSO\\\\naa\"}"],
            "{property}"
        );
    }
}

#[test]
fn rows_by_their_properties() {
    let mut wanted = row("SMS_SCI_Component", &["componentname"]);
    wanted.recognise = vec![recognise("SMS_SCI_Component", &["componentname"], &[("itemtype", "Component")])];
    let object = |kind: &str| {
        objs(&format!(
            "<Obj RefId=\"0\"><TN RefId=\"0\"><T>Selected.System.Management.Automation.PSCustomObject</T></TN><MS>\
             <S N=\"COMPONENTNAME\">x</S><S N=\"ItemType\">{kind}</S></MS></Obj>"
        ))
    };
    assert_eq!(
        briefs(&read(&object("component"), &wanted).1),
        ["SMS_SCI_Component{COMPONENTNAME=\"x\" ItemType=\"component\"}"]
    );
    let (reading, taken) = read(&object("Client Component"), &wanted);
    assert!(taken.records.is_empty());
    assert_eq!(
        reading.notes[0].text,
        "its object is not of a class that cmlint knows; only passwords in clear text are looked for in it"
    );
    // A dictionary is a row, too.
    let text = objs(
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Collections.Hashtable</T></TN><DCT>\
         <En><S N=\"Key\">ComponentName</S><S N=\"Value\">x</S></En>\
         <En><S N=\"Key\">ItemType</S><S N=\"Value\">Component</S></En>\
         <En><I32 N=\"Key\">1</I32><Nil N=\"Value\"/></En></DCT></Obj>",
    );
    assert_eq!(
        briefs(&read(&text, &wanted).1),
        ["SMS_SCI_Component{ComponentName=\"x\" ItemType=\"Component\" 1=-}"]
    );
}

#[test]
fn all_kinds_of_values() {
    let text = objs(
        r#"<Obj RefId="0"><TN RefId="0"><T>IResultObject#X</T></TN><Props>
<S N="S">a_x000A_b &amp; c</S><S N="Empty"></S><Nil N="Nil"/>
<B N="B">true</B><I32 N="I">-7</I32><U64 N="U">18446744073709551615</U64><Db N="Db">1.5</Db><By N="By">255</By>
<DT N="DT">2024-01-05T10:11:12.1234567+01:00</DT><TS N="TS">PT1H</TS><G N="G">23db7c70-d0b5-4475-b573-7f17e3d64043</G>
<C N="C">65</C><URI N="URI">http://a/</URI><Version N="V">1.2</Version><BA N="BA">AQI=</BA><XD N="XD">&lt;a/&gt;</XD>
<SS N="SS">0100</SS><SS N="NoSS"></SS><Unknown N="Unknown">x</Unknown>
<Obj N="List" RefId="1"><TN RefId="1"><T>System.String[]</T></TN><LST><S>x</S><Nil/><I32>2</I32></LST></Obj>
<Obj N="Queue" RefId="2"><QUE><S>q</S></QUE></Obj>
<Obj N="Wrapped" RefId="3"><S>line</S><MS><S N="PSPath">C:\x</S></MS></Obj>
<Obj N="Number" RefId="4"><TN RefId="2"><T>System.Int32</T></TN><ToString>12</ToString><I32>12</I32></Obj>
<Obj N="Shown" RefId="5"><ToString>S-1-5-32-544</ToString></Obj>
<Obj N="Nothing" RefId="6"><MS/></Obj>
<S N="Cut">SMS_EmbeddedProperty</S><S N="Shown2">@{Name=x; Y=z}</S><S N="Kept">SMS_CLIENT_CONFIG_MANAGER</S><S N="_x0041_b">named</S>
</Props></Obj>"#,
    );
    let (reading, taken) = read(&text, &wanted(&["X"]));
    let expected = [
        "S=\"a\\nb & c\"",
        "Empty=\"\"",
        "Nil=-",
        "B=true",
        "I=-7",
        "U=18446744073709551615",
        "Db=1.5",
        "By=255",
        "DT=\"2024-01-05T09:11:12Z\"",
        "TS=\"PT1H\"",
        "G=\"23db7c70-d0b5-4475-b573-7f17e3d64043\"",
        "C=\"A\"",
        "URI=\"http://a/\"",
        "V=\"1.2\"",
        "BA=\"AQI=\"",
        "XD=\"<a/>\"",
        "SS=Protected",
        "NoSS=Empty",
        "Unknown=-",
        "List=[\"x\" - 2]",
        "Queue=[\"q\"]",
        "Wrapped=\"line\"",
        "Number=12",
        "Shown=\"S-1-5-32-544\"",
        "Nothing={}",
        "Cut=cut",
        "Shown2=cut",
        "Kept=\"SMS_CLIENT_CONFIG_MANAGER\"",
        "Ab=\"named\"",
    ];
    assert_eq!(briefs(&taken), [format!("X{{{}}}", expected.join(" "))]);
    let record = &taken.records[0];
    for (name, place) in [
        ("S", "a_x000A_b &amp; c"),
        ("I", "-7"),
        ("DT", "2024-01-05T10:11:12.1234567+01:00"),
        ("Wrapped", "line"),
        ("Cut", "SMS_EmbeddedProperty"),
        ("Empty", ""),
    ] {
        assert_eq!(at(&text, span_of(record, name)), place);
    }
    assert_eq!(taken.secrets.iter().map(|s| at(&text, *s).len()).collect::<Vec<_>>(), [4]);
    assert_eq!(reading.notes.len(), 1);
    assert_eq!(
        reading.notes[0].text,
        "2 values are cut off at the depth of the export, the first one here; export again with Export-Clixml -Depth 10"
    );
    assert_eq!(at(&text, reading.notes[0].span.unwrap()), "SMS_EmbeddedProperty");
}

#[test]
fn extended_properties_hide_adapted_ones() {
    let text = objs(
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>IResultObject#X</T></TN><MS><S N=\"a\">extended</S></MS>\
         <Props><S N=\"A\">adapted</S><S N=\"B\">b</S></Props></Obj>",
    );
    let (_, taken) = read(&text, &wanted(&["X"]));
    assert_eq!(data(&taken.records[0], "A"), &Data::Text("extended".into()));
    assert_eq!(data(&taken.records[0], "b"), &Data::Text("b".into()));
}

#[test]
fn only_wanted_properties_are_built() {
    let mut wanted = wanted(&["X"]);
    wanted.classes.get_mut("x").unwrap().properties = vec!["b".into(), "c".into()];
    let text = objs(
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>IResultObject#X</T></TN><Props><S N=\"A\">a</S><S N=\"B\">b</S>\
         <Obj N=\"PropertyList\" RefId=\"1\"><DCT><En><S N=\"Key\">C</S><S N=\"Value\">c</S></En>\
         <En><S N=\"Key\">B</S><S N=\"Value\">other</S></En></DCT></Obj></Props></Obj>",
    );
    assert_eq!(briefs(&read(&text, &wanted).1), ["X{B=\"b\" C=\"c\"}"]);
}

#[test]
fn lists_and_wrappers_are_passed_through() {
    let wanted = row("SMS_Admin", &["logonname", "adminsid"]);
    let admin = |name: &str| {
        format!(
            "<Obj RefId=\"1\"><TN RefId=\"1\"><T>System.Management.Automation.PSCustomObject</T></TN>\
             <MS><S N=\"LogonName\">{name}</S><S N=\"AdminSid\">S-1-5</S></MS></Obj>"
        )
    };
    let list = |inner: &str| {
        format!(
            "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Object[]</T></TN><ToString>x</ToString><LST>{inner}</LST></Obj>"
        )
    };
    let names = |text: &str| -> (u64, Vec<String>) {
        let (reading, taken) = read(&objs(text), &wanted);
        assert_eq!(reading.status, Status::Read);
        let names = taken.records.iter().map(|r| brief_value(data(r, "LogonName"))).collect();
        (reading.records, names)
    };
    let (a, b) = (admin("a"), admin("b"));
    let both = vec!["\"a\"".to_owned(), "\"b\"".to_owned()];
    assert_eq!(names(&format!("{a}{b}")), (2, both.clone()));
    assert_eq!(names(&list(&format!("{a}{b}"))), (2, both.clone()));
    assert_eq!(names(&list(&format!("{}{b}", list(&a)))), (2, both.clone()));
    // Rows in a hashtable, and in a property of a custom object.
    let table = format!(
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Collections.Hashtable</T></TN><DCT>\
         <En><S N=\"Key\">Admins</S>{}</En></DCT></Obj>",
        list(&format!("{a}{b}")).replacen("<Obj RefId", "<Obj N=\"Value\" RefId", 1)
    );
    assert_eq!(names(&table), (2, both.clone()));
    let custom = format!(
        "<Obj RefId=\"0\"><MS><S N=\"When\">now</S>{}</MS></Obj>",
        list(&format!("{a}{b}")).replacen("<Obj RefId", "<Obj N=\"Admins\" RefId", 1)
    );
    assert_eq!(names(&custom), (2, both));
}

#[test]
fn references() {
    // Inside of a record, to a list; to itself; to nothing.
    let text = objs(
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>IResultObject#X</T></TN><MS>\
         <Obj N=\"A\" RefId=\"1\"><LST><S>one</S><S>two</S></LST></Obj><Ref N=\"B\" RefId=\"1\"/>\
         <Obj N=\"C\" RefId=\"2\"><MS><Ref N=\"Self\" RefId=\"2\"/></MS></Obj><Ref N=\"D\" RefId=\"99\"/></MS></Obj>",
    );
    let (reading, taken) = read(&text, &wanted(&["X"]));
    assert_eq!(briefs(&taken), ["X{A=[\"one\" \"two\"] B=[\"one\" \"two\"] C={Self=cut} D=cut}"]);
    assert_eq!((reading.status, reading.records), (Status::Read, 1));
    assert_eq!(span_of(&taken.records[0], "A"), span_of(&taken.records[0], "B"));
}

#[test]
fn references_to_earlier_records() {
    // The list stands in an object of no wanted class, and refers to another one.
    let text = format!(
        "#< CLIXML\r\n{}",
        objs(
            "<Obj RefId=\"0\"><TN RefId=\"0\"><T>IResultObject#Unwanted</T></TN><MS><Obj N=\"L\" RefId=\"1\"><LST>\
             <S>\u{e9}&amp;one</S><Ref RefId=\"2\"/></LST></Obj></MS></Obj>\r\n\
             <Obj RefId=\"9\"><TNRef RefId=\"0\"/><MS><Obj N=\"M\" RefId=\"2\"><LST><S>two</S></LST></Obj></MS></Obj>\r\n\
             <Obj RefId=\"3\"><TN RefId=\"1\"><T>IResultObject#X</T></TN><MS><Ref N=\"A\" RefId=\"1\"/></MS></Obj>\r\n\
             <Obj RefId=\"4\"><TNRef RefId=\"1\"/><MS><S N=\"A\">plain</S></MS></Obj>"
        )
    );
    let (reading, taken) = read(&text, &wanted(&["X"]));
    assert_eq!(reading.records, 4);
    assert_eq!(briefs(&taken), ["X{A=\"plain\"}", "X{A=[\"\u{e9}&one\" [\"two\"]]}"]);
    let Data::List(list) = data(&taken.records[1], "A") else { panic!() };
    assert_eq!(at(&text, list[0].span), "\u{e9}&amp;one");
    assert!(at(&text, taken.records[1].span).starts_with("<Obj RefId=\"3\">"));
}

/// Objects that refer to two earlier ones each would grow to 2^40 values.
#[test]
fn references_do_not_multiply() {
    let mut inner = "<Obj N=\"P0\" RefId=\"100\"><LST><S>x</S></LST></Obj>".to_owned();
    for i in 1..40 {
        let (id, before) = (100 + i, 99 + i);
        inner.push_str(&format!(
            "<Obj N=\"P{i}\" RefId=\"{id}\"><LST><Ref RefId=\"{before}\"/><Ref RefId=\"{before}\"/></LST></Obj>"
        ));
    }
    let text =
        objs(&format!("<Obj RefId=\"0\"><TN RefId=\"0\"><T>IResultObject#X</T></TN><MS>{inner}</MS></Obj>"));
    let (_, taken) = crate::reader::testing::with_source(text.into_bytes(), 1 << 20, |source| {
        crate::reader::testing::take(source, &wanted(&["X"]), &crate::reader::Options::default())
    });
    assert_eq!(taken.records.len(), 1);
    assert!(brief_value(data(&taken.records[0], "P39")).contains("cut"));
}

#[test]
fn mof_text_stands_for_objects() {
    let text = objs(
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>IResultObject#X</T></TN><Props>\
         <S N=\"One\">instance of SMS_EmbeddedProperty_x000A_{_x000A__x0009_PropertyName = \"UserName\";_x000A_\
         Value = 0;_x000A_Value2 = \"CONTOSO\\\\svc-mp\";_x000A_};_x000A_</S>\
         <Obj N=\"Props\" RefId=\"1\"><LST><S>instance of A { N = 1; };</S><S>instance of A { N = 2; }; instance of A { N = 3; };</S>\
         </LST></Obj></Props></Obj>",
    );
    let (_, taken) = read(&text, &wanted(&["X"]));
    assert_eq!(
        briefs(&taken),
        ["X{One=SMS_EmbeddedProperty{PropertyName=\"UserName\" Value=0 Value2=\"CONTOSO\\\\svc-mp\"} \
          Props=[A{N=1} A{N=2} A{N=3}]}"]
    );
    let Data::Object(one) = data(&taken.records[0], "One") else { panic!() };
    assert_eq!(at(&text, one.get("Value2").unwrap().span), "CONTOSO\\\\svc-mp");
    let Data::List(list) = data(&taken.records[0], "Props") else { panic!() };
    let Data::Object(third) = &list[2].data else { panic!() };
    assert_eq!(at(&text, third.get("N").unwrap().span), "3");
}

#[test]
fn a_task_sequence_in_a_package() {
    let sequence = "&lt;sequence version=\"3.10\"&gt;_x000A_&lt;step name=\"Join\"&gt;&lt;defaultVarList&gt;\
                    &lt;variable name=\"OSDJoinAccount\" property=\"DomainUsername\"&gt;A&amp;amp;B\\join&lt;/variable&gt;\
                    &lt;variable name=\"OSDJoinPassword\"&gt;word-one&lt;/variable&gt;\
                    &lt;/defaultVarList&gt;&lt;/step&gt;&lt;/sequence&gt;";
    let package = |sequence: &str| {
        objs(&format!(
            "<Obj RefId=\"0\"><TN RefId=\"0\"><T>IResultObject#SMS_TaskSequencePackage</T></TN><Props>\
             <S N=\"Name\">Base</S><S N=\"PackageID\">PS100012</S>{sequence}\
             <DT N=\"LastRefreshTime\">2024-01-05T10:11:12Z</DT></Props></Obj>"
        ))
    };
    let mut wanted = wanted(&["SMS_TaskSequencePackage"]);
    wanted.classes.get_mut("sms_tasksequencepackage").unwrap().properties =
        vec!["packageid".into(), "sequence".into()];
    let text = package(&format!("<S N=\"Sequence\">{sequence}</S>"));
    let (reading, taken) = read(&text, &wanted);
    assert_eq!(reading.records, 3);
    let shown = briefs(&taken);
    assert_eq!(shown[0], "SMS_TaskSequencePackage{PackageID=\"PS100012\" Sequence=sequence{}}");
    assert_eq!(
        shown[1],
        "TaskSequence{Name=\"Base\" PackageID=\"PS100012\" LastRefreshTime=\"2024-01-05T10:11:12Z\" Version=\"3.10\"}"
    );
    assert!(
        shown[2].starts_with("TaskSequenceStep{TaskSequence=\"Base\" PackageID=\"PS100012\" Name=\"Join\"")
    );
    assert!(shown[3].starts_with("ClearTextSecret{Name=\"OSDJoinPassword\" Holder=\"Join\""), "{}", shown[3]);
    assert!(!shown.concat().contains("word-one"));
    let Data::Object(variables) = data(&taken.records[2], "Variables") else { panic!() };
    let account = variables.get("OSDJoinAccount").unwrap();
    assert_eq!(account.data, Data::Text("A&B\\join".into()));
    assert_eq!(at(&text, account.span), "A&amp;amp;B\\join");
    assert_eq!(at(&text, taken.records[3].span).len(), 8);
    assert_eq!(at(&text, span_of(&taken.records[0], "Sequence")), sequence);
    // Not fetched, cut off, broken.
    let (_, taken) = read(&package("<Nil N=\"Sequence\"/>"), &wanted);
    assert_eq!(briefs(&taken), ["SMS_TaskSequencePackage{PackageID=\"PS100012\" Sequence=-}"]);
    let (_, taken) = read(&package("<S N=\"Sequence\">System.Object</S>"), &wanted);
    assert_eq!(briefs(&taken), ["SMS_TaskSequencePackage{PackageID=\"PS100012\" Sequence=cut}"]);
    let (reading, taken) = read(&package("<S N=\"Sequence\">&lt;sequence&gt;&lt;step&gt;</S>"), &wanted);
    assert_eq!((reading.status, taken.missing.len()), (Status::Read, 1));
    assert_eq!(taken.missing[0].0.as_deref(), Some("TaskSequenceStep"));
}

#[test]
fn strings_by_themselves() {
    let text = objs(
        "<S>&lt;sequence&gt;&lt;step name=\"A\"/&gt;&lt;/sequence&gt;</S>\
         <S>instance of SMS_Admin { LogonName = \"CONTOSO\\\\a\"; };</S><S>just text</S><I32>5</I32>",
    );
    let (reading, taken) = read(&text, &wanted(&["SMS_Admin"]));
    let classes: Vec<_> = taken.records.iter().map(|r| &*r.class).collect();
    assert_eq!(classes, ["TaskSequence", "TaskSequenceStep", "SMS_Admin"]);
    assert_eq!(reading.records, 3);
    assert_eq!(at(&text, taken.records[1].span), "&lt;step name=\"A\"/&gt;");
}

#[test]
fn credentials_in_objects_that_nobody_wants() {
    let text = objs(
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>IResultObject#SMS_Thing</T></TN><Props><S N=\"Name\">Door</S>\
         <S N=\"AdminPassword\">word-one</S><S N=\"PasswordLastSet\">2024</S></Props></Obj>\
         <Obj RefId=\"1\"><TN RefId=\"1\"><T>System.Management.Automation.PSCredential</T></TN><Props>\
         <S N=\"UserName\">CONTOSO\\x</S><SS N=\"Password\">01000000d08c9ddf</SS></Props></Obj>",
    );
    let (reading, taken) = read(&text, &wanted(&["SMS_Admin"]));
    assert_eq!(reading.records, 2);
    assert_eq!(
        briefs(&taken),
        [
            "ClearTextSecret{Name=\"AdminPassword\" Holder=\"Door\" Class=\"SMS_Thing\" Shape=\"8 characters\" Certainty=\"likely\"}"
        ]
    );
    assert_eq!(at(&text, taken.records[0].span).len(), 8);
    assert_eq!(taken.secrets.iter().map(|s| at(&text, *s).len()).collect::<Vec<_>>(), [8, 16]);
    // In a record that is wanted, the credential is taken out.
    let (_, taken) = read(&text, &wanted(&["SMS_Thing", "PSCredential"]));
    assert_eq!(data(&taken.records[0], "AdminPassword"), &Data::Secret(Secret::Clear));
    assert_eq!(
        briefs(&taken)[1..],
        [
            "ClearTextSecret{Name=\"AdminPassword\" Holder=\"Door\" Class=\"SMS_Thing\" Shape=\"8 characters\" Certainty=\"likely\"}",
            "PSCredential{UserName=\"CONTOSO\\\\x\" Password=Protected}",
        ]
    );
}

#[test]
fn a_broken_file_keeps_what_stands_before() {
    let text = objs(MEMBERS).replace("<Nil N=\"SID\"/>", "<Nil N=\"SID\">");
    let (reading, taken) = read(&text, &wanted(&["LocalPrincipal"]));
    assert_eq!((reading.status, reading.records, taken.records.len()), (Status::Partial, 1, 1));
    assert_eq!(
        reading.notes[0].text,
        "an end tag does not close the element that was opened last; what stands before this place was read"
    );
    assert_eq!(at(&text, reading.notes[0].span.unwrap()), "</Props>");
    assert_eq!(taken.missing.len(), 1);
    assert_eq!((taken.missing[0].0.as_deref(), taken.missing[0].1), (None, Missing::Broken));
    let (reading, taken) = read("<Objs><Obj RefId=\"0\"><MS>", &wanted(&["X"]));
    assert_eq!((reading.status, reading.format), (Status::Unreadable, Some(Format::Clixml)));
    assert_eq!(reading.notes[0].text, "the file ends before all elements are closed");
    assert_eq!(taken.missing.len(), 1);
}

#[test]
fn odd_files() {
    // A declaration, comments, unknown elements and attributes, a document type, several roots.
    let text = "<!-- c --><?xml version=\"1.0\"?><!DOCTYPE Objs [<!ENTITY e \"x\">]>\n<Objs ItemId=\"1\"><!-- c -->\
                <Obj RefId=\"0\" ItemId=\"2\"><Odd/><TN RefId=\"0\"><T>IResultObject#X</T><Odd>y</Odd></TN>\
                <Props><Odd><S N=\"A\">no</S></Odd><S N=\"B\"><![CDATA[b&]]>&e;</S></Props></Obj></Objs>\n\
                <Objs><Obj RefId=\"0\"><TNRef RefId=\"0\"/><MS><S N=\"B\">c</S></MS></Obj></Objs>\0\0";
    let (reading, taken) = read(text, &wanted(&["X"]));
    assert_eq!(briefs(&taken), ["X{B=\"b&&e;\"}", "X{B=\"c\"}"]);
    assert_eq!(reading.status, Status::Read);
    assert_eq!(reading.notes.len(), 1);
    assert!(at(text, reading.notes[0].span.unwrap()).starts_with("<!DOCTYPE"));
}
