use super::*;
use crate::reader::secret::decode_text;
use crate::reader::testing::{Taken, at, data, span_of};
use crate::reader::{Secret, WantedClass};
use crate::source::{Encoding, Offsets};

fn take(text: &str, package: Option<&Package>) -> (Result<u64, Fault>, Taken) {
    let offsets = Offsets::new(Encoding::Utf8, 0);
    let mut taken = Taken::default();
    let result = read(View { text, offsets: &offsets }, package, &Wanted::default(), &mut taken);
    (result, taken)
}

const JOIN: &str = r#"<!-- for reference -->
<?xml version="1.0"?>
<sequence version="3.10" name="Deploy">
  <globalVarList><variable name="OSDAdapterCount" property="NumAdapters">0</variable></globalVarList>
  <group name="Outer" disable="TRUE">
    <condition><expression type="X"><variable name="OSDJoinAccount">CONTOSO\operand</variable></expression></condition>
    <group name="In &amp; out">
      <step type="SMS_TaskSequence_JoinDomainWorkgroupAction" name="Join" disable="false">
        <action>osdjoin.exe</action>
        <defaultVarList>
          <variable name="OSDJoinAccount" property="DomainUsername">
            CONTOSO\svc-join
          </variable>
          <variable name="OSDJoinPassword" property="DomainPassword"></variable>
          <variable name="OSDJoinType" property="Type">0</variable>
        </defaultVarList>
      </step>
    </group>
  </group>
  <step name="Untyped"><defaultVarList><variable name="RunAsUser" property="RunAsUser">true</variable></defaultVarList></step>
  <subtasksequence type="SMS_TaskSequence_SubTasksequence" name="Child" disable="true"><action>x</action></subtasksequence>
</sequence>
"#;

#[test]
fn steps_with_their_groups_and_variables() {
    let (result, taken) = take(JOIN, None);
    assert_eq!(result, Ok(4));
    let classes: Vec<_> = taken.records.iter().map(|r| &*r.class).collect();
    assert_eq!(classes, ["TaskSequence", "TaskSequenceStep", "TaskSequenceStep", "TaskSequenceStep"]);
    assert_eq!(data(&taken.records[0], "Name"), &Data::Text("Deploy".into()));
    assert_eq!(data(&taken.records[0], "PackageID"), &Data::Null);
    assert_eq!(data(&taken.records[0], "Version"), &Data::Text("3.10".into()));
    assert_eq!(at(JOIN, taken.records[0].span).get(..10), Some("<sequence "));
    assert!(at(JOIN, taken.records[0].span).ends_with("</sequence>"));

    let step = &taken.records[1];
    assert_eq!(data(step, "TaskSequence"), &Data::Text("Deploy".into()));
    assert_eq!(data(step, "Name"), &Data::Text("Join".into()));
    assert_eq!(at(JOIN, span_of(step, "Name")), "Join");
    assert_eq!(data(step, "Group"), &Data::Text("Outer/In & out".into()));
    assert_eq!(data(step, "Disabled"), &Data::Bool(true));
    assert_eq!(data(step, "Action"), &Data::Text("osdjoin.exe".into()));
    let Data::Object(variables) = data(step, "Variables") else { panic!() };
    assert_eq!(variables.properties.len(), 3);
    let account = variables.get("osdjoinaccount").unwrap();
    assert_eq!(account.data, Data::Text("CONTOSO\\svc-join".into()));
    assert_eq!(at(JOIN, account.span), "CONTOSO\\svc-join");
    assert_eq!(variables.get("OSDJoinPassword").unwrap().data, Data::Secret(Secret::Empty));
    let Data::Object(properties) = data(step, "Properties") else { panic!() };
    assert_eq!(properties.get("DomainUsername"), Some(account));
    assert_eq!(properties.get("Type").unwrap().data, Data::Text("0".into()));
    assert!(at(JOIN, step.span).starts_with("<step type") && at(JOIN, step.span).ends_with("</step>"));
    assert!(step.object.get("Sets").is_none());

    let untyped = &taken.records[2];
    assert_eq!(data(untyped, "Type"), &Data::Null);
    assert_eq!(data(untyped, "Disabled"), &Data::Bool(false));
    assert_eq!(data(untyped, "Group"), &Data::Text("".into()));
    let child = &taken.records[3];
    assert_eq!(data(child, "Type"), &Data::Text("SMS_TaskSequence_SubTasksequence".into()));
    assert_eq!(data(child, "Disabled"), &Data::Bool(true));
    assert_eq!(at(JOIN, span_of(child, "Disabled")), "true");
    assert!(taken.secrets.is_empty());
}

#[test]
fn a_hidden_value_is_that_of_its_variable() {
    let text = r#"<sequence><step name="Account" type="SMS_TaskSequence_SetVariableAction"><defaultVarList>
<variable name="DoNotShowVariableValue" property="DoNotShowVariableValue">true</variable>
<variable name="SetVariableActionHiddenVariableValue" property="HiddenVariableValue">CONTOSO\join</variable>
<variable name="VariableName" property="VariableName">OSDJoinAccount</variable>
<variable name="VariableValue" property="VariableValue"></variable></defaultVarList></step>
<step name="Door" type="SMS_TaskSequence_SetVariableAction"><defaultVarList>
<variable name="SetVariableActionHiddenVariableValue" property="HiddenVariableValue">word-three</variable>
<variable name="VariableName" property="VariableName">Door</variable></defaultVarList></step></sequence>"#;
    let (_, taken) = take(text, None);
    let set = |number: usize| {
        let steps: Vec<_> = taken.records.iter().filter(|r| &*r.class == "TaskSequenceStep").collect();
        let Data::List(sets) = data(steps[number], "Sets") else { panic!() };
        let Data::Object(set) = &sets[0].data else { panic!() };
        (set.get("Name").unwrap().data.clone(), set.get("Value").unwrap().data.clone())
    };
    let t = |t: &str| Data::Text(t.into());
    assert_eq!(set(0), (t("OSDJoinAccount"), t(r"CONTOSO\join")));
    assert_eq!(set(1).0, t("Door"));
    assert!(!format!("{:?}", taken.records).contains("word-"), "{:?}", taken.records);
    assert!(taken.secrets.iter().any(|&s| at(text, s) == "word-three"));
}

#[test]
fn credentials() {
    let text = r#"<sequence><globalVarList><variable name="GlobalPassword">word-zero</variable></globalVarList>
<step name="Promote" type="BDD_ConfigureADDS"><defaultVarList>
<variable name="SafeModeAdminPassword" property="SafeModeAdminPassword"><![CDATA[word-one]]></variable>
<variable name="ADDSPassword" property="ADDSPassword">%Safe%</variable></defaultVarList></step>
<step name="Set" type="SMS_TaskSequence_SetVariableAction"><action>tsenv.exe "OSDJoinPassword=word two"</action><defaultVarList>
<variable name="VariableName" property="VariableName">OSDJoinPassword</variable>
<variable name="VariableValue" property="VariableValue">word two</variable></defaultVarList></step>
<step name="Hidden" type="SMS_TaskSequence_SetVariableAction"><action>tsenv.exe "Door=word-three" /hiddenflag:True</action><defaultVarList>
<variable name="DoNotShowVariableValue" property="DoNotShowVariableValue">true</variable>
<variable name="VariableName" property="VariableName">Door</variable>
<variable name="VariableValue" property="VariableValue">word-three</variable></defaultVarList></step>
<step name="Plain" type="SMS_TaskSequence_SetVariableAction"><action>tsenv.exe "OSDJoinAccount=CONTOSO\join"</action><defaultVarList>
<variable name="VariableName" property="VariableName">OSDJoinAccount</variable>
<variable name="VariableValue" property="VariableValue">CONTOSO\join</variable></defaultVarList></step>
</sequence>"#;
    let (result, taken) = take(text, None);
    assert_eq!(result, Ok(5));
    let shown = format!("{:?}", taken.records);
    assert!(!shown.contains("word-") && !shown.contains("word two"), "{shown}");
    let found: Vec<_> = taken
        .records
        .iter()
        .filter(|r| &*r.class == "ClearTextSecret")
        .map(|r| (data(r, "Name"), data(r, "Holder"), data(r, "Class"), at(text, r.span).len()))
        .collect();
    let t = |t: &str| Data::Text(t.into());
    assert_eq!(
        found,
        [
            (&t("GlobalPassword"), &t("the task sequence"), &t("TaskSequence"), 9),
            (&t("SafeModeAdminPassword"), &t("Promote"), &t("TaskSequenceStep"), 8),
            (&t("OSDJoinPassword"), &t("Set"), &t("TaskSequenceStep"), 8),
        ]
    );
    // Where a credential is repeated in a command line it is hidden, too.
    let places: Vec<_> = taken.secrets.iter().map(|&s| at(text, s).len()).collect();
    let set = r#"tsenv.exe "OSDJoinPassword=word two""#.len();
    let hidden = r#"tsenv.exe "Door=word-three" /hiddenflag:True"#.len();
    assert_eq!(places, [9, 8, 6, 8, set, 10, hidden]);
    let step = |name: &str| {
        taken.records.iter().find(|r| &*r.class == "TaskSequenceStep" && data(r, "Name") == &t(name)).unwrap()
    };
    let Data::Object(variables) = data(step("Promote"), "Variables") else { panic!() };
    assert_eq!(variables.get("SafeModeAdminPassword").unwrap().data, Data::Secret(Secret::Clear));
    assert_eq!(variables.get("ADDSPassword").unwrap().data, Data::Secret(Secret::Reference));
    assert_eq!(data(step("Set"), "Action"), &Data::Secret(Secret::Clear));
    let Data::List(sets) = data(step("Plain"), "Sets") else { panic!() };
    let Data::Object(set) = &sets[0].data else { panic!() };
    assert_eq!(set.get("Name").unwrap().data, t("OSDJoinAccount"));
    assert_eq!(set.get("Value").unwrap().data, t(r"CONTOSO\join"));
    assert_eq!(at(text, set.get("Value").unwrap().span), r"CONTOSO\join");
}

#[test]
fn dynamic_variables() {
    let text = r#"<sequence><step name="S" type="SMS_TaskSequence_SetDynamicVariablesAction"><defaultVarList>
<variable name="OSDSetDynamicVariablesRules" property="Rules">&lt;Rules&gt;&lt;Rule&gt;&lt;condition&gt;&lt;variable name="Value"&gt;no&lt;/variable&gt;&lt;/condition&gt;&lt;Variables&gt;&lt;Variable Name="OSDJoinAccount" IsSecret="false"&gt;A&amp;amp;B\join&lt;/Variable&gt;&lt;Variable Name="OSDJoinPassword" IsSecret="true"&gt;word-one&lt;/Variable&gt;&lt;/Variables&gt;&lt;/Rule&gt;&lt;/Rules&gt;
</variable></defaultVarList></step></sequence>"#;
    let (result, taken) = take(text, None);
    assert_eq!(result, Ok(2));
    assert!(!format!("{:?}", taken.records).contains("word-one"));
    let Data::List(sets) = data(&taken.records[1], "Sets") else { panic!() };
    assert_eq!(sets.len(), 2);
    let Data::Object(set) = &sets[0].data else { panic!() };
    assert_eq!(set.get("Value").unwrap().data, Data::Text(r"A&B\join".into()));
    assert_eq!(at(text, set.get("Value").unwrap().span), r"A&amp;amp;B\join");
    assert_eq!(at(text, set.get("Name").unwrap().span), "OSDJoinAccount");
    let secret = taken.records.iter().find(|r| &*r.class == "ClearTextSecret").unwrap();
    assert_eq!(at(text, secret.span).len(), 8);
    assert_eq!(data(secret, "Name"), &Data::Text("OSDJoinPassword".into()));
}

#[test]
fn only_what_is_looked_at_is_built() {
    let mut wanted = Wanted::default();
    let class = WantedClass {
        name: "TaskSequenceStep".into(),
        properties: vec!["name".into(), "variables".into(), "properties".into()],
        inner: vec![("variables".into(), vec!["b".into()]), ("properties".into(), vec!["p".into()])],
        ..WantedClass::default()
    };
    wanted.classes.insert("tasksequencestep".into(), class);
    let text = r#"<sequence><step name="S"><action>x</action><defaultVarList><variable name="A" property="P">1</variable>
<variable name="B" property="Q">2</variable><variable name="OSDJoinPassword">word-one</variable></defaultVarList></step></sequence>"#;
    let offsets = Offsets::new(Encoding::Utf8, 0);
    let mut taken = Taken::default();
    assert_eq!(read(View { text, offsets: &offsets }, None, &wanted, &mut taken), Ok(2));
    let shown = crate::reader::testing::briefs(&taken);
    assert_eq!(shown[1], "TaskSequenceStep{Name=\"S\" Variables={B=\"2\"} Properties={P=\"1\"}}");
    assert!(shown[2].starts_with("ClearTextSecret{Name=\"OSDJoinPassword\""));
}

#[test]
fn a_wrapper_names_the_sequence() {
    let text = r#"<SmsTaskSequencePackage><PackageID>CON00012</PackageID><Name>Base</Name><SequenceData><sequence version="3.00"><step name="A"/></sequence></SequenceData></SmsTaskSequencePackage>"#;
    let (result, taken) = take(text, None);
    assert_eq!(result, Ok(2));
    assert_eq!(data(&taken.records[1], "TaskSequence"), &Data::Text("Base".into()));
    assert_eq!(data(&taken.records[1], "PackageID"), &Data::Text("CON00012".into()));
    assert_eq!(at(text, span_of(&taken.records[1], "PackageID")), "CON00012");
    let escaped = text.replace(
        r#"<sequence version="3.00"><step name="A"/></sequence>"#,
        r#"&lt;sequence&gt;&lt;step name="A"/&gt;&lt;/sequence&gt;"#,
    );
    let (result, taken) = take(&escaped, None);
    assert_eq!(result, Ok(2));
    assert_eq!(at(&escaped, taken.records[1].span), r#"&lt;step name="A"/&gt;"#);
    assert_eq!(data(&taken.records[0], "Name"), &Data::Text("Base".into()));
}

#[test]
fn what_stands_before_an_error_stays() {
    let text = r#"<sequence><step name="A"></step><step name="B"></sequence>"#;
    let (result, taken) = take(text, None);
    let fault = result.unwrap_err();
    assert_eq!(at(text, fault.span), "</sequence>");
    assert_eq!(fault.text, "an end tag does not close the element that was opened last");
    assert_eq!(taken.records.len(), 2);
    assert_eq!(data(&taken.records[1], "Name"), &Data::Text("A".into()));
}

#[test]
fn a_script_with_a_credential() {
    // `$x`, and `-Password abc` as the cmdlet writes them: UTF-16 with a mark, in base64.
    assert_eq!(decode_text("//4kAHgA").as_deref(), Some("$x"));
    assert_eq!(decode_text("LQBQAGEAcwBzAHcAbwByAGQAIABhAGIAYwA=").as_deref(), Some("-Password abc"));
    assert_eq!(decode_text("not base 64!"), None);
    let text = r#"<sequence><step name="Run"><defaultVarList><variable name="OSDRunPowerShellScriptSourceScript" property="SourceScript">LQBQAGEAcwBzAHcAbwByAGQAIABhAGIAYwA=</variable></defaultVarList></step></sequence>"#;
    let (_, taken) = take(text, None);
    let Data::Object(variables) = data(&taken.records[1], "Variables") else { panic!() };
    assert_eq!(variables.properties[0].1.data, Data::Secret(Secret::Clear));
    assert_eq!(data(&taken.records[2], "Name"), &Data::Text("Password".into()));
}
