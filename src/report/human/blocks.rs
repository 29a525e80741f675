//! What is told as one: findings that say the same of one place, and findings that one remedy ends.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::super::{Found, Spot};
use crate::check::Finding;
use crate::rules::Level;

/// Findings of a rule that say the same of the same place, on different statements.
#[derive(Debug)]
pub(super) struct Told<'a> {
    /// All of them; the first stands for them.
    pub(super) findings: Vec<&'a Finding>,
    pub(super) spots: &'a [Spot],
    /// References of the statements that any of them breaks.
    pub(super) statements: Vec<&'a str>,
}

impl<'a> Told<'a> {
    /// The one that stands for all.
    pub(super) fn finding(&self) -> &'a Finding {
        self.findings[0]
    }
}

/// Findings of one rule, level and advice: they differ in whom and where alone.
#[derive(Debug)]
pub(super) struct Block<'a> {
    /// Never empty; in the order of files and places.
    pub(super) all: Vec<Told<'a>>,
    /// How many findings there are in it.
    pub(super) findings: usize,
}

impl<'a> Block<'a> {
    /// The finding that stands for all.
    pub(super) fn first(&self) -> &'a Finding {
        self.all[0].finding()
    }

    pub(super) fn level(&self) -> Level {
        self.first().level
    }
}

/// Puts findings together, the gravest first, and of one level those of most findings first: what is read from its beginning
/// shows the worst, and what is read from its end, on a terminal, has the summary there.
pub(super) fn blocks<'a>(found: &[Found<'a>]) -> Vec<Block<'a>> {
    let mut told: Vec<Told<'a>> = Vec::new();
    let mut same: HashMap<_, usize> = HashMap::new();
    for &(finding, spots) in found {
        let place = spots.first().map(|s| (s.path.as_str(), s.line, s.column));
        let key = (finding.rule.as_str(), finding.level, finding.message.as_str(), place);
        let number = *same.entry(key).or_insert_with(|| {
            told.push(Told { findings: Vec::new(), spots, statements: Vec::new() });
            told.len() - 1
        });
        told[number].findings.push(finding);
        for statement in &finding.statements {
            if !told[number].statements.contains(&statement.as_str()) {
                told[number].statements.push(statement);
            }
        }
    }
    let mut blocks: Vec<Block<'a>> = Vec::new();
    let mut known: HashMap<_, usize> = HashMap::new();
    for one in told {
        let finding = one.finding();
        let key = (finding.rule.as_str(), finding.level, finding.help.as_str());
        let number = *known.entry(key).or_insert_with(|| {
            blocks.push(Block { all: Vec::new(), findings: 0 });
            blocks.len() - 1
        });
        blocks[number].findings += one.findings.len();
        blocks[number].all.push(one);
    }
    blocks.sort_by_key(|block| (Reverse(block.level()), Reverse(block.findings)));
    blocks
}
