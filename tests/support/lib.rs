//! Helpers shared by the tests that cross crates.

#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

pub mod clocks;
pub mod guide;
pub mod online;
pub mod outgoing;
pub mod relay;
pub mod resume;
pub mod sim;

/// The code of the README and of the guide is compiled, and runs where it can.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../README.md")]
    struct Readme;
    #[doc = include_str!("../../docs/getting-started.md")]
    struct GettingStarted;
    #[doc = include_str!("../../docs/from-the-chat-sdk.md")]
    struct FromTheChatSdk;
    #[doc = include_str!("../../docs/live-lists.md")]
    struct LiveLists;
    #[doc = include_str!("../../docs/changing-a-list.md")]
    struct ChangingAList;
    #[doc = include_str!("../../docs/searching-and-paging.md")]
    struct SearchingAndPaging;
    #[doc = include_str!("../../docs/webhooks.md")]
    struct Webhooks;
    #[doc = include_str!("../../docs/many-accounts.md")]
    struct ManyAccounts;
    #[doc = include_str!("../../docs/conversation-id.md")]
    struct ConversationIds;
    #[doc = include_str!("../../docs/one-crate.md")]
    struct OneCrate;
    #[doc = include_str!("../../docs/writing-a-store.md")]
    struct WritingAStore;
    #[doc = include_str!("../../docs/writing-a-cloud.md")]
    struct WritingACloud;
    #[doc = include_str!("../../docs/production.md")]
    struct Production;
}
