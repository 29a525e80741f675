//! The words that name and show a credential, from `secrets` of `content/vocabulary.yaml`.
//!
//! Readers take those that are built in, whatever folder is given in their place: what is a password is no matter of
//! configuration. Nothing is judged here.

use std::sync::LazyLock;

use crate::assets::Assets;
use crate::yaml::{Document, Fields, Node, Problems};

/// What is known of words; see the vocabulary for what each list means.
#[derive(Debug, Clone, Default)]
pub struct SecretWords {
    /// Anywhere in a name, in lower case, blanks between their parts.
    pub passwords: Vec<String>,
    /// The same for keys and tokens.
    pub keys: Vec<String>,
    /// As words of their own.
    pub words: Vec<String>,
    /// The same for keys and tokens.
    pub key_words: Vec<String>,
    /// The same for what the value decides.
    pub maybe_words: Vec<String>,
    /// What may stand before such a word in a name without capitals.
    pub heads: Vec<String>,
    /// Words before that make a name speak of a credential only.
    pub never_before: Vec<String>,
    /// What follows in such names.
    pub never_after: Vec<String>,
    /// Words before that leave it to the value.
    pub maybe_before: Vec<String>,
    /// What follows in such names.
    pub maybe_after: Vec<String>,
    /// Values that are settings.
    pub settings: Vec<String>,
    /// Programs that take one on their command line.
    pub programs: Vec<Program>,
}

/// How a program takes a password.
#[derive(Debug, Clone, Default)]
pub struct Program {
    /// What it is called, in lower case, without extension.
    pub names: Vec<String>,
    /// Its switches without `-` or `/`.
    pub switches: Vec<String>,
    /// Whether capitals count in them.
    pub exact: bool,
    /// Whether the value stands directly behind the switch.
    pub glued: bool,
    /// Whether the value is `user:password`.
    pub account: bool,
    /// The switch behind which arguments are counted.
    pub after: Option<String>,
    /// The argument that is the password, among those that are no switches, counted from 1; 0 for none.
    pub place: usize,
}

impl SecretWords {
    /// Reads `secrets` of a vocabulary.
    pub fn read(mut fields: Fields<'_>, problems: &mut Problems) -> Self {
        let mut out = Self::default();
        for (name, list) in [
            ("passwords", &mut out.passwords),
            ("keys", &mut out.keys),
            ("words", &mut out.words),
            ("key_words", &mut out.key_words),
            ("maybe_words", &mut out.maybe_words),
            ("heads", &mut out.heads),
            ("never_before", &mut out.never_before),
            ("never_after", &mut out.never_after),
            ("maybe_before", &mut out.maybe_before),
            ("maybe_after", &mut out.maybe_after),
            ("settings", &mut out.settings),
        ] {
            if fields.required(name, problems).is_some() {
                list.extend(fields.texts(name, problems).into_iter().map(|word| word.value.to_owned()));
            }
        }
        for node in fields.list("programs", problems) {
            out.programs.extend(program(node, &fields, problems));
        }
        fields.finish(problems);
        out
    }
}

fn program(node: &Node, outer: &Fields<'_>, problems: &mut Problems) -> Option<Program> {
    let mut fields = node.fields(outer.file(), "program", problems)?;
    let owned = |texts: Vec<crate::yaml::Spanned<&str>>| -> Vec<String> {
        texts.into_iter().map(|text| text.value.to_owned()).collect()
    };
    let program = Program {
        names: owned(fields.texts("names", problems)),
        switches: owned(fields.texts("switches", problems)),
        exact: fields.flag("exact", problems).unwrap_or_default(),
        glued: fields.flag("glued", problems).unwrap_or_default(),
        account: fields.flag("account", problems).unwrap_or_default(),
        after: fields.text("after", problems).map(|text| text.value.to_owned()),
        place: fields
            .integer("place", problems)
            .and_then(|place| usize::try_from(place.value).ok())
            .unwrap_or_default(),
    };
    fields.finish(problems);
    Some(program)
}

/// The words that are built in.
pub fn secret_words() -> &'static SecretWords {
    static WORDS: LazyLock<SecretWords> = LazyLock::new(|| {
        // Not by way of `yaml::read_all`: a thread of its pool may wait here.
        let mut problems = Problems::new();
        let asset = Assets::content()
            .yaml_files_named(|name| name == "vocabulary.yaml")
            .ok()
            .and_then(|mut files| files.pop());
        let document = asset.and_then(|asset| Document::read(&asset, &mut problems));
        let Some(Document { file, root }) = &document else { return SecretWords::default() };
        root.get("secrets")
            .and_then(|node| node.fields(file, "secrets", &mut problems))
            .map(|fields| SecretWords::read(fields, &mut problems))
            .unwrap_or_default()
    });
    &WORDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_there() {
        let words = secret_words();
        for list in [&words.passwords, &words.keys, &words.words, &words.heads, &words.settings] {
            assert!(list.len() > 5, "{list:?}");
            assert!(list.iter().all(|word| *word == word.to_lowercase()), "{list:?}");
        }
        assert!(
            words.programs.iter().all(|p| !p.names.is_empty() && (p.place > 0 || !p.switches.is_empty()))
        );
    }
}
