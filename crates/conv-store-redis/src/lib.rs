//! Conversation lists of many processes on one Redis or Valkey, single or as a cluster.
//!
//! For a backend that outgrew one machine: each process can serve any account, a change made by
//! one shows in the others, and no account is pulled twice at once. It is an
//! [`Engine`](conv_store::Engine) of conv-store; it opens no connection but to that server, and
//! has no idea of a cloud.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use conv_store::{ConversationDatabase, ConversationStore};
//! use conv_store_redis::RedisDatabase;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Any nodes of a cluster, or the one server.
//! let database = RedisDatabase::open(["redis://10.0.0.1:6379", "redis://10.0.0.2:6379"]).await?;
//! let store = database.account(&"user_0001".parse()?).await?;
//! println!("{} conversations", store.snapshot().len());
//! # Ok(())
//! # }
//! ```
//!
//! * [`RedisDatabase`], opened by [`RedisOptions`]: give it to conv-api's `Accounts` or `ConversationsBuilder`
//!   like any other database; it brings the leases
//!   along that decide which process pulls and which one sends, and the signals between processes.
//! * [`RedisEngine`]: one account's records, for a store of your own.
//! * [`RedisStats`]: counts for operators; [`RedisDatabase::accounts`] lists the stored accounts.
//! * `RedisRateLimiter`: the cloud's rate, shared by all processes.
//! * [`RedisError`]: what a [`StoreError`](conv_store::StoreError) of this engine has as its source.
//!
//! # What the server must be
//! Redis 7 or Valkey, single or a cluster; no Sentinel is asked. `maxmemory-policy` is
//! `noeviction`, which is checked. A replica copies behind the answers: when it takes over, the last
//! writes may be gone. A store finds that by the counts of the writers, shows a preview, and the
//! next pass brings them again; local state (drafts) that was among them is gone.
//!
//! # Features
//! * `limiter`: `RedisRateLimiter`, for conv-sync.
//! * `tls`: addresses that begin with `rediss://`.
//! * `testing`: servers and clusters for tests. No stable API.

mod database;
mod engine;
mod error;
mod head;
mod keys;
mod lease;
#[cfg(feature = "limiter")]
mod limiter;
mod options;
mod script;
mod server;
mod signals;
mod stats;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(feature = "limiter")]
pub use self::limiter::RedisRateLimiter;
#[cfg(feature = "tls")]
pub use self::options::ClientCertificate;
pub use self::{
    database::RedisDatabase, engine::RedisEngine, error::RedisError, options::RedisOptions,
    stats::RedisStats,
};

/// The README's code runs, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// So does that of the chapter about it.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/more-than-one-machine.md")]
struct Chapter;
