//! The order in which a reader sees a list.

use conv_api::All;
use conv_tests::online::{builder, emulator, script};

const LIST: &str = "recentcontact/get_list";

#[tokio::test]
async fn rows_are_shown_while_names_of_groups_and_of_people_are_still_on_their_way() {
    let cloud = emulator(250).page_size(50).start().await.unwrap();
    for command in ["get_contact_group", "portrait_get", "get_group_info"] {
        script(&cloud, &format!("stalled,on={command}"));
    }
    let conversations = builder(&cloud).build().await.unwrap();
    let mut events = conversations.events();
    conversations.request_sync().unwrap();
    while conversations.snapshot().len() < 250 {
        events.next().await.unwrap();
    }
    let list = conversations.get_conversation_list(All).await.unwrap();
    assert!(list.iter().all(|row| !row.profile.is_known()));
    conversations.close().await.unwrap();
}

#[tokio::test]
async fn the_first_page_is_shown_before_the_second_is_there() {
    let cloud = emulator(250).page_size(50).start().await.unwrap();
    script(&cloud, "stalled,calls=2-,on=get_list");
    let conversations = builder(&cloud).build().await.unwrap();
    let mut events = conversations.events();
    conversations.request_sync().unwrap();
    while conversations.snapshot().rows().filter(|row| row.profile.is_known()).count() < 30 {
        events.next().await.unwrap();
    }
    assert_eq!(conversations.snapshot().len(), 50);
    assert_eq!(cloud.calls().of(LIST), 2);
    conversations.close().await.unwrap();
}
