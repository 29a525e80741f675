//! Damaged files of every XML shape: reading them never panics, spans stay inside the file and between
//! characters, and neither windows nor segments make a difference.

use proptest::prelude::*;

use crate::reader::testing::{Taken, spans_of, take, wanted, with_source};
use crate::reader::{Options, Reading, Recognise, Status, Wanted};

const SEEDS: [&str; 8] = [
    r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">
  <Obj RefId="0"><TN RefId="0"><T>IResultObject#SMS_Admin</T></TN><ToString>x</ToString><Props><S N="LogonName">CONTOSO\é_x000A_</S>
    <Obj N="RoleNames" RefId="1"><TN RefId="1"><T>System.String[]</T></TN><LST><S>a &amp; b</S><Nil /></LST></Obj><SS N="Password">0100</SS></Props></Obj>
  <Obj RefId="2"><TNRef RefId="0" /><MS><Ref N="RoleNames" RefId="1" /><S N="P">instance of A { N = "\\x"; };</S><I32 N="I">1</I32></MS></Obj>
  <Obj RefId="3"><DCT><En><S N="Key">AccountUsage</S><Obj N="Value" RefId="4"><TNRef RefId="1" /><LST><S>x</S></LST></Obj></En></DCT></Obj>
</Objs>"#,
    "#< CLIXML\r\n<Objs><Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Object[]</T></TN><LST>\
     <Obj RefId=\"1\"><TN RefId=\"1\"><T>X#SMS_TaskSequencePackage</T></TN><Props><S N=\"Name\">n</S>\
     <S N=\"Sequence\">&lt;sequence&gt;&lt;step name=\"é\"&gt;&lt;defaultVarList&gt;&lt;variable name=\"OSDJoinPassword\"&gt;word&lt;/variable&gt;\
     &lt;/defaultVarList&gt;&lt;/step&gt;&lt;/sequence&gt;</S></Props></Obj></LST></Obj></Objs>",
    r#"<INSTANCE CLASSNAME="SMS_Admin"><QUALIFIER NAME="q"><VALUE>x</VALUE></QUALIFIER><PROPERTY NAME="LogonName" TYPE="string"><VALUE>é&#65;<![CDATA[<x>]]></VALUE></PROPERTY>
<PROPERTY.ARRAY NAME="RoleNames" TYPE="string"><VALUE.ARRAY><VALUE>a</VALUE></VALUE.ARRAY></PROPERTY.ARRAY><PROPERTY NAME="Password" TYPE="string"><VALUE>word</VALUE></PROPERTY></INSTANCE>"#,
    "<ArrayOfString><string>&lt;INSTANCE CLASSNAME=\"SMS_Admin\"&gt;&lt;PROPERTY NAME=\"LogonName\"&gt;&lt;VALUE&gt;é&lt;/VALUE&gt;&lt;/PROPERTY&gt;&lt;/INSTANCE&gt;</string></ArrayOfString>",
    r#"<!-- é --><?xml version="1.0"?><sequence version="3.10"><group name="G" disable="true"><step type="T" name="é"><action>cmd /password:word</action>
<defaultVarList><variable name="VariableName">OSDJoinPassword</variable><variable name="VariableValue">word</variable>
<variable name="OSDSetDynamicVariablesRules">&lt;Rules&gt;&lt;Variable Name="A"&gt;1&lt;/Variable&gt;&lt;/Rules&gt;</variable></defaultVarList></step></group></sequence>"#,
    r#"<SMS_Roles><SMS_Role RoleName="é" CopiedFromID="SMS0001R"><Operations><Operation GrantedOperations="1" ObjectTypeID="1"/></Operations></SMS_Role></SMS_Roles>"#,
    r#"<Policy><instance class="CCM_NetworkAccessAccount"><property name="NetworkAccessUsername" secret="1"><value><![CDATA[8913é]]></value></property></instance></Policy>"#,
    r#"<Objects><Object Type="X#SMS_Admin"><Property Name="LogonName" Type="System.String">é &lt;</Property><Property Name="L" Type="System.String[]"><Property Type="System.String">a</Property></Property></Object></Objects>"#,
];

const SNIPPETS: [&str; 24] = [
    "<",
    ">",
    "&",
    "/>",
    "</Obj>",
    "<Obj RefId=\"0\">",
    "<Ref N=\"x\" RefId=\"2\"/>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "\"",
    "=",
    "&#x10FFFF;",
    "_xD83D_",
    "\0",
    "\u{1f600}",
    "<S>",
    "</S>",
    "<LST>",
    "<Props>",
    "<!DOCTYPE a [",
    "instance of X { A = 1; };",
    " N=\"Password\"",
];

#[derive(Debug, Clone)]
enum Change {
    Cut(f64),
    Delete(f64, f64),
    Double(f64, f64),
    Insert(f64, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let place = || 0.0..1.0f64;
    prop_oneof![
        1 => place().prop_map(Change::Cut),
        2 => (place(), 0.0..0.2f64).prop_map(|(a, b)| Change::Delete(a, b)),
        1 => (place(), 0.0..0.3f64).prop_map(|(a, b)| Change::Double(a, b)),
        4 => (place(), 0..SNIPPETS.len()).prop_map(|(a, i)| Change::Insert(a, i)),
    ]
}

fn boundary(text: &str, at: f64) -> usize {
    let mut at = ((at * text.len() as f64) as usize).min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

fn apply(text: &mut String, change: &Change) {
    match *change {
        Change::Cut(at) => text.truncate(boundary(text, at)),
        Change::Delete(at, length) => {
            let (start, end) = (boundary(text, at), boundary(text, at + length));
            text.replace_range(start..end, "");
        }
        Change::Double(at, length) => {
            let (start, end) = (boundary(text, at), boundary(text, at + length));
            let part = text[start..end].to_owned();
            text.insert_str(start, &part);
        }
        Change::Insert(at, snippet) => text.insert_str(boundary(text, at), SNIPPETS[snippet]),
    }
}

fn all_wanted() -> Wanted {
    let mut wanted =
        wanted(&["SMS_Admin", "SMS_SCI_Reserved", "SMS_TaskSequencePackage", "CCM_NetworkAccessAccount"]);
    wanted.recognise.push(Recognise {
        class: "SMS_SCI_Reserved".into(),
        all: vec!["accountusage".into()],
        ..Recognise::default()
    });
    wanted
}

fn check(text: &str, reading: &Reading, taken: &Taken) -> Result<(), TestCaseError> {
    let mut all = taken.secrets.clone();
    all.extend(taken.missing.iter().map(|m| m.2));
    all.extend(reading.notes.iter().filter_map(|note| note.span));
    taken.records.iter().for_each(|record| spans_of(record, &mut all));
    for span in all {
        let inside = text.get(span.start as usize..span.end as usize);
        prop_assert!(inside.is_some(), "{span:?} in {text}");
    }
    for note in &reading.notes {
        prop_assert!(!note.text.is_empty());
    }
    prop_assert!(reading.status == Status::Read || !reading.notes.is_empty(), "{reading:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files(seed in 0..SEEDS.len(), changes in prop::collection::vec(change(), 0..4)) {
        let mut text = SEEDS[seed].to_owned();
        changes.iter().for_each(|change| apply(&mut text, change));
        let wanted = all_wanted();
        let options = |segments| Options { segments, segment_bytes: 100 };
        let bytes = || text.clone().into_bytes();
        let whole = with_source(bytes(), 1 << 20, |source| take(source, &wanted, &options(1)));
        check(text.trim_end_matches('\0'), &whole.0, &whole.1)?;
        let small = with_source(bytes(), 30, |source| take(source, &wanted, &options(1)));
        prop_assert_eq!(&whole, &small);
        let parts = with_source(bytes(), 1 << 20, |source| take(source, &wanted, &options(4)));
        prop_assert_eq!(&whole, &parts);
    }
}

#[test]
fn every_prefix() {
    let wanted = all_wanted();
    for seed in SEEDS {
        for end in (0..seed.len()).filter(|&end| seed.is_char_boundary(end)) {
            let text = &seed[..end];
            let options = Options { segments: 1, segment_bytes: 100 };
            let (reading, taken) =
                with_source(text.as_bytes().to_vec(), 1 << 20, |source| take(source, &wanted, &options));
            check(text, &reading, &taken).unwrap();
        }
    }
}
