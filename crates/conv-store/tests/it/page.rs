//! Pages of a snapshot, and sums over what a query asks for.

use std::{num::NonZeroUsize, sync::Arc};

use conv_model::{Conversation, ConversationQuery, PageKey, SyncState, list_order, testing};
use conv_store::Snapshot;
use proptest::{collection::vec, prelude::*};

fn pages(snapshot: &Snapshot, query: &ConversationQuery, limit: usize) -> Vec<Arc<Conversation>> {
    let limit = NonZeroUsize::new(limit).unwrap();
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = snapshot.page(query, limit, after.as_ref());
        assert!(page.rows.len() <= limit.get());
        assert_eq!(page.next.is_some(), page.rows.len() == limit.get());
        rows.extend(page.rows);
        match page.next {
            Some(key) => after = Some(key),
            None => return rows,
        }
    }
}

proptest! {
    #[test]
    fn pages_together_are_the_list(
        rows in vec(testing::conversations(), 0..20),
        query in testing::queries(),
        limit in 1..9_usize,
    ) {
        let snapshot = Snapshot::of(rows, SyncState::default());
        prop_assert_eq!(pages(&snapshot, &query, limit), snapshot.list(&query));
    }

    #[test]
    fn a_query_is_answered_in_list_order_as_it_matches(
        rows in vec(testing::conversations(), 0..20), query in testing::queries(),
    ) {
        let snapshot = Snapshot::of(rows, SyncState::default());
        let mut expected: Vec<_> =
            snapshot.rows().filter(|row| query.matches(row)).cloned().collect();
        expected.sort_by(|a, b| list_order(a, b));
        prop_assert_eq!(&snapshot.list(&query), &expected);
        let totals = snapshot.totals_of(&query);
        prop_assert_eq!(totals, expected.iter().map(AsRef::as_ref).collect());
        prop_assert_eq!(snapshot.totals_of(&query.normalized()), totals);
    }

    #[test]
    fn a_key_of_a_row_that_is_elsewhere_reads_on_from_there(
        rows in vec(testing::conversations(), 0..20),
        query in testing::queries(),
        other in testing::conversations(),
    ) {
        let snapshot = Snapshot::of(rows, SyncState::default());
        let key = PageKey::of(&other);
        let mut expected = snapshot.list(&query);
        expected.retain(|row| list_order(row, &other).is_gt());
        prop_assert_eq!(snapshot.page(&query, NonZeroUsize::MAX, Some(&key)).rows, expected);
    }
}
