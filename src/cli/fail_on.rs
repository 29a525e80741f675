//! `--fail-on`: from which level on findings make the exit code 1.

use clap::ValueEnum;

use crate::rules::Level;

/// From which level on findings make the exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// Errors only
    Error,
    /// Warnings and errors
    Warning,
    /// Any finding
    Note,
    /// Nothing: findings never fail the run
    Never,
}

impl FailOn {
    pub(super) fn fails(self, level: Level) -> bool {
        match self {
            Self::Error => level >= Level::Error,
            Self::Warning => level >= Level::Warning,
            Self::Note => true,
            Self::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_fail_from_the_given_one_on() {
        assert!(FailOn::Warning.fails(Level::Warning));
        assert!(FailOn::Warning.fails(Level::Error));
        assert!(!FailOn::Warning.fails(Level::Note));
        assert!(!FailOn::Error.fails(Level::Warning));
        assert!(FailOn::Note.fails(Level::Note));
        assert!(!FailOn::Never.fails(Level::Error));
    }
}
