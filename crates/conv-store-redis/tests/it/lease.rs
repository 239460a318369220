//! Leases: one holder, renewed, given back, ended by themselves.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use conv_model::{AccountId, Seq};
use conv_store::{ConversationDatabase, Holder, Lease, LeaseGrant, Leases};
use conv_store_redis::RedisDatabase;
use tokio::time::sleep;

use crate::support::{On, SINGLE, account, soon};

/// The leases of two processes; `None` without servers.
async fn two(on: On) -> Option<[Arc<dyn Leases>; 2]> {
    let mut leases = Vec::new();
    for _ in 0..2 {
        let options = RedisDatabase::options().lease(Duration::from_secs(1));
        leases.extend(on.database(options).await?.pass_leases());
    }
    leases.try_into().ok()
}

async fn ours(leases: &Arc<dyn Leases>, account: &AccountId) -> Box<dyn Lease> {
    match leases.take(account).await.unwrap() {
        LeaseGrant::Ours(lease) => lease,
        LeaseGrant::Theirs(holder) => panic!("{holder:?} has it"),
    }
}

async fn theirs(leases: &Arc<dyn Leases>, account: &AccountId) -> Holder {
    match leases.take(account).await.unwrap() {
        LeaseGrant::Theirs(holder) => holder,
        LeaseGrant::Ours(lease) => panic!("{lease:?} is free"),
    }
}

#[tokio::test]
async fn one_process_has_it_and_the_other_hears_how_its_pass_ended() {
    for on in [On::Single, On::Cluster] {
        let Some([a, b]) = two(on).await else { return };
        let account = account();
        for written in [Some(7), None, Some(u64::MAX)] {
            let written = written.map(Seq::new);
            let lease = ours(&a, &account).await;
            let holder = theirs(&b, &account).await;
            let (answer, ()) =
                tokio::join!(soon(b.ended(&account, &holder)), lease.give_back(written));
            assert_eq!(answer.unwrap(), written);
            // A later caller gets the same answer.
            assert_eq!(b.ended(&account, &holder).await.unwrap(), written);
        }
        ours(&b, &account).await.give_back(None).await;
    }
}

#[tokio::test]
async fn an_outcome_of_an_earlier_version_names_no_write() {
    let Some([a, b]) = two(On::Single).await else { return };
    let node = SINGLE.as_ref().unwrap();
    let account: AccountId = "mixed".parse().unwrap();
    let lease = ours(&a, &account).await;
    let holder = theirs(&b, &account).await;
    // It gives the lease back.
    node.call::<()>(&["SET", "conv:{mixed}:outcome", holder.as_str()]).unwrap();
    node.call::<()>(&["DEL", "conv:{mixed}:lease"]).unwrap();
    assert_eq!(soon(b.ended(&account, &holder)).await.unwrap(), None);

    // And for it, an outcome of this version is that of another process.
    lease.give_back(Some(Seq::new(7))).await;
    let outcome = node.call::<String>(&["GET", "conv:{mixed}:outcome"]).unwrap();
    assert!(outcome.starts_with(&format!("{} 7", holder.as_str())), "{outcome}");
}

#[tokio::test]
async fn accounts_have_leases_of_their_own() {
    let Some([a, b]) = two(On::Cluster).await else { return };
    let _one = ours(&a, &account()).await;
    let _other = ours(&b, &account()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_is_held_is_renewed_and_one_that_is_dropped_ends() {
    let Some([a, b]) = two(On::Single).await else { return };
    let node = SINGLE.as_ref().unwrap();
    let account: AccountId = "leased".parse().unwrap();
    let lease = ours(&a, &account).await;
    let left = || node.call::<i64>(&["PTTL", "conv:{leased}:lease"]).unwrap();
    for _ in 0..3 {
        let mut before = left();
        loop {
            let now = left();
            assert!(now > 0, "it ended");
            if now > before {
                break;
            }
            before = now;
        }
    }
    let holder = theirs(&b, &account).await;
    drop(lease);
    assert_eq!(soon(b.ended(&account, &holder)).await.unwrap(), None);
    ours(&b, &account).await.give_back(Some(Seq::new(1))).await;
}

#[tokio::test]
async fn giving_back_a_lost_lease_keeps_the_successors() {
    let Some([a, b]) = two(On::Single).await else { return };
    let node = SINGLE.as_ref().unwrap();
    let account: AccountId = "overtaken".parse().unwrap();
    let late = ours(&a, &account).await;
    node.call::<()>(&["DEL", "conv:{overtaken}:lease"]).unwrap();
    let _held = ours(&b, &account).await;
    late.give_back(None).await;
    theirs(&a, &account).await;
}

#[tokio::test]
async fn a_lease_of_a_process_that_died_ends_though_the_servers_clock_went_back() {
    let Some([a, b]) = two(On::Single).await else { return };
    let node = SINGLE.as_ref().unwrap();
    let hour = || {
        let key = "conv:{set back}:lease".replace(' ', "%20");
        node.call::<()>(&["PEXPIRE", &key, "3600000"]).unwrap();
    };
    let account: AccountId = "set back".parse().unwrap();
    drop(ours(&a, &account).await);
    hour();
    let holder = theirs(&b, &account).await;
    hour();
    assert_eq!(soon(b.ended(&account, &holder)).await.unwrap(), None);
    drop(ours(&b, &account).await);
    hour();
    soon(async {
        while let LeaseGrant::Theirs(_) = a.take(&account).await.unwrap() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_other_process_finds_the_work_that_was_finished_last_and_when_its_lease_was_taken() {
    for on in [On::Single, On::Cluster] {
        let Some([a, b]) = two(on).await else { return };
        let account = account();
        assert_eq!(b.last(&account).await.unwrap(), None);
        let before = Instant::now();
        let lease = ours(&a, &account).await;
        let taken = Instant::now();
        sleep(Duration::from_millis(100)).await;
        assert_eq!(b.last(&account).await.unwrap(), None, "it is under way");
        lease.give_back(Some(Seq::new(7))).await;
        let (least, last) = (taken.elapsed(), b.last(&account).await.unwrap().unwrap());
        assert_eq!(last.written, Seq::new(7));
        assert!(last.age >= least && last.age <= before.elapsed(), "{last:?}");
        // What did not finish takes nothing away.
        ours(&b, &account).await.give_back(None).await;
        let later = a.last(&account).await.unwrap().unwrap();
        assert!(later.written == last.written && later.age > last.age, "{later:?}");
    }
}
