//! The samples of the Chat SDK's documentation, each as a call of the facade over the real wire.

use conv_api::{All, ConversationFilter, ConversationType, ErrorClass, MarkType};
use conv_tests::online::{cloud, online, synced};

/// `chat.getConversationList()`: the full list, with `isSyncCompleted`.
#[tokio::test]
async fn the_full_list_with_is_sync_completed() {
    let cloud = cloud(120).await;
    let conversations = online(&cloud).await;
    let before = conversations.get_conversation_list(All).await.unwrap();
    assert_eq!((before.len(), before.is_sync_completed()), (0, false));
    conversations.sync().await.unwrap();
    let after = conversations.get_conversation_list(All).await.unwrap();
    assert_eq!((after.len(), after.is_sync_completed()), (120, true));
}

/// `chat.getConversationList([conversationID1, conversationID2])`: those that are cached.
#[tokio::test]
async fn specified_conversations_that_are_in_the_cache() {
    let cloud = cloud(20).await;
    let conversations = synced(&cloud).await;
    let all = conversations.get_conversation_list(All).await.unwrap();
    let [first, .., last] = all.conversation_list.as_slice() else { panic!() };
    let unknown = "C2Cnot_in_the_list".parse().unwrap();
    let list = conversations.get_conversation_list([&last.id, &unknown, &first.id]).await.unwrap();
    let ids: Vec<_> = list.iter().map(|row| &row.id).collect();
    assert_eq!(ids, [&first.id, &last.id]);
}

/// `chat.getConversationList({ type: TYPES.CONV_GROUP })`: all group conversations.
#[tokio::test]
async fn all_group_conversations() {
    let cloud = cloud(120).await;
    let conversations = synced(&cloud).await;
    let groups = ConversationFilter::conversation_type(ConversationType::Group);
    let list = conversations.get_conversation_list(groups).await.unwrap();
    let expected = cloud.world().listing("user_0001").unwrap();
    let expected = expected.iter().filter(|row| row.id.starts_with("GROUP")).count();
    assert!(expected > 0);
    assert_eq!(list.len(), expected);
    assert!(list.iter().all(|row| row.id.as_str().starts_with("GROUP")));
}

/// `chat.getConversationList({ markType: TYPES.CONV_MARK_TYPE_STAR })`: the favourites.
#[tokio::test]
async fn all_conversations_that_are_marked_as_favourite() {
    let cloud = cloud(120).await;
    let conversations = synced(&cloud).await;
    let starred = ConversationFilter::mark_type(MarkType::STAR);
    let list = conversations.get_conversation_list(starred).await.unwrap();
    let expected = cloud.world().listing("user_0001").unwrap();
    let expected = expected.iter().filter(|row| row.marks & 1 == 1).count();
    assert!(expected > 0);
    assert_eq!(list.len(), expected);
}

/// `chat.getConversationList({ groupName: 'Suppliers' })`: one conversation group.
#[tokio::test]
async fn all_conversations_in_a_specified_conversation_group() {
    let cloud = cloud(120).await;
    let conversations = synced(&cloud).await;
    let suppliers = ConversationFilter::group_name("Suppliers");
    let list = conversations.get_conversation_list(suppliers).await.unwrap();
    let expected = cloud.world().listing("user_0001").unwrap();
    let expected = expected.iter().filter(|row| row.groups.iter().any(|g| g == "Suppliers"));
    let expected: Vec<_> = expected.map(|row| row.id.as_str()).collect();
    assert!(!expected.is_empty());
    assert_eq!(list.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), expected);
}

/// `chat.getConversationProfile(conversationID)`: for each of the three forms of ID.
#[tokio::test]
async fn the_detailed_profile_of_a_conversation() {
    let cloud = cloud(60).await;
    let conversations = synced(&cloud).await;
    let all = conversations.get_conversation_list(All).await.unwrap();
    for kind in [ConversationType::C2c, ConversationType::Group] {
        let row = all.iter().find(|row| row.conversation_type() == kind).unwrap();
        let full = conversations.get_conversation_profile(&row.id).await.unwrap();
        assert_eq!(full.id, row.id);
        assert!(full.profile.detail.is_some() && row.profile.detail.is_none());
        assert_eq!(full.profile.name, row.profile.name);
    }
    let system = "@TIM#SYSTEM".parse().unwrap();
    assert_eq!(conversations.get_conversation_profile(&system).await.unwrap().id, system);
    assert_eq!(conversations.get_conversation_list(All).await.unwrap().len(), 60);
}

#[tokio::test]
async fn unknown_users_and_unknown_dissolved_and_hidden_groups_are_not_found() {
    let cloud = cloud(0).await;
    let world = cloud.world();
    world.add_group("gone", conv_emulator::GroupType::Public, "Gone");
    world.dissolve_group("gone").unwrap();
    world.add_group("hidden", conv_emulator::GroupType::Public, "Hidden");
    world.hide_group("hidden", true).unwrap();
    let conversations = online(&cloud).await;
    for id in ["C2Cnobody", "GROUPnone", "GROUPgone", "GROUPhidden"] {
        let error = conversations.get_conversation_profile(&id.parse().unwrap()).await.unwrap_err();
        assert_eq!((error.class(), error.code()), (ErrorClass::NotFound, 2501), "{id}: {error}");
    }
    assert!(conversations.get_conversation_list(All).await.unwrap().is_empty());
}
