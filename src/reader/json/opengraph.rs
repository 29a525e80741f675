//! BloodHound OpenGraph: nodes and edges, as collectors for Configuration Manager and SQL Server write them.
//!
//! | class | properties |
//! |---|---|
//! | `OpenGraphNode` | `Id`, `Kind` (the first kind that is not a general one), `Kinds` (list of text), `Properties` (object, as they are), `StoredAccounts` (list of objects: `Name`, `Sid`), `SiteSystemRoles` (list of objects: `Host`, `Role`, `Site`) |
//! | `OpenGraphEdge` | `Kind`, `Start` and `End` (what the ends are found by), `StartBy` and `EndBy` (`id`, `name`; absent: `id`), `Properties` |
//!
//! Which of the accounts of a site is which does not stand in such a file.

use super::build::build;
use super::rows::{Rows, find};
use super::token::{Kind, Member, Token, members};
use super::{Halt, Reader};
use crate::reader::{Data, Format, Object, Value};
use crate::source::View;

const NODE: &str = "OpenGraphNode";
const EDGE: &str = "OpenGraphEdge";

/// Reads the object at the next byte.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Result<(), Halt> {
    reader.rows.tally.format = Some(Format::OpenGraph);
    reader.pos += 1;
    let mut first = true;
    while let Some((key, next)) = reader.next_property(first)? {
        first = false;
        if key == "graph" && next == b'{' {
            reader.pos += 1;
            let mut first = true;
            while let Some((key, next)) = reader.next_property(first)? {
                first = false;
                match (key.as_str(), next) {
                    ("nodes", b'[') => {
                        reader.pos += 1;
                        reader.objects(node)?;
                    }
                    ("edges", b'[') => {
                        reader.pos += 1;
                        reader.objects(edge)?;
                    }
                    _ => {
                        reader.step(|s| s.value())?;
                    }
                }
            }
        } else {
            reader.step(|s| s.value())?;
        }
    }
    Ok(())
}

fn node(rows: &mut Rows<'_, '_>, view: View<'_>, token: &Token, all: &[Member]) {
    let part = |name: &str| find(view.text, all, name).map(|m| build(view, &m.value, name));
    let mut properties: Vec<(Box<str>, Value)> = Vec::new();
    let own = part("properties");
    if rows.wants(NODE) {
        properties.extend(part("id").map(|id| ("Id".into(), id)));
        if let Some(kinds) = part("kinds") {
            properties.extend(kind(&kinds).map(|kind| ("Kind".into(), kind)));
            properties.push(("Kinds".into(), kinds));
        }
        if let Some(Data::Object(own)) = own.as_ref().map(|own| &own.data) {
            for (name, written, split) in [
                ("StoredAccounts", "storedAccounts", account as fn(&Value) -> Option<Object>),
                ("SiteSystemRoles", "siteSystemRoles", role),
            ] {
                if let Some(list) = own.get(written) {
                    properties.push((name.into(), each(list, split)));
                }
            }
        }
    }
    properties.extend(own.map(|own| ("Properties".into(), own)));
    rows.built(view.span(token.range.clone()), Object { class: None, properties }, NODE);
}

fn edge(rows: &mut Rows<'_, '_>, view: View<'_>, token: &Token, all: &[Member]) {
    let text = view.text;
    let mut properties: Vec<(Box<str>, Value)> = Vec::new();
    if rows.wants(EDGE) {
        if let Some(kind) = find(text, all, "kind") {
            properties.push(("Kind".into(), build(view, &kind.value, "kind")));
        }
        for (written, name, by) in [("start", "Start", "StartBy"), ("end", "End", "EndBy")] {
            let Some(end) = find(text, all, written).map(|m| &m.value) else { continue };
            if end.kind != Kind::Object {
                properties.push((name.into(), build(view, end, name)));
                continue;
            }
            let inner = members(text, end.range.start);
            let part = |written: &str, name: &str| {
                find(text, &inner, written).map(|m| (name.into(), build(view, &m.value, written)))
            };
            properties.extend(part("value", name));
            properties.extend(part("match_by", by));
        }
    }
    if let Some(own) = find(text, all, "properties") {
        properties.push(("Properties".into(), build(view, &own.value, "properties")));
    }
    rows.built(view.span(token.range.clone()), Object { class: None, properties }, EDGE);
}

/// The first kind that says what a node is: `Base` and `SCCM_Base` only say where it comes from.
fn kind(kinds: &Value) -> Option<Value> {
    let is_general = |text: &str| text == "Base" || text.ends_with("_Base");
    match &kinds.data {
        Data::Text(_) => Some(kinds.clone()),
        Data::List(list) => list
            .iter()
            .find(|kind| matches!(&kind.data, Data::Text(text) if !is_general(text)))
            .or_else(|| list.first())
            .cloned(),
        _ => None,
    }
}

/// The elements of a list, or the one value in place of it, taken apart.
fn each(list: &Value, split: fn(&Value) -> Option<Object>) -> Value {
    let one = std::slice::from_ref(list);
    let elements: &[Value] = match &list.data {
        Data::List(elements) => elements,
        Data::Null => &[],
        _ => one,
    };
    let taken = elements
        .iter()
        .filter_map(|element| Some(Value { span: element.span, data: Data::Object(split(element)?) }));
    Value { span: list.span, data: Data::List(taken.collect()) }
}

fn parts<const N: usize>(value: &Value, parts: [(&str, &str); N]) -> Option<Object> {
    let filled =
        parts.into_iter().map(|(name, text)| (name, text.trim())).filter(|(_, text)| !text.is_empty());
    let properties: Vec<(Box<str>, Value)> = filled
        .map(|(name, text)| (name.into(), Value { span: value.span, data: Data::Text(text.into()) }))
        .collect();
    (!properties.is_empty()).then_some(Object { class: None, properties })
}

/// `NAME (SID)`, ` (SID)` or `SID`.
fn account(value: &Value) -> Option<Object> {
    let Data::Text(text) = &value.data else { return None };
    let (name, sid) = match text.strip_suffix(')').and_then(|t| t.rsplit_once('(')) {
        Some((name, sid)) if sid.starts_with("S-1-") => (name, sid),
        _ if text.starts_with("S-1-") => ("", &**text),
        _ => (&**text, ""),
    };
    parts(value, [("Name", name), ("Sid", sid)])
}

/// `HOST: ROLE@SITE`
fn role(value: &Value) -> Option<Object> {
    let Data::Text(text) = &value.data else { return None };
    let (host, rest) = text.split_once(": ").unwrap_or(("", text));
    let (role, site) = rest.rsplit_once('@').unwrap_or((rest, ""));
    parts(value, [("Host", host), ("Role", role), ("Site", site)])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reader::testing::{Taken, at, data, span_of};
    use crate::reader::{Reading, Status, Wanted, WantedClass};
    use crate::source::{Limits, Sources};

    fn take_through(text: &str, window: usize) -> (Reading, Taken) {
        let mut wanted = Wanted::default();
        for name in [NODE, EDGE] {
            let class = WantedClass { name: name.into(), ..WantedClass::default() };
            wanted.classes.insert(name.to_ascii_lowercase().into(), class);
        }
        let limits = Limits { window, ..Limits::default() };
        let sources = Sources::from_memory([("t.json".to_owned(), text.as_bytes().to_vec())], &limits);
        let mut window = sources.as_slice()[0].open().unwrap();
        let mut taken = Taken::default();
        let reading = super::super::read(&mut window, &wanted, &mut taken);
        (reading, taken)
    }

    fn t(text: &str) -> Data {
        Data::Text(text.into())
    }

    const GRAPH: &str = r#"{"$schema":"x","metadata":{"source_kind":"SCCM_Base"},"graph":{"nodes":[
{"id":"PS1","kinds":["SCCM_Base","SCCM_Site"],"properties":{"siteCode":"PS1","installDir":"C:\\ConfigMgr","storedAccounts":["CONTOSO\\naa (S-1-5-21-1-2-3-1120)"," (S-1-5-21-1-2-3-1121)","S-1-5-21-1-2-3-1122"]}},
{"id":"S-1-5-21-1-2-3-1110","kinds":["Computer","Base"],"properties":{"name":"PS1","siteSystemRoles":["ps1.contoso.example: SMS Management Point@PS1"],"domain":[]}}],
"edges":[{"kind":"SCCM_HasStoredAccount","start":{"value":"PS1"},"end":{"value":"S-1-5-21-1-2-3-1120","match_by":"id"},"properties":{"traversable":false}},
{"kind":"MemberOf","start":"a","end":{"value":"b","match_by":"name"}}]}}"#;

    #[test]
    fn nodes_and_edges() {
        let (reading, taken) = take_through(GRAPH, 1 << 20);
        assert_eq!((reading.format, reading.status), (Some(Format::OpenGraph), Status::Read));
        assert_eq!((reading.records, reading.notes.len()), (4, 0));
        let site = &taken.records[0];
        assert_eq!((&*site.class, data(site, "Kind")), (NODE, &t("SCCM_Site")));
        assert_eq!(at(GRAPH, span_of(site, "Id")), "PS1");
        let Data::Object(own) = data(site, "Properties") else { panic!() };
        assert_eq!(own.get("installDir").unwrap().data, t("C:\\ConfigMgr"));
        let Data::List(accounts) = data(site, "StoredAccounts") else { panic!() };
        let said: Vec<(Option<&Data>, Option<&Data>)> = accounts
            .iter()
            .map(|value| match &value.data {
                Data::Object(o) => (o.get("Name").map(|v| &v.data), o.get("Sid").map(|v| &v.data)),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            said,
            [
                (Some(&t("CONTOSO\\naa")), Some(&t("S-1-5-21-1-2-3-1120"))),
                (None, Some(&t("S-1-5-21-1-2-3-1121"))),
                (None, Some(&t("S-1-5-21-1-2-3-1122"))),
            ]
        );
        let computer = &taken.records[1];
        assert_eq!(data(computer, "Kind"), &t("Computer"));
        let Data::List(roles) = data(computer, "SiteSystemRoles") else { panic!() };
        let Data::Object(role) = &roles[0].data else { panic!() };
        assert_eq!(role.get("Host").unwrap().data, t("ps1.contoso.example"));
        assert_eq!(role.get("Role").unwrap().data, t("SMS Management Point"));
        assert_eq!(role.get("Site").unwrap().data, t("PS1"));
        let edge = &taken.records[2];
        assert_eq!((&*edge.class, data(edge, "Kind")), (EDGE, &t("SCCM_HasStoredAccount")));
        assert_eq!(at(GRAPH, span_of(edge, "End")), "S-1-5-21-1-2-3-1120");
        assert_eq!(data(edge, "EndBy"), &t("id"));
        assert!(edge.object.get("StartBy").is_none());
        assert_eq!(data(&taken.records[3], "Start"), &t("a"));
        assert_eq!(data(&taken.records[3], "EndBy"), &t("name"));
    }

    #[test]
    fn what_breaks_off_is_kept_so_far() {
        let cut = &GRAPH[..GRAPH.find("MemberOf").unwrap()];
        let (reading, taken) = take_through(cut, 1 << 20);
        assert_eq!((reading.status, reading.records, taken.missing.len()), (Status::Partial, 3, 1));
        let marked = format!("\u{feff}{GRAPH}");
        assert_eq!(take_through(&marked, 1 << 20).0.records, 4);
    }

    proptest! {
        #[test]
        fn mutations_are_survived(
            from in 0usize..1200, len in 0usize..30, put in r#"[\[\]{}",:a-z()@-]{0,8}"#, window in 300usize..900,
        ) {
            let mut text = GRAPH.to_owned();
            let from = from.min(text.len());
            let to = (from + len).min(text.len());
            text.replace_range(from..to, &put);
            let (whole, taken) = take_through(&text, 1 << 20);
            let (parts, again) = take_through(&text, window);
            if whole.format == Some(Format::OpenGraph) && parts.format == whole.format {
                prop_assert_eq!(parts.records, whole.records);
                prop_assert_eq!(again.records, taken.records);
            }
        }
    }
}
