//! The facade as an app embeds it: offline first, on disk, with its default features.

use std::{error::Error, path::Path, time::Duration};

use conv_api::{All, Conversations, ConversationSource, SledDatabase};

/// Opens the list of an account; pulls it if there is a cloud at hand.
async fn open(
    folder: &Path,
    source: Option<impl ConversationSource>,
) -> Result<Conversations, Box<dyn Error>> {
    let builder = Conversations::builder("user_0001").database(SledDatabase::open(folder).await?);
    let Some(source) = source else { return Ok(builder.build().await?) };
    let conversations = builder.source(source).plan_limit(500).build().await?;
    conversations.wait_until_complete(Duration::from_secs(30)).await?;
    Ok(conversations)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("consumer-facade-{}", std::process::id()));
    let conversations = open(&folder, None::<conv_api::RestSource>).await?;
    let list = conversations.get_conversation_list(All).await?;
    println!("{} rows, complete: {}", list.len(), list.is_sync_completed());
    conversations.close().await?;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

#[tokio::test]
async fn a_list_that_was_pulled_is_there_without_the_cloud() {
    use conv_api::{BaseUrl, RestSource, UserSigSigner};

    let folder = std::env::temp_dir().join(format!("consumer-facade-test-{}", std::process::id()));
    let cloud = conv_emulator::Emulator::builder().account("user_0001").conversations(30);
    let cloud = cloud.start().await.unwrap();
    let signer = UserSigSigner::new(cloud.identifier(), cloud.secret_key());
    let url: BaseUrl = cloud.base_url().parse().unwrap();
    let source = RestSource::new(url, cloud.sdk_app_id(), signer);
    let online = open(&folder, Some(source)).await.unwrap();
    assert!(online.sync_report().is_sync_completed());
    online.close().await.unwrap();
    cloud.stop().await;

    let offline = open(&folder, None::<RestSource>).await.unwrap();
    let list = offline.get_conversation_list(All).await.unwrap();
    assert_eq!((list.len(), list.is_sync_completed()), (30, false));
    offline.close().await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}
