use conv_model::{LastMessage, MessageKind, Payload, testing};
use proptest::prelude::*;

#[track_caller]
fn assert_preview(kind: &str, payload: &str, preview: &str) {
    let mut message = LastMessage::new(kind.into());
    message.payload = Some(Payload::from_json(payload).unwrap());
    assert_eq!(message.preview().to_string(), preview, "{kind}");
}

#[test]
fn a_preview_is_the_text_or_names_the_kind() {
    assert_preview("TIMTextElem", r#"{"text":"hi"}"#, "hi");
    assert_preview("TIMTextElem", r#"{"text":7}"#, "");
    assert_preview("TIMTextElem", "{}", "");
    assert_preview("TIMImageElem", r#"{"text":"hi"}"#, "[Image]");
    assert_preview("TIMSoundElem", "{}", "[Voice]");
    assert_preview("TIMVideoFileElem", "{}", "[Video]");
    assert_preview("TIMFileElem", "{}", "[File]");
    assert_preview("TIMFaceElem", "{}", "[Sticker]");
    assert_preview("TIMLocationElem", "{}", "[Location]");
    assert_preview("TIMCustomElem", "{}", "[Custom message]");
    assert_preview("TIMRelayElem", "{}", "[Chat history]");
    assert_preview("TIMGroupTipElem", "{}", "[Group notice]");
    assert_preview("TIMGroupSystemNoticeElem", "{}", "[System notice]");
    assert_preview("TIMNewElem", "{}", "[Custom message]");
}

#[test]
fn a_recalled_text_is_not_previewed() {
    let mut message = LastMessage::new(MessageKind::Text);
    message.payload = Some(Payload::of_text("hi"));
    message.is_revoked = true;
    assert_eq!(message.preview().to_string(), "[Message recalled]");
}

#[test]
fn a_payload_is_json_and_nothing_else() {
    assert_eq!(Payload::from_json(" { \"a\" : [1, 2] } ").unwrap().as_json(), r#"{"a":[1,2]}"#);
    for text in ["", "{", "{} {}", "hi", "{'a':1}"] {
        assert!(Payload::from_json(text).is_err(), "{text:?}");
        assert!(Payload::from_kept_json(text).is_err(), "{text:?}");
    }
    assert_eq!(Payload::of_text("\"\n李").text().as_deref(), Some("\"\n李"));
}

proptest! {
    #[test]
    fn a_place_keeps_every_digit(latitude in -90.0..90.0_f64, longitude in -180.0..180.0_f64) {
        let json = format!(r#"{{"latitude":{latitude:?},"longitude":{longitude:?}}}"#);
        let payload = Payload::from_json(&json).unwrap();
        let read: serde_json::Value = serde_json::from_str(payload.as_json()).unwrap();
        prop_assert_eq!(read["latitude"].as_f64(), Some(latitude));
        prop_assert_eq!(read["longitude"].as_f64(), Some(longitude));
    }

    #[test]
    fn a_payload_reads_back(payload in testing::payloads()) {
        prop_assert_eq!(&Payload::from_json(payload.as_json()).unwrap(), &payload);
        prop_assert_eq!(&Payload::from_kept_json(payload.as_json()).unwrap(), &payload);
        let json = serde_json::to_string(&payload).unwrap();
        prop_assert_eq!(json.as_str(), payload.as_json());
    }
}
