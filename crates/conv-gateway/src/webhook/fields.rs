//! The members of a JSON object, read one by one: an odd one hides no other.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{MAX_BODY, MAX_DEPTH, MAX_ITEMS, Oddity};

/// The maximum members that are read of an object; the documented ones have less than 30.
const MAX_FIELDS: usize = 128;

/// The members of an object by name, each as its JSON text. Of a name that comes twice, the last.
#[derive(Default)]
pub(super) struct Fields<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

/// The entries of a list, each as its JSON text, and the number of those beyond the limit.
#[derive(Default)]
pub(super) struct Items<'a> {
    pub(super) items: Vec<&'a RawValue>,
    pub(super) beyond: usize,
}

impl<'a> Fields<'a> {
    /// Reads a whole body.
    ///
    /// # Errors
    /// If the body is too large or too deep, or not an object.
    pub(super) fn of_body(body: &'a [u8]) -> Result<Self, Oddity> {
        if body.len() > MAX_BODY {
            return Err(Oddity::TooLarge);
        }
        if is_too_deep(body) {
            return Err(Oddity::TooDeep);
        }
        let text = std::str::from_utf8(body).map_err(|_| Oddity::NotAnObject)?;
        Self::of(text).ok_or(Oddity::NotAnObject)
    }

    fn of(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// Reads an entry of a list; `None` if it is not an object.
    pub(super) fn of_item(item: &'a RawValue) -> Option<Self> {
        Self::of(item.get())
    }

    /// Returns the JSON of a member; `None` if it is missing or null.
    pub(super) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        self.0.get(name).copied().filter(|raw| raw.get() != "null")
    }

    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        text(self.raw(name)?)
    }

    /// Returns a number, which may also come as a text of digits. Negative ones are `None`.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        let raw = self.raw(name)?;
        let digits = text(raw).unwrap_or(Cow::Borrowed(raw.get()));
        // `parse` takes a sign, too.
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| digits.parse().ok())?
    }

    pub(super) fn object(&self, name: &str) -> Option<Self> {
        Self::of(self.raw(name)?.get())
    }

    /// Returns the entries of a list; none if it is missing or no list.
    pub(super) fn list(&self, name: &str) -> Items<'a> {
        let list = self.raw(name).and_then(|raw| serde_json::from_str(raw.get()).ok());
        list.unwrap_or_default()
    }
}

pub(super) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|text| text.0)
}

/// Returns true if brackets nest deeper than the limit. A parser would find that out by recursion.
fn is_too_deep(json: &[u8]) -> bool {
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
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
        let mut fields = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
            if fields.len() < MAX_FIELDS || fields.contains_key(&name.0) {
                fields.insert(name.0, value);
            }
        }
        Ok(Fields(fields))
    }
}

/// A name, copied only if it has escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ItemsVisitor)
    }
}

struct ItemsVisitor;

impl<'de> Visitor<'de> for ItemsVisitor {
    type Value = Items<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Items::default();
        while items.items.len() < MAX_ITEMS {
            match list.next_element()? {
                Some(item) => items.items.push(item),
                None => return Ok(items),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            items.beyond += 1;
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: &str) -> Option<u64> {
        let body = format!(r#"{{"n":{value}}}"#);
        Fields::of_body(body.as_bytes()).ok()?.number("n")
    }

    #[test]
    fn numbers_may_come_as_texts_of_digits_alone() {
        assert_eq!((number("7"), number("\"7\"")), (Some(7), Some(7)));
        for odd in ["-7", "\"-7\"", "\"+7\"", "\"\"", "\" 7\"", "7.0", "7e3", "null", "true", "[7]"]
        {
            assert_eq!(number(odd), None, "{odd}");
        }
    }

    #[test]
    fn brackets_in_texts_are_not_depth() {
        let deep = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        assert!(Fields::of_body(deep(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(Fields::of_body(deep(MAX_DEPTH + 1).as_bytes()).err(), Some(Oddity::TooDeep));
        let text = format!(r#"{{"a":"\"{}"}}"#, "[".repeat(MAX_DEPTH + 1));
        assert!(Fields::of_body(text.as_bytes()).is_ok());
    }
}
