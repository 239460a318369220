use std::collections::{BTreeSet, HashMap};

use conv_model::{
    ConversationId, ConversationIdRef, ConversationType, GroupId, GroupIdKind, ParseIdError, Peer,
    UserId, testing,
};
use proptest::prelude::*;

#[track_caller]
fn parse(text: &str) -> ConversationId {
    text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

#[track_caller]
fn assert_user(text: &str, user: &str) {
    let id = parse(text);
    assert_eq!(id.conversation_type(), ConversationType::C2c, "{text:?}");
    assert_eq!(id.peer(), Peer::User(UserId::parse(user).unwrap()), "{text:?}");
}

#[track_caller]
fn assert_group(text: &str, group: &str, kind: GroupIdKind) {
    let id = parse(text);
    assert_eq!(id.conversation_type(), ConversationType::Group, "{text:?}");
    assert_eq!(id.peer(), Peer::Group(GroupId::parse(group).unwrap()), "{text:?}");
    assert_eq!(id.group_id().unwrap().kind(), kind, "{text:?}");
}

#[track_caller]
fn assert_refused(text: &str, reason: ParseIdError) {
    assert_eq!(ConversationIdRef::parse(text), Err(reason), "{text:?}");
    assert_eq!(ConversationId::try_from(text), Err(reason), "{text:?}");
    assert_eq!(ConversationId::try_from(text.to_owned()), Err(reason), "{text:?}");
    let json = serde_json::to_string(text).unwrap();
    let error = serde_json::from_str::<ConversationId>(&json).unwrap_err().to_string();
    assert!(error.starts_with(&reason.to_string()), "{text:?}: {error}");
}

#[test]
fn only_the_first_prefix_is_stripped() {
    assert_user("C2Calice", "alice");
    assert_user("C2CGROUPy", "GROUPy");
    assert_user("C2CC2Cq", "C2Cq");
    assert_user("C2C@TIM#SYSTEM", "@TIM#SYSTEM");
    assert_user("C2C ", " ");
    assert_user("C2Cc2c_x", "c2c_x");
    assert_group("GROUPC2Cz", "C2Cz", GroupIdKind::Custom);
    assert_group("GROUPGROUP", "GROUP", GroupIdKind::Custom);
}

#[test]
fn the_shape_of_a_group_id_tells_its_kind() {
    assert_group("GROUPg1", "g1", GroupIdKind::Custom);
    assert_group("GROUP@TGS#1NVTZEAE4", "@TGS#1NVTZEAE4", GroupIdKind::Assigned);
    assert_group("GROUP@TGS#", "@TGS#", GroupIdKind::Assigned);
    assert_group("GROUP@TGS#_abc", "@TGS#_abc", GroupIdKind::Community);
    assert_group("GROUP@TGS#_", "@TGS#_", GroupIdKind::Community);
    assert_group("GROUP@TGS#_abc@TOPIC#_t1", "@TGS#_abc@TOPIC#_t1", GroupIdKind::Topic);
    // Without a community there is no topic.
    assert_group("GROUPa@TOPIC#_b", "a@TOPIC#_b", GroupIdKind::Custom);
    assert_group("GROUP@TOPIC#_b", "@TOPIC#_b", GroupIdKind::Custom);
    assert_group("GROUP@TGS#1@TOPIC#_b", "@TGS#1@TOPIC#_b", GroupIdKind::Assigned);
}

#[test]
fn a_topic_is_what_follows_the_first_infix() {
    let group = GroupId::parse("@TGS#_a@TOPIC#_b@TOPIC#_c").unwrap();
    assert_eq!(group.community(), Some("@TGS#_a"));
    assert_eq!(group.topic(), Some("b@TOPIC#_c"));
    assert_eq!(GroupId::parse("@TGS#_a").unwrap().community(), Some("@TGS#_a"));
    assert_eq!(GroupId::parse("@TGS#_a").unwrap().topic(), None);
    assert_eq!(GroupId::parse("g1").unwrap().community(), None);
}

#[test]
fn the_system_conversation_has_no_peer() {
    let id = parse("@TIM#SYSTEM");
    assert_eq!(id, ConversationId::system());
    assert_eq!(id.conversation_type(), ConversationType::System);
    assert_eq!(id.peer(), Peer::System);
    assert_eq!((id.user_id(), id.group_id()), (None, None));
}

#[test]
fn every_broken_shape_is_refused_for_its_own_reason() {
    use ParseIdError::*;
    let x = |count| "x".repeat(count);
    assert_refused("", Empty);
    assert_refused("x", UnknownPrefix);
    assert_refused(" C2Calice", UnknownPrefix);
    assert_refused("C2", UnknownPrefix);
    assert_refused("TOPIC1", UnknownPrefix);
    assert_refused("@TIM#SYSTEM ", UnknownPrefix);
    assert_refused("Ｃ2Calice", UnknownPrefix);
    assert_refused("\u{feff}C2Calice", UnknownPrefix);
    assert_refused("c2calice", WrongCase);
    assert_refused("C2c", WrongCase);
    assert_refused("Groupg1", WrongCase);
    assert_refused("@TIM#system", WrongCase);
    assert_refused("c2c_alice", NativeSpelling);
    assert_refused("group_g1", NativeSpelling);
    assert_refused("c2c_", NativeSpelling);
    assert_refused("C2C", EmptyUserId);
    assert_refused(&format!("C2C{}", x(33)), UserIdTooLong);
    assert_refused("GROUP", EmptyGroupId);
    assert_refused(&format!("GROUP{}", x(49)), GroupIdTooLong);
    assert_refused(&format!("GROUP@TGS#_{}@TOPIC#_t", x(43)), GroupIdTooLong);
    assert_refused("GROUP@TGS#_abc@TOPIC#_", EmptyTopic);
    assert_refused(&format!("GROUP@TGS#_abc@TOPIC#_{}", x(49)), TopicTooLong);
    assert_refused("C2Ca\0b", NotPrintable);
    assert_refused("C2Ctab\t", NotPrintable);
    assert_refused("C2Cdel\u{7f}", NotPrintable);
    assert_refused("C2Cé", NotPrintable);
    assert_refused("GROUP群", NotPrintable);
    assert_refused("GROUP@TGS#_abc@TOPIC#_\n", NotPrintable);
}

#[test]
fn the_greatest_lengths_are_accepted() {
    let x = |count| "x".repeat(count);
    parse(&format!("C2C{}", x(32)));
    parse(&format!("GROUP{}", x(48)));
    parse(&format!("GROUP@TGS#_{}@TOPIC#_{}", x(42), x(48)));
}

#[test]
fn exactly_the_printable_ascii_characters_are_accepted() {
    for code in 0..=0x17F_u32 {
        let character = char::from_u32(code).unwrap();
        let is_accepted = UserId::parse(&character.to_string()).is_ok();
        assert_eq!(is_accepted, (0x20..=0x7E).contains(&code), "{code:#x}");
    }
}

#[test]
fn json_that_is_no_text_is_no_id() {
    for json in ["1", "null", "{}", "[\"C2Calice\"]", "true"] {
        assert!(serde_json::from_str::<ConversationId>(json).is_err(), "{json}");
    }
}

#[test]
fn the_native_spelling_maps_the_prefix_alone() {
    let native = |text: &str| ConversationId::from_native(text).map(String::from);
    assert_eq!(native("c2c_alice").as_deref(), Ok("C2Calice"));
    assert_eq!(native("c2c_my_c2c_x").as_deref(), Ok("C2Cmy_c2c_x"));
    assert_eq!(native("c2c_c2c_x").as_deref(), Ok("C2Cc2c_x"));
    assert_eq!(native("group_group_x").as_deref(), Ok("GROUPgroup_x"));
    assert_eq!(native("group_@TGS#_a@TOPIC#_t").as_deref(), Ok("GROUP@TGS#_a@TOPIC#_t"));
    assert_eq!(native(""), Err(ParseIdError::Empty));
    assert_eq!(native("c2c_"), Err(ParseIdError::EmptyUserId));
    assert_eq!(native("group_"), Err(ParseIdError::EmptyGroupId));
    assert_eq!(native("c2c"), Err(ParseIdError::UnknownPrefix));
    assert_eq!(native("C2Calice"), Err(ParseIdError::UnknownPrefix));
    assert_eq!(native("c2c_é"), Err(ParseIdError::NotPrintable));
    assert_eq!(ConversationId::system().to_native(), None);
}

#[test]
fn a_map_keyed_by_ids_is_asked_with_a_text() {
    let by_hash: HashMap<ConversationId, u8> = HashMap::from([(parse("C2Calice"), 1)]);
    assert_eq!(by_hash.get("C2Calice"), Some(&1));
    let ordered: BTreeSet<ConversationId> = testing::few_ids().into_iter().collect();
    assert!(ordered.contains("GROUPg1"));
}

#[test]
fn a_reason_fits_into_one_byte() {
    assert_eq!(size_of::<ParseIdError>(), 1);
    assert_eq!(size_of::<Result<(), ParseIdError>>(), 1);
}

proptest! {
    #[test]
    fn an_id_prints_back_byte_for_byte(id in testing::conversation_ids()) {
        let text = id.to_string();
        prop_assert_eq!(text.parse::<ConversationId>(), Ok(id.clone()));
        prop_assert_eq!(id.borrowed(), ConversationIdRef::parse(&text).unwrap());
        prop_assert_eq!(id.borrowed().conversation_type(), id.conversation_type());
        prop_assert_eq!(id.borrowed().to_owned(), id.clone());
        let json = serde_json::to_string(&id).unwrap();
        prop_assert_eq!(&json, &serde_json::to_string(&text).unwrap());
        prop_assert_eq!(serde_json::from_str::<ConversationId>(&json).unwrap(), id);
    }

    #[test]
    fn parts_put_together_are_the_id(id in testing::conversation_ids()) {
        let again = match id.peer() {
            Peer::User(user) => ConversationId::c2c(user.as_str()),
            Peer::Group(group) => ConversationId::group(group.as_str()),
            Peer::System => Ok(ConversationId::system()),
        };
        prop_assert_eq!(again, Ok(id));
    }

    #[test]
    fn the_native_spelling_reads_back(id in testing::conversation_ids()) {
        match id.to_native() {
            Some(native) => prop_assert_eq!(ConversationId::from_native(&native), Ok(id)),
            None => prop_assert_eq!(id, ConversationId::system()),
        }
    }

    #[test]
    fn a_community_and_its_topic_make_the_group_id(group in testing::topic_ids()) {
        let parsed = GroupId::parse(&group).unwrap();
        let (community, topic) = (parsed.community().unwrap(), parsed.topic().unwrap());
        prop_assert_eq!(format!("{community}@TOPIC#_{topic}"), group);
    }

    #[test]
    fn ids_compare_as_their_texts(a in testing::conversation_ids(), b in testing::conversation_ids()) {
        prop_assert_eq!(a.cmp(&b), a.as_str().cmp(b.as_str()));
        prop_assert_eq!(a.borrowed().cmp(&b.borrowed()), a.cmp(&b));
        prop_assert_eq!(a == b, a.as_str() == b.as_str());
    }

    #[test]
    fn any_text_is_an_id_or_refused(text in prop_oneof![
        any::<String>(), "(C2C|GROUP|c2c_|group_|@TIM#SYSTEM|@TGS#_)?\\PC*", "(C2C|GROUP)[ -~]{0,60}",
    ]) {
        if let Ok(id) = text.parse::<ConversationId>() {
            prop_assert_eq!(id.as_str(), text.as_str());
        }
        if let Ok(id) = ConversationId::from_native(&text) {
            prop_assert_eq!(id.to_native(), Some(text));
        }
    }
}

#[test]
fn a_topic_is_made_of_its_community_and_its_part() {
    use ParseIdError::{EmptyGroupId, EmptyTopic, NotCommunity, NotPrintable};

    let topic = ConversationId::topic("@TGS#_123", "news").unwrap();
    assert_eq!(topic.as_str(), "GROUP@TGS#_123@TOPIC#_news");
    for (community, part, error) in [
        ("@TGS#123", "news", NotCommunity),
        ("g1", "news", NotCommunity),
        ("@TGS#_123@TOPIC#_a", "news", NotCommunity),
        ("GROUP@TGS#_123", "news", NotCommunity),
        ("", "news", EmptyGroupId),
        ("@TGS#_123", "", EmptyTopic),
        ("@TGS#_123", "ü", NotPrintable),
    ] {
        assert_eq!(ConversationId::topic(community, part), Err(error), "{community} {part}");
    }
}

#[test]
fn a_doubled_prefix_is_found_and_not_refused() {
    let c2c = |user| ConversationId::c2c(user).unwrap();
    let group = |id| ConversationId::group(id).unwrap();
    for (id, meant) in [
        (c2c("C2Calice"), Some("C2Calice")),
        (c2c("c2c_alice"), Some("C2Calice")),
        (c2c("GROUPy"), Some("GROUPy")),
        (group("GROUP@TGS#1"), Some("GROUP@TGS#1")),
        (group("group_g"), Some("GROUPg")),
        (group("@TIM#SYSTEM"), Some("@TIM#SYSTEM")),
        (c2c("C2C"), None),
        (c2c("c2calice"), None),
        (group("g"), None),
        (ConversationId::system(), None),
    ] {
        let found = id.doubled_prefix();
        assert_eq!(found.as_ref().map(ConversationId::as_str), meant, "{id}");
        // A name may look like a slip.
        assert_eq!(id.as_str().parse(), Ok(id));
    }
}
