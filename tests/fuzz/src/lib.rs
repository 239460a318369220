//! Properties that must hold for any bytes. Each function panics if one does not.
//!
//! Two call them: the targets beside this folder, with what libFuzzer makes up, and the workspace's
//! tests, with every file of the corpus.

mod conversation_id;
mod conversation_json;
mod page;
mod query;
mod record;
mod usersig;
mod webhook;
mod written;

pub use self::{
    conversation_id::conversation_id, conversation_json::conversation_json, page::page,
    query::query, record::record, usersig::usersig, webhook::webhook, written::written,
};

/// A property that must hold for any bytes.
pub type Target = fn(&[u8]);

/// Every target under the name of its folder in the corpus.
pub const TARGETS: [(&str, Target); 8] = [
    ("conversation_id", conversation_id),
    ("conversation_json", conversation_json),
    ("page", page),
    ("query", query),
    ("record", record),
    ("usersig", usersig),
    ("webhook", webhook),
    ("written", written),
];
