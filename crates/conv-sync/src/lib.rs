//! Pulls a chat account's conversation list from its cloud, page by page, until two readings of it
//! agree.
//!
//! A pull yields plain [`Delta`](conv_model::Delta) values and takes the resulting
//! [`Commit`](conv_model::Commit)s back. This crate stores nothing and knows no store: the embedder
//! applies the changes.
//!
//! ```
//! use std::sync::Arc;
//!
//! use conv_model::{Commit, Seq, SyncState};
//! use conv_sync::{PullOptions, Puller, TokioClock, testing::ScriptedSource};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let source = Arc::new(ScriptedSource::with_rows(250).page_size(100));
//! let clock = Arc::new(TokioClock::default());
//! let options = PullOptions::default().with_plan_limit(500);
//! let state = SyncState::default();
//!
//! let mut puller = Puller::new(source, clock, "user_0001".parse()?, options, &state);
//! let mut rows = std::collections::BTreeMap::new();
//! while let Some(delta) = puller.next().await? {
//!     rows.extend(delta.listed.into_iter().map(|row| (row.id.clone(), row)));
//!     puller.applied(&Commit::new(Seq::ZERO, Arc::default()));
//! }
//! assert_eq!(rows.len(), 250);
//! # Ok(())
//! # }
//! ```
//!
//! * [`ConversationSource`]: a cloud. Implement it for a cloud of your own.
//! * [`Puller`]: one pass over an account's list, driven against a source on a [`Clock`].
//! * [`ConversationWriter`]: a cloud that can be written to. [`Dispatcher`]: sends an account's
//!   outbox to it.
//! * `RestSource` (feature `rest`): Tencent Cloud Chat's documented server REST API, with a
//!   [`RateLimiter`] that keeps calls under the cloud's rate.
//! * `UserSigSigner` (feature `usersig`): makes and verifies UserSig.
//!
//! # Features
//! No feature is on by default. Without features, the crate builds without tokio.
//! * `tokio`: `TokioClock`. `usersig`, `rest`: as above; TLS for `rest` by `rustls` or
//!   `native-tls`.
//! * `testing`: a scripted source, and the state machine inside a pass. No stable API.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod dispatcher;
mod error;
#[cfg(feature = "http")]
#[doc(hidden)]
pub mod http;
mod limiter;
#[cfg_attr(
    not(feature = "testing"),
    allow(unreachable_pub, reason = "the machine is public with `testing` alone")
)]
mod pull;
mod puller;
mod requests;
#[cfg(feature = "rest")]
mod rest;
mod send;
mod source;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "usersig")]
mod usersig;
mod writer;

#[cfg(feature = "tokio")]
pub use self::clock::TokioClock;
#[cfg(feature = "rest")]
pub use self::limiter::LocalRateLimiter;
#[cfg(all(feature = "rest", feature = "testing"))]
#[doc(hidden)]
pub use self::rest::fuzzing;
#[cfg(feature = "rest")]
pub use self::rest::{
    BaseUrl, BaseUrlError, Region, RestSource, RestSourceBuilder, Signer, SignerError,
};
#[cfg(feature = "usersig")]
pub use self::usersig::{
    Claims, DerivedKey, SecretKey, UserSig, UserSigError, UserSigSigner, UserSigVerifier,
};
pub use self::{
    clock::Clock,
    dispatcher::{Dispatch, Dispatcher, Views},
    error::{Retry, SourceError},
    limiter::RateLimiter,
    pull::PullOptions,
    puller::Puller,
    requests::RequestCounts,
    send::{FinishedPass, SendOptions, SendView},
    source::{
        Batch, Capabilities, Changes, ChangesRequest, ConversationSource, CursorPromise,
        FullProfile, Groups, HydrateRequest, Hydrated, ListingOrder, Page, ProfileRequest,
        PullRequest, SourceRow, Upstream,
    },
    writer::{
        ConversationWriter, MarkItem, SentMutation, WriteCall, WriteCapabilities, WriteKind,
        WriteRequest, Written,
    },
};

/// Runs the README's code as a doctest.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../README.md")]
struct Readme;
