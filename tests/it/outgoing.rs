//! Changes through the whole: facade, store on disk, REST, an emulated cloud.

use std::{path::Path, time::Duration};

use conv_api::{
    Conversations, ErrorClass, MarkType, OutcomeKind, PendingState, SendOptions, SledDatabase,
};
use conv_emulator::{Edition, Emulator, Fault, Rule};
use conv_tests::online::{ACCOUNT, cloud, id, source};

const SOON: Duration = Duration::from_secs(20);
const TOP: &str = "recentcontact/top";

/// A list on disk, whose changes count as overridden soon.
async fn open(cloud: &Emulator, folder: &Path) -> Conversations {
    let options = SendOptions::default().with_settle_after(Duration::from_millis(50));
    Conversations::builder(ACCOUNT)
        .plan_limit(500)
        .database(SledDatabase::open(folder).await.unwrap())
        .source(source(cloud))
        .writer(source(cloud))
        .send_options(options)
        .build()
        .await
        .unwrap()
}

/// A list that was pulled, and its last conversation, which is not pinned.
async fn pulled(cloud: &Emulator, folder: &Path) -> (Conversations, conv_api::ConversationId) {
    let list = open(cloud, folder).await;
    list.sync().await.unwrap();
    let last = id(&cloud.world().listing(ACCOUNT).unwrap().last().unwrap().id);
    (list, last)
}

fn is_pinned(cloud: &Emulator, id: &conv_api::ConversationId) -> bool {
    let rows = cloud.world().listing(ACCOUNT).unwrap();
    rows.iter().any(|row| row.id == id.as_str() && row.pinned)
}

#[tokio::test]
async fn every_call_arrives_and_is_over_once_the_list_shows_it() {
    let (cloud, folder) = (cloud(30).await, tempfile::tempdir().unwrap());
    let (list, last) = pulled(&cloud, folder.path()).await;
    let one = std::slice::from_ref(&last);
    let mut changes = vec![list.pin_conversation(&last, true).await.unwrap()];
    let mut add = |accepted: conv_api::Accepted| changes.extend(accepted.changes);
    add(list.mark_conversation(one, MarkType::FOLD, true).await.unwrap());
    add(list.set_conversation_custom_data(one, "vip").await.unwrap());
    add(list.create_conversation_group(one, "Press").await.unwrap());
    changes.push(list.rename_conversation_group("Press", "Media").await.unwrap());
    for change in &changes {
        let outcome = tokio::time::timeout(SOON, change.outcome()).await.unwrap().unwrap();
        // Renamed before it was created, a group is created with its new name.
        let is_well = matches!(outcome, OutcomeKind::Done | OutcomeKind::Replaced);
        assert!(is_well, "{change:?}: {outcome:?}");
    }
    let rows = cloud.world().listing(ACCOUNT).unwrap();
    let row = rows.iter().find(|row| row.id == last.as_str()).unwrap();
    assert!(row.pinned && row.marks & 4 == 4);
    assert!(list.pending().is_empty());
    let shown = list.snapshot().get(&last).unwrap();
    assert!(shown.listing.groups.iter().any(|name| &**name == "Media"));
    assert_eq!(&*shown.listing.custom_data, "vip");

    let deleted = list.delete_conversation(one, true).await.unwrap();
    let outcome = tokio::time::timeout(SOON, deleted.changes[0].outcome()).await;
    assert_eq!(outcome.unwrap().unwrap(), OutcomeKind::Done);
    assert!(list.snapshot().get(&last).is_none());
}

#[tokio::test]
async fn offline_changes_are_sent_by_the_next_process() {
    let (cloud, folder) = (cloud(30).await, tempfile::tempdir().unwrap());
    let (list, last) = pulled(&cloud, folder.path()).await;
    cloud.faults().push(Rule::calls(1..4, Fault::Reset).on(TOP));
    let change = list.pin_conversation(&last, true).await.unwrap();
    let number = change.number().unwrap();
    drop(change);
    assert_eq!(list.flush(Duration::from_millis(300)).await.unwrap().len(), 1);
    list.close().await.unwrap();
    drop(list);
    // A reset comes after the call was applied: whether it was, this process cannot know.
    let list = open(&cloud, folder.path()).await;
    assert!(list.snapshot().get(&last).unwrap().listing.is_pinned);
    assert!(list.change(number).unwrap().pending().unwrap().is_uncertain);
    assert!(list.flush(SOON).await.unwrap().is_empty());
    assert!(is_pinned(&cloud, &last));
    list.sync().await.unwrap();
    assert!(list.snapshot().get(&last).unwrap().listing.is_pinned);
}

#[tokio::test]
async fn two_devices_end_with_what_the_cloud_has() {
    let (cloud, one, two) =
        (cloud(30).await, tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, last) = pulled(&cloud, one.path()).await;
    let (two, _) = pulled(&cloud, two.path()).await;
    one.pin_conversation(&last, true).await.unwrap().sent().await.unwrap();
    two.sync().await.unwrap();
    assert!(two.snapshot().get(&last).unwrap().listing.is_pinned);
    two.pin_conversation(&last, false).await.unwrap().sent().await.unwrap();
    for list in [&one, &two] {
        let settled = async {
            loop {
                // A change may have ended by itself before the other device made its own.
                list.sync().await.unwrap();
                if list.pending().is_empty() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(SOON, settled).await.unwrap();
        assert!(!list.snapshot().get(&last).unwrap().listing.is_pinned);
    }
    assert!(!is_pinned(&cloud, &last));
}

#[tokio::test]
async fn an_app_without_marks_is_told_and_pins_all_the_same() {
    let (cloud, folder) = (cloud(30).await, tempfile::tempdir().unwrap());
    let (list, last) = pulled(&cloud, folder.path()).await;
    cloud.world().set_edition(Edition::Standard);
    let one = std::slice::from_ref(&last);
    let marked = list.mark_conversation(one, MarkType::FOLD, true).await.unwrap();
    let outcome = tokio::time::timeout(SOON, marked.changes[0].outcome()).await;
    assert!(matches!(outcome.unwrap().unwrap(), OutcomeKind::Failed(f) if f.code == Some(51_013)));
    let error = list.mark_conversation(one, MarkType::STAR, true).await.unwrap_err();
    assert_eq!((error.code(), error.class()), (3122, ErrorClass::Unsupported));
    assert_eq!(list.pending()[0].state, PendingState::Failed);
    list.pin_conversation(&last, true).await.unwrap();
    assert!(list.flush(SOON).await.unwrap().is_empty());
    assert!(is_pinned(&cloud, &last));
}

#[tokio::test]
async fn of_pins_that_are_too_many_for_the_cloud_only_those_fail() {
    let (cloud, folder) = (cloud(80).await, tempfile::tempdir().unwrap());
    let (list, _) = pulled(&cloud, folder.path()).await;
    // Another device pins up to two below the limit, which this list does not know.
    let rows = cloud.world().listing(ACCOUNT).unwrap();
    let pinned = rows.iter().filter(|row| row.pinned).count();
    let (others, free): (Vec<_>, Vec<_>) =
        rows.iter().filter(|row| !row.pinned).enumerate().partition(|(at, _)| at + pinned < 48);
    for (_, row) in others {
        cloud.world().pin(ACCOUNT, &row.id).unwrap();
    }
    list.close().await.unwrap();
    // Queued without a writer, they go out in one call.
    let database = SledDatabase::open(folder.path()).await.unwrap();
    let list = Conversations::builder(ACCOUNT).database(database).build().await.unwrap();
    let ids: Vec<_> = free.iter().take(4).map(|(_, row)| id(&row.id)).collect();
    let mut numbers = Vec::new();
    for id in &ids {
        numbers.push(list.pin_conversation(id, true).await.unwrap().number().unwrap());
    }
    list.close().await.unwrap();
    let list = open(&cloud, folder.path()).await;
    let changes: Vec<_> = numbers.iter().map(|number| list.change(*number).unwrap()).collect();
    let mut failed = 0;
    for (change, id) in changes.iter().zip(&ids) {
        let outcome = tokio::time::timeout(SOON, change.sent()).await.unwrap().unwrap();
        let is_failed = match outcome {
            Some(OutcomeKind::Failed(failure)) => {
                assert_eq!(failure.code, Some(51_012));
                true
            }
            _ => false,
        };
        failed += usize::from(is_failed);
        assert_eq!(is_pinned(&cloud, id), !is_failed);
        assert_eq!(list.snapshot().get(id).unwrap().listing.is_pinned, !is_failed);
    }
    assert_eq!(failed, 2);
}
