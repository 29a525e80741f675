//! What a template is given.
//!
//! Pages give their values in the template engine's own form from the start. Building JSON first and converting it
//! afterwards would copy every text twice, which takes longer than rendering it.

use std::collections::BTreeMap;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

pub(super) use tera::Value as View;

/// What can be given to a template.
pub(super) trait Show {
    /// In the template engine's form. Values that already have it are shared and not copied.
    fn show(&self) -> View;
}

impl Show for View {
    fn show(&self) -> View {
        self.clone()
    }
}

impl Show for str {
    fn show(&self) -> View {
        View::normal_string(self)
    }
}

impl Show for String {
    fn show(&self) -> View {
        View::normal_string(self)
    }
}

impl<T: Show + ?Sized> Show for &T {
    fn show(&self) -> View {
        (*self).show()
    }
}

impl<T: Show> Show for Option<T> {
    fn show(&self) -> View {
        self.as_ref().map_or_else(View::none, T::show)
    }
}

impl<T: Show> Show for [T] {
    fn show(&self) -> View {
        list(self.iter().map(T::show))
    }
}

impl<T: Show> Show for Vec<T> {
    fn show(&self) -> View {
        self.as_slice().show()
    }
}

impl<T: Show, const N: usize> Show for [T; N] {
    fn show(&self) -> View {
        self.as_slice().show()
    }
}

macro_rules! show_as_is {
    ($($type:ty),*) => { $( impl Show for $type {
        fn show(&self) -> View {
            View::from(*self)
        }
    } )* };
}

show_as_is!(bool, u8, u16, u32, i32, usize);

/// Values that are shown as they are serialized.
macro_rules! show_serialized {
    ($($type:ty),* $(,)?) => { $( impl $crate::site::view::Show for $type {
        fn show(&self) -> $crate::site::view::View {
            $crate::site::view::View::from_serializable(self)
        }
    } )* };
}

show_serialized!(BTreeMap<String, String>);

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
        tera::Value::from_serializable(&$crate::site::view::Fields([
            $( ($key, $crate::site::view::Show::show(&$value)) ),*
        ]))
    };
}

/// Adds to a map, or changes what it holds: `put!(page, { "original": original })`.
macro_rules! put {
    ($into:expr, { $($key:literal : $value:expr),* $(,)? }) => {{
        let mut map = std::mem::replace(&mut $into, tera::Value::none()).into_map().unwrap_or_default();
        $( map.insert(tera::value::Key::Str($key), $crate::site::view::Show::show(&$value)); )*
        $into = tera::Value::from(map);
    }};
}

pub(super) use {put, show_serialized, view};

#[cfg(test)]
mod tests {

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
