use std::time::Duration;

use tokio::time::timeout;

use super::stage::{Stage, ids};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_device_that_follows_learns_of_a_change_without_asking() {
    let stage = Stage::pulled().await;
    let device = stage.device().await;
    device.sync().await.unwrap();
    let mut follow = stage.source().follow("alice".parse().unwrap());
    follow.changed().await; // the line is open
    device.sync().await.unwrap();
    stage.cloud.world().say("alice", "C2Czoe", "hello").unwrap();
    stage.pull().await;
    timeout(PATIENCE, follow.changed()).await.unwrap();
    device.sync().await.unwrap();
    assert_eq!(ids(&device).await, stage.ids());
    // Nothing else happens, so it says nothing.
    timeout(Duration::from_millis(1_500), async {
        loop {
            follow.changed().await;
            device.sync().await.unwrap();
        }
    })
    .await
    .unwrap_err();
    let calls = stage.take_calls();
    assert!(calls.len() < 12, "{calls:?}");
}

#[tokio::test]
async fn a_line_that_breaks_comes_again_and_makes_up_for_it() {
    let stage = Stage::pulled().await;
    let device = stage.device().await;
    let mut follow = stage.source().follow("alice".parse().unwrap());
    follow.changed().await;
    device.sync().await.unwrap();
    stage.wire.cut();
    assert!(timeout(Duration::from_millis(300), follow.changed()).await.is_err());
    assert!(follow.last_error().is_some());
    stage.cloud.world().say("alice", "C2Czoe", "hello").unwrap();
    stage.pull().await;
    stage.wire.mend();
    follow.retry_now();
    timeout(PATIENCE, follow.changed()).await.unwrap();
    device.sync().await.unwrap();
    assert_eq!(ids(&device).await, stage.ids());
    assert!(follow.last_error().is_none());
}
