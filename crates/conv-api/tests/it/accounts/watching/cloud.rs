//! Against the protocol.

use conv_api::{BaseUrl, RestSource, UserSigSigner, WatchOptions};
use conv_emulator::Emulator;

use super::*;

const LISTING: &str = "recentcontact/get_list";

#[tokio::test]
async fn calls_of_the_list_are_those_of_watched_accounts() {
    let cloud = Emulator::builder().seed(7).accounts(200).conversations(20).start().await.unwrap();
    let signer = UserSigSigner::new(cloud.identifier(), cloud.secret_key());
    let url: BaseUrl = cloud.base_url().parse().unwrap();
    let source = RestSource::new(url, cloud.sdk_app_id(), signer);
    let options = WatchOptions::default().with_delay(Duration::from_millis(20));
    let accounts = Accounts::builder(Arc::new(MemoryDatabase::new()), source);
    let accounts = accounts.watch_options(options).build();
    let names: Vec<_> = cloud.world().accounts().iter().map(account).collect();
    let watches = watch_all(&accounts, &names[..5], WatchLevel::Visible).await;
    fresh(&watches).await;

    let passes = accounts.stats().passes_finished;
    assert!((5..=10).contains(&passes), "{passes}");
    let per_pass = cloud.calls().of(LISTING) / passes;
    let world = cloud.world();
    for name in &names {
        world.say(name.as_str(), "C2Cuser_0003", "Are you there?").ok();
        for _ in 0..20 {
            accounts.mark(name, Work::Listing);
        }
    }
    fresh(&watches).await;
    let passes = accounts.stats().passes_finished;
    assert!(passes <= 20, "{passes}");
    assert_eq!(cloud.calls().of(LISTING), per_pass * passes);
    for watch in &watches {
        let snapshot = watch.list().snapshot();
        let ids: Vec<_> = snapshot.rows().map(|row| row.id.to_string()).collect();
        let truth = world.listing(watch.list().account().as_str()).unwrap();
        assert_eq!(ids, truth.into_iter().map(|row| row.id).collect::<Vec<_>>());
    }
    accounts.close().await.unwrap();
    cloud.stop().await;
}
