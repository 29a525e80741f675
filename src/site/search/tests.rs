use super::*;

fn document(id: &str, kind: Kind, title: &str) -> Document {
    Document {
        url: format!("{}s/{id}/", kind.name()),
        id: id.to_owned(),
        kind: Some(kind),
        title: title.to_owned(),
        ..Document::default()
    }
}

/// The part of the index that a script hands over.
fn handed(script: &str) -> Value {
    let json = script
        .strip_prefix("(self.searchParts=self.searchParts||[]).push(")
        .and_then(|s| s.strip_suffix(");\n"))
        .expect("a call");
    serde_json::from_str(json).expect("JSON")
}

#[test]
fn an_index_without_documents_is_whole() {
    let index = build(&[], &[], &[], &[]);
    let first = handed(&index.first);
    assert_eq!(first["docs"], json!([]));
    assert_eq!(first["terms"], "");
    assert_eq!(first["postings"], "");
    assert_eq!(handed(&index.rest)["sentences"], json!([]));
}

#[test]
fn terms_know_where_they_stand() {
    let mut one = document("a", Kind::Account, "Proxy account");
    one.body.push("The proxy of the proxy".to_owned());
    let two = document("b", Kind::Group, "Proxy");
    let first = handed(&build(&[one, two], &[], &[], &[]).first);
    assert_eq!(first["terms"], "0a\n1ccount\n0b\n0proxy");
    // Ids as names, titles; `proxy` in title and body of the first, three times, and in the title of the second.
    let number = |n: usize| {
        let mut out = String::new();
        pack::number(n, &mut out);
        out
    };
    let wanted: String =
        [1, 4 * 4, 1, 8 * 4, 1, 64 + 4 * 4, 2, 9 * 4 + 2, 64 + 8 * 4].into_iter().map(number).collect();
    assert_eq!(first["postings"], wanted);
}

#[test]
fn synonyms_are_found_across_spellings_and_endings() {
    let groups = vec![
        vec!["sign in".to_owned(), "logon".to_owned()],
        vec!["distribution point".to_owned(), "dp".to_owned()],
    ];
    let concepts = Concepts::new(&groups);
    assert_eq!(concepts.within(&tokens("may sign-in on distribution points")), [0, 1]);
    assert_eq!(concepts.within(&tokens("logons at a point of distribution")), [0]);
    assert_eq!(concepts.within(&tokens("sign")), [0; 0]);
}

#[test]
fn prose_of_the_first_documents_comes_with_the_rest() {
    let mut one = document("a", Kind::Account, "Proxy");
    one.background.push("proxy firewall".to_owned());
    one.sentences.push(("why".to_owned(), "Signs in.".to_owned()));
    let index = build(&[one], &[document("r", Kind::Rule, "Rule")], &[], &[]);
    let first = handed(&index.first)["terms"].as_str().expect("terms").to_owned();
    let rest = handed(&index.rest);
    assert!(!first.contains("firewall"));
    let terms = rest["terms"].as_str().expect("terms");
    assert!(terms.contains("firewall") && terms.contains("sign"));
    assert!(!terms.contains("proxy"), "the first part has told that already");
    assert_eq!(rest["sentences"], json!([["why", "Signs in."], []]));
}
