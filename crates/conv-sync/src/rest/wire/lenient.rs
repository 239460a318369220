//! Fields that may be missing, null, or of another type than documented.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// A field in any shape. Decoding one never fails, so one odd field does not hide the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Lenient<T> {
    /// The field is missing, or null.
    #[default]
    Absent,
    /// The field has another type, or a value out of the type's range.
    Bad,
    /// A valid value.
    Given(T),
}

/// The name of a field whose type differs from the documented one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mistyped(pub(super) &'static str);

impl<T> Lenient<T> {
    /// Returns the value; `None` if it is absent.
    pub(super) fn get(self, field: &'static str) -> Result<Option<T>, Mistyped> {
        match self {
            Self::Absent => Ok(None),
            Self::Bad => Err(Mistyped(field)),
            Self::Given(value) => Ok(Some(value)),
        }
    }

    /// Returns the value; `None` also if it is bad: for optional fields.
    pub(super) fn any(self) -> Option<T> {
        match self {
            Self::Given(value) => Some(value),
            _ => None,
        }
    }
}

/// The JSON values that a field's type accepts.
pub(super) trait FromWire<'de>: Sized {
    fn from_int(_number: i64) -> Option<Self> {
        None
    }

    fn from_text(_text: &str) -> Option<Self> {
        None
    }

    /// Reads a text that can be borrowed from the reply.
    fn from_borrowed(text: &'de str) -> Option<Self> {
        Self::from_text(text)
    }

    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// Numbers may also come as texts of digits.
impl FromWire<'_> for i64 {
    fn from_int(number: i64) -> Option<Self> {
        Some(number)
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromWire<'_> for u64 {
    fn from_int(number: i64) -> Option<Self> {
        number.try_into().ok()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromWire<'_> for i32 {
    fn from_int(number: i64) -> Option<Self> {
        number.try_into().ok()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromWire<'_> for String {
    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

/// Copied only if it contains escapes.
impl<'de: 'a, 'a> FromWire<'de> for Cow<'a, str> {
    fn from_text(text: &str) -> Option<Self> {
        Some(Cow::Owned(text.to_owned()))
    }

    fn from_borrowed(text: &'de str) -> Option<Self> {
        Some(Cow::Borrowed(text))
    }
}

/// A value that may be a text or a number, kept as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AnyText<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> FromWire<'de> for AnyText<'a> {
    fn from_int(number: i64) -> Option<Self> {
        Some(Self(number.to_string().into()))
    }

    fn from_text(text: &str) -> Option<Self> {
        Cow::from_text(text).map(Self)
    }

    fn from_borrowed(text: &'de str) -> Option<Self> {
        Cow::from_borrowed(text).map(Self)
    }
}

/// A list is bad if one of its elements is.
impl<'de, T: FromWire<'de>> FromWire<'de> for Vec<T> {
    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut values = Some(Vec::new());
        while let Some(element) = list.next_element::<Lenient<T>>()? {
            match (element.any(), &mut values) {
                (Some(value), Some(values)) => values.push(value),
                _ => values = None,
            }
        }
        Ok(values)
    }
}

impl<'de, T: FromWire<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor(PhantomData))
    }
}

struct LenientVisitor<T>(PhantomData<T>);

fn given<T, E>(value: Option<T>) -> Result<Lenient<T>, E> {
    Ok(value.map_or(Lenient::Bad, Lenient::Given))
}

impl<'de, T: FromWire<'de>> Visitor<'de> for LenientVisitor<T> {
    type Value = Lenient<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Lenient::Absent)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Lenient::Bad)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Lenient::Bad)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        given(T::from_int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        given(i64::try_from(number).ok().and_then(T::from_int))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        given(T::from_text(text))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        given(T::from_borrowed(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        T::from_list(list).and_then(given)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::from_map(map).and_then(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(json: &str) -> Lenient<i64> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn numbers_may_come_as_texts() {
        for json in ["7", "\"7\""] {
            assert_eq!(int(json), Lenient::Given(7));
        }
        assert_eq!(int("null"), Lenient::Absent);
        assert_eq!(int("-7"), Lenient::Given(-7));
    }

    #[test]
    fn an_invalid_number_is_a_bad_value_and_not_an_error() {
        for json in [
            "1.5",
            "1e3",
            "18446744073709551616",
            "9223372036854775808",
            "true",
            "\"\"",
            "\"x\"",
            "\" 7\"",
            "[]",
            "[[1]]",
            "{}",
            "{\"a\":{\"b\":[1]}}",
        ] {
            assert_eq!(int(json), Lenient::Bad, "{json}");
        }
        assert_eq!(serde_json::from_str::<Lenient<u64>>("-1").unwrap(), Lenient::Bad);
    }

    #[test]
    fn a_list_is_as_good_as_its_elements() {
        let list = |json| serde_json::from_str::<Lenient<Vec<u64>>>(json).unwrap();
        assert_eq!(list("[1,\"2\"]"), Lenient::Given(vec![1, 2]));
        assert_eq!(list("[]"), Lenient::Given(vec![]));
        for json in ["[1,null]", "[[1]]", "[1,{}]", "1", "\"1\"", "{}"] {
            assert_eq!(list(json), Lenient::Bad, "{json}");
        }
    }
}
