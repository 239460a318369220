//! Profiles of users and groups, as the documented samples of the REST API have them.

use conv_model::{ConversationId, ErrorClass, Facet, GroupType, ProfileDetail, Timestamp};
use conv_sync::{ConversationSource, HydrateRequest, Hydrated, ProfileRequest, SourceError};
use serde_json::{Value, json};

use crate::{
    cloud::{Cloud, DATE_SECS, http},
    rest_samples::{GET_LIST, account, hydrate, id, ids, ok},
};

fn names(hydrated: &Hydrated) -> Vec<(&str, Option<&str>)> {
    let found = hydrated.found.iter();
    found.map(|patch| (patch.id.as_str(), patch.profile.name.as_deref())).collect()
}

fn failures(hydrated: &Hydrated) -> Vec<(&str, String)> {
    let failed = hydrated.failed.iter();
    failed.map(|(id, error)| (id.as_str(), error.to_string())).collect()
}

#[tokio::test]
async fn users_are_named_and_each_failure_has_its_reason() {
    let body = ok(json!({"UserProfileItem": [
        {"To_Account": "a", "ProfileItem": [
            {"Tag": "Tag_Profile_IM_Nick", "Value": "Alice"},
            {"Tag": "Tag_Profile_IM_Image", "Value": "http://a"}], "ResultCode": 0},
        {"To_Account": "unset", "ResultCode": 0, "ResultInfo": ""},
        {"To_Account": "gone", "ResultCode": 70107, "ResultInfo": "no such"},
        {"To_Account": "busy", "ResultCode": 40006, "ResultInfo": "later"},
        {"To_Account": "both", "ProfileItem": [], "ResultCode": 0},
        {"To_Account": "stranger", "ResultCode": 0}, null, {}],
        "Fail_Account": ["gone", "busy", "both"], "Invalid_Account": ["old"]}));
    let cloud = Cloud::of_json([body]).await;
    let asked = ["C2Ca", "C2Cunset", "C2Cgone", "C2Cbusy", "C2Cboth", "C2Cold", "C2Cleft"];
    let hydrated = hydrate(&cloud, Facet::Profile, ids(asked)).await.unwrap();

    assert_eq!(names(&hydrated), [("C2Ca", Some("Alice")), ("C2Cunset", Some(""))]);
    let profile = &hydrated.found[0].profile;
    assert_eq!(profile.avatar.as_deref(), Some("http://a"));
    assert_eq!(profile.read_at, Some(Timestamp::from_secs(DATE_SECS)));
    assert_eq!((&profile.detail, &profile.group_type), (&None, &None));
    assert_eq!(hydrated.found[1].profile.avatar.as_deref(), Some(""));
    assert_eq!(
        failures(&hydrated),
        [
            ("C2Cgone", "no such user or group".to_owned()),
            ("C2Cbusy", "cloud refused with code 40006: later".to_owned()),
            (
                "C2Cboth",
                "cloud refused with code 0: listed in Fail_Account without a reason".to_owned()
            ),
            ("C2Cold", "no such user or group".to_owned()),
            (
                "C2Cleft",
                "answer of the cloud violates its protocol: \
                 a reply that omits a requested item"
                    .to_owned()
            ),
        ]
    );
    assert_eq!(
        cloud.requests()[0].json(),
        json!({"To_Account": ["a", "unset", "gone", "busy", "both", "old", "left"],
            "TagList": ["Tag_Profile_IM_Nick", "Tag_Profile_IM_Image"]})
    );
}

#[tokio::test]
async fn a_field_that_cannot_be_read_is_unknown_and_one_that_is_not_sent_is_empty() {
    let nick = |value: Value| json!({"Tag": "Tag_Profile_IM_Nick", "Value": value});
    let image = json!({"Tag": "Tag_Profile_IM_Image", "Value": "i"});
    for (fields, name, avatar) in [
        (json!([image]), Some(""), Some("i")),
        (json!([image, nick(json!(null))]), Some(""), Some("i")),
        (json!([]), Some(""), Some("")),
        (json!([image, nick(json!({}))]), None, Some("i")),
        (json!([image, nick(json!(true))]), None, Some("i")),
        // It is not known which field that was.
        (json!([image, null]), None, Some("i")),
        (json!([image, {"Tag": 7, "Value": "n"}]), None, Some("i")),
    ] {
        let body = json!({"UserProfileItem": [{"To_Account": "a", "ProfileItem": fields}]});
        let cloud = Cloud::of_json([ok(body)]).await;
        let hydrated = hydrate(&cloud, Facet::Profile, ids(["C2Ca"])).await.unwrap();
        let profile = &hydrated.found[0].profile;
        let found = (profile.name.as_deref(), profile.avatar.as_deref());
        assert_eq!(found, (name, avatar), "{fields}");
    }
    let groups = ok(json!({"GroupInfo": [
        {"GroupId": "a", "Name": {}, "FaceUrl": "f"}, {"GroupId": "b", "Name": "B", "FaceUrl": 7}]}));
    let cloud = Cloud::of_json([groups]).await;
    let hydrated = hydrate(&cloud, Facet::Profile, ids(["GROUPa", "GROUPb"])).await.unwrap();
    assert_eq!(names(&hydrated), [("GROUPa", None), ("GROUPb", Some("B"))]);
    assert_eq!(hydrated.found[1].profile.avatar, None);
}

#[tokio::test]
async fn a_text_cut_inside_an_emoji_costs_the_emoji_alone() {
    let users = ok(json!({"UserProfileItem": [
        {"To_Account": "a", "ProfileItem": [{"Tag": "Tag_Profile_IM_Nick", "Value": "Ann @@"}]},
        {"To_Account": "b", "ProfileItem": [{"Tag": "Tag_Profile_IM_Nick", "Value": "Bob"}]}]}));
    let groups = ok(json!({"GroupInfo": [
        {"GroupId": "g", "Name": "@@ Team"}, {"GroupId": "h", "Name": "Other"}]}));
    let labels = ok(json!({"GroupItem": [{"GroupName": "@@", "GroupId": 1},
        {"GroupName": "n", "GroupId": 2}], "CompleteFlag": 1}));
    for damage in [&b"\\ud83d"[..], b"\\uDE00", b"\xF0"] {
        let with = |body: &str| {
            let (before, after) = body.split_once("@@").unwrap();
            http("200 OK", "", &[before.as_bytes(), damage, after.as_bytes()].concat())
        };
        let cloud = Cloud::new([with(&users), with(&groups), with(&labels)]).await;
        let source = cloud.source();
        let ask = |asked| HydrateRequest::new(account(), Facet::Profile, asked);
        let users = source.hydrate(&ask(ids(["C2Ca", "C2Cb"]))).await.unwrap();
        assert_eq!(names(&users), [("C2Ca", Some("Ann \u{FFFD}")), ("C2Cb", Some("Bob"))]);
        let groups = source.hydrate(&ask(ids(["GROUPg", "GROUPh"]))).await.unwrap();
        assert_eq!(names(&groups), [("GROUPg", Some("\u{FFFD} Team")), ("GROUPh", Some("Other"))]);
        let labels = source.groups(&account()).await.unwrap();
        assert_eq!(labels.names, [(1, "\u{FFFD}".into()), (2, "n".into())]);
        assert!(users.failed.is_empty() && groups.failed.is_empty());
    }
}

#[tokio::test]
async fn a_group_that_cannot_be_read_is_not_said_to_have_a_field_twice() {
    let body = r#"{"GroupInfo":[{"GroupId":"g","CreateTime":1e400}],"ErrorCode":0}"#;
    let cloud = Cloud::of_json([body]).await;
    let hydrated = hydrate(&cloud, Facet::Profile, ids(["GROUPg"])).await.unwrap();
    assert!(failures(&hydrated)[0].1.ends_with("a GroupInfo that cannot be read"));
}

#[tokio::test]
async fn a_failed_call_that_brings_items_is_read_by_its_items() {
    let body = json!({"ActionStatus": "FAIL", "ErrorCode": 40003, "ErrorInfo": "some failed",
        "UserProfileItem": [{"To_Account": "a", "ResultCode": 0},
            {"To_Account": "b", "ResultCode": 40003}]});
    let cloud = Cloud::of_json([body.to_string()]).await;
    let hydrated = hydrate(&cloud, Facet::Profile, ids(["C2Ca", "C2Cb"])).await.unwrap();
    assert_eq!(names(&hydrated), [("C2Ca", Some(""))]);
    assert!(matches!(hydrated.failed[..], [(_, SourceError::NotFound)]));
}

#[tokio::test]
async fn one_missing_user_does_not_cost_the_batch_its_names() {
    let refused = r#"{"ActionStatus":"FAIL","ErrorCode":40003,"ErrorInfo":"no such account"}"#;
    let item = |user: &str| json!({"To_Account": user, "ResultCode": 0});
    let both = ok(json!({"UserProfileItem": [item("a"), item("b")]}));
    let last = ok(json!({"UserProfileItem": [item("d")]}));
    let cloud = Cloud::of_json([refused, &both, refused, refused, &last]).await;
    let asked = ids(["C2Ca", "C2Cb", "C2Cgone", "C2Cd"]);
    let hydrated = hydrate(&cloud, Facet::Profile, asked).await.unwrap();
    assert_eq!(names(&hydrated), [("C2Ca", Some("")), ("C2Cb", Some("")), ("C2Cd", Some(""))]);
    assert_eq!(failures(&hydrated), [("C2Cgone", "no such user or group".to_owned())]);
}

#[tokio::test]
async fn groups_are_named_by_their_own_codes() {
    // The code of the whole reply means nothing here.
    let body = json!({"ActionStatus": "OK", "ErrorCode": 10002, "ErrorInfo": "?", "GroupInfo": [
        {"GroupId": "@TGS#1", "ErrorCode": 0, "Type": "Private", "Name": "Team", "FaceUrl": "f"},
        {"GroupId": "g2", "ErrorCode": 0},
        {"GroupId": "g3", "ErrorCode": 10010, "ErrorInfo": "dissolved"},
        {"GroupId": "g4", "ErrorCode": 10007}, {"GroupId": "g5", "ErrorCode": 10015},
        {"GroupId": "g6", "ErrorCode": 10002, "ErrorInfo": "later"}]});
    let cloud = Cloud::of_json([body.to_string()]).await;
    let asked = ids(["GROUP@TGS#1", "GROUPg2", "GROUPg3", "GROUPg4", "GROUPg5", "GROUPg6"]);
    let hydrated = hydrate(&cloud, Facet::Profile, asked).await.unwrap();
    assert_eq!(names(&hydrated), [("GROUP@TGS#1", Some("Team")), ("GROUPg2", Some(""))]);
    assert_eq!(hydrated.found[0].profile.group_type, Some(GroupType::Work));
    assert_eq!(hydrated.found[0].profile.avatar.as_deref(), Some("f"));
    assert_eq!(hydrated.found[1].profile.group_type, None);
    let [
        (_, SourceError::NotFound),
        (_, SourceError::NotFound),
        (_, SourceError::NotFound),
        (_, last),
    ] = &hydrated.failed[..]
    else {
        panic!("{:?}", hydrated.failed)
    };
    assert_eq!(last.code(), Some(10002));
    assert_eq!(
        cloud.requests()[0].json(),
        json!({"GroupIdList": ["@TGS#1", "g2", "g3", "g4", "g5", "g6"],
            "ResponseFilter": {"GroupBaseInfoFilter": ["Type", "Name", "FaceUrl"]}})
    );
}

#[tokio::test]
async fn a_reply_that_would_be_too_large_is_asked_for_in_halves() {
    let too_large = r#"{"ActionStatus":"FAIL","ErrorCode":10018,"ErrorInfo":"too large"}"#;
    let group = |name: &str| json!({"GroupId": name, "ErrorCode": 0, "Name": name});
    let three = ok(json!({"GroupInfo": [group("c")]}));
    let four = ok(json!({"GroupInfo": [{"GroupId": "d", "ErrorCode": 10018}]}));
    let in_item = ok(json!({"GroupInfo": [{"GroupId": "c", "ErrorCode": 10018}, group("d")]}));
    let ab = ok(json!({"GroupInfo": [group("a"), group("b")]}));
    let cloud = Cloud::of_json([too_large, &ab, &in_item, &three, &four]).await;
    let asked = ids(["GROUPa", "GROUPb", "GROUPc", "GROUPd"]);
    let hydrated = hydrate(&cloud, Facet::Profile, asked).await.unwrap();
    assert_eq!(
        names(&hydrated),
        [("GROUPa", Some("a")), ("GROUPb", Some("b")), ("GROUPc", Some("c"))]
    );
    assert_eq!(hydrated.failed[0].1.code(), Some(10018));
    let asked: Vec<_> = cloud.requests().iter().map(|r| r.json()["GroupIdList"].clone()).collect();
    let expected = [
        json!(["a", "b", "c", "d"]),
        json!(["a", "b"]),
        json!(["c", "d"]),
        json!(["c"]),
        json!(["d"]),
    ];
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn large_requests_go_out_in_the_clouds_batches() {
    let item = |number: usize| json!({"To_Account": format!("u{number}"), "ResultCode": 0});
    let items = |range: std::ops::Range<usize>| {
        ok(json!({"UserProfileItem": range.map(item).collect::<Vec<_>>()}))
    };
    let cloud = Cloud::of_json([items(0..100), items(100..130)]).await;
    let asked = (0..130).map(|number| id(&format!("C2Cu{number}"))).collect();
    let hydrated = hydrate(&cloud, Facet::Profile, asked).await.unwrap();
    assert_eq!((hydrated.found.len(), hydrated.failed.len()), (130, 0));
    assert_eq!(cloud.requests()[0].json()["To_Account"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn a_users_full_profile_has_every_field() {
    let field = |tag: &str, value: Value| json!({"Tag": tag, "Value": value});
    let body = ok(json!({"UserProfileItem": [{"To_Account": "alice", "ResultCode": 0,
        "ProfileItem": [
            field("Tag_Profile_IM_Nick", json!("Alice")),
            field("Tag_Profile_IM_Gender", json!("Gender_Type_Female")),
            field("Tag_Profile_IM_BirthDay", json!(20_000_101)),
            field("Tag_Profile_IM_Location", json!("here")),
            field("Tag_Profile_IM_SelfSignature", json!("hi")),
            field("Tag_Profile_IM_AllowType", json!("AllowType_Type_AllowAny")),
            field("Tag_Profile_IM_Language", json!("1")),
            field("Tag_Profile_IM_MsgSettings", json!(1)),
            field("Tag_Profile_IM_AdminForbidType", json!("AdminForbid_Type_None")),
            field("Tag_Profile_IM_Level", json!(3)),
            field("Tag_Profile_IM_Role", json!(4)),
            field("Tag_Profile_Custom_Shop", json!(77)),
            field("Tag_Profile_IM_Image", json!({"odd": 1})), json!(null), json!([])]}]}));
    let cloud = Cloud::of_json([body]).await;
    let source = cloud.builder().user_fields(["Tag_Profile_Custom_Shop"]).build();
    let request = ProfileRequest::new(account(), id("C2Calice"));
    let patch = source.profile(&request).await.unwrap().patch;
    assert_eq!(patch.id, id("C2Calice"));
    assert_eq!(patch.profile.name.as_deref(), Some("Alice"));
    assert_eq!(patch.profile.avatar, None);
    assert_eq!(patch.profile.read_at, Some(Timestamp::from_secs(DATE_SECS)));
    let Some(ProfileDetail::User(detail)) = patch.profile.detail.as_deref() else {
        panic!("{:?}", patch.profile)
    };
    assert_eq!(detail.gender, "Gender_Type_Female");
    assert_eq!(detail.birthday, 20_000_101);
    assert_eq!(detail.location, "here");
    assert_eq!(detail.self_signature, "hi");
    assert_eq!(detail.allow_type, "AllowType_Type_AllowAny");
    assert_eq!(detail.admin_forbid_type, "AdminForbid_Type_None");
    assert_eq!((detail.language, detail.message_settings), (1, 1));
    assert_eq!((detail.level, detail.role), (3, 4));
    let [custom] = &detail.custom_fields[..] else { panic!() };
    assert_eq!((&*custom.key, &*custom.value), ("Tag_Profile_Custom_Shop", "77"));
    let tags = cloud.requests()[0].json()["TagList"].clone();
    assert_eq!(tags.as_array().unwrap().len(), 13);
    assert_eq!(tags[12], "Tag_Profile_Custom_Shop");
}

#[tokio::test]
async fn a_groups_full_profile_has_every_field() {
    let body = ok(json!({"GroupInfo": [{"GroupId": "@TGS#_1", "ErrorCode": 0, "ErrorInfo": "",
        "Type": "Community", "Name": "Town", "Appid": 1, "Introduction": "i",
        "Notification": "n", "FaceUrl": "f", "Owner_Account": "o", "CreateTime": 1_670_000_000,
        "InfoSeq": 2, "LastInfoTime": 1_670_000_001, "LastMsgTime": 5, "NextMsgSeq": 9,
        "MemberNum": 3, "MaxMemberNum": "200", "ApplyJoinOption": "FreeAccess",
        "InviteJoinOption": "DisableInvite", "MuteAllMember": "On", "SupportTopic": 1,
        "AppDefinedData": [{"Key": "k", "Value": "v", "More": []}], "MemberList": [{"x": 1}]}]}));
    let cloud = Cloud::of_json([body]).await;
    let source = cloud.builder().group_fields(["k"]).build();
    let request = ProfileRequest::new(account(), id("GROUP@TGS#_1"));
    let profile = source.profile(&request).await.unwrap().patch.profile;
    assert_eq!(profile.name.as_deref(), Some("Town"));
    assert_eq!(profile.group_type, Some(GroupType::Community));
    let Some(ProfileDetail::Group(detail)) = profile.detail.as_deref() else { panic!() };
    assert_eq!((&*detail.introduction, &*detail.notification), ("i", "n"));
    assert_eq!((&*detail.owner_id, detail.create_time), ("o", Some(1_670_000_000)));
    assert_eq!((detail.info_sequence, detail.last_info_time), (Some(2), Some(1_670_000_001)));
    assert_eq!((detail.next_message_seq, detail.member_count), (Some(9), Some(3)));
    assert_eq!((detail.max_member_count, detail.mute_all_members), (Some(200), Some(true)));
    assert_eq!((&*detail.join_option, &*detail.invite_option), ("FreeAccess", "DisableInvite"));
    assert_eq!(detail.is_support_topic, Some(true));
    assert_eq!((&*detail.custom_fields[0].key, &*detail.custom_fields[0].value), ("k", "v"));
    let filter = &cloud.requests()[0].json()["ResponseFilter"];
    assert_eq!(filter["GroupBaseInfoFilter"].as_array().unwrap().len(), 16);
    assert_eq!(filter["AppDefinedDataFilter_Group"], json!(["k"]));
    assert_eq!(filter.get("MemberInfoFilter"), None);
}

#[tokio::test]
async fn a_work_groups_full_profile_is_for_its_members() {
    let group = |kind: Value| {
        ok(json!({"GroupInfo": [{"GroupId": "g", "ErrorCode": 0, "Type": kind, "Name": "G"}]}))
    };
    let joined = |groups: Value| {
        ok(json!({"TotalCount": groups.as_array().map_or(7, Vec::len), "GroupIdList": groups}))
    };
    let of = [json!([{"GroupId": "g"}]), json!([{"GroupId": "other"}]), json!(null)];
    for kind in [json!("Private"), json!("Hall"), json!(null)] {
        for (at, groups) in of.iter().enumerate() {
            let cloud = Cloud::of_json([group(kind.clone()), joined(groups.clone())]).await;
            let request = ProfileRequest::new(account(), id("GROUPg"));
            let profile = cloud.source().profile(&request).await;
            match (at, profile) {
                (0, Ok(_)) | (1, Err(SourceError::NotFound)) => {}
                (2, Err(SourceError::Protocol { .. })) => {}
                (_, profile) => panic!("{kind}, {groups}: {profile:?}"),
            }
        }
    }
    for kind in ["Public", "ChatRoom", "AVChatRoom", "Community"] {
        let cloud = Cloud::of_json([group(json!(kind))]).await;
        let request = ProfileRequest::new(account(), id("GROUPg"));
        cloud.source().profile(&request).await.unwrap();
    }
}

#[tokio::test]
async fn unknown_users_and_groups_are_not_found() {
    for (asked, body) in [
        ("C2Ca", json!({"ErrorCode": 40003})),
        ("C2Ca", json!({"ErrorCode": 70107})),
        (
            "C2Ca",
            json!({"ErrorCode": 0, "UserProfileItem": [
            {"To_Account": "a", "ResultCode": 40003}]}),
        ),
        ("C2Ca", json!({"ErrorCode": 0, "Invalid_Account": ["a"]})),
        ("GROUPa", json!({"ErrorCode": 10010})),
        ("GROUPa", json!({"ErrorCode": 0, "GroupInfo": [{"GroupId": "a", "ErrorCode": 10010}]})),
        ("GROUPa", json!({"ErrorCode": 0, "GroupInfo": [{"GroupId": "a", "ErrorCode": 10015}]})),
        ("GROUPa", json!({"ErrorCode": 0, "GroupInfo": [{"GroupId": "a", "ErrorCode": 10007}]})),
    ] {
        let cloud = Cloud::of_json([body.to_string()]).await;
        let request = ProfileRequest::new(account(), id(asked));
        let error = cloud.source().profile(&request).await.unwrap_err();
        assert!(matches!(error, SourceError::NotFound), "{body}: {error}");
    }
}

#[tokio::test]
async fn the_system_conversation_and_topics_are_not_asked_for() {
    let cloud = Cloud::of_json([GET_LIST]).await;
    let topic = id("GROUP@TGS#_1@TOPIC#_t");
    let request = |id| ProfileRequest::new(account(), id);
    let error = cloud.source().profile(&request(ConversationId::system())).await.unwrap_err();
    assert!(matches!(error, SourceError::InvalidArgument { .. }));
    let error = cloud.source().profile(&request(topic.clone())).await.unwrap_err();
    assert!(matches!(error, SourceError::Unsupported { .. }));
    for facet in [Facet::Profile, Facet::Unread] {
        let asked = vec![topic.clone(), ConversationId::system()];
        let hydrated = hydrate(&cloud, facet, asked).await.unwrap();
        assert_eq!((hydrated.found.len(), hydrated.failed.len()), (0, 2));
    }
    assert!(cloud.requests().is_empty());
}

#[tokio::test]
async fn a_batch_of_missing_users_is_given_up_after_some_halving() {
    let refused = r#"{"ActionStatus":"FAIL","ErrorCode":40003,"ErrorInfo":"no such account"}"#;
    let cloud = Cloud::of_json([refused; 300]).await;
    let asked: Vec<_> = (0..100).map(|number| id(&format!("C2Cu{number}"))).collect();
    let hydrated = hydrate(&cloud, Facet::Profile, asked.clone()).await.unwrap();
    assert!(cloud.requests().len() < 60, "{}", cloud.requests().len());
    assert_eq!(hydrated.failed.len(), 100);
    let requests: Vec<_> = cloud.requests().iter().map(|request| request.json()).collect();
    for (id, error) in &hydrated.failed {
        // Only who was asked for alone is known not to exist.
        let alone = json!([id.user_id().unwrap().as_str()]);
        let was_alone = requests.iter().any(|request| request["To_Account"] == alone);
        let expected = if was_alone { ErrorClass::NotFound } else { ErrorClass::Cloud };
        assert_eq!(error.class(), expected, "{id}");
    }
}
