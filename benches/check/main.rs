//! `cargo bench`: how fast a whole `cmlint check` is beside the bare event loop of the library one would put underneath.
//!
//! Everything runs in turns (library, one thread, two threads, library, ...) and the best of the rounds counts, so
//! that a busy machine slows all of them alike. The dumps are made once, with a fixed seed, below `target/bench`.
//!
//! ```console
//! $ cargo bench --bench check                       # 300 MB a dump, five rounds
//! $ cargo bench --bench check -- --size 60 --rounds 3 --shape clixml
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

mod generate;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use generate::Shape;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut size = 300;
    let mut rounds = 5;
    let mut only = String::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--size" => size = args.next().ok_or("--size wants megabytes")?.parse()?,
            "--rounds" => rounds = args.next().ok_or("--rounds wants a number")?.parse()?,
            "--shape" => only = args.next().ok_or("--shape wants a part of a name")?.to_lowercase(),
            _ => {}
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
    std::fs::create_dir_all(&folder)?;
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_cmlint"));
    println!("best of {rounds} rounds, {size} MB a dump, {} cores\n", std::thread::available_parallelism()?);

    println!(
        "| dump | library, MB/s | check, 1 thread | against library | check, 2 threads | 2 against 1 | peak memory |"
    );
    println!("|---|---|---|---|---|---|---|");
    for shape in Shape::ALL {
        if !shape.name().to_lowercase().contains(&only) {
            continue;
        }
        let path = dump(&folder, shape, size)?;
        let bytes = length(&path)?;
        let (mut library, mut one, mut two, mut peak) = (Duration::MAX, Duration::MAX, Duration::MAX, 0);
        for _ in 0..rounds {
            library = library.min(bare(shape, &path)?);
            let (time, memory) = check(&binary, &path, 1)?;
            one = one.min(time);
            peak = peak.max(memory);
            let (time, memory) = check(&binary, &path, 2)?;
            two = two.min(time);
            peak = peak.max(memory);
        }
        let rate = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
        println!(
            "| {} | {:.0} | {:.0} | {:.2} x | {:.0} | {:.2} x | {:.1} MiB |",
            shape.name(),
            rate(library),
            rate(one),
            rate(one) / rate(library),
            rate(two),
            rate(two) / rate(one),
            peak as f64 / 1024.0
        );
    }

    if only.is_empty() || "clixml".contains(&only) {
        println!("\n| CLIXML dump | peak memory, 1 thread | 2 threads |\n|---|---|---|");
        for megabytes in [60, 600] {
            let path = dump(&folder, Shape::ClixmlUtf8, megabytes)?;
            let (_, one) = check(&binary, &path, 1)?;
            let (_, two) = check(&binary, &path, 2)?;
            println!("| {megabytes} MB | {:.1} MiB | {:.1} MiB |", one as f64 / 1024.0, two as f64 / 1024.0);
        }
    }

    println!("\n| start | best of 40 |\n|---|---|");
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/contoso/task-sequences/ts.xml");
    let nothing = best(40, || Command::new("/bin/true").status())?;
    let version = best(40, || Command::new(&binary).arg("--version").stdout(Stdio::null()).status())?;
    let one_file = best(40, || {
        Command::new(&binary).arg("check").arg(&small).stdout(Stdio::null()).stderr(Stdio::null()).status()
    })?;
    println!("| /bin/true | {:.2} ms |", nothing.as_secs_f64() * 1e3);
    println!("| cmlint --version | {:.2} ms |", version.as_secs_f64() * 1e3);
    println!("| cmlint check, one small file | {:.2} ms |", one_file.as_secs_f64() * 1e3);
    Ok(())
}

fn dump(folder: &Path, shape: Shape, megabytes: u64) -> std::io::Result<PathBuf> {
    let path = folder.join(shape.file(megabytes));
    if !path.exists() {
        eprintln!("writing {}", path.display());
        generate::write(shape, &path, megabytes)?;
    }
    Ok(path)
}

fn length(path: &Path) -> std::io::Result<u64> {
    if path.is_file() {
        return Ok(path.metadata()?.len());
    }
    let mut sum = 0;
    for entry in std::fs::read_dir(path)? {
        sum += entry?.metadata()?.len();
    }
    Ok(sum)
}

/// The library's own event loop over the same bytes, with nothing done to the events. UTF-16 is decoded by
/// `encoding_rs` first, since the library wants UTF-8; that is part of the time. The bytes are in memory before the
/// clock starts.
fn bare(shape: Shape, path: &Path) -> Result<Duration, Box<dyn std::error::Error>> {
    let mut files = Vec::new();
    if path.is_file() {
        files.push(std::fs::read(path)?);
    } else {
        for entry in std::fs::read_dir(path)? {
            files.push(std::fs::read(entry?.path())?);
        }
    }
    let start = Instant::now();
    for bytes in &files {
        match shape {
            Shape::ConvertToJson | Shape::OData => {
                let mut stream = serde_json::Deserializer::from_slice(bytes);
                let _: serde::de::IgnoredAny = serde::Deserialize::deserialize(&mut stream)?;
            }
            Shape::ClixmlUtf16 => {
                let (text, _, _) = encoding_rs::UTF_16LE.decode(bytes);
                events(&text)?;
            }
            Shape::ClixmlUtf8 | Shape::TaskSequences => events(std::str::from_utf8(bytes)?)?,
        }
    }
    Ok(start.elapsed())
}

fn events(text: &str) -> Result<(), quick_xml::Error> {
    let mut reader = quick_xml::Reader::from_str(text);
    loop {
        if let quick_xml::events::Event::Eof = std::hint::black_box(reader.read_event()?) {
            return Ok(());
        }
    }
}

/// Runs the check as a process of its own: time, and peak resident memory in KiB as the kernel counts it.
fn check(binary: &Path, path: &Path, threads: u32) -> std::io::Result<(Duration, u64)> {
    let start = Instant::now();
    let mut child = Command::new(binary)
        .args(["check", "--format", "json", "--threads", &threads.to_string()])
        .arg(path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        if let Ok(text) = std::fs::read_to_string(&status)
            && let Some(line) = text.lines().find(|l| l.starts_with("VmHWM:"))
            && let Some(kib) = line.split_whitespace().nth(1).and_then(|n| n.parse().ok())
        {
            peak = peak.max(kib);
        }
        if let Some(code) = child.try_wait()? {
            let time = start.elapsed();
            if code.code().is_none_or(|c| c > 3) {
                return Err(std::io::Error::other(format!("check ended with {code}")));
            }
            return Ok((time, peak));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn best<T, E>(rounds: u32, mut run: impl FnMut() -> Result<T, E>) -> Result<Duration, E> {
    let mut least = Duration::MAX;
    for _ in 0..rounds {
        let start = Instant::now();
        run()?;
        least = least.min(start.elapsed());
    }
    Ok(least)
}
