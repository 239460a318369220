use conv_model::{
    Condition, ConversationFilter, ConversationId, ConversationQuery, MarkType, testing,
};
use proptest::prelude::*;

#[track_caller]
fn assert_same(a: impl Into<ConversationQuery>, b: impl Into<ConversationQuery>) {
    assert_eq!(a.into().normalized(), b.into().normalized());
}

fn normal(condition: Condition) -> ConversationQuery {
    ConversationQuery::condition(condition).unwrap().normalized()
}

#[track_caller]
fn assert_equal(a: Condition, b: Condition) {
    assert_eq!(normal(a), normal(b));
}

#[test]
fn equal_meanings_have_one_spelling() {
    use Condition as C;
    let (star, unread, pinned) = (C::mark(MarkType::STAR), C::unread(true), C::pinned(false));
    assert_equal(star.clone() & unread.clone(), unread.clone() & star.clone());
    assert_equal(
        (star.clone() & unread.clone()) & pinned.clone(),
        star.clone() & (unread.clone() & pinned.clone()),
    );
    assert_equal(star.clone() & star.clone(), star.clone());
    assert_equal(!!star.clone(), star.clone());
    assert_equal(!unread.clone(), C::unread(false));
    assert_equal(!(star.clone() & unread.clone()), !star.clone() | C::unread(false));
    assert_equal(!(star.clone() | pinned.clone()), !star.clone() & C::pinned(true));
    assert_equal(C::All(vec![]) & star.clone(), star.clone());
    assert_equal(C::Any(vec![]) | star.clone(), star.clone());
    assert_equal(C::Any(vec![]) & star.clone(), C::Any(vec![]));
    assert_eq!(normal(C::All(vec![]) | star.clone()), ConversationQuery::All);
    assert_eq!(normal(!C::Any(vec![])), ConversationQuery::All);
    assert_same(ConversationFilter::default(), ConversationQuery::All);
    let filter = ConversationFilter::mark_type(MarkType::STAR).and_unread(true);
    assert_same(filter, ConversationQuery::condition(unread & star).unwrap());
}

#[test]
fn unequal_meanings_stay_apart() {
    let star = Condition::mark(MarkType::STAR);
    let group = Condition::group("Suppliers");
    let said = [star.clone(), !star.clone(), star.clone() & group.clone(), star | group];
    let normal: std::collections::HashSet<_> = said.map(normal).into();
    assert_eq!(normal.len(), 4);
}

#[test]
fn ids_are_sorted_each_once() {
    let [a, b] = ["C2Ca", "C2Cb"].map(|id| id.parse::<ConversationId>().unwrap());
    assert_same([&b, &a, &b], [&a, &b]);
}

proptest! {
    #[test]
    fn the_normal_spelling_says_the_same(
        query in testing::queries(), row in testing::conversations(),
    ) {
        let normal = query.normalized();
        prop_assert_eq!(normal.matches(&row), query.matches(&row));
        prop_assert_eq!(normal.normalized(), normal.clone());
        prop_assert!(normal.facets().iter().all(|facet| query.facets().contains(facet)));
        if let (ConversationQuery::Where(normal), ConversationQuery::Where(said)) = (normal, query) {
            prop_assert_eq!(normal.judge(&row), said.judge(&row));
            let (normal, said) = (Condition::clone(&normal), Condition::clone(&said));
            prop_assert_eq!((!normal).judge(&row), (!said).judge(&row));
        }
    }

    #[test]
    fn shuffled_and_doubled_it_is_the_same(
        parts in proptest::collection::vec(testing::conditions(), 1..5), turn in 0..5_usize,
    ) {
        let mut turned = parts.clone();
        turned.rotate_left(turn % parts.len());
        turned.push(parts[0].clone());
        for join in [Condition::All, Condition::Any] {
            let (said, other) = (join(parts.clone()), join(turned.clone()));
            prop_assert_eq!(normal(said), normal(other));
        }
    }
}
