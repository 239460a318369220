//! What every reply has.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, Error, IgnoredAny, IntoDeserializer, MapAccess, Visitor,
        value::MapAccessDeserializer,
    },
};

use super::loose::Loose;

/// `ActionStatus`, `ErrorCode`, `ErrorInfo`: in every reply (Tencent's REST API overview).
#[derive(Debug, Default)]
pub(in crate::rest) struct Envelope {
    status: Option<Loose<String>>,
    code: Option<Loose<i32>>,
    info: Option<Loose<String>>,
}

/// A whole reply: its envelope, and what else there is, read in one go.
#[derive(Debug)]
pub(super) struct Enveloped<T> {
    pub(super) envelope: Envelope,
    pub(super) body: T,
}

impl Envelope {
    /// The code: 0 if all is well. `None` if there is none, or if code and status contradict
    /// each other.
    pub(in crate::rest) fn code(&self) -> Option<i32> {
        match (&self.code, &self.status) {
            (Some(Loose::Given(0)), Some(Loose::Given(status))) if status == "FAIL" => None,
            (Some(Loose::Given(code)), _) => Some(*code),
            _ => None,
        }
    }

    /// The cloud's words.
    pub(in crate::rest) fn info(self) -> String {
        self.info.and_then(Loose::any).unwrap_or_default()
    }

    /// Reads a member's value if the member is one of these.
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "ActionStatus" => once(&mut self.status, "ActionStatus", map),
            "ErrorCode" => once(&mut self.code, "ErrorCode", map),
            "ErrorInfo" => once(&mut self.info, "ErrorInfo", map),
            _ => Ok(false),
        }
    }
}

fn once<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    member: &mut Option<T>,
    name: &'static str,
    map: &mut A,
) -> Result<bool, A::Error> {
    match member.replace(map.next_value()?) {
        None => Ok(true),
        Some(_) => Err(A::Error::duplicate_field(name)),
    }
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Enveloped::<IgnoredAny>::deserialize(deserializer).map(|reply| reply.envelope)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Enveloped<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ReplyVisitor(PhantomData))
    }
}

struct ReplyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ReplyVisitor<T> {
    type Value = Enveloped<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let mut envelope = Envelope::default();
        let members = Unwrapped { map, envelope: &mut envelope };
        let body = T::deserialize(MapAccessDeserializer::new(members))?;
        Ok(Enveloped { envelope, body })
    }
}

/// The members of a reply without those of its envelope, which are put aside.
struct Unwrapped<'a, A> {
    map: A,
    envelope: &'a mut Envelope,
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Unwrapped<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(Name(name)) = self.map.next_key()? {
            if !self.envelope.take(&name, &mut self.map)? {
                return seed.deserialize(name.into_deserializer()).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}
