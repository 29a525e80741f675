//! `cargo bench --bench estate`: what a check costs as a hierarchy grows, one dimension after the other.
//!
//! Each size is a folder of exports below `target/bench/estate`, checked by a process of its own on one thread: its
//! processor time as the kernel counts it (in hundredths of a second), and its peak memory. The exponent of growth is
//! the slope between the smallest size that takes long enough to tell and the largest, after what a check of a small
//! hierarchy costs has been taken away: 1 is linear.
//!
//! ```console
//! $ cargo bench --bench estate --profile dist                 # 1,000 to 100,000
//! $ cargo bench --bench estate --profile dist -- --most 300000 --only clients --rounds 3
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

mod generate;

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use generate::Dimension;

/// The sizes, of which those up to `--most` are measured.
const SIZES: [usize; 6] = [1_000, 3_000, 10_000, 30_000, 100_000, 300_000];

/// Seconds below which the difference between two sizes says nothing.
const TELLING: f64 = 0.08;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut most, mut rounds, mut limit) = (100_000, 2, 120);
    let (mut only, mut binary) = (String::new(), PathBuf::from(env!("CARGO_BIN_EXE_cmlint")));
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--most" => most = args.next().ok_or("--most wants a number")?.parse()?,
            "--rounds" => rounds = args.next().ok_or("--rounds wants a number")?.parse()?,
            "--limit" => limit = args.next().ok_or("--limit wants seconds")?.parse()?,
            "--only" => only = args.next().ok_or("--only wants a part of a name")?.to_lowercase(),
            "--binary" => binary = args.next().ok_or("--binary wants a path")?.into(),
            _ => {}
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench/estate");
    let limit = Duration::from_secs(limit);
    println!("processor time of one thread, best of {rounds} rounds\n");
    println!("| what grows | size | exports | time | peak memory | exponent |\n|---|---|---|---|---|---|");
    for dimension in Dimension::ALL {
        if !dimension.name().to_lowercase().contains(&only) {
            continue;
        }
        let base = measure(&binary, &exports(&folder, dimension, 1)?, rounds, limit)?.map_or(0.0, |m| m.0);
        let mut telling: Option<(usize, f64)> = None;
        for size in SIZES.into_iter().filter(|size| *size <= most.min(dimension.most())) {
            let path = exports(&folder, dimension, size)?;
            let megabytes = length(&path)? as f64 / 1e6;
            let Some((time, memory)) = measure(&binary, &path, rounds, limit)? else {
                println!(
                    "| {} | {size} | {megabytes:.1} MB | over {} s | | |",
                    dimension.name(),
                    limit.as_secs()
                );
                break;
            };
            let own = time - base;
            let exponent = match telling {
                Some((first, before)) => {
                    format!("{:.2}", (own / before).ln() / (size as f64 / first as f64).ln())
                }
                None => {
                    telling = (own >= TELLING).then_some((size, own));
                    String::new()
                }
            };
            println!(
                "| {} | {size} | {megabytes:.1} MB | {time:.2} s | {:.1} MiB | {exponent} |",
                dimension.name(),
                memory as f64 / 1024.0
            );
        }
    }
    Ok(())
}

/// The exports of that size; they are written if they are not there yet.
fn exports(folder: &Path, dimension: Dimension, size: usize) -> io::Result<PathBuf> {
    let name = dimension.name().replace([' ', ','], "-");
    let path = folder.join(format!("{name}-{size}"));
    if !path.exists() {
        let partial = folder.join(format!("{name}-{size}.partial"));
        if partial.exists() {
            std::fs::remove_dir_all(&partial)?;
        }
        dimension.write(&partial, size)?;
        std::fs::rename(&partial, &path)?;
    }
    Ok(path)
}

fn length(folder: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        sum += entry?.metadata()?.len();
    }
    Ok(sum)
}

/// The least processor time of some runs, and the highest peak memory in KiB. None where a run takes too long.
fn measure(binary: &Path, path: &Path, rounds: u32, limit: Duration) -> io::Result<Option<(f64, u64)>> {
    let (mut least, mut peak) = (f64::MAX, 0);
    for _ in 0..rounds {
        let Some((time, memory)) = check(binary, path, limit)? else { return Ok(None) };
        least = least.min(time);
        peak = peak.max(memory);
        // A second look at what takes long tells little.
        if time > 20.0 {
            break;
        }
    }
    Ok(Some((least, peak)))
}

/// Runs a check: seconds of processor time, and peak resident memory in KiB.
fn check(binary: &Path, path: &Path, limit: Duration) -> io::Result<Option<(f64, u64)>> {
    let start = Instant::now();
    let mut child = Command::new(binary)
        .args(["check", "--format", "concise", "--threads", "1"])
        .arg(path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let proc = PathBuf::from(format!("/proc/{}", child.id()));
    let mut peak = 0;
    loop {
        if let Ok(text) = std::fs::read_to_string(proc.join("status"))
            && let Some(line) = text.lines().find(|l| l.starts_with("VmHWM:"))
            && let Some(kib) = line.split_whitespace().nth(1).and_then(|n| n.parse().ok())
        {
            peak = peak.max(kib);
        }
        // One that has ended stays in the table of processes until it is waited for, with its time.
        let stat = std::fs::read_to_string(proc.join("stat"))?;
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<u64>().ok()).unwrap_or_default();
        if fields.first() == Some(&"Z") {
            let code = child.wait()?;
            if code.code().is_none_or(|c| c > 3) {
                return Err(io::Error::other(format!("check of {} ended with {code}", path.display())));
            }
            return Ok(Some(((ticks(11) + ticks(12)) as f64 / 100.0, peak)));
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
