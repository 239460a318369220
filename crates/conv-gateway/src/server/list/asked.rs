//! The request of a list call.

use std::num::NonZeroUsize;

use axum::{extract::Query, http::Uri};
use conv_api::{ConversationId, ConversationQuery, Error, PageKey, store::Snapshot};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::server::{
    body::{value_of, words},
    etag::Basis,
    problem::Problem,
};

/// The maximum number of rows of a page.
pub(in crate::server) const MAX_LIMIT: usize = 500;

/// The maximum number of conditions of a query: each costs a look at every row, again at each change.
const MAX_CONDITIONS: usize = 64;

/// Conditions that a text in a URL can say.
const CONDITIONS: [&str; 11] = [
    "type",
    "markType",
    "groupName",
    "hasUnreadCount",
    "hasGroupAtInfo",
    "isPinned",
    "isMuted",
    "nameContains",
    "nameContainsUnaccented",
    "before",
    "after",
];
/// Further names that the query of a URL may have.
const OF_URL: [&str; 1] = ["conversationID"];
/// Further names that an object may have.
const OF_OBJECT: [&str; 4] = ["all", "any", "not", "conversationIDList"];
/// A further name where there are pages. Their key is a text in `after`.
const LIMIT: &str = "limit";

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
        Self::argument(argument, true)
    }

    fn argument(argument: Value, has_pages: bool) -> Result<Self, Problem> {
        match argument {
            Value::Object(options) => {
                bounded(&options)?;
                known(options.keys(), &OF_OBJECT, has_pages)?;
                Self::of_options(options)
            }
            Value::Array(ids) => Ok(Self { query: ids_query(ids)?, limit: None, after: None }),
            argument => Ok(Self { query: parsed(argument)?, limit: None, after: None }),
        }
    }

    /// Reads the same from the query of a URL; `conversationID` may be there several times.
    pub(super) fn of_url(uri: &Uri) -> Result<Self, Problem> {
        Self::url(uri, true)
    }

    /// Reads a query from that of a URL, where there are no pages.
    pub(super) fn query_of_url(uri: &Uri) -> Result<ConversationQuery, Problem> {
        Self::url(uri, false)?.without_page()
    }

    fn url(uri: &Uri, has_pages: bool) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
        let Query(pairs) =
            pairs.map_err(|_| Problem::invalid("query of the URL is not readable"))?;
        known(pairs.iter().map(|(name, _)| name), &OF_URL, has_pages)?;
        let (mut options, mut ids) = (Map::new(), Vec::new());
        for (name, text) in pairs {
            if name == "conversationID" {
                ids.push(Value::String(text));
            } else if options.insert(name.clone(), value(&name, text)?).is_some() {
                return Err(Problem::invalid(format!("query of the URL has {name} twice")));
            }
        }
        if !ids.is_empty() {
            options.insert("conversationIDList".to_owned(), Value::Array(ids));
        }
        Self::of_options(options)
    }

    fn of_options(mut options: Map<String, Value>) -> Result<Self, Problem> {
        let limit = options.remove(LIMIT).map(limit).transpose()?;
        // As a number it is a condition: with messages after that moment.
        let is_key = options.get("after").is_some_and(Value::is_string);
        let after = if is_key { options.remove("after") } else { None };
        let after = after.map(parsed::<PageKey>).transpose()?;
        let query = match options.remove("conversationIDList") {
            Some(Value::Array(ids)) if options.is_empty() => ids_query(ids)?,
            Some(_) => return Err(Problem::invalid("expected a list of IDs, and no conditions")),
            None => conditions(options)?,
        };
        Ok(Self { query, limit, after })
    }

    /// All that the answer is made from.
    pub(super) fn basis(&self, snapshot: &Snapshot, report: &impl Serialize) -> Basis {
        Basis::new(snapshot, &("list", &self.query, self.limit, &self.after, report))
    }

    fn without_page(self) -> Result<ConversationQuery, Problem> {
        match self.after {
            None => Ok(self.query),
            Some(_) => Err(Problem::invalid("expected a moment as after: there are no pages")),
        }
    }
}

/// Reads the SDK's argument where only a query may be: no page.
pub(in crate::server) fn query(argument: Value) -> Result<ConversationQuery, Problem> {
    Asked::argument(argument, false)?.without_page()
}

/// Refuses a name that means nothing, and says all that mean something there.
fn known<'a>(
    names: impl IntoIterator<Item = &'a String>,
    further: &[&str],
    has_pages: bool,
) -> Result<(), Problem> {
    let page = has_pages.then_some(&LIMIT);
    let mut all = CONDITIONS.iter().chain(further).chain(page);
    let is_known = |name: &&String| all.clone().any(|known| *known == name.as_str());
    let Some(name) = names.into_iter().find(|name| !is_known(name)) else { return Ok(()) };
    let first = all.next().map(|name| format!("`{name}`")).unwrap_or_default();
    let all = all.fold(first, |all, name| format!("{all}, `{name}`"));
    Err(Problem::invalid(format!("unknown field `{name}`, expected one of {all}")))
}

/// Refuses a query of too many conditions.
fn bounded(options: &Map<String, Value>) -> Result<(), Problem> {
    fn count(value: &Value) -> usize {
        match value {
            Value::Object(members) => members.values().map(|value| 1 + count(value)).sum(),
            Value::Array(values) => values.iter().map(count).sum(),
            _ => 0,
        }
    }

    if options.values().map(|value| 1 + count(value)).sum::<usize>() <= MAX_CONDITIONS {
        return Ok(());
    }
    Err(Problem::invalid(format!("expected at most {MAX_CONDITIONS} conditions")))
}

fn limit(value: Value) -> Result<NonZeroUsize, Problem> {
    let limit = value.as_u64().and_then(|limit| usize::try_from(limit).ok());
    let limit = limit.filter(|limit| *limit <= MAX_LIMIT).and_then(NonZeroUsize::new);
    limit.ok_or_else(|| Problem::invalid(format!("expected a limit of 1 to {MAX_LIMIT}")))
}

fn ids_query(ids: Vec<Value>) -> Result<ConversationQuery, Problem> {
    let parse = |id: &Value| -> Result<ConversationId, Problem> {
        let text = id.as_str().ok_or_else(|| Problem::invalid("expected conversation IDs"))?;
        Ok(text.parse().map_err(Error::Id)?)
    };
    let ids: Vec<_> = ids.iter().map(parse).collect::<Result<_, _>>()?;
    Ok(ConversationQuery::ids(ids).map_err(Error::Query)?)
}

/// Reads conditions. The parser of a whole query does not say which one is wrong; that of one alone does.
fn conditions(options: Map<String, Value>) -> Result<ConversationQuery, Problem> {
    let options = Value::Object(options);
    ConversationQuery::deserialize(&options).map_err(|error| {
        let alone = options.as_object().into_iter().flatten().find_map(|(name, value)| {
            let alone = Value::Object(Map::from_iter([(name.clone(), value.clone())]));
            let error = ConversationQuery::deserialize(&alone).err()?;
            Some(format!("{name}: {}", words(&error)))
        });
        Problem::invalid(alone.unwrap_or_else(|| words(&error)))
    })
}

fn parsed<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    value_of(value)
}

/// The JSON that a text in a URL means.
fn value(name: &str, text: String) -> Result<Value, Problem> {
    let is_key = name == "after" && text.parse::<u64>().is_err();
    match name {
        LIMIT | "markType" | "before" => number(name, &text),
        "after" if !is_key => number(name, &text),
        "hasUnreadCount" | "hasGroupAtInfo" | "isPinned" | "isMuted" => match text.as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(Problem::invalid(format!("expected true or false as {name}"))),
        },
        _ => Ok(Value::String(text)),
    }
}

fn number(name: &str, text: &str) -> Result<Value, Problem> {
    let expected = || Problem::invalid(format!("expected a whole number as {name}"));
    let number: u64 = text.parse().map_err(|_| expected())?;
    Ok(number.into())
}
