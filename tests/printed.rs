//! What the program prints, to the letter. `cargo insta review`, or `INSTA_UPDATE=always cargo test --test printed`,
//! takes over what was changed on purpose.

mod common;

use common::Place;
use insta::assert_snapshot;

/// What is printed, with the exit code and what goes to standard error.
fn printed(place: &Place, args: &[&str]) -> String {
    let ran = place.run(args);
    let code = ran.code.expect("an exit code");
    let mut out = format!("$ cmlint {}\n{}", args.join(" "), ran.out);
    if !ran.err.is_empty() {
        out += &format!("--- standard error\n{}", ran.err);
    }
    format!("{out}--- exit code {code}\n")
}

/// A folder with a task sequence that signs in with the network access account, and a file that breaks off.
fn estate() -> Place {
    let place = Place::new();
    place.copy("examples/contoso/task-sequences", "task-sequences");
    for name in ["components.xml", "site-systems.xml"] {
        let path = common::repository(&format!("examples/contoso/{name}"));
        place.file(name, std::fs::read(path).expect("an example"));
    }
    place.file("cut.json", "[{\"UserName\": \"CONTOSO\\\\svc\", \"Password\": \"invented-Secret-1\"}, {");
    place
}

/// The formats that are not read in a terminal.
const FORMATS: [&str; 10] =
    ["html", "markdown", "csv", "json", "ndjson", "sarif", "junit", "github", "gitlab", "azure"];

/// A page without the style sheet and the script that stand in it, and without their hashes.
fn without_assets(out: &str) -> String {
    let mut out = out.to_owned();
    for (from, to) in [("<style>", "</style>"), ("<script>", "</script>"), ("sha256-", "&#39;")] {
        let mut at = 0;
        while let Some(start) = out[at..].find(from).map(|i| at + i + from.len()) {
            let Some(length) = out[start..].find(to) else { break };
            out.replace_range(start..start + length, "");
            at = start;
        }
    }
    out
}

#[test]
fn reports() {
    let place = estate();
    for format in ["human", "concise"] {
        let out = printed(&place, &["check", ".", "--format", format]);
        assert!(!out.contains("invented-Secret-1"), "{out}");
        assert_snapshot!(format!("check-{format}"), out);
    }
    for (name, args) in [
        ("by-account", &["check", ".", "--group-by", "account", "--quiet"][..]),
        ("by-host", &["check", ".", "--group-by", "host", "--quiet"]),
        ("verbose", &["check", ".", "--select", "account-listed-twice,truncated-export", "--verbose"]),
    ] {
        assert_snapshot!(format!("check-{name}"), printed(&place, args));
    }
    for format in FORMATS {
        let out = printed(
            &place,
            &[
                "check",
                "task-sequences",
                "components.xml",
                "cut.json",
                "--format",
                format,
                "--select",
                "task-sequences",
            ],
        );
        assert!(!out.contains("invented-Secret-1"), "{out}");
        assert_snapshot!(format!("check-{format}"), without_assets(&out));
    }
    assert_snapshot!("check-nothing", printed(&Place::new(), &["check", "."]));
}

/// The examples, in a folder without its place on this computer.
#[test]
fn reports_on_the_examples() {
    for name in ["contoso", "clean"] {
        let place = Place::new();
        place.copy(&format!("examples/{name}"), name);
        assert_snapshot!(format!("check-{name}"), printed(&place, &["check", name]));
        if name == "contoso" {
            for width in ["60", "80"] {
                let ran = place.command(&["check", name]).env("COLUMNS", width).output().expect("it runs");
                let out = String::from_utf8(ran.stdout).expect("UTF-8");
                assert_snapshot!(format!("check-{name}-{width}"), out);
            }
        }
    }
}

#[test]
fn reports_on_little() {
    let place = Place::new();
    let one = r#"[{"__CLASS": "SMS_SCI_ClientComp", "ClientComponentName": "Software Distribution", "SiteCode": "PS1",
  "PropLists": [{"PropertyListName": "Network Access User Names", "Values": ["svc-naa"]}]}]"#;
    place.file("one.json", one);
    place.file("notes.txt", "Call Anna about the licences.\n");
    let select = ["--select", "network-access-account-without-domain,account-listed-twice"];
    let check = |path| [&["check", path][..], &select].concat();
    assert_snapshot!("check-one-finding", printed(&place, &check("one.json")));
    assert_snapshot!("check-unrecognised", printed(&place, &["check", "notes.txt"]));
    let ran = place.run_with_input(&check("-"), one.as_bytes());
    assert_snapshot!(
        "check-stdin",
        format!("{}--- exit code {}\n", ran.out, ran.code.expect("an exit code"))
    );
    place.file("right.json", one.replace("svc-naa", r"CONTOSO\\svc-naa"));
    assert_snapshot!("check-no-finding", printed(&place, &check("right.json")));
}

#[test]
fn explanations() {
    let place = Place::new();
    for (name, id) in [
        ("account", "network-access-account"),
        ("statement", "network-access-account/max-ten-per-site"),
        ("rule", "too-many-accounts-for-site"),
        ("group-of-rules", "hygiene"),
        ("technique", "prevent-10"),
        ("right", "SeInteractiveLogonRight"),
        ("table", "site_systems"),
    ] {
        assert_snapshot!(format!("explain-{name}"), printed(&place, &["explain", id]));
    }
}

#[test]
fn differences() {
    let place = Place::new();
    for (name, args) in [
        ("human", &["diff", "2016-02-09", "2018-10-26"][..]),
        ("one", &["diff", "2015-12-08", "2018-10-26", "network-access-account", "--wording"]),
        ("markdown", &["diff", "2016-02-09", "2018-10-26", "--format", "markdown"]),
    ] {
        assert_snapshot!(format!("diff-{name}"), printed(&place, args));
    }
}

#[test]
fn mistakes() {
    let place = Place::new();
    place.file("rules/accounts/wrong.yaml", "id: wrong\ntitel: A wrong key\n");
    for (name, args) in [
        ("unknown-name", &["explain", "netwrk-access-account"][..]),
        ("unknown-revision", &["diff", "1999", "2018-10-26"]),
        ("no-such-file", &["check", "no-such-folder"]),
        ("rule", &["check", ".", "--rules", "rules"]),
        ("no-repository", &["track", "--git", ".", "--path", "accounts.md"]),
    ] {
        assert_snapshot!(format!("mistake-{name}"), printed(&place, args));
    }
}
