//! A live list beside a running pull, over the real wire.

use conv_api::{All, BaseUrl, ConversationFilter, Conversations, RestSource, UserSigSigner};
use conv_emulator::{Churn, Emulator};
use tokio::{select, spawn};

use super::reader::Reader;

const ACCOUNT: &str = "user_0001";

/// Follows a pass to its end, and compares after each of its commits.
async fn follow(conversations: &Conversations, readers: &mut [Reader]) {
    let mut events = conversations.events();
    let mut pass = spawn({
        let conversations = conversations.clone();
        async move { conversations.sync().await }
    });
    loop {
        let end = select! {
            end = &mut pass => Some(end),
            _ = events.next() => None,
        };
        for reader in &mut *readers {
            reader.read(conversations);
            assert_eq!(reader.resets, 1);
        }
        if let Some(end) = end {
            assert!(end.unwrap().unwrap().is_sync_completed());
            return;
        }
    }
}

#[tokio::test]
async fn a_live_list_follows_a_cloud_that_changes_under_the_pull() {
    let cloud = Emulator::builder().seed(7).account(ACCOUNT).conversations(250).page_size(25);
    let cloud = cloud.plan_limit(500).churn(Churn::PerPage(1)).start().await.unwrap();
    let signer = UserSigSigner::new(cloud.identifier(), cloud.secret_key());
    let url: BaseUrl = cloud.base_url().parse().unwrap();
    let source = RestSource::new(url, cloud.sdk_app_id(), signer);
    let builder = Conversations::builder(ACCOUNT).source(source).plan_limit(500);
    let conversations = builder.build().await.unwrap();
    let mut readers = [
        Reader::new(&conversations, All, Some(20)),
        Reader::new(&conversations, All, None),
        Reader::new(&conversations, ConversationFilter::group_name("Suppliers"), Some(5)),
    ];
    readers.iter_mut().for_each(|reader| reader.read(&conversations));
    follow(&conversations, &mut readers).await;

    cloud.set_churn(Churn::Still);
    let world = cloud.world();
    world.say(ACCOUNT, "C2Cuser_0007", "Are you there?").unwrap();
    world.insert(ACCOUNT, "C2Csomebody_new", world.now()).unwrap();
    follow(&conversations, &mut readers).await;
    let truth: Vec<String> =
        world.listing(ACCOUNT).unwrap().into_iter().map(|row| row.id).collect();
    let [top, all, _] = &readers;
    let ids =
        |reader: &Reader| reader.rows.iter().map(|row| row.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(all), truth);
    assert_eq!(ids(top), truth[..20]);
    cloud.stop().await;
}
