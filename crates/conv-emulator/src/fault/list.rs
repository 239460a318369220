//! Faults of the pages of lists.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

const CURSOR: [&str; 4] = ["TimeStamp", "StartIndex", "TopTimeStamp", "TopStartIndex"];
/// A time after any time of a world: a cursor from here on replaces another one.
const ALIAS: u64 = 40_000_000_000;
const REPEATED: usize = 3;

/// The state that faults share between pages.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The cursors that empty pages returned, with the true cursors that they replace.
    aliases: HashMap<u64, [Value; 4]>,
    last_rows: HashMap<String, Vec<Value>>,
}

impl Memory {
    /// Replaces a cursor of an empty page in a request by the true one.
    pub(crate) fn resolve(&self, request: &mut Map<String, Value>) {
        let alias = request.get("TimeStamp").and_then(Value::as_u64);
        if let Some(cursor) = alias.and_then(|alias| self.aliases.get(&alias)) {
            request.extend(CURSOR.map(str::to_owned).into_iter().zip(cursor.clone()));
        }
    }
}

pub(super) fn standing_cursor(request: &Map<String, Value>, reply: &mut Value) {
    let Some(map) = reply.as_object_mut().filter(|map| map.contains_key("TimeStamp")) else {
        return;
    };
    map.insert("CompleteFlag".into(), json!(0));
    let cursor = CURSOR.map(|field| request.get(field).cloned().unwrap_or_default());
    // The first page's cursor leads to the second page, whose cursor then never moves.
    if cursor.iter().any(|number| number.as_u64() != Some(0)) {
        map.extend(CURSOR.map(str::to_owned).into_iter().zip(cursor));
    }
}

pub(super) fn empty_page(memory: &mut Memory, request: &Map<String, Value>, reply: &mut Value) {
    let Some(map) = reply.as_object_mut().filter(|map| map.contains_key("SessionItem")) else {
        return;
    };
    let alias = ALIAS + memory.aliases.len() as u64;
    let cursor = CURSOR.map(|field| request.get(field).cloned().unwrap_or_default());
    memory.aliases.insert(alias, cursor);
    map.insert("SessionItem".into(), json!([]));
    map.insert("CompleteFlag".into(), json!(0));
    map.extend(CURSOR.map(|field| (field.to_owned(), json!(alias))));
}

pub(super) fn duplicate_rows(memory: &mut Memory, account: &str, reply: &mut Value) {
    let Some(rows) = reply.get_mut("SessionItem").and_then(Value::as_array_mut) else {
        return;
    };
    let newest = rows.iter().rev().take(REPEATED).cloned().collect();
    let before = memory.last_rows.insert(account.to_owned(), newest).unwrap_or_default();
    rows.extend(rows.first().cloned());
    rows.extend(before);
}
