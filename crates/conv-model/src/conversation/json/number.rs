//! Numbers as the SDK shows them.

use serde::{Deserialize, Deserializer, Serialize};

/// The SDK's groups show `""` for a number that was not fetched.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Number {
    Fetched(u64),
    Not(Blank),
}

#[derive(Clone, Copy, Default, Serialize, Deserialize)]
pub(super) enum Blank {
    #[default]
    #[serde(rename = "")]
    Blank,
}

impl Default for Number {
    fn default() -> Self {
        Self::Not(Blank::Blank)
    }
}

impl From<Option<u64>> for Number {
    fn from(value: Option<u64>) -> Self {
        value.map_or_else(Self::default, Self::Fetched)
    }
}

impl From<Number> for Option<u64> {
    fn from(value: Number) -> Self {
        match value {
            Number::Fetched(value) => Some(value),
            Number::Not(_) => None,
        }
    }
}

/// Reads a number, or from `""` a zero.
pub(in crate::conversation) fn or_blank<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    if !d.is_human_readable() {
        return u64::deserialize(d);
    }
    Number::deserialize(d).map(|number| Option::from(number).unwrap_or_default())
}

/// Reads a text, or from a number its digits.
pub(in crate::conversation) fn as_digits<'de, D: Deserializer<'de>>(
    d: D,
) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Value {
        Text(String),
        Number(serde_json::Number),
    }
    if !d.is_human_readable() {
        return String::deserialize(d);
    }
    Value::deserialize(d).map(|value| match value {
        Value::Text(text) => text,
        Value::Number(number) => number.to_string(),
    })
}
