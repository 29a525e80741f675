//! Facts that come again: the computer, the group, the account of one row is that of the next.

use std::cell::RefCell;

use super::convert::{fact, text_fact};
use super::{Fact, Scalar};
use crate::reader::{Data, Value};

/// So many are kept, each in the slot that its text falls into.
const SLOTS: usize = 512;

/// The facts that were made last, so that what comes again is neither made nor kept twice.
#[derive(Debug, Default)]
pub(super) struct Recent {
    slots: RefCell<Vec<Option<(Scalar, Fact)>>>,
    hashing: ahash::RandomState,
}

impl Recent {
    /// [`fact`], the same one where it was made a while ago.
    pub(super) fn fact(&self, scalar: Scalar, value: &Value) -> Fact {
        match &value.data {
            Data::Text(text) => self.text_fact(scalar, text),
            _ => fact(scalar, value),
        }
    }

    /// [`text_fact`], the same one where it was made a while ago.
    pub(super) fn text_fact(&self, scalar: Scalar, text: &str) -> Fact {
        let text = text.trim();
        if text.is_empty() || matches!(scalar, Scalar::Integer | Scalar::Flag | Scalar::Date) {
            return text_fact(scalar, text);
        }
        let mut slots = self.slots.borrow_mut();
        slots.resize(SLOTS, None);
        #[allow(clippy::cast_possible_truncation)]
        let slot = &mut slots[self.hashing.hash_one((scalar, text)) as usize % SLOTS];
        if let Some((of, fact)) = slot
            && *of == scalar
            && says(fact, text)
        {
            return fact.clone();
        }
        let fact = text_fact(scalar, text);
        if says(&fact, text) {
            *slot = Some((scalar, fact.clone()));
        }
        fact
    }
}

/// Whether a fact is written like that.
fn says(fact: &Fact, text: &str) -> bool {
    match fact {
        Fact::Text(own) => **own == *text,
        Fact::Account(own) => *own.written == *text,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_comes_again_is_the_same_and_one_kind_is_not_another() {
        let recent = Recent::default();
        for text in ["PC1", "pc1.contoso.com", r"\\PC1", r"CONTOSO\svc", "S-1-5-32-544", "%A%", "", " x "] {
            for scalar in [Scalar::Text, Scalar::Computer, Scalar::Account, Scalar::Path] {
                for _ in 0..2 {
                    let (made, kept) = (text_fact(scalar, text), recent.text_fact(scalar, text));
                    assert_eq!(format!("{made:?}"), format!("{kept:?}"), "{text} as {scalar:?}");
                }
            }
        }
        let (Fact::Text(one), Fact::Text(other)) =
            (recent.text_fact(Scalar::Text, "CM01"), recent.text_fact(Scalar::Text, "CM01 "))
        else {
            panic!("a text is a text");
        };
        assert!(Arc::ptr_eq(&one, &other));
    }
}
