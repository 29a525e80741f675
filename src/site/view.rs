//! What a template is given.
//!
//! Pages give their values in the template engine's own form from the start. Building JSON first and converting it
//! afterwards would copy every text twice, which takes longer than rendering it.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

pub(super) use tera::Value as View;

/// A value in the template engine's form. Values that already have it are shared and not copied.
pub(super) fn value<T: Serialize + ?Sized>(value: &T) -> View {
    View::from_serializable(value)
}

/// A list of values.
pub(super) fn list<T: Into<View>>(values: impl IntoIterator<Item = T>) -> View {
    View::from(values.into_iter().collect::<Vec<_>>())
}

/// Names and values that are to become a map.
pub(super) struct Fields<const N: usize>(pub(super) [(&'static str, View); N]);

impl<const N: usize> Serialize for Fields<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // As a struct, so that the names are not copied and the map is made once, in its size.
        let mut fields = serializer.serialize_struct("", N)?;
        for (name, value) in &self.0 {
            fields.serialize_field(name, value)?;
        }
        fields.end()
    }
}

/// A map from names to values, as templates read it: `view!({ "title": title, "rules": rules })`.
macro_rules! view {
    ({ $($key:literal : $value:expr),* $(,)? }) => {
        $crate::site::view::value(&$crate::site::view::Fields([
            $( ($key, $crate::site::view::value(&$value)) ),*
        ]))
    };
}

/// Adds to a map, or changes what it holds: `put!(page, { "original": original })`.
macro_rules! put {
    ($into:expr, { $($key:literal : $value:expr),* $(,)? }) => {{
        let mut map = std::mem::replace(&mut $into, tera::Value::none()).into_map().unwrap_or_default();
        $( map.insert(tera::value::Key::Str($key), $crate::site::view::value(&$value)); )*
        $into = tera::Value::from(map);
    }};
}

pub(super) use {put, view};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_hold_what_they_are_given() {
        let inner = view!({ "a": 1, "b": Some("text"), "c": None::<u8> });
        let mut outer = view!({ "list": vec![inner.clone(), inner], "n": [1, 2] });
        put!(outer, { "n": true, "more": "x" });
        let text = serde_json::to_value(&outer).unwrap();
        let inner = serde_json::json!({ "a": 1, "b": "text", "c": null });
        assert_eq!(text, serde_json::json!({ "list": [inner, inner], "n": true, "more": "x" }));
    }
}
