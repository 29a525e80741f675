//! Drives a reader of an XML shape over the windows of a source.
//!
//! A reader takes one step at a time: an object, or a tag between objects. When the window ends in the middle of
//! a step, more text is fetched and the step is taken again. So a step must not tell its sink anything before it
//! knows that what it reads is there as a whole.

use crate::reader::xml::{Mark, Stack, Stop, Tokens};
use crate::reader::{Fault, Sink};
use crate::source::{Span, View, Window};

/// Whether there is more to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// Go on.
    More,
    /// The end, or nothing behind this place is of interest.
    Done,
}

/// A reader of some shape.
pub(super) trait Shape {
    /// Reads what begins with the next token.
    ///
    /// # Errors
    /// What the tokens say; at [`Stop::Incomplete`] the step is taken again with more text.
    fn step(&mut self, tokens: &mut Tokens<'_>, view: View<'_>, sink: &mut dyn Sink) -> Result<Flow, Stop>;
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// What stopped it before the end.
    pub(super) fault: Option<Fault>,
    /// The elements that were open.
    pub(super) stack: Stack,
    /// Where in the source.
    pub(super) at: u64,
    /// A document type declaration, which is never read.
    pub(super) doctype: Option<Span>,
}

/// Runs a reader over a window to the end of its source or segment. `stack` are the elements that are open where
/// the window begins; `segment` says that the end of the window is to be taken for the end of a segment, at which
/// elements may be open.
pub(super) fn run(
    window: &mut Window,
    stack: Stack,
    segment: bool,
    shape: &mut dyn Shape,
    sink: &mut dyn Sink,
) -> Ended {
    let mut stack = stack;
    let mut start: Option<Mark> = None;
    let mut doctype = None;
    loop {
        let view = window.view();
        let at_end = window.at_end();
        let mut tokens = Tokens::resume(view.text, 0, at_end && !segment, stack);
        if let Some(mark) = start {
            tokens.rewind(mark.at_start());
        }
        let mut fault = None;
        let mut done = false;
        let mut mark = tokens.mark();
        while !done {
            mark = tokens.mark();
            match shape.step(&mut tokens, view, sink) {
                Ok(Flow::More) => {}
                Ok(Flow::Done) => {
                    mark = tokens.mark();
                    done = true;
                }
                Err(Stop::Incomplete) => {
                    tokens.rewind(mark);
                    break;
                }
                Err(Stop::Syntax) => {
                    let syntax = tokens.fault();
                    fault = Some(Fault { text: syntax.text, span: view.span(syntax.at), ends: syntax.ends });
                    done = true;
                }
            }
        }
        doctype = doctype.or_else(|| tokens.doctype().map(|range| view.span(range)));
        let mut reached = mark.at();
        if !done && segment && view.text.get(reached..).is_some_and(|rest| rest.trim().is_empty()) {
            // The blanks before what the next segment begins with.
            reached = if at_end { view.text.len() } else { reached };
        }
        let at = view.offsets.file(view.text, reached);
        stack = tokens.into_stack();
        if done || at_end {
            return Ended { fault, stack, at, doctype };
        }
        start = Some(mark);
        if let Err(error) = window.advance(mark.at()) {
            let fault =
                Some(Fault { text: error.to_string(), span: Span { start: at, end: at }, ends: false });
            return Ended { fault, stack, at, doctype };
        }
    }
}
