//! Rules: when a configuration breaks a statement, as data.
//!
//! A rule file is read as it stands, then checked against the specification and the evidence tables and
//! compiled; nothing is looked up by name afterwards. The shape of the files is in `rules/README.md`.

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Drift, ignored advice, leftovers.
    Warning,
    /// A documented must is broken, or something will not work.
    Error,
}

/// How sure a failure is, given the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Confidence {
    Low,
    Medium,
    High,
}

impl Level {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Confidence {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}
