//! The last-message facet.

use std::sync::Arc;

use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    ids::senders,
    rows::timestamps,
    text::{maybe, names},
};
use crate::{Known, LastMessage, MessageKind, Payload};

/// Last messages of every kind, recalled ones among them.
pub fn last_messages() -> impl Strategy<Value = LastMessage> {
    let head = (kinds(), maybe(timestamps()), 0..1000_u64, senders(), maybe(payloads()));
    let flags = (any::<bool>(), proptest::bool::weighted(0.1));
    (head, flags, maybe(senders()), [names(), names(), names()], 0..3_u64).prop_map(
        |(head, (is_revoked, online_only), revoker, texts, version)| {
            let (kind, time, sequence, from_account, payload) = head;
            let [nick, name_card, cloud_custom_data] = texts;
            LastMessage {
                time,
                sequence,
                from_account: from_account.into(),
                nick,
                name_card,
                kind,
                payload,
                cloud_custom_data,
                is_revoked,
                revoker: revoker.filter(|_| is_revoked).map(Into::into),
                online_only,
                version,
            }
        },
    )
}

/// The three states of a last message in a row or a change.
pub(super) fn known_messages() -> impl Strategy<Value = Known<Arc<LastMessage>>> {
    prop_oneof![
        2 => Just(Known::Unknown),
        1 => Just(Known::Nothing),
        4 => last_messages().prop_map(|message| Known::Value(Arc::new(message))),
    ]
}

/// Payloads: texts, the shapes of other elements, and any small JSON but `null`.
pub fn payloads() -> impl Strategy<Value = Payload> {
    let shapes = select(vec![
        r#"{"data":"{\"a\":1}","description":"","extension":""}"#,
        r#"{"latitude":22.540503,"longitude":113.93447,"description":"深圳"}"#,
        r#"{"imageInfoArray":[{"size":1853095,"width":2448,"url":"https://example.com/a.jpg"}]}"#,
        r#"{"text":7}"#,
        "{}",
        "[]",
        "18446744073709551615",
        "-1",
        "\"text\"",
    ])
    .prop_map(str::to_owned);
    let lists = vec(any::<i64>(), 0..4).prop_map(|numbers| format!("{{\"list\":{numbers:?}}}"));
    prop_oneof![
        4 => names().prop_map(|text| Payload::of_text(&text)),
        2 => prop_oneof![3 => shapes, 1 => lists]
            .prop_filter_map("JSON", |json| Payload::from_json(&json).ok()),
    ]
}

fn kinds() -> impl Strategy<Value = MessageKind> {
    prop_oneof![
        3 => Just(MessageKind::Text),
        3 => select(vec![
            MessageKind::Image,
            MessageKind::Sound,
            MessageKind::Video,
            MessageKind::File,
            MessageKind::Face,
            MessageKind::Location,
            MessageKind::Custom,
            MessageKind::Merged,
            MessageKind::GroupTip,
            MessageKind::GroupSystemNotice,
            MessageKind::Other("TIMSomethingNewElem".into()),
        ]),
    ]
}
