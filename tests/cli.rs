//! The built program, run as people run it.
//!
//! Tests of a command stand in a module of its name. Each runs in a folder of its own, with an environment
//! that says nothing about colours or folders.

mod common;

use std::fs;
use std::process::Stdio;

use common::schema::{Others, wrong};
use common::{Place, Ran, has, repository};
use serde_json::Value;

mod program {
    use super::*;

    #[test]
    fn version_is_one_line() {
        let ran = Place::new().run(&["--version"]).ends(0);
        assert_eq!(ran.out, format!("cmlint {}\n", env!("CARGO_PKG_VERSION")));
        assert_eq!(ran.err, "");
    }

    #[test]
    fn version_needs_no_content() {
        Place::new().run(&["--content", "no/such/folder", "--version"]).ends(0);
    }

    #[test]
    fn without_arguments_help_goes_to_standard_error() {
        let ran = Place::new().run(&[]).ends(2);
        assert_eq!(ran.out, "");
        has(&ran.err, "Usage: cmlint");
    }

    #[test]
    fn every_command_has_help_with_examples() {
        for command in ["check", "diff", "explain", "rules", "test"] {
            let long = Place::new().run(&[command, "--help"]).ends(0);
            has(&long.out, "Examples:");
            has(&long.out, &format!("Usage: cmlint {command}"));
            let short = Place::new().run(&[command, "-h"]).ends(0);
            assert!(short.out.len() < long.out.len());
        }
    }

    #[test]
    fn help_is_wrapped_once_at_any_width() {
        let place = Place::new();
        for command in ["check", "collect", "diff", "explain", "rules", "test", "track"] {
            for columns in ["60", "76", "100"] {
                let ran = place.command(&[command, "--help"]).env("COLUMNS", columns).output().expect("runs");
                let out = String::from_utf8(ran.stdout).expect("UTF-8");
                let below = &out[out.find("Examples:").expect("examples")..];
                let width: usize = columns.parse().expect("a number");
                for pair in below.lines().collect::<Vec<_>>().windows(2) {
                    // A line that ends early although the first word of the next fits was wrapped twice.
                    let [line, next] = pair else { continue };
                    let word = next.split_whitespace().next().unwrap_or_default();
                    let goes_on = next.starts_with(|c: char| c.is_lowercase()) && !line.starts_with(' ');
                    let room = width.saturating_sub(line.chars().count() + 1);
                    assert!(!goes_on || word.chars().count() > room, "{command} at {columns}:\n{below}");
                }
            }
        }
    }

    #[test]
    fn help_is_a_command_too() {
        let place = Place::new();
        for command in ["check", "explain", "diff"] {
            let asked = place.run(&["help", command]).ends(0).out;
            assert_eq!(asked, place.run(&[command, "--help"]).ends(0).out);
        }
        has(&place.run(&["help"]).ends(0).out, "Usage: cmlint");
    }

    #[test]
    fn a_wrong_argument_is_trouble() {
        let ran = Place::new().run(&["rules", "--formt", "json"]).ends(2);
        has(&ran.err, "--format");
        assert_eq!(ran.out, "");
    }

    #[test]
    fn colours_are_for_terminals_or_on_demand() {
        let place = Place::new();
        assert!(!place.run(&["rules"]).ends(0).out.contains('\u{1b}'));
        assert!(place.run(&["rules", "--color", "always"]).ends(0).out.contains('\u{1b}'));
        let forced = place.command(&["rules"]).env("CLICOLOR_FORCE", "1").output().expect("runs");
        assert!(forced.stdout.contains(&0x1b));
        let colours = |names: &[(&str, &str)]| {
            let ran = place.command(&["rules"]).envs(names.iter().copied()).output().expect("runs");
            ran.stdout.contains(&0x1b)
        };
        assert!(colours(&[("FORCE_COLOR", "1")]));
        assert!(!colours(&[("FORCE_COLOR", "0")]) && !colours(&[("FORCE_COLOR", "")]));
        assert!(!colours(&[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]));
        let none =
            place.command(&["rules"]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").output().expect("runs");
        assert!(!none.stdout.contains(&0x1b));
    }

    #[test]
    #[cfg(unix)]
    fn a_reader_that_goes_away_is_no_error() {
        let place = Place::new();
        let mut child =
            place.command(&["rules"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
        drop(child.stdout.take());
        let ran = Ran::of(child.wait_with_output().expect("ends")).ends(0);
        assert_eq!(ran.err, "");
    }
}

mod explain {
    use super::*;

    #[test]
    fn an_account_goes_by_many_names() {
        let place = Place::new();
        let by_id = place.run(&["explain", "network-access-account"]).ends(0).out;
        has(&by_id, "Network access account");
        has(&by_id, "max-ten-per-site");
        has(&by_id, "2015-12-08  Network Access Account");
        for name in ["NAA", "naa", "Network Access Account"] {
            assert_eq!(place.run(&["explain", name]).ends(0).out, by_id);
        }
        assert_eq!(place.run(&["explain", "network", "access", "account"]).ends(0).out, by_id);
    }

    #[test]
    fn a_statement_shows_how_revisions_differ() {
        let out = Place::new().run(&["explain", "network-access-account/network-logon-right"]).ends(0).out;
        has(&out, "2015-12-08  Hosts: distribution point or another server");
        has(&out, "2016-02-09  as before");
        has(&out, "2018-10-26  Hosts: distribution point or peer");
        has(&out, "SeNetworkLogonRight");
    }

    #[test]
    fn an_account_that_was_merged_says_into_which() {
        let out =
            Place::new().run(&["explain", "exchange-server-connector-proxy-server-account"]).ends(0).out;
        has(&out, "no longer there");
        has(&out, "site-system-proxy-server-account");
    }

    #[test]
    fn a_rule_shows_statement_help_and_examples() {
        let out = Place::new().run(&["explain", "too-many-accounts-for-site"]).ends(0).out;
        for part in
            ["network-access-account/max-ten-per-site", "What to do", "Collect it with", "Examples", "fail"]
        {
            has(&out, part);
        }
    }

    #[test]
    fn a_technique_shows_what_bears_on_it() {
        let place = Place::new();
        let out = place.run(&["explain", "cred-2"]).ends(0).out;
        for part in ["CRED-2", "Misconfiguration Manager", "network-access-account-not-needed", "Documented"]
        {
            has(&out, part);
        }
        has(
            &place.run(&["explain", "T1078.002"]).ends(0).out,
            "https://attack.mitre.org/techniques/T1078/002/",
        );
        // Its rules and statements name it in turn.
        for name in
            ["network-access-account-not-needed", "network-access-account/not-needed-with-https-or-ehttp"]
        {
            has(&place.run(&["explain", name]).ends(0).out, "CRED-2");
            let value: Value =
                serde_json::from_str(&place.run(&["explain", name, "--format", "json"]).ends(0).out)
                    .expect("JSON");
            assert!(value["techniques"].as_array().expect("a list").contains(&"CRED-2".into()), "{value:#}");
        }
    }

    #[test]
    fn an_evidence_table_shows_how_to_collect_it() {
        let out = Place::new().run(&["explain", "sites"]).ends(0).out;
        has(&out, "Get-CimInstance");
        has(&out, "build");
    }

    #[test]
    fn an_unknown_name_has_a_suggestion() {
        let ran = Place::new().run(&["explain", "netwrok-access-account"]).ends(2);
        assert_eq!(ran.out, "");
        has(&ran.err, "Did you mean `network-access-account`?");
        let ran = Place::new().run(&["explain", "client push"]).ends(2);
        has(&ran.err, "client-push-installation-account");
    }

    #[test]
    fn json_has_the_whole_timeline() {
        let place = Place::new();
        let json = place.run(&["explain", "NAA", "--format", "json"]).ends(0).json();
        assert_eq!(json["kind"], "account");
        assert_eq!(json["id"], "network-access-account");
        assert_eq!(json["name"][1]["from"], "2018-10-26");
        assert!(json["statements"].as_array().expect("a list").len() > 20);
        let json = place.run(&["explain", "NAA/max-ten-per-site", "--format", "json"]).ends(0).json();
        assert_eq!(json["facts"][0]["max"][0]["value"], 10);
        let json = place.run(&["explain", "too-many-accounts-for-site", "--format", "json"]).ends(0).json();
        assert_eq!(json["kind"], "rule");
    }
}

mod rules {
    use super::*;

    #[test]
    fn rules_can_be_narrowed_to_an_account() {
        let place = Place::new();
        let all = place.run(&["rules", "--format", "json"]).ends(0).json();
        let some = place.run(&["rules", "--select", "NAA", "--format", "json"]).ends(0).json();
        let (all, some) =
            (all["rules"].as_array().expect("a list"), some["rules"].as_array().expect("a list"));
        assert!(!some.is_empty() && some.len() < all.len());
        for rule in some {
            assert!(rule["statements"].to_string().contains("network-access-account/"), "{rule}");
            assert!(!rule["evidence"].as_array().expect("a list").is_empty(), "{rule}");
        }
    }

    #[test]
    fn concise_is_one_line_a_rule() {
        let place = Place::new();
        let all = place.run(&["rules", "--format", "json"]).ends(0).json();
        let lines = place.run(&["rules", "--format", "concise"]).ends(0).out;
        assert_eq!(lines.lines().count(), all["rules"].as_array().expect("a list").len());
    }

    #[test]
    fn coverage_accounts_for_every_statement() {
        let place = Place::new();
        let json = place.run(&["rules", "--coverage", "--format", "json"]).ends(0).json();
        let statements = json["statements"].as_array().expect("a list");
        let number = |key: &str| json["totals"][key].as_u64().expect("a number");
        let all = statements.len() as u64;
        assert_eq!(number("statements"), all);
        assert_eq!(number("enforced") + number("not_checkable"), all, "nothing that is shipped is open");
        for statement in statements {
            let rules = statement["rules"].as_array().expect("a list");
            // What cannot be seen in an export has a reason; what is fully checkable needs none.
            assert!(!rules.is_empty() || statement["checkable"] == "yes" || statement["because"].is_string());
        }
        let human = place.run(&["rules", "--coverage"]).ends(0).out;
        has(&human, &format!("{all} statements:"));
        let concise = place.run(&["rules", "--coverage", "--format", "concise"]).ends(0).out;
        assert_eq!(concise.lines().count(), statements.len());
    }

    #[test]
    fn an_unknown_group_has_a_suggestion() {
        let ran = Place::new().run(&["rules", "--select", "acounts"]).ends(2);
        has(&ran.err, "Did you mean `accounts`?");
    }
}

mod test {
    use super::*;

    #[test]
    fn what_is_built_in_is_well() {
        let ran = Place::new().run(&["test"]).ends(0);
        has(&ran.out, ": all is well");
    }

    #[test]
    fn a_mistake_in_a_rule_is_shown_at_its_place() {
        let place = Place::new();
        let text =
            fs::read_to_string(repository("rules/accounts/too-many-accounts-for-site.yaml")).expect("there");
        place.file("mine/accounts/too-many-accounts-for-site.yaml", text.replace("\nlevel:", "\nlevle:"));
        let ran = place.run(&["test", "--rules", "mine"]).ends(2);
        has(&ran.err, "mine/accounts/too-many-accounts-for-site.yaml:");
        has(&ran.err, "levle");
        has(&ran.err, "did you mean `level`?");
        // No other command works with such rules.
        has(&place.run(&["rules", "--rules", "mine"]).ends(2).err, "levle");
    }

    #[test]
    fn an_example_that_comes_out_differently_is_an_error() {
        let place = Place::new();
        let text =
            fs::read_to_string(repository("rules/accounts/too-many-accounts-for-site.yaml")).expect("there");
        assert!(text.contains("    expect: pass"));
        place.file(
            "mine/accounts/too-many-accounts-for-site.yaml",
            text.replacen("    expect: pass", "    expect: not-applicable", 1)
                + "  - {name: more, given: {}, expect: pass}\n",
        );
        let ran = place.run(&["test", "--rules", "mine"]).ends(2);
        has(&ran.err, "the example comes out differently");
        has(&ran.out, "errors");
    }

    #[test]
    fn a_folder_that_is_not_there_is_said() {
        let ran = Place::new().run(&["test", "--rules", "nowhere"]).ends(2);
        has(&ran.err, "nowhere");
    }
}

mod check {
    use super::*;

    /// All formats by their names.
    const FORMATS: [&str; 12] = [
        "human", "concise", "html", "markdown", "csv", "json", "ndjson", "sarif", "junit", "github",
        "gitlab", "azure",
    ];

    /// Two task sequences, of which one runs a command line as the network access account; pretty-printed so that
    /// a person can count lines.
    const SITE: &str = r#"[
  { "SiteCode": "PS1", "ReportingSiteCode": "", "ServerName": "srv.contoso.com", "InstallDir": "C:\\CM", "Type": 2,
    "Version": "5.00.8740.1000", "BuildNumber": 8740 }
]
"#;

    /// Nothing but a site, whose code is not a site code.
    const BAD_SITE: &str = r#"[
  {
    "SiteCode": "PS1X",
    "ReportingSiteCode": "",
    "ServerName": "srv.contoso.com",
    "InstallDir": "C:\\CM",
    "Type": 2,
    "Version": "5.00.8740.1000",
    "BuildNumber": 8740
  }
]
"#;

    fn contoso() -> String {
        repository("examples/contoso")
    }

    #[test]
    fn a_finding_is_code_1_and_shows_its_place() {
        let place = Place::new();
        place.file("sites.json", BAD_SITE);
        let ran = place.run(&["check", "--select", "malformed-site-code", "--fail-on", "note"]).ends(1);
        has(&ran.out, "[malformed-site-code]");
        has(&ran.out, "┌─ sites.json:3:18");
        has(&ran.out, r#"3 │     "SiteCode": "PS1X","#);
        has(&ran.out, "  │                  ^^^^");
        assert_eq!(ran.err, "");
    }

    #[test]
    fn without_findings_the_code_is_0() {
        let place = Place::new();
        place.file("sites.json", SITE);
        let ran = place.run(&["check", "--select", "malformed-site-code"]).ends(0);
        has(&ran.out, "findings");
        assert!(!ran.out.contains("malformed-site-code"), "{}", ran.out);
    }

    #[test]
    fn fail_on_decides_which_findings_count() {
        let place = Place::new();
        place.file("sites.json", BAD_SITE);
        let level = place
            .run(&["check", "--format", "json", "--select", "malformed-site-code", "--fail-on", "never"])
            .ends(0);
        let level = level.json()["findings"][0]["level"].as_str().expect("a level").to_owned();
        for (fail_on, lowest) in [("error", 2), ("warning", 1), ("note", 0)] {
            let rank = ["note", "warning", "error"].iter().position(|l| *l == level).expect("known");
            let code = i32::from(rank >= lowest);
            place.run(&["check", "--select", "malformed-site-code", "--fail-on", fail_on]).ends(code);
        }
    }

    #[test]
    fn concise_is_one_line_a_finding_and_nothing_else() {
        let place = Place::new();
        place.file("sites.json", BAD_SITE);
        let ran = place
            .run(&["check", "--format", "concise", "--select", "malformed-site-code", "--fail-on", "never"])
            .ends(0);
        assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
        assert!(ran.out.starts_with("sites.json:3:18: "), "{}", ran.out);
        has(&ran.out, "[malformed-site-code] ");
    }

    #[test]
    fn an_input_that_cannot_be_read_is_code_2_after_the_others() {
        let place = Place::new();
        place.file("sites.json", BAD_SITE);
        let args =
            ["check", "--format", "json", "--select", "malformed-site-code", "sites.json", "missing.xml"];
        let ran = place.run(&args).ends(2);
        let json = ran.json();
        assert_eq!(json["findings"].as_array().expect("a list").len(), 1);
        assert_eq!(json["inputs"][0]["status"], "read");
        assert_eq!(json["inputs"][1]["status"], "unreadable");
        has(&ran.err, "missing.xml");
    }

    #[test]
    fn a_file_that_breaks_off_is_code_2_and_what_it_holds_is_checked() {
        let place = Place::new();
        place.file("sites.json", BAD_SITE.trim_end().trim_end_matches(']'));
        let ran = place.run(&["check", "--format", "json", "--select", "malformed-site-code"]).ends(2);
        let json = ran.json();
        assert_eq!(json["inputs"][0]["status"], "partial");
        assert_eq!(json["findings"].as_array().expect("a list").len(), 1);
        has(&ran.err, "error: sites.json:");
    }

    #[test]
    fn a_file_that_is_no_export_is_listed_and_no_error() {
        let place = Place::new();
        place.file("sites.json", SITE).file("notes.xml", "<notes><note>buy milk</note></notes>");
        let ran = place.run(&["check", "--format", "json", "--select", "malformed-site-code"]).ends(0);
        let json = ran.json();
        assert_eq!(json["inputs"][0]["status"], "unrecognised");
        assert!(json["inputs"][0]["note"].is_string());
    }

    #[test]
    fn with_nothing_to_evaluate_the_code_is_3() {
        let place = Place::new();
        let ran = place.run(&["check"]).ends(3);
        has(&ran.err, "nothing to check");
        place.file("notes.xml", "<notes/>");
        let ran = place.run(&["check"]).ends(3);
        has(&ran.err, "none of the files was recognised");
    }

    #[test]
    fn where_nothing_passed_and_nothing_failed_the_code_is_3() {
        // An account of the administrators' table is read, and every rule of task sequences has nothing to look at.
        let place = Place::new();
        place.file(
            "ts.xml",
            "<sequence version=\"3.00\"><step name=\"x\"><action>y</action></step></sequence>",
        );
        let ran = place.run(&["check", "--format", "json", "--select", "clear-text-password"]).ends(3);
        assert_eq!(ran.json()["inputs"][0]["status"], "read");
        assert_eq!(ran.json()["outcomes"]["not_applicable"], 1);
        has(&ran.err, "nothing could be checked");
    }

    /// A list of accounts on one line, as `-Compress` writes it.
    fn one_line(before: &str, behind: &str) -> String {
        format!(
            r#"[{{"__CLASS":"SMS_SCI_ClientComp",{before}"ItemName":"Software Distribution","SiteCode":"P01","PropLists":[{{"PropertyListName":"Network Access User Names","Values":["svc-naa"]}}]{behind}}}]"#
        )
    }

    #[test]
    fn long_lines_of_any_language_have_an_excerpt() {
        for text in ["管理者", "ü", "Администратор ", "Straße mit Bäumen ", "🙂e\u{301}"]
        {
            for shift in 0..8 {
                let place = Place::new();
                let long = format!(r#","Description":"{}{}""#, "x".repeat(shift), text.repeat(400));
                place.file("naa.json", one_line("", &long));
                let ran = place.run(&["check", "--select", "network-access-account-without-domain"]).ends(1);
                has(&ran.out, r#"["svc-naa"]"#);
                assert!(!ran.out.contains(text.trim()), "{}", ran.out);
                assert_eq!(ran.err, "");
            }
        }
    }

    #[test]
    fn an_excerpt_shows_structure_what_is_mapped_and_what_is_pointed_at() {
        let place = Place::new();
        place.file(
            "naa.json",
            one_line(
                r#""Kennwort":"Sommer-Regen42","n":{"value":"Herbst-Laub77"},"#,
                r#","remark":"Winter-Eiche88""#,
            ),
        );
        let ran = place.run(&["check", "--select", "network-access-account-without-domain"]).ends(1);
        has(
            &ran.out,
            r#"[{"PropertyListName":"Network Access User Names","Values":["svc-naa"]}],"remark":"…"}"#,
        );
        for secret in ["Sommer", "Herbst", "Winter"] {
            assert!(!ran.out.contains(secret), "{}", ran.out);
        }
    }

    #[test]
    fn text_that_cannot_be_parsed_is_not_shown() {
        let place = Place::new();
        place.file("a.json", r#"[{"UserName":"CORP\svc-x","Password":"Sommer-Regen42"}]"#);
        place.file("b.xml", "<Objs><Obj RefId=\"0\"><MS><S N=\"x\">a<Regen>b</S></MS></Obj></Objs>");
        for format in ["human", "concise", "json"] {
            let ran = place.run(&["check", "--verbose", "--format", format]).ends(2);
            let all = format!("{}{}", ran.out, ran.err);
            for piece in ["Sommer", "Regen", "svc-x", "CORP"] {
                assert!(!all.contains(piece), "{all}");
            }
            has(&all, "there is no such escape");
        }
    }

    #[test]
    fn all_places_are_in_json_and_the_others_say_how_many_there_are() {
        let place = Place::new();
        let step = r#"<step name="Run tool"><action>x</action><defaultVarList><variable name="OSDJoinPassword">Regen-3-Sommer</variable></defaultVarList></step>"#;
        let steps = vec![step; 30].join("\n");
        place.file("ts.xml", format!("<sequence version=\"3.00\">\n{steps}\n</sequence>"));
        let args = |format| ["check", "--select", "clear-text-password", "--format", format];
        let json = place.run(&args("json")).ends(1).json();
        let places: usize = (json["findings"].as_array().expect("a list").iter())
            .map(|f| f["locations"].as_array().expect("a list").len())
            .sum();
        assert_eq!(places, 30);
        has(&place.run(&args("concise")).ends(1).out, "(and 29 more places)");
        let human = place.run(&args("human")).ends(1).out;
        has(&human, "the same in 27 further places");
        assert_eq!(human.matches("and here").count(), 2, "{human}");
        let all = [&args("human")[..], &["--verbose"]].concat();
        assert_eq!(
            place.run(&all).ends(1).out.matches("ts.xml:").count(),
            30 - 2,
            "the others have excerpts"
        );
    }

    #[test]
    fn json_has_no_character_that_leads_a_reader_astray() {
        let place = Place::new();
        place.file("naa.json", one_line("", "").replace("svc-naa", "svc\u{9b}31m\u{202e}\u{2028}naa"));
        let args = ["check", "--select", "network-access-account-without-domain", "--format", "json"];
        let ran = place.run(&args).ends(1);
        assert!(!ran.out.contains(['\u{9b}', '\u{202e}', '\u{2028}']), "{}", ran.out);
        let subject = ran.json()["findings"][0]["message"].as_str().expect("a text").to_owned();
        has(&subject, "svc\u{9b}31m\u{202e}\u{2028}naa");
    }

    #[test]
    fn missing_evidence_is_code_3_only_on_demand() {
        let place = Place::new();
        place.file("sites.json", SITE);
        let args = ["check", "--select", "malformed-site-code,too-many-accounts-for-site"];
        let ran = place.run(&args).ends(0);
        has(&ran.out, "not evaluated");
        has(&ran.out, ".\\collect.ps1 -SiteServer '");
        has(&place.run(&[&args[..], &["--verbose"]].concat()).ends(0).out, "ConvertTo-Json");
        place.run(&[&args[..], &["--require-evidence"]].concat()).ends(3);
    }

    #[test]
    fn revisions_go_by_the_names_that_diff_takes() {
        let place = Place::new();
        place.file("sites.json", SITE);
        let revision = |name: &str| {
            let ran = place.run(&["check", "--revision", name, "--format", "json"]);
            ran.json()["revision"].as_str().expect("a date").to_owned()
        };
        assert_eq!(revision("2016-02-09"), "2016-02-09");
        assert_eq!(revision("2016"), "2016-02-09");
        assert!(revision("oldest") < revision("AUTO") && revision("auto") < revision("latest"));
        let ran = place.run(&["check", "--revision", "2018"]).ends(2);
        has(&ran.err, "several revisions begin with `2018`");
        has(&place.run(&["check", "--revision", "1999"]).ends(2).err, "there is no revision `1999`");
    }

    #[test]
    fn wildcards_are_for_the_program_where_the_shell_leaves_them() {
        let place = Place::new();
        for name in ["a/sites.json", "b/sites.json", "b/notes.txt"] {
            place.file(name, SITE);
        }
        let json = place.run(&["check", "*/*.json", "--format", "json"]).json();
        let paths: Vec<&str> =
            json["inputs"].as_array().expect("a list").iter().filter_map(|i| i["path"].as_str()).collect();
        assert_eq!(paths, ["a/sites.json", "b/sites.json"]);
        has(&place.run(&["check", "*.none"]).ends(2).out, "*.none: there is no such file or folder");
    }

    #[test]
    fn a_folder_without_rules_is_no_set_of_rules() {
        let place = Place::new();
        place.file("rules/README.md", "Nothing yet.");
        for command in ["check", "rules"] {
            let ran = place.run(&[command, "--rules", "rules"]).ends(2);
            has(&format!("{}{}", ran.out, ran.err), "there is no rule in rules");
        }
    }

    #[test]
    fn standard_input_is_read() {
        let args =
            ["check", "-", "--format", "concise", "--select", "malformed-site-code", "--fail-on", "note"];
        let ran = Place::new().run_with_input(&args, BAD_SITE.as_bytes()).ends(1);
        assert!(ran.out.starts_with("<stdin>:3:18: "), "{}", ran.out);
    }

    #[test]
    fn utf16_has_the_same_places() {
        let place = Place::new();
        let mut bytes = vec![0xff, 0xfe];
        bytes.extend(BAD_SITE.replace('\n', "\r\n").encode_utf16().flat_map(u16::to_le_bytes));
        place.file("sites.json", bytes);
        let ran = place.run(&["check", "--format", "json", "--select", "malformed-site-code"]);
        let json = ran.json();
        assert_eq!(json["inputs"][0]["encoding"], "utf-16le");
        let location = &json["findings"][0]["locations"][0];
        assert_eq!((&location["line"], &location["column"]), (&Value::from(3), &Value::from(18)));
        assert_eq!((&location["end_line"], &location["end_column"]), (&Value::from(3), &Value::from(22)));
    }

    #[test]
    fn unknown_names_have_suggestions() {
        let place = Place::new();
        let ran = place.run(&["check", "--select", "malformed-site-cod"]).ends(2);
        has(&ran.err, "Did you mean `malformed-site-code`?");
        let ran = place.run(&["check", "--revision", "2017-01-01"]).ends(2);
        has(&ran.err, "2015-12-08  for version 1511");
        let ran = place.run(&["check", "--ignore", "acounts"]).ends(2);
        has(&ran.err, "Did you mean `accounts`?");
    }

    #[test]
    fn the_revision_follows_the_build_of_the_site() {
        let place = Place::new();
        place.file("sites.json", SITE.replace("8740", "8540"));
        let json = place.run(&["check", "--format", "json"]).json();
        assert_eq!(json["revision"], "2016-02-09");
        has(json["revision_reason"].as_str().expect("text"), "build 8540 of site PS1");
        let json = place.run(&["check", "--format", "json", "--revision", "2015-12-08"]).json();
        assert_eq!(json["revision"], "2015-12-08");
    }

    #[test]
    fn output_goes_to_a_file_whole_or_not_at_all() {
        let place = Place::new();
        place.file("in/sites.json", SITE).file("report.json", "old");
        let args = ["check", "in", "--format", "json", "--select", "malformed-site-code", "--output"];
        let ran = place.run(&[&args[..], &["report.json"]].concat()).ends(0);
        assert_eq!(ran.out, "");
        let text = fs::read_to_string(place.path().join("report.json")).expect("written");
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON")["schema"], "cmlint-report/1");
        assert_eq!(fs::read_dir(place.path()).expect("listed").count(), 2);

        let ran = place.run(&[&args[..], &["no/such/folder/report.json"]].concat()).ends(2);
        has(&ran.err, "no/such/folder/report.json");
        // What cannot be done at all leaves the old report alone.
        place.run(&["check", "in", "--select", "nonsense", "--output", "report.json"]).ends(2);
        assert_eq!(fs::read_to_string(place.path().join("report.json")).expect("there"), text);
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bytes() {
        let place = Place::new();
        let contoso = contoso();
        for format in FORMATS {
            let run = |threads| {
                place.run(&["check", &contoso, "--format", format, "--threads", threads]).ends(1).out
            };
            let one = run("1");
            assert!(!one.is_empty());
            assert_eq!(one, run("2"), "{format}");
            assert_eq!(one, run("5"), "{format}");
        }
    }

    #[test]
    fn a_real_report_is_as_its_schema_says() {
        let schema = fs::read_to_string(repository("docs/report.schema.json")).expect("there");
        let schema: Value = serde_json::from_str(&schema).expect("JSON");
        for revision in ["2015-12-08", "2016-02-09", "2018-10-26"] {
            let ran = Place::new().run(&["check", &contoso(), "--format", "json", "--revision", revision]);
            let report = ran.json();
            assert!(!report["findings"].as_array().expect("a list").is_empty());
            let wrong = wrong(&schema, &report, Others::Wrong);
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        }
    }

    #[test]
    fn the_validator_of_these_tests_finds_faults() {
        let schema = fs::read_to_string(repository("docs/report.schema.json")).expect("there");
        let schema: Value = serde_json::from_str(&schema).expect("JSON");
        let good = Place::new().run(&["check", &contoso(), "--format", "json"]).json();
        type Spoil = fn(&mut Value);
        let spoils: [Spoil; 5] = [
            |v| v["schema"] = "cmlint-report/2".into(),
            |v| v["findings"][0]["level"] = "fatal".into(),
            |v| v["findings"][0]["locations"][0]["line"] = 0.into(),
            |v| v["outcomes"] = Value::Null,
            |v| v["findings"][0]["fingerprint"] = "short".into(),
        ];
        for spoil in spoils {
            let mut bad = good.clone();
            spoil(&mut bad);
            let wrong = wrong(&schema, &bad, Others::Wrong);
            assert_eq!(wrong.len(), 1, "{wrong:?}");
        }
    }

    #[test]
    fn counts_and_rows_agree() {
        let json = Place::new().run(&["check", &contoso(), "--format", "json"]).ends(1).json();
        let rules = json["rules"].as_array().expect("a list");
        for outcome in ["pass", "fail", "not_evaluated", "not_applicable", "waived", "error"] {
            let rows = rules.iter().filter(|r| r["outcome"] == outcome).count();
            assert_eq!(json["outcomes"][outcome], rows, "{outcome}");
        }
        assert_eq!(
            json["not_evaluated"].as_array().expect("a list").len(),
            json["outcomes"]["not_evaluated"]
        );
    }

    #[test]
    fn what_is_selected_and_what_is_ignored_make_the_whole() {
        let place = Place::new();
        let findings = |args: &[&str]| {
            let contoso = contoso();
            let json = place.run(&[&["check", &contoso, "--format", "json"], args].concat()).json();
            let mut out: Vec<String> = (json["findings"].as_array().expect("a list").iter())
                .map(|f| format!("{} {} {}", f["rule"], f["fingerprint"], f["message"]))
                .collect();
            out.sort();
            out
        };
        let all = findings(&[]);
        let mut parts = findings(&["--select", "task-sequences"]);
        assert!(!parts.is_empty() && parts.len() < all.len());
        parts.extend(findings(&["--ignore", "task-sequences"]));
        parts.sort();
        // Rules that give way to others across groups come forward when those are not run.
        for one in &all {
            assert!(parts.contains(one), "{one}");
        }
    }

    #[test]
    fn no_format_shows_a_credential() {
        let text = fs::read_to_string(repository("examples/contoso/task-sequences/ts.xml")).expect("there");
        let at = text.find("Password\"").expect("a password");
        let value = text[at..].split(['>', '<']).nth(1).expect("a value");
        let accounts = fs::read_to_string(repository("examples/contoso/accounts.json")).expect("there");
        let at = accounts.find("Reserved2\": \"").expect("a blob") + "Reserved2\": \"".len();
        let blob = &accounts[at..at + 32];
        assert!(value.len() > 8 && blob.bytes().all(|b| b.is_ascii_hexdigit()));
        for format in ["human", "concise", "json"] {
            let ran = Place::new().run(&["check", &contoso(), "--format", format, "--verbose"]).ends(1);
            has(&ran.out, "clear-text-password");
            for secret in [value, blob] {
                assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{format}");
            }
        }
    }

    #[test]
    fn an_estate_in_order_has_notes_at_most() {
        let clean = repository("examples/clean");
        let json = Place::new().run(&["check", &clean, "--format", "json"]).ends(0).json();
        for finding in json["findings"].as_array().expect("a list") {
            assert_eq!(finding["level"], "note", "{finding}");
        }
    }
}

mod diff {
    use super::*;

    #[test]
    fn revisions_go_by_dates_beginnings_and_words() {
        let place = Place::new();
        let whole = place.run(&["diff", "2016-02-09", "2018-10-26"]).ends(0).out;
        has(
            &whole,
            "34 groups and accounts before, 32 after: 3 merged into 1, 3 renamed, 20 changed in capitals",
        );
        has(&whole, "Service connection point");
        assert_eq!(place.run(&["diff", "2016", "2018-10-26"]).ends(0).out, whole);
        assert_eq!(place.run(&["diff", "2016-02", "2018-10-26"]).ends(0).out, whole);
        has(&place.run(&["diff", "2016", "2018"]).ends(2).err, "several revisions begin with `2018`");
        let first = place.run(&["diff", "oldest", "2016"]).ends(0).out;
        has(&first, "34 groups and accounts before and after, all under their titles.");
        has(&first, "log-on-locally");
        let none = place.run(&["diff", "latest", "2024"]).ends(0).out;
        has(&none, "Nothing.");
    }

    #[test]
    fn what_matters_comes_first() {
        let out = Place::new().run(&["diff", "2016", "2018-10-26"]).ends(0).out;
        let heads =
            ["\nMerged\n", "\nRenamed\n", "\nFacts\n", "\nGuidance\n", "\nTerms\n", "\nOtherwise the same\n"];
        let places: Vec<usize> =
            heads.iter().map(|h| out.find(h).unwrap_or_else(|| panic!("{h} in {out}"))).collect();
        assert!(places.is_sorted(), "{places:?}");
        // What has neither facts nor guidance is one line.
        let quiet = &out[places[5]..];
        assert_eq!(quiet.matches("SMTP server connection account").count(), 1);
        assert!(!out[..places[5]].contains("SMTP server connection account"));
    }

    #[test]
    fn nothing_is_wider_than_the_page() {
        let place = Place::new();
        for args in
            [["diff", "2015", "2018-10-26", "--wording"], ["diff", "2015", "2018-10-26", "--side-by-side"]]
        {
            for line in place.run(&args).ends(0).out.lines() {
                assert!(line.chars().count() <= 100, "{line}");
            }
        }
    }

    #[test]
    fn an_unknown_revision_is_said_with_those_there_are() {
        let ran = Place::new().run(&["diff", "2016-02-08", "latest"]).ends(2);
        assert_eq!(ran.out, "");
        has(&ran.err, "there is no revision `2016-02-08`");
        has(&ran.err, "Did you mean `2016-02-09`?");
        has(&ran.err, "2018-10-30  for version 1806, 1810");
        has(&Place::new().run(&["diff", "20", "latest"]).ends(2).err, "several revisions begin with `20`");
        has(&Place::new().run(&["diff", "latset", "2016"]).ends(2).err, "Did you mean `2024-09-04`?");
        has(&Place::new().run(&["diff", "", "2016"]).ends(2).err, "there is no revision");
    }

    #[test]
    fn one_account_goes_by_its_old_and_new_names() {
        let place = Place::new();
        let by_id = place.run(&["diff", "2016", "2018-10-26", "capture-os-image-account"]).ends(0).out;
        has(&by_id, "Capture OS image account, from 2016-02-09 to 2018-10-26");
        has(&by_id, "reuse-scope");
        assert!(!by_id.contains("ConfigMgr_DViewAccess"));
        for name in [
            &["Capture", "Operating", "System", "Image", "Account"][..],
            &["capture os image account"],
            &["capture account"],
        ] {
            let args: Vec<&str> = ["diff", "2016", "2018-10-26"].iter().chain(name).copied().collect();
            assert_eq!(place.run(&args).ends(0).out, by_id, "{name:?}");
        }
        // One that was merged is told with the one it went into.
        let merged = place
            .run(&["diff", "2016", "2018-10-26", "exchange-server-connector-proxy-server-account"])
            .ends(0)
            .out;
        has(&merged, "covers-service-connection-point");
        let ran = place.run(&["diff", "2016", "2018-10-26", "netwrok-access-account"]).ends(2);
        has(&ran.err, "Did you mean `network-access-account`?");
        let ran = place.run(&["diff", "2016", "2018-10-26", "too-many-accounts-for-site"]).ends(2);
        has(&ran.err, "there is no account or group named");
    }

    #[test]
    fn json_is_as_its_schema_says_both_ways() {
        let schema = fs::read_to_string(repository("docs/diff.schema.json")).expect("there");
        let schema: Value = serde_json::from_str(&schema).expect("JSON");
        let place = Place::new();
        for args in [
            &["2015", "2016"][..],
            &["2016", "2018-10-26"],
            &["2018-10-26", "2015"],
            &["2016", "2018-10-26", "NAA"],
        ] {
            let args: Vec<&str> = ["diff", "--format", "json"].iter().chain(args).copied().collect();
            let json = place.run(&args).ends(0).json();
            let wrong = wrong(&schema, &json, Others::Wrong);
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
            let mut bad = json.clone();
            bad["entities"][0]["changes"][0]["kind"] = "fact".into();
            bad["merged"] = Value::Null;
            let faults = super::wrong(&schema, &bad, Others::Wrong);
            assert_eq!(faults.len(), 2, "{faults:?}");
        }
    }

    #[test]
    fn a_file_is_written_without_colours() {
        let place = Place::new();
        let ran = place
            .run(&["diff", "2016", "2018-10-26", "--format", "markdown", "--output", "changes.md"])
            .ends(0);
        assert_eq!(ran.out, "");
        let text = fs::read_to_string(place.path().join("changes.md")).expect("written");
        assert!(text.starts_with("# What changed from 2016-02-09 to 2018-10-26\n"));
        has(&text, "### SMS\\_SiteSystemToSiteServerConnection\\_SMSProv\\_\\<sitecode\\>");
        assert!(!text.contains('\u{1b}'));
        let ran = place.run(&["diff", "2016", "2018-10-26", "--output", "no/such/folder.txt"]).ends(2);
        has(&ran.err, "no/such/folder.txt");
    }

    /// Pages of our own with the dates of the revisions.
    const OLD: &str = "---\ntitle: Accounts used\nms.date: 2016-02-09\n---\n# Accounts used\n\nIntro.\n\n## Accounts\n\n### Network Access Account\nClients may use this account to fetch content from the server. Never allow it to log on.\n\n### Old Thing Account\nThis one is forgotten soon.\n";
    const NEW: &str = "---\ntitle: Accounts used\nms.date: 10/26/2018\n---\n# Accounts used\n\nIntro.\n\n## Accounts\n\n### Network access account\nClients may use this account to fetch content from the server or a neighbour. Never allow it to log on.\n";

    #[test]
    fn with_the_pages_their_words_are_compared() {
        let place = Place::new();
        place.file("pages/first.md", OLD).file("pages/second.md", NEW);
        let out = place.run(&["diff", "2016", "2018-10-26", "--originals", "pages"]).ends(0).out;
        has(&out, "Wording of the original pages");
        has(&out, "{+or a neighbour+}");
        has(&out, "Old Thing Account");
        let one = place
            .run(&["diff", "2016", "2018-10-26", "NAA", "--originals", "pages", "--side-by-side"])
            .ends(0)
            .out;
        has(&one, "{+or a neighbour+}");
        assert!(!one.contains("Old Thing"));
        let json = place
            .run(&["diff", "2016", "2018-10-26", "--originals", "pages", "--format", "json"])
            .ends(0)
            .json();
        let schema = fs::read_to_string(repository("docs/diff.schema.json")).expect("there");
        let schema: Value = serde_json::from_str(&schema).expect("JSON");
        let wrong = wrong(&schema, &json, Others::Wrong);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let parts = json["wording"]["parts"].as_array().expect("parts");
        let naa = parts.iter().find(|p| p["entities"][0] == "network-access-account").expect("told");
        assert_eq!(naa["pairing"], "case-only");
        assert_eq!(naa["identical"], 1);
        let markdown = place
            .run(&["diff", "2016", "2018-10-26", "--originals", "pages", "--format", "markdown"])
            .ends(0)
            .out;
        has(&markdown, "<ins>or a neighbour</ins>");
    }

    #[test]
    fn a_page_that_is_not_there_is_said_with_those_that_are() {
        let place = Place::new();
        place.file("pages/first.md", OLD);
        let ran = place.run(&["diff", "2016", "2018-10-26", "--originals", "pages"]).ends(2);
        has(&ran.err, "no page in pages is of 2018-10-26");
        has(&ran.err, "2016-02-09");
        let ran =
            place.run(&["diff", "2016", "2018-10-26", "--originals", "pages", "--to-page", "secnd"]).ends(2);
        has(&ran.err, "there is no page `secnd`");
        let named = place
            .run(&["diff", "2016", "2018-10-26", "--originals", "pages", "--to-page", "first.md"])
            .ends(0);
        has(&named.out, "Wording of the original pages");
        has(
            &place.run(&["diff", "2016", "2018-10-26", "--originals", "none"]).ends(2).err,
            "there is no such folder",
        );
        fs::create_dir(place.path().join("empty")).expect("made");
        has(
            &place.run(&["diff", "2016", "2018-10-26", "--originals", "empty"]).ends(2).err,
            "there is no page in empty",
        );
        has(&place.run(&["diff", "2016", "2018-10-26", "--file", "x"]).ends(2).err, "--originals");
    }
}

mod shells {
    //! What others need of the command line: schemas, completions, pages of the manual.

    use super::*;

    /// The commands that the help shows.
    fn commands(place: &Place) -> Vec<String> {
        let help = place.run(&["--help"]).ends(0).out;
        let list = help.split("Commands:").nth(1).and_then(|l| l.split("\n\n").next()).expect("a list");
        let name = |l: &str| {
            l.strip_prefix("  ")
                .filter(|l| !l.starts_with(' '))
                .and_then(|l| l.split(' ').next())
                .map(str::to_owned)
        };
        let names: Vec<String> = list.lines().filter_map(name).collect();
        assert!(names.len() > 8, "{names:?}");
        names
    }

    #[test]
    fn every_schema_there_is_can_be_printed() {
        let place = Place::new();
        let told = place.run(&["schema"]).ends(0).out;
        let mut kinds: Vec<&str> = told.lines().filter_map(|l| l.split(' ').next()).collect();
        for kind in &kinds {
            let file = fs::read_to_string(repository(&format!("docs/{kind}.schema.json"))).expect(kind);
            assert_eq!(place.run(&["schema", kind]).ends(0).out, file, "{kind}");
        }
        let files =
            fs::read_dir(repository("docs")).expect("listed").map(|e| e.expect("an entry").file_name());
        let names = files.map(|n| n.to_string_lossy().into_owned());
        let mut there: Vec<String> =
            names.filter_map(|n| n.strip_suffix(".schema.json").map(str::to_owned)).collect();
        there.sort();
        kinds.sort_unstable();
        assert_eq!(kinds, there);
        has(&place.run(&["schema", "repor"]).ends(2).err, "report");
        place.run(&["schema", "diff", "-o", "diff.json"]).ends(0);
        assert_eq!(place.read("diff.json"), place.run(&["schema", "diff"]).out);
    }

    #[test]
    fn completions_know_every_command() {
        let place = Place::new();
        for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
            let script = place.run(&["completions", shell]).ends(0).out;
            for command in commands(&place) {
                assert!(script.contains(&command), "{shell} does not know {command}");
            }
            has(&script, "require-evidence");
        }
        // Bash reads what is meant for it.
        let script = place.run(&["completions", "bash"]).out;
        place.file("cmlint.bash", script);
        let ask = "source ./cmlint.bash; COMP_WORDS=(cmlint check --format sa); COMP_CWORD=3; _cmlint cmlint sa --format; echo ${COMPREPLY[@]}";
        if let Ok(output) =
            std::process::Command::new("bash").arg("-c").arg(ask).current_dir(place.path()).output()
        {
            assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "sarif", "{output:?}");
        }
    }

    #[test]
    fn the_manual_has_a_page_for_every_command() {
        let place = Place::new();
        place.run(&["man", "--out", "man/man1"]).ends(0);
        for command in commands(&place) {
            let page = place.read(&format!("man/man1/cmlint-{command}.1"));
            has(&page, &format!(".TH cmlint-{command} 1"));
            assert_eq!(place.run(&["man", &command]).ends(0).out, page);
        }
        has(&place.read("man/man1/cmlint-check.1"), ".SH \"EXIT STATUS\"");
        assert!(!place.path().join("man/man1/cmlint-maintain.1").exists(), "what is not shown has no page");
        assert_eq!(place.run(&["man"]).out, place.read("man/man1/cmlint.1"));
        has(&place.run(&["man", "chekc"]).ends(2).err, "check");
    }
}
