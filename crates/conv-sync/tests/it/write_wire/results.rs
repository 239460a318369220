//! The results of items in the replies to changes, also where they are odd or missing.

use conv_model::{ConversationId, ErrorClass, Marks};
use conv_sync::{Retry, SourceError, WriteCall, Written};
use serde_json::json;

use super::{DONE, custom_data, mark, members, name, results, write};
use crate::{
    cloud::Cloud,
    rest_samples::{id, ids, ok},
};

/// A result of an item, as the three commands with results have it.
fn result(text: &str, code: i32) -> serde_json::Value {
    let (user, group) = (text.strip_prefix("C2C"), text.strip_prefix("GROUP"));
    let contact = match user {
        Some(user) => json!({"Type": 1, "To_Account": user}),
        None => json!({"Type": 2, "ToGroupId": group.unwrap()}),
    };
    json!({"OptType": 1, "ContactOptType": 1, "ContactItem": contact, "ResultCode": code,
        "ResultInfo": "why"})
}

/// The three calls that have results, about four conversations, and their replies around these.
fn with_results(results: &serde_json::Value) -> [(WriteCall, String); 3] {
    let four = ["C2Ca", "C2Cb", "GROUPa", "C2Cc"];
    let group = json!({"GroupName": "g", "GroupId": 1});
    [
        (custom_data(four.map(|text| (text, "x"))), ok(json!({"ResultItem": results}))),
        (
            WriteCall::CreateGroup { name: name("g"), ids: ids(four) },
            ok(json!({"GroupResultItem": [{"GroupItem": group, "ResultItem": results}]})),
        ),
        (
            members("g", four.map(|text| (text, true))),
            ok(json!({"UpdateType": 1, "UpdateGroupResult": {"UpdateGroupType": 2,
                "GroupName": "g", "GroupId": 1, "OldGroupName": "g",
                "ContactResultItem": results}})),
        ),
    ]
}

async fn answer(call: WriteCall, reply: &str) -> Result<Written, SourceError> {
    let cloud = Cloud::of_json([reply]).await;
    let answer = write(&cloud.source(), call).await;
    assert_eq!(cloud.requests().len(), 1);
    answer
}

#[tokio::test]
async fn each_item_has_its_own_result_and_one_that_is_missing_is_left_out() {
    // In another order than asked, with one that was not asked about.
    let replied = json!([
        result("GROUPa", 51007),
        result("C2Cz", 0),
        result("C2Cc", 0),
        result("GROUPb", 0),
        result("C2Ca", 0)
    ]);
    for (call, reply) in with_results(&replied) {
        let written = answer(call, &reply).await.unwrap();
        assert_eq!(
            results(&written),
            [("C2Ca", None), ("GROUPa", Some(51007)), ("C2Cc", None)],
            "{reply}"
        );
        let error = written.items.unwrap().remove(1).1.unwrap_err();
        assert_eq!((error.class(), error.retry()), (ErrorClass::Cloud, Retry::Once));
        assert!(error.to_string().contains("why"), "{error}");
    }
}

#[tokio::test]
async fn the_code_of_an_item_that_is_not_there_is_kept() {
    for (call, reply) in with_results(&json!([result("C2Ca", 51009)])) {
        let written = answer(call, &reply).await.unwrap();
        let (_, result) = &written.items.unwrap()[0];
        let error = result.as_ref().unwrap_err();
        assert_eq!((error.class(), error.code()), (ErrorClass::NotFound, Some(51009)));
    }
}

#[tokio::test]
async fn an_answer_that_names_no_item_says_nothing_of_any() {
    for replied in [json!([]), json!(null)] {
        for (call, reply) in with_results(&replied) {
            assert_eq!(results(&answer(call, &reply).await.unwrap()), [], "{reply}");
        }
    }
    for (call, _) in with_results(&json!([])) {
        assert_eq!(results(&answer(call, DONE).await.unwrap()), []);
    }
}

#[tokio::test]
async fn odd_results_are_read_as_far_as_they_are_certain() {
    let contact = |contact| json!({"ContactItem": contact, "ResultCode": 0});
    let cases = [
        // Numbers as texts, other spellings, a type left out, fields of the future.
        (json!({"ContactItem": {"Type": "1", "To_Account": "a"}, "ResultCode": "0"}), Some(None)),
        (
            json!({"ContactItem": {"Type": 1, "To_Account": "a"}, "ResultCode": "50004"}),
            Some(Some(50004)),
        ),
        (contact(json!({"To_Account": "a", "New": [1]})), Some(None)),
        (contact(json!({"Type": 1, "To_Account": "a", "ToGroupId": "a"})), Some(None)),
        // Without a code, or with an unreadable one, nothing says that it was applied.
        (json!({"ContactItem": {"Type": 1, "To_Account": "a"}}), Some(Some(-1))),
        (json!({"ContactItem": {"Type": 1, "To_Account": "a"}, "ResultCode": [0]}), Some(Some(-1))),
        (json!({"ContactItem": {"Type": 1, "To_Account": "a"}, "ResultCode": 3e9}), Some(Some(-1))),
        // It does not say of what it is the result.
        (contact(json!({"Type": 2, "To_Account": "a"})), None),
        (contact(json!({"Type": 9, "To_Account": "a"})), None),
        (contact(json!({"Type": [], "To_Account": "a"})), None),
        (contact(json!({"To_Account": "a", "ToGroupId": "a"})), None),
        (contact(json!({"Type": 1, "To_Account": 5})), None),
        (contact(json!({"Type": 1, "To_Account": "A"})), None),
        (contact(json!([1, "a"])), None),
        (contact(json!("C2Ca")), None),
        (contact(json!(null)), None),
        (json!({"ResultCode": 0}), None),
        (json!([{"Type": 1, "To_Account": "a"}, 0, ""]), None),
        (json!(7), None),
        (json!(null), None),
    ];
    let calls = cases.iter().flat_map(|(item, expected)| {
        with_results(&json!([item])).map(|(call, reply)| (call, reply, *expected))
    });
    let calls: Vec<_> = calls.collect();
    let cloud = Cloud::of_json(calls.iter().map(|(_, reply, _)| reply)).await;
    let source = cloud.source();
    for (call, reply, expected) in calls {
        let written = write(&source, call).await.unwrap();
        let expected: Vec<_> = expected.map(|result| ("C2Ca", result)).into_iter().collect();
        assert_eq!(results(&written), expected, "{reply}");
    }
}

#[tokio::test]
async fn of_two_results_the_failure_counts() {
    for pair in [[0, 51008], [51008, 0]] {
        let replied = json!(pair.map(|code| result("C2Ca", code)));
        for (call, reply) in with_results(&replied) {
            let written = answer(call, &reply).await.unwrap();
            assert_eq!(results(&written), [("C2Ca", Some(51008))]);
        }
    }
}

#[tokio::test]
async fn the_results_of_another_group_are_not_those_of_the_one_that_was_created() {
    let group = |group: serde_json::Value, code: i32| json!({"GroupItem": group, "ResultItem": [result("C2Ca", code)]});
    for (groups, expected) in [
        (json!([group(json!({"GroupName": "other"}), 0)]), vec![]),
        (json!([group(json!(null), 0)]), vec![("C2Ca", None)]),
        (json!([group(json!({"GroupId": 1}), 51008)]), vec![("C2Ca", Some(51008))]),
        (json!([5, {}, group(json!({"GroupName": "g"}), 0)]), vec![("C2Ca", None)]),
    ] {
        let call = WriteCall::CreateGroup { name: name("g"), ids: ids(["C2Ca"]) };
        let reply = ok(json!({"GroupResultItem": groups}));
        assert_eq!(results(&answer(call, &reply).await.unwrap()), expected, "{reply}");
    }
}

#[tokio::test]
async fn hostile_replies_are_errors_or_unknown_items() {
    let many = json!(vec![result("C2Cz", 0); 5_000]);
    for (call, reply) in with_results(&many) {
        assert_eq!(results(&answer(call, &reply).await.unwrap()), []);
    }
    for (call, reply) in with_results(&json!({"C2Ca": 0})) {
        match answer(call, &reply).await {
            Err(SourceError::Protocol { .. }) => {}
            other => assert_eq!(results(&other.unwrap()), [], "{reply}"),
        }
    }
    for body in ["[]", "", "<html>", r#"{"ResultItem":[]}"#, r#"{"ErrorCode":0,"ResultItem":5}"#] {
        let error = answer(custom_data([("C2Ca", "x")]), body).await.unwrap_err();
        assert!(matches!(error, SourceError::Protocol { .. }), "{body}: {error:?}");
        assert_eq!(error.retry(), Retry::BackOff, "{body}");
    }
}

#[tokio::test]
async fn a_refused_call_keeps_the_clouds_code_and_its_items_count_for_nothing() {
    let refused = json!({"ActionStatus": "FAIL", "ErrorCode": 51006, "ErrorInfo": "too many",
        "ResultItem": [result("C2Ca", 0)]});
    let error = answer(custom_data([("C2Ca", "x")]), &refused.to_string()).await.unwrap_err();
    assert_eq!((error.code(), error.class()), (Some(51006), ErrorClass::InvalidArgument));
}

#[tokio::test]
async fn an_item_that_cannot_be_sent_does_not_keep_the_others() {
    let system: ConversationId = "@TIM#SYSTEM".parse().unwrap();
    let cloud = Cloud::of_json([DONE]).await;
    let call = WriteCall::Pin { ids: vec![id("C2Ca"), system.clone()], is_pinned: true };
    let written = write(&cloud.source(), call).await.unwrap();
    assert_eq!(results(&written), [("C2Ca", None), ("@TIM#SYSTEM", Some(-1))]);
    let sent = cloud.requests()[0].json();
    assert_eq!(sent["RecentContactItem"], json!([{"Type": 1, "To_Account": "a"}]));

    let mut both = mark("C2Cb", &[1, 2], &[2]);
    let cloud = Cloud::of_json([&ok(json!({"ResultItem": [result("C2Ca", 0)]}))]).await;
    let items = vec![mark("C2Ca", &[], &[1]), both.clone(), mark("C2Cc", &[], &[])];
    let written = write(&cloud.source(), WriteCall::Mark { items }).await.unwrap();
    assert_eq!(results(&written), [("C2Ca", None), ("C2Cb", Some(-1)), ("C2Cc", None)]);
    assert_eq!(cloud.requests()[0].json()["MarkItem"].as_array().unwrap().len(), 1);

    // Alone, it makes no call, and is the error of the call.
    let cloud = Cloud::of_json([DONE]).await;
    both.set = Marks::from_bits(4);
    let error = write(&cloud.source(), WriteCall::Mark { items: vec![both] }).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::InvalidArgument);
    let call = WriteCall::Pin { ids: vec![system], is_pinned: true };
    let error = write(&cloud.source(), call).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unsupported);
    assert!(cloud.requests().is_empty());
}
