//! What stands under the keys of documented facts.

use serde_json::Value;

use crate::content::FactAt;

/// The text of a key of a fact.
pub(crate) fn word<'f>(fact: &'f FactAt<'_>, key: &str) -> Option<&'f str> {
    fact.values.get(key).and_then(Value::as_str)
}

/// A text of a fact's key.
pub(crate) fn said<'f>(values: &'f serde_json::Map<String, serde_json::Value>, key: &str) -> Option<&'f str> {
    values.get(key).and_then(serde_json::Value::as_str)
}

/// The texts of a fact's key.
pub(crate) fn said_list<'f>(
    values: &'f serde_json::Map<String, serde_json::Value>,
    key: &str,
) -> Vec<&'f str> {
    match values.get(key) {
        Some(serde_json::Value::Array(items)) => items.iter().filter_map(serde_json::Value::as_str).collect(),
        Some(serde_json::Value::String(text)) => vec![text.as_str()],
        _ => Vec::new(),
    }
}
