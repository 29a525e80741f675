//! The one door to YAML: trees that know their bytes, and mistakes shown at their place.
//!
//! `serde_yaml` is named in this module and nowhere else, so that another crate can take its place.
//! [`Document::read`] gives a tree of [`Node`]s; [`Fields`] reads maps with typed accessors that note every
//! mistake in [`Problems`] and go on, so that one run shows all that is wrong in all files.
//!
//! It knows nothing of what the files say: the names of fields, and what is allowed in them, are the
//! business of those who read them.

mod node;
#[cfg(test)]
mod pack;
mod packed;
pub(crate) mod patch;
mod read;
mod render;

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use crate::assets::{Asset, Assets};

pub use node::{Fault, Kind, Node, Spanned};
pub use read::{Fields, wrong_kind};
pub use render::render;

/// A YAML file of ours: what problems in it are shown with.
#[derive(Debug, PartialEq, Eq)]
pub struct File {
    /// Path for messages: `rules/accounts/x.yaml`.
    pub path: String,
    /// Path below the root of its tree: `accounts/x.yaml`.
    pub name: String,
    /// Its text.
    pub text: Arc<str>,
}

impl File {
    /// The file's name without folder and extension.
    pub fn stem(&self) -> &str {
        let name = self.name.rsplit('/').next().unwrap_or(&self.name);
        name.strip_suffix(".yaml").unwrap_or(name)
    }

    /// A file that is not there, or cannot be read: something to hang a problem on.
    pub fn absent(path: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), name: String::new(), text: Arc::from("") })
    }

    /// The folder below the root of its tree; empty for a file in the root.
    pub fn folder(&self) -> &str {
        self.name.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// A YAML file read into a tree.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file.
    pub file: Arc<File>,
    /// Its value.
    pub root: Node,
}

impl Document {
    /// Reads a file. None, and a problem, if it is not YAML.
    pub fn read(asset: &Asset, problems: &mut Problems) -> Option<Self> {
        let file = Arc::new(File {
            path: asset.path.clone(),
            name: asset.name.clone(),
            text: Arc::from(asset.text.as_ref()),
        });
        // What is built in has been parsed when the program was built.
        let packed = asset.packed().and_then(|packed| packed::unpack(&file.text, packed));
        match packed.map_or_else(|| Node::parse(&file.text), Ok) {
            Ok(root) => Some(Self { file, root }),
            Err(fault) => {
                problems.push(Problem::from_fault(&file, fault));
                None
            }
        }
    }

    /// The fields of the file's map, or a problem. `what` names it in messages: `rule`.
    pub fn fields<'n>(&'n self, what: &'n str, problems: &mut Problems) -> Option<Fields<'n>> {
        self.root.fields(&self.file, what, problems)
    }
}

/// Reads all files of a tree whose name below its root is wanted, in the order of the names. What cannot be
/// read becomes a problem.
pub fn read_all(assets: &Assets, wanted: impl Fn(&str) -> bool, problems: &mut Problems) -> Vec<Document> {
    let files = match assets.yaml_files_named(wanted) {
        Ok(files) => files,
        Err(error) => {
            problems.error(&File::absent(assets.root()), 0..0, format!("cannot be read: {error}"));
            return Vec::new();
        }
    };
    let read: Vec<(Option<Document>, Problems)> = files
        .par_iter()
        // Few together, so that no thread is left with many when the others are done.
        .with_max_len(16)
        .map(|file| {
            let mut problems = Problems::new();
            (Document::read(file, &mut problems), problems)
        })
        .collect();
    let mut documents = Vec::with_capacity(read.len());
    for (document, found) in read {
        documents.extend(document);
        problems.extend(found);
    }
    documents
}

/// Takes documents apart that have been read: the trees of many files by many threads.
pub fn discard(documents: Vec<Document>) {
    documents.into_par_iter().with_max_len(16).for_each(drop);
}

/// A mistake in one of our own YAML files, with the place it is about.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The file.
    pub file: Arc<File>,
    /// The bytes of the file's text the problem is about.
    pub span: Range<usize>,
    /// What is wrong; lower-case start, no full stop.
    pub message: String,
    /// Text at the place itself; may be empty.
    pub label: String,
    /// Other places that explain it.
    pub related: Vec<Related>,
    /// What to do, such as the nearest valid name.
    pub help: Option<String>,
    /// Warnings do not stop anything.
    pub warning: bool,
}

/// Another place that explains a problem, possibly in another file.
#[derive(Debug, Clone)]
pub struct Related {
    /// The file.
    pub file: Arc<File>,
    /// The bytes of its text.
    pub span: Range<usize>,
    /// What stands there.
    pub label: String,
}

impl Problem {
    /// Something that must be mended.
    pub fn error(file: &Arc<File>, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            file: Arc::clone(file),
            span,
            message: message.into(),
            label: String::new(),
            related: Vec::new(),
            help: None,
            warning: false,
        }
    }

    /// Something that should be looked at.
    pub fn warning(file: &Arc<File>, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { warning: true, ..Self::error(file, span, message) }
    }

    /// A name that is not one of `names`: `unknown table `sies``, with the nearest as help. `what` says what
    /// kind of name it is.
    pub fn unknown_name<'a>(
        file: &Arc<File>,
        span: Range<usize>,
        what: &str,
        name: &str,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut names: Vec<&str> = names.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        let problem = Self::error(file, span, format!("unknown {what} `{name}`"));
        match nearest(name, names.iter().copied()) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None if (1..=16).contains(&names.len()) => {
                problem.help(format!("known are `{}`", names.join("`, `")))
            }
            None => problem,
        }
    }

    /// A text that is not YAML.
    fn from_fault(file: &Arc<File>, fault: Fault) -> Self {
        match fault.duplicate {
            Some(key) => Self::error(file, fault.span, format!("the key `{key}` comes twice"))
                .help("keep one of them, or join their values"),
            None => Self::error(file, fault.span, format!("not valid YAML: {}", fault.message)),
        }
    }

    /// With a text at the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// With advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With another place that explains it.
    #[must_use]
    pub fn related(mut self, file: &Arc<File>, span: Range<usize>, label: impl Into<String>) -> Self {
        self.related.push(Related { file: Arc::clone(file), span, label: label.into() });
        self
    }
}

/// Mistakes, as they are found. [`Problems::sort`] puts them in the order of paths and positions.
#[derive(Debug, Clone, Default)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Adds an error without further words.
    pub fn error(&mut self, file: &Arc<File>, span: Range<usize>, message: impl Into<String>) {
        self.push(Problem::error(file, span, message));
    }

    /// Adds a warning without further words.
    pub fn warning(&mut self, file: &Arc<File>, span: Range<usize>, message: impl Into<String>) {
        self.push(Problem::warning(file, span, message));
    }

    /// Adds an error if an id is not in kebab-case.
    pub fn kebab(&mut self, file: &Arc<File>, id: &Spanned<&str>) {
        let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        if !id.value.split('-').all(|part| !part.is_empty() && part.bytes().all(letter)) {
            let message = format!("the id `{}` is not in kebab-case", id.value);
            self.push(
                Problem::error(file, id.span.clone(), message)
                    .help("use lower-case letters and digits, with single hyphens between words"),
            );
        }
    }

    /// Adds those of another collection.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether there are none, not even warnings.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|p| !p.warning)
    }

    /// Puts them in the order of path, position and message, each only once.
    pub fn sort(&mut self) {
        self.0.sort_by(|a, b| {
            (&a.file.path, a.span.start, a.span.end, a.warning, &a.message).cmp(&(
                &b.file.path,
                b.span.start,
                b.span.end,
                b.warning,
                &b.message,
            ))
        });
        self.0.dedup_by(|a, b| a.file.path == b.file.path && a.span == b.span && a.message == b.message);
    }

    /// `value` and the warnings, or all problems if one of them is an error. Both ways they are sorted.
    ///
    /// # Errors
    /// With all problems, if one of them is an error.
    pub fn or_value<T>(mut self, value: T) -> Result<(T, Self), Self> {
        self.sort();
        if self.has_errors() { Err(self) } else { Ok((value, self)) }
    }
}

/// The one of `names` that `name` was most likely meant to be; none if nothing is near.
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = plain(name);
    if wanted.is_empty() {
        return None;
    }
    let limit = (wanted.chars().count() / 3).clamp(1, 4);
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in names {
        let there = plain(candidate);
        let mut distance = strsim::osa_distance(&wanted, &there);
        // A whole word left out or added at either end is near as well.
        if distance > limit
            && wanted.len().min(there.len()) >= 4
            && (there.starts_with(&wanted)
                || there.ends_with(&wanted)
                || wanted.starts_with(&there)
                || wanted.ends_with(&there))
        {
            distance = limit;
        }
        if distance <= limit && best.is_none_or(|(d, _)| distance < d) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, name)| name)
}

/// A name without what people vary: letter case, and which sign stands between words.
fn plain(name: &str) -> String {
    name.trim()
        .chars()
        .map(|c| if c == '_' || c == ' ' { '-' } else { c })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn document(text: &'static str) -> (Document, Problems) {
        let mut problems = Problems::new();
        let asset = asset("rules/accounts/some-rule.yaml", text);
        let document = Document::read(&asset, &mut problems);
        (document.unwrap_or_else(|| panic!("{}", render(&problems, false))), problems)
    }

    fn asset(path: &str, text: &'static str) -> Asset {
        let name = path.split_once('/').unwrap().1.to_owned();
        Asset { path: path.to_owned(), name, text: Cow::Borrowed(text) }
    }

    /// One line a node: kind, value and the characters it stands at.
    fn dump(text: &str, node: &Node, depth: usize, out: &mut String) {
        use std::fmt::Write as _;
        let pad = "  ".repeat(depth);
        let shown = &text[node.span.clone()];
        match &node.kind {
            Kind::List(items) => {
                writeln!(out, "{pad}list {shown:?}").unwrap();
                items.iter().for_each(|i| dump(text, i, depth + 1, out));
            }
            Kind::Map(entries) => {
                writeln!(out, "{pad}map {shown:?}").unwrap();
                for (key, value) in entries {
                    writeln!(out, "{pad}- {} {:?}", key.value, &text[key.span.clone()]).unwrap();
                    dump(text, value, depth + 1, out);
                }
            }
            kind => writeln!(out, "{pad}{kind:?} {shown:?}").unwrap(),
        }
    }

    #[test]
    fn keys_and_values_know_their_bytes() {
        let text = "# ä\nÄpfel: grün\n'quo ted': \"x\\ny\"\nlong: >-\n  eins zwei\n  drei\n\nempty:\nlit: |\n  a\n  b\nlist:\n  - 1\n  - yes\n  - {2015-12-08: a, b: [x, 'ü', ]}\n  - ~\n  - []\nlast: multi\n  line # comment\n1511: 0x20\n";
        let mut out = String::new();
        dump(text, &Node::parse(text).unwrap(), 0, &mut out);
        let (head, rest) = out.split_once('\n').unwrap();
        assert!(head.starts_with("map \"Äpfel") && head.ends_with("1511: 0x20\""), "{head}");
        assert_eq!(
            rest,
            r#"- Äpfel "Äpfel"
  Text("grün") "grün"
- quo ted "'quo ted'"
  Text("x\ny") "\"x\\ny\""
- long "long"
  Text("eins zwei drei") "eins zwei\n  drei"
- empty "empty"
  Null ""
- lit "lit"
  Text("a\nb\n") "a\n  b"
- list "list"
  list "1\n  - yes\n  - {2015-12-08: a, b: [x, 'ü', ]}\n  - ~\n  - []"
    Integer(1) "1"
    Text("yes") "yes"
    map "{2015-12-08: a, b: [x, 'ü', ]}"
    - 2015-12-08 "2015-12-08"
      Text("a") "a"
    - b "b"
      list "[x, 'ü', ]"
        Text("x") "x"
        Text("ü") "'ü'"
    Null "~"
    list "[]"
- last "last"
  Text("multi\n  line") "multi\n  line"
- 1511 "1511"
  Integer(32) "0x20"
"#
            .replace("Text(\"multi\\n  line\")", "Text(\"multi line\")")
        );
    }

    #[test]
    fn faults_point_at_the_character() {
        for (text, span, message) in [
            ("ä: b\na: 1\na: c\n", 11..12, "duplicate mapping key: a not allowed here"),
            ("ü: [1,\n", 4..5, "unclosed bracket '['"),
            ("é: b: c\n", 5..6, "mapping values are not allowed in this context"),
            ("x:\n  - a\n b: 1\n", 10..11, "while parsing a block mapping, did not find expected key"),
            ("ü: x\nä: \"\\q\"\n", 10..11, "while parsing a quoted scalar, found unknown escape character"),
            ("a: *x\n", 3..4, "reference to unknown value"),
            ("<<: {a: 1}\n", 0..2, "merge key not allowed here"),
            ("[a, b]: c\n", 0..1, "expected string scalar"),
            ("a: 1\n---\nb: 2\n", 9..10, "only single YAML document expected but multiple found"),
        ] {
            let fault = Node::parse(text).unwrap_err();
            assert_eq!((fault.span, fault.message.as_str()), (span, message), "{text:?}");
        }
    }

    #[test]
    fn nesting_and_aliases_are_bounded() {
        let deep: String = (0..80).map(|i| format!("{}- a:\n", "  ".repeat(i))).collect();
        assert!(Node::parse(&deep).is_err());
        assert!(Node::parse(&"[".repeat(100_000)).is_err());
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..9 {
            let refs = vec![format!("*a{}", i - 1); 10].join(", ");
            bomb.push_str(&format!("a{i}: &a{i} [{refs}]\n"));
        }
        assert!(Node::parse(&bomb).is_err());
    }

    #[test]
    fn every_mistake_of_a_map_is_reported_with_the_nearest_name() {
        let (document, mut problems) = document("titel: x\nlevel: eror\nid: 7\nevidence: [a, 1]\nhelp: ''\n");
        let mut rule = document.fields("rule", &mut problems).unwrap();
        assert!(rule.required_text("title", &mut problems).is_none());
        let levels = [("error", 1), ("warning", 2)];
        assert!(rule.required_word("level", &levels, &mut problems).is_none());
        assert!(rule.text("id", &mut problems).is_none());
        assert_eq!(rule.texts("evidence", &mut problems).len(), 1);
        assert!(rule.required_text("help", &mut problems).is_none());
        rule.finish(&mut problems);
        problems.sort();
        assert_eq!(
            render(&problems, false),
            "\
error: the rule has no field `title`
  ┌─ rules/accounts/some-rule.yaml:1:1
  │
1 │ titel: x
  │ ^^^^^

error: unknown rule field `titel`
  ┌─ rules/accounts/some-rule.yaml:1:1
  │
1 │ titel: x
  │ ^^^^^
  │
  = help: did you mean `title`?

error: unknown `level` `eror`
  ┌─ rules/accounts/some-rule.yaml:2:8
  │
2 │ level: eror
  │        ^^^^
  │
  = help: did you mean `error`?

error: `id` must be text, not a number
  ┌─ rules/accounts/some-rule.yaml:3:5
  │
3 │ id: 7
  │     ^
  │
  = help: put the value in quotes

error: each item of `evidence` must be text, not a number
  ┌─ rules/accounts/some-rule.yaml:4:15
  │
4 │ evidence: [a, 1]
  │               ^
  │
  = help: put the value in quotes

error: `help` is empty
  ┌─ rules/accounts/some-rule.yaml:5:7
  │
5 │ help: ''
  │       ^^

"
        );
    }

    #[test]
    fn packing_loses_nothing() {
        let text = "# ä\nÄpfel: grün\n'q u': \"x\\ny\"\nl: >-\n  eins\n  zwei\nn:\nm: |\n  a\ni: [-1, 0x20, -9223372036854775808, 9223372036854775807]\nf: [1.5, -0.0, 1e300]\nb: {t: true, f: false, n: ~, e: [], m: {}}\nq: ['it''s', \"it's\", '', 'a']\nan: &x [1, {k: v}]\nal: *x\n";
        let node = Node::parse(text).unwrap();
        let packed = pack::pack(text, &node);
        assert_eq!(packed::unpack(text, &packed), Some(node.clone()));
        // Not of this text, cut short, or with something behind: never a panic, and never taken for whole.
        for end in 0..packed.len() {
            assert_eq!(packed::unpack(text, &packed[..end]), None, "{end}");
        }
        assert_eq!(packed::unpack("", &packed), None);
        assert_eq!(packed::unpack(text, &[packed.as_slice(), &[0]].concat()), None);
        for at in 0..packed.len() {
            let mut wrong = packed.clone();
            wrong[at] ^= 0xff;
            assert_ne!(packed::unpack(text, &wrong), Some(node.clone()), "{at}");
        }
    }

    #[test]
    fn what_is_built_in_is_what_the_parser_makes_of_it() {
        let mut files = 0;
        for assets in [Assets::content(), Assets::rules()] {
            for asset in assets.yaml_files().unwrap() {
                let Ok(parsed) = Node::parse(&asset.text) else { continue };
                let packed = asset.packed().unwrap_or_else(|| panic!("{} is not packed", asset.path));
                assert!(packed::unpack(&asset.text, packed) == Some(parsed), "{}", asset.path);
                files += 1;
            }
        }
        assert!(files >= 40, "{files}");
        let mut edited = Assets::content().yaml_files().unwrap().remove(0);
        edited.text.to_mut().push('\n');
        assert_eq!(edited.packed(), None);
    }

    #[test]
    fn what_is_shown_cannot_speak_to_the_terminal() {
        let file = Arc::new(File {
            path: "a\u{1b}b.yaml".into(),
            name: String::new(),
            text: "x: '\u{1b}[31m\u{9b}\u{202e}' # z\r\ny: 1\r\n".into(),
        });
        let mut problems = Problems::new();
        let at = file.text.find('z').unwrap();
        problems.error(&file, at..at + 1, "bad \u{7}");
        problems.error(&File::absent("gone.yaml"), 0..0, "the file is missing");
        assert_eq!(
            render(&problems, false),
            "\
error: bad ?
  ┌─ a?b.yaml:1:16
  │
1 │ x: '?[31m¿\u{fffd}' # z\u{20}
  │                ^

error: the file is missing
  ┌─ gone.yaml:1:1
  │
1 │\u{20}
  │ ^

"
        );
    }

    proptest::proptest! {
        /// Whatever stands in a file: no panic, and places that can be shown.
        #[test]
        fn places_can_be_shown(text in "([-:,?&*#|>%{}\\[\\]'\"a1 ü\n\t]|- |: |\n  ){0,40}") {
            fn check(text: &str, node: &Node) {
                assert!(text.get(node.span.clone()).is_some(), "{:?}", node.span);
                assert!(text.get(node.head()).is_some());
                for item in node.as_list().unwrap_or_default() {
                    check(text, item);
                }
                for (key, value) in node.as_map().unwrap_or_default() {
                    assert!(text.get(key.span.clone()).is_some());
                    check(text, value);
                }
            }
            match Node::parse(&text) {
                Ok(node) => {
                    check(&text, &node);
                    let packed = pack::pack(&text, &node);
                    assert_eq!(packed::unpack(&text, &packed), Some(node));
                }
                Err(fault) => assert!(text.get(fault.span.clone()).is_some(), "{fault:?}"),
            }
        }
    }

    #[test]
    fn nearest_names() {
        let names = ["text", "terms", "level", "category", "checkable"];
        assert_eq!(nearest("txet", names), Some("text"));
        assert_eq!(nearest("catgory", names), Some("category"));
        assert_eq!(nearest("Check_able", names), Some("checkable"));
        assert_eq!(nearest("check", names), Some("checkable"));
        assert_eq!(nearest("zebra", names), None);
        assert_eq!(nearest("", names), None);
    }
}
