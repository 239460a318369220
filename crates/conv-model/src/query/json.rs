//! The SDK's `options`, read strictly.

mod condition;

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Error, Map, Value};

use super::{ConversationFilter, ConversationQuery, GroupFilter, MarkFilter};
use crate::{ConversationId, ConversationType};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FilterJson {
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    kind: Option<ConversationType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mark_type: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group_name: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    has_unread_count: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    has_group_at_info: Option<bool>,
}

impl From<&ConversationFilter> for FilterJson {
    fn from(filter: &ConversationFilter) -> Self {
        Self {
            kind: filter.conversation_type,
            mark_type: filter.mark.map(MarkFilter::value),
            group_name: filter.group.as_ref().map(GroupFilter::name),
            has_unread_count: filter.has_unread_count,
            has_group_at_info: filter.has_group_at_info,
        }
    }
}

impl MarkFilter {
    /// The SDK's `markType`.
    fn value(self) -> u64 {
        match self {
            Self::Unmarked => 0,
            Self::With(mark) => mark.value(),
        }
    }
}

impl GroupFilter {
    /// The SDK's `groupName`.
    fn name(&self) -> Arc<str> {
        match self {
            Self::Ungrouped => Arc::default(),
            Self::In(name) => Arc::clone(name),
        }
    }
}

impl Serialize for ConversationFilter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        FilterJson::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ConversationFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        filter(Map::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// An object and nothing else: a derived implementation would also read a list of the values.
fn filter(object: Map<String, Value>) -> Result<ConversationFilter, Error> {
    let json = FilterJson::deserialize(Value::Object(object))?;
    Ok(ConversationFilter {
        conversation_type: json.kind,
        mark: json.mark_type.map(MarkFilter::from_value).transpose()?,
        group: json.group_name.as_deref().map(GroupFilter::from),
        has_unread_count: json.has_unread_count,
        has_group_at_info: json.has_group_at_info,
    })
}

impl Serialize for ConversationQuery {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_none(),
            Self::Ids(ids) => ids.serialize(serializer),
            Self::Filter(filter) => filter.serialize(serializer),
            Self::Where(condition) => condition.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ConversationQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(Self::All),
            Value::Array(items) => {
                Self::ids(ids(items).map_err(de::Error::custom)?).map_err(de::Error::custom)
            }
            Value::Object(object) if condition::is_compound(&object) => {
                let condition = condition::condition(object).map_err(de::Error::custom)?;
                Self::condition(condition).map_err(de::Error::custom)
            }
            Value::Object(object) => {
                if let Some(key) = condition::unknown(&object) {
                    return Err(de::Error::unknown_field(key, condition::MEMBERS));
                }
                filter(object).map(Self::Filter).map_err(de::Error::custom)
            }
            _ => Err(de::Error::custom("expected null, a list of IDs or a filter object")),
        }
    }
}

fn ids(items: Vec<Value>) -> Result<Vec<ConversationId>, Error> {
    items.into_iter().map(ConversationId::deserialize).collect()
}
