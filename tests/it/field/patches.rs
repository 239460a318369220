//! Merged patches: each is of one instant, and of rows that the cloud lists.

use conv_api::{ConversationPatch, ListingPatch, Merged, Timestamp};
use conv_tests::online::{id, row};

use super::{ALICE, later, listed, two};

#[tokio::test]
async fn of_a_patch_with_an_older_version_nothing_is_taken() {
    let cloud = two().await;
    let conversations = listed(&cloud).await;
    let patch = |version, count, name: &str| {
        let mut listing = ListingPatch::at(Timestamp::from_secs(1_775_600_000 + version));
        listing.version = Some(version);
        let mut patch = ConversationPatch::new(id(ALICE));
        patch.listing = Some(listing);
        patch.unread.count = Some(count);
        patch.profile.name = Some(name.into());
        patch
    };
    assert_eq!(conversations.merge(patch(20, 2, "new")).await.unwrap(), Merged::Changed);
    let before = row(&conversations, ALICE).await;
    assert_eq!(conversations.merge(patch(10, 1, "old")).await.unwrap(), Merged::Unchanged);
    assert_eq!(row(&conversations, ALICE).await, before);
    assert_eq!((before.unread.count, before.show_name()), (Some(2), "new"));
}

#[tokio::test]
async fn merging_a_patch_of_an_unlisted_row_reports_it() {
    let cloud = two().await;
    let conversations = listed(&cloud).await;
    let mut patch = ConversationPatch::new(id("C2Cnobody"));
    patch.unread.count = Some(1);
    assert_eq!(conversations.merge(patch).await.unwrap(), Merged::NotListed);
}

#[tokio::test]
async fn a_pin_that_was_recorded_here_alone_is_undone_by_the_next_pass() {
    let cloud = two().await;
    let conversations = listed(&cloud).await;
    let mut patch = ConversationPatch::new(id(ALICE));
    let mut listing = ListingPatch::default();
    listing.is_pinned = Some(true);
    patch.listing = Some(listing);
    conversations.merge(patch).await.unwrap();
    assert!(row(&conversations, ALICE).await.listing.is_pinned);
    later(&cloud, &conversations).await;
    assert!(!row(&conversations, ALICE).await.listing.is_pinned);
}
