//! Keys of pages as texts that come back from strangers.

use conv_model::{
    Conversation, ConversationId, PageKey, PageKeyError, ParseIdError, Rank, list_order, testing,
};
use proptest::prelude::*;

#[test]
fn a_text_that_is_no_key_is_refused_for_its_reason() {
    use PageKeyError::{BadId, BadPlace, UnknownVersion};
    for (text, reason) in [
        ("", UnknownVersion),
        ("C2Calice", UnknownVersion),
        ("v2:0000000000000000:C2Calice", UnknownVersion),
        ("V1:0000000000000000:C2Calice", UnknownVersion),
        ("v1:", BadPlace),
        ("v1:0000000000000000", BadPlace),
        ("v1:0:C2Calice", BadPlace),
        ("v1:+000000000000000:C2Calice", BadPlace),
        ("v1:000000000000000A:C2Calice", BadPlace),
        ("v1:00000000000000000:C2Calice", BadPlace),
        ("v1:00000000000000\u{661}:C2Calice", BadPlace),
        ("v1:0000000000000000:", BadId(ParseIdError::Empty)),
        ("v1:0000000000000000:alice", BadId(ParseIdError::UnknownPrefix)),
        ("v1:0000000000000000:C2Calice\n", BadId(ParseIdError::NotPrintable)),
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
    fn what_is_read_is_written_the_same(text in "(v1:)?[0-9a-f]{14,17}:(C2C|GROUP|x)?[ -~]{0,40}|\\PC{0,60}") {
        if let Ok(key) = text.parse::<PageKey>() {
            prop_assert_eq!(key.to_string(), text);
        }
    }
}
