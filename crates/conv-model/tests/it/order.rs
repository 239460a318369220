use std::cmp::{Ordering, Reverse};

use conv_model::{Conversation, ConversationId, Rank, Timestamp, list_order, testing};
use proptest::{collection::vec, prelude::*};

/// The order said in other words: pinned first, then newest first, no time last, then the ID.
fn naive_order(a: &Conversation, b: &Conversation) -> Ordering {
    let key = |row: &Conversation| {
        let time = row.listing.time.map_or(0, Timestamp::as_secs);
        (!row.listing.is_pinned, time == 0, Reverse(time), row.id.to_string())
    };
    key(a).cmp(&key(b))
}

#[test]
fn pinned_rows_come_first_then_newer_ones_then_those_without_a_time() {
    let row = |id: &str, is_pinned, time: Option<u64>| {
        let mut row = Conversation::new(id.parse().unwrap());
        row.listing.is_pinned = is_pinned;
        row.listing.time = time.map(Timestamp::from_secs);
        row
    };
    let mut rows = [
        row("C2Cz", false, None),
        row("C2Ca", false, Some(0)),
        row("C2Cb", false, Some(1)),
        row("GROUPnew", false, Some(1_700_000_009)),
        row("C2Ctie", false, Some(1_700_000_009)),
        row("GROUPpinned_without", true, None),
        row("GROUPpinned", true, Some(1)),
    ];
    rows.sort_by(list_order);
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(
        ids,
        ["GROUPpinned", "GROUPpinned_without", "C2Ctie", "GROUPnew", "C2Cb", "C2Ca", "C2Cz"]
    );
}

proptest! {
    #[test]
    fn the_order_is_the_one_documented(
        a in testing::conversations(), b in testing::conversations(),
    ) {
        prop_assert_eq!(list_order(&a, &b), naive_order(&a, &b));
        prop_assert_eq!(list_order(&b, &a), list_order(&a, &b).reverse());
        prop_assert_eq!(list_order(&a, &b).is_eq(), a.id == b.id
            && Rank::of(&a.listing) == Rank::of(&b.listing));
    }

    #[test]
    fn every_way_to_sort_ends_in_the_same_list(
        rows in vec(testing::conversations_of(testing::conversation_ids()), 0..20),
    ) {
        let ids = |mut rows: Vec<Conversation>, order: fn(&_, &_) -> Ordering| {
            rows.sort_unstable_by(order);
            rows.into_iter().map(|row| row.id).collect::<Vec<ConversationId>>()
        };
        let reversed = rows.iter().rev().cloned().collect();
        prop_assert_eq!(ids(rows.clone(), list_order), ids(reversed, list_order));
        prop_assert_eq!(ids(rows.clone(), list_order), ids(rows, naive_order));
    }
}
