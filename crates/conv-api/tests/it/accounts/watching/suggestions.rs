//! Messages that events state: shown at once in the lists that are watched, and in no other.

use std::num::NonZeroU32;

use conv_api::{All, Conversation, LiveChange, WatchOptions, model::Suggestion};

use super::*;
use crate::support::id;

fn message(key: &str, watch: &Watch) -> Suggestion {
    let snapshot = watch.list().snapshot();
    let newest = snapshot.rows().filter_map(|row| row.listing.time).max().unwrap();
    Suggestion::new(id("C2Cpeer_077"), key, newest.plus_secs(100)).unread()
}

fn provisional(watch: &Watch) -> usize {
    let is_one = |row: &&Arc<Conversation>| !row.provisional.is_empty();
    watch.list().snapshot().rows().filter(is_one).count()
}

/// Two of three accounts hold the row, and one more is not watched.
#[tokio::test(start_paused = true)]
async fn a_live_list_sees_a_message_come_and_be_covered() {
    let names = names(4);
    let clouds = Clouds::new(&names, 5);
    names[..2].iter().for_each(|name| clouds.touch(name, 77, 5));
    let accounts = builder(&clouds).build();
    let watches = watch_all(&accounts, &names[..3], WatchLevel::Visible).await;
    fresh(&watches).await;
    let mut live = watches[1].list().subscribe(All).window(3);
    let mut rows = Vec::new();
    live.next().await.unwrap().apply(&mut rows).unwrap();

    clouds.touch(&names[1], 0, 50);
    fresh(&watches[1..2]).await;
    let before = clouds.calls().len();
    assert_eq!(accounts.suggest_to_holders(&message("1", &watches[1])), 2);
    for name in &names[2..] {
        // The third does not have the row, the fourth is not open.
        accounts.suggest(name, message("1", &watches[1]));
    }
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!([0, 1, 2].map(|at| provisional(&watches[at])), [1, 1, 0]);
    assert_eq!(accounts.stats().accounts_open, 3);
    assert_eq!(clouds.calls().len(), before, "a suggestion asks for no pass");
    let mut provisional_at = None;
    while provisional_at.is_none() {
        let update = live.next().await.unwrap();
        assert!(matches!(update.change, LiveChange::Patch { .. }));
        update.apply(&mut rows).unwrap();
        provisional_at = rows.iter().position(|row| !row.provisional.is_empty());
    }
    assert_eq!((provisional_at, rows[0].id.clone()), (Some(0), id("C2Cpeer_077")));

    assert!(accounts.mark(&names[1], Work::Listing));
    while rows.iter().any(|row| !row.provisional.is_empty()) {
        live.next().await.unwrap().apply(&mut rows).unwrap();
    }
    let expected: Vec<_> = watches[1].list().snapshot().rows().take(3).cloned().collect();
    assert_eq!(rows, expected);
    assert_eq!(shown(watches[1].list()), clouds.truth(&names[1]));
    // The other one was not read since: a minute ends it.
    assert_eq!(provisional(&watches[0]), 1);
    pass_time(61).await;
    assert_eq!(provisional(&watches[0]), 0);
}

#[tokio::test(start_paused = true)]
async fn so_many_lists_per_second_show_a_message() {
    let names = names(10);
    let clouds = Clouds::new(&names, 1);
    names.iter().for_each(|name| clouds.touch(name, 77, 5));
    let four = NonZeroU32::new(4).unwrap();
    let options = WatchOptions::default().with_suggestions_per_second(four);
    let accounts = builder(&clouds).watch_options(options).build();
    let watches = watch_all(&accounts, &names, WatchLevel::Visible).await;
    fresh(&watches).await;
    let mut taken = 0;
    for number in 0..10_000 {
        taken += accounts.suggest_to_holders(&message(&number.to_string(), &watches[0]));
    }
    assert_eq!(taken, 4);
    assert!(!accounts.suggest(&names[9], message("one", &watches[0])));
    pass_time(1).await;
    assert!(accounts.suggest(&names[9], message("one", &watches[0])));
    assert_eq!(accounts.stats().watch.suggestions, 5);
}
