//! A cache for one account's conversation list.
//!
//! For apps and backends that show such a list without asking the cloud each time: whole changes go
//! in, persistent snapshots come out. The crate opens no connection and has no idea of a cloud: it
//! takes [`Delta`](conv_model::Delta) values, whatever their source.
//!
//! ```
//! use conv_model::{All, ConversationId, ConversationPatch, Delta, ListingPatch, Timestamp};
//! use conv_store::{ConversationStore, MemoryStore};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemoryStore::open().await?;
//! let before = store.snapshot();
//!
//! let mut alice = ConversationPatch::new(ConversationId::c2c("alice")?);
//! alice.listing = Some(ListingPatch::at(Timestamp::from_secs(1_700_000_000)));
//! let commit = store.apply(Delta::listed([alice])).await?;
//!
//! assert_eq!(commit.needs_profile.len(), 1); // her name is not known yet
//! assert_eq!(store.snapshot().list(&All.into()).len(), 1);
//! assert!(before.is_empty()); // a snapshot never changes
//! # Ok(())
//! # }
//! ```
//!
//! * [`ConversationStore`]: the promises of a store; [`Snapshot`]: its answers, whole or page by
//!   page; [`Scan`]: a list read to its end while it moves; [`Watcher`]: waits for the next
//!   snapshot.
//! * [`MemoryStore`] and [`MemoryDatabase`].
//! * [`Leases`] and [`Signals`]: between the processes that share a database.
//! * [`Engine`]: the trait that a backend implements; [`IndexedStore`] makes a store of it. Its records are
//!   described in [`record`].
//!
//! # Features
//! * `sled`: `SledDatabase` and `SledStore`, on disk.
//! * `redb`: `RedbDatabase` and `RedbStore`, on disk too: slower to write, safer in a power cut.
//! * `testing`: the suite that a store or an engine has to pass. No stable API.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod accounts;
mod apply;
#[cfg(any(feature = "redb", feature = "sled"))]
mod disk;
mod engine;
mod error;
mod lease;
mod list;
mod memory;
pub mod record;
mod recovery;
mod signals;
mod snapshot;
mod store;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
mod watcher;

#[cfg(feature = "redb")]
pub use self::disk::redb::{RedbDatabase, RedbOptions, RedbStore};
#[cfg(feature = "sled")]
pub use self::disk::sled::{SledDatabase, SledOptions, SledStore};
#[cfg(any(feature = "redb", feature = "sled"))]
pub use self::disk::{DiskOptions, Durability};
pub use self::{
    accounts::{AccountEngines, AccountPages, EngineDatabase, StoredAccounts},
    apply::IndexedStore,
    engine::{Engine, Loaded, Record, Write},
    error::StoreError,
    lease::{Holder, Lease, LeaseGrant, LeaseWork, Leases},
    list::totals::Totals,
    memory::{
        MemoryDatabase, MemoryEngine, MemoryEngines, MemoryLeases, MemorySignals, MemoryStore,
    },
    recovery::Recovery,
    signals::{Signal, SignalListener, SignalValue, Signals},
    snapshot::{ListPage, ResetReason, ResumeFrom, Scan, Since, Snapshot},
    store::{ConversationDatabase, ConversationStore},
    watcher::{Publisher, Watcher},
};

/// The README's code runs, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
