//! The SDK's `options`, read strictly.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use super::{ConversationFilter, ConversationQuery, GroupFilter, MarkFilter};
use crate::{ConversationId, ConversationType, MarkType};

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
            mark_type: filter.mark.map(|mark| match mark {
                MarkFilter::Unmarked => 0,
                MarkFilter::With(mark) => mark.value(),
            }),
            group_name: filter.group.as_ref().map(|group| match group {
                GroupFilter::Ungrouped => Arc::default(),
                GroupFilter::In(name) => name.clone(),
            }),
            has_unread_count: filter.has_unread_count,
            has_group_at_info: filter.has_group_at_info,
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
        let json = FilterJson::deserialize(deserializer)?;
        let mark = match json.mark_type {
            None => None,
            Some(0) => Some(MarkFilter::Unmarked),
            Some(value) => Some(MarkType::from_printed(value).map_err(de::Error::custom)?.into()),
        };
        Ok(Self {
            conversation_type: json.kind,
            mark,
            group: json.group_name.as_deref().map(GroupFilter::from),
            has_unread_count: json.has_unread_count,
            has_group_at_info: json.has_group_at_info,
        })
    }
}

impl Serialize for ConversationQuery {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_none(),
            Self::Ids(ids) => ids.serialize(serializer),
            Self::Filter(filter) => filter.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ConversationQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let query = match Value::deserialize(deserializer)? {
            Value::Null => Self::All,
            Value::Array(items) => Self::Ids(ids(items).map_err(de::Error::custom)?),
            object @ Value::Object(_) => {
                Self::Filter(ConversationFilter::deserialize(object).map_err(de::Error::custom)?)
            }
            _ => {
                return Err(de::Error::custom("expected null, a list of IDs or a filter object"));
            }
        };
        query.check().map_err(de::Error::custom)?;
        Ok(query)
    }
}

fn ids(items: Vec<Value>) -> Result<Vec<ConversationId>, serde_json::Error> {
    items.into_iter().map(ConversationId::deserialize).collect()
}
