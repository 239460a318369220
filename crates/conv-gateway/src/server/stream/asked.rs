//! The request that opens a line.

use std::collections::BTreeMap;

use conv_api::{ConversationQuery, Position, ResumeFrom};
use serde::Deserialize;
use serde_json::Value;

use crate::server::{list, problem::Problem};

/// The maximum number of queries of a line.
const MAX_QUERIES: usize = 8;
/// The maximum bytes of a query's key.
const MAX_KEY: usize = 64;
/// The rows of a window, unless the client says otherwise.
const WINDOW: usize = 50;

/// The body of `POST /conversations/stream`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::server) struct Body {
    queries: BTreeMap<String, Asked>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct Asked {
    #[serde(default)]
    query: Value,
    window: Option<usize>,
    from: Option<From>,
}

/// A position, which the client got from anywhere: no text is an error.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a position, or an object with `position`")]
pub(in crate::server) enum From {
    Position(String),
    #[serde(rename_all = "camelCase")]
    Counted {
        position: String,
        #[serde(default)]
        conversations: Option<u64>,
    },
}

/// A query with its window, from a position on.
#[derive(Clone, Debug)]
pub(in crate::server) struct Query {
    pub(in crate::server) query: ConversationQuery,
    pub(in crate::server) window: usize,
    pub(in crate::server) from: Option<ResumeFrom>,
    /// The client holds rows, even if its position is not valid here.
    pub(in crate::server) has_position: bool,
}

impl Body {
    /// Returns the queries by their keys.
    pub(in crate::server) fn queries(self) -> Result<Vec<(String, Query)>, Problem> {
        if self.queries.is_empty() || self.queries.len() > MAX_QUERIES {
            return Err(Problem::invalid(format!("expected 1 to {MAX_QUERIES} queries")));
        }
        let one = |(key, asked): (String, Asked)| {
            if key.len() > MAX_KEY {
                return Err(Problem::invalid(format!("expected keys of at most {MAX_KEY} bytes")));
            }
            let query = Query::new(asked.query, asked.window)?;
            let query = match asked.from {
                Some(from) => query.from(&from),
                None => query,
            };
            Ok((key, query))
        };
        self.queries.into_iter().map(one).collect()
    }
}

impl Query {
    pub(in crate::server) fn new(query: Value, window: Option<usize>) -> Result<Self, Problem> {
        let (query, window) = (list::query(query)?, window.unwrap_or(WINDOW));
        if window > list::MAX_LIMIT {
            let most = list::MAX_LIMIT;
            return Err(Problem::invalid(format!("expected a window of at most {most} rows")));
        }
        Ok(Self { query, window, from: None, has_position: false })
    }

    /// Goes on from a position. One that cannot be read gets all rows, as a foreign one does.
    pub(in crate::server) fn from(self, from: &From) -> Self {
        let (position, conversations) = match from {
            From::Position(position) => (position, None),
            From::Counted { position, conversations } => (position, *conversations),
        };
        let from = position.parse::<Position>().ok().map(|position| {
            let from = ResumeFrom::from(position);
            conversations.map_or(from, |count| from.with_conversations(count))
        });
        Self { from, has_position: true, ..self }
    }

    /// The same query from the start.
    pub(in crate::server) fn unresumed(&self) -> Self {
        Self { from: None, has_position: false, ..self.clone() }
    }
}
