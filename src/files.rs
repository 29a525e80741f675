//! Files that take their places whole, one or many at a time, whatever ends the process in between.
//!
//! `replace` puts one file in place of another. [`Stage`] is for many: they are written into a work folder, a journal
//! says what is to become of them, and only then do they move. Who finds a journal of a run that has ended finishes what
//! it says, so that the files are those from before or all the new ones; a work folder without a journal is rubble and
//! goes. A lock, which the system drops with the process, tells runs that have ended from those that go on.
//!
//! It does not know what the files are, and it deletes nothing but its own work and what it is told to.

use std::fs;
use std::io;
use std::path::Path;

mod replace;
mod stage;

pub use replace::{replace, sweep};
pub use stage::{Stage, StageError, settle};

/// Whether something belongs to the user who runs this. Where there are no such owners, it does.
fn is_mine(metadata: &fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        metadata.uid() == rustix::process::geteuid().as_raw()
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        true
    }
}

/// Lets two folders change places at one stroke. An error where the system or the file system cannot do that.
///
/// # Errors
/// When it cannot be done; then nothing has changed.
pub fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
    }
    #[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
    {
        let _ = (one, other);
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }
}
