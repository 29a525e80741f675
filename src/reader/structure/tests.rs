//! What of a record may be shown, notation by notation.

use super::*;
use crate::source::{Limits, Sources};

/// The text of a record with what may not be shown as `~`, runs of it as one. `known` are pieces of the text.
fn shown(format: Format, text: &str, known: &[(&str, Says)]) -> String {
    let sources = Sources::from_memory([("a".to_owned(), text.as_bytes().to_vec())], &Limits::default());
    let all = Span { start: 0, end: text.len() as u64 };
    let known: Vec<Known> = known
        .iter()
        .map(|(piece, says)| {
            let start = text.find(piece).expect("it is in the text") as u64;
            Known { span: Span { start, end: start + piece.len() as u64 }, says: says.clone() }
        })
        .collect();
    let spans = harmless(&sources.as_slice()[0], format, all, &[all], &known).expect("it is readable");
    let mut out = String::new();
    for (at, c) in text.char_indices() {
        let at = at as u64;
        if spans.iter().any(|span| span.start <= at && at + c.len_utf8() as u64 <= span.end) {
            out.push(c);
        } else if !out.ends_with('~') {
            out.push('~');
        }
    }
    out
}

fn says(text: &str) -> Says {
    Says::Text(text.into())
}

#[test]
fn of_json_keys_and_brackets_are_shown() {
    assert_eq!(
        shown(
            Format::Json,
            r#"{"User": "A\\b", "pw": "x\"y", "n": [12, -3.5e1, true, null, ""], "o": {"value": "é"}}"#,
            &[(r"A\\b", says(r"A\b"))]
        ),
        r#"{"User": "A\\b", "pw": "~", "n": [~, ~, true, null, ""], "o": {"value": "~"}}"#
    );
}

#[test]
fn of_json_what_stands_where_a_key_is_due_is_no_key_without_a_colon() {
    assert_eq!(shown(Format::Json, r#"[{"a": ["pw"{"pw"], "b": 1}]"#, &[]), r#"[{"a": ["~"{~"#);
    assert_eq!(shown(Format::Json, r#"[{"a", "pw": 1}]"#, &[]), "[{~");
    assert_eq!(shown(Format::Json, r#"[{12: 1}]"#, &[]), "[{~");
}

#[test]
fn of_xml_tags_and_names_of_properties_are_shown() {
    assert_eq!(
        shown(
            Format::Clixml,
            "<Obj RefId=\"0\"><MS><!-- x --><?p q?><S N=\"User\">A\\b</S>\n <S N=\"x\" password=\"y\">z</S><URI>u</URI>\
             <S N=\"has blanks\"><![CDATA[w]]></S></MS></Obj>",
            &[("A\\b", says("a\\B"))]
        ),
        "<Obj RefId=\"0\"><MS>~<S N=\"User\">A\\b</S>\n <S N=\"x\" password=\"~\">~</S><URI>~</URI>\
         <S N=\"~\"><![CDATA[~]]></S></MS></Obj>"
    );
}

#[test]
fn names_of_embedded_properties_are_shown_where_they_stand_as_values() {
    assert_eq!(
        shown(Format::Json, r#"[{"PropertyListName":"User Names","Values":["x"],"v":"w"}]"#, &[]),
        r#"[{"PropertyListName":"User Names","Values":["~"],"v":"~"}]"#
    );
    assert_eq!(
        shown(
            Format::CimXml,
            "<I><PROPERTY NAME=\"PropertyName\"><VALUE>User Name</VALUE></PROPERTY><PROPERTY NAME=\"V\"><VALUE>x</VALUE></PROPERTY></I>",
            &[]
        ),
        "<I><PROPERTY NAME=\"PropertyName\"><VALUE>User Name</VALUE></PROPERTY><PROPERTY NAME=\"V\"><VALUE>~</VALUE></PROPERTY></I>"
    );
}

#[test]
fn of_mof_names_are_shown() {
    assert_eq!(
        shown(
            Format::Mof,
            "instance of SMS_X {\n User = \"A\\\\b\"; // pw\n N = {1, x}; /* y */ F = TRUE; S = \"a;}\";\n};",
            &[("A\\\\b", says("A\\b"))]
        ),
        "instance of SMS_X {\n User = \"A\\\\b\"; ~\n N = {~, ~}; ~ F = TRUE; S = \"~\";\n};"
    );
}

#[test]
fn of_templates_keys_are_shown() {
    assert_eq!(
        shown(
            Format::SecurityTemplate,
            "[Privilege Rights]\nSeX = *S-1-5, A\\b ,pw\n; remark\nno key\n",
            &[("*S-1-5", says("S-1-5")), ("A\\b", says("A\\b"))]
        ),
        // What parts lines is never in an excerpt.
        "[Privilege Rights]~SeX = *S-1-5, A\\b~"
    );
}

#[test]
fn what_is_not_understood_is_not_shown() {
    for (format, text) in [
        (Format::Json, "free text"),
        (Format::Json, "{\\\"escaped\\\": \\\"x\\\"}"),
        (Format::Json, "<step name=\\\"x\\\">y</step>"),
        (Format::Clixml, "text &lt;step name=\"x\"&gt;"),
        (Format::Mof, "{\"json\": 1}"),
        (Format::SecurityTemplate, "free text"),
    ] {
        let out = shown(format, text, &[]);
        assert!(out.chars().filter(|c| c.is_alphanumeric()).count() == 0, "{out}");
    }
}

#[test]
fn a_value_that_is_pointed_at_is_shown_if_it_is_one() {
    let text = r#"{"a": "x y", "b": ["c", "d"]}"#;
    let any = |piece| shown(Format::Json, text, &[(piece, Says::Anything)]);
    assert_eq!(any("x y"), r#"{"a": "x y", "b": ["~", "~"]}"#);
    assert_eq!(any(r#"["c", "d"]"#), r#"{"a": "~", "b": ["~", "~"]}"#);
    // A part of a longer text: an account in a command line.
    let text = r#"{"a": "run /user:A\\b /password:x"}"#;
    assert_eq!(shown(Format::Json, text, &[(r"A\\b", Says::Anything)]), r#"{"a": "~A\\b~"}"#);
    // Markup in a text is no value.
    let text = r#"{"a": "<v>x</v>y"}"#;
    assert_eq!(shown(Format::Json, text, &[("<v>x</v>", Says::Anything)]), r#"{"a": "~"}"#);
}

#[test]
fn a_value_that_says_something_else_is_not_shown() {
    let text = r#"{"a": "true", "b": "pw", "c": 3, "d": "https://u:p@h"}"#;
    let one = |piece, says| shown(Format::Json, text, &[(piece, says)]) != shown(Format::Json, text, &[]);
    assert!(one("true", Says::Number) && one("3", Says::Number) && one("pw", says("PW")));
    assert!(!one("pw", Says::Number) && !one("pw", says("x")) && !one("https://u:p@h", Says::Anything));
}
