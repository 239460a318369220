//! Conversation IDs, their parts, and texts that are not IDs.

use proptest::{prelude::*, sample::select};

use crate::{AccountId, ConversationId, GroupId, ParseIdError, UserId};

/// Twelve IDs of every kind, for operations that shall meet on the same rows.
pub fn few_ids() -> Vec<ConversationId> {
    [
        "C2Calice",
        "C2Cbob",
        "C2CGROUPy",
        "C2CC2Cq",
        "C2C ",
        "C2Cmy_c2c_x",
        "GROUPg1",
        "GROUPC2Cz",
        "GROUP@TGS#1NVTZEAE4",
        "GROUP@TGS#_123",
        "GROUP@TGS#_123@TOPIC#_news",
        "@TIM#SYSTEM",
    ]
    .into_iter()
    .filter_map(|text| text.parse().ok())
    .collect()
}

/// One of [`few_ids`].
pub fn known_ids() -> impl Strategy<Value = ConversationId> {
    select(few_ids())
}

/// Conversation IDs of all three kinds, some with a topic.
pub fn conversation_ids() -> impl Strategy<Value = ConversationId> {
    prop_oneof![
        5 => user_ids().prop_filter_map("a userID", |user| ConversationId::c2c(&user).ok()),
        5 => group_ids().prop_filter_map("a groupID", |group| ConversationId::group(&group).ok()),
        1 => Just(()).prop_map(|()| ConversationId::system()),
        2 => known_ids(),
    ]
}

/// userIDs: plain, odd and of edge lengths.
pub fn user_ids() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,6}[0-9]{0,4}",
        3 => "[ -~]{1,32}",
        1 => "[ -~]{32}",
        1 => "[ -~]",
        2 => select(vec![" ", "C2C", "C2Cq", "GROUPy", "c2c_x", "my_c2c_x", "@TIM#SYSTEM", "../a",
            "a/b", "%00", "\"", "\\", "~", "null", "@TGS#_1@TOPIC#_2"]).prop_map(str::to_owned),
    ]
}

/// groupIDs of every kind: custom, assigned, community, topic.
pub fn group_ids() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,6}[0-9]{0,4}",
        3 => "[ -~]{1,48}".prop_filter("no topic by chance", |text| GroupId::parse(text).is_ok()),
        1 => "[!-?]{48}",
        2 => "@TGS#[0-9A-Z]{1,9}",
        1 => "@TGS#_[0-9A-Za-z]{1,42}",
        1 => topic_ids(),
        2 => select(vec![" ", "C2Cz", "GROUP", "group_x", "@TOPIC#_", "a@TOPIC#_b", "@TGS#",
            "@TGS#_", "@TIM#SYSTEM"]).prop_map(str::to_owned),
    ]
}

/// groupIDs of topics: a community of up to 48 bytes, `@TOPIC#_`, and up to 48 bytes more.
pub fn topic_ids() -> impl Strategy<Value = String> {
    let part = prop_oneof![3 => "[a-z]{1,5}", 1 => "[!-?A-Z]{1,48}", 1 => "[!-?]{48}"];
    ("@TGS#_[0-9A-Za-z]{0,42}", part)
        .prop_map(|(community, topic)| format!("{community}@TOPIC#_{topic}"))
}

/// Texts that are not conversation IDs, each with its reason; every reason has a form of its own.
pub fn broken_ids() -> impl Strategy<Value = (String, ParseIdError)> {
    let odd = select(vec!['\0', '\t', '\n', '\u{1f}', '\u{7f}', '\u{80}', 'é', 'а', '李', '😀']);
    let cut =
        |text: String, at: usize| text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte);
    prop_oneof![
        Just((String::new(), ParseIdError::Empty)),
        "([ -?D-FH-Zd-fh-z]|TOPIC|@TIM#)[ -~]{0,40}"
            .prop_filter("the system conversation", |text| !text
                .eq_ignore_ascii_case("@TIM#SYSTEM"))
            .prop_map(|text| (text, ParseIdError::UnknownPrefix)),
        "(c2C|C2c|c2c|Group|group|gROUP)([ -^`-~][ -~]{0,20})?|@TIM#[Ss]ystem|@tim#SYSTEM"
            .prop_map(|text| (text, ParseIdError::WrongCase)),
        "(c2c|group)_[ -~]{0,20}".prop_map(|text| (text, ParseIdError::NativeSpelling)),
        Just(("C2C".to_owned(), ParseIdError::EmptyUserId)),
        "C2C[ -~]{33,60}".prop_map(|text| (text, ParseIdError::UserIdTooLong)),
        Just(("GROUP".to_owned(), ParseIdError::EmptyGroupId)),
        "GROUP([!-?]{49,80}|@TGS#_[a-z]{43,60}(@TOPIC#_[a-z]{0,60})?)"
            .prop_map(|text| (text, ParseIdError::GroupIdTooLong)),
        "GROUP@TGS#_[a-z]{0,42}@TOPIC#_".prop_map(|text| (text, ParseIdError::EmptyTopic)),
        "GROUP@TGS#_[a-z]{0,42}@TOPIC#_[ -~]{49,80}"
            .prop_map(|text| (text, ParseIdError::TopicTooLong)),
        ("C2C", "[ -~]{0,28}", 0..29_usize, odd.clone()).prop_map(
            move |(prefix, mut user, at, odd)| {
                user.insert(cut(user.clone(), at), odd);
                (format!("{prefix}{user}"), ParseIdError::NotPrintable)
            }
        ),
        ("GROUP(@TGS#_[a-z]{0,9}@TOPIC#_)?", "[!-?]{0,44}", 0..45_usize, odd).prop_map(
            move |(prefix, mut group, at, odd)| {
                group.insert(cut(group.clone(), at), odd);
                (format!("{prefix}{group}"), ParseIdError::NotPrintable)
            }
        ),
    ]
}

/// Account IDs: mostly a handful that meet, else hostile ones: paths, names that begin alike,
/// look-alikes, control characters, and the greatest length.
pub fn account_ids() -> impl Strategy<Value = AccountId> {
    let hostile = vec![
        "user",
        "user_",
        "user_0001",
        "user_00010",
        "User_0001",
        "user/0001",
        ".",
        "..",
        "../user",
        "/etc/passwd",
        "a\\b",
        "C:",
        "CON",
        "a\0b",
        "a\nb",
        " ",
        "%2e%2e",
        "Zoe\u{308}",
        "Zo\u{eb}",
        "аlice",
        "alice",
        "ＡＬＩＣＥ",
        "ſ",
        "İ",
        "ß",
        "SS",
        "李小龍",
        "\u{202e}resu",
        "👩‍👩‍👧",
        "\u{feff}user",
    ];
    prop_oneof![
        3 => select(vec!["alice", "bob", "carol"]).prop_map(str::to_owned),
        4 => select(hostile).prop_map(str::to_owned),
        2 => user_ids(),
        1 => "\\PC{1,60}",
        1 => Just("a".repeat(AccountId::MAX_LEN)),
        1 => Just("李".repeat(AccountId::MAX_LEN / 3)),
    ]
    .prop_filter_map("1 to 255 bytes", |text| text.parse().ok())
}

/// A userID for the places that hold one without checking it: a sender, an owner.
pub(super) fn senders() -> impl Strategy<Value = String> {
    prop_oneof![3 => select(vec!["alice", "bob", "me", ""]).prop_map(str::to_owned), 1 => user_ids()]
        .prop_filter("at most a userID", |text| text.len() <= UserId::MAX_LEN)
}
