//! Trees in a compact form: what the build script makes of the files that are built in, so that a run need
//! not parse them again. This file reads the form, `pack.rs` writes it.
//!
//! A packed tree is good only together with the text it was made from: texts that stand in the file as they
//! are, are not stored a second time. Numbers are written seven bits a byte, low ones first; signed ones
//! zigzag. Places are written as distances, since each begins not far behind the one before.

use std::ops::Range;

use super::node::{Kind, Node, Spanned};

/// Deeper trees are not packed; the parser allows no deeper ones either.
const MAX_DEPTH: usize = 128;

pub(super) const NULL: u8 = 0;
pub(super) const FALSE: u8 = 1;
pub(super) const TRUE: u8 = 2;
pub(super) const INTEGER: u8 = 3;
pub(super) const FLOAT: u8 = 4;
/// A text that stands in the file as it is.
pub(super) const PLAIN: u8 = 5;
/// A text that stands in the file between quotes.
pub(super) const QUOTED: u8 = 6;
/// A text with escapes or folded lines, written out.
pub(super) const WRITTEN: u8 = 7;
pub(super) const LIST: u8 = 8;
pub(super) const MAP: u8 = 9;

/// The tree of `text`, packed by the build script. None if `packed` is not of that text.
pub(super) fn unpack(text: &str, packed: &[u8]) -> Option<Node> {
    let mut unpacker = Unpacker { text, rest: packed, at: 0 };
    let node = unpacker.node(0)?;
    unpacker.rest.is_empty().then_some(node)
}

struct Unpacker<'a> {
    text: &'a str,
    rest: &'a [u8],
    at: usize,
}

impl<'a> Unpacker<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(head)
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn signed(&mut self) -> Option<i64> {
        let value = self.number()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn span(&mut self) -> Option<Range<usize>> {
        let step = isize::try_from(self.signed()?).ok()?;
        let start = self.at.checked_add_signed(step)?;
        let end = start.checked_add(self.length()?)?;
        self.at = start;
        (end <= self.text.len()).then_some(start..end)
    }

    fn text(&mut self, form: u8, span: &Range<usize>) -> Option<&'a str> {
        match form {
            PLAIN => self.text.get(span.clone()),
            QUOTED => between_quotes(self.text.get(span.clone())?),
            WRITTEN => {
                let len = self.length()?;
                std::str::from_utf8(self.bytes(len)?).ok()
            }
            _ => None,
        }
    }

    fn node(&mut self, depth: usize) -> Option<Node> {
        if depth > MAX_DEPTH {
            return None;
        }
        let tag = self.byte()?;
        let span = self.span()?;
        let kind = match tag {
            NULL => Kind::Null,
            FALSE => Kind::Bool(false),
            TRUE => Kind::Bool(true),
            INTEGER => Kind::Integer(self.signed()?),
            FLOAT => Kind::Float(f64::from_le_bytes(self.bytes(8)?.try_into().ok()?)),
            LIST => {
                let len = self.length()?;
                // Each item takes three bytes at least: a wrong length does not reserve without bounds.
                let mut items = Vec::with_capacity(len.min(self.rest.len() / 3));
                for _ in 0..len {
                    items.push(self.node(depth + 1)?);
                }
                Kind::List(items)
            }
            MAP => {
                let len = self.length()?;
                let mut entries = Vec::with_capacity(len.min(self.rest.len() / 6));
                for _ in 0..len {
                    let form = self.byte()?;
                    let span = self.span()?;
                    let key = self.text(form, &span)?.to_owned();
                    entries.push((Spanned::new(key, span), self.node(depth + 1)?));
                }
                Kind::Map(entries)
            }
            form => Kind::Text(self.text(form, &span)?.to_owned()),
        };
        Some(Node { span, kind })
    }
}

/// What stands between single or double quotes.
pub(super) fn between_quotes(shown: &str) -> Option<&str> {
    let quote = shown.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    shown.strip_prefix(quote)?.strip_suffix(quote)
}
