//! 500 conversations, and 100,000.

use conv_api::{
    ConversationId, ConversationPatch, ConversationStore, ListingPatch, SledStore, Timestamp,
    model::Delta,
};

use crate::support::{ACCOUNT, Cloud, block_on, ids};

#[test]
fn five_hundred_conversations_are_listed_whole() {
    let cloud = Cloud::of(500);
    let synced = cloud.run(&["sync", "--json"]).data();
    assert_eq!((&synced["rows"], &synced["isSyncCompleted"]), (&500.into(), &true.into()));
    let list = cloud.run(&["list"]);
    assert!(list.out.lines().count() >= 502, "{}", list.out.lines().count());
    cloud.run(&["doctor", "--cloud", "--json"]).data();
}

#[test]
fn of_100_000_in_the_cloud_the_newest_500_come_and_the_limit_is_told() {
    let cloud = Cloud::of(100_000);
    let synced = cloud.run(&["sync"]);
    assert_eq!(synced.code, Some(0), "{synced:?}");
    assert!(synced.out.starts_with("500 rows, 10 pages read: complete"), "{synced:?}");
    assert!(synced.out.contains("limited: the plan gives the newest 500"), "{synced:?}");
    assert_eq!(ids(&cloud.run(&["list", "--json"]).data()), cloud.truth());
}

#[test]
fn a_store_of_100_000_rows_is_listed_and_checked() {
    const ROWS: u64 = 100_000;
    let cloud = Cloud::of(1);
    block_on(async {
        let store = SledStore::open(cloud.store(), &ACCOUNT.parse().unwrap()).await.unwrap();
        for page in 0..ROWS / 1_000 {
            let rows = (page * 1_000..(page + 1) * 1_000).map(|n| {
                let id = ConversationId::c2c(&format!("user_{n:06}")).unwrap();
                let mut patch = ConversationPatch::new(id);
                patch.listing = Some(ListingPatch::at(Timestamp::from_secs(1_700_000_000 + n)));
                patch
            });
            store.apply(Delta::listed(rows)).await.unwrap();
        }
        store.close().await.unwrap();
    });
    let top = ids(&cloud.run(&["list", "--limit", "2", "--json"]).data());
    assert_eq!(top, ["C2Cuser_099999", "C2Cuser_099998"]);
    let all = cloud.run(&["list"]);
    assert!(all.out.lines().count() as u64 > ROWS);
    let one = cloud.run(&["list", "--id", "C2Cuser_050000", "--json"]).data();
    assert_eq!(ids(&one).len(), 1);
    let sound = cloud.run(&["doctor", "--json"]).data();
    assert_eq!(sound["sound"], true, "{sound}");
}
