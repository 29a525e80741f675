//! Subjects as people write them: `*` stands for any characters, letter case does not matter. There is no other sign, for
//! subjects have backslashes, brackets and question marks of their own.

/// A pattern for a whole text.
#[derive(Debug)]
pub(crate) struct Glob(Vec<String>);

impl Glob {
    pub(crate) fn new(pattern: &str) -> Self {
        Self(pattern.to_lowercase().split('*').map(str::to_owned).collect())
    }

    /// Whether it stands for all of a text.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let [first, between @ .., last] = self.0.as_slice() else {
            return self.0.first().is_some_and(|only| *only == text);
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
        // What is found first leaves the most for what comes behind.
        for part in between {
            match rest.find(part.as_str()) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text, matches) in [
            (r"CONTOSO\svc-naa", r"contoso\SVC-NAA", true),
            (r"CONTOSO\svc-naa", r"contoso\svc-naa2", false),
            (r"contoso\svc-*", r"CONTOSO\svc-naa", true),
            (r"contoso\svc-*", r"CONTOSO\svc-", true),
            (r"*\svc-*, ps1*", r"CONTOSO\svc-naa, PS1.contoso.com", true),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("**", "a", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*b", "aab", false),
            ("*ab*ab*", "abab", true),
            ("a.c", "abc", false),
            ("[x]?", "[X]?", true),
            ("ÄRZTE*", "ärzte und mehr", true),
        ] {
            assert_eq!(Glob::new(pattern).matches(text), matches, "{pattern} {text}");
        }
    }
}
