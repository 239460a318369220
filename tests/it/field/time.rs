//! A cloud without a clock, or once with a wrong one.

use std::time::Duration;

use conv_tests::{
    clocks::Leaping,
    online::{builder, impatient, row, script},
};

use super::{ALICE, TEAM, two};

const DAY: Duration = Duration::from_secs(24 * 3600);
const NAMES: &str = "profile/portrait_get";

#[tokio::test]
async fn a_cloud_without_a_time_gives_a_complete_list_without_an_age() {
    for rule in ["no-date", "bad-date"] {
        let cloud = two().await;
        script(&cloud, rule);
        let list = builder(&cloud).source(impatient(&cloud));
        let conversations = list.build().await.unwrap();
        let report = conversations.sync().await.unwrap();
        assert!(report.is_sync_completed());
        assert_eq!(report.as_of, None, "{rule}");
        assert_eq!(row(&conversations, ALICE).await.show_name(), "Alice");
    }
}

#[tokio::test]
async fn names_of_a_cloud_without_a_time_are_read_again_once_they_are_old() {
    let cloud = two().await;
    script(&cloud, "no-date");
    let clock = Leaping::default();
    let list = builder(&cloud).source(impatient(&cloud)).clock(clock.clone());
    let conversations = list.build().await.unwrap();
    conversations.sync().await.unwrap();
    cloud.world().set_nick("alice", Some("Alicia")).unwrap();
    let calls = cloud.calls().of(NAMES);
    conversations.sync().await.unwrap();
    assert_eq!(cloud.calls().of(NAMES), calls, "names are fresh");
    clock.leap(DAY + DAY);
    conversations.sync().await.unwrap();
    assert_eq!(row(&conversations, ALICE).await.show_name(), "Alicia");
}

#[tokio::test]
async fn names_do_not_freeze_after_a_date_that_was_far_ahead() {
    let cloud = two().await;
    script(&cloud, "date-off=315360000,calls=1-3");
    let conversations = builder(&cloud).source(impatient(&cloud)).build().await.unwrap();
    conversations.sync().await.unwrap();
    cloud.faults().clear();
    cloud.world().set_nick("alice", Some("Alicia")).unwrap();
    cloud.world().rename_group("team", "The crew").unwrap();
    cloud.world().advance(DAY + DAY);
    for _ in 0..2 {
        // The first of these may still have to find out which of the times is right.
        conversations.sync().await.unwrap();
    }
    assert_eq!(row(&conversations, ALICE).await.show_name(), "Alicia");
    assert_eq!(row(&conversations, TEAM).await.show_name(), "The crew");
}

#[tokio::test]
async fn no_row_is_removed_by_a_time_that_the_cloud_did_not_give() {
    let cloud = two().await;
    script(&cloud, "no-date");
    let list = builder(&cloud).source(impatient(&cloud));
    let conversations = list.build().await.unwrap();
    conversations.sync().await.unwrap();
    assert_eq!(conversations.snapshot().len(), 2);
}
