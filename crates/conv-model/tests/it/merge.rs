use std::sync::Arc;

use conv_model::{
    Conversation, ConversationId, ConversationPatch, GroupType, Known, LastMessage, ListingPatch,
    Local, MarkType, Marks, MessageKind, Payload, Preview, Profile, RemindType, Timestamp, Unread,
    merge, testing,
};
use proptest::prelude::*;

fn patch() -> ConversationPatch {
    ConversationPatch::new(ConversationId::group("g1").unwrap())
}

fn listed(change: impl FnOnce(&mut ListingPatch)) -> ConversationPatch {
    let mut listing = ListingPatch::default();
    change(&mut listing);
    let mut patch = patch();
    patch.listing = Some(listing);
    patch
}

fn named(name: &str) -> ConversationPatch {
    let mut patch = patch();
    patch.profile.name = Some(name.into());
    patch
}

#[test]
fn an_empty_patch_makes_a_bare_row() {
    assert_eq!(merge(None, &patch()), Conversation::new(patch().id));
}

#[test]
fn an_empty_text_clears_and_an_absent_one_leaves() {
    let row = merge(None, &named("Alice"));
    assert_eq!(merge(Some(&row), &patch()).profile.name.as_deref(), Some("Alice"));
    let cleared = merge(Some(&row), &named(""));
    assert_eq!(cleared.profile.name.as_deref(), Some(""));
    assert!(cleared.profile.is_known());
    assert_eq!(cleared.show_name(), "g1");
}

#[test]
fn a_zero_is_a_value_and_clears() {
    let row = merge(
        None,
        &listed(|listing| {
            listing.time = Some(Timestamp::from_secs(1_700_000_000));
            listing.is_pinned = Some(true);
            listing.marks = Some(Marks::NONE.with(MarkType::STAR));
            listing.groups = Some(vec!["Suppliers".into()]);
            listing.custom_data = Some("data".into());
        }),
    );
    let cleared = merge(
        Some(&row),
        &listed(|listing| {
            listing.time = Some(Timestamp::ZERO);
            listing.is_pinned = Some(false);
            listing.marks = Some(Marks::NONE);
            listing.groups = Some(Vec::new());
            listing.custom_data = Some("".into());
        }),
    );
    let mut bare = Conversation::new(row.id.clone());
    bare.listing.time = Some(Timestamp::ZERO);
    assert_eq!(cleared, bare);
}

#[test]
fn of_a_patch_with_an_older_version_nothing_is_taken() {
    let row = merge(None, &listed(|listing| listing.version = Some(5)));
    let at = |version| {
        listed(|listing| {
            listing.is_pinned = Some(true);
            listing.version = version;
        })
    };
    let mut older = at(Some(4));
    older.profile.name = Some("Alice".into());
    older.unread.count = Some(9);
    older.last_message = Known::Value(LastMessage::new(MessageKind::Image).into());
    assert!(!older.may_change(&row));
    assert_eq!(merge(Some(&row), &older), row);

    for (version, kept) in [(Some(5), Some(5)), (Some(6), Some(6)), (None, Some(5))] {
        let after = merge(Some(&row), &at(version));
        assert!(after.listing.is_pinned, "{version:?}");
        assert_eq!(after.listing.version, kept, "{version:?}");
    }
}

#[test]
fn an_earlier_time_is_taken_because_a_recall_lowers_it() {
    let at = |secs| listed(|listing| listing.time = Some(Timestamp::from_secs(secs)));
    let row = merge(None, &at(1_700_000_009));
    let after = merge(Some(&row), &at(1_700_000_001));
    assert_eq!(after.listing.time, Some(Timestamp::from_secs(1_700_000_001)));
}

#[test]
fn names_of_groups_are_kept_in_order_and_once() {
    let groups = ["b", "a", "b"].map(Arc::from).to_vec();
    let row = merge(None, &listed(|listing| listing.groups = Some(groups)));
    assert_eq!(row.listing.groups, ["a", "b"].map(Arc::from));
}

#[test]
fn meetings_and_live_streams_have_no_unread_messages() {
    let with = |group_type: Option<GroupType>, count| {
        let mut patch = patch();
        patch.profile = Profile::default();
        patch.profile.group_type = group_type;
        patch.unread.count = count;
        patch
    };
    for group_type in [GroupType::Meeting, GroupType::AvChatRoom] {
        let row = merge(None, &with(Some(group_type), Some(4)));
        assert_eq!(row.unread.count, Some(0));
        // Also where the type was known before, or is learned after the count.
        assert_eq!(merge(Some(&row), &with(None, Some(7))).unread.count, Some(0));
    }
    let counted = merge(None, &with(Some(GroupType::Public), Some(4)));
    assert_eq!(counted.unread.count, Some(4));
    let meeting = with(Some(GroupType::Meeting), None);
    assert_eq!(merge(Some(&counted), &meeting).unread.count, Some(0));
    assert_eq!(merge(None, &with(None, None)).unread.count, None);
}

#[test]
fn each_part_of_the_unread_state_is_merged_by_itself() {
    let mut counted = patch();
    counted.unread.count = Some(3);
    let mut muted = patch();
    muted.unread.remind_type = Some(RemindType::Discard);
    let row = merge(Some(&merge(None, &counted)), &muted);
    assert_eq!(row.unread.count, Some(3));
    assert!(row.unread.is_muted());
    assert!(!Unread::default().is_muted());
    muted.unread.remind_type = Some(RemindType::AcceptAndNotify);
    assert!(!merge(Some(&row), &muted).unread.is_muted());
}

#[test]
fn a_last_message_replaces_the_one_before_whole() {
    let mut first = patch();
    let mut message = LastMessage::new(MessageKind::Text);
    message.nick = "Alice".into();
    first.last_message = Known::Value(message.into());
    let mut second = patch();
    second.last_message = Known::Value(LastMessage::new(MessageKind::Image).into());
    let row = merge(Some(&merge(None, &first)), &second);
    assert_eq!(row.last_message, second.last_message);
    assert_eq!(merge(Some(&row), &patch()).last_message, second.last_message);
}

#[test]
fn a_last_message_that_is_gone_is_taken_away() {
    let mut patched = patch();
    patched.last_message = Known::Value(LastMessage::new(MessageKind::Image).into());
    let mut gone = patch();
    gone.last_message = Known::Nothing;
    let row = merge(Some(&merge(None, &patched)), &gone);
    assert_eq!(row.last_message, Known::Nothing);
    assert!(!gone.may_change(&row));
    assert!(patched.may_change(&row));
}

#[test]
fn a_recalled_message_keeps_nothing_of_what_it_said() {
    let mut recalled = LastMessage::new(MessageKind::Text);
    recalled.payload = Some(Payload::of_text("secret"));
    recalled.cloud_custom_data = "secret".into();
    recalled.is_revoked = true;
    let mut patched = patch();
    patched.last_message = Known::Value(recalled.into());
    let row = merge(None, &patched);
    let message = row.last_message.value().unwrap();
    assert_eq!(message.preview(), Preview::Recalled);
    assert_eq!(message.preview().to_string(), "[Message recalled]");
    let json = serde_json::to_value(&row).unwrap();
    assert_eq!(json["lastMessage"]["isRevoked"], true);
    assert!(!json.to_string().contains("secret") && !format!("{row:?}").contains("secret"));
}

#[test]
fn local_state_is_set_and_cleared_part_by_part() {
    let both = Local::draft("hi").merged(&Local::data([1, 2]));
    assert_eq!(both.draft_text().map(AsRef::as_ref), Some("hi"));
    assert_eq!(both.data_bytes().map(AsRef::as_ref), Some(&[1, 2][..]));
    assert_eq!(both.merged(&Local::default()), both);
    let cleared = both.merged(&Local::draft("")).merged(&Local::data([]));
    assert!(cleared.is_empty());
    assert!(!both.is_empty() && Local::default().is_empty());
}

/// Returns true if the row has every value that a facet sets.
fn holds<T: PartialEq>(row: &Option<T>, patch: &Option<T>, old: Option<&Option<T>>) -> bool {
    match patch {
        Some(_) => row == patch,
        None => old.map_or(row.is_none(), |old| row == old),
    }
}

/// A stored row, or none, and a patch of the same conversation.
fn row_and_patch() -> impl Strategy<Value = (Option<Conversation>, ConversationPatch)> {
    testing::known_ids().prop_flat_map(|id| {
        let row = testing::conversations_of(Just(id.clone()));
        (proptest::option::of(row), testing::patches_of(Just(id)))
    })
}

proptest! {
    #[test]
    fn merging_twice_is_merging_once(
        (old, patch) in row_and_patch(),
    ) {
        let row = merge(old.as_ref(), &patch);
        prop_assert_eq!(merge(Some(&row), &patch), row);
    }

    #[test]
    fn values_of_a_patch_are_set_and_absent_ones_stay(
        (old, patch) in row_and_patch(),
    ) {
        let version = |listing: &Option<ListingPatch>| listing.as_ref().and_then(|l| l.version);
        let stored = old.as_ref().and_then(|old| old.listing.version);
        prop_assume!(version(&patch.listing).zip(stored).is_none_or(|(new, old)| new >= old));
        let row = merge(old.as_ref(), &patch);
        let profile = old.as_ref().map(|old| &old.profile);
        prop_assert!(holds(&row.profile.name, &patch.profile.name, profile.map(|p| &p.name)));
        prop_assert!(holds(&row.profile.avatar, &patch.profile.avatar, profile.map(|p| &p.avatar)));
        prop_assert!(holds(&row.profile.remark, &patch.profile.remark, profile.map(|p| &p.remark)));
        prop_assert!(holds(&row.profile.detail, &patch.profile.detail, profile.map(|p| &p.detail)));
        prop_assert!(holds(&row.profile.read_at, &patch.profile.read_at, profile.map(|p| &p.read_at)));
        let message = old.as_ref().map(|old| old.last_message.clone()).unwrap_or_default();
        match &patch.last_message {
            Known::Unknown => prop_assert_eq!(&row.last_message, &message),
            Known::Value(new) if new.is_revoked => {
                let shown = row.last_message.value().unwrap();
                prop_assert_eq!((&shown.payload, shown.sequence), (&None, new.sequence));
            }
            known => prop_assert_eq!(&row.last_message, known),
        }
        let unread = old.as_ref().map(|old| &old.unread);
        prop_assert!(holds(
            &row.unread.group_at_info, &patch.unread.group_at_info, unread.map(|u| &u.group_at_info)
        ));
        if row.profile.group_type.as_ref().is_some_and(|kind| !kind.counts_unread()) {
            prop_assert_eq!(row.unread.count, Some(0));
        } else {
            prop_assert!(holds(&row.unread.count, &patch.unread.count, unread.map(|u| &u.count)));
        }
        prop_assert_eq!(row.local, old.map(|old| old.local).unwrap_or_default());
    }

    #[test]
    fn a_whole_listing_as_a_patch_gives_that_listing(listing in testing::listings()) {
        let mut patch = patch();
        patch.listing = Some(listing.clone().into());
        let mut expected = listing;
        expected.time.get_or_insert_default();
        prop_assert_eq!(merge(None, &patch).listing, expected);
    }
}

proptest! {
    /// A row that no patch may change is the row that merging would give.
    #[test]
    fn a_patch_that_may_not_change_a_row_changes_none(
        row in testing::conversations_of(Just(patch().id)),
        patch in testing::patches_of(Just(patch().id)),
    ) {
        let merged = merge(Some(&row), &patch);
        prop_assert!(patch.may_change(&row) || merged == row);
        let groups = patch.listing.as_ref().and_then(|listing| listing.groups.as_ref());
        let is_sorted = groups.is_none_or(|groups| groups.windows(2).all(|pair| pair[0] < pair[1]));
        let is_newer = patch.listing.as_ref().is_none_or(|listing| {
            listing.version.is_none_or(|version| row.listing.version <= Some(version))
        });
        let counts = merged.profile.group_type.as_ref().is_none_or(|kind| kind.counts_unread());
        if is_sorted && is_newer && counts {
            prop_assert!(!patch.may_change(&merged), "what was taken in is said to be new");
        }
    }
}
