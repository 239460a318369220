//! Rows that fail, and are reopened.

use std::{fs, time::Duration};

use conv_model::{
    Conversation, ConversationPatch, Coverage, Delta, ListingPatch, PassId, SyncScope, SyncStep,
    Timestamp,
};

use super::{
    double::{Handle, Trouble},
    *,
};
use crate::disk::commit::{Disk, Target};

/// The writes, and the flushes, that a script makes when all goes well.
const CALLS: usize = 10;

fn troubles() -> impl Iterator<Item = Trouble> {
    let kinds = [Trouble::Write, Trouble::Panic, Trouble::Flush, Trouble::FlushLate];
    kinds.into_iter().flat_map(|kind| (0..CALLS).map(kind))
}

/// A page: every user has the same time.
fn page(time: u64) -> Delta {
    Delta::listed(["alice", "bob", "carol"].map(|user| {
        let mut patch = ConversationPatch::new(id(user));
        patch.listing = Some(ListingPatch::at(Timestamp::from_secs(time)));
        patch
    }))
}

/// The time of all rows: one that is torn fails here.
fn time(store: &dyn ConversationStore) -> u64 {
    let snapshot = store.snapshot();
    let times: Vec<_> = snapshot.rows().map(|row| row.listing.time.unwrap().as_secs()).collect();
    assert!(times.is_empty() || times.len() == 3, "{times:?}");
    let first = times.first().copied().unwrap_or_default();
    assert!(times.iter().all(|time| *time == first), "{times:?}");
    first
}

fn rows(store: &dyn ConversationStore) -> Vec<Conversation> {
    store.snapshot().rows().map(|row| Conversation::clone(row)).collect()
}

#[tokio::test]
async fn failed_rows_are_reopened_before_the_next_write() {
    for durability in [Durability::WriteBehind, Durability::Process, Durability::Disk] {
        for trouble in troubles() {
            let it = Fixture { durability, ..Fixture::new() };
            fail_once(&it, trouble).await;
        }
    }
}

/// Two accounts write in turn; what fails is written again. Nothing that was acknowledged is lost
/// by the trouble of one of them, and memory shows what is on disk.
async fn fail_once(it: &Fixture, trouble: Trouble) {
    let database = it.open().await;
    let stores = [
        database.account(&account("a")).await.unwrap(),
        database.account(&account("b")).await.unwrap(),
    ];
    it.double.fail(trouble);
    let mut errors = 0;
    for number in 1..6 {
        for store in &stores {
            let before = time(store);
            while let Err(error) = store.apply(page(number)).await {
                errors += 1;
                assert!(errors < 3, "{trouble:?}: {error:?}");
                assert_eq!(time(store), before, "{trouble:?}");
            }
            assert_eq!(time(store), number, "{trouble:?}");
            store.put_local(id("alice"), Local::draft(number.to_string())).await.unwrap();
        }
    }
    let is_of_write = matches!(trouble, Trouble::Write(_) | Trouble::Panic(_));
    let (is_told, is_met) = match it.durability {
        // The journal has what the rows do not take.
        Durability::Process => (false, is_of_write),
        Durability::WriteBehind => (is_of_write, is_of_write),
        Durability::Disk => (true, true),
    };
    assert_eq!(errors, usize::from(is_told), "{trouble:?}");
    it.double.heal();
    if it.durability < Durability::Disk {
        // A writer whose acknowledged writes were lost, as can happen after writing behind, finds
        // out when it writes.
        stores[0].apply(page(7)).await.unwrap();
        stores[1].apply(page(7)).await.unwrap();
    }
    assert_eq!(it.double.openings(), 1 + usize::from(is_met), "{trouble:?}");
    let shown = stores.each_ref().map(|store| rows(store));
    database.close().await.unwrap();
    let database = it.open().await;
    for (name, shown) in ["a", "b"].into_iter().zip(shown) {
        let store = database.account(&account(name)).await.unwrap();
        assert_eq!(rows(&store), shown, "{trouble:?}");
    }
}

/// Writes a group of two jobs, of which the second fails. Returns the first.
fn write_two(it: &Fixture, disk: &mut FilesDisk<Handle>) -> Job<Account> {
    let jobs = ["a", "b"].map(|name| Job {
        account: Arc::new(Account::new(account(name))),
        work: Work::Commit(vec![with_state(write(0))]),
    });
    jobs.iter().for_each(|job| disk.begin(job).unwrap());
    it.double.fail(Trouble::Write(1));
    let [first, second] = jobs;
    disk.write(&first, Target::Rows).unwrap();
    disk.write(&second, Target::Rows).unwrap_err();
    first
}

#[tokio::test]
async fn a_write_that_shares_a_failed_group_is_not_acknowledged() {
    let it = Fixture { durability: Durability::Disk, ..Fixture::new() };
    let database = it.open().await;
    let mut disk = it.disk(&database);
    let first = write_two(&it, &mut disk);
    database.engines().files.load(&Account::new(account("c"))).unwrap_err();
    disk.sync(Target::Rows).unwrap_err();
    disk.begin(&first).unwrap();
    assert_eq!(it.double.openings(), 2, "reopened for the next group");
}

#[tokio::test]
async fn the_trouble_of_one_account_is_not_that_of_another() {
    let it = Fixture { durability: Durability::Disk, ..Fixture::new() };
    let database = it.open().await;
    let [a, b] = [account("a"), account("b")];
    let [a, b] = [database.account(&a).await.unwrap(), database.account(&b).await.unwrap()];
    a.apply(page(1)).await.unwrap();
    b.apply(page(1)).await.unwrap();
    it.double.fail(Trouble::Write(0));
    a.apply(page(2)).await.unwrap_err();
    b.apply(page(2)).await.unwrap();
    assert_eq!((time(&a), time(&b)), (1, 2));
}

#[tokio::test]
async fn lost_writes_are_no_longer_shown_at_write_behind() {
    let it = Fixture { durability: Durability::WriteBehind, ..Fixture::new() };
    let database = it.open().await;
    let [a, b] = [account("a"), account("b")];
    let [a, b] = [database.account(&a).await.unwrap(), database.account(&b).await.unwrap()];
    b.apply(page(1)).await.unwrap();
    it.double.fail(Trouble::Write(0));
    a.apply(page(1)).await.unwrap_err();
    let mut patch = ConversationPatch::new(id("dora"));
    patch.profile.name = Some("Dora".into());
    b.apply(Delta::listed([patch])).await.unwrap();
    let shown = rows(&b);
    assert_eq!(shown.len(), 1, "what went down with the file");
    database.close().await.unwrap();
    let database = it.open().await;
    let b = database.account(&account("b")).await.unwrap();
    assert_eq!(rows(&b), shown);
}

/// The beginning of a pass.
fn begin(pass: u64) -> Delta {
    let step = SyncStep::Begin { scope: SyncScope::new(500, 1), resume: false };
    Delta::step(PassId::new(pass), step)
}

/// A page of a pass.
fn page_of(pass: u64, time: u64) -> Delta {
    let mut page = page(time);
    page.pass = Some(PassId::new(pass));
    page
}

#[tokio::test]
async fn a_pass_that_lost_rows_with_the_file_is_superseded() {
    let it = Fixture { durability: Durability::WriteBehind, ..Fixture::new() };
    let database = it.open().await;
    let [a, b] = [account("a"), account("b")];
    let [a, b] = [database.account(&a).await.unwrap(), database.account(&b).await.unwrap()];
    b.apply(begin(1)).await.unwrap();
    b.apply(page_of(1, 1)).await.unwrap();
    // Has the last number, and must not hide the loss of rows before it.
    b.put_local(id("alice"), Local::draft("Dear Alice")).await.unwrap();
    it.double.fail(Trouble::Write(0));
    a.apply(page(1)).await.unwrap_err();
    let over = b.apply(page_of(1, 2)).await;
    assert!(matches!(over, Err(StoreError::Superseded(_))), "{over:?}");
    assert_eq!((rows(&b).len(), b.snapshot().sync().coverage), (0, Coverage::Empty));
    assert_eq!(b.snapshot().local(&id("alice")), Some(Local::draft("Dear Alice")));
    let recovery = database.engines().recovery();
    assert_eq!((recovery.lost_accounts, recovery.lost_rows), (1, 3));

    // Reported once: later writes are ordinary writes.
    b.apply(begin(3)).await.unwrap();
    b.apply(page_of(3, 2)).await.unwrap();
    assert_eq!(time(&b), 2);
    database.close().await.unwrap();
    let database = it.open().await;
    assert_eq!(time(&database.account(&account("b")).await.unwrap()), 2);
    assert!(database.engines().recovery().is_clean(), "{:?}", database.engines().recovery());
}

#[tokio::test]
async fn older_rows_refuse_writes_until_the_store_has_loaded_the_loss() {
    let it = Fixture { durability: Durability::WriteBehind, ..Fixture::new() };
    let engine = it.engine().await;
    engine.commit(&[with_state(write(0))]).await.unwrap();
    engine.commit(&[with_local(write(1), "Dear Alice")]).await.unwrap();
    it.double.fail(Trouble::Write(0));
    engine.commit(&[with_state(write(2))]).await.unwrap_err();
    // The draft's number would admit it.
    let conflict = engine.commit(&[with_state(write(2))]).await;
    assert!(matches!(conflict, Err(StoreError::Conflict)), "{conflict:?}");
    for _ in 0..2 {
        let loaded = engine.load().await.unwrap();
        assert!(loaded.lost && loaded.seq == Seq::new(2), "{loaded:?}");
    }
    engine.commit(&[with_state(write(2))]).await.unwrap();
    assert!(!engine.load().await.unwrap().lost);
}

#[tokio::test]
async fn a_failed_write_of_a_group_acknowledges_none_of_it_at_write_behind() {
    let it = Fixture { durability: Durability::WriteBehind, ..Fixture::new() };
    let database = it.open().await;
    let mut disk = it.disk(&database);
    write_two(&it, &mut disk);
    disk.sync(Target::Rows).unwrap_err();
}

#[tokio::test]
async fn a_forgotten_account_is_wiped_from_the_disk_at_every_level() {
    for durability in [Durability::WriteBehind, Durability::Process, Durability::Disk] {
        let it = Fixture { durability, ..Fixture::new() };
        let database = it.open().await;
        let store = database.account(&account("a")).await.unwrap();
        store.apply(page(1)).await.unwrap();
        store.close().await.unwrap();
        assert!(it.double.on_disk() > 0, "{durability:?}");
        database.forget(&account("a")).await.unwrap();
        // Before anything else flushes the rows.
        assert_eq!(it.double.on_disk(), 0, "{durability:?}");
        assert_eq!(fs::read(it.folder.path().join("rows.journal")).unwrap_or_default(), b"");
        database.close().await.unwrap();
        assert!(it.engines().await.recovery().is_clean(), "{durability:?}");
    }
}

#[tokio::test]
async fn writes_are_flushed_after_a_while_at_write_behind() {
    let it = Fixture { durability: Durability::WriteBehind, ..Fixture::new() };
    let database = it.open().await;
    let mut disk = it.disk(&database);
    let work = Work::Commit(vec![with_state(write(0))]);
    let job = Job { account: Arc::new(Account::new(account("a"))), work };
    disk.begin(&job).unwrap();
    disk.write(&job, Target::Rows).unwrap();
    assert_eq!(disk.due(), None);
    disk.sync(Target::Rows).unwrap();
    assert!(disk.due().is_some_and(|wait| wait <= Duration::from_millis(500)));
    assert_eq!(it.double.flushed(), 0);
    disk.flush_due();
    assert_eq!(disk.due(), None);
    assert_eq!(it.double.flushed(), 2, "the account's name and its state");
}

#[tokio::test]
async fn local_state_is_saved_while_rows_cannot_be_written() {
    let it = Fixture { durability: Durability::Disk, ..Fixture::new() };
    let database = it.open().await;
    let [a, b] = [account("a"), account("b")];
    let [a, b] = [database.account(&a).await.unwrap(), database.account(&b).await.unwrap()];
    a.apply(page(1)).await.unwrap();
    it.double.fail(Trouble::Full);
    for number in 0..3 {
        a.apply(page(2)).await.unwrap_err();
        for store in [&a, &b] {
            let draft = Local::draft(number.to_string());
            store.put_local(id("alice"), draft.clone()).await.unwrap();
            assert_eq!(store.snapshot().local(&id("alice")), Some(draft));
        }
        assert_eq!(time(&a), 1);
    }
    it.double.heal();
    a.apply(page(3)).await.unwrap();
    b.apply(page(3)).await.unwrap();
    let draft = Some(Local::draft("2"));
    assert_eq!([time(&a), time(&b)], [3, 3]);
    assert_eq!(a.snapshot().local(&id("alice")), draft);
    database.close().await.unwrap();
    let database = it.open().await;
    for name in ["a", "b"] {
        let store = database.account(&account(name)).await.unwrap();
        assert_eq!((time(&store), store.snapshot().local(&id("alice"))), (3, draft.clone()));
    }
}

/// Waits until the rows have every acknowledged write: a later job runs after that.
async fn given(store: &dyn ConversationStore) {
    store.put_local(id("dora"), Local::draft("Dear Dora")).await.unwrap();
}

#[tokio::test]
async fn acknowledged_writes_come_back_once_the_rows_open_again() {
    let it = Fixture::new();
    let database = it.open().await;
    let a = database.account(&account("a")).await.unwrap();
    a.apply(page(1)).await.unwrap();
    given(&a).await;
    it.double.fail(Trouble::Full);
    // The journal takes it, the rows do not; from then on nothing is taken.
    a.apply(page(2)).await.unwrap();
    a.apply(page(3)).await.unwrap_err();
    assert_eq!(time(&a), 2);
    a.apply(page(3)).await.unwrap_err();
    it.double.heal();
    a.apply(page(3)).await.unwrap();
    assert_eq!((time(&a), it.double.openings()), (3, 2));
    let b = database.account(&account("b")).await.unwrap();
    given(&a).await;
    it.double.fail(Trouble::Write(0));
    b.apply(page(4)).await.unwrap();
    drop(b);
    // A reader of the reopened file waits for it.
    let b = database.account(&account("b")).await.unwrap();
    assert_eq!((time(&b), it.double.openings()), (4, 3));
}
