//! A draft to a user who is not in the list.

use conv_tests::online::{ACCOUNT, id, row, rows};

use super::{later, listed, two};

#[tokio::test]
async fn a_draft_to_somebody_new_can_be_read_back_and_meets_the_row_later() {
    let cloud = two().await;
    cloud.world().add_user("bob", "Bob");
    let conversations = listed(&cloud).await;
    let bob = id("C2Cbob");
    conversations.set_draft(&bob, "Dear Bob").await.unwrap();
    assert_eq!(rows(&conversations).await.len(), 2, "the list is the cloud's");
    let full = conversations.get_conversation_profile(&bob).await.unwrap();
    assert_eq!(full.local.draft_text().map(AsRef::as_ref), Some("Dear Bob"));
    let local = conversations.snapshot().local(&bob).unwrap();
    assert_eq!(local.draft_text().map(AsRef::as_ref), Some("Dear Bob"));

    cloud.world().say(ACCOUNT, "C2Cbob", "hello").unwrap();
    later(&cloud, &conversations).await;
    let row = row(&conversations, "C2Cbob").await;
    assert_eq!(row.local.draft_text().map(AsRef::as_ref), Some("Dear Bob"));
}
