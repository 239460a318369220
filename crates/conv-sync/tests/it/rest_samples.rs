//! The documented samples of the REST API, and what they mean.

use conv_model::{
    AccountId, ConversationId, ConversationType, Facet, Marks, Profile, RemindType, Timestamp,
};
use conv_sync::{ConversationSource, HydrateRequest, Hydrated, Page, PullRequest, SourceError};
use serde_json::{Value, json};

use crate::cloud::{Cloud, DATE_SECS, http, json as answer};

pub const GET_LIST: &str = r#"{"SessionItem":[{"Type":1,"To_Account":"user_0002","MsgTime":1772612017,"TopFlag":0},{"Type":2,"GroupId":"@TGS#1B2AUI7RZ","MsgTime":1775185968,"TopFlag":1,"StandardMark":"111001","CustomMark":"abcd","ContactGroupId":[1,2]}],"CompleteFlag":1,"TimeStamp":1775552160,"StartIndex":0,"TopTimeStamp":1775552160,"TopStartIndex":0,"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","ErrorDisplay":""}"#;

pub fn account() -> AccountId {
    "user_0001".parse().unwrap()
}

pub fn id(text: &str) -> ConversationId {
    text.parse().unwrap()
}

pub fn ids<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<ConversationId> {
    texts.into_iter().map(id).collect()
}

async fn page(body: &str) -> Result<Page, SourceError> {
    let cloud = Cloud::of_json([body]).await;
    cloud.source().pull(&PullRequest::new(account(), None, 100)).await
}

pub async fn hydrate(
    cloud: &Cloud,
    facet: Facet,
    ids: Vec<ConversationId>,
) -> Result<Hydrated, SourceError> {
    cloud.source().hydrate(&HydrateRequest::new(account(), facet, ids)).await
}

pub fn ok(mut body: Value) -> String {
    body["ActionStatus"] = "OK".into();
    body["ErrorCode"] = 0.into();
    body["ErrorInfo"] = "".into();
    body.to_string()
}

#[tokio::test]
async fn the_sample_of_get_list_is_two_rows() {
    let page = page(GET_LIST).await.unwrap();
    assert_eq!(page.server_time, Some(Timestamp::from_secs(DATE_SECS)));
    assert_eq!((page.next, page.skipped), (None, vec![]));
    let [user, group] = &page.rows[..] else { panic!("{:?}", page.rows) };

    assert_eq!(user.patch.id, id("C2Cuser_0002"));
    let listing = user.patch.listing.as_ref().unwrap();
    assert_eq!(listing.time, Some(Timestamp::from_secs(1_772_612_017)));
    assert_eq!(listing.is_pinned, Some(false));
    assert_eq!(listing.marks, Some(Marks::NONE));
    assert_eq!(listing.custom_data.as_deref(), Some(""));
    assert_eq!((&listing.groups, listing.version), (&None, None));
    assert_eq!(user.group_ids, Some(vec![]));
    assert_eq!(user.patch.profile, Profile::default());

    assert_eq!(group.patch.id, id("GROUP@TGS#1B2AUI7RZ"));
    let listing = group.patch.listing.as_ref().unwrap();
    assert_eq!(listing.is_pinned, Some(true));
    assert_eq!(listing.marks, Some(Marks::from_bits(0b11_1001)));
    assert_eq!(listing.custom_data.as_deref(), Some("abcd"));
    assert_eq!(group.group_ids, Some(vec![1, 2]));
}

#[tokio::test]
async fn a_page_that_is_not_the_last_names_the_next() {
    let body = GET_LIST.replace(r#""CompleteFlag":1"#, r#""CompleteFlag":0"#);
    let next = page(&body).await.unwrap().next.unwrap();
    assert_eq!(next.as_str(), "tim1:1775552160,0,1775552160,0");

    let cloud = Cloud::of_json([&body]).await;
    let request = PullRequest::new(account(), Some(next), 100);
    cloud.source().pull(&request).await.unwrap();
    assert_eq!(
        cloud.requests()[0].json(),
        json!({"From_Account": "user_0001", "TimeStamp": 1_775_552_160, "StartIndex": 0,
            "TopTimeStamp": 1_775_552_160, "TopStartIndex": 0, "AssistFlags": 63})
    );
}

#[tokio::test]
async fn the_head_is_asked_for_with_zeros() {
    let cloud = Cloud::of_json([GET_LIST]).await;
    cloud.source().pull(&PullRequest::new(account(), None, 100)).await.unwrap();
    assert_eq!(
        cloud.requests()[0].json(),
        json!({"From_Account": "user_0001", "TimeStamp": 0, "StartIndex": 0, "TopTimeStamp": 0,
            "TopStartIndex": 0, "AssistFlags": 63})
    );
}

#[tokio::test]
async fn without_marks_and_groups_labels_stay_as_they_are_stored() {
    let cloud = Cloud::of_json([GET_LIST]).await;
    let source = cloud.builder().marks_and_groups(false).build();
    let page = source.pull(&PullRequest::new(account(), None, 100)).await.unwrap();
    assert_eq!(cloud.requests()[0].json()["AssistFlags"], 7);
    for row in &page.rows {
        let listing = row.patch.listing.as_ref().unwrap();
        assert_eq!((&listing.marks, &listing.custom_data), (&None, &None));
        assert_eq!(row.group_ids, None);
    }
    let groups = source.groups(&account()).await;
    assert!(matches!(groups, Err(SourceError::Unsupported { .. })));
}

#[tokio::test]
async fn an_account_that_is_no_user_id_is_refused_unasked() {
    let cloud = Cloud::of_json([GET_LIST]).await;
    for text in ["a\nb", "ü", "x23456789012345678901234567890123"] {
        let request = PullRequest::new(text.parse().unwrap(), None, 100);
        let error = cloud.source().pull(&request).await.unwrap_err();
        assert!(matches!(error, SourceError::InvalidArgument { .. }), "{text}");
    }
    assert!(cloud.requests().is_empty());
}

#[tokio::test]
async fn a_cursor_of_another_source_has_expired() {
    let cloud = Cloud::of_json([GET_LIST]).await;
    let cursor = conv_model::Cursor::new("other:1");
    let request = PullRequest::new(account(), Some(cursor), 100);
    let error = cloud.source().pull(&request).await.unwrap_err();
    assert!(matches!(error, SourceError::CursorExpired));
    assert!(cloud.requests().is_empty());
}

#[tokio::test]
async fn group_names_are_read_page_by_page() {
    let first = ok(json!({"GroupItem": [{"GroupName": "n", "GroupId": 1}, {"GroupId": 9}],
        "ContactItem": [{"Type": 1, "To_Account": "u"}], "CompleteFlag": 0, "NextStartIndex": 7}));
    let second = ok(json!({"GroupItem": [{"GroupName": "m", "GroupId": 2}, null, 3],
        "CompleteFlag": 1}));
    let cloud = Cloud::of_json([first, second]).await;
    let groups = cloud.source().groups(&account()).await.unwrap();
    assert_eq!(groups.names, [(1, "n".into()), (2, "m".into())]);
    assert_eq!(groups.server_time, Some(Timestamp::from_secs(DATE_SECS)));
    let asked: Vec<_> = cloud.requests().iter().map(|request| request.json()).collect();
    assert_eq!(asked[0], json!({"From_Account": "user_0001", "StartIndex": 0}));
    assert_eq!(asked[1], json!({"From_Account": "user_0001", "StartIndex": 7}));
}

#[tokio::test]
async fn group_names_that_do_not_go_on_are_given_up() {
    let page = |next: i64| ok(json!({"CompleteFlag": 0, "NextStartIndex": next}));
    for (pages, asked) in [(vec![page(0)], 1), (vec![page(5), page(5)], 2)] {
        let cloud = Cloud::of_json(pages).await;
        let error = cloud.source().groups(&account()).await.unwrap_err();
        assert!(matches!(error, SourceError::Protocol { .. }));
        assert_eq!(cloud.requests().len(), asked);
    }
    let cloud = Cloud::of_json([page(5), page(7), page(5)]).await;
    let error = cloud.source().groups(&account()).await.unwrap_err();
    assert!(matches!(error, SourceError::Protocol { .. }));
    let cloud = Cloud::of_json([ok(json!({}))]).await;
    let error = cloud.source().groups(&account()).await.unwrap_err();
    assert!(matches!(error, SourceError::Protocol { .. }));
}

#[tokio::test]
async fn group_names_may_take_many_small_pages() {
    let page = |at: i64| {
        ok(json!({"GroupItem": [{"GroupName": format!("n{at}"), "GroupId": at}],
            "CompleteFlag": i64::from(at == 119), "NextStartIndex": at + 1}))
    };
    let cloud = Cloud::of_json((0..120).map(page)).await;
    let groups = cloud.source().groups(&account()).await.unwrap();
    assert_eq!((groups.names.len(), cloud.requests().len()), (120, 120));
}

#[tokio::test]
async fn a_failure_on_a_later_page_does_not_cost_the_pages_before() {
    let page = |id: u64, next: Option<i64>| {
        answer(&ok(json!({"GroupItem": [{"GroupName": "n", "GroupId": id}],
            "CompleteFlag": u8::from(next.is_none()), "NextStartIndex": next})))
    };
    let busy = || http("503 Service Unavailable", "Retry-After: 0\r\n", b"");
    let answers = [
        page(1, Some(7)),
        busy(),
        answer("<html>"),
        busy(),
        page(2, Some(9)),
        busy(),
        page(3, None),
    ];
    let cloud = Cloud::new(answers).await;
    let source = cloud.source();
    tokio::time::pause();
    let groups = source.groups(&account()).await.unwrap();
    assert_eq!(groups.names.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1, 2, 3]);
    let asked: Vec<_> =
        cloud.requests().iter().map(|r| r.json()["StartIndex"].as_i64().unwrap()).collect();
    assert_eq!(asked, [0, 7, 7, 7, 7, 9, 9]);

    for (answers, asked) in [
        // The pull retries calls that fail at once, and those that keep failing.
        (vec![busy(), page(1, None)], 1),
        (vec![page(1, Some(7)), busy(), busy(), busy(), busy(), page(2, None)], 5),
        (vec![page(1, Some(7)), answer(r#"{"ErrorCode":60010}"#), page(2, None)], 2),
        (vec![page(1, Some(7)), http("503 Busy", "Retry-After: 11\r\n", b"")], 2),
    ] {
        let cloud = Cloud::new(answers).await;
        cloud.source().groups(&account()).await.unwrap_err();
        assert_eq!(cloud.requests().len(), asked);
    }
}

#[tokio::test]
async fn unread_counts_of_users_come_ten_at_a_time() {
    let count =
        |number: usize| json!({"Peer_Account": format!("u{number}"), "C2CUnreadMsgNum": number});
    let first = ok(json!({"C2CUnreadMsgNumList": (0..10).map(count).collect::<Vec<_>>()}));
    let second = ok(json!({"C2CUnreadMsgNumList": [count(10)],
        "ErrorList": [{"Peer_Account": "u11", "ErrorCode": 70107}]}));
    let cloud = Cloud::of_json([first, second]).await;
    let asked = (0..12).map(|number| id(&format!("C2Cu{number}"))).collect();
    let hydrated = hydrate(&cloud, Facet::Unread, asked).await.unwrap();
    let counts: Vec<_> = hydrated.found.iter().map(|patch| patch.unread.count).collect();
    assert_eq!(counts, (0..11).map(Some).collect::<Vec<_>>());
    assert!(matches!(hydrated.failed[..], [(_, SourceError::NotFound)]));
    let second = cloud.requests()[1].json();
    assert_eq!(second, json!({"To_Account": "user_0001", "Peer_Account": ["u10", "u11"]}));
}

#[tokio::test]
async fn unread_counts_of_groups_come_with_their_remind_type() {
    let group = |name: &str, count: u32, flag: &str| {
        json!({"GroupId": name, "Type": "Public",
            "SelfInfo": {"UnreadMsgNum": count, "MsgFlag": flag}})
    };
    let first = ok(json!({"TotalCount": 4, "GroupIdList": [
        group("a", 3, "AcceptAndNotify"), group("other", 1, "Discard"), {"GroupId": "odd"}]}));
    let second = ok(json!({"TotalCount": 4, "GroupIdList": [group("b", 0, "Discard")]}));
    let cloud = Cloud::of_json([first, second]).await;
    let asked = ids(["GROUPa", "GROUPb", "GROUPleft", "GROUPodd"]);
    let hydrated = hydrate(&cloud, Facet::Unread, asked).await.unwrap();
    let unread: Vec<_> = hydrated.found.iter().map(|patch| patch.unread.clone()).collect();
    assert_eq!((unread[0].count, unread[1].count), (Some(3), Some(0)));
    assert_eq!(unread[0].remind_type, Some(RemindType::AcceptAndNotify));
    assert_eq!(unread[1].remind_type, Some(RemindType::Discard));
    // In a group that it has left, an account has nothing to read.
    assert_eq!((unread[2].count, &unread[2].remind_type), (Some(0), &None));
    let [(odd, SourceError::Protocol { .. })] = &hydrated.failed[..] else {
        panic!("{:?}", hydrated.failed)
    };
    assert_eq!(odd.as_str(), "GROUPodd");
    let asked: Vec<_> = cloud.requests().iter().map(|r| r.json()["Offset"].clone()).collect();
    assert_eq!(asked, [0, 3]);
}

#[tokio::test]
async fn a_list_of_groups_that_is_not_whole_says_nothing_of_the_others() {
    let group = |name: &str| json!({"GroupId": name, "SelfInfo": {"UnreadMsgNum": 1}});
    for pages in [
        vec![json!({"TotalCount": 3, "GroupIdList": [group("a"), group("b")]}), json!({})],
        vec![
            json!({"TotalCount": 3, "GroupIdList": [group("a"), group("b")]}),
            json!({"TotalCount": 2, "GroupIdList": []}),
        ],
        vec![json!({"GroupIdList": [group("a")]})],
        vec![json!({"TotalCount": 2, "GroupIdList": [group("a"), {}]})],
    ] {
        let cloud = Cloud::of_json(pages.iter().cloned().map(ok)).await;
        let asked = ids(["GROUPa", "GROUPleft"]);
        let hydrated = hydrate(&cloud, Facet::Unread, asked).await.unwrap();
        assert_eq!(hydrated.found[0].unread.count, Some(1), "{pages:?}");
        let [(left, SourceError::Protocol { .. })] = &hydrated.failed[..] else {
            panic!("{pages:?}: {:?}", hydrated.failed)
        };
        assert_eq!(left.as_str(), "GROUPleft");
        assert_eq!(cloud.requests().len(), pages.len());
    }
}

#[tokio::test]
async fn a_source_states_its_capabilities() {
    let cloud = Cloud::of_json([GET_LIST]).await;
    let week = std::time::Duration::from_secs(7 * 24 * 3600);
    let source = cloud.builder().retention(week).build();
    let offered = source.capabilities();
    assert_eq!(offered.facets, [Facet::Profile, Facet::Unread, Facet::LastMessage]);
    assert_eq!(offered.retention, Some(604_800));
    assert_eq!(offered.batch(ConversationType::C2c), 100);
    assert_eq!(offered.batch(ConversationType::Group), 50);
    assert_eq!(cloud.source().capabilities().retention, None);
}
