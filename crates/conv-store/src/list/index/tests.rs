//! After any changes, every answer of the index equals that of reading the whole list.

use conv_model::{ConversationId, MarkType, Timestamp, list_order, testing};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::record::Stamps;

fn row(number: usize) -> Conversation {
    let id = match number % 3 {
        0 => ConversationId::c2c(&format!("u{number}")),
        _ => ConversationId::group(&format!("g{number}")),
    };
    let mut row = Conversation::new(id.unwrap());
    row.listing.time = Some(Timestamp::from_secs(1_700_000_000 + number as u64 / 2));
    if number % 7 == 0 {
        row.listing.marks = row.listing.marks.with(MarkType::STAR);
    }
    if number % 11 == 0 {
        row.listing.groups = vec![Arc::from("Suppliers")];
    }
    row.unread.count = Some(u32::from(number % 5 == 0));
    row
}

fn entry(row: Conversation) -> Row {
    Row::new(row, Stamps::default(), None)
}

fn large(rows: usize) -> Index {
    Index::from_rows((0..rows).map(|number| entry(row(number))))
}

/// Returns all rows in list order, sorted without any index.
fn sorted(index: &Index) -> Vec<&Arc<Conversation>> {
    let mut rows: Vec<_> = index.iter().map(Row::listed).collect();
    rows.sort_by(|a, b| list_order(a, b));
    rows
}

fn check(
    index: &Index,
    all: &[&Arc<Conversation>],
    query: &ConversationQuery,
    after: Option<&PageKey>,
) {
    let found: Vec<_> = index.matching(query, after).collect();
    let is_next = |row: &Conversation| after.is_none_or(|key| PageKey::of(row) > *key);
    let naive: Vec<_> =
        all.iter().filter(|row| query.matches(row) && is_next(row)).copied().collect();
    assert_eq!(found.len(), naive.len(), "{query:?}");
    assert!(found.iter().zip(&naive).all(|(a, b)| Arc::ptr_eq(a, b)), "{query:?}");
    for most in [1, 20, 300, usize::MAX] {
        let first = index.matching(query, after).first(most);
        let naive = naive.iter().take(most);
        assert!(first.iter().eq(naive.copied()), "{query:?}, {most}");
    }
    if after.is_none() {
        let naive: Totals = naive.into_iter().map(AsRef::as_ref).collect();
        assert_eq!(index.totals_of(query), naive, "{query:?}");
    }
}

fn check_counts(index: &Index) {
    let recount = Index::from_rows(index.iter().cloned().collect::<Vec<_>>());
    assert_eq!(index.totals(), recount.totals());
    assert_eq!(index.missing, recount.missing);
    assert!(index.groups().eq(recount.groups()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn sets_answer_as_reading_all_rows_does(
        rows in vec((testing::conversations(), any::<bool>()), 0..60),
        others in vec((0..SMALL + 100, any::<bool>()), 0..60),
        queries in vec((testing::queries(), testing::conversations()), 12),
        // Below, around and above the size from which sets are kept.
        len in prop_oneof![Just(40), SMALL - 20..SMALL + 20, Just(SMALL + 200)],
    ) {
        let mut index = large(len);
        let before = index.clone();
        let others = others.into_iter().map(|(number, goes)| (row(number), goes));
        for (row, goes) in others.chain(rows) {
            if goes {
                index.remove(&row.id);
            } else {
                index.set(entry(row));
            }
        }
        check_counts(&index);
        let (all, all_before) = (sorted(&index), sorted(&before));
        for (query, other) in queries {
            if !matches!(query, ConversationQuery::Ids(_)) {
                check(&index, &all, &query, None);
                check(&index, &all, &query, Some(&PageKey::of(&other)));
                check(&before, &all_before, &query, None);
            }
        }
    }
}

#[test]
fn sets_come_and_go_with_the_size_of_the_list() {
    let mut index = large(SMALL - 1);
    assert!(index.sets.is_none());
    index.set(entry(row(SMALL)));
    assert!(index.sets.is_some());
    index.remove(&row(SMALL).id);
    assert!(index.sets.is_some(), "they go only when the list is much smaller");
    for number in 0..SMALL / 2 {
        index.remove(&row(number).id);
    }
    assert!(index.sets.is_none());
    let unread = ConversationQuery::condition(conv_model::Condition::unread(true)).unwrap();
    check(&index, &sorted(&index), &unread, None);
}

#[test]
fn a_query_looks_at_its_cheapest_set_alone() {
    use conv_model::Condition as C;
    let index = large(SMALL * 2);
    let most = |condition: C| {
        let query = ConversationQuery::condition(condition).unwrap();
        index.matching(&query, None).candidates.count()
    };
    let (star, group) = (C::mark(MarkType::STAR), C::group("Suppliers"));
    let (stars, groups) = (SMALL * 2 / 7 + 1, SMALL * 2 / 11 + 1);
    assert_eq!(most(star.clone()), stars);
    assert_eq!(most(star.clone() & group.clone() & C::name_contains("x")), groups);
    assert!(most(star.clone() | group.clone()) < stars + groups, "each row once");
    let unread = C::unread(true);
    assert_eq!(most(star.clone() | unread), index.len(), "that many are read through");
    assert_eq!(most((star.clone() | group.clone()) & C::mark(MarkType::HIDE)), 0);
    assert_eq!(most(!star.clone()), index.len());
    assert_eq!(most(C::unread(false)), index.len());
    assert_eq!(most(star | C::pinned(true)), index.len());
    assert_eq!(most(C::group("of nobody") | group), groups);
}

#[test]
fn a_sets_totals_are_known_without_reading_its_rows() {
    use conv_model::{Condition as C, ConversationFilter};
    let index = large(SMALL * 2);
    let answered = |query: ConversationQuery| {
        check(&index, &sorted(&index), &query, None);
        index.plan(&query).is_some_and(|plan| plan.answer().is_some())
    };
    let meets = |condition: C| answered(ConversationQuery::condition(condition).unwrap());
    let (star, group) = (C::mark(MarkType::STAR), C::group("Suppliers"));
    assert!(meets(star.clone()));
    assert!(answered(ConversationFilter::mark_type(MarkType::STAR).into()));
    assert!(meets(C::Any(vec![star.clone(), C::mark(MarkType::HIDE)])));
    assert!(!meets(star.clone() & group.clone()), "rows of one that are not in the other");
    assert!(!meets(star.clone() | group), "rows that are in both");
    assert!(!meets(star & C::muted(true)));
    assert!(!meets(C::pinned(true)));
}

#[test]
fn rows_whose_ids_have_the_same_hash_are_told_apart() {
    // Numbers that differ in all of their digits meet sooner than those that follow each other.
    let numbers = (0..).map(|number: u64| number * 982_451_653 % 10_000_000_000);
    let ids = numbers.map(|number| ConversationId::c2c(&format!("u{number:010}")).unwrap());
    let mut met = std::collections::HashMap::new();
    let [a, b] = ids
        .map(|id| (met.insert(ranks::hash(&id), id.clone()), id))
        .find_map(|(before, id)| Some([before?, id]))
        .unwrap();
    let at = |id: &ConversationId, secs| {
        let mut row = Conversation::new(id.clone());
        row.listing.time = Some(Timestamp::from_secs(secs));
        entry(row)
    };
    let mut index = Index::default();
    index.set(at(&a, 1));
    assert!(index.get(&b).is_none());
    index.set(at(&b, 2));
    let built = Index::from_rows(index.iter().cloned().collect::<Vec<_>>());
    for (mut index, gone, other) in
        [(index.clone(), &a, &b), (index, &b, &a), (built.clone(), &a, &b), (built, &b, &a)]
    {
        let check = |index: &Index, id: &ConversationId, secs| {
            let row = index.get(id).unwrap().listed();
            assert_eq!((&row.id, row.listing.time), (id, Some(Timestamp::from_secs(secs))));
        };
        check(&index, &a, 1);
        check(&index, &b, 2);
        index.set(at(&a, 3));
        index.set(at(&b, 4));
        check(&index, &a, 3);
        check(&index, &b, 4);
        index.remove(gone);
        assert!(index.get(gone).is_none());
        check(&index, other, if *other == a { 3 } else { 4 });
        index.set(at(other, 5));
        index.set(at(gone, 6));
        check(&index, other, 5);
        check(&index, gone, 6);
        assert_eq!(index.iter().count(), 2);
    }
}
