//! One file a format. Decides nothing.
