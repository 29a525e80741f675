//! Reads `evidence.yaml`: which tables there are and what their rows hold.

use std::sync::{Arc, OnceLock};

use super::{Derived, FieldKind, FieldSchema, Made, Part, Permissions, Scalar, Schema, TableId, TableSchema};
use crate::assets::Assets;
use crate::vocabulary;
use crate::yaml::{Document, Fields, File, Node, Problem, Problems, Spanned, read_all, wrong_kind};

/// Reads `evidence.yaml` of a content tree.
pub(super) fn load(assets: &Assets, problems: &mut Problems) -> Schema {
    let documents = read_all(assets, |name| name == "evidence.yaml", problems);
    match documents.first() {
        Some(document) => {
            Schema { principals: Arc::new(vocabulary::principals(assets)), ..read(document, problems) }
        }
        None => {
            if problems.is_empty() {
                let path = format!("{}/evidence.yaml", assets.root());
                problems.error(&File::absent(path), 0..0, "the file is missing");
            }
            Schema::default()
        }
    }
}

/// A table as it is declared, before the names of other tables are looked up.
struct Declared<'n> {
    schema: TableSchema,
    fields: Fields<'n>,
}

/// Reads the tables. Mistakes are added to `problems`; what has none is in the schema.
pub(super) fn read(document: &Document, problems: &mut Problems) -> Schema {
    let file = &document.file;
    let Some(mut root) = document.fields("evidence file", problems) else { return Schema::default() };
    let tables =
        root.required("tables", problems).and_then(|node| node.fields(file, "list of tables", problems));
    root.finish(problems);
    let Some(tables) = tables else { return Schema::default() };
    let mut declared: Vec<Declared<'_>> =
        tables.rest().filter_map(|(name, node)| table(file, name, node, problems)).collect();
    // Unions and computed tables name other tables, so they come second.
    let mut schema =
        Schema { tables: declared.iter().map(|d| d.schema.clone()).collect(), ..Schema::default() };
    for (id, declared) in declared.iter_mut().enumerate() {
        let (made, made_from) = made(file, &schema, id, &mut declared.fields, problems);
        schema.tables[id].made = made;
        schema.tables[id].made_from = made_from;
    }
    for declared in declared {
        declared.fields.finish(problems);
    }
    schema
}

fn table<'n>(
    file: &'n Arc<File>,
    name: &'n Spanned<String>,
    node: &'n Node,
    problems: &mut Problems,
) -> Option<Declared<'n>> {
    if !is_word(&name.value) {
        problems.push(Problem::error(
            file,
            name.span.clone(),
            format!("`{}` is not a name for a table: lower-case letters, digits and `_`", name.value),
        ));
    }
    let mut fields = node.fields(file, "table", problems)?;
    let text = |fields: &mut Fields<'n>, name, problems: &mut Problems| {
        fields.required_text(name, problems).map(|t| t.value.to_owned()).unwrap_or_default()
    };
    let about = text(&mut fields, "about", problems);
    let kind = text(&mut fields, "kind", problems);
    // What collects a table that is made of others is what collects those.
    let made = fields.key("union").is_some() || fields.key("computed").is_some();
    let collect = if made {
        fields.text("collect", problems).map(|t| t.value.to_owned()).unwrap_or_default()
    } else {
        text(&mut fields, "collect", problems)
    };
    let mut columns: Vec<FieldSchema> = Vec::new();
    if let Some(node) = fields.required("fields", problems)
        && let Some(declared) = node.fields(file, "list of fields", problems)
    {
        columns.extend(declared.rest().filter_map(|(name, node)| column(file, name, node, problems)));
        if declared.rest().next().is_none() {
            problems.error(file, node.span.clone(), "a table must have fields");
        }
    }
    let key = numbers(&mut fields, "key", &columns, problems);
    if key.is_empty() && !columns.is_empty() && fields.key("key").is_none() {
        problems.error(file, name.span.clone(), format!("the table `{}` has no key", name.value));
    }
    let distinct = numbers(&mut fields, "distinct", &columns, problems);
    let lookup = fields.flag("lookup", problems).unwrap_or(false);
    let serves = fields.text("serves", problems).map(|id| id.value.to_owned());
    let schema = TableSchema {
        name: name.value.clone(),
        about,
        kind,
        collect,
        key,
        fields: columns,
        distinct,
        lookup,
        serves,
        made_from: Vec::new(),
        read_from: Vec::new(),
        made: Made::Exported,
        columns: OnceLock::new(),
    };
    Some(Declared { schema, fields })
}

/// Reads `name: [type, meaning]`.
fn column(
    file: &Arc<File>,
    name: &Spanned<String>,
    node: &Node,
    problems: &mut Problems,
) -> Option<FieldSchema> {
    if !is_word(&name.value) {
        problems.push(Problem::error(
            file,
            name.span.clone(),
            format!("`{}` is not a name for a field: lower-case letters, digits and `_`", name.value),
        ));
    }
    let items = node.list(file, &format!("the field `{}`", name.value), problems)?;
    let [kind, about] = items else {
        problems.push(
            Problem::error(
                file,
                node.head(),
                format!("the field `{}` needs a type and a meaning", name.value),
            )
            .help("write `[type, meaning]`"),
        );
        return None;
    };
    let about = about.text(file, "the meaning", problems)?;
    let kind = kind.text(file, "the type", problems)?;
    let (word, list) = match kind.value.strip_prefix("list ") {
        Some(word) => (word.trim(), true),
        None => (kind.value.trim(), false),
    };
    let Some((_, scalar)) = Scalar::WORDS.iter().find(|(w, _)| *w == word) else {
        let words = Scalar::WORDS.iter().map(|(w, _)| *w);
        problems.push(Problem::unknown_name(file, kind.span, "type", word, words));
        return None;
    };
    Some(FieldSchema {
        name: name.value.clone(),
        kind: FieldKind { scalar: *scalar, list },
        about: about.value.to_owned(),
        domain: Vec::new(),
    })
}

fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// A list of names of fields, as their numbers.
fn numbers<'n>(
    fields: &mut Fields<'n>,
    name: &'n str,
    columns: &[FieldSchema],
    problems: &mut Problems,
) -> Vec<usize> {
    let file = fields.file();
    let mut out = Vec::new();
    for text in fields.texts(name, problems) {
        match columns.iter().position(|c| c.name == text.value) {
            Some(number) if out.contains(&number) => {
                problems.error(file, text.span, format!("the field `{}` comes twice", text.value));
            }
            Some(number) => out.push(number),
            None => {
                let names = columns.iter().map(|c| c.name.as_str());
                problems.push(Problem::unknown_name(file, text.span, "field", text.value, names));
            }
        }
    }
    out
}

/// Number of a table that is named in a file, or a problem.
pub(super) fn table_named(
    file: &Arc<File>,
    schema: &Schema,
    name: Spanned<&str>,
    problems: &mut Problems,
) -> Option<TableId> {
    let found = schema.table(name.value);
    if found.is_none() {
        let names = schema.tables.iter().map(|t| t.name.as_str());
        problems.push(Problem::unknown_name(file, name.span, "table", name.value, names));
    }
    found
}

/// Number of a field that is named in a file, or a problem.
pub(super) fn field_named(
    file: &Arc<File>,
    table: &TableSchema,
    name: Spanned<&str>,
    problems: &mut Problems,
) -> Option<usize> {
    let found = table.field(name.value);
    if found.is_none() {
        let names = table.fields.iter().map(|f| f.name.as_str());
        let what = format!("field of `{}`", table.name);
        problems.push(Problem::unknown_name(file, name.span, &what, name.value, names));
    }
    found
}

fn made<'n>(
    file: &'n Arc<File>,
    schema: &Schema,
    id: TableId,
    fields: &mut Fields<'n>,
    problems: &mut Problems,
) -> (Made, Vec<TableId>) {
    let table = &schema.tables[id];
    let parts: Vec<Part> = match fields.get("union") {
        Some(node) => node
            .list(file, "`union`", problems)
            .unwrap_or_default()
            .iter()
            .filter_map(|node| part(file, schema, id, node, problems))
            .collect(),
        None => Vec::new(),
    };
    let mut derived = Vec::new();
    if let Some(node) = fields.get("derive")
        && let Some(entries) = node.fields(file, "list of derived fields", problems)
    {
        derived.extend(entries.rest().filter_map(|(name, node)| derive(file, table, name, node, problems)));
        if fields.key("union").is_none() {
            problems.error(file, node.head(), "only a union has derived fields");
        }
    }
    let Some(node) = fields.get("computed") else {
        if fields.key("union").is_none() {
            return (Made::Exported, Vec::new());
        }
        let mut from: Vec<TableId> = Vec::new();
        for part in &parts {
            if !from.contains(&part.table) {
                from.push(part.table);
            }
        }
        return (Made::Union { parts, derived }, from);
    };
    if let Some(key) = fields.key("union") {
        problems.error(file, key.span.clone(), "a table is a union or computed, not both");
    }
    computed(file, schema, table, node, problems)
}

fn part(
    file: &Arc<File>,
    schema: &Schema,
    union: TableId,
    node: &Node,
    problems: &mut Problems,
) -> Option<Part> {
    let union = &schema.tables[union];
    let mut fields = node.fields(file, "part of a union", problems)?;
    let name = fields.required_text("table", problems)?;
    let table = table_named(file, schema, name.clone(), problems)?;
    let source = &schema.tables[table];
    let supplement = fields.flag("supplement", problems).unwrap_or(false);
    let mut part = Part { table, constants: Vec::new(), fields: Vec::new(), supplement };
    if let Some(entity) = fields.text("entity", problems)
        && let Some(number) = field_named(file, union, Spanned::new("entity", entity.span.clone()), problems)
    {
        part.constants.push((number, entity.value.to_owned()));
    }
    if let Some(node) = fields.required("fields", problems)
        && let Some(pairs) = node.fields(file, "list of fields", problems)
    {
        for (here, there) in pairs.rest() {
            let to = field_named(file, union, Spanned::new(here.value.as_str(), here.span.clone()), problems);
            let there = there.text(file, "a field", problems);
            let from = there.and_then(|there| field_named(file, source, there, problems));
            let (Some(to), Some(from)) = (to, from) else { continue };
            if part.constants.iter().any(|(number, _)| *number == to) {
                problems.error(
                    file,
                    here.span.clone(),
                    format!("`{}` has a fixed value already", here.value),
                );
            }
            if union.fields[to].kind != source.fields[from].kind {
                problems.push(
                    Problem::error(
                        file,
                        here.span.clone(),
                        format!("`{}` is of another type there", here.value),
                    )
                    .label("the types of both fields must agree"),
                );
            }
            part.fields.push((to, from));
        }
    }
    fields.finish(problems);
    Some(part)
}

fn derive(
    file: &Arc<File>,
    table: &TableSchema,
    name: &Spanned<String>,
    node: &Node,
    problems: &mut Problems,
) -> Option<Derived> {
    let field = field_named(file, table, Spanned::new(name.value.as_str(), name.span.clone()), problems);
    let mut fields = node.fields(file, "derived field", problems)?;
    let from = fields.required_text("from", problems);
    let from = from.and_then(|from| field_named(file, table, from, problems));
    let written = fields.flag("written", problems).unwrap_or(false);
    let map = fields.fields("map", "map of values", problems).map(|map| {
        let text = |node: &Node, problems: &mut Problems| {
            node.text(file, "a value", problems).map(|t| t.value.to_owned())
        };
        map.rest().filter_map(|(k, v)| Some((k.value.to_lowercase(), text(v, problems)?))).collect()
    });
    if written == map.is_some() {
        problems.error(file, name.span.clone(), "a derived field has either `map` or `written: true`");
    }
    fields.finish(problems);
    Some(Derived { field: field?, from: from?, map })
}

fn computed(
    file: &Arc<File>,
    schema: &Schema,
    table: &TableSchema,
    node: &Node,
    problems: &mut Problems,
) -> (Made, Vec<TableId>) {
    let Some(mut fields) = node.fields(file, "computed table", problems) else {
        return (Made::Elsewhere { accounts: None, facts: Vec::new() }, Vec::new());
    };
    let from: Vec<TableId> = fields
        .texts("from", problems)
        .into_iter()
        .filter_map(|name| table_named(file, schema, name, problems))
        .collect();
    let accounts =
        fields.text("accounts", problems).and_then(|name| table_named(file, schema, name, problems));
    let facts = fields.texts("facts", problems).into_iter().map(|kind| kind.value.to_owned()).collect();
    let made = match table.name.as_str() {
        "admin_permissions" => Made::Permissions(permissions(file, &mut fields, problems)),
        "export_gaps" => Made::ExportGaps,
        _ if fields.word("by", &[("check", ())], problems).is_some() => Made::Elsewhere { accounts, facts },
        other => {
            let names = ["admin_permissions", "export_gaps"];
            let what = "computed table";
            problems.push(Problem::unknown_name(file, fields.head(), what, other, names));
            Made::Elsewhere { accounts, facts }
        }
    };
    fields.finish(problems);
    (made, from)
}

fn permissions<'n>(file: &'n Arc<File>, fields: &mut Fields<'n>, problems: &mut Problems) -> Permissions {
    let mut out = Permissions::default();
    if fields.required("object_type", problems).is_some() {
        out.object_type = fields.integer("object_type", problems).map(|t| t.value).unwrap_or_default();
    }
    if fields.required("permissions", problems).is_some()
        && let Some(bits) = fields.fields("permissions", "list of permissions", problems)
    {
        for (name, node) in bits.rest() {
            match node.integer(file, "a bit", problems) {
                Some(bit) if bit.count_ones() == 1 => out.bits.push((name.value.clone(), bit)),
                Some(_) => problems.error(file, node.span.clone(), "a permission is a single bit"),
                None => {}
            }
        }
    }
    let Some(roles) = fields.fields("built_in", "list of roles", problems) else { return out };
    for (role, node) in roles.rest() {
        let numbers = match node.as_text() {
            Some("all") => (0..out.bits.len()).collect(),
            _ => match node.as_list() {
                Some(items) => {
                    items.iter().filter_map(|item| permission(file, &out.bits, item, problems)).collect()
                }
                None => {
                    let what = format!("the permissions of `{}`", role.value);
                    problems.push(wrong_kind(file, node, &what, "`all` or a list"));
                    continue;
                }
            },
        };
        out.built_in.push((role.value.to_lowercase(), numbers));
    }
    out
}

fn permission(
    file: &Arc<File>,
    bits: &[(String, i64)],
    node: &Node,
    problems: &mut Problems,
) -> Option<usize> {
    let name = node.text(file, "a permission", problems)?;
    let found = bits.iter().position(|(known, _)| known == name.value);
    if found.is_none() {
        let names = bits.iter().map(|(known, _)| known.as_str());
        problems.push(Problem::unknown_name(file, name.span, "permission", name.value, names));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Asset;
    use crate::yaml::render;

    fn problems_of(text: &'static str) -> String {
        let mut problems = Problems::new();
        let asset = Asset {
            path: "content/evidence.yaml".to_owned(),
            name: "evidence.yaml".to_owned(),
            text: std::borrow::Cow::Borrowed(text),
        };
        let document = Document::read(&asset, &mut problems).unwrap();
        read(&document, &mut problems);
        problems.sort();
        render(&problems, false)
    }

    #[test]
    fn the_shipped_tables_are_sound() {
        let schema = Schema::load(&Assets::content()).unwrap_or_else(|p| panic!("{}", render(&p, false)));
        let uses = &schema.tables[schema.table("account_uses").unwrap()];
        let Made::Union { parts, derived } = &uses.made else { panic!("not a union") };
        assert_eq!(parts[0].constants, [(1, "network-access-account".to_owned())]);
        assert_eq!(derived.len(), 2);
        assert!(uses.made_from.contains(&schema.table("task_sequence_steps").unwrap()));
        let permissions = &schema.tables[schema.table("admin_permissions").unwrap()];
        let Made::Permissions(made) = &permissions.made else { panic!("not permissions") };
        assert_eq!(made.bits.len(), 8);
        assert_eq!(made.built_in[1], ("remote tools operator".to_owned(), vec![3]));
        for table in &schema.tables {
            assert!(!table.key.is_empty(), "{}", table.name);
        }
    }

    #[test]
    fn mistakes_are_shown_at_their_place() {
        let text = "\
tables:
  sites:
    about: A site
    kind: sites
    collect: Get-CMSite
    key: [sote, code]
    fields:
      code: [site, code]
      count: [integr, how many]
      Bad-Name: [text]
  all:
    about: All
    kind: sites
    collect: none
    key: [code]
    uniom: []
    union:
      - {table: site, fields: {}}
      - {table: sites, entity: x, fields: {code: cod, nam: code}}
    fields:
      code: [text, code]
  other:
    about: Other
    kind: sites
    collect: none
    computed: {from: [sites]}
    fields:
      code: [list text, codes]
";
        assert_eq!(
            problems_of(text),
            "\
error: unknown field `sote`
  ┌─ content/evidence.yaml:6:11
  │
6 │     key: [sote, code]
  │           ^^^^
  │
  = help: known are `code`

error: unknown type `integr`
  ┌─ content/evidence.yaml:9:15
  │
9 │       count: [integr, how many]
  │               ^^^^^^
  │
  = help: did you mean `integer`?

error: `Bad-Name` is not a name for a field: lower-case letters, digits and `_`
   ┌─ content/evidence.yaml:10:7
   │
10 │       Bad-Name: [text]
   │       ^^^^^^^^

error: the field `Bad-Name` needs a type and a meaning
   ┌─ content/evidence.yaml:10:18
   │
10 │       Bad-Name: [text]
   │                  ^^^^
   │
   = help: write `[type, meaning]`

error: unknown table field `uniom`
   ┌─ content/evidence.yaml:16:5
   │
16 │     uniom: []
   │     ^^^^^
   │
   = help: did you mean `union`?

error: unknown table `site`
   ┌─ content/evidence.yaml:18:17
   │
18 │       - {table: site, fields: {}}
   │                 ^^^^
   │
   = help: did you mean `sites`?

error: unknown field of `all` `entity`
   ┌─ content/evidence.yaml:19:32
   │
19 │       - {table: sites, entity: x, fields: {code: cod, nam: code}}
   │                                ^
   │
   = help: known are `code`

error: unknown field of `sites` `cod`
   ┌─ content/evidence.yaml:19:50
   │
19 │       - {table: sites, entity: x, fields: {code: cod, nam: code}}
   │                                                  ^^^
   │
   = help: did you mean `code`?

error: unknown field of `all` `nam`
   ┌─ content/evidence.yaml:19:55
   │
19 │       - {table: sites, entity: x, fields: {code: cod, nam: code}}
   │                                                       ^^^
   │
   = help: known are `code`

error: the table `other` has no key
   ┌─ content/evidence.yaml:22:3
   │
22 │   other:
   │   ^^^^^

error: unknown computed table `other`
   ┌─ content/evidence.yaml:26:16
   │
26 │     computed: {from: [sites]}
   │                ^^^^
   │
   = help: known are `admin_permissions`, `export_gaps`

"
        );
    }
}
