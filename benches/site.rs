//! How long `cmlint site build` takes and what travels to a reader: the shipped content, a second build, and 500 and
//! 5,000 invented entities more; in the same run mdBook builds as many pages of the same text, where it is installed.
//!
//! Whole processes are timed, in turns; the best round counts, and the worst is told. Peak memory is as the kernel
//! counts it. Each round writes into a folder of its own, and none is removed before the end: some file systems make
//! new files slowly while they remember the removed ones, for all programs alike.
//!
//! `cargo bench --bench site`; a number as argument sets the rounds, a path where files are written (a folder below it),
//! for instance one that is kept in memory: `cargo bench --bench site -- 9 /dev/shm`.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What the rounds of one command took.
struct Times {
    all: Vec<Duration>,
    /// The largest of the peaks, in KiB.
    peak: u64,
}

impl Times {
    fn new() -> Self {
        Self { all: Vec::new(), peak: 0 }
    }

    /// Runs a command once more, and takes its time.
    fn take(&mut self, command: &mut Command) -> Result<()> {
        let start = Instant::now();
        let status = quiet(command).status()?;
        self.all.push(start.elapsed());
        if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
    }

    /// Runs a command and looks at its memory. Looking takes time, so that this run is not one that counts.
    fn look(&mut self, command: &mut Command) -> Result<()> {
        let mut child = quiet(command).spawn()?;
        let status = format!("/proc/{}/status", child.id());
        while child.try_wait()?.is_none() {
            if let Ok(text) = fs::read_to_string(&status)
                && let Some(line) = text.lines().find(|l| l.starts_with("VmHWM:"))
                && let Some(kib) = line.split_whitespace().nth(1).and_then(|n| n.parse().ok())
            {
                self.peak = self.peak.max(kib);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    fn best(&self) -> Duration {
        self.all.iter().min().copied().unwrap_or_default()
    }

    fn row(&self, what: &str, pages: usize, bytes: u64) {
        let ms = |d: Duration| d.as_secs_f64() * 1e3;
        let worst = self.all.iter().max().copied().unwrap_or_default();
        println!(
            "| {what} | {pages} | {:.1} MB | {:.0} ms | {:.0} ms | {:.1} MiB |",
            bytes as f64 / 1e6,
            ms(self.best()),
            ms(worst),
            self.peak as f64 / 1024.0
        );
    }
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_map(std::result::Result::ok)
        .filter(|e| e.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect()
}

fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "html")
}

/// How many pages a folder has, and the bytes of all its files.
fn count(folder: &Path) -> Result<(usize, u64)> {
    let (mut pages, mut bytes) = (0, 0);
    for path in files(folder) {
        pages += usize::from(is_page(&path));
        bytes += fs::metadata(&path)?.len();
    }
    Ok((pages, bytes))
}

fn gzip(bytes: &[u8]) -> Result<usize> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(bytes)?;
    Ok(out.finish()?.len())
}

fn site(binary: &Path, content: Option<&Path>, out: &Path) -> Command {
    let mut command = Command::new(binary);
    if let Some(content) = content {
        command.arg("--content").arg(content);
    }
    command.args(["site", "build", "--out"]).arg(out);
    command
}

fn emptied(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(())
}

/// A copy of the specification with so many invented accounts more, each with five statements; in one of `changed` of
/// them each statement says another thing since the newest revision.
fn invent(folder: &Path, entities: usize, changed: usize) -> Result<()> {
    const DOERS: [&str; 8] = ["ferry", "tug", "crane", "market", "harbour", "lamp", "quay", "warehouse"];
    const DEEDS: [&str; 4] = ["counts", "paints", "guards", "unlocks"];
    const THINGS: [&str; 8] = ["boats", "ropes", "bells", "ledgers", "gates", "nets", "maps", "piers"];
    emptied(folder)?;
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("content");
    for path in files(&shipped) {
        let to = folder.join(path.strip_prefix(&shipped)?);
        fs::create_dir_all(to.parent().ok_or("a file has a folder")?)?;
        fs::copy(&path, to)?;
    }
    for n in 0..entities {
        let doer = DOERS[n % 8];
        let mut text = format!(
            "id: invented-{n}\nkind: account\nname: Invented {doer} account {n}\n\
             purpose: Reads what the {doer} of pier {n} has written down.\nstatements:\n"
        );
        for s in 0..5 {
            let (deed, thing) = (DEEDS[(n / 8 + s) % 4], THINGS[(n / 32 + s) % 8]);
            write!(
                text,
                "  - id: said-{s}\n    category: purpose\n    level: info\n\
                 \x20   text: The {doer} {deed} the {thing} of pier {n} with it, and nothing else.\n\
                 \x20   facts:\n      - {{kind: purpose, used_by: client}}\n\
                 \x20   checkable: no\n    because: It is invented.\n"
            )?;
            if n % changed == 0 {
                text.push_str(
                    "    detail:\n      2015-12-08: It does so by night.\n      2018-10-26: It does so by day.\n\
                     \x20   changes:\n      - {revision: 2018-10-26, kind: fact-changed, note: the hour}\n",
                );
            }
        }
        fs::write(folder.join(format!("accounts/invented-{n}.yaml")), text)?;
    }
    Ok(())
}

/// A book with the text of every page of a site.
fn book(site: &Path, folder: &Path) -> Result<()> {
    emptied(folder)?;
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("book.toml"), "[book]\ntitle = \"The same pages\"\n")?;
    let mut summary = String::from("# Summary\n\n");
    for (n, path) in files(site).iter().filter(|p| is_page(p)).enumerate() {
        let html = fs::read_to_string(path)?;
        let main = html.split_once("<main").map_or(html.as_str(), |(_, rest)| rest);
        let main = main.split_once("</main>").map_or(main, |(main, _)| main);
        let mut text = format!("# Page {n}\n\n");
        for part in main.split('<').skip(1) {
            let words = part.split_once('>').map_or("", |(_, words)| words).trim();
            if !words.is_empty() {
                text.push_str(words);
                text.push_str("\n\n");
            }
        }
        fs::write(folder.join(format!("src/{n}.md")), text)?;
        writeln!(summary, "- [Page {n}]({n}.md)")?;
    }
    fs::write(folder.join("src/SUMMARY.md"), summary)?;
    Ok(())
}

/// What a reader's browser fetches, in bytes of gzip.
fn travel(site: &Path) -> Result<()> {
    let root = |path: &str| site.join(path);
    println!("\n| what travels, gzip | bytes |\n|---|---|");
    for page in ["accounts/network-access-account/index.html", "groups/sms-admins/index.html"] {
        let html = fs::read_to_string(root(page))?;
        let mut sizes = vec![gzip(html.as_bytes())?];
        for attribute in ["src=\"../../assets/", "rel=\"stylesheet\" href=\"../../assets/"] {
            for part in html.split(attribute).skip(1) {
                let name = part.split('"').next().unwrap_or_default();
                sizes.push(gzip(&fs::read(root("assets").join(name))?)?);
            }
        }
        println!(
            "| {page} with style and scripts, {} requests | {} |",
            sizes.len(),
            sizes.iter().sum::<usize>()
        );
    }
    for path in files(&root("assets")) {
        println!(
            "| {} | {} |",
            path.file_name().unwrap_or_default().to_string_lossy(),
            gzip(&fs::read(&path)?)?
        );
    }
    Ok(())
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rounds: u32 = arguments.iter().find_map(|a| a.parse().ok()).unwrap_or(7);
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_cmlint"));
    let place = arguments.iter().find(|a| a.contains(std::path::MAIN_SEPARATOR)).map(PathBuf::from);
    let place = place.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench"));
    let folder = place.join("cmlint-site");
    fs::create_dir_all(&folder)?;
    let at = |name: &str| folder.join(name);
    let mdbook = Command::new("mdbook").arg("--version").stdout(Stdio::null()).status().is_ok();

    println!("{rounds} rounds in turns, {} cores\n", std::thread::available_parallelism()?);
    println!("| build | pages | output | best | worst | peak memory |\n|---|---|---|---|---|---|");
    let (shipped, out) = (at("shipped"), at("book"));
    emptied(&shipped)?;
    Times::new().take(&mut site(&binary, None, &shipped))?;
    book(&shipped, &out)?;
    let (mut first, mut second, mut other) = (Times::new(), Times::new(), Times::new());
    let fresh = at("fresh");
    emptied(&fresh)?;
    for round in 0..rounds {
        let shipped = fresh.join(format!("site-{round}"));
        first.take(&mut site(&binary, None, &shipped))?;
        let times = |folder: &Path| -> Result<Vec<_>> {
            files(folder).iter().map(|f| Ok(fs::metadata(f)?.modified()?)).collect()
        };
        let before = times(&shipped)?;
        second.take(&mut site(&binary, None, &shipped))?;
        if times(&shipped)? != before {
            return Err("a second build wrote files anew".into());
        }
        if mdbook {
            let book = fresh.join(format!("book-{round}"));
            other.take(Command::new("mdbook").arg("build").arg(&out).arg("--dest-dir").arg(&book))?;
        }
    }
    first.look(&mut site(&binary, None, &fresh.join("site-looked-at")))?;
    second.look(&mut site(&binary, None, &fresh.join("site-0")))?;
    let (pages, bytes) = count(&shipped)?;
    first.row("shipped content", pages, bytes);
    second.row("the same again, nothing rewritten", pages, bytes);
    if mdbook {
        other.look(
            Command::new("mdbook").arg("build").arg(&out).arg("--dest-dir").arg(fresh.join("book-0")),
        )?;
        let (pages, bytes) = count(&fresh.join("book-0"))?;
        other.row("mdBook, as many pages of the same text", pages, bytes);
    }
    let mut grown = Vec::new();
    let many = [
        (500, 10, "one in ten of them changed"),
        (5000, 10, "one in ten of them changed"),
        (5000, usize::MAX, "only the first of them changed"),
        (5000, 1, "all of them changed"),
    ];
    for (entities, changed, which) in many {
        let content = at("content");
        invent(&content, entities, changed)?;
        let mut times = Times::new();
        let mut size = (0, 0);
        for round in 0..rounds.min(3) {
            let out = fresh.join(format!("grown-{entities}-{changed}-{round}"));
            times.take(&mut site(&binary, Some(&content), &out))?;
            size = count(&out)?;
        }
        times.look(&mut site(
            &binary,
            Some(&content),
            &fresh.join(format!("grown-{entities}-{changed}-0")),
        ))?;
        let (pages, bytes) = size;
        times.row(&format!("with {entities} invented accounts, {which}"), pages, bytes);
        grown.push((pages, bytes, times.best()));
    }
    if let [small, large, ..] = grown[..] {
        println!(
            "\nFrom 500 to 5,000: {:.1} x pages, {:.1} x bytes, {:.1} x time.",
            large.0 as f64 / small.0 as f64,
            large.1 as f64 / small.1 as f64,
            large.2.as_secs_f64() / small.2.as_secs_f64()
        );
    }
    travel(&shipped)?;
    emptied(&fresh)?;
    if !mdbook {
        println!("\nmdBook is not installed, so there is nothing beside it: cargo install mdbook");
    }
    Ok(())
}
