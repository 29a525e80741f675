//! Documented facts in words.
//!
//! A fact is a kind and some keys ([`crate::content::Fact`]). Each kind the specification uses has its own sentence
//! here; a kind nobody has thought of yet still comes out readable, key by key. What is made is plain text in which
//! backticks mark code; it is escaped where it is shown.

use serde_json::{Map, Value};

use crate::content::{Content, Date};
use crate::text::joined;

/// The words for ids: roles, places, principals, accounts and groups.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) content: &'a Content,
    /// The revision whose titles are used.
    pub(super) revision: Date,
}

/// The values of a fact at one revision.
struct Keys<'v> {
    words: &'v Words<'v>,
    values: &'v Map<String, Value>,
}

impl Words<'_> {
    /// What people call the thing of an id; a text that is no id stays as it is.
    pub(super) fn name(&self, id: &str) -> String {
        let v = &self.content.vocabulary;
        if let Some(entity) = self.content.entity(id) {
            return entity.title(self.revision).to_owned();
        }
        let known = [&v.principals, &v.places, &v.roles, &v.site_types];
        if let Some(name) = known.iter().flat_map(|list| list.iter()).find(|n| n.id == id) {
            return name.name.clone();
        }
        let kebab =
            id.contains('-') && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if kebab { id.replace('-', " ") } else { id.to_owned() }
    }

    /// A right as the policy editor calls it, with its constant.
    pub(super) fn right(&self, id: &str) -> String {
        match self.content.vocabulary.user_rights.iter().find(|r| r.id == id) {
            Some(right) => format!("{} (`{id}`)", right.display),
            None => format!("`{id}`"),
        }
    }

    /// A value of a fact.
    pub(super) fn value(&self, value: &Value) -> String {
        Keys { words: self, values: &Map::new() }.text(value)
    }

    /// A fact as a sentence without a full stop.
    pub(super) fn fact(&self, kind: &str, values: &Map<String, Value>) -> String {
        let k = Keys { words: self, values };
        let said = k.sentence(kind).unwrap_or_else(|| k.generic(kind));
        let said = match k.opt("when") {
            Some(when) if !k.tells_when(kind) => format!("{said}, when {when}"),
            _ => said,
        };
        capital(&said)
    }
}

/// What a kind of fact is called.
pub(super) fn kind_name(kind: &str) -> String {
    match kind {
        "acl" => "folder permission".to_owned(),
        "ad-acl" => "directory permission".to_owned(),
        "share-acl" => "share permission".to_owned(),
        "wmi-acl" => "WMI permission".to_owned(),
        "sql" => "database permission".to_owned(),
        "dcom" => "DCOM permission".to_owned(),
        "rbac-permission" => "permission of a role".to_owned(),
        "cardinality" => "number".to_owned(),
        other => other.replace('-', " "),
    }
}

/// The first letter as a capital, unless the text begins with code.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if first != '`' => first.to_uppercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

/// The scope of a folder permission in words.
pub(super) fn scope(scope: &str) -> String {
    match scope {
        "this-folder" => "this folder only".to_owned(),
        "subfolders" => "its subfolders".to_owned(),
        "some-subfolders" => "some of its subfolders".to_owned(),
        "this-folder-and-subfolders" => "this folder and its subfolders".to_owned(),
        "whole-computer" => "the whole computer".to_owned(),
        other => other.replace('-', " "),
    }
}

impl Keys<'_> {
    fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key).filter(|v| !v.is_null())
    }

    fn text(&self, value: &Value) -> String {
        match value {
            Value::String(text) => self.words.name(text),
            Value::Bool(true) => "yes".to_owned(),
            Value::Bool(false) => "no".to_owned(),
            Value::Null => "nothing".to_owned(),
            Value::Array(items) => joined(&items.iter().map(|v| self.text(v)).collect::<Vec<_>>(), "and"),
            Value::Object(map) => {
                let items: Vec<String> =
                    map.iter().map(|(k, v)| format!("{}: {}", k.replace('_', " "), self.text(v))).collect();
                items.join("; ")
            }
            Value::Number(n) => n.to_string(),
        }
    }

    /// The value of a key in words.
    fn opt(&self, key: &str) -> Option<String> {
        self.get(key).map(|v| self.text(v))
    }

    /// The value of a key in words, or nothing.
    fn val(&self, key: &str) -> String {
        self.opt(key).unwrap_or_default()
    }

    /// A text with words around it, if the key is there.
    fn with(&self, before: &str, key: &str, after: &str) -> String {
        self.opt(key).map(|v| format!("{before}{v}{after}")).unwrap_or_default()
    }

    /// The values of a list, or the only one, as they are written.
    fn raw(&self, key: &str) -> Vec<&str> {
        match self.get(key) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) => vec![text.as_str()],
            _ => Vec::new(),
        }
    }

    fn list(&self, key: &str, last: &str) -> String {
        let items: Vec<String> = match self.get(key) {
            Some(Value::Array(items)) => items.iter().map(|v| self.text(v)).collect(),
            Some(one) => vec![self.text(one)],
            None => Vec::new(),
        };
        joined(&items, last)
    }

    fn codes(&self, key: &str) -> String {
        joined(&self.raw(key).iter().map(|v| format!("`{v}`")).collect::<Vec<_>>(), "and")
    }

    fn flag(&self, key: &str) -> Option<bool> {
        self.get(key).and_then(Value::as_bool)
    }

    fn is(&self, key: &str, value: &str) -> bool {
        self.get(key).and_then(Value::as_str) == Some(value)
    }

    /// Where a path begins and goes on.
    fn place(&self) -> String {
        let root = self.raw("root").first().copied();
        let below = self.raw("relative_path").first().copied();
        match (root, below) {
            (Some(root), Some(below)) => format!("`{root}\\{below}`"),
            (None, Some(below)) => format!("`{below}`"),
            (Some(root), None) => format!("`{root}`"),
            (None, None) => self.opt("target").map_or_else(
                || if self.is("scope", "whole-computer") { "the computer".to_owned() } else { String::new() },
                |t| format!("the {}", t.trim_start_matches("the ")),
            ),
        }
    }

    /// How binding a set of permissions is.
    fn combine(&self) -> &'static str {
        match self.get("combine").and_then(Value::as_str) {
            Some("exactly") => "exactly ",
            Some("at-least") => "at least ",
            _ => "",
        }
    }

    fn default_words(&self) -> &'static str {
        if self.flag("default") == Some(true) { "by default " } else { "" }
    }

    /// Whether the sentence of a kind says itself when it holds.
    fn tells_when(&self, kind: &str) -> bool {
        matches!(
            kind,
            "group-type" | "condition-group" | "default-account" | "account-kind" | "account-scope"
        ) || (kind == "behaviour" && self.get("action").is_some())
            || (kind == "behaviour" && self.get("effect").is_some())
    }

    fn on_hosts(&self) -> String {
        let hosts = if self.get("hosts").is_some() { "hosts" } else { "host" };
        match self.raw(hosts).as_slice() {
            [] => String::new(),
            ["any"] => " on any computer".to_owned(),
            _ => format!(" on the {}", self.list(hosts, "and the")),
        }
    }

    fn sentence(&self, kind: &str) -> Option<String> {
        let k = self;
        let when = k.with(" when ", "when", "");
        Some(match kind {
            "access" => format!("has access to the {}{}", k.val("object"), k.on_hosts()),
            "account-domain" => match (k.opt("any_with"), k.opt("required")) {
                (Some(with), _) => format!("may come from any domain with {with}"),
                (_, Some(required)) if required.starts_with("can ") => {
                    format!("its domain {required}")
                }
                (_, Some(required)) => format!("comes from a {required}"),
                _ => return None,
            },
            "account-kind" => {
                if let Some(required) = k.opt("required") {
                    format!("has to be a {required}{when}")
                } else if k.get("allowed").is_some() {
                    format!("is a {}{when}", k.list("allowed", "or a"))
                } else {
                    let on = k.with(" of the ", "host", "");
                    format!("best a {}{on}{when}", k.val("recommended"))
                }
            }
            "account-name" => format!("domain part of the name: {}", k.val("domain_part")),
            "account-required" => format!("needs the {}", k.list("accounts", "and the")),
            "account-scope" => format!("has to be a {} account{when}", k.val("scope")),
            "acl" => {
                let who = k.opt("principal").map_or_else(String::new, |p| format!("{p}: "));
                let scope = k
                    .get("scope")
                    .and_then(Value::as_str)
                    .filter(|s| *s != "whole-computer")
                    .map_or_else(String::new, |s| format!(" ({})", scope(s)));
                let what = k.list("permissions", "and");
                if what.is_empty() {
                    format!("{who}{}no permissions on {}{}", k.default_words(), k.place(), k.on_hosts())
                } else {
                    format!(
                        "{who}{}{}{what} on {}{scope}{}",
                        k.default_words(),
                        k.combine(),
                        k.place(),
                        k.on_hosts()
                    )
                }
            }
            "ad-acl" => format!(
                "{}{}{} on {}{}",
                if k.is("effect", "forbid") { "never " } else { "" },
                k.combine(),
                k.list("permissions", "and"),
                k.val("target"),
                k.with(" (", "scope", ")")
            ),
            "allowed" => format!("may be a {}", k.list("accounts", "or a")),
            "applies-to" => {
                if let Some(product) = k.opt("product") {
                    format!("{product}{}", k.with(", ", "branch", ""))
                } else if let Some(phase) = k.opt("phase") {
                    format!("{} used in {phase}", if k.is("certainty", "might") { "might be" } else { "is" })
                } else {
                    format!("concerns {} clients", k.list("clients", "and"))
                }
            }
            "assignment" => format!("{} are assigned to {}", k.val("what"), k.val("to")),
            "behaviour" => return self.behaviour(),
            "capability" => match (k.opt("can"), k.opt("cannot")) {
                (Some(can), _) => format!("the {} can {can}", k.val("account")),
                (_, cannot) => format!("the {} cannot {}", k.val("account"), cannot?),
            },
            "cardinality" => {
                let per = k.with(" per ", "per", "");
                match (k.opt("max"), k.opt("min"), k.opt("distinct_per")) {
                    (Some(max), _, _) => format!("at most {max}{per}"),
                    (_, Some(min), _) => format!("at least {min}{per}"),
                    (_, _, Some(each)) => format!("a separate one for each {each}"),
                    _ => return None,
                }
            }
            "condition-group" => format!("all of these{when}: {}", k.list("all_of", "and")),
            "console" => format!("shown in the {}", k.val("tool")),
            "console-label" => format!(
                "labelled {} in the {} workspace, node {}",
                k.val("label"),
                k.val("workspace"),
                k.val("node")
            ),
            "console-path" | "content-type" => {
                let path = k.raw("path").join(" > ");
                match (k.opt("number"), k.opt("name")) {
                    (Some(n), _) => format!("step {n} ({}): {path}", k.val("procedure")),
                    (_, Some(name)) => format!("{name}: {path}"),
                    _ => path,
                }
            }
            "covers-role" => match k.opt("formerly") {
                Some(former) => format!("covers the {}, formerly of the {former}", k.val("role")),
                None => format!("covers the {}", k.val("role")),
            },
            "created-by" | "maintained-by" => {
                let verb = if kind == "created-by" { "made" } else { "kept in order" };
                let how = match k.get("automatic") {
                    Some(Value::Bool(true)) => ", automatically".to_owned(),
                    Some(Value::String(text)) => format!(", {text}"),
                    _ => String::new(),
                };
                format!("{} are {verb} by {}{how}", k.val("what"), product(&k.val("by")))
            }
            "created-when" => {
                if let Some(event) = k.opt("event") {
                    format!("made when {event}")
                } else {
                    format!("made for {}{}", k.val("feature"), k.with(" in ", "for", ""))
                }
            }
            "dcom" => {
                let grant = k.with(" for ", "grant_to", "");
                let instead = k.with(", not for ", "instead_of", "");
                format!("DCOM permission {}{grant}{instead}{}", k.val("permission"), k.on_hosts())
            }
            "default-access" => format!("by default {} have access", k.list("accounts", "and")),
            "default-account" => format!("by default the {}{when}", k.val("account")),
            "discovers" => format!("discovers {}{}", k.list("objects", "and"), k.with(" from ", "from", "")),
            "distinct-from" => format!("has to be another account than the {}", k.val("account")),
            "example" => format!("example: {}", k.val("topology")),
            "exchange-cmdlets" => {
                let listed = k.flag("listed_in_document") == Some(true);
                format!("the page {} the Exchange cmdlets", if listed { "lists" } else { "does not list" })
            }
            "group-membership" => {
                let group = k.val("group");
                let scope = match k.get("scope").and_then(Value::as_str) {
                    Some("local") => " (local group)",
                    Some("domain") => " (domain group)",
                    _ => "",
                };
                let verb = match (k.get("effect").and_then(Value::as_str), k.flag("required")) {
                    (Some("forbid"), _) => "must not be a member of",
                    (_, Some(false)) => "need not be a member of",
                    _ => "is a member of",
                };
                format!("{verb} {group}{scope}{}{}", k.on_hosts(), k.with(" in the ", "domain", ""))
            }
            "group-type" => format!("{} group{when}", k.val("type")),
            "ineffective" => format!("has no effect: {}", k.val("what")),
            "least-privilege" => match k.opt("for") {
                Some(what) => format!("no more permission than it takes for: {what}"),
                None => format!("as few rights as possible (\u{201c}{}\u{201d})", k.val("term")),
            },
            "lifecycle" => self.lifecycle(),
            "list" => format!("the list {} grants {}", k.val("label"), k.val("grants")),
            "location" => {
                let each = if k.flag("every") == Some(true) { "every" } else { "the" };
                format!("stands on {each} {}", k.val("host"))
            }
            "location-limit" => format!("only at a {}", k.val("site_type")),
            "managed-by" => {
                let how = if k.is("mode", "automatic") { ", automatically" } else { "" };
                let instead = k.with(", not by ", "instead_of", "");
                format!("members are kept by {}{how}{instead}", product(&k.val("manager")))
            }
            "member" => self.member(),
            "not-discovered" => format!("not discovered: {}", k.val("object")),
            "not-required" => {
                format!("not required: {}{}", k.val("what"), k.with(", because it is a ", "because", ""))
            }
            "not-supported" => format!("does not support {}", k.val("feature")),
            "not-used-by" => format!("not used by {}", k.val("clients")),
            "preference" => {
                let over = k.with(" rather than a ", "over", "");
                let why = k.with(": ", "reason", "");
                format!("a {}{over}{why}{}", k.val("account"), k.on_hosts())
            }
            "procedure" => format!("procedure: {}", k.val("name")),
            "procedure-step" => match k.opt("number") {
                Some(n) => format!("step {n} of the {}: {}", k.val("procedure"), k.val("action")),
                None => format!("{}: {}", k.val("procedure"), k.val("action")),
            },
            "product-permission" => {
                format!("{} on {} in the product", k.list("permissions", "and"), k.val("target"))
            }
            "profile" => {
                let not = if k.is("effect", "forbid") { "no " } else { "a " };
                format!("{not}{} profile{}", k.val("type"), k.with(" (attribute ", "attribute", ")"))
            }
            "publishes" => {
                format!("{} sites publish to {}", k.list("site_types", "and"), k.val("to"))
            }
            "publishes-as" => format!("a {} publishes as the {}", k.val("site_type"), k.val("account")),
            "purpose" => self.purpose(),
            "rbac-permission" => {
                format!("{} on {}, for the {}", k.val("permission"), k.val("securable_object"), k.val("for"))
            }
            "reason" => format!("the reason for: {}", k.val("for")),
            "requires" => match k.opt("who") {
                Some(who) => {
                    format!("the {who} needs {}{}", k.val("what"), k.with(" through ", "through", ""))
                }
                None => format!("{} is needed to {}", k.val("what"), k.val("for")),
            },
            "reuse" => format!("one account may serve {}", k.val("scope")),
            "risk" => format!("the risk: {}", k.val("what")),
            "scope" => format!("covers {}", k.list("covers", "and")),
            "security-role" => format!("the security role {} grants {}", k.val("name"), k.val("grants")),
            "service" => format!(
                "{}{}{}",
                k.val("name"),
                k.with(": ", "handles", ""),
                k.with(", from ", "sources", "")
            ),
            "share-acl" => {
                let what = k.list("permissions", "and");
                if what == "unspecified" {
                    format!("permission on the {} (which one is not said)", k.val("target"))
                } else {
                    format!("{}{what} on the {}", k.combine(), k.val("target"))
                }
            }
            "sql" => format!("{}{} on the {}", k.combine(), k.list("permissions", "and"), k.val("database")),
            "storage" => {
                let how = if k.flag("encrypted") == Some(true) { "encrypted, " } else { "" };
                format!("{} are kept {how}in the {}", k.val("what"), k.val("where"))
            }
            "task-sequence-step" => {
                let needs = match (k.opt("requires"), k.opt("optional")) {
                    (Some(what), _) => format!(" requires the {what}"),
                    (_, Some(what)) => format!(" takes the {what}"),
                    _ => String::new(),
                };
                let option = k.with(" with the option \u{201c}", "option", "\u{201d}");
                let variables = if k.get("variables").is_some() {
                    format!("; variables {}", k.codes("variables"))
                } else {
                    String::new()
                };
                format!("the step {}{option}{needs}{variables}", k.val("step"))
            }
            "trade-off" => format!("a trade-off between {}", k.list("between", "and")),
            "typical-need" => format!("typically able to {}", k.list("abilities", "and")),
            "usage" => match (k.opt("only"), k.flag("in_use"), k.flag("reserved")) {
                (Some(only), _, _) => format!("used only for: {only}"),
                (_, Some(false), _) => "not in use at present".to_owned(),
                (_, _, Some(true)) => "reserved for later use".to_owned(),
                _ => return None,
            },
            "use-instead" => format!("for {} use the {}", k.val("for"), k.val("account")),
            "user-right" => {
                let right = k.raw("right").first().map(|r| k.words.right(r))?;
                match k.get("effect").and_then(Value::as_str) {
                    Some("forbid") => format!("must not hold the right {right}{}", k.on_hosts()),
                    _ => format!("holds the right {right}{}", k.on_hosts()),
                }
            }
            "varies-by" => format!("may differ for each {}", k.val("object")),
            "wmi-acl" => format!(
                "{}: {}{} on the namespace `{}`",
                k.val("principal"),
                k.default_words(),
                k.list("permissions", "and"),
                k.raw("namespace").first()?
            ),
            _ => return None,
        })
    }

    fn behaviour(&self) -> Option<String> {
        let k = self;
        let when = k.with("when the ", "when", ": ");
        if let Some(action) = k.opt("action").or_else(|| k.opt("effect")) {
            return Some(format!("{when}{action}"));
        }
        let (key, value) = self.values.iter().find(|(_, v)| !v.is_null())?;
        let words = self.text(value);
        Some(match key.as_str() {
            "delivery" => format!("delivered with the {words}"),
            "writes" => format!("writes through the {words}"),
            "order" => {
                let items: Vec<String> = match value {
                    Value::Array(items) => items.iter().map(|v| k.text(v)).collect(),
                    one => vec![k.text(one)],
                };
                format!("order: {}", items.join(", then "))
            }
            "never_used_as_context_for" => format!("never the account under which to {}", k.list(key, "or")),
            "retry" => format!("tried {words}"),
            "mobile_devices" => format!("mobile devices: {words}"),
            "changes_ntfs" | "event" => {
                let changes = k.flag("changes_ntfs") == Some(true);
                format!(
                    "a {} {} the NTFS permissions",
                    k.val("event"),
                    if changes { "changes" } else { "does not change" }
                )
            }
            "name_clash" | "winner" => {
                format!(
                    "where {} have the same name, the {} counts",
                    k.list("name_clash", "and"),
                    k.val("winner")
                )
            }
            "group" | "shared_by" => {
                format!("a {} group is shared by {}", k.val("group"), k.val("shared_by"))
            }
            "decides" | "what" => format!("{} decides on {}", k.val("decides"), k.val("what")),
            _ => return None,
        })
    }

    fn lifecycle(&self) -> String {
        let k = self;
        let event = match k.get("event").and_then(Value::as_str) {
            Some("password-change") => "a change of the password".to_owned(),
            Some("site-uninstall") => "the removal of the site".to_owned(),
            Some("remote-tools-disabled") => "switching off remote tools".to_owned(),
            Some("access-account-changed-after-package-creation") => {
                "a change of access accounts after the package was made".to_owned()
            }
            _ => k.val("event"),
        };
        if k.flag("removed_automatically") == Some(false) {
            return format!("{event} does not remove it");
        }
        if k.flag("allowed") == Some(false) {
            return format!("no {}{}", event.trim_start_matches("a "), k.with(": ", "reason", ""));
        }
        let action = match k.get("action").and_then(Value::as_str) {
            Some("manual-delete") => "delete it by hand".to_owned(),
            _ => k.val("action"),
        };
        format!("after {event}: {action}{}", k.with(" on ", "where", ""))
    }

    fn member(&self) -> String {
        let k = self;
        let of = k.with(" of the ", "of", "");
        let what = match k.get("selector").and_then(Value::as_str) {
            Some("none") => {
                return format!(
                    "no members{}",
                    if k.flag("default") == Some(true) { " by default" } else { "" }
                );
            }
            Some("computer-account") => format!("the computer account{of}"),
            Some("computer-account-or-domain-user") => format!("the computer account, or a domain user,{of}"),
            Some("administrative-user") => format!("administrative users{}", k.with(" of the ", "scope", "")),
            _ => format!("the {}{of}", k.val("selector")),
        };
        let who = match k.opt("permission") {
            Some(permission) => {
                format!(
                    "{what} with {permission} on {}{}",
                    k.val("securable_object"),
                    k.with(", by an ", "via", "")
                )
            }
            None => what,
        };
        let place = k.with(", on the ", "host", "");
        let same = if k.flag("same_site") == Some(true) { ", of the same site" } else { "" };
        let used = k.with(", to ", "used_for", "");
        let how = match k.get("mode").and_then(Value::as_str) {
            Some("automatic") => "; added automatically",
            Some("manual") => "; added by hand",
            _ => "",
        };
        let exact = if k.is("match", "exact-set") { "; nobody else" } else { "" };
        let default = if k.flag("default") == Some(true) { "; by default" } else { "" };
        format!("member: {who}{used}{same}{place}{how}{exact}{default}")
    }

    fn purpose(&self) -> String {
        let k = self;
        let mut parts = Vec::new();
        parts.extend(k.opt("used_by").or_else(|| k.opt("actor")).map(|w| format!("used by the {w}")));
        parts.extend(
            k.opt("connects_to").map(|w| format!("to connect to the {}", w.trim_start_matches("the "))),
        );
        parts.extend(k.opt("reads").map(|w| format!("to read the {w}")));
        parts.extend(k.opt("accesses").map(|w| format!("to reach the {w}")));
        parts.extend(k.get("actions").is_some().then(|| format!("to {}", k.list("actions", "and"))));
        parts.extend(k.opt("for").map(|w| format!("for: {w}")));
        parts.extend(k.opt("method").map(|w| format!("for {w}")));
        parts.extend(k.opt("sets").map(|w| format!("sets {w}{}", k.with(" on the ", "applied_to", ""))));
        parts.extend(k.opt("services").map(|n| format!("by {n} services")));
        parts.extend(k.opt("grants").map(|w| {
            format!("grants {w}{}{}", k.with(" of ", "object", ""), k.with(" through ", "through", ""))
        }));
        parts.extend(k.opt("holds").map(|w| format!("holds the {w}")));
        parts.extend(k.opt("feature").map(|w| format!("for {w}")));
        if parts.is_empty() { self.generic("purpose") } else { parts.join(", ") }
    }

    /// Any kind, key by key.
    fn generic(&self, kind: &str) -> String {
        let parts: Vec<String> = (self.values.iter())
            .filter(|(key, value)| !value.is_null() && key.as_str() != "when")
            .map(|(key, value)| format!("{} {}", key.replace(['_', '-'], " "), self.text(value)))
            .collect();
        let kind = kind.replace('-', " ");
        if parts.is_empty() { kind } else { format!("{kind}: {}", parts.join(", ")) }
    }
}

/// The product by its name.
fn product(by: &str) -> String {
    if by == "configuration manager" { "Configuration Manager".to_owned() } else { format!("the {by}") }
}
