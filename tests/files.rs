//! What `cmlint` does to the files of others, and how much a hostile input can make it take.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const EXPORT: &str =
    r#"[{"__CLASS": "SMS_Admin", "LogonName": "CONTOSO\\anna", "RoleNames": ["Full Administrator"]}]"#;

fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cmlint"));
    command.current_dir(folder).args(args).stdin(Stdio::null()).env("NO_COLOR", "1");
    command.output().expect("the program runs")
}

fn told(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

fn place(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }
    dir
}

fn zipped(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).expect("begun");
        zip.write_all(bytes).expect("packed");
    }
    zip.finish().expect("packed").into_inner()
}

#[test]
fn a_report_never_replaces_what_is_read() {
    let zip = zipped(&[("a.json".to_owned(), EXPORT.into())]);
    let dir =
        place(&[("in/x.json", EXPORT.as_bytes()), ("in/deep/y.json", EXPORT.as_bytes()), ("z.zip", &zip)]);
    let at = |name: &str| dir.path().join(name);
    fs::hard_link(at("in/x.json"), at("hard.json")).expect("linked");
    #[cfg(unix)]
    std::os::unix::fs::symlink("in/deep/y.json", at("soft.json")).expect("linked");
    let mut cases = vec![
        ("in/x.json", "in/x.json"),
        ("in", "in/x.json"),
        ("in", "in/deep/../deep/y.json"),
        (".", "in/deep/y.json"),
        ("z.zip", "z.zip"),
        ("in/x.json", "hard.json"),
    ];
    if cfg!(unix) {
        cases.extend([("in", "soft.json"), ("soft.json", "in/deep/y.json")]);
    }
    for format in ["human", "json", "concise"] {
        for (input, output) in &cases {
            let out = run(dir.path(), &["check", input, "--format", format, "--output", output]);
            assert_eq!(out.status.code(), Some(2), "{input} {output}: {}", told(&out));
            assert!(told(&out).contains("would replace"), "{input} {output}: {}", told(&out));
        }
    }
    assert_eq!(fs::read_to_string(at("in/x.json")).expect("there"), EXPORT);
    assert_eq!(fs::read_to_string(at("in/deep/y.json")).expect("there"), EXPORT);
    assert_eq!(fs::read(at("z.zip")).expect("there"), zip);
    // Beside them it may be written, and again.
    for _ in 0..2 {
        let out = run(dir.path(), &["check", "in", "z.zip", "--output", "report.txt"]);
        assert!(matches!(out.status.code(), Some(0 | 1 | 3)), "{}", told(&out));
    }
    let standard = Command::new(env!("CARGO_BIN_EXE_cmlint"))
        .current_dir(dir.path())
        .args(["check", "-", "--output", "in/x.json"])
        .stdin(fs::File::open(at("in/x.json")).expect("there"))
        .output()
        .expect("the program runs");
    assert_eq!(standard.status.code(), Some(2), "{}", told(&standard));
    let page = run(dir.path(), &["track", "in/x.json", "--output", "hard.json"]);
    assert_eq!(page.status.code(), Some(2), "{}", told(&page));
    assert_eq!(fs::read_to_string(at("in/x.json")).expect("there"), EXPORT);
}

#[cfg(unix)]
#[test]
fn a_report_goes_through_a_link() {
    let dir = place(&[("x.json", EXPORT.as_bytes()), ("far/report.json", b"old")]);
    std::os::unix::fs::symlink("far/report.json", dir.path().join("link.json")).expect("linked");
    let out = run(dir.path(), &["check", "x.json", "--format", "json", "--output", "link.json"]);
    assert!(matches!(out.status.code(), Some(0 | 1 | 3)), "{}", told(&out));
    assert!(fs::symlink_metadata(dir.path().join("link.json")).expect("there").is_symlink());
    assert!(fs::read_to_string(dir.path().join("far/report.json")).expect("there").contains("\"schema\""));
}

#[test]
fn more_threads_than_there_is_use_for_are_not_started() {
    let dir = place(&[("x.json", EXPORT.as_bytes())]);
    let few = run(dir.path(), &["check", "x.json", "--threads", "0", "--format", "json"]);
    assert!(!told(&few).contains("--threads"), "{}", told(&few));
    for asked in ["100000", "18446744073709551615"] {
        let start = Instant::now();
        let many = run(dir.path(), &["check", "x.json", "--threads", asked, "--format", "json"]);
        assert!(told(&many).contains(&format!("--threads {asked}")), "{}", told(&many));
        assert_eq!((many.status.code(), &many.stdout), (few.status.code(), &few.stdout));
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    }
}

/// Archives that hold much more than they seem to; each ends soon, with a word on it, and leaves the others alone.
#[test]
fn archives_that_seem_small_are_given_up() {
    let blanks = |n: usize| vec![b' '; n];
    let many = |n: usize, bytes: &[u8]| {
        zipped(&(0..n).map(|i| (format!("{i}.xml"), bytes.to_vec())).collect::<Vec<_>>())
    };
    // Just below what is looked at one by one.
    let inner = many(20, &blanks((8 << 20) - 1));
    let nested = many(30, &inner);
    let flat = many(60, &blanks((8 << 20) - 1));
    let good = zipped(&[("a.json".to_owned(), EXPORT.into())]);
    let dir = place(&[("nested.zip", &nested), ("flat.zip", &flat), ("zgood.zip", &good)]);
    let start = Instant::now();
    let out = run(dir.path(), &["check", ".", "--format", "json"]);
    let took = start.elapsed();
    assert_eq!(out.status.code(), Some(2), "{}", told(&out));
    let text = String::from_utf8(out.stdout).expect("UTF-8");
    assert!(text.contains("times its size"), "{text}");
    assert!(text.contains("zgood.zip!a.json"), "{text}");
    // In a build for tests on a machine that does other things as well.
    assert!(took < Duration::from_secs(60), "{took:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn what_never_ends_is_given_up() {
    let dir = place(&[("x.json", EXPORT.as_bytes())]);
    for device in ["/dev/zero", "/dev/urandom"] {
        let start = Instant::now();
        let out = run(dir.path(), &["check", "x.json", device, "--format", "json"]);
        assert_eq!(out.status.code(), Some(2), "{}", told(&out));
        let text = String::from_utf8(out.stdout).expect("UTF-8");
        assert!(text.contains("looks like an export"), "{text}");
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_a_folder_is_skipped_with_a_line() {
    let dir = place(&[("in/x.json", EXPORT.as_bytes())]);
    assert!(Command::new("mkfifo").arg(dir.path().join("in/pipe")).status().expect("mkfifo").success());
    let out = run(dir.path(), &["check", "in"]);
    assert!(matches!(out.status.code(), Some(0 | 1 | 3)), "{}", told(&out));
    assert!(told(&out).contains("in/pipe: a pipe, skipped"), "{}", told(&out));
}
