use conv_model::{
    Condition, ConversationFilter, ConversationQuery, ConversationType, MarkFilter, MarkType,
    QueryError, Timestamp, testing,
};
use proptest::prelude::*;

#[track_caller]
fn assert_json(condition: Condition, json: &str) {
    assert_eq!(serde_json::to_string(&condition).unwrap(), json);
    assert_eq!(serde_json::from_str::<Condition>(json).unwrap(), condition);
    let query: ConversationQuery = serde_json::from_str(json).unwrap();
    assert_eq!(query.normalized(), ConversationQuery::condition(condition).unwrap().normalized());
}

#[track_caller]
fn assert_refused(json: &str, reason: &str) {
    let as_condition = serde_json::from_str::<Condition>(json).unwrap_err().to_string();
    let as_query = serde_json::from_str::<ConversationQuery>(json).unwrap_err().to_string();
    assert!(as_condition.contains(reason), "{json}: {as_condition}");
    assert!(as_query.contains(reason), "{json}: {as_query}");
}

#[test]
fn conditions_have_the_words_of_the_sdk() {
    use Condition as C;
    assert_json(C::conversation_type(ConversationType::Group), r#"{"type":"GROUP"}"#);
    assert_json(C::mark(MarkType::STAR), r#"{"markType":1}"#);
    assert_json(C::mark(MarkFilter::Unmarked), r#"{"markType":0}"#);
    assert_json(C::group("x"), r#"{"groupName":"x"}"#);
    assert_json(C::group(""), r#"{"groupName":""}"#);
    assert_json(C::unread(true), r#"{"hasUnreadCount":true}"#);
    assert_json(C::mention(false), r#"{"hasGroupAtInfo":false}"#);
    assert_json(C::pinned(true), r#"{"isPinned":true}"#);
    assert_json(C::muted(true), r#"{"isMuted":true}"#);
    assert_json(C::name_contains("STRASSE"), r#"{"nameContains":"strasse"}"#);
    assert_json(C::name_contains_unaccented("JOSÉ"), r#"{"nameContainsUnaccented":"jose"}"#);
    assert_json(C::before(Timestamp::from_secs(7)), r#"{"before":7}"#);
    assert_json(C::after(Timestamp::from_secs(7)), r#"{"after":7}"#);
    assert_json(C::All(vec![]), r#"{"all":[]}"#);
    assert_json(
        (C::pinned(true) | !C::group("x")) & C::unread(true),
        r#"{"all":[{"any":[{"isPinned":true},{"not":{"groupName":"x"}}]},{"hasUnreadCount":true}]}"#,
    );
}

#[test]
fn the_members_of_an_object_mean_and() {
    let json = r#"{"type": "C2C", "isPinned": true, "any": [{"markType": 1, "before": 9}], "after": null}"#;
    let inner = Condition::mark(MarkType::STAR).and(Condition::before(Timestamp::from_secs(9)));
    let expected = Condition::conversation_type(ConversationType::C2c)
        .and(Condition::pinned(true))
        .and(Condition::Any(vec![inner]));
    let read: ConversationQuery = serde_json::from_str(json).unwrap();
    assert_eq!(read.normalized(), ConversationQuery::condition(expected).unwrap().normalized());
}

#[test]
fn an_object_of_the_sdk_stays_a_filter() {
    let query: ConversationQuery =
        serde_json::from_str(r#"{"type":"GROUP","markType":1}"#).unwrap();
    let filter =
        ConversationFilter::conversation_type(ConversationType::Group).and_mark(MarkType::STAR);
    assert_eq!(query, filter.into());
    assert_eq!(
        serde_json::from_str::<ConversationQuery>("{}").unwrap(),
        ConversationFilter::default().into()
    );
    for (json, reason) in
        [(r#"{"isPinned":true}"#, "unknown field"), (r#"["C2C"]"#, "invalid type")]
    {
        let error = serde_json::from_str::<ConversationFilter>(json).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn unknown_fields_and_wrong_types_are_refused() {
    assert_refused(r#"{"ispinned": true}"#, "unknown field `ispinned`");
    assert_refused(r#"{"all": [{"nam": "x"}]}"#, "unknown field `nam`");
    assert_refused(r#"{"not": {"any": [{"x": 1}]}}"#, "unknown field `x`");
    assert_refused(r#"{"isPinned": 1}"#, "invalid type");
    assert_refused(r#"{"isMuted": "true"}"#, "invalid type");
    assert_refused(r#"{"nameContains": 1}"#, "invalid type");
    assert_refused(r#"{"before": "2024"}"#, "invalid type");
    assert_refused(r#"{"after": -1}"#, "invalid value");
    assert_refused(r#"{"after": 1.5}"#, "invalid type");
    assert_refused(r#"{"all": {}}"#, "invalid type");
    assert_refused(r#"{"any": [null]}"#, "invalid type");
    assert_refused(r#"{"any": [["C2Calice"]]}"#, "invalid type");
    assert_refused(r#"{"not": ["C2C"]}"#, "invalid type");
    assert_refused(r#"{"not": {"markType": 3}}"#, "one power of two, got 3");
    assert_refused(r#"{"all": [{"type": "TOPIC"}]}"#, "unknown variant `TOPIC`");
}

fn nested(levels: usize) -> (Condition, String) {
    let condition = (1..levels).fold(Condition::pinned(true), |inner, _| !inner);
    let (open, shut) = (r#"{"not":"#.repeat(levels - 1), "}".repeat(levels - 1));
    (condition, format!(r#"{open}{{"isPinned":true}}{shut}"#))
}

#[test]
fn nests_end_at_a_depth() {
    let (deep, json) = nested(Condition::MAX_DEPTH);
    assert!(ConversationQuery::condition(deep.clone()).is_ok());
    assert_json(deep, &json);
    let (deeper, json) = nested(Condition::MAX_DEPTH + 1);
    assert!(serde_json::to_string(&deeper).is_err());
    assert_eq!(ConversationQuery::condition(deeper), Err(QueryError::TooDeep));
    assert_refused(&json, "nested at most 32 deep");
    // This deep nothing reads it at all.
    assert_refused(&nested(10_000).1, "recursion limit exceeded");
}

proptest! {
    #[test]
    fn a_condition_is_read_as_it_was_written(condition in testing::conditions()) {
        let json = serde_json::to_string(&condition).unwrap();
        prop_assert_eq!(serde_json::from_str::<Condition>(&json).unwrap(), condition);
    }
}
