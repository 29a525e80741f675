//! Parses the command line, runs the command, sets the exit code.
#![allow(unused_crate_dependencies)]

fn main() {}
