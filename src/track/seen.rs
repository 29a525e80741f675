//! The fingerprints of statements (`seen`), kept true to the original pages.
//!
//! What a statement restates is decided by people: at first in a table, afterwards by the fingerprints
//! themselves. Every sentence of the pages must belong to a statement, and every statement to a sentence. The
//! files are changed as text, so that comments and layout stay; nothing is written here.

use std::collections::{BTreeMap, HashMap};

use crate::content::{Content, Date, Entity, EntityKind, Statement};
use crate::page::{Fingerprint, Page, Part, Place, key};
use crate::yaml::Node;
use crate::yaml::patch::Patch;

/// How long a line of YAML may be.
const WIDTH: usize = 110;

/// The original page of each revision.
pub type Pages = BTreeMap<Date, Page>;

/// Sentences of each statement and revision, in the order of the page.
type Sentences = BTreeMap<(String, Date), Vec<Place>>;

/// A file of `content/` that is to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// Its name below the folder.
    pub name: String,
    /// All of its text.
    pub text: String,
}

/// The files in which the fingerprints of statements are not those of the pages. `mapping` is a table of which
/// statement restates which sentence: tab-separated, with a header, with the fields revision, line, segment,
/// kind, first words and statements; without it the fingerprints that are there decide.
///
/// # Errors
/// With a line for each sentence without a statement, each statement without a sentence, and each row of the
/// table that cannot be followed.
pub fn seen(content: &Content, pages: &Pages, mapping: Option<&str>) -> Result<Vec<Edited>, Vec<String>> {
    let mut wrong = Vec::new();
    let sentences = match mapping {
        Some(table) => mapped(table, content, pages, &mut wrong),
        None => known(content, pages, &mut wrong),
    };
    uncovered(content, pages, &sentences, &mut wrong);
    let mut out = Vec::new();
    for entity in &content.entities {
        let of = |statement: &Statement, revision| {
            let places = sentences.get(&(statement.reference.clone(), revision))?;
            Some(fingerprints(pages.get(&revision)?, places))
        };
        let text = edited(entity, &content.dates(), &of, &mut wrong);
        if *text != *entity.file.text {
            out.push(Edited { name: entity.file.name.to_string(), text });
        }
    }
    if wrong.is_empty() { Ok(out) } else { Err(wrong) }
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
fn known(content: &Content, pages: &Pages, wrong: &mut Vec<String>) -> Sentences {
    let mut out = Sentences::new();
    for (revision, page) in pages {
        for (entity, statement) in content.in_force(*revision) {
            let mut places = Vec::new();
            for value in statement.seen.as_ref().and_then(|s| s.at(*revision)).into_iter().flatten() {
                let fingerprint = Fingerprint(*value);
                // A page may say the same of two things in one part.
                let here = page.find(fingerprint).iter().filter(|p| belongs(entity, *revision, page, **p));
                let before = places.len();
                places.extend(here);
                if places.len() == before {
                    wrong.push(format!(
                        "{}: {revision} does not say {fingerprint} of it",
                        statement.reference
                    ));
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
fn mapped(table: &str, content: &Content, pages: &Pages, wrong: &mut Vec<String>) -> Sentences {
    let mut out = Sentences::new();
    let mut used: HashMap<(Date, Place), usize> = HashMap::new();
    for (number, row) in table.lines().enumerate().skip(1).filter(|(_, row)| !row.trim().is_empty()) {
        let mut open = |what: String| wrong.push(format!("line {} of the mapping{what}", number + 1));
        let fields: Vec<&str> = row.split('\t').collect();
        let [revision, line, _, kind, first, references] = fields.as_slice() else {
            open(" has not six fields".to_owned());
            continue;
        };
        let named = |d: &Date| d.to_string() == *revision || format!("r{}", d.year) == *revision;
        let Some(date) = content.dates().into_iter().find(named) else {
            open(format!(": `{revision}` is no revision"));
            continue;
        };
        let Ok(line) = line.parse::<usize>() else {
            open(format!(": `{line}` is no line"));
            continue;
        };
        // Headings, labels and front matter are no sentences; they belong to no statement.
        let references: Vec<&str> =
            references.split(", ").filter(|r| content.statement(r).is_some()).collect();
        if references.is_empty() || first.starts_with("[!") || *kind == "front" {
            continue;
        }
        let Some(page) = pages.get(&date) else { continue };
        let wanted = plain(first);
        let here = page.sentences().filter(|(_, s)| s.line == line && s.structure.is_none());
        let found = here
            .filter(|(_, s)| plain(&s.text).starts_with(&wanted))
            .map(|(place, _)| (used.get(&(date, place)).copied().unwrap_or(0), place))
            .min();
        let Some((_, place)) = found else {
            open(format!(": {date}, line {line}: `{first}` is not there"));
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
    out
}

/// The letters and digits of a text, in words.
fn plain(text: &str) -> String {
    let words: Vec<String> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect();
    words.join(" ")
}

/// Sentences without a statement, and statements without a sentence.
fn uncovered(content: &Content, pages: &Pages, sentences: &Sentences, wrong: &mut Vec<String>) {
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

/// What holds from when on.
type Steps = Vec<(Date, Option<Vec<Fingerprint>>)>;

/// The text of an entity's file with the fingerprints of its statements in place.
fn edited(
    entity: &Entity,
    revisions: &[Date],
    of: &dyn Fn(&Statement, Date) -> Option<Vec<Fingerprint>>,
    wrong: &mut Vec<String>,
) -> String {
    let text = &*entity.file.text;
    let Ok(root) = Node::parse(text) else { return text.to_owned() };
    let nodes = root.get("statements").and_then(Node::as_list).unwrap_or_default();
    let mut patch = Patch::new(text);
    for statement in &entity.statements {
        let mut steps = Steps::new();
        for revision in revisions {
            let value = of(statement, *revision).filter(|list| !list.is_empty());
            let before = steps.last().and_then(|(_, value)| value.as_ref());
            if before != value.as_ref() {
                steps.push((*revision, value));
            }
        }
        let here = |node: &&Node| node.get("id").is_some_and(|id| id.span.start == statement.span.start);
        if let Some(node) = nodes.iter().find(here) {
            let lines = |column| field(column, &steps);
            patch.put(node, "seen", (!steps.is_empty()).then_some(lines));
        }
    }
    let refused = patch
        .refused
        .iter()
        .map(|(line, why)| format!("{}:{line}: cannot be changed: {why}", entity.file.name));
    wrong.extend(refused);
    patch.apply()
}

fn field(column: usize, steps: &[(Date, Option<Vec<Fingerprint>>)]) -> String {
    let margin = " ".repeat(column);
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

    fn with(text: &str, statement: usize, steps: &[(Date, Option<Vec<Fingerprint>>)]) -> String {
        let root = Node::parse(text).unwrap();
        let mut patch = Patch::new(text);
        let lines = (!steps.is_empty()).then_some(|column| field(column, steps));
        patch.put(&root.get("statements").unwrap().as_list().unwrap()[statement], "seen", lines);
        assert!(patch.refused.is_empty(), "{:?}", patch.refused);
        patch.apply()
    }

    #[test]
    fn the_field_is_replaced_and_all_else_stays() {
        let steps = [
            (
                date("2015-12-08"),
                Some(vec![Fingerprint(0x9f31_c0d2_a4b8_7e65), Fingerprint(0x1234_5678_9012_3456)]),
            ),
            (date("2018-10-26"), None),
        ];
        let text = with(FILE, 0, &steps);
        let expected = FILE.replace(
            "      2015-12-08: [0000000000000000]\n      2016-02-09:\n        - 1111111111111111\n",
            "      2015-12-08: [9f31c0d2a4b87e65, '1234567890123456']\n      2018-10-26: null\n",
        );
        assert_eq!(text, expected);
        assert_eq!(with(&text, 0, &steps), text);
    }

    #[test]
    fn the_last_statement_gets_it_at_the_end() {
        let many = vec![Fingerprint(0xabcd_ef01_2345_6789); 6];
        let text = with(FILE.trim_end(), 1, &[(date("2015-12-08"), Some(many))]);
        assert!(text.starts_with(FILE.trim_end()));
        let added = text.trim_start_matches(FILE.trim_end());
        assert_eq!(added.lines().count(), 1 + 2 + 6, "{added}");
        assert!(text.ends_with("        - abcdef0123456789"));
    }

    #[test]
    fn no_sentences_no_field() {
        let text = with(FILE, 0, &[]);
        assert!(!text.contains("seen"));
        assert!(text.contains("      text\n    look_at: x\n"), "{text}");
    }
}
