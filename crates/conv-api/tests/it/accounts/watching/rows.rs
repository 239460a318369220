//! Changes of a row: for all who hold it, and of its facets alone.

use conv_api::{
    Facet, SourceError,
    sync::{
        Capabilities,
        testing::{Call, NOW, row},
    },
    testing::ScriptedSource,
};

use super::*;
use crate::support::id;

#[tokio::test(start_paused = true)]
async fn a_change_of_a_row_is_a_change_of_those_who_hold_it() {
    let names = names(30);
    let clouds = Clouds::new(&names, 1);
    let accounts = builder(&clouds).build();
    let watches = watch_all(&accounts, &names[..20], WatchLevel::Visible).await;
    // A third has a group that comes and goes.
    for name in &names[..10] {
        clouds.touch(name, 77, 5);
    }
    fresh(&watches).await;
    pass_time(5).await;
    let group = id("C2Cpeer_077");
    let mut holders = accounts.holders(&group);
    holders.sort();
    assert_eq!(holders, names[..10]);
    assert_eq!(accounts.stats().watch.indexed_rows, 30);

    let before = clouds.calls().len();
    for seconds in [10, 20, 30] {
        names[..10].iter().for_each(|name| clouds.touch(name, 77, seconds));
        accounts.mark_holders(&group, Work::Listing);
    }
    accounts.mark_holders(&id("GROUPunknown"), Work::Listing);
    pass_time(5).await;
    let calls = clouds.calls()[before..].to_vec();
    assert!(names[..10].iter().all(|name| calls.contains(name)));
    assert!(calls.iter().all(|name| names[..10].contains(name)));
    assert!(watches.iter().all(|it| shown(it.list()) == clouds.truth(it.list().account())));
    drop(watches);
    pass_time(1).await;
    assert!(accounts.holders(&group).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_storm_in_one_group_leaves_others_fresh() {
    let names = names(1_001);
    let clouds = Clouds::new(&names, 1);
    names[..1_000].iter().for_each(|name| clouds.touch(name, 77, 5));
    let accounts = builder(&clouds).build();
    let watches = watch_all(&accounts, &names, WatchLevel::Background).await;
    let other = accounts.watch(&names[1_000], WatchLevel::Visible).await.unwrap();
    fresh(&watches).await;
    let group = id("C2Cpeer_077");
    assert_eq!(accounts.holders(&group).len(), 1_000);
    let (begun, before) = (tokio::time::Instant::now(), clouds.calls().len());
    for round in 1..25_u64 {
        for _ in 0..1_000 {
            accounts.mark_holders(&group, Work::Listing);
        }
        clouds.touch(&names[1_000], 0, round * 10);
        let mark = other.refresh().unwrap();
        let asked = tokio::time::Instant::now();
        other.reached(mark).await.unwrap();
        assert!(asked.elapsed() < Duration::from_secs(6), "{:?}", asked.elapsed());
        assert_eq!(shown(other.list()), clouds.truth(&names[1_000]));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (time, calls) = (begun.elapsed().as_secs_f64(), clouds.calls().len() - before);
    assert!(calls as f64 <= time * 160.0 + 8.0, "{calls} in {time}");
}

#[tokio::test(start_paused = true)]
async fn a_new_name_is_read_without_the_list() {
    let mut capabilities = Capabilities::default();
    capabilities.facets = vec![Facet::Profile, Facet::Unread, Facet::LastMessage];
    let source = Arc::new(ScriptedSource::with_rows(40).with_capabilities(capabilities));
    let accounts = Accounts::builder(Arc::new(MemoryDatabase::new()), Arc::clone(&source)).build();
    let watch = accounts.watch(&account("user"), WatchLevel::Visible).await.unwrap();
    fresh(std::slice::from_ref(&watch)).await;
    let before = source.calls().len();
    for _ in 0..10 {
        accounts.mark(&account("user"), Work::Profile(id("C2Cuser_0007")));
    }
    accounts.mark_holders(&id("C2Cuser_0008"), Work::Profile(id("C2Cuser_0008")));
    // It has no unread numbers and no messages, and not that row.
    accounts.mark(&account("user"), Work::Unread(vec![id("C2Cuser_0007")]));
    accounts.mark(&account("user"), Work::LastMessage(id("C2Cuser_0007")));
    accounts.mark(&account("user"), Work::Profile(id("C2Cnobody")));
    pass_time(3).await;
    let rows = ["C2Cuser_0007", "C2Cuser_0008"].map(id).to_vec();
    assert_eq!(source.calls()[before..], [Call::Hydrate(Facet::Profile, rows)]);
    assert_eq!(accounts.stats().watch.reads, 1);
}

#[tokio::test(start_paused = true)]
async fn rows_that_come_and_go_are_in_the_index() {
    let source = Arc::new(ScriptedSource::new([row(id("C2Calice"), NOW)]));
    let accounts = Accounts::builder(Arc::new(MemoryDatabase::new()), Arc::clone(&source)).build();
    let watch = accounts.watch(&account("user"), WatchLevel::Visible).await.unwrap();
    fresh(std::slice::from_ref(&watch)).await;
    pass_time(1).await;
    assert_eq!(accounts.holders(&id("C2Calice")), [account("user")]);
    source.set_rows([row(id("C2Cbob"), NOW)]);
    fresh(std::slice::from_ref(&watch)).await;
    pass_time(1).await;
    assert_eq!(accounts.holders(&id("C2Calice")), []);
    assert_eq!(accounts.holders(&id("C2Cbob")), [account("user")]);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_cannot_be_read_is_read_again() {
    let source = Arc::new(ScriptedSource::with_rows(40));
    let accounts = Accounts::builder(Arc::new(MemoryDatabase::new()), Arc::clone(&source)).build();
    let watch = accounts.watch(&account("user"), WatchLevel::Visible).await.unwrap();
    fresh(std::slice::from_ref(&watch)).await;
    let before = source.calls().len();
    source.fail_hydration(SourceError::TimedOut);
    source.fail_hydration(SourceError::TimedOut);
    accounts.mark(&account("user"), Work::Profile(id("C2Cuser_0007")));
    pass_time(30).await;
    let call = Call::Hydrate(Facet::Profile, vec![id("C2Cuser_0007")]);
    assert_eq!(source.calls()[before..], [call.clone(), call.clone(), call.clone()]);
    // What will never succeed is not.
    source.fail_hydration(SourceError::NotFound);
    accounts.mark(&account("user"), Work::Profile(id("C2Cuser_0007")));
    pass_time(30).await;
    assert_eq!(source.calls()[before + 3..], [call]);
}

#[tokio::test(start_paused = true)]
async fn a_user_who_read_everything_has_no_unread_rows() {
    let mut capabilities = Capabilities::default();
    capabilities.facets = vec![Facet::Profile, Facet::Unread];
    let ids = ["C2Calice", "C2Cbob", "C2Ccarol", "GROUP@TGS#1"].map(id);
    let rows = ids.iter().zip([Some(2), Some(0), None, Some(5)]).map(|(id, unread)| {
        let mut row = row(id.clone(), NOW);
        row.patch.unread.count = unread;
        row
    });
    let source = Arc::new(ScriptedSource::new(rows).with_capabilities(capabilities));
    let accounts = Accounts::builder(Arc::new(MemoryDatabase::new()), Arc::clone(&source)).build();
    let watch = accounts.watch(&account("user"), WatchLevel::Visible).await.unwrap();
    fresh(std::slice::from_ref(&watch)).await;
    let (before, passes) = (source.calls().len(), source.pulls());
    // The cloud cannot be reached at first.
    source.fail_hydration(SourceError::TimedOut);
    accounts.mark(&account("user"), Work::UnreadOfUsers);
    pass_time(10).await;
    let call = Call::Hydrate(Facet::Unread, vec![ids[0].clone()]);
    assert_eq!(source.calls()[before..], [call.clone(), call]);
    assert_eq!(source.pulls(), passes);
    assert_eq!(watch.list().snapshot().get(&ids[0]).unwrap().unread.count, Some(0));
}
