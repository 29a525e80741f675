//! Exports with passwords planted in them, and broken at random: the program never crashes, it ends with a documented
//! exit code, and no planted password stands in anything it writes.
//!
//! The files are those of `examples`, and of the folder of real exports that `tests/exports.rs` finds too, where there
//! is one. `CMLINT_MUTATIONS=20000 cargo test --test mutations` is the long run; `CMLINT_SEED=7` takes other dice.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use walkdir::WalkDir;

/// So many characters of a secret in a row are a leak. Fewer stand in what is printed by chance: a batch has thousands
/// of pieces. `tests/leaks.rs` looks at one secret at a time, and at shorter pieces.
const PIECE: usize = 7;
/// Files that are checked in one go.
const BATCH: usize = 50;

/// Names that nothing is read from; some of them sound of secrets.
const NAMES: [&str; 16] = [
    "Password",
    "Kennwort",
    "MotDePasse",
    "Haslo",
    "pw",
    "token",
    "api_key",
    "Cred2",
    "PSK",
    "ClearTextPassword",
    "Blob7",
    "Remark9",
    "x",
    "RecoveryKey",
    "Zugang",
    "Hint3",
];

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most.max(1) as u64).expect("it is below a usize")
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    fn secret(&mut self) -> String {
        let letters: Vec<char> =
            ('a'..='z').chain('A'..='Z').chain('0'..='9').chain("!#%+*~ßéк者".chars()).collect();
        (0..10 + self.below(20)).map(|_| self.of(&letters)).collect()
    }
}

/// An encoding that exports come in.
#[derive(Clone, Copy)]
enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

fn decoded(bytes: &[u8]) -> Option<(String, Encoding)> {
    let wide = |read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| read([pair[0], pair[1]])).collect();
        String::from_utf16(&units).ok()
    };
    match bytes {
        [0xff, 0xfe, ..] => Some((wide(u16::from_le_bytes)?, Encoding::Utf16Le)),
        [0xfe, 0xff, ..] => Some((wide(u16::from_be_bytes)?, Encoding::Utf16Be)),
        _ => Some((std::str::from_utf8(bytes).ok()?.to_owned(), Encoding::Utf8)),
    }
}

fn encoded(text: &str, encoding: Encoding) -> Vec<u8> {
    let wide = |write: fn(u16) -> [u8; 2]| {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(write).collect::<Vec<u8>>()
    };
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf16Le => wide(u16::to_le_bytes),
        Encoding::Utf16Be => wide(u16::to_be_bytes),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Where something may stand in the text of an export, and what: in front of elements that are no items of a list, at
/// the beginning of JSON objects and of instances, on lines of their own.
fn plant(text: &str, dice: &mut Dice) -> Option<(String, String)> {
    let (secret, name) = (dice.secret(), dice.of(&NAMES));
    let begin = text.trim_start_matches('\u{feff}').trim_start();
    let (places, written) = if begin.starts_with('<') {
        let places = element_places(text);
        let value = escaped(&secret);
        let property = match begin {
            _ if text.contains("<Objs") => format!("<S N=\"{name}\">{value}</S>"),
            _ if text.contains("<INSTANCE") => {
                format!("<PROPERTY NAME=\"{name}\" TYPE=\"string\"><VALUE>{value}</VALUE></PROPERTY>")
            }
            _ if text.contains("<Objects") => format!("<Property Name=\"{name}\">{value}</Property>"),
            _ if text.contains("<sequence") => format!("<variable name=\"{name}\">{value}</variable>"),
            _ => format!("<{name}>{value}</{name}>"),
        };
        let written = match dice.below(5) {
            0 => format!("<!-- {name}={} -->", secret.replace('-', "_")),
            1 => format!("<{name}>{value}</{name}>"),
            2 => format!("<{name} of=\"{value}\"/>"),
            _ => property,
        };
        (places, written)
    } else if begin.starts_with(['{', '[']) && serde_json::from_str::<serde_json::Value>(begin).is_ok()
        || begin.lines().count() > 1 && begin.lines().all(|l| l.starts_with('{') || l.trim().is_empty())
    {
        let value = serde_json::to_string(&secret).expect("a text");
        let written = match dice.below(4) {
            0 => format!("\"{name}\":{{\"value\":{value},\"Count\":1}},"),
            1 => format!("\"{name}\":[{value},{value}],"),
            _ => format!("\"{name}\": {value},"),
        };
        (object_places(text), written)
    } else if begin.starts_with("[Unicode]") {
        let places = (text.match_indices("[System Access]").chain(text.match_indices("[Registry Values]")))
            .map(|(at, head)| at + head.len())
            .collect();
        (places, format!("\r\n{name} = \"{secret}\""))
    } else if text.contains("instance of ") {
        let places = text.match_indices("\n{").map(|(at, _)| at + 2).collect();
        (places, format!("\n {name} = \"{secret}\"; // {secret}"))
    } else {
        return None;
    };
    let places: Vec<usize> = places;
    if places.is_empty() {
        return None;
    }
    let at = dice.of(&places);
    Some((format!("{}{written}{}", &text[..at], &text[at..]), secret))
}

/// In front of elements, but for items of lists: there it would be a value of what is listed.
fn element_places(text: &str) -> Vec<usize> {
    use quick_xml::events::Event;
    // Lists, and properties: text beside elements is another value than text alone.
    const CLOSED: [&str; 13] =
        ["LST", "STK", "QUE", "IE", "En", "VALUE.ARRAY", "Value", "S", "T", "TN", "VALUE", "I32", "Property"];
    let mut reader = quick_xml::Reader::from_str(text);
    let mut parents: Vec<String> = Vec::new();
    let mut places = Vec::new();
    loop {
        let before = usize::try_from(reader.buffer_position()).expect("a place in the text");
        let inside =
            |parents: &[String]| parents.last().is_some_and(|parent| !CLOSED.contains(&parent.as_str()));
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                if inside(&parents) {
                    places.push(before);
                }
                parents.push(tag.local_name().as_ref().to_owned());
            }
            Ok(Event::Empty(_)) if inside(&parents) => places.push(before),
            Ok(Event::End(_)) => drop(parents.pop()),
            Ok(Event::Eof) | Err(_) => return places,
            Ok(_) => {}
        }
    }
}

/// Behind the braces of objects that hold something.
fn object_places(text: &str) -> Vec<usize> {
    let (mut places, mut quoted, mut escape) = (Vec::new(), false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escape => escape = false,
            '\\' if quoted => escape = true,
            '"' => quoted = !quoted,
            '{' if !quoted && !text[at + 1..].trim_start().starts_with('}') => places.push(at + 1),
            _ => {}
        }
    }
    places
}

/// Breaks a file. What stands between two marks is moved as a whole, so that no secret gets into a name that is shown.
fn broken(mut bytes: Vec<u8>, dice: &mut Dice) -> Vec<u8> {
    for _ in 0..dice.below(4) {
        if bytes.len() < 4 {
            break;
        }
        let at = dice.below(bytes.len());
        match dice.below(8) {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << dice.below(8),
            2 => bytes[at] = dice.of(b"{}[]<>\"'&\\,;:=/\0\xff\xc3 \n"),
            3 => {
                bytes.remove(at);
            }
            4 => bytes.insert(at, dice.of(b"{}[]<>\"'&\\,;:=/\0\xff\xc3 \n")),
            5 => {
                let odd: &[&[u8]] =
                    &[b"&x;", b"<![CDATA[", b"<!--", b"\\u12", "\u{feff}".as_bytes(), b"\r\n\r\n", b"]]>"];
                let odd = dice.of(odd);
                bytes.splice(at..at, odd.iter().copied());
            }
            // A line twice, and a line away.
            kind => {
                let lines: Vec<usize> =
                    bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i + 1).collect();
                if lines.len() < 3 {
                    continue;
                }
                let first = dice.below(lines.len() - 1);
                let line = bytes[lines[first]..lines[first + 1]].to_vec();
                if kind == 6 {
                    let to = dice.of(&lines);
                    bytes.splice(to..to, line);
                } else {
                    bytes.drain(lines[first]..lines[first + 1]);
                }
            }
        }
    }
    bytes
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

fn originals() -> Vec<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let real = std::env::var_os("CMLINT_EXPORTS").map(PathBuf::from).or_else(|| {
        ["..", "../.."]
            .map(|up| root.join(up).join("shared").join("exports"))
            .into_iter()
            .find(|dir| dir.is_dir())
    });
    if real.is_none() {
        let said = b"skipped: there is no folder of real exports; those of the examples are broken alone\n";
        let _ = std::io::Write::write_all(&mut std::io::stderr(), said);
    }
    let mut files: Vec<PathBuf> = [Some(root.join("examples")), real]
        .into_iter()
        .flatten()
        .flat_map(|dir| WalkDir::new(dir).sort_by_file_name())
        .filter_map(|entry| entry.ok().filter(|e| e.file_type().is_file()).map(walkdir::DirEntry::into_path))
        .collect();
    files.sort();
    files
}

/// Runs the program over a folder in one format; what it wrote.
fn run(folder: &Path, format: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_cmlint"))
        .arg("check")
        .arg(folder)
        .args(format)
        .output()
        .expect("the program runs");
    let text =
        format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        matches!(output.status.code(), Some(0..=3)),
        "{}: {format:?} ends with {}\n{text}",
        folder.display(),
        output.status
    );
    text
}

#[test]
fn broken_files_with_passwords_in_them() {
    let mut dice = Dice(number("CMLINT_SEED", 11));
    let total = usize::try_from(number("CMLINT_MUTATIONS", 2000)).expect("a number");
    let originals = originals();
    let scratch = tempfile::tempdir().expect("a folder");
    let mut planted = 0;
    let mut batches = Vec::new();
    for batch in 0..total.div_ceil(BATCH) {
        let folder = scratch.path().join(batch.to_string());
        std::fs::create_dir(&folder).expect("a folder");
        let mut pieces: HashSet<Vec<char>> = HashSet::new();
        for i in 0..BATCH.min(total - batch * BATCH) {
            let path = &originals[(batch * BATCH + i) % originals.len()];
            let bytes = std::fs::read(path).expect("it is read");
            let made = decoded(&bytes).and_then(|(mut text, encoding)| {
                for _ in 0..1 + dice.below(3) {
                    let (with, secret) = plant(&text, &mut dice)?;
                    text = with;
                    planted += 1;
                    let secret: Vec<char> = secret.chars().collect();
                    pieces.extend(secret.windows(PIECE).map(<[char]>::to_vec));
                }
                Some(encoded(&text, encoding))
            });
            let name = path.file_name().expect("a name").to_string_lossy();
            let bytes = broken(made.unwrap_or(bytes), &mut dice);
            std::fs::write(folder.join(format!("{i:02}-{name}")), bytes).expect("it is written");
        }
        batches.push((folder, pieces));
    }
    assert!(planted > total / 2, "{planted} passwords in {total} files");

    // Whether anything was shown beside what was left out.
    let looked = std::sync::atomic::AtomicUsize::new(0);
    let look = |batches: &[(PathBuf, HashSet<Vec<char>>)]| {
        for (folder, pieces) in batches {
            for format in
                [["--format", "human", "-v"].as_slice(), &["--format", "concise"], &["--format", "json"]]
            {
                let text = run(folder, format);
                // What a panic in a file or a rule becomes.
                assert!(!text.contains("cmlint broke"), "{}: {format:?}\n{text}", folder.display());
                looked.fetch_add(text.matches('…').count(), std::sync::atomic::Ordering::Relaxed);
                let chars: Vec<char> = text.chars().collect();
                if let Some(piece) = chars.windows(PIECE).find(|piece| pieces.contains(*piece)) {
                    let piece: String = piece.iter().collect();
                    let line = text.lines().find(|line| line.contains(&piece)).unwrap_or_default();
                    let kept = scratch_copy(folder);
                    panic!(
                        "`{piece}` of a password is printed by {format:?}: {line}\nthe files are kept in {}",
                        kept.display()
                    );
                }
            }
        }
    };
    let (first, second) = batches.split_at(batches.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| look(first));
        look(second);
        other.join().expect("the first half is well too");
    });
    let left_out = looked.into_inner();
    assert!(left_out > batches.len(), "next to nothing was shown: {left_out} values were left out");
    println!("{total} broken files, {planted} passwords, {} runs", batches.len() * 3);
}

/// Files of a run that fell through, where they outlive it.
fn scratch_copy(folder: &Path) -> PathBuf {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutations");
    std::fs::remove_dir_all(&kept).ok();
    std::fs::create_dir_all(&kept).expect("a folder");
    for file in std::fs::read_dir(folder).expect("a folder").flatten() {
        std::fs::copy(file.path(), kept.join(file.file_name())).expect("it is copied");
    }
    kept
}
