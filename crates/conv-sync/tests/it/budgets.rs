//! Tries and time belong to a call: no call spends those of another.

use std::{sync::Arc, time::Duration};

use conv_model::{ConversationId, Coverage, Cursor, ErrorClass, Seq, SyncState};
use conv_sync::{
    Capabilities, Groups, Hydrated, Page, Retry, SourceError,
    testing::{CallId, Effect, Input, NOW, Pull, ScriptedSource, row},
};

use crate::support::{Cache, plan};

fn expired() -> SourceError {
    SourceError::Cloud {
        code: 70001,
        class: ErrorClass::Auth,
        retry: Retry::Reauthenticate,
        message: "UserSig expired".into(),
        retry_after: None,
    }
}

/// A pass by hand, answered call by call.
struct Pass {
    pull: Pull,
    cache: Cache,
    now: Duration,
    open: Vec<Effect>,
}

impl Pass {
    fn new() -> Self {
        let mut capabilities = Capabilities::default();
        capabilities.profile_batch.users = 1;
        let (pull, open) = Pull::start(plan(500), &capabilities, &SyncState::default());
        let mut pass = Self { pull, cache: Cache::default(), now: Duration::ZERO, open };
        pass.apply();
        pass
    }

    fn tell(&mut self, input: Input) {
        self.open.extend(self.pull.step(self.now, input));
        self.apply();
    }

    /// Applies all changes, and ends all pauses.
    fn apply(&mut self) {
        while let Some(place) = self
            .open
            .iter()
            .position(|effect| matches!(effect, Effect::Apply(_) | Effect::Wait { .. }))
        {
            let input = match self.open.remove(place) {
                Effect::Apply(delta) => {
                    Input::Applied { needs_profile: self.cache.apply(&delta).needs_profile }
                }
                Effect::Wait { call, .. } => Input::Woke(call),
                other => panic!("{other:?}"),
            };
            self.open.extend(self.pull.step(self.now, input));
        }
    }

    fn take(&mut self, is_it: impl Fn(&Effect) -> Option<CallId>) -> CallId {
        let place = self.open.iter().position(|effect| is_it(effect).is_some());
        let place = place.unwrap_or_else(|| panic!("not among {:?}", self.open));
        is_it(&self.open.remove(place)).unwrap()
    }

    fn list(&mut self, answer: Result<Page, SourceError>) {
        let call = self.take(|effect| match effect {
            Effect::List { call, .. } => Some(*call),
            _ => None,
        });
        self.tell(Input::Listed { call, asked: Seq::ZERO, answer });
    }

    fn name(&mut self, answer: Result<Groups, SourceError>) {
        let call = self.take(|effect| match effect {
            Effect::Name { call } => Some(*call),
            _ => None,
        });
        self.tell(Input::Named { call, asked: Seq::ZERO, answer });
    }

    fn hydrate(&mut self, answer: Result<Hydrated, SourceError>) {
        let call = self.take(|effect| match effect {
            Effect::Hydrate { call, .. } => Some(*call),
            _ => None,
        });
        self.tell(Input::Hydrated { call, asked: Seq::ZERO, answer });
    }
}

/// A page with one row of its own.
fn page(number: u32, next: Option<u32>) -> Page {
    let id = ConversationId::c2c(&format!("user_{number:04}")).unwrap();
    let mut row = row(id, NOW);
    row.group_ids = Some(vec![1]);
    Page::new(vec![row], next.map(|next| Cursor::new(next.to_string())), Some(NOW))
}

#[test]
fn group_names_that_are_given_up_leave_all_tries_to_the_pages() {
    let mut pass = Pass::new();
    pass.list(Ok(page(1, Some(1))));
    for _ in 0..5 {
        pass.name(Err(SourceError::TimedOut));
    }
    for _ in 0..4 {
        pass.list(Err(SourceError::TimedOut));
    }
    pass.list(Ok(page(2, None)));
    assert!(pass.pull.outcome().is_none());
    assert_eq!(pass.cache.rows.len(), 2);
}

#[test]
fn a_batch_that_is_given_up_leaves_all_tries_to_the_next() {
    let mut pass = Pass::new();
    pass.list(Ok(page(1, Some(1))));
    pass.name(Ok(Groups::default()));
    for _ in 0..5 {
        pass.hydrate(Err(SourceError::TimedOut));
    }
    pass.list(Ok(page(2, None)));
    for _ in 0..4 {
        pass.hydrate(Err(SourceError::TimedOut));
    }
    pass.hydrate(Ok(Hydrated::default()));
    assert_eq!(pass.cache.state.failed.len(), 1, "the first batch alone");
}

#[tokio::test(start_paused = true)]
async fn a_failure_long_after_another_has_all_its_time() {
    let failed = SourceError::Http { status: 503, retry_after: None };
    let mut pass = Pass::new();
    pass.list(Err(failed.clone()));
    for number in 0..90 {
        pass.list(Ok(page(number, Some(number + 1))));
    }
    pass.now = Duration::from_secs(122);
    pass.list(Err(failed));
    pass.list(Ok(page(90, Some(91))));
    assert!(pass.pull.outcome().is_none());
    assert_eq!(pass.cache.rows.len(), 91);
}

#[test]
fn calls_in_flight_with_one_expired_signature_are_all_asked_again() {
    let mut pass = Pass::new();
    pass.list(Ok(page(1, Some(1))));
    pass.hydrate(Err(expired()));
    pass.name(Err(expired()));
    pass.list(Err(expired()));
    pass.list(Ok(page(2, None)));
    pass.name(Ok(Groups::new(vec![(1, "Friends".into())], Some(NOW))));
    pass.hydrate(Ok(Hydrated::default()));
    assert_eq!(pass.cache.state.failed, []);
    assert_eq!(pass.cache.rows["C2Cuser_0001"].listing.groups, ["Friends".into()]);
}

#[tokio::test(start_paused = true)]
async fn a_signature_may_expire_twice_in_one_pass() {
    let source = Arc::new(ScriptedSource::with_rows(300).page_size(100));
    source.answer(Err(expired()));
    source.answer_from_list();
    source.answer_from_list();
    source.answer(Err(expired()));
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(cache.state.coverage, Coverage::Complete);
}

#[tokio::test(start_paused = true)]
async fn a_refused_new_signature_is_final() {
    let source = Arc::new(ScriptedSource::with_rows(300).page_size(100));
    source.answer_from_list();
    source.answer(Err(expired()));
    source.answer(Err(expired()));
    let error = Cache::default().pass(&source, plan(500)).await.unwrap_err();
    assert_eq!(error.code(), Some(70001));
}
