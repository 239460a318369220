//! Objects that name a member twice: which of the two is meant depends on who reads them.

use std::{collections::HashSet, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Returns the first member that an object has twice. Of what is no JSON it may say either.
pub(super) fn twice(json: &[u8]) -> Option<String> {
    let mut twice = None;
    // What is wrong otherwise, the call says.
    let _ = Once(&mut twice).deserialize(&mut serde_json::Deserializer::from_slice(json));
    twice
}

/// Reads any value, and takes down the first member that is there twice.
struct Once<'a>(&'a mut Option<String>);

impl<'de> DeserializeSeed<'de> for Once<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if names.contains(&name) {
                *self.0 = Some(name);
                return Err(A::Error::custom("a member is there twice"));
            }
            names.insert(name);
            members.next_value_seed(Once(self.0))?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while values.next_element_seed(Once(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_is_there_twice_is_found_at_any_depth() {
        let twice = |json: &str| twice(json.as_bytes());
        assert_eq!(twice(r#"{"a":1,"a":2}"#).as_deref(), Some("a"));
        // Not the same bytes, but the same text.
        assert_eq!(twice(r#"[{"x":{"a":null,"\u0061":2}}]"#).as_deref(), Some("a"));
        assert_eq!(twice(r#"{"a":{"b":1,"c":[1.5,true,-1,"a",{}]},"b":[{"a":1},{"a":1}]}"#), None);
        assert_eq!(twice(r#"{"a":1,"#), None);
    }
}
