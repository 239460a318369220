//! Changes on the wire, after the documented samples, and the meaning of their replies.

mod results;

use conv_model::{GroupName, IfNewer, Marks, ReadMark, RemindType, Timestamp};
use conv_sync::{
    ConversationWriter, MarkItem, RestSource, SourceError, WriteCall, WriteRequest, Written,
};
use serde_json::json;

use crate::{
    cloud::Cloud,
    rest_samples::{account, id, ids, ok},
};

pub const DONE: &str = r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","ErrorDisplay":""}"#;
/// The reading of marks of a conversation that has none.
pub const UNMARKED: &str =
    r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","ContactResultItem":[]}"#;

pub async fn write(source: &RestSource, call: WriteCall) -> Result<Written, SourceError> {
    source.write(&WriteRequest::new(account(), call)).await
}

pub fn name(text: &str) -> GroupName {
    text.parse().unwrap()
}

/// Sets and clears marks by their numbers.
pub fn mark(text: &str, set: &[u32], clear: &[u32]) -> MarkItem {
    let marks = |bits: &[u32]| Marks::from_bits(bits.iter().map(|bit| 1 << bit).sum());
    let mut item = MarkItem::new(id(text));
    (item.set, item.clear) = (marks(set), marks(clear));
    item
}

pub fn custom_data<const N: usize>(items: [(&str, &str); N]) -> WriteCall {
    WriteCall::CustomData { items: items.map(|(text, data)| (id(text), data.into())).to_vec() }
}

pub fn members<const N: usize>(group: &str, items: [(&str, bool); N]) -> WriteCall {
    let items = items.map(|(text, is_member)| (id(text), is_member)).to_vec();
    WriteCall::Members { name: name(group), items }
}

pub fn pin<const N: usize>(texts: [&str; N], is_pinned: bool) -> WriteCall {
    WriteCall::Pin { ids: ids(texts), is_pinned }
}

fn read(text: &str, secs: u64, unread: Option<u32>) -> WriteCall {
    let until = ReadMark::new(Timestamp::from_secs(secs), 9);
    WriteCall::Read { id: id(text), until, unread }
}

/// The result of each item that an answer names.
pub fn results(written: &Written) -> Vec<(&str, Option<i32>)> {
    let items = written.items.as_ref().unwrap().iter();
    items.map(|(id, result)| (id.as_str(), result.as_ref().err().map(code))).collect()
}

fn code(error: &SourceError) -> i32 {
    error.code().unwrap_or(-1)
}

#[tokio::test]
async fn each_change_is_the_documented_request_byte_for_byte() {
    let cases = [
        (
            WriteCall::Delete {
                id: id("C2Cid2"),
                clears_history: true,
                seen: None,
                if_newer: IfNewer::GiveUp,
            },
            "recentcontact/delete",
            r#"{"From_Account":"user_0001","Type":1,"To_Account":"id2","ClearRamble":1}"#,
        ),
        (
            WriteCall::Delete {
                id: id("GROUP@TGS#1"),
                clears_history: false,
                seen: None,
                if_newer: IfNewer::GiveUp,
            },
            "recentcontact/delete",
            r#"{"From_Account":"user_0001","Type":2,"ToGroupid":"@TGS#1","ClearRamble":0}"#,
        ),
        (
            pin(["C2Cu2", "GROUP@TGS#1"], true),
            "recentcontact/top",
            r#"{"From_Account":"user_0001","OperationType":1,"RecentContactItem":[{"Type":1,"To_Account":"u2"},{"Type":2,"GroupId":"@TGS#1"}]}"#,
        ),
        (
            pin(["C2Cu2"], false),
            "recentcontact/top",
            r#"{"From_Account":"user_0001","OperationType":2,"RecentContactItem":[{"Type":1,"To_Account":"u2"}]}"#,
        ),
        (
            WriteCall::Mark {
                items: vec![mark("C2Cu2", &[], &[0, 63]), mark("GROUPg", &[], &[1])],
            },
            "recentcontact/mark_contact",
            r#"{"From_Account":"user_0001","MarkItem":[{"OptType":1,"ContactItem":{"Type":1,"To_Account":"u2"},"ClearMark":[0,63]},{"OptType":1,"ContactItem":{"Type":2,"ToGroupId":"g"},"ClearMark":[1]}]}"#,
        ),
        (
            custom_data([("C2Cu2", "a\"b"), ("GROUPg", "")]),
            "recentcontact/mark_contact",
            r#"{"From_Account":"user_0001","MarkItem":[{"OptType":2,"ContactItem":{"Type":1,"To_Account":"u2"},"CustomMark":"a\"b"},{"OptType":2,"ContactItem":{"Type":2,"ToGroupId":"g"},"CustomMark":""}]}"#,
        ),
        (
            WriteCall::CreateGroup { name: name("test1"), ids: ids(["C2Cu2", "GROUPg"]) },
            "recentcontact/create_contact_group",
            r#"{"From_Account":"user_0001","GroupContactItem":[{"GroupName":"test1","ContactItem":[{"Type":1,"To_Account":"u2"},{"Type":2,"ToGroupId":"g"}]}]}"#,
        ),
        (
            WriteCall::RenameGroup { old: name("test1"), new: name("test2") },
            "recentcontact/update_contact_group",
            r#"{"From_Account":"user_0001","UpdateType":1,"UpdateGroup":{"UpdateGroupType":1,"OldGroupName":"test1","NewGroupName":"test2"}}"#,
        ),
        (
            members("test1", [("C2Cuser1", true), ("GROUPg", false)]),
            "recentcontact/update_contact_group",
            r#"{"From_Account":"user_0001","UpdateType":1,"UpdateGroup":{"UpdateGroupType":2,"OldGroupName":"test1","ContactUpdateItem":[{"ContactOptType":1,"ContactItem":{"Type":1,"To_Account":"user1"}},{"ContactOptType":2,"ContactItem":{"Type":2,"ToGroupId":"g"}}]}}"#,
        ),
        (
            WriteCall::DeleteGroup { name: name("test1") },
            "recentcontact/del_contact_group",
            r#"{"From_Account":"user_0001","GroupName":["test1"]}"#,
        ),
        (
            read("C2Cu2", 1_700_000_000, Some(3)),
            "openim/admin_set_msg_read",
            r#"{"Report_Account":"user_0001","Peer_Account":"u2","MsgReadTime":1700000000}"#,
        ),
        (
            read("GROUP@TGS#1", 0, Some(3)),
            "group_open_http_svc/set_unread_msg_num",
            r#"{"GroupId":"@TGS#1","Member_Account":"user_0001","UnreadMsgNum":3}"#,
        ),
        (
            WriteCall::Remind { id: id("GROUP@TGS#1"), remind_type: RemindType::AcceptNotNotify },
            "group_open_http_svc/modify_group_member_info",
            r#"{"GroupId":"@TGS#1","Member_Account":"user_0001","MsgFlag":"AcceptNotNotify"}"#,
        ),
    ];
    for (call, command, body) in cases {
        let cloud = Cloud::of_json([DONE]).await;
        let source = cloud.builder().read_groups(true).build();
        write(&source, call).await.unwrap();
        let [request] = &cloud.requests()[..] else { panic!("{command}") };
        assert!(request.target().starts_with(&format!("/v4/{command}?")), "{}", request.target());
        assert_eq!(request.body, body);
    }
}

/// The first mark that is set is read back: its call is the second.
#[tokio::test]
async fn a_mark_is_set_by_the_number_of_its_bit() {
    let cloud = Cloud::of_json([UNMARKED, DONE]).await;
    let items = vec![mark("C2Cu2", &[0, 1, 63], &[2])];
    write(&cloud.source(), WriteCall::Mark { items }).await.unwrap();
    let bodies: Vec<_> = cloud.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(
        bodies,
        [
            r#"{"From_Account":"user_0001","ContactItem":[{"Type":1,"To_Account":"u2"}]}"#,
            r#"{"From_Account":"user_0001","MarkItem":[{"OptType":1,"ContactItem":{"Type":1,"To_Account":"u2"},"SetMark":[0,1,63],"ClearMark":[2]}]}"#,
        ]
    );
}

#[tokio::test]
async fn an_answer_without_results_counts_for_all_items() {
    let renamed = ok(json!({"UpdateType": 1, "UpdateGroupResult": {"UpdateGroupType": 1,
        "GroupName": "b", "GroupId": 1, "OldGroupName": "a", "ContactResultItem": []}}));
    let gone = ok(json!({"GroupItem": [{"GroupName": "a", "GroupId": 1}]}));
    for (call, reply) in [
        (
            WriteCall::Delete {
                id: id("C2Ca"),
                clears_history: false,
                seen: None,
                if_newer: IfNewer::GiveUp,
            },
            DONE,
        ),
        (pin(["C2Ca", "C2Cb"], true), DONE),
        (WriteCall::RenameGroup { old: name("a"), new: name("b") }, &renamed),
        (WriteCall::DeleteGroup { name: name("a") }, &gone),
        (read("C2Ca", 5, None), DONE),
        (WriteCall::Remind { id: id("GROUPg"), remind_type: RemindType::Discard }, DONE),
    ] {
        let cloud = Cloud::of_json([reply]).await;
        let written = write(&cloud.source(), call).await.unwrap();
        assert!(written.items.is_none(), "{written:?}");
    }
}

#[tokio::test]
async fn names_of_groups_are_those_of_the_pull() {
    let reply = ok(json!({"GroupItem": [{"GroupName": "n", "GroupId": 1}], "CompleteFlag": 1}));
    let cloud = Cloud::of_json([reply]).await;
    let groups = cloud.source().look(&account()).await.unwrap();
    assert_eq!(groups.names, [(1, "n".into())]);
}

#[tokio::test]
async fn a_group_is_gone_only_if_its_own_code_says_so() {
    let of = |code: i32| ok(json!({"GroupInfo": [{"GroupId": "@TGS#1", "ErrorCode": code}]}));
    let exists = async |reply: String| {
        let cloud = Cloud::of_json([reply]).await;
        let answer = cloud.source().group_exists(&id("GROUP@TGS#1")).await;
        let request = cloud.requests().remove(0);
        assert!(request.target().contains("group_open_http_svc/get_group_info"));
        assert_eq!(request.json()["GroupIdList"], json!(["@TGS#1"]));
        answer
    };
    assert_eq!(exists(of(0)).await.unwrap(), Some(true));
    for gone in [10010, 10015] {
        assert_eq!(exists(of(gone)).await.unwrap(), Some(false), "{gone}");
    }
    // It may not be seen, the cloud is busy, or another group is spoken of.
    for other in [10007, 10002, 60007] {
        assert_eq!(code(&exists(of(other)).await.unwrap_err()), other);
    }
    let refused = r#"{"ActionStatus":"FAIL","ErrorCode":60007,"ErrorInfo":"too many"}"#;
    assert_eq!(code(&exists(refused.into()).await.unwrap_err()), 60007);
    let another = ok(json!({"GroupInfo": [{"GroupId": "other", "ErrorCode": 0}]}));
    assert_ne!(exists(another).await.ok(), Some(Some(false)));
    // Users are no groups: no call.
    let cloud = Cloud::of_json([""; 0]).await;
    assert_eq!(cloud.source().group_exists(&id("C2Ca")).await.unwrap(), None);
    assert!(cloud.requests().is_empty());
}
