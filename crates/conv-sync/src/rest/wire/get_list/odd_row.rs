//! What can be saved of a row that does not decode: its ID, and what is wrong with it.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::rest::wire::loose::{AnyText, FromWire, Loose};

pub(super) struct OddRow<'a> {
    pub(super) kind: Loose<i64>,
    pub(super) user: Loose<Cow<'a, str>>,
    pub(super) group: Loose<Cow<'a, str>>,
    pub(super) reason: String,
}

pub(super) fn read(json: &str) -> OddRow<'_> {
    let fields = serde_json::from_str(json).unwrap_or(Fields(Vec::new()));
    OddRow {
        kind: fields.value("Type"),
        user: fields.value("To_Account"),
        group: fields.value("GroupId"),
        reason: fields.reason(),
    }
}

/// The fields of an object, none of them read.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// A field that stands there once; of two, who knows which is meant.
    fn value<T: FromWire<'a>>(&self, name: &str) -> Loose<T> {
        let mut values = self.0.iter().filter(|(field, _)| field == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => serde_json::from_str(value.get()).unwrap_or(Loose::Bad),
            (Some(_), Some(_)) => Loose::Bad,
            (None, _) => Loose::Absent,
        }
    }

    fn reason(&self) -> String {
        const NAMES: [&str; 8] = [
            "Type",
            "To_Account",
            "GroupId",
            "MsgTime",
            "TopFlag",
            "StandardMark",
            "CustomMark",
            "ContactGroupId",
        ];
        for name in NAMES {
            let mut values = self.0.iter().filter(|(field, _)| field == name);
            let Some((_, value)) = values.next() else {
                continue;
            };
            if values.next().is_some() {
                return format!("{name} stands twice");
            }
            if serde_json::from_str::<Loose<AnyText<'_>>>(value.get()).is_err() {
                return format!("{name} is no JSON value");
            }
        }
        "not a row".to_owned()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}
