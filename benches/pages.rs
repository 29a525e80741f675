//! How long it takes to compare pages: one pair, and each of 58 revisions with each other.
//!
//! The revisions are made from the original pages if they are at hand (`../shared`, not part of the project), from
//! invented ones if not: as in the page's history, most steps change nothing and the others a few sentences of a
//! few entries. In the same run `similar` compares the words of whole pages, which finds less and takes longer.
//!
//! `cargo bench --bench pages`; a number as argument sets the rounds. With `--test` it runs once and checks that
//! the targets hold by a wide margin.

#![allow(clippy::print_stdout)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use cmlint::diff::wording::{self, Cache};
use cmlint::page::{self, Page};
use rayon::prelude::*;
use similar::{Algorithm, capture_diff_slices};

const PAGES: usize = 58;

/// A small generator of numbers, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(n.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}

fn originals() -> Option<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/docs/originals");
    ["2015-12-08.md", "2016-02-09.md", "2018-10-26.md"]
        .iter()
        .map(|name| std::fs::read_to_string(folder.join(name)).ok())
        .collect()
}

/// Three invented pages of 32 entries. The second says it in other words, the third is laid out in another way.
fn invented() -> Vec<String> {
    const SUBJECTS: [&str; 8] = ["quay", "ferry", "lamp", "harbour", "tug", "market", "crane", "warehouse"];
    const VERBS: [&str; 4] = ["unlocks", "counts", "paints", "guards"];
    const THINGS: [&str; 8] =
        ["the pier", "all boats", "a ledger", "its ropes", "the gate", "two bells", "nets", "maps"];
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut pages = vec![String::new(); 3];
    for (i, page) in pages.iter_mut().enumerate() {
        let _ =
            write!(page, "---\nms.date: {}-01-01\n---\n# Accounts\n\n## Accounts that it uses\n", 2015 + i);
    }
    for entry in 0..32 {
        let title = format!("{} {} account", SUBJECTS[entry % 8], VERBS[entry / 8]);
        let mut sentences = Vec::new();
        for _ in 0..12 {
            sentences.push((
                SUBJECTS[random.below(8)],
                VERBS[random.below(4)],
                THINGS[random.below(8)],
                THINGS[random.below(8)],
                random.below(90),
            ));
        }
        for (i, page) in pages.iter_mut().enumerate() {
            let _ = write!(page, "\n### {title}\n");
            for (n, (who, does, what, other, count)) in sentences.iter().enumerate() {
                let _ = match (i, n % 3) {
                    (0, _) => {
                        write!(page, "\nThe {who} {does} {what} and {other} **{count}** times a day.\n")
                    }
                    (1, 0) => {
                        write!(page, "\nEvery day the {who} {does} {what} and {other} **{count}** times.\n")
                    }
                    (1, _) => {
                        write!(page, "\nThe {who} {does} {what}. It does so with {other}, `{count}` times.\n")
                    }
                    _ => write!(page, "\n#### Part {n}\n\nThe {who} {does} {what} **{count}** times.\n"),
                };
            }
        }
    }
    pages
}

/// The revisions of a page: each goes on from the one before.
fn history(bases: &[String]) -> Vec<String> {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut out: Vec<String> = Vec::new();
    for n in 0..PAGES {
        let base = n * bases.len() / PAGES;
        let begins = n == 0 || (n - 1) * bases.len() / PAGES != base;
        let mut text = if begins { bases[base].clone() } else { out[n - 1].clone() };
        // Four steps in ten change something.
        let changes = if begins || random.below(10) >= 4 { 0 } else { 1 + random.below(4) };
        for _ in 0..changes {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            let at = random.below(lines.len());
            let mut new = String::new();
            for (i, line) in lines.iter().enumerate() {
                if i == at && !line.starts_with(['#', '|', '-', '>']) && line.len() > 40 {
                    let words: Vec<&str> = line.split(' ').collect();
                    let word = random.below(words.len());
                    let changed: Vec<&str> =
                        words.iter().enumerate().map(|(i, w)| if i == word { "other" } else { w }).collect();
                    new.push_str(&changed.join(" "));
                } else {
                    new.push_str(line);
                }
            }
            text = new;
        }
        out.push(text);
    }
    out
}

/// Words and the blanks between them.
fn words(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let blank = first.is_whitespace();
        let end = rest.find(|c: char| c.is_whitespace() != blank).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        out.push(word);
        rest = after;
    }
    out
}

fn best(rounds: usize, mut run: impl FnMut()) -> Duration {
    let times = (0..rounds.max(1)).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let test = arguments.iter().any(|a| a == "--test");
    let rounds = arguments.iter().find_map(|a| a.parse().ok()).unwrap_or(if test { 1 } else { 7 });
    let (bases, from) =
        originals().map_or_else(|| (invented(), "invented pages"), |o| (o, "the original pages"));
    let pages: Vec<Page> = bases.iter().map(|t| page::parse(t)).collect();
    println!("made from {from}, best of {rounds}, {} threads\n", rayon::current_num_threads());

    println!(
        "| one pair | parse both | ours | hunks | similar, words, Myers | ops | words, patience | ops |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let mut slowest = Duration::ZERO;
    for (i, j) in [(0, 1), (1, 2), (0, 2)] {
        let parse = best(rounds * 3, || {
            black_box((page::parse(&bases[i]), page::parse(&bases[j])));
        });
        let ours = best(rounds * 3, || {
            black_box(wording::between(&pages[i], &pages[j]));
        });
        slowest = slowest.max(ours);
        let (a, b) = (words(&bases[i]), words(&bases[j]));
        let mut ops = [0, 0];
        let mut theirs = [Duration::ZERO; 2];
        for (k, algorithm) in [Algorithm::Myers, Algorithm::Patience].into_iter().enumerate() {
            theirs[k] = best(rounds, || ops[k] = black_box(capture_diff_slices(algorithm, &a, &b)).len());
        }
        println!(
            "| {} and {} | {:.2} ms | {:.2} ms | {} | {:.1} ms | {} | {:.1} ms | {} |",
            i + 1,
            j + 1,
            ms(parse),
            ms(ours),
            wording::between(&pages[i], &pages[j]).hunk_count(),
            ms(theirs[0]),
            ops[0],
            ms(theirs[1]),
            ops[1]
        );
    }

    let texts = history(&bases);
    let revisions: Vec<Page> = texts.iter().map(|t| page::parse(t)).collect();
    let distinct: std::collections::HashSet<u64> =
        revisions.iter().flat_map(|p| p.entries.iter().map(|e| e.content_hash)).collect();
    let pairs = PAGES * (PAGES - 1) / 2;
    let parse = best(rounds, || {
        black_box(texts.par_iter().map(|t| page::parse(t)).collect::<Vec<_>>());
    });
    let all = best(rounds, || {
        black_box(wording::all_pairs(&revisions, |_, _, w| w.hunk_count()));
    });
    let uncached = best(1, || {
        let each = |(i, a): (usize, &Page)| -> usize {
            revisions
                .iter()
                .skip(i + 1)
                .map(|b| wording::between_with(a, b, &Cache::default()).hunk_count())
                .sum()
        };
        black_box(revisions.par_iter().enumerate().map(each).sum::<usize>());
    });
    let split: Vec<Vec<&str>> = texts.iter().map(|t| words(t)).collect();
    let theirs = best(1, || {
        let each = |(i, a): (usize, &Vec<&str>)| -> usize {
            split.iter().skip(i + 1).map(|b| capture_diff_slices(Algorithm::Patience, a, b).len()).sum()
        };
        black_box(split.par_iter().enumerate().map(each).sum::<usize>());
    });
    println!(
        "\n| all pairs of {PAGES} pages ({pairs}; {} distinct entries) | time |\n|---|---|",
        distinct.len()
    );
    println!("| parse all | {:.0} ms |", ms(parse));
    println!("| ours | {:.0} ms |", ms(all));
    println!("| ours, nothing kept between pairs | {:.0} ms |", ms(uncached));
    println!("| similar, words, patience | {:.0} ms |", ms(theirs));
    if test {
        assert!(slowest < Duration::from_secs(1), "one pair took {slowest:?}");
        assert!(all < Duration::from_secs(120), "all pairs took {all:?}");
    }
}
