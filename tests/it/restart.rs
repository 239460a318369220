//! The state that outlives the process: the list on disk, and the place of a pass.

use conv_api::{All, Conversations, Coverage, ListLimit, SledDatabase};
use conv_emulator::{Fault, Rule};
use conv_tests::online::{ACCOUNT, builder, cloud, emulator, shown, truth, unnamed};

const LIST: &str = "recentcontact/get_list";

#[tokio::test]
async fn the_list_is_there_after_a_restart_and_is_a_preview() {
    let folder = tempfile::tempdir().unwrap();
    let cloud = cloud(120).await;
    let online = builder(&cloud).database(SledDatabase::open(folder.path()).await.unwrap());
    let online = online.build().await.unwrap();
    online.sync().await.unwrap();
    let before = shown(&online).await;
    online.set_draft(&before[3].0.parse().unwrap(), "half a sentence").await.unwrap();
    online.close().await.unwrap();
    cloud.stop().await;

    let database = SledDatabase::open(folder.path()).await.unwrap();
    let offline = Conversations::builder(ACCOUNT).database(database).build().await.unwrap();
    assert_eq!(shown(&offline).await, before);
    let list = offline.get_conversation_list(All).await.unwrap();
    assert_eq!(list.report().coverage, Coverage::CacheOnly);
    assert!(!list.is_sync_completed());
    assert_eq!(unnamed(&list), 0);
    assert_eq!(
        list.conversation_list[3].local.draft_text().map(AsRef::as_ref),
        Some("half a sentence")
    );
}

#[tokio::test]
async fn a_pass_that_was_cut_short_goes_on_from_the_last_applied_page() {
    let folder = tempfile::tempdir().unwrap();
    let cloud = emulator(500).page_size(50).start().await.unwrap();
    // The seventh page is refused for good: six are applied.
    cloud.faults().push(Rule::nth(7, Fault::Code(60010)).on(LIST));
    let first = builder(&cloud).database(SledDatabase::open(folder.path()).await.unwrap());
    let first = first.build().await.unwrap();
    first.sync().await.unwrap_err();
    assert_eq!(shown(&first).await.len(), 300);
    first.close().await.unwrap();
    cloud.faults().clear();
    cloud.reset_calls();

    let second = builder(&cloud).database(SledDatabase::open(folder.path()).await.unwrap());
    let second = second.build().await.unwrap();
    let report = second.sync().await.unwrap();
    assert_eq!(report.limit, [ListLimit::Capped(500)]);
    // The four pages that were left, then two listings of ten that agree.
    assert_eq!(cloud.calls().of(LIST), 4 + 10 + 10);
    assert_eq!(shown(&second).await, truth(&cloud));
}

#[tokio::test]
async fn two_accounts_in_one_database_never_meet() {
    let folder = tempfile::tempdir().unwrap();
    let cloud = emulator(40).account("user_0002").start().await.unwrap();
    let database = std::sync::Arc::new(SledDatabase::open(folder.path()).await.unwrap());
    let mut lists = Vec::new();
    for account in [ACCOUNT, "user_0002"] {
        let conversations = Conversations::builder(account)
            .shared_database(database.clone())
            .source(conv_tests::online::source(&cloud))
            .plan_limit(500)
            .build()
            .await
            .unwrap();
        conversations.sync().await.unwrap();
        let ids: Vec<_> =
            cloud.world().listing(account).unwrap().into_iter().map(|r| r.id).collect();
        let shown: Vec<_> = shown(&conversations).await.into_iter().map(|row| row.0).collect();
        assert_eq!(shown, ids);
        lists.push(shown);
    }
    assert_ne!(lists[0], lists[1]);
}
