//! `cmlint track`: what newer pages of the documentation no longer say, say anew, and which rules that touches.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use sha2::{Digest, Sha256};

use super::{Exit, Global, help, output};
use crate::assets::Assets;
use crate::content::{Content, Date};
use crate::history;
use crate::text::{CODE, DOUBT, FAINT, GOOD, STRONG, count, harmless, paint, wrap};
use crate::track::{self, Input, Source, fold};

mod store;

#[derive(Debug, Args)]
#[command(after_long_help = help::fit("\
Examples:
  cmlint track accounts.md                        a newer page, against what is documented
  cmlint track 2019-04.md 2019-08.md              several, each also against the one before it
  cmlint track --git ~/docs --path configmgr/core/plan-design/hierarchy/accounts.md
                                                  every version in a clone of the public repository
  cmlint track --git ~/docs --path a/accounts.md --since 8ac40528
                                                  only what came after a commit
  cmlint track --git ~/old --path a/accounts.md --git ~/new --path b/accounts.md today.md
                                                  a history that goes on in another repository, then a file
  cmlint track accounts.md --write --dry-run      the patch that makes the page a revision of content/
  cmlint track accounts.md --write                the same, done

A page is compared with what is documented by fingerprints of its sentences; no original is needed. Revisions \
that change no words take one line, and a change is told once: where a branch made it, and not at its merge.

Exit codes:
  0  done, whether anything changed or not
  2  it could not be told or written"))]
pub(super) struct TrackArgs {
    /// Newer pages (Markdown), oldest first; `-` reads standard input. They go on behind those of a repository
    #[arg(value_name = "PAGE", required_unless_present = "git")]
    pages: Vec<PathBuf>,
    /// Read the versions of a file from this git repository (a clone, bare or not), with the `git` that is installed
    ///
    /// May be given again, with a `--path` each, where the history goes on in another repository.
    #[arg(long, value_name = "REPO", requires = "path")]
    git: Vec<PathBuf>,
    /// The file in the repository, as a path from its root; once for each, or one for all
    #[arg(long, value_name = "FILE", requires = "git")]
    path: Vec<String>,
    /// Only what came after this commit, branch or tag; of several repositories, in the first
    #[arg(long, value_name = "REV", requires = "git")]
    since: Option<String>,
    /// The newest commit, branch or tag to read, instead of what is checked out; of several repositories, in the last
    #[arg(long, value_name = "REV", requires = "git")]
    until: Option<String>,
    /// The documented revision to compare with; with --write, the date of the new one
    ///
    /// Without it a page is compared with the newest, and pages of a series each with the one it is nearest to.
    ///
    /// With --write it takes the place of the date that the page declares, for pages without a date or with one
    /// that is taken.
    #[arg(long, value_name = "DATE")]
    revision: Option<String>,
    /// Make the page (of several, the last) a revision of the specification
    ///
    /// Changes the folder given with --content, or `content/` in the working directory. What is unchanged stays
    /// untouched. Other words mark a statement for review; new sentences become draft statements without the
    /// publisher's words, which go to `review/DATE.md` there, a folder that git ignores.
    #[arg(long)]
    write: bool,
    /// Show what --write would change, as a patch, and change nothing
    #[arg(long, requires = "write")]
    dry_run: bool,
    /// With --write: the first ConfigMgr build the page speaks for, such as 8853 of 5.00.8853.1000
    #[arg(long, value_name = "BUILD", requires = "write")]
    build: Option<u32>,
    /// With --write: the day the page was first seen in public; in a git series it is that of its commit
    #[arg(long, value_name = "DATE", requires = "write")]
    observed: Option<String>,
    /// With --write: a folder with the original pages; sentences are then paired by their own words
    #[arg(long, value_name = "DIR", requires = "write")]
    originals: Option<PathBuf>,
    /// How to show it
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "human", conflicts_with = "write")]
    format: TrackFormat,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TrackFormat {
    /// For people
    Human,
    /// For people, to be kept
    Markdown,
    /// For programs; its shape is in docs/track.schema.json. Tells where sentences stand, not what they say
    Json,
}

pub(super) fn run(args: &TrackArgs, global: &Global) -> anyhow::Result<Exit> {
    output::keep_apart(args.output.as_deref(), args.pages.iter().map(PathBuf::as_path))?;
    let pages = pages(args)?;
    if args.write {
        return write(args, global, &pages);
    }
    let loaded = super::load::load(global)?;
    let content = &loaded.content;
    let revision = match &args.revision {
        Some(asked) => Some(documented(content, asked)?),
        None => None,
    };
    let inputs: Vec<Input> = pages.iter().map(|p| p.input.clone()).collect();
    let mut found = track::follow(content, &loaded.rules, revision, &inputs);
    // What `--since` leaves out is there to be compared with, and not to be told.
    let hidden = pages.iter().take_while(|p| p.hidden).count();
    found.pages.drain(..hidden);
    if found.pages.is_empty() {
        output::aside("nothing changed the file in this stretch of its history\n");
    }
    let to_file = args.output.is_some();
    let text = match args.format {
        TrackFormat::Human => track::human(&found, content, output::columns(to_file)),
        TrackFormat::Markdown => track::markdown(&found, content),
        TrackFormat::Json => format!("{:#}\n", track::to_json(&found)),
    };
    output::write(&text, args.output.as_deref())?;
    Ok(Exit::Clean)
}

/// A page with its bytes.
struct Page {
    input: Input,
    bytes: Vec<u8>,
    /// Only there to be compared with.
    hidden: bool,
}

/// The pages that were asked for: those of the repositories one after the other, then the files.
fn pages(args: &TrackArgs) -> anyhow::Result<Vec<Page>> {
    for (option, given) in [
        ("--path", !args.path.is_empty()),
        ("--since", args.since.is_some()),
        ("--until", args.until.is_some()),
    ] {
        if given && args.git.is_empty() {
            bail!("{option} is for the file in a repository; name the repository with --git");
        }
    }
    if args.path.len() > 1 && args.path.len() != args.git.len() {
        bail!("give --path once for each --git, in the same order, or once for all");
    }
    let mut out: Vec<Page> = Vec::new();
    for (i, repository) in args.git.iter().enumerate() {
        let Some(file) = args.path.get(i).or(args.path.first()) else { continue };
        let since = args.since.as_deref().filter(|_| i == 0);
        let until = args.until.as_deref().filter(|_| i + 1 == args.git.len());
        of_repository(&history::Request { repository, file, since, until }, &mut out)?;
    }
    for path in &args.pages {
        let bytes = of_file(path)?;
        let source = Source { name: path.display().to_string(), ..Source::default() };
        let previous = out.len().checked_sub(1).into_iter().collect();
        let input = Input { source, text: Some(decode(&bytes)), previous };
        out.push(Page { input, bytes, hidden: false });
    }
    Ok(out)
}

/// Adds the versions of a file in a repository. What has no version before it there follows on what was there before.
fn of_repository(request: &history::Request<'_>, out: &mut Vec<Page>) -> anyhow::Result<()> {
    let history = history::read(request)?;
    if history.shallow {
        output::aside(&format!(
            "{}: a shallow clone, whose older history is not there\n",
            harmless(&request.repository.display().to_string())
        ));
    }
    let mut before = out.len().checked_sub(1);
    let mut add = |version: history::Version, shift: usize, before: Option<usize>, hidden: bool| {
        let mut previous: Vec<usize> = version.parents.iter().map(|p| p + shift).collect();
        previous.extend(before.filter(|_| version.parents.is_empty()));
        let source = Source {
            name: version.short,
            commit: Some(version.commit),
            date: Some(version.date),
            path: Some(version.path),
        };
        let text = version.bytes.as_deref().map(decode);
        let input = Input { source, text, previous };
        out.push(Page { input, bytes: version.bytes.unwrap_or_default(), hidden });
        out.len()
    };
    let mut shift = before.map_or(0, |i| i + 1);
    if let Some(version) = history.before {
        shift = add(version, shift, before, true);
        before = Some(shift - 1);
    }
    for version in history.versions {
        add(version, shift, before, false);
    }
    Ok(())
}

fn of_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
        return Ok(bytes);
    }
    let shown = path.display().to_string();
    if path.is_dir() {
        bail!("{} is a folder; name the page in it, or give a clone with --git and --path", harmless(&shown));
    }
    std::fs::read(path).with_context(|| format!("cannot read {}", harmless(&shown)))
}

/// The text of a page: UTF-8, or what its byte order mark says. What is neither is replaced by signs for it.
fn decode(bytes: &[u8]) -> String {
    let encoding = encoding_rs::Encoding::for_bom(bytes).map_or(encoding_rs::UTF_8, |(e, _)| e);
    encoding.decode_with_bom_removal(bytes).0.into_owned()
}

/// The documented revision of that date.
fn documented(content: &Content, asked: &str) -> anyhow::Result<Date> {
    let known = content.dates();
    let fits: Vec<&Date> = known.iter().filter(|d| d.to_string().starts_with(asked.trim())).collect();
    if let ([one], false) = (fits.as_slice(), asked.trim().is_empty()) {
        return Ok(**one);
    }
    let known: Vec<String> = known.iter().map(Date::to_string).collect();
    bail!("there is no revision `{}`; documented are {}", harmless(asked), known.join(", "))
}

/// Makes a page a revision.
fn write(args: &TrackArgs, global: &Global, pages: &[Page]) -> anyhow::Result<Exit> {
    let Some(page) = pages.iter().rev().find(|p| p.input.text.is_some() && !p.hidden) else {
        bail!("there is no page to write");
    };
    let folder = match &global.content {
        Some(folder) => folder.clone(),
        None if Path::new("content/revisions.yaml").is_file() => PathBuf::from("content"),
        None => bail!(
            "--write changes files: name the folder of the specification with --content, or run it where \
             `content/` is"
        ),
    };
    let here = Global { content: Some(folder.clone()), rules: global.rules.clone(), color: global.color };
    let loaded = super::load::load(&here)?;
    let date = match &args.revision {
        None => None,
        Some(asked) => match asked.trim().parse::<Date>() {
            Ok(date) => Some(date),
            Err(()) => bail!("`{}` is not a date; write year, month and day: 2019-08-13", harmless(asked)),
        },
    };
    let observed = match &args.observed {
        None => None,
        Some(day) => match day.trim().parse::<Date>() {
            Ok(day) => Some(day.to_string()),
            Err(()) => bail!("`{}` is not a date; write year, month and day: 2019-08-13", harmless(day)),
        },
    };
    let assets = here.content();
    let files = assets.yaml_files().with_context(|| format!("cannot read {}", folder.display()))?;
    let older = older(args, pages, &loaded.content)?;
    let text = page.input.text.clone().unwrap_or_default();
    let request = fold::Request {
        bytes: &page.bytes,
        text: &text,
        date,
        observed: observed.as_deref().or(page.input.source.date.as_deref()),
        build: args.build,
        older: older.as_deref(),
        files: &files,
    };
    let name = harmless(&page.input.source.name).into_owned();
    let outcome = fold::fold(&loaded.content, &loaded.rules, &request).with_context(|| name.clone())?;
    let fold = match outcome {
        fold::Outcome::Already(date) => {
            output::write(&format!("{name} is revision {date} already; nothing to change\n"), None)?;
            return Ok(Exit::Clean);
        }
        fold::Outcome::New(fold) => fold,
    };
    let remarks = check(&fold, &files, &here, &faults(&here))?;
    for remark in fold.remarks.iter().chain(&remarks) {
        output::aside(&format!("{} {}\n", paint(DOUBT, "note:"), wrap(remark, 100, 6)));
    }
    let review = store::review(&folder, fold.date);
    if args.dry_run {
        let patch: String = fold.changes.iter().map(|change| store::patch(&folder, change)).collect();
        output::write(&patch, args.output.as_deref())?;
        let rest = format!("sentences to review would go to {}\n", review.display());
        output::aside(&paint(FAINT, rest));
        return Ok(Exit::Clean);
    }
    store::write(&folder, &fold).context("nothing was changed")?;
    output::write(&summary(&fold, &folder, &review), args.output.as_deref())?;
    Ok(Exit::Clean)
}

/// The text of the newest documented page, if it is among the pages or the originals.
fn older(args: &TrackArgs, pages: &[Page], content: &Content) -> anyhow::Result<Option<String>> {
    let Some(wanted) = content.revisions.last().and_then(|r| r.sha256.as_ref()) else { return Ok(None) };
    let is = |bytes: &[u8]| {
        use std::fmt::Write as _;
        let mut digest = String::new();
        for byte in Sha256::digest(bytes) {
            let _ = write!(digest, "{byte:02x}");
        }
        digest == *wanted
    };
    if let Some(page) = pages.iter().find(|p| is(&p.bytes)) {
        return Ok(Some(decode(&page.bytes)));
    }
    let Some(folder) = &args.originals else { return Ok(None) };
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
        if !entry.file_type().is_file() || entry.path().extension().is_none_or(|e| e != "md") {
            continue;
        }
        let bytes =
            std::fs::read(entry.path()).with_context(|| format!("cannot read {}", entry.path().display()))?;
        if is(&bytes) {
            return Ok(Some(decode(&bytes)));
        }
    }
    let newest = content.newest();
    output::aside(&format!(
        "{} {} holds no page of revision {newest} (none has its SHA-256)\n",
        paint(DOUBT, "note:"),
        folder.display()
    ));
    Ok(None)
}

/// The files that `cmlint test` finds fault with.
fn faults(global: &Global) -> BTreeSet<String> {
    let (loaded, mut problems) = super::load::load_all(global);
    if let Some(loaded) = &loaded {
        problems.extend(crate::check::examples(&loaded.rules, &loaded.content, &loaded.schema));
    }
    problems.0.into_iter().filter(|p| !p.warning).map(|p| p.file.path.clone()).collect()
}

/// Loads the specification as it would be. It must load; rules whose examples then come out differently, and did not
/// before, are told.
fn check(
    fold: &fold::Fold,
    files: &[crate::assets::Asset],
    global: &Global,
    before: &BTreeSet<String>,
) -> anyhow::Result<Vec<String>> {
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let all = files
        .iter()
        .map(|f| (f.name.as_str(), f.text.as_ref()))
        .filter(|(name, _)| !fold.changes.iter().any(|c| c.name == *name))
        .chain(fold.changes.iter().map(|c| (c.name.as_str(), c.after.as_str())));
    for (name, text) in all {
        let path = scratch.path().join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).context("cannot make a temporary folder")?;
        }
        std::fs::write(path, text).context("cannot write a temporary file")?;
    }
    if let Err(problems) = crate::content::load(&Assets::Folder(scratch.path().to_owned())) {
        output::aside(&crate::yaml::render(&problems, true));
        bail!("the page cannot be written down without breaking the specification; nothing was changed");
    }
    let there =
        Global { content: Some(scratch.path().to_owned()), rules: global.rules.clone(), color: global.color };
    let after = faults(&there);
    let look = |path: &String| format!("`cmlint test` will find fault with {path}: it needs a look first.");
    Ok(after.difference(before).map(look).collect())
}

/// What was written.
fn summary(fold: &fold::Fold, folder: &Path, review: &Path) -> String {
    let mut out = format!("{}\n", paint(STRONG, format!("Revision {} is written.", fold.date)));
    let mut line = |n: usize, one: &str, many: &str, what: &str| {
        if n > 0 {
            out.push_str(&format!("  {} {what}\n", count(n, one, many)));
        }
    };
    let e = &fold.entries;
    line(e.added.len(), "account or group", "accounts and groups", "added");
    line(e.removed.len(), "account or group", "accounts and groups", "removed");
    line(e.merged.iter().map(|m| m.from.len()).sum(), "account or group", "accounts and groups", "merged");
    let renamed = e.renamed.iter().filter(|r| !r.case_only).count();
    line(renamed, "account or group", "accounts and groups", "renamed");
    line(e.renamed.len() - renamed, "title", "titles", "in other capitals");
    line(fold.changed.len(), "statement", "statements", "in other words, marked to review");
    line(fold.carried.len(), "statement", "statements", "not found, carried on for their rules");
    line(fold.ended.len(), "statement", "statements", "ended");
    line(fold.drafts.len(), "draft statement", "draft statements", "");
    let out = out.replace(" \n", "\n");
    let files = count(fold.changes.len(), "file", "files");
    let review = paint(CODE, review.display());
    format!(
        "{out}\n{files} in {} changed. Read {review} beside them: it holds the sentences, and stays out of git.\n{}\n",
        folder.display(),
        paint(GOOD, "Then: cmlint test"),
    )
}
