//! The request of a list call.

use std::num::NonZeroUsize;

use axum::{extract::Query, http::Uri};
use conv_api::{ConversationId, ConversationQuery, Error, PageKey};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::server::problem::Problem;

/// The maximum number of rows of a page.
pub(in crate::server) const MAX_LIMIT: usize = 500;

/// A query, and which page of its rows.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) query: ConversationQuery,
    pub(super) limit: Option<NonZeroUsize>,
    pub(super) after: Option<PageKey>,
}

impl Asked {
    /// Reads the SDK's argument: nothing, a list of IDs, or a filter, which may hold `limit` and
    /// `after` too, and `conversationIDList` in place of conditions.
    pub(super) fn of_argument(argument: Value) -> Result<Self, Problem> {
        match argument {
            Value::Object(options) => Self::of_options(options),
            Value::Array(ids) => Ok(Self { query: ids_query(ids)?, limit: None, after: None }),
            argument => Ok(Self { query: parsed(argument)?, limit: None, after: None }),
        }
    }

    /// Reads the same from the query of a URL; `conversationID` may be there several times.
    pub(super) fn of_url(uri: &Uri) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
        let Query(pairs) =
            pairs.map_err(|_| Problem::invalid("query of the URL is not readable"))?;
        let (mut options, mut ids) = (Map::new(), Vec::new());
        for (name, text) in pairs {
            if name == "conversationID" {
                ids.push(Value::String(text));
            } else if options.insert(name.clone(), value(&name, text)?).is_some() {
                return Err(Problem::invalid("query of the URL names a condition twice"));
            }
        }
        if !ids.is_empty() {
            options.insert("conversationIDList".to_owned(), Value::Array(ids));
        }
        Self::of_options(options)
    }

    fn of_options(mut options: Map<String, Value>) -> Result<Self, Problem> {
        let limit = options.remove("limit").map(limit).transpose()?;
        // As a number it is a condition: with messages after that moment.
        let is_key = options.get("after").is_some_and(Value::is_string);
        let after = if is_key { options.remove("after") } else { None };
        let after = after.map(parsed::<PageKey>).transpose()?;
        let query = match options.remove("conversationIDList") {
            Some(Value::Array(ids)) if options.is_empty() => ids_query(ids)?,
            Some(_) => return Err(Problem::invalid("expected a list of IDs, and no conditions")),
            None => parsed(Value::Object(options))?,
        };
        Ok(Self { query, limit, after })
    }
}

/// Reads the SDK's argument where only a query may be: no page.
pub(in crate::server) fn query(argument: Value) -> Result<ConversationQuery, Problem> {
    let asked = Asked::of_argument(argument)?;
    if asked.limit.is_some() || asked.after.is_some() {
        return Err(Problem::invalid("expected a query without a page"));
    }
    Ok(asked.query)
}

fn limit(value: Value) -> Result<NonZeroUsize, Problem> {
    let limit: NonZeroUsize = parsed(value)?;
    if limit.get() <= MAX_LIMIT {
        Ok(limit)
    } else {
        Err(Problem::invalid(format!("expected a limit of at most {MAX_LIMIT}")))
    }
}

fn ids_query(ids: Vec<Value>) -> Result<ConversationQuery, Problem> {
    let parse = |id: &Value| -> Result<ConversationId, Problem> {
        let text = id.as_str().ok_or_else(|| Problem::invalid("expected conversation IDs"))?;
        Ok(text.parse().map_err(Error::Id)?)
    };
    let ids: Vec<_> = ids.iter().map(parse).collect::<Result<_, _>>()?;
    Ok(ConversationQuery::ids(ids).map_err(Error::Query)?)
}

fn parsed<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_json::from_value(value).map_err(|error| Problem::invalid(error.to_string()))
}

/// The JSON that a text in a URL means.
fn value(name: &str, text: String) -> Result<Value, Problem> {
    let is_key = name == "after" && text.parse::<u64>().is_err();
    match name {
        "limit" | "markType" | "before" => number(&text),
        "after" if !is_key => number(&text),
        "hasUnreadCount" | "hasGroupAtInfo" | "isPinned" | "isMuted" => match text.as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(Problem::invalid("expected true or false")),
        },
        _ => Ok(Value::String(text)),
    }
}

fn number(text: &str) -> Result<Value, Problem> {
    let number: u64 = text.parse().map_err(|_| Problem::invalid("expected a number"))?;
    Ok(number.into())
}
