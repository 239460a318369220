use conv_api::{ConversationId, Coverage};
use tempfile::tempdir;

use super::stage::{Stage, ids};

const CHANGES: &str = "/v1/conversations/changes";
const LIST: &str = "/v1/conversations/list";

#[tokio::test]
async fn a_device_has_the_list_and_its_names_after_one_pass() {
    let stage = Stage::pulled().await;
    let device = stage.device().await;
    let report = device.sync().await.unwrap();
    assert_eq!(report.coverage, Coverage::Complete);
    assert_eq!(ids(&device).await, stage.ids());
    assert_eq!(stage.take_calls(), [LIST]);
    let rows = device.snapshot();
    assert!(rows.rows().all(|row| row.profile.is_known()), "names come with the rows");
}

#[tokio::test]
async fn a_refresh_with_nothing_new_is_one_small_call() {
    let stage = Stage::pulled().await;
    let device = stage.device().await;
    device.sync().await.unwrap();
    // The first call of a watcher has the gateway look at the cloud.
    device.sync().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    device.sync().await.unwrap();
    stage.take_calls();
    stage.wire.take_bytes();
    let report = device.sync().await.unwrap();
    let (up, down) = stage.wire.take_bytes();
    println!("{up} bytes up, {down} bytes down");
    assert_eq!(stage.take_calls(), [CHANGES]);
    assert_eq!((report.coverage, ids(&device).await), (Coverage::Complete, stage.ids()));
    assert!(down <= 300, "{down} bytes");
}

#[tokio::test]
async fn changed_and_deleted_rows_come_with_one_call() {
    let stage = Stage::pulled().await;
    let device = stage.device().await;
    device.sync().await.unwrap();
    let gone = stage.ids().remove(3);
    stage.cloud.world().remove("alice", &gone).unwrap();
    stage.cloud.world().say("alice", "C2Czoe", "hello").unwrap();
    stage.pull().await;
    stage.take_calls();
    device.sync().await.unwrap();
    assert_eq!(stage.take_calls(), [CHANGES]);
    assert_eq!(ids(&device).await, stage.ids());
}

#[tokio::test]
async fn a_gateway_that_has_nothing_yet_makes_no_complete_list() {
    let stage = Stage::new().await;
    let device = stage.device().await;
    let report = device.sync().await.unwrap();
    // The gateway answers from memory, and reads the cloud meanwhile.
    assert!(report.coverage != Coverage::Complete || ids(&device).await == stage.ids());
    stage.pull().await;
    let report = device.sync().await.unwrap();
    assert_eq!((report.coverage, ids(&device).await), (Coverage::Complete, stage.ids()));
}

#[tokio::test]
async fn a_restart_of_the_gateway_costs_no_listing_if_its_store_is_kept() {
    for keeps_store in [true, false] {
        let stage = Stage::pulled().await;
        let device = stage.device().await;
        device.sync().await.unwrap();
        stage.restart(keeps_store);
        stage.cloud.world().say("alice", "C2Czoe", "hello").unwrap();
        let gone = stage.ids().remove(3);
        stage.cloud.world().remove("alice", &gone).unwrap();
        stage.pull().await;
        stage.take_calls();
        let report = device.sync().await.unwrap();
        assert_eq!((report.coverage, ids(&device).await), (Coverage::Complete, stage.ids()));
        let calls = stage.take_calls();
        if !keeps_store {
            assert_eq!(calls, [CHANGES, LIST]);
        }
        device.sync().await.unwrap();
        assert_eq!(stage.take_calls(), [CHANGES]);
    }
}

#[tokio::test]
async fn a_restarted_device_goes_on_from_its_position() {
    let stage = Stage::pulled().await;
    let folder = tempdir().unwrap();
    let open = || conv_api::SledDatabase::open(folder.path());
    let device = stage.device_with(open().await.unwrap()).await;
    device.sync().await.unwrap();
    device.close().await.unwrap();
    drop(device);
    stage.take_calls();
    let device = stage.device_with(open().await.unwrap()).await;
    assert_eq!(ids(&device).await, stage.ids());
    let report = device.sync().await.unwrap();
    assert_eq!(report.coverage, Coverage::Complete);
    assert_eq!(stage.take_calls(), [CHANGES]);
}

#[tokio::test]
async fn a_profile_has_the_detail() {
    let stage = Stage::pulled().await;
    let device = stage.device().await;
    device.sync().await.unwrap();
    let id = device.snapshot().rows().find(|row| row.id.group_id().is_none()).unwrap().id.clone();
    let profile = device.get_conversation_profile(&id).await.unwrap();
    assert!(profile.profile.detail.is_some());
    let strange = ConversationId::c2c("stranger").unwrap();
    device.get_conversation_profile(&strange).await.unwrap_err();
}
