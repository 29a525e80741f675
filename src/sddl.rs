//! Access lists in text: security descriptors in SDDL, and the `AccessToString` lines of PowerShell's `Get-Acl`.
//!
//! ```text
//! parse("O:BAD:PAI(A;OICI;FA;;;BA)")    -> Descriptor -> Dacl -> Acl -> Entry
//! parse_listing("LAB\\svc Allow  Modify") ->                     Acl -> Entry
//! Dacl::access(kind, object, member)    -> Access: what is granted for sure, and what may be
//! ```
//!
//! Every entry keeps its place in the text. An entry that cannot be read is kept as such, with what is known of
//! it, because an access list of which a part is unknown must not be taken for one without that part.
//!
//! It does not look anything up: who is a member of what, and which domain `DA` speaks of, is asked of the caller.
//! It reads no binary descriptors, evaluates no conditions, and does not follow inheritance from a parent: exports
//! list inherited entries with each object. What the owner may do by being the owner is not counted either.
//!
//! The grammar is that of [MS-DTYP] 2.5.1; letters are read without regard to case.

use std::ops::Range;

mod access;
mod listing;
mod names;
mod syntax;

pub use access::{Access, Member, Securable};
pub use names::{NTFS, ntfs_beyond_reading, ntfs_permissions, rights_of_names};

/// Reads a security descriptor in SDDL.
///
/// # Errors
/// When the text is not SDDL. Entries of an access list that cannot be read are not errors but [`Entry::Unread`].
pub fn parse(text: &str) -> Result<Descriptor, Wrong> {
    syntax::descriptor(text)
}

/// Reads the lines of `AccessToString`: `IDENTITY Allow  RIGHTS`, with the rights as names or as a number.
///
/// Such lines do not tell what is inherited and what applies only to the objects below: [`Ace::flags`] is none.
pub fn parse_listing(text: &str) -> Acl {
    listing::acl(text)
}

/// Why a text is not a security descriptor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Wrong {
    /// In plain words: lower-case start, no full stop.
    pub why: &'static str,
    /// Where in the text.
    pub range: Range<usize>,
}

/// A security descriptor. Its system access list (auditing, labels) is read over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// `O:`
    pub owner: Option<Trustee>,
    /// `G:`
    pub group: Option<Trustee>,
    /// `D:`
    pub dacl: Dacl,
}

/// The discretionary access list of a descriptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dacl {
    /// The text has none. In an export this says that it was not asked for.
    Absent,
    /// `D:NO_ACCESS_CONTROL`: everyone may do everything.
    Null,
    /// A list. An empty one grants nothing to anyone.
    List(Acl),
}

/// An access list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Acl {
    /// Where it stands: `D:` with all that belongs to it, or all lines.
    pub range: Range<usize>,
    /// `P`: takes nothing from the object above.
    pub protected: bool,
    /// `AI`: what the object above hands down is listed.
    pub auto_inherited: bool,
    /// `AR`: it is to be handed down.
    pub auto_inherit_requested: bool,
    /// Its entries in order. The order decides.
    pub entries: Vec<Entry>,
}

impl Acl {
    /// The entries that could be read.
    pub fn aces(&self) -> impl Iterator<Item = &Ace> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Ace(ace) => Some(ace),
            Entry::Unread(_) => None,
        })
    }

    /// The entries that could not be read.
    pub fn unread(&self) -> impl Iterator<Item = &Unread> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Ace(_) => None,
            Entry::Unread(unread) => Some(unread),
        })
    }
}

/// An entry of an access list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// One that was understood.
    Ace(Ace),
    /// One that was not.
    Unread(Unread),
}

/// An entry that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Where it stands.
    pub range: Range<usize>,
    /// In plain words: lower-case start, no full stop.
    pub why: &'static str,
    /// Whom it is about, if that much is known.
    pub trustee: Option<Trustee>,
}

/// An access control entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ace {
    /// Where it stands: with its brackets in SDDL, without the line end in a listing.
    pub range: Range<usize>,
    /// What it does.
    pub kind: AceKind,
    /// It holds only under a condition (`XA`, `XD`, `ZA`), which is not evaluated.
    pub conditional: bool,
    /// How it is handed down; none if the text does not tell.
    pub flags: Option<Flags>,
    /// The rights as they are written: generic bits are kept, see [`Securable::map_generic`].
    pub mask: u32,
    /// Where the rights stand.
    pub rights: Range<usize>,
    /// The property, class or extended right it is confined to, as a lower-case GUID without braces.
    pub object: Option<Box<str>>,
    /// The class of objects that inherit it, as a lower-case GUID without braces.
    pub inherited_object: Option<Box<str>>,
    /// Whom it is about.
    pub trustee: Trustee,
}

impl Ace {
    /// Whether it counts for the object itself, and is not only there to be handed down. An entry without flags
    /// counts, unless it has generic rights: these are mapped when an entry takes effect, so that what still has
    /// them waits for an object below.
    pub fn applies_here(&self) -> bool {
        match self.flags {
            Some(flags) => !flags.inherit_only,
            None => self.mask & names::GENERIC == 0,
        }
    }

    /// Whether subfolders take it over. None if the text does not tell.
    pub fn applies_to_folders(&self) -> Option<bool> {
        self.flags.map(|flags| flags.container_inherit)
    }

    /// Whether the files below take it over. None if the text does not tell.
    pub fn applies_to_files(&self) -> Option<bool> {
        self.flags.map(|flags| flags.object_inherit)
    }
}

/// What an entry does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AceKind {
    /// Grants rights.
    Allow,
    /// Takes rights away.
    Deny,
    /// Says nothing of access: auditing, labels, attributes.
    Other,
}

/// How an entry is handed down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags {
    /// `OI`: files take it over.
    pub object_inherit: bool,
    /// `CI`: folders take it over.
    pub container_inherit: bool,
    /// `NP`: only by what stands directly below.
    pub no_propagate: bool,
    /// `IO`: it does not count for the object itself.
    pub inherit_only: bool,
    /// `ID`: it comes from an object above.
    pub inherited: bool,
}

impl Flags {
    /// From the bits of an `AceFlags` number.
    pub fn from_bits(bits: u32) -> Self {
        Self {
            object_inherit: bits & 0x1 != 0,
            container_inherit: bits & 0x2 != 0,
            no_propagate: bits & 0x4 != 0,
            inherit_only: bits & 0x8 != 0,
            inherited: bits & 0x10 != 0,
        }
    }
}

/// An account or group in a descriptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trustee {
    /// Who it is.
    pub principal: Principal,
    /// Where that is written.
    pub range: Range<usize>,
}

/// The ways in which a descriptor names someone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A security identifier in full. Aliases that are the same everywhere (`BA`, `SY`) are resolved to it.
    Sid(Box<str>),
    /// The account or group with this relative identifier in the domain of the object (`DA` is 512).
    InDomain(u32),
    /// The group with this relative identifier in the root domain of the forest (`EA` is 519).
    InRootDomain(u32),
    /// The account with this relative identifier on the computer itself (`LA` is 500).
    OnComputer(u32),
    /// A name.
    Name(Box<str>),
}

impl Principal {
    /// From a name or a security identifier in full.
    pub fn from_name(text: &str) -> Self {
        match names::sid(text) {
            Some(sid) => Self::Sid(sid),
            None => Self::Name(text.into()),
        }
    }

    /// The security identifier in full, if it is known or can be put together from the identifiers of the domain,
    /// of the forest's root domain and of the computer.
    pub fn sid(&self, domain: Option<&str>, root: Option<&str>, computer: Option<&str>) -> Option<Box<str>> {
        let below = |parent: Option<&str>, rid: &u32| Some(format!("{}-{rid}", parent?).into());
        match self {
            Self::Sid(sid) => Some(sid.clone()),
            Self::InDomain(rid) => below(domain, rid),
            Self::InRootDomain(rid) => below(root, rid),
            Self::OnComputer(rid) => below(computer, rid),
            Self::Name(_) => None,
        }
    }

    /// Whether this stands for whoever will own or create an object below, and for nobody here.
    pub fn is_placeholder(&self) -> bool {
        matches!(self, Self::Sid(sid) if matches!(&**sid, "S-1-3-0" | "S-1-3-1" | "S-1-3-2" | "S-1-3-3"))
    }
}

impl std::fmt::Display for Principal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sid(text) | Self::Name(text) => f.write_str(text),
            Self::InDomain(rid) => write!(f, "(domain)-{rid}"),
            Self::InRootDomain(rid) => write!(f, "(root domain)-{rid}"),
            Self::OnComputer(rid) => write!(f, "(computer)-{rid}"),
        }
    }
}
