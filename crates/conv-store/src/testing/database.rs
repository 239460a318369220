//! The cases of a database.

use std::{sync::Arc, time::Duration};

use conv_model::{AccountId, Delta, Local};

use super::{
    Failure, TestResult,
    failure::{ensure, ensure_eq},
    fixture::DatabaseFixture,
    rows::{PATIENCE, apply_all, give_up_after, id, listed, soon, users},
};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    ConversationDatabase, ConversationStore, LeaseGrant, Signal, SignalListener, Signals,
    StoreError,
};

/// Makes one test of each case of a database, each on a fixture of its own: an expression whose type
/// is a [`DatabaseFixture`](crate::testing::DatabaseFixture). `database_conformance!(names)` gives the
/// names of the cases; `database_conformance!(fixture, if there)` passes without what it needs.
#[macro_export]
macro_rules! database_conformance {
    (names) => {
        $crate::database_conformance! { @cases names () }
    };
    (@cases $what:ident $arguments:tt) => {
        $crate::database_conformance! {
            @$what $arguments
            an_open_account_is_one_store
            a_closed_or_dropped_store_opens_again
            accounts_are_kept_apart
            a_forgotten_account_is_closed_and_empty
            forgetting_and_opening_at_once_leaves_nothing
            an_opening_outlives_its_callers
            a_closed_database_refuses_everything
            closing_and_opening_at_once_leaves_no_open_store
            a_signal_reaches_every_listener
            a_value_is_kept_for_its_account_and_key_alone
            a_value_ends_with_its_time
            a_lease_to_send_has_one_holder
            an_evicted_list_keeps_its_position_and_a_forgotten_one_gets_another_epoch
        }
    };
    (@names () $($case:ident)+) => {
        [$(stringify!($case)),+]
    };
    (@tests ($fixture:expr) $($case:ident)+) => {$(
        #[tokio::test]
        async fn $case() -> $crate::testing::TestResult {
            $crate::testing::database::$case(&$fixture).await
        }
    )+};
    (@tests_if ($fixture:expr, $is_there:expr) $($case:ident)+) => {$(
        #[tokio::test]
        async fn $case() -> $crate::testing::TestResult {
            if $is_there { $crate::testing::database::$case(&$fixture).await } else { Ok(()) }
        }
    )+};
    ($fixture:expr) => {
        $crate::database_conformance! { @cases tests ($fixture) }
    };
    ($fixture:expr, if $is_there:expr) => {
        $crate::database_conformance! { @cases tests_if ($fixture, $is_there) }
    };
}

type Store = Arc<dyn ConversationStore>;

/// Accounts that are prefixes of one another, or look like paths or keys.
const ALIKE: [&str; 10] = ["a", "A", "a ", "a/", "a/b", "../a", "a\0", "{a}", "a:rows", "ａ"];

fn account(name: &str) -> Result<AccountId, Failure> {
    Ok(AccountId::try_from(name)?)
}

async fn open<D: ConversationDatabase>(database: &D, name: &str) -> Result<Store, Failure> {
    soon("opening an account", database.account(&account(name)?)).await
}

async fn put(store: &Store, user: &str) -> TestResult {
    apply_all(store, [Delta::listed([listed(user, 1)?])]).await.map(drop)
}

fn is_closed<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Closed))
}

/// Callers who ask one after another, or at once, get the same store.
pub async fn an_open_account_is_one_store<F: DatabaseFixture>(fixture: &F) -> TestResult {
    let database = fixture.open().await?;
    let (one, two) = tokio::join!(open(&database, "a"), open(&database, "a"));
    let (one, two, three) = (one?, two?, open(&database, "a").await?);
    ensure!(Arc::ptr_eq(&one, &two) && Arc::ptr_eq(&one, &three), "an account has two stores");
    put(&one, "alice").await?;
    ensure_eq!(users(&three.snapshot()), ["alice"], "rows through another handle");
    Ok(())
}

/// It has what it held.
pub async fn a_closed_or_dropped_store_opens_again<F: DatabaseFixture>(fixture: &F) -> TestResult {
    let database = fixture.open().await?;
    let store = open(&database, "a").await?;
    put(&store, "alice").await?;
    soon("closing", store.close()).await?;
    let store = open(&database, "a").await?;
    put(&store, "bob").await?;
    soon("local state", store.put_local(id("carol")?, Local::draft("Dear Carol"))).await?;
    drop(store);
    let store = open(&database, "a").await?;
    ensure_eq!(store.snapshot().len(), 2, "rows");
    let draft = store.snapshot().local(&id("carol")?);
    ensure_eq!(draft, Some(Local::draft("Dear Carol")), "local state");
    put(&store, "dora").await
}

/// Accounts do not mix, whatever their names look like.
pub async fn accounts_are_kept_apart<F: DatabaseFixture>(fixture: &F) -> TestResult {
    let database = fixture.open().await?;
    for (number, name) in ALIKE.into_iter().enumerate() {
        let store = open(&database, name).await?;
        ensure!(store.snapshot().is_empty(), "{name:?} has rows of another account");
        put(&store, &format!("user{number}")).await?;
        soon("local state", store.put_local(id("alice")?, Local::draft(name))).await?;
    }
    soon("forgetting", database.forget(&account("a")?)).await?;
    for (number, name) in ALIKE.into_iter().enumerate().skip(1) {
        let snapshot = open(&database, name).await?.snapshot();
        ensure_eq!(users(&snapshot), [format!("user{number}")], "rows");
        ensure_eq!(snapshot.local(&id("alice")?), Some(Local::draft(name)), "local state");
    }
    Ok(())
}

/// Nothing of it comes back, also not by a handle that is still held.
pub async fn a_forgotten_account_is_closed_and_empty<F: DatabaseFixture>(
    fixture: &F,
) -> TestResult {
    let database = fixture.open().await?;
    for round in 0..3 {
        let store = open(&database, "a").await?;
        put(&store, "alice").await?;
        soon("local state", store.put_local(id("alice")?, Local::draft("hello"))).await?;
        soon("forgetting", database.forget(&account("a")?)).await?;
        let late = store.apply(Delta::listed([listed("bob", 2)?])).await;
        ensure!(is_closed(&late), "a forgotten store gives {late:?} in round {round}");
        let fresh = open(&database, "a").await?.snapshot();
        ensure!(fresh.is_empty(), "a forgotten account has rows in round {round}");
        ensure_eq!(fresh.local(&id("alice")?), None, "local state");
    }
    soon("forgetting", database.forget(&account("never seen")?)).await
}

/// A wipe waits for an opening that is under way, and the other way round.
pub async fn forgetting_and_opening_at_once_leaves_nothing<F: DatabaseFixture>(
    fixture: &F,
) -> TestResult {
    let database = fixture.open().await?;
    let name = account("a")?;
    for round in 0..10 {
        put(&open(&database, "a").await?, "alice").await?;
        let (opened, forgotten, again) = if round % 2 == 0 {
            tokio::join!(open(&database, "a"), database.forget(&name), open(&database, "a"))
        } else {
            let (forgotten, opened, again) =
                tokio::join!(database.forget(&name), open(&database, "a"), open(&database, "a"));
            (opened, forgotten, again)
        };
        forgotten?;
        let _ = (opened?, again?);
        let store = open(&database, "a").await?;
        ensure!(store.snapshot().is_empty(), "rows are back in round {round}");
        put(&store, "bob").await?;
    }
    Ok(())
}

/// A caller who goes away harms neither those who wait for the same opening nor later ones.
pub async fn an_opening_outlives_its_callers<F: DatabaseFixture>(fixture: &F) -> TestResult {
    let database = fixture.open().await?;
    let name = account("a")?;
    put(&open(&database, "a").await?, "alice").await?;
    for polls in 0..20 {
        let opening = give_up_after(polls, database.account(&name));
        let (_, store) = tokio::join!(opening, open(&database, "a"));
        let store = store?;
        ensure_eq!(users(&store.snapshot()), ["alice"], "rows");
        soon("closing", store.close()).await?;
        give_up_after(polls, database.account(&name)).await;
        let store = open(&database, "a").await?;
        ensure_eq!(users(&store.snapshot()), ["alice"], "rows");
        soon("closing", store.close()).await?;
    }
    Ok(())
}

/// Its stores are closed, also beside one that was closed before.
pub async fn a_closed_database_refuses_everything<F: DatabaseFixture>(fixture: &F) -> TestResult {
    let database = fixture.open().await?;
    let (one, two) = (open(&database, "a").await?, open(&database, "b").await?);
    put(&one, "alice").await?;
    soon("closing", two.close()).await?;
    soon("closing", database.close()).await?;
    let late = one.apply(Delta::listed([listed("bob", 2)?])).await;
    ensure!(is_closed(&late), "a store of a closed database gives {late:?}");
    ensure_eq!(users(&one.snapshot()), ["alice"], "rows");
    let name = account("a")?;
    for _ in 0..2 {
        let opened = database.account(&name).await;
        ensure!(is_closed(&opened), "a closed database opens {opened:?}");
        let results = [database.forget(&name).await, database.close().await];
        for result in results {
            ensure!(is_closed(&result), "a closed database gives {result:?}");
        }
    }
    Ok(())
}

/// An opening that is under way ends before the database is closed.
pub async fn closing_and_opening_at_once_leaves_no_open_store<F: DatabaseFixture>(
    fixture: &F,
) -> TestResult {
    for _ in 0..5 {
        let database = fixture.open().await?;
        let name = account("a")?;
        let (opened, closed) =
            tokio::join!(database.account(&name), soon("closing", database.close()));
        closed?;
        if let Ok(store) = opened {
            let late = store.apply(Delta::listed([listed("bob", 2)?])).await;
            ensure!(is_closed(&late), "a store of a closed database gives {late:?}");
        } else {
            ensure!(is_closed(&opened), "a database that closes gives {opened:?}");
        }
    }
    Ok(())
}

/// A message names its account and says what was sent. One may be missed, so it is sent again. Passes
/// without signals.
pub async fn a_signal_reaches_every_listener<F: DatabaseFixture>(fixture: &F) -> TestResult {
    let database = fixture.open().await?;
    let (Some(one), Some(two)) = (database.signals(), database.signals()) else { return Ok(()) };
    for (number, name) in ALIKE.into_iter().enumerate() {
        let sent = Signal::new(account(name)?, format!("a name of 3 words {number}"));
        for mut listener in [one.listen(), two.listen()] {
            hear(&*one, &mut *listener, &sent).await?;
        }
    }
    Ok(())
}

/// Sends a message until a listener has it.
async fn hear(
    signals: &dyn Signals,
    listener: &mut dyn SignalListener,
    sent: &Signal,
) -> TestResult {
    const BRIEF: Duration = Duration::from_millis(50);
    let heard = async {
        loop {
            signals.send(&sent.account, &sent.name).await?;
            while let Ok(heard) = timeout(BRIEF, listener.next()).await {
                if heard == *sent {
                    return Ok::<_, StoreError>(());
                }
            }
        }
    };
    soon("a message", heard).await
}

/// The last one that was put, also once the account is forgotten. Passes without signals.
pub async fn a_value_is_kept_for_its_account_and_key_alone<F: DatabaseFixture>(
    fixture: &F,
) -> TestResult {
    const HOUR: Duration = Duration::from_secs(3_600);
    let database = fixture.open().await?;
    let Some(signals) = database.signals() else { return Ok(()) };
    for name in ALIKE {
        for key in ["a", "a b", "{a}"] {
            let value = format!("{name} {key}");
            let name = account(name)?;
            soon("a value", signals.put(&name, key, b"an earlier one", HOUR)).await?;
            soon("a value", signals.put(&name, key, value.as_bytes(), HOUR)).await?;
        }
    }
    soon("forgetting", database.forget(&account("a")?)).await?;
    for name in ALIKE {
        for key in ["a", "a b", "{a}"] {
            let found = soon("a value", signals.get(&account(name)?, key)).await?;
            let found = found.ok_or_else(|| Failure::new(format!("{name:?} lost {key:?}")))?;
            ensure_eq!(*found.bytes, *format!("{name} {key}").as_bytes(), "a value");
            ensure!(found.age < HOUR, "a value of now has an age of {:?}", found.age);
        }
        let none = soon("a value", signals.get(&account(name)?, "another")).await?;
        ensure_eq!(none, None, "a value that was never put");
    }
    Ok(())
}

/// Its age grows, and then it is gone. Passes without signals.
pub async fn a_value_ends_with_its_time<F: DatabaseFixture>(fixture: &F) -> TestResult {
    const LIVES: Duration = Duration::from_secs(2);
    let database = fixture.open().await?;
    let Some(signals) = database.signals() else { return Ok(()) };
    let name = account("a")?;
    soon("a value", signals.put(&name, "key", &[0xFF, 0, b' '], LIVES)).await?;
    let (put, mut age) = (Instant::now(), Duration::ZERO);
    while let Some(found) = soon("a value", signals.get(&name, "key")).await? {
        ensure!(found.age >= age && found.age <= LIVES, "{:?} comes after {age:?}", found.age);
        ensure!(put.elapsed() < PATIENCE, "a value of {LIVES:?} lives for ever");
        ensure_eq!(*found.bytes, [0xFF, 0, b' '], "a value");
        age = found.age;
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// It is free once it was given back. Passes without leases.
pub async fn a_lease_to_send_has_one_holder<F: DatabaseFixture>(fixture: &F) -> TestResult {
    let database = fixture.open().await?;
    let (Some(one), Some(two)) = (database.send_leases(), database.send_leases()) else {
        return Ok(());
    };
    let name = account("a")?;
    for round in 0..3 {
        let LeaseGrant::Ours(lease) = soon("a lease", one.take(&name)).await? else {
            return Err(Failure::new(format!("a lease is taken in round {round}")));
        };
        let other = soon("a lease", one.take(&account("a ")?)).await?;
        ensure!(matches!(other, LeaseGrant::Ours(_)), "two accounts share a lease");
        let LeaseGrant::Theirs(holder) = soon("a lease", two.take(&name)).await? else {
            return Err(Failure::new(format!("a lease has two holders in round {round}")));
        };
        let ended = async { two.ended(&name, &holder).await.map(drop) };
        let (ended, ()) = tokio::join!(soon("the end of a lease", ended), lease.give_back(None));
        ended?;
        if let LeaseGrant::Ours(other) = other {
            other.give_back(None).await;
        }
    }
    Ok(())
}

/// A store that is opened again goes on with its position; an account that is forgotten and filled again
/// is another list.
pub async fn an_evicted_list_keeps_its_position_and_a_forgotten_one_gets_another_epoch<
    F: DatabaseFixture,
>(
    fixture: &F,
) -> TestResult {
    let database = fixture.open().await?;
    let store = open(&database, "a").await?;
    put(&store, "alice").await?;
    let position = store.snapshot().position();
    ensure!(position.is_some(), "a list with a row has no position");
    soon("closing", store.close()).await?;
    let store = open(&database, "a").await?;
    ensure_eq!(store.snapshot().position(), position, "the position of a list that was evicted");
    soon("forgetting", database.forget(&account("a")?)).await?;
    let store = open(&database, "a").await?;
    ensure_eq!(store.snapshot().position(), None, "the position of a forgotten list");
    put(&store, "alice").await?;
    let again = store.snapshot().position();
    let epochs = [position, again].map(|position| position.map(|position| position.epoch));
    ensure!(again.is_some() && epochs[0] != epochs[1], "a forgotten list keeps its epoch");
    Ok(())
}
