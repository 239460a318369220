use std::time::Duration;

use conv_api::{
    ConversationId, ErrorClass, IfNewer, MarkType, MemoryDatabase, OutcomeKind, PendingState,
    SledDatabase, sync::SendOptions,
};
use conv_emulator::{Change, Fault, Rule};
use tempfile::tempdir;
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

/// A device whose list lacks the newest message of zoe's conversation, and the time of the one it has.
async fn behind(stage: &Stage) -> (conv_api::Conversations, ConversationId, u64) {
    let saw = stage.cloud.world().say("alice", "C2Czoe", "seen").unwrap();
    stage.pull().await;
    let device = stage.device().await;
    device.sync().await.unwrap();
    stage.cloud.world().forget_writes("alice").unwrap();
    stage.cloud.world().advance(Duration::from_secs(5));
    let newest = stage.cloud.world().say("alice", "C2Czoe", "not seen").unwrap();
    let list = stage.list().await;
    let zoe: ConversationId = "C2Czoe".parse().unwrap();
    let time = || list.snapshot().get(&zoe).unwrap().listing.time.unwrap().as_secs();
    while time() < newest {
        list.sync().await.unwrap();
    }
    (device, zoe, saw)
}

#[tokio::test]
async fn a_read_covers_what_the_device_showed() {
    let stage = Stage::pulled().await;
    let (device, zoe, saw) = behind(&stage).await;
    let change = device.set_message_read(&zoe).await.unwrap();
    timeout(PATIENCE, change.outcome()).await.unwrap().unwrap();
    let reads: Vec<_> = stage.cloud.world().writes("alice").unwrap();
    let read = Change::Read { conversation: zoe.to_string(), until: saw };
    assert!(reads.len() == 1 && reads[0].change == read, "{reads:?}");
}

#[tokio::test]
async fn a_deletion_deletes_no_message_that_the_device_did_not_show() {
    let stage = Stage::pulled().await;
    let (device, zoe, _) = behind(&stage).await;
    stage.take_calls();
    let ids = [zoe.clone()];
    let change = device.delete_conversation(&ids, true).await.unwrap().changes.remove(0);
    timeout(PATIENCE, async {
        while !stage.take_calls().contains(&"/v1/changes".to_owned()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    let outcome = timeout(PATIENCE, async {
        loop {
            device.sync().await.unwrap();
            device.retry_now().unwrap();
            let outcome = timeout(Duration::from_millis(200), change.outcome()).await;
            if let Ok(outcome) = outcome {
                return outcome.unwrap();
            }
        }
    });
    let outcome = outcome.await.unwrap();
    let is_cancelled = |class| class == ErrorClass::Cancelled;
    assert!(matches!(&outcome, OutcomeKind::Failed(it) if is_cancelled(it.class)), "{outcome:?}");
    assert!(stage.ids().contains(&zoe.to_string()));
    assert!(device.snapshot().get(&zoe).is_some());
}

#[tokio::test]
async fn a_repeat_is_known_again_although_another_change_goes_with_it() {
    let stage = Stage::pulled().await;
    let folder = tempdir().unwrap();
    let open = || SledDatabase::open(folder.path());
    let device = stage.device_with(open().await.unwrap()).await;
    device.sync().await.unwrap();
    let ids = [first(&stage)];
    stage.cloud.world().forget_writes("alice").unwrap();
    stage.lose("/conversations/mark");
    device.mark_conversation(&ids, MarkType::STAR, true).await.unwrap();
    timeout(PATIENCE, stage.has_lost()).await.unwrap();
    stage.wire.cut();
    device.mark_conversation(&ids, MarkType::FOLD, true).await.unwrap();
    // A new process sends both in one call.
    device.close().await.unwrap();
    drop(device);
    stage.wire.mend();
    let device = stage.device_with(open().await.unwrap()).await;
    assert_eq!(device.pending().len(), 2);
    timeout(PATIENCE, device.flush(PATIENCE)).await.unwrap().unwrap();
    let keys = |mark| stage.keys_of(&format!("\"markType\":{}", serde_json::json!(mark)));
    let (star, fold) = (keys(MarkType::STAR), keys(MarkType::FOLD));
    assert!(star.len() > 1 && star.iter().all(|key| *key == star[0]), "{star:?}");
    assert!(!fold.is_empty() && !fold.contains(&star[0]), "{fold:?}");
    let writes = stage.cloud.world().writes("alice").unwrap();
    let of_star = writes.iter().filter(|it| matches!(it.change, Change::Marked { set: 1, .. }));
    assert_eq!(of_star.count(), 1, "{writes:?}");
}

#[tokio::test]
async fn a_change_that_the_cloud_refuses_fails_with_its_code() {
    let stage = Stage::pulled().await;
    let device = stage.device().await;
    device.sync().await.unwrap();
    stage.cloud.faults().push(Rule::once(Fault::Code(50_002)).on("recentcontact/top"));
    let change = device.pin_conversation(&first(&stage), true).await.unwrap();
    let outcome = timeout(PATIENCE, change.outcome()).await.unwrap().unwrap();
    let OutcomeKind::Failed(failure) = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure.code, Some(50_002), "{failure:?}");
    assert!(!device.snapshot().get(&first(&stage)).unwrap().listing.is_pinned);
}

#[tokio::test]
async fn a_deletion_and_a_group_are_sent_once_the_cloud_has_them() {
    let stage = Stage::pulled().await;
    let device = stage.device().await;
    device.sync().await.unwrap();
    let gone: ConversationId = stage.ids().pop().unwrap().parse().unwrap();
    let made = device.create_conversation_group(&[first(&stage)], "friends").await.unwrap();
    for change in made.changes {
        timeout(PATIENCE, change.sent()).await.unwrap().unwrap();
    }
    let renamed = device.rename_conversation_group("friends", "pals").await.unwrap();
    timeout(PATIENCE, renamed.sent()).await.unwrap().unwrap();
    assert!(stage.cloud.world().conversation_groups("alice").unwrap().contains(&"pals".into()));
    let deleted = device.delete_conversation(std::slice::from_ref(&gone), true).await.unwrap();
    timeout(PATIENCE, deleted.changes[0].sent()).await.unwrap().unwrap();
    assert!(!stage.ids().contains(&gone.to_string()));
}

#[tokio::test]
async fn a_deletion_waits_for_no_other_to_show_in_the_cloud_s_list() {
    // At this gateway no change is over before the test is, and the device would wait for it.
    let hour = Duration::from_secs(3_600);
    let stage = Stage::pulled_with(SendOptions::default().with_settle_after(hour)).await;
    let source = stage.source_builder().ended_within(hour).build();
    let device = stage.device_of(MemoryDatabase::new(), source).await;
    device.sync().await.unwrap();
    stage.take_calls();
    let some: Vec<ConversationId> = stage.ids()[..3].iter().map(|id| id.parse().unwrap()).collect();
    let made = device.delete_conversation(&some, true).await.unwrap();
    for change in &made.changes {
        timeout(PATIENCE, change.sent()).await.unwrap().unwrap();
    }
    let calls = stage.take_calls();
    let deletes = calls.iter().filter(|path| path.ends_with("/delete"));
    assert_eq!(deletes.count(), some.len(), "{calls:?}");
    let pending = stage.list().await.pending();
    assert_eq!(pending.len(), some.len());
    assert!(pending.iter().all(|it| it.state == PendingState::Settling), "{pending:?}");
}

#[tokio::test]
async fn a_deletion_ends_as_asked_if_a_message_came_while_it_was_refused() {
    for if_newer in [IfNewer::Delete, IfNewer::KeepHistory, IfNewer::GiveUp] {
        let stage = Stage::pulled().await;
        stage.cloud.world().say("alice", "C2Czoe", "seen").unwrap();
        stage.pull().await;
        let device = stage.device().await;
        device.sync().await.unwrap();
        stage.cloud.world().forget_writes("alice").unwrap();
        stage.cloud.faults().push(Rule::once(Fault::Code(60_008)).on("recentcontact/delete"));
        let zoe: ConversationId = "C2Czoe".parse().unwrap();
        let ids = [zoe.clone()];
        let made = device.delete_conversation_with(&ids, true, if_newer).await.unwrap();
        let list = stage.list().await;
        timeout(PATIENCE, async {
            while list.pending().iter().all(|it| it.failure.is_none()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .unwrap();
        stage.cloud.world().advance(Duration::from_secs(5));
        stage.cloud.world().say("alice", "C2Czoe", "not seen").unwrap();
        let outcome = timeout(PATIENCE, async {
            loop {
                list.sync().await.unwrap();
                device.sync().await.unwrap();
                let outcome = timeout(Duration::from_millis(200), made.changes[0].outcome()).await;
                if let Ok(outcome) = outcome {
                    return outcome.unwrap();
                }
            }
        });
        let outcome = outcome.await.unwrap();
        let history = match (if_newer, outcome) {
            (IfNewer::GiveUp, OutcomeKind::Failed(failure)) => {
                assert_eq!(failure.class, ErrorClass::Cancelled, "{failure:?}");
                None
            }
            (IfNewer::KeepHistory, OutcomeKind::Done) => Some(false),
            (IfNewer::Delete, OutcomeKind::Done) => Some(true),
            other => panic!("{other:?}"),
        };
        let writes = stage.cloud.world().writes("alice").unwrap();
        let deleted = |history| Change::Deleted { conversation: zoe.to_string(), history };
        let expected: Vec<_> = history.map(deleted).into_iter().collect();
        assert_eq!(writes.into_iter().map(|it| it.change).collect::<Vec<_>>(), expected);
        let calls = stage.take_calls();
        let deletes = calls.iter().filter(|path| path.ends_with("/delete")).count();
        assert!(deletes <= 2, "{if_newer:?}: {calls:?}");
    }
}
