//! What differs between two short texts, marked word by word.
//!
//! Only changes that can be read at a glance are marked inside the text; if most of it differs, the two texts
//! stand whole, one after the other.

use std::fmt::Write;

use serde::Serialize;
use similar::{DiffOp, DiffTag};

use super::view::show_serialized;
use crate::html::inline;

/// Two texts with their differences marked: HTML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Marked {
    /// Both in one; none if they are better shown whole.
    pub(super) both: Option<String>,
    /// The first, with what is gone marked.
    pub(super) old: Option<String>,
    /// The second, with what is new marked.
    pub(super) new: Option<String>,
}

/// More places than this cannot be read in one text.
const MOST_HUNKS: usize = 5;

fn tag(out: &mut String, name: &str, words: &[&str]) {
    let text = words.concat();
    let (text, space) = (text.trim_end(), text.ends_with(' '));
    if !text.is_empty() {
        // That it was added or removed is said by the style sheet too, for those who do not see colours.
        let _ = write!(out, "<{name}>{}</{name}>", inline(text));
    }
    if space {
        out.push(' ');
    }
}

/// Words as they are compared: without the blank behind them.
fn keys<'w>(words: &[&'w str]) -> Vec<&'w str> {
    words.iter().map(|w| w.trim_end()).collect()
}

/// Marks what differs between a text and another; either may be missing.
pub(super) fn mark(old: Option<&str>, new: Option<&str>) -> Marked {
    let whole = |name: &str, text: &str| {
        let mut out = String::new();
        tag(&mut out, name, &[text]);
        out
    };
    let (Some(old), Some(new)) = (old, new) else {
        let (old, new) = (old.map(|t| whole("del", t)), new.map(|t| whole("ins", t)));
        return Marked { both: old.clone().or_else(|| new.clone()), old, new };
    };
    let (a, b): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive(' ').collect(), new.split_inclusive(' ').collect());
    let (old_keys, new_keys) = (keys(&a), keys(&b));
    let ops = crate::text::differences_of(&old_keys, &new_keys);
    let ops = absorbed(&ops, &a);
    let same: usize = ops.iter().filter(|o| o.0).map(|o| o.1.len()).sum();
    let hunks = ops.iter().filter(|o| !o.0).count();
    let readable = hunks <= MOST_HUNKS && same * 2 >= a.len().min(b.len());
    let (mut both, mut first, mut second) = (String::new(), String::new(), String::new());
    for (equal, of_old, of_new) in ops {
        let (gone, come) = (&a[of_old], &b[of_new]);
        if equal {
            for (out, words) in [(&mut both, come), (&mut first, gone), (&mut second, come)] {
                out.push_str(&inline(&words.concat()));
            }
        } else {
            if !both.is_empty() && !both.ends_with(' ') {
                both.push(' ');
            }
            tag(&mut both, "del", gone);
            if !gone.is_empty() && !come.is_empty() && !both.ends_with(' ') {
                both.push(' ');
            }
            tag(&mut both, "ins", come);
            tag(&mut first, "del", gone);
            tag(&mut second, "ins", come);
        }
    }
    if readable {
        Marked { both: Some(both), old: Some(first), new: Some(second) }
    } else {
        Marked { both: None, old: Some(whole("del", old)), new: Some(whole("ins", new)) }
    }
}

type Part = (bool, std::ops::Range<usize>, std::ops::Range<usize>);

/// The parts of the comparison, each the same or not. A word or two of little weight between two changes belongs to
/// them.
fn absorbed(ops: &[DiffOp], old: &[&str]) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::new();
    for (i, op) in ops.iter().enumerate() {
        let mut equal = op.tag() == DiffTag::Equal;
        let words = old.get(op.old_range()).unwrap_or_default();
        if equal
            && i > 0
            && i + 1 < ops.len()
            && words.len() <= 2
            && words.iter().all(|w| w.trim_end().len() <= 3)
        {
            equal = false;
        }
        match out.last_mut() {
            Some(last) if !last.0 && !equal => {
                last.1.end = op.old_range().end;
                last.2.end = op.new_range().end;
            }
            _ => out.push((equal, op.old_range(), op.new_range())),
        }
    }
    out
}

show_serialized!(Marked);

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(html: &str) -> String {
        html.replace("<span class=\"hidden\">removed: </span>", "")
            .replace("<span class=\"hidden\">added: </span>", "")
    }

    #[test]
    fn changed_words_are_marked_inside_the_text() {
        let marked = mark(Some("the right to log on locally"), Some("the right to sign in locally"));
        assert_eq!(plain(&marked.both.unwrap()), "the right to <del>log on</del> <ins>sign in</ins> locally");
        assert_eq!(plain(&marked.old.unwrap()), "the right to <del>log on</del> locally");
    }

    #[test]
    fn texts_with_little_in_common_stand_whole() {
        let marked = mark(Some("one two three four"), Some("five six seven four eight"));
        assert_eq!(marked.both, None);
        assert_eq!(plain(&marked.new.unwrap()), "<ins>five six seven four eight</ins>");
    }

    #[test]
    fn markup_in_the_texts_is_shown() {
        let marked = mark(None, Some("<b>"));
        assert_eq!(plain(&marked.both.unwrap()), "<ins>&lt;b&gt;</ins>");
    }

    #[test]
    fn without_marks_both_sides_are_what_they_were() {
        let (old, new) = ("a b c d e f", "a x c d y f g");
        let marked = mark(Some(old), Some(new));
        let strip = |html: String| {
            plain(&html).replace("<del>", "").replace("</del>", "").replace("<ins>", "").replace("</ins>", "")
        };
        assert_eq!(strip(marked.old.unwrap()), old);
        assert_eq!(strip(marked.new.unwrap()), new);
    }
}
