//! The SDK's calls: accepted and refused changes, and the shape of their answers.

use conv_api::{
    ConversationFilter, ConversationId, Conversations, Error, ErrorClass, IfNewer, MarkType,
    Mutation, PendingState, ReadMark, RemindType, SourceError, Timestamp,
    sync::{WriteCapabilities, WriteKind},
    testing::{
        ScriptedSource,
        sync::{Script, ScriptedWriter},
    },
};
use serde_json::json;

use super::cloud::{Cloud, id};

fn unknown() -> ConversationId {
    "C2Cunknown".parse().unwrap()
}

/// A list without a writer: changes wait.
async fn waiting(rows: usize) -> Conversations {
    let cloud = Cloud::new(rows);
    let list = Conversations::builder("user_0001").plan_limit(500).source(cloud);
    let list = list.build().await.unwrap();
    list.sync().await.unwrap();
    list
}

#[tokio::test]
async fn a_change_shows_at_once_and_waits_without_a_writer() {
    let list = waiting(3).await;
    let change = list.pin_conversation(&id(2), true).await.unwrap();

    let first = list.snapshot().rows().next().unwrap().clone();
    assert_eq!(first.id, id(2));
    assert!(first.listing.is_pinned && !first.pending.is_empty());
    assert!(!list.snapshot().base(&id(2)).unwrap().listing.is_pinned);
    let pending = list.pending();
    assert_eq!((pending.len(), pending[0].state), (1, PendingState::Queued));
    assert_eq!(Some(pending[0].number), change.number());
    assert!(pending[0].queued_at.is_some());
    assert_eq!(list.changes_report().queued, 1);
}

#[tokio::test]
async fn accepted_and_refused_conversations_have_the_sdks_shape() {
    let list = waiting(3).await;
    let ids = [id(0), unknown(), id(1), id(0)];
    let accepted = list.mark_conversation(&ids, MarkType::STAR, true).await.unwrap();
    assert_eq!(accepted.changes.len(), 2);
    assert_eq!(
        serde_json::to_value(&accepted).unwrap(),
        json!({
            "successConversationIDList": ["C2Cpeer_0000", "C2Cpeer_0001"],
            "failureConversationIDList": [{
                "conversationID": "C2Cunknown",
                "code": 2500,
                "message": "the list has no conversation C2Cunknown",
            }],
        })
    );
    let starred = list.totals(ConversationFilter::mark_type(MarkType::STAR));
    assert_eq!(starred.conversations, 2);
}

#[tokio::test]
async fn a_call_of_which_nothing_can_be_accepted_is_an_error_and_queues_nothing() {
    let list = waiting(2).await;
    let absent = [unknown()];
    let errors = [
        list.pin_conversation(&unknown(), true).await.unwrap_err(),
        list.mark_conversation(&absent, MarkType::STAR, true).await.unwrap_err(),
        list.set_conversation_custom_data(&absent, "x").await.unwrap_err(),
        list.delete_conversation(&absent, true).await.unwrap_err(),
        list.set_message_read(&unknown()).await.unwrap_err(),
        list.create_conversation_group(&absent, "Suppliers").await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.code(), 2500, "{error}");
        assert_eq!(error.class(), ErrorClass::NotFound);
    }
    let both = [id(7), unknown()];
    let error = list.mark_conversation(&both, MarkType::STAR, true).await.unwrap_err();
    assert_eq!((error.code(), error.class()), (2500, ErrorClass::NotFound));
    assert!(both.iter().all(|id| error.to_string().contains(id.as_str())), "{error}");
    let too_long = list.create_conversation_group(&[id(0)], &"x".repeat(33)).await.unwrap_err();
    assert_eq!(too_long.code(), 51_011);
    assert_eq!(list.mark_conversation(&[], MarkType::STAR, true).await.unwrap_err().code(), 3153);
    let long = "x".repeat(257);
    assert!(list.set_conversation_custom_data(&[id(0)], &long).await.is_err());
    let user = list.set_message_remind_type(&[id(0)], RemindType::AcceptNotNotify).await;
    assert_eq!(user.unwrap_err().class(), ErrorClass::Unsupported);
    assert!(list.pending().is_empty());
    assert!(list.get_conversation_group_list().is_empty());
}

#[tokio::test]
async fn the_51st_pin_is_refused_offline() {
    let list = waiting(51).await;
    for number in 0..50 {
        list.pin_conversation(&id(number), true).await.unwrap();
    }
    let error = list.pin_conversation(&id(50), true).await.unwrap_err();
    assert_eq!((error.code(), list.pending().len()), (51_012, 50));
    list.pin_conversation(&id(7), false).await.unwrap();
    list.pin_conversation(&id(50), true).await.unwrap();
}

#[tokio::test]
async fn of_a_batch_what_is_refused_leaves_the_rest() {
    let cloud = Cloud::new(7);
    for group in ["one", "two"] {
        cloud.writer.add_row(ConversationId::group(group).unwrap());
    }
    let list = Conversations::builder("user_0001").source(cloud).build().await.unwrap();
    list.sync().await.unwrap();
    let groups: Vec<ConversationId> = ["GROUPone", "GROUPtwo"].map(|id| id.parse().unwrap()).into();
    let mut ids: Vec<_> = (0..7).map(id).collect();
    ids.insert(2, groups[0].clone());
    ids.push(groups[1].clone());
    let accepted = list.set_message_remind_type(&ids, RemindType::Discard).await.unwrap();
    assert_eq!(accepted.success_conversation_id_list, groups);
    assert_eq!(accepted.failure_conversation_id_list.len(), 7);
    assert_eq!(list.pending().len(), 2);
}

#[tokio::test]
async fn a_group_is_filled_renamed_and_emptied_before_the_cloud_knows_of_it() {
    let list = waiting(3).await;
    let ids = [id(0), id(1), unknown()];
    let created = list.create_conversation_group(&ids, "Suppliers").await.unwrap();
    assert_eq!((created.changes.len(), created.failure_conversation_id_list.len()), (3, 1));
    list.add_conversations_to_group(&[id(2)], "Suppliers").await.unwrap();
    list.rename_conversation_group("Suppliers", "Partners").await.unwrap();
    list.delete_conversations_from_group(&[id(0)], "Partners").await.unwrap();

    assert_eq!(list.get_conversation_group_list(), ["Partners".into()]);
    let filter = ConversationFilter::group_name("Partners");
    let members = list.get_conversation_list(filter).await.unwrap();
    let members: Vec<_> = members.iter().map(|row| row.id.clone()).collect();
    assert_eq!(members, [id(1), id(2)]);

    list.delete_conversation_group("Partners").await.unwrap();
    assert!(list.get_conversation_group_list().is_empty());
}

#[tokio::test]
async fn a_change_that_the_writer_cannot_make_is_refused_before_it_is_queued() {
    let writer = ScriptedWriter::with_capabilities(WriteCapabilities::of([WriteKind::Pin]));
    let list = Cloud::with_writer(2, writer).list().await;
    let error = list.mark_conversation(&[id(0)], MarkType::STAR, true).await.unwrap_err();
    assert!(matches!(error, Error::Source(SourceError::Unsupported { .. })), "{error}");
    assert!(list.pending().is_empty());
    list.pin_conversation(&id(0), true).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_plan_without_marks_is_remembered_for_a_while() {
    let cloud = Cloud::new(2);
    let list = cloud.list().await;
    let no_plan = SourceError::Cloud {
        code: 51_013,
        class: ErrorClass::Unsupported,
        retry: conv_api::sync::Retry::Never,
        message: "not in the plan".into(),
        retry_after: None,
    };
    cloud.writer.script(Script::Refuse(no_plan));
    let accepted = list.mark_conversation(&[id(0)], MarkType::STAR, true).await.unwrap();
    assert!(matches!(
        accepted.changes[0].outcome().await.unwrap(),
        conv_api::OutcomeKind::Failed(failure) if failure.code == Some(51_013)
    ));
    let error = list.mark_conversation(&[id(1)], MarkType::STAR, true).await.unwrap_err();
    assert_eq!((error.code(), error.class()), (3122, ErrorClass::Unsupported));
    list.set_conversation_custom_data(&[id(1)], "any plan").await.unwrap();

    tokio::time::sleep(std::time::Duration::from_secs(601)).await;
    list.mark_conversation(&[id(1)], MarkType::STAR, true).await.unwrap();
}

#[tokio::test]
async fn reading_covers_the_newest_message_that_is_shown() {
    let list = waiting(1).await;
    let change = list.set_message_read(&id(0)).await.unwrap();
    let conv_api::Mutation::Read { until, .. } = change.mutation() else { panic!("{change:?}") };
    assert_eq!(until.time, conv_api::testing::sync::NOW);
}

#[tokio::test]
async fn reading_what_an_older_list_showed_leaves_newer_messages_unread() {
    let source = ScriptedSource::with_rows(1);
    let mut row = conv_api::Conversation::new(id(0));
    row.listing.time = Some(conv_api::testing::sync::NOW);
    let mut patch = conv_api::ConversationPatch::new(id(0));
    (patch.listing, patch.unread.count) = (Some(row.listing.into()), Some(3));
    source.set_rows([conv_api::sync::SourceRow::new(patch)]);
    let list = Conversations::builder("user_0001").source(source).build().await.unwrap();
    list.sync().await.unwrap();
    let newest = list.snapshot().get(&id(0)).unwrap().listing.time.unwrap();
    let unread = || list.snapshot().get(&id(0)).unwrap().unread.count;
    let until = |seconds| ReadMark::new(Timestamp::from_secs(seconds), 7);

    let nothing = ReadMark::new(Timestamp::ZERO, 7);
    let change = list.set_message_read_until(&id(0), nothing).await.unwrap();
    assert!(change.is_unchanged() && list.pending().is_empty(), "{change:?}");
    assert_eq!(unread(), Some(3));
    let change = list.set_message_read_until(&id(0), until(newest.as_secs() - 1)).await.unwrap();
    assert_eq!(unread(), Some(3), "{change:?}");
    let change = list.set_message_read_until(&id(0), until(newest.as_secs() + 9)).await.unwrap();
    let Mutation::Read { until, .. } = change.mutation() else { panic!("{change:?}") };
    assert_eq!((unread(), *until), (Some(0), ReadMark::new(newest, 0)));
}

#[tokio::test]
async fn a_deletion_of_what_an_older_list_showed_leaves_newer_messages() {
    let list = waiting(2).await;
    let newest = list.snapshot().get(&id(0)).unwrap().listing.time.unwrap();
    let older = Timestamp::from_secs(newest.as_secs() - 1);
    let seen = [(id(0), older), (id(1), newest.plus_secs(9))].into();
    let both = [id(0), id(1)];
    let accepted =
        list.delete_conversation_seen(&both, true, IfNewer::GiveUp, &seen).await.unwrap();
    // It is on its way, and is not taken for done because the row shows.
    assert!(accepted.changes.iter().all(|change| change.number().is_some()));
    let shown: Vec<_> = list.snapshot().rows().map(|row| row.id.clone()).collect();
    assert_eq!(shown, [id(0)]);
    let seen = |change: &conv_api::Change| match change.mutation() {
        Mutation::Delete { seen, .. } => *seen,
        other => panic!("{other:?}"),
    };
    assert_eq!((seen(&accepted.changes[0]), seen(&accepted.changes[1])), (older, newest));
}

#[tokio::test]
async fn a_list_whose_rows_are_unknown_accepts_nothing() {
    let list = Conversations::builder("user_0001").source(ScriptedSource::with_rows(1));
    let list = list.build().await.unwrap();
    assert_eq!(list.pin_conversation(&id(0), true).await.unwrap_err().code(), 2500);
}

#[tokio::test]
async fn two_readings_at_once_read_each_message_once() {
    let source = std::sync::Arc::new(ScriptedSource::with_rows(1));
    let show = |seconds: u64, unread| {
        let mut row = conv_api::Conversation::new(id(0));
        row.listing.time = Some(conv_api::testing::sync::NOW.plus_secs(seconds));
        let mut patch = conv_api::ConversationPatch::new(id(0));
        (patch.listing, patch.unread.count) = (Some(row.listing.into()), Some(unread));
        source.set_rows([conv_api::sync::SourceRow::new(patch)]);
    };
    show(0, 5);
    let builder = Conversations::builder("user_0001").source(std::sync::Arc::clone(&source));
    let list = builder.build().await.unwrap();
    list.sync().await.unwrap();
    let peer = id(0);
    let both = tokio::join!(list.set_message_read(&peer), list.set_message_read(&peer));
    assert!(both.0.is_ok() && both.1.is_ok());
    show(10, 7);
    list.sync().await.unwrap();
    assert_eq!(list.snapshot().get(&peer).unwrap().unread.count, Some(2));
}
