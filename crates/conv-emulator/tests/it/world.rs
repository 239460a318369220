use std::time::Duration;

use conv_emulator::{Churn, Emulator, Error};

use crate::client::{Client, ME};

#[tokio::test]
async fn each_change_shows_in_the_next_listing() {
    let client = Client::of(Emulator::builder().conversations(30).page_size(7)).await;
    let world = client.emulator.world();
    let rows = world.listing(ME).unwrap();
    let id = |n: usize| rows[n].id.as_str();
    world.advance(Duration::from_secs(60));
    world.touch(ME, id(29)).unwrap();
    world.recall(ME, id(3), Duration::from_secs(3600)).unwrap();
    world.pin(ME, id(20)).unwrap();
    world.unpin(ME, id(0)).unwrap();
    world.remove(ME, id(10)).unwrap();
    world.insert(ME, "C2Cbrand new", 5).unwrap();
    let list = client.list().await;
    assert_eq!(list, client.truth());
    assert_eq!(list.len(), 30);
    assert_eq!(list.last().unwrap().0, "C2Cbrand new");
    assert!(!list.iter().any(|row| row.0 == id(10)));
    assert!(list.iter().find(|row| row.0 == id(3)).unwrap().1 <= rows[3].time - 3600);
    assert!(list.iter().find(|row| row.0 == id(29)).unwrap().1 >= world.now() - 2);
}

#[tokio::test]
async fn listing_is_in_list_order() {
    let client = Client::of(Emulator::builder().conversations(300).plan_limit(250)).await;
    let rows = client.emulator.world().listing(ME).unwrap();
    let keys: Vec<_> =
        rows.iter().map(|row| (!row.pinned, u64::MAX - row.time, row.id.clone())).collect();
    assert_eq!(rows.len(), 250);
    assert!(keys.is_sorted());
}

#[tokio::test]
async fn churn_changes_the_list_after_each_page_until_it_is_stilled() {
    let builder = Emulator::builder().conversations(60).page_size(10).churn(Churn::PerPage(1));
    let client = Client::of(builder).await;
    let mut changes = 0;
    for _ in 0..20 {
        let before = client.emulator.world().listing(ME).unwrap();
        client.page(None).await;
        changes += u32::from(client.emulator.world().listing(ME).unwrap() != before);
    }
    assert!(changes >= 12, "{changes}");
    client.emulator.set_churn(Churn::Still);
    assert_eq!(client.list().await, client.truth());
}

#[tokio::test]
async fn churn_is_the_same_for_the_same_seed() {
    let run = async || {
        let builder = Emulator::builder().seed(5).conversations(40).page_size(10);
        let client = Client::of(builder.churn(Churn::PerPage(2))).await;
        client.pages().await;
        let ids = client.truth().into_iter().map(|row| (row.0, row.2));
        ids.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(run().await, run().await);
}

#[tokio::test]
async fn missing_rows_cannot_be_changed() {
    let client = Client::empty().await;
    let world = client.emulator.world();
    assert!(matches!(world.pin(ME, "C2Ca"), Err(Error::UnknownConversation(_))));
    assert!(matches!(world.remove(ME, "GROUPg"), Err(Error::UnknownConversation(_))));
    assert!(matches!(world.touch("nobody", "C2Ca"), Err(Error::UnknownAccount(_))));
    assert!(matches!(world.touch(ME, "alice"), Err(Error::BadConversationId(_))));
    assert!(matches!(world.dissolve_group("never"), Err(Error::UnknownGroup(_))));
    assert!(matches!(world.ungroup(ME, "C2Ca", "x"), Err(Error::UnknownGroup(_))));
}

#[tokio::test]
async fn accounts_do_not_depend_on_what_happened_before_they_were_first_read() {
    let settings = || Emulator::builder().accounts(3).conversations(50);
    let quiet = Client::of(settings()).await;
    let busy = Client::of(settings()).await;
    let world = busy.emulator.world();
    world.touch("user_0001", "C2Cstranger").unwrap();
    world.add_user("another", "x");
    let ids = |client: &Client| {
        let rows = client.emulator.world().listing("user_0003").unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&quiet), ids(&busy));
    assert_eq!(world.accounts(), ["user_0001", "user_0002", "user_0003"]);
}

#[tokio::test]
async fn a_removed_account_has_no_list() {
    let client = Client::of(Emulator::builder()).await;
    client.emulator.world().remove_account(ME).unwrap();
    let request = crate::client::list_request(None, 63);
    assert_eq!(client.refused(crate::client::GET_LIST, request).await, 50001);
    assert!(client.emulator.world().listing(ME).is_err());
}

#[tokio::test]
async fn ties_are_listed_by_conversation_id_whichever_came_first() {
    let client = Client::empty().await;
    let world = client.emulator.world();
    for id in ["GROUPa", "C2Cb", "C2CB", "C2Ca"] {
        world.insert(ME, id, 10).unwrap();
    }
    let ids: Vec<_> = world.listing(ME).unwrap().into_iter().map(|row| row.id).collect();
    assert_eq!(ids, ["C2CB", "C2Ca", "C2Cb", "GROUPa"]);
}

#[tokio::test]
async fn two_accounts_have_two_lists() {
    let client = Client::of(Emulator::builder().accounts(2).conversations(30)).await;
    let times = |account| {
        let rows = client.emulator.world().listing(account).unwrap();
        rows.into_iter().map(|row| (row.id, row.time)).collect::<Vec<_>>()
    };
    let (one, two) = (times("user_0001"), times("user_0002"));
    // Groups are shared, and with them their times; those of users are each account's own.
    let users = one.iter().filter(|row| row.0.starts_with("C2C"));
    let same = users.clone().filter(|row| two.contains(row)).count();
    assert!(same * 2 < users.count(), "{same} rows are the same");
}
