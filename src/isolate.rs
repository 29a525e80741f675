//! Work that may break without taking anything else with it: one file, one rule, one excerpt, one finding.
//!
//! A panic is a fault of this program. [`isolated`] turns it into a [`Fault`] that says where in the program it
//! happened and nothing else: the text of a panic can hold text of an export. Nothing is repaired here, and no work
//! is tried again.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Mutex, PoisonError};

/// Work that broke.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fault {
    /// File and line of the program, where they are known.
    place: Option<String>,
}

impl Fault {
    /// `cmlint broke at src/x.rs:1 while WORK, a fault of its own; please report it`.
    pub fn text(&self, work: &str) -> String {
        let place = self.place.as_ref().map_or(String::new(), |place| format!(" at {place}"));
        format!("cmlint broke{place} while {work}, a fault of its own; please report it")
    }
}

thread_local! {
    /// Where the last panic of this thread was.
    static HERE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Where the last panic of any thread was: rayon hands a panic on to the thread that waits for the work.
static ANYWHERE: Mutex<Option<String>> = Mutex::new(None);

/// Does some work; if it breaks, says where.
///
/// # Errors
/// When the work panics.
pub fn isolated<T>(work: impl FnOnce() -> T) -> Result<T, Fault> {
    // What the work left half done is dropped with it, or is only ever used whole (a `OnceLock`, a list of rows that
    // is handed on at the end).
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        let here = HERE.with(|here| here.borrow_mut().take());
        let anywhere = ANYWHERE.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Fault { place: here.or(anywhere) }
    })
}

/// Has panics of the whole process noted down instead of printed. What is printed otherwise can hold text of an
/// export.
pub fn note_panics() {
    std::panic::set_hook(Box::new(note));
}

fn note(panic: &PanicHookInfo<'_>) {
    let Some(location) = panic.location() else { return };
    // Paths of dependencies begin with the folder of whoever built this; what stands behind `src` tells enough.
    let file = location.file().replace('\\', "/");
    let crates = file.rsplit_once("/registry/src/").and_then(|(_, rest)| rest.split_once('/'));
    let place = format!("{}:{}", crates.map_or(file.as_str(), |(_, rest)| rest), location.line());
    HERE.with(|here| *here.borrow_mut() = Some(place.clone()));
    *ANYWHERE.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    #[test]
    fn work_that_breaks_is_a_fault_and_tells_no_text() {
        let broken = isolated(|| {
            let text = std::hint::black_box("of an export ü");
            &text[..text.len() - 1] == "x"
        });
        let fault = broken.expect_err("it breaks");
        assert!(!fault.text("reading").contains("export ü"), "{}", fault.text("reading"));
        assert!(fault.text("reading").contains("while reading"));
        assert_eq!(isolated(|| 3), Ok(3));
    }

    #[test]
    fn work_of_other_threads_is_isolated_too() {
        let broken = isolated(|| (0..64u32).into_par_iter().map(|n| 1 / (63 - n)).sum::<u32>());
        assert!(broken.is_err());
    }
}
