//! The script as text: which tables, which parts, what may be written.

use super::*;

fn loaded() -> (Schema, Mapping) {
    crate::evidence::load(&Assets::content()).expect("the content that is built in")
}

fn made(names: &[&str]) -> Result<String, Error> {
    let (schema, mapping) = loaded();
    let tables: Vec<TableId> = names.iter().map(|name| schema.table(name).expect("a table")).collect();
    script(&Assets::content(), &schema, &mapping, &tables)
}

#[test]
fn the_script_says_which_tables_its_classes_fill() {
    let script = made(&[]).expect("a script");
    assert!(!script.contains("#%"));
    assert!(script.contains("    'SMS_Site' = 'sites'\n"), "{script}");
    assert!(script.contains("'LocalGroupMembers' = 'local_group_members', 'local_groups', 'principals'\n"));
    assert!(script.ends_with("Get-Item -LiteralPath $folder\n"));
    assert!(script.contains(&format!("$ScriptVersion = '{}'\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn only_what_the_tables_are_made_of() {
    let list = |text: &str| {
        let list = text.split_once("$TablesOfClass = @{\n").and_then(|(_, rest)| rest.split_once("\n}"));
        list.expect("the list").0.to_owned()
    };
    let rights = made(&["user_rights"]).expect("a script");
    assert_eq!(list(&rights), "    'UserRightsAssignment' = 'user_rights'");
    let admins = made(&["admin_permissions"]).expect("a script");
    assert_eq!(list(&admins), "    'SMS_Admin' = 'admin_users'\n    'SMS_Role' = 'role_operations'");
    // And nothing that only others need.
    let whole = made(&[]).expect("a script");
    for (part, needed) in [
        ("function Read-Database", [false, false]),
        ("function ConvertTo-Sequence", [false, false]),
        ("function Send-Share", [false, false]),
        ("function Read-Member", [false, false]),
        ("    function Send-Right", [true, false]),
        ("function Read-Computer", [true, false]),
        ("function Get-DomainInfo", [true, false]),
        ("function Test-Scope", [false, true]),
    ] {
        // What runs on the computers stands in a block.
        assert!(whole.contains(part) || whole.contains(&format!("    {part}")), "{part}");
        assert_eq!([&rights, &admins].map(|script| script.contains(part)), needed, "{part}");
    }
    let lines = |script: &str| script.lines().count();
    assert!(lines(&admins) * 2 < lines(&whole), "{} of {}", lines(&admins), lines(&whole));
    // That there is a password in clear text is written, where the site may have one.
    let secrets = made(&["secrets"]).expect("the script");
    assert!(
        secrets.contains("'SMS_TaskSequencePackage' = 'secrets'")
            && !secrets.contains("function Read-Computer")
    );
    let error = made(&["export_gaps"]).expect_err("made of the exports");
    assert!(error.to_string().ends_with("it comes from the exports as a whole"), "{error}");
}

#[test]
fn what_may_be_written_is_what_is_read() {
    let script = made(&[]).expect("a script");
    let of = |start: &str| {
        let line = script
            .lines()
            .find(|line| line.trim_start().starts_with(start))
            .unwrap_or_else(|| panic!("{start}"));
        line.trim_start().to_owned()
    };
    let reserved = of("'SMS_SCI_Reserved' = 'A");
    assert_eq!(reserved, "'SMS_SCI_Reserved' = 'AccountUsage', 'ItemName', 'SiteCode', 'UserName'");
    let components = of("'SMS_SCI_Component' = 'C");
    assert!(
        components
            .contains("'PropLists[AD Accounts:*]', 'PropLists[ConnectorConfig_*]', 'PropLists[Reserved2]'")
    );
    assert!(components.contains("'Props[SETTINGS]'") && !components.contains("Value"), "{components}");
    let settings = of("'SMS_ClientSettings' = 'A");
    assert_eq!(
        settings,
        "'SMS_ClientSettings' = 'AgentConfigurations[].Enabled', 'AgentConfigurations[].PermittedViewers', 'Name'"
    );
    // Of the variables of a collection only those that name an account, whatever the others hold.
    let collections = of("'SMS_CollectionSettings' = 'C");
    assert!(
        collections.contains("'CollectionVariables[OSDJoinAccount]'") && !collections.contains("[]"),
        "{collections}"
    );
    assert_eq!(of("'OSDJoinAccount' = "), "'OSDJoinAccount' = 'account'");
    assert_eq!(of("'OSDJoinPassword' = "), "'OSDJoinPassword' = 'secret'");
    assert_eq!(of("'OSDCaptureDestination' = "), "'OSDCaptureDestination' = 'path'");
}

#[test]
fn a_content_tree_can_bring_its_own_parts() {
    let (schema, mapping) = loaded();
    let folder = tempfile::tempdir().expect("a folder");
    for file in ["sources.yaml", "vocabulary.yaml"] {
        std::fs::write(folder.path().join(file), Assets::content().text(file).expect("built in"))
            .expect("written");
    }
    let assets = Assets::Folder(folder.path().to_owned());
    let text = script(&assets, &schema, &mapping, &[]).expect("the one that is built in");
    assert_eq!(text, script(&Assets::content(), &schema, &mapping, &[]).expect("built in"));
    std::fs::create_dir(folder.path().join("collector")).expect("a folder");
    let part = folder.path().join("collector/whole.ps1");
    std::fs::write(&part, "Get-Share\r\n").expect("written");
    let text = script(&assets, &schema, &mapping, &[]).expect("with its own end");
    assert!(text.contains("function Get-Share {") && !text.contains("function Read-Site"), "{text}");
    assert!(text.ends_with("\nGet-Share\n"));
    for (own, told) in [
        ("x\n#% for SMS_Site\n", "whole.ps1, line 2: `#% for` without `#% end`"),
        ("#% end\n", "whole.ps1, line 1: `#% end` without `#% for`"),
        ("#% for $Nothing\n#% end\n", "line 1: there is no list $Nothing"),
        ("x\n#% nothing\n", "line 2: there is no list `nothing`"),
    ] {
        std::fs::write(&part, own).expect("written");
        let error = script(&assets, &schema, &mapping, &[]).expect_err(own).to_string();
        assert!(error.contains(told), "{error}");
    }
}
