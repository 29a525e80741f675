//! What stays readable: names that nobody chose, for they are documented or come with Windows and the product; and ordinary
//! words, which are names only where a name stands.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use super::Kind;
use crate::content::Content;
use crate::evidence::Schema;
use crate::rules::{RuleSet, Segment};
use crate::vocabulary::Principals;

/// Names and words that are known to everybody.
#[derive(Debug, Default)]
pub(super) struct Public {
    /// Principals and what the specification calls by name, in lower case.
    documented: HashSet<String>,
    /// What a documented name of a group begins with, before the code of a site.
    before_site: Vec<String>,
    /// Ends of domain names.
    domains: HashSet<String>,
    /// What documented facts say.
    facts: HashSet<String>,
    /// Names of what is neither account, computer nor domain.
    others: HashSet<String>,
    /// Words that texts of ours are made of.
    words: HashSet<String>,
    /// What may stand before a backslash and is no domain, in every language.
    principals: Arc<Principals>,
}

impl Public {
    pub(super) fn of(content: &Content, schema: &Schema, rules: &RuleSet) -> Self {
        let mut out = Self { principals: Arc::clone(&schema.principals), ..Self::default() };
        for known in content.vocabulary.well_known.iter() {
            out.documented.insert(known.key.clone());
            out.documented.extend(known.names.iter().map(|(_, name)| name.to_lowercase()));
            out.documented.extend(known.also_written.iter().map(|name| name.to_lowercase()));
        }
        for entity in &content.entities {
            let names = entity.name.values().chain(&entity.windows_name).chain(&entity.name_pattern);
            for name in names.chain(&entity.aliases).chain([&entity.id]) {
                let name = name.to_lowercase();
                out.before_site.extend(name.split_once('<').map(|(before, _)| before.to_owned()));
                out.documented.insert(name);
            }
            for fact in entity.statements.iter().flat_map(|statement| &statement.facts) {
                fact.keys.values().flat_map(|timeline| timeline.values()).for_each(|value| out.value(value));
            }
        }
        let vocabulary = &content.vocabulary;
        out.domains = vocabulary.public_names.domains.iter().cloned().collect();
        out.others = vocabulary.public_names.others.iter().cloned().collect();
        out.others.extend(
            vocabulary.roles.iter().filter_map(|role| role.export_name.as_deref()).map(str::to_lowercase),
        );
        for table in &schema.tables {
            out.others.insert(table.name.clone());
            out.others.extend(table.read_from.iter().map(|name| name.class.to_lowercase()));
        }
        out.add_words(content, rules);
        out
    }

    /// The names in a value of a documented fact: what it says, and the parts of a path.
    fn value(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                let text = text.to_lowercase();
                self.others.extend(text.split(['\\', '/']).map(str::to_owned));
                self.facts.insert(text);
            }
            Value::Array(items) => items.iter().for_each(|item| self.value(item)),
            Value::Object(map) => map.values().for_each(|item| self.value(item)),
            _ => {}
        }
    }

    fn add_words(&mut self, content: &Content, rules: &RuleSet) {
        let mut add = |text: &str| {
            // A word in capitals is a name.
            let words = text.split(|c: char| !c.is_alphanumeric());
            let plain = |word: &&str| word.chars().skip(1).all(char::is_lowercase);
            self.words.extend(words.filter(plain).map(str::to_lowercase));
        };
        for entity in &content.entities {
            add(&entity.purpose);
            for statement in &entity.statements {
                statement.text.values().for_each(|text| add(text));
            }
        }
        for rule in &rules.rules {
            [&rule.title, &rule.help].into_iter().chain(&rule.because).for_each(|text| add(text));
            let texts = [&rule.message].into_iter().chain(rule.labels.iter().map(|label| &label.text));
            for segment in
                texts.chain(rule.reasons.iter().map(|(_, text)| text)).flat_map(|text| &text.segments)
            {
                if let Segment::Literal(literal) = segment {
                    add(literal);
                }
            }
        }
        for word in ["build", "builds", "standard", "input", "stdin", "file", "line", "column", "export"] {
            add(word);
        }
    }

    /// Whether a name in lower case is one that everybody knows.
    pub(super) fn knows(&self, kind: Kind, name: &str) -> bool {
        if self.documented.contains(name) || self.site_of(name).is_some() {
            return true;
        }
        match kind {
            Kind::Account => self.facts.contains(name),
            Kind::Host | Kind::Domain => matches!(name, "localhost" | "workgroup"),
            Kind::Site => false,
            _ => self.others.contains(name) || self.facts.contains(name),
        }
    }

    /// The site code at the end of a documented name in lower case.
    pub(super) fn site_of<'n>(&self, name: &'n str) -> Option<&'n str> {
        let code = self.before_site.iter().find_map(|before| name.strip_prefix(before.as_str()))?;
        (code.len() == 3 && code.chars().all(char::is_alphanumeric)).then_some(code)
    }

    /// Names that stay as they are also where a part of them is a name of the estate.
    pub(super) fn kept(&self) -> impl Iterator<Item = &String> {
        self.documented.iter().chain(&self.facts).chain(&self.others).filter(|name| name.chars().count() > 2)
    }

    /// Whether a text in lower case stands before a backslash and is no domain.
    pub(super) fn is_authority(&self, text: &str) -> bool {
        text == "."
            || text.starts_with("nt ")
            || text.starts_with("iis ")
            || self.principals.authority(text).is_some()
    }

    /// Whether a domain name may end so without telling whose it is.
    pub(super) fn ends_domain(&self, label: &str) -> bool {
        self.domains.contains(label)
    }

    /// Whether a text in lower case is an ordinary word, or a number.
    pub(super) fn is_word(&self, text: &str) -> bool {
        self.words.contains(text) || text.chars().all(|c| c.is_ascii_digit()) || text.chars().count() < 2
    }

    /// All words and names that are known, a line each.
    pub(super) fn lines(&self) -> String {
        let all = self.words.iter().chain(&self.documented).chain(&self.facts).chain(&self.others);
        all.fold(String::new(), |out, word| out + word + "\n")
    }
}
