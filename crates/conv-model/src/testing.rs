//! Property-test strategies for the types of this crate. No stable API.
//!
//! They lean towards what breaks things: the same few IDs over and over, equal times, names in many
//! scripts, edge lengths, facets that were never fetched. They yield only values that the crate can
//! hold, except [`broken_ids`], which yields texts that it refuses.
//!
//! ```
//! use conv_model::{ConversationId, merge, testing};
//! use proptest::prelude::*;
//!
//! proptest!(|(patch in testing::patches())| {
//!     let row = merge(None, &patch);
//!     prop_assert_eq!(merge(Some(&row), &patch), row);
//! });
//! ```
//!
//! Strategies that name conversations draw them from [`few_ids`], so that random operations meet
//! on the same rows; the `…_of` forms take IDs from elsewhere.

mod changes;
mod ids;
mod messages;
mod mutations;
mod profiles;
mod queries;
mod rows;
mod text;

pub use self::{
    changes::{deltas, deltas_of, listing_patches, patches, patches_of},
    ids::{
        account_ids, broken_ids, conversation_ids, few_ids, group_ids, known_ids, topic_ids,
        user_ids,
    },
    messages::{last_messages, payloads},
    mutations::{group_names, mutations, outboxes, pending_facets},
    profiles::{group_profiles, profiles, user_profiles},
    queries::{conditions, filters, queries, queries_of},
    rows::{
        conversations, conversations_of, listings, locals, mark_types, marks, timestamps, unreads,
    },
    text::{conversation_groups, names},
};
