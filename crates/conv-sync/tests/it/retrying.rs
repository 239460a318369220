//! Retries of a pass: pauses, their early end, and facets that do not come.

use std::{sync::Arc, time::Duration};

use conv_model::{ConversationId, ErrorClass, Facet, Seq, SyncState};
use conv_sync::{
    Capabilities, Hydrated, Page, Retry, SourceError,
    testing::{CallId, Effect, Input, NOW, Pull, ScriptedSource, row},
};

use crate::support::{Cache, plan};

fn refused(retry_after: Option<Duration>) -> SourceError {
    SourceError::Cloud {
        code: 60007,
        class: ErrorClass::RateLimited,
        retry: Retry::BackOff,
        message: "slow down".into(),
        retry_after,
    }
}

/// A pass that waits for its first page, and the call that asks for it.
fn listing() -> (Pull, CallId) {
    let (mut pull, _) = Pull::start(plan(500), &Capabilities::default(), &SyncState::default());
    let effects = pull.step(Duration::ZERO, Input::Applied { needs_profile: Vec::new() });
    let [Effect::List { call, cursor: None }] = effects[..] else { panic!("{effects:?}") };
    (pull, call)
}

fn fail(pull: &mut Pull, call: CallId, error: SourceError) -> Vec<Effect> {
    let input = Input::Listed { call, asked: Seq::ZERO, answer: Err(error) };
    pull.step(Duration::ZERO, input)
}

#[test]
fn trying_again_now_ends_a_pause_and_gives_all_tries_back() {
    let (mut pull, call) = listing();
    for _ in 0..20 {
        let effects = fail(&mut pull, call, SourceError::TimedOut);
        assert!(matches!(effects[..], [Effect::Wait { .. }]), "{effects:?}");
        let effects = pull.step(Duration::ZERO, Input::Retry);
        assert_eq!(effects, [Effect::List { call, cursor: None }]);
        // The pause that was ended says nothing any more.
        assert_eq!(pull.step(Duration::ZERO, Input::Woke(call)), []);
    }
}

#[test]
fn a_pause_that_the_cloud_asked_for_is_kept() {
    let (mut pull, call) = listing();
    fail(&mut pull, call, refused(Some(Duration::from_secs(7))));
    assert_eq!(pull.step(Duration::ZERO, Input::Retry), []);
    let effects = pull.step(Duration::from_secs(7), Input::Woke(call));
    assert_eq!(effects, [Effect::List { call, cursor: None }]);
}

#[test]
fn trying_again_asks_nothing_twice() {
    let (mut pull, _) = listing();
    assert_eq!(pull.step(Duration::ZERO, Input::Retry), []);
}

#[tokio::test(start_paused = true)]
async fn facets_of_a_batch_that_failed_are_listed_and_asked_for_again_by_the_next_pass() {
    let source = Arc::new(ScriptedSource::with_rows(10));
    for _ in 0..5 {
        source.fail_hydration(refused(None));
    }
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    let report = cache.state.report();
    assert!(report.is_sync_completed());
    assert_eq!(report.failed.len(), 10);
    let first = &report.failed[0];
    assert_eq!((first.facet, first.code), (Facet::Profile, 60007));
    assert_eq!(first.class, ErrorClass::RateLimited);

    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(cache.state.report().failed, []);
    assert!(cache.rows.values().all(|row| row.profile.is_known()));
}

#[test]
fn one_item_that_failed_is_listed_and_holds_nothing_back() {
    let mut cache = Cache::default();
    let (mut pull, mut effects) = Pull::start(plan(500), &Capabilities::default(), &cache.state);
    while let Some(effect) = effects.pop() {
        let input = match effect {
            Effect::Apply(delta) => {
                Input::Applied { needs_profile: cache.apply(&delta).needs_profile }
            }
            Effect::List { call, .. } => {
                Input::Listed { call, asked: Seq::ZERO, answer: Ok(page(2)) }
            }
            Effect::Hydrate { call, ids, .. } => {
                let failed = vec![(ids[0].clone(), refused(None))];
                let answer = Ok(Hydrated::new(Vec::new(), failed));
                Input::Hydrated { call, asked: Seq::ZERO, answer }
            }
            _ => continue,
        };
        effects.extend(pull.step(Duration::ZERO, input));
    }
    assert!(matches!(pull.outcome(), Some(Ok(()))));
    assert_eq!((cache.rows.len(), cache.state.failed.len()), (2, 1));
}

fn page(rows: u64) -> Page {
    let rows = (0..rows).map(|n| {
        let id = ConversationId::c2c(&format!("user_{n}")).unwrap();
        row(id, NOW)
    });
    Page::new(rows.collect(), None, Some(NOW))
}
