//! JSON objects, and lists of them.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;

/// An object. Without this, a list of the right values would pass for one.
pub(super) struct Object<T>(pub(super) T);

/// An object in a list: read along with the list, or kept as its text and read by itself, so that
/// a bad one costs nothing but itself.
pub(super) trait Item<'a, T>: Deserialize<'a> {
    /// Its text; empty if it was read along.
    fn text(&self) -> &'a str;

    /// The object; `None` if it has another shape.
    fn read(self) -> Option<T>;
}

impl<'a, T: Deserialize<'a>> Item<'a, T> for Object<T> {
    fn text(&self) -> &'a str {
        ""
    }

    fn read(self) -> Option<T> {
        Some(self.0)
    }
}

impl<'a, T: Deserialize<'a>> Item<'a, T> for &'a RawValue {
    fn text(&self) -> &'a str {
        self.get()
    }

    fn read(self) -> Option<T> {
        object(self.get())
    }
}

/// Reads the text of an object; `None` if it has another shape.
pub(super) fn object<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    serde_json::from_str(json).ok().map(|Object(object)| object)
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}
