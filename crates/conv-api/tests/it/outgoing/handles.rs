//! Two handles of one account, over one database.

use std::{sync::Arc, time::Duration};

use conv_api::{
    Change, Conversations, ErrorClass, MemoryDatabase, OutcomeKind, PendingState, SourceError,
    sync::{Retry, WriteCall},
    testing::sync::Script,
};
use tokio::time::{sleep, timeout};

use super::cloud::{Cloud, id};

/// Two handles that send.
async fn two(cloud: &Arc<Cloud>) -> [Conversations; 2] {
    let database = Arc::new(MemoryDatabase::new());
    let mut lists = Vec::new();
    for _ in 0..2 {
        let builder = cloud.builder().shared_database(database.clone());
        lists.push(builder.build().await.unwrap());
    }
    lists[0].sync().await.unwrap();
    lists.try_into().unwrap()
}

async fn is_done(change: &Change) {
    let ended = timeout(Duration::from_secs(3_600), change.outcome()).await;
    assert_eq!(ended.unwrap().unwrap(), OutcomeKind::Done);
}

fn ids_of(call: &WriteCall) -> Vec<String> {
    call.ids().iter().map(|id| id.as_str().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn each_change_is_sent_once() {
    let cloud = Cloud::new(40);
    let [a, b] = two(&cloud).await;
    let mut changes = Vec::new();
    for number in 0..40 {
        let list = if number % 2 == 0 { &a } else { &b };
        changes.push(list.pin_conversation(&id(number), true).await.unwrap());
        tokio::task::yield_now().await;
    }
    for change in &changes {
        is_done(change).await;
    }
    let mut sent: Vec<_> = cloud.writer.calls().iter().flat_map(ids_of).collect();
    sent.sort();
    assert_eq!(sent, (0..40).map(|number| id(number).as_str().to_owned()).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_change_of_a_handle_without_a_writer_is_sent_by_the_other() {
    let cloud = Cloud::new(3);
    let database = Arc::new(MemoryDatabase::new());
    let sends = cloud.builder().shared_database(database.clone()).build().await.unwrap();
    sends.sync().await.unwrap();
    let queues = Conversations::builder("user_0001").shared_database(database);
    let queues = queues.build().await.unwrap();
    for number in 0..3 {
        is_done(&queues.pin_conversation(&id(number), true).await.unwrap()).await;
        assert!(cloud.is_pinned(number));
    }
}

#[tokio::test(start_paused = true)]
async fn held_changes_are_released_by_any_handle() {
    let cloud = Cloud::new(2);
    let [a, b] = two(&cloud).await;
    let refused = SourceError::Cloud {
        code: 60_020,
        class: ErrorClass::Auth,
        retry: Retry::Never,
        message: "no".into(),
        retry_after: None,
    };
    cloud.writer.script(Script::Refuse(refused));
    let first = a.pin_conversation(&id(0), true).await.unwrap();
    sleep(Duration::from_secs(10)).await;
    assert_eq!(first.pending().unwrap().state, PendingState::Held);
    let second = b.pin_conversation(&id(1), true).await.unwrap();
    sleep(Duration::from_secs(10)).await;
    assert_eq!(first.pending().unwrap().state, PendingState::Held);

    b.retry_now().unwrap();
    // Until it sees that, the other handle still says that it is held.
    sleep(Duration::from_secs(10)).await;
    is_done(&first).await;
    is_done(&second).await;
}

#[tokio::test(start_paused = true)]
async fn the_other_handle_sends_on_after_the_first_one_closed() {
    let cloud = Cloud::new(2);
    let [a, b] = two(&cloud).await;
    cloud.set_offline(true);
    let first = a.pin_conversation(&id(0), true).await.unwrap().number().unwrap();
    sleep(Duration::from_secs(1)).await;
    let second = b.pin_conversation(&id(1), true).await.unwrap();
    drop(a);
    cloud.set_offline(false);
    is_done(&second).await;
    if let Some(first) = b.change(first) {
        is_done(&first).await;
    }
    assert!(cloud.is_pinned(0) && cloud.is_pinned(1));
}
