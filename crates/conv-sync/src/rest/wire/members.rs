//! The members of an object that does not decode as a whole.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::lenient::{FromWire, Lenient};

/// The members of an object, not decoded yet, for an object that one odd member keeps from decoding
/// as a whole.
pub(super) struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Reads an object; `None` for any other text.
    pub(super) fn read(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// Returns a member's value. A duplicate is bad: either could be meant.
    pub(super) fn value<T: FromWire<'a>>(&self, name: &str) -> Lenient<T> {
        let mut values = self.0.iter().filter(|(member, _)| member == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => serde_json::from_str(value.get()).unwrap_or(Lenient::Bad),
            (Some(_), Some(_)) => Lenient::Bad,
            (None, _) => Lenient::Absent,
        }
    }

    /// Returns the first of these members that has a duplicate.
    pub(super) fn twice<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        let count = |name| self.0.iter().filter(|(member, _)| member == name).count();
        names.iter().copied().find(|name| count(*name) > 1)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
