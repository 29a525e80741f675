//! Parses the command line, runs the command, sets the exit code.

use std::process::ExitCode;

use cmlint::cli::{self, Cli, Exit};
use cmlint::isolate;

fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version arrive here too, with exit code 0. A closed pipe is nobody's fault.
            let _ = error.print();
            return if error.use_stderr() { Exit::Trouble.into() } else { Exit::Clean.into() };
        }
    };
    isolate::note_panics();
    match isolate::isolated(|| cli::run(cli)) {
        Err(fault) => {
            cli::complain(&anyhow::Error::msg(fault.text("running this command")));
            Exit::Trouble.into()
        }
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(error)) => {
            cli::complain(&error);
            Exit::Trouble.into()
        }
    }
}
