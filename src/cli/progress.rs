//! That work goes on: one line on standard error, on a terminal only, and only when work lasts.

use std::io::{self, IsTerminal};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::output;
/// Work that ends before this shows nothing.
const PATIENCE: Duration = Duration::from_millis(600);
/// How often the line is written.
const BEAT: Duration = Duration::from_millis(250);
/// Back to the beginning of the line, and nothing behind it.
const CLEAR: &str = "\r\u{1b}[K";

/// The line, until this is dropped.
pub(super) struct Progress {
    doing: Arc<Mutex<String>>,
    running: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Begins; `unwanted` says that nothing is to be shown.
    pub(super) fn start(unwanted: bool) -> Self {
        let doing = Arc::new(Mutex::new(String::new()));
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if unwanted || dumb || !io::stderr().is_terminal() {
            return Self { doing, running: None };
        }
        let (stop, stopped) = mpsc::channel();
        let shown = Arc::clone(&doing);
        let thread = std::thread::spawn(move || {
            let begun = Instant::now();
            let mut wait = PATIENCE;
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                let doing = shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
                output::status(&format!("{CLEAR}{doing}, {} s", begun.elapsed().as_secs()));
                wait = BEAT;
            }
            if wait == BEAT {
                output::status(CLEAR);
            }
        });
        Self { doing, running: Some((stop, thread)) }
    }

    /// Says what is being done.
    pub(super) fn does(&self, what: &str) {
        what.clone_into(&mut self.doing.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Makes room for a line of another kind.
    pub(super) fn clear(&self) {
        if self.running.is_some() {
            output::status(CLEAR);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}
