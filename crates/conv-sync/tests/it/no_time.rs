//! A cloud that gives no time, or an odd one: unknown is not zero.

use std::{sync::Arc, time::Duration};

use conv_model::{Coverage, Profile, ProfilesDue, SyncStep, Timestamp};
use conv_sync::{
    Page, PullOptions,
    testing::{NOW, ScriptedSource},
};

use crate::support::{Cache, Delayed, plan, puller};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn timeless(rows: u32) -> ScriptedSource {
    let source = ScriptedSource::with_rows(rows);
    source.give_no_time();
    source
}

/// Returns the names that the pages of one pass ask for.
async fn due(source: ScriptedSource, options: PullOptions) -> Vec<ProfilesDue> {
    let source = Arc::new(Delayed { source, trip: Duration::from_secs(1) });
    let mut cache = Cache::default();
    let mut puller = puller(&source, options, &cache.state);
    let mut due = Vec::new();
    while let Some(delta) = puller.next().await.unwrap() {
        if !delta.listed.is_empty() {
            due.push(delta.profiles);
        }
        puller.applied(&cache.apply(&delta));
    }
    due
}

#[tokio::test(start_paused = true)]
async fn without_a_time_a_list_is_complete_without_an_age() {
    let mut cache = Cache::default();
    cache.pass(&Arc::new(timeless(10)), plan(500)).await.unwrap();
    assert_eq!(cache.state.coverage, Coverage::Complete);
    assert_eq!(cache.state.report().as_of, None);
    let read_at = cache.rows.values().map(|row| row.profile.read_at);
    assert!(read_at.into_iter().all(|time| time.is_none()), "no moment is made up");
}

#[tokio::test(start_paused = true)]
async fn without_a_time_names_that_are_known_are_not_read_in_every_pass() {
    let source = Arc::new(timeless(10));
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    assert!(cache.rows.values().all(|row| row.profile.is_known()));
    let first = source.calls().len();
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(source.calls().len() - first, 1, "the listing alone");
}

#[tokio::test(start_paused = true)]
async fn without_a_time_names_are_read_again_by_the_drivers_clock() {
    assert_eq!(due(timeless(1), plan(500)).await, [ProfilesDue::Missing]);
    let young = plan(500).with_profiles_age(Some(DAY - Duration::from_secs(60)));
    assert_eq!(due(timeless(1), young).await, [ProfilesDue::Missing]);
    let old = plan(500).with_profiles_age(Some(DAY));
    assert_eq!(due(timeless(1), old).await, [ProfilesDue::All]);
    // They grow old while pages are read.
    let source = timeless(3).page_size(1);
    let growing = plan(500).with_profiles_age(Some(DAY - Duration::from_secs(2)));
    let due = due(source, growing).await;
    assert_eq!(due[..3], [ProfilesDue::Missing, ProfilesDue::All, ProfilesDue::All]);
}

#[tokio::test(start_paused = true)]
async fn with_a_time_names_from_outside_a_day_are_due() {
    let due = due(ScriptedSource::with_rows(1), plan(500).with_profiles_age(Some(DAY))).await;
    let [ProfilesDue::Outside { since, now }] = due[..] else { panic!("{due:?}") };
    assert_eq!((since.as_secs(), now), (NOW.as_secs() - DAY.as_secs(), NOW));
    let mut profile = Profile::default();
    profile.read_at = Some(Timestamp::from_secs(NOW.as_secs() + 1));
    assert!(due[0].is_due(&profile), "one odd clock");
}

#[tokio::test(start_paused = true)]
async fn between_pages_the_time_goes_on_by_the_drivers_clock() {
    let source = ScriptedSource::with_rows(1);
    source.answer(Ok(Page::new(Vec::new(), Some(conv_model::Cursor::new("0")), Some(NOW))));
    source.give_no_time();
    let due = due(source, plan(500)).await;
    let now = Timestamp::from_secs(NOW.as_secs() + 1);
    assert!(matches!(due[0], ProfilesDue::Outside { now: at, .. } if at == now), "{due:?}");
}

#[tokio::test(start_paused = true)]
async fn as_of_is_the_moment_the_head_was_asked_for() {
    let source = ScriptedSource::with_rows(1);
    let source = Arc::new(Delayed { source, trip: Duration::from_millis(2_500) });
    let mut cache = Cache::default();
    let mut puller = puller(&source, plan(500), &cache.state);
    while let Some(delta) = puller.next().await.unwrap() {
        if let Some(SyncStep::Finish { finished, .. }) = &delta.step {
            assert_eq!(finished.as_of, Some(Timestamp::from_secs(NOW.as_secs() - 3)));
        }
        puller.applied(&cache.apply(&delta));
    }
}
