//! One large item keeps no other out.

use conv_tests::online::{ACCOUNT, emulator, prompt, rows, script};

#[tokio::test]
async fn an_avatar_of_seventy_kilobytes_costs_no_name_and_no_row() {
    let cloud = emulator(50).start().await.unwrap();
    script(&cloud, "huge-avatar=70000");
    let conversations = prompt(&cloud).build().await.unwrap();
    let report = conversations.sync().await.unwrap();
    assert!(report.is_sync_completed(), "{report:?}");
    let rows = rows(&conversations).await;
    assert_eq!(rows.len(), 50);
    let named = rows.iter().filter(|row| row.profile.is_known()).count();
    assert!(named >= 48, "all but topics: {named}");
}

#[tokio::test]
async fn a_text_of_the_app_that_is_too_long_costs_itself() {
    let cloud = emulator(50).start().await.unwrap();
    let first = cloud.world().listing(ACCOUNT).unwrap()[0].id.clone();
    cloud.world().set_custom_mark(ACCOUNT, &first, &"x".repeat(100_000)).unwrap();
    let conversations = prompt(&cloud).build().await.unwrap();
    assert!(conversations.sync().await.unwrap().is_sync_completed());
    assert_eq!(rows(&conversations).await.len(), 50);
}
