//! An embeddable, offline-first conversation list that speaks Tencent Cloud Chat's protocol.
//!
//! For apps and backends that show conversation lists: one handle per account, pulled from the
//! cloud page by page, cached on disk, answered from memory, honest about how complete it is. It
//! mirrors the Chat SDK's two calls, and never makes a reader wait for the network.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use conv_api::{All, Conversations, ConversationFilter};
//! # #[cfg(all(feature = "sled", feature = "rest"))]
//! use conv_api::{Region, RestSource, SledDatabase, UserSigSigner};
//!
//! # #[cfg(all(feature = "sled", feature = "rest"))]
//! # async fn demo(secret_key: String) -> Result<(), Box<dyn std::error::Error>> {
//! let signer = UserSigSigner::new("administrator", secret_key);
//! let conversations = Conversations::builder("user_0001")
//!     .database(SledDatabase::open("cache").await?)
//!     .source(RestSource::new(Region::Singapore, 1_400_000_000, signer))
//!     .build()
//!     .await?;
//!
//! let list = conversations.get_conversation_list(All).await?; // at once, from the cache
//! println!("{} rows, complete: {}", list.len(), list.is_sync_completed());
//!
//! conversations.wait_until_complete(Duration::from_secs(30)).await?;
//! let suppliers = conversations.get_conversation_list(ConversationFilter::group_name("Suppliers")).await?;
//! let full = conversations.get_conversation_profile(&"GROUP@TGS#1".parse()?).await?;
//! # Ok(())
//! # }
//! ```
//!
//! * [`Conversations`], made by its [`ConversationsBuilder`]; [`ConversationList`], what it answers;
//!   [`Error`], with [`class`](Error::class) and [`code`](Error::code).
//! * [`LiveList`]: the rows of a query as they change, in [`LiveUpdate`]s of [`Patch`]es; [`Totals`].
//!   [`Events`] in the SDK's words, the report among them.
//! * [`Change`]: a change of the user, shown at once and sent in the background; [`Outcomes`].
//! * [`Accounts`]: the lists of many users in one process, within a budget of memory; [`Stats`].
//!   [`Watch`]: interest in one of them, which keeps it fresh.
//! * Everything a caller needs of the crates below is here as well; the crates themselves are
//!   [`model`], [`store`] and [`sync`].
//!
//! # Features
//! * `sled`, `rest`, `rustls` are on by default: a store on disk, and Tencent's server REST API
//!   over TLS. `native-tls` instead of `rustls` takes the system's TLS.
//! * `redb`: another store on disk, slower to write and safer in a power cut. It needs Rust 1.90.
//! * `testing`: the test helpers of every crate. No stable API.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod accounts;
mod caught;
mod conversations;
mod error;
mod events;
mod list;
mod listener;
mod live;
mod options;
mod outgoing;
mod passes;
mod reached;
mod runtime;
mod stats;
mod tag;
#[cfg(feature = "testing")]
pub mod testing;
mod watches;

pub use conv_model::{
    self as model, AccountId, All, Condition, Conversation, ConversationFilter, ConversationId,
    ConversationPatch, ConversationQuery, ConversationType, Coverage, ErrorClass, Facet,
    GroupFilter, GroupName, GroupNameError, IfNewer, Known, ListLimit, ListingPatch, MarkFilter,
    MarkType, Marks, Mutation, MutationError, MutationFailure, Outcome, OutcomeKind, PageKey,
    ParseIdError, PassStatus, Pending, PendingState, Phase, Position, PositionError, ReadMark,
    RemindType, SyncReport, Timestamp,
};
#[cfg(any(feature = "redb", feature = "sled"))]
pub use conv_store::Durability;
pub use conv_store::{
    self as store, ConversationDatabase, ConversationStore, IndexedStore, ListPage, MemoryDatabase,
    MemoryStore, ResumeFrom, Snapshot, StoreError, Totals,
};
#[cfg(feature = "redb")]
pub use conv_store::{RedbDatabase, RedbOptions, RedbStore};
#[cfg(feature = "sled")]
pub use conv_store::{SledDatabase, SledOptions, SledStore};
pub use conv_sync::{
    self as sync, Clock, ConversationSource, ConversationWriter, RateLimiter, SendOptions,
    SourceError, TokioClock,
};
#[cfg(feature = "rest")]
pub use conv_sync::{BaseUrl, LocalRateLimiter, Region, RestSource, UserSigSigner};

pub use self::{
    accounts::{Accounts, AccountsBuilder, Refreshed, Unsent},
    conversations::{Conversations, ConversationsBuilder, Merged},
    error::Error,
    events::{Event, Events},
    list::ConversationList,
    live::{LiveChange, LiveList, LiveUpdate, Patch, PatchError, RemoveReason},
    outgoing::{Accepted, Change, ChangesReport, FailedConversation, Outcomes},
    stats::Stats,
    tag::AccountTag,
    watches::{QuotaWait, SyncMark, Watch, WatchLevel, WatchOptions, WatchStats, Work},
};

/// The README's code runs, too.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../README.md")]
struct Readme;
