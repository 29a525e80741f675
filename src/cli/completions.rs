//! `cmlint completions`: what lets a shell complete the command line.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Exit, output};

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cmlint completions bash > ~/.local/share/bash-completion/completions/cmlint
  cmlint completions zsh > ~/.zfunc/_cmlint
  cmlint completions fish > ~/.config/fish/completions/cmlint.fish
  cmlint completions powershell >> $PROFILE")]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cmlint", &mut script);
    output::write(&String::from_utf8_lossy(&script), None)?;
    Ok(Exit::Clean)
}
