//! One view for all readers of a query.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use conv_model::{ConversationQuery, Seq};
use conv_store::{ResumeFrom, Since, Snapshot, Totals};

use super::{LiveChange, LiveUpdate, Patch, view::View};

/// The maximum number of patches kept for slow readers, in addition to those of the newest step.
const PATCHES: usize = 1_024;

/// The key of a view: a normalised query, and the maximum number of its rows.
pub(crate) type Key = (ConversationQuery, Option<usize>);

/// The views that are being read.
#[derive(Debug, Default)]
pub(crate) struct Views(Mutex<HashMap<Key, Weak<SharedView>>>);

/// A view that the first reader after a commit advances, for all the others too. It does no work
/// while it is not read.
#[derive(Debug)]
pub(crate) struct SharedView {
    key: Key,
    state: Mutex<Option<State>>,
}

#[derive(Debug)]
struct State {
    view: View,
    /// The newest steps that changed something.
    steps: VecDeque<Step>,
    /// Readers at this number or later can go on from the steps.
    since: Seq,
    patches: usize,
}

#[derive(Debug)]
struct Step {
    seq: Seq,
    patches: Arc<[Patch]>,
}

/// The state that a reader has read: the commit, and the totals there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastRead {
    seq: Seq,
    totals: Totals,
}

impl Views {
    pub(crate) fn join(&self, key: Key) -> Arc<SharedView> {
        let mut views = lock(&self.0);
        if let Some(view) = views.get(&key).and_then(Weak::upgrade) {
            return view;
        }
        views.retain(|_, view| view.strong_count() > 0);
        let view = Arc::new(SharedView { key: key.clone(), state: Mutex::new(None) });
        views.insert(key, Arc::downgrade(&view));
        view
    }
}

impl SharedView {
    /// Returns the changes for a reader up to a snapshot or later; `None` without any.
    pub(crate) fn read(&self, to: &Snapshot, reader: &mut Option<LastRead>) -> Option<LiveUpdate> {
        // Readers that come meanwhile need the result, too.
        let mut state = lock(&self.state);
        let state = self.advanced(&mut state, to);
        let (seq, totals) = (state.view.seq(), state.view.totals());
        let before = reader.replace(LastRead { seq, totals });
        let change = match before.and_then(|last| state.patches_since(last.seq)) {
            None => LiveChange::Reset { rows: state.view.rows().to_vec() },
            Some(patches) if patches.is_empty() && before.is_some_and(|p| p.totals == totals) => {
                return None;
            }
            Some(patches) => LiveChange::Patch { patches },
        };
        Some(LiveUpdate { change, seq, position: state.view.position(), totals })
    }

    /// Returns the first update for a reader that resumes, up to the newest snapshot.
    pub(crate) fn resume(
        &self,
        newest: impl FnOnce() -> Snapshot,
        from: ResumeFrom,
        reader: &mut Option<LastRead>,
    ) -> LiveUpdate {
        let mut state = lock(&self.state);
        // Asked under the lock: no other reader has brought the view further.
        let to = &newest();
        let view = &self.advanced(&mut state, to).view;
        let (seq, totals, position) = (view.seq(), view.totals(), view.position());
        let (query, window) = &self.key;
        let steps = |commits: &[_]| View::steps(query.clone(), *window, commits, to);
        let change = match to.since(query, *window, from) {
            _ if seq != to.seq() => None,
            Since::Same => Some(LiveChange::Patch { patches: Arc::new([]) }),
            Since::Changes(commits) => {
                steps(&commits).map(|patches| LiveChange::Patch { patches: patches.into() })
            }
            Since::Sync { order, rows } => Some(LiveChange::Sync { order, rows }),
            _ => None,
        };
        let change = change.unwrap_or_else(|| LiveChange::Reset { rows: view.rows().to_vec() });
        *reader = Some(LastRead { seq, totals });
        LiveUpdate { change, seq, position, totals }
    }

    /// Returns the state at a snapshot or later.
    fn advanced<'a>(&self, state: &'a mut Option<State>, to: &Snapshot) -> &'a mut State {
        match state {
            Some(state) => {
                state.advance(to);
                state
            }
            none => none.insert(State::new(&self.key, to)),
        }
    }
}

impl State {
    fn new((query, window): &Key, of: &Snapshot) -> Self {
        let view = View::new(query.clone(), *window, of);
        Self { view, steps: VecDeque::new(), since: of.seq(), patches: 0 }
    }

    fn advance(&mut self, to: &Snapshot) {
        if to.seq() <= self.view.seq() {
            return;
        }
        match self.view.advance(to) {
            None => {
                self.steps.clear();
                (self.since, self.patches) = (to.seq(), 0);
            }
            Some(patches) if patches.is_empty() => {}
            Some(patches) => {
                self.patches += patches.len();
                self.steps.push_back(Step { seq: to.seq(), patches: patches.into() });
                self.forget_old();
            }
        }
    }

    fn forget_old(&mut self) {
        while self.patches > PATCHES && self.steps.len() > 1 {
            if let Some(oldest) = self.steps.pop_front() {
                self.patches -= oldest.patches.len();
                self.since = oldest.seq;
            }
        }
    }

    /// `None` if they are no longer known.
    fn patches_since(&self, seq: Seq) -> Option<Arc<[Patch]>> {
        if seq < self.since {
            return None;
        }
        let first = self.steps.partition_point(|step| step.seq <= seq);
        let mut steps = self.steps.range(first..);
        match (steps.next(), steps.len()) {
            (None, _) => Some(Arc::new([])),
            (Some(only), 0) => Some(Arc::clone(&only.patches)),
            (Some(first), _) => {
                let all = first.patches.iter().chain(steps.flat_map(|step| step.patches.iter()));
                Some(all.cloned().collect())
            }
        }
    }
}

/// Sections await nothing, and none of them panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
