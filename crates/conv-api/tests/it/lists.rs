//! The answer of a list call.

use conv_api::{
    All, ConversationFilter, ConversationQuery, Conversations, Coverage, ErrorClass, PassStatus,
    SourceError,
    model::Timestamp,
    sync::testing::{NOW, row},
    testing::ScriptedSource,
};

use crate::support::{Gated, id, next_report, over};

#[tokio::test]
async fn a_list_call_never_waits_for_the_network() {
    let source = Gated::new(ScriptedSource::with_rows(10));
    let conversations = over(source.clone()).await;
    let pass = tokio::spawn({
        let conversations = conversations.clone();
        async move { conversations.sync().await }
    });
    let mut events = conversations.events();
    assert_eq!(next_report(&mut events).await.unwrap().coverage, Coverage::Partial);

    let list = conversations.get_conversation_list(All).await.unwrap();
    assert!(list.is_empty() && !list.is_sync_completed());
    source.gate.add_permits(100);
    assert!(pass.await.unwrap().unwrap().is_sync_completed());
    assert_eq!(conversations.get_conversation_list(All).await.unwrap().len(), 10);
}

#[tokio::test]
async fn ids_that_are_not_cached_are_left_out_and_duplicates_collapsed() {
    let conversations = over(ScriptedSource::with_rows(10)).await;
    conversations.sync().await.unwrap();
    let asked = ["C2Cuser_0007", "GROUPnone", "C2Cuser_0002", "C2Cuser_0007"].map(id);
    let list = conversations.get_conversation_list(asked).await.unwrap();
    let ids: Vec<_> = list.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["C2Cuser_0002", "C2Cuser_0007"], "in list order");
}

#[test]
fn a_query_that_cannot_be_made_has_the_sdks_number() {
    let error = conv_api::Error::from(ConversationQuery::ids([]).unwrap_err());
    assert_eq!((error.class(), error.code()), (ErrorClass::InvalidArgument, 3153));
}

#[tokio::test]
async fn the_list_holds_name_and_avatar_alone_and_the_profile_call_all() {
    let conversations = over(ScriptedSource::with_rows(2)).await;
    conversations.sync().await.unwrap();
    conversations.get_conversation_profile(&id("C2Cuser_0001")).await.unwrap();
    let list = conversations.get_conversation_list(All).await.unwrap();
    assert!(list.iter().all(|row| row.profile.is_known() && row.profile.detail.is_none()));
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_the_list_is_there_and_is_never_called_complete() {
    let source = std::sync::Arc::new(ScriptedSource::with_rows(10));
    let conversations = over(source.clone()).await;
    conversations.sync().await.unwrap();
    for _ in 0..5 {
        source.answer(Err(SourceError::TimedOut));
    }
    assert_eq!(conversations.sync().await.unwrap_err().class(), ErrorClass::Transient);

    let list = conversations.get_conversation_list(All).await.unwrap();
    assert_eq!((list.len(), list.is_sync_completed()), (10, false));
    assert!(matches!(list.report().pass, PassStatus::Failed(_)));
    conversations.sync().await.unwrap();
    assert!(conversations.get_conversation_list(All).await.unwrap().is_sync_completed());
}

#[tokio::test]
async fn an_account_without_conversations_is_complete() {
    let conversations = over(ScriptedSource::with_rows(0)).await;
    conversations.sync().await.unwrap();
    let list = conversations.get_conversation_list(All).await.unwrap();
    assert!(list.is_empty() && list.is_sync_completed());
}

#[tokio::test]
async fn the_answer_serialises_to_the_sdks_data() {
    let conversations = over(ScriptedSource::with_rows(1)).await;
    conversations.sync().await.unwrap();
    let list = conversations.get_conversation_list(All).await.unwrap();
    let data = serde_json::to_value(&list).unwrap();
    assert_eq!(data["isSyncCompleted"], true);
    assert_eq!(data["conversationList"][0]["conversationID"], "C2Cuser_0000");
    assert_eq!(data["conversationList"][0]["lastMessage"]["lastTime"], NOW.as_secs());
    assert_eq!(data["report"]["coverage"], "complete");
}

#[tokio::test]
async fn merged_facts_are_in_the_list_at_once_and_a_draft_stays() {
    let conversations = over(ScriptedSource::new([row(id("C2Calice"), NOW)])).await;
    conversations.sync().await.unwrap();
    let mut patch = conv_api::ConversationPatch::new(id("C2Cbob"));
    let later = Timestamp::from_secs(NOW.as_secs() + 1);
    patch.listing = Some(conv_api::ListingPatch::at(later));
    conversations.merge(patch).await.unwrap();
    conversations.set_draft(&id("C2Cbob"), "hello").await.unwrap();

    let list = conversations.get_conversation_list(All).await.unwrap();
    assert_eq!(list.conversation_list[0].id, id("C2Cbob"));
    assert_eq!(list.conversation_list[0].local.draft_text().map(AsRef::as_ref), Some("hello"));

    // The next pass does not find bob in the cloud; the draft waits for him.
    conversations.sync().await.unwrap();
    assert_eq!(conversations.get_conversation_list(All).await.unwrap().len(), 1);
    let local = conversations.snapshot().local(&id("C2Cbob")).unwrap();
    assert_eq!(local.draft_text().map(AsRef::as_ref), Some("hello"));
}

#[tokio::test]
async fn without_a_source_a_list_is_only_read() {
    let conversations = Conversations::builder("user_0001").build().await.unwrap();
    assert!(
        conversations
            .get_conversation_list(ConversationFilter::group_name(""))
            .await
            .unwrap()
            .is_empty()
    );
    let error = conversations.sync().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unsupported);
}

#[tokio::test]
async fn an_invalid_account_id_is_refused() {
    let error = Conversations::builder("").build().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::InvalidArgument);
}

#[tokio::test]
async fn a_patch_that_is_too_large_is_an_error_and_nothing_of_it_is_kept() {
    let conversations = over(ScriptedSource::new([row(id("C2Calice"), NOW)])).await;
    conversations.sync().await.unwrap();
    let mut patch = conv_api::ConversationPatch::new(id("C2Calice"));
    patch.profile.name = Some("A".repeat(1 << 20).into());
    patch.unread.count = Some(3);
    let refused = conversations.merge(patch).await.unwrap_err();
    assert!(matches!(refused, conv_api::Error::Store(conv_api::StoreError::TooLarge { .. })));
    let row = conversations.snapshot().get(&id("C2Calice")).unwrap();
    assert_eq!((row.show_name(), row.unread.count), ("Name of C2Calice", None));
}
