//! Helpers of the tests of sled.

use std::path::Path;

use conv_model::{AccountId, ConversationId, ConversationPatch, Delta, ListingPatch, Timestamp};
use conv_store::SledDatabase;

pub(crate) fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

pub(crate) fn user(text: &str) -> ConversationId {
    ConversationId::c2c(text).unwrap()
}

/// A listing of these users, each at a time.
pub(crate) fn listed<'a>(time: u64, users: impl IntoIterator<Item = &'a str>) -> Delta {
    Delta::listed(users.into_iter().map(|text| {
        let mut patch = ConversationPatch::new(user(text));
        patch.listing = Some(ListingPatch::at(Timestamp::from_secs(time)));
        patch
    }))
}

pub(crate) async fn open(folder: &Path) -> SledDatabase {
    SledDatabase::open(folder).await.unwrap()
}
