use conv_model::{
    All, ConversationFilter, ConversationId, ConversationQuery, ConversationType, MarkFilter,
    MarkType, testing,
};
use proptest::prelude::*;

#[track_caller]
fn assert_json(query: impl Into<ConversationQuery>, json: &str) {
    let query = query.into();
    assert_eq!(serde_json::to_string(&query).unwrap(), json);
    assert_eq!(serde_json::from_str::<ConversationQuery>(json).unwrap(), query);
}

#[track_caller]
fn assert_refused(json: &str, reason: &str) {
    let error = serde_json::from_str::<ConversationQuery>(json).unwrap_err().to_string();
    assert!(error.contains(reason), "{json}: {error}");
}

#[test]
fn queries_have_the_forms_of_the_sdk() {
    use ConversationFilter as F;
    assert_json(All, "null");
    assert_json(F::default(), "{}");
    assert_json([ConversationId::system()], r#"["@TIM#SYSTEM"]"#);
    assert_json(F::conversation_type(ConversationType::C2c), r#"{"type":"C2C"}"#);
    assert_json(F::conversation_type(ConversationType::Group), r#"{"type":"GROUP"}"#);
    assert_json(F::conversation_type(ConversationType::System), r#"{"type":"@TIM#SYSTEM"}"#);
    assert_json(F::mark_type(MarkFilter::Unmarked), r#"{"markType":0}"#);
    assert_json(F::mark_type(MarkType::HIDE), r#"{"markType":8}"#);
    assert_json(F::group_name(""), r#"{"groupName":""}"#);
    assert_json(F::group_name("客户"), r#"{"groupName":"客户"}"#);
    assert_json(F::has_unread_count(true), r#"{"hasUnreadCount":true}"#);
    assert_json(F::has_group_at_info(false), r#"{"hasGroupAtInfo":false}"#);
    assert_json(
        F::conversation_type(ConversationType::Group)
            .and_mark(MarkType::STAR)
            .and_group("Suppliers")
            .and_unread(true)
            .and_at_info(true),
        r#"{"type":"GROUP","markType":1,"groupName":"Suppliers","hasUnreadCount":true,"hasGroupAtInfo":true}"#,
    );
}

#[test]
fn input_that_the_sdk_silently_ignores_is_refused() {
    assert_refused("[]", "at least one conversation ID");
    assert_refused(r#"["C2Calice", "x"]"#, "starts with C2C or GROUP");
    assert_refused(r#"["C2Calice", 1]"#, "expected a string");
    assert_refused(r#"{"type": "BAD"}"#, "unknown variant `BAD`");
    assert_refused(r#"{"type": "TOPIC"}"#, "unknown variant `TOPIC`");
    assert_refused(r#"{"type": "c2c"}"#, "unknown variant `c2c`");
    assert_refused(r#"{"type": 1}"#, "invalid type");
    assert_refused(r#"{"markType": 3}"#, "one power of two, got 3");
    assert_refused(r#"{"markType": "1"}"#, "invalid type");
    assert_refused(r#"{"markType": -1}"#, "invalid value");
    assert_refused(r#"{"markType": 1.5}"#, "invalid type");
    assert_refused(r#"{"groupName": 1}"#, "invalid type");
    assert_refused(r#"{"hasUnreadCount": 1}"#, "invalid type");
    assert_refused(r#"{"hasGroupAtInfo": "true"}"#, "invalid type");
    assert_refused(r#"{"groupname": "Suppliers"}"#, "unknown field `groupname`");
    assert_refused(r#"{"type": "C2C", "extra": 1}"#, "unknown field `extra`");
    for json in ["1", "true", "\"C2Calice\""] {
        assert_refused(json, "null, a list of IDs or a filter object");
    }
}

#[test]
fn a_condition_that_is_null_is_not_set() {
    let json = r#"{"type": null, "markType": null, "groupName": null, "hasUnreadCount": null}"#;
    let query: ConversationQuery = serde_json::from_str(json).unwrap();
    assert_eq!(query, ConversationFilter::default().into());
}

#[test]
fn a_mark_reads_as_javascript_prints_it() {
    let highest = ConversationFilter::mark_type(MarkType::from_bit(63).unwrap());
    for json in [r#"{"markType": 9223372036854775808}"#, r#"{"markType": 9223372036854776000}"#] {
        assert_eq!(serde_json::from_str::<ConversationFilter>(json).unwrap(), highest, "{json}");
    }
}

proptest! {
    #[test]
    fn a_query_reads_back_from_its_json(query in testing::queries()) {
        let json = serde_json::to_string(&query).unwrap();
        let read = serde_json::from_str::<ConversationQuery>(&json).unwrap();
        match query {
            // One of the SDK's members alone is the SDK's filter.
            ConversationQuery::Where(_) => prop_assert_eq!(read.normalized(), query.normalized()),
            query => prop_assert_eq!(read, query),
        }
    }
}
