//! Draft statements: what can be said of a sentence without repeating it.

use std::collections::BTreeSet;

use crate::content::Date;
use crate::page::{Fingerprint, Sentence};

use super::super::matching::telling;
use crate::yaml::patch::{Value, field, scalar};

/// The id of the statement of an account of which the page says nothing.
pub(super) const EMPTY: &str = "draft-nothing-said";

/// How many words of names a draft quotes.
const QUOTED: usize = 8;

/// A list of fingerprints in flow style. Those that YAML could take for numbers are quoted.
pub(super) fn prints(prints: &[Fingerprint]) -> Value {
    let write = |print: &Fingerprint| {
        let digits = print.to_string();
        let number = digits.bytes().all(|b| b.is_ascii_digit() || b == b'e');
        if number { format!("'{digits}'") } else { digits }
    };
    Value::Raw(format!("[{}]", prints.iter().map(write).collect::<Vec<_>>().join(", ")))
}

/// The id and the text of a draft, in block style at column 0. `ids` are those of the account or group.
pub(super) fn statement(
    sentence: &Sentence,
    section: Option<&str>,
    date: Date,
    ids: &mut BTreeSet<String>,
) -> (String, String) {
    let id = id(sentence, ids);
    let level = level(sentence);
    let mut out = String::new();
    let mut put = |key: &str, value: Value| field(&mut out, 2, key, &value);
    put("id", Value::Raw(id.clone()));
    put("category", Value::Raw(category(sentence, section, level).to_owned()));
    put("level", Value::Raw(level.to_owned()));
    let names = names(sentence);
    let names = if names.is_empty() { String::new() } else { format!(" It names {}.", names.join(", ")) };
    let text = format!("To review: a new sentence at line {}.{names}", sentence.line);
    put("text", Value::Raw(format!("{{{date}: {}}}", scalar(&text, true))));
    if let Some(alert) = sentence.alert {
        put("alert", Value::Raw(alert.name().to_owned()));
    }
    if let Some(section) = section.filter(|s| !s.trim().is_empty()) {
        put("section", Value::text(section));
    }
    let links: Vec<String> = (sentence.links.iter())
        .filter(|l| !l.text.trim().is_empty() && !l.target.trim().is_empty())
        .map(|l| format!("{{title: {}, target: {}}}", scalar(&l.text, true), scalar(&l.target, true)))
        .collect();
    if !links.is_empty() {
        put("links", Value::Raw(format!("[{}]", links.join(", "))));
    }
    let note = format!("{{revision: {date}, kind: fact-added, note: 'to review: new'}}");
    put("changes", Value::Raw(format!("[{note}]")));
    put("checkable", Value::Raw("no".to_owned()));
    put("because", Value::text("Draft: not reviewed."));
    put("seen", Value::Raw(format!("{{{date}: {}}}", prints(&[sentence.fingerprint]).flow())));
    (id, format!("-{}", out.get(1..).unwrap_or_default()))
}

/// The draft of an account or group of which the page says nothing.
pub(super) fn empty(date: Date) -> String {
    let mut out = String::new();
    let mut put = |key: &str, value: Value| field(&mut out, 2, key, &value);
    put("id", Value::Raw(EMPTY.to_owned()));
    put("category", Value::Raw("purpose".to_owned()));
    put("level", Value::Raw("info".to_owned()));
    put("text", Value::Raw(format!("{{{date}: 'To review: the page has its title and nothing more.'}}")));
    put("checkable", Value::Raw("no".to_owned()));
    put("because", Value::text("Draft: not reviewed."));
    format!("-{}", out.get(1..).unwrap_or_default())
}

/// An id of up to four of the sentence's words, which no other statement has.
fn id(sentence: &Sentence, ids: &mut BTreeSet<String>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for word in telling(&sentence.text) {
        let plain = super::super::slug(&word);
        if plain.len() > 2 && !plain.contains('-') && !parts.contains(&plain) {
            parts.push(plain);
        }
        if parts.len() == 4 {
            break;
        }
    }
    if parts.is_empty() {
        parts.push("sentence".to_owned());
    }
    let base = format!("draft-{}", parts.join("-"));
    let mut id = base.clone();
    let mut number = 2;
    while !ids.insert(id.clone()) {
        id = format!("{base}-{number}");
        number += 1;
    }
    id
}

/// Verbs that tell a reader what to do where a sentence, or what follows a comma in it, begins with them.
const TELLING: [&str; 26] = [
    "add",
    "allow",
    "assign",
    "avoid",
    "change",
    "choose",
    "configure",
    "create",
    "delete",
    "deny",
    "disable",
    "enable",
    "ensure",
    "give",
    "grant",
    "keep",
    "leave",
    "limit",
    "make",
    "remove",
    "restrict",
    "set",
    "specify",
    "upgrade",
    "use",
    "verify",
];

/// How binding the sentence sounds.
fn level(sentence: &Sentence) -> &'static str {
    let key: Vec<&str> = sentence.key.split(' ').collect();
    let has = |words: &[&str]| key.windows(words.len()).any(|w| w == words);
    let begins = |words: &[&str]| {
        // Commas are gone from the key; what stands before the first is a condition.
        let behind = sentence.text.split_once(", ").map(|(_, rest)| rest.to_lowercase());
        key.starts_with(words) || behind.is_some_and(|rest| rest.starts_with(&(words.join(" ") + " ")))
    };
    let advice = ["recommend", "recommended", "recommends", "should"].iter().any(|word| has(&[word]));
    if advice && has(&["not"]) {
        "should-not"
    } else if has(&["must", "not"]) || begins(&["do", "not"]) || begins(&["never"]) {
        "must-not"
    } else if has(&["must"]) || has(&["required"]) || has(&["requires"]) || has(&["needs", "to", "be"]) {
        "must"
    } else if advice
        || has(&["best", "practice"])
        || has(&["be", "sure", "to"])
        || has(&["make", "sure", "that"])
        || TELLING.iter().any(|verb| begins(&[verb]))
    {
        "should"
    } else if has(&["can"]) && !has(&["can", "not"]) || has(&["may"]) {
        "may"
    } else {
        "info"
    }
}

/// What kind of statement it is, by where it stands and how it sounds.
fn category(sentence: &Sentence, section: Option<&str>, level: &str) -> &'static str {
    if !sentence.links.is_empty() && sentence.key.starts_with("for more information") {
        return "see-also";
    }
    match section.map(str::to_lowercase).as_deref() {
        Some("permissions") => return "permission",
        Some("membership") => return "membership",
        Some("type and location") => return "location",
        _ => {}
    }
    match level {
        "must" => "requirement",
        "must-not" | "should-not" => "prohibition",
        "should" => "recommendation",
        _ => "behaviour",
    }
}

/// What the sentence sets in bold or code font, eight words of it at most.
fn names(sentence: &Sentence) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut count = 0;
    for name in sentence.marked() {
        let name = super::super::one_line(name.trim().trim_end_matches([',', '.', ':']));
        let length = name.split(' ').count();
        if name.is_empty() || out.contains(&name) {
            continue;
        }
        if count + length > QUOTED {
            break;
        }
        count += length;
        out.push(name);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page;

    fn sounds(text: &str) -> (&'static str, &'static str) {
        let page = page::parse(&format!("# P\n\n## Accounts\n\n### Lamp account\n\n{text}\n"));
        let (_, sentence) = page.sentences().find(|(_, s)| s.structure.is_none()).expect("a sentence");
        let level = level(sentence);
        (level, category(sentence, None, level))
    }

    #[test]
    fn a_draft_is_as_binding_as_its_sentence_sounds() {
        for (text, level, category) in [
            ("Use a lamp of your own.", "should", "recommendation"),
            ("When it is dark, light the lamp or use a candle.", "info", "behaviour"),
            ("When it is dark, use a candle.", "should", "recommendation"),
            ("Be sure to trim the wick.", "should", "recommendation"),
            ("The pump needs to be running.", "must", "requirement"),
            ("We recommend you do not move the lamp.", "should-not", "prohibition"),
            ("Don't move the lamp.", "must-not", "prohibition"),
            ("The lamp must not be moved.", "must-not", "prohibition"),
            ("A boat without a lamp can't be seen, and crews don't find it.", "info", "behaviour"),
            ("The keeper may put it out.", "may", "behaviour"),
        ] {
            assert_eq!(sounds(text), (level, category), "{text}");
        }
    }
}
