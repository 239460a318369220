//! An account that is forgotten leaves nothing, and does not come back by itself.

use std::{sync::Arc, time::Duration};

use conv_api::{Accounts, All, Coverage, ErrorClass, MemoryDatabase};

use super::{Clouds, Trouble, account, in_memory, on_disk, shown};
use crate::support::id;

#[tokio::test]
async fn rows_and_drafts_go_streams_end_and_others_stay() {
    let names = [account("a"), account("b")];
    let clouds = Clouds::new(&names, 5);
    let (_folder, database) = on_disk().await;
    let accounts = Accounts::builder(database, Arc::clone(&clouds)).build();
    for name in &names {
        let list = accounts.open(name).await.unwrap();
        list.sync().await.unwrap();
        list.set_draft(&id("C2Calice"), "Dear Alice").await.unwrap();
    }
    let old = accounts.open(&names[0]).await.unwrap();
    let mut live = old.subscribe(All);
    let mut events = old.events();
    live.next().await.unwrap();
    accounts.forget(&names[0]).await.unwrap();
    assert!(live.next().await.is_none() && events.next().await.is_none());
    assert_eq!(old.sync().await.unwrap_err().class(), ErrorClass::Cancelled);
    assert!(old.set_draft(&id("C2Calice"), "x").await.is_err());

    let new = accounts.open(&names[0]).await.unwrap();
    assert!(new.snapshot().is_empty() && new.snapshot().local(&id("C2Calice")).is_none());
    assert_eq!(new.sync_report().coverage, Coverage::Empty);
    let other = accounts.open(&names[1]).await.unwrap();
    assert_eq!(shown(&other), clouds.truth(&names[1]));
    assert!(other.snapshot().local(&id("C2Calice")).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_queued_pass_does_not_reopen_a_forgotten_account() {
    let names = [account("busy"), account("marked"), account("planned")];
    let clouds = Clouds::new(&names, 5);
    let database = Arc::new(MemoryDatabase::new());
    let accounts = Accounts::builder(database, Arc::clone(&clouds)).concurrent_passes(1).build();
    clouds.trouble(&names[0], Trouble::Gated);
    accounts.request_sync(&names[0]).unwrap();
    while clouds.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    accounts.request_sync(&names[1]).unwrap();
    let refreshed = {
        let (accounts, name) = (accounts.clone(), names[2].clone());
        tokio::spawn(async move { accounts.refresh_all([name], Duration::from_secs(60)).await })
    };
    tokio::task::yield_now().await;
    accounts.forget(&names[1]).await.unwrap();
    accounts.forget(&names[2]).await.unwrap();
    clouds.gate.add_permits(100);
    assert_eq!(refreshed.await.unwrap().unwrap().left_out, 1);
    assert!(clouds.calls().iter().all(|name| *name == names[0]), "{:?}", clouds.calls());
    let stats = accounts.stats();
    assert_eq!((stats.passes_running, stats.passes_waiting), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn forgetting_amid_a_pass_stops_it() {
    let names = [account("a")];
    let clouds = Clouds::new(&names, 25);
    let accounts = in_memory(&clouds);
    let list = accounts.open(&names[0]).await.unwrap();
    let mut events = list.events();
    let pass = {
        let list = list.clone();
        tokio::spawn(async move { list.sync().await })
    };
    events.next().await.unwrap();
    accounts.forget(&names[0]).await.unwrap();
    assert_eq!(pass.await.unwrap().unwrap_err().class(), ErrorClass::Cancelled);
    assert!(accounts.open(&names[0]).await.unwrap().snapshot().is_empty());
}
