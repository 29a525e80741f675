//! `cmlint maintain`: what only those need who look after `content/`. It is left out of the help.
//!
//! `maintain seen` keeps the fingerprints of statements (`seen`) true to the original pages. What a statement
//! restates is decided by people: at first in a table (`--mapping`), afterwards by the fingerprints themselves.
//! The files are edited as text, so that comments and layout stay.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use super::{Exit, Global, output};
use crate::assets::Assets;
use crate::content::{self, Content, Date, Entity, EntityKind, Statement};
use crate::page::{self, Fingerprint, Page, Part, Place, key};
use crate::report::text::count;
use crate::yaml;

/// How long a line of YAML may be.
const WIDTH: usize = 110;

#[derive(Debug, Args)]
pub(super) struct MaintainArgs {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Write the fingerprints of original sentences into the statements of content/
    ///
    /// Every sentence of the original pages must belong to a statement, and every statement to a sentence; what
    /// does not is listed, and nothing is written. Edits the folder given with --content, else `content`.
    Seen(SeenArgs),
}

#[derive(Debug, Args)]
struct SeenArgs {
    /// A folder with the original page of each revision (*.md), known by the date in its front matter
    #[arg(long, value_name = "DIR")]
    originals: PathBuf,
    /// Take which statement restates which sentence from this table
    ///
    /// Tab-separated, with a header: revision (a date or `r` and a year), line, segment, kind, the first words of
    /// the sentence, and the statements, with commas. Without it, the fingerprints that are in content/ decide.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Write nothing; exit with 1 if a file would change
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &MaintainArgs, global: &Global) -> anyhow::Result<Exit> {
    match &args.task {
        Task::Seen(args) => seen(args, global),
    }
}

/// Sentences of each statement and revision, in the order of the page.
type Sentences = BTreeMap<(String, Date), Vec<Place>>;

fn seen(args: &SeenArgs, global: &Global) -> anyhow::Result<Exit> {
    let folder = global.content.clone().unwrap_or_else(|| PathBuf::from("content"));
    if !folder.is_dir() {
        bail!("{}: there is no such folder; name the one to edit with --content", folder.display());
    }
    super::load::settle(&Global { content: Some(folder.clone()), rules: None, color: global.color })?;
    let content = match content::load(&Assets::Folder(folder.clone())) {
        Ok((content, _)) => content,
        Err(problems) => {
            output::aside(&yaml::render(&problems, true));
            bail!("{} cannot be used", folder.display());
        }
    };
    let pages = originals(&args.originals, &content)?;
    let mut wrong = Vec::new();
    let sentences = match &args.mapping {
        Some(file) => {
            let table =
                fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            mapped(&table, &content, &pages, &mut wrong)?
        }
        None => known(&content, &pages, &mut wrong),
    };
    uncovered(&content, &pages, &sentences, &mut wrong);
    if !wrong.is_empty() {
        for line in &wrong {
            output::aside(&format!("{line}\n"));
        }
        bail!("{}; nothing was written", count(wrong.len(), "thing is open", "things are open"));
    }
    let mut changed = 0;
    for entity in &content.entities {
        let text = edited(entity, &content.dates(), &|statement: &Statement, revision| {
            let places = sentences.get(&(statement.reference.clone(), revision))?;
            let page = pages.get(&revision)?;
            Some(fingerprints(page, places))
        });
        if *text == *entity.file.text {
            continue;
        }
        changed += 1;
        let path = folder.join(&entity.file.name);
        if args.check {
            output::aside(&format!("{} would change\n", path.display()));
        } else {
            output::write(&text, Some(&path))?;
        }
    }
    let verb = if args.check { "would change" } else { "changed" };
    output::aside(&format!("{} {verb}\n", count(changed, "file", "files")));
    Ok(if args.check && changed > 0 { Exit::Findings } else { Exit::Clean })
}

/// The original page of each revision.
fn originals(folder: &Path, content: &Content) -> anyhow::Result<BTreeMap<Date, Page>> {
    let mut pages = BTreeMap::new();
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths.into_iter().filter(|p| p.extension().is_some_and(|e| e == "md")) {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let page = page::parse(&text);
        let Some(date) = page.declared.filter(|d| content.revision(*d).is_some()) else {
            output::aside(&format!("{}: not the page of a revision, left out\n", path.display()));
            continue;
        };
        if pages.insert(date, page).is_some() {
            bail!("{}: there are two pages of {date}", path.display());
        }
    }
    for revision in &content.revisions {
        if !pages.contains_key(&revision.date) {
            bail!("{}: the page of {} is missing", folder.display(), revision.date);
        }
    }
    Ok(pages)
}

/// The part of a page that an entity's sentences stand in; none for the document, which is all sections.
fn part_of(entity: &Entity, revision: Date, page: &Page) -> Option<Part> {
    page.entry(entity.name.at(revision)?).map(Part::Entry)
}

/// Whether a place is where the sentences of an entity are.
fn belongs(entity: &Entity, revision: Date, page: &Page, place: Place) -> bool {
    match (entity.kind, place.part) {
        (EntityKind::Document, Part::Section(_)) => true,
        (EntityKind::Document, Part::Entry(_)) => false,
        _ => part_of(entity, revision, page) == Some(place.part),
    }
}

/// The sentences that the fingerprints in the content name.
fn known(content: &Content, pages: &BTreeMap<Date, Page>, wrong: &mut Vec<String>) -> Sentences {
    let mut out = Sentences::new();
    for (revision, page) in pages {
        for (entity, statement) in content.in_force(*revision) {
            let mut places = Vec::new();
            for value in statement.seen.as_ref().and_then(|s| s.at(*revision)).into_iter().flatten() {
                let fingerprint = Fingerprint(*value);
                let here = page.find(fingerprint).iter().find(|p| belongs(entity, *revision, page, **p));
                match here {
                    Some(place) => places.push(*place),
                    None => wrong.push(format!(
                        "{}: {revision} does not say {fingerprint} of it",
                        statement.reference
                    )),
                }
            }
            out.insert((statement.reference.clone(), *revision), places);
        }
    }
    out.values_mut().for_each(|places| {
        places.sort_unstable();
        places.dedup();
    });
    out
}

/// The sentences that a table names.
fn mapped(
    table: &str,
    content: &Content,
    pages: &BTreeMap<Date, Page>,
    wrong: &mut Vec<String>,
) -> anyhow::Result<Sentences> {
    let mut out = Sentences::new();
    let mut used: HashMap<(Date, Place), usize> = HashMap::new();
    for (number, row) in table.lines().enumerate().skip(1).filter(|(_, row)| !row.trim().is_empty()) {
        let fields: Vec<&str> = row.split('\t').collect();
        let [revision, line, _, _, first, references] = fields.as_slice() else {
            bail!("line {} of the mapping has not six fields", number + 1);
        };
        let date = content
            .dates()
            .into_iter()
            .find(|d| d.to_string() == *revision || format!("r{}", d.year) == *revision)
            .with_context(|| format!("line {} of the mapping: `{revision}` is no revision", number + 1))?;
        let line: usize = line
            .parse()
            .with_context(|| format!("line {} of the mapping: `{line}` is no line", number + 1))?;
        // Headings, labels and front matter are no sentences; they belong to no statement.
        let references: Vec<&str> =
            references.split(", ").filter(|r| content.statement(r).is_some()).collect();
        if references.is_empty() || first.starts_with("[!") || *fields.get(3).unwrap_or(&"") == "front" {
            continue;
        }
        let Some(page) = pages.get(&date) else { continue };
        let wanted = plain(first);
        let here = page.sentences().filter(|(_, s)| s.line == line && s.structure.is_none());
        let mut found: Vec<(usize, Place)> = here
            .filter(|(_, s)| plain(&s.text).starts_with(&wanted))
            .map(|(place, _)| (used.get(&(date, place)).copied().unwrap_or(0), place))
            .collect();
        found.sort_unstable();
        let Some((_, place)) = found.first().copied() else {
            wrong.push(format!(
                "line {} of the mapping: {date}, line {line}: `{first}` is not there",
                number + 1
            ));
            continue;
        };
        *used.entry((date, place)).or_default() += 1;
        for reference in references {
            out.entry((reference.to_owned(), date)).or_default().push(place);
        }
    }
    out.values_mut().for_each(|places| {
        places.sort_unstable();
        places.dedup();
    });
    Ok(out)
}

/// The letters and digits of a text, in words.
fn plain(text: &str) -> String {
    let words: Vec<String> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect();
    words.join(" ")
}

/// Sentences without a statement, and statements without a sentence.
fn uncovered(
    content: &Content,
    pages: &BTreeMap<Date, Page>,
    sentences: &Sentences,
    wrong: &mut Vec<String>,
) {
    for (revision, page) in pages {
        let mut covered: Vec<Place> = Vec::new();
        for (entity, statement) in content.in_force(*revision) {
            let places = sentences.get(&(statement.reference.clone(), *revision));
            // The page may say of itself in the front matter what it says in no sentence.
            if places.is_none_or(Vec::is_empty) && entity.kind != EntityKind::Document {
                wrong.push(format!("{}: no sentence of {revision} is known", statement.reference));
            }
            for place in places.into_iter().flatten() {
                if !belongs(entity, *revision, page, *place) {
                    let line = page.sentence(*place).map_or(0, |s| s.line);
                    wrong.push(format!("{}: line {line} of {revision} is not about it", statement.reference));
                }
                covered.push(*place);
            }
        }
        for ((reference, _), _) in
            sentences.iter().filter(|((_, date), places)| date == revision && !places.is_empty())
        {
            if !content.in_force(*revision).any(|(_, s)| s.reference == *reference) {
                wrong.push(format!("{reference}: {revision} does not make it, but has a sentence"));
            }
        }
        covered.sort_unstable();
        for (place, sentence) in page.sentences().filter(|(_, s)| s.structure.is_none()) {
            if covered.binary_search(&place).is_err() {
                let words: Vec<&str> = sentence.text.split(' ').take(6).collect();
                wrong.push(format!(
                    "{revision}, line {}: `{} ...` belongs to no statement",
                    sentence.line,
                    words.join(" ")
                ));
            }
        }
    }
}

/// The fingerprints of sentences, each once.
fn fingerprints(page: &Page, places: &[Place]) -> Vec<Fingerprint> {
    let mut out: Vec<Fingerprint> = Vec::new();
    for sentence in places.iter().filter_map(|p| page.sentence(*p)) {
        debug_assert_eq!(sentence.fingerprint, key::fingerprint(&sentence.key));
        if !out.contains(&sentence.fingerprint) {
            out.push(sentence.fingerprint);
        }
    }
    out
}

/// The text of an entity's file with the fingerprints of its statements in place.
fn edited(
    entity: &Entity,
    revisions: &[Date],
    of: &dyn Fn(&Statement, Date) -> Option<Vec<Fingerprint>>,
) -> String {
    let mut text = entity.file.text.to_string();
    let mut statements: Vec<&Statement> = entity.statements.iter().collect();
    statements.sort_by_key(|s| std::cmp::Reverse(s.span.start));
    for statement in statements {
        let mut steps: Vec<(Date, Option<Vec<Fingerprint>>)> = Vec::new();
        for revision in revisions {
            let value = of(statement, *revision).filter(|list| !list.is_empty());
            let before = steps.last().and_then(|(_, value)| value.as_ref());
            if before != value.as_ref() {
                steps.push((*revision, value));
            }
        }
        text = with_field(&text, statement.span.start, &steps);
    }
    text
}

/// A text with the field `seen` of the statement whose id stands at a place.
fn with_field(text: &str, id: usize, steps: &[(Date, Option<Vec<Fingerprint>>)]) -> String {
    let start = text.get(..id).and_then(|t| t.rfind('\n')).map_or(0, |at| at + 1);
    let (above, rest) = text.split_at(start);
    let indent = rest.find("id:").unwrap_or(0);
    let depth = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let mut lines = rest.split_inclusive('\n');
    let mut block: Vec<&str> = lines.next().into_iter().collect();
    // Blank lines belong to the statement only if more of it follows.
    let mut blank = 0;
    let mut len = block.iter().map(|l| l.len()).sum::<usize>();
    let mut end = len;
    for line in lines {
        len += line.len();
        if line.trim().is_empty() {
            blank += 1;
        } else if depth(line) < indent {
            break;
        } else {
            blank = 0;
            end = len;
        }
        block.push(line);
    }
    block.truncate(block.len() - blank);
    let below = rest.get(end..).unwrap_or_default();

    let mut out = above.to_owned();
    let mut inside = false;
    for line in block {
        if depth(line) <= indent && !line.trim().is_empty() {
            inside = depth(line) == indent && line.trim_start().starts_with("seen:");
        }
        if !inside {
            out.push_str(line);
        }
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
    if !steps.is_empty() {
        out.push_str(&field(indent, steps));
    }
    out.push_str(below);
    out
}

fn field(indent: usize, steps: &[(Date, Option<Vec<Fingerprint>>)]) -> String {
    let margin = " ".repeat(indent);
    let mut out = format!("{margin}seen:\n");
    for (date, value) in steps {
        let Some(list) = value else {
            out.push_str(&format!("{margin}  {date}: null\n"));
            continue;
        };
        let items: Vec<String> = list.iter().map(|f| quoted(*f)).collect();
        let line = format!("{margin}  {date}: [{}]", items.join(", "));
        if line.len() <= WIDTH {
            out.push_str(&format!("{line}\n"));
        } else {
            out.push_str(&format!("{margin}  {date}:\n"));
            for item in items {
                out.push_str(&format!("{margin}    - {item}\n"));
            }
        }
    }
    out
}

/// A fingerprint in YAML. What YAML would take for a number is quoted.
fn quoted(fingerprint: Fingerprint) -> String {
    let digits = fingerprint.to_string();
    let number = digits.bytes().all(|b| b.is_ascii_digit() || b == b'e');
    if number { format!("'{digits}'") } else { digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
id: a
statements:
  - id: one   # first
    text: >-
      long

      text
    seen:
      2015-12-08: [0000000000000000]
      2016-02-09:
        - 1111111111111111
    look_at: x

  # between
  - id: two
    text: y
";

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn the_field_is_replaced_and_all_else_stays() {
        let at = FILE.find("one").unwrap();
        let steps = [
            (
                date("2015-12-08"),
                Some(vec![Fingerprint(0x9f31_c0d2_a4b8_7e65), Fingerprint(0x1234_5678_9012_3456)]),
            ),
            (date("2018-10-26"), None),
        ];
        let text = with_field(FILE, at, &steps);
        let expected = FILE
            .replace(
                "    seen:\n      2015-12-08: [0000000000000000]\n      2016-02-09:\n        - 1111111111111111\n",
                "",
            )
            .replace(
                "    look_at: x\n",
                "    look_at: x\n    seen:\n      2015-12-08: [9f31c0d2a4b87e65, '1234567890123456']\n      2018-10-26: null\n",
            );
        assert_eq!(text, expected);
        assert_eq!(with_field(&text, at, &steps), text);
    }

    #[test]
    fn the_last_statement_gets_it_at_the_end() {
        let at = FILE.find("two").unwrap();
        let many = vec![Fingerprint(0xabcd_ef01_2345_6789); 6];
        let text = with_field(FILE.trim_end(), at, &[(date("2015-12-08"), Some(many))]);
        assert!(text.starts_with(FILE.trim_end()));
        let added = text.trim_start_matches(FILE.trim_end());
        assert_eq!(added.lines().count(), 1 + 2 + 6, "{added}");
        assert!(text.ends_with("        - abcdef0123456789\n"));
    }

    #[test]
    fn no_sentences_no_field() {
        let at = FILE.find("one").unwrap();
        assert!(!with_field(FILE, at, &[]).contains("seen"));
    }
}
