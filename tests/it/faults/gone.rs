//! A cloud that lets no one in, and one that is gone.

use conv_api::{Conversations, ErrorClass, UserSigSigner};
use conv_emulator::Emulator;
use conv_tests::online::{ACCOUNT, cloud, prompt, shown, source_with};

const LIST: &str = "recentcontact/get_list";

async fn handle(cloud: &Emulator) -> Conversations {
    prompt(cloud).build().await.unwrap()
}

#[tokio::test]
async fn a_wrong_key_is_an_auth_error_at_once() {
    let cloud = cloud(10).await;
    let source = source_with(&cloud, UserSigSigner::new(cloud.identifier(), "another key"));
    let conversations = Conversations::builder(ACCOUNT).source(source).build().await.unwrap();
    let error = conversations.sync().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Auth);
    assert!(error.cloud_code().is_some());
    assert_eq!(cloud.calls().of(LIST), 1);
}

#[tokio::test]
async fn a_cloud_that_is_gone_leaves_the_list() {
    let cloud = cloud(30).await;
    let conversations = handle(&cloud).await;
    conversations.sync().await.unwrap();
    let before = shown(&conversations).await;
    cloud.stop().await;
    assert_eq!(conversations.sync().await.unwrap_err().class(), ErrorClass::Transient);
    assert_eq!(shown(&conversations).await, before);
    assert!(!conversations.sync_report().is_sync_completed());
    let named = conversations.get_conversation_profile(&before[0].0.parse().unwrap()).await;
    assert!(named.is_ok(), "a cached row is answered from the cache");
}
