//! A plan's limit that was set too low, and sums that wait for the facets they need.

use std::pin::pin;

use conv_api::{All, Conversations, Facet, ListLimit};
use conv_emulator::GroupType;
use conv_tests::online::{ACCOUNT, emulator, prompt, script};

/// The most of something that was shown at any moment of a pass.
async fn most(conversations: &Conversations, of: impl Fn(&Conversations) -> u64) -> u64 {
    let mut events = conversations.events();
    let mut pass = pin!(conversations.sync());
    let mut most = 0;
    loop {
        most = most.max(of(conversations));
        tokio::select! {
            biased;
            event = events.next() => drop(event.unwrap()),
            report = &mut pass => {
                report.unwrap();
                return most.max(of(conversations));
            }
        }
    }
}

#[tokio::test]
async fn a_list_with_a_limit_that_is_too_low_never_shows_rows_that_it_then_removes() {
    let cloud = emulator(300).page_size(50).start().await.unwrap();
    let conversations = prompt(&cloud).plan_limit(100).build().await.unwrap();
    for _ in 0..2 {
        let most = most(&conversations, |list| list.snapshot().len() as u64).await;
        assert_eq!((most, conversations.snapshot().len()), (100, 100));
    }
    let report = conversations.sync_report();
    assert_eq!(report.limit, [ListLimit::Capped(100)]);
}

#[tokio::test]
async fn the_unread_total_never_overshoots_on_a_first_pull() {
    let cloud = emulator(250).page_size(50).start().await.unwrap();
    let world = cloud.world();
    world.add_group("lecture", GroupType::Meeting, "A lecture");
    world.touch(ACCOUNT, "GROUPlecture").unwrap();
    world.set_unread(ACCOUNT, "GROUPlecture", 10_000).unwrap();
    // Counts are there before the type that says whether they count.
    script(&cloud, "slow=200,on=get_group_info");
    let conversations = prompt(&cloud).facet(Facet::Unread).build().await.unwrap();
    let total = |list: &Conversations| list.totals(All).unread;
    let most = most(&conversations, total).await;
    assert!(most > 0);
    assert_eq!(most, total(&conversations));
}
