//! `cmlint site`: the reference website.

use std::io::IsTerminal;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};

use super::{Exit, Global, help, load, output};
use crate::assets::Assets;
use crate::site::serve::{Built, Server};
use crate::site::{self, Options, Sources};
use crate::text::{BAD, FAINT, GOOD, count, harmless, list, paint};
use crate::yaml;

#[derive(Debug, Args)]
pub(super) struct SiteArgs {
    #[command(subcommand)]
    command: SiteCommand,
}

#[derive(Debug, Subcommand)]
enum SiteCommand {
    /// Write the site into a folder
    Build(BuildArgs),
    /// Show the site in a browser on this computer, and build it anew when a file changes
    Serve(ServeArgs),
}

#[derive(Debug, Args)]
#[command(after_long_help = help::fit("\
Examples:
  cmlint site build                                   into the folder public
  cmlint site build --out /srv/www/cmlint --base-url https://example.org/cmlint/

Open public/index.html in a browser; the pages need no server. A second build writes only what changed.

What else is in the folder (a repository, a CNAME, downloads) stays: the file .cmlint-site there lists what was made. \
Pages that were changed by hand since are named, and nothing is written."))]
struct BuildArgs {
    /// The folder to write: new, empty, or of an earlier build; what this command did not make is left alone
    #[arg(long, value_name = "DIR", default_value = "public")]
    out: PathBuf,
    /// Write over pages that were changed since they were made, and other files of their names
    #[arg(long)]
    force: bool,
    /// Replace the folder whole: also delete everything in it that this command did not make
    #[arg(long)]
    prune: bool,
    /// Where the site will be published, for the sitemap, the feed and the 404 page
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    #[command(flatten)]
    made_of: MadeOf,
}

#[derive(Debug, Args)]
#[command(after_long_help = help::fit("\
Examples:
  cmlint site serve                                   at http://127.0.0.1:3000/
  cmlint site serve --port 0 --open yes               at any free port, and open the browser
  cmlint --content my/content site serve              built from your own specification

The folders given by --content, --rules, --templates, --assets and --originals are watched; so are content, rules, \
templates and site in the current folder, if they are those of a checkout of cmlint. What is wrong with them is shown \
in the page. Only browsers on this computer can see the site. Ctrl-C ends it."))]
struct ServeArgs {
    /// The port to use; 0 takes any that is free
    #[arg(long, value_name = "N", default_value_t = 3000)]
    port: u16,
    /// Whether to open the site in the browser
    #[arg(long, value_name = "WHETHER", value_enum, default_value_t = Choice::No)]
    open: Choice,
    #[command(flatten)]
    made_of: MadeOf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Choice {
    Yes,
    No,
}

/// What a site is made of, besides content and rules.
#[derive(Debug, Args)]
struct MadeOf {
    /// Show the original wording too, from the pages in this folder (Markdown files, known by their fingerprint or date)
    ///
    /// The originals are not part of this program. Whoever publishes a site with them gives the credit their
    /// licence asks for; the pages say whose text it is.
    #[arg(long, value_name = "PATH")]
    originals: Option<PathBuf>,
    /// Use the templates in this folder instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    /// Use the style sheets and scripts in this folder instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    assets: Option<PathBuf>,
}

impl MadeOf {
    fn options(&self, base_url: Option<&str>) -> anyhow::Result<Options> {
        for (option, folder) in [("--templates", &self.templates), ("--assets", &self.assets)] {
            if let Some(folder) = folder
                && !folder.is_dir()
            {
                bail!("{option} {}: there is no such folder", folder.display());
            }
        }
        let base_url = match base_url {
            None => None,
            Some(url) => {
                let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
                let plain = |h: &str| {
                    !h.is_empty() && !h.starts_with('/') && !h.contains(['?', '#', '"', '<', '>', '&', ' '])
                };
                if !host.is_some_and(plain) {
                    bail!(
                        "--base-url {url}: give a whole address without a query, such as https://example.org/docs/"
                    );
                }
                Some(format!("{}/", url.trim_end_matches('/')))
            }
        };
        Ok(Options {
            templates: self.templates.clone().map_or_else(Assets::templates, Assets::Folder),
            assets: self.assets.clone().map_or_else(Assets::site, Assets::Folder),
            base_url,
            originals: self.originals.clone(),
            commands: commands(),
            formats: formats(),
        })
    }
}

/// The commands and what each does, as the help has them.
fn commands() -> Vec<(String, String)> {
    use clap::CommandFactory;
    let about = |c: &clap::Command| c.get_about().map(ToString::to_string).unwrap_or_default();
    (super::Cli::command().get_subcommands().filter(|c| !c.is_hide_set()))
        .map(|c| (c.get_name().to_owned(), about(c)))
        .collect()
}

/// The formats of findings, as the help of `check` has them.
fn formats() -> Vec<(String, String)> {
    use clap::CommandFactory;
    let cli = super::Cli::command();
    let check = cli.find_subcommand("check");
    let format = check.and_then(|c| c.get_arguments().find(|a| a.get_id() == "format"));
    let values = format.map(clap::Arg::get_possible_values).unwrap_or_default();
    (values.iter().filter(|v| !v.is_hide_set()))
        .map(|v| (v.get_name().to_owned(), v.get_help().map(ToString::to_string).unwrap_or_default()))
        .collect()
}

pub(super) fn run(args: &SiteArgs, global: &Global) -> anyhow::Result<Exit> {
    match &args.command {
        SiteCommand::Build(args) => build(args, global),
        SiteCommand::Serve(args) => serve(args, global),
    }
}

fn build(args: &BuildArgs, global: &Global) -> anyhow::Result<Exit> {
    let (options, loaded) =
        rayon::join(|| args.made_of.options(args.base_url.as_deref()), || load::load(global));
    let options = options?;
    // It lives as long as the program: taking it apart piece by piece at the end would only take time.
    let loaded = ManuallyDrop::new(loaded?);
    let sources = Sources {
        content: &loaded.content,
        rules: &loaded.rules,
        schema: &loaded.schema,
        mapping: &loaded.mapping,
    };
    let report = {
        let progress = Progress::new();
        let how = match args {
            BuildArgs { prune: true, .. } => site::Build::Whole,
            BuildArgs { force: true, .. } => site::Build::OverEdits,
            _ => site::Build::Careful,
        };
        let report = site::build(&sources, &options, &args.out, how, &|done, of| progress.show(done, of));
        progress.clear();
        report
    };
    let report =
        report.with_context(|| format!("the site was not built; {} is as it was", args.out.display()))?;
    let changed = match (report.written, report.removed) {
        (0, 0) => "nothing changed".to_owned(),
        (written, 0) => format!("{written} written"),
        (written, removed) => format!("{written} written, {removed} removed"),
    };
    let size = report.bytes.div_ceil(1024);
    output::aside(&format!(
        "{} {} of {} KiB in {}: {changed}\n{}{}\n",
        paint(GOOD, "Built"),
        count(report.files, "file", "files"),
        size,
        args.out.display(),
        kept(&report.kept),
        paint(
            FAINT,
            format_args!(
                "{}, of them {}",
                args.out.join("index.html").display(),
                count(report.pages, "page", "pages")
            )
        ),
    ));
    Ok(Exit::Clean)
}

/// A line on what was left alone.
fn kept(names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let mut shown: Vec<String> = names.iter().take(5).map(|name| harmless(name).into_owned()).collect();
    if names.len() > shown.len() {
        shown.push(format!("{} more", names.len() - shown.len()));
    }
    format!("Left alone, as not made by this command: {}\n", list(&shown))
}

fn serve(args: &ServeArgs, global: &Global) -> anyhow::Result<Exit> {
    let server = Server::open(args.port).with_context(|| {
        format!(
            "port {} cannot be used; choose another with --port, or any free one with --port 0",
            args.port
        )
    })?;
    let url = server.url();
    let mut options = args.made_of.options(Some(&url))?;
    let mut global =
        Global { content: global.content.clone(), rules: global.rules.clone(), color: global.color };
    // A checkout in the current folder is what somebody who works on it wants to see.
    let here =
        |folder: &str, file: &str| Path::new(folder).join(file).is_file().then(|| PathBuf::from(folder));
    global.content = global.content.or_else(|| here("content", "revisions.yaml"));
    global.rules = global.rules.or_else(|| here("rules", "README.md"));
    if let (None, Some(folder)) = (&args.made_of.templates, here("templates", "base.html")) {
        options.templates = Assets::Folder(folder);
    }
    if let (None, Some(folder)) = (&args.made_of.assets, here("site", "site.css")) {
        options.assets = Assets::Folder(folder);
    }
    let mut watched: Vec<PathBuf> = [&global.content, &global.rules].into_iter().flatten().cloned().collect();
    for assets in [&options.templates, &options.assets] {
        if let Assets::Folder(folder) = assets {
            watched.push(folder.clone());
        }
    }
    watched.extend(options.originals.clone());
    let names: Vec<String> = watched.iter().map(|p| p.display().to_string()).collect();
    output::aside(&format!(
        "{} {url}\n{}\n",
        paint(GOOD, "Serving"),
        paint(
            FAINT,
            if names.is_empty() {
                "Built from what is built in; nothing to watch. Ctrl-C ends it.".to_owned()
            } else {
                format!("Watching {}. Ctrl-C ends it.", names.join(", "))
            }
        ),
    ));
    if args.open == Choice::Yes
        && let Err(error) = open::that_detached(&url)
    {
        output::aside(&format!("no browser could be opened: {error}\n"));
    }
    server.run(&watched, || rebuilt(&global, &options), output::aside);
    Ok(Exit::Clean)
}

/// The pages as the files are now, or what is wrong; with a line for standard error.
fn rebuilt(global: &Global, options: &Options) -> Built {
    let start = std::time::Instant::now();
    // Should that fail, loading says what is wrong.
    let _ = load::settle(global);
    let (loaded, mut problems) = load::load_all(global);
    let built = match loaded {
        Some(loaded) => {
            let sources = Sources {
                content: &loaded.content,
                rules: &loaded.rules,
                schema: &loaded.schema,
                mapping: &loaded.mapping,
            };
            site::render(&sources, options).map_err(|e| (e.to_string(), e.to_string()))
        }
        None => {
            problems.0.retain(|p| !p.warning);
            problems.sort();
            Err((yaml::render(&problems, true), yaml::render(&problems, false)))
        }
    };
    match built {
        Ok(pages) => {
            let files = count(pages.len(), "file", "files");
            let time = start.elapsed().as_millis();
            Built { site: Ok(pages), line: format!("{} {files} in {time} ms\n", paint(GOOD, "Built")) }
        }
        Err((coloured, plain)) => {
            let line = format!("{}\n{} the pages say why\n", coloured.trim_end(), paint(BAD, "Not built:"));
            Built { site: Err(plain), line }
        }
    }
}

/// A line that counts on a terminal; it is quiet for builds that are done at once.
#[derive(Debug)]
struct Progress {
    start: Option<std::time::Instant>,
    shown: AtomicUsize,
}

impl Progress {
    fn new() -> Self {
        let start = std::io::stderr().is_terminal().then(std::time::Instant::now);
        Self { start, shown: AtomicUsize::new(0) }
    }

    fn show(&self, done: usize, of: usize) {
        let Some(start) = self.start else { return };
        let percent = done * 100 / of.max(1);
        if start.elapsed().as_millis() > 300 && self.shown.fetch_max(percent, Ordering::Relaxed) < percent {
            output::aside(&format!("\r{percent:3} % of {of} files"));
        }
    }

    fn clear(&self) {
        if self.shown.load(Ordering::Relaxed) > 0 {
            output::aside("\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_knows_commands_and_formats() {
        assert!(commands().iter().any(|(name, about)| name == "check" && !about.is_empty()));
        assert!(formats().iter().any(|(name, about)| name == "json" && !about.is_empty()));
    }

    #[test]
    fn an_address_is_checked_and_ends_in_a_stroke() {
        let of = |url: &str| MadeOf { originals: None, templates: None, assets: None }.options(Some(url));
        assert_eq!(
            of("https://example.org/docs").unwrap().base_url.as_deref(),
            Some("https://example.org/docs/")
        );
        for bad in ["example.org", "https://", "ftp://example.org", "https://example.org/?q=1", "https:///x"]
        {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
