//! Documented facts: what a statement says in a form that can be judged.
//!
//! A fact is a kind and some keys. What kinds there are and how they are said is data (`vocabulary.yaml`). The kinds
//! that the program itself judges are types here ([`Says`]): they are read when the specification is loaded, and a place,
//! a selector or a condition that nothing judges is a mistake that shows where it is written. How a fact is judged is
//! for others.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::{Date, Timeline};
use crate::vocabulary::Vocabulary;
use crate::yaml::{File, Kind, Node, Problem, Problems, Spanned};

/// A documented fact: a right, a limit, a permission. Any value may differ by revision.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Its kind.
    pub kind: String,
    /// Its keys and values.
    pub keys: BTreeMap<String, Timeline<Value>>,
    /// Those of the keys that are ours and not the documents'.
    pub derived: Vec<String>,
    /// Where its kind stands in the file of its entity.
    pub span: Range<usize>,
    /// What it says by the revision from which that holds, in order; none where it says nothing.
    states: Vec<(Date, Option<State>)>,
}

/// What a fact says at one revision.
#[derive(Debug, Clone)]
struct State {
    values: Values,
    says: Option<Says>,
}

/// The keys of a fact with their values at one revision.
pub type Values = serde_json::Map<String, Value>;

impl Fact {
    /// From when on it says the same for good; none if that differs from revision to revision.
    pub fn settled_since(&self) -> Option<Date> {
        match self.states.as_slice() {
            [(since, Some(_))] => Some(*since),
            _ => None,
        }
    }

    /// Its values by the revision from which they hold, in order; none where it says nothing.
    pub fn over_time(&self) -> impl Iterator<Item = (Date, Option<&Values>)> {
        self.states.iter().map(|(date, state)| (*date, state.as_ref().map(|state| &state.values)))
    }

    fn state(&self, revision: Date) -> Option<&State> {
        self.states.iter().rev().find(|(from, _)| *from <= revision)?.1.as_ref()
    }

    /// Its values at a revision; none if it says nothing there.
    pub fn at(&self, revision: Date) -> Option<&Values> {
        self.state(revision).map(|state| &state.values)
    }

    /// What it says at a revision, if it is of a kind that the program judges.
    pub fn says(&self, revision: Date) -> Option<&Says> {
        self.state(revision)?.says.as_ref()
    }

    /// What it says in any revision, where it is of a kind that the program judges.
    pub fn ever(&self) -> impl Iterator<Item = &Says> {
        self.states.iter().filter_map(|(_, state)| state.as_ref()?.says.as_ref())
    }

    /// Why no export can show it, if nothing it speaks of is in any. `revision` is one that states it.
    pub fn unjudged(&self, vocabulary: &Vocabulary, revision: Date) -> Option<String> {
        let hosts = match self.says(revision)? {
            Says::UserRight(UserRight { hosts, .. })
            | Says::GroupMembership(GroupMembership { hosts, .. }) => hosts,
            _ => return None,
        };
        let mut reasons = hosts.iter().map(|hosts| match hosts {
            Hosts::Unjudged(place) => vocabulary.unjudged(place),
            _ => None,
        });
        let first = reasons.next()??;
        reasons.all(|reason| reason.is_some()).then(|| first.to_owned())
    }
}

/// A kind of fact that the program judges.
pub trait Judged: Sized {
    /// The word used in files.
    const KIND: &'static str;
    /// The fact, if it is of this kind.
    fn of(says: &Says) -> Option<&Self>;
}

/// Declares the judged kinds: the word in files and the type.
macro_rules! judged {
    ($($word:literal => $kind:ident),* $(,)?) => {
        /// What a fact of a kind says that the program judges.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Says {
            $($kind($kind)),*
        }
        impl Says {
            /// Reads a fact of one of these kinds; none for other kinds and where something is wrong, which is told.
            fn read(reading: &mut Reading<'_>) -> Option<Self> {
                match reading.kind {
                    $($word => $kind::read(reading).map(Self::$kind),)*
                    _ => None,
                }
            }
        }
        $(impl Judged for $kind {
            const KIND: &'static str = $word;
            fn of(says: &Says) -> Option<&Self> {
                match says {
                    Says::$kind(fact) => Some(fact),
                    _ => None,
                }
            }
        })*
    };
}

judged! {
    "access" => Access,
    "account-domain" => AccountDomain,
    "account-kind" => AccountKind,
    "acl" => FolderPermission,
    "ad-acl" => DirectoryPermission,
    "created-when" => CreatedWhen,
    "dcom" => DcomPermission,
    "distinct-from" => DistinctFrom,
    "group-membership" => GroupMembership,
    "least-privilege" => LeastPrivilege,
    "location" => Location,
    "location-limit" => LocationLimit,
    "member" => Member,
    "purpose" => Purpose,
    "share-acl" => SharePermission,
    "sql" => DatabasePermission,
    "usage" => Usage,
    "user-right" => UserRight,
    "wmi-acl" => WmiPermission,
}

/// Whether something has to be or must not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Effect {
    Require,
    Forbid,
}

const EFFECTS: &[(&str, Effect)] = &[("require", Effect::Require), ("forbid", Effect::Forbid)];

/// The computers on which an account is to hold a right or to be in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hosts {
    /// All of which anything is exported.
    Any,
    /// Those in a position of the hierarchy, of the site for which the account is set.
    Position(String),
    /// The one that the account is set on.
    Own,
    /// The server of the database that the reporting role of the account reads.
    ReportingDatabase,
    /// Clients; those of which rights or groups are exported.
    Clients,
    /// Computers that run task sequences, which any client may be.
    TaskSequenceComputers,
    /// Domain controllers.
    DomainControllers,
    /// Those of which no export tells which they are; the vocabulary says why.
    Unjudged(String),
}

/// A user right.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct UserRight {
    pub right: String,
    pub effect: Effect,
    pub hosts: Vec<Hosts>,
}

impl UserRight {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        if r.has("when") {
            r.complain(
                "when",
                "nothing judges the condition of a user right",
                "leave it out, or say it in the statement's text",
            );
            return None;
        }
        let hosts = r.hosts();
        Some(Self { right: r.text("right")?.to_owned(), effect: r.word("effect", EFFECTS)?, hosts: hosts? })
    }
}

/// Whether an account has to be, must not be or need not be in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Demand {
    Require,
    Forbid,
    NotNeeded,
}

/// Where a group is to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum GroupScope {
    Local,
    Domain,
    Unstated,
}

/// A group that an account belongs in, or does not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct GroupMembership {
    pub group: String,
    pub scope: GroupScope,
    pub demand: Demand,
    pub hosts: Vec<Hosts>,
    /// Only where a computer account is used for a migration.
    pub for_computer_account: bool,
    /// The generation of the source site that is meant; empty for any.
    pub generation: Vec<String>,
}

impl GroupMembership {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        const SCOPES: &[(&str, GroupScope)] = &[
            ("local", GroupScope::Local),
            ("domain", GroupScope::Domain),
            ("unstated", GroupScope::Unstated),
        ];
        let demand = match (r.word("effect", EFFECTS), r.flag("required")) {
            (Some(Effect::Forbid), _) => Demand::Forbid,
            (_, Some(false)) => Demand::NotNeeded,
            _ => Demand::Require,
        };
        let scope = if r.has("scope") { r.word("scope", SCOPES)? } else { GroupScope::Unstated };
        let hosts = if r.has("hosts") { r.hosts()? } else { Vec::new() };
        let when = r.word("when", &[("computer account used", true)]);
        if demand == Demand::Require && scope == GroupScope::Local && hosts.is_empty() && when.is_none() {
            r.complain(
                "group",
                "a local group in which an account has to be stands on some computers",
                "add `hosts`",
            );
            return None;
        }
        if r.has("when") && when.is_none() {
            return None;
        }
        let group = r.text("group")?.to_owned();
        Some(Self {
            group,
            scope,
            demand,
            hosts,
            for_computer_account: when == Some(true),
            generation: r.texts("generation"),
        })
    }
}

/// Which of the folders at and below a documented one are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FolderScope {
    ThisFolder,
    Subfolders,
    SomeSubfolders,
    ThisFolderAndSubfolders,
    WholeComputer,
}

impl FolderScope {
    /// Whether it speaks of folders below the documented one.
    pub fn reaches_below(self) -> bool {
        match self {
            Self::Subfolders | Self::SomeSubfolders | Self::ThisFolderAndSubfolders => true,
            Self::ThisFolder | Self::WholeComputer => false,
        }
    }
}

/// Where documented folders are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folders {
    /// Below the installation directory on the site server: the path below it.
    Installation(String),
    /// With content, on distribution points.
    Content,
    /// Any on a client: rules look at the rights of the group there.
    Client,
}

/// A permission in folders.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct FolderPermission {
    /// Whose it is, if not the account's or group's that it is said of.
    pub principal: Option<String>,
    pub permissions: Vec<String>,
    /// Any of these sets will do.
    pub alternatives: Vec<Vec<String>>,
    pub folders: Folders,
    pub scope: FolderScope,
}

impl FolderPermission {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        const SCOPES: &[(&str, FolderScope)] = &[
            ("this-folder", FolderScope::ThisFolder),
            ("subfolders", FolderScope::Subfolders),
            ("some-subfolders", FolderScope::SomeSubfolders),
            ("this-folder-and-subfolders", FolderScope::ThisFolderAndSubfolders),
            ("whole-computer", FolderScope::WholeComputer),
        ];
        const HOSTS: &[(&str, u8)] = &[("site-server", 0), ("distribution-point", 1), ("client", 2)];
        let scope = if r.has("scope") { r.word("scope", SCOPES)? } else { FolderScope::ThisFolder };
        let host = if r.has("host") { r.word("host", HOSTS)? } else { 0 };
        let folders = match (host, r.text("relative_path")) {
            (0, Some(path)) => Folders::Installation(path.to_owned()),
            (0, None) => {
                r.complain(
                    "host",
                    "a folder on a site server has no path",
                    "say where it is below the installation directory: `relative_path`",
                );
                return None;
            }
            (1, _) => Folders::Content,
            _ => Folders::Client,
        };
        let permissions = r.texts("permissions");
        let sets = match r.values.get("alternatives") {
            Some(Value::Array(sets)) => sets.iter().map(texts_of).collect(),
            _ => vec![permissions.clone()],
        };
        let principal = r.text("principal").map(str::to_owned);
        Some(Self { principal, permissions, alternatives: sets, folders, scope })
    }
}

/// Permissions on the share that a task sequence step names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct SharePermission {
    pub permissions: Vec<String>,
}

impl SharePermission {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        Some(Self { permissions: r.texts("permissions") })
    }
}

/// Permissions in a WMI namespace of the computers with an SMS Provider.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct WmiPermission {
    pub namespace: String,
    pub principal: String,
    pub permissions: Vec<String>,
}

impl WmiPermission {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        Some(Self {
            namespace: r.text("namespace")?.to_owned(),
            principal: r.text("principal")?.to_owned(),
            permissions: r.texts("permissions"),
        })
    }
}

/// A DCOM permission.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct DcomPermission {
    pub permission: String,
    /// The positions of the computers on which it is needed; empty if the fact only says to whom it is given.
    pub positions: Vec<String>,
    /// The group to give it to, rather than its users.
    pub grant_to: Option<String>,
}

impl DcomPermission {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        let mut positions = Vec::new();
        for hosts in if r.has("hosts") { r.hosts()? } else { Vec::new() } {
            match hosts {
                Hosts::Position(position) => positions.push(position),
                Hosts::Any
                | Hosts::Own
                | Hosts::ReportingDatabase
                | Hosts::Clients
                | Hosts::TaskSequenceComputers
                | Hosts::DomainControllers
                | Hosts::Unjudged(_) => {
                    r.complain(
                        "hosts",
                        "DCOM is looked at on computers with a role of a site",
                        "name a role",
                    );
                    return None;
                }
            }
        }
        let grant_to = r.text("grant_to").map(str::to_owned);
        Some(Self { permission: r.text("permission")?.to_owned(), positions, grant_to })
    }
}

/// A database of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// The site's.
    Site,
    /// That of the site which data is migrated from.
    SourceSite,
}

const DATABASES: &[(&str, Database)] =
    &[("site database", Database::Site), ("source site database", Database::SourceSite)];

/// Permissions in a database.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct DatabasePermission {
    pub permissions: Vec<String>,
    pub database: Database,
}

impl DatabasePermission {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        Some(Self { permissions: r.texts("permissions"), database: r.word("database", DATABASES)? })
    }
}

/// What an account is for, as far as that is judged: which database it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purpose {
    /// The role, or whatever else, that uses it.
    pub used_by: Option<String>,
    /// The database it reads.
    pub reads: Option<Database>,
    /// The database it connects to, for whatever it does there.
    pub connects_to: Option<Database>,
}

impl Purpose {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        Some(Self {
            used_by: r.text("used_by").map(str::to_owned),
            reads: r.one_of("reads", DATABASES),
            connects_to: r.one_of("connects_to", DATABASES),
        })
    }
}

/// What a group gives access to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The database of the site.
    SiteDatabase,
    /// The inbox folders of the site server; the permissions in them are facts of their own.
    Inboxes,
}

impl Access {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        r.word("object", &[("site database", Self::SiteDatabase), ("inbox folders", Self::Inboxes)])
    }
}

/// Objects of the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectoryTarget {
    /// Each forest in which discovery is on.
    Forests,
    /// The container in which sites publish.
    SystemManagement,
    /// What a discovery method searches.
    Locations,
    /// Where computers can be added.
    Containers,
}

/// Permissions on objects of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct DirectoryPermission {
    pub permissions: Vec<String>,
    pub target: DirectoryTarget,
    pub effect: Effect,
}

impl DirectoryPermission {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        const TARGETS: &[(&str, DirectoryTarget)] = &[
            ("each forest with discovery enabled", DirectoryTarget::Forests),
            ("System Management container", DirectoryTarget::SystemManagement),
            ("each configured discovery location", DirectoryTarget::Locations),
            ("organizational units and containers", DirectoryTarget::Containers),
        ];
        Some(Self {
            permissions: r.texts("permissions"),
            target: r.word("target", TARGETS)?,
            effect: r.word("effect", EFFECTS)?,
        })
    }
}

/// Computers whose accounts belong in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Computers {
    SiteServer,
    CentralSiteServer,
    CentralSiteDatabase,
    RemoteManagementPoints,
    RemoteProviders,
    /// Remote site systems with a file dispatch manager.
    FileDispatchers,
    ChildSiteServers,
    ParentSiteServer,
    /// Computers with a role of the site, by its name in exports.
    Role(String),
}

/// Who belongs in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Members {
    /// Nobody, unless someone adds them.
    Nobody,
    /// Administrative users; with a permission those that have it.
    AdministrativeUsers {
        /// On collections.
        permission: Option<String>,
    },
    /// The entries of the Permitted Viewers list.
    PermittedViewers,
    /// Accounts set for file replication to the site.
    FileReplicationAccounts,
    /// The same said of one that is set in place of the computer account: who has to add it is a person.
    OtherTransferAccounts,
    /// The accounts of computers.
    Computers {
        /// Which.
        of: Computers,
        /// A user account of a domain may take the place of the computer's.
        or_user: bool,
    },
}

/// Members of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The word for them, as tables hold it.
    pub selector: String,
    /// Who.
    pub who: Members,
}

impl Member {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        let selector = r.text("selector")?.to_owned();
        let who = match selector.as_str() {
            "none" => Members::Nobody,
            "administrative-user" => {
                Members::AdministrativeUsers { permission: r.text("permission").map(str::to_owned) }
            }
            "permitted-viewer" => Members::PermittedViewers,
            "file-replication-account" => Members::FileReplicationAccounts,
            "alternate-file-transfer-account" => Members::OtherTransferAccounts,
            "computer-account" => Members::Computers { of: r.computers()?, or_user: false },
            "computer-account-or-domain-user" => Members::Computers { of: r.computers()?, or_user: true },
            _ => {
                let known = [
                    "none",
                    "administrative-user",
                    "permitted-viewer",
                    "file-replication-account",
                    "alternate-file-transfer-account",
                    "computer-account",
                    "computer-account-or-domain-user",
                ];
                r.unknown("selector", "kind of member", &selector, known.into_iter());
                return None;
            }
        };
        Some(Self { selector, who })
    }
}

/// The computers a group stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Location {
    SiteServer,
    PrimarySiteServer,
    DatabaseReplica,
    Clients,
    /// Computers with a role, by its name in exports and in words.
    Role {
        export: String,
        words: String,
    },
}

impl Location {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        let host = r.text("host")?.to_owned();
        match host.as_str() {
            "site-server" => Some(Self::SiteServer),
            "primary-site-server" => Some(Self::PrimarySiteServer),
            "database-replica-server" => Some(Self::DatabaseReplica),
            "client" => Some(Self::Clients),
            other => match r.vocabulary.role_of(other) {
                Some(role) => {
                    Some(Self::Role { export: role.export_name.clone()?, words: role.name.clone() })
                }
                None => {
                    r.nowhere("host", other);
                    None
                }
            },
        }
    }
}

/// A type of site, as the documents tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SiteType {
    Secondary,
    Primary,
    ChildPrimary,
    Central,
}

/// The only type of site at which a group stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct LocationLimit {
    pub site_type: SiteType,
}

impl LocationLimit {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        const TYPES: &[(&str, SiteType)] = &[
            ("secondary", SiteType::Secondary),
            ("primary", SiteType::Primary),
            ("child-primary", SiteType::ChildPrimary),
            ("cas", SiteType::Central),
        ];
        Some(Self { site_type: r.word("site_type", TYPES)? })
    }
}

/// What a group is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreatedWhen {
    /// Distributed views of the database replication to a site.
    DistributedViews,
    /// Remote tools are switched on by the policy of a client.
    RemoteTools,
}

impl CreatedWhen {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        if r.has("feature") {
            return r.word("feature", &[("distributed views", Self::DistributedViews)]);
        }
        r.word("event", &[("client policy enables remote tools", Self::RemoteTools)])
    }
}

/// Whether a group is used at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Usage {
    pub in_use: Option<bool>,
}

impl Usage {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        Some(Self { in_use: r.flag("in_use") })
    }
}

/// That rights are to be as few as they can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeastPrivilege {
    /// The word of the documents, where they do not say for what.
    pub term: Option<String>,
}

impl LeastPrivilege {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        Some(Self { term: r.text("term").map(str::to_owned) })
    }
}

/// Another account than the one for something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistinctFrom {
    /// The id of the other.
    pub account: String,
}

impl DistinctFrom {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        Some(Self { account: r.text("account")?.to_owned() })
    }
}

/// From which domain an account comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDomain {
    /// Distribution points have to accept it: content is opened with it.
    pub opens_content: bool,
}

impl AccountDomain {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        const REQUIRED: &[(&str, bool)] =
            &[("trusted domain", true), ("can access the distribution points", true)];
        let opens_content = if r.has("required") { r.word("required", REQUIRED)? } else { false };
        Some(Self { opens_content })
    }
}

/// Between which domains a missing trust asks for another kind of account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distrust {
    /// The site server's, and that of the computer with the role.
    RoleHost,
    /// That of the database of the site, and of the computer with the role.
    SiteDatabase,
}

/// Which kinds of accounts may serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountKind {
    /// The missing trust in whose case the fact holds.
    pub distrust: Option<Distrust>,
}

impl AccountKind {
    fn read(r: &mut Reading<'_>) -> Option<Self> {
        const WHEN: &[(&str, Distrust)] = &[
            ("role host in untrusted domain relative to site server", Distrust::RoleHost),
            ("site database in untrusted forest", Distrust::SiteDatabase),
        ];
        let distrust = if r.has("when") { Some(r.word("when", WHEN)?) } else { None };
        Some(Self { distrust })
    }
}

/// What a fact is read from: its values at one revision, and where each key stands.
struct Reading<'r> {
    file: &'r Arc<File>,
    kind: &'r str,
    span: Range<usize>,
    nodes: &'r [(&'r Spanned<String>, &'r Node)],
    values: &'r Values,
    vocabulary: &'r Vocabulary,
    problems: &'r mut Problems,
}

impl<'r> Reading<'r> {
    fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    fn text(&self, key: &str) -> Option<&'r str> {
        self.values.get(key).and_then(Value::as_str)
    }

    fn texts(&self, key: &str) -> Vec<String> {
        self.values.get(key).map(texts_of).unwrap_or_default()
    }

    fn flag(&self, key: &str) -> Option<bool> {
        self.values.get(key).and_then(Value::as_bool)
    }

    /// Where a value of a key stands, else the key, else the fact.
    fn place(&self, key: &str, value: Option<&str>) -> Range<usize> {
        let Some((name, node)) = self.nodes.iter().find(|(name, _)| name.value == key) else {
            return self.span.clone();
        };
        let mut leaves = Vec::new();
        texts_in(node, &mut leaves);
        let leaf = leaves.into_iter().find(|leaf| Some(leaf.value) == value);
        leaf.map_or_else(|| name.span.clone(), |leaf| leaf.span)
    }

    fn tell(&mut self, problem: Problem) {
        // A value that holds in several revisions is wrong once.
        let again = |p: &Problem| p.span == problem.span && p.message == problem.message;
        if !self.problems.0.iter().any(again) {
            self.problems.push(problem);
        }
    }

    fn complain(&mut self, key: &str, message: &str, help: &str) {
        let problem = Problem::error(self.file, self.place(key, self.text(key)), message).help(help);
        self.tell(problem);
    }

    fn unknown<'n>(&mut self, key: &str, what: &str, value: &str, known: impl Iterator<Item = &'n str>) {
        let place = self.place(key, Some(value));
        let problem = Problem::unknown_name(self.file, place, what, value, known);
        self.tell(problem);
    }

    /// A place of which the program does not know which computers it means.
    fn nowhere(&mut self, key: &str, place: &str) {
        let message = format!("nothing tells which computers `{place}` means in `{}` facts", self.kind);
        let problem = Problem::error(self.file, self.place(key, Some(place)), message)
            .label("no rule could judge this")
            .help("name a role with an `export_name`, or say in the vocabulary why no export can tell: `unjudged`");
        self.tell(problem);
    }

    /// A value that has to be one of some words; none if it is not there, and a problem if it is another.
    fn word<T: Copy>(&mut self, key: &str, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let what = format!("value of `{key}` in `{}` facts", self.kind);
            self.unknown(key, &what, text, words.iter().map(|(word, _)| *word));
        }
        found
    }

    /// A value that may be one of some words and may be any other.
    fn one_of<T: Copy>(&self, key: &str, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(key)?;
        words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
    }

    fn hosts(&mut self) -> Option<Vec<Hosts>> {
        let places = self.texts("hosts");
        let mut out = Vec::new();
        for place in &places {
            let hosts = match place.as_str() {
                "any" => Hosts::Any,
                // An account for these is set on the computer itself.
                "target-site-systems" | "wsus-computer" => Hosts::Own,
                "reporting-database-server" => Hosts::ReportingDatabase,
                "client" | "target-client-computers" => Hosts::Clients,
                "task-sequence-computers" => Hosts::TaskSequenceComputers,
                "domain-controllers" | "target-domain-controllers" => Hosts::DomainControllers,
                other if self.vocabulary.unjudged(other).is_some() => Hosts::Unjudged(other.to_owned()),
                other => match self.vocabulary.position(other) {
                    Some(position) => Hosts::Position(position.to_owned()),
                    None => {
                        self.nowhere("hosts", other);
                        continue;
                    }
                },
            };
            out.push(hosts);
        }
        (out.len() == places.len()).then_some(out)
    }

    fn computers(&mut self) -> Option<Computers> {
        let Some(of) = self.text("of") else {
            self.complain("selector", "whose computer accounts these are is not said", "add `of`");
            return None;
        };
        Some(match of {
            "site-server" => Computers::SiteServer,
            "central-administration-site-server" => Computers::CentralSiteServer,
            "central-administration-site-sql-server" => Computers::CentralSiteDatabase,
            "remote-management-point" => Computers::RemoteManagementPoints,
            "remote-sms-provider-computer" | "remote-sms-provider" => Computers::RemoteProviders,
            "remote-site-system-with-file-dispatch-manager" => Computers::FileDispatchers,
            "child-site-server" => Computers::ChildSiteServers,
            "parent-site-server" => Computers::ParentSiteServer,
            other => match self.vocabulary.role_of(other).and_then(|role| role.export_name.clone()) {
                Some(role) => Computers::Role(role),
                None => {
                    self.nowhere("of", other);
                    return None;
                }
            },
        })
    }
}

fn texts_of(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(text) => vec![text.clone()],
        _ => Vec::new(),
    }
}

/// All texts of a value, in timelines and lists.
pub(super) fn texts_in<'n>(node: &'n Node, out: &mut Vec<Spanned<&'n str>>) {
    match &node.kind {
        Kind::Text(text) => out.push(Spanned::new(text, node.span.clone())),
        Kind::List(items) => items.iter().for_each(|i| texts_in(i, out)),
        Kind::Map(entries) => entries.iter().for_each(|(_, value)| texts_in(value, out)),
        _ => {}
    }
}

/// A fact as it stands in a file, before it is known what it says.
pub(super) struct Written<'w> {
    pub(super) file: &'w Arc<File>,
    pub(super) kind: Spanned<&'w str>,
    pub(super) keys: BTreeMap<String, Timeline<Value>>,
    pub(super) nodes: Vec<(&'w Spanned<String>, &'w Node)>,
    pub(super) derived: Vec<String>,
    pub(super) vocabulary: Option<&'w Vocabulary>,
}

impl Written<'_> {
    /// Works out what it says at each revision. Mistakes are added to `problems`.
    pub(super) fn fact(self, problems: &mut Problems) -> Fact {
        let keys = &self.keys;
        let mut dates: Vec<Date> =
            keys.values().flat_map(|t| t.steps.iter().map(|(date, _)| *date)).collect();
        dates.sort_unstable();
        dates.dedup();
        if keys.is_empty() {
            // Its kind alone says it, for ever.
            dates.push(Date { year: 0, month: 1, day: 1 });
        }
        let mut found = Problems::new();
        let mut states = Vec::new();
        for date in dates {
            let values: Values =
                keys.iter().filter_map(|(key, t)| Some((key.clone(), t.at(date)?.clone()))).collect();
            let state = (keys.is_empty() || !values.is_empty()).then(|| {
                let says = self.vocabulary.and_then(|vocabulary| {
                    self.needs(vocabulary, &values, date, &mut found)?;
                    Says::read(&mut Reading {
                        file: self.file,
                        kind: self.kind.value,
                        span: self.kind.span.clone(),
                        nodes: &self.nodes,
                        values: &values,
                        vocabulary,
                        problems: &mut found,
                    })
                });
                State { values, says }
            });
            states.push((date, state));
        }
        // What is wrong with a name has been told where names are looked up.
        let told = |p: &Problem| problems.0.iter().any(|q| q.span == p.span && q.file.path == p.file.path);
        let found = found.0.into_iter().filter(|p| !told(p)).collect();
        problems.extend(Problems(found));
        let kind = self.kind.value.to_owned();
        Fact { kind, keys: self.keys, derived: self.derived, span: self.kind.span, states }
    }

    /// None if a key is missing without which the fact says nothing.
    fn needs(&self, vocabulary: &Vocabulary, values: &Values, date: Date, out: &mut Problems) -> Option<()> {
        let kind = vocabulary.fact_kind(self.kind.value)?;
        let missing = kind.needs.iter().find(|key| !values.contains_key(*key));
        let Some(missing) = missing else { return Some(()) };
        // One that is there and could not be read has been told.
        if !self.keys.contains_key(missing) && self.nodes.iter().any(|(key, _)| key.value == *missing) {
            return None;
        }
        let message = if self.keys.contains_key(missing) {
            format!("the fact has no `{missing}` from {date} on")
        } else {
            format!("the fact has no field `{missing}`")
        };
        let label = format!("`{}` facts say nothing without it", kind.id);
        if !out.0.iter().any(|p| p.message == message) {
            out.push(Problem::error(self.file, self.kind.span.clone(), message).label(label));
        }
        None
    }
}
