use std::time::Duration;

use conv_api::ConversationId;
use tokio::time::timeout;

use super::stage::{Stage, ids};

const PATIENCE: Duration = Duration::from_secs(60);

fn first(stage: &Stage) -> ConversationId {
    let ids = stage.ids();
    ids.iter().find(|id| id.starts_with("C2C")).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_change_made_offline_is_shown_at_once_and_delivered_once() {
    let stage = Stage::pulled().await;
    let device = stage.device().await;
    device.sync().await.unwrap();
    let id = first(&stage);
    stage.cloud.world().forget_writes("alice").unwrap();
    stage.wire.cut();
    let change = device.pin_conversation(&id, true).await.unwrap();
    device.set_draft(&id, "later").await.unwrap();
    let row = device.snapshot().get(&id).unwrap();
    assert!(row.listing.is_pinned && row.local.draft_text().is_some());
    tokio::time::sleep(Duration::from_millis(200)).await;
    stage.wire.mend();
    device.retry_now().unwrap();
    timeout(PATIENCE, change.outcome()).await.unwrap().unwrap();
    let writes = stage.cloud.world().writes("alice").unwrap();
    assert_eq!(writes.len(), 1, "{writes:?}");
    device.sync().await.unwrap();
    let row = device.snapshot().get(&id).unwrap();
    assert!(row.listing.is_pinned && row.pending.is_empty());
    assert_eq!(&**row.local.draft_text().unwrap(), "later");
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_made_once() {
    let stage = Stage::pulled().await;
    let device = stage.device().await;
    device.sync().await.unwrap();
    let id = first(&stage);
    stage.cloud.world().forget_writes("alice").unwrap();
    let change = device.pin_conversation(&id, true).await.unwrap();
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(3)).await;
        stage.wire.cut();
        stage.wire.mend();
    }
    device.retry_now().unwrap();
    timeout(PATIENCE, change.outcome()).await.unwrap().unwrap();
    assert_eq!(stage.cloud.world().writes("alice").unwrap().len(), 1);
}

#[tokio::test]
async fn every_kind_of_change_reaches_the_cloud() {
    let stage = Stage::pulled().await;
    let device = stage.device().await;
    device.sync().await.unwrap();
    let id = first(&stage);
    let gone: ConversationId = stage.ids().pop().unwrap().parse().unwrap();
    let some = [id.clone()];
    stage.cloud.world().set_unread("alice", id.as_str(), 3).unwrap();
    let mut changes = vec![
        device.pin_conversation(&id, true).await.unwrap(),
        device.set_message_read(&id).await.unwrap(),
    ];
    changes.extend(device.set_conversation_custom_data(&some, "mine").await.unwrap().changes);
    changes.extend(device.create_conversation_group(&some, "friends").await.unwrap().changes);
    changes.extend(
        device.delete_conversation(std::slice::from_ref(&gone), true).await.unwrap().changes,
    );
    for change in changes {
        timeout(PATIENCE, change.outcome()).await.unwrap().unwrap();
    }
    device.sync().await.unwrap();
    assert_eq!(ids(&device).await, stage.ids());
    assert!(!stage.ids().contains(&gone.to_string()));
    let groups = stage.cloud.world().conversation_groups("alice").unwrap();
    assert!(groups.iter().any(|name| name == "friends"), "{groups:?}");
    let row = device.snapshot().get(&id).unwrap();
    assert_eq!((&*row.listing.custom_data, row.listing.is_pinned), ("mine", true));
    assert!(row.listing.groups.iter().any(|name| &**name == "friends"));
}
