//! Writes the form that `packed.rs` reads. Only the build script and the tests do so.

use std::ops::Range;

use super::node::{Kind, Node};
use super::packed::{FALSE, FLOAT, INTEGER, LIST, MAP, NULL, PLAIN, QUOTED, TRUE, WRITTEN, between_quotes};

/// Packs the tree of `text`.
pub(super) fn pack(text: &str, node: &Node) -> Vec<u8> {
    let mut packer = Packer { text, out: Vec::new(), at: 0 };
    packer.node(node);
    packer.out
}

struct Packer<'a> {
    text: &'a str,
    out: Vec<u8>,
    at: usize,
}

impl Packer<'_> {
    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.out.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.out.push(value as u8);
    }

    fn signed(&mut self, value: i64) {
        self.number(((value << 1) ^ (value >> 63)) as u64);
    }

    fn span(&mut self, span: &Range<usize>) {
        self.signed(span.start as i64 - self.at as i64);
        self.number((span.end - span.start) as u64);
        self.at = span.start;
    }

    fn text(&mut self, value: &str, span: &Range<usize>) {
        let shown = self.text.get(span.clone()).unwrap_or_default();
        let form = if shown == value {
            PLAIN
        } else if between_quotes(shown) == Some(value) {
            QUOTED
        } else {
            WRITTEN
        };
        self.out.push(form);
        self.span(span);
        if form == WRITTEN {
            self.number(value.len() as u64);
            self.out.extend_from_slice(value.as_bytes());
        }
    }

    fn node(&mut self, node: &Node) {
        let tag = match &node.kind {
            Kind::Text(text) => return self.text(text, &node.span),
            Kind::Null => NULL,
            Kind::Bool(false) => FALSE,
            Kind::Bool(true) => TRUE,
            Kind::Integer(_) => INTEGER,
            Kind::Float(_) => FLOAT,
            Kind::List(_) => LIST,
            Kind::Map(_) => MAP,
        };
        self.out.push(tag);
        self.span(&node.span);
        match &node.kind {
            Kind::Integer(value) => self.signed(*value),
            Kind::Float(value) => self.out.extend_from_slice(&value.to_le_bytes()),
            Kind::List(items) => {
                self.number(items.len() as u64);
                items.iter().for_each(|item| self.node(item));
            }
            Kind::Map(entries) => {
                self.number(entries.len() as u64);
                for (key, value) in entries {
                    self.text(&key.value, &key.span);
                    self.node(value);
                }
            }
            Kind::Null | Kind::Bool(_) | Kind::Text(_) => {}
        }
    }
}
