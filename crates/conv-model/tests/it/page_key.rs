//! Keys of pages as texts that come back from strangers.

use conv_model::{
    Conversation, ConversationId, PageKey, PageKeyError, ParseIdError, Rank, list_order, testing,
};
use proptest::prelude::*;

use PageKeyError::{BadId, Damaged, UnknownVersion};

#[test]
fn a_text_that_is_no_key_is_refused_for_its_reason() {
    for (text, reason) in [
        ("", UnknownVersion),
        ("C2Calice", UnknownVersion),
        ("v1:0000000000000000:C2Calice", UnknownVersion),
        ("V2-", UnknownVersion),
        ("v2-", Damaged),
        ("v2-0000000000000000", Damaged),
        ("v2-客客客", Damaged),
        ("v2-000000000000000043324361", Damaged),
        // The checksum is right, the rest is not: nothing here wrote these.
        ("v2-+00000000000000043324361b00aa231", Damaged),
        ("v2-000000000000000A433243616c6963653241a9aa", Damaged),
        ("v2-0000000000000000ffd4eab08c", Damaged),
        ("v2-00000000000000003b8d5d38", BadId(ParseIdError::Empty)),
        ("v2-0000000000000000616c6963658e62d0f1", BadId(ParseIdError::UnknownPrefix)),
        ("v2-0000000000000000433243610a57839b82", BadId(ParseIdError::NotPrintable)),
    ] {
        assert_eq!(text.parse::<PageKey>(), Err(reason), "{text:?}");
    }
}

#[test]
fn a_key_in_json_is_its_text() {
    let row = Conversation::new(ConversationId::system());
    let json = format!(r#""{}""#, PageKey::of(&row));
    assert_eq!(serde_json::to_string(&PageKey::of(&row)).unwrap(), json);
    assert_eq!(serde_json::from_str::<PageKey>(&json).unwrap(), PageKey::of(&row));
    assert!(serde_json::from_str::<PageKey>(r#""x""#).is_err());
    assert!(serde_json::from_str::<PageKey>("1").is_err());
}

#[test]
fn a_key_has_one_text_and_it_stays() {
    let key = PageKey::of(&Conversation::new(ConversationId::group("@TGS#1").unwrap()));
    assert_eq!(key.to_string(), "v2-ffffffffffffffff47524f55504054475323313e4a8c99");
}

#[test]
fn a_key_of_the_longest_id_is_as_long_as_its_page_says() {
    let (community, topic) = ("c".repeat(42), "t".repeat(48));
    let id = ConversationId::group(&format!("@TGS#_{community}@TOPIC#_{topic}")).unwrap();
    let text = PageKey::of(&Conversation::new(id)).to_string();
    assert!((200..=300).contains(&text.len()), "{}", text.len());
}

proptest! {
    #[test]
    fn a_key_is_its_text_and_ordered_as_the_list(
        a in testing::conversations(), b in testing::conversations(),
    ) {
        let (first, second) = (PageKey::of(&a), PageKey::of(&b));
        prop_assert_eq!(first.to_string().parse(), Ok(first.clone()));
        prop_assert_eq!(first.cmp(&second), list_order(&a, &b));
        prop_assert_eq!((first.rank(), first.id()), (Rank::of(&a.listing), &a.id));
    }

    #[test]
    fn a_key_stands_in_a_url_as_it_is(row in testing::conversations()) {
        let text = PageKey::of(&row).to_string();
        let is_unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        prop_assert!(text.chars().all(is_unreserved), "{}", text);
    }

    #[test]
    fn a_key_that_was_cut_is_refused(row in testing::conversations()) {
        let text = PageKey::of(&row).to_string();
        for end in 0..text.len() {
            prop_assert!(text[..end].parse::<PageKey>().is_err(), "{}", &text[..end]);
            prop_assert!(text[end + 1..].parse::<PageKey>().is_err(), "{}", &text[end..]);
        }
    }

    #[test]
    fn a_key_of_another_case_or_with_another_character_is_refused(
        row in testing::conversations(), at in any::<prop::sample::Index>(), other in "[ -~]",
    ) {
        let text = PageKey::of(&row).to_string();
        prop_assert!(text.to_uppercase().parse::<PageKey>().is_err());
        let at = at.index(text.len());
        for changed in [text[at..=at].to_uppercase(), other] {
            let altered = format!("{}{changed}{}", &text[..at], &text[at + 1..]);
            prop_assert!(altered == text || altered.parse::<PageKey>().is_err(), "{}", altered);
        }
        for doubled in [format!("{text} "), format!("{text}0"), format!(" {text}")] {
            prop_assert!(doubled.parse::<PageKey>().is_err(), "{}", doubled);
        }
    }

    #[test]
    fn a_parsed_key_is_written_the_same(text in "(v2-)?[0-9a-f]{14,60}|\\PC{0,60}") {
        if let Ok(key) = text.parse::<PageKey>() {
            prop_assert_eq!(key.to_string(), text);
        }
    }
}
