//! The first attempt of most people: a concurrent map, sorted on each read.

use std::sync::Arc;

use conv_api::{Conversation, ConversationId, model::list_order};
use dashmap::DashMap;

use crate::data::Row;

pub struct Dash(DashMap<ConversationId, Row>);

impl Dash {
    pub fn of(rows: &[Row]) -> Self {
        Self(rows.iter().map(|row| (row.id.clone(), Arc::clone(row))).collect())
    }

    pub fn set(&self, row: Row) {
        self.0.insert(row.id.clone(), row);
    }

    /// The first so many of those that are asked for.
    pub fn first(&self, count: usize, is_asked: impl Fn(&Conversation) -> bool) -> Vec<Row> {
        let mut rows = self.all(is_asked);
        rows.truncate(count);
        rows
    }

    pub fn all(&self, is_asked: impl Fn(&Conversation) -> bool) -> Vec<Row> {
        let rows = self.0.iter().filter(|row| is_asked(row)).map(|row| Arc::clone(&row));
        let mut rows: Vec<_> = rows.collect();
        rows.sort_unstable_by(|a, b| list_order(a, b));
        rows
    }
}
