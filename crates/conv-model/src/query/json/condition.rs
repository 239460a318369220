//! Conditions as objects whose members must all be met.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser, ser::SerializeMap};
use serde_json::{Error, Map, Value, from_value};

use crate::{Condition, GroupFilter, MarkFilter, MarkType, QueryError};

/// The members of an object; the first five are the SDK's.
pub(super) const MEMBERS: &[&str] = &[
    "type",
    "markType",
    "groupName",
    "hasUnreadCount",
    "hasGroupAtInfo",
    "isPinned",
    "isMuted",
    #[cfg(feature = "search")]
    "nameContains",
    #[cfg(feature = "search")]
    "nameContainsUnaccented",
    "before",
    "after",
    "all",
    "any",
    "not",
];

/// Returns true if an object has members that the SDK's filter does not have.
pub(super) fn is_compound(object: &Map<String, Value>) -> bool {
    object.keys().any(|key| MEMBERS.iter().skip(5).any(|member| member == key))
}

/// Returns a member that means nothing.
pub(super) fn unknown(object: &Map<String, Value>) -> Option<&str> {
    object.keys().map(String::as_str).find(|key| !MEMBERS.contains(key))
}

pub(super) fn condition(object: Map<String, Value>) -> Result<Condition, Error> {
    let set = object.into_iter().filter(|(_, value)| !value.is_null());
    let mut members: Vec<Condition> =
        set.map(|(key, value)| member(&key, value)).collect::<Result<_, _>>()?;
    match members.pop() {
        Some(only) if members.is_empty() => Ok(only),
        last => {
            members.extend(last);
            Ok(Condition::All(members))
        }
    }
}

fn member(key: &str, value: Value) -> Result<Condition, Error> {
    Ok(match key {
        "type" => Condition::Type(from_value(value)?),
        "markType" => Condition::Mark(MarkFilter::from_value(from_value(value)?)?),
        "groupName" => Condition::Group(GroupFilter::from(from_value::<String>(value)?.as_str())),
        "hasUnreadCount" => Condition::Unread(from_value(value)?),
        "hasGroupAtInfo" => Condition::Mention(from_value(value)?),
        "isPinned" => Condition::Pinned(from_value(value)?),
        "isMuted" => Condition::Muted(from_value(value)?),
        #[cfg(feature = "search")]
        "nameContains" => Condition::NameContains(from_value(value)?),
        #[cfg(feature = "search")]
        "nameContainsUnaccented" => Condition::NameContainsUnaccented(from_value(value)?),
        "before" => Condition::Before(from_value(value)?),
        "after" => Condition::After(from_value(value)?),
        "all" => Condition::All(conditions(value)?),
        "any" => Condition::Any(conditions(value)?),
        "not" => !condition(from_value(value)?)?,
        _ => return Err(de::Error::unknown_field(key, MEMBERS)),
    })
}

fn conditions(list: Value) -> Result<Vec<Condition>, Error> {
    from_value::<Vec<Map<String, Value>>>(list)?.into_iter().map(condition).collect()
}

impl MarkFilter {
    /// From the SDK's `markType`.
    pub(super) fn from_value(value: u64) -> Result<Self, Error> {
        match value {
            0 => Ok(Self::Unmarked),
            value => MarkType::from_printed(value).map(Self::With).map_err(de::Error::custom),
        }
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.is_within(Self::MAX_DEPTH) {
            return Err(ser::Error::custom(QueryError::TooDeep));
        }
        let mut object = serializer.serialize_map(Some(1))?;
        match self {
            Self::All(all) => object.serialize_entry("all", all),
            Self::Any(any) => object.serialize_entry("any", any),
            Self::Not(not) => object.serialize_entry("not", not),
            Self::Type(kind) => object.serialize_entry("type", kind),
            Self::Mark(mark) => object.serialize_entry("markType", &mark.value()),
            Self::Group(group) => object.serialize_entry("groupName", &group.name()),
            Self::Unread(has) => object.serialize_entry("hasUnreadCount", has),
            Self::Mention(has) => object.serialize_entry("hasGroupAtInfo", has),
            Self::Pinned(is) => object.serialize_entry("isPinned", is),
            Self::Muted(is) => object.serialize_entry("isMuted", is),
            #[cfg(feature = "search")]
            Self::NameContains(text) => object.serialize_entry("nameContains", text),
            #[cfg(feature = "search")]
            Self::NameContainsUnaccented(text) => {
                object.serialize_entry("nameContainsUnaccented", text)
            }
            Self::Before(time) => object.serialize_entry("before", time),
            Self::After(time) => object.serialize_entry("after", time),
        }?;
        object.end()
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let condition = condition(Map::deserialize(deserializer)?).map_err(de::Error::custom)?;
        if condition.is_within(Self::MAX_DEPTH) {
            Ok(condition)
        } else {
            Err(de::Error::custom(QueryError::TooDeep))
        }
    }
}
