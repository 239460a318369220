//! Updates as JSON, once for all readers of the same rows.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use axum::body::Bytes;
use conv_api::{ConversationQuery, Conversations, LiveChange, LiveUpdate, Patch};
use serde::Serialize;

use super::stats::Counters;

/// Updates that are kept for further readers: those who read at once get the newest, those who come
/// late an older one.
const KEPT: usize = 4;

type Key = (ConversationQuery, usize);

/// The views that are read.
#[derive(Debug, Default)]
pub(in crate::server) struct SharedViews(Mutex<Joined>);

#[derive(Debug, Default)]
struct Joined {
    views: HashMap<String, Vec<(Key, Weak<SharedView>)>>,
    /// The number of accounts at which those without a reader are removed.
    sweep_at: usize,
}

/// The newest updates of a query and window of one list.
pub(in crate::server) struct SharedView {
    list: Conversations,
    kept: Mutex<VecDeque<Kept>>,
}

struct Kept {
    update: LiveUpdate,
    json: Bytes,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(flatten)]
    update: &'a LiveUpdate,
    #[serde(skip_serializing_if = "Option::is_none")]
    sum: Option<u32>,
}

impl SharedViews {
    /// Returns the view of a query, which must be normalised. A list that was opened again has other
    /// views than before.
    pub(in crate::server) fn join(
        &self,
        list: &Conversations,
        query: &ConversationQuery,
        window: usize,
    ) -> Arc<SharedView> {
        let mut joined = lock(&self.0);
        joined.sweep();
        let views = joined.views.entry(list.account().as_str().to_owned()).or_default();
        views.retain(|(_, view)| view.strong_count() > 0);
        let known = views.iter().filter(|((of, rows), _)| of == query && *rows == window);
        let known = known.filter_map(|(_, view)| view.upgrade());
        if let Some(view) = known.into_iter().find(|view| view.list.is_same(list)) {
            return view;
        }
        let view = Arc::new(SharedView { list: list.clone(), kept: Mutex::default() });
        views.push(((query.clone(), window), Arc::downgrade(&view)));
        view
    }
}

impl Joined {
    fn sweep(&mut self) {
        if self.views.len() >= self.sweep_at {
            self.views.retain(|_, views| views.iter().any(|(_, view)| view.strong_count() > 0));
            self.sweep_at = (self.views.len() * 2).max(64);
        }
    }
}

impl SharedView {
    /// Returns an update and its sum as JSON without the first brace. `sum` is `None` if it is not
    /// known: then another update follows.
    pub(in crate::server) fn json(
        self: &Arc<Self>,
        update: LiveUpdate,
        sum: Option<impl FnOnce() -> u32>,
        counters: &Counters,
    ) -> Bytes {
        let Some(sum) = sum else { return json(&update, None, counters) };
        if Arc::strong_count(self) == 1 {
            lock(&self.kept).clear();
            return json(&update, Some(sum()), counters);
        }
        // Under the lock: those who come meanwhile need the result, too.
        let mut kept = lock(&self.kept);
        if let Some(same) = kept.iter().find(|kept| is_same(&kept.update, &update)) {
            return same.json.clone();
        }
        let json = json(&update, Some(sum()), counters);
        kept.push_front(Kept { update, json: json.clone() });
        kept.truncate(KEPT);
        json
    }
}

fn json(update: &LiveUpdate, sum: Option<u32>, counters: &Counters) -> Bytes {
    counters.serialised();
    let json = serde_json::to_vec(&Data { update, sum }).unwrap_or_default();
    Bytes::from(json).split_off(1)
}

/// Returns true for updates of the same rows: compares pointers, not contents.
fn is_same(a: &LiveUpdate, b: &LiveUpdate) -> bool {
    let is_same_row = |(a, b): (&Arc<_>, &Arc<_>)| Arc::ptr_eq(a, b);
    let is_same_place = a.seq == b.seq && a.position == b.position && a.totals == b.totals;
    is_same_place
        && match (&a.change, &b.change) {
            (LiveChange::Reset { rows: a }, LiveChange::Reset { rows: b }) => {
                a.len() == b.len() && a.iter().zip(b).all(is_same_row)
            }
            (LiveChange::Patch { patches: a }, LiveChange::Patch { patches: b }) => {
                Arc::ptr_eq(a, b)
                    || a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| is_same_step(a, b))
            }
            (
                LiveChange::Sync { order: a, rows: rows_a },
                LiveChange::Sync { order: b, rows: rows_b },
            ) => {
                a == b && rows_a.len() == rows_b.len() && rows_a.iter().zip(rows_b).all(is_same_row)
            }
            _ => false,
        }
}

fn is_same_step(a: &Patch, b: &Patch) -> bool {
    match (a, b) {
        (Patch::Insert { index: a, row: x }, Patch::Insert { index: b, row: y })
        | (Patch::Update { index: a, row: x }, Patch::Update { index: b, row: y }) => {
            a == b && Arc::ptr_eq(x, y)
        }
        (Patch::Move { from: a, to: at_a, row: x }, Patch::Move { from: b, to: at_b, row: y }) => {
            (a, at_a) == (b, at_b) && Arc::ptr_eq(x, y)
        }
        (
            Patch::Remove { index: a, id: x, reason: why_a },
            Patch::Remove { index: b, id: y, reason: why_b },
        ) => (a, x, why_a) == (b, y, why_b),
        _ => false,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for SharedView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedView").field("kept", &lock(&self.kept).len()).finish_non_exhaustive()
    }
}
